//! A score as JSON, and what is refused when it is read: a stored score is applied to patients.

use std::collections::HashSet;

use super::{Score, ScoreTerm};
use crate::error::{Error, Result};

/// Longest text read, in bytes: more than 100,000 features with long names.
const LONGEST: usize = 1 << 26;

/// Relative difference at which two numbers are no longer the same number written twice.
const SAME: f64 = 1e-9;

impl Score {
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
    /// [`Error::InvalidScore`] if the text is longer than 64 MiB, is no score (missing, unknown or repeated keys, numbers that are no
    /// double), repeats a feature, has a standard deviation that is not positive, or if its two scales do not describe the same score.
    pub fn from_json(text: &str) -> Result<Self> {
        let invalid = |reason: String| Error::InvalidScore { reason };
        if text.len() > LONGEST {
            return Err(invalid(format!(
                "expected at most {LONGEST} bytes, found {}",
                text.len()
            )));
        }
        let score: Self = serde_json::from_str(text).map_err(|e| invalid(e.to_string()))?;
        score.check().map_err(invalid)?;
        Ok(score)
    }

    /// What is wrong with the numbers, if anything.
    pub(crate) fn check(&self) -> std::result::Result<(), String> {
        let mut seen = HashSet::new();
        for term in &self.terms {
            if !seen.insert(term.name.as_str()) {
                return Err(format!("feature `{}` occurs twice", term.name));
            }
            term.check()?;
        }
        for (what, value) in [
            ("intercept", self.intercept),
            ("standardized intercept", self.standardized_intercept),
            ("lambda", self.lambda),
        ] {
            if !value.is_finite() {
                return Err(format!("expected a finite {what}, found {value}"));
            }
        }
        if self.lambda < 0.0 {
            return Err(format!("expected a lambda >= 0, found {}", self.lambda));
        }
        if let Some(rounding) = self.rounding
            && !(1..=17).contains(&rounding.digits)
        {
            return Err(format!(
                "expected 1 to 17 significant digits, found {}",
                rounding.digits
            ));
        }
        let parts = || self.terms.iter().map(|t| t.coefficient * t.mean);
        let size = self.intercept.abs() + parts().map(f64::abs).sum::<f64>();
        let gap = (self.intercept + parts().sum::<f64>() - self.standardized_intercept).abs();
        if gap.is_nan() || gap > SAME * size.max(1.0) {
            return Err(format!(
                "intercepts {} and {} do not describe the same score",
                self.intercept, self.standardized_intercept
            ));
        }
        Ok(())
    }
}

impl ScoreTerm {
    fn check(&self) -> std::result::Result<(), String> {
        let Self {
            name,
            coefficient,
            standardized_coefficient,
            mean,
            standard_deviation,
        } = self;
        for (what, value) in [
            ("coefficient", coefficient),
            ("standardized coefficient", standardized_coefficient),
            ("mean", mean),
            ("standard deviation", standard_deviation),
        ] {
            if !value.is_finite() {
                return Err(format!(
                    "feature `{name}`: expected a finite {what}, found {value}"
                ));
            }
        }
        if *standard_deviation <= 0.0 {
            return Err(format!(
                "feature `{name}`: expected a standard deviation above 0, found {standard_deviation}"
            ));
        }
        let expected = coefficient * standard_deviation;
        let gap = (expected - standardized_coefficient).abs();
        // Below the smallest normal number a product keeps fewer digits.
        if gap.is_nan() || gap > SAME * expected.abs().max(f64::MIN_POSITIVE / SAME) {
            return Err(format!(
                "feature `{name}`: coefficients {coefficient} and {standardized_coefficient} do not belong to a standard deviation of {standard_deviation}"
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::score;
    use super::*;

    #[test]
    fn json_round_trips_and_lies_are_refused() {
        let stored = score().to_json();
        assert_eq!(Score::from_json(&stored).unwrap(), score());
        for (truth, lie, reason) in [
            (
                "\"intercept\": 1.0",
                "\"intercept\": 2.0",
                "intercepts 2 and 6",
            ),
            (
                "\"intercept\": 1.0",
                "\"intercept\": 1e999",
                "number out of range",
            ),
            (
                "\"intercept\": 1.0",
                "\"intercept\": \"NaN\"",
                "expected f64",
            ),
            ("\"intercept\": 1.0", "\"intercept\": null", "expected f64"),
            (
                "\"intercept\": 1.0",
                "\"intercept\": 1.0, \"intercept\": 1.0",
                "duplicate field",
            ),
            ("\"lambda\": 0.05", "\"lambda\": -0.05", "lambda >= 0"),
            ("\"lambda\": 0.05", "\"lamda\": 0.05", "unknown field"),
            ("\"lambda\": 0.05,", "", "missing field"),
            ("\"name\": \"b\"", "\"name\": \"glcm_A\"", "occurs twice"),
            (
                "\"mean\": 10.0",
                "\"mean\": 1e308",
                "do not describe the same score",
            ),
            (
                "\"standard_deviation\": 2.0",
                "\"standard_deviation\": 0.0",
                "above 0",
            ),
            (
                "\"standard_deviation\": 2.0",
                "\"standard_deviation\": 2.1",
                "do not belong",
            ),
            (
                "\"rounding\": null",
                "\"rounding\": {\"digits\": 0, \"scale\": \"raw\"}",
                "1 to 17",
            ),
        ] {
            let text = stored.replacen(truth, lie, 1);
            assert_ne!(text, stored, "{truth}");
            match Score::from_json(&text) {
                Err(Error::InvalidScore { reason: found }) => {
                    assert!(found.contains(reason), "{lie}: {found}");
                }
                other => panic!("{lie}: {other:?}"),
            }
        }
    }

    #[test]
    fn a_deep_or_long_text_is_refused() {
        let deep = "[".repeat(100_000);
        assert!(Score::from_json(&deep).is_err());
        let long = " ".repeat(LONGEST + 1);
        assert!(matches!(
            Score::from_json(&long),
            Err(Error::InvalidScore { .. })
        ));
    }
}
