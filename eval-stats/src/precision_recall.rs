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

use crate::bootstrap::{Bootstrap, Resampler};
use crate::error::{Result, check_level};
use crate::estimate::{Estimate, IntervalMethod, variance, z_of_level};
use crate::quantile::{QuantileType, of_sorted};
use crate::scored::Scored;
use crate::special::{expit, logit};

/// One operating point.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct PrecisionRecallPoint {
    /// A score is positive if it is at least this (at most, if lower is event).
    pub threshold: f64,
    /// Share of positives that are events.
    pub precision: f64,
    /// Share of events that are positive.
    pub recall: f64,
}

/// Precision-recall curve with two areas. All scores tied gives one point, and both areas are the
/// prevalence.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct PrecisionRecallCurve {
    /// One point per distinct score, from the most event-like on.
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
        let mut points = Vec::with_capacity(scored.ties().len());
        let counts = scored.ties().iter().map(|t| (t.events, t.non_events));
        let mut scores = scored.ties().iter().rev().map(|t| t.score);
        let areas = Areas::new(counts, |precision, recall| {
            let threshold = scores.next().unwrap_or(f64::NAN);
            points.push(PrecisionRecallPoint {
                threshold,
                precision,
                recall,
            });
        });
        let Areas {
            average_precision,
            interpolated_area,
        } = areas;
        Self {
            points,
            average_precision,
            interpolated_area,
            baseline: scored.prevalence(),
        }
    }
}

/// Both areas under a precision-recall curve.
struct Areas {
    average_precision: f64,
    interpolated_area: f64,
}

impl Areas {
    /// From counts of events and non-events, from the least to the most event-like score. `visit`
    /// gets precision and recall at every score from the most event-like on.
    fn new(
        counts: impl DoubleEndedIterator<Item = (u32, u32)> + Clone,
        mut visit: impl FnMut(f64, f64),
    ) -> Self {
        let n1 = counts.clone().map(|c| u64::from(c.0)).sum::<u64>() as f64;
        let (mut tp, mut fp) = (0.0, 0.0);
        let (mut average_precision, mut interpolated_area) = (0.0, 0.0);
        for (events, non_events) in counts.rev().filter(|&c| c != (0, 0)) {
            let (events, non_events) = (f64::from(events), f64::from(non_events));
            interpolated_area += segment(tp, fp, events, non_events);
            tp += events;
            fp += non_events;
            let precision = tp / (tp + fp);
            average_precision += events * precision;
            visit(precision, tp / n1);
        }
        // Divided once: a perfect score has areas of exactly 1.
        Self {
            average_precision: average_precision / n1,
            interpolated_area: interpolated_area / n1,
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
    if start == 0.0 {
        // From the origin precision is constant.
        return events / slope;
    }
    // With x = slope events/start it is (tp ln(1 + x) + start/slope (x - ln(1 + x)))/slope, both
    // parts positive.
    let x = slope * events / start;
    (tp * x.ln_1p() + start / slope * x_minus_ln_1p(x)) / slope
}

/// `x - ln(1 + x)` for positive `x`, without cancellation for small ones.
fn x_minus_ln_1p(x: f64) -> f64 {
    if x > 0.01 {
        return x - x.ln_1p();
    }
    // x²/2 - x³/3 + …, nine terms.
    (2..=10)
        .rev()
        .fold(0.0, |sum, k| 1.0 / f64::from(k) - x * sum)
        * x
        * x
}

/// Which area of a precision-recall curve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub enum PrecisionRecallArea {
    /// Average precision, the step rule.
    #[default]
    AveragePrecision,
    /// Davis and Goadrich's interpolation.
    Interpolated,
}

/// An area of the precision-recall curve with percentile limits (type 7) of stratified bootstrap
/// replicates, which keep the prevalence.
///
/// ```
/// use eval_stats::{Scored, bootstrap::Bootstrap};
/// use eval_stats::precision_recall::{PrecisionRecallArea, bootstrap};
/// let perfect = Scored::new(&[0.1, 0.2, 0.3, 0.4], &[false, false, true, true])?;
/// let e = bootstrap(&perfect, PrecisionRecallArea::AveragePrecision, &Bootstrap::new(), 0.95)?;
/// assert_eq!((e.low, e.value, e.high), (1.0, 1.0, 1.0));
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::OutOfRange`](crate::Error::OutOfRange) for the level,
/// [`Error::TooFew`](crate::Error::TooFew) for fewer than 2 replicates.
pub fn bootstrap(
    scored: &Scored,
    area: PrecisionRecallArea,
    bootstrap: &Bootstrap,
    level: f64,
) -> Result<Estimate> {
    check_level(level)?;
    let pick = |areas: Areas| match area {
        PrecisionRecallArea::AveragePrecision => areas.average_precision,
        PrecisionRecallArea::Interpolated => areas.interpolated_area,
    };
    let resampler = Resampler::new(&[scored])?;
    let mut replicates = bootstrap.run(
        || resampler.memory(),
        |rng, counts| {
            resampler.draw(rng, counts);
            pick(Areas::new(counts[0].iter().copied(), |_, _| ()))
        },
    )?;
    let data = scored.ties().iter().map(|t| (t.events, t.non_events));
    let std_error = variance(&replicates).sqrt();
    replicates.sort_by(f64::total_cmp);
    let tail = 0.5 * (1.0 - level);
    Ok(Estimate {
        value: pick(Areas::new(data, |_, _| ())),
        std_error: Some(std_error),
        low: of_sorted(&replicates, tail, QuantileType::Type7),
        high: of_sorted(&replicates, 1.0 - tail, QuantileType::Type7),
        level,
        method: IntervalMethod::BootstrapPercentile,
    })
}

/// An area of the precision-recall curve with the logit interval
/// `expit(logit θ ± z / √(n1 θ(1-θ)))`, `n1` events (Boyd, Eng and Page 2013,
/// doi:10.1007/978-3-642-40994-3_29).
///
/// `std_error` is the binomial `√(θ(1-θ)/n1)`. An area of exactly 1 has no logit; its interval is
/// the value itself.
///
/// ```
/// use eval_stats::{Scored, precision_recall::{self, PrecisionRecallArea}};
/// let s = Scored::new(&[0.2, 0.1, 0.2, 0.1], &[false, false, true, true])?;
/// let e = precision_recall::logit_interval(&s, PrecisionRecallArea::AveragePrecision, 0.95)?;
/// assert_eq!(e.value, 0.5);
/// assert!((e.low + e.high - 1.0).abs() < 1e-15);
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::OutOfRange`](crate::Error::OutOfRange) for the level.
pub fn logit_interval(scored: &Scored, area: PrecisionRecallArea, level: f64) -> Result<Estimate> {
    check_level(level)?;
    let curve = PrecisionRecallCurve::new(scored);
    let value = match area {
        PrecisionRecallArea::AveragePrecision => curve.average_precision,
        PrecisionRecallArea::Interpolated => curve.interpolated_area,
    };
    let (n1, spread) = (scored.n_events() as f64, (value * (1.0 - value)).max(0.0));
    let (low, high) = if spread == 0.0 {
        (value, value)
    } else {
        let half = z_of_level(level) / (n1 * spread).sqrt();
        (expit(logit(value) - half), expit(logit(value) + half))
    };
    Ok(Estimate {
        value,
        std_error: Some((spread / n1).sqrt()),
        low,
        high,
        level,
        method: IntervalMethod::LogitBinomial,
    })
}
