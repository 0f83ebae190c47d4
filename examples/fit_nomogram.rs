//! A table of predictors to a risk model: screening, backward elimination, nomogram.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use nomogram::FewEvents;

use examples::output_folder::{ExistingOptions, OutputFolder, refuse_inputs_inside};
use examples::program::{self, Ending, WrongUsage};
use examples::progress;
use examples::run_record::{RunRecord, hash_files};
use examples::study::evaluation::replicates;
use examples::study::modeling::choices::{Backward, Penalty, probability};
use examples::study::modeling::table::PredictorOptions;
use examples::study::modeling::{
    FittedRisk, ModelInput, ModelSettings, PresentationOptions, StudyModel, build, write_external,
};
use examples::table_file::CsvTable;

const PROGRAM: &str = "fit_nomogram";

/// Builds a logistic risk model and its nomogram: univariable table, backward elimination, points and risk of every row.
#[derive(Debug, Parser)]
#[command(
    name = PROGRAM,
    version,
    after_help = "Example:\n  cargo run --release --example fit_nomogram -- patients.csv --outcome alnm --predictors age,size,margin,score --factor margin:ref=Well --screen 0.05 --backward p:0.05 --train-where set=train --out out/nomogram"
)]
struct Arguments {
    /// One row a patient.
    table: PathBuf,
    /// The outcome column: 1/0, true/false, yes/no.
    #[arg(long, value_name = "COL")]
    outcome: String,
    #[command(flatten)]
    predictors: PredictorOptions,
    /// The column that identifies patients; by default the number of the row.
    #[arg(long, value_name = "COL")]
    id: Option<String>,
    /// Only predictors with a univariable P below this enter the elimination; by default all.
    #[arg(long, value_parser = probability, value_name = "P")]
    screen: Option<f64>,
    /// Backward elimination: p:LEVEL (Wald's test), lrt:LEVEL (likelihood ratio), aic, bic or none.
    #[arg(long, default_value = "p:0.05", value_name = "RULE")]
    backward: Backward,
    /// Firth's penalty, for separated or few events: flic (the default of --firth) or flac correct the risks, plain does not. The elimination then goes
    /// by penalized likelihood ratio tests.
    #[arg(
        long,
        value_name = "CORRECTION",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "flic"
    )]
    firth: Option<Penalty>,
    /// Go on with more effects than rows of the rarer class.
    #[arg(long)]
    allow_few_events: bool,
    /// Cut-off of the risk, drawn on the nomogram.
    #[arg(long, value_parser = probability, value_name = "RISK")]
    cutoff: Option<f64>,
    #[command(flatten)]
    presentation: PresentationOptions,
    /// Resamples of the bootstrap validation, which repeats the elimination in each; 0 leaves it out.
    #[arg(long, default_value_t = 1000, value_parser = replicates, value_name = "N")]
    bootstrap: usize,
    /// Seed of the resamples: R draws the same with set.seed.
    #[arg(long, default_value_t = 1)]
    seed: u32,
    /// Confidence level.
    #[arg(long, default_value_t = 0.95, value_parser = probability, value_name = "LEVEL")]
    level: f64,
    /// Rows to fit on, such as set=train; by default all. The rows with each other value of that column are cohorts of the external validation.
    #[arg(long, value_name = "COL=VALUE")]
    train_where: Option<String>,
    /// Folder for the results.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Replace the results of an earlier run in the output folder.
    #[arg(long)]
    overwrite: bool,
}

fn main() -> ExitCode {
    program::run(nomogram)
}

fn nomogram(arguments: Arguments) -> anyhow::Result<Ending> {
    let firth_by_p = matches!(arguments.backward, Backward::P(..) | Backward::None);
    if arguments.firth.is_some() && !firth_by_p {
        return Err(WrongUsage(format!(
            "--backward {}: expected p:LEVEL, lrt:LEVEL or none beside --firth",
            arguments.backward
        ))
        .into());
    }
    let Input {
        model: input,
        cohorts,
        dropped,
    } = read_input(&arguments)?;
    let settings = ModelSettings {
        screen: arguments.screen,
        backward: arguments.backward,
        penalty: arguments.firth.unwrap_or_default(),
        few_events: match arguments.allow_few_events {
            true => FewEvents::Allow,
            false => FewEvents::Refuse,
        },
        level: arguments.level,
        presentation: arguments
            .presentation
            .read(&arguments.predictors.names()?)?,
    };
    let table = || arguments.table.display().to_string();
    let model = build(input, settings).with_context(table)?;
    let Some(risk) = &model.risk else {
        return Err(none_stays(&arguments, &model));
    };
    for aside in &model.set_aside {
        program::warn(&aside.to_string());
    }
    let existing = ExistingOptions {
        overwrite: arguments.overwrite,
        resume: false,
    }
    .existing();
    refuse_inputs_inside(&arguments.out, &[&arguments.table])?;
    let folder = OutputFolder::begin(&arguments.out, PROGRAM, existing)?;
    model.write(folder.path(), arguments.cutoff)?;
    if arguments.bootstrap > 0 {
        progress::step("bootstrap validation");
        let n = arguments.bootstrap;
        let validation = model
            .validate(n, arguments.seed)
            .with_context(|| format!("--bootstrap {n} (0 leaves it out)"))?;
        validation.write(&model, folder.path())?;
    }
    if !cohorts.is_empty() {
        let rows = model.external(risk, &cohorts);
        write_external(&rows, &folder.path().join("external.csv"))?;
    }
    record(&arguments, &model, risk, dropped)?.write(folder.path())?;
    folder.finish()?;
    Ok(Ending::Done)
}

fn none_stays(arguments: &Arguments, model: &StudyModel) -> anyhow::Error {
    let aside: Vec<String> = model.set_aside.iter().map(ToString::to_string).collect();
    anyhow::anyhow!(
        "{}: expected at least one predictor to stay in the model, found none of {}{}{}",
        arguments.table.display(),
        model.univariable.variables.len(),
        if aside.is_empty() { "" } else { "; " },
        aside.join("; ")
    )
}

fn record(
    arguments: &Arguments,
    model: &StudyModel,
    risk: &FittedRisk,
    dropped: usize,
) -> anyhow::Result<RunRecord> {
    let mut record = RunRecord::new(PROGRAM);
    record
        .seed(u64::from(arguments.seed))
        .option("bootstrap", arguments.bootstrap)
        .option("outcome", arguments.outcome.as_str())
        .option("id", arguments.id.as_deref())
        .option("missing", arguments.predictors.missing.to_string())
        .option("predictors", arguments.predictors.names()?)
        .option("factor", arguments.predictors.factor.clone())
        .option("spline", arguments.predictors.spline.clone())
        .option("polynomial", arguments.predictors.polynomial.clone())
        .option("interaction", arguments.predictors.interaction.clone())
        .option("screen", arguments.screen)
        .option("backward", arguments.backward.to_string())
        .option("firth", arguments.firth.unwrap_or_default().to_string())
        .option("allow_few_events", arguments.allow_few_events)
        .option("cutoff", arguments.cutoff)
        .option("level", arguments.level)
        .option("train_where", arguments.train_where.as_deref())
        .count("rows", model.input.ids.len())
        .count("rows left out for gaps", dropped)
        .count("training rows", risk.fit.model.n)
        .count("training events", risk.fit.model.n_events)
        .count("predictors set aside", model.set_aside.len())
        .count("terms kept", risk.fit.model.terms.len())
        .inputs(hash_files(std::slice::from_ref(&arguments.table))?);
    for (name, value) in arguments.presentation.record() {
        record.option(name, value);
    }
    Ok(record)
}

/// What was read, the other cohorts, and how many rows were left out for their gaps.
struct Input {
    model: ModelInput,
    cohorts: Vec<(String, Vec<usize>)>,
    dropped: usize,
}

fn read_input(arguments: &Arguments) -> anyhow::Result<Input> {
    let mut table = CsvTable::read(&arguments.table)?;
    let outcome = table.column(&arguments.outcome)?;
    let mut columns = vec![outcome];
    for name in arguments.predictors.names()? {
        if name == arguments.outcome {
            let message = format!("--predictors: {name:?} is the outcome");
            return Err(WrongUsage(message).into());
        }
        columns.push(table.column(&name)?);
    }
    let numbers: Vec<String> = (1..=table.rows.len()).map(|row| row.to_string()).collect();
    let id = arguments.id.as_deref().map(|name| table.column(name));
    let id = id.transpose()?;
    let lines = table.lines.clone();
    let dropped = arguments.predictors.drop_gaps(&mut table, &columns)?;
    let ids = match id {
        Some(column) => table.rows.iter().map(|row| row[column].clone()).collect(),
        // Rows keep their numbers when others are left out.
        None => table
            .lines
            .iter()
            .filter_map(|line| numbers.get(lines.binary_search(line).ok()?).cloned())
            .collect(),
    };
    let (training, cohorts) = match arguments.train_where.as_deref() {
        None => ((0..table.rows.len()).collect(), Vec::new()),
        Some(condition) => {
            let (column, training) = table.rows_where(condition).context("--train-where")?;
            let others = other_cohorts(&table, column, &training);
            (training, others)
        }
    };
    let predictors = arguments.predictors.read(&table)?;
    Ok(Input {
        model: ModelInput {
            name: "model".to_owned(),
            ids,
            frame: predictors.frame,
            terms: predictors.terms,
            outcome: table.outcomes(outcome)?,
            training,
        },
        cohorts,
        dropped,
    })
}

/// The rows that are not for training, by their value in the column of the condition, in the order of the table.
fn other_cohorts(table: &CsvTable, column: usize, training: &[usize]) -> Vec<(String, Vec<usize>)> {
    let mut cohorts: Vec<(String, Vec<usize>)> = Vec::new();
    for row in (0..table.rows.len()).filter(|row| training.binary_search(row).is_err()) {
        let name = &table.rows[row][column];
        match cohorts.iter_mut().find(|(known, _)| known == name) {
            Some((_, rows)) => rows.push(row),
            None => cohorts.push((name.clone(), vec![row])),
        }
    }
    cohorts
}
