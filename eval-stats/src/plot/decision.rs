//! Decision curves, interventions avoided and differences in net benefit.

use super::Layout;
use super::canvas::{Axis, Dash, Entry, GRAY, INK, Legend, Mark, Stroke};
use super::chart::{COST_AXIS, Chart, Place, cost_benefit_axis, subjects};
use crate::decision_curve::{DecisionBand, DecisionCurve, DecisionPoint, NetBenefitDifference};
use crate::error::{Error, Result};
use crate::estimate::percent;

/// Net benefit below this is not shown.
const FLOOR: f64 = -0.05;
/// Interventions avoided below this, per 100, are not shown.
const FEWEST_AVOIDED: f64 = -10.0;

/// A decision curve with its name.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct DecisionSeries<'a> {
    /// Name in the legend.
    pub name: &'a str,
    /// The curve.
    pub curve: &'a DecisionCurve,
    /// Pointwise limits at the thresholds of the curve, drawn as a band.
    pub band: Option<&'a [DecisionBand]>,
}

impl<'a> DecisionSeries<'a> {
    /// A curve without a band.
    pub fn new(name: &'a str, curve: &'a DecisionCurve) -> Self {
        Self {
            name,
            curve,
            band: None,
        }
    }

    /// Adds bootstrap limits.
    pub fn band(mut self, band: &'a [DecisionBand]) -> Self {
        self.band = Some(band);
        self
    }
}

/// Net benefit of models over thresholds, with treating all and treating none, and below the axis
/// the cost to benefit that each threshold implies.
///
/// The vertical axis ends a little below zero: curves and bands are cut at -0.05, because treating
/// all falls without bound and would flatten everything else.
///
/// ```
/// use eval_stats::decision_curve::{DecisionCurve, DecisionCurveSettings, threshold_grid};
/// use eval_stats::plot::{DecisionSeries, Layout, decision_curves};
/// let s = eval_stats::Scored::new(&[0.1, 0.3, 0.6, 0.9], &[false, true, false, true])?;
/// let grid = threshold_grid(0.05, 0.5, 10);
/// let curve = DecisionCurve::new(&s, &grid, &DecisionCurveSettings::new())?;
/// let svg = decision_curves(&[DecisionSeries::new("model", &curve)], &Layout::new())?;
/// assert!(svg.contains("model"));
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::Empty`] without series, [`Error::TooFew`] for fewer than two distinct thresholds,
/// [`Error::LengthMismatch`] if a band has other thresholds than its curve, [`Error::NotFinite`]
/// for a net benefit that is not a number.
pub fn decision_curves(series: &[DecisionSeries<'_>], layout: &Layout) -> Result<String> {
    let Some(first) = series.first() else {
        return Err(Error::Empty { what: "series" });
    };
    for s in series {
        check_finite(s.curve, |p| p.net_benefit)?;
        check_finite(s.curve, |p| p.net_benefit_all)?;
        if let Some(band) = s.band {
            crate::error::same_length("the band", s.curve.points.len(), band.len())?;
        }
    }
    let (low, high) = threshold_range(all_thresholds(series))?;
    let top = highest(series);
    let axes = (
        Axis::linear("Threshold probability", low, high),
        Axis::linear("Net benefit", FLOOR, 1.05 * top),
    );
    let mut chart = Chart::new(layout, axes, 0.78, COST_AXIS, legend(series), Place::Below);
    let Chart { canvas, frame, .. } = &mut chart;
    for (i, s) in series.iter().enumerate() {
        if let Some(band) = s.band {
            let limits: Vec<(f64, f64, f64)> = band
                .iter()
                .map(|b| (b.threshold, b.net_benefit.0, b.net_benefit.1))
                .collect();
            frame.band(canvas, &limits, Stroke::series(i));
        }
    }
    frame.horizontal(canvas, 0.0, Stroke::line(INK).dash(Dash::Dotted));
    let all = points(first.curve, |p| p.net_benefit_all);
    frame.curve(canvas, &all, Stroke::line(GRAY).dash(Dash::Dashed));
    for (i, s) in series.iter().enumerate() {
        frame.curve(
            canvas,
            &points(s.curve, |p| p.net_benefit),
            Stroke::series(i),
        );
    }
    cost_benefit_axis(&mut chart);
    Ok(chart.finish(&format!("Decision curves of {}.", names(series))))
}

fn highest(series: &[DecisionSeries<'_>]) -> f64 {
    let of_curves = series
        .iter()
        .flat_map(|s| &s.curve.points)
        .map(|p| p.net_benefit.max(p.net_benefit_all));
    let of_bands = series
        .iter()
        .flat_map(|s| s.band.unwrap_or_default())
        .map(|b| b.net_benefit.1);
    of_curves
        .chain(of_bands)
        .filter(|v| v.is_finite())
        .fold(0.01, f64::max)
}

fn names(series: &[DecisionSeries<'_>]) -> String {
    let names: Vec<&str> = series.iter().map(|s| s.name).collect();
    names.join(", ")
}

fn legend(series: &[DecisionSeries<'_>]) -> Legend {
    let mut legend = models(series, |s| s.band.is_some());
    legend.push(Entry::reference("treat all"));
    legend.push(Entry::dotted("treat none"));
    push_subjects(&mut legend, series);
    legend
}

fn models(series: &[DecisionSeries<'_>], banded: fn(&DecisionSeries<'_>) -> bool) -> Legend {
    let mut legend = Legend::new();
    for (i, s) in series.iter().enumerate() {
        let stroke = Stroke::series(i);
        let mark = if banded(s) {
            Mark::Band(stroke)
        } else {
            Mark::Line(stroke)
        };
        legend.push(Entry::new(mark, s.name));
    }
    legend
}

/// Where all curves are of the same number of subjects it is said once.
fn push_subjects(legend: &mut Legend, series: &[DecisionSeries<'_>]) {
    let counts: Vec<(usize, usize)> = series
        .iter()
        .map(|s| (s.curve.n, s.curve.n_events))
        .collect();
    if let Some(&(n, events)) = counts.first().filter(|c| counts.iter().all(|d| d == *c)) {
        legend.push(Entry::new(Mark::None, subjects(n, events)));
    }
}

fn points(curve: &DecisionCurve, y: fn(&DecisionPoint) -> f64) -> Vec<(f64, f64)> {
    curve.points.iter().map(|p| (p.threshold, y(p))).collect()
}

fn check_finite(curve: &DecisionCurve, y: fn(&DecisionPoint) -> f64) -> Result<()> {
    let values: Vec<f64> = curve.points.iter().map(y).collect();
    crate::error::all_finite("a decision curve", &values)
}

fn all_thresholds<'a>(series: &'a [DecisionSeries<'_>]) -> impl Iterator<Item = f64> + 'a {
    series
        .iter()
        .flat_map(|s| &s.curve.points)
        .map(|p| p.threshold)
}

/// Ends of an axis of thresholds.
pub(super) fn threshold_range(thresholds: impl Iterator<Item = f64>) -> Result<(f64, f64)> {
    let (low, high) = thresholds.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), t| {
        (l.min(t), h.max(t))
    });
    if low < high && low.is_finite() && high.is_finite() {
        // Grids that leave out 0 and 1 are drawn on an axis that ends there.
        let low = if (0.0..=0.05).contains(&low) {
            0.0
        } else {
            low
        };
        let high = if (0.95..=1.0).contains(&high) && low == 0.0 {
            1.0
        } else {
            high
        };
        return Ok((low, high));
    }
    Err(Error::TooFew {
        what: "distinct thresholds of a figure",
        found: usize::from(low == high),
        required: 2,
    })
}

/// Net interventions that models avoid against treating all, per 100 subjects, over thresholds.
/// Curves begin above threshold 0, where the number is not defined, and are cut at -10.
///
/// ```
/// use eval_stats::decision_curve::{DecisionCurve, DecisionCurveSettings, threshold_grid};
/// use eval_stats::plot::{DecisionSeries, Layout, interventions_avoided};
/// let s = eval_stats::Scored::new(&[0.1, 0.3, 0.6, 0.9], &[false, true, false, true])?;
/// let grid = threshold_grid(0.05, 0.5, 10);
/// let curve = DecisionCurve::new(&s, &grid, &DecisionCurveSettings::new())?;
/// let svg = interventions_avoided(&[DecisionSeries::new("model", &curve)], &Layout::new())?;
/// assert!(svg.contains("model"));
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::Empty`] without series, [`Error::TooFew`] for fewer than two distinct thresholds above
/// 0, [`Error::NotFinite`] for a number that is not finite.
pub fn interventions_avoided(series: &[DecisionSeries<'_>], layout: &Layout) -> Result<String> {
    if series.is_empty() {
        return Err(Error::Empty { what: "series" });
    }
    let curves: Vec<Vec<(f64, f64)>> = series
        .iter()
        .map(|s| {
            let defined = s.curve.points.iter();
            defined
                .filter_map(|p| Some((p.threshold, 100.0 * p.interventions_avoided?)))
                .collect()
        })
        .collect();
    let (low, high) = threshold_range(curves.iter().flatten().map(|p| p.0))?;
    let values: Vec<f64> = curves.iter().flatten().map(|p| p.1).collect();
    crate::error::all_finite("interventions avoided", &values)?;
    let top = values.iter().fold(1.0_f64, |m, &v| m.max(v));
    let bottom = values.iter().fold(0.0_f64, |m, &v| m.min(v));
    let axes = (
        Axis::linear("Threshold probability", low, high),
        Axis::linear(
            "Net interventions avoided per 100 subjects",
            bottom.max(FEWEST_AVOIDED),
            1.05 * top,
        ),
    );
    let mut legend = models(series, |_| false);
    push_subjects(&mut legend, series);
    let mut chart = Chart::new(layout, axes, 0.78, COST_AXIS, legend, Place::Below);
    let Chart { canvas, frame, .. } = &mut chart;
    frame.horizontal(canvas, 0.0, Stroke::new(INK, 2.5));
    for (i, curve) in curves.iter().enumerate() {
        frame.curve(canvas, curve, Stroke::series(i));
    }
    cost_benefit_axis(&mut chart);
    Ok(chart.finish(&format!("Interventions avoided by {}.", names(series))))
}

/// A difference in net benefit between two models over thresholds, with its name.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct DifferenceSeries<'a> {
    /// Name in the legend, for example "new minus old".
    pub name: &'a str,
    /// The differences with their limits.
    pub differences: &'a [NetBenefitDifference],
}

impl<'a> DifferenceSeries<'a> {
    /// Differences with a name.
    pub fn new(name: &'a str, differences: &'a [NetBenefitDifference]) -> Self {
        Self { name, differences }
    }
}

/// Differences in net benefit over thresholds with their limits as bands. Above the line at zero
/// the first model is of more use. The axis covers 1.5 times the size that nine of ten differences
/// keep to, at least 0.05; curves and bands are cut there, because differences grow without bound
/// towards threshold 1.
///
/// ```
/// use eval_stats::{Scored, bootstrap::Bootstrap};
/// use eval_stats::decision_curve::{DecisionCurveSettings, compare};
/// use eval_stats::plot::{DifferenceSeries, Layout, net_benefit_differences};
/// let y = [false, false, true, true];
/// let a = Scored::new(&[0.1, 0.2, 0.8, 0.9], &y)?;
/// let b = Scored::new(&[0.6, 0.2, 0.8, 0.9], &y)?;
/// let bootstrap = Bootstrap::new().replicates(100);
/// let gain = compare(&a, &b, &[0.3, 0.5], &DecisionCurveSettings::new(), &bootstrap, 0.95)?;
/// let svg = net_benefit_differences(&[DifferenceSeries::new("a - b", &gain)], &Layout::new())?;
/// assert!(svg.contains("a - b"));
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::Empty`] without series, [`Error::TooFew`] for fewer than two distinct thresholds,
/// [`Error::NotFinite`] for a difference that is not a number.
pub fn net_benefit_differences(series: &[DifferenceSeries<'_>], layout: &Layout) -> Result<String> {
    let first = series.iter().find_map(|s| s.differences.first());
    let Some(first) = first else {
        return Err(Error::Empty { what: "series" });
    };
    let rows = || series.iter().flat_map(|s| s.differences);
    let (from, to) = threshold_range(rows().map(|d| d.threshold))?;
    let values: Vec<f64> = rows().map(|d| d.value).collect();
    crate::error::all_finite("a difference in net benefit", &values)?;
    let ends = rows().flat_map(|d| [d.low, d.high, d.value, -0.01, 0.01]);
    let y = Axis::covering("Difference in net benefit", ends, 0.04);
    let most = usual_size(&values);
    let y = Axis::linear(y.label, y.low.max(-most), y.high.min(most));
    let mut legend = Legend::new();
    for (i, s) in series.iter().enumerate() {
        let text = format!("{} ({}% CI)", s.name, percent(first.level));
        legend.push(Entry::new(Mark::Band(Stroke::series(i)), text));
    }
    let axes = (Axis::linear("Threshold probability", from, to), y);
    let mut chart = Chart::new(layout, axes, 0.7, COST_AXIS, legend, Place::Below);
    let Chart { canvas, frame, .. } = &mut chart;
    for (i, s) in series.iter().enumerate() {
        let limits: Vec<(f64, f64, f64)> = s
            .differences
            .iter()
            .map(|d| (d.threshold, d.low, d.high))
            .collect();
        frame.band(canvas, &limits, Stroke::series(i));
    }
    frame.horizontal(canvas, 0.0, Stroke::new(INK, 2.5));
    for (i, s) in series.iter().enumerate() {
        let curve: Vec<(f64, f64)> = s
            .differences
            .iter()
            .map(|d| (d.threshold, d.value))
            .collect();
        frame.curve(canvas, &curve, Stroke::series(i));
    }
    cost_benefit_axis(&mut chart);
    let names: Vec<&str> = series.iter().map(|s| s.name).collect();
    Ok(chart.finish(&format!(
        "Differences in net benefit: {}.",
        names.join(", ")
    )))
}

/// 1.5 times the size that nine of ten values keep to, at least 0.05.
fn usual_size(values: &[f64]) -> f64 {
    let mut sizes: Vec<f64> = values.iter().map(|v| v.abs()).collect();
    sizes.sort_by(f64::total_cmp);
    (1.5 * sizes[9 * (sizes.len() - 1) / 10]).max(0.05)
}
