//! A small cohort in which outcome, image and one clinical column belong together.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use image::GrayImage;
use tempfile::TempDir;

use super::{disk, program};

/// All patients: three of five are in the training split, the others in two test splits.
pub const PATIENTS: usize = 100;
/// Training patients with repeated outlines.
const REPEATED: usize = 20;

/// Numbers that look random: the same at every call.
pub struct Numbers(u64);

impl Numbers {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// The next one, from 0 to below 1.
    pub fn next(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }
}

fn patch(numbers: &mut Numbers, contrast: f64) -> GrayImage {
    GrayImage::from_fn(40, 40, |x, y| {
        let wave = (f64::from(x) * 0.7).sin() + (f64::from(y) * 0.5).cos();
        let value = 110.0 + contrast * wave + 60.0 * (numbers.next() - 0.5);
        image::Luma([value.clamp(0.0, 255.0) as u8])
    })
}

/// Writes the cohort and returns its folder and the rows of `cohort.csv`, the header first.
pub fn cohort() -> (TempDir, Vec<String>) {
    cohort_of(PATIENTS)
}

/// The same with another number of patients.
pub fn cohort_of(patients: usize) -> (TempDir, Vec<String>) {
    let training = 3 * patients / 5;
    let folder = tempfile::tempdir().unwrap();
    let at = |name: String| folder.path().join(name);
    for (name, radius) in [("mask", 12.0), ("inter", 11.5), ("intra", 12.4)] {
        disk(40, radius).save(at(format!("{name}.png"))).unwrap();
    }
    let header = "patient,split,outcome,lesion_image,lesion_mask,lesion_mask_inter,lesion_mask_intra,age,margin,center";
    let mut rows = vec![header.to_owned()];
    let mut numbers = Numbers::new(7);
    for k in 0..patients {
        let outcome = k % 2;
        let signal = outcome as f64 + 1.2 * (numbers.next() - 0.5);
        patch(&mut numbers, 8.0 + 14.0 * signal)
            .save(at(format!("image{k}.png")))
            .unwrap();
        let split = match k {
            k if k < training => "train",
            k if k % 4 < 2 => "north",
            _ => "south",
        };
        let repeats = match k {
            0..REPEATED => "inter.png,intra.png",
            _ => ",",
        };
        let age = 40.0 + 30.0 * numbers.next();
        let margin = match numbers.next() < 0.35 + 0.3 * outcome as f64 {
            true => "blurred",
            false => "sharp",
        };
        rows.push(format!(
            "p{k:03},{split},{outcome},image{k}.png,mask.png,{repeats},{age:.1},{margin},c{}",
            k % 3
        ));
    }
    write_rows(folder.path(), &rows);
    (folder, rows)
}

pub fn write_rows(folder: &Path, rows: &[String]) {
    fs::write(folder.join("cohort.csv"), rows.join("\n") + "\n").unwrap();
}

/// Options that make the study of this cohort quick.
const QUICK: [[&str; 2]; 5] = [
    ["--manifest", "cohort.csv"],
    ["--deep", "pca:8"],
    ["--nested", "3"],
    ["--folds", "5"],
    ["--rule", "min"],
];

/// These options, but for those that `more` gives otherwise, and `more`.
pub fn options<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let quick = QUICK.iter().filter(|pair| !more.contains(&pair[0]));
    quick
        .flatten()
        .copied()
        .chain(more.iter().copied())
        .collect()
}

/// Runs the study on the cohort; returns what it printed.
#[track_caller]
pub fn run(folder: &Path, out: &str, more: &[&str], code: i32) -> String {
    let output = program("alnm_pipeline")
        .current_dir(folder)
        .args(options(more))
        .args(["--out", out])
        .output()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{stderr}");
    String::from_utf8(output.stdout).unwrap() + &stderr
}

/// Every file below a folder with its bytes.
pub fn tree(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_owned();
                files.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    files
}

/// Fails where two folders differ, naming the files.
#[track_caller]
pub fn assert_same(found: &Path, expected: &Path) {
    let (found, expected) = (tree(found), tree(expected));
    let names = |tree: &BTreeMap<PathBuf, Vec<u8>>| tree.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&found), names(&expected));
    let differing = found
        .iter()
        .filter(|(name, bytes)| expected[*name] != **bytes);
    let differing: Vec<&PathBuf> = differing.map(|(name, _)| name).collect();
    assert!(differing.is_empty(), "{differing:?}");
}
