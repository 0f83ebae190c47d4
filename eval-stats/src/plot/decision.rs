//! Decision curves and clinical impact curves.

use plotters::style::text_anchor::HPos;

use super::Layout;
use super::canvas::{
    Axis, Dash, Entry, Frame, GRAY, INK, Mark, PALETTE, Page, THIN, render, series_style,
};
use crate::clinical_impact::ClinicalImpact;
use crate::decision_curve::{DecisionBand, DecisionCurve};
use crate::error::{Error, Result};

/// Net benefit below this is not shown.
const FLOOR: f64 = -0.05;

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

/// Net benefit of models over thresholds, with treating all and treating none.
///
/// The axis ends a little below zero: losses beyond -0.05 are cut.
///
/// # Errors
/// [`Error::Empty`] without series or thresholds, [`Error::TooFew`] for a single threshold,
/// [`Error::LengthMismatch`] if a band has other thresholds than its curve, [`Error::Figure`].
pub fn decision_curves(series: &[DecisionSeries<'_>], layout: &Layout) -> Result<String> {
    let Some(first) = series.first() else {
        return Err(Error::Empty { what: "series" });
    };
    let (low, high) = threshold_range(first.curve.points.iter().map(|p| p.threshold))?;
    let top = series
        .iter()
        .flat_map(|s| &s.curve.points)
        .map(|p| p.net_benefit.max(p.net_benefit_all))
        .fold(0.01, f64::max);
    let mut legend: Vec<Entry> = series
        .iter()
        .enumerate()
        .map(|(i, s)| {
            let (color, dash) = series_style(i);
            Entry {
                text: s.name.to_string(),
                mark: Mark::Line(color, dash),
            }
        })
        .collect();
    for (text, color, dash) in [
        ("treat all", GRAY, Dash::Dashed),
        ("treat none", INK, Dash::Dotted),
    ] {
        legend.push(Entry {
            text: text.to_string(),
            mark: Mark::Line(color, dash),
        });
    }
    let page = Page::new(layout, 0.8, 0, legend);
    render(&page, |canvas| {
        let frame = Frame::new(
            canvas,
            page.plot,
            Axis::new("Risk threshold", low, high),
            Axis::new("Net benefit", FLOOR, 1.06 * top),
        )?;
        frame.curve(&[(low, 0.0), (high, 0.0)], INK, Dash::Dotted)?;
        let all: Vec<(f64, f64)> = points(first.curve, |p| p.net_benefit_all);
        frame.curve(&all, GRAY, Dash::Dashed)?;
        for (i, s) in series.iter().enumerate() {
            let (color, dash) = series_style(i);
            if let Some(band) = s.band {
                crate::error::same_length("the band", s.curve.points.len(), band.len())?;
                let column = |f: fn(&DecisionBand) -> f64| band.iter().map(f).collect::<Vec<_>>();
                let x = column(|b| b.threshold);
                frame.band(
                    &x,
                    &column(|b| b.net_benefit.0),
                    &column(|b| b.net_benefit.1),
                    color,
                )?;
            }
            frame.curve(&points(s.curve, |p| p.net_benefit), color, dash)?;
        }
        Ok(())
    })
}

fn points(
    curve: &DecisionCurve,
    y: fn(&crate::decision_curve::DecisionPoint) -> f64,
) -> Vec<(f64, f64)> {
    curve.points.iter().map(|p| (p.threshold, y(p))).collect()
}

fn threshold_range(thresholds: impl Iterator<Item = f64>) -> Result<(f64, f64)> {
    let (low, high) = thresholds.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), t| {
        (l.min(t), h.max(t))
    });
    if low < high {
        return Ok((low, high));
    }
    Err(Error::TooFew {
        what: "distinct thresholds of a figure",
        found: usize::from(low == high),
        required: 2,
    })
}

/// Number at high risk, and number at high risk with the event, over thresholds; below the axis the
/// cost to benefit that each threshold implies.
///
/// # Errors
/// [`Error::TooFew`] for fewer than two thresholds, [`Error::Figure`].
pub fn clinical_impact(impact: &ClinicalImpact, layout: &Layout) -> Result<String> {
    let (low, high) = threshold_range(impact.points.iter().map(|p| p.threshold))?;
    let legend = vec![
        Entry {
            text: "number at high risk".to_string(),
            mark: Mark::Line(PALETTE[0], Dash::Solid),
        },
        Entry {
            text: "number at high risk with the event".to_string(),
            mark: Mark::Line(PALETTE[1], Dash::Dashed),
        },
    ];
    let x: Vec<f64> = impact.points.iter().map(|p| p.threshold).collect();
    let page = Page::new(layout, 0.8, 100, legend);
    render(&page, |canvas| {
        let label = format!("Number per {} subjects", impact.population);
        let frame = Frame::new(
            canvas,
            page.plot,
            Axis::new("Risk threshold", low, high),
            Axis::new(&label, 0.0, impact.population),
        )?;
        type Limits = fn(&crate::clinical_impact::ImpactPoint) -> Option<(f64, f64)>;
        let bands: [(Limits, _); 2] = [
            (|p| p.high_risk_limits, PALETTE[0]),
            (|p| p.high_risk_events_limits, PALETTE[1]),
        ];
        for (limits, color) in bands {
            let limits: Option<Vec<(f64, f64)>> = impact.points.iter().map(limits).collect();
            if let Some(limits) = limits {
                let (low, high): (Vec<f64>, Vec<f64>) = limits.into_iter().unzip();
                frame.band(&x, &low, &high, color)?;
            }
        }
        let line = |y: fn(&crate::clinical_impact::ImpactPoint) -> f64| -> Vec<(f64, f64)> {
            impact.points.iter().map(|p| (p.threshold, y(p))).collect()
        };
        frame.curve(&line(|p| p.high_risk), PALETTE[0], Dash::Solid)?;
        frame.curve(&line(|p| p.high_risk_events), PALETTE[1], Dash::Dashed)?;
        cost_benefit_axis(canvas, &frame, &page, low, high)
    })
}

/// A second axis of fractions `t : (1 - t)` that are easy to say.
fn cost_benefit_axis(
    canvas: &super::canvas::Canvas<'_>,
    frame: &Frame<'_, '_>,
    page: &Page,
    low: f64,
    high: f64,
) -> Result<()> {
    const FRACTIONS: [(f64, f64); 9] = [
        (1.0, 100.0),
        (1.0, 9.0),
        (1.0, 4.0),
        (2.0, 3.0),
        (1.0, 1.0),
        (3.0, 2.0),
        (4.0, 1.0),
        (9.0, 1.0),
        (100.0, 1.0),
    ];
    let (left, _, right, bottom) = page.plot;
    let y = bottom + 110;
    canvas.line(&[(left, y), (right, y)], INK, THIN)?;
    let mut free_from = i32::MIN;
    for (cost, benefit) in FRACTIONS {
        let threshold = cost / (cost + benefit);
        if !(low..=high).contains(&threshold) {
            continue;
        }
        let x = frame.at(threshold, 0.0).0;
        canvas.line(&[(x, y), (x, y + 8)], INK, THIN)?;
        let text = format!("{cost}:{benefit}");
        let half = (0.5 * super::canvas::text_width(&text, 24.0)) as i32;
        // A label that would touch its neighbour is left out; its tick stays.
        if x - half > free_from && x + half <= page.width {
            canvas.text(&text, (x, y + 26), 24.0, HPos::Center, INK)?;
            free_from = x + half + 8;
        }
    }
    let middle = (left + right) / 2;
    canvas.text("Cost : benefit", (middle, y + 66), 28.0, HPos::Center, INK)
}
