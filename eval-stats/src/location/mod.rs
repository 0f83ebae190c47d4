//! Comparing groups of measurements: t tests, analysis of variance, Mann-Whitney, Kruskal-Wallis,
//! Shapiro-Wilk and the standardized difference.
//!
//! All sums are taken of values divided by a power of two near the largest, so that values of 1e200
//! or 1e-200 give the same statistics as their ordinary multiples. A group of equal values has
//! variance 0 exactly, whatever its mean rounds to.
//!
//! # Differences
//! R's `t.test` refuses data that are "essentially constant" (a standard error below 1e-15 of the
//! means). Here they are computed as they stand; groups without any variance have documented values.

mod anova;
mod normality;
mod rank;
mod t;

pub use anova::{AnovaTest, anova};
pub use normality::{ShapiroWilkTest, shapiro_wilk};
pub use rank::{
    KruskalWallisTest, MannWhitneyMethod, MannWhitneyTest, kruskal_wallis, mann_whitney,
};
pub use t::{PairedTTest, TTest, paired_t_test, t_test};

use crate::error::{Error, Result, all_finite};

/// Which variance a comparison of means assumes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub enum Variances {
    /// One per group (Welch).
    #[default]
    Welch,
    /// One for all groups (Student's t test, classical analysis of variance).
    Pooled,
}

fn checked(what: &'static str, values: &[f64], required: usize) -> Result<()> {
    all_finite(what, values)?;
    if values.len() < required {
        return Err(Error::TooFew {
            what,
            found: values.len(),
            required,
        });
    }
    Ok(())
}

/// Natural logarithm to decimal.
fn log10(ln: f64) -> f64 {
    ln / core::f64::consts::LN_10
}

/// A power of two near the largest absolute value, 1 if squares are in no danger.
fn scale<'a>(values: impl IntoIterator<Item = &'a f64>) -> f64 {
    let largest = values.into_iter().fold(0.0, |m: f64, v| m.max(v.abs()));
    if largest == 0.0 || (1e-100..1e100).contains(&largest) {
        return 1.0;
    }
    const EXPONENT: u64 = 0x7ff0_0000_0000_0000;
    f64::from_bits(largest.to_bits() & EXPONENT).max(f64::MIN_POSITIVE)
}

/// Where values are measured from and in which unit: the smallest of them and [`scale`].
///
/// Distances to a value among them are exact where the values are close together, so that a large
/// common mean costs no digits of a small difference; to the smallest, so that the order of groups
/// and subjects does not matter.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frame {
    scale: f64,
    origin: f64,
}

impl Frame {
    pub(crate) fn new<'a>(values: impl Iterator<Item = &'a f64> + Clone) -> Self {
        let scale = scale(values.clone());
        let origin = values.copied().reduce(f64::min).map_or(0.0, |v| v / scale);
        Self { scale, origin }
    }

    /// Measured from 0, for differences.
    pub(crate) fn from_zero(values: &[f64]) -> Self {
        Self {
            scale: scale(values),
            origin: 0.0,
        }
    }

    /// A distance in units of the data.
    pub(crate) fn distance(&self, v: f64) -> f64 {
        v * self.scale
    }

    /// A place in units of the data.
    pub(crate) fn place(&self, v: f64) -> f64 {
        (self.origin + v) * self.scale
    }

    fn measured(&self, v: f64) -> f64 {
        v / self.scale - self.origin
    }
}

/// Number, mean and variance of values as measured in a frame.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moments {
    pub(crate) n: f64,
    pub(crate) mean: f64,
    /// Divisor n - 1; 0 for a single value.
    pub(crate) variance: f64,
}

impl Moments {
    /// Of at least one value; two passes, the mean corrected by what the first pass lost.
    pub(crate) fn new(values: &[f64], frame: Frame) -> Self {
        let n = values.len() as f64;
        if values.iter().all(|v| *v == values[0]) {
            return Self {
                n,
                mean: frame.measured(values[0]),
                variance: 0.0,
            };
        }
        let measured = || values.iter().map(|&v| frame.measured(v));
        let rough = measured().sum::<f64>() / n;
        let mean = rough + measured().map(|v| v - rough).sum::<f64>() / n;
        Self {
            n,
            mean,
            variance: measured().map(|v| (v - mean) * (v - mean)).sum::<f64>() / (n - 1.0),
        }
    }
}

/// Difference of two means in pooled standard deviations, `(a - b)/√((var a + var b)/2)`; `None` if
/// neither group varies. For categories there is
/// [`contingency::standardized_difference`](crate::contingency::standardized_difference).
///
/// Austin, Commun. Stat. Simul. 38, 2009, 1228-1234, doi:10.1080/03610910902859574.
///
/// ```
/// use eval_stats::location::standardized_difference;
/// // variances 1 and 1, means 2 and 3
/// let d = standardized_difference(&[1.0, 2.0, 3.0], &[2.0, 3.0, 4.0])?;
/// assert_eq!(d, Some(-1.0));
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::Empty`], [`Error::NotFinite`], [`Error::TooFew`] for a group of one.
pub fn standardized_difference(a: &[f64], b: &[f64]) -> Result<Option<f64>> {
    checked("the first group", a, 2)?;
    checked("the second group", b, 2)?;
    let frame = Frame::new(a.iter().chain(b));
    let (a, b) = (Moments::new(a, frame), Moments::new(b, frame));
    let spread = 0.5 * (a.variance + b.variance);
    Ok((spread > 0.0).then(|| (a.mean - b.mean) / spread.sqrt()))
}
