//! Venkatraman's permutation tests: are two ROC curves the same at every operating point?
//!
//! DeLong's test asks for the areas; curves that cross can have equal areas. These tests compare the
//! errors of the two curves at every threshold.
//!
//! ```text
//! paired:    E = Σ_k |err_A(k) - err_B(k)|,  k = 1 … n
//!            err(k) = #{events with rank <= k} + #{non-events with rank > k}
//! unpaired:  E = ∫ |e_A(p) - e_B(p)| dp over p in [0, 1]
//!            p = κ F + (1-κ) G,  e = κ F + (1-κ)(1-G)
//! ```
//!
//! `F` and `G` are the shares of events and non-events ranked at or below a place, `κ` the share of
//! events among all subjects of both samples. The p-value is the share of permutations with an `E`
//! at least as large. `E` is 0 for models that rank all subjects alike, and p is then 1.
//!
//! Paired permutations jitter the ranks (which breaks ties), and exchange the two ranks of every
//! subject with chance one half. Unpaired ones jitter, and deal the ranks of all events and of all
//! non-events to the two samples anew.
//!
//! References: Venkatraman and Begg, Biometrika 83 (1996) 835-848, doi:10.1093/biomet/83.4.835;
//! Venkatraman, Biometrics 56 (2000) 1134-1138, doi:10.1111/j.0006-341X.2000.01134.x.
//!
//! # Ties
//! The tests are made for continuous scores. Tied subjects get ranks in the order in which they
//! were given, as in pROC ([`TieBreak::First`]), so that `E` depends on that order;
//! [`TieBreak::Random`] draws it.
//!
//! # Differences
//! With R's stream the paired test is pROC's after `set.seed`, bit for bit. For unpaired samples
//! pROC 1.18 differs from the definition in four ways, and [`UnpairedRule::Proc`] reproduces it:
//! `κ` has twice the size of the first sample as its denominator, the integral starts at the first
//! subject instead of 0, the trapezoid rule is used where the curves cross, and raw ranks are
//! exchanged between samples, which are not comparable if the samples differ in size or prevalence.
//! [`UnpairedRule::Mixture`], the default, exchanges places on the common scale `p`.

mod paired;
mod unpaired;

use std::fmt;

pub use paired::compare_paired;
pub use unpaired::{UnpairedRule, compare_unpaired};

use crate::delong::Pairing;
use crate::r_rng::RRng;
use crate::scored::Scored;

/// How tied scores are ranked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub enum TieBreak {
    /// In the order in which the subjects were given (pROC's default).
    #[default]
    First,
    /// At random (pROC's `ties.method = "random"`).
    Random,
}

/// Result of a permutation test between two ROC curves.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct VenkatramanTest {
    /// Same or different subjects.
    pub pairing: Pairing,
    /// `E`, the summed difference of errors: a whole number if paired, at most 1 if unpaired.
    pub statistic: f64,
    /// Share of permutations with a statistic at least as large.
    pub p: f64,
    /// Number of permutations.
    pub permutations: usize,
    /// How ties were broken.
    pub ties: TieBreak,
}

impl VenkatramanTest {
    fn new(pairing: Pairing, statistic: f64, permuted: &[f64], ties: TieBreak) -> Self {
        let extreme = permuted.iter().filter(|&&e| e >= statistic).count();
        Self {
            pairing,
            statistic,
            p: extreme as f64 / permuted.len() as f64,
            permutations: permuted.len(),
            ties,
        }
    }

    /// Name and value of every number, in the order of the fields.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, f64)> + use<> {
        [
            ("statistic", self.statistic),
            ("p", self.p),
            ("permutations", self.permutations as f64),
        ]
        .into_iter()
    }
}

impl fmt::Display for VenkatramanTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Venkatraman's test ({}): E = {:.4}, p = {:.4} ({} permutations)",
            match self.pairing {
                Pairing::Paired => "paired",
                Pairing::Unpaired => "unpaired",
            },
            self.statistic,
            self.p,
            self.permutations
        )
    }
}

/// Rank of every subject from 1 on, by increasing score on its own scale.
fn ranks(scored: &Scored, ties: TieBreak, rng: &mut RRng) -> Vec<f64> {
    let scores = scored.scores();
    match ties {
        TieBreak::First => ranks_of_order(&crate::sort::ascending_order(scores)),
        TieBreak::Random => random_ranks(scores, rng),
    }
}

/// R's `rank(ties.method = "random")`: a random number per subject breaks the ties.
fn random_ranks(values: &[f64], rng: &mut RRng) -> Vec<f64> {
    let breaks: Vec<f64> = values.iter().map(|_| rng.uniform()).collect();
    let mut order: Vec<u32> = (0..values.len() as u32).collect();
    order.sort_by(|&i, &j| {
        let (i, j) = (i as usize, j as usize);
        (values[i] + 0.0)
            .total_cmp(&(values[j] + 0.0))
            .then(breaks[i].total_cmp(&breaks[j]))
    });
    ranks_of_order(&order)
}

fn ranks_of_order(order: &[u32]) -> Vec<f64> {
    let mut ranks = vec![0.0; order.len()];
    for (rank, &i) in order.iter().enumerate() {
        ranks[i as usize] = rank as f64 + 1.0;
    }
    ranks
}

/// Subjects by their jittered ranks, which lie within one half of the whole numbers from 1 to n: one
/// pass puts them into the cell of their nearest whole number, and a second repairs what is left.
/// Ties keep the order in which the subjects were given.
#[derive(Debug, Default)]
struct CellSort {
    starts: Vec<u32>,
    order: Vec<u32>,
}

impl CellSort {
    fn sort(&mut self, values: &[f64]) -> &[u32] {
        let n = values.len();
        let cell = |v: f64| ((v + 0.5) as usize).min(n);
        self.starts.clear();
        self.starts.resize(n + 2, 0);
        for &v in values {
            self.starts[cell(v) + 1] += 1;
        }
        for i in 1..self.starts.len() {
            self.starts[i] += self.starts[i - 1];
        }
        self.order.clear();
        self.order.resize(n, 0);
        for (i, &v) in values.iter().enumerate() {
            let at = &mut self.starts[cell(v)];
            self.order[*at as usize] = i as u32;
            *at += 1;
        }
        for i in 1..n {
            let moved = self.order[i];
            let key = |j: u32| (values[j as usize], j);
            let mut at = i;
            while at > 0 && key(self.order[at - 1]) > key(moved) {
                self.order[at] = self.order[at - 1];
                at -= 1;
            }
            self.order[at] = moved;
        }
        &self.order
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_sort_like_a_stable_sort() {
        let mut rng = RRng::new(4);
        for n in 1..60 {
            let values: Vec<f64> = (0..n)
                .map(|_| (1 + rng.index(n)) as f64 + [0.0, -0.5, 0.49][rng.index(3)])
                .collect();
            let mut want: Vec<u32> = (0..n as u32).collect();
            want.sort_by(|&i, &j| values[i as usize].total_cmp(&values[j as usize]));
            assert_eq!(CellSort::default().sort(&values), want);
        }
    }
}
