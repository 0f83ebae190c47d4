//! Gamma and chi-square distributions.

use super::{
    LARGE_SHAPE, LN_SQRT_2PI, bracketed_newton, deviance_term, nearly_normal_tails, stirling_error,
};

/// Natural logarithm of the gamma function for positive `x`.
///
/// ```
/// use eval_stats::special::ln_gamma;
/// assert!((ln_gamma(5.0) - 24_f64.ln()).abs() < 1e-15);        // 4!
/// ```
pub fn ln_gamma(x: f64) -> f64 {
    libm::lgamma(x)
}

/// Which tail a computation produced, as a natural logarithm.
enum LnTail {
    Lower(f64),
    Upper(f64),
}

/// `ln( x^a e^-x / Γ(a+1) )`.
fn ln_prefix(a: f64, x: f64) -> f64 {
    -stirling_error(a) - deviance_term(a, x) - LN_SQRT_2PI - 0.5 * a.ln()
}

/// The tail that converges fast: lower by its series for `x < a + 1`, upper by the fraction.
fn tail(a: f64, x: f64) -> LnTail {
    let prefix = ln_prefix(a, x);
    if x < a + 1.0 {
        let (mut term, mut sum, mut k) = (1.0, 1.0, a);
        while term > 1e-17 * sum {
            k += 1.0;
            term *= x / k;
            sum += term;
        }
        return LnTail::Lower(prefix + sum.ln());
    }
    // Lentz's algorithm; the prefix times a is x^a e^-x / Γ(a).
    let mut b = x + 1.0 - a;
    let mut c = 1e300;
    let mut d = 1.0 / b;
    let mut h = d;
    for i in 1..1_000_000 {
        let i = f64::from(i);
        let an = -i * (i - a);
        b += 2.0;
        d = 1.0 / (an * d + b);
        c = b + an / c;
        let delta = d * c;
        h *= delta;
        if (delta - 1.0).abs() <= f64::EPSILON {
            break;
        }
    }
    LnTail::Upper(prefix + (a * h).ln())
}

/// Lower and upper tail as logarithms.
pub(super) fn ln_tails(a: f64, x: f64) -> (f64, f64) {
    if a.is_nan() || a <= 0.0 || x.is_nan() {
        return (f64::NAN, f64::NAN);
    }
    if x <= 0.0 {
        return (f64::NEG_INFINITY, 0.0);
    }
    if x.is_infinite() {
        return (0.0, f64::NEG_INFINITY);
    }
    if a >= LARGE_SHAPE {
        return tails_of_large(a, x);
    }
    match tail(a, x) {
        LnTail::Lower(l) => (l, ln_complement(l)),
        LnTail::Upper(u) => (ln_complement(u), u),
    }
}

/// Both tails for a large shape: Temme's uniform expansion (DLMF 8.12.3, first term), where series
/// and fraction would need as many steps as the root of the shape.
fn tails_of_large(a: f64, x: f64) -> (f64, f64) {
    let gap = x - a;
    let z = (2.0 * deviance_term(a, x)).sqrt().copysign(gap);
    let root = a.sqrt();
    let correction = if z.abs() < 0.1 {
        (1.0 / 3.0 - gap / a / 12.0) / root
    } else {
        1.0 / z - root / gap
    };
    nearly_normal_tails(z, correction)
}

/// `ln(1 - e^l)` for `l <= 0`.
pub(super) fn ln_complement(l: f64) -> f64 {
    if l >= 0.0 {
        f64::NEG_INFINITY
    } else if l > -core::f64::consts::LN_2 {
        (-l.exp_m1()).ln()
    } else {
        (-l.exp()).ln_1p()
    }
}

/// Regularized lower incomplete gamma function `P(a, x)`.
///
/// ```
/// use eval_stats::special::gamma_cdf;
/// assert!((gamma_cdf(1.0, 2.0) - (1.0 - (-2_f64).exp())).abs() < 1e-15);
/// ```
pub fn gamma_cdf(a: f64, x: f64) -> f64 {
    ln_tails(a, x).0.exp()
}

/// Regularized upper incomplete gamma function `Q(a, x)`.
///
/// ```
/// use eval_stats::special::gamma_sf;
/// assert!((gamma_sf(1.0, 2.0) - (-2_f64).exp()).abs() < 1e-16);
/// ```
pub fn gamma_sf(a: f64, x: f64) -> f64 {
    ln_tails(a, x).1.exp()
}

/// Lower tail of the chi-square distribution.
///
/// ```
/// use eval_stats::special::chi_squared_cdf;
/// assert!((chi_squared_cdf(4.0, 2.0) - (1.0 - (-2_f64).exp())).abs() < 1e-15);
/// ```
pub fn chi_squared_cdf(x: f64, df: f64) -> f64 {
    gamma_cdf(0.5 * df, 0.5 * x)
}

/// Upper tail of the chi-square distribution.
///
/// ```
/// // with two degrees of freedom the tail is exp(-x/2)
/// let p = eval_stats::special::chi_squared_sf(4.0, 2.0);
/// assert!((p - (-2.0_f64).exp()).abs() < 1e-16);
/// ```
pub fn chi_squared_sf(x: f64, df: f64) -> f64 {
    gamma_sf(0.5 * df, 0.5 * x)
}

/// Natural logarithm of [`chi_squared_sf`], finite where the tail itself is below `f64`'s range.
///
/// ```
/// use eval_stats::special::ln_chi_squared_sf;
/// assert_eq!(ln_chi_squared_sf(4000.0, 2.0), -2000.0);
/// ```
pub fn ln_chi_squared_sf(x: f64, df: f64) -> f64 {
    ln_tails(0.5 * df, 0.5 * x).1
}

/// Quantile of the chi-square distribution: `x` with lower tail `p`.
///
/// ```
/// use eval_stats::special::chi_squared_quantile;
/// // two degrees of freedom: -2 ln(1 - p)
/// assert!((chi_squared_quantile(0.5, 2.0) - 2.0 * 2_f64.ln()).abs() < 1e-14);
/// ```
pub fn chi_squared_quantile(p: f64, df: f64) -> f64 {
    if !((0.0..=1.0).contains(&p) && df > 0.0) {
        return f64::NAN;
    }
    if p == 0.0 {
        return 0.0;
    }
    if p == 1.0 || df.is_infinite() {
        return f64::INFINITY;
    }
    let a = 0.5 * df;
    let lower = p <= 0.5;
    let target = if lower { p.ln() } else { (-p).ln_1p() };
    // In v = ln x both log tails are concave, so Newton settles after one step.
    let f = |v: f64| {
        let x = v.exp();
        let tails = ln_tails(a, x);
        let ln_density_times_x = a.ln() + ln_prefix(a, x);
        if lower {
            (tails.0 - target, (ln_density_times_x - tails.0).exp())
        } else {
            (tails.1 - target, -(ln_density_times_x - tails.1).exp())
        }
    };
    // The power law of the lower tail bounds the quantile from below.
    let low = (p.ln() + ln_gamma(a + 1.0)) / a;
    let low = low.min(a.ln()) - 1.0;
    let mut high = a.max(1.0).ln() + 1.0;
    while ln_tails(a, high.exp()).0 < p.ln() || ln_tails(a, high.exp()).1 > (-p).ln_1p() {
        high += 0.5;
    }
    if low < -700.0 {
        return 0.0;
    }
    2.0 * bracketed_newton(low, high, a.ln().clamp(low, high), f).exp()
}
