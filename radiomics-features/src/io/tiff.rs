//! Gray TIFF files beyond what screens show: signed, 32 and 64 bit, floating point, and stacks of pages.
//!
//! The pages of a stack are the slices of a volume, as in SimpleITK; they must be of one size and type.

use std::io::Cursor;

use tiff::decoder::{Decoder, DecodingResult, Limits};
use tiff::tags::{PhotometricInterpretation, SampleFormat, Tag};
use tiff::{ColorType, TiffError};

use super::{Grid, ReadOptions, Source};
use crate::error::{Error, Result};
use crate::numbers::Numbers;
use crate::volume::{Dimensionality, Geometry, PixelType};

/// Reads the file, or gives `None` for a single page that the general raster reader understands: colors, and unsigned gray
/// of at most 16 bits.
pub(super) fn read(source: &Source, bytes: &[u8], options: &ReadOptions) -> Result<Option<Grid>> {
    check_directories(source, bytes)?;
    let failed = |e| decode_error(source, e);
    let limit = usize::try_from(options.max_bytes).unwrap_or(usize::MAX);
    let mut limits = Limits::default();
    limits.decoding_buffer_size = limit;
    limits.intermediate_buffer_size = limit;
    let mut decoder = Decoder::new(Cursor::new(bytes))
        .map_err(failed)?
        .with_limits(limits);
    let stack = decoder.more_images();
    let ColorType::Gray(bits) = decoder.colortype().map_err(failed)? else {
        return if stack {
            Err(source.unsupported("a file of several pages in color"))
        } else {
            Ok(None)
        };
    };
    if !stack && bits <= 16 && is_unsigned(&mut decoder).map_err(failed)? {
        return Ok(None);
    }
    if bits < 8 {
        return Err(source.unsupported(format!("a file of several pages of {bits} bits per pixel")));
    }
    let (width, height) = decoder.dimensions().map_err(failed)?;
    let mut values = Vec::new();
    let mut first = None;
    for slice in 1.. {
        if decoder.dimensions().map_err(failed)? != (width, height) {
            return Err(source.unsupported("a file of pages of different sizes"));
        }
        source.checked_voxels([slice, u64::from(height), u64::from(width)], options)?;
        let (page, pixel_type) = numbers(decoder.read_image().map_err(failed)?);
        let page = restored(&mut decoder, page, pixel_type).map_err(failed)?;
        if *first.get_or_insert(pixel_type) != pixel_type {
            return Err(source.unsupported("a file of pages of different number types"));
        }
        if page.len() as u64 != u64::from(width) * u64::from(height) {
            return Err(source.unsupported("a page of several samples per pixel"));
        }
        values.extend(page);
        if !decoder.more_images() {
            break;
        }
        decoder.next_image().map_err(failed)?;
    }
    let (height, width) = (height as usize, width as usize);
    Ok(Some(Grid {
        size: [values.len() / (height * width), height, width],
        numbers: Numbers::F64(values),
        pixel_type: first.unwrap_or(PixelType::F32),
        geometry: Geometry::new(options.raster_spacing).map_err(|e| e.in_file(&source.path))?,
        dimensionality: Dimensionality::Three,
    }))
}

type Pages<'a> = Decoder<Cursor<&'a [u8]>>;

fn is_unsigned(decoder: &mut Pages<'_>) -> std::result::Result<bool, TiffError> {
    let formats = decoder.find_tag_unsigned_vec::<u16>(Tag::SampleFormat)?;
    let unsigned = SampleFormat::Uint.to_u16();
    Ok(formats.is_none_or(|formats| formats.iter().all(|&format| format == unsigned)))
}

/// Whether small numbers are light. Decoders turn such images around; the reference does not, and a mask turned around would
/// be its own background.
pub(super) fn white_is_zero(bytes: &[u8]) -> bool {
    let tag = Decoder::new(Cursor::new(bytes))
        .and_then(|mut decoder| decoder.find_tag_unsigned::<u16>(Tag::PhotometricInterpretation));
    matches!(tag, Ok(Some(tag)) if tag == PhotometricInterpretation::WhiteIsZero.to_u16())
}

/// The numbers as they are in the file.
fn restored(
    decoder: &mut Pages<'_>,
    mut page: Vec<f64>,
    pixel_type: PixelType,
) -> std::result::Result<Vec<f64>, TiffError> {
    let tag = decoder.find_tag_unsigned::<u16>(Tag::PhotometricInterpretation)?;
    if tag == Some(PhotometricInterpretation::WhiteIsZero.to_u16()) {
        let white = match pixel_type {
            PixelType::U8 => f64::from(u8::MAX),
            PixelType::U16 => f64::from(u16::MAX),
            PixelType::U32 => f64::from(u32::MAX),
            PixelType::F32 | PixelType::F64 => 1.0,
            _ => return Ok(page),
        };
        page.iter_mut().for_each(|v| *v = white - *v);
    }
    Ok(page)
}

fn numbers(page: DecodingResult) -> (Vec<f64>, PixelType) {
    fn widen<T: Into<f64>>(values: Vec<T>) -> Vec<f64> {
        values.into_iter().map(Into::into).collect()
    }
    match page {
        DecodingResult::U8(v) => (widen(v), PixelType::U8),
        DecodingResult::I8(v) => (widen(v), PixelType::I8),
        DecodingResult::U16(v) => (widen(v), PixelType::U16),
        DecodingResult::I16(v) => (widen(v), PixelType::I16),
        DecodingResult::U32(v) => (widen(v), PixelType::U32),
        DecodingResult::I32(v) => (widen(v), PixelType::I32),
        DecodingResult::U64(v) => (v.into_iter().map(|v| v as f64).collect(), PixelType::U64),
        DecodingResult::I64(v) => (v.into_iter().map(|v| v as f64).collect(), PixelType::I64),
        // Every 16-bit float is a 32-bit float.
        DecodingResult::F16(v) => (v.into_iter().map(f64::from).collect(), PixelType::F32),
        DecodingResult::F32(v) => (widen(v), PixelType::F32),
        DecodingResult::F64(v) => (v, PixelType::F64),
    }
}

/// Whether the tags of all pages have no more values than the file can hold: the decoder reserves memory for what they claim.
/// Anything else that is wrong is left to the decoder.
fn check_directories(source: &Source, bytes: &[u8]) -> Result<()> {
    let layout = Layout::of(bytes);
    let mut directory = layout.number(bytes, layout.first, layout.offset_size);
    // Directories that need more room than the file has overlap or go around.
    let mut room = bytes.len() as u64;
    while let Some(start) = directory.filter(|&start| start != 0) {
        let Some(entries) = layout.number(bytes, start, layout.count_size) else {
            break;
        };
        let ends = layout.count_size + layout.offset_size;
        let size = entries
            .saturating_mul(layout.entry_size)
            .saturating_add(ends);
        if size > room {
            return Err(source.malformed("the directories of the pages overlap"));
        }
        room -= size;
        let first = start + layout.count_size;
        for entry in (0..entries).map(|i| first.saturating_add(i * layout.entry_size)) {
            let (Some(tag), Some(kind), Some(count)) = (
                layout.number(bytes, entry, 2),
                layout.number(bytes, entry.saturating_add(2), 2),
                layout.number(bytes, entry.saturating_add(4), layout.offset_size),
            ) else {
                break;
            };
            let size = match kind {
                3 | 8 => 2,
                4 | 9 | 11 | 13 => 4,
                5 | 10 | 12 | 16 | 17 | 18 => 8,
                _ => 1,
            };
            if count.saturating_mul(size) > bytes.len() as u64 {
                let found = bytes.len();
                return Err(source.malformed(format!(
                    "tag {tag} has {count} values, more than the {found} bytes of the file can hold"
                )));
            }
        }
        let next = first.saturating_add(entries * layout.entry_size);
        directory = layout.number(bytes, next, layout.offset_size);
    }
    Ok(())
}

/// Sizes of the parts of a directory, in bytes.
struct Layout {
    big_endian: bool,
    /// Where the offset of the first directory stands.
    first: u64,
    offset_size: u64,
    count_size: u64,
    entry_size: u64,
}

impl Layout {
    fn of(bytes: &[u8]) -> Self {
        let classic = Self {
            big_endian: bytes.starts_with(b"MM"),
            first: 4,
            offset_size: 4,
            count_size: 2,
            entry_size: 12,
        };
        if classic.number(bytes, 2, 2) != Some(43) {
            return classic;
        }
        Self {
            first: 8,
            offset_size: 8,
            count_size: 8,
            entry_size: 20,
            ..classic
        }
    }

    fn number(&self, bytes: &[u8], at: u64, size: u64) -> Option<u64> {
        let start = usize::try_from(at).ok()?;
        let digits = bytes.get(start..start.checked_add(size as usize)?)?;
        let fold = |number: u64, &digit: &u8| number << 8 | u64::from(digit);
        Some(if self.big_endian {
            digits.iter().fold(0, fold)
        } else {
            digits.iter().rev().fold(0, fold)
        })
    }
}

fn decode_error(source: &Source, error: TiffError) -> Error {
    match error {
        TiffError::UnsupportedError(e) => source.unsupported(e.to_string()),
        TiffError::IoError(e) if e.kind() != std::io::ErrorKind::UnexpectedEof => source.io(e),
        other => source.malformed(other.to_string()),
    }
}
