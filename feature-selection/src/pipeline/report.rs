//! What a study publishes about a run.

use serde::{Deserialize, Serialize};

use super::drop_log::{DropReason, Setting};
use super::fitted::Fitted;
use crate::score::ScoreScale;

/// A run on record: what was done, with which settings, and what became of every feature.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct RunReport {
    /// The program.
    pub software: Software,
    /// Training rows.
    pub n_rows: usize,
    /// Training events.
    pub n_events: usize,
    /// Columns of the training table.
    pub n_columns: usize,
    /// Every step, in order.
    pub steps: Vec<StepRecord>,
    /// Features selected, in column order.
    pub selected: Vec<String>,
    /// What the LASSO chose, if the last step was one.
    pub lasso: Option<LassoRecord>,
    /// The score as a formula of features in their own units, six significant digits, if there is one.
    pub formula: Option<String>,
    /// Every dropped feature, by step and then column.
    pub dropped: Vec<DroppedRecord>,
}

/// Name and version of a program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Software {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// A step on record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct StepRecord {
    /// Name of the step.
    pub name: String,
    /// Its settings, seeds among them.
    pub settings: Vec<Setting>,
    /// Features left after it.
    pub kept: usize,
    /// Features it dropped.
    pub dropped: usize,
}

/// A dropped feature on record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct DroppedRecord {
    /// Feature name.
    pub name: String,
    /// Step that dropped it, counted from 0.
    pub step: usize,
    /// Name of that step.
    pub step_name: String,
    /// The reason in words.
    pub reason: String,
    /// The reason with its numbers.
    pub detail: DropReason,
}

/// What the LASSO chose.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct LassoRecord {
    /// Penalty chosen.
    pub lambda: f64,
    /// Share of the LASSO in a relaxed model, from 0 to 1; `None` if nothing was relaxed.
    pub gamma: Option<f64>,
    /// Penalty of the smallest cross-validated loss.
    pub lambda_minimum: f64,
    /// Largest penalty within one standard error of it.
    pub lambda_one_standard_error: f64,
    /// Features of the score; 0 makes it constant.
    pub n_selected: usize,
    /// Fold of every training row; with repeats, of the first.
    pub folds: Vec<usize>,
    /// Number of folds.
    pub n_folds: usize,
    /// Repeats averaged.
    pub n_repeats: usize,
}

impl Fitted {
    /// The run on record, to be published with a study.
    pub fn report(&self) -> RunReport {
        RunReport {
            software: Software {
                name: env!("CARGO_PKG_NAME").to_owned(),
                version: self.version.clone(),
            },
            n_rows: self.n_rows,
            n_events: self.n_events,
            n_columns: self.columns.len(),
            steps: self
                .funnel
                .iter()
                .map(|step| StepRecord {
                    name: step.step_name.to_owned(),
                    settings: step.settings.clone(),
                    kept: step.kept,
                    dropped: step.dropped,
                })
                .collect(),
            selected: self.selected.clone(),
            lasso: self.lasso.clone(),
            formula: self.score.as_ref().map(|s| s.formula(ScoreScale::Raw, 6)),
            dropped: self
                .dropped
                .iter()
                .map(|dropped| DroppedRecord {
                    name: dropped.name.clone(),
                    step: dropped.step,
                    step_name: dropped.step_name.to_owned(),
                    reason: dropped.reason.to_string(),
                    detail: dropped.reason.clone(),
                })
                .collect(),
        }
    }
}

impl RunReport {
    /// The report as JSON, keys in a fixed order.
    ///
    /// # Panics
    /// Never: every field can be written.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self)
            .expect("names, counts and finite numbers can be written as JSON")
    }
}
