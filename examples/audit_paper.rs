//! The tables of a publication against themselves: whole counts, intervals, p-values, agreement, sums.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, ValueEnum};

use eval_stats::audit::{Rounding, Severity};
use examples::audit::sheet::Sheet;
use examples::audit::{AuditSettings, PaperAudit, audit_tables, output};
use examples::output_folder::{ExistingOptions, OutputFolder, refuse_inputs_inside};
use examples::program::{self, Ending, WrongUsage};
use examples::run_record::{RunRecord, hash_files};

const PROGRAM: &str = "audit_paper";

const TABLES: &str = "\
Tables are CSV files with a header, one kind a file, recognized by its columns (in any order; those in brackets may be left out or their cells empty):
  performance  model [set n events auc ci_low ci_high acc sen spe ppv npv]   models on data sets
  readers      reader [condition set n events auc acc sen spe ppv npv]       readers of images; the AUC is that of their calls
  agreement    kappa [set condition pair]                                    kappas; the readers come from a readers table
  regression   term or|hr|rr [model factor ci_low ci_high p count n events]  ratios; with count (patients at this level), n and events the ORs are
                                                                             also recomputed. Levels of one factor share its name; the reference
                                                                             level is a row with \"ref\" for the ratio, or the rest of n
  baseline     variable [level], then a column for each group                61, 61 (14.5), 54.0±10.6 or 52 (45-60); group sizes in a row \"n\"
                                                                             or in the header, as in \"training (n=421)\"
  cutoffs      score cutoff [scale]                                          scale: points or probability
  calibration  hl_p [set model]                                              Hosmer-Lemeshow tests, which print cannot check
Numbers are written as printed, as their decimals count: 0.80, .80, 0·80, 80.5 %, <.001, 1.62 (0.82, 1.79), .78 (.74–.82). Limits may stand in the cell of
their estimate, in a column ci, or in ci_low and ci_high. Empty, -, NA and NR say that nothing was printed.

Example of a performance table:
  set,model,n,events,auc,ci_low,ci_high,acc,sen,spe,ppv,npv
  internal,clinical,106,72,.79,.70,.86,79.2,90.3,55.9,81.3,73.1
  internal,LN score,106,72,.83,.77,.88,73.6,70.8,79.4,87.9,56.3

Example:
  cargo run --release --example audit_paper -- performance.csv regression.csv baseline.csv readers.csv agreement.csv --radius 20 --out out/audit";

/// Checks published tables against themselves: can percentages come from whole counts, and of which group; do ratios, intervals and p-values agree; which
/// method gives an AUC interval; whose agreement is a kappa; do categories and groups add up. Findings are results, not errors: the exit code is 0 whenever
/// the audit ran. With --out it writes findings.csv, findings.json, counts.csv (recovered whole counts) and run.json.
#[derive(Debug, Parser)]
#[command(name = PROGRAM, version, after_help = TABLES)]
struct Arguments {
    /// Tables of one publication.
    #[arg(required = true, value_name = "TABLE.csv")]
    tables: Vec<PathBuf>,
    /// Confidence level of the printed intervals.
    #[arg(long, default_value_t = 0.95, value_name = "LEVEL")]
    level: f64,
    /// How far from printed numbers of patients and events others are searched, where the printed ones cannot be.
    #[arg(long, default_value_t = 20, value_name = "N", value_parser = clap::value_parser!(u64).range(..=1000))]
    radius: u64,
    /// How the numbers were rounded.
    #[arg(long, value_enum, default_value_t = Convention::Nearest)]
    rounding: Convention,
    /// Variables of baseline tables that are whole numbers, separated by commas: their means and SDs are checked (GRIM, GRIMMER).
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    whole_numbers: Vec<String>,
    /// The column of baseline tables that is the sum of the others; by default one called total, overall or all.
    #[arg(long, value_name = "COL")]
    total: Option<String>,
    /// Folder for the results; by default only the summary is printed.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Replace the results of an earlier run in the output folder.
    #[arg(long, requires = "out")]
    overwrite: bool,
}

/// How numbers were rounded for print.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Convention {
    /// To the nearest, halves either way.
    Nearest,
    /// Halves away from zero.
    HalfUp,
    /// Halves to the even digit.
    HalfEven,
    /// Cut off.
    Truncated,
}

impl Convention {
    fn rounding(self) -> Rounding {
        match self {
            Self::Nearest => Rounding::Nearest,
            Self::HalfUp => Rounding::HalfUp,
            Self::HalfEven => Rounding::HalfEven,
            Self::Truncated => Rounding::Truncated,
        }
    }
}

fn main() -> ExitCode {
    program::run(audit)
}

fn audit(arguments: Arguments) -> anyhow::Result<Ending> {
    if !(arguments.level > 0.0 && arguments.level < 1.0) {
        return Err(WrongUsage(format!(
            "--level: expected a number between 0 and 1, found {}",
            arguments.level
        ))
        .into());
    }
    let rounding = arguments.rounding.rounding();
    let sheets: Vec<Sheet> = arguments
        .tables
        .iter()
        .map(|path| Sheet::read(path, rounding))
        .collect::<anyhow::Result<_>>()?;
    let settings = AuditSettings {
        level: arguments.level,
        radius: arguments.radius,
        whole_numbers: arguments.whole_numbers.clone(),
        total: arguments.total.clone(),
    };
    let audit = audit_tables(&sheets, &settings)?;
    if let Some(out) = &arguments.out {
        let existing = ExistingOptions {
            overwrite: arguments.overwrite,
            resume: false,
        }
        .existing();
        let inputs: Vec<&Path> = arguments.tables.iter().map(PathBuf::as_path).collect();
        refuse_inputs_inside(out, &inputs)?;
        let folder = OutputFolder::begin(out, PROGRAM, existing)?;
        output::write(folder.path(), &sheets, &audit)?;
        record(&arguments, &audit)?.write(folder.path())?;
        folder.finish()?;
    }
    output::print(&sheets, &audit)?;
    Ok(Ending::Done)
}

fn record(arguments: &Arguments, audit: &PaperAudit) -> anyhow::Result<RunRecord> {
    let mut record = RunRecord::new(PROGRAM);
    record
        .option("level", arguments.level)
        .option("radius", arguments.radius)
        .option("rounding", arguments.rounding.rounding().to_string())
        .option("whole_numbers", arguments.whole_numbers.clone())
        .option("total", arguments.total.as_deref())
        .count("tables", arguments.tables.len())
        .count("findings", audit.findings.len())
        .count("recovered_rows", audit.counts.len())
        .inputs(hash_files(&arguments.tables)?);
    for severity in Severity::ALL {
        record.count(severity.name(), audit.count(severity));
    }
    Ok(record)
}
