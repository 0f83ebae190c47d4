//! Sums over all pairs of voxels, weighted by the inverse of their distance.
//!
//! With `m` the mask (0 or 1), `z` a value of every voxel (0 outside) and the kernel `K(d) = 1 / |d|`, `K(0) = 0`, each sum is
//! a correlation:
//!
//! ```text
//! Σ w_ij       = Σ m_i K(i - j) m_j        = (1/P) Σ_k K'(k) |m'(k)|²
//! Σ w_ij z_i z_j = Σ z_i K(i - j) z_j      = (1/P) Σ_k K'(k) |z'(k)|²
//! Σ w_ij z_i²  = Σ z_i² K(i - j) m_j       = (1/P) Σ_k K'(k) Re(m'(k) q'(k)*),  q = z²
//! ```
//!
//! The right-hand sides are Parseval's: `'` is the discrete Fourier transform on a grid of `P` points, at least twice as long as
//! the box along each axis, so that no offset meets its own image. They are exact, and cost `O(P log P)` rather than the square
//! of the number of voxels.
//!
//! Only what is needed is transformed: rows that hold no voxel and the zeros that pad the box are left out, of real rows half of
//! the frequencies suffice, and two of them are one complex row. The kernel is even along every axis, so one octant of it has
//! all. No spectrum is stored: frequencies along x are independent after the transform along x, and each adds its terms to the
//! sums.

use std::ops::Range;
use std::sync::Arc;

use ndarray::{Array3, ArrayView1, ArrayView3};
use rustfft::num_complex::Complex;
use rustfft::{Fft, FftPlanner};

use crate::par::map_indexed;
use crate::wide::wide;

/// Sums over ordered pairs of different voxels, `w` the inverse of their distance in mm.
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
    /// Over the voxels of a mask; `values` are 0 outside it. `(z, y, x)`, spacing in mm.
    ///
    /// Few voxels are added pair by pair, many by Fourier transforms; the two agree up to rounding.
    pub(super) fn new(mask: &Array3<bool>, values: &Array3<f64>, spacing: [f64; 3]) -> Self {
        let n = mask.iter().filter(|&&inside| inside).count();
        let (nz, ny, nx) = mask.dim();
        let padded = [nz, ny, nx].map(|side| fast_length(2 * side - 1) as f64);
        let pairs = n as f64 * n as f64 / 2.0;
        if pairs * NS_PER_PAIR <= padded.iter().product::<f64>() * NS_PER_POINT {
            Self::direct(mask, values, spacing)
        } else {
            let grid = Grid::new(mask.dim());
            Self::spectral(mask.view(), values.view(), spacing, &grid)
        }
    }

    /// Pair by pair.
    fn direct(mask: &Array3<bool>, values: &Array3<f64>, spacing: [f64; 3]) -> Self {
        const BLOCK: usize = 64;
        let points = Points::new(mask, values, spacing);
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
    fn spectral(
        mask: ArrayView3<'_, bool>,
        values: ArrayView3<'_, f64>,
        spacing: [f64; 3],
        grid: &Grid,
    ) -> Self {
        let [nz, ny, _] = grid.axes.each_ref().map(|axis| axis.n);
        let half = grid.axes[2].half();
        let at_once = (PLANES_BYTES / (BYTES_PER_PLACE * nz * ny)).clamp(1, half);
        let mut parts = Vec::with_capacity(half);
        for start in (0..half).step_by(at_once) {
            let frequencies = start..half.min(start + at_once);
            let planes = map_indexed(nz, |z| {
                let at = ndarray::Axis(0);
                let data = [
                    mask.index_axis(at, z)
                        .map(|&inside| f64::from(u8::from(inside))),
                    values.index_axis(at, z).to_owned(),
                ];
                Plane::new(&data, grid, spacing, z, frequencies.clone())
            });
            parts.extend(map_indexed(frequencies.len(), |k| {
                let times = grid.axes[2].multiplicity(start + k);
                Slab::new(&planes, k, grid).sums().map(|sum| times * sum)
            }));
        }
        Self::of_parts(parts, 1.0 / grid.n_points())
    }

    fn of_parts(parts: Vec<[f64; 3]>, factor: f64) -> Self {
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
const NS_PER_POINT: f64 = 12.0;

/// Memory for the rows transformed along x: as many frequencies at a time as fit, at least one.
const PLANES_BYTES: usize = 1 << 28;
/// Of a frequency in a row: three complex numbers and one of the kernel.
const BYTES_PER_PLACE: usize = 3 * 16 + 8;

fn add(sums: &mut [f64; 3], terms: [f64; 3]) {
    for (sum, term) in sums.iter_mut().zip(terms) {
        *sum += term;
    }
}

/// The voxels of a region one after the other: places in mm and values.
struct Points {
    places: [Vec<f64>; 3],
    values: Vec<f64>,
}

impl Points {
    fn new(mask: &Array3<bool>, values: &Array3<f64>, spacing: [f64; 3]) -> Self {
        let mut points = Self {
            places: [const { Vec::new() }; 3],
            values: Vec::new(),
        };
        for ((z, y, x), _) in mask.indexed_iter().filter(|&(_, &inside)| inside) {
            for ((places, index), mm) in points.places.iter_mut().zip([z, y, x]).zip(spacing) {
                places.push(index as f64 * mm);
            }
            points.values.push(values[[z, y, x]]);
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

/// One axis of the padded grid.
struct Axis {
    /// Voxels of the box.
    n: usize,
    /// Points of the padded grid, at least `2 n - 1`.
    padded: usize,
    fft: Arc<dyn Fft<f64>>,
}

impl Axis {
    fn new(n: usize, planner: &mut FftPlanner<f64>) -> Self {
        let padded = fast_length(2 * n - 1);
        Self {
            n,
            padded,
            fft: planner.plan_fft_forward(padded),
        }
    }

    /// The number of frequencies from 0 that say all of a real row.
    fn half(&self) -> usize {
        self.padded / 2 + 1
    }

    /// Of how many frequencies the value at frequency `k` up to the middle is the value or its conjugate.
    fn multiplicity(&self, k: usize) -> f64 {
        if k == 0 || 2 * k == self.padded {
            1.0
        } else {
            2.0
        }
    }

    /// Transforms rows that lie one after the other.
    fn transform(&self, rows: &mut [Complex<f64>]) {
        let mut scratch = vec![Complex::default(); self.fft.get_inplace_scratch_len()];
        self.fft.process_with_scratch(rows, &mut scratch);
    }

    /// Transforms even rows, given from their middle to their last voxel, two at a time, and hands on the frequencies up to the
    /// middle of each with its index.
    fn transform_even<'a>(
        &self,
        rows: impl ExactSizeIterator<Item = &'a [f64]>,
        mut write: impl FnMut(usize, usize, f64),
    ) {
        let n_rows = rows.len();
        let mut packed = vec![Complex::default(); n_rows.div_ceil(2) * self.padded];
        for (r, row) in rows.enumerate() {
            let line = &mut packed[r / 2 * self.padded..][..self.padded];
            for (d, &value) in row.iter().enumerate() {
                for at in [d, (self.padded - d) % self.padded] {
                    *part(&mut line[at], r) = value;
                }
            }
        }
        self.transform(&mut packed);
        for r in 0..n_rows {
            let line = &packed[r / 2 * self.padded..][..self.half()];
            for (k, value) in line.iter().enumerate() {
                // An even row has a real transform.
                write(
                    r,
                    k,
                    if r.is_multiple_of(2) {
                        value.re
                    } else {
                        value.im
                    },
                );
            }
        }
    }
}

/// The real part of a number for even rows, the imaginary one for odd rows.
fn part(number: &mut Complex<f64>, row: usize) -> &mut f64 {
    if row.is_multiple_of(2) {
        &mut number.re
    } else {
        &mut number.im
    }
}

/// The first number from `n` on whose only prime factors are 2 and 3.
fn fast_length(n: usize) -> usize {
    let smooth = |&length: &usize| {
        let odd = length >> length.trailing_zeros();
        [1, 3, 9, 27].contains(&odd)
    };
    (n..).find(smooth).expect("the next power of two is one")
}

/// The padded grid.
struct Grid {
    /// z, y, x.
    axes: [Axis; 3],
}

impl Grid {
    fn new((nz, ny, nx): (usize, usize, usize)) -> Self {
        let mut planner = FftPlanner::new();
        Self {
            axes: [nz, ny, nx].map(|n| Axis::new(n, &mut planner)),
        }
    }

    fn n_points(&self) -> f64 {
        self.axes.iter().map(|axis| axis.padded as f64).product()
    }
}

/// A plane of voxels, transformed along x.
struct Plane {
    /// Mask, values, their squares: `(frequency, y)`, `None` where no voxel lies.
    data: Option<[Vec<Complex<f64>>; 3]>,
    /// The kernel at this distance along z: `(frequency, y)`.
    kernel: Vec<f64>,
}

impl Plane {
    /// `data` are the mask as numbers and the values.
    fn new(
        data: &[ndarray::Array2<f64>; 2],
        grid: &Grid,
        spacing: [f64; 3],
        z: usize,
        frequencies: Range<usize>,
    ) -> Self {
        let [_, y_axis, x_axis] = &grid.axes;
        let squares = &data[1] * &data[1];
        let used: Vec<usize> = (0..y_axis.n)
            .filter(|&y| data[0].row(y).iter().any(|&inside| inside != 0.0))
            .collect();
        let fields = [&data[0], &data[1], &squares];
        let rows = used
            .iter()
            .flat_map(|&y| (0..3).map(move |field| (field, y)))
            .collect::<Vec<_>>();
        let mut spectra = [const { Vec::new() }; 3]
            .map(|_: Vec<()>| vec![Complex::default(); frequencies.len() * y_axis.n]);
        let mut packed = vec![Complex::default(); x_axis.padded];
        for pair in rows.chunks(2) {
            packed.fill(Complex::default());
            for (r, &(field, y)) in pair.iter().enumerate() {
                fill(&mut packed, fields[field].row(y), r);
            }
            x_axis.transform(&mut packed);
            for (r, &(field, y)) in pair.iter().enumerate() {
                let spectrum = &mut spectra[field][y..];
                for (k, place) in frequencies
                    .clone()
                    .zip(spectrum.iter_mut().step_by(y_axis.n))
                {
                    *place = unpacked(&packed, k, r);
                }
            }
        }
        Self {
            data: (!used.is_empty()).then_some(spectra),
            kernel: kernel_plane(grid, spacing, z, frequencies),
        }
    }
}

fn fill(packed: &mut [Complex<f64>], row: ArrayView1<'_, f64>, r: usize) {
    for (number, &value) in packed.iter_mut().zip(row) {
        *part(number, r) = value;
    }
}

/// Frequency `k` of the first or second of two real rows that were transformed as one complex row.
fn unpacked(packed: &[Complex<f64>], k: usize, row: usize) -> Complex<f64> {
    let here = packed[k];
    let mirrored = packed[(packed.len() - k) % packed.len()].conj();
    if row == 0 {
        (here + mirrored) / 2.0
    } else {
        let twice = here - mirrored;
        Complex::new(twice.im / 2.0, -twice.re / 2.0)
    }
}

/// The kernel in a plane `z` voxels away, transformed along x: `(frequency, y)`.
fn kernel_plane(grid: &Grid, spacing: [f64; 3], z: usize, frequencies: Range<usize>) -> Vec<f64> {
    let [_, y_axis, x_axis] = &grid.axes;
    let (ny, nx) = (y_axis.n, x_axis.n);
    let dz = z as f64 * spacing[0];
    let mut values = vec![0.0; ny * nx];
    wide(
        #[inline(always)]
        || {
            for (y, row) in values.chunks_exact_mut(nx).enumerate() {
                let dy = y as f64 * spacing[1];
                let squared = dz * dz + dy * dy;
                for (x, value) in row.iter_mut().enumerate() {
                    let dx = x as f64 * spacing[2];
                    *value = 1.0 / (squared + dx * dx).sqrt();
                }
            }
        },
    );
    if z == 0 {
        values[0] = 0.0;
    }
    let mut spectrum = vec![0.0; frequencies.len() * ny];
    x_axis.transform_even(values.chunks_exact(nx), |y, k, value| {
        if frequencies.contains(&k) {
            spectrum[(k - frequencies.start) * ny + y] = value;
        }
    });
    spectrum
}

/// All of one frequency along x.
struct Slab<'a> {
    grid: &'a Grid,
    /// Mask, values, squares, transformed along y: `(plane, frequency)`.
    fields: [Vec<Complex<f64>>; 3],
    /// The places along z of the planes that hold voxels.
    places: Vec<usize>,
    /// The kernel: `(frequency along y, frequency along z)`, halves.
    kernel: Vec<f64>,
}

impl<'a> Slab<'a> {
    /// `k` counts from the first frequency of the planes.
    fn new(planes: &[Plane], k: usize, grid: &'a Grid) -> Self {
        let y_axis = &grid.axes[1];
        let row = k * y_axis.n..(k + 1) * y_axis.n;
        let used = || {
            let planes = planes.iter().enumerate();
            planes.filter_map(|(z, plane)| plane.data.as_ref().map(|data| (z, data)))
        };
        let places: Vec<usize> = used().map(|(z, _)| z).collect();
        let fields = std::array::from_fn(|field| {
            let mut rows = vec![Complex::default(); places.len() * y_axis.padded];
            for (line, (_, data)) in rows.chunks_exact_mut(y_axis.padded).zip(used()) {
                line[..y_axis.n].copy_from_slice(&data[field][row.clone()]);
            }
            y_axis.transform(&mut rows);
            rows
        });
        Self {
            grid,
            fields,
            places,
            kernel: kernel_slab(planes, row, grid),
        }
    }

    /// `[Σ K' |m'|², Σ K' |z'|², Σ K' Re(m' q'*)]` over the frequencies along y and z.
    fn sums(&self) -> [f64; 3] {
        const BLOCK: usize = 8;
        let [z_axis, y_axis, _] = &self.grid.axes;
        let half_z = z_axis.half();
        let mut lines = [const { Vec::new() }; 3]
            .map(|_: Vec<()>| vec![Complex::default(); BLOCK * z_axis.padded]);
        let mut kernel = vec![0.0; z_axis.padded];
        let mut sums = [0.0; 3];
        for start in (0..y_axis.padded).step_by(BLOCK) {
            let block = start..y_axis.padded.min(start + BLOCK);
            for (lines, rows) in lines.iter_mut().zip(&self.fields) {
                let lines = &mut lines[..block.len() * z_axis.padded];
                lines.fill(Complex::default());
                for (row, &z) in rows.chunks_exact(y_axis.padded).zip(&self.places) {
                    let places = lines[z..].iter_mut().step_by(z_axis.padded);
                    for (place, &value) in places.zip(&row[block.clone()]) {
                        *place = value;
                    }
                }
                z_axis.transform(lines);
            }
            for (line, k) in block.enumerate() {
                let mirrored = k.min(y_axis.padded - k);
                unfold(&self.kernel[mirrored * half_z..][..half_z], &mut kernel);
                let line = line * z_axis.padded..(line + 1) * z_axis.padded;
                let [mask, values, squares] = lines.each_ref().map(|lines| &lines[line.clone()]);
                add(&mut sums, weighted_sums(&kernel, mask, values, squares));
            }
        }
        sums
    }
}

/// Of one frequency along x, the kernel's transform along y and z: `(frequency along y, frequency along z)`.
fn kernel_slab(planes: &[Plane], row: Range<usize>, grid: &Grid) -> Vec<f64> {
    let [z_axis, y_axis, _] = &grid.axes;
    let (half_y, half_z, nz) = (y_axis.half(), z_axis.half(), z_axis.n);
    let mut along_z = vec![0.0; half_y * nz];
    let rows = planes.iter().map(|plane| &plane.kernel[row.clone()]);
    y_axis.transform_even(rows, |z, k, value| along_z[k * nz + z] = value);
    let mut kernel = vec![0.0; half_y * half_z];
    z_axis.transform_even(along_z.chunks_exact(nz), |y, k, value| {
        kernel[y * half_z + k] = value;
    });
    kernel
}

/// All frequencies of an even row from those up to the middle.
fn unfold(half: &[f64], all: &mut [f64]) {
    all[..half.len()].copy_from_slice(half);
    let mirrored = all.len() - half.len();
    for (place, &value) in all[half.len()..].iter_mut().rev().zip(&half[1..=mirrored]) {
        *place = value;
    }
}

/// `[K |m|², K |z|², K Re(m q*)]`.
#[inline(always)]
fn spectral_terms(k: f64, m: Complex<f64>, z: Complex<f64>, q: Complex<f64>) -> [f64; 3] {
    [
        k * (m.re * m.re + m.im * m.im),
        k * (z.re * z.re + z.im * z.im),
        k * (m.re * q.re + m.im * q.im),
    ]
}

/// `[Σ K |m|², Σ K |z|², Σ K Re(m q*)]` of one line.
fn weighted_sums(
    kernel: &[f64],
    mask: &[Complex<f64>],
    values: &[Complex<f64>],
    squares: &[Complex<f64>],
) -> [f64; 3] {
    const LANES: usize = 8;
    let mut lanes = [[0.0; LANES]; 3];
    let whole = kernel.len() / LANES * LANES;
    wide(
        #[inline(always)]
        || {
            let chunks = (kernel.as_chunks::<LANES>().0.iter())
                .zip(mask.as_chunks::<LANES>().0)
                .zip(values.as_chunks::<LANES>().0)
                .zip(squares.as_chunks::<LANES>().0);
            for (((k, m), z), q) in chunks {
                for lane in 0..LANES {
                    let terms = spectral_terms(k[lane], m[lane], z[lane], q[lane]);
                    lanes[0][lane] += terms[0];
                    lanes[1][lane] += terms[1];
                    lanes[2][lane] += terms[2];
                }
            }
        },
    );
    let mut sums = lanes.map(|lanes| lanes.iter().sum());
    for i in whole..kernel.len() {
        add(
            &mut sums,
            spectral_terms(kernel[i], mask[i], values[i], squares[i]),
        );
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn both(mask: &Array3<bool>, values: &Array3<f64>, spacing: [f64; 3]) -> [PairSums; 2] {
        let grid = Grid::new(mask.dim());
        [
            PairSums::direct(mask, values, spacing),
            PairSums::spectral(mask.view(), values.view(), spacing, &grid),
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
            let values = mask.map(|&inside| if inside { next() as f64 / 50.0 - 1.0 } else { 0.0 });
            assert_close(both(&mask, &values, spacing))?;
        }
    }

    #[test]
    fn long_thin_boxes_and_far_voxels() {
        for shape in [(1, 1, 700), (1, 700, 1), (700, 1, 1), (2, 300, 3)] {
            let mask = Array3::from_shape_fn(shape, |(z, y, x)| (z + y + x) % 7 != 3);
            let values = Array3::from_shape_fn(shape, |(z, y, x)| {
                f64::from(u8::from(mask[[z, y, x]])) * ((z * y + x) % 5) as f64
            });
            assert_close(both(&mask, &values, [0.5, 1.0, 2.0])).expect("equal");
        }
        let mut mask = Array3::from_elem((3, 2, 40_000), false);
        mask[[0, 0, 0]] = true;
        mask[[2, 1, 39_999]] = true;
        let values = mask.map(|&inside| f64::from(u8::from(inside)));
        let sums = PairSums::new(&mask, &values, [1.0, 1.0, 1.0]);
        let w = 1.0 / (4.0f64 + 1.0 + 39_999.0f64.powi(2)).sqrt();
        assert_eq!(
            (sums.weights, sums.products, sums.squares),
            (2.0 * w, 2.0 * w, 2.0 * w)
        );
    }

    #[test]
    fn lengths_are_fast_and_long_enough() {
        assert_eq!(
            [1, 5, 7, 13, 249, 257].map(fast_length),
            [1, 6, 8, 16, 256, 288]
        );
    }
}
