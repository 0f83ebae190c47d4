//! Linear predictors of held-out rows at many lambdas, in one pass over the columns in use.

use super::super::path::{ElasticNetPath, SparseCoefficients};
use super::super::samples::Samples;
use super::Alignment;
use crate::linalg::axpy;

/// Sparse models along a sequence of lambdas.
#[derive(Clone, Copy)]
pub(in crate::lasso) struct Models<'a> {
    /// The path whose lambdas the models belong to.
    path: &'a ElasticNetPath,
    pub(in crate::lasso) lambda: &'a [f64],
    intercept: &'a [f64],
    beta: &'a [SparseCoefficients],
}

impl<'a> Models<'a> {
    /// The path's own models.
    pub(in crate::lasso) fn of_path(path: &'a ElasticNetPath) -> Self {
        Self::along(path, &path.intercept, &path.beta)
    }

    /// Other models at the lambdas of `path`.
    pub(in crate::lasso) fn along(
        path: &'a ElasticNetPath,
        intercept: &'a [f64],
        beta: &'a [SparseCoefficients],
    ) -> Self {
        Self {
            path,
            lambda: &path.lambda,
            intercept,
            beta,
        }
    }

    /// The two models and shares that make up the model at `lambda`.
    fn mixture(&self, lambda: f64) -> [(usize, f64); 2] {
        let (left, right, share) = self.path.bracket(lambda);
        [(left, share), (right, 1.0 - share)]
    }

    /// Intercept and coefficients (one per column) at `lambda`.
    pub(in crate::lasso) fn at(&self, lambda: f64, n_columns: usize) -> (f64, Vec<f64>) {
        let mut beta = vec![0.0; n_columns];
        let mut intercept = 0.0;
        for (model, share) in self.mixture(lambda) {
            if share != 0.0 {
                intercept += share * self.intercept[model];
                for (&j, &b) in self.beta[model].index.iter().zip(&self.beta[model].value) {
                    beta[j] += share * b;
                }
            }
        }
        (intercept, beta)
    }
}

/// Linear predictors (offset included) of the rows of one fold.
pub(in crate::lasso) struct FoldLinks {
    /// Rows held out.
    pub(in crate::lasso) rows: Vec<usize>,
    /// One block of `rows.len()` numbers per lambda.
    pub(in crate::lasso) eta: Vec<f64>,
}

impl FoldLinks {
    /// Predictors at lambda number `m`.
    pub(in crate::lasso) fn at(&self, m: usize) -> &[f64] {
        &self.eta[m * self.rows.len()..(m + 1) * self.rows.len()]
    }

    /// `share` of these and the rest of `other`.
    pub(in crate::lasso) fn blend(&self, other: &Self, share: f64) -> Self {
        let eta = self
            .eta
            .iter()
            .zip(&other.eta)
            .map(|(a, b)| share * a + (1.0 - share) * b)
            .collect();
        Self {
            rows: self.rows.clone(),
            eta,
        }
    }
}

/// One nonzero coefficient: which lambda it belongs to and its value.
#[derive(Clone, Copy, Default)]
struct Entry {
    lambda: u32,
    value: f64,
}

/// Predicts `rows` at every one of `lambdas`. Each column in use is gathered once and added to all the
/// lambdas where its coefficient is not zero.
pub(in crate::lasso) fn predict(
    samples: &Samples<'_>,
    rows: Vec<usize>,
    models: &Models<'_>,
    lambdas: &[f64],
    alignment: Alignment,
) -> FoldLinks {
    let mixtures: Vec<[(usize, f64); 2]> = lambdas
        .iter()
        .enumerate()
        .map(|(m, &lambda)| match alignment {
            Alignment::Lambda => models.mixture(lambda),
            Alignment::Fraction => {
                let model = m.min(models.lambda.len() - 1);
                [(model, 1.0), (model, 0.0)]
            }
        })
        .collect();
    let n = rows.len();
    let mut eta = vec![0.0; n * lambdas.len()];
    for (block, mixture) in eta.chunks_exact_mut(n).zip(&mixtures) {
        let intercept: f64 = mixture
            .iter()
            .filter(|(_, share)| *share != 0.0)
            .map(|&(model, share)| share * models.intercept[model])
            .sum();
        block.fill(intercept);
    }
    let (start, entries) = by_column(models, &mixtures, samples.table().n_columns());
    let mut held_out = vec![0.0; n];
    for j in 0..samples.table().n_columns() {
        let entries = &entries[start[j]..start[j + 1]];
        if entries.is_empty() {
            continue;
        }
        let column = samples.table().column(j);
        for (value, &i) in held_out.iter_mut().zip(&rows) {
            *value = column[i];
        }
        for entry in entries {
            let m = entry.lambda as usize;
            axpy(entry.value, &held_out, &mut eta[m * n..(m + 1) * n]);
        }
    }
    if let Some(offset) = samples.offset() {
        for block in eta.chunks_exact_mut(n) {
            for (eta, &i) in block.iter_mut().zip(&rows) {
                *eta += offset[i];
            }
        }
    }
    FoldLinks { rows, eta }
}

/// Nonzero coefficients of all mixtures, by column: entries of column `j` lie at `start[j]..start[j + 1]`.
fn by_column(
    models: &Models<'_>,
    mixtures: &[[(usize, f64); 2]],
    n_columns: usize,
) -> (Vec<usize>, Vec<Entry>) {
    let merged: Vec<(Vec<usize>, Vec<f64>)> = mixtures
        .iter()
        .map(|&[(left, share), (right, rest)]| {
            merge(&models.beta[left], share, &models.beta[right], rest)
        })
        .collect();
    let mut start = vec![0usize; n_columns + 1];
    for (index, _) in &merged {
        for &j in index {
            start[j + 1] += 1;
        }
    }
    for j in 0..n_columns {
        start[j + 1] += start[j];
    }
    let mut next = start.clone();
    let mut entries = vec![Entry::default(); start[n_columns]];
    for (m, (index, value)) in merged.iter().enumerate() {
        for (&j, &value) in index.iter().zip(value) {
            entries[next[j]] = Entry {
                lambda: m as u32,
                value,
            };
            next[j] += 1;
        }
    }
    (start, entries)
}

/// `share * left + rest * right`, columns ascending.
fn merge(
    left: &SparseCoefficients,
    share: f64,
    right: &SparseCoefficients,
    rest: f64,
) -> (Vec<usize>, Vec<f64>) {
    if rest == 0.0 || share == 0.0 {
        let (model, factor) = if rest == 0.0 {
            (left, share)
        } else {
            (right, rest)
        };
        let value = model.value.iter().map(|b| factor * b).collect();
        return (model.index.clone(), value);
    }
    let (mut index, mut value) = (Vec::new(), Vec::new());
    let (mut a, mut b) = (0, 0);
    while a < left.index.len() || b < right.index.len() {
        let next = |model: &SparseCoefficients, k: usize| {
            model.index.get(k).copied().unwrap_or(usize::MAX)
        };
        let (in_left, in_right) = (next(left, a), next(right, b));
        let j = in_left.min(in_right);
        let mut sum = 0.0;
        if in_left == j {
            sum += share * left.value[a];
            a += 1;
        }
        if in_right == j {
            sum += rest * right.value[b];
            b += 1;
        }
        index.push(j);
        value.push(sum);
    }
    (index, value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merging_adds_what_both_have_and_keeps_what_one_has() {
        let sparse = |index: &[usize], value: &[f64]| SparseCoefficients {
            index: index.to_vec(),
            value: value.to_vec(),
        };
        let (left, right) = (
            sparse(&[1, 4], &[2.0, 8.0]),
            sparse(&[0, 4, 7], &[4.0, 4.0, 1.0]),
        );
        let (index, value) = merge(&left, 0.25, &right, 0.75);
        assert_eq!(index, [0, 1, 4, 7]);
        assert_eq!(value, [3.0, 0.5, 5.0, 0.75]);
        assert_eq!(merge(&left, 1.0, &right, 0.0), (vec![1, 4], vec![2.0, 8.0]));
    }
}
