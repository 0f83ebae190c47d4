//! Features to a score: reliability, relevance, redundancy and the LASSO on a table of features.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Parser;
use eval_stats::folds::Folds;
use feature_selection::pipeline::FoldPlan;
use feature_selection::stability::StabilitySelection;
use ndarray::Array2;

use examples::output_folder::{Existing, ExistingOptions, OutputFolder};
use examples::program::{self, Ending};
use examples::run_record::{RunRecord, hash_files};
use examples::study::selection::choices::SelectionOptions;
use examples::study::selection::gaps::{self, MissingChoice};
use examples::study::selection::{RepeatedReading, Selection, SelectionInput, judgement, select};
use examples::table_file::{CsvTable, found};

const PROGRAM: &str = "select_features";

/// Selects features of a table and makes a score of them: ICC on repeated outlines, z-scores, mutual information, redundancy, cross-validated LASSO. Fitted on
/// the training rows, applied to all.
#[derive(Debug, Parser)]
#[command(
    name = PROGRAM,
    version,
    after_help = "Example:\n  cargo run --release --example select_features -- features.csv --outcome alnm --id patient --train-where split=train --inter inter.csv --icc 0.80 --rule 1se --seed 1 --out out/selection"
)]
struct Arguments {
    /// Features, one row a case; every column but outcome, id and the training column is a feature.
    table: PathBuf,
    /// The outcome column: 1/0, true/false, yes/no.
    #[arg(long, value_name = "COL")]
    outcome: String,
    /// The column that identifies cases; by default the number of the row.
    #[arg(long, value_name = "COL")]
    id: Option<String>,
    /// Columns that are no features, separated by commas.
    #[arg(long, value_name = "COLS", value_delimiter = ',')]
    ignore: Vec<String>,
    /// The same features from outlines of another reader; its id column matches.
    #[arg(long, value_name = "FILE", requires = "id")]
    inter: Option<PathBuf>,
    /// The same features from a second outline of the same reader; its id column matches.
    #[arg(long, value_name = "FILE", requires = "id")]
    intra: Option<PathBuf>,
    /// Rows to fit on, such as split=train; by default all.
    #[arg(long, value_name = "COL=VALUE")]
    train_where: Option<String>,
    #[command(flatten)]
    selection: SelectionOptions,
    /// Folds given: a CSV with the id column and a column fold, for the training rows.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["folds", "repeats"], requires = "id")]
    foldid: Option<PathBuf>,
    /// What happens to cells that are empty, NA or NaN.
    #[arg(long, value_enum, default_value_t, value_name = "CHOICE")]
    missing: MissingChoice,
    /// Also refit the whole selection in N outer folds of the training rows: an honest estimate of its AUC.
    #[arg(long, value_name = "N", conflicts_with = "foldid")]
    nested: Option<usize>,
    /// Also select on N random halves of the training rows, in complementary pairs: how stable each feature is.
    #[arg(long, value_name = "N")]
    stability: Option<usize>,
    /// Share of the halves from which a feature is stable.
    #[arg(
        long,
        default_value_t = 0.75,
        value_name = "SHARE",
        requires = "stability"
    )]
    stable_from: f64,
    /// Name of the score.
    #[arg(long, default_value = "Rad-score", value_name = "NAME")]
    score_name: String,
    /// Seed of the folds.
    #[arg(long, default_value_t = 1)]
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
    program::run(selection)
}

fn selection(arguments: Arguments) -> anyhow::Result<Ending> {
    program::set_jobs(arguments.jobs)?;
    let mut files = vec![arguments.table.clone()];
    files.extend(
        arguments
            .inter
            .iter()
            .chain(&arguments.intra)
            .chain(&arguments.foldid)
            .cloned(),
    );
    let mut input = read_input(&arguments)?;
    let filled = gaps::apply(&mut input, arguments.missing)
        .with_context(|| arguments.table.display().to_string())?;
    let mut settings = arguments.selection.settings(arguments.seed);
    if let Some(path) = &arguments.foldid {
        settings.folds = FoldPlan::Given(read_folds(path, &arguments, &input)?);
    }
    let existing = ExistingOptions {
        overwrite: arguments.overwrite,
        resume: false,
    }
    .existing();
    debug_assert_ne!(existing, Existing::Resume);
    let folder = OutputFolder::begin(&arguments.out, PROGRAM, existing)?;
    let selected = select(input, settings)?;
    selected.write(folder.path())?;
    judge(&selected, &arguments, folder.path())?;
    let mut record = RunRecord::new(PROGRAM);
    record
        .seed(arguments.seed)
        .option("outcome", arguments.outcome.as_str())
        .option("train_where", arguments.train_where.as_deref())
        .option("selection", arguments.selection.record())
        .option("missing", format!("{:?}", arguments.missing).to_lowercase())
        .option("nested", arguments.nested)
        .option("stability", arguments.stability)
        .count("filled cells", filled)
        .count("rows", selected.input().ids.len())
        .count("training rows", selected.input().training.len())
        .count("features", selected.input().names.len())
        .count("selected", selected.score().terms.len())
        .inputs(hash_files(&files)?);
    record.write(folder.path())?;
    folder.finish()?;
    Ok(Ending::Done)
}

/// What was asked for beside the selection itself.
fn judge(selected: &Selection, arguments: &Arguments, folder: &Path) -> anyhow::Result<()> {
    if let Some(n_folds) = arguments.nested {
        let nested = judgement::nested(selected, n_folds, arguments.seed).context("--nested")?;
        judgement::write_nested(&nested, folder)?;
    }
    if let Some(halves) = arguments.stability {
        let mut settings = StabilitySelection::default();
        settings.subsampling.count = halves;
        settings.threshold = arguments.stable_from;
        settings.seed = arguments.seed;
        let fit = judgement::stability(selected, &settings).context("--stability")?;
        judgement::write_stability(&fit, folder)?;
    }
    Ok(())
}

fn read_input(arguments: &Arguments) -> anyhow::Result<SelectionInput> {
    let table = CsvTable::read(&arguments.table)?;
    let outcome_column = table.column(&arguments.outcome)?;
    let outcome = table.outcomes(outcome_column)?;
    let id_column = arguments
        .id
        .as_deref()
        .map(|name| table.column(name))
        .transpose()?;
    let (training_column, training) = match arguments.train_where.as_deref() {
        None => (None, (0..table.rows.len()).collect()),
        Some(condition) => {
            let (column, rows) = table.rows_where(condition).context("--train-where")?;
            (Some(column), rows)
        }
    };
    let mut taken = vec![outcome_column];
    taken.extend(id_column);
    taken.extend(training_column);
    for name in &arguments.ignore {
        taken.push(table.column(name)?);
    }
    let features: Vec<usize> = (0..table.header.len())
        .filter(|column| !taken.contains(column))
        .collect();
    if features.is_empty() {
        bail!(
            "{}: expected at least one feature column, found none",
            table.path.display()
        );
    }
    let ids = match id_column {
        Some(column) => unique_ids(&table, column)?,
        None => (1..=table.rows.len()).map(|row| row.to_string()).collect(),
    };
    let names: Vec<String> = features
        .iter()
        .map(|&column| table.header[column].clone())
        .collect();
    let values = numbers(&table, &features, arguments.missing)?;
    let repeats = [("inter", &arguments.inter), ("intra", &arguments.intra)]
        .into_iter()
        .filter_map(|(name, path)| path.as_ref().map(|path| (name, path)))
        .map(|(name, path)| {
            read_repeat(
                name,
                path,
                arguments.id.as_deref().unwrap_or_default(),
                (&names, &ids),
                arguments.missing,
            )
        })
        .collect::<anyhow::Result<_>>()?;
    Ok(SelectionInput {
        score_name: arguments.score_name.clone(),
        ids,
        names,
        values,
        outcome,
        training,
        repeats,
        left_out: Vec::new(),
        impute: None,
    })
}

/// Columns as numbers; gaps are NaN unless they are refused, which the cell's place then says best.
fn numbers(
    table: &CsvTable,
    columns: &[usize],
    missing: MissingChoice,
) -> anyhow::Result<Array2<f64>> {
    let mut values = Array2::zeros((table.rows.len(), columns.len()));
    for (j, &column) in columns.iter().enumerate() {
        let read = match missing {
            MissingChoice::Error => table.numbers(column)?,
            _ => table.numbers_with_gaps(column)?,
        };
        for (i, value) in read.into_iter().enumerate() {
            values[(i, j)] = value;
        }
    }
    Ok(values)
}

fn unique_ids(table: &CsvTable, column: usize) -> anyhow::Result<Vec<String>> {
    let mut seen = HashMap::new();
    for (row, cells) in table.rows.iter().enumerate() {
        let id = cells[column].as_str();
        if id.is_empty() {
            bail!(
                "{}: expected an identifier, found {}",
                table.place(row, column),
                found(id)
            );
        }
        if let Some(first) = seen.insert(id, row) {
            bail!(
                "{}: \"{id}\" stands in row {} already",
                table.place(row, column),
                table.lines[first]
            );
        }
    }
    Ok(table
        .rows
        .iter()
        .map(|cells| cells[column].clone())
        .collect())
}

fn read_repeat(
    name: &str,
    path: &Path,
    id: &str,
    (names, ids): (&[String], &[String]),
    missing: MissingChoice,
) -> anyhow::Result<RepeatedReading> {
    let table = CsvTable::read(path)?;
    let id_column = table.column(id)?;
    let known: HashMap<&str, usize> = ids
        .iter()
        .enumerate()
        .map(|(row, id)| (id.as_str(), row))
        .collect();
    let rows = unique_ids(&table, id_column)?
        .iter()
        .enumerate()
        .map(|(row, id)| {
            known.get(id.as_str()).copied().with_context(|| {
                format!(
                    "{}: expected a case of the main table, found \"{id}\"",
                    table.place(row, id_column)
                )
            })
        })
        .collect::<anyhow::Result<_>>()?;
    let columns = names
        .iter()
        .map(|name| table.column(name))
        .collect::<anyhow::Result<Vec<_>>>()?;
    Ok(RepeatedReading {
        name: name.to_owned(),
        rows,
        values: numbers(&table, &columns, missing)?,
    })
}

/// Fold numbers may start anywhere; they are renumbered in ascending order.
fn read_folds(path: &Path, arguments: &Arguments, input: &SelectionInput) -> anyhow::Result<Folds> {
    let table = CsvTable::read(path)?;
    let id_column = table.column(arguments.id.as_deref().unwrap_or_default())?;
    let fold_column = table.column("fold")?;
    let ids = unique_ids(&table, id_column)?;
    let mut fold_of = HashMap::new();
    for (row, id) in ids.iter().enumerate() {
        let cell = &table.rows[row][fold_column];
        let fold: u64 = cell.parse().with_context(|| {
            format!(
                "{}: expected a whole number, found {}",
                table.place(row, fold_column),
                found(cell)
            )
        })?;
        fold_of.insert(id.as_str(), fold);
    }
    let folds = input
        .training
        .iter()
        .map(|&row| {
            fold_of
                .get(input.ids[row].as_str())
                .copied()
                .with_context(|| {
                    format!(
                        "{}: expected a fold for the training case \"{}\", found none",
                        path.display(),
                        input.ids[row]
                    )
                })
        })
        .collect::<anyhow::Result<Vec<u64>>>()?;
    let mut labels = folds.clone();
    labels.sort_unstable();
    labels.dedup();
    let assignment = folds
        .iter()
        .map(|fold| labels.binary_search(fold).expect("one of them"))
        .collect();
    Folds::from_assignment(assignment, labels.len(), folds.len())
        .with_context(|| path.display().to_string())
}
