//! Greedy selection by mutual information.

use super::Rule;
use crate::error::Result;
use crate::mrmr::GreedySelector;
use crate::mutual_information::Target;
use crate::pipeline::State;
use crate::pipeline::drop_log::{DropReason, Setting};

pub(super) const NAME: &str = "greedy selection";

impl Rule for GreedySelector {
    fn name(&self) -> &'static str {
        NAME
    }

    fn check(&self) -> Result<()> {
        GreedySelector::check(self)
    }

    fn settings(&self) -> Vec<Setting> {
        vec![Setting::choice("selector", self)]
    }

    fn dropped(&self, state: &mut State<'_>) -> Result<Vec<(usize, DropReason)>> {
        let found = self.select(&state.table, Target::Binary(state.outcome))?;
        let mut keep = vec![false; state.table.n_columns()];
        found.selected.iter().for_each(|&j| keep[j] = true);
        Ok((0..keep.len())
            .filter(|&j| !keep[j])
            .map(|j| (j, DropReason::NotSelected))
            .collect())
    }
}
