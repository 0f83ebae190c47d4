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
use std::iter::once;
use std::ops::Range;
use std::str::FromStr;

use ndarray::{Array3, ArrayView3, Axis};

use super::Response;
use super::deriche::{Order, Recursion, Workspace, filter_axis};
use crate::error::{Error, Result};
use crate::name::ImageName;
use crate::numbers::{each_number, view};
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
        let sigmas: Vec<Sigma> = self
            .sigmas
            .iter()
            .copied()
            .filter(|&sigma| applies(image, sigma))
            .collect();
        let filtered = laplacians(image, &sigmas, bounds);
        let responses = sigmas.into_iter().zip(filtered);
        Ok(responses
            .map(|(sigma, voxels)| Response {
                name: ImageName::LaplacianOfGaussian { sigma },
                voxels: voxels.mapv(f64::from),
                pixel_type: PixelType::F32,
            })
            .collect())
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

/// The responses to `sigmas` inside `bounds`.
fn laplacians(image: &Volume, sigmas: &[Sigma], bounds: &BoundingBox) -> Vec<Array3<f32>> {
    let mut sums = vec![Array3::<f32>::zeros(bounds.size); sigmas.len()];
    for &derived in axes(image) {
        let passes: Vec<Passes> = sigmas
            .iter()
            .map(|&sigma| Passes::new(image, derived, sigma, bounds))
            .collect();
        let parts = each_number!(image.numbers(), values => {
            second_derivatives(view(values, image.size()), &passes)
        });
        let spacing = image.spacing()[derived];
        let weight = 1.0 / (spacing * spacing);
        for (sum, part) in sums.iter_mut().zip(parts) {
            sum.zip_mut_with(&part, |s, &p| {
                *s = (f64::from(*s) + f64::from(p) * weight) as f32
            });
        }
    }
    sums
}

/// The passes that make the second derivative along one axis: that derivative first, then a Gaussian along the other axes.
struct Passes(Vec<Pass>);

impl Passes {
    fn new(image: &Volume, derived: usize, sigma: Sigma, bounds: &BoundingBox) -> Self {
        let pass = |axis: usize, order: Order| Pass {
            axis,
            recursion: Recursion::new(
                sigma.millimeters / image.spacing()[axis],
                order,
                sigma.millimeters,
            ),
            kept: bounds.start[axis]..bounds.start[axis] + bounds.size[axis],
        };
        let others = axes(image).iter().filter(|&&axis| axis != derived);
        let others = others.map(|&axis| pass(axis, Order::Zero));
        Self(once(pass(derived, Order::Second)).chain(others).collect())
    }
}

/// Planes that are filtered together: enough that few of the lines side by side are none.
const SLAB: usize = 16;

/// The responses to passes along the same axes with several widths.
///
/// A pass along an axis needs that axis whole; of the axes that were filtered before it, it needs what is kept. So all passes
/// but the last are done slab by slab across the last axis, and what is gathered in one array is as thin as what is kept.
fn second_derivatives<T: Copy + Into<f64>>(
    image: ArrayView3<'_, T>,
    passes: &[Passes],
) -> Vec<Array3<f32>> {
    let Some(Passes(like)) = passes.first() else {
        return Vec::new();
    };
    let last = like[like.len() - 1].axis;
    let mut size: [usize; 3] = image.dim().into();
    for pass in &like[..like.len() - 1] {
        size[pass.axis] = pass.kept.len();
    }
    let mut stacks = vec![Array3::zeros(size); passes.len()];
    // Most of the work is the first pass, over the whole image: every line is gathered once for all widths.
    let first: Vec<&Recursion> = passes.iter().map(|p| &p.0[0].recursion).collect();
    let mut workspace = Workspace::default();
    let slabs = image.axis_chunks_iter(Axis(last), SLAB);
    for (slab, start) in slabs.zip((0..).step_by(SLAB)) {
        let kept = like[0].kept.clone();
        let parts = filter_axis(slab, like[0].axis, &first, kept, &mut workspace);
        for ((mut part, Passes(passes)), stack) in parts.into_iter().zip(passes).zip(&mut stacks) {
            for pass in &passes[1..passes.len() - 1] {
                part = pass.filter(&part, &mut workspace);
            }
            let end = start + part.len_of(Axis(last));
            part.assign_to(stack.slice_axis_mut(Axis(last), (start..end).into()));
        }
    }
    let stacks = stacks.iter().zip(passes);
    stacks
        .map(|(stack, Passes(passes))| passes[passes.len() - 1].filter(stack, &mut workspace))
        .collect()
}

/// One filter along an axis, and the range that is kept of it.
struct Pass {
    axis: usize,
    recursion: Recursion,
    kept: Range<usize>,
}

impl Pass {
    fn filter(&self, part: &Array3<f32>, workspace: &mut Workspace) -> Array3<f32> {
        let kept = self.kept.clone();
        filter_axis(part.view(), self.axis, &[&self.recursion], kept, workspace).remove(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numbers::Numbers;
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
    fn a_box_holds_the_bits_of_the_whole_in_every_number_type() {
        let voxels = Array3::from_shape_fn((9, 37, 21), |(z, y, x)| {
            ((z * 31 + y * 17 + x * x * 7) % 97) as f64
        });
        let geometry = Geometry::new([2.0, 0.7, 0.9]).unwrap();
        let image = Volume::new(voxels.clone(), geometry, PixelType::U8).unwrap();
        let bytes: Vec<u8> = voxels.iter().map(|&v| v as u8).collect();
        let small = Volume::of_numbers(Numbers::U8(bytes), image.size(), geometry, PixelType::U8);
        let log = LaplacianOfGaussian {
            sigmas: [1.0, 2.5].map(|s| Sigma::new(s).unwrap()).to_vec(),
        };
        let whole = log
            .responses(&image, &BoundingBox::whole(image.size()))
            .unwrap();
        for (start, size) in [
            ([2, 5, 3], [4, 20, 9]),
            ([0, 0, 0], [1, 37, 1]),
            ([8, 36, 20], [1; 3]),
        ] {
            let part = BoundingBox { start, size };
            let boxed = log.responses(small.as_ref().unwrap(), &part).unwrap();
            for (whole, boxed) in whole.iter().zip(&boxed) {
                assert_eq!(part.slice(whole.voxels.view()), boxed.voxels, "{start:?}");
            }
        }
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
