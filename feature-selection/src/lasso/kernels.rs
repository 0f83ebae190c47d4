//! Kernels over the rows of a design, vectorized, with one order of summation on every machine.
//!
//! Every reduction keeps four partial sums, entry `i` going to sum `i mod 4`, and ends as
//! `((s0 + s2) + tail0) + ((s1 + s3) + tail1) + last`: the order of Eigen on 128-bit registers, which is what
//! the reference program was compiled to. Columns of radiomics tables are often exact copies or multiples of
//! each other; which of them enters a model first is then decided by the last bit, so the order is part
//! of the result. Nothing is contracted to fused multiply-adds.
//!
//! With a single chain of additions per sum, a dot product waits for the adder; speed comes from several
//! columns at a time and from updating the residual in the same pass as the next dot product.

use std::ops::{Deref, DerefMut};

use pulp::{Simd, WithSimd};

/// Partial sums of a reduction.
const LANES: usize = 4;
/// Doubles in a cache line.
const CACHE_LINE: usize = 8;
/// Columns whose dot products are taken in one pass; their partial sums fill half of the vector registers.
pub(super) const BATCH: usize = 8;

/// Runs `op` compiled for 256-bit vectors where the processor has them.
pub(super) fn vectorize<Op: WithSimd>(op: Op) -> Op::Output {
    #[cfg(target_arch = "x86_64")]
    match pulp::x86::V3::try_new() {
        Some(simd) => Simd::vectorize(simd, op),
        None => op.with_simd(pulp::Scalar),
    }
    #[cfg(not(target_arch = "x86_64"))]
    pulp::Arch::new().dispatch(op)
}

/// Columns of equal length, each starting at a cache line and followed by zeros up to the next one.
#[derive(Debug)]
pub(super) struct Columns {
    data: Vec<f64>,
    start: usize,
    stride: usize,
}

impl Columns {
    /// `count` columns of `n` zeros.
    pub(super) fn zeros(n: usize, count: usize) -> Self {
        let stride = n.next_multiple_of(CACHE_LINE);
        let data = vec![0.0; stride * count + CACHE_LINE];
        // Where the allocation begins within a cache line; alignment changes the speed, never a value.
        let start = data.as_ptr().align_offset(CACHE_LINE * size_of::<f64>());
        let start = if start < CACHE_LINE { start } else { 0 };
        Self {
            data,
            start,
            stride,
        }
    }

    /// Length of a column with its zeros.
    pub(super) fn stride(&self) -> usize {
        self.stride
    }

    /// Column `j` with its zeros.
    #[inline(always)]
    pub(super) fn column(&self, j: usize) -> &[f64] {
        let from = self.start + j * self.stride;
        &self.data[from..from + self.stride]
    }

    /// Column `j` with its zeros.
    pub(super) fn column_mut(&mut self, j: usize) -> &mut [f64] {
        let from = self.start + j * self.stride;
        &mut self.data[from..from + self.stride]
    }

    /// All columns with their zeros.
    pub(super) fn as_mut_slice(&mut self) -> &mut [f64] {
        let end = self.data.len() - CACHE_LINE;
        &mut self.data[self.start..end + self.start]
    }
}

/// One number per row, laid out as a column.
#[derive(Debug)]
pub(super) struct Rows(Columns);

impl Rows {
    /// Zeros.
    pub(super) fn zeros(n: usize) -> Self {
        Self(Columns::zeros(n, 1))
    }

    /// The given numbers.
    pub(super) fn new(values: &[f64]) -> Self {
        let mut rows = Self::zeros(values.len());
        rows[..values.len()].copy_from_slice(values);
        rows
    }
}

impl Deref for Rows {
    type Target = [f64];

    #[inline(always)]
    fn deref(&self) -> &[f64] {
        self.0.column(0)
    }
}

impl DerefMut for Rows {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut [f64] {
        self.0.column_mut(0)
    }
}

/// Joins the partial sums and what is left of the `n` entries behind the last whole group.
#[inline(always)]
fn finish(sums: [f64; LANES], n: usize, entry: impl Fn(usize) -> f64) -> f64 {
    let (mut even, mut odd) = (sums[0] + sums[2], sums[1] + sums[3]);
    let done = n / LANES * LANES;
    if n - done >= 2 {
        even += entry(done);
        odd += entry(done + 1);
    }
    let sum = even + odd;
    if n % 2 == 1 { sum + entry(n - 1) } else { sum }
}

/// Four numbers at a time: one register where the machine has such, plain numbers elsewhere.
///
/// Loops over small arrays are written out as such below: closures on arrays are not inlined into the loop over
/// the rows, and partial sums then live in memory.
#[derive(Clone, Copy)]
enum Four<S: Simd> {
    Register(S::f64s),
    Numbers([f64; LANES]),
}

impl<S: Simd> Four<S> {
    #[inline(always)]
    fn splat(simd: S, x: f64) -> Self {
        if S::F64_LANES == LANES {
            Self::Register(simd.splat_f64s(x))
        } else {
            Self::Numbers([x; LANES])
        }
    }

    #[inline(always)]
    fn load(x: &[f64; LANES]) -> Self {
        if S::F64_LANES == LANES {
            Self::Register(S::as_simd_f64s(x).0[0])
        } else {
            Self::Numbers(*x)
        }
    }

    #[inline(always)]
    fn numbers(self) -> [f64; LANES] {
        match self {
            Self::Register(x) => {
                let mut numbers = [0.0; LANES];
                S::as_mut_simd_f64s(&mut numbers).0[0] = x;
                numbers
            }
            Self::Numbers(x) => x,
        }
    }

    #[inline(always)]
    fn zip(
        self,
        other: Self,
        register: impl Fn(S::f64s, S::f64s) -> S::f64s,
        number: impl Fn(f64, f64) -> f64,
    ) -> Self {
        match (self, other) {
            (Self::Register(a), Self::Register(b)) => Self::Register(register(a, b)),
            _ => {
                let (a, b) = (self.numbers(), other.numbers());
                let mut c = [0.0; LANES];
                for l in 0..LANES {
                    c[l] = number(a[l], b[l]);
                }
                Self::Numbers(c)
            }
        }
    }

    #[inline(always)]
    fn add(self, simd: S, other: Self) -> Self {
        self.zip(other, |a, b| simd.add_f64s(a, b), |a, b| a + b)
    }

    #[inline(always)]
    fn subtract(self, simd: S, other: Self) -> Self {
        self.zip(other, |a, b| simd.sub_f64s(a, b), |a, b| a - b)
    }

    #[inline(always)]
    fn multiply(self, simd: S, other: Self) -> Self {
        self.zip(other, |a, b| simd.mul_f64s(a, b), |a, b| a * b)
    }
}

/// The whole groups of four among the first `n` entries.
#[inline(always)]
fn groups(x: &[f64], n: usize) -> &[[f64; LANES]] {
    &x.as_chunks::<LANES>().0[..n / LANES]
}

/// As [`groups`] of several columns.
#[inline(always)]
fn groups_of<'x, const K: usize>(x: &[&'x [f64]; K], n: usize) -> [&'x [[f64; LANES]]; K] {
    let mut all: [&[[f64; LANES]]; K] = [&[]; K];
    for k in 0..K {
        all[k] = groups(x[k], n);
    }
    all
}

/// `Σ x_i r_i` of `K` columns.
#[inline(always)]
pub(super) fn dots<S: Simd, const K: usize>(
    simd: S,
    n: usize,
    x: [&[f64]; K],
    r: &[f64],
) -> [f64; K] {
    let columns = groups_of(&x, n);
    let mut sums = [Four::splat(simd, 0.0); K];
    for (i, r) in groups(r, n).iter().enumerate() {
        let r = Four::load(r);
        for k in 0..K {
            let x = Four::load(&columns[k][i]);
            sums[k] = sums[k].add(simd, x.multiply(simd, r));
        }
    }
    let mut all = [0.0; K];
    for k in 0..K {
        let x = x[k];
        all[k] = finish(sums[k].numbers(), n, |i| x[i] * r[i]);
    }
    all
}

/// `Σ v_i (x_i x_i)`.
#[inline(always)]
pub(super) fn weighted_square<S: Simd>(simd: S, n: usize, v: &[f64], x: &[f64]) -> f64 {
    let mut sums = Four::splat(simd, 0.0);
    for (v, x) in groups(v, n).iter().zip(groups(x, n)) {
        let (v, x) = (Four::load(v), Four::load(x));
        sums = sums.add(simd, v.multiply(simd, x.multiply(simd, x)));
    }
    finish(sums.numbers(), n, |i| v[i] * (x[i] * x[i]))
}

/// `r_i -= step (v_i x_i)`, without `v` `r_i -= step x_i`, and in the same pass `Σ next_i r_i` of `K` columns with the new
/// residual.
#[inline(always)]
pub(super) fn update_dots<S: Simd, const K: usize>(
    simd: S,
    n: usize,
    step: f64,
    v: Option<&[f64]>,
    x: &[f64],
    r: &mut [f64],
    next: [&[f64]; K],
) -> [f64; K] {
    match v {
        None => {
            let x4 = groups(x, n);
            let scaled = |i: usize| Four::load(&x4[i]);
            update(simd, n, step, scaled, |i| x[i], r, next)
        }
        Some(v) => {
            let (v4, x4) = (groups(v, n), groups(x, n));
            let scaled = |i: usize| Four::load(&v4[i]).multiply(simd, Four::load(&x4[i]));
            update(simd, n, step, scaled, |i| v[i] * x[i], r, next)
        }
    }
}

/// [`update_dots`] with the direction of the update given by whole groups and by entries.
#[inline(always)]
fn update<S: Simd, const K: usize>(
    simd: S,
    n: usize,
    step: f64,
    group: impl Fn(usize) -> Four<S>,
    entry: impl Fn(usize) -> f64,
    r: &mut [f64],
    next: [&[f64]; K],
) -> [f64; K] {
    let columns = groups_of(&next, n);
    let whole = n / LANES;
    let steps = Four::splat(simd, step);
    let mut sums = [Four::splat(simd, 0.0); K];
    for (i, r) in r.as_chunks_mut::<LANES>().0[..whole].iter_mut().enumerate() {
        let new = Four::load(r).subtract(simd, steps.multiply(simd, group(i)));
        *r = new.numbers();
        for k in 0..K {
            let x = Four::load(&columns[k][i]);
            sums[k] = sums[k].add(simd, x.multiply(simd, new));
        }
    }
    for (i, r) in r.iter_mut().enumerate().take(n).skip(whole * LANES) {
        *r -= step * entry(i);
    }
    let mut all = [0.0; K];
    for k in 0..K {
        let x = next[k];
        all[k] = finish(sums[k].numbers(), n, |i| x[i] * r[i]);
    }
    all
}

/// `Σ x_i r_i`.
pub(super) fn dot(n: usize, x: &[f64], r: &[f64]) -> f64 {
    vectorize(Dot { n, x, r })
}

struct Dot<'a> {
    n: usize,
    x: &'a [f64],
    r: &'a [f64],
}

impl WithSimd for Dot<'_> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f64 {
        let [sum] = dots(simd, self.n, [self.x], self.r);
        sum
    }
}

/// `Σ x_i`.
pub(super) fn sum(x: &[f64]) -> f64 {
    ordered_sum(x.len(), |i| x[i])
}

/// `Σ term(i)` over `n` terms in the order of every reduction here.
pub(super) fn ordered_sum(n: usize, term: impl Fn(usize) -> f64) -> f64 {
    let mut sums = [0.0; LANES];
    for i in 0..n / LANES {
        for (l, sum) in sums.iter_mut().enumerate() {
            *sum += term(LANES * i + l);
        }
    }
    finish(sums, n, term)
}

/// `y += Σ_k b_k x_k`, columns added one after the other.
#[inline(always)]
pub(super) fn add_columns<S: Simd>(_simd: S, terms: &[(f64, &[f64])], y: &mut [f64]) {
    let (fours, rest) = terms.as_chunks::<4>();
    for &[(a, x0), (b, x1), (c, x2), (d, x3)] in fours {
        for ((((y, x0), x1), x2), x3) in y.iter_mut().zip(x0).zip(x1).zip(x2).zip(x3) {
            *y = (((*y + a * x0) + b * x1) + c * x2) + d * x3;
        }
    }
    for &(b, x) in rest {
        for (y, x) in y.iter_mut().zip(x) {
            *y += b * x;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The documented order, written out.
    fn reference(f: &[f64]) -> f64 {
        let n = f.len();
        let (groups, rest) = f.as_chunks::<4>();
        let mut s = [0.0; 4];
        for g in groups {
            for l in 0..4 {
                s[l] += g[l];
            }
        }
        let (mut even, mut odd) = (s[0] + s[2], s[1] + s[3]);
        if rest.len() >= 2 {
            even += rest[0];
            odd += rest[1];
        }
        let sum = even + odd;
        if n % 2 == 1 { sum + f[n - 1] } else { sum }
    }

    fn column(n: usize, seed: f64) -> Vec<f64> {
        (0..n).map(|i| ((i as f64 + 1.0) * seed).sin()).collect()
    }

    /// Every kernel on three columns.
    struct All<'a> {
        n: usize,
        x: [&'a [f64]; 3],
        v: &'a [f64],
        r: &'a mut [f64],
    }

    impl WithSimd for All<'_> {
        type Output = ([f64; 3], f64, [f64; 3]);

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) -> Self::Output {
            (
                dots(simd, self.n, self.x, self.r),
                weighted_square(simd, self.n, self.v, self.x[1]),
                update_dots(simd, self.n, 0.3, Some(self.v), self.x[0], self.r, self.x),
            )
        }
    }

    #[test]
    fn every_kernel_sums_in_the_documented_order_at_any_length() {
        for n in 1..40 {
            let x: Vec<Rows> = (0..3)
                .map(|k| Rows::new(&column(n, 0.7 + k as f64)))
                .collect();
            let (v, mut r) = (Rows::new(&column(n, 1.3)), Rows::new(&column(n, 2.1)));
            let before = r.to_vec();
            let mut copy = Rows::new(&before[..n]);
            let columns: [&[f64]; 3] = [&x[0], &x[1], &x[2]];
            let all = |r| All {
                n,
                x: columns,
                v: &v,
                r,
            };
            let (plain, square, updated) = vectorize(all(&mut r));
            // Without registers of four numbers the result is the same.
            let one_by_one = all(&mut copy).with_simd(pulp::Scalar);
            assert_eq!(one_by_one, (plain, square, updated), "scalar, {n}");
            assert_eq!(copy[..], r[..], "scalar, {n}");
            for i in 0..n {
                assert_eq!(r[i], before[i] - 0.3 * (v[i] * x[0][i]), "row {i} of {n}");
            }
            for k in 0..3 {
                let of = |f: &dyn Fn(usize) -> f64| reference(&(0..n).map(f).collect::<Vec<_>>());
                assert_eq!(plain[k], of(&|i| x[k][i] * before[i]), "dot, {n}");
                assert_eq!(updated[k], of(&|i| x[k][i] * r[i]), "update, {n}");
            }
            let terms: Vec<f64> = (0..n).map(|i| v[i] * (x[1][i] * x[1][i])).collect();
            assert_eq!(square, reference(&terms), "square, {n}");
            assert_eq!(sum(&before[..n]), reference(&before[..n]), "sum, {n}");
        }
    }

    #[test]
    fn columns_are_added_one_after_the_other() {
        let (a, b) = (column(9, 0.9), column(9, 0.4));
        let terms: Vec<(f64, &[f64])> = (0..6)
            .map(|k| (0.1 * k as f64, if k % 2 == 0 { &a[..] } else { &b[..] }))
            .collect();
        let mut y = column(9, 3.0);
        let mut expected = y.clone();
        add_columns(pulp::Scalar, &terms, &mut y);
        for (b, x) in terms {
            for i in 0..9 {
                expected[i] += b * x[i];
            }
        }
        assert_eq!(y, expected);
    }
}
