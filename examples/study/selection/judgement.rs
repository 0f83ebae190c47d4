//! How far a selection can be trusted: its pipeline refitted in outer folds, the same on shuffled outcomes, and its features selected on random halves.

use std::path::Path;

use anyhow::Context;
use feature_selection::Error;
use feature_selection::lasso::{ElasticNet, Samples};
use feature_selection::missing::RowSource;
use feature_selection::nested_cv::{
    NestedCrossValidation, NestedCv, NothingSelected, PermutationTest,
};
use feature_selection::pipeline::FoldPlan;
use feature_selection::plot::{FoldBars, Layout, StabilityBars, Width, fold_bars, stability_bars};
use feature_selection::stability::{
    Assumption, BaseLearner, StabilityFit, StabilitySelection, Strata,
};
use serde_json::{Value, json};

use super::Selection;
use crate::atomic_file::write_atomically;
use crate::figure_file::write_figure;
use crate::progress;
use crate::table_file::{shortest, write_csv};

/// Confidence level of the stability index.
const LEVEL: f64 = 0.95;

/// Features that a half may select: as many as keep the worst-case bound on the expected number of false selections, `q² / ((2 π - 1) p)`, at 1 or below.
fn per_half(n_features: usize, threshold: f64) -> usize {
    let most = ((2.0 * threshold - 1.0) * n_features as f64).sqrt();
    (most as usize).max(1)
}

/// What is asked for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Judgement {
    /// A nested cross-validation.
    pub nested: Option<NestedPlan>,
    /// A stability selection.
    pub stability: Option<StabilityPlan>,
}

/// Outer folds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NestedPlan {
    /// Number of outer folds.
    pub n_folds: usize,
    /// Their repeats.
    pub repeats: usize,
    /// Shuffles of the outcome on which everything is repeated.
    pub permutations: Option<usize>,
    /// Seed of the folds and the shuffles.
    pub seed: u32,
}

/// Random halves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StabilityPlan {
    /// Number of halves, even.
    pub halves: usize,
    /// Share of the halves from which a feature is stable.
    pub threshold: f64,
    /// Elastic-net mixing.
    pub alpha: f64,
    /// Seed of the halves.
    pub seed: u32,
}

/// What came of it.
#[derive(Debug, Clone, Default)]
pub struct Judged {
    /// Held-out performance.
    pub nested: Option<NestedCrossValidation>,
    /// The same on shuffled outcomes.
    pub permutation: Option<PermutationTest>,
    /// Selection on halves.
    pub stability: Option<StabilityFit>,
}

impl Judgement {
    /// Judges a selection; each error begins with the option it is about.
    ///
    /// # Errors
    /// As [`nested`] and [`stability`].
    pub fn judge(&self, selection: &Selection) -> anyhow::Result<Judged> {
        let mut judged = Judged::default();
        if let Some(plan) = &self.nested {
            progress::step("nested cross-validation");
            let (found, permutation) = nested(selection, plan).context("--nested")?;
            judged.nested = Some(found);
            judged.permutation = permutation;
        }
        if let Some(plan) = &self.stability {
            progress::step("stability selection");
            judged.stability = Some(stability(selection, plan).context("--stability")?);
        }
        Ok(judged)
    }
}

/// Refits the whole selection in stratified outer folds of the training rows and judges it on the rows it did not see, then perhaps on shuffled outcomes.
/// Missing values are filled by each fold's own training rows. A fold in which nothing is selected counts as chance.
///
/// # Errors
/// A class with fewer rows than folds; what the pipeline refuses in a fold.
pub fn nested(
    selection: &Selection,
    plan: &NestedPlan,
) -> anyhow::Result<(NestedCrossValidation, Option<PermutationTest>)> {
    let (training, outcome) = selection.training()?;
    Ok(match selection.training_gaps()? {
        Some((table, statistic)) => {
            nested_on(selection, &table.imputed_by(statistic), &outcome, plan)?
        }
        None => nested_on(selection, &training, &outcome, plan)?,
    })
}

fn nested_on<S: RowSource + ?Sized>(
    selection: &Selection,
    rows: &S,
    outcome: &[bool],
    plan: &NestedPlan,
) -> feature_selection::Result<(NestedCrossValidation, Option<PermutationTest>)> {
    let folds = FoldPlan::Stratified {
        n_folds: plan.n_folds,
        seed: plan.seed,
        repeats: plan.repeats,
    };
    let nested =
        NestedCv::new(selection.pipeline.clone()).nothing_selected(NothingSelected::ConstantScore);
    let found = nested.fit(rows, outcome, &folds.folds(outcome)?)?;
    let shuffled = |n| nested.permutation_test(rows, outcome, &folds, n, u64::from(plan.seed));
    Ok((found, plan.permutations.map(shuffled).transpose()?))
}

/// Selects the first features of a LASSO or elastic net path on complementary halves of the training rows, which keep the share of events, from the features
/// that entered the LASSO.
///
/// # Errors
/// What a half refuses, such as a class with one row.
pub fn stability(selection: &Selection, plan: &StabilityPlan) -> anyhow::Result<StabilityFit> {
    let (training, outcome) = selection.training()?;
    let candidates = match selection.fitted.cross_validation() {
        Some(cv) => training.select_names(&cv.path.names)?,
        None => training,
    };
    let mut settings = StabilitySelection::with(BaseLearner::ElasticNetEntries {
        net: Box::new(ElasticNet::new().alpha(plan.alpha)),
        count: per_half(candidates.n_columns(), plan.threshold),
    });
    settings.subsampling.count = plan.halves;
    settings.subsampling.strata = Strata::Outcome;
    settings.threshold = plan.threshold;
    settings.seed = u64::from(plan.seed);
    Ok(settings.fit(&Samples::binary(&candidates, &outcome)?)?)
}

impl Judged {
    /// Writes the tables, summaries and figures of what was judged.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write(&self, folder: &Path) -> anyhow::Result<()> {
        if let Some(nested) = &self.nested {
            write_nested(nested, self.permutation.as_ref(), folder)?;
        }
        if let Some(fit) = &self.stability {
            write_stability(fit, folder)?;
        }
        Ok(())
    }

    /// One line on each result.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(nested) = &self.nested {
            lines.push(format!(
                "nested AUC {:.3} (SD {:.3} over {} outer folds), apparent {:.3} in the same fits",
                nested.mean_auc,
                nested.auc_standard_deviation,
                nested.folds.len(),
                nested.mean_apparent_auc
            ));
        }
        if let Some(test) = &self.permutation {
            lines.push(format!(
                "nested AUC of {} shuffled outcomes {:.3} on average, p {}",
                test.permuted.len(),
                mean(&test.permuted),
                shortest(test.p_value)
            ));
        }
        if let Some(fit) = &self.stability {
            lines.push(format!(
                "stable: {} of {} features in at least {} of {} halves",
                fit.selected.len(),
                fit.names.len(),
                fit.threshold,
                fit.n_subsamples
            ));
        }
        lines
    }
}

/// Writes `nested.csv` (folds), `nested.json` (summary), `permutations.csv`, `selection_frequency.csv` and the figure `selection_frequency`.
fn write_nested(
    nested: &NestedCrossValidation,
    permutation: Option<&PermutationTest>,
    folder: &Path,
) -> anyhow::Result<()> {
    let header = [
        "repeat",
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
                (fold.repeat + 1).into(),
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
    let summary = nested_summary(nested, permutation)?;
    let text = serde_json::to_string_pretty(&summary)? + "\n";
    write_atomically(&folder.join("nested.json"), text.as_bytes())?;
    if let Some(test) = permutation {
        write_csv(
            &folder.join("permutations.csv"),
            &["permutation", "auc"],
            (1..)
                .zip(&test.permuted)
                .map(|(number, &auc): (usize, _)| vec![number.into(), auc.into()]),
        )?;
    }
    write_frequencies(nested, folder)
}

fn nested_summary(
    nested: &NestedCrossValidation,
    permutation: Option<&PermutationTest>,
) -> anyhow::Result<Value> {
    let index = nested.stability(LEVEL)?;
    // NaN where every fold selects nothing, or everything.
    let defined = |value: f64| value.is_finite().then_some(value);
    Ok(json!({
        "mean_auc": nested.mean_auc,
        "auc_standard_deviation": nested.auc_standard_deviation,
        "mean_apparent_auc": nested.mean_apparent_auc,
        "optimism": nested.optimism,
        "pooled_auc": nested.pooled_auc(),
        "nogueira_stability": defined(index.value),
        "mean_selected": index.mean_size,
        "folds": nested.folds.len() / nested.repeats.len(),
        "repeats": nested.repeats.len(),
        "permutation_test": permutation.map(|test| json!({
            "permutations": test.permuted.len(),
            "mean_auc": mean(&test.permuted),
            "p": test.p_value,
        })),
    }))
}

fn write_frequencies(nested: &NestedCrossValidation, folder: &Path) -> anyhow::Result<()> {
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
fn write_stability(fit: &StabilityFit, folder: &Path) -> anyhow::Result<()> {
    write_csv(
        &folder.join("stability.csv"),
        &["feature", "probability", "stable"],
        fit.features().into_iter().map(|feature| {
            vec![
                feature.name.into(),
                feature.probability.into(),
                feature.is_stable.into(),
            ]
        }),
    )?;
    // A bound does not hold for every number of features and share.
    let bound = |assumption| match fit.expected_false_selections(assumption) {
        Ok(bound) => Ok(Some(bound)),
        Err(Error::InvalidSetting { .. }) => Ok(None),
        Err(error) => Err(error),
    };
    let summary = json!({
        "subsamples": fit.n_subsamples,
        "threshold": fit.threshold,
        "features": fit.names.len(),
        "mean_selected": fit.mean_size,
        "stable": fit.selected.len(),
        "expected_false_selections": {
            "meinshausen_buehlmann": bound(Assumption::None)?,
            "shah_samworth_unimodal": bound(Assumption::Unimodal)?,
            "shah_samworth_r_concave": bound(Assumption::RConcave)?,
        },
    });
    let text = serde_json::to_string_pretty(&summary)? + "\n";
    write_atomically(&folder.join("stability.json"), text.as_bytes())?;
    let bars = StabilityBars::new(&fit.names, &fit.probability, fit.threshold);
    let layout = Layout::new().width(Width::Double);
    write_figure(folder, "stability", &stability_bars(&bars, &layout)?)
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}
