//! Steps that look at one feature and the outcome: tests with a correction for many features, relevance by rank or threshold.

use super::Rule;
use crate::error::{Result, check_setting as setting};
use crate::pipeline::State;
use crate::pipeline::drop_log::{DropReason, Setting};
use crate::relevance::{Relevance, ranking};
use crate::univariate::{Adjustment, UnivariateMethod, adjust, univariate_tests};

pub(super) struct Univariate {
    pub(super) method: UnivariateMethod,
    pub(super) adjustment: Adjustment,
    pub(super) level: f64,
}

impl Univariate {
    pub(super) const NAME: &str = "univariate test";
}

impl Rule for Univariate {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn check(&self) -> Result<()> {
        let fits = self.level > 0.0 && self.level <= 1.0;
        setting("level", "a number in (0, 1]", self.level, fits)
    }

    fn settings(&self) -> Vec<Setting> {
        vec![
            Setting::choice("method", self.method),
            Setting::choice("adjustment", self.adjustment),
            Setting::number("level", self.level),
        ]
    }

    fn dropped(&self, state: &mut State<'_>) -> Result<Vec<(usize, DropReason)>> {
        let level = self.level;
        let tests = univariate_tests(&state.table, state.outcome, self.method)?;
        let p_values: Vec<f64> = tests.iter().map(|t| t.p_value).collect();
        Ok(adjust(&p_values, self.adjustment)
            .into_iter()
            .enumerate()
            .filter(|&(_, p)| p >= level)
            .map(|(j, p_value)| (j, DropReason::NotSignificant { p_value, level }))
            .collect())
    }
}

pub(super) struct MostRelevant {
    pub(super) relevance: Relevance,
    pub(super) keep: usize,
}

impl MostRelevant {
    pub(super) const NAME: &str = "relevance";
}

impl Rule for MostRelevant {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn check(&self) -> Result<()> {
        setting(
            "features kept",
            "at least 1",
            self.keep as f64,
            self.keep > 0,
        )
    }

    fn settings(&self) -> Vec<Setting> {
        vec![
            Setting::choice("relevance", self.relevance),
            Setting::count("keep", self.keep as u64),
        ]
    }

    fn dropped(&self, state: &mut State<'_>) -> Result<Vec<(usize, DropReason)>> {
        let values = self.relevance.of(&state.table, state.outcome)?;
        let ranked = ranking(&values).into_iter().enumerate();
        let mut dropped: Vec<(usize, DropReason)> = ranked
            .skip(self.keep)
            .map(|(rank, j)| {
                let reason = DropReason::LessRelevant {
                    relevance: values[j],
                    rank: rank + 1,
                };
                (j, reason)
            })
            .collect();
        dropped.sort_by_key(|d| d.0);
        Ok(dropped)
    }
}

pub(super) struct RelevanceThreshold {
    pub(super) relevance: Relevance,
    pub(super) threshold: f64,
}

impl RelevanceThreshold {
    pub(super) const NAME: &str = "relevance threshold";
}

impl Rule for RelevanceThreshold {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn check(&self) -> Result<()> {
        let found = self.threshold;
        setting(
            "relevance threshold",
            "a finite number",
            found,
            found.is_finite(),
        )
    }

    fn settings(&self) -> Vec<Setting> {
        vec![
            Setting::choice("relevance", self.relevance),
            Setting::number("threshold", self.threshold),
        ]
    }

    fn dropped(&self, state: &mut State<'_>) -> Result<Vec<(usize, DropReason)>> {
        let threshold = self.threshold;
        let values = self.relevance.of(&state.table, state.outcome)?;
        Ok(values
            .into_iter()
            .enumerate()
            // Written so that an undefined relevance is dropped.
            .filter(|&(_, v)| v.is_nan() || v < threshold)
            .map(|(j, relevance)| {
                let reason = DropReason::NotRelevant {
                    relevance,
                    threshold,
                };
                (j, reason)
            })
            .collect())
    }
}
