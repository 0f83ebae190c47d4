//! ROC curves of several models, with readers.

use super::Layout;
use super::canvas::{
    Axis, Canvas, Dash, Entry, Frame, GRAY, INK, Labels, Legend, Mark, SMALL_TEXT, Stroke, Text,
};
use super::chart::{Chart, Place, subjects};
use crate::cutoff::Cutoff;
use crate::error::{Error, Result};
use crate::estimate::{Estimate, percent};
use crate::roc::RocCurve;

/// A marked point, for example a frozen cut-off or a reader.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct OperatingPoint {
    /// Sensitivity.
    pub sensitivity: f64,
    /// Specificity.
    pub specificity: f64,
    /// What is written beside the point, usually the threshold.
    pub label: Option<String>,
}

impl OperatingPoint {
    /// A point at given rates, without a label.
    pub fn new(sensitivity: f64, specificity: f64) -> Self {
        Self {
            sensitivity,
            specificity,
            label: None,
        }
    }

    /// Adds what is written beside the point.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }
}

/// Labeled with the threshold in two decimals, unless it is infinite.
impl From<&Cutoff> for OperatingPoint {
    fn from(cutoff: &Cutoff) -> Self {
        let point = Self::new(cutoff.sensitivity, cutoff.specificity);
        if cutoff.threshold.abs() < 1e4 {
            point.label(super::chart::fixed(cutoff.threshold, 2))
        } else {
            point
        }
    }
}

/// Limits of the sensitivity at a specificity, a point of a pointwise confidence band.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct SensitivityLimits {
    /// Specificity.
    pub specificity: f64,
    /// Lower limit of the sensitivity.
    pub low: f64,
    /// Upper limit of the sensitivity.
    pub high: f64,
}

impl SensitivityLimits {
    /// Limits at a specificity.
    pub fn new(specificity: f64, low: f64, high: f64) -> Self {
        Self {
            specificity,
            low,
            high,
        }
    }
}

/// A curve with its name and area.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct RocSeries<'a> {
    /// Name in the legend.
    pub name: &'a str,
    /// The curve.
    pub curve: &'a RocCurve,
    /// Area with its interval, shown in the legend.
    pub auc: Estimate,
    /// Operating point drawn as a dot, usually a cut-off frozen on training data.
    pub point: Option<OperatingPoint>,
    /// Pointwise limits, drawn as a band.
    pub band: Option<&'a [SensitivityLimits]>,
}

impl<'a> RocSeries<'a> {
    /// A curve without a dot.
    pub fn new(name: &'a str, curve: &'a RocCurve, auc: Estimate) -> Self {
        Self {
            name,
            curve,
            auc,
            point: None,
            band: None,
        }
    }

    /// Adds a dot.
    pub fn point(mut self, point: OperatingPoint) -> Self {
        self.point = Some(point);
        self
    }

    /// Adds a confidence band; its points may come in any order.
    pub fn band(mut self, band: &'a [SensitivityLimits]) -> Self {
        self.band = Some(band);
        self
    }
}

/// A reader's calls, without and with the assistance of a model.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ReaderPoint<'a> {
    /// Name beside the point.
    pub name: &'a str,
    /// Rates without assistance.
    pub without: OperatingPoint,
    /// Rates with assistance; an arrow leads there.
    pub with: Option<OperatingPoint>,
}

impl<'a> ReaderPoint<'a> {
    /// A reader without assistance.
    pub fn new(name: &'a str, without: OperatingPoint) -> Self {
        Self {
            name,
            without,
            with: None,
        }
    }

    /// Adds the rates with assistance.
    pub fn with(mut self, with: OperatingPoint) -> Self {
        self.with = Some(with);
        self
    }
}

/// ROC curves, one per series, with `AUC (CI)` in the legend and cut-offs as labeled dots.
///
/// A label is left out where nothing is free around its dot.
///
/// ```
/// use eval_stats::plot::{Layout, OperatingPoint, RocSeries, roc_curves};
/// use eval_stats::{Scored, delong, roc::RocCurve};
/// let s = Scored::new(&[0.1, 0.4, 0.35, 0.8], &[false, false, true, true])?;
/// let curve = RocCurve::new(&s);
/// let series = RocSeries::new("model", &curve, delong::auc(&s, 0.95)?)
///     .point(OperatingPoint::new(0.5, 1.0).label("0.6"));
/// assert!(roc_curves(&[series], &Layout::new())?.contains("model"));
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// As [`roc_curves_with_readers`].
pub fn roc_curves(series: &[RocSeries<'_>], layout: &Layout) -> Result<String> {
    roc_curves_with_readers(series, &[], layout)
}

/// ROC curves with the operating points of readers: a circle without assistance, a disk with it,
/// joined by an arrow and named.
///
/// ```
/// use eval_stats::plot::{Layout, OperatingPoint, ReaderPoint, roc_curves_with_readers};
/// let junior = ReaderPoint::new("junior", OperatingPoint::new(0.6, 0.7))
///     .with(OperatingPoint::new(0.8, 0.8));
/// let svg = roc_curves_with_readers(&[], &[junior], &Layout::new())?;
/// assert!(svg.contains("reader with assistance"));
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::Empty`] without series and readers, [`Error::OutOfRange`] for a rate of a point or a
/// band outside `[0, 1]`, [`Error::NotFinite`] for an area that is not a number.
pub fn roc_curves_with_readers(
    series: &[RocSeries<'_>],
    readers: &[ReaderPoint<'_>],
    layout: &Layout,
) -> Result<String> {
    if series.is_empty() && readers.is_empty() {
        return Err(Error::Empty { what: "series" });
    }
    check(series, readers)?;
    let axes = (
        Axis::unit("1 \u{2212} specificity"),
        Axis::unit("Sensitivity"),
    );
    let mut chart = Chart::new(
        layout,
        axes,
        1.0,
        0.0,
        legend(series, readers),
        Place::Beside,
    );
    let Chart { canvas, frame, .. } = &mut chart;
    let chance = Stroke::new(GRAY, 3.0).dash(Dash::Dashed);
    frame.curve(canvas, &[(0.0, 0.0), (1.0, 1.0)], chance);
    let mut labels = Labels::new(frame.area);
    for (i, s) in series.iter().enumerate() {
        if let Some(band) = s.band {
            let mut points: Vec<(f64, f64, f64)> = band
                .iter()
                .map(|b| (1.0 - b.specificity, b.low, b.high))
                .collect();
            // Both limits rise where the curve does, also between points of one specificity.
            points.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
            frame.band(canvas, &points, Stroke::series(i));
        }
    }
    for (i, s) in series.iter().enumerate() {
        let points: Vec<(f64, f64)> = s
            .curve
            .points
            .iter()
            .rev()
            .map(|p| (1.0 - p.specificity, p.sensitivity))
            .collect();
        frame.curve(canvas, &points, Stroke::series(i));
        let path: Vec<_> = points.iter().map(|p| frame.at(p.0, p.1)).collect();
        labels.avoid_line(&path);
    }
    draw_points(canvas, frame, &mut labels, series, readers);
    let description = series
        .iter()
        .map(|s| format!("{}: AUC {}.", s.name, interval(&s.auc)))
        .collect::<Vec<_>>()
        .join(" ");
    Ok(chart.finish(&format!("ROC curves. {description}")))
}

fn check(series: &[RocSeries<'_>], readers: &[ReaderPoint<'_>]) -> Result<()> {
    let points = series
        .iter()
        .filter_map(|s| s.point.as_ref())
        .chain(readers.iter().map(|r| &r.without))
        .chain(readers.iter().filter_map(|r| r.with.as_ref()));
    for point in points {
        rate("sensitivity of a point", point.sensitivity)?;
        rate("specificity of a point", point.specificity)?;
    }
    for s in series {
        crate::error::all_finite("the area", &[s.auc.value, s.auc.low, s.auc.high])?;
        for b in s.band.unwrap_or_default() {
            rate("specificity of a band", b.specificity)?;
            rate("sensitivity of a band", b.low)?;
            rate("sensitivity of a band", b.high)?;
        }
    }
    Ok(())
}

/// Checks a rate.
fn rate(name: &'static str, value: f64) -> Result<()> {
    if (0.0..=1.0).contains(&value) {
        return Ok(());
    }
    Err(Error::OutOfRange {
        name,
        value,
        expected: "a rate in [0, 1]",
    })
}

fn interval(auc: &Estimate) -> String {
    format!("{:.3} ({:.3}\u{2013}{:.3})", auc.value, auc.low, auc.high)
}

fn legend(series: &[RocSeries<'_>], readers: &[ReaderPoint<'_>]) -> Legend {
    let mut legend = Legend::new();
    if let Some(first) = series.first() {
        legend = legend.header(format!("AUC ({}% CI)", percent(first.auc.level)));
    }
    for (i, s) in series.iter().enumerate() {
        let mark = match s.band {
            Some(_) => Mark::Band(Stroke::series(i)),
            None => Mark::Line(Stroke::series(i)),
        };
        legend.push(Entry::new(mark, s.name).value(interval(&s.auc)));
    }
    if series.iter().any(|s| s.point.is_some()) {
        legend.push(Entry::new(Mark::Dot(GRAY), "cut-off"));
    }
    if !readers.is_empty() {
        legend.push(Entry::new(Mark::Ring(INK), "reader"));
    }
    if readers.iter().any(|r| r.with.is_some()) {
        legend.push(Entry::new(Mark::Dot(INK), "reader with assistance"));
    }
    // Where all curves are of the same number of subjects it is said once.
    let counts: Vec<(usize, usize)> = series
        .iter()
        .map(|s| (s.curve.n_events + s.curve.n_non_events, s.curve.n_events))
        .collect();
    if let Some(&(n, events)) = counts.first().filter(|c| counts.iter().all(|d| d == *c)) {
        legend.push(Entry::new(Mark::None, subjects(n, events)));
    }
    legend
}

const DOT: f64 = 9.0;

fn draw_points(
    canvas: &mut Canvas,
    frame: &Frame,
    labels: &mut Labels,
    series: &[RocSeries<'_>],
    readers: &[ReaderPoint<'_>],
) {
    let at = |p: &OperatingPoint| frame.at(1.0 - p.specificity, p.sensitivity);
    // What all labels keep off is known before the first is placed.
    let mut named = Vec::new();
    for (i, s) in series.iter().enumerate() {
        if let Some(p) = &s.point {
            let color = Stroke::series(i).color;
            labels.avoid_dot(at(p), DOT + 2.0);
            named.extend(p.label.as_deref().map(|l| (l, at(p), color)));
        }
    }
    for reader in readers {
        let from = at(&reader.without);
        labels.avoid_dot(from, DOT + 2.0);
        if let Some(with) = &reader.with {
            let to = at(with);
            labels.avoid_dot(to, DOT + 2.0);
            labels.avoid_line(&[from, to]);
        }
        named.push((reader.name, from, INK));
    }
    for reader in readers {
        if let Some(with) = &reader.with {
            let (from, to) = (at(&reader.without), at(with));
            let length = (to.0 - from.0).hypot(to.1 - from.1);
            // The head ends at the rim of the disk.
            if length > 2.0 * DOT {
                let t = (length - DOT) / length;
                let end = (from.0 + t * (to.0 - from.0), from.1 + t * (to.1 - from.1));
                canvas.arrow(from, end, Stroke::new(INK, 3.0));
            }
        }
    }
    for reader in readers {
        if let Some(with) = &reader.with {
            canvas.dot(at(with), DOT, INK);
        }
        canvas.ring(at(&reader.without), DOT - 1.0, INK);
    }
    for (i, s) in series.iter().enumerate() {
        if let Some(p) = &s.point {
            canvas.dot(at(p), DOT, Stroke::series(i).color);
        }
    }
    for (text, at, color) in named {
        labels.place(canvas, text, at, Text::new(SMALL_TEXT).color(color));
    }
}
