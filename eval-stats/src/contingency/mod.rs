//! Tests of counts: chi-square (independence, given probabilities), Fisher's exact test with the
//! conditional odds ratio, and the standardized difference of shares.
//!
//! Notation: `O` observed and `E` expected counts, `E_ij = row_i column_j / n`.

use std::fmt;

use crate::error::{Error, Result};
use crate::special::ln_chi_squared_sf;

mod fisher;
mod goodness;
mod network;
mod odds_ratio;
mod shares;

pub use fisher::{FisherMethod, FisherTest, fisher_exact, fisher_monte_carlo};
pub use goodness::{GoodnessOfFitTest, goodness_of_fit};
pub use odds_ratio::{ConditionalOddsRatio, conditional_odds_ratio};
pub use shares::standardized_difference;

/// Continuity correction of a 2 x 2 chi-square test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub enum Yates {
    /// Plain Pearson statistic.
    #[default]
    None,
    /// Every difference is reduced by `min(1/2, |O - E|)`; only for 2 x 2 tables (R's default
    /// there).
    Corrected,
}

/// Pearson's chi-square test of independence.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ChiSquaredTest {
    /// `Σ (O - E)²/E`.
    pub chi_squared: f64,
    /// `(rows - 1)(columns - 1)`.
    pub df: usize,
    /// Upper tail.
    pub p: f64,
    /// Its decimal logarithm.
    pub log10_p: f64,
    /// Smallest expected count; below 5 the approximation is poor and Fisher's test preferable.
    pub smallest_expected: f64,
    /// Number of cells with an expected count below 5.
    pub n_expected_below_5: usize,
    /// Number of cells.
    pub n_cells: usize,
    /// Number of subjects.
    pub n: u64,
    /// Continuity correction that was used.
    pub yates: Yates,
}

impl ChiSquaredTest {
    /// Name and value of the statistic's numbers, in the order of the fields.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, f64)> + use<> {
        [
            ("chi_squared", self.chi_squared),
            ("df", self.df as f64),
            ("p", self.p),
            ("log10_p", self.log10_p),
            ("smallest_expected", self.smallest_expected),
        ]
        .into_iter()
    }
}

impl fmt::Display for ChiSquaredTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "chi-square test{}: X² = {:.4}, df = {}, p = {:.4e}",
            match self.yates {
                Yates::None => "",
                Yates::Corrected => " with continuity correction",
            },
            self.chi_squared,
            self.df,
            self.p
        )
    }
}

/// Largest total for which every count is a number that `f64` holds exactly.
const MOST_SUBJECTS: u64 = 1 << 53;

/// Sum of counts, refused where it is no longer exact.
pub(crate) fn total(counts: impl Iterator<Item = u64>) -> Result<u64> {
    counts
        .into_iter()
        .try_fold(0u64, u64::checked_add)
        .filter(|&n| n <= MOST_SUBJECTS)
        .ok_or(Error::TooMany {
            found: usize::MAX,
            limit: MOST_SUBJECTS as usize,
        })
}

/// Margins of a checked table.
struct Margins {
    rows: Vec<u64>,
    columns: Vec<u64>,
    n: u64,
}

fn margins(table: &[Vec<u64>]) -> Result<Margins> {
    if table.len() < 2 {
        return Err(Error::TooFew {
            what: "rows of a contingency table",
            found: table.len(),
            required: 2,
        });
    }
    let k = table[0].len();
    if let Some(row) = table.iter().position(|r| r.len() != k) {
        return Err(Error::TableShape {
            what: "contingency table",
            row,
            expected: k,
            found: table[row].len(),
        });
    }
    if k < 2 {
        return Err(Error::TooFew {
            what: "columns of a contingency table",
            found: k,
            required: 2,
        });
    }
    let n = total(table.iter().flatten().copied())?;
    Ok(Margins {
        rows: table.iter().map(|r| r.iter().sum()).collect(),
        columns: (0..k).map(|j| table.iter().map(|r| r[j]).sum()).collect(),
        n,
    })
}

/// Pearson's chi-square test of independence of an r x c table of counts, a vector per row:
/// `X² = Σ (|O - E| - correction)²/E` with `(r - 1)(c - 1)` degrees of freedom.
///
/// Pearson, Philos. Mag. 50, 1900, 157-175, doi:10.1080/14786440009463897; correction: Yates, Suppl.
/// J. R. Stat. Soc. 1, 1934, 217-235, doi:10.2307/2983604.
///
/// ```
/// use eval_stats::contingency::{chi_squared, Yates};
/// // every expected count is 10
/// let test = chi_squared(&[vec![12, 8], vec![8, 12]], Yates::None)?;
/// assert!((test.chi_squared - 4.0 * 4.0 / 10.0).abs() < 1e-14);
/// let test = chi_squared(&[vec![12, 8], vec![8, 12]], Yates::Corrected)?;
/// assert!((test.chi_squared - 4.0 * 2.25 / 10.0).abs() < 1e-14);
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::TooFew`] rows or columns, [`Error::TableShape`], [`Error::Undefined`] for an empty row
/// or column (R: NaN), [`Error::TableShape`] for a continuity correction of a table that is not
/// 2 x 2, [`Error::TooMany`] beyond 2^53 subjects.
pub fn chi_squared(table: &[Vec<u64>], yates: Yates) -> Result<ChiSquaredTest> {
    let m = margins(table)?;
    if m.rows.contains(&0) || m.columns.contains(&0) {
        return Err(Error::Undefined {
            statistic: "a chi-square test of independence",
            reason: "a row or column of the table is empty",
        });
    }
    if yates == Yates::Corrected && (m.rows.len(), m.columns.len()) != (2, 2) {
        return Err(Error::TableShape {
            what: "a table with continuity correction",
            row: 0,
            expected: 2,
            found: m.columns.len().max(m.rows.len()),
        });
    }
    let n = m.n as f64;
    let cells = || {
        table.iter().zip(&m.rows).flat_map(|(row, &total)| {
            row.iter()
                .zip(&m.columns)
                .map(move |(&o, &c)| (o as f64, total as f64 * c as f64 / n))
        })
    };
    let chi_squared = match yates {
        Yates::None => cells().map(|(o, e)| (o - e) * (o - e) / e).sum(),
        Yates::Corrected => {
            // The four differences are one: |ad - bc|/n.
            let product = |i: usize, j: usize| u128::from(table[0][i]) * u128::from(table[1][j]);
            let difference = product(0, 1).abs_diff(product(1, 0)) as f64 / n;
            let d = (difference - 0.5).max(0.0);
            cells().map(|(_, e)| d * d / e).sum()
        }
    };
    let df = (m.rows.len() - 1) * (m.columns.len() - 1);
    let ln_p = ln_chi_squared_sf(chi_squared, df as f64);
    Ok(ChiSquaredTest {
        chi_squared,
        df,
        p: ln_p.exp(),
        log10_p: ln_p / core::f64::consts::LN_10,
        smallest_expected: cells().fold(f64::INFINITY, |s, (_, e)| s.min(e)),
        n_expected_below_5: cells().filter(|(_, e)| *e < 5.0).count(),
        n_cells: m.rows.len() * m.columns.len(),
        n: m.n,
        yates,
    })
}
