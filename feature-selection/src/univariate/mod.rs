//! One feature against one binary outcome: t tests, Levene, Mann-Whitney, AUC, and corrections for many features.
//!
//! Group 1 are the events, group 0 the others; a positive difference, or an AUC above 1/2, means larger values among events.
//!
//! ```text
//! Student  t = (m1 - m0)/√(s² (1/n1 + 1/n0)),  s² = ((n1 - 1) s1² + (n0 - 1) s0²)/(n1 + n0 - 2),  df = n1 + n0 - 2
//! Welch    t = (m1 - m0)/√(a + b),  a = s1²/n1, b = s0²/n0,  df = (a + b)²/(a²/(n1 - 1) + b²/(n0 - 1))
//! Levene   F = (n1 + n0 - 2) Σ_k n_k (z_k - z)² / Σ_k Σ_i (z_ki - z_k)²,  z_ki = |x_ki - center of class k|
//! Mann-W.  U = rank sum of the events - n1 (n1 + 1)/2,  AUC = U/(n1 n0)
//! ```
//!
//! [`univariate_test`] tests one feature, [`univariate_tests`] all of a table, and [`UnivariateTable`] has everything a
//! paper's table shows: classes, test, adjusted p-value, AUC with its interval and standardized difference.
//!
//! # Degenerate input
//! - **A constant feature** has t 0, U `n1 n0/2`, AUC 1/2 and p 1.
//! - **Classes that do not vary but differ** have an infinite t and p 0.
//! - **A class of one** has no variance: t tests refuse it ([`Error::TooFewInClass`]), rank tests do not.
//! - **Fewer than eight in a class**: all tests are defined, but the normal approximation of U is poor (with 3 against 3
//!   no p-value can be below 0.1): prefer [`MannWhitneyMethod::Exact`]; DeLong's interval is too narrow.
//! - **Large offsets and extreme scales** cost no digits: classes are measured from their smallest values and by a power of two.
//!
//! # Differences
//! R's `t.test` refuses data that are "essentially constant"; they are computed as they stand here. Levene's test takes
//! deviations that differ by no more than rounding as equal, where R and scipy divide the rounding errors.

mod levene;
mod multiplicity;
mod rank;
mod t;
mod table;

use std::fmt;

use eval_stats::Scored;
use eval_stats::baseline::NormalityOfGroup;
use eval_stats::location::shapiro_wilk;

pub use levene::{LeveneCenter, LeveneTest};
pub use multiplicity::{Adjustment, adjust};
pub use rank::{MannWhitneyMethod, RankDifference};
pub use t::{Interval, MeanDifference};
pub use table::{ClassSummary, UnivariateRow, UnivariateSettings, UnivariateTable};

use crate::error::{Error, Result};
use crate::moments::{Moments, Unit};
use crate::par::map_indexed;
use crate::table::{FeatureTable, check_outcome};
use levene::levene_test;
use t::{Spread, TTest, t_test};

/// Which test compares the classes.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum UnivariateMethod {
    /// Student's t test, pooled variance.
    Student,
    /// Welch's t test, Satterthwaite degrees of freedom.
    Welch,
    /// Student's test unless Levene's test (about the mean) rejects equal variances, then Welch's; the rule of SPSS users.
    StudentOrWelch {
        /// Welch below this p-value of Levene's test, usually 0.05.
        levene_level: f64,
    },
    /// Mann-Whitney's U test.
    MannWhitney(MannWhitneyMethod),
    /// What clinical papers describe: a t test (as [`StudentOrWelch`](Self::StudentOrWelch)) if Shapiro-Wilk's p is above
    /// `normality_level` in both classes, else Mann-Whitney. A class that cannot be tested (fewer than 3 values, more than
    /// 5000, all equal) is not taken as normal.
    ByNormality {
        /// Level of the Shapiro-Wilk tests, usually 0.05.
        normality_level: f64,
        /// Level of Levene's test, usually 0.05.
        levene_level: f64,
        /// p-value of the rank test.
        ranks: MannWhitneyMethod,
    },
}

/// What was computed for one feature.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct UnivariateTest {
    /// The test in effect.
    pub test: TestName,
    /// t, or U of the events. t is 0 for equal means, infinite if means differ without any variance.
    pub statistic: f64,
    /// Degrees of freedom of a t test; NaN for Mann-Whitney, which has none.
    pub df: f64,
    /// Two-sided p-value; 1 if the feature is constant.
    pub p_value: f64,
    /// Its decimal logarithm, exact where `p_value` underflows; minus infinity for an infinite t.
    pub log10_p: f64,
    /// The difference between the classes.
    pub effect: Effect,
    /// What the test was chosen by, for the methods that choose.
    pub chosen_by: Option<Choice>,
    /// Events.
    pub n_events: usize,
    /// Other rows.
    pub n_others: usize,
}

impl fmt::Display for UnivariateTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let p = self.p_value;
        match self.effect {
            Effect::Means(means) => write!(
                f,
                "{}: t = {:.4}, df = {:.2}, p = {p:.4e}; {means}",
                self.test, self.statistic, self.df
            ),
            Effect::Ranks(ranks) => write!(
                f,
                "{}: U = {}, p = {p:.4e}; AUC {:.4}",
                self.test, self.statistic, ranks.auc
            ),
        }
    }
}

/// Size of a difference, in the terms of the test in effect.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Effect {
    /// Of a t test.
    Means(MeanDifference),
    /// Of a rank test.
    Ranks(RankDifference),
}

/// The tests that chose a test.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Choice {
    /// Normality of the events and of the other rows, if the method asked for it.
    pub normality: Option<Normality>,
    /// Equality of variances, unless ranks were compared.
    pub levene: Option<LeveneTest>,
}

/// Shapiro-Wilk's tests of both classes.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Normality {
    /// Of the events.
    pub events: NormalityOfGroup,
    /// Of the other rows.
    pub others: NormalityOfGroup,
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

impl fmt::Display for TestName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Student => "Student's t test",
            Self::Welch => "Welch's t test",
            Self::MannWhitneyExact => "Mann-Whitney test, exact",
            Self::MannWhitneyNormalCorrected => "Mann-Whitney test, corrected",
            Self::MannWhitneyNormal => "Mann-Whitney test",
        })
    }
}

/// Tests one feature.
///
/// # Examples
/// ```
/// use feature_selection::univariate::{MannWhitneyMethod, UnivariateMethod, univariate_test};
/// let feature = [3.0, 4.0, 5.0, 1.0, 2.0];
/// let outcome = [true, true, true, false, false];
/// // All events are above all others: 2 of the 10 ways to choose three of five are as extreme.
/// let exact = UnivariateMethod::MannWhitney(MannWhitneyMethod::Exact);
/// let test = univariate_test(&feature, &outcome, exact)?;
/// assert_eq!(test.statistic, 6.0);
/// assert!((test.p_value - 0.2).abs() < 1e-15);
/// # Ok::<(), feature_selection::Error>(())
/// ```
///
/// # Errors
/// [`Error::LengthMismatch`], [`Error::NonFinite`], [`Error::SingleClass`]; [`Error::TooFewInClass`] for a t test with a class
/// of one; [`Error::InvalidSetting`] for a level outside [0, 1]; [`Error::Statistics`] for an exact test of too many rows (400,
/// with ties 150).
pub fn univariate_test(
    feature: &[f64],
    outcome: &[bool],
    method: UnivariateMethod,
) -> Result<UnivariateTest> {
    let classes = Classes::new(outcome, feature.len())?;
    check_finite(feature)?;
    classes.check(method)?;
    classes.test(feature, method)
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
    let classes = Classes::new(outcome, table.n_rows())?;
    classes.check(method)?;
    map_indexed(table.n_columns(), |j| classes.test(table.column(j), method))
        .into_iter()
        .collect()
}

/// AUC of every feature taken as a score; below 0.5 means smaller values among events, 0.5 for a constant feature.
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
/// # Examples
/// ```
/// use feature_selection::univariate::{LeveneCenter, levene};
/// let feature = [1.0, 2.0, 3.0, 10.0, 12.0, 14.0];
/// let outcome = [true, true, true, false, false, false];
/// // Deviations 1, 0, 1 and 2, 0, 2: F = (1/3)/(5/6) · 2
/// let test = levene(&feature, &outcome, LeveneCenter::Median)?;
/// assert!((test.statistic - 0.8).abs() < 1e-14);
/// # Ok::<(), feature_selection::Error>(())
/// ```
///
/// # Errors
/// [`Error::LengthMismatch`], [`Error::NonFinite`], [`Error::SingleClass`], [`Error::TooFewRows`] for fewer than three rows.
pub fn levene(feature: &[f64], outcome: &[bool], center: LeveneCenter) -> Result<LeveneTest> {
    let classes = Classes::new(outcome, feature.len())?;
    check_finite(feature)?;
    if feature.len() < 3 {
        return Err(Error::TooFewRows {
            what: "Levene's test",
            required: 3,
            found: feature.len(),
        });
    }
    let mut values = classes.gather(feature);
    Unit::divide(&mut values);
    let (events, others) = values.split_at_mut(classes.n_events());
    Moments::measure(events);
    Moments::measure(others);
    Ok(levene_test(events, others, center))
}

fn check_finite(feature: &[f64]) -> Result<()> {
    match feature.iter().position(|v| !v.is_finite()) {
        None => Ok(()),
        Some(row) => Err(Error::NonFinite {
            row,
            column: "feature".to_owned(),
            value: feature[row],
        }),
    }
}

/// Rows of the two classes, found once for all columns.
pub(crate) struct Classes {
    events: Vec<usize>,
    others: Vec<usize>,
}

impl Classes {
    pub(crate) fn new(outcome: &[bool], n_rows: usize) -> Result<Self> {
        check_outcome(outcome, n_rows)?;
        let (events, others) = (0..n_rows).partition(|&i| outcome[i]);
        Ok(Self { events, others })
    }

    fn n_events(&self) -> usize {
        self.events.len()
    }

    /// Refuses a method that the classes are too small for, or with settings out of range.
    fn check(&self, method: UnivariateMethod) -> Result<()> {
        let level = |name, found: f64| match (0.0..=1.0).contains(&found) {
            true => Ok(()),
            false => Err(Error::InvalidSetting {
                name,
                expected: "a number from 0 to 1",
                found,
            }),
        };
        match method {
            UnivariateMethod::Student | UnivariateMethod::Welch => self.at_least("t test", 2),
            UnivariateMethod::StudentOrWelch { levene_level } => {
                level("level of Levene's test", levene_level)?;
                self.at_least("t test", 2)
            }
            UnivariateMethod::MannWhitney(_) => Ok(()),
            UnivariateMethod::ByNormality {
                normality_level,
                levene_level,
                ..
            } => {
                level("level of the normality tests", normality_level)?;
                level("level of Levene's test", levene_level)
            }
        }
    }

    fn at_least(&self, what: &'static str, required: usize) -> Result<()> {
        let found = self.events.len().min(self.others.len());
        if found >= required {
            return Ok(());
        }
        Err(Error::TooFewInClass {
            what,
            required,
            found,
        })
    }

    /// Values of the events, then those of the other rows.
    fn gather(&self, feature: &[f64]) -> Vec<f64> {
        let rows = self.events.iter().chain(&self.others);
        rows.map(|&i| feature[i]).collect()
    }

    fn test(&self, feature: &[f64], method: UnivariateMethod) -> Result<UnivariateTest> {
        let values = self.gather(feature);
        Ok(match method {
            UnivariateMethod::Student => self.compare_means(values, Variances::Equal),
            UnivariateMethod::Welch => self.compare_means(values, Variances::Any),
            UnivariateMethod::StudentOrWelch { levene_level } => {
                self.compare_means(values, Variances::EqualUnless { levene_level })
            }
            UnivariateMethod::MannWhitney(ranks) => self.compare_ranks(&values, ranks)?,
            UnivariateMethod::ByNormality {
                normality_level,
                levene_level,
                ranks,
            } => {
                let (events, others) = values.split_at(self.n_events());
                let normality = Normality {
                    events: normality(events),
                    others: normality(others),
                };
                let mut test = if normality.holds(normality_level) {
                    self.compare_means(values, Variances::EqualUnless { levene_level })
                } else {
                    self.compare_ranks(&values, ranks)?
                };
                test.chosen_by = Some(Choice {
                    normality: Some(normality),
                    levene: test.chosen_by.and_then(|choice| choice.levene),
                });
                test
            }
        })
    }

    fn compare_means(&self, mut values: Vec<f64>, variances: Variances) -> UnivariateTest {
        let unit = Unit::divide(&mut values);
        let (events, others) = values.split_at_mut(self.n_events());
        let moments = (Moments::measure(events), Moments::measure(others));
        let levene = match variances {
            Variances::EqualUnless { .. } => Some(levene_test(events, others, LeveneCenter::Mean)),
            _ => None,
        };
        let spread = match (variances, &levene) {
            (Variances::Any, _) => Spread::Separate,
            (Variances::EqualUnless { levene_level }, Some(l)) if l.p_value < levene_level => {
                Spread::Separate
            }
            _ => Spread::Pooled,
        };
        let TTest { t, ln_p, means } = t_test(moments.0, moments.1, unit, spread);
        UnivariateTest {
            test: match spread {
                Spread::Pooled => TestName::Student,
                Spread::Separate => TestName::Welch,
            },
            statistic: t,
            df: means.df,
            p_value: ln_p.exp(),
            log10_p: ln_p / std::f64::consts::LN_10,
            effect: Effect::Means(means),
            chosen_by: levene.map(|levene| Choice {
                normality: None,
                levene: Some(levene),
            }),
            n_events: self.events.len(),
            n_others: self.others.len(),
        }
    }

    fn compare_ranks(&self, values: &[f64], method: MannWhitneyMethod) -> Result<UnivariateTest> {
        let (events, others) = values.split_at(self.n_events());
        let found = rank::rank_test(events, others, method)?;
        Ok(UnivariateTest {
            test: match method {
                _ if found.exact => TestName::MannWhitneyExact,
                MannWhitneyMethod::Normal => TestName::MannWhitneyNormal,
                _ => TestName::MannWhitneyNormalCorrected,
            },
            statistic: found.u,
            df: f64::NAN,
            p_value: found.p,
            log10_p: found.log10_p,
            effect: Effect::Ranks(found.ranks),
            chosen_by: None,
            n_events: self.events.len(),
            n_others: self.others.len(),
        })
    }
}

/// What a t test assumes of the variances.
#[derive(Debug, Clone, Copy)]
enum Variances {
    Equal,
    EqualUnless { levene_level: f64 },
    Any,
}

impl Normality {
    /// Whether both classes were tested with a p above the level.
    pub fn holds(&self, level: f64) -> bool {
        [self.events, self.others]
            .iter()
            .all(|class| matches!(class, NormalityOfGroup::Tested(test) if test.p > level))
    }
}

fn normality(class: &[f64]) -> NormalityOfGroup {
    use eval_stats::Error as Refusal;
    match shapiro_wilk(class) {
        Ok(test) => NormalityOfGroup::Tested(test),
        Err(Refusal::TooMany { .. }) => NormalityOfGroup::TooMany,
        Err(Refusal::Undefined { .. }) => NormalityOfGroup::Constant,
        Err(_) => NormalityOfGroup::TooFew,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GATED: UnivariateMethod = UnivariateMethod::ByNormality {
        normality_level: 0.05,
        levene_level: 0.05,
        ranks: MannWhitneyMethod::NormalCorrected,
    };
    const METHODS: [UnivariateMethod; 5] = [
        UnivariateMethod::Student,
        UnivariateMethod::Welch,
        UnivariateMethod::StudentOrWelch { levene_level: 0.05 },
        UnivariateMethod::MannWhitney(MannWhitneyMethod::NormalCorrected),
        GATED,
    ];

    #[test]
    fn a_constant_feature_has_p_one() {
        let outcome = [true, false, true, false, false];
        for method in METHODS {
            let test = univariate_test(&[2.0; 5], &outcome, method).unwrap();
            assert_eq!((test.p_value, test.log10_p), (1.0, 0.0), "{method:?}");
        }
    }

    #[test]
    fn classes_that_differ_without_spread_have_an_infinite_t() {
        let outcome = [true, true, false, false, false];
        let feature = [0.3, 0.3, 0.1, 0.1, 0.1];
        for method in &METHODS[..3] {
            let test = univariate_test(&feature, &outcome, *method).unwrap();
            assert_eq!((test.statistic, test.p_value), (f64::INFINITY, 0.0));
            let Effect::Means(means) = test.effect else {
                panic!("{test:?}")
            };
            assert_eq!((means.cohens_d, means.std_error), (None, 0.0));
            let interval = means.interval(0.95).unwrap();
            assert_eq!(
                (interval.low, interval.high),
                (means.difference, means.difference)
            );
        }
    }

    #[test]
    fn the_gate_says_why_it_chose() {
        let outcome: Vec<bool> = (0..40).map(|i| i % 2 == 0).collect();
        let even: Vec<f64> = (0..40).map(|i| f64::from((i * 7) % 20)).collect();
        let test = univariate_test(&even, &outcome, GATED).unwrap();
        let choice = test.chosen_by.unwrap();
        assert_eq!(test.test, TestName::Student);
        assert!(choice.normality.unwrap().holds(0.05) && choice.levene.unwrap().p_value > 0.05);
        let skewed: Vec<f64> = even.iter().map(|v| v.exp()).collect();
        let test = univariate_test(&skewed, &outcome, GATED).unwrap();
        assert_eq!(test.test, TestName::MannWhitneyNormalCorrected);
        assert_eq!(test.chosen_by.unwrap().levene, None);
        // Two rows in a class cannot be called normal.
        let few = univariate_test(
            &[1.0, 2.0, 3.0, 4.0, 6.0],
            &[true, true, false, false, false],
            GATED,
        );
        let choice = few.unwrap().chosen_by.unwrap().normality.unwrap();
        assert_eq!(choice.events, NormalityOfGroup::TooFew);
    }

    #[test]
    fn refusals_say_what_was_found() {
        let outcome = [true, false, false, false];
        let x = [1.0, 2.0, 3.0, 5.0];
        let refused = |method| {
            univariate_test(&x, &outcome, method)
                .unwrap_err()
                .to_string()
        };
        assert_eq!(
            refused(UnivariateMethod::Welch),
            "t test: expected at least 2 rows in each class, found 1"
        );
        assert_eq!(
            refused(UnivariateMethod::StudentOrWelch { levene_level: -0.1 }),
            "level of Levene's test: expected a number from 0 to 1, found -0.1"
        );
        let nan = [1.0, f64::NAN, 3.0, 5.0];
        let ranks = UnivariateMethod::MannWhitney(MannWhitneyMethod::Normal);
        assert_eq!(
            univariate_test(&nan, &outcome, ranks)
                .unwrap_err()
                .to_string(),
            "row 1, column `feature`: expected a finite number, found NaN"
        );
        assert!(levene(&nan, &outcome, LeveneCenter::Mean).is_err());
    }
}
