//! McNemar's test of two binary calls on the same subjects, and the difference of their shares.
//!
//! ```text
//!                 second +     second -
//! first +           a            b
//! first -           c            d
//!
//! X² = (b - c)²/(b + c)    corrected (|b - c| - 1)²/(b + c), 1 degree of freedom
//! exact p = min(1, 2 P(Binomial(b + c, 1/2) <= min(b, c)))
//! mid-p   = exact p - P(Binomial(b + c, 1/2) = b);  1 if b = c
//! difference of the shares of positive calls = (b - c)/n
//! ```
//!
//! Which calls are compared decides the question: "correct" calls compare accuracy, positive calls
//! among events sensitivity, negative calls among non-events specificity.
//!
//! References: McNemar, Psychometrika 12 (1947) 153-157, doi:10.1007/BF02295996; Fagerland,
//! Lydersen and Laake, BMC Med. Res. Methodol. 13 (2013) 91 (mid-p), doi:10.1186/1471-2288-13-91;
//! Newcombe, Stat. Med. 17 (1998) 2635-2650 (paired differences),
//! doi:10.1002/(SICI)1097-0258(19981130)17:22<2635::AID-SIM954>3.0.CO;2-C; Tango, Stat. Med. 17
//! (1998) 891-908, doi:10.1002/(SICI)1097-0258(19980430)17:8<891::AID-SIM780>3.0.CO;2-B; Bonett and
//! Price, J. Educ. Behav. Stat. 37 (2012) 479-488, doi:10.3102/1076998611411915.
//!
//! # Differences
//! Without discordant subjects R's `mcnemar.test` gives NaN; here nothing speaks against equality
//! and p is 1. With `b = c` Fagerland, Lydersen and Laake halve the point probability (`1 - P(b)/2`, which is 1/2 without
//! discordant subjects); twice the smaller mid-p tail is 1, as R's exact2x2 has it.

use std::fmt;

use crate::error::{Error, Result, check_level, same_length};
use crate::estimate::{Estimate, IntervalMethod, z_of_level};
use crate::proportion::wilson;
use crate::special::{beta_cdf, ln_chi_squared_sf, ln_f_sf};

/// McNemar's test in its four forms.
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
    /// Decimal logarithm of `p`, exact where `p` underflows.
    pub log10_p: f64,
    /// With Edwards' continuity correction; the correction never exceeds the difference.
    pub chi_squared_corrected: f64,
    /// Its p-value.
    pub p_corrected: f64,
    /// Decimal logarithm of `p_corrected`.
    pub log10_p_corrected: f64,
    /// Two-sided exact binomial p-value; 1 without discordant subjects.
    pub p_exact: f64,
    /// Decimal logarithm of `p_exact`.
    pub log10_p_exact: f64,
    /// Two-sided mid-p-value; 1 if both discordant counts are equal.
    pub p_mid: f64,
    /// Decimal logarithm of `p_mid`.
    pub log10_p_mid: f64,
}

impl McnemarTest {
    /// Name and value of every number, in the order of the fields.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, f64)> + use<> {
        [
            ("only_first", self.only_first as f64),
            ("only_second", self.only_second as f64),
            ("chi_squared", self.chi_squared),
            ("p", self.p),
            ("log10_p", self.log10_p),
            ("chi_squared_corrected", self.chi_squared_corrected),
            ("p_corrected", self.p_corrected),
            ("log10_p_corrected", self.log10_p_corrected),
            ("p_exact", self.p_exact),
            ("log10_p_exact", self.log10_p_exact),
            ("p_mid", self.p_mid),
            ("log10_p_mid", self.log10_p_mid),
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
/// // 2 (1 + 16 + 120)/2^16
/// assert!((t.p_exact - 274.0 / 65536.0).abs() < 1e-15);
/// // less the 120 of the observed split
/// assert!((t.p_mid - 154.0 / 65536.0).abs() < 1e-15);
/// ```
pub fn from_counts(only_first: u64, only_second: u64) -> McnemarTest {
    let n = only_first as f64 + only_second as f64;
    let difference = only_first.abs_diff(only_second) as f64;
    let statistic = |d: f64| if n == 0.0 { 0.0 } else { d * (d / n) };
    let chi_squared = statistic(difference);
    let chi_squared_corrected = statistic((difference - 1.0).max(0.0));
    let ln_p = ln_chi_squared_sf(chi_squared, 1.0);
    let ln_p_corrected = ln_chi_squared_sf(chi_squared_corrected, 1.0);
    let (ln_p_exact, ln_p_mid) = if difference == 0.0 {
        (0.0, 0.0)
    } else {
        ln_exact(only_first.min(only_second) as f64, n)
    };
    let log10 = |ln: f64| ln / core::f64::consts::LN_10;
    McnemarTest {
        only_first,
        only_second,
        chi_squared,
        p: ln_p.exp(),
        log10_p: log10(ln_p),
        chi_squared_corrected,
        p_corrected: ln_p_corrected.exp(),
        log10_p_corrected: log10(ln_p_corrected),
        p_exact: ln_p_exact.exp(),
        log10_p_exact: log10(ln_p_exact),
        p_mid: ln_p_mid.exp(),
        log10_p_mid: log10(ln_p_mid),
    }
}

/// Logarithms of the exact two-sided p-value and of the mid-p-value for `fewer < n/2` of `n`.
fn ln_exact(fewer: f64, n: f64) -> (f64, f64) {
    // P(X <= k) of Binomial(n, 1/2) is I_{1/2}(n - k, k + 1), an F tail where it underflows.
    let (a, b) = (n - fewer, fewer + 1.0);
    let tail = beta_cdf(0.5, a, b);
    let ln_tail = if tail > 1e-290 {
        tail.ln()
    } else {
        ln_f_sf(a / b, 2.0 * b, 2.0 * a)
    };
    let ln_exact = (ln_tail + core::f64::consts::LN_2).min(0.0);
    // P(X = k) as a part of P(X <= k), so that the difference keeps its digits.
    let share = 0.5 * point_over_tail(fewer, n);
    (ln_exact, (ln_exact.min(0.0) + (-share).ln_1p()).min(0.0))
}

/// `P(X = k)/P(X <= k)` of Binomial(n, 1/2), `k < n/2`: one over `1 + k/(n-k+1) (1 + ...)`.
fn point_over_tail(k: f64, n: f64) -> f64 {
    let (mut sum, mut term, mut j) = (1.0, 1.0, k);
    while j > 0.0 && term > 1e-17 * sum {
        term *= j / (n - j + 1.0);
        sum += term;
        j -= 1.0;
    }
    1.0 / sum
}

/// The test from two series of calls.
///
/// ```
/// let first = [true, true, true, false];
/// let second = [true, false, false, true];
/// let t = eval_stats::mcnemar::from_calls(&first, &second)?;
/// assert_eq!((t.only_first, t.only_second, t.chi_squared), (2, 1, 1.0 / 3.0));
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::Empty`], [`Error::LengthMismatch`].
pub fn from_calls(first: &[bool], second: &[bool]) -> Result<McnemarTest> {
    Ok(PairedTable::from_calls(first, second)?.test())
}

/// How often two binary calls on the same subjects fall together.
///
/// ```
/// use eval_stats::mcnemar::{PairedMethod, PairedTable};
/// // Newcombe (1998), Table II.
/// let t = PairedTable { both: 36, only_first: 12, only_second: 2, neither: 0 };
/// let d = t.difference(0.95, PairedMethod::Newcombe)?;
/// assert_eq!(d.value, 0.2);
/// # Ok::<(), eval_stats::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct PairedTable {
    /// Subjects that both calls have.
    pub both: u64,
    /// Subjects that only the first call has.
    pub only_first: u64,
    /// Subjects that only the second call has.
    pub only_second: u64,
    /// Subjects that neither call has.
    pub neither: u64,
}

/// Interval of the difference of two paired shares. With `d = (b - c)/n`:
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum PairedMethod {
    /// Newcombe's method 10: both Wilson intervals, joined with the correlation of the calls,
    /// `d - √((p1-l1)² - 2φ(p1-l1)(u2-p2) + (u2-p2)²)` and its mirror;
    /// `φ = C/√((a+b)(c+d)(a+c)(b+d))` with `C = max(ad - bc - n/2, 0)` if `ad > bc`, else
    /// `ad - bc`; 0 if a margin is empty.
    #[default]
    Newcombe,
    /// Tango's score interval: all `δ` with `|b - c - nδ| <= z √(n(2 q + δ(1-δ)))`, `q` the
    /// maximum-likelihood share of `c` given `δ`. It agrees with McNemar's uncorrected test.
    Tango,
    /// `d ± z √(b + c - (b-c)²/n)/n`, clipped to `[-1, 1]`; width 0 without discordant subjects.
    Wald,
    /// Wald with `(b + 1)/(n + 2)` and `(c + 1)/(n + 2)`, clipped.
    BonettPrice,
}

impl PairedTable {
    /// Counts two series of calls.
    ///
    /// ```
    /// use eval_stats::mcnemar::PairedTable;
    /// let first = [true, true, true, false];
    /// let second = [true, false, false, true];
    /// let table = PairedTable::from_calls(&first, &second)?;
    /// assert_eq!((table.both, table.only_first, table.only_second, table.neither), (1, 2, 1, 0));
    /// # Ok::<(), eval_stats::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::LengthMismatch`].
    pub fn from_calls(first: &[bool], second: &[bool]) -> Result<Self> {
        if first.is_empty() {
            return Err(Error::Empty { what: "calls" });
        }
        same_length("the second series of calls", first.len(), second.len())?;
        Ok(Self::count(first.iter().zip(second).map(|(&x, &y)| (x, y))))
    }

    /// Counts pairs of calls; all 0 of nothing.
    pub(crate) fn count(pairs: impl Iterator<Item = (bool, bool)>) -> Self {
        let mut t = Self::default();
        for pair in pairs {
            match pair {
                (true, true) => t.both += 1,
                (true, false) => t.only_first += 1,
                (false, true) => t.only_second += 1,
                (false, false) => t.neither += 1,
            }
        }
        t
    }

    /// Number of subjects; `u64::MAX` if it does not fit.
    pub fn n(&self) -> u64 {
        self.both
            .saturating_add(self.only_first)
            .saturating_add(self.only_second)
            .saturating_add(self.neither)
    }

    /// McNemar's test.
    pub fn test(&self) -> McnemarTest {
        from_counts(self.only_first, self.only_second)
    }

    /// Share that the first call has minus share that the second has.
    ///
    /// The standard error is Wald's with each method.
    ///
    /// ```
    /// use eval_stats::mcnemar::{PairedMethod, PairedTable};
    /// let table = PairedTable { both: 36, only_first: 12, only_second: 2, neither: 0 };
    /// let d = table.difference(0.95, PairedMethod::Wald)?;
    /// assert_eq!(d.value, 0.2);                         // (12 - 2)/50
    /// assert_eq!(d.std_error, Some(12_f64.sqrt() / 50.0)); // 12 + 2 - 10²/50 = 12
    /// # Ok::<(), eval_stats::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Empty`] without subjects, [`Error::OutOfRange`] for the level, [`Error::TooMany`]
    /// if the number of subjects does not fit in `u64`.
    pub fn difference(&self, level: f64, method: PairedMethod) -> Result<Estimate> {
        check_level(level)?;
        let cells = [self.both, self.only_first, self.only_second, self.neither];
        let n = match cells.iter().try_fold(0u64, |n, &c| n.checked_add(c)) {
            None => {
                return Err(Error::TooMany {
                    found: usize::MAX,
                    limit: usize::MAX,
                });
            }
            Some(0) => {
                return Err(Error::Empty {
                    what: "the table of paired calls",
                });
            }
            Some(n) => n as f64,
        };
        let z = z_of_level(level);
        let [b, c] = [self.only_first as f64, self.only_second as f64];
        let value = (b - c) / n;
        let wald = |b: f64, c: f64, n: f64| ((b + c - (b - c) * ((b - c) / n)).max(0.0)).sqrt() / n;
        let std_error = wald(b, c, n);
        let (low, high, method) = match method {
            PairedMethod::Wald => (
                value - z * std_error,
                value + z * std_error,
                IntervalMethod::Wald,
            ),
            PairedMethod::BonettPrice => {
                let centre = (b - c) / (n + 2.0);
                let half = z * wald(b + 1.0, c + 1.0, n + 2.0);
                (centre - half, centre + half, IntervalMethod::BonettPrice)
            }
            PairedMethod::Newcombe => {
                let (low, high) = self.newcombe(z, value);
                (low, high, IntervalMethod::Newcombe)
            }
            PairedMethod::Tango => (
                -tango_upper(c, b, n, z),
                tango_upper(b, c, n, z),
                IntervalMethod::TangoScore,
            ),
        };
        Ok(Estimate {
            value,
            std_error: Some(std_error),
            low: low.max(-1.0),
            high: high.min(1.0),
            level,
            method,
        })
    }

    fn newcombe(&self, z: f64, value: f64) -> (f64, f64) {
        let (first, second) = (self.both + self.only_first, self.both + self.only_second);
        let n = self.n();
        let (l1, u1) = wilson(first, n, z);
        let (l2, u2) = wilson(second, n, z);
        let (p1, p2) = (first as f64 / n as f64, second as f64 / n as f64);
        let phi = self.phi();
        let joined = |x: f64, y: f64| (x * x - 2.0 * phi * x * y + y * y).max(0.0).sqrt();
        (
            value - joined(p1 - l1, u2 - p2),
            value + joined(u1 - p1, p2 - l2),
        )
    }

    /// Correlation of the calls with Newcombe's continuity correction.
    fn phi(&self) -> f64 {
        let product = |x: u64, y: u64| u128::from(x) * u128::from(y);
        let margin = |x: u64, y: u64| x as f64 + y as f64;
        let margins = (margin(self.both, self.only_first) * margin(self.only_second, self.neither))
            .sqrt()
            * (margin(self.both, self.only_second) * margin(self.only_first, self.neither)).sqrt();
        if margins == 0.0 {
            return 0.0;
        }
        let (with, against) = (
            product(self.both, self.neither),
            product(self.only_first, self.only_second),
        );
        if with >= against {
            ((with - against) as f64 - 0.5 * self.n() as f64).max(0.0) / margins
        } else {
            -((against - with) as f64) / margins
        }
    }
}

/// Upper limit of Tango's interval: the largest `δ` in `[(b - c)/n, 1]` whose score is at least
/// `-z`. The score falls as `δ` grows, so the interval is halved until it cannot be.
fn tango_upper(b: f64, c: f64, n: f64, z: f64) -> f64 {
    // Larger than z: outside. Multiplied out, so that 0/0 at δ = ±1 is no question.
    let outside = |delta: f64| {
        let linear = 2.0 * n * delta - (b + c) - (b - c) * delta;
        let constant = -c * delta * (1.0 - delta);
        let root = (linear * linear - 8.0 * n * constant).max(0.0).sqrt();
        let share = if linear <= 0.0 {
            (root - linear) / (4.0 * n)
        } else {
            -2.0 * constant / (root + linear)
        };
        let variance = n * (2.0 * share + delta * (1.0 - delta)).max(0.0);
        n * delta - (b - c) > z * variance.sqrt()
    };
    let (mut inside, mut beyond) = ((b - c) / n, 1.0);
    if !outside(beyond) {
        return 1.0;
    }
    loop {
        let middle = 0.5 * (inside + beyond);
        if middle <= inside || middle >= beyond {
            return inside;
        }
        if outside(middle) {
            beyond = middle;
        } else {
            inside = middle;
        }
    }
}

/// Two shares of the same subjects against each other.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct PairedComparison {
    /// The four counts.
    pub table: PairedTable,
    /// Share that the first call has.
    pub first: f64,
    /// Share that the second call has.
    pub second: f64,
    /// `first - second` with its interval.
    pub difference: Estimate,
    /// McNemar's test that both are equal.
    pub test: McnemarTest,
}

impl fmt::Display for PairedComparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:.3} vs {:.3}, difference {}, exact p = {:.4}",
            self.first, self.second, self.difference, self.test.p_exact
        )
    }
}

/// Compares two shares of the same subjects: difference, interval and McNemar's test.
///
/// ```
/// use eval_stats::mcnemar::{PairedMethod, PairedTable, compare};
/// let t = PairedTable { both: 36, only_first: 12, only_second: 2, neither: 0 };
/// let c = compare(&t, 0.95, PairedMethod::Wald)?;
/// assert_eq!((c.first, c.second), (0.96, 0.76));
/// assert_eq!(c.test.p_exact, eval_stats::mcnemar::from_counts(12, 2).p_exact);
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// As [`PairedTable::difference`].
pub fn compare(table: &PairedTable, level: f64, method: PairedMethod) -> Result<PairedComparison> {
    let difference = table.difference(level, method)?;
    let n = table.n() as f64;
    Ok(PairedComparison {
        table: *table,
        first: (table.both + table.only_first) as f64 / n,
        second: (table.both + table.only_second) as f64 / n,
        difference,
        test: table.test(),
    })
}
