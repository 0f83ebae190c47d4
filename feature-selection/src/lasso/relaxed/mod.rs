//! Relaxed LASSO: unpenalized refits of the sets that the path selects, blended with the path.
//!
//! ```text
//! b(λ, γ) = γ b_lasso(λ) + (1 - γ) b_refit(λ),   b_refit(λ) = the fit with λ = 0 on the columns where b_lasso(λ) ≠ 0
//! ```
//!
//! Every distinct set is refitted once. Limits, weights, offset and intercept of the path hold for the refits.
//! References: Meinshausen, *Comput. Stat. Data Anal.* 52 (2007), doi:10.1016/j.csda.2006.12.019; Hastie, Tibshirani,
//! Tibshirani, *Stat. Sci.* 35 (2020), doi:10.1214/19-STS733 (the blend).

mod cross_validation;
mod separation;

use std::collections::HashMap;

pub use cross_validation::{GammaChoice, RelaxedFit, RelaxedLasso};

use super::cv::Models;
use super::params::{Compat, ElasticNet, GaussianAlgorithm};
use super::path::{Coefficients, ElasticNetPath, SparseCoefficients};
use super::samples::{Family, Samples};
use crate::error::{Error, Result};
use crate::par::map_tasks;
use crate::table::FeatureTable;

/// Where the descent of a refit starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum RefitStart {
    /// At coefficients of zero.
    #[default]
    Zero,
    /// At the end of a path on the set's columns, through the lambdas of the full path: slower, for refits that do not
    /// converge from zero.
    AlongPath,
}

/// How the refit at one lambda came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RefitStatus {
    /// The model has no feature and is kept.
    NoFeature,
    /// The refit converged.
    Converged,
    /// The classes are separated by the set's columns, at least partly, and the maximum likelihood estimate is infinite. The
    /// coefficients are finite: those at which descent stopped. Their size means nothing.
    Separated,
    /// The set has more than `max_size` columns and was not refitted. The refit at lambda number `stands_in`, the last on the path that
    /// was refitted, takes its place; without any, the LASSO's own coefficients.
    TooLarge {
        /// Lambda number of the refit used instead.
        stands_in: Option<usize>,
    },
    /// The passes ran out or, with [`Compat::Exact`], the accuracy could not be reached; the LASSO's own coefficients are kept.
    NotConverged,
}

/// How the sets of a path are refitted.
///
/// | setting | default | range |
/// |---|---|---|
/// | `max_size` | rows - 3 | largest set refitted |
/// | `start` | [`RefitStart::Zero`] | see [`RefitStart`] |
///
/// # Examples
/// ```
/// use feature_selection::lasso::{ElasticNet, Relaxation, Samples};
/// use feature_selection::table::FeatureTable;
/// use ndarray::array;
///
/// // y = 2 x + 1: the LASSO shrinks the slope, the refit does not.
/// let x = array![[1.0], [2.0], [3.0], [4.0], [5.0]];
/// let table = FeatureTable::new(x.view(), &["x".to_string()])?;
/// let samples = Samples::continuous(&table, &[3.1, 4.9, 7.0, 9.1, 10.9])?;
/// let relaxed = Relaxation::new().fit(&ElasticNet::new(), &samples)?;
/// let lambda = relaxed.path.lambda[3];
/// let slope = |gamma| relaxed.coefficients_at(lambda, gamma).map(|c| c.beta[0]);
/// assert!(slope(1.0)? < slope(0.5)? && slope(0.5)? < slope(0.0)?);
/// assert!((slope(0.0)? - 1.98).abs() < 1e-4);
/// # Ok::<(), feature_selection::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Relaxation {
    max_size: Option<usize>,
    start: RefitStart,
}

/// Unpenalized refits, one per lambda of a path.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Refits {
    /// Intercepts, original units.
    pub intercept: Vec<f64>,
    /// Nonzero coefficients, original units.
    pub beta: Vec<SparseCoefficients>,
    /// Fraction of the null deviance explained.
    pub dev_ratio: Vec<f64>,
    /// How each came out.
    pub status: Vec<RefitStatus>,
    /// Smallest share of the LASSO; a smaller gamma is raised to it. 1e-5 as in glmnet, 0 with [`Compat::Exact`].
    pub smallest_gamma: f64,
}

/// A path and its refits.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct RelaxedPath {
    /// The penalized path.
    pub path: ElasticNetPath,
    /// The refits, at the same lambdas.
    pub refits: Refits,
}

impl RelaxedPath {
    /// Coefficients at any lambda and gamma: `gamma` of the LASSO, the rest of the refit, both interpolated
    /// linearly in lambda. At `gamma = 1` these are the path's own.
    ///
    /// # Errors
    /// [`Error::InvalidSetting`] for a lambda that is negative or not finite, or a gamma outside [0, 1].
    pub fn coefficients_at(&self, lambda: f64, gamma: f64) -> Result<Coefficients> {
        self.refits.coefficients_at(&self.path, lambda, gamma)
    }

    /// Linear predictor of every row (without offset).
    ///
    /// # Errors
    /// As [`coefficients_at`](Self::coefficients_at); [`Error::ColumnMismatch`] if the columns are not those of the training table, in order.
    pub fn predict_link(&self, table: &FeatureTable, lambda: f64, gamma: f64) -> Result<Vec<f64>> {
        let ordered = crate::standardize::same_columns("relaxed path", &self.path.names, table)?;
        Ok(self.coefficients_at(lambda, gamma)?.link(&ordered))
    }
}

impl Refits {
    fn coefficients_at(
        &self,
        path: &ElasticNetPath,
        lambda: f64,
        gamma: f64,
    ) -> Result<Coefficients> {
        check_gamma(gamma)?;
        let mut coefficients = path.coefficients_at(lambda)?;
        let share = self.share(gamma);
        if share < 1.0 {
            let (intercept, beta) = self.models(path).at(lambda, path.names.len());
            let blend = |lasso: f64, refit: f64| share * lasso + (1.0 - share) * refit;
            coefficients.intercept = blend(coefficients.intercept, intercept);
            for (lasso, refit) in coefficients.beta.iter_mut().zip(beta) {
                *lasso = blend(*lasso, refit);
            }
        }
        Ok(coefficients)
    }

    /// The refits along the lambdas of `path`.
    fn models<'a>(&'a self, path: &'a ElasticNetPath) -> Models<'a> {
        Models::along(path, &self.intercept, &self.beta)
    }

    fn share(&self, gamma: f64) -> f64 {
        gamma.max(self.smallest_gamma)
    }
}

fn check_gamma(gamma: f64) -> Result<()> {
    if (0.0..=1.0).contains(&gamma) {
        Ok(())
    } else {
        Err(Error::InvalidSetting {
            name: "gamma",
            expected: "a number from 0 to 1",
            found: gamma,
        })
    }
}

/// One refit of one set.
struct Refit {
    intercept: f64,
    beta: SparseCoefficients,
    dev_ratio: f64,
    status: RefitStatus,
}

/// Whether refits are searched for separation; in the folds nobody reads it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Search {
    Separation,
    Nothing,
}

impl Relaxation {
    /// Refits of sets up to rows - 3 columns.
    pub fn new() -> Self {
        Self::default()
    }

    /// Largest set that is refitted.
    pub fn max_size(mut self, columns: usize) -> Self {
        self.max_size = Some(columns);
        self
    }

    /// Where descent starts.
    pub fn start(mut self, start: RefitStart) -> Self {
        self.start = start;
        self
    }

    /// Fits the path and refits every distinct set on it.
    ///
    /// # Errors
    /// Those of [`ElasticNet::fit`]. A refit that does not converge is no error: see [`RefitStatus`].
    pub fn fit(&self, settings: &ElasticNet, samples: &Samples<'_>) -> Result<RelaxedPath> {
        self.fit_with(settings, samples, Search::Separation)
    }

    fn fit_with(
        &self,
        settings: &ElasticNet,
        samples: &Samples<'_>,
        search: Search,
    ) -> Result<RelaxedPath> {
        const ROWS_ABOVE_SIZE: usize = 3;
        let path = settings.fit(samples)?;
        let limit = self
            .max_size
            .unwrap_or_else(|| samples.n_rows().saturating_sub(ROWS_ABOVE_SIZE));
        let mut known: HashMap<&[usize], usize> = HashMap::new();
        let mut first_model = Vec::new();
        let refit_of: Vec<Option<usize>> = path
            .beta
            .iter()
            .enumerate()
            .map(|(m, model)| {
                let set = model.index.as_slice();
                (!set.is_empty() && set.len() <= limit).then(|| {
                    *known.entry(set).or_insert_with(|| {
                        first_model.push(m);
                        first_model.len() - 1
                    })
                })
            })
            .collect();
        let refitted = map_tasks(first_model.len(), |k| {
            let set = &path.beta[first_model[k]].index;
            self.refit(settings, samples, &path, set, search)
        })
        .into_iter()
        .collect::<Result<Vec<Option<Refit>>>>()?;
        let refits = assemble(settings, &path, &refit_of, &refitted, limit);
        Ok(RelaxedPath { path, refits })
    }

    /// The unpenalized fit on the columns `set`; `None` if it did not converge.
    fn refit(
        &self,
        settings: &ElasticNet,
        samples: &Samples<'_>,
        path: &ElasticNetPath,
        set: &[usize],
        search: Search,
    ) -> Result<Option<Refit>> {
        let table = samples.table().select_columns(set);
        let samples = samples.with_table(&table);
        let mut lambdas = match self.start {
            RefitStart::Zero => Vec::new(),
            RefitStart::AlongPath => path.lambda.clone(),
        };
        lambdas.push(0.0);
        let restricted = restricted(settings, set, path.names.len(), &lambdas);
        let fitted = match restricted.fit(&samples) {
            Ok(fitted) => fitted,
            Err(Error::NotConverged { .. } | Error::NotOptimal { .. }) => return Ok(None),
            Err(other) => return Err(other),
        };
        // A path cut short (too many active columns) never reached 0.
        if fitted.len() < lambdas.len() {
            return Ok(None);
        }
        let last = fitted.len() - 1;
        let (intercept, own) = (fitted.intercept[last], &fitted.beta[last]);
        let separated = search == Search::Separation
            && samples.family() == Family::Binomial
            && separation::is_separated(&restricted, &samples, intercept, own);
        Ok(Some(Refit {
            intercept,
            beta: SparseCoefficients {
                index: own.index.iter().map(|&k| set[k]).collect(),
                value: own.value.clone(),
            },
            dev_ratio: fitted.dev_ratio[last],
            status: if separated {
                RefitStatus::Separated
            } else {
                RefitStatus::Converged
            },
        }))
    }
}

/// The settings of a refit: only the columns `set` of `p`, solved at each of `lambdas`.
fn restricted(settings: &ElasticNet, set: &[usize], p: usize, lambdas: &[f64]) -> ElasticNet {
    const COLUMNS_FOR_NAIVE: usize = 500;
    let pick = |v: &Vec<f64>| set.iter().map(|&j| v[j]).collect::<Vec<f64>>();
    // The solver goes by the columns of the whole table.
    let gaussian_algorithm = match settings.gaussian_algorithm {
        GaussianAlgorithm::ByColumns if p < COLUMNS_FOR_NAIVE => GaussianAlgorithm::Covariance,
        GaussianAlgorithm::ByColumns => GaussianAlgorithm::Naive,
        chosen => chosen,
    };
    ElasticNet {
        lambdas: Some(lambdas.to_vec()),
        penalty_factors: settings.penalty_factors.as_ref().map(pick),
        lower_limits: settings.lower_limits.as_ref().map(pick),
        upper_limits: settings.upper_limits.as_ref().map(pick),
        excluded: Vec::new(),
        gaussian_algorithm,
        ..settings.clone()
    }
}

/// One refit per lambda: its own, that of the last set small enough, or the LASSO itself.
fn assemble(
    settings: &ElasticNet,
    path: &ElasticNetPath,
    refit_of: &[Option<usize>],
    refitted: &[Option<Refit>],
    limit: usize,
) -> Refits {
    const SMALLEST_GAMMA: f64 = 1e-5;
    let mut refits = Refits {
        intercept: path.intercept.clone(),
        beta: path.beta.clone(),
        dev_ratio: path.dev_ratio.clone(),
        status: vec![RefitStatus::NoFeature; path.len()],
        smallest_gamma: match settings.compat {
            Compat::Glmnet => SMALLEST_GAMMA,
            Compat::Exact => 0.0,
        },
    };
    for (m, refit) in refit_of.iter().enumerate() {
        let Some(k) = *refit else { continue };
        match &refitted[k] {
            Some(refit) => {
                refits.intercept[m] = refit.intercept;
                refits.beta[m] = refit.beta.clone();
                refits.dev_ratio[m] = refit.dev_ratio;
                refits.status[m] = refit.status;
            }
            None => refits.status[m] = RefitStatus::NotConverged,
        }
    }
    let stands_in = (0..path.len()).rev().find(|&m| path.df[m] <= limit);
    for m in (0..path.len()).filter(|&m| path.df[m] > limit) {
        if let Some(other) = stands_in {
            refits.intercept[m] = refits.intercept[other];
            refits.beta[m] = refits.beta[other].clone();
            refits.dev_ratio[m] = refits.dev_ratio[other];
        }
        refits.status[m] = RefitStatus::TooLarge { stands_in };
    }
    refits
}
