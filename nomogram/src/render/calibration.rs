//! Bootstrap calibration curve.

use eval_stats::plot::Layout;
use eval_stats::plot::canvas::{
    Area, Axis, Canvas, Dash, Entry, Frame, GRAY, Grid, LINE_SPACING, Labels, Legend, MARGIN, Mark,
    PALETTE, SMALL_TEXT, Stroke, THIN, Text, WHITE,
};

use crate::calibrate::CalibrationCurve;
use crate::error::{Error, Result};

/// What a calibration figure shows besides the curves.
///
/// | setting | default | purpose |
/// |---|---|---|
/// | `layout` | one column, no title | width and title |
/// | `predictions` | none | a histogram of predicted risks below the curves |
/// | `n_events` | none | number of events, for the text in the figure |
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CalibrationFigure {
    layout: Layout,
    predictions: Vec<f64>,
    n_events: Option<usize>,
}

impl CalibrationFigure {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Width and title.
    #[must_use]
    pub fn layout(mut self, layout: Layout) -> Self {
        self.layout = layout;
        self
    }

    /// Predicted risks of the training rows, for the histogram and their number.
    #[must_use]
    pub fn predictions(mut self, risks: &[f64]) -> Self {
        self.predictions = risks.to_vec();
        self
    }

    /// Number of events among the training rows.
    #[must_use]
    pub fn n_events(mut self, n_events: usize) -> Self {
        self.n_events = Some(n_events);
        self
    }
}

const CORRECTED: Stroke = Stroke {
    color: PALETTE[0],
    width: 4.0,
    dash: Dash::Solid,
};
const APPARENT: Stroke = Stroke {
    color: PALETTE[1],
    width: 3.5,
    dash: Dash::Dotted,
};
const IDEAL: Stroke = Stroke {
    color: GRAY,
    width: 3.0,
    dash: Dash::Dashed,
};
/// Share of the vertical axis below zero that the histogram has for itself.
const FLOOR: f64 = -0.12;
const BINS: usize = 50;

/// Draws a calibration curve: apparent, corrected for optimism, and ideal, with the histogram of the predictions and the errors in numbers.
///
/// # Errors
/// [`Error::Probability`] for a prediction outside [0, 1]; [`Error::Setting`] for more events than predictions.
pub fn calibration_svg(curve: &CalibrationCurve, figure: &CalibrationFigure) -> Result<String> {
    for &value in &figure.predictions {
        if !(0.0..=1.0).contains(&value) {
            return Err(Error::Probability {
                what: "a prediction",
                value,
            });
        }
    }
    let rows = figure.predictions.len();
    if let Some(events) = figure.n_events.filter(|e| rows > 0 && *e > rows) {
        return Err(Error::Setting {
            setting: "n_events",
            value: events as f64,
            expected: "at most the number of predictions",
        });
    }
    let mut canvas = Canvas::new(&figure.layout).named("Calibration curve");
    let beside = canvas.width() > 1000.0;
    let width = canvas.width() * if beside { 0.58 } else { 1.0 };
    let frame = frame(&canvas, width, rows > 0);
    frame.draw(&mut canvas, Grid::Both);
    histogram(&mut canvas, &frame, &figure.predictions);
    curves(&mut canvas, &frame, curve);
    let lines = notes(curve, figure);
    let mut legend = legend();
    let top = match free_box(&frame, curve, &lines) {
        Some(area) => {
            text_box(&mut canvas, area, &lines);
            frame.bottom() + 12.0
        }
        None => {
            for line in &lines {
                legend.push(Entry::new(Mark::None, line));
            }
            frame.bottom() + 12.0
        }
    };
    let left = if beside { width + 30.0 } else { MARGIN + 10.0 };
    let top = if beside { frame.area.top } else { top };
    let room = canvas.width() - left - MARGIN;
    legend.draw(&mut canvas, (left, top), room);
    let bottom = frame.bottom().max(top + legend.height(room));
    let text = format!("Calibration curve. {}.", lines.join("; "));
    Ok(canvas.finish(bottom, &text))
}

/// A square of risks, with a strip for the histogram below.
fn frame(canvas: &Canvas, width: f64, strip: bool) -> Frame {
    let x = Axis::unit("Predicted risk");
    let mut y = Axis::unit("Observed event rate");
    if strip {
        y.low = FLOOR;
    }
    let at = (0.0, canvas.top());
    let inner = Frame::fitted(at, width, 400.0, x.clone(), y.clone());
    let height = inner.area.width() * (1.0 - y.low);
    Frame::fitted(at, width, height, x, y)
}

fn path(curve: &CalibrationCurve, corrected: bool) -> Vec<(f64, f64)> {
    let inside = |v: f64| v.clamp(0.0, 1.0);
    curve
        .points
        .iter()
        .filter_map(|p| {
            let observed = if corrected { p.corrected? } else { p.apparent };
            Some((p.predicted, inside(observed)))
        })
        .collect()
}

fn curves(canvas: &mut Canvas, frame: &Frame, curve: &CalibrationCurve) {
    frame.curve(canvas, &[(0.0, 0.0), (1.0, 1.0)], IDEAL);
    frame.curve(canvas, &path(curve, false), APPARENT);
    frame.curve(canvas, &path(curve, true), CORRECTED);
}

fn histogram(canvas: &mut Canvas, frame: &Frame, risks: &[f64]) {
    let mut counts = [0u64; BINS];
    for risk in risks {
        counts[((risk * BINS as f64) as usize).min(BINS - 1)] += 1;
    }
    let tallest = counts.iter().copied().max().unwrap_or(0).max(1) as f64;
    for (bin, &count) in counts.iter().enumerate().filter(|(_, c)| **c > 0) {
        let height = 0.85 * -FLOOR * count as f64 / tallest;
        let from = frame.at(bin as f64 / BINS as f64, FLOOR + height);
        let to = frame.at((bin + 1) as f64 / BINS as f64, FLOOR);
        let bar = Area::new(from.0 + 1.0, from.1, to.0 - 1.0, to.1);
        canvas.rectangle(bar, GRAY.tint(0.7));
    }
}

fn legend() -> Legend {
    let mut legend = Legend::new();
    legend.push(Entry::new(Mark::Line(CORRECTED), "bias-corrected"));
    legend.push(Entry::new(Mark::Line(APPARENT), "apparent"));
    legend.push(Entry::new(Mark::Line(IDEAL), "ideal"));
    legend
}

fn notes(curve: &CalibrationCurve, figure: &CalibrationFigure) -> Vec<String> {
    let mut lines = Vec::new();
    let rows = figure.predictions.len();
    match (rows, figure.n_events) {
        (0, None) => {}
        (0, Some(events)) => lines.push(format!("{events} events")),
        (n, None) => lines.push(format!("n = {n}")),
        (n, Some(events)) => lines.push(format!("n = {n}, {events} events")),
    }
    let failed = match curve.n_failed {
        0 => String::new(),
        n => format!(" ({n} not fitted)"),
    };
    lines.push(format!(
        "{} bootstrap resamples{failed}",
        curve.n_replicates
    ));
    lines.push(format!(
        "Mean absolute error {:.3}",
        curve.mean_absolute_error
    ));
    lines.push(format!("0.9 quantile {:.3}", curve.quantile_90_error));
    lines
}

/// A corner that the curves leave free.
fn free_box(frame: &Frame, curve: &CalibrationCurve, lines: &[String]) -> Option<Area> {
    let mut labels = Labels::new(Area {
        bottom: frame.at(0.0, 0.0).1,
        ..frame.area
    });
    for points in [path(curve, true), path(curve, false)] {
        let on_page: Vec<_> = points.iter().map(|p| frame.at(p.0, p.1)).collect();
        labels.avoid_line(&on_page);
    }
    labels.avoid_line(&[frame.at(0.0, 0.0), frame.at(1.0, 1.0)]);
    let style = Text::new(SMALL_TEXT);
    let width = lines.iter().map(|l| style.width(l)).fold(0.0, f64::max);
    let height = LINE_SPACING * SMALL_TEXT * lines.len() as f64;
    labels.free_corner(width + 20.0, height + 16.0)
}

fn text_box(canvas: &mut Canvas, area: Area, lines: &[String]) {
    canvas.rectangle(area, WHITE);
    canvas.outline(area, Stroke::new(GRAY.tint(0.5), 0.6 * THIN));
    let step = LINE_SPACING * SMALL_TEXT;
    let at = (area.left + 10.0, area.top + 8.0 + 0.5 * step);
    canvas.lines(lines, at, Text::new(SMALL_TEXT));
}
