//! What the run record of a shard tells of its part.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::feature_rows::{Columns, FeatureRows, Format, Origin};
use crate::run_record::InputFile;

/// What a merge needs to know of the part of a shard beside its options and inputs. Cases are counted from 0 over the whole batch
/// table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartDescription {
    /// Size of the part's file.
    pub bytes: u64,
    /// Columns copied from the batch table.
    pub copied: Vec<String>,
    /// Diagnostics columns, by the first case that has them.
    pub diagnostics: Vec<NewColumns>,
    /// Feature columns, by the first case that has them.
    pub features: Vec<NewColumns>,
    /// Columns that tell the regions of a case apart, by the first case that has them.
    pub region: Vec<NewColumns>,
    /// How many rows of the file belong to which cases.
    pub rows: Vec<RowsOfCases>,
    /// SHA-256 of the part's file.
    pub sha256: String,
}

/// Columns that appear with a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewColumns {
    /// The first case that has them.
    pub case: usize,
    /// Their names, left to right.
    pub names: Vec<String>,
}

/// Cases of a shard that follow each other and have equally many rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowsOfCases {
    /// How many cases.
    pub cases: usize,
    /// The first of them.
    pub first: usize,
    /// Rows in the file that each of them has.
    pub rows_each: usize,
}

impl PartDescription {
    /// Describes a written part. `case_of_row` has the case of every row, `cases` are those of the shard.
    pub fn new(
        written: &InputFile,
        rows: &FeatureRows,
        case_of_row: &[usize],
        cases: &[usize],
        format: Format,
    ) -> Self {
        let origins = rows.origins();
        let mut counts: HashMap<usize, usize> = HashMap::new();
        for (row, &case) in rows.rows.iter().zip(case_of_row) {
            *counts.entry(case).or_default() += row.found.n_written(format);
        }
        let counts = cases
            .iter()
            .map(|case| (*case, counts.get(case).copied().unwrap_or(0)));
        Self {
            bytes: written.bytes,
            copied: rows.copied.clone(),
            diagnostics: by_case(origins.diagnostics, case_of_row),
            features: by_case(origins.features, case_of_row),
            region: by_case(origins.region, case_of_row),
            rows: runs(counts),
            sha256: written.sha256.clone(),
        }
    }

    /// The rows of every case in turn.
    pub fn rows_of_cases(&self) -> impl Iterator<Item = usize> + '_ {
        self.rows
            .iter()
            .flat_map(|run| std::iter::repeat_n(run.rows_each, run.cases))
    }

    /// Number of cases.
    pub fn n_cases(&self) -> usize {
        let cases = self.rows.iter().map(|run| run.cases);
        cases.fold(0, usize::saturating_add)
    }

    /// Number of rows in the file.
    pub fn n_rows(&self) -> usize {
        let rows = self.rows.iter();
        rows.map(|run| run.cases.saturating_mul(run.rows_each))
            .fold(0, usize::saturating_add)
    }

    /// The columns of the part.
    pub fn columns(&self) -> Columns {
        let names = |new: &[NewColumns]| new.iter().flat_map(|new| new.names.clone()).collect();
        Columns {
            copied: self.copied.clone(),
            region: names(&self.region),
            diagnostics: names(&self.diagnostics),
            features: names(&self.features),
        }
    }
}

fn by_case(origins: Vec<Origin>, case_of_row: &[usize]) -> Vec<NewColumns> {
    let mut columns: Vec<NewColumns> = Vec::new();
    for Origin { name, row } in origins {
        let case = case_of_row[row];
        match columns.last_mut() {
            Some(last) if last.case == case => last.names.push(name),
            _ => columns.push(NewColumns {
                case,
                names: vec![name],
            }),
        }
    }
    columns
}

fn runs(counts: impl Iterator<Item = (usize, usize)>) -> Vec<RowsOfCases> {
    let mut runs: Vec<RowsOfCases> = Vec::new();
    for (case, rows_each) in counts {
        match runs.last_mut() {
            Some(last) if last.rows_each == rows_each => last.cases += 1,
            _ => runs.push(RowsOfCases {
                cases: 1,
                first: case,
                rows_each,
            }),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_neighbors_are_one_run() {
        let counts = [(1, 2), (4, 2), (7, 1), (10, 2)];
        let runs = runs(counts.into_iter());
        let told: Vec<[usize; 3]> = runs
            .iter()
            .map(|run| [run.first, run.cases, run.rows_each])
            .collect();
        assert_eq!(told, [[1, 2, 2], [7, 1, 1], [10, 1, 2]]);
    }
}
