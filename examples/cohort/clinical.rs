//! Clinical columns: what is a number, what is a category, what is neither.

use std::collections::BTreeMap;

use crate::faults::Faults;
use crate::table_file::CsvTable;

/// What to do with empty clinical cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum MissingClinical {
    /// Name every empty cell and stop: nothing is guessed.
    #[default]
    Refuse,
    /// Leave out patients with an empty cell; they are listed with the cells that are empty.
    Drop,
}

/// A clinical column that can be a predictor.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ClinicalColumn {
    /// Its name in the header.
    pub name: String,
    /// One value a patient.
    pub values: ClinicalValues,
}

/// Values of a clinical column, one a patient.
#[derive(Debug, Clone, PartialEq)]
pub enum ClinicalValues {
    /// Finite numbers.
    Numeric(Vec<f64>),
    /// Categories.
    Categorical {
        /// Distinct levels; the first is the reference.
        levels: Vec<String>,
        /// Index into `levels` of each patient.
        codes: Vec<usize>,
    },
}

/// A column that is kept but is no predictor.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DescriptiveColumn {
    /// Its name in the header.
    pub name: String,
    /// One text a patient.
    pub values: Vec<String>,
    /// Why it is no predictor.
    pub reason: String,
}

/// A column as it was understood.
pub(super) enum Understood {
    Predictor(ClinicalColumn),
    Descriptive(DescriptiveColumn),
}

/// Names of columns that say where and how a patient was examined.
const DESCRIPTIVE_NAMES: [&str; 10] = [
    "center",
    "centre",
    "site",
    "hospital",
    "institution",
    "scanner",
    "device",
    "vendor",
    "operator",
    "comment",
];

/// Levels that name the absence of a finding: such a level is the reference of its column. Elsewhere the first level in natural order is.
const REFERENCE_LEVELS: [&str; 17] = [
    "no",
    "none",
    "negative",
    "absent",
    "absence",
    "normal",
    "false",
    "never",
    "benign",
    "homogeneous",
    "parallel",
    "regular",
    "circumscribed",
    "low",
    "grade_0",
    "grade 0",
    "0",
];

/// Categories beyond this number are free text.
const MAX_LEVELS: usize = 20;
/// Different numbers from which on a column is a measurement, in which text is a mistake rather than a category.
const MEASUREMENT_NUMBERS: usize = 8;

/// Whether a cell holds no value.
pub(super) fn is_missing(cell: &str) -> bool {
    matches!(
        cell.to_ascii_lowercase().as_str(),
        "" | "na" | "n/a" | "nan" | "null" | "." | "?"
    )
}

/// Whether a column describes the examination rather than the patient.
pub(super) fn is_descriptive_name(name: &str, also: &[String]) -> bool {
    let lower = name.to_ascii_lowercase();
    DESCRIPTIVE_NAMES.contains(&lower.as_str()) || also.iter().any(|other| other == name)
}

/// Understands one column over the rows kept. `in_training[k]` tells whether row `rows[k]` is used for fitting.
///
/// All cells numbers: numeric. Some text: a fault where the numbers are clearly a measurement, otherwise categories (as in BI-RADS `3`, `4a`, `4b`).
pub(super) fn understand(
    table: &CsvTable,
    column: usize,
    rows: &[usize],
    in_training: &[bool],
    faults: &mut Faults,
) -> Understood {
    let name = table.header[column].clone();
    let cells: Vec<&str> = rows
        .iter()
        .map(|&row| table.rows[row][column].as_str())
        .collect();
    let numbers: Vec<Option<f64>> = cells
        .iter()
        .map(|cell| cell.parse::<f64>().ok().filter(|value| value.is_finite()))
        .collect();
    let values = match numbers.iter().copied().collect::<Option<Vec<f64>>>() {
        Some(values) => ClinicalValues::Numeric(values),
        None => {
            if is_measurement(&numbers) {
                for (&row, number) in rows.iter().zip(&numbers) {
                    // Empty cells have been named already.
                    if number.is_none() && !is_missing(&table.rows[row][column]) {
                        faults.push(format!(
                            "{}: expected a number, found \"{}\"",
                            table.place(row, column),
                            table.rows[row][column]
                        ));
                    }
                }
            }
            categories(&cells)
        }
    };
    match reason_against(&values, in_training) {
        None => Understood::Predictor(ClinicalColumn { name, values }),
        Some(reason) => Understood::Descriptive(DescriptiveColumn {
            name,
            values: cells.iter().map(|&cell| cell.to_owned()).collect(),
            reason,
        }),
    }
}

/// Mostly numbers, and many different ones.
fn is_measurement(numbers: &[Option<f64>]) -> bool {
    let mut found: Vec<f64> = numbers.iter().flatten().copied().collect();
    let mostly = 2 * found.len() > numbers.len();
    found.sort_by(f64::total_cmp);
    found.dedup();
    mostly && found.len() >= MEASUREMENT_NUMBERS
}

fn categories(cells: &[&str]) -> ClinicalValues {
    let mut order: BTreeMap<&str, usize> = cells.iter().map(|&cell| (cell, 0)).collect();
    let mut levels: Vec<&str> = order.keys().copied().collect();
    // The level that names an absence first, the others as sorted.
    levels.sort_by_key(|level| !REFERENCE_LEVELS.contains(&level.to_ascii_lowercase().as_str()));
    for (code, level) in levels.iter().enumerate() {
        order.insert(level, code);
    }
    ClinicalValues::Categorical {
        codes: cells.iter().map(|cell| order[cell]).collect(),
        levels: levels.into_iter().map(str::to_owned).collect(),
    }
}

/// Why a column cannot be a predictor, if so.
fn reason_against(values: &ClinicalValues, in_training: &[bool]) -> Option<String> {
    match values {
        ClinicalValues::Numeric(values) => {
            let mut training = values
                .iter()
                .zip(in_training)
                .filter(|(_, used)| **used)
                .map(|(value, _)| *value);
            let first = training.next()?;
            training
                .all(|value| value == first)
                .then(|| "the same number for every training patient".to_owned())
        }
        ClinicalValues::Categorical { levels, codes } => {
            let mut seen = vec![false; levels.len()];
            codes
                .iter()
                .zip(in_training)
                .filter(|(_, used)| **used)
                .for_each(|(&code, _)| seen[code] = true);
            if levels.len() > MAX_LEVELS {
                Some(format!("free text: {} different values", levels.len()))
            } else if seen.iter().filter(|seen| **seen).count() < 2 {
                Some("the same value for every training patient".to_owned())
            } else {
                let unseen = seen.iter().position(|seen| !seen)?;
                Some(format!(
                    "level \"{}\" occurs in no training patient",
                    levels[unseen]
                ))
            }
        }
    }
}
