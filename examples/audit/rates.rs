//! Rows of rates: which group they come from, and which whole counts.

use eval_stats::audit::{
    Finding, FindingKind, Reported, ReportedRates, Rounding, Severity, conventions,
    counts_from_rates, prevalence_from_rates, totals_from_rates,
};
use eval_stats::confusion::ConfusionMatrix;

use super::sheet::Sheet;
use super::{AuditSettings, Ledger, RecoveredCounts, printed, refused};

/// One row of rates.
#[derive(Debug, Clone, PartialEq)]
pub struct RateRow {
    /// Index of the row.
    pub row: usize,
    /// The row in words.
    pub place: String,
    /// Printed number of subjects.
    pub n: Option<u64>,
    /// Printed number of events.
    pub events: Option<u64>,
    /// The printed rates.
    pub rates: ReportedRates,
}

/// What was found out about one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RowCounts {
    /// Events and non-events: the printed ones, or those that alone fit all rows of the set.
    pub totals: Option<(u64, u64)>,
    /// The only table.
    pub counts: Option<ConfusionMatrix>,
}

/// Columns of rates in percent.
const RATES: [&str; 5] = ["acc", "sen", "spe", "ppv", "npv"];

/// Reads the rates of all rows. They are shares if no cell has a percent sign and none exceeds 1, percentages otherwise.
///
/// # Errors
/// A cell that is no number.
pub fn read(sheet: &Sheet, place: &[&str]) -> anyhow::Result<Vec<RateRow>> {
    let mut rows = Vec::new();
    let (mut shares, mut any) = (true, false);
    for row in 0..sheet.n_rows() {
        let mut rates = ReportedRates::default();
        for name in RATES {
            let Some(value) = sheet.number(row, name)? else {
                continue;
            };
            any = true;
            shares &=
                value.value <= 1.0 && !sheet.text(row, name).is_some_and(printed::has_percent_sign);
            *slot(&mut rates, name) = Some(value);
        }
        rows.push(RateRow {
            row,
            place: sheet.place(row, place),
            n: sheet.count(row, "n")?,
            events: sheet.count(row, "events")?,
            rates,
        });
    }
    if any && shares {
        for name in RATES {
            for row in &mut rows {
                let cell = slot(&mut row.rates, name);
                *cell = cell.map(Reported::to_percent);
            }
        }
    }
    Ok(rows)
}

fn slot<'a>(rates: &'a mut ReportedRates, name: &str) -> &'a mut Option<Reported> {
    match name {
        "acc" => &mut rates.accuracy,
        "sen" => &mut rates.sensitivity,
        "spe" => &mut rates.specificity,
        "ppv" => &mut rates.ppv,
        _ => &mut rates.npv,
    }
}

/// An AUC as a share, also if it is printed in percent.
pub fn auc_as_share(auc: Reported) -> Reported {
    if auc.value > 1.0 { auc.to_share() } else { auc }
}

/// Finds the counts of all rows. Rows of one set that print the same totals are searched together.
pub fn recover(
    sheet: &Sheet,
    rows: &[RateRow],
    settings: &AuditSettings,
    ledger: &mut Ledger<'_>,
) -> Vec<RowCounts> {
    let mut results = vec![RowCounts::default(); rows.len()];
    let key = |k: usize| (sheet.label(rows[k].row, "set"), rows[k].n, rows[k].events);
    let mut keys: Vec<_> = Vec::new();
    for k in 0..rows.len() {
        if !keys.contains(&key(k)) {
            keys.push(key(k));
        }
    }
    for wanted in keys {
        let members: Vec<usize> = (0..rows.len()).filter(|&k| key(k) == wanted).collect();
        let totals = find_totals(rows, &members, wanted.0, settings, ledger);
        for k in members {
            results[k].totals = totals;
            results[k].counts = find_counts(&rows[k], totals, ledger);
        }
    }
    rounding(sheet, rows, &results, ledger);
    results
}

/// The totals of a set: as printed where they fit or nothing else does, otherwise the only ones that fit.
fn find_totals(
    rows: &[RateRow],
    members: &[usize],
    set: &str,
    settings: &AuditSettings,
    ledger: &mut Ledger<'_>,
) -> Option<(u64, u64)> {
    let first = &rows[members[0]];
    let (n, events) = (first.n?, first.events);
    let rated: Vec<ReportedRates> = members
        .iter()
        .map(|&k| rows[k].rates)
        .filter(|r| r.given().next().is_some())
        .collect();
    let printed = events.and_then(|e| n.checked_sub(e).map(|rest| (e, rest)));
    let place = if set.is_empty() { &first.place } else { set };
    let text = match events {
        Some(events) => format!("n {n} with {events} events"),
        None => format!("n {n}"),
    };
    if rated.is_empty() {
        return printed;
    }
    // Without events the printed size comes first; others only if it cannot be.
    let radii: &[u64] = if events.is_none() {
        &[0, settings.radius]
    } else {
        &[settings.radius]
    };
    for &radius in radii {
        let audit = match totals_from_rates(&rated, n, events, radius) {
            Ok(audit) => audit,
            Err(error) => {
                ledger.overall(refused(FindingKind::Totals, place, &text, &error));
                return printed;
            }
        };
        let last = Some(&radius) == radii.last();
        if audit.n_fitting == 0 && !last {
            continue;
        }
        // One row alone says too little about totals, unless they were asked for.
        if rated.len() > 1 || events.is_none() {
            ledger.overall(audit.finding(place));
        }
        let only = (audit.n_fitting == 1).then(|| &audit.fitting[0]);
        return match only {
            _ if printed.is_some() && (audit.printed_fits() || rated.len() == 1) => printed,
            Some(t) => Some((t.n_events, t.n_non_events)),
            None => printed,
        };
    }
    printed
}

/// The counts of one row, or what its rates say without totals.
fn find_counts(
    row: &RateRow,
    totals: Option<(u64, u64)>,
    ledger: &mut Ledger<'_>,
) -> Option<ConfusionMatrix> {
    row.rates.given().next()?;
    let prevalence = prevalence_from_rates(&row.rates);
    let Some((n1, n0)) = totals else {
        match prevalence {
            Some(p) => ledger.at(row.row, p.finding(&row.place)),
            None => ledger.at(
                row.row,
                Finding::new(
                    FindingKind::Counts,
                    Severity::NotCheckable,
                    &row.place,
                    row.rates.to_string(),
                    "without the numbers of subjects and events there is nothing to compare with",
                ),
            ),
        }
        return None;
    };
    let audit = match counts_from_rates(n1, n0, &row.rates) {
        Ok(audit) => audit,
        Err(error) => {
            let text = row.rates.to_string();
            ledger.at(
                row.row,
                refused(FindingKind::Counts, &row.place, &text, &error),
            );
            return None;
        }
    };
    ledger.at(row.row, audit.finding(&row.place));
    if let Some(p) = prevalence.filter(|p| audit.n_consistent == 0 && p.common().is_none()) {
        ledger.at(row.row, p.finding(&row.place));
    }
    let only = audit.unique().copied();
    ledger.counts(
        row.row,
        RecoveredCounts {
            table: 0,
            line: 0,
            place: row.place.clone(),
            totals: (n1, n0),
            printed_totals: row.n == Some(n1 + n0) && row.events.is_none_or(|e| e == n1),
            n_tables: audit.n_consistent,
            counts: only.or_else(|| audit.closest.first().map(|near| near.counts)),
        },
    );
    only
}

/// How halves were rounded, if some recovered rate shows it.
fn rounding(sheet: &Sheet, rows: &[RateRow], results: &[RowCounts], ledger: &mut Ledger<'_>) {
    if sheet.rounding() != Rounding::Nearest {
        return;
    }
    let exact: Vec<(f64, Reported)> = rows
        .iter()
        .zip(results)
        .filter_map(|(row, result)| result.counts.map(|m| (row, m)))
        .flat_map(|(row, m)| {
            row.rates
                .given()
                .filter_map(move |(rate, printed)| rate.of(&m).map(|v| (v, printed)))
        })
        .collect();
    let fitting = conventions(&exact);
    if exact.is_empty() || fitting.len() == Rounding::CONVENTIONS.len() {
        return;
    }
    let names: Vec<String> = fitting.iter().map(ToString::to_string).collect();
    let (found, text) = if fitting.is_empty() {
        (
            "no one convention".to_owned(),
            "halves were rounded one way here, the other way there",
        )
    } else {
        (
            names.join(" or "),
            "the recovered counts tell how the table was rounded",
        )
    };
    ledger.overall(
        Finding::new(
            FindingKind::Rounding,
            Severity::Possible,
            "all rows with unique counts",
            format!("{} rates", exact.len()),
            text,
        )
        .recomputed(found),
    );
}
