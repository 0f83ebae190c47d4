//! Statistics of filtered images under the configurations of IBSI-2, phase 2, on a synthetic CT region, against MIRP. Provenance in
//! `golden/ibsi2/PROVENANCE.md`.

use std::collections::BTreeMap;

use radiomics_features::io::{ReadOptions, read_image, read_mask};
use radiomics_features::{Extractor, Params, Roi};

use crate::common::golden;
use crate::compliance::Row;

/// The configurations of IBSI-2, phase 2: filter by slice (A) and in space (B).
const FILTERS: [(&str, [&str; 2]); 9] = [
    ("1", ["original", "original"]),
    (
        "2",
        ["{mean: {size: 5, dimensions: 2}}", "{mean: {size: 5}}"],
    ),
    (
        "3",
        [
            "{laplacian_of_gaussian: {sigma: 1.5, cutoff: 4, dimensions: 2}}",
            "{laplacian_of_gaussian: {sigma: 1.5, cutoff: 4}}",
        ],
    ),
    (
        "4",
        [
            "{laws: {kernels: L5E5, pooling: maximum, energy: 7}}",
            "{laws: {kernels: L5E5E5, pooling: maximum, energy: 7}}",
        ],
    ),
    (
        "5",
        [
            "{gabor: {sigma: 5, wavelength: 2, gamma: 1.5, theta_step: 22.5, pooling: mean, dimensions: 2}}",
            "{gabor: {sigma: 5, wavelength: 2, gamma: 1.5, theta_step: 22.5, pooling: mean}}",
        ],
    ),
    (
        "6",
        [
            "{separable_wavelet: {wavelet: db3, band: LH, pooling: mean}}",
            "{separable_wavelet: {wavelet: db3, band: LLH, pooling: mean}}",
        ],
    ),
    (
        "7",
        [
            "{separable_wavelet: {wavelet: db3, band: HH, level: 2, pooling: mean}}",
            "{separable_wavelet: {wavelet: db3, band: HHH, level: 2, pooling: mean}}",
        ],
    ),
    (
        "8",
        [
            "{non_separable_wavelet: {level: 1, dimensions: 2}}",
            "{non_separable_wavelet: {level: 1}}",
        ],
    ),
    (
        "9",
        [
            "{non_separable_wavelet: {level: 2, dimensions: 2}}",
            "{non_separable_wavelet: {level: 2}}",
        ],
    ),
];

/// The parameter file of a configuration of phase 2.
fn parameters(filter: &str, in_space: bool) -> String {
    let interpolation = match in_space {
        true => "interpolation: {spacing: [1, 1, 1], image: cubic, rounding: nearest_integer}\n",
        false => "",
    };
    format!(
        "profile: ibsi\n{interpolation}resegmentation: {{range: [-1000, 400]}}\nimages:\n  - filter: {filter}\n\
         features: {{families: [intensity_statistics]}}\n"
    )
}

/// Compares the statistics of filtered images, one row a configuration, and what does not agree.
pub fn compared() -> (Vec<Row>, Vec<String>) {
    let options = ReadOptions::default();
    let image = read_image(golden("ibsi1/configurations/image.nrrd"), &options).unwrap();
    let mask = read_mask(golden("ibsi1/configurations/mask.nrrd"), &options).unwrap();
    let mut expected: BTreeMap<String, Vec<(String, f64)>> = BTreeMap::new();
    for row in csv::Reader::from_path(golden("ibsi2/phase2.csv"))
        .unwrap()
        .records()
    {
        let row = row.unwrap();
        let values = expected.entry(row[0].to_owned()).or_default();
        values.push((row[1].to_owned(), row[2].parse().unwrap()));
    }
    let (mut rows, mut wrong) = (Vec::new(), Vec::new());
    for (number, filters) in FILTERS {
        for (letter, filter) in ["A", "B"].into_iter().zip(filters) {
            let name = format!("{number}.{letter}");
            // MIRP ends Gabor kernels at half the image, which this one is too small for.
            let Some(reference) = expected.get(&name) else {
                assert_eq!(number, "5");
                continue;
            };
            let params: Params = parameters(filter, letter == "B").parse().unwrap();
            let extractor = Extractor::new(params).unwrap();
            let roi = Roi::new(&image, &mask, &extractor.params().roi).unwrap();
            let found = extractor.extract(&roi).unwrap();
            let mut row = Row::new(&name, &format!("`{filter}`"));
            assert_eq!(found.len(), reference.len());
            let of = |tag: &str| reference.iter().find(|(name, _)| name == tag).unwrap().1;
            // MIRP's 32 bits, relative to what the value is made of.
            let scale = of("stat_max").abs().max(of("stat_min").abs());
            for (tag, expected) in reference {
                let value = found
                    .iter()
                    .find(|(name, _)| name.short() == tag)
                    .unwrap()
                    .1;
                let size = match tag.as_str() {
                    "stat_var" => scale * scale,
                    "stat_energy" => expected.abs(),
                    "stat_skew" | "stat_kurt" => expected.abs().max(1.0),
                    // A spread over a center: the error of a center near 0 counts as often as it goes into the spread.
                    "stat_cov" | "stat_qcod" => expected.abs() * expected.abs().max(1.0),
                    _ => scale,
                };
                let is_match = (value - expected).abs() <= 2e-5 * size;
                row.count(is_match);
                if !is_match {
                    wrong.push(format!("{name} {tag}: {value}, MIRP {expected}"));
                }
            }
            rows.push(row);
        }
    }
    (rows, wrong)
}

#[test]
fn statistics_of_filtered_images_under_phase_2() {
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

/// The published values of phase 2: configuration, tag, value with tolerance, where there was a consensus.
pub fn published() -> Vec<(String, String, Option<[f64; 2]>)> {
    let mut reader = csv::ReaderBuilder::new();
    let reader = reader.delimiter(b';').from_path(golden("ibsi2/values.csv"));
    let rows = reader.unwrap().into_records().map(|row| row.unwrap());
    rows.map(|row| {
        let number = |column: usize| row[column].parse::<f64>().ok();
        let value = number(3)
            .zip(number(4))
            .map(|(value, tolerance)| [value, tolerance]);
        (row[0].to_owned(), row[2].to_owned(), value)
    })
    .collect()
}

/// The lung CT phantom of IBSI, which may not be kept here: a folder with `image.nii.gz` and `mask.nii.gz`.
pub const CT_PHANTOM: &str = "IBSI_CT_PHANTOM";

#[test]
fn published_statistics_of_the_lung_ct_phantom() {
    let values = published();
    assert_eq!(values.len(), 324);
    let known = FILTERS.map(|(number, _)| [format!("{number}.A"), format!("{number}.B")]);
    let known: Vec<String> = known.into_iter().flatten().collect();
    assert!(
        values
            .iter()
            .all(|(configuration, ..)| known.contains(configuration))
    );
    let Some(folder) = std::env::var_os(CT_PHANTOM).map(std::path::PathBuf::from) else {
        println!("skipped: {CT_PHANTOM} does not name the folder of the lung CT phantom");
        return;
    };
    let options = ReadOptions::default();
    let image = read_image(folder.join("image.nii.gz"), &options).unwrap();
    let mask = read_mask(folder.join("mask.nii.gz"), &options).unwrap();
    let mut wrong = Vec::new();
    for (number, filters) in FILTERS {
        for (letter, filter) in ["A", "B"].into_iter().zip(filters) {
            let params: Params = parameters(filter, letter == "B").parse().unwrap();
            let extractor = Extractor::new(params).unwrap();
            let roi = Roi::new(&image, &mask, &extractor.params().roi).unwrap();
            let found = extractor.extract(&roi).unwrap();
            let name = format!("{number}.{letter}");
            for (_, tag, published) in values.iter().filter(|value| value.0 == name) {
                let Some([expected, tolerance]) = published else {
                    continue;
                };
                let value = found
                    .iter()
                    .find(|(name, _)| name.short() == tag)
                    .unwrap()
                    .1;
                if (value - expected).abs() > *tolerance {
                    wrong.push(format!(
                        "{name} {tag}: {value}, published {expected} +- {tolerance}"
                    ));
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} values differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}
