//! t tests.

use std::fmt;

use super::{Frame, Moments, Variances, checked, log10, scale};
use crate::error::{Result, check_level, same_length};
use crate::estimate::percent;
use crate::special::{ln_t_two_sided, t_quantile};

/// Two-sample t test.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct TTest {
    /// Mean of the first group.
    pub mean_a: f64,
    /// Mean of the second group.
    pub mean_b: f64,
    /// `mean_a - mean_b`.
    pub difference: f64,
    /// Standard error of the difference.
    pub std_error: f64,
    /// t; 0 for equal means, infinite if means differ without any variance.
    pub t: f64,
    /// Degrees of freedom.
    pub df: f64,
    /// Two-sided p-value.
    pub p: f64,
    /// Its decimal logarithm.
    pub log10_p: f64,
    /// Lower confidence limit of the difference.
    pub low: f64,
    /// Upper confidence limit of the difference.
    pub high: f64,
    /// Confidence level.
    pub level: f64,
    /// Which variance was assumed.
    pub variances: Variances,
}

impl TTest {
    /// Name and value of every number, in the order of the fields.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, f64)> + use<> {
        [
            ("mean_a", self.mean_a),
            ("mean_b", self.mean_b),
            ("difference", self.difference),
            ("std_error", self.std_error),
            ("t", self.t),
            ("df", self.df),
            ("p", self.p),
            ("log10_p", self.log10_p),
            ("low", self.low),
            ("high", self.high),
            ("level", self.level),
        ]
        .into_iter()
    }
}

impl fmt::Display for TTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} t test: t = {:.4}, df = {:.2}, p = {:.4e}, difference {:.4} ({}% CI {:.4} to {:.4})",
            match self.variances {
                Variances::Welch => "Welch's",
                Variances::Pooled => "Student's",
            },
            self.t,
            self.df,
            self.p,
            self.difference,
            percent(self.level),
            self.low,
            self.high
        )
    }
}

/// Compares the means of two groups: `t = (mean a - mean b)/SE`.
///
/// ```text
/// Welch:  SE² = s_a²/n_a + s_b²/n_b,  df = SE⁴ / ( (s_a²/n_a)²/(n_a - 1) + (s_b²/n_b)²/(n_b - 1) )
/// pooled: SE² = s² (1/n_a + 1/n_b),   df = n_a + n_b - 2
/// ```
///
/// Without any variance t is 0 (p 1) for equal means, else infinite (p 0), and Welch's df are
/// `n_a + n_b - 2`. Welch, Biometrika 34, 1947, 28-35, doi:10.1093/biomet/34.1-2.28.
///
/// ```
/// use eval_stats::location::{t_test, Variances};
/// // means 2 and 4, both variances 1: SE² = 2/3
/// let test = t_test(&[1.0, 2.0, 3.0], &[3.0, 4.0, 5.0], Variances::Pooled, 0.95)?;
/// assert!((test.t + 6.0_f64.sqrt()).abs() < 1e-14);
/// assert_eq!(test.df, 4.0);
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::Empty`](crate::Error::Empty), [`Error::NotFinite`](crate::Error::NotFinite),
/// [`Error::TooFew`](crate::Error::TooFew) for a group of one,
/// [`Error::OutOfRange`](crate::Error::OutOfRange) for the level.
pub fn t_test(a: &[f64], b: &[f64], variances: Variances, level: f64) -> Result<TTest> {
    checked("the first group", a, 2)?;
    checked("the second group", b, 2)?;
    check_level(level)?;
    let frame = Frame::new(a.iter().chain(b));
    let (a, b) = (Moments::new(a, frame), Moments::new(b, frame));
    let (ea, eb) = (a.variance / a.n, b.variance / b.n);
    let (spread, df) = match variances {
        Variances::Welch if ea + eb == 0.0 => (0.0, a.n + b.n - 2.0),
        Variances::Welch => {
            let (share_a, share_b) = (ea / (ea + eb), eb / (ea + eb));
            let inverse = share_a * share_a / (a.n - 1.0) + share_b * share_b / (b.n - 1.0);
            (ea + eb, 1.0 / inverse)
        }
        Variances::Pooled => {
            let df = a.n + b.n - 2.0;
            let pooled = ((a.n - 1.0) * a.variance + (b.n - 1.0) * b.variance) / df;
            (pooled * (1.0 / a.n + 1.0 / b.n), df)
        }
    };
    let difference = a.mean - b.mean;
    let of_zero = ratio_test(difference, spread.sqrt(), df, level);
    Ok(TTest {
        mean_a: frame.place(a.mean),
        mean_b: frame.place(b.mean),
        difference: frame.distance(difference),
        std_error: frame.distance(spread.sqrt()),
        t: of_zero.t,
        df,
        p: of_zero.ln_p.exp(),
        log10_p: log10(of_zero.ln_p),
        low: frame.distance(difference - of_zero.half),
        high: frame.distance(difference + of_zero.half),
        level,
        variances,
    })
}

/// t, `ln p` and half the interval's width of an estimate and its standard error.
struct RatioTest {
    t: f64,
    ln_p: f64,
    half: f64,
}

fn ratio_test(estimate: f64, std_error: f64, df: f64, level: f64) -> RatioTest {
    let t = if estimate == 0.0 {
        0.0
    } else {
        estimate / std_error
    };
    RatioTest {
        t,
        ln_p: ln_t_two_sided(t, df),
        half: -t_quantile(0.5 * (1.0 - level), df) * std_error,
    }
}

/// Paired t test.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct PairedTTest {
    /// Number of pairs.
    pub n: usize,
    /// Mean of `a - b`.
    pub difference: f64,
    /// Its standard error.
    pub std_error: f64,
    /// t; 0 for a mean of 0, infinite if all differences are equal and not 0.
    pub t: f64,
    /// Degrees of freedom, `n - 1`.
    pub df: f64,
    /// Two-sided p-value.
    pub p: f64,
    /// Its decimal logarithm.
    pub log10_p: f64,
    /// Lower confidence limit of the difference.
    pub low: f64,
    /// Upper confidence limit of the difference.
    pub high: f64,
    /// Confidence level.
    pub level: f64,
}

impl PairedTTest {
    /// Name and value of every number, in the order of the fields.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, f64)> + use<> {
        [
            ("n", self.n as f64),
            ("difference", self.difference),
            ("std_error", self.std_error),
            ("t", self.t),
            ("df", self.df),
            ("p", self.p),
            ("log10_p", self.log10_p),
            ("low", self.low),
            ("high", self.high),
            ("level", self.level),
        ]
        .into_iter()
    }
}

impl fmt::Display for PairedTTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "paired t test: t = {:.4}, df = {}, p = {:.4e}, difference {:.4} ({}% CI {:.4} to {:.4})",
            self.t,
            self.df,
            self.p,
            self.difference,
            percent(self.level),
            self.low,
            self.high
        )
    }
}

/// Tests whether the mean of the differences `a - b` of the same subjects is 0:
/// `t = mean/√(s²/n)` with `n - 1` degrees of freedom.
///
/// Student, Biometrika 6, 1908, 1-25, doi:10.1093/biomet/6.1.1.
///
/// ```
/// use eval_stats::location::paired_t_test;
/// // differences 1, 2, 3: mean 2, standard error √(1/3)
/// let test = paired_t_test(&[2.0, 4.0, 6.0], &[1.0, 2.0, 3.0], 0.95)?;
/// assert!((test.t - 12.0_f64.sqrt()).abs() < 1e-14);
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::Empty`](crate::Error::Empty), [`Error::NotFinite`](crate::Error::NotFinite),
/// [`Error::LengthMismatch`](crate::Error::LengthMismatch),
/// [`Error::TooFew`](crate::Error::TooFew) for one pair,
/// [`Error::OutOfRange`](crate::Error::OutOfRange) for the level.
pub fn paired_t_test(a: &[f64], b: &[f64], level: f64) -> Result<PairedTTest> {
    checked("the first measurements", a, 2)?;
    checked("the second measurements", b, 2)?;
    same_length("the second measurements", a.len(), b.len())?;
    check_level(level)?;
    // Twice: differences must not overflow, and their own size is what counts from there.
    let outer = scale(a.iter().chain(b));
    let differences: Vec<f64> = a
        .iter()
        .zip(b)
        .map(|(a, b)| a / outer - b / outer)
        .collect();
    let frame = Frame::from_zero(&differences);
    let d = Moments::new(&differences, frame);
    let std_error = (d.variance / d.n).sqrt();
    let df = d.n - 1.0;
    let of_zero = ratio_test(d.mean, std_error, df, level);
    let back = |v: f64| frame.distance(v) * outer;
    Ok(PairedTTest {
        n: a.len(),
        difference: back(d.mean),
        std_error: back(std_error),
        t: of_zero.t,
        df,
        p: of_zero.ln_p.exp(),
        log10_p: log10(of_zero.ln_p),
        low: back(d.mean - of_zero.half),
        high: back(d.mean + of_zero.half),
        level,
    })
}
