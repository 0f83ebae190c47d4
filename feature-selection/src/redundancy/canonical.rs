//! How much of a feature's terms others explain: small matrices, one row and column a term.

use super::basis::Basis;
use crate::linalg::{axpy, dot};

/// The terms of a feature and their products `S = L L'`.
#[derive(Debug, Clone)]
pub(super) struct FeatureTerms {
    /// Number of terms.
    pub(super) n: usize,
    /// Terms that earlier ones do not determine.
    kept: Vec<usize>,
    /// Rows of `L`, one for each of those.
    factor: Vec<Vec<f64>>,
}

impl FeatureTerms {
    /// A feature that enters as it is.
    pub(super) fn single() -> Self {
        Self {
            n: 1,
            kept: vec![0],
            factor: vec![vec![1.0]],
        }
    }

    /// From centered columns. The triangle comes from an orthogonalization: spline terms are nearly collinear, and their
    /// products have lost half of the digits.
    pub(super) fn new(columns: &[Vec<f64>]) -> Self {
        let pivots = Basis::new(columns.iter().map(|c| (0, c.clone()))).pivots;
        let (kept, factor) = pivots.into_iter().map(|c| (c.term, c.coordinates)).unzip();
        Self {
            n: columns.len(),
            kept,
            factor,
        }
    }
}

/// Share of the variance that is explained of the feature's best explained transformation, from the terms' coordinates in the span
/// of the others.
pub(super) fn largest_explained(coordinates: &[&[f64]], terms: &FeatureTerms) -> f64 {
    let mut whitened: Vec<Vec<f64>> = Vec::with_capacity(terms.kept.len());
    for (line, &term) in terms.factor.iter().zip(&terms.kept) {
        let mut rest = coordinates[term].to_vec();
        for (&weight, earlier) in line.iter().zip(&whitened) {
            axpy(-weight, earlier, &mut rest);
        }
        let pivot = line[whitened.len()];
        rest.iter_mut().for_each(|v| *v /= pivot);
        whitened.push(rest);
    }
    largest_eigenvalue(products(&whitened))
}

fn products(vectors: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let of = |a: &Vec<f64>| vectors.iter().map(|b| dot(a, b)).collect();
    vectors.iter().map(of).collect()
}

/// Largest eigenvalue of a symmetric matrix by Jacobi's rotations.
fn largest_eigenvalue(mut a: Vec<Vec<f64>>) -> f64 {
    const MOST_SWEEPS: usize = 60;
    let n = a.len();
    for _ in 0..MOST_SWEEPS {
        let diagonal: f64 = (0..n).map(|i| a[i][i].abs()).sum();
        let mut rotated = false;
        for p in 0..n {
            for q in p + 1..n {
                if a[p][q].abs() > f64::EPSILON * f64::EPSILON * diagonal {
                    rotate(&mut a, p, q);
                    rotated = true;
                }
            }
        }
        if !rotated {
            break;
        }
    }
    (0..n).map(|i| a[i][i]).fold(0.0, f64::max)
}

/// Makes the entry `(p, q)` zero.
fn rotate(a: &mut [Vec<f64>], p: usize, q: usize) {
    let theta = 0.5 * (a[q][q] - a[p][p]) / a[p][q];
    let t = theta.signum() / (theta.abs() + theta.hypot(1.0));
    let c = 1.0 / t.hypot(1.0);
    let s = t * c;
    for row in a.iter_mut() {
        let (x, y) = (row[p], row[q]);
        row[p] = c * x - s * y;
        row[q] = s * x + c * y;
    }
    let (above, below) = a.split_at_mut(q);
    for (x, y) in above[p].iter_mut().zip(&mut below[0]) {
        (*x, *y) = (c * *x - s * *y, s * *x + c * *y);
    }
    a[p][q] = 0.0;
    a[q][p] = 0.0;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eigenvalue_of_a_known_matrix() {
        // 2 - 2 cos(k π / 4): the largest for three points on a line is 2 + √2.
        let line = vec![
            vec![2.0, -1.0, 0.0],
            vec![-1.0, 2.0, -1.0],
            vec![0.0, -1.0, 2.0],
        ];
        assert!((largest_eigenvalue(line) - (2.0 + 2.0_f64.sqrt())).abs() < 1e-14);
    }

    #[test]
    fn two_terms_and_one_direction() {
        // Terms of length 1 with product 0.6; the others span the first axis of three.
        let terms = FeatureTerms {
            n: 2,
            kept: vec![0, 1],
            factor: vec![vec![1.0], vec![0.6, 0.8]],
        };
        let explained = largest_explained(&[&[0.8], &[0.5]], &terms);
        // z' S⁻¹ z for a single coordinate.
        let expected = (0.64 - 2.0 * 0.6 * 0.4 + 0.25) / 0.64;
        assert!((explained - expected).abs() < 1e-14);
    }
}
