//! Features of a region for selection: handcrafted ones, and deep ones made of the network's channels on the training rows.

use std::path::Path;

use anyhow::Context;
use ndarray::{Array2, Axis, concatenate};

use super::deep::{DeepFeatures, DeepModel, DeepSettings, PooledRows, TrainingLog};
use super::outlines::{Outline, OutlineSettings, RegionRows};
use super::selection::{LeftOut, RepeatedReading};
use crate::cohort::{Cohort, MIN_REPEATED};
use crate::table_file::{Cell, write_csv};

/// What features are computed, and with what.
#[derive(Debug)]
pub struct FeatureSettings {
    /// What is computed of every outline.
    pub outlines: OutlineSettings,
    /// How deep features are made of what the network gives.
    pub deep: DeepSettings,
}

/// Who a study is fitted on, and what is known about them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrainingRows {
    /// Patients to fit on, ascending.
    pub patients: Vec<usize>,
    /// The outcome of every patient of the cohort; only those of the training patients are looked at.
    pub outcome: Vec<bool>,
}

impl TrainingRows {
    /// The training split with its outcomes.
    pub fn of(cohort: &Cohort) -> Self {
        Self {
            patients: cohort.training().patients.clone(),
            outcome: cohort.outcomes(),
        }
    }

    /// Whether a patient is fitted on.
    pub fn contains(&self, patient: usize) -> bool {
        self.patients.binary_search(&patient).is_ok()
    }
}

/// All features of one region, one row a patient.
#[derive(Debug, Clone)]
pub struct RegionFeatures {
    /// The region.
    pub region: String,
    /// Columns: handcrafted first, then deep.
    pub names: Vec<String>,
    /// Rows patients, columns features.
    pub values: Array2<f64>,
    /// The same features from repeated outlines.
    pub repeats: Vec<RepeatedReading>,
    /// Columns that hold only rounding noise.
    pub noise: Vec<LeftOut>,
    /// Number of handcrafted columns.
    pub n_handcrafted: usize,
    /// What makes the deep features.
    pub deep: DeepModel,
    /// What happened in the training of a head.
    pub training: Option<TrainingLog>,
}

impl RegionFeatures {
    /// Features of a region, the deep ones fitted on the first outlines of training patients. Repeated outlines of other patients take no part.
    ///
    /// # Errors
    /// When the training rows are too few for the way deep features are made.
    pub fn fitted(
        cohort: &Cohort,
        rows: &RegionRows,
        settings: &FeatureSettings,
        training: &TrainingRows,
    ) -> anyhow::Result<Self> {
        let deep = deep_features(cohort, rows, settings, training)
            .with_context(|| format!("deep features of {}", rows.region))?;
        let crafted = &rows.handcrafted;
        let names = crafted.names.iter().chain(&deep.names).cloned().collect();
        let values = concatenate(Axis(1), &[crafted.values.view(), deep.values.view()])?;
        let first: Vec<usize> = (0..cohort.patients.len()).collect();
        let repeats = [(Outline::Inter, "inter"), (Outline::Intra, "intra")]
            .into_iter()
            .filter_map(|(outline, label)| repeated(rows, training, outline, label, &values))
            .collect();
        Ok(Self {
            region: rows.region.clone(),
            n_handcrafted: crafted.names.len(),
            names,
            values: values.select(Axis(0), &first),
            repeats,
            noise: rows.noise.clone(),
            deep: deep.model,
            training: deep.training,
        })
    }

    /// Writes one row a patient: identifier, split, outcome, features.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, cohort: &Cohort, path: &Path) -> anyhow::Result<()> {
        let header: Vec<&str> = ["patient", "split", "outcome"]
            .into_iter()
            .chain(self.names.iter().map(String::as_str))
            .collect();
        let rows = cohort
            .patients
            .iter()
            .zip(self.values.outer_iter())
            .map(|(patient, values)| {
                let mut cells: Vec<Cell> = vec![
                    patient.id.as_str().into(),
                    cohort.splits[patient.split].name.as_str().into(),
                    patient.outcome.into(),
                ];
                cells.extend(values.iter().map(|&value| Cell::from(value)));
                cells
            });
        write_csv(path, &header, rows)
    }
}

fn deep_features(
    cohort: &Cohort,
    rows: &RegionRows,
    settings: &FeatureSettings,
    training: &TrainingRows,
) -> anyhow::Result<DeepFeatures> {
    let patients = || rows.outlines.iter().map(|&(patient, _)| patient);
    let pooled = PooledRows {
        values: rows.pooled.values.view(),
        patients: patients().map(|p| cohort.patients[p].id.clone()).collect(),
        outcome: patients().map(|p| training.outcome[p]).collect(),
        training: (0..rows.outlines.len())
            .filter(|&row| {
                let (patient, outline) = rows.outlines[row];
                outline == Outline::First && training.contains(patient)
            })
            .collect(),
    };
    let outlines = &settings.outlines;
    settings
        .deep
        .fit(&outlines.network, &outlines.preprocess, &pooled)
}

fn repeated(
    rows: &RegionRows,
    training: &TrainingRows,
    outline: Outline,
    label: &str,
    values: &Array2<f64>,
) -> Option<RepeatedReading> {
    let chosen: Vec<usize> = (0..rows.outlines.len())
        .filter(|&row| {
            let (patient, which) = rows.outlines[row];
            which == outline && training.contains(patient)
        })
        .collect();
    // Agreement cannot be told from one patient; a cohort with only one is refused, a fold may have one left.
    if chosen.len() < MIN_REPEATED {
        return None;
    }
    Some(RepeatedReading {
        name: label.to_owned(),
        rows: chosen.iter().map(|&row| rows.outlines[row].0).collect(),
        values: values.select(Axis(0), &chosen),
    })
}
