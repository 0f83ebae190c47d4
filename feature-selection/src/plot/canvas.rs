//! A page in tenths of a millimeter with text, lines and one numeric frame.

use eval_stats::pretty::pretty;
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::Layout;
use crate::error::{Error, Result};

pub(super) const TICK_TEXT: f64 = 24.0;
pub(super) const LABEL_TEXT: f64 = 28.0;
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

/// Units per millimeter.
const UNITS: f64 = 10.0;

/// Page position.
pub(super) type Point = (i32, i32);

/// Left, top, right, bottom.
#[derive(Clone, Copy)]
pub(super) struct Area {
    pub(super) left: i32,
    pub(super) top: i32,
    pub(super) right: i32,
    pub(super) bottom: i32,
}

/// The drawing surface.
pub(super) struct Canvas<'a> {
    area: DrawingArea<SVGBackend<'a>, Shift>,
}

/// Width of the page in units.
pub(super) fn page_width(layout: &Layout) -> i32 {
    (layout.width_mm() * UNITS) as i32
}

/// Width a text takes, at most, in the usual sans-serif fonts.
pub(super) fn text_width(text: &str, size: f64) -> i32 {
    (0.62 * size * text.chars().count() as f64) as i32
}

/// Draws a page and returns its SVG. The title, if any, stands in the top 60 units.
pub(super) fn render(
    layout: &Layout,
    height: i32,
    draw: impl FnOnce(&Canvas<'_>) -> Result<()>,
) -> Result<String> {
    let width = page_width(layout);
    let mut svg = String::new();
    {
        let area =
            SVGBackend::with_string(&mut svg, (width as u32, height as u32)).into_drawing_area();
        area.fill(&WHITE).map_err(failed)?;
        let canvas = Canvas { area };
        if let Some(title) = layout.heading() {
            canvas.text(title, (width / 2, 34), LABEL_TEXT + 2.0, HPos::Center, INK)?;
        }
        draw(&canvas)?;
        canvas.area.present().map_err(failed)?;
    }
    // The back end writes pixels; journals want millimeters.
    let pixels = format!("width=\"{width}\" height=\"{height}\"");
    let (w, h) = (f64::from(width) / UNITS, f64::from(height) / UNITS);
    Ok(svg.replacen(&pixels, &format!("width=\"{w}mm\" height=\"{h}mm\""), 1))
}

fn failed(error: impl std::fmt::Display) -> Error {
    Error::Figure {
        reason: error.to_string(),
    }
}

impl Canvas<'_> {
    pub(super) fn text(
        &self,
        text: &str,
        at: Point,
        size: f64,
        anchor: HPos,
        color: RGBColor,
    ) -> Result<()> {
        let style = TextStyle::from(("sans-serif", size).into_font())
            .color(&color)
            .pos(Pos::new(anchor, VPos::Center));
        self.area
            .draw(&Text::new(text.to_owned(), at, style))
            .map_err(failed)
    }

    pub(super) fn vertical_text(&self, text: &str, at: Point, size: f64) -> Result<()> {
        let font = ("sans-serif", size)
            .into_font()
            .transform(FontTransform::Rotate270);
        let style = TextStyle::from(font)
            .color(&INK)
            .pos(Pos::new(HPos::Center, VPos::Center));
        self.area
            .draw(&Text::new(text.to_owned(), at, style))
            .map_err(failed)
    }

    pub(super) fn line(&self, points: &[Point], color: RGBColor, width: u32) -> Result<()> {
        self.area
            .draw(&PathElement::new(
                points.to_vec(),
                color.stroke_width(width),
            ))
            .map_err(failed)
    }

    /// A straight dashed line, horizontal or vertical.
    pub(super) fn dashed(&self, from: Point, to: Point, color: RGBColor, width: u32) -> Result<()> {
        const DASH: i32 = 16;
        const GAP: i32 = 11;
        let length = (to.0 - from.0).abs().max((to.1 - from.1).abs());
        let (dx, dy) = ((to.0 - from.0).signum(), (to.1 - from.1).signum());
        let mut start = 0;
        while start < length {
            let end = (start + DASH).min(length);
            let at = |d: i32| (from.0 + dx * d, from.1 + dy * d);
            self.line(&[at(start), at(end)], color, width)?;
            start = end + GAP;
        }
        Ok(())
    }

    pub(super) fn rectangle(&self, from: Point, to: Point, color: RGBColor) -> Result<()> {
        self.area
            .draw(&Rectangle::new([from, to], color.filled()))
            .map_err(failed)
    }

    pub(super) fn polygon(&self, points: &[Point], color: RGBColor) -> Result<()> {
        self.area
            .draw(&Polygon::new(points.to_vec(), color.filled()))
            .map_err(failed)
    }

    pub(super) fn dot(&self, at: Point, radius: i32, color: RGBColor) -> Result<()> {
        self.area
            .draw(&Circle::new(at, radius, color.filled()))
            .map_err(failed)
    }
}

/// A numeric axis.
pub(super) struct Axis {
    pub(super) label: &'static str,
    pub(super) low: f64,
    pub(super) high: f64,
}

impl Axis {
    /// Limits widened by a share of the range, and to a range of 1 where all values are equal.
    pub(super) fn covering(
        label: &'static str,
        values: impl Iterator<Item = f64>,
        margin: f64,
    ) -> Self {
        let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| {
            (l.min(v), h.max(v))
        });
        let (low, high) = if high > low {
            (low, high)
        } else {
            (low - 0.5, low + 0.5)
        };
        let extra = margin * (high - low);
        Self {
            label,
            low: low - extra,
            high: high + extra,
        }
    }

    fn ticks(&self) -> Vec<f64> {
        let slack = 1e-9 * (self.high - self.low);
        pretty(self.low, self.high, 5)
            .into_iter()
            .filter(|&t| t >= self.low - slack && t <= self.high + slack)
            .collect()
    }
}

/// Data coordinates on an area, with axes left and below.
pub(super) struct Frame<'a, 'b> {
    canvas: &'a Canvas<'b>,
    pub(super) area: Area,
    x: Axis,
    y: Axis,
}

impl<'a, 'b> Frame<'a, 'b> {
    pub(super) fn new(canvas: &'a Canvas<'b>, area: Area, x: Axis, y: Axis) -> Result<Self> {
        let frame = Self { canvas, area, x, y };
        let Area {
            left,
            top,
            right,
            bottom,
        } = area;
        let y_ticks = frame.y.ticks();
        for (&t, label) in y_ticks.iter().zip(tick_labels(&y_ticks)) {
            let y = frame.at(frame.x.low, t).1;
            canvas.line(&[(left, y), (right, y)], PALE, 2)?;
            canvas.text(&label, (left - 12, y), TICK_TEXT, HPos::Right, INK)?;
        }
        let x_ticks = frame.x.ticks();
        for (&t, label) in x_ticks.iter().zip(tick_labels(&x_ticks)) {
            let x = frame.at(t, frame.y.low).0;
            canvas.line(&[(x, bottom), (x, bottom + 10)], INK, 2)?;
            canvas.text(&label, (x, bottom + 28), TICK_TEXT, HPos::Center, INK)?;
        }
        canvas.line(&[(left, top), (left, bottom), (right, bottom)], INK, 3)?;
        canvas.text(
            frame.x.label,
            ((left + right) / 2, bottom + 68),
            LABEL_TEXT,
            HPos::Center,
            INK,
        )?;
        canvas.vertical_text(frame.y.label, (26, (top + bottom) / 2), LABEL_TEXT)?;
        Ok(frame)
    }

    /// Page position of a data point.
    pub(super) fn at(&self, x: f64, y: f64) -> Point {
        let share = |v: f64, axis: &Axis| (v - axis.low) / (axis.high - axis.low);
        let Area {
            left,
            top,
            right,
            bottom,
        } = self.area;
        let px = f64::from(left) + share(x, &self.x) * f64::from(right - left);
        let py = f64::from(bottom) - share(y, &self.y) * f64::from(bottom - top);
        (px.round() as i32, py.round() as i32)
    }

    /// A vertical dashed line over the whole height.
    pub(super) fn vertical(&self, x: f64, color: RGBColor) -> Result<()> {
        let at = self.at(x, self.y.low).0;
        self.canvas
            .dashed((at, self.area.top), (at, self.area.bottom), color, 3)
    }

    /// A horizontal dashed line over the whole width.
    pub(super) fn horizontal(&self, y: f64, color: RGBColor) -> Result<()> {
        let at = self.at(self.x.low, y).1;
        self.canvas
            .dashed((self.area.left, at), (self.area.right, at), color, 3)
    }

    /// Labels above the area at about `n` of the given positions (increasing along the page), left out where they would touch.
    pub(super) fn top_axis(&self, labels: &[(f64, String)], title: &str) -> Result<()> {
        const GAP: i32 = 18;
        let mut free_from = i32::MIN;
        for (x, label) in labels {
            let at = self.at(*x, self.y.low).0;
            let half = text_width(label, TICK_TEXT) / 2;
            if at - half >= free_from {
                self.canvas
                    .line(&[(at, self.area.top - 8), (at, self.area.top)], INK, 2)?;
                self.canvas.text(
                    label,
                    (at, self.area.top - 24),
                    TICK_TEXT,
                    HPos::Center,
                    INK,
                )?;
                free_from = at + half + GAP;
            }
        }
        let middle = (self.area.left + self.area.right) / 2;
        self.canvas.text(
            title,
            (middle, self.area.top - 58),
            TICK_TEXT,
            HPos::Center,
            INK,
        )
    }
}

/// Tick labels with as many decimals as the ticks need.
fn tick_labels(ticks: &[f64]) -> Vec<String> {
    let needed = |t: f64| {
        (0..9).find(|&d| {
            let scale = 10f64.powi(d);
            ((t * scale).round() / scale - t).abs() < 1e-9 * t.abs().max(1e-6)
        })
    };
    let decimals = ticks.iter().filter_map(|&t| needed(t)).max().unwrap_or(0) as usize;
    ticks
        .iter()
        .map(|&t| {
            let text = format!("{t:.decimals$}");
            let is_zero = text.chars().all(|c| matches!(c, '0' | '.' | '-'));
            if is_zero {
                text.replace('-', "")
            } else {
                text.replace('-', "\u{2212}")
            }
        })
        .collect()
}
