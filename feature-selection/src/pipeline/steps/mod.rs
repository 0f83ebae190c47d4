//! The kinds of steps, one file each. How to add one is said in the [parent module](super).

mod columns;
mod folds;
mod greedy;
mod lasso;
mod redundancy;
mod relevance;
mod reliability;
mod stability;
mod standardize;

use super::State;
use super::drop_log::{DropReason, Setting};
use crate::correlation::Correlation;
use crate::error::Result;
use crate::icc::{FeatureIcc, IccFilter};
use crate::mrmr::GreedySelector;
use crate::redundancy::RedundancyAnalysis;
use crate::relevance::Relevance;
use crate::stability::StabilitySelection;
use crate::standardize::Divisor;
use crate::univariate::{Adjustment, UnivariateMethod};

pub use folds::FoldPlan;
pub use lasso::{ClassWeights, LassoStep};
pub use redundancy::RedundancyRule;

/// One step of a pipeline.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Step {
    /// Drops columns with one value.
    DropConstant,
    /// Drops columns equal, value for value, to an earlier one.
    DropDuplicates,
    /// Drops columns with (almost) one value; see [`near_zero_variance`](crate::redundancy::near_zero_variance).
    NearZeroVariance {
        /// Most common over second most common value, 19 in caret.
        frequency_ratio: f64,
        /// Percentage of distinct values, 10 in caret.
        unique_percent: f64,
    },
    /// Drops columns whose variance is not above a threshold in their unit squared. Stands before the standardization.
    VarianceThreshold {
        /// Largest variance dropped, >= 0; 0 drops constant columns only.
        threshold: f64,
        /// Divisor of the variance; scikit-learn's `VarianceThreshold` uses [`Divisor::Population`].
        divisor: Divisor,
    },
    /// Keeps features reliable in every reading comparison given (for example inter- and intra-observer). The
    /// coefficients come from repeated outlines, which know nothing of the outcome.
    Reliability {
        /// One list per comparison; each must cover all columns.
        comparisons: Vec<Vec<FeatureIcc>>,
        /// What is reliable enough.
        filter: IccFilter,
    },
    /// z-scores columns by training mean and standard deviation; drops constant ones. At most once per pipeline.
    Standardize(Divisor),
    /// Keeps features whose adjusted p-value is below `level`.
    Univariate {
        /// The test.
        method: UnivariateMethod,
        /// Correction for many features.
        adjustment: Adjustment,
        /// Level, usually 0.05.
        level: f64,
    },
    /// Keeps the `keep` most relevant features, ties to the lower column.
    MostRelevant {
        /// The measure.
        relevance: Relevance,
        /// Number kept; all if there are fewer.
        keep: usize,
    },
    /// Keeps features whose relevance is at least a threshold.
    RelevanceThreshold {
        /// The measure.
        relevance: Relevance,
        /// Smallest relevance kept, in the measure's unit.
        threshold: f64,
    },
    /// Drops features that repeat others.
    Redundancy {
        /// The rule.
        rule: RedundancyRule,
        /// Largest absolute correlation kept.
        cutoff: f64,
        /// The coefficient.
        correlation: Correlation,
    },
    /// Drops the feature with the largest variance inflation factor until all are at most `limit`. Needs more rows than features that vary.
    VarianceInflation {
        /// Largest factor kept, at least 1; 5 and 10 are common.
        limit: f64,
    },
    /// Drops features that the others predict (Hmisc's `redun`). Needs more rows than terms.
    RedundancyAnalysis(RedundancyAnalysis),
    /// Greedy selection by mutual information, such as mRMR.
    Greedy(GreedySelector),
    /// Keeps features that are selected in most random halves of the rows.
    Stability(StabilitySelection),
    /// Cross-validated LASSO or elastic net; the last step, and the one that makes a [`Score`](crate::score::Score).
    Lasso(LassoStep),
}

/// Names of all steps, so that a stored pipeline can be read back.
pub(super) const NAMES: [&str; 15] = [
    columns::Constants::NAME,
    columns::Duplicates::NAME,
    columns::NearZeroVariance::NAME,
    columns::VarianceThreshold::NAME,
    reliability::Reliability::NAME,
    standardize::Standardize::NAME,
    relevance::Univariate::NAME,
    relevance::MostRelevant::NAME,
    relevance::RelevanceThreshold::NAME,
    redundancy::RedundancyFilter::NAME,
    redundancy::VarianceInflation::NAME,
    redundancy::ANALYSIS,
    greedy::NAME,
    stability::NAME,
    lasso::NAME,
];

impl Step {
    /// Name in funnels and drop logs.
    pub fn name(&self) -> &'static str {
        self.rule().name()
    }

    pub(super) fn rule(&self) -> Box<dyn Rule + '_> {
        match self {
            Self::DropConstant => Box::new(columns::Constants),
            Self::DropDuplicates => Box::new(columns::Duplicates),
            &Self::NearZeroVariance {
                frequency_ratio,
                unique_percent,
            } => Box::new(columns::NearZeroVariance {
                frequency_ratio,
                unique_percent,
            }),
            &Self::VarianceThreshold { threshold, divisor } => {
                Box::new(columns::VarianceThreshold { threshold, divisor })
            }
            Self::Reliability {
                comparisons,
                filter,
            } => Box::new(reliability::Reliability {
                comparisons,
                filter,
            }),
            &Self::Standardize(divisor) => Box::new(standardize::Standardize { divisor }),
            &Self::Univariate {
                method,
                adjustment,
                level,
            } => Box::new(relevance::Univariate {
                method,
                adjustment,
                level,
            }),
            &Self::MostRelevant { relevance, keep } => {
                Box::new(relevance::MostRelevant { relevance, keep })
            }
            &Self::RelevanceThreshold {
                relevance,
                threshold,
            } => Box::new(relevance::RelevanceThreshold {
                relevance,
                threshold,
            }),
            &Self::Redundancy {
                rule,
                cutoff,
                correlation,
            } => Box::new(redundancy::RedundancyFilter {
                rule,
                cutoff,
                correlation,
            }),
            &Self::VarianceInflation { limit } => Box::new(redundancy::VarianceInflation { limit }),
            Self::RedundancyAnalysis(analysis) => Box::new(analysis),
            Self::Greedy(selector) => Box::new(selector),
            Self::Stability(selection) => Box::new(selection),
            Self::Lasso(step) => Box::new(step),
        }
    }
}

/// Where in a pipeline a step makes sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Anywhere before a last step.
    Anywhere,
    /// Before columns are z-scored: it compares their units.
    BeforeStandardization,
    /// It z-scores the columns itself.
    Standardization,
    /// At the end: it makes the score.
    Last,
}

/// One kind of step: everything a pipeline wants to know of it.
pub(super) trait Rule {
    /// Name in funnels, drop logs and errors.
    fn name(&self) -> &'static str;

    /// Where it may stand.
    fn place(&self) -> Place {
        Place::Anywhere
    }

    /// Checks the settings without data.
    fn check(&self) -> Result<()> {
        Ok(())
    }

    /// The settings as they go on record.
    fn settings(&self) -> Vec<Setting> {
        Vec::new()
    }

    /// Columns that go, each once and ascending, with the reason.
    fn dropped(&self, state: &mut State<'_>) -> Result<Vec<(usize, DropReason)>>;
}

impl<T: Rule> Rule for &T {
    fn name(&self) -> &'static str {
        (**self).name()
    }

    fn place(&self) -> Place {
        (**self).place()
    }

    fn check(&self) -> Result<()> {
        (**self).check()
    }

    fn settings(&self) -> Vec<Setting> {
        (**self).settings()
    }

    fn dropped(&self, state: &mut State<'_>) -> Result<Vec<(usize, DropReason)>> {
        (**self).dropped(state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_has_its_name_on_the_list() {
        let steps = [
            Step::DropConstant,
            Step::DropDuplicates,
            Step::NearZeroVariance {
                frequency_ratio: 19.0,
                unique_percent: 10.0,
            },
            Step::VarianceThreshold {
                threshold: 0.0,
                divisor: Divisor::Sample,
            },
            Step::Reliability {
                comparisons: vec![Vec::new()],
                filter: IccFilter::default(),
            },
            Step::Standardize(Divisor::Sample),
            Step::Univariate {
                method: UnivariateMethod::Welch,
                adjustment: Adjustment::Holm,
                level: 0.05,
            },
            Step::MostRelevant {
                relevance: Relevance::Auc,
                keep: 3,
            },
            Step::RelevanceThreshold {
                relevance: Relevance::Auc,
                threshold: 0.1,
            },
            Step::Redundancy {
                rule: RedundancyRule::CaretFast,
                cutoff: 0.9,
                correlation: Correlation::Pearson,
            },
            Step::VarianceInflation { limit: 10.0 },
            Step::RedundancyAnalysis(RedundancyAnalysis::new()),
            Step::Greedy(GreedySelector::new()),
            Step::Stability(StabilitySelection::default()),
            Step::Lasso(LassoStep::default()),
        ];
        let names: Vec<&str> = steps.iter().map(Step::name).collect();
        assert_eq!(names, NAMES);
        for step in &steps {
            assert!(step.rule().check().is_ok(), "{}", step.name());
        }
    }
}
