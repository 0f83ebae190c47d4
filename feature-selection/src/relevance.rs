//! How strongly a feature is tied to the outcome, as one number per feature; larger is stronger.

use crate::error::Result;
use crate::mutual_information::outcome_information;
use crate::table::FeatureTable;
use crate::univariate::{
    MannWhitneyMethod, UnivariateMethod, UnivariateTest, feature_auc, univariate_tests,
};

/// Measure of relevance. None of them is negative or NaN; a constant feature has 0 by each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Relevance {
    /// Mutual information by nearest neighbors, in nats.
    MutualInformation {
        /// Number of neighbors; 3 in scikit-learn.
        neighbors: usize,
    },
    /// `|t|` of Student's test; infinite if the classes differ and neither varies.
    AbsoluteT,
    /// `|t|` of Welch's test; infinite if the classes differ and neither varies.
    AbsoluteWelchT,
    /// `|AUC - 1/2|`, the strength of a Mann-Whitney test; at most 1/2.
    Auc,
    /// `-log10 p` of a Mann-Whitney test, which has values where p itself underflows.
    MannWhitney(MannWhitneyMethod),
    /// Absolute point-biserial correlation, `|t|/√(t² + n - 2)` with Student's t: Pearson's correlation with the outcome as 0
    /// and 1, at most 1. Ranks features as [`AbsoluteT`](Self::AbsoluteT) does.
    PointBiserial,
}

impl Default for Relevance {
    fn default() -> Self {
        Self::MutualInformation { neighbors: 3 }
    }
}

impl Relevance {
    /// One number per column, in column order.
    ///
    /// # Examples
    /// ```
    /// use feature_selection::{FeatureTable, relevance::Relevance};
    /// use ndarray::array;
    /// let x = array![[1.0, 7.0], [2.0, 7.0], [3.0, 7.0], [4.0, 7.0]];
    /// let table = FeatureTable::new(x.view(), &["grows", "flat"].map(String::from))?;
    /// let outcome = [false, false, true, true];
    /// assert_eq!(Relevance::Auc.of(&table, &outcome)?, [0.5, 0.0]);
    /// // Means 3.5 and 1.5 with standard error √(1/4 + 1/4): t² = 8 on 2 degrees of freedom.
    /// let r = Relevance::PointBiserial.of(&table, &outcome)?;
    /// assert!((r[0] - 0.8_f64.sqrt()).abs() < 1e-15 && r[1] == 0.0);
    /// # Ok::<(), feature_selection::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of the measure: see [`outcome_information`], [`univariate_tests`] and [`feature_auc`].
    pub fn of(self, table: &FeatureTable, outcome: &[bool]) -> Result<Vec<f64>> {
        let tested = |method, strength: fn(&UnivariateTest) -> f64| {
            let tests = univariate_tests(table, outcome, method)?;
            Ok(tests.iter().map(strength).collect())
        };
        match self {
            Self::MutualInformation { neighbors } => outcome_information(table, outcome, neighbors),
            Self::AbsoluteT => tested(UnivariateMethod::Student, |t| t.statistic.abs()),
            Self::AbsoluteWelchT => tested(UnivariateMethod::Welch, |t| t.statistic.abs()),
            Self::Auc => Ok(feature_auc(table, outcome)?
                .iter()
                .map(|auc| (auc - 0.5).abs())
                .collect()),
            // The sum turns -0 into 0.
            Self::MannWhitney(method) => {
                tested(UnivariateMethod::MannWhitney(method), |t| 0.0 - t.log10_p)
            }
            Self::PointBiserial => tested(UnivariateMethod::Student, point_biserial),
        }
    }
}

/// By the smaller of `t²/df` and its inverse, so that nothing overflows.
fn point_biserial(test: &UnivariateTest) -> f64 {
    let t = test.statistic.abs() / test.df.sqrt();
    if t > 1.0 {
        1.0 / (1.0 + 1.0 / (t * t)).sqrt()
    } else {
        t / (1.0 + t * t).sqrt()
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
