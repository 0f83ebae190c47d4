//! Fisher's exact test.

use std::fmt;

use super::network::Network;
use super::odds_ratio::Given;
use super::{Margins, margins};
use crate::error::{Error, Result};
use crate::par::map_indexed;
use crate::r_rng::RRng;
use crate::special::ln_gamma;

/// How the p-value of Fisher's test was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum FisherMethod {
    /// All tables with the same margins.
    Exact,
    /// Random tables with the same margins.
    MonteCarlo {
        /// Number of random tables.
        replicates: usize,
        /// Those that are no likelier than the observed table.
        n_as_extreme: usize,
        /// Seed.
        seed: u32,
    },
}

/// Fisher's exact test of independence.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct FisherTest {
    /// Two-sided p-value; 1 if only one table has these margins.
    pub p: f64,
    /// Its decimal logarithm.
    pub log10_p: f64,
    /// How it was found.
    pub method: FisherMethod,
    /// Rows that are not empty.
    pub n_rows: usize,
    /// Columns that are not empty.
    pub n_columns: usize,
}

impl fmt::Display for FisherTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fisher's exact test: p = {:.4e}", self.p)?;
        match self.method {
            FisherMethod::Exact => Ok(()),
            FisherMethod::MonteCarlo { replicates, .. } => {
                write!(f, " ({replicates} random tables)")
            }
        }
    }
}

/// Margins without empty rows and columns, which change no probability.
fn filled_margins(table: &[Vec<u64>]) -> Result<Margins> {
    let mut m = margins(table)?;
    m.rows.retain(|&x| x > 0);
    m.columns.retain(|&x| x > 0);
    Ok(m)
}

/// Fisher's exact test of an r x c table, a vector per row: the probability of all tables with the
/// same margins that are no likelier than the one observed (within a factor of 1 + 1e-7, as in R).
///
/// 2 x 2 tables take time in proportion to `√n` at most, and p keeps its digits however small it
/// is. Larger tables are walked by the network algorithm, where the limit is one of work: 5e7 steps,
/// which is a few seconds, and 10 rows or columns, whichever are fewer. Beyond it
/// [`fisher_monte_carlo`] is the way.
/// The odds ratio of a 2 x 2 table is [`conditional_odds_ratio`](super::conditional_odds_ratio).
///
/// Fisher, J. R. Stat. Soc. 85, 1922, 87-94, doi:10.2307/2340521; Mehta and Patel, J. Am. Stat.
/// Assoc. 78, 1983, 427-434, doi:10.1080/01621459.1983.10477989.
///
/// ```
/// use eval_stats::contingency::fisher_exact;
/// // the lady tasting tea: (16 + 1 + 16 + 1)/70
/// let test = fisher_exact(&[vec![3, 1], vec![1, 3]])?;
/// assert!((test.p - 34.0 / 70.0).abs() < 1e-14);
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::TooFew`] rows or columns, [`Error::TableShape`], [`Error::TooMany`] beyond 2^53 subjects
/// or beyond the limit of the network algorithm.
pub fn fisher_exact(table: &[Vec<u64>]) -> Result<FisherTest> {
    let m = filled_margins(table)?;
    let ln_p = match (m.rows.len(), m.columns.len()) {
        (0 | 1, _) | (_, 0 | 1) => 0.0,
        (2, 2) => Given::new(m.rows[0], m.rows[1], m.columns[0]).ln_two_sided(first_cell(table)),
        _ => {
            let observed = ln_weight(table.iter().flatten().copied());
            let limit = observed + 1e-7_f64.ln_1p();
            let ln_sum = Network::ln_sum(&m.rows, &m.columns, observed, limit)?;
            (ln_sum + observed + ln_margins(&m)).min(0.0)
        }
    };
    Ok(FisherTest {
        p: ln_p.exp(),
        log10_p: ln_p / core::f64::consts::LN_10,
        method: FisherMethod::Exact,
        n_rows: m.rows.len(),
        n_columns: m.columns.len(),
    })
}

/// The upper left cell of a table with two rows and two columns that are not empty.
fn first_cell(table: &[Vec<u64>]) -> u64 {
    let filled = |j: usize| table.iter().any(|r| r[j] > 0);
    let j = (0..table[0].len()).find(|&j| filled(j)).unwrap_or(0);
    let row = table.iter().find(|r| r.iter().any(|&x| x > 0));
    row.map_or(0, |r| r[j])
}

/// `-Σ ln x!`
fn ln_weight(counts: impl Iterator<Item = u64>) -> f64 {
    -counts.map(|x| ln_gamma(x as f64 + 1.0)).sum::<f64>()
}

/// What has to be added to [`ln_weight`] of the cells for the logarithm of a table's probability.
fn ln_margins(m: &Margins) -> f64 {
    -ln_gamma(m.n as f64 + 1.0)
        - ln_weight(m.rows.iter().copied())
        - ln_weight(m.columns.iter().copied())
}

/// Fisher's test by random tables with the observed margins, for tables beyond the reach of
/// [`fisher_exact`]: `p = (1 + tables that are no likelier)/(1 + replicates)`, so its standard error
/// is about `√(p (1 - p)/replicates)` and it is never below `1/(1 + replicates)`.
///
/// A random table is made by permuting the labels of all subjects; every replicate has an own
/// stream of random numbers, so that the result depends on the seed only. R's
/// `simulate.p.value = TRUE` has the same distribution, but draws other tables.
///
/// ```
/// use eval_stats::contingency::fisher_monte_carlo;
/// // the lady tasting tea: 34/70 exactly
/// let test = fisher_monte_carlo(&[vec![3, 1], vec![1, 3]], 10_000, 1)?;
/// assert!((test.p - 34.0 / 70.0).abs() < 0.02);
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// As [`fisher_exact`] for the table; [`Error::OutOfRange`] without replicates, [`Error::TooMany`]
/// beyond 2^32 - 1 subjects.
pub fn fisher_monte_carlo(table: &[Vec<u64>], replicates: usize, seed: u32) -> Result<FisherTest> {
    let m = filled_margins(table)?;
    if replicates == 0 {
        return Err(Error::OutOfRange {
            name: "replicates",
            value: 0.0,
            expected: "at least 1",
        });
    }
    if m.n > u64::from(u32::MAX) {
        return Err(Error::TooMany {
            found: m.n as usize,
            limit: u32::MAX as usize,
        });
    }
    let limit = ln_weight(table.iter().flatten().copied()) + 1e-7_f64.ln_1p();
    let rows: Vec<u32> = (0u32..)
        .zip(&m.rows)
        .flat_map(|(i, &total)| (0..total).map(move |_| i))
        .collect();
    let n_as_extreme = map_indexed(replicates, |replicate| {
        let mut rng = RRng::for_replicate(u64::from(seed), replicate as u64);
        random_weight(&m, rows.clone(), &mut rng) <= limit
    })
    .into_iter()
    .filter(|&extreme| extreme)
    .count();
    let p = (n_as_extreme as f64 + 1.0) / (replicates as f64 + 1.0);
    Ok(FisherTest {
        p,
        log10_p: p.log10(),
        method: FisherMethod::MonteCarlo {
            replicates,
            n_as_extreme,
            seed,
        },
        n_rows: m.rows.len(),
        n_columns: m.columns.len(),
    })
}

/// [`ln_weight`] of a random table with the given margins; `rows` has the row of every subject.
fn random_weight(m: &Margins, mut rows: Vec<u32>, rng: &mut RRng) -> f64 {
    let mut at = 0;
    let mut ln = 0.0;
    let mut cells = vec![0u64; m.rows.len()];
    for &total in &m.columns {
        cells.fill(0);
        for _ in 0..total {
            let other = at + rng.index(rows.len() - at);
            rows.swap(at, other);
            cells[rows[at] as usize] += 1;
            at += 1;
        }
        ln += ln_weight(cells.iter().copied());
    }
    ln
}
