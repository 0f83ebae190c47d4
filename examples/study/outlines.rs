//! What the images of a region give before any outcome is looked at: handcrafted features and the network's pooled channels, one row an outline.
//!
//! Finished outlines are noted in the cache, so that a later run takes them from there. An outline that fails is no reason to stop: its patient is left
//! out and named; a repeated outline that fails is left out alone.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use deep_features::{FeatureExtractor, Preprocess};
use ndarray::{Array2, Axis};
use radiomics_features::Extractor;
use radiomics_features::io::ReadOptions;
use rayon::prelude::*;

use super::cache::{Cache, StepKey};
use super::selection::LeftOut;
use crate::case_list::Case;
use crate::cohort::{Cohort, RegionFiles};
use crate::feature_rows::NamedValues;
use crate::journal::{Journal, case_key};
use crate::progress;
use crate::regions::{NOISE_BANDS, handcrafted, network_input, noise_bands};

/// What is computed of an outline, and with what.
#[derive(Debug)]
pub struct OutlineSettings {
    /// Handcrafted features.
    pub extractor: Extractor,
    /// The network with its tap and pooling.
    pub network: FeatureExtractor,
    /// Images for the network.
    pub preprocess: Preprocess,
}

/// Which outline of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outline {
    /// The one used for the study.
    First,
    /// By a second reader.
    Inter,
    /// By the first reader again.
    Intra,
}

/// Rows of a region: first outlines in the order of the patients, then the repeated ones.
#[derive(Debug, Clone)]
pub struct RegionRows {
    /// The region.
    pub region: String,
    /// The patient and outline of every row.
    pub outlines: Vec<(usize, Outline)>,
    /// Handcrafted features.
    pub handcrafted: Rows,
    /// The network's pooled channels.
    pub pooled: Rows,
    /// Handcrafted columns that hold only rounding noise.
    pub noise: Vec<LeftOut>,
}

/// A table of numbers with its columns.
#[derive(Debug, Clone)]
pub struct Rows {
    /// Names of the columns.
    pub names: Arc<[String]>,
    /// The values.
    pub values: Array2<f64>,
}

/// Rows of all regions, and what failed.
#[derive(Debug)]
pub struct CohortRows {
    /// The regions in the order of the cohort.
    pub regions: Vec<RegionRows>,
    /// The cohort without the patients that failed.
    pub cohort: Cohort,
    /// Repeated outlines that failed: region, patient, reason.
    pub failed_repeats: Vec<FailedRepeat>,
    /// Outlines that were computed.
    pub n_computed: usize,
    /// Outlines that were taken from the cache.
    pub n_known: usize,
}

/// A repeated outline that takes no part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedRepeat {
    /// The region.
    pub region: String,
    /// Identifier of the patient.
    pub patient: String,
    /// Why.
    pub reason: String,
}

/// One outline of one region of one patient.
struct Unit<'a> {
    patient: usize,
    outline: Outline,
    image: &'a Path,
    mask: &'a Path,
}

/// What is known of a unit.
struct Made {
    key: Option<String>,
    was_known: bool,
    values: NamedValues,
}

/// What came out of one unit: features and channels, or the reason why not.
type UnitResult = Result<(Made, Made), String>;

/// Computes the rows of all regions of a cohort.
///
/// # Errors
/// Cache files that cannot be read or written; [`Faults`](crate::faults::Faults) when a split loses all patients of an outcome.
pub fn cohort_rows(
    cohort: &Cohort,
    settings: &OutlineSettings,
    cache: &Cache,
) -> anyhow::Result<CohortRows> {
    let mut results = Vec::new();
    for region in 0..cohort.regions.len() {
        results.push(region_results(cohort, region, settings, cache)?);
    }
    let mut failed: Vec<(usize, String)> = Vec::new();
    let mut failed_repeats = Vec::new();
    for (region, (units, results)) in cohort.regions.iter().zip(&results) {
        for (unit, result) in units.iter().zip(results) {
            let Err(reason) = result else { continue };
            if unit.outline == Outline::First {
                failed.push((unit.patient, format!("{region}: {reason}")));
            } else {
                failed_repeats.push(FailedRepeat {
                    region: region.clone(),
                    patient: cohort.patients[unit.patient].id.clone(),
                    reason: reason.clone(),
                });
            }
        }
    }
    let (left_cohort, left) = cohort.without(&joined(failed))?;
    let made = || results.iter().flat_map(|(_, r)| r).flatten();
    let n_known = made().filter(|(a, b)| a.was_known && b.was_known).count();
    let n_computed = made().count() - n_known;
    let regions = cohort
        .regions
        .iter()
        .zip(results)
        .map(|(region, (units, results))| assembled(region, &units, results, &left))
        .collect();
    Ok(CohortRows {
        regions,
        cohort: left_cohort,
        failed_repeats,
        n_computed,
        n_known,
    })
}

/// One entry a patient, in the order of the patients.
fn joined(mut failed: Vec<(usize, String)>) -> Vec<(usize, String)> {
    failed.sort_by_key(|(patient, _)| *patient);
    let mut joined: Vec<(usize, String)> = Vec::new();
    for (patient, reason) in failed {
        match joined.last_mut() {
            Some((last, reasons)) if *last == patient => {
                *reasons = format!("{reasons}; {reason}");
            }
            _ => joined.push((patient, reason)),
        }
    }
    joined
}

fn region_results<'a>(
    cohort: &'a Cohort,
    region: usize,
    settings: &OutlineSettings,
    cache: &Cache,
) -> anyhow::Result<(Vec<Unit<'a>>, Vec<UnitResult>)> {
    let name = &cohort.regions[region];
    let units = units(cohort, region);
    let handcrafted_journal = cache.journal(&format!("{name}_handcrafted"))?;
    let deep_journal = cache.journal(&format!("{name}_deep"))?;
    let crafted = handcrafted_results(&units, settings, name, &handcrafted_journal)?;
    let crafted = of_common_columns(&units, crafted);
    let pooled = deep_results(&units, &crafted, settings, name, &deep_journal)?;
    let results: Vec<UnitResult> = crafted
        .into_iter()
        .zip(pooled)
        .map(|(crafted, pooled)| Ok((crafted?, pooled?)))
        .collect();
    let entries = |of: fn(&(Made, Made)) -> &Made| {
        results
            .iter()
            .flatten()
            .map(of)
            .filter_map(|made| Some((made.key.as_deref()?, &made.values)))
            .collect::<Vec<_>>()
    };
    // What belongs to images that are no longer part of the cohort goes, and equal runs leave equal bytes.
    handcrafted_journal.rewrite(&entries(|(crafted, _)| crafted))?;
    deep_journal.rewrite(&entries(|(_, pooled)| pooled))?;
    Ok((units, results))
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

    /// The first value that is no finite number, in words.
    fn not_finite(&self, features: &NamedValues) -> Option<String> {
        let bad = features
            .values
            .iter()
            .position(|value| !value.is_finite())?;
        Some(format!(
            "{} with {}: {} is {}, expected a finite number",
            self.image.display(),
            self.mask.display(),
            features.names[bad],
            features.values[bad]
        ))
    }
}

fn handcrafted_results(
    units: &[Unit<'_>],
    settings: &OutlineSettings,
    region: &str,
    journal: &Journal,
) -> anyhow::Result<Vec<Result<Made, String>>> {
    let bar = progress::bar(units.len(), &format!("{region}: handcrafted"));
    let options = format!(
        "{:?} {}",
        settings.extractor.params(),
        env!("CARGO_PKG_VERSION")
    );
    let results = units
        .par_iter()
        .map(|unit| {
            let key = unit.key(&options);
            let known = key.as_deref().and_then(|key| journal.known_features(key));
            let result = match known {
                Some(values) => Ok(Made {
                    key,
                    was_known: true,
                    values: values.clone(),
                }),
                None => match handcrafted(&settings.extractor, unit.image, unit.mask) {
                    Ok((values, _)) => match unit.not_finite(&values) {
                        Some(reason) => Err(reason),
                        None => {
                            if let Some(key) = &key {
                                journal.note_features(key, &values)?;
                            }
                            Ok(Made {
                                key,
                                was_known: false,
                                values,
                            })
                        }
                    },
                    Err(error) => Err(format!("{error:#}")),
                },
            };
            bar.inc(1);
            Ok(result)
        })
        .collect::<anyhow::Result<Vec<_>>>()?;
    bar.finish_and_clear();
    Ok(results)
}

/// Outlines whose columns are not those of most others fail: an image of another kind.
fn of_common_columns(
    units: &[Unit<'_>],
    results: Vec<Result<Made, String>>,
) -> Vec<Result<Made, String>> {
    let columns: Vec<Arc<[String]>> = results
        .iter()
        .flatten()
        .map(|made| Arc::clone(&made.values.names))
        .collect();
    let count = |names: &Arc<[String]>| columns.iter().filter(|other| *other == names).count();
    let mut common: Option<(usize, Arc<[String]>)> = None;
    for names in &columns {
        if common.as_ref().is_some_and(|(_, known)| known == names) {
            continue;
        }
        let n = count(names);
        if common.as_ref().is_none_or(|(most, _)| n > *most) {
            common = Some((n, Arc::clone(names)));
        }
    }
    let Some((_, common)) = common else {
        return results;
    };
    results
        .into_iter()
        .zip(units)
        .map(|(result, unit)| {
            let made = result?;
            if made.values.names == common {
                return Ok(made);
            }
            Err(format!(
                "{}: expected the {} feature columns of most images, found {}; all images of a region must have the same dimensions",
                unit.image.display(),
                common.len(),
                made.values.names.len()
            ))
        })
        .collect()
}

fn deep_results(
    units: &[Unit<'_>],
    crafted: &[Result<Made, String>],
    settings: &OutlineSettings,
    region: &str,
    journal: &Journal,
) -> anyhow::Result<Vec<Result<Made, String>>> {
    let bar = progress::bar(units.len(), &format!("{region}: deep"));
    let options = format!(
        "{:?} {} {:?} {}",
        settings.preprocess,
        settings.network.vgg().weights().sha256,
        settings.network.names(),
        env!("CARGO_PKG_VERSION")
    );
    let mut results = Vec::with_capacity(units.len());
    // One image a thread, as with handcrafted features: what is in work is all that a kill costs.
    let n = rayon::current_num_threads();
    for (batch, crafted) in units.chunks(n).zip(crafted.chunks(n)) {
        let mut made: Vec<Result<Made, String>> = batch
            .par_iter()
            .zip(crafted)
            .map(|(unit, crafted)| match crafted {
                Ok(_) => Ok(unit.known_or_empty(&options, journal)),
                // The reason stands with the handcrafted features.
                Err(_) => Err(String::new()),
            })
            .collect();
        let wanted: Vec<usize> = (0..batch.len())
            .filter(|&k| made[k].as_ref().is_ok_and(|made| !made.was_known))
            .collect();
        embed(settings, batch, &wanted, &mut made, journal)?;
        results.extend(made);
        bar.inc(batch.len() as u64);
    }
    bar.finish_and_clear();
    Ok(results)
}

/// Puts some images of a batch through the network; what comes out is noted and takes its place in `made`.
fn embed(
    settings: &OutlineSettings,
    batch: &[Unit<'_>],
    wanted: &[usize],
    made: &mut [Result<Made, String>],
    journal: &Journal,
) -> anyhow::Result<()> {
    let inputs: Vec<_> = wanted
        .par_iter()
        .map(|&k| network_input(&settings.preprocess, batch[k].image, batch[k].mask, None))
        .collect();
    let mut ready = Vec::new();
    let mut usable = Vec::new();
    for (&k, input) in wanted.iter().zip(inputs) {
        match input {
            Ok(input) => {
                ready.push(k);
                usable.push(input);
            }
            Err(error) => made[k] = Err(format!("{error:#}")),
        }
    }
    if usable.is_empty() {
        return Ok(());
    }
    let names: Arc<[String]> = settings.network.names().into();
    let embedded = settings
        .network
        .extract(&usable, usable.len(), |_, _| {})?
        .values;
    for (&k, values) in ready.iter().zip(embedded.outer_iter()) {
        let values = NamedValues {
            names: Arc::clone(&names),
            values: values.to_vec(),
        };
        if let Some(reason) = batch[k].not_finite(&values) {
            made[k] = Err(reason);
        } else if let Ok(made) = &mut made[k] {
            if let Some(key) = &made.key {
                journal.note_features(key, &values)?;
            }
            made.values = values;
        }
    }
    Ok(())
}

impl Unit<'_> {
    /// What the cache knows of a unit; no values where it knows nothing.
    fn known_or_empty(&self, options: &str, journal: &Journal) -> Made {
        let key = self.key(options);
        let known = key.as_deref().and_then(|key| journal.known_features(key));
        let values = known.cloned();
        Made {
            was_known: values.is_some(),
            values: values.unwrap_or_else(|| NamedValues {
                names: Arc::from(Vec::new()),
                values: Vec::new(),
            }),
            key,
        }
    }
}

/// The rows of the patients that are left, `left[k]` being the earlier number of patient `k`.
fn assembled(
    region: &str,
    units: &[Unit<'_>],
    results: Vec<UnitResult>,
    left: &[usize],
) -> RegionRows {
    let mut outlines = Vec::new();
    let (mut crafted, mut pooled) = (Vec::new(), Vec::new());
    let mut image = None;
    for (unit, result) in units.iter().zip(results) {
        let (Ok(patient), Ok((a, b))) = (left.binary_search(&unit.patient), result) else {
            continue;
        };
        outlines.push((patient, unit.outline));
        crafted.push(a.values);
        pooled.push(b.values);
        image = image.or(Some(unit.image));
    }
    let handcrafted = Rows::stacked(crafted);
    RegionRows {
        region: region.to_owned(),
        outlines,
        noise: image.map_or_else(Vec::new, |image| noise_columns(&handcrafted.names, image)),
        handcrafted,
        pooled: Rows::stacked(pooled),
    }
}

impl Rows {
    /// Rows of equal columns as a table.
    fn stacked(rows: Vec<NamedValues>) -> Self {
        let names = rows
            .first()
            .map_or_else(|| Arc::from(Vec::new()), |row| Arc::clone(&row.names));
        let mut values = Array2::zeros((rows.len(), names.len()));
        for (row, mut target) in rows.iter().zip(values.axis_iter_mut(Axis(0))) {
            for (target, &value) in target.iter_mut().zip(&row.values) {
                *target = value;
            }
        }
        Self { names, values }
    }
}

/// The columns that hold only rounding noise on images like this one. All images of a region have the same number of slices.
fn noise_columns(names: &[String], image: &Path) -> Vec<LeftOut> {
    let bands = noise_bands(names, image, &ReadOptions::default()).unwrap_or_default();
    let prefixes: BTreeSet<String> = bands.iter().map(|band| format!("{band}_")).collect();
    let is_noise = |name: &&String| {
        let mut prefixes = prefixes.iter();
        prefixes.any(|prefix| name.starts_with(prefix.as_str()))
    };
    names
        .iter()
        .filter(is_noise)
        .map(|name| LeftOut {
            name: name.clone(),
            reason: NOISE_BANDS.to_owned(),
        })
        .collect()
}

impl RegionRows {
    /// A hash of all numbers, and of whose they are.
    pub fn digest(&self, cohort: &Cohort) -> String {
        let mut key = StepKey::new("rows");
        for &(patient, outline) in &self.outlines {
            let id = &cohort.patients[patient].id;
            key = key.text(id).text(&format!("{outline:?}"));
        }
        for rows in [&self.handcrafted, &self.pooled] {
            for name in rows.names.iter() {
                key = key.text(name);
            }
            key = key.numbers(&rows.values);
        }
        for column in &self.noise {
            key = key.text(&column.name);
        }
        key.finish()
    }
}
