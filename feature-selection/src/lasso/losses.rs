//! Held-out losses of a cross-validation.

use super::samples::Family;

/// What cross-validation measures on held-out rows. All but the AUC are minimized.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Measure {
    /// `-2 ln` likelihood per unit weight with probabilities kept in [1e-5, 1 - 1e-5]; squared error for a
    /// continuous outcome.
    #[default]
    Deviance,
    /// Area under the ROC curve of each fold; maximized. Binary outcomes only.
    Auc,
    /// Misclassification at probability 0.5. Binary outcomes only.
    Misclassification,
    /// Squared error; for a binary outcome summed over both classes, twice the Brier score.
    SquaredError,
    /// Absolute error; for a binary outcome summed over both classes.
    AbsoluteError,
}

impl Measure {
    /// Whether the measure exists for the family.
    pub(super) fn fits(self, family: Family) -> bool {
        family == Family::Binomial || !matches!(self, Self::Auc | Self::Misclassification)
    }

    /// Whether larger is better.
    pub fn is_maximized(self) -> bool {
        self == Self::Auc
    }

    /// Name for axes and tables.
    pub fn name(self, family: Family) -> &'static str {
        match (self, family) {
            (Self::Deviance, Family::Binomial) => "Binomial deviance",
            (Self::Deviance | Self::SquaredError, Family::Gaussian) => "Mean squared error",
            (Self::SquaredError, Family::Binomial) => "Squared error",
            (Self::Auc, _) => "AUC",
            (Self::Misclassification, _) => "Misclassification error",
            (Self::AbsoluteError, _) => "Mean absolute error",
        }
    }

    /// Loss of one row from its linear predictor (offset included). The AUC is no sum over rows.
    pub(super) fn of_row(self, family: Family, y: f64, eta: f64) -> f64 {
        const SMALLEST_PROBABILITY: f64 = 1e-5;
        if family == Family::Gaussian {
            return match self {
                Self::AbsoluteError => (y - eta).abs(),
                _ => (y - eta) * (y - eta),
            };
        }
        let q = probability(eta);
        match self {
            Self::Deviance | Self::Auc => {
                let q = q.clamp(SMALLEST_PROBABILITY, 1.0 - SMALLEST_PROBABILITY);
                let likelihood = if y > 0.5 { q } else { 1.0 - q };
                -2.0 * likelihood.ln()
            }
            Self::Misclassification => f64::from(u8::from((q > 0.5) != (y > 0.5))),
            Self::SquaredError => ((1.0 - y) - (1.0 - q)).powi(2) + (y - q).powi(2),
            Self::AbsoluteError => ((1.0 - y) - (1.0 - q)).abs() + (y - q).abs(),
        }
    }
}

/// Logistic function.
pub(super) fn probability(eta: f64) -> f64 {
    1.0 / (1.0 + (-eta).exp())
}

/// Weighted concordance, ties counted one half; `None` with one class.
pub(super) fn weighted_auc(score: &[f64], event: &[bool], weight: &[f64]) -> Option<f64> {
    let mut order: Vec<usize> = (0..score.len()).collect();
    order.sort_by(|&a, &b| score[a].total_cmp(&score[b]));
    let (mut below, mut concordant, mut events) = (0.0, 0.0, 0.0);
    let mut start = 0;
    while start < order.len() {
        let mut end = start;
        let (mut tied_events, mut tied_others) = (0.0, 0.0);
        while end < order.len() && score[order[end]] == score[order[start]] {
            let i = order[end];
            if event[i] {
                tied_events += weight[i];
            } else {
                tied_others += weight[i];
            }
            end += 1;
        }
        concordant += tied_events * (below + 0.5 * tied_others);
        below += tied_others;
        events += tied_events;
        start = end;
    }
    (events > 0.0 && below > 0.0).then(|| concordant / (events * below))
}
