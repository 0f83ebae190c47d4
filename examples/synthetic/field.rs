//! Smooth random fields: the slow variation of tissue brightness and of layer boundaries.

use rand::Rng;
use rand_distr::{Distribution, StandardNormal};

/// Standard deviation of smoothly interpolated unit lattice noise, averaged over the cell.
const LATTICE_SD: f32 = 0.68;

/// A Gaussian random field of about unit variance with a correlation length along each axis, made by smooth
/// interpolation of a coarse lattice.
pub(super) struct SmoothField {
    columns: usize,
    step_x: f32,
    step_z: f32,
    lattice: Vec<f32>,
}

impl SmoothField {
    /// A field over `width` x `height` pixels with correlation lengths `step_x` and `step_z` in pixels.
    pub(super) fn new(
        rng: &mut impl Rng,
        width: usize,
        height: usize,
        step_x: f32,
        step_z: f32,
    ) -> Self {
        let step_x = step_x.max(1.0);
        let step_z = step_z.max(1.0);
        let columns = (width as f32 / step_x) as usize + 3;
        let rows = (height as f32 / step_z) as usize + 3;
        let lattice = (0..columns * rows)
            .map(|_| {
                let value: f32 = StandardNormal.sample(rng);
                value / LATTICE_SD
            })
            .collect();
        Self {
            columns,
            step_x,
            step_z,
            lattice,
        }
    }

    /// The field at pixel (`x`, `z`); outside the laid-out area the nearest lattice value is used.
    pub(super) fn at(&self, x: f32, z: f32) -> f32 {
        let rows = self.lattice.len() / self.columns;
        let (i, u) = cell(x / self.step_x, self.columns);
        let (k, v) = cell(z / self.step_z, rows);
        let upper = &self.lattice[k * self.columns..];
        let lower = &self.lattice[(k + 1) * self.columns..];
        let top = upper[i] + u * (upper[i + 1] - upper[i]);
        let bottom = lower[i] + u * (lower[i + 1] - lower[i]);
        top + v * (bottom - top)
    }
}

/// Lattice cell and smoothed position inside it.
fn cell(position: f32, count: usize) -> (usize, f32) {
    let position = position.clamp(0.0, (count - 1) as f32 - 1e-3);
    let index = position as usize;
    let fraction = position - index as f32;
    (index, fraction * fraction * (3.0 - 2.0 * fraction))
}

/// A smooth random curve of about unit variance: the same interpolation along one axis.
pub(super) struct SmoothCurve(SmoothField);

impl SmoothCurve {
    /// A curve over `length` pixels with a correlation length of `step` pixels.
    pub(super) fn new(rng: &mut impl Rng, length: usize, step: f32) -> Self {
        Self(SmoothField::new(rng, length, 1, step, 1.0))
    }

    /// The curve at `x`.
    pub(super) fn at(&self, x: f32) -> f32 {
        // Interpolated along one axis only, the variance is reduced once instead of twice.
        self.0.at(x, 0.0) * LATTICE_SD.sqrt()
    }
}

/// A ramp from 0 below `low` to 1 above `high` with zero slope at both ends.
pub(super) fn smooth_step(low: f32, high: f32, value: f32) -> f32 {
    let t = ((value - low) / (high - low)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

/// A standard normal draw.
pub(super) fn normal(rng: &mut impl Rng) -> f64 {
    StandardNormal.sample(rng)
}
