//! Features that repeat others.

use super::Rule;
use crate::correlation::Correlation;
use crate::error::{Result, check_setting as setting};
use crate::pipeline::State;
use crate::pipeline::drop_log::{DropReason, Setting};
use crate::redundancy::{Redundancy, caret_exact, caret_fast, relevance_greedy};
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
}

impl Default for RedundancyRule {
    fn default() -> Self {
        Self::RelevanceGreedy(Relevance::default())
    }
}

pub(super) struct RedundancyFilter {
    rule: RedundancyRule,
    cutoff: f64,
    correlation: Correlation,
}

impl RedundancyFilter {
    pub(super) const NAME: &str = "redundancy";

    pub(super) fn new(rule: RedundancyRule, cutoff: f64, correlation: Correlation) -> Self {
        Self {
            rule,
            cutoff,
            correlation,
        }
    }

    fn found(&self, state: &State<'_>) -> Result<Redundancy> {
        let (table, cutoff, correlation) = (&state.table, self.cutoff, self.correlation);
        match self.rule {
            RedundancyRule::RelevanceGreedy(relevance) => {
                let values = relevance.of(table, state.outcome)?;
                relevance_greedy(table, &values, cutoff, correlation)
            }
            RedundancyRule::CaretExact => caret_exact(table, cutoff, correlation),
            RedundancyRule::CaretFast => caret_fast(table, cutoff, correlation),
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
        let constant = found
            .constant
            .into_iter()
            .map(|j| (j, DropReason::Constant));
        let mut dropped: Vec<(usize, DropReason)> = repeats.chain(constant).collect();
        dropped.sort_by_key(|d| d.0);
        Ok(dropped)
    }
}
