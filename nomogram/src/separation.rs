//! Exact detection of separation: whether some combination of the predictors divides events from non-events, so that coefficients have
//! no finite maximum likelihood estimate.
//!
//! Let aᵢ = sᵢ xᵢ with sᵢ = +1 for events and -1 for others. The data are separated if a direction d exists with no negative
//! product aᵢ·d and some positive one. These directions form a cone; with c = Σ aᵢ, the projection of c onto it is zero exactly if
//! there are none (c·d is positive for every such d). The projection is c + Σ λᵢ aᵢ with λ not negative, of least length: a
//! non-negative least squares problem with as many unknowns as rows but never more active ones than columns (Lawson and Hanson).
//! The result carries its own proof: its product with every aᵢ is checked. The linear program of Konis (2007) answers the same
//! question.

use nalgebra::{DMatrix, DVector};

use crate::error::{Divergence, Error, SeparatedColumn, SeparationKind};
use crate::irls::Problem;
use crate::standardized::Standardized;

/// What was found, with indices of design columns.
pub(crate) struct Separated {
    pub kind: SeparationKind,
    /// Columns of a smallest separating set and whether their coefficient grows (`true`) or falls.
    pub columns: Vec<(usize, bool)>,
}

impl Separated {
    pub fn into_error(self, name: impl Fn(usize) -> String) -> Error {
        let columns = self
            .columns
            .into_iter()
            .map(|(column, grows)| SeparatedColumn {
                name: name(column),
                divergence: if grows {
                    Divergence::PlusInfinity
                } else {
                    Divergence::MinusInfinity
                },
            })
            .collect();
        Error::Separation {
            kind: self.kind,
            columns,
        }
    }
}

/// Products below this, relative to the lengths of both vectors, count as zero.
const ZERO: f64 = 1e-8;

/// Searches for separation; `None` if events and non-events overlap in every direction.
pub(crate) fn find(problem: &Problem<'_>) -> Option<Separated> {
    let standardized = Standardized::new(problem.x, problem.weights);
    let rows: Vec<usize> = (0..problem.y.len())
        .filter(|&i| problem.weight(i) > 0.0)
        .collect();
    let signed = DMatrix::from_fn(standardized.kept.len(), rows.len(), |j, k| {
        let i = rows[k];
        if problem.y[i] {
            standardized.z[(i, j)]
        } else {
            -standardized.z[(i, j)]
        }
    });
    let direction = separating_direction(&signed)?;
    let kind = kind_of(&signed, &direction);
    let columns = smallest_set(&signed, direction);
    let columns = columns
        .into_iter()
        .map(|(k, grows)| (standardized.kept[k], grows))
        .collect();
    Some(Separated { kind, columns })
}

/// A direction with non-negative products with all columns of `signed` and a positive one with some.
fn separating_direction(signed: &DMatrix<f64>) -> Option<DVector<f64>> {
    let n = signed.ncols();
    if n == 0 {
        return None;
    }
    let mut c = DVector::zeros(signed.nrows());
    for column in signed.column_iter() {
        c += column;
    }
    c /= n as f64;
    let longest = signed.column_iter().map(|a| a.norm()).fold(0.0, f64::max);
    let d = residual_of_nnls(signed, &c, longest)?;
    let length = d.norm();
    if length <= ZERO * longest {
        return None;
    }
    let products = signed.tr_mul(&d);
    let scale = length * longest;
    let (low, high) = products
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), &v| {
            (l.min(v), h.max(v))
        });
    (low >= -ZERO * scale && high > ZERO * scale).then(|| d / length)
}

/// `c + Σ λᵢ aᵢ` of least length with λ ≥ 0; `None` if the active set does not settle.
fn residual_of_nnls(a: &DMatrix<f64>, c: &DVector<f64>, longest: f64) -> Option<DVector<f64>> {
    let p = a.nrows();
    let mut active: Vec<usize> = Vec::new();
    let mut lambda: Vec<f64> = Vec::new();
    let mut residual = c.clone();
    for _ in 0..20 * p + 100 {
        let products = a.tr_mul(&residual);
        let worst = products
            .iter()
            .enumerate()
            .min_by(|x, y| x.1.total_cmp(y.1))?;
        if *worst.1 >= -1e-12 * longest * longest || *worst.1 >= -1e-10 * residual.norm() * longest
        {
            return Some(residual);
        }
        if active.contains(&worst.0) {
            return Some(residual);
        }
        active.push(worst.0);
        lambda.push(0.0);
        settle(a, c, &mut active, &mut lambda)?;
        residual = c.clone();
        for (&i, &l) in active.iter().zip(&lambda) {
            residual += a.column(i) * l;
        }
    }
    None
}

/// Least squares on the active set, leaving those whose multiplier would turn negative.
fn settle(
    a: &DMatrix<f64>,
    c: &DVector<f64>,
    active: &mut Vec<usize>,
    lambda: &mut Vec<f64>,
) -> Option<()> {
    loop {
        if active.is_empty() {
            return Some(());
        }
        let sub = a.select_columns(active.iter());
        let solution = sub.svd(true, true).solve(&(-c), 1e-13).ok()?;
        if solution.iter().all(|&v| v > 0.0) {
            lambda.copy_from_slice(solution.as_slice());
            return Some(());
        }
        let step = solution
            .iter()
            .zip(lambda.iter())
            .filter(|&(&s, _)| s <= 0.0)
            .map(|(&s, &l)| if l - s > 0.0 { l / (l - s) } else { 0.0 })
            .fold(1.0, f64::min);
        for (l, &s) in lambda.iter_mut().zip(solution.iter()) {
            *l += step * (s - *l);
        }
        let before = active.len();
        let keep: Vec<bool> = lambda
            .iter()
            .zip(solution.iter())
            .map(|(&l, &s)| l > 1e-14 || s > 0.0)
            .collect();
        retain(active, &keep);
        retain(lambda, &keep);
        if active.len() == before {
            return None;
        }
    }
}

fn retain<T: Copy>(list: &mut Vec<T>, keep: &[bool]) {
    let mut flags = keep.iter();
    list.retain(|_| *flags.next().expect("one flag per entry"));
}

/// Complete if directions exist one after the other that leave no row undecided.
fn kind_of(signed: &DMatrix<f64>, first: &DVector<f64>) -> SeparationKind {
    let mut left = signed.clone();
    let mut direction = Some(first.clone());
    while let Some(d) = direction {
        let longest = left.column_iter().map(|a| a.norm()).fold(0.0, f64::max);
        let products = left.tr_mul(&d);
        let undecided: Vec<usize> = (0..left.ncols())
            .filter(|&i| products[i] <= ZERO * longest)
            .collect();
        if undecided.is_empty() {
            return SeparationKind::Complete;
        }
        if undecided.len() == left.ncols() {
            break;
        }
        left = left.select_columns(undecided.iter());
        direction = separating_direction(&left);
    }
    SeparationKind::Quasi
}

/// Leaves out columns one by one, least important first, while the rest still separates.
fn smallest_set(signed: &DMatrix<f64>, direction: DVector<f64>) -> Vec<(usize, bool)> {
    let mut order: Vec<usize> = (1..signed.nrows()).collect();
    order.sort_by(|&a, &b| direction[a].abs().total_cmp(&direction[b].abs()));
    let mut kept: Vec<usize> = (0..signed.nrows()).collect();
    let mut best = direction;
    for candidate in order {
        let fewer: Vec<usize> = kept.iter().copied().filter(|&k| k != candidate).collect();
        if let Some(d) = separating_direction(&signed.select_rows(fewer.iter())) {
            kept = fewer;
            best = d;
        }
    }
    kept.iter()
        .zip(best.iter())
        .filter(|&(&k, _)| k > 0)
        .map(|(&k, &d)| (k, d > 0.0))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem_columns(rows: &[&[f64]]) -> DMatrix<f64> {
        DMatrix::from_fn(rows.len(), rows[0].len() + 1, |i, j| {
            if j == 0 { 1.0 } else { rows[i][j - 1] }
        })
    }

    fn find_in(rows: &[&[f64]], y: &[bool]) -> Option<Separated> {
        let x = problem_columns(rows);
        find(&Problem {
            x: &x,
            y,
            weights: None,
            offset: None,
        })
    }

    #[test]
    fn overlap_is_not_separation() {
        let y = [false, true, false, true, true];
        assert!(find_in(&[&[1.0], &[2.0], &[3.0], &[4.0], &[5.0]], &y).is_none());
    }

    #[test]
    fn complete_separation_names_the_column_and_its_sign() {
        let y = [false, false, true, true];
        let found =
            find_in(&[&[0.3, 4.0], &[0.9, 3.0], &[0.1, 2.0], &[0.5, 1.0]], &y).expect("separated");
        assert_eq!(found.kind, SeparationKind::Complete);
        assert_eq!(found.columns, vec![(2, false)]);
    }

    #[test]
    fn one_tie_makes_it_quasi_complete() {
        let y = [false, false, true, true];
        let found = find_in(&[&[1.0], &[2.0], &[2.0], &[3.0]], &y).expect("separated");
        assert_eq!(found.kind, SeparationKind::Quasi);
        assert_eq!(found.columns, vec![(1, true)]);
    }

    #[test]
    fn a_pair_of_columns_that_separates_only_together_is_named_whole() {
        // Events exactly where x1 + x2 > 0; neither alone separates.
        let rows: [&[f64]; 6] = [
            &[2.0, -1.0],
            &[-1.0, 2.0],
            &[1.0, 1.0],
            &[-2.0, 1.0],
            &[1.0, -2.0],
            &[-1.0, -1.0],
        ];
        let y = [true, true, true, false, false, false];
        let found = find_in(&rows, &y).expect("separated");
        assert_eq!(found.kind, SeparationKind::Complete);
        assert_eq!(found.columns.len(), 2);
    }
}
