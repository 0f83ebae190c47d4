//! Figures: labels inside the page and apart, well-formed, the same bytes, typed refusals.
#![cfg(feature = "plot")]

mod catalog;
#[path = "../common/mod.rs"]
mod common;
mod extremes;
#[path = "../../../eval-stats/tests/figures/page.rs"]
mod page;
mod refusals;
mod study;

use feature_selection::Result;
use feature_selection::plot::{Layout, Width};

/// Checks a figure at both widths, with and without a title; writes it to the folder in `FIGURES`, if set, to be looked at.
#[track_caller]
fn check(name: &str, draw: impl Fn(&Layout) -> Result<String>) {
    for (width, size) in [(Width::Single, "85mm"), (Width::Double, "174mm")] {
        let layout = Layout::new()
            .width(width)
            .title("Training set <n & \"co\">");
        let svg = draw(&layout).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(svg, draw(&layout).unwrap(), "{name} differs between runs");
        assert!(
            svg.contains("&lt;n &amp; &quot;co&quot;&gt;"),
            "{name}: not escaped"
        );
        for never in ["NaN", "inf", " id=", "\"-0\""] {
            let attributes = page::without_text(&svg);
            assert!(!attributes.contains(never), "{name} contains {never}");
        }
        let page = page::Page::read(name, &svg);
        assert_eq!(page.width, size, "{name}");
        page.check(&format!("{name} {size}"));
        let bare = draw(&Layout::new().width(width)).unwrap();
        if let Ok(folder) = std::env::var("FIGURES") {
            std::fs::write(format!("{folder}/{name}_{size}.svg"), &bare).unwrap();
        }
        page::Page::read(name, &bare).check(&format!("{name} {size}, bare"));
    }
}

/// The texts of a figure of one column.
fn texts(draw: impl Fn(&Layout) -> Result<String>) -> Vec<String> {
    let svg = draw(&Layout::new()).unwrap();
    page::Page::read("texts", &svg)
        .texts()
        .map(str::to_owned)
        .collect()
}
