//! From a feature table to one score: reliability, relevance, redundancy and the LASSO, fitted on the training rows only.
//!
//! | file | holds |
//! |---|---|
//! | this one | input, settings, the fit |
//! | [`choices`] | the options as users spell them |
//! | [`gaps`] | tables with missing values |
//! | [`judgement`] | nested cross-validation and stability selection of what was fitted |
//! | `files`, `figures` | CSV and JSON; figures |
//!
//! Columns go into the LASSO in their own units, because the LASSO scales them itself: its path is that of glmnet on the same table.

pub mod choices;
mod figures;
mod files;
pub mod gaps;
pub mod judgement;

use std::collections::HashSet;

use anyhow::{Context, bail};
use eval_stats::Scored;
use feature_selection::icc::{
    FeatureIcc, IccFilter, IccForm, IccSettings, MissingRatings, feature_icc,
};
use feature_selection::lasso::{Estimator, EstimatorFit, LambdaRule, RefitStatus};
use feature_selection::missing::{ImputeBy, Imputer, IncompleteTable};
use feature_selection::pipeline::{ClassWeights, Fitted, FoldPlan, LassoStep, Step};
use feature_selection::relevance::Relevance;
use feature_selection::{FeatureTable, Score, SelectionPipeline};
use ndarray::{Array2, Axis};

use choices::{RedundancyChoice, RelevanceChoice, UnivariateChoice};
pub use figures::SelectionFigure;

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
    /// What missing values (NaN) are replaced by, computed on the training rows; `None` refuses them.
    pub impute: Option<ImputeBy>,
}

/// The features of some rows again, from another outline of the same image.
#[derive(Debug, Clone)]
pub struct RepeatedReading {
    /// `inter` (another reader) or `intra` (the same reader again), or whatever the study calls it.
    pub name: String,
    /// The rows that were outlined again.
    pub rows: Vec<usize>,
    /// Their features, in the columns of the table. NaN where one is missing: the feature is judged without this case.
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
    /// Whether features with almost one value are left out.
    pub near_zero_variance: bool,
    /// Form of the coefficient of reliability.
    pub icc_form: IccForm,
    /// Which coefficients are kept.
    pub icc_filter: IccFilter,
    /// Filter by p-values.
    pub univariate: Option<UnivariateChoice>,
    /// Relevance filter.
    pub relevance: RelevanceChoice,
    /// Features kept by the relevance filter.
    pub keep: usize,
    /// Redundancy filter.
    pub redundancy: RedundancyChoice,
    /// How coefficients are estimated.
    pub estimator: Estimator,
    /// Weight of the classes in the LASSO.
    pub class_weights: ClassWeights,
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
    /// The steps before they were fitted.
    pub pipeline: SelectionPipeline,
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
    let reliability = reliability(&input, settings.icc_form).with_context(named)?;
    let pipeline = pipeline(&input, &settings, &reliability);
    let fitted = pipeline.fit(&training, &outcome).with_context(named)?;
    let scores = fitted.score(&table).with_context(named)?;
    Ok(Selection {
        input,
        settings,
        reliability,
        pipeline,
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

    /// The usable columns of the training rows, and their outcome.
    ///
    /// # Errors
    /// Never for an input that was selected from.
    pub fn training(&self) -> anyhow::Result<(FeatureTable, Vec<bool>)> {
        let rows = &self.input.training;
        let outcome = rows.iter().map(|&row| self.input.outcome[row]).collect();
        Ok((usable_columns(&self.input)?.select_rows(rows)?, outcome))
    }

    /// The same before missing values were filled, and what they are filled by; `None` for a table without gaps.
    ///
    /// # Errors
    /// Never for an input that was selected from.
    pub fn training_gaps(&self) -> anyhow::Result<Option<(IncompleteTable, ImputeBy)>> {
        let Some(statistic) = self.input.impute else {
            return Ok(None);
        };
        let (values, names) = usable(&self.input)?;
        let training = IncompleteTable::new(values.view(), &names)?;
        Ok(Some((
            training.select_rows(&self.input.training)?,
            statistic,
        )))
    }

    /// Whether the cross-validation left no feature, so that the score is the same for everybody.
    pub fn is_constant(&self) -> bool {
        self.score().terms.is_empty()
    }

    /// What a reader of the score should know before using it.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        let Some(cv) = self.fitted.cross_validation() else {
            return warnings;
        };
        warnings.extend(cv.notices.iter().map(ToString::to_string));
        if self.is_constant() {
            warnings.push(format!(
                "no feature is left at lambda {:.6}: the score is the same for every row",
                self.chosen_lambda()
            ));
        }
        if let Some(EstimatorFit::Relaxed(relaxed)) = &self.fitted.estimate {
            let gamma = self.fitted.lasso.as_ref().and_then(|lasso| lasso.gamma);
            let lambda = self.chosen_lambda();
            let at = cv.path.lambda.iter().position(|&l| l == lambda);
            let status = at.map(|k| relaxed.refits.status[k]);
            if status == Some(RefitStatus::Separated) && gamma.is_some_and(|gamma| gamma < 1.0) {
                warnings.push(
                    "the selected features separate the classes, so that the relaxed coefficients are where the fit stopped: their size means nothing"
                        .to_owned(),
                );
            }
        }
        warnings
    }

    /// One line on the AUC of the training rows, and one of the other rows where they hold both classes.
    ///
    /// # Errors
    /// Never for scores that are finite.
    pub fn performance(&self) -> anyhow::Result<Vec<String>> {
        let training: HashSet<usize> = self.input.training.iter().copied().collect();
        let others = (0..self.scores.len()).filter(|row| !training.contains(row));
        let mut lines = vec![self.auc_line("training (apparent)", &self.input.training)?];
        let others: Vec<usize> = others.collect();
        let events = others
            .iter()
            .filter(|&&row| self.input.outcome[row])
            .count();
        if events > 0 && events < others.len() {
            lines.push(self.auc_line("other rows", &others)?);
        }
        Ok(lines)
    }

    fn auc_line(&self, what: &str, rows: &[usize]) -> anyhow::Result<String> {
        let scores: Vec<f64> = rows.iter().map(|&row| self.scores[row]).collect();
        let outcome: Vec<bool> = rows.iter().map(|&row| self.input.outcome[row]).collect();
        let auc = eval_stats::roc::auc(&Scored::new(&scores, &outcome)?);
        let events = outcome.iter().filter(|&&event| event).count();
        Ok(format!(
            "{}: AUC {auc:.3} of {what}, {} rows with {events} events",
            self.input.score_name,
            rows.len()
        ))
    }

    fn chosen_lambda(&self) -> f64 {
        self.fitted
            .lasso
            .as_ref()
            .map_or(f64::NAN, |lasso| lasso.lambda)
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

/// Values and names of the columns that are not left out.
fn usable(input: &SelectionInput) -> anyhow::Result<(Array2<f64>, Vec<String>)> {
    let left_out: HashSet<&str> = input.left_out.iter().map(|c| c.name.as_str()).collect();
    let kept: Vec<usize> = (0..input.names.len())
        .filter(|&j| !left_out.contains(input.names[j].as_str()))
        .collect();
    if kept.is_empty() {
        bail!(
            "expected at least one column to select from, found that all {} are left out",
            input.names.len()
        );
    }
    let names = kept.iter().map(|&j| input.names[j].clone()).collect();
    Ok((input.values.select(Axis(1), &kept), names))
}

/// The usable columns of all rows, complete.
fn usable_columns(input: &SelectionInput) -> anyhow::Result<FeatureTable> {
    let (values, names) = usable(input)?;
    let Some(statistic) = input.impute else {
        return Ok(FeatureTable::new(values.view(), &names)?);
    };
    let table = IncompleteTable::new(values.view(), &names)?;
    let training = table.select_rows(&input.training)?;
    Ok(Imputer::fit(&training, statistic)?.transform(&table)?)
}

fn reliability(input: &SelectionInput, form: IccForm) -> anyhow::Result<Vec<Comparison>> {
    let (values, names) = usable(input)?;
    // Agreement with a filled cell would say nothing: a gap in either reading costs the feature this case.
    let settings = IccSettings {
        missing: MissingRatings::Listwise,
        ..IccSettings::default()
    };
    input
        .repeats
        .iter()
        .map(|repeat| {
            let first = values.select(Axis(0), &repeat.rows);
            let first = IncompleteTable::new(first.view(), &names)?;
            let again = IncompleteTable::new(repeated(input, repeat, &names).view(), &names)
                .with_context(|| format!("repeated reading {}", repeat.name))?;
            Ok(Comparison {
                name: repeat.name.clone(),
                n: repeat.rows.len(),
                features: feature_icc(&[&first, &again], form, &settings)?,
            })
        })
        .collect()
}

/// The columns of `names` in a repeated reading.
fn repeated(input: &SelectionInput, repeat: &RepeatedReading, names: &[String]) -> Array2<f64> {
    let wanted: HashSet<&str> = names.iter().map(String::as_str).collect();
    let kept: Vec<usize> = (0..input.names.len())
        .filter(|&j| wanted.contains(input.names[j].as_str()))
        .collect();
    repeat.values.select(Axis(1), &kept)
}

fn pipeline(
    input: &SelectionInput,
    settings: &SelectionSettings,
    reliability: &[Comparison],
) -> SelectionPipeline {
    let mut pipeline = SelectionPipeline::new()
        .step(Step::DropConstant)
        .step(Step::DropDuplicates);
    if settings.near_zero_variance {
        pipeline = pipeline.step(Step::NearZeroVariance {
            frequency_ratio: 19.0,
            unique_percent: 10.0,
        });
    }
    if !reliability.is_empty() {
        pipeline = pipeline.step(Step::Reliability {
            comparisons: reliability
                .iter()
                .map(|comparison| comparison.features.clone())
                .collect(),
            filter: settings.icc_filter,
        });
    }
    if let Some(choice) = &settings.univariate {
        pipeline = pipeline.step(Step::Univariate {
            method: choice.method,
            adjustment: choice.adjustment,
            level: choice.level,
        });
    }
    let relevance = settings.relevance.measure();
    if let Some(relevance) = relevance {
        pipeline = pipeline.step(Step::MostRelevant {
            relevance,
            keep: settings.keep,
        });
    }
    let decides = relevance.unwrap_or(Relevance::Auc);
    if let Some(step) = settings.redundancy.step(decides, settings.keep) {
        pipeline = pipeline.step(step);
    }
    pipeline.step(Step::Lasso(LassoStep {
        estimator: settings.estimator.clone(),
        folds: settings.folds.clone(),
        rule: settings.rule,
        class_weights: settings.class_weights,
        score_name: input.score_name.clone(),
    }))
}
