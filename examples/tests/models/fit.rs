//! Models of `fit_nomogram` against rms, lrm, logistf's penalty and val.prob.

use std::fs;
use std::path::Path;

use crate::common::{all_close, close, column, golden, json, numbers, program, rows};
use crate::{RMS, TRAINING, Table, clinrad, clinrad_run};

/// Compares linear predictors of the training rows.
#[track_caller]
fn linear_predictors(folder: &Path, expected: &serde_json::Value) {
    let found = column(&folder.join("out/points.csv"), "linear_predictor");
    all_close(
        &found[..TRAINING],
        &numbers(expected),
        1e-8,
        "linear predictor",
    );
}

#[test]
fn splines_and_points_equal_rms() {
    let expected = json(&golden("nomogram", "rms_synth_rcs.json"));
    let options = [
        "--predictors",
        "age,size,margin,us_alnm,vascularity,tumor_score,ln_score",
        "--spline",
        "size:3",
        "--factor",
        "margin:ref=Well",
        "--factor",
        "vascularity:ref=0",
        "--backward",
        "none",
        "--train-where",
        "set=train",
    ];
    let folder = Table::cohort().fit(&options);
    linear_predictors(folder.path(), &expected["lp"]);
    let points = folder.path().join("out/points.csv");
    for (name, field) in [("total_points", "patient_total"), ("risk", "risk")] {
        let found = column(&points, name);
        all_close(&found[..TRAINING], &numbers(&expected[field]), 1e-8, name);
    }
    let model = json(&folder.path().join("out/model.json"));
    let coefficients = numbers(&model["coefficients"]);
    all_close(
        &coefficients,
        &numbers(&expected["coef"]),
        1e-8,
        "coefficients",
    );
}

#[test]
fn polynomials_and_interactions_equal_lrm() {
    let expected = json(&golden("nomogram", "interactions.json"));
    let chain = [
        "--predictors",
        "size,age,us_alnm,margin",
        "--polynomial",
        "size:3",
        "--interaction",
        "age*us_alnm",
        "--interaction",
        "us_alnm * margin",
        "--factor",
        "margin:ref=Well",
        "--backward",
        "none",
    ];
    let folder = Table::training().fit(&chain);
    linear_predictors(folder.path(), &expected["polynomial_chain"]["lp"]);
    // By Akaike's criterion, from the same start.
    let mut by_aic = chain.to_vec();
    *by_aic.last_mut().expect("options") = "aic";
    let folder = Table::training().fit(&by_aic);
    let (header, steps) = rows(&folder.path().join("out/steps.csv"));
    let (action, term) = (
        header.iter().position(|name| name == "action").unwrap(),
        header.iter().position(|name| name == "term").unwrap(),
    );
    let removed: Vec<String> = steps
        .iter()
        .filter(|row| row[action] == "removed")
        .map(|row| row[term].replace(" * ", ":"))
        .collect();
    assert_eq!(
        serde_json::json!(removed),
        expected["polynomial_chain"]["step"]["removed"]
    );
}

/// Its rows are basis functions, which no forest plot shows.
#[test]
fn a_model_of_curves_alone_is_written_without_a_forest_plot() {
    let options = [
        "--predictors",
        "size,ln_score",
        "--spline",
        "size:4",
        "--polynomial",
        "ln_score:2",
        "--backward",
        "none",
    ];
    let folder = Table::training().fit(&options);
    let out = folder.path().join("out");
    assert!(out.join("nomogram.svg").is_file() && out.join("model.json").is_file());
    assert!(!out.join("forest.svg").exists());
}

#[test]
fn values_that_a_number_is_held_at_make_the_axes_of_rms() {
    let expected = &json(&golden("nomogram", "interactions.json"))["numeric_pair"];
    let options = [
        "--predictors",
        "age,size,us_alnm",
        "--interaction",
        "age*size",
        "--given",
        "age:40,50,60",
        "--backward",
        "none",
    ];
    let folder = Table::training().fit(&options);
    linear_predictors(folder.path(), &expected["lp"]);
    let found = json(&folder.path().join("out/nomogram.json"));
    let (found, expected) = (found["axes"].as_array(), expected["axes"].as_array());
    let (found, expected) = (found.unwrap(), expected.unwrap());
    assert_eq!(found.len(), expected.len());
    for (axis, expected) in found.iter().zip(expected) {
        let name = expected["name"][0].as_str().unwrap();
        assert_eq!(axis["predictor"], expected["predictor"][0]);
        if let Some(age) = axis["given"]["age"].as_f64() {
            assert_eq!(name, format!("size (age={age})"));
        }
        let ticks = axis["ticks"].as_array().unwrap();
        let points: Vec<f64> = ticks
            .iter()
            .map(|t| t["points"].as_f64().unwrap())
            .collect();
        all_close(&points, &numbers(&expected["points"]), 1e-8, name);
    }
}

/// The training rows with a sign that only patients with metastasis show.
fn with_sign() -> Table {
    Table::training().with("sign", |table, row| {
        let age: f64 = table.cell(row, "age").parse().unwrap();
        let present = table.cell(row, "alnm") == "1" && age > 60.0;
        if present { "Present" } else { "Absent" }.to_owned()
    })
}

const SIGNS: [&str; 10] = [
    "--predictors",
    "age,size,margin,posterior,vascularity,sign,tumor_score,ln_score",
    "--factor",
    "margin:ref=Well",
    "--factor",
    "posterior:ref=None",
    "--factor",
    "vascularity:ref=0",
    "--backward",
    "lrt:0.05",
];

#[test]
fn a_separated_sign_stays_by_the_penalty_and_its_tests() {
    let expected = &json(&golden("nomogram", "firth_backward.json"))["all"];
    let table = with_sign();
    let slopes = |option: &str| {
        let folder = table.fit(&[&SIGNS[..], &[option]].concat());
        let model = json(&folder.path().join("out/model.json"));
        (folder, numbers(&model["coefficients"]))
    };
    let (folder, plain) = slopes("--firth=plain");
    all_close(&plain, &numbers(&expected["coef"]), 1e-8, "plain");
    let steps = folder.path().join("out/steps.csv");
    let (header, cells) = rows(&steps);
    let chi = header
        .iter()
        .position(|name| name == "chi_squared")
        .unwrap();
    let found: Vec<f64> = cells.iter().map(|row| row[chi].parse().unwrap()).collect();
    let all: Vec<f64> = expected["steps"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|step| numbers(&step["chisq"]))
        .collect();
    all_close(&found, &all, 1e-7, "chi-squared");
    // The corrected forms have the mean risk of the events; FLIC, which --firth alone is, keeps the slopes.
    for (option, kept) in [
        ("--firth", true),
        ("--firth=flic", true),
        ("--firth=flac", false),
    ] {
        let (folder, corrected) = slopes(option);
        let risks = column(&folder.path().join("out/points.csv"), "risk");
        let events = column(&folder.path().join("t.csv"), "alnm");
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        close(mean(&risks), mean(&events), 1e-9, option);
        if kept {
            all_close(&corrected[1..], &plain[1..], 1e-12, option);
        }
    }
}

#[test]
fn without_the_penalty_a_separated_sign_is_set_aside_by_name() {
    let folder = with_sign().fit(&SIGNS);
    let (_, steps) = rows(&folder.path().join("out/steps.csv"));
    let aside: Vec<&Vec<String>> = steps.iter().filter(|row| row[2] == "set aside").collect();
    assert_eq!(aside.len(), 1, "{steps:?}");
    assert_eq!(aside[0][1], "sign");
    assert!(aside[0][7].contains("separat"), "{aside:?}");
    let model = fs::read_to_string(folder.path().join("out/model.json")).unwrap();
    assert!(!model.contains("sign"));
    let counts = &json(&folder.path().join("out/run.json"))["counts"];
    assert_eq!(counts["predictors set aside"], 1);
}

#[test]
fn a_constant_predictor_is_set_aside_with_its_interaction_and_a_warning() {
    let expected = json(&golden("nomogram", "rms_synth_clinrad.json"));
    let folder = tempfile::tempdir().unwrap();
    let table = Table::training().with("country", |_, _| "DE".to_owned());
    table.write(&folder.path().join("t.csv"));
    let output = program("fit_nomogram")
        .current_dir(folder.path())
        .args([
            "t.csv",
            "--outcome",
            "alnm",
            "--bootstrap",
            "0",
            "--out",
            "out",
        ])
        .args(["--predictors", "us_alnm,tumor_score,ln_score,country"])
        .args(["--interaction", "country*ln_score", "--backward", "none"])
        .unwrap();
    let warnings = String::from_utf8(output.stderr).unwrap();
    assert_eq!(warnings.lines().count(), 2, "{warnings}");
    assert!(
        warnings
            .lines()
            .all(|line| line.starts_with("warning: ") && line.contains("\"country\"")),
        "{warnings}"
    );
    linear_predictors(folder.path(), &expected["lp"]);
}

#[test]
fn rows_with_gaps_are_left_out_and_counted_and_the_others_keep_their_numbers() {
    let expected = json(&golden("nomogram", "rms_synth_clinrad.json"));
    let mut table = Table::training();
    let (score, us) = (table.column("ln_score"), table.column("us_alnm"));
    for (at, column, gap) in [(2, score, "NA"), (9, us, ""), (10, score, "NaN")] {
        let mut row = table.rows[at].clone();
        gap.clone_into(&mut row[column]);
        table.rows.insert(at, row);
    }
    // A gap in a column that no one asked about is none.
    let size = table.column("size");
    table.rows[20][size].clear();
    let options = [
        "--predictors",
        "us_alnm,tumor_score,ln_score",
        "--backward",
        "none",
        "--missing",
        "drop",
    ];
    let folder = table.fit(&options);
    linear_predictors(folder.path(), &expected["lp"]);
    let numbers: Vec<String> = (1..=TRAINING + 3)
        .filter(|row| ![3, 10, 11].contains(row))
        .map(|row| row.to_string())
        .collect();
    let (_, points) = rows(&folder.path().join("out/points.csv"));
    let ids: Vec<&String> = points.iter().map(|row| &row[0]).collect();
    assert_eq!(ids, numbers.iter().collect::<Vec<_>>());
    let counts = &json(&folder.path().join("out/run.json"))["counts"];
    assert_eq!(counts["rows left out for gaps"], 3);
    assert_eq!(counts["rows"], TRAINING);
}

#[test]
fn names_with_commas_stand_in_quotes() {
    let expected = json(&golden("nomogram", "rms_synth_clinrad.json"));
    let mut table = Table::training();
    table.rename("tumor_score", "score, tumor");
    table.rename("ln_score", "score: node");
    let options = [
        "--predictors",
        "us_alnm,\"score, tumor\"",
        "--predictors",
        "score: node",
        "--unit",
        "score, tumor:points",
        "--label",
        "score: node:Node",
        "--backward",
        "none",
    ];
    let folder = table.fit(&options);
    linear_predictors(folder.path(), &expected["lp"]);
}

#[test]
fn validation_and_calibration_equal_rms() {
    let golden = json(&golden("nomogram", "rms_synth_clinrad.json"));
    let expected = &golden["validate"];
    let found = json(&clinrad_run().join("validation.json"));
    let names = expected["rownames"].as_array().unwrap();
    for index in found["indices"].as_array().unwrap() {
        let row = names
            .iter()
            .position(|name| *name == index["index"])
            .expect("an index of rms");
        for (column, name) in ["apparent", "training", "test", "optimism", "corrected"]
            .into_iter()
            .enumerate()
        {
            let value = expected["data"][row][column].as_f64().unwrap();
            let what = format!("{} {name}", index["index"]);
            // rms stops its own fits at 1e-8 or so.
            close(index[name].as_f64().unwrap(), value, 1e-7, &what);
        }
    }
    assert_eq!(found["indices"].as_array().unwrap().len(), names.len());
    let calibration = clinrad_run().join("calibration.csv");
    for (name, field) in [
        ("predicted", "predy"),
        ("apparent", "orig"),
        ("corrected", "corrected"),
    ] {
        let found = column(&calibration, name);
        all_close(&found, &numbers(&golden["calibrate"][field]), RMS, name);
    }
}

#[test]
fn other_cohorts_are_judged_as_by_proc_and_val_prob() {
    let expected = &json(&golden("nomogram", "external.json"))["sets"];
    let (header, cohorts) = rows(&clinrad_run().join("external.csv"));
    let names: Vec<&String> = cohorts.iter().map(|row| &row[0]).collect();
    assert_eq!(names, ["internal", "external", "prospective"]);
    for row in &cohorts {
        let cell = |name: &str| -> f64 {
            let place = header.iter().position(|column| column == name);
            row[place.expect(name)].parse().unwrap()
        };
        let e = &expected[&row[0]];
        let auc = ["auc", "auc_low", "auc_high"].map(cell);
        all_close(&auc, &numbers(&e["auc"]), 1e-8, "auc");
        for (name, value) in [
            ("n", &e["n"][0]),
            ("n_events", &e["n_events"][0]),
            ("in_the_large", &e["large"][0]),
            ("intercept", &e["intercept"][0]),
            ("slope", &e["slope"][0]),
            ("observed_expected", &e["oe"][0]),
            ("scaled_brier", &e["scaled_brier"][0]),
        ] {
            close(cell(name), value.as_f64().unwrap(), 1e-8, name);
        }
    }
}

#[test]
fn equal_bytes_for_every_run_and_any_number_of_threads() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    clinrad(program("fit_nomogram").env("RAYON_NUM_THREADS", "1"), &out);
    let files: Vec<_> = fs::read_dir(clinrad_run())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert!(files.len() > 15, "{files:?}");
    assert_eq!(fs::read_dir(&out).unwrap().count(), files.len());
    for file in files {
        let [one, many] =
            [out.as_path(), clinrad_run()].map(|folder| fs::read(folder.join(&file)).unwrap());
        assert!(one == many, "{}", file.display());
    }
}
