//! Binomial proportions with confidence intervals.
//!
//! With `x` successes of `n`, `p = x/n` and `z` the normal quantile of the level:
//!
//! ```text
//! Clopper-Pearson   Beta quantiles: low of (x, n-x+1), high of (x+1, n-x)
//! Wilson            (p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n)
//! Wilson, corrected the same at p - c/n (low) and p + c/n (high) with c = min(1/2, |x - n/2|)
//! Jeffreys          quantiles of Beta(x + 1/2, n - x + 1/2); 0 if x = 0, 1 if x = n
//! Agresti-Coull     q ± z √(q(1-q)/m) with m = n + z², q = (x + z²/2)/m, clipped to [0, 1]
//! Wald              p ± z √(p(1-p)/n), clipped to [0, 1]
//! ```
//!
//! Limits near 0 keep their digits: none is computed as one minus a number near 1.
//!
//! References: Brown, Cai and DasGupta, Stat. Sci. 16 (2001) 101-133, doi:10.1214/ss/1009213286;
//! Newcombe, Stat. Med. 17 (1998) 873-890 (differences),
//! doi:10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I.
//!
//! # Differences
//! Hmisc's `binconf` replaces the lower Wilson limit of one success by `-ln(level)/n` (and mirrors
//! it for n - 1); this crate, as R's `prop.test` and statsmodels, does not. `prop.test` drops the
//! correction of 0 or n successes only through its clipping, which is the same number. The Jeffreys
//! interval ends at 0 or 1 where no or all trials succeed, as Brown, Cai and DasGupta define it;
//! statsmodels keeps the beta quantile there. Wald limits are clipped; Hmisc's are not.

use std::fmt;

use crate::error::{Error, Result, check_level};
use crate::estimate::{Estimate, IntervalMethod, percent, z_of_level};
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
            ProportionMethod::Wilson => (score_low(x, nf, z), score_high(x, nf, z)),
            ProportionMethod::WilsonCorrected => {
                let correction = (x - 0.5 * nf).abs().min(0.5);
                (
                    score_low(x - correction, nf, z),
                    score_high(x + correction, nf, z),
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
    // At the ends the tails are powers: tail = (1 - high)^n without successes.
    let low = if x <= 0.0 {
        0.0
    } else if x == n {
        (tail.ln() / n).exp()
    } else {
        beta_quantile(tail, x, n - x + 1.0)
    };
    let high = if x >= n {
        1.0
    } else if x == 0.0 {
        -(tail.ln() / n).exp_m1()
    } else {
        upper_quantile(tail, x + 1.0, n - x)
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
        upper_quantile(tail, x + 0.5, n - x + 0.5)
    };
    (low, high)
}

/// Point of Beta(a, b) above which the share `tail` lies, by whichever form keeps its digits.
fn upper_quantile(tail: f64, a: f64, b: f64) -> f64 {
    if a < b {
        beta_quantile(1.0 - tail, a, b)
    } else {
        1.0 - beta_quantile(tail, b, a)
    }
}

/// Upper limit of the score interval.
fn score_high(x: f64, n: f64, z: f64) -> f64 {
    if x >= n {
        return 1.0;
    }
    let p = x / n;
    let c = z * z / (2.0 * n);
    ((p + c + z * (p * (1.0 - p) / n + c / (2.0 * n)).sqrt()) / (1.0 + 2.0 * c)).min(1.0)
}

/// Lower limit of the score interval: the product of both roots of
/// `(1 + z²/n) t² - 2 (p + z²/2n) t + p² = 0` over the larger one, which does not cancel.
fn score_low(x: f64, n: f64, z: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    let p = x / n;
    let c = z * z / (2.0 * n);
    p * p / (p + c + z * (p * (1.0 - p) / n + c / (2.0 * n)).sqrt())
}

fn clipped(p: f64, n: f64, z: f64) -> (f64, f64) {
    let half = z * (p * (1.0 - p) / n).sqrt();
    ((p - half).max(0.0), (p + half).min(1.0))
}

/// Interval of the difference of two independent proportions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum DifferenceMethod {
    /// Newcombe's hybrid score interval (his method 10), from both Wilson intervals `(l, u)`:
    /// `d - √((p1 - l1)² + (u2 - p2)²)` to `d + √((u1 - p1)² + (p2 - l2)²)`.
    #[default]
    Newcombe,
    /// `d ± z √(p1(1-p1)/n1 + p2(1-p2)/n2)`, clipped to `[-1, 1]`.
    Wald,
}

/// Difference of two independent proportions, the first minus the second.
///
/// The standard error is Wald's with either method.
///
/// ```
/// use eval_stats::proportion::{DifferenceMethod, Proportion, ProportionMethod, difference};
/// let p = |x, n| Proportion::new(x, n, 0.95, ProportionMethod::Wilson);
/// let d = difference(&p(56, 70)?, &p(48, 80)?, 0.95, DifferenceMethod::Newcombe)?;
/// assert!((d.value - 0.2).abs() < 1e-15);
/// // Newcombe (1998), Table II, example (a).
/// assert_eq!(format!("{:.4} to {:.4}", d.low, d.high), "0.0524 to 0.3339");
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::OutOfRange`] for the level.
pub fn difference(
    first: &Proportion,
    second: &Proportion,
    level: f64,
    method: DifferenceMethod,
) -> Result<Estimate> {
    check_level(level)?;
    let z = z_of_level(level);
    let (x1, n1) = (first.successes as f64, first.n as f64);
    let (x2, n2) = (second.successes as f64, second.n as f64);
    let (p1, p2) = (first.value, second.value);
    let value = p1 - p2;
    let std_error = (p1 * (1.0 - p1) / n1 + p2 * (1.0 - p2) / n2).sqrt();
    let (below, above, method) = match method {
        DifferenceMethod::Wald => (z * std_error, z * std_error, IntervalMethod::Wald),
        DifferenceMethod::Newcombe => (
            (p1 - score_low(x1, n1, z)).hypot(score_high(x2, n2, z) - p2),
            (score_high(x1, n1, z) - p1).hypot(p2 - score_low(x2, n2, z)),
            IntervalMethod::Newcombe,
        ),
    };
    Ok(Estimate {
        value,
        std_error: Some(std_error),
        low: (value - below).max(-1.0),
        high: (value + above).min(1.0),
        level,
        method,
    })
}

/// Wilson's interval `(low, high)` of `x` in `n`, `n` positive.
pub(crate) fn wilson(x: u64, n: u64, z: f64) -> (f64, f64) {
    let (x, n) = (x as f64, n as f64);
    (score_low(x, n, z), score_high(x, n, z))
}
