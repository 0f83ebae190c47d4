//! The opt-out policy: treating is the default, and a low risk opts out.

use std::fmt;

use super::cells::{Cells, Counts};
use super::resample::{Replicates, percentile_limits};
use super::{DecisionCurveSettings, FEW, StudyDesign, check_each};
use crate::bootstrap::Bootstrap;
use crate::error::{Result, check_level};
use crate::quantile::QuantileType;
use crate::scored::Scored;

/// Consequences of opting out below one threshold.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct OptOutPoint {
    /// Risk threshold.
    pub threshold: f64,
    /// Subjects of the data that opt out: those with a risk below the threshold.
    pub n_opting_out: u64,
    /// Whether fewer than 10 subjects opt out: the point is noise, best not shown.
    pub few_opting_out: bool,
    /// Share of non-events that opt out; rmda's `TNR`.
    pub true_negative_rate: f64,
    /// Share of events that opt out; rmda's `FNR`.
    pub false_negative_rate: f64,
    /// Share of the population that opts out.
    pub low_risk: f64,
    /// Net benefit of opting out; that of treating all is 0.
    pub net_benefit: f64,
    /// Net benefit if everybody opts out (treat none).
    pub net_benefit_none: f64,
    /// Net benefit over `1 - π`, at most 1.
    pub standardized_net_benefit: f64,
}

impl OptOutPoint {
    fn new(threshold: f64, counts: &Counts, prevalence: f64, harm: f64) -> Self {
        let tnr = f64::from(counts.non_events_below) / f64::from(counts.n_non_events);
        let fnr = f64::from(counts.events_below) / f64::from(counts.n_events);
        let odds = (1.0 - threshold) / threshold;
        let (tn, missed) = (tnr * (1.0 - prevalence), fnr * prevalence);
        let net_benefit = tn - missed * odds - harm;
        let n_opting_out = u64::from(counts.events_below) + u64::from(counts.non_events_below);
        Self {
            threshold,
            n_opting_out,
            few_opting_out: n_opting_out < FEW,
            true_negative_rate: tnr,
            false_negative_rate: fnr,
            low_risk: tn + missed,
            net_benefit,
            net_benefit_none: (1.0 - prevalence) - prevalence * odds,
            standardized_net_benefit: net_benefit / (1.0 - prevalence),
        }
    }

    /// Name and value of every number, in the order of the fields.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, f64)> + use<> {
        [
            ("threshold", self.threshold),
            ("n_opting_out", self.n_opting_out as f64),
            ("true_negative_rate", self.true_negative_rate),
            ("false_negative_rate", self.false_negative_rate),
            ("low_risk", self.low_risk),
            ("net_benefit", self.net_benefit),
            ("net_benefit_none", self.net_benefit_none),
            ("standardized_net_benefit", self.standardized_net_benefit),
        ]
        .into_iter()
    }
}

impl fmt::Display for OptOutPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "net benefit {:.4} of opting out below {} (treat none {:.4}, {} opt out)",
            self.net_benefit, self.threshold, self.net_benefit_none, self.n_opting_out
        )
    }
}

/// Decision curve of the opt-out policy: the standard of care treats everybody, and whoever has a
/// risk below the threshold opts out.
///
/// ```text
/// NB = tnr (1 - π) - fnr π (1 - t)/t - harm        treat all 0, treat none (1 - π) - π (1 - t)/t
/// sNB = NB / (1 - π)
/// ```
///
/// Those at the threshold stay with the default, whatever the rule of the settings: under
/// [`Threshold::Ge`](crate::confusion::Threshold::Ge) the curve is, without harm, exactly the
/// interventions avoided of the [`DecisionCurve`](super::DecisionCurve).
///
/// ```
/// use eval_stats::{Scored, decision_curve::{DecisionCurveSettings, OptOutCurve}};
/// let scored = Scored::new(&[0.1, 0.3, 0.6, 0.9], &[false, true, false, true])?;
/// let curve = OptOutCurve::new(&scored, &[0.25, 1.0], &DecisionCurveSettings::new())?;
/// assert_eq!(curve.points[0].net_benefit, 0.25);   // one non-event of four is spared
/// assert_eq!(curve.points[1].net_benefit, 0.5);    // at 1 a missed event costs nothing
/// # Ok::<(), eval_stats::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct OptOutCurve {
    /// One point per threshold, in the order given.
    pub points: Vec<OptOutPoint>,
    /// Prevalence that was used.
    pub prevalence: f64,
    /// Harm that was subtracted, in units of this net benefit.
    pub harm: f64,
    /// How the subjects came into the data.
    pub design: StudyDesign,
    /// Number of subjects.
    pub n: usize,
    /// Number of events.
    pub n_events: usize,
}

impl OptOutCurve {
    /// The curve of predicted risks.
    ///
    /// ```
    /// use eval_stats::{Scored, decision_curve::{DecisionCurveSettings, OptOutCurve}};
    /// let s = Scored::new(&[0.1, 0.3, 0.6, 0.9], &[false, true, false, true])?;
    /// let curve = OptOutCurve::new(&s, &[0.2, 0.5], &DecisionCurveSettings::new())?;
    /// assert_eq!(curve.points[0].net_benefit, 0.25);    // one non-event of four is spared
    /// assert_eq!(curve.points[1].net_benefit, 0.0);     // less one event of four at odds of 1
    /// # Ok::<(), eval_stats::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::NotProbability`](crate::Error::NotProbability) or
    /// [`Error::LowerIsEvent`](crate::Error::LowerIsEvent) for scores that are not risks,
    /// [`Error::Empty`](crate::Error::Empty) without thresholds,
    /// [`Error::OutOfRange`](crate::Error::OutOfRange) for a threshold outside `(0, 1]` (at 0 a
    /// missed event costs infinitely much; rmda returns NaN) or a bad setting.
    pub fn new(
        scored: &Scored,
        thresholds: &[f64],
        settings: &DecisionCurveSettings,
    ) -> Result<Self> {
        scored.risks()?;
        settings.check()?;
        check_thresholds(thresholds)?;
        let cells = Cells::new(thresholds);
        let counts = cells.counts(&cells.fill(scored), settings.rule);
        let prevalence = settings.prevalence.unwrap_or_else(|| scored.prevalence());
        Ok(Self {
            points: thresholds
                .iter()
                .zip(&counts)
                .map(|(&t, c)| OptOutPoint::new(t, c, prevalence, settings.harm))
                .collect(),
            prevalence,
            harm: settings.harm,
            design: settings.design,
            n: scored.n(),
            n_events: scored.n_events(),
        })
    }
}

impl fmt::Display for OptOutCurve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "opt-out decision curve of {} subjects ({} events) at {} thresholds",
            self.n,
            self.n_events,
            self.points.len()
        )
    }
}

fn check_thresholds(thresholds: &[f64]) -> Result<()> {
    check_each(
        thresholds,
        |t| (f64::MIN_POSITIVE..=1.0).contains(&t),
        "a risk in (0, 1]",
    )
}

/// Percentile limits (low, high) of an opt-out curve at one threshold.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct OptOutBand {
    /// Risk threshold.
    pub threshold: f64,
    /// Limits of the share of non-events that opt out.
    pub true_negative_rate: (f64, f64),
    /// Limits of the share of events that opt out.
    pub false_negative_rate: (f64, f64),
    /// Limits of the net benefit.
    pub net_benefit: (f64, f64),
    /// Limits of the net benefit if everybody opts out.
    pub net_benefit_none: (f64, f64),
    /// Limits of the standardized net benefit.
    pub standardized_net_benefit: (f64, f64),
    /// Confidence level.
    pub level: f64,
}

/// Pointwise bootstrap limits of an opt-out curve: resampled as [`bootstrap`](super::bootstrap)
/// does, percentiles of type 1.
///
/// ```
/// use eval_stats::{Scored, bootstrap::Bootstrap};
/// use eval_stats::decision_curve::{DecisionCurveSettings, bootstrap_opt_out};
/// let s = Scored::new(&[0.1, 0.2, 0.8, 0.9], &[false, false, true, true])?;     // perfect
/// let bootstrap = Bootstrap::new().replicates(200);
/// let plain = DecisionCurveSettings::new();
/// let band = bootstrap_opt_out(&s, &[0.5], &plain, &bootstrap, 0.95)?;
/// assert_eq!(band[0].standardized_net_benefit, (1.0, 1.0));
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// As [`OptOutCurve::new`], [`Error::OutOfRange`](crate::Error::OutOfRange) for the level,
/// [`Error::TooFew`](crate::Error::TooFew) for fewer than 2 replicates or if fewer than 2 have both
/// classes.
pub fn bootstrap_opt_out(
    scored: &Scored,
    thresholds: &[f64],
    settings: &DecisionCurveSettings,
    bootstrap: &Bootstrap,
    level: f64,
) -> Result<Vec<OptOutBand>> {
    check_level(level)?;
    scored.risks()?;
    settings.check()?;
    check_thresholds(thresholds)?;
    let cells = Cells::new(thresholds);
    let replicates = Replicates::fixed(&[scored], &[*settings], &cells, bootstrap)?;
    let limits = |at: usize, field: fn(&OptOutPoint) -> f64| {
        let values = replicates
            .of(0, at)
            .map(|c| {
                let prevalence = c.prevalence(settings);
                field(&OptOutPoint::new(
                    thresholds[at],
                    c,
                    prevalence,
                    settings.harm,
                ))
            })
            .collect();
        percentile_limits(values, level, QuantileType::Type1)
    };
    Ok(thresholds
        .iter()
        .enumerate()
        .map(|(i, &threshold)| OptOutBand {
            threshold,
            true_negative_rate: limits(i, |p| p.true_negative_rate),
            false_negative_rate: limits(i, |p| p.false_negative_rate),
            net_benefit: limits(i, |p| p.net_benefit),
            net_benefit_none: limits(i, |p| p.net_benefit_none),
            standardized_net_benefit: limits(i, |p| p.standardized_net_benefit),
            level,
        })
        .collect())
}
