//! Clinical columns: what is a number, what is a category, what is neither.

use std::collections::BTreeMap;

use super::columns::{ColumnKind, ColumnSpec};
use crate::faults::Faults;
use crate::labels::readable;
use crate::table_file::{CsvTable, found, quoted_list};

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
    /// How the cohort file calls it.
    pub given_label: Option<String>,
    /// Unit of a number.
    pub unit: Option<String>,
    /// One value a patient.
    pub values: ClinicalValues,
}

impl ClinicalColumn {
    /// How tables and figures call it.
    pub fn label(&self) -> String {
        self.given_label
            .clone()
            .unwrap_or_else(|| readable(&self.name))
    }
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

impl ClinicalValues {
    /// The values of some rows. Levels stay, also those that none of the rows has.
    pub(super) fn of_rows(&self, rows: &[usize]) -> Self {
        match self {
            Self::Numeric(values) => Self::Numeric(rows.iter().map(|&row| values[row]).collect()),
            Self::Categorical { levels, codes } => Self::Categorical {
                levels: levels.clone(),
                codes: rows.iter().map(|&row| codes[row]).collect(),
            },
        }
    }
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
        "" | "na" | "n/a" | "nan" | "null" | "." | "?" | "not available" | "missing"
    )
}

/// Whether a column describes the examination rather than the patient.
pub(super) fn is_descriptive_name(name: &str, also: &[String]) -> bool {
    let lower = name.to_ascii_lowercase();
    DESCRIPTIVE_NAMES.contains(&lower.as_str()) || also.iter().any(|other| other == name)
}

/// A column of a table over the rows kept.
pub(super) struct Cells<'a> {
    pub table: &'a CsvTable,
    pub column: usize,
    pub rows: &'a [usize],
    /// Whether each of the rows is used for fitting.
    pub in_training: &'a [bool],
}

/// Understands one column, as it is typed or by its cells.
///
/// All cells numbers: numeric. Some text: a fault where the numbers are clearly a measurement, otherwise categories (as in BI-RADS `3`, `4a`, `4b`).
pub(super) fn understand(
    cells: &Cells<'_>,
    spec: Option<&ColumnSpec>,
    faults: &mut Faults,
) -> Understood {
    let name = cells.name().to_owned();
    let numbers = cells.numbers();
    let all: Option<Vec<f64>> = numbers.iter().copied().collect();
    let values = match (spec.map(|spec| spec.kind), all) {
        (Some(ColumnKind::Description), _) => {
            return cells.description("described as no predictor by the cohort file");
        }
        (Some(ColumnKind::Category), _) => cells.typed_categories(spec, faults),
        (Some(ColumnKind::Number) | None, Some(values)) => ClinicalValues::Numeric(values),
        (Some(ColumnKind::Number), None) => {
            cells.refuse_text(&numbers, faults);
            categories(&cells.texts())
        }
        (None, None) => {
            if is_measurement(&numbers) {
                cells.refuse_text(&numbers, faults);
            }
            categories(&cells.texts())
        }
    };
    match reason_against(&values, cells.in_training) {
        None => Understood::Predictor(ClinicalColumn {
            name,
            given_label: spec.and_then(|spec| spec.label.clone()),
            unit: spec.and_then(|spec| spec.unit.clone()),
            values,
        }),
        Some(reason) => cells.description(&reason),
    }
}

impl Cells<'_> {
    fn name(&self) -> &str {
        &self.table.header[self.column]
    }

    fn texts(&self) -> Vec<&str> {
        self.rows
            .iter()
            .map(|&row| self.table.rows[row][self.column].as_str())
            .collect()
    }

    fn numbers(&self) -> Vec<Option<f64>> {
        self.texts()
            .iter()
            .map(|cell| cell.parse::<f64>().ok().filter(|value| value.is_finite()))
            .collect()
    }

    /// The column as one that is kept and shown.
    pub(super) fn description(&self, reason: &str) -> Understood {
        Understood::Descriptive(DescriptiveColumn {
            name: self.name().to_owned(),
            values: self.texts().into_iter().map(str::to_owned).collect(),
            reason: reason.to_owned(),
        })
    }

    fn refuse_text(&self, numbers: &[Option<f64>], faults: &mut Faults) {
        for (&row, number) in self.rows.iter().zip(numbers) {
            let cell = &self.table.rows[row][self.column];
            // Empty cells have been named already.
            if number.is_none() && !is_missing(cell) {
                faults.push(format!(
                    "{}: expected a number, found \"{cell}\"",
                    self.table.place(row, self.column),
                ));
            }
        }
    }

    /// Categories whose levels or reference are given.
    fn typed_categories(&self, spec: Option<&ColumnSpec>, faults: &mut Faults) -> ClinicalValues {
        let texts = self.texts();
        if let Some(levels) = spec.and_then(|spec| spec.levels.as_ref()) {
            return self.given_levels(levels, faults);
        }
        let mut values = categories(&texts);
        if let Some(reference) = spec.and_then(|spec| spec.reference.as_ref())
            && let ClinicalValues::Categorical { levels, codes } = &mut values
        {
            let Some(at) = levels.iter().position(|level| level == reference) else {
                faults.push(format!(
                    "{}: column \"{}\": expected the reference level \"{reference}\" of the cohort file, found {}",
                    self.table.path.display(),
                    self.name(),
                    quoted_list(levels)
                ));
                return values;
            };
            levels[..=at].rotate_right(1);
            for code in codes.iter_mut() {
                *code = match *code {
                    code if code == at => 0,
                    code if code < at => code + 1,
                    code => code,
                };
            }
        }
        values
    }

    fn given_levels(&self, levels: &[String], faults: &mut Faults) -> ClinicalValues {
        let mut codes = Vec::with_capacity(self.rows.len());
        for (&row, cell) in self.rows.iter().zip(self.texts()) {
            let code = levels.iter().position(|level| level == cell);
            if code.is_none() && !is_missing(cell) {
                faults.push(format!(
                    "{}: expected one of the levels {}, found {}",
                    self.table.place(row, self.column),
                    quoted_list(levels),
                    found(cell)
                ));
            }
            codes.push(code.unwrap_or(0));
        }
        // A level that nobody has is no level of this cohort.
        let used: Vec<usize> = (0..levels.len()).filter(|k| codes.contains(k)).collect();
        ClinicalValues::Categorical {
            levels: used.iter().map(|&k| levels[k].clone()).collect(),
            codes: codes
                .iter()
                .map(|code| used.iter().position(|k| k == code).unwrap_or(0))
                .collect(),
        }
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
