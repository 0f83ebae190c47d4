//! Reads what the figures write: tags, and the boxes that texts take. Shared by the tests of every crate that draws.
#![allow(dead_code, reason = "not every test reads everything")]

use eval_stats::plot::canvas::{Area, Weight, text_width};

/// A page with its texts.
pub struct Page {
    pub width: String,
    size: (f64, f64),
    texts: Vec<(String, Area)>,
    shapes: Vec<Area>,
}

/// A start tag.
struct Tag<'a> {
    name: &'a str,
    attributes: Vec<(&'a str, &'a str)>,
}

impl Tag<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|a| a.0 == name).map(|a| a.1)
    }

    fn number(&self, name: &str) -> f64 {
        self.get(name).unwrap().parse().unwrap()
    }
}

impl Page {
    /// Reads an SVG; panics where it is not well-formed.
    pub fn read(name: &str, svg: &str) -> Self {
        let mut open: Vec<&str> = Vec::new();
        let mut page = Self {
            width: String::new(),
            size: (0.0, 0.0),
            texts: Vec::new(),
            shapes: Vec::new(),
        };
        let mut title = false;
        let mut rest = svg;
        while let Some(start) = rest.find('<') {
            assert!(entities(&rest[..start]), "{name}: {}", &rest[..start]);
            assert!(!rest[..start].contains('>'), "{name}: a bare >");
            let end = start + rest[start..].find('>').expect("a tag ends");
            let inside = &rest[start + 1..end];
            rest = &rest[end + 1..];
            if let Some(closing) = inside.strip_prefix('/') {
                assert_eq!(open.pop(), Some(closing), "{name}");
                continue;
            }
            let tag = tag(inside.strip_suffix('/').unwrap_or(inside));
            match tag.name {
                "svg" => {
                    let view: Vec<f64> = tag
                        .get("viewBox")
                        .unwrap()
                        .split(' ')
                        .map(|v| v.parse().unwrap())
                        .collect();
                    page.width = tag.get("width").unwrap().to_owned();
                    page.size = (view[2], view[3]);
                    assert_eq!(tag.get("font-family"), Some("sans-serif"));
                    assert_eq!(format!("{}mm", view[2] / 10.0), page.width);
                }
                "title" => title = true,
                "rect" | "circle" | "polyline" | "polygon" => {
                    page.shapes.extend(bounds(&tag));
                }
                "text" if tag.get("aria-hidden").is_none() => {
                    let text = plain(&rest[..rest.find('<').unwrap()]);
                    let area = place(&tag, &text);
                    page.texts.push((text, area));
                }
                _ => {}
            }
            if !inside.ends_with('/') {
                open.push(tag.name);
            }
        }
        assert!(
            open.is_empty() && rest.trim().is_empty(),
            "{name}: {open:?}"
        );
        assert!(title && !page.texts.is_empty(), "{name}");
        page
    }

    /// What is written on it, in the order of drawing.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.texts.iter().map(|t| t.0.as_str())
    }

    /// Panics where a text or a mark leaves the page, or a text touches another.
    #[track_caller]
    pub fn check(&self, name: &str) {
        let page = Area::new(0.0, 0.0, self.size.0, self.size.1);
        for shape in &self.shapes {
            assert!(
                page.encloses(shape),
                "{name}: a mark leaves the page, {shape:?}"
            );
        }
        for (i, (text, area)) in self.texts.iter().enumerate() {
            assert!(
                page.encloses(area),
                "{name}: \"{text}\" leaves the page, {area:?}"
            );
            for (other, b) in &self.texts[..i] {
                assert!(
                    area.overlap(b) < 1.0,
                    "{name}: \"{text}\" touches \"{other}\", {area:?} {b:?}"
                );
            }
        }
    }
}

/// The document with the contents of elements left out.
pub fn without_text(svg: &str) -> String {
    svg.split('>')
        .map(|part| &part[part.find('<').unwrap_or(part.len())..])
        .collect()
}

fn tag(inside: &str) -> Tag<'_> {
    let (name, mut rest) = inside.split_once(' ').unwrap_or((inside, ""));
    let mut attributes = Vec::new();
    while !rest.trim().is_empty() {
        let (key, after) = rest.trim_start().split_once("=\"").expect("an attribute");
        let (value, after) = after.split_once('"').expect("a quoted value");
        assert!(entities(value) && !key.contains(' '), "{inside}");
        attributes.push((key, value));
        rest = after;
    }
    Tag { name, attributes }
}

/// Whether every ampersand begins a known reference.
fn entities(text: &str) -> bool {
    text.split('&').skip(1).all(|after| {
        ["amp;", "lt;", "gt;", "quot;", "#39;"]
            .iter()
            .any(|e| after.starts_with(e))
    })
}

fn plain(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&amp;", "&")
}

/// The box of a mark without the width of its line.
fn bounds(tag: &Tag<'_>) -> Option<Area> {
    match tag.name {
        "rect" => {
            let (x, y) = (tag.number("x"), tag.number("y"));
            let (width, height) = (tag.number("width"), tag.number("height"));
            assert!(
                width >= 0.0 && height >= 0.0,
                "a rectangle of {width} by {height}"
            );
            Some(Area::new(x, y, x + width, y + height))
        }
        "circle" => {
            let (x, y, r) = (tag.number("cx"), tag.number("cy"), tag.number("r"));
            Some(Area::new(x - r, y - r, x + r, y + r))
        }
        _ => {
            let points = tag.get("points").unwrap().split([' ', ',']);
            let numbers: Vec<f64> = points.map(|v| v.parse().unwrap()).collect();
            let least = |from: usize| numbers[from..].iter().step_by(2).copied().reduce(f64::min);
            let most = |from: usize| numbers[from..].iter().step_by(2).copied().reduce(f64::max);
            Some(Area::new(least(0)?, least(1)?, most(0)?, most(1)?))
        }
    }
}

/// The box of a text from capitals to descenders.
fn place(tag: &Tag<'_>, text: &str) -> Area {
    let size = tag.number("font-size");
    let weight = match tag.get("font-weight") {
        Some("bold") => Weight::Bold,
        _ => Weight::Regular,
    };
    let width = text_width(text, size, weight);
    let before = match tag.get("text-anchor") {
        Some("middle") => 0.5 * width,
        Some("end") => width,
        _ => 0.0,
    };
    let (above, below) = (0.73 * size, 0.2 * size);
    match tag.get("transform") {
        None => {
            let (x, y) = (tag.number("x"), tag.number("y"));
            Area::new(x - before, y - above, x - before + width, y + below)
        }
        Some(transform) => {
            let at = transform
                .strip_prefix("translate(")
                .and_then(|t| t.strip_suffix(") rotate(-90)"))
                .expect("upright text");
            let (x, y) = at.split_once(' ').unwrap();
            let (x, y): (f64, f64) = (x.parse().unwrap(), y.parse().unwrap());
            Area::new(x - above, y + before - width, x + below, y + before)
        }
    }
}
