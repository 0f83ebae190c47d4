//! From a feature table to one score: reliability, standardization, relevance, redundancy and the LASSO, fitted on the training rows only.
//!
//! | file | holds |
//! |---|---|
//! | this one | input, settings, the fit |
//! | [`choices`] | the options as users spell them |
//! | `files` | CSV, JSON and figures |

pub mod choices;
mod files;

use anyhow::{Context, bail};
use feature_selection::icc::{FeatureIcc, IccFilter, IccForm, IccSettings, feature_icc};
use feature_selection::lasso::{CrossValidation, ElasticNet, LambdaRule};
use feature_selection::mrmr::Criterion;
use feature_selection::mutual_information::Binning;
use feature_selection::pipeline::{Fitted, FoldPlan, LassoStep, RedundancyRule, Step};
use feature_selection::relevance::Relevance;
use feature_selection::standardize::Divisor;
use feature_selection::{FeatureTable, Score, SelectionPipeline};
use ndarray::Array2;

use choices::{RedundancyChoice, RelevanceChoice};
pub use files::SelectionFigure;

/// A table of features with its outcome, and what is known about its repeats.
#[derive(Debug, Clone)]
pub struct SelectionInput {
    /// Name of the score, for formulas and columns.
    pub score_name: String,
    /// One identifier a row.
    pub ids: Vec<String>,
    /// Names of the columns.
    pub names: Vec<String>,
    /// Rows cases, columns features.
    pub values: Array2<f64>,
    /// `true` = event.
    pub outcome: Vec<bool>,
    /// Rows that may be looked at.
    pub training: Vec<usize>,
    /// Repeated readings of some rows.
    pub repeats: Vec<RepeatedReading>,
    /// Columns that are left out before the first step, with the reason.
    pub left_out: Vec<LeftOut>,
}

/// The features of some rows again, from another outline of the same image.
#[derive(Debug, Clone)]
pub struct RepeatedReading {
    /// `inter` (another reader) or `intra` (the same reader again), or whatever the study calls it.
    pub name: String,
    /// The rows that were outlined again.
    pub rows: Vec<usize>,
    /// Their features, in the columns of the table.
    pub values: Array2<f64>,
}

/// A column that takes no part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// Its name.
    pub name: String,
    /// Why.
    pub reason: String,
}

/// How features are selected.
#[derive(Debug, Clone, PartialEq)]
pub struct SelectionSettings {
    /// Form of the coefficient of reliability.
    pub icc_form: IccForm,
    /// Smallest coefficient kept.
    pub icc_threshold: f64,
    /// Relevance filter.
    pub relevance: RelevanceChoice,
    /// Features kept by the relevance filter.
    pub keep: usize,
    /// Redundancy filter.
    pub redundancy: RedundancyChoice,
    /// Elastic-net mixing: 1 is the LASSO.
    pub alpha: f64,
    /// Folds of the cross-validation.
    pub folds: FoldPlan,
    /// Which lambda is taken.
    pub rule: LambdaRule,
}

/// Reliability of every feature in one comparison.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// Name of the repeated reading.
    pub name: String,
    /// Number of cases read twice.
    pub n: usize,
    /// One coefficient a feature.
    pub features: Vec<FeatureIcc>,
}

/// The result: a fitted selection and its score on every row.
#[derive(Debug, Clone)]
pub struct Selection {
    input: SelectionInput,
    settings: SelectionSettings,
    /// Reliability, one entry a repeated reading.
    pub reliability: Vec<Comparison>,
    /// The fitted steps.
    pub fitted: Fitted,
    /// The score of every row.
    pub scores: Vec<f64>,
}

/// Fits the selection on the training rows and applies it to all rows.
///
/// # Errors
/// What the steps refuse, the score named: too few rows of a class, columns that are not finite, no column left.
pub fn select(input: SelectionInput, settings: SelectionSettings) -> anyhow::Result<Selection> {
    let named = || format!("selection of the {}", input.score_name);
    let table = usable_columns(&input).with_context(named)?;
    let training = table.select_rows(&input.training).with_context(named)?;
    let outcome: Vec<bool> = input
        .training
        .iter()
        .map(|&row| input.outcome[row])
        .collect();
    let reliability = reliability(&input, &table, settings.icc_form).with_context(named)?;
    let fitted = pipeline(&input, &settings, &reliability)
        .fit(&training, &outcome)
        .with_context(named)?;
    let scores = fitted.score(&table).with_context(named)?;
    Ok(Selection {
        input,
        settings,
        reliability,
        fitted,
        scores,
    })
}

impl Selection {
    /// The score itself.
    ///
    /// # Panics
    /// Never: the last step of the pipeline makes it.
    pub fn score(&self) -> &Score {
        self.fitted
            .score
            .as_ref()
            .expect("the pipeline ends with the LASSO")
    }

    /// What was selected from.
    pub fn input(&self) -> &SelectionInput {
        &self.input
    }

    /// How it was selected.
    pub fn settings(&self) -> &SelectionSettings {
        &self.settings
    }

    /// Whether the cross-validation left no feature, so that the score is the same for everybody.
    pub fn is_constant(&self) -> bool {
        self.score().terms.is_empty()
    }

    /// Features left after each step, the given table first.
    pub fn funnel(&self) -> Vec<(String, usize, usize)> {
        let n = self.input.names.len();
        let left_out = self.input.left_out.len();
        let mut rows = vec![("all features".to_owned(), n, 0)];
        if left_out > 0 {
            rows.push(("left out beforehand".to_owned(), n - left_out, left_out));
        }
        rows.extend(
            self.fitted
                .funnel
                .iter()
                .map(|step| (step.step_name.to_owned(), step.kept, step.dropped)),
        );
        rows
    }
}

fn usable_columns(input: &SelectionInput) -> anyhow::Result<FeatureTable> {
    let all = FeatureTable::new(input.values.view(), &input.names)?;
    if input.left_out.is_empty() {
        return Ok(all);
    }
    let left_out: std::collections::HashSet<&str> = input
        .left_out
        .iter()
        .map(|column| column.name.as_str())
        .collect();
    let kept: Vec<usize> = (0..input.names.len())
        .filter(|&j| !left_out.contains(input.names[j].as_str()))
        .collect();
    if kept.is_empty() {
        bail!(
            "expected at least one column to select from, found that all {} are left out",
            input.names.len()
        );
    }
    Ok(all.select_columns(&kept))
}

fn reliability(
    input: &SelectionInput,
    table: &FeatureTable,
    form: IccForm,
) -> anyhow::Result<Vec<Comparison>> {
    input
        .repeats
        .iter()
        .map(|repeat| {
            let first = table.select_rows(&repeat.rows)?;
            let again = FeatureTable::new(repeat.values.view(), &input.names)
                .with_context(|| format!("repeated reading {}", repeat.name))?
                .select_names(table.names())?;
            let features = feature_icc(&[&first, &again], form, &IccSettings::default())?;
            Ok(Comparison {
                name: repeat.name.clone(),
                n: repeat.rows.len(),
                features,
            })
        })
        .collect()
}

fn pipeline(
    input: &SelectionInput,
    settings: &SelectionSettings,
    reliability: &[Comparison],
) -> SelectionPipeline {
    let mut pipeline = SelectionPipeline::new()
        .step(Step::DropConstant)
        .step(Step::DropDuplicates);
    if !reliability.is_empty() {
        pipeline = pipeline.step(Step::Reliability {
            comparisons: reliability
                .iter()
                .map(|comparison| comparison.features.clone())
                .collect(),
            filter: IccFilter {
                threshold: settings.icc_threshold,
                ..IccFilter::default()
            },
        });
    }
    pipeline = pipeline.step(Step::Standardize(Divisor::Sample));
    let relevance = match settings.relevance {
        RelevanceChoice::Mi => Some(Relevance::default()),
        RelevanceChoice::Mannwhitney => Some(Relevance::Auc),
        RelevanceChoice::None => None,
    };
    if let Some(relevance) = relevance {
        pipeline = pipeline.step(Step::MostRelevant {
            relevance,
            keep: settings.keep,
        });
    }
    match settings.redundancy {
        RedundancyChoice::Correlation(cutoff) => {
            pipeline = pipeline.step(Step::Redundancy {
                rule: RedundancyRule::RelevanceGreedy(relevance.unwrap_or(Relevance::Auc)),
                cutoff,
                correlation: Default::default(),
            });
        }
        RedundancyChoice::Mrmr => {
            pipeline = pipeline.step(Step::Greedy {
                criterion: Criterion::MrmrDifference,
                keep: settings.keep,
                binning: Binning::Praznik,
            });
        }
        RedundancyChoice::None => {}
    }
    pipeline.step(Step::Lasso(LassoStep {
        cross_validation: CrossValidation::new(ElasticNet::new().alpha(settings.alpha)),
        folds: settings.folds.clone(),
        rule: settings.rule,
        score_name: input.score_name.clone(),
        ..LassoStep::default()
    }))
}
