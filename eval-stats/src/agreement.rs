//! Agreement between two raters: Cohen's kappa, PABAK and Gwet's AC1.
//!
//! With `p_ij` the share that the first rater puts in category `i` and the second in `j`, margins
//! `p_i.` and `p_.j`, and weights `w_ij` (1 on the diagonal):
//!
//! ```text
//! po = Σ w_ij p_ij     pe = Σ w_ij p_i. p_.j     kappa = (po - pe)/(1 - pe)
//! SE² = {Σ p_ij [w_ij - (w_i. + w_.j)(1 - kappa)]² - [kappa - pe (1 - kappa)]²} / (n (1 - pe)²)
//! null SE² = {Σ p_i. p_.j [w_ij - (w_i. + w_.j)]² - pe²} / (n (1 - pe)²)
//! w_i. = Σ_j p_.j w_ij     w_.j = Σ_i p_i. w_ij
//! ```
//!
//! References: Cohen 1960, doi:10.1177/001316446002000104; Fleiss, Cohen and Everitt, Psychol.
//! Bull. 72 (1969) 323-327, doi:10.1037/h0028106; Byrt, Bishop and Carlin 1993 (PABAK),
//! doi:10.1016/0895-4356(93)90018-V; Gwet 2008 (AC1), doi:10.1348/000711006X126600.
//!
//! # Differences
//! The standard error of weighted kappa in R's psych (up to 2.2.9) replaces `w_i.` by a product
//! with the row's own margin and is off for three and more categories; this crate follows Fleiss,
//! Cohen and Everitt.

use std::fmt;

use crate::error::{Error, Result, check_level, same_length};
use crate::estimate::{Estimate, percent, z_of_level};
use crate::special::normal_two_sided;

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
    /// # Errors
    /// [`Error::TooFew`] categories, [`Error::TableShape`], [`Error::Empty`] if all counts are 0.
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
        let n = counts.iter().flatten().sum();
        if n == 0 {
            return Err(Error::Empty {
                what: "the agreement table",
            });
        }
        Ok(Self { counts, n })
    }

    /// Table of ratings `0..n_categories`, one of each rater per subject.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::LengthMismatch`], [`Error::UnknownCategory`], [`Error::TooFew`].
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
        let mut counts = vec![vec![0; n_categories]; n_categories];
        for (&i, &j) in first.iter().zip(second) {
            counts[i][j] += 1;
        }
        Self::new(counts)
    }

    /// Table of two binary readers; category 0 is negative.
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

    fn shares(&self) -> Shares {
        let n = self.n as f64;
        let cells: Vec<Vec<f64>> = self
            .counts
            .iter()
            .map(|r| r.iter().map(|&c| c as f64 / n).collect())
            .collect();
        let k = cells.len();
        Shares {
            rows: cells.iter().map(|r| r.iter().sum()).collect(),
            columns: (0..k).map(|j| cells.iter().map(|r| r[j]).sum()).collect(),
            cells,
        }
    }
}

struct Shares {
    cells: Vec<Vec<f64>>,
    rows: Vec<f64>,
    columns: Vec<f64>,
}

impl Shares {
    fn sum(&self, term: impl Fn(usize, usize) -> f64) -> f64 {
        let k = self.cells.len();
        (0..k)
            .map(|i| (0..k).map(|j| term(i, j)).sum::<f64>())
            .sum()
    }
}

/// How disagreements count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub enum Weights {
    /// All alike.
    #[default]
    Unweighted,
    /// By distance, `1 - |i - j|/(k - 1)`.
    Linear,
    /// By squared distance, `1 - (i - j)²/(k - 1)²`.
    Quadratic,
}

impl Weights {
    fn of(self, i: usize, j: usize, k: usize) -> f64 {
        let distance = i.abs_diff(j) as f64 / (k as f64 - 1.0);
        match self {
            Self::Unweighted => f64::from(u8::from(i == j)),
            Self::Linear => 1.0 - distance,
            Self::Quadratic => 1.0 - distance * distance,
        }
    }
}

/// Cohen's kappa.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Kappa {
    /// Kappa, at most 1.
    pub value: f64,
    /// Observed (weighted) agreement.
    pub observed: f64,
    /// Agreement expected by chance.
    pub expected: f64,
    /// Asymptotic standard error.
    pub std_error: f64,
    /// Standard error if kappa were 0.
    pub std_error_null: f64,
    /// `value / std_error_null`.
    pub z: f64,
    /// Two-sided p-value of kappa = 0.
    pub p: f64,
    /// Lower limit `value - z SE`, not clipped.
    pub low: f64,
    /// Upper limit, not clipped.
    pub high: f64,
    /// Confidence level.
    pub level: f64,
    /// Weights.
    pub weights: Weights,
    /// Number of subjects.
    pub n: u64,
}

impl Kappa {
    /// Name and value of every number, in the order of the fields.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, f64)> + use<> {
        [
            ("value", self.value),
            ("observed", self.observed),
            ("expected", self.expected),
            ("std_error", self.std_error),
            ("std_error_null", self.std_error_null),
            ("z", self.z),
            ("p", self.p),
            ("low", self.low),
            ("high", self.high),
            ("level", self.level),
        ]
        .into_iter()
    }
}

impl fmt::Display for Kappa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "kappa {:.3} ({}% CI {:.3} to {:.3}), n = {}",
            self.value,
            percent(self.level),
            self.low,
            self.high,
            self.n
        )
    }
}

/// Cohen's kappa of two raters.
///
/// ```
/// use eval_stats::agreement::{AgreementTable, Weights, kappa};
/// let table = AgreementTable::new(vec![vec![20, 5], vec![10, 15]])?;
/// assert!((kappa(&table, Weights::Unweighted, 0.95)?.value - 0.4).abs() < 1e-15);
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::OutOfRange`] for the level; [`Error::Undefined`] if both raters put everybody into the
/// same category, where chance agreement is complete.
pub fn kappa(table: &AgreementTable, weights: Weights, level: f64) -> Result<Kappa> {
    check_level(level)?;
    let s = table.shares();
    let k = s.cells.len();
    let n = table.n as f64;
    let w = |i: usize, j: usize| weights.of(i, j, k);
    let observed = s.sum(|i, j| w(i, j) * s.cells[i][j]);
    let expected = s.sum(|i, j| w(i, j) * s.rows[i] * s.columns[j]);
    if s.rows
        .iter()
        .zip(&s.columns)
        .any(|(&r, &c)| r == 1.0 && c == 1.0)
    {
        return Err(Error::Undefined {
            statistic: "kappa",
            reason: "both raters used one and the same category only",
        });
    }
    let value = (observed - expected) / (1.0 - expected);
    let of_row: Vec<f64> = (0..k)
        .map(|i| (0..k).map(|j| s.columns[j] * w(i, j)).sum())
        .collect();
    let of_column: Vec<f64> = (0..k)
        .map(|j| (0..k).map(|i| s.rows[i] * w(i, j)).sum())
        .collect();
    let square = |x: f64| x * x;
    let denominator = n * square(1.0 - expected);
    let spread = s
        .sum(|i, j| s.cells[i][j] * square(w(i, j) - (of_row[i] + of_column[j]) * (1.0 - value)))
        - square(value - expected * (1.0 - value));
    let null = s
        .sum(|i, j| s.rows[i] * s.columns[j] * square(w(i, j) - (of_row[i] + of_column[j])))
        - square(expected);
    let std_error = (spread.max(0.0) / denominator).sqrt();
    let std_error_null = (null.max(0.0) / denominator).sqrt();
    let z = if value == 0.0 {
        0.0
    } else {
        value / std_error_null
    };
    let half = z_of_level(level) * std_error;
    Ok(Kappa {
        value,
        observed,
        expected,
        std_error,
        std_error_null,
        z,
        p: normal_two_sided(z).min(1.0),
        low: value - half,
        high: value + half,
        level,
        weights,
        n: table.n,
    })
}

/// Prevalence- and bias-adjusted kappa, `(k po - 1)/(k - 1)` for `k` categories, in
/// `[-1/(k-1), 1]`; with a Wald interval from the binomial variance of `po`.
///
/// # Errors
/// [`Error::OutOfRange`] for the level.
pub fn pabak(table: &AgreementTable, level: f64) -> Result<Estimate> {
    check_level(level)?;
    let k = table.counts.len() as f64;
    let n = table.n as f64;
    let agree: u64 = (0..table.counts.len()).map(|i| table.counts[i][i]).sum();
    let po = agree as f64 / n;
    let se = k / (k - 1.0) * (po * (1.0 - po) / n).sqrt();
    Ok(Estimate::wald((k * po - 1.0) / (k - 1.0), se, level))
}

/// Gwet's AC1, `(po - pe)/(1 - pe)` with `pe = Σ π_q (1 - π_q)/(k - 1)` and `π_q` the mean of both
/// raters' shares; stable where kappa is not (nearly all subjects in one category). The standard
/// error linearizes the multinomial cell shares.
///
/// # Errors
/// [`Error::OutOfRange`] for the level.
pub fn gwet_ac1(table: &AgreementTable, level: f64) -> Result<Estimate> {
    check_level(level)?;
    let s = table.shares();
    let k = s.cells.len();
    let pi: Vec<f64> = (0..k).map(|q| 0.5 * (s.rows[q] + s.columns[q])).collect();
    let pe = pi.iter().map(|p| p * (1.0 - p)).sum::<f64>() / (k as f64 - 1.0);
    let po: f64 = (0..k).map(|q| s.cells[q][q]).sum();
    let value = (po - pe) / (1.0 - pe);
    let gradient = |i: usize, j: usize| {
        let agree = f64::from(u8::from(i == j));
        let chance = (1.0 - pi[i] - pi[j]) / (k as f64 - 1.0);
        (agree - (1.0 - value) * chance) / (1.0 - pe)
    };
    let first = s.sum(|i, j| s.cells[i][j] * gradient(i, j));
    let second = s.sum(|i, j| s.cells[i][j] * gradient(i, j) * gradient(i, j));
    let se = ((second - first * first).max(0.0) / table.n as f64).sqrt();
    Ok(Estimate::wald(value, se, level))
}
