//! The result of an extraction: a row for every case, with its features or the reason why there are none.

use std::collections::{HashMap, HashSet};
use std::fmt::Write;
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};

use crate::atomic_file::write_atomically;
use crate::table_file::{Cell, csv_text, quoted_list, shortest};

/// Layout of the written features.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Format {
    /// One header, one row a case; the column `error` is empty where all went well.
    #[default]
    Csv,
    /// An array with one object a case; `error` is null where all went well; NaN is null.
    Json,
    /// `case,feature,value`: one row a feature; a failed case has the one row `case,error,reason`.
    Long,
}

/// Features of one case: names shared between cases, and as many values.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedValues {
    /// Column names.
    pub names: Arc<[String]>,
    /// One value a name.
    pub values: Vec<f64>,
}

/// What is known of one region beside its features: a column and a text each.
pub type Texts = Vec<(String, String)>;

/// What an extraction found out about one region of one case.
#[derive(Debug, Clone, PartialEq)]
pub struct RegionRow {
    /// Which region of the case it is, where a case has several: columns and cells such as `Label` and `2`.
    pub region: Texts,
    /// Diagnostics, as columns and cells.
    pub diagnostics: Texts,
    /// The features, or the reason why there are none.
    pub features: Result<NamedValues, String>,
}

impl RegionRow {
    /// The only region of a case, without diagnostics.
    pub fn only(features: Result<NamedValues, String>) -> Self {
        Self {
            region: Vec::new(),
            diagnostics: Vec::new(),
            features,
        }
    }
}

/// All rows of an extraction.
#[derive(Debug, Clone, PartialEq)]
pub struct FeatureRows {
    /// Names of the columns copied from the input.
    pub copied: Vec<String>,
    /// The rows in the order of the input.
    pub rows: Vec<FeatureRow>,
}

impl RegionRow {
    /// Number of rows in the written file: the long layout has one a feature.
    pub fn n_written(&self, format: Format) -> usize {
        match (format, &self.features) {
            (Format::Csv | Format::Json, _) => 1,
            (Format::Long, Ok(features)) => self.diagnostics.len() + features.names.len(),
            (Format::Long, Err(_)) => self.diagnostics.len() + 1,
        }
    }
}

/// One row of an extraction.
#[derive(Debug, Clone, PartialEq)]
pub struct FeatureRow {
    /// Cells of the copied columns.
    pub copied: Vec<String>,
    /// What was found out.
    pub found: RegionRow,
}

/// Name of the column that tells why a case failed.
const ERROR: &str = "error";

/// The columns of an extraction, left to right; the column `error` comes after them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Columns {
    /// Copied from the input.
    pub copied: Vec<String>,
    /// That tell the regions of a case apart.
    pub region: Vec<String>,
    /// Of diagnostics.
    pub diagnostics: Vec<String>,
    /// Of features.
    pub features: Vec<String>,
}

impl Columns {
    /// The header of a table in this layout. JSON has none: its objects have these keys, in this order.
    pub fn header(&self, format: Format) -> Vec<&str> {
        let region = self.region.iter().map(String::as_str);
        match format {
            Format::Csv | Format::Json => {
                let copied = self.copied.iter().map(String::as_str);
                let found = self.diagnostics.iter().chain(&self.features);
                copied
                    .chain(region)
                    .chain(found.map(String::as_str))
                    .chain(std::iter::once(ERROR))
                    .collect()
            }
            Format::Long => std::iter::once("case")
                .chain(region)
                .chain(["feature", "value"])
                .collect(),
        }
    }
}

/// A column with the first row that has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Name of the column.
    pub name: String,
    /// Position of the row.
    pub row: usize,
}

/// The columns that rows add to those copied from the input, in the order in which rows first have them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origins {
    /// That tell the regions of a case apart.
    pub region: Vec<Origin>,
    /// Of diagnostics.
    pub diagnostics: Vec<Origin>,
    /// Of features.
    pub features: Vec<Origin>,
}

impl FeatureRows {
    /// Number of rows that failed.
    pub fn n_failed(&self) -> usize {
        self.rows
            .iter()
            .filter(|row| row.found.features.is_err())
            .count()
    }

    /// Feature columns: those of the first case, then any that only later cases have.
    pub fn feature_names(&self) -> Vec<String> {
        names_of(self.feature_origins())
    }

    /// The columns that rows add, each with the first row that has it.
    pub fn origins(&self) -> Origins {
        Origins {
            region: self.text_origins(|row| &row.region),
            diagnostics: self.text_origins(|row| &row.diagnostics),
            features: self.feature_origins(),
        }
    }

    fn feature_origins(&self) -> Vec<Origin> {
        let mut origins = Vec::new();
        let mut seen: HashSet<&str> = HashSet::new();
        let mut last: Option<&Arc<[String]>> = None;
        for (row, found) in self.rows.iter().enumerate() {
            let Ok(features) = &found.found.features else {
                continue;
            };
            if last.is_some_and(|last| Arc::ptr_eq(last, &features.names)) {
                continue;
            }
            last = Some(&features.names);
            let new = features.names.iter().filter(|name| seen.insert(name));
            origins.extend(new.map(|name| Origin {
                name: name.clone(),
                row,
            }));
        }
        origins
    }

    fn text_origins(&self, texts: impl Fn(&RegionRow) -> &Texts) -> Vec<Origin> {
        let mut origins: Vec<Origin> = Vec::new();
        for (row, found) in self.rows.iter().enumerate() {
            for (name, _) in texts(&found.found) {
                if origins.iter().all(|origin| origin.name != *name) {
                    let name = name.clone();
                    origins.push(Origin { name, row });
                }
            }
        }
        origins
    }

    fn columns(&self) -> anyhow::Result<Columns> {
        let origins = self.origins();
        let columns = Columns {
            copied: self.copied.clone(),
            region: names_of(origins.region),
            diagnostics: names_of(origins.diagnostics),
            features: names_of(origins.features),
        };
        let taken: HashSet<&String> = columns
            .region
            .iter()
            .chain(&columns.diagnostics)
            .chain(&columns.features)
            .collect();
        let clash: Vec<&String> = self
            .copied
            .iter()
            .filter(|column| *column == ERROR || taken.contains(column))
            .collect();
        if !clash.is_empty() {
            bail!(
                "expected other names for columns of the batch table, found {}",
                quoted_list(&clash)
            );
        }
        Ok(columns)
    }

    /// Writes to `out`, or to standard output without one.
    ///
    /// # Errors
    /// When a copied column has the name of a feature or of another written column, or the file cannot be written.
    pub fn write(&self, format: Format, out: Option<&Path>) -> anyhow::Result<()> {
        let text = self.to_text(format)?;
        match out {
            Some(path) => write_atomically(path, text.as_bytes()),
            None => io::stdout()
                .lock()
                .write_all(text.as_bytes())
                .context("cannot write to standard output"),
        }
    }

    fn to_text(&self, format: Format) -> anyhow::Result<String> {
        let columns = self.columns()?;
        Ok(match format {
            Format::Csv => self.to_csv(&columns),
            Format::Json => self.to_json(&columns),
            Format::Long => self.to_long(&columns),
        })
    }

    fn to_csv(&self, columns: &Columns) -> String {
        let rows = self.rows.iter().map(|row| {
            let mut cells: Vec<Cell> = row
                .copied
                .iter()
                .map(|cell| Cell::from(cell.as_str()))
                .collect();
            cells.extend(texts_in_order(&row.found.region, &columns.region));
            cells.extend(texts_in_order(&row.found.diagnostics, &columns.diagnostics));
            match &row.found.features {
                Ok(features) => {
                    cells.extend(in_order(features, &columns.features));
                    cells.push(Cell::Empty);
                }
                Err(reason) => {
                    cells.extend(columns.features.iter().map(|_| Cell::Empty));
                    cells.push(Cell::from(reason.as_str()));
                }
            }
            cells
        });
        csv_text(&columns.header(Format::Csv), rows)
    }

    fn to_json(&self, columns: &Columns) -> String {
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        let mut text = String::from("[");
        for (k, row) in self.rows.iter().enumerate() {
            text += if k == 0 { "\n  {" } else { ",\n  {" };
            let copied = self.copied.iter().zip(&row.copied);
            let found = row.found.region.iter().chain(&row.found.diagnostics);
            for (name, cell) in copied.chain(found.map(|(name, cell)| (name, cell))) {
                let _ = write!(text, "{}: {}, ", quoted(name), quoted(cell));
            }
            match &row.found.features {
                Ok(features) => {
                    let names = &columns.features;
                    for (name, cell) in names.iter().zip(in_order(features, names)) {
                        let value = match cell {
                            Cell::Number(value) if value.is_finite() => shortest(value),
                            _ => "null".to_owned(),
                        };
                        let _ = write!(text, "{}: {value}, ", quoted(name));
                    }
                    text += "\"error\": null}";
                }
                Err(reason) => {
                    let _ = write!(text, "\"error\": {}}}", quoted(reason));
                }
            }
        }
        text + "\n]\n"
    }

    fn to_long(&self, columns: &Columns) -> String {
        let case = self.case_column();
        let rows = self.rows.iter().flat_map(|row| {
            let mut start = vec![Cell::from(row.copied[case].as_str())];
            start.extend(texts_in_order(&row.found.region, &columns.region));
            let line = |name: &str, value: Cell| {
                let mut cells = start.clone();
                cells.extend([Cell::from(name), value]);
                cells
            };
            let diagnostics = row.found.diagnostics.iter();
            let mut lines: Vec<Vec<Cell>> = diagnostics
                .map(|(name, text)| line(name, Cell::from(text.as_str())))
                .collect();
            match &row.found.features {
                Ok(features) => {
                    let values = features.names.iter().zip(&features.values);
                    lines.extend(values.map(|(name, &value)| line(name, Cell::from(value))));
                }
                Err(reason) => lines.push(line(ERROR, Cell::from(reason.as_str()))),
            }
            lines
        });
        csv_text(&columns.header(Format::Long), rows)
    }

    /// The column that names a case in the long layout: the first that is not Image, Mask, Label or Label_channel, else the
    /// first.
    fn case_column(&self) -> usize {
        let files = ["Image", "Mask", "Label", "Label_channel"];
        self.copied
            .iter()
            .position(|column| !files.contains(&column.as_str()))
            .unwrap_or(0)
    }
}

fn names_of(origins: Vec<Origin>) -> Vec<String> {
    origins.into_iter().map(|origin| origin.name).collect()
}

/// The texts of a row in the order of all columns; a text that the row does not have is an empty cell.
fn texts_in_order<'a>(texts: &'a Texts, names: &'a [String]) -> impl Iterator<Item = Cell> + 'a {
    names.iter().map(|name| {
        let found = texts.iter().find(|(column, _)| column == name);
        found.map_or(Cell::Empty, |(_, text)| Cell::from(text.as_str()))
    })
}

/// The values of a case in the order of all columns; a feature that the case does not have is an empty cell.
fn in_order(features: &NamedValues, names: &[String]) -> Vec<Cell> {
    if features.names.iter().eq(names) {
        return features.values.iter().copied().map(Cell::from).collect();
    }
    let by_name: HashMap<&str, f64> = features
        .names
        .iter()
        .map(String::as_str)
        .zip(features.values.iter().copied())
        .collect();
    names
        .iter()
        .map(|name| Cell::from(by_name.get(name.as_str()).copied()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> FeatureRows {
        let names: Arc<[String]> = ["f1".to_owned(), "f2".to_owned()].into();
        let good = NamedValues {
            names,
            values: vec![0.5, f64::NAN],
        };
        FeatureRows {
            copied: vec!["Image".to_owned(), "patient".to_owned()],
            rows: vec![
                FeatureRow {
                    copied: vec!["a.png".to_owned(), "p1".to_owned()],
                    found: RegionRow::only(Ok(good)),
                },
                FeatureRow {
                    copied: vec!["b.png".to_owned(), "p2".to_owned()],
                    found: RegionRow::only(Err("no, file".to_owned())),
                },
            ],
        }
    }

    #[test]
    fn a_failed_case_keeps_its_row() {
        let csv = rows().to_text(Format::Csv).unwrap();
        assert_eq!(
            csv,
            "Image,patient,f1,f2,error\na.png,p1,0.5,NaN,\nb.png,p2,,,\"no, file\"\n"
        );
        let long = rows().to_text(Format::Long).unwrap();
        assert_eq!(
            long,
            "case,feature,value\np1,f1,0.5\np1,f2,NaN\np2,error,\"no, file\"\n"
        );
    }

    #[test]
    fn regions_and_diagnostics_have_their_columns_before_the_features() {
        let mut rows = rows();
        rows.rows[0].found.region = vec![("Label".to_owned(), "2".to_owned())];
        rows.rows[0].found.diagnostics = vec![("diagnostics_x".to_owned(), "(1, 2)".to_owned())];
        let csv = rows.to_text(Format::Csv).unwrap();
        assert_eq!(
            csv,
            "Image,patient,Label,diagnostics_x,f1,f2,error\na.png,p1,2,\"(1, 2)\",0.5,NaN,\nb.png,p2,,,,,\"no, file\"\n"
        );
        let long = rows.to_text(Format::Long).unwrap();
        assert_eq!(
            long,
            "case,Label,feature,value\np1,2,diagnostics_x,\"(1, 2)\"\np1,2,f1,0.5\np1,2,f2,NaN\np2,,error,\"no, file\"\n"
        );
        let json: serde_json::Value =
            serde_json::from_str(&rows.to_text(Format::Json).unwrap()).unwrap();
        assert_eq!(
            (&json[0]["Label"], &json[0]["diagnostics_x"]),
            (&"2".into(), &"(1, 2)".into())
        );
        rows.copied[1] = "Label".to_owned();
        assert!(rows.to_text(Format::Csv).is_err());
    }

    #[test]
    fn json_can_be_read_back() {
        let json: serde_json::Value =
            serde_json::from_str(&rows().to_text(Format::Json).unwrap()).unwrap();
        assert_eq!(json[0]["f1"], 0.5);
        assert!(json[0]["f2"].is_null() && json[0]["error"].is_null());
        assert_eq!(json[1]["error"], "no, file");
    }

    #[test]
    fn a_copied_column_cannot_pass_for_a_feature() {
        let mut clash = rows();
        clash.copied[1] = "f1".to_owned();
        assert!(
            clash
                .to_text(Format::Csv)
                .unwrap_err()
                .to_string()
                .contains("\"f1\"")
        );
    }
}
