//! Shared by the integration tests: tolerances, golden files, the simulated cohort.

#![allow(dead_code, reason = "each test binary uses a part")]

use std::path::PathBuf;

use nomogram::{Frame, Levels};
use serde_json::Value;

/// Hand-worked or closed form.
pub const ANALYTIC: f64 = 1e-12;
/// The same algorithm in R at full precision.
pub const DIRECT: f64 = 1e-10;
/// Iterative results that two programs stop at different places.
pub const ITERATIVE: f64 = 1e-8;
/// Exact estimates against R's glm, whose standard errors are one step old.
pub const R_SE: f64 = 1e-5;

/// Fails unless `a` and `b` agree to `tolerance`, relative, with the same absolute floor.
#[track_caller]
pub fn close(what: &str, a: f64, b: f64, tolerance: f64) {
    let error = (a - b).abs() / b.abs().max(1.0);
    assert!(
        error <= tolerance,
        "{what}: {a:e} against {b:e}, error {error:e}"
    );
}

/// As [`close`], relative even for small numbers: for probabilities in the tails.
#[track_caller]
pub fn close_relative(what: &str, a: f64, b: f64, tolerance: f64) {
    let error = (a - b).abs() / b.abs().max(f64::MIN_POSITIVE);
    assert!(
        error <= tolerance,
        "{what}: {a:e} against {b:e}, relative error {error:e}"
    );
}

#[track_caller]
pub fn all_close(what: &str, a: &[f64], b: &[f64], tolerance: f64) {
    assert_eq!(a.len(), b.len(), "{what}: lengths");
    for (i, (x, y)) in a.iter().zip(b).enumerate() {
        close(&format!("{what}[{i}]"), *x, *y, tolerance);
    }
}

pub fn golden_path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name)
}

pub fn golden(name: &str) -> Value {
    let text = std::fs::read_to_string(golden_path(name)).expect("golden file");
    serde_json::from_str(&text).expect("golden JSON")
}

/// Numbers of a golden vector; a single number is a vector of one.
pub fn numbers(v: &Value) -> Vec<f64> {
    match v {
        Value::Array(list) => list.iter().map(number).collect(),
        Value::Object(map) => map.values().map(number).collect(),
        other => vec![number(other)],
    }
}

pub fn number(v: &Value) -> f64 {
    match v {
        Value::Null => f64::NAN,
        Value::String(s) if s == "Inf" => f64::INFINITY,
        Value::String(s) if s == "-Inf" => f64::NEG_INFINITY,
        other => other
            .as_f64()
            .unwrap_or_else(|| panic!("a number, got {other}")),
    }
}

pub fn strings(v: &Value) -> Vec<String> {
    match v {
        Value::Array(list) => list
            .iter()
            .map(|s| s.as_str().expect("text").to_owned())
            .collect(),
        other => vec![other.as_str().expect("text").to_owned()],
    }
}

pub fn matrix(v: &Value) -> Vec<Vec<f64>> {
    v["data"]
        .as_array()
        .expect("matrix")
        .iter()
        .map(numbers)
        .collect()
}

/// Predictors of the simulated cohort, in the order of the reference scripts.
pub const PREDICTORS: [&str; 13] = [
    "age",
    "size",
    "location",
    "orientation",
    "margin",
    "shape",
    "echotexture",
    "microcalc",
    "posterior",
    "vascularity",
    "us_alnm",
    "tumor_score",
    "ln_score",
];

/// One set of the simulated cohort and its outcome.
pub fn cohort(set: &str) -> (Frame, Vec<bool>) {
    let mut reader = csv::Reader::from_path(golden_path("synth.csv")).expect("cohort");
    let header: Vec<String> = reader
        .headers()
        .expect("header")
        .iter()
        .map(str::to_owned)
        .collect();
    let records: Vec<csv::StringRecord> = reader
        .records()
        .map(|r| r.expect("row"))
        .filter(|r| &r[1] == set)
        .collect();
    let column = |name: &str| -> Vec<String> {
        let j = header.iter().position(|h| h == name).expect("column");
        records.iter().map(|r| r[j].to_owned()).collect()
    };
    let outcome = column("alnm").iter().map(|v| v == "1").collect();
    let mut frame = Frame::new();
    for name in ["age", "size", "tumor_score", "ln_score"] {
        let values = column(name)
            .iter()
            .map(|v| v.parse().expect("number"))
            .collect();
        frame = frame.with_numeric(name, values).expect("numeric column");
    }
    let factors: [(&str, &[&str]); 9] = [
        ("location", &["Left", "Right"]),
        ("orientation", &["Parallel", "Nonparallel"]),
        ("margin", &["Well", "Non"]),
        ("shape", &["Oval", "Irregular"]),
        ("echotexture", &["Hypo", "Hetero"]),
        ("microcalc", &["Absent", "Present"]),
        ("posterior", &["None", "Shadowing", "Enhancement"]),
        ("vascularity", &["0", "1", "2", "3"]),
        ("us_alnm", &["Absent", "Present"]),
    ];
    for (name, levels) in factors {
        frame = frame
            .with_categorical(name, column(name), Levels::given(levels.iter().copied()))
            .expect("factor");
    }
    (frame, outcome)
}
