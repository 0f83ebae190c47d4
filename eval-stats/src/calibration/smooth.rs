//! Smooth calibration curves and the errors read off them.

use std::fmt;

use super::loess::{Degree, loess};
use super::lowess::{LowessSettings, lowess};
use crate::error::Result;
use crate::estimate::mean;
use crate::quantile::{QuantileType, of_sorted};
use crate::scored::Scored;

/// How outcomes are smoothed over predicted risk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum Smoother {
    /// Exact local parabolas, span 0.75 (Austin and Steyerberg's ICI with
    /// `loess(surface = "direct")`).
    #[default]
    Loess,
    /// Locally linear without robustness iterations, span 2/3 (`val.prob`, `rms::calibrate`).
    /// Equal risks get the mean of their fits.
    Lowess,
}

impl fmt::Display for Smoother {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Loess => "loess (direct, span 0.75, degree 2)",
            Self::Lowess => "lowess (span 2/3, no robustness)",
        })
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
/// [`Error::NotProbability`](crate::Error::NotProbability);
/// [`Error::TooFew`](crate::Error::TooFew) for fewer than 4 subjects with [`Smoother::Loess`].
pub fn smooth(scored: &Scored, smoother: Smoother) -> Result<SmoothCurve> {
    let risks = scored.risks()?;
    let y: Vec<f64> = scored
        .outcomes()
        .iter()
        .map(|&e| f64::from(u8::from(e)))
        .collect();
    let mut fitted = match smoother {
        Smoother::Loess => loess(risks, &y, 0.75, Degree::Quadratic)?,
        Smoother::Lowess => lowess(risks, &y, &LowessSettings::default())?,
    };
    let (mut predicted, mut observed) = (Vec::new(), Vec::new());
    let mut at = 0;
    for t in scored.ties() {
        let size = (t.events + t.non_events) as usize;
        let tied = &scored.order()[at..at + size];
        let fits: Vec<f64> = tied.iter().map(|&i| fitted[i as usize]).collect();
        let value = mean(&fits);
        tied.iter().for_each(|&i| fitted[i as usize] = value);
        predicted.push(t.score);
        observed.push(value);
        at += size;
    }
    Ok(SmoothCurve {
        predicted,
        observed,
        fitted,
        smoother,
    })
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
/// # Errors
/// As [`smooth`].
pub fn errors(scored: &Scored, smoother: Smoother) -> Result<CalibrationErrors> {
    Ok(of_curve(scored, &smooth(scored, smoother)?))
}

pub(super) fn of_curve(scored: &Scored, curve: &SmoothCurve) -> CalibrationErrors {
    let mut off: Vec<f64> = curve
        .fitted
        .iter()
        .zip(scored.scores())
        .map(|(f, p)| (f - p).abs())
        .collect();
    let ici = mean(&off);
    off.sort_by(f64::total_cmp);
    CalibrationErrors {
        ici,
        e50: of_sorted(&off, 0.5, QuantileType::Type7),
        e90: of_sorted(&off, 0.9, QuantileType::Type7),
        emax: off[off.len() - 1],
        smoother: curve.smoother,
    }
}
