//! Tables of calibration.

use super::super::Evaluation;
use super::super::calibration::Calibration;
use super::super::strata::{joined, reason};
use super::{Cell, Table, count, empty, estimate, named, pair, proportion};

impl Evaluation {
    pub(super) fn hosmer_lemeshow_table(&self) -> Table {
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

    pub(super) fn calibration_table(&self) -> Table {
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

    pub(super) fn calibration_groups_table(&self) -> Table {
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

    pub(super) fn calibration_curve_table(&self) -> Table {
        let mut rows = Vec::new();
        for row in &self.calibration {
            if let Ok(curve) = &row.curve {
                let points = curve.predicted.iter().zip(&curve.observed);
                for (k, (&predicted, &observed)) in points.enumerate() {
                    let mut cells = named(&row.split, &row.model);
                    cells.extend([predicted, observed].map(Cell::from));
                    let band = row.band.as_ref().ok();
                    cells.extend(pair(band.map(|band| (band.low[k], band.high[k]))));
                    rows.push(cells);
                }
            }
        }
        Table {
            header: vec![
                "split",
                "model",
                "predicted",
                "observed",
                "observed_low",
                "observed_high",
            ],
            rows,
        }
    }
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
