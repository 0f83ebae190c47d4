//! Gradients of a 3x3 convolution with zero padding 1.
//!
//! With `G` the gradient of the loss with respect to the convolution's output,
//!
//! ```text
//! dL/d in        = K' * G            K'[ky][kx][out][in] = K[2 - ky][2 - kx][in][out]
//! dL/d K[ky][kx] = Σ_p in[p + ky (w + 2) + kx]ᵀ G[p]
//! dL/d bias      = Σ_p G[p]
//! ```
//!
//! The first is again a convolution. In the second `p` runs over all pixels with their border, where `G` is zero, so
//! that each of the nine is one product of matrices.

use super::FeatureMap;
use super::conv;
use super::gemm::{Accumulate, Rows, multiply};
use crate::par;

/// `K'`: the kernel `[ky][kx][in][out]` turned by half a circle, with inputs and outputs exchanged.
pub(super) fn turned(kernel: &[f32], in_channels: usize, out_channels: usize) -> Vec<f32> {
    let size = in_channels * out_channels;
    let mut turned = vec![0.0; kernel.len()];
    for (place, target) in turned.chunks_exact_mut(size).enumerate() {
        // Place 8 - k is (2 - ky, 2 - kx).
        let source = &kernel[(8 - place) * size..(9 - place) * size];
        for (i, of_input) in source.chunks_exact(out_channels).enumerate() {
            for (o, &weight) in of_input.iter().enumerate() {
                target[o * in_channels + i] = weight;
            }
        }
    }
    turned
}

/// Gradient with respect to the input, from the [`turned`] kernel.
pub(super) fn of_input(gradient: &FeatureMap, turned: &[f32], in_channels: usize) -> FeatureMap {
    conv::conv(gradient, turned, in_channels)
}

/// The activations of one image by channel, with a border of one zero pixel around: `[channel][height + 2][width + 2]`.
///
/// Pixels of a channel are neighbors here, as the sums over pixels of [`of_kernel`] want them: read from a
/// [`FeatureMap`] they would lie a power of two apart and fall on the same lines of the cache.
pub(super) struct Planes {
    channels: usize,
    height: usize,
    width: usize,
    data: Vec<f32>,
}

impl Planes {
    /// From `(channels, height, width)`, row-major.
    pub(super) fn from_chw(
        values: &[f32],
        (channels, height, width): (usize, usize, usize),
    ) -> Self {
        let (row, plane) = (width + 2, (height + 2) * (width + 2));
        let mut data = vec![0.0; channels * plane];
        for (of_channel, target) in values
            .chunks_exact(height * width)
            .zip(data.chunks_exact_mut(plane))
        {
            for (line, target) in of_channel
                .chunks_exact(width)
                .zip(target[row..].chunks_mut(row))
            {
                target[1..=width].copy_from_slice(line);
            }
        }
        Self {
            channels,
            height,
            width,
            data,
        }
    }
}

/// Gradient with respect to the kernel, `[ky][kx][in][out]`, summed over the images of a batch in their order.
pub(super) fn of_kernel(inputs: &[Planes], gradients: &[FeatureMap]) -> Vec<f32> {
    let (Some(first), Some(gradient)) = (inputs.first(), gradients.first()) else {
        return Vec::new();
    };
    let (i, o) = (first.channels, gradient.channels);
    let mut kernel = vec![0.0; 9 * i * o];
    par::for_each_chunk(&mut kernel, i * o, |place, of_place| {
        let (ky, kx) = (place / 3, place % 3);
        for (input, gradient) in inputs.iter().zip(gradients) {
            let row = input.width + 2;
            let left = Rows {
                data: &input.data[ky * row + kx..],
                rows: i,
                columns: input.height * row - 2,
                row_stride: (input.height + 2) * row,
            };
            let right = &gradient.data[(row + 1) * o..];
            multiply(left, right, of_place, o, Accumulate::Add);
        }
    });
    kernel
}

/// Gradient with respect to the bias, summed over the images of a batch in their order, in f64.
pub(super) fn of_bias(gradients: &[FeatureMap], out_channels: usize) -> Vec<f32> {
    let mut sums = vec![0.0f64; out_channels];
    for gradient in gradients {
        for pixel in gradient.data.chunks_exact(out_channels) {
            for (sum, &value) in sums.iter_mut().zip(pixel) {
                *sum += f64::from(value);
            }
        }
    }
    sums.into_iter().map(|sum| sum as f32).collect()
}
