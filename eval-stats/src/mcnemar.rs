//! McNemar's test of two binary calls on the same subjects.
//!
//! ```text
//!                 second +     second -
//! first +           a            b
//! first -           c            d
//!
//! X² = (b - c)²/(b + c)    corrected (|b - c| - 1)²/(b + c), 1 degree of freedom
//! exact p = min(1, 2 P(Binomial(b + c, 1/2) <= min(b, c)))
//! ```
//!
//! Reference: McNemar, Psychometrika 12 (1947) 153-157, doi:10.1007/BF02295996.

use std::fmt;

use crate::error::{Error, Result, same_length};
use crate::special::{beta_cdf, chi_squared_sf};

/// McNemar's test in its three forms.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct McnemarTest {
    /// Subjects that only the first call has.
    pub only_first: u64,
    /// Subjects that only the second call has.
    pub only_second: u64,
    /// `(b - c)²/(b + c)`; 0 without discordant subjects.
    pub chi_squared: f64,
    /// Its p-value; 1 without discordant subjects.
    pub p: f64,
    /// With Edwards' continuity correction; the correction never exceeds the difference.
    pub chi_squared_corrected: f64,
    /// Its p-value.
    pub p_corrected: f64,
    /// Two-sided exact binomial p-value; 1 without discordant subjects.
    pub p_exact: f64,
}

impl McnemarTest {
    /// Name and value of every number, in the order of the fields.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, f64)> + use<> {
        [
            ("only_first", self.only_first as f64),
            ("only_second", self.only_second as f64),
            ("chi_squared", self.chi_squared),
            ("p", self.p),
            ("chi_squared_corrected", self.chi_squared_corrected),
            ("p_corrected", self.p_corrected),
            ("p_exact", self.p_exact),
        ]
        .into_iter()
    }
}

impl fmt::Display for McnemarTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "McNemar's test ({} vs {} discordant): X² = {:.4}, p = {:.4}; exact p = {:.4}",
            self.only_first, self.only_second, self.chi_squared, self.p, self.p_exact
        )
    }
}

/// The test from the two discordant counts.
///
/// ```
/// let t = eval_stats::mcnemar::from_counts(14, 2);
/// assert_eq!(t.chi_squared, 9.0);
/// ```
pub fn from_counts(only_first: u64, only_second: u64) -> McnemarTest {
    let n = (only_first + only_second) as f64;
    let difference = only_first.abs_diff(only_second) as f64;
    let statistic = |d: f64| if n == 0.0 { 0.0 } else { d * d / n };
    let chi_squared = statistic(difference);
    let chi_squared_corrected = statistic((difference - 1.0).max(0.0));
    let fewer = only_first.min(only_second) as f64;
    // P(X <= k) of Binomial(n, 1/2) is I_{1/2}(n - k, k + 1).
    let p_exact = if difference == 0.0 {
        1.0
    } else {
        (2.0 * beta_cdf(0.5, n - fewer, fewer + 1.0)).min(1.0)
    };
    McnemarTest {
        only_first,
        only_second,
        chi_squared,
        p: chi_squared_sf(chi_squared, 1.0),
        chi_squared_corrected,
        p_corrected: chi_squared_sf(chi_squared_corrected, 1.0),
        p_exact,
    }
}

/// The test from two series of calls.
///
/// Which calls are compared decides the question: "correct" calls compare accuracy, positive calls
/// among events compare sensitivity, negative calls among non-events compare specificity.
///
/// # Errors
/// [`Error::Empty`], [`Error::LengthMismatch`].
pub fn from_calls(first: &[bool], second: &[bool]) -> Result<McnemarTest> {
    if first.is_empty() {
        return Err(Error::Empty { what: "calls" });
    }
    same_length("the second series of calls", first.len(), second.len())?;
    let count = |a: bool| {
        first
            .iter()
            .zip(second)
            .filter(|&(&x, &y)| x == a && y != a)
            .count() as u64
    };
    Ok(from_counts(count(true), count(false)))
}
