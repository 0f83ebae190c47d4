//! caret, Hmisc, R's `hclust`, `cor` and `cor.test`, scikit-learn and exact arithmetic; `redundancy/README.md` says which.

use super::common::{ANALYTIC, Worst, golden_path, indices, json, names, number, numbers};
use feature_selection::FeatureTable;
use feature_selection::correlation::{
    Correlation, correlation_matrix, correlation_test, fisher_interval,
};
use feature_selection::redundancy::{
    CaretRule, Dendrogram, Linkage, RSquared, RedundancyAnalysis, Target, Terms, find_correlation,
    near_zero_variance, value_frequencies, variance_inflation, variance_threshold,
};
use ndarray::Array2;
use serde_json::Value;

/// A direct formula of another program.
const DIRECT: f64 = 1e-10;
/// P-values, relative.
const P_VALUE: f64 = 1e-8;

fn file(name: &str) -> Value {
    json(golden_path("redundancy").join(name))
}

fn cases(name: &str) -> Vec<Value> {
    let cases = file(name);
    cases.as_array().expect("a list of cases").clone()
}

fn matrix(rows: &Value) -> Array2<f64> {
    let rows: Vec<Vec<f64>> = rows.as_array().unwrap().iter().map(numbers).collect();
    Array2::from_shape_fn((rows.len(), rows[0].len()), |(i, j)| rows[i][j])
}

fn table(rows: &Value) -> FeatureTable {
    let values = matrix(rows);
    FeatureTable::new(values.view(), &names(values.ncols())).expect("a clean table")
}

#[test]
fn find_correlation_lists_the_same_columns_in_the_same_order() {
    let cases = cases("caret.json");
    assert_eq!(cases.len(), 20);
    for case in cases {
        let r = matrix(&case["r"]);
        let cutoff = number(&case["cutoff"]);
        for (key, rule) in [("exact", CaretRule::Exact), ("fast", CaretRule::Fast)] {
            let found = find_correlation(r.view(), cutoff, rule).unwrap();
            let at = format!("{} of {} columns, {key}", case["kind"], r.nrows());
            assert_eq!(found, indices(&case[key]), "{at}");
        }
    }
}

#[test]
fn trees_have_the_same_order_heights_and_groups() {
    let mut worst = Worst::default();
    for case in cases("clusters.json") {
        let linkage = match case["linkage"].as_str().unwrap() {
            "average" => Linkage::Average,
            "complete" => Linkage::Complete,
            "single" => Linkage::Single,
            _ => Linkage::Ward,
        };
        let tree = Dendrogram::new(&table(&case["x"]), Correlation::Pearson, linkage).unwrap();
        assert_eq!(tree.order, indices(&case["order"]), "{linkage:?}");
        let heights = numbers(&case["heights"]);
        assert_eq!(tree.merges.len(), heights.len());
        for (merge, expected) in tree.merges.iter().zip(heights) {
            worst.see(merge.height, expected, 1e-2, || format!("{linkage:?}"));
        }
        let mut groups = vec![usize::MAX; tree.columns.len()];
        for (group, members) in tree.clusters(number(&case["cut"])).iter().enumerate() {
            members.iter().for_each(|&j| groups[j] = group);
        }
        assert_eq!(groups, indices(&case["groups"]), "{linkage:?}");
    }
    worst.at_most(ANALYTIC, "heights");
}

#[test]
fn redun_removes_the_same_columns_for_the_same_reasons() {
    let cases = cases("redun.json");
    assert_eq!(cases.len(), 20);
    let mut worst = Worst::default();
    for (number_of_case, case) in cases.iter().enumerate() {
        let knots = number(&case["nk"]) as usize;
        let target = match case["tlinear"].as_bool().unwrap() {
            true => Target::Linear,
            false => Target::Transformed,
        };
        let terms = match knots {
            0 => Terms::Linear,
            knots => Terms::Splines { knots, target },
        };
        let kind = match case["type"].as_str().unwrap() {
            "adjusted" => RSquared::Adjusted,
            _ => RSquared::Ordinary,
        };
        let fit = RedundancyAnalysis::new()
            .threshold(number(&case["r2"]))
            .r_squared(kind)
            .terms(terms)
            .fit(&table(&case["x"]))
            .unwrap();
        assert!(fit.linear.is_empty());
        assert_eq!(fit.kept, indices(&case["kept"]), "case {number_of_case}");
        let out: Vec<usize> = fit.removed.iter().map(|r| r.column).collect();
        assert_eq!(out, indices(&case["out"]), "case {number_of_case}");
        let at = |what: &str| format!("{what}, case {number_of_case}");
        let expected = numbers(&case["r_squared"]);
        let later = numbers(&case["later"]);
        for (k, removal) in fit.removed.iter().enumerate() {
            worst.see(removal.r_squared, expected[k], 1e-2, || at("R²"));
            // The reference has no later value for the last column: it is the value at removal.
            let last = later.get(k).unwrap_or(&expected[k]);
            worst.see(removal.final_r_squared, *last, 1e-2, || at("later R²"));
        }
        for (found, expected) in fit.initial.iter().zip(numbers(&case["initial"])) {
            worst.see(*found, expected, 1e-2, || at("first R²"));
        }
    }
    worst.at_most(DIRECT, "redun");
}

#[test]
fn inflation_is_the_diagonal_of_the_inverse_correlation_matrix() {
    let mut worst = Worst::default();
    for case in cases("vif.json") {
        let found = variance_inflation(&table(&case["x"]));
        assert!(found.aliased.is_empty() && found.constant.is_empty());
        for (j, expected) in numbers(&case["vif"]).into_iter().enumerate() {
            worst.see(found.factors[j], expected, 1.0, || format!("column {j}"));
        }
    }
    worst.at_most(DIRECT, "variance inflation");
}

#[test]
fn near_zero_variance_and_its_metrics() {
    let golden = file("near_zero.json");
    let table = table(&golden["x"]);
    let zero: Vec<bool> = serde_json::from_value(golden["zero"].clone()).unwrap();
    let (ratio, unique) = (numbers(&golden["ratio"]), numbers(&golden["unique"]));
    for (j, found) in value_frequencies(&table).iter().enumerate() {
        assert_eq!(found.frequency_ratio, ratio[j], "column {j}");
        assert_eq!(found.percent_unique, unique[j], "column {j}");
        assert_eq!(found.zero_variance, zero[j], "column {j}");
    }
    assert_eq!(
        near_zero_variance(&table, 19.0, 10.0).unwrap(),
        indices(&golden["near_zero"])
    );
}

#[test]
fn variance_thresholds() {
    let golden = file("variance.json");
    let table = table(&golden["x"]);
    for case in golden["cases"].as_array().unwrap() {
        let threshold = number(&case["threshold"]);
        let found = variance_threshold(&table, threshold).unwrap();
        assert_eq!(found.kept, indices(&case["kept"]), "threshold {threshold}");
    }
}

#[test]
fn coefficients_keep_all_digits_at_any_offset_and_scale() {
    for case in cases("exact.json") {
        let table = table(&case["x"]);
        for (key, method) in [
            ("pearson", Correlation::Pearson),
            ("spearman", Correlation::Spearman),
        ] {
            let mut worst = Worst::default();
            let found = correlation_matrix(&table, method);
            for ((i, j), &r) in found.indexed_iter() {
                let expected = number(&case[key][i][j]);
                worst.see(r, expected, 1.0, || format!("{i} {j}"));
            }
            let what = format!("{key}, scale {}, offset {}", case["scale"], case["offset"]);
            worst.at_most(ANALYTIC, &what);
        }
    }
}

#[test]
fn tests_of_a_single_coefficient() {
    let (mut direct, mut p_value) = (Worst::default(), Worst::default());
    for case in cases("tests.json") {
        let name = case["method"].as_str().unwrap();
        let method = match name {
            "pearson" => Correlation::Pearson,
            "spearman" => Correlation::Spearman,
            _ => Correlation::Kendall,
        };
        let found = correlation_test(&table(&case["x"]), 0, 1, method).unwrap();
        let at = || format!("{name}, n = {}", found.n);
        let coefficient = number(&case["coefficient"]);
        direct.see(found.coefficient, coefficient, 1e-3, at);
        // The reference reports Spearman's sum of squared differences of ranks instead of t.
        if method != Correlation::Spearman {
            direct.see(found.statistic, number(&case["statistic"]), 1e-3, at);
        }
        p_value.see(found.p_value, number(&case["p"]), 1e-300, at);
        if method == Correlation::Pearson {
            let interval = fisher_interval(found.coefficient, found.n, 0.95).unwrap();
            let expected = numbers(&case["interval"]);
            direct.see(interval.low, expected[0], 1e-3, at);
            direct.see(interval.high, expected[1], 1e-3, at);
        }
    }
    direct.at_most(DIRECT, "coefficients, statistics and intervals");
    p_value.at_most(P_VALUE, "p-values");
}
