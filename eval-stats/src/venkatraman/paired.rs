//! The paired test.

use super::{CellSort, TieBreak, VenkatramanTest, random_ranks, ranks};
use crate::bootstrap::Bootstrap;
use crate::delong::Pairing;
use crate::error::Result;
use crate::r_rng::RRng;
use crate::scored::Scored;

/// Compares two models on the same subjects at every operating point.
///
/// `permutations` says how many, the seed and the stream; pROC takes 2000.
///
/// ```
/// use eval_stats::{Scored, bootstrap::Bootstrap, venkatraman::{self, TieBreak}};
/// let y = [true, true, true, false, false, false];
/// let a = Scored::new(&[0.9, 0.8, 0.3, 0.4, 0.2, 0.1], &y)?;
/// let b = Scored::new(&[0.6, 0.2, 0.7, 0.5, 0.3, 0.1], &y)?;
/// let test = venkatraman::compare_paired(&a, &b, &Bootstrap::new(), TieBreak::First)?;
/// assert_eq!(test.statistic, 2.0);    // events among the lowest k: 0 0 1 1 2 3 and 0 1 1 1 2 3
/// let same = venkatraman::compare_paired(&a, &a, &Bootstrap::new(), TieBreak::First)?;
/// assert_eq!((same.statistic, same.p), (0.0, 1.0));
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// Both models must have the same direction for the comparison to mean something; it is not
/// checked, as the ranks are those of the scores themselves.
///
/// # Errors
/// [`Error::LengthMismatch`](crate::Error::LengthMismatch) or
/// [`Error::DifferentOutcomes`](crate::Error::DifferentOutcomes) if the subjects are not the same,
/// [`Error::TooFew`](crate::Error::TooFew) for fewer than 2 permutations.
pub fn compare_paired(
    a: &Scored,
    b: &Scored,
    permutations: &Bootstrap,
    ties: TieBreak,
) -> Result<VenkatramanTest> {
    a.same_subjects(b)?;
    let outcomes = a.outcomes();
    let prepare = |rng: &mut RRng| {
        let (r, s) = (ranks(a, ties, rng), ranks(b, ties, rng));
        let mut sort = CellSort::default();
        let first = labels(&mut sort, &r, outcomes);
        let statistic = area(&first, &labels(&mut sort, &s, outcomes));
        (statistic, r, s)
    };
    let ((statistic, ..), permuted) =
        permutations.run_after(prepare, Memory::default, |(_, r, s), rng, memory| {
            memory.permuted(r, s, outcomes, ties, rng)
        })?;
    let pairing = Pairing::Paired;
    Ok(VenkatramanTest::new(pairing, statistic, &permuted, ties))
}

#[derive(Default)]
struct Memory {
    first: Vec<f64>,
    second: Vec<f64>,
    sort: CellSort,
}

impl Memory {
    /// `E` of one permutation: jitter, and exchange with the other model's rank as it was before
    /// the jitter.
    fn permuted(
        &mut self,
        r: &[f64],
        s: &[f64],
        outcomes: &[bool],
        ties: TieBreak,
        rng: &mut RRng,
    ) -> f64 {
        let mut jitter = |ranks: &[f64], into: &mut Vec<f64>| {
            into.clear();
            into.extend(ranks.iter().map(|x| x + rng.uniform() - 0.5));
        };
        jitter(r, &mut self.first);
        jitter(s, &mut self.second);
        for i in 0..r.len() {
            if rng.uniform() > 0.5 {
                (self.first[i], self.second[i]) = (s[i], r[i]);
            }
        }
        if ties == TieBreak::Random {
            self.first = random_ranks(&self.first, rng);
            self.second = random_ranks(&self.second, rng);
        }
        let first = labels(&mut self.sort, &self.first, outcomes);
        let second = labels(&mut self.sort, &self.second, outcomes);
        area(&first, &second)
    }
}

/// Outcomes by increasing rank.
fn labels(sort: &mut CellSort, ranks: &[f64], outcomes: &[bool]) -> Vec<bool> {
    let order = sort.sort(ranks).iter();
    order.map(|&i| outcomes[i as usize]).collect()
}

/// `Σ |err_A - err_B|`. With `c` events among the lowest `k`, `err = 2c + n0 - k`: the difference is
/// twice that of the counts.
fn area(first: &[bool], second: &[bool]) -> f64 {
    let (mut ahead, mut sum) = (0i64, 0u128);
    for (&a, &b) in first.iter().zip(second) {
        ahead += i64::from(a) - i64::from(b);
        sum += u128::from(ahead.unsigned_abs());
    }
    2.0 * sum as f64
}
