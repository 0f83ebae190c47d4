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
use std::ops::Range;
use std::str::FromStr;

use ndarray::{Array3, ArrayView3};

use super::Response;
use crate::error::{Error, Result};
use crate::name::ImageName;
use crate::numbers::{each_number, view};
use crate::roi::BoundingBox;
use crate::volume::{Dimensionality, PixelType, Volume};
use crate::wide::wide;

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
    /// The spelling in feature names: Python's, a dash for the decimal point.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.whole {
            return write!(f, "{}", self.millimeters);
        }
        let scientific = format!("{:e}", self.millimeters);
        let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
        let exponent: i32 = exponent.parse().unwrap_or(0);
        let text = if (-4..16).contains(&exponent) {
            format!("{:?}", self.millimeters)
        } else {
            format!("{mantissa}e{exponent:+03}")
        };
        f.write_str(&text.replace('.', "-"))
    }
}

impl FromStr for Sigma {
    type Err = Error;

    /// From the spelling in feature names.
    fn from_str(text: &str) -> Result<Self> {
        // The dash of an exponent is its sign.
        let number = match text.split_once('e') {
            Some((mantissa, exponent)) => format!("{}e{exponent}", mantissa.replace('-', ".")),
            None => text.replace('-', "."),
        };
        let sigma = match number.parse() {
            Ok(whole) => Self::whole(whole).ok(),
            Err(_) => number.parse().ok().and_then(|sigma| Self::new(sigma).ok()),
        };
        sigma
            .filter(|sigma| sigma.to_string() == text)
            .ok_or_else(|| Error::InvalidSetting {
                name: "sigma",
                expected: "a positive number as in a feature name, e.g. 2-5",
                found: text.to_string(),
            })
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
                let filtered = laplacian(image, sigma.millimeters, bounds);
                responses.push(Response {
                    name: ImageName::LaplacianOfGaussian { sigma },
                    voxels: filtered.mapv(f64::from),
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

/// The response inside `bounds`. A pass along an axis needs that axis whole; of the axes that were filtered before it, it
/// needs what is inside the bounds.
fn laplacian(image: &Volume, sigma: f64, bounds: &BoundingBox) -> Array3<f32> {
    let mut sum = Array3::<f32>::zeros(bounds.size);
    let inside = |axis: usize| bounds.start[axis]..bounds.start[axis] + bounds.size[axis];
    for &derived in axes(image) {
        let spacing = image.spacing()[derived];
        let second = Recursion::new(sigma / spacing, Order::Second, sigma);
        let mut part = each_number!(image.numbers(), values => {
            filter_axis(view(values, image.size()), derived, &second, inside(derived))
        });
        for &axis in axes(image).iter().filter(|&&axis| axis != derived) {
            let zero = Recursion::new(sigma / image.spacing()[axis], Order::Zero, sigma);
            part = filter_axis(part.view(), axis, &zero, inside(axis));
        }
        let weight = 1.0 / (spacing * spacing);
        sum.zip_mut_with(&part, |s, &p| {
            *s = (f64::from(*s) + f64::from(p) * weight) as f32
        });
    }
    sum
}

/// Filters every line along an axis, and keeps a range of it.
fn filter_axis<T: Copy + Into<f64>>(
    data: ArrayView3<'_, T>,
    axis: usize,
    recursion: &Recursion,
    kept: Range<usize>,
) -> Array3<f32> {
    let data = data.as_standard_layout();
    let values = data.as_slice().expect("standard layout");
    let mut shape: [usize; 3] = data.dim().into();
    let n = shape[axis];
    let inner: usize = shape[axis + 1..].iter().product();
    shape[axis] = kept.len();
    let mut filtered = Array3::zeros(shape);
    let target = filtered.as_slice_mut().expect("a new array");
    let mut lines = Lines::new(n);
    // Lines along x lie one after the other; those along another axis lie side by side, in groups.
    let (groups, in_group) = match inner {
        1 => (1, values.len() / n),
        _ => (values.len() / (n * inner), inner),
    };
    for group in 0..groups {
        for first in (0..in_group).step_by(LANES) {
            let count = (in_group - first).min(LANES);
            let start = |length: usize| match inner {
                1 => first * length,
                _ => group * length * inner + first,
            };
            let steps = |length: usize| if inner == 1 { [1, length] } else { [inner, 1] };
            let [along, across] = steps(n);
            for (i, x) in lines.x.iter_mut().enumerate() {
                let position = &values[start(n) + i * along..];
                for (lane, x) in x[..count].iter_mut().enumerate() {
                    *x = position[lane * across].into();
                }
            }
            wide(
                #[inline(always)]
                || recursion.filter(&mut lines),
            );
            let [along, across] = steps(kept.len());
            for (i, out) in lines.out[kept.clone()].iter().enumerate() {
                let position = &mut target[start(kept.len()) + i * along..];
                for (lane, &out) in out[..count].iter().enumerate() {
                    position[lane * across] = out;
                }
            }
        }
    }
    filtered
}

/// Lines that are filtered side by side: each is a chain of sums that wait for each other.
const LANES: usize = 16;

/// A group of lines, position by position, with what is made of them.
struct Lines {
    x: Vec<[f64; LANES]>,
    forward: Vec<[f64; LANES]>,
    out: Vec<[f32; LANES]>,
}

impl Lines {
    fn new(n: usize) -> Self {
        Self {
            x: vec![[0.0; LANES]; n],
            forward: vec![[0.0; LANES]; n],
            out: vec![[0.0; LANES]; n],
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    Zero,
    Second,
}

/// Deriche's fourth-order recursive approximation: a causal and an anticausal filter that share their recursive part.
///
/// Where the image is constant, nothing is left of a second derivative but the rounding of these sums, and its sign decides
/// about a gray level. The order of operations, here and below, is therefore ITK's.
struct Recursion {
    causal: [f64; 4],
    anticausal: [f64; 4],
    feedback: [f64; 4],
    /// Feedback times the response of either filter to a constant 1, which continues the border outside.
    causal_border: [f64; 4],
    anticausal_border: [f64; 4],
}

/// Sums `(Σ c, Σ k c, Σ k² c)` of coefficients `c_k`.
#[derive(Clone, Copy)]
struct Moments {
    s: f64,
    d: f64,
    e: f64,
}

impl Moments {
    /// Of a numerator: `c_0` to `c_3`.
    fn of([c0, c1, c2, c3]: [f64; 4]) -> Self {
        Self {
            s: c0 + c1 + c2 + c3,
            d: c1 + 2.0 * c2 + 3.0 * c3,
            e: c1 + 4.0 * c2 + 9.0 * c3,
        }
    }

    /// Of a denominator: 1, then `c_1` to `c_4`.
    fn of_feedback([c1, c2, c3, c4]: [f64; 4]) -> Self {
        Self {
            s: 1.0 + c1 + c2 + c3 + c4,
            d: c1 + 2.0 * c2 + 3.0 * c3 + 4.0 * c4,
            e: c1 + 4.0 * c2 + 9.0 * c3 + 16.0 * c4,
        }
    }
}

impl Recursion {
    /// `sigma` in voxels, `scale` the factor whose square multiplies a second derivative.
    fn new(sigma: f64, order: Order, scale: f64) -> Self {
        let poles = Poles::new(sigma);
        let feedback = poles.feedback();
        let sums = Moments::of_feedback(feedback);
        let zero = poles.numerator([1.3530, -0.3531], [1.8151, 0.0902]);
        let causal = match order {
            Order::Zero => {
                let alpha = 2.0 * Moments::of(zero).s / sums.s - zero[0];
                zero.map(|n| n * (1.0 / alpha))
            }
            Order::Second => {
                let second = poles.numerator([-1.3563, 0.3446], [5.2318, -2.2355]);
                second_derivative(zero, second, sums, scale)
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
        let border =
            |[c0, c1, c2, c3]: [f64; 4]| feedback.map(|d| d * (c0 + c1 + c2 + c3) / sums.s);
        Self {
            causal_border: border(causal),
            anticausal_border: border(anticausal),
            causal,
            anticausal,
            feedback,
        }
    }

    /// Filters a group of lines.
    #[inline(always)]
    fn filter(&self, lines: &mut Lines) {
        let Lines { x, forward, out } = lines;
        let n = x.len();
        let (first, last) = (x[0], x[n - 1]);
        for i in 0..n {
            let (mut sum, mut back) = ([0.0; LANES], [0.0; LANES]);
            for k in 0..4 {
                let input = if i >= k { &x[i - k] } else { &first };
                add(&mut sum, self.causal[k], input);
                match i > k {
                    true => add(&mut back, self.feedback[k], &forward[i - 1 - k]),
                    false => add(&mut back, self.causal_border[k], &first),
                }
            }
            for lane in 0..LANES {
                forward[i][lane] = sum[lane] - back[lane];
            }
        }
        let mut previous = [[0.0; LANES]; 4];
        for i in (0..n).rev() {
            let (mut sum, mut back) = ([0.0; LANES], [0.0; LANES]);
            for k in 0..4 {
                let inside = i + 1 + k < n;
                let input = if inside { &x[i + 1 + k] } else { &last };
                add(&mut sum, self.anticausal[k], input);
                match inside {
                    true => add(&mut back, self.feedback[k], &previous[k]),
                    false => add(&mut back, self.anticausal_border[k], &last),
                }
            }
            previous = [previous[0], previous[0], previous[1], previous[2]];
            for lane in 0..LANES {
                previous[0][lane] = sum[lane] - back[lane];
                out[i][lane] = (forward[i][lane] + previous[0][lane]) as f32;
            }
        }
    }
}

#[inline(always)]
fn add(sums: &mut [f64; LANES], coefficient: f64, values: &[f64; LANES]) {
    for lane in 0..LANES {
        sums[lane] += coefficient * values[lane];
    }
}

/// The causal numerator of the second derivative, from the fits of the Gaussian and of its second derivative.
fn second_derivative(zero: [f64; 4], second: [f64; 4], sums: Moments, scale: f64) -> [f64; 4] {
    let Moments {
        s: sd,
        d: dd,
        e: ed,
    } = sums;
    let (zeroth, twice) = (Moments::of(zero), Moments::of(second));
    // Removes the response to a constant.
    let beta = -(2.0 * twice.s - sd * second[0]) / (2.0 * zeroth.s - sd * zero[0]);
    let sn = twice.s + beta * zeroth.s;
    let dn = twice.d + beta * zeroth.d;
    let en = twice.e + beta * zeroth.e;
    let alpha =
        (en * sd * sd - ed * sn * sd - 2.0 * dn * dd * sd + 2.0 * dd * dd * sn) / (sd * sd * sd);
    std::array::from_fn(|k| (second[k] + beta * zero[k]) * (scale * scale / alpha))
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
            4.0 * c2 * c1 * e1 * e2 + (e1 * e1 + e2 * e2),
            -2.0 * c1 * e1 * e2 * e2 + -2.0 * c2 * e2 * e1 * e1,
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
            ((a1 + a2) * c2 * c1 - (b1 * c2 * s1 + b2 * c1 * s2)) * (2.0 * e1 * e2)
                + (a2 * e1 * e1 + a1 * e2 * e2),
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
        for (sigma, spelled) in [
            (0.5, "0-5"),
            (10.25, "10-25"),
            (1e-4, "0-0001"),
            (1e-5, "1e-05"),
            (1.5e-7, "1-5e-07"),
            (1e15, "1000000000000000-0"),
            (1e16, "1e+16"),
            (2.5e100, "2-5e+100"),
        ] {
            let sigma = Sigma::new(sigma).unwrap();
            assert_eq!(sigma.to_string(), spelled);
            assert_eq!(spelled.parse::<Sigma>().unwrap(), sigma);
        }
        for text in ["", "1-", "1-0-5", "0-0", "01", "-1", "1.0", "inf", "1e-5"] {
            assert!(text.parse::<Sigma>().is_err(), "{text}");
        }
        assert!(Sigma::new(0.0).is_err() && Sigma::whole(0).is_err());
    }
}
