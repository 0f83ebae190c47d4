//! ROC curves of several models.

use super::Layout;
use super::canvas::{Axis, Dash, Entry, Frame, GRAY, Mark, Page, render, series_style};
use crate::cutoff::Cutoff;
use crate::error::{Error, Result};
use crate::estimate::{Estimate, percent};
use crate::roc::RocCurve;

/// A marked point, for example a frozen cut-off or a reader.
#[derive(Debug, Clone, PartialEq)]
pub struct OperatingPoint {
    /// Sensitivity.
    pub sensitivity: f64,
    /// Specificity.
    pub specificity: f64,
}

impl OperatingPoint {
    /// A point at given rates.
    pub fn new(sensitivity: f64, specificity: f64) -> Self {
        Self {
            sensitivity,
            specificity,
        }
    }
}

impl From<&Cutoff> for OperatingPoint {
    fn from(cutoff: &Cutoff) -> Self {
        Self::new(cutoff.sensitivity, cutoff.specificity)
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
}

impl<'a> RocSeries<'a> {
    /// A curve without a dot.
    pub fn new(name: &'a str, curve: &'a RocCurve, auc: Estimate) -> Self {
        Self {
            name,
            curve,
            auc,
            point: None,
        }
    }

    /// Adds a dot.
    pub fn point(mut self, point: OperatingPoint) -> Self {
        self.point = Some(point);
        self
    }
}

/// ROC curves, one per series, with `AUC (CI)` in the legend.
///
/// # Errors
/// [`Error::Empty`] without series, [`Error::Figure`].
pub fn roc_curves(series: &[RocSeries<'_>], layout: &Layout) -> Result<String> {
    let Some(first) = series.first() else {
        return Err(Error::Empty { what: "series" });
    };
    let mut legend: Vec<Entry> = vec![Entry {
        text: format!("AUC ({}% CI)", percent(first.auc.level)),
        mark: Mark::None,
    }];
    legend.extend(series.iter().enumerate().map(|(i, s)| {
        let (color, dash) = series_style(i);
        Entry {
            text: format!(
                "{}: {:.3} ({:.3}\u{2013}{:.3})",
                s.name, s.auc.value, s.auc.low, s.auc.high
            ),
            mark: Mark::Line(color, dash),
        }
    }));
    if series.iter().any(|s| s.point.is_some()) {
        legend.push(Entry {
            text: "cut-off".to_string(),
            mark: Mark::Dot(GRAY),
        });
    }
    let page = Page::new(layout, 1.0, 0, legend);
    render(&page, |canvas| {
        let frame = Frame::new(
            canvas,
            page.plot,
            Axis::unit("1 \u{2212} specificity"),
            Axis::unit("Sensitivity"),
        )?;
        frame.curve(&[(0.0, 0.0), (1.0, 1.0)], GRAY, Dash::Dashed)?;
        for (i, s) in series.iter().enumerate() {
            let (color, dash) = series_style(i);
            let points: Vec<(f64, f64)> = s
                .curve
                .points
                .iter()
                .rev()
                .map(|p| (1.0 - p.specificity, p.sensitivity))
                .collect();
            frame.curve(&points, color, dash)?;
        }
        for (i, s) in series.iter().enumerate() {
            if let Some(p) = &s.point {
                frame.dot(1.0 - p.specificity, p.sensitivity, series_style(i).0)?;
            }
        }
        Ok(())
    })
}
