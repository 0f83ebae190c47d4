//! The activations of one image.

use ndarray::{Array3, ArrayView3};

/// `height x width` pixels of `channels` values, with a border of one zero pixel around.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FeatureMap {
    pub channels: usize,
    pub height: usize,
    pub width: usize,
    /// `[(height + 2)][(width + 2)][channels]`.
    pub data: Vec<f32>,
}

impl FeatureMap {
    pub(crate) fn zeros(channels: usize, height: usize, width: usize) -> Self {
        Self {
            channels,
            height,
            width,
            data: vec![0.0; (height + 2) * (width + 2) * channels],
        }
    }

    /// From `(channels, height, width)`.
    pub(crate) fn from_chw(image: ArrayView3<'_, f32>) -> Self {
        let (channels, height, width) = image.dim();
        let mut map = Self::zeros(channels, height, width);
        for ((c, y, x), &value) in image.indexed_iter() {
            let at = map.offset(y, x) + c;
            map.data[at] = value;
        }
        map
    }

    /// To `(channels, height, width)`.
    pub(crate) fn to_chw(&self) -> Array3<f32> {
        Array3::from_shape_fn((self.channels, self.height, self.width), |(c, y, x)| {
            self.data[self.offset(y, x) + c]
        })
    }

    /// Pixels of a row with its border.
    pub(crate) fn row_pixels(&self) -> usize {
        self.width + 2
    }

    fn offset(&self, y: usize, x: usize) -> usize {
        ((y + 1) * self.row_pixels() + x + 1) * self.channels
    }

    /// The channels of one pixel.
    pub(crate) fn pixel(&self, y: usize, x: usize) -> &[f32] {
        let at = self.offset(y, x);
        &self.data[at..at + self.channels]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip() {
        let image = Array3::from_shape_fn((3, 4, 5), |(c, y, x)| (100 * c + 10 * y + x) as f32);
        let map = FeatureMap::from_chw(image.view());
        assert_eq!(map.to_chw(), image);
        assert_eq!(map.pixel(2, 3), [23.0, 123.0, 223.0]);
    }
}
