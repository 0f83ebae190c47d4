//! What a model writes: tables, the model file, the nomogram as numbers, figure and page.

use std::path::Path;

use anyhow::Context;
use nomogram::render::{
    ForestFigure, NomogramFigure, NomogramPage, Width, forest_svg, nomogram_html, nomogram_svg,
};
use nomogram::{Candidate, Error, Move, Nomogram, OddsRatioRow, RowEffect};
use serde_json::{Value, json};

use super::{FittedRisk, StudyModel};
use crate::atomic_file::write_atomically;
use crate::figure_file::write_figure;
use crate::table_file::{Cell, write_csv};

/// Columns of the tables of odds ratios.
const ODDS_RATIOS: [&str; 9] = [
    "term", "level", "or", "ci_low", "ci_high", "p", "beta", "se", "note",
];

impl StudyModel {
    /// Writes the tables of the model, and with a model left also its file, nomogram and points.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write(&self, folder: &Path, cutoff: Option<f64>) -> anyhow::Result<()> {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("{}: cannot create the folder", folder.display()))?;
        write_csv(
            &folder.join("univariable.csv"),
            &[
                "term", "level", "n", "events", "or", "ci_low", "ci_high", "p", "beta", "se",
                "p_joint", "note",
            ],
            self.univariable_rows(),
        )?;
        self.write_steps(&folder.join("steps.csv"))?;
        let Some(risk) = &self.risk else {
            return Ok(());
        };
        let intercept = risk.fit.intercept;
        let none = || Cell::Empty;
        let first = vec![
            "(intercept)".into(),
            none(),
            none(),
            none(),
            none(),
            intercept.p.into(),
            intercept.estimate.into(),
            intercept.se.into(),
            none(),
        ];
        write_csv(
            &folder.join("multivariable.csv"),
            &ODDS_RATIOS,
            std::iter::once(first).chain(risk.fit.rows.iter().map(odds_ratio_cells)),
        )?;
        risk.write(folder, &self.input.ids, &self.input.name, cutoff)?;
        match self.forest(risk, Width::Double)? {
            Some(forest) => write_figure(folder, "forest", &forest),
            None => Ok(()),
        }
    }

    /// The forest plot of the final model; `None` for a model of curves, whose odds ratios mean nothing alone.
    ///
    /// # Errors
    /// What else [`forest_svg`] refuses.
    pub fn forest(&self, risk: &FittedRisk, width: Width) -> anyhow::Result<Option<String>> {
        let mut figure = ForestFigure::new().width(width).level(self.settings.level);
        for predictor in risk.fit.model.predictor_names() {
            let label = self.settings.presentation.labeled(&predictor);
            figure = figure.label(predictor, label);
        }
        match forest_svg(&risk.fit.rows, &figure) {
            Ok(forest) => Ok(Some(forest)),
            Err(Error::NoEffect) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn univariable_rows(&self) -> Vec<Vec<Cell>> {
        let mut rows = Vec::new();
        for screened in &self.univariable.variables {
            let fit = match &screened.result {
                Ok(fit) => fit,
                Err(error) => {
                    let mut cells = vec![screened.variable.as_str().into()];
                    cells.resize(11, Cell::Empty);
                    cells.push(error.to_string().into());
                    rows.push(cells);
                    continue;
                }
            };
            for row in &fit.rows {
                let mut cells = odds_ratio_cells(row);
                let note = cells.pop().unwrap_or(Cell::Empty);
                cells.splice(2..2, [row.n.into(), row.n_events.into()]);
                cells.push(fit.p(self.settings.test()).into());
                cells.push(note);
                rows.push(cells);
            }
        }
        rows
    }

    fn write_steps(&self, path: &Path) -> anyhow::Result<()> {
        let mut rows: Vec<Vec<Cell>> = Vec::new();
        for aside in &self.set_aside {
            rows.push(vec![
                0usize.into(),
                aside.variable.as_str().into(),
                "set aside".into(),
                Cell::Empty,
                Cell::Empty,
                Cell::Empty,
                Cell::Empty,
                aside.reason.as_str().into(),
            ]);
        }
        for (step, log) in self
            .elimination
            .iter()
            .flat_map(|steps| steps.iter().enumerate())
        {
            rows.extend(
                log.candidates
                    .iter()
                    .map(|candidate| step_cells(step + 1, candidate, &log.action)),
            );
        }
        write_csv(
            path,
            &[
                "step",
                "term",
                "action",
                "chi_squared",
                "df",
                "p",
                "criterion",
                "note",
            ],
            rows,
        )
    }
}

fn step_cells(step: usize, candidate: &Candidate, action: &Move) -> Vec<Cell> {
    let done = match action {
        Move::Removed(term) if *term == candidate.term => "removed",
        Move::Added(term) if *term == candidate.term => "added",
        _ => "kept",
    };
    vec![
        step.into(),
        candidate.term.as_str().into(),
        done.into(),
        candidate.test.map(|test| test.chi_squared).into(),
        candidate.test.map(|test| test.df).into(),
        candidate.test.map(|test| test.p).into(),
        candidate.criterion.into(),
        Cell::Empty,
    ]
}

fn odds_ratio_cells(row: &OddsRatioRow) -> Vec<Cell> {
    let mut cells: Vec<Cell> = vec![row.variable.as_str().into(), row.level.clone().into()];
    match row.odds_ratio() {
        Some(or) => {
            cells.extend([or.odds_ratio, or.low, or.high, or.p, or.beta, or.se].map(Cell::from));
            cells.push(Cell::Empty);
        }
        None => {
            cells.resize(8, Cell::Empty);
            cells.push(
                if row.effect == RowEffect::Reference {
                    "reference"
                } else {
                    "not estimable: repeats other columns"
                }
                .into(),
            );
        }
    }
    cells
}

impl FittedRisk {
    /// Writes the model file, the nomogram as numbers, figure and interactive page, and everybody's points.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write(
        &self,
        folder: &Path,
        ids: &[String],
        title: &str,
        cutoff: Option<f64>,
    ) -> anyhow::Result<()> {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("{}: cannot create the folder", folder.display()))?;
        let mut model = self.fit.model.to_json()?;
        if !model.ends_with('\n') {
            model.push('\n');
        }
        write_atomically(&folder.join("model.json"), model.as_bytes())?;
        let rows = ids.iter().zip(&self.patients).map(|(id, patient)| {
            let prediction = &patient.prediction;
            vec![
                id.as_str().into(),
                patient.total_points.into(),
                prediction.linear_predictor.into(),
                prediction.risk.into(),
                prediction.low.into(),
                prediction.high.into(),
                patient.outside_axis().into(),
            ]
        });
        write_csv(
            &folder.join("points.csv"),
            &[
                "row",
                "total_points",
                "linear_predictor",
                "risk",
                "ci_low",
                "ci_high",
                "outside_axis",
            ],
            rows,
        )?;
        let mut numbers = serde_json::to_string_pretty(&nomogram_json(&self.nomogram))
            .context("numbers and text always become JSON")?;
        numbers.push('\n');
        write_atomically(&folder.join("nomogram.json"), numbers.as_bytes())?;
        write_figure(folder, "nomogram", &self.figure(cutoff, Width::Double)?)?;
        write_atomically(
            &folder.join("nomogram.html"),
            self.page(title, cutoff)?.as_bytes(),
        )
    }

    /// The nomogram as an interactive page.
    ///
    /// # Errors
    /// What [`nomogram_html`] refuses.
    pub fn page(&self, title: &str, cutoff: Option<f64>) -> anyhow::Result<String> {
        let page = NomogramPage::new(title).figure(self.shown(cutoff));
        Ok(nomogram_html(&self.nomogram, &page)?)
    }

    /// What figure and page show: units, the spread of the training rows, cut-off and groups of risk.
    fn shown(&self, cutoff: Option<f64>) -> NomogramFigure {
        let mut figure = NomogramFigure::new().distributions(&self.training);
        // A predictor that left the model needs no unit.
        let kept = self.fit.model.predictor_names();
        for (predictor, unit) in &self.presentation.units {
            if kept.contains(predictor) {
                figure = figure.unit(predictor, unit);
            }
        }
        if let Some(cutoff) = cutoff {
            figure = figure.cutoff(cutoff);
        }
        if let Some(groups) = &self.presentation.groups {
            figure = figure.risk_groups(groups.clone());
        }
        figure
    }

    /// The nomogram as a figure in one or two columns.
    ///
    /// # Errors
    /// What [`nomogram_svg`] refuses.
    pub fn figure(&self, cutoff: Option<f64>, width: Width) -> anyhow::Result<String> {
        let figure = self.shown(cutoff).width_mm(width.millimeters());
        Ok(nomogram_svg(&self.nomogram, &figure)?)
    }
}

fn nomogram_json(nomogram: &Nomogram) -> Value {
    let scale = |ticks: &[nomogram::ScaleTick]| -> Value {
        ticks
            .iter()
            .map(|tick| json!({"value": tick.value, "points": tick.points}))
            .collect()
    };
    let axes: Vec<Value> = nomogram
        .axes
        .iter()
        .map(|axis| {
            let ticks: Vec<Value> = axis
                .ticks
                .iter()
                .map(|tick| json!({"label": tick.label, "value": tick.value, "effect": tick.effect, "points": tick.points}))
                .collect();
            let given: serde_json::Map<String, Value> = axis
                .given
                .iter()
                .map(|g| {
                    let value = g.number.map_or_else(|| json!(g.value), |number| json!(number));
                    (g.predictor.clone(), value)
                })
                .collect();
            json!({"predictor": axis.predictor, "label": axis.label, "given": given, "ticks": ticks})
        })
        .collect();
    json!({
        "axes": axes,
        "total_points": scale(&nomogram.total_points),
        "linear_predictor": scale(&nomogram.linear_predictor),
        "risk": scale(&nomogram.risk),
        "points_per_lp": nomogram.points_per_lp,
        "intercept": nomogram.intercept,
    })
}
