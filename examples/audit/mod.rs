//! Tables of a publication against themselves: what `audit_paper` computes and writes.
//!
//! | module | for |
//! |---|---|
//! | [`printed`] | numbers as they stand in print |
//! | [`sheet`] | a table in a file, its kind recognized by the header |
//! | [`rates`], [`performance`], [`readers`] | whole counts behind rates, AUC intervals, kappas |
//! | [`regression`] | ratios, intervals, p-values, counts |
//! | [`baseline`] | percentages, categories, groups, moments |
//! | [`scores`] | cut-offs and tests of calibration |
//! | [`output`] | findings as CSV, JSON and text |

pub mod baseline;
pub mod output;
pub mod performance;
pub mod printed;
pub mod rates;
pub mod readers;
pub mod regression;
pub mod scores;
pub mod sheet;

use eval_stats::Error;
use eval_stats::audit::{Finding, FindingKind, Severity};
use eval_stats::confusion::ConfusionMatrix;

use sheet::{Sheet, SheetKind};

/// Settings of an audit.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditSettings {
    /// Confidence level of all printed intervals.
    pub level: f64,
    /// How far from printed totals others are searched.
    pub radius: u64,
    /// Variables of baseline tables that are whole numbers.
    pub whole_numbers: Vec<String>,
    /// Column of baseline tables that is the sum of the other groups.
    pub total: Option<String>,
}

/// A finding and where it was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Located {
    /// Index of the table.
    pub table: usize,
    /// Line in its file; `None` where it is about several rows.
    pub line: Option<u64>,
    /// The finding.
    pub finding: Finding,
}

/// Whole counts of one row of rates.
#[derive(Debug, Clone, PartialEq)]
pub struct RecoveredCounts {
    /// Index of the table.
    pub table: usize,
    /// Line in its file.
    pub line: u64,
    /// The row in words.
    pub place: String,
    /// Events and non-events that were assumed.
    pub totals: (u64, u64),
    /// Whether these are the printed totals.
    pub printed_totals: bool,
    /// How many tables give the rates.
    pub n_tables: u64,
    /// The only table, or the closest if there is none.
    pub counts: Option<ConfusionMatrix>,
}

/// What the audit of all tables found.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PaperAudit {
    /// All findings, by table and row.
    pub findings: Vec<Located>,
    /// All recovered counts.
    pub counts: Vec<RecoveredCounts>,
}

impl PaperAudit {
    /// How many findings are so bad.
    pub fn count(&self, severity: Severity) -> usize {
        self.findings
            .iter()
            .filter(|l| l.finding.severity == severity)
            .count()
    }
}

/// Takes down the findings of one table.
#[derive(Debug)]
pub struct Ledger<'a> {
    table: usize,
    sheet: &'a Sheet,
    audit: &'a mut PaperAudit,
}

impl Ledger<'_> {
    /// Notes a finding about one row.
    pub fn at(&mut self, row: usize, finding: Finding) {
        self.audit.findings.push(Located {
            table: self.table,
            line: Some(self.sheet.line(row)),
            finding,
        });
    }

    /// Notes a finding about several rows.
    pub fn overall(&mut self, finding: Finding) {
        self.audit.findings.push(Located {
            table: self.table,
            line: None,
            finding,
        });
    }

    /// Notes recovered counts.
    pub fn counts(&mut self, row: usize, mut counts: RecoveredCounts) {
        counts.table = self.table;
        counts.line = self.sheet.line(row);
        self.audit.counts.push(counts);
    }
}

/// Checks every table, and tables against each other.
///
/// # Errors
/// A cell that cannot be read, with file, row and column.
pub fn audit_tables(sheets: &[Sheet], settings: &AuditSettings) -> anyhow::Result<PaperAudit> {
    let mut audit = PaperAudit::default();
    let groups = baseline::group_sizes(sheets)?;
    let mut read_by = Vec::new();
    for (table, sheet) in sheets.iter().enumerate() {
        let mut ledger = Ledger {
            table,
            sheet,
            audit: &mut audit,
        };
        match sheet.kind {
            SheetKind::Performance => performance::check(sheet, settings, &groups, &mut ledger)?,
            SheetKind::Readers => {
                read_by.extend(readers::check(sheet, settings, &mut ledger)?);
            }
            SheetKind::Regression => regression::check(sheet, settings, &mut ledger)?,
            SheetKind::Baseline => baseline::check(sheet, settings, &mut ledger)?,
            SheetKind::Cutoffs => scores::check_cutoffs(sheet, &mut ledger)?,
            SheetKind::Calibration => scores::check_calibration(sheet, &mut ledger)?,
            SheetKind::Agreement => {}
        }
    }
    // Kappas need the readers, which may stand in a later file.
    for (table, sheet) in sheets.iter().enumerate() {
        if sheet.kind == SheetKind::Agreement {
            let mut ledger = Ledger {
                table,
                sheet,
                audit: &mut audit,
            };
            readers::check_agreement(sheet, &read_by, &mut ledger)?;
        }
    }
    audit.findings.sort_by_key(|l| l.table);
    Ok(audit)
}

/// What the library refuses in a publication: numbers that cannot be are impossible, the rest cannot be checked.
pub fn refused(kind: FindingKind, place: &str, printed: &str, error: &Error) -> Finding {
    let severity = match error {
        Error::OutOfRange { .. } | Error::CountExceedsTotal { .. } => Severity::Impossible,
        _ => Severity::NotCheckable,
    };
    Finding::new(kind, severity, place, printed, error.to_string())
}
