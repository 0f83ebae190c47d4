//! Filtered images against PyRadiomics 3.0.1, voxel by voxel. Where the files come from: `tests/golden/filters/README.md`.

mod common;

use common::{assert_features, golden, tier};
use ndarray::Array3;
use radiomics_features::io::{ReadOptions, read_image, read_mask};
use radiomics_features::{
    BoundingBox, Error, Extractor, Mask, Params, PixelType, Roi, RoiParams, Volume,
};

fn image(name: &str) -> Volume {
    let path = golden(&format!("filters/{name}.nrrd"));
    read_image(path, &ReadOptions::default()).unwrap()
}

/// All voxels of an image.
fn whole(image: &Volume) -> BoundingBox {
    let everything = Array3::from_elem(image.size(), 1);
    let mask = Mask::new(everything, *image.geometry()).unwrap();
    Roi::new(image, &mask, &RoiParams::default())
        .unwrap()
        .bounds()
}

fn pixel_type(name: &str) -> PixelType {
    match name {
        "uint8" => PixelType::U8,
        "int16" => PixelType::I16,
        "float32" => PixelType::F32,
        "float64" => PixelType::F64,
        other => panic!("{other}"),
    }
}

/// Rows of a golden file that share their first two columns, image and parameters.
fn cases(name: &str) -> Vec<(String, String, Vec<csv::StringRecord>)> {
    let mut reader = csv::Reader::from_path(golden(&format!("filters/{name}.csv"))).unwrap();
    let mut cases: Vec<(String, String, Vec<csv::StringRecord>)> = Vec::new();
    for row in reader.records() {
        let row = row.unwrap();
        match cases.last_mut() {
            Some((image, params, rows)) if *image == row[0] && *params == row[1] => rows.push(row),
            _ => cases.push((row[0].to_string(), row[1].to_string(), vec![row])),
        }
    }
    cases
}

/// Compares the responses of all cases whose parameters have this word, to the bit. Returns how many there were.
fn assert_responses(word: &str) -> usize {
    let mut n = 0;
    for (name, params, rows) in cases("responses") {
        if !params.contains(word) {
            continue;
        }
        let image = image(&name);
        let params_of: Params = params.parse().unwrap();
        let mut found = Vec::new();
        for of in &params_of.images {
            let responses = of
                .filter
                .responses(&image, &whole(&image), of.texture.force_2d);
            found.extend(responses.unwrap());
        }
        let names: Vec<String> = found.iter().map(|r| r.name.to_string()).collect();
        let expected: Vec<&str> = rows.iter().map(|row| &row[2]).collect();
        assert_eq!(names, expected, "{name}, {params}");
        for (response, row) in found.iter().zip(&rows) {
            let case = format!("{name}, {params}: {}", response.name);
            assert_eq!(response.pixel_type, pixel_type(&row[3]), "{case}");
            let values: Vec<f64> = row[4]
                .split(' ')
                .map(|value| match response.pixel_type {
                    PixelType::F32 => value.parse::<f32>().unwrap().into(),
                    _ => value.parse().unwrap(),
                })
                .collect();
            assert_eq!(response.voxels.len(), values.len(), "{case}");
            for (i, (found, expected)) in response.voxels.iter().zip(&values).enumerate() {
                let same = found == expected || (found.is_nan() && expected.is_nan());
                assert!(
                    same,
                    "{case}: voxel {i} is {found:?}, expected {expected:?}"
                );
            }
            n += 1;
        }
    }
    n
}

#[test]
fn local_binary_patterns_of_volumes_and_planes() {
    assert_eq!(assert_responses("LBP2D"), 84);
}

/// In a constant region of a LoG image nothing is left but rounding, whose sign decides about a gray level.
#[test]
fn laplacian_of_gaussian_rounds_as_itk() {
    assert_eq!(assert_responses("LoG"), 12);
}

#[test]
fn long_wavelets_in_both_precisions() {
    assert_eq!(assert_responses("Wavelet"), 12);
}

#[test]
fn gradient_of_planes() {
    assert_eq!(assert_responses("Gradient"), 2);
}

#[test]
fn features_of_filtered_images_with_settings_of_their_own() {
    let image = image("body");
    let mask = read_mask(golden("filters/mask.nrrd"), &ReadOptions::default()).unwrap();
    let cases = cases("features");
    assert_eq!(cases.len(), 3);
    for (_, params, rows) in cases {
        let extractor = Extractor::new(params.parse().unwrap()).unwrap();
        let roi = Roi::new(&image, &mask, &extractor.params().roi).unwrap();
        let expected: Vec<(String, f64)> = rows
            .iter()
            .map(|row| (row[2].to_string(), row[3].parse().unwrap()))
            .collect();
        let found = extractor.extract(&roi).unwrap();
        assert_features(&params, &found, &expected, tier);
    }
}

/// The reference goes on with NaN, whose place in the region decides what becomes of it.
#[test]
fn an_undefined_variance_inside_a_region_is_an_error() {
    let shape = (1, 4, 4);
    let flat = Array3::from_elem(shape, 0.0);
    let geometry = radiomics_features::Geometry::new([1.0; 3]).unwrap();
    let image = Volume::new(flat, geometry, PixelType::F32).unwrap();
    let mask = Mask::new(Array3::from_elem(shape, 1), geometry).unwrap();
    let params = "{imageType: {LBP2D: {}}, setting: {lbp2DMethod: var}}";
    let extractor = Extractor::new(params.parse().unwrap()).unwrap();
    let roi = Roi::new(&image, &mask, &extractor.params().roi).unwrap();
    match extractor.extract(&roi) {
        Err(Error::InImage { image, source }) => {
            assert_eq!(image, "lbp-2D");
            assert!(matches!(*source, Error::NotFinite { .. }), "{source}");
        }
        other => panic!("{other:?}"),
    }
}
