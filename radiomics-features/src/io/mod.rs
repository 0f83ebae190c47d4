//! Reading images and masks; [`write_volume`] writes images and maps.
//!
//! | format | suffix | notes |
//! |---|---|---|
//! | NIfTI-1, NIfTI-2, Analyze | `.nii`, `.hdr` with `.img`, each also with `.gz` | either byte order; `scl_slope`/`scl_inter` applied; position from sform or qform as ITK chooses, turned to LPS |
//! | NRRD | `.nrrd`, `.nhdr` | attached or detached; raw, gzip, ASCII or hex; either byte order; `space directions`, `spacings` or `axis mins` |
//! | MetaImage | `.mha`, `.mhd` | attached or detached; raw, zlib, gzip or ASCII; either byte order |
//! | raster | `.png`, `.jpg`, `.jpeg`, `.tif`, `.tiff`, `.bmp` | 1 to 16 bit; gray TIFF of every number type; see below |
//! | DICOM | `.dcm`, `.dicom`, `.ima`, none; a folder of slices | crate feature `dicom`; see [below](#dicom) |
//!
//! The suffix chooses the format, in either case; a file without one of these suffixes is DICOM if it carries its mark. Two- and
//! three-dimensional images are read, and those with more axes if these have one entry.
//!
//! # Untrusted files
//! Every size in a header is checked against the file and against [`ReadOptions::max_bytes`] before memory is reserved, and a
//! compressed file is unpacked no further than its header promises. Voxels in files of their own are looked for beside the
//! header: absolute paths are refused, and so are folders, pipes and the header itself. The files of a list may have no more
//! than `max_bytes` together. What follows the voxels is ignored.
//!
//! # Several numbers per voxel
//! Features are defined on one number per voxel: an image with more is [`Error::VectorImage`]. Of a mask
//! [`ReadOptions::mask_channel`] is read, the first by default, e.g. of the layers of a `.seg.nrrd` file of 3D Slicer.
//!
//! # Raster files
//! * They become slices of a volume, [`Dimensionality::Three`], as ultrasound studies treat them;
//!   [`Volume::with_dimensionality`] makes a plane of one. Two-dimensional NIfTI, NRRD and MetaImage files stay planes.
//! * They have no geometry: the grid starts at the origin with [`ReadOptions::raster_spacing`]. Resolution tags are ignored,
//!   because screen and paper resolutions are not anatomy.
//! * Color images become gray by `(19595 R + 38470 G + 7471 B + 32768) / 65536`, rounded down: the luma weights 0.299, 0.587
//!   and 0.114 in 16-bit fixed point, as in Pillow's `convert("L")`. Equal channels keep their value exactly. Transparency
//!   of images is ignored.
//! * Color masks: gray colors keep their value; a mask of black and exactly one color is label 1; anything else is an error
//!   unless [`ReadOptions::mask_channel`] says which channel holds the labels. A transparent voxel must be black.
//! * A JPEG mask may hold nothing but 0 and 255, since lossy compression invents labels along every edge.
//! * The gray pages of a TIFF file are slices, if they have one size and number type. Its numbers are kept, also where 0 is
//!   white.
//!
//! # DICOM
//! With the crate feature `dicom`:
//! * Files with the letters DICM at byte 128, named `.dcm`, `.dicom`, `.ima` or without a suffix of another format; and folders,
//!   whose DICOM images must be the slices of one series.
//! * Implicit and explicit encoding, either byte order, deflated. Native pixels, RLE and JPEG (baseline, extended to 12 bits,
//!   lossless); not JPEG-LS and JPEG 2000.
//! * 1, 8, 16 and 32 bits, signed or not, in gray (MONOCHROME1 is inverted, so that large is white), by color table, RGB,
//!   YBR_FULL and YBR_FULL_422. Color images become gray and color masks labels by the rules for raster files.
//! * The modality's slope and intercept are applied. The type of the result is SimpleITK's: the smallest that holds what the
//!   stored bits can become, and 64-bit float where slope or intercept is no whole number.
//! * Masks: plain images of labels, and segmentation objects (DICOM SEG) of the types BINARY, LABELMAP and FRACTIONAL
//!   without fractions. Their labels are the segment numbers, their slices reach from the first segmented one to the last.
//!   Contours (RTSTRUCT) are refused.
//!
//! A file of several frames is a volume with a slice for each. In a cine loop of ultrasound the slices are moments: say with
//! [`ReadOptions::frame`] which one to analyze. It lies where the loop lies, and so does a mask of one slice drawn on it.
//!
//! Rows and columns have PixelSpacing; in radiographs first ImagerPixelSpacing, in captures NominalScannedPixelSpacing;
//! otherwise the calibration of the two-dimensional region of an ultrasound screen ([`ReadOptions::ultrasound_spacing`]);
//! otherwise [`ReadOptions::raster_spacing`]. Slices have the distance of their positions where there are several, otherwise
//! SpacingBetweenSlices, otherwise `raster_spacing`; SliceThickness is no distance and never used. Slices of a folder are
//! sorted along their normal; frames keep their order if their positions are even, else they are sorted, too. A gap that
//! differs from the mean by more than 1 % and 0.01 mm is [`Error::UnevenSlices`].
//!
//! # Differences
//! * SimpleITK, and PyRadiomics with it, makes planes of raster files and takes the spacing of TIFF files from their
//!   resolution.
//! * Files that SimpleITK fills with zeros or with whatever is in memory are errors: truncated voxels, damaged or missing
//!   checksums, lists with too few files.
//! * Voxels that are NaN or infinite are errors. In NIfTI files SimpleITK takes them for 0, without a word;
//!   [`ReadOptions::not_finite`] allows that.
//! * PyRadiomics cuts fractional labels down and lets negative ones wrap around; here both are [`Error::NotALabel`].
//!
//!
//! From DICOM SimpleITK reads the same voxels on the same grid, except that it
//! * keeps colors, of which PyRadiomics then cannot make features;
//! * knows no calibration of ultrasound regions: its spacing there is 1;
//! * ignores PixelSpacing in radiographs and in captures of several frames, where this crate falls back to it;
//! * ignores slopes and intercepts that differ from frame to frame, and rounds the slices of a folder to the type of the first;
//! * only warns of uneven or missing slices, takes the identity for an unsound orientation, and reads a segmentation as
//!   0 and 255, all segments behind each other;
//! * reads JPEG-LS and JPEG 2000, and mixes up the bytes of run lengths of 16- and 32-bit colors and of 32-bit numbers in the
//!   big-endian encoding.
//!
//! Both ignore ModalityLUTSequence, padding values, overlays, the scaling of doses and the tilt of a gantry, and take a slope
//! of 0 for 1.

#[cfg(feature = "dicom")]
mod dicom;
mod metaimage;
mod nifti;
mod nrrd;
mod packed;
mod pieces;
mod pose;
mod raster;
mod samples;
mod tiff;
mod write;

pub use write::{Compression, ImageView, VolumeFormat, write_volume};

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::mask::{Labels, Mask};
use crate::numbers::Numbers;
use crate::volume::{Dimensionality, Geometry, PixelType, Volume};

use self::pieces::Start;

/// How to read files.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReadOptions {
    /// Largest image in memory, in bytes at 8 bytes a voxel, and largest file on disk. Default 2 GiB, which is 268 million
    /// voxels, e.g. 1024 slices of 512 × 512.
    pub max_bytes: u64,
    /// Spacing along z, y and x that raster files get, in mm; z is the thickness of the slice. Default 1.
    pub raster_spacing: [f64; 3],
    /// Which channel of a color mask, or component of a volume with several numbers per voxel, holds the labels
    /// (`label_channel` of PyRadiomics), counted from 0. Default `None`: a raster mask must be gray or two-colored, of a
    /// volume the first component is read.
    pub mask_channel: Option<usize>,
    /// Which frame of a DICOM file of several frames to read, counted from 0. Default `None`: all of them, as the slices of a
    /// volume. Files of one frame have nothing to choose.
    pub frame: Option<usize>,
    /// Where the spacing of an ultrasound image comes from that has no other than the calibration of its regions.
    pub ultrasound_spacing: UltrasoundSpacing,
    /// What voxels of a NIfTI file mean that are no finite numbers.
    pub not_finite: NotFinite,
}

/// What voxels of a NIfTI file mean that are NaN or infinite, as the background of some brain maps is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum NotFinite {
    /// The file is refused, as those of every other format.
    #[default]
    Refused,
    /// They are 0, as SimpleITK reads them without saying so.
    Zero,
}

/// What to do with the calibration of the regions on a DICOM ultrasound screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum UltrasoundSpacing {
    /// The spacing of the two-dimensional region, preferably of tissue, is that of the image.
    #[default]
    Calibrated,
    /// The image gets [`ReadOptions::raster_spacing`], which is SimpleITK's spacing of 1 unless it is set: for masks that
    /// were drawn in a program built on ITK.
    Ignored,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self {
            max_bytes: 2 << 30,
            raster_spacing: [1.0; 3],
            mask_channel: None,
            frame: None,
            ultrasound_spacing: UltrasoundSpacing::default(),
            not_finite: NotFinite::default(),
        }
    }
}

/// Reads an image. Formats: see the [module documentation](self).
///
/// # Errors
/// [`Error::Io`], [`Error::Malformed`], [`Error::UnsupportedFormat`], [`Error::TooLarge`], [`Error::VectorImage`] if there
/// are several numbers per voxel, and [`Error::InFile`] around what [`Volume::new`] and [`Geometry::with_pose`] refuse, e.g. a NaN voxel.
pub fn read_image(path: impl AsRef<Path>, options: &ReadOptions) -> Result<Volume> {
    let path = path.as_ref();
    match Format::of(path)? {
        Format::Raster => raster::read_image(path, options),
        Format::Nifti => nifti::read(path, options, Role::Image)?.into_volume(path),
        Format::Nrrd => nrrd::read(path, options, Role::Image)?.into_volume(path),
        Format::MetaImage => metaimage::read(path, options, Role::Image)?.into_volume(path),
        #[cfg(feature = "dicom")]
        Format::Dicom => dicom::read_image(path, options),
    }
}

/// Reads a label mask. Formats: see the [module documentation](self).
///
/// # Errors
/// As [`read_image`]; voxels that are no label are [`Error::NotALabel`] inside [`Error::InFile`], and a channel that the mask
/// does not have is [`Error::NoSuchChannel`].
pub fn read_mask(path: impl AsRef<Path>, options: &ReadOptions) -> Result<Mask> {
    let path = path.as_ref();
    match Format::of(path)? {
        Format::Raster => raster::read_mask(path, options),
        Format::Nifti => nifti::read(path, options, Role::Mask)?.into_mask(path),
        Format::Nrrd => nrrd::read(path, options, Role::Mask)?.into_mask(path),
        Format::MetaImage => metaimage::read(path, options, Role::Mask)?.into_mask(path),
        #[cfg(feature = "dicom")]
        Format::Dicom => dicom::read_mask(path, options),
    }
}

#[derive(Clone, Copy)]
enum Format {
    Nifti,
    Nrrd,
    MetaImage,
    Raster,
    #[cfg(feature = "dicom")]
    Dicom,
}

impl Format {
    fn of(path: &Path) -> Result<Self> {
        #[cfg(feature = "dicom")]
        if path.is_dir() {
            return Ok(Self::Dicom);
        }
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .to_lowercase();
        let has = |suffixes: &[&str]| suffixes.iter().any(|s| name.ends_with(s));
        if has(&[".nii", ".nii.gz", ".hdr", ".img", ".hdr.gz", ".img.gz"]) {
            Ok(Self::Nifti)
        } else if has(&[".nrrd", ".nhdr"]) {
            Ok(Self::Nrrd)
        } else if has(&[".mha", ".mhd"]) {
            Ok(Self::MetaImage)
        } else if has(&[".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp"]) {
            Ok(Self::Raster)
        } else if has(&[".dcm", ".dicom", ".ima"]) || has_dicom_mark(path) {
            Self::dicom(path)
        } else {
            Err(Error::UnknownSuffix {
                path: path.to_path_buf(),
            })
        }
    }

    #[cfg(feature = "dicom")]
    fn dicom(_: &Path) -> Result<Self> {
        Ok(Self::Dicom)
    }

    #[cfg(not(feature = "dicom"))]
    fn dicom(path: &Path) -> Result<Self> {
        Err(Error::FeatureMissing {
            path: path.to_path_buf(),
            format: "DICOM",
            feature: "dicom",
        })
    }
}

/// Whether a file has the letters DICM behind a preamble of 128 bytes.
fn has_dicom_mark(path: &Path) -> bool {
    // Opening a pipe would wait for somebody to write into it.
    if !path.is_file() {
        return false;
    }
    let mut head = [0; 132];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut head));
    read.is_ok() && head.ends_with(b"DICM")
}

/// Room for so many bytes of a file and the end that is found behind them. A file may claim more than there is memory for; then
/// reading finds out.
fn with_room(length: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Ok(length) = usize::try_from(length) {
        let _ = bytes.try_reserve_exact(length.saturating_add(1));
    }
    bytes
}

/// What a file is read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// Must have one number per voxel.
    Image,
    /// May have several, of which [`ReadOptions::mask_channel`] chooses one.
    Mask,
}

/// How much of a file's text an error message shows.
const EXCERPT: usize = 60;

/// The beginning of a text for an error message, in quotes.
fn excerpt(text: impl AsRef<[u8]>) -> String {
    let text = text.as_ref();
    let shown = String::from_utf8_lossy(&text[..text.len().min(EXCERPT)]);
    let more = if text.len() > EXCERPT { " .." } else { "" };
    format!("{shown:?}{more}")
}

/// A file being read: what its errors are about.
#[derive(Debug, Clone)]
struct Source {
    path: PathBuf,
    format: &'static str,
}

impl Source {
    fn new(path: &Path, format: &'static str) -> Self {
        Self {
            path: path.to_path_buf(),
            format,
        }
    }

    fn io(&self, source: std::io::Error) -> Error {
        Error::Io {
            path: self.path.clone(),
            source,
        }
    }

    fn malformed(&self, problem: impl Into<String>) -> Error {
        Error::Malformed {
            path: self.path.clone(),
            format: self.format,
            problem: problem.into(),
        }
    }

    fn unsupported(&self, feature: impl Into<String>) -> Error {
        Error::UnsupportedFormat {
            path: self.path.clone(),
            format: self.format,
            feature: feature.into(),
        }
    }

    /// The file, opened, and its length. A pipe is not even opened, since that would wait for a writer.
    fn open(&self) -> Result<(File, u64)> {
        let plain = |meta: std::fs::Metadata| {
            if meta.is_file() {
                Ok(meta.len())
            } else {
                Err(self.malformed("expected a file, found a folder or device"))
            }
        };
        plain(std::fs::metadata(&self.path).map_err(|e| self.io(e))?)?;
        let file = File::open(&self.path).map_err(|e| self.io(e))?;
        let length = plain(file.metadata().map_err(|e| self.io(e))?)?;
        Ok((file, length))
    }

    /// The whole file, if it is no larger than the limit.
    fn bytes(&self, options: &ReadOptions) -> Result<Vec<u8>> {
        let (file, length) = self.open()?;
        if length > options.max_bytes {
            return Err(self.too_large(u128::from(length), options));
        }
        let mut bytes = with_room(length);
        file.take(options.max_bytes)
            .read_to_end(&mut bytes)
            .map_err(|e| self.io(e))?;
        Ok(bytes)
    }

    /// `n` bytes of the file; the caller knows that they are not too many.
    fn part(&self, start: Start, n: usize) -> Result<Vec<u8>> {
        let (mut file, length) = self.open()?;
        let wanted = n as u64;
        let start = match start {
            Start::At(start) => start,
            Start::FromEnd => length.saturating_sub(wanted),
        };
        let found = length.saturating_sub(start);
        if found < wanted {
            return Err(self.malformed(format!("expected {n} bytes of voxels, found {found}")));
        }
        let mut bytes = with_room(wanted);
        file.seek(SeekFrom::Start(start))
            .and_then(|_| file.take(wanted).read_to_end(&mut bytes))
            .map_err(|e| self.io(e))?;
        samples::first(self, bytes, n)
    }

    fn too_large(&self, needed: u128, options: &ReadOptions) -> Error {
        Error::TooLarge {
            path: self.path.clone(),
            needed,
            limit: options.max_bytes,
        }
    }

    /// The number of voxels of a size, if it is positive and its voxels fit the limit.
    fn checked_voxels(&self, size: [u64; 3], options: &ReadOptions) -> Result<usize> {
        if size.contains(&0) {
            return Err(self.malformed(format!(
                "the size is {size:?} (z, y, x), expected positive numbers"
            )));
        }
        // Each factor is below 2^64, so only the third product can overflow 128 bits.
        let voxels =
            (u128::from(size[0]) * u128::from(size[1])).saturating_mul(u128::from(size[2]));
        let needed = voxels.saturating_mul(8);
        if needed > u128::from(options.max_bytes) {
            return Err(self.too_large(needed, options));
        }
        usize::try_from(voxels).map_err(|_| self.too_large(needed, options))
    }

    /// The number of numbers of `voxels` voxels of several components, if all of them fit the limit.
    fn checked_numbers(
        &self,
        voxels: usize,
        components: u64,
        pixel_type: PixelType,
        options: &ReadOptions,
    ) -> Result<usize> {
        let numbers = voxels as u128 * u128::from(components);
        let needed = numbers.saturating_mul(pixel_type.bytes() as u128);
        if needed > u128::from(options.max_bytes) {
            return Err(self.too_large(needed, options));
        }
        usize::try_from(numbers).map_err(|_| self.too_large(needed, options))
    }

    /// Which of `components` the voxels are: the only one of an image, the chosen one of a mask. `None` are scalar voxels,
    /// where there is nothing to choose; PyRadiomics ignores `label_channel` there, too.
    fn component(
        &self,
        role: Role,
        components: Option<u64>,
        options: &ReadOptions,
    ) -> Result<usize> {
        let channel = options.mask_channel.unwrap_or(0);
        match (role, components) {
            (_, None) | (Role::Image, Some(1)) => Ok(0),
            (Role::Image, Some(components)) => Err(Error::VectorImage {
                path: self.path.clone(),
                components,
            }),
            (Role::Mask, Some(channels)) if (channel as u64) < channels => Ok(channel),
            (Role::Mask, Some(channels)) => Err(self.no_such_channel(channel, channels)),
        }
    }

    fn no_such_channel(&self, channel: usize, channels: u64) -> Error {
        Error::NoSuchChannel {
            path: self.path.clone(),
            channel,
            channels,
        }
    }
}

/// What the volume formats decode to, before it is known to be an image or a mask.
struct Grid {
    numbers: Numbers,
    size: [usize; 3],
    pixel_type: PixelType,
    geometry: Geometry,
    dimensionality: Dimensionality,
}

impl Grid {
    fn into_volume(self, path: &Path) -> Result<Volume> {
        Volume::of_numbers(self.numbers, self.size, self.geometry, self.pixel_type)
            .and_then(|volume| volume.with_dimensionality(self.dimensionality))
            .map_err(|e| e.in_file(path))
    }

    fn into_mask(self, path: &Path) -> Result<Mask> {
        let (size, geometry) = (self.size, self.geometry);
        Mask::of_labels(self.into_labels(path)?, size, geometry).map_err(|e| e.in_file(path))
    }

    fn into_labels(self, path: &Path) -> Result<Labels> {
        let [_, ny, nx] = self.size;
        Labels::of_numbers(self.numbers).map_err(|(i, value)| {
            let (z, y, x) = (i / (nx * ny), i / nx % ny, i % nx);
            Error::NotALabel { z, y, x, value }.in_file(path)
        })
    }
}

#[cfg(all(test, not(feature = "dicom")))]
mod tests {
    use super::*;

    #[test]
    fn dicom_files_name_the_feature_that_reads_them() {
        let path = std::env::temp_dir().join("not_there.dcm");
        let err = read_image(&path, &ReadOptions::default()).unwrap_err();
        assert!(
            matches!(
                err,
                Error::FeatureMissing {
                    feature: "dicom",
                    ..
                }
            ),
            "{err}"
        );
    }
}
