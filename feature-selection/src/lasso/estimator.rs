//! One shape for the three ways to select by a penalty.

use eval_stats::folds::Folds;

use super::adaptive::{AdaptiveFit, AdaptiveLasso};
use super::cv::{CrossValidation, CrossValidationFit, LambdaRule, Selection};
use super::relaxed::{RelaxedFit, RelaxedLasso};
use super::samples::Samples;
use crate::error::Result;

/// A cross-validated penalized regression: all three end in a [`Selection`].
///
/// # Examples
/// ```
/// use eval_stats::folds::Folds;
/// use feature_selection::lasso::{AdaptiveLasso, CrossValidation, Estimator, LambdaRule, RelaxedLasso, Samples};
/// use feature_selection::table::FeatureTable;
/// use ndarray::Array2;
///
/// let x = Array2::from_shape_fn((60, 2), |(i, j)| if j == 0 { i as f64 } else { ((i * 17) % 23) as f64 });
/// let table = FeatureTable::new(x.view(), &["signal".to_string(), "noise".to_string()])?;
/// let outcome: Vec<bool> = (0..60).map(|i| (i + (i * 7) % 31) > 44).collect();
/// let (samples, folds) = (Samples::binary(&table, &outcome)?, Folds::stratified(&outcome, 5, 1)?);
/// for estimator in [
///     Estimator::ElasticNet(CrossValidation::default()),
///     Estimator::Relaxed(RelaxedLasso::default()),
///     Estimator::Adaptive(AdaptiveLasso::default()),
/// ] {
///     let chosen = estimator.fit(&samples, &folds)?.select(LambdaRule::OneStandardError)?;
///     assert!(chosen.selected.contains(&0));
/// }
/// # Ok::<(), feature_selection::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Estimator {
    /// LASSO, elastic net or ridge as fitted.
    ElasticNet(CrossValidation),
    /// The path blended with unpenalized refits.
    Relaxed(RelaxedLasso),
    /// Penalty factors from a first fit.
    Adaptive(AdaptiveLasso),
}

impl Default for Estimator {
    fn default() -> Self {
        Self::ElasticNet(CrossValidation::default())
    }
}

/// What an [`Estimator`] fitted.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum EstimatorFit {
    /// LASSO, elastic net or ridge.
    ElasticNet(Box<CrossValidationFit>),
    /// Relaxed LASSO.
    Relaxed(Box<RelaxedFit>),
    /// Adaptive LASSO.
    Adaptive(Box<AdaptiveFit>),
}

impl Estimator {
    /// Fits on all rows and without each fold.
    ///
    /// # Errors
    /// Those of [`CrossValidation::fit`], [`RelaxedLasso::fit`] or [`AdaptiveLasso::fit`].
    pub fn fit(&self, samples: &Samples<'_>, folds: &Folds) -> Result<EstimatorFit> {
        self.fit_repeated(samples, std::slice::from_ref(folds))
    }

    /// As [`fit`](Self::fit), with losses averaged over repeats as in [`CrossValidation::fit_repeated`].
    ///
    /// # Errors
    /// As [`fit`](Self::fit).
    pub fn fit_repeated(&self, samples: &Samples<'_>, repeats: &[Folds]) -> Result<EstimatorFit> {
        Ok(match self {
            Self::ElasticNet(cv) => {
                EstimatorFit::ElasticNet(Box::new(cv.fit_repeated(samples, repeats)?))
            }
            Self::Relaxed(relaxed) => {
                EstimatorFit::Relaxed(Box::new(relaxed.fit_repeated(samples, repeats)?))
            }
            Self::Adaptive(adaptive) => {
                EstimatorFit::Adaptive(Box::new(adaptive.fit_repeated(samples, repeats)?))
            }
        })
    }
}

impl From<CrossValidation> for Estimator {
    fn from(cv: CrossValidation) -> Self {
        Self::ElasticNet(cv)
    }
}

impl EstimatorFit {
    /// The model a rule takes.
    ///
    /// # Errors
    /// As [`CrossValidationFit::select`].
    pub fn select(&self, rule: LambdaRule) -> Result<Selection> {
        match self {
            Self::ElasticNet(fit) => fit.select(rule),
            Self::Relaxed(fit) => fit.select(rule),
            Self::Adaptive(fit) => fit.select(rule),
        }
    }

    /// Path and loss curve: of the second stage for an adaptive LASSO, and of the LASSO itself (gamma 1) for a relaxed one,
    /// whose other curves are in [`RelaxedFit::curves`].
    pub fn curve(&self) -> &CrossValidationFit {
        match self {
            Self::ElasticNet(fit) => fit,
            Self::Relaxed(fit) => &fit.lasso,
            Self::Adaptive(fit) => &fit.lasso,
        }
    }
}
