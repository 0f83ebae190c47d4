//! The scale of a printed cut-off.

use std::fmt;

use super::finding::{Finding, FindingKind, Severity};
use super::reported::Reported;

/// What a publication says a score is measured in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum PrintedScale {
    /// It does not say.
    #[default]
    Unstated,
    /// Points of a nomogram or a risk score.
    Points,
    /// Predicted probability.
    Probability,
}

/// What a cut-off can be measured in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum CutoffScale {
    /// Between 0 and 1: a probability by all appearance.
    LikeProbability,
    /// Outside 0 to 1: points, a linear predictor or percent, but no probability.
    NoProbability,
}

impl CutoffScale {
    /// The result as a finding, against what the publication says. A cut-off of points below 1 is
    /// inconsistent, as the axis of a nomogram gives its strongest predictor 100 points; a
    /// probability outside 0 to 1 is impossible.
    pub fn finding(self, place: &str, cutoff: Reported, stated: PrintedScale) -> Finding {
        let (severity, text) = match (self, stated) {
            (Self::LikeProbability, PrintedScale::Points) => (
                Severity::Inconsistent,
                "between 0 and 1: a probability, not points; nomograms give 0 to 100 points to the strongest predictor",
            ),
            (Self::LikeProbability, PrintedScale::Unstated) => (
                Severity::Possible,
                "between 0 and 1: by all appearance a probability, not points",
            ),
            (Self::LikeProbability, PrintedScale::Probability) => {
                (Severity::Possible, "between 0 and 1, as a probability is")
            }
            (Self::NoProbability, PrintedScale::Probability) => {
                (Severity::Impossible, "no probability lies outside 0 to 1")
            }
            (Self::NoProbability, _) => (
                Severity::Possible,
                "outside 0 to 1: points, a linear predictor or percent, no probability",
            ),
        };
        let printed = match stated {
            PrintedScale::Unstated => cutoff.to_string(),
            PrintedScale::Points => format!("{cutoff} points"),
            PrintedScale::Probability => format!("{cutoff} probability"),
        };
        let finding = Finding::new(FindingKind::Cutoff, severity, place, printed, text);
        if self == Self::LikeProbability && stated != PrintedScale::Probability {
            finding.recomputed("a probability")
        } else {
            finding
        }
    }
}

impl fmt::Display for CutoffScale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::LikeProbability => "like a probability",
            Self::NoProbability => "no probability",
        })
    }
}

/// Says whether a cut-off can be a probability. A hint only: a linear predictor may also lie
/// between 0 and 1.
///
/// ```
/// use eval_stats::audit::{cutoff_scale, CutoffScale, Reported};
/// assert_eq!(cutoff_scale(Reported::new(0.701, 3)), CutoffScale::LikeProbability);
/// assert_eq!(cutoff_scale(Reported::new(112.0, 0)), CutoffScale::NoProbability);
/// ```
pub fn cutoff_scale(cutoff: Reported) -> CutoffScale {
    if cutoff.value > 0.0 && cutoff.value < 1.0 {
        CutoffScale::LikeProbability
    } else {
        CutoffScale::NoProbability
    }
}
