//! Tables with missing values, and the ways to complete them.
//!
//! Every calculation of this crate starts from a [`FeatureTable`], which is complete. An [`IncompleteTable`] may hold NaN
//! for "not measured"; it says what is missing ([`IncompleteTable::missing`]) and becomes complete in one of two ways:
//!
//! - [`IncompleteTable::complete`] leaves columns or rows out, by a named policy that reports what it left out.
//! - An [`Imputer`] fills the gaps with medians or means **of training rows**; only a fitted one can fill other rows.
//!
//! Inside a cross-validation the second way has to be gone anew in every fold, or the held-out rows would have had a say in
//! what fills the training rows. [`RowSource`] is the door for that: a complete table gives its rows as they are,
//! [`IncompleteTable::imputed_by`] imputes both parts by the training part.
//!
//! # Differences
//! An infinite value is never "missing"; it is refused by row and column, for it comes from a calculation that went wrong.

use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::moments::{Moments, Unit};
use crate::par::map_indexed;
use crate::standardize::same_names;
use crate::table::{FeatureTable, NamedColumns, check_unique, read_columns};
use eval_stats::quantile::{QuantileType, of_sorted};

/// Rows are samples, columns are named features; a value is finite, or NaN where it is missing. Names are unique.
#[derive(Debug, Clone)]
pub struct IncompleteTable {
    n_rows: usize,
    names: Vec<String>,
    columns: Vec<f64>,
}

/// How [`IncompleteTable::complete`] treats missing values.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[non_exhaustive]
pub enum CompletionPolicy {
    /// Refuse the table, naming the first missing cell (by column, then row).
    #[default]
    Refuse,
    /// Leave out every column that misses a value.
    DropColumns,
    /// Leave out every row that misses a value (listwise deletion).
    DropRows,
    /// Leave out columns that miss more than a share of their values, then every row that still misses one.
    DropColumnsThenRows {
        /// Largest share of missing values that a column may have, from 0 to 1.
        max_share: f64,
    },
}

/// A table made complete by leaving something out.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct CompletedTable {
    /// What is left, complete.
    pub table: FeatureTable,
    /// The rows of the incomplete table that are left, ascending; outcomes have to be picked by these.
    pub rows: Vec<usize>,
    /// The rows left out, ascending.
    pub dropped_rows: Vec<usize>,
    /// The columns left out, in column order.
    pub dropped_columns: Vec<IncompleteColumn>,
}

/// Missing values of one column.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct IncompleteColumn {
    /// Column name.
    pub name: String,
    /// Its index.
    pub column: usize,
    /// Number of missing values.
    pub missing: usize,
    /// Their share of all rows, in (0, 1].
    pub share: f64,
}

/// Missing values of one row.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct IncompleteRow {
    /// Index of the row.
    pub row: usize,
    /// Number of missing values.
    pub missing: usize,
    /// Their share of all columns, in (0, 1].
    pub share: f64,
}

/// What a table misses. Columns and rows that miss nothing are not listed.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Missingness {
    /// Rows of the table.
    pub n_rows: usize,
    /// Columns of the table.
    pub n_columns: usize,
    /// Missing values of the whole table.
    pub missing: usize,
    /// Their share of all cells; 0 for a table without columns.
    pub share: f64,
    /// Columns that miss something, in column order.
    pub columns: Vec<IncompleteColumn>,
    /// Rows that miss something, ascending.
    pub rows: Vec<IncompleteRow>,
}

impl NamedColumns for IncompleteTable {
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

impl IncompleteTable {
    /// Checks and copies a table of shape (n_rows, n_columns) in which NaN stands for a missing value.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`] if there is not one name per column, [`Error::DuplicateName`], [`Error::NonFinite`] naming the
    /// first infinite value by row and column, [`Error::TooFewRows`] for a table without rows, [`Error::TableTooLarge`].
    pub fn new(values: ArrayView2<'_, f64>, names: &[String]) -> Result<Self> {
        let (n_rows, columns) = read_columns(values, names)?;
        if let Some(at) = columns.iter().position(|v| v.is_infinite()) {
            return Err(Error::NonFinite {
                row: at % n_rows,
                column: names[at / n_rows].clone(),
                value: columns[at],
            });
        }
        Ok(Self {
            n_rows,
            names: names.to_vec(),
            columns,
        })
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

    /// One column, contiguous, NaN where a value is missing.
    ///
    /// # Panics
    /// If `index` is not below [`n_columns`](Self::n_columns).
    pub fn column(&self, index: usize) -> &[f64] {
        &self.columns[index * self.n_rows..(index + 1) * self.n_rows]
    }

    /// What is missing.
    ///
    /// # Examples
    /// ```
    /// use feature_selection::missing::IncompleteTable;
    /// use ndarray::array;
    /// let x = array![[1.0, f64::NAN], [2.0, f64::NAN], [3.0, 6.0], [4.0, 8.0]];
    /// let table = IncompleteTable::new(x.view(), &["a", "b"].map(String::from))?;
    /// let found = table.missing();
    /// assert_eq!((found.missing, found.share), (2, 0.25));
    /// assert_eq!((found.columns[0].name.as_str(), found.columns[0].share), ("b", 0.5));
    /// assert_eq!(found.rows[1].row, 1);
    /// # Ok::<(), feature_selection::Error>(())
    /// ```
    pub fn missing(&self) -> Missingness {
        let (n_rows, n_columns) = (self.n_rows, self.n_columns());
        let mut of_rows = vec![0; n_rows];
        let mut columns = Vec::new();
        for j in 0..n_columns {
            let mut missing = 0;
            for (count, v) in of_rows.iter_mut().zip(self.column(j)) {
                let gap = usize::from(v.is_nan());
                *count += gap;
                missing += gap;
            }
            if missing > 0 {
                columns.push(self.incomplete(j, missing));
            }
        }
        let rows = of_rows.into_iter().enumerate();
        let missing = columns.iter().map(|c| c.missing).sum();
        Missingness {
            n_rows,
            n_columns,
            missing,
            share: missing as f64 / (n_rows * n_columns).max(1) as f64,
            columns,
            rows: rows
                .filter(|&(_, missing)| missing > 0)
                .map(|(row, missing)| IncompleteRow {
                    row,
                    missing,
                    share: missing as f64 / n_columns as f64,
                })
                .collect(),
        }
    }

    fn incomplete(&self, column: usize, missing: usize) -> IncompleteColumn {
        IncompleteColumn {
            name: self.names[column].clone(),
            column,
            missing,
            share: missing as f64 / self.n_rows as f64,
        }
    }

    /// The table without its gaps, and what was left out for that.
    ///
    /// # Examples
    /// ```
    /// use feature_selection::missing::{CompletionPolicy, IncompleteTable};
    /// use ndarray::array;
    /// let x = array![[1.0, f64::NAN, 5.0], [2.0, f64::NAN, f64::NAN], [3.0, 6.0, 7.0]];
    /// let table = IncompleteTable::new(x.view(), &["a", "b", "c"].map(String::from))?;
    /// // b misses two of three values and goes; then row 1 still misses c.
    /// let policy = CompletionPolicy::DropColumnsThenRows { max_share: 0.5 };
    /// let complete = table.complete(policy)?;
    /// assert_eq!(complete.table.names(), ["a", "c"]);
    /// assert_eq!((complete.rows, complete.dropped_rows), (vec![0, 2], vec![1]));
    /// assert_eq!(
    ///     table.complete(CompletionPolicy::Refuse).unwrap_err().to_string(),
    ///     "row 0, column `b`: expected a finite number, found NaN"
    /// );
    /// # Ok::<(), feature_selection::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::NonFinite`] under [`CompletionPolicy::Refuse`]; [`Error::NoUsableColumn`] if every column goes,
    /// [`Error::TooFewRows`] if every row goes, [`Error::InvalidSetting`] for a share outside [0, 1].
    pub fn complete(&self, policy: CompletionPolicy) -> Result<CompletedTable> {
        let max_share = match policy {
            CompletionPolicy::Refuse => {
                self.check_complete()?;
                0.0
            }
            CompletionPolicy::DropColumns => 0.0,
            CompletionPolicy::DropRows => 1.0,
            CompletionPolicy::DropColumnsThenRows { max_share } => max_share,
        };
        if !(0.0..=1.0).contains(&max_share) {
            return Err(Error::InvalidSetting {
                name: "share of missing values",
                expected: "a number from 0 to 1",
                found: max_share,
            });
        }
        let mut dropped_columns = Vec::new();
        let mut kept = Vec::with_capacity(self.n_columns());
        let mut complete_row = vec![true; self.n_rows];
        for j in 0..self.n_columns() {
            let column = self.column(j);
            let missing = column.iter().filter(|v| v.is_nan()).count();
            let found = self.incomplete(j, missing);
            if found.share > max_share {
                dropped_columns.push(found);
                continue;
            }
            kept.push(j);
            let rows = complete_row.iter_mut().zip(column);
            rows.for_each(|(complete, v)| *complete &= !v.is_nan());
        }
        if kept.is_empty() && self.n_columns() > 0 {
            return Err(Error::NoUsableColumn {
                what: "columns without missing values",
                n_columns: self.n_columns(),
            });
        }
        let (rows, dropped_rows): (Vec<usize>, Vec<usize>) =
            (0..self.n_rows).partition(|&i| complete_row[i]);
        Ok(CompletedTable {
            table: self.finite_part(&kept, &rows)?,
            rows,
            dropped_rows,
            dropped_columns,
        })
    }

    fn check_complete(&self) -> Result<()> {
        match self.columns.iter().position(|v| v.is_nan()) {
            None => Ok(()),
            Some(at) => Err(Error::NonFinite {
                row: at % self.n_rows,
                column: self.names[at / self.n_rows].clone(),
                value: self.columns[at],
            }),
        }
    }

    /// Columns and rows known to miss nothing.
    fn finite_part(&self, kept: &[usize], rows: &[usize]) -> Result<FeatureTable> {
        if rows.is_empty() {
            return Err(Error::TooFewRows {
                what: "rows without missing values",
                required: 1,
                found: 0,
            });
        }
        let mut columns = Vec::with_capacity(kept.len() * rows.len());
        for &j in kept {
            let column = self.column(j);
            columns.extend(rows.iter().map(|&i| column[i]));
        }
        let names = kept.iter().map(|&j| self.names[j].clone()).collect();
        Ok(FeatureTable::from_finite_columns(
            rows.len(),
            names,
            columns,
        ))
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

    /// The rows of this table for a cross-validation, imputed in every fold by its training rows.
    pub fn imputed_by(&self, statistic: ImputeBy) -> ImputedRows<'_> {
        ImputedRows {
            table: self,
            statistic,
        }
    }
}

/// What fills the gaps of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub enum ImputeBy {
    /// Median of the training values; the mean of the middle two for an even number. The default: features are skewed.
    #[default]
    Median,
    /// Mean of the training values.
    Mean,
}

/// What fills the gaps of every column, by training rows. Nothing else completes other rows.
///
/// # Examples
/// ```
/// use feature_selection::missing::{ImputeBy, Imputer, IncompleteTable};
/// use ndarray::array;
/// let names = ["volume", "grade"].map(String::from);
/// let train = array![[1.0, f64::NAN], [2.0, f64::NAN], [9.0, f64::NAN], [f64::NAN, f64::NAN]];
/// let train = IncompleteTable::new(train.view(), &names)?;
/// let imputer = Imputer::fit(&train, ImputeBy::Median)?;
/// // grade has no value to learn from.
/// assert_eq!((imputer.names.as_slice(), imputer.dropped[0].as_str()), (&names[..1], "grade"));
/// let new = IncompleteTable::new(array![[f64::NAN, 3.0], [4.0, f64::NAN]].view(), &names)?;
/// assert_eq!(imputer.transform(&new)?.column(0), [2.0, 4.0]);
/// # Ok::<(), feature_selection::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Stored")]
#[non_exhaustive]
pub struct Imputer {
    /// Names of the columns it completes, in the order of the training table.
    pub names: Vec<String>,
    /// What fills a gap, per column of `names`, in the feature's unit.
    pub values: Vec<f64>,
    /// Training rows that missed a value, per column of `names`.
    pub missing: Vec<usize>,
    /// Columns without any value in training, in column order: they cannot be completed and are left out everywhere.
    pub dropped: Vec<String>,
    /// Median or mean.
    pub statistic: ImputeBy,
    /// Training rows.
    pub n_rows: usize,
}

/// An imputer as it lies in a file, not yet checked.
#[derive(Deserialize)]
struct Stored {
    names: Vec<String>,
    values: Vec<f64>,
    missing: Vec<usize>,
    dropped: Vec<String>,
    statistic: ImputeBy,
    n_rows: usize,
}

impl TryFrom<Stored> for Imputer {
    type Error = String;

    fn try_from(s: Stored) -> std::result::Result<Self, String> {
        let (n, values, missing) = (s.names.len(), s.values.len(), s.missing.len());
        if values != n || missing != n {
            return Err(format!(
                "expected {n} values and counts, found {values} and {missing}"
            ));
        }
        check_unique(&[s.names.as_slice(), &s.dropped].concat()).map_err(|e| e.to_string())?;
        if let Some(j) = s.values.iter().position(|v| !v.is_finite()) {
            let (name, found) = (&s.names[j], s.values[j]);
            return Err(format!(
                "column `{name}`: expected a finite number, found {found}"
            ));
        }
        Ok(Self {
            names: s.names,
            values: s.values,
            missing: s.missing,
            dropped: s.dropped,
            statistic: s.statistic,
            n_rows: s.n_rows,
        })
    }
}

impl Imputer {
    /// Medians or means of the values that are there.
    ///
    /// # Errors
    /// [`Error::NoUsableColumn`] if no column has a value.
    pub fn fit(training: &IncompleteTable, statistic: ImputeBy) -> Result<Self> {
        let found = map_indexed(training.n_columns(), |j| {
            let column = training.column(j);
            let present: Vec<f64> = column.iter().copied().filter(|v| !v.is_nan()).collect();
            (column.len() - present.len(), center(present, statistic))
        });
        let mut imputer = Self {
            names: Vec::new(),
            values: Vec::new(),
            missing: Vec::new(),
            dropped: Vec::new(),
            statistic,
            n_rows: training.n_rows(),
        };
        for (name, (missing, value)) in training.names().iter().zip(found) {
            match value {
                Some(value) => {
                    imputer.names.push(name.clone());
                    imputer.values.push(value);
                    imputer.missing.push(missing);
                }
                None => imputer.dropped.push(name.clone()),
            }
        }
        if imputer.names.is_empty() && training.n_columns() > 0 {
            return Err(Error::NoUsableColumn {
                what: "imputation",
                n_columns: training.n_columns(),
            });
        }
        Ok(imputer)
    }

    /// Any rows that have the training columns (by name, in any order), their gaps filled by training numbers. Columns come
    /// back in training order; those without a value in training are left out and need not be there.
    ///
    /// # Errors
    /// [`Error::ColumnMismatch`] if a column is missing or unknown.
    pub fn transform(&self, table: &IncompleteTable) -> Result<FeatureTable> {
        let places = same_names("imputer", &self.names, &self.dropped, table.names())?;
        let mut columns = Vec::with_capacity(places.len() * table.n_rows());
        for (&place, &value) in places.iter().zip(&self.values) {
            let column = table.column(place).iter();
            columns.extend(column.map(|&v| if v.is_nan() { value } else { v }));
        }
        Ok(FeatureTable::from_finite_columns(
            table.n_rows(),
            self.names.clone(),
            columns,
        ))
    }

    /// As JSON; [`from_json`](Self::from_json) reads it back to the last bit.
    ///
    /// # Panics
    /// Never: every field can be written.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self)
            .expect("strings and finite numbers can be written as JSON")
    }

    /// Reads what [`to_json`](Self::to_json) wrote.
    ///
    /// # Errors
    /// [`Error::InvalidStored`] if the text is no imputer, repeats a name, or holds a number that no fit gives.
    pub fn from_json(text: &str) -> Result<Self> {
        serde_json::from_str(text).map_err(|e| Error::InvalidStored {
            what: "imputer",
            reason: e.to_string(),
        })
    }
}

/// Median or mean; `None` of nothing.
fn center(mut present: Vec<f64>, statistic: ImputeBy) -> Option<f64> {
    if present.is_empty() {
        return None;
    }
    Some(match statistic {
        ImputeBy::Median => {
            present.sort_unstable_by(f64::total_cmp);
            of_sorted(&present, 0.5, QuantileType::Type7)
        }
        ImputeBy::Mean => {
            let unit = Unit::divide(&mut present);
            unit.restore(Moments::measure(&mut present).mean())
        }
    })
}

/// A table that folds are taken from: training rows and held-out rows, both complete, with the same columns, and nothing of
/// the held-out rows in the training part.
pub trait RowSource: Sync {
    /// Number of rows.
    fn n_rows(&self) -> usize;

    /// Names of all columns. A fold may have fewer, see [`TrainingAndTest::dropped`], never others.
    fn names(&self) -> &[String];

    /// The training rows and the held-out rows at these indices, in that order.
    ///
    /// # Errors
    /// [`Error::TooFewRows`] if either list is empty, and what the completion of the training rows refuses.
    ///
    /// # Panics
    /// If an index is not below [`n_rows`](Self::n_rows).
    fn training_and_test(&self, training: &[usize], test: &[usize]) -> Result<TrainingAndTest>;
}

/// Two parts of a table, complete and with the same columns.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct TrainingAndTest {
    /// Rows to fit on.
    pub training: FeatureTable,
    /// Rows to judge on.
    pub test: FeatureTable,
    /// Columns left out of both because the training rows have no value of them, in column order.
    pub dropped: Vec<String>,
}

impl RowSource for FeatureTable {
    fn n_rows(&self) -> usize {
        self.n_rows()
    }

    fn names(&self) -> &[String] {
        self.names()
    }

    fn training_and_test(&self, training: &[usize], test: &[usize]) -> Result<TrainingAndTest> {
        Ok(TrainingAndTest {
            training: self.select_rows(training)?,
            test: self.select_rows(test)?,
            dropped: Vec::new(),
        })
    }
}

/// An incomplete table whose gaps are filled in every fold by that fold's training rows; see
/// [`IncompleteTable::imputed_by`].
///
/// # Examples
/// ```
/// use feature_selection::missing::{ImputeBy, IncompleteTable, RowSource};
/// use ndarray::array;
/// let x = array![[1.0], [3.0], [f64::NAN], [100.0]];
/// let table = IncompleteTable::new(x.view(), &["a".to_owned()])?;
/// // Row 2 is filled by rows 0 and 1; the 100 of row 3 is in no training row.
/// let parts = table.imputed_by(ImputeBy::Mean).training_and_test(&[0, 1], &[2, 3])?;
/// assert_eq!(parts.test.column(0), [2.0, 100.0]);
/// # Ok::<(), feature_selection::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct ImputedRows<'a> {
    table: &'a IncompleteTable,
    statistic: ImputeBy,
}

impl RowSource for ImputedRows<'_> {
    fn n_rows(&self) -> usize {
        self.table.n_rows()
    }

    fn names(&self) -> &[String] {
        self.table.names()
    }

    fn training_and_test(&self, training: &[usize], test: &[usize]) -> Result<TrainingAndTest> {
        let training = self.table.select_rows(training)?;
        let imputer = Imputer::fit(&training, self.statistic)?;
        Ok(TrainingAndTest {
            training: imputer.transform(&training)?,
            test: imputer.transform(&self.table.select_rows(test)?)?,
            dropped: imputer.dropped,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    const NAN: f64 = f64::NAN;

    fn table() -> IncompleteTable {
        let values = array![
            [1.0, NAN, 10.0, NAN],
            [2.0, NAN, NAN, NAN],
            [3.0, 6.0, 30.0, NAN],
            [4.0, 8.0, 50.0, NAN]
        ];
        IncompleteTable::new(values.view(), &["a", "b", "c", "d"].map(String::from)).unwrap()
    }

    #[test]
    fn what_is_missing_is_counted_both_ways() {
        let found = table().missing();
        assert_eq!((found.missing, found.share), (7, 7.0 / 16.0));
        let columns: Vec<(usize, usize)> = found
            .columns
            .iter()
            .map(|c| (c.column, c.missing))
            .collect();
        assert_eq!(columns, [(1, 2), (2, 1), (3, 4)]);
        let rows: Vec<usize> = found.rows.iter().map(|r| r.missing).collect();
        assert_eq!(rows, [2, 3, 1, 1]);
        assert_eq!(found.rows[1].share, 0.75);
    }

    #[test]
    fn every_policy_says_what_it_left_out() {
        let columns = table().complete(CompletionPolicy::DropColumns).unwrap();
        assert_eq!(columns.table.names(), ["a"]);
        assert_eq!((columns.rows.len(), columns.dropped_columns.len()), (4, 3));
        let policy = CompletionPolicy::DropColumnsThenRows { max_share: 0.5 };
        let both = table().complete(policy).unwrap();
        assert_eq!(both.table.names(), ["a", "b", "c"]);
        assert_eq!((both.rows, both.dropped_rows), (vec![2, 3], vec![0, 1]));
        assert_eq!(both.table.column(2), [30.0, 50.0]);
        assert_eq!(both.dropped_columns[0].name, "d");
        // No row has all of them.
        assert!(matches!(
            table().complete(CompletionPolicy::DropRows),
            Err(Error::TooFewRows { found: 0, .. })
        ));
        let policy = CompletionPolicy::DropColumnsThenRows { max_share: NAN };
        assert!(matches!(
            table().complete(policy),
            Err(Error::InvalidSetting { .. })
        ));
    }

    #[test]
    fn gaps_are_filled_by_training_numbers_and_columns_matched_by_name() {
        let median = Imputer::fit(&table(), ImputeBy::Median).unwrap();
        assert_eq!(
            (median.values.as_slice(), median.missing.as_slice()),
            (&[2.5, 7.0, 30.0][..], &[0, 2, 1][..])
        );
        assert_eq!(median.dropped, ["d"]);
        let mean = Imputer::fit(&table(), ImputeBy::Mean).unwrap();
        assert_eq!(mean.values, [2.5, 7.0, 30.0]);
        let new = array![[NAN, 5.0, NAN]];
        let new = IncompleteTable::new(new.view(), &["c", "a", "b"].map(String::from)).unwrap();
        let filled = median.transform(&new).unwrap();
        assert_eq!(filled.to_array(), array![[5.0, 7.0, 30.0]]);
        let unknown =
            IncompleteTable::new(array![[1.0, 2.0]].view(), &["a", "x"].map(String::from)).unwrap();
        assert_eq!(
            median.transform(&unknown).unwrap_err().to_string(),
            "imputer: 2 column(s) missing [b, c], 1 unexpected [x]"
        );
    }

    #[test]
    fn an_imputer_round_trips_and_lies_are_refused() {
        let fitted = Imputer::fit(&table(), ImputeBy::Median).unwrap();
        let stored = fitted.to_json();
        assert_eq!(Imputer::from_json(&stored).unwrap(), fitted);
        let lie = stored.replace("\"d\"", "\"a\"");
        assert!(matches!(
            Imputer::from_json(&lie),
            Err(Error::InvalidStored {
                what: "imputer",
                ..
            })
        ));
    }

    #[test]
    fn a_fold_without_any_value_is_refused_and_one_without_a_column_drops_it() {
        let table = table();
        let rows = table.imputed_by(ImputeBy::Median);
        let parts = rows.training_and_test(&[0, 1], &[2, 3]).unwrap();
        assert_eq!(parts.dropped, ["b", "d"]);
        assert_eq!(parts.training.names(), ["a", "c"]);
        assert_eq!(parts.test.names(), ["a", "c"]);
        assert!(matches!(
            rows.training_and_test(&[], &[1]),
            Err(Error::TooFewRows { .. })
        ));
        let blank = IncompleteTable::new(array![[NAN], [1.0]].view(), &["a".to_owned()]).unwrap();
        let refused = blank
            .imputed_by(ImputeBy::Mean)
            .training_and_test(&[0], &[1]);
        assert!(matches!(
            refused,
            Err(Error::NoUsableColumn { n_columns: 1, .. })
        ));
    }
}
