//! Decision curve analysis: the net benefit of treating those above a risk threshold.
//!
//! With `n` subjects, prevalence `π`, sensitivity `se` and specificity `sp` at threshold `t`:
//!
//! ```text
//! net benefit            NB = se π - (1 - sp)(1 - π) t/(1 - t) - harm
//! treat all              NB = π - (1 - π) t/(1 - t)          treat none   NB = 0
//! standardized           NB / π
//! interventions avoided  (NB - NB of treat all) / (t/(1 - t))   per subject
//! opt-out                sp (1 - π) - (1 - se) π (1 - t)/t
//! ```
//!
//! Reference: Vickers and Elkin, Med. Decis. Making 26 (2006) 565-574,
//! doi:10.1177/0272989X06295361.
//!
//! # Differences
//! rmda counts `risk > t`, dcurves `risk >= t`; they disagree exactly where a risk equals a
//! threshold. The rule is an argument here, `>=` by default. With `>=` a risk of exactly 0 is
//! positive at no threshold (dcurves nudges it below 0). At `t = 1` the odds are infinite:
//! thresholds must lie in `[0, 1)`, where rmda returns NaN or infinite rows.

use std::fmt;

use crate::bootstrap::{Bootstrap, Levels};
use crate::confusion::Threshold;
use crate::error::{Error, Result, check_level, same_length};
use crate::quantile::{QuantileType, of_sorted};
use crate::scored::{Scored, Tie};

/// Choices of a decision curve.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct DecisionCurveSettings {
    rule: Threshold,
    harm: f64,
    prevalence: Option<f64>,
}

impl DecisionCurveSettings {
    /// `risk >= threshold`, no harm, prevalence of the data.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets when a risk is positive.
    pub fn rule(mut self, rule: Threshold) -> Self {
        self.rule = rule;
        self
    }

    /// Sets the harm of the test itself, in units of net benefit, subtracted at every threshold.
    pub fn harm(mut self, harm: f64) -> Self {
        self.harm = harm;
        self
    }

    /// Sets the prevalence of the target population, for case-control data or transport.
    pub fn prevalence(mut self, prevalence: f64) -> Self {
        self.prevalence = Some(prevalence);
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
            Some(p) if !(p > 0.0 && p < 1.0) => Err(Error::OutOfRange {
                name: "prevalence",
                value: p,
                expected: "a share strictly between 0 and 1",
            }),
            _ => Ok(()),
        }
    }
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
    /// Share of events that are positive.
    pub sensitivity: f64,
    /// Share of non-events that are negative.
    pub specificity: f64,
    /// Share of the population that is positive.
    pub high_risk: f64,
    /// Share of the population that is positive and has the event.
    pub high_risk_events: f64,
    /// Net benefit.
    pub net_benefit: f64,
    /// Net benefit of treating all; that of treating none is 0.
    pub net_benefit_all: f64,
    /// Net benefit over prevalence, at most 1.
    pub standardized_net_benefit: f64,
    /// Net interventions avoided per subject against treating all; `None` at threshold 0.
    pub interventions_avoided: Option<f64>,
    /// Net benefit of the opt-out policy (treating is the default); `None` at threshold 0.
    pub net_benefit_opt_out: Option<f64>,
}

impl DecisionPoint {
    fn new(threshold: f64, counts: Counts, prevalence: f64, harm: f64) -> Self {
        let (n1, n0) = (counts.n_events as f64, counts.n_non_events as f64);
        let sensitivity = counts.tp as f64 / n1;
        let fpr = counts.fp as f64 / n0;
        let specificity = (counts.n_non_events - counts.fp) as f64 / n0;
        let odds = threshold / (1.0 - threshold);
        let (tp, fp) = (sensitivity * prevalence, fpr * (1.0 - prevalence));
        let net_benefit = tp - odds * fp - harm;
        let net_benefit_all = prevalence - odds * (1.0 - prevalence);
        let known = threshold > 0.0;
        Self {
            threshold,
            n_positive: counts.tp + counts.fp,
            sensitivity,
            specificity,
            high_risk: tp + fp,
            high_risk_events: tp,
            net_benefit,
            net_benefit_all,
            standardized_net_benefit: net_benefit / prevalence,
            interventions_avoided: known.then(|| (net_benefit - net_benefit_all) / odds),
            net_benefit_opt_out: known.then(|| {
                specificity * (1.0 - prevalence) - (1.0 - sensitivity) * prevalence / odds
            }),
        }
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
    /// Number of subjects.
    pub n: usize,
    /// Number of events.
    pub n_events: usize,
}

impl DecisionCurve {
    /// The curve of predicted risks.
    ///
    /// # Errors
    /// [`Error::NotProbability`], [`Error::Empty`] without thresholds, [`Error::OutOfRange`] for a
    /// threshold outside `[0, 1)` or a bad setting.
    pub fn new(
        scored: &Scored,
        thresholds: &[f64],
        settings: &DecisionCurveSettings,
    ) -> Result<Self> {
        scored.risks()?;
        settings.check()?;
        let sweep = Sweep::new(scored, thresholds, settings.rule)?;
        let prevalence = settings.prevalence.unwrap_or_else(|| scored.prevalence());
        let ties = scored.ties();
        let counts = sweep.counts(|level| {
            (
                u64::from(ties[level].events),
                u64::from(ties[level].non_events),
            )
        });
        Ok(Self {
            points: thresholds
                .iter()
                .zip(counts)
                .map(|(&t, c)| DecisionPoint::new(t, c, prevalence, settings.harm))
                .collect(),
            prevalence,
            rule: settings.rule,
            harm: settings.harm,
            n: scored.n(),
            n_events: scored.n_events(),
        })
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

/// Positive subjects at one threshold.
#[derive(Debug, Clone, Copy)]
struct Counts {
    tp: u64,
    fp: u64,
    n_events: u64,
    n_non_events: u64,
}

/// For every threshold the first tie level that is positive, so that a sweep over counts needs no
/// comparison of scores.
struct Sweep {
    first_positive: Vec<usize>,
    /// Thresholds by decreasing first positive level.
    order: Vec<usize>,
    n_levels: usize,
}

impl Sweep {
    fn new(scored: &Scored, thresholds: &[f64], rule: Threshold) -> Result<Self> {
        check_thresholds(thresholds)?;
        let ties = scored.ties();
        let positive = |t: &Tie, threshold: f64| match rule {
            Threshold::Ge => t.score >= threshold && t.score > 0.0,
            Threshold::Gt => t.score > threshold,
        };
        let first_positive: Vec<usize> = thresholds
            .iter()
            .map(|&threshold| ties.partition_point(|t| !positive(t, threshold)))
            .collect();
        let mut order: Vec<usize> = (0..thresholds.len()).collect();
        order.sort_by_key(|&i| std::cmp::Reverse(first_positive[i]));
        Ok(Self {
            first_positive,
            order,
            n_levels: ties.len(),
        })
    }

    /// Counts at every threshold; `at(level)` gives events and non-events of a tie level.
    fn counts(&self, at: impl Fn(usize) -> (u64, u64)) -> Vec<Counts> {
        let zero = Counts {
            tp: 0,
            fp: 0,
            n_events: 0,
            n_non_events: 0,
        };
        let mut counts = vec![zero; self.first_positive.len()];
        let (mut tp, mut fp) = (0, 0);
        let mut level = self.n_levels;
        let mut take = |down_to: usize, tp: &mut u64, fp: &mut u64| {
            while level > down_to {
                level -= 1;
                let (e, d) = at(level);
                *tp += e;
                *fp += d;
            }
        };
        for &i in &self.order {
            take(self.first_positive[i], &mut tp, &mut fp);
            (counts[i].tp, counts[i].fp) = (tp, fp);
        }
        take(0, &mut tp, &mut fp);
        for c in &mut counts {
            (c.n_events, c.n_non_events) = (tp, fp);
        }
        counts
    }
}

fn check_thresholds(thresholds: &[f64]) -> Result<()> {
    if thresholds.is_empty() {
        return Err(Error::Empty { what: "thresholds" });
    }
    match thresholds.iter().find(|t| !(0.0..1.0).contains(*t)) {
        None => Ok(()),
        Some(&value) => Err(Error::OutOfRange {
            name: "threshold",
            value,
            expected: "a risk in [0, 1)",
        }),
    }
}

/// `n` thresholds from `low` to `high`, both included, each computed from whole numbers so that a
/// grid in hundredths holds the same floats as literals do.
///
/// # Panics
/// If `n < 2` or the limits are not finite.
pub fn threshold_grid(low: f64, high: f64, n: usize) -> Vec<f64> {
    assert!(
        n >= 2 && low.is_finite() && high.is_finite(),
        "a grid needs two finite ends"
    );
    let last = (n - 1) as f64;
    (0..n)
        .map(|i| {
            let i = i as f64;
            (low * (last - i) + high * i) / last
        })
        .collect()
}

/// Percentile limits of a decision curve at one threshold.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct DecisionBand {
    /// Risk threshold.
    pub threshold: f64,
    /// Limits of the net benefit.
    pub net_benefit: (f64, f64),
    /// Limits of the standardized net benefit.
    pub standardized_net_benefit: (f64, f64),
    /// Limits of the net benefit of treating all.
    pub net_benefit_all: (f64, f64),
    /// Limits of the share at high risk.
    pub high_risk: (f64, f64),
    /// Limits of the share at high risk with the event.
    pub high_risk_events: (f64, f64),
}

/// Pointwise bootstrap limits of a decision curve, as rmda computes them: subjects resampled
/// without regard to the outcome (prevalence varies too), type-1 percentiles at each threshold.
///
/// Replicates that happen to have one class only are left out.
///
/// # Errors
/// As [`DecisionCurve::new`], [`Error::OutOfRange`] for the level, [`Error::TooFew`] for fewer than
/// 2 replicates or if fewer than 2 have both classes.
pub fn bootstrap(
    scored: &Scored,
    thresholds: &[f64],
    settings: &DecisionCurveSettings,
    bootstrap: &Bootstrap,
    level: f64,
) -> Result<Vec<DecisionBand>> {
    check_level(level)?;
    let replicates = resampled_points(&[scored], thresholds, settings, bootstrap)?;
    let limits = |at: usize, field: fn(&DecisionPoint) -> f64| {
        let values = replicates.iter().map(|r| field(&r[0][at])).collect();
        percentile_limits(values, level, QuantileType::Type1)
    };
    Ok(thresholds
        .iter()
        .enumerate()
        .map(|(i, &threshold)| DecisionBand {
            threshold,
            net_benefit: limits(i, |p| p.net_benefit),
            standardized_net_benefit: limits(i, |p| p.standardized_net_benefit),
            net_benefit_all: limits(i, |p| p.net_benefit_all),
            high_risk: limits(i, |p| p.high_risk),
            high_risk_events: limits(i, |p| p.high_risk_events),
        })
        .collect())
}

/// Difference in net benefit between two models at one threshold.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct NetBenefitDifference {
    /// Risk threshold.
    pub threshold: f64,
    /// Net benefit of the first model minus that of the second.
    pub value: f64,
    /// Lower percentile limit (type 7).
    pub low: f64,
    /// Upper percentile limit (type 7).
    pub high: f64,
    /// Confidence level.
    pub level: f64,
}

/// Compares two models on the same subjects, with paired bootstrap limits.
///
/// # Errors
/// As [`bootstrap`], and [`Error::LengthMismatch`] or [`Error::DifferentOutcomes`] if the subjects
/// differ.
pub fn compare(
    a: &Scored,
    b: &Scored,
    thresholds: &[f64],
    settings: &DecisionCurveSettings,
    bootstrap: &Bootstrap,
    level: f64,
) -> Result<Vec<NetBenefitDifference>> {
    check_level(level)?;
    a.same_subjects(b)?;
    let first = DecisionCurve::new(a, thresholds, settings)?;
    let second = DecisionCurve::new(b, thresholds, settings)?;
    let replicates = resampled_points(&[a, b], thresholds, settings, bootstrap)?;
    Ok((0..thresholds.len())
        .map(|i| {
            let values = replicates
                .iter()
                .map(|r| r[0][i].net_benefit - r[1][i].net_benefit)
                .collect();
            let (low, high) = percentile_limits(values, level, QuantileType::Type7);
            NetBenefitDifference {
                threshold: thresholds[i],
                value: first.points[i].net_benefit - second.points[i].net_benefit,
                low,
                high,
                level,
            }
        })
        .collect())
}

fn percentile_limits(mut values: Vec<f64>, level: f64, kind: QuantileType) -> (f64, f64) {
    values.sort_by(f64::total_cmp);
    let tail = 0.5 * (1.0 - level);
    (
        of_sorted(&values, tail, kind),
        of_sorted(&values, 1.0 - tail, kind),
    )
}

/// Decision points of every replicate and model, the same subjects for all models.
fn resampled_points(
    models: &[&Scored],
    thresholds: &[f64],
    settings: &DecisionCurveSettings,
    bootstrap: &Bootstrap,
) -> Result<Vec<Vec<Vec<DecisionPoint>>>> {
    settings.check()?;
    for m in models {
        m.risks()?;
        same_length("scores", models[0].n(), m.n())?;
    }
    let n = models[0].n();
    let outcomes = models[0].outcomes();
    let sweeps = models
        .iter()
        .map(|m| Sweep::new(m, thresholds, settings.rule))
        .collect::<Result<Vec<_>>>()?;
    let levels: Vec<Levels> = models.iter().map(|m| Levels::new(m)).collect();
    let replicates = bootstrap.run(
        || -> Vec<Vec<(u64, u64)>> { levels.iter().map(|l| vec![(0, 0); l.n_levels]).collect() },
        |rng, counts| {
            counts.iter_mut().for_each(|c| c.fill((0, 0)));
            for _ in 0..n {
                let i = rng.index(n);
                for (c, l) in counts.iter_mut().zip(&levels) {
                    let cell = &mut c[l.of_subject[i] as usize];
                    if outcomes[i] {
                        cell.0 += 1;
                    } else {
                        cell.1 += 1;
                    }
                }
            }
            let n_events: u64 = counts[0].iter().map(|c| c.0).sum();
            if n_events == 0 || n_events == n as u64 {
                return None;
            }
            let prevalence = settings.prevalence.unwrap_or(n_events as f64 / n as f64);
            Some(
                sweeps
                    .iter()
                    .zip(counts.iter())
                    .map(|(sweep, c)| {
                        sweep
                            .counts(|level| c[level])
                            .into_iter()
                            .zip(thresholds)
                            .map(|(counts, &t)| {
                                DecisionPoint::new(t, counts, prevalence, settings.harm)
                            })
                            .collect()
                    })
                    .collect(),
            )
        },
    )?;
    let usable: Vec<_> = replicates.into_iter().flatten().collect();
    if usable.len() < 2 {
        return Err(Error::TooFew {
            what: "bootstrap replicates with both classes",
            found: usable.len(),
            required: 2,
        });
    }
    Ok(usable)
}
