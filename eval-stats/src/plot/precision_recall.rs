//! Precision-recall curves.

use super::Layout;
use super::canvas::{Axis, Dash, Entry, GRAY, Legend, Mark, Stroke};
use super::chart::{Chart, Place};
use crate::error::{Error, Result};
use crate::estimate::{Estimate, percent};
use crate::precision_recall::PrecisionRecallCurve;

/// A precision-recall curve with its name.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct PrecisionRecallSeries<'a> {
    /// Name in the legend.
    pub name: &'a str,
    /// The curve.
    pub curve: &'a PrecisionRecallCurve,
    /// Average precision with an interval, shown in place of the curve's own.
    pub interval: Option<Estimate>,
}

impl<'a> PrecisionRecallSeries<'a> {
    /// A curve with its average precision.
    pub fn new(name: &'a str, curve: &'a PrecisionRecallCurve) -> Self {
        Self {
            name,
            curve,
            interval: None,
        }
    }

    /// Adds an interval.
    pub fn interval(mut self, interval: Estimate) -> Self {
        self.interval = Some(interval);
        self
    }
}

/// Precision over recall as the steps that average precision sums, with the prevalence (the
/// precision of a useless score) as a dashed line.
///
/// ```
/// use eval_stats::{Scored, precision_recall::PrecisionRecallCurve};
/// use eval_stats::plot::{Layout, PrecisionRecallSeries, precision_recall_curves};
/// let s = Scored::new(&[0.1, 0.4, 0.35, 0.8], &[false, false, true, true])?;
/// let curve = PrecisionRecallCurve::new(&s);
/// let series = [PrecisionRecallSeries::new("model", &curve)];
/// assert!(precision_recall_curves(&series, &Layout::new())?.contains("model"));
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::Empty`] without series or for a curve without points, [`Error::NotFinite`] for an
/// average precision that is not a number.
pub fn precision_recall_curves(
    series: &[PrecisionRecallSeries<'_>],
    layout: &Layout,
) -> Result<String> {
    if series.is_empty() || series.iter().any(|s| s.curve.points.is_empty()) {
        return Err(Error::Empty { what: "series" });
    }
    let mut baselines: Vec<f64> = Vec::new();
    for s in series {
        crate::error::all_finite("the average precision", &[average(s), s.curve.baseline])?;
        if !baselines.contains(&s.curve.baseline) {
            baselines.push(s.curve.baseline);
        }
    }
    let axes = (
        Axis::unit("Recall (sensitivity)"),
        Axis::unit("Precision (positive predictive value)"),
    );
    let mut chart = Chart::new(
        layout,
        axes,
        1.0,
        0.0,
        legend(series, &baselines),
        Place::Beside,
    );
    let Chart { canvas, frame, .. } = &mut chart;
    for &p in &baselines {
        frame.horizontal(canvas, p, Stroke::new(GRAY, 3.0).dash(Dash::Dashed));
    }
    for (i, s) in series.iter().enumerate() {
        frame.curve(canvas, &steps(s.curve), Stroke::series(i));
    }
    let values: Vec<String> = series
        .iter()
        .map(|s| format!("{}: average precision {}.", s.name, value(s)))
        .collect();
    Ok(chart.finish(&format!("Precision-recall curves. {}", values.join(" "))))
}

/// Between two recalls the precision is that of the greater.
fn steps(curve: &PrecisionRecallCurve) -> Vec<(f64, f64)> {
    let mut path = Vec::with_capacity(2 * curve.points.len());
    let mut recall = 0.0;
    for p in &curve.points {
        path.push((recall, p.precision));
        path.push((p.recall, p.precision));
        recall = p.recall;
    }
    path
}

fn average(s: &PrecisionRecallSeries<'_>) -> f64 {
    s.interval.map_or(s.curve.average_precision, |i| i.value)
}

fn value(s: &PrecisionRecallSeries<'_>) -> String {
    match s.interval {
        Some(i) => format!("{:.3} ({:.3}\u{2013}{:.3})", i.value, i.low, i.high),
        None => format!("{:.3}", average(s)),
    }
}

fn legend(series: &[PrecisionRecallSeries<'_>], baselines: &[f64]) -> Legend {
    let header = match series.iter().find_map(|s| s.interval) {
        Some(i) => format!("AP ({}% CI)", percent(i.level)),
        None => "Average precision".to_owned(),
    };
    let mut legend = Legend::new().header(header);
    for (i, s) in series.iter().enumerate() {
        legend.push(Entry::new(Mark::Line(Stroke::series(i)), s.name).value(value(s)));
    }
    let shares: Vec<String> = baselines.iter().map(|p| format!("{p:.3}")).collect();
    legend.push(Entry::reference("prevalence").value(shares.join(", ")));
    legend
}
