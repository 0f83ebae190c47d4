//! Ratios with their intervals and p-values, and the counts they come from.

use eval_stats::audit::{Finding, FindingKind, ReportedRatio, Severity, factor_counts, odds_ratio};

use super::sheet::{PrintedEstimate, Sheet};
use super::{AuditSettings, Ledger, refused};

/// Checks a regression table.
///
/// # Errors
/// A cell that cannot be read.
pub fn check(
    sheet: &Sheet,
    settings: &AuditSettings,
    ledger: &mut Ledger<'_>,
) -> anyhow::Result<()> {
    let ratio = ["or", "hr", "rr"]
        .into_iter()
        .find(|name| sheet.column(name).is_some())
        .unwrap_or("or");
    let mut printed = Vec::new();
    for row in 0..sheet.n_rows() {
        let is_reference = sheet
            .text(row, ratio)
            .is_some_and(|text| text.to_ascii_lowercase().contains("ref"));
        let estimate = if is_reference {
            None
        } else {
            sheet.estimate(row, ratio)?
        };
        if let Some(estimate) = estimate {
            check_row(sheet, row, estimate, settings, ledger)?;
        }
        printed.push(estimate);
    }
    if ratio == "or" && sheet.column("count").is_some() {
        check_counts(sheet, &printed, settings, ledger)?;
    }
    Ok(())
}

fn check_row(
    sheet: &Sheet,
    row: usize,
    estimate: PrintedEstimate,
    settings: &AuditSettings,
    ledger: &mut Ledger<'_>,
) -> anyhow::Result<()> {
    let place = sheet.place(row, &["model", "factor", "term"]);
    let p = sheet.p_value(row, "p")?;
    if let Some(p) = p.filter(|p| !(0.0..=1.0).contains(&p.span().low) || p.span().high < 0.0) {
        ledger.at(
            row,
            Finding::new(
                FindingKind::PValue,
                Severity::Impossible,
                &place,
                format!("P {p}"),
                "a p-value lies between 0 and 1",
            ),
        );
    }
    let Some((low, high)) = estimate.limits else {
        ledger.at(
            row,
            Finding::new(
                FindingKind::RatioInterval,
                Severity::NotCheckable,
                &place,
                estimate.value.to_string(),
                "a ratio without limits has no standard error to compare its p-value with",
            ),
        );
        return Ok(());
    };
    match odds_ratio(estimate.value, low, high, p, settings.level) {
        Ok(audit) => {
            for finding in audit.findings(&place) {
                ledger.at(row, finding);
            }
        }
        Err(error) => {
            let printed = format!("{} ({low}, {high})", estimate.value);
            ledger.at(
                row,
                refused(FindingKind::RatioInterval, &place, &printed, &error),
            );
        }
    }
    Ok(())
}

/// Levels of one factor: rows of the same `model` and `factor`, or a row without `factor` alone.
fn factors(sheet: &Sheet) -> Vec<Vec<usize>> {
    type Factor<'a> = Option<(&'a str, &'a str)>;
    let mut groups: Vec<(Factor<'_>, Vec<usize>)> = Vec::new();
    for row in 0..sheet.n_rows() {
        let key = sheet
            .text(row, "factor")
            .map(|factor| (sheet.label(row, "model"), factor));
        match groups.iter_mut().find(|(k, _)| key.is_some() && *k == key) {
            Some((_, rows)) => rows.push(row),
            None => groups.push((key, vec![row])),
        }
    }
    groups.into_iter().map(|(_, rows)| rows).collect()
}

fn too_many_subjects(place: &str, n: u64, sum: u64) -> Finding {
    Finding::new(
        FindingKind::RatioCounts,
        Severity::Impossible,
        place,
        format!("n {n}"),
        "the levels have more subjects than there are",
    )
    .recomputed(format!("sum {sum}"))
}

/// Odds ratios against the counts of their levels, where `count`, `n` and `events` are given.
fn check_counts(
    sheet: &Sheet,
    printed: &[Option<PrintedEstimate>],
    settings: &AuditSettings,
    ledger: &mut Ledger<'_>,
) -> anyhow::Result<()> {
    for rows in factors(sheet) {
        let (mut n, mut events, mut reference) = (None, None, None);
        let (mut levels, mut ratios) = (Vec::new(), Vec::new());
        let mut complete = true;
        for &row in &rows {
            n = n.or(sheet.count(row, "n")?);
            events = events.or(sheet.count(row, "events")?);
            let count = sheet.count(row, "count")?;
            match (printed[row], count) {
                (Some(estimate), Some(count)) => {
                    levels.push(count);
                    ratios.push(ReportedRatio {
                        ratio: estimate.value,
                        limits: estimate.limits,
                    });
                }
                (None, Some(count)) => reference = Some(count),
                _ => complete = false,
            }
        }
        let (Some(n), Some(events), true, false) = (n, events, complete, levels.is_empty()) else {
            continue;
        };
        let others = levels.iter().fold(0u64, |sum, &c| sum.saturating_add(c));
        let names: &[&str] = if rows.len() > 1 {
            &["model", "factor"]
        } else {
            &["model", "factor", "term"]
        };
        let place = sheet.place(rows[0], names);
        let first = rows[0];
        let Some(rest) = n.checked_sub(others) else {
            ledger.at(first, too_many_subjects(&place, n, others));
            continue;
        };
        let subjects: Vec<u64> = [vec![reference.unwrap_or(rest)], levels].concat();
        let text: Vec<String> = ratios.iter().map(ToString::to_string).collect();
        let finding = match factor_counts(&subjects, events, &ratios, settings.level) {
            Ok(audit) => audit.finding(&place),
            Err(error) => refused(FindingKind::RatioCounts, &place, &text.join("; "), &error),
        };
        ledger.at(first, finding);
    }
    Ok(())
}
