//! Removing features that repeat others.
//!
//! Three rules on the matrix of absolute correlations:
//!
//! - [`relevance_greedy`]: best feature first, keep a feature if it correlates at most `cutoff` with all kept
//!   so far. No kept pair exceeds the cutoff, and the choice depends on relevance, not on column order.
//! - [`caret_exact`] and [`caret_fast`]: the two rules of caret's `findCorrelation`, which look at mean
//!   correlations only.

use std::cmp::Ordering;

use crate::correlation::{Correlation, UnitColumns};
use crate::error::{Error, Result};
use crate::linalg::Cholesky;
use crate::table::FeatureTable;

/// Outcome of a redundancy filter; all indices are columns of the table given.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Redundancy {
    /// Columns kept, ascending. Constant columns are never kept.
    pub kept: Vec<usize>,
    /// Columns removed, ascending, each with the column that made it redundant.
    pub removed: Vec<RedundantColumn>,
    /// Constant columns, which have no correlation.
    pub constant: Vec<usize>,
}

/// A column removed for another one.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct RedundantColumn {
    /// The column removed.
    pub column: usize,
    /// The column it repeats.
    pub repeats: usize,
    /// Their correlation.
    pub correlation: f64,
}

/// Keeps columns in order of decreasing relevance, ties by index, as long as `|r| <= cutoff` with every column kept.
///
/// # Errors
/// [`Error::LengthMismatch`] unless there is one relevance per column, [`Error::NonFinite`] for a relevance that is NaN,
/// [`Error::InvalidSetting`] for a cutoff outside [0, 1].
pub fn relevance_greedy(
    table: &FeatureTable,
    relevance: &[f64],
    cutoff: f64,
    method: Correlation,
) -> Result<Redundancy> {
    check_cutoff(cutoff)?;
    if relevance.len() != table.n_columns() {
        return Err(Error::LengthMismatch {
            what: "relevance",
            expected: table.n_columns(),
            found: relevance.len(),
        });
    }
    if let Some(row) = relevance.iter().position(|r| r.is_nan()) {
        return Err(Error::NonFinite {
            row,
            column: "relevance".to_owned(),
            value: relevance[row],
        });
    }
    let units = UnitColumns::new(table, method);
    let mut order: Vec<usize> = (0..units.len())
        .filter(|&j| !units.is_constant(j))
        .collect();
    order.sort_by(|&a, &b| relevance[b].total_cmp(&relevance[a]).then(a.cmp(&b)));
    let mut kept: Vec<usize> = Vec::new();
    let mut removed = Vec::new();
    for j in order {
        let repeats = kept
            .iter()
            .map(|&k| (k, units.coefficient(j, k)))
            .find(|(_, r)| r.abs() > cutoff);
        match repeats {
            None => kept.push(j),
            Some((repeats, correlation)) => removed.push(RedundantColumn {
                column: j,
                repeats,
                correlation,
            }),
        }
    }
    Ok(finish(kept, removed, &units))
}

/// caret's `findCorrelation(exact = TRUE)`: pairs above the cutoff are visited in order of decreasing mean
/// correlation, and the better connected column goes, means being taken over columns still present.
///
/// # Errors
/// [`Error::InvalidSetting`] for a cutoff outside [0, 1].
///
/// # Differences
/// As in the reference, the second mean is taken over the whole remaining matrix without row `j`, not over
/// row `j`; the choice would otherwise differ from published results.
pub fn caret_exact(table: &FeatureTable, cutoff: f64, method: Correlation) -> Result<Redundancy> {
    check_cutoff(cutoff)?;
    let units = UnitColumns::new(table, method);
    let candidates: Vec<usize> = (0..units.len())
        .filter(|&j| !units.is_constant(j))
        .collect();
    let r = absolute(&units, &candidates);
    let n = candidates.len();
    let connected: Vec<f64> = (0..n)
        .map(|i| mean_of((0..n).filter(|&j| j != i).map(|j| r[i][j])))
        .collect();
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&a, &b| connected[b].total_cmp(&connected[a]));
    let mut present = vec![true; n];
    let mut removed = Vec::new();
    for a in 0..n.saturating_sub(1) {
        if mean_count(&present) < 2 {
            break;
        }
        let i = order[a];
        if !present[i] {
            continue;
        }
        for &j in &order[a + 1..] {
            if !present[i] {
                break;
            }
            if !present[j] || r[i][j] <= cutoff {
                continue;
            }
            let mean_i = mean_of((0..n).filter(|&k| k != i && present[k]).map(|k| r[i][k]));
            let without_j = mean_of(
                (0..n)
                    .filter(|&row| row != j && present[row])
                    .flat_map(|row| (0..n).filter(move |&c| c != row).map(move |c| (row, c)))
                    .filter(|&(_, c)| present[c])
                    .map(|(row, c)| r[row][c]),
            );
            let (gone, stays) = if mean_i > without_j { (i, j) } else { (j, i) };
            present[gone] = false;
            removed.push(redundant(&units, candidates[gone], candidates[stays]));
        }
    }
    let kept = (0..n)
        .filter(|&i| present[i])
        .map(|i| candidates[i])
        .collect();
    Ok(finish(kept, removed, &units))
}

/// caret's `findCorrelation(exact = FALSE)`: of every pair above the cutoff the column with the larger mean
/// correlation goes, means being taken once over all columns. May remove both of a chain.
///
/// # Errors
/// [`Error::InvalidSetting`] for a cutoff outside [0, 1].
pub fn caret_fast(table: &FeatureTable, cutoff: f64, method: Correlation) -> Result<Redundancy> {
    check_cutoff(cutoff)?;
    let units = UnitColumns::new(table, method);
    let candidates: Vec<usize> = (0..units.len())
        .filter(|&j| !units.is_constant(j))
        .collect();
    let r = absolute(&units, &candidates);
    let n = candidates.len();
    let connected: Vec<f64> = r
        .iter()
        .map(|row| fifteen_digits(mean_of(row.iter().copied())))
        .collect();
    let mut gone: Vec<Option<usize>> = vec![None; n];
    for column in 0..n {
        for row in 0..column {
            if r[row][column] > cutoff {
                let (drop, stay) = if connected[row] >= connected[column] {
                    (row, column)
                } else {
                    (column, row)
                };
                gone[drop].get_or_insert(stay);
            }
        }
    }
    let removed = (0..n)
        .filter_map(|i| gone[i].map(|stays| redundant(&units, candidates[i], candidates[stays])))
        .collect();
    let kept = (0..n)
        .filter(|&i| gone[i].is_none())
        .map(|i| candidates[i])
        .collect();
    Ok(finish(kept, removed, &units))
}

/// Variance inflation factor of every column: `1 / (1 - R²)` of the regression on all others, the diagonal of the inverse correlation
/// matrix. Infinite for every column if columns are linearly dependent or there are not more rows than columns; NaN for a constant column.
pub fn variance_inflation(table: &FeatureTable) -> Vec<f64> {
    let units = UnitColumns::new(table, Correlation::Pearson);
    let candidates: Vec<usize> = (0..units.len())
        .filter(|&j| !units.is_constant(j))
        .collect();
    let n = candidates.len();
    let mut factors = vec![f64::NAN; units.len()];
    let matrix: Vec<f64> = candidates
        .iter()
        .flat_map(|&i| candidates.iter().map(move |&j| (i, j)))
        .map(|(i, j)| units.coefficient(i, j))
        .collect();
    let diagonal = if n < table.n_rows() {
        Cholesky::new(&matrix, n).map(|c| c.inverse_diagonal())
    } else {
        None
    };
    for (position, &j) in candidates.iter().enumerate() {
        factors[j] = diagonal.as_ref().map_or(f64::INFINITY, |d| d[position]);
    }
    factors
}

/// Columns with (almost) one value: the most common value occurs more than `frequency_ratio` times as often as the second and
/// at most `unique_percent` of the values are distinct, or there is one value only. caret uses 19 and 10.
///
/// # Errors
/// [`Error::InvalidSetting`] for a negative setting.
pub fn near_zero_variance(
    table: &FeatureTable,
    frequency_ratio: f64,
    unique_percent: f64,
) -> Result<Vec<usize>> {
    for (name, found) in [
        ("frequency ratio", frequency_ratio),
        ("unique percent", unique_percent),
    ] {
        if found.is_nan() || found < 0.0 {
            return Err(Error::InvalidSetting {
                name,
                expected: "a number >= 0",
                found,
            });
        }
    }
    let degenerate = |column: &[f64]| {
        let mut sorted = column.to_vec();
        sorted.sort_by(f64::total_cmp);
        let mut counts: Vec<usize> = sorted.chunk_by(|a, b| a == b).map(<[f64]>::len).collect();
        counts.sort_unstable_by(|a, b| b.cmp(a));
        match counts[..] {
            [_] => true,
            [first, second, ..] => {
                first as f64 / second as f64 > frequency_ratio
                    && 100.0 * counts.len() as f64 / column.len() as f64 <= unique_percent
            }
            [] => false,
        }
    };
    Ok((0..table.n_columns())
        .filter(|&j| degenerate(table.column(j)))
        .collect())
}

fn check_cutoff(cutoff: f64) -> Result<()> {
    if (0.0..=1.0).contains(&cutoff) {
        Ok(())
    } else {
        Err(Error::InvalidSetting {
            name: "correlation cutoff",
            expected: "a number from 0 to 1",
            found: cutoff,
        })
    }
}

fn absolute(units: &UnitColumns, columns: &[usize]) -> Vec<Vec<f64>> {
    let upper = crate::par::map_indexed(columns.len(), |a| {
        columns[a..]
            .iter()
            .map(|&j| units.coefficient(columns[a], j).abs())
            .collect::<Vec<f64>>()
    });
    let n = columns.len();
    (0..n)
        .map(|a| {
            (0..n)
                .map(|b| {
                    if a <= b {
                        upper[a][b - a]
                    } else {
                        upper[b][a - b]
                    }
                })
                .collect()
        })
        .collect()
}

fn redundant(units: &UnitColumns, column: usize, repeats: usize) -> RedundantColumn {
    RedundantColumn {
        column,
        repeats,
        correlation: units.coefficient(column, repeats),
    }
}

fn finish(
    mut kept: Vec<usize>,
    mut removed: Vec<RedundantColumn>,
    units: &UnitColumns,
) -> Redundancy {
    kept.sort_unstable();
    removed.sort_by(|a: &RedundantColumn, b| -> Ordering { a.column.cmp(&b.column) });
    Redundancy {
        kept,
        removed,
        constant: (0..units.len()).filter(|&j| units.is_constant(j)).collect(),
    }
}

fn mean_of(values: impl Iterator<Item = f64>) -> f64 {
    let (mut total, mut count) = (0.0, 0usize);
    for value in values {
        total += value;
        count += 1;
    }
    total / count as f64
}

fn mean_count(present: &[bool]) -> usize {
    present.iter().filter(|&&p| p).count()
}

/// The reference compares means after printing them with 15 digits.
fn fifteen_digits(value: f64) -> f64 {
    format!("{value:.14e}").parse().unwrap_or(value)
}
