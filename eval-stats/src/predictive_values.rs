//! Predictive values of two binary tests on the same subjects.
//!
//! Predictive values are shares of *those who test positive (negative)*, a different set for each
//! test, so McNemar's test does not compare them. With `n1`, `n2` the subjects positive on the first
//! and on the second test, `T1`, `T2` the events among them, `D` the outcome and `y1`, `y2` the calls:
//!
//! ```text
//! relative PPV        r = PPV1/PPV2,  Var ln r = Σ [y1 (D - PPV1)/T1 - y2 (D - PPV2)/T2]²
//! generalized score   [Σ D (y2 - m z̄)]² / Σ (D - d̄)² (y2 - m z̄)²
//!                     m = y1 + y2, z̄ = n2/(n1 + n2), d̄ = (T1 + T2)/(n1 + n2)
//! weighted            (PPV1 - PPV2)² / {[d̄(1 - d̄) - 2 C] (1/n1 + 1/n2)}
//!                     C = Σ over subjects positive on both (D - d̄)² / (n1 + n2)
//! ```
//!
//! Sums run over all subjects; the score statistics have one degree of freedom. The negative
//! predictive value is the same with negative calls and non-events.
//!
//! References: Moskowitz and Pepe, Clin. Trials 3 (2006) 272-279, doi:10.1191/1740774506cn147oa;
//! Leisenring, Alonzo and Pepe, Biometrics 56 (2000) 345-351,
//! doi:10.1111/j.0006-341X.2000.00345.x; Kosinski, Stat. Med. 32 (2013) 964-977,
//! doi:10.1002/sim.5587.

use std::fmt;

use crate::error::{Error, Result, check_level, same_length};
use crate::estimate::{percent, z_of_level};
use crate::mcnemar::PairedTable;
use crate::special::{ln_chi_squared_sf, ln_normal_two_sided};

/// A score test with one degree of freedom.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ScoreTest {
    /// Test statistic; 0 if both predictive values are the same.
    pub chi_squared: f64,
    /// Upper tail; 1 if both predictive values are the same.
    pub p: f64,
    /// Its decimal logarithm.
    pub log10_p: f64,
}

impl ScoreTest {
    /// Infinite if the numerator is not 0 but the denominator is.
    fn new(numerator: f64, denominator: f64) -> Self {
        let chi_squared = if numerator == 0.0 {
            0.0
        } else {
            numerator / denominator.max(0.0)
        };
        let ln_p = ln_chi_squared_sf(chi_squared, 1.0);
        Self {
            chi_squared,
            p: ln_p.exp(),
            log10_p: ln_p / core::f64::consts::LN_10,
        }
    }
}

/// Ratio of two predictive values.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct RelativePredictiveValue {
    /// `first / second`.
    pub ratio: f64,
    /// Standard error of its logarithm; 0 if both tests call the same subjects.
    pub std_error_log: f64,
    /// `ln ratio / std_error_log`; 0 if the ratio is 1.
    pub z: f64,
    /// Two-sided p-value.
    pub p: f64,
    /// Its decimal logarithm.
    pub log10_p: f64,
    /// Lower limit, `exp(ln ratio - z SE)`.
    pub low: f64,
    /// Upper limit.
    pub high: f64,
    /// Confidence level.
    pub level: f64,
}

/// One kind of predictive value of two tests.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct PredictiveValueComparison {
    /// Predictive value of the first test.
    pub first: f64,
    /// Predictive value of the second test.
    pub second: f64,
    /// Their ratio; `None` if either is 0.
    pub relative: Option<RelativePredictiveValue>,
    /// Generalized score test (Leisenring, Alonzo and Pepe).
    pub generalized_score: ScoreTest,
    /// Weighted generalized score test (Kosinski); it does not depend on which test is first.
    pub weighted_score: ScoreTest,
}

impl fmt::Display for PredictiveValueComparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3} vs {:.3}", self.first, self.second)?;
        if let Some(r) = self.relative {
            let level = percent(r.level);
            let (ratio, low, high) = (r.ratio, r.low, r.high);
            write!(f, ", ratio {ratio:.3} ({level}% CI {low:.3} to {high:.3})")?;
        }
        write!(f, ", weighted score p = {:.4}", self.weighted_score.p)
    }
}

/// Both predictive values of two tests.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct PredictiveValueTests {
    /// Positive predictive values; `None` if a test calls nobody positive.
    pub ppv: Option<PredictiveValueComparison>,
    /// Negative predictive values; `None` if a test calls nobody negative.
    pub npv: Option<PredictiveValueComparison>,
}

/// Compares predictive values from the calls.
///
/// ```
/// use eval_stats::predictive_values::compare;
/// let outcome = [true, true, false, false];
/// let (first, second) = ([true, true, false, false], [true, true, true, false]);
/// let ppv = compare(&first, &second, &outcome, 0.95)?.ppv.expect("positives");
/// assert_eq!((ppv.first, ppv.second), (1.0, 2.0 / 3.0));
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::Empty`], [`Error::LengthMismatch`], [`Error::OutOfRange`] for the level.
pub fn compare(
    first: &[bool],
    second: &[bool],
    outcomes: &[bool],
    level: f64,
) -> Result<PredictiveValueTests> {
    if first.is_empty() {
        return Err(Error::Empty { what: "calls" });
    }
    same_length("the second series of calls", first.len(), second.len())?;
    same_length("outcomes", first.len(), outcomes.len())?;
    let table = |class: bool| {
        let of_class = (0..first.len()).filter(|&i| outcomes[i] == class);
        PairedTable::count(of_class.map(|i| (first[i], second[i])))
    };
    compare_tables(&table(true), &table(false), level)
}

/// Compares predictive values from the counts among events and among non-events.
///
/// ```
/// use eval_stats::mcnemar::PairedTable;
/// use eval_stats::predictive_values::compare_tables;
/// let events = PairedTable { both: 30, only_first: 10, only_second: 10, neither: 5 };
/// let non_events = PairedTable { both: 5, only_first: 5, only_second: 15, neither: 40 };
/// let ppv = compare_tables(&events, &non_events, 0.95)?.ppv.expect("positives");
/// assert_eq!((ppv.first, ppv.second), (40.0 / 50.0, 40.0 / 60.0));
/// assert!((ppv.relative.expect("events").ratio - 1.2).abs() < 1e-15);
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::OutOfRange`] for the level.
pub fn compare_tables(
    events: &PairedTable,
    non_events: &PairedTable,
    level: f64,
) -> Result<PredictiveValueTests> {
    check_level(level)?;
    let positive = |t: &PairedTable| [t.both, t.only_first, t.only_second].map(|c| c as f64);
    let negative = |t: &PairedTable| [t.neither, t.only_second, t.only_first].map(|c| c as f64);
    Ok(PredictiveValueTests {
        ppv: of_counts(positive(events), positive(non_events), level),
        npv: of_counts(negative(non_events), negative(events), level),
    })
}

/// Counts of right and of wrong calls: made by both tests, by the first only, by the second only.
fn of_counts(right: [f64; 3], wrong: [f64; 3], level: f64) -> Option<PredictiveValueComparison> {
    let (t1, t2) = (right[0] + right[1], right[0] + right[2]);
    let (n1, n2) = (t1 + wrong[0] + wrong[1], t2 + wrong[0] + wrong[2]);
    if n1 == 0.0 || n2 == 0.0 {
        return None;
    }
    let (first, second) = (t1 / n1, t2 / n2);
    let n = n1 + n2;
    let (pooled, missed) = ((t1 + t2) / n, (n1 - t1 + n2 - t2) / n);
    let later = n2 / n;
    let square = |x: f64| x * x;
    // y2 - m z̄ of those called by both, by the first, by the second.
    let scores = [1.0 - 2.0 * later, -later, n1 / n];
    let sum_of_squares = |counts: [f64; 3]| -> f64 {
        let terms = counts.iter().zip(scores);
        terms.map(|(c, s)| c * s * s).sum()
    };
    // Σ D (y2 - m z̄) and PPV1 - PPV2 have the numerator T2 n1 - T1 n2, a difference of whole numbers.
    let determinant = t2 * n1 - t1 * n2;
    let generalized_score = ScoreTest::new(
        square(determinant / n),
        square(missed) * sum_of_squares(right) + square(pooled) * sum_of_squares(wrong),
    );
    // d̄(1 - d̄) - 2C is what the subjects called by one test only contribute: no cancellation.
    let discordant =
        ((right[1] + right[2]) * square(missed) + (wrong[1] + wrong[2]) * square(pooled)) / n;
    let weighted_score = ScoreTest::new(
        square(determinant / n1 / n2),
        discordant * (1.0 / n1 + 1.0 / n2),
    );
    Some(PredictiveValueComparison {
        first,
        second,
        relative: relative([t1, n1], [t2, n2], right, wrong, level),
        generalized_score,
        weighted_score,
    })
}

fn relative(
    [t1, n1]: [f64; 2],
    [t2, n2]: [f64; 2],
    right: [f64; 3],
    wrong: [f64; 3],
    level: f64,
) -> Option<RelativePredictiveValue> {
    if t1 == 0.0 || t2 == 0.0 {
        return None;
    }
    // (D - PPV)/T of a right and of a wrong call: (1 - PPV)/T and -PPV/T = -1/n.
    let (right1, right2) = ((n1 - t1) / n1 / t1, (n2 - t2) / n2 / t2);
    let (wrong1, wrong2) = (-1.0 / n1, -1.0 / n2);
    let square = |x: f64| x * x;
    let of = |counts: [f64; 3], a: f64, b: f64| {
        counts[0] * square(a - b) + counts[1] * square(a) + counts[2] * square(b)
    };
    let variance = of(right, right1, right2) + of(wrong, wrong1, wrong2);
    let std_error_log = variance.sqrt();
    let ratio = (t1 / n1) / (t2 / n2);
    let ln_ratio = ratio.ln();
    let z = if ln_ratio == 0.0 {
        0.0
    } else {
        ln_ratio / std_error_log
    };
    let ln_p = ln_normal_two_sided(z);
    let factor = (z_of_level(level) * std_error_log).exp();
    Some(RelativePredictiveValue {
        ratio,
        std_error_log,
        z,
        p: ln_p.exp().min(1.0),
        log10_p: ln_p / core::f64::consts::LN_10,
        low: ratio / factor,
        high: ratio * factor,
        level,
    })
}
