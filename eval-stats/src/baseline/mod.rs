//! Baseline tables ("Table 1"): one typed row per variable, with the test that a named rule chose.
//!
//! A row has every group's summary, the test of their differences with the rule's reason, and the
//! standardized difference. Nothing is chosen that the row does not show: the results of the normality
//! gate, the expected counts, the name of the test.
//!
//! - **Missing values** are counted per group and left out of everything else: NaN among the values
//!   of [`continuous`], a count of their own in [`categorical`]. They are never a category.
//! - **A test that has no value** (an empty group, a variable that everybody shares, a table of one
//!   group) does not remove the row: [`RowTest::NotDone`] says why.
//! - **Standardized differences** are absolute; of several groups it is the largest of all pairs.
//!
//! Formulas and references stand at the tests, in [`location`](crate::location) and
//! [`contingency`](crate::contingency).
//!
//! ```
//! use eval_stats::baseline::{self, BaselineSettings};
//! let age = baseline::continuous(
//!     &[&[48.0, 52.0, 57.0, 61.0, 64.0], &[45.0, 55.0, 58.0, f64::NAN, 70.0]],
//!     &BaselineSettings::new(),
//! )?;
//! assert_eq!(age.groups[0].mean_sd(1), "56.4 ± 6.5");
//! assert_eq!(age.groups[1].missing, 1);
//! assert_eq!(age.test.format_p(), "P = .92");
//! let node = baseline::categorical(
//!     &[vec![39, 25], vec![11, 25]], // levels: without, with; columns are the groups
//!     &[0, 0],
//!     &BaselineSettings::new(),
//! )?;
//! assert_eq!(node.share(1, 1).to_string(), "25 (50.0%)");
//! # Ok::<(), eval_stats::Error>(())
//! ```

mod categorical;
mod continuous;
mod format;

use std::fmt;

pub use categorical::{CategoricalRow, Share, categorical};
pub use continuous::{
    ContinuousRow, ContinuousSummary, NormalityGate, NormalityOfGroup, continuous,
};
pub use format::{format_p, p_cell};

use crate::contingency::Yates;
use crate::error::{Error, Result};
use crate::location::{MannWhitneyMethod, Variances};

/// How the test of a continuous variable is chosen.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum ContinuousRule {
    /// t test, or analysis of variance for more than two groups.
    Parametric,
    /// Mann-Whitney, or Kruskal-Wallis for more than two groups.
    Rank,
    /// Parametric if Shapiro-Wilk's p is above `alpha` in every group, else by ranks. A group that
    /// cannot be tested (fewer than 3 values, more than 5000, all equal) does not pass.
    ShapiroGate {
        /// Level of the gate, usually 0.05.
        alpha: f64,
    },
}

/// How the test of a categorical variable is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum CategoricalRule {
    /// Always chi-square.
    ChiSquared,
    /// Always Fisher's exact test.
    Fisher,
    /// Fisher if any expected count is below 5, else chi-square.
    FisherIfAnyBelow5,
    /// Fisher if more than a fifth of the expected counts are below 5, or any is below 1, else
    /// chi-square (Cochran, Biometrics 10, 1954, 417-451, doi:10.2307/3001616).
    Cochran,
}

/// What happens where Fisher's test has more tables than can be walked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum BeyondExact {
    /// The test is not done, and the row says so.
    NotDone,
    /// Random tables.
    MonteCarlo {
        /// Number of random tables.
        replicates: usize,
        /// Seed.
        seed: u32,
    },
}

/// Rules of a baseline table.
///
/// | name | default | purpose |
/// |---|---|---|
/// | `continuous_rule` | Shapiro gate at 0.05 | test of a continuous variable |
/// | `variances` | Welch | variance of the parametric tests |
/// | `mann_whitney` | `NormalCorrected` | p-value of the rank test of two groups |
/// | `categorical_rule` | `FisherIfAnyBelow5` | test of a categorical variable |
/// | `yates` | none | continuity correction of 2 x 2 chi-square tests |
/// | `beyond_exact` | `NotDone` | Fisher's test of tables that are too large |
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct BaselineSettings {
    continuous_rule: ContinuousRule,
    variances: Variances,
    mann_whitney: MannWhitneyMethod,
    categorical_rule: CategoricalRule,
    yates: Yates,
    beyond_exact: BeyondExact,
}

impl Default for BaselineSettings {
    fn default() -> Self {
        Self::new()
    }
}

impl BaselineSettings {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self {
            continuous_rule: ContinuousRule::ShapiroGate { alpha: 0.05 },
            variances: Variances::Welch,
            mann_whitney: MannWhitneyMethod::NormalCorrected,
            categorical_rule: CategoricalRule::FisherIfAnyBelow5,
            yates: Yates::None,
            beyond_exact: BeyondExact::NotDone,
        }
    }

    /// How the test of a continuous variable is chosen.
    #[must_use]
    pub fn continuous_rule(mut self, rule: ContinuousRule) -> Self {
        self.continuous_rule = rule;
        self
    }

    /// Variance of the parametric tests: Welch's tests, or Student's and the classical analysis.
    #[must_use]
    pub fn variances(mut self, variances: Variances) -> Self {
        self.variances = variances;
        self
    }

    /// How the p-value of the rank test of two groups is found.
    #[must_use]
    pub fn mann_whitney(mut self, method: MannWhitneyMethod) -> Self {
        self.mann_whitney = method;
        self
    }

    /// How the test of a categorical variable is chosen.
    #[must_use]
    pub fn categorical_rule(mut self, rule: CategoricalRule) -> Self {
        self.categorical_rule = rule;
        self
    }

    /// Continuity correction of chi-square tests of 2 x 2 tables; others are never corrected.
    #[must_use]
    pub fn yates(mut self, yates: Yates) -> Self {
        self.yates = yates;
        self
    }

    /// What happens where Fisher's test has more tables than can be walked.
    #[must_use]
    pub fn beyond_exact(mut self, choice: BeyondExact) -> Self {
        self.beyond_exact = choice;
        self
    }

    fn check(&self) -> Result<()> {
        if let ContinuousRule::ShapiroGate { alpha } = self.continuous_rule
            && !(alpha > 0.0 && alpha < 1.0)
        {
            return Err(Error::OutOfRange {
                name: "alpha",
                value: alpha,
                expected: "a level strictly between 0 and 1",
            });
        }
        if let BeyondExact::MonteCarlo { replicates: 0, .. } = self.beyond_exact {
            return Err(Error::OutOfRange {
                name: "replicates",
                value: 0.0,
                expected: "at least 1",
            });
        }
        Ok(())
    }
}

/// Which test a row has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum TestName {
    /// Student's t test.
    Student,
    /// Welch's t test.
    Welch,
    /// Classical one-way analysis of variance.
    Anova,
    /// Welch's analysis of variance.
    WelchAnova,
    /// Mann-Whitney test, normal approximation.
    MannWhitney,
    /// Mann-Whitney test, exact.
    MannWhitneyExact,
    /// Kruskal-Wallis test.
    KruskalWallis,
    /// Chi-square test.
    ChiSquared,
    /// Chi-square test with continuity correction.
    ChiSquaredCorrected,
    /// Fisher's exact test.
    Fisher,
    /// Fisher's test by random tables.
    FisherMonteCarlo,
}

impl fmt::Display for TestName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Student => "Student's t test",
            Self::Welch => "Welch's t test",
            Self::Anova => "analysis of variance",
            Self::WelchAnova => "Welch's analysis of variance",
            Self::MannWhitney => "Mann-Whitney test",
            Self::MannWhitneyExact => "exact Mann-Whitney test",
            Self::KruskalWallis => "Kruskal-Wallis test",
            Self::ChiSquared => "chi-square test",
            Self::ChiSquaredCorrected => "chi-square test with continuity correction",
            Self::Fisher => "Fisher's exact test",
            Self::FisherMonteCarlo => "Fisher's test by random tables",
        })
    }
}

/// The test of one row.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct GroupTest {
    /// Which test.
    pub name: TestName,
    /// Its statistic (t, F, U, H, X²); Fisher's test has none.
    pub statistic: Option<f64>,
    /// Degrees of freedom; those between the groups of an analysis of variance. `None` for tests
    /// without.
    pub df: Option<f64>,
    /// Degrees of freedom within the groups of an analysis of variance.
    pub df_within: Option<f64>,
    /// Two-sided p-value.
    pub p: f64,
    /// Its decimal logarithm.
    pub log10_p: f64,
}

impl GroupTest {
    /// Name and value of every number that the test has, in the order of the fields.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, f64)> + use<> {
        [
            self.statistic.map(|v| ("statistic", v)),
            self.df.map(|v| ("df", v)),
            self.df_within.map(|v| ("df_within", v)),
            Some(("p", self.p)),
            Some(("log10_p", self.log10_p)),
        ]
        .into_iter()
        .flatten()
    }
}

impl fmt::Display for GroupTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", format_p(self.p), self.name)
    }
}

/// The test of one row, or why there is none.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub enum RowTest {
    /// The test.
    Done(GroupTest),
    /// These data have no test.
    NotDone {
        /// The test's error.
        #[cfg_attr(feature = "serde", serde(serialize_with = "as_text"))]
        reason: Error,
    },
}

#[cfg(feature = "serde")]
fn as_text<S: serde::Serializer>(reason: &Error, to: S) -> std::result::Result<S::Ok, S::Error> {
    to.collect_str(reason)
}

impl RowTest {
    fn new(test: Result<GroupTest>) -> Self {
        match test {
            Ok(test) => Self::Done(test),
            Err(reason) => Self::NotDone { reason },
        }
    }

    /// The test, if it could be done.
    pub fn done(&self) -> Option<&GroupTest> {
        match self {
            Self::Done(test) => Some(test),
            Self::NotDone { .. } => None,
        }
    }

    /// The p-value as papers print it in a sentence, by [`format_p`]; empty without a test.
    pub fn format_p(&self) -> String {
        self.done()
            .map_or_else(String::new, |test| format_p(test.p))
    }

    /// The p-value as papers print it below a heading "P", by [`p_cell`]; empty without a test.
    pub fn p_cell(&self) -> String {
        self.done().map_or_else(String::new, |test| p_cell(test.p))
    }
}

impl fmt::Display for RowTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done(test) => test.fmt(f),
            Self::NotDone { reason } => write!(f, "no test: {reason}"),
        }
    }
}

/// Largest of all pairs' absolute differences; `None` if no pair has one.
fn largest_of_pairs(n: usize, difference: impl Fn(usize, usize) -> Option<f64>) -> Option<f64> {
    (0..n)
        .flat_map(|i| (0..i).map(move |j| (j, i)))
        .filter_map(|(j, i)| difference(j, i))
        .map(f64::abs)
        .reduce(f64::max)
}

fn at_least_one_group(found: usize) -> Result<()> {
    if found == 0 {
        return Err(Error::Empty {
            what: "groups of a baseline table",
        });
    }
    Ok(())
}
