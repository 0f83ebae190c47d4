//! z-scores by training numbers.

use super::columns::Constants;
use super::{Place, Rule};
use crate::error::Result;
use crate::pipeline::State;
use crate::pipeline::drop_log::{DropReason, Setting};
use crate::standardize::{Divisor, Standardizer};

pub(super) struct Standardize {
    pub(super) divisor: Divisor,
}

impl Standardize {
    pub(super) const NAME: &str = "standardization";
}

impl Rule for Standardize {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn place(&self) -> Place {
        Place::Standardization
    }

    fn settings(&self) -> Vec<Setting> {
        vec![Setting::choice("divisor", self.divisor)]
    }

    fn dropped(&self, state: &mut State<'_>) -> Result<Vec<(usize, DropReason)>> {
        let standardizer = Standardizer::fit(&state.table, self.divisor)?;
        let dropped = Constants::of(&state.table);
        state.table = standardizer.transform(&state.table)?;
        state.standardizer = Some(standardizer);
        Ok(dropped)
    }
}
