//! Columns prepared for products, and the products.

use std::ops::Range;

use ndarray::Array2;

use super::Correlation;
use super::kendall::Orders;
use crate::linalg::{mean, sum};
use crate::par::map_indexed;
use crate::table::{FeatureTable, is_constant};

/// Rows up to which the sums of products of doubled centered ranks, at most `n (n² - 1) / 3`, fit 32 bits.
const MOST_SHORT_ROWS: usize = 1860;
/// Columns are padded with zeros to multiples of this many entries, so that no kernel has a tail.
const PAD: usize = 16;
/// Columns of one side of a tile of the matrix; two sides of 421 values each fit the first-level cache.
const TILE: usize = 32;

/// Columns ready for products.
pub(crate) struct CorrelationColumns {
    products: Products,
    /// Product of every column with itself.
    squares: Vec<f64>,
    constant: Vec<bool>,
}

enum Products {
    /// Doubled centered ranks: exact sums in 32 bits.
    Short { stride: usize, values: Vec<i16> },
    /// Centered values, or doubled centered ranks of long columns.
    Double { stride: usize, values: Vec<f64> },
    /// Kendall's columns.
    Orders(Orders),
}

impl CorrelationColumns {
    pub(crate) fn new(table: &FeatureTable, method: Correlation) -> Self {
        let p = table.n_columns();
        let stride = table.n_rows().next_multiple_of(PAD);
        let constant: Vec<bool> = (0..p).map(|j| is_constant(table.column(j))).collect();
        let products = match method {
            Correlation::Kendall => Products::Orders(Orders::new(table)),
            Correlation::Spearman if table.n_rows() <= MOST_SHORT_ROWS => Products::Short {
                stride,
                values: padded(p, stride, |j| {
                    // At most 1859 in absolute value.
                    doubled_ranks(table.column(j)).map(|d| d as i16).collect()
                }),
            },
            Correlation::Spearman => Products::Double {
                stride,
                values: padded(p, stride, |j| doubled_ranks(table.column(j)).collect()),
            },
            Correlation::Pearson => Products::Double {
                stride,
                values: padded(p, stride, |j| centered(table.column(j))),
            },
        };
        let squares = (0..p).map(|j| products.of(j, j)).collect();
        Self {
            products,
            squares,
            constant,
        }
    }

    /// Coefficient of two columns in [-1, 1]; NaN if either is constant. The same bits as in [`matrix`](Self::matrix).
    pub(crate) fn coefficient(&self, i: usize, j: usize) -> f64 {
        if self.constant[i] || self.constant[j] {
            return f64::NAN;
        }
        self.scaled(self.products.of(i, j), i, j)
    }

    /// The sum above the line of a coefficient: for Kendall concordant minus discordant pairs.
    pub(crate) fn product(&self, i: usize, j: usize) -> f64 {
        self.products.of(i, j)
    }

    /// `s / √(s_ii s_jj)`: exactly 1 where all three are equal.
    fn scaled(&self, product: f64, i: usize, j: usize) -> f64 {
        (product / (self.squares[i] * self.squares[j]).sqrt()).clamp(-1.0, 1.0)
    }

    pub(crate) fn is_constant(&self, j: usize) -> bool {
        self.constant[j]
    }

    pub(crate) fn len(&self) -> usize {
        self.constant.len()
    }

    /// Columns that vary, ascending.
    pub(crate) fn varying(&self) -> Vec<usize> {
        (0..self.len()).filter(|&j| !self.constant[j]).collect()
    }

    /// All coefficients, symmetric to the bit: tiles of the upper triangle, one stripe of tiles after the other.
    pub(crate) fn matrix(&self) -> Array2<f64> {
        let p = self.len();
        let mut matrix = Array2::zeros((p, p));
        let tiles = p.div_ceil(TILE);
        for a in 0..tiles {
            let rows = a * TILE..((a + 1) * TILE).min(p);
            let stripe = map_indexed(tiles - a, |b| {
                let first = (a + b) * TILE;
                self.tile(rows.clone(), first..(first + TILE).min(p))
            });
            for (b, tile) in stripe.into_iter().enumerate() {
                let first = (a + b) * TILE;
                let width = (first + TILE).min(p) - first;
                for (i, line) in rows.clone().zip(tile.chunks_exact(width)) {
                    for (j, &r) in (first..).zip(line) {
                        matrix[[i, j]] = r;
                        matrix[[j, i]] = r;
                    }
                }
            }
        }
        matrix
    }

    /// Coefficients of `rows` with `columns`, row after row.
    fn tile(&self, rows: Range<usize>, columns: Range<usize>) -> Vec<f64> {
        let mut tile = Vec::with_capacity(rows.len() * columns.len());
        for i in rows {
            let start = tile.len();
            self.products.row(i, columns.clone(), &mut tile);
            for (j, product) in columns.clone().zip(&mut tile[start..]) {
                let undefined = self.constant[i] || self.constant[j];
                *product = if undefined {
                    f64::NAN
                } else {
                    self.scaled(*product, i, j)
                };
            }
        }
        tile
    }
}

impl Products {
    /// The product of two columns, the same bits in either order.
    fn of(&self, i: usize, j: usize) -> f64 {
        match self {
            Self::Short { stride, values } => {
                let [product] = short_dots(at(values, *stride, i), [at(values, *stride, j)]);
                f64::from(product)
            }
            Self::Double { stride, values } => {
                let [product] = dots(at(values, *stride, i), [at(values, *stride, j)]);
                product
            }
            Self::Orders(orders) => orders.concordance(i, j),
        }
    }

    /// Appends the products of column `i` with `columns`, several at a time while `i` lies in registers.
    fn row(&self, i: usize, columns: Range<usize>, to: &mut Vec<f64>) {
        match self {
            Self::Short { stride, values } => {
                let a = at(values, *stride, i);
                in_groups::<4>(columns, |group| {
                    let products = short_dots(a, group.map(|j| at(values, *stride, j)));
                    products.map(f64::from)
                })
                .for_each(|r| to.push(r));
            }
            Self::Double { stride, values } => {
                let a = at(values, *stride, i);
                in_groups::<2>(columns, |group| {
                    dots(a, group.map(|j| at(values, *stride, j)))
                })
                .for_each(|r| to.push(r));
            }
            Self::Orders(orders) => to.extend(columns.map(|j| orders.concordance(i, j))),
        }
    }
}

fn at<T>(values: &[T], stride: usize, j: usize) -> &[T] {
    &values[j * stride..(j + 1) * stride]
}

/// `f` on groups of `K` columns; the last group repeats its last column, whose copies are left out of the result.
fn in_groups<const K: usize>(
    columns: Range<usize>,
    f: impl Fn([usize; K]) -> [f64; K],
) -> impl Iterator<Item = f64> {
    let (first, end) = (columns.start, columns.end);
    (first..end).step_by(K).flat_map(move |start| {
        let group = std::array::from_fn(|k| (start + k).min(end - 1));
        f(group).into_iter().take(end - start)
    })
}

/// `Σ a b` with each of `K` columns, exact.
fn short_dots<const K: usize>(a: &[i16], b: [&[i16]; K]) -> [i32; K] {
    let n = a.len();
    let b = b.map(|b| &b[..n]);
    let mut sums = [0_i32; K];
    for r in 0..n {
        for k in 0..K {
            sums[k] += i32::from(a[r]) * i32::from(b[k][r]);
        }
    }
    sums
}

/// `Σ a b` with each of `K` columns, each summed in the lanes of [`dot`](crate::linalg::dot).
fn dots<const K: usize>(a: &[f64], b: [&[f64]; K]) -> [f64; K] {
    const LANES: usize = 8;
    let (a, _) = a.as_chunks::<LANES>();
    let b = b.map(|b| &b.as_chunks::<LANES>().0[..a.len()]);
    let mut sums = [[0.0; LANES]; K];
    for (r, chunk) in a.iter().enumerate() {
        for k in 0..K {
            for l in 0..LANES {
                sums[k][l] += chunk[l] * b[k][r][l];
            }
        }
    }
    sums.map(|lanes| {
        let four = [0, 1, 2, 3].map(|l| lanes[l] + lanes[l + 4]);
        (four[0] + four[2]) + (four[1] + four[3])
    })
}

/// Columns one after the other, each filled up with zeros to `stride` entries.
fn padded<T: Copy + Default + Send>(
    p: usize,
    stride: usize,
    column: impl Fn(usize) -> Vec<T> + Sync + Send,
) -> Vec<T> {
    let columns = map_indexed(p, column);
    let mut values = Vec::with_capacity(p * stride);
    for column in columns {
        values.extend_from_slice(&column);
        values.resize(values.len().next_multiple_of(stride), T::default());
    }
    values
}

/// `2 R - (n + 1)` of average ranks `R`: an integer.
fn doubled_ranks(values: &[f64]) -> impl Iterator<Item = f64> {
    let center = values.len() as f64 + 1.0;
    average_ranks(values)
        .0
        .into_iter()
        .map(move |rank| 2.0 * rank - center)
}

/// Deviations from the mean, times a power of two that brings the largest to [0.5, 1]; zeros for a constant column.
///
/// The deviations are centered again: a mean near 1e6 is rounded to 1e-10, which would shift small deviations.
pub(crate) fn centered(values: &[f64]) -> Vec<f64> {
    if is_constant(values) {
        return vec![0.0; values.len()];
    }
    let mut deviations = values.to_vec();
    scale_to_one(&mut deviations);
    let first = mean(&deviations);
    deviations.iter_mut().for_each(|v| *v -= first);
    scale_to_one(&mut deviations);
    let second = sum(&deviations) / deviations.len() as f64;
    deviations.iter_mut().for_each(|v| *v -= second);
    deviations
}

/// Multiplies by a power of two such that the largest absolute value lies in [0.5, 1).
pub(crate) fn scale_to_one(values: &mut [f64]) {
    let largest = values.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
    // Exponents of doubles reach from -1074 to 1024: two factors, neither of which overflows.
    let exponent = -exponent(largest);
    let (half, rest) = (exponent / 2, exponent - exponent / 2);
    let (a, b) = (2.0_f64.powi(half), 2.0_f64.powi(rest));
    values.iter_mut().for_each(|v| *v = *v * a * b);
}

/// The `e` of `x = m 2^e` with `m` in [0.5, 1); 0 for 0.
fn exponent(x: f64) -> i32 {
    let of_normal = |x: f64| ((x.to_bits() >> 52) & 0x7ff) as i32 - 1022;
    match x {
        0.0 => 0,
        x if x < f64::MIN_POSITIVE => of_normal(x * 2.0_f64.powi(64)) - 64,
        x => of_normal(x),
    }
}

/// Ranks from 1, ties averaged, and `Σ (t³ - t)` over groups of `t` tied values.
pub(crate) fn average_ranks(values: &[f64]) -> (Vec<f64>, f64) {
    let order = ascending(values);
    let mut ranks = vec![0.0; values.len()];
    let mut tie_sum = 0.0;
    let mut start = 0;
    while start < order.len() {
        let mut end = start + 1;
        while end < order.len() && values[order[end] as usize] == values[order[start] as usize] {
            end += 1;
        }
        let size = (end - start) as f64;
        tie_sum += size * size * size - size;
        let rank = 0.5 * (start + 1 + end) as f64;
        for &i in &order[start..end] {
            ranks[i as usize] = rank;
        }
        start = end;
    }
    (ranks, tie_sum)
}

/// Rows in ascending order of value, equal values by row.
pub(super) fn ascending(values: &[f64]) -> Vec<u32> {
    // Sorting pairs of integers is branch-free; `+ 0.0` makes the two zeros equal.
    let mut keyed: Vec<(i64, u32)> = values
        .iter()
        .zip(0..)
        .map(|(&v, row)| (total_order(v + 0.0), row))
        .collect();
    keyed.sort_unstable();
    keyed.into_iter().map(|(_, row)| row).collect()
}

/// An integer that orders as the finite number does.
fn total_order(v: f64) -> i64 {
    let bits = v.to_bits() as i64;
    bits ^ (((bits >> 63) as u64) >> 1) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_share_the_mean_rank() {
        let (ranks, ties) = average_ranks(&[3.0, 1.0, 3.0, 3.0, -2.0]);
        assert_eq!(ranks, vec![4.0, 2.0, 4.0, 4.0, 1.0]);
        assert_eq!(ties, 24.0);
    }

    #[test]
    fn zeros_of_both_signs_are_tied() {
        assert_eq!(average_ranks(&[0.0, -0.0, -1.0]).0, vec![2.5, 2.5, 1.0]);
    }

    #[test]
    fn order_of_integers_is_the_order_of_numbers() {
        let ascending = [-1e300, -1.0, -5e-324, 0.0, 5e-324, 1.0, 1e300];
        assert!(
            ascending
                .windows(2)
                .all(|w| total_order(w[0]) < total_order(w[1]))
        );
    }

    #[test]
    fn largest_deviation_is_near_one_at_any_scale() {
        for scale in [1e-320, 1e-300, 1e-3, 1.0, 1e3, 1.7e308] {
            let c = centered(&[scale, 0.0, -scale]);
            let largest = c.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
            assert!((0.5..=1.0).contains(&largest), "{scale}: {c:?}");
            assert_eq!(c[0], -c[2]);
        }
    }

    #[test]
    fn short_sums_do_not_overflow_at_the_last_length_that_uses_them() {
        let n = MOST_SHORT_ROWS;
        let column: Vec<f64> = (0..n).map(|i| i as f64).collect();
        let ranks: Vec<i16> = doubled_ranks(&column).map(|d| d as i16).collect();
        let expected = (n * (n * n - 1) / 3) as i64;
        assert!(expected < i64::from(i32::MAX));
        assert_eq!(i64::from(short_dots(&ranks, [&ranks])[0]), expected);
    }
}
