//! Pointwise limits of a smooth calibration curve.

use std::fmt;

use super::bootstrap::Sample;
use super::loess::{LoessSettings, LoessSurface, of_sorted as loess_of_sorted};
use super::smooth::{Curve, Smoother};
use crate::bootstrap::Bootstrap;
use crate::error::{Result, all_probabilities, check_level};
use crate::estimate::{IntervalMethod, percent};
use crate::quantile::{QuantileType, of_sorted};
use crate::scored::Scored;

/// A smooth calibration curve with pointwise limits.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct SmoothBand {
    /// Predicted risks.
    pub predicted: Vec<f64>,
    /// Smoothed event rate at each. Not clipped.
    pub observed: Vec<f64>,
    /// Lower limit at each. Not clipped: a Student limit can leave `[0, 1]`.
    pub low: Vec<f64>,
    /// Upper limit at each. Not clipped.
    pub high: Vec<f64>,
    /// Confidence level of each point's interval.
    pub level: f64,
    /// How limits were made.
    pub method: IntervalMethod,
    /// How the curve was smoothed.
    pub smoother: Smoother,
    /// Bootstrap replicates behind the limits at each point; empty without a bootstrap.
    pub replicates: Vec<usize>,
}

impl fmt::Display for SmoothBand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "calibration curve by {} with pointwise {}% limits ({}) at {} risks",
            self.smoother,
            percent(self.level),
            self.method,
            self.predicted.len()
        )
    }
}

/// The loess curve at the distinct risks with limits `± t se`, as calibration plots in R draw it
/// (`predict(loess(y ~ p), se = TRUE)`); see [`LoessFit::band`](super::LoessFit::band), also for
/// what differs from R's default.
///
/// # Errors
/// As [`smooth`](super::smooth) and [`LoessFit::band`](super::LoessFit::band).
///
/// # Examples
/// ```
/// use eval_stats::Scored;
/// use eval_stats::calibration::{LoessSurface, smooth_band};
/// let p: Vec<f64> = (1..20).map(|k| f64::from(k) / 20.0).collect();
/// let y: Vec<bool> = (1..20).map(|k| k % 3 == 0).collect();
/// let band = smooth_band(&Scored::new(&p, &y)?, LoessSurface::RInterpolate, 0.95)?;
/// assert!(band.low[9] < band.observed[9] && band.observed[9] < band.high[9]);
/// # Ok::<(), eval_stats::Error>(())
/// ```
pub fn smooth_band(scored: &Scored, surface: LoessSurface, level: f64) -> Result<SmoothBand> {
    let sample = Sample::new(scored)?;
    let settings = LoessSettings {
        surface,
        ..Default::default()
    };
    let predicted: Vec<f64> = scored.ties().iter().map(|t| t.score).collect();
    let fit = loess_of_sorted(sample.risks, sample.events, &settings)?;
    let band = fit.band(&predicted, level)?;
    Ok(SmoothBand {
        predicted,
        observed: band.fit,
        low: band.low,
        high: band.high,
        level,
        method: IntervalMethod::StudentT,
        smoother: Smoother::Loess(surface),
        replicates: Vec::new(),
    })
}

/// The curve at given risks with percentile limits (type 7) of resampled curves.
///
/// A replicate counts at the risks between its smallest and its largest. Risks beyond the data, or
/// within fewer than two replicates, are left out.
///
/// ```
/// use eval_stats::{Scored, bootstrap::Bootstrap, calibration::{Smoother, bootstrap_band}};
/// let p: Vec<f64> = (1..20).map(|k| f64::from(k) / 20.0).collect();
/// let y: Vec<bool> = (1..20).map(|k| k % 3 == 0).collect();
/// let bootstrap = Bootstrap::new().replicates(200);
/// let s = Scored::new(&p, &y)?;
/// let band = bootstrap_band(&s, Smoother::Lowess, &[0.5], &bootstrap, 0.95)?;
/// assert!(band.low[0] < band.observed[0] && band.observed[0] < band.high[0]);
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// As [`smooth`](super::smooth); [`Error::NotProbability`](crate::Error::NotProbability) for `at`;
/// [`Error::OutOfRange`](crate::Error::OutOfRange) for the level;
/// [`Error::TooFew`](crate::Error::TooFew) for fewer than 2 replicates.
pub fn bootstrap_band(
    scored: &Scored,
    smoother: Smoother,
    at: &[f64],
    bootstrap: &Bootstrap,
    level: f64,
) -> Result<SmoothBand> {
    check_level(level)?;
    all_probabilities("at", at)?;
    let sample = Sample::new(scored)?;
    let curve = Curve::new(&sample.risks, &sample.events, smoother)?;
    let replicates = bootstrap.run(
        || (Vec::new(), Sample::default()),
        |rng, (counts, resample)| -> Vec<Option<f64>> {
            sample.resample(rng, counts, resample);
            match Curve::new(&resample.risks, &resample.events, smoother) {
                Ok(curve) => at.iter().map(|&x| curve.value(x)).collect(),
                Err(_) => vec![None; at.len()],
            }
        },
    )?;
    let mut band = SmoothBand {
        predicted: Vec::new(),
        observed: Vec::new(),
        low: Vec::new(),
        high: Vec::new(),
        level,
        method: IntervalMethod::BootstrapPercentile,
        smoother,
        replicates: Vec::new(),
    };
    let tail = 0.5 * (1.0 - level);
    for (k, &x) in at.iter().enumerate() {
        let mut values: Vec<f64> = replicates.iter().filter_map(|r| r[k]).collect();
        let (Some(observed), 2..) = (curve.value(x), values.len()) else {
            continue;
        };
        values.sort_by(f64::total_cmp);
        band.predicted.push(x);
        band.observed.push(observed);
        band.low.push(of_sorted(&values, tail, QuantileType::Type7));
        band.high
            .push(of_sorted(&values, 1.0 - tail, QuantileType::Type7));
        band.replicates.push(values.len());
    }
    Ok(band)
}
