//! The numerical core of logistic regression: what is fitted, and iteratively reweighted least squares as R's `glm.fit`. The exact estimate is
//! found in [`newton`](crate::newton).
//!
//! Symbols: η linear predictor, μ = 1/(1+e^-η), w case weights, o offset.

use eval_stats::special::logit;
use eval_stats::wide::wide;
use nalgebra::{DMatrix, DVector};

use crate::linalg::PivotedQr;
use crate::numeric::risk;

/// What is fitted. `x` has the intercept in its first column, unless the caller fits without one.
#[derive(Clone, Copy)]
pub(crate) struct Problem<'a> {
    pub x: &'a DMatrix<f64>,
    pub y: &'a [bool],
    pub weights: Option<&'a [f64]>,
    pub offset: Option<&'a [f64]>,
}

impl Problem<'_> {
    pub fn weight(&self, i: usize) -> f64 {
        self.weights.map_or(1.0, |w| w[i])
    }

    pub fn offset_at(&self, i: usize) -> f64 {
        self.offset.map_or(0.0, |o| o[i])
    }
}

/// Where an iteration ended.
#[derive(Debug, Clone)]
pub(crate) struct Solution {
    /// One per column; 0 for aliased columns.
    pub beta: Vec<f64>,
    /// Columns that are estimated, in their original order.
    pub kept: Vec<usize>,
    /// Covariance of the estimated columns, in the order of `kept`.
    pub covariance: DMatrix<f64>,
    pub eta: Vec<f64>,
    /// Linear predictor whose weights gave the covariance.
    pub working_eta: Vec<f64>,
    pub deviance: f64,
    pub iterations: usize,
    pub converged: bool,
    /// Largest change of the linear predictor in the last iteration.
    pub last_change: f64,
}

/// Deviance residual squared of one row, `-2 ln P(y)`, without cancellation.
pub(crate) fn unit_deviance(y: bool, eta: f64) -> f64 {
    let s = if y { -eta } else { eta };
    // -2 ln(1/(1+e^s)) = 2 ln(1+e^s)
    2.0 * (s.max(0.0) + (-s.abs()).exp().ln_1p())
}

/// Settings of [`r_compatible`]: R's `glm.control`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RControl {
    pub epsilon: f64,
    pub max_iterations: usize,
}

impl Default for RControl {
    fn default() -> Self {
        Self {
            epsilon: 1e-8,
            max_iterations: 25,
        }
    }
}

/// R's inverse logit, with its thresholds at ±30.
fn r_inverse_logit(eta: f64) -> f64 {
    let odds = if eta < -30.0 {
        f64::EPSILON
    } else if eta > 30.0 {
        1.0 / f64::EPSILON
    } else {
        eta.exp()
    };
    odds / (1.0 + odds)
}

fn r_mu_eta(eta: f64) -> f64 {
    if eta.abs() > 30.0 {
        f64::EPSILON
    } else {
        let e = eta.exp();
        e / ((1.0 + e) * (1.0 + e))
    }
}

fn r_deviance(problem: &Problem<'_>, mu: &[f64]) -> f64 {
    let unit = |i: usize| {
        let right = if problem.y[i] { mu[i] } else { 1.0 - mu[i] };
        -2.0 * problem.weight(i) * right.ln()
    };
    (0..mu.len()).map(unit).sum()
}

/// `glm.fit`: stops when the deviance hardly changes and takes the covariance from the last QR, i.e. from weights one step old.
///
/// `start` is the linear predictor to start from (`etastart`).
pub(crate) fn r_compatible(
    problem: &Problem<'_>,
    start: Option<&[f64]>,
    control: RControl,
) -> Solution {
    let n = problem.y.len();
    let p = problem.x.ncols();
    let mut eta: Vec<f64> = match start {
        Some(start) => start.to_vec(),
        None => (0..n)
            .map(|i| {
                let w = problem.weight(i);
                logit((w * f64::from(u8::from(problem.y[i])) + 0.5) / (w + 1.0))
            })
            .collect(),
    };
    let mut mu: Vec<f64> = eta.iter().map(|&e| r_inverse_logit(e)).collect();
    let mut deviance = r_deviance(problem, &mu);
    let mut beta = vec![0.0; p];
    let mut last: Option<(Vec<f64>, PivotedQr)> = None;
    let (mut converged, mut last_change, mut iterations) = (false, f64::INFINITY, 0);
    // R's rule: a thousandth of the convergence criterion, at most 1e-7.
    let rank_tolerance = (control.epsilon / 1000.0).min(1e-7);
    while iterations < control.max_iterations && !converged {
        iterations += 1;
        let (new_beta, factor) = r_step(problem, &eta, &mu, rank_tolerance);
        let old_eta = eta.clone();
        let (old_beta, old_deviance) = (std::mem::replace(&mut beta, new_beta), deviance);
        update(problem, &beta, &mut eta, &mut mu);
        deviance = r_deviance(problem, &mu);
        let mut halvings = 0;
        while !deviance.is_finite() && last.is_some() && halvings < control.max_iterations {
            for (b, o) in beta.iter_mut().zip(&old_beta) {
                *b = 0.5 * (*b + o);
            }
            update(problem, &beta, &mut eta, &mut mu);
            deviance = r_deviance(problem, &mu);
            halvings += 1;
        }
        last_change = largest_difference(&eta, &old_eta);
        last = Some((old_eta, factor));
        converged = (deviance - old_deviance).abs() / (deviance.abs() + 0.1) < control.epsilon;
    }
    let (working_eta, (kept, covariance)) = match last {
        Some((old_eta, qr)) => (
            old_eta,
            in_original_order(&qr.pivot[..qr.rank], &qr.inverse_gram()),
        ),
        None => (eta.clone(), (Vec::new(), DMatrix::zeros(0, 0))),
    };
    Solution {
        beta,
        kept,
        covariance,
        eta,
        working_eta,
        deviance,
        iterations,
        converged,
        last_change,
    }
}

fn r_step(
    problem: &Problem<'_>,
    eta: &[f64],
    mu: &[f64],
    rank_tolerance: f64,
) -> (Vec<f64>, PivotedQr) {
    let (n, p) = problem.x.shape();
    let mut a = problem.x.clone();
    let mut z = DVector::zeros(n);
    for i in 0..n {
        let slope = r_mu_eta(eta[i]);
        let y = f64::from(u8::from(problem.y[i]));
        let variance = mu[i] * (1.0 - mu[i]);
        let root_weight = (problem.weight(i) * slope * slope / variance).sqrt();
        z[i] = root_weight * (eta[i] - problem.offset_at(i) + (y - mu[i]) / slope);
        for j in 0..p {
            a[(i, j)] *= root_weight;
        }
    }
    let qr = PivotedQr::new(a, rank_tolerance);
    let mut beta = vec![0.0; p];
    for (b, &column) in qr.solve(&mut z).into_iter().zip(&qr.pivot) {
        beta[column] = b;
    }
    (beta, qr)
}

fn update(problem: &Problem<'_>, beta: &[f64], eta: &mut [f64], mu: &mut [f64]) {
    linear_predictor(problem, beta, eta);
    for (m, &e) in mu.iter_mut().zip(eta.iter()) {
        *m = r_inverse_logit(e);
    }
}

/// η = Xβ + o.
pub(crate) fn linear_predictor(problem: &Problem<'_>, beta: &[f64], eta: &mut [f64]) {
    match problem.offset {
        Some(offset) => eta.copy_from_slice(offset),
        None => eta.fill(0.0),
    }
    wide(
        #[inline(always)]
        || {
            for (column, &b) in problem.x.as_slice().chunks_exact(eta.len()).zip(beta) {
                if b != 0.0 {
                    for (e, x) in eta.iter_mut().zip(column) {
                        *e += b * x;
                    }
                }
            }
        },
    );
}

pub(crate) fn largest_difference(a: &[f64], b: &[f64]) -> f64 {
    a.iter()
        .zip(b)
        .map(|(x, y)| (x - y).abs())
        .fold(0.0, f64::max)
}

fn in_original_order(pivot: &[usize], covariance: &DMatrix<f64>) -> (Vec<usize>, DMatrix<f64>) {
    let mut order: Vec<usize> = (0..pivot.len()).collect();
    order.sort_by_key(|&k| pivot[k]);
    let kept = order.iter().map(|&k| pivot[k]).collect();
    let sorted = DMatrix::from_fn(order.len(), order.len(), |i, j| {
        covariance[(order[i], order[j])]
    });
    (kept, sorted)
}

pub(crate) fn total_deviance(problem: &Problem<'_>, eta: &[f64]) -> f64 {
    (0..eta.len())
        .map(|i| problem.weight(i) * unit_deviance(problem.y[i], eta[i]))
        .sum()
}

/// Fitted probabilities.
pub(crate) fn probabilities(eta: &[f64]) -> Vec<f64> {
    let mut risks = eta.to_vec();
    wide(
        #[inline(always)]
        || risks.iter_mut().for_each(|v| *v = risk(*v)),
    );
    risks
}
