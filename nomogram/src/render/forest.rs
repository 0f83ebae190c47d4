//! Forest plot of odds ratios.

use super::svg::{Anchor, Canvas, PER_MM, Weight, color};
use super::text::{width, wrap};
use crate::error::{Error, Result};
use crate::odds_ratio_table::{OddsRatioRow, RowEffect, RowKind, format_p};

/// What a forest plot looks like.
///
/// | setting | default | purpose |
/// |---|---|---|
/// | `width_mm` | 174 | width of the figure, at least 120 |
/// | `label` | the column's name | text for a variable |
/// | `title` | none | a line above |
/// | `level` | 0.95 | confidence level, for the heading only; the limits are those of the rows |
#[derive(Debug, Clone, PartialEq)]
pub struct ForestFigure {
    width_mm: f64,
    labels: Vec<(String, String)>,
    title: Option<String>,
    level: f64,
}

impl Default for ForestFigure {
    fn default() -> Self {
        Self {
            width_mm: 174.0,
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

    /// Width in millimeters, at least 120.
    #[must_use]
    pub fn width_mm(mut self, width_mm: f64) -> Self {
        self.width_mm = width_mm;
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
}

const SIZE: f64 = 7.0;
const STEP: f64 = 1.25 * SIZE;
const ROW: f64 = 14.0;

/// Draws odds ratios with their intervals on a logarithmic axis, with the numbers beside them.
///
/// Intervals that reach beyond the axis end in an arrow. Basis functions of splines are listed without a bar, because they mean nothing alone.
///
/// # Errors
/// [`Error::Setting`] for a width below 120 mm; [`Error::NoEffect`] if no row has an odds ratio.
pub fn forest_svg(rows: &[OddsRatioRow], figure: &ForestFigure) -> Result<String> {
    if !(figure.width_mm >= 120.0 && figure.width_mm <= 2000.0) {
        return Err(Error::Setting {
            setting: "width_mm",
            value: figure.width_mm,
            expected: "120 to 2000",
        });
    }
    let axis = LogAxis::of(rows).ok_or(Error::NoEffect)?;
    let mut forest = Forest::new(rows, figure, axis);
    forest.heading();
    forest.rows(rows);
    Ok(forest.finish())
}

/// Limits of the logarithmic axis and its ticks.
struct LogAxis {
    low: f64,
    high: f64,
    ticks: Vec<f64>,
}

impl LogAxis {
    fn of(rows: &[OddsRatioRow]) -> Option<Self> {
        let ratios: Vec<_> = rows
            .iter()
            .filter(|r| r.kind != RowKind::CurveBasis)
            .filter_map(OddsRatioRow::odds_ratio)
            .collect();
        if ratios.is_empty() {
            return None;
        }
        // Estimates without bounds must not squeeze the others: the axis ends at a thousandth and a thousand.
        let most = 1000f64.ln();
        let low = ratios
            .iter()
            .map(|r| r.low.ln())
            .fold(0.0, f64::min)
            .max(-most);
        let high = ratios
            .iter()
            .map(|r| r.high.ln())
            .fold(0.0, f64::max)
            .min(most);
        let pad = 0.04 * (high - low).max(0.2);
        let (low, high) = (low - pad, high + pad);
        Some(Self {
            low,
            high,
            ticks: log_ticks(low, high),
        })
    }
}

/// Round odds ratios within the limits (natural logarithms): decades, or 1-2-5 steps, or finer ones.
fn log_ticks(low: f64, high: f64) -> Vec<f64> {
    let within = |steps: &[f64]| -> Vec<f64> {
        (-18..=18)
            .flat_map(|e| steps.iter().map(move |s| s * 10f64.powi(e)))
            .filter(|t| (low..=high).contains(&t.ln()))
            .collect()
    };
    let choices: [&[f64]; 4] = [
        &[1.0],
        &[1.0, 3.0],
        &[1.0, 2.0, 5.0],
        &[1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0],
    ];
    choices
        .iter()
        .map(|steps| within(steps))
        .find(|t| t.len() >= 4)
        .unwrap_or_else(|| {
            let mut ticks = within(choices[3]);
            if ticks.is_empty() {
                ticks.push(1.0);
            }
            ticks
        })
}

struct Forest<'a> {
    figure: &'a ForestFigure,
    canvas: Canvas,
    axis: LogAxis,
    width: f64,
    /// Room for names.
    names: f64,
    left: f64,
    right: f64,
    numbers: f64,
    top: f64,
    y: f64,
}

impl<'a> Forest<'a> {
    fn new(rows: &[OddsRatioRow], figure: &'a ForestFigure, axis: LogAxis) -> Self {
        let full = figure.width_mm * PER_MM;
        let widest = rows
            .iter()
            .flat_map(|r| {
                let name = width(Self::label(figure, &r.variable), SIZE) * 1.06;
                [
                    name,
                    r.level.as_ref().map_or(0.0, |l| width(l, SIZE) + 10.0),
                ]
            })
            .fold(60.0, f64::max);
        let names = widest.min(0.33 * full);
        let numbers = rows
            .iter()
            .map(|r| width(&r.formatted(), SIZE))
            .fold(width("OR (95 % CI)", SIZE), f64::max);
        let p_column = 34.0;
        let right_of_axis = full - 8.0 - p_column - numbers - 12.0;
        Self {
            figure,
            canvas: Canvas::new(full),
            axis,
            width: full,
            names,
            left: 8.0 + names + 44.0,
            right: right_of_axis,
            numbers: right_of_axis + 12.0,
            top: 0.0,
            y: 8.0,
        }
    }

    fn label<'b>(figure: &'b ForestFigure, variable: &'b str) -> &'b str {
        figure
            .labels
            .iter()
            .rfind(|(v, _)| v == variable)
            .map_or(variable, |(_, l)| l)
    }

    fn x(&self, odds_ratio: f64) -> f64 {
        let t = (odds_ratio.ln() - self.axis.low) / (self.axis.high - self.axis.low);
        self.left + (self.right - self.left) * t
    }

    fn text(&mut self, x: f64, text: &str, anchor: Anchor, weight: Weight) {
        self.canvas
            .text((x, self.y), text, SIZE, anchor, color::INK, weight);
    }

    fn heading(&mut self) {
        if let Some(title) = &self.figure.title {
            for line in wrap(title, 10.0, self.width - 16.0) {
                self.y += 11.0;
                self.canvas.text(
                    (8.0, self.y),
                    &line,
                    10.0,
                    Anchor::Start,
                    color::INK,
                    Weight::Bold,
                );
            }
            self.y += 4.0;
        }
        self.y += 9.0;
        self.text(8.0, "Variable", Anchor::Start, Weight::Bold);
        self.text(self.left - 8.0, "Events/n", Anchor::End, Weight::Bold);
        let heading = format!(
            "OR ({} % CI)",
            crate::axis::short(100.0 * self.figure.level)
        );
        self.text(self.numbers, &heading, Anchor::Start, Weight::Bold);
        self.text(self.width - 8.0, "P", Anchor::End, Weight::Bold);
        self.y += 4.0;
        self.canvas
            .line((8.0, self.y), (self.width - 8.0, self.y), color::INK, 0.7);
        self.top = self.y;
        self.y += 5.0;
    }

    fn rows(&mut self, rows: &[OddsRatioRow]) {
        for group in rows.chunk_by(|a, b| a.variable == b.variable) {
            let name = Self::label(self.figure, &group[0].variable).to_owned();
            let lines = wrap(&name, SIZE, self.names);
            let levels = group.iter().any(|r| r.level.is_some());
            if levels {
                self.lines(&lines, 8.0);
                group.iter().for_each(|row| {
                    let text = row.level.clone().unwrap_or_default();
                    let lines = wrap(&text, SIZE, self.names - 10.0);
                    self.row(row, &lines, 18.0);
                });
            } else {
                group.iter().for_each(|row| self.row(row, &lines, 8.0));
            }
        }
    }

    fn lines(&mut self, lines: &[String], x: f64) {
        for line in lines {
            self.y += STEP;
            self.text(x, line, Anchor::Start, Weight::Normal);
        }
        self.y += ROW - STEP;
    }

    fn row(&mut self, row: &OddsRatioRow, lines: &[String], x: f64) {
        let first = self.y + STEP;
        self.lines(lines, x);
        let after = self.y;
        // Numbers stand on the first line of the name.
        self.y = first;
        self.text(
            self.left - 8.0,
            &format!("{}/{}", row.n_events, row.n),
            Anchor::End,
            Weight::Normal,
        );
        self.text(
            self.numbers,
            &row.formatted(),
            Anchor::Start,
            Weight::Normal,
        );
        let middle = first - 0.35 * SIZE;
        match row.effect {
            RowEffect::Estimated(or) => {
                self.text(
                    self.width - 8.0,
                    &format_p(or.p),
                    Anchor::End,
                    Weight::Normal,
                );
                if row.kind != RowKind::CurveBasis {
                    self.bar(or.low, or.high, middle);
                    self.square(or.odds_ratio, middle, color::BLUE);
                }
            }
            RowEffect::Reference => self.square(1.0, middle, color::GRAY),
            RowEffect::Aliased => {}
        }
        self.y = after;
    }

    fn bar(&mut self, low: f64, high: f64, y: f64) {
        let place = |x: f64| self.x(x).clamp(self.left, self.right);
        let (a, b) = (place(low), place(high));
        let clipped_low = low.ln() < self.axis.low;
        let clipped_high = high.ln() > self.axis.high;
        self.canvas.line((a, y), (b, y), color::BLUE, 1.1);
        for (clipped, x, out) in [
            (clipped_low, self.left, -1.0),
            (clipped_high, self.right, 1.0),
        ] {
            if clipped {
                let back = x - out * 4.0;
                self.canvas
                    .polygon(&[(x, y), (back, y - 2.2), (back, y + 2.2)], color::BLUE);
            }
        }
        for (inside, x) in [(!clipped_low, a), (!clipped_high, b)] {
            if inside {
                self.canvas
                    .line((x, y - 1.8), (x, y + 1.8), color::BLUE, 0.9);
            }
        }
    }

    /// A square at an odds ratio; none if it lies beyond the axis, where the arrow of the interval stands for it.
    fn square(&mut self, odds_ratio: f64, y: f64, fill: &str) {
        if (self.axis.low..=self.axis.high).contains(&odds_ratio.ln()) {
            self.canvas
                .rect(self.x(odds_ratio) - 2.2, y - 2.2, 4.4, 4.4, fill);
        }
    }

    fn finish(mut self) -> String {
        let bottom = self.y + 3.0;
        self.canvas
            .line((self.left, bottom), (self.right, bottom), color::INK, 0.8);
        let mut behind = Canvas::new(self.width);
        let mut last_end = f64::NEG_INFINITY;
        for &tick in &self.axis.ticks.clone() {
            let x = self.x(tick);
            behind.line((x, self.top + 1.0), (x, bottom), color::GRID, 0.5);
            self.canvas
                .line((x, bottom), (x, bottom + 3.0), color::INK, 0.6);
            let text = crate::axis::short(tick);
            let half = 0.5 * width(&text, SIZE);
            if x - half > last_end + 3.0 {
                let at = (x, bottom + 4.5 + SIZE);
                self.canvas
                    .text(at, &text, SIZE, Anchor::Middle, color::INK, Weight::Normal);
                last_end = x + half;
            }
        }
        behind.dashed(
            (self.x(1.0), self.top + 1.0),
            (self.x(1.0), bottom),
            color::GRAY,
            0.8,
        );
        let middle = 0.5 * (self.left + self.right);
        let at = (middle, bottom + 16.0 + SIZE);
        self.canvas.text(
            at,
            "Odds ratio (log scale)",
            SIZE,
            Anchor::Middle,
            color::INK,
            Weight::Normal,
        );
        let title = self
            .figure
            .title
            .clone()
            .unwrap_or_else(|| "Odds ratios".to_owned());
        self.canvas.finish_over(behind, bottom + 30.0, &title)
    }
}
