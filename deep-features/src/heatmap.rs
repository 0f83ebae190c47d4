//! A map of what in an image a network's answer comes from, and how to look at it.

use ndarray::{Array2, Array3, ArrayView2};

use crate::error::{Error, Result};
use crate::preprocess::Window;
use crate::resize::{self, Interpolation};

/// Largest share of the color in an overlay.
const OPACITY: f64 = 0.65;
/// Colors of the values 0, 1/2 and 1.
const RAMP: [[f64; 3]; 3] = [
    [128.0, 0.0, 38.0],
    [240.0, 59.0, 32.0],
    [254.0, 217.0, 118.0],
];
/// Color of the region's outline.
const OUTLINE: [u8; 3] = [0, 200, 255];

/// A map over the cells of a tap: not negative, larger where more of the answer comes from.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Heatmap {
    /// One value for each cell of the tap, `(rows, columns)`.
    pub cells: Array2<f64>,
    /// Weight of each channel in the map: its mean gradient, or its entry in the first singular vector.
    pub channel_weights: Vec<f64>,
    /// The number that is explained (a logit or a feature); `None` for a map that explains none.
    pub score: Option<f64>,
    /// The part of the image that the network saw.
    pub window: Window,
}

impl Heatmap {
    /// The map at another size, bilinear with half-pixel centers, in its own units.
    ///
    /// # Errors
    /// [`Error::EmptyImage`] for a size of 0.
    pub fn upsampled(&self, size: [usize; 2]) -> Result<Array2<f64>> {
        if size.contains(&0) {
            return Err(Error::EmptyImage {
                height: size[0],
                width: size[1],
            });
        }
        Ok(resize::resize(
            self.cells.view(),
            size,
            Interpolation::Bilinear,
        ))
    }

    /// [`upsampled`](Self::upsampled) from its smallest value at 0 to its largest at 1; 0 everywhere if it is flat.
    ///
    /// # Errors
    /// [`Error::EmptyImage`] for a size of 0.
    pub fn scaled(&self, size: [usize; 2]) -> Result<Array2<f64>> {
        let mut map = self.upsampled(size)?;
        let low = map.iter().copied().fold(f64::INFINITY, f64::min);
        let high = map.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let range = high - low;
        map.mapv_inplace(|v| if range > 0.0 { (v - low) / range } else { 0.0 });
        Ok(map)
    }

    /// The [`scaled`](Self::scaled) map in the place of the image that it is about, 0 outside the window.
    ///
    /// # Errors
    /// [`Error::EmptyImage`] for a size of 0.
    pub fn on_image(&self, size: [usize; 2]) -> Result<Array2<f64>> {
        let window = self.window;
        let of_window = self.scaled([window.height, window.width])?;
        let inside = |at: usize, start: i64, length: usize| {
            let offset = usize::try_from(at as i64 - start).ok()?;
            (offset < length).then_some(offset)
        };
        Ok(Array2::from_shape_fn((size[0], size[1]), |(y, x)| {
            match (
                inside(y, window.top, window.height),
                inside(x, window.left, window.width),
            ) {
                (Some(y), Some(x)) => of_window[(y, x)],
                _ => 0.0,
            }
        }))
    }

    /// The image in gray with the map in color on it and the region's outline, `(rows, columns, 3)`.
    ///
    /// A pixel of gray `g` and map value `v` is `(1 - a) g + a c(v)` with `a = 0.65 v`, so that what does not matter is
    /// seen as it is. Colors go from dark red by orange to yellow.
    ///
    /// # Errors
    /// [`Error::EmptyImage`]; [`Error::MaskShape`] for a mask of another size.
    pub fn overlay(
        &self,
        image: ArrayView2<'_, f64>,
        mask: Option<ArrayView2<'_, bool>>,
    ) -> Result<Array3<u8>> {
        let (rows, columns) = image.dim();
        if let Some(mask) = mask.filter(|mask| mask.dim() != image.dim()) {
            return Err(Error::MaskShape {
                image: [rows, columns],
                mask: [mask.nrows(), mask.ncols()],
            });
        }
        let map = self.on_image([rows, columns])?;
        let mut overlay = Array3::zeros((rows, columns, 3));
        for ((y, x), &value) in map.indexed_iter() {
            let gray = image[(y, x)].clamp(0.0, 255.0);
            let outlined = mask.is_some_and(|mask| is_edge(mask, y, x));
            for (channel, color) in color(value).into_iter().enumerate() {
                let opacity = OPACITY * value;
                overlay[(y, x, channel)] = match outlined {
                    true => OUTLINE[channel],
                    false => ((1.0 - opacity) * gray + opacity * color).round() as u8,
                };
            }
        }
        Ok(overlay)
    }
}

/// Whether a pixel of the region has a neighbor outside it.
fn is_edge(mask: ArrayView2<'_, bool>, y: usize, x: usize) -> bool {
    let inside = |dy: isize, dx: isize| {
        let at = (y.checked_add_signed(dy), x.checked_add_signed(dx));
        match at {
            (Some(y), Some(x)) => mask.get((y, x)).copied().unwrap_or(false),
            _ => false,
        }
    };
    mask[(y, x)]
        && ![(-1, 0), (1, 0), (0, -1), (0, 1)]
            .iter()
            .all(|&(dy, dx)| inside(dy, dx))
}

fn color(value: f64) -> [f64; 3] {
    let place = 2.0 * value.clamp(0.0, 1.0);
    let first = (place as usize).min(1);
    let share = place - first as f64;
    let mix =
        |channel: usize| (1.0 - share) * RAMP[first][channel] + share * RAMP[first + 1][channel];
    [mix(0), mix(1), mix(2)]
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    fn heatmap(cells: Array2<f64>, window: [i64; 4]) -> Heatmap {
        let [top, left, height, width] = window;
        Heatmap {
            cells,
            channel_weights: Vec::new(),
            score: None,
            window: Window {
                top,
                left,
                height: height as usize,
                width: width as usize,
            },
        }
    }

    #[test]
    fn map_lies_where_the_window_is() {
        let map = heatmap(array![[0.0, 2.0], [4.0, 8.0]], [-1, 1, 2, 2]);
        let placed = map.on_image([3, 4]).expect("a size");
        // Only the window's second row is inside the image.
        let expected = array![[0.0, 0.5, 1.0, 0.0], [0.0; 4], [0.0; 4]];
        assert_eq!(placed, expected);
        assert!(map.upsampled([0, 3]).is_err());
    }

    #[test]
    fn flat_map_is_zero() {
        let map = heatmap(array![[3.0, 3.0]], [0, 0, 4, 4]);
        assert!(
            map.scaled([4, 4])
                .expect("a size")
                .iter()
                .all(|&v| v == 0.0)
        );
        assert!(
            map.upsampled([4, 4])
                .expect("a size")
                .iter()
                .all(|&v| v == 3.0)
        );
    }

    #[test]
    fn overlay_shows_gray_color_and_outline() {
        let map = heatmap(array![[0.0, 1.0]], [0, 0, 3, 4]);
        let image = Array2::from_elem((3, 4), 100.0);
        let mask = Array2::from_shape_fn((3, 4), |(y, x)| y == 1 && x == 1);
        let shown = map
            .overlay(image.view(), Some(mask.view()))
            .expect("an overlay");
        let pixel = |y, x| [0, 1, 2].map(|c| shown[(y, x, c)]);
        assert_eq!(pixel(0, 0), [100, 100, 100]);
        assert_eq!(pixel(1, 1), OUTLINE);
        // 0.35 of gray 100 and 0.65 of the brightest color.
        assert_eq!(pixel(0, 3), [200, 176, 112]);
        let small = Array2::from_elem((2, 2), true);
        assert!(map.overlay(image.view(), Some(small.view())).is_err());
    }

    #[test]
    fn a_region_of_one_color_has_no_edge_inside() {
        let mask = Array2::from_elem((3, 3), true);
        assert!(!is_edge(mask.view(), 1, 1));
        // The image's edge is an edge of the region.
        assert!(is_edge(mask.view(), 0, 1));
    }
}
