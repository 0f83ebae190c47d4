//! The sheet a nomogram is drawn on: places along and across the axes, and what every axis needs.
//!
//! Lengths are tenths of a millimeter.

use eval_stats::plot::canvas::{
    Canvas, Color, GRAY, INK, LABEL_TEXT, LINE_SPACING, MARGIN, PALE, Point, Stroke, THIN,
    TICK_TEXT, Text, Weight, shorten, wrap,
};

use super::labels::{LINE, Layout, Side, width};
use super::settings::{NomogramFigure, Show};
use crate::nomogram::Nomogram;

/// Font size of tick labels.
pub(super) const SMALL: f64 = TICK_TEXT;
/// Font size of axis names.
pub(super) const NAME: f64 = LABEL_TEXT;
/// Length of a tick.
pub(super) const TICK: f64 = 11.0;
/// Distance between a tick's end and its label.
pub(super) const PAD: f64 = 5.0;
/// Space between what belongs to one axis and what belongs to the next.
const ROW_GAP: f64 = 26.0;
/// Distance of an axis to the one before in the same group, as a share of the usual one.
const CLOSER: f64 = 0.7;
/// Red of the patient.
pub(super) const PATIENT: Color = Color(193, 18, 31);
/// Room at the right of the axes for half a tick label.
const OVERHANG: f64 = 32.0;

/// Where the axes lie. The page moves its red layer with these numbers.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Geometry {
    /// Left end of the points and total axes.
    pub left: f64,
    /// Their right end.
    pub right: f64,
    /// Total points at the right end.
    pub total_max: f64,
    /// Line of the points axis.
    pub points_y: f64,
    /// Lines of the predictors' axes.
    pub axes_y: Vec<f64>,
    /// Line of the total points.
    pub total_y: f64,
    /// Line of the risk.
    pub risk_y: f64,
}

impl Geometry {
    /// Place of points on the axes above the total.
    pub fn x_points(&self, points: f64) -> f64 {
        self.left + (self.right - self.left) * points / 100.0
    }

    /// Place of a total on the axes below, kept on them.
    pub fn x_total(&self, total: f64) -> f64 {
        let share = total.clamp(0.0, self.total_max) / self.total_max;
        self.left + (self.right - self.left) * share
    }
}

/// How far things reach from the line of an axis, besides its labels.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Reach {
    /// Ticks and squares, on both sides.
    pub marks: f64,
    /// A density, above.
    pub strip: f64,
    /// Lines of the name.
    pub name_lines: usize,
}

/// The drawing under way.
pub(super) struct Sheet<'a> {
    pub nomogram: &'a Nomogram,
    pub figure: &'a NomogramFigure,
    /// Axes and text.
    pub canvas: Canvas,
    /// Leaders and the patient's lines, behind all text.
    pub lines: Canvas,
    /// Distributions and bands, behind the lines.
    pub fills: Canvas,
    pub at: Geometry,
    pub names: Vec<Vec<String>>,
    /// Widths of the columns of values and points at the right; on narrow figures they are one.
    pub columns: Columns,
    /// Lower end of what is drawn so far.
    pub y: f64,
    below: f64,
}

/// The patient's numbers at the right.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Columns {
    /// There is no patient.
    None,
    /// Value above points.
    Stacked { width: f64 },
    /// Value beside points.
    Beside { value: f64, points: f64 },
}

impl<'a> Sheet<'a> {
    pub fn new(nomogram: &'a Nomogram, figure: &'a NomogramFigure) -> Self {
        let canvas = Canvas::sized(figure.width_mm, figure.title.as_deref()).named("Nomogram");
        let page = canvas.width();
        let room = 0.26 * page;
        let names: Vec<Vec<String>> = nomogram
            .axes
            .iter()
            .map(|a| wrap(&figure.label(a), NAME, Weight::Regular, room))
            .collect();
        let mut fixed = vec!["Points", "Total points"];
        if figure.linear_predictor == Show::Yes {
            fixed.push("Linear predictor");
        }
        let fixed: Vec<String> = fixed
            .into_iter()
            .flat_map(|name| wrap(name, NAME, Weight::Bold, room))
            .chain(wrap(&nomogram.risk_label, NAME, Weight::Bold, room))
            .collect();
        let bold = |l: &String| Text::new(NAME).bold().width(l);
        let regular = |l: &String| Text::new(NAME).width(l);
        let widest = names
            .iter()
            .flatten()
            .map(regular)
            .chain(fixed.iter().map(bold))
            .fold(0.0, f64::max);
        let columns = Columns::of(figure, page);
        let top = canvas.top();
        Self {
            at: Geometry {
                left: MARGIN + widest + 42.0,
                right: page - MARGIN - OVERHANG - columns.width(),
                total_max: nomogram.total_points.last().map_or(100.0, |t| t.value),
                points_y: top,
                axes_y: Vec::new(),
                total_y: top,
                risk_y: top,
            },
            lines: canvas.layer(),
            fills: canvas.layer(),
            canvas,
            nomogram,
            figure,
            names,
            columns,
            y: top,
            below: 0.0,
        }
    }

    /// Where labels may stand.
    pub fn bounds(&self) -> (f64, f64) {
        (self.at.left - 24.0, self.at.right + OVERHANG)
    }

    /// Moves down to the line of the next axis, with room for its labels, name and distribution.
    pub fn next_axis(&mut self, layout: &Layout, reach: Reach, closer: bool) -> f64 {
        let half_name = 0.5 * reach.name_lines as f64 * LINE_SPACING * NAME;
        let half_cell = match self.columns {
            Columns::Stacked { .. } => LINE_SPACING * SMALL,
            _ => 0.0,
        };
        let marks = reach.marks.max(TICK);
        let room = |labels: f64| {
            let labels = if labels > 0.0 { PAD + labels } else { 0.0 };
            (marks + labels).max(half_name).max(half_cell)
        };
        let above = room(layout.above).max(reach.strip);
        let below = room(layout.below);
        let gap = if self.at.axes_y.is_empty() && self.below == 0.0 {
            0.0
        } else if closer {
            let usual = self.below + ROW_GAP + above;
            (CLOSER * usual - self.below - above).max(6.0)
        } else {
            ROW_GAP
        };
        let line = self.y + gap + above;
        self.y = line + below;
        self.below = below;
        line
    }

    /// The name at the left of an axis, around its height.
    pub fn name(&mut self, lines: &[String], y: f64, weight: Weight) {
        let step = LINE_SPACING * NAME;
        let first = y - 0.5 * step * (lines.len() as f64 - 1.0);
        let style = Text {
            weight,
            ..Text::new(NAME)
        };
        self.canvas.lines(lines, (MARGIN, first), style);
    }

    /// The heading of an axis that is no predictor's, in as many lines as it needs.
    pub fn heading(&self, name: &str) -> Vec<String> {
        wrap(name, NAME, Weight::Bold, self.at.left - MARGIN - 42.0 + 0.5)
    }

    /// Tick labels, with leaders to those in outer rows. `reach` is that of the ticks.
    pub fn draw_labels(&mut self, layout: &Layout, y: f64, reach: f64) {
        let reach = reach.max(TICK);
        for label in &layout.labels {
            let block = label.lines.len() as f64 * LINE * SMALL;
            let (top, near, start) = match label.side {
                Side::Below => {
                    let top = y + reach + PAD + label.offset;
                    (top, top, y + reach)
                }
                Side::Above => {
                    let top = y - reach - PAD - label.offset - block;
                    (top, top + block, y - reach)
                }
            };
            if label.offset > 0.0 {
                let leader = [(label.tick, start), (label.tick, near)];
                self.lines.line(&leader, Stroke::new(GRAY, 1.5));
            }
            let style = Text::new(SMALL).anchor(label.anchor);
            for (k, line) in label.lines.iter().enumerate() {
                let at = (label.x(SMALL), top + (k as f64 + 0.5) * LINE * SMALL);
                self.canvas.label(line, at, style);
            }
        }
    }

    /// A tick.
    pub fn tick(&mut self, x: f64, y: f64, side: Side, length: f64) {
        let end = match side {
            Side::Below => y + length,
            Side::Above => y - length,
        };
        self.canvas
            .line(&[(x, y), (x, end)], Stroke::new(INK, 0.8 * THIN));
    }

    /// The line of an axis.
    pub fn line(&mut self, from: f64, to: f64, y: f64) {
        self.canvas
            .line(&[(from, y), (to, y)], Stroke::new(INK, THIN));
    }

    /// Pale lines behind everything: at tenths of the points through the predictors, and through the axes of the total.
    fn grid(&self) -> Canvas {
        let mut grid = self.canvas.layer();
        if self.figure.grid == Show::No {
            return grid;
        }
        let at = &self.at;
        let stroke = Stroke::new(PALE, 2.0);
        let last = at.axes_y.last().copied().unwrap_or(at.points_y);
        for tenth in 0..=10 {
            let x = at.x_points(10.0 * f64::from(tenth));
            grid.line(&[(x, at.points_y), (x, last)], stroke);
        }
        for tick in &self.nomogram.total_points {
            let x = at.x_total(tick.value);
            grid.line(&[(x, at.total_y), (x, at.risk_y)], stroke);
        }
        grid
    }

    /// The document.
    pub fn finish(mut self, description: &str) -> (String, Geometry) {
        let grid = self.grid();
        self.canvas.put_behind(self.lines);
        self.canvas.put_behind(self.fills);
        self.canvas.put_behind(grid);
        (self.canvas.finish(self.y, description), self.at)
    }

    /// A red number or text in the patient's column.
    pub fn cell(&mut self, value: &str, points: &str, y: f64) {
        let right = self.canvas.width() - MARGIN;
        let regular = Text::new(SMALL).color(PATIENT).end();
        let bold = regular.bold();
        let (value_at, points_at): (Point, Point) = match self.columns {
            Columns::None => return,
            Columns::Beside { points, .. } => ((right - points, y), (right, y)),
            Columns::Stacked { .. } if value.is_empty() => ((right, y), (right, y)),
            Columns::Stacked { .. } => {
                let half = 0.5 * LINE_SPACING * SMALL;
                ((right, y - half), (right, y + half))
            }
        };
        if !value.is_empty() {
            let room = self.columns.value_room();
            let short = shorten(value, SMALL, Weight::Regular, room);
            self.canvas.text(&short, value_at, regular);
        }
        self.canvas.text(points, points_at, bold);
    }
}

impl Columns {
    fn of(figure: &NomogramFigure, page: f64) -> Self {
        let Some(patient) = &figure.patient else {
            return Self::None;
        };
        let bold = |t: &str| Text::new(SMALL).bold().width(t);
        let points = patient
            .terms
            .iter()
            .map(|t| bold(&super::one_decimal(t.points)))
            .fold(bold("Points").max(bold("<0.001")), f64::max)
            .max(bold(&super::one_decimal(patient.total_points)));
        // Numbers are written in full, levels as far as there is room.
        let (stacked, beside) = (0.16 * page, 0.13 * page);
        let value = |room: f64| {
            patient
                .terms
                .iter()
                .map(|t| match t.number {
                    Some(_) => width(&super::value_text(&t.value, t.number), SMALL),
                    None => width(&t.value, SMALL).min(room),
                })
                .fold(width("Value", SMALL), f64::max)
                + 1.0
        };
        if page < 1300.0 {
            let width = points.max(value(stacked));
            return Self::Stacked { width };
        }
        Self::Beside {
            value: value(beside),
            points: points + 22.0,
        }
    }

    fn width(self) -> f64 {
        match self {
            Self::None => 0.0,
            Self::Stacked { width } => width + 14.0,
            Self::Beside { value, points } => value + points + 14.0,
        }
    }

    fn value_room(self) -> f64 {
        match self {
            Self::None => 0.0,
            Self::Stacked { width } => width,
            Self::Beside { value, .. } => value,
        }
    }
}
