//! Receiver operating characteristic: the curve, its area and parts of it.
//!
//! A score is positive if it is at least the threshold; if lower scores speak for the event
//! ([`Direction::LowerIsEvent`]), if it is at most the threshold. Direction is never guessed, and an
//! AUC below one half is reported as such.
//!
//! Between two operating points the curve is a straight line. Where several points share a
//! specificity, the curve has the largest of their sensitivities there, and the other way around.
//!
//! ```text
//! sensitivity TP/n1      specificity TN/n0      AUC = (#{event above non-event} + ties/2)/(n1 n0)
//! ```
//!
//! References: Hanley and McNeil, Radiology 143 (1982) 29-36 (the AUC as a probability),
//! doi:10.1148/radiology.143.1.7063747; McClish, Med. Decis. Making 9 (1989) 190-195 (partial AUC),
//! doi:10.1177/0272989X8900900307.
//!
//! # Differences
//! pROC's default `direction = "auto"` flips the curve if the median of the events is below that of
//! the non-events, which biases resampled AUCs upward; this crate does what `direction = "<"` (or
//! `">"`) does.

mod binormal;
mod path;

use std::fmt;

pub use binormal::BinormalCurve;
pub(crate) use path::Path;

use crate::confusion::Threshold;
use crate::error::{Error, Result};
use crate::scored::{Direction, Scored};

/// One operating point.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct RocPoint {
    /// A score is positive if it is at least this (at most, if lower is event).
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
    /// Operating points from all positive (threshold minus infinity, or plus infinity if lower is
    /// event) to all negative. Between them thresholds lie midway between distinct scores.
    pub points: Vec<RocPoint>,
    /// Which scores speak for the event.
    pub direction: Direction,
    /// Number of events.
    pub n_events: usize,
    /// Number of non-events.
    pub n_non_events: usize,
    auc: f64,
    /// Distinct scores, from the least to the most event-like.
    #[cfg_attr(feature = "serde", serde(skip))]
    scores: Vec<f64>,
}

impl RocCurve {
    /// The curve of checked scores.
    pub fn new(scored: &Scored) -> Self {
        let (ties, direction) = (scored.ties(), scored.direction());
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
        let (everybody, nobody) = match direction {
            Direction::HigherIsEvent => (f64::NEG_INFINITY, f64::INFINITY),
            Direction::LowerIsEvent => (f64::INFINITY, f64::NEG_INFINITY),
        };
        push(everybody, tp, fp);
        for (i, t) in ties.iter().enumerate() {
            tp -= u64::from(t.events);
            fp -= u64::from(t.non_events);
            let threshold = ties
                .get(i + 1)
                .map_or(nobody, |next| between(t.score, next.score, direction));
            push(threshold, tp, fp);
        }
        Self {
            points,
            direction,
            n_events: scored.n_events(),
            n_non_events: scored.n_non_events(),
            auc: auc(scored),
            scores: ties.iter().map(|t| t.score).collect(),
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
    /// `corrected` is McClish's index `(1 + (A - min)/(max - min))/2` with `min` the area of chance
    /// and `max = high - low`, 1 for a perfect and 1/2 for an uninformative score; `None` if the
    /// area is below the chance area, where the index has no meaning.
    ///
    /// ```
    /// use eval_stats::{Scored, roc::{PartialAxis, RocCurve}};
    /// let s = Scored::new(&[0.1, 0.4, 0.35, 0.8], &[false, false, true, true])?;
    /// // The sensitivity is 1/2 at every specificity above 1/2; chance has 1/8 there, at most 1/2.
    /// let part = RocCurve::new(&s).partial_auc(PartialAxis::Specificity, 0.5, 1.0)?;
    /// assert_eq!(part.value, 0.25);
    /// assert!((part.corrected.unwrap() - 2.0 / 3.0).abs() < 1e-15);
    /// # Ok::<(), eval_stats::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::OutOfRange`] unless `0 <= low < high <= 1`.
    pub fn partial_auc(&self, axis: PartialAxis, low: f64, high: f64) -> Result<PartialAuc> {
        check_band(low, high)?;
        let value = self.path(axis).area(low, high);
        // On the diagonal the area is that of chance up to rounding.
        let above = value - chance_area(low, high) >= -1e-14 * (high - low);
        let corrected = above.then(|| mcclish(value, low, high).max(0.5));
        Ok(PartialAuc {
            value,
            corrected,
            axis,
            low,
            high,
        })
    }

    /// Operating point of a threshold: all subjects whose score is positive there.
    ///
    /// `threshold` is kept as given, NaN included (nobody is positive).
    ///
    /// ```
    /// use eval_stats::{Scored, roc::RocCurve};
    /// let s = Scored::new(&[0.1, 0.4, 0.35, 0.8], &[false, false, true, true])?;
    /// let point = RocCurve::new(&s).at_threshold(0.5);
    /// assert_eq!((point.sensitivity, point.specificity), (0.5, 1.0));
    /// # Ok::<(), eval_stats::Error>(())
    /// ```
    pub fn at_threshold(&self, threshold: f64) -> RocPoint {
        // Counts change at a score; a point's threshold lies between the scores around it, so the
        // scores themselves decide.
        let negative = self
            .scores
            .partition_point(|&s| !self.direction.is_positive(s, threshold, Threshold::Ge));
        RocPoint {
            threshold,
            ..self.points[negative]
        }
    }

    /// Sensitivity at a specificity, by linear interpolation between operating points.
    ///
    /// ```
    /// use eval_stats::{Scored, roc::RocCurve};
    /// let s = Scored::new(&[0.1, 0.4, 0.35, 0.8], &[false, false, true, true])?;
    /// let roc = RocCurve::new(&s);
    /// assert_eq!(roc.sensitivity_at(0.5)?, 1.0);      // a point: the best sensitivity there
    /// assert_eq!(roc.sensitivity_at(0.75)?, 0.5);     // on the flat piece beyond it
    /// # Ok::<(), eval_stats::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a specificity outside `[0, 1]`.
    pub fn sensitivity_at(&self, specificity: f64) -> Result<f64> {
        check_share("specificity", specificity)?;
        Ok(self.path(PartialAxis::Specificity).at(specificity))
    }

    /// Specificity at a sensitivity, by linear interpolation between operating points.
    ///
    /// ```
    /// use eval_stats::{Scored, roc::RocCurve};
    /// let s = Scored::new(&[0.1, 0.4, 0.35, 0.8], &[false, false, true, true])?;
    /// assert_eq!(RocCurve::new(&s).specificity_at(1.0)?, 0.5);
    /// # Ok::<(), eval_stats::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a sensitivity outside `[0, 1]`.
    pub fn specificity_at(&self, sensitivity: f64) -> Result<f64> {
        check_share("sensitivity", sensitivity)?;
        Ok(self.path(PartialAxis::Sensitivity).at(sensitivity))
    }

    fn path(&self, axis: PartialAxis) -> Path {
        let mut path = Path::default();
        let n0 = self.n_non_events as u64;
        path.fill(
            self.points
                .iter()
                .map(|p| (p.true_positives, n0 - p.false_positives)),
            self.n_events,
            self.n_non_events,
            axis,
        );
        path
    }
}

/// Area below the diagonal over a band of either axis.
pub(crate) fn chance_area(low: f64, high: f64) -> f64 {
    0.5 * (high - low) * ((1.0 - low) + (1.0 - high))
}

/// McClish's index of a partial area.
pub(crate) fn mcclish(area: f64, low: f64, high: f64) -> f64 {
    let chance = chance_area(low, high);
    0.5 * (1.0 + (area - chance) / (high - low - chance))
}

pub(crate) fn check_band(low: f64, high: f64) -> Result<()> {
    if 0.0 <= low && low < high && high <= 1.0 {
        return Ok(());
    }
    Err(Error::OutOfRange {
        name: "low",
        value: low,
        expected: "limits with 0 <= low < high <= 1",
    })
}

pub(crate) fn check_share(name: &'static str, value: f64) -> Result<()> {
    if (0.0..=1.0).contains(&value) {
        return Ok(());
    }
    Err(Error::OutOfRange {
        name,
        value,
        expected: "a share in [0, 1]",
    })
}

impl fmt::Display for RocCurve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "ROC curve of {} events and {} non-events, AUC {:.4}",
            self.n_events, self.n_non_events, self.auc
        )?;
        if self.auc < 0.5 {
            write!(f, " (below one half with {})", self.direction)?;
        }
        Ok(())
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
/// tied gives 1/2. In `[0, 1]`.
///
/// ```
/// use eval_stats::{Scored, roc};
/// let s = Scored::new(&[0.1, 0.4, 0.35, 0.8], &[false, false, true, true])?;
/// assert_eq!(roc::auc(&s), 0.75);      // 3 of the 4 pairs are in order
/// # Ok::<(), eval_stats::Error>(())
/// ```
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

/// A threshold that separates two neighbouring distinct scores, the second being more event-like.
fn between(less: f64, more: f64, direction: Direction) -> f64 {
    let sum = less + more;
    let middle = if sum.is_finite() {
        0.5 * sum
    } else {
        0.5 * less + 0.5 * more
    };
    // For neighbouring floats the midpoint rounds to one of them, and the less event-like would be
    // positive.
    let separates = |score| direction.is_positive(score, middle, Threshold::Ge);
    if separates(more) && !separates(less) {
        middle
    } else {
        more
    }
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
        let s = Scored::lower_is_event(&[b, a], &[false, true]).unwrap();
        let roc = RocCurve::new(&s);
        assert_eq!(roc.points[1].threshold, a);
        assert_eq!(roc.points[0].threshold, f64::INFINITY);
        assert_eq!((roc.at_threshold(a).true_positives, roc.auc()), (1, 1.0));
    }

    #[test]
    fn an_area_below_one_half_says_so() {
        let s = Scored::new(&[1.0, 0.0], &[false, true]).unwrap();
        let text = RocCurve::new(&s).to_string();
        assert!(text.ends_with("AUC 0.0000 (below one half with higher is event)"));
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

    #[test]
    fn the_diagonal_has_a_corrected_area_of_one_half() {
        let roc = RocCurve::new(&Scored::new(&[1.0; 3], &[false, true, false]).unwrap());
        for i in 0..100 {
            let (low, high) = (f64::from(i) / 131.0, f64::from(i + 29) / 131.0);
            for axis in [PartialAxis::Specificity, PartialAxis::Sensitivity] {
                let p = roc.partial_auc(axis, low, high).unwrap();
                assert!((p.corrected.unwrap() - 0.5).abs() < 1e-13, "{p:?}");
            }
        }
    }
}
