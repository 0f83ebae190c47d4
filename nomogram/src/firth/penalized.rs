//! The penalized likelihood of one design and its maximization, with some coordinates held fixed where asked.

use eval_stats::special::expit;
use nalgebra::{DMatrix, DVector};

use crate::error::{Error, Result};
use crate::irls;
use crate::linalg::{cholesky, log_determinant};

/// The penalized likelihood of a matrix `z`.
pub(super) struct Penalized<'a> {
    pub z: &'a DMatrix<f64>,
    pub y: &'a [bool],
    pub weights: Option<&'a [f64]>,
    pub max_iterations: usize,
}

/// State of the penalized maximization at one point.
pub(super) struct Point {
    pub log_likelihood: f64,
    score: DVector<f64>,
    pub information: DMatrix<f64>,
    pub leverage: Vec<f64>,
}

/// A maximum.
pub(super) struct Solved {
    pub gamma: Vec<f64>,
    pub log_likelihood: f64,
    pub iterations: usize,
}

/// μ (1 - μ).
pub(super) fn variance(eta: f64) -> f64 {
    let e = (-eta.abs()).exp();
    e / ((1.0 + e) * (1.0 + e))
}

/// `Zᵀ diag(w) Z`.
pub(super) fn weighted_gram(z: &DMatrix<f64>, w: &[f64]) -> DMatrix<f64> {
    let mut scaled = z.clone();
    for mut column in scaled.column_iter_mut() {
        column.iter_mut().zip(w).for_each(|(v, w)| *v *= w);
    }
    z.tr_mul(&scaled)
}

pub(super) fn singular() -> Error {
    Error::SingularCovariance {
        what: "the coefficients".to_owned(),
    }
}

/// What a maximization may move.
pub(super) enum Free<'a> {
    All,
    /// These coordinates.
    Coordinates(&'a [usize]),
    /// Everything that leaves `aᵀγ` as it is.
    Leaving(&'a DVector<f64>),
}

impl Free<'_> {
    /// Newton's step within what is free.
    fn step(&self, point: &Point) -> Result<DVector<f64>> {
        let solve = |information: DMatrix<f64>, score: &DVector<f64>| -> Result<_> {
            let factor = cholesky(information).ok_or_else(singular)?;
            Ok((factor.solve(score), factor))
        };
        match self {
            Free::All => Ok(solve(point.information.clone(), &point.score)?.0),
            Free::Coordinates(free) => {
                let information = point.information.select_rows(*free).select_columns(*free);
                let (part, _) = solve(information, &point.score.select_rows(*free))?;
                let mut step = DVector::zeros(point.score.len());
                free.iter()
                    .zip(part.iter())
                    .for_each(|(&j, s)| step[j] = *s);
                Ok(step)
            }
            Free::Leaving(a) => {
                let (step, factor) = solve(point.information.clone(), &point.score)?;
                let along = factor.solve(*a);
                let excess = a.dot(&step) / a.dot(&along);
                Ok(step - along * excess)
            }
        }
    }
}

impl Penalized<'_> {
    pub fn weight(&self, i: usize) -> f64 {
        self.weights.map_or(1.0, |w| w[i])
    }

    pub fn eta(&self, gamma: &[f64]) -> Vec<f64> {
        (self.z * DVector::from_column_slice(gamma))
            .as_slice()
            .to_vec()
    }

    pub fn point(&self, gamma: &[f64]) -> Result<Point> {
        let eta = self.eta(gamma);
        let w: Vec<f64> = (0..eta.len())
            .map(|i| self.weight(i) * variance(eta[i]))
            .collect();
        let information = weighted_gram(self.z, &w);
        let factor = cholesky(information.clone()).ok_or_else(singular)?;
        let half = factor
            .l()
            .solve_lower_triangular(&self.z.transpose())
            .ok_or_else(singular)?;
        let leverage: Vec<f64> = (0..eta.len())
            .map(|i| w[i] * half.column(i).norm_squared())
            .collect();
        let residual = DVector::from_fn(eta.len(), |i, _| {
            let mu = expit(eta[i]);
            // y - μ without cancellation.
            let plain = if self.y[i] { expit(-eta[i]) } else { -mu };
            self.weight(i) * plain + leverage[i] * (0.5 - mu)
        });
        let deviance: f64 = (0..eta.len())
            .map(|i| self.weight(i) * irls::unit_deviance(self.y[i], eta[i]))
            .sum();
        let log_likelihood = -0.5 * deviance + 0.5 * log_determinant(&factor);
        Ok(Point {
            log_likelihood,
            score: self.z.tr_mul(&residual),
            information,
            leverage,
        })
    }

    /// Newton steps, at most 5 long, halved while the penalized likelihood falls; until they are 1e-12 of the coordinates, or small and no
    /// longer shrinking, which is rounding.
    pub fn maximize(&self, mut gamma: Vec<f64>, free: &Free<'_>) -> Result<Solved> {
        const MAX_STEP: f64 = 5.0;
        let mut here = self.point(&gamma)?;
        let mut last_change = f64::INFINITY;
        for iteration in 0..self.max_iterations {
            let mut step = free.step(&here)?;
            let longest = step.amax();
            if longest > MAX_STEP {
                step *= MAX_STEP / longest;
            }
            if let Some(next) = self.damped(&mut gamma, &step, here.log_likelihood) {
                here = next;
            }
            let size = gamma.iter().map(|g| g.abs()).fold(1.0, f64::max);
            let stalled = longest <= 1e-8 * size && longest >= 0.7 * last_change;
            last_change = longest;
            if longest <= 1e-12 * size || stalled {
                return Ok(Solved {
                    gamma,
                    log_likelihood: here.log_likelihood,
                    iterations: iteration + 1,
                });
            }
        }
        Err(Error::NotConverged {
            iterations: self.max_iterations,
            last_change,
        })
    }

    /// Takes the step, or the half, the quarter … of it until the penalized likelihood does not fall.
    fn damped(&self, gamma: &mut [f64], step: &DVector<f64>, from: f64) -> Option<Point> {
        let old = gamma.to_vec();
        let least = from - 1e-12 * from.abs().max(1.0);
        let mut fraction = 1.0;
        for _ in 0..30 {
            for ((g, o), s) in gamma.iter_mut().zip(&old).zip(step.iter()) {
                *g = o + fraction * s;
            }
            match self.point(gamma) {
                Ok(next) if next.log_likelihood >= least => return Some(next),
                _ => fraction *= 0.5,
            }
        }
        gamma.copy_from_slice(&old);
        None
    }
}
