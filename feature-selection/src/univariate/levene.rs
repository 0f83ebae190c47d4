//! Levene's test of equal variances.

use eval_stats::special::ln_t_two_sided;

use super::t::ratio;
use crate::moments::{Moments, range};

/// Center of the deviations in Levene's test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LeveneCenter {
    /// Class mean (SPSS; Levene 1960).
    Mean,
    /// Class median (Brown and Forsythe, J. Am. Stat. Assoc. 69, 1974, 364-367, doi:10.1080/01621459.1974.10482955;
    /// the default of R's `car::leveneTest` and of scipy).
    Median,
}

/// Levene's test of equal variances.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct LeveneTest {
    /// F statistic; 0 if the mean deviations are equal, infinite if they differ although deviations do not vary within
    /// the classes.
    pub statistic: f64,
    /// Denominator degrees of freedom; the numerator has 1.
    pub df: f64,
    /// Upper tail of F.
    pub p_value: f64,
    /// Its decimal logarithm.
    pub log10_p: f64,
    /// Center used.
    pub center: LeveneCenter,
}

/// Of at least three values, each class measured from its smallest. With two classes F is the square of the pooled t of
/// the deviations.
pub(crate) fn levene_test(events: &[f64], others: &[f64], center: LeveneCenter) -> LeveneTest {
    let (a, b) = (deviations(events, center), deviations(others, center));
    let df = a.n + b.n - 2.0;
    let mut difference = a.difference(b);
    if difference.abs() <= ROUNDING * range(events).1.max(range(others).1) {
        difference = 0.0;
    }
    let error = (a.squares + b.squares) / df * (1.0 / a.n + 1.0 / b.n);
    let t = ratio(difference, error.sqrt());
    let ln_p = ln_t_two_sided(t, df);
    LeveneTest {
        statistic: t * t,
        df,
        p_value: ln_p.exp(),
        log10_p: ln_p / std::f64::consts::LN_10,
        center,
    }
}

/// Deviations that differ by this share of their class's range are equal but for the rounding of their center.
const ROUNDING: f64 = 4.0 * f64::EPSILON;

/// Moments of the deviations from the center.
fn deviations(values: &[f64], center: LeveneCenter) -> Moments {
    let center = match center {
        LeveneCenter::Mean => Moments::of_measured(values).mean(),
        LeveneCenter::Median => median(values),
    };
    let deviations: Vec<f64> = values.iter().map(|v| (v - center).abs()).collect();
    let mut moments = Moments::of_measured(&deviations);
    let (low, high) = range(&deviations);
    if high - low <= ROUNDING * range(values).1 {
        moments.squares = 0.0;
    }
    moments
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    eval_stats::quantile::of_sorted(&sorted, 0.5, eval_stats::quantile::QuantileType::Type7)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn test(events: &[f64], others: &[f64], center: LeveneCenter) -> LeveneTest {
        let (mut events, mut others) = (events.to_vec(), others.to_vec());
        Moments::measure(&mut events);
        Moments::measure(&mut others);
        levene_test(&events, &others, center)
    }

    #[test]
    fn a_narrow_class_keeps_its_digits_beside_a_wide_one() {
        // Deviations 1, 0, 1 times 2^-60, and 1, 1.
        let narrow = [1.0, 2.0, 3.0].map(|v| v * 2f64.powi(-60));
        let found = test(&narrow, &[-1e9, -1e9 + 2.0], LeveneCenter::Mean);
        // Squares 2/3 of 2^-120 on 3 degrees of freedom, difference 1 as good as.
        let expected = 1.0 / (2.0 / 9.0 * 2f64.powi(-120) * (1.0 / 3.0 + 0.5));
        assert!((found.statistic / expected - 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_hand_worked_pair() {
        // Deviations 1, 0, 1 and 2, 0, 2: means 2/3 and 4/3, squares 2/3 and 8/3 on 4 degrees of freedom.
        let found = test(&[1.0, 2.0, 3.0], &[10.0, 12.0, 14.0], LeveneCenter::Median);
        assert!((found.statistic - 0.8).abs() < 1e-14);
        assert_eq!(found.df, 4.0);
    }

    #[test]
    fn deviations_that_differ_by_rounding_do_not_vary() {
        // Two values in a class lie as far from their mean as each other, whatever 0.2 rounds to.
        let equal = test(&[0.1, 0.3], &[5.1, 5.3], LeveneCenter::Mean);
        assert_eq!((equal.statistic, equal.p_value), (0.0, 1.0));
        let unequal = test(&[0.1, 0.3, 0.1, 0.3], &[0.1, 0.7], LeveneCenter::Mean);
        assert_eq!((unequal.statistic, unequal.p_value), (f64::INFINITY, 0.0));
    }
}
