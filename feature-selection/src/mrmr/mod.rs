//! Greedy selection by mutual information: mRMR and its relatives.
//!
//! With `Y` the outcome, `S` the features already selected and `X` a candidate, the next feature maximizes
//!
//! | [`Criterion`] | score |
//! |---|---|
//! | `Mim` | `I(X;Y)` |
//! | `MrmrDifference` | `I(X;Y) - (1/\|S\|) Σ I(X;W)` |
//! | `MrmrQuotient` | `I(X;Y) / ((1/\|S\|) Σ I(X;W))` |
//! | `Jmi` | `Σ I(X,W;Y)` |
//! | `Jmim` | `min I(X,W;Y)` |
//! | `Cmim` | `min(I(X;Y), min I(X;Y\|W))` |
//! | `Disr` | `Σ I(X,W;Y) / H(X,W,Y)` |
//! | `Njmim` | `min I(X,W;Y) / H(X,W,Y)` |
//!
//! over `W` in `S`; the first feature maximizes `I(X;Y)`. Scores that differ by less than 1e-13 nats are tied, and ties
//! go to the lower column. A quotient without redundancy is infinite, and of several such candidates the most relevant
//! is taken. What information is made of is a [`Dependence`]: counts of binned features (praznik,
//! infotheo) or correlation (mRMRe).
//! References: Peng, Long, Ding, *IEEE TPAMI* 27 (2005), doi:10.1109/TPAMI.2005.159; Brown et al., *JMLR* 13 (2012).
//!
//! # Differences
//! - praznik refuses a count above the number of features; here all are selected.
//! - praznik takes scores for different that are equal but for the rounding of their sums, and so leaves it to chance
//!   which of two tied features comes first, and whether an information of 0 ends the selection.
//! - mRMRe ranks tied values in any order for Spearman's correlation and computes Pearson's in one pass; it leaves out
//!   candidates of infinite information, which here is [capped](MAX_GAUSSIAN_INFORMATION).

use crate::correlation::Correlation;
use crate::error::{Error, Result};
use crate::mutual_information::{Binning, Entropy, Target};
use crate::table::FeatureTable;

mod counts;
mod criterion;
mod dependence;
mod gaussian;
mod states;

pub use criterion::Criterion;

use criterion::Needs;
use dependence::{Binned, Source};
use gaussian::Gaussian;
use states::{States, first_best};

/// What the information between variables is made of.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Dependence {
    /// Counts of classes; a continuous target is cut as the features are.
    Binned {
        /// How features become classes.
        binning: Binning,
        /// Entropy of the classes.
        entropy: Entropy,
    },
    /// `-½ ln(1 - ρ²)`, the information of two normal variables with correlation `ρ`
    /// (mRMRe; De Jay et al., *Bioinformatics* 29 (2013), doi:10.1093/bioinformatics/btt383). Constant features have none
    /// and are never selected. Only for criteria that need no entropy of three variables: `Mim` and the two of mRMR.
    Gaussian {
        /// Correlation of two features.
        correlation: Correlation,
        /// What takes the place of `ρ` between a feature and the outcome.
        association: Association,
    },
}

impl Default for Dependence {
    fn default() -> Self {
        Self::Binned {
            binning: Binning::Praznik,
            entropy: Entropy::Empirical,
        }
    }
}

/// What takes the place of the correlation between a feature and the outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Association {
    /// The correlation itself, events being 1: mRMRe with a numeric outcome.
    #[default]
    Correlation,
    /// `2C - 1`, with `C` the share of pairs with different outcomes whose larger outcome has the larger value. Tied
    /// values count against the feature: mRMRe with an ordered factor as outcome.
    Concordance,
    /// The same with tied values counted half: Somers' D, `2 AUC - 1` for a binary outcome.
    SomersD,
}

/// Information of two features of correlation 1 or -1 under [`Dependence::Gaussian`], in nats: `26 ln 2` instead of
/// infinity, the value where `1 - ρ²` is the resolution of a double.
pub const MAX_GAUSSIAN_INFORMATION: f64 = 26.0 * std::f64::consts::LN_2;

/// When selection ends before the requested number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Stop {
    /// Only where nothing is left to gain: no informative first feature, or a best score of 0 for `Mim`, `Cmim`, `Jmim`
    /// and `Njmim`.
    #[default]
    WhenExhausted,
    /// Also at the first score that is not positive.
    WhenNotPositive,
}

/// Why a selection has the length it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ended {
    /// The requested number is reached.
    Count,
    /// Every feature that has information defined is selected.
    NoFeatureLeft,
    /// Nothing is left to gain; see [`Stop::WhenExhausted`].
    Exhausted,
    /// The best score was not positive; see [`Stop::WhenNotPositive`].
    NotPositive,
}

/// Features in order of selection.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct GreedySelection {
    /// Columns, in order of selection.
    pub selected: Vec<usize>,
    /// Score of each when it was selected; infinite for a quotient without redundancy.
    pub scores: Vec<f64>,
    /// `I(X;Y)` of each in nats.
    pub relevance: Vec<f64>,
    /// Mean `I(X;W)` of each with those selected before, in nats, whatever the criterion; 0 for the first.
    pub redundancy: Vec<f64>,
    /// Criterion used.
    pub criterion: Criterion,
    /// Why there are not more.
    pub ended: Ended,
}

/// One feature of a [`GreedySelection`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GreedyStep {
    /// Column.
    pub column: usize,
    /// Score when it was selected.
    pub score: f64,
    /// `I(X;Y)` in nats.
    pub relevance: f64,
    /// Mean `I(X;W)` with those selected before, in nats; 0 for the first.
    pub redundancy: f64,
}

impl GreedySelection {
    /// The features one by one, in order of selection.
    pub fn steps(&self) -> impl ExactSizeIterator<Item = GreedyStep> + '_ {
        (0..self.selected.len()).map(|k| GreedyStep {
            column: self.selected[k],
            score: self.scores[k],
            relevance: self.relevance[k],
            redundancy: self.redundancy[k],
        })
    }
}

/// Settings of a greedy selection.
///
/// | name | default | purpose | range |
/// |---|---|---|---|
/// | `criterion` | [`Criterion::MrmrDifference`] | what the next feature maximizes | |
/// | `count` | 20 | features to select | 1 or more |
/// | `dependence` | praznik's bins, empirical | what information is made of | |
/// | `stop` | [`Stop::WhenExhausted`] | when to end early | |
///
/// ```
/// use feature_selection::mrmr::{Criterion, GreedySelector};
/// use feature_selection::mutual_information::Target;
/// use feature_selection::FeatureTable;
/// use ndarray::Array2;
///
/// // Two bits and a copy of the first; the outcome needs both bits.
/// let x = Array2::from_shape_fn((64, 3), |(i, j)| if j == 2 { i / 2 % 2 } else { i % 2 } as f64);
/// let names = ["a", "copy of a", "b"].map(String::from);
/// let table = FeatureTable::new(x.view(), &names)?;
/// let event: Vec<bool> = (0..64).map(|i| i % 2 == 1 && i / 2 % 2 == 1).collect();
///
/// let found = GreedySelector::new().count(2).select(&table, Target::Binary(&event))?;
/// assert_eq!(found.selected, [0, 2]);
/// // b is as relevant as a and not redundant with it.
/// let b = found.steps().nth(1).expect("two features");
/// assert!((b.relevance - 0.2158).abs() < 1e-4);
/// assert_eq!((b.score, b.redundancy), (b.relevance, 0.0));
///
/// // Relevance alone takes the copy.
/// let found = GreedySelector::new().criterion(Criterion::Mim).count(2).select(&table, Target::Binary(&event))?;
/// assert_eq!(found.selected, [0, 1]);
/// # Ok::<(), feature_selection::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GreedySelector {
    criterion: Criterion,
    count: usize,
    dependence: Dependence,
    stop: Stop,
}

impl Default for GreedySelector {
    fn default() -> Self {
        Self::new()
    }
}

impl GreedySelector {
    /// Twenty features by mRMR on praznik's bins.
    pub fn new() -> Self {
        Self {
            criterion: Criterion::default(),
            count: 20,
            dependence: Dependence::default(),
            stop: Stop::default(),
        }
    }

    /// What the next feature maximizes.
    #[must_use]
    pub fn criterion(mut self, criterion: Criterion) -> Self {
        self.criterion = criterion;
        self
    }

    /// Features to select; all if there are not so many.
    #[must_use]
    pub fn count(mut self, count: usize) -> Self {
        self.count = count;
        self
    }

    /// What information is made of.
    #[must_use]
    pub fn dependence(mut self, dependence: Dependence) -> Self {
        self.dependence = dependence;
        self
    }

    /// When to end early.
    #[must_use]
    pub fn stop(mut self, stop: Stop) -> Self {
        self.stop = stop;
        self
    }

    /// Selects features that tell the target. The first `k` features do not depend on how many are requested.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`]; [`Error::SingleClass`] or [`Error::ConstantOutcome`] for a target that does not vary;
    /// [`Error::NonFinite`] in a continuous target; [`Error::InvalidSetting`] for a count of 0, a bad pseudocount or
    /// more than 65,536 classes; [`Error::Incompatible`] for a criterion or target that
    /// [`Dependence::Gaussian`] cannot serve; those of [`Binning::classes`].
    pub fn select(&self, table: &FeatureTable, target: Target<'_>) -> Result<GreedySelection> {
        target.check(table.n_rows())?;
        self.check()?;
        let source = match self.dependence {
            Dependence::Binned { binning, entropy } => {
                Source::Binned(Binned::new(table, target, binning, entropy)?)
            }
            Dependence::Gaussian {
                correlation,
                association,
            } => Source::Gaussian(Gaussian::new(table, target, correlation, association)?),
        };
        Ok(self.run(&source))
    }

    /// Refuses settings that no data can serve.
    pub(crate) fn check(&self) -> Result<()> {
        if self.count == 0 {
            return Err(Error::InvalidSetting {
                name: "features to select",
                expected: "at least 1",
                found: 0.0,
            });
        }
        match self.dependence {
            Dependence::Gaussian { .. } if matches!(self.criterion.needs(), Needs::Joint) => {
                Err(Error::Incompatible {
                    what: "a criterion of joint information",
                    needs: "binned features",
                })
            }
            _ => Ok(()),
        }
    }

    fn run(&self, source: &Source) -> GreedySelection {
        let relevance = source.relevance();
        let mut open: Vec<bool> = relevance.iter().map(Option::is_some).collect();
        let relevance: Vec<f64> = relevance.into_iter().map(|r| r.unwrap_or(0.0)).collect();
        let mut states = States::new(self.criterion, &relevance);
        let mut result = GreedySelection {
            selected: Vec::new(),
            scores: Vec::new(),
            relevance: Vec::new(),
            redundancy: Vec::new(),
            criterion: self.criterion,
            ended: Ended::Count,
        };
        while result.selected.len() < self.count {
            let size = result.selected.len();
            if let Some(&last) = result.selected.last() {
                states.take(source, last, &open);
            }
            let score = |j: usize| self.criterion.score(relevance[j], states.values[j], size);
            let Some((mut winner, best)) = first_best(&open, score) else {
                result.ended = Ended::NoFeatureLeft;
                break;
            };
            if best.is_infinite() {
                // Of several candidates that share nothing with the selected ones, the most relevant.
                let free: Vec<bool> = (0..open.len())
                    .map(|j| open[j] && score(j).is_infinite())
                    .collect();
                winner = first_best(&free, |j| relevance[j]).map_or(winner, |c| c.0);
            }
            if best <= 0.0 && (size == 0 || self.criterion.ends_at_zero()) {
                result.ended = Ended::Exhausted;
                break;
            }
            if best <= 0.0 && self.stop == Stop::WhenNotPositive {
                result.ended = Ended::NotPositive;
                break;
            }
            let shared: f64 = result
                .selected
                .iter()
                .map(|&w| source.between(winner, w))
                .sum();
            open[winner] = false;
            result.selected.push(winner);
            result.scores.push(best);
            result.relevance.push(relevance[winner]);
            result.redundancy.push(shared / size.max(1) as f64);
        }
        result
    }
}

/// Selects up to `count` features for a binary outcome; [`GreedySelector`] has more choices.
///
/// # Errors
/// [`Error::LengthMismatch`], [`Error::SingleClass`], [`Error::InvalidSetting`] for a count of 0, and those of [`Binning::classes`].
pub fn select(
    table: &FeatureTable,
    outcome: &[bool],
    criterion: Criterion,
    count: usize,
    binning: Binning,
    stop: Stop,
) -> Result<GreedySelection> {
    GreedySelector::new()
        .criterion(criterion)
        .count(count)
        .dependence(Dependence::Binned {
            binning,
            entropy: Entropy::Empirical,
        })
        .stop(stop)
        .select(table, Target::Binary(outcome))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quotient_of_an_independent_feature_is_the_largest() {
        let quotient = Criterion::MrmrQuotient;
        assert_eq!(quotient.score(0.2, 0.0, 1), f64::INFINITY);
        assert_eq!(quotient.score(0.0, 0.0, 1), 0.0);
        assert_eq!(quotient.score(0.3, 0.2, 2), 0.3 / 0.1);
    }
}
