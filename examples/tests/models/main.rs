//! `fit_nomogram` and `predict_patient`: every option against R's numbers, bad input in one line that says where it is.
//!
//! Data and expected values are the goldens of `nomogram/tests/golden`, made with R 4.2.2 and rms 6.5-0.

mod bundle;
#[path = "../common/mod.rs"]
mod common;
mod fit;
mod model_file;
mod options;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use tempfile::TempDir;

use common::{golden, program, rows};

/// Rows of the training set, which are the first of the table.
const TRAINING: usize = 421;
/// How far rms, whose own fits stop at 1e-8 or so, and exact fits are apart after many of them.
const RMS: f64 = 1e-6;

/// A folder of results that several tests read: made once, by the first of them.
fn shared(name: &str, cell: &'static OnceLock<PathBuf>, make: impl FnOnce(&Path)) -> &'static Path {
    cell.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        // Of an earlier run of the tests.
        let _ = fs::remove_dir_all(&folder);
        make(&folder);
        folder
    })
}

/// The clinical-radiomics model of `rms_synth_clinrad.json`, validated by R's 200 resamples, in a folder `out`.
fn clinrad(command: &mut assert_cmd::Command, out: &Path) {
    command
        .arg(golden("nomogram", "synth.csv"))
        .args(["--outcome", "alnm", "--id", "id"])
        .args(["--predictors", "us_alnm,tumor_score,ln_score"])
        .args(["--backward", "none", "--train-where", "set=train"])
        .args(["--bootstrap", "200", "--seed", "1", "--cutoff", "0.5"])
        .arg("--out")
        .arg(out)
        .assert()
        .success();
}

/// The results of [`clinrad`].
fn clinrad_run() -> &'static Path {
    static RUN: OnceLock<PathBuf> = OnceLock::new();
    shared("models-clinrad", &RUN, |folder| {
        clinrad(&mut program("fit_nomogram"), folder);
    })
}

/// The cohort of R, to be changed.
#[derive(Clone)]
struct Table {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    fn cohort() -> Self {
        let (header, rows) = rows(&golden("nomogram", "synth.csv"));
        Self { header, rows }
    }

    fn training() -> Self {
        let mut table = Self::cohort();
        let set = table.column("set");
        table.rows.retain(|row| row[set] == "train");
        assert_eq!(table.rows.len(), TRAINING);
        table
    }

    fn column(&self, name: &str) -> usize {
        let place = self.header.iter().position(|column| column == name);
        place.unwrap_or_else(|| panic!("no column {name}"))
    }

    fn cell(&self, row: usize, name: &str) -> &str {
        &self.rows[row][self.column(name)]
    }

    fn rename(&mut self, from: &str, to: &str) {
        let column = self.column(from);
        to.clone_into(&mut self.header[column]);
    }

    fn with(mut self, name: &str, value: impl Fn(&Self, usize) -> String) -> Self {
        let cells: Vec<String> = (0..self.rows.len()).map(|row| value(&self, row)).collect();
        self.header.push(name.to_owned());
        for (row, cell) in self.rows.iter_mut().zip(cells) {
            row.push(cell);
        }
        self
    }

    fn write(&self, path: &Path) {
        let mut writer = csv::Writer::from_path(path).unwrap();
        writer.write_record(&self.header).unwrap();
        for row in &self.rows {
            writer.write_record(row).unwrap();
        }
        writer.flush().unwrap();
    }

    /// Writes the table as `t.csv` and fits a model to it without validation; the results are in `out`.
    fn fit(&self, options: &[&str]) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        self.write(&folder.path().join("t.csv"));
        program("fit_nomogram")
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
            .args(options)
            .assert()
            .success();
        folder
    }
}
