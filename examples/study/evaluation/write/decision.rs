//! Tables of decision and impact curves.

use super::super::Evaluation;
use super::super::strata::reason;
use super::{Cell, Table, count, empty, named, note, pair, skipped};

impl Evaluation {
    pub(super) fn dca_table(&self) -> Table {
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

    pub(super) fn impact_table(&self) -> Table {
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

    pub(super) fn dca_difference_table(&self) -> Table {
        let header = vec![
            "split",
            "model",
            "reference",
            "threshold",
            "difference",
            "ci_low",
            "ci_high",
            "se",
            "note",
        ];
        let mut rows = Vec::new();
        for row in &self.net_benefit {
            let start = || {
                let mut cells = named(&row.split, &row.model);
                cells.push(row.reference.as_str().into());
                cells
            };
            match &row.differences {
                Ok(differences) => rows.extend(differences.iter().map(|d| {
                    let mut cells = start();
                    cells
                        .extend([d.threshold, d.value, d.low, d.high, d.std_error].map(Cell::from));
                    cells.push(Cell::Empty);
                    cells
                })),
                Err(why) => {
                    let mut cells = start();
                    cells.extend(empty(5));
                    cells.push(why.as_str().into());
                    rows.push(cells);
                }
            }
        }
        Table { header, rows }
    }
}
