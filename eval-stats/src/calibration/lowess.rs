//! Lowess: robust locally linear smoothing (Cleveland, J. Am. Stat. Assoc. 74, 1979, 829-836,
//! doi:10.1080/01621459.1979.10481038), with the conventions of R's `lowess`.

use crate::error::{Error, Result, all_moderate, same_length};
use crate::sort::ascending;
use crate::wide::wide;

/// Settings of [`lowess`].
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct LowessSettings {
    /// Share of points in the window, in (0, 1]; 2/3 by default.
    pub span: f64,
    /// Number of robustness iterations; 0 by default, as calibration of binary outcomes needs
    /// (robustness would treat the rarer outcome as outliers). R's own default is 3.
    pub iterations: usize,
    /// Points closer than this to the last fitted one are interpolated; `None` (default) is R's
    /// default, a hundredth of the range.
    pub delta: Option<f64>,
}

impl Default for LowessSettings {
    fn default() -> Self {
        Self {
            span: 2.0 / 3.0,
            iterations: 0,
            delta: None,
        }
    }
}

/// Smooths `y` over `x`. The result has the fit for every point, in the order given.
///
/// Where all weights of a window vanish the fit is the point's own `y`; a window without extent
/// gives the mean of its `y`, and so does constant `x`.
///
/// # Differences
/// Robustness iterations stop once the curve passes through all points up to rounding (mean
/// residual below 1e-13 of the largest `y`); R goes on and weights by the rounding errors, which
/// can throw the curve off by the size of `y`.
///
/// ```
/// use eval_stats::calibration::{LowessSettings, lowess};
/// // Local lines reproduce a line.
/// let x = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
/// let fit = lowess(&x, &x.map(|x| 2.0 * x), &LowessSettings::default())?;
/// assert!((fit[2] - 6.0).abs() < 1e-12);
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::Empty`], [`Error::LengthMismatch`], [`Error::NotFinite`], [`Error::OutOfRange`] for a
/// span outside (0, 1], a negative delta or magnitudes above 1e150.
pub fn lowess(x: &[f64], y: &[f64], settings: &LowessSettings) -> Result<Vec<f64>> {
    let (order, curve) = ordered(x, y, settings)?;
    let mut fitted = vec![0.0; x.len()];
    for (&i, v) in order.iter().zip(curve.fitted) {
        fitted[i as usize] = v;
    }
    Ok(fitted)
}

/// A smoothed curve: its points by increasing `x`.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct LowessCurve {
    /// The `x` of the points, increasing; tied ones stand side by side and have the same fit.
    pub x: Vec<f64>,
    /// The fit at each.
    pub fitted: Vec<f64>,
}

/// As [`lowess`], with the points by increasing `x`, as a curve is drawn or interpolated.
///
/// # Errors
/// As [`lowess`].
pub fn lowess_curve(x: &[f64], y: &[f64], settings: &LowessSettings) -> Result<LowessCurve> {
    Ok(ordered(x, y, settings)?.1)
}

fn ordered(x: &[f64], y: &[f64], settings: &LowessSettings) -> Result<(Vec<u32>, LowessCurve)> {
    all_moderate("x", x)?;
    same_length("y", x.len(), y.len())?;
    all_moderate("y", y)?;
    if !(settings.span > 0.0 && settings.span <= 1.0) {
        return Err(Error::OutOfRange {
            name: "span",
            value: settings.span,
            expected: "a share in (0, 1]",
        });
    }
    let (order, sx) = ascending(x);
    let sy: Vec<f64> = order.iter().map(|&i| y[i as usize]).collect();
    let range = sx[sx.len() - 1] - sx[0];
    let delta = settings.delta.unwrap_or(0.01 * range);
    if delta.is_nan() || delta < 0.0 {
        return Err(Error::OutOfRange {
            name: "delta",
            value: delta,
            expected: "a distance of at least 0",
        });
    }
    let fitted = of_sorted(&sx, &sy, settings, delta);
    Ok((order, LowessCurve { x: sx, fitted }))
}

/// As [`lowess`] for points by increasing `x`, checked settings and a resolved `delta`.
pub(super) fn of_sorted(x: &[f64], y: &[f64], settings: &LowessSettings, delta: f64) -> Vec<f64> {
    let n = x.len();
    if n < 2 {
        return y.to_vec();
    }
    let window = ((settings.span * n as f64 + 1e-7) as usize).clamp(2, n);
    let mut robustness: Option<Vec<f64>> = None;
    let mut fitted = vec![0.0; n];
    for round in 0..=settings.iterations {
        one_pass(x, y, window, delta, robustness.as_deref(), &mut fitted);
        if round == settings.iterations {
            break;
        }
        match bisquare(y, &fitted) {
            Some(weights) => robustness = Some(weights),
            None => break,
        }
    }
    fitted
}

/// Fits every point once, skipping those within `delta` of the last fitted one.
fn one_pass(
    x: &[f64],
    y: &[f64],
    window: usize,
    delta: f64,
    robustness: Option<&[f64]>,
    fitted: &mut [f64],
) {
    let n = x.len();
    let mut left = 0;
    let mut last: Option<usize> = None;
    let mut i = 0;
    let mut weights = Vec::with_capacity(n);
    loop {
        // The window moves right while the next point on the right is strictly closer.
        while left + window < n && x[i] - x[left] > x[left + window] - x[i] {
            left += 1;
        }
        let window = (left, left + window);
        fitted[i] = local_line(x, y, i, window, robustness, &mut weights).unwrap_or(y[i]);
        if let Some(last) = last {
            interpolate(x, fitted, last, i);
        }
        // Points with the same x share the fit; points within delta are left for interpolation.
        let mut done = i;
        let limit = x[i] + delta;
        let mut next = i + 1;
        while next < n && x[next] <= limit {
            if x[next] == x[done] {
                fitted[next] = fitted[done];
                done = next;
            }
            next += 1;
        }
        last = Some(done);
        if done + 1 >= n {
            break;
        }
        i = (done + 1).max(next - 1);
    }
}

fn interpolate(x: &[f64], fitted: &mut [f64], from: usize, to: usize) {
    let width = x[to] - x[from];
    for j in from + 1..to {
        let share = (x[j] - x[from]) / width;
        fitted[j] = share * fitted[to] + (1.0 - share) * fitted[from];
    }
}

/// Weighted line through the window, read at point `i`; `None` if all weights vanish. `weights` is room to work in.
fn local_line(
    x: &[f64],
    y: &[f64],
    i: usize,
    (left, right): (usize, usize),
    robustness: Option<&[f64]>,
    weights: &mut Vec<f64>,
) -> Option<f64> {
    let at = x[i];
    let range = x[x.len() - 1] - x[0];
    let h = (at - x[left]).max(x[right - 1] - at);
    let (near, far) = (0.001 * h, 0.999 * h);
    // The window and, on its right, what is tied with its rim.
    let mut end = right;
    while end < x.len() && x[end] - at <= far {
        end += 1;
    }
    let (x, y) = (&x[left..end], &y[left..end]);
    if weights.len() < x.len() {
        weights.resize(x.len(), 0.0);
    }
    let weights = &mut weights[..x.len()];
    let kernel = Kernel {
        at,
        per_h: 1.0 / h,
        near,
        far,
    };
    let shares = robustness.map(|w| &w[left..end]);
    let [total, first, level] = wide(
        #[inline(always)]
        || {
            kernel.weigh(x, shares, weights);
            lane_sums([x, y, weights], |[x, y, w]| [w, w * (x - at), w * y])
        },
    );
    if total <= 0.0 {
        return None;
    }
    // Distances are measured from `at`, so `center` is that of the weights as seen from there.
    let center = first / total;
    let [spread, tilt] = wide(
        #[inline(always)]
        || {
            lane_sums([x, y, weights], |[x, y, w]| {
                let d = x - at - center;
                [w * d * d, w * d * y]
            })
        },
    );
    // A line is only worth it if the points spread out.
    if h > 0.0 && (spread / total).sqrt() > 0.001 * range {
        Some((level - center * tilt * (total / spread)) / total)
    } else {
        Some(level / total)
    }
}

/// Points that are summed side by side.
const LANES: usize = 8;

/// Tricube weights of the points around `at`.
#[derive(Clone, Copy)]
struct Kernel {
    at: f64,
    per_h: f64,
    near: f64,
    far: f64,
}

impl Kernel {
    #[inline(always)]
    fn weight(self, x: f64) -> f64 {
        let r = (x - self.at).abs();
        // At the center the weight is exactly 1.
        let c = if r <= self.near { 0.0 } else { r * self.per_h };
        let d = 1.0 - c * c * c;
        if r <= self.far { d * d * d } else { 0.0 }
    }

    /// Fills in the weights, in a loop by itself, so that it becomes vector instructions.
    #[inline(always)]
    fn weigh(self, x: &[f64], shares: Option<&[f64]>, weights: &mut [f64]) {
        for (w, x) in weights.iter_mut().zip(x) {
            *w = self.weight(*x);
        }
        for (w, share) in weights.iter_mut().zip(shares.unwrap_or_default()) {
            *w *= share;
        }
    }
}

/// Sums over the entries of three lists of equal length, in lanes that the processor can run side by side.
#[inline(always)]
fn lane_sums<const K: usize>(lists: [&[f64]; 3], terms: impl Fn([f64; 3]) -> [f64; K]) -> [f64; K] {
    let mut sums = [[0.0; LANES]; K];
    let [(a, a_rest), (b, b_rest), (c, c_rest)] = lists.map(|list| list.as_chunks::<LANES>());
    for ((a, b), c) in a.iter().zip(b).zip(c) {
        let mut block = [[0.0; LANES]; K];
        for k in 0..LANES {
            let terms = terms([a[k], b[k], c[k]]);
            for (lanes, term) in block.iter_mut().zip(terms) {
                lanes[k] = term;
            }
        }
        for (sum, block) in sums.iter_mut().zip(&block) {
            for k in 0..LANES {
                sum[k] += block[k];
            }
        }
    }
    for (k, ((a, b), c)) in a_rest.iter().zip(b_rest).zip(c_rest).enumerate() {
        for (sum, term) in sums.iter_mut().zip(terms([*a, *b, *c])) {
            sum[k] += term;
        }
    }
    sums.map(|lanes| lanes.iter().sum())
}

/// Bisquare weights of the residuals; `None` if the fit is already exact.
fn bisquare(y: &[f64], fitted: &[f64]) -> Option<Vec<f64>> {
    let n = y.len();
    let residual: Vec<f64> = y.iter().zip(fitted).map(|(y, f)| (y - f).abs()).collect();
    let mean = residual.iter().sum::<f64>() / n as f64;
    let mut sorted = residual.clone();
    sorted.sort_by(f64::total_cmp);
    let cut = if n.is_multiple_of(2) {
        3.0 * (sorted[n / 2 - 1] + sorted[n / 2])
    } else {
        6.0 * sorted[n / 2]
    };
    let largest = y.iter().fold(0.0, |a: f64, y| a.max(y.abs()));
    if cut < 1e-7 * mean || mean <= 1e-13 * largest {
        return None;
    }
    Some(
        residual
            .iter()
            .map(|&r| {
                if r <= 0.001 * cut {
                    1.0
                } else if r <= 0.999 * cut {
                    let c = r / cut;
                    (1.0 - c * c) * (1.0 - c * c)
                } else {
                    0.0
                }
            })
            .collect(),
    )
}
