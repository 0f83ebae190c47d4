//! An honest estimate: the whole pipeline is refitted in every outer fold and judged on rows it never saw.

use eval_stats::Scored;
use eval_stats::folds::Folds;

use crate::error::{Error, Result};
use crate::par::map_indexed;
use crate::pipeline::{FoldPlan, SelectionPipeline, Step};
use crate::table::{FeatureTable, check_outcome};

/// Held-out performance of a pipeline.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct NestedCrossValidation {
    /// Score of every row from the pipeline fitted without it. Scores of different folds come from different models.
    pub held_out_scores: Vec<f64>,
    /// AUC within each outer fold.
    pub fold_auc: Vec<f64>,
    /// Mean of the fold AUCs, weighted by the number of event/non-event pairs.
    pub mean_auc: f64,
    /// Features selected in each outer fold.
    pub selected: Vec<Vec<String>>,
    /// The outer folds.
    pub folds: Folds,
}

impl NestedCrossValidation {
    /// How often each feature was selected, most often first, ties by name.
    pub fn selection_counts(&self) -> Vec<(String, usize)> {
        let mut counts = std::collections::BTreeMap::new();
        for name in self.selected.iter().flatten() {
            *counts.entry(name.clone()).or_insert(0) += 1;
        }
        let mut counts: Vec<(String, usize)> = counts.into_iter().collect();
        counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        counts
    }
}

/// Fits `pipeline` once per outer fold on the other rows and scores the fold with it.
///
/// # Errors
/// Those of [`SelectionPipeline::fit`] in any fold; [`Error::Incompatible`] if the pipeline does not end with a LASSO step or uses given
/// inner folds (they number all rows, not a fold's training rows); [`Error::Statistics`] if an outer fold has one class.
pub fn nested_cv(
    pipeline: &SelectionPipeline,
    table: &FeatureTable,
    outcome: &[bool],
    folds: &Folds,
) -> Result<NestedCrossValidation> {
    check_outcome(outcome, table.n_rows())?;
    match pipeline.steps().last() {
        Some(Step::Lasso(lasso)) if matches!(lasso.folds, FoldPlan::Given(_)) => {
            return Err(Error::Incompatible {
                what: "nested cross-validation",
                needs: "inner folds made from a seed",
            });
        }
        Some(Step::Lasso(_)) => {}
        _ => {
            return Err(Error::Incompatible {
                what: "nested cross-validation",
                needs: "a pipeline that ends with a LASSO step",
            });
        }
    }
    if folds.assignment.len() != outcome.len() {
        let (expected, found) = (outcome.len(), folds.assignment.len());
        return Err(Error::LengthMismatch {
            what: "fold assignment",
            expected,
            found,
        });
    }
    let pick = |rows: &[usize]| rows.iter().map(|&i| outcome[i]).collect::<Vec<bool>>();
    let results = map_indexed(folds.n_folds, |fold| {
        let (train, test) = (folds.train_indices(fold), folds.test_indices(fold));
        let fitted = pipeline.fit(&table.select_rows(&train)?, &pick(&train))?;
        let scores = fitted.score(&table.select_rows(&test)?)?;
        let auc = eval_stats::roc::auc(&Scored::new(&scores, &pick(&test))?);
        Ok((test, scores, auc, fitted.selected))
    })
    .into_iter()
    .collect::<Result<Vec<_>>>()?;
    let mut nested = NestedCrossValidation {
        held_out_scores: vec![0.0; outcome.len()],
        fold_auc: Vec::new(),
        mean_auc: 0.0,
        selected: Vec::new(),
        folds: folds.clone(),
    };
    let mut pairs = 0.0;
    for (test, scores, auc, selected) in results {
        let events = test.iter().filter(|&&i| outcome[i]).count();
        let weight = (events * (test.len() - events)) as f64;
        pairs += weight;
        nested.mean_auc += weight * auc;
        nested.fold_auc.push(auc);
        nested.selected.push(selected);
        for (i, score) in test.into_iter().zip(scores) {
            nested.held_out_scores[i] = score;
        }
    }
    nested.mean_auc /= pairs;
    Ok(nested)
}
