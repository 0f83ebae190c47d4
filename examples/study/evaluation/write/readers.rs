//! Tables of readers without and with assistance.

use eval_stats::Estimate;
use eval_stats::mcnemar::PairedComparison;
use eval_stats::reader_study::{Condition, PairAgreement, ReaderReport};

use super::super::Evaluation;
use super::performance::{COUNTS, count_cells};
use super::{Cell, Table, count, empty, estimate, named, proportion, skipped};

/// Columns of `readers.csv` before and after the counts and proportions.
const BEFORE_COUNTS: [&str; 5] = ["split", "reader", "condition", "n", "events"];
const AFTER_COUNTS: [&str; 4] = ["auc", "ci_low", "ci_high", "note"];
/// Columns of `reader_changes.csv`.
const CHANGES: [&str; 12] = [
    "split",
    "reader",
    "measure",
    "without",
    "with",
    "difference",
    "ci_low",
    "ci_high",
    "gained",
    "lost",
    "p",
    "method",
];
/// Columns of `reader_agreement.csv`.
const AGREEMENT: [&str; 18] = [
    "split",
    "condition",
    "first",
    "second",
    "n",
    "agreement",
    "agreement_low",
    "agreement_high",
    "kappa",
    "ci_low",
    "ci_high",
    "p",
    "pabak",
    "pabak_low",
    "pabak_high",
    "ac1",
    "ac1_low",
    "ac1_high",
];

impl Evaluation {
    /// One row for each reader and condition.
    pub(super) fn readers_table(&self) -> Table {
        let header = [&BEFORE_COUNTS[..], &COUNTS, &AFTER_COUNTS].concat();
        let mut rows = Vec::new();
        for results in &self.readers {
            let report = match &results.report {
                Ok(report) => report,
                Err(why) => {
                    rows.push(skipped(&results.split, "", header.len(), why));
                    continue;
                }
            };
            for reader in &report.readers {
                for condition in [Condition::Without, Condition::With] {
                    let mut cells = named(&results.split, &reader.name);
                    cells.extend([condition.to_string().into(), report.n.into()]);
                    cells.push(report.n_events.into());
                    cells.extend(condition_cells(reader, condition));
                    rows.push(cells);
                }
            }
        }
        Table { header, rows }
    }

    /// One row for each reader and measure that assistance may change, then the mean AUC of readers like these and of these.
    pub(super) fn reader_changes_table(&self) -> Table {
        let mut rows = Vec::new();
        for results in &self.readers {
            let Ok(report) = &results.report else {
                continue;
            };
            for reader in &report.readers {
                for (measure, change) in changes(reader) {
                    let mut cells = named(&results.split, &reader.name);
                    cells.push(measure.into());
                    cells.extend(change);
                    rows.push(cells);
                }
            }
            let Some(mean) = &report.mean_auc else {
                continue;
            };
            let random = mean.random_readers.as_ref();
            let tests = [
                random.map(|test| (test, "Obuchowski-Rockette, random readers")),
                Some((&mean.fixed_readers, "Obuchowski-Rockette, fixed readers")),
            ];
            for (test, method) in tests.into_iter().flatten() {
                let mut cells = named(&results.split, "all readers");
                cells.push("mean auc".into());
                cells.extend([mean.without, mean.with, mean.difference].map(Cell::from));
                cells.extend([test.low, test.high].map(Cell::from));
                cells.extend(empty(2));
                cells.extend([test.p.into(), method.into()]);
                rows.push(cells);
            }
        }
        Table {
            header: CHANGES.to_vec(),
            rows,
        }
    }

    /// One row for each condition and pair of readers, or reader and model.
    pub(super) fn reader_agreement_table(&self) -> Table {
        let rows = self.readers.iter().flat_map(|results| {
            let pairs = results.report.iter().flat_map(|report| &report.agreement);
            pairs.map(|pair| agreement_row(&results.split, pair))
        });
        Table {
            header: AGREEMENT.to_vec(),
            rows: rows.collect(),
        }
    }
}

fn condition_cells(reader: &ReaderReport, condition: Condition) -> Vec<Cell> {
    let mut cells = Vec::new();
    match &reader.calls {
        Some(calls) => cells.extend(count_cells(match condition {
            Condition::Without => &calls.without,
            Condition::With => &calls.with,
        })),
        None => cells.extend(empty(COUNTS.len())),
    }
    let auc = reader.auc.as_ref().map(|auc| match condition {
        Condition::Without => &auc.without,
        Condition::With => &auc.with,
    });
    cells.extend(estimate(auc));
    cells.push(match (&reader.calls, auc) {
        (None, _) => "ratings: no calls".into(),
        (_, None) => "fewer than two events or two non-events: no AUC".into(),
        _ => Cell::Empty,
    });
    cells
}

/// Measures, each with its values without and with assistance, difference, limits, cases gained and lost, p-value and method.
fn changes(reader: &ReaderReport) -> Vec<(&'static str, Vec<Cell>)> {
    let mut rows = Vec::new();
    if let Some(calls) = &reader.calls {
        rows.push(("accuracy", paired(&calls.accuracy)));
        for (measure, comparison) in [
            ("sensitivity", &calls.sensitivity),
            ("specificity", &calls.specificity),
        ] {
            rows.extend(comparison.as_ref().map(|c| (measure, paired(c))));
        }
    }
    if let Some(auc) = &reader.auc {
        let (test, values) = (&auc.test, (auc.without.value, auc.with.value));
        let mut cells: Vec<Cell> = vec![values.0.into(), values.1.into()];
        cells.extend([test.difference, test.low, test.high].map(Cell::from));
        cells.extend(empty(2));
        cells.extend([test.p.into(), "DeLong".into()]);
        rows.push(("auc", cells));
    }
    rows
}

/// In a comparison of readings the first share is with assistance.
fn paired(comparison: &PairedComparison) -> Vec<Cell> {
    let difference: &Estimate = &comparison.difference;
    let mut cells: Vec<Cell> = vec![comparison.second.into(), comparison.first.into()];
    cells.extend([difference.value, difference.low, difference.high].map(Cell::from));
    cells.extend([comparison.table.only_first, comparison.table.only_second].map(count));
    let method = format!("exact McNemar; interval by {}", difference.method);
    cells.extend([comparison.test.p_exact.into(), method.into()]);
    cells
}

fn agreement_row(split: &str, pair: &PairAgreement) -> Vec<Cell> {
    let mut cells = named(split, &pair.condition.to_string());
    cells.extend([pair.first.as_str().into(), pair.second.as_str().into()]);
    cells.push(count(pair.agreement.n));
    cells.extend(proportion(Some(pair.agreement)));
    match &pair.kappa {
        Some(k) => cells.extend([k.value, k.low, k.high, k.p].map(Cell::from)),
        None => cells.extend(empty(4)),
    }
    cells.extend(estimate(Some(&pair.pabak)));
    cells.extend(estimate(pair.ac1.as_ref()));
    cells
}
