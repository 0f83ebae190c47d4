//! Beta, Student t and F distributions.

use super::gamma::ln_complement;
use super::{
    LARGE_SHAPE, LN_SQRT_2PI, deviance_of_gap, deviance_term, ln_1p_ratio, nearly_normal_tails,
    stirling_error,
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

/// Both shapes with the part of the density that does not depend on the point.
struct Shapes {
    a: f64,
    b: f64,
    /// `ln( m^a (1-m)^b / B(a, b) )` at the mean `m = a/(a + b)`.
    ln_at_mean: f64,
}

impl Shapes {
    fn new(a: f64, b: f64) -> Self {
        let n = a + b;
        let saddle = stirling_error(n) - stirling_error(a) - stirling_error(b);
        Self {
            a,
            b,
            ln_at_mean: saddle - LN_SQRT_2PI + 0.5 * (a.ln() + b.ln() - n.ln()),
        }
    }

    /// `ln B(a, b)`.
    fn ln_beta(&self) -> f64 {
        let Self { a, b, .. } = *self;
        -self.ln_at_mean - a * ln_1p_ratio(b, a) - b * ln_1p_ratio(a, b)
    }

    /// `ln( x^a y^b / B(a, b) )` with `y = 1 - x`, by the saddle-point form of the binomial term.
    fn ln_prefix(&self, u: &UnitPoint) -> f64 {
        if u.x < TINY || u.y < TINY {
            return self.a * u.ln_x + self.b * u.ln_y - self.ln_beta();
        }
        self.ln_at_mean - deviance(self.a, self.b, u)
    }
}

/// Below this the smaller part is no longer a number with all its digits.
const TINY: f64 = 1e-290;

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
    let shapes = Shapes::new(a, b);
    tails_from_prefix(&shapes, u, shapes.ln_prefix(u))
}

/// Both tails from the prefix and the continued fraction of the one whose terms do not cancel.
fn tails_from_prefix(shapes: &Shapes, u: &UnitPoint, prefix: f64) -> (f64, f64) {
    let (a, b) = (shapes.a, shapes.b);
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
///
/// Halley's steps in the logarithm of the odds `w` on the logarithm of the smaller tail. The density
/// of `w` is log-concave, so both tails are, and Newton's method converges from any start.
fn beta_point(p: f64, q: f64, a: f64, b: f64) -> UnitPoint {
    let shapes = Shapes::new(a, b);
    let lower = p <= q;
    let target = p.min(q).ln();
    let large = a.min(b) >= LARGE_SHAPE;
    let (mut low, mut high) = (f64::NEG_INFINITY, f64::INFINITY);
    let mut w = start(p, q, &shapes);
    if !w.is_finite() {
        // Beyond any double: the mass lies at the ends.
        return UnitPoint::of_ln_odds(w);
    }
    for _ in 0..200 {
        let u = UnitPoint::of_ln_odds(w);
        let prefix = shapes.ln_prefix(&u);
        let tails = if large {
            tails_of_large(a, b, &u)
        } else {
            tails_from_prefix(&shapes, &u, prefix)
        };
        let tail = if lower { tails.0 } else { tails.1 };
        // d(lower)/dw = x^a y^b / B(a, b), and d ln(that)/dw = a y - b x.
        let rate = (prefix - tail).exp();
        let (value, slope) = (tail - target, if lower { rate } else { -rate });
        let newton = value / slope;
        let curved = 1.0 - 0.5 * newton * (u.lambda(a, b) - slope);
        let next = w - newton / curved.max(0.5);
        // The step leaves the third power of a small deviation.
        if value.abs() <= 1e-5 {
            return UnitPoint::of_ln_odds(next);
        }
        if (value < 0.0) == lower {
            low = w;
        } else {
            high = w;
        }
        w = if next > low && next < high {
            next
        } else {
            inside(low, high, w)
        };
        if w == low || w == high {
            break;
        }
    }
    UnitPoint::of_ln_odds(w)
}

/// A point between two bounds that may be infinite.
fn inside(low: f64, high: f64, w: f64) -> f64 {
    match (low.is_finite(), high.is_finite()) {
        (true, true) => low + 0.5 * (high - low),
        (true, false) => w + w.abs().max(1.0),
        (false, true) => w - w.abs().max(1.0),
        (false, false) => 0.0,
    }
}

/// Logarithm of the odds near the quantile.
fn start(p: f64, q: f64, shapes: &Shapes) -> f64 {
    let (a, b) = (shapes.a, shapes.b);
    if a.min(b) < 1.0 {
        // Towards 0 the lower tail is x^a / (a B(a, b)).
        return if p <= q {
            (p.ln() + a.ln() + shapes.ln_beta()) / a
        } else {
            -(q.ln() + b.ln() + shapes.ln_beta()) / b
        };
    }
    // Carter's approximation (Abramowitz and Stegun 26.5.22).
    let z = if p <= q {
        -super::normal_quantile(p)
    } else {
        super::normal_quantile(q)
    };
    let (ra, rb) = (1.0 / (2.0 * a - 1.0), 1.0 / (2.0 * b - 1.0));
    let h = 2.0 / (ra + rb);
    let lambda = (z * z - 3.0) / 6.0;
    let half =
        z * (h + lambda).max(0.0).sqrt() / h - (rb - ra) * (lambda + 5.0 / 6.0 - 2.0 / (3.0 * h));
    a.ln() - b.ln() - 2.0 * half
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
