//! Profile likelihood intervals.
//!
//! For coefficient j let D(b) be the deviance with βⱼ held at b and the others refitted. The interval is where
//! `D(b) - D(β̂) <= χ²₁(level)`.

use eval_stats::special::{chi_squared_quantile, normal_quantile};

use crate::error::{Error, Result};
use crate::inference::{Interval, check_level};
use crate::irls::{self, Problem, RControl};
use crate::logistic::{Convergence, LogisticFit};
use crate::newton;
use crate::numeric::{FmmSpline, crossing, interpolate, sorted_with_mean_ties};

/// How the ends of a profile interval are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ProfileMethod {
    /// Root of `D(b) - D(β̂) - χ²`. The default.
    #[default]
    Exact,
    /// MASS' `confint.glm`: the signed root of the deviance difference at steps of a fifth of its limit times SE, joined by a cubic spline.
    /// Differs from the exact root by some 1e-5. Combine with [`Convergence::RCompat`](crate::Convergence::RCompat) to meet R's digits.
    RSpline,
}

impl LogisticFit {
    /// Profile likelihood intervals of all estimated coefficients.
    ///
    /// # Errors
    /// [`Error::Setting`] for a level outside (0, 1); [`Error::ProfileLimit`] if the likelihood does not fall far enough on a side;
    /// [`Error::NotConverged`].
    pub fn profile_intervals(&self, level: f64, method: ProfileMethod) -> Result<Vec<Interval>> {
        check_level(level)?;
        (0..self.coefficients.len())
            .map(|k| match method {
                ProfileMethod::Exact => self.exact_profile(k, level),
                ProfileMethod::RSpline => self.spline_profile(k, level),
            })
            .collect()
    }

    fn exact_profile(&self, k: usize, level: f64) -> Result<Interval> {
        let c = &self.coefficients[k];
        let columns: Vec<usize> = self.coefficients.iter().map(|c| c.column).collect();
        let profiled = Profiled {
            problem: self.problem(),
            columns: &columns,
            deviance: self.deviance(),
            eta: &self.linear_predictor,
        };
        let (low, high) = profiled.interval(k, (c.estimate, c.se), level, &c.name)?;
        Ok(Interval {
            name: c.name.clone(),
            low,
            high,
            level,
        })
    }

    fn spline_profile(&self, k: usize, level: f64) -> Result<Interval> {
        const MAX_STEPS: usize = 10;
        let c = &self.coefficients[k];
        let z_max = chi_squared_quantile(1.0 - 0.25 * (1.0 - level), 1.0).sqrt();
        let step = z_max / 5.0;
        let columns: Vec<usize> = self.coefficients.iter().map(|c| c.column).collect();
        let profiled = Profiled {
            problem: self.problem(),
            columns: &columns,
            deviance: self.deviance(),
            eta: &self.linear_predictor,
        };
        let mut points = vec![(c.estimate, 0.0)];
        for sign in [-1.0, 1.0] {
            let mut start = self.linear_predictor.clone();
            let mut z: f64 = 0.0;
            for s in 1..MAX_STEPS {
                if z.abs() >= z_max {
                    break;
                }
                let b = c.estimate + sign * s as f64 * step * c.se;
                let fit = profiled.constrained(k, b, &start, self.convergence)?;
                start = fit.eta;
                z = sign * (fit.deviance - self.deviance()).max(0.0).sqrt();
                points.push((b, z));
            }
        }
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        let n_out = 3 * points.len();
        let (x, y): (Vec<f64>, Vec<f64>) = points.into_iter().unzip();
        let (first, last) = (x[0], x[x.len() - 1]);
        let spline = FmmSpline::new(x, y);
        let by = (last - first) / (n_out - 1) as f64;
        let curve = (0..n_out).map(|i| {
            let b = if i + 1 == n_out {
                last
            } else {
                first + i as f64 * by
            };
            (spline.value(b), b)
        });
        let (zs, values) = sorted_with_mean_ties(curve);
        let at = |p: f64, side: &'static str| {
            interpolate(&zs, &values, normal_quantile(p)).ok_or_else(|| Error::ProfileLimit {
                column: c.name.clone(),
                side,
            })
        };
        let tail = 0.5 * (1.0 - level);
        Ok(Interval {
            name: c.name.clone(),
            low: at(tail, "lower")?,
            high: at(1.0 - tail, "upper")?,
            level,
        })
    }
}

/// A maximum whose likelihood is profiled.
pub(crate) struct Profiled<'a> {
    pub problem: Problem<'a>,
    /// Estimated columns of the problem.
    pub columns: &'a [usize],
    pub deviance: f64,
    /// Linear predictor at the maximum.
    pub eta: &'a [f64],
}

/// A fit with one coefficient held fixed.
pub(crate) struct Constrained {
    pub deviance: f64,
    pub eta: Vec<f64>,
}

impl Profiled<'_> {
    /// Where the deviance of the k-th estimated column exceeds its minimum by the quantile of χ²₁; `(estimate, standard error)` are those of
    /// the column, `name` is for messages.
    pub fn interval(
        &self,
        k: usize,
        (estimate, se): (f64, f64),
        level: f64,
        name: &str,
    ) -> Result<(f64, f64)> {
        let limit = chi_squared_quantile(level, 1.0);
        let mut ends = [0.0; 2];
        for (end, sign) in ends.iter_mut().zip([-1.0, 1.0]) {
            let mut start = self.eta.to_vec();
            let excess = |b: f64| -> Result<f64> {
                let fit = self.held(k, b, &start)?;
                start = fit.eta;
                Ok(fit.deviance - self.deviance - limit)
            };
            let side = if sign < 0.0 { "lower" } else { "upper" };
            let step = sign * limit.sqrt() * se;
            *end = crossing(excess, (estimate, -limit), step, 1e-13 * se)?.ok_or_else(|| {
                Error::ProfileLimit {
                    column: name.to_owned(),
                    side,
                }
            })?;
        }
        Ok((ends[0], ends[1]))
    }

    /// The exact fit with the k-th estimated column held at `value`; starts from a linear predictor.
    pub fn held(&self, k: usize, value: f64, start: &[f64]) -> Result<Constrained> {
        self.constrained(k, value, start, Convergence::Exact)
    }

    /// As [`held`](Self::held), with R's stopping rule where asked.
    pub fn constrained(
        &self,
        k: usize,
        value: f64,
        start: &[f64],
        convergence: Convergence,
    ) -> Result<Constrained> {
        let column = self.columns[k];
        let others: Vec<usize> = self
            .columns
            .iter()
            .copied()
            .filter(|&j| j != column)
            .collect();
        let offset: Vec<f64> = (0..self.problem.y.len())
            .map(|i| self.problem.offset_at(i) + self.problem.x[(i, column)] * value)
            .collect();
        let x = self.problem.x.select_columns(others.iter());
        let problem = Problem {
            x: &x,
            offset: Some(&offset),
            ..self.problem
        };
        if others.is_empty() {
            let deviance = irls::total_deviance(&problem, &offset);
            return Ok(Constrained {
                deviance,
                eta: offset,
            });
        }
        let solution = match convergence {
            Convergence::RCompat => irls::r_compatible(&problem, Some(start), RControl::default()),
            Convergence::Exact if others[0] == 0 => newton::newton_from(
                &problem,
                &newton::Start::Eta(start),
                newton::Wanted::Estimate,
                50,
            ),
            Convergence::Exact => newton::newton_without_intercept(&problem, start),
        };
        if !solution.converged {
            return Err(Error::NotConverged {
                iterations: solution.iterations,
                last_change: solution.last_change,
            });
        }
        Ok(Constrained {
            deviance: solution.deviance,
            eta: solution.eta,
        })
    }
}
