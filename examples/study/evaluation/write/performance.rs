//! Tables of discrimination and classification.

use eval_stats::confusion::{ClassificationMetrics, Threshold};

use super::super::Evaluation;
use super::super::performance::Performance;
use super::{Cell, Table, count, empty, named, pair, proportion};

/// Columns of [`count_cells`].
pub(super) const COUNTS: [&str; 19] = [
    "tp", "fp", "tn", "fn", "acc", "acc_low", "acc_high", "sen", "sen_low", "sen_high", "spe",
    "spe_low", "spe_high", "ppv", "ppv_low", "ppv_high", "npv", "npv_low", "npv_high",
];
/// Columns of `performance.csv` before the counts.
const BEFORE_COUNTS: [&str; 8] = [
    "split", "model", "n", "events", "auc", "ci_low", "ci_high", "cutoff",
];
/// Columns of `performance.csv` after the proportions.
const AFTER_COUNTS: [&str; 17] = [
    "lr_positive",
    "lr_positive_low",
    "lr_positive_high",
    "lr_negative",
    "lr_negative_low",
    "lr_negative_high",
    "dor",
    "dor_low",
    "dor_high",
    "f1",
    "mcc",
    "balanced_accuracy",
    "youden",
    "average_precision",
    "precision_recall_area",
    "ci_method",
    "note",
];

impl Evaluation {
    pub(super) fn performance_table(&self) -> Table {
        Table {
            header: [&BEFORE_COUNTS[..], &COUNTS, &AFTER_COUNTS].concat(),
            rows: self.performance.iter().map(performance_row).collect(),
        }
    }

    pub(super) fn roc_table(&self) -> Table {
        let mut rows = Vec::new();
        for row in &self.performance {
            for point in row.roc.iter().flat_map(|roc| &roc.points) {
                let mut cells = named(&row.split, &row.model);
                cells.extend(
                    [point.threshold, point.sensitivity, point.specificity].map(Cell::from),
                );
                cells.extend([point.true_positives, point.false_positives].map(count));
                rows.push(cells);
            }
        }
        Table {
            header: vec![
                "split",
                "model",
                "threshold",
                "sensitivity",
                "specificity",
                "true_positives",
                "false_positives",
            ],
            rows,
        }
    }

    pub(super) fn calls_table(&self) -> Table {
        let mut rows = Vec::new();
        for split in &self.input.splits {
            for &row in &split.rows {
                for (model, cutoff) in self.input.models.iter().zip(&self.cutoffs) {
                    let value = model.values[row];
                    let mut cells = named(&split.name, &self.input.ids[row]);
                    cells.extend([
                        self.input.outcome[row].into(),
                        model.name.as_str().into(),
                        value.into(),
                    ]);
                    cells.push(
                        cutoff
                            .as_ref()
                            .ok()
                            .map(|&cutoff| {
                                let rule = Threshold::Ge;
                                match model.direction.is_positive(value, cutoff, rule) {
                                    true => "high",
                                    false => "low",
                                }
                            })
                            .into(),
                    );
                    rows.push(cells);
                }
            }
        }
        Table {
            header: vec!["split", "id", "outcome", "model", "value", "risk_group"],
            rows,
        }
    }
}

fn performance_row(row: &Performance) -> Vec<Cell> {
    let mut cells = named(&row.split, &row.model);
    cells.extend([
        row.n.into(),
        row.events.into(),
        row.auc.as_ref().ok().copied().into(),
    ]);
    let interval = row.interval.as_ref().ok();
    cells.extend(pair(interval.map(|interval| (interval.low, interval.high))));
    cells.push(row.cutoff.as_ref().ok().copied().into());
    match &row.metrics {
        Ok(metrics) => cells.extend(metric_cells(metrics)),
        Err(_) => cells.extend(empty(32)),
    }
    let areas = row.precision_recall.as_ref().ok();
    cells.push(areas.map(|curve| curve.average_precision).into());
    cells.push(areas.map(|curve| curve.interpolated_area).into());
    cells.push(interval.map(|interval| interval.method.to_string()).into());
    cells.push(Cell::from(row.note()));
    cells
}

/// The four counts, and the five proportions with their limits.
pub(super) fn count_cells(metrics: &ClassificationMetrics) -> Vec<Cell> {
    let counts = metrics.counts;
    let mut cells: Vec<Cell> = [counts.tp, counts.fp, counts.tn, counts.fn_]
        .map(count)
        .into();
    for share in [
        metrics.accuracy,
        metrics.sensitivity,
        metrics.specificity,
        metrics.ppv,
        metrics.npv,
    ] {
        cells.extend(proportion(share));
    }
    cells
}

fn metric_cells(metrics: &ClassificationMetrics) -> Vec<Cell> {
    let mut cells = count_cells(metrics);
    let ratios = [
        metrics.positive_likelihood_ratio,
        metrics.negative_likelihood_ratio,
        metrics.diagnostic_odds_ratio,
    ];
    for ratio in ratios {
        cells.extend([
            ratio.map(|r| r.value).into(),
            ratio.and_then(|r| r.low).into(),
            ratio.and_then(|r| r.high).into(),
        ]);
    }
    cells.extend(
        [
            metrics.f1,
            metrics.mcc,
            metrics.balanced_accuracy,
            metrics.youden,
        ]
        .map(Cell::from),
    );
    cells
}
