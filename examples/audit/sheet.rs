//! A table of a publication in a file, and which kind of table it is.

use std::path::Path;

use anyhow::{Context, bail};
use eval_stats::audit::{Reported, ReportedP, Rounding};

use super::printed;
use crate::table_file::{CsvTable, found, quoted_list};

/// The kinds of tables, recognized by their header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SheetKind {
    /// Models on data sets: AUC with interval, rates of a binary test.
    Performance,
    /// Odds, hazard or risk ratios.
    Regression,
    /// Characteristics of groups of patients.
    Baseline,
    /// Readers of images: rates, AUC of their calls.
    Readers,
    /// Kappas.
    Agreement,
    /// Cut-offs of scores.
    Cutoffs,
    /// Tests of calibration.
    Calibration,
}

impl SheetKind {
    /// The word for tables and messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Performance => "performance",
            Self::Regression => "regression",
            Self::Baseline => "baseline",
            Self::Readers => "readers",
            Self::Agreement => "agreement",
            Self::Cutoffs => "cutoffs",
            Self::Calibration => "calibration",
        }
    }

    /// The columns that the kind can have, the ones that tell it first. A baseline table has others: its groups.
    fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Performance => &[
                "model", "set", "n", "events", "auc", "ci", "ci_low", "ci_high", "acc", "sen",
                "spe", "ppv", "npv",
            ],
            Self::Regression => &[
                "term", "or", "hr", "rr", "model", "factor", "ci", "ci_low", "ci_high", "p",
                "count", "n", "events",
            ],
            Self::Baseline => &["variable", "level"],
            Self::Readers => &[
                "reader",
                "condition",
                "set",
                "n",
                "events",
                "auc",
                "acc",
                "sen",
                "spe",
                "ppv",
                "npv",
            ],
            Self::Agreement => &["kappa", "set", "condition", "pair"],
            Self::Cutoffs => &["cutoff", "score", "scale"],
            Self::Calibration => &["hl_p", "set", "model"],
        }
    }

    fn of(header: &[String]) -> Option<Self> {
        let has = |name: &str| header.iter().any(|h| h == name);
        let rated = ["auc", "acc", "sen", "spe", "ppv", "npv"]
            .into_iter()
            .any(has);
        if has("variable") {
            Some(Self::Baseline)
        } else if has("term") && ["or", "hr", "rr"].into_iter().any(has) {
            Some(Self::Regression)
        } else if has("kappa") {
            Some(Self::Agreement)
        } else if has("reader") && rated {
            Some(Self::Readers)
        } else if has("cutoff") && has("score") {
            Some(Self::Cutoffs)
        } else if has("model") && rated {
            Some(Self::Performance)
        } else if has("hl_p") {
            Some(Self::Calibration)
        } else {
            None
        }
    }
}

/// A table of a publication.
#[derive(Debug, Clone)]
pub struct Sheet {
    /// Which kind.
    pub kind: SheetKind,
    /// The cells.
    pub table: CsvTable,
    /// The header in lower case.
    names: Vec<String>,
    /// How its numbers were rounded.
    rounding: Rounding,
}

impl Sheet {
    /// Reads a file and recognizes its kind.
    ///
    /// # Errors
    /// What [`CsvTable::read`] refuses; a header of no known kind; a column that the kind does not have.
    pub fn read(path: &Path, rounding: Rounding) -> anyhow::Result<Self> {
        let table = CsvTable::read(path)?;
        let names: Vec<String> = table
            .header
            .iter()
            .map(|name| name.to_lowercase())
            .collect();
        let shown = path.display();
        let Some(kind) = SheetKind::of(&names) else {
            bail!(
                "{shown}: expected the header of a performance, regression, baseline, readers, agreement, cutoffs or calibration table (--help shows them), found {}",
                quoted_list(&table.header)
            );
        };
        if kind != SheetKind::Baseline
            && let Some(k) = names
                .iter()
                .position(|name| !kind.columns().contains(&name.as_str()))
        {
            bail!(
                "{shown}: column \"{}\": expected a column of a {} table ({}), found another",
                table.header[k],
                kind.name(),
                kind.columns().join(", ")
            );
        }
        if let Some(k) = (1..names.len()).find(|&k| names[..k].contains(&names[k])) {
            bail!(
                "{shown}: column \"{}\" stands twice in the header",
                table.header[k]
            );
        }
        Ok(Self {
            kind,
            table,
            names,
            rounding,
        })
    }

    /// Name of the file without its folder.
    pub fn file(&self) -> String {
        let path = &self.table.path;
        path.file_name().map_or_else(
            || path.display().to_string(),
            |n| n.to_string_lossy().into_owned(),
        )
    }

    /// Number of rows.
    pub fn n_rows(&self) -> usize {
        self.table.rows.len()
    }

    /// The line of a row in its file.
    pub fn line(&self, row: usize) -> u64 {
        self.table.lines[row]
    }

    /// Position of a column, if there is one of that name.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|n| n == name)
    }

    /// A cell's text, if the column exists and something was printed.
    pub fn text(&self, row: usize, name: &str) -> Option<&str> {
        let cell = &self.table.rows[row][self.column(name)?];
        (!printed::is_missing(cell)).then_some(cell.as_str())
    }

    /// A cell's text, or nothing.
    pub fn label(&self, row: usize, name: &str) -> &str {
        self.text(row, name).unwrap_or_default()
    }

    /// The texts of some columns that are not empty, with commas.
    pub fn place(&self, row: usize, names: &[&str]) -> String {
        let texts: Vec<&str> = names.iter().filter_map(|n| self.text(row, n)).collect();
        if texts.is_empty() {
            format!("row {}", self.line(row))
        } else {
            texts.join(", ")
        }
    }

    /// Reads a cell that may be missing.
    ///
    /// # Errors
    /// A text that `parse` does not understand; the message names file, row and column.
    pub fn parsed<T>(
        &self,
        row: usize,
        name: &str,
        expected: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> anyhow::Result<Option<T>> {
        self.text(row, name)
            .map(|text| parse(text).with_context(|| self.fault(row, name, expected)))
            .transpose()
    }

    /// What is wrong with a cell.
    pub fn fault(&self, row: usize, name: &str, expected: &str) -> String {
        match self.column(name) {
            Some(column) => format!(
                "{}: expected {expected}, found {}",
                self.table.place(row, column),
                found(&self.table.rows[row][column])
            ),
            None => format!(
                "{}: row {}: expected a column \"{name}\" with {expected}, found none",
                self.table.path.display(),
                self.line(row)
            ),
        }
    }

    /// A printed number.
    ///
    /// # Errors
    /// Anything but a number or nothing.
    pub fn number(&self, row: usize, name: &str) -> anyhow::Result<Option<Reported>> {
        let number = self.parsed(
            row,
            name,
            "a number as printed, such as 0.80 or 80.5 %",
            printed::number,
        )?;
        Ok(number.map(|n| n.rounded(self.rounding)))
    }

    /// A whole number.
    ///
    /// # Errors
    /// Anything but a whole number or nothing.
    pub fn count(&self, row: usize, name: &str) -> anyhow::Result<Option<u64>> {
        self.parsed(row, name, "a whole number", printed::count)
    }

    /// A printed p-value.
    ///
    /// # Errors
    /// Anything but a p-value or nothing.
    pub fn p_value(&self, row: usize, name: &str) -> anyhow::Result<Option<ReportedP>> {
        let p = self.parsed(
            row,
            name,
            "a p-value such as .04 or <.001",
            printed::p_value,
        )?;
        Ok(p.map(|p| match p {
            ReportedP::Equal(r) => ReportedP::Equal(r.rounded(self.rounding)),
            other => other,
        }))
    }

    /// A printed estimate in the column `name`, with its limits from the same cell, from `ci`, or from `ci_low` and `ci_high`.
    ///
    /// # Errors
    /// A cell that is no number, limits that are none, one limit without the other.
    pub fn estimate(&self, row: usize, name: &str) -> anyhow::Result<Option<PrintedEstimate>> {
        let expected = "a number, with its limits in brackets if they stand there";
        let Some((value, inner)) = self.parsed(row, name, expected, printed::estimate)? else {
            return Ok(None);
        };
        let ci = self.parsed(row, "ci", "two limits such as .74-.82", printed::limits)?;
        let low = self.number(row, "ci_low")?;
        let high = self.number(row, "ci_high")?;
        let apart = match (low, high) {
            (Some(low), Some(high)) => Some((low, high)),
            (None, None) => None,
            (Some(_), None) => bail!(self.fault(row, "ci_high", "the upper limit")),
            (None, Some(_)) => bail!(self.fault(row, "ci_low", "the lower limit")),
        };
        let rounded = |r: Reported| r.rounded(self.rounding);
        Ok(Some(PrintedEstimate {
            value: rounded(value),
            limits: inner
                .or(ci)
                .or(apart)
                .map(|(low, high)| (rounded(low), rounded(high))),
        }))
    }

    /// How its numbers were rounded.
    pub fn rounding(&self) -> Rounding {
        self.rounding
    }
}

/// A number and its limits, as printed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PrintedEstimate {
    /// The number.
    pub value: Reported,
    /// Lower and upper limit.
    pub limits: Option<(Reported, Reported)>,
}
