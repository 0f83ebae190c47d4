//! Adjusting p-values for multiple tests.

use crate::error::{Result, all_probabilities};

/// How p-values are adjusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub enum Adjustment {
    /// Times the number of tests.
    Bonferroni,
    /// Holm's step-down, controls the family-wise error rate.
    Holm,
    /// Benjamini and Hochberg's step-up, controls the false discovery rate.
    BenjaminiHochberg,
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
    match adjustment {
        Adjustment::Bonferroni => {
            for (a, p) in adjusted.iter_mut().zip(p) {
                *a = (p * n as f64).min(1.0);
            }
        }
        Adjustment::Holm => {
            let mut largest: f64 = 0.0;
            for (rank, &i) in order.iter().enumerate() {
                largest = largest.max(p[i] * (n - rank) as f64);
                adjusted[i] = largest.min(1.0);
            }
        }
        Adjustment::BenjaminiHochberg => {
            let mut smallest: f64 = 1.0;
            for (rank, &i) in order.iter().enumerate().rev() {
                smallest = smallest.min(p[i] * n as f64 / (rank + 1) as f64);
                adjusted[i] = smallest;
            }
        }
    }
    Ok(adjusted)
}
