//! Variance inflation and linear dependence.

use super::basis::Basis;
use crate::correlation::centered;
use crate::error::{Error, Result};
use crate::table::FeatureTable;

/// Weights of standardized columns below this are rounding.
const NO_WEIGHT: f64 = 1e-7;
/// Inflations that agree to this many digits are ties.
const TIE: f64 = 1e-10;

/// Variance inflation factors and the linear dependences that make some of them infinite.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct VarianceInflation {
    /// One factor per column of the table, at least 1; infinite for a column that is part of a linear dependence, NaN for a constant one.
    pub factors: Vec<f64>,
    /// Columns that earlier columns determine, ascending.
    pub aliased: Vec<AliasedColumn>,
    /// Constant columns, ascending.
    pub constant: Vec<usize>,
}

/// A column that is a linear combination of earlier ones.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct AliasedColumn {
    /// The column.
    pub column: usize,
    /// The columns it is made of, ascending.
    pub of: Vec<AliasTerm>,
}

/// One column of a linear combination.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct AliasTerm {
    /// The column.
    pub column: usize,
    /// Its weight when all columns are scaled to variance 1.
    pub weight: f64,
}

/// Variance inflation factor of every column, `1 / (1 - R²)` with `R²` of the regression on all other columns: the diagonal of the
/// inverse correlation matrix.
///
/// A column of which less than 1e-7 (of its standard deviation) lies outside the span of earlier columns counts as a combination of
/// them; it, and every column in the combination, has an infinite factor, the others keep theirs. With at most as many rows as columns
/// that vary, there are always such combinations. Time O(n p²), memory that of the table twice.
///
/// # Examples
/// ```
/// use feature_selection::FeatureTable;
/// use feature_selection::redundancy::variance_inflation;
/// use ndarray::array;
///
/// let x = array![[1.0, 1.0, 2.0], [2.0, 8.0, 10.0], [3.0, 2.0, 5.0], [4.0, 4.0, 8.0], [5.0, 9.0, 14.0]];
/// let table = FeatureTable::new(x.view(), &["a", "b", "sum"].map(String::from))?;
/// let vif = variance_inflation(&table);
/// assert!(vif.factors.iter().all(|f| f.is_infinite()));
/// assert_eq!((vif.aliased[0].column, vif.aliased[0].of.len()), (2, 2));
/// # Ok::<(), feature_selection::Error>(())
/// ```
pub fn variance_inflation(table: &FeatureTable) -> VarianceInflation {
    let (varying, constant) = split(table);
    let basis = Basis::new(varying.iter().map(|&j| (j, centered(table.column(j)))));
    let mut factors = vec![f64::NAN; table.n_columns()];
    for (pivot, factor) in basis.pivots.iter().zip(basis.inflation()) {
        factors[pivot.feature] = factor;
    }
    let mut aliased = Vec::with_capacity(basis.dependent.len());
    for column in &basis.dependent {
        factors[column.feature] = f64::INFINITY;
        let weights = basis.weights(&column.coordinates);
        let of: Vec<AliasTerm> = basis
            .pivots
            .iter()
            .zip(weights)
            .filter(|(_, weight)| weight.abs() > NO_WEIGHT)
            .map(|(pivot, weight)| AliasTerm {
                column: pivot.feature,
                weight,
            })
            .collect();
        of.iter().for_each(|t| factors[t.column] = f64::INFINITY);
        aliased.push(AliasedColumn {
            column: column.feature,
            of,
        });
    }
    VarianceInflation {
        factors,
        aliased,
        constant,
    }
}

/// Outcome of [`vif_filter`].
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct VifFilter {
    /// Columns kept, ascending.
    pub kept: Vec<usize>,
    /// Factors of the kept columns among each other, in their order; at most the limit.
    pub factors: Vec<f64>,
    /// Columns removed, in order.
    pub removed: Vec<InflatedColumn>,
    /// Constant columns, ascending.
    pub constant: Vec<usize>,
}

/// A column removed for its variance inflation.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct InflatedColumn {
    /// The column.
    pub column: usize,
    /// Its factor when it was removed; infinite for a linear combination of columns then present.
    pub factor: f64,
}

/// Removes the column with the largest variance inflation factor until all are at most `limit` (5 and 10 are common). Factors that agree to
/// 1e-10 are ties, and infinite ones always: the first column goes.
///
/// # Errors
/// [`Error::InvalidSetting`] for a limit below 1 or not a number, [`Error::TooManyColumns`] unless there are more rows than columns that
/// vary.
///
/// # Examples
/// ```
/// use feature_selection::FeatureTable;
/// use feature_selection::redundancy::vif_filter;
/// use ndarray::array;
///
/// let x = array![[1.0, 1.0, 2.0], [2.0, 8.0, 10.0], [3.0, 2.0, 5.0], [4.0, 4.0, 8.0], [5.0, 9.0, 14.0]];
/// let table = FeatureTable::new(x.view(), &["a", "b", "sum"].map(String::from))?;
/// let found = vif_filter(&table, 10.0)?;
/// assert_eq!(found.removed[0].column, 0);
/// # Ok::<(), feature_selection::Error>(())
/// ```
pub fn vif_filter(table: &FeatureTable, limit: f64) -> Result<VifFilter> {
    if limit.is_nan() || limit < 1.0 {
        return Err(Error::InvalidSetting {
            name: "variance inflation limit",
            expected: "a number >= 1",
            found: limit,
        });
    }
    let (varying, constant) = split(table);
    check_rows("variance inflation filter", varying.len(), table.n_rows())?;
    let mut basis = backward_basis(table, &varying);
    let mut removed: Vec<InflatedColumn> = basis
        .dependent
        .drain(..)
        .map(|aliased| InflatedColumn {
            column: aliased.feature,
            factor: f64::INFINITY,
        })
        .collect();
    loop {
        let mut present: Vec<InflatedColumn> = basis
            .pivots
            .iter()
            .zip(basis.inflation())
            .map(|(pivot, factor)| InflatedColumn {
                column: pivot.feature,
                factor,
            })
            .collect();
        present.sort_by_key(|c| c.column);
        let largest = present.iter().fold(0.0, |m: f64, c| m.max(c.factor));
        let worst = present.iter().find(|c| c.factor >= largest * (1.0 - TIE));
        match worst {
            Some(&worst) if largest > limit => {
                basis.remove(worst.column);
                basis.watched.clear();
                removed.push(worst);
            }
            _ => {
                return Ok(VifFilter {
                    kept: present.iter().map(|c| c.column).collect(),
                    factors: present.iter().map(|c| c.factor).collect(),
                    removed,
                    constant,
                });
            }
        }
    }
}

/// Columns that vary and columns that do not.
pub(super) fn split(table: &FeatureTable) -> (Vec<usize>, Vec<usize>) {
    let constant = table.constant_columns();
    let varying = (0..table.n_columns())
        .filter(|j| constant.binary_search(j).is_err())
        .collect();
    (varying, constant)
}

/// Regressions on all other columns need more rows than columns.
pub(super) fn check_rows(what: &'static str, n_columns: usize, n_rows: usize) -> Result<()> {
    if n_columns >= n_rows && n_columns > 0 {
        return Err(Error::TooManyColumns {
            what,
            limit: n_rows - 1,
            found: n_columns,
        });
    }
    Ok(())
}

/// A basis from the last column to the first.
///
/// As long as columns are dependent, a filter removes the first one that is part of a dependence. It ends with what one
/// gets by taking columns from the last to the first and leaving out what the later ones span: with the pivots of this basis.
pub(super) fn backward_basis(table: &FeatureTable, varying: &[usize]) -> Basis {
    let columns = varying.iter().rev();
    let mut basis = Basis::new(columns.map(|&j| (j, centered(table.column(j)))));
    basis.dependent.sort_by_key(|column| column.feature);
    basis
}
