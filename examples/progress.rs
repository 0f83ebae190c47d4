//! Progress on stderr; silent when stderr is no terminal.

use std::io::{self, IsTerminal, Write};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar that counts `n` units of `what`. It vanishes when finished or dropped.
pub fn bar(n: usize, what: &str) -> ProgressBar {
    let target = if std::io::stderr().is_terminal() {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    };
    let style = ProgressStyle::with_template(
        "{msg:24} {bar:32} {pos}/{len}  {elapsed} elapsed, {eta} to go",
    )
    // The template is our own; a plain bar would do as well.
    .unwrap_or_else(|_| ProgressStyle::default_bar())
    .progress_chars("=> ");
    ProgressBar::with_draw_target(Some(n as u64), target)
        .with_style(style)
        .with_message(what.to_owned())
}

/// A count of `what` whose end is not known. It vanishes when finished or dropped.
pub fn counter(what: &str) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg:24} {pos}  {elapsed} elapsed")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    bar(0, what).with_style(style)
}

/// Prints one line about a finished step, only where somebody is watching.
pub fn step(line: &str) {
    let mut stderr = io::stderr();
    if stderr.is_terminal() {
        // A terminal that has gone away is nobody watching.
        let _ = writeln!(stderr, "{line}");
    }
}
