//! Receiver operating characteristic: the curve, its area and parts of it.
//!
//! A score is positive if it is at least the threshold. Direction is never guessed: larger scores
//! mean events, and an AUC below one half is reported as such.
//!
//! # Differences
//! pROC's default `direction = "auto"` flips the curve if the median of the events is below that of
//! the non-events, which biases resampled AUCs upward; this crate does what `direction = "<"` does.

use std::fmt;

use crate::error::{Error, Result};
use crate::scored::Scored;

/// One operating point.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct RocPoint {
    /// A score is positive if it is at least this.
    pub threshold: f64,
    /// Events that test positive.
    pub true_positives: u64,
    /// Non-events that test positive.
    pub false_positives: u64,
    /// Share of events that test positive.
    pub sensitivity: f64,
    /// Share of non-events that test negative.
    pub specificity: f64,
}

/// Empirical ROC curve.
///
/// ```
/// use eval_stats::{Scored, roc::RocCurve};
/// let scored = Scored::new(&[0.1, 0.4, 0.35, 0.8], &[false, false, true, true])?;
/// let roc = RocCurve::new(&scored);
/// assert_eq!(roc.points.len(), 5);           // 4 distinct scores and one more
/// assert_eq!(roc.auc(), 0.75);
/// # Ok::<(), eval_stats::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct RocCurve {
    /// Operating points by increasing threshold, from all positive (threshold minus infinity) to
    /// all negative (plus infinity). Between them thresholds lie midway between distinct scores.
    pub points: Vec<RocPoint>,
    /// Number of events.
    pub n_events: usize,
    /// Number of non-events.
    pub n_non_events: usize,
    auc: f64,
}

impl RocCurve {
    /// The curve of checked scores.
    pub fn new(scored: &Scored) -> Self {
        let ties = scored.ties();
        let (n1, n0) = (scored.n_events() as u64, scored.n_non_events() as u64);
        let (mut tp, mut fp) = (n1, n0);
        let mut points = Vec::with_capacity(ties.len() + 1);
        let mut push = |threshold: f64, tp: u64, fp: u64| {
            points.push(RocPoint {
                threshold,
                true_positives: tp,
                false_positives: fp,
                sensitivity: tp as f64 / n1 as f64,
                specificity: (n0 - fp) as f64 / n0 as f64,
            });
        };
        push(f64::NEG_INFINITY, tp, fp);
        for (i, t) in ties.iter().enumerate() {
            tp -= u64::from(t.events);
            fp -= u64::from(t.non_events);
            let threshold = ties
                .get(i + 1)
                .map_or(f64::INFINITY, |next| between(t.score, next.score));
            push(threshold, tp, fp);
        }
        Self {
            points,
            n_events: scored.n_events(),
            n_non_events: scored.n_non_events(),
            auc: auc(scored),
        }
    }

    /// Area under the curve, as [`auc`].
    pub fn auc(&self) -> f64 {
        self.auc
    }

    /// Area under a part of the curve.
    ///
    /// Over specificities from `low` to `high` it is `∫ sensitivity d specificity`, over
    /// sensitivities `∫ specificity d sensitivity`, with linear interpolation at the ends.
    /// `corrected` is McClish's index `(1 + (A - min)/(max - min))/2` (Med. Decis. Making 9, 1989,
    /// 190-195), 1 for a perfect and 1/2 for an uninformative score; `None` if the area is below
    /// the chance area, where the index has no meaning.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] unless `0 <= low < high <= 1`.
    pub fn partial_auc(&self, axis: PartialAxis, low: f64, high: f64) -> Result<PartialAuc> {
        if !(0.0 <= low && low < high && high <= 1.0) {
            return Err(Error::OutOfRange {
                name: "low",
                value: low,
                expected: "limits with 0 <= low < high <= 1",
            });
        }
        // (x, y) by non-decreasing x: specificity grows along the points, sensitivity falls.
        let value = match axis {
            PartialAxis::Specificity => area_between(
                self.points.iter().map(|p| (p.specificity, p.sensitivity)),
                low,
                high,
            ),
            PartialAxis::Sensitivity => area_between(
                self.points
                    .iter()
                    .rev()
                    .map(|p| (p.sensitivity, p.specificity)),
                low,
                high,
            ),
        };
        let width = high - low;
        let chance = 0.5 * width * ((1.0 - low) + (1.0 - high));
        let corrected =
            (value >= chance).then(|| 0.5 * (1.0 + (value - chance) / (width - chance)));
        Ok(PartialAuc {
            value,
            corrected,
            axis,
            low,
            high,
        })
    }
}

impl fmt::Display for RocCurve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "ROC curve of {} events and {} non-events, AUC {:.4}",
            self.n_events, self.n_non_events, self.auc
        )
    }
}

/// Axis that a partial area is limited on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub enum PartialAxis {
    /// Limits are specificities.
    Specificity,
    /// Limits are sensitivities.
    Sensitivity,
}

/// Area under a part of the curve.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct PartialAuc {
    /// The area, between 0 and `high - low`.
    pub value: f64,
    /// McClish's index; `None` if the area is below that of chance.
    pub corrected: Option<f64>,
    /// Axis of the limits.
    pub axis: PartialAxis,
    /// Lower limit.
    pub low: f64,
    /// Upper limit.
    pub high: f64,
}

/// Area under the ROC curve: the chance that a random event scores above a random non-event,
/// ties counting one half (the Mann-Whitney statistic).
///
/// Wins and ties are counted as whole numbers, so the value is exact up to one rounding. All scores
/// tied gives 1/2.
pub fn auc(scored: &Scored) -> f64 {
    auc_of_counts(
        scored
            .ties()
            .iter()
            .map(|t| (u64::from(t.events), u64::from(t.non_events))),
    )
}

/// AUC from counts of events and non-events by increasing score; NaN if a class is missing.
pub(crate) fn auc_of_counts(counts: impl Iterator<Item = (u64, u64)>) -> f64 {
    let (mut below, mut n_events) = (0u64, 0u64);
    // Below 2^64: there are fewer than 2^32 subjects, so at most 2^62 pairs.
    let mut twice_wins = 0u64;
    for (events, non_events) in counts {
        twice_wins += events * (2 * below + non_events);
        below += non_events;
        n_events += events;
    }
    0.5 * (twice_wins as f64 / (n_events as f64 * below as f64))
}

/// A threshold that separates two distinct scores, positive being "at least".
fn between(low: f64, high: f64) -> f64 {
    let middle = 0.5 * low + 0.5 * high;
    // For neighbouring floats the midpoint rounds to one of them, and the lower would be positive.
    if middle > low && middle <= high {
        middle
    } else {
        high
    }
}

/// Trapezoid area under points with non-decreasing `x`, cut to `[low, high]`.
fn area_between(points: impl Iterator<Item = (f64, f64)>, low: f64, high: f64) -> f64 {
    let mut area = 0.0;
    let mut last: Option<(f64, f64)> = None;
    for (x, y) in points {
        if let Some((x0, y0)) = last {
            let (from, to) = (x0.max(low), x.min(high));
            if to > from {
                let at = |t: f64| y0 + (y - y0) * (t - x0) / (x - x0);
                area += 0.5 * (to - from) * (at(from) + at(to));
            }
        }
        last = Some((x, y));
    }
    area
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbouring_scores_keep_their_counts() {
        let a = 1.0_f64;
        let b = a.next_up();
        let s = Scored::new(&[a, b], &[false, true]).unwrap();
        let roc = RocCurve::new(&s);
        assert_eq!(roc.points[1].threshold, b);
        assert_eq!(roc.points[1].sensitivity, 1.0);
        assert_eq!(roc.points[1].specificity, 1.0);
    }

    #[test]
    fn full_band_is_the_auc() {
        let s = Scored::new(&[1.0, 2.0, 2.0, 3.0], &[false, true, false, true]).unwrap();
        let roc = RocCurve::new(&s);
        let p = roc.partial_auc(PartialAxis::Specificity, 0.0, 1.0).unwrap();
        assert!((p.value - roc.auc()).abs() < 1e-15);
        let p = roc.partial_auc(PartialAxis::Sensitivity, 0.0, 1.0).unwrap();
        assert!((p.value - roc.auc()).abs() < 1e-15);
    }
}
