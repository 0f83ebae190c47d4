//! NIfTI-1 and NIfTI-2 single files.
//!
//! Scaled integers become 32-bit floats and scaled doubles stay doubles, as ITK does it. The spacing is `pixdim`; position and
//! orientation come from the sform if it is set and agrees with `pixdim`, else from the qform, else the grid is unrotated.

use std::path::Path;

use super::samples::{self, ByteOrder};
use super::{Grid, ReadOptions, Source};
use crate::error::Result;
use crate::volume::{Dimensionality, Geometry, PixelType};

/// Bytes of a NIfTI-2 header, the longer of the two.
const LONGEST_HEADER: usize = 540;

pub(super) fn read(path: &Path, options: &ReadOptions) -> Result<Grid> {
    let source = Source::new(path, "NIfTI");
    let bytes = source.bytes(options)?;
    let gzipped = bytes.starts_with(&[0x1f, 0x8b]);
    let head = if gzipped {
        gunzip_head(&source, &bytes)?
    } else {
        bytes
            .get(..LONGEST_HEADER.min(bytes.len()))
            .unwrap_or_default()
            .to_vec()
    };
    let header = Header::parse(&source, &head)?;
    let n = source.checked_voxels(header.size, options)?;
    let end = header.voxel_offset(&source, options)? + n * header.pixel_type.bytes();
    let bytes = if gzipped {
        samples::gunzip(&source, &bytes, end)?
    } else {
        samples::exact(&source, bytes, end)?
    };
    let mut values = samples::decode(
        &bytes[end - n * header.pixel_type.bytes()..],
        header.pixel_type,
        header.order,
    );
    let pixel_type = header.scale(&mut values);
    Ok(Grid {
        values,
        size: header.size.map(|n| n as usize),
        pixel_type,
        geometry: header.geometry(path)?,
        dimensionality: header.dimensionality,
    })
}

fn gunzip_head(source: &Source, packed: &[u8]) -> Result<Vec<u8>> {
    use std::io::Read;
    let mut head = Vec::new();
    flate2::read::MultiGzDecoder::new(packed)
        .take(LONGEST_HEADER as u64)
        .read_to_end(&mut head)
        .map_err(|e| source.malformed(format!("the gzip data are damaged: {e}")))?;
    Ok(head)
}

/// The fields of the header that matter, from either version.
struct Header {
    order: ByteOrder,
    /// Voxels along z, y, x.
    size: [u64; 3],
    dimensionality: Dimensionality,
    pixel_type: PixelType,
    vox_offset: f64,
    slope: f64,
    intercept: f64,
    /// `pixdim[0..=3]`: handedness of the qform, then spacing along x, y, z.
    pixdim: [f64; 4],
    millimeters_per_unit: f64,
    qform: Option<Qform>,
    sform: Option<[[f64; 4]; 3]>,
}

struct Qform {
    quaternion: [f64; 3],
    offset: [f64; 3],
}

/// Reads numbers at fixed places of the header.
struct Fields<'a> {
    bytes: &'a [u8],
    order: ByteOrder,
}

impl Fields<'_> {
    fn at<const N: usize>(&self, offset: usize) -> [u8; N] {
        let mut b = [0; N];
        b.copy_from_slice(&self.bytes[offset..offset + N]);
        if self.order == ByteOrder::Big {
            b.reverse();
        }
        b
    }
    fn i16(&self, offset: usize) -> i64 {
        i64::from(i16::from_le_bytes(self.at(offset)))
    }
    fn i32(&self, offset: usize) -> i64 {
        i64::from(i32::from_le_bytes(self.at(offset)))
    }
    fn i64(&self, offset: usize) -> i64 {
        i64::from_le_bytes(self.at(offset))
    }
    fn f32(&self, offset: usize) -> f64 {
        f64::from(f32::from_le_bytes(self.at(offset)))
    }
    fn f64(&self, offset: usize) -> f64 {
        f64::from_le_bytes(self.at(offset))
    }
}

/// Where the two versions keep the same things.
struct Raw {
    dim: [i64; 8],
    datatype: i64,
    pixdim: [f64; 4],
    vox_offset: f64,
    slope: f64,
    intercept: f64,
    units: i64,
    qform_code: i64,
    sform_code: i64,
    q: [f64; 6],
    s: [f64; 12],
}

impl Raw {
    fn version_1(f: &Fields<'_>) -> Self {
        Self {
            dim: std::array::from_fn(|i| f.i16(40 + 2 * i)),
            datatype: f.i16(70),
            pixdim: std::array::from_fn(|i| f.f32(76 + 4 * i)),
            vox_offset: f.f32(108),
            slope: f.f32(112),
            intercept: f.f32(116),
            units: i64::from(f.bytes[123]),
            qform_code: f.i16(252),
            sform_code: f.i16(254),
            q: std::array::from_fn(|i| f.f32(256 + 4 * i)),
            s: std::array::from_fn(|i| f.f32(280 + 4 * i)),
        }
    }

    fn version_2(f: &Fields<'_>) -> Self {
        Self {
            dim: std::array::from_fn(|i| f.i64(16 + 8 * i)),
            datatype: f.i16(12),
            pixdim: std::array::from_fn(|i| f.f64(104 + 8 * i)),
            vox_offset: f.i64(168) as f64,
            slope: f.f64(176),
            intercept: f.f64(184),
            units: f.i32(500),
            qform_code: f.i32(344),
            sform_code: f.i32(348),
            q: std::array::from_fn(|i| f.f64(352 + 8 * i)),
            s: std::array::from_fn(|i| f.f64(400 + 8 * i)),
        }
    }
}

impl Header {
    fn parse(source: &Source, bytes: &[u8]) -> Result<Self> {
        let raw_and_order = [ByteOrder::Little, ByteOrder::Big]
            .into_iter()
            .find_map(|order| {
                let fields = Fields { bytes, order };
                let length = (bytes.len() >= 348).then(|| fields.i32(0))?;
                let magic = |at: usize, magic: &[u8]| bytes[at..].starts_with(magic);
                match length {
                    348 if magic(344, b"n+1\0") => Some((Raw::version_1(&fields), order)),
                    540 if bytes.len() >= LONGEST_HEADER && magic(4, b"n+2\0") => {
                        Some((Raw::version_2(&fields), order))
                    }
                    _ => None,
                }
            });
        if let Some((raw, order)) = raw_and_order {
            return Self::from_raw(source, &raw, order);
        }
        if bytes.len() >= 348 && bytes[344..].starts_with(b"ni1\0") {
            return Err(source.unsupported("a header with its voxels in an .img file"));
        }
        let found = bytes.len();
        Err(source.malformed(format!("found no NIfTI header in the first {found} bytes")))
    }

    fn from_raw(source: &Source, raw: &Raw, order: ByteOrder) -> Result<Self> {
        let rank = raw.dim[0];
        if !(1..=7).contains(&rank) {
            return Err(source.malformed(format!("dim[0] is {rank}, expected 1 to 7")));
        }
        let rank = rank as usize;
        if let Some(axis) = (1..=rank).find(|&axis| raw.dim[axis] < 1) {
            let found = raw.dim[axis];
            return Err(source.malformed(format!(
                "dim[{axis}] is {found}, expected a positive number"
            )));
        }
        if raw.dim[1..=rank].iter().skip(3).any(|&n| n > 1) {
            let dim = &raw.dim[1..=rank];
            return Err(source.unsupported(format!(
                "an image of {dim:?} voxels, with more than three dimensions,"
            )));
        }
        if rank == 1 {
            return Err(source.unsupported("a one-dimensional image"));
        }
        let axis = |i: usize| if i <= rank { raw.dim[i] as u64 } else { 1 };
        Ok(Self {
            order,
            size: [axis(3), axis(2), axis(1)],
            dimensionality: if rank == 2 {
                Dimensionality::Two
            } else {
                Dimensionality::Three
            },
            pixel_type: pixel_type(source, raw.datatype)?,
            vox_offset: raw.vox_offset,
            slope: raw.slope,
            intercept: raw.intercept,
            pixdim: raw.pixdim,
            millimeters_per_unit: match raw.units & 7 {
                1 => 1000.0,
                3 => 0.001,
                _ => 1.0,
            },
            qform: (raw.qform_code > 0).then(|| Qform {
                quaternion: [raw.q[0], raw.q[1], raw.q[2]],
                offset: [raw.q[3], raw.q[4], raw.q[5]],
            }),
            sform: (raw.sform_code > 0)
                .then(|| std::array::from_fn(|r| std::array::from_fn(|c| raw.s[4 * r + c]))),
        })
    }

    /// Where the voxels begin.
    fn voxel_offset(&self, source: &Source, options: &ReadOptions) -> Result<usize> {
        // Every sane offset is at least the header's length; some writers leave 0.
        let offset = if self.vox_offset == 0.0 {
            352.0
        } else {
            self.vox_offset
        };
        if !(348.0..=options.max_bytes as f64).contains(&offset) || offset.fract() != 0.0 {
            let found = self.vox_offset;
            return Err(source.malformed(format!(
                "vox_offset is {found}, expected a place behind the header"
            )));
        }
        Ok(offset as usize)
    }

    /// Applies slope and intercept and says which type the numbers have then.
    fn scale(&self, values: &mut [f64]) -> PixelType {
        let (slope, intercept) = (self.slope, self.intercept);
        let identity = slope == 0.0 || (slope == 1.0 && intercept == 0.0);
        if identity || !slope.is_finite() || !intercept.is_finite() {
            return self.pixel_type;
        }
        if self.pixel_type == PixelType::F64 {
            values.iter_mut().for_each(|v| *v = *v * slope + intercept);
            return PixelType::F64;
        }
        for v in values {
            *v = f64::from((f64::from(*v as f32) * slope + intercept) as f32);
        }
        PixelType::F32
    }

    fn geometry(&self, path: &Path) -> Result<Geometry> {
        let spacing_xyz: [f64; 3] = std::array::from_fn(|i| {
            let unused = i == 2 && self.dimensionality == Dimensionality::Two;
            let step = self.pixdim[i + 1].abs();
            // A plane has no spacing across; writers leave 0 there, and for axes of one voxel as well.
            if step == 0.0 && (unused || self.size[2 - i] == 1) {
                1.0
            } else {
                step * self.millimeters_per_unit
            }
        });
        let (columns, offset) = self.pose();
        // RAS to LPS flips the first two coordinates; then both axes and coordinates are put in z, y, x order.
        let flip = [-1.0, -1.0, 1.0];
        let direction = std::array::from_fn(|axis| {
            std::array::from_fn(|c| flip[2 - c] * columns[2 - axis][2 - c] + 0.0)
        });
        let origin =
            std::array::from_fn(|c| flip[2 - c] * offset[2 - c] * self.millimeters_per_unit + 0.0);
        let [x, y, z] = spacing_xyz;
        Geometry::with_pose([z, y, x], origin, direction).map_err(|e| e.in_file(path))
    }

    /// Unit vectors of the axes x, y, z and the position of the first voxel, all in RAS.
    fn pose(&self) -> ([[f64; 3]; 3], [f64; 3]) {
        if let Some(pose) = self.sform.as_ref().and_then(unit_columns) {
            return pose;
        }
        if let Some(qform) = &self.qform {
            return (rotation(qform.quaternion, self.pixdim[0]), qform.offset);
        }
        // Without either the file says nothing: the unrotated grid of LPS.
        (
            [[-1.0, 0.0, 0.0], [0.0, -1.0, 0.0], [0.0, 0.0, 1.0]],
            [0.0; 3],
        )
    }
}

/// Directions of an sform and its offset, or `None` if a column is zero.
fn unit_columns(sform: &[[f64; 4]; 3]) -> Option<([[f64; 3]; 3], [f64; 3])> {
    let mut columns = [[0.0; 3]; 3];
    for (axis, column) in columns.iter_mut().enumerate() {
        *column = std::array::from_fn(|row| sform[row][axis]);
        let length = column.iter().map(|v| v * v).sum::<f64>().sqrt();
        if !(length.is_finite() && length > 0.0) {
            return None;
        }
        column.iter_mut().for_each(|v| *v /= length);
    }
    Some((columns, std::array::from_fn(|row| sform[row][3])))
}

/// Columns of the rotation by the unit quaternion `(a, b, c, d)`, given `b`, `c`, `d`; the third is turned if `qfac < 0`.
fn rotation([b, c, d]: [f64; 3], qfac: f64) -> [[f64; 3]; 3] {
    let squared = 1.0 - (b * b + c * c + d * d);
    // Rounding can leave a half turn slightly outside the unit sphere.
    let (a, scale) = if squared < 1e-7 {
        (0.0, 1.0 / (b * b + c * c + d * d).sqrt())
    } else {
        (squared.sqrt(), 1.0)
    };
    let (b, c, d) = (b * scale, c * scale, d * scale);
    let sign = if qfac < 0.0 { -1.0 } else { 1.0 };
    [
        [
            a * a + b * b - c * c - d * d,
            2.0 * (b * c + a * d),
            2.0 * (b * d - a * c),
        ],
        [
            2.0 * (b * c - a * d),
            a * a + c * c - b * b - d * d,
            2.0 * (c * d + a * b),
        ],
        [
            sign * 2.0 * (b * d + a * c),
            sign * 2.0 * (c * d - a * b),
            sign * (a * a + d * d - b * b - c * c),
        ],
    ]
}

fn pixel_type(source: &Source, code: i64) -> Result<PixelType> {
    Ok(match code {
        2 => PixelType::U8,
        4 => PixelType::I16,
        8 => PixelType::I32,
        16 => PixelType::F32,
        64 => PixelType::F64,
        256 => PixelType::I8,
        512 => PixelType::U16,
        768 => PixelType::U32,
        1024 => PixelType::I64,
        1280 => PixelType::U64,
        128 | 2304 => return Err(source.unsupported("a color image")),
        32 | 1792 | 2048 => return Err(source.unsupported("a complex image")),
        other => return Err(source.unsupported(format!("data type {other}"))),
    })
}
