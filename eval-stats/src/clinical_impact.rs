//! Clinical impact: how many of a population are called high risk, and how many of those have the
//! event.
//!
//! Reference: Kerr, Brown, Zhu and Janes, J. Clin. Oncol. 34 (2016) 2534-2540,
//! doi:10.1200/JCO.2015.65.5654.

use std::fmt;

use crate::bootstrap::Bootstrap;
use crate::decision_curve::{self, DecisionCurve, DecisionCurveSettings};
use crate::error::{Error, Result};
use crate::scored::Scored;

/// Impact of one threshold.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ImpactPoint {
    /// Risk threshold.
    pub threshold: f64,
    /// Subjects at high risk, of the population.
    pub high_risk: f64,
    /// Subjects at high risk with the event, of the population.
    pub high_risk_events: f64,
    /// Bootstrap limits of `high_risk`, if they were asked for.
    pub high_risk_limits: Option<(f64, f64)>,
    /// Bootstrap limits of `high_risk_events`, if they were asked for.
    pub high_risk_events_limits: Option<(f64, f64)>,
    /// Cost to benefit that the threshold implies, `t : (1 - t)` in lowest terms, if `t` is a whole
    /// number of thousandths.
    pub cost_benefit: Option<(u32, u32)>,
}

/// Clinical impact curve.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ClinicalImpact {
    /// One point per threshold, in the order given.
    pub points: Vec<ImpactPoint>,
    /// Population that the counts refer to.
    pub population: f64,
    /// Prevalence that was used.
    pub prevalence: f64,
}

impl fmt::Display for ClinicalImpact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "clinical impact per {} subjects at {} thresholds",
            self.population,
            self.points.len()
        )
    }
}

/// Impact per `population` subjects, usually 1000. `rmda` counts `risk > t`: set the rule to
/// [`Threshold::Gt`](crate::confusion::Threshold::Gt) to match it.
///
/// # Errors
/// As [`DecisionCurve::new`], [`Error::OutOfRange`] for a population that is not positive.
pub fn clinical_impact(
    scored: &Scored,
    thresholds: &[f64],
    settings: &DecisionCurveSettings,
    population: f64,
) -> Result<ClinicalImpact> {
    if !(population > 0.0 && population.is_finite()) {
        return Err(Error::OutOfRange {
            name: "population",
            value: population,
            expected: "a positive number",
        });
    }
    let curve = DecisionCurve::new(scored, thresholds, settings)?;
    Ok(ClinicalImpact {
        points: curve
            .points
            .iter()
            .map(|p| ImpactPoint {
                threshold: p.threshold,
                high_risk: population * p.high_risk,
                high_risk_events: population * p.high_risk_events,
                high_risk_limits: None,
                high_risk_events_limits: None,
                cost_benefit: cost_benefit(p.threshold),
            })
            .collect(),
        population,
        prevalence: curve.prevalence,
    })
}

/// As [`clinical_impact`], with bootstrap limits.
///
/// # Errors
/// As [`clinical_impact`] and [`decision_curve::bootstrap`].
pub fn clinical_impact_with_limits(
    scored: &Scored,
    thresholds: &[f64],
    settings: &DecisionCurveSettings,
    population: f64,
    bootstrap: &Bootstrap,
    level: f64,
) -> Result<ClinicalImpact> {
    let mut impact = clinical_impact(scored, thresholds, settings, population)?;
    let bands = decision_curve::bootstrap(scored, thresholds, settings, bootstrap, level)?;
    let scale = |(low, high): (f64, f64)| Some((population * low, population * high));
    for (point, band) in impact.points.iter_mut().zip(&bands) {
        point.high_risk_limits = scale(band.high_risk);
        point.high_risk_events_limits = scale(band.high_risk_events);
    }
    Ok(impact)
}

/// `t : (1 - t)` in lowest terms for whole thousandths.
fn cost_benefit(threshold: f64) -> Option<(u32, u32)> {
    let thousandths = (threshold * 1000.0).round();
    if (threshold * 1000.0 - thousandths).abs() > 1e-9 {
        return None;
    }
    let a = thousandths as u32;
    let b = 1000 - a;
    let (mut x, mut y) = (a, b);
    while y != 0 {
        (x, y) = (y, x % y);
    }
    Some((a / x, b / x))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cost_to_benefit_is_in_lowest_terms() {
        assert_eq!(cost_benefit(0.06), Some((3, 47)));
        assert_eq!(cost_benefit(0.0), Some((0, 1)));
        assert_eq!(cost_benefit(0.5), Some((1, 1)));
        assert_eq!(cost_benefit(1.0 / 3.0), None);
    }
}
