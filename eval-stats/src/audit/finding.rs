//! What a check found, in one form for every check.

use std::fmt;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Severity {
    /// No data give these numbers, whatever was rounded how.
    Impossible,
    /// The numbers do not belong together by the method that is usual or was named; another
    /// method, missing values or a misprint would explain it.
    Inconsistent,
    /// The numbers can be as printed.
    Possible,
    /// Nothing printed allows a check.
    NotCheckable,
}

impl Severity {
    /// All of them, worst first.
    pub const ALL: [Self; 4] = [
        Self::Impossible,
        Self::Inconsistent,
        Self::Possible,
        Self::NotCheckable,
    ];

    /// The word for tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Impossible => "impossible",
            Self::Inconsistent => "inconsistent",
            Self::Possible => "possible",
            Self::NotCheckable => "not_checkable",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotCheckable => "not checkable",
            other => other.name(),
        })
    }
}

/// Which check it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum FindingKind {
    /// Whole counts behind the rates of a binary test.
    Counts,
    /// Group size and number of events behind several rows of rates.
    Totals,
    /// The share of events that rates imply.
    Prevalence,
    /// How halves were rounded.
    Rounding,
    /// A ratio against its interval.
    RatioInterval,
    /// A p-value against the ratio and its interval.
    PValue,
    /// A ratio against the counts it was computed from.
    RatioCounts,
    /// An AUC against its interval.
    AucInterval,
    /// Whose agreement a kappa is.
    Kappa,
    /// A percentage against its count.
    Percentage,
    /// Categories against the size of the group.
    CategoryTotal,
    /// Groups against the whole.
    GroupTotal,
    /// Mean and standard deviation of whole numbers.
    Moments,
    /// The scale of a cut-off.
    Cutoff,
    /// A test of calibration.
    Calibration,
}

impl FindingKind {
    /// The word for tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Counts => "counts",
            Self::Totals => "totals",
            Self::Prevalence => "prevalence",
            Self::Rounding => "rounding",
            Self::RatioInterval => "ratio_interval",
            Self::PValue => "p_value",
            Self::RatioCounts => "ratio_counts",
            Self::AucInterval => "auc_interval",
            Self::Kappa => "kappa",
            Self::Percentage => "percentage",
            Self::CategoryTotal => "category_total",
            Self::GroupTotal => "group_total",
            Self::Moments => "moments",
            Self::Cutoff => "cutoff",
            Self::Calibration => "calibration",
        }
    }
}

impl fmt::Display for FindingKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One thing that a check found.
///
/// Displays as `inconsistent p_value at US-reported ALNM: printed .04, recomputed 0.012; ...`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Finding {
    /// Which check.
    pub kind: FindingKind,
    /// How bad.
    pub severity: Severity,
    /// Where in the publication.
    pub place: String,
    /// What is printed.
    pub printed: String,
    /// What it should be, or what it comes from; empty where nothing could be computed.
    pub recomputed: String,
    /// Why, in one sentence or two.
    pub explanation: String,
}

impl Finding {
    /// A finding without a recomputed number.
    pub fn new(
        kind: FindingKind,
        severity: Severity,
        place: impl Into<String>,
        printed: impl Into<String>,
        explanation: impl Into<String>,
    ) -> Self {
        Self {
            kind,
            severity,
            place: place.into(),
            printed: printed.into(),
            recomputed: String::new(),
            explanation: explanation.into(),
        }
    }

    /// The same with what was recomputed.
    ///
    /// ```
    /// use eval_stats::audit::{Finding, Reported, percentage};
    /// // 61 of 421 are 14.5 %.
    /// let smokers = percentage(61, 421, Reported::new(14.9, 1))?;
    /// let found: Finding = smokers.finding("Table 1, smokers").recomputed("14.5");
    /// assert_eq!((found.place.as_str(), found.recomputed.as_str()), ("Table 1, smokers", "14.5"));
    /// # Ok::<(), eval_stats::Error>(())
    /// ```
    pub fn recomputed(self, text: impl Into<String>) -> Self {
        Self {
            recomputed: text.into(),
            ..self
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {} at {}: printed {}",
            self.severity, self.kind, self.place, self.printed
        )?;
        if !self.recomputed.is_empty() {
            write!(f, ", recomputed {}", self.recomputed)?;
        }
        write!(f, "; {}", self.explanation)
    }
}
