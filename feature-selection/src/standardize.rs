//! Standardization fitted on training rows.
//!
//! ```text
//! z_ij = (x_ij - m_j) / s_j
//! ```
//! with `m_j` the training mean and `s_j` the training standard deviation. Only a fitted
//! [`Standardizer`] can transform, so held-out rows are always scaled by the training rows' numbers.

use crate::error::{Error, Result};
use crate::linalg::{mean, sum_of_squares};
use crate::table::{FeatureTable, is_constant};

/// Divisor of the variance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Divisor {
    /// `n` (scikit-learn's `StandardScaler`, glmnet's internal scaling).
    Population,
    /// `n - 1` (R's `scale`). The default, as the field reports sample standard deviations.
    #[default]
    Sample,
}

/// Means and standard deviations of the training rows.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Standardizer {
    /// Column names, in the order of the training table.
    pub names: Vec<String>,
    /// Training means, in the feature's unit.
    pub means: Vec<f64>,
    /// Training standard deviations, in the feature's unit; 0 for a constant column.
    pub standard_deviations: Vec<f64>,
    /// Divisor used for the variance.
    pub divisor: Divisor,
}

impl Standardizer {
    /// Fits means and standard deviations.
    ///
    /// # Errors
    /// [`Error::TooFewRows`] for fewer than two rows.
    pub fn fit(training: &FeatureTable, divisor: Divisor) -> Result<Self> {
        let n = training.n_rows();
        if n < 2 {
            return Err(Error::TooFewRows {
                what: "standardization",
                required: 2,
                found: n,
            });
        }
        let denominator = match divisor {
            Divisor::Population => n as f64,
            Divisor::Sample => (n - 1) as f64,
        };
        let (means, standard_deviations) = (0..training.n_columns())
            .map(|j| {
                let column = training.column(j);
                if is_constant(column) {
                    return (column[0], 0.0);
                }
                let m = mean(column);
                (m, (sum_of_squares(column, m) / denominator).sqrt())
            })
            .unzip();
        Ok(Self {
            names: training.names().to_vec(),
            means,
            standard_deviations,
            divisor,
        })
    }

    /// Indices of columns that were constant in training; their z-scores are 0 on any row.
    pub fn constant_columns(&self) -> Vec<usize> {
        (0..self.names.len())
            .filter(|&j| self.standard_deviations[j] == 0.0)
            .collect()
    }

    /// The same numbers for some of the columns, in the order given.
    ///
    /// # Errors
    /// [`Error::ColumnMismatch`] listing names the standardizer does not know.
    pub fn restricted(&self, names: &[String]) -> Result<Self> {
        let index: std::collections::HashMap<&String, usize> =
            self.names.iter().enumerate().map(|(j, n)| (n, j)).collect();
        let missing: Vec<String> = names
            .iter()
            .filter(|n| !index.contains_key(n))
            .cloned()
            .collect();
        if !missing.is_empty() {
            return Err(Error::ColumnMismatch {
                what: "standardizer",
                missing,
                unexpected: Vec::new(),
            });
        }
        let pick = |values: &[f64]| names.iter().map(|n| values[index[n]]).collect();
        Ok(Self {
            names: names.to_vec(),
            means: pick(&self.means),
            standard_deviations: pick(&self.standard_deviations),
            divisor: self.divisor,
        })
    }

    /// z-scores of any table holding the training columns (by name, in any order); other columns are
    /// refused, because they would pass unscaled. Columns come back in training order.
    ///
    /// # Errors
    /// [`Error::ColumnMismatch`] if a column is missing or unknown.
    pub fn transform(&self, table: &FeatureTable) -> Result<FeatureTable> {
        let ordered = same_columns("standardizer", &self.names, table)?;
        Ok(ordered.map_columns(|j, column| {
            let (m, s) = (self.means[j], self.standard_deviations[j]);
            for value in column {
                *value = if s == 0.0 { 0.0 } else { (*value - m) / s };
            }
        }))
    }
}

/// The table with its columns in the order of `names`, refused unless it has exactly these columns.
pub(crate) fn same_columns(
    what: &'static str,
    names: &[String],
    table: &FeatureTable,
) -> Result<FeatureTable> {
    if names == table.names() {
        return Ok(table.clone());
    }
    let wanted: std::collections::HashSet<&String> = names.iter().collect();
    let present: std::collections::HashSet<&String> = table.names().iter().collect();
    let missing: Vec<String> = names
        .iter()
        .filter(|n| !present.contains(n))
        .cloned()
        .collect();
    let unexpected: Vec<String> = table
        .names()
        .iter()
        .filter(|n| !wanted.contains(n))
        .cloned()
        .collect();
    if missing.is_empty() && unexpected.is_empty() {
        table.select_names(names)
    } else {
        Err(Error::ColumnMismatch {
            what,
            missing,
            unexpected,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn held_out_rows_use_training_numbers() {
        let names = vec!["a".to_owned(), "flat".to_owned()];
        let train = FeatureTable::new(array![[1.0, 7.0], [3.0, 7.0]].view(), &names).unwrap();
        let fitted = Standardizer::fit(&train, Divisor::Population).unwrap();
        let new = FeatureTable::new(
            array![[7.0, 1.0], [9.0, 2.0]].view(),
            &["flat".to_owned(), "a".to_owned()],
        )
        .unwrap();
        let z = fitted.transform(&new).unwrap();
        assert_eq!(z.column(0), &[-1.0, 0.0]);
        assert_eq!(z.column(1), &[0.0, 0.0]);
        assert_eq!(fitted.constant_columns(), vec![1]);
    }
}
