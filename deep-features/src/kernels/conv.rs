//! 3x3 convolution with zero padding 1, bias and ReLU.
//!
//! Number the pixels of a bordered map row by row, border included: `p = y (w + 2) + x`. Under output pixel `(y, x)`
//! the kernel's row `ky` covers the input pixels `p + ky (w + 2) + {0, 1, 2}`, which are consecutive. So
//!
//! ```text
//! out[p] = Σ_ky  in[p + ky (w + 2) ..][.. 3 C] · K_ky        p = 0 .. h (w + 2) - 3
//! ```
//!
//! are three products of matrices with overlapping rows. The two values of `p` per row that lie on the border give
//! garbage, and they land on the border of the output map, where zeros are written in the same pass as bias and ReLU.

use super::FeatureMap;
use super::gemm::{Accumulate, Rows, multiply};
use crate::par;

/// Pixels of one block of output rows: large enough that the kernel is packed rarely, small enough that a block of
/// outputs is still in the cache when bias and ReLU are applied. Blocks do not depend on the number of threads, so
/// neither does any bit of the result.
const BLOCK_PIXELS: usize = 2048;

/// `max(0, K * input + b)` for a kernel `[ky][kx][in][out]`.
pub(crate) fn conv_relu(input: &FeatureMap, kernel: &[f32], bias: &[f32]) -> FeatureMap {
    debug_assert_eq!(9 * input.channels * bias.len(), kernel.len());
    convolve(input, kernel, bias.len(), |chunk, row, width| {
        finish_rows(chunk, row, width, bias);
    })
}

/// `K * input`: neither bias nor ReLU.
pub(super) fn conv(input: &FeatureMap, kernel: &[f32], out_channels: usize) -> FeatureMap {
    convolve(input, kernel, out_channels, |chunk, row, width| {
        for line in chunk.chunks_mut(row * out_channels) {
            line[width * out_channels..].fill(0.0);
        }
    })
}

/// `finish` gets whole rows of outputs, the last without its border, with the pixels of a row and those inside; it must clear the border.
fn convolve(
    input: &FeatureMap,
    kernel: &[f32],
    out_channels: usize,
    finish: impl Fn(&mut [f32], usize, usize) + Sync + Send,
) -> FeatureMap {
    let mut output = FeatureMap::zeros(out_channels, input.height, input.width);
    let (row, n) = (input.row_pixels(), out_channels);
    // Output pixel p lies one row and one pixel further, because of the border.
    let first = (row + 1) * n;
    let pixels = input.height * row - 2;
    let rows_per_block = (BLOCK_PIXELS / row).max(1);
    let block = rows_per_block * row;
    par::for_each_chunk(
        &mut output.data[first..first + pixels * n],
        block * n,
        |index, chunk| {
            let start = index * block;
            for ky in 0..3 {
                let left = Rows {
                    data: &input.data[(start + ky * row) * input.channels..],
                    rows: chunk.len() / n,
                    columns: 3 * input.channels,
                    row_stride: input.channels,
                };
                let size = 3 * input.channels * n;
                let accumulate = if ky == 0 {
                    Accumulate::Replace
                } else {
                    Accumulate::Add
                };
                let of_row = &kernel[ky * size..(ky + 1) * size];
                multiply(left, of_row, chunk, n, accumulate);
            }
            finish(chunk, row, input.width);
        },
    );
    output
}

/// Adds the bias, cuts at zero, and clears the border pixels at the end of each row.
fn finish_rows(chunk: &mut [f32], row: usize, width: usize, bias: &[f32]) {
    let n = bias.len();
    for line in chunk.chunks_mut(row * n) {
        let (inside, border) = line.split_at_mut(width * n);
        for pixel in inside.chunks_exact_mut(n) {
            for (value, b) in pixel.iter_mut().zip(bias) {
                // Not `max(0.0)`: that would turn NaN into 0 and hide unusable weights.
                let sum = *value + b;
                *value = if sum < 0.0 { 0.0 } else { sum };
            }
        }
        border.fill(0.0);
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array3;

    use super::*;
    use crate::kernels::fixture;
    use crate::weights::ConvWeights;

    /// The definition, in f64.
    fn naive(image: &Array3<f32>, weights: &ConvWeights) -> Array3<f64> {
        let (_, h, w) = image.dim();
        let (ci, co) = (weights.in_channels, weights.out_channels);
        Array3::from_shape_fn((co, h, w), |(o, y, x)| {
            let mut sum = f64::from(weights.bias[o]);
            for (ky, kx) in (0..3).flat_map(|ky| (0..3).map(move |kx| (ky, kx))) {
                let (yy, xx) = (y + ky, x + kx);
                if (1..=h).contains(&yy) && (1..=w).contains(&xx) {
                    for i in 0..ci {
                        let k = weights.kernel[((ky * 3 + kx) * ci + i) * co + o];
                        sum += f64::from(k) * f64::from(image[(i, yy - 1, xx - 1)]);
                    }
                }
            }
            sum.max(0.0)
        })
    }

    #[test]
    fn matches_the_definition() {
        for (ci, co, h, w) in [
            (3, 4, 1, 1),
            (1, 1, 2, 5),
            (3, 8, 7, 3),
            (16, 24, 40, 70),
            (5, 3, 1, 300),
            (2, 2, 300, 1),
            (8, 8, 8, 8),
        ] {
            let (weights, image) = fixture::layer(ci, co, [h, w]);
            let out = conv_relu(
                &FeatureMap::from_chw(image.view()),
                &weights.kernel,
                &weights.bias,
            );
            for (a, e) in out.to_chw().iter().zip(&naive(&image, &weights)) {
                assert!((f64::from(*a) - e).abs() < 2e-5, "{a} {e}");
            }
            let again = FeatureMap::from_chw(out.to_chw().view());
            assert_eq!(out, again, "the border must stay zero");
        }
    }

    #[test]
    fn not_a_number_is_not_hidden() {
        let weights = fixture::not_a_number();
        let out = conv_relu(&FeatureMap::zeros(1, 2, 2), &weights.kernel, &weights.bias);
        assert!(out.to_chw().iter().all(|v| v.is_nan()));
    }
}
