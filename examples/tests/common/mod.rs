//! Where the programs under test are, how they fail, and how what they write is read.

#![allow(dead_code, reason = "each test binary uses a part")]

pub mod cohort;

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use image::GrayImage;
use serde_json::Value;

/// Every program of the workspace.
pub const PROGRAMS: [&str; 11] = [
    "audit_paper",
    "alnm_pipeline",
    "extract_radiomics",
    "extract_maps",
    "extract_deep",
    "merge_features",
    "fine_tune",
    "select_features",
    "fit_nomogram",
    "predict_patient",
    "evaluate_models",
];

/// The file of a program: examples are built beside the tests, in `target/<profile>/examples`.
///
/// # Panics
/// When it has not been built.
pub fn program_path(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its file");
    let profile = test
        .ancestors()
        .nth(2)
        .expect("target/<profile>/deps/<test>");
    let path = profile
        .join("examples")
        .join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    assert!(
        path.exists(),
        "{} is missing: cargo test -p examples builds it",
        path.display()
    );
    path
}

pub fn program(name: &str) -> Command {
    Command::new(program_path(name))
}

/// Runs a program in `folder` and checks exit code and the shape of stderr: one line, no panic.
#[track_caller]
pub fn fails(name: &str, folder: &Path, arguments: &[&str], code: i32) -> String {
    let output = program(name)
        .current_dir(folder)
        .args(arguments)
        .output()
        .expect("the program ran");
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(
        output.status.code(),
        Some(code),
        "{name} {arguments:?}: {stderr}"
    );
    assert_eq!(stderr.lines().count(), 1, "{name} {arguments:?}: {stderr}");
    assert!(
        stderr.starts_with("error: ") && !stderr.contains("panicked"),
        "{stderr}"
    );
    stderr
}

/// What stands directly in a folder, for comparing before and after.
pub fn listing(folder: &Path) -> Vec<PathBuf> {
    let mut names: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    names.sort();
    names
}

/// A file of expected values, or the data they were made from, of one of the libraries.
pub fn golden(library: &str, file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .join(library)
        .join("tests/golden")
        .join(file)
}

/// R writes infinity as 1e999, which no JSON reader takes; none of the numbers compared here is infinite.
pub fn json(path: &Path) -> Value {
    let text = fs::read_to_string(path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        .replace("1e999", "null");
    serde_json::from_str(&text).unwrap()
}

/// Header and rows of a CSV file.
pub fn rows(path: &Path) -> (Vec<String>, Vec<Vec<String>>) {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let header = reader
        .headers()
        .unwrap()
        .iter()
        .map(str::to_owned)
        .collect();
    let rows = reader
        .records()
        .map(|record| record.unwrap().iter().map(str::to_owned).collect())
        .collect();
    (header, rows)
}

/// A column of a CSV file as numbers.
#[track_caller]
pub fn column(path: &Path, name: &str) -> Vec<f64> {
    let (header, rows) = rows(path);
    let at = header.iter().position(|column| column == name);
    let at = at.unwrap_or_else(|| panic!("{}: no column {name}", path.display()));
    rows.iter().map(|row| row[at].parse().unwrap()).collect()
}

/// The numbers of a JSON list; a single number is a list of one.
#[track_caller]
pub fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(list) => list.iter().map(|v| v.as_f64().unwrap()).collect(),
        single => vec![single.as_f64().unwrap()],
    }
}

/// Fails unless the two agree to `tolerance`, relative, with the same absolute floor.
#[track_caller]
pub fn close(found: f64, expected: f64, tolerance: f64, what: &str) {
    assert!(
        (found - expected).abs() <= tolerance * expected.abs().max(1.0),
        "{what}: {found} against {expected}"
    );
}

/// [`close`] for lists of one length.
#[track_caller]
pub fn all_close(found: &[f64], expected: &[f64], tolerance: f64, what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}: lengths");
    for (k, (found, expected)) in found.iter().zip(expected).enumerate() {
        close(*found, *expected, tolerance, &format!("{what}[{k}]"));
    }
}

/// A disk of radius `radius` in the middle of a `side` x `side` mask.
pub fn disk(side: u32, radius: f64) -> GrayImage {
    GrayImage::from_fn(side, side, |x, y| {
        let middle = f64::from(side) / 2.0;
        let inside = (f64::from(x) - middle).hypot(f64::from(y) - middle) < radius;
        image::Luma([if inside { 255 } else { 0 }])
    })
}

/// A pattern that is another one for every `phase`.
pub fn texture(side: u32, phase: u32) -> GrayImage {
    GrayImage::from_fn(side, side, |x, y| {
        image::Luma([((x * 7 + y * 13 + x * y + 31 * phase) % 200) as u8 + 20])
    })
}
