//! Calibration plot.

use super::Layout;
use super::canvas::{
    Area, Axis, Canvas, Dash, Entry, Frame, GRAY, Labels, Legend, Mark, PALETTE, Stroke, THIN,
};
use super::chart::{Chart, Place, fixed, subjects, text_box, text_box_size};
use crate::baseline::format_p;
use crate::calibration::{
    CalibrationErrors, CalibrationPoint, Recalibration, RiskAccuracy, SmoothCurve,
};
use crate::error::{Error, Result};
use crate::estimate::{Estimate, percent};
use crate::hosmer_lemeshow::HosmerLemeshowTest;
use crate::scored::Scored;

/// Limits of the observed rate at a predicted risk, a point of a band around the smooth curve.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct RateLimits {
    /// Predicted risk.
    pub predicted: f64,
    /// Lower limit of the observed rate.
    pub low: f64,
    /// Upper limit of the observed rate.
    pub high: f64,
}

impl RateLimits {
    /// Limits at a predicted risk.
    pub fn new(predicted: f64, low: f64, high: f64) -> Self {
        Self {
            predicted,
            low,
            high,
        }
    }
}

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
    /// Limits of the smooth curve.
    pub band: Option<&'a [RateLimits]>,
    /// Lines of the text box, below the number of subjects and events.
    pub notes: Vec<String>,
}

impl<'a> CalibrationFigure<'a> {
    /// A figure whose text box has the number of subjects and events.
    pub fn new(scored: &'a Scored, points: &'a [CalibrationPoint], curve: &'a SmoothCurve) -> Self {
        Self {
            scored,
            points,
            curve,
            band: None,
            notes: Vec::new(),
        }
    }

    /// Adds a band around the smooth curve; its points may come in any order.
    pub fn band(mut self, band: &'a [RateLimits]) -> Self {
        self.band = Some(band);
        self
    }

    /// Adds a line of text.
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Adds calibration in the large and slope with their intervals.
    pub fn recalibration(self, fit: &Recalibration) -> Self {
        self.note(format!("CITL {}", estimate(&fit.in_the_large)))
            .note(format!("Slope {}", estimate(&fit.slope)))
    }

    /// Adds the integrated calibration index.
    pub fn errors(self, errors: &CalibrationErrors) -> Self {
        self.note(format!("ICI {:.3}", errors.ici))
    }

    /// Adds the Brier score.
    pub fn accuracy(self, accuracy: &RiskAccuracy) -> Self {
        self.note(format!("Brier score {:.3}", accuracy.brier))
    }

    /// Adds the p-value of Hosmer and Lemeshow's test.
    pub fn hosmer_lemeshow(self, test: &HosmerLemeshowTest) -> Self {
        self.note(format!("Hosmer\u{2013}Lemeshow {}", format_p(test.p)))
    }
}

fn estimate(e: &Estimate) -> String {
    format!(
        "{} ({} to {})",
        fixed(e.value, 2),
        fixed(e.low, 2),
        fixed(e.high, 2)
    )
}

const CURVE: Stroke = Stroke {
    color: PALETTE[1],
    width: 4.0,
    dash: Dash::Solid,
};
const GROUPS: Stroke = Stroke {
    color: PALETTE[0],
    width: THIN,
    dash: Dash::Solid,
};
/// Lower end of the vertical axis: the histogram has a strip of its own below zero.
const FLOOR: f64 = -0.22;

/// Observed event rate over predicted risk: the line of identity, grouped points with intervals,
/// the smooth curve, and a histogram of risks with events upward and non-events downward. The
/// text box stands in a corner that is free, else below the legend.
///
/// ```
/// use eval_stats::calibration::{Smoother, grouped, smooth};
/// use eval_stats::plot::{CalibrationFigure, Layout};
/// use eval_stats::{Scored, hosmer_lemeshow::Grouping, plot, proportion::ProportionMethod};
/// let p: Vec<f64> = (1..20).map(|k| f64::from(k) / 20.0).collect();
/// let y: Vec<bool> = (1..20).map(|k| k % 3 == 0).collect();
/// let s = Scored::new(&p, &y)?;
/// let points = grouped(&s, 4, Grouping::Quantiles, 0.95, ProportionMethod::Wilson)?;
/// let curve = smooth(&s, Smoother::default())?;
/// let svg = plot::calibration(&CalibrationFigure::new(&s, &points, &curve), &Layout::new())?;
/// assert!(svg.contains("Predicted risk"));
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::NotProbability`], [`Error::LowerIsEvent`] for risks outside `[0, 1]`; [`Error::NotFinite`] for a group, curve
/// or band with a value that is not a number; [`Error::LengthMismatch`] for a curve with other
/// numbers of predicted and observed risks.
pub fn calibration(figure: &CalibrationFigure<'_>, layout: &Layout) -> Result<String> {
    check(figure)?;
    let x = Axis::unit("Predicted risk");
    let mut y = Axis::unit("Observed event rate");
    y.low = FLOOR;
    let mut chart = Chart::new(
        layout,
        (x, y),
        1.0 - FLOOR,
        0.0,
        legend(figure),
        Place::Beside,
    );
    let Chart { canvas, frame, .. } = &mut chart;
    histogram(canvas, frame, figure.scored);
    let ideal = Stroke::new(GRAY, 3.0).dash(Dash::Dashed);
    frame.curve(canvas, &[(0.0, 0.0), (1.0, 1.0)], ideal);
    if let Some(band) = figure.band {
        let inside = |v: f64| v.clamp(0.0, 1.0);
        let mut points: Vec<(f64, f64, f64)> = band
            .iter()
            .map(|b| (b.predicted, inside(b.low), inside(b.high)))
            .collect();
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        frame.band(canvas, &points, CURVE);
    }
    let smooth: Vec<(f64, f64)> = figure
        .curve
        .predicted
        .iter()
        .zip(&figure.curve.observed)
        .map(|(&p, &o)| (p, o.clamp(0.0, 1.0)))
        .collect();
    frame.curve(canvas, &smooth, CURVE);
    for p in figure.points {
        let (low, high) = (p.observed.low, p.observed.high);
        frame.whisker(canvas, p.predicted, low, high, GROUPS);
    }
    for p in figure.points {
        let at = frame.at(p.predicted, p.observed.value);
        canvas.dot(at, 9.0, GROUPS.color);
    }
    notes(&mut chart, figure, &smooth);
    let lines = note_lines(figure).join("; ");
    Ok(chart.finish(&format!("Calibration plot. {lines}.")))
}

fn check(figure: &CalibrationFigure<'_>) -> Result<()> {
    figure.scored.risks()?;
    for p in figure.points {
        let o = &p.observed;
        crate::error::all_finite("a group", &[p.predicted, o.value, o.low, o.high])?;
    }
    if figure.curve.predicted.len() != figure.curve.observed.len() {
        return Err(Error::LengthMismatch {
            what: "the smooth curve",
            expected: figure.curve.predicted.len(),
            found: figure.curve.observed.len(),
        });
    }
    if !figure.curve.predicted.is_empty() {
        crate::error::all_finite("the smooth curve", &figure.curve.predicted)?;
        crate::error::all_finite("the smooth curve", &figure.curve.observed)?;
    }
    for b in figure.band.unwrap_or_default() {
        crate::error::all_finite("the band", &[b.predicted, b.low, b.high])?;
    }
    Ok(())
}

fn legend(figure: &CalibrationFigure<'_>) -> Legend {
    let mut legend = Legend::new();
    legend.push(Entry::reference("ideal"));
    let smoothed = format!("smoothed, {}", figure.curve.smoother);
    let mark = match figure.band {
        Some(_) => Mark::Band(CURVE),
        None => Mark::Line(CURVE),
    };
    legend.push(Entry::new(mark, smoothed));
    if let Some(first) = figure.points.first() {
        let text = format!("groups ({}% CI)", percent(first.observed.level));
        legend.push(Entry::new(Mark::Dot(GROUPS.color), text));
    }
    let events = figure.scored.n_events();
    let non_events = figure.scored.n_non_events();
    let (up, down) = (
        format!("{events} event{}", plural(events)),
        format!("{non_events} non-event{}", plural(non_events)),
    );
    legend.push(Entry::new(Mark::Box(PALETTE[1]), up));
    legend.push(Entry::new(Mark::Box(PALETTE[0]), down));
    legend
}

fn plural(n: usize) -> &'static str {
    if n == 1 { "" } else { "s" }
}

fn note_lines(figure: &CalibrationFigure<'_>) -> Vec<String> {
    let scored = figure.scored;
    let mut lines = vec![subjects(scored.n(), scored.n_events())];
    lines.extend(figure.notes.iter().cloned());
    lines
}

/// The text box, where it covers nothing; else rows of the legend.
fn notes(chart: &mut Chart, figure: &CalibrationFigure<'_>, smooth: &[(f64, f64)]) {
    let frame = &chart.frame;
    // The box keeps off the strip of the histogram.
    let zero = frame.at(0.0, 0.0).1;
    let mut labels = Labels::new(Area {
        bottom: zero,
        ..frame.area
    });
    let path: Vec<_> = smooth.iter().map(|p| frame.at(p.0, p.1)).collect();
    labels.avoid_line(&path);
    labels.avoid_line(&[frame.at(0.0, 0.0), frame.at(1.0, 1.0)]);
    for p in figure.points {
        let (low, high) = (p.observed.low, p.observed.high);
        labels.avoid_line(&[frame.at(p.predicted, low), frame.at(p.predicted, high)]);
        labels.avoid_dot(frame.at(p.predicted, p.observed.value), 10.0);
    }
    let lines = note_lines(figure);
    let (width, height) = text_box_size(&lines);
    match labels.free_corner(width, height) {
        Some(area) => text_box(&mut chart.canvas, area, &lines),
        None => {
            for line in lines {
                chart.legend().push(Entry::new(Mark::None, line));
            }
        }
    }
}

/// Bars in forty bins, the tallest filling its half of the strip.
fn histogram(canvas: &mut Canvas, frame: &Frame, scored: &Scored) {
    const BINS: usize = 40;
    let mut counts = [[0u64; 2]; BINS];
    for (&p, &event) in scored.scores().iter().zip(scored.outcomes()) {
        let bin = ((p * BINS as f64) as usize).min(BINS - 1);
        counts[bin][usize::from(event)] += 1;
    }
    let tallest = counts.iter().flatten().copied().max().unwrap_or(1).max(1) as f64;
    let middle = 0.5 * FLOOR;
    let half = 0.42 * -FLOOR;
    let ends = [frame.at(0.0, middle), frame.at(1.0, middle)];
    canvas.line(&ends, Stroke::new(GRAY, 1.5));
    for (bin, c) in counts.iter().enumerate() {
        let (x0, x1) = (bin as f64 / BINS as f64, (bin + 1) as f64 / BINS as f64);
        for (height, color) in [(c[1] as f64, PALETTE[1]), (-(c[0] as f64), PALETTE[0])] {
            if height != 0.0 {
                let y = middle + half * height / tallest;
                let a = frame.at(x0, middle.max(y));
                let b = frame.at(x1, middle.min(y));
                canvas.rectangle(Area::new(a.0 + 2.0, a.1, b.0 - 2.0, b.1), color);
            }
        }
    }
}
