//! How a coefficient is estimated and tested.

use crate::error::{Error, Result};

/// Whose interval and test is computed where references disagree (agreement forms only).
///
/// | | degrees of freedom of the test | of the interval, average form |
/// |---|---|---|
/// | [`Psych`](Self::Psych) | of the null hypothesis: `(n-1)(k-1)` for the null value 0 | at the coefficient of one rating |
/// | [`Irr`](Self::Irr) | at the estimate | at the coefficient of the mean, put in as if it were of one rating |
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum IccConvention {
    /// psych and pingouin; for null values other than 0, which these do not offer, McGraw and Wong's test (their table 8).
    #[default]
    Psych,
    /// irr: Satterthwaite degrees of freedom at the estimate for the test, and its own interval for the average form.
    Irr,
}

/// How variance components are estimated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum VarianceComponents {
    /// Mean squares of the analysis of variance; components may be negative.
    #[default]
    Anova,
    /// Restricted maximum likelihood for complete tables: negative components are set to 0 and their mean squares pooled
    /// with the residual, the smaller first (psych with `lmer = TRUE`, without the error of its numerical search).
    /// Of tables with missing ratings it uses the complete subjects, where lme4 would use every rating that is there.
    Reml,
}

/// What to do with a NaN rating.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum MissingRatings {
    /// Refuse it.
    #[default]
    Error,
    /// Leave the subject out; [`Icc::n_subjects`](super::Icc::n_subjects) says how many remain.
    Listwise,
}

/// Settings of an intraclass correlation.
///
/// | name | default | purpose | range |
/// |---|---|---|---|
/// | `level` | 0.95 | confidence level | (0, 1) |
/// | `null_value` | 0 | coefficient of the null hypothesis (`r0` of irr) | \[0, 1) |
/// | `convention` | psych | interval and test of agreement | |
/// | `components` | ANOVA | variance components | |
/// | `missing` | error | NaN ratings | |
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct IccSettings {
    /// Confidence level, 0.95 by default.
    pub level: f64,
    /// The F test is of the hypothesis that the coefficient is this against that it is larger; 0 by default.
    pub null_value: f64,
    /// Interval and test where references disagree.
    pub convention: IccConvention,
    /// How variance components are estimated.
    pub components: VarianceComponents,
    /// What to do with a NaN rating. A [`FeatureTable`](crate::FeatureTable) holds none.
    pub missing: MissingRatings,
}

impl Default for IccSettings {
    fn default() -> Self {
        Self {
            level: 0.95,
            null_value: 0.0,
            convention: IccConvention::default(),
            components: VarianceComponents::default(),
            missing: MissingRatings::default(),
        }
    }
}

impl IccSettings {
    /// The default settings with the confidence level `1 - alpha`.
    ///
    /// ```
    /// use feature_selection::icc::IccSettings;
    /// assert_eq!(IccSettings::with_alpha(0.05), IccSettings::default());
    /// ```
    pub fn with_alpha(alpha: f64) -> Self {
        Self {
            level: 1.0 - alpha,
            ..Self::default()
        }
    }

    pub(super) fn check(&self) -> Result<()> {
        if !(self.level > 0.0 && self.level < 1.0) {
            return Err(Error::InvalidSetting {
                name: "confidence level",
                expected: "a number in (0, 1)",
                found: self.level,
            });
        }
        if !(0.0..1.0).contains(&self.null_value) {
            return Err(Error::InvalidSetting {
                name: "null value",
                expected: "a number in [0, 1)",
                found: self.null_value,
            });
        }
        Ok(())
    }
}

/// Refuses a table too small for two mean squares.
pub(super) fn check_size(n: usize, k: usize) -> Result<()> {
    if k < 2 {
        return Err(Error::InvalidSetting {
            name: "ratings per subject",
            expected: "at least 2",
            found: k as f64,
        });
    }
    if n < 2 {
        return Err(Error::TooFewRows {
            what: "intraclass correlation",
            required: 2,
            found: n,
        });
    }
    Ok(())
}
