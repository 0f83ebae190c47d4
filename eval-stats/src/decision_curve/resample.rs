//! Decision curves of resamples: limits, and differences between models on the same resamples.

use std::fmt;

use super::cells::{Cell, Cells, Counts};
use super::{DecisionCurve, DecisionCurveSettings, DecisionPoint, StudyDesign};
use crate::bootstrap::Bootstrap;
use crate::error::{Error, Result, all_probabilities, check_level, same_length};
use crate::estimate::{percent, variance};
use crate::quantile::{QuantileType, of_sorted};
use crate::r_rng::RRng;
use crate::scored::Scored;

/// A model with its own settings: models may differ in the harm of their tests.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DecisionModel<'a> {
    scored: &'a Scored,
    settings: DecisionCurveSettings,
}

impl<'a> DecisionModel<'a> {
    /// Risks and the settings of their curve.
    pub fn new(scored: &'a Scored, settings: DecisionCurveSettings) -> Self {
        Self { scored, settings }
    }
}

/// Decision curves of one or more models, on the data and on resamples that the models share.
///
/// ```
/// use eval_stats::Scored;
/// use eval_stats::bootstrap::Bootstrap;
/// use eval_stats::decision_curve::{DecisionCurveSettings, DecisionModel, ResampledCurves};
/// let y = [false, true, false, true, false, true];
/// let (old, new) = (
///     Scored::new(&[0.2, 0.3, 0.6, 0.9, 0.4, 0.5], &y)?,
///     Scored::new(&[0.1, 0.6, 0.2, 0.9, 0.3, 0.7], &y)?,
/// );
/// let plain = DecisionCurveSettings::new();
/// let models = [DecisionModel::new(&new, plain.harm(0.01)), DecisionModel::new(&old, plain)];
/// let curves = ResampledCurves::new(&models, &[0.5], &Bootstrap::new().replicates(200))?;
/// // 0.5 less the harm, against 2/6 - 1/6 at odds of 1
/// let gain = curves.difference(0, 1, 0.95)?[0];
/// assert!((gain.value - (0.49 - 1.0 / 6.0)).abs() < 1e-15);
/// assert!(gain.low <= gain.value && gain.value <= gain.high);
/// # Ok::<(), eval_stats::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ResampledCurves {
    thresholds: Vec<f64>,
    curves: Vec<DecisionCurve>,
    settings: Vec<DecisionCurveSettings>,
    replicates: Replicates,
}

impl ResampledCurves {
    /// Resamples fixed risks: subjects are drawn as the study design says, rows are counted and
    /// never sorted again. A replicate costs `O(n + T)` per model for `T` thresholds.
    ///
    /// # Errors
    /// As [`DecisionCurve::new`] for each model; [`Error::Empty`] without models,
    /// [`Error::LengthMismatch`] or [`Error::DifferentOutcomes`] if the subjects differ,
    /// [`Error::Undefined`] if the models' settings differ in design, [`Error::TooFew`] for fewer
    /// than 2 replicates or if fewer than 2 have both classes.
    pub fn new(
        models: &[DecisionModel<'_>],
        thresholds: &[f64],
        bootstrap: &Bootstrap,
    ) -> Result<Self> {
        let Some((first, rest)) = models.split_first() else {
            return Err(Error::Empty { what: "models" });
        };
        for other in rest {
            first.scored.same_subjects(other.scored)?;
        }
        let curves = models
            .iter()
            .map(|m| DecisionCurve::new(m.scored, thresholds, &m.settings))
            .collect::<Result<_>>()?;
        let scored: Vec<&Scored> = models.iter().map(|m| m.scored).collect();
        let settings: Vec<_> = models.iter().map(|m| m.settings).collect();
        let cells = Cells::new(thresholds);
        Ok(Self {
            thresholds: thresholds.to_vec(),
            curves,
            replicates: Replicates::fixed(&scored, &settings, &cells, bootstrap)?,
            settings,
        })
    }

    /// Refits the models in every resample, as rmda does unless the risks are given. `refit` gets
    /// the rows of a resample in the order drawn (rows repeat) and returns the risks of those rows,
    /// one vector per element of `settings`; `None` says that a model could not be fitted, and the
    /// resample is left out. The curve itself is that of `refit(&[0, 1, ..., n - 1])`.
    ///
    /// Every model is judged on the rows that it was fitted on, so the curves are apparent ones and
    /// optimistic; only their spread accounts for the fit.
    ///
    /// ```
    /// use eval_stats::bootstrap::Bootstrap;
    /// use eval_stats::decision_curve::{DecisionCurveSettings, ResampledCurves};
    /// // The "model" is the event rate of the rows that it is given.
    /// let y = [true, false, false, false];
    /// let rate = |rows: &[usize]| {
    ///     let events = rows.iter().filter(|&&i| y[i]).count();
    ///     Some(vec![vec![events as f64 / rows.len() as f64; rows.len()]])
    /// };
    /// let settings = [DecisionCurveSettings::new()];
    /// let bootstrap = Bootstrap::new().replicates(200);
    /// let curves = ResampledCurves::refit(&y, &[0.2], &settings, &bootstrap, rate)?;
    /// // Everybody is positive at 0.25: 1/4 - 3/4 · 1/4.
    /// assert_eq!(curves.curves()[0].points[0].net_benefit, 0.0625);
    /// # Ok::<(), eval_stats::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::SingleClass`] for the outcomes; what `refit` returns for all rows
    /// is checked as [`DecisionCurve::new`] does ([`Error::Undefined`] if it is `None`);
    /// [`Error::LengthMismatch`] for another number of models or risks, [`Error::NotFinite`] and
    /// [`Error::NotProbability`] for risks of a resample; otherwise as [`ResampledCurves::new`].
    pub fn refit(
        outcomes: &[bool],
        thresholds: &[f64],
        settings: &[DecisionCurveSettings],
        bootstrap: &Bootstrap,
        refit: impl Fn(&[usize]) -> Option<Vec<Vec<f64>>> + Sync + Send,
    ) -> Result<Self> {
        if settings.is_empty() {
            return Err(Error::Empty { what: "settings" });
        }
        let rows: Vec<usize> = (0..outcomes.len()).collect();
        let Some(risks) = refit(&rows) else {
            return Err(Error::Undefined {
                statistic: "the decision curve of refitted models",
                reason: "the models could not be fitted on all rows",
            });
        };
        same_length("models of the refit", settings.len(), risks.len())?;
        let scored = risks
            .iter()
            .map(|r| Scored::new(r, outcomes))
            .collect::<Result<Vec<_>>>()?;
        let curves = scored
            .iter()
            .zip(settings)
            .map(|(s, settings)| DecisionCurve::new(s, thresholds, settings))
            .collect::<Result<_>>()?;
        let cells = Cells::new(thresholds);
        Ok(Self {
            thresholds: thresholds.to_vec(),
            curves,
            replicates: Replicates::refitted(outcomes, settings, &cells, bootstrap, refit)?,
            settings: settings.to_vec(),
        })
    }

    /// The curves on the data, one per model.
    pub fn curves(&self) -> &[DecisionCurve] {
        &self.curves
    }

    /// Replicates that were used.
    pub fn replicates(&self) -> usize {
        self.replicates.counts.len()
    }

    /// Replicates left out, because a class was missing or a model could not be fitted.
    pub fn left_out(&self) -> usize {
        self.replicates.left_out
    }

    /// Percentile limits (low, high) at every threshold of any number that a point has.
    ///
    /// ```
    /// use eval_stats::quantile::QuantileType;
    /// use eval_stats::{Scored, bootstrap::Bootstrap};
    /// use eval_stats::decision_curve::{DecisionCurveSettings, DecisionModel, ResampledCurves};
    /// let s = Scored::new(&[0.1, 0.2, 0.8, 0.9], &[false, false, true, true])?;     // perfect
    /// let model = DecisionModel::new(&s, DecisionCurveSettings::new());
    /// let curves = ResampledCurves::new(&[model], &[0.5], &Bootstrap::new().replicates(200))?;
    /// let limits = curves.limits(0, 0.95, QuantileType::Type7, |point| point.sensitivity)?;
    /// assert_eq!(limits, [(1.0, 1.0)]);
    /// # Ok::<(), eval_stats::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for the level or the number of the model.
    pub fn limits(
        &self,
        model: usize,
        level: f64,
        kind: QuantileType,
        measure: impl Fn(&DecisionPoint) -> f64,
    ) -> Result<Vec<(f64, f64)>> {
        check_level(level)?;
        self.check_model(model)?;
        Ok((0..self.thresholds.len())
            .map(|at| {
                let values = self.points(model, at).map(|p| measure(&p)).collect();
                percentile_limits(values, level, kind)
            })
            .collect())
    }

    /// Pointwise limits of a model's curve, percentiles of type 1 as rmda takes them.
    ///
    /// ```
    /// use eval_stats::{Scored, bootstrap::Bootstrap};
    /// use eval_stats::decision_curve::{DecisionCurveSettings, DecisionModel, ResampledCurves};
    /// let s = Scored::new(&[0.1, 0.2, 0.8, 0.9], &[false, false, true, true])?;     // perfect
    /// let model = DecisionModel::new(&s, DecisionCurveSettings::new());
    /// let curves = ResampledCurves::new(&[model], &[0.5], &Bootstrap::new().replicates(200))?;
    /// assert_eq!(curves.band(0, 0.95)?[0].standardized_net_benefit, (1.0, 1.0));
    /// # Ok::<(), eval_stats::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for the level or the number of the model.
    pub fn band(&self, model: usize, level: f64) -> Result<Vec<DecisionBand>> {
        check_level(level)?;
        self.check_model(model)?;
        Ok((0..self.thresholds.len())
            .map(|at| self.band_at(model, at, level))
            .collect())
    }

    fn band_at(&self, model: usize, at: usize, level: f64) -> DecisionBand {
        let points: Vec<DecisionPoint> = self.points(model, at).collect();
        let limits = |field: fn(&DecisionPoint) -> f64| {
            percentile_limits(
                points.iter().map(field).collect(),
                level,
                QuantileType::Type1,
            )
        };
        let prevalences = self
            .replicates
            .of(model, at)
            .map(|c| c.prevalence(&self.settings[model]))
            .collect();
        DecisionBand {
            threshold: self.thresholds[at],
            net_benefit: limits(|p| p.net_benefit),
            standardized_net_benefit: limits(|p| p.standardized_net_benefit),
            net_benefit_all: limits(|p| p.net_benefit_all),
            standardized_net_benefit_all: limits(|p| p.standardized_net_benefit_all),
            sensitivity: limits(|p| p.sensitivity),
            false_positive_rate: limits(|p| p.false_positive_rate),
            high_risk: limits(|p| p.high_risk),
            high_risk_events: limits(|p| p.high_risk_events),
            low_risk_non_events: limits(|p| p.low_risk_non_events),
            interventions_avoided: (self.thresholds[at] > 0.0)
                .then(|| limits(|p| p.interventions_avoided.unwrap_or_default())),
            prevalence: percentile_limits(prevalences, level, QuantileType::Type1),
            level,
        }
    }

    /// Net benefit of `first` minus that of `second`, paired, at every threshold.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for the level or the number of a model.
    pub fn difference(
        &self,
        first: usize,
        second: usize,
        level: f64,
    ) -> Result<Vec<NetBenefitDifference>> {
        self.check_model(second)?;
        self.minus(first, level, |curves, at| {
            let value = curves.curves[second].points[at].net_benefit;
            let replicates = curves.points(second, at).map(|p| p.net_benefit).collect();
            (value, replicates)
        })
    }

    /// Net benefit of a model minus that of treating all, paired, at every threshold.
    ///
    /// ```
    /// use eval_stats::{Scored, bootstrap::Bootstrap};
    /// use eval_stats::decision_curve::{DecisionCurveSettings, DecisionModel, ResampledCurves};
    /// let s = Scored::new(&[0.1, 0.2, 0.8, 0.9], &[false, false, true, true])?;     // perfect
    /// let model = DecisionModel::new(&s, DecisionCurveSettings::new());
    /// let curves = ResampledCurves::new(&[model], &[0.5], &Bootstrap::new().replicates(200))?;
    /// // At odds of 1 treating all gains nothing, a perfect model the prevalence.
    /// assert_eq!(curves.difference_from_all(0, 0.95)?[0].value, 0.5);
    /// # Ok::<(), eval_stats::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for the level or the number of the model.
    pub fn difference_from_all(
        &self,
        model: usize,
        level: f64,
    ) -> Result<Vec<NetBenefitDifference>> {
        self.minus(model, level, |curves, at| {
            let value = curves.curves[model].points[at].net_benefit_all;
            let all = curves.points(model, at).map(|p| p.net_benefit_all);
            (value, all.collect())
        })
    }

    fn minus(
        &self,
        model: usize,
        level: f64,
        rival: impl Fn(&Self, usize) -> (f64, Vec<f64>),
    ) -> Result<Vec<NetBenefitDifference>> {
        check_level(level)?;
        self.check_model(model)?;
        Ok((0..self.thresholds.len())
            .map(|at| {
                let (value, rival) = rival(self, at);
                let differences: Vec<f64> = self
                    .points(model, at)
                    .zip(rival)
                    .map(|(p, r)| p.net_benefit - r)
                    .collect();
                let std_error = variance(&differences).sqrt();
                let (low, high) = percentile_limits(differences, level, QuantileType::Type7);
                NetBenefitDifference {
                    threshold: self.thresholds[at],
                    value: self.curves[model].points[at].net_benefit - value,
                    std_error,
                    low,
                    high,
                    level,
                }
            })
            .collect())
    }

    fn check_model(&self, model: usize) -> Result<()> {
        if model < self.curves.len() {
            return Ok(());
        }
        Err(Error::OutOfRange {
            name: "model",
            value: model as f64,
            expected: "the number of one of the models, from 0",
        })
    }

    fn points(&self, model: usize, at: usize) -> impl Iterator<Item = DecisionPoint> {
        let (settings, threshold) = (&self.settings[model], self.thresholds[at]);
        self.replicates
            .of(model, at)
            .map(move |c| DecisionPoint::new(threshold, c, c.prevalence(settings), settings.harm))
    }
}

impl fmt::Display for ResampledCurves {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "decision curves of {} models at {} thresholds on {} resamples",
            self.curves.len(),
            self.thresholds.len(),
            self.replicates()
        )
    }
}

/// Percentile limits (low, high) of a decision curve at one threshold.
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
    /// Limits of the standardized net benefit of treating all.
    pub standardized_net_benefit_all: (f64, f64),
    /// Limits of the share of events that are positive.
    pub sensitivity: (f64, f64),
    /// Limits of the share of non-events that are positive.
    pub false_positive_rate: (f64, f64),
    /// Limits of the share at high risk.
    pub high_risk: (f64, f64),
    /// Limits of the share at high risk with the event.
    pub high_risk_events: (f64, f64),
    /// Limits of the share at low risk without the event.
    pub low_risk_non_events: (f64, f64),
    /// Limits of the interventions avoided per subject; `None` at threshold 0.
    pub interventions_avoided: Option<(f64, f64)>,
    /// Limits of the prevalence: both are the prevalence that was given from outside, if one was.
    pub prevalence: (f64, f64),
    /// Confidence level.
    pub level: f64,
}

/// Pointwise bootstrap limits of a decision curve, as rmda computes them: subjects of a cohort are
/// resampled without regard to the outcome (prevalence varies too), those of case-control data
/// within each class; type-1 percentiles at each threshold.
///
/// Replicates that happen to have one class only are left out.
///
/// ```
/// use eval_stats::{Scored, bootstrap::Bootstrap};
/// use eval_stats::decision_curve::{self, DecisionCurveSettings};
/// let s = Scored::new(&[0.1, 0.2, 0.8, 0.9], &[false, false, true, true])?;     // perfect
/// let bootstrap = Bootstrap::new().replicates(200);
/// let plain = DecisionCurveSettings::new();
/// let band = decision_curve::bootstrap(&s, &[0.5], &plain, &bootstrap, 0.95)?;
/// assert_eq!(band[0].standardized_net_benefit, (1.0, 1.0));
/// # Ok::<(), eval_stats::Error>(())
/// ```
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
    ResampledCurves::new(
        &[DecisionModel::new(scored, *settings)],
        thresholds,
        bootstrap,
    )?
    .band(0, level)
}

/// Difference in net benefit at one threshold.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct NetBenefitDifference {
    /// Risk threshold.
    pub threshold: f64,
    /// Net benefit of the first model minus that of the second.
    pub value: f64,
    /// Standard deviation of the replicates.
    pub std_error: f64,
    /// Lower percentile limit (type 7).
    pub low: f64,
    /// Upper percentile limit (type 7).
    pub high: f64,
    /// Confidence level.
    pub level: f64,
}

impl NetBenefitDifference {
    /// Name and value of every number, in the order of the fields.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, f64)> + use<> {
        [
            ("threshold", self.threshold),
            ("value", self.value),
            ("std_error", self.std_error),
            ("low", self.low),
            ("high", self.high),
            ("level", self.level),
        ]
        .into_iter()
    }
}

impl fmt::Display for NetBenefitDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "difference in net benefit {:.4} ({}% CI {:.4} to {:.4}, bootstrap percentile) at threshold {}",
            self.value,
            percent(self.level),
            self.low,
            self.high,
            self.threshold
        )
    }
}

/// Compares two models on the same subjects, with paired bootstrap limits. The limits of two equal
/// models are 0. For models with different harms see [`ResampledCurves`].
///
/// ```
/// use eval_stats::{Scored, bootstrap::Bootstrap};
/// use eval_stats::decision_curve::{DecisionCurveSettings, compare};
/// let y = [false, false, true, true];
/// let a = Scored::new(&[0.1, 0.2, 0.8, 0.9], &y)?;
/// let b = Scored::new(&[0.6, 0.2, 0.8, 0.9], &y)?;  // one false positive of four
/// let bootstrap = Bootstrap::new().replicates(200);
/// let gain = compare(&a, &b, &[0.5], &DecisionCurveSettings::new(), &bootstrap, 0.95)?;
/// assert_eq!(gain[0].value, 0.25);
/// # Ok::<(), eval_stats::Error>(())
/// ```
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
    let models = [a, b].map(|scored| DecisionModel::new(scored, *settings));
    ResampledCurves::new(&models, thresholds, bootstrap)?.difference(0, 1, level)
}

pub(super) fn percentile_limits(
    mut values: Vec<f64>,
    level: f64,
    kind: QuantileType,
) -> (f64, f64) {
    values.sort_by(f64::total_cmp);
    let tail = 0.5 * (1.0 - level);
    (
        of_sorted(&values, tail, kind),
        of_sorted(&values, 1.0 - tail, kind),
    )
}

impl Counts {
    pub(super) fn prevalence(&self, settings: &DecisionCurveSettings) -> f64 {
        settings
            .prevalence
            .unwrap_or_else(|| f64::from(self.n_events) / self.n() as f64)
    }
}

/// Counts at every threshold of every model and resample.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Replicates {
    /// One vector per resample, thresholds within models.
    counts: Vec<Vec<Counts>>,
    n_thresholds: usize,
    left_out: usize,
}

impl Replicates {
    /// Counts of a model at a threshold, over the resamples.
    pub(super) fn of(&self, model: usize, at: usize) -> impl Iterator<Item = &Counts> {
        let k = model * self.n_thresholds + at;
        self.counts.iter().map(move |c| &c[k])
    }

    pub(super) fn fixed(
        models: &[&Scored],
        settings: &[DecisionCurveSettings],
        cells: &Cells,
        bootstrap: &Bootstrap,
    ) -> Result<Self> {
        let outcomes = models[0].outcomes();
        let plan = Plan::new(outcomes, settings)?;
        let of_subjects: Vec<Vec<u32>> = models.iter().map(|m| cells.of_subjects(m)).collect();
        let drawn = bootstrap.run(
            || vec![vec![[0; 2]; cells.len()]; models.len()],
            |rng, memory: &mut Vec<Vec<Cell>>| {
                memory.iter_mut().for_each(|m| m.fill([0; 2]));
                plan.draw(rng, |i| {
                    let class = usize::from(!outcomes[i]);
                    for (memory, of_subject) in memory.iter_mut().zip(&of_subjects) {
                        memory[of_subject[i] as usize][class] += 1;
                    }
                });
                tally(cells, memory, settings)
            },
        )?;
        Self::collect(drawn, cells)
    }

    fn refitted(
        outcomes: &[bool],
        settings: &[DecisionCurveSettings],
        cells: &Cells,
        bootstrap: &Bootstrap,
        refit: impl Fn(&[usize]) -> Option<Vec<Vec<f64>>> + Sync + Send,
    ) -> Result<Self> {
        let plan = Plan::new(outcomes, settings)?;
        let drawn = bootstrap.run(Vec::new, |rng, rows: &mut Vec<usize>| {
            rows.clear();
            plan.draw(rng, |i| rows.push(i));
            let n_events = rows.iter().filter(|&&i| outcomes[i]).count();
            if n_events == 0 || n_events == rows.len() {
                return Ok(None);
            }
            let Some(risks) = refit(rows) else {
                return Ok(None);
            };
            same_length("models of the refit", settings.len(), risks.len())?;
            let mut memory = vec![vec![[0; 2]; cells.len()]; risks.len()];
            for (memory, risks) in memory.iter_mut().zip(&risks) {
                same_length("risks of the refit", rows.len(), risks.len())?;
                all_probabilities("risks of the refit", risks)?;
                for (&risk, &i) in risks.iter().zip(rows.iter()) {
                    memory[cells.of(risk)][usize::from(!outcomes[i])] += 1;
                }
            }
            Ok(tally(cells, &memory, settings))
        })?;
        Self::collect(drawn.into_iter().collect::<Result<Vec<_>>>()?, cells)
    }

    fn collect(drawn: Vec<Option<Vec<Counts>>>, cells: &Cells) -> Result<Self> {
        let n = drawn.len();
        let counts: Vec<Vec<Counts>> = drawn.into_iter().flatten().collect();
        if counts.len() < 2 {
            return Err(Error::TooFew {
                what: "bootstrap replicates with both classes",
                found: counts.len(),
                required: 2,
            });
        }
        Ok(Self {
            left_out: n - counts.len(),
            counts,
            n_thresholds: cells.n_thresholds(),
        })
    }
}

/// Counts of a resample, models after each other; `None` if a class is missing.
fn tally(
    cells: &Cells,
    memory: &[Vec<Cell>],
    settings: &[DecisionCurveSettings],
) -> Option<Vec<Counts>> {
    let counts: Vec<Counts> = memory
        .iter()
        .zip(settings)
        .flat_map(|(memory, settings)| cells.counts(memory, settings.rule))
        .collect();
    counts
        .first()
        .is_some_and(|c| c.n_events > 0 && c.n_non_events > 0)
        .then_some(counts)
}

/// How the subjects of a resample are drawn.
enum Plan {
    Cohort { n: usize },
    Strata([Vec<usize>; 2]),
}

impl Plan {
    fn new(outcomes: &[bool], settings: &[DecisionCurveSettings]) -> Result<Self> {
        let design = settings[0].design;
        if settings.iter().any(|s| s.design != design) {
            return Err(Error::Undefined {
                statistic: "the paired bootstrap",
                reason: "the models' settings differ in study design",
            });
        }
        let of = |class: bool| (0..outcomes.len()).filter(move |&i| outcomes[i] == class);
        Ok(match design {
            StudyDesign::Cohort => Self::Cohort { n: outcomes.len() },
            StudyDesign::CaseControl => {
                let first = outcomes.first().copied().unwrap_or_default();
                Self::Strata([of(first).collect(), of(!first).collect()])
            }
        })
    }

    fn draw(&self, rng: &mut RRng, mut take: impl FnMut(usize)) {
        match self {
            Self::Cohort { n } => (0..*n).for_each(|_| take(rng.index(*n))),
            Self::Strata(strata) => {
                for stratum in strata {
                    for _ in 0..stratum.len() {
                        take(stratum[rng.index(stratum.len())]);
                    }
                }
            }
        }
    }
}
