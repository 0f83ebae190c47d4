//! What the programs promise their users beside the numbers, tried through the command line: help and usage, where results go and how they look,
//! hostile input, odd cohorts, one new patient.

#[path = "../common/mod.rs"]
mod common;

mod cohorts;
mod hostile;
mod layout;
mod outputs;
mod patient;
mod standard;
mod streams;
mod usage;

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use common::cohort::{self, Numbers};
use common::{disk, texture};

/// Sixty cases of a study: `id,y,split,group` and four measurements that overlap between the outcomes, the last a count.
fn cases() -> Vec<String> {
    let mut numbers = Numbers::new(11);
    let mut lines = vec!["id,y,split,group,a,b,c,d".to_owned()];
    for k in 0..60 {
        let y = k % 2;
        let mut risk = |signal: f64| 0.1 + signal * y as f64 + 0.5 * numbers.next();
        let (a, b, c, d) = (risk(0.25), risk(0.1), risk(0.2), (5.0 * risk(0.3)) as u32);
        let split = if k < 40 { "train" } else { "test" };
        let group = if numbers.next() < 0.5 { "u" } else { "v" };
        lines.push(format!("p{k:02},{y},{split},{group},{a},{b},{c},{d}"));
    }
    lines
}

fn write(folder: &Path, name: &str, text: impl AsRef<[u8]>) {
    fs::write(folder.join(name), text).unwrap();
}

/// A folder with `cases.csv`, and `batch.csv` with `lesions` textured regions that are cases for fine-tuning, too.
fn workplace(lesions: u32) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    write(root, "cases.csv", cases().join("\n") + "\n");
    disk(40, 12.0).save(root.join("mask.png")).unwrap();
    let mut batch = "id,Image,Mask,y\n".to_owned();
    for k in 0..lesions {
        texture(40, k)
            .save(root.join(format!("image{k}.png")))
            .unwrap();
        batch += &format!("p{k:02},image{k}.png,mask.png,{}\n", k % 2);
    }
    write(root, "batch.csv", batch);
    folder
}

/// A network that is quick to make.
const NETWORK: [&str; 6] = ["--seeded-weights", "1", "--width", "1/64", "--size", "32"];

/// A short run of every program that needs no results of another one, without where its results go. Paths are those of a [`workplace`] with a cohort.
const RUNS: [&[&str]; 9] = [
    &[
        "select_features",
        "cases.csv",
        "--outcome",
        "y",
        "--id",
        "id",
        "--ignore",
        "group,split",
        "--folds",
        "5",
    ],
    &[
        "fit_nomogram",
        "cases.csv",
        "--outcome",
        "y",
        "--predictors",
        "a,group",
        "--backward",
        "none",
        "--bootstrap",
        "20",
    ],
    &[
        "evaluate_models",
        "cases.csv",
        "--outcome",
        "y",
        "--models",
        "a,b",
        "--decision-replicates",
        "10",
    ],
    &["audit_paper", "performance.csv"],
    &["extract_radiomics", "batch.csv", "--class", "firstorder"],
    &[
        "extract_deep",
        "batch.csv",
        "--seeded-weights",
        "1",
        "--width",
        "1/64",
        "--size",
        "32",
    ],
    &["extract_maps", "batch.csv", "--class", "ngtdm"],
    &[
        "fine_tune",
        "batch.csv",
        "--seeded-weights",
        "1",
        "--width",
        "1/64",
        "--size",
        "32",
        "--outcome",
        "y",
        "--patient",
        "id",
        "--epochs",
        "1",
        "--folds",
        "2",
        "--units",
        "4",
    ],
    &[
        "alnm_pipeline",
        "--manifest",
        "cohort.csv",
        "--deep",
        "pca:2",
        "--nested",
        "0",
        "--folds",
        "3",
    ],
];

/// Programs whose `--out` is a file rather than a folder.
const WRITES_FILE: [&str; 2] = ["extract_radiomics", "extract_deep"];

/// One table of a publication.
const PERFORMANCE: &str = "set,model,n,events,auc,ci_low,ci_high,acc,sen,spe,ppv,npv\ninternal,clinical,106,72,.79,.70,.86,79.2,90.3,55.9,81.3,73.1\n";

/// A [`workplace`] with a cohort of `patients` and a published table: all that [`RUNS`] need.
fn whole_workplace(patients: usize) -> TempDir {
    let (folder, _) = cohort::cohort_of(patients);
    let other = workplace(12);
    for file in common::listing(other.path()) {
        // Both have a mask of this name; the cohort's is as good.
        let name = file.file_name().unwrap().to_owned();
        if !folder.path().join(&name).exists() {
            fs::copy(&file, folder.path().join(name)).unwrap();
        }
    }
    write(folder.path(), "performance.csv", PERFORMANCE);
    folder
}
