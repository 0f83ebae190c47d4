//! Morphology and local intensity against IBSI's reference values, MIRP and slow computations.

use std::collections::{BTreeMap, BTreeSet};

use ndarray::Array3;
use proptest::prelude::*;
use radiomics_features::{
    Covariance, DensityFeatures, LocalIntensityFeatures, ShapeFeatures, ShapeParams,
    SpatialFeatures,
};

use crate::common::golden;

/// An image with its two masks.
struct Case {
    spacing: [f64; 3],
    values: Array3<f64>,
    morphological: Array3<bool>,
    intensity: Array3<bool>,
}

/// All features by tag, and the bodies that the densities are relative to.
fn quantities(case: &Case) -> BTreeMap<String, f64> {
    let Case {
        spacing, values, ..
    } = case;
    let (morphological, intensity) = (case.morphological.view(), case.intensity.view());
    let params = ShapeParams {
        covariance: Covariance::Sample,
    };
    let shape = ShapeFeatures::new(morphological, *spacing, &params).expect("shape");
    let density = DensityFeatures::new(morphological, *spacing, &shape).expect("density");
    let spatial = SpatialFeatures::new(values.view(), morphological, intensity, *spacing, &shape);
    let spatial = spatial.expect("spatial");
    let local = LocalIntensityFeatures::new(values.view(), intensity, [0; 3], *spacing);
    let local = local.expect("local intensity");
    let features = (shape.iter_ibsi())
        .chain(density.iter_ibsi())
        .chain(spatial.iter_ibsi())
        .chain(local.iter_ibsi());
    let mut all: BTreeMap<String, f64> = BTreeMap::new();
    for (feature, value) in features {
        let before = all.insert(feature.tag.to_string(), value);
        assert!(before.is_none(), "{} twice", feature.tag);
    }
    let (volume, area) = (shape.mesh_volume, shape.surface_area);
    for (name, value) in [
        ("hull_volume", volume / density.volume_density_hull),
        ("hull_area", area / density.area_density_hull),
        ("ombb_volume", volume / density.volume_density_ombb),
        ("ombb_area", area / density.area_density_ombb),
        ("mvee_volume", volume / density.volume_density_mvee),
    ] {
        all.insert(name.to_string(), value);
    }
    all
}

fn records(name: &str) -> Vec<csv::StringRecord> {
    let path = golden(&format!("ibsi1/{name}"));
    let mut reader =
        csv::Reader::from_path(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    reader.records().map(|row| row.expect("a row")).collect()
}

fn number(text: &str) -> f64 {
    text.parse()
        .unwrap_or_else(|_| panic!("{text:?} is no number"))
}

fn phantom() -> Case {
    let mut values = Array3::zeros((4, 4, 5));
    let mut mask = Array3::from_elem(values.dim(), false);
    for row in records("voxels.csv") {
        let [x, y, z] = [0, 1, 2].map(|i| number(&row[i]) as usize);
        values[[z, y, x]] = number(&row[3]);
        mask[[z, y, x]] = &row[4] == "1";
    }
    Case {
        spacing: [2.0; 3],
        values,
        morphological: mask.clone(),
        intensity: mask,
    }
}

#[test]
fn values_of_the_digital_phantom_that_only_the_text_has() {
    let found = quantities(&phantom());
    // IBSI reference manual, oriented minimum bounding box: moderate consensus, tolerance 0.005.
    assert!((found["morph_vol_dens_ombb"] - 0.869).abs() <= 0.005);
    assert!((found["morph_area_dens_ombb"] - 0.866).abs() <= 0.005);
}

fn cases() -> BTreeMap<String, Case> {
    let mut rows: BTreeMap<String, Vec<csv::StringRecord>> = BTreeMap::new();
    for row in records("morphology_inputs.csv") {
        rows.entry(row[0].to_string()).or_default().push(row);
    }
    let case = |rows: &[csv::StringRecord]| {
        let last = rows.last().expect("a row");
        let shape = (
            number(&last[4]) as usize + 1,
            number(&last[5]) as usize + 1,
            last[6].len(),
        );
        let codes: Vec<u8> = rows.iter().flat_map(|row| row[6].bytes()).collect();
        let values = rows
            .iter()
            .flat_map(|row| row[7].split(' ').map(number))
            .collect();
        let codes = Array3::from_shape_vec(shape, codes).expect("a code for each voxel");
        Case {
            spacing: [1, 2, 3].map(|i| number(&last[i])),
            values: Array3::from_shape_vec(shape, values).expect("a value for each voxel"),
            morphological: codes.mapv(|code| code != b'0'),
            intensity: codes.mapv(|code| code == b'3'),
        }
    };
    rows.into_iter()
        .map(|(name, rows)| (name, case(&rows)))
        .collect()
}

#[test]
fn synthetic_regions_agree_with_mirp_and_slow_computations() {
    let found: BTreeMap<String, _> = (cases().iter())
        .map(|(name, case)| (name.clone(), quantities(case)))
        .collect();
    let rows = records("morphology.csv");
    let mut wrong = Vec::new();
    for row in &rows {
        let (case, quantity, expected, tolerance) =
            (&row[0], &row[1], number(&row[2]), number(&row[3]));
        let value = found[case][quantity];
        let is_close = (value - expected).abs() <= tolerance * expected.abs() + 1e-12;
        if !(is_close || value.is_nan() && expected.is_nan()) {
            let source = &row[4];
            wrong.push(format!(
                "{case} {quantity}: {value}, {source} has {expected}"
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        rows.len(),
        wrong.join("\n")
    );
    let n_cases = rows
        .iter()
        .map(|row| &row[0])
        .collect::<BTreeSet<_>>()
        .len();
    assert_eq!(n_cases, found.len());
}

proptest! {
    #[test]
    fn any_mask_has_features_wherever_it_lies(
        shape in (1usize..5, 1usize..8, 1usize..9),
        fill in 1u64..100,
        seed: u64,
        spacing in prop::array::uniform3(0.1f64..8.0),
        margin in prop::array::uniform3(0usize..3),
    ) {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % 100
        };
        let mut mask = Array3::from_shape_simple_fn(shape, || next() < fill);
        mask[[0, 0, 0]] = true;
        let values = mask.mapv(|_| next() as f64);
        let mut case = Case { spacing, values, morphological: mask.clone(), intensity: mask };
        let here = quantities(&case);
        prop_assert!(here["ombb_volume"] <= spacing.iter().product::<f64>() * bounding_voxels(&case) * (1.0 + 1e-12));
        prop_assert!(here["hull_volume"].abs() <= here["mvee_volume"].abs());
        let sides = [shape.0, shape.1, shape.2];
        let padded = |inner: &Array3<bool>| Array3::from_shape_fn([0, 1, 2].map(|i| sides[i] + margin[i]), |(z, y, x)| {
            let at = [z, y, x];
            (0..3).all(|i| at[i] >= margin[i]) && inner[[0, 1, 2].map(|i| at[i] - margin[i])]
        });
        let (morphological, intensity) = (padded(&case.morphological), padded(&case.intensity));
        case.values = Array3::from_shape_fn(morphological.dim(), |(z, y, x)| {
            let at = [z, y, x];
            if (0..3).all(|i| at[i] >= margin[i]) { case.values[[0, 1, 2].map(|i| at[i] - margin[i])] } else { 0.0 }
        });
        (case.morphological, case.intensity) = (morphological, intensity);
        // A wider image has more voxels for the balls of the peaks, nothing else.
        for (name, there) in quantities(&case).into_iter().filter(|(name, _)| !name.starts_with("loc_")) {
            let same = (there - here[&name]).abs() <= 1e-9 * there.abs() + 1e-9;
            prop_assert!(same || there.is_nan() && here[&name].is_nan(), "{name}: {there} {}", here[&name]);
        }
    }
}

/// Voxels of the box around the morphological mask.
fn bounding_voxels(case: &Case) -> f64 {
    let inside = case
        .morphological
        .indexed_iter()
        .filter(|&(_, &inside)| inside);
    let (mut low, mut high) = ([usize::MAX; 3], [0; 3]);
    for ((z, y, x), _) in inside {
        for (axis, place) in [z, y, x].into_iter().enumerate() {
            low[axis] = low[axis].min(place);
            high[axis] = high[axis].max(place);
        }
    }
    (0..3)
        .map(|axis| (high[axis] - low[axis] + 1) as f64)
        .product()
}
