//! The two-parameter logistic regressions of recalibration, by Newton's method.

use crate::error::{Error, Result};
use crate::special::{expit, logit};

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

/// Newton step of intercept and slope, and the diagonal of the inverse information.
fn solve(d: &Derivatives) -> ([f64; 2], [f64; 2]) {
    let [i00, i01, i11] = d.information;
    // Eliminating the intercept first keeps the determinant from cancelling.
    let slope_information = i11 - i01 / i00 * i01;
    let v11 = 1.0 / slope_information;
    let v00 = (i11 / i00) * v11;
    let slope_step = (d.score[1] - i01 / i00 * d.score[0]) * v11;
    let intercept_step = (d.score[0] - i01 * slope_step) / i00;
    ([intercept_step, slope_step], [v00, v11])
}

/// Fits `logit P(y) = a + b x`.
///
/// # Errors
/// [`Error::SingleClass`], [`Error::Undefined`] if there is no finite slope, [`Error::NotConverged`].
pub(super) fn fit(x: &[f64], y: &[bool], design: Design) -> Result<Fit> {
    let n_events = y.iter().filter(|&&y| y).count();
    if n_events == 0 || n_events == y.len() {
        return Err(Error::SingleClass {
            events: n_events,
            n: y.len(),
        });
    }
    let share = n_events as f64 / y.len() as f64;
    match design {
        Design::Offset => fit_offset(x, y, logit(share)),
        Design::Slope => {
            finite_slope(x, y)?;
            fit_slope(x, y, logit(share))
        }
    }
}

/// A slope is finite if there is no cut-off with all events on one side and all others on the
/// other, subjects at the cut-off left out.
fn finite_slope(x: &[f64], y: &[bool]) -> Result<()> {
    let mut range = [(f64::INFINITY, f64::NEG_INFINITY); 2];
    for (&x, &event) in x.iter().zip(y) {
        let (low, high) = &mut range[usize::from(event)];
        *low = low.min(x);
        *high = high.max(x);
    }
    let [(low0, high0), (low1, high1)] = range;
    let undefined = |reason| Error::Undefined {
        statistic: "the calibration slope",
        reason,
    };
    if low0.min(low1) == high0.max(high1) {
        return Err(undefined("all risks are equal"));
    }
    if high0 <= low1 || high1 <= low0 {
        return Err(undefined(
            "a cut-off separates the classes, so it is infinite",
        ));
    }
    Ok(())
}

/// Whether a step is rounding: tiny, or small and no smaller than half of the one before it, where
/// Newton's method should have squared it.
fn settled(change: f64, previous: f64, size: f64) -> bool {
    let scale = 1.0 + size;
    change <= 1e-14 * scale || (change <= 1e-9 * scale && change >= 0.5 * previous)
}

/// Newton's method between bounds: the score falls as `a` grows.
fn fit_offset(x: &[f64], y: &[bool], rate: f64) -> Result<Fit> {
    const LIMIT: usize = 200;
    let (mut low, mut high) = x
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), &x| {
            (l.min(rate - x), h.max(rate - x))
        });
    let mut a = 0.0_f64.clamp(low, high);
    let mut last_change = f64::INFINITY;
    for _ in 0..LIMIT {
        let d = derivatives(x, y, a, 1.0);
        if d.score[0] > 0.0 {
            low = a;
        } else {
            high = a;
        }
        let newton = a + d.score[0] / d.information[0];
        let next = if newton >= low && newton <= high {
            newton
        } else {
            0.5 * (low + high)
        };
        let change = (next - a).abs();
        let done = settled(change, last_change, a.abs());
        last_change = change;
        if done {
            return Ok(Fit {
                intercept: a,
                intercept_se: (1.0 / d.information[0]).sqrt(),
                slope: 1.0,
                slope_se: 0.0,
                log_likelihood: log_likelihood(x, y, a, 1.0),
            });
        }
        a = next;
    }
    Err(Error::NotConverged {
        what: "calibration in the large",
        iterations: LIMIT,
        last_change,
    })
}

/// Newton's method from the event rate, with steps halved where the likelihood would fall.
fn fit_slope(x: &[f64], y: &[bool], rate: f64) -> Result<Fit> {
    const LIMIT: usize = 200;
    let (mut a, mut b) = (rate, 0.0);
    let mut log_lik = log_likelihood(x, y, a, b);
    let mut last_change = f64::INFINITY;
    for _ in 0..LIMIT {
        let (step, inverse) = solve(&derivatives(x, y, a, b));
        let change = step[0].abs().max(step[1].abs());
        let done = settled(change, last_change, a.abs().max(b.abs()));
        last_change = change;
        if !last_change.is_finite() {
            break;
        }
        if done {
            return Ok(Fit {
                intercept: a,
                intercept_se: inverse[0].sqrt(),
                slope: b,
                slope_se: inverse[1].sqrt(),
                log_likelihood: log_lik,
            });
        }
        // Near the maximum rounding may lower the likelihood.
        let mut share = 1.0;
        (a, b, log_lik) = loop {
            let (na, nb) = (a + share * step[0], b + share * step[1]);
            let l = log_likelihood(x, y, na, nb);
            if l >= log_lik - 1e-12 * log_lik.abs() || share < 1e-6 {
                break (na, nb, l);
            }
            share *= 0.5;
        };
    }
    Err(Error::NotConverged {
        what: "logistic recalibration",
        iterations: LIMIT,
        last_change,
    })
}
