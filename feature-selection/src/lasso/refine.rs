//! From an approximate to an exact solution: Newton steps on the support.
//!
//! Coordinate descent finds which coefficients are nonzero; with the support and the signs fixed, the
//! problem is smooth, and a few Newton steps with one factorization solve it. A step that would change a
//! sign or leave a limit means the support is not settled yet: descent continues with a smaller threshold.

use super::design::Design;
use crate::linalg::{Cholesky, dot, sum};

/// Largest permitted violation of the optimality conditions, on the standardized scale.
pub(super) const TOLERANCE: f64 = 1e-10;
/// Violation that is not worth another round of descent.
pub(super) const ACCEPTED: f64 = 1e-12;
/// Violation at which Newton steps stop; rounding of the gradient is a little below.
pub(super) const TARGET: f64 = 1e-14;
/// Newton steps per factorization.
pub(super) const MAX_STEPS: usize = 30;
/// A step must at least halve the violation to be followed by another.
pub(super) const SMALLEST_PROGRESS: f64 = 0.5;
/// Factor on the descent threshold when the support was not settled.
pub(super) const TIGHTEN: f64 = 1e-2;
/// Smallest descent threshold, relative to the null deviance.
pub(super) const SMALLEST_THRESHOLD: f64 = 1e-25;

/// Outcome of refining one solution.
pub(super) enum Refinement {
    Optimal,
    /// Largest violation left.
    Violated(f64),
}

/// The penalty at one lambda.
#[derive(Clone, Copy)]
pub(super) struct Penalty {
    pub(super) lambda: f64,
    pub(super) alpha: f64,
}

impl Penalty {
    /// Bound on the gradient of a zero coefficient.
    fn lasso(self, factor: f64) -> f64 {
        self.lambda * self.alpha * factor
    }

    /// Curvature added to a coefficient.
    fn ridge(self, factor: f64) -> f64 {
        self.lambda * (1.0 - self.alpha) * factor
    }
}

/// Largest violation of the optimality conditions; `r` is the working residual.
pub(super) fn violation(
    design: &Design,
    b: &[f64],
    r: &[f64],
    intercept: bool,
    penalty: Penalty,
) -> f64 {
    let mut largest = if intercept { sum(r).abs() } else { 0.0 };
    for (j, &b) in b.iter().enumerate() {
        if !design.included[j] {
            continue;
        }
        let factor = design.penalty[j];
        let gradient = dot(design.column(j), r) - penalty.ridge(factor) * b;
        let bound = penalty.lasso(factor);
        // Pressure to grow and to shrink; a limit that holds the coefficient absorbs one of them.
        let (up, down) = if b > 0.0 {
            (gradient - bound, bound - gradient)
        } else if b < 0.0 {
            (gradient + bound, -bound - gradient)
        } else {
            (gradient - bound, -gradient - bound)
        };
        if b < design.upper[j] {
            largest = largest.max(up);
        }
        if b > design.lower[j] {
            largest = largest.max(down);
        }
    }
    largest
}

/// Second derivative on the support, factored.
pub(super) struct Curvature {
    columns: Vec<usize>,
    intercept: bool,
    penalty: Penalty,
    factor: Cholesky,
}

/// One Newton step.
pub(super) struct Step {
    pub(super) intercept: f64,
    pub(super) columns: Vec<usize>,
    pub(super) change: Vec<f64>,
}

impl Curvature {
    /// `None` if the support is empty and there is no intercept, or if its columns are linearly dependent.
    pub(super) fn new(
        design: &Design,
        v: &[f64],
        b: &[f64],
        intercept: bool,
        penalty: Penalty,
    ) -> Option<Self> {
        let free = |j: usize| {
            design.included[j]
                && (b[j] != 0.0 || design.penalty[j] == 0.0)
                && b[j] > design.lower[j]
                && b[j] < design.upper[j]
        };
        let columns: Vec<usize> = (0..design.p).filter(|&j| free(j)).collect();
        let first = usize::from(intercept);
        let size = columns.len() + first;
        if size == 0 {
            return None;
        }
        let mut matrix = vec![0.0; size * size];
        if intercept {
            matrix[0] = sum(v);
        }
        let mut weighted = vec![0.0; design.n];
        for (row, &j) in columns.iter().enumerate() {
            for ((out, v), x) in weighted.iter_mut().zip(v).zip(design.column(j)) {
                *out = v * x;
            }
            let line = &mut matrix[(row + first) * size..(row + first) * size + row + first + 1];
            if intercept {
                line[0] = sum(&weighted);
            }
            for (entry, &k) in line[first..].iter_mut().zip(&columns) {
                *entry = dot(&weighted, design.column(k));
            }
            line[row + first] += penalty.ridge(design.penalty[j]);
        }
        let factor = Cholesky::new(&matrix, size)?;
        Some(Self {
            columns,
            intercept,
            penalty,
            factor,
        })
    }

    /// The step at working residual `r`; `None` if it changes a sign or leaves a limit.
    pub(super) fn step(&self, design: &Design, b: &[f64], r: &[f64]) -> Option<Step> {
        let first = usize::from(self.intercept);
        let mut gradient = Vec::with_capacity(self.columns.len() + first);
        if self.intercept {
            gradient.push(sum(r));
        }
        for &j in &self.columns {
            let factor = design.penalty[j];
            let sign = if b[j] == 0.0 { 0.0 } else { b[j].signum() };
            gradient.push(
                dot(design.column(j), r)
                    - self.penalty.ridge(factor) * b[j]
                    - self.penalty.lasso(factor) * sign,
            );
        }
        self.factor.solve(&mut gradient);
        let change = gradient.split_off(first);
        let valid = self.columns.iter().zip(&change).all(|(&j, change)| {
            let new = b[j] + change;
            let same_sign = design.penalty[j] == 0.0 || new * b[j] > 0.0;
            same_sign && new >= design.lower[j] && new <= design.upper[j] && new.is_finite()
        });
        let intercept = gradient.first().copied().unwrap_or(0.0);
        valid.then(|| Step {
            intercept,
            columns: self.columns.clone(),
            change,
        })
    }
}
