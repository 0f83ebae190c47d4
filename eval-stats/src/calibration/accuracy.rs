//! How far off single predictions are.

use std::fmt;

use crate::error::Result;
use crate::scored::Scored;
use crate::special::{ln_normal_two_sided, normal_two_sided};

/// Overall accuracy of predicted risks.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct RiskAccuracy {
    /// Brier score `mean((y - p)²)`, 0 is perfect.
    pub brier: f64,
    /// Brier score of predicting the event rate for everybody, `π(1 - π)`.
    pub brier_reference: f64,
    /// `1 - brier / brier_reference`: 1 is perfect, 0 no better than the event rate.
    pub scaled_brier: f64,
    /// `-mean(y ln p + (1 - y) ln(1 - p))`; infinite if an event had risk 0 (or a non-event 1).
    pub log_loss: f64,
    /// Spiegelhalter's `z = Σ(y - p)(1 - 2p) / √(Σ(1 - 2p)² p(1 - p))`; `None` if the denominator
    /// is 0 (all risks 0, 1/2 or 1).
    pub spiegelhalter_z: Option<f64>,
    /// Two-sided p-value of `spiegelhalter_z`.
    pub spiegelhalter_p: Option<f64>,
    /// Its decimal logarithm, which has its digits where the p-value underflows.
    pub spiegelhalter_log10_p: Option<f64>,
}

impl RiskAccuracy {
    /// Name and value of every number, in the order of the fields; NaN for `None`.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, f64)> + use<> {
        [
            ("brier", self.brier),
            ("brier_reference", self.brier_reference),
            ("scaled_brier", self.scaled_brier),
            ("log_loss", self.log_loss),
            ("spiegelhalter_z", self.spiegelhalter_z.unwrap_or(f64::NAN)),
            ("spiegelhalter_p", self.spiegelhalter_p.unwrap_or(f64::NAN)),
            (
                "spiegelhalter_log10_p",
                self.spiegelhalter_log10_p.unwrap_or(f64::NAN),
            ),
        ]
        .into_iter()
    }
}

impl fmt::Display for RiskAccuracy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Brier {:.4} (scaled {:.3}), log loss {:.4}",
            self.brier, self.scaled_brier, self.log_loss
        )
    }
}

/// Brier score, log loss and Spiegelhalter's test.
///
/// # Errors
/// [`Error::NotProbability`](crate::Error::NotProbability) or
/// [`Error::LowerIsEvent`](crate::Error::LowerIsEvent) for scores that are not risks.
///
/// # Examples
/// ```
/// use eval_stats::{Scored, calibration};
/// let s = Scored::new(&[0.2, 0.6], &[false, true])?;
/// let a = calibration::accuracy(&s)?;
/// // (0.04 + 0.16)/2, against 0.25 for the event rate.
/// assert!((a.brier - 0.1).abs() < 1e-12 && (a.scaled_brier - 0.6).abs() < 1e-12);
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// References: Brier, Mon. Weather Rev. 78 (1950) 1-3,
/// doi:10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2; Spiegelhalter, Stat. Med. 5 (1986) 421-433,
/// doi:10.1002/sim.4780050506.
pub fn accuracy(scored: &Scored) -> Result<RiskAccuracy> {
    let risks = scored.risks()?;
    let n = scored.n() as f64;
    let (mut squares, mut log_loss, mut top, mut bottom) = (0.0, 0.0, 0.0, 0.0);
    for (&p, &event) in risks.iter().zip(scored.outcomes()) {
        let y = f64::from(u8::from(event));
        squares += (y - p) * (y - p);
        log_loss -= if event { p.ln() } else { (-p).ln_1p() };
        let w = 1.0 - 2.0 * p;
        top += (y - p) * w;
        bottom += w * w * p * (1.0 - p);
    }
    let brier = squares / n;
    let reference = scored.prevalence() * (1.0 - scored.prevalence());
    let z = (bottom > 0.0).then(|| top / bottom.sqrt());
    Ok(RiskAccuracy {
        brier,
        brier_reference: reference,
        scaled_brier: 1.0 - brier / reference,
        log_loss: log_loss / n,
        spiegelhalter_z: z,
        spiegelhalter_p: z.map(normal_two_sided),
        spiegelhalter_log10_p: z.map(|z| ln_normal_two_sided(z) / core::f64::consts::LN_10),
    })
}

/// Murphy's parts of the Brier score: `brier = reliability - resolution + uncertainty`.
///
/// Exact over the distinct risks `k` with event rates `yₖ`. If nearly every subject has a risk of
/// its own, reliability and resolution are both large and say little.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct BrierDecomposition {
    /// `Σ nₖ (pₖ - yₖ)²/n`, 0 is perfect calibration.
    pub reliability: f64,
    /// `Σ nₖ (yₖ - π)²/n`, larger is better.
    pub resolution: f64,
    /// `π(1 - π)`, a property of the cohort.
    pub uncertainty: f64,
    /// Number of distinct risks.
    pub distinct_risks: usize,
}

impl BrierDecomposition {
    /// Name and value of the parts, in the order of the fields.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, f64)> + use<> {
        [
            ("reliability", self.reliability),
            ("resolution", self.resolution),
            ("uncertainty", self.uncertainty),
        ]
        .into_iter()
    }
}

impl fmt::Display for BrierDecomposition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "reliability {:.4}, resolution {:.4}, uncertainty {:.4} over {} distinct risks",
            self.reliability, self.resolution, self.uncertainty, self.distinct_risks
        )
    }
}

/// Reliability, resolution and uncertainty.
///
/// Reference: Murphy, J. Appl. Meteorol. 12 (1973) 595-600,
/// doi:10.1175/1520-0450(1973)012<0595:ANVPOT>2.0.CO;2.
///
/// # Errors
/// [`Error::NotProbability`](crate::Error::NotProbability) or
/// [`Error::LowerIsEvent`](crate::Error::LowerIsEvent) for scores that are not risks.
///
/// # Examples
/// ```
/// use eval_stats::{Scored, calibration};
/// let s = Scored::new(&[0.2, 0.2, 0.8, 0.8], &[false, true, true, true])?;
/// let d = calibration::brier_decomposition(&s)?;
/// // Event rates 0.5 and 1: (0.3² + 0.2²)/2 and 0.25².
/// assert!((d.reliability - 0.065).abs() < 1e-12 && (d.resolution - 0.0625).abs() < 1e-12);
/// # Ok::<(), eval_stats::Error>(())
/// ```
pub fn brier_decomposition(scored: &Scored) -> Result<BrierDecomposition> {
    scored.risks()?;
    let pi = scored.prevalence();
    let (mut reliability, mut resolution) = (0.0, 0.0);
    for t in scored.ties() {
        let n = f64::from(t.events) + f64::from(t.non_events);
        let rate = f64::from(t.events) / n;
        reliability += n * (t.score - rate) * (t.score - rate);
        resolution += n * (rate - pi) * (rate - pi);
    }
    let n = scored.n() as f64;
    Ok(BrierDecomposition {
        reliability: reliability / n,
        resolution: resolution / n,
        uncertainty: pi * (1.0 - pi),
        distinct_risks: scored.ties().len(),
    })
}
