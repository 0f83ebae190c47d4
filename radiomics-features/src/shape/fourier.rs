//! Discrete Fourier transforms of several lines side by side.
//!
//! The numbers at one place of eight lines lie together, so that a step of the transform is the same step for all lines, in the
//! widest vectors of the processor and without moving numbers between them. Steps are those of Cooley and Tukey with factors 4,
//! 2 and 3, by decimation in frequency: in place, frequencies end in the order of [`Transform::frequencies`].
//!
//! Filters use rustfft (`crate::fourier`), for any length and one line after the other. Of 256 numbers it takes two to three times as
//! long a line as this, and the sums over all pairs of voxels are nothing but such lines.

use std::f64::consts::PI;

use pulp::{Simd, WithSimd};

use crate::wide::wide_with;

/// Lines side by side.
pub(super) const LANES: usize = 8;

/// A complex number of each line.
#[derive(Debug, Clone, Copy, PartialEq)]
#[repr(align(64))]
pub(super) struct Numbers {
    pub re: [f64; LANES],
    pub im: [f64; LANES],
}

impl Numbers {
    pub(super) const ZERO: Self = Self {
        re: [0.0; LANES],
        im: [0.0; LANES],
    };
}

/// The transform `Σ_j x_j exp(-2 π i j k / n)` of lines of `n` numbers.
pub(super) struct Transform {
    passes: Vec<Pass>,
    /// The frequency at each place of a transformed line.
    pub frequencies: Vec<usize>,
    /// The place of each frequency.
    pub places: Vec<usize>,
}

/// A pass over blocks of `radix` parts, which makes of each part a block of its own.
struct Pass {
    radix: usize,
    /// Numbers of a part.
    part: usize,
    /// For each of them the first three powers of its root of unity, as cosine and sine.
    powers: Vec<[[f64; 2]; 3]>,
}

impl Transform {
    /// Of lines of a [fast length](fast_length).
    pub(super) fn new(length: usize) -> Self {
        let mut passes = Vec::new();
        let mut rest = length;
        while let Some(radix) = [4, 2, 3].into_iter().find(|&r| rest.is_multiple_of(r)) {
            let part = rest / radix;
            let root = |steps: usize| {
                let angle = -2.0 * PI * (steps % rest) as f64 / rest as f64;
                [angle.cos(), angle.sin()]
            };
            passes.push(Pass {
                radix,
                part,
                powers: (0..part).map(|j| [1, 2, 3].map(|s| root(s * j))).collect(),
            });
            rest = part;
        }
        let mut frequencies = vec![0];
        for Pass { radix, .. } in passes.iter().rev() {
            let of_part = |first| frequencies.iter().map(move |k| first + radix * k);
            frequencies = (0..*radix).flat_map(of_part).collect();
        }
        let mut places = vec![0; length];
        for (place, &frequency) in frequencies.iter().enumerate() {
            places[frequency] = place;
        }
        Self {
            passes,
            frequencies,
            places,
        }
    }

    pub(super) fn length(&self) -> usize {
        self.places.len()
    }

    /// Transforms lines that have `numbers` from place `first` on and zeros elsewhere.
    pub(super) fn apply(&self, first: usize, numbers: &[Numbers], transformed: &mut [Numbers]) {
        wide_with(Application {
            transform: self,
            first,
            numbers,
            transformed,
        });
    }

    /// Sets of frequencies that [`apply_to`](Self::apply_to) finds apart, each as the remainders modulo their number: the negative
    /// of a frequency is in its set.
    pub(super) fn classes(&self) -> (usize, &'static [&'static [usize]]) {
        match self.passes.first() {
            Some(Pass { radix: 4, .. }) => (4, &[&[0], &[2], &[1, 3]]),
            _ => (1, &[&[0]]),
        }
    }

    /// As [`apply`](Self::apply), only the frequencies of one of the [classes](Self::classes). `start` is at most half as long as a line.
    pub(super) fn apply_to(&self, class: &[usize], start: &[Numbers], transformed: &mut [Numbers]) {
        match self.passes.split_first() {
            Some((pass, rest)) if pass.radix == 4 => {
                for &k in class {
                    wide_with(PartApplication {
                        pass,
                        rest,
                        k,
                        start,
                        transformed: &mut transformed[k * pass.part..][..pass.part],
                    });
                }
            }
            _ => self.apply(0, start, transformed),
        }
    }

    /// Numbers of half a line: the frequencies from 0 that say all of a real or of an even line.
    pub(super) fn half(&self) -> usize {
        self.length() / 2 + 1
    }

    /// Of a transformed line, the numbers at a frequency and at its negative.
    #[inline(always)]
    pub(super) fn both<'a>(
        &self,
        transformed: &'a [Numbers],
        frequency: usize,
    ) -> [&'a Numbers; 2] {
        let negative = if frequency == 0 {
            0
        } else {
            self.length() - frequency
        };
        [frequency, negative].map(|k| &transformed[self.places[k]])
    }
}

/// The first number from `n` on whose only prime factors are 2 and 3, with few threes.
pub(super) fn fast_length(n: usize) -> usize {
    let smooth = |&length: &usize| {
        let odd = length >> length.trailing_zeros();
        [1, 3, 9, 27].contains(&odd)
    };
    (n..).find(smooth).expect("the next power of two is one")
}

/// A call of [`Transform::apply`].
struct Application<'a> {
    transform: &'a Transform,
    first: usize,
    numbers: &'a [Numbers],
    transformed: &'a mut [Numbers],
}

impl WithSimd for Application<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self {
            transform,
            first,
            numbers,
            transformed,
        } = self;
        let end = first + numbers.len();
        match transform.passes.split_first() {
            Some((pass, rest)) if pass.radix == 4 && end <= 2 * pass.part => {
                first_four(simd, first, numbers, pass, transformed);
                // One part after the other: each stays in the nearest cache.
                for part in transformed.chunks_exact_mut(pass.part) {
                    run(simd, part, rest);
                }
            }
            _ => {
                transformed.fill(Numbers::ZERO);
                transformed[first..end].copy_from_slice(numbers);
                run(simd, transformed, &transform.passes);
            }
        }
    }
}

/// The frequencies that leave the remainder `k` modulo 4.
struct PartApplication<'a> {
    pass: &'a Pass,
    rest: &'a [Pass],
    k: usize,
    start: &'a [Numbers],
    transformed: &'a mut [Numbers],
}

impl WithSimd for PartApplication<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self {
            pass,
            rest,
            k,
            start,
            transformed,
        } = self;
        let (low, high) = start.split_at(pass.part.min(start.len()));
        for (j, (out, powers)) in transformed.iter_mut().zip(&pass.powers).enumerate() {
            let a = low.get(j).unwrap_or(&Numbers::ZERO);
            let b = high.get(j).unwrap_or(&Numbers::ZERO);
            let [cos, sin] = if k == 0 { [1.0, 0.0] } else { powers[k - 1] };
            // Times the power of -i.
            let turned = [[cos, sin], [sin, -cos], [-cos, -sin], [-sin, cos]][k];
            for v in 0..LANES / S::F64_LANES {
                let a = Complexes::<S>::load(a, v).times(simd, [cos, sin]);
                let b = Complexes::load(b, v).times(simd, turned);
                a.plus(simd, b).store(out, v);
            }
        }
        run(simd, transformed, rest);
    }
}

#[inline(always)]
fn run<S: Simd>(simd: S, numbers: &mut [Numbers], passes: &[Pass]) {
    for pass in passes {
        for block in numbers.chunks_exact_mut(pass.radix * pass.part) {
            match pass.radix {
                4 => four(simd, block, pass),
                2 => two(simd, block, pass),
                _ => three(simd, block, pass),
            }
        }
    }
}

/// Complex numbers in two vectors of the processor.
struct Complexes<S: Simd> {
    re: S::f64s,
    im: S::f64s,
}

impl<S: Simd> Clone for Complexes<S> {
    #[inline(always)]
    fn clone(&self) -> Self {
        *self
    }
}

impl<S: Simd> Copy for Complexes<S> {}

impl<S: Simd> Complexes<S> {
    /// The `v`-th vector of the lanes.
    #[inline(always)]
    fn load(numbers: &Numbers, v: usize) -> Self {
        Self {
            re: S::as_simd_f64s(&numbers.re).0[v],
            im: S::as_simd_f64s(&numbers.im).0[v],
        }
    }

    #[inline(always)]
    fn store(self, numbers: &mut Numbers, v: usize) {
        S::as_mut_simd_f64s(&mut numbers.re).0[v] = self.re;
        S::as_mut_simd_f64s(&mut numbers.im).0[v] = self.im;
    }

    #[inline(always)]
    fn plus(self, simd: S, other: Self) -> Self {
        Self {
            re: simd.add_f64s(self.re, other.re),
            im: simd.add_f64s(self.im, other.im),
        }
    }

    #[inline(always)]
    fn minus(self, simd: S, other: Self) -> Self {
        Self {
            re: simd.sub_f64s(self.re, other.re),
            im: simd.sub_f64s(self.im, other.im),
        }
    }

    /// `a - i b`.
    #[inline(always)]
    fn minus_i(self, simd: S, other: Self) -> Self {
        Self {
            re: simd.add_f64s(self.re, other.im),
            im: simd.sub_f64s(self.im, other.re),
        }
    }

    /// `a + i b`.
    #[inline(always)]
    fn plus_i(self, simd: S, other: Self) -> Self {
        Self {
            re: simd.sub_f64s(self.re, other.im),
            im: simd.add_f64s(self.im, other.re),
        }
    }

    #[inline(always)]
    fn times(self, simd: S, [cos, sin]: [f64; 2]) -> Self {
        let (cos, sin) = (simd.splat_f64s(cos), simd.splat_f64s(sin));
        Self {
            re: simd.sub_f64s(simd.mul_f64s(self.re, cos), simd.mul_f64s(self.im, sin)),
            im: simd.add_f64s(simd.mul_f64s(self.re, sin), simd.mul_f64s(self.im, cos)),
        }
    }

    #[inline(always)]
    fn scaled(self, simd: S, factor: f64) -> Self {
        let factor = simd.splat_f64s(factor);
        Self {
            re: simd.mul_f64s(self.re, factor),
            im: simd.mul_f64s(self.im, factor),
        }
    }
}

/// The parts of a block.
#[inline(always)]
fn parts<const N: usize>(block: &mut [Numbers], part: usize) -> [&mut [Numbers]; N] {
    let mut rest = block;
    std::array::from_fn(|_| {
        let (first, others) = std::mem::take(&mut rest).split_at_mut(part);
        rest = others;
        first
    })
}

/// The first pass with radix 4 over a line whose second half is zero; `numbers` are from place `first` on.
#[inline(always)]
fn first_four<S: Simd>(
    simd: S,
    first: usize,
    numbers: &[Numbers],
    pass: &Pass,
    out: &mut [Numbers],
) {
    let [x0, x1, x2, x3] = parts(out, pass.part);
    let at = |place: usize| {
        let number = numbers.get(place.wrapping_sub(first));
        number.unwrap_or(&Numbers::ZERO)
    };
    let places = x0.iter_mut().zip(x1).zip(x2).zip(x3).zip(&pass.powers);
    for (j, ((((x0, x1), x2), x3), powers)) in places.enumerate() {
        let (a, b) = (at(j), at(pass.part + j));
        for v in 0..LANES / S::F64_LANES {
            let (a, b) = (Complexes::<S>::load(a, v), Complexes::load(b, v));
            a.plus(simd, b).store(x0, v);
            a.minus_i(simd, b).times(simd, powers[0]).store(x1, v);
            a.minus(simd, b).times(simd, powers[1]).store(x2, v);
            a.plus_i(simd, b).times(simd, powers[2]).store(x3, v);
        }
    }
}

#[inline(always)]
fn four<S: Simd>(simd: S, block: &mut [Numbers], pass: &Pass) {
    let [x0, x1, x2, x3] = parts(block, pass.part);
    let places = x0.iter_mut().zip(x1).zip(x2).zip(x3).zip(&pass.powers);
    for ((((x0, x1), x2), x3), powers) in places {
        for v in 0..LANES / S::F64_LANES {
            let (a, b) = (Complexes::<S>::load(x0, v), Complexes::load(x1, v));
            let (c, d) = (Complexes::load(x2, v), Complexes::load(x3, v));
            let (even, even_turned) = (a.plus(simd, c), a.minus(simd, c));
            let (odd, odd_turned) = (b.plus(simd, d), b.minus(simd, d));
            let y1 = even_turned.minus_i(simd, odd_turned);
            let y2 = even.minus(simd, odd);
            let y3 = even_turned.plus_i(simd, odd_turned);
            even.plus(simd, odd).store(x0, v);
            if pass.part == 1 {
                // All powers are 1.
                y1.store(x1, v);
                y2.store(x2, v);
                y3.store(x3, v);
            } else {
                y1.times(simd, powers[0]).store(x1, v);
                y2.times(simd, powers[1]).store(x2, v);
                y3.times(simd, powers[2]).store(x3, v);
            }
        }
    }
}

#[inline(always)]
fn two<S: Simd>(simd: S, block: &mut [Numbers], pass: &Pass) {
    let [x0, x1] = parts(block, pass.part);
    for ((x0, x1), powers) in x0.iter_mut().zip(x1).zip(&pass.powers) {
        for v in 0..LANES / S::F64_LANES {
            let (a, b) = (Complexes::<S>::load(x0, v), Complexes::load(x1, v));
            a.plus(simd, b).store(x0, v);
            a.minus(simd, b).times(simd, powers[0]).store(x1, v);
        }
    }
}

#[inline(always)]
fn three<S: Simd>(simd: S, block: &mut [Numbers], pass: &Pass) {
    let sine = 0.75f64.sqrt();
    let [x0, x1, x2] = parts(block, pass.part);
    for (((x0, x1), x2), powers) in x0.iter_mut().zip(x1).zip(x2).zip(&pass.powers) {
        for v in 0..LANES / S::F64_LANES {
            let a = Complexes::<S>::load(x0, v);
            let (b, c) = (Complexes::load(x1, v), Complexes::load(x2, v));
            let sum = b.plus(simd, c);
            let turned = b.minus(simd, c).scaled(simd, sine);
            let middle = a.minus(simd, sum.scaled(simd, 0.5));
            a.plus(simd, sum).store(x0, v);
            let [y1, y2] = [middle.minus_i(simd, turned), middle.plus_i(simd, turned)];
            y1.times(simd, powers[0]).store(x1, v);
            y2.times(simd, powers[1]).store(x2, v);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transforms_equal_their_definition() {
        for (length, first, n) in [
            (1, 0, 1),
            (2, 0, 2),
            (4, 1, 3),
            (9, 2, 5),
            (24, 0, 12),
            (27, 0, 27),
            (64, 0, 31),
            (64, 1, 31),
            (64, 20, 30),
            (288, 40, 100),
        ] {
            let transform = Transform::new(length);
            let number = |j: usize, lane: usize| [(j * 7 + lane * 3) % 11, (j * 5 + lane) % 13];
            let line: Vec<Numbers> = (0..n)
                .map(|j| Numbers {
                    re: std::array::from_fn(|lane| number(j, lane)[0] as f64),
                    im: std::array::from_fn(|lane| number(j, lane)[1] as f64),
                })
                .collect();
            let mut found = vec![Numbers::ZERO; length];
            transform.apply(first, &line, &mut found);
            for (numbers, &k) in found.iter().zip(&transform.frequencies) {
                for lane in 0..LANES {
                    let (mut re, mut im) = (0.0, 0.0);
                    for j in 0..n {
                        let (sin, cos) = (-2.0 * PI * ((first + j) * k % length) as f64
                            / length as f64)
                            .sin_cos();
                        let [a, b] = number(j, lane).map(|part| part as f64);
                        re += a * cos - b * sin;
                        im += a * sin + b * cos;
                    }
                    let error = (numbers.re[lane] - re).hypot(numbers.im[lane] - im);
                    assert!(error < 1e-11, "{length} {first} {k} {lane}: {error}");
                }
            }
        }
    }

    #[test]
    fn lengths_are_fast_and_long_enough() {
        assert_eq!(
            [1, 5, 7, 13, 249, 257].map(fast_length),
            [1, 6, 8, 16, 256, 288]
        );
    }
}
