//! A predictor as the model sees it: how one value becomes columns, its basis.
//!
//! A [`Predictor`] is fitted (levels, knots and the range seen in training are stored in it) and is the only way from a value to columns, so
//! new patients are encoded exactly as the training rows were. [`Term`](crate::Term)s are products of the columns of predictors.
//!
//! | kind | columns | names |
//! |---|---|---|
//! | numeric | the value | `age` |
//! | categorical, k levels | k - 1 indicators, reference = first level | `margin=Non` |
//! | polynomial of degree d | the value and its powers | `size`, `size^2` |
//! | restricted cubic spline, k knots | the value and k - 2 cubic terms | `size`, `size'`, `size''` |
//!
//! The spline basis is Stone and Koo's with rms' scaling: for knots t₁ < … < t_k and j = 1 … k-2
//!
//! ```text
//! X_{j+1} = [ (x-t_j)₊³ - (x-t_{k-1})₊³ (t_k-t_j)/(t_k-t_{k-1}) + (x-t_k)₊³ (t_{k-1}-t_j)/(t_k-t_{k-1}) ] / (t_k-t₁)²
//! ```

use eval_stats::quantile::{QuantileType, of_sorted};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::patient::Value;

/// Numbers of distinct values up to which a numeric predictor's values become the ticks of its axis, as rms' `datadist` has it.
pub const MAX_DISTINCT: usize = 10;

/// A fitted predictor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Predictor {
    /// Column of the table it reads.
    pub column: String,
    /// How it enters the model.
    pub kind: PredictorKind,
}

/// How a predictor enters the model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum PredictorKind {
    /// Linearly.
    Numeric {
        /// What training saw.
        seen: NumericSummary,
    },
    /// By a polynomial, with raw powers as rms' `pol`.
    Polynomial {
        /// Its degree, 2 to [`MAX_DEGREE`].
        degree: usize,
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
    /// First quartile (R's type 7).
    pub lower_quartile: f64,
    /// Median.
    pub median: f64,
    /// Third quartile.
    pub upper_quartile: f64,
    /// All values, increasing, if there are at most [`MAX_DISTINCT`]; else empty.
    pub distinct: Vec<f64>,
}

impl NumericSummary {
    /// Summary of finite values; `values` must not be empty.
    pub(crate) fn of(values: &[f64]) -> Self {
        let mut values = values.to_vec();
        let min = values.iter().copied().fold(f64::INFINITY, f64::min);
        let max = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let distinct = few_distinct(&values);
        let lower_quartile = quantile(&mut values, 0.25);
        let median = quantile(&mut values, 0.5);
        let upper_quartile = quantile(&mut values, 0.75);
        Self {
            min,
            max,
            lower_quartile,
            median,
            upper_quartile,
            distinct,
        }
    }
}

/// The distinct values, increasing, if there are at most [`MAX_DISTINCT`]; else nothing.
fn few_distinct(values: &[f64]) -> Vec<f64> {
    let mut distinct: Vec<f64> = Vec::with_capacity(MAX_DISTINCT + 1);
    for v in values {
        if let Err(place) = distinct.binary_search_by(|d| d.total_cmp(v)) {
            distinct.insert(place, *v);
            if distinct.len() > MAX_DISTINCT {
                return Vec::new();
            }
        }
    }
    // Both zeros are one value.
    distinct.dedup();
    distinct
}

/// R's quantile of type 7 without sorting everything: the two order statistics it interpolates between are put in their places.
fn quantile(values: &mut [f64], p: f64) -> f64 {
    let place = ((values.len() - 1) as f64 * p).floor() as usize;
    values.select_nth_unstable_by(place, f64::total_cmp);
    // R's allowance for rounding may take the position for the next integer, which needs one value more.
    for next in (place + 1)..values.len().min(place + 3) {
        values[next..].select_nth_unstable_by(0, f64::total_cmp);
    }
    of_sorted(values, p, QuantileType::Type7)
}

/// A value of a predictor, checked against its predictor.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Checked {
    Number(f64),
    Level(usize),
}

impl Checked {
    /// The number; `None` for a level.
    pub(crate) fn number(self) -> Option<f64> {
        match self {
            Checked::Number(v) => Some(v),
            Checked::Level(_) => None,
        }
    }
}

impl Predictor {
    /// Columns it fills in the design.
    #[must_use]
    pub fn n_columns(&self) -> usize {
        match &self.kind {
            PredictorKind::Numeric { .. } => 1,
            PredictorKind::Polynomial { degree, .. } => *degree,
            PredictorKind::Spline { knots, .. } => knots.len() - 1,
            PredictorKind::Categorical { levels, .. } => levels.len() - 1,
        }
    }

    /// Names of its columns in the design, as rms writes them.
    #[must_use]
    pub fn column_names(&self) -> Vec<String> {
        match &self.kind {
            PredictorKind::Numeric { .. } => vec![self.column.clone()],
            PredictorKind::Polynomial { degree, .. } => (1..=*degree)
                .map(|power| match power {
                    1 => self.column.clone(),
                    _ => format!("{}^{power}", self.column),
                })
                .collect(),
            PredictorKind::Spline { knots, .. } => (0..knots.len() - 1)
                .map(|j| format!("{}{}", self.column, "'".repeat(j)))
                .collect(),
            PredictorKind::Categorical { levels, .. } => levels[1..]
                .iter()
                .map(|l| format!("{}={l}", self.column))
                .collect(),
        }
    }

    /// The levels if categorical.
    #[must_use]
    pub fn levels(&self) -> Option<&[String]> {
        match &self.kind {
            PredictorKind::Categorical { levels, .. } => Some(levels),
            _ => None,
        }
    }

    /// What training saw if numeric.
    #[must_use]
    pub fn seen(&self) -> Option<&NumericSummary> {
        match &self.kind {
            PredictorKind::Numeric { seen }
            | PredictorKind::Polynomial { seen, .. }
            | PredictorKind::Spline { seen, .. } => Some(seen),
            PredictorKind::Categorical { .. } => None,
        }
    }

    /// Appends the columns for one value.
    pub(crate) fn encode(&self, value: Checked, out: &mut Vec<f64>) {
        match (&self.kind, value) {
            (PredictorKind::Numeric { .. }, Checked::Number(x)) => out.push(x),
            (PredictorKind::Polynomial { degree, .. }, Checked::Number(x)) => {
                out.extend((1..=*degree as i32).map(|power| x.powi(power)));
            }
            (PredictorKind::Spline { knots, .. }, Checked::Number(x)) => {
                spline_basis(knots, x, out)
            }
            (PredictorKind::Categorical { levels, .. }, Checked::Level(code)) => {
                out.extend((1..levels.len()).map(|l| f64::from(u8::from(l == code))));
            }
            _ => unreachable!("values are checked against their predictor before they are encoded"),
        }
    }

    /// Checks a value brought from outside.
    pub(crate) fn check(&self, value: &Value) -> Result<Checked> {
        match &self.kind {
            PredictorKind::Categorical { levels, .. } => {
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

    /// Checks the parts of a predictor read from a file.
    pub(crate) fn validate(&self) -> std::result::Result<(), String> {
        let seen_ok = |s: &NumericSummary| {
            s.min.is_finite()
                && s.max.is_finite()
                && s.min < s.max
                && [s.min, s.lower_quartile, s.median, s.upper_quartile, s.max].is_sorted()
                && s.distinct.len() <= MAX_DISTINCT
                && s.distinct.windows(2).all(|w| w[0] < w[1])
                && s.distinct.iter().all(|&v| s.min <= v && v <= s.max)
        };
        let ok = match &self.kind {
            PredictorKind::Numeric { seen } => seen_ok(seen),
            PredictorKind::Polynomial { degree, seen } => degree_is_legal(*degree) && seen_ok(seen),
            PredictorKind::Spline { knots, seen } => knots_are_legal(knots) && seen_ok(seen),
            PredictorKind::Categorical { levels, counts } => {
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

/// Largest degree of a polynomial.
pub const MAX_DEGREE: usize = 5;

/// 2 to [`MAX_DEGREE`].
pub(crate) fn degree_is_legal(degree: usize) -> bool {
    (2..=MAX_DEGREE).contains(&degree)
}

/// 3 to 7 finite increasing knots.
pub(crate) fn knots_are_legal(knots: &[f64]) -> bool {
    (3..=7).contains(&knots.len())
        && knots.iter().all(|k| k.is_finite())
        && knots.windows(2).all(|w| w[0] < w[1])
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
    fn text_is_read_as_number_or_level_by_the_kind_of_the_predictor() {
        let seen = NumericSummary::of(&[1.0, 2.0, 3.0]);
        let numeric = Predictor {
            column: "x".into(),
            kind: PredictorKind::Numeric { seen },
        };
        assert_eq!(numeric.check(&Value::from("2.5")), Ok(Checked::Number(2.5)));
        assert!(matches!(
            numeric.check(&Value::from("large")),
            Err(Error::NotANumber { .. })
        ));
        let levels = vec!["0".to_owned(), "1".to_owned()];
        let factor = Predictor {
            column: "g".into(),
            kind: PredictorKind::Categorical {
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
