//! A table of readers' readings without and with the model's output: `patient`, and `NAME_without` and `NAME_with` for each reader.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use anyhow::Context;
use eval_stats::reader_study::reader_columns;

use super::evaluation::readers::ReaderReadings;
use super::evaluation::{
    CutoffRule, Evaluation, EvaluationInput, EvaluationSettings, ModelScores, SplitRows, evaluate,
};
use crate::cohort::Cohort;
use crate::faults::Faults;
use crate::table_file::{CsvTable, found};

/// Readings of some patients.
#[derive(Debug, Clone, PartialEq)]
pub struct ReaderTable {
    /// The file.
    pub path: PathBuf,
    /// Patients in the order of the table, each with its line.
    patients: Vec<(String, u64)>,
    /// The readers, one value a patient.
    readers: Vec<ReaderReadings>,
}

impl ReaderTable {
    /// Reads the table; all faults are named together.
    ///
    /// # Errors
    /// A file that cannot be read; [`Faults`] for missing columns, repeated patients, cells that are no finite number.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let table = CsvTable::read(path)?;
        let id = table.column("patient")?;
        let columns = reader_columns(&table.header).with_context(|| {
            format!(
                "{}: expected columns NAME_without and NAME_with of at least one reader",
                path.display()
            )
        })?;
        let mut faults = Faults::new();
        let mut first: HashMap<&str, u64> = HashMap::new();
        for (row, cells) in table.rows.iter().enumerate() {
            if let Some(line) = first.insert(&cells[id], table.lines[row]) {
                faults.push(format!(
                    "{}: patient \"{}\" stands already in row {line}",
                    table.place(row, id),
                    cells[id]
                ));
            }
        }
        let mut readings = |column: usize| -> Vec<f64> {
            let cells = table.rows.iter().enumerate();
            cells
                .map(|(row, cells)| {
                    let number = cells[column].parse::<f64>().ok();
                    number.filter(|v| v.is_finite()).unwrap_or_else(|| {
                        faults.push(format!(
                            "{}: expected a call (0 or 1) or a rating, found {}",
                            table.place(row, column),
                            found(&cells[column])
                        ));
                        0.0
                    })
                })
                .collect()
        };
        let readers = columns
            .into_iter()
            .map(|columns| ReaderReadings {
                without: readings(columns.without),
                with: readings(columns.with),
                name: columns.reader,
            })
            .collect();
        faults.into_result()?;
        let ids = table.rows.iter().map(|cells| cells[id].clone());
        Ok(Self {
            path: path.to_owned(),
            patients: ids.zip(table.lines.iter().copied()).collect(),
            readers,
        })
    }

    /// Checks that every patient of the table belongs to a cohort, be it among those left out.
    ///
    /// # Errors
    /// [`Faults`] that name the patients which do not.
    pub fn check(&self, cohort: &Cohort) -> Result<(), Faults> {
        let mut faults = Faults::new();
        for (id, line) in &self.patients {
            let listed = cohort.patients.iter().any(|p| p.id == *id)
                || cohort.excluded.iter().any(|p| p.id == *id);
            if !listed {
                faults.push(format!(
                    "{}: row {line}, column \"patient\": expected a patient of the cohort, found {}",
                    self.path.display(),
                    found(id)
                ));
            }
        }
        faults.into_result()
    }

    /// Evaluates the readers on the patients of the table that are left, with the calls of a model at its cut-off. `None` if no patient is left.
    ///
    /// # Errors
    /// What [`evaluate`] refuses.
    pub fn evaluate(
        &self,
        cohort: &Cohort,
        model: &ModelScores,
        cutoff: f64,
        settings: &EvaluationSettings,
    ) -> anyhow::Result<Option<Evaluation>> {
        let row_of: HashMap<&str, usize> = cohort
            .patients
            .iter()
            .enumerate()
            .map(|(row, patient)| (patient.id.as_str(), row))
            .collect();
        // Rows of the table and of the cohort.
        let rows: Vec<(usize, usize)> = self
            .patients
            .iter()
            .enumerate()
            .filter_map(|(at, (id, _))| Some((at, *row_of.get(id.as_str())?)))
            .collect();
        if rows.is_empty() {
            return Ok(None);
        }
        let of_table = |values: &[f64]| rows.iter().map(|&(at, _)| values[at]).collect();
        let readers = self.readers.iter().map(|reader| ReaderReadings {
            name: reader.name.clone(),
            without: of_table(&reader.without),
            with: of_table(&reader.with),
        });
        let patients = || rows.iter().map(|&(_, row)| &cohort.patients[row]);
        let input = EvaluationInput {
            ids: patients().map(|patient| patient.id.clone()).collect(),
            outcome: patients().map(|patient| patient.outcome).collect(),
            splits: vec![SplitRows {
                name: self.splits(cohort, &rows),
                rows: (0..rows.len()).collect(),
            }],
            training: 0,
            models: vec![ModelScores {
                values: rows.iter().map(|&(_, row)| model.values[row]).collect(),
                ..model.clone()
            }],
            reference: 0,
            readers: readers.collect(),
            assistant: Some(0),
        };
        let settings = EvaluationSettings {
            cutoff: CutoffRule::Fixed(cutoff),
            decision_replicates: 0,
            ..settings.clone()
        };
        evaluate(&input, &settings)
            .map(Some)
            .with_context(|| self.path.display().to_string())
    }

    /// The splits that the patients belong to.
    fn splits(&self, cohort: &Cohort, rows: &[(usize, usize)]) -> String {
        let names = cohort.splits.iter().enumerate().filter(|(k, _)| {
            let mut patients = rows.iter().map(|&(_, row)| &cohort.patients[row]);
            patients.any(|patient| patient.split == *k)
        });
        let names: Vec<&str> = names.map(|(_, split)| split.name.as_str()).collect();
        names.join(" and ")
    }
}
