//! Steps that look at single columns: constants, copies, (almost) no variance.

use super::{Place, Rule};
use crate::error::{Result, check_setting as setting};
use crate::linalg::{mean, sum_of_squares};
use crate::pipeline::State;
use crate::pipeline::drop_log::{DropReason, Setting};
use crate::redundancy::near_zero_variance;
use crate::standardize::Divisor;
use crate::table::{FeatureTable, is_constant};

pub(super) struct Constants;

impl Constants {
    pub(super) const NAME: &str = "constant";

    /// Constant columns of a table, for the steps that drop them on the way.
    pub(super) fn of(table: &FeatureTable) -> Vec<(usize, DropReason)> {
        let columns = table.constant_columns().into_iter();
        columns.map(|j| (j, DropReason::Constant)).collect()
    }
}

impl Rule for Constants {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn dropped(&self, state: &mut State<'_>) -> Result<Vec<(usize, DropReason)>> {
        Ok(Self::of(&state.table))
    }
}

pub(super) struct Duplicates;

impl Duplicates {
    pub(super) const NAME: &str = "duplicates";
}

impl Rule for Duplicates {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn dropped(&self, state: &mut State<'_>) -> Result<Vec<(usize, DropReason)>> {
        let copies = state.table.duplicate_columns().into_iter();
        Ok(copies
            .map(|(copy, original)| {
                let of = state.names()[original].clone();
                (copy, DropReason::Duplicate { of })
            })
            .collect())
    }
}

pub(super) struct NearZeroVariance {
    pub(super) frequency_ratio: f64,
    pub(super) unique_percent: f64,
}

impl NearZeroVariance {
    pub(super) const NAME: &str = "near-zero variance";
}

impl Rule for NearZeroVariance {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn check(&self) -> Result<()> {
        let expected = "a number >= 0";
        let Self {
            frequency_ratio,
            unique_percent,
        } = *self;
        setting(
            "frequency ratio",
            expected,
            frequency_ratio,
            frequency_ratio >= 0.0,
        )?;
        setting(
            "unique percent",
            expected,
            unique_percent,
            unique_percent >= 0.0,
        )
    }

    fn settings(&self) -> Vec<Setting> {
        vec![
            Setting::number("frequency_ratio", self.frequency_ratio),
            Setting::number("unique_percent", self.unique_percent),
        ]
    }

    fn dropped(&self, state: &mut State<'_>) -> Result<Vec<(usize, DropReason)>> {
        let found = near_zero_variance(&state.table, self.frequency_ratio, self.unique_percent)?;
        let reason = |j| (j, DropReason::NearZeroVariance);
        Ok(found.into_iter().map(reason).collect())
    }
}

pub(super) struct VarianceThreshold {
    pub(super) threshold: f64,
    pub(super) divisor: Divisor,
}

impl VarianceThreshold {
    pub(super) const NAME: &str = "variance threshold";

    fn variance(&self, column: &[f64]) -> f64 {
        if is_constant(column) {
            return 0.0;
        }
        let n = column.len() as f64;
        let divisor = match self.divisor {
            Divisor::Population => n,
            Divisor::Sample => n - 1.0,
        };
        sum_of_squares(column, mean(column)) / divisor
    }
}

impl Rule for VarianceThreshold {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn place(&self) -> Place {
        Place::BeforeStandardization
    }

    fn check(&self) -> Result<()> {
        let found = self.threshold;
        let fits = found >= 0.0 && found.is_finite();
        setting("variance threshold", "a finite number >= 0", found, fits)
    }

    fn settings(&self) -> Vec<Setting> {
        vec![
            Setting::number("threshold", self.threshold),
            Setting::choice("divisor", self.divisor),
        ]
    }

    fn dropped(&self, state: &mut State<'_>) -> Result<Vec<(usize, DropReason)>> {
        let threshold = self.threshold;
        Ok((0..state.table.n_columns())
            .map(|j| (j, self.variance(state.table.column(j))))
            .filter(|&(_, variance)| variance <= threshold)
            .map(|(j, variance)| {
                let reason = DropReason::LowVariance {
                    variance,
                    threshold,
                };
                (j, reason)
            })
            .collect())
    }
}
