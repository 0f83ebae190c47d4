//! Features of every region of a cohort: handcrafted ones, and deep ones made of the network's.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use deep_features::{FeatureExtractor, Preprocess};
use ndarray::{Array2, Axis, concatenate};
use radiomics_features::io::ReadOptions;
use radiomics_features::{Extractor, ImageName};
use rayon::prelude::*;

use super::deep::{DeepFeatures, DeepModel, DeepSettings, PooledRows, TrainingLog};
use super::selection::{LeftOut, RepeatedReading};
use crate::case_list::Case;
use crate::cohort::{Cohort, RegionFiles};
use crate::feature_rows::NamedValues;
use crate::journal::{Journal, case_key};
use crate::progress;
use crate::regions::{NOISE_BANDS, handcrafted, network_input, noise_bands};
use crate::table_file::{Cell, write_csv};

/// Images that go through the network together.
const BATCH: usize = 8;

/// What features are computed, and with what.
#[derive(Debug)]
pub struct FeatureSettings {
    /// Handcrafted features.
    pub extractor: Extractor,
    /// The network with its taps and pooling.
    pub network: FeatureExtractor,
    /// Images for the network.
    pub preprocess: Preprocess,
    /// How deep features are made of what the network gives.
    pub deep: DeepSettings,
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

/// One outline of one region of one patient.
struct Unit<'a> {
    patient: usize,
    outline: Outline,
    image: &'a Path,
    mask: &'a Path,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outline {
    First,
    Inter,
    Intra,
}

/// Rows of one kind of features for all units of a region.
struct Rows {
    names: Arc<[String]>,
    values: Array2<f64>,
}

/// Computes the features of one region of a cohort. Finished cases are noted in journals under `folder`; with `resume` they are not computed again.
///
/// # Errors
/// The first case that fails, with its files; journals that cannot be read or written.
pub fn region_features(
    cohort: &Cohort,
    region: usize,
    settings: &FeatureSettings,
    folder: &Path,
    resume: bool,
) -> anyhow::Result<RegionFeatures> {
    let name = &cohort.regions[region];
    let units = units(cohort, region);
    let journal = |kind: &str| Journal::open(&folder.join(format!("{name}_{kind}.csv")), resume);
    let (crafted_journal, deep_journal) = (journal("handcrafted")?, journal("deep")?);
    let (crafted, noise) = handcrafted_rows(&units, settings, name, &crafted_journal)?;
    let pooled = deep_rows(&units, settings, name, &deep_journal)?;
    let deep = reduced(cohort, settings, &units, &pooled)
        .with_context(|| format!("deep features of {name}"))?;
    let names = crafted.names.iter().chain(&deep.names).cloned().collect();
    let values = concatenate(Axis(1), &[crafted.values.view(), deep.values.view()])?;
    let first: Vec<usize> = (0..cohort.patients.len()).collect();
    let repeats = [(Outline::Inter, "inter"), (Outline::Intra, "intra")]
        .into_iter()
        .filter_map(|(outline, label)| repeated(&units, outline, label, &values))
        .collect();
    crafted_journal.remove()?;
    deep_journal.remove()?;
    Ok(RegionFeatures {
        region: name.clone(),
        n_handcrafted: crafted.names.len(),
        names,
        values: values.select(Axis(0), &first),
        repeats,
        noise,
        deep: deep.model,
        training: deep.training,
    })
}

impl RegionFeatures {
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

/// First outlines of all patients in their order, then the repeated ones.
fn units(cohort: &Cohort, region: usize) -> Vec<Unit<'_>> {
    let files = |patient: usize| -> &RegionFiles { &cohort.patients[patient].regions[region] };
    let n = cohort.patients.len();
    let of = |outline: Outline, mask: fn(&RegionFiles) -> Option<&PathBuf>| {
        (0..n).filter_map(move |patient| {
            let files = files(patient);
            mask(files).map(|mask| Unit {
                patient,
                outline,
                image: &files.image,
                mask,
            })
        })
    };
    of(Outline::First, |files| Some(&files.mask))
        .chain(of(Outline::Inter, |files| files.mask_inter.as_ref()))
        .chain(of(Outline::Intra, |files| files.mask_intra.as_ref()))
        .collect()
}

impl Unit<'_> {
    fn key(&self, settings: &str) -> Option<String> {
        let case = Case {
            index: self.patient,
            image: self.image.to_owned(),
            mask: self.mask.to_owned(),
            label: None,
            label_channel: None,
            copied: Vec::new(),
            place: String::new(),
        };
        case_key(&case, settings)
    }
}

fn handcrafted_rows(
    units: &[Unit<'_>],
    settings: &FeatureSettings,
    region: &str,
    journal: &Journal,
) -> anyhow::Result<(Rows, Vec<LeftOut>)> {
    let bar = progress::bar(units.len(), &format!("{region}: handcrafted"));
    let options = format!(
        "{:?} {}",
        settings.extractor.params(),
        env!("CARGO_PKG_VERSION")
    );
    let cases: Vec<(NamedValues, Vec<ImageName>)> = units
        .par_iter()
        .map(|unit| {
            let key = unit.key(&options);
            let case = match key.as_deref().and_then(|key| journal.known_features(key)) {
                Some(known) => (
                    known.clone(),
                    noise_bands(&known.names, unit.image, &ReadOptions::default())?,
                ),
                None => {
                    let case = handcrafted(&settings.extractor, unit.image, unit.mask)?;
                    if let Some(key) = &key {
                        journal.note_features(key, &case.0)?;
                    }
                    case
                }
            };
            bar.inc(1);
            Ok(case)
        })
        .collect::<anyhow::Result<_>>()?;
    bar.finish_and_clear();
    let (rows, bands): (Vec<NamedValues>, Vec<Vec<ImageName>>) = cases.into_iter().unzip();
    let rows = stacked(&rows, units)?;
    let prefixes: BTreeSet<String> = bands
        .iter()
        .flatten()
        .map(|band| format!("{band}_"))
        .collect();
    let noise = rows
        .names
        .iter()
        .filter(|name| {
            prefixes
                .iter()
                .any(|prefix| name.starts_with(prefix.as_str()))
        })
        .map(|name| LeftOut {
            name: name.clone(),
            reason: NOISE_BANDS.to_owned(),
        })
        .collect();
    Ok((rows, noise))
}

fn deep_rows(
    units: &[Unit<'_>],
    settings: &FeatureSettings,
    region: &str,
    journal: &Journal,
) -> anyhow::Result<Rows> {
    let bar = progress::bar(units.len(), &format!("{region}: deep"));
    let names: Arc<[String]> = settings.network.names().into();
    let options = format!(
        "{:?} {} {names:?} {}",
        settings.preprocess,
        settings.network.vgg().weights().sha256,
        env!("CARGO_PKG_VERSION")
    );
    let mut rows = Vec::with_capacity(units.len());
    for batch in units.chunks(BATCH) {
        let keys: Vec<Option<String>> = batch.par_iter().map(|unit| unit.key(&options)).collect();
        let known: Vec<Option<&NamedValues>> = keys
            .iter()
            .map(|key| key.as_deref().and_then(|key| journal.known_features(key)))
            .collect();
        let inputs = batch
            .par_iter()
            .zip(&known)
            .filter(|(_, known)| known.is_none())
            .map(|(unit, _)| network_input(&settings.preprocess, unit.image, unit.mask, None))
            .collect::<anyhow::Result<Vec<_>>>()?;
        let embedded = match inputs.is_empty() {
            true => Array2::zeros((0, names.len())),
            false => settings.network.extract(&inputs, BATCH, |_, _| {})?.values,
        };
        let mut fresh = embedded.outer_iter();
        for (key, known) in keys.iter().zip(known) {
            rows.push(match known {
                Some(features) => features.clone(),
                None => {
                    let values = fresh.next().context("one row an image")?.to_vec();
                    let features = NamedValues {
                        names: Arc::clone(&names),
                        values,
                    };
                    if let Some(key) = key {
                        journal.note_features(key, &features)?;
                    }
                    features
                }
            });
        }
        bar.inc(batch.len() as u64);
    }
    bar.finish_and_clear();
    stacked(&rows, units)
}

/// Rows of equal columns as a table.
fn stacked(rows: &[NamedValues], units: &[Unit<'_>]) -> anyhow::Result<Rows> {
    let names = rows
        .first()
        .map_or_else(|| Arc::from(Vec::new()), |row| Arc::clone(&row.names));
    let mut values = Array2::zeros((rows.len(), names.len()));
    for ((row, unit), mut target) in rows.iter().zip(units).zip(values.outer_iter_mut()) {
        anyhow::ensure!(
            row.names == names,
            "{}: expected the {} feature columns of the other images, found {}; all images of a region must have the same dimensions",
            unit.image.display(),
            names.len(),
            row.names.len()
        );
        for ((value, &found), name) in target.iter_mut().zip(&row.values).zip(names.iter()) {
            anyhow::ensure!(
                found.is_finite(),
                "{} with {}: {name} is {found}, expected a finite number",
                unit.image.display(),
                unit.mask.display()
            );
            *value = found;
        }
    }
    Ok(Rows { names, values })
}

/// Deep features, fitted on the first outlines of training patients.
fn reduced(
    cohort: &Cohort,
    settings: &FeatureSettings,
    units: &[Unit<'_>],
    pooled: &Rows,
) -> anyhow::Result<DeepFeatures> {
    let patient = |unit: &Unit<'_>| &cohort.patients[unit.patient];
    let fits = |unit: &Unit<'_>| unit.outline == Outline::First && patient(unit).split == 0;
    let rows = PooledRows {
        values: pooled.values.view(),
        patients: units.iter().map(|unit| patient(unit).id.clone()).collect(),
        outcome: units.iter().map(|unit| patient(unit).outcome).collect(),
        training: (0..units.len()).filter(|&row| fits(&units[row])).collect(),
    };
    settings
        .deep
        .fit(&settings.network, &settings.preprocess, &rows)
}

fn repeated(
    units: &[Unit<'_>],
    outline: Outline,
    label: &str,
    values: &Array2<f64>,
) -> Option<RepeatedReading> {
    let rows: Vec<usize> = (0..units.len())
        .filter(|&row| units[row].outline == outline)
        .collect();
    if rows.is_empty() {
        return None;
    }
    Some(RepeatedReading {
        name: label.to_owned(),
        rows: rows.iter().map(|&row| units[row].patient).collect(),
        values: values.select(Axis(0), &rows),
    })
}
