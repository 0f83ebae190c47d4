//! The filters of IBSI-2 against its consensus response maps, against MIRP 2.7.0, and against their definitions.
//!
//! Where the stored responses come from: `tests/golden/ibsi2/PROVENANCE.md`.

mod common;

use std::collections::BTreeMap;

use common::{golden, reference};
use ndarray::Array3;
use radiomics_features::filters::StandardFilter;
use radiomics_features::io::{ReadOptions, read_image};
use radiomics_features::{BoundingBox, Mask, Roi, RoiParams, Volume};

/// All voxels of an image.
fn whole(image: &Volume) -> BoundingBox {
    let everything = Array3::from_elem(image.size(), 1);
    let mask = Mask::new(everything, *image.geometry()).unwrap();
    Roi::new(image, &mask, &RoiParams::default())
        .unwrap()
        .bounds()
}

fn response(filter: &str, image: &Volume) -> Array3<f64> {
    let filter: StandardFilter = filter.parse().unwrap_or_else(|e| panic!("{filter}: {e}"));
    filter.response(image, &whole(image)).unwrap().voxels
}

/// The largest difference of two maps over the range of the second, or over its magnitude if it is flat.
fn difference(found: &Array3<f64>, expected: &Array3<f64>) -> f64 {
    assert_eq!(found.dim(), expected.dim());
    let largest = |values: &mut dyn Iterator<Item = f64>| values.fold(f64::NEG_INFINITY, f64::max);
    let (high, low) = (
        largest(&mut expected.iter().copied()),
        -largest(&mut expected.iter().map(|v| -v)),
    );
    let scale = if high > low { high - low } else { high.abs() };
    let pairs = found.iter().zip(expected);
    largest(&mut pairs.map(|(a, b)| (a - b).abs())) / scale
}

/// Consensus maps: name, phantom, filter.
const MAPS: [(&str, &str, &str); 9] = [
    ("2_a", "impulse", "laplacian-sigma-3-cutoff-4-3D-zero"),
    (
        "2_b",
        "checkerboard",
        "laplacian-sigma-5-cutoff-4-3D-mirror",
    ),
    (
        "2_c",
        "checkerboard",
        "laplacian-sigma-5-cutoff-4-2D-mirror",
    ),
    (
        "5_a_1",
        "impulse",
        "separable-wavelet-db2-level-1-LHL-3D-zero",
    ),
    (
        "5_a_2",
        "impulse",
        "separable-wavelet-db2-level-1-LHL-3D-invariant-mean-zero",
    ),
    (
        "6_a_1",
        "sphere",
        "separable-wavelet-coif1-level-1-HHL-3D-periodic",
    ),
    (
        "6_a_2",
        "sphere",
        "separable-wavelet-coif1-level-1-HHL-3D-invariant-mean-periodic",
    ),
    (
        "7_a_1",
        "checkerboard",
        "separable-wavelet-haar-level-2-LLL-3D-invariant-mean-mirror",
    ),
    (
        "7_a_2",
        "checkerboard",
        "separable-wavelet-haar-level-2-HHH-3D-invariant-mean-mirror",
    ),
];

/// The standard asks for 1 % of the range. The wavelets agree to the 32 bits of the maps; the maps of the Laplacian are a mean of
/// implementations.
#[test]
fn consensus_response_maps() {
    let Some(folder) = reference("data/ibsi") else {
        println!("skipped: no reference data beside the repository");
        return;
    };
    let read = |path| read_image(path, &ReadOptions::default()).unwrap();
    for (map, phantom, filter) in MAPS {
        let image = folder.join(format!(
            "ibsi_2_digital_phantom/{phantom}/image/{phantom}.nii.gz"
        ));
        let expected = read(folder.join(format!("response_maps/{map}-ValidCRM.nii")));
        let found = response(filter, &read(image));
        let difference = difference(&found, &expected.voxels().to_owned());
        println!(
            "{map}: {filter}, largest difference {:.6} % of the range",
            100.0 * difference
        );
        let limit = if map.starts_with('2') { 1e-2 } else { 1e-6 };
        assert!(difference <= limit, "{map}: {difference}");
    }
}

/// MIRP works in 32 bits, and convolves Gabor filters by a transform in 32 bits: a millionth of the range, not the 1e-9 of
/// references in 64 bits.
const MIRP: f64 = 1e-6;

#[test]
fn responses_of_mirp() {
    let mut reader = csv::Reader::from_path(golden("ibsi2/responses.csv")).unwrap();
    let mut largest: BTreeMap<String, f64> = BTreeMap::new();
    let mut failures = Vec::new();
    for row in reader.records() {
        let row = row.unwrap();
        let (image, filter) = (&row[0], &row[1]);
        let path = golden(&format!("ibsi2/{image}.nrrd"));
        let image = read_image(path, &ReadOptions::default()).unwrap();
        let values = row[2].split(' ').map(|v| v.parse().unwrap()).collect();
        let expected = Array3::from_shape_vec(image.size(), values).unwrap();
        let difference = difference(&response(filter, &image), &expected);
        if !(difference <= MIRP) {
            failures.push(format!(
                "{} {filter}: {difference:.1e} of the range",
                &row[0]
            ));
        }
        let words: Vec<&str> = filter.split('-').take(2).collect();
        let of_kind = largest.entry(words.join("-")).or_default();
        *of_kind = of_kind.max(difference);
    }
    for (kind, difference) in &largest {
        println!("{kind}: largest difference {difference:.1e} of the range");
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
