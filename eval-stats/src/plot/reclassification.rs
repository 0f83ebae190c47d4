//! New against old risk, by outcome.

use super::canvas::{
    Area, Axis, Canvas, Color, Dash, Entry, Frame, GRAY, Grid, LABEL_TEXT, LINE_SPACING, Legend,
    MARGIN, Mark, PALE, PALETTE, Stroke, TICK_TEXT, Text, Weight, wrap,
};
use super::confusion::cell_text;
use super::{Layout, Width};
use crate::error::{Error, Result};
use crate::reclassification::ReclassificationTables;
use crate::scored::Scored;

/// Moved the way the outcome asks for.
const RIGHT: Color = PALETTE[0];
/// Moved the other way.
const WRONG: Color = PALETTE[1];
const SAME: Color = GRAY;

/// Two models on the same subjects.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ReclassificationFigure<'a> {
    /// Risks by the old model.
    pub old: &'a Scored,
    /// Risks by the new model.
    pub new: &'a Scored,
    /// Name of the old model.
    pub old_name: &'a str,
    /// Name of the new model.
    pub new_name: &'a str,
    /// Limits of risk categories, increasing; none: any change of risk is a move.
    pub cuts: &'a [f64],
}

impl<'a> ReclassificationFigure<'a> {
    /// Two models without risk categories.
    pub fn new(old: (&'a str, &'a Scored), new: (&'a str, &'a Scored)) -> Self {
        Self {
            old: old.1,
            new: new.1,
            old_name: old.0,
            new_name: new.0,
            cuts: &[],
        }
    }

    /// Sets limits of risk categories; a risk at a limit belongs to the category above it.
    pub fn cuts(mut self, cuts: &'a [f64]) -> Self {
        self.cuts = cuts;
        self
    }
}

/// Risk by the new model over risk by the old, events and non-events apart, with lines between
/// categories. Blue: moved to a category (without categories: a risk) that the outcome asks for, up
/// for events and down for non-events; orange: moved the other way; gray: not moved. The numbers
/// stand above each panel.
///
/// ```
/// use eval_stats::plot::{Layout, ReclassificationFigure, reclassification_scatter};
/// use eval_stats::Scored;
/// let y = [true, true, false, false];
/// let old = Scored::new(&[0.4, 0.6, 0.6, 0.2], &y)?;
/// let new = Scored::new(&[0.7, 0.6, 0.3, 0.2], &y)?;
/// let figure = ReclassificationFigure::new(("old", &old), ("new", &new)).cuts(&[0.5]);
/// assert!(reclassification_scatter(&figure, &Layout::new())?.starts_with("<svg"));
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::LengthMismatch`], [`Error::DifferentOutcomes`] if the models were not applied to the
/// same subjects; [`Error::NotProbability`], [`Error::LowerIsEvent`] for risks outside `[0, 1]`; [`Error::OutOfRange`] for a
/// limit outside `(0, 1)`, [`Error::NotIncreasing`] for limits that do not increase.
pub fn reclassification_scatter(
    figure: &ReclassificationFigure<'_>,
    layout: &Layout,
) -> Result<String> {
    check(figure)?;
    let mut canvas = Canvas::new(layout);
    let width = 0.5 * canvas.width();
    let mut bottom = 0.0_f64;
    let mut sentences = Vec::new();
    for (panel, event) in [(0, true), (1, false)] {
        let moves = Moves::of(figure, event);
        let at = (width * f64::from(panel), canvas.top());
        let (lower, text) = scatter_panel(&mut canvas, figure, &moves, event, at, width);
        bottom = bottom.max(lower);
        sentences.push(text);
    }
    let mut legend = Legend::new();
    legend.push(Entry::new(Mark::Dot(RIGHT), "moved the right way"));
    legend.push(Entry::new(Mark::Dot(WRONG), "moved the wrong way"));
    legend.push(Entry::new(Mark::Dot(SAME), "not moved"));
    let room = canvas.width() - 2.0 * MARGIN - 10.0;
    legend.draw(&mut canvas, (MARGIN + 10.0, bottom + 12.0), room);
    let bottom = bottom + 12.0 + legend.height(room);
    let text = format!(
        "Risk by {} against {}. {}",
        figure.new_name,
        figure.old_name,
        sentences.join(" ")
    );
    Ok(canvas.finish(bottom, &text))
}

fn check(figure: &ReclassificationFigure<'_>) -> Result<()> {
    figure.old.same_subjects(figure.new)?;
    figure.old.risks()?;
    figure.new.risks()?;
    let mut previous = 0.0;
    for (index, &value) in figure.cuts.iter().enumerate() {
        if !(value > 0.0 && value < 1.0) {
            return Err(Error::OutOfRange {
                name: "a limit of risk categories",
                value,
                expected: "a risk strictly between 0 and 1",
            });
        }
        if value <= previous {
            return Err(Error::NotIncreasing {
                index,
                previous,
                value,
            });
        }
        previous = value;
    }
    Ok(())
}

/// Subjects of one outcome: old risk, new risk, direction.
struct Moves {
    subjects: Vec<(f64, f64, std::cmp::Ordering)>,
    up: usize,
    down: usize,
}

impl Moves {
    fn of(figure: &ReclassificationFigure<'_>, event: bool) -> Self {
        let category = |risk: f64| figure.cuts.iter().filter(|&&c| risk >= c).count();
        let subjects: Vec<_> = figure
            .old
            .scores()
            .iter()
            .zip(figure.new.scores())
            .zip(figure.old.outcomes())
            .filter(|(_, y)| **y == event)
            .map(|((&old, &new), _)| {
                let direction = if figure.cuts.is_empty() {
                    new.total_cmp(&old)
                } else {
                    category(new).cmp(&category(old))
                };
                (old, new, direction)
            })
            .collect();
        let count = |d| subjects.iter().filter(|s| s.2 == d).count();
        Self {
            up: count(std::cmp::Ordering::Greater),
            down: count(std::cmp::Ordering::Less),
            subjects,
        }
    }
}

/// A panel below and right of `at`; its lower end and its numbers.
fn scatter_panel(
    canvas: &mut Canvas,
    figure: &ReclassificationFigure<'_>,
    moves: &Moves,
    event: bool,
    at: (f64, f64),
    width: f64,
) -> (f64, String) {
    let name = if event { "Events" } else { "Non-events" };
    let n = moves.subjects.len();
    let (up, down) = (moves.up, moves.down);
    let top = at.1 + LINE_SPACING * (LABEL_TEXT + TICK_TEXT) + 6.0;
    let axes = || {
        (
            Axis::unit(format!("Risk, {}", figure.old_name)),
            Axis::unit(format!("Risk, {}", figure.new_name)),
        )
    };
    let place = |height: f64| {
        let (x, y) = axes();
        Frame::fitted((at.0, top), width, height, x, y)
    };
    let frame = place(place(300.0).area.width());
    let head = Text::new(LABEL_TEXT).bold().middle();
    let title = format!("{name} (n = {n})");
    // Centered on the plotting area, unless it would leave the panel.
    let rightmost = at.0 + width - MARGIN - 0.5 * head.width(&title);
    let middle = frame.area.center().0.min(rightmost);
    let y = at.1 + 0.5 * LINE_SPACING * LABEL_TEXT;
    canvas.text(&title, (middle, y), head);
    let below = y + 0.5 * LINE_SPACING * (LABEL_TEXT + TICK_TEXT);
    let counts = format!("{up} up, {down} down");
    canvas.text(&counts, (middle, below), Text::new(TICK_TEXT).middle());
    frame.draw(canvas, Grid::None);
    let diagonal = Stroke::new(GRAY, 2.0).dash(Dash::Dashed);
    frame.curve(canvas, &[(0.0, 0.0), (1.0, 1.0)], diagonal);
    for &cut in figure.cuts {
        let stroke = Stroke::new(GRAY.tint(0.6), 2.0);
        frame.vertical(canvas, cut, stroke);
        frame.horizontal(canvas, cut, stroke);
    }
    dots(canvas, &frame, moves, event);
    (
        frame.bottom(),
        format!("{name} (n = {n}): {up} up, {down} down."),
    )
}

/// Every subject at its two risks.
fn dots(canvas: &mut Canvas, frame: &Frame, moves: &Moves, event: bool) {
    let wanted = if event {
        std::cmp::Ordering::Greater
    } else {
        std::cmp::Ordering::Less
    };
    // The many that did not move do not cover the others.
    for moved in [false, true] {
        for &(old, new, direction) in &moves.subjects {
            if (direction != std::cmp::Ordering::Equal) == moved {
                let color = match direction {
                    std::cmp::Ordering::Equal => SAME,
                    d if d == wanted => RIGHT,
                    _ => WRONG,
                };
                canvas.disk(frame.at(old, new), 5.0, color);
            }
        }
    }
}

/// Tables of old (rows) by new (columns) risk category, events and non-events apart. Blue cells
/// moved the way the outcome asks for, orange ones the other way, the darker the greater their share
/// of the row; counts with row percentages.
///
/// ```
/// use eval_stats::plot::{Layout, reclassification_tables};
/// use eval_stats::{Scored, reclassification::nri_categorical};
/// let y = [true, true, false, false];
/// let old = Scored::new(&[0.4, 0.6, 0.6, 0.2], &y)?;
/// let new = Scored::new(&[0.7, 0.6, 0.3, 0.2], &y)?;
/// let tables = nri_categorical(&old, &new, &[0.5], 0.95)?.tables.expect("categories");
/// let svg = reclassification_tables(&tables, &["low", "high"], &Layout::new())?;
/// assert!(svg.contains("Non-events"));
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::LengthMismatch`] or [`Error::TableShape`] for tables without one row and one column per
/// category, [`Error::Empty`] without categories or subjects.
pub fn reclassification_tables(
    tables: &ReclassificationTables,
    categories: &[&str],
    layout: &Layout,
) -> Result<String> {
    if categories.is_empty() {
        return Err(Error::Empty { what: "categories" });
    }
    for (what, table) in [
        ("the table of events", &tables.events),
        ("the table of non-events", &tables.non_events),
    ] {
        check_table(what, table, categories.len())?;
    }
    if tables
        .events
        .iter()
        .chain(&tables.non_events)
        .flatten()
        .all(|&c| c == 0)
    {
        return Err(Error::Empty {
            what: "the reclassification tables",
        });
    }
    let mut canvas = Canvas::new(layout);
    let panels = [
        ("Events", &tables.events),
        ("Non-events", &tables.non_events),
    ];
    let width = match layout.width {
        Width::Single => canvas.width(),
        Width::Double => 0.5 * canvas.width(),
    };
    let (mut left, mut top, mut bottom) = (0.0, canvas.top(), 0.0_f64);
    for (name, table) in panels {
        let area = Area::new(left + MARGIN, top, left + width - MARGIN, top);
        bottom = bottom.max(table_panel(&mut canvas, name, table, categories, area));
        match layout.width {
            Width::Single => top = bottom + 24.0,
            Width::Double => left += width,
        }
    }
    let mut legend = Legend::new();
    legend.push(Entry::new(
        Mark::Box(RIGHT.tint(0.6)),
        "moved the right way",
    ));
    legend.push(Entry::new(
        Mark::Box(WRONG.tint(0.6)),
        "moved the wrong way",
    ));
    legend.push(Entry::new(Mark::Box(GRAY.tint(0.5)), "not moved"));
    let room = canvas.width() - 2.0 * MARGIN - 10.0;
    legend.draw(&mut canvas, (MARGIN + 10.0, bottom + 14.0), room);
    let bottom = bottom + 14.0 + legend.height(room);
    Ok(canvas.finish(bottom, "Reclassification tables of events and non-events."))
}

fn check_table(what: &'static str, table: &[Vec<u64>], k: usize) -> Result<()> {
    crate::error::same_length(what, k, table.len())?;
    for (row, cells) in table.iter().enumerate() {
        if cells.len() != k {
            return Err(Error::TableShape {
                what,
                row,
                expected: k,
                found: cells.len(),
            });
        }
    }
    Ok(())
}

/// A table in the width of `area` from its top; its lower end.
fn table_panel(
    canvas: &mut Canvas,
    name: &str,
    table: &[Vec<u64>],
    categories: &[&str],
    area: Area,
) -> f64 {
    let k = categories.len() as f64;
    let small = Text::new(TICK_TEXT);
    let step = LINE_SPACING * TICK_TEXT;
    let widest = categories
        .iter()
        .map(|c| small.width(c))
        .fold(0.0, f64::max);
    let names = widest.min(0.3 * area.width());
    // "Old risk" stands upright left of the names of the rows.
    let left = area.left + step + names + 10.0;
    let side = (area.right - left) / k;
    let heads: Vec<Vec<String>> = categories
        .iter()
        .map(|c| wrap(c, TICK_TEXT, Weight::Regular, side - 6.0))
        .collect();
    let n: u64 = table
        .iter()
        .flatten()
        .fold(0u64, |sum, &c| sum.saturating_add(c));
    let middle = 0.5 * (left + area.right);
    let title_y = area.top + 0.5 * LINE_SPACING * LABEL_TEXT;
    let title = Text::new(LABEL_TEXT).bold().middle();
    canvas.text(&format!("{name} (n = {n})"), (middle, title_y), title);
    let y = area.top + LINE_SPACING * LABEL_TEXT + 0.5 * step;
    canvas.text("New risk", (middle, y), small.middle());
    let deepest = heads.iter().map(Vec::len).max().unwrap_or(1) as f64;
    for (c, lines) in heads.iter().enumerate() {
        let x = left + side * (c as f64 + 0.5);
        canvas.lines(lines, (x, y + step), small.middle());
    }
    let top = y + step * (deepest + 0.5) + 8.0;
    let rows: Vec<Vec<String>> = categories
        .iter()
        .map(|c| wrap(c, TICK_TEXT, Weight::Regular, names))
        .collect();
    let most = rows.iter().map(Vec::len).max().unwrap_or(1) as f64;
    let height = (0.75 * side)
        .clamp(2.6 * step, 110.0)
        .max((most + 0.5) * step);
    let center = top + 0.5 * height * k;
    canvas.vertical_text("Old risk", (area.left + 0.5 * step, center), small.middle());
    for (r, cells) in table.iter().enumerate() {
        let row_top = top + height * r as f64;
        let lines = &rows[r];
        let first = row_top + 0.5 * height - 0.5 * step * (lines.len() - 1) as f64;
        canvas.lines(lines, (left - 10.0, first), small.end());
        let row_area = Area::new(left, row_top, area.right, row_top + height);
        table_row(canvas, cells, r, name == "Events", row_area);
    }
    top + height * k
}

/// The cells of row `r`.
fn table_row(canvas: &mut Canvas, cells: &[u64], r: usize, events: bool, area: Area) {
    let side = area.width() / cells.len() as f64;
    let total = cells.iter().map(|&c| c as f64).sum::<f64>();
    for (c, &count) in cells.iter().enumerate() {
        let x = area.left + side * c as f64;
        let cell = Area::new(x + 2.0, area.top + 2.0, x + side - 2.0, area.bottom - 2.0);
        let share = if total > 0.0 {
            count as f64 / total
        } else {
            0.0
        };
        let below = if total > 0.0 {
            format!("{:.0}%", 100.0 * share)
        } else {
            String::new()
        };
        let right_way = if events { c > r } else { c < r };
        let hue = match (c == r, right_way) {
            (true, _) => GRAY.tint(0.7),
            (false, true) => RIGHT,
            (false, false) => WRONG,
        };
        let fill = if count == 0 {
            PALE.tint(0.5)
        } else {
            hue.tint(0.2 + 0.8 * share)
        };
        cell_text(canvas, cell, fill, count, &below);
    }
}
