//! Whole counts behind the rates of a binary test.

use std::cmp::Ordering;
use std::fmt;

use super::finding::{Finding, FindingKind, Severity};
use super::reported::{Reported, Rounding, conventions};
use crate::confusion::ConfusionMatrix;
use crate::error::{Error, Result};

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

impl Rate {
    /// The rate of a table: percent, the AUC as a share; `None` where it divides by zero.
    ///
    /// ```
    /// use eval_stats::audit::Rate;
    /// use eval_stats::confusion::ConfusionMatrix;
    /// let m = ConfusionMatrix { tp: 3, fn_: 1, fp: 0, tn: 0 };
    /// assert_eq!((Rate::Sensitivity.of(&m), Rate::Specificity.of(&m)), (Some(75.0), None));
    /// ```
    pub fn of(self, m: &ConfusionMatrix) -> Option<f64> {
        let percent = |share: Option<f64>| share.map(|s| 100.0 * s);
        match self {
            Self::Accuracy => percent(m.accuracy()),
            Self::Sensitivity => percent(m.sensitivity()),
            Self::Specificity => percent(m.specificity()),
            Self::Ppv => percent(m.ppv()),
            Self::Npv => percent(m.npv()),
            Self::Auc => m.balanced_accuracy(),
        }
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Accuracy => "accuracy",
            Self::Sensitivity => "sensitivity",
            Self::Specificity => "specificity",
            Self::Ppv => "PPV",
            Self::Npv => "NPV",
            Self::Auc => "AUC",
        })
    }
}

impl ReportedRates {
    /// What was printed, in the order of the fields.
    pub fn given(&self) -> impl Iterator<Item = (Rate, Reported)> + use<> {
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

impl fmt::Display for ReportedRates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts: Vec<String> = self
            .given()
            .map(|(rate, value)| format!("{rate} {value}"))
            .collect();
        f.write_str(&texts.join(", "))
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

impl fmt::Display for NearMiss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} has", self.counts)?;
        for (k, (rate, value)) in self.missed.iter().enumerate() {
            f.write_str(if k == 0 { " " } else { ", " })?;
            match value {
                Some(v) if *rate == Rate::Auc => write!(f, "{rate} {v:.3}")?,
                Some(v) => write!(f, "{rate} {v:.2}")?,
                None => write!(f, "no {rate}")?,
            }
        }
        Ok(())
    }
}

/// Tables compatible with printed rates.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct CountAudit {
    /// Number of events that was assumed.
    pub n_events: u64,
    /// Number of non-events that was assumed.
    pub n_non_events: u64,
    /// The rates that were printed.
    pub rates: ReportedRates,
    /// How many tables reproduce every rate: none, one or many.
    pub n_consistent: u64,
    /// These tables by ascending TP and TN, at most 10,000.
    pub consistent: Vec<ConfusionMatrix>,
    /// If there is none, the tables that miss fewest rates, closest first, at most four. Distance
    /// is the sum over the rates of their deviations in half units of the last printed digit. The
    /// search for them looks at 2 million counts at most, which is all below 10,000 subjects or so.
    pub closest: Vec<NearMiss>,
}

impl CountAudit {
    /// The table, if it is the only one.
    pub fn unique(&self) -> Option<&ConfusionMatrix> {
        match self.consistent.as_slice() {
            [only] => Some(only),
            _ => None,
        }
    }

    /// The conventions of rounding that the only table is compatible with; all three without one.
    pub fn rounding(&self) -> Vec<Rounding> {
        let exact: Vec<(f64, Reported)> = self
            .unique()
            .into_iter()
            .flat_map(|m| {
                self.rates
                    .given()
                    .filter_map(|(rate, printed)| rate.of(m).map(|v| (v, printed)))
            })
            .collect();
        conventions(&exact)
    }

    /// The result as a finding: possible for one or many tables, impossible for none.
    pub fn finding(&self, place: &str) -> Finding {
        let (n1, n0) = (self.n_events, self.n_non_events);
        let finding = |severity, text: String| {
            Finding::new(
                FindingKind::Counts,
                severity,
                place,
                self.rates.to_string(),
                text,
            )
        };
        match (self.unique(), self.closest.first()) {
            (Some(only), _) => finding(
                Severity::Possible,
                format!("exactly one table of {n1} events and {n0} non-events gives these rates"),
            )
            .recomputed(only.to_string()),
            (None, _) if self.n_consistent > 0 => finding(
                Severity::Possible,
                format!(
                    "{} tables of {n1} events and {n0} non-events give these rates",
                    self.n_consistent
                ),
            ),
            (None, Some(near)) => finding(
                Severity::Impossible,
                format!(
                    "no whole counts of {n1} events and {n0} non-events give all of these rates; \
                     the closest table gives all but {}",
                    names(&near.missed)
                ),
            )
            .recomputed(self.corrections(near)),
            (None, None) => finding(
                Severity::Impossible,
                format!("no whole counts of {n1} events and {n0} non-events give these rates"),
            ),
        }
    }
}

impl CountAudit {
    /// A table and the rates that it corrects, with the decimals that were printed.
    fn corrections(&self, near: &NearMiss) -> String {
        let printed = |rate: Rate| self.rates.given().find(|g| g.0 == rate).map(|g| g.1);
        let corrected: Vec<String> = near
            .missed
            .iter()
            .filter_map(|&(rate, value)| {
                let printed = printed(rate)?;
                Some(match value {
                    Some(v) => format!("{rate} {v:.*}", printed.decimals as usize),
                    None => format!("no {rate}"),
                })
            })
            .collect();
        format!("{}: {}", near.counts, corrected.join(", "))
    }
}

fn names(missed: &[(Rate, Option<f64>)]) -> String {
    let names: Vec<String> = missed.iter().map(|(rate, _)| rate.to_string()).collect();
    names.join(", ")
}

impl fmt::Display for CountAudit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.unique(), self.closest.first()) {
            (Some(only), _) => write!(f, "unique: {only}"),
            (None, _) if self.n_consistent > 0 => {
                write!(f, "{} tables give these rates", self.n_consistent)
            }
            (None, Some(near)) => write!(f, "no whole counts give these rates; closest {near}"),
            (None, None) => f.write_str("no whole counts give these rates"),
        }
    }
}

/// Largest number of events whose tables are searched.
pub(super) const MOST_EVENTS: u64 = 10_000_000;
/// Most tables that are listed.
const MOST_LISTED: usize = 10_000;
/// Most TP and tables that are looked at for the closest one when there is no consistent one.
const MOST_NEAR: u64 = 2_000_000;

/// Finds all whole counts that printed rates can come from.
///
/// For a given TP every rate grows with TN, so the compatible TN form a run whose ends are found
/// by bisection: the cost is `n_events · log(n_non_events)` at most, and far less if a sensitivity
/// is printed.
///
/// ```
/// use eval_stats::audit::{counts_from_rates, Reported, ReportedRates};
/// // Half of 4 events found, 75 % of 4 non-events left alone.
/// let rates = ReportedRates {
///     sensitivity: Some(Reported::new(50.0, 0)),
///     specificity: Some(Reported::new(75.0, 0)),
///     ..ReportedRates::default()
/// };
/// let found = counts_from_rates(4, 4, &rates)?;
/// assert_eq!(found.to_string(), "unique: TP 2, FP 1, FN 2, TN 3");
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::Empty`] if no rate is given, [`Error::TooFewPerClass`] without events or non-events,
/// [`Error::TooMany`] for more than 1e7 of either.
pub fn counts_from_rates(
    n_events: u64,
    n_non_events: u64,
    rates: &ReportedRates,
) -> Result<CountAudit> {
    let given: Vec<(Rate, Reported)> = rates.given().collect();
    check(n_events, n_non_events, &given)?;
    let mut consistent = Vec::new();
    let mut n_consistent = 0;
    each_run(n_events, n_non_events, &given, |tp, run| {
        if let Some((first, last)) = run {
            n_consistent += last - first + 1;
            let room = MOST_LISTED - consistent.len();
            consistent.extend(
                (first..=last)
                    .take(room)
                    .map(|tn| table(n_events, n_non_events, tp, tn)),
            );
        }
        true
    });
    let closest = if n_consistent == 0 {
        nearest(n_events, n_non_events, &given)
    } else {
        Vec::new()
    };
    Ok(CountAudit {
        n_events,
        n_non_events,
        rates: *rates,
        n_consistent,
        consistent,
        closest,
    })
}

fn check(n_events: u64, n_non_events: u64, given: &[(Rate, Reported)]) -> Result<()> {
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
    let most = n_events.max(n_non_events);
    if most > MOST_EVENTS {
        return Err(Error::TooMany {
            found: most as usize,
            limit: MOST_EVENTS as usize,
        });
    }
    Ok(())
}

/// How many tables give the rates, counted up to `enough`; the totals are at least 1 each.
pub(super) fn n_tables(n1: u64, n0: u64, given: &[(Rate, Reported)], enough: u64) -> u64 {
    let mut n = 0;
    each_run(n1, n0, given, |_, run| {
        n += run.map_or(0, |(first, last)| last - first + 1);
        n < enough
    });
    n
}

fn table(n_events: u64, n_non_events: u64, tp: u64, tn: u64) -> ConfusionMatrix {
    ConfusionMatrix {
        tp,
        fp: n_non_events - tn,
        fn_: n_events - tp,
        tn,
    }
}

/// Calls `look(tp, run)` with the run of TN that gives the rates, if any, for every TP that gives
/// the sensitivity, as long as it returns true.
fn each_run(
    n1: u64,
    n0: u64,
    given: &[(Rate, Reported)],
    mut look: impl FnMut(u64, Option<(u64, u64)>) -> bool,
) {
    let sensitivity = given.iter().find(|g| g.0 == Rate::Sensitivity);
    let hits = match sensitivity {
        Some((_, printed)) => run(0, n1, |tp| printed.place(100.0 * (tp as f64 / n1 as f64))),
        None => Some((0, n1)),
    };
    if let Some((first, last)) = hits {
        for tp in first..=last {
            if !look(tp, run_of(n1, n0, tp, given)) {
                return;
            }
        }
    }
}

/// The TN that give every rate but the sensitivity, for one TP.
fn run_of(n1: u64, n0: u64, tp: u64, given: &[(Rate, Reported)]) -> Option<(u64, u64)> {
    let (mut first, mut last) = (0, n0);
    for &(rate, printed) in given {
        // Where nobody is called negative there is no NPV, where nobody is called positive no PPV.
        match rate {
            Rate::Sensitivity => continue,
            Rate::Npv if tp == n1 => first = first.max(1),
            Rate::Ppv if tp == 0 => last = last.min(n0 - 1),
            _ => {}
        }
        if first > last {
            return None;
        }
        let at = |tn| {
            rate.of(&table(n1, n0, tp, tn))
                .and_then(|v| printed.place(v))
        };
        (first, last) = run(first, last, at)?;
    }
    Some((first, last))
}

/// The run of equals in a range of counts, along which the order never falls.
fn run(first: u64, last: u64, at: impl Fn(u64) -> Option<Ordering>) -> Option<(u64, u64)> {
    let begin = partition(first, last + 1, |k| at(k) == Some(Ordering::Less));
    let end = partition(begin, last + 1, |k| at(k) == Some(Ordering::Equal));
    (begin < end).then(|| (begin, end - 1))
}

/// First number of `low..high` for which a condition that holds at first no longer does.
fn partition(mut low: u64, mut high: u64, holds: impl Fn(u64) -> bool) -> u64 {
    while low < high {
        let middle = low + (high - low) / 2;
        if holds(middle) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

/// Tables that miss fewest rates, closest first, at most four.
fn nearest(n1: u64, n0: u64, given: &[(Rate, Reported)]) -> Vec<NearMiss> {
    let mut best: Vec<(f64, ConfusionMatrix)> = Vec::new();
    let mut left = MOST_NEAR;
    for n_missed in 1..=given.len() as u32 {
        for subset in 0u32..1 << given.len() {
            if subset.count_ones() != n_missed {
                continue;
            }
            let missed = |k: &usize| subset >> k & 1 == 1;
            let (out, kept): (Vec<usize>, Vec<usize>) = (0..given.len()).partition(missed);
            let kept: Vec<_> = kept.into_iter().map(|k| given[k]).collect();
            let out: Vec<_> = out.into_iter().map(|k| given[k]).collect();
            each_run(n1, n0, &kept, |tp, run| {
                left = left.saturating_sub(1);
                for tn in run.map_or(Vec::new(), |run| candidates(n1, n0, tp, run, &out)) {
                    left = left.saturating_sub(1);
                    let m = table(n1, n0, tp, tn);
                    keep_best(&mut best, (distance(&m, given), m));
                }
                left > 0
            });
        }
        if !best.is_empty() {
            break;
        }
    }
    best.into_iter()
        .map(|(_, counts)| near_miss(counts, given))
        .collect()
}

/// TN worth looking at in a run: all of a short one; of a long one its ends and where a missed
/// rate comes closest.
fn candidates(
    n1: u64,
    n0: u64,
    tp: u64,
    (first, last): (u64, u64),
    out: &[(Rate, Reported)],
) -> Vec<u64> {
    if last - first < 64 {
        return (first..=last).collect();
    }
    let mut all = vec![first, last];
    for &(rate, printed) in out {
        let at = partition(first, last, |tn| {
            rate.of(&table(n1, n0, tp, tn))
                .is_none_or(|v| v < printed.value)
        });
        all.extend([at.max(first + 1) - 1, at]);
    }
    all.sort_unstable();
    all.dedup();
    all
}

fn distance(m: &ConfusionMatrix, given: &[(Rate, Reported)]) -> f64 {
    given
        .iter()
        .filter_map(|&(rate, printed)| {
            rate.of(m)
                .map(|v| (v - printed.value).abs() / printed.half_unit)
        })
        .sum()
}

/// Keeps up to four candidates, closest first.
fn keep_best(best: &mut Vec<(f64, ConfusionMatrix)>, candidate: (f64, ConfusionMatrix)) {
    let at = best.partition_point(|b| {
        b.0.total_cmp(&candidate.0)
            .then_with(|| (b.1.tp, b.1.tn).cmp(&(candidate.1.tp, candidate.1.tn)))
            .is_lt()
    });
    if at < 4 {
        best.insert(at, candidate);
        best.truncate(4);
    }
}

fn near_miss(counts: ConfusionMatrix, given: &[(Rate, Reported)]) -> NearMiss {
    let missed = given
        .iter()
        .map(|&(rate, reported)| (rate, reported, rate.of(&counts)))
        .filter(|(_, reported, v)| !v.is_some_and(|v| reported.admits(v)))
        .map(|(rate, _, v)| (rate, v))
        .collect();
    NearMiss { counts, missed }
}
