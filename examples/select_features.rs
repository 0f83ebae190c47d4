//! Features to a score: reliability, relevance, redundancy and the LASSO on a table of features.

use std::collections::{HashMap, HashSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, anyhow, bail};
use clap::Parser;
use eval_stats::folds::Folds;
use feature_selection::pipeline::FoldPlan;
use ndarray::Array2;

use examples::output_folder::{Existing, OutputFolder, refuse_inputs_inside};
use examples::program::{self, Ending, WrongUsage};
use examples::progress;
use examples::run_record::{RunRecord, hash_files};
use examples::study::selection::choices::{SelectionOptions, between, number, whole};
use examples::study::selection::gaps::{self, MissingChoice};
use examples::study::selection::judgement::{Judged, Judgement, NestedPlan, StabilityPlan};
use examples::study::selection::{RepeatedReading, Selection, SelectionInput, select};
use examples::table_file::{CsvTable, found, quoted_list};

const PROGRAM: &str = "select_features";

/// Selects features of a table and makes a score of them: reliability on repeated outlines, p-values, relevance, redundancy, cross-validated LASSO. Every step
/// is fitted on the training rows, the score is applied to all rows. Writes tables, figures, the score and what became of every feature to a folder.
#[derive(Debug, Parser)]
#[command(
    name = PROGRAM,
    version,
    allow_negative_numbers = true,
    after_help = "Example:\n  cargo run --release --example select_features -- features.csv --outcome alnm --id patient --train-where split=train --inter inter.csv --icc 0.80 --rule 1se --nested 5 --seed 1 --out out/selection"
)]
struct Arguments {
    /// CSV with a header, one row a case; every column that no option names is a feature and holds numbers.
    table: PathBuf,
    /// The outcome column: 1/0, true/false, yes/no or positive/negative.
    #[arg(long, value_name = "COL")]
    outcome: String,
    /// The column that identifies cases; by default they are numbered from 1.
    #[arg(long, value_name = "COL")]
    id: Option<String>,
    /// Columns that are no features, separated by commas; a star at the end stands for any rest of the name, as in diagnostics_*.
    #[arg(long, value_name = "COLS", value_delimiter = ',')]
    ignore: Vec<String>,
    /// The same features of some or all cases from outlines of another reader; its id column matches. Other columns are not read.
    #[arg(long, value_name = "FILE", requires = "id")]
    inter: Option<PathBuf>,
    /// The same features of some or all cases from a second outline of the same reader; its id column matches. Other columns are not read.
    #[arg(long, value_name = "FILE", requires = "id")]
    intra: Option<PathBuf>,
    /// Rows to fit on, such as split=train; by default all. The column is no feature.
    #[arg(long, value_name = "COL=VALUE")]
    train_where: Option<String>,
    /// What happens to cells that are empty, NA or NaN.
    #[arg(long, value_enum, default_value_t, value_name = "CHOICE")]
    missing: MissingChoice,
    /// Name of the score.
    #[arg(long, default_value = "Rad-score", value_parser = name, value_name = "NAME")]
    score_name: String,
    #[command(flatten)]
    selection: SelectionOptions,
    /// Folds of the cross-validation, given instead of drawn: a CSV with the id column and a column fold of whole numbers, for the training rows.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["folds", "repeats"], requires = "id", help_heading = SELECTION)]
    foldid: Option<PathBuf>,
    /// Also refit everything but the reliability in N outer folds of the training rows, from 2 on, and judge it on the rows left out: an honest estimate of
    /// the AUC.
    #[arg(long, value_name = "N", value_parser = whole(2), conflicts_with = "foldid", help_heading = JUDGEMENT)]
    nested: Option<usize>,
    /// Repeats of the outer folds.
    #[arg(long, value_name = "R", default_value_t = 1, value_parser = between(1, 10_000), requires = "nested", help_heading = JUDGEMENT)]
    nested_repeats: usize,
    /// Also repeat the nested cross-validation on N shuffled outcomes: a p-value for its AUC, and what chance gives. Takes N times as long.
    #[arg(long, value_name = "N", value_parser = between(1, 1_000_000), requires = "nested", help_heading = JUDGEMENT)]
    permutations: Option<usize>,
    /// Also select on N random halves of the training rows, in complementary pairs (N is even, from 4 on; 100 is usual): how often each feature that reaches the LASSO is
    /// among the first to enter it, so many as keep the expected number of false selections at 1 or below.
    #[arg(long, value_name = "N", value_parser = between(4, 1_000_000), help_heading = JUDGEMENT)]
    stability: Option<usize>,
    /// Share of the halves from which a feature is stable, above 0.5 and at most 1.
    #[arg(
        long,
        default_value_t = 0.75,
        value_name = "SHARE",
        value_parser = number(|share| share > 0.5 && share <= 1.0, "above 0.5 and at most 1"),
        requires = "stability",
        help_heading = JUDGEMENT
    )]
    stable_from: f64,
    /// Seed of every random draw, at most 4294967295.
    #[arg(long, default_value_t = 1, help_heading = RUN)]
    seed: u32,
    /// Worker threads; by default one for each core. Results are the same for any number.
    #[arg(long, value_name = "N", help_heading = RUN)]
    jobs: Option<usize>,
    /// Folder for the results.
    #[arg(long, value_name = "DIR", help_heading = RUN)]
    out: PathBuf,
    /// Replace the results of an earlier run in the output folder.
    #[arg(long, help_heading = RUN)]
    overwrite: bool,
}

const SELECTION: &str = SelectionOptions::HEADING;
const JUDGEMENT: &str = "How far to trust it";
const RUN: &str = "The run";

fn main() -> ExitCode {
    program::run(selection)
}

fn selection(arguments: Arguments) -> anyhow::Result<Ending> {
    program::set_jobs(arguments.jobs)?;
    let mut settings = arguments.selection.settings(arguments.seed)?;
    let plan = judgement_plan(&arguments)?;
    let mut input = read_input(&arguments)?;
    let filled = gaps::apply(&mut input, arguments.missing)
        .with_context(|| arguments.table.display().to_string())?;
    if let Some(path) = &arguments.foldid {
        settings.folds = FoldPlan::Given(read_folds(path, &arguments, &input)?);
    }
    check_classes(&input, &arguments)?;
    let existing = match arguments.overwrite {
        true => Existing::Overwrite,
        false => Existing::Refuse,
    };
    let others = [&arguments.inter, &arguments.intra, &arguments.foldid];
    let others = others.into_iter().flatten().map(PathBuf::as_path);
    let inputs: Vec<&Path> = others.chain([arguments.table.as_path()]).collect();
    refuse_inputs_inside(&arguments.out, &inputs)?;
    let folder = OutputFolder::begin(&arguments.out, PROGRAM, existing)?;
    progress::step("selecting features");
    let selected = select(input, settings)?;
    selected.write(folder.path())?;
    let judged = plan.judge(&selected)?;
    judged.write(folder.path())?;
    record(&arguments, &selected, filled)?.write(folder.path())?;
    folder.finish()?;
    summarize(&selected, &judged, &arguments)?;
    Ok(Ending::Done)
}

fn name(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("expected a name, found nothing".to_owned()),
        name => Ok(name.to_owned()),
    }
}

/// Refuses folds of which some would lack a class, before anything is computed.
fn check_classes(input: &SelectionInput, arguments: &Arguments) -> anyhow::Result<()> {
    let n = input.training.len();
    let events = input
        .training
        .iter()
        .filter(|&&row| input.outcome[row])
        .count();
    let fewest = events.min(n - events);
    let needed = |least: usize, why: String| {
        if fewest >= least {
            return Ok(());
        }
        bail!(
            "{}, column \"{}\": expected at least {least} training rows of each class{why}, found {events} events and {} others",
            arguments.table.display(),
            arguments.outcome,
            n - events
        )
    };
    // A logistic path needs two rows of a class.
    needed(2, String::new())?;
    if arguments.foldid.is_some() {
        return Ok(());
    }
    let inner = arguments.selection.folds;
    needed(inner, format!(" for --folds {inner}"))?;
    let Some(outer) = arguments.nested else {
        return Ok(());
    };
    needed(outer, format!(" for --nested {outer}"))?;
    let left = fewest - fewest.div_ceil(outer);
    if left < inner {
        bail!(
            "{}, column \"{}\": expected at least {inner} rows of each class without an outer fold of --nested {outer}, found {left} for --folds {inner}",
            arguments.table.display(),
            arguments.outcome
        );
    }
    Ok(())
}

fn judgement_plan(arguments: &Arguments) -> anyhow::Result<Judgement> {
    if arguments.stability.is_some() && arguments.selection.alpha == 0.0 {
        let text = "--stability: expected --alpha above 0, found a ridge, which keeps every feature in every half";
        return Err(WrongUsage(text.to_owned()).into());
    }
    if let Some(odd) = arguments.stability.filter(|n| n % 2 == 1) {
        let text = format!("--stability: expected an even number of halves, found {odd}");
        return Err(WrongUsage(text).into());
    }
    Ok(Judgement {
        nested: arguments.nested.map(|n_folds| NestedPlan {
            n_folds,
            repeats: arguments.nested_repeats,
            permutations: arguments.permutations,
            seed: arguments.seed,
        }),
        stability: arguments.stability.map(|halves| StabilityPlan {
            halves,
            threshold: arguments.stable_from,
            alpha: arguments.selection.alpha,
            seed: arguments.seed,
        }),
    })
}

fn record(arguments: &Arguments, selected: &Selection, filled: usize) -> anyhow::Result<RunRecord> {
    let path = |path: &Option<PathBuf>| path.as_ref().map(|p| p.display().to_string());
    let mut files = vec![arguments.table.clone()];
    let more = arguments.inter.iter().chain(&arguments.intra);
    files.extend(more.chain(&arguments.foldid).cloned());
    let mut record = RunRecord::new(PROGRAM);
    record
        .seed(u64::from(arguments.seed))
        .option("table", arguments.table.display().to_string())
        .option("outcome", arguments.outcome.as_str())
        .option("id", arguments.id.as_deref())
        .option("ignore", arguments.ignore.clone())
        .option("inter", path(&arguments.inter))
        .option("intra", path(&arguments.intra))
        .option("foldid", path(&arguments.foldid))
        .option("train_where", arguments.train_where.as_deref())
        .option("missing", format!("{:?}", arguments.missing).to_lowercase())
        .option("score_name", arguments.score_name.as_str())
        .option("selection", arguments.selection.record())
        .option("nested", arguments.nested)
        .option("nested_repeats", arguments.nested_repeats)
        .option("permutations", arguments.permutations)
        .option("stability", arguments.stability)
        .option("stable_from", arguments.stable_from)
        .option("warnings", selected.warnings())
        .count("filled cells", filled)
        .count("rows", selected.input().ids.len())
        .count("training rows", selected.input().training.len())
        .count("training events", selected.fitted.n_events)
        .count("features", selected.input().names.len())
        .count("selected", selected.score().terms.len())
        .inputs(hash_files(&files)?);
    Ok(record)
}

/// What a user wants to know at once: warnings on standard error, counts and AUCs on standard output.
fn summarize(selected: &Selection, judged: &Judged, arguments: &Arguments) -> anyhow::Result<()> {
    for warning in selected.warnings() {
        program::warn(&warning);
    }
    let mut text = String::new();
    for (step, kept, dropped) in selected.funnel() {
        writeln!(text, "{step:<22} {kept:>6} features, {dropped:>6} dropped")?;
    }
    for line in selected.performance()?.into_iter().chain(judged.lines()) {
        writeln!(text, "{line}")?;
    }
    writeln!(text, "results: {}", arguments.out.display())?;
    program::say(&text)
}

fn read_input(arguments: &Arguments) -> anyhow::Result<SelectionInput> {
    let table = CsvTable::read(&arguments.table)?;
    let roles = Roles::new(&table, arguments)?;
    let outcome = table.outcomes(roles.outcome)?;
    let features = roles.features(&table)?;
    let ids = match roles.id {
        Some(column) => unique_ids(&table, column)?,
        None => (1..=table.rows.len()).map(|row| row.to_string()).collect(),
    };
    let names: Vec<String> = features
        .iter()
        .map(|&column| table.header[column].clone())
        .collect();
    let remedy = match arguments.missing {
        MissingChoice::Error => Some("--missing drops such columns or fills such cells"),
        _ => None,
    };
    let values = numbers(&table, &features, remedy)?;
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
        training: roles.training,
        repeats,
        left_out: Vec::new(),
        impute: None,
    })
}

/// What the columns of the table are.
struct Roles {
    outcome: usize,
    id: Option<usize>,
    /// No features for another reason.
    others: Vec<usize>,
    /// Rows to fit on.
    training: Vec<usize>,
}

impl Roles {
    fn new(table: &CsvTable, arguments: &Arguments) -> anyhow::Result<Self> {
        let outcome = table.column(&arguments.outcome).context("--outcome")?;
        let id = arguments
            .id
            .as_deref()
            .map(|name| table.column(name).context("--id"))
            .transpose()?;
        let mut others = Vec::new();
        for name in &arguments.ignore {
            others.extend(ignored(table, name).context("--ignore")?);
        }
        let all_rows = || (0..table.rows.len()).collect();
        let (condition, training) = match arguments.train_where.as_deref() {
            None => (None, all_rows()),
            Some(condition) => {
                let (column, rows) = table.rows_where(condition).context("--train-where")?;
                (Some(column), rows)
            }
        };
        for (option, column) in [("--id", id), ("--train-where", condition)] {
            if column == Some(outcome) {
                let text = format!(
                    "{option}: expected another column than the outcome, found \"{}\"",
                    arguments.outcome
                );
                return Err(WrongUsage(text).into());
            }
        }
        others.extend(condition);
        Ok(Self {
            outcome,
            id,
            others,
            training,
        })
    }

    /// All other columns.
    fn features(&self, table: &CsvTable) -> anyhow::Result<Vec<usize>> {
        let features: Vec<usize> = (0..table.header.len())
            .filter(|&j| j != self.outcome && Some(j) != self.id && !self.others.contains(&j))
            .collect();
        if features.is_empty() {
            bail!(
                "{}: expected at least one feature column, found none beside {}",
                table.path.display(),
                quoted_list(&table.header)
            );
        }
        Ok(features)
    }
}

/// The columns of a name, or of a beginning with a star behind it.
fn ignored(table: &CsvTable, name: &str) -> anyhow::Result<Vec<usize>> {
    let Some(beginning) = name.strip_suffix('*') else {
        return Ok(vec![table.column(name)?]);
    };
    let columns: Vec<usize> = (0..table.header.len())
        .filter(|&j| table.header[j].starts_with(beginning))
        .collect();
    if columns.is_empty() {
        bail!(
            "{}: expected columns \"{name}\", found {}",
            table.path.display(),
            quoted_list(&table.header)
        );
    }
    Ok(columns)
}

/// Names of columns without a single number, for a hint.
fn text_columns(table: &CsvTable, columns: &[usize]) -> Vec<String> {
    let is_text = |&&column: &&usize| {
        let mut cells = table.rows.iter().map(|row| row[column].as_str());
        cells.all(|cell| cell.parse::<f64>().is_err())
    };
    let text = columns.iter().filter(is_text);
    text.map(|&column| table.header[column].clone()).collect()
}

/// Columns as numbers; gaps are NaN, or refused with a remedy.
fn numbers(
    table: &CsvTable,
    columns: &[usize],
    remedy: Option<&str>,
) -> anyhow::Result<Array2<f64>> {
    let mut values = Array2::zeros((table.rows.len(), columns.len()));
    for (j, &column) in columns.iter().enumerate() {
        let name = &table.header[column];
        let read = table.numbers_with_gaps(column).map_err(|error| {
            let mut text = text_columns(table, columns);
            if !text.contains(name) {
                text = vec![name.clone()];
            }
            anyhow!(
                "{error}; --ignore leaves out columns that are no features, such as {}",
                quoted_list(&text)
            )
        })?;
        for (i, value) in read.into_iter().enumerate() {
            if let Some(remedy) = remedy.filter(|_| value.is_nan()) {
                bail!(
                    "{}: expected a number, found {}; {remedy}",
                    table.place(i, column),
                    found(&table.rows[i][column])
                );
            }
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
    let columns = feature_columns(&table, names)?;
    let remedy = match missing {
        MissingChoice::Error => Some(
            "--missing drop leaves out such features, --missing median judges them without this case",
        ),
        _ => None,
    };
    Ok(RepeatedReading {
        name: name.to_owned(),
        rows,
        values: numbers(&table, &columns, remedy)?,
    })
}

/// The columns of the features in another table.
fn feature_columns(table: &CsvTable, names: &[String]) -> anyhow::Result<Vec<usize>> {
    let place: HashMap<&str, usize> = table
        .header
        .iter()
        .enumerate()
        .map(|(column, name)| (name.as_str(), column))
        .collect();
    let missing: Vec<&String> = names
        .iter()
        .filter(|name| !place.contains_key(name.as_str()))
        .collect();
    if !missing.is_empty() {
        bail!(
            "{}: expected the {} features of the main table, found no column {}",
            table.path.display(),
            names.len(),
            quoted_list(&missing)
        );
    }
    Ok(names.iter().map(|name| place[name.as_str()]).collect())
}

/// Fold numbers may start anywhere; they are renumbered in ascending order.
fn read_folds(path: &Path, arguments: &Arguments, input: &SelectionInput) -> anyhow::Result<Folds> {
    let table = CsvTable::read(path)?;
    let id_column = table.column(arguments.id.as_deref().unwrap_or_default())?;
    let fold_column = table.column("fold")?;
    let ids = unique_ids(&table, id_column)?;
    let known: HashSet<&str> = input.ids.iter().map(String::as_str).collect();
    let mut fold_of = HashMap::new();
    for (row, id) in ids.iter().enumerate() {
        if !known.contains(id.as_str()) {
            bail!(
                "{}: expected a case of the main table, found \"{id}\"",
                table.place(row, id_column)
            );
        }
        let cell = &table.rows[row][fold_column];
        let fold: u64 = cell.parse().ok().with_context(|| {
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
