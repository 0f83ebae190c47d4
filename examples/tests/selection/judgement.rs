//! Nested cross-validation, shuffled outcomes and stability.

use std::collections::BTreeSet;

use crate::{Study, close, number};

#[test]
fn nested_cross_validation_finds_signals_and_no_noise() {
    let options = ["--nested", "4", "--nested-repeats", "3", "--folds", "5"];
    let noise = Study::new(15, 100, 25, 0).select(&options);
    let auc = noise.json("nested.json")["mean_auc"].as_f64().unwrap();
    assert!((auc - 0.5).abs() < 0.1, "{auc} of noise");

    let study = Study::new(15, 100, 25, 2);
    let run = study.select(&options);
    let summary = run.json("nested.json");
    let get = |name: &str| summary[name].as_f64().unwrap();
    assert!(get("mean_auc") > 0.75 && get("mean_apparent_auc") > get("mean_auc"));
    close(
        get("optimism"),
        get("mean_apparent_auc") - get("mean_auc"),
        1e-12,
        "optimism",
    );
    let folds = run.rows("nested.csv");
    assert_eq!(folds.len(), 12);
    // The mean weights folds by their pairs of an event and another.
    let weighted = |column: &str| {
        let pairs = |row| number(row, "events") * (number(row, "n") - number(row, "events"));
        let sum: f64 = folds
            .iter()
            .map(|row| pairs(row) * number(row, column))
            .sum();
        sum / folds.iter().map(pairs).sum::<f64>()
    };
    close(get("mean_auc"), weighted("auc"), 1e-12, "mean AUC");
    let frequencies = run.rows("selection_frequency.csv");
    assert_eq!(frequencies[0]["folds"], "12");
    let leading: BTreeSet<&str> = frequencies[..2]
        .iter()
        .map(|row| row["feature"].as_str())
        .collect();
    let signals = BTreeSet::from(["original_glcm_F00", "original_glcm_F01"]);
    assert_eq!(leading, signals);
    assert!(run.has("selection_frequency.png"));
}

#[test]
fn shuffled_outcomes_are_at_chance() {
    let study = Study::new(15, 90, 12, 2);
    let run = study.select(&["--nested", "3", "--permutations", "12", "--folds", "5"]);
    let summary = run.json("nested.json");
    let auc = summary["mean_auc"].as_f64().unwrap();
    let test = &summary["permutation_test"];
    let permuted: Vec<f64> = run
        .rows("permutations.csv")
        .iter()
        .map(|row| number(row, "auc"))
        .collect();
    assert_eq!(permuted.len(), 12);
    let mean = permuted.iter().sum::<f64>() / 12.0;
    close(test["mean_auc"].as_f64().unwrap(), mean, 1e-12, "mean");
    assert!((mean - 0.5).abs() < 0.1, "{mean} of shuffled outcomes");
    let as_good = permuted.iter().filter(|&&p| p >= auc).count();
    close(
        test["p"].as_f64().unwrap(),
        (1 + as_good) as f64 / 13.0,
        1e-12,
        "p",
    );
}

#[test]
fn stable_features_are_those_of_most_halves() {
    let study = Study::new(18, 120, 15, 3);
    let run = study.select(&[
        "--relevance",
        "none",
        "--redundancy",
        "none",
        "--stability",
        "40",
        "--stable-from",
        "0.9",
    ]);
    let rows = run.rows("stability.csv");
    assert_eq!(rows.len(), 15);
    for row in &rows {
        let probability = number(row, "probability");
        close(
            (40.0 * probability).round(),
            40.0 * probability,
            1e-9,
            "a share of 40 halves",
        );
        assert_eq!(row["stable"] == "1", probability >= 0.9, "{row:?}");
    }
    let leading: BTreeSet<&str> = rows[..3]
        .iter()
        .map(|row| row["feature"].as_str())
        .collect();
    assert_eq!(leading.len(), 3);
    assert!(
        leading.iter().all(|name| *name <= "original_glcm_F02"),
        "{leading:?}"
    );
    let summary = run.json("stability.json");
    let q = summary["mean_selected"].as_f64().unwrap();
    let sum: f64 = rows.iter().map(|row| number(row, "probability")).sum();
    close(q, sum, 1e-12, "features of a half on average");
    let bound = summary["expected_false_selections"]["meinshausen_buehlmann"].as_f64();
    assert!(bound.unwrap() <= 1.0);
    close(
        bound.unwrap(),
        q * q / ((2.0 * 0.9 - 1.0) * 15.0),
        1e-12,
        "bound",
    );
    assert!(run.has("stability.svg"));
}
