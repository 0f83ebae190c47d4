//! The page itself.

use std::fmt::Write;

use super::inline_svg::inline;
use super::{Block, Report, Table};

const STYLE: &str = include_str!("style.css");

/// Figures and tables are numbered over the whole report.
#[derive(Default)]
struct Numbering {
    figures: usize,
    tables: usize,
}

pub(super) fn page(report: &Report) -> String {
    let title = escape(&report.title);
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n\
         <style>\n{STYLE}</style>\n</head>\n<body>\n<header>\n<h1>{title}</h1>\n"
    );
    if !report.subtitle.is_empty() {
        page += &format!("<p class=\"subtitle\">{}</p>\n", escape(&report.subtitle));
    }
    page += "</header>\n<nav aria-label=\"Contents\">\n<ol>\n";
    for (k, section) in report.sections.iter().enumerate() {
        page += &format!(
            "<li><a href=\"#section-{}\">{}</a></li>\n",
            k + 1,
            escape(&section.heading)
        );
    }
    page += "</ol>\n</nav>\n<main>\n";
    let mut numbering = Numbering::default();
    for (k, section) in report.sections.iter().enumerate() {
        page += &format!(
            "<section id=\"section-{}\">\n<h2>{}</h2>\n",
            k + 1,
            escape(&section.heading)
        );
        for block in &section.blocks {
            page += &block_html(block, &mut numbering);
        }
        page += "</section>\n";
    }
    page += "</main>\n</body>\n</html>\n";
    page
}

fn block_html(block: &Block, numbering: &mut Numbering) -> String {
    match block {
        Block::Subheading(text) => format!("<h3>{}</h3>\n", escape(text)),
        Block::Paragraph(text) => format!("<p>{}</p>\n", escape(text)),
        Block::List(items) => {
            let items: String = items
                .iter()
                .map(|item| format!("<li>{}</li>\n", escape(item)))
                .collect();
            format!("<ul>\n{items}</ul>\n")
        }
        Block::Table(table) => {
            numbering.tables += 1;
            table_html(table, numbering.tables)
        }
        Block::Figure { svg, caption } => {
            numbering.figures += 1;
            let n = numbering.figures;
            format!(
                "<figure id=\"figure-{n}\">\n{}\n<figcaption><b>Figure {n}.</b> {}</figcaption>\n</figure>\n",
                inline(svg, &format!("f{n}-"), caption),
                escape(caption)
            )
        }
    }
}

fn table_html(table: &Table, n: usize) -> String {
    let mut html = format!(
        "<div class=\"table\" id=\"table-{n}\" tabindex=\"0\">\n<table>\n<caption><b>Table {n}.</b> {}</caption>\n<thead><tr>",
        escape(&table.caption)
    );
    let numeric: Vec<bool> = (0..table.header.len())
        .map(|k| k > 0 && is_numeric_column(table, k))
        .collect();
    for (name, &numeric) in table.header.iter().zip(&numeric) {
        let _ = write!(
            html,
            "<th scope=\"col\"{}>{}</th>",
            class(numeric),
            escape(name)
        );
    }
    html += "</tr></thead>\n<tbody>\n";
    for row in &table.rows {
        html += "<tr>";
        for (cell, &numeric) in row.iter().zip(&numeric) {
            let _ = write!(html, "<td{}>{}</td>", class(numeric), escape(cell));
        }
        html += "</tr>\n";
    }
    html += "</tbody>\n</table>\n";
    if let Some(note) = &table.note {
        let _ = writeln!(html, "<p class=\"note\">{}</p>", escape(note));
    }
    html += "</div>\n";
    html
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

/// Text for HTML content and quoted attributes.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            '\'' => escaped += "&#39;",
            other => escaped.push(other),
        }
    }
    escaped
}
