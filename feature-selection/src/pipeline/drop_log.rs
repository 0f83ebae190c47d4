//! What happened to every feature: counts after each step, and a reason for each feature that left.

use serde::{Deserialize, Serialize};

use super::any_number;

/// Why a feature was dropped.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum DropReason {
    /// One value in all training rows.
    Constant,
    /// Equal to an earlier column.
    Duplicate {
        /// That column.
        of: String,
    },
    /// Almost one value.
    NearZeroVariance,
    /// Variance not above the threshold.
    LowVariance {
        /// The variance, in the feature's unit squared.
        #[serde(with = "any_number")]
        variance: f64,
        /// The threshold.
        #[serde(with = "any_number")]
        threshold: f64,
    },
    /// Not reliable enough.
    Unreliable {
        /// Which comparison failed, in the order given.
        comparison: usize,
        /// The number compared with the threshold; NaN for a feature that is constant or has fewer than two complete subjects.
        #[serde(with = "any_number")]
        value: f64,
        /// The threshold.
        #[serde(with = "any_number")]
        threshold: f64,
    },
    /// Adjusted p-value too large.
    NotSignificant {
        /// Adjusted p-value.
        #[serde(with = "any_number")]
        p_value: f64,
        /// Level.
        #[serde(with = "any_number")]
        level: f64,
    },
    /// Not among the most relevant.
    LessRelevant {
        /// Its relevance.
        #[serde(with = "any_number")]
        relevance: f64,
        /// Its rank, from 1.
        rank: usize,
    },
    /// Relevance below the threshold.
    NotRelevant {
        /// Its relevance.
        #[serde(with = "any_number")]
        relevance: f64,
        /// The threshold.
        #[serde(with = "any_number")]
        threshold: f64,
    },
    /// Repeats another feature.
    Redundant {
        /// The feature it repeats.
        with: String,
        /// Their correlation.
        #[serde(with = "any_number")]
        correlation: f64,
    },
    /// Predicted by other features: its variance inflation factor is too large.
    Inflated {
        /// The factor; infinite for a linear combination of other features.
        #[serde(with = "any_number")]
        factor: f64,
        /// The limit.
        #[serde(with = "any_number")]
        limit: f64,
    },
    /// Predicted by the features kept: `R²` at least the threshold.
    Predicted {
        /// `R²` on the features present when it was dropped.
        #[serde(with = "any_number")]
        r_squared: f64,
        /// The threshold.
        #[serde(with = "any_number")]
        threshold: f64,
    },
    /// Not selected by the greedy step.
    NotSelected,
    /// Selected in too few subsamples.
    Unstable {
        /// Share of the subsamples that selected it.
        #[serde(with = "any_number")]
        probability: f64,
        /// The threshold.
        #[serde(with = "any_number")]
        threshold: f64,
    },
    /// Coefficient 0 at the chosen lambda.
    ZeroCoefficient {
        /// The chosen lambda.
        #[serde(with = "any_number")]
        lambda: f64,
    },
}

impl std::fmt::Display for DropReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Constant => write!(f, "constant"),
            Self::Duplicate { of } => write!(f, "equal to {of}"),
            Self::NearZeroVariance => write!(f, "near-zero variance"),
            Self::LowVariance {
                variance,
                threshold,
            } => write!(f, "variance {variance:.4e} not above {threshold}"),
            Self::Unreliable {
                comparison,
                value,
                threshold,
            } => {
                let comparison = comparison + 1;
                write!(
                    f,
                    "ICC {value:.4} below {threshold} in comparison {comparison}"
                )
            }
            Self::NotSignificant { p_value, level } => {
                write!(f, "p {p_value:.4} not below {level}")
            }
            Self::LessRelevant { relevance, rank } => {
                write!(f, "relevance {relevance:.4} ranks {rank}")
            }
            Self::NotRelevant {
                relevance,
                threshold,
            } => write!(f, "relevance {relevance:.4} below {threshold}"),
            Self::Redundant { with, correlation } => {
                write!(f, "correlates {correlation:.4} with {with}")
            }
            Self::Inflated { factor, limit } => {
                write!(f, "variance inflation {factor:.4} above {limit}")
            }
            Self::Predicted {
                r_squared,
                threshold,
            } => write!(
                f,
                "predicted by others with R2 {r_squared:.4}, at least {threshold}"
            ),
            Self::NotSelected => write!(f, "not selected"),
            Self::Unstable {
                probability,
                threshold,
            } => write!(
                f,
                "selected in {probability:.4} of the subsamples, below {threshold}"
            ),
            Self::ZeroCoefficient { lambda } => write!(f, "coefficient 0 at lambda {lambda:.6}"),
        }
    }
}

/// A dropped feature.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Dropped {
    /// Feature name.
    pub name: String,
    /// Step that dropped it, counted from 0.
    pub step: usize,
    /// Name of that step.
    pub step_name: &'static str,
    /// Why.
    pub reason: DropReason,
}

/// One step as it was run: its settings, and the counts after it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct FunnelStep {
    /// Name of the step.
    pub step_name: &'static str,
    /// Features left.
    pub kept: usize,
    /// Features dropped by it.
    pub dropped: usize,
    /// Settings of the step.
    pub settings: Vec<Setting>,
}

/// A setting as it goes on record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Setting {
    /// Name of the setting.
    pub name: String,
    /// Its value.
    pub value: SettingValue,
}

/// Value of a [`Setting`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum SettingValue {
    /// A count or a seed.
    Count(u64),
    /// A number.
    Number(f64),
    /// A choice, spelled as in this crate's types.
    Choice(String),
}

impl Setting {
    pub(super) fn count(name: &str, value: u64) -> Self {
        Self {
            name: name.to_owned(),
            value: SettingValue::Count(value),
        }
    }

    /// A number; one that is not finite is recorded in words, which JSON can hold.
    pub(super) fn number(name: &str, value: f64) -> Self {
        let value = if value.is_finite() {
            SettingValue::Number(value)
        } else {
            SettingValue::Choice(value.to_string())
        };
        Self {
            name: name.to_owned(),
            value,
        }
    }

    pub(super) fn choice(name: &str, value: impl std::fmt::Debug) -> Self {
        Self {
            name: name.to_owned(),
            value: SettingValue::Choice(format!("{value:?}")),
        }
    }
}
