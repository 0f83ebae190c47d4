//! The image: voxels in `(z, y, x)` order, their spacing, and where they lie in the patient.

use std::fmt;

use ndarray::{Array3, ArrayView3, CowArray, Ix3};

use crate::error::{Error, Result};
use crate::numbers::{Numbers, contiguous};
use crate::roi::BoundingBox;
use crate::wide::wide;

/// How many dimensions a file declares.
///
/// It decides what PyRadiomics calls two-dimensional: an image of `W × H` pixels has planar shape features (shape2D) and
/// four wavelet sub-bands, whereas one slice of a volume, `W × H × 1`, has shape features with a thickness and eight
/// sub-bands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dimensionality {
    /// A plane without thickness. Stored as one slice.
    Two,
    /// A volume, of one slice or many.
    Three,
}

impl fmt::Display for Dimensionality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Two => "2D",
            Self::Three => "3D",
        })
    }
}

/// The number type in which an image was stored.
///
/// Voxels that come from a file stay in its type in memory, and features see them as `f64`. The type is kept because binning and
/// filters follow it (32-bit float images are filtered in 32 bits).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PixelType {
    /// 8-bit unsigned integer.
    U8,
    /// 8-bit signed integer.
    I8,
    /// 16-bit unsigned integer.
    U16,
    /// 16-bit signed integer.
    I16,
    /// 32-bit unsigned integer.
    U32,
    /// 32-bit signed integer.
    I32,
    /// 64-bit unsigned integer, values up to 2⁵³.
    U64,
    /// 64-bit signed integer, magnitudes up to 2⁵³.
    I64,
    /// 32-bit float.
    F32,
    /// 64-bit float.
    F64,
}

impl PixelType {
    /// Bytes per voxel in a file.
    #[must_use]
    pub fn bytes(self) -> usize {
        match self {
            Self::U8 | Self::I8 => 1,
            Self::U16 | Self::I16 => 2,
            Self::U32 | Self::I32 | Self::F32 => 4,
            Self::U64 | Self::I64 | Self::F64 => 8,
        }
    }

    /// Whether the type holds whole numbers only.
    #[must_use]
    pub fn is_integer(self) -> bool {
        !matches!(self, Self::F32 | Self::F64)
    }

    /// Smallest and largest whole number of an integer type, as far as `f64` has all numbers between; `None` for floats.
    fn range(self) -> Option<(f64, f64)> {
        const EXACT: f64 = 9_007_199_254_740_992.0;
        Some(match self {
            Self::U8 => (0.0, f64::from(u8::MAX)),
            Self::I8 => (f64::from(i8::MIN), f64::from(i8::MAX)),
            Self::U16 => (0.0, f64::from(u16::MAX)),
            Self::I16 => (f64::from(i16::MIN), f64::from(i16::MAX)),
            Self::U32 => (0.0, f64::from(u32::MAX)),
            Self::I32 => (f64::from(i32::MIN), f64::from(i32::MAX)),
            Self::U64 => (0.0, EXACT),
            Self::I64 => (-EXACT, EXACT),
            Self::F32 | Self::F64 => return None,
        })
    }

    /// Whether `value` can be stored in this type without a change.
    fn holds(self, value: f64) -> bool {
        self.hold_all(&[value])
    }

    /// Whether all of `values` are finite and can be stored in this type without a change.
    fn hold_all(self, values: &[f64]) -> bool {
        // One answer a block, so that its numbers are looked at side by side.
        const BLOCK: usize = 1024;
        values
            .chunks(BLOCK)
            .all(|block| match (self, self.range()) {
                (_, Some((low, high))) => whole_numbers(block, low, high),
                (Self::F32, None) => wide(
                    #[inline(always)]
                    || {
                        let single = |v: f64| v.is_finite() & (f64::from(v as f32) == v);
                        block.iter().fold(true, |good, &v| good & single(v))
                    },
                ),
                (_, None) => block.iter().fold(true, |good, v| good & v.is_finite()),
            })
    }
}

/// Whether all of `values` are whole numbers of a range.
pub(crate) fn whole_numbers(values: &[f64], low: f64, high: f64) -> bool {
    wide(
        #[inline(always)]
        || {
            let whole = |v: f64| (v >= low) & (v <= high) & (v.trunc() == v);
            values.iter().fold(true, |good, &v| good & whole(v))
        },
    )
}

/// Where the voxel grid lies: millimeters in the patient coordinate system LPS (left, posterior, superior).
///
/// All triples are in `(z, y, x)` order, axes and coordinates alike, so the identity matrix is the unrotated grid.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Geometry {
    /// Distance between voxel centers along the axes z, y, x, in mm; finite and positive.
    pub spacing: [f64; 3],
    /// Position of the center of voxel `(0, 0, 0)` in mm, as (superior, posterior, left).
    pub origin: [f64; 3],
    /// Row `a` is the unit vector along which the index of axis `a` grows, components as in `origin`.
    pub direction: [[f64; 3]; 3],
}

impl Geometry {
    /// An unrotated grid at the origin.
    ///
    /// # Errors
    /// [`Error::InvalidSpacing`] unless every spacing is finite and positive.
    pub fn new(spacing: [f64; 3]) -> Result<Self> {
        let identity = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
        Self::with_pose(spacing, [0.0; 3], identity)
    }

    /// A grid with its position and orientation.
    ///
    /// # Errors
    /// [`Error::InvalidSpacing`] unless every spacing is finite and positive, [`Error::InvalidPose`] if the origin or the
    /// direction is not finite, [`Error::SingularDirection`] if the axes lie in one plane.
    pub fn with_pose(
        spacing: [f64; 3],
        origin: [f64; 3],
        direction: [[f64; 3]; 3],
    ) -> Result<Self> {
        for (axis, value) in ["z", "y", "x"].into_iter().zip(spacing) {
            if !(value.is_finite() && value > 0.0) {
                return Err(Error::InvalidSpacing { axis, value });
            }
        }
        if origin
            .iter()
            .chain(direction.iter().flatten())
            .any(|v| !v.is_finite())
        {
            return Err(Error::InvalidPose);
        }
        let determinant = determinant(&direction);
        // Relative to the lengths of the axes: a file may scale them.
        let lengths = direction.map(|axis| axis.iter().map(|v| v * v).sum::<f64>().sqrt());
        let largest: f64 = lengths.iter().product();
        if !(determinant.abs() > 1e-12 * largest && determinant.is_finite()) {
            return Err(Error::SingularDirection { direction });
        }
        Ok(Self {
            spacing,
            origin,
            direction,
        })
    }

    /// The first quantity in which two grids differ by more than allowed, or `None` if they are the same grid.
    ///
    /// Origin and spacing may differ by `tolerance` times the spacing along x, direction by `tolerance`; this is ITK's rule.
    #[must_use]
    pub fn difference(&self, other: &Self, tolerance: f64) -> Option<GeometryDifference> {
        let millimeters = tolerance * self.spacing[2].abs();
        let differ =
            |a: &[f64; 3], b: &[f64; 3], t: f64| a.iter().zip(b).any(|(a, b)| (a - b).abs() > t);
        if differ(&self.origin, &other.origin, millimeters) {
            return Some(GeometryDifference::Origin {
                image: self.origin,
                mask: other.origin,
            });
        }
        if differ(&self.spacing, &other.spacing, millimeters) {
            return Some(GeometryDifference::Spacing {
                image: self.spacing,
                mask: other.spacing,
            });
        }
        let rotated = self
            .direction
            .iter()
            .zip(&other.direction)
            .any(|(a, b)| differ(a, b, tolerance));
        rotated.then_some(GeometryDifference::Direction {
            image: self.direction,
            mask: other.direction,
        })
    }

    /// The position of a continuous voxel index in mm: `origin + Σ_a index_a spacing_a direction_a`, all in `(z, y, x)` order.
    #[must_use]
    pub fn position(&self, index: [f64; 3]) -> [f64; 3] {
        let mut position = self.origin;
        for ((direction, spacing), index) in self.direction.iter().zip(self.spacing).zip(index) {
            for (p, d) in position.iter_mut().zip(direction) {
                *p += d * spacing * index;
            }
        }
        position
    }

    /// The same grid seen from voxel `start` on.
    pub(crate) fn shifted(&self, start: [usize; 3]) -> Self {
        Self {
            origin: self.position(start.map(|index| index as f64)),
            ..*self
        }
    }
}

fn determinant([a, b, c]: &[[f64; 3]; 3]) -> f64 {
    a[0] * (b[1] * c[2] - b[2] * c[1]) - a[1] * (b[0] * c[2] - b[2] * c[0])
        + a[2] * (b[0] * c[1] - b[1] * c[0])
}

/// In what the grids of an image and its mask differ. All triples in `(z, y, x)` order.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum GeometryDifference {
    /// Position of the first voxel, in mm.
    Origin {
        /// Of the image.
        image: [f64; 3],
        /// Of the mask.
        mask: [f64; 3],
    },
    /// Voxel spacing, in mm.
    Spacing {
        /// Of the image.
        image: [f64; 3],
        /// Of the mask.
        mask: [f64; 3],
    },
    /// Orientation of the axes.
    Direction {
        /// Of the image.
        image: [[f64; 3]; 3],
        /// Of the mask.
        mask: [[f64; 3]; 3],
    },
}

impl fmt::Display for GeometryDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Origin { image, mask } => {
                write!(
                    f,
                    "the image has origin {image:?} mm (z, y, x), the mask {mask:?}"
                )
            }
            Self::Spacing { image, mask } => {
                write!(
                    f,
                    "the image has spacing {image:?} mm (z, y, x), the mask {mask:?}"
                )
            }
            Self::Direction { image, mask } => {
                write!(
                    f,
                    "the image has direction {image:?} (z, y, x), the mask {mask:?}"
                )
            }
        }
    }
}

/// Refuses the first number that is not finite or not of the type.
fn check(numbers: &Numbers, [_, ny, nx]: [usize; 3], pixel_type: PixelType) -> Result<()> {
    // The numbers of an integer type are what they are declared to be.
    let values = match (numbers, pixel_type) {
        (Numbers::U8(_), PixelType::U8)
        | (Numbers::I8(_), PixelType::I8)
        | (Numbers::U16(_), PixelType::U16)
        | (Numbers::I16(_), PixelType::I16)
        | (Numbers::U32(_), PixelType::U32)
        | (Numbers::I32(_), PixelType::I32) => return Ok(()),
        (Numbers::F32(values), PixelType::F32) if all_finite(values) => return Ok(()),
        _ => numbers.to_f64(),
    };
    if pixel_type.hold_all(&values) {
        return Ok(());
    }
    let mut numbered = values.iter().copied().enumerate();
    let Some((i, value)) = numbered.find(|&(_, value)| !pixel_type.holds(value)) else {
        return Ok(());
    };
    let (z, y, x) = (i / (nx * ny), i / nx % ny, i % nx);
    Err(match value.is_finite() {
        false => Error::NotFinite { z, y, x, value },
        true => Error::PixelOutOfType {
            z,
            y,
            x,
            value,
            pixel_type,
        },
    })
}

fn all_finite(values: &[f32]) -> bool {
    wide(
        #[inline(always)]
        || values.iter().fold(true, |good, v| good & v.is_finite()),
    )
}

/// A scalar image.
///
/// Invariants: at least one voxel, every voxel finite and representable in [`pixel_type`](Self::pixel_type).
#[derive(Debug, Clone, PartialEq)]
pub struct Volume {
    numbers: Numbers,
    size: [usize; 3],
    geometry: Geometry,
    pixel_type: PixelType,
    dimensionality: Dimensionality,
}

impl Volume {
    /// An image from an array of shape `(z, y, x)`. It counts as a volume, even of one slice; see
    /// [`with_dimensionality`](Self::with_dimensionality).
    ///
    /// # Errors
    /// [`Error::EmptyImage`] without voxels, [`Error::NotFinite`] at the first NaN or infinity,
    /// [`Error::PixelOutOfType`] at the first value that `pixel_type` cannot hold.
    pub fn new(voxels: Array3<f64>, geometry: Geometry, pixel_type: PixelType) -> Result<Self> {
        let size = shape(voxels.view());
        Self::of_numbers(Numbers::F64(contiguous(voxels)), size, geometry, pixel_type)
    }

    /// An image from numbers in memory order, as many as `size` says. Errors: as [`new`](Self::new).
    pub(crate) fn of_numbers(
        numbers: Numbers,
        size: [usize; 3],
        geometry: Geometry,
        pixel_type: PixelType,
    ) -> Result<Self> {
        if size.contains(&0) {
            return Err(Error::EmptyImage { size });
        }
        check(&numbers, size, pixel_type)?;
        Ok(Self {
            numbers,
            size,
            geometry,
            pixel_type,
            dimensionality: Dimensionality::Three,
        })
    }

    /// For voxels that this crate computed and knows to be sound.
    pub(crate) fn trusted(voxels: Array3<f64>, like: &Self, pixel_type: PixelType) -> Self {
        Self {
            size: shape(voxels.view()),
            numbers: Numbers::F64(contiguous(voxels)),
            geometry: like.geometry,
            pixel_type,
            dimensionality: like.dimensionality,
        }
    }

    /// Declares the image a plane or a volume.
    ///
    /// # Errors
    /// [`Error::NotPlanar`] if an image of several slices is declared a plane.
    pub fn with_dimensionality(mut self, dimensionality: Dimensionality) -> Result<Self> {
        let slices = self.size[0];
        if dimensionality == Dimensionality::Two && slices != 1 {
            return Err(Error::NotPlanar { slices });
        }
        self.dimensionality = dimensionality;
        Ok(self)
    }

    /// Replaces the geometry, e.g. to give a PNG file the spacing that it cannot store.
    #[must_use]
    pub fn with_geometry(mut self, geometry: Geometry) -> Self {
        self.geometry = geometry;
        self
    }

    /// The voxels, shape `(z, y, x)`, in standard (C) layout. They are copied if the image is held in the number type of a file.
    #[must_use]
    pub fn voxels(&self) -> CowArray<'_, f64, Ix3> {
        self.numbers.array(self.size)
    }

    /// The voxels inside a box.
    pub(crate) fn part(&self, bounds: &BoundingBox) -> Array3<f64> {
        self.numbers.part(self.size, bounds)
    }

    /// The same, not copied where the image is held in 64-bit floats.
    pub(crate) fn window(&self, bounds: &BoundingBox) -> CowArray<'_, f64, Ix3> {
        self.numbers.window(self.size, bounds)
    }

    /// The voxels in memory order, in the type in which they are held.
    pub(crate) fn numbers(&self) -> &Numbers {
        &self.numbers
    }

    /// Number of voxels along z, y and x.
    #[must_use]
    pub fn size(&self) -> [usize; 3] {
        self.size
    }

    /// Position and spacing of the grid.
    #[must_use]
    pub fn geometry(&self) -> &Geometry {
        &self.geometry
    }

    /// Spacing along z, y and x in mm.
    #[must_use]
    pub fn spacing(&self) -> [f64; 3] {
        self.geometry.spacing
    }

    /// The number type the values came in.
    #[must_use]
    pub fn pixel_type(&self) -> PixelType {
        self.pixel_type
    }

    /// Whether the image is a plane or a volume.
    #[must_use]
    pub fn dimensionality(&self) -> Dimensionality {
        self.dimensionality
    }

    /// The part of the image inside `bounds`, with the geometry moved along.
    pub(crate) fn cropped(&self, bounds: &BoundingBox) -> Self {
        let part = Self::trusted(self.part(bounds), self, self.pixel_type);
        part.with_geometry(self.geometry.shifted(bounds.start))
    }
}

/// The shape of a view as an array.
pub(crate) fn shape<T>(view: ArrayView3<'_, T>) -> [usize; 3] {
    let (z, y, x) = view.dim();
    [z, y, x]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn voxels_must_be_finite_and_fit_their_type() {
        let geometry = Geometry::new([1.0; 3]).unwrap();
        let mut voxels = Array3::zeros((1, 2, 3));
        voxels[[0, 1, 2]] = f64::NAN;
        let err = Volume::new(voxels.clone(), geometry, PixelType::F64).unwrap_err();
        assert!(matches!(
            err,
            Error::NotFinite {
                z: 0,
                y: 1,
                x: 2,
                ..
            }
        ));
        voxels[[0, 1, 2]] = 256.0;
        let err = Volume::new(voxels.clone(), geometry, PixelType::U8).unwrap_err();
        assert!(matches!(
            err,
            Error::PixelOutOfType {
                z: 0,
                y: 1,
                x: 2,
                ..
            }
        ));
        assert!(Volume::new(voxels, geometry, PixelType::U16).is_ok());
        let err = Volume::new(Array3::zeros((1, 0, 3)), geometry, PixelType::U8).unwrap_err();
        assert!(matches!(err, Error::EmptyImage { size: [1, 0, 3] }));
    }

    #[test]
    fn grids_differ_by_more_than_the_tolerance_times_the_x_spacing() {
        let a = Geometry::new([1.0, 1.0, 0.5]).unwrap();
        let mut b = a;
        b.origin[0] = 0.4e-6;
        assert_eq!(a.difference(&b, 1e-6), None);
        b.origin[0] = 0.6e-6;
        assert!(matches!(
            a.difference(&b, 1e-6),
            Some(GeometryDifference::Origin { .. })
        ));
        assert!(Geometry::new([1.0, 0.0, 1.0]).is_err());
    }
}
