//! The parts of an extraction by shards, joined to what a single run without shards writes, byte for byte.
//!
//! Every part has a run record that [describes](PartDescription) it. From the records alone follow the [checks](check) (is every
//! shard there once, made by the same program with the same options from the same files) and the columns of the whole; then the
//! parts are read row by row, in turn, and never held in memory.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde_json::Value;

use crate::feature_rows::{Columns, Format};
use crate::program::WrongUsage;
use crate::progress;
use crate::run_record::{InputFile, RunRecord, record_beside};

mod checks;
mod description;
mod files;
mod json;
mod part;
mod table;

pub use checks::check;
pub use description::{NewColumns, PartDescription, RowsOfCases};
pub use part::Part;

use files::Unfinished;

/// What a merge has written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Merged {
    /// Rows, one a region.
    pub rows: usize,
    /// Rows that have a reason instead of features.
    pub failed: usize,
}

/// Joins parts to `out` and writes its run record; nothing is written unless everything [agrees](check).
///
/// # Errors
/// The [faults](crate::faults::Faults) of the parts, one line each; an output that is itself a part; a file that cannot be written.
pub fn merge(table: &Path, parts: &[PathBuf], out: &Path) -> anyhow::Result<Merged> {
    if is_same_file(table, out) || parts.iter().any(|part| is_same_file(part, out)) {
        let problem = format!(
            "--out {}: expected another file than the table and the parts",
            out.display()
        );
        return Err(WrongUsage(problem).into());
    }
    let whole = check(table, parts)?;
    let mut features = Unfinished::create(out)?;
    whole.write_rows(&mut features)?;
    let record_path = record_beside(out);
    let mut record = Unfinished::create(&record_path)?;
    let failed = whole.failed;
    let rows = whole.rows;
    whole.write_record(out, &mut record)?;
    features.finish()?;
    record.finish()?;
    Ok(Merged { rows, failed })
}

/// Parts that belong together.
#[derive(Debug)]
pub struct Whole {
    /// By shard.
    parts: Vec<Part>,
    n_cases: usize,
    format: Format,
    columns: Columns,
    inputs: Vec<InputFile>,
    rows: usize,
    failed: usize,
}

impl Whole {
    fn write_rows(&self, out: &mut impl Write) -> anyhow::Result<()> {
        match self.format {
            Format::Csv | Format::Long => table::write(self, out),
            Format::Json => json::write(self, out),
        }
    }

    /// Calls `take` with the part whose next row is due, for every row of the whole.
    fn in_turn(&self, mut take: impl FnMut(usize) -> anyhow::Result<()>) -> anyhow::Result<()> {
        let mut counts: Vec<_> = self
            .parts
            .iter()
            .map(|part| part.description.rows_of_cases())
            .collect();
        let bar = progress::bar(self.n_cases, "merge");
        for case in 0..self.n_cases {
            let part = case % self.parts.len();
            let Some(rows) = counts[part].next() else {
                bail!("{}: has no case {case}", self.parts[part].path.display());
            };
            for _ in 0..rows {
                take(part)?;
            }
            bar.inc(1);
        }
        bar.finish_and_clear();
        Ok(())
    }

    /// The record of a single run: that of any part, without what is particular to it.
    fn write_record(self, out: &Path, to: &mut impl Write) -> anyhow::Result<()> {
        let n_features = self.columns.features.len();
        let first = self.parts.into_iter().next();
        let mut record: RunRecord = first.context("expected at least one part")?.record;
        record
            .output(out)
            .option("shard", Value::Null)
            .inputs(self.inputs)
            .count("cases", self.n_cases)
            .count("rows", self.rows)
            .count("failed", self.failed)
            .count("features", n_features);
        record.write_to(to)
    }
}

fn is_same_file(one: &Path, other: &Path) -> bool {
    match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}
