//! Diagnostics: what image and region an extraction saw, as PyRadiomics reports it beside the features (`additionalInfo`).
//!
//! Names and order are those of PyRadiomics' `diagnostics_…` columns, and so are the texts of the values: triples in x, y, z order
//! in parentheses, numbers as Python prints them. A hash is the SHA-1 of the voxels in their stored number type, little-endian, x
//! fastest (masks: 32-bit unsigned), which is SimpleITK's `Hash` of the same image.
//!
//! # Differences
//! The `Versions` columns name this crate where PyRadiomics names itself, and are empty for the Python packages that are not there.
//! `Configuration_Settings` has the settings of the first image type, those left at PyRadiomics' own defaults only where PyRadiomics
//! lists them, too; numbers are written without the trailing `.0` that a file may have had. What differs between image types stands in
//! `Configuration_EnabledImageTypes`.

mod configuration;

use std::fmt;

use ndarray::ArrayView3;
use sha1::{Digest, Sha1};

use crate::discretize::Levels;
use crate::error::Result;
use crate::normalize::compensated_sum;
use crate::params::Params;
use crate::preprocess::Prepared;
use crate::roi::{BoundingBox, Region, RegionGrid, Roi};
use crate::texture::Glszm;
use crate::volume::{Dimensionality, Geometry, PixelType, Volume};

/// What an extraction saw, step by step.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Diagnostics {
    /// The settings, as a Python dictionary.
    pub settings: String,
    /// The image types with their own settings, as a Python dictionary.
    pub image_types: String,
    /// Whether image and mask are planes or volumes.
    pub dimensionality: Dimensionality,
    /// SHA-1 of the image's voxels, in lower-case hex.
    pub image_hash: String,
    /// The image as it was given.
    pub image: ImageDiagnostics,
    /// SHA-1 of the mask's labels, in lower-case hex.
    pub mask_hash: String,
    /// The region as it was given.
    pub region: RegionDiagnostics,
    /// The image after resampling.
    pub interpolated_image: Option<ImageDiagnostics>,
    /// The region after resampling.
    pub interpolated_region: Option<RegionDiagnostics>,
    /// The region on the image's grid, if the mask had another ([`MaskGrid::Corrected`](crate::MaskGrid::Corrected)).
    pub corrected_region: Option<RegionDiagnostics>,
    /// The region after re-segmentation.
    pub resegmented_region: Option<RegionDiagnostics>,
}

/// An image in numbers. Triples are in `(z, y, x)` order.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct ImageDiagnostics {
    /// Spacing in mm.
    pub spacing: [f64; 3],
    /// Number of voxels.
    pub size: [usize; 3],
    /// Intensities of all voxels.
    pub intensities: IntensitySummary,
}

/// A region in numbers. Triples are in `(z, y, x)` order.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct RegionDiagnostics {
    /// Spacing of the mask in mm.
    pub spacing: [f64; 3],
    /// Number of voxels of the mask.
    pub size: [usize; 3],
    /// Box of the region in the mask.
    pub bounds: BoundingBox,
    /// Number of voxels of the region.
    pub n_voxels: usize,
    /// Number of parts that are not connected: through 26 neighbors, in a plane through 8.
    pub n_components: usize,
    /// Mean voxel index.
    pub center_index: [f64; 3],
    /// Position of the mean voxel index in mm, as (superior, posterior, left).
    pub center: [f64; 3],
    /// Intensities of the image in the region; `None` for the region as it was given, which may not fit the image.
    pub intensities: Option<IntensitySummary>,
}

/// Intensities in three numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct IntensitySummary {
    /// Arithmetic mean.
    pub mean: f64,
    /// Smallest.
    pub minimum: f64,
    /// Largest.
    pub maximum: f64,
}

impl Diagnostics {
    pub(crate) fn new(params: &Params, roi: &Roi<'_>, prepared: &Prepared<'_>) -> Result<Self> {
        let (image, mask) = (roi.image(), roi.label_mask());
        let given = Region::of_label(mask, roi.params().label)?;
        let grid = Grid {
            geometry: mask.geometry(),
            size: mask.size(),
        };
        let prepared_grid = Grid {
            geometry: prepared.image.geometry(),
            size: prepared.image.size(),
        };
        let in_image =
            |region: &Region| RegionDiagnostics::new(&prepared_grid, region, Some(&prepared.image));
        let resampled = params.resampling.is_some();
        let corrected =
            roi.grid() == RegionGrid::Corrected && !resampled && params.pre_crop.is_none();
        Ok(Self {
            settings: configuration::settings(params, roi.params()),
            image_types: configuration::image_types(params),
            dimensionality: image.dimensionality(),
            image_hash: image_hash(image),
            image: ImageDiagnostics::new(image),
            mask_hash: hash(mask.labels().iter().map(|label| label.to_le_bytes())),
            region: RegionDiagnostics::new(&grid, &given, None)?,
            interpolated_image: resampled.then(|| ImageDiagnostics::new(&prepared.image)),
            interpolated_region: resampled.then(|| in_image(&prepared.region)).transpose()?,
            corrected_region: corrected.then(|| in_image(&prepared.region)).transpose()?,
            resegmented_region: prepared.resegmented.as_ref().map(in_image).transpose()?,
        })
    }

    /// `(column, text)` in the order of PyRadiomics' columns. Planes have pairs instead of triples.
    #[must_use]
    pub fn rows(&self) -> Vec<(String, String)> {
        let mut rows = Rows {
            dimensionality: self.dimensionality,
            rows: Vec::with_capacity(32),
        };
        let program = concat!("radiomics-features ", env!("CARGO_PKG_VERSION"));
        rows.push("Versions_PyRadiomics", program);
        for package in ["Numpy", "SimpleITK", "PyWavelet", "Python"] {
            rows.push(&format!("Versions_{package}"), "");
        }
        rows.push("Configuration_Settings", &self.settings);
        rows.push("Configuration_EnabledImageTypes", &self.image_types);
        rows.push("Image-original_Hash", &self.image_hash);
        rows.push("Image-original_Dimensionality", self.dimensionality);
        rows.image("original", &self.image);
        rows.push("Mask-original_Hash", &self.mask_hash);
        rows.region("original", &self.region);
        if let Some(image) = &self.interpolated_image {
            rows.image("interpolated", image);
        }
        let later = [
            ("interpolated", &self.interpolated_region),
            ("corrected", &self.corrected_region),
            ("resegmented", &self.resegmented_region),
        ];
        for (step, region) in later {
            if let Some(region) = region {
                rows.region(step, region);
            }
        }
        rows.rows
    }
}

/// Where a mask lies.
struct Grid<'a> {
    geometry: &'a Geometry,
    size: [usize; 3],
}

impl ImageDiagnostics {
    fn new(image: &Volume) -> Self {
        Self {
            spacing: image.spacing(),
            size: image.size(),
            intensities: IntensitySummary::new(image.voxels().iter().copied()),
        }
    }
}

impl RegionDiagnostics {
    fn new(grid: &Grid<'_>, region: &Region, image: Option<&Volume>) -> Result<Self> {
        let mask = region.mask.view();
        let mut sums = [0usize; 3];
        for ((z, y, x), _) in mask.indexed_iter().filter(|&(_, &inside)| inside) {
            for (sum, index) in sums.iter_mut().zip([z, y, x]) {
                *sum += index;
            }
        }
        let n_voxels = region.n_voxels;
        let center_index: [f64; 3] = std::array::from_fn(|axis| {
            (sums[axis] + n_voxels * region.bounds.start[axis]) as f64 / n_voxels as f64
        });
        Ok(Self {
            spacing: grid.geometry.spacing,
            size: grid.size,
            bounds: region.bounds,
            n_voxels,
            n_components: count_components(mask)?,
            center_index,
            center: grid.geometry.position(center_index),
            intensities: image.map(|image| {
                let values = image.part(&region.bounds);
                let inside = values.iter().zip(mask).filter(|&(_, &inside)| inside);
                IntensitySummary::new(inside.map(|(&value, _)| value))
            }),
        })
    }
}

impl IntensitySummary {
    fn new(values: impl Iterator<Item = f64> + Clone) -> Self {
        let n = values.clone().count();
        Self {
            mean: compensated_sum(values.clone()) / n as f64,
            minimum: values.clone().fold(f64::INFINITY, f64::min),
            maximum: values.fold(f64::NEG_INFINITY, f64::max),
        }
    }
}

/// Parts of a region that are not connected.
fn count_components(mask: ArrayView3<'_, bool>) -> Result<usize> {
    // Of one gray level, the zones of the region are its connected parts.
    let levels = Levels::from_array(mask.mapv(u16::from).view())?;
    Ok(Glszm::new(&levels, None).matrix.n_elements() as usize)
}

fn image_hash(image: &Volume) -> String {
    let voxels = image.voxels();
    macro_rules! of {
        ($t:ty) => {
            hash(voxels.iter().map(|&v| (v as $t).to_le_bytes()))
        };
    }
    match image.pixel_type() {
        PixelType::U8 => of!(u8),
        PixelType::I8 => of!(i8),
        PixelType::U16 => of!(u16),
        PixelType::I16 => of!(i16),
        PixelType::U32 => of!(u32),
        PixelType::I32 => of!(i32),
        PixelType::U64 => of!(u64),
        PixelType::I64 => of!(i64),
        PixelType::F32 => of!(f32),
        PixelType::F64 => of!(f64),
    }
}

/// SHA-1 of numbers, one after the other.
fn hash<const N: usize>(numbers: impl Iterator<Item = [u8; N]>) -> String {
    const BLOCK: usize = 1 << 16;
    let mut hasher = Sha1::new();
    let mut block = Vec::with_capacity(BLOCK + N);
    for bytes in numbers {
        block.extend_from_slice(&bytes);
        if block.len() >= BLOCK {
            hasher.update(&block);
            block.clear();
        }
    }
    hasher.update(&block);
    hasher
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Columns being written.
struct Rows {
    dimensionality: Dimensionality,
    rows: Vec<(String, String)>,
}

impl Rows {
    fn push(&mut self, name: &str, value: impl fmt::Display) {
        self.rows
            .push((format!("diagnostics_{name}"), value.to_string()));
    }

    fn image(&mut self, step: &str, image: &ImageDiagnostics) {
        self.push(
            &format!("Image-{step}_Spacing"),
            self.numbers(image.spacing),
        );
        self.push(&format!("Image-{step}_Size"), self.tuple(image.size));
        self.intensities(&format!("Image-{step}"), &image.intensities);
    }

    fn region(&mut self, step: &str, region: &RegionDiagnostics) {
        let name = |what: &str| format!("Mask-{step}_{what}");
        self.push(&name("Spacing"), self.numbers(region.spacing));
        self.push(&name("Size"), self.tuple(region.size));
        let bounds = [
            self.axes(region.bounds.start),
            self.axes(region.bounds.size),
        ]
        .concat();
        self.push(&name("BoundingBox"), parentheses(bounds));
        self.push(&name("VoxelNum"), region.n_voxels);
        self.push(&name("VolumeNum"), region.n_components);
        self.push(
            &name("CenterOfMassIndex"),
            self.numbers(region.center_index),
        );
        self.push(&name("CenterOfMass"), self.numbers(region.center));
        if let Some(intensities) = &region.intensities {
            self.intensities(&format!("Mask-{step}"), intensities);
        }
    }

    fn intensities(&mut self, prefix: &str, intensities: &IntensitySummary) {
        for (name, value) in [
            ("Mean", intensities.mean),
            ("Minimum", intensities.minimum),
            ("Maximum", intensities.maximum),
        ] {
            self.push(&format!("{prefix}_{name}"), python_float(value));
        }
    }

    fn numbers(&self, zyx: [f64; 3]) -> String {
        self.tuple(zyx.map(python_float))
    }

    fn tuple<T: fmt::Display>(&self, zyx: [T; 3]) -> String {
        parentheses(self.axes(zyx))
    }

    /// In the order x, y, z; a plane has no z.
    fn axes<T>(&self, zyx: [T; 3]) -> Vec<T> {
        let n = match self.dimensionality {
            Dimensionality::Two => 2,
            Dimensionality::Three => 3,
        };
        zyx.into_iter().rev().take(n).collect()
    }
}

fn parentheses<T: fmt::Display>(items: Vec<T>) -> String {
    let items: Vec<String> = items.iter().map(T::to_string).collect();
    format!("({})", items.join(", "))
}

/// A number as Python prints it: shortest digits that read back, an exponent of at least two digits below 1e-4 and from 1e16.
fn python_float(value: f64) -> String {
    let plain = value == 0.0 || (1e-4..1e16).contains(&value.abs()) || !value.is_finite();
    if plain {
        return match value {
            _ if value.is_nan() => "nan".to_owned(),
            _ if value.is_infinite() => format!("{value}"),
            _ if value.fract() == 0.0 => format!("{value:.1}"),
            _ => format!("{value}"),
        };
    }
    let text = format!("{value:e}");
    let (digits, exponent) = text.split_once('e').expect("the exponent was asked for");
    let (sign, exponent) = match exponent.strip_prefix('-') {
        Some(exponent) => ('-', exponent),
        None => ('+', exponent),
    };
    format!("{digits}e{sign}{exponent:0>2}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::arr3;

    #[test]
    fn numbers_look_as_in_python() {
        let cases = [
            (1.0, "1.0"),
            (0.1, "0.1"),
            (-0.0, "-0.0"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (1.5e-7, "1.5e-07"),
            (1e15, "1000000000000000.0"),
            (1e16, "1e+16"),
            (1.25e120, "1.25e+120"),
            (6.499999999999998, "6.499999999999998"),
        ];
        for (value, text) in cases {
            assert_eq!(python_float(value), text);
        }
    }

    #[test]
    fn hashes_are_of_bytes() {
        // The SHA-1 of "abc", of the standard's examples.
        assert_eq!(
            hash([*b"a", *b"b", *b"c"].into_iter()),
            "a9993e364706816aba3e25717850c26c9cd0d89d"
        );
    }

    #[test]
    fn parts_touch_at_corners() {
        let mask = arr3(&[
            [[true, false, false], [false, true, false]],
            [[false, false, false], [false, false, true]],
        ]);
        assert_eq!(count_components(mask.view()).unwrap(), 1);
        let mask = arr3(&[[[true, false, true]]]);
        assert_eq!(count_components(mask.view()).unwrap(), 2);
    }
}
