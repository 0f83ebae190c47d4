//! Chi-square test of counts against given probabilities.

use std::fmt;

use super::total;
use crate::error::{Error, Result, all_probabilities, same_length};
use crate::special::ln_chi_squared_sf;

/// Chi-square test of counts against given probabilities.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct GoodnessOfFitTest {
    /// `Σ (O - n p)²/(n p)`.
    pub chi_squared: f64,
    /// Number of categories with a probability above 0, less one.
    pub df: usize,
    /// Upper tail.
    pub p: f64,
    /// Its decimal logarithm.
    pub log10_p: f64,
    /// Smallest expected count.
    pub smallest_expected: f64,
}

impl GoodnessOfFitTest {
    /// Name and value of every number, in the order of the fields.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, f64)> + use<> {
        [
            ("chi_squared", self.chi_squared),
            ("df", self.df as f64),
            ("p", self.p),
            ("log10_p", self.log10_p),
            ("smallest_expected", self.smallest_expected),
        ]
        .into_iter()
    }
}

impl fmt::Display for GoodnessOfFitTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "chi-square test for given probabilities: X² = {:.4}, df = {}, p = {:.4e}",
            self.chi_squared, self.df, self.p
        )
    }
}

/// Tests whether counts come from the given probabilities, which sum to 1.
///
/// # Differences
/// A category of probability 0 without subjects says nothing and is left out; R gives NaN. One with
/// subjects refutes the probabilities: X² is infinite and p is 0, as in R.
///
/// ```
/// use eval_stats::contingency::goodness_of_fit;
/// let test = goodness_of_fit(&[30, 20], &[0.5, 0.5])?;
/// assert_eq!((test.chi_squared, test.df), (2.0, 1)); // 25/25 + 25/25
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::Empty`], [`Error::NotFinite`], [`Error::NotProbability`], [`Error::LengthMismatch`],
/// [`Error::OutOfRange`] if the probabilities do not sum to 1 within 1e-8, [`Error::TooFew`] for
/// fewer than two categories of positive probability, [`Error::Undefined`] without subjects,
/// [`Error::TooMany`] beyond 2^53 subjects.
pub fn goodness_of_fit(counts: &[u64], probabilities: &[f64]) -> Result<GoodnessOfFitTest> {
    all_probabilities("probabilities of the categories", probabilities)?;
    same_length(
        "probabilities of the categories",
        counts.len(),
        probabilities.len(),
    )?;
    let sum: f64 = probabilities.iter().sum();
    if (sum - 1.0).abs() > 1e-8 {
        return Err(Error::OutOfRange {
            name: "the sum of the probabilities",
            value: sum,
            expected: "1",
        });
    }
    let possible = probabilities.iter().filter(|&&p| p > 0.0).count();
    if possible < 2 {
        return Err(Error::TooFew {
            what: "categories of positive probability",
            found: possible,
            required: 2,
        });
    }
    let n = total(counts.iter().copied())? as f64;
    if n == 0.0 {
        return Err(Error::Undefined {
            statistic: "a chi-square test for given probabilities",
            reason: "there are no subjects",
        });
    }
    let mut chi_squared = 0.0;
    let mut smallest_expected = f64::INFINITY;
    for (&o, &p) in counts.iter().zip(probabilities) {
        let (o, e) = (o as f64, n * p);
        if p > 0.0 {
            chi_squared += (o - e) * (o - e) / e;
            smallest_expected = smallest_expected.min(e);
        } else if o > 0.0 {
            chi_squared = f64::INFINITY;
        }
    }
    let df = possible - 1;
    let ln_p = ln_chi_squared_sf(chi_squared, df as f64);
    Ok(GoodnessOfFitTest {
        chi_squared,
        df,
        p: ln_p.exp(),
        log10_p: ln_p / core::f64::consts::LN_10,
        smallest_expected,
    })
}
