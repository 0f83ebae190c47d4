//! The smooth part of the objective, per unit weight.

use super::super::design::Design;
use super::super::kernels::{Rows, ordered_sum};
use super::super::logistic::{NullModel, softplus};
use super::super::params::Intercept;

/// A loss of the linear predictor.
pub(in super::super) trait Loss {
    /// Whether working weights may vanish.
    const CAN_BE_CERTAIN: bool;
    /// Whether the curvature is the same everywhere.
    const IS_QUADRATIC: bool;

    /// Known part of the linear predictor.
    fn offset(&self) -> Option<&[f64]>;

    /// Start value of the intercept, if there is one among the coordinates.
    fn intercept(&self) -> Option<f64>;

    /// Residual `r = -∂L/∂η` and curvature `v = ∂²L/∂η²`; returns `L`.
    fn evaluate(&mut self, eta: &[f64], r: &mut [f64], v: &mut [f64]) -> f64;

    /// Fraction of the null deviance explained at loss `L`.
    fn explained(&self, loss: f64) -> f64;
}

/// `Σ w (ln(1 + e^η) - y η)`.
pub(in super::super) struct LogisticLoss<'a> {
    design: &'a Design,
    intercept: Option<f64>,
    null: f64,
}

impl<'a> LogisticLoss<'a> {
    pub(in super::super) fn new(
        design: &'a Design,
        intercept: Intercept,
        null: &NullModel,
    ) -> Self {
        Self {
            design,
            intercept: (intercept == Intercept::Fitted).then_some(null.intercept),
            null: null.half_deviance,
        }
    }
}

impl Loss for LogisticLoss<'_> {
    const CAN_BE_CERTAIN: bool = true;
    const IS_QUADRATIC: bool = false;

    fn offset(&self) -> Option<&[f64]> {
        self.design.offset.as_deref()
    }

    fn intercept(&self) -> Option<f64> {
        self.intercept
    }

    fn evaluate(&mut self, eta: &[f64], r: &mut [f64], v: &mut [f64]) -> f64 {
        let (n, w, y) = (self.design.n, &self.design.weights, &self.design.y);
        for i in 0..n {
            // Both probabilities from the smaller one, so that neither is rounded to 0 or 1.
            let e = (-eta[i].abs()).exp();
            let (larger, smaller) = (1.0 / (1.0 + e), e / (1.0 + e));
            let event = y[i] > 0.5;
            let wrong = if event == (eta[i] > 0.0) {
                smaller
            } else {
                larger
            };
            r[i] = if event { w[i] * wrong } else { -w[i] * wrong };
            v[i] = w[i] * larger * smaller;
        }
        ordered_sum(n, |i| w[i] * (softplus(eta[i]) - y[i] * eta[i]))
    }

    fn explained(&self, loss: f64) -> f64 {
        (self.null - loss) / self.null
    }
}

/// `½ Σ (y - η)²` for an outcome of unit norm.
pub(in super::super) struct SquaredLoss {
    n: usize,
    y: Rows,
}

impl SquaredLoss {
    pub(in super::super) fn new(n: usize, y: Rows) -> Self {
        Self { n, y }
    }
}

impl Loss for SquaredLoss {
    const CAN_BE_CERTAIN: bool = false;
    const IS_QUADRATIC: bool = true;

    fn offset(&self) -> Option<&[f64]> {
        None
    }

    fn intercept(&self) -> Option<f64> {
        None
    }

    fn evaluate(&mut self, eta: &[f64], r: &mut [f64], v: &mut [f64]) -> f64 {
        for i in 0..self.n {
            r[i] = self.y[i] - eta[i];
            v[i] = 1.0;
        }
        0.5 * ordered_sum(self.n, |i| r[i] * r[i])
    }

    fn explained(&self, loss: f64) -> f64 {
        1.0 - 2.0 * loss
    }
}
