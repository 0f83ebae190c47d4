//! Adjusting p-values for multiple tests.

use crate::error::{Result, all_probabilities};

/// How p-values are adjusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub enum Adjustment {
    /// Times the number of tests.
    Bonferroni,
    /// Holm's step-down, controls the family-wise error rate (Scand. J. Stat. 6, 1979, 65-70).
    Holm,
    /// Hochberg's step-up, controls the family-wise error rate of independent or positively
    /// dependent tests (Biometrika 75, 1988, 800-802, doi:10.1093/biomet/75.4.800).
    Hochberg,
    /// Hommel's closed test of Simes' inequality, under the same conditions and never larger than
    /// Hochberg's (Biometrika 75, 1988, 383-386, doi:10.1093/biomet/75.2.383). Takes time in
    /// proportion to the square of the number of tests.
    Hommel,
    /// Benjamini and Hochberg's step-up, controls the false discovery rate (J. R. Stat. Soc. B 57,
    /// 1995, 289-300, doi:10.1111/j.2517-6161.1995.tb02031.x).
    BenjaminiHochberg,
    /// Benjamini and Yekutieli's step-up, controls the false discovery rate under any dependence:
    /// as Benjamini and Hochberg's, times `Σ 1/i` (Ann. Stat. 29, 2001, 1165-1188,
    /// doi:10.1214/aos/1013699998).
    BenjaminiYekutieli,
}

/// Adjusted p-values, in the order given, at most 1.
///
/// ```
/// use eval_stats::multiplicity::{adjust, Adjustment};
/// let p = adjust(&[0.01, 0.04, 0.03], Adjustment::Holm)?;
/// assert_eq!(p, [0.03, 0.06, 0.06]);
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::Empty`](crate::Error::Empty), [`Error::NotFinite`](crate::Error::NotFinite),
/// [`Error::NotProbability`](crate::Error::NotProbability).
pub fn adjust(p: &[f64], adjustment: Adjustment) -> Result<Vec<f64>> {
    all_probabilities("p-values", p)?;
    let n = p.len();
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&i, &j| p[i].total_cmp(&p[j]));
    let mut adjusted = vec![0.0; n];
    let sorted: Vec<f64> = order.iter().map(|&i| p[i]).collect();
    let nf = n as f64;
    let by_rank = match adjustment {
        Adjustment::Bonferroni => sorted.iter().map(|p| p * nf).collect(),
        Adjustment::Holm => step_down(&sorted, |rank| nf - rank),
        Adjustment::Hochberg => step_up(&sorted, |rank| nf - rank),
        Adjustment::Hommel => hommel(&sorted),
        Adjustment::BenjaminiHochberg => step_up(&sorted, |rank| nf / (rank + 1.0)),
        Adjustment::BenjaminiYekutieli => {
            let harmonic: f64 = (1..=n).map(|i| 1.0 / i as f64).sum();
            step_up(&sorted, |rank| harmonic * nf / (rank + 1.0))
        }
    };
    for (i, p) in order.into_iter().zip(by_rank) {
        adjusted[i] = p.min(1.0);
    }
    Ok(adjusted)
}

/// Running maximum of the p-values times a factor of their rank, counted from 0.
fn step_down(sorted: &[f64], factor: impl Fn(f64) -> f64) -> Vec<f64> {
    let mut largest: f64 = 0.0;
    let scaled = sorted.iter().enumerate();
    scaled
        .map(|(rank, p)| {
            largest = largest.max(p * factor(rank as f64));
            largest
        })
        .collect()
}

/// Running minimum from the largest p-value on, times a factor of their rank, counted from 0.
fn step_up(sorted: &[f64], factor: impl Fn(f64) -> f64) -> Vec<f64> {
    let mut smallest: f64 = 1.0;
    let mut adjusted: Vec<f64> = sorted
        .iter()
        .enumerate()
        .rev()
        .map(|(rank, p)| {
            smallest = smallest.min(p * factor(rank as f64));
            smallest
        })
        .collect();
    adjusted.reverse();
    adjusted
}

/// Hommel's adjusted p-values (Wright, Biometrics 48, 1992, 1005-1013, doi:10.2307/2532694): for
/// every number `m` of hypotheses that may be true, the smallest Simes bound of those `m` that
/// include the hypothesis.
fn hommel(sorted: &[f64]) -> Vec<f64> {
    let n = sorted.len();
    let mut adjusted = sorted.to_vec();
    for m in (1..=n).rev() {
        let mf = m as f64;
        // The largest m - 1 p-values are in every such set that is hardest to reject.
        let first_large = n - m + 1;
        let of_large = sorted[first_large..]
            .iter()
            .enumerate()
            .map(|(i, p)| mf * p / (i as f64 + 2.0))
            .fold(f64::INFINITY, f64::min);
        for (a, p) in adjusted[..first_large].iter_mut().zip(sorted) {
            *a = a.max((mf * p).min(of_large));
        }
        let bound = (mf * sorted[n - m]).min(of_large);
        for a in &mut adjusted[first_large..] {
            *a = a.max(bound);
        }
    }
    adjusted
}
