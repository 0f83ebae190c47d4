//! A seeded, synthetic multicenter cohort: B-mode images and masks of a breast tumor and an axillary lymph node per
//! patient, a clinical table, repeated outlines and a reader study, written as files that any study could have.
//!
//! Counts, marginals and effects are those of the published study; the images are drawn from a small model of ultrasound
//! (tissue layers, fully developed speckle, attenuation, log compression) in which a latent severity of tumor and node shows as
//! margin, echo, texture and hilum. No patient is behind any of it.

mod center;
mod conditional;
mod field;
mod lymph_node;
mod outline;
mod patient;
mod published;
mod reader_study;
mod scanner;
mod scene;
mod tumor;

use std::path::{Path, PathBuf};

use anyhow::Context;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde_json::json;

use crate::atomic_file::write_atomically;
use crate::cohort::{CohortFile, ColumnKind, ColumnSpec};
use crate::table_file::{Cell, write_csv};
use center::CENTERS;
use outline::Reader;
use patient::{Findings, Patient, Posterior};
use published::SPLITS;

/// Training cases outlined again by a second reader and by the same reader.
pub const REPEATED_OUTLINES: usize = 50;

/// The regions of a patient.
const REGIONS: [&str; 2] = ["tumor", "ln"];

/// The file that says what a cohort was generated from.
const DESIGN_NAME: &str = "design.json";

/// The cohort file that belongs to a cohort.
const COLUMNS_NAME: &str = "columns.yaml";

/// Random streams beyond the patients' own, which count up from 0.
const STREAM_ASSIGNMENT: u64 = u64::MAX;
const STREAM_READERS: u64 = u64::MAX - 1;

/// How many patients the cohort has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum CohortSize {
    /// A quarter of the published numbers: for trying out.
    Small,
    /// Half of the published numbers.
    #[default]
    Standard,
    /// The published numbers: 421 training, 106 internal, 222 external, 117 prospective patients.
    Paper,
}

impl CohortSize {
    fn divisor(self) -> usize {
        match self {
            Self::Small => 4,
            Self::Standard => 2,
            Self::Paper => 1,
        }
    }

    /// `count` of the published cohort at this size, rounded.
    fn scale(self, count: usize) -> usize {
        (count + self.divisor() / 2) / self.divisor()
    }
}

/// What to generate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CohortDesign {
    /// Seed of every draw; the same seed gives the same bytes on any number of threads.
    pub seed: u64,
    /// Number of patients.
    pub size: CohortSize,
}

/// Where the generated cohort lies.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct WrittenCohort {
    /// `cohort.csv`: one row a patient.
    pub manifest: PathBuf,
    /// `readers.csv`: calls of a junior and a senior reader on the prospective set, without and with assistance.
    pub reader_study: PathBuf,
    /// `columns.yaml`: labels and units of the clinical columns.
    pub columns: PathBuf,
    /// Number of patients.
    pub n_patients: usize,
}

/// A patient with the place in the study.
struct Enrolled {
    id: String,
    split: &'static str,
    center: usize,
    repeated: bool,
    patient: Patient,
    rng: ChaCha8Rng,
}

impl CohortDesign {
    /// Number of patients of all splits together.
    pub fn n_patients(&self) -> usize {
        SPLITS
            .iter()
            .map(|split| self.size.scale(split.patients))
            .sum()
    }

    /// Writes `images/`, `masks/`, `readers.csv`, `design.json`, `columns.yaml` and `cohort.csv` under `folder`, calling `patient_done` after each patient.
    ///
    /// # Errors
    /// When a file or folder cannot be written.
    pub fn write(
        &self,
        folder: &Path,
        patient_done: impl Fn() + Sync,
    ) -> anyhow::Result<WrittenCohort> {
        self.begin(folder)?;
        let enrolled = self.enroll();
        enrolled.par_iter().try_for_each(|case| {
            if !case.files().all(|file| folder.join(file).exists()) {
                draw_patient(folder, case)?;
            }
            patient_done();
            anyhow::Ok(())
        })?;
        let rows = enrolled.iter().map(Enrolled::row);
        let reader_study = folder.join("readers.csv");
        let mut rng = stream(self.seed, STREAM_READERS);
        let prospective = enrolled.iter().filter(|case| case.split == "prospective");
        let calls = reader_study::calls(
            prospective.map(|case| (case.id.as_str(), &case.patient)),
            &mut rng,
        );
        write_csv(&reader_study, &reader_study::header(), calls)?;
        let columns = folder.join(COLUMNS_NAME);
        write_atomically(&columns, cohort_file().to_yaml()?.as_bytes())?;
        // The manifest comes last: where it is, everything is.
        let manifest = folder.join("cohort.csv");
        write_csv(&manifest, &manifest_header(), rows)?;
        Ok(WrittenCohort {
            manifest,
            reader_study,
            columns,
            n_patients: enrolled.len(),
        })
    }

    /// Keeps what an interrupted run has drawn of this very cohort, and nothing else.
    fn begin(&self, folder: &Path) -> anyhow::Result<()> {
        let design = folder.join(DESIGN_NAME);
        let is_ours = std::fs::read_to_string(&design).is_ok_and(|text| text == self.to_json());
        if !is_ours && folder.exists() {
            std::fs::remove_dir_all(folder)
                .with_context(|| format!("{}: cannot clear the folder", folder.display()))?;
        }
        write_atomically(&design, self.to_json().as_bytes())
    }

    /// The cohort in `folder`, if it is there completely and has this design.
    pub fn written_in(&self, folder: &Path) -> Option<WrittenCohort> {
        let design = std::fs::read_to_string(folder.join(DESIGN_NAME)).ok()?;
        let manifest = folder.join("cohort.csv");
        (design == self.to_json() && manifest.exists()).then(|| WrittenCohort {
            manifest,
            reader_study: folder.join("readers.csv"),
            columns: folder.join(COLUMNS_NAME),
            n_patients: self.n_patients(),
        })
    }

    fn to_json(self) -> String {
        let size = format!("{:?}", self.size).to_lowercase();
        let version = env!("CARGO_PKG_VERSION");
        let design =
            json!({"synthetic": true, "size": size, "seed": self.seed, "version": version});
        format!("{design:#}\n")
    }

    /// Draws outcome, center and findings of every patient. The number of positives of a split is exact.
    fn enroll(&self) -> Vec<Enrolled> {
        let mut assignment = stream(self.seed, STREAM_ASSIGNMENT);
        let mut enrolled = Vec::with_capacity(self.n_patients());
        for split in &SPLITS {
            let findings = Findings::of(split);
            let n = self.size.scale(split.patients);
            let positives = self.size.scale(split.node_positive);
            let mut outcomes: Vec<bool> = (0..n).map(|i| i < positives).collect();
            outcomes.shuffle(&mut assignment);
            let mut repeated: Vec<bool> = (0..n)
                .map(|i| split.name == "training" && i < REPEATED_OUTLINES)
                .collect();
            repeated.shuffle(&mut assignment);
            for (node_positive, repeated) in outcomes.into_iter().zip(repeated) {
                let index = enrolled.len();
                let mut rng = stream(self.seed, index as u64);
                let center = split.centers[assignment.random_range(0..split.centers.len())];
                let patient = findings.draw(node_positive, &mut rng);
                enrolled.push(Enrolled {
                    id: format!("P{:04}", index + 1),
                    split: split.name,
                    center,
                    repeated,
                    patient,
                    rng,
                });
            }
        }
        enrolled
    }
}

/// The random stream `index` of a seed.
fn stream(seed: u64, index: u64) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(index);
    rng
}

/// Endings of the outlines of a region, the first one always there.
const OUTLINES: [&str; 3] = ["", "_inter", "_intra"];

impl Enrolled {
    /// Outlines of a region that this patient has.
    fn outlines(&self) -> &'static [&'static str] {
        match self.repeated {
            true => &OUTLINES,
            false => &OUTLINES[..1],
        }
    }

    fn file(&self, kind: &str, region: &str, ending: &str) -> String {
        format!("{kind}/{}_{region}{ending}.png", self.id)
    }

    /// All files of the patient, relative to the cohort's folder.
    fn files(&self) -> impl Iterator<Item = String> {
        REGIONS.into_iter().flat_map(move |region| {
            let masks = self.outlines().iter();
            let masks = masks.map(move |ending| self.file("masks", region, ending));
            std::iter::once(self.file("images", region, "")).chain(masks)
        })
    }

    /// The patient's row of the manifest.
    fn row(&self) -> Vec<Cell> {
        let mut row = vec![
            Cell::from(self.id.as_str()),
            Cell::from(CENTERS[self.center].name),
            Cell::from(self.split),
            Cell::from(usize::from(self.patient.node_positive)),
        ];
        for region in REGIONS {
            row.push(Cell::Text(self.file("images", region, "")));
            for (k, ending) in OUTLINES.iter().enumerate() {
                row.push(match k < self.outlines().len() {
                    true => Cell::Text(self.file("masks", region, ending)),
                    false => Cell::Empty,
                });
            }
        }
        row.extend(clinical_cells(&self.patient));
        row
    }
}

/// Scans both regions of a patient and writes the PNG files.
fn draw_patient(folder: &Path, case: &Enrolled) -> anyhow::Result<()> {
    let mut rng = case.rng.clone();
    for region in REGIONS {
        let settings = CENTERS[case.center].acquisition(&mut rng);
        let (scene, outline) = match region {
            "tumor" => tumor::tumor_scene(&case.patient, &settings, &mut rng),
            _ => lymph_node::lymph_node_scene(&case.patient, &settings, &mut rng),
        };
        let gray = scanner::scan(&scene, &settings, &mut rng);
        let (width, height) = (scene.width, scene.height);
        let image = folder.join(case.file("images", region, ""));
        write_png(&image, width, height, gray)?;
        let readers = [Reader::FIRST, Reader::SECOND, Reader::SAME];
        for (ending, reader) in case.outlines().iter().zip(readers) {
            let mask = outline.drawn_by(&mut rng, reader).mask(width, height);
            let file = folder.join(case.file("masks", region, ending));
            write_png(&file, width, height, mask)?;
        }
    }
    Ok(())
}

fn manifest_header() -> Vec<&'static str> {
    let mut header = vec!["patient", "center", "split", "outcome"];
    header.extend([
        "tumor_image",
        "tumor_mask",
        "tumor_mask_inter",
        "tumor_mask_intra",
    ]);
    header.extend(["ln_image", "ln_mask", "ln_mask_inter", "ln_mask_intra"]);
    header.extend([
        "age",
        "tumor_size_cm",
        "location",
        "orientation",
        "margin",
        "shape",
        "echotexture",
    ]);
    header.extend([
        "microcalcification",
        "posterior_features",
        "adler_grade",
        "us_reported_alnm",
    ]);
    header.extend(["er", "pr", "her2", "ki67"]);
    header
}

/// Labels and units that the column names do not say; everything else is inferred.
fn cohort_file() -> CohortFile {
    let number = |name: &str, label: &str, unit: &str| ColumnSpec {
        name: name.to_owned(),
        kind: ColumnKind::Number,
        label: Some(label.to_owned()),
        unit: Some(unit.to_owned()),
        levels: None,
        reference: None,
    };
    CohortFile {
        columns: vec![
            number("age", "Age", "years"),
            number("tumor_size_cm", "Tumor size", "cm"),
            number("ki67", "Ki-67", "%"),
        ],
        ..CohortFile::default()
    }
}

fn clinical_cells(patient: &Patient) -> Vec<Cell> {
    let choose = |yes: bool, absent: &'static str, present: &'static str| {
        Cell::from(if yes { present } else { absent })
    };
    vec![
        Cell::from(patient.age),
        Cell::from(patient.tumor_size_cm),
        choose(patient.right, "left", "right"),
        choose(patient.nonparallel, "parallel", "nonparallel"),
        choose(
            patient.noncircumscribed,
            "circumscribed",
            "noncircumscribed",
        ),
        choose(patient.irregular, "regular", "irregular"),
        choose(patient.heterogeneous, "homogeneous", "heterogeneous"),
        choose(patient.microcalcification, "absent", "present"),
        Cell::from(match patient.posterior {
            Posterior::None => "none",
            Posterior::Shadowing => "shadowing",
            Posterior::Enhancement => "enhancement",
        }),
        Cell::Text(format!("grade_{}", patient.adler_grade)),
        choose(patient.reported_positive, "negative", "positive"),
        choose(patient.er_positive, "negative", "positive"),
        choose(patient.pr_positive, "negative", "positive"),
        choose(patient.her2_positive, "negative", "positive"),
        Cell::from(patient.ki67_percent),
    ]
}

fn write_png(path: &Path, width: usize, height: usize, pixels: Vec<u8>) -> anyhow::Result<()> {
    let image = image::GrayImage::from_raw(width as u32, height as u32, pixels)
        .expect("the scanner and the mask fill width x height pixels");
    let mut bytes = std::io::Cursor::new(Vec::new());
    image
        .write_to(&mut bytes, image::ImageFormat::Png)
        .with_context(|| format!("{}: cannot encode the image", path.display()))?;
    write_atomically(path, bytes.get_ref())
}
