//! Standardized difference of a categorical variable.

use super::margins;
use crate::error::Result;

/// Standardized difference of two groups' shares, after Yang and Dalton (SAS Global Forum 2012,
/// paper 335): the Mahalanobis distance
///
/// ```text
/// d = √( (p_a - p_b)' S⁻¹ (p_a - p_b) ),  S = ((diag p_a - p_a p_a') + (diag p_b - p_b p_b'))/2
/// ```
///
/// of all categories but one; which one is left out does not matter. For two categories it is
/// `|p_a - p_b| / √((p_a (1 - p_a) + p_b (1 - p_b))/2)`. Categories that neither group has are left
/// out. `None` if one of the groups is empty, if nothing varies (one category holds everybody), or
/// if no category occurs in both groups, for which the distance is infinite.
///
/// ```
/// use eval_stats::contingency::standardized_difference;
/// // 30 % against 50 %: 0.2/√((0.21 + 0.25)/2)
/// let d = standardized_difference(&[3, 7], &[5, 5])?.unwrap();
/// assert!((d - 0.2 / 0.23_f64.sqrt()).abs() < 1e-14);
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::TooFew`](crate::Error::TooFew) for fewer than two categories,
/// [`Error::TableShape`](crate::Error::TableShape) if the groups do not have the same categories,
/// [`Error::TooMany`](crate::Error::TooMany) beyond 2^53 subjects.
pub fn standardized_difference(a: &[u64], b: &[u64]) -> Result<Option<f64>> {
    let m = margins(&[a.to_vec(), b.to_vec()])?;
    if m.rows.contains(&0) || !a.iter().zip(b).any(|(&x, &y)| x > 0 && y > 0) {
        return Ok(None);
    }
    let share = |counts: &[u64], total: u64| -> Vec<f64> {
        counts
            .iter()
            .zip(&m.columns)
            .filter(|(_, column)| **column > 0)
            .map(|(&x, _)| x as f64 / total as f64)
            .collect()
    };
    let (p, q) = (share(a, m.rows[0]), share(b, m.rows[1]));
    // The category that is left out must occur in both groups, or the rest would be singular.
    let common = (0..p.len()).max_by(|&i, &j| (p[i] * q[i]).total_cmp(&(p[j] * q[j])));
    let kept: Vec<usize> = (0..p.len()).filter(|&i| Some(i) != common).collect();
    if kept.is_empty() {
        return Ok(None);
    }
    let covariance = |i: usize, j: usize| {
        if i == j {
            0.5 * (p[i] * (1.0 - p[i]) + q[i] * (1.0 - q[i]))
        } else {
            -0.5 * (p[i] * p[j] + q[i] * q[j])
        }
    };
    let s = kept
        .iter()
        .map(|&i| kept.iter().map(|&j| covariance(i, j)).collect())
        .collect();
    let d = kept.iter().map(|&i| p[i] - q[i]).collect();
    Ok(Some(quadratic_form_of_inverse(s, d).sqrt()))
}

/// `d' S⁻¹ d` of a positive definite `S`, by its Cholesky factor.
fn quadratic_form_of_inverse(mut s: Vec<Vec<f64>>, mut d: Vec<f64>) -> f64 {
    let k = d.len();
    for i in 0..k {
        for j in 0..=i {
            let (above, rest) = s.split_at_mut(i);
            let row_j = if j < i { &above[j] } else { &rest[0] };
            let dot: f64 = (0..j).map(|l| rest[0][l] * row_j[l]).sum();
            let value = rest[0][j] - dot;
            let pivot = if j < i { row_j[j] } else { value.sqrt() };
            rest[0][j] = if j < i { value / pivot } else { pivot };
        }
        let dot: f64 = (0..i).map(|l| s[i][l] * d[l]).sum();
        d[i] = (d[i] - dot) / s[i][i];
    }
    d.iter().map(|v| v * v).sum()
}
