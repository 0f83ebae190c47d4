//! SVG documents inside the page: no prolog, ids of their own, a size that follows the page.

use super::html::escape;

/// Turns an SVG document into an element of the page. Every `id` and every reference to one gets `prefix`; the drawing scales with the
/// page through a view box; `label` is what a screen reader says.
///
/// # Panics
/// When `svg` has no `<svg` element.
pub(super) fn inline(svg: &str, prefix: &str, label: &str) -> String {
    let start = svg.find("<svg").expect("a figure is an SVG document");
    let (tag, body) = split_tag(&svg[start..]);
    let label = escape(label);
    let mut opening = format!("<svg role=\"img\" aria-label=\"{label}\"");
    let size = (
        attribute(tag, "width").and_then(length),
        attribute(tag, "height").and_then(length),
    );
    if let (Some(width), Some(height)) = size {
        if attribute(tag, "viewBox").is_none() {
            opening += &format!(" viewBox=\"0 0 {width} {height}\"");
        }
        // The style sheet knows by it how wide a drawing may become; narrower pages shrink it.
        opening += &format!(" style=\"--drawn:{width}px\"");
    }
    let rest = without_attributes(
        tag.trim_start_matches("<svg"),
        &["width", "height", "role", "aria-label"],
    );
    let element = format!("{opening}{rest}{body}");
    with_prefixed_ids(element.trim_end(), prefix)
}

/// Drawings up to this width stand beside each other, in CSS pixels: a column of a journal.
const HALF_WIDTH: f64 = 340.0;

/// Whether a drawing is as narrow as a column.
pub(super) fn is_half(svg: &str) -> bool {
    let tag = svg.find("<svg").map(|start| split_tag(&svg[start..]).0);
    let width = tag.and_then(|tag| attribute(tag, "width")).and_then(length);
    width.is_some_and(|width| width <= HALF_WIDTH)
}

/// The opening tag, `>` included, and what follows.
fn split_tag(svg: &str) -> (&str, &str) {
    let mut quote = None;
    for (at, character) in svg.char_indices() {
        match (quote, character) {
            (None, '"' | '\'') => quote = Some(character),
            (Some(open), _) if open == character => quote = None,
            (None, '>') => return svg.split_at(at + 1),
            _ => {}
        }
    }
    panic!("the <svg> tag of a figure is not closed")
}

/// Value of an attribute in an opening tag.
fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let (start, end) = attribute_range(tag, name)?;
    let text = &tag[start..end];
    let open = text.find(['"', '\''])?;
    Some(&text[open + 1..text.len() - 1])
}

/// Byte range of ` name="value"` in an opening tag.
fn attribute_range(tag: &str, name: &str) -> Option<(usize, usize)> {
    let mut from = 0;
    loop {
        let at = from + tag[from..].find(name)?;
        let before_is_blank = tag[..at].ends_with(|c: char| c.is_ascii_whitespace());
        let after = tag[at + name.len()..].trim_start();
        if before_is_blank && after.starts_with('=') {
            let value = after[1..].trim_start();
            let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
            let open = tag.len() - value.len();
            let close = open + 1 + tag[open + 1..].find(quote)?;
            return Some((at, close + 1));
        }
        from = at + name.len();
    }
}

fn without_attributes(tag: &str, names: &[&str]) -> String {
    names.iter().fold(tag.to_owned(), |tag, name| {
        match attribute_range(&tag, name) {
            Some((start, end)) => format!("{}{}", tag[..start].trim_end(), &tag[end..]),
            None => tag,
        }
    })
}

/// CSS pixels of the units a drawing may be measured in.
const UNITS: [(&str, f64); 5] = [
    ("px", 1.0),
    ("mm", 96.0 / 25.4),
    ("cm", 96.0 / 2.54),
    ("in", 96.0),
    ("pt", 96.0 / 72.0),
];

/// A length in CSS pixels, with or without a unit; `None` for anything else, such as a percentage.
fn length(text: &str) -> Option<f64> {
    let text = text.trim();
    let (number, pixels) = UNITS
        .iter()
        .find_map(|&(unit, pixels)| Some((text.strip_suffix(unit)?, pixels)))
        .unwrap_or((text, 1.0));
    let value: f64 = number.trim_end().parse().ok()?;
    let length = (value * pixels * 100.0).round() / 100.0;
    (length.is_finite() && length > 0.0).then_some(length)
}

/// Puts `prefix` before every id and every reference to an id.
fn with_prefixed_ids(svg: &str, prefix: &str) -> String {
    let mut text = svg.to_owned();
    for marker in [
        " id=\"",
        " id='",
        "url(#",
        "href=\"#",
        "href='#",
        "aria-labelledby=\"",
        "aria-describedby=\"",
    ] {
        text = text.replace(marker, &format!("{marker}{prefix}"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_tells_how_wide_it_was_drawn() {
        assert_eq!(length("85mm"), Some(321.26));
        assert_eq!(length("640"), Some(640.0));
        assert_eq!(length("640 px"), Some(640.0));
        assert_eq!(length("100%"), None);
        assert_eq!(length("-3"), None);
        let element = inline(
            "<svg width=\"85mm\" height=\"40mm\" viewBox=\"0 0 850 400\"></svg>",
            "f1-",
            "An example",
        );
        assert!(element.contains("--drawn:321.26px"), "{element}");
    }
}
