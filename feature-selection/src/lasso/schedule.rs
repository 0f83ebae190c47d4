//! The sequence of lambdas, the walk down it and the rules that end it: the same for every solver.

use pulp::{Simd, WithSimd};

use super::design::Design;
use super::kernels::vectorize;
use super::params::ElasticNet;
use super::path::{ElasticNetPath, PathWarning, SparseCoefficients, StopReason};
use super::samples::{Family, Samples};
use crate::error::{Error, Result};

/// How work on one lambda ended.
pub(super) enum End {
    /// A solution.
    Converged,
    /// A solution with which the path must end: fitted probabilities are (almost) all 0 or 1.
    Certain,
    /// More columns were ever active than permitted.
    TooManyActive,
    /// The sweeps ran out.
    OutOfPasses,
    /// The optimality conditions are violated by more than permitted.
    NotOptimal {
        /// Largest violation.
        violation: f64,
        /// The bound.
        tolerance: f64,
    },
}

/// One model on the standardized scale.
pub(super) struct Model {
    pub(super) intercept: f64,
    /// Nonzero coefficients by ascending column.
    pub(super) beta: Vec<(usize, f64)>,
    /// Fraction of the null deviance explained.
    pub(super) explained: f64,
}

/// What carries a solution from one lambda to the next. [`walk`] runs what has a `simd` vectorized.
pub(super) trait Solver {
    /// Prepares the first step.
    fn start<S: Simd>(&mut self, simd: S);

    /// Minimizes at `lambda`, starting from the solution at `previous`.
    fn solve<S: Simd>(&mut self, simd: S, previous: f64, lambda: f64) -> End;

    /// `x_j' r` (or its absolute value) of every column at the first model of a computed sequence.
    fn gradient(&self) -> &[f64];

    /// The current solution.
    fn model(&self) -> Model;

    /// Sweeps so far.
    fn n_passes(&self) -> usize;
}

struct Start<'s, T>(&'s mut T);

impl<T: Solver> WithSimd for Start<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        self.0.start(simd);
    }
}

/// One lambda.
struct Step<'s, T> {
    solver: &'s mut T,
    previous: f64,
    lambda: f64,
}

impl<T: Solver> WithSimd for Step<'_, T> {
    type Output = End;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> End {
        self.solver.solve(simd, self.previous, self.lambda)
    }
}

/// What turns a standardized model into original units: `y = mean + scale · (standardized outcome)`.
#[derive(Clone, Copy)]
pub(super) struct Units {
    pub(super) mean: f64,
    pub(super) scale: f64,
    /// Deviance of the model without features, at the given weights.
    pub(super) null_deviance: f64,
}

/// The planned lambdas.
enum Schedule {
    /// Supplied, decreasing.
    Given(Vec<f64>),
    /// Geometric from the data's own largest lambda.
    Computed { n: usize, factor: f64 },
}

/// Stands for an infinite first lambda, at which only unpenalized columns move.
const INFINITE_LAMBDA: f64 = 9.9e35;

impl Schedule {
    /// `unit` is the outcome's scale, in which supplied lambdas are expressed.
    fn new(settings: &ElasticNet, n: usize, p: usize, unit: f64) -> Self {
        const SMALLEST_RATIO: f64 = 1e-6;
        if let Some(lambdas) = &settings.lambdas {
            let mut sorted: Vec<f64> = lambdas.iter().map(|l| l / unit).collect();
            sorted.sort_by(|a, b| b.total_cmp(a));
            return Self::Given(sorted);
        }
        let ratio = settings
            .lambda_min_ratio
            .unwrap_or(if n < p { 1e-2 } else { 1e-4 });
        let steps = (settings.n_lambda.max(2) - 1) as f64;
        Self::Computed {
            n: settings.n_lambda,
            factor: ratio.max(SMALLEST_RATIO).powf(1.0 / steps),
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Given(lambdas) => lambdas.len(),
            Self::Computed { n, .. } => *n,
        }
    }

    /// Whether the path may end before the last lambda.
    fn is_open_ended(&self) -> bool {
        matches!(self, Self::Computed { .. })
    }

    /// `(previous, current)` lambda of step `m`; `last` is the lambda of the step before and `entry` the one at
    /// which the first coefficient enters, known from the second step on.
    fn step(&self, m: usize, last: f64, entry: f64) -> (f64, f64) {
        match self {
            Self::Given(lambdas) => (last, lambdas[m]),
            Self::Computed { factor, .. } => match m {
                0 => (0.0, INFINITE_LAMBDA),
                1 => (entry, entry * factor),
                _ => (last, last * factor),
            },
        }
    }

    /// Lambdas as they are reported: in the outcome's units, and the symbolic first one replaced by the one that the
    /// sequence implies or, where it is too short or its logarithms are not finite, by the entry itself.
    ///
    /// # Errors
    /// [`Error::ModelBeyondRange`].
    fn report(&self, lambdas: &mut [f64], entry: f64, unit: f64) -> Result<()> {
        lambdas.iter_mut().for_each(|l| *l *= unit);
        if self.is_open_ended() {
            let implied = match *lambdas {
                [_, l1, l2, ..] if l2 > 0.0 => (2.0 * l1.ln() - l2.ln()).exp(),
                _ => entry * unit,
            };
            if let Some(first) = lambdas.first_mut() {
                *first = implied;
            }
        }
        let mut models = lambdas.iter().enumerate();
        models.try_for_each(|(m, &lambda)| within_range("lambda", m, lambda))
    }
}

/// Fits a path with `solver`.
pub(super) fn walk(
    solver: &mut impl Solver,
    settings: &ElasticNet,
    samples: &Samples<'_>,
    design: &Design,
    units: Units,
) -> Result<ElasticNetPath> {
    let schedule = Schedule::new(settings, samples.n_rows(), design.p, units.scale);
    within_range("null deviance", 0, units.null_deviance)?;
    let mut path = empty_path(samples, units);
    let mut failure = None;
    let (mut last, mut entry) = (0.0, 0.0);
    vectorize(Start(solver));
    for m in 0..schedule.len() {
        let (previous, lambda) = schedule.step(m, last, entry);
        last = lambda;
        let end = vectorize(Step {
            solver,
            previous,
            lambda,
        });
        // Models already found are kept where nobody asked for this lambda.
        let may_end = m > 0 && schedule.is_open_ended();
        let stopped = match end {
            End::Converged | End::Certain => {
                if m == 0 {
                    entry = design.entry_lambda(solver.gradient(), settings.alpha);
                    within_range("largest lambda", 0, entry * units.scale)?;
                }
                path.push(lambda, &solver.model(), design, units)?;
                stop_reason(&path, settings, design, &schedule, &end)
            }
            End::TooManyActive if m > 0 => Some(StopReason::TooManyActive),
            End::OutOfPasses if may_end => Some(StopReason::OutOfPasses),
            End::NotOptimal { .. } if may_end => Some(StopReason::AccuracyLost),
            _ => {
                failure = Some(end);
                break;
            }
        };
        if let Some(reason) = stopped {
            path.stopped = reason;
            break;
        }
    }
    path.n_passes = solver.n_passes();
    schedule.report(&mut path.lambda, entry, units.scale)?;
    if path.len() < schedule.len() {
        path.warnings.push(PathWarning::EndedEarly {
            fitted: path.len(),
            planned: schedule.len(),
            reason: path.stopped,
        });
    }
    match failure {
        None => Ok(path),
        Some(end) => Err(failed(end, settings, path)),
    }
}

/// Whether a computed path ends with the model just added.
fn stop_reason(
    path: &ElasticNetPath,
    settings: &ElasticNet,
    design: &Design,
    schedule: &Schedule,
    end: &End,
) -> Option<StopReason> {
    /// Models fitted before the path may end.
    const FITS_BEFORE_STOPPING: usize = 5;
    /// Smallest step of the explained deviance: absolute for a binary outcome, relative for a continuous one.
    const SMALLEST_IMPROVEMENT: f64 = 1e-5;
    /// Explained deviance at which the path ends.
    const SATURATION: f64 = 0.999;
    let m = path.len() - 1;
    if !schedule.is_open_ended() || m + 1 < schedule.len().min(FITS_BEFORE_STOPPING) {
        return None;
    }
    let explained = path.dev_ratio[m];
    let improvement = explained - if m > 0 { path.dev_ratio[m - 1] } else { 0.0 };
    let smallest = match path.family {
        // Where a limit is zero nothing may happen for a while, which then is no reason to stop.
        _ if design.zero_limit => 0.0,
        Family::Binomial => SMALLEST_IMPROVEMENT,
        Family::Gaussian => SMALLEST_IMPROVEMENT * explained,
    };
    if path.df[m] > settings.df_limit(design.p) {
        Some(StopReason::TooManyNonzero)
    } else if improvement < smallest {
        Some(StopReason::NoImprovement)
    } else if matches!(end, End::Certain) {
        Some(StopReason::FittedCertainty)
    } else if explained > SATURATION {
        Some(StopReason::Saturated)
    } else {
        None
    }
}

/// Refuses a number that has left the range of `f64`.
fn within_range(what: &'static str, lambda_index: usize, value: f64) -> Result<()> {
    if value.is_finite() {
        Ok(())
    } else {
        Err(Error::ModelBeyondRange {
            what,
            lambda_index,
            value,
        })
    }
}

fn failed(end: End, settings: &ElasticNet, partial: ElasticNetPath) -> Error {
    let lambda_index = partial.len();
    match end {
        End::NotOptimal {
            violation,
            tolerance,
        } => Error::NotOptimal {
            lambda_index,
            violation,
            tolerance,
        },
        End::TooManyActive => Error::InvalidSetting {
            name: "active_max",
            expected: "enough columns for the first lambda",
            found: settings.active_limit(partial.names.len()) as f64,
        },
        _ => Error::NotConverged {
            lambda_index,
            max_passes: settings.max_passes,
            partial: Box::new(partial),
        },
    }
}

fn empty_path(samples: &Samples<'_>, units: Units) -> ElasticNetPath {
    ElasticNetPath {
        family: samples.family(),
        names: samples.table().names().to_vec(),
        lambda: Vec::new(),
        intercept: Vec::new(),
        beta: Vec::new(),
        df: Vec::new(),
        dev_ratio: Vec::new(),
        null_deviance: units.null_deviance,
        n_passes: 0,
        n_rows: samples.n_rows(),
        has_offset: samples.offset().is_some(),
        stopped: StopReason::EndOfSequence,
        warnings: samples.small_classes(),
    }
}

impl ElasticNetPath {
    /// Adds a model, its coefficients brought to original units.
    ///
    /// # Errors
    /// [`Error::ModelBeyondRange`].
    fn push(&mut self, lambda: f64, model: &Model, design: &Design, units: Units) -> Result<()> {
        let m = self.len();
        let (mut index, mut value) = (Vec::new(), Vec::new());
        let mut intercept = units.mean + units.scale * model.intercept;
        for &(j, b) in &model.beta {
            let moments = &design.moments[j];
            let b = match self.family {
                Family::Binomial => b / moments.scale,
                Family::Gaussian => b * (units.scale / moments.scale),
            };
            within_range("coefficient", m, b)?;
            intercept -= b * moments.center;
            index.push(j);
            value.push(b);
        }
        within_range("intercept", m, intercept)?;
        within_range("fraction of the deviance", m, model.explained)?;
        self.lambda.push(lambda);
        self.intercept.push(intercept);
        self.df.push(index.len());
        self.beta.push(SparseCoefficients { index, value });
        self.dev_ratio.push(model.explained);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_computed_sequence_is_geometric_from_the_entry() {
        let schedule = Schedule::new(
            &ElasticNet::new().n_lambda(3).lambda_min_ratio(0.01),
            10,
            5,
            1.0,
        );
        let mut last = 0.0;
        let mut lambdas = Vec::new();
        for m in 0..schedule.len() {
            last = schedule.step(m, last, 2.0).1;
            lambdas.push(last);
        }
        assert_eq!(lambdas[1..], [0.2, 0.2 * 0.1]);
        schedule.report(&mut lambdas, 2.0, 1.0).unwrap();
        assert!((lambdas[0] - 2.0).abs() < 1e-14);
    }

    #[test]
    fn a_short_sequence_starts_at_the_entry() {
        let schedule = Schedule::new(&ElasticNet::new(), 10, 5, 3.0);
        for length in 1..3 {
            let mut lambdas = vec![INFINITE_LAMBDA, 0.5, 0.4][..length].to_vec();
            schedule.report(&mut lambdas, 0.7, 3.0).unwrap();
            assert_eq!(lambdas[0], 0.7 * 3.0);
        }
        let mut zeros = vec![INFINITE_LAMBDA, 0.0, 0.0];
        schedule.report(&mut zeros, 0.0, 3.0).unwrap();
        assert_eq!(zeros, [0.0; 3]);
    }

    #[test]
    fn supplied_lambdas_are_sorted_and_scaled() {
        let schedule = Schedule::new(&ElasticNet::new().lambdas(&[0.1, 0.4]), 10, 5, 2.0);
        let step = |m, last| schedule.step(m, last, f64::NAN);
        assert_eq!((step(0, 0.0), step(1, 0.2)), ((0.0, 0.2), (0.2, 0.05)));
        assert!(!schedule.is_open_ended());
    }
}
