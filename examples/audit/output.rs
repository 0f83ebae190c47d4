//! Findings as CSV, JSON and text.

use std::io::{self, Write};
use std::path::Path;

use anyhow::Context;
use eval_stats::audit::{FindingKind, Severity};
use serde_json::{Map, Value, json};

use super::sheet::Sheet;
use super::{Located, PaperAudit, RecoveredCounts};
use crate::atomic_file::write_atomically;
use crate::table_file::{Cell, write_csv};

/// Writes `findings.csv`, `findings.json` and `counts.csv` into a folder.
///
/// # Errors
/// When a file cannot be written.
pub fn write(folder: &Path, sheets: &[Sheet], audit: &PaperAudit) -> anyhow::Result<()> {
    let line = |line: Option<u64>| line.map_or(Cell::Empty, |l| Cell::Integer(l as i64));
    write_csv(
        &folder.join("findings.csv"),
        &[
            "file",
            "row",
            "severity",
            "kind",
            "place",
            "printed",
            "recomputed",
            "explanation",
        ],
        audit.findings.iter().map(|l| {
            vec![
                sheets[l.table].file().into(),
                line(l.line),
                l.finding.severity.name().into(),
                l.finding.kind.name().into(),
                l.finding.place.as_str().into(),
                l.finding.printed.as_str().into(),
                l.finding.recomputed.as_str().into(),
                l.finding.explanation.as_str().into(),
            ]
        }),
    )?;
    write_csv(
        &folder.join("counts.csv"),
        &[
            "file",
            "row",
            "place",
            "result",
            "n_tables",
            "n",
            "events",
            "printed_totals",
            "tp",
            "fp",
            "fn",
            "tn",
            "acc",
            "sen",
            "spe",
            "ppv",
            "npv",
        ],
        audit.counts.iter().map(|c| counts_row(sheets, c)),
    )?;
    let text = format!("{:#}\n", to_json(sheets, audit));
    write_atomically(&folder.join("findings.json"), text.as_bytes())
}

fn result_name(counts: &RecoveredCounts) -> &'static str {
    match counts.n_tables {
        0 => "none",
        1 => "unique",
        _ => "many",
    }
}

/// Unique counts, or those closest to the rates where there are none.
fn counts_row(sheets: &[Sheet], c: &RecoveredCounts) -> Vec<Cell> {
    let whole = |v: u64| Cell::Integer(v as i64);
    let mut row: Vec<Cell> = vec![
        sheets[c.table].file().into(),
        whole(c.line),
        c.place.as_str().into(),
        result_name(c).into(),
        whole(c.n_tables),
        whole(c.totals.0 + c.totals.1),
        whole(c.totals.0),
        c.printed_totals.into(),
    ];
    match c.counts {
        Some(m) => {
            row.extend([m.tp, m.fp, m.fn_, m.tn].map(whole));
            let rates = [
                m.accuracy(),
                m.sensitivity(),
                m.specificity(),
                m.ppv(),
                m.npv(),
            ];
            row.extend(rates.map(Cell::from));
        }
        None => row.extend(std::iter::repeat_n(Cell::Empty, 9)),
    }
    row
}

fn to_json(sheets: &[Sheet], audit: &PaperAudit) -> Value {
    let tables: Vec<Value> = sheets
        .iter()
        .map(|s| json!({"file": s.file(), "kind": s.kind.name(), "rows": s.n_rows()}))
        .collect();
    let summary: Map<String, Value> = Severity::ALL
        .into_iter()
        .map(|s| (s.name().to_owned(), audit.count(s).into()))
        .collect();
    let findings: Vec<Value> = audit
        .findings
        .iter()
        .map(|l| {
            json!({
                "file": sheets[l.table].file(),
                "row": l.line,
                "severity": l.finding.severity.name(),
                "kind": l.finding.kind.name(),
                "place": l.finding.place,
                "printed": l.finding.printed,
                "recomputed": l.finding.recomputed,
                "explanation": l.finding.explanation,
            })
        })
        .collect();
    let counts: Vec<Value> = audit
        .counts
        .iter()
        .map(|c| {
            json!({
                "file": sheets[c.table].file(),
                "row": c.line,
                "place": c.place,
                "result": result_name(c),
                "n_tables": c.n_tables,
                "n_events": c.totals.0,
                "n_non_events": c.totals.1,
                "printed_totals": c.printed_totals,
                "counts": c.counts.map(|m| json!({"tp": m.tp, "fp": m.fp, "fn": m.fn_, "tn": m.tn})),
            })
        })
        .collect();
    json!({"tables": tables, "summary": summary, "findings": findings, "counts": counts})
}

/// Prints a summary: what is wrong in full, what says something new on one line each, the rest counted.
///
/// # Errors
/// When standard output cannot be written to.
pub fn print(sheets: &[Sheet], audit: &PaperAudit) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    summarize(&mut out, sheets, audit).context("standard output: cannot write")
}

fn summarize(out: &mut impl Write, sheets: &[Sheet], audit: &PaperAudit) -> io::Result<()> {
    let counts: Vec<String> = Severity::ALL
        .into_iter()
        .map(|s| format!("{} {s}", audit.count(s)))
        .collect();
    writeln!(
        out,
        "{} findings in {} tables: {}",
        audit.findings.len(),
        sheets.len(),
        counts.join(", ")
    )?;
    for (table, sheet) in sheets.iter().enumerate() {
        writeln!(
            out,
            "\n{} ({}, {} rows)",
            sheet.file(),
            sheet.kind.name(),
            sheet.n_rows()
        )?;
        let mut found: Vec<&Located> = audit.findings.iter().filter(|l| l.table == table).collect();
        found.sort_by_key(|l| l.finding.severity);
        let (told, rest): (Vec<&Located>, Vec<&Located>) =
            found.into_iter().partition(|l| is_told(l));
        for located in told {
            describe(out, located)?;
        }
        for severity in [Severity::Possible, Severity::NotCheckable] {
            let counted = count_by_kind(rest.iter().filter(|l| l.finding.severity == severity));
            if !counted.is_empty() {
                writeln!(out, "  {severity}, not listed: {}", counted.join(", "))?;
            }
        }
    }
    Ok(())
}

/// Whether a finding is told in the summary: all that is wrong, and of the rest what says something new.
fn is_told(located: &Located) -> bool {
    let f = &located.finding;
    match f.severity {
        Severity::Impossible | Severity::Inconsistent => true,
        Severity::Possible => match f.kind {
            FindingKind::Counts
            | FindingKind::Totals
            | FindingKind::Prevalence
            | FindingKind::Rounding
            | FindingKind::Kappa
            | FindingKind::Cutoff => true,
            FindingKind::AucInterval => located.line.is_none(),
            _ => false,
        },
        _ => false,
    }
}

fn count_by_kind<'a>(found: impl Iterator<Item = &'a &'a Located>) -> Vec<String> {
    let mut kinds: Vec<(FindingKind, usize)> = Vec::new();
    for located in found {
        match kinds.iter_mut().find(|(k, _)| *k == located.finding.kind) {
            Some((_, n)) => *n += 1,
            None => kinds.push((located.finding.kind, 1)),
        }
    }
    kinds.into_iter().map(|(k, n)| format!("{n} {k}")).collect()
}

fn describe(out: &mut impl Write, located: &Located) -> io::Result<()> {
    let f = &located.finding;
    let row = located
        .line
        .map_or(String::new(), |line| format!("row {line}: "));
    match f.severity {
        Severity::Impossible | Severity::Inconsistent => {
            writeln!(
                out,
                "  {} {}: {row}{}: {}",
                f.severity.to_string().to_uppercase(),
                f.kind,
                f.place,
                f.printed
            )?;
            writeln!(out, "      {}", f.explanation)?;
            if !f.recomputed.is_empty() {
                writeln!(out, "      recomputed: {}", f.recomputed)?;
            }
            Ok(())
        }
        _ => {
            let detail = if f.recomputed.is_empty() {
                &f.explanation
            } else {
                &f.recomputed
            };
            writeln!(
                out,
                "  {} {}: {row}{}: {}: {detail}",
                f.severity, f.kind, f.place, f.printed
            )
        }
    }
}
