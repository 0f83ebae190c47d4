//! Readers without and with assistance.

use super::canvas::{
    Area, Axis, Canvas, Color, Entry, Frame, Grid, INK, Legend, MARGIN, Mark, PALETTE, SMALL_TEXT,
    Stroke, Text,
};
use super::chart::Names;
use super::{Layout, Width};
use crate::confusion::ClassificationMetrics;
use crate::error::{Error, Result};
use crate::estimate::percent;
use crate::proportion::Proportion;

/// Accuracy, sensitivity and specificity with their intervals.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReaderRates {
    /// Share of right calls.
    pub accuracy: Proportion,
    /// Share of events called positive.
    pub sensitivity: Proportion,
    /// Share of non-events called negative.
    pub specificity: Proportion,
}

impl ReaderRates {
    /// Three rates.
    pub fn new(accuracy: Proportion, sensitivity: Proportion, specificity: Proportion) -> Self {
        Self {
            accuracy,
            sensitivity,
            specificity,
        }
    }

    /// The rates of a table of calls; `None` where one of them divides by zero.
    pub fn from_metrics(metrics: &ClassificationMetrics) -> Option<Self> {
        Some(Self::new(
            metrics.accuracy?,
            metrics.sensitivity?,
            metrics.specificity?,
        ))
    }

    fn all(&self) -> [&Proportion; 3] {
        [&self.accuracy, &self.sensitivity, &self.specificity]
    }
}

/// A reader's rates.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ReaderBars<'a> {
    /// Name under the bars.
    pub name: &'a str,
    /// Rates without assistance.
    pub without: ReaderRates,
    /// Rates with assistance.
    pub with: Option<ReaderRates>,
}

impl<'a> ReaderBars<'a> {
    /// A reader without assistance.
    pub fn new(name: &'a str, without: ReaderRates) -> Self {
        Self {
            name,
            without,
            with: None,
        }
    }

    /// Adds the rates with assistance.
    pub fn with(mut self, with: ReaderRates) -> Self {
        self.with = Some(with);
        self
    }
}

const WITHOUT: Color = PALETTE[5];
const WITH: Color = PALETTE[0];
const MEASURES: [&str; 3] = ["Accuracy (%)", "Sensitivity (%)", "Specificity (%)"];

/// Accuracy, sensitivity and specificity of readers without and with assistance, as bars with
/// their intervals and percentages above; below each other on one column, side by side on two.
///
/// ```
/// use eval_stats::{confusion::ConfusionMatrix, proportion::ProportionMethod};
/// use eval_stats::plot::{Layout, ReaderBars, ReaderRates, reader_bars};
/// let m = ConfusionMatrix { tp: 80, fn_: 20, fp: 10, tn: 90 };
/// let metrics = m.metrics(0.95, ProportionMethod::Wilson)?;
/// let rates = ReaderRates::from_metrics(&metrics).expect("both classes");
/// let svg = reader_bars(&[ReaderBars::new("junior", rates)], &Layout::new())?;
/// assert!(svg.contains("junior"));
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::Empty`] without readers, [`Error::NotProbability`] for a rate or limit outside
/// `[0, 1]`, [`Error::NotFinite`] for one that is not a number.
pub fn reader_bars(readers: &[ReaderBars<'_>], layout: &Layout) -> Result<String> {
    let Some(first) = readers.first() else {
        return Err(Error::Empty { what: "readers" });
    };
    for rates in readers
        .iter()
        .flat_map(|r| [Some(r.without), r.with])
        .flatten()
    {
        for p in rates.all() {
            crate::error::all_probabilities("a reader's rate", &[p.value, p.low, p.high])?;
        }
    }
    let mut canvas = Canvas::new(layout);
    let names: Vec<&str> = readers.iter().map(|r| r.name).collect();
    let mut bottom = canvas.top();
    let side_by_side = layout.width == Width::Double;
    let width = canvas.width() / if side_by_side { 3.0 } else { 1.0 };
    for (m, measure) in MEASURES.iter().enumerate() {
        let (left, top) = if side_by_side {
            (width * m as f64, canvas.top())
        } else {
            (0.0, bottom)
        };
        // Room above 100 for the percentages.
        let y = Axis::linear(*measure, 0.0, 112.0).ticks(&[0.0, 20.0, 40.0, 60.0, 80.0, 100.0]);
        let x = Axis::linear("", 0.0, readers.len() as f64).without_ticks();
        let height = if side_by_side { 380.0 } else { 270.0 };
        let frame = Frame::fitted((left, top), width, height, x, y);
        frame.draw(&mut canvas, Grid::Horizontal);
        for (i, reader) in readers.iter().enumerate() {
            pair(&mut canvas, &frame, i, reader, m);
        }
        let last = m + 1 == MEASURES.len();
        let labels = Names::new(&names, frame.area.width());
        if side_by_side || last {
            labels.draw(&mut canvas, &frame);
            bottom = frame.area.bottom + labels.height();
        } else {
            bottom = frame.area.bottom + 26.0;
        }
    }
    let legend = legend(readers, percent(first.without.accuracy.level));
    let legend_width = canvas.width() - 2.0 * MARGIN - 10.0;
    legend.draw(&mut canvas, (MARGIN + 10.0, bottom + 14.0), legend_width);
    bottom += 14.0 + legend.height(legend_width);
    Ok(canvas.finish(bottom, &description(readers)))
}

fn legend(readers: &[ReaderBars<'_>], level: f64) -> Legend {
    let mut legend = Legend::new();
    let assisted = readers.iter().any(|r| r.with.is_some());
    let (without, with) = ("without assistance", "with assistance");
    legend.push(Entry::new(Mark::Box(WITHOUT), without));
    if assisted {
        legend.push(Entry::new(Mark::Box(WITH), with));
    }
    legend.push(Entry::new(Mark::None, format!("whiskers: {level}% CI")));
    legend
}

fn description(readers: &[ReaderBars<'_>]) -> String {
    let show = |r: &ReaderRates| {
        let [a, b, c] = r.all().map(|p| 100.0 * p.value);
        format!("accuracy {a:.1}%, sensitivity {b:.1}%, specificity {c:.1}%")
    };
    let rows: Vec<String> = readers
        .iter()
        .map(|r| match &r.with {
            Some(with) => format!(
                "{}: {} without assistance; {} with assistance.",
                r.name,
                show(&r.without),
                show(with)
            ),
            None => format!("{}: {}.", r.name, show(&r.without)),
        })
        .collect();
    format!("Readers. {}", rows.join(" "))
}

/// The bars of a reader and a measure.
fn pair(canvas: &mut Canvas, frame: &Frame, i: usize, reader: &ReaderBars<'_>, measure: usize) {
    let slot = i as f64;
    // Few readers do not make broad bars.
    const BROADEST: f64 = 70.0;
    let wide = (BROADEST * frame.x.high / frame.area.width()).min(0.36);
    let bars = match reader.with {
        Some(with) => vec![
            (slot + 0.48 - wide, slot + 0.48, reader.without, WITHOUT),
            (slot + 0.52, slot + 0.52 + wide, with, WITH),
        ],
        None => {
            let half = 0.5 * wide;
            vec![(
                slot + 0.5 - half,
                slot + 0.5 + half,
                reader.without,
                WITHOUT,
            )]
        }
    };
    for (from, to, rates, color) in bars {
        let p = rates.all()[measure];
        let (a, b) = (frame.at(from, 100.0 * p.value), frame.at(to, 0.0));
        canvas.rectangle(Area::new(a.0, a.1, b.0, b.1), color);
        let middle = 0.5 * (from + to);
        whisker(canvas, frame, middle, p, 0.25 * (b.0 - a.0));
        let text = format!("{:.0}", 100.0 * p.value);
        let style = Text::new(SMALL_TEXT).middle();
        if style.width(&text) < b.0 - a.0 + 4.0 {
            let top = frame.at(middle, 100.0 * p.high.max(p.value));
            canvas.text(&text, (top.0, top.1 - 0.7 * SMALL_TEXT), style);
        }
    }
}

fn whisker(canvas: &mut Canvas, frame: &Frame, x: f64, p: &Proportion, half: f64) {
    let (low, high) = (frame.at(x, 100.0 * p.low), frame.at(x, 100.0 * p.high));
    let stroke = Stroke::new(INK, 2.0);
    canvas.line(&[low, high], stroke);
    let half = half.min(7.0);
    for end in [low, high] {
        canvas.line(&[(end.0 - half, end.1), (end.0 + half, end.1)], stroke);
    }
}
