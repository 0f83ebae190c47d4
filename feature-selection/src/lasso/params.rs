//! Settings of an elastic net path.

use super::binomial::Logistic;
use super::covariance::Covariance;
use super::design::Design;
use super::exact::{Exact, LogisticLoss, SquaredLoss};
use super::gaussian::{Naive, Outcome};
use super::logistic::NullModel;
use super::path::ElasticNetPath;
use super::samples::{Family, Samples};
use super::schedule::{Units, walk};
use crate::error::{Error, Result};

/// Which solution of the optimization problem is returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Compat {
    /// glmnet's order of operations and stopping rule: same passes, same coefficients, as a rule to the last bit. The
    /// default, because the published studies were computed so.
    #[default]
    Glmnet,
    /// The minimizer itself: optimality conditions hold to 1e-10, in units of the standardized column's norm, at every lambda. `threshold`, `logistic_update` and
    /// `gaussian_algorithm` have no meaning then, `max_passes` counts Newton steps, and `active_max` is compared with
    /// the nonzero coefficients of each solution.
    Exact,
}

/// Whether columns are scaled to unit variance before penalizing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Scaling {
    /// Scale to unit weighted variance (divisor n); coefficients come back in original units.
    #[default]
    Standardize,
    /// Penalize the columns as given.
    AsGiven,
}

/// Whether the model has an intercept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Intercept {
    /// Fitted, not penalized.
    #[default]
    Fitted,
    /// Fixed at zero; columns are then not centered.
    Zero,
}

/// Curvature used by the logistic solver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum LogisticUpdate {
    /// The exact second derivative `q (1 - q)`.
    #[default]
    Newton,
    /// Its upper bound 1/4.
    ModifiedNewton,
}

/// How the Gaussian solver keeps its gradient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum GaussianAlgorithm {
    /// Covariance below 500 columns, naive from there on (glmnet's rule).
    #[default]
    ByColumns,
    /// Inner products of active columns are stored.
    Covariance,
    /// The residual is updated.
    Naive,
}

/// Settings of an elastic net path; [`fit`](Self::fit) checks them.
///
/// | setting | default | range |
/// |---|---|---|
/// | `alpha` | 1 (LASSO) | 0 (ridge) to 1 |
/// | `n_lambda` | 100 | 1 to 10,000 |
/// | `lambda_min_ratio` | 1e-4 if rows >= columns, else 1e-2 | in (0, 1) |
/// | `lambdas` | computed | >= 0; replaces the two above |
/// | `threshold` | 1e-7 | > 0; relative to the null deviance |
/// | `max_passes` | 100,000 | >= 1; summed over the path |
/// | `penalty_factors` | 1 | >= 0, infinite excludes |
/// | `lower_limits`, `upper_limits` | none | <= 0, >= 0 |
/// | `df_max` | columns + 1 | path stops once exceeded |
/// | `active_max` | min(2 df_max + 20, columns) | columns ever active |
///
/// # Examples
/// ```
/// use feature_selection::lasso::{ElasticNet, Samples};
/// use feature_selection::table::FeatureTable;
/// use ndarray::array;
///
/// let x = array![[1.0, 0.3], [2.0, -0.1], [3.0, 0.2], [4.0, 0.4], [5.0, -0.3], [6.0, 0.1]];
/// let table = FeatureTable::new(x.view(), &["size".to_string(), "noise".to_string()])?;
/// let samples = Samples::binary(&table, &[false, false, true, false, true, true])?;
/// let path = ElasticNet::new().fit(&samples)?;
/// assert_eq!(path.df[0], 0); // the first lambda is the smallest that selects nothing
/// # Ok::<(), feature_selection::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ElasticNet {
    pub(super) alpha: f64,
    pub(super) n_lambda: usize,
    pub(super) lambda_min_ratio: Option<f64>,
    pub(super) lambdas: Option<Vec<f64>>,
    pub(super) threshold: f64,
    pub(super) max_passes: usize,
    pub(super) compat: Compat,
    pub(super) scaling: Scaling,
    pub(super) intercept: Intercept,
    pub(super) penalty_factors: Option<Vec<f64>>,
    pub(super) lower_limits: Option<Vec<f64>>,
    pub(super) upper_limits: Option<Vec<f64>>,
    pub(super) excluded: Vec<usize>,
    pub(super) df_max: Option<usize>,
    pub(super) active_max: Option<usize>,
    pub(super) logistic_update: LogisticUpdate,
    pub(super) gaussian_algorithm: GaussianAlgorithm,
}

impl Default for ElasticNet {
    fn default() -> Self {
        Self {
            alpha: 1.0,
            n_lambda: 100,
            lambda_min_ratio: None,
            lambdas: None,
            threshold: 1e-7,
            max_passes: 100_000,
            compat: Compat::default(),
            scaling: Scaling::default(),
            intercept: Intercept::default(),
            penalty_factors: None,
            lower_limits: None,
            upper_limits: None,
            excluded: Vec::new(),
            df_max: None,
            active_max: None,
            logistic_update: LogisticUpdate::default(),
            gaussian_algorithm: GaussianAlgorithm::default(),
        }
    }
}

impl ElasticNet {
    /// The LASSO with glmnet's defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Mixing of the penalties: 1 is the LASSO, 0 ridge.
    pub fn alpha(mut self, alpha: f64) -> Self {
        self.alpha = alpha;
        self
    }

    /// Length of the computed lambda sequence.
    pub fn n_lambda(mut self, n: usize) -> Self {
        self.n_lambda = n;
        self
    }

    /// Smallest lambda as a fraction of the largest.
    pub fn lambda_min_ratio(mut self, ratio: f64) -> Self {
        self.lambda_min_ratio = Some(ratio);
        self
    }

    /// Lambdas to use instead of a computed sequence; sorted decreasing by the fit, which then never stops early.
    pub fn lambdas(mut self, lambdas: &[f64]) -> Self {
        self.lambdas = Some(lambdas.to_vec());
        self
    }

    /// Convergence threshold of coordinate descent.
    pub fn threshold(mut self, threshold: f64) -> Self {
        self.threshold = threshold;
        self
    }

    /// Limit of coordinate sweeps over the whole path.
    pub fn max_passes(mut self, passes: usize) -> Self {
        self.max_passes = passes;
        self
    }

    /// glmnet's approximate solution or the exact one.
    pub fn compat(mut self, compat: Compat) -> Self {
        self.compat = compat;
        self
    }

    /// Whether columns are standardized internally.
    pub fn scaling(mut self, scaling: Scaling) -> Self {
        self.scaling = scaling;
        self
    }

    /// Whether an intercept is fitted.
    pub fn intercept(mut self, intercept: Intercept) -> Self {
        self.intercept = intercept;
        self
    }

    /// Relative penalty of each column: 0 never penalized, infinite excluded. Rescaled to sum to the number of columns.
    pub fn penalty_factors(mut self, factors: &[f64]) -> Self {
        self.penalty_factors = Some(factors.to_vec());
        self
    }

    /// Lower bound of each coefficient (original units, <= 0, -infinity for none).
    pub fn lower_limits(mut self, limits: &[f64]) -> Self {
        self.lower_limits = Some(limits.to_vec());
        self
    }

    /// Upper bound of each coefficient (original units, >= 0, infinity for none).
    pub fn upper_limits(mut self, limits: &[f64]) -> Self {
        self.upper_limits = Some(limits.to_vec());
        self
    }

    /// Columns left out of the fit, by index.
    pub fn exclude(mut self, columns: &[usize]) -> Self {
        self.excluded = columns.to_vec();
        self
    }

    /// The path stops once a solution has more nonzero coefficients.
    pub fn df_max(mut self, df: usize) -> Self {
        self.df_max = Some(df);
        self
    }

    /// The path stops once more columns have ever been active.
    pub fn active_max(mut self, columns: usize) -> Self {
        self.active_max = Some(columns);
        self
    }

    /// Curvature used for a binary outcome.
    pub fn logistic_update(mut self, update: LogisticUpdate) -> Self {
        self.logistic_update = update;
        self
    }

    /// Solver used for a continuous outcome.
    pub fn gaussian_algorithm(mut self, algorithm: GaussianAlgorithm) -> Self {
        self.gaussian_algorithm = algorithm;
        self
    }

    /// Whether the lambdas were supplied.
    pub fn has_lambdas(&self) -> bool {
        self.lambdas.is_some()
    }

    /// Fits the path.
    ///
    /// # Errors
    /// [`Error::InvalidSetting`] and [`Error::LengthMismatch`] for a setting outside its range,
    /// [`Error::ColumnOutOfRange`], [`Error::NoUsableColumn`] if every column is constant or excluded,
    /// [`Error::SingleClass`] if weights leave one class with (almost) nothing, [`Error::BeyondRange`] for a column, an outcome
    /// or an offset whose squares or deviance no `f64` holds and [`Error::ModelBeyondRange`] for such a model,
    /// [`Error::NotConverged`] (with the path so far) and, for [`Compat::Exact`], [`Error::NotOptimal`] if a supplied lambda or the
    /// first one cannot be solved; a computed sequence ends there instead and says so in [`ElasticNetPath::stopped`].
    pub fn fit(&self, samples: &Samples<'_>) -> Result<ElasticNetPath> {
        let p = samples.table().n_columns();
        self.check(p)?;
        let design = Design::new(self, samples)?;
        match samples.family() {
            Family::Binomial => self.fit_binomial(samples, design),
            Family::Gaussian => self.fit_gaussian(samples, design),
        }
    }

    fn fit_binomial(&self, samples: &Samples<'_>, mut design: Design) -> Result<ElasticNetPath> {
        let null = NullModel::new(&design, self.intercept)?;
        let units = Units {
            mean: 0.0,
            scale: 1.0,
            null_deviance: 2.0 * design.weight_sum * null.half_deviance,
        };
        design.scale_limits(units.scale);
        match self.compat {
            Compat::Glmnet => {
                let mut solver = Logistic::new(self, &design, null);
                walk(&mut solver, self, samples, &design, units)
            }
            Compat::Exact => {
                let loss = LogisticLoss::new(&design, self.intercept, &null);
                let mut solver = Exact::new(self, &design, loss);
                walk(&mut solver, self, samples, &design, units)
            }
        }
    }

    fn fit_gaussian(&self, samples: &Samples<'_>, mut design: Design) -> Result<ElasticNetPath> {
        /// Columns from which the naive algorithm is chosen.
        const NAIVE_FROM: usize = 500;
        let Outcome { y, units } = Outcome::new(self, &design)?;
        design.scale_limits(units.scale);
        let naive = match self.gaussian_algorithm {
            GaussianAlgorithm::ByColumns => design.p >= NAIVE_FROM,
            GaussianAlgorithm::Covariance => false,
            GaussianAlgorithm::Naive => true,
        };
        match self.compat {
            Compat::Exact => {
                let mut solver = Exact::new(self, &design, SquaredLoss::new(design.n, y));
                walk(&mut solver, self, samples, &design, units)
            }
            Compat::Glmnet if naive => {
                let mut solver = Naive::new(self, &design, y);
                walk(&mut solver, self, samples, &design, units)
            }
            Compat::Glmnet => {
                let mut solver = Covariance::new(self, &design, y);
                walk(&mut solver, self, samples, &design, units)
            }
        }
    }

    fn check(&self, p: usize) -> Result<()> {
        self.check_numbers()?;
        self.check_lambdas()?;
        self.check_columns(p)
    }

    fn check_numbers(&self) -> Result<()> {
        within(
            "alpha",
            "a number from 0 to 1",
            self.alpha,
            (0.0..=1.0).contains(&self.alpha),
        )?;
        within(
            "threshold",
            "a positive number",
            self.threshold,
            self.threshold > 0.0 && self.threshold.is_finite(),
        )?;
        within(
            "max_passes",
            "at least 1",
            self.max_passes as f64,
            self.max_passes >= 1,
        )
    }

    fn check_lambdas(&self) -> Result<()> {
        /// A path on data that nothing explains runs through all of them.
        const MOST_COMPUTED: usize = 10_000;
        let name = "number of lambdas";
        match &self.lambdas {
            Some(given) => within(name, "at least 1", given.len() as f64, !given.is_empty())?,
            None => {
                let n = self.n_lambda;
                let fits = (1..=MOST_COMPUTED).contains(&n);
                within(name, "a number from 1 to 10,000", n as f64, fits)?;
            }
        }
        if let Some(ratio) = self.lambda_min_ratio {
            within(
                "lambda_min_ratio",
                "a number in (0, 1)",
                ratio,
                ratio > 0.0 && ratio < 1.0,
            )?;
        }
        each(
            "lambda",
            "a finite number >= 0",
            self.lambdas.as_deref().unwrap_or_default(),
            |l| l >= 0.0 && l.is_finite(),
        )
    }

    fn check_columns(&self, p: usize) -> Result<()> {
        let per_column = |what: &'static str,
                          expected: &'static str,
                          values: &Option<Vec<f64>>,
                          ok: fn(f64) -> bool| {
            let Some(values) = values else { return Ok(()) };
            if values.len() != p {
                return Err(Error::LengthMismatch {
                    what,
                    expected: p,
                    found: values.len(),
                });
            }
            each(what, expected, values, ok)
        };
        per_column(
            "penalty factors",
            "a number >= 0",
            &self.penalty_factors,
            |v| v >= 0.0,
        )?;
        per_column("lower limits", "a number <= 0", &self.lower_limits, |v| {
            v <= 0.0
        })?;
        per_column("upper limits", "a number >= 0", &self.upper_limits, |v| {
            v >= 0.0
        })?;
        match self.excluded.iter().find(|&&j| j >= p) {
            Some(&index) => Err(Error::ColumnOutOfRange {
                what: "excluded columns",
                index,
                n_columns: p,
            }),
            None => Ok(()),
        }
    }

    /// Largest model size before the path stops.
    pub(super) fn df_limit(&self, p: usize) -> usize {
        self.df_max.unwrap_or(p + 1)
    }

    /// Largest number of columns ever active.
    pub(super) fn active_limit(&self, p: usize) -> usize {
        self.active_max
            .unwrap_or_else(|| p.min(2 * self.df_limit(p) + 20))
    }
}

fn within(name: &'static str, expected: &'static str, found: f64, ok: bool) -> Result<()> {
    if ok {
        Ok(())
    } else {
        Err(Error::InvalidSetting {
            name,
            expected,
            found,
        })
    }
}

fn each(
    name: &'static str,
    expected: &'static str,
    values: &[f64],
    ok: impl Fn(f64) -> bool,
) -> Result<()> {
    match values.iter().find(|&&v| !ok(v)) {
        Some(&found) => Err(Error::InvalidSetting {
            name,
            expected,
            found,
        }),
        None => Ok(()),
    }
}
