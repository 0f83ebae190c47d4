//! Heat maps as pictures: the region beside the region with the map on it.

use std::io::Cursor;
use std::path::Path;

use anyhow::Context;
use deep_features::Heatmap;
use image::RgbImage;
use ndarray::{Array3, s};

use crate::atomic_file::write_atomically;
use crate::regions::OutlinedSlice;

/// Smallest height of a picture; smaller regions are enlarged by a whole number.
const MIN_HEIGHT: usize = 256;
/// White pixels between the two halves.
const GAP: usize = 4;

/// Writes a PNG of what the network saw of a region: on the left as it is, on the right with the map in color, both with the outline.
///
/// # Errors
/// When the map does not fit the image or the file cannot be written.
pub fn write_heatmap(path: &Path, slice: &OutlinedSlice, map: &Heatmap) -> anyhow::Result<()> {
    let bytes = heatmap_png(slice, map).with_context(|| path.display().to_string())?;
    write_atomically(path, &bytes)
}

/// The picture of [`write_heatmap`] as the bytes of a PNG file.
///
/// # Errors
/// When the map does not fit the image.
pub fn heatmap_png(slice: &OutlinedSlice, map: &Heatmap) -> anyhow::Result<Vec<u8>> {
    let (rows, columns) = slice.gray.dim();
    let inside = |start: i64, length: usize, limit: usize| {
        let clip = |at: i64| usize::try_from(at).unwrap_or(0).min(limit);
        (clip(start), clip(start + length as i64))
    };
    let (top, bottom) = inside(map.window.top, map.window.height, rows);
    let (left, right) = inside(map.window.left, map.window.width, columns);
    let mut flat = map.clone();
    flat.cells.fill(0.0);
    let halves = [&flat, map].map(|map| {
        let whole = map.overlay(slice.gray.view(), Some(slice.inside.view()))?;
        anyhow::Ok(whole.slice(s![top..bottom, left..right, ..]).to_owned())
    });
    let [plain, colored] = halves;
    let picture = side_by_side(&plain?, &colored?);
    let mut bytes = Cursor::new(Vec::new());
    picture
        .write_to(&mut bytes, image::ImageFormat::Png)
        .context("cannot encode the picture")?;
    Ok(bytes.into_inner())
}

fn side_by_side(left: &Array3<u8>, right: &Array3<u8>) -> RgbImage {
    let (rows, columns, _) = left.dim();
    let times = MIN_HEIGHT.div_ceil(rows.max(1));
    let (height, width) = (times * rows, times * columns);
    RgbImage::from_fn((2 * width + GAP) as u32, height as u32, |x, y| {
        let (x, y) = (x as usize, y as usize);
        let (half, x) = match x {
            x if x < width => (left, x),
            x if x < width + GAP => return image::Rgb([255; 3]),
            x => (right, x - width - GAP),
        };
        image::Rgb([0, 1, 2].map(|channel| half[(y / times, x / times, channel)]))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_enlarged_and_kept_apart() {
        let gray = Array3::from_shape_fn((100, 50, 3), |(y, _, _)| y as u8);
        let picture = side_by_side(&gray, &gray);
        assert_eq!(picture.dimensions(), (2 * 150 + 4, 300));
        assert_eq!(picture.get_pixel(149, 299).0, [99; 3]);
        assert_eq!(picture.get_pixel(151, 0).0, [255; 3]);
        assert_eq!(picture.get_pixel(154, 3).0, [1; 3]);
    }
}
