//! Standardization fitted on training rows.
//!
//! ```text
//! z_ij = (x_ij - m_j) / s_j
//! ```
//! with `m_j` the training mean and `s_j` the training standard deviation. Only a fitted
//! [`Standardizer`] can transform, so held-out rows are always scaled by the training rows' numbers.
//!
//! Sums are taken from the smallest value of a column on and in a power of two of its size: neither an offset of 1e12 nor
//! values of 1e300 cost digits of `s_j`. What `m_j` rounds to is common to all z-scores of a column.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::moments::{Moments, Unit, range};
use crate::par::map_indexed;
use crate::table::{FeatureTable, check_unique};

/// Divisor of the variance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Divisor {
    /// `n` (scikit-learn's `StandardScaler`, glmnet's internal scaling).
    Population,
    /// `n - 1` (R's `scale`). The default, as the field reports sample standard deviations.
    #[default]
    Sample,
}

/// Means and standard deviations of the training rows.
///
/// # Examples
/// ```
/// use feature_selection::FeatureTable;
/// use feature_selection::standardize::{Divisor, Standardizer};
/// use ndarray::array;
/// let names = ["volume".to_owned()];
/// let train = FeatureTable::new(array![[1.0], [3.0]].view(), &names)?;
/// let fitted = Standardizer::fit(&train, Divisor::Population)?;
/// assert_eq!((fitted.means[0], fitted.standard_deviations[0]), (2.0, 1.0));
/// // Stored, read back, and applied to rows that it was not fitted on.
/// let fitted = Standardizer::from_json(&fitted.to_json())?;
/// let new = FeatureTable::new(array![[4.0]].view(), &names)?;
/// assert_eq!(fitted.transform(&new)?.column(0), [2.0]);
/// # Ok::<(), feature_selection::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Stored")]
#[non_exhaustive]
pub struct Standardizer {
    /// Column names, in the order of the training table.
    pub names: Vec<String>,
    /// Training means, in the feature's unit.
    pub means: Vec<f64>,
    /// Training standard deviations, in the feature's unit; 0 for a constant column (and for one whose deviation is below the
    /// smallest double).
    pub standard_deviations: Vec<f64>,
    /// Divisor used for the variance.
    pub divisor: Divisor,
}

/// A standardizer as it lies in a file, not yet checked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    names: Vec<String>,
    means: Vec<f64>,
    standard_deviations: Vec<f64>,
    divisor: Divisor,
}

impl TryFrom<Stored> for Standardizer {
    type Error = String;

    fn try_from(stored: Stored) -> std::result::Result<Self, String> {
        let (n, means, deviations) = (
            stored.names.len(),
            stored.means.len(),
            stored.standard_deviations.len(),
        );
        if means != n || deviations != n {
            return Err(format!(
                "expected {n} means and standard deviations, found {means} and {deviations}"
            ));
        }
        check_unique(&stored.names).map_err(|e| e.to_string())?;
        for ((name, &m), &s) in stored
            .names
            .iter()
            .zip(&stored.means)
            .zip(&stored.standard_deviations)
        {
            if !m.is_finite() || !s.is_finite() || s < 0.0 {
                return Err(format!(
                    "column `{name}`: expected a finite mean and a standard deviation >= 0, found {m} and {s}"
                ));
            }
        }
        Ok(Self {
            names: stored.names,
            means: stored.means,
            standard_deviations: stored.standard_deviations,
            divisor: stored.divisor,
        })
    }
}

impl Standardizer {
    /// Fits means and standard deviations.
    ///
    /// # Errors
    /// [`Error::TooFewRows`] for fewer than two rows, [`Error::BeyondRange`] if a standard deviation is larger than the largest
    /// double (values of both signs beyond 1e308).
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
        let fitted = map_indexed(training.n_columns(), |j| {
            let mut values = training.column(j).to_vec();
            let unit = Unit::divide(&mut values);
            let moments = Moments::measure(&mut values);
            let sd = unit.restore((moments.squares / denominator).sqrt());
            if sd.is_finite() {
                return Ok((unit.restore(moments.mean()), sd));
            }
            let (low, high) = range(training.column(j));
            Err(Error::BeyondRange {
                what: "standard deviation",
                column: training.names()[j].clone(),
                low,
                high,
            })
        });
        let (means, standard_deviations) = fitted
            .into_iter()
            .collect::<Result<Vec<_>>>()?
            .into_iter()
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
    /// [`Error::ColumnMismatch`] listing names the standardizer does not know, [`Error::DuplicateName`].
    pub fn restricted(&self, names: &[String]) -> Result<Self> {
        check_unique(names)?;
        let index: HashMap<&String, usize> =
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
    /// [`Error::ColumnMismatch`] if a column is missing or unknown; [`Error::NonFinite`] for a value so far outside the
    /// training rows that its z-score overflows.
    pub fn transform(&self, table: &FeatureTable) -> Result<FeatureTable> {
        let ordered = same_columns("standardizer", &self.names, table)?;
        let scaled = ordered.map_columns(|j, column| {
            let (m, s) = (self.means[j], self.standard_deviations[j]);
            if s == 0.0 {
                column.fill(0.0);
                return;
            }
            for value in column {
                *value = z_score(*value, m, s);
            }
        });
        scaled.check_finite()?;
        Ok(scaled)
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
    /// [`Error::InvalidStored`] if the text is no standardizer, repeats a name, or holds a number that no fit gives.
    pub fn from_json(text: &str) -> Result<Self> {
        serde_json::from_str(text).map_err(|e| Error::InvalidStored {
            what: "standardizer",
            reason: e.to_string(),
        })
    }
}

fn z_score(value: f64, mean: f64, sd: f64) -> f64 {
    let off = value - mean;
    if off.is_infinite() {
        // The difference of two halves does not overflow.
        return (0.5 * value - 0.5 * mean) / sd * 2.0;
    }
    off / sd
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
    Ok(table.select_columns(&same_names(what, names, &[], table.names())?))
}

/// Where each of `names` stands in `present`, refused unless `present` has all of them and no others but `ignored` ones.
pub(crate) fn same_names(
    what: &'static str,
    names: &[String],
    ignored: &[String],
    present: &[String],
) -> Result<Vec<usize>> {
    let index: HashMap<&String, usize> = present.iter().enumerate().map(|(j, n)| (n, j)).collect();
    let known: HashSet<&String> = names.iter().chain(ignored).collect();
    let missing: Vec<String> = names
        .iter()
        .filter(|n| !index.contains_key(n))
        .cloned()
        .collect();
    let unexpected: Vec<String> = present
        .iter()
        .filter(|n| !known.contains(n))
        .cloned()
        .collect();
    if missing.is_empty() && unexpected.is_empty() {
        return Ok(names.iter().map(|n| index[n]).collect());
    }
    Err(Error::ColumnMismatch {
        what,
        missing,
        unexpected,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, array};

    fn one(values: &[f64]) -> FeatureTable {
        let column = Array2::from_shape_vec((values.len(), 1), values.to_vec()).unwrap();
        FeatureTable::new(column.view(), &["a".to_owned()]).unwrap()
    }

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

    #[test]
    fn offsets_and_scales_cost_no_digits() {
        let z = [-1.5, -0.5, 0.5, 1.5].map(|v: f64| v / 1.25_f64.sqrt());
        for (offset, scale) in [
            (0.0, 1.0),
            (1e12, 1.0),
            (0.0, 2f64.powi(1020)),
            (0.0, 2f64.powi(-1040)),
        ] {
            let table = one(&[1.0, 2.0, 3.0, 4.0].map(|v| (offset + v) * scale));
            let fitted = Standardizer::fit(&table, Divisor::Population).unwrap();
            for (found, expected) in fitted.transform(&table).unwrap().column(0).iter().zip(z) {
                assert!((found - expected).abs() < 1e-9, "{offset} {scale}: {found}");
            }
        }
    }

    #[test]
    fn numbers_beyond_the_range_are_refused() {
        let wide = one(&[-1.7e308, 1.7e308]);
        let refused = Standardizer::fit(&wide, Divisor::Sample).unwrap_err();
        assert!(
            matches!(refused, Error::BeyondRange { high: 1.7e308, .. }),
            "{refused}"
        );
        let fitted = Standardizer::fit(&wide, Divisor::Population).unwrap();
        assert_eq!(fitted.transform(&wide).unwrap().column(0), [-1.0, 1.0]);
        let narrow = Standardizer::fit(&one(&[0.0, 1e-300]), Divisor::Sample).unwrap();
        assert!(matches!(
            narrow.transform(&one(&[0.0, 1e300])),
            Err(Error::NonFinite { row: 1, .. })
        ));
    }

    #[test]
    fn stored_lies_are_refused() {
        let fitted = Standardizer::fit(&one(&[0.1, 0.3, 1e-17]), Divisor::Sample).unwrap();
        let stored = fitted.to_json();
        assert_eq!(Standardizer::from_json(&stored).unwrap(), fitted);
        for (from, to) in [
            ("\"a\"", "\"a\", \"b\""),
            ("sample", "neither"),
            ("\"divisor\"", "\"surplus\": 1, \"divisor\""),
            (
                "\"standard_deviations\": [\n    ",
                "\"standard_deviations\": [\n    -",
            ),
        ] {
            let lie = stored.replace(from, to);
            assert_ne!(lie, stored);
            assert!(
                matches!(
                    Standardizer::from_json(&lie),
                    Err(Error::InvalidStored { .. })
                ),
                "{lie}"
            );
        }
    }
}
