//! Firth's penalized likelihood: finite estimates under separation, and less bias in small samples.
//!
//! Maximizes `l*(β) = l(β) + ½ ln |XᵀWX|`, W = diag(w μ (1 - μ)). Score: `Xᵀ (w (y - μ) + h (½ - μ))`, h the diagonal of the hat matrix of
//! √W X. Intervals and tests are penalized profile likelihoods in which the determinant stays that of the full design (Heinze and Schemper,
//! Stat. Med. 21, 2002, doi:10.1002/sim.1047).

use eval_stats::special::{chi_squared_quantile, expit};
use nalgebra::{DMatrix, DVector};
use ndarray::Array2;

use crate::design::Design;
use crate::error::{Error, Result};
use crate::inference::{Interval, TestResult, check_level};
use crate::irls::{self, Problem, Standardized};
use crate::linalg::{cholesky, log_determinant};
use crate::logistic::{check_counts, to_array};
use crate::model::{Estimation, RiskModel};
use crate::numeric::crossing;

/// Which weights give the standard errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FirthCovariance {
    /// `W (1 + h)`, logistf since 1.24. The default.
    #[default]
    Augmented,
    /// `W`, older logistf and brglm2.
    Information,
}

/// Logistic regression with Firth's penalty.
///
/// | setting | default | purpose |
/// |---|---|---|
/// | `covariance` | [`FirthCovariance::Augmented`] | weights of the standard errors |
/// | `level` | 0.95 | confidence level of the profile intervals |
/// | `max_iterations` | 1000 | steps before giving up |
#[derive(Debug, Clone, PartialEq)]
pub struct Firth {
    covariance: FirthCovariance,
    level: f64,
    max_iterations: usize,
}

impl Default for Firth {
    fn default() -> Self {
        Self {
            covariance: FirthCovariance::default(),
            level: 0.95,
            max_iterations: 1000,
        }
    }
}

/// One coefficient of a penalized fit.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct FirthCoefficient {
    /// Name of the column of the design.
    pub name: String,
    /// Index of the term; `None` for the intercept.
    pub term: Option<usize>,
    /// β.
    pub estimate: f64,
    /// Standard error.
    pub se: f64,
    /// Penalized profile likelihood interval.
    pub interval: Interval,
    /// Penalized likelihood ratio test of β = 0.
    pub test: TestResult,
}

/// A fit with Firth's penalty.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct FirthFit {
    /// Coefficients in the order of the design's columns.
    pub coefficients: Vec<FirthCoefficient>,
    /// Covariance of the coefficients.
    pub covariance: Array2<f64>,
    /// Linear predictor of each row used.
    pub linear_predictor: Vec<f64>,
    /// Penalized log-likelihood, up to the constant of logistf.
    pub log_likelihood: f64,
    /// Penalized log-likelihood of the intercept alone, with the determinant of the full design.
    pub null_log_likelihood: f64,
    /// Rows used.
    pub n: usize,
    /// Events among them.
    pub n_events: usize,
    /// Steps taken.
    pub iterations: usize,
    design: Design,
}

/// State of the penalized maximization at one point.
struct Point {
    log_likelihood: f64,
    score: DVector<f64>,
    information: DMatrix<f64>,
    leverage: Vec<f64>,
}

struct Solved {
    gamma: Vec<f64>,
    log_likelihood: f64,
    iterations: usize,
}

impl Firth {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Which weights give the standard errors.
    #[must_use]
    pub fn covariance(mut self, covariance: FirthCovariance) -> Self {
        self.covariance = covariance;
        self
    }

    /// Confidence level of the profile intervals.
    #[must_use]
    pub fn level(mut self, level: f64) -> Self {
        self.level = level;
        self
    }

    /// Steps before giving up, at least 1.
    #[must_use]
    pub fn max_iterations(mut self, max_iterations: usize) -> Self {
        self.max_iterations = max_iterations;
        self
    }

    /// Fits the design to `outcome` (one per row of the table).
    ///
    /// # Errors
    /// [`Error::RowCount`], [`Error::Setting`], [`Error::SingleClass`], [`Error::TooFewRows`]; [`Error::Aliased`] for a column that is a
    /// combination of earlier ones; [`Error::NotConverged`]; [`Error::ProfileLimit`].
    pub fn fit(&self, design: &Design, outcome: &[bool]) -> Result<FirthFit> {
        check_level(self.level)?;
        if self.max_iterations == 0 {
            return Err(Error::Setting {
                setting: "max_iterations",
                value: 0.0,
                expected: "at least 1",
            });
        }
        let y = design.pick("outcome", outcome)?;
        let n_events = y.iter().filter(|&&v| v).count();
        check_counts(y.len(), n_events, design.columns().len())?;
        let basis = Standardized::new(design.x());
        if let Some(j) = (0..design.columns().len()).find(|j| !basis.kept.contains(j)) {
            return Err(Error::Aliased {
                column: design.columns()[j].name.clone(),
            });
        }
        // Scaling the columns shifts ½ ln |I| by a constant, which is taken back at the end.
        let shift: f64 = basis.scale.iter().map(|s| s.ln()).sum();
        let penalized = Penalized {
            z: &basis.z,
            y: &y,
            max_iterations: self.max_iterations,
        };
        let p = basis.kept.len();
        let full = penalized.maximize(vec![0.0; p], &(0..p).collect::<Vec<_>>())?;
        let null = penalized.maximize(vec![0.0; p], &[0])?;
        let covariance = self.covariance_of(&penalized, &basis, &full)?;
        let beta = basis.back(&full.gamma, p);
        let raw = Raw {
            penalized: &penalized,
            x: design.x(),
            beta: &beta,
            level: self.level,
        };
        let coefficients = (0..p)
            .map(|j| raw.coefficient(design, &covariance, j))
            .collect::<Result<_>>()?;
        let mut linear_predictor = vec![0.0; y.len()];
        let problem = Problem {
            x: design.x(),
            y: &y,
            weights: None,
            offset: None,
        };
        irls::linear_predictor(&problem, &beta, &mut linear_predictor);
        Ok(FirthFit {
            coefficients,
            covariance: to_array(&covariance),
            linear_predictor,
            log_likelihood: full.log_likelihood + shift,
            null_log_likelihood: null.log_likelihood + shift,
            n: y.len(),
            n_events,
            iterations: full.iterations,
            design: design.clone(),
        })
    }

    fn covariance_of(
        &self,
        penalized: &Penalized<'_>,
        basis: &Standardized,
        full: &Solved,
    ) -> Result<DMatrix<f64>> {
        let point = penalized.point(&full.gamma)?;
        let information = match self.covariance {
            FirthCovariance::Information => point.information,
            FirthCovariance::Augmented => {
                let eta = penalized.eta(&full.gamma);
                let w: Vec<f64> = eta
                    .iter()
                    .zip(&point.leverage)
                    .map(|(&e, h)| variance(e) * (1.0 + h))
                    .collect();
                weighted_gram(penalized.z, &w)
            }
        };
        let factor = cholesky(information).ok_or_else(|| Error::SingularCovariance {
            what: "the coefficients".to_owned(),
        })?;
        Ok(basis.back_covariance(&factor.inverse()))
    }
}

fn variance(eta: f64) -> f64 {
    let e = (-eta.abs()).exp();
    e / ((1.0 + e) * (1.0 + e))
}

fn weighted_gram(z: &DMatrix<f64>, w: &[f64]) -> DMatrix<f64> {
    let mut scaled = z.clone();
    for (i, &wi) in w.iter().enumerate() {
        scaled.row_mut(i).iter_mut().for_each(|v| *v *= wi);
    }
    z.tr_mul(&scaled)
}

/// The penalized likelihood of one design.
struct Penalized<'a> {
    z: &'a DMatrix<f64>,
    y: &'a [bool],
    max_iterations: usize,
}

impl Penalized<'_> {
    fn eta(&self, gamma: &[f64]) -> Vec<f64> {
        (self.z * DVector::from_column_slice(gamma))
            .as_slice()
            .to_vec()
    }

    fn point(&self, gamma: &[f64]) -> Result<Point> {
        let eta = self.eta(gamma);
        let w: Vec<f64> = eta.iter().map(|&e| variance(e)).collect();
        let information = weighted_gram(self.z, &w);
        let singular = || Error::SingularCovariance {
            what: "the coefficients".to_owned(),
        };
        let factor = cholesky(information.clone()).ok_or_else(singular)?;
        let half = factor
            .l()
            .solve_lower_triangular(&self.z.transpose())
            .ok_or_else(singular)?;
        let leverage: Vec<f64> = (0..eta.len())
            .map(|i| w[i] * half.column(i).norm_squared())
            .collect();
        let residual = DVector::from_fn(eta.len(), |i, _| {
            let mu = expit(eta[i]);
            // y - μ without cancellation.
            let plain = if self.y[i] { expit(-eta[i]) } else { -mu };
            plain + leverage[i] * (0.5 - mu)
        });
        let deviance: f64 = (0..eta.len())
            .map(|i| irls::unit_deviance(self.y[i], eta[i]))
            .sum();
        let log_likelihood = -0.5 * deviance + 0.5 * log_determinant(&factor);
        Ok(Point {
            log_likelihood,
            score: self.z.tr_mul(&residual),
            information,
            leverage,
        })
    }

    /// Newton steps on the free coordinates, at most 5 long, halved while the penalized likelihood falls.
    fn maximize(&self, mut gamma: Vec<f64>, free: &[usize]) -> Result<Solved> {
        const MAX_STEP: f64 = 5.0;
        let mut here = self.point(&gamma)?;
        let mut last_change = f64::INFINITY;
        for iteration in 0..self.max_iterations {
            if free.is_empty() {
                return Ok(Solved {
                    gamma,
                    log_likelihood: here.log_likelihood,
                    iterations: 0,
                });
            }
            let sub = here.information.select_rows(free).select_columns(free);
            let factor = cholesky(sub).ok_or_else(|| Error::SingularCovariance {
                what: "the coefficients".to_owned(),
            })?;
            let mut step = factor.solve(&here.score.select_rows(free));
            let longest = step.amax();
            if longest > MAX_STEP {
                step *= MAX_STEP / longest;
            }
            let old = gamma.clone();
            let mut fraction = 1.0;
            for _ in 0..30 {
                for (k, &j) in free.iter().enumerate() {
                    gamma[j] = old[j] + fraction * step[k];
                }
                let next = self.point(&gamma);
                let rises = next.as_ref().is_ok_and(|n| {
                    n.log_likelihood
                        >= here.log_likelihood - 1e-12 * here.log_likelihood.abs().max(1.0)
                });
                if let (true, Ok(next)) = (rises, next) {
                    here = next;
                    break;
                }
                fraction *= 0.5;
            }
            let size = gamma.iter().map(|g| g.abs()).fold(1.0, f64::max);
            last_change = longest;
            if longest <= 1e-12 * size {
                return Ok(Solved {
                    gamma,
                    log_likelihood: here.log_likelihood,
                    iterations: iteration + 1,
                });
            }
        }
        Err(Error::NotConverged {
            iterations: self.max_iterations,
            last_change,
        })
    }
}

/// Profiles on the original scale of the columns.
struct Raw<'a> {
    penalized: &'a Penalized<'a>,
    x: &'a DMatrix<f64>,
    beta: &'a [f64],
    level: f64,
}

impl Raw<'_> {
    /// Penalized likelihood with β_j held at `value`, on columns that are scaled but not centered, so that each β is a coordinate.
    fn profile(
        &self,
        on_x: &Penalized<'_>,
        j: usize,
        value: f64,
        start: &mut Vec<f64>,
    ) -> Result<f64> {
        let free: Vec<usize> = (0..self.beta.len()).filter(|&k| k != j).collect();
        start[j] = value;
        let solved = on_x.maximize(start.clone(), &free)?;
        *start = solved.gamma;
        Ok(solved.log_likelihood)
    }

    fn coefficient(
        &self,
        design: &Design,
        covariance: &DMatrix<f64>,
        j: usize,
    ) -> Result<FirthCoefficient> {
        let scale: Vec<f64> = (0..self.beta.len())
            .map(|k| {
                if k == 0 {
                    1.0
                } else {
                    self.x.column(k).amax().max(f64::MIN_POSITIVE)
                }
            })
            .collect();
        let scaled = DMatrix::from_fn(self.x.nrows(), self.x.ncols(), |i, k| {
            self.x[(i, k)] / scale[k]
        });
        let on_x = Penalized {
            z: &scaled,
            y: self.penalized.y,
            max_iterations: self.penalized.max_iterations,
        };
        let at: Vec<f64> = self.beta.iter().zip(&scale).map(|(b, s)| b * s).collect();
        let top = on_x.point(&at)?.log_likelihood;
        let se = covariance[(j, j)].sqrt();
        let name = design.columns()[j].name.clone();
        let null = self.profile(&on_x, j, 0.0, &mut at.clone())?;
        let limit = chi_squared_quantile(self.level, 1.0);
        let mut ends = [0.0; 2];
        for (end, sign) in ends.iter_mut().zip([-1.0, 1.0]) {
            let mut start = at.clone();
            let excess = |value: f64| -> Result<f64> {
                Ok(2.0 * (top - self.profile(&on_x, j, value, &mut start)?) - limit)
            };
            let width = 2.0 * se * scale[j];
            let side = if sign < 0.0 { "lower" } else { "upper" };
            let limit_at = crossing(excess, (at[j], -limit), sign * width, 1e-12 * width)?;
            *end = limit_at.ok_or_else(|| Error::ProfileLimit {
                column: name.clone(),
                side,
            })? / scale[j];
        }
        Ok(FirthCoefficient {
            term: design.columns()[j].term,
            estimate: self.beta[j],
            se,
            interval: Interval {
                name: name.clone(),
                low: ends[0],
                high: ends[1],
                level: self.level,
            },
            test: TestResult::new(2.0 * (top - null), 1),
            name,
        })
    }
}

impl FirthFit {
    /// The model apart from its data.
    #[must_use]
    pub fn model(&self) -> RiskModel {
        let extreme =
            |f: fn(f64, f64) -> f64, start| self.linear_predictor.iter().copied().fold(start, f);
        RiskModel {
            predictors: self.design.predictors().to_vec(),
            terms: self.design.terms().to_vec(),
            names: self.coefficients.iter().map(|c| c.name.clone()).collect(),
            coefficients: self.coefficients.iter().map(|c| c.estimate).collect(),
            covariance: self.covariance.clone(),
            lp_min: extreme(f64::min, f64::INFINITY),
            lp_max: extreme(f64::max, f64::NEG_INFINITY),
            n: self.n,
            n_events: self.n_events,
            estimation: Estimation::Firth,
        }
    }

    /// Penalized likelihood ratio test of all predictors.
    #[must_use]
    pub fn likelihood_ratio(&self) -> TestResult {
        TestResult::new(
            2.0 * (self.log_likelihood - self.null_log_likelihood),
            self.coefficients.len() - 1,
        )
    }
}
