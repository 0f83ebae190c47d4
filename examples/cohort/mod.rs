//! A cohort on disk: one manifest row per patient, images and masks of any number of regions, clinical columns.
//!
//! ```text
//! patient, split, outcome                 required
//! R_image, R_mask                         for each region R; files relative to the manifest
//! R_mask_inter, R_mask_intra              optional repeated outlines by a second and by the same reader; may be empty
//! anything else                           clinical columns
//! ```
//! The training split is the one named `train` or `training` unless the caller names another; all others are test splits.
//! Regions, splits and clinical columns are taken from the file, nothing is fixed in advance.

mod clinical;
mod columns;
mod manifest;

use std::fmt;
use std::path::{Path, PathBuf};

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use crate::faults::Faults;
use crate::labels::readable;
use crate::spacing::{ImageScale, SpacingRule};

pub use clinical::{ClinicalColumn, ClinicalValues, DescriptiveColumn, MissingClinical};
pub use columns::{CohortFile, ColumnKind, ColumnSpec};

/// Training patients with a repeated outline from which on agreement can be told.
pub const MIN_REPEATED: usize = 2;

/// How to read a manifest.
#[derive(Debug, Clone, Default)]
pub struct CohortOptions {
    /// Name of the training split; `None` looks for `train` or `training` in any case.
    pub training: Option<String>,
    /// What to do with empty clinical cells.
    pub missing: MissingClinical,
    /// What to do with images and outlines that cannot be used.
    pub unusable: UnusableImages,
    /// Clinical columns to keep but not to use as predictors, beside `center` and the like.
    pub descriptive: Vec<String>,
    /// What is said about the columns.
    pub file: CohortFile,
}

/// What to do with images and outlines that cannot be used: a file that is missing or damaged, an empty outline, a picture among volumes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum UnusableImages {
    /// Name every one of them and stop.
    #[default]
    Refuse,
    /// Leave out their patients, who are listed with the reason.
    Drop,
}

/// A checked cohort. Rows of every column and indices in splits refer to [`patients`](Self::patients).
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Cohort {
    /// The manifest that was read.
    pub manifest: PathBuf,
    /// Every file that it lists and that exists, each once, also of patients that are left out.
    pub files: Vec<PathBuf>,
    /// Region names, in the order of the header.
    pub regions: Vec<String>,
    /// What the images of each region have in common; `None` where they were not opened.
    pub spacing: Vec<Option<SpacingRule>>,
    /// The training split first, the others in order of appearance.
    pub splits: Vec<Split>,
    /// Patients in the order of the manifest.
    pub patients: Vec<Patient>,
    /// Clinical columns that can be predictors.
    pub clinical: Vec<ClinicalColumn>,
    /// Columns that are kept but are no predictors, each with the reason.
    pub descriptive: Vec<DescriptiveColumn>,
    /// Patients of the manifest that were left out.
    pub excluded: Vec<Excluded>,
}

/// One split of a cohort.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Split {
    /// Its name in the manifest.
    pub name: String,
    /// Its patients, ascending indices into [`Cohort::patients`].
    pub patients: Vec<usize>,
    /// Patients with the outcome.
    pub n_events: usize,
}

/// One patient of a cohort.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Patient {
    /// Identifier, unique in the cohort.
    pub id: String,
    /// Line of the manifest.
    pub line: u64,
    /// Index into [`Cohort::splits`].
    pub split: usize,
    /// Whether the patient has the outcome.
    pub outcome: bool,
    /// Files of each region, in the order of [`Cohort::regions`].
    pub regions: Vec<RegionFiles>,
}

/// Image and outlines of one region of one patient; paths are joined with the manifest's folder.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RegionFiles {
    /// The image.
    pub image: PathBuf,
    /// The outline used for the study.
    pub mask: PathBuf,
    /// The outline by a second reader.
    pub mask_inter: Option<PathBuf>,
    /// The outline repeated by the first reader.
    pub mask_intra: Option<PathBuf>,
}

/// A patient of the manifest who is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Excluded {
    /// Identifier.
    pub id: String,
    /// Split the patient would have been in.
    pub split: String,
    /// Why.
    pub reason: Exclusion,
}

/// Why a patient is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exclusion {
    /// Clinical columns with an empty cell, under [`MissingClinical::Drop`].
    EmptyClinicalCells(Vec<String>),
    /// An image or outline that cannot be used, under [`UnusableImages::Drop`].
    UnusableImage(String),
    /// Features that could not be computed.
    FailedFeatures(String),
}

impl Exclusion {
    /// Whether something went wrong, rather than was asked for.
    pub fn is_failure(&self) -> bool {
        !matches!(self, Self::EmptyClinicalCells(_))
    }

    /// The kind of reason, as the flow of cases counts it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::EmptyClinicalCells(_) => "empty clinical cells",
            Self::UnusableImage(_) => "unusable image or outline",
            Self::FailedFeatures(_) => "features not computable",
        }
    }
}

impl fmt::Display for Exclusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EmptyClinicalCells(columns) => {
                write!(f, "{}: {}", self.kind(), columns.join(", "))
            }
            Self::UnusableImage(fault) | Self::FailedFeatures(fault) => f.write_str(fault),
        }
    }
}

impl Cohort {
    /// Reads a manifest and checks everything that can be checked without opening an image.
    ///
    /// # Errors
    /// [`Faults`] with one line for each fault: a missing column or file, a repeated patient, an outcome other than 0 or 1, a split with one class only, text
    /// among numbers, an empty cell, an image shared by two patients.
    pub fn read(manifest: &Path, options: &CohortOptions) -> anyhow::Result<Self> {
        manifest::read(manifest, options, None)
    }

    /// As [`read`](Self::read), and opens every image with each of its outlines through `check`; all faults are named together. `row_done` is called after
    /// every patient.
    ///
    /// # Errors
    /// As [`read`](Self::read); also what `check` refuses, and images that are of another kind than most of their region.
    pub fn read_with_images(
        manifest: &Path,
        options: &CohortOptions,
        check: impl Fn(&Path, &Path) -> anyhow::Result<ImageScale> + Sync,
        row_done: impl Fn() + Sync,
    ) -> anyhow::Result<Self> {
        manifest::read(manifest, options, Some((&check, &row_done)))
    }

    /// The cohort without the patients that failed, each with the reason. Returns it with the rows that are left.
    ///
    /// # Errors
    /// [`Faults`] when a split has lost all patients of an outcome.
    pub fn without(&self, failed: &[(usize, String)]) -> anyhow::Result<(Self, Vec<usize>)> {
        let lost = |row: usize| failed.iter().find(|(patient, _)| *patient == row);
        let left: Vec<usize> = (0..self.patients.len())
            .filter(|&row| lost(row).is_none())
            .collect();
        let mut cohort = self.clone();
        for &(row, ref reason) in failed {
            let patient = &self.patients[row];
            cohort.excluded.push(Excluded {
                id: patient.id.clone(),
                split: self.splits[patient.split].name.clone(),
                reason: Exclusion::FailedFeatures(reason.clone()),
            });
        }
        cohort.patients = left.iter().map(|&row| self.patients[row].clone()).collect();
        for (k, split) in cohort.splits.iter_mut().enumerate() {
            let rows = cohort.patients.iter().enumerate();
            split.patients = rows
                .filter(|(_, p)| p.split == k)
                .map(|(row, _)| row)
                .collect();
        }
        count_events(&mut cohort.splits, &cohort.patients);
        let mut faults = Faults::new();
        faults.extend(one_class_only(&self.manifest, &cohort.splits));
        if !faults.lines().is_empty() {
            // What left the split so is the fault to mend.
            let reasons = failed.iter().map(|(row, reason)| {
                format!("patient {} is left out: {reason}", self.patients[*row].id)
            });
            faults.extend(reasons);
        }
        faults.into_result()?;
        for column in &mut cohort.clinical {
            column.values = column.values.of_rows(&left);
        }
        for column in &mut cohort.descriptive {
            column.values = left.iter().map(|&row| column.values[row].clone()).collect();
        }
        Ok((cohort, left))
    }

    /// The cohort with outcomes shuffled within every split: nothing can be found in it.
    pub fn shuffled(&self, seed: u32) -> Self {
        let mut cohort = self.clone();
        let mut outcome = self.outcomes();
        for split in &self.splits {
            outcome = shuffled(&outcome, &split.patients, seed, 0);
        }
        for (patient, outcome) in cohort.patients.iter_mut().zip(outcome) {
            patient.outcome = outcome;
        }
        cohort
    }

    /// How tables and figures call a column.
    pub fn label(&self, column: &str) -> String {
        let clinical = self.clinical.iter().find(|c| c.name == column);
        clinical.map_or_else(|| readable(column), ClinicalColumn::label)
    }

    /// Number of patients in the manifest.
    pub fn n_listed(&self) -> usize {
        self.patients.len() + self.excluded.len()
    }

    /// The training split.
    pub fn training(&self) -> &Split {
        &self.splits[0]
    }

    /// The test splits.
    pub fn tests(&self) -> &[Split] {
        &self.splits[1..]
    }

    /// Outcome of every patient.
    pub fn outcomes(&self) -> Vec<bool> {
        self.patients
            .iter()
            .map(|patient| patient.outcome)
            .collect()
    }

    /// Identifier of every patient.
    pub fn ids(&self) -> Vec<String> {
        self.patients
            .iter()
            .map(|patient| patient.id.clone())
            .collect()
    }
}

/// Stream of the generator that shuffles outcomes.
const SHUFFLE_STREAM: u64 = 0x5eed;

/// Outcomes with those of `rows` in another order; every `number` is another order.
pub fn shuffled(outcome: &[bool], rows: &[usize], seed: u32, number: u64) -> Vec<bool> {
    let mut rng = ChaCha8Rng::seed_from_u64(u64::from(seed));
    rng.set_stream(SHUFFLE_STREAM + number);
    let mut drawn: Vec<bool> = rows.iter().map(|&row| outcome[row]).collect();
    drawn.shuffle(&mut rng);
    let mut shuffled = outcome.to_vec();
    for (&row, outcome) in rows.iter().zip(drawn) {
        shuffled[row] = outcome;
    }
    shuffled
}

/// Counts the events of every split.
fn count_events(splits: &mut [Split], patients: &[Patient]) {
    for split in splits {
        let rows = split.patients.iter();
        split.n_events = rows.filter(|&&row| patients[row].outcome).count();
    }
}

/// A fault for every split that has one outcome only.
fn one_class_only<'a>(
    manifest: &'a Path,
    splits: &'a [Split],
) -> impl Iterator<Item = String> + 'a {
    let poor = splits
        .iter()
        .filter(|split| split.n_events == 0 || split.n_events == split.patients.len());
    poor.map(|split| {
        let found = match split.patients.len() {
            0 => "no patient".to_owned(),
            n => format!("{} in all {n} patients", usize::from(split.n_events > 0)),
        };
        format!(
            "{}: column \"outcome\": expected both outcomes in split \"{}\", found {found}",
            manifest.display(),
            split.name
        )
    })
}

impl RegionFiles {
    /// The outlines there are, each with the end of its column's name.
    pub fn masks(&self) -> impl Iterator<Item = (&'static str, &PathBuf)> {
        let repeated = [
            ("mask_inter", &self.mask_inter),
            ("mask_intra", &self.mask_intra),
        ];
        std::iter::once(("mask", &self.mask)).chain(
            repeated
                .into_iter()
                .filter_map(|(column, path)| path.as_ref().map(|path| (column, path))),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shuffling_keeps_counts_and_leaves_others_alone() {
        let outcome: Vec<bool> = (0..40).map(|k| k % 3 == 0).collect();
        let rows: Vec<usize> = (0..30).collect();
        let a = shuffled(&outcome, &rows, 1, 0);
        let count = |o: &[bool]| o[..30].iter().filter(|&&e| e).count();
        assert_eq!(count(&a), count(&outcome));
        assert_eq!(a[30..], outcome[30..]);
        assert_ne!(a, outcome);
        assert_ne!(a, shuffled(&outcome, &rows, 1, 1));
        assert_eq!(a, shuffled(&outcome, &rows, 1, 0));
    }
}
