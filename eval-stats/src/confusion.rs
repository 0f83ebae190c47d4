//! The two-by-two table of a binary test, and everything that is read off it.
//!
//! ```text
//!                 event        no event
//! test positive   TP           FP
//! test negative   FN           TN
//!
//! sensitivity TP/(TP+FN)      specificity TN/(TN+FP)     accuracy (TP+TN)/n
//! PPV TP/(TP+FP)              NPV TN/(TN+FN)
//! LR+ sensitivity/(1-specificity)    LR- (1-sensitivity)/specificity    DOR TP·TN/(FP·FN)
//! F1 2TP/(2TP+FP+FN)          Youden J sensitivity + specificity - 1
//! MCC (TP·TN - FP·FN)/√((TP+FP)(TP+FN)(TN+FP)(TN+FN))
//! ```
//!
//! Whatever divides by zero is `None`: no subject can speak to it.

use std::fmt;

use crate::error::{Error, Result, check_level, same_length};
use crate::estimate::z_of_level;
use crate::proportion::{Proportion, ProportionMethod};
use crate::scored::Scored;

/// When a score counts as positive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub enum Threshold {
    /// `score >= threshold` (pROC, dcurves).
    #[default]
    Ge,
    /// `score > threshold` (rmda).
    Gt,
}

impl Threshold {
    /// Whether a score is positive at a threshold.
    pub fn is_positive(self, score: f64, threshold: f64) -> bool {
        match self {
            Self::Ge => score >= threshold,
            Self::Gt => score > threshold,
        }
    }
}

/// Counts of a binary test against the outcome. The four cells are complete by definition.
///
/// ```
/// use eval_stats::confusion::ConfusionMatrix;
/// let m = ConfusionMatrix { tp: 41, fp: 5, fn_: 13, tn: 58 };
/// assert_eq!(m.sensitivity(), Some(41.0 / 54.0));
/// assert_eq!(m.specificity(), Some(58.0 / 63.0));
/// assert_eq!(m.accuracy(), Some(99.0 / 117.0));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct ConfusionMatrix {
    /// True positives: events that test positive.
    pub tp: u64,
    /// False positives: non-events that test positive.
    pub fp: u64,
    /// False negatives: events that test negative (`fn` is a keyword).
    #[cfg_attr(feature = "serde", serde(rename = "fn"))]
    pub fn_: u64,
    /// True negatives: non-events that test negative.
    pub tn: u64,
}

impl ConfusionMatrix {
    /// Counts at a threshold that was fixed beforehand, in the direction of the scores.
    pub fn at_threshold(scored: &Scored, threshold: f64, rule: Threshold) -> Self {
        let (ties, direction) = (scored.ties(), scored.direction());
        let first = ties.partition_point(|t| !direction.is_positive(t.score, threshold, rule));
        let (mut tp, mut fp) = (0u64, 0u64);
        for t in &ties[first..] {
            tp += u64::from(t.events);
            fp += u64::from(t.non_events);
        }
        Self {
            tp,
            fp,
            fn_: scored.n_events() as u64 - tp,
            tn: scored.n_non_events() as u64 - fp,
        }
    }

    /// Counts of binary calls, for example a reader's. One class alone is allowed.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::LengthMismatch`].
    pub fn from_calls(calls: &[bool], outcomes: &[bool]) -> Result<Self> {
        if calls.is_empty() {
            return Err(Error::Empty { what: "calls" });
        }
        same_length("outcomes", calls.len(), outcomes.len())?;
        let mut m = Self::default();
        for (&call, &event) in calls.iter().zip(outcomes) {
            match (call, event) {
                (true, true) => m.tp += 1,
                (true, false) => m.fp += 1,
                (false, true) => m.fn_ += 1,
                (false, false) => m.tn += 1,
            }
        }
        Ok(m)
    }

    /// Number of subjects.
    pub fn n(&self) -> u64 {
        self.tp + self.fp + self.fn_ + self.tn
    }

    /// Number of events.
    pub fn n_events(&self) -> u64 {
        self.tp + self.fn_
    }

    /// Number of non-events.
    pub fn n_non_events(&self) -> u64 {
        self.fp + self.tn
    }

    /// Share of subjects classified correctly; `None` without subjects.
    pub fn accuracy(&self) -> Option<f64> {
        share(self.tp + self.tn, self.n())
    }

    /// Share of events that test positive; `None` without events.
    pub fn sensitivity(&self) -> Option<f64> {
        share(self.tp, self.n_events())
    }

    /// Share of non-events that test negative; `None` without non-events.
    pub fn specificity(&self) -> Option<f64> {
        share(self.tn, self.n_non_events())
    }

    /// Positive predictive value (precision); `None` if nobody tests positive.
    pub fn ppv(&self) -> Option<f64> {
        share(self.tp, self.tp + self.fp)
    }

    /// Negative predictive value; `None` if nobody tests negative.
    pub fn npv(&self) -> Option<f64> {
        share(self.tn, self.tn + self.fn_)
    }

    /// Positive predictive value at another prevalence (Bayes' theorem); `None` if sensitivity or
    /// specificity is, or if it divides by zero.
    pub fn ppv_at(&self, prevalence: f64) -> Option<f64> {
        let hit = self.sensitivity()? * prevalence;
        let all = hit + (1.0 - self.specificity()?) * (1.0 - prevalence);
        (all > 0.0).then(|| hit / all)
    }

    /// Negative predictive value at another prevalence, as [`ppv_at`](Self::ppv_at).
    pub fn npv_at(&self, prevalence: f64) -> Option<f64> {
        let hit = self.specificity()? * (1.0 - prevalence);
        let all = hit + (1.0 - self.sensitivity()?) * prevalence;
        (all > 0.0).then(|| hit / all)
    }

    /// Mean of sensitivity and specificity; the AUC of the binary test.
    pub fn balanced_accuracy(&self) -> Option<f64> {
        Some(0.5 * (self.sensitivity()? + self.specificity()?))
    }

    /// Youden's J, in [-1, 1].
    pub fn youden(&self) -> Option<f64> {
        Some(self.sensitivity()? + self.specificity()? - 1.0)
    }

    /// Harmonic mean of sensitivity and PPV; `None` if there is neither an event nor a positive.
    pub fn f1(&self) -> Option<f64> {
        share(2 * self.tp, 2 * self.tp + self.fp + self.fn_)
    }

    /// Matthews' correlation coefficient, in [-1, 1]; `None` if a margin of the table is 0.
    pub fn mcc(&self) -> Option<f64> {
        let [tp, fp, fn_, tn] = [self.tp, self.fp, self.fn_, self.tn].map(|c| c as f64);
        let margins = (tp + fp) * (tp + fn_) * (tn + fp) * (tn + fn_);
        (margins > 0.0).then(|| (tp * tn - fp * fn_) / margins.sqrt())
    }

    /// Positive likelihood ratio with its log-method interval; `None` without false positives
    /// (infinite, or 0/0), without events, or without non-events.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for the level.
    pub fn positive_likelihood_ratio(&self, level: f64) -> Result<Option<Ratio>> {
        likelihood_ratio(
            self.tp,
            self.n_events(),
            self.fp,
            self.n_non_events(),
            level,
        )
    }

    /// Negative likelihood ratio with its log-method interval; `None` without true negatives,
    /// without events, or without non-events.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for the level.
    pub fn negative_likelihood_ratio(&self, level: f64) -> Result<Option<Ratio>> {
        likelihood_ratio(
            self.fn_,
            self.n_events(),
            self.tn,
            self.n_non_events(),
            level,
        )
    }

    /// Diagnostic odds ratio with its log-method (Woolf) interval; `None` if FP or FN is 0.
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
        Ok(Some(Ratio::log_wald(
            (tp * tn) / (fp * fn_),
            variance,
            level,
        )))
    }

    /// All measures at once.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for the level.
    pub fn metrics(&self, level: f64, method: ProportionMethod) -> Result<ClassificationMetrics> {
        let proportion = |x: u64, n: u64| {
            if n == 0 {
                return Ok(None);
            }
            Proportion::new(x, n, level, method).map(Some)
        };
        check_level(level)?;
        Ok(ClassificationMetrics {
            counts: *self,
            accuracy: proportion(self.tp + self.tn, self.n())?,
            sensitivity: proportion(self.tp, self.n_events())?,
            specificity: proportion(self.tn, self.n_non_events())?,
            ppv: proportion(self.tp, self.tp + self.fp)?,
            npv: proportion(self.tn, self.tn + self.fn_)?,
            positive_likelihood_ratio: self.positive_likelihood_ratio(level)?,
            negative_likelihood_ratio: self.negative_likelihood_ratio(level)?,
            diagnostic_odds_ratio: self.diagnostic_odds_ratio(level)?,
            f1: self.f1(),
            mcc: self.mcc(),
            balanced_accuracy: self.balanced_accuracy(),
            youden: self.youden(),
        })
    }
}

impl fmt::Display for ConfusionMatrix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { tp, fp, fn_, tn } = self;
        write!(f, "TP {tp}, FP {fp}, FN {fn_}, TN {tn}")
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

/// `(a/n_a) / (b/n_b)` with the variance of its logarithm `1/a - 1/n_a + 1/b - 1/n_b`.
fn likelihood_ratio(a: u64, n_a: u64, b: u64, n_b: u64, level: f64) -> Result<Option<Ratio>> {
    check_level(level)?;
    if n_a == 0 || b == 0 {
        return Ok(None);
    }
    let [a, n_a, b, n_b] = [a, n_a, b, n_b].map(|c| c as f64);
    let variance = 1.0 / a - 1.0 / n_a + 1.0 / b - 1.0 / n_b;
    Ok(Some(Ratio::log_wald(
        (a / n_a) / (b / n_b),
        variance,
        level,
    )))
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
    /// Youden's J.
    pub youden: Option<f64>,
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

fn share(part: u64, total: u64) -> Option<f64> {
    (total > 0).then(|| part as f64 / total as f64)
}
