//! Bootstrap validation of a model with the elimination repeated in every resample, and its performance on other cohorts.

use std::path::Path;

use anyhow::Context;

use nomogram::render::{CalibrationFigure, calibration_svg};
use nomogram::{
    CalibrationCurve, Design, ExternalCohort, ExternalValidation, Missing, Resamples, Validation,
    ValidationResult,
};
use serde_json::{Value, json};

use super::{FittedRisk, StudyModel};
use crate::atomic_file::write_atomically;
use crate::figure_file::write_figure;
use crate::table_file::{Cell, write_csv};

/// What the bootstrap says of a model.
#[derive(Debug, Clone)]
pub struct BootstrapValidation {
    /// Indices of performance, apparent and corrected.
    pub indices: ValidationResult,
    /// The calibration curve, apparent and corrected.
    pub calibration: CalibrationCurve,
    /// Names of the terms that entered the elimination, and in how many resamples each stayed.
    pub kept: Vec<(String, usize)>,
    seed: u32,
}

/// The model on one other cohort, or why it cannot be judged there.
#[derive(Debug, Clone)]
pub struct ExternalRow {
    /// Name of the cohort.
    pub cohort: String,
    /// Number of patients.
    pub n: usize,
    /// Its performance.
    pub result: Result<ExternalCohort, String>,
}

impl StudyModel {
    /// Validates the model by resamples of its training rows, as rms does. The elimination among the predictors that entered it is repeated in every
    /// resample; the univariable screening before it is not, so its optimism is not corrected.
    ///
    /// # Errors
    /// When no resample can be fitted.
    pub fn validate(&self, replicates: usize, seed: u32) -> anyhow::Result<BootstrapValidation> {
        let frame = self
            .input
            .frame
            .select_rows(&self.input.training)
            .drop_unused_levels();
        let outcome: Vec<bool> = self
            .input
            .training
            .iter()
            .map(|&row| self.input.outcome[row])
            .collect();
        let validate = || -> nomogram::Result<BootstrapValidation> {
            let design = Design::new(&frame, self.entered.iter().cloned(), Missing::Refuse)?;
            let validation = Validation::new(Resamples::R { seed, replicates })
                .selection(self.settings.selection())
                .few_events(self.settings.few_events);
            let indices = validation.fit(&design, &outcome)?;
            let names = design.terms().iter().map(|term| term.name.clone());
            Ok(BootstrapValidation {
                kept: names.zip(indices.kept_counts.iter().copied()).collect(),
                calibration: validation.calibrate(&design, &outcome)?,
                indices,
                seed,
            })
        };
        validate().with_context(|| format!("bootstrap validation of the {}", self.input.name))
    }

    /// The performance of the final model on other rows of the table, cohort by cohort.
    pub fn external(
        &self,
        risk: &FittedRisk,
        cohorts: &[(String, Vec<usize>)],
    ) -> Vec<ExternalRow> {
        let validation = ExternalValidation::new().level(self.settings.level);
        let judge = |(name, rows): &(String, Vec<usize>)| {
            let outcome: Vec<bool> = rows.iter().map(|&row| self.input.outcome[row]).collect();
            let frame = self.input.frame.select_rows(rows);
            ExternalRow {
                cohort: name.clone(),
                n: rows.len(),
                result: validation
                    .cohort(name, &risk.fit.model, &frame, &outcome)
                    .map_err(|error| error.to_string()),
            }
        };
        cohorts.iter().map(judge).collect()
    }
}

impl BootstrapValidation {
    /// Writes `validation.json`, `calibration.csv` and the figure `calibration`.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write(&self, model: &StudyModel, folder: &Path) -> anyhow::Result<()> {
        write_atomically(
            &folder.join("validation.json"),
            format!("{:#}\n", self.json()).as_bytes(),
        )?;
        let points = self.calibration.points.iter();
        write_csv(
            &folder.join("calibration.csv"),
            &["predicted", "apparent", "corrected"],
            points.map(|p| vec![p.predicted.into(), p.apparent.into(), p.corrected.into()]),
        )?;
        write_figure(folder, "calibration", &self.figure(model)?)
    }

    /// The calibration curve as a figure.
    ///
    /// # Errors
    /// What [`calibration_svg`] refuses.
    pub fn figure(&self, model: &StudyModel) -> anyhow::Result<String> {
        let mut figure = CalibrationFigure::new();
        if let Some(risk) = &model.risk {
            let rows = model.input.training.iter();
            let risks: Vec<f64> = rows
                .map(|&row| risk.patients[row].prediction.risk)
                .collect();
            figure = figure.predictions(&risks).n_events(risk.fit.model.n_events);
        }
        Ok(calibration_svg(&self.calibration, &figure)?)
    }

    fn json(&self) -> Value {
        let indices: Vec<Value> = self
            .indices
            .indices
            .iter()
            .map(|index| {
                json!({
                    "index": index.name,
                    "apparent": index.apparent,
                    "training": index.training,
                    "test": index.test,
                    "optimism": index.optimism,
                    "corrected": index.corrected,
                })
            })
            .collect();
        let kept: Vec<Value> = self
            .kept
            .iter()
            .map(|(term, count)| json!({"term": term, "kept_in": count}))
            .collect();
        let result = &self.indices;
        json!({
            "seed": self.seed,
            "replicates": result.n_replicates,
            "failed": result.n_failed,
            "auc": {"apparent": result.auc, "corrected": result.auc_corrected},
            "calibration": {
                "mean_absolute_error": self.calibration.mean_absolute_error,
                "quantile_90_error": self.calibration.quantile_90_error,
                "replicates": self.calibration.n_replicates,
                "failed": self.calibration.n_failed,
            },
            "terms": kept,
            "indices": indices,
        })
    }
}

/// Writes one row a cohort.
///
/// # Errors
/// When the file cannot be written.
pub fn write_external(rows: &[ExternalRow], path: &Path) -> anyhow::Result<()> {
    let names: Vec<&'static str> = rows
        .iter()
        .find_map(|row| row.result.as_ref().ok())
        .map(|cohort| cohort.iter().map(|(name, _)| name).collect())
        .unwrap_or_default();
    let header: Vec<&str> = ["cohort"]
        .into_iter()
        .chain(names.iter().copied())
        .chain(["note"])
        .collect();
    let cells = rows.iter().map(|row| {
        let mut cells: Vec<Cell> = vec![row.cohort.as_str().into()];
        match &row.result {
            Ok(cohort) => {
                cells.extend(cohort.iter().map(|(name, value)| match name {
                    "n" | "n_events" => Cell::from(value as usize),
                    _ => Cell::from(value),
                }));
                cells.push(Cell::Empty);
            }
            Err(reason) => {
                cells.resize(1 + names.len(), Cell::Empty);
                cells.push(reason.as_str().into());
            }
        }
        cells
    });
    write_csv(path, &header, cells)
}
