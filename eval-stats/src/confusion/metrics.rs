//! Ratios and the table of every measure.

use std::fmt;

use super::{ConfusionMatrix, proportion_of};
use crate::error::{Error, Result, check_level};
use crate::estimate::{Estimate, percent, z_of_level};
use crate::proportion::{DifferenceMethod, Proportion, ProportionMethod};

impl ConfusionMatrix {
    /// Positive likelihood ratio with its log-method interval; `None` without false positives
    /// (infinite, or 0/0), without events, or without non-events. 0 without limits if no event
    /// tests positive.
    ///
    /// Reference: Simel, Samsa and Matchar, J. Clin. Epidemiol. 44 (1991) 763-770,
    /// doi:10.1016/0895-4356(91)90128-V.
    ///
    /// ```
    /// let m = eval_stats::confusion::ConfusionMatrix { tp: 80, fn_: 20, fp: 10, tn: 90 };
    /// // 0.8/0.1
    /// assert!((m.positive_likelihood_ratio(0.95)?.expect("defined").value - 8.0).abs() < 1e-14);
    /// # Ok::<(), eval_stats::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for the level.
    pub fn positive_likelihood_ratio(&self, level: f64) -> Result<Option<Ratio>> {
        likelihood_ratio((self.tp, self.fn_), (self.fp, self.tn), level)
    }

    /// Negative likelihood ratio with its log-method interval; `None` without true negatives,
    /// without events, or without non-events. 0 without limits if no event tests negative.
    ///
    /// ```
    /// let m = eval_stats::confusion::ConfusionMatrix { tp: 80, fn_: 20, fp: 10, tn: 90 };
    /// let ratio = m.negative_likelihood_ratio(0.95)?.expect("defined");
    /// assert!((ratio.value - 2.0 / 9.0).abs() < 1e-15);     // 0.2/0.9
    /// # Ok::<(), eval_stats::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for the level.
    pub fn negative_likelihood_ratio(&self, level: f64) -> Result<Option<Ratio>> {
        likelihood_ratio((self.fn_, self.tp), (self.tn, self.fp), level)
    }

    /// Diagnostic odds ratio with its log-method (Woolf) interval; `None` if FP or FN is 0.
    ///
    /// ```
    /// let m = eval_stats::confusion::ConfusionMatrix { tp: 80, fn_: 20, fp: 10, tn: 90 };
    /// // (80·90)/(20·10)
    /// assert!((m.diagnostic_odds_ratio(0.95)?.expect("defined").value - 36.0).abs() < 1e-13);
    /// # Ok::<(), eval_stats::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for the level.
    pub fn diagnostic_odds_ratio(&self, level: f64) -> Result<Option<Ratio>> {
        check_level(level)?;
        let [tp, fp, fn_, tn] = [self.tp, self.fp, self.fn_, self.tn].map(|c| c as f64);
        if fp * fn_ == 0.0 {
            return Ok(None);
        }
        let variance = 1.0 / tp + 1.0 / fp + 1.0 / fn_ + 1.0 / tn;
        let value = (tp / fp) * (tn / fn_);
        Ok(Some(Ratio::log_wald(value, variance, level)))
    }

    /// All measures at once.
    ///
    /// ```
    /// use eval_stats::{confusion::ConfusionMatrix, proportion::ProportionMethod};
    /// let m = ConfusionMatrix { tp: 80, fn_: 20, fp: 10, tn: 90 };
    /// let all = m.metrics(0.95, ProportionMethod::Wilson)?;
    /// assert_eq!(all.sensitivity.map(|p| (p.successes, p.n)), Some((80, 100)));
    /// assert_eq!((all.youden, all.f1), (Some(0.7), Some(160.0 / 190.0)));
    /// # Ok::<(), eval_stats::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for the level, [`Error::TooMany`] if a total does not fit in `u64`.
    pub fn metrics(&self, level: f64, method: ProportionMethod) -> Result<ClassificationMetrics> {
        let share = |part: u64, rest: u64| proportion_of(part, rest, level, method);
        let add = |a: u64, b: u64| {
            a.checked_add(b).ok_or(Error::TooMany {
                found: usize::MAX,
                limit: usize::MAX,
            })
        };
        Ok(ClassificationMetrics {
            counts: *self,
            accuracy: share(add(self.tp, self.tn)?, add(self.fp, self.fn_)?)?,
            sensitivity: share(self.tp, self.fn_)?,
            specificity: share(self.tn, self.fp)?,
            ppv: share(self.tp, self.fp)?,
            npv: share(self.tn, self.fn_)?,
            positive_likelihood_ratio: self.positive_likelihood_ratio(level)?,
            negative_likelihood_ratio: self.negative_likelihood_ratio(level)?,
            diagnostic_odds_ratio: self.diagnostic_odds_ratio(level)?,
            f1: self.f1(),
            mcc: self.mcc(),
            balanced_accuracy: self.balanced_accuracy(),
            balanced_accuracy_interval: self
                .balanced_accuracy_interval(level, DifferenceMethod::Newcombe)?,
            youden: self.youden(),
            youden_interval: self.youden_interval(level, DifferenceMethod::Newcombe)?,
        })
    }
}

/// A ratio with an interval made on the log scale.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Ratio {
    /// The ratio.
    pub value: f64,
    /// Lower limit; `None` if the ratio is 0 or a cell that its variance divides by is empty.
    pub low: Option<f64>,
    /// Upper limit; `None` as `low`.
    pub high: Option<f64>,
    /// Confidence level.
    pub level: f64,
}

impl Ratio {
    fn log_wald(value: f64, log_variance: f64, level: f64) -> Self {
        let factor = (z_of_level(level) * log_variance.sqrt()).exp();
        let known = value > 0.0 && log_variance.is_finite();
        Self {
            value,
            low: known.then_some(value / factor),
            high: known.then_some(value * factor),
            level,
        }
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2}", self.value)?;
        if let (Some(low), Some(high)) = (self.low, self.high) {
            let level = percent(self.level);
            write!(f, " ({level}% CI {low:.2} to {high:.2})")?;
        }
        Ok(())
    }
}

/// `(a/(a + a_rest)) / (b/(b + b_rest))` with the variance of its logarithm
/// `1/a - 1/(a + a_rest) + 1/b - 1/(b + b_rest)`.
fn likelihood_ratio(
    (a, a_rest): (u64, u64),
    (b, b_rest): (u64, u64),
    level: f64,
) -> Result<Option<Ratio>> {
    check_level(level)?;
    let [a, a_rest, b, b_rest] = [a, a_rest, b, b_rest].map(|c| c as f64);
    let (n_a, n_b) = (a + a_rest, b + b_rest);
    if n_a == 0.0 || b == 0.0 {
        return Ok(None);
    }
    let variance = a_rest / (a * n_a) + b_rest / (b * n_b);
    let value = (a / n_a) / (b / n_b);
    Ok(Some(Ratio::log_wald(value, variance, level)))
}

/// Every measure of a two-by-two table; `None` where it divides by zero.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ClassificationMetrics {
    /// The table.
    pub counts: ConfusionMatrix,
    /// Share classified correctly.
    pub accuracy: Option<Proportion>,
    /// Share of events that test positive.
    pub sensitivity: Option<Proportion>,
    /// Share of non-events that test negative.
    pub specificity: Option<Proportion>,
    /// Positive predictive value.
    pub ppv: Option<Proportion>,
    /// Negative predictive value.
    pub npv: Option<Proportion>,
    /// Positive likelihood ratio.
    pub positive_likelihood_ratio: Option<Ratio>,
    /// Negative likelihood ratio.
    pub negative_likelihood_ratio: Option<Ratio>,
    /// Diagnostic odds ratio.
    pub diagnostic_odds_ratio: Option<Ratio>,
    /// F1 score.
    pub f1: Option<f64>,
    /// Matthews' correlation coefficient.
    pub mcc: Option<f64>,
    /// Mean of sensitivity and specificity.
    pub balanced_accuracy: Option<f64>,
    /// Its interval by Newcombe's method.
    pub balanced_accuracy_interval: Option<Estimate>,
    /// Youden's J.
    pub youden: Option<f64>,
    /// Its interval by Newcombe's method.
    pub youden_interval: Option<Estimate>,
}

impl ClassificationMetrics {
    /// Name and point estimate of every measure, in the order of the fields; NaN for `None`.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, f64)> + use<> {
        let p = |x: Option<Proportion>| x.map_or(f64::NAN, |x| x.value);
        let r = |x: Option<Ratio>| x.map_or(f64::NAN, |x| x.value);
        let v = |x: Option<f64>| x.unwrap_or(f64::NAN);
        [
            ("accuracy", p(self.accuracy)),
            ("sensitivity", p(self.sensitivity)),
            ("specificity", p(self.specificity)),
            ("ppv", p(self.ppv)),
            ("npv", p(self.npv)),
            (
                "positive_likelihood_ratio",
                r(self.positive_likelihood_ratio),
            ),
            (
                "negative_likelihood_ratio",
                r(self.negative_likelihood_ratio),
            ),
            ("diagnostic_odds_ratio", r(self.diagnostic_odds_ratio)),
            ("f1", v(self.f1)),
            ("mcc", v(self.mcc)),
            ("balanced_accuracy", v(self.balanced_accuracy)),
            ("youden", v(self.youden)),
        ]
        .into_iter()
    }
}

impl fmt::Display for ClassificationMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |x: Option<Proportion>| match x {
            Some(p) => format!("{:.1}% ({}/{})", 100.0 * p.value, p.successes, p.n),
            None => "undefined".to_string(),
        };
        write!(
            f,
            "accuracy {}, sensitivity {}, specificity {}, PPV {}, NPV {}",
            shown(self.accuracy),
            shown(self.sensitivity),
            shown(self.specificity),
            shown(self.ppv),
            shown(self.npv)
        )
    }
}
