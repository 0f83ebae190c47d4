//! Agreement of two raters and of many.
//!
//! Two raters give an [`AgreementTable`]: Cohen's [`kappa`] with weights, [`pabak`], Gwet's
//! [`gwet_ac1`] and [`gwet_ac2`], [`percent_agreement`] and [`specific_agreement`]. Any number of
//! raters give [`Ratings`]: Fleiss' and Conger's kappa, Gwet's AC1 and AC2, Krippendorff's alpha,
//! Light's kappa. With `p_ij` the share that the first rater puts in category `i` and the second in
//! `j`, margins `p_i.` and `p_.j`, and weights `w_ij` (1 on the diagonal):
//!
//! ```text
//! po = Σ w_ij p_ij     pe = Σ w_ij p_i. p_.j     kappa = (po - pe)/(1 - pe)
//! SE² = {Σ p_ij [w_ij - (w_i. + w_.j)(1 - kappa)]² - [kappa - pe (1 - kappa)]²} / (n (1 - pe)²)
//! null SE² = {Σ p_i. p_.j [w_ij - (w_i. + w_.j)]² - pe²} / (n (1 - pe)²)
//! w_i. = Σ_j p_.j w_ij     w_.j = Σ_i p_i. w_ij
//! ```
//!
//! A missing rating has no place in these types: drop the subject, or the rater, beforehand and say
//! so. References: Cohen 1960, doi:10.1177/001316446002000104; Cohen 1968 (weights),
//! doi:10.1037/h0026256; Fleiss, Cohen and Everitt, Psychol. Bull. 72 (1969) 323-327,
//! doi:10.1037/h0028106; Byrt, Bishop and Carlin 1993 (PABAK), doi:10.1016/0895-4356(93)90018-V;
//! Gwet 2008 (AC1), doi:10.1348/000711006X126600.
//!
//! # Differences
//! The standard error of weighted kappa in R's psych (up to 2.2.9) replaces `w_i.` by
//! `p_i. Σ_j w_ij` and is off for three and more categories; [`kappa`] follows Fleiss, Cohen and
//! Everitt (as R's vcd), and [`KappaVariance::PsychCompat`] gives psych's number. psych and vcd clip
//! the interval to `[-1, 1]`; this crate does not.

mod coefficients;
mod kappa;
mod raters;

use crate::error::{Error, Result, same_length};

pub use coefficients::{
    SpecificAgreement, gwet_ac1, gwet_ac2, pabak, percent_agreement, specific_agreement,
};
pub use kappa::{
    BootstrapKappa, Kappa, KappaVariance, kappa, kappa_bootstrap, kappa_maximum, kappa_with,
};
pub use raters::{
    CategoryKappa, ChanceCorrected, FleissKappa, Ratings, SubjectCounts, conger_kappa,
    fleiss_kappa, gwet_ac, krippendorff_alpha, light_kappa,
};

/// Counts of two raters, rows the first, columns the second.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct AgreementTable {
    counts: Vec<Vec<u64>>,
    n: u64,
}

impl AgreementTable {
    /// A square table of counts with at least two categories.
    ///
    /// ```
    /// use eval_stats::agreement::AgreementTable;
    /// let table = AgreementTable::new(vec![vec![20, 5], vec![10, 15]])?;
    /// assert_eq!((table.n(), table.n_categories()), (50, 2));
    /// # Ok::<(), eval_stats::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::TooFew`] categories, [`Error::TableShape`], [`Error::Empty`] if all counts are 0,
    /// [`Error::TooMany`] if their sum does not fit in `u64`.
    pub fn new(counts: Vec<Vec<u64>>) -> Result<Self> {
        let k = counts.len();
        if k < 2 {
            return Err(Error::TooFew {
                what: "categories",
                found: k,
                required: 2,
            });
        }
        if let Some(row) = counts.iter().position(|r| r.len() != k) {
            return Err(Error::TableShape {
                what: "agreement table",
                row,
                expected: k,
                found: counts[row].len(),
            });
        }
        let total = counts
            .iter()
            .flatten()
            .try_fold(0u64, |n, &c| n.checked_add(c));
        match total {
            Some(0) => Err(Error::Empty {
                what: "the agreement table",
            }),
            Some(n) => Ok(Self { counts, n }),
            None => Err(Error::TooMany {
                found: usize::MAX,
                limit: usize::MAX,
            }),
        }
    }

    /// Table of ratings `0..n_categories`, one of each rater per subject.
    ///
    /// ```
    /// use eval_stats::agreement::AgreementTable;
    /// let table = AgreementTable::from_ratings(&[0, 1, 2, 2], &[0, 1, 2, 1], 3)?;
    /// assert_eq!(table.counts(), [[1, 0, 0], [0, 1, 0], [0, 1, 1]]);
    /// # Ok::<(), eval_stats::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::LengthMismatch`], [`Error::UnknownCategory`], [`Error::TooFew`],
    /// [`Error::OutOfRange`] for more than 1,000 categories.
    pub fn from_ratings(first: &[usize], second: &[usize], n_categories: usize) -> Result<Self> {
        same_length("ratings of the second rater", first.len(), second.len())?;
        let ratings = [("the first rater", first), ("the second rater", second)];
        for (what, ratings) in ratings {
            if let Some(index) = ratings.iter().position(|&c| c >= n_categories) {
                return Err(Error::UnknownCategory {
                    what,
                    index,
                    found: ratings[index],
                    n_categories,
                });
            }
        }
        if first.is_empty() {
            return Err(Error::Empty { what: "ratings" });
        }
        check_n_categories(n_categories)?;
        let mut counts = vec![vec![0; n_categories]; n_categories];
        for (&i, &j) in first.iter().zip(second) {
            counts[i][j] += 1;
        }
        Self::new(counts)
    }

    /// Table of two binary readers; category 0 is negative.
    ///
    /// ```
    /// use eval_stats::agreement::AgreementTable;
    /// let table = AgreementTable::from_calls(&[true, true, false], &[true, false, false])?;
    /// assert_eq!(table.counts(), [[1, 0], [1, 1]]);
    /// # Ok::<(), eval_stats::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::LengthMismatch`].
    pub fn from_calls(first: &[bool], second: &[bool]) -> Result<Self> {
        let number = |calls: &[bool]| calls.iter().map(|&c| usize::from(c)).collect::<Vec<_>>();
        Self::from_ratings(&number(first), &number(second), 2)
    }

    /// The counts.
    pub fn counts(&self) -> &[Vec<u64>] {
        &self.counts
    }

    /// Number of subjects.
    pub fn n(&self) -> u64 {
        self.n
    }

    /// Number of categories.
    pub fn n_categories(&self) -> usize {
        self.counts.len()
    }

    /// How often each rater used each category, from whole counts: a rater with one category has
    /// a share of exactly 1.
    fn margins(&self) -> (Vec<u64>, Vec<u64>) {
        let k = self.counts.len();
        (
            self.counts.iter().map(|r| r.iter().sum()).collect(),
            (0..k)
                .map(|j| self.counts.iter().map(|r| r[j]).sum())
                .collect(),
        )
    }

    fn shares(&self) -> Shares {
        let n = self.n as f64;
        let share = |counts: &[u64]| counts.iter().map(|&c| c as f64 / n).collect::<Vec<f64>>();
        let (rows, columns) = self.margins();
        Shares {
            cells: self.counts.iter().map(|r| share(r)).collect(),
            rows: share(&rows),
            columns: share(&columns),
        }
    }
}

/// Most categories of ratings; tables of two raters and weights have the square of it.
const MOST_CATEGORIES: usize = 1000;

fn check_n_categories(n: usize) -> Result<()> {
    if n <= MOST_CATEGORIES {
        return Ok(());
    }
    Err(Error::OutOfRange {
        name: "n_categories",
        value: n as f64,
        expected: "at most 1,000 categories",
    })
}

struct Shares {
    cells: Vec<Vec<f64>>,
    rows: Vec<f64>,
    columns: Vec<f64>,
}

/// Sum over all pairs of `k` categories.
fn sum_pairs(k: usize, term: impl Fn(usize, usize) -> f64) -> f64 {
    (0..k)
        .map(|i| (0..k).map(|j| term(i, j)).sum::<f64>())
        .sum()
}

/// How disagreements count: the weight of a pair of categories is 1 for full agreement and 0 for
/// none.
#[derive(Debug, Clone, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub enum Weights {
    /// All alike.
    #[default]
    Unweighted,
    /// By distance, `1 - |i - j|/(k - 1)`.
    Linear,
    /// By squared distance, `1 - (i - j)²/(k - 1)²`.
    Quadratic,
    /// A weight in `[0, 1]` for every pair, rows the first rater, 1 on the diagonal.
    Custom(Vec<Vec<f64>>),
}

impl Weights {
    /// Checks custom weights against the number of categories.
    fn check(&self, k: usize) -> Result<()> {
        let Self::Custom(weights) = self else {
            return Ok(());
        };
        if weights.len() != k {
            return Err(Error::LengthMismatch {
                what: "rows of weights",
                expected: k,
                found: weights.len(),
            });
        }
        for (row, of_row) in weights.iter().enumerate() {
            if of_row.len() != k {
                return Err(Error::TableShape {
                    what: "weights",
                    row,
                    expected: k,
                    found: of_row.len(),
                });
            }
            for (column, &value) in of_row.iter().enumerate() {
                if !(0.0..=1.0).contains(&value) || (row == column && value != 1.0) {
                    return Err(Error::OutOfRange {
                        name: "weight",
                        value,
                        expected: "1 on the diagonal and a number in [0, 1] elsewhere",
                    });
                }
            }
        }
        Ok(())
    }

    fn of(&self, i: usize, j: usize, k: usize) -> f64 {
        1.0 - self.loss(i, j, k)
    }

    /// One minus the weight; exactly 0 on the diagonal.
    fn loss(&self, i: usize, j: usize, k: usize) -> f64 {
        let distance = i.abs_diff(j) as f64 / (k as f64 - 1.0);
        match self {
            Self::Unweighted => f64::from(u8::from(i != j)),
            Self::Linear => distance,
            Self::Quadratic => distance * distance,
            Self::Custom(weights) => 1.0 - weights[i][j],
        }
    }
}
