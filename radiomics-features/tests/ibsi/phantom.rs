//! The digital phantom of IBSI-1: every published value of a feature.

use std::collections::BTreeMap;

use ndarray::Array3;
use radiomics_features::ibsi::{Aggregation, Family};
use radiomics_features::{
    Binning, Extractor, FeatureName, FeatureSelection, Geometry, Mask, Params, PixelType, Roi,
    Volume,
};

use crate::common::{DIRECT, golden};
use crate::compliance::Row;

/// Image and region of the phantom.
fn phantom() -> (Volume, Mask) {
    let geometry = Geometry::new([2.0; 3]).expect("a spacing");
    let (mut image, mut mask) = (Array3::zeros((4, 4, 5)), Array3::zeros((4, 4, 5)));
    let voxels = csv::Reader::from_path(golden("ibsi1/voxels.csv")).expect("the phantom");
    for row in voxels.into_records() {
        let row = row.expect("a voxel");
        let number = |column: usize| row[column].parse::<u32>().expect("a number");
        let at = [2, 1, 0].map(|column| number(column) as usize);
        image[at] = f64::from(number(3));
        mask[at] = number(4);
    }
    let image = Volume::new(image, geometry, PixelType::U8).expect("an image");
    (image, Mask::new(mask, geometry).expect("a mask"))
}

/// Compares every value, one row a family and aggregation in the order of the manual, and what does not agree.
pub fn compared() -> (Vec<Row>, Vec<String>) {
    let (image, mask) = phantom();
    let extractor = Extractor::new(Params::ibsi()).expect("settings");
    let roi = Roi::new(&image, &mask, &extractor.params().roi).expect("a region");
    let found = extractor.extract(&roi).expect("features");
    let mut rows: BTreeMap<(Family, Option<Aggregation>), Row> = BTreeMap::new();
    let mut wrong = Vec::new();
    let values = csv::Reader::from_path(golden("ibsi1/values.csv")).expect("the values");
    for row in values.into_records() {
        let row = row.expect("a value");
        let aggregation = Some(&row[5]).filter(|text| !text.is_empty());
        let mut name = format!("original_{}_{}", &row[0], &row[1]);
        if let Some(aggregation) = aggregation {
            name = format!("{name}_{aggregation}");
        }
        let key = (
            row[2].parse().expect("a family"),
            aggregation.map(|text| text.parse().expect("an aggregation")),
        );
        let counted = rows
            .entry(key)
            .or_insert_with(|| Row::new(&row[2], &row[5]));
        let name: FeatureName = name.parse().expect("a feature of the standard");
        let expected: f64 = row[6].parse().expect("a number");
        let value = found.value(name).expect("every feature is extracted");
        let is_match = agrees(value, expected, &row[7]);
        counted.count(is_match);
        if !is_match {
            wrong.push(format!(
                "{name}: {value}, published {expected} +- {}",
                &row[7]
            ));
        }
    }
    (rows.into_values().collect(), wrong)
}

/// Within the tolerance; values without one are published to three significant digits.
fn agrees(value: f64, expected: f64, tolerance: &str) -> bool {
    if let Ok(tolerance) = tolerance.parse::<f64>() {
        return (value - expected).abs() <= tolerance;
    }
    format!("{value:.2e}").parse() == Ok(expected)
}

#[test]
fn every_value_of_the_digital_phantom() {
    let (rows, wrong) = compared();
    for row in &rows {
        println!("{row}");
    }
    assert_eq!(rows.iter().map(|row| row.total).sum::<usize>(), 482);
    assert!(
        wrong.is_empty(),
        "{} values differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn every_feature_of_the_standard_has_a_published_value_or_is_named_here() {
    // The manual has no value for these: the two bounding shapes, and the area under the curve, whose value it gives elsewhere.
    let without = [
        "morph_vol_dens_ombb",
        "morph_area_dens_ombb",
        "morph_vol_dens_mvee",
        "morph_area_dens_mvee",
        "ivh_auc",
    ];
    let values = csv::Reader::from_path(golden("ibsi1/values.csv")).expect("the values");
    let published: std::collections::BTreeSet<String> = values
        .into_records()
        .map(|row| row.expect("a value")[0].to_owned())
        .collect();
    let features = radiomics_features::ibsi::features();
    let known: std::collections::BTreeSet<String> = features
        .map(|feature| feature.tag.to_owned())
        .filter(|tag| !without.contains(&tag.as_str()))
        .collect();
    assert_eq!(known, published);
}

#[test]
fn the_area_under_the_intensity_volume_histogram() {
    // IBSI reference manual, digital phantom: 0.32.
    let (image, mask) = phantom();
    let extractor = Extractor::new(Params::ibsi()).expect("settings");
    let roi = Roi::new(&image, &mask, &extractor.params().roi).expect("a region");
    let found = extractor.extract_ibsi(&roi).expect("features");
    let histogram = found.images[0].volume_histogram.expect("asked for");
    assert!((histogram.area_under_curve - 0.32).abs() < 0.005);
}

/// PyRadiomics' values of the phantom under PyRadiomics' names, and the code that the standard gives each.
#[test]
fn features_of_pyradiomics_carry_the_codes_of_the_standard() {
    let (image, mask) = phantom();
    let mut params = Params::default();
    // Features on demand are named one by one.
    let shape = params
        .families
        .iter_mut()
        .find(|s| s.family == radiomics_features::Family::Shape);
    let shape = shape.expect("a default family");
    let on_demand = radiomics_features::Family::Shape.features_on_demand();
    let features = shape.family.features().iter().chain(on_demand);
    shape.features = FeatureSelection::Only(features.map(|name| (*name).to_owned()).collect());
    params.set_binning(Binning::Width(1.0));
    let extractor = Extractor::new(params).expect("settings");
    let roi = Roi::new(&image, &mask, &extractor.params().roi).expect("a region");
    let found = extractor.extract(&roi).expect("features");
    let rows = csv::Reader::from_path(golden("ibsi1/pyradiomics.csv")).expect("the features");
    let mut n = 0;
    for row in rows.into_records() {
        let row = row.expect("a feature");
        let name = format!("original_{}_{}", &row[0], &row[1]);
        // Those that PyRadiomics leaves out by default, as equal to others, are under the names of the others.
        let Ok(name) = name.parse::<FeatureName>() else {
            continue;
        };
        assert_eq!(name.ibsi_id(), Some(&row[2]), "{name}");
        let expected: f64 = row[7].parse().expect("a number");
        let value = found.value(name).expect("every feature is extracted");
        assert!(
            DIRECT.accepts(value, expected),
            "{name}: {value}, PyRadiomics {expected}"
        );
        n += 1;
    }
    assert!(n > 95, "{n}");
}
