//! Choosing lambda by cross-validation, as `cv.glmnet` does it.
//!
//! The path on all rows and one path per fold (and repeat) are independent and fitted side by side; held-out rows
//! are then predicted at the lambdas of the full path, and their losses are summarized:
//!
//! ```text
//! grouped by fold   l_k = Σ_{i in k} w_i l_i / Σ_{i in k} w_i,   W_k = Σ_{i in k} w_i
//! mean              m = Σ W_k l_k / Σ W_k
//! standard error    sqrt( Σ W_k (l_k - m)² / Σ W_k / (K - 1) )
//! grouped by row    the same over rows, with n - 1
//! ```
//!
//! Folds without a loss (an AUC where only one class is held out, or a fold of weight zero) are left out of the sums
//! but counted in `K`. Lambdas whose mean or standard error is not finite are dropped from the curve.

mod alpha;
mod curve;
mod fit;
mod paths;
mod predict;

use eval_stats::folds::Folds;

pub use alpha::{AlphaCurve, AlphaSearch, tune_alpha};
pub use fit::{CrossValidationFit, GammaCurve, HeldOut, LambdaRule, Notice, Selection};

pub(super) use curve::{Curve, Judged, held_out};
pub(super) use fit::{Grid, GridPosition, Size};
pub(super) use paths::{Fits, Part};
pub(super) use predict::{FoldLinks, Models, predict};

use super::losses::Measure;
use super::params::ElasticNet;
use super::path::ElasticNetPath;
use super::samples::Samples;
use crate::error::{Error, Result};

/// At which lambdas a fold's model is evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Alignment {
    /// At the lambdas of the full-data path, interpolated on the fold's own path and held constant beyond its ends.
    #[default]
    Lambda,
    /// At the same position of the fold's own path; a shorter path repeats its last model. With supplied lambdas
    /// the two are the same.
    Fraction,
}

/// Over what the standard error is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Grouping {
    /// Over the folds' means. Replaced by `Rows` where folds hold fewer than three rows on average.
    #[default]
    Folds,
    /// Over single rows. Not available for the AUC.
    Rows,
}

/// Whether held-out predictions and the folds' own losses stay with the fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Predictions {
    /// Only the curve is kept.
    #[default]
    Discard,
    /// [`CrossValidationFit::held_out`] holds them: rows times lambdas numbers per repeat.
    Keep,
}

/// Settings of a cross-validation.
///
/// | setting | default | choices |
/// |---|---|---|
/// | `measure` | [`Measure::Deviance`] | see [`Measure`] |
/// | `grouping` | [`Grouping::Folds`] | see [`Grouping`] |
/// | `alignment` | [`Alignment::Lambda`] | see [`Alignment`] |
/// | `predictions` | [`Predictions::Discard`] | see [`Predictions`] |
///
/// Folds are made elsewhere: [`Folds::stratified`] keeps the share of events, [`Folds::random`] deals rows as
/// `set.seed(seed); cv.glmnet(...)` does, so that a published run can be repeated, and leave-one-out is
/// `Folds::from_assignment((0..n).collect(), n, n)`.
///
/// # Examples
/// ```
/// use eval_stats::folds::Folds;
/// use feature_selection::lasso::{CrossValidation, ElasticNet, LambdaRule, Samples};
/// use feature_selection::table::FeatureTable;
/// use ndarray::Array2;
///
/// let x = Array2::from_shape_fn((40, 2), |(i, j)| if j == 0 { i as f64 } else { ((i * 17) % 23) as f64 });
/// let table = FeatureTable::new(x.view(), &["signal".to_string(), "noise".to_string()])?;
/// let outcome: Vec<bool> = (0..40).map(|i| (i + (i * 7) % 11) > 24).collect();
/// let folds = Folds::stratified(&outcome, 5, 1)?;
/// let cv = CrossValidation::new(ElasticNet::new()).fit(&Samples::binary(&table, &outcome)?, &folds)?;
/// assert!(cv.select(LambdaRule::OneStandardError)?.coefficients.beta[0] > 0.0);
/// # Ok::<(), feature_selection::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CrossValidation {
    /// Boxed, so that a list of pipeline steps stays small.
    settings: Box<ElasticNet>,
    measure: Measure,
    grouping: Grouping,
    alignment: Alignment,
    predictions: Predictions,
}

/// What is computed, once the size of the folds is known.
#[derive(Clone)]
pub(super) struct Resolved {
    pub(super) requested: Measure,
    pub(super) measure: Measure,
    pub(super) grouping: Grouping,
    pub(super) predictions: Predictions,
    pub(super) notices: Vec<Notice>,
}

impl CrossValidation {
    /// Cross-validation of a path by the deviance.
    pub fn new(settings: ElasticNet) -> Self {
        Self {
            settings: Box::new(settings),
            ..Self::default()
        }
    }

    /// What is measured on held-out rows.
    pub fn measure(mut self, measure: Measure) -> Self {
        self.measure = measure;
        self
    }

    /// Over what the standard error is taken.
    pub fn grouping(mut self, grouping: Grouping) -> Self {
        self.grouping = grouping;
        self
    }

    /// At which lambdas a fold is evaluated.
    pub fn alignment(mut self, alignment: Alignment) -> Self {
        self.alignment = alignment;
        self
    }

    /// Whether held-out predictions are kept.
    pub fn predictions(mut self, predictions: Predictions) -> Self {
        self.predictions = predictions;
        self
    }

    /// The path's settings.
    pub fn settings(&self) -> &ElasticNet {
        &self.settings
    }

    /// The same cross-validation of another path.
    pub(super) fn with_settings(&self, settings: ElasticNet) -> Self {
        Self {
            settings: Box::new(settings),
            ..self.clone()
        }
    }

    pub(super) fn alignment_in_effect(&self) -> Alignment {
        self.alignment
    }

    /// Fits the full path and one path per fold.
    ///
    /// # Errors
    /// Those of [`ElasticNet::fit`] for the data; [`Error::InFold`] with the same for a fold's training rows, for instance where
    /// one class is missing among them; [`Error::InvalidFold`] for an empty fold, [`Error::InvalidSetting`] for fewer than three
    /// folds; [`Error::LengthMismatch`] for another number of rows; [`Error::Incompatible`] for a measure the
    /// outcome does not have, or the AUC by rows; [`Error::NoFiniteLoss`] if no lambda has a finite loss.
    pub fn fit(&self, samples: &Samples<'_>, folds: &Folds) -> Result<CrossValidationFit> {
        self.fit_repeated(samples, std::slice::from_ref(folds))
    }

    /// As [`fit`](Self::fit) over several fold assignments: losses are averaged over the repeats before a
    /// lambda is chosen, and so are the squared standard errors.
    ///
    /// The average of repeats is not taken to be more precise than one of them: repeats share all their rows, so
    /// the standard error describes one cross-validation, and [`LambdaRule::OneStandardError`] keeps its meaning.
    ///
    /// # Errors
    /// As [`fit`](Self::fit); [`Error::InvalidSetting`] without any repeat.
    pub fn fit_repeated(
        &self,
        samples: &Samples<'_>,
        repeats: &[Folds],
    ) -> Result<CrossValidationFit> {
        let resolved = self.resolve(samples, repeats)?;
        let fits = Fits::new(samples, repeats, |rows, _| self.settings.fit(rows))?;
        self.summarize(samples, repeats, fits, resolved)
    }

    /// From fitted paths to the curve.
    pub(super) fn summarize(
        &self,
        samples: &Samples<'_>,
        repeats: &[Folds],
        fits: Fits<ElasticNetPath>,
        mut resolved: Resolved,
    ) -> Result<CrossValidationFit> {
        let n_lambda = fits.full.len();
        let judged = fits.map_folds(|path, repeat, fold| {
            let rows = repeats[repeat].test_indices(fold);
            let models = Models::of_path(path);
            let links = predict(samples, rows, &models, &fits.full.lambda, self.alignment);
            Judged::new(samples, links, &resolved, n_lambda)
        });
        let curve = Curve::new(&judged, &resolved, n_lambda);
        resolved.notices.extend(curve.notices.iter().cloned());
        let held_out = held_out(repeats, judged, n_lambda);
        CrossValidationFit::new(fits.full, &curve, resolved, repeats, held_out)
    }

    /// Checks the folds; measure and grouping in effect, given their size.
    pub(super) fn resolve(&self, samples: &Samples<'_>, repeats: &[Folds]) -> Result<Resolved> {
        const ROWS_FOR_AUC: usize = 10;
        const ROWS_FOR_FOLD_MEANS: usize = 3;
        if repeats.is_empty() {
            return Err(Error::InvalidSetting {
                name: "repeats",
                expected: "at least 1",
                found: 0.0,
            });
        }
        for folds in repeats {
            check_folds(folds, samples.n_rows())?;
        }
        if !self.measure.fits(samples.family()) {
            return Err(Error::Incompatible {
                what: "AUC or misclassification",
                needs: "a binary outcome",
            });
        }
        let n_rows = samples.n_rows();
        let n_folds = repeats.iter().map(|f| f.n_folds).max().unwrap_or(0);
        let mut resolved = Resolved {
            requested: self.measure,
            measure: self.measure,
            grouping: self.grouping,
            predictions: self.predictions,
            notices: Vec::new(),
        };
        if self.measure == Measure::Auc && n_rows < ROWS_FOR_AUC * n_folds {
            resolved.measure = Measure::Deviance;
            resolved
                .notices
                .push(Notice::DevianceInsteadOfAuc { n_rows, n_folds });
        }
        if resolved.measure == Measure::Auc && self.grouping == Grouping::Rows {
            return Err(Error::Incompatible {
                what: "AUC",
                needs: "Grouping::Folds",
            });
        }
        if self.grouping == Grouping::Folds && n_rows < ROWS_FOR_FOLD_MEANS * n_folds {
            resolved.grouping = Grouping::Rows;
            resolved
                .notices
                .push(Notice::RowsInsteadOfFolds { n_rows, n_folds });
        }
        Ok(resolved)
    }
}

fn check_folds(folds: &Folds, n_rows: usize) -> Result<()> {
    const FEWEST_FOLDS: usize = 3;
    if folds.assignment.len() != n_rows {
        return Err(Error::LengthMismatch {
            what: "fold assignment",
            expected: n_rows,
            found: folds.assignment.len(),
        });
    }
    if folds.n_folds < FEWEST_FOLDS {
        return Err(Error::InvalidSetting {
            name: "folds",
            expected: "at least 3",
            found: folds.n_folds as f64,
        });
    }
    let mut filled = vec![false; folds.n_folds];
    for &fold in &folds.assignment {
        match filled.get_mut(fold) {
            Some(f) => *f = true,
            None => {
                return Err(Error::InvalidSetting {
                    name: "fold of a row",
                    expected: "a number below the number of folds",
                    found: fold as f64,
                });
            }
        }
    }
    match filled.iter().position(|&f| !f) {
        Some(fold) => Err(Error::InvalidFold {
            fold,
            expected: "at least one row",
            found: 0,
        }),
        None => Ok(()),
    }
}
