//! A small SVG writer: absolute coordinates in points, two decimals, the same bytes every time.

use std::fmt::Write;

/// Points per millimeter.
pub(crate) const PER_MM: f64 = 72.0 / 25.4;

/// Okabe and Ito's palette and the grays of axes and grids.
pub(crate) mod color {
    pub const INK: &str = "#1a1a1a";
    pub const GRAY: &str = "#6b6b6b";
    pub const GRID: &str = "#e4e4e4";
    pub const PATIENT: &str = "#c1121f";
    pub const BLUE: &str = "#0072b2";
    pub const LOW: &str = "#cfe6f5";
    pub const HIGH: &str = "#f7d9c4";
    pub const HIGH_INK: &str = "#a33b00";
    pub const LOW_INK: &str = "#00507d";
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Weight {
    Normal,
    Bold,
}

/// An SVG document that grows downwards.
pub(crate) struct Canvas {
    width: f64,
    body: String,
}

impl Canvas {
    pub fn new(width: f64) -> Self {
        Self {
            width,
            body: String::new(),
        }
    }

    pub fn line(&mut self, from: (f64, f64), to: (f64, f64), color: &str, width: f64) {
        self.styled_line(from, to, color, width, "");
    }

    pub fn dashed(&mut self, from: (f64, f64), to: (f64, f64), color: &str, width: f64) {
        self.styled_line(from, to, color, width, r#" stroke-dasharray="2.5 2""#);
    }

    fn styled_line(
        &mut self,
        from: (f64, f64),
        to: (f64, f64),
        color: &str,
        width: f64,
        more: &str,
    ) {
        self.push(format_args!(
            r#"<line x1="{}" y1="{}" x2="{}" y2="{}" stroke="{color}" stroke-width="{}"{more}/>"#,
            n(from.0),
            n(from.1),
            n(to.0),
            n(to.1),
            n(width)
        ));
    }

    pub fn rect(&mut self, x: f64, y: f64, width: f64, height: f64, fill: &str) {
        self.push(format_args!(
            r#"<rect x="{}" y="{}" width="{}" height="{}" fill="{fill}"/>"#,
            n(x),
            n(y),
            n(width),
            n(height)
        ));
    }

    pub fn circle(&mut self, at: (f64, f64), r: f64, fill: &str) {
        self.push(format_args!(
            r#"<circle cx="{}" cy="{}" r="{}" fill="{fill}" stroke="white" stroke-width="0.6"/>"#,
            n(at.0),
            n(at.1),
            n(r)
        ));
    }

    pub fn polygon(&mut self, points: &[(f64, f64)], fill: &str) {
        let list: Vec<String> = points
            .iter()
            .map(|p| format!("{},{}", n(p.0), n(p.1)))
            .collect();
        self.push(format_args!(
            r#"<polygon points="{}" fill="{fill}"/>"#,
            list.join(" ")
        ));
    }

    /// A line with a filled head at its end.
    pub fn arrow(&mut self, from: (f64, f64), to: (f64, f64), color: &str, width: f64) {
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let length = dx.hypot(dy);
        if length < 1e-9 {
            return;
        }
        let (ux, uy) = (dx / length, dy / length);
        let head = 4.0f64.min(length);
        let base = (to.0 - ux * head, to.1 - uy * head);
        self.dashed(from, base, color, width);
        let side = 1.7;
        self.polygon(
            &[
                to,
                (base.0 - uy * side, base.1 + ux * side),
                (base.0 + uy * side, base.1 - ux * side),
            ],
            color,
        );
    }

    /// Text with its baseline at `y`, on a white halo so that lines behind it do not cross it.
    pub fn text(
        &mut self,
        at: (f64, f64),
        text: &str,
        size: f64,
        anchor: Anchor,
        color: &str,
        weight: Weight,
    ) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let weight = match weight {
            Weight::Normal => "",
            Weight::Bold => r#" font-weight="bold""#,
        };
        let common = format!(
            r#"x="{}" y="{}" font-size="{}" text-anchor="{anchor}"{weight}"#,
            n(at.0),
            n(at.1),
            n(size)
        );
        let text = escape(text);
        // The halo is a second text below, because not every renderer knows `paint-order`.
        self.push(format_args!(
            r##"<text {common} fill="none" stroke="#ffffff" stroke-width="3" stroke-linejoin="round" aria-hidden="true">{text}</text>"##
        ));
        self.push(format_args!(
            r#"<text {common} fill="{color}">{text}</text>"#
        ));
    }

    /// Text without a halo, for use on colored areas.
    pub fn plain_text(
        &mut self,
        at: (f64, f64),
        text: &str,
        size: f64,
        anchor: Anchor,
        color: &str,
    ) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        self.push(format_args!(
            r#"<text x="{}" y="{}" font-size="{}" text-anchor="{anchor}" fill="{color}">{}</text>"#,
            n(at.0),
            n(at.1),
            n(size),
            escape(text)
        ));
    }

    fn push(&mut self, element: std::fmt::Arguments<'_>) {
        self.body
            .write_fmt(element)
            .expect("writing to a string does not fail");
        self.body.push('\n');
    }

    /// This canvas with another one on top.
    pub fn followed_by(mut self, top: Canvas) -> Self {
        self.body.push_str(&top.body);
        self
    }

    /// The document with another canvas behind this one.
    pub fn finish_over(mut self, behind: Canvas, height: f64, title: &str) -> String {
        self.body.insert_str(0, &behind.body);
        self.finish(height, title)
    }

    /// The document, `height` points high, drawn `width_mm` wide.
    pub fn finish(self, height: f64, title: &str) -> String {
        let width_mm = self.width / PER_MM;
        let height_mm = height / PER_MM;
        format!(
            concat!(
                r#"<svg xmlns="http://www.w3.org/2000/svg" width="{}mm" height="{}mm" viewBox="0 0 {} {}" "#,
                r#"font-family="sans-serif" role="img">"#,
                "\n<title>{}</title>\n",
                r##"<rect x="0" y="0" width="{}" height="{}" fill="#ffffff"/>"##,
                "\n{}</svg>\n"
            ),
            n(width_mm),
            n(height_mm),
            n(self.width),
            n(height),
            escape(title),
            n(self.width),
            n(height),
            self.body
        )
    }
}

/// A coordinate with at most two decimals and no negative zero.
fn n(v: f64) -> String {
    let text = format!("{v:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" {
        "0".to_owned()
    } else {
        text.to_owned()
    }
}

/// Text for XML and HTML: the five special characters replaced, control characters that XML forbids left out.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\t' | '\n' | '\r' => out.push(' '),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}
