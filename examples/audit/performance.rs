//! Models on data sets: rates, AUC intervals, and the size of the set in the baseline table.

use eval_stats::audit::{Finding, FindingKind, Severity, auc_interval};

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
    for (row, result) in rows.iter().zip(&results) {
        check_auc(sheet, row, result, settings, ledger)?;
    }
    check_sizes(sheet, &rows, groups, ledger);
    Ok(())
}

fn check_auc(
    sheet: &Sheet,
    row: &RateRow,
    result: &RowCounts,
    settings: &AuditSettings,
    ledger: &mut Ledger<'_>,
) -> anyhow::Result<()> {
    let Some(estimate) = sheet.estimate(row.row, "auc")? else {
        return Ok(());
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
        return Ok(());
    };
    let Some((n1, n0)) = result.totals else {
        ledger.at(
            row.row,
            not_checkable("limits need the numbers of subjects and events"),
        );
        return Ok(());
    };
    let (low, high) = if estimate.value.value > 1.0 {
        (low.to_share(), high.to_share())
    } else {
        (low, high)
    };
    let printed = format!("{auc} ({low}-{high})");
    let finding = match auc_interval(auc, low, high, n1 as usize, n0 as usize, settings.level) {
        Ok(audit) => audit.finding(&row.place),
        Err(error) => refused(FindingKind::AucInterval, &row.place, &printed, &error),
    };
    ledger.at(row.row, finding);
    Ok(())
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
