//! psych and irr: six forms, tests and intervals.

use super::common::{Csv, DIRECT, Worst, golden_path, json, number, numbers, shared_path};
use feature_selection::icc::{
    Icc, IccConvention, IccForm, IccSettings, MissingRatings, VarianceComponents, feature_icc, icc,
    icc_all,
};
use feature_selection::{Error, FeatureTable};
use ndarray::Array2;
use serde_json::Value;

const IRR_NAMES: [(&str, IccForm); 6] = [
    ("oneway_consistency_single", IccForm::ONE_WAY_SINGLE),
    ("twoway_agreement_single", IccForm::AGREEMENT_SINGLE),
    ("twoway_consistency_single", IccForm::CONSISTENCY_SINGLE),
    ("oneway_consistency_average", IccForm::ONE_WAY_AVERAGE),
    ("twoway_agreement_average", IccForm::AGREEMENT_AVERAGE),
    ("twoway_consistency_average", IccForm::CONSISTENCY_AVERAGE),
];

fn psych(found: &[Icc; 6], expected: &Value, worst: &mut Worst, what: &str) {
    for (key, value) in [
        ("ICC", (|i: &Icc| i.value) as fn(&Icc) -> f64),
        ("F", |i| i.f),
        ("df1", |i| i.df1),
        ("df2", |i| i.df2),
        ("lower", |i| i.ci_low),
        ("upper", |i| i.ci_high),
    ] {
        for (one, reference) in found.iter().zip(numbers(&expected[key])) {
            worst.see(value(one), reference, 1e-3, || {
                format!("{what} {} {key}", one.form.shrout_fleiss())
            });
        }
    }
    p_values(found.iter().zip(numbers(&expected["p"])), worst, what);
}

/// p-values down to 1e-300 are compared by their logarithm: the references' own tails lose digits there.
fn p_values<'a>(pairs: impl Iterator<Item = (&'a Icc, f64)>, worst: &mut Worst, what: &str) {
    for (one, reference) in pairs {
        if reference > 0.0 {
            worst.see(one.p_value.ln(), reference.ln(), 1.0, || {
                format!("{what} {} p", one.form.shrout_fleiss())
            });
        } else {
            assert!(one.p_value < 1e-300, "{what}: p {}", one.p_value);
        }
    }
}

fn irr(
    ratings: &Array2<f64>,
    expected: &Value,
    settings: &IccSettings,
    worst: &mut Worst,
    what: &str,
) {
    for (name, form) in IRR_NAMES {
        let (one, reference) = (
            icc(ratings.view(), form, settings).unwrap(),
            &expected[name],
        );
        for (key, value) in [
            ("value", one.value),
            ("F", one.f),
            ("df1", one.df1),
            ("df2", one.df2),
            ("lower", one.ci_low),
            ("upper", one.ci_high),
        ] {
            worst.see(value, number(&reference[key]), 1e-3, || {
                format!("{what} irr {name} {key}")
            });
        }
        p_values(
            std::iter::once((&one, number(&reference["p"]))),
            worst,
            what,
        );
    }
}

fn table_of(csv: &Csv) -> Array2<f64> {
    Array2::from_shape_fn((csv.columns[0].len(), csv.columns.len()), |(i, j)| {
        csv.columns[j][i]
    })
}

fn irr_settings() -> IccSettings {
    IccSettings {
        convention: IccConvention::Irr,
        ..IccSettings::default()
    }
}

#[test]
fn shrout_and_fleiss_by_psych_and_irr() {
    let golden = json(golden_path("icc_subset.json"));
    let mut ratings = table_of(&Csv::read(golden_path("shrout_fleiss.csv")));
    let expected = &golden["shrout_fleiss"];
    let mut worst = Worst::default();
    psych(
        &icc_all(ratings.view(), &IccSettings::default()).unwrap(),
        &expected["psych_aov"],
        &mut worst,
        "S&F",
    );
    irr(
        &ratings,
        &expected["irr"],
        &irr_settings(),
        &mut worst,
        "S&F",
    );
    ratings[[1, 2]] = f64::NAN;
    let listwise = IccSettings {
        missing: MissingRatings::Listwise,
        ..irr_settings()
    };
    irr(
        &ratings,
        &golden["shrout_fleiss_na"]["irr_listwise"],
        &listwise,
        &mut worst,
        "S&F listwise",
    );
    worst.at_most(DIRECT, "Shrout and Fleiss");
}

/// Features of the re-segmentation table with their three readings.
fn readings(path: std::path::PathBuf) -> Vec<(String, Array2<f64>)> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let mut features: Vec<(String, Vec<f64>)> = Vec::new();
    for record in reader.records() {
        let record = record.unwrap();
        if features.last().is_none_or(|f| f.0 != record[0]) {
            features.push((record[0].to_owned(), Vec::new()));
        }
        let values = &mut features.last_mut().unwrap().1;
        values.extend((2..5).map(|c| record[c].parse::<f64>().unwrap()));
    }
    features
        .into_iter()
        .map(|(name, v)| (name, Array2::from_shape_vec((v.len() / 3, 3), v).unwrap()))
        .collect()
}

#[test]
fn repeated_outlines_by_psych_and_irr() {
    let golden = json(golden_path("icc_subset.json"));
    let (mut worst, mut reml) = (Worst::default(), Worst::default());
    let features = readings(golden_path("reseg50_subset.csv"));
    assert!(features.len() >= 19);
    for (name, all) in features {
        for (key, columns) in [
            ("inter_A1_B1", vec![0, 1]),
            ("intra_A1_A2", vec![0, 2]),
            ("all3", vec![0, 1, 2]),
        ] {
            let ratings = all.select(ndarray::Axis(1), &columns);
            let (expected, what) = (&golden[&name][key], format!("{name} {key}"));
            let found = icc_all(ratings.view(), &IccSettings::default()).unwrap();
            psych(&found, &expected["psych_aov"], &mut worst, &what);
            irr(
                &ratings,
                &expected["irr"],
                &irr_settings(),
                &mut worst,
                &what,
            );
            if key == "all3" {
                let settings = IccSettings {
                    components: VarianceComponents::Reml,
                    ..IccSettings::default()
                };
                let estimates = numbers(&expected["psych_lmer"]["ICC"]);
                for (one, reference) in icc_all(ratings.view(), &settings)
                    .unwrap()
                    .iter()
                    .zip(estimates)
                {
                    reml.see(one.value, reference, 1.0, || {
                        format!("{what} REML {}", one.form.shrout_fleiss())
                    });
                }
            }
        }
    }
    worst.at_most(DIRECT, "repeated outlines");
    // The reference maximizes the likelihood numerically.
    reml.at_most(1e-5, "REML");
}

#[test]
fn all_features_of_the_full_table() {
    let (Some(data), Some(values)) = (
        shared_path("data/reseg50.csv"),
        shared_path("icc_all979.csv"),
    ) else {
        return;
    };
    let features = readings(data);
    let expected = Csv::read(values);
    let names: Vec<String> = features.iter().map(|f| f.0.clone()).collect();
    let reading = |r: usize| {
        let values = Array2::from_shape_fn((50, names.len()), |(i, j)| features[j].1[[i, r]]);
        FeatureTable::new(values.view(), &names).unwrap()
    };
    let (a1, b1, a2) = (reading(0), reading(1), reading(2));
    let mut worst = Worst::default();
    for (prefix, tables) in [
        ("inter", vec![&a1, &b1]),
        ("intra", vec![&a1, &a2]),
        ("all3", vec![&a1, &b1, &a2]),
    ] {
        for (form, key) in IccForm::ALL
            .into_iter()
            .zip(["ICC1", "ICC2", "ICC3", "ICC1k", "ICC2k", "ICC3k"])
        {
            let found = feature_icc(&tables, form, &IccSettings::default()).unwrap();
            for (one, &reference) in found
                .iter()
                .zip(expected.column(&format!("{prefix}_{key}")))
            {
                worst.see(one.icc.value, reference, 1e-3, || {
                    format!("{prefix} {key} {}", one.name)
                });
            }
        }
    }
    worst.at_most(1e-10, "979 features");
    let other = a1.select_columns(&(0..100).collect::<Vec<_>>());
    let mismatch = feature_icc(
        &[&a1, &other],
        IccForm::AGREEMENT_SINGLE,
        &IccSettings::default(),
    );
    assert!(matches!(mismatch, Err(Error::ColumnMismatch { .. })));
}
