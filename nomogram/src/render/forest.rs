//! Forest plot of odds ratios.

use eval_stats::plot::{self, ForestRow, Layout, Width};

use crate::error::{Error, Result};
use crate::inference::check_level;
use crate::odds_ratio_table::{OddsRatioRow, RowEffect, RowKind};

/// What a forest plot looks like.
///
/// | setting | default | purpose |
/// |---|---|---|
/// | `width` | [`Width::Double`] | one or two columns of a journal |
/// | `label` | the column's name | text for a variable |
/// | `title` | none | a line above |
/// | `level` | 0.95 | confidence level, for the heading only; the limits are those of the rows |
#[derive(Debug, Clone, PartialEq)]
pub struct ForestFigure {
    width: Width,
    labels: Vec<(String, String)>,
    title: Option<String>,
    level: f64,
}

impl Default for ForestFigure {
    fn default() -> Self {
        Self {
            width: Width::Double,
            labels: Vec::new(),
            title: None,
            level: 0.95,
        }
    }
}

impl ForestFigure {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// One or two columns.
    #[must_use]
    pub fn width(mut self, width: Width) -> Self {
        self.width = width;
        self
    }

    /// Text for a variable.
    #[must_use]
    pub fn label(mut self, variable: impl Into<String>, label: impl Into<String>) -> Self {
        self.labels.push((variable.into(), label.into()));
        self
    }

    /// A line above the figure.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
    }

    /// Confidence level named in the heading.
    #[must_use]
    pub fn level(mut self, level: f64) -> Self {
        self.level = level;
        self
    }

    fn label_of<'a>(&'a self, variable: &'a str) -> &'a str {
        let label = self.labels.iter().rfind(|(v, _)| v == variable);
        label.map_or(variable, |(_, l)| l)
    }
}

/// Draws odds ratios with their intervals on a logarithmic axis, with the numbers beside them, as [`eval_stats::plot::forest()`].
///
/// Intervals that reach beyond the axis end in an arrow. Basis functions of curves are listed without a mark, because they mean nothing alone.
///
/// # Errors
/// [`Error::NoEffect`] if no row has an odds ratio that means something alone; [`Error::Setting`] for a level outside (0, 1);
/// [`Error::Figure`] for numbers that are no odds ratios.
pub fn forest_svg(rows: &[OddsRatioRow], figure: &ForestFigure) -> Result<String> {
    check_level(figure.level)?;
    let mut drawn = Vec::new();
    let groups = rows.chunk_by(|a, b| a.variable == b.variable);
    for group in groups {
        let label = figure.label_of(&group[0].variable);
        let several = group.iter().any(|r| r.level.is_some());
        if several {
            drawn.push(ForestRow::heading(label));
        }
        for row in group {
            let drawn_row = match &row.level {
                Some(level) if several => forest_row(row, level).indented(),
                _ => forest_row(row, label),
            };
            drawn.push(drawn_row);
        }
    }
    let mut layout = Layout::new().width(figure.width);
    if let Some(title) = &figure.title {
        layout = layout.title(title);
    }
    let forest = plot::ForestFigure::odds_ratios(&drawn).level(figure.level);
    plot::forest(&forest, &layout).map_err(|e| match e {
        eval_stats::Error::Empty { .. } => Error::NoEffect,
        other => Error::Figure {
            source: Box::new(other),
        },
    })
}

fn forest_row(row: &OddsRatioRow, label: &str) -> ForestRow {
    let drawn = match row.effect {
        RowEffect::Reference => ForestRow::reference(label),
        RowEffect::Aliased => ForestRow::not_estimable(label),
        RowEffect::Estimated(or) => {
            let (value, low, high) = (or.odds_ratio, or.low, or.high);
            match row.kind {
                RowKind::CurveBasis => ForestRow::listed(label, value, low, high),
                _ => ForestRow::estimate(label, value, low, high),
            }
            .p(or.p)
        }
    };
    drawn.counts(row.n_events as u64, row.n as u64)
}
