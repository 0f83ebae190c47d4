//! Logistic recalibration and the ratio of observed to expected events.

use std::fmt;

use super::fit::{Design, fit, log_likelihood};
use crate::error::{Error, Result, check_level};
use crate::estimate::{Estimate, IntervalMethod, z_of_level};
use crate::scored::Scored;
use crate::special::{chi_squared_quantile, chi_squared_sf, ln_chi_squared_sf, logit};

/// Logits of the risks.
pub(super) fn logits(scored: &Scored) -> Result<Vec<f64>> {
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

/// A likelihood-ratio test.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct LikelihoodRatio {
    /// Twice the difference of the log likelihoods, at least 0.
    pub chi_squared: f64,
    /// Degrees of freedom.
    pub df: usize,
    /// Upper tail.
    pub p: f64,
    /// Its decimal logarithm.
    pub log10_p: f64,
}

impl LikelihoodRatio {
    fn new(larger: f64, smaller: f64, df: usize) -> Self {
        let chi_squared = (2.0 * (larger - smaller)).max(0.0);
        Self {
            chi_squared,
            df,
            p: chi_squared_sf(chi_squared, df as f64),
            log10_p: ln_chi_squared_sf(chi_squared, df as f64) / core::f64::consts::LN_10,
        }
    }

    /// Name and value of every number, in the order of the fields.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, f64)> + use<> {
        [
            ("chi_squared", self.chi_squared),
            ("df", self.df as f64),
            ("p", self.p),
            ("log10_p", self.log10_p),
        ]
        .into_iter()
    }
}

impl fmt::Display for LikelihoodRatio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "likelihood-ratio test: X² = {:.4}, df = {}, p = {:.4}",
            self.chi_squared, self.df, self.p
        )
    }
}

/// Logistic recalibration of the predicted risks.
///
/// ```text
/// calibration in the large   logit P(y) = a + logit(p)         0 is ideal
/// intercept and slope        logit P(y) = a + b logit(p)       0 and 1 are ideal
/// ```
///
/// The three tests are Cox's, as Miller, Hui and Tierney (Stat. Med. 10, 1991, 1213-1226,
/// doi:10.1002/sim.4780100805) lay them out; the joint one is the sum of the other two.
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
    /// Likelihood-ratio X² of `a = 0, b = 1`, 2 degrees of freedom ("unreliability").
    pub chi_squared: f64,
    /// Its p-value.
    pub p: f64,
    /// Its decimal logarithm.
    pub log10_p: f64,
    /// Test of `a = 0` given `b = 1`.
    pub in_the_large_test: LikelihoodRatio,
    /// Test of `b = 1`, whatever `a`.
    pub slope_test: LikelihoodRatio,
    /// Observed over expected events, [`ObservedExpectedMethod::LogWald`].
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
            ("log10_p", self.log10_p),
            ("in_the_large_test", self.in_the_large_test.chi_squared),
            ("slope_test", self.slope_test.chi_squared),
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

/// Calibration in the large, intercept, slope, Wald intervals and likelihood-ratio tests.
///
/// # Differences
/// The fits are converged Newton iterations; R's `glm` stops earlier and differs by up to 1e-8 in
/// coefficients and 1e-6 in standard errors, `rms::lrm.fit` by up to 1e-7 (see [`super::val_prob`]).
///
/// # Errors
/// [`Error::NotProbability`] or [`Error::LowerIsEvent`] for scores that are not risks,
/// [`Error::CertainRisk`] for risks of 0 or 1, [`Error::OutOfRange`] for the level,
/// [`Error::Undefined`] if all risks are equal or if a cut-off separates the classes (the slope is
/// infinite), [`Error::NotConverged`] if rounding stops the iteration.
///
/// # Examples
/// ```
/// use eval_stats::{Scored, calibration};
/// // Predicted 1/4 and 3/4 where 1/3 and 2/3 happened: the slope is ln 2/ln 3.
/// let p = [0.25, 0.25, 0.25, 0.75, 0.75, 0.75];
/// let s = Scored::new(&p, &[true, false, false, true, true, false])?;
/// let r = calibration::recalibration(&s, 0.95)?;
/// assert!((r.slope.value - 2_f64.ln() / 3_f64.ln()).abs() < 1e-12);
/// assert!(r.in_the_large.value.abs() < 1e-12);
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// Reference: Cox, Biometrika 45 (1958) 562-565, doi:10.1093/biomet/45.3-4.562.
pub fn recalibration(scored: &Scored, level: f64) -> Result<Recalibration> {
    check_level(level)?;
    let x = logits(scored)?;
    let y = scored.outcomes();
    let large = fit(&x, y, Design::Offset)?;
    let joint = fit(&x, y, Design::Slope)?;
    let as_is = log_likelihood(&x, y, 0.0, 1.0);
    let both = LikelihoodRatio::new(joint.log_likelihood, as_is, 2);
    Ok(Recalibration {
        in_the_large: Estimate::wald(large.intercept, large.intercept_se, level),
        intercept: Estimate::wald(joint.intercept, joint.intercept_se, level),
        slope: Estimate::wald(joint.slope, joint.slope_se, level),
        chi_squared: both.chi_squared,
        p: both.p,
        log10_p: both.log10_p,
        in_the_large_test: LikelihoodRatio::new(large.log_likelihood, as_is, 1),
        slope_test: LikelihoodRatio::new(joint.log_likelihood, large.log_likelihood, 1),
        observed_expected: observed_expected(scored, level, ObservedExpectedMethod::LogWald)?,
    })
}

/// How the interval of observed over expected events is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum ObservedExpectedMethod {
    /// Wald on the logarithm with the observed events binomial, `se(ln O/E) = √((1 - π)/O)`
    /// (Debray et al., BMJ 356, 2017, i6460, doi:10.1136/bmj.i6460).
    #[default]
    LogWald,
    /// The observed events are Poisson; exact limits (R: `poisson.test(O, E)`), as for standardized
    /// mortality ratios.
    ExactPoisson,
}

/// Observed over expected events: above 1 if risks are too low on average.
///
/// # Errors
/// [`Error::NotProbability`] or [`Error::LowerIsEvent`] for scores that are not risks,
/// [`Error::OutOfRange`] for the level, [`Error::Undefined`] if all risks are 0.
///
/// # Examples
/// ```
/// use eval_stats::Scored;
/// use eval_stats::calibration::{ObservedExpectedMethod, observed_expected};
/// let s = Scored::new(&[0.1, 0.4, 0.3, 0.2], &[false, true, true, false])?;
/// let r = observed_expected(&s, 0.95, ObservedExpectedMethod::ExactPoisson)?;
/// assert!((r.value - 2.0).abs() < 1e-12 && (r.high - 7.224_687_667).abs() < 1e-8);
/// # Ok::<(), eval_stats::Error>(())
/// ```
pub fn observed_expected(
    scored: &Scored,
    level: f64,
    method: ObservedExpectedMethod,
) -> Result<Estimate> {
    check_level(level)?;
    let expected: f64 = scored.risks()?.iter().sum();
    if expected == 0.0 {
        return Err(Error::Undefined {
            statistic: "observed over expected events",
            reason: "all risks are 0",
        });
    }
    let observed = scored.n_events() as f64;
    let value = observed / expected;
    Ok(match method {
        ObservedExpectedMethod::LogWald => {
            let log_se = ((1.0 - scored.prevalence()) / observed).sqrt();
            let factor = (z_of_level(level) * log_se).exp();
            Estimate {
                value,
                std_error: Some(value * log_se),
                low: value / factor,
                high: value * factor,
                level,
                method: IntervalMethod::LogWald,
            }
        }
        ObservedExpectedMethod::ExactPoisson => {
            let tail = 0.5 * (1.0 - level);
            Estimate {
                value,
                std_error: None,
                low: 0.5 * chi_squared_quantile(tail, 2.0 * observed) / expected,
                high: 0.5 * chi_squared_quantile(1.0 - tail, 2.0 * (observed + 1.0)) / expected,
                level,
                method: IntervalMethod::ExactPoisson,
            }
        }
    })
}
