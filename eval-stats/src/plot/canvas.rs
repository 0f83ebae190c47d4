//! Axes, lines, bands, text and legend on a page measured in tenths of a millimetre.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::Layout;
use crate::error::{Error, Result};
use crate::pretty::pretty;

/// Units per millimetre.
const UNITS: f64 = 10.0;
const TICK_TEXT: f64 = 24.0;
const LABEL_TEXT: f64 = 28.0;
const LEGEND_ROW: i32 = 38;
pub(super) const LINE: u32 = 4;
pub(super) const THIN: u32 = 2;

pub(super) const INK: RGBColor = RGBColor(40, 40, 40);
pub(super) const GRAY: RGBColor = RGBColor(130, 130, 130);
pub(super) const PALE: RGBColor = RGBColor(228, 228, 228);
/// Okabe and Ito's palette without its yellow, which is too light for lines.
pub(super) const PALETTE: [RGBColor; 7] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
    RGBColor(0, 0, 0),
];

/// Solid or dashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dash {
    Solid,
    Dashed,
    Dotted,
}

/// A series' colour and dash, by its position.
pub(super) fn series_style(i: usize) -> (RGBColor, Dash) {
    let dash = match (i / PALETTE.len()) % 3 {
        0 => Dash::Solid,
        1 => Dash::Dashed,
        _ => Dash::Dotted,
    };
    (PALETTE[i % PALETTE.len()], dash)
}

/// One row of the legend.
pub(super) struct Entry {
    pub text: String,
    pub mark: Mark,
}

/// The sample beside a legend text.
pub(super) enum Mark {
    Line(RGBColor, Dash),
    Dot(RGBColor),
    Box(RGBColor),
    None,
}

/// A numeric axis.
pub(super) struct Axis {
    pub label: String,
    pub low: f64,
    pub high: f64,
    pub ticks: Vec<f64>,
}

impl Axis {
    /// The unit interval with ticks in fifths.
    pub(super) fn unit(label: &str) -> Self {
        Self::new(label, 0.0, 1.0)
    }

    /// An axis with round ticks inside its limits.
    pub(super) fn new(label: &str, low: f64, high: f64) -> Self {
        let slack = 1e-9 * (high - low);
        let ticks = pretty(low, high, 5)
            .into_iter()
            .filter(|t| (low - slack..=high + slack).contains(t))
            .collect();
        Self {
            label: label.to_string(),
            low,
            high,
            ticks,
        }
    }
}

/// Tick labels with as many decimals as the ticks need.
pub(super) fn tick_labels(ticks: &[f64]) -> Vec<String> {
    let needed = |t: f64| {
        (0..6).find(|&d| {
            let scale = 10f64.powi(d);
            ((t * scale).round() / scale - t).abs() < 1e-9 * t.abs().max(1e-3)
        })
    };
    let decimals = ticks.iter().filter_map(|&t| needed(t)).max().unwrap_or(0) as usize;
    ticks
        .iter()
        .map(|&t| {
            let text = format!("{t:.decimals$}");
            // No negative zero.
            match text.strip_prefix('-') {
                Some(rest) if rest.chars().all(|c| c == '0' || c == '.') => rest.to_string(),
                _ => text.replace('-', "\u{2212}"),
            }
        })
        .collect()
}

/// Width that a text takes, about; DejaVu Sans and Arial stay below it.
pub(super) fn text_width(text: &str, size: f64) -> f64 {
    0.62 * size * text.chars().count() as f64
}

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;

/// What a figure needs to be laid out before anything is drawn.
pub(super) struct Page {
    pub width: i32,
    pub height: i32,
    /// Left, top, right, bottom of the plotting area.
    pub plot: (i32, i32, i32, i32),
    title: Option<String>,
    legend: Vec<Entry>,
    legend_top: i32,
}

impl Page {
    /// A page with a plotting area of the given height over width, room for `below` more units
    /// under the axis title, and the legend at the bottom.
    pub(super) fn new(layout: &Layout, aspect: f64, below: i32, legend: Vec<Entry>) -> Self {
        let width = (layout.width.millimetres() * UNITS) as i32;
        let (left, right) = (125, width - 30);
        let top = if layout.title.is_some() { 70 } else { 25 };
        let bottom = top + (f64::from(right - left) * aspect) as i32;
        let legend_top = bottom + 110 + below;
        Self {
            width,
            height: legend_top + LEGEND_ROW * legend.len() as i32 + 15,
            plot: (left, top, right, bottom),
            title: layout.title.clone(),
            legend,
            legend_top,
        }
    }
}

/// Draws a page and gives its SVG.
pub(super) fn render(page: &Page, draw: impl FnOnce(&Canvas<'_>) -> Result<()>) -> Result<String> {
    let mut svg = String::new();
    {
        let size = (page.width as u32, page.height as u32);
        let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        area.fill(&WHITE).map_err(failed)?;
        let canvas = Canvas { area };
        if let Some(title) = &page.title {
            let (left, _, right, _) = page.plot;
            canvas.text(
                title,
                ((left + right) / 2, 32),
                LABEL_TEXT + 2.0,
                HPos::Center,
                INK,
            )?;
        }
        draw(&canvas)?;
        for (i, entry) in page.legend.iter().enumerate() {
            canvas.legend_row(page, i, entry)?;
        }
        canvas.area.present().map_err(failed)?;
    }
    // The back end writes pixels; journals want millimetres.
    let pixels = format!("width=\"{}\" height=\"{}\"", page.width, page.height);
    let millimetres = format!(
        "width=\"{}mm\" height=\"{}mm\"",
        f64::from(page.width) / UNITS,
        f64::from(page.height) / UNITS
    );
    Ok(svg.replacen(&pixels, &millimetres, 1))
}

fn failed(e: impl std::fmt::Display) -> Error {
    Error::Figure {
        reason: e.to_string(),
    }
}

/// The drawing surface in page units.
pub(super) struct Canvas<'b> {
    area: Area<'b>,
}

impl Canvas<'_> {
    pub(super) fn text(
        &self,
        text: &str,
        at: (i32, i32),
        size: f64,
        anchor: HPos,
        color: RGBColor,
    ) -> Result<()> {
        let style = TextStyle::from(("sans-serif", size).into_font())
            .color(&color)
            .pos(Pos::new(anchor, VPos::Center));
        self.area
            .draw(&Text::new(text.to_string(), at, style))
            .map_err(failed)
    }

    fn vertical_text(&self, text: &str, at: (i32, i32), size: f64) -> Result<()> {
        let font = ("sans-serif", size)
            .into_font()
            .transform(FontTransform::Rotate270);
        let style = TextStyle::from(font)
            .color(&INK)
            .pos(Pos::new(HPos::Center, VPos::Center));
        self.area
            .draw(&Text::new(text.to_string(), at, style))
            .map_err(failed)
    }

    pub(super) fn line(&self, points: &[(i32, i32)], color: RGBColor, width: u32) -> Result<()> {
        self.area
            .draw(&PathElement::new(
                points.to_vec(),
                color.stroke_width(width),
            ))
            .map_err(failed)
    }

    pub(super) fn dashed(
        &self,
        points: &[(i32, i32)],
        color: RGBColor,
        width: u32,
        dash: Dash,
    ) -> Result<()> {
        let (on, off) = match dash {
            Dash::Solid => return self.line(points, color, width),
            Dash::Dashed => (22.0, 14.0),
            Dash::Dotted => (5.0, 11.0),
        };
        for piece in pieces(points, on, off) {
            self.line(&piece, color, width)?;
        }
        Ok(())
    }

    pub(super) fn rectangle(
        &self,
        corners: [(i32, i32); 2],
        color: RGBColor,
        filled: bool,
    ) -> Result<()> {
        let style = if filled {
            color.filled()
        } else {
            color.stroke_width(THIN)
        };
        self.area
            .draw(&Rectangle::new(corners, style))
            .map_err(failed)
    }

    pub(super) fn polygon(
        &self,
        points: &[(i32, i32)],
        color: RGBColor,
        opacity: f64,
    ) -> Result<()> {
        self.area
            .draw(&Polygon::new(points.to_vec(), color.mix(opacity).filled()))
            .map_err(failed)
    }

    pub(super) fn dot(&self, at: (i32, i32), radius: i32, color: RGBColor) -> Result<()> {
        self.area
            .draw(&Circle::new(at, radius + 3, WHITE.filled()))
            .map_err(failed)?;
        self.area
            .draw(&Circle::new(at, radius, color.filled()))
            .map_err(failed)
    }

    fn legend_row(&self, page: &Page, row: usize, entry: &Entry) -> Result<()> {
        let y = page.legend_top + LEGEND_ROW * row as i32 + LEGEND_ROW / 2;
        let left = page.plot.0 - 85;
        match entry.mark {
            Mark::Line(color, dash) => {
                self.dashed(&[(left, y), (left + 64, y)], color, LINE, dash)?;
            }
            Mark::Dot(color) => self.dot((left + 32, y), 9, color)?,
            Mark::Box(color) => {
                self.rectangle([(left + 18, y - 11), (left + 46, y + 11)], color, true)?;
            }
            Mark::None => {}
        }
        // Shrink a text that would leave the page rather than cut it.
        let room = f64::from(page.width - left - 90);
        let size = TICK_TEXT.min(TICK_TEXT * room / text_width(&entry.text, TICK_TEXT));
        self.text(&entry.text, (left + 80, y), size, HPos::Left, INK)
    }
}

/// Splits a path into dashes.
fn pieces(points: &[(i32, i32)], on: f64, off: f64) -> Vec<Vec<(i32, i32)>> {
    let mut pieces = Vec::new();
    let mut current: Vec<(i32, i32)> = points.first().copied().into_iter().collect();
    let (mut drawing, mut left) = (true, on);
    for w in points.windows(2) {
        let (x0, y0) = (f64::from(w[0].0), f64::from(w[0].1));
        let (dx, dy) = (f64::from(w[1].0) - x0, f64::from(w[1].1) - y0);
        let length = dx.hypot(dy);
        let mut at = 0.0;
        while length - at > left {
            at += left;
            let p = (
                (x0 + dx * at / length).round() as i32,
                (y0 + dy * at / length).round() as i32,
            );
            if drawing {
                current.push(p);
                pieces.push(std::mem::take(&mut current));
            } else {
                current = vec![p];
            }
            drawing = !drawing;
            left = if drawing { on } else { off };
        }
        left -= length - at;
        if drawing {
            current.push(w[1]);
        }
    }
    if current.len() > 1 {
        pieces.push(current);
    }
    pieces
}

/// Data coordinates on a plotting area.
pub(super) struct Frame<'a, 'b> {
    canvas: &'a Canvas<'b>,
    rect: (i32, i32, i32, i32),
    x: Axis,
    y: Axis,
}

impl<'a, 'b> Frame<'a, 'b> {
    /// Draws the axes.
    pub(super) fn new(
        canvas: &'a Canvas<'b>,
        rect: (i32, i32, i32, i32),
        x: Axis,
        y: Axis,
    ) -> Result<Self> {
        let frame = Frame { canvas, rect, x, y };
        frame.draw_axes()?;
        Ok(frame)
    }

    fn draw_axes(&self) -> Result<()> {
        let (left, top, right, bottom) = self.rect;
        let c = self.canvas;
        for (&t, label) in self.y.ticks.iter().zip(tick_labels(&self.y.ticks)) {
            let y = self.at(self.x.low, t).1;
            c.line(&[(left, y), (right, y)], PALE, THIN)?;
            c.line(&[(left - 10, y), (left, y)], INK, THIN)?;
            c.text(&label, (left - 16, y), TICK_TEXT, HPos::Right, INK)?;
        }
        for (&t, label) in self.x.ticks.iter().zip(tick_labels(&self.x.ticks)) {
            let x = self.at(t, self.y.low).0;
            c.line(&[(x, top), (x, bottom)], PALE, THIN)?;
            c.line(&[(x, bottom), (x, bottom + 10)], INK, THIN)?;
            c.text(&label, (x, bottom + 28), TICK_TEXT, HPos::Center, INK)?;
        }
        c.line(
            &[(left, top), (left, bottom), (right, bottom)],
            INK,
            THIN + 1,
        )?;
        let middle = ((left + right) / 2, (top + bottom) / 2);
        c.text(
            &self.x.label,
            (middle.0, bottom + 70),
            LABEL_TEXT,
            HPos::Center,
            INK,
        )?;
        c.vertical_text(&self.y.label, (26, middle.1), LABEL_TEXT)
    }

    /// Page position of a data point.
    pub(super) fn at(&self, x: f64, y: f64) -> (i32, i32) {
        let (left, top, right, bottom) = self.rect;
        let share = |v: f64, axis: &Axis| (v - axis.low) / (axis.high - axis.low);
        let px = f64::from(left) + share(x, &self.x) * f64::from(right - left);
        let py = f64::from(bottom) - share(y, &self.y) * f64::from(bottom - top);
        (px.round() as i32, py.round() as i32)
    }

    /// A line through data points, cut at the frame.
    pub(super) fn curve(&self, points: &[(f64, f64)], color: RGBColor, dash: Dash) -> Result<()> {
        for part in clip(points, self.y.low, self.y.high) {
            let mut path: Vec<(i32, i32)> = part.iter().map(|&(x, y)| self.at(x, y)).collect();
            path.dedup();
            if path.len() > 1 {
                self.canvas.dashed(&path, color, LINE, dash)?;
            }
        }
        Ok(())
    }

    /// The area between two curves over the same `x`, kept inside the frame.
    pub(super) fn band(&self, x: &[f64], low: &[f64], high: &[f64], color: RGBColor) -> Result<()> {
        let inside = |v: f64| v.clamp(self.y.low, self.y.high);
        let upper = x.iter().zip(high).map(|(&x, &y)| self.at(x, inside(y)));
        let lower = x
            .iter()
            .zip(low)
            .rev()
            .map(|(&x, &y)| self.at(x, inside(y)));
        let path: Vec<(i32, i32)> = upper.chain(lower).collect();
        self.canvas.polygon(&path, color, 0.18)
    }

    pub(super) fn dot(&self, x: f64, y: f64, color: RGBColor) -> Result<()> {
        self.canvas.dot(self.at(x, y), 9, color)
    }

    /// A vertical bar from `low` to `high` with short ends.
    pub(super) fn error_bar(&self, x: f64, low: f64, high: f64, color: RGBColor) -> Result<()> {
        let (bottom, top) = (self.at(x, low), self.at(x, high));
        self.canvas.line(&[bottom, top], color, THIN + 1)?;
        for end in [bottom, top] {
            self.canvas
                .line(&[(end.0 - 7, end.1), (end.0 + 7, end.1)], color, THIN + 1)?;
        }
        Ok(())
    }
}

/// Parts of a line whose `y` lies within limits, with the crossing points added.
fn clip(points: &[(f64, f64)], low: f64, high: f64) -> Vec<Vec<(f64, f64)>> {
    let mut parts: Vec<Vec<(f64, f64)>> = Vec::new();
    let mut open = false;
    for w in points.windows(2) {
        let ((x0, y0), (x1, y1)) = (w[0], w[1]);
        // Share of the segment that is inside.
        let (mut from, mut to) = (0.0_f64, 1.0_f64);
        if y0 == y1 {
            if !(low..=high).contains(&y0) {
                open = false;
                continue;
            }
        } else {
            let (a, b) = ((low - y0) / (y1 - y0), (high - y0) / (y1 - y0));
            from = from.max(a.min(b));
            to = to.min(a.max(b));
            if from > to {
                open = false;
                continue;
            }
        }
        let at = |t: f64| (x0 + t * (x1 - x0), (y0 + t * (y1 - y0)).clamp(low, high));
        if !open || from > 0.0 {
            parts.push(vec![at(from)]);
        }
        if let Some(part) = parts.last_mut() {
            part.push(at(to));
        }
        open = to >= 1.0;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tick_labels_have_equal_decimals() {
        assert_eq!(tick_labels(&[0.0, 0.25, 0.5]), ["0.00", "0.25", "0.50"]);
        assert_eq!(
            tick_labels(&[-0.2, 0.0, 0.2]),
            ["\u{2212}0.2", "0.0", "0.2"]
        );
    }

    #[test]
    fn lines_are_cut_where_they_leave_the_frame() {
        let parts = clip(&[(0.0, 0.0), (1.0, 2.0), (2.0, 0.0)], 0.0, 1.0);
        assert_eq!(parts.len(), 2);
        assert_eq!(parts[0], [(0.0, 0.0), (0.5, 1.0)]);
        assert_eq!(parts[1], [(1.5, 1.0), (2.0, 0.0)]);
    }

    #[test]
    fn dashes_cover_a_corner() {
        let p = pieces(&[(0, 0), (30, 0), (30, 30)], 20.0, 10.0);
        assert_eq!(p[0], [(0, 0), (20, 0)]);
        assert_eq!(p[1], [(30, 0), (30, 20)]);
    }
}
