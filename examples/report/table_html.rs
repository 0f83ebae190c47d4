//! Tables of the page.

use std::fmt::Write;

use super::Table;
use super::html::escape;

/// Characters of a table's natural width that fit on paper, upright and on its side.
const PORTRAIT: usize = 135;
const LANDSCAPE: usize = 215;
/// Text wraps at this many characters before a table is called wide, and words as long as this are broken.
const WRAP: usize = 28;
const LONGEST_WORD: usize = 40;

/// Characters of an interval that may go below its number: shorter ones stay beside it, longer ones are text.
const INTERVAL: std::ops::RangeInclusive<usize> = 8..=28;

/// How a table goes on paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fit {
    /// On an upright page.
    Upright,
    /// On a page on its side.
    Sideways,
    /// On a page on its side in small print, broken wherever it has to be.
    Squeezed,
}

impl Fit {
    fn of(table: &Table, numeric: &[bool]) -> Self {
        let width: usize = (0..table.header.len())
            .map(|column| natural_width(table, column, numeric[column]))
            .sum();
        match width {
            0..=PORTRAIT => Self::Upright,
            width if width <= LANDSCAPE => Self::Sideways,
            _ => Self::Squeezed,
        }
    }

    fn class(self) -> &'static str {
        match self {
            Self::Upright => "table",
            Self::Sideways => "table sideways",
            Self::Squeezed => "table sideways squeezed",
        }
    }
}

/// Characters across a column, with room between columns: text wraps, and numbers do before their interval.
fn natural_width(table: &Table, column: usize, numeric: bool) -> usize {
    let word = |text: &str| {
        text.split_whitespace()
            .map(|word| word.chars().count().min(LONGEST_WORD))
            .max()
    };
    let cells = table.rows.iter().map(|row| match numeric {
        true => {
            let (number, interval) = pieces(&row[column]);
            number.chars().count().max(interval.chars().count())
        }
        false => {
            let whole = row[column].chars().count().min(WRAP);
            whole.max(word(&row[column]).unwrap_or(0))
        }
    });
    let head = word(&table.header[column]).unwrap_or(0);
    cells.fold(head, usize::max) + 3
}

/// A table with its number, its caption and room for its controls.
pub(super) fn table_html(table: &Table, n: usize) -> String {
    let numeric: Vec<bool> = (0..table.header.len())
        .map(|k| k > 0 && is_numeric_column(table, k))
        .collect();
    let mut body = String::new();
    let groups = group_starts(table);
    for (row, starts) in table.rows.iter().zip(groups) {
        body += match starts {
            true => "<tr class=\"group\">",
            false => "<tr>",
        };
        for (k, (cell, &numeric)) in row.iter().zip(&numeric).enumerate() {
            let (cell, class) = (cell_html(&typographic(cell)), class(numeric));
            // The first cell names its row to whoever hears the table.
            let _ = match k {
                0 => write!(body, "<th scope=\"row\">{cell}</th>"),
                _ => write!(body, "<td{class}>{cell}</td>"),
            };
        }
        body += "</tr>\n";
    }
    let mut head = String::new();
    for (name, &numeric) in table.header.iter().zip(&numeric) {
        let _ = write!(
            head,
            "<th scope=\"col\"{}>{}</th>",
            class(numeric),
            heading_html(name)
        );
    }
    let mut notes: Vec<&str> = table.note.as_deref().into_iter().collect();
    if table.rows.is_empty() {
        notes.insert(0, "No rows.");
    }
    frame(
        Fit::of(table, &numeric).class(),
        n,
        &table.caption,
        &head,
        &body,
        &notes,
    )
}

/// A table of text whose cells are HTML already.
pub(super) fn text_table_html(
    n: usize,
    caption: &str,
    header: &[&str],
    rows: &[Vec<String>],
) -> String {
    let head: String = header
        .iter()
        .map(|name| format!("<th scope=\"col\">{}</th>", escape(name)))
        .collect();
    let body: String = rows
        .iter()
        .map(|row| format!("<tr><td>{}</td></tr>\n", row.join("</td><td>")))
        .collect();
    frame("table text", n, caption, &head, &body, &[])
}

/// The caption stands outside of what scrolls, so that it is read on narrow screens.
fn frame(class: &str, n: usize, caption: &str, head: &str, body: &str, notes: &[&str]) -> String {
    let caption = escape(caption);
    let notes: String = notes
        .iter()
        .filter(|note| !note.is_empty())
        .map(|note| format!("<p class=\"note\">{}</p>\n", escape(note)))
        .collect();
    format!(
        "<div class=\"{class}\" id=\"table-{n}\">\n\
         <div class=\"head\"><p class=\"caption\" id=\"caption-{n}\"><b>Table {n}.</b> {caption}</p></div>\n\
         <div class=\"scroll\" role=\"region\" aria-labelledby=\"caption-{n}\" tabindex=\"0\">\n\
         <table aria-labelledby=\"caption-{n}\">\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody>\n</table>\n</div>\n{notes}</div>\n"
    )
}

fn class(numeric: bool) -> &'static str {
    if numeric { " class=\"number\"" } else { "" }
}

/// Cells that begin with a digit, a sign or a comparison are numbers, also with an interval behind them.
fn is_numeric_column(table: &Table, column: usize) -> bool {
    let mut cells = table
        .rows
        .iter()
        .map(|row| row[column].trim())
        .filter(|cell| !cell.is_empty())
        .peekable();
    cells.peek().is_some() && cells.all(|cell| cell == "NaN" || cell == "–" || is_number(cell))
}

fn is_number(cell: &str) -> bool {
    cell.trim_start_matches(['<', '>', '+', '-', '−', '.', ' '])
        .starts_with(|c: char| c.is_ascii_digit())
}

/// Of each row whether it begins another group of rows with one label, in a table that has such groups.
fn group_starts(table: &Table) -> Vec<bool> {
    let repeats = |pair: &[Vec<String>]| pair[0].first() == pair[1].first();
    let grouped = table.rows.windows(2).any(repeats);
    let starts = table.rows.windows(2).map(|pair| grouped && !repeats(pair));
    std::iter::once(false).chain(starts).collect()
}

/// Numbers go apart before their interval only, and the indent of a label stays with its first word.
fn cell_html(cell: &str) -> String {
    if is_number(cell) {
        return pieces_html(cell);
    }
    let label = cell.trim_start();
    if label.len() == cell.len() {
        return escape(cell);
    }
    let first = label.find(' ').unwrap_or(label.len());
    let (start, rest) = cell.split_at(cell.len() - label.len() + first);
    format!(
        "<span class=\"piece\">{}</span>{}",
        escape(start),
        escape(rest)
    )
}

/// A number and its interval, which may stand on a line of its own; the second is empty where there is none, or a text that has to wrap.
fn pieces(cell: &str) -> (&str, &str) {
    let at = cell.find(" [").or_else(|| cell.find(" ("));
    match at.map(|at| (&cell[..at], &cell[at + 1..])) {
        Some((number, interval)) if INTERVAL.contains(&interval.chars().count()) => {
            (number, interval)
        }
        _ => (cell, ""),
    }
}

/// A heading goes apart anywhere but within its parentheses.
fn heading_html(name: &str) -> String {
    match pieces(name) {
        (name, "") => escape(name),
        (name, unit) => format!(
            "{} <span class=\"piece\">{}</span>",
            escape(name),
            escape(unit)
        ),
    }
}

fn pieces_html(cell: &str) -> String {
    match pieces(cell) {
        (number, "") => escape(number),
        (number, interval) => format!(
            "<span class=\"piece\">{}</span> <span class=\"piece\">{}</span>",
            escape(number),
            escape(interval)
        ),
    }
}

/// A cell whose number, if it begins with one, has the minus sign of print; the CSV has it back.
fn typographic(cell: &str) -> std::borrow::Cow<'_, str> {
    match cell.strip_prefix('-') {
        Some(rest) if rest.starts_with(|c: char| c.is_ascii_digit()) => {
            format!("\u{2212}{rest}").into()
        }
        _ => cell.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_turns_before_it_is_cut() {
        let fit = |n: usize| {
            let names: Vec<String> = (0..n).map(|k| format!("Column {k}")).collect();
            let cells = vec!["0.812 (0.745-0.879)"; n];
            let table = Table::new("t", names).row(cells);
            let numeric: Vec<bool> = (0..n).map(|k| is_numeric_column(&table, k)).collect();
            Fit::of(&table, &numeric)
        };
        assert_eq!(fit(4), Fit::Upright);
        assert_eq!(fit(9), Fit::Sideways);
        assert_eq!(fit(25), Fit::Squeezed);
    }

    #[test]
    fn an_interval_may_stand_below_its_number() {
        assert_eq!(
            pieces("0.81 (0.74\u{2013}0.88)"),
            ("0.81", "(0.74\u{2013}0.88)")
        );
        assert_eq!(
            pieces("90.1 (64/71) [80.7\u{2013}95.9]"),
            ("90.1 (64/71)", "[80.7\u{2013}95.9]")
        );
        assert_eq!(pieces("0.81"), ("0.81", ""));
        assert_eq!(pieces("19 (76.0)"), ("19 (76.0)", ""));
    }

    #[test]
    fn an_indent_stays_with_its_word() {
        let indented = cell_html("\u{2003}not circumscribed");
        assert_eq!(
            indented,
            "<span class=\"piece\">\u{2003}not</span> circumscribed"
        );
        assert_eq!(cell_html("a < b"), "a &lt; b");
    }

    #[test]
    fn rows_with_one_label_are_a_group() {
        let starts = |labels: [&str; 3]| {
            group_starts(&Table::new("t", ["split"]).rows(labels.map(|label| [label])))
        };
        assert_eq!(starts(["a", "a", "b"]), [false, false, true]);
        assert_eq!(starts(["a", "b", "c"]), [false, false, false]);
    }

    #[test]
    fn an_empty_table_says_so() {
        let html = table_html(&Table::new("t", ["a"]), 1);
        assert!(html.contains("<p class=\"note\">No rows.</p>"), "{html}");
    }
}
