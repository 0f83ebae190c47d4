//! What several figures share: refusals, numbers, marked values of lambda, the axis of counts.

use eval_stats::plot::canvas::{
    Area, Axis, Canvas, Color, Dash, Entry, Frame, INK, Legend, MARGIN, Mark, SMALL_TEXT, Stroke,
    THIN, TICK_TEXT, Text, shorten,
};

use super::Width;
use crate::error::{Error, Result};

/// The red of cross-validated losses and selected features, readable beside blue and gray.
pub(super) const RED: Color = Color(205, 32, 38);
/// Curves and bars of what was not selected.
pub(super) const PALE_GRAY: Color = Color(186, 186, 186);

/// A figure that cannot be drawn.
pub(super) fn refuse<T>(reason: String) -> Result<T> {
    Err(Error::Figure { reason })
}

/// Refuses a number that has no place on a page.
pub(super) fn drawable(what: &str, name: &str, value: f64) -> Result<()> {
    // Axes end at 1e300, and take room for labels beyond the data.
    const LARGEST: f64 = 1e299;
    if value.is_finite() && value.abs() <= LARGEST {
        return Ok(());
    }
    refuse(format!(
        "{what} of `{name}`: expected a finite number, found {value}"
    ))
}

/// Refuses a number outside [0, 1].
pub(super) fn share(what: &str, name: &str, value: f64) -> Result<()> {
    if (0.0..=1.0).contains(&value) {
        return Ok(());
    }
    refuse(format!(
        "{what} of `{name}`: expected a number in [0, 1], found {value}"
    ))
}

/// Refuses lists of different length.
pub(super) fn same_length(what: &str, expected: usize, found: usize) -> Result<()> {
    if expected == found {
        return Ok(());
    }
    refuse(format!(
        "{what}: expected {expected} entries, found {found}"
    ))
}

/// Three significant digits; a power of ten below a thousandth and from 100,000.
pub(super) fn number(value: f64) -> String {
    let size = value.abs();
    let text = if value == 0.0 {
        "0".to_owned()
    } else if (1e-3..1e5).contains(&size) {
        let decimals = (2.0 - size.log10().floor()).clamp(0.0, 5.0) as usize;
        format!("{value:.decimals$}")
    } else {
        format!("{value:.1e}")
    };
    text.replace('-', "\u{2212}")
}

/// `1 feature`, `979 features`.
pub(super) fn features(n: usize) -> String {
    format!("{n} feature{}", if n == 1 { "" } else { "s" })
}

/// Whether the page has two columns.
pub(super) fn is_double(canvas: &Canvas) -> bool {
    canvas.width() > 10.0 * Width::Single.millimeters()
}

/// A value of lambda that is named in the figure.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct NamedLine {
    /// Position on the horizontal axis.
    pub x: f64,
    /// Name beside the line.
    pub name: String,
    /// What the legend says of it.
    pub legend: String,
    pub color: Color,
}

impl NamedLine {
    pub fn stroke(&self) -> Stroke {
        Stroke::new(self.color, 3.0).dash(Dash::Dashed)
    }

    /// Its row of a legend.
    pub fn entry(&self) -> Entry {
        Entry::new(Mark::Line(self.stroke()), &self.legend)
    }
}

/// Height of a row of line names.
const NAME_ROW: f64 = 30.0;

/// A frame with room for the names of lines above the data, so that they cover nothing.
pub(super) struct Headed {
    pub frame: Frame,
    names: Vec<(String, Area, Color)>,
}

impl Headed {
    /// The frame is `height` high without the rows of names. `at` and `width` as [`Frame::fitted`] takes them.
    pub fn new(at: (f64, f64), size: (f64, f64), x: Axis, y: Axis, lines: &[NamedLine]) -> Self {
        let (width, height) = size;
        let mut rows = 0;
        loop {
            let head = NAME_ROW * rows as f64;
            let mut taller = Axis::linear(
                y.label.clone(),
                y.low,
                y.high + (y.high - y.low) * head / height,
            );
            // No tick stands above the data: an AUC has none beyond 1.
            taller.ticks.clone_from(&y.ticks);
            let frame = Frame::fitted(at, width, height + head, x.clone(), taller);
            let (names, needed) = line_names(&frame, lines);
            if needed <= rows {
                return Self { frame, names };
            }
            rows = needed;
        }
    }

    /// Draws the lines and their names.
    pub fn draw_lines(&self, canvas: &mut Canvas, lines: &[NamedLine]) {
        for line in lines.iter().filter(|l| self.frame.x.contains(l.x)) {
            self.frame.vertical(canvas, line.x, line.stroke());
        }
        for (name, area, color) in &self.names {
            canvas.label(
                name,
                area.center(),
                Text::new(TICK_TEXT).middle().color(*color),
            );
        }
    }
}

/// Names beside the upper ends of their lines, the leftmost on the left of its line; and the number of rows they take.
fn line_names(frame: &Frame, lines: &[NamedLine]) -> (Vec<(String, Area, Color)>, usize) {
    const GAP: f64 = 8.0;
    let style = Text::new(TICK_TEXT);
    let area = frame.area;
    let mut shown: Vec<&NamedLine> = lines.iter().filter(|l| frame.x.contains(l.x)).collect();
    shown.sort_by(|a, b| a.x.total_cmp(&b.x));
    let mut names: Vec<(String, Area, Color)> = Vec::new();
    let mut rows = 0;
    for (i, line) in shown.iter().enumerate() {
        let at = frame.at(line.x, frame.y.low).0;
        let name = shorten(&line.name, style.size, style.weight, 0.6 * area.width());
        let width = style.width(&name);
        let (left, right) = (at - GAP - width, at + GAP);
        let sides = if i == 0 { [left, right] } else { [right, left] };
        let inside = |x: &f64| *x >= area.left + 2.0 && x + width <= area.right;
        let clamped = right.min(area.right - width).max(area.left + 2.0);
        let x = sides.into_iter().find(inside).unwrap_or(clamped);
        let place = |row: usize| {
            let top = area.top + NAME_ROW * row as f64;
            Area::new(x - 4.0, top, x + width + 4.0, top + NAME_ROW - 2.0)
        };
        let free = |row: &usize| names.iter().all(|n| n.1.overlap(&place(*row)) == 0.0);
        let row = (0..shown.len()).find(free).unwrap_or(shown.len());
        rows = rows.max(row + 1);
        let area = place(row);
        names.push((name, area, line.color));
    }
    (names, rows)
}

/// Room that the axis of counts takes above a frame.
pub(super) const TOP_AXIS: f64 = 68.0;

/// Counts above the frame, left out where they would touch, and their title.
pub(super) fn top_axis(canvas: &mut Canvas, frame: &Frame, mut labels: Vec<(f64, usize)>) {
    const GAP: f64 = 16.0;
    labels.sort_by(|a, b| a.0.total_cmp(&b.0));
    let style = Text::new(TICK_TEXT).middle();
    let top = frame.area.top;
    canvas.line(
        &[(frame.area.left, top), (frame.area.right, top)],
        Stroke::new(INK, THIN),
    );
    let mut free_from = f64::NEG_INFINITY;
    for (x, count) in labels.iter().filter(|l| frame.x.contains(l.0)) {
        let label = count.to_string();
        let at = frame.at(*x, frame.y.low).0;
        let half = 0.5 * style.width(&label);
        if at - half >= free_from && at + half <= canvas.width() - 0.5 * MARGIN {
            canvas.line(&[(at, top - 8.0), (at, top)], Stroke::new(INK, THIN));
            canvas.text(&label, (at, top - 24.0), style);
            free_from = at + half + GAP;
        }
    }
    let middle = frame.area.center().0;
    canvas.text("Nonzero coefficients", (middle, top - 58.0), style);
}

/// Draws a legend from the left margin on; its lower end.
pub(super) fn legend_below(canvas: &mut Canvas, legend: &Legend, top: f64) -> f64 {
    let left = MARGIN + 10.0;
    let width = canvas.width() - left - MARGIN;
    legend.draw(canvas, (left, top), width);
    top + legend.height(width)
}

/// A remark in small type below a figure, in lines; its lower end.
pub(super) fn remark(canvas: &mut Canvas, text: &str, top: f64) -> f64 {
    let style = Text::new(SMALL_TEXT).color(eval_stats::plot::canvas::GRAY);
    let left = MARGIN + 10.0;
    let room = canvas.width() - left - MARGIN;
    let lines = eval_stats::plot::canvas::wrap(text, style.size, style.weight, room);
    let step = eval_stats::plot::canvas::LINE_SPACING * style.size;
    canvas.lines(&lines, (left, top + 0.5 * step), style);
    top + step * lines.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_digits() {
        for (value, text) in [
            (0.0, "0"),
            (-0.0, "0"),
            (0.12345, "0.123"),
            (-1.5, "\u{2212}1.50"),
            (123.4, "123"),
            (99_999.0, "99999"),
            (1e6, "1.0e6"),
            (-1e-12, "\u{2212}1.0e\u{2212}12"),
            (0.001, "0.00100"),
        ] {
            assert_eq!(number(value), text);
        }
    }

    #[test]
    fn names_of_close_lines_stand_in_two_rows() {
        let line = |x: f64, name: &str| NamedLine {
            x,
            name: name.to_owned(),
            legend: String::new(),
            color: INK,
        };
        let headed = |a: f64, b: f64| {
            let x = Axis::linear("x", 0.0, 1.0);
            let y = Axis::linear("y", 0.0, 1.0);
            let lines = [line(a, "first name"), line(b, "second name")];
            Headed::new((0.0, 0.0), (800.0, 400.0), x, y, &lines)
        };
        let apart = headed(0.4, 0.6);
        assert_eq!(apart.names[0].1.top, apart.names[1].1.top);
        let close = headed(0.0, 0.01);
        assert!(close.names[1].1.top > close.names[0].1.top);
        assert!(close.frame.area.height() > apart.frame.area.height());
        assert_eq!(close.frame.y.ticks.last().unwrap().value, 1.0);
    }
}
