//! `predict_patient --model` against rms, and what it refuses.

use std::fs;
use std::path::Path;

use crate::common::{all_close, close, fails, golden, json, listing, numbers, program};
use crate::{Table, clinrad_run};

/// The values of a row as `KEY=VALUE`.
fn given(table: &Table, row: usize) -> Vec<String> {
    ["us_alnm", "tumor_score", "ln_score"]
        .iter()
        .map(|name| format!("{name}={}", table.cell(row, name)))
        .collect()
}

#[test]
fn points_and_risk_equal_rms() {
    let expected = json(&golden("nomogram", "rms_synth_clinrad.json"));
    let table = Table::training();
    let folder = tempfile::tempdir().unwrap();
    for row in [0, 1, 57, 200, 420] {
        let out = folder.path().join(format!("patient{row}"));
        let printed = program("predict_patient")
            .arg("--model")
            .arg(clinrad_run().join("model.json"))
            .arg("--clinical")
            .args(given(&table, row))
            .args(["--cutoff", "0.5", "--out"])
            .arg(&out)
            .unwrap();
        let found = json(&out.join("prediction.json"));
        let terms = found["predictors"].as_array().unwrap();
        let names: Vec<&str> = terms
            .iter()
            .map(|t| t["predictor"].as_str().unwrap())
            .collect();
        assert_eq!(names, ["us_alnm", "tumor_score", "ln_score"]);
        let points: Vec<f64> = terms
            .iter()
            .map(|t| t["points"].as_f64().unwrap())
            .collect();
        let of = |name: &str| expected[name][row].as_f64().unwrap();
        let in_r = numbers(&expected["patient_points"]["data"][row]);
        all_close(&points, &in_r, 1e-8, "points");
        for (name, field) in [
            ("total_points", "patient_total"),
            ("linear_predictor", "lp"),
            ("risk", "risk"),
        ] {
            close(found[name].as_f64().unwrap(), of(field), 1e-8, name);
        }
        let group = if of("risk") >= 0.5 { "high" } else { "low" };
        assert_eq!(found["risk_group"], group);
        let text = String::from_utf8(printed.stdout).unwrap();
        assert!(
            text.contains(&format!("Risk {:.3} (95 % CI", of("risk")))
                && text.contains(&format!("{:.1}", of("patient_total"))),
            "{text}"
        );
        for file in ["nomogram.svg", "nomogram.png", "run.json"] {
            assert!(out.join(file).is_file(), "{file}");
        }
    }
}

#[test]
fn a_value_beyond_the_training_patients_is_said_so() {
    let output = program("predict_patient")
        .arg("--model")
        .arg(clinrad_run().join("model.json"))
        .args([
            "--clinical",
            "us_alnm=Absent",
            "tumor_score=0",
            "ln_score=40",
        ])
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let note = text.lines().find(|line| line.starts_with("Note: "));
    assert!(note.is_some_and(|note| note.contains("40")), "{text}");
    assert!(text.contains("Risk >0.999"), "{text}");
}

/// A prediction into `out` that fails, and leaves nothing behind.
#[track_caller]
fn refused(folder: &Path, options: &[&str], clinical: &[&str], code: i32, expected: &[&str]) {
    let before = listing(folder);
    let mut arguments = [options, &["--out", "out"]].concat();
    if !clinical.is_empty() {
        arguments.push("--clinical");
        arguments.extend(clinical);
    }
    let stderr = fails("predict_patient", folder, &arguments, code);
    for text in expected {
        assert!(stderr.contains(text), "{text:?} in {stderr}");
    }
    assert_eq!(listing(folder), before, "{stderr}");
}

/// A folder with the model as `model.json`.
fn model_folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let model = clinrad_run().join("model.json");
    fs::copy(model, folder.path().join("model.json")).unwrap();
    folder
}

#[test]
fn bad_values_are_named() {
    let folder = model_folder();
    let model = ["--model", "model.json"];
    let (us, tumor, ln) = ("us_alnm=Present", "tumor_score=0.5", "ln_score=1");
    let cases: [(&[&str], i32, &[&str]); 12] = [
        (
            &["us_alnm=Perhaps", tumor, ln],
            1,
            &["model.json", "us_alnm", "Perhaps", "Absent", "Present"],
        ),
        (
            &[us, tumor, ln, "age=40"],
            1,
            &["model.json", "age", "us_alnm"],
        ),
        (&[us, tumor], 1, &["model.json", "ln_score"]),
        (&[], 1, &["model.json", "us_alnm"]),
        (&[us, tumor, "ln_score=big"], 1, &["ln_score", "big"]),
        (&[us, tumor, "ln_score="], 1, &["ln_score"]),
        (&[us, tumor, "ln_score=NaN"], 1, &["ln_score", "NaN"]),
        (&[us, tumor, "ln_score=inf"], 1, &["ln_score", "inf"]),
        (
            &[us, tumor, "ln_score=1e308"],
            1,
            &["\"ln_score\"", "1e308", "too large"],
        ),
        (
            &[us, tumor, ln, "ln_score=2"],
            2,
            &["\"ln_score\"", "twice"],
        ),
        (&[us, tumor, "ln_score"], 2, &["KEY=VALUE", "\"ln_score\""]),
        (&[us, tumor, "=1"], 2, &["KEY=VALUE", "\"=1\""]),
    ];
    for (clinical, code, expected) in cases {
        refused(folder.path(), &model, clinical, code, expected);
    }
}

#[test]
fn wrong_options_are_named() {
    let folder = model_folder();
    let values = ["us_alnm=Present", "tumor_score=0.5", "ln_score=1"];
    let model = ["--model", "model.json"];
    let cases: [(&[&str], &[&str]); 9] = [
        (&["--bundle", "."], &["--bundle", "--model"]),
        (&["--tumor-image", "t.png"], &["--tumor-image", "--bundle"]),
        (&["--mask", "ln", "m.png"], &["--ln-mask", "--bundle"]),
        (&["--tumor-image"], &["--image"]),
        (&["--cutoff", "2"], &["--cutoff", "found 2"]),
        (&["--level", "0"], &["--level", "found 0"]),
        (&["--unit", "age:years"], &["--unit age:years", "\"age\""]),
        (&["--risk-groups", "0.5,0.5"], &["--risk-groups"]),
        (&["--model", "model.json"], &["--model"]),
    ];
    for (more, expected) in cases {
        refused(
            folder.path(),
            &[&model, more].concat(),
            &values,
            2,
            expected,
        );
    }
    refused(folder.path(), &[], &values, 2, &["--bundle"]);
}

#[test]
fn damaged_model_files_are_refused() {
    let folder = model_folder();
    let values = ["us_alnm=Present", "tumor_score=0.5", "ln_score=1"];
    let whole = fs::read_to_string(folder.path().join("model.json")).unwrap();
    let damaged = |text: &str, expected: &[&str]| {
        fs::write(folder.path().join("bad.json"), text).unwrap();
        refused(
            folder.path(),
            &["--model", "bad.json"],
            &values,
            1,
            &[&["bad.json"], expected].concat(),
        );
    };
    for end in [0, 1, whole.len() / 2, whole.len() - 3] {
        damaged(&whole[..end], &[]);
    }
    let version = whole.replacen("\"version\": 1", "\"version\": 9", 1);
    assert_ne!(version, whole);
    damaged(&version, &["9", "1"]);
    damaged(
        &whole.replacen("nomogram-model", "alnm-bundle", 1),
        &["alnm-bundle", "nomogram-model"],
    );
    damaged(&whole.replacen("\"names\"", "\"labels\"", 1), &["labels"]);
    let model = json(&folder.path().join("model.json"));
    let changed = |key: &str, value: serde_json::Value| {
        let mut model = model.clone();
        model[key] = value;
        model.to_string()
    };
    damaged(
        &changed("coefficients", serde_json::json!([1.0])),
        &["coefficients"],
    );
    damaged(
        &changed("covariance", serde_json::json!([[1.0], [2.0, 3.0]])),
        &["covariance"],
    );
    damaged("[]", &[]);
    fs::write(folder.path().join("bad.json"), [0xff, 0xfe, 0x00]).unwrap();
    refused(
        folder.path(),
        &["--model", "bad.json"],
        &values,
        1,
        &["bad.json"],
    );
    refused(
        folder.path(),
        &["--model", "no.json"],
        &values,
        1,
        &["no.json"],
    );
    refused(folder.path(), &["--model", "."], &values, 1, &["."]);
}

#[test]
fn a_folder_of_other_files_is_left_alone() {
    let folder = model_folder();
    let kept = folder.path().join("kept");
    fs::create_dir(&kept).unwrap();
    fs::write(kept.join("thesis.txt"), "years of work").unwrap();
    let start = ["--model", "model.json", "--out", "kept", "--clinical"];
    let values = ["us_alnm=Present", "tumor_score=0.5", "ln_score=1"];
    let before = listing(folder.path());
    let arguments = [&start[..], &values].concat();
    let stderr = fails("predict_patient", folder.path(), &arguments, 1);
    assert!(
        stderr.contains("kept") && stderr.contains("--overwrite"),
        "{stderr}"
    );
    let mut forced = vec!["--overwrite"];
    forced.extend(&arguments);
    let stderr = fails("predict_patient", folder.path(), &forced, 1);
    assert!(
        stderr.contains("kept") && stderr.contains("other files"),
        "{stderr}"
    );
    assert_eq!(listing(folder.path()), before);
    assert_eq!(listing(&kept), [kept.join("thesis.txt")]);
    // Its own results are replaced when told so.
    let again = ["--model", "model.json", "--out", "own", "--clinical"];
    let arguments = [&again[..], &values].concat();
    program("predict_patient")
        .current_dir(folder.path())
        .args(&arguments)
        .unwrap();
    fails("predict_patient", folder.path(), &arguments, 1);
    let mut forced = vec!["--overwrite"];
    forced.extend(&arguments);
    program("predict_patient")
        .current_dir(folder.path())
        .args(&forced)
        .unwrap();
}
