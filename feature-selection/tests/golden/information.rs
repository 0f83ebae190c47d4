//! scikit-learn, infotheo, praznik and mRMRe: mutual information and greedy selection.

use super::common::{
    ANALYTIC, Csv, Worst, golden_path, indices, json, number, numbers, shared_path,
};
use feature_selection::FeatureTable;
use feature_selection::correlation::Correlation;
use feature_selection::mrmr::{
    Association, Criterion, Dependence, GreedySelection, GreedySelector, Stop, select,
};
use feature_selection::mutual_information::{
    Binning, Distances, Entropy, Estimator, NearestNeighbors, Target, Ties, binned, cube_root_bins,
    feature_information, nearest_neighbor_class, nearest_neighbor_continuous, outcome_information,
};
use ndarray::Array2;
use serde_json::Value;

/// One-pass sums in the reference leave it this far from the definition.
const ONE_PASS: f64 = 1e-10;

const FILTERS: [(&str, Criterion); 7] = [
    ("MIM", Criterion::Mim),
    ("MRMR", Criterion::MrmrDifference),
    ("JMI", Criterion::Jmi),
    ("JMIM", Criterion::Jmim),
    ("CMIM", Criterion::Cmim),
    ("DISR", Criterion::Disr),
    ("NJMIM", Criterion::Njmim),
];

fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
}

/// A table from a list of columns.
fn table(columns: &Value) -> FeatureTable {
    let columns: Vec<Vec<f64>> = list(columns).iter().map(numbers).collect();
    let values = Array2::from_shape_fn((columns[0].len(), columns.len()), |(i, j)| columns[j][i]);
    FeatureTable::new(values.view(), &super::common::names(columns.len())).expect("a clean table")
}

fn neighbors(case: &Value) -> usize {
    number(&case["k"]) as usize
}

#[test]
fn classes_by_nearest_neighbors() {
    let golden = json(golden_path("information/knn.json"));
    let (mut exact, mut expanded) = (Worst::default(), Worst::default());
    for (i, case) in list(&golden["class"]).iter().enumerate() {
        let (x, y, k) = (
            numbers(&case["x"]),
            indices(&case["classes"]),
            neighbors(case),
        );
        let value = number(&case["value"]);
        if case["trees"] == true {
            let found = nearest_neighbor_class(&x, &y, k).unwrap();
            exact.see(found, value, 1.0, || format!("case {i}"));
        }
        let columns = Value::from(vec![case["x"].clone()]);
        let settings = NearestNeighbors::new()
            .neighbors(k)
            .distances(Distances::Expanded);
        let found = feature_information(
            &table(&columns),
            Target::Classes(&y),
            Estimator::NearestNeighbors(settings),
        )
        .unwrap();
        expanded.see(found[0], value, 1.0, || format!("case {i}"));
    }
    exact.at_most(ANALYTIC, "exact distances");
    expanded.at_most(ANALYTIC, "expanded distances");
}

#[test]
fn continuous_targets_by_nearest_neighbors() {
    let golden = json(golden_path("information/knn.json"));
    let mut worst = Worst::default();
    for (i, case) in list(&golden["continuous"]).iter().enumerate() {
        let (x, y, k) = (numbers(&case["x"]), numbers(&case["y"]), neighbors(case));
        let value = number(&case["value"]);
        let found = nearest_neighbor_continuous(&x, &y, k).unwrap();
        worst.see(found, value, 1.0, || format!("case {i}"));
        let columns = Value::from(vec![case["x"].clone()]);
        let settings = Estimator::NearestNeighbors(NearestNeighbors::new().neighbors(k));
        let found = feature_information(&table(&columns), Target::Continuous(&y), settings);
        worst.see(found.unwrap()[0], value, 1.0, || {
            format!("table of case {i}")
        });
    }
    worst.at_most(ANALYTIC, "continuous targets");
}

#[test]
fn seeded_noise_is_the_reference_noise() {
    let golden = json(golden_path("information/knn.json"));
    let mut worst = Worst::default();
    for what in ["classif", "regression"] {
        for (i, case) in list(&golden[what]).iter().enumerate() {
            let seed = number(&case["seed"]) as u32;
            let settings = NearestNeighbors::scikit_learn(seed).neighbors(neighbors(case));
            let (classes, y) = (indices(&case["classes"]), numbers(&case["y"]));
            let target = if what == "classif" {
                Target::Classes(&classes)
            } else {
                Target::Continuous(&y)
            };
            let estimator = Estimator::NearestNeighbors(settings);
            let found = feature_information(&table(&case["columns"]), target, estimator).unwrap();
            let expected = numbers(&case["value"]);
            assert_eq!(found.len(), expected.len());
            for (j, (f, e)) in found.iter().zip(expected).enumerate() {
                worst.see(*f, e, 1.0, || format!("{what} {i}, column {j}"));
            }
        }
    }
    worst.at_most(ANALYTIC, "seeded noise");
}

#[test]
fn bins_and_estimators_of_entropy() {
    let golden = json(golden_path("information/binned.json"));
    for (i, case) in list(&golden["bins"]).iter().enumerate() {
        let (x, bins) = (numbers(&case["x"]), number(&case["n_bins"]) as usize);
        for (name, binning) in [
            ("equal_frequency", Binning::EqualFrequency { bins }),
            ("equal_width", Binning::EqualWidth { bins }),
        ] {
            let found = binning.classes(&x).unwrap();
            assert_eq!(found, indices(&case[name]), "{name}, case {i}");
        }
    }
    let mut worst = Worst::default();
    for (i, case) in list(&golden["information"]).iter().enumerate() {
        let (a, b) = (indices(&case["a"]), indices(&case["b"]));
        for (name, entropy) in [
            ("emp", Entropy::Empirical),
            ("mm", Entropy::MillerMadow),
            ("shrink", Entropy::Shrinkage),
            ("sg", Entropy::INFOTHEO_SG),
        ] {
            let found = binned(&a, &b, entropy).unwrap();
            worst.see(found, number(&case[name]), 1.0, || {
                format!("{name}, case {i}")
            });
        }
    }
    worst.at_most(ANALYTIC, "estimators of entropy");
}

fn check_scores(found: &[f64], expected: &[f64], tolerance: f64, what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let mut worst = Worst::default();
    for (k, (&f, &e)) in found.iter().zip(expected).enumerate() {
        worst.see(f, e, 1.0, || format!("feature {k}"));
    }
    worst.at_most(tolerance, what);
}

#[test]
fn filters_on_tables_of_two_and_three_classes() {
    let golden = json(golden_path("information/greedy.json"));
    for (t, case) in list(&golden["tables"]).iter().enumerate() {
        let (table, classes) = (table(&case["columns"]), indices(&case["classes"]));
        for (name, criterion) in FILTERS {
            let found = GreedySelector::new()
                .criterion(criterion)
                .count(number(&case["k"]) as usize)
                .select(&table, Target::Classes(&classes))
                .unwrap();
            let what = format!("{name}, table {t}");
            assert_eq!(found.selected, indices(&case[name]["selected"]), "{what}");
            check_scores(
                &found.scores,
                &numbers(&case[name]["scores"]),
                ANALYTIC,
                &what,
            );
        }
    }
}

#[test]
fn selections_from_correlation() {
    let golden = json(golden_path("information/greedy.json"));
    for (t, case) in list(&golden["tables"]).iter().enumerate() {
        let Some(gaussian) = case["gaussian"].as_array() else {
            continue;
        };
        let table = table(&case["columns"]);
        let outcome: Vec<bool> = indices(&case["classes"]).iter().map(|&c| c == 1).collect();
        for expected in gaussian {
            let found = GreedySelector::new()
                .criterion(if expected["quotient"] == true {
                    Criterion::MrmrQuotient
                } else {
                    Criterion::MrmrDifference
                })
                .count(number(&case["k"]) as usize)
                .dependence(Dependence::Gaussian {
                    correlation: match expected["correlation"].as_str() {
                        Some("pearson") => Correlation::Pearson,
                        _ => Correlation::Spearman,
                    },
                    association: match expected["association"].as_str() {
                        Some("correlation") => Association::Correlation,
                        Some("concordance") => Association::Concordance,
                        _ => Association::SomersD,
                    },
                })
                .select(&table, Target::Binary(&outcome))
                .unwrap();
            let what = format!(
                "table {t}, {} {} {}",
                expected["correlation"], expected["association"], expected["quotient"]
            );
            assert_eq!(found.selected, indices(&expected["selected"]), "{what}");
            for (found, part) in [
                (&found.scores, "scores"),
                (&found.relevance, "relevance"),
                (&found.redundancy, "redundancy"),
            ] {
                // Redundancy is tiny where quotients are large, so they carry its rounding.
                check_scores(found, &numbers(&expected[part]), ONE_PASS, &what);
            }
        }
    }
}

fn check_nearest(table: &FeatureTable, outcome: &[bool], expected: &[f64]) {
    let mut worst = Worst::default();
    for (j, found) in outcome_information(table, outcome, 3)
        .unwrap()
        .into_iter()
        .enumerate()
    {
        // The reference has no value for a constant column; ours is 0.
        let reference = if expected[j].is_nan() {
            0.0
        } else {
            expected[j]
        };
        worst.see(found, reference, 1.0, || format!("column {j}"));
    }
    worst.at_most(ANALYTIC, "nearest neighbors");
}

fn check_binned(table: &FeatureTable, outcome: &[bool], columns: &[usize], expected: &[f64]) {
    let estimator = Estimator::Binned {
        binning: Binning::EqualFrequency {
            bins: cube_root_bins(table.n_rows()),
        },
        entropy: Entropy::Empirical,
    };
    let found = feature_information(table, Target::Binary(outcome), estimator).unwrap();
    let mut worst = Worst::default();
    for (&j, &reference) in columns.iter().zip(expected) {
        worst.see(found[j], reference, 1.0, || format!("column {j}"));
    }
    worst.at_most(ANALYTIC, "equal frequency");
}

#[test]
fn a_part_of_the_radiomics_table() {
    let csv = Csv::read(golden_path("radiomics421_subset.csv"));
    let (table, outcome) = (csv.table(1), csv.outcome("y"));
    let golden = json(golden_path("mi_subset.json"));
    check_nearest(&table, &outcome, &numbers(&golden["classif_k3_nojitter"]));
    let expected = numbers(&golden["infotheo_equal_frequency_empirical"]);
    let columns: Vec<usize> = (0..expected.len())
        .filter(|&j| !expected[j].is_nan())
        .collect();
    let values: Vec<f64> = columns.iter().map(|&j| expected[j]).collect();
    check_binned(&table, &outcome, &columns, &values);
}

#[test]
fn the_full_radiomics_table() {
    let Some(data) = shared_path("data/radiomics421.csv") else {
        return;
    };
    let csv = Csv::read(data);
    let (table, outcome) = (csv.table(1), csv.outcome("y"));
    let knn = json(shared_path("mi_knn.json").expect("beside its data"));
    let expected = numbers(&knn["radiomics421_classif_k3_nojitter"]);
    check_nearest(&table, &outcome, &expected);
    // The constant column has the information of its noise there, and here.
    let settings = Estimator::NearestNeighbors(NearestNeighbors::scikit_learn(0));
    let found = feature_information(&table, Target::Binary(&outcome), settings).unwrap();
    let expected = numbers(&knn["radiomics421_classif_k3_seed0"]);
    assert!(found[500] > 0.0);
    check_scores(&found, &expected, ANALYTIC, "seeded noise");
    let golden = json(shared_path("mi_binned_mrmr.json").expect("beside its data"));
    let columns: Vec<usize> = (0..979).filter(|&j| j != 500).collect();
    check_binned(
        &table,
        &outcome,
        &columns,
        &numbers(&golden["infotheo"]["radiomics_mi_y_ef_without_col500"]),
    );
    for (name, criterion) in FILTERS {
        let found = select(
            &table,
            &outcome,
            criterion,
            20,
            Binning::Praznik,
            Stop::WhenExhausted,
        )
        .unwrap();
        let expected = &golden["praznik"][format!("{name}_radiomics")];
        assert_eq!(found.selected, indices(&expected["sel"]), "{name}");
        check_scores(&found.scores, &numbers(&expected["score"]), ANALYTIC, name);
    }
    check_mrmre(&table, &outcome, &golden["mRMRe"]);
}

fn check_mrmre(table: &FeatureTable, outcome: &[bool], golden: &Value) {
    let run = |association| -> GreedySelection {
        GreedySelector::new()
            .count(20)
            .dependence(Dependence::Gaussian {
                correlation: Correlation::Pearson,
                association,
            })
            .select(table, Target::Binary(outcome))
            .unwrap()
    };
    // The reference was given the table without its constant column.
    let column = |j: usize| if j < 500 { j } else { j + 1 };
    let check = |found: GreedySelection, selected: &Value, scores: &Value, what: &str| {
        let selected: Vec<usize> = indices(selected).into_iter().map(column).collect();
        assert_eq!(found.selected, selected, "{what}");
        let mut worst = Worst::default();
        for (k, &reference) in numbers(scores).iter().enumerate() {
            // The first score of an ordered outcome is missing there.
            if !reference.is_nan() {
                worst.see(found.scores[k], reference, 1.0, || format!("feature {k}"));
            }
        }
        worst.at_most(ONE_PASS, what);
    };
    check(
        run(Association::Correlation),
        &golden["selected_0based_in_X_without_col500"],
        &golden["scores"],
        "mRMRe, numeric outcome",
    );
    check(
        run(Association::Concordance),
        &golden["ordered_y_selected"],
        &golden["ordered_y_scores"],
        "mRMRe, ordered outcome",
    );
}

#[test]
fn noise_of_a_constant_is_off_unless_asked_for() {
    let golden = json(golden_path("information/knn.json"));
    let case = &list(&golden["classif"])[2];
    let (table, classes) = (table(&case["columns"]), indices(&case["classes"]));
    let run = |ties| {
        let settings = NearestNeighbors::new().ties(ties);
        let estimator = Estimator::NearestNeighbors(settings);
        feature_information(&table, Target::Classes(&classes), estimator).unwrap()[7]
    };
    assert_eq!(run(Ties::Deterministic), 0.0);
    assert_ne!(
        (run(Ties::Jitter { seed: 1 }), run(Ties::Jitter { seed: 2 })),
        (0.0, 0.0)
    );
}
