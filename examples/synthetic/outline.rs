//! Outlines of lesions and lymph nodes as radius over angle, and how readers redraw them.

use std::f32::consts::TAU;

use rand::{Rng, RngExt};

use super::field::normal;

/// Number of angles at which a radius is stored.
const ANGLES: usize = 720;

/// A star-shaped outline around a center, in pixels. Angle 0 points right, a quarter turn points down.
#[derive(Debug, Clone)]
pub(super) struct Outline {
    pub(super) center_x: f32,
    pub(super) center_z: f32,
    radius: Vec<f32>,
}

/// How far a repeated outline strays from the first one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader {
    /// Mean relative offset of the radius: a habit of drawing wider (positive) or tighter.
    pub(super) bias: f64,
    /// Standard deviation of the relative offset from case to case.
    pub(super) scale_sd: f64,
    /// Standard deviation of the relative wobble along the contour.
    pub(super) wobble_sd: f64,
}

impl Reader {
    /// The first reader drawing the case for the study.
    pub(super) const FIRST: Self = Self {
        bias: 0.0,
        scale_sd: 0.010,
        wobble_sd: 0.010,
    };
    /// The first reader drawing the case again two weeks later.
    pub(super) const SAME: Self = Self {
        bias: 0.0,
        scale_sd: 0.012,
        wobble_sd: 0.016,
    };
    /// A second reader.
    pub(super) const SECOND: Self = Self {
        bias: 0.015,
        scale_sd: 0.030,
        wobble_sd: 0.034,
    };
}

impl Outline {
    /// An ellipse with half axes `half_width`, `half_height`, rotated by `tilt` radians.
    pub(super) fn ellipse(
        center_x: f32,
        center_z: f32,
        half_width: f32,
        half_height: f32,
        tilt: f32,
    ) -> Self {
        let radius = (0..ANGLES)
            .map(|k| {
                let angle = k as f32 / ANGLES as f32 * TAU - tilt;
                let (sin, cos) = angle.sin_cos();
                1.0 / ((cos / half_width).powi(2) + (sin / half_height).powi(2)).sqrt()
            })
            .collect();
        Self {
            center_x,
            center_z,
            radius,
        }
    }

    /// Modulates the radius by random harmonics `from..=to` with standard deviation `amplitude` (relative),
    /// the share of the harmonic `k` falling as 1/k.
    pub(super) fn roughen(&mut self, rng: &mut impl Rng, from: usize, to: usize, amplitude: f64) {
        let weight: f64 = (from..=to).map(|k| 1.0 / (k * k) as f64).sum();
        let mut log_factor = vec![0.0f32; ANGLES];
        for k in from..=to {
            let share = amplitude / k as f64 / weight.sqrt();
            let cosine = (share * normal(rng)) as f32;
            let sine = (share * normal(rng)) as f32;
            for (j, value) in log_factor.iter_mut().enumerate() {
                let (s, c) = (k as f32 * j as f32 / ANGLES as f32 * TAU).sin_cos();
                *value += cosine * c + sine * s;
            }
        }
        for (radius, factor) in self.radius.iter_mut().zip(log_factor) {
            *radius *= factor.exp();
        }
    }

    /// Adds `count` pointed extensions of relative length `length` and angular half-width `width` radians.
    pub(super) fn add_spicules(
        &mut self,
        rng: &mut impl Rng,
        count: usize,
        length: f64,
        width: f64,
    ) {
        for _ in 0..count {
            let at: f32 = rng.random_range(0.0..TAU);
            let height = (length * rng.random_range(0.5..1.5)) as f32;
            let width = (width * rng.random_range(0.7..1.4)) as f32;
            for (j, radius) in self.radius.iter_mut().enumerate() {
                let angle = j as f32 / ANGLES as f32 * TAU;
                let distance = (angle - at + TAU * 1.5) % TAU - TAU / 2.0;
                *radius *= 1.0 + height * (-distance.abs() / width).exp();
            }
        }
    }

    /// Shrinks and moves the outline so that it stays `margin` pixels inside an image of this size.
    pub(super) fn fit_into(&mut self, width: usize, height: usize, margin: f32) {
        let (left, right, top, bottom) = self.extent();
        let room = ((width as f32 - 2.0 * margin) / (left + right))
            .min((height as f32 - 2.0 * margin) / (top + bottom))
            .min(1.0)
            * 0.999; // so that rounding leaves some room
        self.radius.iter_mut().for_each(|radius| *radius *= room);
        let (left, right, top, bottom) = self.extent();
        self.center_x = self
            .center_x
            .clamp(margin + left, width as f32 - margin - right);
        self.center_z = self
            .center_z
            .clamp(margin + top, height as f32 - margin - bottom);
    }

    /// Reach of the outline to the left, right, top and bottom of its center.
    fn extent(&self) -> (f32, f32, f32, f32) {
        let mut reach = (0.0f32, 0.0f32, 0.0f32, 0.0f32);
        for (k, &radius) in self.radius.iter().enumerate() {
            let (sin, cos) = (k as f32 / ANGLES as f32 * TAU).sin_cos();
            reach.0 = reach.0.max(-radius * cos);
            reach.1 = reach.1.max(radius * cos);
            reach.2 = reach.2.max(-radius * sin);
            reach.3 = reach.3.max(radius * sin);
        }
        reach
    }

    /// Pixel box `(x range, z range)` that contains the outline scaled by `factor`, clipped to the image.
    pub(super) fn pixel_box(
        &self,
        factor: f32,
        width: usize,
        height: usize,
    ) -> (std::ops::Range<usize>, std::ops::Range<usize>) {
        let (left, right, top, bottom) = self.extent();
        let clip = |value: f32, limit: usize| (value.max(0.0) as usize).min(limit);
        (
            clip(self.center_x - factor * left - 1.0, width)
                ..clip(self.center_x + factor * right + 2.0, width),
            clip(self.center_z - factor * top - 1.0, height)
                ..clip(self.center_z + factor * bottom + 2.0, height),
        )
    }

    /// Radius of the outline in the direction of pixel (`x`, `z`) and the pixel's distance from the center.
    pub(super) fn radius_and_distance(&self, x: f32, z: f32) -> (f32, f32) {
        let (dx, dz) = (x - self.center_x, z - self.center_z);
        let turn = (dz.atan2(dx) / TAU + 1.0).fract() * ANGLES as f32;
        let index = turn as usize % ANGLES;
        let fraction = turn - turn.floor();
        let next = self.radius[(index + 1) % ANGLES];
        (
            self.radius[index] + fraction * (next - self.radius[index]),
            dx.hypot(dz),
        )
    }

    /// The outline as `reader` would draw it: tips cut a little, the whole slightly larger or smaller, wobbling along the way.
    pub(super) fn drawn_by(&self, rng: &mut impl Rng, reader: Reader) -> Self {
        let mut drawn = self.clone();
        drawn.smooth(5);
        let scale = 1.0 + reader.bias + reader.scale_sd * normal(rng);
        drawn
            .radius
            .iter_mut()
            .for_each(|radius| *radius *= scale as f32);
        drawn.roughen(rng, 1, 9, reader.wobble_sd);
        drawn
    }

    /// Circular moving average over `2 half_window + 1` stored angles.
    fn smooth(&mut self, half_window: usize) {
        let source = self.radius.clone();
        for (k, radius) in self.radius.iter_mut().enumerate() {
            let sum: f32 = (0..=2 * half_window)
                .map(|j| source[(k + ANGLES + j - half_window) % ANGLES])
                .sum();
            *radius = sum / (2 * half_window + 1) as f32;
        }
    }

    /// The filled outline as an 8-bit mask, 255 inside.
    pub(super) fn mask(&self, width: usize, height: usize) -> Vec<u8> {
        let mut mask = vec![0u8; width * height];
        let (columns, rows) = self.pixel_box(1.0, width, height);
        for z in rows {
            for x in columns.clone() {
                let (radius, distance) = self.radius_and_distance(x as f32, z as f32);
                if distance <= radius {
                    mask[z * width + x] = 255;
                }
            }
        }
        mask
    }
}
