//! Resampling: image and region on a grid of another spacing.
//!
//! The grid is the mask's, with another spacing: it shares the mask's direction and outer corner and covers the region's box
//! and a margin. Image and mask may lie on different grids as long as the region lies inside the image. What PyRadiomics
//! does here is done by ITK; its order of operations is kept, because points halfway between two voxels and values that
//! should be whole numbers are common, and the last bit decides about them:
//!
//! * [`grid`]: indices and millimeters, the new grid; [`inverse`]: the inverse of a direction,
//! * [`centered`]: IBSI's grid, which is centered on the image's, and its interpolation of masks,
//! * [`interpolate`]: the loop over voxels, nearest neighbor, linear; [`bspline`], [`gaussian`], [`sinc`].
//!
//! # Differences
//! * On an axis of exactly two voxels, ITK's B-spline takes one coefficient from before the axis for positions beyond the
//!   second center; along z that is memory it does not own. Here the image is mirrored there as everywhere else. The
//!   coefficient's weight is at most 1/48.
//! * Sine, cosine, logarithm and exponential are those of the platform, for ITK as for this crate.

mod bspline;
mod centered;
mod gaussian;
mod grid;
mod interpolate;
mod inverse;
mod sinc;

use std::borrow::Cow;

use ndarray::Array3;

use self::bspline::{BSpline, Coefficients, Support};
use self::gaussian::{Gaussian, Summary};
use self::grid::{Frame, Mapping, MaskBox, NewGrid, reversed};
use self::interpolate::{
    AxisTaps, Linear, NearestNeighbor, Storage, Voxels, is_inside, nearest, resample,
};
use self::sinc::{Window, WindowedSinc};
use crate::error::{Error, Result};
use crate::mask::Mask;
use crate::par::map_indexed;
use crate::roi::{BoundingBox, Region, RegionGrid, Roi, RoiParams};
use crate::volume::{Dimensionality, Volume};

/// Largest resampled image, at 8 bytes a voxel; as that of files.
const MAX_BYTES: u64 = 2 << 30;

/// Resamples image and region to a spacing, on a grid that is aligned with the mask's and covers the region and a margin.
///
/// The grid has the direction and the outer corner of the mask's and stays inside it; image and mask may lie on different
/// grids ([`MaskGrid::Own`](crate::MaskGrid::Own)), as long as the region's box lies inside the image. Along an axis on which
/// the region has one voxel the spacing stays the mask's. If the new spacing is the image's already (within a relative 1e-5),
/// nothing is interpolated: the mask is moved to the image's grid, and both are cropped.
///
/// The image keeps its number type: values of integer images are limited to the type's range and cut off towards zero, not
/// rounded. Voxels outside the image are 0; the mask takes its nearest voxel. A grid of more than 2 GiB at 8 bytes a voxel is
/// an error.
#[derive(Debug, Clone, PartialEq)]
pub struct Resampling {
    /// Spacing of the new grid.
    pub spacing: PixelSpacing,
    /// How image intensities are interpolated; the mask takes the nearest voxel. Default: cubic B-spline.
    pub interpolator: Interpolator,
    /// Voxels of the new grid that are kept around the region, `padDistance`. Default 5. A [centered](GridAlignment::Center) grid
    /// covers the whole image.
    pub margin: usize,
    /// How the new grid lies on the old one. Default: by its corner.
    pub grid: GridAlignment,
    /// How the mask is interpolated. Default: its nearest voxel.
    pub mask: MaskInterpolation,
    /// Whether interpolated intensities are rounded. Default: as the image's type has it.
    pub rounding: IntensityRounding,
}

/// How a grid of another spacing lies on the image's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum GridAlignment {
    /// It shares the outer corner of the first voxel of the mask's grid, and covers the region and a margin: PyRadiomics.
    #[default]
    Corner,
    /// Its center is the center of the image's grid, and it covers the image: IBSI's "align grid centers" (3WE3), which has
    /// `⌈n s / s'⌉` voxels along an axis of `n` voxels and spacing `s`. Beyond the outermost centers the image is continued by its
    /// border.
    Center,
}

/// How a mask is interpolated.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum MaskInterpolation {
    /// A voxel takes the nearest voxel of the mask.
    #[default]
    Nearest,
    /// A voxel belongs to the region if, by linear interpolation, at least this fraction of it does; IBSI's partial volume threshold
    /// (E8H9). Only on a [centered](GridAlignment::Center) grid.
    Linear {
        /// The fraction, above 0 and up to 1; usually 0.5.
        threshold: f64,
    },
}

/// What becomes of interpolated intensities.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum IntensityRounding {
    /// The fraction is cut off if the image has an integer type: PyRadiomics.
    #[default]
    OfPixelType,
    /// To the nearest whole number, halves to the even one; IBSI for CT (68QD).
    NearestInteger,
    /// They stay as they are.
    None,
}

impl Default for Resampling {
    /// PyRadiomics' settings, with the spacing of the mask.
    fn default() -> Self {
        Self {
            spacing: PixelSpacing::Volume([0.0; 3]),
            interpolator: Interpolator::default(),
            margin: 5,
            grid: GridAlignment::default(),
            mask: MaskInterpolation::default(),
            rounding: IntensityRounding::default(),
        }
    }
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
    /// `sitkNearestNeighbor` (1): halfway between two voxels, the one with the larger index.
    NearestNeighbor,
    /// `sitkLinear` (2), along x, y and z.
    Linear,
    /// `sitkBSpline` (3), cubic, the image mirrored at its outermost voxel centers.
    #[default]
    BSpline,
    /// `sitkGaussian` (4): mean weighted by a Gaussian with σ of 0.8 voxels, cut off at 4 σ.
    Gaussian,
    /// `sitkLabelGaussian` (5): the value with the largest weight under a Gaussian with σ of 1 voxel, cut off at 1 σ.
    LabelGaussian,
    /// `sitkHammingWindowedSinc` (6): sinc over 10 voxels along each axis, times `0.54 + 0.46 cos(π t / 5)`.
    HammingWindowedSinc,
    /// `sitkCosineWindowedSinc` (7): the same with `cos(π t / 10)`.
    CosineWindowedSinc,
    /// `sitkWelchWindowedSinc` (8): the same with `1 - t² / 25`.
    WelchWindowedSinc,
    /// `sitkLanczosWindowedSinc` (9): the same with `sinc(t / 5)`.
    LanczosWindowedSinc,
    /// `sitkBlackmanWindowedSinc` (10): the same with `0.42 + 0.5 cos(π t / 5) + 0.08 cos(2π t / 5)`.
    BlackmanWindowedSinc,
}

impl Resampling {
    pub(crate) fn check(&self) -> Result<()> {
        let spacings = match &self.spacing {
            PixelSpacing::Plane(spacings) => &spacings[..],
            PixelSpacing::Volume(spacings) => &spacings[..],
        };
        if let Some(spacing) = spacings.iter().find(|s| !(s.is_finite() && **s >= 0.0)) {
            return Err(invalid("numbers of 0 or more", spacing));
        }
        match self.mask {
            MaskInterpolation::Linear { threshold } if !(threshold > 0.0 && threshold <= 1.0) => {
                Err(Error::InvalidSetting {
                    name: "mask threshold",
                    expected: "a fraction above 0 and up to 1",
                    found: threshold.to_string(),
                })
            }
            MaskInterpolation::Linear { .. } if self.grid == GridAlignment::Corner => {
                Err(Error::InvalidSetting {
                    name: "mask interpolation",
                    expected: "nearest on a grid that is aligned by its corner",
                    found: "linear".to_string(),
                })
            }
            _ => Ok(()),
        }
    }

    /// The resampled image and the region on its grid. `image` is that of `roi`, perhaps with other intensities.
    ///
    /// # Errors
    /// [`Error::InvalidSetting`] unless there is one spacing per dimension of the image, [`Error::ShapeMismatch`] if the mask of
    /// a plane has several slices, [`Error::SingularDirection`], [`Error::RegionOutsideImage`], [`Error::GridTooLarge`],
    /// [`Error::EmptyRegion`] if no voxel of the new grid lies in the region, [`Error::NotFinite`] if intensities overflow.
    pub(crate) fn apply(&self, image: &Volume, roi: &Roi<'_>) -> Result<(Volume, Region)> {
        self.check()?;
        let spacing = self.spacing.of(image)?;
        let source = Source::new(image, roi)?;
        source.check_inside(image)?;
        if self.grid == GridAlignment::Center {
            return self.on_centered_grid(image, &source, spacing);
        }
        let MaskBox {
            geometry, bounds, ..
        } = source.mask;
        let spacing = [0, 1, 2].map(|axis| match spacing[axis] {
            new if new > 0.0 && bounds.size[axis] > 1 => new,
            _ => geometry.spacing[axis],
        });
        let axes = 3 - source.image_frame.dimensions()..3;
        if axes
            .clone()
            .all(|axis| are_close(image.spacing()[axis], spacing[axis]))
        {
            let mut region = source.nearest(&source.image_frame, image.size())?;
            let bounds = region.bounds.grown(self.margin, image.size());
            region.bounds = region.bounds.relative_to(bounds.start);
            return Ok((image.cropped(&bounds), region));
        }
        let grid = NewGrid::covering(
            &source.mask,
            &source.mask_frame,
            spacing,
            self.margin,
            MAX_BYTES,
        )?;
        let frame = Frame::new(&grid.geometry, image.dimensionality())?;
        let region = source.nearest(&frame, grid.size)?;
        let mapping = Mapping::new(frame, source.image_frame, grid.size[2]);
        Ok((self.interpolated(image, &mapping, &grid)?, region))
    }

    /// The image on another grid.
    fn interpolated(&self, image: &Volume, mapping: &Mapping, grid: &NewGrid) -> Result<Volume> {
        let storage = Storage::new(image.pixel_type(), self.rounding);
        let voxels = self
            .interpolator
            .resample(image, mapping, grid.size, storage);
        for ((z, y, x), &value) in voxels.indexed_iter() {
            if !value.is_finite() {
                return Err(Error::NotFinite { z, y, x, value });
            }
        }
        let image = Volume::trusted(voxels, image, storage.pixel_type);
        Ok(image.with_geometry(grid.geometry))
    }
}

impl PixelSpacing {
    /// The spacings that apply to an image, in `(z, y, x)` order; 0 keeps that of the mask, as always along z of a plane.
    fn of(&self, image: &Volume) -> Result<[f64; 3]> {
        match (self, image.dimensionality()) {
            (&Self::Plane([y, x]), Dimensionality::Two) => Ok([0.0, y, x]),
            (&Self::Volume(spacing), Dimensionality::Three) => Ok(spacing),
            (Self::Volume(_), Dimensionality::Two) => {
                Err(invalid("two numbers, since the image is a plane", 3))
            }
            (Self::Plane(_), Dimensionality::Three) => {
                Err(invalid("three numbers, since the image is a volume", 2))
            }
        }
    }
}

fn invalid(expected: &'static str, found: impl ToString) -> Error {
    Error::InvalidSetting {
        name: "resampledPixelSpacing",
        expected,
        found: found.to_string(),
    }
}

/// Whether two spacings count as equal; numpy's `allclose`.
fn are_close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-8 + 1e-5 * b.abs()
}

/// The region `selected` of a mask on another grid than its image's, on the image's grid: every voxel takes the nearest mask
/// voxel, [`MaskGrid::Corrected`](crate::MaskGrid::Corrected).
///
/// # Errors
/// [`Error::EmptyRegion`] if nothing is selected or no voxel of the image lies in the region, [`Error::RegionOutsideImage`],
/// [`Error::ShapeMismatch`], [`Error::SingularDirection`], and what the checks of a region report.
pub(crate) fn onto_image(image: &Volume, mask: &Mask, params: &RoiParams) -> Result<Region> {
    let region = Region::of_label(mask, params.label)?;
    let source = Source::of(image, mask, Cow::Owned(region), params.label)?;
    source.check_inside(image)?;
    let region = source.nearest(&source.image_frame, image.size())?;
    region.check(params)?;
    Ok(region)
}

/// A region in its mask, and how mask and image lie in space.
struct Source<'a> {
    label: u32,
    region: Cow<'a, Region>,
    mask: MaskBox,
    mask_frame: Frame,
    image_frame: Frame,
}

impl<'a> Source<'a> {
    fn new(image: &Volume, roi: &'a Roi<'_>) -> Result<Self> {
        let (mask, label) = (roi.label_mask(), roi.params().label);
        let region = match roi.grid() {
            RegionGrid::Shared | RegionGrid::Mask => Cow::Borrowed(roi.region()),
            // Resampled once, from the mask itself.
            RegionGrid::Corrected => Cow::Owned(Region::of_label(mask, label)?),
        };
        Self::of(image, mask, region, label)
    }

    fn of(image: &Volume, mask: &Mask, region: Cow<'a, Region>, label: u32) -> Result<Self> {
        let dimensionality = image.dimensionality();
        if dimensionality == Dimensionality::Two && mask.size()[0] != 1 {
            return Err(Error::ShapeMismatch {
                image: image.size(),
                mask: mask.size(),
            });
        }
        Ok(Self {
            label,
            mask: MaskBox {
                geometry: *mask.geometry(),
                size: mask.size(),
                bounds: region.bounds,
            },
            mask_frame: Frame::new(mask.geometry(), dimensionality)?,
            image_frame: Frame::new(image.geometry(), dimensionality)?,
            region,
        })
    }

    /// First and last corner of the region's box in the mask, `(x, y, z)` order.
    fn corners(&self) -> [[f64; 3]; 2] {
        let BoundingBox { start, size } = self.region.bounds;
        let low = start.map(|i| i as f64 - 0.5);
        let high = [0, 1, 2].map(|a| (start[a] + size[a]) as f64 - 0.5);
        [reversed(low), reversed(high)]
    }

    /// Whether the region's box, its first and its last corner, lies inside the image.
    fn check_inside(&self, image: &Volume) -> Result<()> {
        /// In voxels of the image.
        const TOLERANCE: f64 = 1e-3;
        let [start, end] = self.corners().map(|corner| {
            let point = self.mask_frame.continuous_point(corner);
            reversed(self.image_frame.index(point))
        });
        let size = image.size();
        let outside = (3 - self.image_frame.dimensions()..3).any(|a| {
            start[a].min(end[a]) < -0.5 - TOLERANCE
                || start[a].max(end[a]) > size[a] as f64 - 0.5 + TOLERANCE
        });
        match outside {
            false => Ok(()),
            true => Err(Error::RegionOutsideImage {
                label: self.label,
                start,
                end,
                size,
            }),
        }
    }

    /// The region on another grid: a voxel belongs to it if the nearest voxel of the mask does.
    fn nearest(&self, frame: &Frame, size: [usize; 3]) -> Result<Region> {
        self.on_grid(frame, size, self.corners(), |position| {
            self.selects(position)
        })
    }

    /// The region on another grid: a voxel belongs to it if `selects` says so of its position in the mask, which is asked inside
    /// these corners, `(x, y, z)` order.
    fn on_grid(
        &self,
        frame: &Frame,
        size: [usize; 3],
        [low, high]: [[f64; 3]; 2],
        selects: impl Fn([f64; 3]) -> bool + Sync,
    ) -> Result<Region> {
        let extent = Mapping::new(self.mask_frame.clone(), frame.clone(), 1).extent(low, high);
        let mut bounds = BoundingBox {
            start: [0; 3],
            size,
        };
        for axis in 3 - frame.dimensions()..3 {
            // One voxel more on both sides, for rounding errors.
            let [low, high] = extent[2 - axis];
            let start = ((low - 1.0).floor().max(0.0) as usize).min(size[axis]);
            let end = ((high + 2.0).ceil().max(0.0) as usize).min(size[axis]);
            bounds.start[axis] = start;
            bounds.size[axis] = end.saturating_sub(start);
        }
        let mapping = Mapping::new(frame.clone(), self.mask_frame.clone(), size[2]);
        let [nz, ny, nx] = bounds.size;
        let lines = map_indexed(nz * ny, |line| {
            let line = mapping.line(bounds.start[1] + line % ny, bounds.start[0] + line / ny);
            let columns = bounds.start[2]..bounds.start[2] + nx;
            columns.map(|x| selects(line.at(x))).collect::<Vec<bool>>()
        });
        let selected = Array3::from_shape_vec(bounds.size, lines.concat()).expect("lines of nx");
        Region::cropped(selected.view(), bounds.start, self.label)
    }

    /// Whether the voxel of the mask that is nearest to a position, in `(x, y, z)` order, belongs to the region.
    fn selects(&self, position: [f64; 3]) -> bool {
        let BoundingBox { start, size } = self.region.bounds;
        let mut index = [0; 3];
        for (axis, i) in index.iter_mut().enumerate() {
            let (p, n) = (position[2 - axis], self.mask.size[axis]);
            if !is_inside(p, n) {
                return false;
            }
            match nearest(p, n).checked_sub(start[axis]) {
                Some(inner) if inner < size[axis] => *i = inner,
                _ => return false,
            }
        }
        self.region.mask[index]
    }
}

impl Interpolator {
    /// The image at the voxels of a grid of `size`, `(z, y, x)` order.
    fn resample(
        self,
        image: &Volume,
        mapping: &Mapping,
        size: [usize; 3],
        storage: Storage,
    ) -> Array3<f64> {
        let (old, new) = (reversed(image.size()), reversed(size));
        let (dimensions, spacing) = (mapping.dimensions(), reversed(image.spacing()));
        let values = image.numbers().to_f64();
        let voxels = Voxels::new(&values, old);
        let windowed = |window| {
            let kernel = WindowedSinc {
                voxels,
                size: old,
                dimensions,
                window,
            };
            resample(&kernel, mapping, new, old, storage)
        };
        let gaussian = |result| {
            let kernel = Gaussian::new(voxels, old, spacing, dimensions, result);
            resample(&kernel, mapping, new, old, storage)
        };
        match self {
            Self::NearestNeighbor => {
                let kernel = NearestNeighbor { voxels, size: old };
                resample(&kernel, mapping, new, old, storage)
            }
            Self::Linear => {
                let kernel = Linear { voxels, size: old };
                resample(&kernel, mapping, new, old, storage)
            }
            Self::BSpline => {
                let needed = spline_support(mapping, new, old);
                let kernel = BSpline {
                    coefficients: &Coefficients::new(voxels, old, needed),
                    size: old,
                    dimensions,
                };
                resample(&kernel, mapping, new, old, storage)
            }
            Self::Gaussian => gaussian(Summary::Mean),
            Self::LabelGaussian => gaussian(Summary::Vote),
            Self::HammingWindowedSinc => windowed(Window::Hamming),
            Self::CosineWindowedSinc => windowed(Window::Cosine),
            Self::WelchWindowedSinc => windowed(Window::Welch),
            Self::LanczosWindowedSinc => windowed(Window::Lanczos),
            Self::BlackmanWindowedSinc => windowed(Window::Blackman),
        }
    }
}

/// The voxels of an image, one range per axis, whose spline coefficients a grid needs. Sizes in `(x, y, z)` order.
fn spline_support(
    mapping: &Mapping,
    new: [usize; 3],
    old: [usize; 3],
) -> [std::ops::Range<usize>; 3] {
    if mapping.is_aligned() {
        let taps = AxisTaps::new(mapping, new, old, |axis, p| Support::new(p, old[axis]));
        return [0, 1, 2].map(|axis| {
            let indices = || taps.along(axis).flat_map(|support| support.indices);
            let (first, last) = (indices().min(), indices().max());
            first.unwrap_or(0)..last.unwrap_or(0) + 1
        });
    }
    let extent = mapping.extent([0.0; 3], new.map(|n| n as f64 - 1.0));
    [0, 1, 2].map(|axis| {
        // Two voxels on both sides carry a spline; one more for rounding errors. Mirrored ones lie among them.
        let [low, high] = extent[axis];
        let first = ((low - 3.0).floor().max(0.0) as usize).min(old[axis] - 1);
        let end = ((high + 4.0).ceil().max(0.0) as usize).min(old[axis]);
        first..end.max(first + 1)
    })
}

#[cfg(test)]
mod tests;
