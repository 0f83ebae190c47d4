//! Figures on disk: the SVG as drawn and a PNG at 300 dpi with text on any machine.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use anyhow::{Context, anyhow};
use resvg::{tiny_skia, usvg};

use crate::atomic_file::write_atomically;

/// Resolution of the PNG.
const DOTS_PER_INCH: f32 = 300.0;
/// An SVG user unit is 1/96 inch.
const UNITS_PER_INCH: f32 = 96.0;
/// 300 dpi as the PNG format states it.
const DOTS_PER_METER: u32 = 11_811;

/// DejaVu Sans under the generic family names: figures ask for `sans-serif`, machines may have no fonts at all.
static FONTS: LazyLock<Arc<usvg::fontdb::Database>> = LazyLock::new(|| {
    let mut fonts = usvg::fontdb::Database::new();
    for data in [
        dejavu::sans::regular(),
        dejavu::sans::bold(),
        dejavu::sans::oblique(),
        dejavu::sans::bold_oblique(),
    ] {
        fonts.load_font_data(data.to_vec());
    }
    fonts.set_sans_serif_family("DejaVu Sans");
    fonts.set_serif_family("DejaVu Sans");
    fonts.set_monospace_family("DejaVu Sans");
    Arc::new(fonts)
});

/// Writes `<stem>.svg` and `<stem>.png` into `folder`.
///
/// # Errors
/// When `svg` is no SVG document or a file cannot be written.
pub fn write_figure(folder: &Path, stem: &str, svg: &str) -> anyhow::Result<()> {
    let png = render_png(svg).with_context(|| format!("figure {stem}"))?;
    write_atomically(&folder.join(format!("{stem}.svg")), svg.as_bytes())?;
    write_atomically(&folder.join(format!("{stem}.png")), &png)
}

/// Draws an SVG document as a PNG at 300 dpi on white.
///
/// # Errors
/// When `svg` is no SVG document or its size is zero.
pub fn render_png(svg: &str) -> anyhow::Result<Vec<u8>> {
    let options = usvg::Options {
        font_family: "DejaVu Sans".to_owned(),
        fontdb: Arc::clone(&FONTS),
        ..usvg::Options::default()
    };
    let tree = usvg::Tree::from_str(svg, &options).context("not a valid SVG document")?;
    let scale = DOTS_PER_INCH / UNITS_PER_INCH;
    let width = (tree.size().width() * scale).ceil() as u32;
    let height = (tree.size().height() * scale).ceil() as u32;
    let mut pixels = tiny_skia::Pixmap::new(width, height).ok_or_else(|| {
        anyhow!("expected a drawing of positive size, found {width} x {height} pixels")
    })?;
    pixels.fill(tiny_skia::Color::WHITE);
    resvg::render(
        &tree,
        tiny_skia::Transform::from_scale(scale, scale),
        &mut pixels.as_mut(),
    );
    encode_png(width, height, &pixels)
}

/// PNG bytes without the alpha channel (the page is white) and with the resolution on record.
fn encode_png(width: u32, height: u32, pixels: &tiny_skia::Pixmap) -> anyhow::Result<Vec<u8>> {
    let opaque: Vec<u8> = pixels
        .data()
        .chunks_exact(4)
        .flat_map(|rgba| [rgba[0], rgba[1], rgba[2]])
        .collect();
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_pixel_dims(Some(png::PixelDimensions {
        xppu: DOTS_PER_METER,
        yppu: DOTS_PER_METER,
        unit: png::Unit::Meter,
    }));
    let mut writer = encoder
        .write_header()
        .context("cannot encode the picture")?;
    writer
        .write_image_data(&opaque)
        .context("cannot encode the picture")?;
    writer.finish().context("cannot encode the picture")?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn png_has_three_hundred_dpi_and_dark_text() {
        let svg = r#"<svg xmlns="http://www.w3.org/2000/svg" width="96" height="48">
            <text x="10" y="30" font-family="sans-serif" font-size="20">AUC</text></svg>"#;
        let bytes = render_png(svg).unwrap();
        let image = image::load_from_memory(&bytes).unwrap().to_luma8();
        assert_eq!(image.dimensions(), (300, 150));
        let dark = image.pixels().filter(|pixel| pixel.0[0] < 80).count();
        assert!(dark > 500, "{dark} dark pixels: the text was not drawn");
        let physical = bytes
            .windows(4)
            .position(|w| w == b"pHYs")
            .expect("resolution on record");
        assert_eq!(
            bytes[physical + 4..physical + 8],
            DOTS_PER_METER.to_be_bytes()
        );
    }

    #[test]
    fn text_that_is_no_svg_is_an_error() {
        assert!(render_png("not a drawing").is_err());
    }
}
