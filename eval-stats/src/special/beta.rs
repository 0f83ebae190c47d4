//! Beta, Student t and F distributions.

use super::gamma::ln_complement;
use super::{LN_SQRT_2PI, bracketed_newton, deviance_term, stirling_error};

/// `ln( x^a y^b / B(a, b) )` with `y = 1 - x`, by the saddle-point form of the binomial term.
fn ln_prefix(a: f64, b: f64, x: f64, y: f64) -> f64 {
    let n = a + b;
    let saddle = stirling_error(n) - stirling_error(a) - stirling_error(b);
    let deviance = deviance_term(a, n * x) + deviance_term(b, n * y);
    saddle - deviance - LN_SQRT_2PI + 0.5 * (a.ln() + b.ln() - n.ln())
}

/// Continued fraction of the incomplete beta function (Lentz); the lower tail is
/// `x^a y^b / (a B(a,b))` times it. Fast for `x < (a+1)/(a+b+2)`.
fn fraction(a: f64, b: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let guard = |v: f64| if v.abs() < TINY { TINY } else { v };
    let mut c = 1.0;
    let mut d = 1.0 / guard(1.0 - (a + b) * x / (a + 1.0));
    let mut h = d;
    for m in 1..100_000 {
        let m = f64::from(m);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / guard(1.0 + even * d);
        c = guard(1.0 + even / c);
        h *= d * c;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / guard(1.0 + odd * d);
        c = guard(1.0 + odd / c);
        let delta = d * c;
        h *= delta;
        if (delta - 1.0).abs() < 1e-16 {
            break;
        }
    }
    h
}

/// Lower and upper tail of Beta(a, b) at `x`, `y = 1 - x`, as logarithms.
///
/// `x` and `y` are both given so that neither is lost when the other is close to 1.
fn ln_tails(a: f64, b: f64, x: f64, y: f64) -> (f64, f64) {
    if !(a > 0.0 && b > 0.0) || x.is_nan() || y.is_nan() {
        return (f64::NAN, f64::NAN);
    }
    if x <= 0.0 {
        return (f64::NEG_INFINITY, 0.0);
    }
    if y <= 0.0 {
        return (0.0, f64::NEG_INFINITY);
    }
    let prefix = ln_prefix(a, b, x, y);
    if x < (a + 1.0) / (a + b + 2.0) {
        let lower = prefix + (fraction(a, b, x) / a).ln();
        (lower, ln_complement(lower))
    } else {
        let upper = prefix + (fraction(b, a, y) / b).ln();
        (ln_complement(upper), upper)
    }
}

/// Lower tail of the beta distribution, the regularized incomplete beta function `I_x(a, b)`.
pub fn beta_cdf(x: f64, a: f64, b: f64) -> f64 {
    ln_tails(a, b, x, 1.0 - x).0.exp()
}

/// Upper tail of the beta distribution.
pub fn beta_sf(x: f64, a: f64, b: f64) -> f64 {
    ln_tails(a, b, x, 1.0 - x).1.exp()
}

/// A point of the unit interval with both distances to the ends at full precision.
struct UnitPoint {
    x: f64,
    y: f64,
}

/// Point where the lower tail of Beta(a, b) is `p` and the upper tail `q = 1 - p`.
fn beta_point(p: f64, q: f64, a: f64, b: f64) -> UnitPoint {
    let middle = ln_tails(a, b, 0.5, 0.5);
    let left = if p <= q {
        middle.0 >= p.ln()
    } else {
        middle.1 <= q.ln()
    };
    if left {
        let x = small_root(p, q, a, b);
        UnitPoint { x, y: 1.0 - x }
    } else {
        let y = small_root(q, p, b, a);
        UnitPoint { x: 1.0 - y, y }
    }
}

/// As [`beta_point`] for a root known to be at most 1/2, found in `v = ln x`.
fn small_root(p: f64, q: f64, a: f64, b: f64) -> f64 {
    let lower = p <= q;
    let target = if lower { p.ln() } else { q.ln() };
    let f = |v: f64| {
        let x = v.exp();
        let y = -v.exp_m1();
        let tails = ln_tails(a, b, x, y);
        // d(lower)/dv = x * density = x^a y^(b-1) / B(a, b)
        let ln_slope = ln_prefix(a, b, x, y) - y.ln();
        if lower {
            (tails.0 - target, (ln_slope - tails.0).exp())
        } else {
            (tails.1 - target, -(ln_slope - tails.1).exp())
        }
    };
    let (low, high) = (-740.0, -core::f64::consts::LN_2);
    let at_low = f(low).0;
    if (lower && at_low > 0.0) || (!lower && at_low < 0.0) {
        return 0.0; // below the smallest normal number
    }
    let start = (a / (a + b)).ln().clamp(low, high);
    bracketed_newton(low, high, start, f).exp()
}

/// Quantile of the beta distribution: `x` with lower tail `p`.
///
/// ```
/// // Beta(2, 1) has the lower tail x^2
/// let x = eval_stats::special::beta_quantile(0.25, 2.0, 1.0);
/// assert!((x - 0.5).abs() < 1e-15);
/// ```
pub fn beta_quantile(p: f64, a: f64, b: f64) -> f64 {
    if !((0.0..=1.0).contains(&p) && a > 0.0 && b > 0.0) {
        return f64::NAN;
    }
    if p == 0.0 || p == 1.0 {
        return p;
    }
    beta_point(p, 1.0 - p, a, b).x
}

/// Both unit coordinates of Student's `t`: `x = df/(df+t²)`, `y = t²/(df+t²)`.
fn t_point(t: f64, df: f64) -> UnitPoint {
    let t2 = t * t;
    if t2.is_infinite() {
        return UnitPoint { x: 0.0, y: 1.0 };
    }
    UnitPoint {
        x: df / (df + t2),
        y: t2 / (df + t2),
    }
}

/// Natural logarithm of [`t_two_sided`].
pub fn ln_t_two_sided(t: f64, df: f64) -> f64 {
    if df.is_infinite() {
        return super::ln_normal_two_sided(t);
    }
    let u = t_point(t, df);
    ln_tails(0.5 * df, 0.5, u.x, u.y).0
}

/// Two-sided p-value of Student's t distribution; `df` need not be whole.
pub fn t_two_sided(t: f64, df: f64) -> f64 {
    ln_t_two_sided(t, df).exp()
}

/// Upper tail of Student's t distribution.
pub fn t_sf(t: f64, df: f64) -> f64 {
    let tail = 0.5 * t_two_sided(t, df);
    if t > 0.0 { tail } else { 1.0 - tail }
}

/// Lower tail of Student's t distribution.
pub fn t_cdf(t: f64, df: f64) -> f64 {
    t_sf(-t, df)
}

/// Quantile of Student's t distribution; `df` need not be whole.
pub fn t_quantile(p: f64, df: f64) -> f64 {
    if !((0.0..=1.0).contains(&p) && df > 0.0) {
        return f64::NAN;
    }
    if df.is_infinite() {
        return super::normal_quantile(p);
    }
    if p == 0.5 {
        return 0.0;
    }
    let tail = p.min(1.0 - p);
    if tail == 0.0 {
        return if p == 0.0 {
            f64::NEG_INFINITY
        } else {
            f64::INFINITY
        };
    }
    let u = beta_point(2.0 * tail, 1.0 - 2.0 * tail, 0.5 * df, 0.5);
    let t = (df * u.y / u.x).sqrt();
    if p < 0.5 { -t } else { t }
}

/// Unit coordinates of `F`: `x = d1 f/(d1 f + d2)`.
fn f_point(f: f64, d1: f64, d2: f64) -> UnitPoint {
    let s = d1 * f + d2;
    if s.is_infinite() {
        return UnitPoint { x: 1.0, y: 0.0 };
    }
    UnitPoint {
        x: d1 * f / s,
        y: d2 / s,
    }
}

/// Lower tail of the F distribution; degrees of freedom need not be whole.
pub fn f_cdf(f: f64, d1: f64, d2: f64) -> f64 {
    let u = f_point(f, d1, d2);
    ln_tails(0.5 * d1, 0.5 * d2, u.x, u.y).0.exp()
}

/// Upper tail of the F distribution.
pub fn f_sf(f: f64, d1: f64, d2: f64) -> f64 {
    ln_f_sf(f, d1, d2).exp()
}

/// Natural logarithm of [`f_sf`].
pub fn ln_f_sf(f: f64, d1: f64, d2: f64) -> f64 {
    let u = f_point(f, d1, d2);
    ln_tails(0.5 * d1, 0.5 * d2, u.x, u.y).1
}

/// Quantile of the F distribution: `f` with lower tail `p`; degrees of freedom need not be whole.
pub fn f_quantile(p: f64, d1: f64, d2: f64) -> f64 {
    if !((0.0..=1.0).contains(&p) && d1 > 0.0 && d2 > 0.0) {
        return f64::NAN;
    }
    if p == 0.0 {
        return 0.0;
    }
    if p == 1.0 {
        return f64::INFINITY;
    }
    let u = beta_point(p, 1.0 - p, 0.5 * d1, 0.5 * d2);
    d2 * u.x / (d1 * u.y)
}
