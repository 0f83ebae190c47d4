//! Resampling: image and region on a grid of another spacing.

use ndarray::ArrayView3;

use crate::error::{Error, Result};
use crate::mask::Mask;
use crate::roi::{Region, Roi, RoiParams};
use crate::volume::Volume;

/// Resamples image and region to a spacing, on a grid that is aligned with the mask's and covers the region and a margin.
#[derive(Debug, Clone, PartialEq)]
pub struct Resampling {
    /// Spacing of the new grid.
    pub spacing: PixelSpacing,
    /// How image intensities are interpolated; the mask takes the nearest voxel. Default: cubic B-spline.
    pub interpolator: Interpolator,
    /// Voxels of the new grid that are kept around the region, `padDistance`. Default 5.
    pub margin: usize,
}

/// `resampledPixelSpacing` in mm, in `(z, y, x)` order. 0 keeps the spacing of the mask along that axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum PixelSpacing {
    /// For planes: y, x.
    Plane([f64; 2]),
    /// For volumes: z, y, x.
    Volume([f64; 3]),
}

/// How intensities between voxels are found. The names are those of SimpleITK.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Interpolator {
    /// `sitkNearestNeighbor` (1).
    NearestNeighbor,
    /// `sitkLinear` (2).
    Linear,
    /// `sitkBSpline` (3), cubic.
    #[default]
    BSpline,
    /// `sitkGaussian` (4).
    Gaussian,
    /// `sitkLabelGaussian` (5).
    LabelGaussian,
    /// `sitkHammingWindowedSinc` (6).
    HammingWindowedSinc,
    /// `sitkCosineWindowedSinc` (7).
    CosineWindowedSinc,
    /// `sitkWelchWindowedSinc` (8).
    WelchWindowedSinc,
    /// `sitkLanczosWindowedSinc` (9).
    LanczosWindowedSinc,
    /// `sitkBlackmanWindowedSinc` (10).
    BlackmanWindowedSinc,
}

impl Resampling {
    pub(crate) fn check(&self) -> Result<()> {
        Ok(())
    }

    /// The resampled image and the region on its grid. `image` is that of `roi`, perhaps with other intensities.
    pub(crate) fn apply(&self, _image: &Volume, _roi: &Roi<'_>) -> Result<(Volume, Region)> {
        Err(Error::Unsupported {
            name: "resampledPixelSpacing (resampling)".to_string(),
        })
    }
}

/// The region `selected` of a mask on another grid than its image's, on the image's grid: every voxel takes the nearest mask
/// voxel, [`MaskGrid::Corrected`](crate::MaskGrid::Corrected).
pub(crate) fn onto_image(
    _image: &Volume,
    _mask: &Mask,
    _selected: ArrayView3<'_, bool>,
    _params: &RoiParams,
) -> Result<Region> {
    Err(Error::Unsupported {
        name: "correctMask (resampling of the mask)".to_string(),
    })
}
