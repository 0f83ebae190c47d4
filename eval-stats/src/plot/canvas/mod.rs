//! The drawing room behind the figures: a page, text whose width is known, axes, a legend.
//!
//! For figures that this crate does not have. Positions are in tenths of a millimeter from the
//! upper left corner, `x` to the right and `y` downwards; a page is 850 or 1740 wide and as high
//! as it needs. The page is plain SVG 1.1: text as text in the generic family `sans-serif`, no
//! identifiers, no style sheet, no time stamp, coordinates with two decimals. So the same drawing
//! gives the same bytes, and word processors and vector editors read it.
//!
//! | piece | what |
//! |---|---|
//! | [`Canvas`] | the page: lines, areas, marks and text, then [`finish`](Canvas::finish) |
//! | [`Color`], [`PALETTE`], [`Stroke`], [`Text`] | how things look |
//! | [`text_width`], [`wrap`] | how wide a text is, and where to break it |
//! | [`Axis`], [`Frame`] | data coordinates with ticks, curves and bands cut at the frame |
//! | [`Legend`] | rows of mark, name and value, as high as the names need |
//! | [`Labels`] | places for names beside points where they cover nothing |
//!
//! # Examples
//! ```
//! use eval_stats::plot::Layout;
//! use eval_stats::plot::canvas::{Axis, Canvas, Frame, Grid, PALETTE, Stroke};
//!
//! let mut canvas = Canvas::new(&Layout::new().title("Growth"));
//! let (x, y) = (Axis::linear("Day", 0.0, 10.0), Axis::unit("Share"));
//! let frame = Frame::fitted((0.0, canvas.top()), canvas.width(), 400.0, x, y);
//! frame.draw(&mut canvas, Grid::Horizontal);
//! frame.curve(&mut canvas, &[(0.0, 0.1), (10.0, 0.9)], Stroke::line(PALETTE[0]));
//! let svg = canvas.finish(frame.bottom(), "A line from 0.1 to 0.9.");
//! assert!(svg.starts_with("<svg") && svg.contains("width=\"85mm\""));
//! ```

mod axis;
mod frame;
mod labels;
mod legend;
mod metrics;

use std::fmt::Write;

pub use axis::{Axis, Scale, Tick, tick_labels};
pub use frame::{Frame, Grid};
pub use labels::Labels;
pub use legend::{Entry, Legend, Mark};
pub use metrics::{shorten, text_width, wrap};

use super::Layout;

/// Position on the page in tenths of a millimeter.
pub type Point = (f64, f64);

/// Tenths of a millimeter in a point (1/72 inch).
pub const POINT: f64 = 254.0 / 72.0;
/// Size of remarks, 5.5 points.
pub const SMALL_TEXT: f64 = 5.5 * POINT;
/// Size of tick labels and legends, 6 points.
pub const TICK_TEXT: f64 = 6.0 * POINT;
/// Size of axis titles, 7 points.
pub const LABEL_TEXT: f64 = 7.0 * POINT;
/// Size of the title, 7.5 points, bold.
pub const TITLE_TEXT: f64 = 7.5 * POINT;
/// Distance of lines of text, as a multiple of their size.
pub const LINE_SPACING: f64 = 1.3;
/// Width of curves.
pub const LINE: f64 = 4.0;
/// Width of axes, ticks and whiskers.
pub const THIN: f64 = 2.5;
/// White margin at the edges of the page.
pub const MARGIN: f64 = 12.0;

/// A color of red, green and blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Color(
    /// Red.
    pub u8,
    /// Green.
    pub u8,
    /// Blue.
    pub u8,
);

impl Color {
    /// The color thinned with white: 1 is the color itself, 0 white.
    pub fn tint(self, share: f64) -> Self {
        let share = share.clamp(0.0, 1.0);
        let mix = |c: u8| (255.0 - share * (255.0 - f64::from(c))).round() as u8;
        Self(mix(self.0), mix(self.1), mix(self.2))
    }

    /// White where its contrast to this color is at least 3.5, else ink.
    pub fn readable(self) -> Self {
        // Relative luminance and contrast as the Web Content Accessibility Guidelines have them.
        let linear = |c: u8| libm::pow(f64::from(c) / 255.0, 2.2);
        let luminance =
            |c: Self| 0.2126 * linear(c.0) + 0.7152 * linear(c.1) + 0.0722 * linear(c.2) + 0.05;
        // White reads well on saturated colors even where ink has a little more contrast.
        if luminance(WHITE) / luminance(self) >= 3.5 {
            WHITE
        } else {
            INK
        }
    }
}

impl std::fmt::Display for Color {
    /// As SVG writes it, `#0072b2`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }
}

/// Text and axes.
pub const INK: Color = Color(40, 40, 40);
/// Reference lines and remarks.
pub const GRAY: Color = Color(120, 120, 120);
/// Grid lines.
pub const PALE: Color = Color(232, 232, 232);
/// Paper.
pub const WHITE: Color = Color(255, 255, 255);
/// Okabe and Ito's palette without its yellow, which is too light for lines.
pub const PALETTE: [Color; 7] = [
    Color(0, 114, 178),
    Color(213, 94, 0),
    Color(0, 158, 115),
    Color(204, 121, 167),
    Color(230, 159, 0),
    Color(86, 180, 233),
    Color(0, 0, 0),
];

/// Solid or broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Dash {
    /// One line.
    #[default]
    Solid,
    /// Dashes.
    Dashed,
    /// Dots.
    Dotted,
}

/// How a line looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stroke {
    /// Its color.
    pub color: Color,
    /// Its width in tenths of a millimeter.
    pub width: f64,
    /// Whether it is broken.
    pub dash: Dash,
}

impl Stroke {
    /// A solid line of the width of curves.
    pub fn line(color: Color) -> Self {
        Self::new(color, LINE)
    }

    /// A solid line.
    pub fn new(color: Color, width: f64) -> Self {
        Self {
            color,
            width,
            dash: Dash::Solid,
        }
    }

    /// The look of the series at a position: seven colors solid, then dashed, then dotted.
    pub fn series(position: usize) -> Self {
        let dash = match (position / PALETTE.len()) % 3 {
            0 => Dash::Solid,
            1 => Dash::Dashed,
            _ => Dash::Dotted,
        };
        Self::line(PALETTE[position % PALETTE.len()]).dash(dash)
    }

    /// Breaks the line.
    pub fn dash(mut self, dash: Dash) -> Self {
        self.dash = dash;
        self
    }
}

/// Which part of a text stands at its position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Anchor {
    /// Its left end.
    #[default]
    Start,
    /// Its middle.
    Middle,
    /// Its right end.
    End,
}

impl Anchor {
    /// As SVG calls it.
    fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Middle => "middle",
            Self::End => "end",
        }
    }
}

/// Weight of a face.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Weight {
    /// Regular.
    #[default]
    Regular,
    /// Bold.
    Bold,
}

/// How a text looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Text {
    /// Size of the face in tenths of a millimeter.
    pub size: f64,
    /// What stands at the position.
    pub anchor: Anchor,
    /// Regular or bold.
    pub weight: Weight,
    /// Its color.
    pub color: Color,
}

impl Text {
    /// Regular, in ink, beginning at its position.
    pub fn new(size: f64) -> Self {
        Self {
            size,
            anchor: Anchor::Start,
            weight: Weight::Regular,
            color: INK,
        }
    }

    /// Sets what stands at the position.
    pub fn anchor(mut self, anchor: Anchor) -> Self {
        self.anchor = anchor;
        self
    }

    /// Middle at the position.
    pub fn middle(self) -> Self {
        self.anchor(Anchor::Middle)
    }

    /// Right end at the position.
    pub fn end(self) -> Self {
        self.anchor(Anchor::End)
    }

    /// Makes it bold.
    pub fn bold(mut self) -> Self {
        self.weight = Weight::Bold;
        self
    }

    /// Sets the color.
    pub fn color(mut self, color: Color) -> Self {
        self.color = color;
        self
    }

    /// Width of a text in this look.
    pub fn width(&self, text: &str) -> f64 {
        text_width(text, self.size, self.weight)
    }
}

/// A rectangle on the page.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Area {
    /// Left edge.
    pub left: f64,
    /// Upper edge.
    pub top: f64,
    /// Right edge.
    pub right: f64,
    /// Lower edge.
    pub bottom: f64,
}

impl Area {
    /// A rectangle of its edges.
    pub fn new(left: f64, top: f64, right: f64, bottom: f64) -> Self {
        Self {
            left,
            top,
            right,
            bottom,
        }
    }

    /// Its width.
    pub fn width(&self) -> f64 {
        self.right - self.left
    }

    /// Its height.
    pub fn height(&self) -> f64 {
        self.bottom - self.top
    }

    /// Its middle.
    pub fn center(&self) -> Point {
        (
            0.5 * (self.left + self.right),
            0.5 * (self.top + self.bottom),
        )
    }

    /// Area shared with another rectangle, 0 if they do not touch.
    pub fn overlap(&self, other: &Self) -> f64 {
        let w = self.right.min(other.right) - self.left.max(other.left);
        let h = self.bottom.min(other.bottom) - self.top.max(other.top);
        w.max(0.0) * h.max(0.0)
    }

    /// Whether a point lies in it, edges included.
    pub fn contains(&self, (x, y): Point) -> bool {
        (self.left..=self.right).contains(&x) && (self.top..=self.bottom).contains(&y)
    }

    /// Whether another rectangle lies in it.
    pub fn encloses(&self, other: &Self) -> bool {
        self.contains((other.left, other.top)) && self.contains((other.right, other.bottom))
    }
}

/// A page that is drawn on from top to bottom.
#[derive(Debug, Clone, PartialEq)]
pub struct Canvas {
    width: f64,
    top: f64,
    title: Option<String>,
    body: String,
}

impl Canvas {
    /// A page of the layout's width with its title drawn, broken into lines where it is long.
    pub fn new(layout: &Layout) -> Self {
        Self::sized(layout.width.millimeters(), layout.title.as_deref())
    }

    /// As [`new`](Self::new) in any width, in millimeters.
    pub fn sized(millimeters: f64, title: Option<&str>) -> Self {
        let width = (millimeters * 10.0).round();
        let mut canvas = Self {
            width,
            top: MARGIN,
            title: title.map(str::to_owned),
            body: String::new(),
        };
        if let Some(title) = title {
            let style = Text::new(TITLE_TEXT).bold().middle();
            let step = LINE_SPACING * TITLE_TEXT;
            for line in wrap(title, style.size, style.weight, width - 2.0 * MARGIN) {
                let y = canvas.top + 0.5 * step;
                canvas.text(&line, (0.5 * width, y), style);
                canvas.top += step;
            }
            canvas.top += 8.0;
        }
        canvas
    }

    /// Names a page without a drawn title, for readers who do not see it.
    pub fn named(mut self, name: &str) -> Self {
        self.title.get_or_insert_with(|| name.to_owned());
        self
    }

    /// Width of the page in tenths of a millimeter.
    pub fn width(&self) -> f64 {
        self.width
    }

    /// Where the drawing may begin, below the title.
    pub fn top(&self) -> f64 {
        self.top
    }

    /// An empty drawing of the same size, to be [put behind](Self::put_behind) this one.
    pub fn layer(&self) -> Self {
        Self {
            width: self.width,
            top: self.top,
            title: None,
            body: String::new(),
        }
    }

    /// Puts a drawing behind all that is drawn so far.
    pub fn put_behind(&mut self, layer: Self) {
        self.body.insert_str(0, &layer.body);
    }

    /// A line through points.
    pub fn line(&mut self, points: &[Point], stroke: Stroke) {
        if points.len() < 2 {
            return;
        }
        let dash = match stroke.dash {
            Dash::Solid => "",
            Dash::Dashed => r#" stroke-dasharray="18 11""#,
            Dash::Dotted => r#" stroke-dasharray="4 8""#,
        };
        self.push(format_args!(
            r#"<polyline points="{}" fill="none" stroke="{}" stroke-width="{}" stroke-linejoin="round"{dash}/>"#,
            list(points),
            stroke.color,
            n(stroke.width),
        ));
    }

    /// A line with a filled head at its end.
    pub fn arrow(&mut self, from: Point, to: Point, stroke: Stroke) {
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let length = dx.hypot(dy);
        if length < 1.0 {
            return;
        }
        let (ux, uy) = (dx / length, dy / length);
        let head = (4.0 * stroke.width).min(length);
        let base = (to.0 - ux * head, to.1 - uy * head);
        self.line(&[from, base], stroke);
        let side = 0.45 * head;
        let corners = [
            to,
            (base.0 - uy * side, base.1 + ux * side),
            (base.0 + uy * side, base.1 - ux * side),
        ];
        self.polygon(&corners, stroke.color, 1.0);
    }

    /// A filled rectangle.
    pub fn rectangle(&mut self, area: Area, fill: Color) {
        self.push(format_args!(
            r#"<rect x="{}" y="{}" width="{}" height="{}" fill="{fill}"/>"#,
            n(area.left),
            n(area.top),
            n(area.width()),
            n(area.height()),
        ));
    }

    /// The outline of a rectangle.
    pub fn outline(&mut self, area: Area, stroke: Stroke) {
        let Area {
            left,
            top,
            right,
            bottom,
        } = area;
        let corners = [
            (left, top),
            (right, top),
            (right, bottom),
            (left, bottom),
            (left, top),
        ];
        self.line(&corners, stroke);
    }

    /// A filled polygon; below an opacity of 1 what lies behind shines through.
    pub fn polygon(&mut self, points: &[Point], fill: Color, opacity: f64) {
        if points.len() < 3 {
            return;
        }
        let clear = if opacity < 1.0 {
            format!(r#" fill-opacity="{}""#, n(opacity))
        } else {
            String::new()
        };
        self.push(format_args!(
            r#"<polygon points="{}" fill="{fill}"{clear}/>"#,
            list(points)
        ));
    }

    /// A disk.
    pub fn disk(&mut self, at: Point, radius: f64, fill: Color) {
        self.push(format_args!(
            r#"<circle cx="{}" cy="{}" r="{}" fill="{fill}"/>"#,
            n(at.0),
            n(at.1),
            n(radius)
        ));
    }

    /// A disk with a white rim, so that it stands out from lines and other disks.
    pub fn dot(&mut self, at: Point, radius: f64, fill: Color) {
        self.push(format_args!(
            r##"<circle cx="{}" cy="{}" r="{}" fill="{fill}" stroke="#ffffff" stroke-width="2"/>"##,
            n(at.0),
            n(at.1),
            n(radius)
        ));
    }

    /// A circle with a white inside.
    pub fn ring(&mut self, at: Point, radius: f64, color: Color) {
        self.push(format_args!(
            r##"<circle cx="{}" cy="{}" r="{}" fill="#ffffff" stroke="{color}" stroke-width="{}"/>"##,
            n(at.0),
            n(at.1),
            n(radius),
            n(THIN + 0.5)
        ));
    }

    /// A square that stands on a corner.
    pub fn diamond(&mut self, at: Point, radius: f64, fill: Color) {
        let (x, y) = at;
        let corners = [
            (x, y - radius),
            (x + radius, y),
            (x, y + radius),
            (x - radius, y),
        ];
        self.polygon(&corners, fill, 1.0);
    }

    /// A line of text with its middle height at the position.
    pub fn text(&mut self, text: &str, at: Point, style: Text) {
        let attributes = attributes(at, style);
        let (color, text) = (style.color, escape(text));
        self.push(format_args!(
            r#"<text {attributes} fill="{color}">{text}</text>"#
        ));
    }

    /// Text on a white halo, so that lines behind do not cross it.
    pub fn label(&mut self, text: &str, at: Point, style: Text) {
        // A second text below, because not every renderer knows `paint-order`.
        let attributes = attributes(at, style);
        let halo = escape(text);
        self.push(format_args!(
            r##"<text {attributes} fill="#ffffff" stroke="#ffffff" stroke-width="7" stroke-linejoin="round" aria-hidden="true">{halo}</text>"##
        ));
        self.text(text, at, style);
    }

    /// Lines of text below each other, the first with its middle height at the position.
    pub fn lines(&mut self, lines: &[String], at: Point, style: Text) {
        for (i, line) in lines.iter().enumerate() {
            let y = at.1 + LINE_SPACING * style.size * i as f64;
            self.text(line, (at.0, y), style);
        }
    }

    /// A line of text from bottom to top; its anchor stands at the position.
    pub fn vertical_text(&mut self, text: &str, at: Point, style: Text) {
        let (x, y) = (n(at.0 + BASELINE * style.size), n(at.1));
        let weight = bold(style.weight);
        self.push(format_args!(
            r#"<text transform="translate({x} {y}) rotate(-90)" font-size="{}" text-anchor="{}"{weight} fill="{}">{}</text>"#,
            n(style.size),
            style.anchor.name(),
            style.color,
            escape(text)
        ));
    }

    /// The document, cut below `bottom` and a margin. The description is for readers who do not
    /// see the figure.
    pub fn finish(self, bottom: f64, description: &str) -> String {
        let height = (bottom + MARGIN).ceil();
        let title = self.title.as_deref().unwrap_or("Figure");
        format!(
            concat!(
                r#"<svg xmlns="http://www.w3.org/2000/svg" width="{}mm" height="{}mm" viewBox="0 0 {} {}" "#,
                r#"font-family="sans-serif" role="img">"#,
                "\n<title>{}</title>\n<desc>{}</desc>\n",
                r##"<rect x="0" y="0" width="{}" height="{}" fill="#ffffff"/>"##,
                "\n{}</svg>\n"
            ),
            n(self.width / 10.0),
            n(height / 10.0),
            n(self.width),
            n(height),
            escape(title),
            escape(description),
            n(self.width),
            n(height),
            self.body
        )
    }

    fn push(&mut self, element: std::fmt::Arguments<'_>) {
        // Writing to a string does not fail.
        let _ = self.body.write_fmt(element);
        self.body.push('\n');
    }
}

/// Distance from the middle of capitals down to the baseline, as a multiple of the size.
const BASELINE: f64 = 0.36;

fn attributes(at: Point, style: Text) -> String {
    let anchor = style.anchor.name();
    format!(
        r#"x="{}" y="{}" font-size="{}" text-anchor="{anchor}"{}"#,
        n(at.0),
        n(at.1 + BASELINE * style.size),
        n(style.size),
        bold(style.weight)
    )
}

fn bold(weight: Weight) -> &'static str {
    match weight {
        Weight::Regular => "",
        Weight::Bold => r#" font-weight="bold""#,
    }
}

fn list(points: &[Point]) -> String {
    let mut out = String::with_capacity(14 * points.len());
    for (i, p) in points.iter().enumerate() {
        let gap = if i == 0 { "" } else { " " };
        let _ = write!(out, "{gap}{},{}", n(p.0), n(p.1));
    }
    out
}

/// A coordinate with at most two decimals and no negative zero.
fn n(v: f64) -> String {
    debug_assert!(v.is_finite(), "a coordinate is {v}");
    let text = format!("{v:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" {
        "0".to_owned()
    } else {
        text.to_owned()
    }
}

/// Text for XML and HTML: special characters replaced, characters that XML forbids left out.
///
/// ```
/// use eval_stats::plot::canvas::escape;
/// assert_eq!(escape("a<b & \"c\""), "a&lt;b &amp; &quot;c&quot;");
/// ```
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\t' | '\n' | '\r' => out.push(' '),
            '\u{fffe}' | '\u{ffff}' => {}
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_characters_are_escaped() {
        assert_eq!(escape("a<b & \"c\"\u{1}\n"), "a&lt;b &amp; &quot;c&quot; ");
    }

    #[test]
    fn coordinates_are_short() {
        assert_eq!([n(-0.001), n(1.5), n(20.0)], ["0", "1.5", "20"]);
    }

    #[test]
    fn tints_go_to_white() {
        assert_eq!(PALETTE[0].tint(0.0), WHITE);
        assert_eq!(PALETTE[0].tint(1.0), PALETTE[0]);
        assert_eq!(PALETTE[0].to_string(), "#0072b2");
    }
}
