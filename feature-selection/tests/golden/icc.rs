//! psych, irr, pingouin, lme4 and exact arithmetic: six forms, tests and intervals.

use super::common::{Csv, ITERATIVE, Worst, golden_path, json, number, numbers, shared_path};
use feature_selection::icc::{
    Icc, IccConvention, IccForm, IccSettings, IccStatus, MissingRatings, VarianceComponents,
    feature_icc, feature_icc_all, feature_icc_values, icc, icc_all,
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

/// Direct formulas.
const TOLERANCE: f64 = 1e-10;
/// Upper tails, relative without a floor.
const P_TOLERANCE: f64 = 1e-8;

/// Largest deviations of numbers and of p-values.
#[derive(Default)]
struct Deviations {
    numbers: Worst,
    p: Worst,
}

impl Deviations {
    /// Compares with value, F, df1, df2, p, lower and upper limit.
    fn see(&mut self, one: &Icc, expected: &[f64; 7], what: &str) {
        let at = |part: &str| format!("{what} {} {part}", one.form.psych());
        // Coefficients and limits near 0 are differences of mean squares; F and degrees of freedom are not.
        for (part, found, reference, floor) in [
            ("value", one.value, expected[0], 1e-3),
            ("F", one.f, expected[1], f64::MIN_POSITIVE),
            ("df1", one.df1, expected[2], f64::MIN_POSITIVE),
            ("df2", one.df2, expected[3], f64::MIN_POSITIVE),
            ("lower", one.ci_low, expected[5], 1e-3),
            ("upper", one.ci_high, expected[6], 1e-3),
        ] {
            self.numbers.see(found, reference, floor, || at(part));
        }
        self.p
            .see(one.p_value, expected[4], f64::MIN_POSITIVE, || at("p"));
    }

    fn check(&self, what: &str) {
        self.numbers.at_most(TOLERANCE, what);
        self.p.at_most(P_TOLERANCE, &format!("{what}, p"));
    }
}

fn psych(found: &[Icc; 6], expected: &Value, worst: &mut Deviations, what: &str) {
    let columns =
        ["ICC", "F", "df1", "df2", "p", "lower", "upper"].map(|key| numbers(&expected[key]));
    for (form, one) in found.iter().enumerate() {
        assert_eq!(expected["type"][form], one.form.psych());
        worst.see(one, &columns.each_ref().map(|c| c[form]), what);
    }
}

fn irr(
    ratings: &Array2<f64>,
    expected: &Value,
    settings: &IccSettings,
    worst: &mut Deviations,
    what: &str,
) {
    for (name, form) in IRR_NAMES {
        let one = icc(ratings.view(), form, settings).unwrap();
        let row = ["value", "F", "df1", "df2", "p", "lower", "upper"]
            .map(|key| number(&expected[name][key]));
        worst.see(&one, &row, &format!("{what} irr"));
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
    let mut worst = Deviations::default();
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
    worst.check("Shrout and Fleiss");
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
    let (mut worst, mut reml) = (Deviations::default(), Worst::default());
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
    worst.check("repeated outlines");
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
        let settings = IccSettings::default();
        let all = feature_icc_all(&tables, &settings).unwrap();
        let values = feature_icc_values(&tables, &settings).unwrap();
        for form in IccForm::ALL {
            let found = feature_icc(&tables, form, &settings).unwrap();
            let column = expected.column(&format!("{prefix}_{}", form.psych()));
            assert_eq!(found.len(), column.len());
            for (j, (one, &reference)) in found.iter().zip(column).enumerate() {
                worst.see(one.icc.value, reference, 1e-3, || {
                    format!("{prefix} {form} {}", one.name)
                });
                // One calculation behind three calls.
                assert_eq!(one.name, all[j].name);
                if one.icc.status != IccStatus::Constant {
                    assert_eq!(&one.icc, all[j].of(form));
                    assert_eq!(one.icc.value, values[j].of(form));
                }
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

/// Every table of `icc/tables.json` with its confidence level and null value.
fn tables() -> Vec<(String, Array2<f64>, IccSettings)> {
    json(golden_path("icc/tables.json"))
        .as_array()
        .expect("a list of tables")
        .iter()
        .map(|case| {
            let settings = IccSettings {
                level: number(&case["level"]),
                null_value: number(&case["r0"]),
                ..IccSettings::default()
            };
            let name = case["name"].as_str().expect("a name").to_owned();
            (name, ratings_of(&case["x"]), settings)
        })
        .collect()
}

fn ratings_of(rows: &Value) -> Array2<f64> {
    let rows: Vec<Vec<f64>> = rows.as_array().expect("rows").iter().map(numbers).collect();
    Array2::from_shape_fn((rows.len(), rows[0].len()), |(i, j)| rows[i][j])
}

/// All six forms of a table under some settings against the rows of a reference.
fn see_all(
    ratings: &Array2<f64>,
    settings: &IccSettings,
    expected: &Value,
    worst: &mut Deviations,
    what: &str,
) {
    let found = icc_all(ratings.view(), settings).unwrap();
    for (form, one) in found.iter().enumerate() {
        let row = numbers(&expected[form]).try_into().expect("seven numbers");
        worst.see(one, &row, what);
    }
}

#[test]
fn levels_null_values_and_shapes_by_psych_and_irr() {
    let golden = json(golden_path("icc/psych_irr.json"));
    let mut worst = Deviations::default();
    let mut seen = 0;
    for (name, ratings, settings) in tables() {
        let Some(expected) = golden.get(&name) else {
            continue;
        };
        seen += 1;
        // psych tests against 0 only.
        let by_psych = IccSettings {
            null_value: 0.0,
            ..settings
        };
        let by_irr = IccSettings {
            convention: IccConvention::Irr,
            ..settings
        };
        for (what, settings) in [("psych", by_psych), ("irr", by_irr)] {
            let case = format!("{name}, {what}");
            see_all(&ratings, &settings, &expected[what], &mut worst, &case);
        }
    }
    assert_eq!(seen, golden.as_object().unwrap().len());
    worst.check("levels, null values and shapes");
}

#[test]
fn hard_tables_by_exact_arithmetic() {
    let golden = json(golden_path("icc/exact.json"));
    let mut worst = Deviations::default();
    let tables = tables();
    assert_eq!(golden.as_array().unwrap().len(), tables.len());
    for (i, (name, ratings, settings)) in tables.iter().enumerate() {
        for (what, convention) in [("psych", IccConvention::Psych), ("irr", IccConvention::Irr)] {
            let settings = IccSettings {
                convention,
                ..*settings
            };
            let case = format!("{name}, {what}");
            see_all(ratings, &settings, &golden[i][what], &mut worst, &case);
        }
    }
    worst.check("exact arithmetic");
}

#[test]
fn the_names_and_numbers_of_pingouin() {
    let golden = json(golden_path("icc/pingouin.json"));
    let mut worst = Deviations::default();
    let mut seen = 0;
    for (name, ratings, settings) in tables() {
        let Some(expected) = golden.get(&name) else {
            continue;
        };
        seen += 1;
        // pingouin tests against 0 only.
        let settings = IccSettings {
            null_value: 0.0,
            ..settings
        };
        for one in icc_all(ratings.view(), &settings).unwrap() {
            let row = numbers(&expected[one.form.pingouin()]);
            worst.see(&one, &row.try_into().expect("seven numbers"), &name);
        }
    }
    assert_eq!(seen, golden.as_object().unwrap().len());
    assert!(seen >= 4);
    worst.check("pingouin");
}

#[test]
fn components_at_their_bound_by_lme4() {
    let settings = IccSettings {
        components: VarianceComponents::Reml,
        ..IccSettings::default()
    };
    let mut worst = Worst::default();
    for (i, case) in json(golden_path("icc/reml.json"))
        .as_array()
        .unwrap()
        .iter()
        .enumerate()
    {
        let found = icc_all(ratings_of(&case["x"]).view(), &settings).unwrap();
        for (one, expected) in found.iter().zip(numbers(&case["icc"])) {
            worst.see(one.value, expected, 1.0, || {
                format!("table {i} {}", one.form)
            });
        }
    }
    worst.at_most(ITERATIVE, "REML");
}
