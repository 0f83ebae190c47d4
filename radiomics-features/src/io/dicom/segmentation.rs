//! Segmentation objects (DICOM SEG): a frame for every segment and slice, placed by position.

use ndarray::{Array3, ArrayViewMut1};

use super::attributes as tag;
use super::data_set::{DataSet, File};
use super::geometry::Pose;
use super::pixels::Frames;
use super::{geometry, per_frame_groups, stack};
use crate::error::Result;
use crate::io::{ReadOptions, Source};
use crate::mask::Mask;

/// What the numbers of a segmentation mean.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// 0 or 1 a pixel, a segment a frame.
    Binary,
    /// 0 or the maximum a pixel, a segment a frame.
    Fractional { maximum: i64 },
    /// Segment numbers.
    LabelMap,
}

pub(super) fn read(data: &DataSet<'_>, file: &File, options: &ReadOptions) -> Result<Mask> {
    let source = data.source();
    let kind = Kind::of(data)?;
    let frames = Frames::new(data, file.packing, options)?;
    let layout = &frames.layout;
    if layout.samples != 1 {
        return Err(source.malformed("a segmentation is in color, expected one number a pixel"));
    }
    let groups = per_frame_groups(data, layout.frames)?;
    let of_file = Pose::of_file(data, options)?;
    let mut poses = Vec::with_capacity(layout.frames);
    for frame in 0..layout.frames {
        poses.push(match groups.get(frame) {
            Some(groups) => of_file.of_frame(groups)?,
            None => of_file,
        });
    }
    let mut segments = vec![0; layout.frames];
    if kind != Kind::LabelMap {
        for (frame, segment) in segments.iter_mut().enumerate() {
            *segment = segment_of(data, groups.get(frame))?;
        }
    }
    let grid = if poses.iter().all(|p| p.placed) {
        Slices::new(source, data, &poses)?
    } else {
        Slices::unplaced(source, &segments, of_file)?
    };
    let size = [grid.n, layout.rows, layout.columns];
    source.checked_voxels(size.map(|n| n as u64), options)?;
    let mut labels = Array3::zeros(size);
    for (frame, &slice) in grid.slice_of.iter().enumerate() {
        let stored = frames.decode(frame)?;
        let plane = labels.index_axis_mut(ndarray::Axis(0), slice);
        let plane = plane
            .into_shape_with_order(layout.pixels())
            .expect("slices of a new array are contiguous");
        paint(
            source,
            plane,
            &stored,
            kind,
            segments[frame],
            layout.columns,
        )?;
    }
    let geometry = grid.pose.geometry().map_err(|e| e.in_file(&source.path))?;
    Mask::new(labels, geometry).map_err(|e| e.in_file(&source.path))
}

impl Kind {
    fn of(data: &DataSet<'_>) -> Result<Self> {
        match data.text(tag::SEGMENTATION_TYPE).as_deref() {
            Some("BINARY") => Ok(Self::Binary),
            Some("LABELMAP") => Ok(Self::LabelMap),
            Some("FRACTIONAL") => {
                let maximum = data.u16(tag::MAXIMUM_FRACTIONAL_VALUE)?;
                Ok(Self::Fractional {
                    maximum: i64::from(maximum.unwrap_or(255)),
                })
            }
            other => Err(data
                .source()
                .unsupported(format!("SegmentationType {}", other.unwrap_or_default()))),
        }
    }
}

/// Segment number of a frame.
fn segment_of(data: &DataSet<'_>, groups: Option<&DataSet<'_>>) -> Result<u32> {
    let shared = data.item(tag::SHARED_GROUPS)?;
    for groups in groups.into_iter().chain(&shared) {
        if let Some(identification) = groups.item(tag::SEGMENT_IDENTIFICATION)? {
            let number = identification.required_u16(tag::REFERENCED_SEGMENT_NUMBER)?;
            return Ok(u32::from(number));
        }
    }
    Err(tag::SEGMENT_IDENTIFICATION.missing(data.source()))
}

/// Writes a frame into its slice.
fn paint(
    source: &Source,
    mut plane: ArrayViewMut1<'_, u32>,
    stored: &[i64],
    kind: Kind,
    segment: u32,
    columns: usize,
) -> Result<()> {
    for (i, (label, &value)) in plane.iter_mut().zip(stored).enumerate() {
        if value == 0 {
            continue;
        }
        let painted = match kind {
            Kind::LabelMap => u32::try_from(value).unwrap_or(0),
            Kind::Binary => segment,
            Kind::Fractional { maximum } if value == maximum => segment,
            Kind::Fractional { maximum } => {
                return Err(source.unsupported(format!(
                    "a segmentation with fractions (row {}, column {} is {value} of {maximum})",
                    i / columns,
                    i % columns
                )));
            }
        };
        if *label != 0 && *label != painted {
            let (y, x) = (i / columns, i % columns);
            return Err(source.unsupported(format!(
                "a segmentation whose segments {label} and {painted} overlap (row {y}, column {x})"
            )));
        }
        *label = painted;
    }
    Ok(())
}

/// The slices that the frames of a segmentation fill.
struct Slices {
    n: usize,
    /// Slice of every frame.
    slice_of: Vec<usize>,
    pose: Pose,
}

impl Slices {
    fn new(source: &Source, data: &DataSet<'_>, poses: &[Pose]) -> Result<Self> {
        let first = poses[0];
        let order = stack::order(poses);
        // One pose for every depth that occurs.
        let mut planes: Vec<Pose> = Vec::new();
        for &i in &order {
            let last = planes.last();
            if last.is_none_or(|p| poses[i].depth() - p.depth() > stack::ROUNDING) {
                planes.push(poses[i]);
            }
        }
        let declared = geometry::measured_slice_spacing(data)?;
        // Slices without segments have no frames, so the gaps are multiples of the distance.
        let gaps = planes.windows(2).map(|p| p[1].depth() - p[0].depth());
        let smallest = gaps.fold(f64::INFINITY, f64::min);
        let step = match declared {
            Some(declared) if declared <= smallest + stack::ROUNDING => declared,
            _ if smallest.is_finite() => smallest,
            _ => first.spacing[2],
        };
        let start = planes[0].depth();
        let slice = |pose: &Pose| ((pose.depth() - start) / step).round();
        let last = slice(&planes[planes.len() - 1]);
        if last >= f64::from(u16::MAX) {
            return Err(source.malformed(format!(
                "the frames of the segmentation span {last} slices of {step} mm, expected at most 65535"
            )));
        }
        for (i, pair) in planes.windows(2).enumerate() {
            let found = pair[1].depth() - pair[0].depth();
            let expected = (slice(&pair[1]) - slice(&pair[0])) * step;
            if !stack::same_gap(found, expected) {
                return Err(stack::uneven(source, i + 1, found, expected));
            }
        }
        let n = last as usize + 1;
        let mut pose = stack::pose_of_planes(source, &planes, n)?;
        if n == 1 {
            pose.spacing[2] = step;
        }
        Ok(Self {
            n,
            slice_of: poses.iter().map(|p| slice(p).max(0.0) as usize).collect(),
            pose,
        })
    }

    /// Frames of one image without a position: one slice, if no segment comes twice.
    fn unplaced(source: &Source, segments: &[u32], pose: Pose) -> Result<Self> {
        for (i, segment) in segments.iter().enumerate() {
            if segments[..i].contains(segment) {
                return Err(source.unsupported(format!(
                    "a segmentation with several frames of segment {segment} and no positions"
                )));
            }
        }
        Ok(Self {
            n: 1,
            slice_of: vec![0; segments.len()],
            pose,
        })
    }
}
