//! The discrete Fourier transform of some axes of an array.
//!
//! ```text
//! X[k] = Σ_n x[n] exp(∓ 2πi k n / N)   - forward, + inverse; neither is scaled
//! ```
//!
//! Lines are transformed one by one in a fixed way: the number of threads changes no bit. Any length is fast; products of small
//! primes are fastest ([`fast_length`]).

use std::sync::Arc;

use ndarray::{Array3, Axis, s};
use rustfft::num_complex::Complex;
use rustfft::{Fft, FftPlanner};

use crate::par::map_indexed;

pub(crate) use rustfft::FftDirection;

/// A complex number of two 64-bit floats.
pub(crate) type Complex64 = Complex<f64>;

/// Transforms these axes of an array in place.
pub(crate) fn transform(data: &mut Array3<Complex64>, axes: &[usize], direction: FftDirection) {
    let mut planner = FftPlanner::new();
    for &axis in axes {
        let length = data.len_of(Axis(axis));
        if length > 1 && !data.is_empty() {
            let fft = planner.plan_fft(length, direction);
            transform_axis(data, axis, &fft);
        }
    }
}

/// Lines of an axis, in units that need no other: planes of one z or, along z, of one y.
fn transform_axis(data: &mut Array3<Complex64>, axis: usize, fft: &Arc<dyn Fft<f64>>) {
    /// Units in flight at a time: they are copies.
    const UNITS: usize = 64;
    let across = Axis(usize::from(axis == 0));
    // Within a unit the axis comes first or second.
    let second = axis == 2;
    let n_units = data.len_of(across);
    for start in (0..n_units).step_by(UNITS) {
        let n = UNITS.min(n_units - start);
        let units = map_indexed(n, |i| {
            let plane = data.index_axis(across, start + i);
            let lines = if second { plane } else { plane.reversed_axes() };
            let mut lines = lines.as_standard_layout().into_owned();
            let buffer = lines.as_slice_mut().expect("made in standard layout");
            fft.process(buffer);
            lines
        });
        for (i, lines) in units.into_iter().enumerate() {
            let mut plane = data.index_axis_mut(across, start + i);
            let lines = if second { lines } else { lines.reversed_axes() };
            plane.slice_mut(s![.., ..]).assign(&lines);
        }
    }
}

/// The smallest product of 2, 3 and 5 that is not below `length`.
pub(crate) fn fast_length(length: usize) -> usize {
    let is_smooth = |n: &usize| {
        let mut rest: usize = *n;
        for prime in [2, 3, 5] {
            while rest.is_multiple_of(prime) {
                rest /= prime;
            }
        }
        rest == 1
    };
    (length.max(1)..).find(is_smooth).unwrap_or(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_axis_is_transformed_by_definition_and_back() {
        let size = (3, 4, 5);
        let value = |z, y, x| Complex64::new((z * 7 + y * 3 + x * x) as f64, (x * y) as f64 - 2.0);
        let original = Array3::from_shape_fn(size, |(z, y, x)| value(z, y, x));
        let mut data = original.clone();
        transform(&mut data, &[0, 1, 2], FftDirection::Forward);
        let turn = |k: usize, n: usize, of: usize| {
            let angle = -std::f64::consts::TAU * (k * n) as f64 / of as f64;
            Complex64::from_polar(1.0, angle)
        };
        for ((k, l, m), found) in data.indexed_iter() {
            let terms = original.indexed_iter().map(|((z, y, x), v)| {
                v * turn(k, z, size.0) * turn(l, y, size.1) * turn(m, x, size.2)
            });
            let expected: Complex64 = terms.sum();
            assert!((found - expected).norm() < 1e-10, "{found} {expected}");
        }
        transform(&mut data, &[0, 1, 2], FftDirection::Inverse);
        for (found, expected) in data.iter().zip(&original) {
            assert!((found / 60.0 - expected).norm() < 1e-12);
        }
    }

    #[test]
    fn fast_lengths_have_small_primes() {
        let lengths = [1, 2, 7, 11, 13, 31, 97, 121, 1025].map(fast_length);
        assert_eq!(lengths, [1, 2, 8, 12, 15, 32, 100, 125, 1080]);
    }
}
