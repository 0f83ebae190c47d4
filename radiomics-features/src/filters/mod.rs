//! Image filters: what is done to the image before features are taken.
//!
//! A filter sees the whole image, not only the region; borders therefore matter. It knows nothing of masks or features. The
//! responses have the names that PyRadiomics gives them ([`ImageName`]).
//!
//! | filter | responses | numbers |
//! |---|---|---|
//! | [`ImageFilter::Original`] | `original` | as stored |
//! | [`Wavelet`] | `wavelet-LLH` … `wavelet-LLL` | 64-bit; 32-bit for 32-bit float images |
//! | [`LaplacianOfGaussian`] | `log-sigma-1-0-mm-3D` | 32-bit |
//! | [`ImageFilter::Square`] … [`ImageFilter::Exponential`] | `square` … | 64-bit |
//! | [`Gradient`] | `gradient` | 32-bit |
//! | [`LocalBinaryPattern`] | `lbp-2D` | those of the image; 64-bit for planes |
//! | [`StandardFilter`] | `laws-L5E5E5-3D-energy-7-invariant-max-mirror` … | 64-bit |
//!
//! [`StandardFilter`] holds the filters of IBSI-2, the others are those of PyRadiomics. Their numbers equal the reference's to the
//! last bit, with one exception: where the processor has AVX-512, NumPy's own logarithm and
//! exponential round differently by one bit, in [`ImageFilter::Logarithm`] and [`ImageFilter::Exponential`]. There an intensity
//! that ought to be a multiple of the bin width, as the largest of the image often is, may fall on the other side of the edge.
//!
//! # Differences
//! Of an image of zeros PyRadiomics makes NaN by its square, logarithm and exponential, and fails.

mod coefficients;
mod convolve;
mod deriche;
mod gradient;
mod lbp;
mod log;
mod pointwise;
mod standard;
mod wavelet;

use ndarray::Array3;

pub use gradient::Gradient;
pub use lbp::{LbpMethod, LocalBinaryPattern};
pub use log::{LaplacianOfGaussian, Sigma};
pub use standard::{
    Boundary, FilterDimensions, Gabor, Laws, LawsKernel, LawsKernels, Mean, NonSeparableWavelet,
    Pooling, Riesz, RieszFilter, SeparableWavelet, StandardFilter, TruncatedLaplacian,
    WaveletFamily,
};
pub use wavelet::{MotherWavelet, Wavelet};

use crate::error::{Error, Result};
use crate::name::ImageName;
use crate::roi::BoundingBox;
use crate::texture::Axis;
use crate::volume::{Dimensionality, PixelType, Volume};

/// One kind of image to take features from.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum ImageFilter {
    /// The image as it is.
    Original,
    /// Undecimated wavelet sub-bands.
    Wavelet(Wavelet),
    /// Laplacian of Gaussian at one or several scales.
    LaplacianOfGaussian(LaplacianOfGaussian),
    /// `x² / max|x|`. The sign is lost. An image of zeros stays zero.
    Square,
    /// `sign(x) √(|x| max|x|)`. An image of zeros stays zero.
    SquareRoot,
    /// `sign(x) ln(|x| + 1) max|x| / max ln(|x| + 1)`. An image of zeros stays zero.
    Logarithm,
    /// `exp(x ln(max|x|) / max|x|)`. An image of zeros becomes 1.
    Exponential,
    /// Gradient magnitude.
    Gradient(Gradient),
    /// Local binary pattern, plane by plane.
    LocalBinaryPattern(LocalBinaryPattern),
    /// A filter of IBSI-2.
    Standard(StandardFilter),
}

/// A filtered image, cut to the box that was asked for.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Response {
    /// Its name, the first part of the names of its features.
    pub name: ImageName,
    /// Shape `(z, y, x)` of the box.
    pub voxels: Array3<f64>,
    /// The number type in which the filter works.
    pub pixel_type: PixelType,
}

impl ImageFilter {
    /// Filters the whole image and returns the part inside `bounds`.
    ///
    /// `flat_axis` is left out by filters that work per axis: the axis of `force2D`. Planes have no z axis anyway, and their
    /// axes count from there: of a plane [`Axis::Z`] leaves out y and [`Axis::Y`] leaves out x, as in PyRadiomics.
    ///
    /// [`StandardFilter`] has dimensions of its own and leaves out none.
    ///
    /// # Errors
    /// [`Error::InvalidSetting`] for the wavelets of a plane without its third axis, and what else the settings of the
    /// filter refuse. A filter that does not apply to so small an image has no response, as the
    /// filter's documentation says.
    pub fn responses(
        &self,
        image: &Volume,
        bounds: &BoundingBox,
        flat_axis: Option<Axis>,
    ) -> Result<Vec<Response>> {
        let one = |name, voxels, pixel_type| {
            vec![Response {
                name,
                voxels,
                pixel_type,
            }]
        };
        Ok(match self {
            Self::Original => one(ImageName::Original, image.part(bounds), image.pixel_type()),
            Self::Wavelet(wavelet) => {
                wavelet.responses(image, bounds, flat_axes(image.dimensionality(), flat_axis)?)?
            }
            Self::LaplacianOfGaussian(log) => log.responses(image, bounds)?,
            Self::Square => one(
                ImageName::Square,
                pointwise::square(image, bounds),
                PixelType::F64,
            ),
            Self::SquareRoot => one(
                ImageName::SquareRoot,
                pointwise::square_root(image, bounds),
                PixelType::F64,
            ),
            Self::Logarithm => one(
                ImageName::Logarithm,
                pointwise::logarithm(image, bounds),
                PixelType::F64,
            ),
            Self::Exponential => one(
                ImageName::Exponential,
                pointwise::exponential(image, bounds),
                PixelType::F64,
            ),
            Self::Gradient(gradient) => one(
                ImageName::Gradient,
                gradient.magnitude(image, bounds),
                PixelType::F32,
            ),
            Self::LocalBinaryPattern(lbp) => lbp.responses(image, bounds)?,
            Self::Standard(filter) => vec![filter.response(image, bounds)?],
        })
    }
}

/// Which of the axes z, y, x the wavelet leaves out.
fn flat_axes(dimensionality: Dimensionality, flat_axis: Option<Axis>) -> Result<[bool; 3]> {
    let without = |axis: Axis| [Axis::Z, Axis::Y, Axis::X].map(|a| a == axis);
    match (dimensionality, flat_axis) {
        (Dimensionality::Three, axis) => Ok(axis.map_or([false; 3], without)),
        (Dimensionality::Two, None) => Ok(without(Axis::Z)),
        (Dimensionality::Two, Some(axis)) => {
            let axis = axis.of_plane().ok_or_else(|| Error::InvalidSetting {
                name: "force2Ddimension",
                expected: "0 or 1 for the wavelets of a two-dimensional image",
                found: axis.index().to_string(),
            })?;
            Ok([Axis::Z, Axis::Y, Axis::X].map(|a| a == Axis::Z || a == axis))
        }
    }
}
