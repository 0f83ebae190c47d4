//! Columns with (almost) one value.

use super::fifteen_digits;
use crate::error::{Error, Result};
use crate::linalg::{mean, sum_of_squares};
use crate::par::map_indexed;
use crate::table::{FeatureTable, is_constant};

/// How the values of a column are spread, as caret's `nearZeroVar(saveMetrics = TRUE)` reports it.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct ValueFrequencies {
    /// Occurrences of the most common value over those of the second; 0 if there is one value only. Values that agree to 15
    /// digits are counted together, as R tabulates them.
    pub frequency_ratio: f64,
    /// Distinct values in percent of the rows.
    pub percent_unique: f64,
    /// One value in all rows.
    pub zero_variance: bool,
}

impl ValueFrequencies {
    /// Whether the ratio is above and the percentage at most the given number, or there is one value only.
    pub fn is_near_zero(&self, frequency_ratio: f64, unique_percent: f64) -> bool {
        let rare = self.frequency_ratio > frequency_ratio && self.percent_unique <= unique_percent;
        self.zero_variance || rare
    }

    fn of(column: &[f64]) -> Self {
        let mut sorted = column.to_vec();
        sorted.sort_by(f64::total_cmp);
        let mut distinct = 0;
        let mut counts: Vec<usize> = Vec::new();
        let mut last: Option<f64> = None;
        for group in sorted.chunk_by(|a, b| a == b) {
            distinct += 1;
            match counts.last_mut() {
                Some(count) if last.is_some_and(|last| same_label(last, group[0])) => {
                    *count += group.len();
                }
                _ => counts.push(group.len()),
            }
            last = Some(group[0]);
        }
        counts.sort_unstable_by(|a, b| b.cmp(a));
        Self {
            frequency_ratio: match counts[..] {
                [first, second, ..] => first as f64 / second as f64,
                _ => 0.0,
            },
            percent_unique: 100.0 * f64::from(distinct) / column.len() as f64,
            zero_variance: distinct == 1,
        }
    }
}

/// Whether two neighboring values agree to 15 significant digits.
fn same_label(a: f64, b: f64) -> bool {
    (b - a).abs() <= 1e-14 * a.abs().max(b.abs()) && fifteen_digits(a) == fifteen_digits(b)
}

/// Frequencies of the values of every column.
pub fn value_frequencies(table: &FeatureTable) -> Vec<ValueFrequencies> {
    map_indexed(table.n_columns(), |j| ValueFrequencies::of(table.column(j)))
}

/// Columns with (almost) one value, ascending: the most common value occurs more than `frequency_ratio` times as often as the second and
/// at most `unique_percent` of the values are distinct, or there is one value only. caret's `nearZeroVar` uses 19 and 10.
///
/// # Errors
/// [`Error::InvalidSetting`] for a negative setting.
///
/// # Examples
/// ```
/// use feature_selection::FeatureTable;
/// use feature_selection::redundancy::near_zero_variance;
/// use ndarray::Array2;
///
/// // Column 0: 39 zeros and a one. Column 1: all values differ.
/// let x = Array2::from_shape_fn((40, 2), |(i, j)| if j == 0 { (i / 39) as f64 } else { i as f64 });
/// let table = FeatureTable::new(x.view(), &["rare", "spread"].map(String::from))?;
/// assert_eq!(near_zero_variance(&table, 19.0, 10.0)?, [0]);
/// # Ok::<(), feature_selection::Error>(())
/// ```
pub fn near_zero_variance(
    table: &FeatureTable,
    frequency_ratio: f64,
    unique_percent: f64,
) -> Result<Vec<usize>> {
    check_not_negative("frequency ratio", frequency_ratio)?;
    check_not_negative("unique percent", unique_percent)?;
    let frequencies = value_frequencies(table);
    Ok((0..table.n_columns())
        .filter(|&j| frequencies[j].is_near_zero(frequency_ratio, unique_percent))
        .collect())
}

/// Outcome of [`variance_threshold`].
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct VarianceThreshold {
    /// Columns kept, ascending.
    pub kept: Vec<usize>,
    /// Columns removed, ascending.
    pub removed: Vec<LowVariance>,
}

/// A column removed for its low variance.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct LowVariance {
    /// The column.
    pub column: usize,
    /// Its variance with divisor `n`; at a threshold of 0 the range (largest less smallest value) if that is smaller.
    pub variance: f64,
}

/// Keeps columns whose variance with divisor `n` exceeds `threshold`, as scikit-learn's `VarianceThreshold`. At a threshold of 0 the
/// smaller of variance and range is compared: columns that vary stay, constant ones go.
///
/// Variances depend on units: this is for columns on one scale. The variance of values beyond 1e154 is infinite.
///
/// # Errors
/// [`Error::InvalidSetting`] for a threshold that is negative or not a number.
///
/// # Differences
/// If no column remains that is a result, not an error. A constant column has variance exactly 0.
pub fn variance_threshold(table: &FeatureTable, threshold: f64) -> Result<VarianceThreshold> {
    check_not_negative("variance threshold", threshold)?;
    let variances = map_indexed(table.n_columns(), |j| {
        let column = table.column(j);
        if is_constant(column) {
            return 0.0;
        }
        let variance = variance(column);
        if threshold > 0.0 {
            return variance;
        }
        let low = column.iter().copied().fold(f64::INFINITY, f64::min);
        let high = column.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        // The square of a tiny spread underflows: such a column varies all the same.
        variance.min(high - low).max(f64::MIN_POSITIVE)
    });
    let (kept, gone): (Vec<usize>, Vec<usize>) =
        (0..table.n_columns()).partition(|&j| variances[j] > threshold);
    let removed = gone.into_iter().map(|column| LowVariance {
        column,
        variance: variances[column],
    });
    Ok(VarianceThreshold {
        kept,
        removed: removed.collect(),
    })
}

/// Variance with divisor `n`.
fn variance(column: &[f64]) -> f64 {
    let largest = column.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
    // The sum of values near the largest double would overflow.
    let unit = if largest > 1e290 { 1e290 } else { 1.0 };
    let scaled: Vec<f64> = column.iter().map(|v| v / unit).collect();
    sum_of_squares(&scaled, mean(&scaled)) / column.len() as f64 * unit * unit
}

fn check_not_negative(name: &'static str, found: f64) -> Result<()> {
    if found.is_nan() || found < 0.0 {
        return Err(Error::InvalidSetting {
            name,
            expected: "a number >= 0",
            found,
        });
    }
    Ok(())
}
