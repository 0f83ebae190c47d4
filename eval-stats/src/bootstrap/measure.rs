//! What a replicate of an ROC curve is asked for.

use super::{Bootstrap, Resampler, auc_of};
use crate::error::{Result, check_level};
use crate::estimate::{Estimate, IntervalMethod, variance};
use crate::quantile::{QuantileType, of_sorted};
use crate::roc::{PartialAxis, Path, check_band, check_share, mcclish};
use crate::scored::Scored;

/// A number read off an ROC curve.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum CurveMeasure {
    /// The whole area.
    Auc,
    /// Area over a band of specificities or sensitivities, as
    /// [`RocCurve::partial_auc`](crate::roc::RocCurve::partial_auc).
    PartialAuc {
        /// Axis of the limits.
        axis: PartialAxis,
        /// Lower limit.
        low: f64,
        /// Upper limit.
        high: f64,
    },
    /// McClish's index of such an area, below one half where the area is below that of chance.
    CorrectedPartialAuc {
        /// Axis of the limits.
        axis: PartialAxis,
        /// Lower limit.
        low: f64,
        /// Upper limit.
        high: f64,
    },
    /// Sensitivity at this specificity, interpolated.
    SensitivityAt(f64),
    /// Specificity at this sensitivity, interpolated.
    SpecificityAt(f64),
}

impl CurveMeasure {
    pub(super) fn check(self) -> Result<()> {
        match self {
            Self::Auc => Ok(()),
            Self::PartialAuc { low, high, .. } | Self::CorrectedPartialAuc { low, high, .. } => {
                check_band(low, high)
            }
            Self::SensitivityAt(specificity) => check_share("specificity", specificity),
            Self::SpecificityAt(sensitivity) => check_share("sensitivity", sensitivity),
        }
    }

    /// The measure of a curve given by its counts; `path` is working memory.
    pub(super) fn of_counts(
        self,
        counts: &[(u32, u32)],
        n_events: usize,
        n_non_events: usize,
        path: &mut Path,
    ) -> f64 {
        let axis = match self {
            Self::Auc => return auc_of(counts),
            Self::PartialAuc { axis, .. } | Self::CorrectedPartialAuc { axis, .. } => axis,
            Self::SensitivityAt(_) => PartialAxis::Specificity,
            Self::SpecificityAt(_) => PartialAxis::Sensitivity,
        };
        path.fill_from_counts(counts, n_events, n_non_events, axis);
        match self {
            Self::Auc => auc_of(counts),
            Self::PartialAuc { low, high, .. } => path.area(low, high),
            Self::CorrectedPartialAuc { low, high, .. } => mcclish(path.area(low, high), low, high),
            Self::SensitivityAt(x) | Self::SpecificityAt(x) => path.at(x),
        }
    }

    pub(super) fn of(self, scored: &Scored) -> f64 {
        self.of_counts(
            &counts_of(scored),
            scored.n_events(),
            scored.n_non_events(),
            &mut Path::default(),
        )
    }
}

/// The data as they would be drawn: everybody once.
pub(super) fn counts_of(scored: &Scored) -> Vec<(u32, u32)> {
    let ties = scored.ties().iter();
    ties.map(|t| (t.events, t.non_events)).collect()
}

/// A measure of the curve with percentile limits (type 7) of stratified bootstrap replicates.
///
/// `value` is that of the data; `std_error` the standard deviation of the replicates. With the
/// default stream, limits of [`CurveMeasure::Auc`] and the partial areas are those of pROC's
/// `ci.auc(method = "bootstrap")` after `set.seed`.
///
/// ```
/// use eval_stats::Scored;
/// use eval_stats::bootstrap::{Bootstrap, CurveMeasure, interval};
/// let perfect = Scored::new(&[0.1, 0.2, 0.3, 0.4], &[false, false, true, true])?;
/// let e = interval(&perfect, CurveMeasure::SensitivityAt(0.9), &Bootstrap::new(), 0.95)?;
/// assert_eq!((e.low, e.value, e.high), (1.0, 1.0, 1.0));
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Differences
/// pROC reports the median of the replicates as the centre.
///
/// # Errors
/// [`Error::OutOfRange`](crate::Error::OutOfRange) for the level or the measure,
/// [`Error::TooFew`](crate::Error::TooFew) for fewer than 2 replicates.
pub fn interval(
    scored: &Scored,
    measure: CurveMeasure,
    bootstrap: &Bootstrap,
    level: f64,
) -> Result<Estimate> {
    check_level(level)?;
    measure.check()?;
    let resampler = Resampler::new(&[scored])?;
    let (n1, n0) = (scored.n_events(), scored.n_non_events());
    let mut replicates = bootstrap.run(
        || (resampler.memory(), Path::default()),
        |rng, (counts, path)| {
            resampler.draw(rng, counts);
            measure.of_counts(&counts[0], n1, n0, path)
        },
    )?;
    let std_error = variance(&replicates).sqrt();
    replicates.sort_by(f64::total_cmp);
    let tail = 0.5 * (1.0 - level);
    Ok(Estimate {
        value: measure.of(scored),
        std_error: Some(std_error),
        low: of_sorted(&replicates, tail, QuantileType::Type7),
        high: of_sorted(&replicates, 1.0 - tail, QuantileType::Type7),
        level,
        method: IntervalMethod::BootstrapPercentile,
    })
}
