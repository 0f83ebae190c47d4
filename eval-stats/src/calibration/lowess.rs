//! Lowess: robust locally linear smoothing (Cleveland, J. Am. Stat. Assoc. 74, 1979, 829-836,
//! doi:10.1080/01621459.1979.10481038), with the conventions of R's `lowess`.

use super::loess::sums;
use crate::error::{Error, Result, all_moderate, same_length};

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
    let mut order: Vec<usize> = (0..x.len()).collect();
    order.sort_by(|&i, &j| x[i].total_cmp(&x[j]));
    let sx: Vec<f64> = order.iter().map(|&i| x[i]).collect();
    let sy: Vec<f64> = order.iter().map(|&i| y[i]).collect();
    let range = sx[sx.len() - 1] - sx[0];
    let delta = settings.delta.unwrap_or(0.01 * range);
    if delta.is_nan() || delta < 0.0 {
        return Err(Error::OutOfRange {
            name: "delta",
            value: delta,
            expected: "a distance of at least 0",
        });
    }
    let sorted = of_sorted(&sx, &sy, settings, delta);
    let mut fitted = vec![0.0; x.len()];
    for (&i, v) in order.iter().zip(sorted) {
        fitted[i] = v;
    }
    Ok(fitted)
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
    loop {
        // The window moves right while the next point on the right is strictly closer.
        while left + window < n && x[i] - x[left] > x[left + window] - x[i] {
            left += 1;
        }
        fitted[i] = local_line(x, y, i, left, left + window, robustness).unwrap_or(y[i]);
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

/// Weighted line through the window, read at point `i`; `None` if all weights vanish.
fn local_line(
    x: &[f64],
    y: &[f64],
    i: usize,
    left: usize,
    right: usize,
    robustness: Option<&[f64]>,
) -> Option<f64> {
    let at = x[i];
    let range = x[x.len() - 1] - x[0];
    let h = (at - x[left]).max(x[right - 1] - at);
    let (near, far) = (0.001 * h, 0.999 * h);
    // The window and, on its right, what is tied with its rim.
    let end = left + x[left..].partition_point(|&x| x <= at || x - at <= far);
    let (x, y) = (&x[left..end], &y[left..end]);
    let robustness = robustness.map(|w| &w[left..end]);
    let weights: Vec<f64> = x
        .iter()
        .enumerate()
        .map(|(j, x)| {
            let r = (x - at).abs();
            let c = r / h;
            let d = 1.0 - c * c * c;
            let tricube = if r <= near { 1.0 } else { d * d * d };
            let share = if r <= far { tricube } else { 0.0 };
            share * robustness.map_or(1.0, |w| w[j])
        })
        .collect();
    let [total, first] = sums(x.len(), |j| [weights[j], weights[j] * (x[j] - at)]);
    if total <= 0.0 {
        return None;
    }
    // Distances are measured from `at`, so `center` is that of the weights as seen from there.
    let center = first / total;
    let [spread, level, tilt] = sums(x.len(), |j| {
        let d = x[j] - at - center;
        let w = weights[j];
        [w * d * d, w * y[j], w * d * y[j]]
    });
    // A line is only worth it if the points spread out.
    if h > 0.0 && (spread / total).sqrt() > 0.001 * range {
        Some((level - center * tilt * (total / spread)) / total)
    } else {
        Some(level / total)
    }
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
