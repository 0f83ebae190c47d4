//! The logistic model on a design: start values, probabilities, working weights and deviance.

use pulp::Simd;

use super::design::Design;
use super::kernels::{Rows, add_columns, dot, ordered_sum, sum};
use super::params::Intercept;
use crate::error::{Error, Result};
use crate::moments::range;

/// Fitted probabilities closer than this to 0 or 1 are set to 0 or 1.
pub(super) const SMALLEST_PROBABILITY: f64 = 1e-9;

/// Sum of the working weights at and below which fitted probabilities are called certain.
pub(super) const SMALLEST_WEIGHT_SUM: f64 =
    (1.0 + SMALLEST_PROBABILITY) * SMALLEST_PROBABILITY * (1.0 - SMALLEST_PROBABILITY);

/// The model without features.
pub(super) struct NullModel {
    pub(super) intercept: f64,
    /// Probabilities of the rows.
    pub(super) q: Rows,
    /// Working weights `w q (1-q)` and their sum; without an offset, rows share one probability and the sum is known.
    pub(super) v: Rows,
    pub(super) v_sum: f64,
    /// Half its deviance per unit weight.
    pub(super) half_deviance: f64,
}

impl NullModel {
    /// # Errors
    /// [`Error::SingleClass`] if weights leave one class with (almost) nothing, [`Error::BeyondRange`] for an offset that
    /// leaves intercept or deviance without a value.
    pub(super) fn new(design: &Design, intercept: Intercept) -> Result<Self> {
        let (n, w, y) = (design.n, &design.weights, &design.y);
        let event_rate = dot(n, w, y);
        if event_rate <= SMALLEST_PROBABILITY || event_rate >= 1.0 - SMALLEST_PROBABILITY {
            let events = y[..n].iter().filter(|&&y| y > 0.5).count();
            return Err(Error::SingleClass { events, n });
        }
        // An offset of zeros is none, as in the reference program.
        let offset = design.offset.as_ref().map(|o| &o[..n]);
        let offset = offset.filter(|o| o.iter().any(|&o| o != 0.0));
        let null = match (offset, intercept) {
            (None, Intercept::Fitted) => {
                let b0 = (event_rate / (1.0 - event_rate)).ln();
                let half_deviance = -(b0 * event_rate + (1.0 - event_rate).ln());
                Self::with_one_probability(design, b0, event_rate, half_deviance)
            }
            (None, Intercept::Zero) => {
                Self::with_one_probability(design, 0.0, 0.5, std::f64::consts::LN_2)
            }
            (Some(offset), Intercept::Fitted) => {
                let b0 = intercept_with_offset(n, w, y, offset);
                Self::with_offset(design, b0, offset)
            }
            (Some(offset), Intercept::Zero) => Self::with_offset(design, 0.0, offset),
        };
        if !(null.intercept.is_finite() && null.half_deviance.is_finite()) {
            let (low, high) = range(offset.unwrap_or_default());
            return Err(Error::BeyondRange {
                what: "deviance of the model without features",
                column: "offset".to_owned(),
                low,
                high,
            });
        }
        Ok(null)
    }

    fn with_one_probability(design: &Design, intercept: f64, q: f64, half_deviance: f64) -> Self {
        let (mut all, mut v) = (Rows::zeros(design.n), Rows::zeros(design.n));
        all[..design.n].fill(q);
        let v_sum = q * (1.0 - q);
        for (v, w) in v.iter_mut().zip(design.weights.iter()) {
            *v = v_sum * w;
        }
        Self {
            intercept,
            q: all,
            v,
            v_sum,
            half_deviance,
        }
    }

    fn with_offset(design: &Design, intercept: f64, offset: &[f64]) -> Self {
        let (n, w, y) = (design.n, &design.weights, &design.y);
        let (mut q, mut v) = (Rows::zeros(n), Rows::zeros(n));
        for (q, odds) in q.iter_mut().zip(exponentials(offset, -intercept)) {
            *q = 1.0 / (1.0 + odds);
        }
        let v_sum = working_weights(design, &q, &mut v);
        let likelihood = |i: usize| w[i] * (y[i] * offset[i] + (1.0 - q[i]).ln());
        let mut half_deviance = -(intercept * dot(n, w, y) + (0..n).map(likelihood).sum::<f64>());
        if !half_deviance.is_finite() {
            // A probability rounded to 1, of which the reference program makes an infinite deviance.
            let eta = |i: usize| intercept + offset[i];
            half_deviance = ordered_sum(n, |i| w[i] * (softplus(eta(i)) - y[i] * eta(i)));
        }
        Self {
            intercept,
            q,
            v,
            v_sum,
            half_deviance,
        }
    }
}

/// `ln(1 + exp x)` without overflow.
pub(super) fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

/// `η = b_0 + offset + Σ b_j x_j`, the columns added in the given order.
#[inline(always)]
pub(super) fn linear_predictor<S: Simd>(
    simd: S,
    offset: Option<&[f64]>,
    intercept: f64,
    terms: &[(f64, &[f64])],
    eta: &mut [f64],
) {
    match offset {
        None => eta.fill(intercept),
        Some(offset) => {
            for (eta, offset) in eta.iter_mut().zip(offset) {
                *eta = intercept + offset;
            }
        }
    }
    add_columns(simd, terms, eta);
}

/// `q = 1 / (1 + exp(-η))`, set to 0 or 1 where it is closer to them than [`SMALLEST_PROBABILITY`].
pub(super) fn probabilities(eta: &[f64], q: &mut [f64]) {
    let largest = (1.0 / SMALLEST_PROBABILITY - 1.0).ln();
    for (q, &eta) in q.iter_mut().zip(eta) {
        *q = if eta < -largest {
            0.0
        } else if eta > largest {
            1.0
        } else {
            1.0 / (1.0 + (-eta).exp())
        };
    }
}

/// Working weights `v = w q (1-q)`; returns their sum.
pub(super) fn working_weights(design: &Design, q: &[f64], v: &mut [f64]) -> f64 {
    for ((v, q), w) in v.iter_mut().zip(q).zip(design.weights.iter()) {
        *v = w * q * (1.0 - q);
    }
    sum(&v[..design.n])
}

/// Working residual `r = w (y-q)`.
pub(super) fn working_residual(design: &Design, q: &[f64], r: &mut [f64]) {
    let (w, y) = (&design.weights, &design.y);
    for (((r, q), w), y) in r.iter_mut().zip(q).zip(w.iter()).zip(y.iter()) {
        *r = w * (y - q);
    }
}

/// Half the deviance per unit weight, probabilities kept away from 0 and 1.
pub(super) fn half_deviance(design: &Design, q: &[f64]) -> f64 {
    (0..design.n)
        .map(|i| {
            let q = q[i].clamp(SMALLEST_PROBABILITY, 1.0 - SMALLEST_PROBABILITY);
            let likelihood = if design.y[i] > 0.5 { q } else { 1.0 - q };
            -design.weights[i] * likelihood.ln()
        })
        .sum()
}

/// Intercept of the model with an offset and nothing else, by Newton's method.
fn intercept_with_offset(n: usize, w: &[f64], y: &[f64], offset: &[f64]) -> f64 {
    const LAST_STEP: f64 = 1e-7;
    const MAX_STEPS: usize = 200;
    let events = dot(n, w, y);
    let odds = exponentials(offset, 0.0);
    let mut q: Vec<f64> = odds.iter().map(|e| 1.0 / (1.0 + e)).collect();
    let mut b0: f64 = 0.0;
    for _ in 0..MAX_STEPS {
        let score = events - dot(n, w, &q);
        let step = score / ordered_sum(n, |i| w[i] * q[i] * (1.0 - q[i]));
        b0 += step;
        if step.abs() < LAST_STEP {
            break;
        }
        let factor = (-b0).exp();
        for (q, e) in q.iter_mut().zip(&odds) {
            *q = 1.0 / (1.0 + factor * e);
        }
    }
    b0
}

/// `exp(shift - offset)` of every row as the reference program computes it: of pairs of rows by an approximation, of
/// the one left over by the standard function.
fn exponentials(offset: &[f64], shift: f64) -> Vec<f64> {
    let mut all: Vec<f64> = offset.iter().map(|o| rational_exp(shift - o)).collect();
    if let (1, Some(last)) = (offset.len() % 2, offset.last()) {
        all[offset.len() - 1] = (shift - last).exp();
    }
    all
}

/// `exp x` by the rational approximation of the Cephes library, which the reference program uses for the first
/// probabilities under an offset and nowhere else; the last bits differ from the standard function.
fn rational_exp(x: f64) -> f64 {
    const LARGEST: f64 = 709.437;
    // ln 2 in two parts, the first exact in few bits.
    const LN_2_HIGH: f64 = 0.693_145_751_953_125;
    const LN_2_LOW: f64 = 1.428_606_820_309_417_3e-6;
    let x = x.clamp(-LARGEST, LARGEST);
    let power = (x * std::f64::consts::LOG2_E + 0.5).floor();
    let x = x - power * LN_2_HIGH;
    let x = x - power * LN_2_LOW;
    let square = x * x;
    let p = (1.261_771_930_748_105_9e-4 * square + 3.029_944_077_074_419_6e-2) * square + 1.0;
    let p = p * x;
    let q = ((3.001_985_051_386_644_6e-6 * square + 2.524_483_403_496_841e-3) * square
        + 2.272_655_482_081_550_3e-1)
        * square
        + 2.0;
    (2.0 * (p / (q - p)) + 1.0) * power.exp2()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rational_exp_agrees_with_the_standard_function() {
        for i in -7000..=7000 {
            let x = f64::from(i) / 10.0;
            assert!((rational_exp(x) / x.exp() - 1.0).abs() < 4e-16, "{x}");
        }
    }

    #[test]
    fn intercept_with_offset_solves_the_score_equation() {
        let offset = [0.5, -1.0, 2.0, 0.0];
        let (w, y) = ([0.25; 4], [1.0, 0.0, 1.0, 0.0]);
        let b0 = intercept_with_offset(4, &w, &y, &offset);
        let fitted: f64 = offset.iter().map(|o| 1.0 / (1.0 + (-b0 - o).exp())).sum();
        assert!((fitted - 2.0).abs() < 1e-12);
        // Twice the offset with opposite signs cancels.
        assert!(intercept_with_offset(2, &[0.5; 2], &[1.0, 0.0], &[-3.0, 3.0]).abs() < 1e-12);
    }

    #[test]
    fn softplus_does_not_overflow() {
        assert_eq!(softplus(1e3), 1e3);
        assert_eq!(softplus(-1e3), 0.0);
        assert!((softplus(0.0) - std::f64::consts::LN_2).abs() < 1e-16);
    }
}
