//! Cohen's kappa.

use std::fmt;

use super::{AgreementTable, Weights, sum_pairs};
use crate::bootstrap::Bootstrap;
use crate::error::{Error, Result, check_level};
use crate::estimate::{Estimate, IntervalMethod, percent, variance, z_of_level};
use crate::quantile::{self, QuantileType};
use crate::special::ln_normal_two_sided;

/// Asymptotic variance of kappa.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum KappaVariance {
    /// Fleiss, Cohen and Everitt (1969), the formula of the [module](super).
    #[default]
    FleissCohenEveritt,
    /// As psych's `cohen.kappa` up to 2.2.9 computes the variance of *weighted* kappa, with
    /// `p_j. Σ_l w_jl` in place of `w_.j`. The same for two categories that share no weight, too small
    /// or too large otherwise (0 where psych finds it negative). For reproducing published numbers
    /// only.
    PsychCompat,
}

/// Cohen's kappa.
#[derive(Debug, Clone, PartialEq)]
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
    /// Standard error if kappa were 0; 0 if one rater used a single category.
    pub std_error_null: f64,
    /// `value / std_error_null`; 0 for a kappa of 0.
    pub z: f64,
    /// Two-sided p-value of kappa = 0.
    pub p: f64,
    /// Its decimal logarithm, exact where `p` underflows.
    pub log10_p: f64,
    /// Lower limit `value - z SE`, not clipped.
    pub low: f64,
    /// Upper limit, not clipped.
    pub high: f64,
    /// Confidence level.
    pub level: f64,
    /// Weights.
    pub weights: Weights,
    /// How `std_error` was made.
    pub variance: KappaVariance,
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
            ("log10_p", self.log10_p),
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
/// [`Error::OutOfRange`] for the level or a custom weight, [`Error::LengthMismatch`] or
/// [`Error::TableShape`] for custom weights of another size; [`Error::Undefined`] if both raters put
/// everybody into the same category (or, with custom weights, into categories that agree fully),
/// where chance agreement is complete.
pub fn kappa(table: &AgreementTable, weights: Weights, level: f64) -> Result<Kappa> {
    kappa_with(table, weights, KappaVariance::default(), level)
}

/// As [`kappa`], with the variance named.
///
/// ```
/// use eval_stats::agreement::{AgreementTable, KappaVariance, Weights, kappa_with};
/// // One number, two standard errors.
/// let table = AgreementTable::new(vec![vec![9, 3, 1], vec![2, 8, 2], vec![0, 1, 4]])?;
/// let ours = kappa_with(&table, Weights::Linear, KappaVariance::FleissCohenEveritt, 0.95)?;
/// let psych = kappa_with(&table, Weights::Linear, KappaVariance::PsychCompat, 0.95)?;
/// assert_eq!(ours.value, psych.value);
/// assert!((ours.std_error - psych.std_error).abs() > 1e-4);
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// As [`kappa`].
pub fn kappa_with(
    table: &AgreementTable,
    weights: Weights,
    variance: KappaVariance,
    level: f64,
) -> Result<Kappa> {
    check_level(level)?;
    weights.check(table.n_categories())?;
    let (value, lost, lost_by_chance) = point(table, &weights)?;
    let expected = 1.0 - lost_by_chance;
    let (spread, null) = spreads(table, &weights, variance, value, expected);
    let scale = table.n as f64 * lost_by_chance * lost_by_chance;
    let std_error = (spread.max(0.0) / scale).sqrt();
    let std_error_null = (null.max(0.0) / scale).sqrt();
    let z = if value == 0.0 {
        0.0
    } else {
        value / std_error_null
    };
    let ln_p = ln_normal_two_sided(z);
    let half = z_of_level(level) * std_error;
    Ok(Kappa {
        value,
        observed: 1.0 - lost,
        expected,
        std_error,
        std_error_null,
        z,
        p: ln_p.exp().min(1.0),
        log10_p: ln_p / core::f64::consts::LN_10,
        low: value - half,
        high: value + half,
        level,
        weights,
        variance,
        n: table.n,
    })
}

/// Kappa, observed disagreement and disagreement by chance.
fn point(table: &AgreementTable, weights: &Weights) -> Result<(f64, f64, f64)> {
    let s = table.shares();
    let k = table.n_categories();
    let lost = sum_pairs(k, |i, j| weights.loss(i, j, k) * s.cells[i][j]);
    let chance = sum_pairs(k, |i, j| weights.loss(i, j, k) * (s.rows[i] * s.columns[j]));
    if chance == 0.0 {
        return Err(Error::Undefined {
            statistic: "kappa",
            reason: "both raters used one and the same category only",
        });
    }
    Ok(((chance - lost) / chance, lost, chance))
}

/// Numerators of the variance and of the variance under kappa = 0.
///
/// Both are variances of `T = (v_i. + v_.j)(1 - kappa) - v_ij` over the table, with losses `v = 1 - w`:
/// observed, and with independent raters and kappa 0. Taken about the mean, a rater with one category
/// has a variance of 0 and not a rounding error.
fn spreads(
    table: &AgreementTable,
    weights: &Weights,
    variance: KappaVariance,
    value: f64,
    expected: f64,
) -> (f64, f64) {
    let s = table.shares();
    let k = table.n_categories();
    let v = |i: usize, j: usize| weights.loss(i, j, k);
    let total = |f: &dyn Fn(usize) -> f64| (0..k).map(f).sum::<f64>();
    let of_row: Vec<f64> = (0..k).map(|i| total(&|j| s.columns[j] * v(i, j))).collect();
    let of_column: Vec<f64> = (0..k).map(|j| total(&|i| s.rows[i] * v(i, j))).collect();
    let about_mean = |share: &dyn Fn(usize, usize) -> f64, kappa: f64| {
        let t = |i: usize, j: usize| (of_row[i] + of_column[j]) * (1.0 - kappa) - v(i, j);
        let mean = sum_pairs(k, |i, j| share(i, j) * t(i, j));
        sum_pairs(k, |i, j| share(i, j) * (t(i, j) - mean) * (t(i, j) - mean))
    };
    let spread = match variance {
        KappaVariance::FleissCohenEveritt => about_mean(&|i, j| s.cells[i][j], value),
        KappaVariance::PsychCompat => psych_spread(table, weights, value, expected),
    };
    (spread, about_mean(&|i, j| s.rows[i] * s.columns[j], 0.0))
}

fn psych_spread(table: &AgreementTable, weights: &Weights, value: f64, expected: f64) -> f64 {
    let s = table.shares();
    let k = table.n_categories();
    let w = |i: usize, j: usize| weights.of(i, j, k);
    let square = |x: f64| x * x;
    let of_column = |i: usize| (0..k).map(|l| w(l, i) * s.columns[l]).sum::<f64>();
    let of_row = |j: usize| s.rows[j] * (0..k).map(|l| w(j, l)).sum::<f64>();
    sum_pairs(k, |i, j| {
        s.cells[i][j] * square(w(i, j) - (of_column(i) + of_row(j)) * (1.0 - value))
    }) - square(value - expected * (1.0 - value))
}

/// Largest kappa that the raters' margins allow, `(Σ min(p_i., p_.i) - pe)/(1 - pe)`, unweighted.
///
/// 1 if both raters use every category equally often. Reference: Cohen 1960.
///
/// ```
/// use eval_stats::agreement::{AgreementTable, kappa_maximum};
/// // Margins 25, 25 and 30, 20: (0.9 - 0.5)/(1 - 0.5)
/// let table = AgreementTable::new(vec![vec![20, 5], vec![10, 15]])?;
/// assert!((kappa_maximum(&table)? - 0.8).abs() < 1e-15);
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::Undefined`] as [`kappa`].
pub fn kappa_maximum(table: &AgreementTable) -> Result<f64> {
    let (rows, columns) = table.margins();
    let common: u64 = rows.iter().zip(&columns).map(|(&r, &c)| r.min(c)).sum();
    let (_, _, chance) = point(table, &Weights::Unweighted)?;
    let lost = (table.n - common) as f64 / table.n as f64;
    Ok((chance - lost) / chance)
}

/// Kappa with a bootstrap interval.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct BootstrapKappa {
    /// Kappa, the standard deviation of its replicates, and their percentiles (quantile type 7).
    pub estimate: Estimate,
    /// Replicates that have a kappa.
    pub used: usize,
    /// Replicates without one (both raters in one category); they are left out.
    pub undefined: usize,
    /// Weights.
    pub weights: Weights,
}

/// Bootstrap interval of kappa: subjects are drawn with replacement, as R's
/// `sample.int(n, replace = TRUE)` draws them after `set.seed` (with the default stream).
///
/// Ratings are `0..n_categories`, one of each rater per subject, in the order of the draws.
///
/// ```
/// use eval_stats::agreement::{Weights, kappa_bootstrap};
/// use eval_stats::bootstrap::Bootstrap;
/// // Full agreement has kappa 1 in every resample that has both categories.
/// let ratings = [0, 0, 0, 1, 1];
/// let bootstrap = Bootstrap::new().replicates(500);
/// let k = kappa_bootstrap(&ratings, &ratings, 2, Weights::Unweighted, 0.95, &bootstrap)?;
/// assert_eq!((k.estimate.low, k.estimate.high), (1.0, 1.0));
/// assert_eq!(k.used + k.undefined, 500);
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// As [`AgreementTable::from_ratings`] and [`kappa`]; [`Error::TooFew`] for fewer than two
/// replicates, or fewer than two that have a kappa.
pub fn kappa_bootstrap(
    first: &[usize],
    second: &[usize],
    n_categories: usize,
    weights: Weights,
    level: f64,
    bootstrap: &Bootstrap,
) -> Result<BootstrapKappa> {
    check_level(level)?;
    let table = AgreementTable::from_ratings(first, second, n_categories)?;
    weights.check(n_categories)?;
    let (value, _, _) = point(&table, &weights)?;
    let n = first.len();
    let blank = AgreementTable {
        counts: vec![vec![0; n_categories]; n_categories],
        n: n as u64,
    };
    let replicates = bootstrap.run(
        || blank.clone(),
        |rng, table| {
            table.counts.iter_mut().for_each(|row| row.fill(0));
            for _ in 0..n {
                let subject = rng.index(n);
                table.counts[first[subject]][second[subject]] += 1;
            }
            point(table, &weights).ok().map(|(value, _, _)| value)
        },
    )?;
    let mut values: Vec<f64> = replicates.iter().copied().flatten().collect();
    if values.len() < 2 {
        return Err(Error::TooFew {
            what: "bootstrap replicates with a kappa",
            found: values.len(),
            required: 2,
        });
    }
    let std_error = variance(&values).sqrt();
    values.sort_unstable_by(f64::total_cmp);
    let tail = 0.5 * (1.0 - level);
    let at = |p: f64| quantile::of_sorted(&values, p, QuantileType::Type7);
    Ok(BootstrapKappa {
        estimate: Estimate {
            value,
            std_error: Some(std_error),
            low: at(tail),
            high: at(1.0 - tail),
            level,
            method: IntervalMethod::BootstrapPercentile,
        },
        used: values.len(),
        undefined: replicates.len() - values.len(),
        weights,
    })
}
