//! How far a selection can be trusted: its pipeline refitted in outer folds, and its features selected on random halves.

use std::path::Path;

use feature_selection::lasso::Samples;
use feature_selection::nested_cv::{NestedCrossValidation, NestedCv, NothingSelected};
use feature_selection::pipeline::FoldPlan;
use feature_selection::plot::{FoldBars, Layout, StabilityBars, Width, fold_bars, stability_bars};
use feature_selection::stability::{Assumption, StabilityFit, StabilitySelection};
use serde_json::json;

use super::Selection;
use crate::atomic_file::write_atomically;
use crate::figure_file::write_figure;
use crate::table_file::write_csv;

/// Confidence level of the stability index.
const LEVEL: f64 = 0.95;

/// Refits the whole selection in stratified outer folds of the training rows and judges it on the rows it did not see. Missing values are filled
/// by each fold's own training rows. A fold in which nothing is selected counts as chance.
///
/// # Errors
/// A class with fewer rows than folds; what the pipeline refuses in a fold.
pub fn nested(
    selection: &Selection,
    n_folds: usize,
    seed: u64,
) -> anyhow::Result<NestedCrossValidation> {
    let (training, outcome) = selection.training()?;
    let folds = FoldPlan::Stratified {
        n_folds,
        seed: seed as u32,
        repeats: 1,
    }
    .folds(&outcome)?;
    let nested =
        NestedCv::new(selection.pipeline.clone()).nothing_selected(NothingSelected::ConstantScore);
    Ok(match selection.training_gaps()? {
        Some((table, statistic)) => nested.fit(&table.imputed_by(statistic), &outcome, &folds)?,
        None => nested.fit(&training, &outcome, &folds)?,
    })
}

/// Selects by the LASSO on complementary halves of the training rows, from the features that entered the LASSO.
///
/// # Errors
/// What a half refuses, such as a class with one row.
pub fn stability(
    selection: &Selection,
    settings: &StabilitySelection,
) -> anyhow::Result<StabilityFit> {
    let (training, outcome) = selection.training()?;
    let candidates = match selection.fitted.cross_validation() {
        Some(cv) => training.select_names(&cv.path.names)?,
        None => training,
    };
    Ok(settings.fit(&Samples::binary(&candidates, &outcome)?)?)
}

/// Writes `nested.csv` (folds), `nested.json` (summary), `selection_frequency.csv` and the figure `selection_frequency`.
///
/// # Errors
/// When a file cannot be written.
pub fn write_nested(nested: &NestedCrossValidation, folder: &Path) -> anyhow::Result<()> {
    let header = [
        "fold",
        "n",
        "events",
        "auc",
        "apparent_auc",
        "selected",
        "lambda",
    ];
    write_csv(
        &folder.join("nested.csv"),
        &header,
        nested.folds.iter().map(|fold| {
            vec![
                (fold.fold + 1).into(),
                fold.n_test.into(),
                fold.n_test_events.into(),
                fold.auc.into(),
                fold.apparent_auc.into(),
                fold.selected.len().into(),
                fold.lambda.into(),
            ]
        }),
    )?;
    let index = nested.stability(LEVEL)?;
    // NaN where every fold selects nothing, or everything.
    let defined = |value: f64| value.is_finite().then_some(value);
    let summary = json!({
        "mean_auc": nested.mean_auc,
        "auc_standard_deviation": nested.auc_standard_deviation,
        "mean_apparent_auc": nested.mean_apparent_auc,
        "optimism": nested.optimism,
        "pooled_auc": nested.pooled_auc(),
        "nogueira_stability": defined(index.value),
        "mean_selected": index.mean_size,
        "folds": nested.folds.len(),
    });
    let text = serde_json::to_string_pretty(&summary)? + "\n";
    write_atomically(&folder.join("nested.json"), text.as_bytes())?;
    let frequencies = nested.selection_frequencies();
    write_csv(
        &folder.join("selection_frequency.csv"),
        &["feature", "folds", "share"],
        frequencies
            .iter()
            .map(|f| vec![f.name.as_str().into(), f.count.into(), f.share.into()]),
    )?;
    if frequencies.is_empty() {
        return Ok(());
    }
    let counts: Vec<(String, usize)> = frequencies
        .iter()
        .map(|f| (f.name.clone(), f.count))
        .collect();
    let layout = Layout::new().width(Width::Double);
    let svg = fold_bars(&FoldBars::new(&counts, nested.folds.len()), &layout)?;
    write_figure(folder, "selection_frequency", &svg)
}

/// Writes `stability.csv`, `stability.json` and the figure `stability`.
///
/// # Errors
/// When a file cannot be written.
pub fn write_stability(fit: &StabilityFit, folder: &Path) -> anyhow::Result<()> {
    write_csv(
        &folder.join("stability.csv"),
        &["feature", "probability", "stable"],
        fit.features().into_iter().map(|feature| {
            let stable = fit.selected.binary_search(&feature.column).is_ok();
            vec![
                feature.name.into(),
                feature.probability.into(),
                stable.into(),
            ]
        }),
    )?;
    let summary = json!({
        "subsamples": fit.n_subsamples,
        "threshold": fit.threshold,
        "mean_selected": fit.mean_size,
        "stable": fit.selected.len(),
        "expected_false_selections": {
            "meinshausen_buehlmann": fit.expected_false_selections(Assumption::None)?,
            "shah_samworth_unimodal": fit.expected_false_selections(Assumption::Unimodal)?,
            "shah_samworth_r_concave": fit.expected_false_selections(Assumption::RConcave)?,
        },
    });
    let text = serde_json::to_string_pretty(&summary)? + "\n";
    write_atomically(&folder.join("stability.json"), text.as_bytes())?;
    let bars = StabilityBars::new(&fit.names, &fit.probability, fit.threshold);
    let layout = Layout::new().width(Width::Double);
    write_figure(folder, "stability", &stability_bars(&bars, &layout)?)
}
