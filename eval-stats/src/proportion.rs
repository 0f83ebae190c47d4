//! Binomial proportions with confidence intervals.
//!
//! With `x` successes of `n`, `p = x/n` and `z` the normal quantile of the level:
//!
//! ```text
//! Clopper-Pearson   Beta quantiles: low of (x, n-x+1), high of (x+1, n-x)
//! Wilson            (p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n)
//! Jeffreys          quantiles of Beta(x + 1/2, n - x + 1/2); 0 if x = 0, 1 if x = n
//! Agresti-Coull     q ± z √(q(1-q)/m) with m = n + z², q = (x + z²/2)/m, clipped to [0, 1]
//! Wald              p ± z √(p(1-p)/n), clipped to [0, 1]
//! ```
//!
//! Reference: Brown, Cai and DasGupta, Stat. Sci. 16 (2001) 101-133, doi:10.1214/ss/1009213286.

use std::fmt;

use crate::error::{Error, Result, check_level};
use crate::estimate::{percent, z_of_level};
use crate::special::beta_quantile;

/// Interval of a binomial proportion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum ProportionMethod {
    /// Exact, never covers less than its level; what most clinical software prints.
    #[default]
    ClopperPearson,
    /// Score interval.
    Wilson,
    /// Score interval with R's continuity correction `min(1/2, |x - n/2|)`.
    WilsonCorrected,
    /// Equal-tailed Bayesian interval with the Beta(1/2, 1/2) prior.
    Jeffreys,
    /// Score interval's centre with a Wald width.
    AgrestiCoull,
    /// Normal approximation; poor near 0 and 1.
    Wald,
}

impl fmt::Display for ProportionMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ClopperPearson => "Clopper-Pearson",
            Self::Wilson => "Wilson",
            Self::WilsonCorrected => "Wilson with continuity correction",
            Self::Jeffreys => "Jeffreys",
            Self::AgrestiCoull => "Agresti-Coull",
            Self::Wald => "Wald",
        })
    }
}

/// A share with its counts and confidence interval.
///
/// Displays as `0.759 (41/54; 95% CI 0.624 to 0.865, Clopper-Pearson)`.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Proportion {
    /// Numerator.
    pub successes: u64,
    /// Denominator, at least 1.
    pub n: u64,
    /// `successes / n`.
    pub value: f64,
    /// Lower confidence limit.
    pub low: f64,
    /// Upper confidence limit.
    pub high: f64,
    /// Confidence level.
    pub level: f64,
    /// How the interval was made.
    pub method: ProportionMethod,
}

impl Proportion {
    /// Share of `successes` in `n`.
    ///
    /// ```
    /// use eval_stats::proportion::{Proportion, ProportionMethod};
    /// let p = Proportion::new(0, 10, 0.95, ProportionMethod::ClopperPearson)?;
    /// assert!((p.high - (1.0 - 0.025_f64.powf(0.1))).abs() < 1e-15);
    /// # Ok::<(), eval_stats::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Empty`] if `n` is 0, [`Error::CountExceedsTotal`], [`Error::OutOfRange`] for the level.
    pub fn new(successes: u64, n: u64, level: f64, method: ProportionMethod) -> Result<Self> {
        check_level(level)?;
        if n == 0 {
            return Err(Error::Empty {
                what: "the denominator of a proportion",
            });
        }
        if successes > n {
            return Err(Error::CountExceedsTotal {
                what: "successes",
                part: successes,
                total: n,
            });
        }
        let (x, nf) = (successes as f64, n as f64);
        let z = z_of_level(level);
        let (low, high) = match method {
            ProportionMethod::ClopperPearson => clopper_pearson(x, nf, level),
            ProportionMethod::Wilson => (1.0 - score_limit(nf - x, nf, z), score_limit(x, nf, z)),
            ProportionMethod::WilsonCorrected => {
                let correction = (x - 0.5 * nf).abs().min(0.5);
                (
                    1.0 - score_limit(nf - x + correction, nf, z),
                    score_limit(x + correction, nf, z),
                )
            }
            ProportionMethod::Jeffreys => jeffreys(x, nf, level),
            ProportionMethod::AgrestiCoull => {
                let m = nf + z * z;
                clipped((x + 0.5 * z * z) / m, m, z)
            }
            ProportionMethod::Wald => clipped(x / nf, nf, z),
        };
        Ok(Self {
            successes,
            n,
            value: x / nf,
            low,
            high,
            level,
            method,
        })
    }

    /// Name and value of every number, in the order of the fields.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, f64)> + use<> {
        [
            ("successes", self.successes as f64),
            ("n", self.n as f64),
            ("value", self.value),
            ("low", self.low),
            ("high", self.high),
            ("level", self.level),
        ]
        .into_iter()
    }
}

impl fmt::Display for Proportion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:.3} ({}/{}; {}% CI {:.3} to {:.3}, {})",
            self.value,
            self.successes,
            self.n,
            percent(self.level),
            self.low,
            self.high,
            self.method
        )
    }
}

/// Clopper-Pearson limits; `x` may be fractional (binomial-exact interval of an AUC).
pub(crate) fn clopper_pearson(x: f64, n: f64, level: f64) -> (f64, f64) {
    let tail = 0.5 * (1.0 - level);
    let low = if x <= 0.0 {
        0.0
    } else {
        beta_quantile(tail, x, n - x + 1.0)
    };
    let high = if x >= n {
        1.0
    } else {
        // The upper limit of x successes is one minus the lower limit of n - x.
        1.0 - beta_quantile(tail, n - x, x + 1.0)
    };
    (low, high)
}

fn jeffreys(x: f64, n: f64, level: f64) -> (f64, f64) {
    let tail = 0.5 * (1.0 - level);
    let low = if x == 0.0 {
        0.0
    } else {
        beta_quantile(tail, x + 0.5, n - x + 0.5)
    };
    let high = if x == n {
        1.0
    } else {
        1.0 - beta_quantile(tail, n - x + 0.5, x + 0.5)
    };
    (low, high)
}

/// Upper limit of the score interval.
fn score_limit(x: f64, n: f64, z: f64) -> f64 {
    if x >= n {
        return 1.0;
    }
    let p = x / n;
    let c = z * z / (2.0 * n);
    ((p + c + z * (p * (1.0 - p) / n + c / (2.0 * n)).sqrt()) / (1.0 + 2.0 * c)).min(1.0)
}

fn clipped(p: f64, n: f64, z: f64) -> (f64, f64) {
    let half = z * (p * (1.0 - p) / n).sqrt();
    ((p - half).max(0.0), (p + half).min(1.0))
}
