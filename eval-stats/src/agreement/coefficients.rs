//! Agreement of two raters beyond Cohen's kappa.

use super::raters::{SubjectCounts, gwet_ac};
use super::{AgreementTable, Weights};
use crate::error::{Result, check_level};
use crate::estimate::Estimate;
use crate::proportion::{Proportion, ProportionMethod};

/// Share of subjects that both raters put into the same category.
///
/// ```
/// use eval_stats::agreement::{AgreementTable, percent_agreement};
/// use eval_stats::proportion::ProportionMethod;
/// let table = AgreementTable::new(vec![vec![20, 5], vec![10, 15]])?;
/// assert_eq!(percent_agreement(&table, 0.95, ProportionMethod::Wilson)?.value, 0.7);
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::OutOfRange`](crate::Error::OutOfRange) for the level.
pub fn percent_agreement(
    table: &AgreementTable,
    level: f64,
    method: ProportionMethod,
) -> Result<Proportion> {
    Proportion::new(agreements(table), table.n, level, method)
}

fn agreements(table: &AgreementTable) -> u64 {
    (0..table.counts.len()).map(|i| table.counts[i][i]).sum()
}

/// How often a rater confirms the other's use of one category.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct SpecificAgreement {
    /// The category.
    pub category: usize,
    /// Subjects that both raters put there.
    pub both: u64,
    /// Subjects that exactly one rater put there.
    pub only_one: u64,
    /// `2 both/(2 both + only_one)`.
    pub value: f64,
    /// Lower limit.
    pub low: f64,
    /// Upper limit.
    pub high: f64,
    /// Confidence level.
    pub level: f64,
    /// Interval of the share `both/(both + only_one)` that the limits come from.
    pub method: ProportionMethod,
}

/// Specific agreement on every category: positive and negative agreement of two binary readers
/// (category 1 and 0). `None` for a category that neither rater used.
///
/// Given the subjects that any rater put into the category, the number put there by both is
/// binomial with a share `π`; specific agreement is `2π/(1 + π)`, which grows with `π`, so the limits
/// of `π` carry over.
///
/// ```
/// use eval_stats::agreement::{AgreementTable, specific_agreement};
/// use eval_stats::proportion::ProportionMethod;
/// let table = AgreementTable::new(vec![vec![20, 5], vec![10, 15]])?;
/// let of = specific_agreement(&table, 0.95, ProportionMethod::Wilson)?;
/// assert_eq!(of[1].expect("used").value, 30.0 / 45.0);
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// References: Cicchetti and Feinstein, J. Clin. Epidemiol. 43 (1990) 551-558,
/// doi:10.1016/0895-4356(90)90159-M; Graham and Bull 1998, doi:10.1016/S0895-4356(98)00041-2.
///
/// # Errors
/// [`Error::OutOfRange`](crate::Error::OutOfRange) for the level.
pub fn specific_agreement(
    table: &AgreementTable,
    level: f64,
    method: ProportionMethod,
) -> Result<Vec<Option<SpecificAgreement>>> {
    check_level(level)?;
    let (rows, columns) = table.margins();
    let doubled = |share: f64| 2.0 * share / (1.0 + share);
    (0..table.counts.len())
        .map(|category| {
            let both = table.counts[category][category];
            let only_one = (rows[category] - both) + (columns[category] - both);
            if both + only_one == 0 {
                return Ok(None);
            }
            let share = Proportion::new(both, both + only_one, level, method)?;
            let (b, d) = (both as f64, only_one as f64);
            Ok(Some(SpecificAgreement {
                category,
                both,
                only_one,
                value: 2.0 * b / (2.0 * b + d),
                low: doubled(share.low),
                high: doubled(share.high),
                level,
                method,
            }))
        })
        .collect()
}

/// Prevalence- and bias-adjusted kappa, `(k po - 1)/(k - 1)` for `k` categories, in
/// `[-1/(k-1), 1]`; with a Wald interval from the binomial variance of `po`.
///
/// ```
/// use eval_stats::agreement::{AgreementTable, pabak};
/// let table = AgreementTable::new(vec![vec![20, 5], vec![10, 15]])?;
/// assert!((pabak(&table, 0.95)?.value - 0.4).abs() < 1e-15);     // 2 · 0.7 - 1
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::OutOfRange`](crate::Error::OutOfRange) for the level.
pub fn pabak(table: &AgreementTable, level: f64) -> Result<Estimate> {
    check_level(level)?;
    let k = table.counts.len() as f64;
    let n = table.n as f64;
    let po = agreements(table) as f64 / n;
    let se = k / (k - 1.0) * (po * (1.0 - po) / n).sqrt();
    Ok(Estimate::wald((k * po - 1.0) / (k - 1.0), se, level))
}

/// Gwet's AC1, `(po - pe)/(1 - pe)` with `pe = Σ π_q (1 - π_q)/(k - 1)` and `π_q` the mean of both
/// raters' shares; stable where kappa is not (nearly all subjects in one category).
///
/// Standard error (linearized, divisor `n (n - 1)`) and Student's t interval with `n - 1` degrees of
/// freedom, the upper limit at most 1, as R's and Python's irrCAC.
///
/// ```
/// use eval_stats::agreement::{AgreementTable, gwet_ac1};
/// // po = 0.7, π = 0.55 and 0.45, pe = 2·0.55·0.45 = 0.495
/// let table = AgreementTable::new(vec![vec![20, 5], vec![10, 15]])?;
/// assert!((gwet_ac1(&table, 0.95)?.value - 0.205 / 0.505).abs() < 1e-15);
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::OutOfRange`](crate::Error::OutOfRange) for the level,
/// [`Error::TooFew`](crate::Error::TooFew) with a single subject.
pub fn gwet_ac1(table: &AgreementTable, level: f64) -> Result<Estimate> {
    gwet_ac2(table, &Weights::Unweighted, level)
}

/// Gwet's AC2, AC1 with weights: `pe = Σ w_ij / (k (k - 1)) Σ π_q (1 - π_q)`.
///
/// ```
/// use eval_stats::agreement::{AgreementTable, Weights, gwet_ac2};
/// // po = (15 + 5/2)/20 = 0.875; π = 3/8, 3/8, 1/4 and Σ w = 5, so pe = 5/6 · 21/32 = 0.546875
/// let table = AgreementTable::new(vec![vec![5, 5, 0], vec![0, 5, 0], vec![0, 0, 5]])?;
/// let ac2 = gwet_ac2(&table, &Weights::Linear, 0.95)?;
/// assert!((ac2.value - 21.0 / 29.0).abs() < 1e-14);
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// As [`gwet_ac1`]; custom weights as [`kappa`](super::kappa).
pub fn gwet_ac2(table: &AgreementTable, weights: &Weights, level: f64) -> Result<Estimate> {
    Ok(gwet_ac(&SubjectCounts::of_table(table)?, weights, level)?.estimate)
}
