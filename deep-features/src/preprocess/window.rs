//! The rectangle of the image that is used, and how its pixels are read.

use ndarray::{Array2, ArrayView2};
use serde::{Deserialize, Serialize};

use super::Margin;
use crate::augment::View;
use crate::error::{Error, Result};

/// What stands where a window reaches past the image.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Border {
    /// The nearest pixel of the image.
    Replicate,
    /// The image mirrored at its outermost pixels (which are not repeated).
    Reflect,
    /// One gray value.
    Constant(f64),
}

/// A rectangle of pixels; it may reach past the image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Window {
    /// First row.
    pub top: i64,
    /// First column.
    pub left: i64,
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
}

impl Window {
    /// The box of the mask's pixels.
    pub(super) fn around(mask: ArrayView2<'_, bool>) -> Result<Self> {
        let rows: Vec<usize> = (0..mask.nrows())
            .filter(|&y| mask.row(y).iter().any(|&m| m))
            .collect();
        let columns: Vec<usize> = (0..mask.ncols())
            .filter(|&x| mask.column(x).iter().any(|&m| m))
            .collect();
        match (rows.as_slice(), columns.as_slice()) {
            ([top, ..], [left, ..]) => Ok(Self {
                top: *top as i64,
                left: *left as i64,
                height: rows[rows.len() - 1] - top + 1,
                width: columns[columns.len() - 1] - left + 1,
            }),
            _ => Err(Error::EmptyMask {
                size: [mask.nrows(), mask.ncols()],
            }),
        }
    }

    pub(super) fn with_margin(self, margin: Margin) -> Self {
        let pixels = |side: usize| match margin {
            Margin::Pixels(n) => n,
            Margin::Fraction(f) => (side as f64 * f).round() as usize,
        };
        let (dy, dx) = (pixels(self.height), pixels(self.width));
        Self {
            top: self.top - dy as i64,
            left: self.left - dx as i64,
            height: self.height + 2 * dy,
            width: self.width + 2 * dx,
        }
    }

    /// Grows the shorter side to the aspect of `size`, by whole pixels, an odd one at the end.
    pub(super) fn extended(self, size: [usize; 2]) -> Self {
        let height = (self.width * size[0]).div_ceil(size[1]).max(self.height);
        let width = (self.height * size[1]).div_ceil(size[0]).max(self.width);
        Self {
            top: self.top - ((height - self.height) / 2) as i64,
            left: self.left - ((width - self.width) / 2) as i64,
            height,
            width,
        }
    }

    /// Gray values of the window as `view` places them.
    pub(super) fn gray(
        self,
        image: ArrayView2<'_, f64>,
        border: Border,
        view: &View,
    ) -> Array2<f64> {
        if view.resamples() {
            self.between_pixels(view, |y, x| border.between(image, y, x))
        } else {
            self.whole_pixels(view, |y, x| border.at(image, y, x))
        }
    }

    /// Which pixels of the window lie in the mask as `view` places it; none past the image's edge.
    pub(super) fn inside(self, mask: ArrayView2<'_, bool>, view: &View) -> Array2<bool> {
        let at = |y, x| index(y, x, mask.dim()).is_some_and(|at| mask[at]);
        if view.resamples() {
            let nearest = |v: f64| (v + 0.5).floor() as i64;
            self.between_pixels(view, |y, x| at(nearest(y), nearest(x)))
        } else {
            self.whole_pixels(view, at)
        }
    }

    fn whole_pixels<T>(self, view: &View, read: impl Fn(i64, i64) -> T) -> Array2<T> {
        let along =
            |at: usize, side: usize, flip: bool| (if flip { side - 1 - at } else { at }) as i64;
        Array2::from_shape_fn((self.height, self.width), |(y, x)| {
            read(
                self.top + along(y, self.height, view.flip_depth),
                self.left + along(x, self.width, view.flip_lateral),
            )
        })
    }

    fn between_pixels<T>(self, view: &View, read: impl Fn(f64, f64) -> T) -> Array2<T> {
        let half = |side: usize| (side as f64 - 1.0) / 2.0;
        let (half_height, half_width) = (half(self.height), half(self.width));
        let [rows, columns] = view.to_image();
        Array2::from_shape_fn((self.height, self.width), |(y, x)| {
            let (dy, dx) = (y as f64 - half_height, x as f64 - half_width);
            read(
                self.top as f64 + half_height + (rows[0] * dy + rows[1] * dx),
                self.left as f64 + half_width + (columns[0] * dy + columns[1] * dx),
            )
        })
    }
}

impl Border {
    fn at(self, image: ArrayView2<'_, f64>, y: i64, x: i64) -> f64 {
        let (height, width) = image.dim();
        match self {
            Self::Replicate => image[(nearest(y, height), nearest(x, width))],
            Self::Reflect => image[(mirrored(y, height), mirrored(x, width))],
            Self::Constant(value) => index(y, x, (height, width)).map_or(value, |at| image[at]),
        }
    }

    /// Bilinear; a position on a pixel gives that pixel's very value.
    fn between(self, image: ArrayView2<'_, f64>, y: f64, x: f64) -> f64 {
        let mix = |a: f64, b: f64, share: f64| a + share * (b - a);
        let (share_down, share_right) = (y - y.floor(), x - x.floor());
        let (y, x) = (y.floor() as i64, x.floor() as i64);
        let along = |y| mix(self.at(image, y, x), self.at(image, y, x + 1), share_right);
        mix(along(y), along(y + 1), share_down)
    }
}

/// The index of a pixel; `None` past the image's edge.
fn index(y: i64, x: i64, (height, width): (usize, usize)) -> Option<(usize, usize)> {
    let row = usize::try_from(y).ok().filter(|&row| row < height)?;
    let column = usize::try_from(x).ok().filter(|&column| column < width)?;
    Some((row, column))
}

fn nearest(at: i64, n: usize) -> usize {
    at.clamp(0, n as i64 - 1) as usize
}

fn mirrored(at: i64, n: usize) -> usize {
    let period = (2 * (n as i64 - 1)).max(1);
    let folded = at.rem_euclid(period);
    folded.min(period - folded).clamp(0, n as i64 - 1) as usize
}

#[cfg(test)]
mod tests {
    use ndarray::{array, s};

    use super::*;

    #[test]
    fn mirrored_indices() {
        let at: Vec<_> = (-5..8).map(|i| mirrored(i, 3)).collect();
        assert_eq!(at, [1, 0, 1, 2, 1, 0, 1, 2, 1, 0, 1, 2, 1]);
        assert_eq!(mirrored(-7, 1), 0);
    }

    #[test]
    fn between_four_pixels_and_past_the_edge() {
        let image = array![[0.0, 10.0], [20.0, 50.0]];
        let read = |border: Border, y, x| border.between(image.view(), y, x);
        assert_eq!(read(Border::Replicate, 0.5, 0.25), 15.0); // 2.5 above, 27.5 below
        assert_eq!(read(Border::Replicate, 1.0, 1.0), 50.0);
        assert_eq!(read(Border::Replicate, -0.5, 0.5), 5.0);
        assert_eq!(read(Border::Reflect, -0.5, 0.5), 20.0); // halfway to the row below, mirrored
        assert_eq!(read(Border::Constant(100.0), -0.5, 0.5), 52.5); // halfway to 100
        assert_eq!(read(Border::Constant(100.0), 5.5, 0.5), 100.0);
    }

    /// In f64: a sine of 90 degrees that is not quite 1 would show here and not in a network's f32.
    #[test]
    fn quarter_turns_move_pixels_and_mix_none() {
        let image = Array2::from_shape_fn((7, 7), |(y, x)| 1.0 / (1 + 7 * y + x) as f64);
        // One window inside the image, one whose center is its first pixel.
        for (top, left, side) in [(1, 2, 4), (-2, -2, 5)] {
            let window = Window {
                top,
                left,
                height: side,
                width: side,
            };
            let turned = |rotation| {
                let view = View {
                    rotation,
                    ..View::IDENTITY
                };
                window.gray(image.view(), Border::Reflect, &view)
            };
            let cut = window.gray(image.view(), Border::Reflect, &View::IDENTITY);
            assert_eq!(turned(90.0), cut.t().slice(s![..;-1, ..]));
            assert_eq!(turned(180.0), cut.slice(s![..;-1, ..;-1]));
            assert_eq!(turned(270.0), cut.t().slice(s![.., ..;-1]));
            assert_eq!(turned(-360.0), cut);
        }
    }
}
