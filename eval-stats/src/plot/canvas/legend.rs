//! Rows of mark, name and value.

use super::{
    Area, Canvas, Color, Dash, INK, LINE_SPACING, Point, Stroke, TICK_TEXT, Text, Weight, wrap,
};

/// The sample beside a name.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Mark {
    /// A line.
    Line(Stroke),
    /// A line in its band.
    Band(Stroke),
    /// A disk.
    Dot(Color),
    /// A circle.
    Ring(Color),
    /// A diamond.
    Diamond(Color),
    /// A filled rectangle.
    Box(Color),
    /// Nothing; the text begins where marks do.
    None,
}

/// A row of a legend.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Entry {
    /// The sample.
    pub mark: Mark,
    /// The name; broken into lines where it is long.
    pub text: String,
    /// What stands in the second column.
    pub value: Option<String>,
}

impl Entry {
    /// A row without a value.
    pub fn new(mark: Mark, text: impl Into<String>) -> Self {
        Self {
            mark,
            text: text.into(),
            value: None,
        }
    }

    /// Adds a value.
    pub fn value(mut self, value: impl Into<String>) -> Self {
        self.value = Some(value.into());
        self
    }
}

/// What the marks of a figure mean.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Legend {
    entries: Vec<Entry>,
    header: Option<String>,
}

const MARK: f64 = 56.0;
const GAP: f64 = 14.0;
const STEP: f64 = LINE_SPACING * TICK_TEXT;
/// Extra distance between rows.
const ROW_GAP: f64 = 4.0;

/// A row with its text broken.
struct Row<'a> {
    entry: &'a Entry,
    lines: Vec<String>,
    /// Line on which the value stands.
    value_line: usize,
    n_lines: usize,
}

/// Where columns begin.
struct Columns {
    text: f64,
    value: f64,
    /// Values stand on a line of their own.
    below: bool,
    /// Room of a name beside a value.
    text_room: f64,
    /// Room of a name without one.
    whole: f64,
}

impl Legend {
    /// A legend without rows.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a row.
    pub fn push(&mut self, entry: Entry) {
        self.entries.push(entry);
    }

    /// Sets the heading of the values.
    pub fn header(mut self, header: impl Into<String>) -> Self {
        self.header = Some(header.into());
        self
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Height that the legend takes in a width.
    pub fn height(&self, width: f64) -> f64 {
        if self.is_empty() {
            return 0.0;
        }
        if let Some((columns, _)) = self.side_by_side(width) {
            return row_height(1) * self.entries.len().div_ceil(columns) as f64;
        }
        let header = f64::from(u8::from(self.header.is_some())) * row_height(1);
        let rows = self.rows(&self.columns(width));
        header + rows.iter().map(|r| row_height(r.n_lines)).sum::<f64>()
    }

    /// Draws it below and to the right of a point.
    pub fn draw(&self, canvas: &mut Canvas, at: Point, width: f64) {
        if let Some((columns, step)) = self.side_by_side(width) {
            let rows = self.entries.len().div_ceil(columns);
            for (i, entry) in self.entries.iter().enumerate() {
                let x = at.0 + step * (i / rows) as f64;
                let y = at.1 + row_height(1) * ((i % rows) as f64 + 0.5);
                draw_mark(canvas, (x, y), entry.mark);
                let from = x + text_offset(entry.mark);
                canvas.text(&entry.text, (from, y), Text::new(TICK_TEXT));
            }
            return;
        }
        let columns = self.columns(width);
        let mut y = at.1;
        if let Some(header) = &self.header {
            let style = Text::new(TICK_TEXT).bold();
            let x = at.0 + columns.value;
            canvas.text(header, (x, y + 0.5 * row_height(1)), style);
            y += row_height(1);
        }
        for row in self.rows(&columns) {
            let first = y + 0.5 * (STEP + ROW_GAP);
            draw_mark(canvas, (at.0, first), row.entry.mark);
            let x = at.0 + text_offset(row.entry.mark).min(columns.text);
            canvas.lines(&row.lines, (x, first), Text::new(TICK_TEXT));
            if let Some(value) = &row.entry.value {
                let value_y = first + STEP * row.value_line as f64;
                canvas.text(value, (at.0 + columns.value, value_y), Text::new(TICK_TEXT));
            }
            y += row_height(row.n_lines);
        }
    }

    /// Number and distance of columns, where rows without values fit side by side.
    fn side_by_side(&self, width: f64) -> Option<(usize, f64)> {
        const MOST: usize = 4;
        let usable = |e: &Entry| e.value.is_none() && !e.text.contains('\n');
        if self.header.is_some() || !self.entries.iter().all(usable) {
            return None;
        }
        let widest = self
            .entries
            .iter()
            .map(|e| text_offset(e.mark) + name_width(&e.text) + 2.0 * GAP)
            .fold(1.0, f64::max);
        let columns = ((width / widest) as usize)
            .min(MOST)
            .min(self.entries.len());
        let step = (width / columns.max(1) as f64).min(widest + 4.0 * GAP);
        (columns > 1).then_some((columns, step))
    }

    fn columns(&self, width: f64) -> Columns {
        let widest = |texts: &mut dyn Iterator<Item = f64>| texts.fold(0.0, f64::max);
        let value = widest(
            &mut self
                .entries
                .iter()
                .filter_map(|e| e.value.as_deref())
                .map(name_width),
        );
        let header = self
            .header
            .as_deref()
            .map_or(0.0, |h| super::text_width(h, TICK_TEXT, Weight::Bold));
        let value = value.max(header);
        let text = MARK + GAP;
        let room = width - text;
        if value == 0.0 {
            return Columns {
                text,
                value: text,
                below: false,
                text_room: room,
                whole: room,
            };
        }
        let beside = room - value - 2.0 * GAP;
        let name = widest(
            &mut self
                .entries
                .iter()
                .filter(|e| e.value.is_some())
                .map(|e| name_width(&e.text)),
        );
        // Names get lines of their own when less than a third of the width is left for them.
        if beside < name && beside < 0.33 * width {
            return Columns {
                text,
                value: text,
                below: true,
                text_room: room,
                whole: room,
            };
        }
        let text_room = beside.min(name);
        Columns {
            text,
            value: text + text_room + 2.0 * GAP,
            below: false,
            text_room,
            whole: room,
        }
    }

    fn rows(&self, columns: &Columns) -> Vec<Row<'_>> {
        self.entries
            .iter()
            .map(|entry| {
                let has_value = entry.value.is_some();
                let room = if has_value {
                    columns.text_room
                } else {
                    columns.whole
                };
                let lines = wrap(&entry.text, TICK_TEXT, Weight::Regular, room);
                let value_line = if columns.below { lines.len() } else { 0 };
                let n_lines = lines.len() + usize::from(columns.below && has_value);
                Row {
                    entry,
                    lines,
                    value_line,
                    n_lines,
                }
            })
            .collect()
    }
}

fn name_width(text: &str) -> f64 {
    super::text_width(text, TICK_TEXT, Weight::Regular)
}

fn row_height(lines: usize) -> f64 {
    STEP * lines as f64 + ROW_GAP
}

fn text_offset(mark: Mark) -> f64 {
    match mark {
        Mark::None => 0.0,
        _ => MARK + GAP,
    }
}

fn draw_mark(canvas: &mut Canvas, (left, y): Point, mark: Mark) {
    let middle = left + 0.5 * MARK;
    match mark {
        Mark::Line(stroke) => canvas.line(&[(left, y), (left + MARK, y)], stroke),
        Mark::Band(stroke) => {
            let band = [
                (left, y - 9.0),
                (left + MARK, y - 9.0),
                (left + MARK, y + 9.0),
                (left, y + 9.0),
            ];
            canvas.polygon(&band, stroke.color, 0.16);
            canvas.line(&[(left, y), (left + MARK, y)], stroke);
        }
        Mark::Dot(color) => canvas.dot((middle, y), 8.0, color),
        Mark::Ring(color) => canvas.ring((middle, y), 7.0, color),
        Mark::Diamond(color) => canvas.diamond((middle, y), 10.0, color),
        Mark::Box(color) => {
            let area = Area::new(middle - 14.0, y - 9.0, middle + 14.0, y + 9.0);
            canvas.rectangle(area, color);
        }
        Mark::None => {}
    }
}

/// The lines that several figures share.
impl Entry {
    /// A dashed gray reference line.
    pub fn reference(text: impl Into<String>) -> Self {
        Self::new(
            Mark::Line(Stroke::line(super::GRAY).dash(Dash::Dashed)),
            text,
        )
    }

    /// A dotted line in ink.
    pub fn dotted(text: impl Into<String>) -> Self {
        Self::new(Mark::Line(Stroke::line(INK).dash(Dash::Dotted)), text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_make_it_higher() {
        let legend = |name: &str| {
            let mut legend = Legend::new().header("AUC");
            legend.push(Entry::new(Mark::None, name).value("0.900 (0.850\u{2013}0.950)"));
            legend.height(800.0)
        };
        assert!(legend("a model whose name tells all of its predictors, one by one") > legend("a"));
        assert_eq!(Legend::new().height(800.0), 0.0);
    }

    #[test]
    fn short_rows_stand_side_by_side() {
        let mut legend = Legend::new();
        for name in ["a", "b", "c", "d"] {
            legend.push(Entry::reference(name));
        }
        assert_eq!(legend.height(800.0), row_height(1));
        assert_eq!(legend.height(250.0), 2.0 * row_height(1));
    }
}
