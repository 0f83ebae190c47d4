//! Firth's penalized likelihood: finite estimates under separation, and less bias in small samples.
//!
//! Maximizes `l*(β) = l(β) + ½ ln |XᵀWX|`, W = diag(w μ (1 - μ)), w case weights. Score: `Xᵀ (w (y - μ) + h (½ - μ))`, h the diagonal of
//! the hat matrix of √W X. Intervals and tests are penalized profile likelihoods in which the determinant stays that of the full design
//! (Heinze and Schemper, Stat. Med. 21, 2002, doi:10.1002/sim.1047). The penalty pulls risks towards one half; a model that is to predict
//! risks wants a [`FirthCorrection`].

mod correction;
mod elimination;
mod interval;
mod penalized;
mod terms;

pub use elimination::{FirthBackward, FirthElimination};

use nalgebra::DMatrix;
use ndarray::Array2;

use crate::design::Design;
use crate::error::{Error, Result};
use crate::inference::{Interval, TermResult, TestResult, check_level};
use crate::irls::{self, Problem};
use crate::linalg::cholesky;
use crate::logistic::{check_counts, pick_weights, to_array};
use crate::model::{Estimation, RiskModel};
use crate::standardized::Standardized;
use correction::Start;
use interval::Profiles;
use penalized::{Free, Penalized, Point, variance, weighted_gram};

/// Which weights give the standard errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FirthCovariance {
    /// `W (1 + h)`, logistf since 1.24. The default.
    #[default]
    Augmented,
    /// `W`, older logistf and brglm2.
    Information,
}

/// What is done about risks that the penalty pulls towards one half. Both corrections make the mean risk the frequency of events
/// (Puhr and others, Stat. Med. 36, 2017, doi:10.1002/sim.7273).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum FirthCorrection {
    /// Nothing: estimates of effects are wanted. The default.
    #[default]
    None,
    /// FLIC: the intercept is fitted again by maximum likelihood, all other effects, their intervals and tests stay. Covariance
    /// `(XᵀWX)⁻¹` at the corrected risks; the intercept has a Wald interval from it, and a Wald test with the other effects taken as given.
    ///
    /// # Differences
    /// `logistf::flic` weights the covariance by μ in place of μ (1 - μ) and leaves case weights out of it; its interval of the intercept,
    /// which does use μ (1 - μ), is met up to its 1.96 for the normal quantile.
    Flic,
    /// FLAC: maximum likelihood on the rows and on pseudo-observations with half the leverages as weights, which a column of its own
    /// (reported nowhere) tells from the rows. Intervals and tests are those of the likelihood of these data. Larger changes of the
    /// effects than by FLIC, but effects and risks that belong together; `logistf::flac`.
    Flac,
}

/// Logistic regression with Firth's penalty.
///
/// | setting | default | purpose |
/// |---|---|---|
/// | `correction` | [`FirthCorrection::None`] | bias of the risks |
/// | `covariance` | [`FirthCovariance::Augmented`] | weights of the standard errors (of a fit without correction) |
/// | `weights` | all 1 | case weights |
/// | `level` | 0.95 | confidence level of the profile intervals |
/// | `max_iterations` | 1000 | steps before giving up |
#[derive(Debug, Clone, PartialEq)]
pub struct Firth {
    correction: FirthCorrection,
    covariance: FirthCovariance,
    weights: Option<Vec<f64>>,
    level: f64,
    max_iterations: usize,
}

impl Default for Firth {
    fn default() -> Self {
        Self {
            correction: FirthCorrection::default(),
            covariance: FirthCovariance::default(),
            weights: None,
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
    /// Penalized log-likelihood, as logistf; under [`FirthCorrection::Flac`] the log-likelihood of rows and pseudo-observations.
    pub log_likelihood: f64,
    /// Penalized log-likelihood of the intercept alone, with the determinant of the full design; under [`FirthCorrection::Flac`]
    /// the log-likelihood of the intercept and the added covariate.
    pub null_log_likelihood: f64,
    /// Joint penalized likelihood ratio test of every term, in the order of the design; a term that is part of interactions is tested
    /// together with them. Corrections of the risks leave these tests as they are.
    pub term_tests: Vec<TermResult>,
    /// How the risks were corrected.
    pub correction: FirthCorrection,
    /// Rows used with positive weight.
    pub n: usize,
    /// Events among them.
    pub n_events: usize,
    /// Steps taken.
    pub iterations: usize,
    pub(crate) design: Design,
    pub(crate) outcome: Vec<bool>,
    pub(crate) weights: Option<Vec<f64>>,
}

impl Firth {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What is done about the bias of the risks.
    #[must_use]
    pub fn correction(mut self, correction: FirthCorrection) -> Self {
        self.correction = correction;
        self
    }

    /// Case weights, one per row of the table, finite and not negative.
    #[must_use]
    pub fn weights(mut self, weights: &[f64]) -> Self {
        self.weights = Some(weights.to_vec());
        self
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

    pub(crate) fn confidence_level(&self) -> f64 {
        self.level
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
        self.fit_with(design, outcome, Intervals::Profile)
    }

    /// [`fit`](Self::fit) with or without the intervals of the coefficients, which take most of its time.
    pub(crate) fn fit_with(
        &self,
        design: &Design,
        outcome: &[bool],
        intervals: Intervals,
    ) -> Result<FirthFit> {
        check_level(self.level)?;
        if self.max_iterations == 0 {
            return Err(Error::Setting {
                setting: "max_iterations",
                value: 0.0,
                expected: "at least 1",
            });
        }
        let y = design.pick("outcome", outcome)?;
        let weights = pick_weights(design, self.weights.as_deref())?;
        let in_use = |&i: &usize| weights.as_ref().is_none_or(|w| w[i] > 0.0);
        let n = (0..y.len()).filter(in_use).count();
        let n_events = (0..y.len()).filter(in_use).filter(|&i| y[i]).count();
        check_counts(n, n_events, design.columns().len())?;
        let basis = Standardized::new(design.x(), weights.as_deref());
        if let Some(j) = (0..design.columns().len()).find(|j| !basis.kept.contains(j)) {
            return Err(Error::Aliased {
                column: design.columns()[j].name.clone(),
            });
        }
        let penalized = Penalized {
            z: &basis.z,
            y: &y,
            weights: weights.as_deref(),
            max_iterations: self.max_iterations,
        };
        let fitted = self.estimate(design, &penalized, &basis, intervals)?;
        let beta: Vec<f64> = fitted.coefficients.iter().map(|c| c.estimate).collect();
        let mut linear_predictor = vec![0.0; y.len()];
        let problem = Problem {
            x: design.x(),
            y: &y,
            weights: None,
            offset: None,
        };
        irls::linear_predictor(&problem, &beta, &mut linear_predictor);
        Ok(FirthFit {
            coefficients: fitted.coefficients,
            covariance: to_array(&fitted.covariance),
            linear_predictor,
            log_likelihood: fitted.log_likelihood,
            null_log_likelihood: fitted.null_log_likelihood,
            term_tests: fitted.term_tests,
            correction: self.correction,
            n,
            n_events,
            iterations: fitted.iterations,
            design: design.clone(),
            outcome: y,
            weights,
        })
    }

    fn estimate(
        &self,
        design: &Design,
        penalized: &Penalized<'_>,
        basis: &Standardized,
        intervals: Intervals,
    ) -> Result<Estimates> {
        let p = basis.kept.len();
        // Scaling the columns shifts ½ ln |I| by a constant, which is taken back here.
        let shift: f64 = basis.scale.iter().map(|s| s.ln()).sum();
        let full = penalized.maximize(vec![0.0; p], &Free::All)?;
        let null = penalized.maximize(vec![0.0; p], &Free::Coordinates(&[0]))?;
        let point = penalized.point(&full.gamma)?;
        let start = Start {
            design,
            penalized,
            basis,
            shift,
            level: self.level,
            intervals,
        };
        let mut estimates = Estimates {
            coefficients: Vec::new(),
            covariance: DMatrix::zeros(0, 0),
            log_likelihood: full.log_likelihood + shift,
            null_log_likelihood: null.log_likelihood + shift,
            term_tests: terms::tests(design, penalized, &full)?,
            iterations: full.iterations,
        };
        let corrected = match self.correction {
            FirthCorrection::Flac => start.added_covariate(&point.leverage)?,
            FirthCorrection::None | FirthCorrection::Flic => {
                let covariance = self.covariance_of(penalized, basis, &full.gamma, point)?;
                let profiles = Profiles {
                    penalized,
                    basis,
                    gamma: &full.gamma,
                    log_likelihood: full.log_likelihood,
                    level: self.level,
                };
                estimates.coefficients = (0..p)
                    .map(|j| profiles.coefficient(design, j, covariance[(j, j)].sqrt(), intervals))
                    .collect::<Result<_>>()?;
                estimates.covariance = covariance;
                if self.correction == FirthCorrection::None {
                    return Ok(estimates);
                }
                start.intercept(estimates.coefficients)?
            }
        };
        Ok(Estimates {
            coefficients: corrected.coefficients,
            covariance: corrected.covariance,
            log_likelihood: corrected.log_likelihood,
            null_log_likelihood: corrected
                .null_log_likelihood
                .unwrap_or(estimates.null_log_likelihood),
            term_tests: estimates.term_tests,
            iterations: estimates.iterations,
        })
    }

    fn covariance_of(
        &self,
        penalized: &Penalized<'_>,
        basis: &Standardized,
        gamma: &[f64],
        point: Point,
    ) -> Result<DMatrix<f64>> {
        let information = match self.covariance {
            FirthCovariance::Information => point.information,
            FirthCovariance::Augmented => {
                let eta = penalized.eta(gamma);
                let w: Vec<f64> = (0..eta.len())
                    .map(|i| variance(eta[i]) * (penalized.weight(i) + point.leverage[i]))
                    .collect();
                weighted_gram(penalized.z, &w)
            }
        };
        let factor = cholesky(information).ok_or_else(penalized::singular)?;
        Ok(basis.back_covariance(&factor.inverse()))
    }
}

/// What a fit has found.
struct Estimates {
    coefficients: Vec<FirthCoefficient>,
    covariance: DMatrix<f64>,
    log_likelihood: f64,
    null_log_likelihood: f64,
    term_tests: Vec<TermResult>,
    iterations: usize,
}

/// Whether the intervals and tests of single coefficients are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Intervals {
    /// By profiles.
    Profile,
    /// Not wanted: NaN, for fits of which only the effects are used.
    Skip,
}

impl FirthFit {
    /// The design it was fitted on.
    #[must_use]
    pub fn design(&self) -> &Design {
        &self.design
    }

    /// The model apart from its data, with the corrected intercept and effects.
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
