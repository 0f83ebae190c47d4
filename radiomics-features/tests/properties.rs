//! What must hold for any image: invariances, thread counts, bad pairs of image and mask.

mod common;

use ndarray::{Array3, s};
use proptest::prelude::*;
use radiomics_features::filters::{MotherWavelet, Wavelet};
use radiomics_features::texture::Axis;
use radiomics_features::{
    BoundingBox, Dimensionality, Error, Extractor, Family, FamilySelection, FeatureSelection,
    FeatureTable, FeatureVector, Geometry, ImageFilter, Mask, NoiseBands, Params, PixelType,
    Resegmentation, Roi, RoiParams, Volume,
};

/// An image of whole numbers with a blob-like region that does not touch the border.
#[derive(Debug, Clone)]
struct Scene {
    image: Array3<f64>,
    labels: Array3<u32>,
    spacing: [f64; 3],
}

impl Scene {
    fn volume(&self) -> Volume {
        Volume::new(
            self.image.clone(),
            Geometry::new(self.spacing).unwrap(),
            PixelType::I16,
        )
        .unwrap()
    }

    fn mask(&self) -> Mask {
        Mask::new(self.labels.clone(), Geometry::new(self.spacing).unwrap()).unwrap()
    }

    fn extract(&self, params: &Params) -> FeatureVector {
        let (image, mask) = (self.volume(), self.mask());
        let roi = Roi::new(&image, &mask, &params.roi).unwrap();
        Extractor::new(params.clone())
            .unwrap()
            .extract(&roi)
            .unwrap()
    }

    /// The same scene with margins of `fill` around it.
    fn padded(&self, before: [usize; 3], after: [usize; 3], fill: f64) -> Self {
        let size = [0, 1, 2].map(|a| self.image.shape()[a] + before[a] + after[a]);
        let inner = [0, 1, 2].map(|a| before[a]..before[a] + self.image.shape()[a]);
        let place = s![inner[0].clone(), inner[1].clone(), inner[2].clone()];
        let mut image = Array3::from_elem(size, fill);
        image.slice_mut(place).assign(&self.image);
        let mut labels = Array3::zeros(size);
        labels.slice_mut(place).assign(&self.labels);
        Self {
            image,
            labels,
            spacing: self.spacing,
        }
    }

    fn mapped(&self, f: impl Fn(f64) -> f64) -> Self {
        Self {
            image: self.image.mapv(f),
            ..self.clone()
        }
    }
}

fn scenes(depth: std::ops::RangeInclusive<usize>) -> impl Strategy<Value = Scene> {
    (depth, 5usize..10, 5usize..10, any::<u64>(), 0.2f64..3.0).prop_map(
        |(nz, ny, nx, seed, step)| {
            let mut state = seed | 1;
            let mut next = move || {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                state
            };
            let image = Array3::from_shape_simple_fn((nz, ny, nx), || (next() % 200) as f64 - 50.0);
            let mut labels = Array3::from_shape_fn((nz, ny, nx), |(_, y, x)| {
                u32::from(y > 0 && x > 0 && y + 1 < ny && x + 1 < nx && next() % 4 != 0)
            });
            // At least two voxels along two axes, whatever the dice said.
            labels.slice_mut(s![0, 1..3, 1..3]).fill(1);
            Scene {
                image,
                labels,
                spacing: [2.0 * step, step, 0.5 * step],
            }
        },
    )
}

fn assert_same(a: &FeatureVector, b: &FeatureVector, tolerance: f64, skip: impl Fn(&str) -> bool) {
    assert_eq!(a.names, b.names);
    for ((name, a), (_, b)) in a.iter().zip(b.iter()) {
        let name = name.to_string();
        let same =
            (a.is_nan() && b.is_nan()) || (a - b).abs() <= tolerance * a.abs().max(b.abs()) + 1e-12;
        assert!(same || skip(&name), "{name}: {a} and {b}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn original_features_do_not_see_outside_the_region(scene in scenes(1..=4), fill in -500.0f64..500.0, margin in 0usize..4) {
        let params = Params::default();
        let padded = scene.padded([margin, 2, 0], [0, margin, 3], fill.round());
        prop_assert_eq!(scene.extract(&params), padded.extract(&params));
    }

    #[test]
    fn wavelets_move_with_the_region(scene in scenes(2..=5)) {
        // Margins wider than the filter on an even grid, so that only the place differs.
        let even = scene.image.shape().iter().map(|n| n % 2).collect::<Vec<_>>();
        let a = scene.padded([6, 6, 6], [6 + even[0], 6 + even[1], 6 + even[2]], 0.0);
        let b = scene.padded([8, 7, 9], [8 + even[0], 7 + even[1], 7 + even[2]], 0.0);
        assert_same(&a.extract(&Params::original_and_wavelet()), &b.extract(&Params::original_and_wavelet()), 1e-9, |_| false);
    }

    #[test]
    fn lengths_scale_with_the_spacing(scene in scenes(1..=4), factor in 0.1f64..9.0) {
        let mut params = Params::default();
        params.families = vec![FamilySelection::all(Family::Shape)];
        let small = scene.extract(&params);
        let large = Scene { spacing: scene.spacing.map(|s| s * factor), ..scene }.extract(&params);
        for ((name, a), (_, b)) in small.iter().zip(large.iter()) {
            let power = match name.short() {
                "MeshVolume" | "VoxelVolume" => 3,
                "SurfaceArea" => 2,
                "Elongation" | "Flatness" | "Sphericity" => 0,
                "SurfaceVolumeRatio" => -1,
                _ => 1,
            };
            let expected = a * factor.powi(power);
            // The smallest axis of a flat region is rounding noise around zero.
            prop_assert!((b - expected).abs() <= 1e-9 * expected.abs() + 1e-6 * factor, "{}: {} and {}", name, b, expected);
        }
    }

    #[test]
    fn intensities_shift_by_whole_bins_without_a_change_of_texture(scene in scenes(1..=3), bins in -8i32..8) {
        let params = Params::default();
        let shifted = scene.mapped(|v| v + 25.0 * f64::from(bins)).extract(&params);
        let of_texture = |name: &str| name.starts_with("original_gl") || name.starts_with("original_ngtdm");
        assert_same(&scene.extract(&params), &shifted, 1e-12, |name| !of_texture(name));
    }

    #[test]
    fn constant_images_have_silent_details(scene in scenes(2..=4), value in -300i32..300, name in prop::sample::select(vec!["coif1", "haar", "db3", "sym4", "bior2.2", "rbio2.2"])) {
        let mother: MotherWavelet = name.parse().unwrap();
        let filter = ImageFilter::Wavelet(Wavelet { mother, ..Wavelet::default() });
        let image = scene.mapped(|_| f64::from(value)).volume();
        let whole = Roi::new(&image, &scene.mask(), &RoiParams::default()).unwrap().bounds();
        for response in filter.responses(&image, &whole, None).unwrap() {
            let expected = if response.name.to_string().ends_with("LLL") { f64::from(value) * 8f64.sqrt() } else { 0.0 };
            prop_assert!(response.voxels.iter().all(|v| (v - expected).abs() < 1e-6), "{} of {}", response.name, name);
        }
    }

    #[test]
    fn any_two_arrays_are_features_or_an_error(
        (nz, ny, nx) in (1usize..3, 1usize..5, 1usize..5),
        levels in prop::collection::vec(-3i16..4, 100),
        labels in prop::collection::vec(0u32..2, 100),
        minimum in 1u8..=3,
    ) {
        let take = nz * ny * nx;
        let geometry = Geometry::new([1.0; 3]).unwrap();
        let voxels = Array3::from_shape_vec((nz, ny, nx), levels[..take].iter().map(|&v| f64::from(v) * 20.0).collect()).unwrap();
        let labels = Array3::from_shape_vec((nz, ny, nx), labels[..take].to_vec()).unwrap();
        let image = Volume::new(voxels, geometry, PixelType::I16).unwrap();
        let mask = Mask::new(labels, geometry).unwrap();
        let mut params = Params::original_and_wavelet();
        params.roi.minimum_dimensions = minimum;
        if let Ok(roi) = Roi::new(&image, &mask, &params.roi) {
            let features = Extractor::new(params).unwrap().extract(&roi).unwrap();
            prop_assert_eq!(features.len(), 851);
        }
    }
}

fn scene(size: [usize; 3]) -> Scene {
    let image = Array3::from_shape_fn(size, |(z, y, x)| {
        ((z * 37 + y * y * 11 + x * 29 + x * y) % 223) as f64
    });
    let labels = Array3::from_shape_fn(size, |(_, y, x)| {
        u32::from(y > 1 && x > 2 && (y + x) % 13 != 0)
    });
    Scene {
        image,
        labels,
        spacing: [1.0, 0.3, 0.2],
    }
}

#[cfg(feature = "rayon")]
#[test]
fn thread_counts_change_no_bit() {
    use radiomics_features::ImageParams;
    use radiomics_features::filters::{LaplacianOfGaussian, Sigma};
    let log = LaplacianOfGaussian {
        sigmas: vec![Sigma::new(1.0).unwrap()],
    };
    let mut params = Params::original_and_wavelet();
    params
        .images
        .push(ImageParams::new(ImageFilter::LaplacianOfGaussian(log)));
    for size in [[1, 33, 27], [6, 17, 20]] {
        let scene = scene(size);
        let with_threads = |n: usize| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(n)
                .build()
                .unwrap();
            pool.install(|| scene.extract(&params))
        };
        let (one, four) = (with_threads(1), with_threads(4));
        let bits = |f: &FeatureVector| f.values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&one), bits(&four));
        assert_eq!(one.names, four.names);
    }
}

#[test]
fn single_features_are_those_of_the_family() {
    let scene = scene([1, 20, 20]);
    let all = scene.extract(&Params::default());
    let mut params = Params::default();
    let only =
        |names: &[&str]| FeatureSelection::Only(names.iter().map(ToString::to_string).collect());
    params.families = vec![
        FamilySelection {
            family: Family::Glcm,
            features: only(&["MCC", "Contrast"]),
        },
        FamilySelection {
            family: Family::FirstOrder,
            features: only(&["StandardDeviation", "Mean"]),
        },
        FamilySelection {
            family: Family::Shape,
            features: only(&["Compactness2", "Sphericity"]),
        },
    ];
    let some = scene.extract(&params);
    let names: Vec<String> = some.names.iter().map(ToString::to_string).collect();
    let expected = [
        "original_shape_Compactness2",
        "original_shape_Sphericity",
        "original_glcm_MCC",
        "original_glcm_Contrast",
        "original_firstorder_StandardDeviation",
        "original_firstorder_Mean",
    ];
    assert_eq!(names, expected);
    for (name, value) in some.iter().filter(|(name, _)| {
        name.family()
            .is_some_and(|family| family.features().contains(&name.short()))
    }) {
        assert_eq!(all.value(name), Some(value), "{name}");
    }
    let variance = all
        .value("original_firstorder_Variance".parse().unwrap())
        .unwrap();
    assert!((some.values[4].powi(2) / variance - 1.0).abs() < 1e-12);
    assert!((some.values[0] / some.values[1].powi(3) - 1.0).abs() < 1e-12);
    params.families[0].features = only(&["Entropie"]);
    assert!(matches!(
        Extractor::new(params),
        Err(Error::UnknownFeature { .. })
    ));
}

#[test]
fn typed_families_and_the_row_agree() {
    let scene = scene([1, 20, 20]);
    let (image, mask) = (scene.volume(), scene.mask());
    let extractor = Extractor::new(Params::original_and_wavelet()).unwrap();
    let roi = Roi::new(&image, &mask, &RoiParams::default()).unwrap();
    let families = extractor.extract_families(&roi).unwrap();
    let row = extractor.extract(&roi).unwrap();
    let glcm = families.images[0].glcm.unwrap();
    assert_eq!(
        row.value("original_glcm_JointEnergy".parse().unwrap()),
        Some(glcm.joint_energy)
    );
    assert_eq!(
        row.value("original_shape_Sphericity".parse().unwrap()),
        Some(families.shape.unwrap().sphericity)
    );
    assert_eq!(families.images.len(), 9);
}

#[test]
fn shape_of_planes_needs_planes() {
    let mut params = Params::default();
    params.families.push(FamilySelection::all(Family::Shape2d));
    let columns = |scene: &Scene, params: &Params| {
        scene
            .extract(params)
            .iter()
            .filter(|(n, _)| n.family() == Some(Family::Shape2d))
            .count()
    };
    assert_eq!(columns(&scene([1, 20, 20]), &params), 0);
    params.set_force_2d(Some(Axis::Z));
    assert_eq!(columns(&scene([1, 20, 20]), &params), 9);
    let thick = scene([3, 20, 20]);
    let (image, mask) = (thick.volume(), thick.mask());
    let roi = Roi::new(&image, &mask, &params.roi).unwrap();
    let err = Extractor::new(params).unwrap().extract(&roi).unwrap_err();
    assert!(matches!(err, Error::Shape2dOfVolume { slices: 3 }));
}

#[test]
fn the_plane_of_a_slice_is_the_same_in_any_orientation() {
    let flat = scene([1, 20, 24]);
    let turned = Scene {
        image: flat
            .image
            .clone()
            .permuted_axes([1, 0, 2])
            .as_standard_layout()
            .into_owned(),
        labels: flat
            .labels
            .clone()
            .permuted_axes([1, 0, 2])
            .as_standard_layout()
            .into_owned(),
        spacing: [flat.spacing[1], flat.spacing[0], flat.spacing[2]],
    };
    let mut params = Params::original_and_wavelet();
    params.noise_bands = NoiseBands::Drop;
    let noise = |f: &FeatureVector| {
        f.noise_bands
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    };
    let turned = turned.extract(&params);
    assert_eq!(
        noise(&turned),
        ["wavelet-LHL", "wavelet-LHH", "wavelet-HHL", "wavelet-HHH"]
    );
    let flat = flat.extract(&params);
    for feature in [
        "glcm_Contrast",
        "glszm_ZoneEntropy",
        "firstorder_Energy",
        "ngtdm_Busyness",
        "shape_MeshVolume",
    ] {
        let name = format!("original_{feature}").parse().unwrap();
        let (a, b) = (flat.value(name).unwrap(), turned.value(name).unwrap());
        assert!((a / b - 1.0).abs() < 1e-9, "{feature}: {a} and {b}");
    }
}

#[test]
fn image_and_mask_must_belong_together() {
    let a = scene([1, 20, 20]);
    let b = scene([1, 20, 21]);
    let error = |image: &Scene, mask: &Mask| {
        Roi::new(&image.volume(), mask, &RoiParams::default()).unwrap_err()
    };
    assert!(matches!(
        error(&a, &b.mask()),
        Error::ShapeMismatch {
            image: [1, 20, 20],
            mask: [1, 20, 21]
        }
    ));
    let elsewhere = a
        .mask()
        .with_geometry(Geometry::new([1.0, 0.3, 0.3]).unwrap());
    assert!(matches!(
        error(&a, &elsewhere),
        Error::GeometryMismatch { .. }
    ));
    let empty = Mask::new(Array3::zeros((1, 20, 20)), *a.mask().geometry()).unwrap();
    assert!(matches!(error(&a, &empty), Error::EmptyMask));
    let mut fine = Params::default();
    fine.images[0].binning = radiomics_features::Binning::Width(1e-6);
    let (image, mask) = (a.volume(), a.mask());
    let roi = Roi::new(&image, &mask, &fine.roi).unwrap();
    let err = Extractor::new(fine).unwrap().extract(&roi).unwrap_err();
    assert!(
        matches!(&err, Error::InImage { image, .. } if image == "original"),
        "{err}"
    );
}

#[test]
fn resegmentation_moves_the_box() {
    let mut scene = scene([1, 20, 20]);
    scene.image.slice_mut(s![.., ..10, ..]).fill(1000.0);
    let mut params = Params::default();
    let before = scene.extract(&params);
    params.resegmentation = Some(Resegmentation {
        lower: 0.0,
        upper: Some(500.0),
        mode: Default::default(),
        shape: Default::default(),
    });
    let after = scene.extract(&params);
    let maximum = |f: &FeatureVector| {
        f.value("original_firstorder_Maximum".parse().unwrap())
            .unwrap()
    };
    assert_eq!(maximum(&before), 1000.0);
    assert!(maximum(&after) < 500.0);
    // As in PyRadiomics, shape is that of the original region, cut to the new box.
    let volume = |f: &FeatureVector| {
        f.value("original_shape_VoxelVolume".parse().unwrap())
            .unwrap()
    };
    assert!(volume(&after) < volume(&before));
}

#[test]
fn planes_have_no_thickness() {
    let mut scene = scene([1, 20, 20]);
    let energy = |spacing: f64, dimensionality: Dimensionality, scene: &mut Scene| {
        scene.spacing[0] = spacing;
        let (image, mask) = (
            scene.volume().with_dimensionality(dimensionality).unwrap(),
            scene.mask(),
        );
        let roi = Roi::new(&image, &mask, &RoiParams::default()).unwrap();
        let features = Extractor::new(Params::default())
            .unwrap()
            .extract(&roi)
            .unwrap();
        features
            .value("original_firstorder_TotalEnergy".parse().unwrap())
            .unwrap()
    };
    assert_eq!(
        energy(1.0, Dimensionality::Two, &mut scene),
        energy(5.0, Dimensionality::Two, &mut scene)
    );
    let ratio = energy(5.0, Dimensionality::Three, &mut scene)
        / energy(1.0, Dimensionality::Three, &mut scene);
    assert!((ratio - 5.0).abs() < 1e-12);
}

#[test]
fn rows_of_many_regions_make_a_table() {
    let (a, b) = (scene([1, 20, 20]), scene([1, 24, 18]));
    let params = Params::original_and_wavelet();
    let rows = [a.extract(&params), b.extract(&params)];
    let table = FeatureTable::stack(&rows).unwrap();
    assert_eq!(table.values.dim(), (2, 851));
    assert_eq!(table.column_names()[0], "original_shape_Elongation");
    let other = FeatureTable::stack([&rows[0], &b.extract(&Params::default())]).unwrap_err();
    assert!(
        matches!(
            other,
            Error::ColumnMismatch {
                row: 1,
                column: 107,
                ..
            }
        ),
        "{other}"
    );
}

#[test]
fn errors_can_be_sent_and_boxes_compared() {
    fn sendable<T: Send + Sync + 'static>() {}
    sendable::<Error>();
    let scene = scene([1, 20, 20]);
    let (image, mask) = (scene.volume(), scene.mask());
    let bounds: BoundingBox = Roi::new(&image, &mask, &RoiParams::default())
        .unwrap()
        .bounds();
    assert_eq!((bounds.start, bounds.size), ([0, 2, 3], [1, 18, 17]));
}
