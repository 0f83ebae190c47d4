//! Levene's test of equal variances.

use eval_stats::special::ln_t_two_sided;

use super::t::{Spread, ratio, t_test};
use crate::moments::{Frame, Moments, range};

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

/// Of measured values; at least three together. With two classes F is the square of the pooled t of the deviations.
pub(crate) fn levene_test(
    events: &[f64],
    others: &[f64],
    frame: Frame,
    center: LeveneCenter,
) -> LeveneTest {
    let (e, o) = (deviations(events, center), deviations(others, center));
    let (mut a, mut b) = (Moments::new(&e), Moments::new(&o));
    // Deviations that are equal but for the rounding of their center count as equal.
    let rounding = 4.0 * f64::EPSILON * extent(events).max(extent(others));
    for (moments, deviations) in [(&mut a, &e), (&mut b, &o)] {
        let (low, high) = range(deviations);
        if high - low <= rounding {
            moments.squares = 0.0;
        }
    }
    let df = a.n + b.n - 2.0;
    if (a.mean - b.mean).abs() <= rounding {
        b.mean = a.mean;
    }
    let t = if a.squares + b.squares == 0.0 {
        ratio((a.mean - b.mean).abs(), 0.0)
    } else {
        t_test(a, b, frame, Spread::Pooled).t
    };
    let ln_p = ln_t_two_sided(t, df);
    LeveneTest {
        statistic: t * t,
        df,
        p_value: ln_p.exp(),
        log10_p: ln_p / std::f64::consts::LN_10,
        center,
    }
}

/// Largest value as measured, which bounds the rounding errors of centers and deviations.
fn extent(values: &[f64]) -> f64 {
    let (low, high) = range(values);
    low.abs().max(high.abs())
}

fn deviations(values: &[f64], center: LeveneCenter) -> Vec<f64> {
    let center = match center {
        LeveneCenter::Mean => Moments::new(values).mean,
        LeveneCenter::Median => median(values),
    };
    values.iter().map(|v| (v - center).abs()).collect()
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
        let mut all = [events, others].concat();
        let frame = Frame::measure(&mut all);
        let (e, o) = all.split_at(events.len());
        levene_test(e, o, frame, center)
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
