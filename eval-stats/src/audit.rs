//! Checking published numbers against themselves.
//!
//! Printed numbers are rounded, so each stands for a range ([`Reported`]). The functions say which
//! whole counts, standard errors or methods are compatible with all ranges at once.
//!
//! ```
//! use eval_stats::audit::{counts_from_rates, ReportedRates, Reported};
//! let rates = ReportedRates {
//!     sensitivity: Some(Reported::new(75.9, 1)),
//!     specificity: Some(Reported::new(92.1, 1)),
//!     ..ReportedRates::default()
//! };
//! let found = counts_from_rates(54, 63, &rates)?;
//! assert_eq!(found.consistent.len(), 1);
//! assert_eq!((found.consistent[0].tp, found.consistent[0].tn), (41, 58));
//! # Ok::<(), eval_stats::Error>(())
//! ```

use std::fmt;

use crate::agreement::{AgreementTable, Weights, kappa};
use crate::auc_interval::{binomial_exact_limits, hanley_mcneil_limits};
use crate::confusion::ConfusionMatrix;
use crate::error::{Error, Result, check_level};
use crate::estimate::z_of_level;
use crate::special::normal_two_sided;

/// A printed number and the range that rounds to it.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Reported {
    /// The number as printed.
    pub value: f64,
    /// Half a unit of its last digit.
    pub half_unit: f64,
}

impl Reported {
    /// A number printed with so many decimals. Ties may have been rounded either way, so both ends
    /// of the range belong to it.
    pub fn new(value: f64, decimals: u32) -> Self {
        Self {
            value,
            half_unit: 0.5 * 10f64.powi(-(decimals.min(300) as i32)),
        }
    }

    /// Smallest number that rounds to it.
    pub fn low(&self) -> f64 {
        self.value - self.half_unit
    }

    /// Largest number that rounds to it.
    pub fn high(&self) -> f64 {
        self.value + self.half_unit
    }

    /// Whether a number rounds to it, with an allowance for floating point.
    pub fn admits(&self, x: f64) -> bool {
        (x - self.value).abs() <= self.half_unit * (1.0 + 1e-6) + 1e-12 * self.value.abs()
    }
}

/// A printed p-value.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub enum ReportedP {
    /// "P = .04".
    Equal(Reported),
    /// "P < .01".
    Below(f64),
}

/// Rates printed for a binary test, in percent. What was not printed is `None`.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct ReportedRates {
    /// Accuracy.
    pub accuracy: Option<Reported>,
    /// Sensitivity.
    pub sensitivity: Option<Reported>,
    /// Specificity.
    pub specificity: Option<Reported>,
    /// Positive predictive value.
    pub ppv: Option<Reported>,
    /// Negative predictive value.
    pub npv: Option<Reported>,
    /// AUC of the binary test, `(sensitivity + specificity)/2`, as a share and not in percent.
    pub auc: Option<Reported>,
}

/// A rate of a binary test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum Rate {
    /// Accuracy.
    Accuracy,
    /// Sensitivity.
    Sensitivity,
    /// Specificity.
    Specificity,
    /// Positive predictive value.
    Ppv,
    /// Negative predictive value.
    Npv,
    /// AUC of the binary test.
    Auc,
}

impl ReportedRates {
    fn given(&self) -> impl Iterator<Item = (Rate, Reported)> {
        [
            (Rate::Accuracy, self.accuracy),
            (Rate::Sensitivity, self.sensitivity),
            (Rate::Specificity, self.specificity),
            (Rate::Ppv, self.ppv),
            (Rate::Npv, self.npv),
            (Rate::Auc, self.auc),
        ]
        .into_iter()
        .filter_map(|(rate, value)| value.map(|v| (rate, v)))
    }
}

fn rate_of(m: &ConfusionMatrix, rate: Rate) -> Option<f64> {
    let percent = |share: Option<f64>| share.map(|s| 100.0 * s);
    match rate {
        Rate::Accuracy => percent(m.accuracy()),
        Rate::Sensitivity => percent(m.sensitivity()),
        Rate::Specificity => percent(m.specificity()),
        Rate::Ppv => percent(m.ppv()),
        Rate::Npv => percent(m.npv()),
        Rate::Auc => m.balanced_accuracy(),
    }
}

/// A table that does not reproduce every rate, with those it misses.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct NearMiss {
    /// The table.
    pub counts: ConfusionMatrix,
    /// Rates that it does not reproduce, with the value it gives (percent; `None` if undefined).
    pub missed: Vec<(Rate, Option<f64>)>,
}

/// Tables compatible with printed rates.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct CountAudit {
    /// All tables that reproduce every rate: none, one or many.
    pub consistent: Vec<ConfusionMatrix>,
    /// If there is none, the tables that miss fewest rates, closest first, at most four.
    pub closest: Vec<NearMiss>,
}

impl fmt::Display for CountAudit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.consistent.as_slice(), self.closest.first()) {
            ([only], _) => write!(f, "unique: {only}"),
            ([], Some(near)) => write!(
                f,
                "no whole counts give these rates; closest {} misses {:?}",
                near.counts, near.missed
            ),
            ([], None) => f.write_str("no whole counts give these rates"),
            (many, _) => write!(f, "{} tables give these rates", many.len()),
        }
    }
}

/// Largest number of tables that is searched.
const MOST_TABLES: u64 = 100_000_000;

/// Finds all whole counts that printed rates can come from.
///
/// # Errors
/// [`Error::Empty`] if no rate is given, [`Error::TooFewPerClass`] without events or non-events,
/// [`Error::TooMany`] for more than 1e8 tables.
pub fn counts_from_rates(
    n_events: u64,
    n_non_events: u64,
    rates: &ReportedRates,
) -> Result<CountAudit> {
    let given: Vec<(Rate, Reported)> = rates.given().collect();
    if given.is_empty() {
        return Err(Error::Empty {
            what: "reported rates",
        });
    }
    if n_events == 0 || n_non_events == 0 {
        return Err(Error::TooFewPerClass {
            events: n_events as usize,
            non_events: n_non_events as usize,
            required: 1,
        });
    }
    let tables = (n_events + 1).saturating_mul(n_non_events + 1);
    if tables > MOST_TABLES {
        return Err(Error::TooMany {
            found: tables as usize,
            limit: MOST_TABLES as usize,
        });
    }
    let mut consistent = Vec::new();
    let mut best: Vec<(usize, f64, ConfusionMatrix)> = Vec::new();
    for tp in 0..=n_events {
        for tn in 0..=n_non_events {
            let m = ConfusionMatrix {
                tp,
                fp: n_non_events - tn,
                fn_: n_events - tp,
                tn,
            };
            let (mut missed, mut distance) = (0, 0.0);
            for &(rate, reported) in &given {
                match rate_of(&m, rate) {
                    Some(v) => {
                        missed += usize::from(!reported.admits(v));
                        distance += (v - reported.value).abs() / reported.half_unit;
                    }
                    None => missed += 1,
                }
            }
            if missed == 0 {
                consistent.push(m);
            }
            keep_best(&mut best, (missed, distance, m));
        }
    }
    let closest = if consistent.is_empty() {
        best.into_iter()
            .map(|(_, _, counts)| near_miss(counts, &given))
            .collect()
    } else {
        Vec::new()
    };
    Ok(CountAudit {
        consistent,
        closest,
    })
}

/// Keeps up to four candidates that miss fewest rates, closest first.
fn keep_best(
    best: &mut Vec<(usize, f64, ConfusionMatrix)>,
    candidate: (usize, f64, ConfusionMatrix),
) {
    match best.first() {
        Some(b) if b.0 < candidate.0 => return,
        Some(b) if b.0 > candidate.0 => best.clear(),
        _ => {}
    }
    let at = best.partition_point(|b| b.1 <= candidate.1);
    if at < 4 {
        best.insert(at, candidate);
        best.truncate(4);
    }
}

fn near_miss(counts: ConfusionMatrix, given: &[(Rate, Reported)]) -> NearMiss {
    let missed = given
        .iter()
        .map(|&(rate, reported)| (rate, reported, rate_of(&counts, rate)))
        .filter(|(_, reported, v)| !v.is_some_and(|v| reported.admits(v)))
        .map(|(rate, _, v)| (rate, v))
        .collect();
    NearMiss { counts, missed }
}

/// Whether an odds ratio, its Wald interval and its p-value agree.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct OddsRatioAudit {
    /// `√(low high)`, which a Wald interval has at the odds ratio.
    pub geometric_mean: f64,
    /// Standard error of the log odds ratio that the interval implies.
    pub std_error: f64,
    /// `ln(OR) / std_error`.
    pub z: f64,
    /// p-value that follows.
    pub p: f64,
    /// Smallest p-value within the rounding of all three numbers.
    pub p_low: f64,
    /// Largest p-value within the rounding.
    pub p_high: f64,
    /// Whether the odds ratio lies in the middle of its interval, within rounding.
    pub interval_agrees: bool,
    /// Whether the printed p-value is possible; `None` if none was printed.
    pub p_agrees: Option<bool>,
}

impl fmt::Display for OddsRatioAudit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "interval {}, p between {:.3e} and {:.3e}{}",
            if self.interval_agrees {
                "agrees"
            } else {
                "does not belong to the odds ratio"
            },
            self.p_low,
            self.p_high,
            match self.p_agrees {
                Some(false) => ", the printed p-value is not possible",
                _ => "",
            }
        )
    }
}

/// Checks an odds ratio (or hazard or risk ratio) with a Wald interval on the log scale.
///
/// # Errors
/// [`Error::OutOfRange`] if a number is not positive even at the upper end of its rounding, if
/// `low >= high`, or for the level.
pub fn odds_ratio(
    or: Reported,
    low: Reported,
    high: Reported,
    p: Option<ReportedP>,
    level: f64,
) -> Result<OddsRatioAudit> {
    check_level(level)?;
    for (name, r) in [
        ("odds ratio", or),
        ("lower limit", low),
        ("upper limit", high),
    ] {
        if !(r.value > 0.0 && r.value.is_finite()) {
            return Err(Error::OutOfRange {
                name,
                value: r.value,
                expected: "a positive number",
            });
        }
    }
    if low.value >= high.value {
        return Err(Error::OutOfRange {
            name: "lower limit",
            value: low.value,
            expected: "a number below the upper limit",
        });
    }
    let width = 2.0 * z_of_level(level);
    let z_at = |or: f64, low: f64, high: f64| or.ln() / ((high.ln() - low.ln()) / width);
    // A limit printed as 0.00 may be anything down to 0.
    let floor = |v: f64| v.max(f64::MIN_POSITIVE);
    let (or_low, or_high) = (floor(or.low()), or.high());
    let corners = [or_low, or_high].into_iter().flat_map(|o| {
        [low.low(), low.high()].into_iter().flat_map(move |l| {
            [high.low(), high.high()]
                .into_iter()
                .map(move |h| (o, floor(l), h))
        })
    });
    let (mut p_low, mut p_high) = (f64::INFINITY, 0.0_f64);
    for (o, l, h) in corners {
        // Limits that round to neighbours may touch: the standard error is then 0.
        let p = if h > l {
            normal_two_sided(z_at(o, l, h))
        } else {
            0.0
        };
        p_low = p_low.min(p);
        p_high = p_high.max(p);
    }
    if or_low <= 1.0 && or_high >= 1.0 {
        p_high = 1.0;
    }
    let middle = |a: f64, b: f64| (floor(a) * b).sqrt();
    let (middle_low, middle_high) = (
        middle(low.low(), high.low()),
        middle(low.high(), high.high()),
    );
    let z = z_at(or.value, low.value, high.value);
    let slack = 1e-9;
    let p_agrees = p.map(|p| match p {
        ReportedP::Equal(r) => p_low <= r.high() + slack && p_high >= r.low() - slack,
        ReportedP::Below(limit) => p_low < limit,
    });
    Ok(OddsRatioAudit {
        geometric_mean: middle(low.value, high.value),
        std_error: (high.value.ln() - low.value.ln()) / width,
        z,
        p: normal_two_sided(z),
        p_low,
        p_high,
        interval_agrees: middle_low <= or_high + slack && middle_high >= or_low - slack,
        p_agrees,
    })
}

/// Which methods a printed AUC interval is compatible with.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct AucIntervalAudit {
    /// AUCs within rounding whose binomial-exact interval rounds to the printed one; `None` if
    /// there is none.
    pub binomial_exact: Option<(f64, f64)>,
    /// The same for Hanley and McNeil's interval.
    pub hanley_mcneil: Option<(f64, f64)>,
}

impl fmt::Display for AucIntervalAudit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = |fits: bool| if fits { "fits" } else { "does not fit" };
        write!(
            f,
            "binomial exact {}, Hanley-McNeil {}",
            word(self.binomial_exact.is_some()),
            word(self.hanley_mcneil.is_some())
        )
    }
}

/// Steps in which the rounding range of an AUC is searched.
const AUC_STEPS: u32 = 1000;

/// Checks a printed AUC and interval against the methods that need no data.
///
/// # Errors
/// [`Error::OutOfRange`] for the AUC or the level, [`Error::TooFewPerClass`] without events or
/// non-events.
pub fn auc_interval(
    auc: Reported,
    low: Reported,
    high: Reported,
    n_events: usize,
    n_non_events: usize,
    level: f64,
) -> Result<AucIntervalAudit> {
    hanley_mcneil_limits(auc.value, n_events, n_non_events, level)?;
    let search = |limits: &dyn Fn(f64) -> Result<(f64, f64)>| -> Result<Option<(f64, f64)>> {
        let mut found: Option<(f64, f64)> = None;
        for step in 0..=AUC_STEPS {
            let share = f64::from(step) / f64::from(AUC_STEPS);
            let a = auc.low() + share * 2.0 * auc.half_unit;
            if !(0.0..=1.0).contains(&a) {
                continue;
            }
            let (l, h) = limits(a)?;
            if low.admits(l) && high.admits(h) {
                found = Some((found.map_or(a, |f| f.0), a));
            }
        }
        Ok(found)
    };
    let n = n_events + n_non_events;
    Ok(AucIntervalAudit {
        binomial_exact: search(&|a| binomial_exact_limits(a, n, level))?,
        hanley_mcneil: search(&|a| hanley_mcneil_limits(a, n_events, n_non_events, level))?,
    })
}

/// Tables of two readers' calls with a printed kappa, from how many subjects each called positive.
///
/// # Errors
/// [`Error::CountExceedsTotal`] if a reader has more positives than there are subjects,
/// [`Error::Empty`] without subjects.
pub fn kappa_tables(
    reported: Reported,
    first_positive: u64,
    second_positive: u64,
    n: u64,
) -> Result<Vec<AgreementTable>> {
    for part in [first_positive, second_positive] {
        if part > n {
            return Err(Error::CountExceedsTotal {
                what: "positive calls",
                part,
                total: n,
            });
        }
    }
    if n == 0 {
        return Err(Error::Empty { what: "subjects" });
    }
    let fewest = (first_positive + second_positive).saturating_sub(n);
    let mut tables = Vec::new();
    for both in fewest..=first_positive.min(second_positive) {
        let neither = n + both - first_positive - second_positive;
        let table = AgreementTable::new(vec![
            vec![neither, second_positive - both],
            vec![first_positive - both, both],
        ])?;
        // Undefined if everybody is in one category: such a table has no kappa to print.
        let value = kappa(&table, Weights::Unweighted, 0.95).map(|k| k.value);
        if value.is_ok_and(|k| reported.admits(k)) {
            tables.push(table);
        }
    }
    Ok(tables)
}
