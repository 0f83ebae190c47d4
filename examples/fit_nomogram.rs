//! A table of predictors to a risk model: screening, backward elimination, nomogram.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Parser;
use nomogram::{Frame, Levels};

use examples::output_folder::{ExistingOptions, OutputFolder};
use examples::program::{self, Ending, WrongUsage};
use examples::progress;
use examples::run_record::{RunRecord, hash_files};
use examples::study::modeling::choices::{Backward, probability};
use examples::study::modeling::{ModelInput, ModelSettings, build, write_validation};
use examples::table_file::{CsvTable, found};

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
    /// The predictors, separated by commas.
    #[arg(long, value_name = "COLS", value_delimiter = ',', required = true)]
    predictors: Vec<String>,
    /// A predictor with levels, and its reference level: COL:ref=LEVEL, or COL for the first level in order. Columns of text are factors anyway.
    #[arg(long, value_name = "COL:ref=LEVEL")]
    factor: Vec<String>,
    /// The column that identifies patients; by default the number of the row.
    #[arg(long, value_name = "COL")]
    id: Option<String>,
    /// Only predictors with a univariable P below this enter the elimination; by default all.
    #[arg(long, value_parser = probability, value_name = "P")]
    screen: Option<f64>,
    /// Backward elimination: p:LEVEL, aic, bic or none.
    #[arg(long, default_value = "p:0.05", value_name = "RULE")]
    backward: Backward,
    /// Cut-off of the risk, drawn on the nomogram.
    #[arg(long, value_parser = probability, value_name = "RISK")]
    cutoff: Option<f64>,
    /// Resamples of the bootstrap validation, which repeats the elimination in each; 0 leaves it out.
    #[arg(long, default_value_t = 200, value_name = "N")]
    bootstrap: usize,
    /// Seed of the resamples: R draws the same with set.seed.
    #[arg(long, default_value_t = 1)]
    seed: u32,
    /// Confidence level.
    #[arg(long, default_value_t = 0.95, value_parser = probability, value_name = "LEVEL")]
    level: f64,
    /// Rows to fit on, such as set=train; by default all.
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
    let input = read_input(&arguments)?;
    let settings = ModelSettings {
        screen: arguments.screen,
        backward: arguments.backward,
        level: arguments.level,
    };
    let model = build(input, settings)?;
    let Some(risk) = &model.risk else {
        bail!(
            "{}: expected at least one predictor to stay in the model, found none (of {} predictors, {} could not be fitted alone)",
            arguments.table.display(),
            arguments.predictors.len(),
            model.univariable.failed().count()
        );
    };
    let existing = ExistingOptions {
        overwrite: arguments.overwrite,
        resume: false,
    }
    .existing();
    let folder = OutputFolder::begin(&arguments.out, PROGRAM, existing)?;
    model.write(folder.path(), arguments.cutoff)?;
    if arguments.bootstrap > 0 {
        progress::step("bootstrap validation");
        let validation = model.validate(arguments.bootstrap, arguments.seed)?;
        write_validation(
            &validation,
            arguments.seed,
            &folder.path().join("validation.json"),
        )?;
    }
    let mut record = RunRecord::new(PROGRAM);
    record
        .seed(u64::from(arguments.seed))
        .option("bootstrap", arguments.bootstrap)
        .option("outcome", arguments.outcome.as_str())
        .option("predictors", arguments.predictors.clone())
        .option("factor", arguments.factor.clone())
        .option("screen", arguments.screen)
        .option("backward", arguments.backward.to_string())
        .option("level", arguments.level)
        .option("train_where", arguments.train_where.as_deref())
        .count("rows", model.input.ids.len())
        .count("training rows", risk.model.n)
        .count("training events", risk.model.n_events)
        .count("predictors kept", risk.model.terms.len())
        .inputs(hash_files(std::slice::from_ref(&arguments.table))?);
    record.write(folder.path())?;
    folder.finish()?;
    Ok(Ending::Done)
}

fn read_input(arguments: &Arguments) -> anyhow::Result<ModelInput> {
    let table = CsvTable::read(&arguments.table)?;
    let outcome = table.outcomes(table.column(&arguments.outcome)?)?;
    let ids = match &arguments.id {
        Some(name) => {
            let column = table.column(name)?;
            table
                .rows
                .iter()
                .map(|cells| cells[column].clone())
                .collect()
        }
        None => (1..=table.rows.len()).map(|row| row.to_string()).collect(),
    };
    let training = match arguments.train_where.as_deref() {
        None => (0..table.rows.len()).collect(),
        Some(condition) => table.rows_where(condition).context("--train-where")?.1,
    };
    let mut frame = Frame::new();
    for name in &arguments.predictors {
        let column = table.column(name)?;
        frame = with_predictor(frame, &table, column, factor_of(name, &arguments.factor))?;
    }
    for factor in &arguments.factor {
        let name = factor
            .split_once(':')
            .map_or(factor.as_str(), |(name, _)| name);
        if !arguments
            .predictors
            .iter()
            .any(|predictor| predictor == name)
        {
            return Err(WrongUsage(format!(
                "--factor {factor}: \"{name}\" is none of the predictors"
            ))
            .into());
        }
        if let Some((_, rule)) = factor.split_once(':') {
            let level = rule.strip_prefix("ref=").ok_or_else(|| {
                WrongUsage(format!("--factor: expected COL:ref=LEVEL, found {factor}"))
            })?;
            frame = frame
                .with_reference(name, level)
                .with_context(|| format!("{}: --factor {factor}", table.path.display()))?;
        }
    }
    Ok(ModelInput {
        name: "model".to_owned(),
        ids,
        frame,
        predictors: arguments.predictors.clone(),
        outcome,
        training,
    })
}

/// Whether a predictor has levels rather than numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Factor,
    ByContent,
}

fn factor_of(name: &str, factors: &[String]) -> Kind {
    let named = factors.iter().any(|factor| {
        factor
            .split_once(':')
            .map_or(factor.as_str(), |(column, _)| column)
            == name
    });
    if named { Kind::Factor } else { Kind::ByContent }
}

/// Adds a column: numbers if every cell is one, levels if none is; a mixture is a mistake unless the user calls it a factor.
fn with_predictor(
    frame: Frame,
    table: &CsvTable,
    column: usize,
    kind: Kind,
) -> anyhow::Result<Frame> {
    let name = &table.header[column];
    let cells = || table.rows.iter().map(|cells| cells[column].as_str());
    if let Some(row) = cells().position(str::is_empty) {
        bail!(
            "{}: expected a value, found {}",
            table.place(row, column),
            found("")
        );
    }
    let all_text = cells().all(|cell| cell.parse::<f64>().is_err());
    let path = table.path.display();
    if kind == Kind::Factor || all_text {
        return frame
            .with_categorical(name, cells(), Levels::Sorted)
            .with_context(|| path.to_string());
    }
    let values = table
        .numbers(column)
        .map_err(|error| anyhow::anyhow!("{error}; --factor {name} makes it a factor"))?;
    frame
        .with_numeric(name, values)
        .with_context(|| path.to_string())
}
