//! Stability selection as a step.

use super::Rule;
use crate::error::Result;
use crate::lasso::Samples;
use crate::pipeline::State;
use crate::pipeline::drop_log::{DropReason, Setting};
use crate::stability::StabilitySelection;

pub(super) const NAME: &str = "stability selection";

impl Rule for StabilitySelection {
    fn name(&self) -> &'static str {
        NAME
    }

    fn check(&self) -> Result<()> {
        StabilitySelection::check(self)
    }

    fn settings(&self) -> Vec<Setting> {
        vec![
            Setting::choice("learner", self.learner.describe()),
            Setting::count("subsamples", self.subsampling.count as u64),
            Setting::choice("scheme", self.subsampling.scheme),
            Setting::choice("strata", self.subsampling.strata),
            Setting::number("threshold", self.threshold),
            Setting::count("seed", self.seed),
        ]
    }

    fn dropped(&self, state: &mut State<'_>) -> Result<Vec<(usize, DropReason)>> {
        let fit = self.fit(&Samples::binary(&state.table, state.outcome)?)?;
        let threshold = self.threshold;
        let dropped = fit
            .probability
            .iter()
            .enumerate()
            .filter(|&(_, &p)| p < threshold)
            .map(|(j, &probability)| {
                let reason = DropReason::Unstable {
                    probability,
                    threshold,
                };
                (j, reason)
            })
            .collect();
        state.stability = Some(fit);
        Ok(dropped)
    }
}
