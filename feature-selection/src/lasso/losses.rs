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

impl Family {
    /// The predicted mean of a linear predictor: a probability for a binary outcome, the value itself otherwise.
    pub fn mean(self, eta: f64) -> f64 {
        match self {
            Self::Binomial => probability(eta),
            Self::Gaussian => eta,
        }
    }
}

/// Weighted concordance of one set of rows at many score vectors.
pub(super) struct AucScratch<'a> {
    outcome: &'a [f64],
    weight: &'a [f64],
    /// Rows by score; the order at one lambda is nearly the order at the next.
    order: Vec<usize>,
    score: Vec<f64>,
}

impl<'a> AucScratch<'a> {
    pub(super) fn new(outcome: &'a [f64], weight: &'a [f64]) -> Self {
        Self {
            outcome,
            weight,
            order: (0..outcome.len()).collect(),
            score: vec![0.0; outcome.len()],
        }
    }

    /// Area under the curve of the probabilities behind `eta`, ties counted one half; NaN with one class.
    pub(super) fn auc(&mut self, eta: &[f64]) -> f64 {
        // Probabilities rather than predictors, because those beyond 37 are one tie at 1.
        for (score, &eta) in self.score.iter_mut().zip(eta) {
            *score = probability(eta);
        }
        let (score, order) = (&self.score, &mut self.order);
        order.sort_by(|&a, &b| score[a].total_cmp(&score[b]));
        let (mut below, mut concordant, mut events) = (0.0, 0.0, 0.0);
        for tied in order.chunk_by(|&a, &b| score[a] == score[b]) {
            let (mut tied_events, mut tied_others) = (0.0, 0.0);
            for &i in tied {
                if self.outcome[i] > 0.5 {
                    tied_events += self.weight[i];
                } else {
                    tied_others += self.weight[i];
                }
            }
            concordant += tied_events * (below + 0.5 * tied_others);
            below += tied_others;
            events += tied_events;
        }
        if events > 0.0 && below > 0.0 {
            concordant / (events * below)
        } else {
            f64::NAN
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_count_half_and_weights_count_pairs() {
        // Event scores 1 and 2, others 1 (weight 2) and 0: pairs 1-1 tie (weight 2), 1-0, 2-1 (weight 2), 2-0.
        let (outcome, weight) = ([1.0, 1.0, 0.0, 0.0], [1.0, 1.0, 2.0, 1.0]);
        let mut scratch = AucScratch::new(&outcome, &weight);
        assert_eq!(scratch.auc(&[1.0, 2.0, 1.0, 0.0]), 5.0 / 6.0);
        // The order left behind by one call does not matter to the next.
        assert_eq!(scratch.auc(&[-1.0, -2.0, -1.0, 0.0]), 1.0 / 6.0);
        assert!(
            AucScratch::new(&[1.0, 1.0], &[1.0, 1.0])
                .auc(&[0.0, 1.0])
                .is_nan()
        );
        assert!(
            AucScratch::new(&[1.0, 0.0], &[1.0, 0.0])
                .auc(&[0.0, 1.0])
                .is_nan()
        );
    }

    #[test]
    fn losses_of_one_row() {
        let (y, eta) = (1.0, (0.8f64 / 0.2).ln());
        let loss = |m: Measure| m.of_row(Family::Binomial, y, eta);
        assert!((loss(Measure::Deviance) + 2.0 * 0.8f64.ln()).abs() < 1e-15);
        assert!((loss(Measure::SquaredError) - 0.08).abs() < 1e-15);
        assert!((loss(Measure::AbsoluteError) - 0.4).abs() < 1e-15);
        assert_eq!(loss(Measure::Misclassification), 0.0);
        assert_eq!(
            Measure::Misclassification.of_row(Family::Binomial, 1.0, 0.0),
            1.0
        );
        // Certainty costs at most -2 ln 1e-5.
        let certain = Measure::Deviance.of_row(Family::Binomial, 0.0, 800.0);
        assert!((certain + 2.0 * 1e-5f64.ln()).abs() < 1e-9);
    }
}
