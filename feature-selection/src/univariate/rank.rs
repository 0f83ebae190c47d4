//! The Mann-Whitney test with the rules that R and scipy choose its p-value by.

use eval_stats::location::{self, mann_whitney};

use crate::error::{Error, Result};

/// How the p-value of U is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum MannWhitneyMethod {
    /// Normal approximation with tie correction and continuity correction. The default, for one method should hold for
    /// all columns of a table.
    #[default]
    NormalCorrected,
    /// Normal approximation with tie correction only (SPSS).
    Normal,
    /// Exact, given the ties: all ways to divide the values as they are.
    Exact,
    /// Exact without ties if both classes have fewer than 50 rows, else `NormalCorrected` (R's `wilcox.test`).
    ExactIfSmall,
    /// Exact without ties if one class has at most 8 rows, else `NormalCorrected` (scipy's `method="auto"`).
    ExactIfFew,
}

/// A difference between classes in ranks.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct RankDifference {
    /// Share of pairs of an event and another row in which the event's value is larger, ties one half: `U/(n1 n0)`.
    pub auc: f64,
    /// Standard normal statistic; `None` for an exact p-value and if all values are tied.
    pub z: Option<f64>,
}

impl RankDifference {
    /// `2 AUC - 1`, the rank-biserial correlation (Cliff's delta), from -1 to 1.
    pub fn rank_biserial(&self) -> f64 {
        2.0 * self.auc - 1.0
    }
}

pub(crate) struct RankTest {
    pub(crate) u: f64,
    pub(crate) p: f64,
    pub(crate) log10_p: f64,
    pub(crate) exact: bool,
    pub(crate) ranks: RankDifference,
}

pub(crate) fn rank_test(
    events: &[f64],
    others: &[f64],
    method: MannWhitneyMethod,
) -> Result<RankTest> {
    use location::MannWhitneyMethod as Rule;
    let rule = match method {
        MannWhitneyMethod::NormalCorrected | MannWhitneyMethod::ExactIfFew => Rule::NormalCorrected,
        MannWhitneyMethod::Normal => Rule::Normal,
        MannWhitneyMethod::Exact => Rule::Exact,
        MannWhitneyMethod::ExactIfSmall => Rule::AsR,
    };
    let test = mann_whitney(events, others, rule)?;
    let pairs = events.len() as f64 * others.len() as f64;
    let mut found = RankTest {
        u: test.u,
        p: test.p,
        log10_p: test.log10_p,
        exact: test.method == Rule::Exact,
        ranks: RankDifference {
            auc: test.u / pairs,
            z: test.z,
        },
    };
    if method == MannWhitneyMethod::ExactIfFew
        && events.len().min(others.len()) <= FEW
        && !has_ties(events, others)
    {
        found.p = exact_of_few(test.u, events.len(), others.len())?;
        found.log10_p = found.p.log10();
        found.exact = true;
        found.ranks.z = None;
    }
    Ok(found)
}

/// Scipy's limit.
const FEW: usize = 8;

fn has_ties(events: &[f64], others: &[f64]) -> bool {
    let mut all = [events, others].concat();
    all.sort_unstable_by(f64::total_cmp);
    all.windows(2).any(|w| w[0] == w[1])
}

/// Exact two-sided p-value of `u` without ties where one class is few and the other as large as it likes (`eval-stats`
/// takes classes of any size, but 400 rows together).
///
/// The number of rank sets with a given U is the coefficient of `q^U` in `Π (1 - q^(n+i))/(1 - q^i)`, `i` from 1 to the
/// smaller size `m`, `n` the larger; up to the smaller tail is enough, as all of them are `C(m+n, m)`.
fn exact_of_few(u: f64, n_events: usize, n_others: usize) -> Result<f64> {
    const MOST: usize = 1_000_000;
    let (m, n) = (n_events.min(n_others), n_events.max(n_others));
    if n > MOST {
        return Err(Error::Statistics(eval_stats::Error::TooMany {
            found: n,
            limit: MOST,
        }));
    }
    let u = u as usize;
    let tail = u.min(m * n - u);
    let mut ways = vec![0.0; tail + 1];
    ways[0] = 1.0;
    for i in 1..=m {
        for s in (n + i..=tail).rev() {
            ways[s] -= ways[s - n - i];
        }
        for s in i..=tail {
            ways[s] += ways[s - i];
        }
    }
    let all = (1..=m).fold(1.0, |all, i| all * (n + i) as f64 / i as f64);
    Ok((2.0 * ways.iter().sum::<f64>() / all).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_distribution_of_two_against_two() {
        // U is 0..4 with 1, 1, 2, 1, 1 of 6 arrangements.
        let p: Vec<f64> = (0..5)
            .map(|u| exact_of_few(f64::from(u), 2, 2).unwrap())
            .collect();
        let expected = [2.0 / 6.0, 4.0 / 6.0, 1.0, 4.0 / 6.0, 2.0 / 6.0];
        assert!(p.iter().zip(expected).all(|(p, e)| (p - e).abs() < 1e-15));
    }

    #[test]
    fn the_lowest_event_of_a_thousand_is_two_in_a_thousand_and_one() {
        let others: Vec<f64> = (1..=1000).map(f64::from).collect();
        let test = rank_test(&[0.0], &others, MannWhitneyMethod::ExactIfFew).unwrap();
        assert!(test.exact && (test.p / (2.0 / 1001.0) - 1.0).abs() < 1e-15);
        // Tied with another row, it is no longer exact.
        let tied = rank_test(&[1.0], &others, MannWhitneyMethod::ExactIfFew).unwrap();
        assert!(!tied.exact && tied.ranks.z.is_some());
    }

    #[test]
    fn both_ways_to_the_exact_distribution_agree() {
        let events = [0.5, 3.5, 8.5, 20.5, 33.5, 39.5, 2.5, 11.5];
        let others: Vec<f64> = (0..40).map(f64::from).collect();
        let few = rank_test(&events, &others, MannWhitneyMethod::ExactIfFew).unwrap();
        let exact = rank_test(&events, &others, MannWhitneyMethod::Exact).unwrap();
        assert!((few.p / exact.p - 1.0).abs() < 1e-12);
    }
}
