//! Calibration: do predicted risks agree with what happened?
//!
//! | question | item |
//! |---|---|
//! | is the average right, is the spread right | [`recalibration`] |
//! | how far off is one prediction | [`accuracy`] (Brier score, log loss, Spiegelhalter) |
//! | how far off along the risk scale | [`errors`] (ICI, E50, E90, Emax) over [`smooth`] |
//! | what to draw | [`grouped`], [`smooth`] |
//! | everything that R's `val.prob` prints | [`val_prob`] |
//!
//! `y` is the outcome (0 or 1), `p` the predicted risk, `π` the event rate.

mod fit;
mod loess;
mod lowess;
mod smooth;
mod val_prob;

use std::fmt;

pub use loess::{Degree, LoessBand, LoessFit, LoessSettings, LoessSurface, loess};
pub use lowess::{LowessSettings, lowess};
pub use smooth::{CalibrationErrors, SmoothCurve, Smoother, errors, smooth};
pub use val_prob::{ValProb, val_prob};

use crate::error::{Error, Result, check_level};
use crate::estimate::{Estimate, IntervalMethod, z_of_level};
use crate::hosmer_lemeshow::{Grouping, risk_groups};
use crate::proportion::{Proportion, ProportionMethod};
use crate::scored::Scored;
use crate::special::{chi_squared_sf, logit, normal_two_sided};
use fit::{Design, fit, log_likelihood};

/// Logits of the risks.
fn logits(scored: &Scored) -> Result<Vec<f64>> {
    let risks = scored.risks()?;
    let certain = |&&p: &&f64| p == 0.0 || p == 1.0;
    if let Some(index) = risks.iter().position(|p| certain(&p)) {
        return Err(Error::CertainRisk {
            n: risks.iter().filter(certain).count(),
            index,
        });
    }
    Ok(risks.iter().map(|&p| logit(p)).collect())
}

/// Logistic recalibration of the predicted risks.
///
/// ```text
/// calibration in the large   logit P(y) = a + logit(p)         0 is ideal
/// intercept and slope        logit P(y) = a + b logit(p)       0 and 1 are ideal
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Recalibration {
    /// Intercept with the slope fixed at 1: positive if risks are too low on average.
    pub in_the_large: Estimate,
    /// Intercept of the joint fit. Not calibration in the large.
    pub intercept: Estimate,
    /// Slope of the joint fit: below 1 if risks are too extreme.
    pub slope: Estimate,
    /// Likelihood-ratio X² of `a = 0, b = 1`, 2 degrees of freedom.
    pub chi_squared: f64,
    /// Its p-value.
    pub p: f64,
    /// Observed over expected events, with a log-Wald interval (binomial variance of the observed).
    pub observed_expected: Estimate,
}

impl Recalibration {
    /// Name and point value of every number, in the order of the fields.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, f64)> + use<> {
        [
            ("in_the_large", self.in_the_large.value),
            ("intercept", self.intercept.value),
            ("slope", self.slope.value),
            ("chi_squared", self.chi_squared),
            ("p", self.p),
            ("observed_expected", self.observed_expected.value),
        ]
        .into_iter()
    }
}

impl fmt::Display for Recalibration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "calibration in the large {:.3}, slope {:.3}, O/E {:.3}, test of a = 0 and b = 1: p = {:.4}",
            self.in_the_large.value, self.slope.value, self.observed_expected.value, self.p
        )
    }
}

/// Calibration in the large, intercept, slope and their joint test.
///
/// The fits are converged Newton iterations; R's `glm` stops earlier and differs by up to 1e-8 in
/// coefficients and 1e-6 in standard errors.
///
/// # Errors
/// [`Error::NotProbability`], [`Error::CertainRisk`] for risks of 0 or 1, [`Error::OutOfRange`] for
/// the level, [`Error::Undefined`] if all risks are equal, [`Error::NotConverged`] if the risks
/// separate the classes (the slope is infinite).
pub fn recalibration(scored: &Scored, level: f64) -> Result<Recalibration> {
    check_level(level)?;
    let x = logits(scored)?;
    if scored.ties().len() == 1 {
        return Err(Error::Undefined {
            statistic: "the calibration slope",
            reason: "all risks are equal",
        });
    }
    let large = fit(&x, scored.outcomes(), Design::Offset)?;
    let joint = fit(&x, scored.outcomes(), Design::Slope)?;
    let chi_squared =
        (2.0 * (joint.log_likelihood - log_likelihood(&x, scored.outcomes(), 0.0, 1.0))).max(0.0);
    let expected: f64 = scored.scores().iter().sum();
    let observed = scored.n_events() as f64;
    let ratio = observed / expected;
    let log_se = ((1.0 - scored.prevalence()) / observed).sqrt();
    let factor = (z_of_level(level) * log_se).exp();
    Ok(Recalibration {
        in_the_large: Estimate::wald(large.intercept, large.intercept_se, level),
        intercept: Estimate::wald(joint.intercept, joint.intercept_se, level),
        slope: Estimate::wald(joint.slope, joint.slope_se, level),
        chi_squared,
        p: chi_squared_sf(chi_squared, 2.0),
        observed_expected: Estimate {
            value: ratio,
            std_error: Some(ratio * log_se),
            low: ratio / factor,
            high: ratio * factor,
            level,
            method: IntervalMethod::LogWald,
        },
    })
}

/// Overall accuracy of predicted risks.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct RiskAccuracy {
    /// Brier score `mean((y - p)²)`, 0 is perfect.
    pub brier: f64,
    /// Brier score of predicting the event rate for everybody, `π(1 - π)`.
    pub brier_reference: f64,
    /// `1 - brier / brier_reference`: 1 is perfect, 0 no better than the event rate.
    pub scaled_brier: f64,
    /// `-mean(y ln p + (1 - y) ln(1 - p))`; infinite if an event had risk 0 (or a non-event 1).
    pub log_loss: f64,
    /// Spiegelhalter's `z = Σ(y - p)(1 - 2p) / √(Σ(1 - 2p)² p(1 - p))`; `None` if the denominator
    /// is 0 (all risks 0, 1/2 or 1).
    pub spiegelhalter_z: Option<f64>,
    /// Two-sided p-value of `spiegelhalter_z`.
    pub spiegelhalter_p: Option<f64>,
}

impl RiskAccuracy {
    /// Name and value of every number, in the order of the fields; NaN for `None`.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, f64)> + use<> {
        [
            ("brier", self.brier),
            ("brier_reference", self.brier_reference),
            ("scaled_brier", self.scaled_brier),
            ("log_loss", self.log_loss),
            ("spiegelhalter_z", self.spiegelhalter_z.unwrap_or(f64::NAN)),
            ("spiegelhalter_p", self.spiegelhalter_p.unwrap_or(f64::NAN)),
        ]
        .into_iter()
    }
}

impl fmt::Display for RiskAccuracy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Brier {:.4} (scaled {:.3}), log loss {:.4}",
            self.brier, self.scaled_brier, self.log_loss
        )
    }
}

/// Brier score, log loss and Spiegelhalter's test.
///
/// # Errors
/// [`Error::NotProbability`].
pub fn accuracy(scored: &Scored) -> Result<RiskAccuracy> {
    let risks = scored.risks()?;
    let n = scored.n() as f64;
    let (mut squares, mut log_loss, mut top, mut bottom) = (0.0, 0.0, 0.0, 0.0);
    for (&p, &event) in risks.iter().zip(scored.outcomes()) {
        let y = f64::from(u8::from(event));
        squares += (y - p) * (y - p);
        log_loss -= if event { p.ln() } else { (-p).ln_1p() };
        let w = 1.0 - 2.0 * p;
        top += (y - p) * w;
        bottom += w * w * p * (1.0 - p);
    }
    let brier = squares / n;
    let reference = scored.prevalence() * (1.0 - scored.prevalence());
    let z = (bottom > 0.0).then(|| top / bottom.sqrt());
    Ok(RiskAccuracy {
        brier,
        brier_reference: reference,
        scaled_brier: 1.0 - brier / reference,
        log_loss: log_loss / n,
        spiegelhalter_z: z,
        spiegelhalter_p: z.map(normal_two_sided),
    })
}

/// A point of a grouped calibration plot.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct CalibrationPoint {
    /// Mean predicted risk of the group.
    pub predicted: f64,
    /// Event rate of the group with its interval.
    pub observed: Proportion,
}

/// Groups subjects by risk and gives each group's event rate, by default of plots with Wilson's
/// interval.
///
/// # Errors
/// [`Error::NotProbability`], [`Error::OutOfRange`] for fewer than 2 groups or for the level.
pub fn grouped(
    scored: &Scored,
    groups: usize,
    grouping: Grouping,
    level: f64,
    method: ProportionMethod,
) -> Result<Vec<CalibrationPoint>> {
    risk_groups(scored, groups, grouping)?
        .iter()
        .map(|g| {
            Ok(CalibrationPoint {
                predicted: g.mean_risk(),
                observed: Proportion::new(g.observed, g.n, level, method)?,
            })
        })
        .collect()
}
