//! Gabor filters in planes.

use std::f64::consts::TAU;

use ndarray::{Array3, ArrayView3, Axis, s};
use serde::Deserialize;

use super::pooling::Pool;
use super::{Boundary, FilterDimensions, Pooling, invalid, positive};
use crate::error::Result;
use crate::fourier::{Complex64, FftDirection, fast_length, transform};
use crate::par::map_indexed;
use crate::roi::BoundingBox;
use crate::volume::Volume;

/// The modulus of the response to a two-dimensional Gabor filter (IBSI code Q88H):
///
/// ```text
/// g(k) = exp(-(u² + γ² v²)/(2σ²) + i 2π u/λ),   u = k1 cos θ + k2 sin θ,   v = -k1 sin θ + k2 cos θ
/// ```
///
/// with `k` in mm. It is not normalized. Slice by slice `(k1, k2)` are `(x, y)`: a larger `θ` turns from x to y, clockwise where
/// y points down. In three dimensions the filter works in the planes `(x, y)`, `(x, z)` and `(y, z)`, whose responses are
/// pooled. With [`theta_step`](Self::theta_step) `Δθ` the responses for `θ + kΔθ` all the way round are pooled, over planes and
/// angles together. The kernel ends where the Gaussian is `exp(-49/2)`, 2e-11.
///
/// Intensity units times voxels; not negative. Not zero for a constant image.
///
/// Reference: Image Biomarker Standardisation Initiative, [arXiv:2006.05470](https://doi.org/10.48550/arXiv.2006.05470);
/// Petkov 1995, [doi:10.1016/0167-739X(95)00015-K](https://doi.org/10.1016/0167-739X(95)00015-K).
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gabor {
    /// `σ` in mm, positive. No default.
    pub sigma: f64,
    /// `λ` in mm, positive. No default.
    pub wavelength: f64,
    /// `γ`, positive: how much narrower the Gaussian is along the waves than across. Default 1.
    #[serde(default = "one")]
    pub gamma: f64,
    /// `θ` in degrees, from 0 to below 360. Default 0.
    #[serde(default)]
    pub theta: f64,
    /// `Δθ` in degrees, 1 to 360 and a divisor of 360. Default none: one angle.
    #[serde(default)]
    pub theta_step: Option<f64>,
    /// How responses of planes and angles are pooled. Default [`Pooling::Mean`].
    #[serde(default)]
    pub pooling: Pooling,
    /// Outside of the image. Default [`Boundary::Mirror`].
    #[serde(default)]
    pub boundary: Boundary,
    /// In slices or in three orthogonal planes. Default [`FilterDimensions::Three`].
    #[serde(default)]
    pub dimensions: FilterDimensions,
}

fn one() -> f64 {
    1.0
}

/// Where the kernel ends, in standard deviations.
const CUTOFF: f64 = 7.0;
/// Voxels of an extended plane at most: half a gibibyte.
const MAX_PLANE: usize = 1 << 25;
/// Transfer functions that are kept at a time, as long as they have no more than [`MAX_PLANE`] pixels together.
const MAX_TRANSFERS: usize = 16;

/// Planes of one orientation: the axes along which `k1` and `k2` run, and the third.
struct Planes {
    k1: usize,
    k2: usize,
    across: usize,
    /// Half the extent of the kernels along `k1` and `k2`, in voxels.
    reach: [usize; 2],
    /// Of the extended part of a plane, along `k1` and `k2`.
    size: [usize; 2],
    spacing: [f64; 2],
}

impl Gabor {
    /// # Errors
    /// [`Error::InvalidSetting`](crate::Error::InvalidSetting) for a number out of range.
    pub fn check(&self) -> Result<()> {
        positive("sigma", self.sigma)?;
        positive("wavelength", self.wavelength)?;
        positive("gamma", self.gamma)?;
        if !(0.0..360.0).contains(&self.theta) {
            return Err(invalid("theta", "0 to below 360 degrees", self.theta));
        }
        match self.theta_step {
            Some(step) if !(1.0..=360.0).contains(&step) || !is_whole(360.0 / step) => Err(
                invalid("theta_step", "a divisor of 360, 1 or more degrees", step),
            ),
            _ => Ok(()),
        }
    }

    /// The angles in radians. Those half a turn apart have the same modulus; of such pairs one is left out.
    fn angles(&self) -> Vec<f64> {
        let step = self.theta_step.unwrap_or(360.0);
        let n = (360.0 / step).round() as usize;
        let n = if n.is_multiple_of(2) { n / 2 } else { n };
        let angles = (0..n).map(|k| (self.theta + k as f64 * step).to_radians());
        angles.collect()
    }

    pub(super) fn response(&self, image: &Volume, bounds: &BoundingBox) -> Result<Array3<f64>> {
        let axes: &[[usize; 3]] = match self.dimensions {
            FilterDimensions::Two => &[[2, 1, 0]],
            FilterDimensions::Three => &[[2, 1, 0], [2, 0, 1], [1, 0, 2]],
        };
        let angles = self.angles();
        let voxels = image.voxels();
        let mut pool = Pool::new(self.pooling);
        for &axes in axes {
            let planes = self.planes(axes, image, bounds, &angles)?;
            let n_pixels = planes.size[0] * planes.size[1];
            let at_a_time = (MAX_PLANE / n_pixels).clamp(1, MAX_TRANSFERS);
            for angles in angles.chunks(at_a_time) {
                let transfers = map_indexed(angles.len(), |i| self.transfer(&planes, angles[i]));
                let pooled = map_indexed(bounds.size[planes.across], |i| {
                    let plane = planes.extended(voxels.view(), bounds, i, self.boundary);
                    self.pooled(&planes, plane, &transfers)
                });
                let mut response = Array3::zeros(bounds.size);
                let to = response.axis_iter_mut(Axis(planes.across));
                for (mut to, from) in to.zip(pooled) {
                    to.assign(&from.index_axis(Axis(0), 0));
                }
                pool.add_partial(response, angles.len());
            }
        }
        Ok(pool.finish().expect("there is an angle"))
    }

    /// How far the kernels reach in planes of these axes, and how large the planes are with them.
    fn planes(
        &self,
        [k1, k2, across]: [usize; 3],
        image: &Volume,
        bounds: &BoundingBox,
        angles: &[f64],
    ) -> Result<Planes> {
        let wide = self.sigma / self.gamma;
        let extent = |f: fn(f64) -> (f64, f64)| -> f64 {
            let of = |&angle: &f64| {
                let (along, across) = f(angle);
                (self.sigma * along).hypot(wide * across)
            };
            angles.iter().map(of).fold(0.0, f64::max)
        };
        let extents = [
            extent(|a| (a.cos(), a.sin())),
            extent(|a| (a.sin(), a.cos())),
        ];
        let spacing = [k1, k2].map(|axis| image.spacing()[axis]);
        let reach = [0, 1].map(|i| (CUTOFF * extents[i] / spacing[i]).ceil());
        let size = [0, 1].map(|i| reach[i] * 2.0 + bounds.size[[k1, k2][i]] as f64);
        let n_pixels = size[0] * size[1];
        // Of a width beyond all numbers it is none.
        if n_pixels.is_nan() || n_pixels > MAX_PLANE as f64 {
            let expected = "a kernel of 7 sigma that makes planes of at most 2^25 pixels";
            return Err(invalid("sigma", expected, self.sigma));
        }
        Ok(Planes {
            k1,
            k2,
            across,
            reach: reach.map(|r| r as usize),
            size: size.map(|n| fast_length(n as usize)),
            spacing,
        })
    }

    /// The transform of the kernel, which is real as `g(-k)` is the conjugate of `g(k)`, over the number of pixels.
    fn transfer(&self, planes: &Planes, angle: f64) -> Vec<f64> {
        let [n1, n2] = planes.size;
        let [r1, r2] = planes.reach.map(|r| r as i64);
        let mut kernel = Array3::from_elem((1, n2, n1), Complex64::default());
        let (sin, cos) = angle.sin_cos();
        let place = |k: i64, n: usize| k.rem_euclid(n as i64) as usize;
        for k2 in -r2..=r2 {
            for k1 in -r1..=r1 {
                let x = k1 as f64 * planes.spacing[0];
                let y = k2 as f64 * planes.spacing[1];
                let (u, v) = (x * cos + y * sin, self.gamma * (y * cos - x * sin));
                let distance = (u / self.sigma).hypot(v / self.sigma);
                let size = (-distance * distance / 2.0).exp();
                kernel[[0, place(k2, n2), place(k1, n1)]] =
                    Complex64::from_polar(size, TAU * u / self.wavelength);
            }
        }
        transform(&mut kernel, &[1, 2], FftDirection::Forward);
        let n = (n1 * n2) as f64;
        kernel.iter().map(|v| v.re / n).collect()
    }

    /// The moduli of all angles, pooled, where the extended plane was asked for; of a mean the sum. Shape `(1, k2, k1)`.
    fn pooled(&self, planes: &Planes, plane: Plane, transfers: &[Vec<f64>]) -> Array3<f64> {
        let mut spectrum = plane.pixels;
        transform(&mut spectrum, &[1, 2], FftDirection::Forward);
        let mut pool = Pool::new(self.pooling);
        for transfer in transfers {
            let mut response = spectrum.clone();
            for (v, &factor) in response.iter_mut().zip(transfer) {
                *v *= factor;
            }
            transform(&mut response, &[1, 2], FftDirection::Inverse);
            let [r1, r2] = planes.reach;
            let [n1, n2] = plane.asked;
            let asked = response.slice(s![.., r2..r2 + n2, r1..r1 + n1]);
            pool.add(asked.mapv(|v| v.norm()), 1, 0);
        }
        pool.into_partial().expect("there is an angle")
    }
}

/// A plane extended by the reach of the kernels, `(1, k2, k1)`, and how much of it was asked for, along `k1` and `k2`.
struct Plane {
    pixels: Array3<Complex64>,
    asked: [usize; 2],
}

impl Planes {
    /// The `index`-th plane of the box.
    fn extended(
        &self,
        voxels: ArrayView3<'_, f64>,
        bounds: &BoundingBox,
        index: usize,
        boundary: Boundary,
    ) -> Plane {
        let asked = [self.k1, self.k2].map(|axis| bounds.size[axis]);
        let [columns, rows] = [0, 1].map(|i| -> Vec<Option<usize>> {
            let axis = [self.k1, self.k2][i];
            let first = bounds.start[axis] as i64 - self.reach[i] as i64;
            // Behind the reach of the kernels it does not matter what there is.
            let n_real = asked[i] + 2 * self.reach[i];
            let length = voxels.len_of(Axis(axis));
            let place = |k| boundary.sample(first + k as i64, length);
            (0..self.size[i])
                .map(|k| (k < n_real).then(|| place(k))?)
                .collect()
        });
        let plane = voxels.index_axis(Axis(self.across), bounds.start[self.across] + index);
        let size = (1, self.size[1], self.size[0]);
        let pixels = Array3::from_shape_fn(size, |(_, j, k)| match (rows[j], columns[k]) {
            (Some(row), Some(column)) => Complex64::new(plane[[row, column]], 0.0),
            _ => Complex64::default(),
        });
        Plane { pixels, asked }
    }
}

fn is_whole(value: f64) -> bool {
    (value - value.round()).abs() < 1e-9
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_half_a_turn_apart_are_one_angle() {
        let angles = |theta_step| {
            let gabor = Gabor {
                sigma: 1.0,
                wavelength: 1.0,
                gamma: 1.0,
                theta: 30.0,
                theta_step,
                pooling: Pooling::Mean,
                boundary: Boundary::Mirror,
                dimensions: FilterDimensions::Two,
            };
            assert!(gabor.check().is_ok());
            gabor.angles().len()
        };
        assert_eq!(
            [None, Some(22.5), Some(45.0), Some(40.0), Some(360.0)].map(angles),
            [1, 8, 4, 9, 1]
        );
    }
}
