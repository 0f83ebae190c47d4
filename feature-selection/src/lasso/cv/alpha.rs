//! Choosing the mixing of the penalties together with lambda.

use eval_stats::folds::Folds;

use super::super::samples::Samples;
use super::{CrossValidation, CrossValidationFit};
use crate::error::{Error, Result};
use crate::par::map_tasks;

/// The cross-validation at one alpha.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct AlphaCurve {
    /// Mixing of the penalties: 1 is the LASSO, 0 ridge.
    pub alpha: f64,
    /// Path and curve at this alpha.
    pub fit: CrossValidationFit,
}

/// Cross-validations at several alphas on the same folds.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct AlphaSearch {
    /// One per alpha, in the order given.
    pub curves: Vec<AlphaCurve>,
    /// Position in `curves` of the smallest loss over alpha and lambda; ties to the larger alpha, the sparser model.
    pub index_best: usize,
}

impl AlphaSearch {
    /// Alpha and curve of the smallest loss. Rules for lambda apply to it: `search.best().fit.select(rule)`.
    pub fn best(&self) -> &AlphaCurve {
        &self.curves[self.index_best]
    }
}

/// Cross-validates the elastic net at every alpha on the same folds, so that the losses can be compared, and finds alpha and lambda of
/// the smallest one. Alpha is one more number fitted to the folds: judge the result on other rows.
///
/// # Examples
/// ```
/// use eval_stats::folds::Folds;
/// use feature_selection::lasso::{CrossValidation, ElasticNet, LambdaRule, Samples, tune_alpha};
/// use feature_selection::table::FeatureTable;
/// use ndarray::Array2;
///
/// let x = Array2::from_shape_fn((40, 2), |(i, j)| if j == 0 { i as f64 } else { ((i * 17) % 23) as f64 });
/// let table = FeatureTable::new(x.view(), &["signal".to_string(), "noise".to_string()])?;
/// let outcome: Vec<bool> = (0..40).map(|i| (i + (i * 7) % 11) > 24).collect();
/// let folds = [Folds::stratified(&outcome, 5, 1)?];
/// let samples = Samples::binary(&table, &outcome)?;
/// let search = tune_alpha(&CrossValidation::new(ElasticNet::new()), &[0.5, 1.0], &samples, &folds)?;
/// let chosen = search.best().fit.select(LambdaRule::Minimum)?;
/// assert!(chosen.selected.contains(&0));
/// # Ok::<(), feature_selection::Error>(())
/// ```
///
/// # Errors
/// [`Error::InvalidSetting`] without any alpha, and those of [`CrossValidation::fit_repeated`] at any of them.
pub fn tune_alpha(
    cross_validation: &CrossValidation,
    alphas: &[f64],
    samples: &Samples<'_>,
    repeats: &[Folds],
) -> Result<AlphaSearch> {
    let curves = map_tasks(alphas.len(), |a| {
        let settings = cross_validation.settings().clone().alpha(alphas[a]);
        let fit = cross_validation
            .with_settings(settings)
            .fit_repeated(samples, repeats)?;
        Ok(AlphaCurve {
            alpha: alphas[a],
            fit,
        })
    })
    .into_iter()
    .collect::<Result<Vec<AlphaCurve>>>()?;
    let loss = |c: &AlphaCurve| {
        let mean = c.fit.mean[c.fit.index_minimum];
        if c.fit.measure.is_maximized() {
            -mean
        } else {
            mean
        }
    };
    let best = (0..curves.len()).reduce(|best, k| {
        let (old, new) = (loss(&curves[best]), loss(&curves[k]));
        let sparser = new == old && curves[k].alpha > curves[best].alpha;
        if new < old || sparser { k } else { best }
    });
    match best {
        Some(index_best) => Ok(AlphaSearch { curves, index_best }),
        None => Err(Error::InvalidSetting {
            name: "number of alphas",
            expected: "at least 1",
            found: 0.0,
        }),
    }
}
