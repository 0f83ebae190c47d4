//! Logistic path: iteratively reweighted least squares around coordinate descent.
//!
//! The state (coefficients, strong set, active list) is carried from one lambda to the next. Sweeps are made
//! in the order of the reference program, so that their number is the same: a full sweep over the strong set in
//! column order, then sweeps over the active columns in order of entry until these settle, then a full sweep again.

use pulp::Simd;

use super::descent::{Descent, Penalty, larger};
use super::design::Design;
use super::kernels::{Rows, ordered_sum};
use super::logistic::{
    NullModel, SMALLEST_WEIGHT_SUM, half_deviance, linear_predictor, probabilities,
    working_residual, working_weights,
};
use super::params::{ElasticNet, Intercept, LogisticUpdate};
use super::schedule::{End, Model, Solver};

/// Carried from lambda to lambda.
pub(super) struct Logistic<'a> {
    settings: &'a ElasticNet,
    design: &'a Design,
    descent: Descent<'a>,
    /// Half the null deviance per unit weight.
    null: f64,
    eta: Rows,
    /// Fitted probabilities.
    q: Rows,
    /// Sum of the working weights.
    v_sum: f64,
    /// Coefficients before the present reweighting: the intercept and the active columns in order of entry.
    before: (f64, Vec<f64>),
    n_passes: usize,
}

impl<'a> Logistic<'a> {
    pub(super) fn new(settings: &'a ElasticNet, design: &'a Design, null: NullModel) -> Self {
        let mut r = Rows::zeros(design.n);
        working_residual(design, &null.q, &mut r);
        let mut descent = Descent::new(settings, design, Some(null.v), r);
        descent.b[design.p] = null.intercept;
        if settings.logistic_update == LogisticUpdate::ModifiedNewton {
            for &j in &design.included {
                descent.curvature[j] = 0.25 * bound_square(settings, design, j);
            }
        }
        Self {
            settings,
            design,
            descent,
            null: null.half_deviance,
            eta: Rows::zeros(design.n),
            q: null.q,
            v_sum: null.v_sum,
            before: (0.0, Vec::new()),
            n_passes: 0,
        }
    }

    /// Reweights until coefficients settle and no column outside the strong set violates optimality.
    #[inline(always)]
    fn minimize<S: Simd>(&mut self, simd: S, penalty: Penalty, screened: bool) -> End {
        let tolerance = self.settings.threshold * self.null;
        loop {
            self.remember();
            if self.settings.logistic_update == LogisticUpdate::Newton {
                self.descent.forget_curvature();
            }
            match self.descend(simd, penalty, tolerance) {
                Descended::Settled => {}
                Descended::TooManyActive => return End::TooManyActive,
                Descended::OutOfPasses => return End::OutOfPasses,
            }
            self.update_weights(simd);
            if self.v_sum <= SMALLEST_WEIGHT_SUM {
                // The residual of the least squares problem stands, as in the reference program.
                return End::Certain;
            }
            working_residual(self.design, &self.q, &mut self.descent.r);
            if self.has_settled(tolerance) && !self.descent.admit_violators(simd, penalty, screened)
            {
                return End::Converged;
            }
        }
    }

    /// Coordinate descent at fixed weights: a full sweep, then sweeps over the active columns until these settle, and so on
    /// until a full sweep changes nothing. The passes are counted where the reference program does.
    #[inline(always)]
    fn descend<S: Simd>(&mut self, simd: S, penalty: Penalty, tolerance: f64) -> Descended {
        if self.n_passes > self.settings.max_passes {
            return Descended::OutOfPasses;
        }
        loop {
            self.n_passes += 1;
            let Ok(change) = self.descent.sweep_strong(simd, penalty) else {
                return Descended::TooManyActive;
            };
            let change = self.with_intercept(simd, change);
            if change < tolerance {
                return Descended::Settled;
            }
            if self.is_spent(change) {
                return Descended::OutOfPasses;
            }
            loop {
                self.n_passes += 1;
                let change = self.descent.sweep_active(simd, penalty);
                let change = self.with_intercept(simd, change);
                if change < tolerance {
                    break;
                }
                if self.is_spent(change) {
                    return Descended::OutOfPasses;
                }
            }
        }
    }

    /// Whether the passes have run out. A change that is no number stays so for all the passes that are left.
    fn is_spent(&self, change: f64) -> bool {
        change.is_nan() || self.n_passes > self.settings.max_passes
    }

    /// The intercept's turn at the end of a sweep; returns the sweep's largest change.
    #[inline(always)]
    fn with_intercept<S: Simd>(&mut self, simd: S, change: f64) -> f64 {
        match self.settings.intercept {
            Intercept::Zero => change,
            Intercept::Fitted => {
                let own = self.descent.minimize_intercept(simd, self.v_sum);
                larger(change, own)
            }
        }
    }

    /// Probabilities and working weights of the current coefficients, from scratch.
    #[inline(always)]
    fn update_weights<S: Simd>(&mut self, simd: S) {
        let (design, descent) = (self.design, &mut self.descent);
        let b = &descent.b;
        let nonzero = descent.active.iter().filter(|&&j| b[j] != 0.0);
        let terms: Vec<(f64, &[f64])> = nonzero.map(|&j| (b[j], design.column(j))).collect();
        let offset = design.offset.as_deref();
        linear_predictor(simd, offset, b[design.p], &terms, &mut self.eta);
        probabilities(&self.eta, &mut self.q);
        descent.complete_residual(simd);
        let v = descent
            .v
            .as_mut()
            .expect("a binary outcome has working weights");
        self.v_sum = working_weights(design, &self.q, v);
    }

    fn remember(&mut self) {
        let descent = &self.descent;
        self.before.0 = descent.b[self.design.p];
        self.before.1.clear();
        self.before
            .1
            .extend(descent.active.iter().map(|&j| descent.b[j]));
    }

    /// Whether no coefficient has moved by more than `tolerance` since [`remember`](Self::remember), measured by `c_j d²`.
    fn has_settled(&self, tolerance: f64) -> bool {
        let b = &self.descent.b;
        let moved =
            |old: f64, new: f64, curvature: f64| curvature * (new - old) * (new - old) > tolerance;
        // A column that became active since was zero.
        let before = self.before.1.iter().copied().chain(std::iter::repeat(0.0));
        !moved(self.before.0, b[self.design.p], self.v_sum)
            && self
                .descent
                .active
                .iter()
                .zip(before)
                .all(|(&j, old)| !moved(old, b[j], self.descent.curvature[j]))
    }
}

/// `Σ w x_j²`, of which a quarter bounds the curvature.
fn bound_square(settings: &ElasticNet, design: &Design, j: usize) -> f64 {
    let x = design.column(j);
    match settings.intercept {
        Intercept::Fitted => design.moments[j].square,
        Intercept::Zero => ordered_sum(design.n, |i| design.weights[i] * (x[i] * x[i])),
    }
}

/// How descent at fixed weights ended.
enum Descended {
    Settled,
    TooManyActive,
    OutOfPasses,
}

impl Solver for Logistic<'_> {
    #[inline(always)]
    fn start<S: Simd>(&mut self, simd: S) {
        self.descent.refresh_gradient(simd);
    }

    #[inline(always)]
    fn solve<S: Simd>(&mut self, simd: S, previous: f64, lambda: f64) -> End {
        self.descent.apply_strong_rule(simd, previous, lambda);
        let penalty = self.descent.penalty(lambda);
        // The largest lambda of a computed sequence is taken from the gradient at the first one.
        self.minimize(simd, penalty, previous > 0.0)
    }

    fn gradient(&self) -> &[f64] {
        &self.descent.gradient
    }

    fn model(&self) -> Model {
        let deviance = half_deviance(self.design, &self.q);
        Model {
            intercept: self.descent.b[self.design.p],
            beta: self.descent.nonzero(),
            explained: (self.null - deviance) / self.null,
        }
    }

    fn n_passes(&self) -> usize {
        self.n_passes
    }
}
