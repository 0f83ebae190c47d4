//! How strongly a feature is tied to the outcome, as one number per feature; larger is stronger.

use crate::error::Result;
use crate::mutual_information::outcome_information;
use crate::table::FeatureTable;
use crate::univariate::{UnivariateMethod, feature_auc, univariate_tests};

/// Measure of relevance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Relevance {
    /// Mutual information by nearest neighbors, in nats.
    MutualInformation {
        /// Number of neighbors; 3 in scikit-learn.
        neighbors: usize,
    },
    /// `|t|` of Student's test.
    AbsoluteT,
    /// `|AUC - 1/2|`, the strength of a Mann-Whitney test.
    Auc,
}

impl Default for Relevance {
    fn default() -> Self {
        Self::MutualInformation { neighbors: 3 }
    }
}

impl Relevance {
    /// One number per column, in column order.
    ///
    /// # Errors
    /// Those of the measure: see [`outcome_information`], [`univariate_tests`] and [`feature_auc`].
    pub fn of(self, table: &FeatureTable, outcome: &[bool]) -> Result<Vec<f64>> {
        match self {
            Self::MutualInformation { neighbors } => outcome_information(table, outcome, neighbors),
            Self::AbsoluteT => {
                let tests = univariate_tests(table, outcome, UnivariateMethod::Student)?;
                Ok(tests.iter().map(|t| t.statistic.abs()).collect())
            }
            Self::Auc => Ok(feature_auc(table, outcome)?
                .iter()
                .map(|auc| (auc - 0.5).abs())
                .collect()),
        }
    }
}

/// Columns from the most relevant on, ties to the lower column, an undefined relevance last.
pub(crate) fn ranking(relevance: &[f64]) -> Vec<usize> {
    let key = |j: usize| match relevance[j] {
        r if r.is_nan() => f64::NEG_INFINITY,
        r => r,
    };
    let mut order: Vec<usize> = (0..relevance.len()).collect();
    order.sort_by(|&a, &b| key(b).total_cmp(&key(a)).then(a.cmp(&b)));
    order
}
