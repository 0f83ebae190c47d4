//! The diagram, drawn from top to bottom: a trunk of boxes, the excluded cases at its right, the splits in rows below.

use eval_stats::plot::Width;
use eval_stats::plot::canvas::{
    Area, Canvas, Color, GRAY, INK, LABEL_TEXT, LINE_SPACING, MARGIN, PALETTE, Stroke, THIN,
    TICK_TEXT, Text, WHITE, wrap,
};

use super::{Flow, FlowSplit, SplitRole};

/// From the edge of a box to its text.
const PADDING: f64 = 16.0;
/// How far the second line of a reason is set in.
const INDENT: f64 = 16.0;
/// Between boxes that are connected, for an arrow.
const GAP: f64 = 45.0;
/// Between boxes beside each other.
const GUTTER: f64 = 30.0;
/// Room for the line down the left side that reaches the second row of splits.
const RAIL: f64 = 36.0;

/// What depends on the width of the page.
struct Sheet {
    width: f64,
    /// Middle of the trunk.
    trunk: f64,
    trunk_width: f64,
    /// Most splits in a row.
    per_row: usize,
}

impl Sheet {
    fn new(width: Width) -> Self {
        let page = 10.0 * width.millimeters();
        match width {
            Width::Single => Self {
                width: page,
                trunk: 0.3 * page,
                trunk_width: 400.0,
                per_row: 2,
            },
            Width::Double => Self {
                width: page,
                trunk: 0.5 * page,
                trunk_width: 560.0,
                per_row: 4,
            },
        }
    }

    fn right(&self) -> f64 {
        self.width - MARGIN
    }

    /// Splits in each row, as even as can be, the fuller rows first.
    fn rows(&self, n: usize) -> Vec<usize> {
        let n_rows = n.div_ceil(self.per_row);
        (0..n_rows)
            .map(|row| n / n_rows + usize::from(row < n % n_rows))
            .collect()
    }
}

/// A box with lines of text, as high as they need.
struct Card {
    width: f64,
    fill: Color,
    edge: Color,
    align: Align,
    lines: Vec<Line>,
}

#[derive(Clone, Copy)]
enum Align {
    Left,
    Middle,
}

struct Line {
    text: String,
    style: Text,
    indent: f64,
}

impl Card {
    fn new(width: f64, align: Align) -> Self {
        Self {
            width,
            fill: WHITE,
            edge: INK,
            align,
            lines: Vec::new(),
        }
    }

    fn colors(mut self, fill: Color, edge: Color) -> Self {
        (self.fill, self.edge) = (fill, edge);
        self
    }

    /// Adds a text in as many lines as it needs.
    fn add(mut self, text: &str, style: Text) -> Self {
        let room = self.width - 2.0 * PADDING;
        self.push(&wrap(text, style.size, style.weight, room), style, 0.0);
        self
    }

    /// As [`add`](Self::add), with all lines but the first set in.
    fn add_hanging(mut self, text: &str, style: Text) -> Self {
        let room = self.width - 2.0 * PADDING - INDENT;
        let lines = wrap(text, style.size, style.weight, room);
        self.push(&lines, style, INDENT);
        self
    }

    fn push(&mut self, lines: &[String], style: Text, indent: f64) {
        for (k, text) in lines.iter().enumerate() {
            self.lines.push(Line {
                text: text.clone(),
                style,
                indent: if k == 0 { 0.0 } else { indent },
            });
        }
    }

    fn height(&self) -> f64 {
        let text: f64 = self.lines.iter().map(Line::height).sum();
        text + 1.5 * PADDING
    }

    /// Draws the box with the middle of its upper edge at a position; where it lies.
    fn draw(&self, canvas: &mut Canvas, middle: f64, top: f64, height: f64) -> Area {
        let (left, right) = (middle - 0.5 * self.width, middle + 0.5 * self.width);
        let area = Area::new(left, top, right, top + height);
        canvas.rectangle(area, self.fill);
        canvas.outline(area, Stroke::new(self.edge, THIN));
        let mut y = top + 0.75 * PADDING;
        for line in &self.lines {
            let middle_of_line = y + 0.5 * line.height();
            match self.align {
                Align::Left => {
                    let at = (left + PADDING + line.indent, middle_of_line);
                    canvas.text(&line.text, at, line.style);
                }
                Align::Middle => {
                    canvas.text(&line.text, (middle, middle_of_line), line.style.middle());
                }
            }
            y += line.height();
        }
        area
    }
}

impl Line {
    fn height(&self) -> f64 {
        LINE_SPACING * self.style.size
    }
}

/// The diagram of a flow that adds up.
pub(super) fn draw(flow: &Flow, width: Width) -> String {
    let sheet = Sheet::new(width);
    let mut canvas = Canvas::sized(width.millimeters(), None).named("Flow of cases");
    let analyzed = draw_trunk(flow, &sheet, &mut canvas);
    let bottom = draw_splits(flow, &sheet, &mut canvas, analyzed);
    canvas.finish(bottom, &flow.description())
}

/// Source, excluded and analyzed; where the last of them lies.
fn draw_trunk(flow: &Flow, sheet: &Sheet, canvas: &mut Canvas) -> Area {
    let (title, text) = (Text::new(LABEL_TEXT).bold(), Text::new(LABEL_TEXT));
    let trunk = |name: &str, n: usize| {
        Card::new(sheet.trunk_width, Align::Middle)
            .add(name, title)
            .add(&format!("n = {n}"), text)
    };
    let source = trunk(&flow.source, flow.n);
    let source = source.draw(canvas, sheet.trunk, canvas.top(), source.height());
    let left = sheet.trunk + GAP + 20.0;
    let side = excluded(flow, sheet.right() - left);
    let height = side.height();
    let side = side.draw(
        canvas,
        0.5 * (left + sheet.right()),
        source.bottom + GAP,
        height,
    );
    let analyzed = trunk("Analyzed", flow.n_analyzed());
    let analyzed = analyzed.draw(canvas, sheet.trunk, side.bottom + GAP, analyzed.height());
    let ink = Stroke::new(INK, THIN);
    canvas.arrow(
        (sheet.trunk, source.bottom),
        (sheet.trunk, analyzed.top),
        ink,
    );
    let y = side.center().1;
    canvas.arrow((sheet.trunk, y), (side.left, y), ink);
    analyzed
}

fn excluded(flow: &Flow, width: f64) -> Card {
    let text = Text::new(LABEL_TEXT);
    let mut card = Card::new(width, Align::Left).colors(WHITE, GRAY).add(
        &format!("Excluded (n = {})", flow.n_excluded()),
        text.bold(),
    );
    for (reason, n) in flow.reasons() {
        card = card.add_hanging(&format!("{reason} ({n})"), text);
    }
    if flow.is_overlapping() {
        let remark = Text::new(TICK_TEXT).color(GRAY);
        card = card.add("A case can have several reasons.", remark);
    }
    card
}

fn split_card(split: &FlowSplit, width: f64) -> Card {
    let color = match split.role {
        SplitRole::Training => PALETTE[0],
        SplitRole::Test => PALETTE[1],
    };
    let text = Text::new(LABEL_TEXT);
    let mut card = Card::new(width, Align::Middle)
        .colors(color.tint(0.08), color)
        .add(
            &format!("{} split", split.role.name()),
            Text::new(TICK_TEXT).color(GRAY),
        )
        .add(&split.name, text.bold());
    for line in split.counts() {
        card = card.add(&line, text);
    }
    card
}

/// All splits; the lower end of the last.
fn draw_splits(flow: &Flow, sheet: &Sheet, canvas: &mut Canvas, analyzed: Area) -> f64 {
    let rows = sheet.rows(flow.splits.len());
    let columns = rows.first().copied().unwrap_or(1);
    let rail = (rows.len() > 1).then_some(MARGIN + 6.0);
    let room = sheet.right() - MARGIN - rail.map_or(0.0, |_| RAIL);
    let gutters = GUTTER * (columns - 1) as f64;
    let width = match rail {
        None => ((room - gutters) / columns as f64).min(sheet.trunk_width),
        Some(_) => (room - gutters) / columns as f64,
    };
    let total = width * columns as f64 + gutters;
    let left = match rail {
        // Below the trunk, but on the page.
        None => (sheet.trunk - 0.5 * total).clamp(MARGIN, sheet.right() - total),
        Some(_) => MARGIN + RAIL,
    };
    let ink = Stroke::new(INK, THIN);
    let (mut bottom, mut bus_above) = (analyzed.bottom, None);
    let mut splits = flow.splits.iter();
    for n in rows {
        let cards: Vec<Card> = splits
            .by_ref()
            .take(n)
            .map(|split| split_card(split, width))
            .collect();
        let height = cards.iter().map(Card::height).fold(0.0, f64::max);
        let (bus, top) = (bottom + GAP, bottom + 2.0 * GAP);
        let middle = |k: usize| left + 0.5 * width + k as f64 * (width + GUTTER);
        let mut reach = vec![middle(0), middle(n - 1)];
        reach.extend(rail);
        if bus_above.is_none() {
            reach.push(sheet.trunk);
            canvas.line(&[(sheet.trunk, bottom), (sheet.trunk, bus)], ink);
        }
        let from = reach.iter().copied().fold(f64::INFINITY, f64::min);
        let to = reach.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        canvas.line(&[(from, bus), (to, bus)], ink);
        if let (Some(x), Some(above)) = (rail, bus_above) {
            canvas.line(&[(x, above), (x, bus)], ink);
        }
        bus_above = Some(bus);
        for (k, card) in cards.iter().enumerate() {
            canvas.arrow((middle(k), bus), (middle(k), top), ink);
            card.draw(canvas, middle(k), top, height);
        }
        bottom = top + height;
    }
    bottom
}

#[cfg(test)]
mod tests {
    use eval_stats::plot::canvas::{Weight, text_width};

    use super::*;

    /// Values of an attribute of all elements of a kind.
    fn elements<'a>(svg: &'a str, name: &str) -> Vec<&'a str> {
        svg.split(&format!("<{name} ")).skip(1).collect()
    }

    fn value<'a>(element: &'a str, name: &str) -> Option<&'a str> {
        let (tag, _) = element.split_once('>')?;
        let (_, after) = tag.split_once(&format!("{name}=\""))?;
        Some(after.split_once('"')?.0)
    }

    fn number(element: &str, name: &str) -> f64 {
        value(element, name).and_then(|v| v.parse().ok()).unwrap()
    }

    /// Page and boxes.
    fn boxes(svg: &str) -> (Area, Vec<Area>) {
        let mut areas = elements(svg, "rect").into_iter().map(|rect| {
            let (x, y) = (number(rect, "x"), number(rect, "y"));
            Area::new(x, y, x + number(rect, "width"), y + number(rect, "height"))
        });
        let page = areas.next().unwrap();
        (page, areas.collect())
    }

    /// Where texts lie by the widths of the widest common face.
    fn texts(svg: &str) -> Vec<Area> {
        elements(svg, "text")
            .into_iter()
            .map(|text| {
                let (x, y, size) = (
                    number(text, "x"),
                    number(text, "y"),
                    number(text, "font-size"),
                );
                let content = text
                    .split_once('>')
                    .unwrap()
                    .1
                    .split_once("</text>")
                    .unwrap()
                    .0;
                let content = content
                    .replace("&lt;", "<")
                    .replace("&gt;", ">")
                    .replace("&amp;", "&");
                let weight = match value(text, "font-weight") {
                    Some(_) => Weight::Bold,
                    None => Weight::Regular,
                };
                let width = text_width(&content, size, weight);
                let left = match value(text, "text-anchor") {
                    Some("middle") => x - 0.5 * width,
                    _ => x,
                };
                Area::new(left, y - 0.76 * size, left + width, y + 0.22 * size)
            })
            .collect()
    }

    fn hostile(n_splits: usize) -> Flow {
        let long =
            "an explanation that goes on and on, with Wortungetuemern_without_any_space_".repeat(3);
        let mut flow = Flow::new(10_000)
            .source("Rows in the manifest of all five centers & <one> more, in the order in which they came")
            .excluded("image cannot be read", 3)
            .excluded(long, 4)
            .excluded("empty clinical cell", 2);
        for k in 0..n_splits {
            let name = [
                "training",
                "center_2_with_a_long_name",
                "\u{5916}\u{90e8}\u{9a8c}\u{8bc1}",
            ][k % 3];
            let role = if k == 0 {
                SplitRole::Training
            } else {
                SplitRole::Test
            };
            let mut split = FlowSplit::new(format!("{name} {k}"), role, 100 + k, 40);
            for line in 0..k % 4 {
                split = split.line(format!("failed images of the second region: {line}"));
            }
            flow = flow.split(split);
        }
        flow
    }

    #[test]
    fn boxes_are_apart_and_hold_their_text() {
        for n_splits in 1..=9 {
            for width in [Width::Single, Width::Double] {
                let svg = draw(&hostile(n_splits), width);
                let (page, boxes) = boxes(&svg);
                assert_eq!(boxes.len(), n_splits + 3);
                for (k, one) in boxes.iter().enumerate() {
                    assert!(page.encloses(one), "{n_splits}: {one:?}");
                    for other in &boxes[k + 1..] {
                        assert_eq!(one.overlap(other), 0.0, "{n_splits}: {one:?} {other:?}");
                    }
                }
                let texts = texts(&svg);
                for (k, text) in texts.iter().enumerate() {
                    let held = boxes.iter().any(|area| area.encloses(text));
                    assert!(held, "{n_splits}, {width:?}: {text:?}");
                    for other in &texts[k + 1..] {
                        assert_eq!(text.overlap(other), 0.0, "{text:?} {other:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn no_line_crosses_a_box() {
        for n_splits in 1..=9 {
            for width in [Width::Single, Width::Double] {
                let svg = draw(&hostile(n_splits), width);
                let (_, boxes) = boxes(&svg);
                for line in elements(&svg, "polyline") {
                    let points: Vec<(f64, f64)> = value(line, "points")
                        .unwrap()
                        .split(' ')
                        .filter_map(|p| p.split_once(','))
                        .map(|(x, y)| (x.parse().unwrap(), y.parse().unwrap()))
                        .collect();
                    // The outlines of boxes have five corners.
                    if let [(x1, y1), (x2, y2)] = points[..] {
                        let line = Area::new(x1.min(x2), y1.min(y2), x1.max(x2), y1.max(y2));
                        let inside = |area: &Area| {
                            line.right > area.left + 0.1
                                && line.left < area.right - 0.1
                                && line.bottom > area.top + 0.1
                                && line.top < area.bottom - 0.1
                        };
                        assert!(!boxes.iter().any(inside), "{n_splits}: {line:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn rows_are_even() {
        let rows = |width, n| Sheet::new(width).rows(n);
        assert_eq!(rows(Width::Double, 4), [4]);
        assert_eq!(rows(Width::Double, 5), [3, 2]);
        assert_eq!(rows(Width::Double, 9), [3, 3, 3]);
        assert_eq!(rows(Width::Single, 3), [2, 1]);
    }
}
