//! Risk waterfall and stacked risk bars.

use super::Layout;
use super::canvas::{
    Area, Axis, Canvas, Color, Entry, Frame, INK, Legend, Mark, PALETTE, Stroke, THIN, TICK_TEXT,
    Text,
};
use super::chart::{Chart, Place};
use crate::error::{Error, Result};
use crate::scored::{Direction, Scored};

/// Color of subjects with the event.
pub(super) const EVENT: Color = PALETTE[1];
/// Color of subjects without.
pub(super) const NO_EVENT: Color = PALETTE[0];

/// A legend of both outcomes with their numbers.
pub(super) fn outcome_legend(events: u64, non_events: u64) -> Legend {
    let mut legend = Legend::new();
    let (event, none) = (
        format!("event (n = {events})"),
        format!("no event (n = {non_events})"),
    );
    legend.push(Entry::new(Mark::Box(EVENT), event));
    legend.push(Entry::new(Mark::Box(NO_EVENT), none));
    legend
}

/// One bar per subject, the likelier event to the right: score minus cut-off, colored by the
/// outcome. Events below the line and non-events above it are the errors (the other way round for
/// scores that are lower for a likelier event).
///
/// More subjects than bars can be told apart (1,500) share bars: neighbors in score stand sorted by
/// outcome at the mean height of theirs.
///
/// ```
/// use eval_stats::{Scored, plot::{Layout, waterfall}};
/// let s = Scored::new(&[0.1, 0.4, 0.35, 0.8], &[false, false, true, true])?;
/// assert!(waterfall(&s, 0.375, &Layout::new())?.starts_with("<svg"));
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::OutOfRange`] for a cut-off that is not finite.
pub fn waterfall(scored: &Scored, cutoff: f64, layout: &Layout) -> Result<String> {
    if !cutoff.is_finite() {
        return Err(Error::OutOfRange {
            name: "cut-off",
            value: cutoff,
            expected: "a finite score",
        });
    }
    let heights: Vec<(f64, bool)> = scored
        .order()
        .iter()
        .map(|&i| {
            let i = i as usize;
            // Kept finite where scores and cut-off are of opposite and huge size.
            let height = (scored.scores()[i] - cutoff).clamp(-1e300, 1e300);
            (height, scored.outcomes()[i])
        })
        .collect();
    let ends = heights.iter().map(|h| h.0).chain([0.0]);
    let n = heights.len() as f64;
    let order = match scored.direction() {
        Direction::HigherIsEvent => "Subjects by increasing score",
        Direction::LowerIsEvent => "Subjects by decreasing score",
    };
    let mut x = Axis::linear(order, 0.0, n);
    x.ticks.retain(|t| t.value > 0.0);
    let y = Axis::covering("Score \u{2212} cut-off", ends, 0.05);
    let legend = outcome_legend(scored.n_events() as u64, scored.n_non_events() as u64);
    let mut chart = Chart::new(layout, (x, y), 0.68, 0.0, legend, Place::Below);
    let Chart { canvas, frame, .. } = &mut chart;
    bars(canvas, frame, &heights);
    frame.horizontal(canvas, 0.0, Stroke::new(INK, THIN));
    let below = |event: bool| heights.iter().filter(|h| h.1 == event && h.0 < 0.0).count();
    Ok(chart.finish(&format!(
        "Waterfall of scores: {} of {} events and {} of {} non-events lie below the cut-off.",
        below(true),
        scored.n_events(),
        below(false),
        scored.n_non_events()
    )))
}

fn bars(canvas: &mut Canvas, frame: &Frame, heights: &[(f64, bool)]) {
    const MOST: usize = 1500;
    let per_bar = heights.len().div_ceil(MOST);
    let width = frame.area.width() / heights.len() as f64;
    // A hair wider than its share, so that no paper shows between neighbors; narrower where there is room for a gap.
    let gap = if width > 6.0 { 0.15 * width } else { -0.2 };
    for (k, part) in heights.chunks(per_bar).enumerate() {
        let mut from = k * per_bar;
        for (event, color) in [(false, NO_EVENT), (true, EVENT)] {
            let of_outcome = part.iter().filter(|h| h.1 == event);
            let count = of_outcome.clone().count();
            if count == 0 {
                continue;
            }
            let height = of_outcome.map(|h| h.0 / count as f64).sum::<f64>();
            let a = frame.at(from as f64, height.max(0.0));
            let b = frame.at((from + count) as f64, height.min(0.0));
            let area = Area::new(a.0 + 0.5 * gap, a.1, b.0 - 0.5 * gap, b.1);
            canvas.rectangle(area, color);
            from += count;
        }
    }
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

/// Stacked bars of the share of events in each group, counts written in the parts and the number of
/// subjects above where there is room. Long names are broken into lines, and stand upright below many bars.
///
/// ```
/// use eval_stats::plot::{Layout, RiskBar, risk_bars};
/// let bars = [RiskBar::new("low", 3, 27), RiskBar::new("high", 18, 12)];
/// assert!(risk_bars(&bars, &Layout::new())?.contains("high"));
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::Empty`] without bars or for a bar without subjects.
pub fn risk_bars(bars: &[RiskBar], layout: &Layout) -> Result<String> {
    if bars.is_empty() {
        return Err(Error::Empty { what: "bars" });
    }
    if bars
        .iter()
        .any(|b| b.events.saturating_add(b.non_events) == 0)
    {
        return Err(Error::Empty { what: "a bar" });
    }
    let names: Vec<&str> = bars.iter().map(|b| b.name.as_str()).collect();
    let total = |f: fn(&RiskBar) -> u64| bars.iter().fold(0u64, |sum, b| sum.saturating_add(f(b)));
    // Room above 100 for the number of subjects.
    let y = Axis::linear("Share of subjects (%)", 0.0, 108.0)
        .ticks(&[0.0, 20.0, 40.0, 60.0, 80.0, 100.0]);
    let legend = outcome_legend(total(|b| b.events), total(|b| b.non_events));
    let mut chart = Chart::categories(layout, &names, y, 0.72, legend);
    let Chart { canvas, frame, .. } = &mut chart;
    let style = Text::new(TICK_TEXT).middle();
    let slot = frame.area.width() / bars.len() as f64;
    let numbered = bars.iter().all(|b| style.width(&number(b)) + 12.0 < slot);
    for (i, bar) in bars.iter().enumerate() {
        risk_bar(canvas, frame, i, bar);
        if numbered {
            let at = frame.at(i as f64 + 0.5, 100.0);
            canvas.text(&number(bar), (at.0, at.1 - 0.75 * TICK_TEXT), style);
        }
    }
    let shares: Vec<String> = bars
        .iter()
        .map(|b| {
            let name = b.name.replace('\n', " ");
            format!("{name}: {} events, {} non-events.", b.events, b.non_events)
        })
        .collect();
    Ok(chart.finish(&format!("Events in risk groups. {}", shares.join(" "))))
}

fn number(bar: &RiskBar) -> String {
    format!("n = {}", bar.events.saturating_add(bar.non_events))
}

fn risk_bar(canvas: &mut Canvas, frame: &Frame, i: usize, bar: &RiskBar) {
    let (left, right) = (i as f64 + 0.18, i as f64 + 0.82);
    let n = bar.events as f64 + bar.non_events as f64;
    let share = 100.0 * bar.events as f64 / n;
    let style = Text::new(TICK_TEXT).middle();
    for (from, to, count, color) in [
        (0.0, share, bar.events, EVENT),
        (share, 100.0, bar.non_events, NO_EVENT),
    ] {
        if count == 0 {
            continue;
        }
        let (a, b) = (frame.at(left, to), frame.at(right, from));
        let area = Area::new(a.0, a.1, b.0, b.1);
        canvas.rectangle(area, color);
        // Too small a part has no room for its count.
        let style = style.color(color.readable());
        for text in [format!("{count} ({:.0}%)", to - from), count.to_string()] {
            if style.width(&text) + 6.0 < area.width() && area.height() > 1.4 * TICK_TEXT {
                canvas.text(&text, area.center(), style);
                break;
            }
        }
    }
}
