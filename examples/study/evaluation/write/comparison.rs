//! Tables of models and readers against each other.

use eval_stats::reclassification::Improvement;

use super::super::Evaluation;
use super::super::comparison::{Reclassification, Reclassified};
use super::super::strata::{joined, reason};
use super::{Cell, Table, count, empty, estimate, named, note};

impl Evaluation {
    pub(super) fn delong_table(&self) -> Table {
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

    pub(super) fn reclassification_table(&self) -> Table {
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

    pub(super) fn kappa_table(&self) -> Table {
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

    pub(super) fn mcnemar_table(&self) -> Table {
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
            cells.extend(part(&integrated.events));
            cells.extend(part(&integrated.non_events));
            cells.extend(empty(4));
        }
        Err(_) => cells.extend(empty(18)),
    }
    cells.push(note(reason(&row.value)));
    cells
}
