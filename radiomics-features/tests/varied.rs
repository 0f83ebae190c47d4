//! Small, diverse cases against PyRadiomics 3.0.1, both reading the same image, mask and parameter file.
//! Where the files come from: `tests/golden/varied/PROVENANCE.md`.

mod common;

use common::{COLLINEAR, assert_features, golden, read_features, tier};
use radiomics_features::io::{ReadOptions, read_image, read_mask};
use radiomics_features::{Error, Extractor, FeatureVector, Params, Roi};

/// Features of a case of the folder, by a parameter file's settings.
fn extract(case: &str, params: Params) -> radiomics_features::Result<FeatureVector> {
    let options = ReadOptions::default();
    let image = read_image(golden(&format!("varied/{case}_image.nrrd")), &options)?;
    let mask = read_mask(golden(&format!("varied/{case}_label.nrrd")), &options)?;
    let extractor = Extractor::new(params)?;
    let roi = Roi::new(&image, &mask, &extractor.params().roi)?;
    extractor.extract(&roi)
}

#[test]
fn every_case_of_the_manifest() {
    let mut manifest = csv::Reader::from_path(golden("varied/manifest.csv")).unwrap();
    let mut cases = 0;
    for row in manifest.records() {
        let row = row.unwrap();
        let (case, shape_tier) = (&row[0], &row[1]);
        let params = Params::read(golden(&format!("varied/{case}.yaml"))).unwrap();
        let found = extract(case, params).unwrap();
        let expected = read_features(&golden(&format!("varied/{case}.csv")));
        let tier = |name: &str| match shape_tier {
            "collinear" if name.contains("_shape_") => COLLINEAR,
            _ => tier(name),
        };
        assert_features(case, &found, &expected, tier);
        cases += 1;
    }
    assert_eq!(cases, 14);
}

#[test]
fn features_that_are_left_out_are_reported() {
    let params = Params::read(golden("varied/named_features.yaml")).unwrap();
    let names: Vec<&str> = params.replaced_features().iter().map(|r| r.name).collect();
    assert_eq!(
        names,
        ["SumVariance", "Dissimilarity", "DependencePercentage"]
    );
}

/// PyRadiomics stops with `Error getting angle count`.
#[test]
fn distances_larger_than_the_region_are_an_error() {
    let params: Params = "setting:\n  distances: [40]\n".parse().unwrap();
    let error = extract("five_labels", params).unwrap_err();
    assert!(
        matches!(&error, Error::InImage { source, .. } if matches!(**source, Error::NoNeighbors { .. })),
        "{error}"
    );
    let params: Params = "featureClass:\n  glrlm:\n  firstorder:\nsetting:\n  distances: [40]\n"
        .parse()
        .unwrap();
    assert_eq!(extract("five_labels", params).unwrap().len(), 16 + 18);
}

/// PyRadiomics stops because a plane has no third axis.
#[test]
fn wavelets_of_a_plane_without_its_third_axis_are_an_error() {
    let text = "imageType:\n  Wavelet: {}\nsetting:\n  force2D: true\n  force2Ddimension: 2\n";
    let error = extract("rows_of_a_plane", text.parse().unwrap()).unwrap_err();
    assert!(error.to_string().contains("force2Ddimension"), "{error}");
}
