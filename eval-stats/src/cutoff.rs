//! Choosing a cut-off on one data set and applying it to others.
//!
//! A cut-off is found on training data, frozen, and applied with `score >= threshold` (`<=` if lower
//! scores speak for the event; [`Cutoff::apply`]). It is never searched again on test data.
//!
//! References: Youden, Cancer 3 (1950) 32-35,
//! doi:10.1002/1097-0142(1950)3:1<32::AID-CNCR2820030106>3.0.CO;2-3; Perkins and Schisterman, Am. J.
//! Epidemiol. 163 (2006) 670-675 (closest to the corner, weights), doi:10.1093/aje/kwj063.
//!
//! # Differences
//! pROC compares Youden's index in floating point, where a tie can be broken by rounding. This crate
//! compares it in whole numbers, so that all equally good thresholds are listed. pROC prints
//! `sensitivity + r specificity`; [`Cutoff::value`] says what is reported here.

use std::cmp::Ordering;
use std::fmt;

use crate::confusion::{ConfusionMatrix, Threshold};
use crate::error::{Error, Result};
use crate::roc::{RocCurve, RocPoint};
use crate::scored::{Direction, Scored};

/// What a cut-off optimizes.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum Criterion {
    /// Largest `sensitivity + specificity - 1`.
    Youden,
    /// Largest `sensitivity + r specificity`, `r = (1 - prevalence)/(cost prevalence)`.
    WeightedYouden {
        /// Cost of a false negative relative to a false positive.
        cost: f64,
        /// Prevalence where the test will be used.
        prevalence: f64,
    },
    /// Smallest `(1 - sensitivity)² + (1 - specificity)²`.
    ClosestToCorner,
    /// Smallest `(1 - sensitivity)² + r (1 - specificity)²`, `r` as in `WeightedYouden`.
    WeightedClosestToCorner {
        /// Cost of a false negative relative to a false positive.
        cost: f64,
        /// Prevalence where the test will be used.
        prevalence: f64,
    },
    /// Largest specificity among points with at least this sensitivity.
    MinSensitivity(f64),
    /// Largest sensitivity among points with at least this specificity.
    MinSpecificity(f64),
    /// Smallest expected cost `prevalence cost_fn (1-se) + (1-prevalence) cost_fp (1-sp)`.
    MinCost {
        /// Cost of a false negative.
        false_negative: f64,
        /// Cost of a false positive.
        false_positive: f64,
        /// Prevalence where the test will be used.
        prevalence: f64,
    },
}

/// A cut-off with the operating point it had where it was found.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Cutoff {
    /// A score is positive if it is at least this (at most, if lower is event). May be infinite if
    /// calling nobody (or everybody) positive is best.
    pub threshold: f64,
    /// Which scores speak for the event.
    pub direction: Direction,
    /// Value of the optimized quantity.
    ///
    /// `Youden`: `J = sensitivity + specificity - 1`, in [0, 1]. `WeightedYouden`:
    /// `sensitivity + r specificity`, nothing taken off. The corner criteria: the (weighted) squared
    /// distance, smaller is better. `MinCost`: the expected cost. `MinSensitivity`: the specificity,
    /// and `MinSpecificity`: the sensitivity, that was reached.
    pub value: f64,
    /// Sensitivity where it was found.
    pub sensitivity: f64,
    /// Specificity where it was found.
    pub specificity: f64,
    /// All thresholds that are equally good, from the most sensitive on (increasing, if higher is
    /// event); `threshold` is the first of them.
    pub tied: Vec<f64>,
    /// What was optimized.
    pub criterion: Criterion,
}

impl Cutoff {
    /// Applies the frozen cut-off to other data. The direction is frozen with it: that of the other
    /// data is not asked.
    ///
    /// ```
    /// use eval_stats::{Scored, roc::RocCurve, cutoff::{self, Criterion}};
    /// let y = [false, false, true, true];
    /// let train = Scored::new(&[0.1, 0.4, 0.35, 0.8], &y)?;
    /// let cut = cutoff::find(&RocCurve::new(&train), Criterion::MinSensitivity(1.0))?;
    /// assert!((cut.threshold - 0.225).abs() < 1e-15);   // midway between 0.1 and 0.35
    /// let m = cut.apply(&Scored::new(&[0.2, 0.3, 0.1, 0.9], &y)?);
    /// assert_eq!((m.tp, m.fn_, m.fp, m.tn), (1, 1, 1, 1));
    /// # Ok::<(), eval_stats::Error>(())
    /// ```
    pub fn apply(&self, scored: &Scored) -> ConfusionMatrix {
        let mut m = ConfusionMatrix::default();
        for t in scored.ties() {
            let (events, non_events) = (u64::from(t.events), u64::from(t.non_events));
            if self.is_positive(t.score) {
                m.tp += events;
                m.fp += non_events;
            } else {
                m.fn_ += events;
                m.tn += non_events;
            }
        }
        m
    }

    /// Whether one score is positive.
    pub fn is_positive(&self, score: f64) -> bool {
        self.direction
            .is_positive(score, self.threshold, Threshold::Ge)
    }
}

impl fmt::Display for Cutoff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "cut-off {} {:.4} (sensitivity {:.3}, specificity {:.3})",
            match self.direction {
                Direction::HigherIsEvent => ">=",
                Direction::LowerIsEvent => "<=",
            },
            self.threshold,
            self.sensitivity,
            self.specificity
        )
    }
}

/// Finds a cut-off.
///
/// Of equally good thresholds the most sensitive is taken (the lowest, if higher is event) and all
/// are listed. A score that does not separate at all, or perfectly wrongly, has a Youden index of 0
/// at the infinite thresholds.
///
/// ```
/// use eval_stats::{Scored, roc::RocCurve, cutoff::{self, Criterion}};
/// let y = [false, false, true, true];
/// let train = Scored::new(&[0.1, 0.4, 0.35, 0.8], &y)?;
/// let cut = cutoff::find(&RocCurve::new(&train), Criterion::Youden)?;
/// assert_eq!(cut.value, 0.5);
/// let test = Scored::new(&[0.2, 0.3, 0.1, 0.9], &y)?;
/// assert_eq!(cut.apply(&test).tp, 1);
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::OutOfRange`] for a prevalence outside (0, 1), a cost (or the weight that it gives the
/// specificity) that is not positive and finite, or a required sensitivity or specificity outside
/// `[0, 1]`.
pub fn find(roc: &RocCurve, criterion: Criterion) -> Result<Cutoff> {
    check(criterion)?;
    let mut best: Vec<&RocPoint> = Vec::new();
    let mut best_value = f64::NEG_INFINITY;
    for point in &roc.points {
        let Some(value) = goodness(point, criterion) else {
            continue;
        };
        let order = match best.first() {
            Some(b) if matches!(criterion, Criterion::Youden) => exact_youden(roc, point, b),
            _ => value.total_cmp(&best_value),
        };
        match order {
            Ordering::Greater => {
                best = vec![point];
                best_value = value;
            }
            Ordering::Equal => best.push(point),
            Ordering::Less => {}
        }
    }
    let Some(chosen) = best.first() else {
        // The infinite thresholds always exist and meet every requirement.
        unreachable!("an ROC curve has at least two points");
    };
    Ok(Cutoff {
        threshold: chosen.threshold,
        direction: roc.direction,
        value: match criterion {
            Criterion::Youden => best_value - 1.0,
            Criterion::ClosestToCorner
            | Criterion::WeightedClosestToCorner { .. }
            | Criterion::MinCost { .. } => -best_value,
            _ => best_value,
        },
        sensitivity: chosen.sensitivity,
        specificity: chosen.specificity,
        tied: best.iter().map(|p| p.threshold).collect(),
        criterion,
    })
}

/// Order of two points by Youden's J in whole numbers: rounding never breaks a tie.
fn exact_youden(roc: &RocCurve, a: &RocPoint, b: &RocPoint) -> Ordering {
    let (n1, n0) = (roc.n_events as i128, roc.n_non_events as i128);
    let j = |p: &RocPoint| i128::from(p.true_positives) * n0 - i128::from(p.false_positives) * n1;
    j(a).cmp(&j(b))
}

/// Weight `r` of the specificity.
fn weight(cost: f64, prevalence: f64) -> f64 {
    (1.0 - prevalence) / (cost * prevalence)
}

/// Larger is better; `None` if the point does not meet a requirement.
fn goodness(p: &RocPoint, criterion: Criterion) -> Option<f64> {
    let (se, sp) = (p.sensitivity, p.specificity);
    Some(match criterion {
        Criterion::Youden => se + sp,
        Criterion::WeightedYouden { cost, prevalence } => se + weight(cost, prevalence) * sp,
        Criterion::ClosestToCorner => -((1.0 - se) * (1.0 - se) + (1.0 - sp) * (1.0 - sp)),
        Criterion::WeightedClosestToCorner { cost, prevalence } => {
            -((1.0 - se) * (1.0 - se) + weight(cost, prevalence) * ((1.0 - sp) * (1.0 - sp)))
        }
        Criterion::MinSensitivity(least) => return (se >= least).then_some(sp),
        Criterion::MinSpecificity(least) => return (sp >= least).then_some(se),
        Criterion::MinCost {
            false_negative,
            false_positive,
            prevalence,
        } => {
            -(prevalence * false_negative * (1.0 - se)
                + (1.0 - prevalence) * false_positive * (1.0 - sp))
        }
    })
}

fn check(criterion: Criterion) -> Result<()> {
    let positive = |name: &'static str, value: f64| {
        if value > 0.0 && value.is_finite() {
            return Ok(());
        }
        Err(Error::OutOfRange {
            name,
            value,
            expected: "a positive number",
        })
    };
    let share = |name: &'static str, value: f64| {
        if value > 0.0 && value < 1.0 {
            return Ok(());
        }
        Err(Error::OutOfRange {
            name,
            value,
            expected: "a share strictly between 0 and 1",
        })
    };
    match criterion {
        Criterion::Youden | Criterion::ClosestToCorner => Ok(()),
        Criterion::WeightedYouden { cost, prevalence }
        | Criterion::WeightedClosestToCorner { cost, prevalence } => {
            positive("cost", cost)?;
            share("prevalence", prevalence)?;
            positive("weight of the specificity", weight(cost, prevalence))
        }
        Criterion::MinSensitivity(v) | Criterion::MinSpecificity(v) => {
            if (0.0..=1.0).contains(&v) {
                return Ok(());
            }
            Err(Error::OutOfRange {
                name: "required sensitivity or specificity",
                value: v,
                expected: "a share in [0, 1]",
            })
        }
        Criterion::MinCost {
            false_negative,
            false_positive,
            prevalence,
        } => {
            positive("false_negative", false_negative)?;
            positive("false_positive", false_positive)?;
            share("prevalence", prevalence)
        }
    }
}
