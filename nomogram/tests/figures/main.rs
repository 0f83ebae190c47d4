//! Figures: labels inside the page and apart, well-formed, the same bytes, what must be in them, typed refusals.
//! With `FIGURES=DIR` the SVG files are written there to be looked at.
#![cfg(feature = "plot")]

mod catalog;
#[path = "../common/mod.rs"]
mod common;
mod extremes;
#[path = "../../../eval-stats/tests/figures/page.rs"]
mod page;
mod random;
mod refusals;
mod tables;

use nomogram::render::{NomogramFigure, nomogram_svg};
use nomogram::{Nomogram, Result};

/// Checks the text of a figure; `size` is its width.
#[track_caller]
fn check_svg(name: &str, size: &str, svg: &str) -> page::Page {
    for never in ["NaN", "inf", " id=", "\"-0\""] {
        assert!(
            !page::without_text(svg).contains(never),
            "{name} contains {never}"
        );
    }
    let page = page::Page::read(name, svg);
    assert_eq!(page.width, size, "{name}");
    page.check(&format!("{name} {size}"));
    if let Ok(folder) = std::env::var("FIGURES") {
        std::fs::write(format!("{folder}/{name}_{size}.svg"), svg).expect("a writable folder");
    }
    page
}

/// Checks a figure at the narrowest and at the usual width, with and without a title.
#[track_caller]
fn check(name: &str, nomogram: &Nomogram, figure: &NomogramFigure) {
    for (width, size) in [(174.0, "174mm"), (85.0, "85mm")] {
        let figure = figure.clone().width_mm(width);
        let titled = figure.clone().title("Training set <n & \"co\">");
        let svg = nomogram_svg(nomogram, &titled).expect(name);
        assert_eq!(
            svg,
            nomogram_svg(nomogram, &titled).expect(name),
            "{name} differs between runs"
        );
        assert!(svg.contains("&lt;n &amp; &quot;co&quot;&gt;"), "{name}");
        page::Page::read(name, &svg).check(&format!("{name} {size}, titled"));
        let bare = nomogram_svg(nomogram, &figure).expect(name);
        check_svg(name, size, &bare);
    }
}

/// The texts of a nomogram.
fn texts(nomogram: &Nomogram, figure: &NomogramFigure) -> Result<Vec<String>> {
    let svg = nomogram_svg(nomogram, figure)?;
    Ok(page::Page::read("texts", &svg)
        .texts()
        .map(str::to_owned)
        .collect())
}
