//! Laws' kernels and their texture energy.

use std::fmt;
use std::str::FromStr;

use ndarray::Array3;
use serde::Deserialize;

use super::product::Product;
use super::{Boundary, FilterDimensions, Pooling, invalid};
use crate::error::{Error, Result};
use crate::filters::convolve::bounded::{Kernel, places_of, sources};
use crate::roi::BoundingBox;
use crate::volume::Volume;

/// A product of Laws' kernels (IBSI code JTXT), each divided by its Euclidean norm:
///
/// | kernel | taps | | kernel | taps |
/// |---|---|---|---|---|
/// | L3 | 1 2 1 | | L5 | 1 4 6 4 1 |
/// | E3 | -1 0 1 | | E5 | -1 -2 0 2 1 |
/// | S3 | -1 2 -1 | | S5 | -1 0 2 0 -1 |
/// | | | | W5 | -1 2 0 -2 1 |
/// | | | | R5 | 1 -4 6 -4 1 |
///
/// Level, edge, spot, wave and ripple. With [`pooling`](Self::pooling) the responses to the product in its 24 right-angle
/// orientations, 4 in a plane, are pooled. With [`energy`](Self::energy) `δ` the result is the mean of the magnitudes of the
/// (pooled) response at Chebyshev distance up to `δ`, a cube of `2δ + 1` voxels, with the same boundary.
///
/// Intensity units; energy is not negative. Counted in voxels whatever the spacing. A constant image gives 0 up to rounding,
/// unless all kernels are L or the boundary is zero.
///
/// Reference: Image Biomarker Standardisation Initiative, [arXiv:2006.05470](https://doi.org/10.48550/arXiv.2006.05470);
/// Laws 1980, Textured image segmentation, University of Southern California, USCIPI report 940.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Laws {
    /// Kernels along x, y and, in space, z, as `L5E5S5`. No default.
    pub kernels: LawsKernels,
    /// How responses to the turned filter are pooled. Default none: the filter stays as it stands.
    #[serde(default)]
    pub pooling: Option<Pooling>,
    /// Distance `δ` in voxels of the energy image, up to 32,767. Default none: the response itself.
    #[serde(default)]
    pub energy: Option<usize>,
    /// Outside of the image. Default [`Boundary::Mirror`].
    #[serde(default)]
    pub boundary: Boundary,
}

impl Laws {
    /// # Errors
    /// [`Error::InvalidSetting`] for an energy distance out of range.
    pub fn check(&self) -> Result<()> {
        match self.energy {
            Some(delta) if delta > Kernel::MAX_TAPS / 2 => Err(invalid(
                "energy",
                "a distance of at most 32767 voxels",
                delta,
            )),
            _ => Ok(()),
        }
    }

    pub(super) fn response(&self, image: &Volume, bounds: &BoundingBox) -> Array3<f64> {
        let kernels: Vec<Kernel> = self.kernels.iter().map(LawsKernel::normalized).collect();
        let axes = (0..kernels.len()).map(|i| 2 - i);
        let product = Product {
            levels: vec![kernels],
            boundary: self.boundary,
        };
        let outputs = places_of(bounds);
        let Some(delta) = self.energy else {
            return product.response(image, outputs, self.pooling).into_voxels();
        };
        let window = Kernel::centered(vec![1.0; 2 * delta + 1]);
        let mut inputs = outputs.clone();
        for axis in axes.clone() {
            let length = image.size()[axis];
            inputs[axis] = sources(&outputs[axis], length, [&window], self.boundary);
        }
        let response = product.response(image, inputs, self.pooling);
        let mut energy = response.map(f64::abs);
        for axis in axes.clone() {
            energy = energy.convolved(axis, &outputs[axis], &window, self.boundary);
        }
        let n_voxels = ((2 * delta + 1) as f64).powi(axes.count() as i32);
        energy.map(|sum| sum / n_voxels).into_voxels()
    }
}

/// One of Laws' kernels, see [`Laws`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the table of Laws has them")]
pub enum LawsKernel {
    L3,
    E3,
    S3,
    L5,
    E5,
    S5,
    W5,
    R5,
}

impl LawsKernel {
    const ALL: [Self; 8] = [
        Self::L3,
        Self::E3,
        Self::S3,
        Self::L5,
        Self::E5,
        Self::S5,
        Self::W5,
        Self::R5,
    ];

    /// The taps before they are normalized.
    #[must_use]
    pub fn taps(self) -> &'static [f64] {
        match self {
            Self::L3 => &[1.0, 2.0, 1.0],
            Self::E3 => &[-1.0, 0.0, 1.0],
            Self::S3 => &[-1.0, 2.0, -1.0],
            Self::L5 => &[1.0, 4.0, 6.0, 4.0, 1.0],
            Self::E5 => &[-1.0, -2.0, 0.0, 2.0, 1.0],
            Self::S5 => &[-1.0, 0.0, 2.0, 0.0, -1.0],
            Self::W5 => &[-1.0, 2.0, 0.0, -2.0, 1.0],
            Self::R5 => &[1.0, -4.0, 6.0, -4.0, 1.0],
        }
    }

    fn normalized(self) -> Kernel {
        let norm = self.taps().iter().map(|tap| tap * tap).sum::<f64>().sqrt();
        Kernel::centered(self.taps().iter().map(|tap| tap / norm).collect())
    }
}

/// Two or three of Laws' kernels, for x, y and z. Prints as, and is parsed from, `L5E5` or `L5E5S5`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct LawsKernels {
    xy: [LawsKernel; 2],
    z: Option<LawsKernel>,
}

impl LawsKernels {
    /// For each slice.
    #[must_use]
    pub fn in_plane(x: LawsKernel, y: LawsKernel) -> Self {
        Self {
            xy: [x, y],
            z: None,
        }
    }

    /// In space.
    #[must_use]
    pub fn in_space(x: LawsKernel, y: LawsKernel, z: LawsKernel) -> Self {
        Self {
            xy: [x, y],
            z: Some(z),
        }
    }

    /// The kernels, in the order x, y, z.
    pub fn iter(&self) -> impl Iterator<Item = LawsKernel> + use<> {
        self.xy.into_iter().chain(self.z)
    }

    /// Two kernels work slice by slice, three in space.
    #[must_use]
    pub fn dimensions(&self) -> FilterDimensions {
        match self.z {
            None => FilterDimensions::Two,
            Some(_) => FilterDimensions::Three,
        }
    }
}

impl fmt::Display for LawsKernels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.iter().try_for_each(|kernel| write!(f, "{kernel:?}"))
    }
}

impl FromStr for LawsKernels {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let pairs = text.as_bytes().chunks(2);
        let kernels: Option<Vec<LawsKernel>> = pairs
            .map(|pair| {
                let named = |kernel: &LawsKernel| format!("{kernel:?}").as_bytes() == pair;
                LawsKernel::ALL.into_iter().find(named)
            })
            .collect();
        match kernels.as_deref() {
            Some(&[x, y]) => Ok(Self::in_plane(x, y)),
            Some(&[x, y, z]) => Ok(Self::in_space(x, y, z)),
            _ => {
                let expected = "two or three of L3, E3, S3, L5, E5, S5, W5 and R5, as L5E5S5";
                Err(invalid("kernels", expected, text))
            }
        }
    }
}

impl TryFrom<String> for LawsKernels {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kernels_are_parsed_printed_and_have_unit_norm() {
        for name in ["L5E5", "L5E5S5", "E3W5R5", "L3S3"] {
            assert_eq!(name.parse::<LawsKernels>().unwrap().to_string(), name);
        }
        for name in ["", "L5", "L5E5S5R5", "L4E5", "l5e5", "L5E5S", "W3E3"] {
            assert!(name.parse::<LawsKernels>().is_err(), "{name}");
        }
        for kernel in LawsKernel::ALL {
            let norm: f64 = kernel.normalized().taps.iter().map(|tap| tap * tap).sum();
            assert!((norm - 1.0).abs() < 1e-15, "{kernel:?}");
        }
    }
}
