//! The penalized quadratic model of one Newton step.
//!
//! Coordinate descent finds the signs; with these fixed the minimizer solves a linear system. A solution that would
//! change a sign or leave a limit is followed as far as the first such event, and descent goes on from there.

use pulp::Simd;

use super::factor::{Factor, Free};
use super::violation;
use super::working::Matrix;

/// One coordinate of the model.
pub(super) struct Coordinate {
    /// Coefficient where the model is made.
    pub(super) b: f64,
    /// `x' r` there.
    pub(super) gradient: f64,
    /// Resistance of the LASSO.
    pub(super) lasso: f64,
    /// Curvature of the ridge.
    pub(super) ridge: f64,
    pub(super) lower: f64,
    pub(super) upper: f64,
    /// Unit of its violation.
    pub(super) norm: f64,
}

/// The model and its solution.
#[derive(Default)]
pub(super) struct Quadratic {
    /// Coordinates; `b` becomes the solution.
    coordinates: Vec<Coordinate>,
    /// `g - G (z - b)` at the present solution `z`.
    slope: Vec<f64>,
    factor: Factor,
    /// Work space.
    free: Vec<Free>,
    change: Vec<f64>,
    along: Vec<f64>,
}

impl Quadratic {
    /// The model at the given coordinates.
    pub(super) fn set(&mut self, coordinates: impl Iterator<Item = Coordinate>) {
        self.coordinates.clear();
        self.coordinates.extend(coordinates);
        self.slope.clear();
        self.slope
            .extend(self.coordinates.iter().map(|c| c.gradient));
    }

    /// The minimizer, one value per coordinate.
    pub(super) fn solution(&self) -> impl Iterator<Item = f64> + '_ {
        self.coordinates.iter().map(|c| c.b)
    }

    /// Minimizes until the violation is a small part of `outer`, the violation of the problem that the model stands for.
    #[inline(always)]
    pub(super) fn minimize<S: Simd>(&mut self, simd: S, matrix: &Matrix, outer: f64) {
        const REDUCTION: f64 = 1e-3;
        /// Rounding of the slopes.
        const NOISE: f64 = 1e-15;
        const MAX_ROUNDS: usize = 50;
        /// Coefficients that may come to zero or a limit one after the other.
        const MAX_EVENTS: usize = 100;
        let tolerance = (REDUCTION * outer).max(NOISE);
        for _ in 0..MAX_ROUNDS {
            self.find_signs(simd, matrix);
            if self.violation() <= tolerance {
                return;
            }
            for _ in 0..MAX_EVENTS {
                if !self.solve_free(simd, matrix) {
                    break;
                }
            }
            if self.violation() <= tolerance {
                return;
            }
        }
    }

    fn violation(&self) -> f64 {
        self.coordinates
            .iter()
            .zip(&self.slope)
            .map(|(c, slope)| {
                let limits = (c.lower, c.upper);
                violation(c.b, slope - c.ridge * c.b, c.lasso, limits) / c.norm
            })
            .fold(0.0, f64::max)
    }

    /// Sweeps of coordinate descent until one leaves every sign as it was.
    #[inline(always)]
    fn find_signs<S: Simd>(&mut self, simd: S, matrix: &Matrix) {
        const MAX_SWEEPS: usize = 50;
        for _ in 0..MAX_SWEEPS {
            if !self.sweep(simd, matrix) {
                return;
            }
        }
    }

    /// One sweep; returns whether a coefficient became zero or nonzero, changed its sign, or came to or left a limit.
    #[inline(always)]
    fn sweep<S: Simd>(&mut self, _simd: S, matrix: &Matrix) -> bool {
        let matrix = &matrix.rows;
        let mut changed = false;
        for (i, row) in matrix.iter().enumerate() {
            let c = &mut self.coordinates[i];
            let curvature = row[i];
            let u = self.slope[i] + curvature * c.b;
            let t = u.abs() - c.lasso;
            let new = if t > 0.0 {
                let free = t.copysign(u) / (curvature + c.ridge);
                free.min(c.upper).max(c.lower)
            } else {
                0.0
            };
            let step = new - c.b;
            if step == 0.0 || !step.is_finite() {
                continue;
            }
            changed |= state(c, c.b) != state(c, new);
            c.b = new;
            subtract(step, row, &mut self.slope);
        }
        changed
    }

    /// Minimizes over the nonzero coefficients with their signs fixed, as far as the first one comes to zero or a limit; returns whether one did.
    #[inline(always)]
    fn solve_free<S: Simd>(&mut self, simd: S, matrix: &Matrix) -> bool {
        let (version, matrix) = (matrix.version, &matrix.rows);
        self.free.clear();
        for (index, c) in self.coordinates.iter().enumerate() {
            if (c.b != 0.0 || c.lasso == 0.0) && c.b > c.lower && c.b < c.upper {
                let diagonal = matrix[index][index] + c.ridge;
                self.free.push(Free { index, diagonal });
            }
        }
        let entry = |i: usize, k: usize| matrix[i][k];
        self.factor.follow(simd, &self.free, version, entry);
        self.change.clear();
        for free in self.factor.order() {
            let c = &self.coordinates[free.index];
            let sign = if c.b == 0.0 { 0.0 } else { c.b.signum() };
            let slope = self.slope[free.index];
            self.change.push(slope - c.ridge * c.b - c.lasso * sign);
        }
        self.factor.solve(&mut self.change);
        if self.change.iter().any(|change| !change.is_finite()) {
            return false;
        }
        let (share, stopped_by) = self.room();
        self.along.clear();
        self.along.resize(self.coordinates.len(), 0.0);
        for (free, &change) in self.factor.order().iter().zip(&self.change) {
            let step = share * change;
            self.coordinates[free.index].b += step;
            subtract(-step, &matrix[free.index], &mut self.along);
        }
        if let Some((i, bound)) = stopped_by {
            let rest = bound - self.coordinates[i].b;
            self.coordinates[i].b = bound;
            subtract(-rest, &matrix[i], &mut self.along);
        }
        for (slope, along) in self.slope.iter_mut().zip(&self.along) {
            *slope -= along;
        }
        stopped_by.is_some()
    }

    /// Share of the step that can be made; the coordinate that ends it and where that one stops.
    fn room(&self) -> (f64, Option<(usize, f64)>) {
        let (mut share, mut stopped_by) = (1.0, None);
        for (free, &change) in self.factor.order().iter().zip(&self.change) {
            let c = &self.coordinates[free.index];
            let new = c.b + change;
            // The first of 0 and the limit that lies on the way.
            let bound = if c.lasso > 0.0 && new * c.b <= 0.0 {
                0.0
            } else if new > c.upper {
                c.upper
            } else if new < c.lower {
                c.lower
            } else {
                continue;
            };
            let reached = (bound - c.b) / change;
            if reached < share {
                (share, stopped_by) = (reached, Some((free.index, bound)));
            }
        }
        (share, stopped_by)
    }
}

/// Which piece of the objective a coefficient is on.
fn state(c: &Coordinate, b: f64) -> (bool, bool, bool, bool) {
    (b > 0.0, b < 0.0, b >= c.upper, b <= c.lower)
}

/// `y -= step x`.
#[inline(always)]
fn subtract(step: f64, x: &[f64], y: &mut [f64]) {
    for (y, x) in y.iter_mut().zip(x) {
        *y -= step * x;
    }
}
