//! Risk waterfall, stacked risk bars and confusion matrices.

use plotters::style::RGBColor;
use plotters::style::text_anchor::HPos;

use super::Layout;
use super::canvas::{Axis, Dash, Entry, Frame, INK, Mark, PALETTE, Page, render};
use crate::confusion::ConfusionMatrix;
use crate::error::{Error, Result};
use crate::scored::Scored;

const EVENT: RGBColor = PALETTE[1];
const NO_EVENT: RGBColor = PALETTE[0];

fn outcome_legend() -> Vec<Entry> {
    vec![
        Entry {
            text: "event".to_string(),
            mark: Mark::Box(EVENT),
        },
        Entry {
            text: "no event".to_string(),
            mark: Mark::Box(NO_EVENT),
        },
    ]
}

/// One bar per subject by increasing score: score minus cut-off, coloured by the outcome. Events
/// below the line and non-events above it are the errors.
///
/// # Errors
/// [`Error::OutOfRange`] for a cut-off that is not finite, [`Error::Figure`].
pub fn waterfall(scored: &Scored, cutoff: f64, layout: &Layout) -> Result<String> {
    if !cutoff.is_finite() {
        return Err(Error::OutOfRange {
            name: "cut-off",
            value: cutoff,
            expected: "a finite score",
        });
    }
    let heights = || {
        scored.order().iter().map(|&i| {
            let i = i as usize;
            (scored.scores()[i] - cutoff, scored.outcomes()[i])
        })
    };
    let (low, high) = heights().fold((0.0_f64, 0.0_f64), |(l, h), (v, _)| (l.min(v), h.max(v)));
    // All scores at the cut-off leave nothing to scale by.
    let margin = if low < high { 0.05 * (high - low) } else { 1.0 };
    let page = Page::new(layout, 0.7, 0, outcome_legend());
    render(&page, |canvas| {
        let n = scored.n() as f64;
        let mut x = Axis::new("Subjects by increasing score", 0.0, n);
        x.ticks.retain(|t| *t > 0.0);
        let y = Axis::new("Score \u{2212} cut-off", low - margin, high + margin);
        let frame = Frame::new(canvas, page.plot, x, y)?;
        for (i, (v, event)) in heights().enumerate() {
            let color = if event { EVENT } else { NO_EVENT };
            let a = frame.at(i as f64, v.max(0.0));
            let b = frame.at((i + 1) as f64, v.min(0.0));
            canvas.rectangle([a, (b.0.max(a.0 + 1), b.1)], color, true)?;
        }
        frame.curve(&[(0.0, 0.0), (n, 0.0)], INK, Dash::Solid)
    })
}

/// A group of subjects, for example "low risk" of one data set.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RiskBar {
    /// Name under the bar; `\n` breaks the line.
    pub name: String,
    /// Subjects with the event.
    pub events: u64,
    /// Subjects without.
    pub non_events: u64,
}

impl RiskBar {
    /// A bar.
    pub fn new(name: impl Into<String>, events: u64, non_events: u64) -> Self {
        Self {
            name: name.into(),
            events,
            non_events,
        }
    }
}

/// Stacked bars of the share of events in each group, counts written in the parts.
///
/// # Errors
/// [`Error::Empty`] without bars or for a bar without subjects, [`Error::Figure`].
pub fn risk_bars(bars: &[RiskBar], layout: &Layout) -> Result<String> {
    if bars.is_empty() {
        return Err(Error::Empty { what: "bars" });
    }
    if bars.iter().any(|b| b.events + b.non_events == 0) {
        return Err(Error::Empty { what: "a bar" });
    }
    let page = Page::new(layout, 0.8, 10, outcome_legend());
    render(&page, |canvas| {
        let mut x = Axis::new("", 0.0, bars.len() as f64);
        x.ticks.clear();
        let mut y = Axis::new("Share of subjects (%)", 0.0, 100.0);
        y.ticks = vec![0.0, 20.0, 40.0, 60.0, 80.0, 100.0];
        let frame = Frame::new(canvas, page.plot, x, y)?;
        for (i, bar) in bars.iter().enumerate() {
            let (left, right) = (i as f64 + 0.2, i as f64 + 0.8);
            let n = (bar.events + bar.non_events) as f64;
            let share = 100.0 * bar.events as f64 / n;
            for (from, to, count, color) in [
                (0.0, share, bar.events, EVENT),
                (share, 100.0, bar.non_events, NO_EVENT),
            ] {
                canvas.rectangle([frame.at(left, to), frame.at(right, from)], color, true)?;
                // Too thin a part has no room for its count.
                if to - from >= 6.0 {
                    let at = frame.at(0.5 * (left + right), 0.5 * (from + to));
                    canvas.text(
                        &count.to_string(),
                        at,
                        26.0,
                        HPos::Center,
                        RGBColor(255, 255, 255),
                    )?;
                }
            }
            for (line, text) in bar.name.lines().enumerate() {
                let (px, py) = frame.at(0.5 * (left + right), 0.0);
                canvas.text(
                    text,
                    (px, py + 28 + 30 * line as i32),
                    24.0,
                    HPos::Center,
                    INK,
                )?;
            }
        }
        Ok(())
    })
}

/// A two-by-two table with counts and row shares, darker where more subjects are.
///
/// # Errors
/// [`Error::Empty`] for a table without subjects, [`Error::Figure`].
pub fn confusion_matrix(matrix: &ConfusionMatrix, layout: &Layout) -> Result<String> {
    if matrix.n() == 0 {
        return Err(Error::Empty {
            what: "the confusion matrix",
        });
    }
    let page = Page::new(layout, 0.8, -60, Vec::new());
    let (left, top, right, bottom) = page.plot;
    let (left, top) = (left + 60, top + 50);
    let cell = |i: i32, n: i32, from: i32, to: i32| from + (to - from) * i / n;
    render(&page, |canvas| {
        let rows = [
            ("event", [matrix.tp, matrix.fn_]),
            ("no event", [matrix.fp, matrix.tn]),
        ];
        for (r, (name, counts)) in rows.iter().enumerate() {
            let (y0, y1) = (
                cell(r as i32, 2, top, bottom),
                cell(r as i32 + 1, 2, top, bottom),
            );
            canvas.text(name, (left - 12, (y0 + y1) / 2), 26.0, HPos::Right, INK)?;
            let total = (counts[0] + counts[1]).max(1) as f64;
            for (c, &count) in counts.iter().enumerate() {
                let (x0, x1) = (
                    cell(c as i32, 2, left, right),
                    cell(c as i32 + 1, 2, left, right),
                );
                let share = count as f64 / total;
                let shade = |full: u8| (255.0 - share * f64::from(255 - full)) as u8;
                let color = RGBColor(shade(0), shade(114), shade(178));
                canvas.rectangle([(x0 + 3, y0 + 3), (x1 - 3, y1 - 3)], color, true)?;
                let ink = if share > 0.55 {
                    RGBColor(255, 255, 255)
                } else {
                    INK
                };
                let middle = ((x0 + x1) / 2, (y0 + y1) / 2);
                canvas.text(
                    &count.to_string(),
                    (middle.0, middle.1 - 20),
                    38.0,
                    HPos::Center,
                    ink,
                )?;
                let percent = format!("{:.1}%", 100.0 * share);
                canvas.text(&percent, (middle.0, middle.1 + 22), 24.0, HPos::Center, ink)?;
            }
        }
        for (c, name) in ["test positive", "test negative"].iter().enumerate() {
            let x = (cell(c as i32, 2, left, right) + cell(c as i32 + 1, 2, left, right)) / 2;
            canvas.text(name, (x, top - 22), 26.0, HPos::Center, INK)?;
        }
        Ok(())
    })
}
