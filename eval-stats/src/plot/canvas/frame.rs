//! Data coordinates on a part of the page.

use super::{
    Area, Axis, Canvas, INK, LABEL_TEXT, LINE_SPACING, PALE, Point, Stroke, THIN, TICK_TEXT, Text,
    Weight, shorten, wrap,
};

/// Length of a tick.
const TICK: f64 = 10.0;
/// Gap between a tick and its label.
const GAP: f64 = 6.0;

/// Which grid lines are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Grid {
    /// None.
    None,
    /// At the ticks of the vertical axis.
    #[default]
    Horizontal,
    /// At the ticks of the horizontal axis.
    Vertical,
    /// At all ticks.
    Both,
}

/// Two axes around a plotting area.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    /// The plotting area.
    pub area: Area,
    /// Horizontal axis.
    pub x: Axis,
    /// Vertical axis.
    pub y: Axis,
}

impl Frame {
    /// Axes around a plotting area that is given.
    pub fn new(area: Area, x: Axis, y: Axis) -> Self {
        Self { area, x, y }
    }

    /// Axes whose labels all stand between the left edge `at.0`, the upper edge `at.1` and
    /// `width` to the right; the plotting area is `height` high.
    pub fn fitted(at: Point, width: f64, height: f64, x: Axis, y: Axis) -> Self {
        let top = at.1 + 0.5 * TICK_TEXT;
        let area = Area::new(at.0, top, at.0 + width, top + height);
        let mut frame = Self::new(area, x, y);
        frame.area.left += super::MARGIN + frame.y_label_room() + frame.tick_room();
        // The last tick label is centered at its tick.
        let beyond = |frame: &Self| {
            frame.x.ticks.iter().fold(0.0_f64, |most, tick| {
                let at = frame.at(tick.value, frame.y.low).0;
                let right = at + 0.5 * tick_width(&tick.label);
                most.max(right - (area.right - super::MARGIN))
            })
        };
        frame.area.right -= super::MARGIN;
        frame.area.right -= beyond(&frame);
        frame
    }

    /// Width from the plotting area to the left end of the tick labels.
    fn tick_room(&self) -> f64 {
        let widest = self
            .y
            .ticks
            .iter()
            .map(|t| tick_width(&t.label))
            .fold(0.0, f64::max);
        let tick = if self.y.ticks.is_empty() { 0.0 } else { TICK };
        widest + tick + GAP
    }

    fn y_label_lines(&self) -> Vec<String> {
        axis_title(&self.y.label, self.area.height())
    }

    fn y_label_room(&self) -> f64 {
        let lines = self.y_label_lines().len() as f64;
        if lines > 0.0 {
            LABEL_TEXT * (1.0 + LINE_SPACING * (lines - 1.0)) + GAP
        } else {
            0.0
        }
    }

    fn x_label_lines(&self) -> Vec<String> {
        // A title may be a little wider than its axis.
        axis_title(&self.x.label, self.area.width() + self.tick_room())
    }

    /// Height from the plotting area to the lower end of the title of the horizontal axis.
    fn below(&self) -> f64 {
        let ticks = if self.x.ticks.is_empty() {
            0.0
        } else {
            TICK + GAP + TICK_TEXT
        };
        let lines = self.x_label_lines().len() as f64;
        let title = if lines > 0.0 {
            GAP + LINE_SPACING * LABEL_TEXT * lines
        } else {
            0.0
        };
        ticks + title
    }

    /// Lower end of what [`draw`](Self::draw) writes below the plotting area.
    pub fn bottom(&self) -> f64 {
        self.area.bottom + self.below()
    }

    /// Draws axes, ticks, titles and grid. A label that would touch its neighbor is left out; its
    /// tick stays.
    pub fn draw(&self, canvas: &mut Canvas, grid: Grid) {
        let Area {
            left,
            top,
            right,
            bottom,
        } = self.area;
        if matches!(grid, Grid::Horizontal | Grid::Both) {
            for tick in &self.y.ticks {
                let y = self.at(self.x.low, tick.value).1;
                canvas.line(&[(left, y), (right, y)], Stroke::new(PALE, 2.0));
            }
        }
        if matches!(grid, Grid::Vertical | Grid::Both) {
            for tick in &self.x.ticks {
                let x = self.at(tick.value, self.y.low).0;
                canvas.line(&[(x, top), (x, bottom)], Stroke::new(PALE, 2.0));
            }
        }
        self.draw_y_ticks(canvas);
        self.draw_x_ticks(canvas);
        let corner = [(left, top), (left, bottom), (right, bottom)];
        canvas.line(&corner, Stroke::new(INK, THIN));
        self.draw_titles(canvas);
    }

    fn draw_y_ticks(&self, canvas: &mut Canvas) {
        let left = self.area.left;
        let mut free_above = f64::INFINITY;
        for tick in &self.y.ticks {
            let y = self.at(self.x.low, tick.value).1;
            canvas.line(&[(left - TICK, y), (left, y)], Stroke::new(INK, THIN));
            if y + 0.5 * TICK_TEXT <= free_above {
                let at = (left - TICK - GAP, y);
                canvas.text(&tick.label, at, Text::new(TICK_TEXT).end());
                free_above = y - 0.5 * TICK_TEXT;
            }
        }
    }

    fn draw_x_ticks(&self, canvas: &mut Canvas) {
        let bottom = self.area.bottom;
        let mut free_from = f64::NEG_INFINITY;
        for tick in &self.x.ticks {
            let x = self.at(tick.value, self.y.low).0;
            canvas.line(&[(x, bottom), (x, bottom + TICK)], Stroke::new(INK, THIN));
            let half = 0.5 * tick_width(&tick.label);
            if x - half >= free_from {
                let at = (x, bottom + TICK + GAP + 0.5 * TICK_TEXT);
                canvas.text(&tick.label, at, Text::new(TICK_TEXT).middle());
                free_from = x + half + 0.5 * TICK_TEXT;
            }
        }
    }

    fn draw_titles(&self, canvas: &mut Canvas) {
        let (middle_x, middle_y) = self.area.center();
        let style = Text::new(LABEL_TEXT).middle();
        let step = LINE_SPACING * LABEL_TEXT;
        let lines = self.x_label_lines();
        let first = self.bottom() - step * (lines.len() as f64 - 0.5);
        canvas.lines(&lines, (middle_x, first), style);
        let lines = self.y_label_lines();
        let left = self.area.left - self.tick_room() - self.y_label_room();
        for (i, line) in lines.iter().enumerate() {
            let x = left + 0.5 * LABEL_TEXT + step * i as f64;
            canvas.vertical_text(line, (x, middle_y), style);
        }
    }

    /// Page position of a data point.
    pub fn at(&self, x: f64, y: f64) -> Point {
        (
            self.area.left + self.x.share(x) * self.area.width(),
            self.area.bottom - self.y.share(y) * self.area.height(),
        )
    }

    /// A line through data points, cut at the frame.
    pub fn curve(&self, canvas: &mut Canvas, points: &[(f64, f64)], stroke: Stroke) {
        let path: Vec<Point> = points.iter().map(|&(x, y)| self.at(x, y)).collect();
        for mut part in clip(&path, &self.area) {
            part.dedup();
            canvas.line(&part, stroke);
        }
    }

    /// The area between two curves over the same `x`, kept inside the frame. Where a limit is not
    /// finite the band is interrupted.
    pub fn band(&self, canvas: &mut Canvas, points: &[(f64, f64, f64)], stroke: Stroke) {
        let finite = |p: &(f64, f64, f64)| p.0.is_finite() && p.1.is_finite() && p.2.is_finite();
        let inside = |v: f64| v.clamp(self.y.low, self.y.high);
        for part in points.split(|p| !finite(p)) {
            let upper = part.iter().map(|p| self.at(p.0, inside(p.2)));
            let lower = part.iter().rev().map(|p| self.at(p.0, inside(p.1)));
            let path: Vec<Point> = upper.chain(lower).collect();
            canvas.polygon(&path, stroke.color, 0.16);
        }
    }

    /// A vertical whisker from `low` to `high` with short ends, cut at the frame; an end that is
    /// cut has no stop.
    pub fn whisker(&self, canvas: &mut Canvas, x: f64, low: f64, high: f64, stroke: Stroke) {
        let cut = |v: f64| self.at(x, v.clamp(self.y.low, self.y.high));
        let (bottom, top) = (cut(low), cut(high));
        canvas.line(&[bottom, top], stroke);
        for (end, value) in [(bottom, low), (top, high)] {
            if self.y.contains(value) {
                canvas.line(&[(end.0 - 7.0, end.1), (end.0 + 7.0, end.1)], stroke);
            }
        }
    }

    /// A vertical line over the whole height.
    pub fn vertical(&self, canvas: &mut Canvas, x: f64, stroke: Stroke) {
        let at = self.at(x, self.y.low).0;
        canvas.line(&[(at, self.area.top), (at, self.area.bottom)], stroke);
    }

    /// A horizontal line over the whole width.
    pub fn horizontal(&self, canvas: &mut Canvas, y: f64, stroke: Stroke) {
        let at = self.at(self.x.low, y).1;
        canvas.line(&[(self.area.left, at), (self.area.right, at)], stroke);
    }
}

fn tick_width(label: &str) -> f64 {
    super::text_width(label, TICK_TEXT, Weight::Regular)
}

/// At most two lines of a title.
fn axis_title(label: &str, room: f64) -> Vec<String> {
    if label.is_empty() {
        return Vec::new();
    }
    let mut lines = wrap(label, LABEL_TEXT, Weight::Regular, room);
    if lines.len() > 2 {
        let rest = format!("{}\u{2026}", lines.split_off(1).join(" "));
        lines.push(shorten(&rest, LABEL_TEXT, Weight::Regular, room));
    }
    lines
}

/// Parts of a path inside a rectangle, with the crossing points added. Points that are not finite
/// interrupt it.
fn clip(path: &[Point], area: &Area) -> Vec<Vec<Point>> {
    let mut parts: Vec<Vec<Point>> = Vec::new();
    let mut open = false;
    for w in path.windows(2) {
        let Some((from, to)) = inside(w[0], w[1], area) else {
            open = false;
            continue;
        };
        let at = |t: f64| match t {
            0.0 => w[0],
            1.0 => w[1],
            t => (
                w[0].0 + t * (w[1].0 - w[0].0),
                w[0].1 + t * (w[1].1 - w[0].1),
            ),
        };
        if !open || from > 0.0 {
            parts.push(vec![at(from)]);
        }
        if let Some(part) = parts.last_mut() {
            part.push(at(to));
        }
        open = to >= 1.0;
    }
    parts
}

/// Share of a segment that lies in a rectangle (Liang and Barsky).
fn inside(a: Point, b: Point, area: &Area) -> Option<(f64, f64)> {
    if ![a.0, a.1, b.0, b.1].iter().all(|v| v.is_finite()) {
        return None;
    }
    let (mut from, mut to) = (0.0_f64, 1.0_f64);
    // A little slack, so that lines on the frame are drawn.
    const SLACK: f64 = 0.01;
    for (start, end, low, high) in [
        (a.0, b.0, area.left - SLACK, area.right + SLACK),
        (a.1, b.1, area.top - SLACK, area.bottom + SLACK),
    ] {
        let step = end - start;
        if step == 0.0 {
            if !(low..=high).contains(&start) {
                return None;
            }
            continue;
        }
        let (p, q) = ((low - start) / step, (high - start) / step);
        from = from.max(p.min(q));
        to = to.min(p.max(q));
    }
    (from <= to).then_some((from, to))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_cut_where_they_leave_the_frame() {
        let area = Area::new(0.0, 0.0, 2.0, 1.0);
        let parts = clip(&[(0.0, 0.0), (1.0, 2.0), (2.0, 0.0)], &area);
        assert_eq!(parts.len(), 2);
        assert_eq!(parts[0][0], (0.0, 0.0));
        assert!((parts[0][1].0 - 0.5).abs() < 0.01 && (parts[0][1].1 - 1.0).abs() < 0.02);
        assert_eq!(parts[1][1], (2.0, 0.0));
        let gap = clip(
            &[(0.0, 0.5), (f64::NAN, 0.5), (1.0, 0.5), (1.5, 0.5)],
            &area,
        );
        assert_eq!(gap, [vec![(1.0, 0.5), (1.5, 0.5)]]);
    }

    #[test]
    fn labels_stay_within_the_width() {
        let x = Axis::linear("x", 0.0, 100_000.0);
        let y = Axis::linear("A title that is far too long for so low a plot", 0.0, 1e9);
        let frame = Frame::fitted((0.0, 0.0), 300.0, 200.0, x, y);
        assert!(frame.area.left > 60.0 && frame.area.right < 300.0 - 30.0);
    }
}
