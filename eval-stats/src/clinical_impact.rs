//! Clinical impact: how many of a population are called high risk, and how many of those have the
//! event; and the ratio of cost to benefit that a threshold stands for.
//!
//! ```text
//! high risk            N (se π + fpr (1 - π))
//! ... with the event   N se π
//! cost : benefit       t : (1 - t)
//! ```
//!
//! Reference: Kerr, Brown, Zhu and Janes, J. Clin. Oncol. 34 (2016) 2534-2540,
//! doi:10.1200/JCO.2015.65.5654.
//!
//! # Differences
//! rmda counts `risk > t`: set the rule to [`Threshold::Gt`](crate::confusion::Threshold::Gt) to
//! match it. Its axis of ratios repeats a ratio that is nearest to several places; here each is
//! given once.

use std::fmt;

use crate::bootstrap::Bootstrap;
use crate::decision_curve::{self, DecisionCurve, DecisionCurveSettings};
use crate::error::{Error, Result};
use crate::quantile::{QuantileType, of_sorted};
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
    /// Whether fewer than 10 subjects of the data are at high risk: the point is noise, best not
    /// shown.
    pub few_positives: bool,
    /// Cost to benefit that the threshold implies.
    pub cost_benefit: CostBenefit,
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
    /// Confidence level of the limits; `None` without limits.
    pub level: Option<f64>,
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

/// Impact per `population` subjects, usually 1000.
///
/// ```
/// use eval_stats::{Scored, decision_curve::DecisionCurveSettings};
/// use eval_stats::clinical_impact::clinical_impact;
/// let scored = Scored::new(&[0.1, 0.3, 0.6, 0.9], &[false, true, false, true])?;
/// let impact = clinical_impact(&scored, &[0.2], &DecisionCurveSettings::new(), 1000.0)?;
/// let point = impact.points[0];
/// assert_eq!((point.high_risk, point.high_risk_events), (750.0, 500.0));
/// assert_eq!(point.cost_benefit.to_string(), "1:4");
/// # Ok::<(), eval_stats::Error>(())
/// ```
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
                few_positives: p.few_positives,
                cost_benefit: CostBenefit::approximate(p.threshold),
            })
            .collect(),
        population,
        prevalence: curve.prevalence,
        level: None,
    })
}

/// As [`clinical_impact`], with bootstrap limits.
///
/// ```
/// use eval_stats::{Scored, bootstrap::Bootstrap, decision_curve::DecisionCurveSettings};
/// use eval_stats::clinical_impact::clinical_impact_with_limits;
/// let s = Scored::new(&[0.1, 0.3, 0.6, 0.9], &[false, true, false, true])?;
/// let bootstrap = Bootstrap::new().replicates(200);
/// let plain = DecisionCurveSettings::new();
/// let impact = clinical_impact_with_limits(&s, &[0.2], &plain, 1000.0, &bootstrap, 0.95)?;
/// let (low, high) = impact.points[0].high_risk_limits.expect("bootstrapped");
/// assert!(low <= 750.0 && 750.0 <= high);
/// # Ok::<(), eval_stats::Error>(())
/// ```
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
    impact.level = Some(level);
    Ok(impact)
}

/// The ratio of cost to benefit, as whole numbers: treating one subject in vain costs `cost` where
/// treating one subject with the event gains `benefit`.
///
/// Displays as `1:4`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct CostBenefit {
    /// Cost.
    pub cost: u64,
    /// Benefit.
    pub benefit: u64,
}

impl CostBenefit {
    /// `t : (1 - t)` as a fraction: the continued fraction of the odds, stopped after ten terms or
    /// before one above 2000, as R's `MASS::fractions` and so rmda print it. Odds below 1/2000
    /// become `0:1`.
    ///
    /// ```
    /// use eval_stats::clinical_impact::CostBenefit;
    /// assert_eq!(CostBenefit::of(0.06)?.to_string(), "3:47");
    /// assert_eq!(CostBenefit::of(1.0 / 3.0)?.to_string(), "1:2");
    /// # Ok::<(), eval_stats::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a threshold outside `[0, 1)`.
    pub fn of(threshold: f64) -> Result<Self> {
        if (0.0..1.0).contains(&threshold) {
            return Ok(Self::approximate(threshold));
        }
        Err(Error::OutOfRange {
            name: "threshold",
            value: threshold,
            expected: "a risk in [0, 1)",
        })
    }

    /// The threshold that the ratio stands for.
    ///
    /// ```
    /// use eval_stats::clinical_impact::CostBenefit;
    /// assert_eq!(CostBenefit::of(0.2)?.threshold(), 0.2);       // 1:4
    /// # Ok::<(), eval_stats::Error>(())
    /// ```
    pub fn threshold(self) -> f64 {
        self.cost as f64 / (self.cost as f64 + self.benefit as f64)
    }

    fn approximate(threshold: f64) -> Self {
        const TERMS: usize = 10;
        const LARGEST: f64 = 2000.0;
        let odds = threshold / (1.0 - threshold);
        let whole = odds.floor();
        let (mut rest, mut before, mut last) = (odds - whole, (1u64, 0u64), (whole as u64, 1u64));
        for _ in 0..TERMS {
            if rest <= 1.0 / LARGEST {
                break;
            }
            let inverse = 1.0 / rest;
            let term = inverse.floor();
            rest = inverse - term;
            let next = |b: u64, l: u64| (term as u64).checked_mul(l)?.checked_add(b);
            let (Some(cost), Some(benefit)) = (next(before.0, last.0), next(before.1, last.1))
            else {
                break;
            };
            (before, last) = (last, (cost, benefit));
        }
        Self {
            cost: last.0,
            benefit: last.1,
        }
    }
}

impl fmt::Display for CostBenefit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.cost, self.benefit)
    }
}

/// Ratios that are easy to say, below one to one; their inverses are as easy.
const SAYABLE: [(u64, u64); 23] = [
    (1, 2),
    (1, 3),
    (1, 4),
    (2, 3),
    (3, 4),
    (1, 5),
    (1, 10),
    (2, 5),
    (3, 5),
    (4, 5),
    (7, 10),
    (9, 10),
    (5, 6),
    (1, 15),
    (1, 20),
    (1, 25),
    (1, 30),
    (1, 40),
    (1, 50),
    (1, 60),
    (1, 75),
    (1, 80),
    (1, 100),
];

/// Ratios for an axis of thresholds from `low` to `high`: those nearest to `n` evenly spaced
/// places, of 47 that are easy to say (1:100 to 100:1), increasing and each once. At most `n`; none
/// if the range holds none of them.
///
/// The places are those of rmda's `Add_CostBenefit_Axis`, whose default is `n = 6`: every so many
/// steps of a grid of 100 thresholds.
///
/// ```
/// use eval_stats::clinical_impact::cost_benefit_axis;
/// let axis = cost_benefit_axis(0.0, 1.0, 6)?;
/// let labels: Vec<String> = axis.iter().map(ToString::to_string).collect();
/// assert_eq!(labels, ["1:100", "1:4", "2:3", "3:2", "4:1", "100:1"]);
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::OutOfRange`] unless `0 <= low < high <= 1`, [`Error::TooFew`] for fewer than two places.
pub fn cost_benefit_axis(low: f64, high: f64, n: usize) -> Result<Vec<CostBenefit>> {
    if !(0.0..=1.0).contains(&low) {
        return Err(Error::OutOfRange {
            name: "low",
            value: low,
            expected: "a threshold in [0, 1]",
        });
    }
    if !(high > low && high <= 1.0) {
        return Err(Error::OutOfRange {
            name: "high",
            value: high,
            expected: "a threshold above the lower one and at most 1",
        });
    }
    if n < 2 {
        return Err(Error::TooFew {
            what: "places on an axis",
            found: n,
            required: 2,
        });
    }
    let inverses = SAYABLE.iter().map(|&(a, b)| (b, a));
    let mut ratios: Vec<(f64, CostBenefit)> = [(1, 1)]
        .into_iter()
        .chain(SAYABLE)
        .chain(inverses)
        .map(|(cost, benefit)| CostBenefit { cost, benefit })
        .map(|ratio| (ratio.threshold(), ratio))
        .filter(|(t, _)| (low..=high).contains(t))
        .collect();
    ratios.sort_by(|a, b| a.0.total_cmp(&b.0));
    let grid = decision_curve::threshold_grid(low, high, 100);
    // More places than ratios bring nothing new.
    let last = n.min(1000) - 1;
    let mut axis: Vec<CostBenefit> = (0..=last)
        .filter_map(|i| {
            let place = of_sorted(&grid, i as f64 / last as f64, QuantileType::Type1);
            let distance = |t: f64| (t - place).abs();
            ratios
                .iter()
                .min_by(|a, b| distance(a.0).total_cmp(&distance(b.0)))
                .map(|nearest| nearest.1)
        })
        .collect();
    axis.dedup();
    Ok(axis)
}
