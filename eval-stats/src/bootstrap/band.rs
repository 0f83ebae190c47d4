//! Pointwise confidence bands of an ROC curve.

use std::fmt;

use super::measure::counts_of;
use super::{Bootstrap, Resampler};
use crate::confusion::Threshold;
use crate::error::{Error, Result, check_level};
use crate::estimate::percent;
use crate::quantile::{QuantileType, of_sorted};
use crate::roc::{PartialAxis, Path, check_share};
use crate::scored::Scored;

/// A value with percentiles (type 7) of its replicates.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Percentiles {
    /// The value of the data.
    pub value: f64,
    /// Median of the replicates, what pROC reports as the centre.
    pub median: f64,
    /// Lower confidence limit.
    pub low: f64,
    /// Upper confidence limit.
    pub high: f64,
}

impl Percentiles {
    pub(crate) fn new(value: f64, mut replicates: Vec<f64>, level: f64) -> Self {
        replicates.sort_by(f64::total_cmp);
        let at = |p: f64| of_sorted(&replicates, p, QuantileType::Type7);
        let tail = 0.5 * (1.0 - level);
        Self {
            value,
            median: at(0.5),
            low: at(tail),
            high: at(1.0 - tail),
        }
    }
}

/// One place of a band.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct BandPoint {
    /// Specificity (or sensitivity) that was fixed.
    pub at: f64,
    /// Sensitivity (or specificity) there.
    pub limits: Percentiles,
}

/// Pointwise limits of the curve along one axis. They hold at each point alone, not for the whole
/// curve at once.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct RocBand {
    /// Axis that was fixed: [`PartialAxis::Specificity`] gives limits of sensitivities.
    pub axis: PartialAxis,
    /// One point per place, in the order given.
    pub points: Vec<BandPoint>,
    /// Confidence level.
    pub level: f64,
    /// Number of replicates.
    pub replicates: usize,
}

impl fmt::Display for RocBand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (limited, fixed) = match self.axis {
            PartialAxis::Specificity => ("sensitivities", "specificities"),
            PartialAxis::Sensitivity => ("specificities", "sensitivities"),
        };
        write!(
            f,
            "pointwise {}% limits of {limited} at {} {fixed}, {} replicates",
            percent(self.level),
            self.points.len(),
            self.replicates
        )
    }
}

/// Limits of the sensitivity at each specificity, as pROC's `ci.se`.
///
/// ```
/// use eval_stats::{Scored, bootstrap::{Bootstrap, sensitivity_band}};
/// let s = Scored::new(&[0.1, 0.4, 0.35, 0.8], &[false, false, true, true])?;
/// let band = sensitivity_band(&s, &[0.0, 0.5], &Bootstrap::new(), 0.95)?;
/// assert_eq!(band.points[0].limits.low, 1.0);       // everybody is positive
/// assert_eq!(band.points[1].limits.value, 1.0);
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::Empty`] without specificities, [`Error::OutOfRange`] for the level or a specificity
/// outside `[0, 1]`, [`Error::TooFew`] for fewer than 2 replicates.
pub fn sensitivity_band(
    scored: &Scored,
    specificities: &[f64],
    bootstrap: &Bootstrap,
    level: f64,
) -> Result<RocBand> {
    let axis = PartialAxis::Specificity;
    check_places("specificities", specificities)?;
    band(scored, axis, specificities, bootstrap, level)
}

/// Limits of the specificity at each sensitivity, as pROC's `ci.sp`.
///
/// ```
/// use eval_stats::{Scored, bootstrap::{Bootstrap, specificity_band}};
/// let s = Scored::new(&[0.1, 0.4, 0.35, 0.8], &[false, false, true, true])?;
/// let band = specificity_band(&s, &[0.0, 1.0], &Bootstrap::new().replicates(200), 0.95)?;
/// assert_eq!(band.points[0].limits.low, 1.0);       // nobody is positive
/// assert_eq!(band.points[1].limits.value, 0.5);
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::Empty`] without sensitivities, [`Error::OutOfRange`] for the level or a sensitivity
/// outside `[0, 1]`, [`Error::TooFew`] for fewer than 2 replicates.
pub fn specificity_band(
    scored: &Scored,
    sensitivities: &[f64],
    bootstrap: &Bootstrap,
    level: f64,
) -> Result<RocBand> {
    let axis = PartialAxis::Sensitivity;
    check_places("sensitivities", sensitivities)?;
    band(scored, axis, sensitivities, bootstrap, level)
}

fn check_places(what: &'static str, places: &[f64]) -> Result<()> {
    if places.is_empty() {
        return Err(Error::Empty { what });
    }
    places.iter().try_for_each(|&x| check_share(what, x))
}

fn band(
    scored: &Scored,
    axis: PartialAxis,
    places: &[f64],
    bootstrap: &Bootstrap,
    level: f64,
) -> Result<RocBand> {
    check_level(level)?;
    let resampler = Resampler::new(&[scored])?;
    let (n1, n0) = (scored.n_events(), scored.n_non_events());
    let values = |counts: &[(u32, u32)], path: &mut Path| -> Vec<f64> {
        path.fill_from_counts(counts, n1, n0, axis);
        places.iter().map(|&x| path.at(x)).collect()
    };
    let replicates = bootstrap.run(
        || (resampler.memory(), Path::default()),
        |rng, (counts, path)| {
            resampler.draw(rng, counts);
            values(&counts[0], path)
        },
    )?;
    let data = values(&counts_of(scored), &mut Path::default());
    let points = (0..places.len())
        .map(|i| BandPoint {
            at: places[i],
            limits: Percentiles::new(data[i], replicates.iter().map(|r| r[i]).collect(), level),
        })
        .collect();
    Ok(RocBand {
        axis,
        points,
        level,
        replicates: replicates.len(),
    })
}

/// Limits at one threshold.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ThresholdBandPoint {
    /// A score is positive if it is at least this (at most, if lower is event).
    pub threshold: f64,
    /// Share of events that test positive.
    pub sensitivity: Percentiles,
    /// Share of non-events that test negative.
    pub specificity: Percentiles,
}

/// Limits of sensitivity and specificity at fixed thresholds.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ThresholdBand {
    /// One point per threshold, in the order given.
    pub points: Vec<ThresholdBandPoint>,
    /// Confidence level.
    pub level: f64,
    /// Number of replicates.
    pub replicates: usize,
}

impl fmt::Display for ThresholdBand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}% limits of sensitivity and specificity at {} thresholds, {} replicates",
            percent(self.level),
            self.points.len(),
            self.replicates
        )
    }
}

/// Limits of sensitivity and specificity at thresholds that were fixed beforehand, as pROC's
/// `ci.thresholds`.
///
/// ```
/// use eval_stats::{Scored, bootstrap::{Bootstrap, threshold_band}};
/// let s = Scored::new(&[0.1, 0.4, 0.35, 0.8], &[false, false, true, true])?;
/// let band = threshold_band(&s, &[0.38], &Bootstrap::new(), 0.95)?;
/// assert_eq!(band.points[0].sensitivity.value, 0.5);
/// assert_eq!(band.points[0].specificity.high, 1.0);
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::Empty`] without thresholds, [`Error::OutOfRange`] for the level or a threshold that is
/// NaN, [`Error::TooFew`] for fewer than 2 replicates.
pub fn threshold_band(
    scored: &Scored,
    thresholds: &[f64],
    bootstrap: &Bootstrap,
    level: f64,
) -> Result<ThresholdBand> {
    check_level(level)?;
    if thresholds.is_empty() {
        return Err(Error::Empty { what: "thresholds" });
    }
    if let Some(&value) = thresholds.iter().find(|t| t.is_nan()) {
        return Err(Error::OutOfRange {
            name: "thresholds",
            value,
            expected: "numbers or infinity",
        });
    }
    let resampler = Resampler::new(&[scored])?;
    let levels = ThresholdLevels::new(scored, thresholds);
    let replicates = bootstrap.run(
        || resampler.memory(),
        |rng, counts| {
            resampler.draw(rng, counts);
            levels.shares(&counts[0])
        },
    )?;
    let data = levels.shares(&counts_of(scored));
    let points = (0..thresholds.len()).map(|i| {
        let limits = |of: fn(&(f64, f64)) -> f64| {
            Percentiles::new(
                of(&data[i]),
                replicates.iter().map(|r| of(&r[i])).collect(),
                level,
            )
        };
        ThresholdBandPoint {
            threshold: thresholds[i],
            sensitivity: limits(|shares| shares.0),
            specificity: limits(|shares| shares.1),
        }
    });
    Ok(ThresholdBand {
        points: points.collect(),
        level,
        replicates: replicates.len(),
    })
}

/// The first distinct score that is positive at each threshold.
struct ThresholdLevels {
    first_positive: Vec<usize>,
    n_events: u64,
    n_non_events: u64,
}

impl ThresholdLevels {
    fn new(scored: &Scored, thresholds: &[f64]) -> Self {
        let (ties, direction) = (scored.ties(), scored.direction());
        let first_positive = thresholds.iter().map(|&threshold| {
            ties.partition_point(|t| !direction.is_positive(t.score, threshold, Threshold::Ge))
        });
        Self {
            first_positive: first_positive.collect(),
            n_events: scored.n_events() as u64,
            n_non_events: scored.n_non_events() as u64,
        }
    }

    /// Sensitivity and specificity at every threshold, from the counts at every score.
    fn shares(&self, counts: &[(u32, u32)]) -> Vec<(f64, f64)> {
        let mut below = Vec::with_capacity(counts.len() + 1);
        let (mut events, mut non_events) = (0, 0);
        below.push((events, non_events));
        for &(e, d) in counts {
            events += u64::from(e);
            non_events += u64::from(d);
            below.push((events, non_events));
        }
        let shares = self.first_positive.iter().map(|&first| {
            let (events, non_events) = below[first];
            (
                (self.n_events - events) as f64 / self.n_events as f64,
                non_events as f64 / self.n_non_events as f64,
            )
        });
        shares.collect()
    }
}
