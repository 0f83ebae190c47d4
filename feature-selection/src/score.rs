//! The rad-score: a selected linear predictor that can be printed, stored and applied.
//!
//! ```text
//! Rad-score = b_0 + Σ b_j x_j = b_0' + Σ b_j' z_j,    z_j = (x_j - m_j) / s_j,   b_j = b_j' / s_j,   b_0 = b_0' - Σ b_j m_j
//! ```

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::lasso::Selection;
use crate::standardize::Standardizer;
use crate::table::FeatureTable;

/// One feature of a score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
    /// Significant digits the numbers were rounded to; `None` for full precision.
    pub rounded_to: Option<usize>,
}

/// Which scale a formula is written on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ScoreScale {
    /// Features in their own units.
    #[default]
    Raw,
    /// z-scores of the training rows.
    Standardized,
}

impl Score {
    /// A score from coefficients of z-scored columns, as a path fitted to
    /// [`Standardizer::transform`]ed rows gives them.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`] unless the selection was made on the standardizer's columns.
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
        let shift: f64 = terms.iter().map(|t| t.coefficient * t.mean).sum();
        Ok(Self::assemble(
            name,
            coefficients.intercept - shift,
            coefficients.intercept,
            terms,
            selection.lambda,
        ))
    }

    /// A score from coefficients of columns in their own units; the standardizer supplies means and standard deviations.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`] unless the selection was made on the standardizer's columns.
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
        let shift: f64 = terms.iter().map(|t| t.coefficient * t.mean).sum();
        Ok(Self::assemble(
            name,
            coefficients.intercept,
            coefficients.intercept + shift,
            terms,
            selection.lambda,
        ))
    }

    fn assemble(
        name: &str,
        raw: f64,
        standardized: f64,
        terms: Vec<ScoreTerm>,
        lambda: f64,
    ) -> Self {
        Self {
            name: name.to_owned(),
            intercept: raw,
            standardized_intercept: standardized,
            terms,
            lambda,
            rounded_to: None,
        }
    }

    /// Names of the features, in order.
    pub fn feature_names(&self) -> Vec<String> {
        self.terms.iter().map(|t| t.name.clone()).collect()
    }

    /// The score of every row. Features are found by name and other columns are not looked at, so a
    /// full feature table may be given in any column order.
    ///
    /// # Errors
    /// [`Error::ColumnMismatch`] listing the features the table lacks.
    pub fn apply(&self, table: &FeatureTable) -> Result<Vec<f64>> {
        let columns = table
            .select_names(&self.feature_names())
            .map_err(|error| match error {
                Error::ColumnMismatch {
                    missing,
                    unexpected,
                    ..
                } => Error::ColumnMismatch {
                    what: "score",
                    missing,
                    unexpected,
                },
                other => other,
            })?;
        let mut scores = vec![self.standardized_intercept; table.n_rows()];
        // Summed over z-scores: features may be large with a tiny spread, and the raw sum would cancel.
        for (j, term) in self.terms.iter().enumerate() {
            for (score, x) in scores.iter_mut().zip(columns.column(j)) {
                *score += term.coefficient * (x - term.mean);
            }
        }
        Ok(scores)
    }

    /// The score with every number rounded to so many significant digits, as a paper prints it, and marked so.
    /// Means are kept, so that both scales still describe the same score up to the rounding.
    ///
    /// # Errors
    /// [`Error::InvalidSetting`] for 0 or more than 17 digits.
    pub fn rounded(&self, digits: usize) -> Result<Self> {
        if !(1..=17).contains(&digits) {
            let found = digits as f64;
            return Err(Error::InvalidSetting {
                name: "significant digits",
                expected: "1 to 17",
                found,
            });
        }
        let round = |v: f64| significant(v, digits).parse().unwrap_or(v);
        let mut rounded = self.clone();
        rounded.rounded_to = Some(digits);
        for term in &mut rounded.terms {
            term.coefficient = round(term.coefficient);
            term.standardized_coefficient = round(term.standardized_coefficient);
        }
        rounded.intercept = round(self.intercept);
        let shift: f64 = rounded.terms.iter().map(|t| t.coefficient * t.mean).sum();
        rounded.standardized_intercept = rounded.intercept + shift;
        Ok(rounded)
    }

    /// One line: `Rad-score = 0.12 + 0.34 * name - 0.56 * other`, numbers in `digits` significant digits.
    pub fn formula(&self, scale: ScoreScale, digits: usize) -> String {
        let mut text = format!(
            "{} = {}",
            self.name,
            significant(self.intercept_on(scale), digits)
        );
        for term in &self.terms {
            let b = term.on(scale);
            let sign = if b < 0.0 { '-' } else { '+' };
            let z = if scale == ScoreScale::Standardized {
                "z"
            } else {
                ""
            };
            let (open, close) = if scale == ScoreScale::Standardized {
                ("(", ")")
            } else {
                ("", "")
            };
            let _ = write!(
                text,
                " {sign} {} * {z}{open}{}{close}",
                significant(b.abs(), digits),
                term.name
            );
        }
        text
    }

    /// The formula for LaTeX's math mode, one term per line of an `aligned` environment.
    pub fn latex(&self, scale: ScoreScale, digits: usize) -> String {
        let mut text = format!(
            "\\begin{{aligned}}\n\\text{{{}}} ={{}}& {}",
            latex_text(&self.name),
            latex_number(self.intercept_on(scale), digits)
        );
        for term in &self.terms {
            let b = term.on(scale);
            let sign = if b < 0.0 { '-' } else { '+' };
            let name = latex_text(&term.name);
            let factor = match scale {
                ScoreScale::Raw => format!("\\text{{{name}}}"),
                ScoreScale::Standardized => format!("z(\\text{{{name}}})"),
            };
            let _ = write!(
                text,
                " \\\\\n&{sign} {} \\times {factor}",
                latex_number(b.abs(), digits)
            );
        }
        text.push_str("\n\\end{aligned}");
        text
    }

    /// The score as JSON with shortest round-trip numbers, keys in a fixed order.
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
    /// [`Error::InvalidScore`] if the text is no score, repeats a feature or disagrees with itself.
    pub fn from_json(text: &str) -> Result<Self> {
        let invalid = |reason: String| Error::InvalidScore { reason };
        let score: Self = serde_json::from_str(text).map_err(|e| invalid(e.to_string()))?;
        let mut names = score.feature_names();
        names.sort_unstable();
        if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(invalid(format!("feature `{}` occurs twice", pair[0])));
        }
        if let Some(bad) = score
            .terms
            .iter()
            .find(|t| t.standard_deviation.is_nan() || t.standard_deviation < 0.0)
        {
            return Err(invalid(format!(
                "feature `{}` has standard deviation {}",
                bad.name, bad.standard_deviation
            )));
        }
        let shift: f64 = score.terms.iter().map(|t| t.coefficient * t.mean).sum();
        let size = score.intercept.abs()
            + score
                .terms
                .iter()
                .map(|t| (t.coefficient * t.mean).abs())
                .sum::<f64>();
        let gap = (score.intercept + shift - score.standardized_intercept).abs();
        if gap.is_nan() || gap > 1e-9 * size.max(1.0) {
            return Err(invalid(format!(
                "intercepts {} and {} do not describe the same score",
                score.intercept, score.standardized_intercept
            )));
        }
        Ok(score)
    }

    fn intercept_on(&self, scale: ScoreScale) -> f64 {
        match scale {
            ScoreScale::Raw => self.intercept,
            ScoreScale::Standardized => self.standardized_intercept,
        }
    }
}

impl std::fmt::Display for Score {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.formula(ScoreScale::Raw, self.rounded_to.unwrap_or(6)))
    }
}

impl ScoreTerm {
    fn on(&self, scale: ScoreScale) -> f64 {
        match scale {
            ScoreScale::Raw => self.coefficient,
            ScoreScale::Standardized => self.standardized_coefficient,
        }
    }
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

/// A number in so many significant digits, without an exponent where that stays readable.
fn significant(value: f64, digits: usize) -> String {
    let digits = digits.clamp(1, 17);
    if value == 0.0 {
        return "0".to_owned();
    }
    let scientific = format!("{value:.*e}", digits - 1);
    let exponent: i32 = scientific
        .split_once('e')
        .and_then(|(_, e)| e.parse().ok())
        .unwrap_or(0);
    let shown = digits as i32 - 1 - exponent;
    if (-4..15).contains(&exponent) && shown >= 0 {
        format!("{value:.*}", shown as usize)
    } else {
        scientific
    }
}

fn latex_number(value: f64, digits: usize) -> String {
    let text = significant(value, digits);
    match text.split_once('e') {
        Some((mantissa, exponent)) => format!("{mantissa} \\times 10^{{{exponent}}}"),
        None => text,
    }
}

fn latex_text(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    for c in name.chars() {
        match c {
            '_' | '%' | '&' | '#' | '$' | '{' | '}' => {
                text.push('\\');
                text.push(c);
            }
            '\\' => text.push_str("\\textbackslash{}"),
            '^' => text.push_str("\\textasciicircum{}"),
            '~' => text.push_str("\\textasciitilde{}"),
            c => text.push(c),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    fn score() -> Score {
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
                coefficient: -1.23456e-6,
                standardized_coefficient: -0.1,
                mean: 0.0,
                standard_deviation: 81_000.5,
            },
        ];
        Score::assemble("Rad-score", 1.0, 6.0, terms, 0.05)
    }

    #[test]
    fn formula_has_signs_and_digits() {
        assert_eq!(
            score().formula(ScoreScale::Raw, 3),
            "Rad-score = 1.00 + 0.500 * glcm_A - 1.23e-6 * b"
        );
        assert_eq!(
            score().formula(ScoreScale::Standardized, 3),
            "Rad-score = 6.00 + 1.00 * z(glcm_A) - 0.100 * z(b)"
        );
        assert!(
            score()
                .latex(ScoreScale::Raw, 3)
                .contains("1.23 \\times 10^{-6} \\times \\text{b}")
        );
        assert!(score().latex(ScoreScale::Raw, 3).contains("glcm\\_A"));
    }

    #[test]
    fn json_round_trips_and_lies_are_refused() {
        let stored = score().to_json();
        assert_eq!(Score::from_json(&stored).unwrap(), score());
        let lie = stored.replace("\"intercept\": 1.0", "\"intercept\": 2.0");
        assert!(matches!(
            Score::from_json(&lie),
            Err(Error::InvalidScore { .. })
        ));
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
    }
}
