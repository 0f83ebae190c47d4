//! Logistic regression: settings, fit and what a fit knows.
//!
//! Model: `ln(p / (1 - p)) = β₀ + Σ βⱼ xⱼ + offset`, p the probability of the event, estimated by maximum likelihood.

use eval_stats::special::normal_two_sided;
use nalgebra::DMatrix;
use ndarray::Array2;

use crate::design::Design;
use crate::error::{Error, Result};
use crate::irls::{self, Problem, RControl, Solution};
use crate::newton::newton;
use crate::separation;

/// When the iteration stops and which weights give the standard errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Convergence {
    /// Newton's method to rounding error; covariance at the estimate. The default: the maximum likelihood estimate itself, the same numbers
    /// as `rms::lrm` and statsmodels.
    #[default]
    Exact,
    /// R's `glm`: at most 25 steps until the deviance changes by less than 1e-8 of itself, covariance from the step before. Standard errors
    /// differ from the exact ones by up to some 1e-6.
    RCompat,
}

/// Whether a model may have more effects than the rarer class has rows.
///
/// The limit is one row of the rarer class per coefficient, the intercept not counted. With fewer, some direction of the coefficients puts
/// all rows of that class on one value: they say nothing about it, and what is estimated there describes the other class alone. Such an
/// estimate can exist (R gives it), but it is no model of the outcome. Reliable models need far more, ten or twenty events per coefficient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FewEvents {
    /// An error, [`Error::TooFewEvents`]. The default.
    #[default]
    Refuse,
    /// Fit all the same, as R does. Separation, which is then likely, stays an error.
    Allow,
}

/// Logistic regression by maximum likelihood.
///
/// | setting | default | purpose |
/// |---|---|---|
/// | `convergence` | [`Convergence::Exact`] | exact estimate or R's |
/// | `max_iterations` | 50 (exact), 25 (R) | steps before giving up |
/// | `few_events` | [`FewEvents::Refuse`] | more effects than rows of the rarer class |
/// | `weights` | all 1 | case weights |
/// | `offset` | all 0 | fixed part of the linear predictor |
///
/// ```
/// use nomogram::{Design, Frame, LogisticRegression, Missing};
/// let frame = Frame::new().with_numeric("x", vec![0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0])?;
/// let outcome = [false, false, true, true, true, true, false];
/// let design = Design::new(&frame, ["x"], Missing::Refuse)?;
/// let fit = LogisticRegression::new().fit(&design, &outcome)?;
/// // Odds 1:2 at x = 0 and 3:1 at x = 1.
/// assert!((fit.coefficients[1].odds_ratio() - 6.0).abs() < 1e-9);
/// # Ok::<(), nomogram::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LogisticRegression {
    convergence: Convergence,
    max_iterations: Option<usize>,
    few_events: FewEvents,
    weights: Option<Vec<f64>>,
    offset: Option<Vec<f64>>,
}

/// One estimated coefficient with its Wald test.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Coefficient {
    /// Name of the column of the design: `Intercept`, `age`, `margin=Non`.
    pub name: String,
    /// Index of the column in the design; 0 is the intercept.
    pub column: usize,
    /// Index of the term; `None` for the intercept.
    pub term: Option<usize>,
    /// β, log odds per unit.
    pub estimate: f64,
    /// Standard error.
    pub se: f64,
    /// β / SE.
    pub z: f64,
    /// Two-sided P of the Wald test, by the normal distribution.
    pub p: f64,
}

impl Coefficient {
    /// Odds ratio, e^β.
    #[must_use]
    pub fn odds_ratio(&self) -> f64 {
        self.estimate.exp()
    }
}

/// A fitted logistic regression.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct LogisticFit {
    /// Estimated coefficients, in the order of the design's columns.
    pub coefficients: Vec<Coefficient>,
    /// Columns that are combinations of earlier ones and therefore have no coefficient, as `NA` in R.
    pub aliased: Vec<String>,
    /// Covariance of the estimated coefficients, in their order.
    pub covariance: Array2<f64>,
    /// Linear predictor of each row used, offset included.
    pub linear_predictor: Vec<f64>,
    /// Fitted probability of each row used.
    pub fitted: Vec<f64>,
    /// Log-likelihood.
    pub log_likelihood: f64,
    /// Log-likelihood of the intercept (and offset) alone.
    pub null_log_likelihood: f64,
    /// Rows used with positive weight.
    pub n: usize,
    /// Events among them.
    pub n_events: usize,
    /// Rows left out because a predictor was missing.
    pub n_dropped: usize,
    /// Steps taken.
    pub iterations: usize,
    /// How it was fitted.
    pub convergence: Convergence,
    pub(crate) design: Design,
    pub(crate) outcome: Vec<bool>,
    pub(crate) weights: Option<Vec<f64>>,
    pub(crate) offset: Option<Vec<f64>>,
    pub(crate) working_eta: Vec<f64>,
}

impl LogisticRegression {
    /// The default settings.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Exact estimate or R's.
    #[must_use]
    pub fn convergence(mut self, convergence: Convergence) -> Self {
        self.convergence = convergence;
        self
    }

    /// Steps before giving up, at least 1.
    #[must_use]
    pub fn max_iterations(mut self, max_iterations: usize) -> Self {
        self.max_iterations = Some(max_iterations);
        self
    }

    /// Whether there may be more effects than rows of the rarer class.
    #[must_use]
    pub fn few_events(mut self, few_events: FewEvents) -> Self {
        self.few_events = few_events;
        self
    }

    /// Case weights, one per row of the table, finite and not negative.
    #[must_use]
    pub fn weights(mut self, weights: &[f64]) -> Self {
        self.weights = Some(weights.to_vec());
        self
    }

    /// Offset, one per row of the table, finite.
    #[must_use]
    pub fn offset(mut self, offset: &[f64]) -> Self {
        self.offset = Some(offset.to_vec());
        self
    }

    /// Fits the design to `outcome` (one per row of the table, `true` = event).
    ///
    /// # Errors
    /// [`Error::RowCount`] for a list of another length, [`Error::RowValue`] for an unusable weight or offset, [`Error::Setting`];
    /// [`Error::SingleClass`], [`Error::TooFewRows`], [`Error::TooFewEvents`]; [`Error::Separation`] if a coefficient has no finite estimate;
    /// [`Error::NotConverged`].
    pub fn fit(&self, design: &Design, outcome: &[bool]) -> Result<LogisticFit> {
        let inputs = self.check(design, outcome)?;
        let problem = inputs.problem(design);
        let solution = self.solve(&problem, design)?;
        let null_deviance = null_deviance(&problem, self)?;
        Ok(self.assemble(design, inputs, solution, null_deviance))
    }

    fn check(&self, design: &Design, outcome: &[bool]) -> Result<Inputs> {
        if self.max_iterations == Some(0) {
            return Err(Error::Setting {
                setting: "max_iterations",
                value: 0.0,
                expected: "at least 1",
            });
        }
        let outcome = design.pick("outcome", outcome)?;
        let weights = pick_weights(design, self.weights.as_deref())?;
        let offset = pick_checked(design, "offset", "offset", self.offset.as_deref(), "finite")?;
        let in_use = |i: usize| weights.as_ref().is_none_or(|w: &Vec<f64>| w[i] > 0.0);
        let n = (0..outcome.len()).filter(|&i| in_use(i)).count();
        let n_events = (0..outcome.len())
            .filter(|&i| in_use(i) && outcome[i])
            .count();
        check_counts(n, n_events, design.columns().len())?;
        let rarer = n_events.min(n - n_events);
        if self.few_events == FewEvents::Refuse && rarer + 1 < design.columns().len() {
            return Err(Error::TooFewEvents {
                events: rarer,
                coefficients: design.columns().len() - 1,
            });
        }
        Ok(Inputs {
            outcome,
            weights,
            offset,
            n,
            n_events,
        })
    }

    pub(crate) fn solve(&self, problem: &Problem<'_>, design: &Design) -> Result<Solution> {
        let solution = match self.convergence {
            Convergence::Exact => newton(problem, self.max_iterations.unwrap_or(50)),
            Convergence::RCompat => {
                let defaults = RControl::default();
                let max_iterations = self.max_iterations.unwrap_or(defaults.max_iterations);
                irls::r_compatible(
                    problem,
                    None,
                    RControl {
                        max_iterations,
                        ..defaults
                    },
                )
            }
        };
        // A last step that still moves a linear predictor by this much is none of a converging iteration: some coefficient runs away.
        let suspicious = !solution.converged
            || solution.last_change > 0.01
            || solution.eta.iter().any(|e| e.abs() > 25.0);
        if suspicious && let Some(found) = separation::find(problem) {
            return Err(found.into_error(|j| design.columns()[j].name.clone()));
        }
        if !solution.converged {
            return Err(Error::NotConverged {
                iterations: solution.iterations,
                last_change: solution.last_change,
            });
        }
        Ok(solution)
    }

    fn assemble(
        &self,
        design: &Design,
        inputs: Inputs,
        solution: Solution,
        null_deviance: f64,
    ) -> LogisticFit {
        let coefficients = solution.kept.iter().enumerate().map(|(k, &column)| {
            let estimate = solution.beta[column];
            let se = solution.covariance[(k, k)].sqrt();
            let z = estimate / se;
            let DesignColumnRef { name, term } = design_column(design, column);
            Coefficient {
                name,
                column,
                term,
                estimate,
                se,
                z,
                p: normal_two_sided(z),
            }
        });
        let aliased = (0..design.columns().len())
            .filter(|j| !solution.kept.contains(j))
            .map(|j| design.columns()[j].name.clone())
            .collect();
        LogisticFit {
            coefficients: coefficients.collect(),
            aliased,
            covariance: to_array(&solution.covariance),
            fitted: irls::probabilities(&solution.eta),
            linear_predictor: solution.eta,
            log_likelihood: -0.5 * solution.deviance,
            null_log_likelihood: -0.5 * null_deviance,
            n: inputs.n,
            n_events: inputs.n_events,
            n_dropped: design.n_dropped(),
            iterations: solution.iterations,
            convergence: self.convergence,
            design: design.clone(),
            outcome: inputs.outcome,
            weights: inputs.weights,
            offset: inputs.offset,
            working_eta: solution.working_eta,
        }
    }
}

/// Checked lists for the rows in use.
struct Inputs {
    outcome: Vec<bool>,
    weights: Option<Vec<f64>>,
    offset: Option<Vec<f64>>,
    n: usize,
    n_events: usize,
}

impl Inputs {
    fn problem<'a>(&'a self, design: &'a Design) -> Problem<'a> {
        Problem {
            x: design.x(),
            y: &self.outcome,
            weights: self.weights.as_deref(),
            offset: self.offset.as_deref(),
        }
    }
}

/// Refuses one class and fewer rows than coefficients.
pub(crate) fn check_counts(n: usize, n_events: usize, n_columns: usize) -> Result<()> {
    if n_events == 0 || n_events == n {
        return Err(Error::SingleClass {
            events: n_events,
            n,
        });
    }
    if n <= n_columns {
        return Err(Error::TooFewRows {
            rows: n,
            columns: n_columns,
        });
    }
    Ok(())
}

/// Case weights of the rows in use.
pub(crate) fn pick_weights(design: &Design, weights: Option<&[f64]>) -> Result<Option<Vec<f64>>> {
    pick_checked(
        design,
        "weights",
        "weight",
        weights,
        "finite and not negative",
    )
}

fn pick_checked(
    design: &Design,
    list: &'static str,
    what: &'static str,
    values: Option<&[f64]>,
    expected: &'static str,
) -> Result<Option<Vec<f64>>> {
    let Some(values) = values else {
        return Ok(None);
    };
    let picked = design.pick(list, values)?;
    let illegal = |v: f64| !v.is_finite() || (what == "weight" && v < 0.0);
    match picked.iter().position(|&v| illegal(v)) {
        Some(k) => Err(Error::RowValue {
            what,
            row: design.rows()[k],
            value: picked[k],
            expected,
        }),
        None => Ok(Some(picked)),
    }
}

/// Deviance of the intercept and the offset alone.
fn null_deviance(problem: &Problem<'_>, settings: &LogisticRegression) -> Result<f64> {
    if problem.offset.is_none() {
        return Ok(closed_null_deviance(problem));
    }
    let x = DMatrix::from_element(problem.y.len(), 1, 1.0);
    let null = Problem { x: &x, ..*problem };
    let solution = match settings.convergence {
        Convergence::RCompat => irls::r_compatible(&null, None, RControl::default()),
        Convergence::Exact => newton(&null, 50),
    };
    if solution.converged {
        Ok(solution.deviance)
    } else {
        Err(Error::NotConverged {
            iterations: solution.iterations,
            last_change: solution.last_change,
        })
    }
}

/// Without an offset the intercept's estimate is the log odds of the weighted frequency of events.
fn closed_null_deviance(problem: &Problem<'_>) -> f64 {
    let weight = |class: bool| -> f64 {
        (0..problem.y.len())
            .filter(|&i| problem.y[i] == class)
            .map(|i| problem.weight(i))
            .sum()
    };
    let (events, others) = (weight(true), weight(false));
    let total = events + others;
    -2.0 * (events * (events / total).ln() + others * (others / total).ln())
}

struct DesignColumnRef {
    name: String,
    term: Option<usize>,
}

fn design_column(design: &Design, column: usize) -> DesignColumnRef {
    let c = &design.columns()[column];
    DesignColumnRef {
        name: c.name.clone(),
        term: c.term,
    }
}

pub(crate) fn to_array(m: &DMatrix<f64>) -> Array2<f64> {
    Array2::from_shape_fn(m.shape(), |ij| m[ij])
}

impl LogisticFit {
    /// The design it was fitted on.
    #[must_use]
    pub fn design(&self) -> &Design {
        &self.design
    }

    /// The outcome of each row used.
    #[must_use]
    pub fn outcome(&self) -> &[bool] {
        &self.outcome
    }

    /// One coefficient per column of the design; 0 for aliased ones.
    #[must_use]
    pub fn beta(&self) -> Vec<f64> {
        let mut beta = vec![0.0; self.design.columns().len()];
        for c in &self.coefficients {
            beta[c.column] = c.estimate;
        }
        beta
    }

    /// The coefficient of this name.
    #[must_use]
    pub fn coefficient(&self, name: &str) -> Option<&Coefficient> {
        self.coefficients.iter().find(|c| c.name == name)
    }

    /// Residual deviance, `-2 ln L`.
    #[must_use]
    pub fn deviance(&self) -> f64 {
        -2.0 * self.log_likelihood
    }

    /// Deviance of the intercept alone.
    #[must_use]
    pub fn null_deviance(&self) -> f64 {
        -2.0 * self.null_log_likelihood
    }

    /// Akaike's criterion, `-2 ln L + 2 k`, k coefficients.
    #[must_use]
    pub fn aic(&self) -> f64 {
        self.deviance() + 2.0 * self.coefficients.len() as f64
    }

    /// Schwarz' criterion, `-2 ln L + k ln n`.
    #[must_use]
    pub fn bic(&self) -> f64 {
        self.deviance() + self.coefficients.len() as f64 * (self.n as f64).ln()
    }

    pub(crate) fn problem(&self) -> Problem<'_> {
        Problem {
            x: self.design.x(),
            y: &self.outcome,
            weights: self.weights.as_deref(),
            offset: self.offset.as_deref(),
        }
    }

    pub(crate) fn covariance_matrix(&self) -> DMatrix<f64> {
        let k = self.coefficients.len();
        DMatrix::from_fn(k, k, |i, j| self.covariance[[i, j]])
    }
}

impl std::fmt::Display for LogisticFit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "logistic regression: n = {}, events = {}, coefficients = {}, log-likelihood = {:.4}",
            self.n,
            self.n_events,
            self.coefficients.len(),
            self.log_likelihood
        )
    }
}
