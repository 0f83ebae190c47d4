//! Models on data sets: rates, AUC intervals, and the size of the set in the baseline table.

use eval_stats::audit::{AucIntervalAudit, Finding, FindingKind, Severity, auc_interval};

use super::baseline::GroupSize;
use super::rates::{self, RateRow, RowCounts};
use super::sheet::Sheet;
use super::{AuditSettings, Ledger, refused};

/// Checks a performance table.
///
/// # Errors
/// A cell that cannot be read.
pub fn check(
    sheet: &Sheet,
    settings: &AuditSettings,
    groups: &[GroupSize],
    ledger: &mut Ledger<'_>,
) -> anyhow::Result<()> {
    let rows = rates::read(sheet, &["set", "model"])?;
    let results = rates::recover(sheet, &rows, settings, ledger);
    let mut audits = Vec::new();
    for (row, result) in rows.iter().zip(&results) {
        if let Some(audit) = check_auc(sheet, row, result, settings, ledger)? {
            audits.push((row, audit));
        }
    }
    check_method(&audits, ledger);
    check_sizes(sheet, &rows, groups, ledger);
    Ok(())
}

fn check_auc(
    sheet: &Sheet,
    row: &RateRow,
    result: &RowCounts,
    settings: &AuditSettings,
    ledger: &mut Ledger<'_>,
) -> anyhow::Result<Option<AucIntervalAudit>> {
    let Some(estimate) = sheet.estimate(row.row, "auc")? else {
        return Ok(None);
    };
    let auc = rates::auc_as_share(estimate.value);
    let not_checkable = |text: &str| {
        Finding::new(
            FindingKind::AucInterval,
            Severity::NotCheckable,
            &row.place,
            auc.to_string(),
            text,
        )
    };
    let Some((low, high)) = estimate.limits else {
        ledger.at(
            row.row,
            not_checkable("an AUC without limits needs the scores"),
        );
        return Ok(None);
    };
    let Some((n1, n0)) = result.totals else {
        ledger.at(
            row.row,
            not_checkable("limits need the numbers of subjects and events"),
        );
        return Ok(None);
    };
    let (low, high) = if estimate.value.value > 1.0 {
        (low.to_share(), high.to_share())
    } else {
        (low, high)
    };
    let printed = format!("{auc} ({low}-{high})");
    match auc_interval(auc, low, high, n1 as usize, n0 as usize, settings.level) {
        Ok(audit) => {
            ledger.at(row.row, audit.finding(&row.place));
            Ok(Some(audit))
        }
        Err(error) => {
            ledger.at(
                row.row,
                refused(FindingKind::AucInterval, &row.place, &printed, &error),
            );
            Ok(None)
        }
    }
}

/// Fewest intervals that show a method of the whole table, and the share of them that it must fit.
const FEWEST: usize = 4;
const MOST_ROWS: f64 = 0.8;

/// Whether one method without free parameters made the intervals of the table, and which rows it did not make.
fn check_method(audits: &[(&RateRow, AucIntervalAudit)], ledger: &mut Ledger<'_>) {
    type Fit = fn(&AucIntervalAudit) -> bool;
    let methods: [(&str, Fit); 2] = [
        ("binomial exact", |a| a.binomial_exact.is_some()),
        ("Hanley-McNeil", |a| a.hanley_mcneil.is_some()),
    ];
    let n = audits.len();
    let fits = |fit: Fit| audits.iter().filter(|(_, a)| fit(a)).count();
    let Some((name, fit)) = methods.into_iter().max_by_key(|(_, fit)| fits(*fit)) else {
        return;
    };
    let fitting = fits(fit);
    if n < FEWEST || (fitting as f64) < MOST_ROWS * n as f64 {
        return;
    }
    // Where symmetric intervals fit all rows as well, DeLong's may have made them.
    let shown = audits.iter().any(|(_, a)| fit(a) && a.symmetric.is_none());
    let others: Vec<String> = audits
        .iter()
        .filter(|(_, a)| !fit(a))
        .map(|(row, a)| format!("{} {} ({}-{})", row.place, a.auc, a.low, a.high))
        .collect();
    let printed = format!("{n} intervals");
    let (severity, text) = match (others.is_empty(), shown) {
        (true, true) => (
            Severity::Possible,
            "one method fits all, and symmetric ones do not",
        ),
        (true, false) => (
            Severity::Possible,
            "one method fits all, and symmetric ones may",
        ),
        (false, true) => (
            Severity::Inconsistent,
            "one method fits nearly all, some of which symmetric ones do not; the others were made otherwise or are misprinted",
        ),
        (false, false) => (
            Severity::Possible,
            "one method fits nearly all; the others were made otherwise or are misprinted",
        ),
    };
    let recomputed = if others.is_empty() {
        format!("{name} fits {fitting} of {n}")
    } else {
        format!("{name} fits {fitting} of {n}, not {}", others.join(", "))
    };
    ledger.overall(
        Finding::new(
            FindingKind::AucInterval,
            severity,
            "all intervals",
            printed,
            text,
        )
        .recomputed(recomputed),
    );
}

/// The sizes of sets against those of the baseline table's groups of the same name.
fn check_sizes(sheet: &Sheet, rows: &[RateRow], groups: &[GroupSize], ledger: &mut Ledger<'_>) {
    let mut seen: Vec<(&str, u64)> = Vec::new();
    for row in rows {
        let set = sheet.label(row.row, "set");
        let (Some(n), false) = (row.n, set.is_empty()) else {
            continue;
        };
        if seen.contains(&(set, n)) {
            continue;
        }
        seen.push((set, n));
        let group = groups
            .iter()
            .find(|g| g.name.eq_ignore_ascii_case(set) && g.n != n);
        if let Some(group) = group {
            ledger.overall(
                Finding::new(
                    FindingKind::Totals,
                    Severity::Inconsistent,
                    set,
                    format!("n {n}"),
                    "the baseline table has another number of patients in this group",
                )
                .recomputed(format!("n {}", group.n)),
            );
        }
    }
}
