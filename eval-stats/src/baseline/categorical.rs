//! Row of a categorical variable.

use std::fmt;

use super::{
    BaselineSettings, BeyondExact, CategoricalRule, GroupTest, RowTest, TestName,
    at_least_one_group, largest_of_pairs,
};
use crate::contingency::{
    self, ChiSquaredTest, FisherMethod, FisherTest, Yates, chi_squared, fisher_exact,
    fisher_monte_carlo,
};
use crate::error::{Error, Result, same_length};

/// A count with its share of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Share {
    /// Subjects of this level.
    pub count: u64,
    /// Subjects of the group whose level is known.
    pub total: u64,
}

impl Share {
    /// Percentage; `None` of nobody.
    pub fn percent(&self) -> Option<f64> {
        (self.total > 0).then(|| 100.0 * self.count as f64 / self.total as f64)
    }
}

/// "61 (14.5%)"; only the count for a group without subjects.
impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.percent() {
            Some(percent) => write!(f, "{} ({percent:.1}%)", self.count),
            None => write!(f, "{}", self.count),
        }
    }
}

/// Row of a categorical variable.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct CategoricalRow {
    /// Counts, a vector per level with a count per group.
    pub counts: Vec<Vec<u64>>,
    /// Subjects of every group whose level is known.
    pub n: Vec<u64>,
    /// Subjects of every group whose level is missing.
    pub missing: Vec<u64>,
    /// Smallest expected count, levels and groups without subjects left out; `None` if fewer than
    /// two of either remain.
    pub smallest_expected: Option<f64>,
    /// Test of the groups' differences.
    pub test: RowTest,
    /// Absolute standardized difference; of several groups the largest of all pairs. `None` if no
    /// pair has one.
    pub standardized_difference: Option<f64>,
}

impl CategoricalRow {
    /// Count and share of a level in a group.
    ///
    /// # Panics
    /// If there is no such level or group.
    pub fn share(&self, level: usize, group: usize) -> Share {
        Share {
            count: self.counts[level][group],
            total: self.n[group],
        }
    }

    /// Count and share of a level in all groups together.
    ///
    /// # Panics
    /// If there is no such level.
    pub fn total_share(&self, level: usize) -> Share {
        Share {
            count: self.counts[level].iter().sum(),
            total: self.n.iter().sum(),
        }
    }
}

impl fmt::Display for CategoricalRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for group in 0..self.n.len() {
            for level in 0..self.counts.len() {
                let separator = if level == 0 { "" } else { ", " };
                write!(f, "{separator}{}", self.share(level, group))?;
            }
            f.write_str(" | ")?;
        }
        self.test.fmt(f)
    }
}

/// Row of a categorical variable from its counts, a vector per level with a count per group, and
/// the number of subjects per group whose level is missing. A level that nobody has stays in the
/// row and is left out of the test, as a group without subjects is.
///
/// ```
/// use eval_stats::baseline::{BaselineSettings, TestName, categorical};
/// // Every expected count is 10: X² = 4 · 2²/10.
/// let row = categorical(&[vec![12, 8], vec![8, 12]], &[0, 1], &BaselineSettings::new())?;
/// let test = row.test.done().expect("two levels, two groups");
/// assert_eq!((test.name, test.statistic), (TestName::ChiSquared, Some(1.6)));
/// assert_eq!((row.smallest_expected, row.missing[1]), (Some(10.0), 1));
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::Empty`] without levels or groups, [`Error::TableShape`] if levels differ in the number of groups, [`Error::LengthMismatch`] if
/// `missing` does, [`Error::TooMany`] beyond 2^53 subjects, [`Error::OutOfRange`] for a setting. A
/// test that these data do not have is no error, but [`RowTest::NotDone`].
pub fn categorical(
    counts: &[Vec<u64>],
    missing: &[u64],
    settings: &BaselineSettings,
) -> Result<CategoricalRow> {
    settings.check()?;
    let Some(first) = counts.first() else {
        return Err(Error::Empty {
            what: "levels of a categorical variable",
        });
    };
    at_least_one_group(first.len())?;
    if let Some(row) = counts.iter().position(|r| r.len() != first.len()) {
        return Err(Error::TableShape {
            what: "counts of a categorical variable",
            row,
            expected: first.len(),
            found: counts[row].len(),
        });
    }
    same_length("missing values", first.len(), missing.len())?;
    contingency::total(counts.iter().flatten().copied())?;
    let of_group = |j: usize| counts.iter().map(|r| r[j]).collect::<Vec<u64>>();
    let n: Vec<u64> = (0..first.len()).map(|j| of_group(j).iter().sum()).collect();
    let present: Vec<Vec<u64>> = counts
        .iter()
        .filter(|r| r.iter().any(|&c| c > 0))
        .map(|r| {
            r.iter()
                .zip(&n)
                .filter(|(_, n)| **n > 0)
                .map(|(&c, _)| c)
                .collect()
        })
        .collect();
    let plain = chi_squared(&present, Yates::None);
    Ok(CategoricalRow {
        counts: counts.to_vec(),
        missing: missing.to_vec(),
        smallest_expected: plain.as_ref().ok().map(|t| t.smallest_expected),
        test: RowTest::new(plain.and_then(|plain| of_counts(&present, plain, settings))),
        standardized_difference: largest_of_pairs(n.len(), |i, j| {
            contingency::standardized_difference(&of_group(i), &of_group(j))
                .ok()
                .flatten()
        }),
        n,
    })
}

fn of_counts(
    table: &[Vec<u64>],
    plain: ChiSquaredTest,
    settings: &BaselineSettings,
) -> Result<GroupTest> {
    let fisher = match settings.categorical_rule {
        CategoricalRule::ChiSquared => false,
        CategoricalRule::Fisher => true,
        CategoricalRule::FisherIfAnyBelow5 => plain.n_expected_below_5 > 0,
        CategoricalRule::Cochran => {
            plain.smallest_expected < 1.0 || 5 * plain.n_expected_below_5 > plain.n_cells
        }
    };
    if fisher {
        return of_fisher(table, settings.beyond_exact);
    }
    let corrected = settings.yates == Yates::Corrected && plain.n_cells == 4;
    let test = if corrected {
        chi_squared(table, Yates::Corrected)?
    } else {
        plain
    };
    Ok(GroupTest {
        name: match test.yates {
            Yates::None => TestName::ChiSquared,
            Yates::Corrected => TestName::ChiSquaredCorrected,
        },
        statistic: Some(test.chi_squared),
        df: Some(test.df as f64),
        df_within: None,
        p: test.p,
        log10_p: test.log10_p,
    })
}

fn of_fisher(table: &[Vec<u64>], beyond: BeyondExact) -> Result<GroupTest> {
    let test: FisherTest = match (fisher_exact(table), beyond) {
        (Err(Error::TooMany { .. }), BeyondExact::MonteCarlo { replicates, seed }) => {
            fisher_monte_carlo(table, replicates, seed)?
        }
        (exact, _) => exact?,
    };
    Ok(GroupTest {
        name: match test.method {
            FisherMethod::Exact => TestName::Fisher,
            FisherMethod::MonteCarlo { .. } => TestName::FisherMonteCarlo,
        },
        statistic: None,
        df: None,
        df_within: None,
        p: test.p,
        log10_p: test.log10_p,
    })
}
