//! Normal distribution.

use super::LN_SQRT_2PI;

/// `1/√2` as the sum of two doubles.
const INV_SQRT_2: (f64, f64) = (core::f64::consts::FRAC_1_SQRT_2, -4.833_646_656_726_457e-17);

/// Standard normal density.
///
/// ```
/// use eval_stats::special::normal_density;
/// assert!((normal_density(0.0) - 0.398_942_280_401_432_7).abs() < 1e-16);      // 1/√(2π)
/// ```
pub fn normal_density(z: f64) -> f64 {
    (-0.5 * z * z - LN_SQRT_2PI).exp()
}

/// Upper tail `P(Z > z)` of the standard normal distribution.
///
/// Relative error a few 1e-16 up to `z` about 37.5, where the value becomes subnormal;
/// beyond that use [`ln_normal_sf`].
///
/// ```
/// let p = eval_stats::special::normal_sf(1.959_963_984_540_054);
/// assert!((p - 0.025).abs() < 1e-16);
/// ```
pub fn normal_sf(z: f64) -> f64 {
    if z.is_nan() {
        return f64::NAN;
    }
    if z.abs() > 40.0 {
        return if z > 0.0 { 0.0 } else { 1.0 };
    }
    // erfc is steep in the tail: carry the rounding error of z/√2 to first order.
    let x = z * INV_SQRT_2.0;
    let lost = z.mul_add(INV_SQRT_2.0, -x) + z * INV_SQRT_2.1;
    let density = core::f64::consts::FRAC_2_SQRT_PI * (-x * x).exp();
    0.5 * (libm::erfc(x) - lost * density)
}

/// Lower tail `P(Z <= z)` of the standard normal distribution.
///
/// ```
/// use eval_stats::special::normal_cdf;
/// assert!((normal_cdf(-1.959_963_984_540_054) - 0.025).abs() < 1e-16);
/// ```
pub fn normal_cdf(z: f64) -> f64 {
    normal_sf(-z)
}

/// Natural logarithm of the upper tail, for any `z` (at `z = 1e3` it is about -5e5).
///
/// ```
/// use eval_stats::special::ln_normal_sf;
/// assert!((ln_normal_sf(0.0) - 0.5_f64.ln()).abs() < 1e-15);
/// assert!((ln_normal_sf(1e3) + 500_007.826_7).abs() < 1e-3);
/// ```
pub fn ln_normal_sf(z: f64) -> f64 {
    if z < -1.0 {
        return (-normal_sf(-z)).ln_1p();
    }
    if z < 10.0 {
        return normal_sf(z).ln();
    }
    // Laplace's continued fraction, z + 1/(z + 2/(z + ...)): 60 terms are exact for z >= 10.
    let mut fraction = z;
    for k in (1..=60).rev() {
        fraction = z + f64::from(k) / fraction;
    }
    -0.5 * z * z - LN_SQRT_2PI - fraction.ln()
}

/// Two-sided p-value `P(|Z| > |z|)`.
///
/// ```
/// use eval_stats::special::normal_two_sided;
/// assert!((normal_two_sided(-1.959_963_984_540_054) - 0.05).abs() < 1e-15);
/// ```
pub fn normal_two_sided(z: f64) -> f64 {
    2.0 * normal_sf(z.abs())
}

/// Natural logarithm of [`normal_two_sided`].
///
/// ```
/// use eval_stats::special::ln_normal_two_sided;
/// assert!((ln_normal_two_sided(1.959_963_984_540_054) - 0.05_f64.ln()).abs() < 1e-14);
/// ```
pub fn ln_normal_two_sided(z: f64) -> f64 {
    core::f64::consts::LN_2 + ln_normal_sf(z.abs())
}

/// Quantile of the standard normal distribution (AS 241, PPND16): `z` with `P(Z <= z) = p`.
///
/// Minus and plus infinity at 0 and 1; NaN outside `[0, 1]`.
///
/// ```
/// use eval_stats::special::normal_quantile;
/// assert!((normal_quantile(0.975) - 1.959_963_984_540_054).abs() < 1e-15);
/// ```
pub fn normal_quantile(p: f64) -> f64 {
    if !(0.0..=1.0).contains(&p) {
        return f64::NAN;
    }
    let q = p - 0.5;
    if q.abs() <= 0.425 {
        let r = 0.180625 - q * q;
        return q * ratio(&CENTRAL, r);
    }
    let tail = if q < 0.0 { p } else { 1.0 - p };
    if tail == 0.0 {
        return if q < 0.0 {
            f64::NEG_INFINITY
        } else {
            f64::INFINITY
        };
    }
    let r = (-tail.ln()).sqrt();
    let z = if r <= 5.0 {
        ratio(&MIDDLE, r - 1.6)
    } else {
        ratio(&FAR, r - 5.0)
    };
    if q < 0.0 { -z } else { z }
}

/// Numerator and denominator of a rational approximation, highest power first.
type Rational = ([f64; 8], [f64; 8]);

fn ratio((numerator, denominator): &Rational, r: f64) -> f64 {
    let horner = |c: &[f64; 8]| c.iter().fold(0.0, |sum, c| sum * r + c);
    horner(numerator) / horner(denominator)
}

#[expect(clippy::excessive_precision, reason = "the digits as published")]
const CENTRAL: Rational = (
    [
        2509.0809287301226727,
        33430.575583588128105,
        67265.770927008700853,
        45921.953931549871457,
        13731.693765509461125,
        1971.5909503065514427,
        133.14166789178437745,
        3.387132872796366608,
    ],
    [
        5226.495278852545925,
        28729.085735721942674,
        39307.89580009271061,
        21213.794301586595867,
        5394.1960214247511077,
        687.1870074920579083,
        42.313330701600911252,
        1.0,
    ],
);
#[expect(clippy::excessive_precision, reason = "the digits as published")]
const MIDDLE: Rational = (
    [
        7.7454501427834140764e-4,
        0.0227238449892691845833,
        0.24178072517745061177,
        1.27045825245236838258,
        3.64784832476320460504,
        5.7694972214606914055,
        4.6303378461565452959,
        1.42343711074968357734,
    ],
    [
        1.05075007164441684324e-9,
        5.475938084995344946e-4,
        0.0151986665636164571966,
        0.14810397642748007459,
        0.68976733498510000455,
        1.6763848301838038494,
        2.05319162663775882187,
        1.0,
    ],
);
#[expect(clippy::excessive_precision, reason = "the digits as published")]
const FAR: Rational = (
    [
        2.01033439929228813265e-7,
        2.71155556874348757815e-5,
        0.0012426609473880784386,
        0.026532189526576123093,
        0.29656057182850489123,
        1.7848265399172913358,
        5.4637849111641143699,
        6.6579046435011037772,
    ],
    [
        2.04426310338993978564e-15,
        1.4215117583164458887e-7,
        1.8463183175100546818e-5,
        7.868691311456132591e-4,
        0.0148753612908506148525,
        0.13692988092273580531,
        0.59983220655588793769,
        1.0,
    ],
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tails_keep_their_digits() {
        // 50-digit arithmetic.
        for (z, p) in [
            (-8.0, 6.220_960_574_271_784e-16),
            (-20.0, 2.753_624_118_606_233_7e-89),
            (-37.0, 5.725_571_222_524_577e-300),
            (1.0, 0.841_344_746_068_542_9),
        ] {
            assert!((normal_cdf(z) / p - 1.0).abs() < 1e-14, "{z}");
        }
        assert!((ln_normal_sf(37.0) - 5.725_571_222_524_577e-300_f64.ln()).abs() < 1e-10);
        assert!((ln_normal_sf(9.999_999) - ln_normal_sf(10.000_001) - 2e-6 * 10.098).abs() < 1e-8);
    }

    #[test]
    fn quantile_inverts_the_tail() {
        for p in [1e-300, 1e-20, 1e-3, 0.025, 0.3, 0.5] {
            let z = normal_quantile(p);
            assert!((normal_cdf(z) / p - 1.0).abs() < 1e-12, "{p}");
        }
        assert_eq!(normal_quantile(0.0), f64::NEG_INFINITY);
        assert!(normal_quantile(1.5).is_nan());
    }
}
