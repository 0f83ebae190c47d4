//! Where frames lie: spacing, position and orientation in the order in which SimpleITK looks for them.

use super::attributes::{self as tag, Attribute};
use super::data_set::DataSet;
use crate::error::Result;
use crate::io::{ReadOptions, UltrasoundSpacing};
use crate::volume::Geometry;

/// Position, orientation and spacing of one frame or of a stack of them, components x, y, z as in the file.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Pose {
    /// Center of the first pixel of the first frame, in mm.
    pub(super) origin: [f64; 3],
    /// Unit vectors along which the column, the row and the frame grow.
    pub(super) axes: [[f64; 3]; 3],
    /// Distances between columns, rows and frames, in mm.
    pub(super) spacing: [f64; 3],
    /// Whether the file says where the frame is.
    pub(super) placed: bool,
    /// Whether the file says how far the next frame is.
    sliced: bool,
}

impl Pose {
    /// The pose that the file as a whole declares.
    pub(super) fn of_file(data: &DataSet<'_>, options: &ReadOptions) -> Result<Self> {
        let kind = Kind::of(data);
        let groups = data.item(tag::SHARED_GROUPS)?;
        let in_plane = match groups.as_ref().map(plane_measures).transpose()?.flatten() {
            Some(measures) => Some(measures),
            None => in_plane_spacing(data, kind, options)?,
        };
        let [y, x] = in_plane.unwrap_or([options.raster_spacing[1], options.raster_spacing[2]]);
        // Nuclear medicine keeps the pose with the detector.
        let detector = data.item(tag::DETECTOR_INFORMATION)?;
        let orientation = match &groups {
            Some(groups) => shared_orientation(groups)?,
            None => None,
        };
        let holder = detector.as_ref().unwrap_or(data);
        let orientation = match orientation {
            Some(axes) => Some(axes),
            None => orientation_of(holder)?,
        };
        let position = holder.decimal_array(tag::IMAGE_POSITION)?;
        let mut axes = orientation.unwrap_or([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]);
        let declared = slice_spacing(data, kind)?;
        let mut z = declared.unwrap_or(options.raster_spacing[0]);
        if z < 0.0 {
            z = -z;
            axes[2] = axes[2].map(|v| 0.0 - v);
        }
        Ok(Self {
            origin: position.unwrap_or([0.0; 3]),
            axes,
            spacing: [x, y, z],
            placed: position.is_some(),
            sliced: declared.is_some(),
        })
    }

    /// The same pose with what the functional groups of one frame say.
    pub(super) fn of_frame(&self, groups: &DataSet<'_>) -> Result<Self> {
        let mut pose = *self;
        if let Some([y, x]) = plane_measures(groups)? {
            pose.spacing = [x, y, pose.spacing[2]];
        }
        if let Some(axes) = shared_orientation(groups)? {
            pose.axes = axes;
        }
        if let Some(plane) = groups.item(tag::PLANE_POSITION)?
            && let Some(origin) = plane.decimal_array(tag::IMAGE_POSITION)?
        {
            pose.origin = origin;
            pose.placed = true;
        }
        Ok(pose)
    }

    /// The pose of a later frame of a stack. Where frames are no slices, all of them lie in the same place.
    pub(super) fn stepped(&self, frame: usize) -> Self {
        let mut pose = *self;
        if self.sliced {
            for (o, axis) in pose.origin.iter_mut().zip(self.axes[2]) {
                *o += axis * self.spacing[2] * frame as f64;
            }
        }
        pose
    }

    /// Distance from the origin along the normal of the slices, in mm.
    pub(super) fn depth(&self) -> f64 {
        dot(self.origin, cross(self.axes[0], self.axes[1]))
    }

    /// Whether rows, columns and their spacing are those of another frame.
    pub(super) fn same_plane_grid(&self, other: &Self) -> bool {
        const DIRECTION: f64 = 1e-4;
        let close =
            |a: [f64; 3], b: [f64; 3]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < DIRECTION);
        let spacing = (0..2)
            .all(|i| (self.spacing[i] - other.spacing[i]).abs() <= DIRECTION * self.spacing[i]);
        close(self.axes[0], other.axes[0]) && close(self.axes[1], other.axes[1]) && spacing
    }

    /// The pose in this crate's order of axes.
    pub(super) fn geometry(&self) -> Result<Geometry> {
        // Adding zero turns -0 into 0, so that equal grids print alike.
        let reversed = |[x, y, z]: [f64; 3]| [z + 0.0, y + 0.0, x + 0.0];
        let [x, y, z] = self.axes.map(reversed);
        Geometry::with_pose(reversed(self.spacing), reversed(self.origin), [z, y, x])
    }
}

/// Where a kind of image keeps its spacing.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Radiographs: the spacing at the detector.
    Projection,
    /// Scanned film and screen captures.
    SecondaryCapture,
    /// A radiotherapy image.
    RadiotherapyImage,
    /// A radiotherapy dose grid.
    Dose,
    /// Ultrasound and photographs, whose frames are no slices.
    NoSlices,
    Other,
}

impl Kind {
    fn of(data: &DataSet<'_>) -> Self {
        let uid = data.text(tag::SOP_CLASS_UID).unwrap_or_default();
        let Some(class) = uid.strip_prefix("1.2.840.10008.5.1.4.1.1.") else {
            return Self::Other;
        };
        match class {
            "1" | "12.1" | "12.2" => Self::Projection,
            "481.1" => Self::RadiotherapyImage,
            "481.2" => Self::Dose,
            "3.1" | "6.1" => Self::NoSlices,
            _ if class.starts_with("1.") => Self::Projection,
            _ if class.starts_with("77.") => Self::NoSlices,
            _ if class == "7" || class.starts_with("7.") => Self::SecondaryCapture,
            _ => Self::Other,
        }
    }

    /// The attributes that may hold the spacing, the first one that is there counts.
    fn spacing_attributes(self) -> [Attribute; 4] {
        let [pixel, imager, scanned, plane] = [
            tag::PIXEL_SPACING,
            tag::IMAGER_PIXEL_SPACING,
            tag::NOMINAL_SCANNED_PIXEL_SPACING,
            tag::IMAGE_PLANE_PIXEL_SPACING,
        ];
        match self {
            Self::Projection => [imager, pixel, scanned, plane],
            Self::RadiotherapyImage => [plane, pixel, imager, scanned],
            Self::SecondaryCapture | Self::Dose | Self::NoSlices | Self::Other => {
                [pixel, scanned, imager, plane]
            }
        }
    }
}

/// Distance between rows and between columns.
fn in_plane_spacing(
    data: &DataSet<'_>,
    kind: Kind,
    options: &ReadOptions,
) -> Result<Option<[f64; 2]>> {
    for attribute in kind.spacing_attributes() {
        if let Some(spacing) = data.decimal_array(attribute)? {
            return Ok(Some(spacing));
        }
    }
    match options.ultrasound_spacing {
        UltrasoundSpacing::Calibrated => calibration(data),
        UltrasoundSpacing::Ignored => Ok(None),
    }
}

/// Spacing that the functional groups of all frames or of one declare.
fn plane_measures(groups: &DataSet<'_>) -> Result<Option<[f64; 2]>> {
    match groups.item(tag::PIXEL_MEASURES)? {
        Some(measures) => measures.decimal_array(tag::PIXEL_SPACING),
        None => Ok(None),
    }
}

/// Distance between slices that the functional groups of all frames declare.
pub(super) fn measured_slice_spacing(data: &DataSet<'_>) -> Result<Option<f64>> {
    let shared = data.item(tag::SHARED_GROUPS)?;
    let measures = shared.map(|s| s.item(tag::PIXEL_MEASURES)).transpose()?;
    let spacing = match measures.flatten() {
        Some(measures) => measures.decimal(tag::SPACING_BETWEEN_SLICES)?,
        None => None,
    };
    Ok(spacing.filter(|&s| s > 0.0))
}

fn shared_orientation(groups: &DataSet<'_>) -> Result<Option<[[f64; 3]; 3]>> {
    match groups.item(tag::PLANE_ORIENTATION)? {
        Some(plane) => orientation_of(&plane),
        None => Ok(None),
    }
}

/// Distance between frames, negative where they go against the normal.
fn slice_spacing(data: &DataSet<'_>, kind: Kind) -> Result<Option<f64>> {
    match kind {
        Kind::NoSlices => Ok(None),
        Kind::Dose => dose_spacing(data),
        _ => data.decimal(tag::SPACING_BETWEEN_SLICES),
    }
}

/// Distance between the planes of a dose grid.
fn dose_spacing(data: &DataSet<'_>) -> Result<Option<f64>> {
    let Some(offsets) = data.decimals(tag::GRID_FRAME_OFFSET_VECTOR)? else {
        return Ok(None);
    };
    let &[first, second, ..] = &offsets[..] else {
        return Ok(None);
    };
    let gap = second - first;
    for (i, pair) in offsets.windows(2).enumerate() {
        let found = pair[1] - pair[0];
        if !super::stack::same_gap(found, gap) {
            return Err(super::stack::uneven(data.source(), i + 1, found, gap));
        }
    }
    Ok(Some(gap))
}

/// Two orthogonal unit vectors and their normal.
fn orientation_of(data: &DataSet<'_>) -> Result<Option<[[f64; 3]; 3]>> {
    const TOLERANCE: f64 = 1e-3;
    let Some([a, b, c, d, e, f]) = data.decimal_array(tag::IMAGE_ORIENTATION)? else {
        return Ok(None);
    };
    let (row, column) = ([a, b, c], [d, e, f]);
    let unit = |v| (dot(v, v).sqrt() - 1.0).abs() <= TOLERANCE;
    if !unit(row) || !unit(column) || dot(row, column).abs() > TOLERANCE {
        return Err(data.source().malformed(format!(
            "expected two orthogonal unit vectors in {}, found {row:?} and {column:?}",
            tag::IMAGE_ORIENTATION
        )));
    }
    // Rounding in the file is mended as SimpleITK does it: the column's vector stays, the row's follows.
    let normal = normalized(cross(row, column));
    let column = normalized(column);
    Ok(Some([cross(column, normal), column, normal]))
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn cross(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    ]
}

fn normalized(v: [f64; 3]) -> [f64; 3] {
    let length = dot(v, v).sqrt();
    v.map(|x| x / length)
}

/// Spacing of the two-dimensional region of an ultrasound screen, rows first.
fn calibration(data: &DataSet<'_>) -> Result<Option<[f64; 2]>> {
    const TWO_DIMENSIONAL: u16 = 1;
    const TISSUE: u16 = 1;
    const CENTIMETERS: u16 = 3;
    let mut tissue: Option<[f64; 2]> = None;
    let mut other: Option<[f64; 2]> = None;
    for region in data.items(tag::ULTRASOUND_REGIONS) {
        let region = region?;
        if region.u16(tag::REGION_SPATIAL_FORMAT)? != Some(TWO_DIMENSIONAL)
            || region.u16(tag::REGION_UNITS_X)? != Some(CENTIMETERS)
            || region.u16(tag::REGION_UNITS_Y)? != Some(CENTIMETERS)
        {
            continue;
        }
        let deltas = [
            region.f64(tag::REGION_DELTA_Y)?,
            region.f64(tag::REGION_DELTA_X)?,
        ];
        let [Some(y), Some(x)] = deltas else {
            continue;
        };
        // The sign says in which direction depth is counted.
        let spacing = [10.0 * y.abs(), 10.0 * x.abs()];
        if region.u16(tag::REGION_DATA_TYPE)? != Some(TISSUE) {
            other.get_or_insert(spacing);
            continue;
        }
        let first = *tissue.get_or_insert(spacing);
        let close = |i: usize| (first[i] - spacing[i]).abs() <= 1e-6 * first[i];
        if !close(0) || !close(1) {
            return Err(data.source().malformed(format!(
                "the ultrasound regions of the image have the spacings {first:?} and {spacing:?} mm (y, x), expected one; \
                 read the file without its calibration and set the spacing"
            )));
        }
    }
    Ok(tissue.or(other))
}
