//! The fitted cross-validation: curve, chosen lambdas, rules that take a model.

use std::fmt;

use eval_stats::folds::Folds;
use serde::{Deserialize, Serialize};

use super::super::losses::Measure;
use super::super::path::{Coefficients, ElasticNetPath};
use super::{Curve, Grouping, Resolved};
use crate::error::{Error, Result};

/// Which model of the path is taken.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LambdaRule {
    /// The largest lambda with the smallest cross-validated loss.
    Minimum,
    /// The largest lambda whose loss is within one standard error of the smallest.
    OneStandardError,
    /// Of the models with exactly this many features, the one with the smallest loss; ties to the larger lambda.
    Features(usize),
    /// As [`Features`](Self::Features) with the largest size on the path that is not above this number.
    FeaturesAtMost(usize),
    /// A given lambda; a relaxed fit takes it with the gamma of [`OneStandardError`](Self::OneStandardError).
    Value(f64),
}

/// Something a user should know about a cross-validation; never an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Notice {
    /// The AUC needs ten rows per fold on average; the deviance was measured instead.
    DevianceInsteadOfAuc {
        /// Rows.
        n_rows: usize,
        /// Folds (of the repeat with most of them).
        n_folds: usize,
    },
    /// Fold means need three rows per fold on average; the standard error was taken over rows instead.
    RowsInsteadOfFolds {
        /// Rows.
        n_rows: usize,
        /// Folds (of the repeat with most of them).
        n_folds: usize,
    },
    /// A fold holds rows of one class only, or its weight is in one class only; it has no AUC and is left out of the mean.
    FoldWithoutAuc {
        /// Repeat, from zero.
        repeat: usize,
        /// Fold, from zero.
        fold: usize,
    },
    /// Lambdas without a finite mean and standard error were left out of the curve.
    LambdasDropped {
        /// How many.
        dropped: usize,
        /// Lambdas of the path.
        n_lambda: usize,
    },
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DevianceInsteadOfAuc { n_rows, n_folds } => write!(
                f,
                "AUC needs 10 rows per fold, found {n_rows} rows in {n_folds} folds: deviance measured instead"
            ),
            Self::RowsInsteadOfFolds { n_rows, n_folds } => write!(
                f,
                "fold means need 3 rows per fold, found {n_rows} rows in {n_folds} folds: standard error over rows"
            ),
            Self::FoldWithoutAuc { repeat, fold } => write!(
                f,
                "repeat {repeat}, fold {fold}: one class only, left out of the mean AUC"
            ),
            Self::LambdasDropped { dropped, n_lambda } => write!(
                f,
                "{dropped} of {n_lambda} lambdas have no finite loss and standard error"
            ),
        }
    }
}

/// Predictions for rows by models that never saw them.
///
/// The AUC of one column of `link` is an honest estimate for that lambda fixed in advance; at a lambda chosen on the
/// same predictions it is slightly too good (see [`nested_cv`](crate::nested_cv::nested_cv)).
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct HeldOut {
    /// Which fold each row was held out with.
    pub folds: Folds,
    /// Linear predictor (offset included) of every row: `link[m][i]` for row `i` at lambda number `m` of the full path.
    pub link: Vec<Vec<f64>>,
    /// Loss of each fold at each lambda of the full path: `fold_loss[k][m]`. NaN for a fold without a loss.
    pub fold_loss: Vec<Vec<f64>>,
    /// Sum of the weights of each fold's rows.
    pub fold_weight: Vec<f64>,
}

/// A cross-validated path.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct CrossValidationFit {
    /// The path on all rows.
    pub path: ElasticNetPath,
    /// What was measured. Not what was asked for in one case: the AUC needs ten rows per fold on
    /// average and is otherwise replaced by the deviance.
    pub measure: Measure,
    /// The measure asked for.
    pub requested_measure: Measure,
    /// What the standard error was taken over; see [`Grouping::Folds`].
    pub grouping: Grouping,
    /// Lambdas with a finite loss and standard error, decreasing.
    pub lambda: Vec<f64>,
    /// Mean held-out loss (AUC: mean AUC) at each lambda.
    pub mean: Vec<f64>,
    /// Standard error of the mean.
    pub standard_error: Vec<f64>,
    /// Nonzero coefficients of the full-data model at each lambda.
    pub n_nonzero: Vec<usize>,
    /// Position of [`LambdaRule::Minimum`] in `lambda`.
    pub index_minimum: usize,
    /// Position of [`LambdaRule::OneStandardError`] in `lambda`.
    pub index_one_standard_error: usize,
    /// Fold of every row; with repeats, of the first repeat.
    pub folds: Folds,
    /// Number of repeats averaged.
    pub n_repeats: usize,
    /// What was replaced or left out.
    pub notices: Vec<Notice>,
    /// One per repeat, with [`Predictions::Keep`](super::Predictions::Keep).
    pub held_out: Option<Vec<HeldOut>>,
}

/// The model a rule takes.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Selection {
    /// The rule.
    pub rule: LambdaRule,
    /// Penalty chosen.
    pub lambda: f64,
    /// Share of the LASSO in a relaxed model, from 0 (unpenalized refit) to 1; `None` if nothing was relaxed.
    pub gamma: Option<f64>,
    /// Coefficients in original units.
    pub coefficients: Coefficients,
    /// Columns with a nonzero coefficient, ascending.
    pub selected: Vec<usize>,
}

impl CrossValidationFit {
    /// Applies the two rules to a loss curve.
    pub(in crate::lasso) fn new(
        path: ElasticNetPath,
        curve: &Curve,
        resolved: Resolved,
        repeats: &[Folds],
        held_out: Option<Vec<HeldOut>>,
    ) -> Result<Self> {
        let curve = GammaCurve::new(&path, curve, 1.0);
        let grid = Grid {
            measure: resolved.measure,
            curves: std::slice::from_ref(&curve),
        };
        let minimum = grid.minimum().ok_or(Error::NoFiniteLoss {
            n_lambda: path.len(),
        })?;
        let one_standard_error = grid.one_standard_error(minimum);
        Ok(Self {
            path,
            measure: resolved.measure,
            requested_measure: resolved.requested,
            grouping: resolved.grouping,
            lambda: curve.lambda,
            mean: curve.mean,
            standard_error: curve.standard_error,
            n_nonzero: curve.n_nonzero,
            index_minimum: minimum.lambda,
            index_one_standard_error: one_standard_error.lambda,
            folds: repeats[0].clone(),
            n_repeats: repeats.len(),
            notices: resolved.notices,
            held_out,
        })
    }

    /// Lambda of the smallest loss.
    pub fn lambda_minimum(&self) -> f64 {
        self.lambda[self.index_minimum]
    }

    /// Largest lambda within one standard error of the smallest loss.
    pub fn lambda_one_standard_error(&self) -> f64 {
        self.lambda[self.index_one_standard_error]
    }

    /// Mean plus one standard error at each lambda.
    pub fn upper(&self) -> Vec<f64> {
        self.band(1.0)
    }

    /// Mean minus one standard error at each lambda.
    pub fn lower(&self) -> Vec<f64> {
        self.band(-1.0)
    }

    fn band(&self, sign: f64) -> Vec<f64> {
        self.mean
            .iter()
            .zip(&self.standard_error)
            .map(|(m, s)| m + sign * s)
            .collect()
    }

    /// The model a rule takes.
    ///
    /// # Errors
    /// [`Error::NoSuchModelSize`] if no model has the number of features asked for; [`Error::InvalidSetting`] for a lambda that is negative or not finite.
    pub fn select(&self, rule: LambdaRule) -> Result<Selection> {
        let lambda = match rule {
            LambdaRule::Minimum => self.lambda_minimum(),
            LambdaRule::OneStandardError => self.lambda_one_standard_error(),
            LambdaRule::Features(k) => self.lambda_of_size(k, Size::Exactly)?,
            LambdaRule::FeaturesAtMost(k) => self.lambda_of_size(k, Size::AtMost)?,
            LambdaRule::Value(lambda) => lambda,
        };
        let coefficients = self.path.coefficients_at(lambda)?;
        let selected = coefficients.nonzero();
        Ok(Selection {
            rule,
            lambda,
            gamma: None,
            coefficients,
            selected,
        })
    }

    fn lambda_of_size(&self, k: usize, size: Size) -> Result<f64> {
        let curve = GammaCurve {
            gamma: 1.0,
            lambda: self.lambda.clone(),
            mean: self.mean.clone(),
            standard_error: self.standard_error.clone(),
            n_nonzero: self.n_nonzero.clone(),
            held_out: None,
        };
        let grid = Grid {
            measure: self.measure,
            curves: std::slice::from_ref(&curve),
        };
        Ok(self.lambda[grid.of_size(k, size)?.lambda])
    }
}

/// How a number of features is meant.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::lasso) enum Size {
    Exactly,
    AtMost,
}

/// The usable part of a loss curve at one gamma.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct GammaCurve {
    /// Share of the LASSO in the model, from 0 (unpenalized refit) to 1.
    pub gamma: f64,
    /// Lambdas with a finite loss and standard error, decreasing.
    pub lambda: Vec<f64>,
    /// Mean held-out loss (AUC: mean AUC) at each lambda.
    pub mean: Vec<f64>,
    /// Standard error of the mean.
    pub standard_error: Vec<f64>,
    /// Nonzero coefficients of the LASSO at each lambda.
    pub n_nonzero: Vec<usize>,
    /// One per repeat, with [`Predictions::Keep`](super::Predictions::Keep).
    pub held_out: Option<Vec<HeldOut>>,
}

impl GammaCurve {
    /// The lambdas of `path` with a finite mean and standard error.
    pub(in crate::lasso) fn new(path: &ElasticNetPath, curve: &Curve, gamma: f64) -> Self {
        let usable: Vec<usize> = (0..path.len())
            .filter(|&m| curve.mean[m].is_finite() && curve.standard_error[m].is_finite())
            .collect();
        let pick = |values: &[f64]| usable.iter().map(|&m| values[m]).collect::<Vec<f64>>();
        Self {
            gamma,
            lambda: pick(&path.lambda),
            mean: pick(&curve.mean),
            standard_error: pick(&curve.standard_error),
            n_nonzero: usable.iter().map(|&m| path.df[m]).collect(),
            held_out: None,
        }
    }
}

/// A model of the grid, by position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::lasso) struct GridPosition {
    pub(in crate::lasso) curve: usize,
    pub(in crate::lasso) lambda: usize,
}

/// Losses over lambda and gamma, from which rules choose. Among models the rule allows, the largest lambda is taken,
/// and at equal lambda the largest gamma.
pub(in crate::lasso) struct Grid<'a> {
    pub(in crate::lasso) measure: Measure,
    pub(in crate::lasso) curves: &'a [GammaCurve],
}

impl Grid<'_> {
    /// Loss with the sign that makes smaller better.
    fn loss(&self, at: GridPosition) -> f64 {
        let sign = if self.measure.is_maximized() {
            -1.0
        } else {
            1.0
        };
        sign * self.curves[at.curve].mean[at.lambda]
    }

    fn positions(&self) -> impl Iterator<Item = GridPosition> + '_ {
        self.curves.iter().enumerate().flat_map(|(curve, c)| {
            (0..c.lambda.len()).map(move |lambda| GridPosition { curve, lambda })
        })
    }

    /// The sparsest of the models at most `bound` in loss.
    fn sparsest_within(
        &self,
        bound: f64,
        allowed: impl Fn(GridPosition) -> bool,
    ) -> Option<GridPosition> {
        let key = |p: GridPosition| {
            (
                self.curves[p.curve].lambda[p.lambda],
                self.curves[p.curve].gamma,
            )
        };
        self.positions()
            .filter(|&p| allowed(p) && self.loss(p) <= bound)
            // The first of equals, as lambdas may repeat.
            .reduce(|best, p| if key(p) > key(best) { p } else { best })
    }

    fn smallest(&self, allowed: impl Fn(GridPosition) -> bool) -> Option<GridPosition> {
        let smallest = self
            .positions()
            .filter(|&p| allowed(p))
            .map(|p| self.loss(p))
            .fold(f64::INFINITY, f64::min);
        self.sparsest_within(smallest, allowed)
    }

    /// The smallest loss.
    pub(in crate::lasso) fn minimum(&self) -> Option<GridPosition> {
        self.smallest(|_| true)
    }

    /// Within one standard error of the smallest loss.
    pub(in crate::lasso) fn one_standard_error(&self, minimum: GridPosition) -> GridPosition {
        let bound = self.loss(minimum) + self.curves[minimum.curve].standard_error[minimum.lambda];
        self.sparsest_within(bound, |_| true).unwrap_or(minimum)
    }

    /// The smallest loss among models with a number of features.
    pub(in crate::lasso) fn of_size(&self, k: usize, size: Size) -> Result<GridPosition> {
        let n = |p: GridPosition| self.curves[p.curve].n_nonzero[p.lambda];
        let mut available: Vec<usize> = self.positions().map(n).collect();
        available.sort_unstable();
        available.dedup();
        let wanted = match size {
            Size::Exactly => Some(k),
            Size::AtMost => available.iter().copied().filter(|&a| a <= k).max(),
        };
        wanted
            .and_then(|k| self.smallest(|p| n(p) == k))
            .ok_or(Error::NoSuchModelSize {
                requested: k,
                available,
            })
    }
}
