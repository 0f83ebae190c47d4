//! The crate's error: one enum, one variant per condition a caller can act on.

use std::path::{Path, PathBuf};

use crate::name::Family;
use crate::volume::{GeometryDifference, PixelType};

/// Result of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// What can be wrong with the caller's files, settings or regions.
///
/// Every variant names what was expected and what was found. Nothing in this crate turns a failure into NaN.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file could not be opened or read. Check the path and the permissions.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The file's content does not follow its format: truncated, lying header, unknown magic.
    #[error("{}: {format}: {problem}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// The format it was read as, e.g. `NRRD`.
        format: &'static str,
        /// Expected and found.
        problem: String,
    },
    /// The file is sound, but uses a part of its format this crate does not read. Convert it.
    #[error("{}: {format}: {feature} is not supported", path.display())]
    UnsupportedFormat {
        /// The file.
        path: PathBuf,
        /// The format it was read as.
        format: &'static str,
        /// The part that is not read.
        feature: String,
    },
    /// The file, unpacked, would need more memory than the limit allows.
    #[error("{}: needs {needed} bytes in memory, more than the limit of {limit}", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Bytes the header asks for.
        needed: u128,
        /// Bytes allowed, see `io::Limits`.
        limit: u64,
    },
    /// What was read from a file is not sound, e.g. holds a NaN voxel.
    #[error("{}: {source}", path.display())]
    InFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<Error>,
    },
    /// The file's format is read by a part of this crate that was not built. Enable the crate feature.
    #[error("{}: is {format}, but this crate was built without its feature `{feature}`", path.display())]
    FeatureMissing {
        /// The file.
        path: PathBuf,
        /// Its format.
        format: &'static str,
        /// The feature of this crate that reads it.
        feature: &'static str,
    },
    /// A DICOM file lacks an attribute without which it cannot be read.
    #[error("{}: DICOM: {attribute} ({group:04X},{element:04X}) is missing", path.display())]
    MissingAttribute {
        /// The file.
        path: PathBuf,
        /// Keyword of the attribute.
        attribute: &'static str,
        /// First half of its tag.
        group: u16,
        /// Second half of its tag.
        element: u16,
    },
    /// The frame asked for is not in the file.
    #[error("{}: frame {frame} was asked for, counted from 0, but the file has {frames}", path.display())]
    FrameOutOfRange {
        /// The file.
        path: PathBuf,
        /// The frame asked for.
        frame: usize,
        /// Frames of the file.
        frames: usize,
    },
    /// A folder holds the slices of several DICOM series. Move all but one elsewhere.
    #[error("{}: expected one DICOM series, found {}: {}", path.display(), series.len(), list_series(series))]
    SeveralSeries {
        /// The folder.
        path: PathBuf,
        /// SeriesInstanceUID and number of files of every series.
        series: Vec<(String, usize)>,
    },
    /// Slices do not follow each other evenly: one is missing, double, or belongs to another series.
    #[error(
        "{}: slice {slice}, counted from 0 along the normal, lies {found} mm from the one before it, expected {expected} mm", path.display()
    )]
    UnevenSlices {
        /// The file or folder.
        path: PathBuf,
        /// The slice after the gap.
        slice: usize,
        /// The gap.
        found: f64,
        /// The mean gap, or the multiple of the distance that the gap was expected to be.
        expected: f64,
    },
    /// An image has several numbers per voxel, e.g. colors or displacements; features are defined on one. Extract one first.
    #[error("{}: the image has {components} components per voxel, expected one; extract one of them first", path.display())]
    VectorImage {
        /// The file.
        path: PathBuf,
        /// Numbers per voxel.
        components: u64,
    },
    /// A mask does not have the channel asked for (setting `label_channel`).
    #[error("{}: label_channel is {channel} (counted from 0), but the mask has {channels} channels", path.display())]
    NoSuchChannel {
        /// The file.
        path: PathBuf,
        /// The channel asked for, counted from 0.
        channel: usize,
        /// Channels the mask has.
        channels: u64,
    },
    /// The file's suffix names no format this crate reads. Rename or convert it.
    #[error("{}: expected a file ending in .nii, .nii.gz, .hdr, .img, .nrrd, .nhdr, .mha, .mhd, .png, .jpg, .jpeg, .tif, .tiff, .bmp, .dcm, .dicom or .ima", path.display())]
    UnknownSuffix {
        /// The file.
        path: PathBuf,
    },
    /// A voxel is NaN or infinite. Clean the image first.
    #[error("voxel (z {z}, y {y}, x {x}) is {value}, expected a finite number")]
    NotFinite {
        /// Slice.
        z: usize,
        /// Row.
        y: usize,
        /// Column.
        x: usize,
        /// What it holds.
        value: f64,
    },
    /// A mask voxel is negative, fractional or too large for a label.
    #[error(
        "mask voxel (z {z}, y {y}, x {x}) is {value}, expected a whole number from 0 to 4294967295"
    )]
    NotALabel {
        /// Slice.
        z: usize,
        /// Row.
        y: usize,
        /// Column.
        x: usize,
        /// What it holds.
        value: f64,
    },
    /// A setting is outside its range.
    #[error("setting {name}: expected {expected}, got {found}")]
    InvalidSetting {
        /// The setting's name in a parameter file.
        name: &'static str,
        /// The range.
        expected: &'static str,
        /// The value given.
        found: String,
    },
    /// A setting, image type or feature that this crate does not compute. Remove it from the settings.
    #[error("{name} is not supported")]
    Unsupported {
        /// The setting or name, as it was asked for.
        name: String,
    },
    /// A parameter file has an unknown key or a value of the wrong type or range.
    #[error("{}{}: {problem}", file.display(), line.map_or(String::new(), |n| format!(", line {n}")))]
    ParameterFile {
        /// The file.
        file: PathBuf,
        /// Where the problem was found, counted from 1.
        line: Option<u64>,
        /// Expected and found.
        problem: String,
    },
    /// A string is no feature name of the form `image_family_Feature`.
    #[error("{name:?} is no feature name: {problem}")]
    UnknownFeature {
        /// The string.
        name: String,
        /// Which part is not known.
        problem: &'static str,
    },
    /// An image or mask without a single voxel.
    #[error("the image has {size:?} voxels (z, y, x), expected at least one along every axis")]
    EmptyImage {
        /// Voxels along z, y, x.
        size: [usize; 3],
    },
    /// A voxel does not fit the number type the image is declared to have.
    #[error(
        "voxel (z {z}, y {y}, x {x}) is {value}, which does not fit the pixel type {pixel_type:?}"
    )]
    PixelOutOfType {
        /// Slice.
        z: usize,
        /// Row.
        y: usize,
        /// Column.
        x: usize,
        /// What it holds.
        value: f64,
        /// The declared type.
        pixel_type: PixelType,
    },
    /// A voxel spacing is zero, negative or not finite.
    #[error("the spacing along {axis} is {value} mm, expected a positive number")]
    InvalidSpacing {
        /// `z`, `y` or `x`.
        axis: &'static str,
        /// What was given.
        value: f64,
    },
    /// An origin or direction is NaN or infinite.
    #[error("the origin or direction of the image is not finite")]
    InvalidPose,
    /// The axes of a grid are not independent, e.g. two of them point the same way. Correct the file's header.
    #[error("the axes of the grid, {direction:?} (z, y, x), do not span space")]
    SingularDirection {
        /// One row per axis z, y, x.
        direction: [[f64; 3]; 3],
    },
    /// The grid that a spacing asks for would need more memory than the limit allows. Use a larger spacing.
    #[error(
        "resampling gives {voxels:?} voxels (z, y, x), more than the limit of {limit} bytes at 8 bytes a voxel"
    )]
    GridTooLarge {
        /// Voxels along z, y, x.
        voxels: [f64; 3],
        /// Bytes allowed.
        limit: u64,
    },
    /// An image of several slices was declared a plane.
    #[error("expected one slice for a two-dimensional image, got {slices}")]
    NotPlanar {
        /// Slices of the image.
        slices: usize,
    },
    /// The mask has another size than the image. Check that the files belong together.
    #[error("the image has {image:?} voxels (z, y, x), the mask {mask:?}")]
    ShapeMismatch {
        /// Voxels of the image along z, y, x.
        image: [usize; 3],
        /// Voxels of the mask along z, y, x.
        mask: [usize; 3],
    },
    /// Image and mask have the same size but lie elsewhere. Check that the files belong together, or give a raster file
    /// the geometry of its partner.
    #[error("image and mask lie on different grids (tolerance {tolerance}): {difference}")]
    GeometryMismatch {
        /// What differs.
        difference: Box<GeometryDifference>,
        /// The tolerance in force.
        tolerance: f64,
    },
    /// The region leaves the image. Check that image and mask belong together.
    #[error(
        "the region of label {label} reaches from {start:?} to {end:?} in voxels of the image (z, y, x), which has {size:?}"
    )]
    RegionOutsideImage {
        /// The label.
        label: u32,
        /// First corner of the region's box, as continuous voxel indices; -0.5 is the border of the image.
        start: [f64; 3],
        /// Last corner.
        end: [f64; 3],
        /// Voxels of the image along z, y, x.
        size: [usize; 3],
    },
    /// Every voxel of the mask is background.
    #[error("the mask is empty: all its voxels are 0")]
    EmptyMask,
    /// The mask has labels, but not this one. Choose one that is present.
    #[error("label {label} is not in the mask, which holds {}", list(present))]
    LabelAbsent {
        /// The label asked for.
        label: u32,
        /// The labels that are there.
        present: Vec<u32>,
    },
    /// The region has no voxel left.
    #[error("the region of label {label} has no voxel")]
    EmptyRegion {
        /// The label.
        label: u32,
    },
    /// The region is a single voxel, on which most features are not defined.
    #[error("the region of label {label} is a single voxel, expected at least two")]
    SingleVoxel {
        /// The label.
        label: u32,
    },
    /// The region extends along too few axes (setting `minimumROIDimensions`).
    #[error(
        "the region of label {label} spans {size:?} voxels (z, y, x), more than one along {extended} axes, expected at least {minimum}"
    )]
    RegionTooFlat {
        /// The label.
        label: u32,
        /// Size of the bounding box along z, y, x.
        size: [usize; 3],
        /// Axes with more than one voxel.
        extended: usize,
        /// The setting.
        minimum: u8,
    },
    /// The region has too few voxels (setting `minimumROISize`).
    #[error("the region of label {label} has {n_voxels} voxels, expected more than {minimum}")]
    RegionTooSmall {
        /// The label.
        label: u32,
        /// Voxels found.
        n_voxels: usize,
        /// The setting.
        minimum: usize,
    },
    /// The region's bounding box is too large for texture matrices. Resample the image or split the region.
    #[error(
        "the region spans {shape:?} voxels (z, y, x), expected at most 65535 along each axis and 2147483647 in all"
    )]
    RegionTooLarge {
        /// Size of the bounding box along z, y, x.
        shape: [usize; 3],
    },
    /// Gray levels were made from another region than the mask given with them.
    #[error("the mask has {mask} voxels, the gray levels {levels}")]
    RegionMismatch {
        /// Voxels of the mask.
        mask: usize,
        /// Voxels of the gray levels.
        levels: usize,
    },
    /// The binning gives more gray levels than the matrices can hold. Use a larger bin width or fewer bins.
    #[error("the binning gives {levels} gray levels, expected at most {limit}")]
    TooManyLevels {
        /// Levels the binning would give.
        levels: f64,
        /// Levels allowed.
        limit: usize,
    },
    /// The bin width is lost in the rounding of the intensities. Use a larger bin width or a number of bins.
    #[error("a bin width of {width} cannot be told apart at intensities like {value}")]
    BinWidthTooSmall {
        /// The bin width.
        width: f64,
        /// The largest intensity of the region.
        value: f64,
    },
    /// The difference of the largest and the smallest intensity is not a finite number. Scale the image.
    #[error("intensities from {min} to {max} span more than a 64-bit number can hold")]
    ValueRangeTooLarge {
        /// Smallest intensity of the region.
        min: f64,
        /// Largest intensity of the region.
        max: f64,
    },
    /// The region's bounding box is too small for any two voxels at these distances, within the planes of `force2D` if that
    /// is set. Use smaller distances, leave `force2D` out, or ask for no textures.
    #[error(
        "the region spans {size:?} voxels (z, y, x), too few for neighbors at the distances {distances:?}"
    )]
    NoNeighbors {
        /// Size of the bounding box along z, y, x.
        size: [usize; 3],
        /// The distances in force, in voxels.
        distances: Vec<usize>,
    },
    /// Re-segmentation by intensity left at most one voxel.
    #[error("re-segmentation left {n_voxels} of {before} voxels, expected at least two")]
    ResegmentedAway {
        /// Voxels left.
        n_voxels: usize,
        /// Voxels before.
        before: usize,
    },
    /// All voxels of the image are equal, so it cannot be normalized to unit variance.
    #[error("the image cannot be normalized: all its voxels are {value}")]
    ConstantImage {
        /// The value.
        value: f64,
    },
    /// The features of one image, original or filtered, cannot be computed.
    #[error("image {image}: {source}")]
    InImage {
        /// The image, e.g. `wavelet-LLH`.
        image: String,
        /// What is wrong.
        source: Box<Error>,
    },
    /// Planar shape features (shape2D) were asked for a region of several slices.
    #[error("shape2D needs a region of one slice, got {slices}")]
    Shape2dOfVolume {
        /// Slices of the region out of plane.
        slices: usize,
    },
    /// Maps were asked for of nothing but shape, which has one value for the whole region. Ask for another family.
    #[error(
        "no family with a value at every voxel is asked for, only {}",
        families(found)
    )]
    NoMaps {
        /// The families asked for.
        found: Vec<Family>,
    },
    /// The file's suffix names no format this crate writes. Choose another name.
    #[error("{}: expected a file ending in .nrrd, .nii or .nii.gz", path.display())]
    UnknownOutputSuffix {
        /// The file.
        path: PathBuf,
    },
    /// An encoded image could not be written.
    #[error("cannot write the image: {source}")]
    Write {
        /// What the writer said.
        source: std::io::Error,
    },
    /// The image has too many voxels along an axis for the file format. Use another format.
    #[error("the image has {side} voxels along {axis}, {format} holds at most {limit}")]
    SideTooLong {
        /// `z`, `y` or `x`.
        axis: &'static str,
        /// Voxels along the axis.
        side: usize,
        /// The format.
        format: &'static str,
        /// The most it can hold.
        limit: usize,
    },
    /// Feature vectors that should be stacked do not have the same columns.
    #[error(
        "row {row} has {} at column {column}, expected {}",
        or_nothing(found),
        or_nothing(expected)
    )]
    ColumnMismatch {
        /// The row, counted from 0.
        row: usize,
        /// The column, counted from 0.
        column: usize,
        /// The column's name in the first row, or `None` if it has no such column.
        expected: Option<String>,
        /// The column's name in this row.
        found: Option<String>,
    },
}

impl Error {
    /// The same error, with the file it was found in.
    pub(crate) fn in_file(self, path: &Path) -> Self {
        Self::InFile {
            path: path.to_path_buf(),
            source: Box::new(self),
        }
    }
}

fn list(labels: &[u32]) -> String {
    const SHOWN: usize = 8;
    let mut text: Vec<String> = labels.iter().take(SHOWN).map(u32::to_string).collect();
    if labels.len() > SHOWN {
        text.push(format!("and {} more", labels.len() - SHOWN));
    }
    text.join(", ")
}

fn families(found: &[Family]) -> String {
    if found.is_empty() {
        return "none at all".into();
    }
    let names: Vec<&str> = found.iter().map(|family| family.as_str()).collect();
    names.join(", ")
}

fn list_series(series: &[(String, usize)]) -> String {
    let text: Vec<String> = series
        .iter()
        .map(|(uid, n)| format!("{uid} ({n} files)"))
        .collect();
    text.join(", ")
}

fn or_nothing(name: &Option<String>) -> &str {
    name.as_deref().unwrap_or("no feature")
}
