//! One-dimensional numerics: the cubic spline of R's `spline()`, linear interpolation as in R's `approx()`, and root finding.

/// Interpolating cubic spline with the end conditions of Forsythe, Malcolm and Moler: the third derivative at each end is that of the
/// cubic through the four points there. With fewer than four points it is the parabola, line or constant through them.
pub(crate) struct FmmSpline {
    x: Vec<f64>,
    y: Vec<f64>,
    b: Vec<f64>,
    c: Vec<f64>,
    d: Vec<f64>,
}

impl FmmSpline {
    /// Spline through points with strictly increasing `x`.
    pub fn new(x: Vec<f64>, y: Vec<f64>) -> Self {
        let n = x.len();
        let (mut b, mut c, mut d) = (vec![0.0; n], vec![0.0; n], vec![0.0; n]);
        if n < 3 {
            if n == 2 {
                let slope = (y[1] - y[0]) / (x[1] - x[0]);
                b.fill(slope);
            }
            return Self { x, y, b, c, d };
        }
        tridiagonal(&x, &y, &mut b, &mut c, &mut d);
        let last = n - 1;
        b[last] =
            (y[last] - y[last - 1]) / d[last - 1] + d[last - 1] * (c[last - 1] + 2.0 * c[last]);
        for i in 0..last {
            b[i] = (y[i + 1] - y[i]) / d[i] - d[i] * (c[i + 1] + 2.0 * c[i]);
            d[i] = (c[i + 1] - c[i]) / d[i];
            c[i] *= 3.0;
        }
        c[last] *= 3.0;
        d[last] = d[last - 1];
        Self { x, y, b, c, d }
    }

    pub fn value(&self, at: f64) -> f64 {
        let i = self.x.partition_point(|&x| x <= at).saturating_sub(1);
        let dx = at - self.x[i];
        // Left of the first point the cubic term is left out, as R does.
        let d = if at < self.x[0] { 0.0 } else { self.d[i] };
        self.y[i] + dx * (self.b[i] + dx * (self.c[i] + dx * d))
    }
}

/// Second derivatives over six (in `c`) and interval lengths (in `d`).
fn tridiagonal(x: &[f64], y: &[f64], b: &mut [f64], c: &mut [f64], d: &mut [f64]) {
    let n = x.len();
    let last = n - 1;
    d[0] = x[1] - x[0];
    c[1] = (y[1] - y[0]) / d[0];
    for i in 1..last {
        d[i] = x[i + 1] - x[i];
        b[i] = 2.0 * (d[i - 1] + d[i]);
        c[i + 1] = (y[i + 1] - y[i]) / d[i];
        c[i] = c[i + 1] - c[i];
    }
    b[0] = -d[0];
    b[last] = -d[last - 1];
    c[0] = 0.0;
    c[last] = 0.0;
    if n > 3 {
        c[0] = c[2] / (x[3] - x[1]) - c[1] / (x[2] - x[0]);
        c[last] = c[last - 1] / (x[last] - x[last - 2]) - c[last - 2] / (x[last - 1] - x[last - 3]);
        c[0] *= d[0] * d[0] / (x[3] - x[0]);
        c[last] = -c[last] * d[last - 1] * d[last - 1] / (x[last] - x[last - 3]);
    }
    for i in 1..n {
        let t = d[i - 1] / b[i - 1];
        b[i] -= t * d[i - 1];
        c[i] -= t * c[i - 1];
    }
    c[last] /= b[last];
    for i in (0..last).rev() {
        c[i] = (c[i] - d[i] * c[i + 1]) / b[i];
    }
}

/// Sorts points by x and replaces the y of equal x by their mean, as R's `approx(ties = mean)` does.
pub(crate) fn sorted_with_mean_ties(
    points: impl IntoIterator<Item = (f64, f64)>,
) -> (Vec<f64>, Vec<f64>) {
    let mut points: Vec<(f64, f64)> = points.into_iter().collect();
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut xs, mut ys) = (
        Vec::with_capacity(points.len()),
        Vec::with_capacity(points.len()),
    );
    for run in points.chunk_by(|a, b| a.0 == b.0) {
        xs.push(run[0].0);
        ys.push(run.iter().map(|p| p.1).sum::<f64>() / run.len() as f64);
    }
    (xs, ys)
}

/// Linear interpolation at `at` through points with increasing `x`; `None` outside.
pub(crate) fn interpolate(x: &[f64], y: &[f64], at: f64) -> Option<f64> {
    let (first, last) = (*x.first()?, *x.last()?);
    if !(first..=last).contains(&at) {
        return None;
    }
    let (mut low, mut high) = (0, x.len() - 1);
    while low + 1 < high {
        let middle = (low + high) / 2;
        if at < x[middle] {
            high = middle;
        } else {
            low = middle;
        }
    }
    Some(if at == x[high] {
        y[high]
    } else if at == x[low] {
        y[low]
    } else {
        y[low] + (y[high] - y[low]) * ((at - x[low]) / (x[high] - x[low]))
    })
}

/// A root of an increasing or decreasing function between `a` and `b`, where it has opposite signs, by bisection safeguarded
/// inverse interpolation (Brent). Fails with the error of `f`.
pub(crate) fn root<E>(
    mut f: impl FnMut(f64) -> Result<f64, E>,
    bracket: ((f64, f64), (f64, f64)),
    tolerance: f64,
) -> Result<f64, E> {
    let ((mut a, mut fa), (mut b, mut fb)) = bracket;
    let (mut c, mut fc) = (a, fa);
    let mut d = b - a;
    let mut e = d;
    for _ in 0..200 {
        if fb.signum() == fc.signum() {
            (c, fc) = (a, fa);
            d = b - a;
            e = d;
        }
        if fc.abs() < fb.abs() {
            (a, b, c) = (b, c, b);
            (fa, fb, fc) = (fb, fc, fb);
        }
        let tol = 2.0 * f64::EPSILON * b.abs() + 0.5 * tolerance;
        let half = 0.5 * (c - b);
        if half.abs() <= tol || fb == 0.0 {
            return Ok(b);
        }
        if e.abs() >= tol && fa.abs() > fb.abs() {
            let (mut p, mut q) = secant_or_quadratic((a, fa), (b, fb), (c, fc), half);
            if p > 0.0 {
                q = -q;
            } else {
                p = -p;
            }
            if 2.0 * p < (3.0 * half * q - (tol * q).abs()).min((e * q).abs()) {
                e = d;
                d = p / q;
            } else {
                d = half;
                e = half;
            }
        } else {
            d = half;
            e = half;
        }
        (a, fa) = (b, fb);
        b += if d.abs() > tol { d } else { tol.copysign(half) };
        fb = f(b)?;
    }
    Ok(b)
}

fn secant_or_quadratic(a: (f64, f64), b: (f64, f64), c: (f64, f64), half: f64) -> (f64, f64) {
    let s = b.1 / a.1;
    if a.0 == c.0 {
        return (2.0 * half * s, 1.0 - s);
    }
    let q = a.1 / c.1;
    let r = b.1 / c.1;
    let p = s * (2.0 * half * q * (q - r) - (b.0 - a.0) * (r - 1.0));
    (p, (q - 1.0) * (r - 1.0) * (s - 1.0))
}

/// Walks from a point where `f` is negative, in growing steps, until it is not, and returns the root on the way; `None` if it stays
/// negative for 60 steps.
pub(crate) fn crossing<E>(
    mut f: impl FnMut(f64) -> Result<f64, E>,
    from: (f64, f64),
    first_step: f64,
    tolerance: f64,
) -> Result<Option<f64>, E> {
    let mut inside = from;
    let mut step = first_step;
    for _ in 0..60 {
        let at = inside.0 + step;
        let value = f(at)?;
        if value >= 0.0 {
            return root(f, (inside, (at, value)), tolerance).map(Some);
        }
        inside = (at, value);
        step *= 1.2;
    }
    Ok(None)
}

/// e^x for x ≤ 0, within 1 unit in the last place or so; below -708 the smallest normal numbers. Without a branch or a table, so that a loop
/// of it becomes vector instructions.
#[inline(always)]
pub(crate) fn exp_of_negative(x: f64) -> f64 {
    // Adding it rounds to an integer, which then stands in the lowest bits.
    const ROUND: f64 = 6_755_399_441_055_744.0;
    // ln 2 in two parts, the first exact in few bits.
    const LN_2_HIGH: f64 = 0.693_147_180_369_123_8;
    const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;
    let x = x.max(-708.0);
    let shifted = x * std::f64::consts::LOG2_E + ROUND;
    let power = shifted - ROUND;
    let r = (x - power * LN_2_HIGH) - power * LN_2_LOW;
    // Taylor's series on |r| <= ln 2 / 2; the first left-out term is below 5e-18.
    let mut series = 1.0 / 6_227_020_800.0;
    for factorial in [
        479_001_600.0,
        39_916_800.0,
        3_628_800.0,
        362_880.0,
        40_320.0,
        5_040.0,
        720.0,
        120.0,
        24.0,
        6.0,
        2.0,
    ] {
        series = series * r + 1.0 / factorial;
    }
    let value = 1.0 + (r + r * r * series);
    let exponent = shifted.to_bits().wrapping_add(1023) << 52;
    value * f64::from_bits(exponent)
}

/// 1 / (1 + e^-η), for loops of vector instructions.
#[inline(always)]
pub(crate) fn risk(eta: f64) -> f64 {
    let e = exp_of_negative(-eta.abs());
    (if eta >= 0.0 { 1.0 } else { e }) / (1.0 + e)
}

/// ln x for x from 1 to 2, within 1e-16, for loops of vector instructions.
#[inline(always)]
pub(crate) fn ln_from_1_to_2(x: f64) -> f64 {
    use std::f64::consts::{LN_2, SQRT_2};
    // ln (x / √2) = 2 artanh t, with |t| at most .172; the first left-out term of the series is below 1e-17.
    let t = (x - SQRT_2) / (x + SQRT_2);
    let t2 = t * t;
    let mut series = 1.0 / 19.0;
    for odd in [17.0, 15.0, 13.0, 11.0, 9.0, 7.0, 5.0, 3.0, 1.0] {
        series = series * t2 + 1.0 / odd;
    }
    0.5 * LN_2 + 2.0 * t * series
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponential_agrees_with_the_standard_function() {
        for i in 0..=70_000 {
            let x = -f64::from(i) * 0.01 - f64::from(i % 7) * 1e-4;
            assert!((exp_of_negative(x) / x.exp() - 1.0).abs() < 4e-16, "{x}");
        }
        assert_eq!(exp_of_negative(0.0), 1.0);
        assert!(exp_of_negative(f64::NEG_INFINITY) < 1e-307);
    }

    #[test]
    fn logarithm_agrees_with_the_standard_function() {
        for i in 0..=10_000 {
            let x = 1.0 + f64::from(i) * 1e-4;
            assert!((ln_from_1_to_2(x) - x.ln()).abs() < 2.5e-16, "{x}");
        }
    }

    #[test]
    fn spline_reproduces_a_cubic() {
        let f = |x: f64| 1.0 + x - 2.0 * x * x + 0.5 * x * x * x;
        let x: Vec<f64> = vec![0.0, 0.7, 1.1, 2.0, 3.5];
        let spline = FmmSpline::new(x.clone(), x.iter().map(|&v| f(v)).collect());
        for at in [0.1, 0.9, 1.7, 3.3] {
            assert!((spline.value(at) - f(at)).abs() < 1e-12);
        }
    }

    #[test]
    fn interpolation_and_root() {
        assert_eq!(
            interpolate(&[0.0, 1.0, 2.0], &[0.0, 10.0, 0.0], 0.25),
            Some(2.5)
        );
        assert_eq!(interpolate(&[0.0, 1.0], &[0.0, 1.0], 1.1), None);
        let f = |x: f64| Ok::<f64, ()>(x * x * x - 2.0);
        let r = root(f, ((0.0, -2.0), (2.0, 6.0)), 1e-14).expect("f does not fail");
        assert!((r - 2f64.cbrt()).abs() < 1e-14);
    }
}
