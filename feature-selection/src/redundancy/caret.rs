//! The two rules of caret's `findCorrelation`.

use std::cmp::Ordering;

use ndarray::ArrayView2;

use super::extended::{r_column_mean, r_mean};
use super::{Redundancy, RedundantColumn, check_cutoff, finish};
use crate::correlation::{Correlation, CorrelationColumns, check_matrix_size};
use crate::error::{Error, Result};
use crate::table::FeatureTable;

/// Which rule of `findCorrelation`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CaretRule {
    /// `exact = TRUE`, the default of the original below 100 columns: means are taken over columns still present.
    Exact,
    /// `exact = FALSE`, the default from 100 columns on: means are taken once.
    Fast,
}

/// caret's `findCorrelation(exact = TRUE)` on the absolute correlations of a table's columns, constant columns left out.
///
/// Columns are visited in order of decreasing mean correlation. For a pair above the cutoff the mean of row `i` is compared with
/// the mean of the whole remaining matrix without row `j`: if it is larger `i` goes, otherwise `j`. Means are those of R
/// to the last bit, so that ties fall as they do there.
///
/// The time is O(p²) unless means agree to 13 digits; every such pair costs one pass over the remaining matrix.
///
/// # Errors
/// [`Error::InvalidSetting`] for a cutoff outside [0, 1], [`Error::TooManyColumns`] beyond
/// [`MOST_MATRIX_COLUMNS`](crate::correlation::MOST_MATRIX_COLUMNS).
///
/// # Differences
/// As in the reference, the second mean is taken over the whole remaining matrix without row `j`, not over
/// row `j`; the choice would otherwise differ from published results.
pub fn caret_exact(table: &FeatureTable, cutoff: f64, method: Correlation) -> Result<Redundancy> {
    caret(table, cutoff, method, CaretRule::Exact)
}

/// caret's `findCorrelation(exact = FALSE)`: of every pair above the cutoff the column with the larger mean
/// correlation goes (the first if they agree to 15 digits), means being taken once over all columns. May remove both of a chain.
///
/// # Errors
/// As [`caret_exact`].
pub fn caret_fast(table: &FeatureTable, cutoff: f64, method: Correlation) -> Result<Redundancy> {
    caret(table, cutoff, method, CaretRule::Fast)
}

/// `findCorrelation` on a correlation matrix: columns to remove, in the order in which caret lists them (exact: by decreasing
/// mean correlation; fast: first those that went as the later of a pair, then those that went as the earlier, pairs column by column).
///
/// # Errors
/// [`Error::InvalidSetting`] for a cutoff outside [0, 1], [`Error::LengthMismatch`] if the matrix is not square,
/// [`Error::InvalidCoefficient`] for an entry outside [-1, 1], not a number or not equal to its mirror,
/// [`Error::TooManyColumns`] beyond [`MOST_MATRIX_COLUMNS`](crate::correlation::MOST_MATRIX_COLUMNS).
///
/// # Examples
/// ```
/// use feature_selection::redundancy::{CaretRule, find_correlation};
/// use ndarray::array;
///
/// let r = array![[1.0, 0.95, 0.2], [0.95, 1.0, 0.6], [0.2, 0.6, 1.0]];
/// // Column 1 has the largest mean, 0.775 without the diagonal.
/// assert_eq!(find_correlation(r.view(), 0.9, CaretRule::Exact)?, [1]);
/// # Ok::<(), feature_selection::Error>(())
/// ```
pub fn find_correlation(
    matrix: ArrayView2<'_, f64>,
    cutoff: f64,
    rule: CaretRule,
) -> Result<Vec<usize>> {
    check_cutoff(cutoff)?;
    let (p, columns) = matrix.dim();
    if p != columns {
        return Err(Error::LengthMismatch {
            what: "columns of the correlation matrix",
            expected: p,
            found: columns,
        });
    }
    check_matrix_size("findCorrelation", p)?;
    for ((row, column), &found) in matrix.indexed_iter() {
        let mirrored = matrix[[column, row]];
        if !(-1.0..=1.0).contains(&found) || found != mirrored {
            return Err(Error::InvalidCoefficient {
                row,
                column,
                found,
                mirrored,
            });
        }
    }
    let absolute = matrix.iter().map(|r| r.abs()).collect();
    let flags = Absolute {
        p,
        values: absolute,
    }
    .flags(cutoff, rule);
    Ok(flags.into_iter().map(|f| f.gone).collect())
}

fn caret(
    table: &FeatureTable,
    cutoff: f64,
    method: Correlation,
    rule: CaretRule,
) -> Result<Redundancy> {
    check_cutoff(cutoff)?;
    check_matrix_size("findCorrelation", table.n_columns())?;
    let columns = CorrelationColumns::new(table, method);
    let varying = columns.varying();
    let p = varying.len();
    let mut matrix = CorrelationColumns::new(&table.select_columns(&varying), method).matrix();
    matrix.mapv_inplace(f64::abs);
    let (values, _) = matrix.into_raw_vec_and_offset();
    let flags = Absolute { p, values }.flags(cutoff, rule);
    let removed: Vec<RedundantColumn> = flags
        .into_iter()
        .map(|flag| {
            let (column, repeats) = (varying[flag.gone], varying[flag.stays]);
            RedundantColumn {
                column,
                repeats,
                correlation: columns.coefficient(column, repeats),
            }
        })
        .collect();
    Ok(finish(removed, &columns))
}

/// A column that goes, and the other one of the pair that made it go.
#[derive(Debug, Clone, Copy)]
struct Flag {
    gone: usize,
    stays: usize,
}

/// Absolute correlations, row by row.
struct Absolute {
    p: usize,
    values: Vec<f64>,
}

impl Absolute {
    fn row(&self, i: usize) -> &[f64] {
        &self.values[i * self.p..(i + 1) * self.p]
    }

    fn flags(&self, cutoff: f64, rule: CaretRule) -> Vec<Flag> {
        match rule {
            CaretRule::Exact => self.exact(cutoff),
            CaretRule::Fast => self.fast(cutoff),
        }
    }

    fn exact(&self, cutoff: f64) -> Vec<Flag> {
        let others = |i: usize| {
            let row = self.row(i);
            row[..i].iter().chain(&row[i + 1..]).copied()
        };
        let connected = crate::par::map_indexed(self.p, |i| r_mean(others(i)));
        let mut order: Vec<usize> = (0..self.p).collect();
        // Stable: equal means stay in the order of the columns. A single column has no mean.
        order.sort_by(|&a, &b| {
            let descending = connected[b].partial_cmp(&connected[a]);
            descending.unwrap_or(Ordering::Equal)
        });
        let mut remaining = Remaining::new(self, &order);
        let mut stays = vec![None; self.p];
        for (a, &i) in order.iter().enumerate() {
            for &j in &order[a + 1..] {
                if stays[i].is_some() {
                    break;
                }
                if stays[j].is_some() || self.row(i)[j] <= cutoff {
                    continue;
                }
                let (gone, other) = if remaining.first_goes(i, j) {
                    (i, j)
                } else {
                    (j, i)
                };
                stays[gone] = Some(other);
                remaining.remove(gone);
            }
        }
        order
            .into_iter()
            .filter_map(|gone| stays[gone].map(|stays| Flag { gone, stays }))
            .collect()
    }

    fn fast(&self, cutoff: f64) -> Vec<Flag> {
        let connected = crate::par::map_indexed(self.p, |i| {
            super::fifteen_digits(r_column_mean(self.row(i).iter().copied()))
        });
        let mut flagged = vec![false; self.p];
        let (mut later, mut earlier) = (Vec::new(), Vec::new());
        for column in 0..self.p {
            for row in 0..column {
                if self.row(column)[row] <= cutoff {
                    continue;
                }
                if connected[column] > connected[row] {
                    later.push(Flag {
                        gone: column,
                        stays: row,
                    });
                } else {
                    earlier.push(Flag {
                        gone: row,
                        stays: column,
                    });
                }
            }
        }
        later.append(&mut earlier);
        later.retain(|flag| !std::mem::replace(&mut flagged[flag.gone], true));
        later
    }
}

/// Sums over the columns still present, as unevaluated pairs of doubles.
struct Remaining<'a> {
    r: &'a Absolute,
    order: &'a [usize],
    present: Vec<bool>,
    n: usize,
    rows: Vec<Sum>,
    total: Sum,
}

impl<'a> Remaining<'a> {
    fn new(r: &'a Absolute, order: &'a [usize]) -> Self {
        let rows: Vec<Sum> = (0..r.p)
            .map(|i| {
                let mut sum = Sum::default();
                let row = r.row(i);
                row[..i]
                    .iter()
                    .chain(&row[i + 1..])
                    .for_each(|&v| sum.add(v));
                sum
            })
            .collect();
        let mut total = Sum::default();
        for row in &rows {
            total.add(row.high);
            total.add(row.low);
        }
        Self {
            r,
            order,
            present: vec![true; r.p],
            n: r.p,
            rows,
            total,
        }
    }

    /// Whether the mean of row `i` exceeds the mean of all rows but `j`.
    fn first_goes(&self, i: usize, j: usize) -> bool {
        // Both means of R lie within 2^-52 of the true ones, these within 2^-50: beyond 1e-13 the order is certain.
        const CERTAIN: f64 = 1e-13;
        let others = self.n as f64 - 1.0;
        let mut without_j = self.total;
        without_j.add(-self.rows[j].high);
        without_j.add(-self.rows[j].low);
        let mean_i = self.rows[i].high / others;
        let mean_rest = without_j.high / (others * others);
        if (mean_i - mean_rest).abs() > CERTAIN * mean_i.max(mean_rest) {
            return mean_i > mean_rest;
        }
        r_mean(self.entries_of_row(i)) > r_mean(self.entries_without_row(j))
    }

    fn entries_of_row(&self, i: usize) -> impl Iterator<Item = f64> + Clone {
        let row = self.r.row(i);
        self.order
            .iter()
            .filter(move |&&k| k != i && self.present[k])
            .map(move |&k| row[k])
    }

    /// Column by column, as R runs through a matrix.
    fn entries_without_row(&self, j: usize) -> impl Iterator<Item = f64> + Clone {
        let present = |&&k: &&usize| self.present[k];
        self.order.iter().filter(present).flat_map(move |&column| {
            let values = self.r.row(column);
            self.order
                .iter()
                .filter(move |&&row| row != column && row != j && self.present[row])
                .map(move |&row| values[row])
        })
    }

    fn remove(&mut self, gone: usize) {
        self.present[gone] = false;
        self.n -= 1;
        for (k, &r) in self.r.row(gone).iter().enumerate() {
            if self.present[k] {
                self.rows[k].add(-r);
                // Its row and its column.
                self.total.add(-r);
                self.total.add(-r);
            }
        }
    }
}

/// An unevaluated sum `high + low` with twice the digits of a double.
#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    high: f64,
    low: f64,
}

impl Sum {
    fn add(&mut self, value: f64) {
        let high = self.high + value;
        let part = high - self.high;
        let error = (self.high - (high - part)) + (value - part);
        let low = self.low + error;
        self.high = high + low;
        self.low = low - (self.high - high);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn of_two_equal_means_the_second_goes_in_the_exact_rule_and_the_first_in_the_fast_one() {
        let r = array![[1.0, 0.95], [0.95, 1.0]];
        assert_eq!(
            find_correlation(r.view(), 0.9, CaretRule::Exact).unwrap(),
            [1]
        );
        assert_eq!(
            find_correlation(r.view(), 0.9, CaretRule::Fast).unwrap(),
            [0]
        );
        assert!(
            find_correlation(r.view(), 0.95, CaretRule::Exact)
                .unwrap()
                .is_empty()
        );
    }

    #[test]
    fn a_matrix_that_is_none_is_refused() {
        let skew = array![[1.0, 0.95], [0.94, 1.0]];
        let error = find_correlation(skew.view(), 0.9, CaretRule::Exact);
        assert!(matches!(
            error,
            Err(Error::InvalidCoefficient {
                row: 0,
                column: 1,
                ..
            })
        ));
        let nan = array![[1.0, f64::NAN], [f64::NAN, 1.0]];
        assert!(find_correlation(nan.view(), 0.9, CaretRule::Fast).is_err());
        let wide = array![[1.0, 0.5, 0.5]];
        assert!(find_correlation(wide.view(), 0.9, CaretRule::Fast).is_err());
    }
}
