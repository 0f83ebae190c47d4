//! The table a user brings: named columns of numbers or of levels.
//!
//! Missing values are `NaN` in a numeric column and the empty string in a categorical one, which is how an empty cell of a CSV file
//! arrives. Infinite numbers are refused.

use std::collections::{HashMap, HashSet};

use ndarray::ArrayView2;

use crate::error::{Error, Kind, Result};

/// A table of named columns of equal length.
///
/// ```
/// use nomogram::{Frame, Levels};
/// let frame = Frame::new()
///     .with_numeric("size", vec![1.7, 0.9, 3.2])?
///     .with_categorical("margin", ["Well", "Non", "Non"], Levels::given(["Well", "Non"]))?;
/// assert_eq!(frame.n_rows(), 3);
/// # Ok::<(), nomogram::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Frame {
    columns: Vec<Column>,
    /// Place of each column by its name.
    places: HashMap<String, usize>,
    n_rows: usize,
}

/// One column of a [`Frame`].
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Column {
    /// Its name, unique in the frame.
    pub name: String,
    /// Its values.
    pub values: ColumnValues,
}

/// Values of a column.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum ColumnValues {
    /// Numbers; `NaN` is missing.
    Numeric(Vec<f64>),
    /// Indices into `levels`; `None` is missing. The first level is the reference.
    Categorical {
        /// One index per row.
        codes: Vec<Option<usize>>,
        /// The levels, reference first.
        levels: Vec<String>,
    },
}

/// Which levels a categorical column has, and in which order. The first is the reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Levels {
    /// The values found, sorted: as numbers if all are numbers, else by code point (R's default in the C locale).
    Sorted,
    /// The values found, in the order of their first row.
    FirstSeen,
    /// These, in this order; any other value is an error.
    Given(Vec<String>),
}

impl Levels {
    /// [`Levels::Given`] from anything that reads as text.
    pub fn given<S: Into<String>>(levels: impl IntoIterator<Item = S>) -> Self {
        Levels::Given(levels.into_iter().map(Into::into).collect())
    }
}

impl Frame {
    /// A frame without columns.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A frame of numeric columns from a matrix, `x: (n_rows, n_columns)`.
    ///
    /// # Errors
    /// [`Error::NameCount`] if names and columns differ in number, else as [`with_numeric`](Self::with_numeric).
    pub fn from_matrix(x: ArrayView2<'_, f64>, names: &[String]) -> Result<Self> {
        if names.len() != x.ncols() {
            return Err(Error::NameCount {
                names: names.len(),
                columns: x.ncols(),
            });
        }
        let mut frame = Self::new();
        for (name, column) in names.iter().zip(x.columns()) {
            frame = frame.with_numeric(name, column.to_vec())?;
        }
        Ok(frame)
    }

    /// Adds a numeric column.
    ///
    /// # Errors
    /// [`Error::DuplicateColumn`], [`Error::ColumnLength`]; [`Error::NotFinite`] for an infinite value.
    pub fn with_numeric(self, name: impl Into<String>, values: Vec<f64>) -> Result<Self> {
        let name = name.into();
        if let Some(row) = values.iter().position(|v| v.is_infinite()) {
            return Err(Error::NotFinite {
                column: name,
                row,
                value: values[row],
            });
        }
        let n = values.len();
        self.push(name, ColumnValues::Numeric(values), n)
    }

    /// Adds a categorical column.
    ///
    /// # Errors
    /// [`Error::DuplicateColumn`], [`Error::ColumnLength`]; [`Error::UnknownLevel`] for a value that is none of the given levels;
    /// [`Error::DuplicateLevel`] if a level is given twice.
    pub fn with_categorical<S: AsRef<str>>(
        self,
        name: impl Into<String>,
        values: impl IntoIterator<Item = S>,
        levels: Levels,
    ) -> Result<Self> {
        let name = name.into();
        let values: Vec<S> = values.into_iter().collect();
        let levels = resolve_levels(&name, &values, levels)?;
        let mut codes = Vec::with_capacity(values.len());
        for (row, value) in values.iter().enumerate() {
            let value = value.as_ref();
            if value.is_empty() {
                codes.push(None);
                continue;
            }
            match levels.iter().position(|l| l == value) {
                Some(code) => codes.push(Some(code)),
                None => {
                    return Err(Error::UnknownLevel {
                        column: name,
                        row: Some(row),
                        level: value.to_owned(),
                        expected: levels.join(", "),
                    });
                }
            }
        }
        let n = codes.len();
        self.push(name, ColumnValues::Categorical { codes, levels }, n)
    }

    fn push(mut self, name: String, values: ColumnValues, n: usize) -> Result<Self> {
        if self.places.contains_key(&name) {
            return Err(Error::DuplicateColumn { column: name });
        }
        if !self.columns.is_empty() && n != self.n_rows {
            return Err(Error::ColumnLength {
                column: name,
                expected: self.n_rows,
                found: n,
            });
        }
        self.n_rows = n;
        self.places.insert(name.clone(), self.columns.len());
        self.columns.push(Column { name, values });
        Ok(self)
    }

    /// Makes `level` the reference of a categorical column; the order of the others stays.
    ///
    /// # Errors
    /// [`Error::UnknownColumn`], [`Error::ColumnKind`] for a numeric column, [`Error::UnknownLevel`].
    pub fn with_reference(mut self, column: &str, level: &str) -> Result<Self> {
        let index = self.index_of(column)?;
        let ColumnValues::Categorical { codes, levels } = &mut self.columns[index].values else {
            return Err(Error::ColumnKind {
                column: column.to_owned(),
                expected: Kind::Categorical,
                found: Kind::Numeric,
            });
        };
        let Some(old) = levels.iter().position(|l| l == level) else {
            return Err(Error::UnknownLevel {
                column: column.to_owned(),
                row: None,
                level: level.to_owned(),
                expected: levels.join(", "),
            });
        };
        let moved = levels.remove(old);
        levels.insert(0, moved);
        for code in codes.iter_mut().flatten() {
            *code = match (*code).cmp(&old) {
                std::cmp::Ordering::Equal => 0,
                std::cmp::Ordering::Less => *code + 1,
                std::cmp::Ordering::Greater => *code,
            };
        }
        Ok(self)
    }

    /// Rows.
    #[must_use]
    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// Columns, in the order they were added.
    #[must_use]
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The column of this name.
    ///
    /// # Errors
    /// [`Error::UnknownColumn`].
    pub fn column(&self, name: &str) -> Result<&Column> {
        Ok(&self.columns[self.index_of(name)?])
    }

    /// The same columns with these rows, in this order; rows may repeat. Levels are kept even if no row has them any more; see
    /// [`drop_unused_levels`](Self::drop_unused_levels).
    ///
    /// # Panics
    /// If an index is not a row of the frame.
    #[must_use]
    pub fn select_rows(&self, rows: &[usize]) -> Self {
        let columns = self
            .columns
            .iter()
            .map(|c| Column {
                name: c.name.clone(),
                values: match &c.values {
                    ColumnValues::Numeric(v) => {
                        ColumnValues::Numeric(rows.iter().map(|&r| v[r]).collect())
                    }
                    ColumnValues::Categorical { codes, levels } => ColumnValues::Categorical {
                        codes: rows.iter().map(|&r| codes[r]).collect(),
                        levels: levels.clone(),
                    },
                },
            })
            .collect();
        Self {
            columns,
            places: self.places.clone(),
            n_rows: rows.len(),
        }
    }

    /// Removes levels that no row has, in all categorical columns.
    #[must_use]
    pub fn drop_unused_levels(mut self) -> Self {
        for column in &mut self.columns {
            if let ColumnValues::Categorical { codes, levels } = &mut column.values {
                let used: Vec<bool> = (0..levels.len())
                    .map(|l| codes.contains(&Some(l)))
                    .collect();
                let mut map = Vec::with_capacity(levels.len());
                let mut kept = Vec::new();
                for (level, &used) in levels.iter().zip(&used) {
                    map.push(kept.len());
                    if used {
                        kept.push(level.clone());
                    }
                }
                for code in codes.iter_mut().flatten() {
                    *code = map[*code];
                }
                *levels = kept;
            }
        }
        self
    }

    fn index_of(&self, name: &str) -> Result<usize> {
        self.places
            .get(name)
            .copied()
            .ok_or_else(|| Error::UnknownColumn {
                column: name.to_owned(),
                available: self
                    .columns
                    .iter()
                    .map(|c| c.name.as_str())
                    .collect::<Vec<_>>()
                    .join(", "),
            })
    }
}

fn resolve_levels<S: AsRef<str>>(name: &str, values: &[S], levels: Levels) -> Result<Vec<String>> {
    let found = || {
        let mut seen = HashSet::new();
        let mut out: Vec<String> = Vec::new();
        for v in values.iter().map(AsRef::as_ref).filter(|v| !v.is_empty()) {
            if seen.insert(v) {
                out.push(v.to_owned());
            }
        }
        out
    };
    match levels {
        Levels::FirstSeen => Ok(found()),
        Levels::Sorted => {
            let mut out = found();
            let numbers: Option<Vec<f64>> =
                out.iter().map(|v| v.trim().parse::<f64>().ok()).collect();
            match numbers {
                Some(_) => {
                    out.sort_by(|a, b| as_number(a).total_cmp(&as_number(b)).then_with(|| a.cmp(b)))
                }
                None => out.sort(),
            }
            Ok(out)
        }
        Levels::Given(list) => {
            for (i, level) in list.iter().enumerate() {
                if list[..i].contains(level) {
                    return Err(Error::DuplicateLevel {
                        column: name.to_owned(),
                        level: level.clone(),
                    });
                }
            }
            Ok(list)
        }
    }
}

fn as_number(text: &str) -> f64 {
    text.trim().parse().expect("every level was parsed before")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reference_moves_to_the_front_and_codes_follow() {
        let f = Frame::new()
            .with_categorical("g", ["a", "b", "c", "b"], Levels::Sorted)
            .and_then(|f| f.with_reference("g", "c"))
            .expect("legal frame");
        let ColumnValues::Categorical { codes, levels } = &f.columns()[0].values else {
            panic!("categorical")
        };
        assert_eq!(levels, &["c", "a", "b"]);
        assert_eq!(codes, &[Some(1), Some(2), Some(0), Some(2)]);
    }

    #[test]
    fn numeric_levels_sort_as_numbers() {
        let f = Frame::new()
            .with_categorical("g", ["10", "9", "2"], Levels::Sorted)
            .expect("legal");
        let ColumnValues::Categorical { levels, .. } = &f.columns()[0].values else {
            panic!("categorical")
        };
        assert_eq!(levels, &["2", "9", "10"]);
    }

    #[test]
    fn unused_levels_leave() {
        let f = Frame::new()
            .with_categorical("g", ["c", "", "c", "a"], Levels::given(["a", "b", "c"]))
            .expect("legal");
        let f = f.drop_unused_levels();
        let ColumnValues::Categorical { codes, levels } = &f.columns()[0].values else {
            panic!("categorical")
        };
        assert_eq!(levels, &["a", "c"]);
        assert_eq!(codes, &[Some(1), None, Some(1), Some(0)]);
    }
}
