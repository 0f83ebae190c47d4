//! The CSV files and figures of an evaluation.

use std::path::Path;

use eval_stats::Estimate;
use eval_stats::confusion::{ClassificationMetrics, Ratio};
use eval_stats::proportion::Proportion;
use eval_stats::reclassification::Improvement;
use rayon::prelude::*;

use super::Evaluation;
use super::calibration::Calibration;
use super::comparison::{Reclassification, Reclassified};
use super::performance::Performance;
use super::strata::{joined, reason};
use crate::figure_file::write_figure;
use crate::table_file::{Cell, write_csv};

/// A file's header and rows.
struct Table {
    header: Vec<&'static str>,
    rows: Vec<Vec<Cell>>,
}

impl Evaluation {
    /// Writes all tables and figures into `folder`.
    ///
    /// | file | one row for each |
    /// |---|---|
    /// | `performance.csv` | split and model: AUC, cut-off, counts, proportions |
    /// | `roc.csv` | operating point |
    /// | `delong.csv` | split and pair of models |
    /// | `reclassification.csv` | split, model and measure: NRI, IDI |
    /// | `hosmer_lemeshow.csv`, `calibration.csv` | split and model |
    /// | `calibration_groups.csv`, `calibration_curve.csv` | point of a calibration plot |
    /// | `dca.csv`, `impact.csv` | split, model and threshold |
    /// | `kappa.csv`, `mcnemar.csv` | split and pair of which one is a reader; not written without readers |
    /// | `calls.csv` | case of a split |
    ///
    /// A column `note` says why cells are empty.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write(&self, folder: &Path) -> anyhow::Result<()> {
        let mut tables = vec![
            ("performance", self.performance_table()),
            ("roc", self.roc_table()),
            ("delong", self.delong_table()),
            ("reclassification", self.reclassification_table()),
            ("hosmer_lemeshow", self.hosmer_lemeshow_table()),
            ("calibration", self.calibration_table()),
            ("calibration_groups", self.calibration_groups_table()),
            ("calibration_curve", self.calibration_curve_table()),
            ("dca", self.dca_table()),
            ("impact", self.impact_table()),
            ("calls", self.calls_table()),
        ];
        if !self.calls.is_empty() {
            tables.push(("kappa", self.kappa_table()));
            tables.push(("mcnemar", self.mcnemar_table()));
        }
        for (name, table) in tables {
            write_csv(
                &folder.join(format!("{name}.csv")),
                &table.header,
                table.rows,
            )?;
        }
        self.figures
            .par_iter()
            .try_for_each(|figure| write_figure(folder, &figure.stem, &figure.svg))
    }

    fn performance_table(&self) -> Table {
        Table {
            header: vec![
                "split",
                "model",
                "n",
                "events",
                "auc",
                "ci_low",
                "ci_high",
                "cutoff",
                "tp",
                "fp",
                "tn",
                "fn",
                "acc",
                "acc_low",
                "acc_high",
                "sen",
                "sen_low",
                "sen_high",
                "spe",
                "spe_low",
                "spe_high",
                "ppv",
                "ppv_low",
                "ppv_high",
                "npv",
                "npv_low",
                "npv_high",
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
                "ci_method",
                "note",
            ],
            rows: self.performance.iter().map(performance_row).collect(),
        }
    }

    fn roc_table(&self) -> Table {
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

    fn delong_table(&self) -> Table {
        let rows = self.auc_comparisons.iter().map(|row| {
            let mut cells = vec![
                Cell::from(row.split.as_str()),
                row.first.as_str().into(),
                row.second.as_str().into(),
            ];
            match &row.test {
                Ok(t) => {
                    cells.extend(
                        [
                            t.auc_a,
                            t.auc_b,
                            t.difference,
                            t.low,
                            t.high,
                            t.std_error,
                            t.statistic,
                            t.p,
                        ]
                        .map(Cell::from),
                    );
                    cells.extend([row.p_holm.into(), t.log10_p.into()]);
                }
                Err(_) => cells.extend(empty(10)),
            }
            cells.push(note(reason(&row.test)));
            cells
        });
        Table {
            header: vec![
                "split",
                "model",
                "compared_with",
                "auc",
                "auc_compared",
                "difference",
                "ci_low",
                "ci_high",
                "se",
                "z",
                "p",
                "p_holm",
                "log10_p",
                "note",
            ],
            rows: rows.collect(),
        }
    }

    fn reclassification_table(&self) -> Table {
        Table {
            header: vec![
                "split",
                "model",
                "reference",
                "measure",
                "cutoff",
                "reference_cutoff",
                "value",
                "ci_low",
                "ci_high",
                "se",
                "z",
                "p",
                "events",
                "events_low",
                "events_high",
                "events_p",
                "non_events",
                "non_events_low",
                "non_events_high",
                "non_events_p",
                "events_up",
                "events_down",
                "non_events_up",
                "non_events_down",
                "note",
            ],
            rows: self
                .reclassification
                .iter()
                .map(reclassification_row)
                .collect(),
        }
    }

    fn hosmer_lemeshow_table(&self) -> Table {
        let rows = self.goodness_of_fit.iter().map(|row| {
            let mut cells = named(&row.split, &row.model);
            match &row.test {
                Ok(t) => cells.extend([
                    t.groups.len().into(),
                    t.chi_squared.into(),
                    t.df.into(),
                    t.p.into(),
                    t.grouping.to_string().into(),
                ]),
                Err(_) => cells.extend(empty(5)),
            }
            match &row.external {
                Some(Ok(t)) => cells.extend([t.df.into(), t.p.into()]),
                _ => cells.extend(empty(2)),
            }
            let external = row.external.as_ref().and_then(|test| reason(test));
            cells.push(Cell::from(joined([reason(&row.test), external])));
            cells
        });
        Table {
            header: vec![
                "split",
                "model",
                "groups",
                "chi_squared",
                "df",
                "p",
                "grouping",
                "df_external",
                "p_external",
                "note",
            ],
            rows: rows.collect(),
        }
    }

    fn calibration_table(&self) -> Table {
        Table {
            header: vec![
                "split",
                "model",
                "n",
                "events",
                "slope",
                "slope_low",
                "slope_high",
                "intercept",
                "intercept_low",
                "intercept_high",
                "citl",
                "citl_low",
                "citl_high",
                "observed_expected",
                "observed_expected_low",
                "observed_expected_high",
                "chi_squared",
                "p",
                "brier",
                "brier_scaled",
                "log_loss",
                "spiegelhalter_z",
                "spiegelhalter_p",
                "ici",
                "e50",
                "e90",
                "emax",
                "smoother",
                "note",
            ],
            rows: self.calibration.iter().map(calibration_row).collect(),
        }
    }

    fn calibration_groups_table(&self) -> Table {
        let mut rows = Vec::new();
        for row in &self.calibration {
            for (k, point) in row.groups.iter().flatten().enumerate() {
                let mut cells = named(&row.split, &row.model);
                cells.extend([
                    (k + 1).into(),
                    count(point.observed.n),
                    count(point.observed.successes),
                ]);
                cells.push(point.predicted.into());
                cells.extend(proportion(Some(point.observed)));
                rows.push(cells);
            }
        }
        Table {
            header: vec![
                "split",
                "model",
                "group",
                "n",
                "events",
                "predicted",
                "observed",
                "observed_low",
                "observed_high",
            ],
            rows,
        }
    }

    fn calibration_curve_table(&self) -> Table {
        let mut rows = Vec::new();
        for row in &self.calibration {
            if let Ok(curve) = &row.curve {
                for (&predicted, &observed) in curve.predicted.iter().zip(&curve.observed) {
                    let mut cells = named(&row.split, &row.model);
                    cells.extend([predicted, observed].map(Cell::from));
                    rows.push(cells);
                }
            }
        }
        Table {
            header: vec!["split", "model", "predicted", "observed"],
            rows,
        }
    }

    fn dca_table(&self) -> Table {
        let header = vec![
            "split",
            "model",
            "threshold",
            "net_benefit",
            "net_benefit_low",
            "net_benefit_high",
            "treat_all",
            "treat_none",
            "standardized_net_benefit",
            "interventions_avoided",
            "positive",
            "sensitivity",
            "specificity",
            "note",
        ];
        let mut rows = Vec::new();
        for row in &self.decision {
            let band = row.band.as_ref().and_then(|band| band.as_ref().ok());
            match &row.curve {
                Ok(curve) => rows.extend(curve.points.iter().enumerate().map(|(k, p)| {
                    let limits = band.map(|band| band[k].net_benefit);
                    let mut cells = named(&row.split, &row.model);
                    cells.extend([p.threshold, p.net_benefit].map(Cell::from));
                    cells.extend(pair(limits));
                    cells.extend(
                        [p.net_benefit_all, 0.0, p.standardized_net_benefit].map(Cell::from),
                    );
                    cells.extend([p.interventions_avoided.into(), count(p.n_positive)]);
                    cells.extend([p.sensitivity, p.specificity].map(Cell::from));
                    cells.push(note(row.band.as_ref().and_then(|band| reason(band))));
                    cells
                })),
                Err(why) => rows.push(skipped(&row.split, &row.model, header.len(), why)),
            }
        }
        Table { header, rows }
    }

    fn impact_table(&self) -> Table {
        let header = vec![
            "split",
            "model",
            "threshold",
            "population",
            "high_risk",
            "high_risk_low",
            "high_risk_high",
            "high_risk_events",
            "high_risk_events_low",
            "high_risk_events_high",
            "cost_benefit",
            "note",
        ];
        let mut rows = Vec::new();
        for row in &self.decision {
            match &row.impact {
                Ok(impact) => rows.extend(impact.points.iter().map(|p| {
                    let mut cells = named(&row.split, &row.model);
                    cells.extend([p.threshold, impact.population, p.high_risk].map(Cell::from));
                    cells.extend(pair(p.high_risk_limits));
                    cells.push(p.high_risk_events.into());
                    cells.extend(pair(p.high_risk_events_limits));
                    cells.push(p.cost_benefit.to_string().into());
                    cells.push(Cell::Empty);
                    cells
                })),
                Err(why) => rows.push(skipped(&row.split, &row.model, header.len(), why)),
            }
        }
        Table { header, rows }
    }

    fn kappa_table(&self) -> Table {
        let rows = self.calls.iter().map(|row| {
            let mut cells = named(&row.split, &row.first);
            cells.extend([row.second.as_str().into(), row.n.into()]);
            match &row.kappa {
                Ok(k) => cells.extend(
                    [k.value, k.low, k.high, k.z, k.p, k.observed, k.expected].map(Cell::from),
                ),
                Err(_) => cells.extend(empty(7)),
            }
            cells.extend(estimate(row.pabak.as_ref().ok()));
            cells.extend(estimate(row.ac1.as_ref().ok()));
            let mut reasons = vec![reason(&row.kappa), reason(&row.pabak), reason(&row.ac1)];
            for (_, test) in &row.mcnemar {
                cells.push(test.as_ref().ok().map(|test| test.p_exact).into());
                reasons.push(reason(test));
            }
            cells.push(Cell::from(joined(reasons)));
            cells
        });
        Table {
            header: vec![
                "split",
                "first",
                "second",
                "n",
                "kappa",
                "ci_low",
                "ci_high",
                "z",
                "p",
                "observed",
                "expected",
                "pabak",
                "pabak_low",
                "pabak_high",
                "ac1",
                "ac1_low",
                "ac1_high",
                "mcnemar_p_positive_calls",
                "mcnemar_p_accuracy",
                "mcnemar_p_sensitivity",
                "mcnemar_p_specificity",
                "note",
            ],
            rows: rows.collect(),
        }
    }

    fn mcnemar_table(&self) -> Table {
        let mut rows = Vec::new();
        for row in &self.calls {
            for (compared, test) in &row.mcnemar {
                let mut cells = named(&row.split, &row.first);
                cells.extend([row.second.as_str().into(), compared.name().into()]);
                match test {
                    Ok(t) => {
                        cells.extend([t.only_first, t.only_second].map(count));
                        cells.extend(
                            [
                                t.chi_squared,
                                t.p,
                                t.chi_squared_corrected,
                                t.p_corrected,
                                t.p_exact,
                            ]
                            .map(Cell::from),
                        );
                    }
                    Err(_) => cells.extend(empty(7)),
                }
                cells.push(note(reason(test)));
                rows.push(cells);
            }
        }
        Table {
            header: vec![
                "split",
                "first",
                "second",
                "compared",
                "only_first",
                "only_second",
                "chi_squared",
                "p",
                "chi_squared_corrected",
                "p_corrected",
                "p_exact",
                "note",
            ],
            rows,
        }
    }

    fn calls_table(&self) -> Table {
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
                            .map(|&cutoff| if value >= cutoff { "high" } else { "low" })
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
    cells.push(interval.map(|interval| interval.method.to_string()).into());
    cells.push(Cell::from(row.note()));
    cells
}

fn metric_cells(metrics: &ClassificationMetrics) -> Vec<Cell> {
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
    let ratios = [
        metrics.positive_likelihood_ratio,
        metrics.negative_likelihood_ratio,
        metrics.diagnostic_odds_ratio,
    ];
    for ratio in ratios {
        cells.extend([
            ratio.map(|r: Ratio| r.value).into(),
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

fn reclassification_row(row: &Reclassification) -> Vec<Cell> {
    let mut cells = named(&row.split, &row.model);
    cells.extend([row.reference.as_str().into(), row.measure.name().into()]);
    cells.extend([row.cutoff.into(), row.reference_cutoff.into()]);
    let total = |m: &Improvement| [m.value, m.low, m.high, m.std_error, m.z, m.p].map(Cell::from);
    let part = |m: &Improvement| [m.value, m.low, m.high, m.p].map(Cell::from);
    match &row.value {
        Ok(Reclassified::Net(net)) => {
            cells.extend(total(&net.total));
            cells.extend(part(&net.events));
            cells.extend(part(&net.non_events));
            cells.extend(
                [
                    net.events_up,
                    net.events_down,
                    net.non_events_up,
                    net.non_events_down,
                ]
                .map(count),
            );
        }
        Ok(Reclassified::Integrated(integrated)) => {
            cells.extend(total(&integrated.idi));
            cells.push(integrated.events.value.into());
            cells.extend(empty(3));
            cells.push(integrated.non_events.value.into());
            cells.extend(empty(7));
        }
        Err(_) => cells.extend(empty(18)),
    }
    cells.push(note(reason(&row.value)));
    cells
}

fn calibration_row(row: &Calibration) -> Vec<Cell> {
    let mut cells = named(&row.split, &row.model);
    cells.extend([row.n.into(), row.events.into()]);
    let fit = row.recalibration.as_ref().ok();
    for part in [
        fit.map(|f| &f.slope),
        fit.map(|f| &f.intercept),
        fit.map(|f| &f.in_the_large),
        fit.map(|f| &f.observed_expected),
    ] {
        cells.extend(estimate(part));
    }
    cells.extend([fit.map(|f| f.chi_squared).into(), fit.map(|f| f.p).into()]);
    match &row.accuracy {
        Ok(a) => {
            cells.extend([a.brier, a.scaled_brier, a.log_loss].map(Cell::from));
            cells.extend([a.spiegelhalter_z, a.spiegelhalter_p].map(Cell::from));
        }
        Err(_) => cells.extend(empty(5)),
    }
    match &row.errors {
        Ok(e) => {
            cells.extend([e.ici, e.e50, e.e90, e.emax].map(Cell::from));
            cells.push(e.smoother.to_string().into());
        }
        Err(_) => cells.extend(empty(5)),
    }
    cells.push(Cell::from(row.note()));
    cells
}

fn named(split: &str, model: &str) -> Vec<Cell> {
    vec![split.into(), model.into()]
}

fn count(n: u64) -> Cell {
    Cell::Integer(i64::try_from(n).expect("a count of rows in memory"))
}

fn empty(n: usize) -> impl Iterator<Item = Cell> {
    std::iter::repeat_n(Cell::Empty, n)
}

fn note(reason: Option<&str>) -> Cell {
    reason.map_or(Cell::Empty, Cell::from)
}

fn pair(limits: Option<(f64, f64)>) -> [Cell; 2] {
    [limits.map(|l| l.0).into(), limits.map(|l| l.1).into()]
}

fn proportion(share: Option<Proportion>) -> [Cell; 3] {
    [
        share.map(|p| p.value).into(),
        share.map(|p| p.low).into(),
        share.map(|p| p.high).into(),
    ]
}

fn estimate(estimate: Option<&Estimate>) -> [Cell; 3] {
    [
        estimate.map(|e| e.value).into(),
        estimate.map(|e| e.low).into(),
        estimate.map(|e| e.high).into(),
    ]
}

/// The one row of a model that has no curve.
fn skipped(split: &str, model: &str, width: usize, why: &str) -> Vec<Cell> {
    let mut cells = named(split, model);
    cells.extend(empty(width - 3));
    cells.push(why.into());
    cells
}
