//! The checked feature table every calculation starts from.
//!
//! A [`FeatureTable`] is finite, rectangular and has unique column names; nothing behind it checks
//! that again. Columns are stored contiguously because every method here walks columns. Tables that miss values start as an
//! [`IncompleteTable`](crate::missing::IncompleteTable).

use std::collections::HashMap;

use ndarray::{Array2, ArrayView2};

use crate::error::{Error, Result};
use crate::moments::{Moments, Unit, range};
use crate::par::map_indexed;

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

/// A table of named columns, complete ([`FeatureTable`]) or with gaps ([`IncompleteTable`](crate::missing::IncompleteTable)):
/// what calculations take that know what to do with a missing value. Implemented by these two only.
pub trait NamedColumns: sealed::Sealed + Sync {
    /// Number of samples.
    fn n_rows(&self) -> usize;

    /// Column names, in order, all different.
    fn names(&self) -> &[String];

    /// One column, contiguous; NaN where a value is missing.
    ///
    /// # Panics
    /// If `index` is not below the number of names.
    fn column(&self, index: usize) -> &[f64];
}

pub(crate) mod sealed {
    pub trait Sealed {
        /// Whether values may be missing at all.
        fn may_miss(&self) -> bool;
    }

    impl Sealed for super::FeatureTable {
        fn may_miss(&self) -> bool {
            false
        }
    }

    impl Sealed for crate::missing::IncompleteTable {
        fn may_miss(&self) -> bool {
            true
        }
    }
}

impl NamedColumns for FeatureTable {
    fn n_rows(&self) -> usize {
        self.n_rows
    }

    fn names(&self) -> &[String] {
        &self.names
    }

    fn column(&self, index: usize) -> &[f64] {
        self.column(index)
    }
}

impl FeatureTable {
    /// Checks and copies a table of shape (n_rows, n_columns).
    ///
    /// # Errors
    /// [`Error::LengthMismatch`] if there is not one name per column, [`Error::DuplicateName`],
    /// [`Error::NonFinite`] naming the first bad value by row and column, [`Error::TooFewRows`] for a table without rows,
    /// [`Error::TableTooLarge`] if memory does not hold it. A table without columns is allowed.
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
        let (n_rows, cells) = read_columns(values, names)?;
        let mut kept = Vec::with_capacity(names.len());
        let mut left_out = Vec::new();
        let mut usable = Vec::new();
        for (j, (column, name)) in cells.chunks_exact(n_rows).zip(names).enumerate() {
            match column.iter().position(|v| !v.is_finite()) {
                None => {
                    kept.push(name.clone());
                    usable.push(j);
                }
                Some(row) if policy == MissingPolicy::DropColumn => {
                    left_out.push((name.clone(), row));
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
        let columns = match left_out.is_empty() {
            true => cells,
            false => usable
                .iter()
                .flat_map(|&j| &cells[j * n_rows..(j + 1) * n_rows])
                .copied()
                .collect(),
        };
        let table = Self {
            n_rows,
            names: kept,
            columns,
        };
        Ok((table, left_out))
    }

    /// A table of columns known to be finite, of `n_rows` values each and with unique names.
    pub(crate) fn from_finite_columns(
        n_rows: usize,
        names: Vec<String>,
        columns: Vec<f64>,
    ) -> Self {
        debug_assert_eq!(columns.len(), n_rows * names.len());
        Self {
            n_rows,
            names,
            columns,
        }
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

    /// Columns that vary by no more than `relative_sd` of their size: standard deviation (divisor `n`) at most
    /// `relative_sd max|x|`, but not 0. What varies there is rounding, not the feature; about 1e-13 finds what a long
    /// calculation leaves of a constant.
    ///
    /// # Examples
    /// ```
    /// use feature_selection::FeatureTable;
    /// use ndarray::array;
    /// let x = array![[1e6, 1.0], [1e6 + 1e-9, 2.0], [1e6, 3.0]];
    /// let table = FeatureTable::new(x.view(), &["rounding", "signal"].map(String::from))?;
    /// let found = table.near_constant_columns(1e-13)?;
    /// assert_eq!((found.len(), found[0].column), (1, 0));
    /// # Ok::<(), feature_selection::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::InvalidSetting`] unless `relative_sd` is a number of at least 0.
    pub fn near_constant_columns(&self, relative_sd: f64) -> Result<Vec<NearConstantColumn>> {
        if relative_sd.is_nan() || relative_sd < 0.0 {
            return Err(Error::InvalidSetting {
                name: "relative standard deviation",
                expected: "a number >= 0",
                found: relative_sd,
            });
        }
        let found = map_indexed(self.n_columns(), |column| {
            let values = self.column(column);
            if is_constant(values) {
                return None;
            }
            let (low, high) = range(values);
            let magnitude = low.abs().max(high.abs());
            let mut measured = values.to_vec();
            let unit = Unit::divide(&mut measured);
            let moments = Moments::measure(&mut measured);
            let sd = unit.restore((moments.squares / moments.n).sqrt());
            (sd <= relative_sd * magnitude).then_some(NearConstantColumn {
                column,
                standard_deviation: sd,
                magnitude,
            })
        });
        Ok(found.into_iter().flatten().collect())
    }

    /// `(copy, original)` for every column equal, value for value, to an earlier one; the original is the first of its kind.
    pub fn duplicate_columns(&self) -> Vec<(usize, usize)> {
        let hashes = map_indexed(self.n_columns(), |j| hash(self.column(j)));
        let mut order: Vec<usize> = (0..self.n_columns()).collect();
        order.sort_unstable_by_key(|&j| (hashes[j], j));
        let mut copies = Vec::new();
        for alike in order.chunk_by(|&i, &j| hashes[i] == hashes[j]) {
            // Almost always one: columns with the same hash are compared.
            let mut originals: Vec<usize> = Vec::with_capacity(1);
            for &j in alike {
                let same = |&&i: &&usize| self.column(i) == self.column(j);
                match originals.iter().find(same) {
                    Some(&original) => copies.push((j, original)),
                    None => originals.push(j),
                }
            }
        }
        copies.sort_unstable();
        copies
    }

    /// The table as an array of shape (n_rows, n_columns).
    pub fn to_array(&self) -> Array2<f64> {
        Array2::from_shape_fn((self.n_rows, self.n_columns()), |(i, j)| {
            self.columns[j * self.n_rows + i]
        })
    }

    /// Passes every column through `f(index, column)`, which must leave it finite.
    pub(crate) fn map_columns(mut self, mut f: impl FnMut(usize, &mut [f64])) -> Self {
        for (j, column) in self.columns.chunks_exact_mut(self.n_rows).enumerate() {
            f(j, column);
        }
        self
    }

    /// The first value that is not finite, after a calculation that may overflow.
    pub(crate) fn check_finite(&self) -> Result<()> {
        match self.columns.iter().position(|v| !v.is_finite()) {
            None => Ok(()),
            Some(at) => Err(Error::NonFinite {
                row: at % self.n_rows,
                column: self.names[at / self.n_rows].clone(),
                value: self.columns[at],
            }),
        }
    }
}

/// A column whose values differ by rounding only.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct NearConstantColumn {
    /// Index of the column.
    pub column: usize,
    /// Standard deviation, divisor `n`.
    pub standard_deviation: f64,
    /// Largest absolute value.
    pub magnitude: f64,
}

/// Checks names and size, and copies a table into columns one after the other; the number of rows comes first.
pub(crate) fn read_columns(
    values: ArrayView2<'_, f64>,
    names: &[String],
) -> Result<(usize, Vec<f64>)> {
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
    // A broadcast view may have more cells than memory.
    let too_large = || Error::TableTooLarge { n_rows, n_columns };
    let cells = n_rows.checked_mul(n_columns).ok_or_else(too_large)?;
    let mut columns: Vec<f64> = Vec::new();
    columns.try_reserve_exact(cells).map_err(|_| too_large())?;
    match values.as_slice() {
        Some(by_rows) if n_columns > 1 => {
            columns.resize(cells, 0.0);
            transpose(by_rows, n_columns, &mut columns);
        }
        _ => values
            .columns()
            .into_iter()
            .for_each(|column| columns.extend(column.iter())),
    }
    Ok((n_rows, columns))
}

/// Rows one after the other to columns one after the other, in blocks of a cache line.
fn transpose(by_rows: &[f64], n_columns: usize, columns: &mut [f64]) {
    const BLOCK: usize = 8;
    let n_rows = by_rows.len() / n_columns;
    for (block, target) in columns.chunks_mut(BLOCK * n_rows).enumerate() {
        let width = target.len() / n_rows;
        for (i, row) in by_rows.chunks_exact(n_columns).enumerate() {
            let cells = &row[block * BLOCK..block * BLOCK + width];
            for (j, &v) in cells.iter().enumerate() {
                target[j * n_rows + i] = v;
            }
        }
    }
}

/// A number that equal columns share; both zeros count the same.
fn hash(column: &[f64]) -> u64 {
    const LANES: usize = 4;
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let mix = |h: u64, v: f64| (h ^ (v + 0.0).to_bits()).wrapping_mul(ODD).rotate_left(29);
    let (chunks, rest) = column.as_chunks::<LANES>();
    let mut lanes = [1, 2, 3, 4];
    for chunk in chunks {
        for l in 0..LANES {
            lanes[l] = mix(lanes[l], chunk[l]);
        }
    }
    let whole = lanes.iter().fold(0, |h: u64, &lane| {
        (h ^ lane).wrapping_mul(ODD).rotate_left(29)
    });
    rest.iter().fold(whole, |h, &v| mix(h, v))
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

pub(crate) fn check_unique(names: &[String]) -> Result<()> {
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
    fn columns_before_and_after_one_left_out_are_kept() {
        let x = array![[1.0, f64::NAN, 3.0, 5.0], [2.0, 0.0, 4.0, f64::INFINITY]];
        let names = ["a", "b", "c", "d"].map(String::from);
        let (table, left_out) =
            FeatureTable::with_policy(x.view(), &names, MissingPolicy::DropColumn).unwrap();
        assert_eq!(table.names(), ["a", "c"]);
        assert_eq!(
            (table.column(0), table.column(1)),
            (&[1.0, 2.0][..], &[3.0, 4.0][..])
        );
        assert_eq!(left_out, [("b".to_owned(), 0), ("d".to_owned(), 1)]);
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

    #[test]
    fn rows_and_columns_are_read_alike_in_any_layout() {
        let values = Array2::from_shape_fn((5, 19), |(i, j)| (100 * i + j) as f64);
        let by_columns = values.t().as_standard_layout().into_owned();
        let table = FeatureTable::new(values.view(), &names(19)).unwrap();
        assert_eq!(
            table,
            FeatureTable::new(by_columns.t(), &names(19)).unwrap()
        );
        assert_eq!(table.to_array(), values);
        let none = FeatureTable::new(Array2::zeros((3, 0)).view(), &[]).unwrap();
        assert_eq!((none.n_rows(), none.n_columns()), (3, 0));
        assert!(none.duplicate_columns().is_empty() && none.constant_columns().is_empty());
    }

    #[test]
    fn a_view_of_more_cells_than_memory_is_refused() {
        let one = ndarray::arr0(1.0);
        let huge = one.broadcast((usize::MAX / 64, 4)).unwrap();
        assert!(matches!(
            FeatureTable::new(huge, &names(4)),
            Err(Error::TableTooLarge { n_columns: 4, .. })
        ));
    }

    #[test]
    fn columns_of_one_hash_are_still_compared() {
        // Hashes fold lanes; copies of copies all name the first.
        let values = array![[1.0, 2.0, 1.0, 2.0, 1.0], [0.0, 3.0, -0.0, 3.0, 0.0]];
        let table = FeatureTable::new(values.view(), &names(5)).unwrap();
        assert_eq!(table.duplicate_columns(), vec![(2, 0), (3, 1), (4, 0)]);
    }

    #[test]
    fn rounding_is_told_from_variation() {
        let values = array![[1.0, 0.3, 1e300], [1.0, 0.1 + 0.2, 1.1e300]];
        let table = FeatureTable::new(values.view(), &names(3)).unwrap();
        let found = table.near_constant_columns(1e-13).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].column, found[0].magnitude), (1, 0.1 + 0.2));
        assert!(table.near_constant_columns(f64::NAN).is_err());
    }
}
