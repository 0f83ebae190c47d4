//! The CSV files and figures of an evaluation.

mod calibration;
mod comparison;
mod decision;
mod performance;
mod readers;

use std::path::Path;

use eval_stats::Estimate;
use eval_stats::proportion::Proportion;
use rayon::prelude::*;

use super::Evaluation;
use crate::figure_file::write_figure;
use crate::table_file::{Cell, write_csv};

/// A file's header and rows.
struct Table {
    header: Vec<&'static str>,
    rows: Vec<Vec<Cell>>,
}

impl Evaluation {
    /// Writes all tables and figures into `folder`.
    ///
    /// | file | one row for each |
    /// |---|---|
    /// | `performance.csv` | split and model: AUC, cut-off, counts, proportions |
    /// | `roc.csv` | operating point |
    /// | `delong.csv` | split and pair of models |
    /// | `reclassification.csv` | split, model and measure: NRI, IDI |
    /// | `hosmer_lemeshow.csv`, `calibration.csv` | split and model |
    /// | `calibration_groups.csv`, `calibration_curve.csv` | point of a calibration plot |
    /// | `dca.csv`, `impact.csv` | split, model and threshold |
    /// | `dca_difference.csv` | split, model and threshold: net benefit against the reference; not written without replicates |
    /// | `kappa.csv`, `mcnemar.csv` | split and pair of which one is a reader; not written without readers |
    /// | `readers.csv`, `reader_changes.csv`, `reader_agreement.csv` | split, reader (pair of readers) and condition; not written without `readers` |
    /// | `calls.csv` | case of a split |
    ///
    /// A column `note` says why cells are empty.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write(&self, folder: &Path) -> anyhow::Result<()> {
        let mut tables = vec![
            ("performance", self.performance_table()),
            ("roc", self.roc_table()),
            ("delong", self.delong_table()),
            ("reclassification", self.reclassification_table()),
            ("hosmer_lemeshow", self.hosmer_lemeshow_table()),
            ("calibration", self.calibration_table()),
            ("calibration_groups", self.calibration_groups_table()),
            ("calibration_curve", self.calibration_curve_table()),
            ("dca", self.dca_table()),
            ("impact", self.impact_table()),
            ("calls", self.calls_table()),
        ];
        if !self.calls.is_empty() {
            tables.push(("kappa", self.kappa_table()));
            tables.push(("mcnemar", self.mcnemar_table()));
        }
        if !self.net_benefit.is_empty() {
            tables.push(("dca_difference", self.dca_difference_table()));
        }
        if !self.readers.is_empty() {
            tables.push(("readers", self.readers_table()));
            tables.push(("reader_changes", self.reader_changes_table()));
            tables.push(("reader_agreement", self.reader_agreement_table()));
        }
        for (name, table) in tables {
            write_csv(
                &folder.join(format!("{name}.csv")),
                &table.header,
                table.rows,
            )?;
        }
        self.figures
            .par_iter()
            .try_for_each(|figure| write_figure(folder, &figure.stem, &figure.svg))
    }
}

fn named(split: &str, model: &str) -> Vec<Cell> {
    vec![split.into(), model.into()]
}

fn count(n: u64) -> Cell {
    Cell::Integer(i64::try_from(n).expect("a count of rows in memory"))
}

fn empty(n: usize) -> impl Iterator<Item = Cell> {
    std::iter::repeat_n(Cell::Empty, n)
}

fn note(reason: Option<&str>) -> Cell {
    reason.map_or(Cell::Empty, Cell::from)
}

fn pair(limits: Option<(f64, f64)>) -> [Cell; 2] {
    [limits.map(|l| l.0).into(), limits.map(|l| l.1).into()]
}

fn proportion(share: Option<Proportion>) -> [Cell; 3] {
    [
        share.map(|p| p.value).into(),
        share.map(|p| p.low).into(),
        share.map(|p| p.high).into(),
    ]
}

fn estimate(estimate: Option<&Estimate>) -> [Cell; 3] {
    [
        estimate.map(|e| e.value).into(),
        estimate.map(|e| e.low).into(),
        estimate.map(|e| e.high).into(),
    ]
}

/// The one row of a model that has no curve.
fn skipped(split: &str, model: &str, width: usize, why: &str) -> Vec<Cell> {
    let mut cells = named(split, model);
    cells.extend(empty(width - 3));
    cells.push(why.into());
    cells
}
