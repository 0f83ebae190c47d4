//! Convolution and pooling on the CPU.
//!
//! Activations lie with the channels of a pixel together (NHWC) and with a border of one zero pixel, which is the
//! padding of the next convolution. In that layout the three pixels under one row of a 3x3 kernel are consecutive in
//! memory, so a convolution is three matrix products on overlapping rows, without any copy.

pub(crate) mod conv;
mod conv_gradient;
pub(crate) mod conv_op;
mod gemm;
pub(crate) mod map;
pub(crate) mod pool;
pub(crate) mod winograd;

pub(crate) use map::FeatureMap;

#[cfg(test)]
pub(crate) mod fixture {
    use ndarray::Array3;

    use crate::rng::he_normal;
    use crate::weights::ConvWeights;

    /// A layer and an image, of any size.
    pub(crate) fn layer(
        in_channels: usize,
        out_channels: usize,
        [height, width]: [usize; 2],
    ) -> (ConvWeights, Array3<f32>) {
        let weights = ConvWeights {
            in_channels,
            out_channels,
            kernel: he_normal(1, 0, 9 * in_channels * out_channels, 9 * in_channels),
            bias: he_normal(1, 1, out_channels, 2),
        };
        let values = he_normal(2, 0, in_channels * height * width, 2);
        let image = Array3::from_shape_vec((in_channels, height, width), values);
        (weights, image.expect("as many values"))
    }

    /// One channel of no number.
    pub(crate) fn not_a_number() -> ConvWeights {
        ConvWeights {
            in_channels: 1,
            out_channels: 1,
            kernel: vec![f32::NAN; 9],
            bias: vec![0.0],
        }
    }
}
