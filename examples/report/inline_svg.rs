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
        // The figure's own width is its largest; narrower pages shrink it.
        opening += &format!(" style=\"max-width:{width}px\"");
    }
    let rest = without_attributes(tag.trim_start_matches("<svg"), &["width", "height"]);
    let element = format!("{opening}{rest}{body}");
    with_prefixed_ids(element.trim_end(), prefix)
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

/// A length in user units: a plain number or one with `px`.
fn length(text: &str) -> Option<f64> {
    text.trim()
        .trim_end_matches("px")
        .parse()
        .ok()
        .filter(|value: &f64| value.is_finite() && *value > 0.0)
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
