//! How much of a feature's terms others explain: small matrices, one row and column a term.

use crate::linalg::{axpy, dot};

/// Terms of which less than this share of the variance lies outside the earlier ones are left out.
const DEPENDENT: f64 = 1e-14;

/// Products of columns scaled to length 1.
pub(super) fn gram(columns: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let lengths: Vec<f64> = columns.iter().map(|c| dot(c, c).sqrt()).collect();
    let of = |(a, la): (&Vec<f64>, &f64)| {
        let others = columns.iter().zip(&lengths);
        others.map(|(b, lb)| dot(a, b) / (la * lb)).collect()
    };
    columns.iter().zip(&lengths).map(of).collect()
}

/// Share of the first term's variance that other features leave.
///
/// `rows` are the rows of the inverse triangle that belong to the feature's terms, each from its diagonal entry to the common end,
/// the first term's first.
/// With `W` for them, the terms' covariance given all other features is `(W W')⁻¹`, whose first diagonal entry is the inverse of the squared length that
/// the first row has outside the span of the others.
pub(super) fn unexplained(rows: &[Vec<f64>]) -> f64 {
    let rows = aligned(rows);
    let mut directions: Vec<Vec<f64>> = Vec::with_capacity(rows.len());
    let mut outside = f64::INFINITY;
    for mut rest in rows.into_iter().rev() {
        for _ in 0..2 {
            for direction in &directions {
                axpy(-dot(direction, &rest), direction, &mut rest);
            }
        }
        outside = dot(&rest, &rest);
        let length = outside.sqrt();
        rest.iter_mut().for_each(|v| *v /= length);
        directions.push(rest);
    }
    1.0 / outside
}

/// As [`unexplained`], of the transformation of the feature of which the others leave least: `1 - ρ²` with the first canonical
/// correlation `ρ`, the inverse of the largest eigenvalue of `W W' S` with the products `S` of the terms.
pub(super) fn least_unexplained(rows: &[Vec<f64>], gram: &[Vec<f64>]) -> f64 {
    let rows = aligned(rows);
    let (kept, factor) = cholesky(gram);
    debug_assert_eq!(kept.len(), rows.len());
    // Columns of the factor weigh the rows.
    let weighted: Vec<Vec<f64>> = (0..kept.len())
        .map(|c| {
            let mut sum = vec![0.0; rows[0].len()];
            for (line, row) in factor.iter().zip(&rows).skip(c) {
                axpy(line[c], row, &mut sum);
            }
            sum
        })
        .collect();
    1.0 / largest_eigenvalue(products(&weighted))
}

/// Share of the variance that is explained of the feature's best explained transformation, from the terms' coordinates in the span of the others and their products.
pub(super) fn largest_explained(coordinates: &[&[f64]], gram: &[Vec<f64>]) -> f64 {
    let (kept, factor) = cholesky(gram);
    let mut whitened: Vec<Vec<f64>> = Vec::with_capacity(kept.len());
    for (line, &term) in factor.iter().zip(&kept) {
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

/// Rows with a common end, filled up with zeros in front.
fn aligned(rows: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let width = rows.iter().map(Vec::len).max().unwrap_or(0);
    rows.iter()
        .map(|row| {
            let mut filled = vec![0.0; width - row.len()];
            filled.extend_from_slice(row);
            filled
        })
        .collect()
}

fn products(vectors: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let of = |a: &Vec<f64>| vectors.iter().map(|b| dot(a, b)).collect();
    vectors.iter().map(of).collect()
}

/// Independent terms in order, and the lower triangle `L` with `S = L L'` of their products.
fn cholesky(gram: &[Vec<f64>]) -> (Vec<usize>, Vec<Vec<f64>>) {
    let (mut kept, mut factor): (Vec<usize>, Vec<Vec<f64>>) = (Vec::new(), Vec::new());
    for (term, products) in gram.iter().enumerate() {
        let mut line: Vec<f64> = Vec::with_capacity(kept.len() + 1);
        for (c, &earlier) in kept.iter().enumerate() {
            let rest = products[earlier] - dot(&line[..c], &factor[c][..c]);
            line.push(rest / factor[c][c]);
        }
        let pivot = products[term] - dot(&line, &line);
        if pivot > DEPENDENT {
            line.push(pivot.sqrt());
            factor.push(line);
            kept.push(term);
        }
    }
    (kept, factor)
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
    for k in 0..a.len() {
        let (x, y) = (a[p][k], a[q][k]);
        a[p][k] = c * x - s * y;
        a[q][k] = s * x + c * y;
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
    fn explained_and_unexplained_agree_for_two_terms() {
        // Terms of length 1 with product 0.6; the others span the first axis of three.
        let gram = vec![vec![1.0, 0.6], vec![0.6, 1.0]];
        let explained = largest_explained(&[&[0.8], &[0.5]], &gram);
        // z' S⁻¹ z for a single coordinate.
        let expected = (0.64 - 2.0 * 0.6 * 0.4 + 0.25) / 0.64;
        assert!((explained - expected).abs() < 1e-14);
    }
}
