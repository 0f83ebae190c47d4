//! Cholesky factor of the second derivatives among some coordinates; dependent ones are passed over.

use pulp::Simd;

use super::super::kernels::{BATCH, dots};

/// Lower factor `L` of `A = L L'`, by rows of equal length.
#[derive(Debug, Default)]
pub(super) struct Factor {
    n: usize,
    rows: Vec<f64>,
}

impl Factor {
    /// Factors the matrix with entry `(i, k)`, `k <= i`, given by `entry`. A coordinate whose pivot is below
    /// 1e-13 of its diagonal entry depends on those before it: its pivot is set to infinity, so that its part of every solution is 0.
    #[inline(always)]
    pub(super) fn refill<S: Simd>(
        &mut self,
        simd: S,
        n: usize,
        entry: impl Fn(usize, usize) -> f64,
    ) {
        const RELATIVE_PIVOT: f64 = 1e-13;
        self.n = n;
        self.rows.clear();
        self.rows.resize(n * n, 0.0);
        for i in 0..n {
            for k in 0..=i {
                self.rows[i * n + k] = entry(i, k);
            }
        }
        for j in 0..n {
            let (above, below) = self.rows.split_at_mut((j + 1) * n);
            let row = &mut above[j * n..];
            let [square] = dots(simd, j, [&row[..j]], &row[..j]);
            let pivot = row[j] - square;
            let root = if pivot > RELATIVE_PIVOT * row[j] {
                pivot.sqrt()
            } else {
                f64::INFINITY
            };
            row[j] = root;
            eliminate(simd, n, j, root, &row[..j], below);
        }
    }

    /// Solves `A x = b` in place.
    pub(super) fn solve(&self, b: &mut [f64]) {
        let n = self.n;
        for i in 0..n {
            let row = &self.rows[i * n..i * n + i + 1];
            let known: f64 = crate::linalg::dot(&row[..i], &b[..i]);
            b[i] = (b[i] - known) / row[i];
        }
        for i in (0..n).rev() {
            let row = &self.rows[i * n..i * n + i + 1];
            b[i] /= row[i];
            let x = b[i];
            crate::linalg::axpy(-x, &row[..i], &mut b[..i]);
        }
    }
}

/// Column `j` of the factor in the rows below: `L_ij = (A_ij - Σ_k L_ik L_jk) / L_jj`.
#[inline(always)]
fn eliminate<S: Simd>(simd: S, n: usize, j: usize, root: f64, row: &[f64], below: &mut [f64]) {
    let mut batches = below.chunks_exact_mut(n * BATCH);
    for batch in batches.by_ref() {
        let mut rows: [&[f64]; BATCH] = [&[]; BATCH];
        for k in 0..BATCH {
            rows[k] = &batch[k * n..k * n + j];
        }
        let sums = dots(simd, j, rows, row);
        for (k, sum) in sums.into_iter().enumerate() {
            batch[k * n + j] = (batch[k * n + j] - sum) / root;
        }
    }
    for other in batches.into_remainder().chunks_exact_mut(n) {
        let [sum] = dots(simd, j, [&other[..j]], row);
        other[j] = (other[j] - sum) / root;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dependent_coordinates_are_passed_over() {
        // The third column is the sum of the first two.
        let a = [[2.0, 1.0, 3.0], [1.0, 3.0, 4.0], [3.0, 4.0, 7.0]];
        let mut factor = Factor::default();
        factor.refill(pulp::Scalar, 3, |i, k| a[i][k]);
        let mut b = [4.0, 7.0, 11.0];
        factor.solve(&mut b);
        assert!((b[0] - 1.0).abs() < 1e-14 && (b[1] - 2.0).abs() < 1e-14);
        assert_eq!(b[2], 0.0);
    }

    #[test]
    fn a_larger_system_is_solved() {
        let n = 29;
        let entry = |i: usize, k: usize| {
            if i == k {
                n as f64
            } else {
                ((i * k + i + k) as f64).sin()
            }
        };
        let mut factor = Factor::default();
        factor.refill(pulp::Scalar, n, entry);
        let x: Vec<f64> = (0..n).map(|i| i as f64 - 7.0).collect();
        let mut b: Vec<f64> = (0..n)
            .map(|i| (0..n).map(|k| entry(i.max(k), i.min(k)) * x[k]).sum())
            .collect();
        factor.solve(&mut b);
        for (found, expected) in b.iter().zip(&x) {
            assert!((found - expected).abs() < 1e-12);
        }
    }
}
