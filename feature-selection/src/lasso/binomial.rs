//! Logistic path: iteratively reweighted least squares around coordinate descent.
//!
//! The state (coefficients, strong set, ever-active list) is carried from one lambda to the next. Every
//! sweep visits columns in the same order as the reference implementation, so that the number of sweeps
//! is the same: a full sweep over the strong set in column order, then sweeps over the ever-active
//! columns in order of entry until these settle, then a full sweep again.

use super::design::{Design, RawPath};
use super::params::{Compat, ElasticNet, Intercept, LogisticUpdate};
use super::path::{ElasticNetPath, StopReason};
use super::refine::{self, Curvature, Refinement};
use super::samples::Samples;
use crate::error::{Error, Result};
use crate::linalg::{axpy, dot, subtract_weighted, sum, weighted_square};

/// Fitted probabilities closer than this to 0 or 1 are set to 0 or 1.
const SMALLEST_PROBABILITY: f64 = 1e-9;

/// Fits the path.
pub(super) fn fit(
    settings: &ElasticNet,
    samples: &Samples<'_>,
    design: Design,
) -> Result<ElasticNetPath> {
    let mut solver = Solver::new(settings, &design)?;
    let null_deviance = 2.0 * design.weight_sum * solver.null;
    let schedule = settings.schedule(samples.n_rows(), design.p);
    let first_check = schedule.len().min(FITS_BEFORE_STOPPING);
    let df_limit = settings.df_limit(design.p);
    let mut path = RawPath::new(null_deviance);
    let open_ended = schedule.may_stop_early();
    let mut last = 0.0;
    for m in 0..schedule.len() {
        let (previous, lambda) = schedule.step(m, last, || {
            design.entry_lambda(&solver.gradient, settings.alpha)
        });
        let outcome = solver.solve(previous, lambda);
        path.n_passes = solver.n_passes;
        let certain = match outcome {
            End::Converged => false,
            End::Certain => true,
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
                schedule.report(&mut path.lambda);
                let partial = Box::new(path.into_path(&design, samples, 1.0, 0.0));
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
        };
        last = lambda;
        let explained = solver.explained();
        let before = path.dev_ratio.last().copied().unwrap_or(0.0);
        path.lambda.push(lambda);
        path.intercept.push(solver.b0);
        path.beta.push(solver.nonzero());
        path.dev_ratio.push(explained);
        if m + 1 < first_check || !open_ended {
            continue;
        }
        if let Some(reason) = stop_reason(
            &design,
            path.beta[m].len(),
            df_limit,
            explained,
            explained - before,
            certain,
        ) {
            path.stopped = reason;
            break;
        }
    }
    schedule.report(&mut path.lambda);
    Ok(path.into_path(&design, samples, 1.0, 0.0))
}

/// Models fitted before the path may end.
pub(super) const FITS_BEFORE_STOPPING: usize = 5;
/// Smallest step of the explained deviance.
pub(super) const SMALLEST_IMPROVEMENT: f64 = 1e-5;
/// Explained deviance at which the path ends.
pub(super) const SATURATION: f64 = 0.999;

fn stop_reason(
    design: &Design,
    df: usize,
    df_limit: usize,
    explained: f64,
    improvement: f64,
    certain: bool,
) -> Option<StopReason> {
    if df > df_limit {
        Some(StopReason::TooManyNonzero)
    } else if improvement < SMALLEST_IMPROVEMENT && !design.zero_limit {
        Some(StopReason::NoImprovement)
    } else if certain {
        Some(StopReason::FittedCertainty)
    } else if explained > SATURATION {
        Some(StopReason::Saturated)
    } else {
        None
    }
}

/// How work on one lambda ended.
enum End {
    Converged,
    /// Working weights have vanished; the current solution stands.
    Certain,
    TooManyActive,
    OutOfPasses,
    NotOptimal(f64),
}

/// Carried from lambda to lambda.
struct Solver<'a> {
    settings: &'a ElasticNet,
    design: &'a Design,
    /// Half the null deviance per unit weight.
    null: f64,
    b0: f64,
    b: Vec<f64>,
    /// Columns ever nonzero, in order of entry.
    active: Vec<usize>,
    is_active: Vec<bool>,
    /// Columns the strong rules or the optimality check have let in.
    is_strong: Vec<bool>,
    strong: Vec<usize>,
    /// Fitted probabilities.
    q: Vec<f64>,
    /// Working weights `w q (1 - q)` and their sum.
    v: Vec<f64>,
    v_sum: f64,
    /// Working residual `w (y - q)`, updated with every coordinate.
    r: Vec<f64>,
    /// `|x_j' r|` at the last check.
    gradient: Vec<f64>,
    /// Second derivative of each coordinate.
    curvature: Vec<f64>,
    n_passes: usize,
}

impl<'a> Solver<'a> {
    fn new(settings: &'a ElasticNet, design: &'a Design) -> Result<Self> {
        let (w, y) = (&design.weights, &design.y);
        let event_rate = dot(w, y);
        if event_rate <= SMALLEST_PROBABILITY || event_rate >= 1.0 - SMALLEST_PROBABILITY {
            let events = y.iter().filter(|&&y| y > 0.5).count();
            return Err(Error::SingleClass {
                events,
                n: design.n,
            });
        }
        let fitted = settings.intercept == Intercept::Fitted;
        let b0 = match (&design.offset, fitted) {
            (_, false) => 0.0,
            (None, true) => (event_rate / (1.0 - event_rate)).ln(),
            (Some(offset), true) => intercept_with_offset(w, y, offset),
        };
        let offset = |i: usize| design.offset.as_ref().map_or(0.0, |o| o[i]);
        let q: Vec<f64> = match &design.offset {
            None => vec![if fitted { event_rate } else { 0.5 }; design.n],
            Some(_) => (0..design.n)
                .map(|i| 1.0 / (1.0 + (-(b0 + offset(i))).exp()))
                .collect(),
        };
        let null = (0..design.n)
            .map(|i| {
                let eta = b0 + offset(i);
                w[i] * (softplus(eta) - y[i] * eta)
            })
            .sum();
        let v: Vec<f64> = w.iter().zip(&q).map(|(w, q)| w * q * (1.0 - q)).collect();
        let r: Vec<f64> = (0..design.n).map(|i| w[i] * (y[i] - q[i])).collect();
        let curvature = match settings.logistic_update {
            LogisticUpdate::Newton => vec![0.0; design.p],
            LogisticUpdate::ModifiedNewton => design.square.iter().map(|s| 0.25 * s).collect(),
        };
        Ok(Self {
            settings,
            design,
            null,
            b0,
            b: vec![0.0; design.p],
            active: Vec::new(),
            is_active: vec![false; design.p],
            is_strong: vec![false; design.p],
            strong: Vec::new(),
            v_sum: sum(&v),
            gradient: design.absolute_gradient(&r),
            q,
            v,
            r,
            curvature,
            n_passes: 0,
        })
    }

    /// Minimizes at `lambda`, starting from the previous solution.
    fn solve(&mut self, previous: f64, lambda: f64) -> End {
        let threshold = self.settings.alpha * (2.0 * lambda - previous);
        let mut grown = false;
        for j in 0..self.design.p {
            if self.design.included[j]
                && !self.is_strong[j]
                && self.gradient[j] > threshold * self.design.penalty[j]
            {
                self.is_strong[j] = true;
                grown = true;
            }
        }
        if grown {
            self.list_strong();
        }
        let mut tolerance = self.settings.threshold * self.null;
        if self.settings.compat == Compat::Glmnet {
            return self.reweight(lambda, tolerance);
        }
        loop {
            match self.reweight(lambda, tolerance) {
                End::Converged => {}
                other => return other,
            }
            match self.refine(lambda) {
                Refinement::Optimal => {
                    self.refresh_gradient();
                    return End::Converged;
                }
                Refinement::Violated(violation) => {
                    tolerance *= refine::TIGHTEN;
                    if tolerance < refine::SMALLEST_THRESHOLD * self.null {
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

    /// Reweighted least squares until coefficients settle and no column outside the strong set violates optimality.
    fn reweight(&mut self, lambda: f64, tolerance: f64) -> End {
        loop {
            let b0_before = self.b0;
            let before: Vec<f64> = self.active.iter().map(|&j| self.b[j]).collect();
            if self.settings.logistic_update == LogisticUpdate::Newton {
                for &j in &self.strong {
                    self.curvature[j] = weighted_square(&self.v, self.design.column(j));
                }
            }
            if let Some(end) = self.descend(lambda, tolerance) {
                return end;
            }
            self.update_weights();
            if self.v_sum
                <= (1.0 + SMALLEST_PROBABILITY)
                    * SMALLEST_PROBABILITY
                    * (1.0 - SMALLEST_PROBABILITY)
            {
                return End::Certain;
            }
            let moved = |old: f64, new: f64, curvature: f64| {
                curvature * (new - old) * (new - old) > tolerance
            };
            let settled = !moved(b0_before, self.b0, self.v_sum)
                && self.active.iter().enumerate().all(|(k, &j)| {
                    !moved(
                        before.get(k).copied().unwrap_or(0.0),
                        self.b[j],
                        self.curvature[j],
                    )
                });
            if settled && !self.admit_violators(lambda) {
                return End::Converged;
            }
        }
    }

    /// Coordinate descent on the weighted least squares problem.
    fn descend(&mut self, lambda: f64, tolerance: f64) -> Option<End> {
        let active_limit = self.settings.active_limit(self.design.p);
        loop {
            let mut change: f64 = 0.0;
            for k in 0..self.strong.len() {
                let j = self.strong[k];
                let step = self.update(j, lambda);
                if step > 0.0 {
                    change = change.max(step);
                    if !self.is_active[j] {
                        if self.active.len() == active_limit {
                            return Some(End::TooManyActive);
                        }
                        self.is_active[j] = true;
                        self.active.push(j);
                    }
                }
            }
            change = change.max(self.update_intercept());
            self.n_passes += 1;
            if change < tolerance {
                return None;
            }
            if self.n_passes > self.settings.max_passes {
                return Some(End::OutOfPasses);
            }
            loop {
                let mut change: f64 = 0.0;
                for k in 0..self.active.len() {
                    change = change.max(self.update(self.active[k], lambda));
                }
                change = change.max(self.update_intercept());
                self.n_passes += 1;
                if change < tolerance {
                    break;
                }
                if self.n_passes > self.settings.max_passes {
                    return Some(End::OutOfPasses);
                }
            }
        }
    }

    /// Minimizes over one coefficient; returns `curvature * change²`, 0 if it did not move.
    fn update(&mut self, j: usize, lambda: f64) -> f64 {
        let (design, alpha) = (self.design, self.settings.alpha);
        let x = design.column(j);
        let (old, curvature) = (self.b[j], self.curvature[j]);
        let u = dot(x, &self.r) + curvature * old;
        let t = u.abs() - design.penalty[j] * lambda * alpha;
        let new = if t > 0.0 {
            design.clamp(
                j,
                t.copysign(u) / (curvature + design.penalty[j] * lambda * (1.0 - alpha)),
            )
        } else {
            0.0
        };
        if new == old {
            return 0.0;
        }
        self.b[j] = new;
        let change = new - old;
        subtract_weighted(change, &self.v, x, &mut self.r);
        // A change too small to square still counts as a move, so that the column becomes active.
        (curvature * change * change).max(f64::MIN_POSITIVE)
    }

    fn update_intercept(&mut self) -> f64 {
        if self.settings.intercept == Intercept::Zero {
            return 0.0;
        }
        let change = sum(&self.r) / self.v_sum;
        if change == 0.0 {
            return 0.0;
        }
        self.b0 += change;
        axpy(-change, &self.v, &mut self.r);
        self.v_sum * change * change
    }

    /// Probabilities, working weights and residual of the current coefficients, from scratch.
    fn update_weights(&mut self) {
        let design = self.design;
        let mut eta: Vec<f64> = match &design.offset {
            Some(offset) => offset.iter().map(|o| self.b0 + o).collect(),
            None => vec![self.b0; design.n],
        };
        for &j in &self.active {
            if self.b[j] != 0.0 {
                axpy(self.b[j], design.column(j), &mut eta);
            }
        }
        let largest = (1.0 / SMALLEST_PROBABILITY - 1.0).ln();
        for (i, &eta) in eta.iter().enumerate() {
            let q = if eta < -largest {
                0.0
            } else if eta > largest {
                1.0
            } else {
                1.0 / (1.0 + (-eta).exp())
            };
            self.q[i] = q;
            self.v[i] = design.weights[i] * q * (1.0 - q);
            self.r[i] = design.weights[i] * (design.y[i] - q);
        }
        self.v_sum = sum(&self.v);
    }

    /// The strong rules of the next lambda start from the gradient at this solution.
    fn refresh_gradient(&mut self) {
        for j in 0..self.design.p {
            if self.design.included[j] && !self.is_strong[j] {
                self.gradient[j] = dot(self.design.column(j), &self.r).abs();
            }
        }
    }

    /// Checks optimality outside the strong set; returns whether a column was let in.
    fn admit_violators(&mut self, lambda: f64) -> bool {
        let mut grown = false;
        for j in 0..self.design.p {
            if self.is_strong[j] || !self.design.included[j] {
                continue;
            }
            self.gradient[j] = dot(self.design.column(j), &self.r).abs();
            if self.gradient[j] > lambda * self.settings.alpha * self.design.penalty[j] {
                self.is_strong[j] = true;
                grown = true;
            }
        }
        if grown {
            self.list_strong();
        }
        grown
    }

    fn list_strong(&mut self) {
        self.strong = (0..self.design.p).filter(|&j| self.is_strong[j]).collect();
    }

    /// Newton steps on the support until the optimality conditions hold.
    fn refine(&mut self, lambda: f64) -> Refinement {
        let penalty = refine::Penalty {
            lambda,
            alpha: self.settings.alpha,
        };
        let intercept = self.settings.intercept == Intercept::Fitted;
        let curvature = Curvature::new(self.design, &self.v, &self.b, intercept, penalty);
        let mut violation = refine::violation(self.design, &self.b, &self.r, intercept, penalty);
        for _ in 0..refine::MAX_STEPS {
            if violation <= refine::TARGET {
                return Refinement::Optimal;
            }
            let Some(step) = curvature
                .as_ref()
                .and_then(|c| c.step(self.design, &self.b, &self.r))
            else {
                break;
            };
            self.b0 += step.intercept;
            for (&j, change) in step.columns.iter().zip(&step.change) {
                self.b[j] += change;
            }
            self.update_weights();
            let now = refine::violation(self.design, &self.b, &self.r, intercept, penalty);
            let stalled = now > refine::SMALLEST_PROGRESS * violation;
            violation = now;
            if stalled {
                break;
            }
        }
        if violation <= refine::ACCEPTED {
            Refinement::Optimal
        } else {
            Refinement::Violated(violation)
        }
    }

    /// Fraction of the null deviance explained, probabilities kept away from 0 and 1.
    fn explained(&self) -> f64 {
        let design = self.design;
        let deviance: f64 = (0..design.n)
            .map(|i| {
                let q = self.q[i].clamp(SMALLEST_PROBABILITY, 1.0 - SMALLEST_PROBABILITY);
                -design.weights[i] * (design.y[i] * q.ln() + (1.0 - design.y[i]) * (1.0 - q).ln())
            })
            .sum();
        (self.null - deviance) / self.null
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

/// `ln(1 + exp x)` without overflow.
fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

/// Intercept of the model with an offset and nothing else, by Newton's method.
fn intercept_with_offset(w: &[f64], y: &[f64], offset: &[f64]) -> f64 {
    const LAST_STEP: f64 = 1e-7;
    const MAX_STEPS: usize = 200;
    let mut b0 = 0.0;
    for _ in 0..MAX_STEPS {
        let (mut score, mut information) = (0.0, 0.0);
        for i in 0..w.len() {
            let q = 1.0 / (1.0 + (-(b0 + offset[i])).exp());
            score += w[i] * (y[i] - q);
            information += w[i] * q * (1.0 - q);
        }
        let step = score / information;
        b0 += step;
        if step.abs() < LAST_STEP {
            break;
        }
    }
    b0
}
