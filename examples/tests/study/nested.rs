//! What the study says of its own worth.

use std::fs;

use crate::cohort::{Numbers, cohort, run, write_rows};
use crate::common::{column, json, rows};

/// Nested AUCs by model from `nested.json`.
fn nested(file: &serde_json::Value) -> Vec<(String, f64)> {
    let models = file.as_array().unwrap();
    models
        .iter()
        .map(|model| {
            (
                model["model"].as_str().unwrap().to_owned(),
                model["auc"].as_f64().unwrap(),
            )
        })
        .collect()
}

#[test]
fn a_signal_is_found_and_shuffled_outcomes_come_out_at_chance() {
    let (folder, _) = cohort();
    let root = folder.path();
    run(root, "out", &["--deep", "head:8", "--controls", "3"], 0);
    let found = json(&root.join("out/evaluation/nested.json"));
    let deviation = found["chance_standard_deviation"].as_f64().unwrap();
    let models = nested(&found["models"]);
    let names: Vec<&str> = models.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["clinical", "lesion_score", "clinical-radiomics"]);
    assert!(models[1].1 > 0.75, "{models:?}");
    let controls = found["shuffled"].as_array().unwrap();
    assert_eq!(controls.len(), 3);
    for control in controls {
        for (model, auc) in nested(control) {
            assert!((auc - 0.5).abs() < 3.0 * deviation, "{model}: {auc}");
        }
    }

    // The held-out rows of the file are those of the outer folds, each patient once.
    let (header, table) = rows(&root.join("out/evaluation/nested.csv"));
    let at = |name: &str| header.iter().position(|column| column == name).unwrap();
    let mut held_out = 0;
    for row in &table {
        if row[at("outcomes")] == "as they are" && row[at("model")] == "clinical" {
            held_out += row[at("n")].parse::<usize>().unwrap();
        }
    }
    assert_eq!(held_out, 60);
}

#[test]
fn a_run_on_shuffled_outcomes_says_so_and_finds_nothing() {
    let (folder, _) = cohort();
    let root = folder.path();
    let deep = ["--deep", "head:8"];
    run(root, "out", &[&deep[..], &["--shuffle-labels"]].concat(), 0);
    let found = json(&root.join("out/evaluation/nested.json"));
    let deviation = found["chance_standard_deviation"].as_f64().unwrap();
    for (model, auc) in nested(&found["models"]) {
        assert!((auc - 0.5).abs() < 3.0 * deviation, "{model}: {auc}");
    }
    let report = fs::read_to_string(root.join("out/report.html")).unwrap();
    assert!(report.contains("OUTCOMES WERE SHUFFLED"));
    assert!(!root.join("out/bundle").exists(), "no model to hand on");
    // Outcomes are others, events of a split as many.
    run(root, "true", &["--nested", "0"], 0);
    let outcomes = |out: &str| column(&root.join(out).join("features/lesion.csv"), "outcome");
    let (shuffled, real) = (outcomes("out"), outcomes("true"));
    assert_ne!(shuffled, real);
    let events = |outcomes: &[f64]| outcomes[..60].iter().sum::<f64>();
    assert_eq!(events(&shuffled), events(&real));
}

/// More predictors than the events of an outer fold, and fewer than those of all training patients.
#[test]
fn folds_with_too_few_events_cost_the_estimate_and_nothing_else() {
    let (folder, mut rows) = cohort();
    let root = folder.path();
    let mut numbers = Numbers::new(5);
    for (k, row) in rows.iter_mut().enumerate() {
        for column in 0..24 {
            *row += &match k {
                0 => format!(",noise{column}"),
                _ => format!(",{:.3}", numbers.next()),
            };
        }
    }
    write_rows(root, &rows);
    let options = ["--screen", "0.999999", "--backward", "none"];
    run(root, "out", &options, 0);
    assert!(!root.join("out/evaluation/nested.json").exists());
    let report = fs::read_to_string(root.join("out/report.html")).unwrap();
    assert!(report.contains("The nested cross-validation is not possible"));
    // More folds than events are seen at once.
    let refused = run(root, "two", &["--nested", "40"], 1);
    assert!(
        refused.contains("for --nested 40, found 30 events"),
        "{refused}"
    );
}

#[test]
fn a_study_that_finds_nothing_still_reports() {
    let (folder, mut rows) = cohort();
    let root = folder.path();
    // Outcomes that have nothing to do with anything, and a screen that nothing passes.
    for (k, row) in rows.iter_mut().enumerate().skip(1) {
        let cells: Vec<&str> = row.split(',').collect();
        let mut cells: Vec<String> = cells.iter().map(|cell| (*cell).to_owned()).collect();
        cells[2] = ((k / 2) % 2).to_string();
        *row = cells.join(",");
    }
    write_rows(root, &rows);
    let options = ["--screen", "0.0000001", "--rule", "1se", "--nested", "2"];
    let printed = run(root, "out", &options, 0);
    assert!(
        printed.contains("no model: nothing was selected"),
        "{printed}"
    );
    let report = fs::read_to_string(root.join("out/report.html")).unwrap();
    assert!(report.contains("No predictor stayed in the model."));
}
