//! The checked feature table every calculation starts from.
//!
//! A [`FeatureTable`] is finite, rectangular and has unique column names; nothing behind it checks
//! that again. Columns are stored contiguously because every method here walks columns.

use std::collections::HashMap;

use ndarray::{Array2, ArrayView2};

use crate::error::{Error, Result};

/// Rows are samples, columns are named features; all values finite, all names unique.
#[derive(Debug, Clone, PartialEq)]
pub struct FeatureTable {
    n_rows: usize,
    names: Vec<String>,
    columns: Vec<f64>,
}

/// What to do with NaN and infinite values when a table is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum MissingPolicy {
    /// Refuse the table, naming row and column.
    #[default]
    Error,
    /// Leave the affected columns out and report them.
    DropColumn,
}

impl FeatureTable {
    /// Checks and copies a table of shape (n_rows, n_columns).
    ///
    /// # Errors
    /// [`Error::LengthMismatch`] if there is not one name per column, [`Error::DuplicateName`],
    /// [`Error::NonFinite`] naming the first bad value by row and column, [`Error::TooFewRows`] for a table without rows.
    pub fn new(values: ArrayView2<'_, f64>, names: &[String]) -> Result<Self> {
        let (table, _) = Self::with_policy(values, names, MissingPolicy::Error)?;
        Ok(table)
    }

    /// As [`new`](Self::new) with a choice for values that are not finite. The second part of the
    /// result names the columns left out, each with the first offending row.
    ///
    /// # Errors
    /// As [`new`](Self::new); under [`MissingPolicy::DropColumn`] a value that is not finite is no error.
    pub fn with_policy(
        values: ArrayView2<'_, f64>,
        names: &[String],
        policy: MissingPolicy,
    ) -> Result<(Self, Vec<(String, usize)>)> {
        let (n_rows, n_columns) = values.dim();
        if names.len() != n_columns {
            return Err(Error::LengthMismatch {
                what: "column names",
                expected: n_columns,
                found: names.len(),
            });
        }
        if n_rows == 0 {
            return Err(Error::TooFewRows {
                what: "feature table",
                required: 1,
                found: 0,
            });
        }
        check_unique(names)?;
        let mut columns = Vec::with_capacity(n_rows * n_columns);
        let mut kept = Vec::with_capacity(n_columns);
        let mut left_out = Vec::new();
        for (column, name) in values.columns().into_iter().zip(names) {
            match column.iter().position(|v| !v.is_finite()) {
                None => {
                    columns.extend(column.iter());
                    kept.push(name.clone());
                }
                Some(row) if policy == MissingPolicy::DropColumn => {
                    left_out.push((name.clone(), row))
                }
                Some(row) => {
                    return Err(Error::NonFinite {
                        row,
                        column: name.clone(),
                        value: column[row],
                    });
                }
            }
        }
        Ok((
            Self {
                n_rows,
                names: kept,
                columns,
            },
            left_out,
        ))
    }

    /// Number of samples.
    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// Number of features.
    pub fn n_columns(&self) -> usize {
        self.names.len()
    }

    /// Column names, in order.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// One column, contiguous, length [`n_rows`](Self::n_rows).
    ///
    /// # Panics
    /// If `index` is not below [`n_columns`](Self::n_columns).
    pub fn column(&self, index: usize) -> &[f64] {
        &self.columns[index * self.n_rows..(index + 1) * self.n_rows]
    }

    /// Index of the column called `name`.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|n| n == name)
    }

    /// The columns at `indices`, in that order.
    ///
    /// # Panics
    /// If an index is not below [`n_columns`](Self::n_columns).
    pub fn select_columns(&self, indices: &[usize]) -> Self {
        let mut columns = Vec::with_capacity(self.n_rows * indices.len());
        for &j in indices {
            columns.extend_from_slice(self.column(j));
        }
        let names = indices.iter().map(|&j| self.names[j].clone()).collect();
        Self {
            n_rows: self.n_rows,
            names,
            columns,
        }
    }

    /// The columns called `names`, in that order, whatever else the table holds.
    ///
    /// # Errors
    /// [`Error::ColumnMismatch`] listing every name the table lacks.
    pub fn select_names(&self, names: &[String]) -> Result<Self> {
        let index: HashMap<&str, usize> = self
            .names
            .iter()
            .enumerate()
            .map(|(j, n)| (n.as_str(), j))
            .collect();
        let found: Vec<Option<usize>> = names
            .iter()
            .map(|n| index.get(n.as_str()).copied())
            .collect();
        if found.iter().any(Option::is_none) {
            let missing = names
                .iter()
                .zip(&found)
                .filter(|(_, f)| f.is_none())
                .map(|(n, _)| n.clone())
                .collect();
            return Err(Error::ColumnMismatch {
                what: "column selection",
                missing,
                unexpected: Vec::new(),
            });
        }
        Ok(self.select_columns(&found.into_iter().flatten().collect::<Vec<_>>()))
    }

    /// The rows at `indices`, in that order; repeats are allowed.
    ///
    /// # Errors
    /// [`Error::TooFewRows`] if `indices` is empty.
    ///
    /// # Panics
    /// If an index is not below [`n_rows`](Self::n_rows).
    pub fn select_rows(&self, indices: &[usize]) -> Result<Self> {
        if indices.is_empty() {
            return Err(Error::TooFewRows {
                what: "row selection",
                required: 1,
                found: 0,
            });
        }
        let mut columns = Vec::with_capacity(self.n_columns() * indices.len());
        for j in 0..self.n_columns() {
            let column = self.column(j);
            columns.extend(indices.iter().map(|&i| column[i]));
        }
        Ok(Self {
            n_rows: indices.len(),
            names: self.names.clone(),
            columns,
        })
    }

    /// Indices of columns whose values are all equal.
    pub fn constant_columns(&self) -> Vec<usize> {
        (0..self.n_columns())
            .filter(|&j| is_constant(self.column(j)))
            .collect()
    }

    /// `(copy, original)` for every column equal, value for value, to an earlier one.
    pub fn duplicate_columns(&self) -> Vec<(usize, usize)> {
        let mut seen: HashMap<Vec<u64>, usize> = HashMap::new();
        let mut copies = Vec::new();
        for j in 0..self.n_columns() {
            // Adding zero turns -0 into +0, so that equal values have equal bits.
            let bits = self.column(j).iter().map(|v| (v + 0.0).to_bits()).collect();
            match seen.entry(bits) {
                std::collections::hash_map::Entry::Occupied(first) => {
                    copies.push((j, *first.get()))
                }
                std::collections::hash_map::Entry::Vacant(slot) => {
                    slot.insert(j);
                }
            }
        }
        copies
    }

    /// The table as an array of shape (n_rows, n_columns).
    pub fn to_array(&self) -> Array2<f64> {
        Array2::from_shape_fn((self.n_rows, self.n_columns()), |(i, j)| {
            self.columns[j * self.n_rows + i]
        })
    }

    /// A table of the same columns with every column passed through `f(index, column)`.
    pub(crate) fn map_columns(&self, mut f: impl FnMut(usize, &mut [f64])) -> Self {
        let mut mapped = self.clone();
        let n = self.n_rows;
        for j in 0..self.n_columns() {
            f(j, &mut mapped.columns[j * n..(j + 1) * n]);
        }
        mapped
    }
}

/// Whether all values equal the first.
pub(crate) fn is_constant(column: &[f64]) -> bool {
    column.iter().all(|&v| v == column[0])
}

/// Refuses an outcome of the wrong length or with one class; returns the number of events.
pub(crate) fn check_outcome(outcome: &[bool], n_rows: usize) -> Result<usize> {
    if outcome.len() != n_rows {
        return Err(Error::LengthMismatch {
            what: "outcome",
            expected: n_rows,
            found: outcome.len(),
        });
    }
    let events = outcome.iter().filter(|&&y| y).count();
    if events == 0 || events == n_rows {
        return Err(Error::SingleClass { events, n: n_rows });
    }
    Ok(events)
}

fn check_unique(names: &[String]) -> Result<()> {
    let mut first_seen = HashMap::with_capacity(names.len());
    for (second, name) in names.iter().enumerate() {
        if let Some(first) = first_seen.insert(name.as_str(), second) {
            return Err(Error::DuplicateName {
                name: name.clone(),
                first,
                second,
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    fn names(n: usize) -> Vec<String> {
        (0..n).map(|j| format!("f{j}")).collect()
    }

    #[test]
    fn bad_value_is_named_by_row_and_column() {
        let values = array![[1.0, 2.0], [3.0, f64::NAN]];
        let error = FeatureTable::new(values.view(), &names(2)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "row 1, column `f1`: expected a finite number, found NaN"
        );
        let (table, left_out) =
            FeatureTable::with_policy(values.view(), &names(2), MissingPolicy::DropColumn).unwrap();
        assert_eq!(
            (table.n_columns(), left_out),
            (1, vec![("f1".to_owned(), 1)])
        );
    }

    #[test]
    fn constants_and_copies_are_found() {
        let values = array![[1.0, 5.0, 1.0, -0.0], [2.0, 5.0, 2.0, 0.0]];
        let table = FeatureTable::new(values.view(), &names(4)).unwrap();
        assert_eq!(table.constant_columns(), vec![1, 3]);
        assert_eq!(table.duplicate_columns(), vec![(2, 0)]);
        assert_eq!(table.to_array(), values);
    }
}
