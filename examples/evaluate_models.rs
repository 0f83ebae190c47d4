//! Models and readers on every split of a table of predictions: discrimination, comparison, calibration, decision curves, reader study.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Parser;
use eval_stats::Direction;

use examples::output_folder::{ExistingOptions, OutputFolder, refuse_inputs_inside};
use examples::program::{self, Ending, WrongUsage};
use examples::run_record::{RunRecord, hash_files};
use examples::study::evaluation::readers::ReaderReadings;
use examples::study::evaluation::{
    AucMethod, CutoffRule, EvaluationInput, EvaluationSettings, ModelScores, ScoreKind, SplitRows,
    evaluate, replicates,
};
use examples::table_file::{CsvTable, found, quoted_list};

const PROGRAM: &str = "evaluate_models";
/// Name of the split where no column gives any.
const WHOLE_TABLE: &str = "all";

/// Evaluates the predictions of several models on every split: AUC with DeLong's tests, classification at cut-offs fixed on the training rows, calibration,
/// decision and impact curves, NRI and IDI. Columns of only 0 and 1 are readers: kappa and McNemar's tests are added. Columns that leave 0 to 1 are scores:
/// they have an ROC curve and a cut-off, but no calibration and no net benefit. With --readers it adds a reader study: the same readers without and with
/// assistance, by accuracy, sensitivity, specificity, AUC and agreement.
#[derive(Debug, Parser)]
#[command(
    name = PROGRAM,
    version,
    after_help = "Example:\n  cargo run --release --example evaluate_models -- predictions.csv --outcome alnm --models clinical,tumor,ln,clinrad --reference clinical --split set --train train --out out/evaluation"
)]
struct Arguments {
    /// Predictions, one row a case.
    table: PathBuf,
    /// The outcome column: 1/0, true/false, yes/no.
    #[arg(long, value_name = "COL")]
    outcome: String,
    /// The columns to evaluate, separated by commas.
    #[arg(long, value_name = "COLS", value_delimiter = ',', required = true)]
    models: Vec<String>,
    /// The model that the others are compared with by NRI and IDI; by default the first.
    #[arg(long, value_name = "COL")]
    reference: Option<String>,
    /// Models that are scores although all their values lie in 0 to 1, separated by commas.
    #[arg(long, value_name = "COLS", value_delimiter = ',')]
    scores: Vec<String>,
    /// Models of which a smaller value means a likelier event, separated by commas; they are scores.
    #[arg(long, value_name = "COLS", value_delimiter = ',')]
    lower: Vec<String>,
    /// Readers, separated by commas: reader R has the columns R_without and R_with, calls of 0 and 1 or ratings, read without and with assistance.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    readers: Vec<String>,
    /// The model that assisted the readers; their agreement with its calls is added.
    #[arg(long, value_name = "COL", requires = "readers")]
    assistant: Option<String>,
    /// The column that names the split of each row; by default all rows are one split.
    #[arg(long, value_name = "COL")]
    split: Option<String>,
    /// The split on which cut-offs are fixed; by default the one called train or training.
    #[arg(long, value_name = "NAME", requires = "split")]
    train: Option<String>,
    /// The column that identifies cases; by default the number of the row.
    #[arg(long, value_name = "COL")]
    id: Option<String>,
    /// Cut-off, found on the training rows: youden (largest sensitivity + specificity), corner (closest to the ROC curve's corner), the best with a sensitivity or
    /// specificity of at least S; or a value for all models.
    #[arg(
        long,
        default_value_t,
        value_name = "youden|corner|sensitivity:S|specificity:S|VALUE",
        allow_hyphen_values = true
    )]
    cutoff: CutoffRule,
    /// Interval of the AUC.
    #[arg(
        long,
        default_value_t,
        value_name = "delong|logit|hanley-mcneil|exact|bootstrap:N|bca:N"
    )]
    ci: AucMethod,
    /// Confidence level of all intervals.
    #[arg(long, default_value_t = 0.95, value_name = "LEVEL")]
    level: f64,
    /// Groups of the Hosmer-Lemeshow test and of calibration plots.
    #[arg(long, default_value_t = 10, value_name = "N")]
    groups: usize,
    /// Bootstrap replicates behind the limits of decision and impact curves; 0 leaves the limits out.
    #[arg(long, default_value_t = 500, value_parser = replicates, value_name = "N")]
    decision_replicates: usize,
    /// Seed of every bootstrap.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(..=u64::from(u32::MAX)))]
    seed: u64,
    /// Worker threads; by default one for each core.
    #[arg(long, value_name = "N")]
    jobs: Option<usize>,
    /// Folder for the results.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Replace the results of an earlier run in the output folder.
    #[arg(long)]
    overwrite: bool,
}

fn main() -> ExitCode {
    program::run(evaluation)
}

fn evaluation(arguments: Arguments) -> anyhow::Result<Ending> {
    program::set_jobs(arguments.jobs)?;
    check_usage(&arguments)?;
    let input = read_input(&arguments)?;
    let settings = EvaluationSettings {
        cutoff: arguments.cutoff,
        auc_interval: arguments.ci,
        level: arguments.level,
        seed: arguments.seed,
        hosmer_lemeshow_groups: arguments.groups,
        decision_replicates: arguments.decision_replicates,
        ..EvaluationSettings::default()
    };
    let existing = ExistingOptions {
        overwrite: arguments.overwrite,
        resume: false,
    }
    .existing();
    refuse_inputs_inside(&arguments.out, &[&arguments.table])?;
    let folder = OutputFolder::begin(&arguments.out, PROGRAM, existing)?;
    let evaluation =
        evaluate(&input, &settings).with_context(|| arguments.table.display().to_string())?;
    evaluation.write(folder.path())?;
    record(&arguments, &input)?.write(folder.path())?;
    folder.finish()?;
    Ok(Ending::Done)
}

fn check_usage(arguments: &Arguments) -> anyhow::Result<()> {
    let wrong = |message: String| Err(WrongUsage(message).into());
    let models = &arguments.models;
    for (k, name) in models.iter().enumerate() {
        if models[..k].contains(name) {
            return wrong(format!(
                "--models: expected every column once, found \"{name}\" twice"
            ));
        }
        if name == &arguments.outcome
            || Some(name) == arguments.split.as_ref()
            || Some(name) == arguments.id.as_ref()
        {
            return wrong(format!(
                "--models: expected predictions, found \"{name}\", which is the outcome, split or id column"
            ));
        }
    }
    for (option, names) in [
        ("--reference", arguments.reference.as_slice()),
        ("--scores", &arguments.scores),
        ("--lower", &arguments.lower),
        ("--assistant", arguments.assistant.as_slice()),
    ] {
        if let Some(name) = names.iter().find(|name| !models.contains(name)) {
            return wrong(format!(
                "{option}: expected one of --models ({}), found \"{name}\"",
                quoted_list(models)
            ));
        }
    }
    if !(arguments.level > 0.0 && arguments.level < 1.0) {
        return wrong(format!(
            "--level: expected a number between 0 and 1, found {}",
            arguments.level
        ));
    }
    if arguments.groups < 2 {
        return wrong(format!(
            "--groups: expected 2 or more, found {}",
            arguments.groups
        ));
    }
    if arguments.decision_replicates == 1 {
        return wrong("--decision-replicates: expected 0, or 2 or more, found 1".to_owned());
    }
    Ok(())
}

fn read_input(arguments: &Arguments) -> anyhow::Result<EvaluationInput> {
    let table = CsvTable::read(&arguments.table)?;
    let outcome_column = table.column(&arguments.outcome)?;
    let mut models = Vec::new();
    for name in &arguments.models {
        let values = table.numbers(table.column(name)?)?;
        let mut model = ModelScores::new(name, values);
        if arguments.scores.contains(name) || arguments.lower.contains(name) {
            model.kind = ScoreKind::Score;
        }
        if arguments.lower.contains(name) {
            model.direction = Direction::LowerIsEvent;
        }
        models.push(model);
    }
    let outcome = table.outcomes(outcome_column)?;
    let events = outcome.iter().filter(|&&event| event).count();
    if events == 0 || events == outcome.len() {
        bail!(
            "{}: column \"{}\": expected both outcomes, found {events} events in {} rows",
            table.path.display(),
            arguments.outcome,
            outcome.len()
        );
    }
    let (splits, training) = match &arguments.split {
        None => (
            vec![SplitRows {
                name: WHOLE_TABLE.to_owned(),
                rows: (0..outcome.len()).collect(),
            }],
            0,
        ),
        Some(column) => {
            let splits = read_splits(&table, table.column(column)?)?;
            let training = training_split(&table, column, &splits, arguments.train.as_deref())?;
            (splits, training)
        }
    };
    let ids = match &arguments.id {
        None => table.lines.iter().map(u64::to_string).collect(),
        Some(column) => {
            let column = table.column(column)?;
            table.rows.iter().map(|row| row[column].clone()).collect()
        }
    };
    let position = |wanted: &Option<String>| {
        let wanted = wanted.as_ref()?;
        arguments.models.iter().position(|model| model == wanted)
    };
    Ok(EvaluationInput {
        ids,
        outcome,
        splits,
        training,
        models,
        reference: position(&arguments.reference).unwrap_or(0),
        readers: read_readers(arguments, &table)?,
        assistant: position(&arguments.assistant),
    })
}

fn read_readers(arguments: &Arguments, table: &CsvTable) -> anyhow::Result<Vec<ReaderReadings>> {
    let readings =
        |name: &str, condition: &str| table.numbers(table.column(&format!("{name}_{condition}"))?);
    let names = arguments.readers.iter();
    names
        .map(|name| {
            Ok(ReaderReadings {
                name: name.clone(),
                without: readings(name, "without")?,
                with: readings(name, "with")?,
            })
        })
        .collect()
}

/// The splits in the order in which they first occur.
fn read_splits(table: &CsvTable, column: usize) -> anyhow::Result<Vec<SplitRows>> {
    let mut splits: Vec<SplitRows> = Vec::new();
    for (row, cells) in table.rows.iter().enumerate() {
        let name = &cells[column];
        if name.is_empty() {
            bail!(
                "{}: expected the name of a split, found {}",
                table.place(row, column),
                found(name)
            );
        }
        match splits.iter_mut().find(|split| split.name == *name) {
            Some(split) => split.rows.push(row),
            None => splits.push(SplitRows {
                name: name.clone(),
                rows: vec![row],
            }),
        }
    }
    Ok(splits)
}

fn training_split(
    table: &CsvTable,
    column: &str,
    splits: &[SplitRows],
    name: Option<&str>,
) -> anyhow::Result<usize> {
    let is_training = |split: &SplitRows| match name {
        Some(name) => split.name == name,
        None => ["train", "training"].contains(&split.name.to_ascii_lowercase().as_str()),
    };
    let candidates: Vec<usize> = (0..splits.len())
        .filter(|&k| is_training(&splits[k]))
        .collect();
    match candidates[..] {
        [training] => Ok(training),
        _ => {
            let names: Vec<&str> = splits.iter().map(|split| split.name.as_str()).collect();
            bail!(
                "{}: column \"{column}\": expected {}, found {}",
                table.path.display(),
                name.map_or(
                    "one split called train or training (or give --train)".to_owned(),
                    |name| format!("a split \"{name}\"")
                ),
                quoted_list(&names)
            )
        }
    }
}

fn record(arguments: &Arguments, input: &EvaluationInput) -> anyhow::Result<RunRecord> {
    let mut record = RunRecord::new(PROGRAM);
    let kinds: Vec<&str> = input.models.iter().map(|model| model.kind.name()).collect();
    record
        .seed(arguments.seed)
        .option("outcome", arguments.outcome.as_str())
        .option("models", arguments.models.clone())
        .option("kinds", kinds)
        .option("reference", input.models[input.reference].name.as_str())
        .option("lower", arguments.lower.clone())
        .option("readers", arguments.readers.clone())
        .option("assistant", arguments.assistant.as_deref())
        .option("split", arguments.split.as_deref())
        .option("train", input.splits[input.training].name.as_str())
        .option("id", arguments.id.as_deref())
        .option("cutoff", arguments.cutoff.to_string())
        .option("ci", arguments.ci.to_string())
        .option("level", arguments.level)
        .option("groups", arguments.groups)
        .option("decision_replicates", arguments.decision_replicates)
        .count("rows", input.outcome.len())
        .count(
            "events",
            input.outcome.iter().filter(|&&event| event).count(),
        )
        .count("splits", input.splits.len())
        .count("models", input.models.len())
        .count("readers", input.readers.len())
        .inputs(hash_files(std::slice::from_ref(&arguments.table))?);
    Ok(record)
}
