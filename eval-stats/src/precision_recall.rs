//! Precision-recall curve.
//!
//! ```text
//! precision TP/(TP + FP)    recall TP/(TP + FN)
//! average precision   Σ (recall_k - recall_(k-1)) precision_k   over decreasing thresholds
//! ```
//!
//! Between two points precision is not linear in recall: as TP grows by one, FP grows by a constant
//! share. The interpolated area integrates that exactly (Davis and Goadrich 2006,
//! doi:10.1145/1143844.1143874, in the continuous form of Keilwagen, Grosse and Grau 2014,
//! doi:10.1371/journal.pone.0092209).

use std::fmt;

use crate::scored::Scored;

/// One operating point.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct PrecisionRecallPoint {
    /// A score is positive if it is at least this.
    pub threshold: f64,
    /// Share of positives that are events.
    pub precision: f64,
    /// Share of events that are positive.
    pub recall: f64,
}

/// Precision-recall curve with two areas.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct PrecisionRecallCurve {
    /// One point per distinct score, by decreasing score.
    pub points: Vec<PrecisionRecallPoint>,
    /// Average precision (step rule, scikit-learn's `average_precision_score`).
    pub average_precision: f64,
    /// Area with Davis and Goadrich's interpolation.
    pub interpolated_area: f64,
    /// Prevalence, the precision of a useless score.
    pub baseline: f64,
}

impl fmt::Display for PrecisionRecallCurve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "average precision {:.4}, interpolated area {:.4} (prevalence {:.4})",
            self.average_precision, self.interpolated_area, self.baseline
        )
    }
}

impl PrecisionRecallCurve {
    /// The curve of checked scores.
    ///
    /// ```
    /// use eval_stats::{Scored, precision_recall::PrecisionRecallCurve};
    /// let s = Scored::new(&[0.1, 0.4, 0.35, 0.8], &[false, false, true, true])?;
    /// let pr = PrecisionRecallCurve::new(&s);
    /// assert!((pr.average_precision - (0.5 + 0.5 * 2.0 / 3.0)).abs() < 1e-15);
    /// # Ok::<(), eval_stats::Error>(())
    /// ```
    pub fn new(scored: &Scored) -> Self {
        let n1 = scored.n_events() as f64;
        let (mut tp, mut fp) = (0.0, 0.0);
        let (mut average_precision, mut interpolated_area) = (0.0, 0.0);
        let mut points = Vec::with_capacity(scored.ties().len());
        for t in scored.ties().iter().rev() {
            let (events, non_events) = (f64::from(t.events), f64::from(t.non_events));
            interpolated_area += segment(tp, fp, events, non_events) / n1;
            tp += events;
            fp += non_events;
            let precision = tp / (tp + fp);
            average_precision += events / n1 * precision;
            points.push(PrecisionRecallPoint {
                threshold: t.score,
                precision,
                recall: tp / n1,
            });
        }
        Self {
            points,
            average_precision,
            interpolated_area,
            baseline: scored.prevalence(),
        }
    }
}

/// `∫ (tp + x)/(tp + x + fp + s x) dx` over `x` in `[0, events]` with `s = non_events/events`.
fn segment(tp: f64, fp: f64, events: f64, non_events: f64) -> f64 {
    if events == 0.0 {
        return 0.0;
    }
    let slope = 1.0 + non_events / events;
    let start = tp + fp;
    // With u = start + slope x the integrand is (1 + (tp slope - start)/u)/slope.
    let off = tp * slope - start;
    if off == 0.0 || start == 0.0 {
        // From the origin precision is constant.
        return events / slope;
    }
    (events + off / slope * (slope * events / start).ln_1p()) / slope
}
