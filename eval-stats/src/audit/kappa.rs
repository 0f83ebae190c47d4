//! Whose agreement a printed kappa can be.

use std::fmt;

use super::counts::MOST_EVENTS;
use super::finding::{Finding, FindingKind, Severity};
use super::reported::Reported;
use crate::agreement::{AgreementTable, Weights, kappa};
use crate::confusion::ConfusionMatrix;
use crate::error::{Error, Result};

/// Tables of two readers' calls with a printed kappa, from how many subjects each called positive.
///
/// ```
/// use eval_stats::audit::{kappa_tables, Reported};
/// // Two readers who each call 5 of 10: kappa is (2 both + 2 both - 10)/10 in steps of 0.4.
/// let found = kappa_tables(Reported::new(0.6, 1), 5, 5, 10)?;
/// assert_eq!(found.len(), 1);
/// assert_eq!(found[0].counts(), [[4, 1], [1, 4]]);
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::CountExceedsTotal`] if a reader has more positives than there are subjects,
/// [`Error::Empty`] without subjects, [`Error::TooMany`] for more than 1e7.
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
    check_size(n)?;
    let fewest = least_shared(first_positive, second_positive, n);
    let most = first_positive.min(second_positive);
    tables_between(
        reported,
        (first_positive, second_positive),
        n,
        fewest..=most,
    )
}

/// Every fitting table is listed, so there must not be too many.
fn check_size(n: u64) -> Result<()> {
    if n <= MOST_EVENTS {
        return Ok(());
    }
    Err(Error::TooMany {
        found: n as usize,
        limit: MOST_EVENTS as usize,
    })
}

/// Fewest subjects that two groups of `n` have in common.
fn least_shared(a: u64, b: u64, n: u64) -> u64 {
    a.saturating_sub(n - b)
}

/// The tables with a printed kappa among those where so many subjects are positive for both. Kappa
/// grows with that number, so the tables are a run that bisection finds.
fn tables_between(
    reported: Reported,
    (first, second): (u64, u64),
    n: u64,
    both: std::ops::RangeInclusive<u64>,
) -> Result<Vec<AgreementTable>> {
    let table = |both: u64| {
        AgreementTable::new(vec![
            vec![n - first - (second - both), second - both],
            vec![first - both, both],
        ])
    };
    // Undefined if everybody is in one category: such a table has no kappa to print.
    let value = |both: u64| {
        let t = table(both).ok()?;
        kappa(&t, Weights::Unweighted, 0.95).ok().map(|k| k.value)
    };
    let (mut low, mut high) = (*both.start(), both.end() + 1);
    while low < high {
        let middle = low + (high - low) / 2;
        if value(middle).and_then(|k| reported.place(k)) == Some(std::cmp::Ordering::Less) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    (low..=*both.end())
        .take_while(|&b| value(b).is_some_and(|k| reported.admits(k)))
        .map(table)
        .collect()
}

/// A reader's agreement with the truth.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct TruthAgreement {
    /// Index of the reader.
    pub reader: usize,
    /// Kappa between the reader's calls and the truth; `None` where it is undefined.
    pub kappa: Option<f64>,
    /// Whether it rounds to the printed one.
    pub fits: bool,
}

/// Two readers whose agreement can be the printed kappa.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ReaderPair {
    /// Index of the first reader.
    pub first: usize,
    /// Index of the second reader.
    pub second: usize,
    /// The tables (rows first reader, columns second; negative, positive) with that kappa.
    pub tables: Vec<AgreementTable>,
}

/// Whose agreement a printed kappa can be.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct KappaAudit {
    /// The printed kappa.
    pub reported: Reported,
    /// Every reader against the truth.
    pub with_truth: Vec<TruthAgreement>,
    /// The pairs of readers that fit.
    pub between: Vec<ReaderPair>,
}

impl KappaAudit {
    /// The result as a finding, with the readers' names: possible if the kappa is the agreement of
    /// some reader with the truth or can be that of two readers, impossible otherwise.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`] if there are not as many names as readers.
    pub fn finding<S: AsRef<str>>(&self, place: &str, names: &[S]) -> Result<Finding> {
        if names.len() != self.with_truth.len() {
            return Err(Error::LengthMismatch {
                what: "names",
                expected: self.with_truth.len(),
                found: names.len(),
            });
        }
        let name = |k: usize| names[k].as_ref();
        let truth: Vec<String> = self
            .with_truth
            .iter()
            .filter(|t| t.fits)
            .map(|t| format!("{} against the truth", name(t.reader)))
            .collect();
        let pairs: Vec<String> = self
            .between
            .iter()
            .map(|p| format!("{} against {}", name(p.first), name(p.second)))
            .collect();
        let known: Vec<String> = self
            .with_truth
            .iter()
            .filter_map(|t| t.kappa.map(|k| format!("{} {k:.3}", name(t.reader))))
            .collect();
        let (severity, text) = match (truth.is_empty(), pairs.is_empty()) {
            (true, true) => (
                Severity::Impossible,
                "no reader agrees so with the truth, and no two readers can agree so".to_owned(),
            ),
            (true, false) => (
                Severity::Possible,
                "no reader agrees so with the truth: it is agreement between two readers"
                    .to_owned(),
            ),
            (false, true) => (
                Severity::Possible,
                "it is agreement with the truth; no two readers can agree so".to_owned(),
            ),
            (false, false) => (
                Severity::Possible,
                "it can be agreement with the truth or between two readers".to_owned(),
            ),
        };
        let fits = [truth, pairs].concat().join(" or ");
        let recomputed = if fits.is_empty() {
            format!("against the truth: {}", known.join(", "))
        } else {
            format!("{fits} (against the truth: {})", known.join(", "))
        };
        Ok(Finding::new(
            FindingKind::Kappa,
            severity,
            place,
            self.reported.to_string(),
            text,
        )
        .recomputed(recomputed))
    }
}

impl fmt::Display for KappaAudit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let truth = self.with_truth.iter().filter(|t| t.fits).count();
        write!(
            f,
            "kappa {} fits {truth} readers against the truth and {} pairs of readers",
            self.reported,
            self.between.len()
        )
    }
}

/// Finds whether a printed kappa is the agreement of a reader with the truth, or can be that of two
/// readers, from the readers' tables against the truth (for example of
/// [`counts_from_rates`](super::counts_from_rates)).
///
/// Two readers share at least `max(0, a + b - n)` positive calls among the events and among the
/// non-events, which is sharper than what their margins alone allow.
///
/// ```
/// use eval_stats::audit::{Reported, kappa_pairs};
/// use eval_stats::confusion::ConfusionMatrix;
/// // 8 of 10 right where 5 are by chance: kappa 0.6 with the truth.
/// let reader = ConfusionMatrix { tp: 4, fn_: 1, fp: 1, tn: 4 };
/// let found = kappa_pairs(Reported::new(0.6, 1), &[reader])?;
/// assert!(found.with_truth[0].fits && found.between.is_empty());
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::Empty`] without readers or subjects, [`Error::LengthMismatch`] if the readers did not
/// see the same number of events and non-events.
pub fn kappa_pairs(reported: Reported, readers: &[ConfusionMatrix]) -> Result<KappaAudit> {
    let Some(first) = readers.first() else {
        return Err(Error::Empty { what: "readers" });
    };
    let (n1, n0) = (first.n_events(), first.n_non_events());
    let n = n1.saturating_add(n0);
    if n == 0 {
        return Err(Error::Empty { what: "subjects" });
    }
    check_size(n)?;
    for m in readers {
        for (what, expected, found) in [
            ("events of a reader", n1, m.n_events()),
            ("non-events of a reader", n0, m.n_non_events()),
        ] {
            if expected != found {
                return Err(Error::LengthMismatch {
                    what,
                    expected: expected as usize,
                    found: found as usize,
                });
            }
        }
    }
    let mut with_truth = Vec::new();
    let mut between = Vec::new();
    for (k, a) in readers.iter().enumerate() {
        let table = AgreementTable::new(vec![vec![a.tn, a.fp], vec![a.fn_, a.tp]])?;
        let value = kappa(&table, Weights::Unweighted, 0.95)
            .ok()
            .map(|k| k.value);
        with_truth.push(TruthAgreement {
            reader: k,
            kappa: value,
            fits: value.is_some_and(|v| reported.admits(v)),
        });
        for (l, b) in readers.iter().enumerate().skip(k + 1) {
            let fewest = least_shared(a.tp, b.tp, n1) + least_shared(a.fp, b.fp, n0);
            let most = a.tp.min(b.tp) + a.fp.min(b.fp);
            let calls = (a.tp + a.fp, b.tp + b.fp);
            let tables = tables_between(reported, calls, n1 + n0, fewest..=most)?;
            if !tables.is_empty() {
                between.push(ReaderPair {
                    first: k,
                    second: l,
                    tables,
                });
            }
        }
    }
    Ok(KappaAudit {
        reported,
        with_truth,
        between,
    })
}
