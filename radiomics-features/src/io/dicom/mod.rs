//! DICOM: images, folders of slices, and masks. What is read and how is in the [parent's documentation](super).
//!
//! ```text
//! data_set      elements, sequences and fragments in the bytes of a file    attributes    names and tags
//! pixels        size and numbers of frames, with rle, jpeg and color        geometry      spacing, position, orientation
//! stack         order and gaps of slices, for series and segmentation
//! ```
//!
//! The files are read here and not by the `dicom` crates (0.10.1) because these need 32 more crates, reserve and clear the up to
//! 4 GiB that a damaged length asks for, and panic on packed frames that are larger or smaller than the header declares.

mod attributes;
mod color;
mod data_set;
mod geometry;
mod jpeg;
mod pixels;
mod rle;
mod segmentation;
mod series;
mod stack;

use std::path::Path;

use self::attributes as tag;
use self::data_set::{DataSet, File};
use self::geometry::Pose;
use self::pixels::{Frames, Photometric};
use super::raster::{self, Raster};
use super::{Grid, ReadOptions, Source};
use crate::error::{Error, Result};
use crate::mask::{Labels, Mask};
use crate::numbers::Numbers;
use crate::volume::{Dimensionality, PixelType, Volume};

pub(super) fn read_image(path: &Path, options: &ReadOptions) -> Result<Volume> {
    let stack = read_stack(path, options, Colors::ToGray)?;
    let geometry = stack.pose.geometry().map_err(|e| e.in_file(path))?;
    let Samples::Gray(values) = stack.samples else {
        unreachable!("colors were asked to become gray");
    };
    Grid {
        numbers: Numbers::F64(values),
        size: stack.size,
        pixel_type: stack.pixel_type,
        geometry,
        dimensionality: Dimensionality::Three,
    }
    .into_volume(path)
}

pub(super) fn read_mask(path: &Path, options: &ReadOptions) -> Result<Mask> {
    let source = Source::new(path, FORMAT);
    if !path.is_dir() {
        let file = File::open(&source, options)?;
        let data = file.data_set(&source)?;
        if data.text(tag::SEGMENTATION_TYPE).is_some() {
            return segmentation::read(&data, &file, options);
        }
    }
    let stack = read_stack(path, options, Colors::Keep)?;
    let geometry = stack.pose.geometry().map_err(|e| e.in_file(path))?;
    let [nz, ny, nx] = stack.size;
    let labels = match stack.samples {
        Samples::Gray(values) => {
            let grid = Grid {
                numbers: Numbers::F64(values),
                size: stack.size,
                pixel_type: stack.pixel_type,
                geometry,
                dimensionality: Dimensionality::Three,
            };
            let labels = grid.into_labels(path)?.into_vec();
            if stack.lossy {
                raster::refuse_shades(&source, nx, &labels)?;
            }
            labels
        }
        Samples::Color(colors) => {
            let narrow = |v: u32| u16::try_from(v).ok();
            let samples: Option<Vec<u16>> = colors.into_iter().map(narrow).collect();
            let samples = samples.ok_or_else(|| source.unsupported("a color mask of 32 bits"))?;
            Raster::of_colors(source, [nz * ny, nx], samples, stack.lossy)
                .labels(options.mask_channel)?
        }
    };
    Mask::from_raster(Labels::U32(labels), stack.size, geometry).map_err(|e| e.in_file(path))
}

/// What errors call the format.
const FORMAT: &str = "DICOM";

/// Decoded slices of a file or folder.
struct Stack {
    samples: Samples,
    size: [usize; 3],
    pixel_type: PixelType,
    pose: Pose,
    lossy: bool,
}

enum Samples {
    /// One number a voxel, rescaled.
    Gray(Vec<f64>),
    /// Red, green and blue of every voxel.
    Color(Vec<u32>),
}

/// What to do with colors.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Colors {
    ToGray,
    Keep,
}

fn read_stack(path: &Path, options: &ReadOptions, colors: Colors) -> Result<Stack> {
    if path.is_dir() {
        return series::read(path, options, colors);
    }
    let source = Source::new(path, FORMAT);
    let file = File::open(&source, options)?;
    read_file(&file.data_set(&source)?, &file, options, colors)
}

/// All frames of a file, or the chosen one.
fn read_file(
    data: &DataSet<'_>,
    file: &File,
    options: &ReadOptions,
    colors: Colors,
) -> Result<Stack> {
    refuse_objects_without_pixels(data)?;
    let frames = Frames::new(data, file.packing, options)?;
    let layout = &frames.layout;
    let (chosen, pose) = choose(data, layout.frames, options)?;
    let size = [chosen.len(), layout.rows, layout.columns];
    let (samples, pixel_type) = if layout.is_color() {
        decode_color(&frames, &chosen, colors)?
    } else {
        decode_gray(&frames, &chosen, data)?
    };
    Ok(Stack {
        samples,
        size,
        pixel_type,
        pose,
        lossy: frames.lossy(),
    })
}

fn decode_color(
    frames: &Frames<'_>,
    chosen: &[usize],
    colors: Colors,
) -> Result<(Samples, PixelType)> {
    let layout = &frames.layout;
    let pixel_type = match layout.allocated {
        8 => PixelType::U8,
        16 => PixelType::U16,
        _ => PixelType::U32,
    };
    let (mut gray, mut kept) = (Vec::new(), Vec::new());
    for (decoded, &frame) in chosen.iter().enumerate() {
        let samples = frames.decode(frame)?;
        // Memory for all frames only once the first has turned out to be one.
        let left = (chosen.len() - decoded) * layout.pixels();
        match colors {
            Colors::ToGray => {
                gray.reserve_exact(left);
                let (triples, _) = samples.as_chunks::<3>();
                let luma = |&rgb: &[i64; 3]| f64::from(raster::luma_of(rgb.map(|v| v as u32)));
                gray.extend(triples.iter().map(luma));
            }
            Colors::Keep => {
                kept.reserve_exact(3 * left);
                kept.extend(samples.into_iter().map(|v| v as u32));
            }
        }
    }
    Ok(match colors {
        Colors::ToGray => (Samples::Gray(gray), pixel_type),
        Colors::Keep => (Samples::Color(kept), pixel_type),
    })
}

fn decode_gray(
    frames: &Frames<'_>,
    chosen: &[usize],
    data: &DataSet<'_>,
) -> Result<(Samples, PixelType)> {
    let layout = &frames.layout;
    let groups = per_frame_groups(data, layout.frames)?;
    let of_file = Rescale::of_file(data)?;
    let (low, high) = layout.range();
    let inverted = layout.photometric == Photometric::Monochrome1;
    let upright = |v: i64| if inverted { low + high - v } else { v };
    let mut values = Vec::new();
    let mut pixel_type = None;
    for (decoded, &frame) in chosen.iter().enumerate() {
        let of_frame = groups.get(frame).map(Rescale::of_groups).transpose()?;
        let rescale = of_frame.flatten().unwrap_or(of_file);
        let found = rescale.pixel_type(frames);
        pixel_type = Some(pixel_type.map_or(found, |t| common_type(t, found)));
        let stored = frames.decode(frame)?;
        // Memory for all frames only once the first has turned out to be one.
        values.reserve_exact((chosen.len() - decoded) * layout.pixels());
        values.extend(stored.into_iter().map(|v| rescale.apply(upright(v))));
    }
    Ok((
        Samples::Gray(values),
        pixel_type.expect("a file has frames"),
    ))
}

/// Frames to decode, in order, and where the stack of them lies.
fn choose(data: &DataSet<'_>, frames: usize, options: &ReadOptions) -> Result<(Vec<usize>, Pose)> {
    let source = data.source();
    let pose = Pose::of_file(data, options)?;
    let groups = per_frame_groups(data, frames)?;
    let poses = groups.iter().map(|g| pose.of_frame(g));
    let poses: Vec<Pose> = poses.collect::<Result<_>>()?;
    if frames == 1 {
        return Ok((vec![0], poses.first().copied().unwrap_or(pose)));
    }
    let placed = !poses.is_empty() && poses.iter().all(|p| p.placed);
    if let Some(frame) = options.frame {
        if frame >= frames {
            return Err(Error::FrameOutOfRange {
                path: source.path.clone(),
                frame,
                frames,
            });
        }
        let pose = poses.get(frame).copied().unwrap_or(pose);
        return Ok((vec![frame], if placed { pose } else { pose.stepped(frame) }));
    }
    if !placed {
        return Ok(((0..frames).collect(), pose));
    }
    if let Ok(stacked) = stack::pose(source, &poses) {
        return Ok(((0..frames).collect(), stacked));
    }
    let order = stack::order(&poses);
    let sorted: Vec<Pose> = order.iter().map(|&i| poses[i]).collect();
    Ok((order, stack::pose(source, &sorted)?))
}

/// The functional groups of every frame; none if the file has none.
fn per_frame_groups<'a>(data: &DataSet<'a>, frames: usize) -> Result<Vec<DataSet<'a>>> {
    // More items than frames do no harm.
    let items = data.items(tag::PER_FRAME_GROUPS).take(frames);
    let groups: Vec<DataSet<'a>> = items.collect::<Result<_>>()?;
    if !groups.is_empty() && groups.len() != frames {
        return Err(data.source().malformed(format!(
            "expected {frames} items in {}, one a frame, found {}",
            tag::PER_FRAME_GROUPS,
            groups.len()
        )));
    }
    Ok(groups)
}

fn refuse_objects_without_pixels(data: &DataSet<'_>) -> Result<()> {
    let pixels = [
        tag::PIXEL_DATA,
        tag::FLOAT_PIXEL_DATA,
        tag::DOUBLE_FLOAT_PIXEL_DATA,
    ];
    if pixels.iter().any(|&p| data.has(p)) || data.has(tag::ROWS) {
        return Ok(());
    }
    match data.text(tag::MODALITY) {
        Some(modality) => Err(data
            .source()
            .unsupported(format!("an object of modality {modality} without pixels"))),
        None => Err(tag::PIXEL_DATA.missing(data.source())),
    }
}

/// Slope and intercept from stored numbers to those of the modality.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Rescale {
    slope: f64,
    intercept: f64,
}

impl Rescale {
    const NONE: Self = Self {
        slope: 1.0,
        intercept: 0.0,
    };

    fn of_file(data: &DataSet<'_>) -> Result<Self> {
        if let Some(groups) = data.item(tag::SHARED_GROUPS)?
            && let Some(rescale) = Self::of_groups(&groups)?
        {
            return Ok(rescale);
        }
        Ok(Self::read(data)?.unwrap_or(Self::NONE))
    }

    fn of_groups(groups: &DataSet<'_>) -> Result<Option<Self>> {
        match groups.item(tag::PIXEL_VALUE_TRANSFORMATION)? {
            Some(transformation) => Self::read(&transformation),
            None => Ok(None),
        }
    }

    fn read(data: &DataSet<'_>) -> Result<Option<Self>> {
        let slope = data.decimal(tag::RESCALE_SLOPE)?;
        let intercept = data.decimal(tag::RESCALE_INTERCEPT)?;
        if slope.is_none() && intercept.is_none() {
            return Ok(None);
        }
        let slope = slope.unwrap_or(Self::NONE.slope);
        Ok(Some(Self {
            slope: if slope == 0.0 {
                Self::NONE.slope
            } else {
                slope
            },
            intercept: intercept.unwrap_or(Self::NONE.intercept),
        }))
    }

    fn apply(self, stored: i64) -> f64 {
        self.slope * stored as f64 + self.intercept
    }

    /// The type that SimpleITK gives to what the stored bits can become.
    fn pixel_type(self, frames: &Frames<'_>) -> PixelType {
        let layout = &frames.layout;
        if self == Self::NONE {
            return layout.pixel_type();
        }
        if self.slope.fract() != 0.0 || self.intercept.fract() != 0.0 {
            return PixelType::F64;
        }
        let (low, high) = layout.range();
        let (a, b) = (self.apply(low), self.apply(high));
        let (low, high) = (a.min(b), a.max(b));
        let types: [(PixelType, f64, f64); 6] = [
            (PixelType::U8, 0.0, f64::from(u8::MAX)),
            (PixelType::I8, f64::from(i8::MIN), f64::from(i8::MAX)),
            (PixelType::U16, 0.0, f64::from(u16::MAX)),
            (PixelType::I16, f64::from(i16::MIN), f64::from(i16::MAX)),
            (PixelType::U32, 0.0, f64::from(u32::MAX)),
            (PixelType::I32, f64::from(i32::MIN), f64::from(i32::MAX)),
        ];
        let fits = |&(t, min, max): &(PixelType, f64, f64)| {
            t.bytes() >= layout.pixel_type().bytes() && min <= low && high <= max
        };
        types.into_iter().find(fits).map_or(PixelType::F64, |t| t.0)
    }
}

/// The type of slices of two types.
fn common_type(a: PixelType, b: PixelType) -> PixelType {
    if a == b { a } else { PixelType::F64 }
}
