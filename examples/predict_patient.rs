//! One new patient: points of every predictor, risk, and the nomogram with this patient on it.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Parser;
use nomogram::render::{NomogramFigure, nomogram_svg};
use nomogram::{AxisPosition, Nomogram, Patient, PatientPoints, RiskModel};
use serde_json::{Value, json};

use examples::atomic_file::write_atomically;
use examples::figure_file::write_figure;
use examples::input_file;
use examples::output_folder::{ExistingOptions, OutputFolder};
use examples::program::{self, Ending, WrongUsage};
use examples::run_record::{RunRecord, hash_files};
use examples::study::bundle::Bundle;
use examples::study::modeling::choices::probability;
use examples::study::modeling::{Presentation, PresentationOptions};

const PROGRAM: &str = "predict_patient";

/// Predicts the risk of one patient with the model of a study: from the images of every region and the clinical predictors.
///
/// The files of a region are given by its name: --tumor-image FILE --tumor-mask FILE --ln-image FILE --ln-mask FILE for the regions "tumor" and "ln".
#[derive(Debug, Parser)]
#[command(
    name = PROGRAM,
    version,
    after_help = "Example:\n  cargo run --release --example predict_patient -- --bundle out/alnm/bundle --tumor-image t.png --tumor-mask t_mask.png --ln-image n.png --ln-mask n_mask.png --clinical us_reported_alnm=yes --out out/patient"
)]
struct Arguments {
    /// What alnm_pipeline wrote to bundle/.
    #[arg(
        long,
        value_name = "DIR",
        required_unless_present = "model",
        conflicts_with = "model"
    )]
    bundle: Option<PathBuf>,
    /// A model.json of fit_nomogram, for models without images.
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// Image of a region; --tumor-image FILE says the same as --image tumor FILE.
    #[arg(long, num_args = 2, value_names = ["REGION", "FILE"])]
    image: Vec<OsString>,
    /// Mask of a region, as --image.
    #[arg(long, num_args = 2, value_names = ["REGION", "FILE"])]
    mask: Vec<OsString>,
    /// Predictors of the model with their values; a score may be given here instead of its images.
    #[arg(long, value_name = "KEY=VALUE", num_args = 1..)]
    clinical: Vec<String>,
    /// Weights of the network, if the study used a file and a score has deep features.
    #[arg(long, value_name = "FILE", conflicts_with = "model")]
    weights: Option<PathBuf>,
    /// Cut-off between low and high risk; by default the study's.
    #[arg(long, value_parser = probability, value_name = "RISK")]
    cutoff: Option<f64>,
    /// Confidence level of the risk.
    #[arg(long, default_value_t = 0.95, value_parser = probability, value_name = "LEVEL")]
    level: f64,
    #[command(flatten)]
    presentation: PresentationOptions,
    /// Folder for prediction.json and the nomogram with this patient; by default the prediction is only printed.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Replace the results of an earlier run in the output folder.
    #[arg(long)]
    overwrite: bool,
}

fn main() -> ExitCode {
    program::run_from(
        std::env::args_os().flat_map(|a| named_region(&a)),
        prediction,
    )
}

/// `--tumor-image` becomes `--image tumor`, `--tumor-image=FILE` becomes `--image tumor FILE`; all else stays.
fn named_region(argument: &OsStr) -> Vec<OsString> {
    let unchanged = || vec![argument.to_owned()];
    let Some(option) = argument.to_str().and_then(|text| text.strip_prefix("--")) else {
        return unchanged();
    };
    let (name, file) = match option.split_once('=') {
        Some((name, file)) => (name, Some(file)),
        None => (option, None),
    };
    for kind in ["image", "mask"] {
        let region = name.strip_suffix(kind).and_then(|r| r.strip_suffix('-'));
        if let Some(region) = region.filter(|region| !region.is_empty()) {
            let tokens = [format!("--{kind}"), region.to_owned()];
            return tokens
                .into_iter()
                .chain(file.map(str::to_owned))
                .map(OsString::from)
                .collect();
        }
    }
    unchanged()
}

/// A model with what the patient's data made of it.
struct Prediction {
    nomogram: Nomogram,
    shown: Presentation,
    patient: PatientPoints,
    cutoff: Option<f64>,
    /// The files that model and scores were read from.
    sources: Vec<PathBuf>,
}

fn prediction(arguments: Arguments) -> anyhow::Result<Ending> {
    check_pairs(&arguments.clinical)?;
    let given = |model: &RiskModel| clinical(&arguments.clinical, &model.predictor_names());
    let mut study = Presentation::default();
    let (model, patient, cutoff, sources) = match (&arguments.bundle, &arguments.model) {
        (Some(folder), _) => {
            let bundle = Bundle::read(folder)?;
            let patient = with_scores(given(&bundle.model)?, &bundle, &arguments)?;
            study = bundle.presentation;
            (bundle.model, patient, bundle.cutoff, bundle.files)
        }
        (None, Some(path)) => {
            if let Some(region) = arguments.image.iter().chain(&arguments.mask).next() {
                let region = region.to_string_lossy();
                return Err(WrongUsage(format!(
                    "--{region}-image, --{region}-mask: expected a --bundle beside images, found --model"
                ))
                .into());
            }
            let model = read_model(path)?;
            let patient = given(&model)?;
            (model, patient, None, vec![path.clone()])
        }
        (None, None) => bail!("expected --bundle or --model"),
    };
    let shown = arguments.presentation.read(&model.predictor_names())?;
    let shown = shown.or(&study);
    let nomogram = shown.nomogram(&model)?;
    let source = arguments.bundle.as_ref().or(arguments.model.as_ref());
    let points = nomogram
        .patient(&patient, arguments.level)
        .with_context(|| source.map_or_else(String::new, |path| path.display().to_string()))?;
    let prediction = Prediction {
        nomogram,
        shown,
        patient: points,
        cutoff: arguments.cutoff.or(cutoff),
        sources,
    };
    if let Some(out) = &arguments.out {
        prediction.write(out, &arguments)?;
    }
    prediction.print()?;
    Ok(Ending::Done)
}

fn read_model(path: &Path) -> anyhow::Result<RiskModel> {
    let shown = || path.display().to_string();
    let bytes = input_file::read(path).with_context(|| format!("{}: cannot read", shown()))?;
    let text = String::from_utf8(bytes).with_context(|| format!("{}: expected text", shown()))?;
    RiskModel::from_json(&text).with_context(shown)
}

fn check_pairs(pairs: &[String]) -> Result<(), WrongUsage> {
    let is_pair = |pair: &String| {
        pair.split_once('=')
            .is_some_and(|(key, _)| !key.trim().is_empty())
    };
    match pairs.iter().find(|pair| !is_pair(pair)) {
        Some(other) => Err(WrongUsage(format!(
            "--clinical: expected KEY=VALUE, found {other:?}"
        ))),
        None => Ok(()),
    }
}

/// The values of a patient. A name may hold an equals sign itself: the longest name of a predictor in front of one is the key.
fn clinical(pairs: &[String], names: &[String]) -> anyhow::Result<Patient> {
    let mut patient = Patient::new();
    for pair in pairs {
        let is_key = |key: &str| names.iter().any(|name| name == key.trim());
        let ends = pair.match_indices('=').map(|(end, _)| end);
        let mut longest = ends.clone().filter(|&end| is_key(&pair[..end]));
        let end = longest
            .next_back()
            .or(ends.clone().next())
            .unwrap_or(pair.len());
        // Cells of tables are read without surrounding blanks, too.
        let key = pair[..end].trim();
        let value = pair[end..].strip_prefix('=').unwrap_or_default().trim();
        if patient.value(key).is_some() {
            return Err(WrongUsage(format!("--clinical: {key:?} is given twice")).into());
        }
        patient = patient.with(key, value);
    }
    Ok(patient)
}

/// Adds the score of every region that the model uses, from its images unless the score itself was given.
fn with_scores(
    mut patient: Patient,
    bundle: &Bundle,
    arguments: &Arguments,
) -> anyhow::Result<Patient> {
    bundle.recipe.check_weights(arguments.weights.as_deref())?;
    let (images, masks) = (pairs(&arguments.image)?, pairs(&arguments.mask)?);
    for (region, _) in images.iter().chain(&masks) {
        if !bundle.regions.iter().any(|r| r.name == *region) {
            let known: Vec<&str> = bundle.regions.iter().map(|r| r.name.as_str()).collect();
            bail!(
                "--{region}-image, --{region}-mask: expected one of the study's regions {}, found {region:?}",
                known.join(", ")
            );
        }
    }
    let used = bundle.model.predictor_names();
    for region in &bundle.regions {
        let file = |list: &[(String, PathBuf)]| {
            let found = list.iter().find(|(name, _)| *name == region.name);
            found.map(|(_, path)| path.clone())
        };
        let name = &region.name;
        let score = match (file(&images), file(&masks)) {
            _ if !used.contains(&region.column) => continue,
            (None, None) if patient.value(&region.column).is_some() => continue,
            (Some(_), Some(_)) if patient.value(&region.column).is_some() => {
                return Err(WrongUsage(format!(
                    "--clinical {}: given beside the images of {name}; give one of the two",
                    region.column
                ))
                .into());
            }
            (Some(image), Some(mask)) => {
                bundle.score(region, &image, &mask, arguments.weights.as_deref())?
            }
            _ => bail!(
                "expected --{name}-image and --{name}-mask for the predictor {:?} of the model, or --clinical {}=VALUE",
                region.column,
                region.column
            ),
        };
        patient = patient.with(&region.column, score);
    }
    Ok(patient)
}

fn pairs(tokens: &[OsString]) -> anyhow::Result<Vec<(String, PathBuf)>> {
    let mut pairs: Vec<(String, PathBuf)> = Vec::new();
    for pair in tokens.chunks(2) {
        let region = pair[0].to_string_lossy().into_owned();
        if pairs.iter().any(|(name, _)| *name == region) {
            return Err(WrongUsage(format!("two images or masks for region {region:?}")).into());
        }
        pairs.push((region, PathBuf::from(&pair[1])));
    }
    Ok(pairs)
}

impl Prediction {
    /// `low` or `high`; `None` without a cut-off.
    fn group(&self) -> Option<&'static str> {
        let risk = self.patient.prediction.risk;
        self.cutoff
            .map(|cutoff| if risk >= cutoff { "high" } else { "low" })
    }

    /// One line for every value beyond what training saw.
    fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        for term in &self.patient.terms {
            let given = term.given.iter();
            let all = std::iter::once((&term.predictor, &term.value, term.position))
                .chain(given.map(|g| (&g.predictor, &g.value, g.position)));
            for (predictor, value, position) in all {
                let predictor = self.shown.label(predictor);
                match position {
                    AxisPosition::OutsideAxis { limit } => warnings.push(format!(
                        "{predictor} {value} lies outside the axis, which ends at {limit}: its points are extrapolated"
                    )),
                    AxisPosition::BeyondTraining { limit } => warnings.push(format!(
                        "{predictor} {value} lies beyond the training patients, who end at {limit}"
                    )),
                    _ => {}
                }
            }
        }
        warnings
    }

    /// Predictor, value and points, the total last.
    fn rows(&self) -> Vec<(String, String, String)> {
        self.patient
            .terms
            .iter()
            .map(|term| {
                let mut units = self.shown.units.iter();
                let unit = units.find(|(column, _)| *column == term.predictor);
                let mut value = match unit {
                    Some((_, unit)) => format!("{} {unit}", term.value),
                    None => term.value.clone(),
                };
                for given in &term.given {
                    value = format!(
                        "{value}, {} {}",
                        self.shown.label(&given.predictor),
                        given.value
                    );
                }
                (
                    self.shown.label(&term.predictor),
                    value,
                    format!("{:.1}", term.points),
                )
            })
            .chain([(
                "Total points".to_owned(),
                String::new(),
                format!("{:.1}", self.patient.total_points),
            )])
            .collect()
    }

    fn print(&self) -> anyhow::Result<()> {
        let rows = self.rows();
        let width = |cell: fn(&(String, String, String)) -> &String| {
            let longest = rows.iter().map(|row| cell(row).chars().count()).max();
            longest.unwrap_or(0)
        };
        let (first, second, third) = (width(|r| &r.0), width(|r| &r.1), width(|r| &r.2).max(6));
        let mut text = format!(
            "{:<first$}  {:<second$}  {:>third$}\n",
            "predictor", "value", "points"
        );
        for (predictor, value, points) in &rows {
            text += &format!("{predictor:<first$}  {value:<second$}  {points:>third$}\n");
        }
        let p = &self.patient.prediction;
        text += &format!(
            "Risk {} ({} % CI {} to {})\n",
            probability_text(p.risk),
            100.0 * p.level,
            probability_text(p.low),
            probability_text(p.high)
        );
        if let (Some(cutoff), Some(group)) = (self.cutoff, self.group()) {
            let points = self.nomogram.points_of_risk(cutoff)?;
            text += &format!(
                "{}{} risk: the cut-off is {cutoff:.3}, {points:.1} points\n",
                group[..1].to_uppercase(),
                &group[1..]
            );
        }
        for warning in self.warnings() {
            text += &format!("Note: {warning}\n");
        }
        std::io::Write::write_all(&mut std::io::stdout(), text.as_bytes())?;
        Ok(())
    }

    fn json(&self) -> Value {
        let terms: Vec<Value> = self
            .patient
            .terms
            .iter()
            .map(|term| {
                let given: serde_json::Map<String, Value> = term
                    .given
                    .iter()
                    .map(|g| {
                        (
                            g.predictor.clone(),
                            g.number
                                .map_or_else(|| json!(g.value), |number| json!(number)),
                        )
                    })
                    .collect();
                json!({
                    "predictor": term.predictor,
                    "value": term.number.map_or_else(|| json!(term.value), |number| json!(number)),
                    "with": given,
                    "effect": term.effect,
                    "points": term.points,
                })
            })
            .collect();
        let p = &self.patient.prediction;
        json!({
            "predictors": terms,
            "total_points": self.patient.total_points,
            "linear_predictor": p.linear_predictor,
            "se": p.se,
            "risk": p.risk,
            "ci_low": p.low,
            "ci_high": p.high,
            "level": p.level,
            "cutoff": self.cutoff,
            "risk_group": self.group(),
            "notes": self.warnings(),
        })
    }

    fn write(&self, out: &Path, arguments: &Arguments) -> anyhow::Result<()> {
        let existing = ExistingOptions {
            overwrite: arguments.overwrite,
            resume: false,
        };
        let folder = OutputFolder::begin(out, PROGRAM, existing.existing())?;
        write_atomically(
            &folder.path().join("prediction.json"),
            format!("{:#}\n", self.json()).as_bytes(),
        )?;
        let mut figure = NomogramFigure::new().patient(self.patient.clone());
        for (predictor, unit) in &self.shown.units {
            figure = figure.unit(predictor, unit);
        }
        if let Some(groups) = &self.shown.groups {
            figure = figure.risk_groups(groups.clone());
        }
        if let Some(cutoff) = self.cutoff {
            figure = figure.cutoff(cutoff);
        }
        write_figure(
            folder.path(),
            "nomogram",
            &nomogram_svg(&self.nomogram, &figure)?,
        )?;
        let files = |tokens: &[OsString]| -> Vec<PathBuf> {
            tokens
                .chunks(2)
                .map(|pair| PathBuf::from(&pair[1]))
                .collect()
        };
        let mut inputs = files(&arguments.image);
        inputs.extend(files(&arguments.mask));
        inputs.extend(self.sources.iter().cloned());
        inputs.extend(arguments.weights.clone());
        let mut record = RunRecord::new(PROGRAM);
        record
            .option("clinical", arguments.clinical.clone())
            .option("cutoff", self.cutoff)
            .option("level", arguments.level)
            .inputs(hash_files(&inputs)?);
        for (name, value) in arguments.presentation.record() {
            record.option(name, value);
        }
        record.write(folder.path())?;
        folder.finish()
    }
}

/// Three decimals; never 0 or 1, which no model says of a patient.
fn probability_text(p: f64) -> String {
    match p {
        p if p < 0.0005 => "<0.001".to_owned(),
        p if p >= 0.9995 => ">0.999".to_owned(),
        p => format!("{p:.3}"),
    }
}
