//! Windowed sinc interpolation (`sitkHammingWindowedSinc` and its four sisters) with a radius of [`RADIUS`] voxels.
//!
//! ```text
//! value = Σ_k x[k] w(t - k) sin(π (t - k)) / (π (t - k)),   k = ⌊t⌋ - 4 .. ⌊t⌋ + 5
//! ```
//!
//! along every axis. Beyond the border the outermost voxel goes on. The weights do not sum to 1, so that a constant image
//! comes out up to a few per mil off; at the voxels themselves the values are exact.

use std::f64::consts::PI;

use super::interpolate::{Kernel, Voxels, Weighted};

/// Half the number of voxels that a value is made of, along each axis.
pub(super) const RADIUS: usize = 5;
const TAPS: usize = 2 * RADIUS;

/// The window `w`, with `m` = [`RADIUS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Window {
    /// `0.54 + 0.46 cos(π t / m)`.
    Hamming,
    /// `cos(π t / 2m)`.
    Cosine,
    /// `1 - t² / m²`.
    Welch,
    /// `sinc(t / m)`.
    Lanczos,
    /// `0.42 + 0.5 cos(π t / m) + 0.08 cos(2π t / m)`.
    Blackman,
}

impl Window {
    fn at(self, t: f64) -> f64 {
        let m = RADIUS as f64;
        match self {
            Self::Hamming => 0.54 + 0.46 * (t * (PI / m)).cos(),
            Self::Cosine => (t * (PI / (2.0 * m))).cos(),
            Self::Welch => 1.0 - t * (1.0 / (m * m)) * t,
            Self::Lanczos if t == 0.0 => 1.0,
            Self::Lanczos => {
                let z = (PI / m) * t;
                z.sin() / z
            }
            Self::Blackman => 0.42 + 0.5 * (t * (PI / m)).cos() + 0.08 * (t * (2.0 * PI / m)).cos(),
        }
    }
}

fn sinc(t: f64) -> f64 {
    let z = PI * t;
    if t == 0.0 { 1.0 } else { z.sin() / z }
}

/// The kernel.
pub(super) struct WindowedSinc<'a> {
    pub voxels: Voxels<'a>,
    /// `(x, y, z)` order.
    pub size: [usize; 3],
    pub dimensions: usize,
    pub window: Window,
}

impl Kernel for WindowedSinc<'_> {
    type Taps = Weighted<TAPS>;

    fn taps(&self, axis: usize, position: f64) -> Weighted<TAPS> {
        if axis >= self.dimensions {
            return Weighted::single();
        }
        let base = position.floor();
        let distance = position - base;
        let last = self.size[axis] as i64 - 1;
        let neighbor = |k: usize| (base as i64 + k as i64 - (RADIUS as i64 - 1)).clamp(0, last);
        let offset = |k: usize| neighbor(k) as usize * self.voxels.steps[axis];
        if distance == 0.0 {
            // The other weights are 0.
            let mut taps = Weighted::single();
            taps.offsets[0] = offset(RADIUS - 1);
            return taps;
        }
        let mut taps = Weighted {
            n: TAPS,
            offsets: [0; TAPS],
            weights: [0.0; TAPS],
        };
        let mut t = distance + RADIUS as f64;
        for k in 0..TAPS {
            t -= 1.0;
            taps.offsets[k] = offset(k);
            taps.weights[k] = self.window.at(t) * sinc(t);
        }
        taps
    }

    fn value(&self, [x, y, z]: [&Weighted<TAPS>; 3]) -> f64 {
        let mut sum = 0.0;
        for (oz, wz) in z.iter() {
            for (oy, wy) in y.iter() {
                let row = &self.voxels.values[oy + oz..];
                for (ox, wx) in x.iter() {
                    sum += row[ox] * wx * wy * wz;
                }
            }
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_one_in_the_middle_and_fall_to_the_border() {
        let border = [0.08, 0.0, 0.0, 0.0, 0.0];
        let windows = [
            Window::Hamming,
            Window::Cosine,
            Window::Welch,
            Window::Lanczos,
            Window::Blackman,
        ];
        for (window, border) in windows.into_iter().zip(border) {
            assert!((window.at(0.0) - 1.0).abs() < 1e-15);
            assert!((window.at(5.0) - border).abs() < 1e-15, "{window:?}");
        }
    }
}
