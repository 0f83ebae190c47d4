//! The criteria.

use super::dependence::Joint;

/// What the next feature maximizes; see the [module documentation](super).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Criterion {
    /// Relevance alone.
    Mim,
    /// Relevance minus mean redundancy (Peng, Long, Ding 2005).
    #[default]
    MrmrDifference,
    /// Relevance over mean redundancy (Ding, Peng, *J Bioinform Comput Biol* 3 (2005), doi:10.1142/S0219720005001004).
    MrmrQuotient,
    /// Joint mutual information (Yang, Moody 1999).
    Jmi,
    /// Smallest joint mutual information (Bennasar, Hicks, Setchi 2015, doi:10.1016/j.eswa.2015.07.007).
    Jmim,
    /// Smallest conditional mutual information (Fleuret, *JMLR* 5 (2004)).
    Cmim,
    /// Double input symmetrical relevance (Meyer, Bontempi 2006, doi:10.1007/11732242_9).
    Disr,
    /// Smallest normalized joint mutual information (Bennasar, Hicks, Setchi 2015).
    Njmim,
}

/// What a criterion has to know of a candidate and the feature selected last.
pub(super) enum Needs {
    Nothing,
    Redundancy,
    Joint,
}

impl Criterion {
    pub(super) fn needs(self) -> Needs {
        match self {
            Self::Mim => Needs::Nothing,
            Self::MrmrDifference | Self::MrmrQuotient => Needs::Redundancy,
            Self::Jmi | Self::Jmim | Self::Cmim | Self::Disr | Self::Njmim => Needs::Joint,
        }
    }

    /// Whether a best score of 0 says that nothing is left to gain.
    pub(super) fn ends_at_zero(self) -> bool {
        matches!(self, Self::Mim | Self::Cmim | Self::Jmim | Self::Njmim)
    }

    /// Whether the score is the least of all terms, so that the terms known so far bound it.
    pub(super) fn is_minimum(self) -> bool {
        matches!(self, Self::Jmim | Self::Cmim | Self::Njmim)
    }

    /// State of a candidate before anything is selected.
    pub(super) fn start(self, relevance: f64) -> f64 {
        match self {
            Self::Cmim => relevance,
            Self::Jmim | Self::Njmim => f64::INFINITY,
            _ => 0.0,
        }
    }

    /// State with the candidate's redundancy with one more selected feature.
    pub(super) fn with_redundancy(self, state: f64, redundancy: f64) -> f64 {
        state + redundancy
    }

    /// State with one more selected feature.
    pub(super) fn with_joint(self, state: f64, joint: Joint) -> f64 {
        match self {
            Self::Jmi => state + joint.information,
            Self::Disr => state + joint.normalized,
            Self::Jmim => state.min(joint.information),
            Self::Njmim => state.min(joint.normalized),
            Self::Cmim => state.min(joint.conditional),
            Self::Mim | Self::MrmrDifference | Self::MrmrQuotient => state,
        }
    }

    /// Score from the state, with `size` features selected.
    pub(super) fn score(self, relevance: f64, state: f64, size: usize) -> f64 {
        if size == 0 {
            return relevance;
        }
        match self {
            Self::Mim => relevance,
            Self::MrmrDifference => relevance - state / size as f64,
            // A candidate independent of all selected features has no redundancy: its quotient is the largest.
            Self::MrmrQuotient if state <= 0.0 => {
                if relevance > 0.0 {
                    f64::INFINITY
                } else {
                    0.0
                }
            }
            Self::MrmrQuotient => relevance / (state / size as f64),
            _ => state,
        }
    }
}
