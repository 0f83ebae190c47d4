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
//! Informedness is Youden's J; markedness PPV + NPV - 1; balanced accuracy (J + 1)/2.
//!
//! Whatever divides by zero is `None`: no subject can speak to it. Products and sums of counts are
//! made in 128 bits; no count that fits its field overflows. A total beyond `u64` is the largest
//! `u64` (see [`ConfusionMatrix::n`]).
//!
//! References: Youden, Cancer 3 (1950) 32-35,
//! doi:10.1002/1097-0142(1950)3:1<32::AID-CNCR2820030106>3.0.CO;2-3; Matthews, Biochim. Biophys. Acta
//! 405 (1975) 442-451 (MCC), doi:10.1016/0005-2795(75)90109-9; Glas and others, J. Clin. Epidemiol.
//! 56 (2003) 1129-1135 (DOR), doi:10.1016/S0895-4356(03)00177-X.
//!
//! Predictive values at another prevalence are in [`PredictiveValues`], the comparison of two tests'
//! predictive values in [`predictive_values`](crate::predictive_values).

mod metrics;
mod prevalence;

use std::fmt;

use crate::error::{Error, Result, check_level, same_length};
use crate::estimate::Estimate;
use crate::proportion::{self, DifferenceMethod, Proportion, ProportionMethod};
use crate::scored::Scored;

pub use metrics::{ClassificationMetrics, Ratio};
pub use prevalence::{PredictiveValueMethod, PredictiveValues};

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
    ///
    /// ```
    /// use eval_stats::{Scored, confusion::{ConfusionMatrix, Threshold}};
    /// let s = Scored::new(&[0.1, 0.4, 0.35, 0.8], &[false, false, true, true])?;
    /// let m = ConfusionMatrix::at_threshold(&s, 0.4, Threshold::Ge);
    /// assert_eq!((m.tp, m.fp, m.fn_, m.tn), (1, 1, 1, 1));
    /// # Ok::<(), eval_stats::Error>(())
    /// ```
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
    /// ```
    /// use eval_stats::confusion::ConfusionMatrix;
    /// let m = ConfusionMatrix::from_calls(&[true, false, true], &[true, true, false])?;
    /// assert_eq!((m.tp, m.fp, m.fn_, m.tn), (1, 1, 1, 0));
    /// # Ok::<(), eval_stats::Error>(())
    /// ```
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

    /// Number of subjects; `u64::MAX` if it does not fit.
    pub fn n(&self) -> u64 {
        self.n_events().saturating_add(self.n_non_events())
    }

    /// Number of events; `u64::MAX` if it does not fit.
    pub fn n_events(&self) -> u64 {
        self.tp.saturating_add(self.fn_)
    }

    /// Number of non-events; `u64::MAX` if it does not fit.
    pub fn n_non_events(&self) -> u64 {
        self.fp.saturating_add(self.tn)
    }

    /// Number that test positive; `u64::MAX` if it does not fit.
    pub fn n_positive(&self) -> u64 {
        self.tp.saturating_add(self.fp)
    }

    /// Number that test negative; `u64::MAX` if it does not fit.
    pub fn n_negative(&self) -> u64 {
        self.fn_.saturating_add(self.tn)
    }

    /// Share of subjects with the event; `None` without subjects.
    ///
    /// ```
    /// let m = eval_stats::confusion::ConfusionMatrix { tp: 80, fn_: 20, fp: 10, tn: 90 };
    /// assert_eq!(m.prevalence(), Some(0.5));
    /// ```
    pub fn prevalence(&self) -> Option<f64> {
        share(&[self.tp, self.fn_], &[self.fp, self.tn])
    }

    /// Share of subjects classified correctly; `None` without subjects.
    ///
    /// ```
    /// let m = eval_stats::confusion::ConfusionMatrix { tp: 80, fn_: 20, fp: 10, tn: 90 };
    /// assert_eq!(m.accuracy(), Some(170.0 / 200.0));
    /// ```
    pub fn accuracy(&self) -> Option<f64> {
        share(&[self.tp, self.tn], &[self.fp, self.fn_])
    }

    /// Share of events that test positive; `None` without events.
    ///
    /// ```
    /// let m = eval_stats::confusion::ConfusionMatrix { tp: 80, fn_: 20, fp: 10, tn: 90 };
    /// assert_eq!(m.sensitivity(), Some(0.8));
    /// ```
    pub fn sensitivity(&self) -> Option<f64> {
        share(&[self.tp], &[self.fn_])
    }

    /// Share of non-events that test negative; `None` without non-events.
    ///
    /// ```
    /// let m = eval_stats::confusion::ConfusionMatrix { tp: 80, fn_: 20, fp: 10, tn: 90 };
    /// assert_eq!(m.specificity(), Some(0.9));
    /// ```
    pub fn specificity(&self) -> Option<f64> {
        share(&[self.tn], &[self.fp])
    }

    /// Positive predictive value (precision); `None` if nobody tests positive.
    ///
    /// ```
    /// let m = eval_stats::confusion::ConfusionMatrix { tp: 80, fn_: 20, fp: 10, tn: 90 };
    /// assert_eq!(m.ppv(), Some(80.0 / 90.0));
    /// ```
    pub fn ppv(&self) -> Option<f64> {
        share(&[self.tp], &[self.fp])
    }

    /// Negative predictive value; `None` if nobody tests negative.
    ///
    /// ```
    /// let m = eval_stats::confusion::ConfusionMatrix { tp: 80, fn_: 20, fp: 10, tn: 90 };
    /// assert_eq!(m.npv(), Some(90.0 / 110.0));
    /// ```
    pub fn npv(&self) -> Option<f64> {
        share(&[self.tn], &[self.fn_])
    }

    /// Positive predictive value at another prevalence (Bayes' theorem); `None` if sensitivity or
    /// specificity is, if it divides by zero, or if the prevalence is not in `[0, 1]`. With an
    /// interval: [`predictive_values_at`](Self::predictive_values_at).
    ///
    /// ```
    /// let m = eval_stats::confusion::ConfusionMatrix { tp: 80, fn_: 20, fp: 10, tn: 90 };
    /// // 0.8·0.1 / (0.8·0.1 + 0.1·0.9)
    /// assert!((m.ppv_at(0.1).expect("defined") - 8.0 / 17.0).abs() < 1e-15);
    /// ```
    pub fn ppv_at(&self, prevalence: f64) -> Option<f64> {
        let hit = self.sensitivity()? * prevalence;
        let miss = self.false_positive_rate()? * (1.0 - prevalence);
        bayes(hit, miss, prevalence)
    }

    /// Negative predictive value at another prevalence, as [`ppv_at`](Self::ppv_at).
    ///
    /// ```
    /// let m = eval_stats::confusion::ConfusionMatrix { tp: 80, fn_: 20, fp: 10, tn: 90 };
    /// // 0.9·0.9 / (0.2·0.1 + 0.9·0.9)
    /// assert!((m.npv_at(0.1).expect("defined") - 81.0 / 83.0).abs() < 1e-15);
    /// ```
    pub fn npv_at(&self, prevalence: f64) -> Option<f64> {
        let hit = self.specificity()? * (1.0 - prevalence);
        let miss = self.false_negative_rate()? * prevalence;
        bayes(hit, miss, prevalence)
    }

    /// Share of non-events that test positive; `None` without non-events.
    ///
    /// ```
    /// let m = eval_stats::confusion::ConfusionMatrix { tp: 80, fn_: 20, fp: 10, tn: 90 };
    /// assert_eq!(m.false_positive_rate(), Some(0.1));
    /// ```
    pub fn false_positive_rate(&self) -> Option<f64> {
        share(&[self.fp], &[self.tn])
    }

    /// Share of events that test negative; `None` without events.
    ///
    /// ```
    /// let m = eval_stats::confusion::ConfusionMatrix { tp: 80, fn_: 20, fp: 10, tn: 90 };
    /// assert_eq!(m.false_negative_rate(), Some(0.2));
    /// ```
    pub fn false_negative_rate(&self) -> Option<f64> {
        share(&[self.fn_], &[self.tp])
    }

    /// Mean of sensitivity and specificity; the AUC of the binary test.
    ///
    /// ```
    /// let m = eval_stats::confusion::ConfusionMatrix { tp: 80, fn_: 20, fp: 10, tn: 90 };
    /// assert!((m.balanced_accuracy().expect("both classes") - 0.85).abs() < 1e-15);
    /// ```
    pub fn balanced_accuracy(&self) -> Option<f64> {
        Some(0.5 * (self.sensitivity()? + self.specificity()?))
    }

    /// Youden's J (informedness), `sensitivity + specificity - 1`, in [-1, 1].
    ///
    /// Computed as `(TP·TN - FP·FN)/(events · non-events)`, whose numerator is exact.
    ///
    /// ```
    /// let m = eval_stats::confusion::ConfusionMatrix { tp: 80, fn_: 20, fp: 10, tn: 90 };
    /// assert_eq!(m.youden(), Some(0.7));
    /// ```
    pub fn youden(&self) -> Option<f64> {
        let pairs = sum(&[self.tp, self.fn_]) * sum(&[self.fp, self.tn]);
        (pairs > 0.0).then(|| self.determinant() / pairs)
    }

    /// Youden's J with an interval: it is the difference of two independent proportions,
    /// sensitivity minus false-positive rate. `None` without events or without non-events.
    ///
    /// ```
    /// use eval_stats::confusion::ConfusionMatrix;
    /// use eval_stats::proportion::DifferenceMethod;
    /// let m = ConfusionMatrix { tp: 56, fn_: 14, fp: 48, tn: 32 };
    /// let j = m.youden_interval(0.95, DifferenceMethod::Newcombe)?.expect("both classes");
    /// assert_eq!(format!("{:.4} to {:.4}", j.low, j.high), "0.0524 to 0.3339");
    /// # Ok::<(), eval_stats::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for the level, [`Error::TooMany`] if a class does not fit in `u64`.
    pub fn youden_interval(
        &self,
        level: f64,
        method: DifferenceMethod,
    ) -> Result<Option<Estimate>> {
        let wilson = ProportionMethod::Wilson;
        let detected = proportion_of(self.tp, self.fn_, level, wilson)?;
        let alarmed = proportion_of(self.fp, self.tn, level, wilson)?;
        let (Some(detected), Some(alarmed), Some(value)) = (detected, alarmed, self.youden())
        else {
            return Ok(None);
        };
        let estimate = proportion::difference(&detected, &alarmed, level, method)?;
        Ok(Some(Estimate { value, ..estimate }))
    }

    /// Balanced accuracy with an interval, that of Youden's J mapped by `(J + 1)/2`.
    ///
    /// ```
    /// use eval_stats::confusion::ConfusionMatrix;
    /// use eval_stats::proportion::DifferenceMethod;
    /// let m = ConfusionMatrix { tp: 56, fn_: 14, fp: 48, tn: 32 };
    /// let b = m.balanced_accuracy_interval(0.95, DifferenceMethod::Newcombe)?;
    /// let b = b.expect("both classes");
    /// assert!((b.value - 0.6).abs() < 1e-15);           // (0.8 + 0.4)/2
    /// assert_eq!(format!("{:.4} to {:.4}", b.low, b.high), "0.5262 to 0.6669");
    /// # Ok::<(), eval_stats::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`youden_interval`](Self::youden_interval).
    pub fn balanced_accuracy_interval(
        &self,
        level: f64,
        method: DifferenceMethod,
    ) -> Result<Option<Estimate>> {
        let half = |j: Estimate| Estimate {
            value: 0.5 * (j.value + 1.0),
            std_error: j.std_error.map(|se| 0.5 * se),
            low: 0.5 * (j.low + 1.0),
            high: 0.5 * (j.high + 1.0),
            ..j
        };
        Ok(self.youden_interval(level, method)?.map(half))
    }

    /// Markedness, `PPV + NPV - 1`, in [-1, 1]; `None` if nobody tests positive or nobody negative.
    ///
    /// ```
    /// let m = eval_stats::confusion::ConfusionMatrix { tp: 80, fn_: 20, fp: 10, tn: 90 };
    /// let expected = 80.0 / 90.0 + 90.0 / 110.0 - 1.0;
    /// assert!((m.markedness().expect("defined") - expected).abs() < 1e-15);
    /// ```
    pub fn markedness(&self) -> Option<f64> {
        let pairs = sum(&[self.tp, self.fp]) * sum(&[self.fn_, self.tn]);
        (pairs > 0.0).then(|| self.determinant() / pairs)
    }

    /// Harmonic mean of sensitivity and PPV; `None` if there is neither an event nor a positive.
    ///
    /// ```
    /// let m = eval_stats::confusion::ConfusionMatrix { tp: 80, fn_: 20, fp: 10, tn: 90 };
    /// assert_eq!(m.f1(), Some(160.0 / 190.0));
    /// ```
    pub fn f1(&self) -> Option<f64> {
        self.f_beta(1.0).ok().flatten()
    }

    /// `(1 + β²) TP/((1 + β²) TP + β² FN + FP)`: sensitivity counts `β` times as much as PPV.
    /// `None` if there is neither an event nor a positive (or, for `β` 0, no positive).
    ///
    /// ```
    /// let m = eval_stats::confusion::ConfusionMatrix { tp: 4, fp: 4, fn_: 1, tn: 1 };
    /// assert_eq!(m.f_beta(2.0)?, Some(20.0 / 28.0));
    /// # Ok::<(), eval_stats::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::OutOfRange`] if `β` is negative or not finite.
    pub fn f_beta(&self, beta: f64) -> Result<Option<f64>> {
        let weight = beta * beta;
        if !(beta >= 0.0 && weight.is_finite()) {
            return Err(Error::OutOfRange {
                name: "beta",
                value: beta,
                expected: "a finite number that is not negative, with a finite square",
            });
        }
        let hit = (1.0 + weight) * self.tp as f64;
        let all = hit + weight * self.fn_ as f64 + self.fp as f64;
        Ok((all > 0.0).then(|| hit / all))
    }

    /// Matthews' correlation coefficient, in [-1, 1]; `None` if a margin of the table is 0.
    ///
    /// ```
    /// let m = eval_stats::confusion::ConfusionMatrix { tp: 80, fn_: 20, fp: 10, tn: 90 };
    /// // (80·90 - 10·20)/√(90·100·100·110)
    /// assert!((m.mcc().expect("defined") - 7000.0 / 99e6_f64.sqrt()).abs() < 1e-15);
    /// ```
    pub fn mcc(&self) -> Option<f64> {
        let classes = sum(&[self.tp, self.fn_]) * sum(&[self.fp, self.tn]);
        let calls = sum(&[self.tp, self.fp]) * sum(&[self.fn_, self.tn]);
        let margins = classes.sqrt() * calls.sqrt();
        (margins > 0.0).then(|| (self.determinant() / margins).clamp(-1.0, 1.0))
    }

    /// `TP·TN - FP·FN`, rounded once.
    fn determinant(&self) -> f64 {
        let product = |a: u64, b: u64| u128::from(a) * u128::from(b);
        let (agree, differ) = (product(self.tp, self.tn), product(self.fp, self.fn_));
        if agree >= differ {
            (agree - differ) as f64
        } else {
            -((differ - agree) as f64)
        }
    }
}

impl fmt::Display for ConfusionMatrix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { tp, fp, fn_, tn } = self;
        write!(f, "TP {tp}, FP {fp}, FN {fn_}, TN {tn}")
    }
}

/// `hit/(hit + miss)`.
fn bayes(hit: f64, miss: f64, prevalence: f64) -> Option<f64> {
    ((0.0..=1.0).contains(&prevalence) && hit + miss > 0.0).then(|| hit / (hit + miss))
}

/// Sum of counts without overflow.
fn sum(counts: &[u64]) -> f64 {
    counts.iter().map(|&c| u128::from(c)).sum::<u128>() as f64
}

/// `part/(part + rest)`; `None` if both are empty.
fn share(part: &[u64], rest: &[u64]) -> Option<f64> {
    let part_sum: u128 = part.iter().map(|&c| u128::from(c)).sum();
    let total: u128 = part_sum + rest.iter().map(|&c| u128::from(c)).sum::<u128>();
    (total > 0).then(|| part_sum as f64 / total as f64)
}

/// Proportion of `part` in `part + rest`; `None` if both are 0.
fn proportion_of(
    part: u64,
    rest: u64,
    level: f64,
    method: ProportionMethod,
) -> Result<Option<Proportion>> {
    check_level(level)?;
    let n = part.checked_add(rest).ok_or(Error::TooMany {
        found: usize::MAX,
        limit: usize::MAX,
    })?;
    if n == 0 {
        return Ok(None);
    }
    Proportion::new(part, n, level, method).map(Some)
}
