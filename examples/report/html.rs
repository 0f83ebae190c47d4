//! The page itself.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::checklist_html::checklist_html;
use super::figure_html::figure_html;
use super::inline_svg::inline;
use super::policy::policy;
use super::table_html::table_html;
use super::{Block, Interactive, Picture, Report};

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("page.js");
/// Without scripts nothing in a frame moves: the drawing stands for it.
const STYLE_WITHOUT_SCRIPT: &str =
    ".interactive iframe { display: none; } .interactive .static { display: block; }";

/// Figures and tables are numbered over the whole report.
#[derive(Default)]
struct Numbering {
    figures: usize,
    tables: usize,
}

/// The addresses of the sections by their headings.
pub(super) type Places<'a> = BTreeMap<&'a str, String>;

pub(super) fn page(report: &Report) -> String {
    let places: Places = report
        .sections
        .iter()
        .enumerate()
        .map(|(k, section)| (section.heading.as_str(), format!("#section-{}", k + 1)))
        .collect();
    let mut page = head(report);
    page += &contents(report);
    page += "<main>\n";
    let mut numbering = Numbering::default();
    for (k, section) in report.sections.iter().enumerate() {
        page += &format!(
            "<section id=\"section-{}\">\n<h2>{}</h2>\n",
            k + 1,
            escape(&section.heading)
        );
        for block in &section.blocks {
            page += &block_html(block, &mut numbering, &places);
        }
        page += "</section>\n";
    }
    page += &format!("</main>\n<script>{SCRIPT}</script>\n</body>\n</html>\n");
    page
}

/// Everything before the contents.
fn head(report: &Report) -> String {
    let title = escape(&report.title);
    let framed = report
        .sections
        .iter()
        .flat_map(|section| &section.blocks)
        .filter_map(|block| match block {
            Block::Interactive(interactive) => Some(interactive.scripts()),
            _ => None,
        });
    let policy = policy(std::iter::once(SCRIPT).chain(framed.flatten()));
    let subtitle = match report.subtitle.as_str() {
        "" => String::new(),
        text => format!("<p class=\"subtitle\">{}</p>\n", escape(text)),
    };
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<link rel=\"icon\" href=\"data:,\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n<noscript><style>{STYLE_WITHOUT_SCRIPT}</style></noscript>\n</head>\n\
         <body>\n<header>\n<h1>{title}</h1>\n{subtitle}</header>\n"
    )
}

fn contents(report: &Report) -> String {
    let entries: String = report
        .sections
        .iter()
        .enumerate()
        .map(|(k, section)| {
            let heading = escape(&section.heading);
            format!("<li><a href=\"#section-{}\">{heading}</a></li>\n", k + 1)
        })
        .collect();
    format!("<nav aria-label=\"Contents\">\n<ol>\n{entries}</ol>\n</nav>\n")
}

fn block_html(block: &Block, numbering: &mut Numbering, places: &Places) -> String {
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
        Block::Checklist(checklist) => {
            numbering.tables += 1;
            checklist_html(checklist, numbering.tables, places)
        }
        Block::Figure(figure) => {
            numbering.figures += 1;
            figure_html(figure, numbering.figures)
        }
        Block::Gallery { pictures, caption } => {
            numbering.figures += 1;
            gallery_html(pictures, caption, numbering.figures)
        }
        Block::Interactive(interactive) => {
            numbering.figures += 1;
            interactive_html(interactive, numbering.figures)
        }
    }
}

fn gallery_html(pictures: &[Picture], caption: &str, n: usize) -> String {
    let items: String = pictures
        .iter()
        .map(|picture| {
            format!(
                "<figure>\n<img src=\"data:image/png;base64,{}\" width=\"{}\" height=\"{}\" alt=\"{}\">\n<figcaption>{}</figcaption>\n</figure>\n",
                STANDARD.encode(&picture.png),
                picture.width,
                picture.height,
                escape(&picture.alt),
                escape(&picture.caption)
            )
        })
        .collect();
    let grid = format!("<div class=\"grid\">\n{items}</div>");
    numbered(" class=\"gallery\"", n, &grid, caption)
}

fn interactive_html(interactive: &Interactive, n: usize) -> String {
    let caption = &interactive.caption;
    let inside = format!(
        "<iframe sandbox=\"allow-scripts\" title=\"Interactive: {}\" srcdoc=\"{}\"></iframe>\n<div class=\"static\">{}</div>",
        escape(caption),
        escape(interactive.page()),
        inline(&interactive.svg, &format!("f{n}-"), caption)
    );
    numbered(" class=\"interactive\"", n, &inside, caption)
}

/// A figure around what is drawn, with its number and caption.
pub(super) fn numbered(class: &str, n: usize, inside: &str, caption: &str) -> String {
    format!(
        "<figure{class} id=\"figure-{n}\">\n{inside}\n<figcaption><b>Figure {n}.</b> {}</figcaption>\n</figure>\n",
        escape(caption)
    )
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
            // HTML turns it into a line feed where it is written as it is.
            '\r' => escaped += "&#13;",
            '\0' => escaped.push('\u{fffd}'),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text() {
        assert_eq!(
            escape("</script><b a='1'>\"&\r\n\0é"),
            "&lt;/script&gt;&lt;b a=&#39;1&#39;&gt;&quot;&amp;&#13;\n\u{fffd}é"
        );
    }
}
