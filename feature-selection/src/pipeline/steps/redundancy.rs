//! Features that repeat others.

use super::Rule;
use crate::correlation::Correlation;
use crate::error::{Result, check_setting as setting};
use crate::pipeline::State;
use crate::pipeline::drop_log::{DropReason, Setting};
use crate::redundancy::{
    Linkage, Redundancy, RedundancyAnalysis, Representative, caret_exact, caret_fast,
    cluster_representatives, relevance_greedy, vif_filter,
};
use crate::relevance::Relevance;

/// Which redundant feature goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RedundancyRule {
    /// The less relevant one; see [`relevance_greedy`].
    RelevanceGreedy(Relevance),
    /// See [`caret_exact`].
    CaretExact,
    /// See [`caret_fast`].
    CaretFast,
    /// Of every cluster all but the most relevant one; see [`cluster_representatives`].
    Clusters {
        /// How clusters are joined.
        linkage: Linkage,
        /// The measure.
        relevance: Relevance,
    },
}

impl Default for RedundancyRule {
    fn default() -> Self {
        Self::RelevanceGreedy(Relevance::default())
    }
}

pub(super) struct RedundancyFilter {
    pub(super) rule: RedundancyRule,
    pub(super) cutoff: f64,
    pub(super) correlation: Correlation,
}

impl RedundancyFilter {
    pub(super) const NAME: &str = "redundancy";

    fn found(&self, state: &State<'_>) -> Result<Redundancy> {
        let (table, cutoff, correlation) = (&state.table, self.cutoff, self.correlation);
        match self.rule {
            RedundancyRule::RelevanceGreedy(relevance) => {
                let values = relevance.of(table, state.outcome)?;
                relevance_greedy(table, &values, cutoff, correlation)
            }
            RedundancyRule::CaretExact => caret_exact(table, cutoff, correlation),
            RedundancyRule::CaretFast => caret_fast(table, cutoff, correlation),
            RedundancyRule::Clusters { linkage, relevance } => {
                let values = relevance.of(table, state.outcome)?;
                let by = Representative::MostRelevant(&values);
                let found = cluster_representatives(table, cutoff, correlation, linkage, by)?;
                Ok(found.redundancy)
            }
        }
    }
}

impl Rule for RedundancyFilter {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn check(&self) -> Result<()> {
        let fits = (0.0..=1.0).contains(&self.cutoff);
        setting(
            "correlation cutoff",
            "a number from 0 to 1",
            self.cutoff,
            fits,
        )
    }

    fn settings(&self) -> Vec<Setting> {
        vec![
            Setting::choice("rule", self.rule),
            Setting::number("cutoff", self.cutoff),
            Setting::choice("correlation", self.correlation),
        ]
    }

    fn dropped(&self, state: &mut State<'_>) -> Result<Vec<(usize, DropReason)>> {
        let found = self.found(state)?;
        let repeats = found.removed.into_iter().map(|r| {
            let reason = DropReason::Redundant {
                with: state.names()[r.repeats].clone(),
                correlation: r.correlation,
            };
            (r.column, reason)
        });
        Ok(with_constants(repeats, found.constant))
    }
}

pub(super) struct VarianceInflation {
    pub(super) limit: f64,
}

impl VarianceInflation {
    pub(super) const NAME: &str = "variance inflation";
}

impl Rule for VarianceInflation {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn check(&self) -> Result<()> {
        let fits = self.limit >= 1.0;
        setting(
            "variance inflation limit",
            "a number >= 1",
            self.limit,
            fits,
        )
    }

    fn settings(&self) -> Vec<Setting> {
        vec![Setting::number("limit", self.limit)]
    }

    fn dropped(&self, state: &mut State<'_>) -> Result<Vec<(usize, DropReason)>> {
        let limit = self.limit;
        let found = vif_filter(&state.table, limit)?;
        let inflated = found.removed.into_iter().map(|r| {
            let factor = r.factor;
            (r.column, DropReason::Inflated { factor, limit })
        });
        Ok(with_constants(inflated, found.constant))
    }
}

pub(super) const ANALYSIS: &str = "redundancy analysis";

impl Rule for RedundancyAnalysis {
    fn name(&self) -> &'static str {
        ANALYSIS
    }

    fn settings(&self) -> Vec<Setting> {
        vec![Setting::choice("analysis", self)]
    }

    fn dropped(&self, state: &mut State<'_>) -> Result<Vec<(usize, DropReason)>> {
        let found = self.fit(&state.table)?;
        let threshold = found.threshold;
        let predicted = found.removed.into_iter().map(|r| {
            let reason = DropReason::Predicted {
                r_squared: r.r_squared,
                threshold,
            };
            (r.column, reason)
        });
        Ok(with_constants(predicted, found.constant))
    }
}

/// What a rule removed and the constant columns, ascending.
fn with_constants(
    removed: impl Iterator<Item = (usize, DropReason)>,
    constant: Vec<usize>,
) -> Vec<(usize, DropReason)> {
    let constant = constant.into_iter().map(|j| (j, DropReason::Constant));
    let mut dropped: Vec<(usize, DropReason)> = removed.chain(constant).collect();
    dropped.sort_by_key(|d| d.0);
    dropped
}
