//! An honest estimate: the whole pipeline is refitted in every outer fold and judged on rows it never saw.
//!
//! | file | holds |
//! |---|---|
//! | this one | settings, the refits, their summary |
//! | `permutation` | the same with outcomes shuffled: what chance gives |
//!
//! Rows come from any [`RowSource`]: a complete table, or one with gaps whose imputation is fitted in every fold
//! ([`IncompleteTable::imputed_by`](crate::missing::IncompleteTable::imputed_by)).
//!
//! # What the numbers mean
//! The AUC within a fold compares scores of one model and is unbiased for a pipeline fitted on so many rows. Its mean over folds is the
//! estimate. The spread over folds shows how unsteady it is and is no standard error: folds share training rows, and no unbiased estimate of
//! that variance exists (Bengio and Grandvalet, *JMLR* 5 (2004), 1089-1105). The pooled AUC compares scores of different models, which differ in
//! intercept and scale; it is biased, for weak signals downward (Forman and Scholz, *SIGKDD Explor.* 12 (2010),
//! doi:10.1145/1882471.1882479), and is reported because readers ask for it.

mod permutation;

use eval_stats::Scored;
use eval_stats::folds::Folds;

use crate::error::{Error, Result, check_setting};
use crate::missing::RowSource;
use crate::par::map_indexed;
use crate::pipeline::{FoldPlan, SelectionPipeline, Step};
use crate::stability::{StabilityIndex, stability_index};
use crate::table::check_outcome;

pub use permutation::PermutationTest;

/// What an outer fold counts as in which some step leaves no feature at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum NothingSelected {
    /// An error that names fold and step. The default.
    #[default]
    Refuse,
    /// A fold without a model: the same score for everybody, AUC 1/2. Usual where a filter by p-values meets noise.
    ConstantScore,
}

/// Settings of a nested cross-validation.
///
/// # Examples
/// ```
/// use eval_stats::folds::Folds;
/// use feature_selection::nested_cv::NestedCv;
/// use feature_selection::pipeline::{FoldPlan, LassoStep, SelectionPipeline, Step};
/// use feature_selection::FeatureTable;
/// use ndarray::Array2;
///
/// let x = Array2::from_shape_fn((60, 3), |(i, j)| ((i * (17 + 14 * j)) % 61) as f64);
/// let names = ["signal", "noise", "more"].map(String::from);
/// let outcome: Vec<bool> = x.column(0).iter().map(|&v| v > 30.0).collect();
/// let table = FeatureTable::new(x.view(), &names)?;
/// let inner = FoldPlan::Stratified { n_folds: 4, seed: 1, repeats: 1 };
/// let pipeline = SelectionPipeline::new().step(Step::Lasso(LassoStep { folds: inner, ..LassoStep::default() }));
///
/// let outer = FoldPlan::Stratified { n_folds: 3, seed: 7, repeats: 2 };
/// let nested = NestedCv::new(pipeline).fit(&table, &outcome, &outer.folds(&outcome)?)?;
/// assert!(nested.mean_auc > 0.95);
/// assert_eq!(nested.selection_frequencies()[0].name, "signal");
/// assert_eq!(nested.folds.len(), 6);
/// # Ok::<(), feature_selection::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct NestedCv {
    pipeline: SelectionPipeline,
    nothing_selected: NothingSelected,
}

/// Held-out performance of a pipeline.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct NestedCrossValidation {
    /// One entry per assignment of rows to outer folds.
    pub repeats: Vec<NestedRepeat>,
    /// Every outer fold, by repeat and then fold.
    pub folds: Vec<NestedFold>,
    /// Mean of the fold AUCs, weighted by the number of event/non-event pairs.
    pub mean_auc: f64,
    /// Sample standard deviation of the fold AUCs; no standard error, see the [module documentation](self).
    pub auc_standard_deviation: f64,
    /// Mean AUC on the rows the models were fitted to, weighted alike.
    pub mean_apparent_auc: f64,
    /// Apparent less held-out AUC: how much the pipeline flatters itself.
    pub optimism: f64,
    /// Columns of the source.
    pub n_features: usize,
}

/// One assignment of rows to outer folds.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct NestedRepeat {
    /// The outer folds.
    pub folds: Folds,
    /// Score of every row from the pipeline fitted without it. Scores of different folds come from different models.
    pub held_out_scores: Vec<f64>,
    /// AUC of these scores; biased, see the [module documentation](self).
    pub pooled_auc: f64,
}

/// One outer fold.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct NestedFold {
    /// Repeat, from 0.
    pub repeat: usize,
    /// Fold, from 0.
    pub fold: usize,
    /// Rows held out.
    pub n_test: usize,
    /// Events among them.
    pub n_test_events: usize,
    /// AUC on the rows held out; 1/2 for a constant score.
    pub auc: f64,
    /// AUC on the rows fitted to.
    pub apparent_auc: f64,
    /// Features selected, in column order; empty for a constant score.
    pub selected: Vec<String>,
    /// Their columns in the source.
    pub columns: Vec<usize>,
    /// Penalty chosen; `None` if a step before the LASSO left no feature.
    pub lambda: Option<f64>,
}

/// How often a feature was selected.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct SelectionFrequency {
    /// Feature name.
    pub name: String,
    /// Outer folds that selected it.
    pub count: usize,
    /// Their share of all outer folds.
    pub share: f64,
}

/// Fits `pipeline` once per outer fold on the other rows and scores the fold with it; see [`NestedCv`] for more choices.
///
/// # Errors
/// As [`NestedCv::fit`].
pub fn nested_cv<S: RowSource + ?Sized>(
    pipeline: &SelectionPipeline,
    source: &S,
    outcome: &[bool],
    folds: &Folds,
) -> Result<NestedCrossValidation> {
    NestedCv::new(pipeline.clone()).fit(source, outcome, std::slice::from_ref(folds))
}

impl NestedCv {
    /// Nested cross-validation of a pipeline that ends with a LASSO step.
    pub fn new(pipeline: SelectionPipeline) -> Self {
        Self {
            pipeline,
            nothing_selected: NothingSelected::default(),
        }
    }

    /// What a fold counts as in which some step leaves no feature.
    pub fn nothing_selected(mut self, choice: NothingSelected) -> Self {
        self.nothing_selected = choice;
        self
    }

    /// Refits the pipeline in every outer fold of every repeat. The folds are given, or made by [`FoldPlan::folds`].
    ///
    /// # Errors
    /// [`Error::Incompatible`] if the pipeline does not end with a LASSO step or uses given inner folds (they number all rows, not a fold's training
    /// rows); [`Error::InvalidSetting`] without repeats; [`Error::LengthMismatch`] and [`Error::SingleClass`] for the outcome; [`Error::InOuterFold`] around
    /// [`Error::InvalidFold`] for a fold without events or without others, and around whatever the pipeline refuses there.
    pub fn fit<S: RowSource + ?Sized>(
        &self,
        source: &S,
        outcome: &[bool],
        repeats: &[Folds],
    ) -> Result<NestedCrossValidation> {
        self.check()?;
        check_outcome(outcome, source.n_rows())?;
        let n_repeats = repeats.len();
        check_setting(
            "outer repeats",
            "at least 1",
            n_repeats as f64,
            n_repeats > 0,
        )?;
        for (repeat, folds) in repeats.iter().enumerate() {
            check_folds(repeat, folds, outcome)?;
        }
        let all_folds = |(r, f): (usize, &Folds)| (0..f.n_folds).map(move |k| (r, k));
        let tasks: Vec<(usize, usize)> = repeats.iter().enumerate().flat_map(all_folds).collect();
        let judged = map_indexed(tasks.len(), |t| {
            let (repeat, fold) = tasks[t];
            let error = |e| in_fold(repeat, fold, e);
            let judged = self.judge(source, outcome, &repeats[repeat], fold);
            judged.map(|j| j.in_repeat(repeat)).map_err(error)
        })
        .into_iter()
        .collect::<Result<Vec<_>>>()?;
        summary(source.names().len(), outcome, repeats, judged)
    }

    fn check(&self) -> Result<()> {
        const WHAT: &str = "nested cross-validation";
        let needs = match self.pipeline.steps().last() {
            Some(Step::Lasso(lasso)) if matches!(lasso.folds, FoldPlan::Given(_)) => {
                "inner folds made from a seed"
            }
            Some(Step::Lasso(_)) => return self.pipeline.validate(),
            _ => "a pipeline that ends with a LASSO step",
        };
        Err(Error::Incompatible { what: WHAT, needs })
    }

    /// Fits without one fold and scores it.
    fn judge<S: RowSource + ?Sized>(
        &self,
        source: &S,
        outcome: &[bool],
        folds: &Folds,
        fold: usize,
    ) -> Result<Judged> {
        let (train, test) = (folds.train_indices(fold), folds.test_indices(fold));
        let pick = |rows: &[usize]| rows.iter().map(|&i| outcome[i]).collect::<Vec<bool>>();
        let (train_outcome, test_outcome) = (pick(&train), pick(&test));
        let rows = source.training_and_test(&train, &test)?;
        let (selected, lambda, apparent, scores) =
            match self.pipeline.fit(&rows.training, &train_outcome) {
                Ok(fitted) => {
                    let (apparent, scores) =
                        (fitted.score(&rows.training)?, fitted.score(&rows.test)?);
                    (
                        fitted.selected,
                        fitted.lasso.map(|l| l.lambda),
                        apparent,
                        scores,
                    )
                }
                Err(Error::NoUsableColumn { .. })
                    if self.nothing_selected == NothingSelected::ConstantScore =>
                {
                    let constant = |n: usize| vec![0.0; n];
                    (
                        Vec::new(),
                        None,
                        constant(train.len()),
                        constant(test.len()),
                    )
                }
                Err(error) => return Err(error),
            };
        let auc = |scores: &[f64], outcome: &[bool]| -> Result<f64> {
            Ok(eval_stats::roc::auc(&Scored::new(scores, outcome)?))
        };
        let fold = NestedFold {
            repeat: 0,
            fold,
            n_test: test.len(),
            n_test_events: test_outcome.iter().filter(|&&y| y).count(),
            auc: auc(&scores, &test_outcome)?,
            apparent_auc: auc(&apparent, &train_outcome)?,
            columns: columns_of(source.names(), &selected)?,
            selected,
            lambda,
        };
        Ok(Judged { fold, test, scores })
    }
}

/// A fold with the scores of its rows.
struct Judged {
    fold: NestedFold,
    test: Vec<usize>,
    scores: Vec<f64>,
}

impl Judged {
    fn in_repeat(mut self, repeat: usize) -> Self {
        self.fold.repeat = repeat;
        self
    }
}

impl NestedCrossValidation {
    /// AUC of every outer fold, by repeat and then fold.
    pub fn fold_auc(&self) -> Vec<f64> {
        self.folds.iter().map(|f| f.auc).collect()
    }

    /// Mean of the repeats' pooled AUCs; biased, see the [module documentation](self).
    pub fn pooled_auc(&self) -> f64 {
        let sum: f64 = self.repeats.iter().map(|r| r.pooled_auc).sum();
        sum / self.repeats.len() as f64
    }

    /// How often each feature was selected, most often first, ties by name. Features never selected are left out.
    pub fn selection_frequencies(&self) -> Vec<SelectionFrequency> {
        let mut counts = std::collections::BTreeMap::<&str, usize>::new();
        for name in self.folds.iter().flat_map(|f| &f.selected) {
            *counts.entry(name).or_default() += 1;
        }
        let mut frequencies: Vec<SelectionFrequency> = counts
            .into_iter()
            .map(|(name, count)| SelectionFrequency {
                name: name.to_owned(),
                count,
                share: count as f64 / self.folds.len() as f64,
            })
            .collect();
        frequencies.sort_by_key(|f| std::cmp::Reverse(f.count));
        frequencies
    }

    /// How alike the folds' selections are. Their training rows overlap, so that the index flatters the pipeline and its interval is too short.
    ///
    /// # Errors
    /// [`Error::InvalidSetting`] for a level outside (0, 1).
    pub fn stability(&self, level: f64) -> Result<StabilityIndex> {
        let sets: Vec<Vec<usize>> = self.folds.iter().map(|f| f.columns.clone()).collect();
        stability_index(&sets, self.n_features, level)
    }
}

fn in_fold(repeat: usize, fold: usize, error: Error) -> Error {
    Error::InOuterFold {
        repeat,
        fold,
        error: Box::new(error),
    }
}

/// Every row in a fold, and events and others in every fold.
fn check_folds(repeat: usize, folds: &Folds, outcome: &[bool]) -> Result<()> {
    if folds.assignment.len() != outcome.len() {
        return Err(Error::LengthMismatch {
            what: "fold assignment",
            expected: outcome.len(),
            found: folds.assignment.len(),
        });
    }
    let n_folds = folds.n_folds;
    check_setting("outer folds", "at least 2", n_folds as f64, n_folds >= 2)?;
    let largest = folds.assignment.iter().max().copied().unwrap_or(0);
    let fits = largest < folds.n_folds;
    check_setting(
        "outer fold",
        "a number below the number of folds",
        largest as f64,
        fits,
    )?;
    for fold in 0..folds.n_folds {
        let rows = folds.test_indices(fold);
        let events = rows.iter().filter(|&&i| outcome[i]).count();
        let expected = match events {
            _ if rows.is_empty() => "at least one row",
            0 => "at least one event",
            n if n == rows.len() => "at least one row without event",
            _ => continue,
        };
        let error = Error::InvalidFold {
            fold,
            expected,
            found: rows.len(),
        };
        return Err(in_fold(repeat, fold, error));
    }
    Ok(())
}

fn columns_of(all: &[String], selected: &[String]) -> Result<Vec<usize>> {
    let wanted: std::collections::HashSet<&str> = selected.iter().map(String::as_str).collect();
    let known = |j: &usize| wanted.contains(all[*j].as_str());
    let columns: Vec<usize> = (0..all.len()).filter(known).collect();
    if columns.len() == selected.len() {
        return Ok(columns);
    }
    let unknown = |n: &&String| !all.contains(n);
    Err(Error::ColumnMismatch {
        what: "source of the folds",
        missing: selected.iter().filter(unknown).cloned().collect(),
        unexpected: Vec::new(),
    })
}

fn summary(
    n_features: usize,
    outcome: &[bool],
    repeats: &[Folds],
    judged: Vec<Judged>,
) -> Result<NestedCrossValidation> {
    let mut scores = vec![vec![0.0; outcome.len()]; repeats.len()];
    for j in &judged {
        for (&i, &score) in j.test.iter().zip(&j.scores) {
            scores[j.fold.repeat][i] = score;
        }
    }
    let repeats = repeats
        .iter()
        .zip(scores)
        .map(|(folds, held_out_scores)| {
            Ok(NestedRepeat {
                folds: folds.clone(),
                pooled_auc: eval_stats::roc::auc(&Scored::new(&held_out_scores, outcome)?),
                held_out_scores,
            })
        })
        .collect::<Result<Vec<_>>>()?;
    let folds: Vec<NestedFold> = judged.into_iter().map(|j| j.fold).collect();
    let pairs = |f: &NestedFold| (f.n_test_events * (f.n_test - f.n_test_events)) as f64;
    let total: f64 = folds.iter().map(pairs).sum();
    let weighted = |value: fn(&NestedFold) -> f64| {
        folds.iter().map(|f| pairs(f) * value(f)).sum::<f64>() / total
    };
    let (mean_auc, mean_apparent_auc) = (weighted(|f| f.auc), weighted(|f| f.apparent_auc));
    let n = folds.len() as f64;
    let center = folds.iter().map(|f| f.auc).sum::<f64>() / n;
    let squares: f64 = folds.iter().map(|f| (f.auc - center).powi(2)).sum();
    Ok(NestedCrossValidation {
        repeats,
        mean_auc,
        auc_standard_deviation: (squares / (n - 1.0)).sqrt(),
        mean_apparent_auc,
        optimism: mean_apparent_auc - mean_auc,
        folds,
        n_features,
    })
}
