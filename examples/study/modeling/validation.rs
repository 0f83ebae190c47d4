//! Bootstrap validation of a model, with the elimination repeated in every resample.

use std::path::Path;

use anyhow::Context;

use nomogram::{
    BackwardElimination, Design, Missing, Resamples, Selection, Validation, ValidationResult,
};
use serde_json::{Value, json};

use super::StudyModel;
use crate::atomic_file::write_atomically;

impl StudyModel {
    /// Validates the model by resamples of its training rows, as rms does. The elimination among the predictors that entered it is repeated in every
    /// resample; the univariable screening before it is not, so its optimism is not corrected.
    ///
    /// # Errors
    /// When no resample can be fitted.
    pub fn validate(&self, replicates: usize, seed: u32) -> anyhow::Result<ValidationResult> {
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
        let selection = match self.settings.backward.criterion() {
            Some(criterion) => Selection::Backward(BackwardElimination::new(criterion)),
            None => Selection::None,
        };
        Design::new(&frame, self.entered.iter().cloned(), Missing::Refuse)
            .and_then(|design| {
                Validation::new(Resamples::R { seed, replicates })
                    .selection(selection)
                    .fit(&design, &outcome)
            })
            .with_context(|| format!("bootstrap validation of the {}", self.input.name))
    }
}

/// Writes apparent, optimism and corrected value of every index.
///
/// # Errors
/// When the file cannot be written.
pub fn write_validation(result: &ValidationResult, seed: u32, path: &Path) -> anyhow::Result<()> {
    let indices: Vec<Value> = result
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
    let report = json!({
        "seed": seed,
        "replicates": result.n_replicates,
        "failed": result.n_failed,
        "auc": {"apparent": result.auc, "corrected": result.auc_corrected},
        "indices": indices,
    });
    write_atomically(path, format!("{report:#}\n").as_bytes())
}
