//! Calibration plot.

use super::Layout;
use super::canvas::{Axis, Dash, Entry, Frame, GRAY, Mark, PALETTE, Page, THIN, render};
use crate::calibration::{CalibrationPoint, SmoothCurve};
use crate::error::Result;
use crate::estimate::percent;
use crate::scored::Scored;

/// What a calibration plot shows.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct CalibrationFigure<'a> {
    /// Risks and outcomes, for the histogram.
    pub scored: &'a Scored,
    /// Grouped points with intervals.
    pub points: &'a [CalibrationPoint],
    /// Smooth curve.
    pub curve: &'a SmoothCurve,
    /// Lines of text below the legend, for example slope and Brier score.
    pub notes: Vec<String>,
}

impl<'a> CalibrationFigure<'a> {
    /// A figure without notes.
    pub fn new(scored: &'a Scored, points: &'a [CalibrationPoint], curve: &'a SmoothCurve) -> Self {
        Self {
            scored,
            points,
            curve,
            notes: Vec::new(),
        }
    }

    /// Adds a line of text.
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }
}

/// Observed event rate over predicted risk: the line of identity, grouped points with intervals,
/// the smooth curve, and a histogram of risks with events upward and non-events downward.
///
/// # Errors
/// [`Error::Figure`](crate::Error::Figure).
pub fn calibration(figure: &CalibrationFigure<'_>, layout: &Layout) -> Result<String> {
    let (curve_color, point_color) = (PALETTE[1], PALETTE[0]);
    let level = figure.points.first().map_or(0.95, |p| p.observed.level);
    let mut legend = vec![
        Entry {
            text: "ideal".to_string(),
            mark: Mark::Line(GRAY, Dash::Dashed),
        },
        Entry {
            text: format!("smoothed, {}", figure.curve.smoother),
            mark: Mark::Line(curve_color, Dash::Solid),
        },
        Entry {
            text: format!("groups with {}% CI", percent(level)),
            mark: Mark::Dot(point_color),
        },
        Entry {
            text: "histogram: events up, non-events down".to_string(),
            mark: Mark::Box(GRAY),
        },
    ];
    legend.extend(figure.notes.iter().map(|n| Entry {
        text: n.clone(),
        mark: Mark::None,
    }));
    // The histogram has a strip of its own below zero, where no curve is drawn.
    const FLOOR: f64 = -0.22;
    let page = Page::new(layout, 1.0 - FLOOR, 0, legend);
    render(&page, |canvas| {
        let mut y = Axis::unit("Observed event rate");
        y.low = FLOOR;
        let frame = Frame::new(canvas, page.plot, Axis::unit("Predicted risk"), y)?;
        histogram(&frame, canvas, figure.scored, FLOOR)?;
        frame.curve(&[(0.0, 0.0), (1.0, 1.0)], GRAY, Dash::Dashed)?;
        let smooth: Vec<(f64, f64)> = figure
            .curve
            .predicted
            .iter()
            .zip(&figure.curve.observed)
            .map(|(&p, &o)| (p, o.clamp(0.0, 1.0)))
            .collect();
        frame.curve(&smooth, curve_color, Dash::Solid)?;
        for p in figure.points {
            frame.error_bar(p.predicted, p.observed.low, p.observed.high, point_color)?;
        }
        for p in figure.points {
            frame.dot(p.predicted, p.observed.value, point_color)?;
        }
        Ok(())
    })
}

/// Bars in forty bins, the tallest filling its half of the strip.
fn histogram(
    frame: &Frame<'_, '_>,
    canvas: &super::canvas::Canvas<'_>,
    scored: &Scored,
    floor: f64,
) -> Result<()> {
    const BINS: usize = 40;
    let mut counts = [[0u64; 2]; BINS];
    for (&p, &event) in scored.scores().iter().zip(scored.outcomes()) {
        let bin = ((p * BINS as f64) as usize).min(BINS - 1);
        counts[bin][usize::from(event)] += 1;
    }
    let tallest = counts.iter().flatten().copied().max().unwrap_or(1).max(1) as f64;
    let middle = 0.5 * floor;
    let half = 0.42 * -floor;
    canvas.line(&[frame.at(0.0, middle), frame.at(1.0, middle)], GRAY, THIN)?;
    for (bin, c) in counts.iter().enumerate() {
        let (x0, x1) = (bin as f64 / BINS as f64, (bin + 1) as f64 / BINS as f64);
        for (height, color) in [(c[1] as f64, PALETTE[1]), (-(c[0] as f64), PALETTE[0])] {
            if height != 0.0 {
                let y = middle + half * height / tallest;
                let a = frame.at(x0, middle.max(y));
                let b = frame.at(x1, middle.min(y));
                canvas.rectangle([(a.0 + 2, a.1), (b.0 - 2, b.1)], color, true)?;
            }
        }
    }
    Ok(())
}
