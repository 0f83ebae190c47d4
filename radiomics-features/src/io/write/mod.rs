//! Writing images and maps: to bytes, wherever they go. No function here opens a file.

mod nifti;
mod nrrd;

use std::io::Write;
use std::path::Path;

use flate2::write::GzEncoder;
use ndarray::ArrayView3;

use crate::error::{Error, Result};
use crate::volume::{Dimensionality, Geometry, PixelType, Volume, shape};
use crate::voxelwise::FeatureMap;

/// A file format that images are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum VolumeFormat {
    /// NRRD, header and voxels in one file; positions are written to the last bit.
    Nrrd(Compression),
    /// NIfTI-1, header and voxels in one file; positions are rounded to 32 bits, as the format has it.
    Nifti(Compression),
}

/// Whether voxels are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Compression {
    /// As they are.
    None,
    /// By gzip.
    Gzip,
}

impl VolumeFormat {
    /// The format that a file name asks for: packed NRRD for `.nrrd`, NIfTI for `.nii`, packed for `.nii.gz`, in either case.
    ///
    /// # Errors
    /// [`Error::UnknownOutputSuffix`] for any other name.
    pub fn of(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let name = name.to_lowercase();
        if name.ends_with(".nrrd") {
            Ok(Self::Nrrd(Compression::Gzip))
        } else if name.ends_with(".nii") {
            Ok(Self::Nifti(Compression::None))
        } else if name.ends_with(".nii.gz") {
            Ok(Self::Nifti(Compression::Gzip))
        } else {
            Err(Error::UnknownOutputSuffix {
                path: path.to_path_buf(),
            })
        }
    }
}

/// What can be written: a [`Volume`] in its own number type, or a [`FeatureMap`] in 64-bit floating point numbers, which may be
/// NaN.
#[derive(Debug, Clone, Copy)]
pub struct ImageView<'a> {
    voxels: ArrayView3<'a, f64>,
    geometry: &'a Geometry,
    dimensionality: Dimensionality,
    pixel_type: PixelType,
}

impl<'a> From<&'a Volume> for ImageView<'a> {
    fn from(volume: &'a Volume) -> Self {
        Self {
            voxels: volume.voxels(),
            geometry: volume.geometry(),
            dimensionality: volume.dimensionality(),
            pixel_type: volume.pixel_type(),
        }
    }
}

impl<'a> From<&'a FeatureMap> for ImageView<'a> {
    fn from(map: &'a FeatureMap) -> Self {
        Self {
            voxels: map.voxels.view(),
            geometry: &map.geometry,
            dimensionality: map.dimensionality,
            pixel_type: PixelType::F64,
        }
    }
}

impl ImageView<'_> {
    /// Voxels along the axes that the file has, x first.
    fn sides(&self) -> Vec<usize> {
        let [z, y, x] = shape(self.voxels);
        match self.dimensionality {
            Dimensionality::Two if z == 1 => vec![x, y],
            _ => vec![x, y, z],
        }
    }
}

/// Writes an image with its geometry. The voxels that are read back are the same bits.
///
/// The same image gives the same bytes. Writing to a `Vec<u8>` cannot fail but by [`Error::SideTooLong`]; a program that writes
/// files does well to write to another name first and to rename the file when it is complete.
///
/// ```
/// use radiomics_features::io::{Compression, VolumeFormat, write_volume};
/// use radiomics_features::{Geometry, PixelType, Volume};
///
/// let volume = Volume::new(ndarray::Array3::zeros((2, 3, 4)), Geometry::new([1.0; 3])?, PixelType::I16)?;
/// let mut bytes = Vec::new();
/// write_volume(&mut bytes, &volume, VolumeFormat::Nifti(Compression::None))?;
/// assert_eq!(bytes.len(), 352 + 2 * 24);
/// # Ok::<(), radiomics_features::Error>(())
/// ```
///
/// # Errors
/// [`Error::Write`] if the writer fails, [`Error::SideTooLong`] for more than 32,767 voxels along an axis in NIfTI-1.
pub fn write_volume<'a>(
    mut out: impl Write,
    image: impl Into<ImageView<'a>>,
    format: VolumeFormat,
) -> Result<()> {
    let image = image.into();
    match format {
        VolumeFormat::Nrrd(compression) => nrrd::write(&mut out, &image, compression),
        VolumeFormat::Nifti(compression) => {
            let header = nifti::header(&image)?;
            nifti::write(&mut out, &header, &image, compression)
        }
    }
    .and_then(|()| out.flush())
    .map_err(|source| Error::Write { source })
}

fn packed<W: Write>(out: W) -> GzEncoder<W> {
    GzEncoder::new(out, flate2::Compression::default())
}

/// Writes the voxels in memory order, little endian.
fn write_voxels(out: &mut impl Write, image: &ImageView<'_>) -> std::io::Result<()> {
    const BUFFER: usize = 1 << 16;
    let mut bytes = Vec::with_capacity(BUFFER + 8);
    macro_rules! write_as {
        ($t:ty) => {
            for &value in image.voxels {
                bytes.extend_from_slice(&(value as $t).to_le_bytes());
                if bytes.len() >= BUFFER {
                    out.write_all(&bytes)?;
                    bytes.clear();
                }
            }
        };
    }
    match image.pixel_type {
        PixelType::U8 => write_as!(u8),
        PixelType::I8 => write_as!(i8),
        PixelType::U16 => write_as!(u16),
        PixelType::I16 => write_as!(i16),
        PixelType::U32 => write_as!(u32),
        PixelType::I32 => write_as!(i32),
        PixelType::U64 => write_as!(u64),
        PixelType::I64 => write_as!(i64),
        PixelType::F32 => write_as!(f32),
        PixelType::F64 => write_as!(f64),
    }
    out.write_all(&bytes)
}
