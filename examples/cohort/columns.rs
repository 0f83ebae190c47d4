//! The cohort file: what the columns of a manifest are, where their names and cells do not say it.
//!
//! ```yaml
//! patient: ID                 # names of the required columns; by default patient, split, outcome
//! outcome: diagnosis
//! event: malignant            # cell of the outcome that is the event; by default 1, true, yes or positive
//! training: derivation        # name of the training split; by default train or training
//! columns:
//!   - name: age
//!     kind: number            # number, category or description
//!     label: Age
//!     unit: years
//!   - name: margin
//!     kind: category
//!     levels: [smooth, blurred]   # the first is the reference
//!   - name: scanner
//!     kind: description       # kept, but no predictor
//! ```
//! Everything may be left out; what is not said is inferred. Unknown keys are refused.

use std::path::Path;

use anyhow::Context;
use serde::{Deserialize, Serialize};

use super::{ClinicalValues, Cohort};
use crate::faults::Faults;
use crate::input_file;
use crate::table_file::quoted_list;

/// Largest cohort file, in bytes.
const MAX_BYTES: u64 = 1 << 20;

/// What is said about a manifest's columns.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CohortFile {
    /// Column of the identifiers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patient: Option<String>,
    /// Column of the splits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub split: Option<String>,
    /// Column of the outcome.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// Cell of the outcome that is the event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// Name of the training split.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub training: Option<String>,
    /// Clinical columns.
    pub columns: Vec<ColumnSpec>,
}

/// What is said about one clinical column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnSpec {
    /// Its name in the header.
    pub name: String,
    /// What its cells are.
    pub kind: ColumnKind,
    /// How tables and figures call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Unit of a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Levels of a category, the reference first; by default those that occur.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub levels: Option<Vec<String>>,
    /// Reference level of a category whose levels are not listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

/// What the cells of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ColumnKind {
    /// Finite numbers.
    Number,
    /// Levels, which may be written as numbers.
    Category,
    /// Kept and shown, but no predictor.
    Description,
}

impl CohortFile {
    /// Reads a cohort file, YAML or JSON.
    ///
    /// # Errors
    /// A file that cannot be read, unknown keys, values of another kind; [`Faults`] for entries that contradict themselves.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let shown = path.display();
        let cannot_read = || format!("{shown}: cannot read the cohort file");
        let bytes = std::fs::metadata(path).with_context(cannot_read)?.len();
        anyhow::ensure!(
            bytes <= MAX_BYTES,
            "{shown}: expected a cohort file of at most {MAX_BYTES} bytes, found {bytes}"
        );
        let text = String::from_utf8(input_file::read(path).with_context(cannot_read)?)
            .with_context(cannot_read)?;
        let file: Self = serde_saphyr::from_str(&text)
            .map_err(|error| anyhow::anyhow!("{shown}: expected a cohort file: {error}"))?;
        file.check(path)?;
        Ok(file)
    }

    fn check(&self, path: &Path) -> Result<(), Faults> {
        let mut faults = Faults::new();
        for (k, column) in self.columns.iter().enumerate() {
            let place = format!("{}: column \"{}\"", path.display(), column.name);
            if self.columns[..k].iter().any(|c| c.name == column.name) {
                faults.push(format!("{place}: expected once, found twice"));
            }
            if column.unit.is_some() && column.kind != ColumnKind::Number {
                faults.push(format!(
                    "{place}: expected a unit of a number only, found one of another kind"
                ));
            }
            let has_levels = column.levels.is_some() || column.reference.is_some();
            if has_levels && column.kind != ColumnKind::Category {
                faults.push(format!(
                    "{place}: expected levels of a category only, found some of another kind"
                ));
            }
            let Some(levels) = &column.levels else {
                continue;
            };
            let repeated = (1..levels.len()).find(|&at| levels[..at].contains(&levels[at]));
            if let Some(at) = repeated {
                faults.push(format!(
                    "{place}: expected every level once, found \"{}\" twice",
                    levels[at]
                ));
            }
            if levels.len() < 2 {
                faults.push(format!(
                    "{place}: expected at least two levels, found {}",
                    levels.len()
                ));
            }
            if let Some(reference) = &column.reference
                && levels.first() != Some(reference)
            {
                faults.push(format!(
                    "{place}: expected the reference \"{reference}\" as the first level, found {}",
                    quoted_list(levels)
                ));
            }
        }
        faults.into_result()
    }

    /// What is said about a column, if anything is.
    pub fn column(&self, name: &str) -> Option<&ColumnSpec> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// How the columns of a cohort were understood: a file that says the same, to be checked and changed.
    pub fn of(cohort: &Cohort, given: &Self) -> Self {
        let clinical = cohort.clinical.iter().map(|column| ColumnSpec {
            name: column.name.clone(),
            kind: match column.values {
                ClinicalValues::Numeric(_) => ColumnKind::Number,
                ClinicalValues::Categorical { .. } => ColumnKind::Category,
            },
            label: Some(column.label()),
            unit: column.unit.clone(),
            levels: match &column.values {
                ClinicalValues::Numeric(_) => None,
                ClinicalValues::Categorical { levels, .. } => Some(levels.clone()),
            },
            reference: None,
        });
        let descriptive = cohort.descriptive.iter().map(|column| ColumnSpec {
            name: column.name.clone(),
            kind: ColumnKind::Description,
            label: None,
            unit: None,
            levels: None,
            reference: None,
        });
        Self {
            columns: clinical.chain(descriptive).collect(),
            training: Some(cohort.training().name.clone()),
            ..given.clone()
        }
    }

    /// As YAML text.
    ///
    /// # Errors
    /// Never for text.
    pub fn to_yaml(&self) -> anyhow::Result<String> {
        Ok(serde_saphyr::to_string(self)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> anyhow::Result<CohortFile> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("cohort.yaml");
        std::fs::write(&path, text)?;
        CohortFile::read(&path)
    }

    #[test]
    fn what_is_written_is_read_again() {
        let file = read(
            "outcome: diagnosis\nevent: malignant\ncolumns:\n  - {name: age, kind: number, unit: years}\n  - {name: 'margin: x', kind: category, levels: ['0', 'no', 'a \"b\"']}\n  - {name: scanner, kind: description}\n",
        )
        .unwrap();
        assert_eq!(read(&file.to_yaml().unwrap()).unwrap(), file);
        assert_eq!(file.column("age").unwrap().unit.as_deref(), Some("years"));
    }

    #[test]
    fn contradictions_and_unknown_keys_are_refused() {
        for (text, expected) in [
            ("colums: []", "colums"),
            ("columns:\n  - {name: a, kind: text}", "text"),
            (
                "columns:\n  - {name: a, kind: number, levels: [x, y]}",
                "levels",
            ),
            ("columns:\n  - {name: a, kind: category, unit: mm}", "unit"),
            (
                "columns:\n  - {name: a, kind: category, levels: [x]}",
                "two levels",
            ),
            (
                "columns:\n  - {name: a, kind: category, levels: [x, y, x]}",
                "\"x\" twice",
            ),
            (
                "columns:\n  - {name: a, kind: category, levels: [x, y], reference: y}",
                "first level",
            ),
            (
                "columns:\n  - {name: a, kind: number}\n  - {name: a, kind: number}",
                "found twice",
            ),
        ] {
            let error = format!("{:#}", read(text).unwrap_err());
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
