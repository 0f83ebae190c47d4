//! Cubic B-splines (`sitkBSpline`): the coefficients, and their sum at a position.
//!
//! The coefficients `c` reproduce the voxels, `(c[k-1] + 4 c[k] + c[k+1]) / 6 = x[k]`, along every axis, with the image mirrored
//! at its outermost centers. They come from a recursive filter with the pole `p = √3 - 2` (Unser, IEEE Signal Processing
//! Magazine 16(6), 1999, box 2):
//!
//! ```text
//! a[k] = 6 x[k] + p a[k-1]        c[k] = p (c[k+1] - a[k])
//! a[0] = Σ_k p^k 6 x[k]           c[N-1] = p / (p² - 1) (p a[N-2] + a[N-1])
//! ```
//!
//! The sum for `a[0]` ends after 18 voxels, `|p|^18 < 1e-10`, as ITK ends it; that is seen in the tenth digit of values near
//! the lower borders. Shorter axes have the exact sum over the mirrored line.
//!
//! # Restriction to the new grid
//! The filter is run on the voxels that the new grid needs and [`SETTLE`] more on both sides. What is beyond changes the
//! coefficients by less than `|p|^64 < 3e-37` of the largest one, which is nothing in 53 bits.

use std::ops::Range;

use super::interpolate::{Kernel, Voxels, Weighted};
use crate::par::map_indexed;

/// Voxels after which a filter has forgotten how it began.
const SETTLE: usize = 64;
/// Terms of the sum that begins the filter, `⌈ln 1e-10 / ln |p|⌉`.
const HORIZON: usize = 18;

/// The pole `√3 - 2`.
fn pole() -> f64 {
    3.0f64.sqrt() - 2.0
}

/// Coefficients of a part of an image.
#[derive(Debug)]
pub(super) struct Coefficients {
    values: Vec<f64>,
    /// First voxel of the part, and its voxels; `(x, y, z)` order.
    start: [usize; 3],
    size: [usize; 3],
    steps: [usize; 3],
}

/// The part of one axis that is filtered, and that of it which is kept.
#[derive(Debug, Clone)]
struct Span {
    length: usize,
    filtered: Range<usize>,
    kept: Range<usize>,
}

impl Span {
    fn new(length: usize, kept: Range<usize>) -> Self {
        let first = kept.start.saturating_sub(SETTLE);
        let last = kept.end.saturating_add(SETTLE).min(length);
        Self {
            length,
            filtered: first..last,
            kept,
        }
    }

    /// The kept part, counted in the filtered one.
    fn inner(&self) -> Range<usize> {
        self.kept.start - self.filtered.start..self.kept.end - self.filtered.start
    }

    /// Filters rows of `width` numbers, one row per voxel of the filtered part.
    fn filter(&self, rows: &mut [f64], width: usize) {
        // A single voxel is its own coefficient.
        if self.length == 1 {
            return;
        }
        let (p, n) = (pole(), self.filtered.len());
        let gain = (1.0 - p) * (1.0 - 1.0 / p);
        rows.iter_mut().for_each(|v| *v *= gain);
        if self.filtered.start == 0 {
            self.begin(rows, width);
        }
        for k in 1..n {
            let (before, row) = rows[(k - 1) * width..(k + 1) * width].split_at_mut(width);
            row.iter_mut().zip(before).for_each(|(v, b)| *v += p * *b);
        }
        let (before, last) = rows[(n - 2) * width..n * width].split_at_mut(width);
        for (v, b) in last.iter_mut().zip(before) {
            *v = (p / (p * p - 1.0)) * (p * *b + *v);
        }
        for k in (0..n - 1).rev() {
            let (row, after) = rows[k * width..(k + 2) * width].split_at_mut(width);
            row.iter_mut()
                .zip(after)
                .for_each(|(v, a)| *v = p * (*a - *v));
        }
    }

    /// Sets the first row to the sum that stands for the mirrored image before it.
    fn begin(&self, rows: &mut [f64], width: usize) {
        let p = pole();
        let n = self.length;
        let (first, rest) = rows.split_at_mut(width);
        let row = |k: usize| &rest[(k - 1) * width..k * width];
        let mut add = |k: usize, weight: f64| {
            first
                .iter_mut()
                .zip(row(k))
                .for_each(|(sum, v)| *sum += weight * v);
        };
        let mut power = p;
        if HORIZON < n {
            for k in 1..HORIZON {
                add(k, power);
                power *= p;
            }
            return;
        }
        let farthest = p.powf((n - 1) as f64);
        add(n - 1, farthest);
        let mut mirrored = farthest * (farthest * (1.0 / p));
        for k in 1..n - 1 {
            add(k, power + mirrored);
            power *= p;
            mirrored *= 1.0 / p;
        }
        first.iter_mut().for_each(|sum| *sum /= 1.0 - power * power);
    }
}

impl Coefficients {
    /// The coefficients of the voxels in `needed`, one range per axis, none of them empty. Sizes in `(x, y, z)` order.
    pub(super) fn new(voxels: Voxels<'_>, size: [usize; 3], needed: [Range<usize>; 3]) -> Self {
        let [x, y, z] = &[0, 1, 2].map(|a| Span::new(size[a], needed[a].clone()));
        let (nx, ny, nz) = (x.kept.len(), y.kept.len(), z.kept.len());
        let planes = map_indexed(z.filtered.len(), |k| {
            let mut plane = Vec::with_capacity(nx * y.filtered.len());
            let mut line = Vec::with_capacity(x.filtered.len());
            for j in y.filtered.clone() {
                let start = (z.filtered.start + k) * voxels.steps[2] + j * voxels.steps[1];
                line.clear();
                line.extend_from_slice(&voxels.values[start..][x.filtered.clone()]);
                x.filter(&mut line, 1);
                plane.extend_from_slice(&line[x.inner()]);
            }
            y.filter(&mut plane, nx);
            let inner = y.inner();
            plane.drain(inner.end * nx..);
            plane.drain(..inner.start * nx);
            plane
        });
        let slabs = map_indexed(ny, |j| {
            let mut slab = Vec::with_capacity(nx * planes.len());
            for plane in &planes {
                slab.extend_from_slice(&plane[j * nx..(j + 1) * nx]);
            }
            z.filter(&mut slab, nx);
            let inner = z.inner();
            slab[inner.start * nx..inner.end * nx].to_vec()
        });
        Self {
            values: slabs.concat(),
            start: [x.kept.start, y.kept.start, z.kept.start],
            size: [nx, ny, nz],
            steps: [1, nz * nx, nx],
        }
    }
}

/// Which coefficients a position needs along an axis, and how much of each.
#[derive(Debug, Clone)]
pub(super) struct Support {
    pub indices: [usize; 4],
    weights: [f64; 4],
}

impl Support {
    /// The four cubics of the spline at `position` of an axis of `size` voxels.
    pub(super) fn new(position: f64, size: usize) -> Self {
        // In ITK the middle pair is found in single precision; the polynomials go on smoothly beside it.
        let middle = f64::from(position as f32).floor();
        let w = position - middle;
        let mut weights = [0.0; 4];
        weights[3] = (1.0 / 6.0) * w * w * w;
        weights[0] = (1.0 / 6.0) + 0.5 * w * (w - 1.0) - weights[3];
        weights[2] = w + weights[0] - 2.0 * weights[3];
        weights[1] = 1.0 - weights[0] - weights[2] - weights[3];
        let first = middle as i64 - 1;
        Self {
            indices: [0, 1, 2, 3].map(|k| mirrored(first + k, size)),
            weights,
        }
    }
}

/// The index mirrored at the first and the last voxel.
fn mirrored(index: i64, size: usize) -> usize {
    let period = 2 * (size as i64 - 1);
    if period == 0 {
        return 0;
    }
    let index = index.rem_euclid(period);
    index.min(period - index) as usize
}

/// The kernel.
pub(super) struct BSpline<'a> {
    pub coefficients: &'a Coefficients,
    /// Of the image; `(x, y, z)` order.
    pub size: [usize; 3],
    pub dimensions: usize,
}

impl Kernel for BSpline<'_> {
    type Taps = Weighted<4>;

    fn taps(&self, axis: usize, position: f64) -> Weighted<4> {
        if axis >= self.dimensions {
            return Weighted::single();
        }
        let Support { indices, weights } = Support::new(position, self.size[axis]);
        let part = self.coefficients;
        // Inside the part already, unless coordinates are so large that rounding moves them by whole voxels.
        let inside = |i: usize| i.saturating_sub(part.start[axis]).min(part.size[axis] - 1);
        Weighted {
            n: 4,
            offsets: indices.map(|i| inside(i) * part.steps[axis]),
            weights,
        }
    }

    fn value(&self, [x, y, z]: [&Weighted<4>; 3]) -> f64 {
        let mut sum = 0.0;
        for (oz, wz) in z.iter() {
            for (oy, wy) in y.iter() {
                let row = &self.coefficients.values[oy + oz..];
                for k in 0..4 {
                    sum += x.weights[k] * wy * wz * row[x.offsets[k]];
                }
            }
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn coefficients(line: &[f64], kept: Range<usize>) -> Vec<f64> {
        let size = [line.len(), 1, 1];
        Coefficients::new(Voxels::new(line, size), size, [kept, 0..1, 0..1]).values
    }

    #[test]
    fn coefficients_reproduce_the_voxels() {
        for n in [2, 3, 9, 18, 40] {
            let line: Vec<f64> = (0..n).map(|i| f64::from(i * i % 7)).collect();
            let c = coefficients(&line, 0..line.len());
            for k in 0..line.len() {
                let [before, after] = [-1, 1].map(|d| c[mirrored(k as i64 + d, c.len())]);
                let value = (before + 4.0 * c[k] + after) / 6.0;
                // The truncated sum is seen on axes longer than its horizon.
                assert!((value - line[k]).abs() < 1e-8, "{n}: voxel {k}");
            }
        }
    }

    #[test]
    fn a_part_has_the_coefficients_of_the_whole_to_the_last_bit() {
        let line: Vec<f64> = (0..400).map(|i| f64::from(i * i % 1009) * 0.37).collect();
        let whole = coefficients(&line, 0..400);
        for part in [0..5, 30..40, 100..180, 250..400] {
            assert_eq!(coefficients(&line, part.clone()), whole[part]);
        }
    }

    #[test]
    fn weights_at_a_voxel_and_halfway() {
        let at = Support::new(3.0, 9);
        assert_eq!(at.indices, [2, 3, 4, 5]);
        let close = |a: [f64; 4], b: [f64; 4]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-15);
        assert!(close(at.weights, [1.0 / 6.0, 2.0 / 3.0, 1.0 / 6.0, 0.0]));
        let half = Support::new(0.5, 9);
        assert_eq!(half.indices, [1, 0, 1, 2]);
        assert!(close(
            half.weights,
            [1.0 / 48.0, 23.0 / 48.0, 23.0 / 48.0, 1.0 / 48.0]
        ));
        assert_eq!(Support::new(7.6, 9).indices, [6, 7, 8, 7]);
    }
}
