//! Gaussian path by coordinate descent on the residual ("naive").
//!
//! Rows are multiplied by the square roots of their weights and the outcome is scaled to unit norm, so that working
//! weights are 1 and the decrease of `r' r` is the explained fraction.

use pulp::Simd;

use super::descent::{Descent, Penalty, TooManyActive};
use super::design::Design;
use super::kernels::{Rows, dot};
use super::params::{Compat, ElasticNet, Intercept};
use super::schedule::{End, Model, Solver, Units};
use crate::error::{Error, Result};
use crate::moments::range;

/// Outcome without offset, centered, weighted and scaled to unit norm.
pub(super) struct Outcome {
    pub(super) y: Rows,
    pub(super) units: Units,
}

impl Outcome {
    /// # Errors
    /// [`Error::ConstantOutcome`] if the rows of positive weight do not vary, [`Error::BeyondRange`] if their squares are too
    /// large or too small to be summed.
    pub(super) fn new(settings: &ElasticNet, design: &Design) -> Result<Self> {
        let (n, w) = (design.n, &design.weights);
        let mut y = Rows::new(&design.y[..n]);
        if let Some(offset) = &design.offset {
            y.iter_mut().zip(offset.iter()).for_each(|(y, o)| *y -= o);
        }
        let center = dot(n, w, &y);
        let mut mean = 0.0;
        if settings.intercept == Intercept::Fitted {
            mean = center;
            y[..n].iter_mut().for_each(|y| *y -= center);
            if settings.compat == Compat::Exact {
                // What rounding left in the first pass, which matters for a large mean.
                let rest = dot(n, w, &y);
                y[..n].iter_mut().for_each(|y| *y -= rest);
                mean += rest;
            }
        }
        y.iter_mut().zip(w.iter()).for_each(|(y, w)| *y *= w.sqrt());
        let square = dot(n, &y, &y);
        let scale = square.sqrt();
        if !(scale > 0.0 && scale.is_finite()) {
            return Err(without_scale(design));
        }
        y.iter_mut().for_each(|y| *y /= scale);
        let null_deviance = design.weight_sum * square;
        Ok(Self {
            y,
            units: Units {
                mean,
                scale,
                null_deviance,
            },
        })
    }
}

/// Why an outcome has no scale.
fn without_scale(design: &Design) -> Error {
    let weighted = (0..design.n).filter(|&i| design.weights[i] > 0.0);
    let values: Vec<f64> = weighted
        .map(|i| design.y[i] - design.offset.as_ref().map_or(0.0, |offset| offset[i]))
        .collect();
    let (low, high) = range(&values);
    if low == high {
        let n = values.len();
        return Error::ConstantOutcome { value: low, n };
    }
    Error::BeyondRange {
        what: "variance",
        column: "outcome less offset".to_owned(),
        low,
        high,
    }
}

/// Carried from lambda to lambda.
pub(super) struct Naive<'a> {
    settings: &'a ElasticNet,
    descent: Descent<'a>,
    /// Whether sweeps over the active columns have ever been made; the next lambda then starts with these.
    warm: bool,
    n_passes: usize,
}

impl<'a> Naive<'a> {
    pub(super) fn new(settings: &'a ElasticNet, design: &'a Design, y: Rows) -> Self {
        let mut descent = Descent::new(settings, design, None, y);
        for (curvature, moments) in descent.curvature.iter_mut().zip(&design.moments) {
            *curvature = moments.square;
        }
        Self {
            settings,
            descent,
            warm: false,
            n_passes: 0,
        }
    }

    #[inline(always)]
    fn minimize<S: Simd>(&mut self, simd: S, penalty: Penalty, screened: bool) -> End {
        let (tolerance, max_passes) = (self.settings.threshold, self.settings.max_passes);
        let mut full = !self.warm;
        loop {
            if full {
                if self.n_passes > max_passes {
                    return End::OutOfPasses;
                }
                self.n_passes += 1;
                match self.descent.sweep_strong(simd, penalty) {
                    Err(TooManyActive) => return End::TooManyActive,
                    Ok(change) if change < tolerance => {
                        if self.descent.admit_violators(simd, penalty, screened) {
                            continue;
                        }
                        return End::Converged;
                    }
                    Ok(change) if change.is_nan() || self.n_passes > max_passes => {
                        return End::OutOfPasses;
                    }
                    Ok(_) => {}
                }
            }
            full = true;
            self.warm = true;
            loop {
                self.n_passes += 1;
                let change = self.descent.sweep_active(simd, penalty);
                if change < tolerance {
                    break;
                }
                if change.is_nan() || self.n_passes > max_passes {
                    return End::OutOfPasses;
                }
            }
        }
    }
}

impl Solver for Naive<'_> {
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
        Model {
            intercept: 0.0,
            beta: self.descent.nonzero(),
            explained: self.descent.explained,
        }
    }

    fn n_passes(&self) -> usize {
        self.n_passes
    }
}
