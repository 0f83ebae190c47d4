//! Tolerances, and readers for the reference files.

#![allow(dead_code, reason = "each test binary uses a part of this module")]

use std::path::PathBuf;

use feature_selection::FeatureTable;
use ndarray::Array2;
use serde_json::Value;

/// Hand-worked or closed form.
pub const ANALYTIC: f64 = 1e-12;
/// A direct formula of another program at full precision.
pub const DIRECT: f64 = 1e-9;
/// Absolute floor of the direct tier.
pub const DIRECT_FLOOR: f64 = 1e-12;
/// Iterative fits.
pub const ITERATIVE: f64 = 1e-6;

/// Largest deviation seen, relative with an absolute floor.
#[derive(Default)]
pub struct Worst {
    pub error: f64,
    pub at: String,
}

impl Worst {
    /// Records `|found - expected| / max(|expected|, floor)`; NaN must meet NaN.
    pub fn see(&mut self, found: f64, expected: f64, floor: f64, at: impl Fn() -> String) {
        let error = match (found.is_nan(), expected.is_nan()) {
            (true, true) => 0.0,
            (false, false) if found == expected => 0.0,
            (false, false) => (found - expected).abs() / expected.abs().max(floor),
            _ => f64::INFINITY,
        };
        if error > self.error {
            self.error = error;
            self.at = format!("{}: found {found:e}, expected {expected:e}", at());
        }
    }

    pub fn at_most(&self, tolerance: f64, what: &str) {
        println!("{what}: largest deviation {:.2e}", self.error);
        assert!(
            self.error <= tolerance,
            "{what}: {:.3e} > {tolerance:e} at {}",
            self.error,
            self.at
        );
    }
}

pub fn close(found: f64, expected: f64, tolerance: f64, what: &str) {
    let mut worst = Worst::default();
    worst.see(found, expected, 1.0, || what.to_owned());
    worst.at_most(tolerance, what);
}

/// A file kept with the tests.
pub fn golden_path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name)
}

/// The folder of the larger reference collection, if it lies beside the repository.
pub fn shared_root() -> Option<PathBuf> {
    let root = std::env::var_os("RADIOMICS_SHARED").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared"),
        PathBuf::from,
    );
    if root.exists() {
        Some(root)
    } else {
        println!("skipped: no larger reference collection");
        None
    }
}

/// A file of the larger reference collection, if it lies beside the repository.
pub fn shared_path(name: &str) -> Option<PathBuf> {
    let path = shared_root()?.join("golden/selection").join(name);
    if path.exists() {
        Some(path)
    } else {
        println!("skipped: {name} is not there");
        None
    }
}

pub fn json(path: PathBuf) -> Value {
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    // The reference writes infinity as a number too large for a double.
    let text = text
        .replace("-1e999", "\"-inf\"")
        .replace("1e999", "\"inf\"");
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// A number, `null` and absent values as NaN.
pub fn number(value: &Value) -> f64 {
    match value {
        Value::Number(n) => n.as_f64().expect("a double"),
        Value::String(s) => s.parse().expect("inf or -inf"),
        _ => f64::NAN,
    }
}

pub fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(values) => values.iter().map(number).collect(),
        single => vec![number(single)],
    }
}

pub fn indices(value: &Value) -> Vec<usize> {
    numbers(value).into_iter().map(|v| v as usize).collect()
}

/// A CSV file of numbers, by column.
pub struct Csv {
    pub header: Vec<String>,
    pub columns: Vec<Vec<f64>>,
}

impl Csv {
    pub fn read(path: PathBuf) -> Self {
        let mut reader =
            csv::Reader::from_path(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let header: Vec<String> = reader
            .headers()
            .expect("a header")
            .iter()
            .map(str::to_owned)
            .collect();
        let mut columns = vec![Vec::new(); header.len()];
        for record in reader.records() {
            for (column, field) in columns.iter_mut().zip(record.expect("a record").iter()) {
                column.push(field.parse().unwrap_or(f64::NAN));
            }
        }
        Self { header, columns }
    }

    pub fn column(&self, name: &str) -> &[f64] {
        &self.columns[self
            .header
            .iter()
            .position(|h| h == name)
            .unwrap_or_else(|| panic!("no column {name}"))]
    }

    /// The columns from `first` on as a feature table.
    pub fn table(&self, first: usize) -> FeatureTable {
        let columns = &self.columns[first..];
        let values =
            Array2::from_shape_fn((columns[0].len(), columns.len()), |(i, j)| columns[j][i]);
        FeatureTable::new(values.view(), &self.header[first..]).expect("a clean table")
    }

    pub fn outcome(&self, name: &str) -> Vec<bool> {
        self.column(name).iter().map(|&y| y == 1.0).collect()
    }
}

/// Uniform numbers in (0, 1) for made-up tables.
pub struct Noise(u64);

impl Noise {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(1))
    }

    pub fn uniform(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }

    /// Sum of twelve uniforms less six: variance 1.
    pub fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }

    /// A table of independent normal columns `f0`, `f1`, ...
    pub fn table(&mut self, n: usize, p: usize) -> FeatureTable {
        let values = Array2::from_shape_fn((n, p), |_| self.normal());
        FeatureTable::new(values.view(), &names(p)).expect("a clean table")
    }

    /// Events with probability `share`, at least two of each class.
    pub fn outcome(&mut self, n: usize, share: f64) -> Vec<bool> {
        let mut y: Vec<bool> = (0..n).map(|_| self.uniform() < share).collect();
        (y[0], y[1], y[2], y[3]) = (true, false, true, false);
        y
    }
}

pub fn names(p: usize) -> Vec<String> {
    (0..p).map(|j| format!("f{j}")).collect()
}
