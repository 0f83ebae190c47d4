//! The five configurations of IBSI-1 on a synthetic CT region, against MIRP. Provenance in `golden/README.md`.

use radiomics_features::ibsi::{self, Configuration};
use radiomics_features::io::{ReadOptions, read_image, read_mask};
use radiomics_features::{Extractor, FeatureName, Roi};

use crate::common::{Tier, golden};
use crate::compliance::Row;

/// MIRP holds intensities in 32 bits.
const MIRP: Tier = Tier {
    relative: 1e-5,
    absolute: 1e-6,
};

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
            // Quartiles of the intensity-volume histogram.
            assert!(
                name.starts_with("ivh_") && name.contains(['2', '5', '7']),
                "{name}"
            );
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

/// Compares every feature under every configuration, one row a configuration, and what does not agree.
pub fn compared() -> (Vec<Row>, Vec<String>) {
    let options = ReadOptions::default();
    let image = read_image(golden("ibsi1/configurations/image.nrrd"), &options).expect("an image");
    let mask = read_mask(golden("ibsi1/configurations/mask.nrrd"), &options).expect("a mask");
    let (mut rows, mut wrong) = (Vec::new(), Vec::new());
    for configuration in Configuration::ALL {
        let extractor = Extractor::new(configuration.params()).expect("settings");
        let roi = Roi::new(&image, &mask, &extractor.params().roi).expect("a region");
        let found = extractor.extract(&roi).expect("features");
        let letter = format!("{configuration:?}");
        let mut row = Row::new(&letter, "");
        let file = format!("ibsi1/configurations/{}.csv", letter.to_lowercase());
        for (feature, expected) in by_mirp(&file) {
            let name: FeatureName = feature.parse().expect("a feature of the standard");
            let value = found.value(name).expect("every feature is extracted");
            row.count(MIRP.accepts(value, expected));
            if !MIRP.accepts(value, expected) {
                wrong.push(format!("{letter} {name}: {value}, MIRP {expected}"));
            }
        }
        // MIRP has neither the oriented box nor the smallest ellipsoid, nor the area under the volume histogram.
        assert_eq!(row.total, found.len() - 5, "{letter}");
        rows.push(row);
    }
    (rows, wrong)
}

#[test]
fn every_configuration_agrees_with_mirp() {
    let (rows, wrong) = compared();
    for row in &rows {
        println!("{row}");
    }
    assert!(
        wrong.is_empty(),
        "{} values differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}
