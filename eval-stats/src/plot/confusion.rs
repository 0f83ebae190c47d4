//! Two-by-two tables.

use super::canvas::{
    Area, Canvas, Color, GRAY, LABEL_TEXT, LINE_SPACING, MARGIN, PALETTE, TICK_TEXT, Text, Weight,
    wrap,
};
use super::{Layout, Width};
use crate::confusion::ConfusionMatrix;
use crate::error::{Error, Result};

/// A two-by-two table with a name.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct NamedMatrix<'a> {
    /// Name above it.
    pub name: &'a str,
    /// The counts.
    pub matrix: ConfusionMatrix,
}

impl<'a> NamedMatrix<'a> {
    /// A table with a name.
    pub fn new(name: &'a str, matrix: ConfusionMatrix) -> Self {
        Self { name, matrix }
    }
}

/// A two-by-two table with counts and row shares (sensitivity and specificity on the diagonal),
/// darker where more of the row is.
///
/// ```
/// use eval_stats::{confusion::ConfusionMatrix, plot::{Layout, confusion_matrix}};
/// let m = ConfusionMatrix { tp: 80, fn_: 20, fp: 10, tn: 90 };
/// assert!(confusion_matrix(&m, &Layout::new())?.starts_with("<svg"));
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::Empty`] for a table without subjects.
pub fn confusion_matrix(matrix: &ConfusionMatrix, layout: &Layout) -> Result<String> {
    confusion_matrices(&[NamedMatrix::new("", *matrix)], layout)
}

/// Tables side by side, two in a row on one column and four on two.
///
/// ```
/// use eval_stats::confusion::ConfusionMatrix;
/// use eval_stats::plot::{Layout, NamedMatrix, confusion_matrices};
/// let m = ConfusionMatrix { tp: 80, fn_: 20, fp: 10, tn: 90 };
/// let svg = confusion_matrices(&[NamedMatrix::new("test set", m)], &Layout::new())?;
/// assert!(svg.contains("test set"));
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::Empty`] without tables or for a table without subjects.
pub fn confusion_matrices(matrices: &[NamedMatrix<'_>], layout: &Layout) -> Result<String> {
    if matrices.is_empty() {
        return Err(Error::Empty { what: "tables" });
    }
    let empty = |m: &ConfusionMatrix| m.tp == 0 && m.fp == 0 && m.fn_ == 0 && m.tn == 0;
    if matrices.iter().any(|m| empty(&m.matrix)) {
        return Err(Error::Empty {
            what: "a confusion matrix",
        });
    }
    let mut canvas = Canvas::new(layout);
    let in_a_row = match layout.width {
        Width::Single => 2,
        Width::Double => 4,
    };
    let columns = matrices.len().min(in_a_row);
    let label = Text::new(TICK_TEXT);
    let widest = matrices
        .iter()
        .step_by(columns)
        .flat_map(|m| {
            [
                m.matrix.tp.saturating_add(m.matrix.fn_),
                m.matrix.fp.saturating_add(m.matrix.tn),
            ]
        })
        .map(|n| label.width(&format!("n = {n}")))
        .fold(label.width("No event"), f64::max);
    let left = MARGIN + widest + 10.0;
    let gap = 22.0;
    let room = canvas.width() - left - MARGIN + gap;
    // A single table need not fill the page.
    let side = (room / columns as f64 - gap).min(560.0);
    let mut y = canvas.top();
    for row in matrices.chunks(columns) {
        y = table_row(&mut canvas, row, (left, y), side, gap) + 30.0;
    }
    let description: Vec<String> = matrices
        .iter()
        .map(|m| {
            let c = &m.matrix;
            format!(
                "{} {} true positive, {} false negative, {} false positive, {} true negative.",
                m.name, c.tp, c.fn_, c.fp, c.tn
            )
        })
        .collect();
    Ok(canvas.finish(
        y - 30.0,
        &format!("Confusion matrices. {}", description.join(" ")),
    ))
}

/// A row of tables below `at.1`, first cell right of `at.0`; returns its lower end.
fn table_row(
    canvas: &mut Canvas,
    row: &[NamedMatrix<'_>],
    at: (f64, f64),
    side: f64,
    gap: f64,
) -> f64 {
    let step = LINE_SPACING * LABEL_TEXT;
    let titles: Vec<Vec<String>> = row
        .iter()
        .map(|m| match m.name {
            "" => Vec::new(),
            name => wrap(name, LABEL_TEXT, Weight::Bold, side),
        })
        .collect();
    let most = titles.iter().map(Vec::len).max().unwrap_or(0);
    let heads = at.1 + step * most as f64;
    let top = heads + 2.0 * LINE_SPACING * TICK_TEXT + 8.0;
    let height = 0.78 * side;
    for (i, (m, title)) in row.iter().zip(&titles).enumerate() {
        let left = at.0 + (side + gap) * i as f64;
        let middle = left + 0.5 * side;
        let style = Text::new(LABEL_TEXT).bold().middle();
        canvas.lines(title, (middle, at.1 + 0.5 * step), style);
        let head = heads + 0.5 * LINE_SPACING * TICK_TEXT;
        let small = Text::new(TICK_TEXT).middle();
        canvas.text("Test", (middle, head), small);
        for (c, name) in ["positive", "negative"].iter().enumerate() {
            let x = left + side * (0.25 + 0.5 * c as f64);
            canvas.text(name, (x, head + LINE_SPACING * TICK_TEXT), small);
        }
        let area = Area::new(left, top, left + side, top + height);
        cells(canvas, &m.matrix, area);
        row_names(canvas, &m.matrix, area, i == 0);
    }
    top + height
}

/// Names of the rows left of the first table.
fn row_names(canvas: &mut Canvas, m: &ConfusionMatrix, area: Area, first: bool) {
    if !first {
        return;
    }
    let rows = [("Event", m.tp, m.fn_), ("No event", m.fp, m.tn)];
    for (r, (name, a, b)) in rows.into_iter().enumerate() {
        let y = area.top + area.height() * (0.25 + 0.5 * r as f64);
        let style = Text::new(TICK_TEXT).end();
        let x = area.left - 10.0;
        canvas.text(name, (x, y - 0.65 * TICK_TEXT), style);
        let n = format!("n = {}", a.saturating_add(b));
        canvas.text(&n, (x, y + 0.65 * TICK_TEXT), style.color(GRAY));
    }
}

fn cells(canvas: &mut Canvas, m: &ConfusionMatrix, area: Area) {
    let (w, h) = (0.5 * area.width(), 0.5 * area.height());
    for (r, counts) in [[m.tp, m.fn_], [m.fp, m.tn]].into_iter().enumerate() {
        let total = counts[0] as f64 + counts[1] as f64;
        for (c, count) in counts.into_iter().enumerate() {
            let (left, top) = (area.left + w * c as f64, area.top + h * r as f64);
            let cell = Area::new(left + 2.0, top + 2.0, left + w - 2.0, top + h - 2.0);
            let share = if total > 0.0 {
                count as f64 / total
            } else {
                0.0
            };
            let percent = if total > 0.0 {
                format!("{:.1}%", 100.0 * share)
            } else {
                "\u{2013}".to_owned()
            };
            // Right calls in blue, wrong ones in orange.
            let hue = if r == c { PALETTE[0] } else { PALETTE[1] };
            cell_text(canvas, cell, hue.tint(0.06 + 0.84 * share), count, &percent);
        }
    }
}

/// A colored cell with a count and a line below it.
pub(super) fn cell_text(canvas: &mut Canvas, cell: Area, fill: Color, count: u64, below: &str) {
    canvas.rectangle(cell, fill);
    let ink = fill.readable();
    let (x, y) = cell.center();
    let text = count.to_string();
    let fit = |text: &str, size: f64| {
        let width = Text::new(size).width(text);
        size * ((cell.width() - 8.0) / width).min(1.0)
    };
    let big = fit(&text, (0.2 * cell.height()).clamp(TICK_TEXT, 40.0));
    let small = fit(below, TICK_TEXT);
    if below.is_empty() {
        canvas.text(&text, (x, y), Text::new(big).middle().color(ink));
        return;
    }
    let step = 0.6 * (big + small);
    let first = y - 0.5 * step;
    canvas.text(&text, (x, first), Text::new(big).middle().color(ink));
    canvas.text(
        below,
        (x, first + step),
        Text::new(small).middle().color(ink),
    );
}
