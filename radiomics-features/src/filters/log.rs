//! Laplacian of Gaussian: edges and blobs of a size.
//!
//! The Gaussian is ITK's recursive one (Deriche, INRIA report 1893, fourth order), not a truncated kernel:
//!
//! ```text
//! LoG = Σ_d (1 / s_d²) [second derivative along d, smoothing along the other axes],   second derivative scaled by σ²
//! ```
//!
//! with spacing `s_d` and `σ` in mm. Voxels outside repeat the border. The derivative is taken first; after each pass along an
//! axis values are rounded to 32 bits, as in ITK; within a pass they are 64-bit.
//!
//! An image shorter than 4 voxels along an axis, or than `⌈σ / s⌉ + 1`, has no response: a single slice never has one.

use std::fmt;

use ndarray::{Array3, ArrayView3, ArrayViewMut1, Axis};

use super::Response;
use crate::error::{Error, Result};
use crate::name::ImageName;
use crate::roi::BoundingBox;
use crate::volume::{Dimensionality, PixelType, Volume};

/// Standard deviation of a Gaussian in mm, with the spelling it has in a feature name.
///
/// `log-sigma-3-0-mm-3D` and `log-sigma-3-mm-3D` are the same image: PyRadiomics writes `3.0` and `3` as its user did.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sigma {
    millimeters: f64,
    whole: bool,
}

impl Sigma {
    /// A width that prints with its decimals, `3-0`.
    ///
    /// # Errors
    /// [`Error::InvalidSetting`] unless it is finite and positive.
    pub fn new(millimeters: f64) -> Result<Self> {
        if millimeters.is_finite() && millimeters > 0.0 {
            return Ok(Self {
                millimeters,
                whole: false,
            });
        }
        let (name, expected) = ("sigma", "a positive number");
        Err(Error::InvalidSetting {
            name,
            expected,
            found: millimeters.to_string(),
        })
    }

    /// A width that prints without decimals, `3`.
    ///
    /// # Errors
    /// [`Error::InvalidSetting`] for 0.
    pub fn whole(millimeters: u32) -> Result<Self> {
        Ok(Self {
            whole: true,
            ..Self::new(f64::from(millimeters))?
        })
    }

    /// The width in mm.
    #[must_use]
    pub fn millimeters(self) -> f64 {
        self.millimeters
    }
}

impl fmt::Display for Sigma {
    /// The spelling in feature names, a dash for the decimal point.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = if self.whole {
            format!("{}", self.millimeters)
        } else {
            format!("{:?}", self.millimeters)
        };
        f.write_str(&text.replace('.', "-"))
    }
}

/// Settings of the Laplacian of Gaussian.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LaplacianOfGaussian {
    /// One response per width. Default: none, so the filter must be given some.
    pub sigmas: Vec<Sigma>,
}

impl LaplacianOfGaussian {
    pub(super) fn responses(&self, image: &Volume, bounds: &BoundingBox) -> Result<Vec<Response>> {
        let mut responses = Vec::new();
        for &sigma in &self.sigmas {
            if applies(image, sigma) {
                let filtered = laplacian(image, sigma.millimeters);
                responses.push(Response {
                    name: ImageName::LaplacianOfGaussian { sigma },
                    voxels: bounds.slice(filtered.view()).mapv(f64::from),
                    pixel_type: PixelType::F32,
                });
            }
        }
        Ok(responses)
    }
}

/// The axes of an image, x first.
fn axes(image: &Volume) -> &'static [usize] {
    match image.dimensionality() {
        Dimensionality::Two => &[2, 1],
        Dimensionality::Three => &[2, 1, 0],
    }
}

fn applies(image: &Volume, sigma: Sigma) -> bool {
    axes(image).iter().all(|&axis| {
        let n = image.size()[axis];
        n >= 4 && n as f64 >= (sigma.millimeters / image.spacing()[axis]).ceil() + 1.0
    })
}

fn laplacian(image: &Volume, sigma: f64) -> Array3<f32> {
    let mut sum = Array3::<f32>::zeros(image.voxels().dim());
    for &derived in axes(image) {
        let spacing = image.spacing()[derived];
        let second = Recursion::new(sigma / spacing, Order::Second, sigma);
        let mut part = filter_axis(image.voxels(), derived, &second);
        for &axis in axes(image).iter().filter(|&&axis| axis != derived) {
            let zero = Recursion::new(sigma / image.spacing()[axis], Order::Zero, sigma);
            part = filter_axis(part.view(), axis, &zero);
        }
        let weight = 1.0 / (spacing * spacing);
        sum.zip_mut_with(&part, |s, &p| {
            *s = (f64::from(*s) + f64::from(p) * weight) as f32
        });
    }
    sum
}

fn filter_axis<T: Copy + Into<f64>>(
    data: ArrayView3<'_, T>,
    axis: usize,
    recursion: &Recursion,
) -> Array3<f32> {
    let n = data.len_of(Axis(axis));
    let (mut line, mut forward) = (vec![0.0; n], vec![0.0; n]);
    let mut filtered = Array3::zeros(data.dim());
    for (lane, mut out) in data
        .lanes(Axis(axis))
        .into_iter()
        .zip(filtered.lanes_mut(Axis(axis)))
    {
        line.iter_mut().zip(lane).for_each(|(l, &v)| *l = v.into());
        recursion.filter(&line, &mut forward, &mut out);
    }
    filtered
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    Zero,
    Second,
}

/// Deriche's fourth-order recursive approximation: a causal and an anticausal filter that share their recursive part.
struct Recursion {
    causal: [f64; 4],
    anticausal: [f64; 4],
    feedback: [f64; 4],
    /// Response of either filter to a constant 1.
    causal_gain: f64,
    anticausal_gain: f64,
}

/// Sums `(Σ c, Σ k c, Σ k² c)` of coefficients `c_k`.
fn moments(c: &[f64], first: usize) -> [f64; 3] {
    let mut m = [0.0; 3];
    for (k, v) in (first..).map(|k| k as f64).zip(c) {
        m[0] += v;
        m[1] += k * v;
        m[2] += k * k * v;
    }
    m
}

impl Recursion {
    /// `sigma` in voxels, `scale` the factor whose square multiplies a second derivative.
    fn new(sigma: f64, order: Order, scale: f64) -> Self {
        let poles = Poles::new(sigma);
        let feedback = poles.feedback();
        let [sd, dd, ed] = moments(&feedback, 1);
        let sd = sd + 1.0;
        let zero = poles.numerator([1.3530, -0.3531], [1.8151, 0.0902]);
        let causal = match order {
            Order::Zero => {
                let gain = 2.0 * moments(&zero, 0)[0] / sd - zero[0];
                zero.map(|n| n / gain)
            }
            Order::Second => {
                let second = poles.numerator([-1.3563, 0.3446], [5.2318, -2.2355]);
                let (s0, s2) = (moments(&zero, 0)[0], moments(&second, 0)[0]);
                // Removes the response to a constant.
                let beta = -(2.0 * s2 - sd * second[0]) / (2.0 * s0 - sd * zero[0]);
                let n: [f64; 4] = std::array::from_fn(|k| second[k] + beta * zero[k]);
                let [sn, dn, en] = moments(&n, 0);
                let alpha = (en * sd * sd - ed * sn * sd - 2.0 * dn * dd * sd + 2.0 * dd * dd * sn)
                    / (sd * sd * sd);
                n.map(|n| n * (scale * scale / alpha))
            }
        };
        let [d1, d2, d3, d4] = feedback;
        let n0 = causal[0];
        let anticausal = [
            causal[1] - d1 * n0,
            causal[2] - d2 * n0,
            causal[3] - d3 * n0,
            -d4 * n0,
        ];
        Self {
            causal_gain: causal.iter().sum::<f64>() / sd,
            anticausal_gain: anticausal.iter().sum::<f64>() / sd,
            causal,
            anticausal,
            feedback,
        }
    }

    /// Filters a line; `forward` is scratch of the same length.
    fn filter(&self, x: &[f64], forward: &mut [f64], out: &mut ArrayViewMut1<'_, f32>) {
        let n = x.len();
        let (first, last) = (x[0], x[n - 1]);
        for i in 0..n {
            let input = |k: usize| if i >= k { x[i - k] } else { first };
            let mut sum = 0.0;
            for k in 0..4 {
                sum += self.causal[k] * input(k);
            }
            let mut back = 0.0;
            for k in 0..4 {
                let previous = if i > k {
                    forward[i - 1 - k]
                } else {
                    first * self.causal_gain
                };
                back += self.feedback[k] * previous;
            }
            forward[i] = sum - back;
        }
        let mut previous = [last * self.anticausal_gain; 4];
        for i in (0..n).rev() {
            let mut sum = 0.0;
            let mut back = 0.0;
            for k in 0..4 {
                sum += self.anticausal[k] * if i + 1 + k < n { x[i + 1 + k] } else { last };
                back += self.feedback[k] * previous[k];
            }
            previous = [sum - back, previous[0], previous[1], previous[2]];
            out[i] = (forward[i] + previous[0]) as f32;
        }
    }
}

/// Sines, cosines and decays of the two damped oscillations the Gaussian is fitted by.
struct Poles {
    s: [f64; 2],
    c: [f64; 2],
    e: [f64; 2],
}

impl Poles {
    fn new(sigma: f64) -> Self {
        const W: [f64; 2] = [0.6681, 2.0787];
        const L: [f64; 2] = [-1.3932, -1.3732];
        Self {
            s: W.map(|w| (w / sigma).sin()),
            c: W.map(|w| (w / sigma).cos()),
            e: L.map(|l| (l / sigma).exp()),
        }
    }

    fn feedback(&self) -> [f64; 4] {
        let Self {
            c: [c1, c2],
            e: [e1, e2],
            ..
        } = *self;
        [
            -2.0 * (e2 * c2 + e1 * c1),
            4.0 * c1 * c2 * e1 * e2 + e1 * e1 + e2 * e2,
            -2.0 * c1 * e1 * e2 * e2 - 2.0 * c2 * e2 * e1 * e1,
            e1 * e1 * e2 * e2,
        ]
    }

    fn numerator(&self, [a1, a2]: [f64; 2], [b1, b2]: [f64; 2]) -> [f64; 4] {
        let Self {
            s: [s1, s2],
            c: [c1, c2],
            e: [e1, e2],
        } = *self;
        [
            a1 + a2,
            e2 * (b2 * s2 - (a2 + 2.0 * a1) * c2) + e1 * (b1 * s1 - (a1 + 2.0 * a2) * c1),
            2.0 * e1 * e2 * ((a1 + a2) * c1 * c2 - b1 * c2 * s1 - b2 * c1 * s2)
                + a2 * e1 * e1
                + a1 * e2 * e2,
            e2 * e1 * e1 * (b2 * s2 - a2 * c2) + e1 * e2 * e2 * (b1 * s1 - a1 * c1),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::volume::Geometry;

    fn responses(voxels: Array3<f64>, sigma: f64) -> Vec<Response> {
        let image = Volume::new(voxels, Geometry::new([1.0; 3]).unwrap(), PixelType::F64).unwrap();
        let log = LaplacianOfGaussian {
            sigmas: vec![Sigma::new(sigma).unwrap()],
        };
        log.responses(&image, &BoundingBox::whole(image.size()))
            .unwrap()
    }

    #[test]
    fn constants_vanish_and_parabolas_give_their_curvature() {
        let flat = responses(Array3::from_elem((8, 8, 8), 100.0), 1.0);
        assert!(flat[0].voxels.iter().all(|v| v.abs() < 1e-3));
        let parabola = Array3::from_shape_fn((9, 9, 41), |(_, _, x)| (x as f64 - 20.0).powi(2));
        let curved = responses(parabola, 1.5);
        // Second derivative 2, scaled by sigma squared; the recursive filter is good to about 0.1 %.
        assert!((curved[0].voxels[[4, 4, 20]] / 4.5 - 1.0).abs() < 2e-3);
    }

    #[test]
    fn a_single_slice_has_no_response() {
        assert!(responses(Array3::zeros((1, 20, 20)), 1.0).is_empty());
        assert!(responses(Array3::zeros((6, 20, 20)), 6.0).is_empty());
    }

    #[test]
    fn sigma_is_spelled_as_given() {
        assert_eq!(Sigma::new(1.0).unwrap().to_string(), "1-0");
        assert_eq!(Sigma::new(2.25).unwrap().to_string(), "2-25");
        assert_eq!(Sigma::whole(3).unwrap().to_string(), "3");
        assert!(Sigma::new(0.0).is_err() && Sigma::whole(0).is_err());
    }
}
