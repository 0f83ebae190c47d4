//! Decision curve analysis: the net benefit of treating those above a risk threshold.
//!
//! With `n` subjects, prevalence `π`, and at threshold `t` the odds `w = t/(1 - t)`, sensitivity
//! `se` and false positive rate `fpr`:
//!
//! ```text
//! net benefit            NB  = se π - w fpr (1 - π) - harm
//! treat all              NB  = π - w (1 - π)                 treat none   NB = 0
//! standardized           sNB = NB / π
//! interventions avoided  (NB - NB of treat all) / w          per subject
//! ```
//!
//! | want | call |
//! |---|---|
//! | a curve | [`DecisionCurve::new`] |
//! | bootstrap limits, several models on the same resamples, differences | [`bootstrap`], [`compare`], [`ResampledCurves`] |
//! | models that are refitted in every resample | [`ResampledCurves::refit`] |
//! | treating is the default and a low risk opts out | [`OptOutCurve`] |
//! | one number over a range of thresholds | [`net_benefit_area`] |
//! | risks of case-control data moved to the population | [`risks_at_prevalence`] |
//!
//! The range of thresholds is a clinical choice: thresholds at which nobody would hesitate carry no
//! information, and points with few positives are noise ([`DecisionPoint::few_positives`]).
//!
//! References: Vickers and Elkin, Med. Decis. Making 26 (2006) 565-574,
//! doi:10.1177/0272989X06295361; standardized net benefit, opt-out and case-control data: Kerr,
//! Brown, Zhu and Janes, J. Clin. Oncol. 34 (2016) 2534-2540, doi:10.1200/JCO.2015.65.5654;
//! interventions avoided: Vickers, van Calster and Steyerberg, Diagn. Progn. Res. 3 (2019) 18,
//! doi:10.1186/s41512-019-0064-7.
//!
//! # Differences
//! - rmda counts `risk > t`, dcurves `risk >= t`; they disagree exactly where a risk equals a
//!   threshold. The rule is an argument here, `>=` by default.
//! - With `>=` a risk of exactly 0 is positive at no threshold, also not at 0. So does dcurves,
//!   which moves such risks below 0; it follows from there that a call of 0 is negative everywhere.
//! - At `t = 1` the odds are infinite: thresholds must lie in `[0, 1)`, where rmda returns NaN or
//!   infinite rows. At `t = 0` there is no intervention to avoid against treating all (`0/0`):
//!   `None`, where dcurves returns NaN.
//! - Harm may be combined with the standardized form (dcurves refuses): it is `(NB with harm)/π`.
//! - Resamples without one of the classes are left out and counted; rmda drops their NaN and keeps
//!   what they have besides, such as a prevalence of 0.
//! - rmda draws a stratum with a single subject `i` from `1..=i` (R's `sample(i)`); here that one
//!   subject is drawn.

mod area;
mod cells;
mod opt_out;
mod resample;

use std::fmt;

pub use area::{NetBenefitArea, net_benefit_area};
pub use opt_out::{OptOutBand, OptOutCurve, OptOutPoint, bootstrap_opt_out};
pub use resample::{
    DecisionBand, DecisionModel, NetBenefitDifference, ResampledCurves, bootstrap, compare,
};

use crate::confusion::Threshold;
use crate::error::{Error, Result};
use crate::scored::Scored;
use cells::{Cells, Counts};

/// Points with fewer positive subjects than this are flagged.
const FEW: u64 = 10;

/// How the subjects came into the data, which decides how they are resampled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub enum StudyDesign {
    /// Without regard to the outcome; so they are resampled.
    #[default]
    Cohort,
    /// Events and non-events apart; resampled within each class, the class of the first subject
    /// first, as rmda draws.
    CaseControl,
}

/// Choices of a decision curve.
///
/// | choice | default |
/// |---|---|
/// | [`rule`](Self::rule) | `risk >= threshold` |
/// | [`harm`](Self::harm) | 0 |
/// | [`prevalence`](Self::prevalence), [`case_control`](Self::case_control) | cohort, prevalence of the data |
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct DecisionCurveSettings {
    rule: Threshold,
    harm: f64,
    prevalence: Option<f64>,
    design: StudyDesign,
}

impl DecisionCurveSettings {
    /// `risk >= threshold`, no harm, a cohort with the prevalence of the data.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets when a risk is positive.
    pub fn rule(mut self, rule: Threshold) -> Self {
        self.rule = rule;
        self
    }

    /// Sets the harm of the test itself, in units of net benefit, subtracted at every threshold.
    /// It belongs to one model: see [`DecisionModel`] for models with different harms.
    pub fn harm(mut self, harm: f64) -> Self {
        self.harm = harm;
        self
    }

    /// Sets the prevalence of the target population. Resamples keep it; they are drawn as before.
    pub fn prevalence(mut self, prevalence: f64) -> Self {
        self.prevalence = Some(prevalence);
        self
    }

    /// Case-control data from a population with this prevalence: the prevalence is set, and
    /// subjects are resampled within each class.
    ///
    /// Risks are taken as they are. Those of a model that was fitted on the case-control data are
    /// risks of the sample; [`risks_at_prevalence`] moves them to the population.
    pub fn case_control(mut self, prevalence: f64) -> Self {
        self.prevalence = Some(prevalence);
        self.design = StudyDesign::CaseControl;
        self
    }

    fn check(&self) -> Result<()> {
        if !self.harm.is_finite() {
            return Err(Error::OutOfRange {
                name: "harm",
                value: self.harm,
                expected: "a finite number",
            });
        }
        match self.prevalence {
            Some(p) => check_prevalence(p),
            None => Ok(()),
        }
    }
}

fn check_prevalence(prevalence: f64) -> Result<()> {
    if prevalence > 0.0 && prevalence < 1.0 {
        return Ok(());
    }
    Err(Error::OutOfRange {
        name: "prevalence",
        value: prevalence,
        expected: "a share strictly between 0 and 1",
    })
}

/// Consequences of one threshold.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct DecisionPoint {
    /// Risk threshold.
    pub threshold: f64,
    /// Subjects of the data that are positive.
    pub n_positive: u64,
    /// Whether fewer than 10 subjects are positive: the point is noise, best not shown.
    pub few_positives: bool,
    /// Share of events that are positive; rmda's `TPR`.
    pub sensitivity: f64,
    /// Share of non-events that are negative; 1 less rmda's `FPR`.
    pub specificity: f64,
    /// Share of non-events that are positive; rmda's `FPR`.
    pub false_positive_rate: f64,
    /// Share of the population that is positive; rmda's `prob.high.risk`.
    pub high_risk: f64,
    /// Share of the population that is positive and has the event; rmda's `DP`, dcurves' `tp_rate`.
    pub high_risk_events: f64,
    /// Share of the population that is negative and has no event; rmda's `nonDP`.
    pub low_risk_non_events: f64,
    /// Net benefit.
    pub net_benefit: f64,
    /// Net benefit of treating all; that of treating none is 0.
    pub net_benefit_all: f64,
    /// Net benefit over prevalence, at most 1.
    pub standardized_net_benefit: f64,
    /// The same of treating all.
    pub standardized_net_benefit_all: f64,
    /// Net interventions avoided per subject against treating all; `None` at threshold 0. Times 100
    /// it is what dcurves calls `nper = 100`.
    pub interventions_avoided: Option<f64>,
}

impl DecisionPoint {
    fn new(threshold: f64, counts: &Counts, prevalence: f64, harm: f64) -> Self {
        let (n1, n0) = (f64::from(counts.n_events), f64::from(counts.n_non_events));
        let sensitivity = f64::from(counts.tp) / n1;
        let fpr = f64::from(counts.fp) / n0;
        let specificity = f64::from(counts.n_non_events - counts.fp) / n0;
        let odds = threshold / (1.0 - threshold);
        let (tp, fp) = (sensitivity * prevalence, fpr * (1.0 - prevalence));
        let net_benefit = tp - odds * fp - harm;
        let net_benefit_all = prevalence - odds * (1.0 - prevalence);
        let n_positive = u64::from(counts.tp) + u64::from(counts.fp);
        Self {
            threshold,
            n_positive,
            few_positives: n_positive < FEW,
            sensitivity,
            specificity,
            false_positive_rate: fpr,
            high_risk: tp + fp,
            high_risk_events: tp,
            low_risk_non_events: specificity * (1.0 - prevalence),
            net_benefit,
            net_benefit_all,
            standardized_net_benefit: net_benefit / prevalence,
            standardized_net_benefit_all: net_benefit_all / prevalence,
            interventions_avoided: (threshold > 0.0)
                .then(|| (net_benefit - net_benefit_all) / odds),
        }
    }

    /// Name and value of every number, in the order of the fields; NaN for what is `None`.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, f64)> + use<> {
        [
            ("threshold", self.threshold),
            ("n_positive", self.n_positive as f64),
            ("sensitivity", self.sensitivity),
            ("specificity", self.specificity),
            ("false_positive_rate", self.false_positive_rate),
            ("high_risk", self.high_risk),
            ("high_risk_events", self.high_risk_events),
            ("low_risk_non_events", self.low_risk_non_events),
            ("net_benefit", self.net_benefit),
            ("net_benefit_all", self.net_benefit_all),
            ("standardized_net_benefit", self.standardized_net_benefit),
            (
                "standardized_net_benefit_all",
                self.standardized_net_benefit_all,
            ),
            (
                "interventions_avoided",
                self.interventions_avoided.unwrap_or(f64::NAN),
            ),
        ]
        .into_iter()
    }
}

impl fmt::Display for DecisionPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "net benefit {:.4} at threshold {} (treat all {:.4}, {} positive)",
            self.net_benefit, self.threshold, self.net_benefit_all, self.n_positive
        )
    }
}

/// Decision curve of one model, with treat all beside it.
///
/// ```
/// use eval_stats::{Scored, decision_curve::{DecisionCurve, DecisionCurveSettings}};
/// let scored = Scored::new(&[0.1, 0.3, 0.6, 0.9], &[false, true, false, true])?;
/// let curve = DecisionCurve::new(&scored, &[0.0, 0.5], &DecisionCurveSettings::new())?;
/// assert_eq!(curve.points[0].net_benefit, 0.5);   // threshold 0: everybody, the prevalence
/// assert_eq!(curve.points[1].net_benefit, 0.0);   // one true and one false positive, odds 1
/// # Ok::<(), eval_stats::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct DecisionCurve {
    /// One point per threshold, in the order given.
    pub points: Vec<DecisionPoint>,
    /// Prevalence that was used.
    pub prevalence: f64,
    /// When a risk was positive.
    pub rule: Threshold,
    /// Harm that was subtracted.
    pub harm: f64,
    /// How the subjects came into the data.
    pub design: StudyDesign,
    /// Number of subjects.
    pub n: usize,
    /// Number of events.
    pub n_events: usize,
}

impl DecisionCurve {
    /// The curve of predicted risks. Costs `O(n + T log T)` for `T` thresholds after the sort that
    /// [`Scored`] has done.
    ///
    /// # Errors
    /// [`Error::NotProbability`] or [`Error::LowerIsEvent`] for scores that are not risks,
    /// [`Error::Empty`] without thresholds, [`Error::OutOfRange`] for a threshold outside `[0, 1)`
    /// or a bad setting.
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
        Ok(Self::of_counts(thresholds, &counts, settings))
    }

    fn of_counts(thresholds: &[f64], counts: &[Counts], settings: &DecisionCurveSettings) -> Self {
        let (n_events, n) = (counts[0].n_events as usize, counts[0].n());
        let prevalence = settings
            .prevalence
            .unwrap_or_else(|| n_events as f64 / n as f64);
        Self {
            points: thresholds
                .iter()
                .zip(counts)
                .map(|(&t, c)| DecisionPoint::new(t, c, prevalence, settings.harm))
                .collect(),
            prevalence,
            rule: settings.rule,
            harm: settings.harm,
            design: settings.design,
            n,
            n_events,
        }
    }
}

impl fmt::Display for DecisionCurve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "decision curve of {} subjects ({} events) at {} thresholds",
            self.n,
            self.n_events,
            self.points.len()
        )
    }
}

fn check_thresholds(thresholds: &[f64]) -> Result<()> {
    check_each(thresholds, |t| (0.0..1.0).contains(&t), "a risk in [0, 1)")
}

fn check_each(
    thresholds: &[f64],
    legal: impl Fn(f64) -> bool,
    expected: &'static str,
) -> Result<()> {
    if thresholds.is_empty() {
        return Err(Error::Empty { what: "thresholds" });
    }
    match thresholds.iter().find(|&&t| !legal(t)) {
        None => Ok(()),
        Some(&value) => Err(Error::OutOfRange {
            name: "threshold",
            value,
            expected,
        }),
    }
}

/// `n` thresholds from `low` to `high`, both included. A grid of decimals holds the same floats as
/// literals do (a risk of 0.07 is at the threshold 0.07). One threshold is `low`; none is empty.
///
/// ```
/// use eval_stats::decision_curve::threshold_grid;
/// let grid = threshold_grid(0.0, 0.99, 100);
/// assert_eq!((grid[7], grid[35], grid[99]), (0.07, 0.35, 0.99));
/// ```
pub fn threshold_grid(low: f64, high: f64, n: usize) -> Vec<f64> {
    const SCALES: [f64; 6] = [1.0, 10.0, 100.0, 1e3, 1e4, 1e5];
    if n < 2 {
        return vec![low; n];
    }
    let last = (n - 1) as f64;
    let whole = |x: f64| (x - x.round()).abs() < 1e-9 && x.abs() < 1e9;
    // The first power of ten that makes the ends and the step whole.
    let scale = SCALES
        .into_iter()
        .find(|s| whole(low * s) && whole(high * s) && whole((high - low) * s / last));
    let at = |i: f64| match scale {
        Some(s) => ((low * s).round() + ((high - low) * s / last).round() * i) / s,
        None if (low * last).is_finite() && (high * last).is_finite() => {
            (low * (last - i) + high * i) / last
        }
        None => low * ((last - i) / last) + high * (i / last),
    };
    (0..n).map(|i| at(i as f64)).collect()
}

/// Risks moved from the prevalence of a sample to that of a population, as a logistic model's
/// intercept is corrected for case-control sampling:
///
/// ```text
/// logit p' = logit p + logit(population) - logit(sample)
/// ```
///
/// Risks of exactly 0 and 1 stay.
///
/// ```
/// use eval_stats::decision_curve::risks_at_prevalence;
/// let p = risks_at_prevalence(&[0.5, 0.75], 0.5, 0.25)?;
/// assert_eq!(p, [0.25, 0.5]);      // odds 1 and 3, times 1/3
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::Empty`], [`Error::NotFinite`] and [`Error::NotProbability`] for the risks,
/// [`Error::OutOfRange`] for a prevalence outside (0, 1).
pub fn risks_at_prevalence(risks: &[f64], sample: f64, population: f64) -> Result<Vec<f64>> {
    crate::error::all_probabilities("risks", risks)?;
    check_prevalence(sample)?;
    check_prevalence(population)?;
    let (for_event, for_non_event) = (population * (1.0 - sample), sample * (1.0 - population));
    Ok(risks
        .iter()
        .map(|&p| {
            let (event, non_event) = (p * for_event, (1.0 - p) * for_non_event);
            // Both vanish only where they underflow; then the risk is at an end of its range.
            match event + non_event {
                total if total > 0.0 => event / total,
                _ => p,
            }
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grids_hold_literals() {
        let grid = threshold_grid(0.0, 0.99, 100);
        for (i, &t) in grid.iter().enumerate() {
            assert_eq!(t, format!("0.{i:02}").parse::<f64>().unwrap());
        }
        assert_eq!(threshold_grid(0.1, 0.2, 5), [0.1, 0.125, 0.15, 0.175, 0.2]);
        assert_eq!(threshold_grid(0.0, 1.0, 4)[3], 1.0);
        assert_eq!(threshold_grid(0.2, 0.5, 1), [0.2]);
        assert!(threshold_grid(0.2, 0.5, 0).is_empty());
    }

    #[test]
    fn a_risk_of_zero_is_positive_nowhere() {
        let scored = Scored::new(&[0.0, 0.0, 1.0], &[false, true, true]).unwrap();
        for rule in [Threshold::Ge, Threshold::Gt] {
            let settings = DecisionCurveSettings::new().rule(rule);
            let curve = DecisionCurve::new(&scored, &[0.5, 0.0, 0.5], &settings).unwrap();
            for point in &curve.points {
                assert_eq!(point.n_positive, 1);
                assert_eq!(point.sensitivity, 0.5);
            }
            assert_eq!(curve.points[0], curve.points[2]);
        }
    }

    #[test]
    fn odds_underflow_at_the_ends() {
        let p = risks_at_prevalence(&[0.0, 1.0, 5e-324], 0.5, 1e-300).unwrap();
        assert_eq!(p, [0.0, 1.0, 0.0]);
    }
}
