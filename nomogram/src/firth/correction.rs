//! Corrections of the risks of a penalized fit, whose mean otherwise lies nearer to one half than the frequency of events.
//!
//! Puhr, Heinze, Nold, Lusa and Geroldinger, Stat. Med. 36, 2017, doi:10.1002/sim.7273.

use eval_stats::special::{normal_quantile, normal_two_sided};
use nalgebra::DMatrix;

use super::interval::without_interval;
use super::penalized::{Penalized, singular, variance, weighted_gram};
use super::{FirthCoefficient, Intervals};
use crate::design::Design;
use crate::error::{Error, Result};
use crate::inference::{Interval, TestResult};
use crate::irls::{self, Problem, Solution};
use crate::linalg::{cholesky, log_determinant};
use crate::newton::newton;
use crate::profile::Profiled;
use crate::standardized::Standardized;

/// What a correction replaces in the fit.
pub(super) struct Corrected {
    pub coefficients: Vec<FirthCoefficient>,
    pub covariance: DMatrix<f64>,
    pub log_likelihood: f64,
    /// `None` where the penalized fit's own stays.
    pub null_log_likelihood: Option<f64>,
}

/// The fit that is corrected.
pub(super) struct Start<'a> {
    pub design: &'a Design,
    pub penalized: &'a Penalized<'a>,
    pub basis: &'a Standardized,
    /// Σ ln scale, the shift of ½ ln |I| by the scaling of the columns.
    pub shift: f64,
    pub level: f64,
    pub intervals: Intervals,
}

impl Start<'_> {
    /// FLIC: the intercept alone is fitted again by maximum likelihood, with the other effects as they are.
    pub fn intercept(&self, mut coefficients: Vec<FirthCoefficient>) -> Result<Corrected> {
        let (x, p) = (self.design.x(), self.penalized);
        let mut beta: Vec<f64> = coefficients.iter().map(|c| c.estimate).collect();
        beta[0] = 0.0;
        let mut problem = Problem {
            x,
            y: p.y,
            weights: p.weights,
            offset: None,
        };
        let mut others = vec![0.0; p.y.len()];
        irls::linear_predictor(&problem, &beta, &mut others);
        let ones = DMatrix::from_element(p.y.len(), 1, 1.0);
        problem.x = &ones;
        problem.offset = Some(&others);
        let fit = converged(newton(&problem, 100))?;
        let w: Vec<f64> = (0..p.y.len())
            .map(|i| p.weight(i) * variance(fit.eta[i]))
            .collect();
        let factor = cholesky(weighted_gram(&self.basis.z, &w)).ok_or_else(singular)?;
        let covariance = self.basis.back_covariance(&factor.inverse());
        let intercept = &mut coefficients[0];
        let z = normal_quantile(0.5 + 0.5 * self.level);
        intercept.estimate = fit.beta[0];
        intercept.se = covariance[(0, 0)].sqrt();
        intercept.interval.low = intercept.estimate - z * intercept.se;
        intercept.interval.high = intercept.estimate + z * intercept.se;
        // The other effects are given here, so the test's standard error is that of a lone intercept.
        let alone = intercept.estimate / fit.covariance[(0, 0)].sqrt();
        intercept.test = TestResult {
            chi_squared: alone * alone,
            df: 1,
            p: normal_two_sided(alone),
        };
        for (k, c) in coefficients.iter_mut().enumerate().skip(1) {
            c.se = covariance[(k, k)].sqrt();
        }
        Ok(Corrected {
            coefficients,
            covariance,
            log_likelihood: -0.5 * fit.deviance + 0.5 * log_determinant(&factor) + self.shift,
            null_log_likelihood: None,
        })
    }

    /// FLAC: maximum likelihood on the rows and, told apart by a column of its own, two pseudo-observations of each row, one of either
    /// outcome, with half its leverage as weight.
    pub fn added_covariate(&self, leverage: &[f64]) -> Result<Corrected> {
        let augmented = Augmented::new(self.design.x(), self.penalized, leverage);
        let problem = augmented.problem();
        let fit = converged(newton(&problem, 100))?;
        let k = self.design.columns().len();
        let profiled = Profiled {
            problem,
            columns: &fit.kept,
            deviance: fit.deviance,
            eta: &fit.eta,
        };
        let coefficients = (0..k)
            .map(|j| self.added_coefficient(&profiled, &fit, j))
            .collect::<Result<_>>()?;
        let null = augmented.x.select_columns([0, k].iter());
        let null = converged(newton(
            &Problem {
                x: &null,
                ..problem
            },
            100,
        ))?;
        Ok(Corrected {
            coefficients,
            covariance: fit.covariance.view((0, 0), (k, k)).into_owned(),
            log_likelihood: -0.5 * fit.deviance,
            null_log_likelihood: Some(-0.5 * null.deviance),
        })
    }

    fn added_coefficient(
        &self,
        profiled: &Profiled<'_>,
        fit: &Solution,
        j: usize,
    ) -> Result<FirthCoefficient> {
        let column = &self.design.columns()[j];
        let (estimate, se) = (fit.beta[j], fit.covariance[(j, j)].sqrt());
        if self.intervals == Intervals::Skip {
            return Ok(without_interval(column, estimate, se, self.level));
        }
        let (low, high) = profiled.interval(j, (estimate, se), self.level, &column.name)?;
        let null = profiled.held(j, 0.0, &fit.eta)?;
        Ok(FirthCoefficient {
            name: column.name.clone(),
            term: column.term,
            estimate,
            se,
            interval: Interval {
                name: column.name.clone(),
                low,
                high,
                level: self.level,
            },
            test: TestResult::new(null.deviance - fit.deviance, 1),
        })
    }
}

fn converged(fit: Solution) -> Result<Solution> {
    if fit.converged {
        Ok(fit)
    } else {
        Err(Error::NotConverged {
            iterations: fit.iterations,
            last_change: fit.last_change,
        })
    }
}

/// Rows, then pseudo-events, then pseudo-non-events; the last column is 1 for the latter two.
struct Augmented {
    x: DMatrix<f64>,
    y: Vec<bool>,
    weights: Vec<f64>,
}

impl Augmented {
    fn new(x: &DMatrix<f64>, of: &Penalized<'_>, leverage: &[f64]) -> Self {
        let (n, k) = x.shape();
        let matrix = DMatrix::from_fn(3 * n, k + 1, |i, j| match j {
            j if j < k => x[(i % n, j)],
            _ => f64::from(u8::from(i >= n)),
        });
        let y = (0..3 * n)
            .map(|i| if i < n { of.y[i] } else { i < 2 * n })
            .collect();
        let weights = (0..3 * n)
            .map(|i| match i {
                i if i < n => of.weight(i),
                i => 0.5 * leverage[i % n],
            })
            .collect();
        Self {
            x: matrix,
            y,
            weights,
        }
    }

    fn problem(&self) -> Problem<'_> {
        Problem {
            x: &self.x,
            y: &self.y,
            weights: Some(&self.weights),
            offset: None,
        }
    }
}
