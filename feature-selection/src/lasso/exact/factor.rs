//! Cholesky factor of the second derivatives among the free coordinates, which follows their coming and going.

use pulp::Simd;

use super::super::kernels::{BATCH, dots};

/// A free coordinate and its diagonal entry.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Free {
    /// Index in the matrix.
    pub(super) index: usize,
    pub(super) diagonal: f64,
}

/// `L` of `A = L L'` over coordinates in some order, row by row.
///
/// A coordinate whose pivot is below 1e-13 of its diagonal entry depends on those before it: its pivot is infinite, so that
/// its part of every solution is 0.
#[derive(Debug, Default)]
pub(super) struct Factor {
    order: Vec<Free>,
    rows: Vec<Vec<f64>>,
    /// Which matrix the factor is of.
    version: u64,
    /// Coordinates removed since it was made; every removal adds rounding.
    removals: usize,
    /// Work space: diagonal entry of every index that is free and not yet in the factor, NaN for the others.
    missing: Vec<f64>,
}

const RELATIVE_PIVOT: f64 = 1e-13;

impl Factor {
    /// The coordinates, in the order of the entries of [`solve`](Self::solve).
    pub(super) fn order(&self) -> &[Free] {
        &self.order
    }

    /// Makes this the factor over `free`: by appending and removing coordinates where few of them change and the matrix is still the
    /// same, anew otherwise. `entry` gives the entries off the diagonal.
    #[inline(always)]
    pub(super) fn follow<S: Simd>(
        &mut self,
        simd: S,
        free: &[Free],
        version: u64,
        entry: impl Fn(usize, usize) -> f64,
    ) {
        const MAX_REMOVALS: usize = 200;
        let last = free.iter().chain(&self.order).map(|f| f.index).max();
        self.missing.clear();
        self.missing
            .resize(last.map_or(0, |last| last + 1), f64::NAN);
        free.iter().for_each(|f| self.missing[f.index] = f.diagonal);
        let kept = |f: &&Free| !self.missing[f.index].is_nan();
        let changes = self.order.len() + free.len() - 2 * self.order.iter().filter(kept).count();
        let same = |f: &Free| self.missing[f.index] == f.diagonal;
        let follows = self.version == version
            && 8 * changes <= free.len()
            && self.removals + changes <= MAX_REMOVALS
            && self.order.iter().filter(kept).all(same)
            && (0..self.order.len()).all(|k| self.rows[k][k].is_finite());
        if !follows {
            self.renew(simd, free, entry);
            self.version = version;
            return;
        }
        for k in (0..self.order.len()).rev() {
            let index = self.order[k].index;
            if self.missing[index].is_nan() {
                self.remove(k);
            } else {
                self.missing[index] = f64::NAN;
            }
        }
        for &coordinate in free {
            if !self.missing[coordinate.index].is_nan() {
                self.append(simd, coordinate, &entry);
            }
        }
    }

    #[inline(always)]
    fn renew<S: Simd>(&mut self, simd: S, free: &[Free], entry: impl Fn(usize, usize) -> f64) {
        self.removals = 0;
        self.order.clear();
        self.order.extend_from_slice(free);
        self.rows.resize_with(free.len(), Vec::new);
        for (i, row) in self.rows.iter_mut().enumerate() {
            row.clear();
            row.extend(free[..i].iter().map(|f| entry(free[i].index, f.index)));
            row.push(free[i].diagonal);
        }
        for j in 0..free.len() {
            let (above, below) = self.rows.split_at_mut(j + 1);
            let row = &mut above[j];
            let [square] = dots(simd, j, [&row[..j]], &row[..j]);
            row[j] = root(row[j] - square, row[j]);
            eliminate(simd, j, row, below);
        }
    }

    #[inline(always)]
    fn append<S: Simd>(&mut self, simd: S, coordinate: Free, entry: &impl Fn(usize, usize) -> f64) {
        let mut row: Vec<f64> = Vec::with_capacity(self.order.len() + 1);
        for (j, (other, above)) in self.order.iter().zip(&self.rows).enumerate() {
            let [sum] = dots(simd, j, [&row[..j]], &above[..j]);
            row.push((entry(coordinate.index, other.index) - sum) / above[j]);
        }
        let [square] = dots(simd, row.len(), [&row], &row);
        row.push(root(coordinate.diagonal - square, coordinate.diagonal));
        self.order.push(coordinate);
        self.rows.push(row);
    }

    /// Removes coordinate `k`: the rows below each reach one entry too far, which rotations of neighboring columns undo.
    fn remove(&mut self, k: usize) {
        self.removals += 1;
        self.order.remove(k);
        self.rows.remove(k);
        for j in k..self.rows.len() {
            let (a, b) = (self.rows[j][j], self.rows[j][j + 1]);
            let length = a.hypot(b);
            let (cosine, sine) = (a / length, b / length);
            for row in &mut self.rows[j..] {
                let (a, b) = (row[j], row[j + 1]);
                row[j] = cosine * a + sine * b;
                row[j + 1] = cosine * b - sine * a;
            }
            self.rows[j].truncate(j + 1);
        }
    }

    /// Solves `A x = b` in place, entries in the factor's [`order`](Self::order).
    pub(super) fn solve(&self, b: &mut [f64]) {
        for (i, row) in self.rows.iter().enumerate() {
            let known = crate::linalg::dot(&row[..i], &b[..i]);
            b[i] = (b[i] - known) / row[i];
        }
        for (i, row) in self.rows.iter().enumerate().rev() {
            b[i] /= row[i];
            let x = b[i];
            crate::linalg::axpy(-x, &row[..i], &mut b[..i]);
        }
    }
}

/// The root of a pivot.
#[inline(always)]
fn root(pivot: f64, diagonal: f64) -> f64 {
    if pivot > RELATIVE_PIVOT * diagonal {
        pivot.sqrt()
    } else {
        f64::INFINITY
    }
}

/// Column `j` of the factor in the rows below: `L_ij = (A_ij - Σ_k L_ik L_jk) / L_jj`.
#[inline(always)]
fn eliminate<S: Simd>(simd: S, j: usize, row: &[f64], below: &mut [Vec<f64>]) {
    let mut batches = below.chunks_exact_mut(BATCH);
    for batch in batches.by_ref() {
        let mut rows: [&[f64]; BATCH] = [&[]; BATCH];
        for k in 0..BATCH {
            rows[k] = &batch[k][..j];
        }
        let sums = dots(simd, j, rows, &row[..j]);
        for (other, sum) in batch.iter_mut().zip(sums) {
            other[j] = (other[j] - sum) / row[j];
        }
    }
    for other in batches.into_remainder() {
        let [sum] = dots(simd, j, [&other[..j]], &row[..j]);
        other[j] = (other[j] - sum) / row[j];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn free(indices: impl IntoIterator<Item = usize>, diagonal: f64) -> Vec<Free> {
        let free = |index| Free { index, diagonal };
        indices.into_iter().map(free).collect()
    }

    /// Largest residual of `A x = b` for the factor's coordinates.
    fn residual(factor: &Factor, entry: impl Fn(usize, usize) -> f64) -> f64 {
        let order = factor.order().to_vec();
        let b: Vec<f64> = order.iter().map(|f| f.index as f64 - 7.0).collect();
        let mut x = b.clone();
        factor.solve(&mut x);
        let row = |i: usize| -> f64 {
            (0..x.len())
                .map(|k| {
                    let a = if i == k {
                        order[i].diagonal
                    } else {
                        entry(order[i].index, order[k].index)
                    };
                    a * x[k]
                })
                .sum()
        };
        (0..b.len())
            .map(|i| (row(i) - b[i]).abs())
            .fold(0.0, f64::max)
    }

    #[test]
    fn dependent_coordinates_are_passed_over() {
        // The third column is the sum of the first two.
        let a = [[2.0, 1.0, 3.0], [1.0, 3.0, 4.0], [3.0, 4.0, 7.0]];
        let free = [0, 1, 2].map(|i| Free {
            index: i,
            diagonal: a[i][i],
        });
        let mut factor = Factor::default();
        factor.follow(pulp::Scalar, &free, 1, |i, k| a[i][k]);
        let mut b = [4.0, 7.0, 11.0];
        factor.solve(&mut b);
        assert!((b[0] - 1.0).abs() < 1e-14 && (b[1] - 2.0).abs() < 1e-14);
        assert_eq!(b[2], 0.0);
    }

    #[test]
    fn the_factor_follows_coordinates_that_come_and_go() {
        let entry = |i: usize, k: usize| ((i * k + i + k) as f64).sin();
        let mut factor = Factor::default();
        factor.follow(pulp::Scalar, &free(0..29, 29.0), 1, entry);
        assert!(residual(&factor, entry) < 1e-12);
        // Two leave and one comes: few enough to follow.
        let changed = free((0..30).filter(|&i| i != 3 && i != 28), 29.0);
        factor.follow(pulp::Scalar, &changed, 1, entry);
        assert_eq!(factor.removals, 2);
        let mut order: Vec<usize> = factor.order().iter().map(|f| f.index).collect();
        assert_eq!(order.pop(), Some(29));
        assert_eq!(order.len(), 27);
        assert!(residual(&factor, entry) < 1e-12);
        // Another matrix.
        let other = |i: usize, k: usize| entry(i, k) / 2.0;
        factor.follow(pulp::Scalar, &changed, 2, other);
        assert_eq!(factor.removals, 0);
        assert!(residual(&factor, other) < 1e-12);
    }
}
