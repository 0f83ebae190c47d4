//! Pipes: tables that come out of one, readers of the output that leave early, outputs that take no more.

#![cfg(unix)]

use std::fs::File;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::common::{json, program, program_path};
use crate::{PERFORMANCE, RUNS, whole_workplace, workplace, write};

/// Runs with stdout, stderr or both tied to something; what is tied is not in the result.
fn tied(folder: &Path, run: &[&str], out: Option<Stdio>, err: Option<Stdio>) -> Output {
    Command::new(program_path(run[0]))
        .current_dir(folder)
        .args(&run[1..])
        .stdin(Stdio::null())
        .stdout(out.unwrap_or_else(Stdio::piped))
        .stderr(err.unwrap_or_else(Stdio::piped))
        .output()
        .unwrap()
}

/// The end of a pipe that nobody reads.
fn unread() -> Stdio {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    writer.into()
}

/// Runs that print: features, checks, summaries, warnings.
const PRINTS: [&[&str]; 6] = [
    &["extract_radiomics", "batch.csv"],
    &[
        "extract_radiomics",
        "image0.png",
        "mask.png",
        "--image-type",
        "Wavelet",
    ],
    &["audit_paper", "performance.csv"],
    &["alnm_pipeline", "--manifest", "cohort.csv", "--check"],
    &["alnm_pipeline", "--help"],
    &["select_features", "--version"],
];

#[test]
fn a_reader_that_leaves_early_is_no_error() {
    let folder = whole_workplace(20);
    for run in PRINTS {
        let output = tied(folder.path(), run, Some(unread()), None);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{run:?}: {stderr}");
        assert!(
            !stderr.contains("panicked") && !stderr.contains("error"),
            "{stderr}"
        );
        // Warnings nobody reads are no error, either.
        let output = tied(folder.path(), run, None, Some(unread()));
        assert_eq!(output.status.code(), Some(0), "{run:?}");
        assert!(!output.stdout.is_empty(), "{run:?}");
    }
}

/// Programs that write a folder and print a summary of it finish both.
#[test]
fn results_are_complete_though_nobody_reads_the_summary() {
    let folder = whole_workplace(20);
    for run in RUNS {
        let out = format!("out-{}", run[0]);
        let run = [run, &["--out", &out]].concat();
        let output = tied(folder.path(), &run, Some(unread()), Some(unread()));
        assert_eq!(output.status.code(), Some(0), "{run:?}");
        assert!(folder.path().join(&out).exists(), "{run:?}");
        assert!(
            !folder.path().join(format!("{out}.partial")).exists(),
            "{run:?}"
        );
    }
}

/// Every write to this device fails as on a full disk.
#[cfg(target_os = "linux")]
#[test]
fn an_output_that_is_full_is_one_line() {
    let folder = whole_workplace(20);
    for run in &PRINTS[..4] {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let output = tied(folder.path(), run, Some(full.into()), None);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{run:?}: {stderr}");
        let errors = stderr.lines().filter(|line| !line.starts_with("warning: "));
        assert_eq!(errors.count(), 1, "{stderr}");
        assert!(stderr.contains("standard output"), "{stderr}");
    }
}

/// A pipe is read once only; its table is on record as if it had been a file.
#[test]
fn a_table_out_of_a_pipe_is_read_and_on_record() {
    let folder = workplace(0);
    let root = folder.path();
    write(root, "performance.csv", PERFORMANCE);
    for (run, file) in [
        (RUNS[0], "cases.csv"),
        (RUNS[2], "cases.csv"),
        (RUNS[3], "performance.csv"),
    ] {
        let record = |table: &str, out: &str| {
            let table = |word: &&'static str| {
                if *word == file {
                    table.to_owned()
                } else {
                    (*word).to_owned()
                }
            };
            program(run[0])
                .current_dir(root)
                .args(run[1..].iter().map(table))
                .args(["--out", out])
                .write_stdin(std::fs::read(root.join(file)).unwrap())
                .assert()
                .success();
            json(&root.join(out).join("run.json"))["inputs"][0].clone()
        };
        let from_file = record(file, &format!("file-{}", run[0]));
        let from_pipe = record("/dev/stdin", &format!("pipe-{}", run[0]));
        assert_eq!(from_pipe["path"], "/dev/stdin");
        assert_eq!(from_pipe["sha256"], from_file["sha256"]);
        assert_eq!(from_pipe["bytes"], from_file["bytes"]);
    }
}
