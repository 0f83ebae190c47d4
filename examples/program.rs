//! What every program does the same way: arguments, one-line errors, exit codes.

use std::borrow::Cow;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use clap::error::ErrorKind;

use crate::faults::Faults;

/// How a program that ran to its end ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Everything was done: exit code 0.
    Done,
    /// Some cases failed and were reported; all others were written: exit code 1.
    SomeCasesFailed,
}

/// Wrong usage found after parsing, such as two options that exclude each other: exit code 2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongUsage(pub String);

impl std::fmt::Display for WrongUsage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for WrongUsage {}

/// Parses the command line and runs `main` with it.
///
/// Exit code 0 when all was done (also for `--help` and `--version`), 1 for bad input or failed cases, 2 for wrong usage. Errors are printed
/// on stderr, each on one line.
pub fn run<A: Parser>(main: impl FnOnce(A) -> anyhow::Result<Ending>) -> ExitCode {
    run_from(std::env::args_os(), main)
}

/// As [`run`], with a command line that the program has looked at before; its first entry is the program's name.
pub fn run_from<A: Parser>(
    command_line: impl IntoIterator<Item = OsString>,
    main: impl FnOnce(A) -> anyhow::Result<Ending>,
) -> ExitCode {
    let arguments = match A::try_parse_from(command_line) {
        Ok(arguments) => arguments,
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
            ) =>
        {
            // A closed pipe (`--help | head -1`) is not the user's fault.
            let _ = error.print();
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            complain(&usage_line(&error.to_string()));
            return ExitCode::from(2);
        }
    };
    match main(arguments) {
        Ok(Ending::Done) => ExitCode::SUCCESS,
        Ok(Ending::SomeCasesFailed) => ExitCode::from(1),
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            if let Some(faults) = error.downcast_ref::<Faults>() {
                faults.to_string().lines().for_each(complain);
            } else {
                complain(&one_line(&with_causes(&error)));
            }
            ExitCode::from(if error.is::<WrongUsage>() { 2 } else { 1 })
        }
    }
}

/// Most worker threads: a system takes minutes to begin as many as it can name.
const MAX_JOBS: usize = 1024;

/// Limits the worker threads of this process; `None` takes all cores.
///
/// # Errors
/// When `jobs` is 0 or above 1024.
pub fn set_jobs(jobs: Option<usize>) -> anyhow::Result<()> {
    if let Some(jobs) = jobs {
        if !(1..=MAX_JOBS).contains(&jobs) {
            let problem = format!("--jobs: expected 1 to {MAX_JOBS}, found {jobs}");
            return Err(WrongUsage(problem).into());
        }
        rayon::ThreadPoolBuilder::new()
            .num_threads(jobs)
            .build_global()?;
    }
    Ok(())
}

/// Prints on standard output. A reader that has gone away (`| head -1`) has seen what it wanted.
///
/// # Errors
/// When the output cannot be written for another reason, such as a full disk.
pub fn say(text: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(error).context("cannot write to standard output")
        }
        _ => Ok(()),
    }
}

/// Prints one line on stderr that something failed.
pub fn complain(line: &str) {
    tell("error: ", line);
}

/// Prints one line on stderr that something should be known.
pub fn warn(line: &str) {
    tell("warning: ", line);
}

fn tell(kind: &str, line: &str) {
    // With stderr closed there is nobody to tell.
    let _ = writeln!(io::stderr(), "{kind}{}", printable(line));
}

/// Most characters of a line on stderr.
const MAX_LINE: usize = 4000;

/// A line without what a file or a name must not do to a terminal: no line ends, no control characters, no end of length.
fn printable(line: &str) -> Cow<'_, str> {
    let fits = line.len() <= MAX_LINE && !line.chars().any(char::is_control);
    if fits {
        return Cow::Borrowed(line);
    }
    let mut text = String::new();
    for (k, letter) in line.chars().enumerate() {
        match letter {
            _ if k == MAX_LINE => {
                text.push('\u{2026}');
                break;
            }
            '\n' | '\r' | '\t' => text.push(' '),
            letter if letter.is_control() => {
                // Writing to a text cannot fail.
                let _ = write!(text, "{}", letter.escape_unicode());
            }
            letter => text.push(letter),
        }
    }
    Cow::Owned(text)
}

/// The parser's message without its usage text: its first paragraph and any tip, on one line.
fn usage_line(message: &str) -> String {
    let message = message.strip_prefix("error: ").unwrap_or(message);
    let told: Vec<&str> = message
        .lines()
        .map(str::trim)
        .take_while(|line| !line.starts_with("Usage:"))
        .collect();
    let told = one_line(&told.join("\n"));
    let told = told
        .strip_suffix("For more information, try '--help'.")
        .unwrap_or(&told);
    format!("{} (--help explains the options)", told.trim_end())
}

/// The error and its causes, but for those that the text before them tells already.
pub fn with_causes(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if text.is_empty() {
            text = cause;
        } else if !text.ends_with(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause
            .downcast_ref::<io::Error>()
            .is_some_and(|io| io.kind() == io::ErrorKind::BrokenPipe)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_stays_one_line_of_bearable_length() {
        assert_eq!(printable("a \u{e4}"), "a \u{e4}");
        assert_eq!(printable("a\nb\0c\u{1b}[31m"), "a b\\u{0}c\\u{1b}[31m");
        let long = "x".repeat(10 * MAX_LINE);
        assert_eq!(printable(&long).chars().count(), MAX_LINE + 1);
    }

    #[test]
    fn a_cause_is_told_once() {
        let missing = || io::Error::new(io::ErrorKind::NotFound, "not there");
        let told: anyhow::Error = anyhow::Error::from(missing()).context("a.nii: not there");
        assert_eq!(with_causes(&told), "a.nii: not there");
        let open: anyhow::Result<()> = Err(missing()).context("a.nii: cannot open");
        assert_eq!(
            with_causes(&open.unwrap_err()),
            "a.nii: cannot open: not there"
        );
    }

    #[test]
    fn usage_errors_fit_on_one_line() {
        let message = "error: the following required arguments were not provided:\n  <IMAGE>\n\nUsage: x <IMAGE>\n\nFor more information, try '--help'.\n";
        assert_eq!(
            usage_line(message),
            "the following required arguments were not provided: <IMAGE> (--help explains the options)"
        );
    }
}
