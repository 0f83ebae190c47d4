//! The numerical core of logistic regression: iteratively reweighted least squares as R's `glm.fit`, and Newton's method to convergence.
//!
//! Symbols: η linear predictor, μ = 1/(1+e^-η), w case weights, o offset.

use eval_stats::special::{expit, logit};
use nalgebra::{DMatrix, DVector};

use crate::linalg::{PivotedQr, cholesky};

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
    for (i, e) in eta.iter_mut().enumerate() {
        *e = problem.offset_at(i);
    }
    for (j, &b) in beta.iter().enumerate() {
        if b != 0.0 {
            for (e, x) in eta.iter_mut().zip(problem.x.column(j).iter()) {
                *e += b * x;
            }
        }
    }
}

fn largest_difference(a: &[f64], b: &[f64]) -> f64 {
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

/// Columns centered and scaled to unit variance, so that Newton's method meets a well-conditioned matrix whatever the units.
pub(crate) struct Standardized {
    pub z: DMatrix<f64>,
    pub mean: Vec<f64>,
    pub scale: Vec<f64>,
    /// Columns of the original matrix that are neither constant nor combinations of earlier ones; the intercept is the first.
    pub kept: Vec<usize>,
}

/// Relative length below which what is left of a column counts as nothing; R's `lm` default.
const RANK_TOLERANCE: f64 = 1e-7;

impl Standardized {
    pub fn new(x: &DMatrix<f64>) -> Self {
        let (n, p) = x.shape();
        let mut mean = vec![0.0; p];
        let mut scale = vec![1.0; p];
        let mut z = x.clone();
        let mut varying = vec![0];
        for j in 1..p {
            let column = x.column(j);
            if column.iter().all(|&v| v == column[0]) {
                continue;
            }
            let m = column.iter().sum::<f64>() / n as f64;
            let s = (column.iter().map(|v| (v - m) * (v - m)).sum::<f64>() / n as f64).sqrt();
            // Values that differ by less than their own rounding carry no information.
            if s > 0.0 && s.is_finite() {
                mean[j] = m;
                scale[j] = s;
                z.column_mut(j).iter_mut().for_each(|v| *v = (*v - m) / s);
                varying.push(j);
            }
        }
        let z = z.select_columns(&varying);
        let qr = PivotedQr::new(z.clone(), RANK_TOLERANCE);
        let mut sound = qr.pivot[..qr.rank].to_vec();
        sound.sort_unstable();
        let kept: Vec<usize> = sound.iter().map(|&k| varying[k]).collect();
        let z = if sound.len() == varying.len() {
            z
        } else {
            z.select_columns(&sound)
        };
        let mean = kept.iter().map(|&j| mean[j]).collect();
        let scale = kept.iter().map(|&j| scale[j]).collect();
        Self {
            z,
            mean,
            scale,
            kept,
        }
    }

    /// Columns as they are; all of them, without a look at their rank.
    pub fn identity(x: &DMatrix<f64>) -> Self {
        let p = x.ncols();
        Self {
            z: x.clone(),
            mean: vec![0.0; p],
            scale: vec![1.0; p],
            kept: (0..p).collect(),
        }
    }

    /// Coefficients of the original columns.
    pub fn back(&self, gamma: &[f64], p: usize) -> Vec<f64> {
        let mut beta = vec![0.0; p];
        for (k, &j) in self.kept.iter().enumerate().skip(1) {
            beta[j] = gamma[k] / self.scale[k];
            beta[0] -= beta[j] * self.mean[k];
        }
        beta[0] += gamma[0];
        beta
    }

    /// Covariance of the coefficients of the original columns.
    pub fn back_covariance(&self, covariance: &DMatrix<f64>) -> DMatrix<f64> {
        let r = self.kept.len();
        let mut t = DMatrix::zeros(r, r);
        t[(0, 0)] = 1.0;
        for k in 1..r {
            t[(k, k)] = 1.0 / self.scale[k];
            t[(0, k)] = -self.mean[k] / self.scale[k];
        }
        &t * covariance * t.transpose()
    }
}

/// Log-likelihood, score and information at one point.
pub(crate) struct Derivatives {
    pub deviance: f64,
    pub score: DVector<f64>,
    pub information: DMatrix<f64>,
}

/// Rows taken together, so that a block of all columns stays in the cache.
const BLOCK: usize = 256;

pub(crate) fn derivatives(problem: &Problem<'_>, z: &DMatrix<f64>, eta: &[f64]) -> Derivatives {
    let (n, p) = z.shape();
    let mut score = DVector::zeros(p);
    let mut information = DMatrix::zeros(p, p);
    let mut deviance = 0.0;
    let mut weighted = [0.0; BLOCK];
    let mut residual = [0.0; BLOCK];
    let mut weight = [0.0; BLOCK];
    let mut start = 0;
    while start < n {
        let len = BLOCK.min(n - start);
        for k in 0..len {
            let i = start + k;
            let w = problem.weight(i);
            // One exponential serves the deviance, the mean and the variance.
            let e = (-eta[i].abs()).exp();
            let small = e / (1.0 + e);
            let mu = if eta[i] >= 0.0 {
                1.0 / (1.0 + e)
            } else {
                small
            };
            let wrong_side = (eta[i] >= 0.0) != problem.y[i];
            deviance += 2.0 * w * (e.ln_1p() + if wrong_side { eta[i].abs() } else { 0.0 });
            residual[k] = w * match (problem.y[i], eta[i] >= 0.0) {
                (true, true) => small,
                (true, false) => 1.0 - mu,
                (false, _) => -mu,
            };
            weight[k] = w * small / (1.0 + e);
        }
        for j in 0..p {
            let column = &z.as_slice()[j * n + start..j * n + start + len];
            let mut sum = 0.0;
            for k in 0..len {
                sum += column[k] * residual[k];
                weighted[k] = column[k] * weight[k];
            }
            score[j] += sum;
            for l in 0..=j {
                let other = &z.as_slice()[l * n + start..l * n + start + len];
                information[(l, j)] += dot(&weighted[..len], other);
            }
        }
        start += len;
    }
    for j in 0..p {
        for l in 0..j {
            information[(j, l)] = information[(l, j)];
        }
    }
    Derivatives {
        deviance,
        score,
        information,
    }
}

/// Dot product in four independent sums, which the processor can run side by side.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; 4];
    let (a4, a_rest) = a.as_chunks::<4>();
    let (b4, b_rest) = b.as_chunks::<4>();
    for (x, y) in a4.iter().zip(b4) {
        for k in 0..4 {
            sums[k] += x[k] * y[k];
        }
    }
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(x, y)| x * y).sum();
    (sums[0] + sums[1]) + (sums[2] + sums[3]) + rest
}

pub(crate) fn total_deviance(problem: &Problem<'_>, eta: &[f64]) -> f64 {
    (0..eta.len())
        .map(|i| problem.weight(i) * unit_deviance(problem.y[i], eta[i]))
        .sum()
}

/// Newton's method with step halving, to convergence; the covariance is the inverse information at the estimate.
///
/// Gives up (`converged: false`) when the iterations end or the information loses rank, which on legal data happens under separation.
pub(crate) fn newton(problem: &Problem<'_>, max_iterations: usize) -> Solution {
    let basis = Standardized::new(problem.x);
    let mut gamma = vec![0.0; basis.kept.len()];
    gamma[0] = start_intercept(problem);
    newton_on(problem, basis, gamma, max_iterations)
}

/// [`newton`] on columns that need neither an intercept nor scaling, from the coefficients that fit `start_eta` best. Used for profiles.
pub(crate) fn newton_from(problem: &Problem<'_>, start_eta: &[f64]) -> Solution {
    let qr = PivotedQr::new(problem.x.clone(), 0.0);
    let mut target = DVector::from_fn(start_eta.len(), |i, _| start_eta[i] - problem.offset_at(i));
    let mut gamma = vec![0.0; problem.x.ncols()];
    for (g, &j) in qr.solve(&mut target).into_iter().zip(&qr.pivot) {
        gamma[j] = g;
    }
    newton_on(problem, Standardized::identity(problem.x), gamma, 50)
}

fn newton_on(
    problem: &Problem<'_>,
    basis: Standardized,
    mut gamma: Vec<f64>,
    max_iterations: usize,
) -> Solution {
    let r = basis.kept.len();
    let on_z = Problem {
        x: &basis.z,
        ..*problem
    };
    let mut eta = vec![0.0; problem.y.len()];
    linear_predictor(&on_z, &gamma, &mut eta);
    let mut here = derivatives(problem, &basis.z, &eta);
    let (mut converged, mut last_change, mut iterations) = (false, f64::INFINITY, 0);
    let mut inverse = None;
    loop {
        let Some(factor) = cholesky(here.information.clone()) else {
            converged = false;
            break;
        };
        if converged || iterations == max_iterations {
            inverse = Some(factor.inverse());
            break;
        }
        let step = factor.solve(&here.score);
        iterations += 1;
        let old_eta = eta.clone();
        let fraction = damped_step(&on_z, &mut gamma, &step, &mut eta, here.deviance);
        last_change = largest_difference(&eta, &old_eta);
        let size = gamma.iter().map(|g| g.abs()).fold(1.0, f64::max);
        // Newton's error is about the square of its step: below 1e-8 what is left is rounding.
        converged = fraction == 1.0 && step.iter().all(|s| s.abs() <= 1e-8 * size);
        here = derivatives(problem, &basis.z, &eta);
    }
    let covariance = basis.back_covariance(&inverse.unwrap_or_else(|| DMatrix::zeros(r, r)));
    Solution {
        beta: basis.back(&gamma, problem.x.ncols()),
        kept: basis.kept,
        covariance,
        working_eta: eta.clone(),
        eta,
        deviance: here.deviance,
        iterations,
        converged,
        last_change,
    }
}

/// Takes the step, or the half, the quarter … of it until the deviance does not rise; returns the fraction taken.
fn damped_step(
    on_z: &Problem<'_>,
    gamma: &mut [f64],
    step: &DVector<f64>,
    eta: &mut [f64],
    old_deviance: f64,
) -> f64 {
    let old = gamma.to_vec();
    let mut fraction = 1.0;
    for _ in 0..40 {
        for (k, g) in gamma.iter_mut().enumerate() {
            *g = old[k] + fraction * step[k];
        }
        linear_predictor(on_z, gamma, eta);
        if total_deviance(on_z, eta) <= old_deviance * (1.0 + 1e-12) + f64::MIN_POSITIVE {
            break;
        }
        fraction *= 0.5;
    }
    fraction
}

/// Log odds of the event, where Newton's method starts.
fn start_intercept(problem: &Problem<'_>) -> f64 {
    let n = problem.y.len();
    let total: f64 = (0..n).map(|i| problem.weight(i)).sum();
    let events: f64 = (0..n)
        .filter(|&i| problem.y[i])
        .map(|i| problem.weight(i))
        .sum();
    let offset: f64 = (0..n)
        .map(|i| problem.weight(i) * problem.offset_at(i))
        .sum::<f64>()
        / total;
    ((events + 0.5) / (total - events + 0.5)).ln() - offset
}

/// Fitted probabilities.
pub(crate) fn probabilities(eta: &[f64]) -> Vec<f64> {
    eta.iter().map(|&e| expit(e)).collect()
}
