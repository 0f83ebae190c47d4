//! Row of a continuous variable.

use std::fmt;

use super::{
    BaselineSettings, ContinuousRule, GroupTest, RowTest, TestName, at_least_one_group,
    largest_of_pairs,
};
use crate::error::{Error, Result};
use crate::location::{
    self, Frame, MannWhitneyMethod, Moments, ShapiroWilkTest, Variances, anova, kruskal_wallis,
    mann_whitney, shapiro_wilk, t_test,
};
use crate::quantile::{QuantileType, of_sorted};

/// Summary of one group's values. What a group without values does not have is `None`.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ContinuousSummary {
    /// Number of values, missing ones not counted.
    pub n: usize,
    /// Number of missing values.
    pub missing: usize,
    /// Mean.
    pub mean: Option<f64>,
    /// Standard deviation, divisor n - 1; `None` below two values.
    pub sd: Option<f64>,
    /// Median.
    pub median: Option<f64>,
    /// First quartile, R's type 7.
    pub q1: Option<f64>,
    /// Third quartile, R's type 7.
    pub q3: Option<f64>,
    /// Smallest value.
    pub min: Option<f64>,
    /// Largest value.
    pub max: Option<f64>,
}

impl ContinuousSummary {
    fn new(sorted: &[f64], missing: usize) -> Self {
        let n = sorted.len();
        let some = |f: &dyn Fn() -> f64| (n > 0).then(f);
        let quantile = |p| some(&|| of_sorted(sorted, p, QuantileType::Type7));
        let frame = Frame::new(sorted.iter());
        let moments = (n > 0).then(|| Moments::new(sorted, frame));
        Self {
            n,
            missing,
            mean: moments.map(|m| frame.place(m.mean)),
            sd: moments
                .filter(|_| n > 1)
                .map(|m| frame.distance(m.variance.sqrt())),
            median: quantile(0.5),
            q1: quantile(0.25),
            q3: quantile(0.75),
            min: some(&|| sorted[0]),
            max: some(&|| sorted[n - 1]),
        }
    }

    /// "54.0 ± 10.6" with so many decimals; only the mean for a single value, empty for none.
    pub fn mean_sd(&self, decimals: usize) -> String {
        match (self.mean, self.sd) {
            (Some(mean), Some(sd)) => format!("{mean:.decimals$} ± {sd:.decimals$}"),
            (Some(mean), None) => format!("{mean:.decimals$}"),
            _ => String::new(),
        }
    }

    /// "54.0 (47.0, 61.0)": median and quartiles with so many decimals; empty without values.
    ///
    /// ```
    /// use eval_stats::baseline::{BaselineSettings, continuous};
    /// let row = continuous(&[&[1.0, 2.0, 3.0], &[3.0, 4.0, 5.0]], &BaselineSettings::new())?;
    /// assert_eq!(row.groups[0].mean_sd(1), "2.0 ± 1.0");
    /// assert_eq!(row.groups[0].median_quartiles(1), "2.0 (1.5, 2.5)");
    /// # Ok::<(), eval_stats::Error>(())
    /// ```
    pub fn median_quartiles(&self, decimals: usize) -> String {
        match (self.median, self.q1, self.q3) {
            (Some(m), Some(a), Some(b)) => {
                format!("{m:.decimals$} ({a:.decimals$}, {b:.decimals$})")
            }
            _ => String::new(),
        }
    }

    /// "18.0 to 83.0" with so many decimals; empty without values.
    pub fn range(&self, decimals: usize) -> String {
        match (self.min, self.max) {
            (Some(a), Some(b)) => format!("{a:.decimals$} to {b:.decimals$}"),
            _ => String::new(),
        }
    }

    /// Name and value of every number that the group has, in the order of the fields.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, f64)> + use<> {
        [
            ("n", Some(self.n as f64)),
            ("missing", Some(self.missing as f64)),
            ("mean", self.mean),
            ("sd", self.sd),
            ("median", self.median),
            ("q1", self.q1),
            ("q3", self.q3),
            ("min", self.min),
            ("max", self.max),
        ]
        .into_iter()
        .filter_map(|(name, value)| value.map(|v| (name, v)))
    }
}

impl fmt::Display for ContinuousSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.mean_sd(1))
    }
}

/// Shapiro-Wilk test of one group.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum NormalityOfGroup {
    /// Tested.
    Tested(ShapiroWilkTest),
    /// Fewer than 3 values.
    TooFew,
    /// More than 5000 values, beyond the test's range.
    TooMany,
    /// All values are equal.
    Constant,
}

/// The normality gate of a row.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct NormalityGate {
    /// Level.
    pub alpha: f64,
    /// Every group's test.
    pub groups: Vec<NormalityOfGroup>,
    /// Whether every group was tested with p above `alpha`.
    pub passed: bool,
}

impl NormalityGate {
    fn new(alpha: f64, groups: &[&[f64]]) -> Self {
        let groups: Vec<NormalityOfGroup> = groups
            .iter()
            .map(|g| match shapiro_wilk(g) {
                Ok(test) => NormalityOfGroup::Tested(test),
                Err(Error::TooMany { .. }) => NormalityOfGroup::TooMany,
                Err(Error::Undefined { .. }) => NormalityOfGroup::Constant,
                Err(_) => NormalityOfGroup::TooFew,
            })
            .collect();
        let passed = groups
            .iter()
            .all(|g| matches!(g, NormalityOfGroup::Tested(test) if test.p > alpha));
        Self {
            alpha,
            groups,
            passed,
        }
    }
}

/// Row of a continuous variable.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ContinuousRow {
    /// Every group.
    pub groups: Vec<ContinuousSummary>,
    /// All groups together.
    pub total: ContinuousSummary,
    /// The gate, where the rule has one.
    pub gate: Option<NormalityGate>,
    /// Test of the groups' differences.
    pub test: RowTest,
    /// Absolute standardized difference; of several groups the largest of all pairs. `None` if no
    /// pair of groups has two values each and varies.
    pub standardized_difference: Option<f64>,
}

impl fmt::Display for ContinuousRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for group in &self.groups {
            write!(f, "{group} | ")?;
        }
        self.test.fmt(f)
    }
}

/// Row of a continuous variable, a slice per group; NaN is a missing value.
///
/// ```
/// use eval_stats::baseline::{BaselineSettings, ContinuousRule, TestName, continuous};
/// // Group means 2 and 4, both variances 1: t = -2/√(2/3), difference 2 standard deviations.
/// let settings = BaselineSettings::new().continuous_rule(ContinuousRule::Parametric);
/// let row = continuous(&[&[1.0, 2.0, 3.0], &[3.0, 4.0, 5.0]], &settings)?;
/// let test = row.test.done().expect("both groups vary");
/// assert_eq!((test.name, test.df), (TestName::Welch, Some(4.0)));
/// assert_eq!(row.standardized_difference, Some(2.0));
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::Empty`] without groups, [`Error::NotFinite`] for an infinite value,
/// [`Error::OutOfRange`] for a setting. A test that these data do not have is no error, but
/// [`RowTest::NotDone`].
pub fn continuous(groups: &[&[f64]], settings: &BaselineSettings) -> Result<ContinuousRow> {
    at_least_one_group(groups.len())?;
    settings.check()?;
    let mut present = Vec::with_capacity(groups.len());
    for group in groups {
        if let Some(index) = group.iter().position(|v| v.is_infinite()) {
            return Err(Error::NotFinite {
                what: "a group",
                index,
                value: group[index],
            });
        }
        let mut values: Vec<f64> = group.iter().copied().filter(|v| !v.is_nan()).collect();
        values.sort_by(f64::total_cmp);
        present.push(values);
    }
    let missing = |i: usize| groups[i].len() - present[i].len();
    let mut all = present.concat();
    all.sort_by(f64::total_cmp);
    let slices: Vec<&[f64]> = present.iter().map(Vec::as_slice).collect();
    let gate = match settings.continuous_rule {
        ContinuousRule::ShapiroGate { alpha } => Some(NormalityGate::new(alpha, &slices)),
        _ => None,
    };
    let parametric = match &gate {
        Some(gate) => gate.passed,
        None => settings.continuous_rule == ContinuousRule::Parametric,
    };
    let test = if parametric {
        of_means(&slices, settings.variances)
    } else {
        of_ranks(&slices, settings.mann_whitney)
    };
    Ok(ContinuousRow {
        groups: (0..groups.len())
            .map(|i| ContinuousSummary::new(slices[i], missing(i)))
            .collect(),
        total: ContinuousSummary::new(&all, (0..groups.len()).map(missing).sum()),
        gate,
        test: RowTest::new(test),
        standardized_difference: largest_of_pairs(groups.len(), |i, j| {
            location::standardized_difference(slices[i], slices[j])
                .ok()
                .flatten()
        }),
    })
}

fn of_means(groups: &[&[f64]], variances: Variances) -> Result<GroupTest> {
    if let [a, b] = groups {
        let test = t_test(a, b, variances, 0.95)?;
        return Ok(GroupTest {
            name: match variances {
                Variances::Welch => TestName::Welch,
                Variances::Pooled => TestName::Student,
            },
            statistic: Some(test.t),
            df: Some(test.df),
            df_within: None,
            p: test.p,
            log10_p: test.log10_p,
        });
    }
    let test = anova(groups, variances)?;
    Ok(GroupTest {
        name: match variances {
            Variances::Welch => TestName::WelchAnova,
            Variances::Pooled => TestName::Anova,
        },
        statistic: Some(test.f),
        df: Some(test.df_between),
        df_within: Some(test.df_within),
        p: test.p,
        log10_p: test.log10_p,
    })
}

fn of_ranks(groups: &[&[f64]], method: MannWhitneyMethod) -> Result<GroupTest> {
    if let [a, b] = groups {
        let test = mann_whitney(a, b, method)?;
        return Ok(GroupTest {
            name: match test.method {
                MannWhitneyMethod::Exact => TestName::MannWhitneyExact,
                _ => TestName::MannWhitney,
            },
            statistic: Some(test.u),
            df: None,
            df_within: None,
            p: test.p,
            log10_p: test.log10_p,
        });
    }
    let test = kruskal_wallis(groups)?;
    Ok(GroupTest {
        name: TestName::KruskalWallis,
        statistic: Some(test.h),
        df: Some(test.df as f64),
        df_within: None,
        p: test.p,
        log10_p: test.log10_p,
    })
}
