//! The whole study: cohort, features, selection, scores, nomogram, evaluation, report.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use deep_features::{Tap, Width};
use nomogram::FewEvents;
use radiomics_features::RoiParams;

use examples::cohort::{Cohort, CohortOptions, MissingClinical};
use examples::output_folder::{Existing, ExistingOptions, OutputFolder};
use examples::program::{self, Ending, WrongUsage};
use examples::progress;
use examples::regions::check_region;
use examples::report::Section;
use examples::run_record::{RunRecord, hash_files};
use examples::study::bundle::Recipe;
use examples::study::deep::{DeepSettings, DeepWay, TrainingFeatures};
use examples::study::evaluation::{AucMethod, EvaluationSettings};
use examples::study::modeling::choices::{Backward, Penalty, probability};
use examples::study::modeling::{ModelSettings, Presentation};
use examples::study::pipeline::{self, Study, StudySettings};
use examples::study::selection::choices::SelectionOptions;
use examples::synthetic::{CohortDesign, CohortSize};

const PROGRAM: &str = "alnm_pipeline";

/// Runs the whole study on a cohort of patients with outlined regions: checks the cohort, extracts features, builds scores and models, evaluates them
/// on every split. Without --manifest a synthetic multicenter cohort is generated first.
#[derive(Debug, Parser)]
#[command(
    name = PROGRAM,
    version,
    after_help = "Example:\n  cargo run --release --example alnm_pipeline -- --size standard --seed 20250901 --out out/alnm\n  cargo run --release --example alnm_pipeline -- --manifest cohort.csv --weights vgg19.pth --out out/study"
)]
struct Arguments {
    /// The cohort: patient, split, outcome, R_image and R_mask for each region R, clinical columns.
    #[arg(long, value_name = "COHORT.csv")]
    manifest: Option<PathBuf>,
    /// Folder for all results.
    #[arg(long, default_value = "out/alnm", value_name = "DIR")]
    out: PathBuf,
    /// Size of the synthetic cohort.
    #[arg(long, value_enum, default_value_t, conflicts_with = "manifest")]
    size: CohortSize,
    /// Weights of VGG19 in a .safetensors or .pth file; by default seeded random weights of 1/4 width, which are for trying out only.
    #[arg(long, value_name = "FILE")]
    weights: Option<PathBuf>,
    /// Where the network is tapped.
    #[arg(long, default_value = "pool5")]
    tap: Tap,
    /// Deep features of a region: head:UNITS trained on the outcomes, pca:K principal components, or pooled channels. A head needs --tap pool5.
    #[arg(long, default_value = "head:128", value_name = "WAY")]
    deep: DeepWay,
    /// Where the features of training patients come from, with --deep head.
    #[arg(long, value_enum, default_value_t, value_name = "WHERE")]
    training_features: TrainingFeatures,
    /// Predictors with a univariable P below this enter the elimination.
    #[arg(long, default_value_t = 0.05, value_parser = probability, value_name = "P")]
    screen: f64,
    /// Backward elimination: p:LEVEL, aic, bic or none.
    #[arg(long, default_value = "p:0.05", value_name = "RULE")]
    backward: Backward,
    /// Interval of the AUC: delong, exact or bootstrap:N.
    #[arg(long, default_value = "delong", value_name = "METHOD")]
    ci: AucMethod,
    #[command(flatten)]
    selection: SelectionOptions,
    /// Seed of every random draw, at most 4294967295.
    #[arg(long, default_value_t = 20_250_901, value_parser = clap::value_parser!(u64).range(..=u64::from(u32::MAX)))]
    seed: u64,
    /// Name of the training split; by default the one called train or training.
    #[arg(long, value_name = "SPLIT")]
    train: Option<String>,
    /// Clinical columns that are not predictors, separated by commas.
    #[arg(long, value_name = "COLS", value_delimiter = ',')]
    descriptive: Vec<String>,
    /// What to do with empty clinical cells.
    #[arg(long, value_enum, default_value_t)]
    missing: MissingClinical,
    /// Worker threads; by default one for each core.
    #[arg(long, value_name = "N")]
    jobs: Option<usize>,
    #[command(flatten)]
    existing: ExistingOptions,
}

fn main() -> ExitCode {
    program::run(study)
}

fn study(arguments: Arguments) -> anyhow::Result<Ending> {
    program::set_jobs(arguments.jobs)?;
    let options = CohortOptions {
        training: arguments.train.clone(),
        missing: arguments.missing,
        descriptive: arguments.descriptive.clone(),
    };
    // A user's cohort and network are checked before anything is created.
    let settings = settings(&arguments)?;
    let given = arguments
        .manifest
        .as_deref()
        .map(|manifest| checked_cohort(manifest, &options))
        .transpose()?;
    let folder = OutputFolder::begin(&arguments.out, PROGRAM, arguments.existing.existing())?;
    let cohort = match given {
        Some(cohort) => cohort,
        None => synthetic_cohort(&arguments, &folder, &options)?,
    };
    let resume = arguments.existing.existing() == Existing::Resume;
    let study = pipeline::run(&cohort, &settings, folder.path(), resume)?;
    study.write(
        &cohort,
        &settings,
        &title(&arguments),
        methods(&arguments, &settings),
        folder.path(),
    )?;
    record(&arguments, &settings, &cohort, &study)?.write(folder.path())?;
    folder.finish()?;
    summarize(&study, &arguments);
    Ok(Ending::Done)
}

fn settings(arguments: &Arguments) -> anyhow::Result<StudySettings> {
    let (weights_seed, width) = match &arguments.weights {
        Some(_) => (None, Width::FULL),
        None => (Some(arguments.seed), Width::one_over(4)?),
    };
    let recipe = Recipe {
        weights_seed,
        width,
        tap: arguments.tap,
    };
    recipe
        .config()
        .resolve(arguments.tap)
        .map_err(|error| WrongUsage(format!("--tap: {error}")))
        .and_then(|tap| match (arguments.deep, tap) {
            (DeepWay::Head(_), tap) if tap != (Tap::Pool { block: 5 }) => Err(WrongUsage(format!(
                "--tap: expected pool5 with --deep head, found {tap}"
            ))),
            _ => Ok(()),
        })?;
    let deep = DeepSettings {
        way: arguments.deep,
        seed: arguments.seed,
        training: arguments.training_features,
    };
    Ok(StudySettings {
        features: recipe.settings(arguments.weights.as_deref(), deep)?,
        recipe,
        selection: arguments.selection.settings(arguments.seed as u32)?,
        modeling: ModelSettings {
            screen: Some(arguments.screen),
            backward: arguments.backward,
            penalty: Penalty::None,
            few_events: FewEvents::Refuse,
            level: 0.95,
            presentation: Presentation::default(),
        },
        evaluation: EvaluationSettings {
            auc_interval: arguments.ci,
            seed: arguments.seed,
            ..EvaluationSettings::default()
        },
    })
}

fn checked_cohort(manifest: &Path, options: &CohortOptions) -> anyhow::Result<Cohort> {
    let cohort = Cohort::read(manifest, options)?;
    let bar = progress::bar(cohort.patients.len(), "checking images");
    let roi = RoiParams::default();
    cohort.check_images(|image, mask| check_region(image, mask, &roi), || bar.inc(1))?;
    bar.finish_and_clear();
    Ok(cohort)
}

fn synthetic_cohort(
    arguments: &Arguments,
    folder: &OutputFolder,
    options: &CohortOptions,
) -> anyhow::Result<Cohort> {
    let design = CohortDesign {
        seed: arguments.seed,
        size: arguments.size,
    };
    let bar = progress::bar(design.n_patients(), "synthetic cohort");
    let written = design.write(&folder.path().join("cohort"), || bar.inc(1))?;
    bar.finish_and_clear();
    checked_cohort(&written.manifest, options)
}

/// What stands at the head of the report.
fn title(arguments: &Arguments) -> String {
    match arguments.manifest.as_deref().and_then(Path::file_stem) {
        Some(name) => format!("Radiomics study of {}", name.to_string_lossy()),
        None => "Axillary lymph node metastasis in breast cancer: a synthetic cohort".to_owned(),
    }
}

fn methods(arguments: &Arguments, settings: &StudySettings) -> Section {
    let network = settings.features.network.vgg();
    let mut section = Section::new("Methods and versions");
    section.paragraph(format!(
        "Handcrafted features: shape, first order and texture on the original image and on the sub-bands of the coif1 wavelet, bin width 25, as PyRadiomics \
         defines them. Deep features: {} tapped at {}, averaged over the map, then {}; weights {}.",
        network.config(),
        arguments.tap,
        deep_method(arguments),
        match &arguments.weights {
            Some(_) => format!("from a file with SHA-256 {}", network.weights().sha256),
            None => "random (seeded): they carry no knowledge of images".to_owned(),
        }
    ));
    section.paragraph(format!(
        "Selection: {}. Seed {}.",
        arguments.selection.record(),
        arguments.seed
    ));
    section.paragraph(format!(
        "Models: logistic regression; predictors with a univariable P below {} entered backward elimination by {}. Cut-offs: Youden's on the training split, \
         applied unchanged to all others. Intervals of the AUC: {}.",
        arguments.screen, arguments.backward, arguments.ci
    ));
    section.paragraph("Everything was fitted on training rows only. The training column of every table is apparent performance: features and models were chosen on those patients.");
    section.paragraph(format!("Version {}.", env!("CARGO_PKG_VERSION")));
    section
}

/// What becomes of the averaged channels, in words.
fn deep_method(arguments: &Arguments) -> String {
    match (arguments.deep, arguments.training_features) {
        (DeepWay::Pooled, _) => "taken as they are".to_owned(),
        (DeepWay::Components(k), _) => {
            format!("reduced to at most {k} principal components fitted on training rows")
        }
        (DeepWay::Head(units), TrainingFeatures::OutOfFold) => format!(
            "reduced to the {units} units of a head trained on the outcomes; every training patient has the features of a network that has not seen \
             this patient (5 folds), all others those of a network trained on all training patients"
        ),
        (DeepWay::Head(units), TrainingFeatures::InSample) => format!(
            "reduced to the {units} units of a head trained on the outcomes. WARNING: the features of training patients come from the network that was \
             trained on them, so that selection and models see their own labels; nothing that is fitted on them can be believed"
        ),
    }
}

fn record(
    arguments: &Arguments,
    settings: &StudySettings,
    cohort: &Cohort,
    study: &Study,
) -> anyhow::Result<RunRecord> {
    let mut record = RunRecord::new(PROGRAM);
    let network = settings.features.network.vgg();
    record
        .seed(arguments.seed)
        .option("network", network.config().to_string())
        .option("weights_sha256", network.weights().sha256.as_str())
        .option("tap", arguments.tap.to_string())
        .option("deep", arguments.deep.to_string())
        .option(
            "training_features",
            format!("{:?}", arguments.training_features),
        )
        .option("screen", arguments.screen)
        .option("backward", arguments.backward.to_string())
        .option("ci", arguments.ci.to_string())
        .option("selection", arguments.selection.record())
        .count("patients", cohort.patients.len());
    for region in &study.regions {
        let name = &region.features.region;
        record
            .count(&format!("features of {name}"), region.features.names.len())
            .count(
                &format!("selected of {name}"),
                region.selection.score().terms.len(),
            );
    }
    if let Some(manifest) = &arguments.manifest {
        record.option("manifest", manifest.to_string_lossy().as_ref());
        let mut files = vec![manifest.clone()];
        files.extend(cohort.files());
        record.inputs(hash_files(&files)?);
    } else {
        record.option("size", format!("{:?}", arguments.size).to_lowercase());
    }
    Ok(record)
}

/// One line a model and split on standard output.
fn summarize(study: &Study, arguments: &Arguments) {
    println!(
        "{:<14} {:<22} {:>5} {:>7}  AUC (95 % CI)",
        "split", "model", "n", "events"
    );
    for row in &study.evaluation.performance {
        let auc = match (&row.auc, &row.interval) {
            (Ok(auc), Ok(interval)) => {
                format!("{auc:.3} ({:.3}-{:.3})", interval.low, interval.high)
            }
            (Ok(auc), Err(reason)) => format!("{auc:.3} ({reason})"),
            (Err(reason), _) => reason.clone(),
        };
        println!(
            "{:<14} {:<22} {:>5} {:>7}  {auc}",
            row.split, row.model, row.n, row.events
        );
    }
    println!("report: {}", arguments.out.join("report.html").display());
}
