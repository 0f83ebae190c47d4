//! Writing images and maps: to bytes, wherever they go. No function here opens a file.

mod nifti;
mod nrrd;

use std::io::Write;
use std::path::Path;

use flate2::write::GzEncoder;
use ndarray::{CowArray, Ix3};

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
#[derive(Debug, Clone)]
pub struct ImageView<'a> {
    voxels: CowArray<'a, f64, Ix3>,
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
            voxels: map.voxels.view().into(),
            geometry: &map.geometry,
            dimensionality: map.dimensionality,
            pixel_type: PixelType::F64,
        }
    }
}

impl ImageView<'_> {
    /// Voxels along the axes that the file has, x first.
    fn sides(&self) -> Vec<usize> {
        let [z, y, x] = shape(self.voxels.view());
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
            for &value in &image.voxels {
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

#[cfg(test)]
mod tests {
    use ndarray::Array3;

    use super::*;
    use crate::io::{ReadOptions, read_image};

    const FORMATS: [(&str, VolumeFormat); 4] = [
        ("raw.nrrd", VolumeFormat::Nrrd(Compression::None)),
        ("gz.nrrd", VolumeFormat::Nrrd(Compression::Gzip)),
        ("raw.nii", VolumeFormat::Nifti(Compression::None)),
        ("gz.nii.gz", VolumeFormat::Nifti(Compression::Gzip)),
    ];

    /// Turned by half a radian about z, then x turned around if `left_handed`.
    fn geometry(left_handed: bool) -> Geometry {
        let (s, c) = 0.5f64.sin_cos();
        let x = if left_handed { -1.0 } else { 1.0 };
        let direction = [[1.0, 0.0, 0.0], [0.0, c, -s], [0.0, x * s, x * c]];
        Geometry::with_pose([2.5, 1.0 / 3.0, 0.7], [-10.1, 200.2, 1e-3], direction).expect("a grid")
    }

    fn volume(size: [usize; 3], pixel_type: PixelType, geometry: Geometry) -> Volume {
        let whole = pixel_type.is_integer();
        let voxels = Array3::from_shape_fn(size, |(z, y, x)| {
            let value = (50 * z + 7 * y + x) as f64;
            if whole { value } else { value / 8.0 - 3.5 }
        });
        Volume::new(voxels, geometry, pixel_type).expect("a sound image")
    }

    fn read_back(bytes: &[u8], name: &str) -> Volume {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).expect("written");
        read_image(&path, &ReadOptions::default()).expect("an image")
    }

    #[test]
    fn every_number_type_comes_back() {
        use PixelType::{F32, F64, I8, I16, I32, I64, U8, U16, U32, U64};
        for pixel_type in [U8, I8, U16, I16, U32, I32, U64, I64, F32, F64] {
            for (name, format) in FORMATS {
                let written = volume([2, 3, 4], pixel_type, geometry(false));
                let mut bytes = Vec::new();
                write_volume(&mut bytes, &written, format).expect("written");
                let read = read_back(&bytes, name);
                assert_eq!(read.voxels(), written.voxels(), "{name} {pixel_type:?}");
                assert_eq!(read.pixel_type(), pixel_type);
            }
        }
    }

    #[test]
    fn grids_come_back() {
        for left_handed in [false, true] {
            let geometry = geometry(left_handed);
            for (name, format) in FORMATS {
                let mut bytes = Vec::new();
                let written = volume([2, 3, 4], PixelType::F64, geometry);
                write_volume(&mut bytes, &written, format).expect("written");
                let tolerance = match format {
                    VolumeFormat::Nrrd(_) => 1e-14,
                    VolumeFormat::Nifti(_) => 1e-5,
                };
                let read = *read_back(&bytes, name).geometry();
                assert_eq!(geometry.difference(&read, tolerance), None, "{name}");
                if name == "raw.nii" {
                    // The qform alone says the same.
                    bytes[254..256].fill(0);
                    let read = *read_back(&bytes, name).geometry();
                    assert_eq!(geometry.difference(&read, tolerance), None);
                }
            }
        }
    }

    #[test]
    fn planes_stay_planes() {
        let plane = volume([1, 3, 4], PixelType::I16, geometry(false));
        let plane = plane
            .with_dimensionality(Dimensionality::Two)
            .expect("one slice");
        for (name, format) in FORMATS {
            let mut bytes = Vec::new();
            write_volume(&mut bytes, &plane, format).expect("written");
            let read = read_back(&bytes, name);
            assert_eq!(read.dimensionality(), Dimensionality::Two, "{name}");
            assert_eq!(read.voxels(), plane.voxels());
            for axis in [1, 2] {
                let (found, expected) = (read.spacing()[axis], plane.spacing()[axis]);
                assert!(
                    (found - expected).abs() < 1e-7,
                    "{name}: {found} {expected}"
                );
            }
        }
    }

    #[test]
    fn names_choose_formats() {
        let of = |name: &str| VolumeFormat::of(name);
        assert_eq!(
            of("a/b.NRRD").ok(),
            Some(VolumeFormat::Nrrd(Compression::Gzip))
        );
        assert_eq!(
            of("b.nii").ok(),
            Some(VolumeFormat::Nifti(Compression::None))
        );
        assert_eq!(
            of("b.nii.gz").ok(),
            Some(VolumeFormat::Nifti(Compression::Gzip))
        );
        assert!(matches!(
            of("b.png"),
            Err(Error::UnknownOutputSuffix { .. })
        ));
    }

    #[test]
    fn what_cannot_be_written_is_an_error() {
        let long = volume([1, 1, 40_000], PixelType::I32, geometry(false));
        let error = write_volume(Vec::new(), &long, FORMATS[2].1).err();
        assert!(
            matches!(
                error,
                Some(Error::SideTooLong {
                    axis: "x",
                    side: 40_000,
                    ..
                })
            ),
            "{error:?}"
        );
        let mut full = [0u8; 100];
        let error = write_volume(&mut full[..], &long, FORMATS[0].1).err();
        assert!(matches!(error, Some(Error::Write { .. })), "{error:?}");
    }

    #[test]
    fn maps_may_hold_nan() {
        let map = FeatureMap {
            name: "original_firstorder_Mean".parse().expect("a name"),
            voxels: ndarray::arr3(&[[[f64::NAN, 0.1]]]),
            geometry: geometry(false),
            dimensionality: Dimensionality::Three,
            not_computed: 0,
        };
        let mut bytes = Vec::new();
        write_volume(&mut bytes, &map, FORMATS[2].1).expect("written");
        let end: Vec<f64> = bytes[352..]
            .chunks_exact(8)
            .map(|b| f64::from_le_bytes(b.try_into().expect("8 bytes")))
            .collect();
        assert!(end[0].is_nan() && end[1] == 0.1 && end.len() == 2);
    }
}
