//! R, scipy, scikit-learn and 60-digit arithmetic: tests of single features, corrections, completed tables.

use std::collections::BTreeMap;

use super::common::{Csv, DIRECT, Worst, golden_path, indices, json, number, numbers};
use feature_selection::FeatureTable;
use feature_selection::missing::{ImputeBy, Imputer, IncompleteTable};
use feature_selection::relevance::Relevance;
use feature_selection::standardize::{Divisor, Standardizer};
use feature_selection::univariate::{
    Adjustment, Effect, LeveneCenter, MannWhitneyMethod, MeanDifference, TestName,
    UnivariateMethod, UnivariateSettings, UnivariateTable, adjust, levene, univariate_test,
};
use ndarray::Array2;

/// Statistics, direct formulas.
const STATISTIC: f64 = 1e-10;
/// p-values, relative, however small.
const P_VALUE: f64 = 1e-8;
/// So that errors are relative down to the smallest numbers.
const NO_FLOOR: f64 = 0.0;

#[test]
fn tests_of_the_radiomics_table() {
    let csv = Csv::read(golden_path("radiomics421_subset.csv"));
    let (table, outcome) = (csv.table(1), csv.outcome("y"));
    let golden = json(golden_path("univariate.json"));
    let columns = indices(&json(golden_path("corr_radiomics421_subset.json"))["idx"]);
    let mut worst = Worst::default();
    for (k, original) in indices(&golden["radiomics_idx"]).into_iter().enumerate() {
        let j = columns
            .iter()
            .position(|&c| c == original)
            .expect("a column of the part");
        let (x, expected) = (table.column(j), &golden["radiomics"][k]);
        let test = |method| univariate_test(x, &outcome, method).unwrap();
        let student = test(UnivariateMethod::Student);
        let welch = test(UnivariateMethod::Welch);
        let corrected = test(UnivariateMethod::MannWhitney(
            MannWhitneyMethod::NormalCorrected,
        ));
        let plain = test(UnivariateMethod::MannWhitney(MannWhitneyMethod::Normal));
        let about_mean = levene(x, &outcome, LeveneCenter::Mean).unwrap();
        let about_median = levene(x, &outcome, LeveneCenter::Median).unwrap();
        for (key, found) in [
            ("t", student.statistic),
            ("t_p", student.p_value),
            ("welch", welch.statistic),
            ("welch_df", welch.df),
            ("welch_p", welch.p_value),
            ("U", corrected.statistic),
            ("U_p_cc", corrected.p_value),
            ("U_p_nocc", plain.p_value),
            ("levene_mean", about_mean.statistic),
            ("levene_mean_p", about_mean.p_value),
            ("levene_median", about_median.statistic),
            ("levene_median_p", about_median.p_value),
        ] {
            worst.see(found, number(&expected[key]), NO_FLOOR, || {
                format!("column {original} {key}")
            });
        }
    }
    worst.at_most(STATISTIC, "univariate tests");
}

#[test]
fn the_exact_distribution_of_u() {
    let golden = json(golden_path("univariate.json"));
    let exact = &golden["exact"];
    let (a, b) = (numbers(&exact["a"]), numbers(&exact["b"]));
    let outcome: Vec<bool> = (0..a.len() + b.len()).map(|i| i < a.len()).collect();
    let method = UnivariateMethod::MannWhitney(MannWhitneyMethod::ExactIfSmall);
    let found = univariate_test(&[a, b].concat(), &outcome, method).unwrap();
    assert_eq!(found.test, TestName::MannWhitneyExact);
    let mut worst = Worst::default();
    worst.see(found.statistic, number(&exact["U"]), 1.0, || "U".to_owned());
    worst.see(found.p_value, number(&exact["p"]), 1.0, || "p".to_owned());
    worst.at_most(DIRECT, "exact U");
}

struct Feature {
    values: Vec<f64>,
    outcome: Vec<bool>,
}

fn features() -> Vec<Feature> {
    let text = std::fs::read_to_string(golden_path("univariate/features.csv")).expect("a file");
    text.lines()
        .map(|line| {
            let mut fields = line.split(',').skip(1);
            let n_events: usize = fields.next().and_then(|f| f.parse().ok()).expect("a count");
            let values: Vec<f64> = fields.map(|f| f.parse().expect("a number")).collect();
            let outcome = (0..values.len()).map(|i| i < n_events).collect();
            Feature { values, outcome }
        })
        .collect()
}

/// Every number of a file of `feature,name,value`, by feature.
fn expected(file: &str) -> Vec<BTreeMap<String, f64>> {
    let mut reader = csv::Reader::from_path(golden_path(file)).expect("a file");
    let mut all: Vec<BTreeMap<String, f64>> = Vec::new();
    for record in reader.records() {
        let record = record.expect("a record");
        let feature: usize = record[0].parse().expect("an index");
        let value: f64 = record[2].parse().expect("a number");
        if all.len() < feature {
            all.resize(feature, BTreeMap::new());
        }
        let before = all[feature - 1].insert(record[1].to_owned(), value);
        assert_eq!(before, None, "{} of feature {feature} twice", &record[1]);
    }
    all
}

fn means(feature: &Feature, method: UnivariateMethod) -> MeanDifference {
    let test = univariate_test(&feature.values, &feature.outcome, method).unwrap();
    match test.effect {
        Effect::Means(means) => means,
        other => panic!("{other:?}"),
    }
}

/// Our number of that name.
fn ours(feature: &Feature, name: &str) -> f64 {
    let test = |method| univariate_test(&feature.values, &feature.outcome, method).unwrap();
    let ranks = |method| test(UnivariateMethod::MannWhitney(method));
    let levene = |center| levene(&feature.values, &feature.outcome, center).unwrap();
    let (student, welch) = (UnivariateMethod::Student, UnivariateMethod::Welch);
    let shapiro = |class: bool| {
        let rows = feature.values.iter().zip(&feature.outcome);
        let values: Vec<f64> = rows
            .filter(|(_, y)| **y == class)
            .map(|(x, _)| *x)
            .collect();
        eval_stats::location::shapiro_wilk(&values).unwrap().p
    };
    match name {
        "student_t" => test(student).statistic,
        "student_df" => test(student).df,
        "student_p" => test(student).p_value,
        "student_low" => means(feature, student).interval(0.95).unwrap().low,
        "student_high" => means(feature, student).interval(0.95).unwrap().high,
        "welch_t" => test(welch).statistic,
        "welch_df" => test(welch).df,
        "welch_p" => test(welch).p_value,
        "welch_low" => means(feature, welch).interval(0.95).unwrap().low,
        "welch_high" => means(feature, welch).interval(0.95).unwrap().high,
        "cohens_d" => means(feature, student).cohens_d.unwrap(),
        "hedges_g" => means(feature, student).hedges_g().unwrap(),
        "standardized_difference" => means(feature, student).standardized_difference.unwrap(),
        "levene_mean_f" => levene(LeveneCenter::Mean).statistic,
        "levene_mean_p" => levene(LeveneCenter::Mean).p_value,
        "levene_median_f" => levene(LeveneCenter::Median).statistic,
        "levene_median_p" => levene(LeveneCenter::Median).p_value,
        "u" => ranks(MannWhitneyMethod::Normal).statistic,
        "u_p" => ranks(MannWhitneyMethod::ExactIfSmall).p_value,
        "u_p_corrected" => ranks(MannWhitneyMethod::NormalCorrected).p_value,
        "u_p_plain" => ranks(MannWhitneyMethod::Normal).p_value,
        "scipy_u_p_auto" => ranks(MannWhitneyMethod::ExactIfFew).p_value,
        "shapiro_events" => shapiro(true),
        "shapiro_others" => shapiro(false),
        "point_biserial" => {
            let n = feature.values.len();
            let column = Array2::from_shape_vec((n, 1), feature.values.clone()).unwrap();
            let table = FeatureTable::new(column.view(), &["x".to_owned()]).unwrap();
            Relevance::PointBiserial
                .of(&table, &feature.outcome)
                .unwrap()[0]
        }
        other => panic!("no number is called {other}"),
    }
}

fn compare(file: &str, n_numbers: usize) {
    let (features, golden) = (features(), expected(file));
    assert_eq!(features.len(), golden.len());
    let (mut statistics, mut p_values, mut seen) = (Worst::default(), Worst::default(), 0);
    for (k, (feature, numbers)) in features.iter().zip(&golden).enumerate() {
        let own = numbers
            .iter()
            .filter(|(name, _)| !name.starts_with("adjusted"));
        for (name, &value) in own {
            let found = ours(feature, name);
            let is_p = name.ends_with("_p") || name.contains("_p_") || name.starts_with("shapiro");
            let worst = if is_p { &mut p_values } else { &mut statistics };
            worst.see(found, value, NO_FLOOR, || {
                format!("feature {} {name}", k + 1)
            });
            seen += 1;
        }
    }
    assert_eq!(seen, n_numbers, "numbers of {file}");
    statistics.at_most(STATISTIC, &format!("statistics of {file}"));
    p_values.at_most(P_VALUE, &format!("p-values of {file}"));
}

#[test]
fn tests_of_r() {
    compare("univariate/r.csv", 969);
}

#[test]
fn tests_in_exact_arithmetic() {
    compare("univariate/exact.csv", 772);
}

#[test]
fn every_correction_of_r() {
    let golden = expected("univariate/r.csv");
    let p: Vec<f64> = golden.iter().map(|g| g["u_p_corrected"]).collect();
    let mut worst = Worst::default();
    for (name, method) in [
        ("holm", Adjustment::Holm),
        ("hochberg", Adjustment::Hochberg),
        ("hommel", Adjustment::Hommel),
        ("bonferroni", Adjustment::Bonferroni),
        ("BH", Adjustment::BenjaminiHochberg),
        ("BY", Adjustment::BenjaminiYekutieli),
        ("fdr", Adjustment::BenjaminiHochberg),
        ("none", Adjustment::None),
    ] {
        for (k, found) in adjust(&p, method).into_iter().enumerate() {
            let expected = golden[k][&format!("adjusted_{name}")];
            worst.see(found, expected, NO_FLOOR, || format!("p {k} by {name}"));
        }
    }
    worst.at_most(1e-13, "adjusted p-values");
}

#[test]
fn a_table_has_what_its_parts_have() {
    let csv = Csv::read(golden_path("radiomics421_subset.csv"));
    let (table, outcome) = (csv.table(1), csv.outcome("y"));
    let found = UnivariateTable::new(&table, &outcome, &UnivariateSettings::default()).unwrap();
    let p: Vec<f64> = found.rows.iter().map(|row| row.test.p_value).collect();
    let adjusted = adjust(&p, Adjustment::BenjaminiHochberg);
    for (j, row) in found.rows.iter().enumerate() {
        let method = found.settings.method;
        let alone = univariate_test(table.column(j), &outcome, method).unwrap();
        // Debug prints every digit, and NaN like NaN.
        assert_eq!(format!("{:?}", row.test), format!("{alone:?}"));
        assert_eq!(row.adjusted_p, adjusted[j]);
        let Effect::Ranks(ranks) = row.test.effect else {
            panic!("{row:?}")
        };
        assert_eq!(row.auc.value, ranks.auc);
        let feature = Feature {
            values: table.column(j).to_vec(),
            outcome: outcome.clone(),
        };
        let means = means(&feature, UnivariateMethod::Welch);
        let mut worst = Worst::default();
        let number = |name: &str| row.iter().find(|(n, _)| *n == name).unwrap().1;
        for (name, expected) in [
            ("mean_events", means.mean_events),
            ("mean_others", means.mean_others),
            ("sd_events", means.sd_events),
            ("sd_others", means.sd_others),
            (
                "standardized_difference",
                means.standardized_difference.unwrap_or(f64::NAN),
            ),
        ] {
            worst.see(number(name), expected, NO_FLOOR, || format!("{j} {name}"));
        }
        worst.at_most(1e-12, "a row of the table");
    }
}

/// Rows of one part of `complete.csv`.
fn part(name: &str) -> Array2<f64> {
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .from_path(golden_path("univariate/complete.csv"))
        .expect("a file");
    let rows: Vec<Vec<f64>> = reader
        .records()
        .map(|record| record.expect("a record"))
        .filter(|record| &record[0] == name)
        .map(|record| {
            let values = record.iter().skip(2);
            values.map(|f| f.parse().unwrap_or(f64::NAN)).collect()
        })
        .collect();
    Array2::from_shape_fn((rows.len(), rows[0].len()), |(i, j)| rows[i][j])
}

#[test]
fn gaps_filled_and_scaled_by_training_rows() {
    let values = part("values");
    let names: Vec<String> = (0..6).map(|j| format!("c{j}")).collect();
    let table = IncompleteTable::new(values.view(), &names).unwrap();
    let training = table.select_rows(&(0..20).collect::<Vec<_>>()).unwrap();
    let mut worst = Worst::default();
    let mut see = |found: &FeatureTable, name: &str| {
        let expected = part(name);
        assert_eq!(found.to_array().dim(), expected.dim());
        for ((i, j), &v) in expected.indexed_iter() {
            let at = || format!("{name} row {i} column {j}");
            worst.see(found.column(j)[i], v, 1.0, at);
        }
    };
    for (statistic, name) in [(ImputeBy::Median, "median"), (ImputeBy::Mean, "mean")] {
        let imputer = Imputer::fit(&training, statistic).unwrap();
        assert_eq!(imputer.dropped, ["c5"]);
        let filled = imputer.transform(&table).unwrap();
        see(&filled, name);
        if statistic == ImputeBy::Median {
            let rows: Vec<usize> = (0..20).collect();
            let fitted =
                Standardizer::fit(&filled.select_rows(&rows).unwrap(), Divisor::Population);
            see(&fitted.unwrap().transform(&filled).unwrap(), "population");
        }
    }
    worst.at_most(STATISTIC, "completed table");
}
