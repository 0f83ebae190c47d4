//! Forest plot.

use super::canvas::{
    Anchor, Axis, Canvas, Color, Dash, GRAY, INK, LABEL_TEXT, LINE_SPACING, MARGIN, PALE, PALETTE,
    SMALL_TEXT, Scale, Stroke, THIN, TICK_TEXT, Text, Weight, wrap,
};
use super::{Layout, Width};
use crate::baseline::p_cell;
use crate::error::{Error, Result};
use crate::estimate::{Estimate, percent};

/// What a row of a forest plot shows.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum ForestEffect {
    /// A name above the rows of a group.
    Heading,
    /// The level that others are compared with.
    Reference,
    /// An estimate with its limits; limits may be infinite.
    Estimate {
        /// The estimate.
        value: f64,
        /// Lower limit.
        low: f64,
        /// Upper limit.
        high: f64,
    },
    /// As [`Estimate`](Self::Estimate), drawn as a diamond.
    Summary {
        /// The estimate.
        value: f64,
        /// Lower limit.
        low: f64,
        /// Upper limit.
        high: f64,
    },
    /// An estimate written in the column of numbers and not drawn, because it means nothing alone.
    Listed {
        /// The estimate.
        value: f64,
        /// Lower limit.
        low: f64,
        /// Upper limit.
        high: f64,
    },
    /// There is no estimate.
    NotEstimable,
}

impl ForestEffect {
    /// Estimate and limits as written.
    fn numbers(&self) -> Option<(f64, f64, f64)> {
        match *self {
            Self::Listed { value, low, high } => Some((value, low, high)),
            _ => self.limits(),
        }
    }

    /// Estimate and limits as drawn.
    fn limits(&self) -> Option<(f64, f64, f64)> {
        match *self {
            Self::Estimate { value, low, high } | Self::Summary { value, low, high } => {
                Some((value, low, high))
            }
            _ => None,
        }
    }
}

/// A row of a forest plot.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ForestRow {
    /// Its name; broken into lines where it is long.
    pub label: String,
    /// What it shows.
    pub effect: ForestEffect,
    /// Indented below a heading.
    pub indented: bool,
    /// Events and subjects.
    pub counts: Option<(u64, u64)>,
    /// p-value.
    pub p: Option<f64>,
}

impl ForestRow {
    fn new(label: impl Into<String>, effect: ForestEffect) -> Self {
        Self {
            label: label.into(),
            effect,
            indented: false,
            counts: None,
            p: None,
        }
    }

    /// A name above the rows of a group.
    pub fn heading(label: impl Into<String>) -> Self {
        Self::new(label, ForestEffect::Heading)
    }

    /// The level that others are compared with.
    pub fn reference(label: impl Into<String>) -> Self {
        Self::new(label, ForestEffect::Reference)
    }

    /// An estimate with its limits.
    pub fn estimate(label: impl Into<String>, value: f64, low: f64, high: f64) -> Self {
        Self::new(label, ForestEffect::Estimate { value, low, high })
    }

    /// An estimate with its limits, drawn as a diamond, for example of all subjects.
    pub fn summary(label: impl Into<String>, value: f64, low: f64, high: f64) -> Self {
        Self::new(label, ForestEffect::Summary { value, low, high })
    }

    /// An estimate with its limits that is written and not drawn, for example a basis function of a
    /// spline.
    pub fn listed(label: impl Into<String>, value: f64, low: f64, high: f64) -> Self {
        Self::new(label, ForestEffect::Listed { value, low, high })
    }

    /// An estimate of this crate, for example an AUC.
    pub fn of(label: impl Into<String>, e: &Estimate) -> Self {
        Self::estimate(label, e.value, e.low, e.high)
    }

    /// A row without an estimate.
    pub fn not_estimable(label: impl Into<String>) -> Self {
        Self::new(label, ForestEffect::NotEstimable)
    }

    /// Indents it below a heading.
    pub fn indented(mut self) -> Self {
        self.indented = true;
        self
    }

    /// Adds events and subjects.
    pub fn counts(mut self, events: u64, n: u64) -> Self {
        self.counts = Some((events, n));
        self
    }

    /// Adds a p-value.
    pub fn p(mut self, p: f64) -> Self {
        self.p = Some(p);
        self
    }
}

/// What a forest plot shows.
///
/// | setting | odds ratios | AUCs | purpose |
/// |---|---|---|---|
/// | `measure` | Odds ratio | AUC | title of the axis |
/// | `short` | OR | AUC | heading of the numbers |
/// | `scale` | logarithmic | linear | of the axis |
/// | `null` | 1 | none | dashed line of no effect |
/// | `level` | 0.95 | 0.95 | confidence level, for the heading only |
/// | `decimals` | 2 | 3 | of the numbers |
/// | `limits` | from the rows | from the rows | ends of the axis; intervals beyond end in an arrow |
/// | `directions` | none | none | what lies left and right of the line of no effect |
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ForestFigure<'a> {
    /// The rows from top to bottom.
    pub rows: &'a [ForestRow],
    /// Title of the axis.
    pub measure: String,
    /// Heading of the numbers.
    pub short: String,
    /// Scale of the axis.
    pub scale: Scale,
    /// Dashed line of no effect.
    pub null: Option<f64>,
    /// Confidence level.
    pub level: f64,
    /// Decimals of the numbers.
    pub decimals: usize,
    /// Ends of the axis.
    pub limits: Option<(f64, f64)>,
    /// What lies left and right of the line of no effect.
    pub directions: Option<(String, String)>,
}

impl<'a> ForestFigure<'a> {
    /// Ratios on a logarithmic axis, for example hazard ratios.
    pub fn ratios(
        rows: &'a [ForestRow],
        measure: impl Into<String>,
        short: impl Into<String>,
    ) -> Self {
        Self {
            rows,
            measure: measure.into(),
            short: short.into(),
            scale: Scale::Log,
            null: Some(1.0),
            level: 0.95,
            decimals: 2,
            limits: None,
            directions: None,
        }
    }

    /// Odds ratios.
    pub fn odds_ratios(rows: &'a [ForestRow]) -> Self {
        Self::ratios(rows, "Odds ratio", "OR")
    }

    /// Areas under the ROC curve, for example of subgroups.
    pub fn aucs(rows: &'a [ForestRow]) -> Self {
        Self {
            scale: Scale::Linear,
            null: None,
            decimals: 3,
            ..Self::ratios(rows, "AUC", "AUC")
        }
    }

    /// Differences on a linear axis with a line at 0.
    pub fn differences(
        rows: &'a [ForestRow],
        measure: impl Into<String>,
        short: impl Into<String>,
    ) -> Self {
        Self {
            scale: Scale::Linear,
            null: Some(0.0),
            decimals: 3,
            ..Self::ratios(rows, measure, short)
        }
    }

    /// Sets the line of no effect; `None` for no line.
    pub fn null(mut self, null: Option<f64>) -> Self {
        self.null = null;
        self
    }

    /// Sets the confidence level that the heading names.
    pub fn level(mut self, level: f64) -> Self {
        self.level = level;
        self
    }

    /// Sets the decimals of the numbers.
    pub fn decimals(mut self, decimals: usize) -> Self {
        self.decimals = decimals;
        self
    }

    /// Sets the ends of the axis.
    pub fn limits(mut self, low: f64, high: f64) -> Self {
        self.limits = Some((low, high));
        self
    }

    /// Says what lies left and right of the line of no effect.
    pub fn directions(mut self, left: impl Into<String>, right: impl Into<String>) -> Self {
        self.directions = Some((left.into(), right.into()));
        self
    }
}

/// Estimates with their intervals on an axis, with names, events and subjects, numbers and
/// p-values in columns.
///
/// Intervals that leave the axis end in an arrow. Unless its ends are set, the axis covers all
/// estimates between a thousandth and a thousand (ratios) and limits up to tenfold beyond them.
/// On one column events and subjects stand below the name.
///
/// ```
/// use eval_stats::plot::{ForestFigure, ForestRow, Layout, forest};
/// let rows = [
///     ForestRow::reference("T1"),
///     ForestRow::estimate("T2", 1.62, 1.08, 2.44).p(0.019),
/// ];
/// assert!(forest(&ForestFigure::odds_ratios(&rows), &Layout::new())?.contains("1.62"));
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::Empty`] without rows that have an estimate; [`Error::OutOfRange`] for an estimate or
/// limit that is NaN, a negative ratio, limits in the wrong order, a p-value outside `[0, 1]`, ends
/// of the axis that do not increase (or are not positive for ratios), or a line of no effect that
/// is not finite (or not positive).
pub fn forest(figure: &ForestFigure<'_>, layout: &Layout) -> Result<String> {
    check(figure)?;
    let axis = axis(figure);
    let mut page = Page::new(figure, axis, layout);
    page.header();
    for row in figure.rows {
        page.row(row);
    }
    Ok(page.finish())
}

fn check(figure: &ForestFigure<'_>) -> Result<()> {
    let bad = |name, value, expected| {
        Err(Error::OutOfRange {
            name,
            value,
            expected,
        })
    };
    let ratio = figure.scale == Scale::Log;
    let mut estimates = 0;
    for row in figure.rows {
        if let Some(p) = row.p.filter(|p| !(0.0..=1.0).contains(p)) {
            return bad("a p-value", p, "a number in [0, 1]");
        }
        let Some((value, low, high)) = row.effect.numbers() else {
            continue;
        };
        estimates += usize::from(row.effect.limits().is_some());
        for v in [value, low, high] {
            if v.is_nan() || (ratio && v < 0.0) {
                return bad(
                    "an estimate or limit",
                    v,
                    "a number, not negative for ratios",
                );
            }
        }
        if !(low <= value && value <= high) {
            return bad("an estimate", value, "a number between its limits");
        }
    }
    if estimates == 0 {
        return Err(Error::Empty {
            what: "rows with an estimate",
        });
    }
    let usable = |v: f64| v.is_finite() && (!ratio || v > 0.0);
    if let Some(null) = figure.null.filter(|n| !usable(*n)) {
        return bad(
            "the line of no effect",
            null,
            "finite, and positive for ratios",
        );
    }
    let increasing = |(low, high): (f64, f64)| usable(low) && usable(high) && low < high;
    if let Some((low, _)) = figure.limits.filter(|l| !increasing(*l)) {
        let expected = "increasing finite ends, positive for ratios";
        return bad("an end of the axis", low, expected);
    }
    crate::error::check_level(figure.level)
}

fn axis(figure: &ForestFigure<'_>) -> Axis {
    let label = figure.measure.as_str();
    if let Some((low, high)) = figure.limits {
        return match figure.scale {
            Scale::Linear => Axis::linear(label, low, high),
            Scale::Log => Axis::log(label, low, high),
        };
    }
    let all: Vec<(f64, f64, f64)> = figure
        .rows
        .iter()
        .filter_map(|r| r.effect.limits())
        .collect();
    match figure.scale {
        Scale::Linear => {
            let ends = all.iter().flat_map(|l| [l.0, l.1, l.2]).chain(figure.null);
            Axis::covering(label, ends, 0.05)
        }
        Scale::Log => {
            let null = figure.null.unwrap_or(1.0);
            let inside = |v: f64| v.clamp(null * 1e-3, null * 1e3);
            let estimates = || all.iter().map(|l| inside(l.0)).chain([null]);
            let least = estimates().fold(f64::INFINITY, f64::min);
            let most = estimates().fold(0.0, f64::max);
            let low = all.iter().fold(least, |m, l| m.min(l.1.max(0.1 * least)));
            let high = all.iter().fold(most, |m, l| m.max(l.2.min(10.0 * most)));
            // At least a span of 1.5 fold, and a margin on either side.
            let span = (high / low).max(1.5).ln();
            let margin = (0.05 * span).exp();
            Axis::log(label, low / margin, high * margin)
        }
    }
}

const GAP: f64 = 22.0;
const ROW: f64 = 1.55 * TICK_TEXT;
const INDENT: f64 = 22.0;
const BLUE: Color = PALETTE[0];

/// The page with its columns.
struct Page<'a> {
    figure: &'a ForestFigure<'a>,
    canvas: Canvas,
    axis: Axis,
    y: f64,
    top: f64,
    names: f64,
    /// Right end of the counts; none on one column.
    counts: Option<f64>,
    left: f64,
    right: f64,
    numbers: f64,
    p: Option<f64>,
}

impl<'a> Page<'a> {
    fn new(figure: &'a ForestFigure<'a>, axis: Axis, layout: &Layout) -> Self {
        let canvas = Canvas::new(layout);
        let style = Text::new(TICK_TEXT);
        let width = canvas.width();
        let widest = |texts: &mut dyn Iterator<Item = String>, head: &str| {
            texts
                .map(|t| style.width(&t))
                .fold(style.bold().width(head), f64::max)
        };
        let rows = figure.rows;
        let names = rows
            .iter()
            .map(|r| {
                let indent = if r.indented { INDENT } else { 0.0 };
                indent + weighted(r).width(&r.label)
            })
            .fold(0.0, f64::max);
        let has_counts = rows.iter().any(|r| r.counts.is_some());
        let has_p = rows.iter().any(|r| r.p.is_some());
        let wide = layout.width == Width::Double;
        let most = if wide { 0.34 } else { 0.30 };
        let names = names.clamp(120.0, most * width);
        let mut left = MARGIN + names + GAP;
        let counts = (has_counts && wide).then(|| {
            let texts = &mut rows.iter().filter_map(counts_text);
            left += widest(texts, "Events/n") + GAP;
            left - GAP
        });
        let mut right = width - MARGIN;
        let p = has_p.then_some(right);
        if has_p {
            let texts = &mut rows.iter().filter_map(|r| r.p).map(p_cell);
            right -= widest(texts, "P") + GAP;
        }
        right -= rows
            .iter()
            .map(|r| weighted(r).width(&numbers_text(figure, &r.effect)))
            .fold(style.bold().width(&heading(figure)), f64::max);
        Self {
            figure,
            y: canvas.top(),
            top: canvas.top(),
            canvas,
            axis,
            names,
            counts,
            left,
            right: right - GAP,
            numbers: right,
            p,
        }
    }

    fn header(&mut self) {
        let style = Text::new(TICK_TEXT).bold();
        let y = self.y + 0.5 * ROW;
        if let Some(x) = self.counts {
            self.canvas.text("Events/n", (x, y), style.end());
        } else if self.figure.rows.iter().any(|r| r.counts.is_some()) {
            self.canvas.text("Events/n", (MARGIN, y), style.color(GRAY));
        }
        let head = heading(self.figure);
        self.canvas.text(&head, (self.numbers, y), style);
        if let Some(x) = self.p {
            self.canvas.text("P", (x, y), style.end());
        }
        self.y += ROW + 3.0;
        let right = self.canvas.width() - MARGIN;
        let rule = [(MARGIN, self.y), (right, self.y)];
        self.canvas.line(&rule, Stroke::new(INK, THIN));
        self.y += 5.0;
        self.top = self.y;
    }

    fn x(&self, value: f64) -> f64 {
        self.left + self.axis.share(value) * (self.right - self.left)
    }

    fn row(&mut self, row: &ForestRow) {
        let indent = if row.indented { INDENT } else { 0.0 };
        let style = weighted(row);
        // A heading may run over the other columns' room.
        let room = match row.effect {
            ForestEffect::Heading => self.canvas.width() - 2.0 * MARGIN,
            _ => self.names - indent,
        };
        let lines = wrap(&row.label, TICK_TEXT, style.weight, room);
        let y = self.y + 0.5 * ROW;
        let step = LINE_SPACING * TICK_TEXT;
        for (i, line) in lines.iter().enumerate() {
            let at = (MARGIN + indent, y + step * i as f64);
            match row.effect {
                // It may cross the line of no effect.
                ForestEffect::Heading => self.canvas.label(line, at, style),
                _ => self.canvas.text(line, at, style),
            }
        }
        let mut height = ROW + step * (lines.len() - 1) as f64;
        if let Some(text) = counts_text(row) {
            match self.counts {
                Some(x) => self.canvas.text(&text, (x, y), Text::new(TICK_TEXT).end()),
                None => {
                    let below = (MARGIN + indent, y + step * lines.len() as f64);
                    let style = Text::new(SMALL_TEXT).color(GRAY);
                    self.canvas.text(&text, below, style);
                    height += step;
                }
            }
        }
        // Marks stand on the first line of the name, as the numbers do.
        let text = numbers_text(self.figure, &row.effect);
        if !text.is_empty() {
            self.canvas.text(&text, (self.numbers, y), style);
        }
        if let (Some(x), Some(p)) = (self.p, row.p) {
            self.canvas.text(&p_cell(p), (x, y), style.end());
        }
        self.mark(&row.effect, y);
        self.y += height;
    }

    fn mark(&mut self, effect: &ForestEffect, y: f64) {
        match *effect {
            ForestEffect::Estimate { value, low, high } => {
                self.interval(low, high, y);
                if self.axis.contains(value) {
                    let x = self.x(value);
                    let square = super::canvas::Area::new(x - 7.0, y - 7.0, x + 7.0, y + 7.0);
                    self.canvas.rectangle(square, BLUE);
                }
            }
            ForestEffect::Summary { value, low, high } => {
                let place = |v: f64| self.x(v.clamp(self.axis.low, self.axis.high));
                let (a, m, b) = (place(low), place(value), place(high));
                let corners = [(a, y), (m, y - 9.0), (b, y), (m, y + 9.0)];
                self.canvas.polygon(&corners, BLUE, 1.0);
            }
            ForestEffect::Reference => {
                if let Some(null) = self.figure.null.filter(|n| self.axis.contains(*n)) {
                    self.canvas.ring((self.x(null), y), 6.0, GRAY);
                }
            }
            ForestEffect::Heading | ForestEffect::NotEstimable | ForestEffect::Listed { .. } => {}
        }
    }

    fn interval(&mut self, low: f64, high: f64, y: f64) {
        let place = |v: f64| self.x(v.clamp(self.axis.low, self.axis.high));
        let (a, b) = (place(low), place(high));
        let stroke = Stroke::new(BLUE, 3.0);
        self.canvas.line(&[(a, y), (b, y)], stroke);
        let (below, above) = (low < self.axis.low, high > self.axis.high);
        for (leaves, x, out) in [(below, self.left, -1.0), (above, self.right, 1.0)] {
            if leaves {
                let back = x - out * 13.0;
                let head = [(x, y), (back, y - 6.5), (back, y + 6.5)];
                self.canvas.polygon(&head, BLUE, 1.0);
            }
        }
        for (inside, x) in [(!below, a), (!above, b)] {
            if inside {
                self.canvas.line(&[(x, y - 5.0), (x, y + 5.0)], stroke);
            }
        }
    }

    fn finish(mut self) -> String {
        let bottom = self.y + 6.0;
        let Self { left, right, .. } = self;
        self.lines_behind(bottom);
        let ends = [(left, bottom), (right, bottom)];
        self.canvas.line(&ends, Stroke::new(INK, THIN));
        let style = Text::new(SMALL_TEXT).middle();
        let mut free_from = f64::NEG_INFINITY;
        for tick in self.axis.ticks.clone() {
            let x = self.x(tick.value);
            let mark = [(x, bottom), (x, bottom + 9.0)];
            self.canvas.line(&mark, Stroke::new(INK, THIN));
            let half = 0.5 * style.width(&tick.label);
            if x - half > free_from {
                self.canvas.text(&tick.label, (x, bottom + 25.0), style);
                free_from = x + half + 8.0;
            }
        }
        let mut y = bottom + 25.0 + LINE_SPACING * SMALL_TEXT;
        y = self.directions(y);
        let log = if self.axis.scale == Scale::Log {
            " (log scale)"
        } else {
            ""
        };
        let title = format!("{}{log}", self.axis.label);
        let room = 1.3 * (right - left);
        let lines = wrap(&title, LABEL_TEXT, Weight::Regular, room);
        let step = LINE_SPACING * LABEL_TEXT;
        let at = (0.5 * (left + right), y + 0.2 * step);
        self.canvas
            .lines(&lines, at, Text::new(LABEL_TEXT).middle());
        let bottom = y + step * (lines.len() as f64 - 0.3);
        let text = self.description();
        self.canvas.finish(bottom, &text)
    }

    /// Pale lines at the ticks and the line of no effect, behind the rows.
    fn lines_behind(&mut self, bottom: f64) {
        let mut behind = self.canvas.layer();
        for tick in &self.axis.ticks {
            let x = self.x(tick.value);
            behind.line(&[(x, self.top), (x, bottom)], Stroke::new(PALE, 2.0));
        }
        if let Some(null) = self.figure.null.filter(|n| self.axis.contains(*n)) {
            let x = self.x(null);
            let stroke = Stroke::new(GRAY, THIN).dash(Dash::Dashed);
            behind.line(&[(x, self.top), (x, bottom)], stroke);
        }
        self.canvas.put_behind(behind);
    }

    /// What lies left and right of the line of no effect; where the next text may stand.
    fn directions(&mut self, y: f64) -> f64 {
        let Some((low, high)) = &self.figure.directions else {
            return y;
        };
        let null = self.figure.null.unwrap_or(self.axis.low);
        let x = self.x(null.clamp(self.axis.low, self.axis.high));
        let step = LINE_SPACING * SMALL_TEXT;
        let mut rows = 0;
        for (text, room, anchor, gap) in [
            (
                format!("\u{2190} {low}"),
                x - MARGIN - 8.0,
                Anchor::End,
                -8.0,
            ),
            (
                format!("{high} \u{2192}"),
                self.canvas.width() - MARGIN - x - 8.0,
                Anchor::Start,
                8.0,
            ),
        ] {
            let lines = wrap(&text, SMALL_TEXT, Weight::Regular, room);
            rows = rows.max(lines.len());
            let style = Text::new(SMALL_TEXT).anchor(anchor);
            self.canvas.lines(&lines, (x + gap, y), style);
        }
        y + step * rows as f64 + 4.0
    }

    fn description(&self) -> String {
        let rows: Vec<String> = self
            .figure
            .rows
            .iter()
            .filter(|r| r.effect.numbers().is_some())
            .map(|r| format!("{}: {}.", r.label, numbers_text(self.figure, &r.effect)))
            .collect();
        format!("Forest plot, {}. {}", heading(self.figure), rows.join(" "))
    }
}

fn weighted(row: &ForestRow) -> Text {
    let style = Text::new(TICK_TEXT);
    match row.effect {
        ForestEffect::Heading | ForestEffect::Summary { .. } => style.bold(),
        _ => style,
    }
}

fn heading(figure: &ForestFigure<'_>) -> String {
    format!("{} ({}% CI)", figure.short, percent(figure.level))
}

fn counts_text(row: &ForestRow) -> Option<String> {
    row.counts.map(|(events, n)| format!("{events}/{n}"))
}

fn numbers_text(figure: &ForestFigure<'_>, effect: &ForestEffect) -> String {
    let show = |v: f64| number(v, figure.decimals);
    match effect {
        ForestEffect::Heading => String::new(),
        ForestEffect::Reference => "reference".to_owned(),
        ForestEffect::NotEstimable => "not estimable".to_owned(),
        ForestEffect::Estimate { value, low, high }
        | ForestEffect::Listed { value, low, high }
        | ForestEffect::Summary { value, low, high } => {
            // A dash between negative numbers would read as a minus.
            let dash = if *low < 0.0 { " to " } else { "\u{2013}" };
            format!("{} ({}{dash}{})", show(*value), show(*low), show(*high))
        }
    }
}

/// Fixed decimals; fewer for numbers of hundreds, powers of ten for huge ones.
fn number(value: f64, decimals: usize) -> String {
    let size = value.abs();
    if size.is_infinite() {
        return if value > 0.0 {
            "\u{221e}"
        } else {
            "\u{2212}\u{221e}"
        }
        .to_owned();
    }
    let text = match size {
        s if s >= 1e5 => format!("{value:.1e}"),
        s if s >= 100.0 => format!("{value:.0}"),
        s if s >= 10.0 => format!("{value:.prec$}", prec = decimals.min(1)),
        s if s > 0.0 && s < 0.5 * 10f64.powi(-(decimals as i32)) => {
            return format!("<{:.decimals$}", 10f64.powi(-(decimals as i32)));
        }
        _ => format!("{value:.decimals$}"),
    };
    text.replace('-', "\u{2212}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_size() {
        assert_eq!(
            [1.234, 12.34, 123.4, 1.2e9, 0.001, f64::INFINITY].map(|v| number(v, 2)),
            ["1.23", "12.3", "123", "1.2e9", "<0.01", "\u{221e}"]
        );
        assert_eq!(number(-0.5, 2), "\u{2212}0.50");
    }

    #[test]
    fn the_axis_covers_what_is_not_extreme() {
        let rows = [
            ForestRow::estimate("a", 2.0, 1.0, 4.0),
            ForestRow::estimate("b", 3.0, 0.0, f64::INFINITY),
        ];
        let a = axis(&ForestFigure::odds_ratios(&rows));
        assert!(a.low < 0.11 && a.low > 0.05 && a.high > 30.0 && a.high < 50.0);
    }

    #[test]
    fn what_is_only_listed_does_not_stretch_the_axis() {
        let rows = [
            ForestRow::estimate("a", 2.0, 1.0, 4.0),
            ForestRow::listed("a'", 1e-6, 1e-9, 1e-4),
        ];
        let figure = ForestFigure::odds_ratios(&rows);
        assert!(axis(&figure).low > 0.5);
        let svg = forest(&figure, &Layout::new()).unwrap();
        assert!(svg.contains("&lt;0.01 (&lt;0.01"));
        let alone = ForestFigure::odds_ratios(&rows[1..]);
        assert!(forest(&alone, &Layout::new()).is_err());
    }
}
