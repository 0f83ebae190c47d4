//! Pearson and Spearman correlation of every pair of columns.
//!
//! Columns are centered and scaled to unit length once; every coefficient is then one dot product.

use ndarray::Array2;

use crate::linalg::{dot, mean};
use crate::par::map_indexed;
use crate::table::{FeatureTable, is_constant};

/// Which coefficient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Correlation {
    /// Product-moment correlation.
    Pearson,
    /// Pearson's correlation of average ranks. The default: radiomics features are skewed.
    #[default]
    Spearman,
}

/// Columns ready for dot products.
pub(crate) struct UnitColumns {
    n: usize,
    values: Vec<f64>,
    constant: Vec<bool>,
}

impl UnitColumns {
    pub(crate) fn new(table: &FeatureTable, method: Correlation) -> Self {
        let n = table.n_rows();
        let columns = map_indexed(table.n_columns(), |j| {
            let column = table.column(j);
            match method {
                Correlation::Pearson => unit(column.to_vec()),
                Correlation::Spearman => unit(average_ranks(column).0),
            }
        });
        let constant = (0..table.n_columns())
            .map(|j| is_constant(table.column(j)))
            .collect();
        Self {
            n,
            values: columns.concat(),
            constant,
        }
    }

    fn column(&self, j: usize) -> &[f64] {
        &self.values[j * self.n..(j + 1) * self.n]
    }

    /// Coefficient of two columns in [-1, 1]; NaN if either is constant.
    pub(crate) fn coefficient(&self, i: usize, j: usize) -> f64 {
        if self.constant[i] || self.constant[j] {
            return f64::NAN;
        }
        if i == j {
            return 1.0;
        }
        dot(self.column(i), self.column(j)).clamp(-1.0, 1.0)
    }

    pub(crate) fn is_constant(&self, j: usize) -> bool {
        self.constant[j]
    }

    pub(crate) fn len(&self) -> usize {
        self.constant.len()
    }

    /// All coefficients, symmetric to the bit.
    pub(crate) fn matrix(&self) -> Array2<f64> {
        let p = self.len();
        let rows = map_indexed(p, |i| {
            (i..p).map(|j| self.coefficient(i, j)).collect::<Vec<f64>>()
        });
        let mut matrix = Array2::zeros((p, p));
        for (i, row) in rows.into_iter().enumerate() {
            for (offset, r) in row.into_iter().enumerate() {
                matrix[[i, i + offset]] = r;
                matrix[[i + offset, i]] = r;
            }
        }
        matrix
    }
}

/// Correlation of every pair of columns, shape (n_columns, n_columns), ones on the diagonal; NaN in rows and
/// columns of constant features (diagonal included).
pub fn correlation_matrix(table: &FeatureTable, method: Correlation) -> Array2<f64> {
    UnitColumns::new(table, method).matrix()
}

/// Centers and scales to unit length; a constant column becomes zeros.
fn unit(mut values: Vec<f64>) -> Vec<f64> {
    let center = mean(&values);
    values.iter_mut().for_each(|v| *v -= center);
    let length = dot(&values, &values).sqrt();
    values
        .iter_mut()
        .for_each(|v| *v = if length > 0.0 { *v / length } else { 0.0 });
    values
}

/// Ranks from 1, ties averaged, and `Σ (t³ - t)` over groups of `t` tied values.
pub(crate) fn average_ranks(values: &[f64]) -> (Vec<f64>, f64) {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_unstable_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut tie_sum = 0.0;
    let mut start = 0;
    while start < order.len() {
        let mut end = start + 1;
        while end < order.len() && values[order[end]] == values[order[start]] {
            end += 1;
        }
        let size = (end - start) as f64;
        tie_sum += size * size * size - size;
        let rank = 0.5 * (start + 1 + end) as f64;
        for &i in &order[start..end] {
            ranks[i] = rank;
        }
        start = end;
    }
    (ranks, tie_sum)
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
}
