//! Greedy selection by mutual information.

use super::Rule;
use crate::error::{Result, check_setting as setting};
use crate::mrmr::{self, Criterion, Stop};
use crate::mutual_information::Binning;
use crate::pipeline::State;
use crate::pipeline::drop_log::{DropReason, Setting};

pub(super) struct Greedy {
    criterion: Criterion,
    keep: usize,
    binning: Binning,
}

impl Greedy {
    pub(super) const NAME: &str = "greedy selection";

    pub(super) fn new(criterion: Criterion, keep: usize, binning: Binning) -> Self {
        Self {
            criterion,
            keep,
            binning,
        }
    }
}

impl Rule for Greedy {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn check(&self) -> Result<()> {
        setting(
            "features to select",
            "at least 1",
            self.keep as f64,
            self.keep > 0,
        )
    }

    fn settings(&self) -> Vec<Setting> {
        vec![
            Setting::choice("criterion", self.criterion),
            Setting::count("keep", self.keep as u64),
            Setting::choice("binning", self.binning),
        ]
    }

    fn dropped(&self, state: &mut State<'_>) -> Result<Vec<(usize, DropReason)>> {
        let mut keep = vec![false; state.table.n_columns()];
        let found = mrmr::select(
            &state.table,
            state.outcome,
            self.criterion,
            self.keep,
            self.binning,
            Stop::WhenExhausted,
        )?;
        found.selected.iter().for_each(|&j| keep[j] = true);
        Ok((0..keep.len())
            .filter(|&j| !keep[j])
            .map(|j| (j, DropReason::NotSelected))
            .collect())
    }
}
