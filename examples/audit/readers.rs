//! Readers and their agreement.

use eval_stats::audit::{Finding, FindingKind, Severity, kappa_pairs};
use eval_stats::confusion::ConfusionMatrix;

use super::rates::{auc_as_share, read, recover};
use super::sheet::Sheet;
use super::{AuditSettings, Ledger, refused};

/// A reader whose calls against the truth are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownReader {
    /// The reader in words.
    pub name: String,
    /// The set that was read.
    pub set: String,
    /// The condition: without or with assistance.
    pub condition: String,
    /// The calls against the truth.
    pub counts: ConfusionMatrix,
}

/// Checks a readers table; the AUC is that of the calls, (sensitivity + specificity)/2.
///
/// # Errors
/// A cell that cannot be read.
pub fn check(
    sheet: &Sheet,
    settings: &AuditSettings,
    ledger: &mut Ledger<'_>,
) -> anyhow::Result<Vec<KnownReader>> {
    let mut rows = read(sheet, &["set", "reader", "condition"])?;
    for row in &mut rows {
        row.rates.auc = sheet.number(row.row, "auc")?.map(auc_as_share);
    }
    let results = recover(sheet, &rows, settings, ledger);
    let known = rows.iter().zip(&results).filter_map(|(row, result)| {
        Some(KnownReader {
            name: sheet
                .place(row.row, &["reader", "condition"])
                .replace(", ", " "),
            set: sheet.label(row.row, "set").to_owned(),
            condition: sheet.label(row.row, "condition").to_owned(),
            counts: result.counts?,
        })
    });
    Ok(known.collect())
}

/// Finds whose agreement the kappas are: first among the readers of the same condition, then among all of the set.
///
/// # Errors
/// A cell that is no number.
pub fn check_agreement(
    sheet: &Sheet,
    readers: &[KnownReader],
    ledger: &mut Ledger<'_>,
) -> anyhow::Result<()> {
    for row in 0..sheet.n_rows() {
        let Some(kappa) = sheet.number(row, "kappa")? else {
            continue;
        };
        let place = sheet.place(row, &["set", "condition", "pair"]);
        let same = |column: &str, value: &str| {
            sheet
                .text(row, column)
                .is_none_or(|text| text.eq_ignore_ascii_case(value))
        };
        let of_set: Vec<&KnownReader> = readers.iter().filter(|r| same("set", &r.set)).collect();
        let of_condition: Vec<&KnownReader> = of_set
            .iter()
            .copied()
            .filter(|r| same("condition", &r.condition))
            .collect();
        let mut finding = None;
        for candidates in [of_condition, of_set] {
            let counts: Vec<ConfusionMatrix> = candidates.iter().map(|r| r.counts).collect();
            let names: Vec<&str> = candidates.iter().map(|r| r.name.as_str()).collect();
            let found =
                match kappa_pairs(kappa, &counts).and_then(|audit| audit.finding(&place, &names)) {
                    Ok(found) => found,
                    Err(_) if counts.is_empty() => Finding::new(
                        FindingKind::Kappa,
                        Severity::NotCheckable,
                        &place,
                        kappa.to_string(),
                        "a kappa needs a readers table whose rates have unique counts",
                    ),
                    Err(error) => refused(FindingKind::Kappa, &place, &kappa.to_string(), &error),
                };
            let fits = found.severity == Severity::Possible;
            finding = Some(found);
            if fits {
                break;
            }
        }
        if let Some(finding) = finding {
            ledger.at(row, finding);
        }
    }
    Ok(())
}
