//! Sums over all pairs of voxels, weighted by the inverse of their distance.
//!
//! Each sum is a correlation of the mask, or of a value of its voxels, with the inverse distance: few voxels are added
//! [pair by pair](PairSums::direct), many by [Fourier transforms](super::spectrum).

use ndarray::ArrayView3;

use super::spectrum::{Grid, padded};
use crate::firstorder::Mean;
use crate::par::map_indexed;
use crate::rows::n_inside;
use crate::wide::wide;

/// The voxels of a region in their box, and an intensity of each; those outside the mask do not matter. `(z, y, x)`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field<'a> {
    pub mask: ArrayView3<'a, bool>,
    pub values: ArrayView3<'a, f64>,
}

/// What is correlated: `z = s (X - µ)`, the deviation of an intensity from a mean.
#[derive(Debug, Clone, Copy)]
pub(super) struct Score {
    pub mean: Mean,
    /// `s`, a power of two, so that no square is too large or too small.
    pub scale: f64,
}

impl Score {
    /// Of intensities and their mean.
    pub(super) fn of(intensities: &[f64], mean: Mean) -> Self {
        let deviations = intensities.iter().map(|&x| mean.deviation(x).abs());
        let largest = deviations.fold(0.0, |a: f64, b| if b > a { b } else { a });
        let exponent = largest.log2().floor().clamp(-1000.0, 1000.0);
        Self {
            mean,
            scale: 2.0f64.powi(-exponent as i32),
        }
    }

    #[inline(always)]
    pub(super) fn of_value(self, value: f64) -> f64 {
        self.mean.deviation(value) * self.scale
    }

    /// 0 outside the mask.
    #[inline(always)]
    pub(super) fn inside(self, value: f64, is_inside: bool) -> f64 {
        if is_inside { self.of_value(value) } else { 0.0 }
    }
}

/// Sums over ordered pairs of different voxels, `w` the inverse of their distance in mm, `z` their [scores](Score).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct PairSums {
    /// `Σ w_ij`.
    pub weights: f64,
    /// `Σ w_ij z_i z_j`.
    pub products: f64,
    /// `Σ w_ij z_i²`.
    pub squares: f64,
}

impl PairSums {
    /// Over the voxels of a region, spacing in mm.
    ///
    /// Few voxels are added pair by pair, many by Fourier transforms; the two agree up to rounding.
    pub(super) fn new(field: Field<'_>, score: Score, spacing: [f64; 3]) -> Self {
        let n = n_inside(field.mask);
        let (nz, ny, nx) = field.mask.dim();
        let points: f64 = [nz, ny, nx]
            .map(|side| padded(side) as f64)
            .iter()
            .product();
        let pairs = n as f64 * n as f64 / 2.0;
        if pairs * NS_PER_PAIR <= points * NS_PER_POINT {
            Self::direct(field, score, spacing)
        } else {
            Self::spectral(field, score, spacing)
        }
    }

    /// Pair by pair.
    fn direct(field: Field<'_>, score: Score, spacing: [f64; 3]) -> Self {
        const BLOCK: usize = 64;
        let points = Points::new(field, score, spacing);
        let n_blocks = points.values.len().div_ceil(BLOCK);
        let parts = map_indexed(n_blocks, |block| {
            let mut sums = [0.0; 3];
            let end = points.values.len().min((block + 1) * BLOCK);
            for i in block * BLOCK..end {
                add(&mut sums, points.sums_before(i));
            }
            sums
        });
        // Each pair was met once.
        Self::of_parts(parts, 2.0)
    }

    /// By Fourier transforms.
    fn spectral(mut field: Field<'_>, score: Score, mut spacing: [f64; 3]) -> Self {
        // Lines are transformed side by side along the first two axes, which should not be short.
        let (nz, ny, nx) = field.mask.dim();
        let shortest = if nz < ny { 0 } else { 1 };
        if 2 * nz.min(ny) <= nx {
            field.mask.swap_axes(shortest, 2);
            field.values.swap_axes(shortest, 2);
            spacing.swap(shortest, 2);
        }
        let grid = Grid::new(field.mask.dim(), spacing);
        Self::of_parts([grid.sums(field, score)], 1.0)
    }

    fn of_parts(parts: impl IntoIterator<Item = [f64; 3]>, factor: f64) -> Self {
        let mut sums = [0.0; 3];
        for part in parts {
            add(&mut sums, part);
        }
        let [weights, products, squares] = sums.map(|sum| factor * sum);
        Self {
            weights,
            products,
            squares,
        }
    }
}

/// Measured; their ratio decides between the two ways.
const NS_PER_PAIR: f64 = 1.2;
const NS_PER_POINT: f64 = 6.0;

fn add(sums: &mut [f64; 3], terms: [f64; 3]) {
    for (sum, term) in sums.iter_mut().zip(terms) {
        *sum += term;
    }
}

/// The voxels of a region one after the other: places in mm and scores.
struct Points {
    places: [Vec<f64>; 3],
    values: Vec<f64>,
}

impl Points {
    fn new(field: Field<'_>, score: Score, spacing: [f64; 3]) -> Self {
        let mut points = Self {
            places: [const { Vec::new() }; 3],
            values: Vec::new(),
        };
        let voxels = field.mask.indexed_iter().filter(|&(_, &inside)| inside);
        for ((z, y, x), _) in voxels {
            for ((places, index), mm) in points.places.iter_mut().zip([z, y, x]).zip(spacing) {
                places.push(index as f64 * mm);
            }
            points.values.push(score.of_value(field.values[[z, y, x]]));
        }
        points
    }

    /// `[Σ w, Σ w z_i z_j, Σ w (z_i² + z_j²) / 2]` over the voxels `j` before `i`.
    fn sums_before(&self, i: usize) -> [f64; 3] {
        const LANES: usize = 8;
        let [zs, ys, xs] = &self.places;
        let here = [zs[i], ys[i], xs[i], self.values[i]];
        let [zs, ys, xs, values] = [zs, ys, xs, &self.values].map(|all| &all[..i]);
        let mut lanes = [[0.0; LANES]; 3];
        let whole = i / LANES * LANES;
        wide(
            #[inline(always)]
            || {
                let rows = (zs.as_chunks::<LANES>().0.iter())
                    .zip(ys.as_chunks::<LANES>().0)
                    .zip(xs.as_chunks::<LANES>().0)
                    .zip(values.as_chunks::<LANES>().0);
                for (((z, y), x), other) in rows {
                    for lane in 0..LANES {
                        let terms = pair_terms([z[lane], y[lane], x[lane], other[lane]], here);
                        lanes[0][lane] += terms[0];
                        lanes[1][lane] += terms[1];
                        lanes[2][lane] += terms[2];
                    }
                }
            },
        );
        let mut sums = lanes.map(|lanes| lanes.iter().sum());
        for j in whole..i {
            add(
                &mut sums,
                pair_terms([zs[j], ys[j], xs[j], values[j]], here),
            );
        }
        sums
    }
}

/// `[w, w z_i z_j, w (z_i² + z_j²) / 2]` of two voxels: places along z, y, x and value.
#[inline(always)]
fn pair_terms(a: [f64; 4], b: [f64; 4]) -> [f64; 3] {
    let [dz, dy, dx] = [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
    let w = 1.0 / (dz * dz + dy * dy + dx * dx).sqrt();
    [
        w,
        w * (a[3] * b[3]),
        w * ((a[3] * a[3] + b[3] * b[3]) / 2.0),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array3;
    use proptest::prelude::*;

    /// Values as they are.
    fn plain() -> Score {
        Score {
            mean: Mean::of(&[0.0]),
            scale: 1.0,
        }
    }

    fn both(mask: &Array3<bool>, values: &Array3<f64>, spacing: [f64; 3]) -> [PairSums; 2] {
        let (mask, values) = (mask.view(), values.view());
        let field = Field { mask, values };
        [
            PairSums::direct(field, plain(), spacing),
            PairSums::spectral(field, plain(), spacing),
        ]
    }

    fn assert_close([direct, spectral]: [PairSums; 2]) -> Result<(), TestCaseError> {
        let scale = 1e-12 * direct.weights.max(1.0);
        prop_assert!(
            (direct.weights - spectral.weights).abs() <= scale,
            "{direct:?} {spectral:?}"
        );
        prop_assert!(
            (direct.products - spectral.products).abs() <= scale,
            "{direct:?} {spectral:?}"
        );
        prop_assert!(
            (direct.squares - spectral.squares).abs() <= scale,
            "{direct:?} {spectral:?}"
        );
        Ok(())
    }

    proptest! {
        #[test]
        fn the_two_ways_agree(
            shape in (1usize..7, 1usize..9, 1usize..12),
            fill in 1u64..100,
            seed: u64,
            spacing in prop::array::uniform3(0.2f64..5.0),
        ) {
            let mut state = seed;
            let mut next = || {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (state >> 33) % 100
            };
            let mask = Array3::from_shape_simple_fn(shape, || next() < fill);
            // What is outside does not matter.
            let values = mask.map(|&inside| if inside { next() as f64 / 50.0 - 1.0 } else { f64::NAN });
            assert_close(both(&mask, &values, spacing))?;
        }
    }

    #[test]
    fn frequencies_for_which_there_is_no_room_come_later() {
        let (shape, spacing) = ((88, 90, 170), [1.1, 0.6, 0.8]);
        // The largest class has 96 of the frequencies along x.
        assert!(Grid::new(shape, spacing).at_once() < 96);
        // The second and the third block of planes have no voxel.
        let mask = Array3::from_shape_fn(shape, |(z, y, x)| {
            !(8..24).contains(&z) && ((z * 90 + y) * 170 + x) % 3989 == 1234
        });
        let values = Array3::from_shape_fn(shape, |(z, y, x)| ((z * 7 + y * 3 + x) % 11) as f64);
        assert_close(both(&mask, &values, spacing)).expect("equal");
    }

    #[test]
    fn long_thin_boxes_and_far_voxels() {
        for shape in [(1, 1, 700), (1, 700, 1), (700, 1, 1), (2, 300, 3)] {
            let mask = Array3::from_shape_fn(shape, |(z, y, x)| (z + y + x) % 7 != 3);
            let values = Array3::from_shape_fn(shape, |(z, y, x)| ((z * y + x) % 5) as f64);
            assert_close(both(&mask, &values, [0.5, 1.0, 2.0])).expect("equal");
        }
        let mut mask = Array3::from_elem((3, 2, 40_000), false);
        mask[[0, 0, 0]] = true;
        mask[[2, 1, 39_999]] = true;
        let values = mask.map(|&inside| f64::from(u8::from(inside)));
        let (mask, values) = (mask.view(), values.view());
        let sums = PairSums::new(Field { mask, values }, plain(), [1.0, 1.0, 1.0]);
        let w = 1.0 / (4.0f64 + 1.0 + 39_999.0f64.powi(2)).sqrt();
        assert_eq!(
            (sums.weights, sums.products, sums.squares),
            (2.0 * w, 2.0 * w, 2.0 * w)
        );
    }
}
