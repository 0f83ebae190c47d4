//! Whether a logistic fit has no finite maximum: a combination of the columns separates the classes.

use super::super::params::{ElasticNet, Intercept};
use super::super::path::SparseCoefficients;
use super::super::samples::Samples;
use crate::linalg::{Cholesky, axpy, dot, sum};

/// Newton steps allowed to settle.
const STEPS: usize = 12;
/// A step that moves no linear predictor by more has settled.
const SETTLED: f64 = 1e-3;
/// Predictors below this everywhere cannot come from a diverging fit.
const HARMLESS: f64 = 3.0;
/// Added to the diagonal, so that dependent columns can be solved.
const RIDGE: f64 = 1e-10;

/// Judges a fit where coordinate descent stopped.
///
/// If every row lies on its class's side, the coefficients themselves are the proof: twice as large they fit better.
/// Otherwise a few Newton steps tell a maximum, where steps vanish quadratically, from a partial separation,
/// where every step moves some predictors by about 1 for ever. A coefficient held by a limit cannot
/// diverge; where a limit stands in its way, nothing is claimed.
pub(super) fn is_separated(
    settings: &ElasticNet,
    samples: &Samples<'_>,
    intercept: f64,
    beta: &SparseCoefficients,
) -> bool {
    let limited = |j: usize, b: f64| {
        let limits = if b > 0.0 {
            &settings.upper_limits
        } else {
            &settings.lower_limits
        };
        limits.as_ref().is_some_and(|l| l[j].is_finite())
    };
    if beta.index.is_empty()
        || beta
            .index
            .iter()
            .zip(&beta.value)
            .any(|(&j, &b)| limited(j, b))
    {
        return false;
    }
    let rows: Vec<usize> = (0..samples.n_rows())
        .filter(|&i| samples.weight_at(i) > 0.0)
        .collect();
    let mut problem = Problem::new(settings, samples, &rows, intercept, beta);
    let largest = problem.eta.iter().fold(0.0f64, |a, e| a.max(e.abs()));
    if largest < HARMLESS {
        return false;
    }
    let on_its_side = |(&eta, &y): (&f64, &f64)| (eta > 0.0) == (y > 0.5) && eta != 0.0;
    if problem.eta.iter().zip(&problem.y).all(on_its_side) {
        return true;
    }
    for _ in 0..STEPS {
        match problem.step() {
            Some(moved) if moved <= SETTLED => return false,
            Some(_) => {}
            // Weights have vanished.
            None => return true,
        }
    }
    true
}

/// The unpenalized likelihood on standardized columns.
struct Problem {
    /// Columns (a constant first, if there is an intercept), contiguous.
    x: Vec<Vec<f64>>,
    y: Vec<f64>,
    weights: Vec<f64>,
    offset: Vec<f64>,
    /// Linear predictor without the offset.
    eta: Vec<f64>,
}

impl Problem {
    fn new(
        settings: &ElasticNet,
        samples: &Samples<'_>,
        rows: &[usize],
        intercept: f64,
        beta: &SparseCoefficients,
    ) -> Self {
        let total: f64 = rows.iter().map(|&i| samples.weight_at(i)).sum();
        let mut x = Vec::with_capacity(beta.index.len() + 1);
        if settings.intercept == Intercept::Fitted {
            x.push(vec![1.0; rows.len()]);
        }
        let mut eta = vec![intercept; rows.len()];
        for (&j, &b) in beta.index.iter().zip(&beta.value) {
            let column = samples.table().column(j);
            let mut values: Vec<f64> = rows.iter().map(|&i| column[i]).collect();
            axpy(b, &values, &mut eta);
            if settings.intercept == Intercept::Fitted {
                let center = crate::linalg::mean(&values);
                values.iter_mut().for_each(|v| *v -= center);
            }
            let scale = (dot(&values, &values) / rows.len() as f64).sqrt();
            if scale > 0.0 {
                values.iter_mut().for_each(|v| *v /= scale);
                x.push(values);
            }
        }
        Self {
            x,
            y: rows.iter().map(|&i| samples.outcome()[i]).collect(),
            weights: rows.iter().map(|&i| samples.weight_at(i) / total).collect(),
            offset: rows.iter().map(|&i| samples.offset_at(i)).collect(),
            eta,
        }
    }

    /// One Newton step; the largest change of a linear predictor, `None` if the step cannot be computed.
    fn step(&mut self) -> Option<f64> {
        let n = self.y.len();
        let mut residual = vec![0.0; n];
        let mut curvature = vec![0.0; n];
        for i in 0..n {
            let q = 1.0 / (1.0 + (-(self.eta[i] + self.offset[i])).exp());
            residual[i] = self.weights[i] * (self.y[i] - q);
            curvature[i] = self.weights[i] * q * (1.0 - q);
        }
        let total = sum(&curvature);
        let size = self.x.len();
        let mut matrix = vec![0.0; size * size];
        let mut weighted = vec![0.0; n];
        for (a, column) in self.x.iter().enumerate() {
            for ((out, c), x) in weighted.iter_mut().zip(&curvature).zip(column) {
                *out = c * x;
            }
            for (b, other) in self.x[..=a].iter().enumerate() {
                matrix[a * size + b] = dot(&weighted, other);
            }
            matrix[a * size + a] += RIDGE * total;
        }
        let factor = Cholesky::new(&matrix, size)?;
        let mut step: Vec<f64> = self.x.iter().map(|column| dot(column, &residual)).collect();
        factor.solve(&mut step);
        let mut change = vec![0.0; n];
        for (column, step) in self.x.iter().zip(step) {
            axpy(step, column, &mut change);
        }
        let moved = change.iter().fold(0.0f64, |a, c| a.max(c.abs()));
        axpy(1.0, &change, &mut self.eta);
        moved.is_finite().then_some(moved)
    }
}
