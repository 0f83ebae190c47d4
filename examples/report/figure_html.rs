//! Figures of the page.

use super::figure::{Figure, Panel};
use super::html::{escape, numbered};
use super::inline_svg::{inline, is_half};

/// A figure with its number.
pub(super) fn figure_html(figure: &Figure, n: usize) -> String {
    let panels: String = figure
        .panels
        .iter()
        .enumerate()
        .map(|(k, panel)| {
            let prefix = match k {
                0 => format!("f{n}"),
                _ => format!("f{n}p{}", k + 1),
            };
            panel_html(panel, &prefix, &figure.caption)
        })
        .collect();
    if figure.panels.len() == 1 {
        return numbered("", n, panels.trim_end(), &figure.caption);
    }
    let class = match figure.panels.iter().all(|panel| is_half(&panel.svg)) {
        true => "panels halves",
        false => "panels",
    };
    let inside = format!("<div class=\"{class}\">\n{panels}</div>");
    numbered("", n, &inside, &figure.caption)
}

/// A drawing with its twin for narrow screens; one that is wide and has none scrolls there, by keyboard too.
fn panel_html(panel: &Panel, prefix: &str, caption: &str) -> String {
    let label = panel.alt.as_deref().unwrap_or(caption);
    let wide = inline(&panel.svg, &format!("{prefix}-"), label);
    if let Some(narrow) = &panel.narrow {
        let narrow = inline(narrow, &format!("{prefix}n-"), label);
        return format!(
            "<div class=\"panel\"><div class=\"wide\">{wide}</div>\n<div class=\"narrow\">{narrow}</div></div>\n"
        );
    }
    if is_half(&panel.svg) {
        return format!("<div class=\"panel\">{wide}</div>\n");
    }
    format!(
        "<div class=\"panel scrolled\" role=\"region\" aria-label=\"{}\" tabindex=\"0\">{wide}</div>\n",
        escape(&format!("Drawing: {label}"))
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const HALF: &str = "<svg width=\"85mm\" height=\"40mm\" viewBox=\"0 0 850 400\"></svg>";
    const WIDE: &str = "<svg width=\"174mm\" height=\"40mm\" viewBox=\"0 0 1740 400\"></svg>";

    #[test]
    fn a_wide_drawing_without_a_twin_scrolls() {
        let html = |figure: Figure| figure_html(&figure, 1);
        assert!(html(Figure::new(WIDE, "c")).contains("panel scrolled"));
        assert!(!html(Figure::new(HALF, "c")).contains("scrolled"));
        let twin = html(Figure::new(WIDE, "c").narrow(HALF));
        assert!(twin.contains("class=\"narrow\"") && !twin.contains("scrolled"));
    }

    #[test]
    fn panels_share_a_number() {
        let figure = Figure::of_panels([Panel::new(HALF), Panel::new(HALF).alt("b")], "c");
        let html = figure_html(&figure, 3);
        assert_eq!(html.matches("Figure 3.").count(), 1);
        assert!(html.contains("panels halves") && html.contains("aria-label=\"b\""));
    }
}
