//! 3x3 convolution by Winograd's minimal filtering F(4x4, 3x3): 36 products per 16 outputs in place of 144.
//!
//! The output is cut into tiles of 4x4 pixels. With `d` the 6x6 inputs under a tile and `g` a kernel, a tile is
//!
//! ```text
//! Y = Aᵀ [ (G g Gᵀ) ∘ (Bᵀ d B) ] A
//! ```
//!
//! (A. Lavin, S. Gray, Fast algorithms for convolutional neural networks, CVPR 2016). Summed over the channels, the product in the middle is
//! one matrix product per position of the 6x6: tiles x channels in, times channels in x channels out. Rounding is about four times that of
//! direct sums.

use std::array::from_fn;
use std::cell::Cell;
use std::thread::LocalKey;

use super::FeatureMap;
use super::gemm::{Accumulate, Rows, multiply};
use crate::par;
use crate::weights::ConvWeights;

/// Outputs on a side of a tile.
const TILE: usize = 4;
/// Inputs on a side of a tile.
const PATCH: usize = 6;
/// Positions of a transformed tile.
const POSITIONS: usize = PATCH * PATCH;
/// Tiles of one block: enough rows for the matrix products, few enough that a block of transformed tiles stays in the cache. Blocks do not
/// depend on the number of threads, so neither does any bit of the result.
const BLOCK_TILES: usize = 128;
/// Channels transformed side by side.
const LANES: usize = 16;

/// A layer is worth its transforms from this many channels on ...
const MIN_CHANNELS: usize = 16;
/// ... and this many tiles: the transformed kernel is four times as large, and is read once per block.
const MIN_TILES: usize = 12;

/// A kernel ready for [`conv_relu`].
#[derive(Debug)]
pub(crate) struct WinogradKernel {
    in_channels: usize,
    out_channels: usize,
    /// `G g Gᵀ`, `[position][in][out]`.
    transformed: Vec<f32>,
}

/// Whether a layer is faster this way.
pub(crate) fn is_worthwhile(input: &FeatureMap) -> bool {
    let tiles = input.height.div_ceil(TILE) * input.width.div_ceil(TILE);
    input.channels >= MIN_CHANNELS && tiles >= MIN_TILES
}

impl WinogradKernel {
    /// Transforms a kernel, in f64.
    pub(crate) fn new(weights: &ConvWeights) -> Self {
        let (i, o) = (weights.in_channels, weights.out_channels);
        let mut transformed = vec![0.0; POSITIONS * i * o];
        for at in 0..i * o {
            let g: [[f64; 3]; 3] =
                from_fn(|y| from_fn(|x| f64::from(weights.kernel[(3 * y + x) * i * o + at])));
            // Columns first, then rows.
            let half: [[f64; 3]; PATCH] = {
                let columns: [[f64; PATCH]; 3] =
                    from_fn(|x| kernel_transform([g[0][x], g[1][x], g[2][x]]));
                from_fn(|y| from_fn(|x| columns[x][y]))
            };
            for (y, row) in half.into_iter().enumerate() {
                for (x, v) in kernel_transform(row).into_iter().enumerate() {
                    transformed[(PATCH * y + x) * i * o + at] = v as f32;
                }
            }
        }
        Self {
            in_channels: i,
            out_channels: o,
            transformed,
        }
    }
}

/// `G g`.
fn kernel_transform([a, b, c]: [f64; 3]) -> [f64; PATCH] {
    let (even, odd) = (a + c, b);
    let (even4, odd4) = (a + 4.0 * c, 2.0 * b);
    [
        a / 4.0,
        -(even + odd) / 6.0,
        -(even - odd) / 6.0,
        (even4 + odd4) / 24.0,
        (even4 - odd4) / 24.0,
        c,
    ]
}

/// Some channels of a pixel.
type Channels = [f32; LANES];

/// Up to sixteen channels; zeros beyond them.
#[inline(always)]
fn load(values: &[f32]) -> Channels {
    match <&Channels>::try_from(values) {
        Ok(all) => *all,
        Err(_) => {
            let mut some = [0.0; LANES];
            some.iter_mut().zip(values).for_each(|(v, of)| *v = *of);
            some
        }
    }
}

/// The inverse of [`load`].
#[inline(always)]
fn store(values: &Channels, to: &mut [f32]) {
    match <&mut Channels>::try_from(&mut *to) {
        Ok(all) => *all = *values,
        Err(_) => to.iter_mut().zip(values).for_each(|(to, v)| *to = *v),
    }
}

/// A weighted sum. (Loops, here and below, where `from_fn` would read better: it is not inlined, and so not compiled for wide vectors.)
#[inline(always)]
fn combine<const N: usize>(terms: [(f32, &Channels); N]) -> Channels {
    let mut sum = [0.0; LANES];
    for k in 0..LANES {
        sum[k] = terms[0].0 * terms[0].1[k];
        for (factor, values) in &terms[1..] {
            sum[k] += factor * values[k];
        }
    }
    sum
}

/// Row `y` of six columns.
#[inline(always)]
fn across<const N: usize>(columns: &[[Channels; N]; PATCH], y: usize) -> [&Channels; PATCH] {
    let [a, b, c, d, e, f] = columns;
    [&a[y], &b[y], &c[y], &d[y], &e[y], &f[y]]
}

/// `Bᵀ d` of six values, for several channels.
#[inline(always)]
fn input_transform(d: [&Channels; PATCH]) -> [Channels; PATCH] {
    let [a, b, c, e, f, g] = d;
    // The second and third, and the fourth and fifth rows share their even and odd parts.
    let even1 = combine([(1.0, f), (-4.0, c)]);
    let odd1 = combine([(1.0, e), (-4.0, b)]);
    let even2 = combine([(1.0, f), (-1.0, c)]);
    let odd2 = combine([(2.0, e), (-2.0, b)]);
    [
        combine([(4.0, a), (-5.0, c), (1.0, f)]),
        combine([(1.0, &even1), (1.0, &odd1)]),
        combine([(1.0, &even1), (-1.0, &odd1)]),
        combine([(1.0, &even2), (1.0, &odd2)]),
        combine([(1.0, &even2), (-1.0, &odd2)]),
        combine([(4.0, b), (-5.0, e), (1.0, g)]),
    ]
}

/// `Aᵀ m` of six values, for several channels.
#[inline(always)]
fn output_transform(m: [&Channels; PATCH]) -> [Channels; TILE] {
    let [a, b, c, d, e, f] = m;
    let sum1 = combine([(1.0, b), (1.0, c)]);
    let difference1 = combine([(1.0, b), (-1.0, c)]);
    let sum2 = combine([(1.0, d), (1.0, e)]);
    let difference2 = combine([(1.0, d), (-1.0, e)]);
    [
        combine([(1.0, a), (1.0, &sum1), (1.0, &sum2)]),
        combine([(1.0, &difference1), (2.0, &difference2)]),
        combine([(1.0, &sum1), (4.0, &sum2)]),
        combine([(1.0, &difference1), (8.0, &difference2), (1.0, f)]),
    ]
}

/// `max(0, K * input + b)`.
pub(crate) fn conv_relu(input: &FeatureMap, kernel: &WinogradKernel, bias: &[f32]) -> FeatureMap {
    debug_assert_eq!(input.channels, kernel.in_channels);
    let mut output = FeatureMap::zeros(kernel.out_channels, input.height, input.width);
    let across = input.width.div_ceil(TILE);
    let down = input.height.div_ceil(TILE);
    let blocks = (across * down).div_ceil(BLOCK_TILES).min(down);
    let tile_rows = down.div_ceil(blocks);
    let line = output.row_pixels() * kernel.out_channels;
    let inside = line..(input.height + 1) * line;
    par::for_each_chunk(
        &mut output.data[inside],
        TILE * tile_rows * line,
        |index, rows| {
            let first = index * tile_rows;
            let block = Block {
                first_row: first,
                across,
                tiles: across * tile_rows.min(down - first),
            };
            let mut patches = scratch(&PATCHES, POSITIONS * block.tiles * kernel.in_channels);
            block.transform(input, &mut patches);
            let mut products = scratch(&PRODUCTS, POSITIONS * block.tiles * kernel.out_channels);
            block.multiply(&patches, kernel, &mut products);
            block.finish(&products, rows, input, bias);
            PATCHES.set(patches);
            PRODUCTS.set(products);
        },
    );
    output
}

thread_local! {
    // Memory that a thread keeps from block to block: fresh pages cost as much as a transform. While a block waits for its products, its thread may
    // work on another one, which then finds nothing here and makes its own.
    static PATCHES: Cell<Vec<f32>> = const { Cell::new(Vec::new()) };
    static PRODUCTS: Cell<Vec<f32>> = const { Cell::new(Vec::new()) };
}

/// `len` numbers of any value.
fn scratch(kept: &'static LocalKey<Cell<Vec<f32>>>, len: usize) -> Vec<f32> {
    let mut memory = kept.take();
    memory.resize(len, 0.0);
    memory
}

/// Some rows of tiles.
struct Block {
    /// The first row, counted in tiles.
    first_row: usize,
    /// Tiles in a row.
    across: usize,
    tiles: usize,
}

impl Block {
    /// `Bᵀ d B`, `[position][tile][in]`.
    fn transform(&self, input: &FeatureMap, patches: &mut [f32]) {
        wide(
            #[inline(always)]
            || {
                for tile in 0..self.tiles {
                    for channel in (0..input.channels).step_by(LANES) {
                        self.transform_tile(input, tile, channel, patches);
                    }
                }
            },
        );
    }

    #[inline(always)]
    fn transform_tile(&self, input: &FeatureMap, tile: usize, channel: usize, out: &mut [f32]) {
        let n = LANES.min(input.channels - channel);
        // Corner of the patch on the bordered map.
        let top = TILE * (self.first_row + tile / self.across);
        let left = TILE * (tile % self.across);
        let row = input.row_pixels();
        let mut columns = [[[0.0; LANES]; PATCH]; PATCH];
        for (x, column) in columns.iter_mut().enumerate() {
            let mut d = [[0.0; LANES]; PATCH];
            for (y, values) in d.iter_mut().enumerate() {
                // Beyond the border, where the last tiles reach, there is nothing.
                if top + y < input.height + 2 && left + x < row {
                    let at = ((top + y) * row + left + x) * input.channels + channel;
                    *values = load(&input.data[at..at + n]);
                }
            }
            let [a, b, c, e, f, g] = &d;
            *column = input_transform([a, b, c, e, f, g]);
        }
        for y in 0..PATCH {
            let transformed = input_transform(across(&columns, y));
            for (x, values) in transformed.iter().enumerate() {
                let at = ((PATCH * y + x) * self.tiles + tile) * input.channels + channel;
                store(values, &mut out[at..at + n]);
            }
        }
    }

    /// The sums over the channels, `[position][tile][out]`.
    fn multiply(&self, patches: &[f32], kernel: &WinogradKernel, products: &mut [f32]) {
        let (i, o) = (kernel.in_channels, kernel.out_channels);
        par::for_each_chunk(products, self.tiles * o, |position, chunk| {
            let left = Rows {
                data: &patches[position * self.tiles * i..(position + 1) * self.tiles * i],
                rows: self.tiles,
                columns: i,
                row_stride: i,
            };
            let right = &kernel.transformed[position * i * o..(position + 1) * i * o];
            multiply(left, right, chunk, o, Accumulate::Replace);
        });
    }

    /// `Aᵀ M A`, bias and ReLU into the rows of the output, borders included.
    fn finish(&self, products: &[f32], rows: &mut [f32], input: &FeatureMap, bias: &[f32]) {
        wide(
            #[inline(always)]
            || {
                for tile in 0..self.tiles {
                    for channel in (0..bias.len()).step_by(LANES) {
                        self.finish_tile(products, tile, channel, rows, input, bias);
                    }
                }
            },
        );
    }

    #[inline(always)]
    fn finish_tile(
        &self,
        products: &[f32],
        tile: usize,
        channel: usize,
        rows: &mut [f32],
        input: &FeatureMap,
        bias: &[f32],
    ) {
        let n = LANES.min(bias.len() - channel);
        let (top, left) = (TILE * (tile / self.across), TILE * (tile % self.across));
        let mut columns = [[[0.0; LANES]; TILE]; PATCH];
        for (x, column) in columns.iter_mut().enumerate() {
            let mut m = [[0.0; LANES]; PATCH];
            for (y, values) in m.iter_mut().enumerate() {
                let at = ((PATCH * y + x) * self.tiles + tile) * bias.len() + channel;
                *values = load(&products[at..at + n]);
            }
            let [a, b, c, d, e, f] = &m;
            *column = output_transform([a, b, c, d, e, f]);
        }
        let shift = load(&bias[channel..channel + n]);
        let height = input.height - TILE * self.first_row;
        for y in 0..TILE.min(height - top) {
            let transformed = output_transform(across(&columns, y));
            for (x, values) in transformed.iter().enumerate().take(input.width - left) {
                let mut values = *values;
                for (value, shift) in values.iter_mut().zip(&shift) {
                    // Not `max(0.0)`: that would turn NaN into 0 and hide unusable weights.
                    let sum = *value + shift;
                    *value = if sum < 0.0 { 0.0 } else { sum };
                }
                let at = ((top + y) * input.row_pixels() + left + x + 1) * bias.len() + channel;
                store(&values, &mut rows[at..at + n]);
            }
        }
    }
}

/// Runs a loop compiled for the wide vectors that the processor has; nothing is fused, so its bits do not depend on them.
#[inline(always)]
fn wide<R>(task: impl FnOnce() -> R) -> R {
    #[cfg(target_arch = "x86_64")]
    {
        if let Some(simd) = pulp::x86::V4::try_new() {
            return pulp::Simd::vectorize(simd, task);
        }
        if let Some(simd) = pulp::x86::V3::try_new() {
            return pulp::Simd::vectorize(simd, task);
        }
    }
    task()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::{conv, fixture};

    #[test]
    fn matches_direct_sums_on_any_shape() {
        for (ci, co, h, w) in [
            (1, 1, 1, 1),
            (3, 5, 4, 4),
            (16, 16, 5, 9),
            (17, 33, 7, 3),
            (32, 16, 13, 70),
            (16, 24, 1, 50),
            (16, 24, 50, 1),
            (64, 64, 64, 64),
        ] {
            let (weights, image) = fixture::layer(ci, co, [h, w]);
            let input = FeatureMap::from_chw(image.view());
            let direct = conv::conv_relu(&input, &weights.kernel, &weights.bias);
            let out = conv_relu(&input, &WinogradKernel::new(&weights), &weights.bias);
            let largest = direct.data.iter().fold(0.0, |a: f32, v| a.max(*v));
            for (a, e) in out.data.iter().zip(&direct.data) {
                assert!(
                    (a - e).abs() <= 1e-5 * largest,
                    "{ci} {co} {h} {w}: {a} {e}"
                );
            }
            let again = FeatureMap::from_chw(out.to_chw().view());
            assert_eq!(out, again, "the border must stay zero");
        }
    }

    #[test]
    fn not_a_number_is_not_hidden() {
        let weights = fixture::not_a_number();
        let kernel = WinogradKernel::new(&weights);
        let out = conv_relu(&FeatureMap::zeros(1, 2, 2), &kernel, &weights.bias);
        assert!(out.to_chw().iter().all(|v| v.is_nan()));
    }
}
