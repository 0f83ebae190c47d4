//! A predictor as the model sees it: how one value becomes columns of the design.
//!
//! A [`Term`] is fitted (levels, knots and the range seen in training are stored in it) and is the only way from a value to columns, so new
//! patients are encoded exactly as the training rows were.
//!
//! | kind | columns | names |
//! |---|---|---|
//! | numeric | the value | `age` |
//! | categorical, k levels | k - 1 indicators, reference = first level | `margin=Non` |
//! | restricted cubic spline, k knots | the value and k - 2 cubic terms | `size`, `size'`, `size''` |
//!
//! The spline basis is Stone and Koo's with rms' scaling: for knots t₁ < … < t_k and j = 1 … k-2
//!
//! ```text
//! X_{j+1} = [ (x-t_j)₊³ - (x-t_{k-1})₊³ (t_k-t_j)/(t_k-t_{k-1}) + (x-t_k)₊³ (t_{k-1}-t_j)/(t_k-t_{k-1}) ] / (t_k-t₁)²
//! ```

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::patient::Value;

/// Numbers of distinct values up to which a numeric predictor's values become the ticks of its axis, as rms' `datadist` has it.
pub const MAX_DISTINCT: usize = 10;

/// What to make of one column of the table.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum TermSpec {
    /// The column as it is: linear if numeric, one indicator per level beyond the reference if categorical.
    Column(String),
    /// A restricted cubic spline of a numeric column.
    Spline {
        /// The column.
        column: String,
        /// Where the cubic pieces join.
        knots: Knots,
    },
}

/// Knots of a restricted cubic spline.
#[derive(Debug, Clone, PartialEq)]
pub enum Knots {
    /// This many, 3 to 7, at Harrell's quantiles of the rows used.
    Count(usize),
    /// At these values.
    At(Vec<f64>),
}

impl TermSpec {
    /// A spline with `n_knots` knots at Harrell's quantiles.
    pub fn spline(column: impl Into<String>, n_knots: usize) -> Self {
        TermSpec::Spline {
            column: column.into(),
            knots: Knots::Count(n_knots),
        }
    }

    /// The column it reads.
    #[must_use]
    pub fn column(&self) -> &str {
        match self {
            TermSpec::Column(column) | TermSpec::Spline { column, .. } => column,
        }
    }
}

impl From<&str> for TermSpec {
    fn from(column: &str) -> Self {
        TermSpec::Column(column.to_owned())
    }
}

impl From<String> for TermSpec {
    fn from(column: String) -> Self {
        TermSpec::Column(column)
    }
}

impl From<&String> for TermSpec {
    fn from(column: &String) -> Self {
        TermSpec::Column(column.clone())
    }
}

/// A fitted predictor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Term {
    /// Column of the table it reads.
    pub column: String,
    /// How it enters the model.
    pub kind: TermKind,
}

/// How a predictor enters the model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum TermKind {
    /// Linearly.
    Numeric {
        /// What training saw.
        seen: NumericSummary,
    },
    /// By a restricted cubic spline.
    Spline {
        /// The knots, increasing.
        knots: Vec<f64>,
        /// What training saw.
        seen: NumericSummary,
    },
    /// By one indicator per level beyond the first.
    Categorical {
        /// The levels, reference first.
        levels: Vec<String>,
        /// Training rows per level.
        counts: Vec<usize>,
    },
}

/// What training saw of a numeric predictor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct NumericSummary {
    /// Smallest value.
    pub min: f64,
    /// Largest value.
    pub max: f64,
    /// Median.
    pub median: f64,
    /// All values, increasing, if there are at most [`MAX_DISTINCT`]; else empty.
    pub distinct: Vec<f64>,
}

impl NumericSummary {
    /// Summary of finite values; `values` must not be empty.
    pub(crate) fn of(values: &[f64]) -> Self {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let n = sorted.len();
        let median = if n % 2 == 1 {
            sorted[n / 2]
        } else {
            0.5 * (sorted[n / 2 - 1] + sorted[n / 2])
        };
        let (min, max) = (sorted[0], sorted[n - 1]);
        sorted.dedup();
        let distinct = if sorted.len() <= MAX_DISTINCT {
            sorted
        } else {
            Vec::new()
        };
        Self {
            min,
            max,
            median,
            distinct,
        }
    }
}

/// A value of a predictor, checked against its term.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Checked {
    Number(f64),
    Level(usize),
}

impl Term {
    /// Columns it fills in the design.
    #[must_use]
    pub fn n_columns(&self) -> usize {
        match &self.kind {
            TermKind::Numeric { .. } => 1,
            TermKind::Spline { knots, .. } => knots.len() - 1,
            TermKind::Categorical { levels, .. } => levels.len() - 1,
        }
    }

    /// Names of its columns in the design, as rms writes them.
    #[must_use]
    pub fn column_names(&self) -> Vec<String> {
        match &self.kind {
            TermKind::Numeric { .. } => vec![self.column.clone()],
            TermKind::Spline { knots, .. } => (0..knots.len() - 1)
                .map(|j| format!("{}{}", self.column, "'".repeat(j)))
                .collect(),
            TermKind::Categorical { levels, .. } => levels[1..]
                .iter()
                .map(|l| format!("{}={l}", self.column))
                .collect(),
        }
    }

    /// The levels if categorical.
    #[must_use]
    pub fn levels(&self) -> Option<&[String]> {
        match &self.kind {
            TermKind::Categorical { levels, .. } => Some(levels),
            _ => None,
        }
    }

    /// What training saw if numeric.
    #[must_use]
    pub fn seen(&self) -> Option<&NumericSummary> {
        match &self.kind {
            TermKind::Numeric { seen } | TermKind::Spline { seen, .. } => Some(seen),
            TermKind::Categorical { .. } => None,
        }
    }

    /// Appends the columns for one value.
    pub(crate) fn encode(&self, value: Checked, out: &mut Vec<f64>) {
        match (&self.kind, value) {
            (TermKind::Numeric { .. }, Checked::Number(x)) => out.push(x),
            (TermKind::Spline { knots, .. }, Checked::Number(x)) => spline_basis(knots, x, out),
            (TermKind::Categorical { levels, .. }, Checked::Level(code)) => {
                out.extend((1..levels.len()).map(|l| f64::from(u8::from(l == code))));
            }
            _ => unreachable!("values are checked against their term before they are encoded"),
        }
    }

    /// Contribution of one value to the linear predictor, given the coefficients of this term's columns.
    pub(crate) fn effect(&self, beta: &[f64], value: Checked) -> f64 {
        match (&self.kind, value) {
            (TermKind::Categorical { .. }, Checked::Level(code)) => {
                if code == 0 {
                    0.0
                } else {
                    beta[code - 1]
                }
            }
            _ => {
                let mut columns = Vec::with_capacity(beta.len());
                self.encode(value, &mut columns);
                columns.iter().zip(beta).map(|(x, b)| x * b).sum()
            }
        }
    }

    /// Checks a value brought from outside.
    pub(crate) fn check(&self, value: &Value) -> Result<Checked> {
        match &self.kind {
            TermKind::Categorical { levels, .. } => {
                let text = match value {
                    Value::Text(text) => text.clone(),
                    Value::Number(number) => number.to_string(),
                };
                match levels.iter().position(|l| *l == text) {
                    Some(code) => Ok(Checked::Level(code)),
                    None => Err(match value {
                        Value::Text(_) => Error::UnknownLevel {
                            column: self.column.clone(),
                            row: None,
                            level: text,
                            expected: levels.join(", "),
                        },
                        Value::Number(number) => Error::NotALevel {
                            predictor: self.column.clone(),
                            value: *number,
                            expected: levels.join(", "),
                        },
                    }),
                }
            }
            _ => {
                let number = match value {
                    Value::Number(number) => Some(*number),
                    Value::Text(text) => text.trim().parse().ok(),
                };
                match number.filter(|v: &f64| v.is_finite()) {
                    Some(number) => Ok(Checked::Number(number)),
                    None => Err(Error::NotANumber {
                        predictor: self.column.clone(),
                        value: value.to_string(),
                    }),
                }
            }
        }
    }

    /// Checks the parts of a term read from a file.
    pub(crate) fn validate(&self) -> std::result::Result<(), String> {
        let seen_ok = |s: &NumericSummary| {
            s.min.is_finite()
                && s.max.is_finite()
                && s.min < s.max
                && s.min <= s.median
                && s.median <= s.max
                && s.distinct.len() <= MAX_DISTINCT
                && s.distinct.windows(2).all(|w| w[0] < w[1])
                && s.distinct.iter().all(|&v| s.min <= v && v <= s.max)
        };
        let ok = match &self.kind {
            TermKind::Numeric { seen } => seen_ok(seen),
            TermKind::Spline { knots, seen } => knots_are_legal(knots) && seen_ok(seen),
            TermKind::Categorical { levels, counts } => {
                levels.len() >= 2
                    && counts.len() == levels.len()
                    && levels.iter().all(|l| !l.is_empty())
                    && levels
                        .iter()
                        .enumerate()
                        .all(|(i, l)| !levels[..i].contains(l))
            }
        };
        if ok {
            Ok(())
        } else {
            Err(format!(
                "predictor {:?} has impossible levels, knots or range",
                self.column
            ))
        }
    }
}

/// 3 to 7 finite increasing knots.
pub(crate) fn knots_are_legal(knots: &[f64]) -> bool {
    (3..=7).contains(&knots.len())
        && knots.iter().all(|k| k.is_finite())
        && knots.windows(2).all(|w| w[0] < w[1])
}

/// Quantiles at which Harrell places 3 to 7 knots: equally spaced between outer quantiles that depend on their number.
pub(crate) fn knot_quantiles(n_knots: usize) -> Vec<f64> {
    let outer = match n_knots {
        3 => 0.1,
        4..=6 => 0.05,
        7 => 0.025,
        _ => return Vec::new(),
    };
    let step = (1.0 - 2.0 * outer) / (n_knots - 1) as f64;
    (0..n_knots).map(|i| outer + step * i as f64).collect()
}

fn spline_basis(knots: &[f64], x: f64, out: &mut Vec<f64>) {
    let k = knots.len();
    let (first, before, last) = (knots[0], knots[k - 2], knots[k - 1]);
    let cube = |t: f64| (x - t).max(0.0).powi(3);
    let norm = (last - first).powi(2);
    let gap = last - before;
    out.push(x);
    for &t in &knots[..k - 2] {
        let value = cube(t) + ((before - t) * cube(last) - (last - t) * cube(before)) / gap;
        out.push(value / norm);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spline_is_linear_beyond_the_last_knot() {
        let knots = [1.0, 2.0, 4.0];
        let value = |x: f64| {
            let mut out = Vec::new();
            spline_basis(&knots, x, &mut out);
            out[1]
        };
        let second_difference = value(9.0) - 2.0 * value(8.0) + value(7.0);
        assert!(second_difference.abs() < 1e-12);
        assert_eq!(value(0.5), 0.0);
        // By hand at x = 3: (3-1)³ + (1·0 - 3·1)/2 = 8 - 1.5, over (4-1)² = 9.
        assert!((value(3.0) - 6.5 / 9.0).abs() < 1e-15);
    }

    #[test]
    fn text_is_read_as_number_or_level_by_the_kind_of_the_term() {
        let seen = NumericSummary::of(&[1.0, 2.0, 3.0]);
        let numeric = Term {
            column: "x".into(),
            kind: TermKind::Numeric { seen },
        };
        assert_eq!(numeric.check(&Value::from("2.5")), Ok(Checked::Number(2.5)));
        assert!(matches!(
            numeric.check(&Value::from("large")),
            Err(Error::NotANumber { .. })
        ));
        let levels = vec!["0".to_owned(), "1".to_owned()];
        let factor = Term {
            column: "g".into(),
            kind: TermKind::Categorical {
                levels,
                counts: vec![1, 1],
            },
        };
        assert_eq!(factor.check(&Value::from(1.0)), Ok(Checked::Level(1)));
        assert!(matches!(
            factor.check(&Value::from(2.0)),
            Err(Error::NotALevel { .. })
        ));
    }
}
