//! Baseline characteristics ("Table 1") of a cohort by split, and of the training split by outcome.
//!
//! Tests and standardized differences are those of [`eval_stats::baseline`] under [`rules`]; the typed rows are kept, and the table of the report and the
//! CSV file are two views of them.

use std::path::Path;

use eval_stats::baseline::{
    self, BaselineSettings, BeyondExact, CategoricalRow, CategoricalRule, ContinuousRow,
    ContinuousRule, NormalityGate, NormalityOfGroup, RowTest, TestName,
};
use eval_stats::contingency::Yates;
use eval_stats::location::{MannWhitneyMethod, Variances};

use super::modeling::readable;
use crate::cohort::{ClinicalValues, Cohort};
use crate::report::Table;
use crate::table_file::{Cell, shortest, write_csv};

/// What the rules of [`rules`] are, in the words of a note.
const RULES: &str = "Numbers: mean \u{b1} standard deviation and a Welch test where the P of Shapiro and Wilk is above .05 in every group, else median \
                     (quartiles) and a rank test. Categories: n (%), chi-square test, or Fisher's exact test where an expected count is below 5.";
/// Letters of the footnotes, superscript.
const LETTERS: [char; 8] = ['ᵃ', 'ᵇ', 'ᶜ', 'ᵈ', 'ᵉ', 'ᶠ', 'ᵍ', 'ʰ'];
/// Random tables where Fisher's test has too many to walk.
const RANDOM_TABLES: usize = 10_000;
/// More decimals than these are no more readable.
const MAX_DECIMALS: usize = 3;

/// A baseline table: groups, and a row for every characteristic.
#[derive(Debug, Clone, PartialEq)]
pub struct Baseline {
    caption: String,
    groups: Vec<Group>,
    rows: Vec<Characteristic>,
}

#[derive(Debug, Clone, PartialEq)]
struct Group {
    name: String,
    patients: Vec<usize>,
}

#[derive(Debug, Clone, PartialEq)]
struct Characteristic {
    /// Column of the manifest.
    variable: String,
    /// How the report calls it.
    label: String,
    row: Row,
}

#[derive(Debug, Clone, PartialEq)]
enum Row {
    Number {
        row: ContinuousRow,
        decimals: usize,
    },
    Category {
        row: CategoricalRow,
        levels: Vec<String>,
    },
}

/// How tests are chosen.
pub fn rules() -> BaselineSettings {
    BaselineSettings::new()
        .continuous_rule(ContinuousRule::ShapiroGate { alpha: 0.05 })
        .variances(Variances::Welch)
        .mann_whitney(MannWhitneyMethod::NormalCorrected)
        .categorical_rule(CategoricalRule::FisherIfAnyBelow5)
        .yates(Yates::None)
        .beyond_exact(BeyondExact::MonteCarlo {
            replicates: RANDOM_TABLES,
            seed: 1,
        })
}

impl Baseline {
    /// All splits beside each other: outcome and clinical columns, tested over all splits.
    ///
    /// # Errors
    /// When the library refuses a column: none that a [`Cohort`] can hold.
    pub fn by_split(cohort: &Cohort) -> anyhow::Result<Self> {
        let groups: Vec<Group> = cohort
            .splits
            .iter()
            .map(|split| Group {
                name: split.name.clone(),
                patients: split.patients.clone(),
            })
            .collect();
        let events: Vec<usize> = cohort.outcomes().into_iter().map(usize::from).collect();
        let no_yes = ["no".to_owned(), "yes".to_owned()];
        let event = category("event", &no_yes, &events, &groups)?;
        let mut rows = vec![event];
        rows.extend(clinical_rows(cohort, &groups)?);
        Ok(Self {
            caption: "Baseline characteristics by split".to_owned(),
            groups,
            rows,
        })
    }

    /// Patients of the training split without and with the outcome.
    ///
    /// # Errors
    /// When the library refuses a column: none that a [`Cohort`] can hold.
    pub fn by_outcome(cohort: &Cohort) -> anyhow::Result<Self> {
        let training = cohort.training();
        let (events, others): (Vec<usize>, Vec<usize>) = training
            .patients
            .iter()
            .partition(|&&patient| cohort.patients[patient].outcome);
        let groups = [("no event", others), ("event", events)].map(|(name, patients)| Group {
            name: name.to_owned(),
            patients,
        });
        Ok(Self {
            caption: format!(
                "Baseline characteristics of the split {} by outcome",
                readable(&training.name)
            ),
            rows: clinical_rows(cohort, &groups)?,
            groups: groups.into(),
        })
    }

    /// The table as journals print it: a footnote names the test of every P.
    pub fn table(&self) -> Table {
        let mut header = vec!["Characteristic".to_owned()];
        header.extend(
            self.groups
                .iter()
                .map(|group| format!("{} (n = {})", readable(&group.name), group.patients.len())),
        );
        header.extend(["P", "SMD"].map(str::to_owned));
        let mut tests: Vec<TestName> = Vec::new();
        let mut rows = Vec::new();
        let mut reasons = String::new();
        for characteristic in &self.rows {
            let label = characteristic.label.clone();
            let (test, smd) = (characteristic.test(), characteristic.smd());
            let p = match test {
                RowTest::Done(done) => {
                    format!("{}{}", test.p_cell(), letter(done.name, &mut tests))
                }
                RowTest::NotDone { reason } => {
                    reasons += &format!(" {label}: no test, {reason}.");
                    "\u{2013}".to_owned()
                }
            };
            let smd = smd.map_or_else(|| "\u{2013}".to_owned(), |smd| format!("{smd:.2}"));
            for (k, (name, cells)) in characteristic.lines(&label).into_iter().enumerate() {
                let mut row = vec![name];
                row.extend(cells);
                row.extend(match k {
                    0 => [p.clone(), smd.clone()],
                    _ => [String::new(), String::new()],
                });
                rows.push(row);
            }
        }
        Table::new(self.caption.clone(), header)
            .rows(rows)
            .note(format!("{}{reasons}", self.note(&tests)))
    }

    fn note(&self, tests: &[TestName]) -> String {
        let pairs = match self.groups.len() > 2 {
            true => "P over all groups; SMD: the largest standardized difference of two groups.",
            false => "SMD: standardized difference.",
        };
        let footnotes: String = tests
            .iter()
            .enumerate()
            .map(|(k, name)| format!(" {} {}.", mark(k), footnote(*name)))
            .collect();
        format!("{RULES} {pairs}{footnotes}")
    }

    /// Writes all counts, tests and differences, unrounded; the groups' cells are those of the report.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, path: &Path) -> anyhow::Result<()> {
        let mut header: Vec<String> = ["variable", "level"].map(str::to_owned).into();
        header.extend(self.group_headings());
        header.extend(
            [
                "test",
                "statistic",
                "df",
                "df_within",
                "p",
                "smd",
                "n_missing",
                "shapiro_smallest_p",
                "smallest_expected",
                "note",
            ]
            .map(str::to_owned),
        );
        let rows = self.rows.iter().flat_map(Characteristic::csv_rows);
        write_csv(path, &header, rows)
    }

    fn group_headings(&self) -> impl Iterator<Item = String> {
        self.groups
            .iter()
            .map(|group| format!("{} (n = {})", group.name, group.patients.len()))
    }
}

impl Characteristic {
    fn test(&self) -> &RowTest {
        match &self.row {
            Row::Number { row, .. } => &row.test,
            Row::Category { row, .. } => &row.test,
        }
    }

    fn smd(&self) -> Option<f64> {
        match &self.row {
            Row::Number { row, .. } => row.standardized_difference,
            Row::Category { row, .. } => row.standardized_difference,
        }
    }

    /// Lines of the report: label and a cell for every group; levels are indented below their variable.
    fn lines(&self, label: &str) -> Vec<(String, Vec<String>)> {
        match &self.row {
            Row::Number { row, .. } => {
                let summary = match passed(row) {
                    true => "mean \u{b1} SD",
                    false => "median (quartiles)",
                };
                vec![(format!("{label}, {summary}"), self.number_cells())]
            }
            Row::Category { row, levels } => {
                let empty = vec![String::new(); row.n.len()];
                let mut lines = vec![(format!("{label}, n (%)"), empty)];
                lines.extend(levels.iter().enumerate().map(|(k, level)| {
                    (
                        format!("\u{2003}{}", level.replace('_', " ")),
                        shares(row, k),
                    )
                }));
                lines
            }
        }
    }

    /// Cells of a number; none for categories.
    fn number_cells(&self) -> Vec<String> {
        let Row::Number { row, decimals } = &self.row else {
            return Vec::new();
        };
        row.groups
            .iter()
            .map(|group| match passed(row) {
                true => group.mean_sd(*decimals),
                false => group.median_quartiles(*decimals),
            })
            .collect()
    }

    /// Rows of the CSV file: the variable with its test, then its levels.
    fn csv_rows(&self) -> Vec<Vec<Cell>> {
        let test = self.test().done();
        let note = match self.test() {
            RowTest::Done(_) => Cell::Empty,
            RowTest::NotDone { reason } => reason.to_string().into(),
        };
        let (n_missing, shapiro, expected) = match &self.row {
            Row::Number { row, .. } => (
                row.total.missing as u64,
                row.gate.as_ref().and_then(smallest_p),
                None,
            ),
            Row::Category { row, .. } => (row.missing.iter().sum(), None, row.smallest_expected),
        };
        let tail = vec![
            test.map(|test| test.name.to_string()).into(),
            test.and_then(|test| test.statistic).into(),
            test.and_then(|test| test.df).into(),
            test.and_then(|test| test.df_within).into(),
            test.map(|test| test.p).into(),
            self.smd().into(),
            (n_missing as usize).into(),
            shapiro.into(),
            expected.into(),
            note,
        ];
        let line = |level: Cell, cells: Vec<String>, tail: Vec<Cell>| {
            let head = [self.variable.as_str().into(), level];
            head.into_iter()
                .chain(cells.into_iter().map(Cell::from))
                .chain(tail)
                .collect::<Vec<Cell>>()
        };
        match &self.row {
            Row::Number { .. } => vec![line(Cell::Empty, self.number_cells(), tail)],
            Row::Category { row, levels } => {
                let blank = vec![Cell::Empty; tail.len()];
                let mut lines = vec![line(Cell::Empty, vec![String::new(); row.n.len()], tail)];
                lines.extend(
                    levels.iter().enumerate().map(|(k, level)| {
                        line(level.as_str().into(), shares(row, k), blank.clone())
                    }),
                );
                lines
            }
        }
    }
}

fn clinical_rows(cohort: &Cohort, groups: &[Group]) -> anyhow::Result<Vec<Characteristic>> {
    cohort
        .clinical
        .iter()
        .map(|column| {
            match &column.values {
                ClinicalValues::Numeric(values) => number(&column.name, values, groups),
                ClinicalValues::Categorical { levels, codes } => {
                    category(&column.name, levels, codes, groups)
                }
            }
            .map(|row| Characteristic {
                label: match &column.unit {
                    Some(unit) => format!("{} ({unit})", column.label()),
                    None => column.label(),
                },
                ..row
            })
        })
        .collect()
}

fn number(variable: &str, values: &[f64], groups: &[Group]) -> anyhow::Result<Characteristic> {
    let grouped: Vec<Vec<f64>> = groups
        .iter()
        .map(|group| group.patients.iter().map(|&k| values[k]).collect())
        .collect();
    let slices: Vec<&[f64]> = grouped.iter().map(Vec::as_slice).collect();
    Ok(Characteristic {
        variable: variable.to_owned(),
        label: readable(variable),
        row: Row::Number {
            row: baseline::continuous(&slices, &rules())?,
            decimals: decimals(values),
        },
    })
}

fn category(
    variable: &str,
    levels: &[String],
    codes: &[usize],
    groups: &[Group],
) -> anyhow::Result<Characteristic> {
    let mut counts = vec![vec![0; groups.len()]; levels.len()];
    for (k, group) in groups.iter().enumerate() {
        for &patient in &group.patients {
            counts[codes[patient]][k] += 1;
        }
    }
    Ok(Characteristic {
        variable: variable.to_owned(),
        label: readable(variable),
        row: Row::Category {
            row: baseline::categorical(&counts, &vec![0; groups.len()], &rules())?,
            levels: levels.to_vec(),
        },
    })
}

/// Decimals with which values were recorded, at least one.
fn decimals(values: &[f64]) -> usize {
    values
        .iter()
        .filter_map(|&value| Some(shortest(value).split_once('.')?.1.len()))
        .max()
        .map_or(1, |most| most.clamp(1, MAX_DECIMALS))
}

/// Whether a number is shown by mean and standard deviation.
fn passed(row: &ContinuousRow) -> bool {
    row.gate.as_ref().is_some_and(|gate| gate.passed)
}

/// The smallest P of all groups that could be tested.
fn smallest_p(gate: &NormalityGate) -> Option<f64> {
    gate.groups
        .iter()
        .filter_map(|group| match group {
            NormalityOfGroup::Tested(test) => Some(test.p),
            _ => None,
        })
        .reduce(f64::min)
}

/// "46 (43.8)" for every group; the heading says that it is n (%).
fn shares(row: &CategoricalRow, level: usize) -> Vec<String> {
    (0..row.n.len())
        .map(|group| row.share(level, group).to_string().replace('%', ""))
        .collect()
}

/// The footnote's letter of a test, in order of appearance.
fn letter(name: TestName, tests: &mut Vec<TestName>) -> char {
    let known = tests.iter().position(|&test| test == name);
    mark(known.unwrap_or_else(|| {
        tests.push(name);
        tests.len() - 1
    }))
}

/// Under one set of rules a table has at most five different tests.
fn mark(k: usize) -> char {
    LETTERS.get(k).copied().unwrap_or('*')
}

fn footnote(name: TestName) -> String {
    let text = match name {
        TestName::FisherMonteCarlo => format!("Fisher's test by {RANDOM_TABLES} random tables"),
        _ => name.to_string(),
    };
    let mut characters = text.chars();
    characters
        .next()
        .map(|first| first.to_uppercase().chain(characters).collect())
        .unwrap_or_default()
}
