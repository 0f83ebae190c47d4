//! `predict_patient --bundle` on a study that the pipeline wrote: the risk from images is the study's, and damaged bundles are refused.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde_json::{Value, json};

use crate::common::{self, fails, listing, program, rows};
use crate::shared;

/// A small synthetic study.
fn study() -> &'static Path {
    static RUN: OnceLock<PathBuf> = OnceLock::new();
    shared("models-study", &RUN, |folder| {
        program("alnm_pipeline")
            .args(["--size", "small", "--seed", "7", "--out"])
            .arg(folder)
            .assert()
            .success();
    })
}

fn cell<'a>(header: &[String], row: &'a [String], name: &str) -> &'a str {
    let place = header.iter().position(|column| column == name);
    &row[place.unwrap_or_else(|| panic!("no column {name}"))]
}

/// The first patient who did not train: in the study a training patient has the deep features of a network that has not seen this patient, and
/// the bundle has the network of all of them.
fn a_test_patient(header: &[String], predictions: &[Vec<String>]) -> usize {
    let tests = |row: &Vec<String>| cell(header, row, "split") != "training";
    predictions.iter().position(tests).unwrap()
}

/// The files of both regions of a patient, and the clinical predictors of the model.
fn patient(row: usize) -> Vec<String> {
    let cohort = study().join("cohort");
    let (header, patients) = rows(&cohort.join("cohort.csv"));
    let file = |column: &str| {
        let name = cell(&header, &patients[row], column);
        cohort.join(name).display().to_string()
    };
    let mut arguments = Vec::new();
    for region in ["tumor", "ln"] {
        for kind in ["image", "mask"] {
            arguments.push(format!("--{region}-{kind}"));
            arguments.push(file(&format!("{region}_{kind}")));
        }
    }
    let model = common::json(&study().join("bundle/model.json"));
    for predictor in model["predictors"].as_array().unwrap() {
        let name = predictor["column"].as_str().unwrap();
        if header.iter().any(|column| column == name) {
            arguments.push("--clinical".to_owned());
            arguments.push(format!("{name}={}", cell(&header, &patients[row], name)));
        }
    }
    arguments
}

#[test]
fn the_risk_from_images_is_the_study_s() {
    let (header, predictions) = rows(&study().join("evaluation/predictions.csv"));
    let folder = tempfile::tempdir().unwrap();
    for row in [a_test_patient(&header, &predictions), predictions.len() - 1] {
        let out = folder.path().join(format!("patient{row}"));
        program("predict_patient")
            .arg("--bundle")
            .arg(study().join("bundle"))
            .args(patient(row))
            .arg("--out")
            .arg(&out)
            .assert()
            .success();
        let found = common::json(&out.join("prediction.json"));
        let expected = cell(&header, &predictions[row], "clinical-radiomics");
        assert_eq!(found["risk"], json!(expected.parse::<f64>().unwrap()));
        let bundle = common::json(&study().join("bundle/bundle.json"));
        assert_eq!(found["cutoff"], bundle["cutoff"]);
    }
}

/// A copy of the bundle as `bundle` in a folder of its own.
fn copied() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("bundle");
    fs::create_dir(&copy).unwrap();
    for file in listing(&study().join("bundle")) {
        fs::copy(&file, copy.join(file.file_name().unwrap())).unwrap();
    }
    folder
}

/// Predicts the first patient, which fails and leaves nothing behind.
#[track_caller]
fn refused(folder: &Path, patient: &[String], code: i32, expected: &[&str]) {
    let before = listing(folder);
    let mut arguments = vec!["--bundle", "bundle", "--out", "out"];
    arguments.extend(patient.iter().map(String::as_str));
    let stderr = fails("predict_patient", folder, &arguments, code);
    for text in expected {
        assert!(stderr.contains(text), "{text:?} in {stderr}");
    }
    assert_eq!(listing(folder), before, "{stderr}");
}

/// A copy of the bundle whose index is changed.
struct Index {
    folder: tempfile::TempDir,
    whole: Value,
    patient: Vec<String>,
}

impl Index {
    fn new() -> Self {
        let folder = copied();
        Self {
            whole: common::json(&folder.path().join("bundle/bundle.json")),
            patient: patient(0),
            folder,
        }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("bundle/bundle.json")
    }

    #[track_caller]
    fn refused(&self, text: &str, expected: &[&str]) {
        fs::write(self.path(), text).unwrap();
        let expected = [&["bundle.json"], expected].concat();
        refused(self.folder.path(), &self.patient, 1, &expected);
    }

    #[track_caller]
    fn refused_with(&self, place: &str, value: Value, expected: &[&str]) {
        let mut changed = self.whole.clone();
        *changed.pointer_mut(place).expect(place) = value;
        assert_ne!(changed, self.whole, "{place}");
        self.refused(&changed.to_string(), expected);
    }
}

#[test]
fn bundles_that_are_not_understood_are_refused() {
    let index = Index::new();
    index.refused_with(
        "/version",
        json!(99),
        &["version 99", "run the study again"],
    );
    index.refused_with("/format", json!("nomogram-model"), &["nomogram-model"]);
    let mut more = index.whole.clone();
    more["advice"] = json!("operate");
    index.refused(&more.to_string(), &["advice"]);
    index.refused_with("/cutoff", json!(1.5), &["1.5"]);
    index.refused_with("/model", Value::Null, &["ended without one"]);
    for name in [
        "../bundle/model.json",
        "/etc/hostname",
        "..",
        "",
        "a/b.json",
    ] {
        for place in ["/model", "/regions/0/score", "/regions/1/deep"] {
            index.refused_with(place, json!(name), &["name of a file beside it"]);
        }
    }
    let complete = index.whole.to_string();
    index.refused(&complete[..complete.len() / 2], &[]);
    index.refused("", &[]);
    fs::remove_file(index.path()).unwrap();
    refused(index.folder.path(), &index.patient, 1, &["bundle.json"]);
}

#[test]
fn bundles_of_other_features_are_refused() {
    let index = Index::new();
    let other = |key: &str, from: &str, to: &str, expected: &[&str]| {
        let changed = index.whole[key].as_str().unwrap().replacen(from, to, 1);
        index.refused_with(&format!("/{key}"), json!(changed), expected);
    };
    other(
        "radiomics",
        "Width(25.0)",
        "Width(20.0)",
        &["features computed", "settings"],
    );
    other(
        "preprocess",
        "Replicate",
        "Zero",
        &["network's input", "settings"],
    );
    index.refused_with("/preprocess", json!(""), &["network's input"]);
    index.refused_with("/network/width", json!("1/3"), &["1/3"]);
    index.refused_with("/network/tap", json!("pool9"), &["pool9"]);
    index.refused_with("/network/architecture", json!("resnet50"), &["resnet50"]);
}

#[test]
fn damaged_parts_of_a_bundle_are_named() {
    let folder = copied();
    let patient = patient(0);
    let at = |file: &str| folder.path().join("bundle").join(file);
    for file in ["model.json", "tumor_score.json", "ln_head.safetensors"] {
        let whole = fs::read(at(file)).unwrap();
        for text in [&whole[..whole.len() / 2], b"", b"{}"] {
            fs::write(at(file), text).unwrap();
            refused(folder.path(), &patient, 1, &[file]);
        }
        fs::remove_file(at(file)).unwrap();
        refused(folder.path(), &patient, 1, &[file]);
        fs::write(at(file), whole).unwrap();
    }
    let mut index = common::json(&at("bundle.json"));
    index["network"]["weights_sha256"] = json!("0".repeat(64));
    fs::write(at("bundle.json"), index.to_string()).unwrap();
    assert!(
        has_deep_features(&at("tumor_score.json")),
        "the check needs one"
    );
    refused(folder.path(), &patient, 1, &["SHA-256", &"0".repeat(64)]);
}

fn has_deep_features(score: &Path) -> bool {
    let score = common::json(score);
    let mut terms = score["terms"].as_array().unwrap().iter();
    terms.any(|term| term["name"].as_str().unwrap().starts_with("dl_"))
}

#[test]
fn images_that_do_not_fit_the_study_are_named() {
    let folder = copied();
    let whole = patient(0);
    let change = |edit: &dyn Fn(&mut Vec<String>), code: i32, expected: &[&str]| {
        let mut arguments = whole.clone();
        edit(&mut arguments);
        refused(folder.path(), &arguments, code, expected);
    };
    let replace = |from: usize, to: &'static str| {
        move |arguments: &mut Vec<String>| to.clone_into(&mut arguments[from])
    };
    change(
        &|arguments| arguments.extend(["--axilla-image".to_owned(), "a.png".to_owned()]),
        1,
        &["--axilla-image", "tumor, ln", "\"axilla\""],
    );
    change(
        &|arguments| drop(arguments.drain(2..4)),
        1,
        &["--tumor-image and --tumor-mask", "tumor_score"],
    );
    change(
        &|arguments| drop(arguments.drain(4..8)),
        1,
        &["--ln-image and --ln-mask", "ln_score=VALUE"],
    );
    change(
        &|arguments| arguments.extend(["--tumor-image".to_owned(), "a.png".to_owned()]),
        2,
        &["tumor", "two images"],
    );
    change(
        &|arguments| arguments.extend(["--clinical".to_owned(), "tumor_score=1".to_owned()]),
        2,
        &["tumor_score", "one of the two"],
    );
    change(&replace(1, "nowhere.png"), 1, &["nowhere.png"]);
    change(&replace(3, "nowhere.png"), 1, &["nowhere.png"]);
    change(
        &|arguments| arguments.extend(["--weights".to_owned(), "vgg.pth".to_owned()]),
        1,
        &["vgg.pth", "random ones"],
    );
}

/// A score that was computed before stands for its images.
#[test]
fn a_score_may_be_given_instead_of_its_images() {
    let (header, predictions) = rows(&study().join("evaluation/predictions.csv"));
    let row = a_test_patient(&header, &predictions);
    let expected: f64 = cell(&header, &predictions[row], "clinical-radiomics")
        .parse()
        .unwrap();
    let (score_header, scores) = rows(&study().join("selection/ln/scores.csv"));
    let score = cell(&score_header, &scores[row], score_header.last().unwrap());
    let mut arguments = patient(row);
    drop(arguments.drain(4..8));
    arguments.extend(["--clinical".to_owned(), format!("ln_score={score}")]);
    let folder = tempfile::tempdir().unwrap();
    program("predict_patient")
        .current_dir(folder.path())
        .arg("--bundle")
        .arg(study().join("bundle"))
        .args(&arguments)
        .args(["--out", "out"])
        .assert()
        .success();
    let found = common::json(&folder.path().join("out/prediction.json"));
    assert_eq!(found["risk"], json!(expected));
}
