//! Gaussian path by coordinate descent on stored inner products ("covariance").
//!
//! With `G_kj = x_k' x_j` for the active columns `k`, the gradient of every column follows a change `d` of `b_k` by `g_j -= d G_kj`, and no row is visited in a sweep.

use pulp::Simd;

use super::descent::{Penalty, larger};
use super::design::Design;
use super::kernels::Rows;
use super::params::ElasticNet;
use super::schedule::{End, Model, Solver};

/// Carried from lambda to lambda.
pub(super) struct Covariance<'a> {
    settings: &'a ElasticNet,
    design: &'a Design,
    y: Rows,
    b: Vec<f64>,
    /// `x_j' r` of every column.
    gradient: Vec<f64>,
    /// Columns ever nonzero, in order of entry.
    active: Vec<usize>,
    /// Position in `active`.
    slot: Vec<Option<usize>>,
    /// `G_kj` for every active column `k`, over all columns `j`.
    products: Vec<Vec<f64>>,
    /// `G_kl` for every active column `k`, over the active columns `l` in order of entry.
    among_active: Vec<Vec<f64>>,
    /// Work space: gradients and earlier coefficients of the active columns.
    active_gradient: Vec<f64>,
    before: Vec<f64>,
    change: Vec<f64>,
    explained: f64,
    /// Whether sweeps over the active columns have ever been made; the next lambda then starts with these.
    warm: bool,
    n_passes: usize,
}

impl<'a> Covariance<'a> {
    pub(super) fn new(settings: &'a ElasticNet, design: &'a Design, y: Rows) -> Self {
        Self {
            settings,
            design,
            y,
            b: vec![0.0; design.p],
            gradient: Vec::new(),
            active: Vec::new(),
            slot: vec![None; design.p],
            products: Vec::new(),
            among_active: Vec::new(),
            active_gradient: Vec::new(),
            before: Vec::new(),
            change: vec![0.0; design.p],
            explained: 0.0,
            warm: false,
            n_passes: 0,
        }
    }

    #[inline(always)]
    fn minimize<S: Simd>(&mut self, simd: S, penalty: Penalty) -> End {
        let tolerance = self.settings.threshold;
        let mut full = !self.warm;
        loop {
            if full {
                self.n_passes += 1;
                match self.sweep_all(simd, penalty) {
                    None => return End::TooManyActive,
                    Some(change) if change < tolerance => return End::Converged,
                    Some(change) if change.is_nan() => return End::OutOfPasses,
                    Some(_) if self.n_passes > self.settings.max_passes => {
                        return End::OutOfPasses;
                    }
                    Some(_) => {}
                }
            }
            full = true;
            self.warm = true;
            if !self.settle_active(penalty, tolerance) {
                return End::OutOfPasses;
            }
        }
    }

    /// One sweep over all columns; returns the largest `c_j d²`, or `None` if more columns became active than permitted.
    #[inline(always)]
    fn sweep_all<S: Simd>(&mut self, simd: S, penalty: Penalty) -> Option<f64> {
        let active_limit = self.settings.active_limit(self.design.p);
        let design = self.design;
        let mut largest: f64 = 0.0;
        for &j in &design.included {
            let new = self.minimizer(j, self.gradient[j], penalty);
            if new == self.b[j] {
                continue;
            }
            let slot = match self.slot[j] {
                Some(slot) => slot,
                None if self.active.len() == active_limit => return None,
                None => self.activate(simd, j),
            };
            let (step, change) = self.move_to(j, new, self.gradient[j]);
            largest = larger(largest, change);
            subtract(step, &self.products[slot], &mut self.gradient);
        }
        Some(largest)
    }

    /// Sweeps over the active columns until these settle, then brings the other gradients up to date.
    /// Returns whether the passes sufficed.
    #[inline(always)]
    fn settle_active(&mut self, penalty: Penalty, tolerance: f64) -> bool {
        self.before.clear();
        self.before.extend(self.active.iter().map(|&j| self.b[j]));
        self.active_gradient.clear();
        self.active_gradient
            .extend(self.active.iter().map(|&j| self.gradient[j]));
        loop {
            self.n_passes += 1;
            let mut largest: f64 = 0.0;
            for k in 0..self.active.len() {
                let (j, gradient) = (self.active[k], self.active_gradient[k]);
                let new = self.minimizer(j, gradient, penalty);
                if new == self.b[j] {
                    continue;
                }
                let (step, change) = self.move_to(j, new, gradient);
                largest = larger(largest, change);
                subtract(step, &self.among_active[k], &mut self.active_gradient);
            }
            if largest < tolerance {
                break;
            }
            if largest.is_nan() || self.n_passes > self.settings.max_passes {
                return false;
            }
        }
        self.update_gradient();
        true
    }

    /// The gradients after sweeps over the active columns.
    #[inline(always)]
    fn update_gradient(&mut self) {
        self.change.fill(0.0);
        for (k, &j) in self.active.iter().enumerate() {
            let step = self.b[j] - self.before[k];
            for (change, product) in self.change.iter_mut().zip(&self.products[k]) {
                *change += step * product;
            }
        }
        for (gradient, change) in self.gradient.iter_mut().zip(&self.change) {
            *gradient -= change;
        }
        for (&j, &gradient) in self.active.iter().zip(&self.active_gradient) {
            self.gradient[j] = gradient;
        }
    }

    /// The minimizer over one coefficient.
    #[inline(always)]
    fn minimizer(&self, j: usize, gradient: f64, penalty: Penalty) -> f64 {
        let (curvature, factor) = (self.design.moments[j].square, self.design.penalty[j]);
        let u = gradient + self.b[j] * curvature;
        let t = u.abs() - factor * penalty.lasso;
        if t > 0.0 {
            let new = t.copysign(u) / (curvature + factor * penalty.ridge);
            self.design.clamp(j, new)
        } else {
            0.0
        }
    }

    /// Sets a coefficient; returns its change `d` and `c_j d²`.
    #[inline(always)]
    fn move_to(&mut self, j: usize, new: f64, gradient: f64) -> (f64, f64) {
        let curvature = self.design.moments[j].square;
        let step = new - self.b[j];
        self.b[j] = new;
        self.explained += step * (2.0 * gradient - step * curvature);
        (step, curvature * step * step)
    }

    /// Stores the inner products of a column that becomes active; returns its slot.
    #[inline(always)]
    fn activate<S: Simd>(&mut self, simd: S, j: usize) -> usize {
        let design = self.design;
        let mut products = products(simd, design, design.column(j));
        products[j] = design.moments[j].square;
        for (&k, known) in self.active.iter().zip(&self.products) {
            products[k] = known[j];
        }
        let slot = self.active.len();
        self.active.push(j);
        self.slot[j] = Some(slot);
        for (row, &k) in self.among_active.iter_mut().zip(&self.active) {
            row.push(products[k]);
        }
        self.among_active
            .push(self.active.iter().map(|&k| products[k]).collect());
        self.products.push(products);
        slot
    }
}

/// `y -= step x`.
#[inline(always)]
fn subtract(step: f64, x: &[f64], y: &mut [f64]) {
    for (y, x) in y.iter_mut().zip(x) {
        *y -= step * x;
    }
}

/// Inner products of every column with `x`; 0 for columns left out.
#[inline(always)]
fn products<S: Simd>(simd: S, design: &Design, x: &[f64]) -> Vec<f64> {
    let mut all = vec![0.0; design.p];
    design.products(simd, &design.included, x, &mut all);
    all
}

impl Solver for Covariance<'_> {
    #[inline(always)]
    fn start<S: Simd>(&mut self, simd: S) {
        self.gradient = products(simd, self.design, &self.y);
    }

    #[inline(always)]
    fn solve<S: Simd>(&mut self, simd: S, _previous: f64, lambda: f64) -> End {
        self.minimize(simd, Penalty::new(lambda, self.settings.alpha))
    }

    fn gradient(&self) -> &[f64] {
        &self.gradient
    }

    fn model(&self) -> Model {
        let mut beta: Vec<(usize, f64)> = self
            .active
            .iter()
            .map(|&j| (j, self.b[j]))
            .filter(|&(_, b)| b != 0.0)
            .collect();
        beta.sort_unstable_by_key(|&(j, _)| j);
        Model {
            intercept: 0.0,
            beta,
            explained: self.explained,
        }
    }

    fn n_passes(&self) -> usize {
        self.n_passes
    }
}
