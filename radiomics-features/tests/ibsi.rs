//! The digital phantom of IBSI-1: every published value of a feature.

mod common;

use std::collections::BTreeMap;

use common::golden;
use ndarray::Array3;
use radiomics_features::ibsi::{self, Configuration};
use radiomics_features::io::{ReadOptions, read_image, read_mask};
use radiomics_features::{Extractor, FeatureName, Geometry, Mask, Params, PixelType, Roi, Volume};

fn phantom() -> (Volume, Mask) {
    let geometry = Geometry::new([2.0; 3]).expect("a spacing");
    let (mut image, mut mask) = (Array3::zeros((4, 4, 5)), Array3::zeros((4, 4, 5)));
    for row in csv::Reader::from_path(golden("ibsi1/voxels.csv"))
        .expect("the phantom")
        .into_records()
    {
        let row = row.expect("a voxel");
        let number = |column: usize| row[column].parse::<u32>().expect("a number");
        let at = [2, 1, 0].map(|column| number(column) as usize);
        image[at] = f64::from(number(3));
        mask[at] = number(4);
    }
    let image = Volume::new(image, geometry, PixelType::U8).expect("an image");
    (image, Mask::new(mask, geometry).expect("a mask"))
}

#[test]
fn every_value_of_the_digital_phantom() {
    let (image, mask) = phantom();
    let extractor = Extractor::new(Params::ibsi()).expect("settings");
    let roi = Roi::new(&image, &mask, &extractor.params().roi).expect("a region");
    let found = extractor.extract(&roi).expect("features");
    let mut report: BTreeMap<(String, String), (usize, usize)> = BTreeMap::new();
    let mut wrong = Vec::new();
    for row in csv::Reader::from_path(golden("ibsi1/values.csv"))
        .expect("the values")
        .into_records()
    {
        let row = row.expect("a value");
        let mut name = format!("original_{}_{}", &row[0], &row[1]);
        if !row[5].is_empty() {
            name = format!("{name}_{}", &row[5]);
        }
        let expected: f64 = row[6].parse().expect("a number");
        let value = name
            .parse::<FeatureName>()
            .ok()
            .and_then(|name| found.value(name));
        let entry = report
            .entry((row[2].to_string(), row[5].to_string()))
            .or_default();
        entry.1 += 1;
        match value {
            Some(value) if agrees(value, expected, &row[7]) => entry.0 += 1,
            other => wrong.push(format!(
                "{name}: {other:?}, published {expected} +- {}",
                &row[7]
            )),
        }
    }
    for ((family, aggregation), (matched, total)) in &report {
        println!("{family:28} {aggregation:24} {matched:3} of {total:3}");
    }
    assert!(
        wrong.is_empty(),
        "{} values differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// Within the tolerance; values without one are published to three significant digits.
fn agrees(value: f64, expected: f64, tolerance: &str) -> bool {
    if let Ok(tolerance) = tolerance.parse::<f64>() {
        return (value - expected).abs() <= tolerance;
    }
    format!("{value:.2e}").parse() == Ok(expected)
}

/// Reads `feature,value` rows that MIRP wrote, by the names of this crate.
fn by_mirp(file: &str) -> Vec<(String, f64)> {
    const AGGREGATIONS: [(&str, &str); 9] = [
        ("_2d_avg", "2D_avg"),
        ("_2d_s_mrg", "2D_slice_merged"),
        ("_2.5d_d_mrg", "2.5D_direction_merged"),
        ("_2.5d_v_mrg", "2.5D_merged"),
        ("_3d_avg", "3D_avg"),
        ("_3d_v_mrg", "3D_merged"),
        ("_2d", "2D"),
        ("_2.5d", "2.5D"),
        ("_3d", "3D"),
    ];
    let mut found = Vec::new();
    for row in csv::Reader::from_path(golden(file))
        .expect("values")
        .into_records()
    {
        let row = row.expect("a value");
        // Settings are spelled in the names: bins, distance, alpha.
        let mut name = row[0].to_owned();
        for setting in ["_fbs_w25.0", "_fbn_n32", "_d1", "_a0.0"] {
            name = name.replace(setting, "");
        }
        let aggregation = AGGREGATIONS
            .iter()
            .find(|(suffix, _)| name.ends_with(suffix));
        let tag = aggregation.map_or(name.as_str(), |(suffix, _)| name.trim_end_matches(suffix));
        let Some(feature) = ibsi::features().find(|feature| feature.tag == tag) else {
            println!("{file}: {name} is not of the standard");
            continue;
        };
        let name = match aggregation {
            Some((_, aggregation)) => format!("original_{feature}_{aggregation}"),
            None => format!("original_{feature}"),
        };
        found.push((name, row[1].parse().expect("a number")));
    }
    found
}

#[test]
fn the_five_configurations() {
    let options = ReadOptions::default();
    let image = read_image(golden("ibsi1/configurations/image.nrrd"), &options).expect("an image");
    let mask = read_mask(golden("ibsi1/configurations/mask.nrrd"), &options).expect("a mask");
    for configuration in Configuration::ALL {
        let extractor = Extractor::new(configuration.params()).expect("settings");
        let roi = Roi::new(&image, &mask, &extractor.params().roi).expect("a region");
        let found = extractor.extract(&roi).expect("features");
        let name = format!("{configuration:?}").to_lowercase();
        let mut n = 0;
        for (feature, expected) in by_mirp(&format!("ibsi1/configurations/{name}.csv")) {
            let value = feature
                .parse::<FeatureName>()
                .ok()
                .and_then(|name| found.value(name));
            let Some(value) = value else {
                println!("{name} {feature}: not found");
                continue;
            };
            n += 1;
            let error = (value - expected).abs() / expected.abs().max(1e-12);
            if error > 1e-5 {
                println!("{name} {feature}: {value}, expected {expected}, {error:.1e}");
            }
        }
        println!("{name}: {n} of {}", found.len());
    }
}
