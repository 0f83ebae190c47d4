//! The two-parameter logistic regressions of recalibration, by Newton's method.

use crate::error::{Error, Result};
use crate::special::expit;

/// What is estimated besides the intercept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Design {
    /// Nothing: `x` is an offset (slope 1).
    Offset,
    /// The slope of `x`.
    Slope,
}

/// A converged fit.
pub(super) struct Fit {
    pub intercept: f64,
    pub intercept_se: f64,
    pub slope: f64,
    pub slope_se: f64,
    pub log_likelihood: f64,
}

/// `Σ y η - ln(1 + e^η)` with `η = a + b x`, without overflow.
pub(super) fn log_likelihood(x: &[f64], y: &[bool], a: f64, b: f64) -> f64 {
    x.iter()
        .zip(y)
        .map(|(&x, &event)| {
            let eta = a + b * x;
            // ln P of what happened is -ln(1 + e^-|η|), less |η| if the likelier did not happen.
            let surprise = if event { -eta } else { eta };
            -(surprise.max(0.0) + (-eta.abs()).exp().ln_1p())
        })
        .sum()
}

struct Derivatives {
    score: [f64; 2],
    /// Upper triangle of the information: intercept, mixed, slope.
    information: [f64; 3],
}

fn derivatives(x: &[f64], y: &[bool], a: f64, b: f64) -> Derivatives {
    let mut d = Derivatives {
        score: [0.0; 2],
        information: [0.0; 3],
    };
    for (&x, &event) in x.iter().zip(y) {
        let mu = expit(a + b * x);
        let residual = f64::from(u8::from(event)) - mu;
        let w = mu * (1.0 - mu);
        d.score[0] += residual;
        d.score[1] += residual * x;
        d.information[0] += w;
        d.information[1] += w * x;
        d.information[2] += w * x * x;
    }
    d
}

/// Inverse of the information and the Newton step.
fn solve(d: &Derivatives, design: Design) -> ([f64; 2], [f64; 2]) {
    let [i00, i01, i11] = d.information;
    match design {
        Design::Offset => ([d.score[0] / i00, 0.0], [1.0 / i00, 0.0]),
        Design::Slope => {
            // Eliminating the intercept first keeps the determinant from cancelling.
            let slope_information = i11 - i01 / i00 * i01;
            let v11 = 1.0 / slope_information;
            let v00 = (i11 / i00) * v11;
            let slope_step = (d.score[1] - i01 / i00 * d.score[0]) * v11;
            let intercept_step = (d.score[0] - i01 * slope_step) / i00;
            ([intercept_step, slope_step], [v00, v11])
        }
    }
}

/// Fits `logit P(y) = a + b x`.
pub(super) fn fit(x: &[f64], y: &[bool], design: Design) -> Result<Fit> {
    const LIMIT: usize = 100;
    let (mut a, mut b) = (0.0, 1.0);
    let mut log_lik = log_likelihood(x, y, a, b);
    let mut last_change = f64::INFINITY;
    for _ in 0..LIMIT {
        let (step, inverse) = solve(&derivatives(x, y, a, b), design);
        last_change = step[0].abs().max(step[1].abs());
        if !last_change.is_finite() {
            break;
        }
        let scale = 1.0 + a.abs().max(b.abs());
        if last_change <= 1e-13 * scale {
            return Ok(Fit {
                intercept: a,
                intercept_se: inverse[0].sqrt(),
                slope: b,
                slope_se: inverse[1].sqrt(),
                log_likelihood: log_lik,
            });
        }
        // Halve until the likelihood does not fall; near the maximum rounding may lower it.
        let mut share = 1.0;
        let (next_a, next_b, next) = loop {
            let (na, nb) = (a + share * step[0], b + share * step[1]);
            let l = log_likelihood(x, y, na, nb);
            if l >= log_lik - 1e-12 * log_lik.abs() || share < 1e-6 {
                break (na, nb, l);
            }
            share *= 0.5;
        };
        (a, b, log_lik) = (next_a, next_b, next);
        // A perfect fit has no maximum: the slope runs away while the likelihood reaches 0.
        if log_lik > -1e-9 || b.abs() > 1e6 {
            break;
        }
    }
    Err(Error::NotConverged {
        what: "logistic recalibration",
        iterations: LIMIT,
        last_change,
    })
}
