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
mod manifest;

use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::faults::Faults;

pub use clinical::{ClinicalColumn, ClinicalValues, DescriptiveColumn, MissingClinical};

/// How to read a manifest.
#[derive(Debug, Clone, Default)]
pub struct CohortOptions {
    /// Name of the training split; `None` looks for `train` or `training` in any case.
    pub training: Option<String>,
    /// What to do with empty clinical cells.
    pub missing: MissingClinical,
    /// Clinical columns to keep but not to use as predictors, beside `center` and the like.
    pub descriptive: Vec<String>,
}

/// A checked cohort. Rows of every column and indices in splits refer to [`patients`](Self::patients).
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Cohort {
    /// The manifest that was read.
    pub manifest: PathBuf,
    /// Region names, in the order of the header.
    pub regions: Vec<String>,
    /// The training split first, the others in order of appearance.
    pub splits: Vec<Split>,
    /// Patients in the order of the manifest.
    pub patients: Vec<Patient>,
    /// Clinical columns that can be predictors.
    pub clinical: Vec<ClinicalColumn>,
    /// Columns that are kept but are no predictors, each with the reason.
    pub descriptive: Vec<DescriptiveColumn>,
    /// Patients left out under [`MissingClinical::Drop`].
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

/// A patient left out because a clinical value is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Excluded {
    /// Identifier.
    pub id: String,
    /// Split the patient would have been in.
    pub split: String,
    /// Columns with an empty cell.
    pub columns: Vec<String>,
}

impl Cohort {
    /// Reads a manifest and checks everything that can be checked without opening an image.
    ///
    /// # Errors
    /// [`Faults`] with one line for each fault: a missing column or file, a repeated patient, an outcome other than 0 or 1, a split with one class only, text
    /// among numbers, an empty cell, an image shared by two patients.
    pub fn read(manifest: &Path, options: &CohortOptions) -> anyhow::Result<Self> {
        manifest::read(manifest, options)
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

    /// Every image and mask file, each once, in manifest order.
    pub fn files(&self) -> Vec<PathBuf> {
        let mut seen = std::collections::HashSet::new();
        self.patients
            .iter()
            .flat_map(|patient| &patient.regions)
            .flat_map(RegionFiles::all)
            .filter(|path| seen.insert((*path).clone()))
            .cloned()
            .collect()
    }

    /// Opens every image with each of its masks through `check` and collects what fails, in manifest order.
    ///
    /// # Errors
    /// [`Faults`] that name the manifest's row and column, then the file and what `check` found.
    pub fn check_images<E: std::fmt::Display>(
        &self,
        check: impl Fn(&Path, &Path) -> Result<(), E> + Sync,
        patient_done: impl Fn() + Sync,
    ) -> Result<(), Faults> {
        let found: Vec<Vec<String>> = self
            .patients
            .par_iter()
            .map(|patient| {
                let mut lines = Vec::new();
                for (region, files) in self.regions.iter().zip(&patient.regions) {
                    for (column, mask) in files.masks() {
                        if let Err(error) = check(&files.image, mask) {
                            lines.push(format!(
                                "{}: row {}, column \"{region}_{column}\": {error}",
                                self.manifest.display(),
                                patient.line
                            ));
                        }
                    }
                }
                patient_done();
                lines
            })
            .collect();
        let mut faults = Faults::new();
        faults.extend(found.into_iter().flatten());
        faults.into_result()
    }
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

    fn all(&self) -> impl Iterator<Item = &PathBuf> {
        std::iter::once(&self.image).chain(self.masks().map(|(_, path)| path))
    }
}
