//! The region of interest: an image and the part of it that a mask selects, checked once.

use ndarray::{Array3, ArrayView3, ArrayViewMut3, Axis, s};

use crate::error::{Error, Result};
use crate::mask::Mask;
use crate::resample;
use crate::rows::n_inside;
use crate::volume::Volume;

/// Settings of the checks that make a [`Roi`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RoiParams {
    /// Which label of the mask is the region. Default 1.
    pub label: u32,
    /// Along how many axes the region must extend over more than one voxel, 1 to 3. Default 2, which refuses lines.
    pub minimum_dimensions: u8,
    /// The region must have **more** voxels than this. Default `None`.
    pub minimum_size: Option<usize>,
    /// How far the grids of image and mask may differ, see [`Geometry::difference`](crate::Geometry::difference).
    /// Default 1e-6.
    pub geometry_tolerance: f64,
    /// What a mask on another grid than the image's means. Default: an error.
    pub mask_grid: MaskGrid,
}

/// What to do with a mask on another grid than its image's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum MaskGrid {
    /// Refuse it.
    #[default]
    OfImage,
    /// Take the label of the nearest mask voxel at every image voxel, if the region lies inside the image: `correctMask` of
    /// PyRadiomics. A mask on the same grid is used as it is.
    Corrected,
    /// Keep the mask's grid: the extraction resamples both ([`Params::resampling`](crate::Params::resampling)), and checks the
    /// region's size and dimensions after that.
    Own,
}

impl Default for RoiParams {
    fn default() -> Self {
        Self {
            label: 1,
            minimum_dimensions: 2,
            minimum_size: None,
            geometry_tolerance: 1e-6,
            mask_grid: MaskGrid::default(),
        }
    }
}

impl RoiParams {
    pub(crate) fn check(&self) -> Result<()> {
        if self.label == 0 {
            return Err(invalid("label", "a label of 1 or more", self.label));
        }
        if !(1..=3).contains(&self.minimum_dimensions) {
            return Err(invalid(
                "minimumROIDimensions",
                "1, 2 or 3",
                self.minimum_dimensions,
            ));
        }
        if !(self.geometry_tolerance.is_finite() && self.geometry_tolerance > 0.0) {
            return Err(invalid(
                "geometryTolerance",
                "a positive number",
                self.geometry_tolerance,
            ));
        }
        Ok(())
    }
}

fn invalid(name: &'static str, expected: &'static str, found: impl ToString) -> Error {
    Error::InvalidSetting {
        name,
        expected,
        found: found.to_string(),
    }
}

/// A box of voxels, axes in `(z, y, x)` order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct BoundingBox {
    /// First voxel.
    pub start: [usize; 3],
    /// Number of voxels.
    pub size: [usize; 3],
}

impl BoundingBox {
    /// All of an image of this size.
    pub(crate) fn whole(size: [usize; 3]) -> Self {
        Self {
            start: [0; 3],
            size,
        }
    }

    /// The smallest box that holds every `true` voxel.
    pub(crate) fn around(mask: ArrayView3<'_, bool>) -> Option<Self> {
        Self::around_value(mask, true)
    }

    /// The smallest box that holds every voxel of one value.
    pub(crate) fn around_value<T: Copy + PartialEq>(
        voxels: ArrayView3<'_, T>,
        value: T,
    ) -> Option<Self> {
        let mut low = [usize::MAX; 3];
        let mut high = [0; 3];
        for (z, plane) in voxels.axis_iter(Axis(0)).enumerate() {
            for (y, row) in plane.axis_iter(Axis(0)).enumerate() {
                // Most rows of a mask are empty: a whole row is compared at once before its ends are looked for.
                let found = row.iter().fold(false, |found, &v| found | (v == value));
                if !found {
                    continue;
                }
                let first = row.iter().position(|&v| v == value).unwrap_or(0);
                let last = row.iter().rposition(|&v| v == value).unwrap_or(first);
                for (axis, (a, b)) in [(z, z), (y, y), (first, last)].into_iter().enumerate() {
                    low[axis] = low[axis].min(a);
                    high[axis] = high[axis].max(b);
                }
            }
        }
        (low[0] != usize::MAX).then(|| Self {
            start: low,
            size: [0, 1, 2].map(|axis| high[axis] - low[axis] + 1),
        })
    }

    /// The box grown by `margin` voxels on every side, cut at the border of an image of size `bounds`.
    pub(crate) fn grown(&self, margin: usize, bounds: [usize; 3]) -> Self {
        self.grown_by([margin; 3], bounds)
    }

    /// The same with a margin for each axis.
    pub(crate) fn grown_by(&self, margins: [usize; 3], bounds: [usize; 3]) -> Self {
        let start = [0, 1, 2].map(|axis| self.start[axis].saturating_sub(margins[axis]));
        let size = [0, 1, 2].map(|axis| {
            let end = self.start[axis] + self.size[axis];
            end.saturating_add(margins[axis]).min(bounds[axis]) - start[axis]
        });
        Self { start, size }
    }

    /// The same box counted from `origin`, which must not lie behind its start.
    pub(crate) fn relative_to(&self, origin: [usize; 3]) -> Self {
        Self {
            start: [0, 1, 2].map(|axis| self.start[axis] - origin[axis]),
            size: self.size,
        }
    }

    /// The part of an array inside the box.
    pub(crate) fn slice<'a, T>(&self, array: ArrayView3<'a, T>) -> ArrayView3<'a, T> {
        let [z, y, x] = self.start;
        let [nz, ny, nx] = self.size;
        array.slice_move(s![z..z + nz, y..y + ny, x..x + nx])
    }

    /// As [`slice`](Self::slice), to write into.
    pub(crate) fn slice_mut<'a, T>(&self, array: ArrayViewMut3<'a, T>) -> ArrayViewMut3<'a, T> {
        let [z, y, x] = self.start;
        let [nz, ny, nx] = self.size;
        array.slice_move(s![z..z + nz, y..y + ny, x..x + nx])
    }
}

/// Voxels of a region, cropped to its bounding box.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Region {
    /// The box, counted in the image.
    pub bounds: BoundingBox,
    /// Shape `bounds.size`; `true` inside.
    pub mask: Array3<bool>,
    /// Number of `true` voxels.
    pub n_voxels: usize,
}

impl Region {
    /// Crops `mask`, whose first voxel is voxel `start` of the image, to its `true` voxels and checks the extent.
    pub(crate) fn new(
        mask: ArrayView3<'_, bool>,
        start: [usize; 3],
        params: &RoiParams,
    ) -> Result<Self> {
        let region = Self::cropped(mask, start, params.label)?;
        region.check(params)?;
        Ok(region)
    }

    /// Crops `mask`, whose first voxel is voxel `start` of the image, to its `true` voxels.
    pub(crate) fn cropped(
        mask: ArrayView3<'_, bool>,
        start: [usize; 3],
        label: u32,
    ) -> Result<Self> {
        let inner = BoundingBox::around(mask).ok_or(Error::EmptyRegion { label })?;
        let bounds = BoundingBox {
            start: [0, 1, 2].map(|axis| start[axis] + inner.start[axis]),
            size: inner.size,
        };
        Ok(Self::of_box(bounds, inner.slice(mask).to_owned()))
    }

    /// The voxels of a label of a mask, of whatever extent.
    pub(crate) fn of_label(mask: &Mask, label: u32) -> Result<Self> {
        let cropped = mask.cropped(mask.stored_value(label));
        let (bounds, mask) = cropped.ok_or(Error::EmptyRegion { label })?;
        Ok(Self::of_box(bounds, mask))
    }

    fn of_box(bounds: BoundingBox, mask: Array3<bool>) -> Self {
        let n_voxels = n_inside(mask.view());
        Self {
            bounds,
            mask,
            n_voxels,
        }
    }

    /// Whether the region has the dimensions and the size that the settings ask for.
    pub(crate) fn check(&self, params: &RoiParams) -> Result<()> {
        let (label, size, n_voxels) = (params.label, self.bounds.size, self.n_voxels);
        let extended = size.iter().filter(|&&n| n > 1).count();
        if extended == 0 {
            return Err(Error::SingleVoxel { label });
        }
        let minimum = params.minimum_dimensions;
        if extended < usize::from(minimum) {
            return Err(Error::RegionTooFlat {
                label,
                size,
                extended,
                minimum,
            });
        }
        match params.minimum_size.filter(|&minimum| n_voxels <= minimum) {
            Some(minimum) => Err(Error::RegionTooSmall {
                label,
                n_voxels,
                minimum,
            }),
            None => Ok(()),
        }
    }

    /// This region's mask inside `bounds`, which must lie inside its own box.
    pub(crate) fn within(&self, bounds: &BoundingBox) -> ArrayView3<'_, bool> {
        bounds
            .relative_to(self.bounds.start)
            .slice(self.mask.view())
    }
}

/// One region of one image, checked: same grid, label present, large enough.
///
/// The whole image is kept because filters see beyond the region.
#[derive(Debug, Clone)]
pub struct Roi<'a> {
    image: &'a Volume,
    mask: &'a Mask,
    grid: RegionGrid,
    region: Region,
    params: RoiParams,
}

/// On which grid the region of a [`Roi`] is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RegionGrid {
    /// Image and mask share one grid.
    Shared,
    /// The image's, to which the mask was resampled.
    Corrected,
    /// The mask's, which differs from the image's.
    Mask,
}

impl<'a> Roi<'a> {
    /// Pairs an image with one label of its mask.
    ///
    /// # Errors
    /// * [`Error::InvalidSetting`] for a setting outside its range,
    /// * [`Error::ShapeMismatch`] or [`Error::GeometryMismatch`] if the mask lies on another grid and the settings do not say
    ///   what to do then ([`MaskGrid`]), [`Error::RegionOutsideImage`] if they do, but the region leaves the image,
    /// * [`Error::EmptyMask`] if the mask has no label at all, [`Error::LabelAbsent`] if it has others,
    /// * [`Error::SingleVoxel`], always, for a region of one voxel,
    /// * [`Error::RegionTooFlat`] and [`Error::RegionTooSmall`] by the settings.
    pub fn new(image: &'a Volume, mask: &'a Mask, params: &RoiParams) -> Result<Self> {
        params.check()?;
        let of_label = || Region::of_label(mask, params.label);
        let (grid, region) = match (params.mask_grid, grid_mismatch(image, mask, params)) {
            (MaskGrid::Own, mismatch) => {
                let grid = mismatch.map_or(RegionGrid::Shared, |_| RegionGrid::Mask);
                (grid, of_label())
            }
            (_, None) => {
                let checked = |region: Region| region.check(params).map(|()| region);
                (RegionGrid::Shared, of_label().and_then(checked))
            }
            (MaskGrid::OfImage, Some(mismatch)) => return Err(mismatch),
            (MaskGrid::Corrected, Some(_)) => {
                let region = resample::onto_image(image, mask, params);
                (RegionGrid::Corrected, region)
            }
        };
        let region = match region {
            Err(Error::EmptyRegion { label }) => {
                let present: Vec<u32> = mask.counts().into_keys().collect();
                return Err(match present.is_empty() {
                    true => Error::EmptyMask,
                    // There, but too small for a voxel of the image.
                    false if present.contains(&mask.stored_value(label)) => {
                        Error::EmptyRegion { label }
                    }
                    false => Error::LabelAbsent { label, present },
                });
            }
            other => other?,
        };
        Ok(Self {
            image,
            mask,
            grid,
            region,
            params: *params,
        })
    }

    /// The whole image.
    #[must_use]
    pub fn image(&self) -> &'a Volume {
        self.image
    }

    /// The mask that the region was taken from.
    #[must_use]
    pub fn label_mask(&self) -> &'a Mask {
        self.mask
    }

    /// The region's box in the image; in the mask, if that keeps a grid of its own ([`MaskGrid::Own`]).
    #[must_use]
    pub fn bounds(&self) -> BoundingBox {
        self.region.bounds
    }

    /// The region inside its box, `true` where the voxel belongs to it.
    #[must_use]
    pub fn mask(&self) -> ArrayView3<'_, bool> {
        self.region.mask.view()
    }

    /// Number of voxels in the region.
    #[must_use]
    pub fn n_voxels(&self) -> usize {
        self.region.n_voxels
    }

    /// The settings the region was checked with.
    #[must_use]
    pub fn params(&self) -> &RoiParams {
        &self.params
    }

    pub(crate) fn region(&self) -> &Region {
        &self.region
    }

    pub(crate) fn grid(&self) -> RegionGrid {
        self.grid
    }
}

/// The error that a mask on another grid is, or `None` if the grids agree.
pub(crate) fn grid_mismatch(image: &Volume, mask: &Mask, params: &RoiParams) -> Option<Error> {
    if image.size() != mask.size() {
        return Some(Error::ShapeMismatch {
            image: image.size(),
            mask: mask.size(),
        });
    }
    let tolerance = params.geometry_tolerance;
    let difference = image.geometry().difference(mask.geometry(), tolerance)?;
    Some(Error::GeometryMismatch {
        difference: Box::new(difference),
        tolerance,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::volume::{Geometry, PixelType};

    fn pair(points: &[[usize; 3]]) -> (Volume, Mask) {
        let geometry = Geometry::new([1.0; 3]).unwrap();
        let mut labels = Array3::zeros((3, 4, 5));
        for &p in points {
            labels[p] = 1;
        }
        let image = Volume::new(Array3::zeros((3, 4, 5)), geometry, PixelType::U8).unwrap();
        (image, Mask::new(labels, geometry).unwrap())
    }

    fn roi_error(points: &[[usize; 3]], params: RoiParams) -> Error {
        let (image, mask) = pair(points);
        Roi::new(&image, &mask, &params).unwrap_err()
    }

    #[test]
    fn regions_too_small_are_refused_by_name() {
        let default = RoiParams::default();
        let lines = RoiParams {
            minimum_dimensions: 1,
            ..default
        };
        assert!(matches!(roi_error(&[], default), Error::EmptyMask));
        assert!(matches!(
            roi_error(&[[1, 1, 1]], lines),
            Error::SingleVoxel { label: 1 }
        ));
        let line = [[1, 1, 1], [1, 1, 2]];
        assert!(matches!(
            roi_error(&line, default),
            Error::RegionTooFlat {
                extended: 1,
                minimum: 2,
                ..
            }
        ));
        let absent = RoiParams {
            label: 2,
            ..default
        };
        assert!(matches!(
            roi_error(&line, absent),
            Error::LabelAbsent { label: 2, .. }
        ));
        let size = RoiParams {
            minimum_size: Some(2),
            ..lines
        };
        assert!(matches!(
            roi_error(&line, size),
            Error::RegionTooSmall {
                n_voxels: 2,
                minimum: 2,
                ..
            }
        ));
    }

    #[test]
    fn the_region_is_cropped_to_its_box() {
        let (image, mask) = pair(&[[1, 1, 1], [1, 2, 3]]);
        let roi = Roi::new(&image, &mask, &RoiParams::default()).unwrap();
        assert_eq!(
            roi.bounds(),
            BoundingBox {
                start: [1, 1, 1],
                size: [1, 2, 3]
            }
        );
        assert_eq!(roi.n_voxels(), 2);
        assert!(roi.mask()[[0, 0, 0]] && roi.mask()[[0, 1, 2]]);
        assert_eq!(
            roi.bounds().grown(1, image.size()),
            BoundingBox {
                start: [0, 0, 0],
                size: [3, 4, 5]
            }
        );
    }
}
