//! The parts of an extraction by shards, joined to the file that a single run writes.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::bail;
use clap::Parser;

use examples::merging::merge;
use examples::program::{self, Ending};

const PROGRAM: &str = "merge_features";

/// Joins the parts that extract_radiomics or extract_deep wrote with --shard to the file that a single run without --shard writes, byte
/// for byte, with its run record. Checks first that every shard is there once, that all parts were made by the same program with the same
/// options from the same files, and that no part is damaged; otherwise names every fault and writes nothing.
#[derive(Debug, Parser)]
#[command(
    name = PROGRAM,
    version,
    after_help = "Exit code 1 with an output means that single cases failed, as in the parts; without one, that the parts were refused.\n\nExample:\n  cargo run --release --example merge_features -- batch.csv --part parts/0.csv parts/1.csv parts/2.csv --out features/radiomics.csv"
)]
struct Arguments {
    /// The batch table that the parts were made from.
    #[arg(value_name = "BATCH.csv")]
    table: PathBuf,
    /// The parts, in any order, each with its run record FILE.run.json or run.json beside it.
    #[arg(long = "part", value_name = "FILE", required = true, num_args = 1..)]
    parts: Vec<PathBuf>,
    /// File for the features, in the layout of the parts. A run record is written beside it: run.json, or OUT.run.json where run.json belongs to another output.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Replace an earlier output.
    #[arg(long)]
    overwrite: bool,
    /// Worker threads that check the parts [default: one for each core].
    #[arg(long, value_name = "N")]
    jobs: Option<usize>,
}

fn main() -> ExitCode {
    program::run(join)
}

fn join(arguments: Arguments) -> anyhow::Result<Ending> {
    program::set_jobs(arguments.jobs)?;
    let shown = arguments.out.display();
    if arguments.out.is_dir() {
        bail!("{shown}: expected a file name for --out, found a folder");
    }
    if arguments.out.exists() && !arguments.out.is_file() {
        bail!("{shown}: expected a file name for --out, found a device or pipe");
    }
    if arguments.out.exists() && !arguments.overwrite {
        bail!("{shown}: exists; give --overwrite or another --out");
    }
    let merged = merge(&arguments.table, &arguments.parts, &arguments.out)?;
    if merged.failed == 0 {
        return Ok(Ending::Done);
    }
    program::complain(&format!(
        "{} of {} rows failed; their reasons stand as \"error\" in {shown}",
        merged.failed, merged.rows
    ));
    Ok(Ending::SomeCasesFailed)
}
