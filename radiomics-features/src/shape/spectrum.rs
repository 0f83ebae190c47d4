//! Sums over all pairs of voxels by Fourier transforms.
//!
//! ```text
//! Σ w_ij         = Σ m_i K(i - j) m_j   = (1/P) Σ_k K'(k) |m'(k)|²
//! Σ w_ij z_i z_j = Σ z_i K(i - j) z_j   = (1/P) Σ_k K'(k) |z'(k)|²
//! Σ w_ij z_i²    = Σ z_i² K(i - j) m_j  = (1/P) Σ_k K'(k) Re(m'(k) q'(k)*),  q = z²
//! ```
//!
//! The right-hand sides are Parseval's: `'` is the discrete Fourier transform on a grid of `P` points, at least twice as long as
//! the box along each axis, so that no offset meets its own image. They are exact, and cost `O(P log P)` rather than the square
//! of the number of voxels.
//!
//! Only what is needed is transformed: rows that hold no voxel and the zeros that pad the box are left out, of real rows half of
//! the frequencies suffice, and two of them are one complex row. The kernel is even along every axis, so one octant of it has
//! all. No spectrum is stored: frequencies along the first axis are independent after the transform along it, and each adds its
//! terms to the sums. [Eight lines](LANES) are transformed side by side: eight planes along z until z is transformed itself,
//! eight frequencies along y then.

use std::ops::Range;

use pulp::{Simd, WithSimd};

use super::autocorrelation::{Field, Score};
use super::fourier::{LANES, Numbers, Transform, fast_length};
use crate::par::{for_each_indexed, map_indexed};
use crate::rows::{contiguous, row};
use crate::wide::{wide, wide_with};

/// The padded grid around a box.
pub(super) struct Grid {
    /// Voxels of the box along z, y and x.
    size: [usize; 3],
    /// Spacing in mm.
    spacing: [f64; 3],
    transforms: [Transform; 3],
}

/// Memory for the lines transformed along x: as many frequencies at a time as fit, at least one. The system has to clear it first,
/// which takes longer than to fill it.
const LINES_BYTES: usize = 1 << 25;
/// Of a frequency in a row: three complex numbers and one of the kernel.
const BYTES_PER_PLACE: usize = 3 * 16 + 8;
/// Frequencies of one task.
const TASK: usize = 4;

impl Grid {
    pub(super) fn new((nz, ny, nx): (usize, usize, usize), spacing: [f64; 3]) -> Self {
        let size = [nz, ny, nx];
        Self {
            size,
            spacing,
            transforms: size.map(|n| Transform::new(padded(n))),
        }
    }

    /// `[Σ w_ij, Σ w_ij z_i z_j, Σ w_ij z_i²]` over the voxels of a region.
    pub(super) fn sums(&self, field: Field<'_>, score: Score) -> [f64; 3] {
        let x = &self.transforms[2];
        let mut sums = [0.0; 3];
        let mut lines = Lines::new(self);
        let (n_classes, classes) = x.classes();
        for class in classes {
            let is_in_class = |k: &usize| class.contains(&(k % n_classes));
            let frequencies: Vec<usize> = (0..x.half()).filter(is_in_class).collect();
            for frequencies in frequencies.chunks(self.at_once()) {
                lines.fill(field, score, class, frequencies);
                let terms = lines.terms(frequencies.len());
                for (&k, terms) in frequencies.iter().zip(terms) {
                    // The negative frequency has the same terms.
                    let is_own_negative = k == 0 || 2 * k == x.length();
                    let times = if is_own_negative { 1.0 } else { 2.0 };
                    for (sum, term) in sums.iter_mut().zip(terms) {
                        *sum += times * term;
                    }
                }
            }
        }
        // The fields have twice their values, the kernel 2³ times.
        let n_points: f64 = self.transforms.iter().map(|t| t.length() as f64).product();
        sums.map(|sum| sum / (4.0 * 8.0 * n_points))
    }

    /// Frequencies along x for which there is room.
    pub(super) fn at_once(&self) -> usize {
        let [nz, ny, _] = self.size;
        let bytes = BYTES_PER_PLACE * nz.next_multiple_of(LANES) * ny;
        (LINES_BYTES / bytes).max(1)
    }

    /// Transforms the rows of eight planes along x.
    fn fill_fields(
        &self,
        field: Field<'_>,
        score: Score,
        block: usize,
        class: &[usize],
        frequencies: &[usize],
        lines: &mut FieldLines,
    ) {
        let [nz, ny, nx] = self.size;
        let planes = block * LANES..nz.min((block + 1) * LANES);
        let holds = |&y: &usize| {
            let mut rows = planes.clone().map(|z| row(field.mask, z, y));
            rows.any(|row| row.iter().any(|&inside| inside))
        };
        let begin = (0..ny).find(holds).unwrap_or(0);
        let end = (begin..ny).rev().find(holds).map_or(begin, |last| last + 1);
        let FieldLines { first, lines } = lines;
        *first = begin;
        let zeros = || std::array::from_fn(|_| vec![Numbers::ZERO; end - begin]);
        lines.resize_with(frequencies.len().max(lines.len()), zeros);
        let transform = &self.transforms[2];
        let mut pairs: [RowPair; PAIRS] = std::array::from_fn(|_| RowPair::new(nx, transform));
        for y in (begin..end).step_by(2 * PAIRS) {
            let n = (end - y).min(2 * PAIRS);
            let pairs = &mut pairs[..n.div_ceil(2)];
            for (first, pair) in (y..).step_by(2).zip(&mut *pairs) {
                let rows = first..end.min(first + 2);
                pair.fill(field, score, planes.clone(), rows);
                pair.transform(transform, class);
            }
            wide(
                #[inline(always)]
                || {
                    for (&k, lines) in frequencies.iter().zip(&mut *lines) {
                        let rows = (y - begin..end - begin).step_by(2);
                        for (pair, row) in pairs.iter().zip(rows) {
                            pair.separate(transform, k, lines.each_mut().map(|l| &mut l[row..]));
                        }
                    }
                },
            );
        }
    }

    /// Transforms the kernel in sixteen planes along x.
    fn fill_kernel(
        &self,
        pair: usize,
        class: &[usize],
        frequencies: &[usize],
        lines: &mut KernelLines,
    ) {
        let [_, ny, nx] = self.size;
        let transform = &self.transforms[2];
        let zeros = || vec![Numbers::ZERO; ny];
        lines.resize_with(frequencies.len().max(lines.len()), zeros);
        let mut row = vec![Numbers::ZERO; nx];
        let mut spectrum = vec![Numbers::ZERO; transform.length()];
        for y in 0..ny {
            self.kernel_row(pair, y, &mut row);
            transform.apply_to(class, &row, &mut spectrum);
            wide(
                #[inline(always)]
                || {
                    for (&k, line) in frequencies.iter().zip(&mut *lines) {
                        line[y] = even(transform.both(&spectrum, k));
                    }
                },
            );
        }
    }

    /// A row of the kernel in sixteen planes. Each place but the middle of an axis stands for two.
    fn kernel_row(&self, pair: usize, y: usize, row: &mut [Numbers]) {
        let first = 2 * pair * LANES;
        let planes = |of_plane: &dyn Fn(usize) -> f64| Numbers {
            re: std::array::from_fn(|lane| of_plane(first + lane)),
            im: std::array::from_fn(|lane| of_plane(first + LANES + lane)),
        };
        let squared = |index: usize, axis: usize| {
            let mm = index as f64 * self.spacing[axis];
            mm * mm
        };
        let is_plane = |z: usize| if z < self.size[0] { 1.0 } else { 0.0 };
        wide_with(KernelRow {
            factors: planes(&|z| is_plane(z) * twice(z) * twice(y)),
            squares: planes(&|z| squared(z, 0)),
            square: squared(y, 1),
            spacing: self.spacing[2],
            row: &mut *row,
        });
        if pair == 0 && y == 0 {
            row[0].re[0] = 0.0;
        }
    }
}

/// The length on which `n` voxels and all their offsets have room.
pub(super) fn padded(n: usize) -> usize {
    fast_length(2 * n - 1)
}

/// Of eight planes, the lines along y at each frequency along x, from the first to the last row with a voxel.
#[derive(Clone, Default)]
struct FieldLines {
    first: usize,
    /// Of mask, values and squares.
    lines: Vec<[Vec<Numbers>; 3]>,
}
/// Of sixteen planes, eight in real and eight in imaginary parts, the lines along y of the kernel at each frequency along x.
type KernelLines = Vec<Vec<Numbers>>;

/// The rows transformed along x, at some frequencies.
struct Lines<'a> {
    grid: &'a Grid,
    /// By block of planes.
    fields: Vec<FieldLines>,
    /// By two blocks of planes.
    kernel: Vec<KernelLines>,
}

impl<'a> Lines<'a> {
    fn new(grid: &'a Grid) -> Self {
        let n_blocks = grid.size[0].div_ceil(LANES);
        Self {
            grid,
            fields: vec![FieldLines::default(); n_blocks],
            kernel: vec![KernelLines::new(); n_blocks.div_ceil(2)],
        }
    }

    /// Replaces what there is by frequencies of one class.
    fn fill(&mut self, field: Field<'_>, score: Score, class: &[usize], frequencies: &[usize]) {
        let grid = self.grid;
        for_each_indexed(&mut self.fields, |block, lines| {
            grid.fill_fields(field, score, block, class, frequencies, lines);
        });
        for_each_indexed(&mut self.kernel, |pair, lines| {
            grid.fill_kernel(pair, class, frequencies, lines);
        });
    }

    /// `[Σ K' |m'|², Σ K' |z'|², Σ K' Re(m' q'*)]` at each of the `n` frequencies along x.
    fn terms(&self, n: usize) -> Vec<[f64; 3]> {
        let tasks = map_indexed(n.div_ceil(TASK), |task| {
            let mut slab = Slab::new(self.grid);
            let frequencies = task * TASK..n.min((task + 1) * TASK);
            let terms = frequencies.map(|k| slab.sums(self, k));
            terms.collect::<Vec<_>>()
        });
        tasks.concat()
    }
}

/// Pairs of rows that are transformed before their frequencies are written: long pieces of memory are written faster.
const PAIRS: usize = 4;

/// Two rows of eight planes, or one.
struct RowPair {
    /// Mask and values of each row in real and imaginary parts, and the squares of both rows.
    rows: [Vec<Numbers>; 3],
    spectra: [Vec<Numbers>; 3],
}

impl RowPair {
    fn new(nx: usize, transform: &Transform) -> Self {
        Self {
            rows: std::array::from_fn(|_| vec![Numbers::ZERO; nx]),
            spectra: std::array::from_fn(|_| vec![Numbers::ZERO; transform.length()]),
        }
    }

    fn fill(&mut self, field: Field<'_>, score: Score, planes: Range<usize>, rows: Range<usize>) {
        let [first, second, squares] = &mut self.rows;
        if planes.len() < LANES {
            first.fill(Numbers::ZERO);
        }
        if rows.len() * planes.len() < 2 * LANES {
            second.fill(Numbers::ZERO);
        }
        for (y, line) in rows.zip([&mut *first, &mut *second]) {
            for (lane, z) in planes.clone().enumerate() {
                let mask = contiguous(row(field.mask, z, y));
                let values = contiguous(row(field.values, z, y));
                for ((numbers, &inside), &value) in line.iter_mut().zip(&*mask).zip(&*values) {
                    numbers.re[lane] = f64::from(u8::from(inside));
                    numbers.im[lane] = score.inside(value, inside);
                }
            }
        }
        wide_with(Squares {
            first,
            second,
            squares,
        });
    }

    fn transform(&mut self, transform: &Transform, class: &[usize]) {
        for (row, spectrum) in self.rows.iter().zip(&mut self.spectra) {
            transform.apply_to(class, row, spectrum);
        }
    }

    /// Frequency `k` of the rows: the first number of each line, and the second where there is one.
    #[inline(always)]
    fn separate(&self, transform: &Transform, k: usize, [m, z, q]: [&mut [Numbers]; 3]) {
        let [first, second, squares] = self.spectra.each_ref();
        separate(transform.both(first, k), &mut m[0], &mut z[0]);
        if m.len() > 1 {
            separate(transform.both(second, k), &mut m[1], &mut z[1]);
        }
        let mut nothing = Numbers::ZERO;
        let [here, behind] = match q {
            [here, behind, ..] => [here, behind],
            _ => [&mut q[0], &mut nothing],
        };
        separate(transform.both(squares, k), here, behind);
    }
}

/// The squares of the imaginary parts.
struct Squares<'a> {
    first: &'a [Numbers],
    second: &'a [Numbers],
    squares: &'a mut [Numbers],
}

impl WithSimd for Squares<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let rows = self.first.iter().zip(self.second);
        for (squares, (first, second)) in self.squares.iter_mut().zip(rows) {
            for (out, numbers) in [(&mut squares.re, &first.im), (&mut squares.im, &second.im)] {
                let (out, numbers) = (S::as_mut_simd_f64s(out).0, S::as_simd_f64s(numbers).0);
                for (out, &number) in out.iter_mut().zip(numbers) {
                    *out = simd.mul_f64s(number, number);
                }
            }
        }
    }
}

/// Twice the transforms of two real lines that were transformed as real and imaginary part of one.
#[inline(always)]
fn separate([a, b]: [&Numbers; 2], first: &mut Numbers, second: &mut Numbers) {
    for lane in 0..LANES {
        first.re[lane] = a.re[lane] + b.re[lane];
        first.im[lane] = a.im[lane] - b.im[lane];
        second.re[lane] = a.im[lane] + b.im[lane];
        second.im[lane] = b.re[lane] - a.re[lane];
    }
}

/// Twice the transforms, real, of two even lines whose halves from the middle on were transformed as real and imaginary part.
#[inline(always)]
fn even([a, b]: [&Numbers; 2]) -> Numbers {
    let mut sum = Numbers::ZERO;
    for lane in 0..LANES {
        sum.re[lane] = a.re[lane] + b.re[lane];
        sum.im[lane] = a.im[lane] + b.im[lane];
    }
    sum
}

/// Room for all of one frequency along x.
struct Slab {
    /// Of each field and block of planes, transformed along y.
    fields: [Vec<Numbers>; 3],
    /// The kernel transformed along y: two blocks of planes, frequency.
    kernel_along_y: Vec<Numbers>,
    /// The kernel: eight frequencies along y, half of those along z.
    kernel: Vec<Eight>,
    /// Lines along y or z before and after.
    line: Vec<Numbers>,
    spectra: [Vec<Numbers>; 2],
}

impl Slab {
    fn new(grid: &Grid) -> Self {
        let [nz, _, _] = grid.size;
        let [z, y, _] = &grid.transforms;
        let n_blocks = nz.div_ceil(LANES);
        let zeros = |n: usize| vec![Numbers::ZERO; n];
        Self {
            fields: std::array::from_fn(|_| zeros(n_blocks * y.length())),
            kernel_along_y: zeros(n_blocks.div_ceil(2) * y.half()),
            kernel: vec![Eight([0.0; LANES]); y.length().div_ceil(LANES) * z.half()],
            line: zeros(nz),
            spectra: std::array::from_fn(|_| zeros(z.length().max(y.length()))),
        }
    }

    /// `[Σ K' |m'|², Σ K' |z'|², Σ K' Re(m' q'*)]` over the frequencies along y and z; `k` counts from the first of the lines.
    fn sums(&mut self, lines: &Lines<'_>, k: usize) -> [f64; 3] {
        let [z, y, _] = &lines.grid.transforms;
        self.transform_kernel(lines, k);
        for (field, spectra) in self.fields.iter_mut().enumerate() {
            let blocks = spectra.chunks_exact_mut(y.length());
            for (spectrum, block) in blocks.zip(&lines.fields) {
                y.apply(block.first, &block.lines[k][field], spectrum);
            }
        }
        let mut sums = [[0.0; LANES]; 3];
        let kernels = self.kernel.chunks_exact(z.half());
        for (block, kernel) in kernels.enumerate() {
            let [first, second] = self.spectra.each_mut().map(|s| &mut s[..z.length()]);
            let mut transformed = |field: usize, spectrum: &mut [Numbers]| {
                gather(&self.fields[field], y, block, &mut self.line);
                z.apply(0, &self.line, spectrum);
            };
            transformed(1, first);
            add_products(&mut sums[1], kernel, z, first, first);
            transformed(0, first);
            add_products(&mut sums[0], kernel, z, first, first);
            transformed(2, second);
            add_products(&mut sums[2], kernel, z, first, second);
        }
        sums.map(|lanes| lanes.iter().sum())
    }

    /// Fills the kernel.
    fn transform_kernel(&mut self, lines: &Lines<'_>, k: usize) {
        let [z, y, _] = &lines.grid.transforms;
        let (half_y, half_z) = (y.half(), z.half());
        let spectrum = &mut self.spectra[0];
        for (pair, planes) in lines.kernel.iter().enumerate() {
            let spectrum = &mut spectrum[..y.length()];
            y.apply(0, &planes[k], spectrum);
            let numbers = &mut self.kernel_along_y[pair * half_y..][..half_y];
            for (k, numbers) in numbers.iter_mut().enumerate() {
                *numbers = even(y.both(spectrum, k));
            }
        }
        let n_blocks = half_y.div_ceil(LANES);
        for first in (0..n_blocks).step_by(2) {
            gather_kernel(&self.kernel_along_y, half_y, first, &mut self.line);
            let spectrum = &mut spectrum[..z.length()];
            z.apply(0, &self.line, spectrum);
            for k in 0..half_z {
                let Numbers { re, im } = even(z.both(spectrum, k));
                self.kernel[first * half_z + k] = Eight(re);
                if first + 1 < n_blocks {
                    self.kernel[(first + 1) * half_z + k] = Eight(im);
                }
            }
        }
        // The frequencies beyond the middle; none is behind the last.
        for ky in half_y..y.length().next_multiple_of(LANES) {
            let to = ky / LANES * half_z;
            let mirrored = y.length().checked_sub(ky).filter(|&mirrored| mirrored > 0);
            let from = mirrored.map(|mirrored| (mirrored / LANES * half_z, mirrored % LANES));
            for k in 0..half_z {
                self.kernel[to + k].0[ky % LANES] =
                    from.map_or(0.0, |(from, lane)| self.kernel[from + k].0[lane]);
            }
        }
    }
}

/// The lines along z at eight frequencies along y; behind the last frequency the first again.
fn gather(spectra: &[Numbers], y: &Transform, block: usize, line: &mut [Numbers]) {
    let places: [usize; LANES] = std::array::from_fn(|lane| {
        let frequency = block * LANES + lane;
        y.places.get(frequency).copied().unwrap_or(0)
    });
    wide(
        #[inline(always)]
        || {
            let blocks = line.chunks_mut(LANES).zip(spectra.chunks_exact(y.length()));
            for (planes, spectrum) in blocks {
                let sources = places.map(
                    #[inline(always)]
                    |place| &spectrum[place],
                );
                for (plane, numbers) in planes.iter_mut().enumerate() {
                    numbers.re = sources.map(
                        #[inline(always)]
                        |source| source.re[plane],
                    );
                    numbers.im = sources.map(
                        #[inline(always)]
                        |source| source.im[plane],
                    );
                }
            }
        },
    );
}

/// The kernel's lines along z at sixteen frequencies along y, 0 behind the last.
fn gather_kernel(along_y: &[Numbers], half_y: usize, first: usize, line: &mut [Numbers]) {
    for (pair, planes) in line.chunks_mut(2 * LANES).enumerate() {
        for lane in 0..2 * LANES {
            let frequency = first * LANES + lane;
            let source = match frequency < half_y {
                true => &along_y[pair * half_y + frequency],
                false => &Numbers::ZERO,
            };
            for (numbers, &value) in planes.iter_mut().zip(source.re.iter().chain(&source.im)) {
                let target = if lane < LANES {
                    &mut numbers.re
                } else {
                    &mut numbers.im
                };
                target[lane % LANES] = value;
            }
        }
    }
}

/// Adds `K Re(a b*)` at every frequency along z.
fn add_products(
    sums: &mut [f64; LANES],
    kernel: &[Eight],
    z: &Transform,
    a: &[Numbers],
    b: &[Numbers],
) {
    wide_with(Products {
        sums,
        kernel,
        frequencies: &z.frequencies,
        a,
        b,
    });
}

/// A call of [`add_products`].
struct Products<'a> {
    sums: &'a mut [f64; LANES],
    kernel: &'a [Eight],
    frequencies: &'a [usize],
    a: &'a [Numbers],
    b: &'a [Numbers],
}

impl WithSimd for Products<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let n = self.frequencies.len();
        for v in 0..LANES / S::F64_LANES {
            // Two sums, so that none waits for the other.
            let mut sums = [simd.splat_f64s(0.0); 2];
            let numbers = self.a.iter().zip(self.b).zip(self.frequencies);
            for (i, ((a, b), &k)) in numbers.enumerate() {
                let kernel = S::as_simd_f64s(&self.kernel[k.min(n - k)].0).0[v];
                let [re, im] = [(&a.re, &b.re), (&a.im, &b.im)].map(
                    #[inline(always)]
                    |(a, b)| simd.mul_f64s(S::as_simd_f64s(a).0[v], S::as_simd_f64s(b).0[v]),
                );
                let term = simd.mul_f64s(kernel, simd.add_f64s(re, im));
                sums[i % 2] = simd.add_f64s(sums[i % 2], term);
            }
            let sum = &mut S::as_mut_simd_f64s(self.sums).0[v];
            *sum = simd.add_f64s(*sum, simd.add_f64s(sums[0], sums[1]));
        }
    }
}

/// A row of the kernel in sixteen planes: `factor / √(z² + y² + x²)`.
struct KernelRow<'a> {
    row: &'a mut [Numbers],
    /// Factors and squared distances along z of the planes.
    factors: Numbers,
    squares: Numbers,
    /// Squared distance along y.
    square: f64,
    spacing: f64,
}

impl WithSimd for KernelRow<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        for (x, numbers) in self.row.iter_mut().enumerate() {
            let dx = x as f64 * self.spacing;
            let in_plane = simd.splat_f64s(self.square + dx * dx);
            let times = simd.splat_f64s(twice(x));
            for (out, factors, squares) in [
                (&mut numbers.re, &self.factors.re, &self.squares.re),
                (&mut numbers.im, &self.factors.im, &self.squares.im),
            ] {
                let parts = (S::as_mut_simd_f64s(out).0.iter_mut())
                    .zip(S::as_simd_f64s(factors).0)
                    .zip(S::as_simd_f64s(squares).0);
                for ((out, &factor), &square) in parts {
                    let distance = simd.sqrt_f64s(simd.add_f64s(square, in_plane));
                    *out = simd.div_f64s(simd.mul_f64s(factor, times), distance);
                }
            }
        }
    }
}

/// Of how many places along an axis an index from the middle on tells.
#[inline(always)]
fn twice(index: usize) -> f64 {
    if index == 0 { 1.0 } else { 2.0 }
}

/// Numbers of eight lines.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
struct Eight([f64; LANES]);
