//! Predictive values at a prevalence that is not the study's own.

use std::fmt;

use super::ConfusionMatrix;
use crate::error::{Error, Result, check_level};
use crate::estimate::{Estimate, IntervalMethod, z_of_level};
use crate::special::{expit, logit};

/// Interval of a predictive value at a given prevalence.
///
/// With sensitivity `s` of `n1` events, specificity `c` of `n0` non-events, prevalence `π`:
///
/// ```text
/// PPV = sπ/(sπ + (1-c)(1-π))          NPV = c(1-π)/((1-s)π + c(1-π))
/// Logit   Var logit PPV = (1-s)/(s n1) + c/((1-c) n0)
///         Var logit NPV = s/((1-s) n1) + (1-c)/(c n0)
/// Wald    Var PPV = {[π(1-c)(1-π)]² s(1-s)/n1 + [πs(1-π)]² c(1-c)/n0} / (sπ + (1-c)(1-π))⁴
///         Var NPV = {[π(1-π)c]² s(1-s)/n1 + [π(1-π)(1-s)]² c(1-c)/n0} / ((1-s)π + c(1-π))⁴
/// ```
///
/// `AdjustedLogit` puts `s = (TP + z²/2)/(n1 + z²)` with `n1 + z²` events, and likewise `c`, into
/// the logit form: it has limits where a cell is empty.
///
/// Reference: Mercaldo, Lau and Zhou, Stat. Med. 26 (2007) 2170-2183, doi:10.1002/sim.2677.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum PredictiveValueMethod {
    /// On the logit; the interval of the likelihood ratio carried through Bayes' theorem.
    #[default]
    Logit,
    /// On the logit, with sensitivity and specificity drawn towards one half.
    AdjustedLogit,
    /// Delta method on the predictive value itself, clipped to `[0, 1]`.
    Wald,
}

/// A predictive value with limits where the method has them.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct PredictiveValues {
    /// Prevalence that the values hold for.
    pub prevalence: f64,
    /// Positive predictive value by Bayes' theorem; `None` where it divides by zero.
    pub ppv: Option<f64>,
    /// Its interval; `None` where `ppv` is, or where the method divides by an empty cell.
    pub ppv_interval: Option<Estimate>,
    /// Negative predictive value; `None` as `ppv`.
    pub npv: Option<f64>,
    /// Its interval; `None` as `ppv_interval`.
    pub npv_interval: Option<Estimate>,
    /// How the intervals were made.
    pub method: PredictiveValueMethod,
    /// Confidence level.
    pub level: f64,
}

impl fmt::Display for PredictiveValues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |value: Option<f64>, interval: Option<Estimate>| match (value, interval) {
            (_, Some(interval)) => interval.to_string(),
            (Some(value), None) => format!("{value:.3}"),
            (None, None) => "undefined".to_string(),
        };
        write!(
            f,
            "at prevalence {:.3}: PPV {}, NPV {}",
            self.prevalence,
            shown(self.ppv, self.ppv_interval),
            shown(self.npv, self.npv_interval)
        )
    }
}

/// Sensitivity and specificity with the numbers they rest on, complements kept at full precision.
struct Accuracy {
    hit: f64,
    miss: f64,
    n1: f64,
    right: f64,
    alarm: f64,
    n0: f64,
}

impl Accuracy {
    /// `extra` successes and failures are added to each class.
    fn new(m: &ConfusionMatrix, extra: f64) -> Option<Self> {
        let [tp, fp, fn_, tn] = [m.tp, m.fp, m.fn_, m.tn].map(|c| c as f64 + extra);
        let (n1, n0) = (tp + fn_, fp + tn);
        (n1 > 0.0 && n0 > 0.0).then(|| Self {
            hit: tp / n1,
            miss: fn_ / n1,
            n1,
            right: tn / n0,
            alarm: fp / n0,
            n0,
        })
    }

    /// Odds of PPV and NPV, and the variances of their logarithms.
    fn log_odds(&self, prevalence: f64) -> [(f64, f64); 2] {
        let prior = logit(prevalence);
        let ppv = (self.hit / self.alarm).ln() + prior;
        let npv = (self.right / self.miss).ln() - prior;
        let ppv_variance = self.miss / (self.hit * self.n1) + self.right / (self.alarm * self.n0);
        let npv_variance = self.hit / (self.miss * self.n1) + self.alarm / (self.right * self.n0);
        [(ppv, ppv_variance), (npv, npv_variance)]
    }

    /// Variances of PPV and NPV by the delta method.
    fn variances(&self, prevalence: f64) -> [f64; 2] {
        let (p, q) = (prevalence, 1.0 - prevalence);
        let of_hit = self.hit * self.miss / self.n1;
        let of_right = self.right * self.alarm / self.n0;
        let fourth = |x: f64| (x * x) * (x * x);
        let ppv = (p * q).powi(2) * (self.alarm.powi(2) * of_hit + self.hit.powi(2) * of_right);
        let npv = (p * q).powi(2) * (self.right.powi(2) * of_hit + self.miss.powi(2) * of_right);
        [
            ppv / fourth(self.hit * p + self.alarm * q),
            npv / fourth(self.miss * p + self.right * q),
        ]
    }
}

fn on_logit((log_odds, variance): (f64, f64), value: f64, level: f64) -> Option<Estimate> {
    let half = z_of_level(level) * variance.sqrt();
    (log_odds.is_finite() && half.is_finite()).then(|| Estimate {
        value,
        std_error: None,
        low: expit(log_odds - half),
        high: expit(log_odds + half),
        level,
        method: IntervalMethod::LogitWald,
    })
}

fn on_value(variance: f64, value: f64, level: f64) -> Option<Estimate> {
    let e = Estimate::wald(value, variance.sqrt(), level);
    variance.is_finite().then(|| Estimate {
        low: e.low.max(0.0),
        high: e.high.min(1.0),
        ..e
    })
}

impl ConfusionMatrix {
    /// Predictive values at another prevalence, with intervals.
    ///
    /// The logit methods have no limits where they divide by an empty cell or where the prevalence
    /// is 0 or 1; the adjusted one needs both classes only. The value is Bayes' with each method.
    ///
    /// ```
    /// use eval_stats::confusion::{ConfusionMatrix, PredictiveValueMethod};
    /// let m = ConfusionMatrix { tp: 80, fn_: 20, fp: 10, tn: 90 };
    /// let at = m.predictive_values_at(0.1, 0.95, PredictiveValueMethod::Logit)?;
    /// // 0.8·0.1 / (0.8·0.1 + 0.1·0.9) = 8/17
    /// assert!((at.ppv.expect("defined") - 8.0 / 17.0).abs() < 1e-15);
    /// # Ok::<(), eval_stats::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for the level, or a prevalence outside `[0, 1]`.
    pub fn predictive_values_at(
        &self,
        prevalence: f64,
        level: f64,
        method: PredictiveValueMethod,
    ) -> Result<PredictiveValues> {
        check_level(level)?;
        if !(0.0..=1.0).contains(&prevalence) {
            return Err(Error::OutOfRange {
                name: "prevalence",
                value: prevalence,
                expected: "a probability in [0, 1]",
            });
        }
        let z = z_of_level(level);
        let extra = match method {
            PredictiveValueMethod::AdjustedLogit => 0.5 * z * z,
            PredictiveValueMethod::Logit | PredictiveValueMethod::Wald => 0.0,
        };
        let both_classes = Accuracy::new(self, 0.0).and_then(|_| Accuracy::new(self, extra));
        let values = [self.ppv_at(prevalence), self.npv_at(prevalence)];
        let interval = |which: usize| {
            let (accuracy, value) = (both_classes.as_ref()?, values[which]?);
            match method {
                PredictiveValueMethod::Wald => {
                    on_value(accuracy.variances(prevalence)[which], value, level)
                }
                PredictiveValueMethod::Logit | PredictiveValueMethod::AdjustedLogit => {
                    on_logit(accuracy.log_odds(prevalence)[which], value, level)
                }
            }
        };
        Ok(PredictiveValues {
            prevalence,
            ppv: values[0],
            ppv_interval: interval(0),
            npv: values[1],
            npv_interval: interval(1),
            method,
            level,
        })
    }
}
