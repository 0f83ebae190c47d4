//! Baseline tables: counts, percentages, categories, groups and moments.

use anyhow::bail;
use eval_stats::audit::{
    CategoryVerdict, Finding, FindingKind, Reported, Severity, category_totals, percentage,
    whole_number_moments,
};

use super::printed::{self, BaselineCell};
use super::sheet::{Sheet, SheetKind};
use super::{AuditSettings, Ledger, refused};

/// A group of patients and its printed size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupSize {
    /// Name of the group.
    pub name: String,
    /// Printed number of patients.
    pub n: u64,
}

/// A column of patients.
struct Group {
    name: String,
    column: usize,
    n: Option<u64>,
}

/// The printed sizes of the groups of all baseline tables.
///
/// # Errors
/// A size that is no whole number.
pub fn group_sizes(sheets: &[Sheet]) -> anyhow::Result<Vec<GroupSize>> {
    let mut sizes = Vec::new();
    for sheet in sheets.iter().filter(|s| s.kind == SheetKind::Baseline) {
        for group in groups(sheet)? {
            sizes.extend(group.n.map(|n| GroupSize {
                name: group.name,
                n,
            }));
        }
    }
    Ok(sizes)
}

fn is_size_row(sheet: &Sheet, row: usize) -> bool {
    sheet.label(row, "variable").eq_ignore_ascii_case("n") && sheet.text(row, "level").is_none()
}

/// The groups: every column but `variable` and `level`. Sizes come from a row `n` or from headers such as `training (n=421)`.
fn groups(sheet: &Sheet) -> anyhow::Result<Vec<Group>> {
    let size_row = (0..sheet.n_rows()).find(|&row| is_size_row(sheet, row));
    let mut groups = Vec::new();
    for (column, header) in sheet.table.header.iter().enumerate() {
        if ["variable", "level"].contains(&header.to_lowercase().as_str()) {
            continue;
        }
        let (name, in_header) = match header.split_once('(') {
            Some((name, rest)) => {
                let rest = rest.trim_end_matches(')').replace(' ', "").to_lowercase();
                (
                    name.trim(),
                    rest.strip_prefix("n=").and_then(printed::count),
                )
            }
            None => (header.as_str(), None),
        };
        let in_row = match size_row {
            Some(row) => sheet.parsed(
                row,
                &header.to_lowercase(),
                "a whole number",
                printed::count,
            )?,
            None => None,
        };
        groups.push(Group {
            name: name.to_owned(),
            column,
            n: in_row.or(in_header),
        });
    }
    if groups.is_empty() {
        bail!(
            "{}: expected a column for each group beside variable and level, found none",
            sheet.table.path.display()
        );
    }
    Ok(groups)
}

/// Rows of one variable, which stand together.
fn variables(sheet: &Sheet) -> Vec<Vec<usize>> {
    let mut all: Vec<Vec<usize>> = Vec::new();
    for row in (0..sheet.n_rows()).filter(|&row| !is_size_row(sheet, row)) {
        match all.last_mut() {
            Some(rows) if sheet.label(rows[0], "variable") == sheet.label(row, "variable") => {
                rows.push(row);
            }
            _ => all.push(vec![row]),
        }
    }
    all
}

/// Checks a baseline table.
///
/// # Errors
/// A cell that cannot be read.
pub fn check(
    sheet: &Sheet,
    settings: &AuditSettings,
    ledger: &mut Ledger<'_>,
) -> anyhow::Result<()> {
    let groups = groups(sheet)?;
    let total = total_column(sheet, &groups, settings)?;
    check_total_sizes(&groups, total, ledger);
    // Sums of the complete variables by group, for a size that would fit them all.
    let mut sums: Vec<Vec<u64>> = vec![Vec::new(); groups.len()];
    for rows in variables(sheet) {
        let mut counts = vec![vec![None; groups.len()]; rows.len()];
        for (k, &row) in rows.iter().enumerate() {
            for (g, group) in groups.iter().enumerate() {
                let name = sheet.table.header[group.column].to_lowercase();
                let expected = "a count, n (%), mean ± SD or median (quartiles), such as 61 (14.5) or 54.0±10.6";
                let cell = sheet.parsed(row, &name, expected, printed::baseline_cell)?;
                counts[k][g] = match cell {
                    Some(cell) => check_cell(sheet, row, group, cell, settings, ledger),
                    None => None,
                };
            }
            check_total(sheet, row, &groups, total, &counts[k], ledger);
        }
        check_categories(sheet, &rows, &groups, &counts, &mut sums, ledger);
    }
    for (group, sums) in groups.iter().zip(&sums) {
        check_size(group, sums, ledger);
    }
    Ok(())
}

fn total_column(
    sheet: &Sheet,
    groups: &[Group],
    settings: &AuditSettings,
) -> anyhow::Result<Option<usize>> {
    let position = |wanted: &str| {
        groups
            .iter()
            .position(|g| g.name.eq_ignore_ascii_case(wanted))
    };
    match &settings.total {
        Some(name) => match position(name) {
            Some(k) => Ok(Some(k)),
            None => bail!(
                "{}: expected a column \"{name}\" as --total says, found none",
                sheet.table.path.display()
            ),
        },
        None => Ok(["total", "overall", "all"].into_iter().find_map(position)),
    }
}

/// One cell by itself; gives its count.
fn check_cell(
    sheet: &Sheet,
    row: usize,
    group: &Group,
    cell: BaselineCell,
    settings: &AuditSettings,
    ledger: &mut Ledger<'_>,
) -> Option<u64> {
    let place = format!(
        "{}, {}",
        sheet.place(row, &["variable", "level"]),
        group.name
    );
    let rounded = |r: Reported| r.rounded(sheet.rounding());
    match cell {
        BaselineCell::Count(count) => return Some(count),
        BaselineCell::CountPercent(count, percent) => {
            // A count beyond the group is found with the categories.
            if let Some(n) = group.n.filter(|&n| count <= n && n > 0) {
                ledger.at(row, count_percent(&place, count, n, rounded(percent)));
            }
            return Some(count);
        }
        BaselineCell::Percent(percent) => {
            if let Some(n) = group.n.filter(|&n| n > 0) {
                ledger.at(row, whole_percent(&place, rounded(percent), n));
            }
        }
        BaselineCell::MeanSd(mean, sd) => {
            let variable = sheet.label(row, "variable");
            let whole = settings
                .whole_numbers
                .iter()
                .any(|name| name.eq_ignore_ascii_case(variable));
            check_moments(
                row,
                group,
                (rounded(mean), rounded(sd)),
                whole,
                &place,
                ledger,
            );
        }
        BaselineCell::MedianQuartiles(median, (low, high)) => {
            ledger.at(row, quartiles(&place, median, (low, high)));
        }
        BaselineCell::Number(_) => {}
    }
    None
}

/// A count with its percentage.
fn count_percent(place: &str, count: u64, n: u64, percent: Reported) -> Finding {
    match percentage(count, n, percent) {
        Ok(audit) => audit.finding(place),
        Err(error) => refused(
            FindingKind::Percentage,
            place,
            &format!("{count} ({percent})"),
            &error,
        ),
    }
}

/// A median between its quartiles or extremes, or not.
fn quartiles(place: &str, median: Reported, (low, high): (Reported, Reported)) -> Finding {
    let ordered = low.low() <= median.high() && median.low() <= high.high();
    let (severity, text) = if ordered {
        (Severity::Possible, "the median lies between its limits")
    } else {
        (Severity::Impossible, "the median lies outside its limits")
    };
    let printed = format!("{median} ({low}-{high})");
    Finding::new(FindingKind::Moments, severity, place, printed, text)
}

/// A percentage without its count: is it that of some whole number?
fn whole_percent(place: &str, percent: Reported, n: u64) -> Finding {
    let nearest = (percent.value * n as f64 / 100.0).round().max(0.0);
    let of = |count: f64| 100.0 * count / n as f64;
    let found = [nearest, nearest - 1.0, nearest + 1.0]
        .into_iter()
        .find(|&count| count >= 0.0 && count <= n as f64 && percent.admits(of(count)));
    let printed = format!("{percent} %");
    match found {
        Some(count) => Finding::new(
            FindingKind::Percentage,
            Severity::Possible,
            place,
            printed,
            format!("a whole number of {n} patients gives this percentage"),
        )
        .recomputed(format!("{count} of {n}")),
        None => Finding::new(
            FindingKind::Percentage,
            Severity::Impossible,
            place,
            printed,
            format!("no whole number of {n} patients gives this percentage"),
        )
        .recomputed(format!("nearest {nearest} of {n}: {:.2} %", of(nearest))),
    }
}

fn check_moments(
    row: usize,
    group: &Group,
    (mean, sd): (Reported, Reported),
    whole: bool,
    place: &str,
    ledger: &mut Ledger<'_>,
) {
    let printed = format!("{mean} ± {sd}");
    if sd.value < 0.0 {
        ledger.at(
            row,
            Finding::new(
                FindingKind::Moments,
                Severity::Impossible,
                place,
                &printed,
                "a standard deviation is not negative",
            ),
        );
    } else if let (true, Some(n)) = (whole, group.n) {
        let finding = match whole_number_moments(n, mean, Some(sd)) {
            Ok(audit) => audit.finding(place),
            Err(error) => refused(FindingKind::Moments, place, &printed, &error),
        };
        ledger.at(row, finding);
    } else {
        ledger.at(
            row,
            Finding::new(
                FindingKind::Moments,
                Severity::NotCheckable,
                place,
                &printed,
                if whole {
                    "the number of patients in this group is not printed"
                } else {
                    "measured values can have any mean and standard deviation; name whole numbers with --whole-numbers"
                },
            ),
        );
    }
}

/// One row of counts against the column of totals.
fn check_total(
    sheet: &Sheet,
    row: usize,
    groups: &[Group],
    total: Option<usize>,
    counts: &[Option<u64>],
    ledger: &mut Ledger<'_>,
) {
    let Some((t, whole)) = total.and_then(|t| counts[t].map(|whole| (t, whole))) else {
        return;
    };
    let parts: Option<Vec<u64>> = (0..groups.len())
        .filter(|&g| g != t)
        .map(|g| counts[g])
        .collect();
    let Some(parts) = parts.filter(|p| !p.is_empty()) else {
        return;
    };
    let place = sheet.place(row, &["variable", "level"]);
    ledger.at(row, sum_finding(&place, whole, &parts));
}

fn sum_finding(place: &str, whole: u64, parts: &[u64]) -> Finding {
    let sum = parts.iter().fold(0u64, |sum, &c| sum.saturating_add(c));
    let (severity, text) = if sum == whole {
        (Severity::Possible, "the groups add up to the total")
    } else {
        (
            Severity::Impossible,
            "the groups do not add up to the total",
        )
    };
    Finding::new(
        FindingKind::GroupTotal,
        severity,
        place,
        format!("total {whole}"),
        text,
    )
    .recomputed(format!("sum {sum}"))
}

fn check_total_sizes(groups: &[Group], total: Option<usize>, ledger: &mut Ledger<'_>) {
    let Some((t, whole)) = total.and_then(|t| groups[t].n.map(|n| (t, n))) else {
        return;
    };
    let parts: Option<Vec<u64>> = (0..groups.len())
        .filter(|&g| g != t)
        .map(|g| groups[g].n)
        .collect();
    if let Some(parts) = parts.filter(|p| !p.is_empty()) {
        ledger.overall(sum_finding("number of patients", whole, &parts));
    }
}

/// The categories of one variable against the groups.
fn check_categories(
    sheet: &Sheet,
    rows: &[usize],
    groups: &[Group],
    counts: &[Vec<Option<u64>>],
    sums: &mut [Vec<u64>],
    ledger: &mut Ledger<'_>,
) {
    let sized: Vec<usize> = (0..groups.len())
        .filter(|&g| groups[g].n.is_some())
        .collect();
    let sizes: Vec<u64> = sized.iter().filter_map(|&g| groups[g].n).collect();
    let counts: Vec<Vec<Option<u64>>> = counts
        .iter()
        .map(|row| sized.iter().map(|&g| row[g]).collect())
        .collect();
    // Every row has an entry for every group.
    let Ok(totals) = category_totals(&counts, &sizes) else {
        return;
    };
    let complete = totals
        .iter()
        .any(|t| t.verdict == CategoryVerdict::Complete && t.n_categories > 1);
    for t in totals {
        let g = sized[t.group];
        let names: &[&str] = if rows.len() > 1 {
            &["variable"]
        } else {
            &["variable", "level"]
        };
        let place = format!("{}, {}", sheet.place(rows[0], names), groups[g].name);
        if complete || t.verdict == CategoryVerdict::Exceeds {
            ledger.at(rows[0], t.finding(&place));
        }
        if complete {
            sums[g].push(t.sum);
        }
    }
}

/// A group whose complete variables all have the same other sum.
fn check_size(group: &Group, sums: &[u64], ledger: &mut Ledger<'_>) {
    let (Some(n), Some(&sum)) = (group.n, sums.first()) else {
        return;
    };
    if sum != n && sums.iter().all(|&s| s == sum) {
        ledger.overall(
            Finding::new(
                FindingKind::Totals,
                Severity::Inconsistent,
                &group.name,
                format!("n {n}"),
                "every variable whose categories are complete elsewhere has another sum in this group",
            )
            .recomputed(format!("n {sum}")),
        );
    }
}
