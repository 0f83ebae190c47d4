//! The pixel module: how many frames of what size, and the numbers of one frame.

use super::attributes as tag;
use super::color::Palette;
use super::data_set::{DataSet, Packing};
use super::{jpeg, rle};
use crate::error::{Error, Result};
use crate::io::samples::ByteOrder;
use crate::io::{ReadOptions, Source};
use crate::volume::PixelType;

/// What the numbers of a frame mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Photometric {
    /// Gray, large is white.
    Monochrome2,
    /// Gray, large is black.
    Monochrome1,
    /// Places in a table of colors.
    Palette,
    Rgb,
    /// Luma and color differences of the full range, one triple a pixel.
    YbrFull,
    /// The same with one pair of color differences for two neighbors of a row.
    YbrFull422,
}

/// Size and number format of the frames.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    pub(super) frames: usize,
    pub(super) rows: usize,
    pub(super) columns: usize,
    pub(super) samples: usize,
    pub(super) allocated: u16,
    pub(super) stored: u16,
    pub(super) signed: bool,
    pub(super) photometric: Photometric,
    planar: bool,
}

impl Layout {
    /// Reads the description; nothing in it is trusted until [`Frames::new`] has seen the pixels.
    pub(super) fn read(data: &DataSet<'_>, options: &ReadOptions) -> Result<Self> {
        let source = data.source();
        let rows = data.required_u16(tag::ROWS)?;
        let columns = data.required_u16(tag::COLUMNS)?;
        let frames = number_of_frames(data)?;
        source.checked_voxels([frames, u64::from(rows), u64::from(columns)], options)?;
        let samples = data.u16(tag::SAMPLES_PER_PIXEL)?.unwrap_or(1);
        let allocated = data.required_u16(tag::BITS_ALLOCATED)?;
        if !matches!(allocated, 1 | 8 | 16 | 32) {
            return Err(source.unsupported(format!(
                "BitsAllocated {allocated} (it reads 1, 8, 16 and 32)"
            )));
        }
        let stored = data.u16(tag::BITS_STORED)?.unwrap_or(allocated);
        if !(1..=allocated).contains(&stored) {
            return Err(source.malformed(format!(
                "BitsStored is {stored}, expected 1 to BitsAllocated, {allocated}"
            )));
        }
        let high = data.u16(tag::HIGH_BIT)?.unwrap_or(stored - 1);
        if stored < allocated && high != stored - 1 {
            return Err(source.unsupported(format!(
                "HighBit {high} with {stored} bits stored (expected {})",
                stored - 1
            )));
        }
        let photometric = photometric(data, samples)?;
        let expected = match photometric {
            Photometric::Monochrome1 | Photometric::Monochrome2 | Photometric::Palette => 1,
            Photometric::Rgb | Photometric::YbrFull | Photometric::YbrFull422 => 3,
        };
        if samples != expected {
            return Err(source.malformed(format!(
                "SamplesPerPixel is {samples}, expected {expected} for this PhotometricInterpretation"
            )));
        }
        if expected == 3 && allocated == 1 {
            return Err(source.malformed("a color image has 1 bit a sample, expected 8 or more"));
        }
        let color_difference =
            matches!(photometric, Photometric::YbrFull | Photometric::YbrFull422);
        if color_difference && (allocated != 8 || stored != 8) {
            return Err(source.unsupported(format!("YBR with {stored} bits a sample (it reads 8)")));
        }
        Ok(Self {
            frames: frames as usize,
            rows: usize::from(rows),
            columns: usize::from(columns),
            samples: usize::from(samples),
            allocated,
            stored,
            // Signed colors do not exist.
            signed: expected == 1 && data.u16(tag::PIXEL_REPRESENTATION)?.unwrap_or(0) == 1,
            photometric,
            planar: expected == 3 && data.u16(tag::PLANAR_CONFIGURATION)?.unwrap_or(0) == 1,
        })
    }

    /// Whether a pixel has three numbers once it is decoded.
    pub(super) fn is_color(&self) -> bool {
        !matches!(
            self.photometric,
            Photometric::Monochrome1 | Photometric::Monochrome2
        )
    }

    /// Pixels of a frame.
    pub(super) fn pixels(&self) -> usize {
        self.rows * self.columns
    }

    /// Smallest and largest number that the stored bits can hold.
    pub(super) fn range(&self) -> (i64, i64) {
        if self.signed {
            (-(1 << (self.stored - 1)), (1 << (self.stored - 1)) - 1)
        } else {
            (0, (1 << self.stored) - 1)
        }
    }

    /// The type the numbers have before rescaling.
    pub(super) fn pixel_type(&self) -> PixelType {
        match (self.allocated, self.signed) {
            (8, true) => PixelType::I8,
            (16, false) => PixelType::U16,
            (16, true) => PixelType::I16,
            (32, false) => PixelType::U32,
            (32, true) => PixelType::I32,
            _ => PixelType::U8,
        }
    }

    /// Bits that a frame of native pixels takes.
    fn frame_bits(&self) -> u64 {
        let samples = match self.photometric {
            Photometric::YbrFull422 => 2,
            _ => self.samples as u64,
        };
        // Rows and columns have 16 bits each, so 64 bits are plenty.
        self.pixels() as u64 * samples * u64::from(self.allocated)
    }
}

fn number_of_frames(data: &DataSet<'_>) -> Result<u64> {
    let Some(text) = data.text(tag::NUMBER_OF_FRAMES) else {
        return Ok(1);
    };
    let first = text.split('\\').next().unwrap_or_default().trim();
    match first.parse::<u64>() {
        // No frame at all is how some writers say that there is but one.
        Ok(n) if n <= u64::from(u32::MAX) => Ok(n.max(1)),
        _ => Err(data.source().malformed(format!(
            "expected a whole number in {}, found {first:?}",
            tag::NUMBER_OF_FRAMES
        ))),
    }
}

fn photometric(data: &DataSet<'_>, samples: u16) -> Result<Photometric> {
    let Some(text) = data.text(tag::PHOTOMETRIC_INTERPRETATION) else {
        return Ok(if samples == 3 {
            Photometric::Rgb
        } else {
            Photometric::Monochrome2
        });
    };
    Ok(match text.as_str() {
        "MONOCHROME1" => Photometric::Monochrome1,
        "MONOCHROME2" => Photometric::Monochrome2,
        "PALETTE COLOR" => Photometric::Palette,
        "RGB" => Photometric::Rgb,
        "YBR_FULL" => Photometric::YbrFull,
        "YBR_FULL_422" => Photometric::YbrFull422,
        other => {
            return Err(data
                .source()
                .unsupported(format!("PhotometricInterpretation {other}")));
        }
    })
}

/// The frames of a file, each decoded on its own.
pub(super) struct Frames<'a> {
    pub(super) layout: Layout,
    palette: Option<Palette>,
    packed: Packed<'a>,
    packing: Packing,
    source: &'a Source,
}

enum Packed<'a> {
    /// All frames behind each other.
    Native(Native<'a>),
    /// The fragments of every frame.
    Fragments(Vec<Vec<&'a [u8]>>),
}

struct Native<'a> {
    bytes: &'a [u8],
    order: ByteOrder,
    /// Whether the bytes are pairs that stand the other way round.
    swapped: bool,
}

impl Native<'_> {
    fn byte(&self, i: usize) -> u8 {
        self.bytes[if self.swapped { i ^ 1 } else { i }]
    }
}

impl<'a> Frames<'a> {
    /// Checks that there are as many pixels as the description promises.
    pub(super) fn new(data: &DataSet<'a>, packing: Packing, options: &ReadOptions) -> Result<Self> {
        let source = data.source();
        for float in [tag::FLOAT_PIXEL_DATA, tag::DOUBLE_FLOAT_PIXEL_DATA] {
            if data.has(float) {
                return Err(source.unsupported(format!("{float}")));
            }
        }
        let layout = Layout::read(data, options)?;
        let palette = match layout.photometric {
            Photometric::Palette => Some(Palette::read(data, &layout)?),
            _ => None,
        };
        let packed = if packing == Packing::Native {
            if layout.photometric == Photometric::YbrFull422 && layout.columns % 2 == 1 {
                return Err(source.malformed(format!(
                    "pixels that share colors in pairs stand in {} columns, expected an even number",
                    layout.columns
                )));
            }
            let (bytes, order) = data
                .bytes(tag::PIXEL_DATA)
                .ok_or_else(|| tag::PIXEL_DATA.missing(source))?;
            // Swapped bytes come in whole pairs.
            let swapped = order == ByteOrder::Big && data.is_words(tag::PIXEL_DATA);
            let bits = u128::from(layout.frame_bits()) * layout.frames as u128;
            let expected =
                bits.div_ceil(if swapped { 16 } else { 8 }) * if swapped { 2 } else { 1 };
            if (bytes.len() as u128) < expected {
                return Err(source.malformed(format!(
                    "{} frames of {} × {} pixels take {expected} bytes, found {}",
                    layout.frames,
                    layout.rows,
                    layout.columns,
                    bytes.len()
                )));
            }
            Packed::Native(Native {
                bytes,
                order,
                swapped,
            })
        } else {
            if layout.allocated == 1 {
                return Err(source.unsupported("packed pixels of 1 bit"));
            }
            let fragments = data.fragments(tag::PIXEL_DATA)?;
            Packed::Fragments(by_frame(source, &fragments, &layout, packing)?)
        };
        Ok(Self {
            layout,
            palette,
            packed,
            packing,
            source,
        })
    }

    /// Whether packing may have changed the pixels.
    pub(super) fn lossy(&self) -> bool {
        self.packing == Packing::JpegLossy
    }

    /// The stored numbers of one frame: gray, or red, green and blue of each pixel in turn.
    pub(super) fn decode(&self, frame: usize) -> Result<Vec<i64>> {
        let raw = match &self.packed {
            Packed::Native(native) => self.native(native, frame),
            Packed::Fragments(frames) => self.unpack(&frames[frame])?,
        };
        Ok(match &self.palette {
            Some(palette) => raw.into_iter().flat_map(|v| palette.color(v)).collect(),
            None => raw,
        })
    }

    fn native(&self, native: &Native<'_>, frame: usize) -> Vec<i64> {
        let layout = &self.layout;
        let bits = layout.frame_bits() as usize;
        if layout.allocated == 1 {
            // Frames of single bits follow each other without a break; SimpleITK's values of a bit are 0 and 255.
            let bit = |i: usize| i64::from(native.byte(i / 8) >> (i % 8) & 1);
            let first = frame * bits;
            return (first..first + bits).map(|i| 255 * bit(i)).collect();
        }
        let size = bits / 8;
        let range = frame * size..(frame + 1) * size;
        let stored: Vec<i64> = if layout.allocated == 8 {
            range
                .map(|i| clean(layout, u32::from(native.byte(i))))
                .collect()
        } else {
            let words = native.bytes[range].chunks_exact(usize::from(layout.allocated / 8));
            let join = |word: u32, &byte: &u8| word << 8 | u32::from(byte);
            let number = |bytes: &[u8]| match native.order {
                ByteOrder::Little => bytes.iter().rev().fold(0, join),
                ByteOrder::Big => bytes.iter().fold(0, join),
            };
            words.map(|bytes| clean(layout, number(bytes))).collect()
        };
        match layout.photometric {
            Photometric::YbrFull422 => super::color::rgb_from_422(&stored),
            _ => self.to_rgb(interleave(stored, layout)),
        }
    }

    fn unpack(&self, fragments: &[&[u8]]) -> Result<Vec<i64>> {
        let (source, layout) = (self.source, &self.layout);
        let joined;
        let bytes = match fragments {
            [one] => *one,
            several => {
                joined = several.concat();
                &joined
            }
        };
        match self.packing {
            Packing::Rle => {
                let samples = rle::unpack(source, bytes, layout)?;
                Ok(self.to_rgb(samples.into_iter().map(|v| clean(layout, v)).collect()))
            }
            Packing::JpegLossy | Packing::JpegLossless => {
                let samples = jpeg::unpack(source, bytes, layout)?;
                Ok(self.to_rgb(samples.into_iter().map(|v| clean(layout, v)).collect()))
            }
            Packing::Native => unreachable!("native pixels have no fragments"),
        }
    }

    fn to_rgb(&self, mut samples: Vec<i64>) -> Vec<i64> {
        if matches!(
            self.layout.photometric,
            Photometric::YbrFull | Photometric::YbrFull422
        ) {
            let (triples, _) = samples.as_chunks_mut::<3>();
            for triple in triples {
                *triple = super::color::rgb_from_ybr(*triple);
            }
        }
        samples
    }
}

/// The stored bits of a number, with its sign.
fn clean(layout: &Layout, value: u32) -> i64 {
    let unused = 32 - u32::from(layout.stored);
    let shifted = value << unused;
    if layout.signed {
        i64::from(shifted.cast_signed() >> unused)
    } else {
        i64::from(shifted >> unused)
    }
}

/// Channels of each pixel side by side.
fn interleave(samples: Vec<i64>, layout: &Layout) -> Vec<i64> {
    if !layout.planar {
        return samples;
    }
    let n = layout.pixels();
    (0..samples.len())
        .map(|i| samples[i % layout.samples * n + i / layout.samples])
        .collect()
}

/// Which fragments belong to which frame.
fn by_frame<'a>(
    source: &Source,
    fragments: &[&'a [u8]],
    layout: &Layout,
    packing: Packing,
) -> Result<Vec<Vec<&'a [u8]>>> {
    // The first one is the table of offsets, which many writers leave empty and some fill wrongly.
    let fragments = fragments.get(1..).unwrap_or_default();
    let wrong = |found: usize| -> Error {
        source.malformed(format!(
            "expected the fragments of {} frames, found {found}",
            layout.frames
        ))
    };
    if fragments.len() < layout.frames {
        return Err(wrong(fragments.len()));
    }
    if fragments.len() == layout.frames {
        return Ok(fragments.iter().map(|&f| vec![f]).collect());
    }
    if layout.frames == 1 {
        return Ok(vec![fragments.to_vec()]);
    }
    if packing == Packing::Rle {
        return Err(wrong(fragments.len()));
    }
    // Every JPEG begins with the same mark.
    let mut frames: Vec<Vec<&[u8]>> = Vec::new();
    for &fragment in fragments {
        match frames.last_mut() {
            Some(frame) if !fragment.starts_with(&[0xFF, 0xD8]) => frame.push(fragment),
            _ => frames.push(vec![fragment]),
        }
    }
    if frames.len() == layout.frames {
        Ok(frames)
    } else {
        Err(wrong(frames.len()))
    }
}
