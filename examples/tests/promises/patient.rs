//! One new patient and the bundle of a study with odd names.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::common::{fails, json, listing, program, rows};

/// The last patient of the cohort, who is in a test split: the row of the table, and the risk in the study.
fn last_patient(root: &Path) -> (Vec<String>, f64) {
    let (_, table) = rows(&root.join("cohort.csv"));
    let (header, predictions) = rows(&root.join("out/evaluation/predictions.csv"));
    let at = header
        .iter()
        .position(|name| name == "clinical-radiomics")
        .unwrap();
    let risk = predictions.last().unwrap()[at].parse().unwrap();
    (table.last().unwrap().clone(), risk)
}

/// A study in `root/out` and the last of its patients.
struct Study<'a> {
    root: &'a Path,
    images: [String; 4],
    /// Values of the clinical predictors.
    clinical: Vec<String>,
    /// The risk of the patient in the study.
    risk: f64,
}

impl<'a> Study<'a> {
    fn new(root: &'a Path) -> Self {
        let (cells, risk) = last_patient(root);
        let (header, _) = rows(&root.join("cohort.csv"));
        let model = json(&root.join("out/bundle/model.json"));
        let used = model["predictors"].as_array().unwrap().iter();
        let used: Vec<&str> = used.map(|p| p["column"].as_str().unwrap()).collect();
        assert!(used.contains(&"lesion_score"), "{used:?}");
        let values = header.iter().zip(&cells);
        let of_model = values.filter(|(name, _)| used.contains(&name.as_str()));
        let clinical: Vec<String> = of_model
            .map(|(name, cell)| format!("{name}={cell}"))
            .collect();
        assert!(clinical.iter().any(|pair| pair.starts_with("clinical=")));
        let images = ["--lesion-image", &cells[3], "--lesion-mask", &cells[4]].map(str::to_owned);
        Self {
            root,
            images,
            clinical,
            risk,
        }
    }

    /// Arguments of a prediction into `out`.
    fn with(&self, more: &[String], pairs: &[String], out: &str) -> Vec<String> {
        let start = ["--bundle", "out/bundle", "--out", out].map(str::to_owned);
        let clinical = ["--clinical".to_owned()];
        [&start, more, &clinical, pairs].concat()
    }

    fn predicted(&self, arguments: Vec<String>, out: &str) -> Value {
        let mut command = program("predict_patient");
        command
            .current_dir(self.root)
            .args(arguments)
            .assert()
            .success();
        for file in [
            "prediction.json",
            "nomogram.svg",
            "nomogram.png",
            "run.json",
        ] {
            assert!(self.root.join(out).join(file).exists(), "{file}");
        }
        json(&self.root.join(out).join("prediction.json"))
    }

    #[track_caller]
    fn refused(&self, more: &[String], pairs: &[String], expected: &[&str]) {
        let before = listing(self.root);
        let arguments = self.with(more, pairs, "none");
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let stderr = fails("predict_patient", self.root, &arguments, 1);
        for part in expected {
            assert!(stderr.contains(part), "{part}: {stderr}");
        }
        assert_eq!(listing(self.root), before, "{stderr}");
    }
}

/// Predicts a patient of the study in `root/out`: from images, from the score, and not at all where something is missing or does not fit.
pub fn predictions_of(root: &Path) {
    let study = Study::new(root);
    let found = study.predicted(
        study.with(&study.images, &study.clinical, "patient"),
        "patient",
    );
    assert_eq!(
        found["risk"].as_f64(),
        Some(study.risk),
        "that of the study"
    );
    let limit = |name: &str| found[name].as_f64().unwrap();
    assert!(limit("ci_low") <= study.risk && study.risk <= limit("ci_high"));

    // The score itself stands for its images.
    let mut terms = found["predictors"].as_array().unwrap().iter();
    let score = terms
        .find(|term| term["predictor"] == "lesion_score")
        .unwrap();
    let mut given = study.clinical.clone();
    given.push(format!("lesion_score={}", score["value"]));
    let by_value = study.predicted(study.with(&[], &given, "value"), "value");
    assert_eq!(by_value["risk"].as_f64(), Some(study.risk));

    let mut without = study.clinical.clone();
    without.retain(|pair| !pair.starts_with("clinical="));
    study.refused(&study.images, &without, &["\"clinical\""]);
    let other = ["--node-image", "a.png", "--node-mask", "b.png"].map(str::to_owned);
    study.refused(&other, &given, &["lesion", "\"node\""]);
    let weights = ["--weights", "cohort.csv"].map(str::to_owned);
    study.refused(
        &[&study.images[..], &weights].concat(),
        &study.clinical,
        &["cohort.csv", "random ones"],
    );
    an_image_with_millimeters_is_refused(&study);
    a_damaged_bundle_is_refused(&study);
}

/// The study had pictures without millimeters.
fn an_image_with_millimeters_is_refused(study: &Study<'_>) {
    let picture = |name: &str, voxel: fn(u32, u32) -> u8| {
        let header = "NRRD0004\ntype: uint8\ndimension: 2\nsizes: 40 40\nspacings: 0.1 0.1\nencoding: raw\n\n";
        let voxels = (0..1600).map(|k| voxel(k / 40, k % 40));
        let bytes: Vec<u8> = header.bytes().chain(voxels).collect();
        fs::write(study.root.join(name), bytes).unwrap();
    };
    picture("p.nrrd", |y, x| ((y * x) % 251) as u8);
    picture("m.nrrd", |y, x| {
        u8::from((10..30).contains(&y) && (8..32).contains(&x))
    });
    let images = ["--lesion-image", "p.nrrd", "--lesion-mask", "m.nrrd"].map(str::to_owned);
    let expected = ["p.nrrd", "0.1 x 0.1 mm", "without a size of pixels"];
    study.refused(&images, &study.clinical, &expected);
}

/// Every file of the bundle cut short.
fn a_damaged_bundle_is_refused(study: &Study<'_>) {
    for file in listing(&study.root.join("out/bundle")) {
        let whole = fs::read(&file).unwrap();
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        for end in [0, 1, whole.len() / 2, whole.len() - 3] {
            fs::write(&file, &whole[..end]).unwrap();
            study.refused(&study.images, &study.clinical, &[&name]);
        }
        fs::write(&file, &whole).unwrap();
    }
}
