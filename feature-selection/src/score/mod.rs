//! The rad-score: a selected linear predictor that can be printed, stored and applied.
//!
//! ```text
//! Rad-score = b_0 + Σ b_j x_j = b_0' + Σ b_j' z_j,    z_j = (x_j - m_j) / s_j,   b_j = b_j' / s_j,   b_0 = b_0' - Σ b_j m_j
//! ```
//!
//! | file | holds |
//! |---|---|
//! | this one | the score and its application to rows |
//! | `text` | formula and LaTeX |
//! | `rounding` | rounded scores and what rounding changes |
//! | `stored` | JSON, and the checks when it is read |
//!
//! # Probabilities
//! A score from a logistic LASSO is a log-odds, and [`probability`] inverts it. The penalty shrinks coefficients toward 0, so that
//! probabilities lie too close to the prevalence of the training rows; with balanced class weights they are those of a cohort with as
//! many events as others. Ranks, and so the AUC, are not affected. Recalibrate on rows of their own before a probability is reported.

mod rounding;
mod stored;
mod text;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::lasso::{LambdaRule, Selection};
use crate::standardize::{Standardizer, same_columns};
use crate::table::FeatureTable;

pub use rounding::{Rounding, RoundingEffect};

/// One feature of a score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ScoreTerm {
    /// Feature name.
    pub name: String,
    /// Coefficient of the feature in its own unit.
    pub coefficient: f64,
    /// Coefficient of the z-score.
    pub standardized_coefficient: f64,
    /// Training mean, in the feature's unit.
    pub mean: f64,
    /// Training standard deviation, in the feature's unit.
    pub standard_deviation: f64,
}

/// A linear score over named features.
///
/// # Examples
/// ```
/// use feature_selection::Score;
/// use feature_selection::score::{ScoreScale, SurplusColumns};
///
/// let score = Score::from_json(r#"{
///     "name": "Rad-score", "intercept": -4.0, "standardized_intercept": 1.0, "lambda": 0.05, "rounding": null,
///     "terms": [{"name": "glcm_Contrast", "coefficient": 0.5, "standardized_coefficient": 1.0, "mean": 10.0, "standard_deviation": 2.0}]
/// }"#)?;
/// assert_eq!(score.formula(ScoreScale::Raw, 2), "Rad-score = -4.0 + 0.50 * glcm_Contrast");
/// // One patient, by name: -4 + 0.5 * 14.
/// assert_eq!(score.apply_row(&[("glcm_Contrast", 14.0)], SurplusColumns::Refuse)?, 3.0);
/// # Ok::<(), feature_selection::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Score {
    /// Name of the score in formulas.
    pub name: String,
    /// Intercept for features in their own units.
    pub intercept: f64,
    /// Intercept for z-scores.
    pub standardized_intercept: f64,
    /// Features with a nonzero coefficient, in column order.
    pub terms: Vec<ScoreTerm>,
    /// Penalty the coefficients belong to.
    pub lambda: f64,
    /// The rule that took it; `None` for a score that was stored without.
    #[serde(default)]
    pub rule: Option<LambdaRule>,
    /// How the numbers were rounded; `None` for full precision.
    pub rounding: Option<Rounding>,
}

/// Which scale a formula is written on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ScoreScale {
    /// Features in their own units.
    #[default]
    Raw,
    /// z-scores of the training rows.
    Standardized,
}

/// What to do with columns that are not needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum SurplusColumns {
    /// They are not looked at, so that a full feature table may be given. The default.
    #[default]
    Ignore,
    /// They are an error that names them.
    Refuse,
}

/// A score taken apart, for a waterfall figure: `base + Σ contribution`, summed in order, is the score to the last bit.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ScoreParts {
    /// Score of a row with the training mean in every feature.
    pub base: f64,
    /// One part per feature, in the order of the score.
    pub parts: Vec<ScorePart>,
    /// The score.
    pub score: f64,
}

/// What one feature adds to one row's score.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ScorePart {
    /// Feature name.
    pub name: String,
    /// The row's value.
    pub value: f64,
    /// `b_j (x_j - m_j)`.
    pub contribution: f64,
}

/// The probability that belongs to a log-odds score, `1 / (1 + e^-score)`; read the caveat in the [module documentation](self).
///
/// ```
/// use feature_selection::score::probability;
/// assert_eq!(probability(0.0), 0.5);
/// assert_eq!(probability(-800.0) + probability(800.0), 1.0);
/// ```
pub fn probability(score: f64) -> f64 {
    if score >= 0.0 {
        1.0 / (1.0 + (-score).exp())
    } else {
        let odds = score.exp();
        odds / (1.0 + odds)
    }
}

impl Score {
    /// A score from coefficients of z-scored columns, as a path fitted to
    /// [`Standardizer::transform`]ed rows gives them.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`] unless the selection was made on the standardizer's columns, [`Error::BeyondRange`] if a
    /// coefficient or an intercept has no value on one of the two scales.
    pub fn from_standardized(
        name: &str,
        selection: &Selection,
        standardizer: &Standardizer,
    ) -> Result<Self> {
        let columns = check_length(selection, standardizer)?;
        let coefficients = &selection.coefficients;
        let terms: Vec<ScoreTerm> = columns
            .iter()
            .map(|&j| {
                let b = coefficients.beta[j];
                term(standardizer, j, b / standardizer.standard_deviations[j], b)
            })
            .collect();
        let mut score = Self::assemble(name, terms, selection.lambda);
        score.rule = Some(selection.rule);
        score.standardized_intercept = coefficients.intercept;
        score.intercept = coefficients.intercept - score.shift();
        score.within_range()
    }

    /// A score from coefficients of columns in their own units; the standardizer supplies means and standard deviations.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`] unless the selection was made on the standardizer's columns, [`Error::BeyondRange`] if a
    /// coefficient or an intercept has no value on one of the two scales.
    pub fn from_raw(
        name: &str,
        selection: &Selection,
        standardizer: &Standardizer,
    ) -> Result<Self> {
        let columns = check_length(selection, standardizer)?;
        let coefficients = &selection.coefficients;
        let terms: Vec<ScoreTerm> = columns
            .iter()
            .map(|&j| {
                let b = coefficients.beta[j];
                term(standardizer, j, b, b * standardizer.standard_deviations[j])
            })
            .collect();
        let mut score = Self::assemble(name, terms, selection.lambda);
        score.rule = Some(selection.rule);
        score.intercept = coefficients.intercept;
        score.standardized_intercept = coefficients.intercept + score.shift();
        score.within_range()
    }

    /// Refuses numbers that no `f64` holds: a feature's spread may be too small to be divided by.
    fn within_range(self) -> Result<Self> {
        let refuse = |what, column: &str, low: f64, high: f64| Error::BeyondRange {
            what,
            column: column.to_owned(),
            low,
            high,
        };
        for t in &self.terms {
            if !(t.coefficient.is_finite() && t.standardized_coefficient.is_finite()) {
                let (low, high) = (t.mean - t.standard_deviation, t.mean + t.standard_deviation);
                return Err(refuse("coefficient", &t.name, low, high));
            }
        }
        if self.intercept.is_finite() && self.standardized_intercept.is_finite() {
            return Ok(self);
        }
        let means = self.terms.iter().map(|t| t.mean);
        let low = means.clone().fold(f64::INFINITY, f64::min);
        Err(refuse(
            "intercept",
            &self.name,
            low,
            means.fold(f64::NEG_INFINITY, f64::max),
        ))
    }

    fn assemble(name: &str, terms: Vec<ScoreTerm>, lambda: f64) -> Self {
        Self {
            name: name.to_owned(),
            intercept: 0.0,
            standardized_intercept: 0.0,
            terms,
            lambda,
            rule: None,
            rounding: None,
        }
    }

    /// `Σ b_j m_j`, the difference of the two intercepts.
    fn shift(&self) -> f64 {
        self.terms.iter().map(|t| t.coefficient * t.mean).sum()
    }

    /// Names of the features, in order.
    pub fn feature_names(&self) -> Vec<String> {
        self.terms.iter().map(|t| t.name.clone()).collect()
    }

    /// Whether the score has no feature, so that every row has the same score: the LASSO found nothing worth its penalty.
    pub fn is_constant(&self) -> bool {
        self.terms.is_empty()
    }

    /// The score of every row. Features are found by name and other columns are not looked at, so a
    /// full feature table may be given in any column order.
    ///
    /// # Errors
    /// [`Error::ColumnMismatch`] listing the features the table lacks; [`Error::NonFinite`] if a score is too large for a double.
    pub fn apply(&self, table: &FeatureTable) -> Result<Vec<f64>> {
        self.apply_with(table, SurplusColumns::Ignore)
    }

    /// As [`apply`](Self::apply), with a choice for columns the score does not use.
    ///
    /// # Errors
    /// As [`apply`](Self::apply); [`Error::ColumnMismatch`] also listing surplus columns under [`SurplusColumns::Refuse`].
    pub fn apply_with(&self, table: &FeatureTable, surplus: SurplusColumns) -> Result<Vec<f64>> {
        let columns = self.columns(table, surplus)?;
        let mut scores = vec![self.standardized_intercept; table.n_rows()];
        // Summed over z-scores: features may be large with a tiny spread, and the raw sum would cancel.
        for (j, term) in self.terms.iter().enumerate() {
            for (score, x) in scores.iter_mut().zip(columns.column(j)) {
                *score += term.contribution(*x);
            }
        }
        match scores.iter().position(|s| !s.is_finite()) {
            Some(row) => Err(Error::NonFinite {
                row,
                column: self.name.clone(),
                value: scores[row],
            }),
            None => Ok(scores),
        }
    }

    /// The score of one row given as pairs of name and value, in any order. Same bits as [`apply`](Self::apply).
    ///
    /// # Errors
    /// [`Error::DuplicateName`] if a name occurs twice, [`Error::NonFinite`] for a value that is not finite,
    /// [`Error::ColumnMismatch`] listing the features missing, and surplus names under [`SurplusColumns::Refuse`].
    pub fn apply_row<N: AsRef<str>>(
        &self,
        row: &[(N, f64)],
        surplus: SurplusColumns,
    ) -> Result<f64> {
        Ok(self.apply_with(&one_row(row)?, surplus)?[0])
    }

    /// The score of every row taken apart by feature.
    ///
    /// # Errors
    /// As [`apply`](Self::apply).
    pub fn parts(&self, table: &FeatureTable) -> Result<Vec<ScoreParts>> {
        let scores = self.apply(table)?;
        let columns = self.columns(table, SurplusColumns::Ignore)?;
        let part = |(j, term): (usize, &ScoreTerm), i: usize| {
            let value = columns.column(j)[i];
            ScorePart {
                name: term.name.clone(),
                value,
                contribution: term.contribution(value),
            }
        };
        Ok(scores
            .into_iter()
            .enumerate()
            .map(|(i, score)| ScoreParts {
                base: self.standardized_intercept,
                parts: self.terms.iter().enumerate().map(|t| part(t, i)).collect(),
                score,
            })
            .collect())
    }

    /// The score's columns of a table, in the order of the terms.
    fn columns(&self, table: &FeatureTable, surplus: SurplusColumns) -> Result<FeatureTable> {
        const WHAT: &str = "score";
        let names = self.feature_names();
        match surplus {
            SurplusColumns::Refuse => same_columns(WHAT, &names, table),
            SurplusColumns::Ignore => table.select_names(&names).map_err(|error| match error {
                Error::ColumnMismatch {
                    missing,
                    unexpected,
                    ..
                } => Error::ColumnMismatch {
                    what: WHAT,
                    missing,
                    unexpected,
                },
                other => other,
            }),
        }
    }

    fn intercept_on(&self, scale: ScoreScale) -> f64 {
        match scale {
            ScoreScale::Raw => self.intercept,
            ScoreScale::Standardized => self.standardized_intercept,
        }
    }
}

impl ScoreTerm {
    fn on(&self, scale: ScoreScale) -> f64 {
        match scale {
            ScoreScale::Raw => self.coefficient,
            ScoreScale::Standardized => self.standardized_coefficient,
        }
    }

    fn contribution(&self, x: f64) -> f64 {
        self.coefficient * (x - self.mean)
    }
}

/// A table of one row.
pub(crate) fn one_row<N: AsRef<str>>(row: &[(N, f64)]) -> Result<FeatureTable> {
    let names: Vec<String> = row.iter().map(|(n, _)| n.as_ref().to_owned()).collect();
    let values = ndarray::Array2::from_shape_fn((1, row.len()), |(_, j)| row[j].1);
    FeatureTable::new(values.view(), &names)
}

fn term(
    standardizer: &Standardizer,
    j: usize,
    coefficient: f64,
    standardized_coefficient: f64,
) -> ScoreTerm {
    ScoreTerm {
        name: standardizer.names[j].clone(),
        coefficient,
        standardized_coefficient,
        mean: standardizer.means[j],
        standard_deviation: standardizer.standard_deviations[j],
    }
}

fn check_length<'a>(selection: &'a Selection, standardizer: &Standardizer) -> Result<&'a [usize]> {
    let (expected, found) = (standardizer.names.len(), selection.coefficients.beta.len());
    if expected != found {
        return Err(Error::LengthMismatch {
            what: "coefficients of the score",
            expected,
            found,
        });
    }
    Ok(&selection.selected)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    /// `6 + z(glcm_A) - 0.1 z(b)`.
    pub(super) fn score() -> Score {
        let terms = vec![
            ScoreTerm {
                name: "glcm_A".into(),
                coefficient: 0.5,
                standardized_coefficient: 1.0,
                mean: 10.0,
                standard_deviation: 2.0,
            },
            ScoreTerm {
                name: "b".into(),
                coefficient: -1.25e-6,
                standardized_coefficient: -0.1,
                mean: 0.0,
                standard_deviation: 80_000.0,
            },
        ];
        let mut score = Score::assemble("Rad-score", terms, 0.05);
        (score.intercept, score.standardized_intercept) = (1.0, 6.0);
        score
    }

    #[test]
    fn rows_are_matched_by_name_and_missing_features_refused() {
        let names = ["b".to_owned(), "other".to_owned(), "glcm_A".to_owned()];
        let table = FeatureTable::new(array![[0.0, 9.0, 12.0]].view(), &names).unwrap();
        assert_eq!(score().apply(&table).unwrap(), vec![7.0]);
        let narrow = table.select_columns(&[0, 1]);
        let error = score().apply(&narrow).unwrap_err();
        assert_eq!(
            error.to_string(),
            "score: 1 column(s) missing [glcm_A], 0 unexpected []"
        );
        let error = score()
            .apply_with(&table, SurplusColumns::Refuse)
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "score: 0 column(s) missing [], 1 unexpected [other]"
        );
    }

    #[test]
    fn one_named_row_gives_the_same_score() {
        let row = [("glcm_A", 12.0), ("b", 0.0)];
        let score = score();
        assert_eq!(score.apply_row(&row, SurplusColumns::Refuse).unwrap(), 7.0);
        let twice = [("b", 0.0), ("b", 1.0)];
        assert!(matches!(
            score.apply_row(&twice, SurplusColumns::Ignore),
            Err(Error::DuplicateName { .. })
        ));
        let huge = [("glcm_A", f64::MAX), ("b", -f64::MAX)];
        assert!(score.apply_row(&huge, SurplusColumns::Ignore).is_ok());
        let overflow = [("glcm_A", -f64::MAX), ("b", f64::NAN)];
        assert!(matches!(
            score.apply_row(&overflow, SurplusColumns::Ignore),
            Err(Error::NonFinite { .. })
        ));
    }

    #[test]
    fn parts_add_up_from_the_base() {
        let names = ["glcm_A".to_owned(), "b".to_owned()];
        let table = FeatureTable::new(array![[13.0, 80_000.0]].view(), &names).unwrap();
        let parts = &score().parts(&table).unwrap()[0];
        assert_eq!(parts.base, 6.0);
        assert_eq!(parts.parts[0].contribution, 1.5);
        assert_eq!(parts.parts[1].contribution, -0.1);
        assert_eq!(parts.score, 6.0 + 1.5 - 0.1);
    }
}
