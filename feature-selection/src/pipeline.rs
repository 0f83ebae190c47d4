//! From a table to a score: a list of steps, fitted together on training rows.
//!
//! Every step sees the columns its predecessors left and the training rows only. A [`Fitted`] pipeline is
//! the one way to apply the result to other rows.

use eval_stats::folds::Folds;

use crate::correlation::Correlation;
use crate::error::{Error, Result};
use crate::icc::{FeatureIcc, IccFilter};
use crate::lasso::{CrossValidation, CrossValidationFit, LambdaRule, Samples};
use crate::mrmr::{self, Criterion, Stop};
use crate::mutual_information::Binning;
use crate::redundancy::{
    Redundancy, caret_exact, caret_fast, near_zero_variance, relevance_greedy,
};
use crate::relevance::Relevance;
use crate::score::Score;
use crate::standardize::{Divisor, Standardizer, same_columns};
use crate::table::{FeatureTable, check_outcome};
use crate::univariate::{Adjustment, UnivariateMethod, adjust, univariate_tests};

/// One step of a pipeline.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Step {
    /// Drops columns with one value.
    DropConstant,
    /// Drops columns equal, value for value, to an earlier one.
    DropDuplicates,
    /// Drops columns with (almost) one value; see [`near_zero_variance`].
    NearZeroVariance {
        /// Most common over second most common value, 19 in caret.
        frequency_ratio: f64,
        /// Percentage of distinct values, 10 in caret.
        unique_percent: f64,
    },
    /// Keeps features reliable in every reading comparison given (for example inter- and intra-observer). The
    /// coefficients come from repeated outlines, which know nothing of the outcome.
    Reliability {
        /// One list per comparison; each must cover all columns.
        comparisons: Vec<Vec<FeatureIcc>>,
        /// What is reliable enough.
        filter: IccFilter,
    },
    /// z-scores columns by training mean and standard deviation; drops constant ones. At most once per pipeline.
    Standardize(Divisor),
    /// Keeps features whose adjusted p-value is below `level`.
    Univariate {
        /// The test.
        method: UnivariateMethod,
        /// Correction for many features.
        adjustment: Adjustment,
        /// Level, usually 0.05.
        level: f64,
    },
    /// Keeps the `keep` most relevant features, ties to the lower column.
    MostRelevant {
        /// The measure.
        relevance: Relevance,
        /// Number kept; all if there are fewer.
        keep: usize,
    },
    /// Drops features that repeat others.
    Redundancy {
        /// The rule.
        rule: RedundancyRule,
        /// Largest absolute correlation kept.
        cutoff: f64,
        /// The coefficient.
        correlation: Correlation,
    },
    /// Greedy selection by mutual information on discretized features.
    Greedy {
        /// What each further feature maximizes.
        criterion: Criterion,
        /// Number selected at most.
        keep: usize,
        /// Discretization.
        binning: Binning,
    },
    /// Cross-validated LASSO or elastic net; the last step, and the one that makes a [`Score`].
    Lasso(LassoStep),
}

/// Which redundant feature goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RedundancyRule {
    /// The less relevant one; see [`relevance_greedy`].
    RelevanceGreedy(Relevance),
    /// See [`caret_exact`].
    CaretExact,
    /// See [`caret_fast`].
    CaretFast,
}

impl Default for RedundancyRule {
    fn default() -> Self {
        Self::RelevanceGreedy(Relevance::default())
    }
}

/// Settings of the last step.
#[derive(Debug, Clone, PartialEq)]
pub struct LassoStep {
    /// Path and loss.
    pub cross_validation: CrossValidation,
    /// Where the folds come from.
    pub folds: FoldPlan,
    /// Which model is taken.
    pub rule: LambdaRule,
    /// Weight of the classes.
    pub class_weights: ClassWeights,
    /// Name of the score in formulas.
    pub score_name: String,
}

impl Default for LassoStep {
    fn default() -> Self {
        Self {
            cross_validation: CrossValidation::default(),
            folds: FoldPlan::default(),
            rule: LambdaRule::OneStandardError,
            class_weights: ClassWeights::default(),
            score_name: "Rad-score".to_owned(),
        }
    }
}

/// Weight of events and non-events in the fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ClassWeights {
    /// Every row counts the same.
    #[default]
    Equal,
    /// Both classes have the same total weight.
    Balanced,
}

/// Where the folds of a cross-validation come from.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum FoldPlan {
    /// Seeded folds with the same share of events; repeat `r` uses seed `seed + r`.
    Stratified {
        /// Number of folds.
        n_folds: usize,
        /// Seed of the first repeat.
        seed: u32,
        /// Number of repeats whose losses are averaged.
        repeats: usize,
    },
    /// Given folds, one number per training row.
    Given(Folds),
}

impl Default for FoldPlan {
    fn default() -> Self {
        Self::Stratified {
            n_folds: 10,
            seed: 1,
            repeats: 1,
        }
    }
}

impl FoldPlan {
    /// Folds of the given outcome, one assignment per repeat.
    ///
    /// # Errors
    /// [`Error::Statistics`] if a class has fewer rows than folds, [`Error::InvalidSetting`] without repeats.
    pub fn folds(&self, outcome: &[bool]) -> Result<Vec<Folds>> {
        match self {
            Self::Given(folds) => Ok(vec![folds.clone()]),
            Self::Stratified { repeats: 0, .. } => Err(Error::InvalidSetting {
                name: "repeats",
                expected: "at least 1",
                found: 0.0,
            }),
            Self::Stratified {
                n_folds,
                seed,
                repeats,
            } => (0..*repeats)
                .map(|r| {
                    Ok(Folds::stratified(
                        outcome,
                        *n_folds,
                        seed.wrapping_add(r as u32),
                    )?)
                })
                .collect(),
        }
    }
}

/// Why a feature was dropped.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum DropReason {
    /// One value in all training rows.
    Constant,
    /// Equal to an earlier column.
    Duplicate {
        /// That column.
        of: String,
    },
    /// Almost one value.
    NearZeroVariance,
    /// Not reliable enough.
    Unreliable {
        /// Which comparison failed, in the order given.
        comparison: usize,
        /// The number compared with the threshold; NaN for a constant feature.
        value: f64,
        /// The threshold.
        threshold: f64,
    },
    /// Adjusted p-value too large.
    NotSignificant {
        /// Adjusted p-value.
        p_value: f64,
        /// Level.
        level: f64,
    },
    /// Not among the most relevant.
    LessRelevant {
        /// Its relevance.
        relevance: f64,
        /// Its rank, from 1.
        rank: usize,
    },
    /// Repeats another feature.
    Redundant {
        /// The feature it repeats.
        with: String,
        /// Their correlation.
        correlation: f64,
    },
    /// Not selected by the greedy step.
    NotSelected,
    /// Coefficient 0 at the chosen lambda.
    ZeroCoefficient {
        /// The chosen lambda.
        lambda: f64,
    },
}

impl std::fmt::Display for DropReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Constant => write!(f, "constant"),
            Self::Duplicate { of } => write!(f, "equal to {of}"),
            Self::NearZeroVariance => write!(f, "near-zero variance"),
            Self::Unreliable {
                comparison,
                value,
                threshold,
            } => {
                write!(
                    f,
                    "ICC {value:.4} below {threshold} in comparison {}",
                    comparison + 1
                )
            }
            Self::NotSignificant { p_value, level } => {
                write!(f, "p {p_value:.4} not below {level}")
            }
            Self::LessRelevant { relevance, rank } => {
                write!(f, "relevance {relevance:.4} ranks {rank}")
            }
            Self::Redundant { with, correlation } => {
                write!(f, "correlates {correlation:.4} with {with}")
            }
            Self::NotSelected => write!(f, "not selected"),
            Self::ZeroCoefficient { lambda } => write!(f, "coefficient 0 at lambda {lambda:.6}"),
        }
    }
}

/// A dropped feature.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Dropped {
    /// Feature name.
    pub name: String,
    /// Step that dropped it, counted from 0.
    pub step: usize,
    /// Name of that step.
    pub step_name: &'static str,
    /// Why.
    pub reason: DropReason,
}

/// Counts after one step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct FunnelStep {
    /// Name of the step.
    pub step_name: &'static str,
    /// Features left.
    pub kept: usize,
    /// Features dropped by it.
    pub dropped: usize,
}

/// A list of steps, not yet fitted.
///
/// # Examples
/// ```
/// use feature_selection::pipeline::{LassoStep, SelectionPipeline, Step};
/// use feature_selection::standardize::Divisor;
/// use feature_selection::FeatureTable;
/// use ndarray::Array2;
///
/// let x = Array2::from_shape_fn((60, 3), |(i, j)| match j {
///     0 => i as f64,
///     1 => ((i * 17) % 23) as f64,
///     _ => 3.25,
/// });
/// let names = ["signal", "noise", "flat"].map(String::from);
/// let outcome: Vec<bool> = (0..60).map(|i| (i + (i * 7) % 31) > 44).collect();
/// let train = FeatureTable::new(x.view(), &names)?;
///
/// let fitted = SelectionPipeline::new()
///     .step(Step::DropConstant)
///     .step(Step::Standardize(Divisor::Sample))
///     .step(Step::Lasso(LassoStep::default()))
///     .fit(&train, &outcome)?;
/// assert!(fitted.selected.contains(&"signal".to_string()));
/// assert_eq!(fitted.dropped[0].reason.to_string(), "constant");
/// # Ok::<(), feature_selection::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SelectionPipeline {
    steps: Vec<Step>,
}

/// A fitted pipeline.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Fitted {
    /// Columns of the training table.
    pub columns: Vec<String>,
    /// Features selected, in column order.
    pub selected: Vec<String>,
    /// Training means and standard deviations of the columns standardized, if a step did so.
    pub standardizer: Option<Standardizer>,
    /// The score, if the last step was a LASSO. It may have no feature: then it is constant.
    pub score: Option<Score>,
    /// The cross-validated path, if the last step was a LASSO.
    pub cross_validation: Option<CrossValidationFit>,
    /// Counts after every step.
    pub funnel: Vec<FunnelStep>,
    /// Every dropped feature with its reason, by step and then column.
    pub dropped: Vec<Dropped>,
    /// Training rows.
    pub n_rows: usize,
    /// Training events.
    pub n_events: usize,
}

impl SelectionPipeline {
    /// A pipeline without steps, which keeps everything.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends a step.
    pub fn step(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    /// The steps.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Fits all steps on training rows.
    ///
    /// # Errors
    /// Those of the steps; [`Error::NoUsableColumn`] if a step leaves no feature, [`Error::Incompatible`] for a step after the
    /// LASSO or a second standardization.
    pub fn fit(&self, train: &FeatureTable, outcome: &[bool]) -> Result<Fitted> {
        let n_events = check_outcome(outcome, train.n_rows())?;
        self.check_order()?;
        let mut run = Run {
            table: train.clone(),
            outcome,
            fitted: Fitted::empty(train, n_events),
        };
        for (index, step) in self.steps.iter().enumerate() {
            run.apply(index, step)?;
        }
        Ok(run.fitted)
    }

    fn check_order(&self) -> Result<()> {
        let is_lasso = |s: &Step| matches!(s, Step::Lasso(_));
        let before_last = &self.steps[..self.steps.len().saturating_sub(1)];
        if before_last.iter().any(is_lasso) {
            return Err(Error::Incompatible {
                what: "a LASSO step",
                needs: "the last place in the pipeline",
            });
        }
        if self
            .steps
            .iter()
            .filter(|s| matches!(s, Step::Standardize(_)))
            .count()
            > 1
        {
            return Err(Error::Incompatible {
                what: "standardization",
                needs: "to occur once",
            });
        }
        Ok(())
    }
}

impl Step {
    /// Name in funnels and drop logs.
    pub fn name(&self) -> &'static str {
        match self {
            Self::DropConstant => "constant",
            Self::DropDuplicates => "duplicates",
            Self::NearZeroVariance { .. } => "near-zero variance",
            Self::Reliability { .. } => "reliability",
            Self::Standardize(_) => "standardization",
            Self::Univariate { .. } => "univariate test",
            Self::MostRelevant { .. } => "relevance",
            Self::Redundancy { .. } => "redundancy",
            Self::Greedy { .. } => "greedy selection",
            Self::Lasso(_) => "lasso",
        }
    }
}

impl Fitted {
    fn empty(train: &FeatureTable, n_events: usize) -> Self {
        Self {
            columns: train.names().to_vec(),
            selected: train.names().to_vec(),
            standardizer: None,
            score: None,
            cross_validation: None,
            funnel: Vec::new(),
            dropped: Vec::new(),
            n_rows: train.n_rows(),
            n_events,
        }
    }

    /// The selected features of any rows, z-scored by training numbers if the pipeline standardizes.
    ///
    /// # Errors
    /// [`Error::ColumnMismatch`] if a selected feature is missing.
    pub fn transform(&self, table: &FeatureTable) -> Result<FeatureTable> {
        let chosen = table.select_names(&self.selected)?;
        match &self.standardizer {
            Some(standardizer) => standardizer.restricted(&self.selected)?.transform(&chosen),
            None => Ok(chosen),
        }
    }

    /// The score of any rows that have the training table's columns, in any order.
    ///
    /// # Errors
    /// [`Error::ColumnMismatch`] if a training column is missing or an unknown one present;
    /// [`Error::Incompatible`] if the pipeline makes no score.
    pub fn score(&self, table: &FeatureTable) -> Result<Vec<f64>> {
        let Some(score) = &self.score else {
            return Err(Error::Incompatible {
                what: "a score",
                needs: "a pipeline that ends with a LASSO step",
            });
        };
        score.apply(&same_columns("fitted pipeline", &self.columns, table)?)
    }
}

/// State while fitting: the columns still in play.
struct Run<'a> {
    table: FeatureTable,
    outcome: &'a [bool],
    fitted: Fitted,
}

impl Run<'_> {
    fn apply(&mut self, index: usize, step: &Step) -> Result<()> {
        let before = self.table.n_columns();
        let dropped = match step {
            Step::DropConstant => constants(&self.table),
            Step::DropDuplicates => self
                .table
                .duplicate_columns()
                .into_iter()
                .map(|(copy, of)| {
                    (
                        copy,
                        DropReason::Duplicate {
                            of: self.table.names()[of].clone(),
                        },
                    )
                })
                .collect(),
            Step::NearZeroVariance {
                frequency_ratio,
                unique_percent,
            } => {
                let found = near_zero_variance(&self.table, *frequency_ratio, *unique_percent)?;
                found
                    .into_iter()
                    .map(|j| (j, DropReason::NearZeroVariance))
                    .collect()
            }
            Step::Reliability {
                comparisons,
                filter,
            } => unreliable(&self.table, comparisons, filter)?,
            Step::Standardize(divisor) => self.standardize(*divisor)?,
            Step::Univariate {
                method,
                adjustment,
                level,
            } => self.not_significant(*method, *adjustment, *level)?,
            Step::MostRelevant { relevance, keep } => self.less_relevant(*relevance, *keep)?,
            Step::Redundancy {
                rule,
                cutoff,
                correlation,
            } => self.redundant(*rule, *cutoff, *correlation)?,
            Step::Greedy {
                criterion,
                keep,
                binning,
            } => {
                let chosen = mrmr::select(
                    &self.table,
                    self.outcome,
                    *criterion,
                    *keep,
                    *binning,
                    Stop::WhenExhausted,
                )?
                .selected;
                (0..before)
                    .filter(|j| !chosen.contains(j))
                    .map(|j| (j, DropReason::NotSelected))
                    .collect()
            }
            Step::Lasso(lasso) => self.lasso(lasso)?,
        };
        self.drop_columns(index, step, dropped)
    }

    /// Removes columns and writes the log.
    fn drop_columns(
        &mut self,
        index: usize,
        step: &Step,
        dropped: Vec<(usize, DropReason)>,
    ) -> Result<()> {
        let before = self.table.n_columns();
        let mut keep = vec![true; before];
        for (j, reason) in dropped {
            keep[j] = false;
            let name = self.table.names()[j].clone();
            self.fitted.dropped.push(Dropped {
                name,
                step: index,
                step_name: step.name(),
                reason,
            });
        }
        let kept: Vec<usize> = (0..before).filter(|&j| keep[j]).collect();
        if kept.is_empty() && !matches!(step, Step::Lasso(_)) {
            return Err(Error::NoUsableColumn {
                what: step.name(),
                n_columns: before,
            });
        }
        self.table = self.table.select_columns(&kept);
        self.fitted.selected = self.table.names().to_vec();
        self.fitted.funnel.push(FunnelStep {
            step_name: step.name(),
            kept: kept.len(),
            dropped: before - kept.len(),
        });
        Ok(())
    }

    fn standardize(&mut self, divisor: Divisor) -> Result<Vec<(usize, DropReason)>> {
        let standardizer = Standardizer::fit(&self.table, divisor)?;
        let dropped = constants(&self.table);
        self.table = standardizer.transform(&self.table)?;
        self.fitted.standardizer = Some(standardizer);
        Ok(dropped)
    }

    fn not_significant(
        &self,
        method: UnivariateMethod,
        adjustment: Adjustment,
        level: f64,
    ) -> Result<Vec<(usize, DropReason)>> {
        if !(level > 0.0 && level <= 1.0) {
            return Err(Error::InvalidSetting {
                name: "level",
                expected: "a number in (0, 1]",
                found: level,
            });
        }
        let tests = univariate_tests(&self.table, self.outcome, method)?;
        let p_values: Vec<f64> = tests.iter().map(|t| t.p_value).collect();
        Ok(adjust(&p_values, adjustment)
            .into_iter()
            .enumerate()
            .filter(|&(_, p)| p >= level)
            .map(|(j, p_value)| (j, DropReason::NotSignificant { p_value, level }))
            .collect())
    }

    fn less_relevant(&self, relevance: Relevance, keep: usize) -> Result<Vec<(usize, DropReason)>> {
        let values = relevance.of(&self.table, self.outcome)?;
        let mut order: Vec<usize> = (0..values.len()).collect();
        order.sort_by(|&a, &b| values[b].total_cmp(&values[a]).then(a.cmp(&b)));
        let mut dropped: Vec<(usize, DropReason)> = order
            .into_iter()
            .enumerate()
            .skip(keep)
            .map(|(rank, j)| {
                (
                    j,
                    DropReason::LessRelevant {
                        relevance: values[j],
                        rank: rank + 1,
                    },
                )
            })
            .collect();
        dropped.sort_by_key(|d| d.0);
        Ok(dropped)
    }

    fn redundant(
        &self,
        rule: RedundancyRule,
        cutoff: f64,
        correlation: Correlation,
    ) -> Result<Vec<(usize, DropReason)>> {
        let Redundancy {
            removed, constant, ..
        } = match rule {
            RedundancyRule::RelevanceGreedy(relevance) => {
                let values = relevance.of(&self.table, self.outcome)?;
                relevance_greedy(&self.table, &values, cutoff, correlation)?
            }
            RedundancyRule::CaretExact => caret_exact(&self.table, cutoff, correlation)?,
            RedundancyRule::CaretFast => caret_fast(&self.table, cutoff, correlation)?,
        };
        let mut dropped: Vec<(usize, DropReason)> = removed
            .into_iter()
            .map(|r| {
                let with = self.table.names()[r.repeats].clone();
                (
                    r.column,
                    DropReason::Redundant {
                        with,
                        correlation: r.correlation,
                    },
                )
            })
            .chain(constant.into_iter().map(|j| (j, DropReason::Constant)))
            .collect();
        dropped.sort_by_key(|d| d.0);
        Ok(dropped)
    }

    fn lasso(&mut self, step: &LassoStep) -> Result<Vec<(usize, DropReason)>> {
        let mut samples = Samples::binary(&self.table, self.outcome)?;
        if step.class_weights == ClassWeights::Balanced {
            let (n, events) = (self.outcome.len() as f64, self.fitted.n_events as f64);
            let weight = |event: bool| {
                if event {
                    n / (2.0 * events)
                } else {
                    n / (2.0 * (n - events))
                }
            };
            samples = samples
                .with_weights(&self.outcome.iter().map(|&y| weight(y)).collect::<Vec<_>>())?;
        }
        let fit = step
            .cross_validation
            .fit_repeated(&samples, &step.folds.folds(self.outcome)?)?;
        let selection = fit.select(step.rule)?;
        let score = match &self.fitted.standardizer {
            Some(standardizer) => {
                let restricted = standardizer.restricted(self.table.names())?;
                Score::from_standardized(&step.score_name, &selection, &restricted)?
            }
            None => {
                let standardizer = Standardizer::fit(&self.table, Divisor::default())?;
                Score::from_raw(&step.score_name, &selection, &standardizer)?
            }
        };
        self.fitted.score = Some(score);
        self.fitted.cross_validation = Some(fit);
        let lambda = selection.lambda;
        Ok((0..self.table.n_columns())
            .filter(|j| selection.selected.binary_search(j).is_err())
            .map(|j| (j, DropReason::ZeroCoefficient { lambda }))
            .collect())
    }
}

fn constants(table: &FeatureTable) -> Vec<(usize, DropReason)> {
    table
        .constant_columns()
        .into_iter()
        .map(|j| (j, DropReason::Constant))
        .collect()
}

fn unreliable(
    table: &FeatureTable,
    comparisons: &[Vec<FeatureIcc>],
    filter: &IccFilter,
) -> Result<Vec<(usize, DropReason)>> {
    let lookups: Vec<std::collections::HashMap<&str, &FeatureIcc>> = comparisons
        .iter()
        .map(|c| c.iter().map(|f| (f.name.as_str(), f)).collect())
        .collect();
    let mut dropped = Vec::new();
    for (j, name) in table.names().iter().enumerate() {
        for (comparison, lookup) in lookups.iter().enumerate() {
            let Some(feature) = lookup.get(name.as_str()) else {
                let missing = table
                    .names()
                    .iter()
                    .filter(|n| !lookup.contains_key(n.as_str()))
                    .cloned()
                    .collect();
                return Err(Error::ColumnMismatch {
                    what: "reliability",
                    missing,
                    unexpected: Vec::new(),
                });
            };
            if !filter.keeps(&feature.icc) {
                let value = filter.compared(&feature.icc);
                dropped.push((
                    j,
                    DropReason::Unreliable {
                        comparison,
                        value,
                        threshold: filter.threshold,
                    },
                ));
                break;
            }
        }
    }
    Ok(dropped)
}
