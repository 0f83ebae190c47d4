//! The whole study: cohort, features, selection, scores, nomogram, evaluation, report.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::bail;
use clap::Parser;
use deep_features::{Tap, Width};
use nomogram::FewEvents;
use radiomics_features::RoiParams;
use serde_json::Value;

use examples::atomic_file::write_atomically;
use examples::cohort::{Cohort, CohortFile, CohortOptions, MissingClinical, UnusableImages};
use examples::earlier_run::{is_done, write_checksums};
use examples::faults::Faults;
use examples::output_folder::{
    Existing, ExistingOptions, OutputFolder, recover, refuse_inputs_inside,
};
use examples::program::{self, Ending, WrongUsage};
use examples::progress;
use examples::regions::check_region;
use examples::report::checklist::DataOrigin;
use examples::run_record::{InputFile, RunRecord, hash_files, program_of};
use examples::study::baseline::Baseline;
use examples::study::bundle::Recipe;
use examples::study::cache::{CACHE_NAME, take_over};
use examples::study::deep::{DeepSettings, DeepWay, TrainingFeatures};
use examples::study::evaluation::{AucMethod, EvaluationSettings};
use examples::study::modeling::ModelSettings;
use examples::study::modeling::choices::{Backward, Penalty, probability};
use examples::study::narrative::{Outcomes, StudyWords, Weights, report};
use examples::study::nested::NestedSettings;
use examples::study::pipeline::{self, Study, StudySettings, presentation};
use examples::study::reader_study::ReaderTable;
use examples::study::selection::choices::{SelectionOptions, between};
use examples::synthetic::{CohortDesign, CohortSize, WrittenCohort};

const PROGRAM: &str = "alnm_pipeline";
/// Heading of the options that are no part of the study's methods.
const RUN: &str = "The run";
/// Folder of the synthetic cohort beside the results.
const COHORT_NAME: &str = "cohort";

/// Runs the whole study on a cohort of patients with outlined regions: checks the cohort, extracts features, builds scores and models, evaluates them
/// on every split. Without --manifest a synthetic multicenter cohort is generated first.
#[derive(Debug, Parser)]
#[command(
    name = PROGRAM,
    version,
    after_help = "Examples:\n  cargo run --release --example alnm_pipeline -- --size standard --seed 20250901 --out out/alnm\n  cargo run --release --example alnm_pipeline -- --manifest cohort.csv --check > columns.yaml\n  cargo run --release --example alnm_pipeline -- --manifest cohort.csv --columns columns.yaml --weights vgg19.pth --out out/study"
)]
struct Arguments {
    /// The cohort: patient, split, outcome, R_image and R_mask for each region R, clinical columns.
    #[arg(long, value_name = "COHORT.csv")]
    manifest: Option<PathBuf>,
    /// What the columns of the cohort are, where names and cells do not say it: kinds, units, reference levels.
    #[arg(long, value_name = "COLUMNS.yaml", requires = "manifest")]
    columns: Option<PathBuf>,
    /// Only check the cohort and print how its columns were understood, as a file for --columns.
    #[arg(long, requires = "manifest")]
    check: bool,
    /// Readers without and with the model's output: patient, NAME_without and NAME_with for each reader. The synthetic cohort has such a table.
    #[arg(long, value_name = "READERS.csv", requires = "manifest")]
    readers: Option<PathBuf>,
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
    /// Outer folds in which the whole study is fitted anew and judged on the patients left out; 0 leaves that out.
    #[arg(long, default_value_t = 5, value_name = "FOLDS")]
    nested: usize,
    /// Repeats of --nested with other folds.
    #[arg(long, default_value_t = 1, value_parser = between(1, 10_000), value_name = "R")]
    nested_repeats: usize,
    /// Nested cross-validations with the outcomes of training patients shuffled, which must come out at chance.
    #[arg(long, default_value_t = 1, value_parser = between(0, 10_000), value_name = "N")]
    controls: usize,
    /// Do the whole study on outcomes shuffled within every split: it must come out at chance.
    #[arg(long)]
    shuffle_labels: bool,
    #[command(flatten)]
    selection: SelectionOptions,
    /// Seed of every random draw, at most 4294967295.
    #[arg(help_heading = RUN, long, default_value_t = 20_250_901, value_parser = clap::value_parser!(u64).range(..=u64::from(u32::MAX)))]
    seed: u64,
    /// Name of the training split; by default the one called train or training.
    #[arg(help_heading = RUN, long, value_name = "SPLIT")]
    train: Option<String>,
    /// Clinical columns that are not predictors, separated by commas.
    #[arg(help_heading = RUN, long, value_name = "COLS", value_delimiter = ',')]
    descriptive: Vec<String>,
    /// What to do with empty clinical cells.
    #[arg(help_heading = RUN, long, value_enum, default_value_t)]
    missing: MissingClinical,
    /// What to do with images and outlines that cannot be used.
    #[arg(help_heading = RUN, long, value_enum, default_value_t)]
    unusable: UnusableImages,
    /// Worker threads; by default one for each core.
    #[arg(help_heading = RUN, long, value_name = "N")]
    jobs: Option<usize>,
    #[command(flatten, next_help_heading = RUN)]
    existing: ExistingOptions,
}

fn main() -> ExitCode {
    program::run(study)
}

/// Where a cohort and what belongs to it lie.
struct Source {
    manifest: PathBuf,
    columns: Option<PathBuf>,
    readers: Option<PathBuf>,
}

/// A cohort with what belongs to it.
struct Given {
    cohort: Cohort,
    options: CohortOptions,
    readers: Option<ReaderTable>,
}

fn study(arguments: Arguments) -> anyhow::Result<Ending> {
    program::set_jobs(arguments.jobs)?;
    check_usage(&arguments)?;
    let resume = arguments.existing.existing() == Existing::Resume;
    if resume && already_done(&arguments)? {
        program::say(&format!(
            "nothing changed: {} holds the results\n",
            arguments.out.display()
        ))?;
        return Ok(Ending::Done);
    }
    // A user's cohort and network are checked before anything is created.
    let given = match &arguments.manifest {
        Some(manifest) => Some(given(&arguments, &given_source(&arguments, manifest))?),
        None => None,
    };
    if let (Some(given), true) = (&given, arguments.check) {
        program::say(&CohortFile::of(&given.cohort, &given.options.file).to_yaml()?)?;
        return Ok(Ending::Done);
    }
    if let Some(given) = &given {
        check_classes(&given.cohort, &arguments)?;
    }
    let mut settings = settings(&arguments)?;
    let mut folder = OutputFolder::begin(&arguments.out, PROGRAM, arguments.existing.existing())?;
    if resume {
        folder.keep_only(&[CACHE_NAME, COHORT_NAME])?;
        let cohort = given.is_none()
            && design(&arguments)
                .written_in(&arguments.out.join(COHORT_NAME))
                .is_some();
        take_over(&arguments.out, folder.path(), cohort.then_some(COHORT_NAME))?;
    }
    folder.keep_partial();
    let Given {
        cohort,
        options,
        readers,
    } = match given {
        Some(given) => given,
        None => synthetic(&arguments, &folder)?,
    };
    settings.modeling.presentation = presentation(&cohort);
    let outcomes = match arguments.shuffle_labels {
        true => cohort.shuffled(arguments.seed as u32),
        false => cohort,
    };
    let study = pipeline::run(&outcomes, &settings, readers.as_ref(), folder.path())?;
    write(&arguments, &settings, &study, &options.file, folder.path())?;
    folder.finish()?;
    summarize(&study, &arguments)?;
    let mut excluded = study.cohort.excluded.iter();
    let failed = excluded.any(|patient| patient.reason.is_failure());
    Ok(match failed || !study.failed_repeats.is_empty() {
        true => Ending::SomeCasesFailed,
        false => Ending::Done,
    })
}

fn check_usage(arguments: &Arguments) -> anyhow::Result<()> {
    if arguments.nested == 1 {
        let problem = "--nested: expected 0, or 2 folds or more, found 1";
        return Err(WrongUsage(problem.to_owned()).into());
    }
    let inputs = [
        &arguments.manifest,
        &arguments.columns,
        &arguments.readers,
        &arguments.weights,
    ];
    let inputs: Vec<&Path> = inputs.into_iter().flatten().map(PathBuf::as_path).collect();
    if !arguments.check {
        refuse_inputs_inside(&arguments.out, &inputs)?;
    }
    Ok(())
}

/// Refuses a training split that is too small for the folds asked for, which the study would find out much later.
fn check_classes(cohort: &Cohort, arguments: &Arguments) -> anyhow::Result<()> {
    let training = cohort.training();
    let (events, n) = (training.n_events, training.patients.len());
    let fewest = events.min(n - events);
    let needed = |least: usize, option: &str| {
        if fewest >= least {
            return Ok(());
        }
        bail!(
            "{}: expected at least {least} patients of each outcome in split \"{}\" for {option} {least}, found {events} events and {} others",
            cohort.manifest.display(),
            training.name,
            n - events
        )
    };
    let (inner, outer) = (arguments.selection.folds, arguments.nested);
    needed(inner, "--folds")?;
    if outer == 0 {
        return Ok(());
    }
    needed(outer, "--nested")?;
    let left = fewest - fewest.div_ceil(outer);
    if left < inner {
        bail!(
            "{}: expected at least {inner} patients of each outcome in split \"{}\" without an outer fold of --nested {outer}, found {left} for --folds {inner}",
            cohort.manifest.display(),
            training.name
        );
    }
    Ok(())
}

/// The cohort of the command line.
fn given_source(arguments: &Arguments, manifest: &Path) -> Source {
    Source {
        manifest: manifest.to_owned(),
        columns: arguments.columns.clone(),
        readers: arguments.readers.clone(),
    }
}

/// A synthetic cohort that was written.
fn written_source(written: WrittenCohort) -> Source {
    Source {
        manifest: written.manifest,
        columns: Some(written.columns),
        readers: Some(written.reader_study),
    }
}

fn options(arguments: &Arguments, source: &Source) -> anyhow::Result<CohortOptions> {
    Ok(CohortOptions {
        training: arguments.train.clone(),
        missing: arguments.missing,
        unusable: arguments.unusable,
        descriptive: arguments.descriptive.clone(),
        file: match &source.columns {
            Some(path) => CohortFile::read(path)?,
            None => CohortFile::default(),
        },
    })
}

/// Whether the output folder holds the results of this very request, its inputs unchanged.
fn already_done(arguments: &Arguments) -> anyhow::Result<bool> {
    recover(&arguments.out)?;
    if program_of(&arguments.out).as_deref() != Some(PROGRAM) {
        return Ok(false);
    }
    let source = match &arguments.manifest {
        Some(manifest) => given_source(arguments, manifest),
        None => match design(arguments).written_in(&arguments.out.join(COHORT_NAME)) {
            Some(written) => written_source(written),
            None => return Ok(false),
        },
    };
    // Faults are named by the run itself.
    let read = |options: CohortOptions| Cohort::read(&source.manifest, &options);
    let Ok(cohort) = options(arguments, &source).and_then(read) else {
        return Ok(false);
    };
    let settings = settings(arguments)?;
    let request = request(arguments, &settings, &cohort, &arguments.out)?;
    Ok(is_done(&arguments.out, &request))
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
            presentation: Default::default(),
        },
        evaluation: EvaluationSettings {
            auc_interval: arguments.ci,
            seed: arguments.seed,
            ..EvaluationSettings::default()
        },
        nested: NestedSettings {
            folds: arguments.nested,
            repeats: arguments.nested_repeats,
            controls: arguments.controls,
            seed: arguments.seed as u32,
        },
    })
}

/// Reads and checks a cohort with its readers and the network's weights; all faults are named together.
fn given(arguments: &Arguments, source: &Source) -> anyhow::Result<Given> {
    let options = options(arguments, source)?;
    let mut faults = Faults::new();
    let bar = progress::counter("checking images");
    let roi = RoiParams::default();
    let cohort = faults.take(Cohort::read_with_images(
        &source.manifest,
        &options,
        |image, mask| check_region(image, mask, &roi),
        || bar.inc(1),
    ));
    bar.finish_and_clear();
    let readers = source.readers.as_deref();
    let readers = readers.and_then(|path| faults.take(ReaderTable::read(path)));
    if let (Some(cohort), Some(readers)) = (&cohort, &readers)
        && let Err(unknown) = readers.check(cohort)
    {
        faults.extend(unknown.lines().iter().cloned());
    }
    match cohort {
        Some(cohort) if faults.lines().is_empty() => Ok(Given {
            cohort,
            options,
            readers,
        }),
        _ => Err(faults.into()),
    }
}

fn design(arguments: &Arguments) -> CohortDesign {
    CohortDesign {
        seed: arguments.seed,
        size: arguments.size,
    }
}

/// The synthetic cohort, written unless an earlier run did.
fn synthetic(arguments: &Arguments, folder: &OutputFolder) -> anyhow::Result<Given> {
    let design = design(arguments);
    let place = folder.path().join(COHORT_NAME);
    let written = match design.written_in(&place) {
        Some(written) => written,
        None => {
            let bar = progress::bar(design.n_patients(), "synthetic cohort");
            let written = design.write(&place, || bar.inc(1))?;
            bar.finish_and_clear();
            written
        }
    };
    given(arguments, &written_source(written))
}

fn write(
    arguments: &Arguments,
    settings: &StudySettings,
    study: &Study,
    file: &CohortFile,
    folder: &Path,
) -> anyhow::Result<()> {
    let cohort = &study.cohort;
    let baseline = [Baseline::by_split(cohort)?, Baseline::by_outcome(cohort)?];
    let words = words(arguments, file);
    study.write(settings, &baseline, words.outcomes, folder)?;
    let columns = CohortFile::of(cohort, file);
    write_atomically(&folder.join("columns.yaml"), columns.to_yaml()?.as_bytes())?;
    study.write_report(&report(study, settings, &words, &baseline)?, folder)?;
    let mut record = request(arguments, settings, cohort, folder)?;
    record.count("patients", cohort.patients.len());
    record.count("left out", cohort.excluded.len());
    for (region, scores) in study.regions.iter().zip(&study.scores) {
        let name = &region.features.region;
        record
            .count(&format!("features of {name}"), region.features.names.len())
            .count(&format!("selected of {name}"), scores.features.len());
    }
    record.write(folder)?;
    write_checksums(folder, &[CACHE_NAME, COHORT_NAME])
}

fn words(arguments: &Arguments, file: &CohortFile) -> StudyWords {
    let column = file.outcome.as_deref().unwrap_or("outcome");
    let event = file.event.as_deref().unwrap_or("1");
    StudyWords {
        title: title(arguments),
        origin: match arguments.manifest {
            Some(_) => DataOrigin::Manifest,
            None => DataOrigin::Synthetic,
        },
        outcome: format!("column {column}, event: {event}"),
        weights: match arguments.weights {
            Some(_) => Weights::File,
            None => Weights::Random,
        },
        selection: arguments.selection.in_words(),
        missing: match arguments.missing {
            MissingClinical::Refuse => "not accepted, there are none",
            MissingClinical::Drop => "their patients are left out",
        }
        .to_owned(),
        seed: arguments.seed,
        outcomes: match arguments.shuffle_labels {
            true => Outcomes::Shuffled,
            false => Outcomes::AsTheyAre,
        },
    }
}

/// What stands at the head of the report.
fn title(arguments: &Arguments) -> String {
    match arguments.manifest.as_deref().and_then(Path::file_stem) {
        Some(name) => format!("Radiomics study of {}", name.to_string_lossy()),
        None => "Axillary lymph node metastasis in breast cancer: a synthetic cohort".to_owned(),
    }
}

/// What is asked for: options and inputs. `folder` is where the synthetic cohort lies.
fn request(
    arguments: &Arguments,
    settings: &StudySettings,
    cohort: &Cohort,
    folder: &Path,
) -> anyhow::Result<RunRecord> {
    let mut record = RunRecord::new(PROGRAM);
    let network = settings.features.outlines.network.vgg();
    let name = |debug: String| debug.to_lowercase();
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
        .option("nested", arguments.nested)
        .option("nested_repeats", arguments.nested_repeats)
        .option("controls", arguments.controls)
        .option("shuffle_labels", arguments.shuffle_labels)
        .option("selection", arguments.selection.record())
        .option("train", cohort.training().name.as_str())
        .option("descriptive", arguments.descriptive.clone())
        .option("missing", name(format!("{:?}", arguments.missing)))
        .option("unusable", name(format!("{:?}", arguments.unusable)));
    let path = |path: &Option<PathBuf>| -> Value {
        let path = path.as_ref();
        path.map(|path| path.to_string_lossy().into_owned()).into()
    };
    record
        .option("manifest", path(&arguments.manifest))
        .option("columns", path(&arguments.columns))
        .option("readers", path(&arguments.readers));
    let mut files = vec![cohort.manifest.clone()];
    files.extend(arguments.columns.clone());
    files.extend(arguments.readers.clone());
    if arguments.manifest.is_none() {
        record.option("size", name(format!("{:?}", arguments.size)));
        let place = folder.join(COHORT_NAME);
        files.extend(["readers.csv", "columns.yaml"].map(|name| place.join(name)));
    }
    files.extend(cohort.files.iter().cloned());
    let inputs = hash_files(&files)?.into_iter().map(|file| InputFile {
        // The synthetic cohort lies beside the results, wherever these are.
        path: match file.path.strip_prefix(folder) {
            Ok(inside) if arguments.manifest.is_none() => inside.to_owned(),
            _ => file.path,
        },
        ..file
    });
    record.inputs(inputs);
    Ok(record)
}

/// What could not be used, on standard error; one line a model and split on standard output.
fn summarize(study: &Study, arguments: &Arguments) -> anyhow::Result<()> {
    let excluded = study.cohort.excluded.iter();
    for patient in excluded.filter(|patient| patient.reason.is_failure()) {
        program::complain(&format!(
            "patient {} is left out: {}",
            patient.id, patient.reason
        ));
    }
    for failed in &study.failed_repeats {
        program::complain(&format!(
            "patient {}, repeated outline of {}: {}",
            failed.patient, failed.region, failed.reason
        ));
    }
    program::say(&summary(study, arguments)?)
}

fn summary(study: &Study, arguments: &Arguments) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    writeln!(
        text,
        "{:<14} {:<22} {:>5} {:>7}  AUC (95 % CI)",
        "split", "model", "n", "events"
    )?;
    for row in study.evaluation.iter().flat_map(|e| &e.performance) {
        let auc = match (&row.auc, &row.interval) {
            (Ok(auc), Ok(interval)) => {
                format!("{auc:.3} ({:.3}-{:.3})", interval.low, interval.high)
            }
            (Ok(auc), Err(reason)) => format!("{auc:.3} ({reason})"),
            (Err(reason), _) => reason.clone(),
        };
        writeln!(
            text,
            "{:<14} {:<22} {:>5} {:>7}  {auc}",
            row.split, row.model, row.n, row.events
        )?;
    }
    if study.evaluation.is_none() {
        writeln!(text, "no model: nothing was selected")?;
    }
    let nested = study.nested().into_iter().flat_map(|h| h.estimate.models());
    for model in nested {
        writeln!(
            text,
            "{:<14} {:<22} {:>5} {:>7}  {:.3} (SD {:.3} over {} folds)",
            "held out", model.model, "", "", model.auc, model.standard_deviation, model.n_folds
        )?;
    }
    writeln!(
        text,
        "outlines: {} computed, {} taken from an earlier run",
        study.n_computed, study.n_known
    )?;
    writeln!(
        text,
        "report: {}",
        arguments.out.join("report.html").display()
    )?;
    Ok(text)
}
