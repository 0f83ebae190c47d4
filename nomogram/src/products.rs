//! Sums of products of columns, eight rows side by side.

use eval_stats::wide::{Eights, Lanes, in_lanes};
use nalgebra::DMatrix;
use pulp::{Simd, WithSimd};

/// Rows taken together, so that a block of all columns stays in the cache.
pub(crate) const BLOCK: usize = 256;

/// `Σ a b` over the entries of two lists.
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    in_lanes(Dot { a, b })
}

struct Dot<'a> {
    a: &'a [f64],
    b: &'a [f64],
}

impl WithSimd for Dot<'_> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f64 {
        products(simd, self.a, [self.b])[0]
    }
}

/// `ZᵀZ`, block by block.
pub(crate) fn gram(z: &DMatrix<f64>) -> DMatrix<f64> {
    in_lanes(Gram { z })
}

struct Gram<'a> {
    z: &'a DMatrix<f64>,
}

impl WithSimd for Gram<'_> {
    type Output = DMatrix<f64>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> DMatrix<f64> {
        let (n, r) = self.z.shape();
        let mut out = DMatrix::zeros(r, r);
        for start in (0..n).step_by(BLOCK) {
            let block = ColumnBlock::new(self.z, start);
            for j in 0..r {
                block.add_products(
                    simd,
                    block.column(j),
                    &mut out.as_mut_slice()[j * r..=j * r + j],
                );
            }
        }
        mirror(&mut out);
        out
    }
}

/// Some rows of all columns.
pub(crate) struct ColumnBlock<'a> {
    values: &'a [f64],
    n: usize,
    start: usize,
    len: usize,
}

impl<'a> ColumnBlock<'a> {
    /// The rows from `start`, [`BLOCK`] of them or what is left.
    #[inline(always)]
    pub fn new(z: &'a DMatrix<f64>, start: usize) -> Self {
        Self {
            values: z.as_slice(),
            n: z.nrows(),
            start,
            len: BLOCK.min(z.nrows() - start),
        }
    }

    #[inline(always)]
    pub fn column(&self, j: usize) -> &'a [f64] {
        let from = j * self.n + self.start;
        &self.values[from..from + self.len]
    }

    /// Adds to each entry of `out` the product of `a` with the column of this number, four of them at a time, so that `a` is loaded once and
    /// the sums do not wait for each other.
    #[inline(always)]
    pub fn add_products<S: Simd>(&self, simd: S, a: &[f64], out: &mut [f64]) {
        let (fours, rest) = out.as_chunks_mut::<4>();
        let first = 4 * fours.len();
        for (k, four) in fours.iter_mut().enumerate() {
            let j = 4 * k;
            let columns = [
                self.column(j),
                self.column(j + 1),
                self.column(j + 2),
                self.column(j + 3),
            ];
            add(four, products(simd, a, columns));
        }
        let [b, c, d] = [first, first + 1, first + 2];
        match rest.len() {
            1 => add(rest, products(simd, a, [self.column(b)])),
            2 => add(rest, products(simd, a, [self.column(b), self.column(c)])),
            3 => {
                let columns = [self.column(b), self.column(c), self.column(d)];
                add(rest, products(simd, a, columns));
            }
            _ => {}
        }
    }
}

/// Fills in the upper half of a matrix of which the lower one, by rows, was summed.
pub(crate) fn mirror(a: &mut DMatrix<f64>) {
    for j in 0..a.ncols() {
        for l in 0..j {
            a[(j, l)] = a[(l, j)];
        }
    }
}

#[inline(always)]
fn add<const K: usize>(out: &mut [f64], products: [f64; K]) {
    for (sum, product) in out.iter_mut().zip(products) {
        *sum += product;
    }
}

/// `Σ a b` for several `b`.
#[inline(always)]
pub(crate) fn products<S: Simd, const K: usize>(
    simd: S,
    a: &[f64],
    others: [&[f64]; K],
) -> [f64; K] {
    let mut sums = [Lanes::all(simd, 0.0); K];
    let a = Eights::new(simd, [a], [0.0]);
    let others = Eights::new(simd, others, [0.0; K]);
    for i in 0..a.whole() {
        sums = plus(sums, a.at(i), others.at(i));
    }
    if a.has_rest() {
        sums = plus(sums, a.rest(), others.rest());
    }
    let mut out = [0.0; K];
    for k in 0..K {
        out[k] = sums[k].sum();
    }
    out
}

#[inline(always)]
fn plus<S: Simd, const K: usize>(
    mut sums: [Lanes<S>; K],
    [a]: [Lanes<S>; 1],
    others: [Lanes<S>; K],
) -> [Lanes<S>; K] {
    for k in 0..K {
        sums[k] = sums[k] + a * others[k];
    }
    sums
}
