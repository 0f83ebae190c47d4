//! The convolutional filters of IBSI-2, in 64 bits, slice by slice or in space.
//!
//! | module | filter | IBSI code | measured in |
//! |---|---|---|---|
//! | [`mean`] | [`Mean`] | S60F | voxels |
//! | [`laplacian`] | [`TruncatedLaplacian`] | L6PA | mm |
//! | [`laws`] | [`Laws`] | JTXT | voxels |
//! | [`gabor`] | [`Gabor`] | Q88H | mm |
//! | [`separable_wavelet`] | [`SeparableWavelet`] | 25BO | voxels |
//! | [`non_separable_wavelet`] | [`NonSeparableWavelet`] | LODD | voxels |
//! | [`riesz`] | [`Riesz`] | AYRS | as its filter |
//!
//! Axes are x, y, z in settings and names. A filter sees the whole image and returns a part of it. Filters that are measured in
//! voxels want an image of equal spacing along the axes they filter. Slices are those across the z axis.
//!
//! Reference: Image Biomarker Standardisation Initiative, Standardised convolutional filtering for radiomics,
//! [arXiv:2006.05470](https://doi.org/10.48550/arXiv.2006.05470); consensus values in Whybra et al. 2024,
//! [doi:10.1148/radiol.231319](https://doi.org/10.1148/radiol.231319).

mod boundary;
mod frequency;
mod gabor;
mod laplacian;
mod laws;
mod mean;
mod name;
mod non_separable_wavelet;
mod pooling;
mod product;
mod riesz;
mod separable_wavelet;

use serde::Deserialize;

pub use boundary::Boundary;
pub use gabor::Gabor;
pub use laplacian::TruncatedLaplacian;
pub use laws::{Laws, LawsKernel, LawsKernels};
pub use mean::Mean;
pub use non_separable_wavelet::{NonSeparableWavelet, WaveletFamily};
pub use pooling::Pooling;
pub use riesz::{Riesz, RieszFilter};
pub use separable_wavelet::SeparableWavelet;

use super::Response;
use crate::error::{Error, Result};
use crate::name::ImageName;
use crate::roi::BoundingBox;
use crate::volume::{Dimensionality, PixelType, Volume};

/// One of the filters of IBSI-2 with its settings.
///
/// In a file it is a map of one key, the filter in snake case, to its settings. Settings that are not there have their default,
/// unknown ones are refused.
///
/// ```yaml
/// mean: {size: 15, boundary: mirror, dimensions: 3}
/// laplacian_of_gaussian: {sigma: 3, cutoff: 4, boundary: zero, dimensions: 2}
/// laws: {kernels: L5E5S5, pooling: maximum, energy: 7, boundary: mirror}
/// gabor: {sigma: 10, wavelength: 4, gamma: 0.5, theta: 0, theta_step: 45, pooling: mean, boundary: zero, dimensions: 3}
/// separable_wavelet: {wavelet: db2, band: LHL, level: 1, pooling: mean, boundary: zero}
/// non_separable_wavelet: {family: simoncelli, level: 1, boundary: periodic, dimensions: 3}
/// riesz: {order: [0, 2, 0], filter: {laplacian_of_gaussian: {sigma: 3, boundary: zero}}}
/// ```
///
/// Prints as, and is parsed from, the name of its response: every setting in a fixed order, numbers in their shortest decimal
/// spelling with a dash for the point. Parts that a filter does not have, as `energy-7`, `invariant-max` and `step-22-5`, are
/// left out.
///
/// ```text
/// mean-15-3D-mirror
/// laplacian-sigma-1-5-cutoff-4-3D-mirror
/// laws-L5E5E5-3D-energy-7-invariant-max-mirror
/// gabor-sigma-5-wavelength-2-gamma-1-5-theta-0-step-22-5-mean-3D-mirror
/// separable-wavelet-db3-level-1-LLH-3D-invariant-mean-mirror
/// non-separable-wavelet-simoncelli-level-1-3D-periodic
/// riesz-0-2-0-laplacian-sigma-3-cutoff-4-3D-zero
/// ```
///
/// ```
/// use radiomics_features::filters::{Mean, StandardFilter};
/// let filter: StandardFilter = "mean-15-3D-mirror".parse()?;
/// assert!(matches!(filter, StandardFilter::Mean(Mean { size: 15, .. })));
/// assert_eq!(filter.to_string(), "mean-15-3D-mirror");
/// # Ok::<(), radiomics_features::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StandardFilter {
    /// Mean of a cube.
    Mean(Mean),
    /// Laplacian of Gaussian.
    LaplacianOfGaussian(TruncatedLaplacian),
    /// Laws' kernels.
    Laws(Laws),
    /// Gabor filter.
    Gabor(Gabor),
    /// Sub-band of a separable wavelet.
    SeparableWavelet(SeparableWavelet),
    /// Isotropic wavelet.
    NonSeparableWavelet(NonSeparableWavelet),
    /// Riesz transform of an isotropic filter.
    Riesz(Riesz),
}

/// Whether a filter works in slices across the z axis or in space. In a file 2 or 3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Deserialize)]
#[serde(try_from = "u8")]
pub enum FilterDimensions {
    /// Slice by slice, along x and y.
    Two,
    /// In space. The default.
    #[default]
    Three,
}

impl FilterDimensions {
    /// The number of filtered axes: x, y and, in space, z.
    pub(super) fn n_axes(self) -> usize {
        match self {
            Self::Two => 2,
            Self::Three => 3,
        }
    }
}

impl TryFrom<u8> for FilterDimensions {
    type Error = Error;

    fn try_from(n: u8) -> Result<Self> {
        match n {
            2 => Ok(Self::Two),
            3 => Ok(Self::Three),
            _ => Err(invalid("dimensions", "2 or 3", n)),
        }
    }
}

impl StandardFilter {
    /// Whether the settings are in range.
    ///
    /// # Errors
    /// [`Error::InvalidSetting`] for the first that is not.
    pub fn check(&self) -> Result<()> {
        match self {
            Self::Mean(mean) => mean.check(),
            Self::LaplacianOfGaussian(log) => log.check(),
            Self::Laws(laws) => laws.check(),
            Self::Gabor(gabor) => gabor.check(),
            Self::SeparableWavelet(wavelet) => wavelet.check(),
            Self::NonSeparableWavelet(wavelet) => wavelet.check(),
            Self::Riesz(riesz) => riesz.check(),
        }
    }

    /// Whether the filter works slice by slice or in space.
    #[must_use]
    pub fn dimensions(&self) -> FilterDimensions {
        match self {
            Self::Mean(mean) => mean.dimensions,
            Self::LaplacianOfGaussian(log) => log.dimensions,
            Self::Laws(laws) => laws.kernels.dimensions(),
            Self::Gabor(gabor) => gabor.dimensions,
            Self::SeparableWavelet(wavelet) => wavelet.dimensions(),
            Self::NonSeparableWavelet(wavelet) => wavelet.dimensions,
            Self::Riesz(riesz) => riesz.dimensions(),
        }
    }

    /// Filters the whole image and returns the part inside `bounds`, in 64 bits.
    ///
    /// # Errors
    /// [`Error::InvalidSetting`] for a setting out of range, among them a kernel of more than 65,535 voxels at the spacing of
    /// the image and an image too large for its transform, and for a filter in space of a two-dimensional image.
    /// [`Error::NotFinite`] where intensities overflow.
    pub fn response(&self, image: &Volume, bounds: &BoundingBox) -> Result<Response> {
        self.check()?;
        if image.dimensionality() == Dimensionality::Two
            && self.dimensions() == FilterDimensions::Three
        {
            return Err(invalid("dimensions", "2 for a two-dimensional image", 3));
        }
        let voxels = match self {
            Self::Mean(mean) => mean.response(image, bounds),
            Self::LaplacianOfGaussian(log) => log.response(image, bounds)?,
            Self::Laws(laws) => laws.response(image, bounds),
            Self::Gabor(gabor) => gabor.response(image, bounds)?,
            Self::SeparableWavelet(wavelet) => wavelet.response(image, bounds)?,
            Self::NonSeparableWavelet(wavelet) => wavelet.response(image, bounds)?,
            Self::Riesz(riesz) => riesz.response(image, bounds)?,
        };
        if let Some(((z, y, x), &value)) = voxels.indexed_iter().find(|(_, v)| !v.is_finite()) {
            let [z0, y0, x0] = bounds.start;
            let (z, y, x) = (z0 + z, y0 + y, x0 + x);
            return Err(Error::NotFinite { z, y, x, value });
        }
        Ok(Response {
            name: ImageName::Standard(*self),
            voxels,
            pixel_type: PixelType::F64,
        })
    }
}

fn invalid(name: &'static str, expected: &'static str, found: impl ToString) -> Error {
    Error::InvalidSetting {
        name,
        expected,
        found: found.to_string(),
    }
}

fn positive(name: &'static str, value: f64) -> Result<()> {
    if value.is_finite() && value > 0.0 {
        return Ok(());
    }
    Err(invalid(name, "a positive number", value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::volume::Geometry;
    use ndarray::Array3;

    const KINDS: [&str; 10] = [
        "mean-5-3D",
        "mean-65535-2D",
        "laplacian-sigma-1-5-cutoff-4-3D",
        "laws-L5E5-2D-energy-2-invariant-max",
        "laws-L5E5S5-3D-invariant-mean",
        "gabor-sigma-1-wavelength-2-gamma-1-5-theta-0-step-45-mean-3D",
        "separable-wavelet-db3-level-12-LLH-3D-invariant-min",
        "non-separable-wavelet-simoncelli-level-1-3D",
        "riesz-0-2-0-non-separable-wavelet-shannon-level-1-2D",
        "riesz-1-1-1-laplacian-sigma-2-cutoff-4-3D",
    ];
    const BOUNDARIES: [&str; 4] = ["zero", "nearest", "periodic", "mirror"];

    fn response(kind: &str, boundary: &str, voxels: Array3<f64>) -> Array3<f64> {
        let bounds = BoundingBox::whole(voxels.dim().into());
        let geometry = Geometry::new([2.0, 1.0, 1.0]).unwrap();
        let image = Volume::new(voxels, geometry, PixelType::F64).unwrap();
        let filter: StandardFilter = format!("{kind}-{boundary}").parse().unwrap();
        filter.response(&image, &bounds).unwrap().voxels
    }

    #[test]
    fn one_voxel_one_slice_and_one_column_are_filtered() {
        for size in [[1, 1, 1], [1, 3, 2], [3, 1, 1]] {
            for (kind, boundary) in KINDS.iter().flat_map(|kind| BOUNDARIES.map(|b| (kind, b))) {
                let voxels = Array3::from_shape_fn(size, |(z, y, x)| (z + 2 * y + 3 * x) as f64);
                assert_eq!(response(kind, boundary, voxels).dim(), size.into());
            }
        }
    }

    #[test]
    fn an_impulse_gives_the_kernel_itself() {
        let impulse = Array3::from_shape_fn((1, 5, 7), |at| f64::from(at == (0, 2, 3)));
        let box_of_15 = response("mean-3-2D", "zero", impulse.clone());
        assert_eq!(box_of_15[[0, 1, 2]], 1.0 / 9.0);
        assert_eq!(box_of_15.sum(), 1.0);
        let laws = response("laws-L5E5-2D", "zero", impulse.clone());
        let norm = (70.0f64 * 10.0).sqrt();
        for (y, e) in [-1.0, -2.0, 0.0, 2.0, 1.0].into_iter().enumerate() {
            for (x, l) in [1.0, 4.0, 6.0, 4.0, 1.0].into_iter().enumerate() {
                assert!((laws[[0, y, x + 1]] - e * l / norm).abs() < 1e-15);
            }
        }
        // Even filters begin a voxel before the voxel itself.
        let haar = response("separable-wavelet-haar-level-1-LH-2D", "zero", impulse);
        assert!((haar[[0, 1, 2]] + 0.5).abs() < 1e-15 && (haar[[0, 2, 3]] - 0.5).abs() < 1e-15);
        assert_eq!(haar.iter().filter(|v| **v != 0.0).count(), 4);
    }
}
