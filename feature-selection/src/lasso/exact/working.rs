//! The columns that may be nonzero and their second derivatives `G_jk = Σ v x_j x_k`.

use pulp::Simd;

use super::super::design::Design;
use super::super::kernels::{BATCH, Rows, dots};

/// A square symmetric matrix.
#[derive(Default)]
pub(super) struct Matrix {
    pub(super) rows: Vec<Vec<f64>>,
    /// Changes whenever entries do; rows and columns that are merely added leave it.
    pub(super) version: u64,
}

/// Coordinates with the matrix at fixed weights.
pub(super) struct WorkingSet {
    columns: Vec<usize>,
    is_member: Vec<bool>,
    matrix: Matrix,
    /// Weights of the matrix.
    v: Rows,
    /// Work space: `v x_j`.
    weighted: Rows,
}

impl WorkingSet {
    /// No members among `n_coordinates`.
    pub(super) fn new(n: usize, n_coordinates: usize) -> Self {
        Self {
            columns: Vec::new(),
            is_member: vec![false; n_coordinates],
            matrix: Matrix::default(),
            v: Rows::zeros(n),
            weighted: Rows::zeros(n),
        }
    }

    /// Members in order of entry.
    pub(super) fn columns(&self) -> &[usize] {
        &self.columns
    }

    /// Number of members.
    pub(super) fn len(&self) -> usize {
        self.columns.len()
    }

    pub(super) fn contains(&self, j: usize) -> bool {
        self.is_member[j]
    }

    /// The matrix, one row and column per member.
    pub(super) fn matrix(&self) -> &Matrix {
        &self.matrix
    }

    /// Lets a coordinate in without its part of the matrix, which is then only valid after [`rebuild`](Self::rebuild).
    pub(super) fn join(&mut self, j: usize) {
        self.is_member[j] = true;
        self.columns.push(j);
    }

    /// Lets a coordinate in.
    #[inline(always)]
    pub(super) fn add<S: Simd>(&mut self, simd: S, design: &Design, j: usize) {
        self.join(j);
        let row = self.products(simd, design, j, self.columns.len());
        for (other, &product) in self.matrix.rows.iter_mut().zip(&row) {
            other.push(product);
        }
        self.matrix.rows.push(row);
    }

    /// The matrix at weights `v`, of the members that `keep` approves.
    #[inline(always)]
    pub(super) fn rebuild<S: Simd>(
        &mut self,
        simd: S,
        design: &Design,
        v: &Rows,
        keep: impl Fn(usize) -> bool,
    ) {
        self.v.copy_from_slice(v);
        let is_member = &mut self.is_member;
        self.columns.retain(|&j| {
            is_member[j] = keep(j);
            is_member[j]
        });
        self.matrix.rows.clear();
        self.matrix.version += 1;
        for k in 0..self.columns.len() {
            let row = self.products(simd, design, self.columns[k], k + 1);
            for (other, &product) in self.matrix.rows.iter_mut().zip(&row) {
                other.push(product);
            }
            self.matrix.rows.push(row);
        }
    }

    /// Products of column `j` with the first `count` members.
    #[inline(always)]
    fn products<S: Simd>(&mut self, simd: S, design: &Design, j: usize, count: usize) -> Vec<f64> {
        let x = design.column(j);
        for ((weighted, v), x) in self.weighted.iter_mut().zip(self.v.iter()).zip(x) {
            *weighted = v * x;
        }
        let mut row = Vec::with_capacity(self.columns.len());
        let (batches, rest) = self.columns[..count].as_chunks::<BATCH>();
        for batch in batches {
            let columns = design.columns(batch);
            row.extend(dots(simd, design.n, columns, &self.weighted));
        }
        for &k in rest {
            row.extend(dots(simd, design.n, [design.column(k)], &self.weighted));
        }
        row
    }
}
