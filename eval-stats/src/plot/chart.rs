//! One frame with its legend: below it on a page of one column, beside it on a page of two.

use super::canvas::{
    Area, Axis, Canvas, Frame, GRAY, Grid, INK, LABEL_TEXT, LINE_SPACING, Legend, MARGIN, Point,
    SMALL_TEXT, Stroke, THIN, TICK_TEXT, Text, WHITE, Weight, shorten, wrap,
};
use super::{Layout, Width};

/// Share of a page of two columns that the frame takes.
const BESIDE: f64 = 0.58;

/// Where the legend stands on a page of two columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Right of the frame: for square frames and long legends.
    Beside,
    /// Below it, as on a page of one column: for frames that use the width.
    Below,
}

/// A figure of one frame.
pub(super) struct Chart {
    pub canvas: Canvas,
    pub frame: Frame,
    legend: Legend,
    legend_at: Point,
    legend_width: f64,
    bottom: f64,
}

impl Chart {
    /// Axes drawn with their grid; `aspect` is height over width of the plotting area, `below`
    /// room that the figure needs under the title of the horizontal axis.
    pub fn new(
        layout: &Layout,
        (x, y): (Axis, Axis),
        aspect: f64,
        below: f64,
        legend: Legend,
        place: Place,
    ) -> Self {
        let mut canvas = Canvas::new(layout);
        let beside = layout.width == Width::Double && place == Place::Beside;
        let width = canvas.width() * if beside { BESIDE } else { 1.0 };
        // A page of two columns is wide enough for a flatter frame.
        let aspect = match layout.width {
            Width::Double if !beside => 0.55 * aspect,
            _ => aspect,
        };
        let at = (0.0, canvas.top());
        let inner = Frame::fitted(at, width, 400.0, x.clone(), y.clone())
            .area
            .width();
        let frame = Frame::fitted(at, width, aspect * inner, x, y);
        frame.draw(&mut canvas, Grid::Both);
        let bottom = frame.bottom() + below;
        let (legend_at, legend_width) = if beside {
            let left = width + 30.0;
            ((left, frame.area.top), canvas.width() - left - MARGIN)
        } else {
            let left = MARGIN + 10.0;
            ((left, bottom + 12.0), canvas.width() - left - MARGIN)
        };
        Self {
            canvas,
            frame,
            legend,
            legend_at,
            legend_width,
            bottom,
        }
    }

    /// As [`new`](Self::new) with names in place of a horizontal axis: slot `i` lies between `i`
    /// and `i + 1`. Names are broken into up to three lines, or stand upright where slots are
    /// narrow.
    pub fn categories(
        layout: &Layout,
        names: &[&str],
        y: Axis,
        aspect: f64,
        legend: Legend,
    ) -> Self {
        let x = Axis::linear("", 0.0, names.len() as f64).without_ticks();
        let width = Canvas::new(layout).width();
        let inner = Frame::fitted((0.0, 0.0), width, 400.0, x.clone(), y.clone()).area;
        let below = Names::new(names, inner.width()).height();
        let mut chart = Self::new(layout, (x, y), aspect, below, legend, Place::Below);
        let Self { canvas, frame, .. } = &mut chart;
        Names::new(names, frame.area.width()).draw(canvas, frame);
        chart
    }

    /// Adds rows at the end of the legend.
    pub fn legend(&mut self) -> &mut Legend {
        &mut self.legend
    }

    /// Draws the legend and closes the page.
    pub fn finish(mut self, description: &str) -> String {
        let mut bottom = self.bottom;
        if !self.legend.is_empty() {
            self.legend
                .draw(&mut self.canvas, self.legend_at, self.legend_width);
            bottom = bottom.max(self.legend_at.1 + self.legend.height(self.legend_width));
        }
        self.canvas.finish(bottom, description)
    }
}

/// Names below the slots of a frame.
pub(super) enum Names {
    /// Lines of each name.
    Level(Vec<Vec<String>>),
    /// Shortened names.
    Upright(Vec<String>),
}

impl Names {
    /// Names in slots that share a width.
    pub fn new(names: &[&str], width: f64) -> Self {
        const LONGEST: f64 = 260.0;
        let slot = width / names.len().max(1) as f64 - 8.0;
        let style = Text::new(TICK_TEXT);
        const WIDE: f64 = 190.0;
        let fits = |name: &&str| {
            name.split_whitespace()
                .all(|word| style.width(word) <= slot)
        };
        if slot < WIDE && !names.iter().all(fits) {
            let short = |name: &&str| shorten(name, TICK_TEXT, Weight::Regular, LONGEST);
            return Self::Upright(names.iter().map(short).collect());
        }
        let lines = |name: &&str| {
            name.split('\n')
                .flat_map(|part| {
                    let mut lines = wrap(part, TICK_TEXT, Weight::Regular, slot);
                    if lines.len() > 3 {
                        let rest = lines.split_off(2).join(" ");
                        let rest = format!("{rest}\u{2026}");
                        lines.push(shorten(&rest, TICK_TEXT, Weight::Regular, slot));
                    }
                    lines
                })
                .collect()
        };
        Self::Level(names.iter().map(lines).collect())
    }

    /// Room that they need below the frame.
    pub fn height(&self) -> f64 {
        match self {
            Self::Level(names) => {
                let most = names.iter().map(Vec::len).max().unwrap_or(0);
                12.0 + LINE_SPACING * TICK_TEXT * most as f64
            }
            Self::Upright(names) => {
                let widest = names.iter().map(|n| Text::new(TICK_TEXT).width(n));
                16.0 + widest.fold(0.0, f64::max)
            }
        }
    }

    /// Writes them.
    pub fn draw(&self, canvas: &mut Canvas, frame: &Frame) {
        let style = Text::new(TICK_TEXT);
        let top = frame.area.bottom + 12.0;
        let middle = |i: usize| frame.at(i as f64 + 0.5, frame.y.low).0;
        match self {
            Self::Level(names) => {
                for (i, lines) in names.iter().enumerate() {
                    let at = (middle(i), top + 0.5 * LINE_SPACING * TICK_TEXT);
                    canvas.lines(lines, at, style.middle());
                }
            }
            Self::Upright(names) => {
                for (i, name) in names.iter().enumerate() {
                    canvas.vertical_text(name, (middle(i), top), style.end());
                }
            }
        }
    }
}

/// Room that [`cost_benefit_axis`] needs.
pub(super) const COST_AXIS: f64 = 94.0;

/// Costs to benefits that are easy to say, the ones to keep first where room is short.
const FRACTIONS: [(f64, f64); 17] = [
    (1.0, 1.0),
    (1.0, 4.0),
    (4.0, 1.0),
    (2.0, 3.0),
    (3.0, 2.0),
    (1.0, 9.0),
    (9.0, 1.0),
    (1.0, 100.0),
    (100.0, 1.0),
    (3.0, 7.0),
    (7.0, 3.0),
    (1.0, 19.0),
    (19.0, 1.0),
    (1.0, 49.0),
    (1.0, 6.0),
    (1.0, 12.0),
    (1.0, 30.0),
];

/// A second horizontal axis of the cost to benefit `t : (1 - t)` that each threshold implies.
pub(super) fn cost_benefit_axis(chart: &mut Chart) {
    let Chart { canvas, frame, .. } = chart;
    let area = frame.area;
    let y = frame.bottom() + 14.0;
    canvas.line(&[(area.left, y), (area.right, y)], Stroke::new(INK, THIN));
    let style = Text::new(TICK_TEXT).middle();
    let mut taken: Vec<(f64, f64)> = Vec::new();
    for (cost, benefit) in FRACTIONS {
        let threshold = cost / (cost + benefit);
        if !frame.x.contains(threshold) {
            continue;
        }
        let x = frame.at(threshold, frame.y.low).0;
        let text = format!("{cost}:{benefit}");
        let half = 0.5 * style.width(&text) + 5.0;
        let (from, to) = (x - half, x + half);
        let free = taken.iter().all(|&(a, b)| to <= a || b <= from);
        if !free || to > area.right + 30.0 {
            continue;
        }
        taken.push((from, to));
        canvas.line(&[(x, y), (x, y + 9.0)], Stroke::new(INK, THIN));
        canvas.text(&text, (x, y + 26.0), style);
    }
    let middle = area.center().0;
    let title = "Cost : benefit ratio";
    canvas.text(title, (middle, y + 60.0), Text::new(LABEL_TEXT).middle());
}

/// A text box on a frame in a pale outline.
pub(super) fn text_box(canvas: &mut Canvas, area: Area, lines: &[String]) {
    canvas.rectangle(area, WHITE);
    canvas.outline(area, Stroke::new(GRAY.tint(0.5), 1.5));
    let step = LINE_SPACING * SMALL_TEXT;
    let at = (area.left + 10.0, area.top + 8.0 + 0.5 * step);
    canvas.lines(lines, at, Text::new(SMALL_TEXT));
}

/// Size of the box around lines of text.
pub(super) fn text_box_size(lines: &[String]) -> (f64, f64) {
    let style = Text::new(SMALL_TEXT);
    let width = lines.iter().map(|l| style.width(l)).fold(0.0, f64::max);
    let step = LINE_SPACING * SMALL_TEXT;
    (width + 20.0, step * lines.len() as f64 + 16.0)
}

/// A fixed number of decimals with a proper minus sign and no negative zero.
pub(super) fn fixed(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    match text.strip_prefix('-') {
        Some(rest) if rest.chars().all(|c| matches!(c, '0' | '.')) => rest.to_owned(),
        _ => text.replace('-', "\u{2212}"),
    }
}

/// `n = 117, 35 events`.
pub(super) fn subjects(n: usize, events: usize) -> String {
    let s = if events == 1 { "" } else { "s" };
    format!("n = {n}, {events} event{s}")
}
