//! The penalized likelihood of one design and its maximization, with some coordinates held fixed where asked.

use eval_stats::special::expit;
use nalgebra::{DMatrix, DVector, DVectorViewMut};

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
    eta: Vec<f64>,
    /// `L⁻¹ Zᵀ` for the information `L Lᵀ`: its columns have the hat matrix as their weighted products.
    half: DMatrix<f64>,
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

/// Iterations that use the information in place of the exact curvature. They are cheap, and enough for most data; with nearly as many columns as
/// rows they converge so slowly that hundreds would be needed.
const QUICK_ITERATIONS: usize = 12;

/// What a maximization may move.
pub(super) enum Free<'a> {
    All,
    /// These coordinates.
    Coordinates(&'a [usize]),
    /// Everything that leaves `aᵀγ` as it is.
    Leaving(&'a DVector<f64>),
}

impl Free<'_> {
    /// Newton's step within what is free, for a curvature that need not have a maximum outside of it.
    fn step(&self, curvature: &DMatrix<f64>, score: &DVector<f64>) -> Result<DVector<f64>> {
        let solve = |curvature: DMatrix<f64>, score: &DVector<f64>| -> Result<_> {
            Ok(cholesky(curvature).ok_or_else(singular)?.solve(score))
        };
        match self {
            Free::All => solve(curvature.clone(), score),
            Free::Coordinates(free) => {
                let curvature = curvature.select_rows(*free).select_columns(*free);
                let part = solve(curvature, &score.select_rows(*free))?;
                let mut step = DVector::zeros(score.len());
                free.iter()
                    .zip(part.iter())
                    .for_each(|(&j, s)| step[j] = *s);
                Ok(step)
            }
            Free::Leaving(a) => {
                let reflector = Reflector::new(a);
                let mut curvature = curvature.clone();
                for mut column in curvature.column_iter_mut() {
                    reflector.reflect(&mut column);
                }
                curvature = curvature.transpose();
                for mut column in curvature.column_iter_mut() {
                    reflector.reflect(&mut column);
                }
                let mut score = (*score).clone();
                reflector.reflect(&mut score.column_mut(0));
                let k = reflector.axis;
                let rest = solve(
                    curvature.remove_row(k).remove_column(k),
                    &score.remove_row(k),
                )?;
                let mut step = rest.insert_row(k, 0.0);
                reflector.reflect(&mut step.column_mut(0));
                Ok(step)
            }
        }
    }
}

/// Householder's reflection that takes a vector to an axis, and what is orthogonal to it to the other axes.
struct Reflector {
    normal: DVector<f64>,
    axis: usize,
}

impl Reflector {
    fn new(a: &DVector<f64>) -> Self {
        let axis = a.iamax();
        let mut normal = a / a.norm();
        // Away from the axis, so that nothing cancels.
        normal[axis] += normal[axis].signum();
        normal /= normal.norm();
        Self { normal, axis }
    }

    fn reflect(&self, v: &mut DVectorViewMut<'_, f64>) {
        let along = self.normal.dot(v);
        v.axpy(-2.0 * along, &self.normal, 1.0);
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
            eta,
            half,
        })
    }

    /// The negative second derivatives of the penalized likelihood: the information less those of half its log determinant,
    /// `½ Zᵀ diag(h (1 - 6 μ (1 - μ))) Z - ½ Zᵀ A (H ∘ H) A Z` with the hat matrix H, its diagonal h and `A = diag(1 - 2 μ)`.
    ///
    /// It takes as many steps as there are pairs of rows, so it is for points from which the information alone leads on slowly.
    fn curvature(&self, point: &Point) -> DMatrix<f64> {
        let rows = 0..point.eta.len();
        let variances: Vec<f64> = point.eta.iter().map(|&e| variance(e)).collect();
        let scaled: Vec<f64> = rows
            .clone()
            .map(|i| point.leverage[i] * (1.0 - 6.0 * variances[i]))
            .collect();
        let mut curvature = &point.information - weighted_gram(self.z, &scaled) * 0.5;
        let slopes = DVector::from_fn(rows.len(), |i, _| {
            self.weight(i) * variances[i] * (1.0 - 2.0 * expit(point.eta[i]))
        });
        for i in rows {
            let mut squares = point.half.tr_mul(&point.half.column(i));
            squares.apply(|v| *v *= *v);
            squares.component_mul_assign(&slopes);
            let sum = self.z.tr_mul(&squares);
            curvature.ger(0.5 * slopes[i], &self.z.row(i).transpose(), &sum, 1.0);
        }
        curvature
    }

    /// Newton's step from a point: with the information in the first iterations, then with the exact curvature, or with so much of the
    /// information besides that it has a maximum.
    fn step(&self, point: &Point, free: &Free<'_>, iteration: usize) -> Result<DVector<f64>> {
        if iteration >= QUICK_ITERATIONS {
            let curvature = self.curvature(point);
            for share in [0.0, 0.1, 0.3] {
                let damped = &curvature + &point.information * share;
                if let Ok(step) = free.step(&damped, &point.score) {
                    return Ok(step);
                }
            }
        }
        free.step(&point.information, &point.score)
    }

    /// Newton steps, at most 5 long, halved while the penalized likelihood falls; until they are 1e-12 of the coordinates, or small and no
    /// longer shrinking, which is rounding.
    pub fn maximize(&self, mut gamma: Vec<f64>, free: &Free<'_>) -> Result<Solved> {
        const MAX_STEP: f64 = 5.0;
        let mut here = self.point(&gamma)?;
        let mut last_change = f64::INFINITY;
        for iteration in 0..self.max_iterations {
            let mut step = self.step(&here, free, iteration)?;
            let longest = step.amax();
            if longest > MAX_STEP {
                step *= MAX_STEP / longest;
            }
            if let Some(next) = self.damped(&mut gamma, &step, &here) {
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
    fn damped(&self, gamma: &mut [f64], step: &DVector<f64>, here: &Point) -> Option<Point> {
        let old = gamma.to_vec();
        let from = here.log_likelihood;
        let size = from.abs().max(1.0);
        // So little to gain is lost in the rounding of the determinant, by which steps must not be judged then.
        let least = if here.score.dot(step) < 1e-9 * size {
            f64::NEG_INFINITY
        } else {
            from - 1e-12 * size
        };
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
