//! Many regions, one table.

use std::sync::Arc;

use ndarray::Array2;

use crate::error::{Error, Result};
use crate::extractor::FeatureVector;
use crate::name::FeatureName;

/// Features of many regions: one row each, one column per feature.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct FeatureTable {
    /// Column names.
    pub names: Arc<[FeatureName]>,
    /// Shape `(n_regions, n_features)`.
    pub values: Array2<f64>,
}

impl FeatureTable {
    /// Stacks rows that have the same columns in the same order. No rows give an empty table.
    ///
    /// # Errors
    /// [`Error::ColumnMismatch`] at the first column of the first row that differs from the first row, as when a filter has no
    /// response on an image that is too small.
    pub fn stack<'a>(rows: impl IntoIterator<Item = &'a FeatureVector>) -> Result<Self> {
        let mut names: Option<Arc<[FeatureName]>> = None;
        let mut values: Vec<f64> = Vec::new();
        let mut n_rows = 0;
        for row in rows {
            let names = names.get_or_insert_with(|| Arc::clone(&row.names));
            check(n_rows, names, &row.names)?;
            values.extend_from_slice(&row.values);
            n_rows += 1;
        }
        let names = names.unwrap_or_default();
        let n_columns = names.len();
        let values = Array2::from_shape_fn((n_rows, n_columns), |(i, j)| values[i * n_columns + j]);
        Ok(Self { names, values })
    }

    /// The column names as text.
    #[must_use]
    pub fn column_names(&self) -> Vec<String> {
        self.names.iter().map(FeatureName::to_string).collect()
    }
}

fn check(row: usize, expected: &Arc<[FeatureName]>, found: &Arc<[FeatureName]>) -> Result<()> {
    if Arc::ptr_eq(expected, found) || expected == found {
        return Ok(());
    }
    let column = expected
        .iter()
        .zip(found.iter())
        .take_while(|(a, b)| a == b)
        .count();
    let name = |names: &[FeatureName]| names.get(column).map(FeatureName::to_string);
    Err(Error::ColumnMismatch {
        row,
        column,
        expected: name(expected),
        found: name(found),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(names: &[&str], values: &[f64]) -> FeatureVector {
        let names = names.iter().map(|n| n.parse().unwrap()).collect();
        FeatureVector {
            names,
            values: values.to_vec(),
            noise_bands: Vec::new(),
            diagnostics: None,
        }
    }

    #[test]
    fn rows_of_the_same_columns_are_stacked() {
        let names = ["original_firstorder_Mean", "original_glcm_Contrast"];
        let table =
            FeatureTable::stack(&[row(&names, &[1.0, 2.0]), row(&names, &[3.0, 4.0])]).unwrap();
        assert_eq!(table.values, ndarray::arr2(&[[1.0, 2.0], [3.0, 4.0]]));
        assert_eq!(table.column_names(), names);
        assert_eq!(FeatureTable::stack(&[]).unwrap().values.dim(), (0, 0));
    }

    #[test]
    fn another_column_is_named() {
        let a = row(
            &["original_firstorder_Mean", "original_glcm_Contrast"],
            &[1.0, 2.0],
        );
        let b = row(&["original_firstorder_Mean"], &[1.0]);
        let err = FeatureTable::stack([&a, &b]).unwrap_err();
        assert_eq!(
            err.to_string(),
            "row 1 has no feature at column 1, expected original_glcm_Contrast"
        );
    }
}
