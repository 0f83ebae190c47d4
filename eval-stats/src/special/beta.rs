//! Beta, Student t and F distributions.

use super::gamma::ln_complement;
use super::{
    LARGE_SHAPE, LN_SQRT_2PI, bracketed_newton, deviance_of_gap, deviance_term, ln_1p_ratio,
    nearly_normal_tails, stirling_error,
};

/// A point of the unit interval with the distances to both ends at full precision, and their
/// logarithms for where they leave the range of `f64`.
struct UnitPoint {
    x: f64,
    y: f64,
    ln_x: f64,
    ln_y: f64,
}

impl UnitPoint {
    fn new(x: f64) -> Self {
        Self::of_parts(x, 1.0 - x)
    }

    fn of_parts(x: f64, y: f64) -> Self {
        // The larger part has lost the digits of a small other one.
        let (ln_x, ln_y) = if x <= y {
            (x.ln(), (-x).ln_1p())
        } else {
            ((-y).ln_1p(), y.ln())
        };
        Self { x, y, ln_x, ln_y }
    }

    /// The point with odds `exp(ln_odds)`: both parts keep their digits wherever it lies.
    fn of_ln_odds(ln_odds: f64) -> Self {
        let e = (-ln_odds.abs()).exp();
        let (small, large) = (e / (1.0 + e), 1.0 / (1.0 + e));
        let (ln_small, ln_large) = (-ln_odds.abs() - e.ln_1p(), -e.ln_1p());
        let lower = Self {
            x: small,
            y: large,
            ln_x: ln_small,
            ln_y: ln_large,
        };
        if ln_odds < 0.0 {
            lower
        } else {
            lower.swapped()
        }
    }

    fn swapped(self) -> Self {
        Self {
            x: self.y,
            y: self.x,
            ln_x: self.ln_y,
            ln_y: self.ln_x,
        }
    }

    /// `a - (a + b) x = (a + b) y - b`, from the smaller of both parts.
    fn lambda(&self, a: f64, b: f64) -> f64 {
        if self.y <= self.x {
            (a + b) * self.y - b
        } else {
            a - (a + b) * self.x
        }
    }
}

/// `ln B(a, b)`.
fn ln_beta(a: f64, b: f64) -> f64 {
    let n = a + b;
    let saddle = stirling_error(n) - stirling_error(a) - stirling_error(b);
    let mode = a * ln_1p_ratio(b, a) + b * ln_1p_ratio(a, b);
    LN_SQRT_2PI - saddle - mode - 0.5 * (a.ln() + b.ln() - n.ln())
}

/// Below this the smaller part is no longer a number with all its digits.
const TINY: f64 = 1e-290;

/// `ln( x^a y^b / B(a, b) )` with `y = 1 - x`, by the saddle-point form of the binomial term.
fn ln_prefix(a: f64, b: f64, u: &UnitPoint) -> f64 {
    if u.x < TINY || u.y < TINY {
        return a * u.ln_x + b * u.ln_y - ln_beta(a, b);
    }
    let n = a + b;
    let saddle = stirling_error(n) - stirling_error(a) - stirling_error(b);
    saddle - deviance(a, b, u) - LN_SQRT_2PI + 0.5 * (a.ln() + b.ln() - n.ln())
}

/// `a ln(a/(n x)) + b ln(b/(n y))` with `n = a + b`.
fn deviance(a: f64, b: f64, u: &UnitPoint) -> f64 {
    let n = a + b;
    let lambda = u.lambda(a, b);
    let (at_a, at_b) = (n * u.x, n * u.y);
    let near = |shape: f64, at: f64| lambda.abs() < 0.1 * (shape + at);
    if near(a, at_a) || near(b, at_b) {
        deviance_of_gap(a, at_a, lambda) + deviance_of_gap(b, at_b, -lambda)
    } else {
        // Far away what counts is that both terms see the same rounding of their mean.
        deviance_term(a, at_a) + deviance_term(b, at_b)
    }
}

/// Both tails where both shapes are large: the first term of Temme's uniform expansion (DLMF 8.18).
fn tails_of_large(a: f64, b: f64, u: &UnitPoint) -> (f64, f64) {
    let gap = -u.lambda(a, b);
    let deviance = if u.x < TINY || u.y < TINY {
        let n = a + b;
        a * ((a / n).ln() - u.ln_x) + b * ((b / n).ln() - u.ln_y)
    } else {
        deviance(a, b, u)
    };
    let z = (2.0 * deviance.max(0.0)).sqrt().copysign(gap);
    let root = (1.0 / (1.0 / a + 1.0 / b)).sqrt();
    let correction = if z.abs() < 0.1 {
        let (p, q) = (1.0 / a, 1.0 / b);
        root * ((p - q) / 3.0 - gap * (p * p + p * q + q * q) / 12.0)
    } else {
        1.0 / z - root / gap
    };
    nearly_normal_tails(z, correction)
}

/// Where all mass lies if the sum of the shapes is beyond the largest number.
fn point_mass(a: f64, b: f64) -> Option<f64> {
    if (a + b).is_finite() {
        return None;
    }
    Some(match (a.is_infinite(), b.is_infinite()) {
        (true, true) => 0.5,
        (true, false) => 1.0,
        (false, true) => 0.0,
        (false, false) => 0.5 * a / (0.5 * a + 0.5 * b),
    })
}

/// Continued fraction of the incomplete beta function (Didonato and Morris, ACM Trans. Math. Softw.
/// 18, 1992, 360-373, equation 9; evaluated by Lentz); the lower tail is `x^a y^b / B(a,b)` times
/// it. Its terms do not cancel for `x <= a/(a+b)`.
fn fraction(a: f64, b: f64, u: &UnitPoint) -> f64 {
    const SMALLEST: f64 = 1e-300;
    let guard = |v: f64| if v.abs() < SMALLEST { SMALLEST } else { v };
    let lambda = u.lambda(a, b);
    let beta = |n: f64| {
        n + n * ((b - n) * u.x) / (a + 2.0 * n - 1.0)
            + (a + n) / (a + 2.0 * n + 1.0) * (lambda + 1.0 + n * (1.0 + u.y))
    };
    // n (b - 0) x / (a - 1) is 0 for n = 0, whatever a is.
    let mut f = guard(a / (a + 1.0) * (lambda + 1.0));
    let mut c = f;
    let mut d = 0.0;
    for n in 1..1_000_000 {
        let n = f64::from(n);
        let s = a + 2.0 * n - 1.0;
        // x <= a/(a + b) keeps each product in range, whatever b is.
        let alpha = ((a + n - 1.0) / s) * ((a + b + n - 1.0) * u.x / s) * (n * ((b - n) * u.x));
        let term = beta(n);
        d = 1.0 / guard(term + alpha * d);
        c = guard(term + alpha / c);
        let delta = c * d;
        f *= delta;
        if (delta - 1.0).abs() <= f64::EPSILON {
            break;
        }
    }
    1.0 / f
}

/// Lower and upper tail of Beta(a, b), as logarithms.
fn ln_tails(a: f64, b: f64, u: &UnitPoint) -> (f64, f64) {
    if !(a > 0.0 && b > 0.0) || u.x.is_nan() || u.y.is_nan() {
        return (f64::NAN, f64::NAN);
    }
    if u.x <= 0.0 && u.ln_x.is_infinite() || u.x < 0.0 {
        return (f64::NEG_INFINITY, 0.0);
    }
    if u.y <= 0.0 && u.ln_y.is_infinite() || u.y < 0.0 {
        return (0.0, f64::NEG_INFINITY);
    }
    if let Some(at) = point_mass(a, b) {
        return if u.x < at {
            (f64::NEG_INFINITY, 0.0)
        } else {
            (0.0, f64::NEG_INFINITY)
        };
    }
    if a.min(b) >= LARGE_SHAPE {
        return tails_of_large(a, b, u);
    }
    let prefix = ln_prefix(a, b, u);
    if u.lambda(a, b) >= 0.0 && (a >= 1.0 || u.x < 0.5) || u.x < TINY && b < 1e200 {
        let lower = prefix + fraction(a, b, u).ln();
        (lower.min(0.0), ln_complement(lower))
    } else {
        let other = UnitPoint {
            x: u.y,
            y: u.x,
            ln_x: u.ln_y,
            ln_y: u.ln_x,
        };
        let upper = prefix + fraction(b, a, &other).ln();
        (ln_complement(upper), upper.min(0.0))
    }
}

/// Lower tail of the beta distribution, the regularized incomplete beta function `I_x(a, b)`.
///
/// ```
/// use eval_stats::special::beta_cdf;
/// assert!((beta_cdf(0.5, 2.0, 1.0) - 0.25).abs() < 1e-15);      // x²
/// ```
pub fn beta_cdf(x: f64, a: f64, b: f64) -> f64 {
    ln_beta_cdf(x, a, b).exp()
}

/// Upper tail of the beta distribution.
///
/// ```
/// use eval_stats::special::beta_sf;
/// assert!((beta_sf(0.5, 2.0, 1.0) - 0.75).abs() < 1e-15);       // 1 - x²
/// ```
pub fn beta_sf(x: f64, a: f64, b: f64) -> f64 {
    ln_beta_sf(x, a, b).exp()
}

/// Natural logarithm of [`beta_cdf`], finite where the tail itself is below `f64`'s range.
///
/// ```
/// use eval_stats::special::ln_beta_cdf;
/// // 200 ln 0.01: x^200 itself underflows
/// assert!((ln_beta_cdf(0.01, 200.0, 1.0) / (200.0 * 0.01_f64.ln()) - 1.0).abs() < 1e-14);
/// ```
pub fn ln_beta_cdf(x: f64, a: f64, b: f64) -> f64 {
    ln_tails(a, b, &UnitPoint::new(x)).0
}

/// Natural logarithm of [`beta_sf`].
///
/// ```
/// use eval_stats::special::ln_beta_sf;
/// assert!((ln_beta_sf(0.5, 2.0, 1.0) - 0.75_f64.ln()).abs() < 1e-15);
/// ```
pub fn ln_beta_sf(x: f64, a: f64, b: f64) -> f64 {
    ln_tails(a, b, &UnitPoint::new(x)).1
}

/// Point where the lower tail of Beta(a, b) is `p` and the upper tail `q = 1 - p`.
fn beta_point(p: f64, q: f64, a: f64, b: f64) -> UnitPoint {
    let middle = ln_tails(a, b, &UnitPoint::new(0.5));
    let left = if p <= q {
        middle.0 >= p.ln()
    } else {
        middle.1 <= q.ln()
    };
    if left {
        small_root(p, q, a, b)
    } else {
        small_root(q, p, b, a).swapped()
    }
}

/// As [`beta_point`] for a root known to be at most 1/2, found in `v = ln x`.
fn small_root(p: f64, q: f64, a: f64, b: f64) -> UnitPoint {
    let point = |v: f64| UnitPoint {
        x: v.exp(),
        y: -v.exp_m1(),
        ln_x: v,
        ln_y: (-v.exp()).ln_1p(),
    };
    let lower = p <= q;
    let target = if lower { p.ln() } else { q.ln() };
    let f = |v: f64| {
        let u = point(v);
        let tails = ln_tails(a, b, &u);
        // d(lower)/dv = x * density = x^a y^(b-1) / B(a, b)
        let ln_slope = ln_prefix(a, b, &u) - u.ln_y;
        if lower {
            (tails.0 - target, (ln_slope - tails.0).exp())
        } else {
            (tails.1 - target, -(ln_slope - tails.1).exp())
        }
    };
    let (low, high) = (TINY.ln(), -core::f64::consts::LN_2);
    let at_low = f(low).0;
    if (lower && at_low > 0.0) || (!lower && at_low < 0.0) {
        // So close to 0 the lower tail is x^a / (a B(a, b)).
        return point((p.ln() + a.ln() + ln_beta(a, b)) / a);
    }
    let start = (-ln_1p_ratio(b, a)).clamp(low, high);
    point(bracketed_newton(low, high, start, f))
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
    if let Some(at) = point_mass(a, b) {
        return at;
    }
    beta_point(p, 1.0 - p, a, b).x
}

/// Unit coordinates of Student's `t`: `x = df/(df+t²)`, `y = t²/(df+t²)`.
fn t_point(t: f64, df: f64) -> UnitPoint {
    let t2 = t * t;
    if (1e-280..1e280).contains(&t2) && (1e-280..1e280).contains(&df) {
        UnitPoint::of_parts(df / (df + t2), t2 / (df + t2))
    } else {
        UnitPoint::of_ln_odds(df.ln() - 2.0 * t.abs().ln())
    }
}

/// Natural logarithm of [`t_two_sided`].
///
/// ```
/// use eval_stats::special::ln_t_two_sided;
/// assert!((ln_t_two_sided(1.0, 1.0) - 0.5_f64.ln()).abs() < 1e-15);
/// ```
pub fn ln_t_two_sided(t: f64, df: f64) -> f64 {
    // The tails differ by about t⁴/(4 df) of themselves.
    if df.is_infinite() || (df >= 1e30 && t.abs() < 1e3) {
        return super::ln_normal_two_sided(t);
    }
    ln_tails(0.5 * df, 0.5, &t_point(t, df)).0
}

/// Two-sided p-value of Student's t distribution; `df` need not be whole.
///
/// ```
/// use eval_stats::special::t_two_sided;
/// // one degree of freedom is Cauchy's distribution
/// assert!((t_two_sided(1.0, 1.0) - 0.5).abs() < 1e-15);
/// ```
pub fn t_two_sided(t: f64, df: f64) -> f64 {
    ln_t_two_sided(t, df).exp()
}

/// Upper tail of Student's t distribution.
///
/// ```
/// use eval_stats::special::t_sf;
/// assert!((t_sf(1.0, 1.0) - 0.25).abs() < 1e-15);
/// ```
pub fn t_sf(t: f64, df: f64) -> f64 {
    let tail = 0.5 * t_two_sided(t, df);
    if t > 0.0 { tail } else { 1.0 - tail }
}

/// Lower tail of Student's t distribution.
///
/// ```
/// use eval_stats::special::t_cdf;
/// assert!((t_cdf(1.0, 1.0) - 0.75).abs() < 1e-15);
/// ```
pub fn t_cdf(t: f64, df: f64) -> f64 {
    t_sf(-t, df)
}

/// Quantile of Student's t distribution; `df` need not be whole.
///
/// ```
/// use eval_stats::special::t_quantile;
/// assert!((t_quantile(0.75, 1.0) - 1.0).abs() < 1e-14);
/// ```
pub fn t_quantile(p: f64, df: f64) -> f64 {
    if !((0.0..=1.0).contains(&p) && df > 0.0) {
        return f64::NAN;
    }
    if df >= 1e30 {
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
    let t = df.sqrt() * (0.5 * (u.ln_y - u.ln_x)).exp();
    if p < 0.5 { -t } else { t }
}

/// Unit coordinates of `F`: `x = d1 f/(d1 f + d2)`.
fn f_point(f: f64, d1: f64, d2: f64) -> UnitPoint {
    if f.is_nan() || f <= 0.0 {
        return UnitPoint::new(f.min(0.0));
    }
    let (v, sum) = (d1 * f, d1 * f + d2);
    if (1e-280..1e280).contains(&v) && (1e-280..1e280).contains(&d2) {
        UnitPoint::of_parts(v / sum, d2 / sum)
    } else {
        UnitPoint::of_ln_odds(d1.ln() + f.ln() - d2.ln())
    }
}

/// Lower tail of the F distribution; degrees of freedom need not be whole.
///
/// ```
/// use eval_stats::special::f_cdf;
/// // with 2 and 2 degrees of freedom the lower tail is f/(1 + f)
/// assert!((f_cdf(3.0, 2.0, 2.0) - 0.75).abs() < 1e-15);
/// ```
pub fn f_cdf(f: f64, d1: f64, d2: f64) -> f64 {
    ln_f_cdf(f, d1, d2).exp()
}

/// Upper tail of the F distribution.
///
/// ```
/// use eval_stats::special::f_sf;
/// assert!((f_sf(3.0, 2.0, 2.0) - 0.25).abs() < 1e-15);        // 1/(1 + f)
/// ```
pub fn f_sf(f: f64, d1: f64, d2: f64) -> f64 {
    ln_f_sf(f, d1, d2).exp()
}

/// Natural logarithm of [`f_sf`].
///
/// ```
/// use eval_stats::special::ln_f_sf;
/// assert!((ln_f_sf(3.0, 2.0, 2.0) - 0.25_f64.ln()).abs() < 1e-14);
/// ```
pub fn ln_f_sf(f: f64, d1: f64, d2: f64) -> f64 {
    f_ln_tails(f, d1, d2).1
}

/// Natural logarithm of [`f_cdf`].
///
/// ```
/// use eval_stats::special::ln_f_cdf;
/// assert!((ln_f_cdf(3.0, 2.0, 2.0) - 0.75_f64.ln()).abs() < 1e-15);
/// ```
pub fn ln_f_cdf(f: f64, d1: f64, d2: f64) -> f64 {
    f_ln_tails(f, d1, d2).0
}

/// Both tails of F; infinite degrees of freedom leave a chi-square distribution.
fn f_ln_tails(f: f64, d1: f64, d2: f64) -> (f64, f64) {
    match (d1.is_infinite(), d2.is_infinite()) {
        (false, false) => ln_tails(0.5 * d1, 0.5 * d2, &f_point(f, d1, d2)),
        (false, true) => super::gamma::ln_tails(0.5 * d1, 0.5 * d1 * f),
        (true, false) => {
            let (lower, upper) = super::gamma::ln_tails(0.5 * d2, 0.5 * d2 / f.max(0.0));
            (upper, lower)
        }
        (true, true) if f >= 1.0 => (0.0, f64::NEG_INFINITY),
        (true, true) => (f64::NEG_INFINITY, 0.0),
    }
}

/// Quantile of the F distribution: `f` with lower tail `p`; degrees of freedom need not be whole.
///
/// ```
/// use eval_stats::special::f_quantile;
/// assert!((f_quantile(0.75, 2.0, 2.0) - 3.0).abs() < 1e-13);
/// ```
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
    match (d1.is_infinite(), d2.is_infinite()) {
        (false, false) => {}
        (false, true) => return super::chi_squared_quantile(p, d1) / d1,
        (true, false) => return d2 / super::chi_squared_quantile(1.0 - p, d2),
        (true, true) => return 1.0,
    }
    let u = beta_point(p, 1.0 - p, 0.5 * d1, 0.5 * d2);
    let odds = (u.ln_x - u.ln_y).exp();
    if odds == 0.0 || odds.is_infinite() {
        return odds;
    }
    (d2 / d1) * odds
}
