//! Corrections for many features.

use eval_stats::multiplicity;

/// Correction of many p-values, as R's `p.adjust` names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Adjustment {
    /// None.
    #[default]
    None,
    /// False discovery rate (Benjamini and Hochberg).
    BenjaminiHochberg,
    /// False discovery rate under any dependence (Benjamini and Yekutieli).
    BenjaminiYekutieli,
    /// Family-wise error rate, step-down (Holm).
    Holm,
    /// Family-wise error rate, step-up, of independent or positively dependent features (Hochberg).
    Hochberg,
    /// As Hochberg's and never larger; takes time in proportion to the square of the number of features (Hommel).
    Hommel,
    /// Family-wise error rate, single-step.
    Bonferroni,
}

/// Adjusted p-values, in the order given; formulas and sources stand at [`eval_stats::multiplicity`].
///
/// An entry that is no probability (NaN for a test that could not be done, negative, above 1) has no adjusted value, NaN,
/// and is not counted among the tests, as R's `p.adjust` does with `NA`.
///
/// # Examples
/// ```
/// use feature_selection::univariate::{adjust, Adjustment};
/// assert_eq!(adjust(&[0.01, 0.04, 0.03], Adjustment::Holm), vec![0.03, 0.06, 0.06]);
/// ```
///
/// # Panics
/// Never: only probabilities are handed on.
pub fn adjust(p_values: &[f64], method: Adjustment) -> Vec<f64> {
    let rule = match method {
        Adjustment::None => None,
        Adjustment::BenjaminiHochberg => Some(multiplicity::Adjustment::BenjaminiHochberg),
        Adjustment::BenjaminiYekutieli => Some(multiplicity::Adjustment::BenjaminiYekutieli),
        Adjustment::Holm => Some(multiplicity::Adjustment::Holm),
        Adjustment::Hochberg => Some(multiplicity::Adjustment::Hochberg),
        Adjustment::Hommel => Some(multiplicity::Adjustment::Hommel),
        Adjustment::Bonferroni => Some(multiplicity::Adjustment::Bonferroni),
    };
    let is_probability = |p: f64| (0.0..=1.0).contains(&p);
    let tests: Vec<usize> = (0..p_values.len())
        .filter(|&i| is_probability(p_values[i]))
        .collect();
    let p: Vec<f64> = tests.iter().map(|&i| p_values[i]).collect();
    let adjusted = match rule {
        Some(rule) if !p.is_empty() => {
            multiplicity::adjust(&p, rule).expect("at least one value, and all are probabilities")
        }
        _ => p,
    };
    let mut all = vec![f64::NAN; p_values.len()];
    for (i, p) in tests.into_iter().zip(adjusted) {
        all[i] = p;
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adjustments_of_a_hand_worked_set() {
        let p = [0.01, 0.02, 0.03, 0.5];
        assert_eq!(adjust(&p, Adjustment::Bonferroni), [0.04, 0.08, 0.12, 1.0]);
        let rates = adjust(&p, Adjustment::BenjaminiHochberg);
        for (found, expected) in rates.iter().zip([0.04, 0.04, 0.04, 0.5]) {
            assert!((found - expected).abs() < 1e-16);
        }
        assert_eq!(adjust(&p, Adjustment::None), p);
    }

    #[test]
    fn what_is_no_probability_is_not_counted() {
        let p = adjust(&[0.01, f64::NAN, 0.02, 1.5], Adjustment::Bonferroni);
        assert_eq!((p[0], p[2]), (0.02, 0.04));
        assert!(p[1].is_nan() && p[3].is_nan());
        assert!(adjust(&[], Adjustment::Holm).is_empty());
    }
}
