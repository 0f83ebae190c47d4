//! Tolerance tiers and readers of golden files, shared by the test binaries.
#![allow(dead_code)] // each binary uses a part of it

use std::path::PathBuf;

use serde_json::Value;

/// How closely a value must agree.
#[derive(Debug, Clone, Copy)]
pub enum Tier {
    /// Hand-worked or closed form: relative 1e-12.
    Analytic,
    /// Reference software at full precision: relative 1e-10, absolute floor 1e-12.
    Direct,
    /// Iterative fits: relative 1e-8, absolute floor 1e-12.
    Iterative,
    /// p-values, however small: relative 1e-8, no floor.
    PValue,
}

/// Distance over tolerance: at most 1 passes.
pub fn strain(tier: Tier, got: f64, want: f64) -> f64 {
    if got == want || (got.is_nan() && want.is_nan()) {
        return 0.0;
    }
    let tolerance = match tier {
        Tier::Analytic => 1e-12 * want.abs(),
        Tier::Direct => (1e-10 * want.abs()).max(1e-12),
        Tier::Iterative => (1e-8 * want.abs()).max(1e-12),
        Tier::PValue => 1e-8 * want.abs(),
    };
    let d = (got - want).abs() / tolerance;
    if d.is_nan() { f64::INFINITY } else { d }
}

/// Two-sided comparison with a message that says how far off.
#[track_caller]
pub fn close(tier: Tier, got: f64, want: f64, what: &str) {
    assert!(
        strain(tier, got, want) <= 1.0,
        "{what}: got {got:e}, expected {want:e}, relative difference {:e} ({tier:?})",
        (got - want).abs() / want.abs()
    );
}

/// A p-value that is held to its digits however small it is: both tiers.
#[track_caller]
pub fn close_p(got: f64, want: f64, what: &str) {
    close(Tier::Direct, got, want, what);
    close(Tier::PValue, got, want, what);
}

pub fn data_path(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests", "golden", "data", name]
        .iter()
        .collect()
}

pub fn text(name: &str) -> String {
    std::fs::read_to_string(data_path(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

pub fn json(name: &str) -> Value {
    serde_json::from_str(&text(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// A number; "Inf" is infinity, null is NaN.
#[track_caller]
pub fn number(v: &Value) -> f64 {
    match v {
        Value::Null => f64::NAN,
        Value::String(s) if s == "Inf" => f64::INFINITY,
        Value::String(s) if s == "-Inf" => f64::NEG_INFINITY,
        v => v.as_f64().unwrap_or_else(|| panic!("not a number: {v}")),
    }
}

#[track_caller]
pub fn numbers(v: &Value) -> Vec<f64> {
    match v {
        Value::Array(a) => a.iter().map(number).collect(),
        v => vec![number(v)],
    }
}

pub const SETS: [&str; 4] = ["train", "internal", "external", "prospective"];
pub const MODELS: [&str; 4] = ["clinical", "tumor", "ln", "clinrad"];

/// Outcomes and risks of one model on one set of the simulated cohort.
pub fn predictions(set: &str, model: &str) -> (Vec<f64>, Vec<bool>) {
    let mut reader = csv::Reader::from_path(data_path("synth_predictions.csv")).unwrap();
    let headers = reader.headers().unwrap().clone();
    let column = |name: &str| headers.iter().position(|h| h == name).unwrap();
    let (at_set, at_y, at_p) = (column("set"), column("alnm"), column(model));
    let (mut p, mut y) = (Vec::new(), Vec::new());
    for row in reader.records() {
        let row = row.unwrap();
        if &row[at_set] == set {
            p.push(row[at_p].parse().unwrap());
            y.push(&row[at_y] == "1");
        }
    }
    (p, y)
}

/// A column of the simulated cohort, rows of one set, as text.
pub fn cohort(set: &str, name: &str) -> Vec<String> {
    let mut reader = csv::Reader::from_path(data_path("synth.csv")).unwrap();
    let headers = reader.headers().unwrap().clone();
    let column = |name: &str| headers.iter().position(|h| h == name).unwrap();
    let (at_set, at) = (column("set"), column(name));
    reader
        .records()
        .map(|r| r.unwrap())
        .filter(|r| &r[at_set] == set)
        .map(|r| r[at].to_string())
        .collect()
}
