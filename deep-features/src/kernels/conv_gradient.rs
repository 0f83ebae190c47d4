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
use super::gemm::{Accumulate, Rows, multiply_transposed};
use crate::par;

/// Gradient with respect to the input. `kernel` is `[ky][kx][in][out]`, and `gradient` has the channels of `out`.
pub(super) fn of_input(gradient: &FeatureMap, kernel: &[f32], in_channels: usize) -> FeatureMap {
    let out_channels = gradient.channels;
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
    conv::conv(gradient, &turned, in_channels)
}

/// Gradient with respect to the kernel, `[ky][kx][in][out]`, summed over the images of a batch in their order.
pub(super) fn of_kernel(inputs: &[FeatureMap], gradients: &[FeatureMap]) -> Vec<f32> {
    let (Some(first), Some(gradient)) = (inputs.first(), gradients.first()) else {
        return Vec::new();
    };
    let (i, o) = (first.channels, gradient.channels);
    let mut kernel = vec![0.0; 9 * i * o];
    par::for_each_chunk(&mut kernel, i * o, |place, of_place| {
        let (ky, kx) = (place / 3, place % 3);
        for (input, gradient) in inputs.iter().zip(gradients) {
            let row = input.row_pixels();
            let left = Rows {
                data: &input.data[(ky * row + kx) * i..],
                rows: input.height * row - 2,
                columns: i,
                row_stride: i,
            };
            let right = &gradient.data[(row + 1) * o..];
            multiply_transposed(left, right, of_place, o, Accumulate::Add);
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
