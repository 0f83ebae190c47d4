//! The whole study: cohort, features, selection, scores, nomogram, evaluation, report.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

use examples::cohort::{Cohort, CohortOptions, MissingClinical};
use examples::output_folder::{ExistingOptions, OutputFolder};
use examples::program::{self, Ending};
use examples::progress;
use examples::run_record::{RunRecord, hash_files};
use examples::synthetic::{CohortDesign, CohortSize};

const PROGRAM: &str = "alnm_pipeline";

/// Runs the whole study on a cohort of patients with outlined regions: checks the cohort, extracts features, builds scores and models, evaluates them
/// on every split. Without --manifest a synthetic multicenter cohort is generated first.
#[derive(Debug, Parser)]
#[command(
    version,
    after_help = "Example:\n  cargo run --release --example alnm_pipeline -- --size standard --seed 20250901 --out out/alnm"
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
    /// Seed of every random draw.
    #[arg(long, default_value_t = 20_250_901)]
    seed: u64,
    /// Name of the training split; by default the one called train or training.
    #[arg(long, value_name = "SPLIT")]
    train: Option<String>,
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
        ..CohortOptions::default()
    };
    // A user's manifest is checked before anything is created.
    let given = arguments
        .manifest
        .as_deref()
        .map(|manifest| Cohort::read(manifest, &options))
        .transpose()?;
    let folder = OutputFolder::begin(&arguments.out, PROGRAM, arguments.existing.existing())?;
    let cohort = match given {
        Some(cohort) => cohort,
        None => {
            let design = CohortDesign {
                seed: arguments.seed,
                size: arguments.size,
            };
            let bar = progress::bar(design.n_patients(), "synthetic cohort");
            let written = design.write(&folder.path().join("cohort"), || bar.inc(1))?;
            bar.finish_and_clear();
            Cohort::read(&written.manifest, &options)?
        }
    };
    let mut record = RunRecord::new(PROGRAM);
    record
        .seed(arguments.seed)
        .count("patients", cohort.patients.len());
    if let Some(manifest) = &arguments.manifest {
        record.option("manifest", manifest.to_string_lossy().as_ref());
        let mut files = vec![manifest.clone()];
        files.extend(cohort.files());
        record.inputs(hash_files(&files)?);
    }
    record.write(folder.path())?;
    folder.finish()?;
    Ok(Ending::Done)
}
