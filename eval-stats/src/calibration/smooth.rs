//! Smooth calibration curves and the errors read off them.

use std::fmt;

use super::loess::{self, LoessFit, LoessSettings, LoessSurface};
use super::lowess::{self, LowessSettings};
use crate::error::Result;
use crate::estimate::mean;
use crate::quantile::{QuantileType, of_sorted as quantile_of_sorted};
use crate::scored::Scored;

/// How outcomes are smoothed over predicted risk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum Smoother {
    /// Local parabolas, span 0.75, on the surface that is named: [`LoessSurface::Direct`] is exact,
    /// [`LoessSurface::RInterpolate`] is what R's `loess(y ~ p)` gives and published ICI mostly
    /// stand on.
    Loess(LoessSurface),
    /// Locally linear without robustness iterations, span 2/3 (`val.prob`, `rms::calibrate`).
    /// Equal risks get the mean of their fits.
    Lowess,
}

impl Default for Smoother {
    /// [`Smoother::Loess`] on the exact surface.
    fn default() -> Self {
        Self::Loess(LoessSurface::Direct)
    }
}

impl fmt::Display for Smoother {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Loess(surface) => write!(f, "loess ({surface}, span 0.75, degree 2)"),
            Self::Lowess => f.write_str("lowess (span 2/3, no robustness)"),
        }
    }
}

/// Smoothed event rate over predicted risk.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct SmoothCurve {
    /// Distinct predicted risks, increasing.
    pub predicted: Vec<f64>,
    /// Smoothed event rate at each. Not clipped: a smoother can leave `[0, 1]` at the ends.
    pub observed: Vec<f64>,
    /// Fit for every subject, in the order given.
    pub fitted: Vec<f64>,
    /// How it was smoothed.
    pub smoother: Smoother,
}

/// Smooths outcomes over predicted risk.
///
/// # Errors
/// [`Error::NotProbability`](crate::Error::NotProbability) or
/// [`Error::LowerIsEvent`](crate::Error::LowerIsEvent) for scores that are not risks;
/// [`Error::TooFew`](crate::Error::TooFew) for fewer than 4 subjects with [`Smoother::Loess`].
///
/// # Examples
/// ```
/// use eval_stats::Scored;
/// use eval_stats::calibration::{LoessSurface, Smoother, smooth};
/// // Of equal risks the curve is the event rate.
/// let s = Scored::new(&[0.4; 5], &[true, false, false, true, false])?;
/// let curve = smooth(&s, Smoother::Loess(LoessSurface::RInterpolate))?;
/// assert!((curve.observed[0] - 0.4).abs() < 1e-12);
/// # Ok::<(), eval_stats::Error>(())
/// ```
pub fn smooth(scored: &Scored, smoother: Smoother) -> Result<SmoothCurve> {
    let risks = scored.risks()?;
    let order = scored.order();
    let sorted: Vec<f64> = order.iter().map(|&i| risks[i as usize]).collect();
    let events: Vec<f64> = order
        .iter()
        .map(|&i| f64::from(u8::from(scored.outcomes()[i as usize])))
        .collect();
    let fits = smooth_sorted(&sorted, &events, smoother)?;
    let mut fitted = vec![0.0; risks.len()];
    for (&i, &fit) in order.iter().zip(&fits) {
        fitted[i as usize] = fit;
    }
    let (mut predicted, mut observed) = (Vec::new(), Vec::new());
    for (i, (&risk, &fit)) in sorted.iter().zip(&fits).enumerate() {
        if i == 0 || risk != sorted[i - 1] {
            predicted.push(risk);
            observed.push(fit);
        }
    }
    Ok(SmoothCurve {
        predicted,
        observed,
        fitted,
        smoother,
    })
}

/// Smoothed `y` of subjects by increasing risk; equal risks have equal fits.
pub(super) fn smooth_sorted(risks: &[f64], y: &[f64], smoother: Smoother) -> Result<Vec<f64>> {
    match smoother {
        Smoother::Loess(surface) => {
            let settings = LoessSettings {
                surface,
                ..Default::default()
            };
            Ok(loess::of_sorted(risks.to_vec(), y.to_vec(), &settings)?.into_fitted())
        }
        Smoother::Lowess => {
            let delta = 0.01 * (risks[risks.len() - 1] - risks[0]);
            let mut fits = lowess::of_sorted(risks, y, &LowessSettings::default(), delta);
            let mut start = 0;
            for end in 1..=risks.len() {
                if end == risks.len() || risks[end] != risks[start] {
                    let value = mean(&fits[start..end]);
                    fits[start..end].fill(value);
                    start = end;
                }
            }
            Ok(fits)
        }
    }
}

/// A curve that can be read between risks.
pub(super) enum Curve {
    Loess(LoessFit),
    /// Distinct risks and fits, joined by lines.
    Lines(Vec<f64>, Vec<f64>),
}

impl Curve {
    /// The curve of subjects by increasing risk.
    pub(super) fn new(risks: &[f64], y: &[f64], smoother: Smoother) -> Result<Self> {
        if let Smoother::Loess(surface) = smoother {
            let settings = LoessSettings {
                surface,
                ..Default::default()
            };
            let fit = loess::of_sorted(risks.to_vec(), y.to_vec(), &settings)?;
            return Ok(Self::Loess(fit));
        }
        let mut fits = smooth_sorted(risks, y, smoother)?;
        let mut x = risks.to_vec();
        let mut keep = (0..x.len()).map(|i| i == 0 || risks[i] != risks[i - 1]);
        fits.retain(|_| keep.next().unwrap_or(false));
        x.dedup();
        Ok(Self::Lines(x, fits))
    }

    /// The curve at a risk between the smallest and the largest.
    pub(super) fn value(&self, at: f64) -> Option<f64> {
        match self {
            Self::Loess(fit) => fit.within(at).then(|| fit.predict(at))?,
            Self::Lines(x, y) => {
                let right = x.partition_point(|&x| x < at);
                if *x.get(right)? == at {
                    return Some(y[right]);
                }
                let left = right.checked_sub(1)?;
                let share = (at - x[left]) / (x[right] - x[left]);
                Some(y[left] + share * (y[right] - y[left]))
            }
        }
    }
}

/// Absolute differences between smoothed event rate and predicted risk, over subjects.
///
/// Reference: Austin and Steyerberg, Stat. Med. 38 (2019) 4051-4065, doi:10.1002/sim.8281.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct CalibrationErrors {
    /// Mean (integrated calibration index; `Eavg` of `val.prob` with lowess).
    pub ici: f64,
    /// Median.
    pub e50: f64,
    /// 90th percentile (type 7).
    pub e90: f64,
    /// Largest.
    pub emax: f64,
    /// How the event rate was smoothed.
    pub smoother: Smoother,
}

impl CalibrationErrors {
    /// Name and value of every number, in the order of the fields.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, f64)> + use<> {
        [
            ("ici", self.ici),
            ("e50", self.e50),
            ("e90", self.e90),
            ("emax", self.emax),
        ]
        .into_iter()
    }
}

impl fmt::Display for CalibrationErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "ICI {:.4}, E50 {:.4}, E90 {:.4}, Emax {:.4} by {}",
            self.ici, self.e50, self.e90, self.emax, self.smoother
        )
    }
}

/// ICI, E50, E90 and Emax.
///
/// ```
/// use eval_stats::{Scored, calibration::{self, Smoother}};
/// // All risks are 0.5, 2 of 5 subjects have the event.
/// let s = Scored::new(&[0.5; 5], &[true, false, false, true, false])?;
/// let e = calibration::errors(&s, Smoother::default())?;
/// assert!((e.ici - 0.1).abs() < 1e-12 && (e.emax - 0.1).abs() < 1e-12);
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// As [`smooth`].
pub fn errors(scored: &Scored, smoother: Smoother) -> Result<CalibrationErrors> {
    Ok(of_curve(scored, &smooth(scored, smoother)?))
}

fn of_curve(scored: &Scored, curve: &SmoothCurve) -> CalibrationErrors {
    CalibrationErrors::new(&curve.fitted, scored.scores(), curve.smoother)
}

impl CalibrationErrors {
    /// From fits and risks in one order.
    pub(super) fn new(fitted: &[f64], risks: &[f64], smoother: Smoother) -> Self {
        let mut off: Vec<f64> = fitted
            .iter()
            .zip(risks)
            .map(|(f, p)| (f - p).abs())
            .collect();
        let ici = mean(&off);
        off.sort_by(f64::total_cmp);
        Self {
            ici,
            e50: quantile_of_sorted(&off, 0.5, QuantileType::Type7),
            e90: quantile_of_sorted(&off, 0.9, QuantileType::Type7),
            emax: off[off.len() - 1],
            smoother,
        }
    }
}
