//! Loess: local polynomials with tricube weights (Cleveland, Grosse and Shyu, in Chambers and
//! Hastie, Statistical Models in S, 1992), computed exactly at every point (`surface = "direct"`).

use crate::error::{Error, Result, all_finite, same_length};
use crate::par::map_indexed;

/// Degree of the local polynomial.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub enum Degree {
    /// A line.
    Linear,
    /// A parabola (R's default).
    #[default]
    Quadratic,
}

/// Fits `y` at every `x` by a local polynomial over the nearest `⌊span n⌋` points.
///
/// With `h` the distance of the farthest of them, a point at distance `d < h` weighs
/// `(1 - (d/h)³)³`. Where the window holds too few distinct `x` for the degree, the degree is
/// lowered, down to the mean of the points at `x` itself. Equal `x` share one fit. The cost is the
/// number of distinct `x` times the window.
///
/// # Differences
/// R's `loess` interpolates between vertices of a k-d tree unless it is told
/// `surface = "direct"`; in calibration of a few hundred subjects that moves the fit by up to 0.05.
///
/// # Errors
/// [`Error::Empty`], [`Error::LengthMismatch`], [`Error::NotFinite`], [`Error::OutOfRange`] for a
/// span outside (0, 1], [`Error::TooFew`] if the window holds fewer than 3 points.
pub fn loess(x: &[f64], y: &[f64], span: f64, degree: Degree) -> Result<Vec<f64>> {
    all_finite("x", x)?;
    same_length("y", x.len(), y.len())?;
    all_finite("y", y)?;
    if !(span > 0.0 && span <= 1.0) {
        return Err(Error::OutOfRange {
            name: "span",
            value: span,
            expected: "a share in (0, 1]",
        });
    }
    let window = ((x.len() as f64 * span + 1e-5) as usize).min(x.len());
    if window < 3 {
        return Err(Error::TooFew {
            what: "points in the loess window",
            found: window,
            required: 3,
        });
    }
    let mut order: Vec<usize> = (0..x.len()).collect();
    order.sort_by(|&i, &j| x[i].total_cmp(&x[j]));
    let sorted = Sorted {
        x: order.iter().map(|&i| x[i]).collect(),
        y: order.iter().map(|&i| y[i]).collect(),
        window,
        degree,
    };
    let mut starts: Vec<usize> = (0..x.len())
        .filter(|&i| i == 0 || sorted.x[i] != sorted.x[i - 1])
        .collect();
    let fits = map_indexed(starts.len(), |k| sorted.fit_at(starts[k]));
    starts.push(x.len());
    let mut fitted = vec![0.0; x.len()];
    for (k, fit) in fits.into_iter().enumerate() {
        for &i in &order[starts[k]..starts[k + 1]] {
            fitted[i] = fit;
        }
    }
    Ok(fitted)
}

struct Sorted {
    x: Vec<f64>,
    y: Vec<f64>,
    window: usize,
    degree: Degree,
}

impl Sorted {
    /// Distance of the `window`-th nearest point to point `i`, and where the window starts.
    fn bandwidth(&self, i: usize) -> (f64, usize) {
        let at = self.x[i];
        // Among all windows of that size the nearest points are the one with the smallest reach.
        let reach = |left: usize| (at - self.x[left]).max(self.x[left + self.window - 1] - at);
        let (mut low, mut high) = (0, self.x.len() - self.window);
        while low < high {
            let middle = low + (high - low) / 2;
            if at - self.x[middle] > self.x[middle + self.window] - at {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        (reach(low), low)
    }

    fn fit_at(&self, i: usize) -> f64 {
        let at = self.x[i];
        let (h, left) = self.bandwidth(i);
        let mut rows: Vec<[f64; 4]> = Vec::with_capacity(self.window);
        let (mut distinct, mut last) = (0, f64::NAN);
        for j in left..(left + self.window) {
            let d = self.x[j] - at;
            let weight = if h == 0.0 {
                1.0
            } else {
                let r = d.abs() / h;
                let c = 1.0 - r * r * r;
                (c * c * c).max(0.0)
            };
            if weight == 0.0 {
                continue;
            }
            if self.x[j] != last {
                distinct += 1;
                last = self.x[j];
            }
            let u = if h == 0.0 { 0.0 } else { d / h };
            let root = weight.sqrt();
            rows.push([root, root * u, root * u * u, root * self.y[j]]);
        }
        let wanted = match self.degree {
            Degree::Linear => 2,
            Degree::Quadratic => 3,
        };
        intercept(&mut rows, wanted.min(distinct))
    }
}

/// Intercept of the least-squares fit on the first `k` columns, by modified Gram-Schmidt taken so
/// that the intercept comes last and needs no back substitution.
fn intercept(rows: &mut [[f64; 4]], k: usize) -> f64 {
    for pivot in (1..k).rev() {
        let norm: f64 = rows.iter().map(|r| r[pivot] * r[pivot]).sum();
        if norm == 0.0 {
            continue;
        }
        for target in (0..pivot).chain([3]) {
            let dot: f64 = rows.iter().map(|r| r[pivot] * r[target]).sum();
            let factor = dot / norm;
            for r in rows.iter_mut() {
                r[target] -= factor * r[pivot];
            }
        }
    }
    let norm: f64 = rows.iter().map(|r| r[0] * r[0]).sum();
    rows.iter().map(|r| r[0] * r[3]).sum::<f64>() / norm
}
