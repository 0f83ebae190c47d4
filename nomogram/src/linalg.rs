//! Small dense linear algebra: the pivoted QR that decides which columns are aliased, and positive definite systems.

use nalgebra::{Cholesky, DMatrix, DVector, Dyn};

/// Householder QR in which deficient columns move to the right, as R's `lm` and `glm` do it (LINPACK `dqrdc2`).
///
/// A column is deficient if what is left of it after the columns before is shorter than `tolerance` times its own length. The order of
/// all other columns stays, so that of a set of collinear columns the first ones are kept.
pub(crate) struct PivotedQr {
    /// Reduced matrix: R in its upper triangle, Householder vectors below.
    qr: DMatrix<f64>,
    /// Leading entries of the Householder vectors.
    heads: Vec<f64>,
    /// Original index of each column.
    pub pivot: Vec<usize>,
    /// Columns that are not deficient.
    pub rank: usize,
}

impl PivotedQr {
    pub fn new(mut a: DMatrix<f64>, tolerance: f64) -> Self {
        let p = a.ncols();
        debug_assert!(p <= a.nrows(), "callers refuse more columns than rows");
        let mut pivot: Vec<usize> = (0..p).collect();
        let original: Vec<f64> = (0..p).map(|j| a.column(j).norm()).collect();
        let mut heads = Vec::with_capacity(p);
        let mut rank = p;
        let mut k = 0;
        while k < rank {
            // Cycle deficient columns to the end until a sound one stands at k.
            while k < rank && deficient(&a, k, original[pivot[k]], tolerance) {
                rotate_column_to_end(&mut a, k);
                pivot[k..].rotate_left(1);
                rank -= 1;
            }
            if k >= rank {
                break;
            }
            heads.push(reflect(&mut a, k));
            k += 1;
        }
        heads.truncate(rank);
        Self {
            qr: a,
            heads,
            pivot,
            rank,
        }
    }

    /// Least squares coefficients of the sound columns, in pivot order.
    pub fn solve(&self, y: &mut DVector<f64>) -> Vec<f64> {
        for k in 0..self.rank {
            let head = self.heads[k];
            if head == 0.0 {
                continue;
            }
            let below = self.qr.column(k);
            let mut dot = head * y[k];
            for i in k + 1..y.len() {
                dot += below[i] * y[i];
            }
            let t = -dot / head;
            y[k] += t * head;
            for i in k + 1..y.len() {
                y[i] += t * below[i];
            }
        }
        let mut beta = vec![0.0; self.rank];
        for k in (0..self.rank).rev() {
            let mut sum = y[k];
            for (j, b) in beta.iter().enumerate().skip(k + 1) {
                sum -= self.qr[(k, j)] * b;
            }
            beta[k] = sum / self.qr[(k, k)];
        }
        beta
    }

    /// `(RᵀR)⁻¹` of the sound columns, in pivot order.
    pub fn inverse_gram(&self) -> DMatrix<f64> {
        let inverse = self.inverse_r();
        &inverse * inverse.transpose()
    }

    /// `R⁻¹` of the sound columns, in pivot order.
    pub fn inverse_r(&self) -> DMatrix<f64> {
        let r = self.rank;
        let mut inverse = DMatrix::zeros(r, r);
        for j in 0..r {
            inverse[(j, j)] = 1.0 / self.qr[(j, j)];
            for i in (0..j).rev() {
                let sum: f64 = (i + 1..=j).map(|k| self.qr[(i, k)] * inverse[(k, j)]).sum();
                inverse[(i, j)] = -sum / self.qr[(i, i)];
            }
        }
        inverse
    }

    /// Squared row lengths of Q: the leverages.
    pub fn leverages(&self) -> Vec<f64> {
        let n = self.qr.nrows();
        let mut out = vec![0.0; n];
        for j in 0..self.rank {
            let mut e = DVector::zeros(n);
            e[j] = 1.0;
            for k in (0..=j).rev() {
                let head = self.heads[k];
                if head == 0.0 {
                    continue;
                }
                let below = self.qr.column(k);
                let dot = head * e[k] + (k + 1..n).map(|i| below[i] * e[i]).sum::<f64>();
                let t = -dot / head;
                e[k] += t * head;
                for i in k + 1..n {
                    e[i] += t * below[i];
                }
            }
            for (o, v) in out.iter_mut().zip(e.iter()) {
                *o += v * v;
            }
        }
        out
    }
}

fn deficient(a: &DMatrix<f64>, k: usize, original: f64, tolerance: f64) -> bool {
    let left = a.column(k).rows_range(k..).norm();
    left <= original * tolerance
}

fn rotate_column_to_end(a: &mut DMatrix<f64>, k: usize) {
    for j in k..a.ncols() - 1 {
        a.swap_columns(j, j + 1);
    }
}

/// Applies the k-th Householder reflection to columns k.. and returns the head of its vector.
fn reflect(a: &mut DMatrix<f64>, k: usize) -> f64 {
    let (n, p) = a.shape();
    if k + 1 == n {
        return 0.0;
    }
    let mut norm = a.column(k).rows_range(k..).norm();
    if norm == 0.0 {
        return 0.0;
    }
    if a[(k, k)] < 0.0 {
        norm = -norm;
    }
    for i in k..n {
        a[(i, k)] /= norm;
    }
    a[(k, k)] += 1.0;
    let head = a[(k, k)];
    for j in k + 1..p {
        let (left, mut right) = a.columns_range_pair_mut(k, j);
        let mut dot = 0.0;
        for i in k..n {
            dot += left[i] * right[i];
        }
        let t = -dot / head;
        for i in k..n {
            right[i] += t * left[i];
        }
    }
    a[(k, k)] = -norm;
    head
}

/// Cholesky factor of a symmetric positive definite matrix; `None` if it is not numerically so.
pub(crate) fn cholesky(a: DMatrix<f64>) -> Option<Cholesky<f64, Dyn>> {
    if a.iter().any(|v| !v.is_finite()) {
        return None;
    }
    let scale: Vec<f64> = a.diagonal().iter().copied().collect();
    let factor = Cholesky::new(a)?;
    let l = factor.l_dirty();
    let sound = scale
        .iter()
        .enumerate()
        .all(|(i, &d)| l[(i, i)].powi(2) > d * 1e-14);
    sound.then_some(factor)
}

/// Natural logarithm of the determinant from a Cholesky factor.
pub(crate) fn log_determinant(factor: &Cholesky<f64, Dyn>) -> f64 {
    2.0 * factor
        .l_dirty()
        .diagonal()
        .iter()
        .map(|d| d.ln())
        .sum::<f64>()
}

/// `vᵀ A v`.
pub(crate) fn quadratic_form(a: &DMatrix<f64>, v: &[f64]) -> f64 {
    let mut sum = 0.0;
    for (j, vj) in v.iter().enumerate() {
        for (i, vi) in v.iter().enumerate() {
            sum += vi * a[(i, j)] * vj;
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn collinear_columns_move_right_and_the_rest_solves() {
        let a = DMatrix::from_row_slice(
            4,
            4,
            &[
                1., 1., 2., 1., 1., 2., 4., 0., 1., 3., 6., 0., 1., 4., 8., 5.,
            ],
        );
        let qr = PivotedQr::new(a, 1e-7);
        assert_eq!(qr.rank, 3);
        assert_eq!(qr.pivot, vec![0, 1, 3, 2]);
        let mut y = DVector::from_vec(vec![3.0 + 1.0, 5.0, 7.0, 9.0 + 5.0]);
        let beta = qr.solve(&mut y);
        for (b, e) in beta.iter().zip([1.0, 2.0, 1.0]) {
            assert!((b - e).abs() < 1e-12, "{beta:?}");
        }
        let h: f64 = qr.leverages().iter().sum();
        assert!((h - 3.0).abs() < 1e-12);
    }
}
