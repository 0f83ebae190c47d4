//! Horizontal bars with names, numbers and an axis: the common body of several figures.

use eval_stats::plot::canvas::{
    Area, Axis, Canvas, Color, Dash, Frame, Grid, INK, Legend, MARGIN, SMALL_TEXT, Stroke,
    TICK_TEXT, Text, Tick,
};

use super::Layout;
use super::names::short_names;
use super::parts::{legend_below, remark};

/// One bar, from zero to its value.
pub(super) struct Bar {
    pub name: String,
    pub value: f64,
    /// Written at the end of the bar.
    pub text: String,
    pub color: Color,
}

/// A figure of bars, the first on top.
pub(super) struct BarChart {
    pub bars: Vec<Bar>,
    /// Title of the axis.
    pub title: String,
    /// Upper end of an axis that has one, such as a share; otherwise the largest value.
    pub most: Option<f64>,
    /// A value marked by a dashed line.
    pub threshold: Option<f64>,
    pub legend: Legend,
    pub remark: Option<String>,
    pub description: String,
}

/// The line of a threshold.
pub(super) const THRESHOLD: Stroke = Stroke {
    color: INK,
    width: 3.0,
    dash: Dash::Dashed,
};

const GAP: f64 = 9.0;

/// Middle height of a row.
fn middle(frame: &Frame, row: usize, step: f64) -> f64 {
    frame.area.top + 4.0 + step * (row as f64 + 0.5)
}

impl BarChart {
    pub fn draw(&self, layout: &Layout) -> String {
        let mut canvas = Canvas::new(layout);
        let (step, size) = match self.bars.len() {
            0..=15 => (40.0, TICK_TEXT),
            16..=30 => (34.0, TICK_TEXT),
            _ => (27.0, SMALL_TEXT),
        };
        let style = Text::new(size);
        let names: Vec<&str> = self.bars.iter().map(|b| b.name.as_str()).collect();
        let longest = names.iter().map(|n| style.width(n)).fold(0.0, f64::max);
        let room = longest.min(0.46 * canvas.width());
        let left = MARGIN + room + 14.0;
        let (top, right) = (canvas.top() + 4.0, canvas.width() - MARGIN);
        let bottom = top + step * self.bars.len() as f64 + 8.0;
        let area = Area::new(left, top, right, bottom);
        let frame = Frame::new(area, self.axis(area, style), Axis::unit("").without_ticks());
        frame.draw(&mut canvas, Grid::Vertical);
        self.draw_bars(&mut canvas, &frame, step, style);
        for (row, name) in short_names(&names, style, room).iter().enumerate() {
            canvas.text(name, (left - 12.0, middle(&frame, row, step)), style.end());
        }
        let mut end = frame.bottom();
        if !self.legend.is_empty() {
            end = legend_below(&mut canvas, &self.legend, end + 12.0);
        }
        if let Some(text) = &self.remark {
            end = remark(&mut canvas, text, end + 4.0);
        }
        canvas.finish(end, &self.description)
    }

    /// Bars, the threshold over them, and their numbers over both.
    fn draw_bars(&self, canvas: &mut Canvas, frame: &Frame, step: f64, style: Text) {
        let zero = frame.at(0.0, 0.0).0;
        let half = 0.34 * step;
        for (row, bar) in self.bars.iter().enumerate() {
            let y = middle(frame, row, step);
            let end = frame.at(bar.value, 0.0).0;
            let body = Area::new(zero.min(end), y - half, zero.max(end), y + half);
            canvas.rectangle(body, bar.color);
        }
        let ends = [(zero, frame.area.top), (zero, frame.area.bottom)];
        canvas.line(&ends, Stroke::new(INK, 2.5));
        if let Some(threshold) = self.threshold {
            frame.vertical(canvas, threshold, THRESHOLD);
        }
        for (row, bar) in self.bars.iter().enumerate() {
            let y = middle(frame, row, step);
            let end = frame.at(bar.value, 0.0).0;
            let (x, style) = match bar.value < 0.0 {
                true => (end - GAP, style.end()),
                false => (end + GAP, style),
            };
            canvas.label(&bar.text, (x, y), style);
        }
    }

    /// An axis with room for the numbers beyond the bars.
    fn axis(&self, area: Area, style: Text) -> Axis {
        let widest = |negative: bool| {
            self.bars
                .iter()
                .filter(|b| (b.value < 0.0) == negative)
                .map(|b| style.width(&b.text) + GAP + 4.0)
                .fold(0.0, f64::max)
        };
        let values = || self.bars.iter().map(|b| b.value).chain(self.threshold);
        let low = values().fold(0.0, f64::min);
        let high = self.most.unwrap_or_else(|| values().fold(0.0, f64::max));
        // Bars of no length leave an axis of one unit; differences of the smallest numbers round to steps.
        let (low, high) = if high - low > 1e-300 {
            (low, high)
        } else {
            (0.0, 1.0)
        };
        let inside = Axis::linear(self.title.clone(), low, high);
        // The label of the last tick is centered on it and may not leave the page either.
        let last = inside.ticks.last().map_or("", |tick| tick.label.as_str());
        let beyond = 0.5 * Text::new(TICK_TEXT).width(last) - 0.5 * MARGIN;
        let (before, after) = (widest(true), widest(false).max(beyond));
        let inner = (area.width() - before - after).max(0.2 * area.width());
        let unit = (high - low) / inner;
        let mut axis = Axis::linear(self.title.clone(), low - before * unit, high + after * unit);
        axis.ticks = inside.ticks;
        // Fewer ticks where their labels would touch, so that zero keeps its own.
        let wide = |t: &[Tick]| t.iter().map(|t| style.width(&t.label) + 14.0).sum::<f64>();
        while axis.ticks.len() > 3 && wide(&axis.ticks) > inner {
            let zero = axis.ticks.iter().position(|t| t.value == 0.0).unwrap_or(0);
            let mut place = 0..;
            axis.ticks.retain(|_| {
                place
                    .next()
                    .is_none_or(|i: usize| i.abs_diff(zero) % 2 == 0)
            });
        }
        axis
    }
}
