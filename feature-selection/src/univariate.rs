//! One feature against one binary outcome: t tests, Levene, Mann-Whitney, AUC, and corrections for many features.
//!
//! Group 1 are the events, group 0 the others; a positive statistic means larger values among events.

use eval_stats::Scored;
use eval_stats::special::{f_sf, normal_two_sided, t_two_sided};

use crate::correlation::average_ranks;
use crate::error::{Error, Result};
use crate::linalg::{mean, sum_of_squares};
use crate::par::map_indexed;
use crate::table::{FeatureTable, check_outcome};

/// Which test compares the groups.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum UnivariateMethod {
    /// Student's t test, pooled variance.
    Student,
    /// Welch's t test, Satterthwaite degrees of freedom.
    Welch,
    /// Student's test unless Levene's test (about the mean) rejects equal variances at this level, then Welch's; the rule of SPSS users.
    StudentOrWelch {
        /// Level of Levene's test, usually 0.05.
        levene_level: f64,
    },
    /// Mann-Whitney's U test.
    MannWhitney(MannWhitneyMethod),
}

/// How the p-value of U is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum MannWhitneyMethod {
    /// Normal approximation with tie correction and continuity correction.
    #[default]
    NormalCorrected,
    /// Normal approximation with tie correction only.
    Normal,
    /// Exact without ties if both groups have fewer than 50 rows, else `NormalCorrected` (R's rule).
    ExactIfSmall,
}

/// What was computed for one feature.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct UnivariateTest {
    /// Name of the test in effect.
    pub test: TestName,
    /// t, or U of the events.
    pub statistic: f64,
    /// Degrees of freedom of a t test; NaN for Mann-Whitney.
    pub df: f64,
    /// Two-sided p-value; 1 if the feature is constant.
    pub p_value: f64,
    /// Events.
    pub n_events: usize,
    /// Other rows.
    pub n_others: usize,
}

/// The test in effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TestName {
    /// Pooled variance.
    Student,
    /// Separate variances.
    Welch,
    /// Exact distribution of U.
    MannWhitneyExact,
    /// Normal approximation of U, corrected for continuity.
    MannWhitneyNormalCorrected,
    /// Normal approximation of U.
    MannWhitneyNormal,
}

/// Center of the deviations in Levene's test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LeveneCenter {
    /// Group mean (SPSS).
    Mean,
    /// Group median (Brown-Forsythe).
    Median,
}

/// Levene's test of equal variances.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct LeveneTest {
    /// F statistic; 0 if no deviation varies.
    pub statistic: f64,
    /// Denominator degrees of freedom; the numerator has 1.
    pub df: f64,
    /// Upper tail of F.
    pub p_value: f64,
    /// Center used.
    pub center: LeveneCenter,
}

/// Tests one feature.
///
/// # Errors
/// [`Error::LengthMismatch`], [`Error::SingleClass`]; [`Error::TooFewInClass`] for a t test with a group of one.
pub fn univariate_test(
    feature: &[f64],
    outcome: &[bool],
    method: UnivariateMethod,
) -> Result<UnivariateTest> {
    check_outcome(outcome, feature.len())?;
    let (events, others) = split(feature, outcome);
    if !matches!(method, UnivariateMethod::MannWhitney(_)) && events.len().min(others.len()) < 2 {
        let found = events.len().min(others.len());
        return Err(Error::TooFewInClass {
            what: "t test",
            required: 2,
            found,
        });
    }
    Ok(match method {
        UnivariateMethod::Student => student(&events, &others),
        UnivariateMethod::Welch => welch(&events, &others),
        UnivariateMethod::StudentOrWelch { levene_level } => {
            if levene_groups(&events, &others, LeveneCenter::Mean).p_value < levene_level {
                welch(&events, &others)
            } else {
                student(&events, &others)
            }
        }
        UnivariateMethod::MannWhitney(method) => mann_whitney(feature, outcome, method),
    })
}

/// Tests every feature of a table, in column order.
///
/// # Errors
/// As [`univariate_test`].
pub fn univariate_tests(
    table: &FeatureTable,
    outcome: &[bool],
    method: UnivariateMethod,
) -> Result<Vec<UnivariateTest>> {
    check_outcome(outcome, table.n_rows())?;
    map_indexed(table.n_columns(), |j| {
        univariate_test(table.column(j), outcome, method)
    })
    .into_iter()
    .collect()
}

/// AUC of every feature taken as a score; below 0.5 means smaller values among events.
///
/// # Errors
/// [`Error::LengthMismatch`], [`Error::SingleClass`].
pub fn feature_auc(table: &FeatureTable, outcome: &[bool]) -> Result<Vec<f64>> {
    check_outcome(outcome, table.n_rows())?;
    map_indexed(table.n_columns(), |j| {
        Ok(eval_stats::roc::auc(&Scored::new(
            table.column(j),
            outcome,
        )?))
    })
    .into_iter()
    .collect()
}

/// Levene's test of one feature.
///
/// # Errors
/// [`Error::LengthMismatch`], [`Error::SingleClass`], [`Error::TooFewRows`] for fewer than three rows.
pub fn levene(feature: &[f64], outcome: &[bool], center: LeveneCenter) -> Result<LeveneTest> {
    check_outcome(outcome, feature.len())?;
    if feature.len() < 3 {
        return Err(Error::TooFewRows {
            what: "Levene's test",
            required: 3,
            found: feature.len(),
        });
    }
    let (events, others) = split(feature, outcome);
    Ok(levene_groups(&events, &others, center))
}

/// Correction of many p-values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Adjustment {
    /// None.
    #[default]
    None,
    /// False discovery rate (Benjamini and Hochberg).
    BenjaminiHochberg,
    /// Family-wise error rate, step-down.
    Holm,
    /// Family-wise error rate, single-step.
    Bonferroni,
}

/// Adjusted p-values, in the order given.
///
/// # Examples
/// ```
/// use feature_selection::univariate::{adjust, Adjustment};
/// assert_eq!(adjust(&[0.01, 0.04, 0.03], Adjustment::Holm), vec![0.03, 0.06, 0.06]);
/// ```
pub fn adjust(p_values: &[f64], method: Adjustment) -> Vec<f64> {
    let m = p_values.len();
    let mut order: Vec<usize> = (0..m).collect();
    order.sort_by(|&a, &b| p_values[a].total_cmp(&p_values[b]));
    let mut adjusted = p_values.to_vec();
    match method {
        Adjustment::None => {}
        Adjustment::Bonferroni => adjusted
            .iter_mut()
            .for_each(|p| *p = (*p * m as f64).min(1.0)),
        Adjustment::Holm => {
            let mut running: f64 = 0.0;
            for (rank, &i) in order.iter().enumerate() {
                running = running.max(p_values[i] * (m - rank) as f64);
                adjusted[i] = running.min(1.0);
            }
        }
        Adjustment::BenjaminiHochberg => {
            let mut running: f64 = 1.0;
            for (rank, &i) in order.iter().enumerate().rev() {
                running = running.min(p_values[i] * m as f64 / (rank + 1) as f64);
                adjusted[i] = running;
            }
        }
    }
    adjusted
}

fn split(feature: &[f64], outcome: &[bool]) -> (Vec<f64>, Vec<f64>) {
    let pick = |class: bool| {
        feature
            .iter()
            .zip(outcome)
            .filter(|&(_, &y)| y == class)
            .map(|(&x, _)| x)
            .collect()
    };
    (pick(true), pick(false))
}

/// Two-sided t test from a difference and its standard error. Without spread: p is 1 for equal means and 0 otherwise.
fn t_test(
    test: TestName,
    difference: f64,
    standard_error: f64,
    df: f64,
    sizes: (usize, usize),
) -> UnivariateTest {
    let statistic = if difference == 0.0 {
        0.0
    } else {
        difference / standard_error
    };
    let p_value = if statistic.is_infinite() {
        0.0
    } else {
        t_two_sided(statistic, df)
    };
    UnivariateTest {
        test,
        statistic,
        df,
        p_value,
        n_events: sizes.0,
        n_others: sizes.1,
    }
}

fn student(a: &[f64], b: &[f64]) -> UnivariateTest {
    let (n1, n2, m1, m2) = (a.len() as f64, b.len() as f64, mean(a), mean(b));
    let df = n1 + n2 - 2.0;
    let pooled = (sum_of_squares(a, m1) + sum_of_squares(b, m2)) / df;
    t_test(
        TestName::Student,
        m1 - m2,
        (pooled * (1.0 / n1 + 1.0 / n2)).sqrt(),
        df,
        (a.len(), b.len()),
    )
}

fn welch(a: &[f64], b: &[f64]) -> UnivariateTest {
    let (n1, n2, m1, m2) = (a.len() as f64, b.len() as f64, mean(a), mean(b));
    let v1 = sum_of_squares(a, m1) / (n1 - 1.0) / n1;
    let v2 = sum_of_squares(b, m2) / (n2 - 1.0) / n2;
    let total = v1 + v2;
    let df = if total > 0.0 {
        total * total / (v1 * v1 / (n1 - 1.0) + v2 * v2 / (n2 - 1.0))
    } else {
        n1 + n2 - 2.0
    };
    t_test(
        TestName::Welch,
        m1 - m2,
        total.sqrt(),
        df,
        (a.len(), b.len()),
    )
}

fn levene_groups(a: &[f64], b: &[f64], center: LeveneCenter) -> LeveneTest {
    let deviations = |group: &[f64]| -> Vec<f64> {
        let c = match center {
            LeveneCenter::Mean => mean(group),
            LeveneCenter::Median => median(group),
        };
        group.iter().map(|x| (x - c).abs()).collect()
    };
    let (za, zb) = (deviations(a), deviations(b));
    let (n1, n2) = (a.len() as f64, b.len() as f64);
    let (ma, mb) = (mean(&za), mean(&zb));
    let grand = (n1 * ma + n2 * mb) / (n1 + n2);
    let between = n1 * (ma - grand).powi(2) + n2 * (mb - grand).powi(2);
    let within = sum_of_squares(&za, ma) + sum_of_squares(&zb, mb);
    let df = n1 + n2 - 2.0;
    let statistic = if between == 0.0 {
        0.0
    } else {
        df * between / within
    };
    let p_value = if statistic.is_infinite() {
        0.0
    } else {
        f_sf(statistic, 1.0, df)
    };
    LeveneTest {
        statistic,
        df,
        p_value,
        center,
    }
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let half = sorted.len() / 2;
    if sorted.len() % 2 == 1 {
        sorted[half]
    } else {
        0.5 * (sorted[half - 1] + sorted[half])
    }
}

fn mann_whitney(feature: &[f64], outcome: &[bool], method: MannWhitneyMethod) -> UnivariateTest {
    const EXACT_BELOW: usize = 50;
    let n_events = outcome.iter().filter(|&&y| y).count();
    let n_others = outcome.len() - n_events;
    let (ranks, tie_sum) = average_ranks(feature);
    let (n1, n2, n) = (n_events as f64, n_others as f64, outcome.len() as f64);
    let rank_sum: f64 = ranks
        .iter()
        .zip(outcome)
        .filter(|&(_, &y)| y)
        .map(|(r, _)| r)
        .sum();
    let u = rank_sum - n1 * (n1 + 1.0) / 2.0;
    let result = |test, p_value| UnivariateTest {
        test,
        statistic: u,
        df: f64::NAN,
        p_value,
        n_events,
        n_others,
    };
    if method == MannWhitneyMethod::ExactIfSmall
        && tie_sum == 0.0
        && n_events.max(n_others) < EXACT_BELOW
    {
        return result(
            TestName::MannWhitneyExact,
            exact_p_value(u as usize, n_events, n_others),
        );
    }
    let (test, correction) = match method {
        MannWhitneyMethod::Normal => (TestName::MannWhitneyNormal, 0.0),
        _ => (TestName::MannWhitneyNormalCorrected, 0.5),
    };
    let variance = n1 * n2 / 12.0 * ((n + 1.0) - tie_sum / (n * (n - 1.0)));
    let distance = (u - n1 * n2 / 2.0).abs() - correction;
    let p_value = if variance <= 0.0 || distance <= 0.0 {
        1.0
    } else {
        normal_two_sided(distance / variance.sqrt())
    };
    result(test, p_value)
}

/// Two-sided p-value from the distribution of U without ties, by the recursion
/// `w(u; m, n) = w(u; m, n-1) + w(u-n; m-1, n)` on the number of arrangements.
fn exact_p_value(u: usize, m: usize, n: usize) -> f64 {
    let size = m * n + 1;
    let mut ways = vec![vec![0.0; size]; m + 1];
    for row in &mut ways {
        row[0] = 1.0;
    }
    for n in 1..=n {
        for m in 1..=m {
            let (smaller, larger) = ways.split_at_mut(m);
            for u in n..size {
                larger[0][u] += smaller[m - 1][u - n];
            }
        }
    }
    let total: f64 = ways[m].iter().sum();
    let lower: f64 = ways[m][..=u].iter().sum();
    let upper: f64 = ways[m][u..].iter().sum();
    (2.0 * lower.min(upper) / total).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_distribution_of_two_against_two() {
        // U is 0..4 with 1, 1, 2, 1, 1 of 6 arrangements.
        assert_eq!(exact_p_value(0, 2, 2), 2.0 / 6.0);
        assert_eq!(exact_p_value(2, 2, 2), 1.0);
    }

    #[test]
    fn a_constant_feature_has_p_one() {
        let outcome = [true, false, true, false, false];
        for method in [
            UnivariateMethod::Student,
            UnivariateMethod::Welch,
            UnivariateMethod::StudentOrWelch { levene_level: 0.05 },
            UnivariateMethod::MannWhitney(MannWhitneyMethod::default()),
        ] {
            assert_eq!(
                univariate_test(&[2.0; 5], &outcome, method)
                    .unwrap()
                    .p_value,
                1.0
            );
        }
    }

    #[test]
    fn adjustments_of_a_hand_worked_set() {
        let p = [0.01, 0.02, 0.03, 0.5];
        assert_eq!(
            adjust(&p, Adjustment::Bonferroni),
            vec![0.04, 0.08, 0.12, 1.0]
        );
        assert_eq!(
            adjust(&p, Adjustment::BenjaminiHochberg),
            vec![0.04, 0.04, 0.04, 0.5]
        );
    }
}
