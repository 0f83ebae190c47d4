//! What chance gives: the whole nested cross-validation on shuffled outcomes.

use eval_stats::folds::Folds;
use eval_stats::r_rng::RRng;

use super::{NestedCv, NothingSelected};
use crate::error::{Result, check_setting};
use crate::missing::RowSource;
use crate::par::map_indexed;
use crate::pipeline::FoldPlan;
use crate::table::check_outcome;

/// Whether a pipeline finds more than it finds in shuffled outcomes.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct PermutationTest {
    /// Mean held-out AUC of the outcomes as they are.
    pub auc: f64,
    /// The same after each shuffle.
    pub permuted: Vec<f64>,
    /// `(1 + number of shuffles with at least this AUC) / (1 + number of shuffles)`, in (0, 1]: exact in that a pipeline that finds nothing has a
    /// p-value of at most `a` with probability at most `a`.
    pub p_value: f64,
    /// Seed of the shuffles.
    pub seed: u64,
}

impl NestedCv {
    /// Repeats the nested cross-validation with outcomes shuffled, everything refitted each time.
    ///
    /// Seeded outer folds are made anew for every shuffle, as they depend on the outcome; with given folds outcomes are shuffled within them, so that each keeps its events.
    /// A shuffle in which some step leaves no feature counts as a fold at chance, whatever the setting.
    /// Reference: Ojala and Garriga, *JMLR* 11 (2010), 1833-1863 (their first test).
    ///
    /// # Errors
    /// As [`fit`](Self::fit); [`Error::InvalidSetting`](crate::Error::InvalidSetting) without shuffles or for more than a million.
    pub fn permutation_test<S: RowSource + ?Sized>(
        &self,
        source: &S,
        outcome: &[bool],
        folds: &FoldPlan,
        n_permutations: usize,
        seed: u64,
    ) -> Result<PermutationTest> {
        let n = n_permutations as f64;
        let fits = (1..=1_000_000).contains(&n_permutations);
        check_setting("permutations", "1 to 1000000", n, fits)?;
        check_outcome(outcome, source.n_rows())?;
        let auc = self.fit(source, outcome, &folds.folds(outcome)?)?.mean_auc;
        let shuffled = self
            .clone()
            .nothing_selected(NothingSelected::ConstantScore);
        let permuted = map_indexed(n_permutations, |replicate| {
            let mut rng = RRng::for_replicate(seed, replicate as u64);
            let outcome = match folds {
                FoldPlan::Given(given) => shuffle_within(outcome, given, &mut rng),
                _ => shuffle(outcome, &mut rng),
            };
            let folds = folds.folds(&outcome)?;
            Ok(shuffled.fit(source, &outcome, &folds)?.mean_auc)
        })
        .into_iter()
        .collect::<Result<Vec<f64>>>()?;
        let as_good = permuted.iter().filter(|&&a| a >= auc).count();
        Ok(PermutationTest {
            auc,
            p_value: (1 + as_good) as f64 / (1.0 + n),
            permuted,
            seed,
        })
    }
}

fn shuffle(outcome: &[bool], rng: &mut RRng) -> Vec<bool> {
    let order = rng.permutation(outcome.len());
    order.into_iter().map(|i| outcome[i]).collect()
}

fn shuffle_within(outcome: &[bool], folds: &Folds, rng: &mut RRng) -> Vec<bool> {
    let mut shuffled = outcome.to_vec();
    for fold in 0..folds.n_folds {
        let rows = folds.test_indices(fold);
        let order = rng.permutation(rows.len());
        for (&row, from) in rows.iter().zip(order) {
            shuffled[row] = outcome[rows[from]];
        }
    }
    shuffled
}
