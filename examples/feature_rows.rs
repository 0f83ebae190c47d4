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

/// All rows of an extraction.
#[derive(Debug, Clone, PartialEq)]
pub struct FeatureRows {
    /// Names of the columns copied from the input.
    pub copied: Vec<String>,
    /// The rows in the order of the input.
    pub rows: Vec<FeatureRow>,
}

/// One row of an extraction.
#[derive(Debug, Clone, PartialEq)]
pub struct FeatureRow {
    /// Cells of the copied columns.
    pub copied: Vec<String>,
    /// The features, or the reason why the case failed.
    pub features: Result<NamedValues, String>,
}

/// Name of the column that tells why a case failed.
const ERROR: &str = "error";

impl FeatureRows {
    /// Number of cases that failed.
    pub fn n_failed(&self) -> usize {
        self.rows.iter().filter(|row| row.features.is_err()).count()
    }

    /// Feature columns: those of the first case, then any that only later cases have.
    pub fn feature_names(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        let mut seen = HashSet::new();
        let mut last: Option<&Arc<[String]>> = None;
        for features in self
            .rows
            .iter()
            .filter_map(|row| row.features.as_ref().ok())
        {
            if last.is_some_and(|last| Arc::ptr_eq(last, &features.names)) {
                continue;
            }
            last = Some(&features.names);
            names.extend(
                features
                    .names
                    .iter()
                    .filter(|name| seen.insert((*name).clone()))
                    .cloned(),
            );
        }
        names
    }

    /// Writes to `out`, or to standard output without one.
    ///
    /// # Errors
    /// When a copied column has the name of a feature or of the error column, or the file cannot be written.
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
        let names = self.feature_names();
        let clash: Vec<&String> = self
            .copied
            .iter()
            .filter(|column| *column == ERROR || names.contains(column))
            .collect();
        if !clash.is_empty() {
            bail!(
                "expected other names for columns of the batch table, found {}",
                quoted_list(&clash)
            );
        }
        Ok(match format {
            Format::Csv => self.to_csv(&names),
            Format::Json => self.to_json(&names),
            Format::Long => self.to_long(),
        })
    }

    fn to_csv(&self, names: &[String]) -> String {
        let header: Vec<&str> = self
            .copied
            .iter()
            .chain(names)
            .map(String::as_str)
            .chain(std::iter::once(ERROR))
            .collect();
        let rows = self.rows.iter().map(|row| {
            let mut cells: Vec<Cell> = row
                .copied
                .iter()
                .map(|cell| Cell::from(cell.as_str()))
                .collect();
            match &row.features {
                Ok(features) => {
                    cells.extend(in_order(features, names));
                    cells.push(Cell::Empty);
                }
                Err(reason) => {
                    cells.extend(names.iter().map(|_| Cell::Empty));
                    cells.push(Cell::from(reason.as_str()));
                }
            }
            cells
        });
        csv_text(&header, rows)
    }

    fn to_json(&self, names: &[String]) -> String {
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        let mut text = String::from("[");
        for (k, row) in self.rows.iter().enumerate() {
            text += if k == 0 { "\n  {" } else { ",\n  {" };
            for (name, cell) in self.copied.iter().zip(&row.copied) {
                let _ = write!(text, "{}: {}, ", quoted(name), quoted(cell));
            }
            match &row.features {
                Ok(features) => {
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

    fn to_long(&self) -> String {
        let case = self.case_column();
        let rows = self.rows.iter().flat_map(|row| {
            let case = row.copied[case].as_str();
            let rows: Vec<Vec<Cell>> = match &row.features {
                Ok(features) => features
                    .names
                    .iter()
                    .zip(&features.values)
                    .map(|(name, &value)| {
                        vec![
                            Cell::from(case),
                            Cell::from(name.as_str()),
                            Cell::from(value),
                        ]
                    })
                    .collect(),
                Err(reason) => vec![vec![
                    Cell::from(case),
                    Cell::from(ERROR),
                    Cell::from(reason.as_str()),
                ]],
            };
            rows
        });
        csv_text(&["case", "feature", "value"], rows)
    }

    /// The column that names a case in the long layout: the first that is not Image, Mask or Label, else the first.
    fn case_column(&self) -> usize {
        let files = ["Image", "Mask", "Label"];
        self.copied
            .iter()
            .position(|column| !files.contains(&column.as_str()))
            .unwrap_or(0)
    }
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
                    features: Ok(good),
                },
                FeatureRow {
                    copied: vec!["b.png".to_owned(), "p2".to_owned()],
                    features: Err("no, file".to_owned()),
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
