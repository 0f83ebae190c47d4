//! Agreement of any number of raters.
//!
//! Every coefficient is `1 - A/E`, observed over chance disagreement. With the losses `a_i`, `e_i` of
//! subject `i` that average to `A` and `E`, its standard error comes from the influence
//! `x_i = (E - a_i)/E - 2 (A/E) (E - e_i)/E`: `SE² = Σ (x_i - mean)²/(n (n - 1))`.

use std::fmt;

use super::{AgreementTable, Weights, check_n_categories, kappa};
use crate::error::{Error, Result, check_level, same_length};
use crate::estimate::{Estimate, IntervalMethod, percent};
use crate::special::{ln_normal_two_sided, ln_t_two_sided, t_quantile};

/// How many raters put each subject into each category; every subject has as many ratings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubjectCounts {
    /// Subjects by categories, row after row.
    counts: Vec<u32>,
    /// How many subjects show each row.
    times: Vec<u64>,
    n_categories: usize,
    n_raters: u32,
    n: u64,
}

impl SubjectCounts {
    /// One row of counts per subject, one column per category.
    ///
    /// ```
    /// use eval_stats::agreement::SubjectCounts;
    /// // Two subjects, three raters: 3 and 0, 1 and 2.
    /// let counts = SubjectCounts::new(&[vec![3, 0], vec![1, 2]])?;
    /// assert_eq!((counts.n(), counts.n_raters()), (2, 3));
    /// # Ok::<(), eval_stats::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Empty`] without subjects, [`Error::TooFew`] categories (two) or ratings (two),
    /// [`Error::TableShape`], [`Error::LengthMismatch`] if a subject has more or fewer ratings than
    /// the first: missing ratings are refused; [`Error::TooMany`] ratings of a subject (`u32::MAX`).
    pub fn new(rows: &[Vec<u32>]) -> Result<Self> {
        let Some(first) = rows.first() else {
            return Err(Error::Empty { what: "subjects" });
        };
        let k = first.len();
        at_least("categories", k, 2)?;
        if let Some(row) = rows.iter().position(|r| r.len() != k) {
            return Err(Error::TableShape {
                what: "counts of ratings",
                row,
                expected: k,
                found: rows[row].len(),
            });
        }
        let ratings = |r: &[u32]| r.iter().map(|&c| c as usize).sum::<usize>();
        let expected = ratings(first);
        at_least("ratings of a subject", expected, 2)?;
        if let Some(row) = rows.iter().find(|r| ratings(r) != expected) {
            return Err(Error::LengthMismatch {
                what: "a subject",
                expected,
                found: ratings(row),
            });
        }
        let n_raters = u32::try_from(expected).map_err(|_| Error::TooMany {
            found: expected,
            limit: u32::MAX as usize,
        })?;
        Ok(Self {
            counts: rows.iter().flatten().copied().collect(),
            times: vec![1; rows.len()],
            n_categories: k,
            n_raters,
            n: rows.len() as u64,
        })
    }

    /// The cells of a table of two raters.
    pub(super) fn of_table(table: &AgreementTable) -> Result<Self> {
        let k = table.n_categories();
        let mut counts = Vec::new();
        let mut times = Vec::new();
        for (i, row) in table.counts().iter().enumerate() {
            for (j, &subjects) in row.iter().enumerate().filter(|&(_, &c)| c > 0) {
                let at = counts.len();
                counts.resize(at + k, 0);
                counts[at + i] += 1;
                counts[at + j] += 1;
                times.push(subjects);
            }
        }
        Ok(Self {
            counts,
            times,
            n_categories: k,
            n_raters: 2,
            n: table.n(),
        })
    }

    /// Number of subjects.
    pub fn n(&self) -> u64 {
        self.n
    }

    /// Number of ratings of each subject.
    pub fn n_raters(&self) -> u32 {
        self.n_raters
    }

    /// Number of categories.
    pub fn n_categories(&self) -> usize {
        self.n_categories
    }

    /// Rows with the number of subjects that show them.
    fn rows(&self) -> impl Iterator<Item = (f64, &[u32])> {
        let times = self.times.iter().map(|&t| t as f64);
        times.zip(self.counts.chunks_exact(self.n_categories))
    }

    /// Share of all ratings in each category, and in all others.
    fn shares(&self) -> Vec<(f64, f64)> {
        let mut used = vec![0u128; self.n_categories];
        for (&times, row) in self
            .times
            .iter()
            .zip(self.counts.chunks_exact(self.n_categories))
        {
            for (u, &c) in used.iter_mut().zip(row) {
                *u += u128::from(times) * u128::from(c);
            }
        }
        let total = u128::from(self.n) * u128::from(self.n_raters);
        let share = |u: u128| u as f64 / total as f64;
        used.into_iter()
            .map(|u| (share(u), share(total - u)))
            .collect()
    }

    /// Observed disagreement of each row: share of ordered pairs of its ratings, by their losses.
    fn disagreement(&self, losses: &[Vec<f64>]) -> Vec<f64> {
        let r = f64::from(self.n_raters);
        let of_row = |row: &[u32]| -> f64 {
            let pairs = row
                .iter()
                .enumerate()
                .filter(|&(_, &c)| c > 0)
                .map(|(k, &c)| {
                    let lost: f64 = row
                        .iter()
                        .zip(&losses[k])
                        .map(|(&d, l)| f64::from(d) * l)
                        .sum();
                    f64::from(c) * lost
                });
            pairs.sum::<f64>() / (r * (r - 1.0))
        };
        self.rows().map(|(_, row)| of_row(row)).collect()
    }

    /// Mean over each row's ratings of a number per category.
    fn mean_of(&self, of_category: &[f64]) -> Vec<f64> {
        let r = f64::from(self.n_raters);
        let of_row = |row: &[u32]| {
            let sum: f64 = row
                .iter()
                .zip(of_category)
                .map(|(&c, v)| f64::from(c) * v)
                .sum();
            sum / r
        };
        self.rows().map(|(_, row)| of_row(row)).collect()
    }
}

fn at_least(what: &'static str, found: usize, required: usize) -> Result<()> {
    if found >= required {
        return Ok(());
    }
    Err(Error::TooFew {
        what,
        found,
        required,
    })
}

/// Loss of every pair of categories, the same in both orders: raters are exchangeable.
fn losses(weights: &Weights, k: usize) -> Result<Vec<Vec<f64>>> {
    weights.check(k)?;
    let both = |i: usize, j: usize| 0.5 * (weights.loss(i, j, k) + weights.loss(j, i, k));
    Ok((0..k)
        .map(|i| (0..k).map(|j| both(i, j)).collect())
        .collect())
}

/// Category of every subject by every rater, each rater known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ratings {
    raters: Vec<Vec<usize>>,
    n_categories: usize,
}

impl Ratings {
    /// One slice per rater, one category `0..n_categories` per subject.
    ///
    /// # Errors
    /// [`Error::TooFew`] raters (two) or categories (two), [`Error::Empty`] without subjects,
    /// [`Error::LengthMismatch`], [`Error::UnknownCategory`], [`Error::OutOfRange`] for more than
    /// 1,000 categories.
    pub fn new<R: AsRef<[usize]>>(raters: &[R], n_categories: usize) -> Result<Self> {
        at_least("raters", raters.len(), 2)?;
        at_least("categories", n_categories, 2)?;
        check_n_categories(n_categories)?;
        let n = raters[0].as_ref().len();
        if n == 0 {
            return Err(Error::Empty { what: "ratings" });
        }
        for ratings in raters.iter().map(AsRef::as_ref) {
            same_length("ratings of a rater", n, ratings.len())?;
            if let Some(index) = ratings.iter().position(|&c| c >= n_categories) {
                return Err(Error::UnknownCategory {
                    what: "a rater",
                    index,
                    found: ratings[index],
                    n_categories,
                });
            }
        }
        Ok(Self {
            raters: raters.iter().map(|r| r.as_ref().to_vec()).collect(),
            n_categories,
        })
    }

    /// Binary calls, category 0 negative and 1 positive.
    ///
    /// ```
    /// use eval_stats::agreement::Ratings;
    /// let ratings = Ratings::from_calls(&[[true, false, true], [true, true, true]])?;
    /// let counts = ratings.subject_counts();
    /// assert_eq!((counts.n(), counts.n_raters(), counts.n_categories()), (3, 2, 2));
    /// # Ok::<(), eval_stats::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn from_calls<R: AsRef<[bool]>>(raters: &[R]) -> Result<Self> {
        let number = |r: &R| r.as_ref().iter().map(|&c| usize::from(c)).collect();
        let raters: Vec<Vec<usize>> = raters.iter().map(number).collect();
        Self::new(&raters, 2)
    }

    /// Number of subjects.
    pub fn n(&self) -> usize {
        self.raters[0].len()
    }

    /// The ratings without the raters.
    pub fn subject_counts(&self) -> SubjectCounts {
        let (n, k) = (self.n(), self.n_categories);
        let mut counts = vec![0; n * k];
        for ratings in &self.raters {
            for (subject, &c) in ratings.iter().enumerate() {
                counts[subject * k + c] += 1;
            }
        }
        SubjectCounts {
            counts,
            times: vec![1; n],
            n_categories: k,
            n_raters: self.raters.len() as u32,
            n: n as u64,
        }
    }
}

/// A chance-corrected coefficient of agreement.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ChanceCorrected {
    /// Coefficient, standard error and Student's t interval with `n - 1` degrees of freedom, the
    /// upper limit at most 1.
    pub estimate: Estimate,
    /// Observed (weighted) agreement of a random pair of ratings of a subject.
    pub observed: f64,
    /// Agreement expected by chance.
    pub expected: f64,
    /// Coefficient over standard error; 0 for a coefficient of 0, infinite without variance.
    pub t: f64,
    /// Two-sided p-value of a coefficient of 0.
    pub p: f64,
    /// Its decimal logarithm.
    pub log10_p: f64,
    /// Number of subjects.
    pub n: u64,
    /// Number of raters.
    pub n_raters: u32,
}

impl fmt::Display for ChanceCorrected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}, n = {}, {} raters",
            self.estimate, self.n, self.n_raters
        )
    }
}

/// Mean over subjects of a number per row.
fn mean_of_rows(data: &SubjectCounts, of_row: &[f64]) -> f64 {
    let sum: f64 = data
        .rows()
        .zip(of_row)
        .map(|((times, _), v)| times * v)
        .sum();
    sum / data.n as f64
}

/// The coefficient from the observed and the chance losses of each row and the chance loss of all;
/// `shrink` scales the observed disagreement of the coefficient itself (Krippendorff).
fn linearized(
    data: &SubjectCounts,
    observed: &[f64],
    chance_of_row: &[f64],
    chance: f64,
    shrink: f64,
    level: f64,
) -> Result<ChanceCorrected> {
    check_level(level)?;
    if data.n < 2 {
        at_least("subjects", data.n as usize, 2)?;
    }
    if chance <= 0.0 {
        return Err(Error::Undefined {
            statistic: "the coefficient of agreement",
            reason: "chance agreement is complete: all ratings are in one category",
        });
    }
    let lost = mean_of_rows(data, observed);
    let plain = (chance - lost) / chance;
    let influence = observed.iter().zip(chance_of_row);
    let squares: f64 = data
        .rows()
        .zip(influence)
        .map(|((times, _), (a, e))| {
            let x = (chance - a) / chance - 2.0 * (lost / chance) * ((chance - e) / chance);
            times * (x - plain) * (x - plain)
        })
        .sum();
    let n = data.n as f64;
    let std_error = (squares / n / (n - 1.0)).sqrt();
    let value = (chance - shrink * lost) / chance;
    let t = if value == 0.0 { 0.0 } else { value / std_error };
    let ln_p = ln_t_two_sided(t, n - 1.0);
    let half = -t_quantile(0.5 * (1.0 - level), n - 1.0) * std_error;
    Ok(ChanceCorrected {
        estimate: Estimate {
            value,
            std_error: Some(std_error),
            low: value - half,
            high: (value + half).min(1.0),
            level,
            method: IntervalMethod::StudentT,
        },
        observed: 1.0 - shrink * lost,
        expected: 1.0 - chance,
        t,
        p: ln_p.exp().min(1.0),
        log10_p: ln_p / core::f64::consts::LN_10,
        n: data.n,
        n_raters: data.n_raters,
    })
}

/// Gwet's AC1 (unweighted) and AC2 of any number of raters,
/// `pe = Σ w_ij / (k (k - 1)) Σ π_q (1 - π_q)` with `π_q` the share of all ratings in `q`.
///
/// Reference: Gwet 2008, doi:10.1348/000711006X126600.
///
/// ```
/// use eval_stats::agreement::{SubjectCounts, Weights, gwet_ac};
/// // Pairs agree in 7/9; shares 4/9 and 5/9, pe = 2 · 4/9 · 5/9.
/// let counts = SubjectCounts::new(&[vec![3, 0], vec![1, 2], vec![0, 3]])?;
/// let ac1 = gwet_ac(&counts, &Weights::Unweighted, 0.95)?;
/// assert!((ac1.estimate.value - 23.0 / 41.0).abs() < 1e-14);
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::OutOfRange`] for the level or a weight, [`Error::LengthMismatch`] or
/// [`Error::TableShape`] for weights of another size, [`Error::TooFew`] with a single subject,
/// [`Error::Undefined`] if all weights are 1.
pub fn gwet_ac(data: &SubjectCounts, weights: &Weights, level: f64) -> Result<ChanceCorrected> {
    let k = data.n_categories;
    let losses = losses(weights, k)?;
    let kept: f64 = losses.iter().flatten().map(|l| 1.0 - l).sum();
    let factor = kept / (k as f64 * (k as f64 - 1.0));
    let shares = data.shares();
    let spread: f64 = shares.iter().map(|(p, q)| p * q).sum();
    let others: Vec<f64> = shares.iter().map(|&(_, q)| 1.0 - factor * q).collect();
    let observed = data.disagreement(&losses);
    let chance = 1.0 - factor * spread;
    linearized(data, &observed, &data.mean_of(&others), chance, 1.0, level)
}

/// Fleiss' chance disagreement, of all and of each row.
fn fleiss_chance(data: &SubjectCounts, losses: &[Vec<f64>]) -> (f64, Vec<f64>) {
    let shares = data.shares();
    let of_category: Vec<f64> = losses
        .iter()
        .map(|row| row.iter().zip(&shares).map(|(l, (p, _))| l * p).sum())
        .collect();
    let chance = of_category
        .iter()
        .zip(&shares)
        .map(|(l, (p, _))| l * p)
        .sum();
    (chance, data.mean_of(&of_category))
}

/// Krippendorff's alpha: Fleiss' chance agreement, and observed disagreement times
/// `1 - 1/(n m)` for `n` subjects and `m` raters. Weights stand for the level of measurement:
/// unweighted nominal, quadratic interval.
///
/// The standard error is that of the coefficient without the small-sample factor, as irrCAC has it.
/// Reference: Krippendorff, Educ. Psychol. Meas. 30 (1970) 61-70, doi:10.1177/001316447003000105.
///
/// ```
/// use eval_stats::agreement::{SubjectCounts, Weights, krippendorff_alpha};
/// // Pairs disagree in 2/9, times 8/9; by chance in 40/81.
/// let counts = SubjectCounts::new(&[vec![3, 0], vec![1, 2], vec![0, 3]])?;
/// let alpha = krippendorff_alpha(&counts, &Weights::Unweighted, 0.95)?;
/// assert!((alpha.estimate.value - 0.6).abs() < 1e-14);
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// As [`gwet_ac`]; [`Error::Undefined`] if all ratings are in one category.
pub fn krippendorff_alpha(
    data: &SubjectCounts,
    weights: &Weights,
    level: f64,
) -> Result<ChanceCorrected> {
    let losses = losses(weights, data.n_categories)?;
    let (chance, of_row) = fleiss_chance(data, &losses);
    let shrink = 1.0 - 1.0 / (data.n as f64 * f64::from(data.n_raters));
    linearized(
        data,
        &data.disagreement(&losses),
        &of_row,
        chance,
        shrink,
        level,
    )
}

/// Conger's kappa: chance agreement is the mean over all pairs of raters of Cohen's. For two raters
/// it is Cohen's kappa; irr calls it the exact Fleiss' kappa.
///
/// Reference: Conger, Psychol. Bull. 88 (1980) 322-328, doi:10.1037/0033-2909.88.2.322.
///
/// ```
/// use eval_stats::agreement::{Ratings, Weights, conger_kappa};
/// // Two raters, so Cohen's: (0.75 - 0.5)/(1 - 0.5).
/// let ratings = Ratings::new(&[[1, 1, 0, 0], [1, 0, 0, 0]], 2)?;
/// let kappa = conger_kappa(&ratings, &Weights::Unweighted, 0.95)?;
/// assert!((kappa.estimate.value - 0.5).abs() < 1e-14);
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// As [`krippendorff_alpha`].
pub fn conger_kappa(ratings: &Ratings, weights: &Weights, level: f64) -> Result<ChanceCorrected> {
    let k = ratings.n_categories;
    let losses = losses(weights, k)?;
    let data = ratings.subject_counts();
    let (n, r) = (ratings.n() as f64, ratings.raters.len() as f64);
    let shares: Vec<Vec<f64>> = ratings
        .raters
        .iter()
        .map(|of_rater| {
            let mut used = vec![0.0; k];
            of_rater.iter().for_each(|&c| used[c] += 1.0);
            used.iter().map(|u| u / n).collect()
        })
        .collect();
    // Chance loss of a rater's category: against the shares of all other raters.
    let total: Vec<f64> = (0..k).map(|q| shares.iter().map(|s| s[q]).sum()).collect();
    let against_others: Vec<Vec<f64>> = shares
        .iter()
        .map(|own| {
            let of = |c: usize| -> f64 { (0..k).map(|q| losses[q][c] * (total[q] - own[q])).sum() };
            (0..k).map(|c| of(c) / (r * (r - 1.0))).collect()
        })
        .collect();
    let of_subject = |i: usize| -> f64 {
        let raters = ratings.raters.iter().zip(&against_others);
        raters.map(|(of_rater, lost)| lost[of_rater[i]]).sum()
    };
    let of_row: Vec<f64> = (0..ratings.n()).map(of_subject).collect();
    let by_rater = shares.iter().zip(&against_others);
    let chance = by_rater
        .map(|(own, lost)| own.iter().zip(lost).map(|(p, l)| p * l).sum::<f64>())
        .sum();
    linearized(
        &data,
        &data.disagreement(&losses),
        &of_row,
        chance,
        1.0,
        level,
    )
}

/// Light's kappa, the mean of Cohen's kappas of all pairs of raters.
///
/// Reference: Light, Psychol. Bull. 76 (1971) 365-377, doi:10.1037/h0031643.
///
/// ```
/// use eval_stats::agreement::{Ratings, Weights, light_kappa};
/// // Pairs: 0.5, 0.5, and 1 of the two alike.
/// let ratings = Ratings::new(&[[1, 1, 0, 0], [1, 0, 0, 0], [1, 1, 0, 0]], 2)?;
/// assert!((light_kappa(&ratings, &Weights::Unweighted)? - 2.0 / 3.0).abs() < 1e-15);
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// As [`kappa`](super::kappa()) of any pair.
pub fn light_kappa(ratings: &Ratings, weights: &Weights) -> Result<f64> {
    let mut sum = 0.0;
    let mut pairs = 0.0;
    for (j, second) in ratings.raters.iter().enumerate() {
        for first in &ratings.raters[..j] {
            let table = AgreementTable::from_ratings(first, second, ratings.n_categories)?;
            sum += kappa(&table, weights.clone(), 0.95)?.value;
            pairs += 1.0;
        }
    }
    Ok(sum / pairs)
}

/// Fleiss' kappa of one category against all others.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct CategoryKappa {
    /// The category.
    pub category: usize,
    /// Share of all ratings in it.
    pub share: f64,
    /// `1 - Σ_i n_i (m - n_i) / (n m (m - 1) p q)`.
    pub value: f64,
    /// Standard error if the kappa were 0, `√(2/(n m (m - 1)))`.
    pub std_error_null: f64,
    /// `value / std_error_null`.
    pub z: f64,
    /// Two-sided p-value of a kappa of 0.
    pub p: f64,
    /// Its decimal logarithm.
    pub log10_p: f64,
}

/// Fleiss' kappa of many raters.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct FleissKappa {
    /// Kappa, at most 1.
    pub value: f64,
    /// Observed agreement of a random pair of ratings of a subject.
    pub observed: f64,
    /// Agreement expected by chance, `Σ p_q²`.
    pub expected: f64,
    /// Standard error if kappa were 0 (Fleiss, Nee and Landis).
    pub std_error_null: f64,
    /// `value / std_error_null`.
    pub z: f64,
    /// Two-sided p-value of kappa = 0.
    pub p: f64,
    /// Its decimal logarithm.
    pub log10_p: f64,
    /// Kappa with a standard error that does not assume a kappa of 0, and its interval; `None` with
    /// a single subject.
    pub interval: Option<ChanceCorrected>,
    /// Kappa of each category; `None` for a category that has no rating.
    pub categories: Vec<Option<CategoryKappa>>,
    /// Number of subjects.
    pub n: u64,
    /// Number of raters.
    pub n_raters: u32,
}

impl fmt::Display for FleissKappa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fleiss' kappa {:.3}", self.value)?;
        if let Some(c) = self.interval {
            let e = c.estimate;
            let level = percent(e.level);
            write!(f, " ({level}% CI {:.3} to {:.3})", e.low, e.high)?;
        }
        let (n, raters) = (self.n, self.n_raters);
        write!(f, ", z = {:.2}, n = {n}, {raters} raters", self.z)
    }
}

/// Fleiss' kappa of many raters, overall and by category.
///
/// With shares `p_q`, `q_q = 1 - p_q`, `n` subjects and `m` raters, the null variance is
/// `2 [(Σ p q)² - Σ p q (q - p)] / ((Σ p q)² n m (m - 1))`.
///
/// ```
/// use eval_stats::agreement::{SubjectCounts, fleiss_kappa};
/// // Three raters: agreement of pairs (1 + 1/3 + 1)/3 = 7/9; shares 4/9 and 5/9.
/// let counts = SubjectCounts::new(&[vec![3, 0], vec![1, 2], vec![0, 3]])?;
/// let k = fleiss_kappa(&counts, 0.95)?;
/// assert!((k.value - (7.0 / 9.0 - 41.0 / 81.0) / (40.0 / 81.0)).abs() < 1e-15);
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// References: Fleiss, Psychol. Bull. 76 (1971) 378-382, doi:10.1037/h0031619; Fleiss, Nee and
/// Landis, Psychol. Bull. 86 (1979) 974-977, doi:10.1037/0033-2909.86.5.974; interval by Gwet 2008.
///
/// # Errors
/// [`Error::OutOfRange`] for the level, [`Error::Undefined`] if all ratings are in one category.
pub fn fleiss_kappa(data: &SubjectCounts, level: f64) -> Result<FleissKappa> {
    check_level(level)?;
    let losses = losses(&Weights::Unweighted, data.n_categories)?;
    let shares = data.shares();
    let chance: f64 = shares.iter().map(|(p, q)| p * q).sum();
    if chance == 0.0 {
        return Err(Error::Undefined {
            statistic: "Fleiss' kappa",
            reason: "all ratings are in one category",
        });
    }
    let (_, of_row) = fleiss_chance(data, &losses);
    let observed = data.disagreement(&losses);
    let lost = mean_of_rows(data, &observed);
    let value = (chance - lost) / chance;
    let m = f64::from(data.n_raters);
    let pairs = data.n as f64 * m * (m - 1.0);
    let skew: f64 = shares.iter().map(|(p, q)| p * q * (q - p)).sum();
    let square = chance * chance;
    let std_error_null = (2.0 * ((square - skew) / square).max(0.0) / pairs).sqrt();
    let (z, ln_p) = z_test(value, std_error_null);
    let interval = match data.n {
        1 => None,
        _ => Some(linearized(data, &observed, &of_row, chance, 1.0, level)?),
    };
    Ok(FleissKappa {
        value,
        observed: 1.0 - lost,
        expected: 1.0 - chance,
        std_error_null,
        z,
        p: ln_p.exp().min(1.0),
        log10_p: ln_p / core::f64::consts::LN_10,
        interval,
        categories: category_kappas(data, &shares, pairs),
        n: data.n,
        n_raters: data.n_raters,
    })
}

fn z_test(value: f64, std_error: f64) -> (f64, f64) {
    let z = if value == 0.0 { 0.0 } else { value / std_error };
    (z, ln_normal_two_sided(z))
}

fn category_kappas(
    data: &SubjectCounts,
    shares: &[(f64, f64)],
    pairs: f64,
) -> Vec<Option<CategoryKappa>> {
    let mut mixed = vec![0.0; data.n_categories];
    for (times, row) in data.rows() {
        for (sum, &c) in mixed.iter_mut().zip(row) {
            *sum += times * f64::from(c) * f64::from(data.n_raters - c);
        }
    }
    let std_error_null = (2.0 / pairs).sqrt();
    let of = |category: usize| {
        let (p, q) = shares[category];
        if p == 0.0 || q == 0.0 {
            return None;
        }
        let value = 1.0 - mixed[category] / (pairs * p * q);
        let (z, ln_p) = z_test(value, std_error_null);
        Some(CategoryKappa {
            category,
            share: p,
            value,
            std_error_null,
            z,
            p: ln_p.exp().min(1.0),
            log10_p: ln_p / core::f64::consts::LN_10,
        })
    };
    (0..data.n_categories).map(of).collect()
}
