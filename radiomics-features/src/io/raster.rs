//! PNG, JPEG, TIFF and BMP. The rules for colors and labels are in the [parent's documentation](super).

use std::io::Cursor;
use std::path::Path;

use image::{DynamicImage, ImageError, ImageFormat, ImageReader, Limits};

use super::{Grid, ReadOptions, Source, tiff};
use crate::error::{Error, Result};
use crate::mask::{Labels, Mask};
use crate::numbers::Numbers;
use crate::volume::{Geometry, PixelType, Volume};

/// Pixels as whole numbers, channels interleaved.
pub(super) struct Raster {
    source: Source,
    /// Whether compression may have changed the pixels.
    lossy: bool,
    height: usize,
    width: usize,
    samples: Vec<u16>,
    /// Gray, gray and alpha, RGB, RGB and alpha: 1 to 4.
    channels: usize,
    deep: bool,
}

/// What a raster file decodes to.
enum Decoded {
    Pixels(Raster),
    /// Gray numbers that are no whole numbers of 8 or 16 bits, or several pages of gray.
    Gray(Grid),
}

pub(super) fn read_image(path: &Path, options: &ReadOptions) -> Result<Volume> {
    let raster = match Raster::read(path, options)? {
        Decoded::Pixels(raster) => raster,
        Decoded::Gray(grid) => return grid.into_volume(path),
    };
    let gray = raster.samples.chunks_exact(raster.channels).map(luma);
    let (numbers, pixel_type) = match raster.deep {
        true => (Numbers::U16(gray.collect()), PixelType::U16),
        // The samples of a shallow file have 8 bits.
        false => (Numbers::U8(gray.map(|v| v as u8).collect()), PixelType::U8),
    };
    let size = [1, raster.height, raster.width];
    Geometry::new(options.raster_spacing)
        .and_then(|geometry| Volume::of_numbers(numbers, size, geometry, pixel_type))
        .map_err(|e| e.in_file(path))
}

pub(super) fn read_mask(path: &Path, options: &ReadOptions) -> Result<Mask> {
    let (labels, size) = match Raster::read(path, options)? {
        Decoded::Pixels(raster) => {
            let labels = raster.labels(options.mask_channel)?;
            (Labels::U32(labels), [1, raster.height, raster.width])
        }
        Decoded::Gray(grid) => {
            let size = grid.size;
            (grid.into_labels(path)?, size)
        }
    };
    Geometry::new(options.raster_spacing)
        .and_then(|geometry| Mask::from_raster(labels, size, geometry))
        .map_err(|e| e.in_file(path))
}

/// Gray value of a pixel of 1 to 4 channels.
fn luma(pixel: &[u16]) -> u16 {
    match *pixel {
        [r, g, b] | [r, g, b, _] => luma_of([r, g, b].map(u32::from)) as u16,
        _ => pixel[0],
    }
}

/// Gray value of red, green and blue.
pub(super) fn luma_of([r, g, b]: [u32; 3]) -> u32 {
    let sum = 19_595 * u64::from(r) + 38_470 * u64::from(g) + 7_471 * u64::from(b);
    // The weights sum to 65536, so the result is no larger than the largest channel.
    ((sum + 32_768) >> 16) as u32
}

impl Raster {
    fn read(path: &Path, options: &ReadOptions) -> Result<Decoded> {
        let source = Source::new(path, "raster image");
        let bytes = source.bytes(options)?;
        let Some(format) = guess(&bytes) else {
            return Err(source.malformed("the content is neither PNG, JPEG, TIFF nor BMP"));
        };
        let reader = || ImageReader::with_format(Cursor::new(&bytes), format);
        let source = Source {
            format: name(format),
            ..source.clone()
        };
        if format == ImageFormat::Tiff
            && let Some(grid) = tiff::read(&source, &bytes, options)?
        {
            return Ok(Decoded::Gray(grid));
        }
        let (width, height) = reader()
            .into_dimensions()
            .map_err(|e| decode_error(&source, e))?;
        source.checked_voxels([1, u64::from(height), u64::from(width)], options)?;
        let mut decoder = reader();
        let mut limits = Limits::no_limits();
        limits.max_alloc = Some(options.max_bytes);
        decoder.limits(limits);
        let image = decoder.decode().map_err(|e| decode_error(&source, e))?;
        let (height, width) = (image.height() as usize, image.width() as usize);
        let widen = |bytes: Vec<u8>| bytes.into_iter().map(u16::from).collect();
        let (samples, channels, deep) = match image {
            DynamicImage::ImageLuma8(i) => (widen(i.into_raw()), 1, false),
            DynamicImage::ImageLumaA8(i) => (widen(i.into_raw()), 2, false),
            DynamicImage::ImageRgb8(i) => (widen(i.into_raw()), 3, false),
            DynamicImage::ImageRgba8(i) => (widen(i.into_raw()), 4, false),
            DynamicImage::ImageLuma16(i) => (i.into_raw(), 1, true),
            DynamicImage::ImageLumaA16(i) => (i.into_raw(), 2, true),
            DynamicImage::ImageRgb16(i) => (i.into_raw(), 3, true),
            DynamicImage::ImageRgba16(i) => (i.into_raw(), 4, true),
            _ => return Err(source.unsupported("a floating-point image")),
        };
        let mut samples: Vec<u16> = samples;
        if format == ImageFormat::Tiff && channels == 1 && tiff::white_is_zero(&bytes) {
            let white = if deep { u16::MAX } else { u16::from(u8::MAX) };
            samples.iter_mut().for_each(|v| *v = white - *v);
        }
        Ok(Decoded::Pixels(Self {
            source,
            lossy: format == ImageFormat::Jpeg,
            height,
            width,
            samples,
            channels,
            deep,
        }))
    }

    /// A picture of interleaved red, green and blue from another format, of the size (rows, columns).
    #[cfg(feature = "dicom")]
    pub(super) fn of_colors(
        source: Source,
        [height, width]: [usize; 2],
        samples: Vec<u16>,
        lossy: bool,
    ) -> Self {
        Self {
            source,
            lossy,
            height,
            width,
            samples,
            channels: 3,
            deep: false,
        }
    }

    /// The labels that the pixels stand for.
    pub(super) fn labels(&self, channel: Option<usize>) -> Result<Vec<u32>> {
        if let Some(channel) = channel {
            // A gray mask has nothing to choose; PyRadiomics ignores the setting there, too.
            let n_colors = if self.channels >= 3 { self.channels } else { 1 };
            let channel = if n_colors == 1 { 0 } else { channel };
            if channel >= n_colors {
                return Err(self.source.no_such_channel(channel, n_colors as u64));
            }
            return Ok(self.pixels().map(|p| u32::from(p[channel])).collect());
        }
        let colors = self.channels - usize::from(self.channels.is_multiple_of(2));
        self.refuse_painted_transparency(colors)?;
        if self
            .pixels()
            .any(|p| p[..colors].iter().any(|&v| v != p[0]))
        {
            return self.two_colors(colors);
        }
        let labels: Vec<u32> = self.pixels().map(|p| u32::from(p[0])).collect();
        if self.lossy {
            refuse_shades(&self.source, self.width, &labels)?;
        }
        Ok(labels)
    }

    fn pixels(&self) -> std::slice::ChunksExact<'_, u16> {
        self.samples.chunks_exact(self.channels)
    }

    fn refuse_painted_transparency(&self, colors: usize) -> Result<()> {
        if colors == self.channels {
            return Ok(());
        }
        let painted = |p: &[u16]| p[colors] == 0 && p[..colors].iter().any(|&v| v != 0);
        match self.pixels().position(painted) {
            None => Ok(()),
            Some(i) => {
                let (y, x) = (i / self.width, i % self.width);
                Err(self.source.malformed(format!(
                    "mask pixel (row {y}, column {x}) has a color, but is transparent"
                )))
            }
        }
    }

    /// Labels of a mask of black and one color.
    fn two_colors(&self, colors: usize) -> Result<Vec<u32>> {
        let mut painted: Option<&[u16]> = None;
        let mut labels = Vec::with_capacity(self.height * self.width);
        for (i, pixel) in self.pixels().enumerate() {
            let pixel = &pixel[..colors];
            let inside = pixel.iter().any(|&v| v != 0);
            labels.push(u32::from(inside));
            if inside && **painted.get_or_insert(pixel) != *pixel {
                let (y, x) = (i / self.width, i % self.width);
                return Err(self.source.malformed(format!(
                    "expected gray labels or one color on black, found the colors {:?} and {pixel:?} (row {y}, column {x}); \
                     choose the channel that holds the labels",
                    painted.unwrap_or_default()
                )));
            }
        }
        Ok(labels)
    }
}

/// Lossy compression invents labels along every edge, so a mask that went through it may hold only black and white.
pub(super) fn refuse_shades(source: &Source, width: usize, labels: &[u32]) -> Result<()> {
    let Some(i) = labels.iter().position(|&l| l != 0 && l != 255) else {
        return Ok(());
    };
    let (y, x, found) = (i / width, i % width, labels[i]);
    Err(source.malformed(format!(
        "expected nothing but 0 and 255 in a lossy mask, found {found} at row {y}, column {x}; save masks as PNG"
    )))
}

/// The format by the first bytes, whatever the suffix says.
fn guess(bytes: &[u8]) -> Option<ImageFormat> {
    const BIG_TIFF: [&[u8]; 2] = [b"II+\0", b"MM\0+"];
    if BIG_TIFF.iter().any(|magic| bytes.starts_with(magic)) {
        return Some(ImageFormat::Tiff);
    }
    image::guess_format(bytes).ok()
}

fn name(format: ImageFormat) -> &'static str {
    match format {
        ImageFormat::Png => "PNG",
        ImageFormat::Jpeg => "JPEG",
        ImageFormat::Tiff => "TIFF",
        ImageFormat::Bmp => "BMP",
        _ => "raster image",
    }
}

fn decode_error(source: &Source, error: ImageError) -> Error {
    match error {
        ImageError::Unsupported(e) => source.unsupported(e.to_string()),
        ImageError::IoError(e) if e.kind() != std::io::ErrorKind::UnexpectedEof => source.io(e),
        other => source.malformed(other.to_string()),
    }
}
