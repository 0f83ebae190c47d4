//! Which group size and number of events several rows of rates can have in common.

use std::fmt;
use std::ops::RangeInclusive;

use super::counts::{MOST_EVENTS, Rate, ReportedRates, n_tables};
use super::finding::{Finding, FindingKind, Severity};
use super::reported::Reported;
use crate::error::{Error, Result};

/// Totals under which every row comes from whole counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Totals {
    /// Number of events.
    pub n_events: u64,
    /// Number of non-events.
    pub n_non_events: u64,
    /// How many of the rows then have exactly one table.
    pub rows_unique: usize,
}

impl Totals {
    /// Number of subjects.
    pub fn n(&self) -> u64 {
        self.n_events + self.n_non_events
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            n_events,
            n_non_events,
            ..
        } = self;
        write!(
            f,
            "n {} ({n_events} events, {n_non_events} non-events)",
            self.n()
        )
    }
}

/// What rows of rates of one data set say about its totals.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct TotalsAudit {
    /// Printed number of subjects.
    pub n: u64,
    /// Printed number of events, if any.
    pub n_events: Option<u64>,
    /// How far from the printed totals was searched.
    pub radius: u64,
    /// Number of rows.
    pub n_rows: usize,
    /// How many totals fit all rows.
    pub n_fitting: u64,
    /// These totals, nearest to the printed ones first, at most 1,000.
    pub fitting: Vec<Totals>,
}

impl TotalsAudit {
    /// Whether the printed totals are among the fitting ones.
    pub fn printed_fits(&self) -> bool {
        self.fitting.first().is_some_and(|t| self.is_printed(t))
    }

    fn is_printed(&self, totals: &Totals) -> bool {
        totals.n() == self.n && self.n_events.is_none_or(|e| e == totals.n_events)
    }

    /// The result as a finding: possible if the printed totals fit, impossible otherwise.
    pub fn finding(&self, place: &str) -> Finding {
        let printed = match self.n_events {
            Some(events) => format!("n {} with {events} events", self.n),
            None => format!("n {}", self.n),
        };
        let rows = self.n_rows;
        let finding = |severity, text: String| {
            Finding::new(FindingKind::Totals, severity, place, &printed, text)
        };
        let list = || {
            let shown: Vec<String> = self.fitting.iter().take(3).map(Totals::to_string).collect();
            shown.join("; ")
        };
        match self.n_fitting {
            _ if self.printed_fits() => finding(
                Severity::Possible,
                format!("all {rows} rows come from whole counts of this group"),
            )
            .recomputed(self.fitting[0].to_string()),
            0 => finding(
                Severity::Impossible,
                format!(
                    "no group within {} of the printed size gives all {rows} rows by whole counts",
                    self.radius
                ),
            ),
            1 => finding(
                Severity::Impossible,
                format!(
                    "the rows do not all come from whole counts of the printed group; within {} of it only this size gives all {rows}",
                    self.radius
                ),
            )
            .recomputed(list()),
            many => finding(
                Severity::Impossible,
                format!(
                    "the rows do not all come from whole counts of the printed group; {many} others within {} of it give all {rows}",
                    self.radius
                ),
            )
            .recomputed(list()),
        }
    }
}

impl fmt::Display for TotalsAudit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.fitting.first() {
            Some(t) if self.printed_fits() => write!(f, "printed totals fit: {t}"),
            Some(t) => write!(f, "printed n {} does not fit; nearest {t}", self.n),
            None => write!(f, "no totals near n {} fit", self.n),
        }
    }
}

/// Most pairs of totals that are tried.
const MOST_PAIRS: u64 = 20_000_000;
/// Most totals that are listed.
const MOST_LISTED: usize = 1000;

/// Searches the group sizes within `radius` of the printed one, and the numbers of events within
/// `radius` of the printed one (all, if none is printed), for totals under which every row of rates
/// comes from whole counts.
///
/// Several rows of one data set narrow the totals sharply, as long as there are fewer subjects than
/// the printed digits tell apart (about 1,000 for percentages with one decimal).
///
/// ```
/// use eval_stats::audit::{totals_from_rates, Reported, ReportedRates};
/// let row = |sen, spe, acc| ReportedRates {
///     accuracy: Some(Reported::new(acc, 1)),
///     sensitivity: Some(Reported::new(sen, 1)),
///     specificity: Some(Reported::new(spe, 1)),
///     ..ReportedRates::default()
/// };
/// // Thirds of the events, sevenths of the non-events: 3 and 7, not 3 and 6.
/// let rows = [row(66.7, 42.9, 50.0), row(33.3, 85.7, 70.0)];
/// let found = totals_from_rates(&rows, 9, Some(3), 2)?;
/// assert_eq!(found.to_string(), "printed n 9 does not fit; nearest n 10 (3 events, 7 non-events)");
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::Empty`] without rows or for a row without rates, [`Error::CountExceedsTotal`] if there
/// are more events than subjects, [`Error::TooMany`] for more than 1e7 subjects or 2e7 pairs of totals.
pub fn totals_from_rates(
    rows: &[ReportedRates],
    n: u64,
    n_events: Option<u64>,
    radius: u64,
) -> Result<TotalsAudit> {
    let given: Vec<Vec<(Rate, Reported)>> = rows.iter().map(|r| r.given().collect()).collect();
    if given.is_empty() || given.iter().any(Vec::is_empty) {
        return Err(Error::Empty {
            what: "reported rates",
        });
    }
    let (sizes, events) = searched(n, n_events, radius)?;
    let (mut n_fitting, mut fitting) = (0, Vec::new());
    for size in sizes {
        for n1 in events.clone().take_while(|&n1| n1 < size) {
            if let Some(totals) = fits(n1, size - n1, &given) {
                n_fitting += 1;
                fitting.push(totals);
            }
        }
    }
    let off = |t: &Totals| {
        let events = n_events.map_or(0, |e| t.n_events.abs_diff(e));
        (t.n().abs_diff(n) + events, t.n(), t.n_events)
    };
    fitting.sort_by_key(off);
    fitting.truncate(MOST_LISTED);
    Ok(TotalsAudit {
        n,
        n_events,
        radius,
        n_rows: rows.len(),
        n_fitting,
        fitting,
    })
}

/// The group sizes and numbers of events to try.
fn searched(
    n: u64,
    n_events: Option<u64>,
    radius: u64,
) -> Result<(RangeInclusive<u64>, RangeInclusive<u64>)> {
    if let Some(part) = n_events.filter(|&e| e > n) {
        return Err(Error::CountExceedsTotal {
            what: "events",
            part,
            total: n,
        });
    }
    let most = n.saturating_add(radius);
    if most > MOST_EVENTS {
        return Err(Error::TooMany {
            found: most as usize,
            limit: MOST_EVENTS as usize,
        });
    }
    let sizes = n.saturating_sub(radius).max(2)..=most;
    let events = match n_events {
        Some(e) => e.saturating_sub(radius).max(1)..=e.saturating_add(radius),
        None => 1..=most.saturating_sub(1),
    };
    let width = |low: u64, high: u64| (high + 1).saturating_sub(low);
    let pairs =
        width(*sizes.start(), *sizes.end()).saturating_mul(width(*events.start(), *events.end()));
    if pairs > MOST_PAIRS {
        return Err(Error::TooMany {
            found: pairs as usize,
            limit: MOST_PAIRS as usize,
        });
    }
    Ok((sizes, events))
}

fn fits(n_events: u64, n_non_events: u64, given: &[Vec<(Rate, Reported)>]) -> Option<Totals> {
    let mut rows_unique = 0;
    for row in given {
        match n_tables(n_events, n_non_events, row, 2) {
            0 => return None,
            1 => rows_unique += 1,
            _ => {}
        }
    }
    Some(Totals {
        n_events,
        n_non_events,
        rows_unique,
    })
}
