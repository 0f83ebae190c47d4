//! Whole calls against PyRadiomics and SimpleITK. Where the files come from: `tests/golden/resample/README.md`.

use std::path::{Path, PathBuf};

use ndarray::Array3;
use serde::Deserialize;

use super::*;
use crate::roi::MaskGrid;
use crate::volume::{Geometry, PixelType};

/// A case as `make_resample.py` writes it; triples in `(x, y, z)` order, two numbers for a plane.
#[derive(Deserialize)]
struct Case {
    name: String,
    /// `None`: the mask is corrected.
    spacing: Option<Vec<f64>>,
    interpolator: Option<String>,
    margin: usize,
    pixel_type: String,
    image: Grid<f64>,
    mask: Grid<u32>,
    expected: Option<Expected>,
    error: Option<String>,
}

#[derive(Deserialize)]
struct Grid<T> {
    size: Vec<usize>,
    spacing: Vec<f64>,
    origin: Vec<f64>,
    direction: Vec<f64>,
    values: Vec<T>,
}

#[derive(Deserialize)]
struct Expected {
    size: Vec<usize>,
    spacing: Vec<f64>,
    origin: Vec<f64>,
    #[serde(default)]
    values: Vec<f64>,
    mask: Vec<u32>,
}

/// Completes a triple from `(x, y)` and turns it to `(z, y, x)`.
fn triple<T: Copy>(v: &[T], z: T) -> [T; 3] {
    [v.get(2).copied().unwrap_or(z), v[1], v[0]]
}

impl<T: Clone> Grid<T> {
    fn geometry(&self) -> Geometry {
        let n = self.size.len();
        let direction = [2, 1, 0].map(|axis| {
            [2, 1, 0].map(|component| match axis.max(component) < n {
                true => self.direction[component * n + axis],
                false => f64::from(u8::from(axis == component)),
            })
        });
        Geometry::with_pose(
            triple(&self.spacing, 1.0),
            triple(&self.origin, 0.0),
            direction,
        )
        .unwrap()
    }

    fn array(&self) -> Array3<T> {
        Array3::from_shape_vec(triple(&self.size, 1), self.values.clone()).unwrap()
    }
}

impl Case {
    fn volume(&self) -> Volume {
        let pixel_type = match self.pixel_type.as_str() {
            "U8" => PixelType::U8,
            "I8" => PixelType::I8,
            "U16" => PixelType::U16,
            "I16" => PixelType::I16,
            "U32" => PixelType::U32,
            "I32" => PixelType::I32,
            "U64" => PixelType::U64,
            "I64" => PixelType::I64,
            "F32" => PixelType::F32,
            _ => PixelType::F64,
        };
        let dimensionality = match self.image.size.len() {
            2 => Dimensionality::Two,
            _ => Dimensionality::Three,
        };
        Volume::new(self.image.array(), self.image.geometry(), pixel_type)
            .and_then(|image| image.with_dimensionality(dimensionality))
            .unwrap()
    }

    fn resampling(&self) -> Option<Resampling> {
        let spacing = match self.spacing.as_deref()? {
            &[x, y] => PixelSpacing::Plane([y, x]),
            &[x, y, z] => PixelSpacing::Volume([z, y, x]),
            other => panic!("{} spacings", other.len()),
        };
        let interpolator = match self.interpolator.as_deref().unwrap() {
            "NearestNeighbor" => Interpolator::NearestNeighbor,
            "Linear" => Interpolator::Linear,
            "BSpline" => Interpolator::BSpline,
            "Gaussian" => Interpolator::Gaussian,
            "LabelGaussian" => Interpolator::LabelGaussian,
            "HammingWindowedSinc" => Interpolator::HammingWindowedSinc,
            "CosineWindowedSinc" => Interpolator::CosineWindowedSinc,
            "WelchWindowedSinc" => Interpolator::WelchWindowedSinc,
            "LanczosWindowedSinc" => Interpolator::LanczosWindowedSinc,
            _ => Interpolator::BlackmanWindowedSinc,
        };
        Some(Resampling {
            spacing,
            interpolator,
            margin: self.margin,
            ..Resampling::default()
        })
    }

    fn run(&self) -> Result<(Option<Volume>, Region)> {
        let image = self.volume();
        let mask = Mask::new(self.mask.array(), self.mask.geometry()).unwrap();
        let params = RoiParams {
            mask_grid: MaskGrid::Own,
            minimum_dimensions: 1,
            ..RoiParams::default()
        };
        match self.resampling() {
            Some(resampling) => {
                let roi = Roi::new(&image, &mask, &params)?;
                let (image, region) = resampling.apply(&image, &roi)?;
                Ok((Some(image), region))
            }
            None => {
                let region = onto_image(&image, &mask, &params)?;
                Ok((None, region))
            }
        }
    }
}

/// How far the voxels of a case are off.
#[derive(Debug, Default)]
struct Off {
    voxels: usize,
    of: usize,
    largest: f64,
}

/// Compares a case; integer voxels and masks must be equal, floats to 1e-12 of the largest.
fn compare(case: &Case) -> Off {
    let name = &case.name;
    let mut off = Off::default();
    let result = case.run();
    let Some(expected) = &case.expected else {
        let error = result.err().unwrap_or_else(|| panic!("{name}: no error"));
        match case.error.as_deref().unwrap() {
            "EmptyRegion" => assert!(
                matches!(error, Error::EmptyRegion { .. }),
                "{name}: {error}"
            ),
            _ => assert!(
                matches!(error, Error::RegionOutsideImage { .. }),
                "{name}: {error}"
            ),
        }
        return off;
    };
    let (image, region) = match result {
        // A corrected mask of one voxel cannot be used.
        Err(Error::SingleVoxel { .. })
            if expected.mask.iter().filter(|&&l| l == 1).count() == 1 =>
        {
            return off;
        }
        other => other.unwrap_or_else(|e| panic!("{name}: {e}")),
    };
    let size = triple(&expected.size, 1);
    let mask = Array3::from_shape_vec(size, expected.mask.clone()).unwrap();
    let found = Region::cropped(mask.mapv(|l| l == 1).view(), [0; 3], 1).unwrap();
    assert_eq!(region, found, "{name}: region");
    let Some(image) = image else {
        return off;
    };
    assert_eq!(image.size(), size, "{name}: size");
    let n = expected.size.len();
    let geometry = image.geometry();
    assert_eq!(
        triple(&expected.spacing, geometry.spacing[0]),
        geometry.spacing,
        "{name}"
    );
    for (a, b) in expected
        .origin
        .iter()
        .zip(reversed(geometry.origin))
        .take(n)
    {
        assert!(
            (a - b).abs() <= 1e-10 * a.abs().max(1.0),
            "{name}: origin {a} {b}"
        );
    }
    let largest = expected.values.iter().fold(0.0f64, |a, b| a.max(b.abs()));
    for (&found, &expected) in image.voxels().iter().zip(&expected.values) {
        off.of += 1;
        if found != expected {
            off.voxels += 1;
            off.largest = off.largest.max((found - expected).abs() / largest);
        }
    }
    off
}

fn cases(path: &Path) -> Vec<Case> {
    let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_str(&text).unwrap()
}

#[test]
fn voxels_and_regions_are_those_of_the_reference() {
    let file = "tests/golden/resample/cases.json";
    let mut files = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(file)];
    // More cases, e.g. random ones.
    files.extend(std::env::var_os("RADIOMICS_RESAMPLE_CASES").map(PathBuf::from));
    for file in files {
        let cases = cases(&file);
        let all: Vec<Off> = cases.iter().map(compare).collect();
        let wrong: Vec<(&str, &Off)> = cases
            .iter()
            .zip(&all)
            .filter(|(case, off)| {
                let exact = !case.pixel_type.starts_with('F');
                off.largest > if exact { 0.0 } else { 1e-12 }
            })
            .map(|(case, off)| (case.name.as_str(), off))
            .collect();
        assert!(wrong.is_empty(), "{}: {wrong:#?}", file.display());
    }
}

/// An image of zeros and a region of 2 × 3 × 4 voxels from voxel 1 on.
fn pair(spacing: [f64; 3]) -> (Volume, Mask) {
    let geometry = Geometry::new(spacing).unwrap();
    let image = Volume::new(Array3::zeros((6, 7, 8)), geometry, PixelType::I16).unwrap();
    let labels = Array3::from_shape_fn((6, 7, 8), |(z, y, x)| {
        u32::from((1..3).contains(&z) && (1..4).contains(&y) && (1..5).contains(&x))
    });
    (image, Mask::new(labels, geometry).unwrap())
}

fn apply(image: &Volume, mask: &Mask, spacing: PixelSpacing) -> Result<(Volume, Region)> {
    let resampling = Resampling {
        spacing,
        interpolator: Interpolator::default(),
        margin: 1,
        ..Resampling::default()
    };
    let params = RoiParams {
        mask_grid: MaskGrid::Own,
        ..RoiParams::default()
    };
    resampling.apply(image, &Roi::new(image, mask, &params)?)
}

#[test]
fn the_new_grid_by_hand() {
    let (image, mask) = pair([3.0, 1.0, 1.0]);
    let (image, region) = apply(&image, &mask, PixelSpacing::Volume([0.0, 2.0, 2.0])).unwrap();
    // y: from floor(0.5 / 2 - 1) = -1, cut to 0, to ceil(3.5 / 2 + 1) = 3.
    // x: to ceil(4.5 / 2 + 1) = 4, cut to 8 / 2 - 1 = 3; z: from 0.5 - 1 to 2.5 + 1, both rounded outwards.
    assert_eq!(image.size(), [5, 4, 4]);
    assert_eq!(image.spacing(), [3.0, 2.0, 2.0]);
    assert_eq!(image.geometry().origin, [0.0, 0.5, 0.5]);
    // New centers lie at 0.5, 2.5, 4.5; halfway belongs to the next voxel: 1, 3, 5.
    assert_eq!(region.bounds.start, [1, 0, 0]);
    assert_eq!(region.bounds.size, [2, 2, 2]);
}

#[test]
fn a_grid_beyond_memory_is_refused_before_it_is_made() {
    let (image, mask) = pair([1.0; 3]);
    let err = apply(&image, &mask, PixelSpacing::Volume([1e-6; 3])).unwrap_err();
    assert!(matches!(err, Error::GridTooLarge { voxels, .. } if voxels[0] > 1e6));
    let err = apply(&image, &mask, PixelSpacing::Volume([1e-308; 3])).unwrap_err();
    assert!(matches!(err, Error::GridTooLarge { .. }));
}

#[test]
fn spacings_must_fit_the_image() {
    let (image, mask) = pair([1.0; 3]);
    for spacing in [
        PixelSpacing::Plane([1.0; 2]),
        PixelSpacing::Volume([1.0, -1.0, 1.0]),
        PixelSpacing::Volume([f64::NAN, 1.0, 1.0]),
    ] {
        let err = apply(&image, &mask, spacing).unwrap_err();
        assert!(matches!(
            err,
            Error::InvalidSetting {
                name: "resampledPixelSpacing",
                ..
            }
        ));
    }
}

#[test]
fn a_region_outside_the_image_is_refused() {
    let (image, mask) = pair([1.0; 3]);
    let mut geometry = *mask.geometry();
    geometry.origin[2] = 3.6;
    let mask = mask.with_geometry(geometry);
    let err = apply(&image, &mask, PixelSpacing::Volume([2.0; 3])).unwrap_err();
    let Error::RegionOutsideImage {
        start, end, size, ..
    } = err
    else {
        panic!("{err}");
    };
    assert_eq!((start, size), ([0.5, 0.5, 4.1], [6, 7, 8]));
    assert_eq!(end, [2.5, 3.5, 8.1]);
}

#[test]
fn axes_must_be_independent() {
    let (image, mask) = pair([1.0; 3]);
    let mut geometry = *image.geometry();
    geometry.direction[1] = geometry.direction[2];
    let image = image.with_geometry(geometry);
    let err = apply(&image, &mask, PixelSpacing::Volume([2.0; 3])).unwrap_err();
    assert!(matches!(err, Error::SingularDirection { .. }));
}

#[test]
fn coordinates_beyond_all_precision_do_not_panic() {
    let (image, mask) = pair([1.0, 0.7, 0.9]);
    let mut geometry = *image.geometry();
    geometry.direction = [[1.0, 0.0, 0.0], [0.0, 0.8, -0.6], [0.0, 0.6, 0.8]];
    for origin in [1e14, 1e16, 1e300] {
        geometry.origin = [origin; 3];
        let image = image.clone().with_geometry(geometry);
        let mask = mask.clone().with_geometry(geometry);
        for interpolator in [
            Interpolator::BSpline,
            Interpolator::Gaussian,
            Interpolator::Linear,
        ] {
            let resampling = Resampling {
                spacing: PixelSpacing::Volume([0.5; 3]),
                interpolator,
                margin: 1,
                ..Resampling::default()
            };
            let params = RoiParams {
                mask_grid: MaskGrid::Own,
                ..RoiParams::default()
            };
            let roi = Roi::new(&image, &mask, &params).unwrap();
            // Whatever comes out is an image or an error.
            drop(resampling.apply(&image, &roi));
        }
    }
}
