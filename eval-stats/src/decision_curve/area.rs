//! The area under a decision curve, in closed form.

use std::fmt;

use super::DecisionCurveSettings;
use crate::error::{Error, Result};
use crate::scored::Scored;

/// Area under a decision curve between two thresholds.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct NetBenefitArea {
    /// Lower threshold.
    pub low: f64,
    /// Upper threshold.
    pub high: f64,
    /// Area under the model's curve.
    pub area: f64,
    /// Area under treat all; that of treat none is 0.
    pub area_all: f64,
    /// `area / (high - low)`: the mean net benefit of the model.
    pub mean: f64,
    /// The mean net benefit of treating all.
    pub mean_all: f64,
}

impl NetBenefitArea {
    /// Name and value of every number, in the order of the fields.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, f64)> + use<> {
        [
            ("low", self.low),
            ("high", self.high),
            ("area", self.area),
            ("area_all", self.area_all),
            ("mean", self.mean),
            ("mean_all", self.mean_all),
        ]
        .into_iter()
    }
}

impl fmt::Display for NetBenefitArea {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "mean net benefit {:.4} for thresholds {} to {} (treat all {:.4})",
            self.mean, self.low, self.high, self.mean_all
        )
    }
}

/// Area under the decision curve from `low` to `high`, every threshold weighing the same.
///
/// The curve is a sum over subjects, each positive up to its own risk, so the integral is exact and
/// needs no grid. With `W(t) = ∫ t/(1 - t) dt = -t - ln(1 - t)` and risks clamped to the range:
///
/// ```text
/// area = π mean(p - low | event) - (1 - π) mean(W(p) - W(low) | non-event) - harm (high - low)
/// ```
///
/// It compares models where no single threshold is agreed on; it does not say whether one is better
/// at each. Reference: Talluri and Shete, BMC Med. Inform. Decis. Mak. 16 (2016) 94,
/// doi:10.1186/s12911-016-0336-x.
///
/// ```
/// use eval_stats::{Scored, decision_curve::{DecisionCurveSettings, net_benefit_area}};
/// let scored = Scored::new(&[0.0, 1.0], &[false, true])?;
/// let area = net_benefit_area(&scored, 0.1, 0.3, &DecisionCurveSettings::new())?;
/// assert!((area.mean - 0.5).abs() < 1e-15);        // a perfect model: the prevalence everywhere
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::NotProbability`] or [`Error::LowerIsEvent`] for scores that are not risks;
/// [`Error::OutOfRange`] unless `0 <= low < high < 1`, or for a bad setting.
pub fn net_benefit_area(
    scored: &Scored,
    low: f64,
    high: f64,
    settings: &DecisionCurveSettings,
) -> Result<NetBenefitArea> {
    let risks = scored.risks()?;
    settings.check()?;
    if !(0.0..1.0).contains(&low) {
        return Err(Error::OutOfRange {
            name: "low",
            value: low,
            expected: "a threshold in [0, 1)",
        });
    }
    if !(high > low && high < 1.0) {
        return Err(Error::OutOfRange {
            name: "high",
            value: high,
            expected: "a threshold above the lower one and below 1",
        });
    }
    let prevalence = settings.prevalence.unwrap_or_else(|| scored.prevalence());
    let (mut gain, mut loss) = (0.0, 0.0);
    for (&risk, &event) in risks.iter().zip(scored.outcomes()) {
        let until = risk.clamp(low, high);
        if event {
            gain += until - low;
        } else {
            loss += cumulative_odds(until) - cumulative_odds(low);
        }
    }
    let width = high - low;
    let area = prevalence * gain / scored.n_events() as f64
        - (1.0 - prevalence) * loss / scored.n_non_events() as f64
        - settings.harm * width;
    let area_all =
        prevalence * width - (1.0 - prevalence) * (cumulative_odds(high) - cumulative_odds(low));
    Ok(NetBenefitArea {
        low,
        high,
        area,
        area_all,
        mean: area / width,
        mean_all: area_all / width,
    })
}

/// `-t - ln(1 - t)`, the integral of the odds from 0.
fn cumulative_odds(t: f64) -> f64 {
    -t - (-t).ln_1p()
}
