//! The exact maximum likelihood estimate by Newton's method, on standardized columns.
//!
//! With s = +1 for events and -1 for others, a row has the deviance `2 ln (1 + e^(-s η))`. One exponential of -|η| serves deviance, mean and
//! variance; rows are taken in blocks, so that a block of all columns stays in the cache and each loop over it can be done by vector
//! instructions. Every block is summed alike, whatever the number of threads.

use eval_stats::wide::in_lanes;
use nalgebra::{Cholesky, DMatrix, DVector, Dyn};
use pulp::{Simd, WithSimd};

use crate::irls::{Problem, Solution, largest_difference, linear_predictor};
use crate::linalg::{PivotedQr, cholesky};
use crate::numeric::{exp_of_negative, ln_from_1_to_2};
use crate::products::{BLOCK, ColumnBlock, mirror, products};
use crate::standardized::Standardized;

/// Where the iteration starts.
pub(crate) enum Start<'a> {
    /// The intercept alone, at the log odds of the event.
    Null,
    /// These coefficients of the original columns.
    Beta(&'a [f64]),
    /// The coefficients that come nearest to this linear predictor.
    Eta(&'a [f64]),
}

/// What is to be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// The estimate, its deviance and linear predictor; the covariance is left empty.
    Estimate,
    /// The covariance at the estimate besides.
    Covariance,
}

/// Newton's method with step halving, to convergence; the covariance is the inverse information at the estimate.
///
/// Gives up (`converged: false`) when the iterations end or the information loses rank, which on legal data happens under separation.
pub(crate) fn newton(problem: &Problem<'_>, max_iterations: usize) -> Solution {
    newton_from(problem, &Start::Null, Wanted::Covariance, max_iterations)
}

/// [`newton`] from a start of the caller's choice.
pub(crate) fn newton_from(
    problem: &Problem<'_>,
    start: &Start<'_>,
    wanted: Wanted,
    max_iterations: usize,
) -> Solution {
    let basis = Standardized::new(problem.x, problem.weights);
    let gamma = start_on(problem, &basis, start);
    newton_on(problem, basis, gamma, wanted, max_iterations)
}

/// [`newton`] on columns without an intercept, from a linear predictor.
pub(crate) fn newton_without_intercept(problem: &Problem<'_>, eta: &[f64]) -> Solution {
    let basis = Standardized::without_intercept(problem.x);
    let gamma = start_on(problem, &basis, &Start::Eta(eta));
    newton_on(problem, basis, gamma, Wanted::Covariance, 50)
}

fn start_on(problem: &Problem<'_>, basis: &Standardized, start: &Start<'_>) -> Vec<f64> {
    let r = basis.kept.len();
    match start {
        Start::Null => {
            let mut gamma = vec![0.0; r];
            gamma[0] = start_intercept(problem);
            gamma
        }
        Start::Beta(beta) => basis.forward(beta),
        Start::Eta(eta) => {
            let qr = PivotedQr::new(basis.z.clone(), 0.0);
            let mut target = DVector::from_fn(eta.len(), |i, _| eta[i] - problem.offset_at(i));
            let mut gamma = vec![0.0; r];
            for (g, &j) in qr.solve(&mut target).into_iter().zip(&qr.pivot) {
                gamma[j] = g;
            }
            gamma
        }
    }
}

/// Newton's method on standardized columns, from `gamma`.
pub(crate) fn newton_on(
    problem: &Problem<'_>,
    basis: Standardized,
    mut gamma: Vec<f64>,
    wanted: Wanted,
    max_iterations: usize,
) -> Solution {
    let r = basis.kept.len();
    let rows = Rows::new(problem, &basis.z);
    let mut eta = vec![0.0; problem.y.len()];
    let mut old_eta = eta.clone();
    rows.linear_predictor(&gamma, &mut eta);
    let mut here = rows.derivatives(&eta);
    let mut next = Derivatives::zeros(r);
    let (mut converged, mut last_change, mut iterations) = (false, f64::INFINITY, 0);
    let mut root = None;
    loop {
        let Some(system) = rows.system(&here, &eta) else {
            converged = false;
            break;
        };
        if converged || iterations == max_iterations {
            root = Some(system.root());
            break;
        }
        let step = system.solve(&here.score);
        iterations += 1;
        // Newton's error is about the square of its step: below 1e-8 what is left is rounding.
        let size = gamma.iter().map(|g| g.abs()).fold(1.0, f64::max);
        let last = step.iter().all(|s| s.abs() <= 1e-8 * size);
        std::mem::swap(&mut eta, &mut old_eta);
        if last && wanted == Wanted::Estimate {
            // The deviance changes by the square of the step, which is nothing.
            gamma.iter_mut().zip(&step).for_each(|(g, s)| *g += s);
            rows.linear_predictor(&gamma, &mut eta);
            last_change = largest_difference(&eta, &old_eta);
            converged = true;
            break;
        }
        let fraction = rows.damped(&mut gamma, &step, &mut eta, here.deviance, &mut next);
        std::mem::swap(&mut here, &mut next);
        last_change = largest_difference(&eta, &old_eta);
        converged = fraction == 1.0 && last;
    }
    let covariance = match (root, wanted) {
        (Some(root), Wanted::Covariance) => basis.back_covariance_of_root(&root),
        (None, Wanted::Covariance) => DMatrix::zeros(r, r),
        (_, Wanted::Estimate) => DMatrix::zeros(0, 0),
    };
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

/// Deviance, score and information at one point.
pub(crate) struct Derivatives {
    pub deviance: f64,
    pub score: DVector<f64>,
    pub information: DMatrix<f64>,
}

impl Derivatives {
    fn zeros(r: usize) -> Self {
        Self {
            deviance: 0.0,
            score: DVector::zeros(r),
            information: DMatrix::zeros(r, r),
        }
    }
}

/// Squared relative length of what is left of a column beside those before it, from which the products of the columns give a covariance to
/// ten digits. Below, their rounding shows in it, and a QR of the columns themselves takes over.
const WELL_CONDITIONED: f64 = 1e-5;

/// Relative length below which nothing is left of a weighted column.
const LOST: f64 = 1e-13;

/// The information, ready to be solved.
enum System {
    Factor(Cholesky<f64, Dyn>),
    /// A matrix A with `A Aᵀ` the inverse.
    Root(DMatrix<f64>),
}

impl System {
    fn solve(&self, score: &DVector<f64>) -> DVector<f64> {
        match self {
            System::Factor(factor) => factor.solve(score),
            System::Root(root) => root * root.tr_mul(score),
        }
    }

    /// A matrix A with `A Aᵀ` the inverse.
    fn root(&self) -> DMatrix<f64> {
        match self {
            System::Factor(factor) => {
                let mut inverse =
                    DMatrix::identity(factor.l_dirty().nrows(), factor.l_dirty().nrows());
                factor.l_dirty().solve_lower_triangular_mut(&mut inverse);
                inverse.transpose()
            }
            System::Root(root) => root.clone(),
        }
    }
}

/// What the rows of one block give at a linear predictor.
struct Block {
    residual: [f64; BLOCK],
    weight: [f64; BLOCK],
    /// 1 + e^-|η|.
    sum: [f64; BLOCK],
    /// How far η lies on the wrong side.
    wrong: [f64; BLOCK],
}

/// The rows of a problem on standardized columns.
struct Rows<'a> {
    z: &'a DMatrix<f64>,
    problem: &'a Problem<'a>,
    /// +1 for events, -1 for others.
    sign: Vec<f64>,
}

impl<'a> Rows<'a> {
    fn new(problem: &'a Problem<'a>, z: &'a DMatrix<f64>) -> Self {
        Self {
            z,
            problem,
            sign: signs(problem.y),
        }
    }

    fn linear_predictor(&self, gamma: &[f64], eta: &mut [f64]) {
        let on_z = Problem {
            x: self.z,
            ..*self.problem
        };
        linear_predictor(&on_z, gamma, eta);
    }

    fn derivatives(&self, eta: &[f64]) -> Derivatives {
        let mut out = Derivatives::zeros(self.z.ncols());
        self.derivatives_into(eta, &mut out);
        out
    }

    fn derivatives_into(&self, eta: &[f64], out: &mut Derivatives) {
        in_lanes(AddRows {
            rows: self,
            eta,
            out,
        });
    }

    /// `None` if the information has lost its rank.
    fn system(&self, here: &Derivatives, eta: &[f64]) -> Option<System> {
        let factor = cholesky(here.information.clone());
        if let Some(factor) = factor.filter(|f| {
            let l = f.l_dirty();
            (0..l.nrows())
                .all(|k| l[(k, k)] * l[(k, k)] > WELL_CONDITIONED * here.information[(k, k)])
        }) {
            return Some(System::Factor(factor));
        }
        let mut weighted = self.z.clone();
        for (i, &e) in eta.iter().enumerate() {
            let half = (-0.5 * e.abs()).exp();
            // √(μ (1 - μ)) = e^(-|η|/2) / (1 + e^-|η|)
            let root = self.problem.weight(i).sqrt() * half / (1.0 + half * half);
            weighted.row_mut(i).iter_mut().for_each(|v| *v *= root);
        }
        let qr = PivotedQr::new(weighted, LOST);
        (qr.rank == self.z.ncols()).then(|| System::Root(qr.inverse_r()))
    }

    /// Takes the step, or the half, the quarter … of it until the deviance does not rise; returns the fraction taken.
    fn damped(
        &self,
        gamma: &mut [f64],
        step: &DVector<f64>,
        eta: &mut [f64],
        old_deviance: f64,
        next: &mut Derivatives,
    ) -> f64 {
        let old = gamma.to_vec();
        // What rounding may add to a sum of so many rows is no rise.
        let most = old_deviance * (1.0 + 1e-12) + eta.len() as f64 * f64::EPSILON;
        let mut fraction = 1.0;
        for _ in 0..40 {
            for ((g, o), s) in gamma.iter_mut().zip(&old).zip(step.iter()) {
                *g = o + fraction * s;
            }
            self.linear_predictor(gamma, eta);
            self.derivatives_into(eta, next);
            if next.deviance <= most {
                break;
            }
            fraction *= 0.5;
        }
        fraction
    }
}

/// The task of [`Rows::derivatives_into`].
struct AddRows<'a> {
    rows: &'a Rows<'a>,
    eta: &'a [f64],
    out: &'a mut Derivatives,
}

impl WithSimd for AddRows<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { rows, eta, out } = self;
        let (n, r) = rows.z.shape();
        out.deviance = 0.0;
        out.score.fill(0.0);
        out.information.fill(0.0);
        let mut block = Block::new();
        let mut weighted = [0.0; BLOCK];
        for start in (0..n).step_by(BLOCK) {
            let columns = ColumnBlock::new(rows.z, start);
            let here = start..n.min(start + BLOCK);
            let len = here.len();
            block.fill(&eta[here.clone()], &rows.sign[here.clone()]);
            let case_weights = rows.problem.weights.map(|w| &w[here]);
            out.deviance += block.deviance(simd, len, case_weights);
            columns.add_products(simd, &block.residual[..len], out.score.as_mut_slice());
            for j in 0..r {
                let weighted = &mut weighted[..len];
                for ((v, c), w) in weighted
                    .iter_mut()
                    .zip(columns.column(j))
                    .zip(&block.weight)
                {
                    *v = c * w;
                }
                let products = &mut out.information.as_mut_slice()[j * r..=j * r + j];
                columns.add_products(simd, weighted, products);
            }
        }
        mirror(&mut out.information);
    }
}

impl Block {
    fn new() -> Self {
        Self {
            residual: [0.0; BLOCK],
            weight: [0.0; BLOCK],
            sum: [1.0; BLOCK],
            wrong: [0.0; BLOCK],
        }
    }

    /// Without case weights.
    #[inline(always)]
    fn fill(&mut self, eta: &[f64], sign: &[f64]) {
        let len = eta.len();
        let (sum, wrong) = (&mut self.sum[..len], &mut self.wrong[..len]);
        let (residual, weight) = (&mut self.residual[..len], &mut self.weight[..len]);
        for k in 0..len {
            // The exponent of the odds against what happened.
            let against = -sign[k] * eta[k];
            let e = exp_of_negative(-against.abs());
            let one = 1.0 + e;
            let larger = 1.0 / one;
            let smaller = e * larger;
            sum[k] = one;
            wrong[k] = against.max(0.0);
            // The probability of what did not happen, without cancellation on either side.
            residual[k] = sign[k] * if against >= 0.0 { larger } else { smaller };
            weight[k] = smaller * larger;
        }
    }

    /// Deviance of the rows; multiplies residuals and weights by the case weights.
    #[inline(always)]
    fn deviance<S: Simd>(&mut self, simd: S, len: usize, case_weights: Option<&[f64]>) -> f64 {
        let Some(case_weights) = case_weights else {
            // The logarithm of the product of at most 256 factors below 2 is the sum of their logarithms.
            let (chunks, rest) = self.sum[..len].as_chunks::<4>();
            let mut products = [1.0; 4];
            for chunk in chunks {
                for (p, s) in products.iter_mut().zip(chunk) {
                    *p *= s;
                }
            }
            let product = products.iter().chain(rest).product::<f64>();
            return 2.0 * (product.ln() + self.wrong[..len].iter().sum::<f64>());
        };
        for (k, &w) in case_weights.iter().enumerate() {
            self.residual[k] *= w;
            self.weight[k] *= w;
            // The logarithm of the rounded sum is exact enough in a total of which each row is a part.
            self.sum[k] = ln_from_1_to_2(self.sum[k]) + self.wrong[k];
        }
        2.0 * products(simd, case_weights, [&self.sum[..len]])[0]
    }
}

/// Deviance at a linear predictor.
pub(crate) fn deviance(y: &[bool], eta: &[f64], weights: &[f64]) -> f64 {
    in_lanes(DevianceAt {
        sign: &signs(y),
        eta,
        weights,
    })
}

struct DevianceAt<'a> {
    sign: &'a [f64],
    eta: &'a [f64],
    weights: &'a [f64],
}

impl WithSimd for DevianceAt<'_> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f64 {
        let mut block = Block::new();
        let mut deviance = 0.0;
        let rows = self.eta.chunks(BLOCK).zip(self.sign.chunks(BLOCK));
        for ((eta, sign), weights) in rows.zip(self.weights.chunks(BLOCK)) {
            block.fill(eta, sign);
            deviance += block.deviance(simd, eta.len(), Some(weights));
        }
        deviance
    }
}

fn signs(y: &[bool]) -> Vec<f64> {
    y.iter().map(|&y| if y { 1.0 } else { -1.0 }).collect()
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
