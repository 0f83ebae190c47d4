//! Gaussian path: coordinate descent on the residual (naive) or on stored inner products (covariance).
//!
//! Rows are multiplied by the square roots of their weights and the outcome is scaled to unit norm, so
//! the explained fraction is tracked by every coordinate step.

use super::binomial::{FITS_BEFORE_STOPPING, SATURATION, SMALLEST_IMPROVEMENT};
use super::design::{Design, RawPath, weighted_mean};
use super::params::{Compat, ElasticNet, GaussianAlgorithm, Intercept};
use super::path::{ElasticNetPath, StopReason};
use super::refine::{self, Curvature, Refinement};
use super::samples::Samples;
use crate::error::{Error, Result};
use crate::linalg::{axpy, dot};

/// Columns from which the naive algorithm is chosen.
const NAIVE_FROM: usize = 500;

/// Fits the path.
pub(super) fn fit(
    settings: &ElasticNet,
    samples: &Samples<'_>,
    mut design: Design,
) -> Result<ElasticNetPath> {
    let outcome = Outcome::new(settings, &design)?;
    for limit in design.lower.iter_mut().chain(&mut design.upper) {
        *limit /= outcome.scale;
    }
    let covariance = match settings.gaussian_algorithm {
        GaussianAlgorithm::ByColumns => design.p < NAIVE_FROM,
        GaussianAlgorithm::Covariance => true,
        GaussianAlgorithm::Naive => false,
    };
    let mut solver = Solver::new(settings, &design, &outcome.y);
    let mut schedule = settings.schedule(samples.n_rows(), design.p);
    if let super::params::Schedule::Given(lambdas) = &mut schedule {
        lambdas.iter_mut().for_each(|l| *l /= outcome.scale);
    }
    let first_check = schedule.len().min(FITS_BEFORE_STOPPING);
    let df_limit = settings.df_limit(design.p);
    let mut path = RawPath::new(outcome.null_deviance);
    let open_ended = schedule.may_stop_early();
    let mut last = 0.0;
    for m in 0..schedule.len() {
        let (previous, lambda) = schedule.step(m, last, || {
            design.entry_lambda(&solver.entry_gradient(), settings.alpha)
        });
        let before = solver.explained;
        let end = solver.solve(previous, lambda, covariance);
        path.n_passes = solver.n_passes;
        match end {
            End::Converged => {}
            End::TooManyActive => {
                path.stopped = StopReason::TooManyActive;
                break;
            }
            End::OutOfPasses if open_ended && m > 0 => {
                path.stopped = StopReason::OutOfPasses;
                break;
            }
            End::NotOptimal(_) if open_ended && m > 0 => {
                path.stopped = StopReason::AccuracyLost;
                break;
            }
            End::OutOfPasses => {
                finish_lambdas(&schedule, &mut path.lambda, outcome.scale);
                let partial =
                    Box::new(path.into_path(&design, samples, outcome.scale, outcome.mean));
                return Err(Error::NotConverged {
                    lambda_index: m,
                    max_passes: settings.max_passes,
                    partial,
                });
            }
            End::NotOptimal(violation) => {
                return Err(Error::NotOptimal {
                    lambda_index: m,
                    violation,
                    tolerance: refine::TOLERANCE,
                });
            }
        }
        last = lambda;
        path.lambda.push(lambda);
        path.intercept.push(0.0);
        path.beta.push(solver.nonzero());
        path.dev_ratio.push(solver.explained);
        if m + 1 < first_check || !open_ended {
            continue;
        }
        let improvement = solver.explained - before;
        path.stopped = if path.beta[m].len() > df_limit {
            StopReason::TooManyNonzero
        } else if improvement < SMALLEST_IMPROVEMENT * solver.explained && !design.zero_limit {
            StopReason::NoImprovement
        } else if solver.explained > SATURATION {
            StopReason::Saturated
        } else {
            continue;
        };
        break;
    }
    finish_lambdas(&schedule, &mut path.lambda, outcome.scale);
    Ok(path.into_path(&design, samples, outcome.scale, outcome.mean))
}

fn finish_lambdas(schedule: &super::params::Schedule, lambdas: &mut [f64], scale: f64) {
    lambdas.iter_mut().for_each(|l| *l *= scale);
    schedule.report(lambdas);
}

/// Outcome without offset, centered, weighted and scaled to unit norm.
struct Outcome {
    y: Vec<f64>,
    mean: f64,
    scale: f64,
    null_deviance: f64,
}

impl Outcome {
    fn new(settings: &ElasticNet, design: &Design) -> Result<Self> {
        let mut y = design.y.clone();
        if let Some(offset) = &design.offset {
            axpy(-1.0, offset, &mut y);
        }
        let center = weighted_mean(&design.weights, &y);
        let about_mean: f64 = y
            .iter()
            .zip(&design.weights)
            .map(|(y, w)| w * (y - center) * (y - center))
            .sum();
        let mean = if settings.intercept == Intercept::Fitted {
            center
        } else {
            0.0
        };
        for (y, w) in y.iter_mut().zip(&design.weights) {
            *y = (*y - mean) * w.sqrt();
        }
        let scale = dot(&y, &y).sqrt();
        if scale <= 0.0 || about_mean <= 0.0 {
            return Err(Error::ConstantOutcome {
                value: center,
                n: design.n,
            });
        }
        y.iter_mut().for_each(|y| *y /= scale);
        let null_deviance = design.weight_sum
            * if settings.intercept == Intercept::Fitted {
                about_mean
            } else {
                scale * scale
            };
        Ok(Self {
            y,
            mean,
            scale,
            null_deviance,
        })
    }
}

/// How work on one lambda ended.
enum End {
    Converged,
    TooManyActive,
    OutOfPasses,
    NotOptimal(f64),
}

struct Solver<'a> {
    settings: &'a ElasticNet,
    design: &'a Design,
    y: &'a [f64],
    b: Vec<f64>,
    active: Vec<usize>,
    /// Position in `active`.
    slot: Vec<Option<usize>>,
    is_strong: Vec<bool>,
    strong: Vec<usize>,
    /// Residual of the naive algorithm.
    r: Vec<f64>,
    /// Naive: `|x_j' r|` at the last check. Covariance: `x_j' r`, kept current.
    gradient: Vec<f64>,
    /// Covariance: inner products of every column with each active one.
    gram: Vec<Vec<f64>>,
    explained: f64,
    /// Whether sweeps over the active columns have ever been made.
    warm: bool,
    n_passes: usize,
}

impl<'a> Solver<'a> {
    fn new(settings: &'a ElasticNet, design: &'a Design, y: &'a [f64]) -> Self {
        let gradient = (0..design.p)
            .map(|j| {
                if design.included[j] {
                    dot(design.column(j), y)
                } else {
                    0.0
                }
            })
            .collect();
        Self {
            settings,
            design,
            y,
            b: vec![0.0; design.p],
            active: Vec::new(),
            slot: vec![None; design.p],
            is_strong: vec![false; design.p],
            strong: Vec::new(),
            r: y.to_vec(),
            gradient,
            gram: Vec::new(),
            explained: 0.0,
            warm: false,
            n_passes: 0,
        }
    }

    /// `|x_j' r|` at the first model.
    fn entry_gradient(&self) -> Vec<f64> {
        self.gradient.iter().map(|g| g.abs()).collect()
    }

    fn solve(&mut self, previous: f64, lambda: f64, covariance: bool) -> End {
        if !covariance {
            let threshold = self.settings.alpha * (2.0 * lambda - previous);
            self.admit(|gradient, factor| gradient.abs() > threshold * factor);
        }
        let mut tolerance = self.settings.threshold;
        loop {
            let end = if covariance {
                self.covariance(lambda, tolerance)
            } else {
                self.naive(lambda, tolerance)
            };
            if self.settings.compat == Compat::Glmnet || !matches!(end, End::Converged) {
                return end;
            }
            match self.refine(lambda, covariance) {
                Refinement::Optimal => return End::Converged,
                Refinement::Violated(violation) => {
                    tolerance *= refine::TIGHTEN;
                    if tolerance < refine::SMALLEST_THRESHOLD {
                        return if violation <= refine::TOLERANCE {
                            End::Converged
                        } else {
                            End::NotOptimal(violation)
                        };
                    }
                }
            }
        }
    }

    /// Lets columns outside the strong set in where `enters(gradient, factor)`; returns whether any did.
    fn admit(&mut self, enters: impl Fn(f64, f64) -> bool) -> bool {
        let mut grown = false;
        for j in 0..self.design.p {
            if self.design.included[j]
                && !self.is_strong[j]
                && enters(self.gradient[j], self.design.penalty[j])
            {
                self.is_strong[j] = true;
                grown = true;
            }
        }
        if grown {
            self.strong = (0..self.design.p).filter(|&j| self.is_strong[j]).collect();
        }
        grown
    }

    /// The minimizer over one coefficient.
    fn minimizer(&self, j: usize, gradient: f64, lambda: f64) -> f64 {
        let (design, alpha) = (self.design, self.settings.alpha);
        let u = gradient + self.b[j] * design.square[j];
        let t = u.abs() - design.penalty[j] * lambda * alpha;
        if t > 0.0 {
            design.clamp(
                j,
                t.copysign(u) / (design.square[j] + design.penalty[j] * lambda * (1.0 - alpha)),
            )
        } else {
            0.0
        }
    }

    fn naive(&mut self, lambda: f64, tolerance: f64) -> End {
        let active_limit = self.settings.active_limit(self.design.p);
        let mut partial_first = self.warm;
        loop {
            if !partial_first {
                let mut change: f64 = 0.0;
                for k in 0..self.strong.len() {
                    let j = self.strong[k];
                    let step = self.naive_update(j, lambda);
                    if step > 0.0 {
                        change = change.max(step);
                        if self.slot[j].is_none() {
                            if self.active.len() == active_limit {
                                return End::TooManyActive;
                            }
                            self.slot[j] = Some(self.active.len());
                            self.active.push(j);
                        }
                    }
                }
                self.n_passes += 1;
                if change < tolerance {
                    if self.violators(lambda) {
                        continue;
                    }
                    return End::Converged;
                }
                if self.n_passes > self.settings.max_passes {
                    return End::OutOfPasses;
                }
            }
            partial_first = false;
            self.warm = true;
            loop {
                let mut change: f64 = 0.0;
                for k in 0..self.active.len() {
                    change = change.max(self.naive_update(self.active[k], lambda));
                }
                self.n_passes += 1;
                if change < tolerance {
                    break;
                }
                if self.n_passes > self.settings.max_passes {
                    return End::OutOfPasses;
                }
            }
        }
    }

    /// Returns `square * change²`, 0 if the coefficient did not move.
    fn naive_update(&mut self, j: usize, lambda: f64) -> f64 {
        let x = self.design.column(j);
        let gradient = dot(x, &self.r);
        let new = self.minimizer(j, gradient, lambda);
        let change = new - self.b[j];
        if new == self.b[j] {
            return 0.0;
        }
        self.b[j] = new;
        self.explained += change * (2.0 * gradient - change * self.design.square[j]);
        axpy(-change, x, &mut self.r);
        (self.design.square[j] * change * change).max(f64::MIN_POSITIVE)
    }

    /// Refreshes the gradient outside the strong set and lets violators in.
    fn violators(&mut self, lambda: f64) -> bool {
        for j in 0..self.design.p {
            if self.design.included[j] && !self.is_strong[j] {
                self.gradient[j] = dot(self.design.column(j), &self.r);
            }
        }
        let bound = lambda * self.settings.alpha;
        self.admit(|gradient, factor| gradient.abs() > bound * factor)
    }

    fn covariance(&mut self, lambda: f64, tolerance: f64) -> End {
        let active_limit = self.settings.active_limit(self.design.p);
        let mut partial_first = self.warm;
        loop {
            if !partial_first {
                let mut change: f64 = 0.0;
                for j in 0..self.design.p {
                    if !self.design.included[j] {
                        continue;
                    }
                    let new = self.minimizer(j, self.gradient[j], lambda);
                    if new == self.b[j] {
                        continue;
                    }
                    if self.slot[j].is_none() {
                        if self.active.len() == active_limit {
                            return End::TooManyActive;
                        }
                        self.activate(j);
                    }
                    let delta = self.move_to(j, new);
                    change = change.max(self.design.square[j] * delta * delta);
                    let products = &self.gram[self.slot[j].expect("activated above")];
                    axpy(-delta, products, &mut self.gradient);
                }
                self.n_passes += 1;
                if change < tolerance {
                    return End::Converged;
                }
                if self.n_passes > self.settings.max_passes {
                    return End::OutOfPasses;
                }
            }
            partial_first = false;
            self.warm = true;
            if let Some(end) = self.covariance_partial(lambda, tolerance) {
                return end;
            }
        }
    }

    /// Sweeps over the active columns; their gradients stay current, the others' are updated at the end.
    fn covariance_partial(&mut self, lambda: f64, tolerance: f64) -> Option<End> {
        let before: Vec<f64> = self.active.iter().map(|&j| self.b[j]).collect();
        loop {
            let mut change: f64 = 0.0;
            for k in 0..self.active.len() {
                let j = self.active[k];
                let new = self.minimizer(j, self.gradient[j], lambda);
                if new == self.b[j] {
                    continue;
                }
                let delta = self.move_to(j, new);
                change = change.max(self.design.square[j] * delta * delta);
                for &other in &self.active {
                    self.gradient[other] -= self.gram[k][other] * delta;
                }
            }
            self.n_passes += 1;
            if change < tolerance {
                break;
            }
            if self.n_passes > self.settings.max_passes {
                return Some(End::OutOfPasses);
            }
        }
        for (k, old) in before.into_iter().enumerate() {
            let delta = self.b[self.active[k]] - old;
            for j in 0..self.design.p {
                if self.slot[j].is_none() {
                    self.gradient[j] -= delta * self.gram[k][j];
                }
            }
        }
        None
    }

    /// Stores the inner products of a column that becomes active.
    fn activate(&mut self, j: usize) {
        let x = self.design.column(j);
        let products = (0..self.design.p)
            .map(|k| match self.slot[k] {
                _ if !self.design.included[k] => 0.0,
                Some(slot) => self.gram[slot][j],
                None if k == j => self.design.square[j],
                None => dot(self.design.column(k), x),
            })
            .collect();
        self.slot[j] = Some(self.active.len());
        self.active.push(j);
        self.gram.push(products);
    }

    /// Sets a coefficient of the covariance algorithm; returns its change.
    fn move_to(&mut self, j: usize, new: f64) -> f64 {
        let change = new - self.b[j];
        self.b[j] = new;
        self.explained += change * (2.0 * self.gradient[j] - change * self.design.square[j]);
        change
    }

    /// One exact solve on the support, repeated to remove rounding.
    fn refine(&mut self, lambda: f64, covariance: bool) -> Refinement {
        let penalty = refine::Penalty {
            lambda,
            alpha: self.settings.alpha,
        };
        let ones = vec![1.0; self.design.n];
        self.refresh_residual();
        let curvature = Curvature::new(self.design, &ones, &self.b, false, penalty);
        let mut violation = refine::violation(self.design, &self.b, &self.r, false, penalty);
        for _ in 0..refine::MAX_STEPS {
            if violation <= refine::TARGET {
                break;
            }
            let Some(step) = curvature
                .as_ref()
                .and_then(|c| c.step(self.design, &self.b, &self.r))
            else {
                break;
            };
            for (&j, change) in step.columns.iter().zip(&step.change) {
                self.b[j] += change;
            }
            self.refresh_residual();
            let now = refine::violation(self.design, &self.b, &self.r, false, penalty);
            let stalled = now > refine::SMALLEST_PROGRESS * violation;
            violation = now;
            if stalled {
                break;
            }
        }
        self.explained = 1.0 - dot(&self.r, &self.r);
        for j in 0..self.design.p {
            if self.design.included[j] && (covariance || !self.is_strong[j]) {
                self.gradient[j] = dot(self.design.column(j), &self.r);
            }
        }
        if violation <= refine::ACCEPTED {
            Refinement::Optimal
        } else {
            Refinement::Violated(violation)
        }
    }

    fn refresh_residual(&mut self) {
        self.r.copy_from_slice(self.y);
        for (j, &b) in self.b.iter().enumerate() {
            if b != 0.0 {
                axpy(-b, self.design.column(j), &mut self.r);
            }
        }
    }

    fn nonzero(&self) -> Vec<(usize, f64)> {
        let mut active = self.active.clone();
        active.sort_unstable();
        active
            .into_iter()
            .filter(|&j| self.b[j] != 0.0)
            .map(|j| (j, self.b[j]))
            .collect()
    }
}
