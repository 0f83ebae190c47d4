//! Cut-offs of scores, and tests of calibration.

use eval_stats::audit::{Finding, FindingKind, PrintedScale, ReportedP, Severity, cutoff_scale};

use super::Ledger;
use super::sheet::Sheet;

/// Checks a table of cut-offs.
///
/// # Errors
/// A cell that cannot be read.
pub fn check_cutoffs(sheet: &Sheet, ledger: &mut Ledger<'_>) -> anyhow::Result<()> {
    for row in 0..sheet.n_rows() {
        let Some(cutoff) = sheet.number(row, "cutoff")? else {
            continue;
        };
        let stated = sheet.parsed(row, "scale", "points or probability", |text| {
            match text.to_ascii_lowercase().as_str() {
                "points" => Some(PrintedScale::Points),
                "probability" => Some(PrintedScale::Probability),
                _ => None,
            }
        })?;
        let place = sheet.place(row, &["score"]);
        ledger.at(
            row,
            cutoff_scale(cutoff).finding(&place, cutoff, stated.unwrap_or_default()),
        );
    }
    Ok(())
}

/// Lists tests of calibration, which nothing printed allows to check.
///
/// # Errors
/// A cell that cannot be read.
pub fn check_calibration(sheet: &Sheet, ledger: &mut Ledger<'_>) -> anyhow::Result<()> {
    for row in 0..sheet.n_rows() {
        let Some(p) = sheet.p_value(row, "hl_p")? else {
            continue;
        };
        let outside = match p {
            ReportedP::Equal(r) => !(0.0..=1.0).contains(&r.value),
            ReportedP::Below(limit) | ReportedP::Above(limit) => !(0.0..=1.0).contains(&limit),
            _ => false,
        };
        let (severity, text) = if outside {
            (Severity::Impossible, "a p-value lies between 0 and 1")
        } else {
            (
                Severity::NotCheckable,
                "a Hosmer-Lemeshow test needs the risks and outcomes of the patients",
            )
        };
        ledger.at(
            row,
            Finding::new(
                FindingKind::Calibration,
                severity,
                sheet.place(row, &["set", "model"]),
                format!("P {p}"),
                text,
            ),
        );
    }
    Ok(())
}
