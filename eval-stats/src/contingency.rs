//! Tests of contingency tables: chi-square and Fisher's exact test.

use std::fmt;

use crate::error::{Error, Result};
use crate::special::{ln_chi_squared_sf, ln_gamma};

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
    /// Continuity correction that was used.
    pub yates: Yates,
}

impl fmt::Display for ChiSquaredTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "chi-square test{}: X² = {:.4}, df = {}, p = {:.4}",
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
    let rows: Vec<u64> = table.iter().map(|r| r.iter().sum()).collect();
    let columns: Vec<u64> = (0..k).map(|j| table.iter().map(|r| r[j]).sum()).collect();
    if rows.contains(&0) || columns.contains(&0) {
        return Err(Error::Undefined {
            statistic: "a test of independence",
            reason: "a row or column of the table is empty",
        });
    }
    let n = rows.iter().sum();
    Ok(Margins { rows, columns, n })
}

/// Pearson's chi-square test of an r x c table of counts, a vector per row.
///
/// # Errors
/// [`Error::TooFew`] rows or columns, [`Error::TableShape`], [`Error::Undefined`] for an empty row
/// or column, [`Error::TableShape`] for a continuity correction of a table that is not 2 x 2.
pub fn chi_squared(table: &[Vec<u64>], yates: Yates) -> Result<ChiSquaredTest> {
    let m = margins(table)?;
    if yates == Yates::Corrected && (m.rows.len(), m.columns.len()) != (2, 2) {
        return Err(Error::TableShape {
            what: "a table with continuity correction",
            row: 0,
            expected: 2,
            found: m.columns.len().max(m.rows.len()),
        });
    }
    let cells = || {
        table.iter().enumerate().flat_map(|(i, row)| {
            let total = m.rows[i] as f64 / m.n as f64;
            row.iter()
                .zip(&m.columns)
                .map(move |(&o, &c)| (o as f64, total * c as f64))
        })
    };
    let correction = match yates {
        Yates::None => 0.0,
        Yates::Corrected => cells().fold(0.5, |c: f64, (o, e)| c.min((o - e).abs())),
    };
    let chi_squared = cells()
        .map(|(o, e)| {
            let d = (o - e).abs() - correction;
            d * d / e
        })
        .sum();
    let df = (m.rows.len() - 1) * (m.columns.len() - 1);
    let ln_p = ln_chi_squared_sf(chi_squared, df as f64);
    Ok(ChiSquaredTest {
        chi_squared,
        df,
        p: ln_p.exp(),
        log10_p: ln_p / core::f64::consts::LN_10,
        smallest_expected: cells().fold(f64::INFINITY, |s, (_, e)| s.min(e)),
        yates,
    })
}

/// Most tables that [`fisher_exact`] looks at.
const MOST_TABLES: f64 = 2e8;

/// Two-sided p-value of Fisher's exact test of a 2 x k (or k x 2) table: the probability of all
/// tables with the same margins that are no likelier than the one observed (within a factor of
/// 1 + 1e-7, as in R).
///
/// # Errors
/// As [`chi_squared`]; [`Error::TableShape`] if neither side has two categories,
/// [`Error::TooMany`] if more than 2e8 tables would have to be listed.
pub fn fisher_exact(table: &[Vec<u64>]) -> Result<f64> {
    let m = margins(table)?;
    // Columns become the k categories, the first row is what varies.
    let (totals, observed, drawn) = if m.rows.len() == 2 {
        (m.columns, table[0].clone(), m.rows[0])
    } else if m.columns.len() == 2 {
        let first = table.iter().map(|r| r[0]).collect();
        (m.rows, first, m.columns[0])
    } else {
        return Err(Error::TableShape {
            what: "Fisher's test needs two rows or two columns: a table",
            row: 0,
            expected: 2,
            found: m.columns.len(),
        });
    };
    let tables: f64 = totals[1..]
        .iter()
        .map(|&c| (c.min(drawn) + 1) as f64)
        .product();
    if tables > MOST_TABLES {
        return Err(Error::TooMany {
            found: tables.min(usize::MAX as f64) as usize,
            limit: MOST_TABLES as usize,
        });
    }
    let ln_all = ln_choose(m.n, drawn);
    let ln_observed: f64 = totals
        .iter()
        .zip(&observed)
        .map(|(&c, &a)| ln_choose(c, a))
        .sum();
    let limit = ln_observed + 1e-7_f64.ln_1p();
    let walk = Walk {
        ln_terms: totals
            .iter()
            .map(|&c| (0..=c).map(|a| ln_choose(c, a)).collect())
            .collect(),
        rest: (0..totals.len())
            .map(|j| totals[j + 1..].iter().sum())
            .collect(),
        totals,
        limit,
        ln_all,
    };
    Ok(walk.sum(0, drawn, 0.0).min(1.0))
}

fn ln_choose(n: u64, k: u64) -> f64 {
    let f = |x: u64| ln_gamma(x as f64 + 1.0);
    f(n) - f(k) - f(n - k)
}

/// Walk over all tables with the given margins.
struct Walk {
    totals: Vec<u64>,
    /// Subjects in the columns after each.
    rest: Vec<u64>,
    ln_terms: Vec<Vec<f64>>,
    limit: f64,
    ln_all: f64,
}

impl Walk {
    /// Probability of the completions from column `j` on that are no likelier than the limit.
    fn sum(&self, j: usize, left: u64, ln_so_far: f64) -> f64 {
        if j + 1 == self.totals.len() {
            let ln_table = ln_so_far + self.ln_terms[j][left as usize];
            return if ln_table <= self.limit {
                (ln_table - self.ln_all).exp()
            } else {
                0.0
            };
        }
        let low = left.saturating_sub(self.rest[j]);
        let high = left.min(self.totals[j]);
        (low..=high)
            .map(|a| self.sum(j + 1, left - a, ln_so_far + self.ln_terms[j][a as usize]))
            .sum()
    }
}
