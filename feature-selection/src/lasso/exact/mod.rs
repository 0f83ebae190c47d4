//! The minimizer itself: Newton steps on a working set, for either family.
//!
//! With `L(η)` the loss, `r = -∂L/∂η` and `v = ∂²L/∂η²`, every step minimizes the quadratic model
//!
//! ```text
//! -Σ_j g_j (z_j - b_j) + ½ (z-b)' G (z-b) + Σ_j f_j ( λ α |z_j| + ½ λ (1-α) z_j² ),   g_j = x_j' r,   G = X' diag(v) X
//! ```
//!
//! over the columns that may be nonzero (found by the strong rules and by checking the others at the end), and
//! moves toward its minimizer as far as the objective decreases. `G` is kept from step to step and from lambda
//! to lambda, since its weights change little, and built anew when progress slows. The intercept is a column of ones
//! without penalty.
//!
//! Every condition is measured in units of its column's norm `√(Σ w x_j²)`, which bounds the gradient and so its rounding; the norm
//! is 1 where columns are centered and scaled. A solution is accepted when no condition is violated by more than 1e-12 where that
//! can be reached, and never beyond 1e-10.

mod factor;
mod loss;
mod quadratic;
mod working;

pub(super) use loss::{LogisticLoss, Loss, SquaredLoss};

use pulp::Simd;

use super::descent::{Descent, Penalty};
use super::design::Design;
use super::kernels::{Rows, sum};
use super::logistic::{SMALLEST_WEIGHT_SUM, linear_predictor};
use super::params::ElasticNet;
use super::schedule::{End, Model, Solver};
use quadratic::Quadratic;
use working::WorkingSet;

/// Largest permitted violation of the optimality conditions, like all violations here in units of the columns' norms.
const TOLERANCE: f64 = 1e-10;
/// Violation that is accepted when it no longer shrinks.
const ACCEPTED: f64 = 1e-12;
/// Violation at which steps stop; rounding of the gradient is a little below.
const TARGET: f64 = 1e-14;
/// Newton steps at one lambda.
const MAX_STEPS: usize = 200;
/// A step that leaves more than this part of the violation calls for current second derivatives.
const SLOW: f64 = 0.3;
/// A step that leaves more than this part of the violation has made no progress.
const STALLED: f64 = 0.95;
/// Steps without progress in a row.
const MAX_STALLS: usize = 10;
/// Columns up to which second derivatives are stored (32 MB).
const LARGEST_STORED: usize = 2000;

/// Where a solution is evaluated.
struct Point {
    /// Coefficients by coordinate; the last is the intercept.
    b: Vec<f64>,
    eta: Rows,
    r: Rows,
    v: Rows,
    /// The loss.
    loss: f64,
}

impl Point {
    fn new(n: usize, p: usize) -> Self {
        Self {
            b: vec![0.0; p + 1],
            eta: Rows::zeros(n),
            r: Rows::zeros(n),
            v: Rows::zeros(n),
            loss: 0.0,
        }
    }
}

/// Carried from lambda to lambda.
pub(super) struct Exact<'a, L> {
    settings: &'a ElasticNet,
    design: &'a Design,
    loss: L,
    /// `√(Σ w x_j²)` by coordinate.
    norm: Vec<f64>,
    now: Point,
    trial: Point,
    /// `x_j' r` by coordinate, current for the working set.
    gradient: Vec<f64>,
    working: WorkingSet,
    quadratic: Quadratic,
    n_passes: usize,
}

impl<'a, L: Loss> Exact<'a, L> {
    pub(super) fn new(settings: &'a ElasticNet, design: &'a Design, loss: L) -> Self {
        let (n, p) = (design.n, design.p);
        let mut exact = Self {
            settings,
            design,
            loss,
            norm: norms(design),
            now: Point::new(n, p),
            trial: Point::new(n, p),
            gradient: vec![0.0; p + 1],
            working: WorkingSet::new(n, p + 1),
            quadratic: Quadratic::default(),
            n_passes: 0,
        };
        if let Some(start) = exact.loss.intercept() {
            exact.now.b[p] = start;
            exact.working.join(p);
        }
        for &j in &design.included {
            if design.penalty[j] == 0.0 {
                exact.working.join(j);
            }
        }
        exact
    }

    /// Minimizes at `lambda`. A lambda far below the previous one, or below the entry of the first column, is
    /// approached in steps, so that few columns enter at a time.
    #[inline(always)]
    fn approach<S: Simd>(&mut self, simd: S, previous: f64, lambda: f64) -> End {
        const FACTOR: f64 = 0.6;
        /// Steps after which the rest of the way is taken at once.
        const MAX_STEPS: usize = 40;
        /// Violation that is good enough on the way, relative to lambda in units of the largest norm.
        const ROUGH: f64 = 1e-3;
        let largest_norm = self.norm.iter().copied().fold(0.0, f64::max);
        let entry = self
            .design
            .entry_lambda(self.gradient(), self.settings.alpha);
        let mut from = if previous > 0.0 {
            previous.min(entry)
        } else {
            entry
        };
        for _ in 0..MAX_STEPS {
            let to = FACTOR * from;
            if to <= lambda || self.n_passes > self.settings.max_passes {
                break;
            }
            let penalty = Penalty::new(to, self.settings.alpha);
            let strong = self.settings.alpha * (2.0 * to - from);
            self.admit(simd, strong, 0.0);
            let target = ROUGH * to / largest_norm;
            // Where this fails, the next step starts from what was reached.
            self.newton(simd, penalty, strong, target);
            self.refresh_outside(simd);
            from = to;
        }
        self.minimize(simd, from, lambda)
    }

    #[inline(always)]
    fn minimize<S: Simd>(&mut self, simd: S, previous: f64, lambda: f64) -> End {
        let penalty = Penalty::new(lambda, self.settings.alpha);
        let strong = self.settings.alpha * (2.0 * lambda - previous);
        self.admit(simd, strong, 0.0);
        loop {
            match self.newton(simd, penalty, strong, TARGET) {
                Newton::Optimal => {}
                Newton::OutOfPasses => return End::OutOfPasses,
                Newton::Violated(violation) => {
                    return End::NotOptimal {
                        violation,
                        tolerance: TOLERANCE,
                    };
                }
            }
            self.refresh_outside(simd);
            if !self.admit(simd, penalty.lasso, ACCEPTED) {
                break;
            }
        }
        if self.nonzero().count() > self.settings.active_limit(self.design.p) {
            End::TooManyActive
        } else if L::CAN_BE_CERTAIN && sum(&self.now.v) <= SMALLEST_WEIGHT_SUM {
            End::Certain
        } else {
            End::Converged
        }
    }

    /// Columns with a nonzero coefficient, in order of entry.
    fn nonzero(&self) -> impl Iterator<Item = usize> + '_ {
        let columns = self.working.columns().iter().copied();
        columns.filter(|&j| j < self.design.p && self.now.b[j] != 0.0)
    }

    /// `x_j' r` outside the working set.
    #[inline(always)]
    fn refresh_outside<S: Simd>(&mut self, simd: S) {
        let outside: Vec<usize> = self.outside().collect();
        self.design
            .products(simd, &outside, &self.now.r, &mut self.gradient);
    }

    /// Columns that take part but not in the working set.
    fn outside(&self) -> impl Iterator<Item = usize> + '_ {
        let outside = |&j: &usize| !self.working.contains(j);
        self.design.included.iter().copied().filter(outside)
    }

    /// Lets columns whose gradient exceeds the bound into the working set; returns whether there were any.
    #[inline(always)]
    fn admit<S: Simd>(&mut self, simd: S, bound: f64, slack: f64) -> bool {
        // What is no number is let in too, to be found wanting there.
        let within = |&j: &usize| {
            self.gradient[j].abs() <= bound * self.design.penalty[j] + slack * self.norm[j]
        };
        let entering: Vec<usize> = self.outside().filter(|j| !within(j)).collect();
        let stored = self.is_stored(entering.len());
        for &j in &entering {
            if stored {
                self.working.add(simd, self.design, j);
            } else {
                self.working.join(j);
            }
        }
        !entering.is_empty()
    }

    /// Whether second derivatives of the working set and `more` columns are stored.
    fn is_stored(&self, more: usize) -> bool {
        self.working.len() + more <= LARGEST_STORED
    }

    /// Newton steps until no condition of the working set is violated by more than `target`, or by as little as rounding allows.
    #[inline(always)]
    fn newton<S: Simd>(&mut self, simd: S, penalty: Penalty, strong: f64, target: f64) -> Newton {
        let mut violation = self.violation(simd, penalty);
        // Whether second derivatives are those of the present point.
        let mut current = L::IS_QUADRATIC;
        let mut stalls = 0;
        for _ in 0..MAX_STEPS {
            if violation <= target {
                return Newton::Optimal;
            }
            if self.n_passes >= self.settings.max_passes {
                return Newton::OutOfPasses;
            }
            self.n_passes += 1;
            let stored = self.is_stored(0);
            if stored {
                self.step_by_matrix(simd, penalty, violation);
            } else {
                self.step_by_descent(simd, penalty, violation);
            }
            let before = violation;
            let moved = self.search(simd, penalty);
            if moved {
                violation = self.violation(simd, penalty);
            }
            let slow = !moved || violation > SLOW * before;
            if slow && violation <= ACCEPTED {
                return Newton::Optimal;
            }
            stalls = if moved && violation < STALLED * before {
                0
            } else {
                stalls + 1
            };
            if stalls > MAX_STALLS || (!moved && (current || !stored)) {
                break;
            }
            if slow && stored && !L::IS_QUADRATIC {
                self.renew_matrix(simd, strong);
            }
            current = slow || L::IS_QUADRATIC;
        }
        if violation <= TOLERANCE {
            Newton::Optimal
        } else {
            Newton::Violated(violation)
        }
    }

    /// Second derivatives at the present point, for the columns that are nonzero or near the bound.
    #[inline(always)]
    fn renew_matrix<S: Simd>(&mut self, simd: S, strong: f64) {
        let (design, b, gradient) = (self.design, &self.now.b, &self.gradient);
        let keep = |j: usize| {
            let factor = design.penalty[j];
            b[j] != 0.0 || factor == 0.0 || gradient[j].abs() > strong * factor
        };
        self.working.rebuild(simd, design, &self.now.v, keep);
    }

    /// Minimizes the quadratic model with stored second derivatives into the trial coefficients.
    #[inline(always)]
    fn step_by_matrix<S: Simd>(&mut self, simd: S, penalty: Penalty, violation: f64) {
        let (design, columns) = (self.design, self.working.columns());
        let (b, gradient) = (&self.now.b, &self.gradient);
        self.quadratic
            .set(columns.iter().map(|&j| quadratic::Coordinate {
                b: b[j],
                gradient: gradient[j],
                lasso: penalty.lasso * design.penalty[j],
                ridge: penalty.ridge * design.penalty[j],
                lower: design.lower[j],
                upper: design.upper[j],
                norm: self.norm[j],
            }));
        self.quadratic
            .minimize(simd, self.working.matrix(), violation);
        self.trial.b.copy_from_slice(b);
        for (&j, z) in columns.iter().zip(self.quadratic.solution()) {
            self.trial.b[j] = z;
        }
    }

    /// As [`step_by_matrix`](Self::step_by_matrix) by coordinate descent on the rows, where the matrix would be too large.
    #[inline(always)]
    fn step_by_descent<S: Simd>(&mut self, simd: S, penalty: Penalty, violation: f64) {
        const MAX_SWEEPS: usize = 2000;
        let (design, now) = (self.design, &self.now);
        let columns = self
            .working
            .columns()
            .iter()
            .copied()
            .filter(|&j| j < design.p);
        let mut descent = Descent::new(
            self.settings,
            design,
            Some(Rows::new(&now.v[..design.n])),
            Rows::new(&now.r[..design.n]),
        );
        descent.begin_at(&now.b, columns);
        let v_sum = self.loss.intercept().map(|_| sum(&now.v));
        let tolerance = (0.1 * violation).powi(2);
        for _ in 0..MAX_SWEEPS {
            // No column can be refused: the limit on active columns is not the working set's concern.
            let mut change = descent.sweep_strong(simd, penalty).unwrap_or(0.0);
            if let Some(v_sum) = v_sum {
                change = change.max(descent.minimize_intercept(simd, v_sum));
            }
            if change <= tolerance {
                break;
            }
        }
        self.trial.b.copy_from_slice(&descent.b);
    }

    /// Moves toward the trial coefficients, halving the way until the objective does not increase; returns whether it moved.
    #[inline(always)]
    fn search<S: Simd>(&mut self, simd: S, penalty: Penalty) -> bool {
        const MAX_HALVINGS: usize = 30;
        /// Rounding of the objective.
        const NOISE: f64 = 1e-14;
        let before = self.objective(&self.now, penalty);
        for _ in 0..MAX_HALVINGS {
            evaluate(
                simd,
                self.design,
                &mut self.loss,
                &self.working,
                &mut self.trial,
            );
            let after = self.objective(&self.trial, penalty);
            if after <= before + NOISE * before.abs().max(1.0) {
                std::mem::swap(&mut self.now, &mut self.trial);
                return true;
            }
            for &j in self.working.columns() {
                self.trial.b[j] = 0.5 * (self.trial.b[j] + self.now.b[j]);
            }
        }
        false
    }

    fn objective(&self, point: &Point, penalty: Penalty) -> f64 {
        let terms = self.working.columns().iter().map(|&j| {
            let (b, factor) = (point.b[j], self.design.penalty[j]);
            if b == 0.0 || factor == 0.0 {
                0.0
            } else {
                factor * (penalty.lasso * b.abs() + 0.5 * penalty.ridge * b * b)
            }
        });
        point.loss + terms.sum::<f64>()
    }

    /// Refreshes the gradient of the working set; returns the largest violation of its optimality conditions.
    #[inline(always)]
    fn violation<S: Simd>(&mut self, simd: S, penalty: Penalty) -> f64 {
        let (design, columns) = (self.design, self.working.columns());
        design.products(simd, columns, &self.now.r, &mut self.gradient);
        columns
            .iter()
            .map(|&j| {
                let (b, factor) = (self.now.b[j], design.penalty[j]);
                let slope = self.gradient[j] - penalty.ridge * factor * b;
                let limits = (design.lower[j], design.upper[j]);
                violation(b, slope, penalty.lasso * factor, limits) / self.norm[j]
            })
            .fold(0.0, f64::max)
    }
}

/// How steps on one working set ended.
enum Newton {
    Optimal,
    OutOfPasses,
    /// Largest violation left.
    Violated(f64),
}

/// `√(Σ w x_j²)` by coordinate; the intercept's is 1, and so is that of a column left out.
fn norms(design: &Design) -> Vec<f64> {
    let mut norms = vec![1.0; design.p + 1];
    for &j in &design.included {
        norms[j] = design.moments[j].square.sqrt();
    }
    norms
}

/// Violation of the optimality condition of one coefficient: `slope` is the smooth part's pull on it, `bound` the LASSO's resistance.
/// Infinite if the slope is no number.
fn violation(b: f64, slope: f64, bound: f64, (lower, upper): (f64, f64)) -> f64 {
    if slope.is_nan() {
        return f64::INFINITY;
    }
    // Pull upward and downward beyond what the penalty resists.
    let (up, down) = if b > 0.0 {
        (slope - bound, bound - slope)
    } else if b < 0.0 {
        (slope + bound, -bound - slope)
    } else {
        (slope - bound, -slope - bound)
    };
    // A limit that holds the coefficient absorbs one of them.
    let up = if b < upper { up } else { 0.0 };
    let down = if b > lower { down } else { 0.0 };
    up.max(down).max(0.0)
}

/// Linear predictor, residual, curvature and loss at the point's coefficients.
#[inline(always)]
fn evaluate<S: Simd>(
    simd: S,
    design: &Design,
    loss: &mut impl Loss,
    working: &WorkingSet,
    point: &mut Point,
) {
    let nonzero = working.columns().iter().filter(|&&j| point.b[j] != 0.0);
    let terms: Vec<(f64, &[f64])> = nonzero.map(|&j| (point.b[j], design.column(j))).collect();
    linear_predictor(simd, loss.offset(), 0.0, &terms, &mut point.eta);
    point.loss = loss.evaluate(&point.eta, &mut point.r, &mut point.v);
}

impl<L: Loss> Solver for Exact<'_, L> {
    #[inline(always)]
    fn start<S: Simd>(&mut self, simd: S) {
        let (design, working) = (self.design, &self.working);
        evaluate(simd, design, &mut self.loss, working, &mut self.now);
        if self.is_stored(0) {
            self.working.rebuild(simd, design, &self.now.v, |_| true);
        }
        let all: Vec<usize> = (0..=design.p).collect();
        design.products(simd, &all, &self.now.r, &mut self.gradient);
    }

    #[inline(always)]
    fn solve<S: Simd>(&mut self, simd: S, previous: f64, lambda: f64) -> End {
        self.approach(simd, previous, lambda)
    }

    fn gradient(&self) -> &[f64] {
        &self.gradient[..self.design.p]
    }

    fn model(&self) -> Model {
        let p = self.design.p;
        let mut beta: Vec<(usize, f64)> = self.nonzero().map(|j| (j, self.now.b[j])).collect();
        beta.sort_unstable_by_key(|&(j, _)| j);
        Model {
            intercept: self.now.b[p],
            beta,
            explained: self.loss.explained(self.now.loss),
        }
    }

    fn n_passes(&self) -> usize {
        self.n_passes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_absorbs_the_pull_beyond_it() {
        let free = (f64::NEG_INFINITY, f64::INFINITY);
        assert_eq!(violation(0.0, 0.5, 0.4, free), 0.5 - 0.4);
        assert_eq!(violation(0.0, -0.3, 0.4, free), 0.0);
        assert_eq!(violation(2.0, 0.5, 0.4, free), 0.5 - 0.4);
        assert_eq!(violation(-2.0, 0.5, 0.4, free), 0.9);
        assert_eq!(violation(2.0, 0.5, 0.4, (0.0, 2.0)), 0.0);
        assert_eq!(violation(0.0, -0.5, 0.4, (0.0, 2.0)), 0.0);
        assert_eq!(violation(0.0, f64::NAN, 0.4, free), f64::INFINITY);
    }
}
