//! Distribution functions, tails and quantiles.
//!
//! Every tail is computed directly, never as one minus the other, so that small probabilities keep
//! their digits; where a probability leaves the range of `f64` there is a logarithm (`ln_*`).
//!
//! Method: normal quantile by Wichura's AS 241 (Appl. Stat. 37, 1988, 477-484,
//! doi:10.2307/2347330), normal tail by
//! `erfc` with its argument's rounding error corrected; incomplete gamma and beta functions by
//! their continued fractions (Lentz) or power series around a saddle-point prefix (Loader 2000,
//! "Fast and accurate computation of binomial probabilities"); quantiles by safeguarded Newton
//! steps on the logarithm of the smaller tail.
//!
//! Arguments outside the domain of a distribution (non-positive or NaN shape, probability outside
//! `[0, 1]`) give NaN, as the C library's mathematical functions do. Every caller in this crate
//! checks its arguments first.

mod beta;
mod discrete;
mod gamma;
mod normal;

pub use beta::{
    beta_cdf, beta_quantile, beta_sf, f_cdf, f_quantile, f_sf, ln_beta_cdf, ln_beta_sf, ln_f_cdf,
    ln_f_sf, ln_t_two_sided, t_cdf, t_quantile, t_sf, t_two_sided,
};
pub(crate) use discrete::ln_hypergeometric;
pub use discrete::{
    binomial_cdf, binomial_sf, ln_binomial_cdf, ln_binomial_density, ln_binomial_sf,
};
pub use gamma::{
    chi_squared_cdf, chi_squared_quantile, chi_squared_sf, gamma_cdf, gamma_sf, ln_chi_squared_sf,
    ln_gamma,
};
pub use normal::{
    ln_normal_sf, ln_normal_two_sided, normal_cdf, normal_density, normal_quantile, normal_sf,
    normal_two_sided,
};

/// Inverse logit `1 / (1 + exp(-x))`, without overflow.
///
/// ```
/// use eval_stats::special::expit;
/// assert_eq!((expit(0.0), expit(-1000.0)), (0.5, 0.0));
/// assert!((expit(3_f64.ln()) - 0.75).abs() < 1e-15);
/// ```
pub fn expit(x: f64) -> f64 {
    if x >= 0.0 {
        1.0 / (1.0 + (-x).exp())
    } else {
        let e = x.exp();
        e / (1.0 + e)
    }
}

/// Logit `ln(p / (1 - p))`; minus and plus infinity at 0 and 1.
///
/// ```
/// use eval_stats::special::logit;
/// assert!((logit(0.75) - 3_f64.ln()).abs() < 1e-15);
/// assert_eq!(logit(1.0), f64::INFINITY);
/// ```
pub fn logit(p: f64) -> f64 {
    p.ln() - (-p).ln_1p()
}

const LN_SQRT_2PI: f64 = 0.918_938_533_204_672_8;

/// Error of Stirling's formula, `ln Γ(n+1) - (n + 1/2) ln n + n - ln √(2π)`, for positive `n`.
fn stirling_error(n: f64) -> f64 {
    // Stirling's series from 15 on, where the first term left out is below 1e-17; reached by the
    // recurrence δ(n) = δ(n+1) + (n + 1/2) ln(1 + 1/n) - 1.
    const S: [f64; 8] = [
        1.0 / 12.0,
        1.0 / 360.0,
        1.0 / 1260.0,
        1.0 / 1680.0,
        1.0 / 1188.0,
        691.0 / 360_360.0,
        1.0 / 156.0,
        3617.0 / 122_400.0,
    ];
    let mut shift = 0.0;
    let mut n = n;
    while n < 15.0 {
        shift += (n + 0.5) * ln_1p_ratio(1.0, n) - 1.0;
        n += 1.0;
    }
    let nn = n * n;
    let mut tail = 0.0;
    for s in S.iter().rev() {
        tail = s - tail / nn;
    }
    shift + tail / n
}

/// Deviance term `x ln(x/m) + m - x`, without cancellation for `x` near `m`.
fn deviance_term(x: f64, m: f64) -> f64 {
    deviance_of_gap(x, m, x - m)
}

/// As [`deviance_term`] with `x - m` given, where it is known more exactly than by subtraction.
fn deviance_of_gap(x: f64, m: f64, d: f64) -> f64 {
    if x == 0.0 {
        return m;
    }
    if d.abs() < 0.1 * (x + m) {
        let v = d / (x + m);
        let mut sum = d * v;
        let mut power = 2.0 * x * v;
        let v2 = v * v;
        for j in 1..1000 {
            power *= v2;
            let next = sum + power / f64::from(2 * j + 1);
            if next == sum {
                return next;
            }
            sum = next;
        }
    }
    x * ln_ratio(x, m) - d
}

/// `ln(a/b)`, also where the ratio leaves the range of `f64`.
fn ln_ratio(a: f64, b: f64) -> f64 {
    let ratio = a / b;
    if ratio.is_normal() {
        ratio.ln()
    } else {
        a.ln() - b.ln()
    }
}

/// `ln(1 + a/b)`, also where the ratio is beyond the largest number.
fn ln_1p_ratio(a: f64, b: f64) -> f64 {
    let ratio = a / b;
    if ratio.is_finite() {
        ratio.ln_1p()
    } else {
        a.ln() - b.ln()
    }
}

/// Shapes from here on leave gamma and beta distributions close to the normal: the second term of
/// their uniform expansions is below 1e-14 of the tail.
const LARGE_SHAPE: f64 = 1e8;

/// Logarithms of `Φ(z) + c φ(z)` and of its complement, for a small correction `c`.
fn nearly_normal_tails(z: f64, c: f64) -> (f64, f64) {
    if z.is_infinite() {
        return if z < 0.0 {
            (f64::NEG_INFINITY, 0.0)
        } else {
            (0.0, f64::NEG_INFINITY)
        };
    }
    let of = |z: f64, c: f64| {
        let ln_sf = ln_normal_sf(z);
        (ln_sf + (c * (-0.5 * z * z - LN_SQRT_2PI - ln_sf).exp()).ln_1p()).min(0.0)
    };
    (of(-z, c), of(z, -c))
}

/// Root of an increasing or decreasing function by Newton steps kept inside a bracket.
///
/// `f(v)` returns the function and its derivative; `low` and `high` bracket the root.
pub(crate) fn bracketed_newton(
    mut low: f64,
    mut high: f64,
    start: f64,
    f: impl Fn(f64) -> (f64, f64),
) -> f64 {
    let increasing = f(low).0 < f(high).0;
    let mut v = start.clamp(low, high);
    for _ in 0..200 {
        let (value, slope) = f(v);
        if value == 0.0 {
            return v;
        }
        if (value < 0.0) == increasing {
            low = v;
        } else {
            high = v;
        }
        let mut next = v - value / slope;
        if !(next > low && next < high) {
            next = low + 0.5 * (high - low);
        }
        if (next - v).abs() <= 1e-16 * v.abs().max(1e-2) || next == low || next == high {
            return next;
        }
        v = next;
    }
    v
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logit_and_expit_are_inverse() {
        for x in [-700.0, -30.0, -1.0, 0.0, 0.5] {
            assert!((logit(expit(x)) - x).abs() <= 1e-13 * x.abs());
        }
        assert_eq!(expit(1000.0), 1.0);
        assert_eq!(expit(-1000.0), 0.0);
        assert_eq!(logit(0.0), f64::NEG_INFINITY);
    }

    #[test]
    fn stirling_error_of_one_half() {
        // Γ(3/2) = √π / 2
        let direct = core::f64::consts::PI.sqrt().ln() + 0.5 - LN_SQRT_2PI;
        assert!((stirling_error(0.5) - direct).abs() < 1e-15);
    }
}
