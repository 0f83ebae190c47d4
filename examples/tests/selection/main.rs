//! `select_features` with every option: what it writes adds up and can be computed again, and bad input ends in one line that says where it is.

#[path = "../common/mod.rs"]
mod common;
mod judgement;
mod refusals;
mod results;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use assert_cmd::Command;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use serde_json::Value;
use tempfile::TempDir;

/// A table to select from: columns `id`, `y`, then features.
#[derive(Clone)]
struct Study {
    names: Vec<String>,
    rows: Vec<Vec<f64>>,
    outcome: Vec<bool>,
}

impl Study {
    /// Features of noise; the first `n_signals` are shifted in events.
    fn new(seed: u64, n: usize, p: usize, n_signals: usize) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let outcome: Vec<bool> = (0..n).map(|i| i % 5 < 2).collect();
        let rows = outcome
            .iter()
            .map(|&event| {
                let value = |j: usize, rng: &mut ChaCha8Rng| -> f64 {
                    let noise: f64 = StandardNormal.sample(rng);
                    noise + if event && j < n_signals { 1.2 } else { 0.0 }
                };
                (0..p).map(|j| value(j, &mut rng)).collect()
            })
            .collect();
        let names = (0..p).map(|j| format!("original_glcm_F{j:02}")).collect();
        Self {
            names,
            rows,
            outcome,
        }
    }

    /// Adds a column made of each row.
    fn with(mut self, name: &str, value: impl Fn(usize, &[f64]) -> f64) -> Self {
        for (i, row) in self.rows.iter_mut().enumerate() {
            row.push(value(i, row));
        }
        self.names.push(name.to_owned());
        self
    }

    fn column(&self, name: &str) -> Vec<f64> {
        let j = self.names.iter().position(|n| n == name).unwrap();
        self.rows.iter().map(|row| row[j]).collect()
    }

    /// NaN is written as an empty cell.
    fn write(&self, path: &Path) {
        let mut text = format!("id,y,{}\n", self.names.join(","));
        for (i, row) in self.rows.iter().enumerate() {
            let cell = |v: &f64| match v.is_nan() {
                true => String::new(),
                false => v.to_string(),
            };
            let cells: Vec<String> = row.iter().map(cell).collect();
            let y = u8::from(self.outcome[i]);
            text += &format!("c{i},{y},{}\n", cells.join(","));
        }
        fs::write(path, text).unwrap();
    }

    /// Writes the table and selects from it; the folder of the results is `out`.
    fn select(&self, options: &[&str]) -> Run {
        let folder = tempfile::tempdir().unwrap();
        self.write(&folder.path().join("t.csv"));
        Run::new(folder, options)
    }
}

/// A finished run.
struct Run {
    folder: TempDir,
    stderr: String,
}

impl Run {
    fn new(folder: TempDir, options: &[&str]) -> Self {
        let output = Command::new(common::program_path("select_features"))
            .current_dir(folder.path())
            .args(["t.csv", "--outcome", "y", "--id", "id", "--out", "out"])
            .args(options)
            .output()
            .unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{options:?}: {stderr}");
        Self { folder, stderr }
    }

    fn text(&self, file: &str) -> String {
        let path = self.folder.path().join("out").join(file);
        fs::read_to_string(&path).unwrap_or_else(|e| panic!("{file}: {e}"))
    }

    fn json(&self, file: &str) -> Value {
        serde_json::from_str(&self.text(file)).unwrap()
    }

    /// The rows of a table by column name.
    fn rows(&self, file: &str) -> Vec<BTreeMap<String, String>> {
        let text = self.text(file);
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        reader.deserialize().map(|row| row.unwrap()).collect()
    }

    fn has(&self, file: &str) -> bool {
        self.folder.path().join("out").join(file).is_file()
    }

    /// Dropped features with step and reason.
    fn dropped(&self) -> BTreeMap<String, (String, String)> {
        let rows = self.rows("dropped.csv");
        let n = rows.len();
        let entry = |mut row: BTreeMap<String, String>| {
            let mut take = |column: &str| row.remove(column).unwrap();
            (take("feature"), (take("step"), take("reason")))
        };
        let dropped: BTreeMap<_, _> = rows.into_iter().map(entry).collect();
        assert_eq!(dropped.len(), n, "a feature is dropped twice");
        dropped
    }

    /// Name and coefficient of the score's features.
    fn terms(&self) -> BTreeMap<String, f64> {
        let score = self.json("score.json");
        let entry = |term: &Value| {
            let name = term["name"].as_str().unwrap().to_owned();
            (name, term["coefficient"].as_f64().unwrap())
        };
        score["terms"]
            .as_array()
            .unwrap()
            .iter()
            .map(entry)
            .collect()
    }

    fn scores(&self) -> Vec<f64> {
        let rows = self.rows("scores.csv");
        rows.iter().map(|row| number(row, "score")).collect()
    }
}

fn number(row: &BTreeMap<String, String>, column: &str) -> f64 {
    row[column].parse().unwrap()
}

fn close(found: f64, expected: f64, tolerance: f64, what: &str) {
    assert!(
        (found - expected).abs() <= tolerance * expected.abs().max(1.0),
        "{what}: {found} against {expected}"
    );
}
