//! NIfTI-1 in a single file.
//!
//! Position and orientation are written twice: as an affine matrix (sform) and, if the axes are perpendicular, as a rotation
//! (qform), both with the code 1, "scanner".

use std::io::Write;

use super::{Compression, ImageView, packed, write_voxels};
use crate::error::{Error, Result};
use crate::volume::PixelType;

/// Header and the four bytes that say "no extension".
const HEADER: usize = 352;
const LONGEST_SIDE: usize = i16::MAX as usize;
/// How far from 1 or 0 products of unit vectors may be for axes to count as perpendicular.
const PERPENDICULAR: f64 = 1e-6;

pub(super) fn write(
    out: &mut impl Write,
    header: &[u8; HEADER],
    image: &ImageView<'_>,
    compression: Compression,
) -> std::io::Result<()> {
    match compression {
        Compression::None => {
            out.write_all(header)?;
            write_voxels(out, image)
        }
        Compression::Gzip => {
            let mut packed = packed(out);
            packed.write_all(header)?;
            write_voxels(&mut packed, image)?;
            packed.finish().map(drop)
        }
    }
}

/// A header being filled: numbers at fixed places, little endian.
struct Fields([u8; HEADER]);

impl Fields {
    fn put<const N: usize>(&mut self, offset: usize, bytes: [u8; N]) {
        self.0[offset..offset + N].copy_from_slice(&bytes);
    }
    fn i16(&mut self, offset: usize, value: i16) {
        self.put(offset, value.to_le_bytes());
    }
    fn f32(&mut self, offset: usize, value: f64) {
        self.put(offset, (value as f32).to_le_bytes());
    }
}

pub(super) fn header(image: &ImageView<'_>) -> Result<[u8; HEADER]> {
    let mut fields = Fields([0; HEADER]);
    fields.put(0, 348i32.to_le_bytes());
    let sides = image.sides();
    fields.i16(40, sides.len() as i16);
    for (axis, name) in ["x", "y", "z"].into_iter().enumerate() {
        let side = sides.get(axis).copied().unwrap_or(1);
        let fitting = i16::try_from(side).map_err(|_| Error::SideTooLong {
            axis: name,
            side,
            format: "NIfTI-1",
            limit: LONGEST_SIDE,
        })?;
        fields.i16(42 + 2 * axis, fitting);
    }
    for axis in 3..7 {
        fields.i16(42 + 2 * axis, 1);
    }
    let (code, bits) = data_type(image.pixel_type);
    fields.i16(70, code);
    fields.i16(72, bits);
    fields.f32(108, HEADER as f64);
    // Values are as stored: slope 1, intercept 0.
    fields.f32(112, 1.0);
    // Millimeters.
    fields.0[123] = 2;
    put_pose(&mut fields, image);
    fields.put(344, *b"n+1\0");
    Ok(fields.0)
}

fn put_pose(fields: &mut Fields, image: &ImageView<'_>) {
    let geometry = image.geometry;
    // LPS to RAS, and both axes and coordinates from z, y, x to x, y, z. Adding zero turns -0 into 0.
    let flip = [-1.0, -1.0, 1.0];
    let columns: [[f64; 3]; 3] = std::array::from_fn(|axis| {
        std::array::from_fn(|c| flip[c] * geometry.direction[2 - axis][2 - c] + 0.0)
    });
    let offset: [f64; 3] = std::array::from_fn(|c| flip[c] * geometry.origin[2 - c] + 0.0);
    let spacing: [f64; 3] = std::array::from_fn(|axis| geometry.spacing[2 - axis]);
    for (axis, &step) in spacing.iter().enumerate() {
        fields.f32(80 + 4 * axis, step);
    }
    fields.f32(76, 1.0);
    if let Some(rotation) = Rotation::of(columns) {
        fields.f32(76, rotation.handedness);
        fields.i16(252, 1);
        for (i, part) in rotation.quaternion.into_iter().enumerate() {
            fields.f32(256 + 4 * i, part);
        }
        for (i, &part) in offset.iter().enumerate() {
            fields.f32(268 + 4 * i, part);
        }
    }
    fields.i16(254, 1);
    for row in 0..3 {
        for axis in 0..3 {
            let place = 280 + 4 * (4 * row + axis);
            fields.f32(place, columns[axis][row] * spacing[axis]);
        }
        fields.f32(280 + 4 * (4 * row + 3), offset[row]);
    }
}

/// A rotation, of a third axis that is turned around if `handedness` is -1.
struct Rotation {
    handedness: f64,
    /// `b`, `c`, `d` of the unit quaternion `(a, b, c, d)` with `a ≥ 0`.
    quaternion: [f64; 3],
}

impl Rotation {
    /// From the unit vectors of the axes x, y, z; `None` if they are not perpendicular.
    fn of(columns: [[f64; 3]; 3]) -> Option<Self> {
        let product = |i: usize, j: usize| -> f64 {
            columns[i].iter().zip(&columns[j]).map(|(a, b)| a * b).sum()
        };
        let perpendicular = (0..3)
            .all(|i| (0..=i).all(|j| (product(i, j) - f64::from(i == j)).abs() <= PERPENDICULAR));
        if !perpendicular {
            return None;
        }
        let [x, y, z] = columns;
        let across = [
            x[1] * y[2] - x[2] * y[1],
            x[2] * y[0] - x[0] * y[2],
            x[0] * y[1] - x[1] * y[0],
        ];
        let handedness: f64 = across
            .iter()
            .zip(z)
            .map(|(a, b)| a * b)
            .sum::<f64>()
            .signum();
        let z = z.map(|component| handedness * component);
        Some(Self {
            handedness,
            quaternion: quaternion([x, y, z]),
        })
    }
}

/// The quaternion of a rotation given by its columns, from the largest of its components, so that nothing cancels.
fn quaternion([x, y, z]: [[f64; 3]; 3]) -> [f64; 3] {
    // Four times the square of each component.
    let squares = [
        1.0 + x[0] + y[1] + z[2],
        1.0 + x[0] - y[1] - z[2],
        1.0 - x[0] + y[1] - z[2],
        1.0 - x[0] - y[1] + z[2],
    ];
    let largest = (0..4).fold(
        0,
        |best, i| if squares[i] > squares[best] { i } else { best },
    );
    let component = squares[largest].sqrt() / 2.0;
    let others = 4.0 * component;
    let [a, b, c, d] = match largest {
        0 => [
            component,
            (y[2] - z[1]) / others,
            (z[0] - x[2]) / others,
            (x[1] - y[0]) / others,
        ],
        1 => [
            (y[2] - z[1]) / others,
            component,
            (y[0] + x[1]) / others,
            (z[0] + x[2]) / others,
        ],
        2 => [
            (z[0] - x[2]) / others,
            (y[0] + x[1]) / others,
            component,
            (z[1] + y[2]) / others,
        ],
        _ => [
            (x[1] - y[0]) / others,
            (z[0] + x[2]) / others,
            (z[1] + y[2]) / others,
            component,
        ],
    };
    let sign = if a < 0.0 { -1.0 } else { 1.0 };
    [sign * b, sign * c, sign * d]
}

/// Code and bits of a number type.
fn data_type(pixel_type: PixelType) -> (i16, i16) {
    let code = match pixel_type {
        PixelType::U8 => 2,
        PixelType::I16 => 4,
        PixelType::I32 => 8,
        PixelType::F32 => 16,
        PixelType::F64 => 64,
        PixelType::I8 => 256,
        PixelType::U16 => 512,
        PixelType::U32 => 768,
        PixelType::I64 => 1024,
        PixelType::U64 => 1280,
    };
    (code, 8 * pixel_type.bytes() as i16)
}
