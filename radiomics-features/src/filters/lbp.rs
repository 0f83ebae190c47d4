//! Local binary pattern: how each voxel compares with a circle of samples around it, in the plane.
//!
//! Sample `k` of `P` on a circle of radius `R` lies at row `-R sin(2πk/P)` and column `R cos(2πk/P)` from the voxel, both
//! rounded to 5 decimals, and is interpolated linearly between its four neighbors; beyond the border the image is 0. Its bit
//! is 1 where the sample is not below the voxel. Of bits `b_k` and samples `v_k`,
//!
//! ```text
//! default   Σ_k b_k 2^k
//! ror       the smallest number among all rotations of these P bits
//! uniform   Σ_k b_k, if the sequence b_0 … b_{P-1} changes at most twice; else P + 1
//! var       (Σ v_k² - (Σ v_k)² / P) / P
//! ```
//!
//! The changes are not counted around the circle: the last bit and the first are no neighbors.
//!
//! # What is stored
//! The reference writes the numbers back into an array of the image's own type, except for planes, where they stay 64-bit
//! floats. In an integer image a variance therefore loses its fraction, and numbers beyond the type wrap around: the 256
//! codes of 8 samples fit 8 unsigned bits, those of 12 samples do not.
//!
//! A variance of exactly 0 counts as undefined: NaN in float images and planes, which is [`Error::NotFinite`] where it lies
//! inside a region. Integer images hold what NumPy's conversion leaves of it on x86-64: 0 in 8 and 16 bits, the smallest
//! number in signed 32 and 64 bits, 2⁶³ in unsigned 64 bits. The same stands for numbers beyond 32 bits, or 64 in the 64-bit
//! types. In unsigned 32 bits the reference's number depends on the voxel's place in memory; here it is NaN, so an error
//! inside a region as well.

use std::f64::consts::PI;
use std::ops::Range;

use ndarray::{Array2, Array3, ArrayView2};

use super::Response;
use crate::error::{Error, Result};
use crate::name::ImageName;
use crate::par::map_indexed;
use crate::roi::BoundingBox;
use crate::texture::Axis;
use crate::volume::{Dimensionality, PixelType, Volume};

/// Local binary pattern of every plane across an axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LocalBinaryPattern {
    /// Radius of the circle in voxels, `lbp2DRadius`, at most 10⁹. Default 1.
    pub radius: f64,
    /// Samples on the circle, `lbp2DSamples`: 1 to 65,535, and at most 31 where they become bits. Default 8.
    pub samples: usize,
    /// How the pattern becomes a number, `lbp2DMethod`. Default uniform.
    pub method: LbpMethod,
    /// The axis across the planes, `force2Ddimension`. Default z. A two-dimensional image is one plane, whatever the axis.
    pub axis: Axis,
}

/// How the comparisons of one voxel become a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum LbpMethod {
    /// The comparisons as bits of a number.
    Default,
    /// The smallest number among all rotations of the bits.
    RotationInvariant,
    /// The number of ones where the bits change at most twice, else one more than the number of samples.
    #[default]
    Uniform,
    /// The variance of the samples.
    Variance,
}

impl Default for LocalBinaryPattern {
    fn default() -> Self {
        Self {
            radius: 1.0,
            samples: 8,
            method: LbpMethod::default(),
            axis: Axis::Z,
        }
    }
}

/// A circle beyond this radius leaves every image.
const MAX_RADIUS: f64 = 1e9;
/// Codes are 32-bit signed numbers in the reference; a bit more and they overflow.
const MAX_BITS: usize = 31;
const MAX_SAMPLES: usize = 65_535;

impl LocalBinaryPattern {
    /// # Errors
    /// [`Error::InvalidSetting`] for a radius that is not positive or above 10⁹, and a number of samples of 0, above 65,535,
    /// or above 31 for the methods that make them bits of a number.
    pub(crate) fn check(&self) -> Result<()> {
        let invalid = |name, expected, found| {
            Err(Error::InvalidSetting {
                name,
                expected,
                found,
            })
        };
        if !(self.radius > 0.0 && self.radius <= MAX_RADIUS) {
            let expected = "a positive number up to 1e9";
            return invalid("lbp2DRadius", expected, self.radius.to_string());
        }
        let (limit, expected) = match self.method {
            LbpMethod::Default | LbpMethod::RotationInvariant => (
                MAX_BITS,
                "1 to 31 for the methods default and ror, whose codes have one bit per sample",
            ),
            LbpMethod::Uniform | LbpMethod::Variance => (MAX_SAMPLES, "1 to 65535"),
        };
        if !(1..=limit).contains(&self.samples) {
            return invalid("lbp2DSamples", expected, self.samples.to_string());
        }
        Ok(())
    }

    pub(super) fn responses(&self, image: &Volume, bounds: &BoundingBox) -> Result<Vec<Response>> {
        self.check()?;
        let (axis, pixel_type) = match image.dimensionality() {
            Dimensionality::Two => (Axis::Z, PixelType::F64),
            Dimensionality::Three => (self.axis, image.pixel_type()),
        };
        let across = axis.index();
        let (rows, columns) = match axis {
            Axis::Z => (1, 2),
            Axis::Y => (0, 2),
            Axis::X => (1, 0),
        };
        let range = |axis: usize| bounds.start[axis]..bounds.start[axis] + bounds.size[axis];
        let planes = map_indexed(bounds.size[across], |i| {
            let plane = plane(image, axis, bounds.start[across] + i);
            let mut codes = self.codes(plane.view(), range(rows), range(columns));
            codes.mapv_inplace(|code| stored(code, pixel_type));
            codes
        });
        let mut voxels = Array3::zeros(bounds.size);
        for (i, codes) in planes.iter().enumerate() {
            let mut target = voxels.index_axis_mut(ndarray::Axis(across), i);
            if axis == Axis::X {
                target.swap_axes(0, 1);
            }
            target.assign(codes);
        }
        Ok(vec![Response {
            name: ImageName::LocalBinaryPattern,
            voxels,
            pixel_type,
        }])
    }

    /// The numbers of a part of one plane.
    fn codes(
        &self,
        plane: ArrayView2<'_, f64>,
        rows: Range<usize>,
        columns: Range<usize>,
    ) -> Array2<f64> {
        let (n_rows, n_columns) = plane.dim();
        let centers = plane.slice(ndarray::s![rows.clone(), columns.clone()]);
        let mut tallies = centers.mapv(|_| Tally::default());
        for sample in 0..self.samples {
            let [down, right] = self.offset(sample);
            let columns: Vec<Between> = columns
                .clone()
                .map(|column| Between::new(column, right, n_columns))
                .collect();
            for (i, row) in rows.clone().enumerate() {
                let row = Between::new(row, down, n_rows);
                for (j, column) in columns.iter().enumerate() {
                    let value = interpolate(plane, row, *column);
                    tallies[[i, j]].add(value, value - centers[[i, j]] >= 0.0);
                }
            }
        }
        tallies.mapv(|tally| tally.code(self.method, self.samples))
    }

    /// Where a sample lies, as rows and columns from the voxel.
    fn offset(&self, sample: usize) -> [f64; 2] {
        let angle = 2.0 * PI * sample as f64 / self.samples as f64;
        [-self.radius * angle.sin(), self.radius * angle.cos()]
            .map(|v| (v * 1e5).round_ties_even() / 1e5)
    }
}

/// One plane across an axis, in the orientation in which the reference walks around the circle: across x its rows are y.
fn plane(image: &Volume, axis: Axis, index: usize) -> Array2<f64> {
    let mut bounds = BoundingBox::whole(image.size());
    bounds.start[axis.index()] = index;
    bounds.size[axis.index()] = 1;
    let plane = image
        .part(&bounds)
        .index_axis_move(ndarray::Axis(axis.index()), 0);
    match axis {
        Axis::Z | Axis::Y => plane,
        Axis::X => plane.reversed_axes(),
    }
}

/// A position along one axis: the voxels on both sides, `None` beyond the border, and how far it is on the way to the second.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Between {
    before: Option<usize>,
    after: Option<usize>,
    fraction: f64,
}

impl Between {
    fn new(index: usize, offset: f64, length: usize) -> Self {
        let position = index as f64 + offset;
        let inside = |v: f64| (v >= 0.0 && v < length as f64).then_some(v as usize);
        Self {
            before: inside(position.floor()),
            after: inside(position.ceil()),
            fraction: position - position.floor(),
        }
    }
}

/// Linear along the columns, then along the rows; in this order, as the last bit decides about equal values.
fn interpolate(plane: ArrayView2<'_, f64>, row: Between, column: Between) -> f64 {
    let along = |row: Option<usize>| {
        let at = |column: Option<usize>| match (row, column) {
            (Some(row), Some(column)) => plane[[row, column]],
            _ => 0.0,
        };
        (1.0 - column.fraction) * at(column.before) + column.fraction * at(column.after)
    };
    (1.0 - row.fraction) * along(row.before) + row.fraction * along(row.after)
}

/// What is kept of the samples of one voxel.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    n: u32,
    ones: u32,
    changes: u32,
    last: bool,
    /// The first 32 bits.
    bits: u32,
    sum: f64,
    sum_of_squares: f64,
}

impl Tally {
    fn add(&mut self, value: f64, bit: bool) {
        if self.n > 0 && bit != self.last {
            self.changes += 1;
        }
        if bit && self.n < u32::BITS {
            self.bits |= 1 << self.n;
        }
        self.ones += u32::from(bit);
        self.last = bit;
        self.n += 1;
        self.sum += value;
        self.sum_of_squares += value * value;
    }

    fn code(self, method: LbpMethod, samples: usize) -> f64 {
        match method {
            LbpMethod::Default => f64::from(self.bits),
            LbpMethod::RotationInvariant => f64::from(smallest_rotation(self.bits, samples)),
            LbpMethod::Uniform if self.changes <= 2 => f64::from(self.ones),
            LbpMethod::Uniform => (samples + 1) as f64,
            LbpMethod::Variance => {
                let n = samples as f64;
                let variance = (self.sum_of_squares - self.sum * self.sum / n) / n;
                if variance == 0.0 { f64::NAN } else { variance }
            }
        }
    }
}

fn smallest_rotation(bits: u32, length: usize) -> u32 {
    let rotations =
        std::iter::successors(Some(bits), |v| Some((v >> 1) | ((v & 1) << (length - 1))));
    rotations.take(length).min().unwrap_or(bits)
}

/// What is left of a number in an array of this type, as the module documentation says.
fn stored(value: f64, pixel_type: PixelType) -> f64 {
    let fits = |v: f64, low: f64, high: f64| v > low - 1.0 && v < high;
    // 8 and 16 bits are the low bits of a 32-bit number, and 0 where there is none.
    let narrow = || {
        if fits(value, -2f64.powi(31), 2f64.powi(31)) {
            value as i32
        } else {
            0
        }
    };
    match pixel_type {
        PixelType::U8 => f64::from(narrow() as u8),
        PixelType::I8 => f64::from(narrow() as i8),
        PixelType::U16 => f64::from(narrow() as u16),
        PixelType::I16 => f64::from(narrow() as i16),
        PixelType::U32 if fits(value, -2f64.powi(31), 2f64.powi(32)) => {
            f64::from(value as i64 as u32)
        }
        PixelType::U32 => f64::NAN,
        // Adding 0 turns -0 into 0.
        PixelType::I32 if fits(value, -2f64.powi(31), 2f64.powi(31)) => value.trunc() + 0.0,
        PixelType::I32 => f64::from(i32::MIN),
        PixelType::I64 if value.abs() < 2f64.powi(63) => value.trunc() + 0.0,
        PixelType::I64 => i64::MIN as f64,
        PixelType::U64 if value.is_nan() || value <= -2f64.powi(63) => 2f64.powi(63),
        PixelType::U64 if value >= 2f64.powi(64) => 0.0,
        PixelType::U64 if value < 0.0 => value as i64 as u64 as f64,
        PixelType::U64 => value.trunc() + 0.0,
        PixelType::F32 => f64::from(value as f32),
        PixelType::F64 => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::volume::Geometry;

    fn volume(voxels: Array3<f64>, pixel_type: PixelType) -> Volume {
        Volume::new(voxels, Geometry::new([1.0; 3]).unwrap(), pixel_type).unwrap()
    }

    fn codes(lbp: LocalBinaryPattern, image: &Volume) -> Array3<f64> {
        let mut responses = lbp
            .responses(image, &BoundingBox::whole(image.size()))
            .unwrap();
        responses.remove(0).voxels
    }

    fn lbp(method: LbpMethod, samples: usize) -> LocalBinaryPattern {
        LocalBinaryPattern {
            method,
            samples,
            ..LocalBinaryPattern::default()
        }
    }

    /// Four samples lie on the neighbors right, above, left, below: 5, 1, 3, 2 around the 3 in the middle.
    fn cross() -> Array3<f64> {
        ndarray::arr3(&[[[0.0, 1.0, 0.0], [3.0, 3.0, 5.0], [0.0, 2.0, 0.0]]])
    }

    #[test]
    fn four_neighbors_by_hand() {
        let image = volume(cross(), PixelType::I16);
        let middle = |method| codes(lbp(method, 4), &image)[[0, 1, 1]];
        // Bits 1, 0, 1, 0.
        assert_eq!(middle(LbpMethod::Default), 5.0);
        assert_eq!(middle(LbpMethod::RotationInvariant), 5.0);
        assert_eq!(middle(LbpMethod::Uniform), 5.0);
        // (39 - 11² / 4) / 4 = 2.1875, cut to a whole number.
        assert_eq!(middle(LbpMethod::Variance), 2.0);
        let image = volume(cross(), PixelType::F32);
        assert_eq!(
            codes(lbp(LbpMethod::Variance, 4), &image)[[0, 1, 1]],
            2.1875
        );
    }

    #[test]
    fn changes_are_not_counted_around_the_circle() {
        // Bits 1, 0, 0, 1 change once in a row of four and twice around; 0, 1, 0, 0 twice both ways; 1, 0, 1, 0 three times.
        let pattern = |bits: [bool; 4]| {
            let mut tally = Tally::default();
            bits.into_iter().for_each(|bit| tally.add(0.0, bit));
            tally.code(LbpMethod::Uniform, 4)
        };
        assert_eq!(pattern([true, false, false, true]), 2.0);
        assert_eq!(pattern([false, true, false, false]), 1.0);
        assert_eq!(pattern([true, false, true, false]), 5.0);
        assert_eq!(smallest_rotation(0b1001, 4), 0b0011);
        assert_eq!(smallest_rotation(1 << 30, 31), 1);
    }

    #[test]
    fn numbers_wrap_in_the_type_of_the_image() {
        let cases = [
            (300.7, PixelType::U8, 44.0),
            (4095.0, PixelType::I8, -1.0),
            (-2.9, PixelType::U16, 65_534.0),
            (70_000.0, PixelType::I16, 4464.0),
            (3e9, PixelType::U16, 0.0),
            (3e9, PixelType::U32, 3e9),
            (3e9, PixelType::I32, -2_147_483_648.0),
            (f64::NAN, PixelType::U8, 0.0),
            (f64::NAN, PixelType::I32, -2_147_483_648.0),
            (1e30, PixelType::I64, -9_223_372_036_854_775_808.0),
            (0.1, PixelType::F32, f64::from(0.1f32)),
            (0.1, PixelType::F64, 0.1),
        ];
        for (value, pixel_type, expected) in cases {
            assert_eq!(
                stored(value, pixel_type),
                expected,
                "{value} {pixel_type:?}"
            );
        }
        assert!(stored(f64::NAN, PixelType::U32).is_nan());
        assert!(stored(-1e-14, PixelType::I32).is_sign_positive());
    }

    #[test]
    fn a_plane_keeps_its_floats_and_has_no_other_axis() {
        let image = volume(cross(), PixelType::U8)
            .with_dimensionality(Dimensionality::Two)
            .unwrap();
        let variance = LocalBinaryPattern {
            axis: Axis::X,
            ..lbp(LbpMethod::Variance, 4)
        };
        assert_eq!(codes(variance, &image)[[0, 1, 1]], 2.1875);
    }

    #[test]
    fn a_box_holds_the_bits_of_the_whole() {
        let voxels = Array3::from_shape_fn((4, 6, 7), |(z, y, x)| {
            ((z * 31 + y * 17 + x * x * 7) % 29) as f64 * 0.3
        });
        let image = volume(voxels, PixelType::F64);
        let part = BoundingBox {
            start: [1, 2, 3],
            size: [2, 3, 4],
        };
        for axis in [Axis::Z, Axis::Y, Axis::X] {
            let lbp = LocalBinaryPattern {
                radius: 1.5,
                axis,
                ..lbp(LbpMethod::Variance, 7)
            };
            let boxed = lbp.responses(&image, &part).unwrap();
            assert_eq!(
                part.slice(codes(lbp, &image).view()),
                boxed[0].voxels,
                "{axis:?}"
            );
        }
    }

    #[test]
    fn unusable_settings_are_errors() {
        let refused = |lbp: LocalBinaryPattern, expected: &str| match lbp.check() {
            Err(Error::InvalidSetting { name, .. }) => assert_eq!(name, expected),
            other => panic!("{lbp:?}: {other:?}"),
        };
        for radius in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e10] {
            let lbp = LocalBinaryPattern {
                radius,
                ..LocalBinaryPattern::default()
            };
            refused(lbp, "lbp2DRadius");
        }
        for (method, limit) in [
            (LbpMethod::Default, 31),
            (LbpMethod::RotationInvariant, 31),
            (LbpMethod::Uniform, 65_535),
            (LbpMethod::Variance, 65_535),
        ] {
            assert!(lbp(method, 1).check().is_ok() && lbp(method, limit).check().is_ok());
            refused(lbp(method, 0), "lbp2DSamples");
            refused(lbp(method, limit + 1), "lbp2DSamples");
        }
    }
}
