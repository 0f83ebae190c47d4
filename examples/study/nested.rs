//! What a study's models are worth on patients they have not seen: the whole study, from deep features to the final model, is fitted anew without each
//! fold of the training patients and judged on that fold. The same on shuffled outcomes must come out at chance.
//!
//! The mean over folds is weighted by the pairs of an event and a non-event that a fold can compare. The spread over folds is no standard error: folds
//! share training patients.

use std::path::Path;

use anyhow::Context;
use eval_stats::Scored;
use eval_stats::folds::Folds;
use serde_json::json;

use super::cache::{StepKey, StepMemory};
use super::features::TrainingRows;
use super::fit::{CLINICAL, COMBINED, RegionScores, fit_models, fit_region};
use super::outlines::RegionRows;
use super::pipeline::StudySettings;
use crate::atomic_file::write_atomically;
use crate::cohort::{Cohort, shuffled};
use crate::progress;
use crate::table_file::{Cell, write_csv};

/// Seeds of the outer folds keep away from those of the folds inside.
const OUTER_SEED: u32 = 0x5eed_0000;

/// How a study is judged on patients it has not seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NestedSettings {
    /// Outer folds; 0 leaves the estimate out.
    pub folds: usize,
    /// Repeats with other folds.
    pub repeats: usize,
    /// Runs on shuffled outcomes.
    pub controls: usize,
    /// Seed of folds and shuffles.
    pub seed: u32,
}

/// One model in one outer fold.
#[derive(Debug, Clone, PartialEq)]
pub struct NestedFold {
    /// Name of the model.
    pub model: String,
    /// Repeat, from 0.
    pub repeat: usize,
    /// Fold, from 0.
    pub fold: usize,
    /// Patients held out.
    pub n: usize,
    /// Events among them.
    pub events: usize,
    /// AUC on them; 1/2 where the fold has no such model.
    pub auc: f64,
    /// AUC on the patients fitted on; 1/2 where the fold has no such model.
    pub apparent_auc: f64,
    /// Whether the fold has such a model: some feature or predictor was selected.
    pub has_model: bool,
}

/// A study's models in all outer folds.
#[derive(Debug, Clone, PartialEq)]
pub struct NestedEstimate {
    /// By repeat, fold and model.
    pub folds: Vec<NestedFold>,
}

/// One model over all outer folds.
#[derive(Debug, Clone, PartialEq)]
pub struct NestedModel {
    /// Its name.
    pub model: String,
    /// Mean AUC on patients held out.
    pub auc: f64,
    /// Standard deviation of the AUC over folds; not a standard error.
    pub standard_deviation: f64,
    /// Mean AUC on the patients fitted on.
    pub apparent_auc: f64,
    /// Folds that have such a model.
    pub n_with_model: usize,
    /// All folds.
    pub n_folds: usize,
}

/// What a study is worth, and what shuffled outcomes give.
#[derive(Debug, Clone, PartialEq)]
pub struct NestedValidation {
    /// With the outcomes as they are.
    pub estimate: NestedEstimate,
    /// With the outcomes of training patients shuffled.
    pub controls: Vec<NestedEstimate>,
    /// Standard deviation of an AUC by chance, for as many patients as were held out in all folds together.
    pub chance_deviation: f64,
}

/// Judges the whole study.
///
/// # Errors
/// [`NotPossible`] for training patients who are too few for so many folds, or for a step within them; when the memory cannot be written.
pub fn judge(
    cohort: &Cohort,
    rows: &[RegionRows],
    settings: &StudySettings,
    training: &TrainingRows,
    memory: &StepMemory,
) -> anyhow::Result<NestedValidation> {
    let runner = Runner {
        cohort,
        rows,
        settings,
        memory,
        digests: rows.iter().map(|rows| rows.digest(cohort)).collect(),
    };
    let NestedSettings { seed, controls, .. } = settings.nested;
    let estimate = runner.estimate(training, "nested cross-validation")?;
    let controls = (0..controls)
        .map(|number| {
            let shuffled = TrainingRows {
                outcome: shuffled(&training.outcome, &training.patients, seed, number as u64),
                patients: training.patients.clone(),
            };
            runner.estimate(&shuffled, "the same with shuffled outcomes")
        })
        .collect::<anyhow::Result<_>>()?;
    let events = |patient: &&usize| training.outcome[**patient];
    let n_events = training.patients.iter().filter(events).count();
    Ok(NestedValidation {
        estimate,
        controls,
        chance_deviation: chance_deviation(n_events, training.patients.len() - n_events),
    })
}

/// Standard deviation of the AUC of a score that knows nothing (Mann and Whitney, 1947).
pub fn chance_deviation(n_events: usize, n_others: usize) -> f64 {
    let (a, b) = (n_events as f64, n_others as f64);
    ((a + b + 1.0) / (12.0 * a * b)).sqrt()
}

/// Training patients that do not allow a step of an outer fold: the estimate cannot be had, everything else can.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotPossible(String);

impl NotPossible {
    pub(super) fn because(error: &anyhow::Error) -> Self {
        Self(format!("{error:#}"))
    }
}

impl std::fmt::Display for NotPossible {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NotPossible {}

/// All that the fits of the outer folds have in common.
struct Runner<'a> {
    cohort: &'a Cohort,
    rows: &'a [RegionRows],
    settings: &'a StudySettings,
    memory: &'a StepMemory,
    /// Hash of each region's rows.
    digests: Vec<String>,
}

impl Runner<'_> {
    fn estimate(&self, training: &TrainingRows, what: &str) -> anyhow::Result<NestedEstimate> {
        let NestedSettings {
            folds: n_folds,
            repeats,
            seed,
            ..
        } = self.settings.nested;
        let outcome: Vec<bool> = training
            .patients
            .iter()
            .map(|&patient| training.outcome[patient])
            .collect();
        let bar = progress::bar(n_folds * repeats, what);
        let mut folds = Vec::new();
        for repeat in 0..repeats {
            let seed = seed.wrapping_add(OUTER_SEED).wrapping_add(repeat as u32);
            let outer = Folds::stratified(&outcome, n_folds, seed)
                .map_err(|error| NotPossible::because(&error.into()))
                .with_context(|| format!("{what}: {n_folds} folds of the training patients"))?;
            for fold in 0..n_folds {
                let of = |indices: Vec<usize>| -> Vec<usize> {
                    indices.into_iter().map(|k| training.patients[k]).collect()
                };
                let inner = TrainingRows {
                    patients: of(outer.train_indices(fold)),
                    outcome: training.outcome.clone(),
                };
                let held_out = of(outer.test_indices(fold));
                let made = self
                    .fold(&inner, &held_out)
                    .with_context(|| format!("{what}, fold {} of {n_folds}", fold + 1))?;
                folds.extend(made.into_iter().map(|made| NestedFold {
                    repeat,
                    fold,
                    ..made
                }));
                bar.inc(1);
            }
        }
        bar.finish_and_clear();
        Ok(NestedEstimate { folds })
    }

    /// All models fitted on some patients, judged on others.
    fn fold(&self, inner: &TrainingRows, held_out: &[usize]) -> anyhow::Result<Vec<NestedFold>> {
        let scores: Vec<RegionScores> = (0..self.rows.len())
            .map(|region| self.scores(region, inner))
            .collect::<anyhow::Result<_>>()?;
        let models = fit_models(self.cohort, &scores, &self.settings.modeling, inner)
            .map_err(|error| NotPossible::because(&error))?;
        let risks = models.risks();
        let auc = |values: &[f64], rows: &[usize]| -> anyhow::Result<f64> {
            let values: Vec<f64> = rows.iter().map(|&row| values[row]).collect();
            let outcome: Vec<bool> = rows.iter().map(|&row| inner.outcome[row]).collect();
            Ok(eval_stats::roc::auc(&Scored::new(&values, &outcome)?))
        };
        let clinical = (!self.cohort.clinical.is_empty()).then_some(CLINICAL);
        let names = clinical
            .into_iter()
            .chain(scores.iter().map(|score| score.column.as_str()))
            .chain([COMBINED]);
        names
            .map(|name| {
                let risk = risks.iter().find(|risk| risk.name == name);
                let of = |rows: &[usize]| risk.map_or(Ok(0.5), |risk| auc(&risk.values, rows));
                Ok(NestedFold {
                    model: name.to_owned(),
                    repeat: 0,
                    fold: 0,
                    n: held_out.len(),
                    events: held_out.iter().filter(|&&k| inner.outcome[k]).count(),
                    auc: of(held_out)?,
                    apparent_auc: of(&inner.patients)?,
                    has_model: risk.is_some(),
                })
            })
            .collect()
    }

    /// The score of a region by the training patients of a fold, remembered by what it depends on.
    fn scores(&self, region: usize, inner: &TrainingRows) -> anyhow::Result<RegionScores> {
        let settings = self.settings;
        let outcome: Vec<bool> = inner.patients.iter().map(|&k| inner.outcome[k]).collect();
        let key = StepKey::new("region scores")
            .text(&self.digests[region])
            .text(&format!("{:?}", settings.features.deep))
            .text(&format!("{:?}", settings.selection))
            .positions(&inner.patients)
            .outcomes(&outcome)
            .finish();
        let value = self.memory.get_or_make(&key, || {
            let rows = &self.rows[region];
            let fitted = fit_region(
                self.cohort,
                rows,
                &settings.features,
                &settings.selection,
                inner,
            )
            .map_err(|error| NotPossible::because(&error))?;
            Ok(serde_json::to_value(fitted.scores())?)
        })?;
        Ok(serde_json::from_value(value)?)
    }
}

impl NestedEstimate {
    /// The models in their order, each over all folds.
    pub fn models(&self) -> Vec<NestedModel> {
        let mut names: Vec<&str> = Vec::new();
        for fold in &self.folds {
            if !names.contains(&fold.model.as_str()) {
                names.push(&fold.model);
            }
        }
        names.into_iter().map(|name| self.model(name)).collect()
    }

    fn model(&self, name: &str) -> NestedModel {
        let folds: Vec<&NestedFold> = self.folds.iter().filter(|f| f.model == name).collect();
        let pairs = |fold: &NestedFold| (fold.events * (fold.n - fold.events)) as f64;
        let all: f64 = folds.iter().map(|fold| pairs(fold)).sum();
        let mean =
            |of: fn(&NestedFold) -> f64| folds.iter().map(|f| pairs(f) * of(f)).sum::<f64>() / all;
        let plain = folds.iter().map(|f| f.auc).sum::<f64>() / folds.len() as f64;
        let squares: f64 = folds.iter().map(|f| (f.auc - plain).powi(2)).sum();
        NestedModel {
            model: name.to_owned(),
            auc: mean(|fold| fold.auc),
            standard_deviation: (squares / (folds.len() as f64 - 1.0)).sqrt(),
            apparent_auc: mean(|fold| fold.apparent_auc),
            n_with_model: folds.iter().filter(|fold| fold.has_model).count(),
            n_folds: folds.len(),
        }
    }
}

impl NestedValidation {
    /// Writes `nested.csv` (folds) and `nested.json` (summary).
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write(&self, folder: &Path) -> anyhow::Result<()> {
        let header = [
            "outcomes",
            "repeat",
            "fold",
            "model",
            "n",
            "events",
            "auc",
            "apparent_auc",
            "has_model",
        ];
        let row = |outcomes: &str, fold: &NestedFold| -> Vec<Cell> {
            vec![
                outcomes.into(),
                (fold.repeat + 1).into(),
                (fold.fold + 1).into(),
                fold.model.as_str().into(),
                fold.n.into(),
                fold.events.into(),
                fold.auc.into(),
                fold.apparent_auc.into(),
                fold.has_model.into(),
            ]
        };
        let mut rows: Vec<Vec<Cell>> = Vec::new();
        rows.extend(
            self.estimate
                .folds
                .iter()
                .map(|fold| row("as they are", fold)),
        );
        for (number, control) in self.controls.iter().enumerate() {
            let name = format!("shuffled {}", number + 1);
            rows.extend(control.folds.iter().map(|fold| row(&name, fold)));
        }
        write_csv(&folder.join("nested.csv"), &header, rows)?;
        let models = |estimate: &NestedEstimate| -> Vec<serde_json::Value> {
            let of = |model: NestedModel| {
                json!({
                    "model": model.model,
                    "auc": model.auc,
                    "standard_deviation": model.standard_deviation,
                    "apparent_auc": model.apparent_auc,
                    "folds": model.n_folds,
                    "folds_with_model": model.n_with_model,
                })
            };
            estimate.models().into_iter().map(of).collect()
        };
        let summary = json!({
            "models": models(&self.estimate),
            "shuffled": self.controls.iter().map(models).collect::<Vec<_>>(),
            "chance_standard_deviation": self.chance_deviation,
        });
        write_atomically(
            &folder.join("nested.json"),
            format!("{summary:#}\n").as_bytes(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_are_weighted_by_their_pairs() {
        let fold = |fold, n, events, auc| NestedFold {
            model: "m".to_owned(),
            repeat: 0,
            fold,
            n,
            events,
            auc,
            apparent_auc: 1.0,
            has_model: fold > 0,
        };
        let estimate = NestedEstimate {
            folds: vec![fold(0, 4, 2, 0.5), fold(1, 5, 3, 1.0)],
        };
        let model = &estimate.models()[0];
        assert!((model.auc - (4.0 * 0.5 + 6.0) / 10.0).abs() < 1e-12);
        assert!((model.standard_deviation - 0.125f64.sqrt()).abs() < 1e-12);
        assert_eq!((model.n_with_model, model.n_folds), (1, 2));
        // 12 of 12 arrangements of 2 and 2: variance (n + 1) / (12 a b).
        assert!((chance_deviation(2, 2).powi(2) - 5.0 / 48.0).abs() < 1e-15);
    }
}
