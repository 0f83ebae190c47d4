//! NIfTI-1 and NIfTI-2, in one file (`.nii`) or as a pair of header and voxels (`.hdr` and `.img`), and Analyze 7.5 pairs.
//!
//! As ITK does it:
//! * Scaled integers become 32-bit floats and scaled doubles stay doubles; a slope of 0 with an intercept is a slope of 1.
//! * The spacing is `pixdim`, in millimeters after `xyzt_units`; 0 means unknown and is 1; a negative step turns its axis.
//! * Position and orientation come from the sform if its axes are at right angles and there is no qform, or the sform is
//!   `scanner` (code 1), or both agree within 1e-4; otherwise from the qform. With neither the grid is unrotated. (Where
//!   both agree, ITK's choice hangs on rounding; they differ by that much.)
//! * Voxels that are NaN or infinite are 0, if [`ReadOptions::not_finite`] allows that.
//! * Vectors are five-dimensional images with the intent code for vectors or displacements.

use std::path::{Path, PathBuf};

use super::packed::{self, GZIP_MAGIC, Packed};
use super::pose::{Pose, normalized};
use super::samples::{self, ByteOrder, Component, Voxels};
use super::{Grid, NotFinite, ReadOptions, Role, Source};
use crate::error::Result;
use crate::numbers::Numbers;
use crate::volume::{Dimensionality, Geometry, PixelType};

/// Bytes of a NIfTI-1 header.
const HEADER: usize = 348;

/// Bytes of a NIfTI-2 header, the longer of the two.
const LONGEST_HEADER: usize = 540;

/// How far from a right angle, and from the qform, ITK lets an sform be.
const FORM_TOLERANCE: f64 = 1e-4;

pub(super) fn read(path: &Path, options: &ReadOptions, role: Role) -> Result<Grid> {
    let pair = Pair::of(path);
    let header_path = pair.as_ref().map_or(path, |pair| &pair.header);
    let source = Source::new(header_path, "NIfTI");
    let bytes = source.bytes(options)?;
    let head = if bytes.starts_with(&GZIP_MAGIC) {
        packed::gunzip_head(&source, &bytes, LONGEST_HEADER)?
    } else {
        bytes[..LONGEST_HEADER.min(bytes.len())].to_vec()
    };
    let header = Header::parse(&source, &head, pair.is_some())?;
    let n = source.checked_voxels(header.size, options)?;
    let count = header.components.unwrap_or(1);
    let n_numbers = source.checked_numbers(n, count, header.pixel_type, options)?;
    let component = Component {
        index: source.component(role, header.components, options)?,
        count: count as usize,
        inner: if header.interleaved { 1 } else { n },
    };
    let geometry = header.geometry(&source)?;
    let start = header.voxel_offset(&source, options)?;
    let end = start + n_numbers * header.pixel_type.bytes();
    let (source, bytes) = match pair {
        Some(pair) if header.detached => {
            let voxels = Source::new(&pair.voxels, "NIfTI");
            let bytes = voxels.bytes(options)?;
            (voxels, bytes)
        }
        _ => (source, bytes),
    };
    let voxels = if bytes.starts_with(&GZIP_MAGIC) {
        let end = bytes.len();
        Voxels::Packed(Packed::gzip(&source, bytes, 0..end).skipping(start))
    } else {
        let mut bytes = samples::first(&source, bytes, end)?;
        bytes.drain(..start);
        Voxels::Plain(bytes)
    };
    let (pixel_type, order) = (header.pixel_type, header.order);
    let mut numbers = voxels.decode(&source, n_numbers, pixel_type, order, component)?;
    let mut pixel_type = header.pixel_type;
    let cleaned = options.not_finite == NotFinite::Zero && !pixel_type.is_integer();
    if cleaned || header.is_scaled() {
        let mut values = numbers.into_f64();
        if cleaned {
            values.iter_mut().for_each(|v| *v = finite(*v));
        }
        pixel_type = header.scale(&mut values);
        numbers = Numbers::F64(values);
    }
    Ok(Grid {
        numbers,
        size: header.size.map(|n| n as usize),
        pixel_type,
        geometry,
        dimensionality: header.dimensionality,
    })
}

/// The two files of an image whose header and voxels lie apart.
struct Pair {
    header: PathBuf,
    voxels: PathBuf,
}

impl Pair {
    /// The pair that a path ending in `.hdr`, `.img` or one of these and `.gz` belongs to. Either file may be compressed.
    fn of(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?;
        let lower = name.to_ascii_lowercase();
        let stem = lower.strip_suffix(".gz").unwrap_or(&lower);
        let stem = stem
            .strip_suffix(".hdr")
            .or_else(|| stem.strip_suffix(".img"))?;
        let upper = name.as_bytes()[stem.len() + 1].is_ascii_uppercase();
        let file = |suffixes: [&str; 2]| {
            let candidates = suffixes.map(|suffix| {
                let suffix = if upper {
                    suffix.to_ascii_uppercase()
                } else {
                    suffix.to_string()
                };
                path.with_file_name(format!("{}{suffix}", &name[..stem.len()]))
            });
            let [plain, packed] = candidates;
            if !plain.exists() && packed.exists() {
                packed
            } else {
                plain
            }
        };
        Some(Self {
            header: file([".hdr", ".hdr.gz"]),
            voxels: file([".img", ".img.gz"]),
        })
    }
}

/// The fields of the header that matter, from either version.
struct Header {
    order: ByteOrder,
    /// Voxels along z, y, x.
    size: [u64; 3],
    dimensionality: Dimensionality,
    pixel_type: PixelType,
    /// `None` for scalar voxels.
    components: Option<u64>,
    /// Whether the components of a voxel lie side by side, as colors do; those of vectors are whole images.
    interleaved: bool,
    /// Whether the voxels lie in the other file of a pair.
    detached: bool,
    /// Whether matrices are 32-bit floats.
    single_precision: bool,
    vox_offset: f64,
    slope: f64,
    intercept: f64,
    /// `pixdim[0..=3]`: handedness of the qform, then spacing along x, y, z.
    pixdim: [f64; 4],
    millimeters_per_unit: f64,
    qform: Option<Qform>,
    sform: Option<Sform>,
}

/// An affine matrix: row `r` gives coordinate `r` from the indices x, y, z and 1.
struct Sform {
    /// Whether it leads to the coordinates of the scanner.
    scanner: bool,
    matrix: [[f64; 4]; 3],
}

impl Sform {
    fn columns(&self) -> [[f64; 3]; 3] {
        std::array::from_fn(|axis| std::array::from_fn(|row| self.matrix[row][axis]))
    }

    fn offset(&self) -> [f64; 3] {
        std::array::from_fn(|row| self.matrix[row][3])
    }
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
    single_precision: bool,
    dim: [i64; 8],
    intent: i64,
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
            single_precision: true,
            dim: std::array::from_fn(|i| f.i16(40 + 2 * i)),
            intent: f.i16(68),
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
            single_precision: false,
            dim: std::array::from_fn(|i| f.i64(16 + 8 * i)),
            intent: f.i32(504),
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

/// Intent codes of images with several numbers per voxel along the fifth axis.
const DISPLACEMENTS: i64 = 1006;
const VECTORS: i64 = 1007;

/// Code of an sform that leads to the coordinates of the scanner.
const SCANNER: i64 = 1;

impl Raw {
    /// The same bytes before there was NIfTI: an Analyze header has neither scale nor position.
    fn into_analyze(self) -> Self {
        Self {
            slope: 0.0,
            intercept: 0.0,
            units: 0,
            intent: 0,
            qform_code: 0,
            sform_code: 0,
            ..self
        }
    }

    /// The sizes in use, x first.
    fn checked_dim(&self, source: &Source) -> Result<Vec<u64>> {
        let rank = self.dim[0];
        if !(1..=7).contains(&rank) {
            return Err(source.malformed(format!("dim[0] is {rank}, expected 1 to 7")));
        }
        let sizes = self.dim[1..=rank as usize].iter().enumerate();
        sizes
            .map(|(i, &n)| {
                u64::try_from(n).ok().filter(|&n| n > 0).ok_or_else(|| {
                    let axis = i + 1;
                    source.malformed(format!("dim[{axis}] is {n}, expected a positive number"))
                })
            })
            .collect()
    }
}

impl Header {
    /// The header at the beginning of `bytes`; `pair` says whether the voxels may lie in another file.
    fn parse(source: &Source, bytes: &[u8], pair: bool) -> Result<Self> {
        let magic = |at: usize, magic: &[u8]| bytes.get(at..).is_some_and(|b| b.starts_with(magic));
        for order in [ByteOrder::Little, ByteOrder::Big] {
            let fields = Fields { bytes, order };
            let length = if bytes.len() >= HEADER {
                fields.i32(0)
            } else {
                0
            };
            let (raw, detached) = match length {
                348 if magic(344, b"n+1\0") => (Raw::version_1(&fields), false),
                348 if magic(344, b"ni1\0") => (Raw::version_1(&fields), true),
                540 if bytes.len() < LONGEST_HEADER => continue,
                540 if magic(4, b"n+2\0") => (Raw::version_2(&fields), false),
                540 if magic(4, b"ni2\0") => (Raw::version_2(&fields), true),
                348 if pair => (Raw::version_1(&fields).into_analyze(), true),
                _ => continue,
            };
            if detached && !pair {
                return Err(source.unsupported("a header without voxels in a .nii file"));
            }
            return Self::from_raw(source, &raw, order, detached);
        }
        let found = bytes.len();
        Err(source.malformed(format!("found no NIfTI header in the first {found} bytes")))
    }

    fn from_raw(source: &Source, raw: &Raw, order: ByteOrder, detached: bool) -> Result<Self> {
        let dim = raw.checked_dim(source)?;
        let (pixel_type, colors) = pixel_type(source, raw.datatype)?;
        let vector = dim.len() >= 5 && matches!(raw.intent, DISPLACEMENTS | VECTORS);
        let axis = |i: usize| dim.get(i).copied().unwrap_or(1);
        let components = match (colors, vector) {
            (None, false) => None,
            (Some(colors), false) => Some(colors),
            (None, true) => Some(axis(4)),
            (Some(_), true) => return Err(source.unsupported("an image of vectors of colors")),
        };
        let further = dim.iter().enumerate().skip(3);
        if further
            .into_iter()
            .any(|(i, &n)| n > 1 && !(vector && i == 4))
        {
            return Err(source.unsupported(format!(
                "an image of {dim:?} voxels, with more than three dimensions,"
            )));
        }
        if dim.len() == 1 {
            return Err(source.unsupported("a one-dimensional image"));
        }
        let planar = dim.len() == 2 || (vector && axis(2) == 1);
        Ok(Self {
            order,
            size: [axis(2), axis(1), axis(0)],
            dimensionality: if planar {
                Dimensionality::Two
            } else {
                Dimensionality::Three
            },
            pixel_type,
            components,
            interleaved: colors.is_some(),
            detached,
            single_precision: raw.single_precision,
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
                // The library that reads the reference's files takes what is not finite for 0.
                quaternion: [raw.q[0], raw.q[1], raw.q[2]].map(finite),
                offset: [raw.q[3], raw.q[4], raw.q[5]].map(finite),
            }),
            sform: (raw.sform_code > 0).then(|| Sform {
                scanner: raw.sform_code == SCANNER,
                matrix: std::array::from_fn(|r| std::array::from_fn(|c| finite(raw.s[4 * r + c]))),
            }),
        })
    }

    /// Where the voxels begin.
    fn voxel_offset(&self, source: &Source, options: &ReadOptions) -> Result<usize> {
        // Every sane offset in one file is at least the header's length; some writers leave 0.
        let smallest = if self.detached { 0.0 } else { HEADER as f64 };
        let offset = if self.vox_offset == 0.0 && !self.detached {
            352.0
        } else {
            self.vox_offset
        };
        if !(smallest..=options.max_bytes as f64).contains(&offset) || offset.fract() != 0.0 {
            let found = self.vox_offset;
            return Err(source.malformed(format!(
                "vox_offset is {found}, expected a place behind the header"
            )));
        }
        Ok(offset as usize)
    }

    /// What the numbers are multiplied by, and what is added then.
    fn slope_and_intercept(&self) -> (f64, f64) {
        let slope = finite(self.slope);
        let slope = if slope == 0.0 { 1.0 } else { slope };
        (slope, finite(self.intercept))
    }

    fn is_scaled(&self) -> bool {
        self.slope_and_intercept() != (1.0, 0.0)
    }

    /// Applies slope and intercept and says which type the numbers have then.
    fn scale(&self, values: &mut [f64]) -> PixelType {
        let (slope, intercept) = self.slope_and_intercept();
        if !self.is_scaled() {
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

    fn geometry(&self, source: &Source) -> Result<Geometry> {
        let unit = self.millimeters_per_unit;
        let step = |i: usize| self.pixdim[i + 1];
        let (columns, offset) = self.form(source)?;
        // RAS to LPS flips the first two coordinates.
        let lps = |[x, y, z]: [f64; 3]| [-x, -y, z];
        let pose = Pose {
            spacing: std::array::from_fn(|i| if step(i) == 0.0 { unit } else { step(i) * unit }),
            axes: columns.map(|column| normalized(lps(column))),
            origin: lps(offset).map(|v| v * unit),
        };
        pose.flattened(self.dimensionality)
            .geometry()
            .map_err(|e| e.in_file(&source.path))
    }

    /// The axes x, y, z, of any length, and the position of the first voxel, all in RAS.
    fn form(&self, source: &Source) -> Result<([[f64; 3]; 3], [f64; 3])> {
        let qform = self
            .qform
            .as_ref()
            .map(|qform| (self.qform_columns(qform), qform.offset));
        let Some(sform) = &self.sform else {
            // Without either the file says nothing: the unrotated grid of LPS.
            let unrotated = [[-1.0, 0.0, 0.0], [0.0, -1.0, 0.0], [0.0, 0.0, 1.0]];
            return Ok(qform.unwrap_or((unrotated, [0.0; 3])));
        };
        let (columns, offset) = (sform.columns(), sform.offset());
        let Some(qform) = qform else {
            if !at_right_angles(&columns) {
                return Err(source.malformed(
                    "the axes of the sform are not at right angles, and there is no qform to use instead",
                ));
            }
            return Ok((columns, offset));
        };
        let near = |a: &[f64; 3], b: &[f64; 3]| {
            a.iter()
                .zip(b)
                .all(|(a, b)| (a - b).abs() <= FORM_TOLERANCE)
        };
        let alike =
            || near(&offset, &qform.1) && columns.iter().zip(&qform.0).all(|(a, b)| near(a, b));
        if at_right_angles(&columns) && (sform.scanner || alike()) {
            return Ok((columns, offset));
        }
        Ok(qform)
    }

    /// Axes of the qform, as long as its steps; 32-bit floats where ITK has such.
    fn qform_columns(&self, qform: &Qform) -> [[f64; 3]; 3] {
        let columns = rotation(qform.quaternion, self.pixdim[0]);
        std::array::from_fn(|axis| {
            let step = self.pixdim[axis + 1];
            let step = if step > 0.0 { step } else { 1.0 };
            columns[axis].map(|v| {
                if self.single_precision {
                    f64::from((v * step) as f32)
                } else {
                    v * step
                }
            })
        })
    }
}

/// Whether three axes, whatever their lengths, are at right angles to each other.
fn at_right_angles(columns: &[[f64; 3]; 3]) -> bool {
    let unit = columns.map(normalized);
    // Rows of the matrix, not columns: a zero column leaves a row too short.
    (0..3).all(|i| {
        (0..3).all(|j| {
            let product: f64 = unit.iter().map(|axis| axis[i] * axis[j]).sum();
            let expected = if i == j { 1.0 } else { 0.0 };
            (product - expected).abs() <= FORM_TOLERANCE
        })
    })
}

/// What is not finite is 0.
fn finite(value: f64) -> f64 {
    if value.is_finite() { value } else { 0.0 }
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

/// Number type, and the channels of color types.
fn pixel_type(source: &Source, code: i64) -> Result<(PixelType, Option<u64>)> {
    let scalar = match code {
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
        128 => return Ok((PixelType::U8, Some(3))),
        2304 => return Ok((PixelType::U8, Some(4))),
        32 | 1792 | 2048 => return Err(source.unsupported("a complex image")),
        other => return Err(source.unsupported(format!("data type {other}"))),
    };
    Ok((scalar, None))
}
