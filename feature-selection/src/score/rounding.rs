//! Scores with the few digits that a paper prints, and what the missing digits do.

use eval_stats::Scored;
use serde::{Deserialize, Serialize};

use super::text::significant;
use super::{Score, ScoreScale};
use crate::correlation::average_ranks;
use crate::error::{Error, Result};
use crate::table::FeatureTable;

/// How the numbers of a score were rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Rounding {
    /// Significant digits, 1 to 17.
    pub digits: usize,
    /// The scale whose intercept and coefficients were rounded; the other scale's numbers follow from them.
    pub scale: ScoreScale,
}

/// How far a rounded score is from the full one on some rows.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct RoundingEffect {
    /// The rounding.
    pub rounding: Rounding,
    /// Largest absolute change of a score.
    pub largest_change: f64,
    /// Row of that change, the first if several.
    pub row: usize,
    /// Largest change of a rank among the rows (tied rows share the mean rank).
    pub largest_rank_change: f64,
    /// AUC of the full score; `None` without outcome.
    pub auc: Option<f64>,
    /// AUC of the rounded score; `None` without outcome.
    pub rounded_auc: Option<f64>,
}

impl Score {
    /// The score with intercept and coefficients for features in their own units rounded to so many significant digits, as a paper
    /// prints them, and marked so. Means and standard deviations are kept.
    ///
    /// # Errors
    /// [`Error::InvalidSetting`] for 0 or more than 17 digits, [`Error::BeyondRange`] if a number is rounded beyond the range of `f64`.
    pub fn rounded(&self, digits: usize) -> Result<Self> {
        self.rounded_on(ScoreScale::Raw, digits)
    }

    /// As [`rounded`](Self::rounded), for the formula on either scale. Rounding the raw formula of a feature with a large mean and a small
    /// spread moves every score; see [`rounding_effect`](Self::rounding_effect).
    ///
    /// # Errors
    /// As [`rounded`](Self::rounded).
    pub fn rounded_on(&self, scale: ScoreScale, digits: usize) -> Result<Self> {
        if !(1..=17).contains(&digits) {
            return Err(Error::InvalidSetting {
                name: "significant digits",
                expected: "1 to 17",
                found: digits as f64,
            });
        }
        let round = |v: f64| significant(v, digits).parse().unwrap_or(v);
        let mut rounded = self.clone();
        rounded.rounding = Some(Rounding { digits, scale });
        for term in &mut rounded.terms {
            match scale {
                ScoreScale::Raw => {
                    term.coefficient = round(term.coefficient);
                    term.standardized_coefficient = term.coefficient * term.standard_deviation;
                }
                ScoreScale::Standardized => {
                    term.standardized_coefficient = round(term.standardized_coefficient);
                    term.coefficient = term.standardized_coefficient / term.standard_deviation;
                }
            }
        }
        let shift = rounded.shift();
        match scale {
            ScoreScale::Raw => {
                rounded.intercept = round(self.intercept);
                rounded.standardized_intercept = rounded.intercept + shift;
            }
            ScoreScale::Standardized => {
                rounded.standardized_intercept = round(self.standardized_intercept);
                rounded.intercept = rounded.standardized_intercept - shift;
            }
        }
        self.check_range(&rounded)?;
        Ok(rounded)
    }

    /// Numbers next to the largest double can be rounded beyond it.
    fn check_range(&self, rounded: &Self) -> Result<()> {
        let beyond = |what, column: &str, value: f64| Error::BeyondRange {
            what,
            column: column.to_owned(),
            low: value,
            high: value,
        };
        for (term, full) in rounded.terms.iter().zip(&self.terms) {
            if !(term.coefficient.is_finite() && term.standardized_coefficient.is_finite()) {
                return Err(beyond("rounded coefficient", &full.name, full.coefficient));
            }
        }
        if !(rounded.intercept.is_finite() && rounded.standardized_intercept.is_finite()) {
            return Err(beyond("rounded intercept", &self.name, self.intercept));
        }
        Ok(())
    }

    /// How far the rounded score moves scores, ranks and (with an outcome) the AUC of these rows.
    ///
    /// # Errors
    /// As [`rounded_on`](Self::rounded_on) and [`apply`](Self::apply); [`Error::Statistics`] for an outcome of another length or one class.
    pub fn rounding_effect(
        &self,
        scale: ScoreScale,
        digits: usize,
        table: &FeatureTable,
        outcome: Option<&[bool]>,
    ) -> Result<RoundingEffect> {
        let full = self.apply(table)?;
        let rounded = self.rounded_on(scale, digits)?.apply(table)?;
        let (mut row, mut largest_change) = (0, 0.0);
        for (i, (a, b)) in full.iter().zip(&rounded).enumerate() {
            if (a - b).abs() > largest_change {
                (row, largest_change) = (i, (a - b).abs());
            }
        }
        let (ranks, rounded_ranks) = (average_ranks(&full).0, average_ranks(&rounded).0);
        let largest_rank_change = ranks
            .iter()
            .zip(&rounded_ranks)
            .map(|(a, b)| (a - b).abs())
            .fold(0.0, f64::max);
        let auc = |scores: &[f64]| -> Result<Option<f64>> {
            match outcome {
                None => Ok(None),
                Some(y) => Ok(Some(eval_stats::roc::auc(&Scored::new(scores, y)?))),
            }
        };
        Ok(RoundingEffect {
            rounding: Rounding { digits, scale },
            largest_change,
            row,
            largest_rank_change,
            auc: auc(&full)?,
            rounded_auc: auc(&rounded)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::score;
    use super::*;
    use ndarray::array;

    #[test]
    fn a_rounded_score_is_marked_and_agrees_with_itself() {
        let mut score = score();
        score.terms[0].coefficient = 0.512_345;
        score.terms[0].standardized_coefficient = 1.024_69;
        score.standardized_intercept = score.intercept + score.shift();
        let rounded = score.rounded(2).unwrap();
        assert_eq!(rounded.terms[0].coefficient, 0.51);
        assert_eq!(rounded.terms[0].standardized_coefficient, 1.02);
        assert_eq!(rounded.standardized_intercept, 1.0 + 0.51 * 10.0);
        assert_eq!(
            rounded.to_string(),
            "Rad-score = 1.0 + 0.51 * glcm_A - 1.3e-6 * b (rounded to 2 significant digits)"
        );
        assert_eq!(Score::from_json(&rounded.to_json()).unwrap(), rounded);
        assert!(score.rounded(0).is_err() && score.rounded(18).is_err());
        let z = score.rounded_on(ScoreScale::Standardized, 2).unwrap();
        assert_eq!(z.terms[0].standardized_coefficient, 1.0);
        assert_eq!(z.terms[0].coefficient, 0.5);
    }

    #[test]
    fn numbers_rounded_beyond_the_range_are_refused() {
        let mut score = score();
        score.intercept = f64::MAX;
        let refusal = score.rounded(2).unwrap_err();
        assert!(matches!(
            refusal,
            Error::BeyondRange {
                what: "rounded intercept",
                ..
            }
        ));
        score.intercept = 1.0;
        score.terms[0].coefficient = f64::MAX;
        let refusal = score.rounded(2).unwrap_err().to_string();
        assert!(refusal.starts_with("column `glcm_A`: expected a rounded coefficient"));
    }

    #[test]
    fn the_effect_names_the_row_that_moves_most() {
        let mut score = score();
        score.terms[0].coefficient = 0.54;
        score.terms[0].standardized_coefficient = 1.08;
        score.standardized_intercept = score.intercept + score.shift();
        let names = ["glcm_A".to_owned(), "b".to_owned()];
        let rows = array![[1.0, 0.0], [30.0, 0.0], [2.0, 0.0]];
        let table = FeatureTable::new(rows.view(), &names).unwrap();
        let effect = score
            .rounding_effect(ScoreScale::Raw, 1, &table, Some(&[false, true, false]))
            .unwrap();
        assert_eq!(effect.row, 1);
        assert!((effect.largest_change - 0.04 * 30.0).abs() < 1e-12);
        assert_eq!(effect.largest_rank_change, 0.0);
        assert_eq!((effect.auc, effect.rounded_auc), (Some(1.0), Some(1.0)));
    }
}
