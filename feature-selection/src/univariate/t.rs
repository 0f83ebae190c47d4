//! Student's and Welch's t tests, and what a difference of means comes to.

use std::fmt;

use eval_stats::special::{ln_gamma, ln_t_two_sided, t_quantile};

use crate::error::{Error, Result};
use crate::moments::{Moments, Unit};

/// Difference of two means with its standard error, in the unit of the feature.
///
/// Numbers in that unit are infinite where they leave the range of `f64` (values beyond about 1e308).
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct MeanDifference {
    /// Mean of the events.
    pub mean_events: f64,
    /// Mean of the other rows.
    pub mean_others: f64,
    /// Standard deviation of the events, divisor `n - 1`.
    pub sd_events: f64,
    /// Standard deviation of the other rows, divisor `n - 1`.
    pub sd_others: f64,
    /// `mean_events - mean_others`.
    pub difference: f64,
    /// Standard error of the difference; 0 if neither class varies.
    pub std_error: f64,
    /// Degrees of freedom of that standard error.
    pub df: f64,
    /// Cohen's d: the difference in pooled standard deviations, `√(((n1 - 1) s1² + (n0 - 1) s0²)/(n1 + n0 - 2))`. `None` if
    /// neither class varies.
    ///
    /// Cohen, Statistical Power Analysis for the Behavioral Sciences, 2nd ed. 1988, doi:10.4324/9780203771587.
    pub cohens_d: Option<f64>,
    /// Standardized difference of baseline tables: the difference over `√((s1² + s0²)/2)`, as
    /// [`eval_stats::location::standardized_difference`] has it. `None` if neither class varies.
    pub standardized_difference: Option<f64>,
    /// Rows of both classes less two.
    degrees: f64,
}

/// Confidence interval.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Interval {
    /// Lower limit.
    pub low: f64,
    /// Upper limit.
    pub high: f64,
    /// Confidence level, for example 0.95.
    pub level: f64,
}

impl MeanDifference {
    /// `difference ± t std_error`, with the quantile of Student's distribution with `df` degrees of freedom.
    ///
    /// If neither class varies, the interval is the difference itself. A limit beyond the range of `f64` is infinite.
    ///
    /// # Examples
    /// ```
    /// use feature_selection::univariate::{Effect, UnivariateMethod, univariate_test};
    /// // Means 4 and 2, both variances 1: standard error √(2/3), 4 degrees of freedom, quantile 2.776.
    /// let feature = [3.0, 4.0, 5.0, 1.0, 2.0, 3.0];
    /// let outcome = [true, true, true, false, false, false];
    /// let test = univariate_test(&feature, &outcome, UnivariateMethod::Student)?;
    /// let Effect::Means(means) = test.effect else { unreachable!() };
    /// let interval = means.interval(0.95)?;
    /// assert!((interval.low + 0.266_96).abs() < 1e-4 && (interval.high - 4.266_96).abs() < 1e-4);
    /// # Ok::<(), feature_selection::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::InvalidSetting`] for a level outside (0, 1).
    pub fn interval(&self, level: f64) -> Result<Interval> {
        check_level(level)?;
        let quantile = if self.std_error == 0.0 {
            0.0
        } else {
            -t_quantile(0.5 * (1.0 - level), self.df)
        };
        let half = quantile * self.std_error;
        let (low, high) = if self.difference.is_finite() {
            (self.difference - half, self.difference + half)
        } else {
            // The difference of the means has left the range, the limits need not: they are taken of quarters.
            let middle = 0.25 * self.mean_events - 0.25 * self.mean_others;
            let half = quantile * (0.25 * self.std_error);
            (4.0 * (middle - half), 4.0 * (middle + half))
        };
        Ok(Interval { low, high, level })
    }

    /// Hedges' g: Cohen's d without its bias, `d Γ(m/2)/(√(m/2) Γ((m - 1)/2))` with `m = n1 + n0 - 2`. `None` if neither
    /// class varies.
    ///
    /// The factor is exact; `1 - 3/(4 m - 1)` is the common approximation. Hedges, J. Educ. Stat. 6, 1981, 107-128,
    /// doi:10.3102/10769986006002107.
    pub fn hedges_g(&self) -> Option<f64> {
        let m = self.degrees;
        let factor = if m < LARGE {
            (ln_gamma(0.5 * m) - ln_gamma(0.5 * (m - 1.0))).exp() / (0.5 * m).sqrt()
        } else {
            1.0 - (0.75 + (7.0 / 32.0 + 9.0 / 128.0 / m) / m) / m
        };
        self.cohens_d.map(|d| d * factor)
    }
}

/// From here on the series of the bias factor in `1/m` is exact, and logarithms of gamma functions would cancel.
const LARGE: f64 = 2e3;

impl fmt::Display for MeanDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:.4} ± {:.4} vs {:.4} ± {:.4}, difference {:.4}",
            self.mean_events, self.sd_events, self.mean_others, self.sd_others, self.difference
        )
    }
}

/// t, `ln p` and the difference.
pub(crate) struct TTest {
    pub(crate) t: f64,
    pub(crate) ln_p: f64,
    pub(crate) means: MeanDifference,
}

/// Which variance a t test assumes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spread {
    Pooled,
    Separate,
}

/// t test of classes of at least two values each, divided by a unit.
pub(crate) fn t_test(events: Moments, others: Moments, unit: Unit, spread: Spread) -> TTest {
    let (n1, n0) = (events.n, others.n);
    let degrees = n1 + n0 - 2.0;
    let pooled = (events.squares + others.squares) / degrees;
    let (v1, v0) = (events.variance(), others.variance());
    let (error, df) = match spread {
        Spread::Pooled => (pooled * (1.0 / n1 + 1.0 / n0), degrees),
        Spread::Separate => (v1 / n1 + v0 / n0, satterthwaite(v1 / n1, v0 / n0, n1, n0)),
    };
    let difference = events.difference(others);
    let t = ratio(difference, error.sqrt());
    let in_units_of = |variance: f64| (variance > 0.0).then(|| difference / variance.sqrt());
    TTest {
        t,
        ln_p: ln_t_two_sided(t, df),
        means: MeanDifference {
            mean_events: unit.restore(events.mean()),
            mean_others: unit.restore(others.mean()),
            sd_events: unit.restore(v1.sqrt()),
            sd_others: unit.restore(v0.sqrt()),
            difference: unit.restore(difference),
            std_error: unit.restore(error.sqrt()),
            df,
            cohens_d: in_units_of(pooled),
            standardized_difference: in_units_of(0.5 * (v1 + v0)),
            degrees,
        },
    }
}

/// Degrees of freedom of `a + b`, squared standard errors of means of `n_a` and `n_b` values.
fn satterthwaite(a: f64, b: f64, n_a: f64, n_b: f64) -> f64 {
    let total = a + b;
    if total == 0.0 {
        return n_a + n_b - 2.0;
    }
    // By shares, so that no fourth power leaves the range.
    let (a, b) = (a / total, b / total);
    1.0 / (a * a / (n_a - 1.0) + b * b / (n_b - 1.0))
}

/// 0 for a numerator of 0, whatever the denominator.
pub(crate) fn ratio(above: f64, below: f64) -> f64 {
    if above == 0.0 { 0.0 } else { above / below }
}

pub(crate) fn check_level(level: f64) -> Result<()> {
    if level > 0.0 && level < 1.0 {
        return Ok(());
    }
    Err(Error::InvalidSetting {
        name: "confidence level",
        expected: "a number between 0 and 1",
        found: level,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hand_worked(spread: Spread) -> TTest {
        // Variances 1 and 4, means 2 and 5.
        let mut values = [1.0, 2.0, 3.0, 3.0, 5.0, 7.0];
        let unit = Unit::divide(&mut values);
        let (a, b) = values.split_at_mut(3);
        t_test(Moments::measure(a), Moments::measure(b), unit, spread)
    }

    #[test]
    fn two_groups_of_three() {
        let pooled = hand_worked(Spread::Pooled);
        assert!((pooled.t + 3.0 / (5.0_f64 / 3.0).sqrt()).abs() < 1e-14);
        assert_eq!(pooled.means.df, 4.0);
        assert!((pooled.means.cohens_d.unwrap() + 3.0 / 2.5_f64.sqrt()).abs() < 1e-14);
        let welch = hand_worked(Spread::Separate);
        assert_eq!(welch.t, pooled.t);
        // (1 + 4)² / (1²/2 + 4²/2)
        assert!((welch.means.df - 25.0 / 8.5).abs() < 1e-14);
        assert_eq!(welch.means.difference, -3.0);
    }

    #[test]
    fn the_bias_factor_of_four_degrees_of_freedom_and_its_series() {
        let means = hand_worked(Spread::Pooled).means;
        // Γ(2)/(√2 Γ(3/2)) = √(2/π)
        let factor = means.hedges_g().unwrap() / means.cohens_d.unwrap();
        assert!((factor - (2.0 / std::f64::consts::PI).sqrt()).abs() < 1e-14);
        let at = |degrees: f64| MeanDifference { degrees, ..means }.hedges_g().unwrap();
        // The series against the functions: one degree of freedom is worth 3/(4 m²).
        let step = at(LARGE) / at(LARGE - 1.0) - 1.0;
        assert!(
            (step / (0.75 / (LARGE * LARGE)) - 1.0).abs() < 2e-3,
            "{step}"
        );
    }

    #[test]
    fn levels_outside_their_range_are_refused() {
        let means = hand_worked(Spread::Pooled).means;
        for level in [0.0, 1.0, -0.5, f64::NAN] {
            assert!(matches!(
                means.interval(level),
                Err(Error::InvalidSetting { .. })
            ));
        }
    }

    #[test]
    fn limits_of_a_difference_beyond_the_range_are_numbers() {
        use crate::univariate::{Effect, UnivariateMethod, univariate_test};
        let feature = [f64::MAX, f64::MAX, -f64::MAX, -f64::MAX, -f64::MAX];
        let outcome = [true, true, true, false, false];
        let test = univariate_test(&feature, &outcome, UnivariateMethod::Student).unwrap();
        let Effect::Means(means) = test.effect else {
            panic!("a t test compares means")
        };
        let interval = means.interval(0.95).unwrap();
        assert!(means.difference.is_infinite() && interval.high == f64::INFINITY);
        assert!(!interval.low.is_nan() && interval.low < 0.0);
    }
}
