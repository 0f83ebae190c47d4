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

/// Characters across a column, with room between columns: numbers stay on one line, text wraps.
fn natural_width(table: &Table, column: usize, numeric: bool) -> usize {
    let word = |text: &str| {
        text.split_whitespace()
            .map(|word| word.chars().count().min(LONGEST_WORD))
            .max()
    };
    let cells = table.rows.iter().map(|row| match numeric {
        true => row[column].chars().count(),
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
    for row in &table.rows {
        body += "<tr>";
        for (cell, &numeric) in row.iter().zip(&numeric) {
            let _ = write!(
                body,
                "<td{}>{}</td>",
                class(numeric),
                escape(&typographic(cell))
            );
        }
        body += "</tr>\n";
    }
    let mut head = String::new();
    for (name, &numeric) in table.header.iter().zip(&numeric) {
        let _ = write!(
            head,
            "<th scope=\"col\"{}>{}</th>",
            class(numeric),
            escape(name)
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
    cells.peek().is_some()
        && cells.all(|cell| {
            cell == "NaN"
                || cell == "–"
                || cell
                    .trim_start_matches(['<', '>', '+', '-', '−', '.', ' '])
                    .starts_with(|c: char| c.is_ascii_digit())
        })
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
        assert_eq!(fit(8), Fit::Sideways);
        assert_eq!(fit(25), Fit::Squeezed);
    }

    #[test]
    fn an_empty_table_says_so() {
        let html = table_html(&Table::new("t", ["a"]), 1);
        assert!(html.contains("<p class=\"note\">No rows.</p>"), "{html}");
    }
}
