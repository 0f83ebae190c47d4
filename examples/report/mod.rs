//! A study report as one HTML file that asks for nothing from anywhere and reads well on a screen, on a telephone and on paper.
//!
//! | block | what |
//! |---|---|
//! | [`Table`] | a numbered table; a script adds "Copy as CSV" and "Download CSV" |
//! | [`Figure`] | SVG drawings, if need be with narrow twins for telephones |
//! | [`Flow`] | what became of the rows of the manifest, as a figure |
//! | [`Picture`] | PNG pictures in a grid |
//! | [`Interactive`] | the interactive nomogram, with its drawing for paper |
//! | [`Checklist`] | TRIPOD+AI and CLEAR, filled in from [`StudyFacts`] as far as a program can |
//!
//! Everything can be read without scripts. Those that there are run under a content security policy that knows them by their hashes; the same
//! report gives the same bytes.
//!
//! ```
//! use examples::report::{Report, Section, Table};
//! let mut results = Section::new("Results");
//! results.paragraph("Two patients were read.");
//! results.table(Table::new("Patients by split", ["split", "n"]).row(["training", "2"]));
//! let html = Report::new("A study").section(results).to_html();
//! assert!(html.starts_with("<!DOCTYPE html>") && html.contains("<td class=\"number\">2</td>"));
//! ```

pub mod checklist;
mod checklist_html;
mod figure;
mod figure_html;
mod flow;
mod html;
mod inline_svg;
mod interactive;
mod picture;
mod policy;
mod table_html;

pub use checklist::{Checklist, StudyFacts};
pub use figure::{Figure, Panel};
pub use flow::{Flow, FlowSplit, SplitRole};
pub use interactive::Interactive;
pub use picture::Picture;

use eval_stats::plot::Width;

/// A report: a title, a summary line and sections.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    title: String,
    subtitle: String,
    sections: Vec<Section>,
}

/// A section with its own heading, listed in the table of contents.
#[derive(Debug, Clone, PartialEq)]
pub struct Section {
    heading: String,
    blocks: Vec<Block>,
}

/// A table with a caption. All text is escaped.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    caption: String,
    header: Vec<String>,
    rows: Vec<Vec<String>>,
    note: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
enum Block {
    Subheading(String),
    Paragraph(String),
    List(Vec<String>),
    Table(Table),
    Figure(Figure),
    Gallery {
        pictures: Vec<Picture>,
        caption: String,
    },
    Interactive(Interactive),
    Checklist(Checklist),
}

impl Report {
    /// An empty report.
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            subtitle: String::new(),
            sections: Vec::new(),
        }
    }

    /// Adds a line below the title.
    pub fn subtitle(mut self, subtitle: impl Into<String>) -> Self {
        self.subtitle = subtitle.into();
        self
    }

    /// Adds a section.
    pub fn section(mut self, section: Section) -> Self {
        self.sections.push(section);
        self
    }

    /// The whole page.
    ///
    /// # Panics
    /// When a figure is no SVG document: figures come from our own code.
    pub fn to_html(&self) -> String {
        html::page(self)
    }
}

impl Section {
    /// An empty section.
    pub fn new(heading: impl Into<String>) -> Self {
        Self {
            heading: heading.into(),
            blocks: Vec::new(),
        }
    }

    /// Adds a heading below the section's.
    pub fn subheading(&mut self, text: impl Into<String>) -> &mut Self {
        self.blocks.push(Block::Subheading(text.into()));
        self
    }

    /// Adds a paragraph of plain text.
    pub fn paragraph(&mut self, text: impl Into<String>) -> &mut Self {
        self.blocks.push(Block::Paragraph(text.into()));
        self
    }

    /// Adds a bulleted list of plain text.
    pub fn list<T: Into<String>>(&mut self, items: impl IntoIterator<Item = T>) -> &mut Self {
        self.blocks
            .push(Block::List(items.into_iter().map(Into::into).collect()));
        self
    }

    /// Adds a table.
    pub fn table(&mut self, table: Table) -> &mut Self {
        self.blocks.push(Block::Table(table));
        self
    }

    /// Adds a figure from an SVG document.
    pub fn figure(&mut self, svg: impl Into<String>, caption: impl Into<String>) -> &mut Self {
        self.drawing(Figure::new(svg, caption))
    }

    /// Adds a figure with more than a caption.
    pub fn drawing(&mut self, figure: Figure) -> &mut Self {
        self.blocks.push(Block::Figure(figure));
        self
    }

    /// Adds the flow of cases as a figure, drawn for wide and for narrow screens.
    ///
    /// # Errors
    /// What [`Flow::check`] finds.
    pub fn flow(&mut self, flow: &Flow, caption: impl Into<String>) -> anyhow::Result<&mut Self> {
        let wide = Figure::new(flow.svg(Width::Double)?, caption);
        let narrow = flow.svg(Width::Single)?;
        Ok(self.drawing(wide.narrow(narrow).alt(flow.description())))
    }

    /// Adds pictures in a grid, all together one figure; none adds nothing.
    pub fn gallery(
        &mut self,
        pictures: impl IntoIterator<Item = Picture>,
        caption: impl Into<String>,
    ) -> &mut Self {
        let pictures: Vec<Picture> = pictures.into_iter().collect();
        if !pictures.is_empty() {
            let caption = caption.into();
            self.blocks.push(Block::Gallery { pictures, caption });
        }
        self
    }

    /// Adds an interactive page as a figure.
    pub fn interactive(&mut self, interactive: Interactive) -> &mut Self {
        self.blocks.push(Block::Interactive(interactive));
        self
    }

    /// Adds a checklist as a table, folded on screen.
    pub fn checklist(&mut self, checklist: Checklist) -> &mut Self {
        self.blocks.push(Block::Checklist(checklist));
        self
    }
}

impl Table {
    /// An empty table. The first column holds row labels; the others are aligned as numbers where they look like numbers.
    pub fn new<T: Into<String>>(
        caption: impl Into<String>,
        header: impl IntoIterator<Item = T>,
    ) -> Self {
        Self {
            caption: caption.into(),
            header: header.into_iter().map(Into::into).collect(),
            rows: Vec::new(),
            note: None,
        }
    }

    /// Adds a row.
    ///
    /// # Panics
    /// When the row has another number of cells than the header.
    pub fn row<T: Into<String>>(mut self, cells: impl IntoIterator<Item = T>) -> Self {
        let cells: Vec<String> = cells.into_iter().map(Into::into).collect();
        assert_eq!(
            cells.len(),
            self.header.len(),
            "a row of table \"{}\" has another width",
            self.caption
        );
        self.rows.push(cells);
        self
    }

    /// Adds rows.
    ///
    /// # Panics
    /// When a row has another number of cells than the header.
    pub fn rows<R, T>(self, rows: impl IntoIterator<Item = R>) -> Self
    where
        R: IntoIterator<Item = T>,
        T: Into<String>,
    {
        rows.into_iter().fold(self, |table, row| table.row(row))
    }

    /// Adds a line below the table: abbreviations, methods.
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = Some(note.into());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SVG: &str = r##"<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="100" height="50"><defs><clipPath id="a"><rect/></clipPath></defs><g clip-path="url(#a)"><use href="#a"/></g></svg>"##;

    #[test]
    fn text_is_escaped_and_nothing_is_loaded() {
        let mut section = Section::new("A < B & C");
        section.paragraph("<script>alert(1)</script>");
        section.table(Table::new("\"quoted\"", ["x<y"]).row(["1 & 2"]));
        let html = Report::new("T").section(section).to_html();
        assert_eq!(html.matches("<script").count(), 1, "only our own");
        assert!(html.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
        assert!(html.contains("A &lt; B &amp; C") && html.contains("1 &amp; 2"));
        assert!(!html.contains("src=\"http") && !html.contains("href=\"http"));
    }

    #[test]
    fn figures_keep_their_ids_apart() {
        let mut section = Section::new("Figures");
        section.figure(SVG, "one").figure(SVG, "two");
        let html = Report::new("T").section(section).to_html();
        assert_eq!(html.matches("id=\"f1-a\"").count(), 1);
        assert_eq!(html.matches("id=\"f2-a\"").count(), 1);
        assert!(html.contains("url(#f1-a)") && html.contains("href=\"#f2-a\""));
        assert!(!html.contains("<?xml"));
        assert!(html.contains("viewBox=\"0 0 100 50\""));
    }

    #[test]
    #[should_panic(expected = "another width")]
    fn rows_have_the_width_of_the_header() {
        let _ = Table::new("t", ["a", "b"]).row(["1"]);
    }
}
