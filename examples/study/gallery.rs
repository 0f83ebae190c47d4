//! Heat maps of patients whom the models did not see: where in their images the answer comes from.

use std::path::Path;

use anyhow::Context;
use deep_features::{CamTarget, EigenCam, FineTuned, GradCam, Heatmap, NetworkInput, Tap, View};
use rayon::prelude::*;

use super::deep::DeepModel;
use super::features::FeatureSettings;
use super::fit::StudyRegion;
use crate::atomic_file::write_atomically;
use crate::cohort::Cohort;
use crate::heatmap_file::heatmap_png;
use crate::labels::readable;
use crate::regions::OutlinedSlice;

/// Patients shown of each region.
const SHOWN: usize = 6;

/// A picture of one region of one patient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeatmapPicture {
    /// The region.
    pub region: String,
    /// Identifier of the patient.
    pub patient: String,
    /// What it shows.
    pub caption: String,
    /// PNG: the region as it is, and with the map.
    pub png: Vec<u8>,
}

/// Who draws the maps of a region.
enum Maps {
    Gradient(Box<GradCam>),
    Eigen(Box<EigenCam>),
}

impl Maps {
    fn of(model: &DeepModel, settings: &FeatureSettings) -> anyhow::Result<Self> {
        let vgg = settings.outlines.network.vgg();
        let position = vgg.config().variant.convolutions()[4];
        let tap = Tap::Relu { block: 5, position };
        Ok(match model {
            DeepModel::Head(model) => {
                let model: &FineTuned = model;
                Self::Gradient(Box::new(GradCam::of(model, vgg, tap)?))
            }
            DeepModel::Components(_) | DeepModel::Pooled => {
                Self::Eigen(Box::new(EigenCam::new(vgg.clone(), tap)?))
            }
        })
    }

    fn explain(&self, input: &NetworkInput) -> deep_features::Result<Heatmap> {
        match self {
            Self::Gradient(cam) => cam.explain(input, CamTarget::Event),
            Self::Eigen(cam) => cam.explain(input),
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Gradient(_) => "Grad-CAM of the event",
            Self::Eigen(_) => "EigenCAM",
        }
    }
}

/// Pictures of every region for some patients of the first test split (of training, if there is none): those whom the model is surest of, and wrong about.
///
/// # Errors
/// Images that cannot be read.
pub fn pictures(
    cohort: &Cohort,
    regions: &[StudyRegion],
    settings: &FeatureSettings,
    risks: &[f64],
) -> anyhow::Result<Vec<HeatmapPicture>> {
    let patients = shown_patients(cohort, risks);
    let mut pictures = Vec::new();
    for (position, region) in regions.iter().enumerate() {
        let maps = Maps::of(&region.features.deep, settings)?;
        let drawn = patients.par_iter().map(|&row| {
            let patient = &cohort.patients[row];
            let files = &patient.regions[position];
            let slice = OutlinedSlice::read(&files.image, &files.mask, None)?;
            let input = slice.view(&settings.outlines.preprocess, &View::IDENTITY)?;
            let map = maps.explain(&input)?;
            Ok(HeatmapPicture {
                region: region.features.region.clone(),
                patient: patient.id.clone(),
                caption: format!(
                    "{}, {}: {}, predicted risk {:.2}. {}.",
                    patient.id,
                    readable(&cohort.splits[patient.split].name),
                    if patient.outcome { "event" } else { "no event" },
                    risks[row],
                    maps.name()
                ),
                png: heatmap_png(&slice, &map)
                    .with_context(|| files.image.display().to_string())?,
            })
        });
        pictures.extend(drawn.collect::<anyhow::Result<Vec<_>>>()?);
    }
    Ok(pictures)
}

/// The two events of highest risk and the one of lowest, and the other way round for the others.
fn shown_patients(cohort: &Cohort, risks: &[f64]) -> Vec<usize> {
    let split = cohort.tests().first().unwrap_or(cohort.training());
    let (mut events, mut others): (Vec<usize>, Vec<usize>) = split
        .patients
        .iter()
        .partition(|&&row| cohort.patients[row].outcome);
    events.sort_by(|&a, &b| risks[b].total_cmp(&risks[a]).then(a.cmp(&b)));
    others.sort_by(|&a, &b| risks[a].total_cmp(&risks[b]).then(a.cmp(&b)));
    let ends = |rows: &[usize]| -> Vec<usize> {
        let n = rows.len();
        match n {
            0..=3 => rows.to_vec(),
            _ => vec![rows[0], rows[1], rows[n - 1]],
        }
    };
    let mut shown: Vec<usize> = Vec::new();
    let (events, others) = (ends(&events), ends(&others));
    for k in 0..events.len().max(others.len()) {
        shown.extend(events.get(k));
        shown.extend(others.get(k));
    }
    shown.truncate(SHOWN);
    shown
}

/// Letters of a region and of a patient in the name of a file: systems refuse names of more than 255 bytes.
const LONGEST_NAME: usize = 60;

/// Writes `NUMBER_REGION_PATIENT.png` for every picture; letters that file names cannot hold become `_`, long names are cut.
///
/// # Errors
/// When a file cannot be written.
pub fn write_pictures(pictures: &[HeatmapPicture], folder: &Path) -> anyhow::Result<()> {
    for (number, picture) in (1_usize..).zip(pictures) {
        let plain = |text: &str| -> String {
            let fits = |c: char| c.is_ascii_alphanumeric() || c == '-';
            text.chars()
                .take(LONGEST_NAME)
                .map(|c| if fits(c) { c } else { '_' })
                .collect()
        };
        let (region, patient) = (plain(&picture.region), plain(&picture.patient));
        let name = format!("{number:02}_{region}_{patient}.png");
        write_atomically(&folder.join(name), &picture.png)?;
    }
    Ok(())
}
