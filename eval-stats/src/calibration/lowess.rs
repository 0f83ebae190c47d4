//! Lowess: robust locally linear smoothing (Cleveland, J. Am. Stat. Assoc. 74, 1979, 829-836,
//! doi:10.1080/01621459.1979.10481038), with the conventions of R's `lowess`.

use std::iter::repeat_n;
use std::ops::Range;

use pulp::{Simd, WithSimd};

use crate::error::{Error, Result, all_moderate, same_length};
use crate::sort::ascending;
use crate::wide::{Eights, Lanes, in_lanes};

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
    let delta = checked_delta(x, y, settings)?;
    let (order, x) = ascending(x);
    let y: Vec<f64> = order.iter().map(|&i| y[i as usize]).collect();
    let mut fitted = vec![0.0; x.len()];
    for (&i, v) in order.iter().zip(of_sorted(&x, &y, settings, delta)) {
        fitted[i as usize] = v;
    }
    Ok(fitted)
}

/// As [`lowess`] for points by increasing `x`, each of which stands for as many equal points as its count says: what smoothing all of them
/// gives, without the work of doing it for each. A bootstrap sample is smoothed so.
///
/// ```
/// use eval_stats::calibration::{LowessSettings, lowess, lowess_of_counts};
/// let settings = LowessSettings::default();
/// let all = lowess(&[0.1, 0.2, 0.2, 0.2, 0.7], &[0.0, 1.0, 1.0, 1.0, 1.0], &settings)?;
/// let few = lowess_of_counts(&[0.1, 0.2, 0.7], &[0.0, 1.0, 1.0], &[1, 3, 1], &settings)?;
/// assert!((all[2] - few[1]).abs() < 1e-15);
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// As [`lowess`]; [`Error::OutOfRange`] for a count of 0 and for an `x` below the one before it.
pub fn lowess_of_counts(
    x: &[f64],
    y: &[f64],
    counts: &[u32],
    settings: &LowessSettings,
) -> Result<Vec<f64>> {
    let delta = checked_delta(x, y, settings)?;
    same_length("counts", x.len(), counts.len())?;
    if counts.contains(&0) {
        return Err(Error::OutOfRange {
            name: "counts",
            value: 0.0,
            expected: "at least 1",
        });
    }
    if let Some(pair) = x.windows(2).find(|pair| pair[1] < pair[0]) {
        return Err(Error::OutOfRange {
            name: "x",
            value: pair[1],
            expected: "values in increasing order",
        });
    }
    Ok(smooth(&Points::new(x, y, Some(counts)), settings, delta))
}

/// The distance within which points are interpolated, if all arguments are legal.
fn checked_delta(x: &[f64], y: &[f64], settings: &LowessSettings) -> Result<f64> {
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
    let (low, high) = x
        .iter()
        .fold((x[0], x[0]), |(low, high), &v| (low.min(v), high.max(v)));
    let delta = settings.delta.unwrap_or(0.01 * (high - low));
    if delta.is_nan() || delta < 0.0 {
        return Err(Error::OutOfRange {
            name: "delta",
            value: delta,
            expected: "a distance of at least 0",
        });
    }
    Ok(delta)
}

/// As [`lowess`] for points by increasing `x`, checked settings and a resolved `delta`.
pub(super) fn of_sorted(x: &[f64], y: &[f64], settings: &LowessSettings, delta: f64) -> Vec<f64> {
    smooth(&Points::new(x, y, None), settings, delta)
}

/// Points by increasing `x`. Windows are counted in copies: a point of count 3 is three of them.
struct Points<'a> {
    x: &'a [f64],
    y: &'a [f64],
    counts: Option<&'a [u32]>,
    /// Copies of all points.
    n: usize,
    /// `x` and `y`, continued to a multiple of eight.
    eights: [Vec<f64>; 2],
}

impl<'a> Points<'a> {
    fn new(x: &'a [f64], y: &'a [f64], counts: Option<&'a [u32]>) -> Self {
        let n = counts.map_or(x.len(), |c| c.iter().map(|&c| c as usize).sum());
        Self {
            x,
            y,
            counts,
            n,
            eights: [x, y].map(filled_up),
        }
    }

    fn count(&self, i: usize) -> usize {
        self.counts.map_or(1, |c| c[i] as usize)
    }
}

/// The list, continued by zeros to a multiple of eight.
fn filled_up(list: &[f64]) -> Vec<f64> {
    let mut out = Vec::with_capacity(list.len().next_multiple_of(8));
    out.extend_from_slice(list);
    out.resize(list.len().next_multiple_of(8), 0.0);
    out
}

fn smooth(points: &Points<'_>, settings: &LowessSettings, delta: f64) -> Vec<f64> {
    let y = points.y;
    if points.n < 2 {
        return y.to_vec();
    }
    let range = points.x[points.x.len() - 1] - points.x[0];
    if range > 0.0 && range < 1e-290 {
        // The reciprocal of such distances may overflow; a power of two changes nothing else.
        let unit = 2f64.powi(600);
        let x: Vec<f64> = points.x.iter().map(|v| v * unit).collect();
        return smooth(&Points::new(&x, y, points.counts), settings, delta * unit);
    }
    let width = ((settings.span * points.n as f64 + 1e-7) as usize).clamp(2, points.n);
    let stops = stops(points, width, delta);
    let counts: Vec<f64> = (0..y.len()).map(|i| points.count(i) as f64).collect();
    // What fills up the last eight has no mass.
    let mut masses = filled_up(&counts);
    let mut fitted = vec![0.0; y.len()];
    for round in 0..=settings.iterations {
        one_pass(points, &stops, &masses, &mut fitted);
        if round == settings.iterations {
            break;
        }
        let Some(robustness) = bisquare(points, &fitted) else {
            break;
        };
        for ((mass, count), robustness) in masses.iter_mut().zip(&counts).zip(robustness) {
            *mass = count * robustness;
        }
    }
    fitted
}

/// A place where a line is fitted.
struct Stop {
    /// The points at this place that get its fit.
    first: usize,
    last: usize,
    at: f64,
    /// Half width of the window.
    h: f64,
    /// Eights in which all points with weight lie.
    eights: Range<usize>,
}

/// Where lines are fitted: everywhere but at points within `delta` of the stop before. It depends on `x` alone.
fn stops(points: &Points<'_>, width: usize, delta: f64) -> Vec<Stop> {
    let x = points.x;
    let mut window = Window::new(points, width);
    let mut stops = Vec::new();
    let mut i = 0;
    while i < x.len() {
        window.move_to(points, x[i]);
        let limit = x[i] + delta;
        let mut last = i;
        let mut next = i + 1;
        while next < x.len() && x[next] <= limit {
            if x[next] == x[i] {
                last = next;
            }
            next += 1;
        }
        stops.push(window.stop(x, i, last));
        i = (last + 1).max(next - 1);
    }
    stops
}

/// Fits a line at every stop, and interpolates between them.
fn one_pass(points: &Points<'_>, stops: &[Stop], masses: &[f64], fitted: &mut [f64]) {
    let x = points.x;
    let mut before: Option<usize> = None;
    let sums = in_lanes(KernelSums {
        points,
        masses,
        stops,
        shift: 0.0,
    });
    for (stop, sums) in stops.iter().zip(sums) {
        let about = |center| {
            let shifted = in_lanes(KernelSums {
                points,
                masses,
                stops: std::slice::from_ref(stop),
                shift: center,
            });
            shifted[0]
        };
        let range = x[x.len() - 1] - x[0];
        let fit = line(sums, about, stop.h > 0.0, range).unwrap_or(points.y[stop.first]);
        fitted[stop.first..=stop.last].fill(fit);
        if let Some(before) = before {
            interpolate(x, fitted, before, stop.first);
        }
        before = Some(stop.last);
    }
}

/// A weighted line, read at the place of the fit; `None` if all weights vanish. `about` has the sums with distances from another place.
fn line(sums: Sums, about: impl FnOnce(f64) -> Sums, has_width: bool, range: f64) -> Option<f64> {
    if sums.total <= 0.0 {
        return None;
    }
    // Distances are measured from the place of the fit, so `center` is that of the weights as seen from there.
    let center = sums.first / sums.total;
    let mut spread = sums.second - center * sums.first;
    let mut tilt = sums.tilt - center * sums.level;
    if spread < CANCELED * sums.second {
        let shifted = about(center);
        (spread, tilt) = (shifted.second, shifted.tilt);
    }
    // A line is only worth it if the points spread out.
    if has_width && (spread / sums.total).sqrt() > 0.001 * range {
        Some((sums.level - center * tilt * (sums.total / spread)) / sums.total)
    } else {
        Some(sums.level / sums.total)
    }
}

/// Share of the squared distances from which on those from the center are summed by themselves: their difference has lost three digits.
const CANCELED: f64 = 1e-3;

fn interpolate(x: &[f64], fitted: &mut [f64], from: usize, to: usize) {
    let width = x[to] - x[from];
    for j in from + 1..to {
        let share = (x[j] - x[from]) / width;
        fitted[j] = share * fitted[to] + (1.0 - share) * fitted[from];
    }
}

/// The nearest copies around a place.
struct Window {
    /// The first point in it, and how many of its copies lie before the window.
    first: usize,
    outside: usize,
    /// The point of the first copy beyond the window, and how many of its copies lie in the window.
    beyond: usize,
    inside: usize,
}

impl Window {
    /// The first `width` copies.
    fn new(points: &Points<'_>, width: usize) -> Self {
        let (mut beyond, mut inside) = (0, width);
        while beyond < points.x.len() && inside >= points.count(beyond) {
            inside -= points.count(beyond);
            beyond += 1;
        }
        Self {
            first: 0,
            outside: 0,
            beyond,
            inside,
        }
    }

    /// Moves right while the next copy on the right is strictly closer than the first on the left.
    fn move_to(&mut self, points: &Points<'_>, at: f64) {
        let x = points.x;
        while self.beyond < x.len() && at - x[self.first] > x[self.beyond] - at {
            self.outside += 1;
            if self.outside == points.count(self.first) {
                (self.first, self.outside) = (self.first + 1, 0);
            }
            self.inside += 1;
            if self.inside == points.count(self.beyond) {
                (self.beyond, self.inside) = (self.beyond + 1, 0);
            }
        }
    }

    /// A stop at its place, for the points `first..=last`.
    ///
    /// The kernel is 0 from .999 of `h` on. That leaves out all points before the window, and copies of its first point that lie before it: they
    /// were left behind because the last point is nearer, so `h` is their distance. Points after the window that are closer have their weight.
    fn stop(&self, x: &[f64], first: usize, last: usize) -> Stop {
        let at = x[first];
        let rim = self.beyond - usize::from(self.inside == 0);
        let h = (at - x[self.first]).max(x[rim] - at);
        let mut end = rim + 1;
        while end < x.len() && x[end] - at <= h {
            end += 1;
        }
        Stop {
            first,
            last,
            at,
            h,
            eights: self.first / 8 * 8..end.next_multiple_of(8),
        }
    }
}

/// Weighted sums over points, with distances d.
#[derive(Debug, Clone, Copy)]
struct Sums {
    /// Σ w, Σ w d, Σ w d².
    total: f64,
    first: f64,
    second: f64,
    /// Σ w y, Σ w d y.
    level: f64,
    tilt: f64,
}

/// The sums of every stop, by its tricube kernel; distances are measured from its place and a shift.
struct KernelSums<'a> {
    points: &'a Points<'a>,
    masses: &'a [f64],
    stops: &'a [Stop],
    shift: f64,
}

impl WithSimd for KernelSums<'_> {
    type Output = Vec<Sums>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Vec<Sums> {
        let mut out = Vec::with_capacity(self.stops.len());
        for stop in self.stops {
            out.push(self.sums(simd, stop));
        }
        out
    }
}

impl KernelSums<'_> {
    #[inline(always)]
    fn sums<S: Simd>(&self, simd: S, stop: &Stop) -> Sums {
        let Stop { at, h, eights, .. } = stop;
        let [x, y] = &self.points.eights;
        let lists = [
            &x[eights.clone()],
            &y[eights.clone()],
            &self.masses[eights.clone()],
        ];
        // Without extent all points are at the place itself, with weight 1.
        let per_h = if *h > 0.0 { 1.0 / h } else { 0.0 };
        let one = Lanes::all(simd, 1.0);
        let [mut total, mut first, mut second, mut level, mut tilt] = [Lanes::all(simd, 0.0); 5];
        let lists = Eights::new(simd, lists, [0.0; 3]);
        for i in 0..lists.whole() {
            let [x, y, mass] = lists.at(i);
            let d = x - *at;
            let r = d.abs();
            // At the center the weight is exactly 1.
            let c = (r * per_h).with_where_up_to(r, 0.001 * h, 0.0);
            let u = one - c * c * c;
            let w = (u * u * u * mass).with_where_above(r, 0.999 * h, 0.0);
            let d = d - self.shift;
            let wd = w * d;
            total = total + w;
            first = first + wd;
            second = second + wd * d;
            level = level + w * y;
            tilt = tilt + wd * y;
        }
        Sums {
            total: total.sum(),
            first: first.sum(),
            second: second.sum(),
            level: level.sum(),
            tilt: tilt.sum(),
        }
    }
}

/// Bisquare weights of the residuals; `None` if the fit is already exact.
fn bisquare(points: &Points<'_>, fitted: &[f64]) -> Option<Vec<f64>> {
    let residuals: Vec<f64> = points
        .y
        .iter()
        .zip(fitted)
        .map(|(y, f)| (y - f).abs())
        .collect();
    let copies = residuals.iter().enumerate();
    let mut sorted: Vec<f64> = copies
        .flat_map(|(i, &r)| repeat_n(r, points.count(i)))
        .collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let n = sorted.len();
    let mean = sorted.iter().sum::<f64>() / n as f64;
    let cut = if n.is_multiple_of(2) {
        3.0 * (sorted[n / 2 - 1] + sorted[n / 2])
    } else {
        6.0 * sorted[n / 2]
    };
    let largest = points.y.iter().fold(0.0, |a: f64, y| a.max(y.abs()));
    if cut < 1e-7 * mean || mean <= 1e-13 * largest {
        return None;
    }
    let weight = |&r: &f64| {
        if r <= 0.001 * cut {
            1.0
        } else if r <= 0.999 * cut {
            let c = r / cut;
            (1.0 - c * c) * (1.0 - c * c)
        } else {
            0.0
        }
    };
    Some(residuals.iter().map(weight).collect())
}
