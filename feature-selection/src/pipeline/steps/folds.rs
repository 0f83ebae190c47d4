//! Where the folds of a cross-validation come from.

use eval_stats::folds::Folds;

use crate::error::{Result, check_setting as setting};
use crate::pipeline::drop_log::Setting;

/// Where the folds of a cross-validation come from.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum FoldPlan {
    /// Seeded folds with the same share of events; repeat `r` uses seed `seed + r`.
    Stratified {
        /// Number of folds.
        n_folds: usize,
        /// Seed of the first repeat.
        seed: u32,
        /// Number of repeats whose losses are averaged, 1 to 10,000.
        repeats: usize,
    },
    /// Given folds, one number per training row.
    Given(Folds),
}

/// The folds of all repeats must fit into memory.
fn check_repeats(repeats: usize) -> Result<()> {
    let fits = (1..=10_000).contains(&repeats);
    setting("repeats", "1 to 10000", repeats as f64, fits)
}

impl Default for FoldPlan {
    fn default() -> Self {
        Self::Stratified {
            n_folds: 10,
            seed: 1,
            repeats: 1,
        }
    }
}

impl FoldPlan {
    /// Folds of the given outcome, one assignment per repeat.
    ///
    /// # Errors
    /// [`Error::Statistics`](crate::Error::Statistics) if a class has fewer rows than folds, [`Error::InvalidSetting`](crate::Error::InvalidSetting) without repeats or for
    /// more than 10,000.
    pub fn folds(&self, outcome: &[bool]) -> Result<Vec<Folds>> {
        match self {
            Self::Given(folds) => Ok(vec![folds.clone()]),
            Self::Stratified {
                n_folds,
                seed,
                repeats,
            } => {
                check_repeats(*repeats)?;
                (0..*repeats)
                    .map(|r| {
                        let seed = seed.wrapping_add(r as u32);
                        Ok(Folds::stratified(outcome, *n_folds, seed)?)
                    })
                    .collect()
            }
        }
    }

    /// Checks what can be checked without rows: at least `fewest` folds, at least one repeat.
    pub(crate) fn check(&self, fewest: usize) -> Result<()> {
        let (n_folds, repeats) = match self {
            Self::Given(folds) => (folds.n_folds, 1),
            Self::Stratified {
                n_folds, repeats, ..
            } => (*n_folds, *repeats),
        };
        let expected = match fewest {
            2 => "at least 2",
            _ => "at least 3",
        };
        setting("folds", expected, n_folds as f64, n_folds >= fewest)?;
        check_repeats(repeats)
    }

    pub(super) fn settings(&self) -> Vec<Setting> {
        match self {
            Self::Given(folds) => vec![
                Setting::choice("fold_plan", "given"),
                Setting::count("n_folds", folds.n_folds as u64),
            ],
            Self::Stratified {
                n_folds,
                seed,
                repeats,
            } => vec![
                Setting::choice("fold_plan", "stratified"),
                Setting::count("n_folds", *n_folds as u64),
                Setting::count("seed", u64::from(*seed)),
                Setting::count("repeats", *repeats as u64),
            ],
        }
    }
}
