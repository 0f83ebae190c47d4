//! Choosing lambda by cross-validation.

use eval_stats::folds::Folds;

use super::losses::{Measure, probability, weighted_auc};
use super::params::ElasticNet;
use super::path::{Coefficients, ElasticNetPath};
use super::samples::{Family, Samples};
use crate::error::{Error, Result};
use crate::par::map_indexed;

/// At which lambdas a fold's model is evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Alignment {
    /// At the lambdas of the full-data path, interpolated on the fold's own path.
    #[default]
    Lambda,
    /// At the same position of the fold's own path.
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

/// Which model of the path is taken.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum LambdaRule {
    /// The largest lambda with the smallest cross-validated loss.
    Minimum,
    /// The largest lambda whose loss is within one standard error of the smallest.
    OneStandardError,
    /// Of the models with exactly this many features, the one with the smallest loss; ties to the larger lambda.
    Features(usize),
    /// A given lambda.
    Value(f64),
}

/// Settings of a cross-validation.
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
}

/// The model a rule takes.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Selection {
    /// The rule.
    pub rule: LambdaRule,
    /// Penalty chosen.
    pub lambda: f64,
    /// Coefficients in original units.
    pub coefficients: Coefficients,
    /// Columns with a nonzero coefficient, ascending.
    pub selected: Vec<usize>,
}

/// Loss curve of one assignment of rows to folds.
struct Curve {
    mean: Vec<f64>,
    standard_error: Vec<f64>,
}

/// Held-out predictions: for each lambda, the linear predictor of every row.
type Predictions = Vec<Vec<f64>>;

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

    /// Fits the full path and one path per fold.
    ///
    /// # Errors
    /// Those of [`ElasticNet::fit`] for the data or a fold's training rows; [`Error::InvalidFold`] for fewer than three
    /// folds; [`Error::LengthMismatch`] for another number of rows; [`Error::Incompatible`] for a measure the
    /// outcome does not have, or the AUC by rows; [`Error::NoUsableColumn`] if no lambda has a finite loss.
    pub fn fit(&self, samples: &Samples<'_>, folds: &Folds) -> Result<CrossValidationFit> {
        self.fit_repeated(samples, std::slice::from_ref(folds))
    }

    /// As [`fit`](Self::fit) over several fold assignments: losses are averaged over the repeats before a
    /// lambda is chosen, and so are the squared standard errors.
    ///
    /// # Errors
    /// As [`fit`](Self::fit); [`Error::InvalidSetting`] without any repeat.
    pub fn fit_repeated(
        &self,
        samples: &Samples<'_>,
        repeats: &[Folds],
    ) -> Result<CrossValidationFit> {
        let Some(first) = repeats.first() else {
            return Err(Error::InvalidSetting {
                name: "repeats",
                expected: "at least 1",
                found: 0.0,
            });
        };
        for folds in repeats {
            check_folds(folds, samples.n_rows())?;
        }
        let (measure, grouping) = self.resolve(samples, first)?;
        let path = self.settings.fit(samples)?;
        let tasks: Vec<(usize, usize)> = repeats
            .iter()
            .enumerate()
            .flat_map(|(r, f)| (0..f.n_folds).map(move |k| (r, k)))
            .collect();
        let held_out = map_indexed(tasks.len(), |t| {
            let (repeat, fold) = tasks[t];
            self.predict_fold(samples, &path, &repeats[repeat], fold)
        })
        .into_iter()
        .collect::<Result<Vec<_>>>()?;
        let mut held_out = held_out.into_iter();
        let curves: Vec<Curve> = repeats
            .iter()
            .map(|folds| {
                let predictions = gather(samples.n_rows(), path.len(), folds, &mut held_out);
                curve(samples, folds, &predictions, measure, grouping)
            })
            .collect();
        let averaged = average(&curves);
        let mut fit = choose(path, averaged, measure, grouping, first.clone())?;
        fit.requested_measure = self.measure;
        fit.n_repeats = repeats.len();
        Ok(fit)
    }

    /// Measure and grouping in effect, given the size of the folds.
    fn resolve(&self, samples: &Samples<'_>, folds: &Folds) -> Result<(Measure, Grouping)> {
        const ROWS_FOR_AUC: usize = 10;
        const ROWS_FOR_FOLD_MEANS: usize = 3;
        if !self.measure.fits(samples.family()) {
            return Err(Error::Incompatible {
                what: "AUC or misclassification",
                needs: "a binary outcome",
            });
        }
        let (n, k) = (samples.n_rows(), folds.n_folds);
        let measure = if self.measure == Measure::Auc && n < ROWS_FOR_AUC * k {
            Measure::Deviance
        } else {
            self.measure
        };
        if measure == Measure::Auc && self.grouping == Grouping::Rows {
            return Err(Error::Incompatible {
                what: "AUC",
                needs: "Grouping::Folds",
            });
        }
        let grouping = if n < ROWS_FOR_FOLD_MEANS * k {
            Grouping::Rows
        } else {
            self.grouping
        };
        Ok((measure, grouping))
    }

    /// Linear predictors of a fold's rows at every lambda, from a path on the other rows.
    fn predict_fold(
        &self,
        samples: &Samples<'_>,
        path: &ElasticNetPath,
        folds: &Folds,
        fold: usize,
    ) -> Result<Predictions> {
        let training = samples.rows(&folds.train_indices(fold))?;
        let test = folds.test_indices(fold);
        let fitted = self.settings.fit(&training.as_samples()?)?;
        let held_out = samples.table().select_rows(&test)?;
        (0..path.len())
            .map(|m| {
                let lambda = match self.alignment {
                    Alignment::Lambda => path.lambda[m],
                    Alignment::Fraction => fitted.lambda[m.min(fitted.len() - 1)],
                };
                let mut eta = fitted.coefficients_at(lambda)?.link(&held_out);
                for (eta, &i) in eta.iter_mut().zip(&test) {
                    *eta += samples.offset_at(i);
                }
                Ok(eta)
            })
            .collect()
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
    for fold in 0..folds.n_folds {
        if !folds.assignment.contains(&fold) {
            return Err(Error::InvalidFold {
                fold,
                expected: "at least one row",
                found: 0,
            });
        }
    }
    Ok(())
}

/// Puts the folds' predictions back into row order, one vector per lambda.
fn gather(
    n: usize,
    n_lambda: usize,
    folds: &Folds,
    held_out: &mut impl Iterator<Item = Predictions>,
) -> Predictions {
    let mut all = vec![vec![0.0; n]; n_lambda];
    for fold in 0..folds.n_folds {
        let predictions = held_out.next().expect("one prediction per fold");
        for (row, &i) in folds.test_indices(fold).iter().enumerate() {
            for (all, predicted) in all.iter_mut().zip(&predictions) {
                all[i] = predicted[row];
            }
        }
    }
    all
}

fn curve(
    samples: &Samples<'_>,
    folds: &Folds,
    predictions: &Predictions,
    measure: Measure,
    grouping: Grouping,
) -> Curve {
    let weights: Vec<f64> = (0..samples.n_rows())
        .map(|i| samples.weight_at(i))
        .collect();
    let (mean, standard_error) = predictions
        .iter()
        .map(|eta| {
            if measure != Measure::Auc && grouping == Grouping::Rows {
                let losses: Vec<Option<f64>> = row_losses(samples, eta, measure)
                    .into_iter()
                    .map(Some)
                    .collect();
                summarize(&losses, &weights)
            } else {
                let (losses, fold_weights): (Vec<Option<f64>>, Vec<f64>) = (0..folds.n_folds)
                    .map(|k| fold_loss(samples, &folds.test_indices(k), eta, &weights, measure))
                    .unzip();
                summarize(&losses, &fold_weights)
            }
        })
        .unzip();
    Curve {
        mean,
        standard_error,
    }
}

fn row_losses(samples: &Samples<'_>, eta: &[f64], measure: Measure) -> Vec<f64> {
    samples
        .outcome()
        .iter()
        .zip(eta)
        .map(|(&y, &eta)| measure.of_row(samples.family(), y, eta))
        .collect()
}

/// Weighted mean loss of a fold (`None` for an AUC with one class) and the fold's weight.
fn fold_loss(
    samples: &Samples<'_>,
    rows: &[usize],
    eta: &[f64],
    weights: &[f64],
    measure: Measure,
) -> (Option<f64>, f64) {
    let weight: Vec<f64> = rows.iter().map(|&i| weights[i]).collect();
    let total: f64 = weight.iter().sum();
    if measure == Measure::Auc {
        let score: Vec<f64> = rows.iter().map(|&i| probability(eta[i])).collect();
        let event: Vec<bool> = rows.iter().map(|&i| samples.outcome()[i] > 0.5).collect();
        return (weighted_auc(&score, &event, &weight), total);
    }
    let loss: f64 = rows
        .iter()
        .zip(&weight)
        .map(|(&i, w)| w * measure.of_row(samples.family(), samples.outcome()[i], eta[i]))
        .sum();
    ((total > 0.0).then(|| loss / total), total)
}

/// Weighted mean and its standard error. Units without a loss are left out of both sums but still
/// counted in the divisor of the standard error.
fn summarize(losses: &[Option<f64>], weights: &[f64]) -> (f64, f64) {
    let present = || {
        losses
            .iter()
            .zip(weights)
            .filter_map(|(l, &w)| l.map(|l| (l, w)))
    };
    let total: f64 = present().map(|(_, w)| w).sum();
    let mean = present().map(|(l, w)| w * l).sum::<f64>() / total;
    let spread = present()
        .map(|(l, w)| w * (l - mean) * (l - mean))
        .sum::<f64>()
        / total;
    (mean, (spread / (losses.len() as f64 - 1.0)).sqrt())
}

fn average(curves: &[Curve]) -> Curve {
    let (n, r) = (curves[0].mean.len(), curves.len() as f64);
    if curves.len() == 1 {
        return Curve {
            mean: curves[0].mean.clone(),
            standard_error: curves[0].standard_error.clone(),
        };
    }
    let mean = (0..n)
        .map(|m| curves.iter().map(|c| c.mean[m]).sum::<f64>() / r)
        .collect();
    let standard_error = (0..n)
        .map(|m| {
            (curves
                .iter()
                .map(|c| c.standard_error[m].powi(2))
                .sum::<f64>()
                / r)
                .sqrt()
        })
        .collect();
    Curve {
        mean,
        standard_error,
    }
}

/// Applies the two rules to a loss curve.
fn choose(
    path: ElasticNetPath,
    curve: Curve,
    measure: Measure,
    grouping: Grouping,
    folds: Folds,
) -> Result<CrossValidationFit> {
    let usable: Vec<usize> = (0..path.len())
        .filter(|&m| curve.mean[m].is_finite() && curve.standard_error[m].is_finite())
        .collect();
    let pick = |values: &[f64]| usable.iter().map(|&m| values[m]).collect::<Vec<f64>>();
    let (lambda, mean, standard_error) = (
        pick(&path.lambda),
        pick(&curve.mean),
        pick(&curve.standard_error),
    );
    let n_nonzero = usable.iter().map(|&m| path.df[m]).collect();
    let sign = if measure.is_maximized() { -1.0 } else { 1.0 };
    let loss: Vec<f64> = mean.iter().map(|m| sign * m).collect();
    let smallest = loss.iter().copied().fold(f64::INFINITY, f64::min);
    let Some(index_minimum) = loss.iter().position(|&l| l <= smallest) else {
        return Err(Error::NoUsableColumn {
            what: "cross-validation",
            n_columns: path.names.len(),
        });
    };
    let bound = loss[index_minimum] + standard_error[index_minimum];
    let index_one_standard_error = loss
        .iter()
        .position(|&l| l <= bound)
        .unwrap_or(index_minimum);
    Ok(CrossValidationFit {
        path,
        measure,
        requested_measure: measure,
        grouping,
        lambda,
        mean,
        standard_error,
        n_nonzero,
        index_minimum,
        index_one_standard_error,
        folds,
        n_repeats: 1,
    })
}

impl CrossValidationFit {
    /// Lambda of the smallest loss.
    pub fn lambda_minimum(&self) -> f64 {
        self.lambda[self.index_minimum]
    }

    /// Largest lambda within one standard error of the smallest loss.
    pub fn lambda_one_standard_error(&self) -> f64 {
        self.lambda[self.index_one_standard_error]
    }

    /// The model a rule takes.
    ///
    /// # Errors
    /// [`Error::NoSuchModelSize`] if no model has the number of features asked for; [`Error::InvalidSetting`] for a lambda that is negative or not finite.
    pub fn select(&self, rule: LambdaRule) -> Result<Selection> {
        let lambda = match rule {
            LambdaRule::Minimum => self.lambda_minimum(),
            LambdaRule::OneStandardError => self.lambda_one_standard_error(),
            LambdaRule::Features(k) => self.lambda_with(k)?,
            LambdaRule::Value(lambda) => lambda,
        };
        let coefficients = self.path.coefficients_at(lambda)?;
        let selected = coefficients.nonzero();
        Ok(Selection {
            rule,
            lambda,
            coefficients,
            selected,
        })
    }

    fn lambda_with(&self, k: usize) -> Result<f64> {
        let sign = if self.measure.is_maximized() {
            -1.0
        } else {
            1.0
        };
        let mut best: Option<usize> = None;
        for m in (0..self.lambda.len()).filter(|&m| self.n_nonzero[m] == k) {
            if best.is_none_or(|b| sign * self.mean[m] < sign * self.mean[b]) {
                best = Some(m);
            }
        }
        best.map(|m| self.lambda[m]).ok_or_else(|| {
            let mut available = self.n_nonzero.clone();
            available.sort_unstable();
            available.dedup();
            Error::NoSuchModelSize {
                requested: k,
                available,
            }
        })
    }
}

impl Family {
    /// The predicted mean of a linear predictor: a probability for a binary outcome, the value itself otherwise.
    pub fn mean(self, eta: f64) -> f64 {
        match self {
            Self::Binomial => probability(eta),
            Self::Gaussian => eta,
        }
    }
}
