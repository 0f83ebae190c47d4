//! Restricted cubic splines with the knots that Hmisc places.
//!
//! Source: F. E. Harrell, "Regression Modeling Strategies", 2nd edition, section 2.4.5, doi 10.1007/978-3-319-19425-7.

use eval_stats::quantile::{QuantileType, of_sorted};

/// Share of the rows from which on a value at the end of the range counts as a pile.
const PILE: f64 = 0.05;
/// Rows below which the outer knots are the fifth smallest and largest values.
const MANY_ROWS: usize = 100;

/// Knots for a column, ascending, or `None` where fewer than three can be told apart.
///
/// The knots are quantiles at equal steps from 0.1 to 0.9 (three knots), 0.05 to 0.95 (up to six) or 0.025 to 0.975. With fewer than 100 rows the outer ones are
/// the fifth smallest and fifth largest value. A pile of equal values at an end of the range takes the next value as
/// a knot and leaves the rest to the values inside. With few distinct values the knots are those inside the range.
pub(super) fn knots(column: &[f64], count: usize) -> Option<Vec<f64>> {
    let mut sorted = column.to_vec();
    sorted.sort_by(f64::total_cmp);
    let groups: Vec<(f64, f64)> = sorted
        .chunk_by(|a, b| a == b)
        .map(|group| (group[0], group.len() as f64 / column.len() as f64))
        .collect();
    let found = if groups.len() <= count + 2 {
        let inside = groups.get(1..groups.len().saturating_sub(1))?;
        inside.iter().map(|g| g.0).collect()
    } else {
        spread(&sorted, &groups, count)?
    };
    let found = distinct(found);
    (found.len() >= 3).then_some(found)
}

fn spread(sorted: &[f64], groups: &[(f64, f64)], count: usize) -> Option<Vec<f64>> {
    let outer = match count {
        ..=3 => 0.1,
        4..=6 => 0.05,
        _ => 0.025,
    };
    let (mut inner, mut first, mut last) = (sorted, None, None);
    let piles_inside = groups[1..groups.len() - 1].iter().any(|g| g.1 >= PILE);
    if !piles_inside && groups[0].1 >= PILE {
        let knot = groups[1].0;
        first = Some(knot);
        inner = &inner[inner.partition_point(|&v| v <= knot)..];
    }
    if !piles_inside && groups[groups.len() - 1].1 >= PILE {
        let top = *inner.last()?;
        let knot = inner[inner.partition_point(|&v| v < top).checked_sub(1)?];
        last = Some(knot);
        inner = &inner[..inner.partition_point(|&v| v < knot)];
    }
    if inner.is_empty() {
        return None;
    }
    let own = count - usize::from(first.is_some()) - usize::from(last.is_some());
    let mut knots = if own == 1 {
        vec![of_sorted(inner, 0.5, QuantileType::Type7)]
    } else {
        let from = if own == 2 { 0.5 } else { outer };
        let knots = quantiles(inner, from, 1.0 - outer, own);
        if distinct(knots.clone()).len() < own.min(3) {
            denser(inner, outer, own, first, last)?
        } else {
            knots
        }
    };
    if own > 1 && inner.len() < MANY_ROWS {
        // A value that does not exist is no knot.
        if first.is_none() {
            knots[0] = inner.get(4).copied().unwrap_or(f64::NAN);
        }
        if last.is_none() {
            let fifth = inner.len().checked_sub(5).map(|i| inner[i]);
            knots[own - 1] = fifth.unwrap_or(f64::NAN);
        }
    }
    knots.extend(first);
    knots.extend(last);
    Some(knots)
}

/// Twice as many quantiles where ties make the intended ones fall together.
fn denser(
    inner: &[f64],
    outer: f64,
    own: usize,
    first: Option<f64>,
    last: Option<f64>,
) -> Option<Vec<f64>> {
    let mut knots = quantiles(inner, outer, 1.0 - outer, 2 * own);
    if let Some(first) = first.filter(|_| distinct(knots.clone()).len() < 3) {
        let middle = match last {
            Some(last) => 0.5 * (first + last),
            None => of_sorted(inner, 0.5, QuantileType::Type7),
        };
        let high = last.unwrap_or_else(|| of_sorted(inner, 1.0 - outer, QuantileType::Type7));
        knots = vec![first, middle, high];
        knots.sort_by(f64::total_cmp);
    }
    (distinct(knots.clone()).len() >= 3).then_some(knots)
}

fn quantiles(sorted: &[f64], from: f64, to: f64, count: usize) -> Vec<f64> {
    let step = (to - from) / (count as f64 - 1.0);
    (0..count)
        .map(|k| {
            of_sorted(
                sorted,
                (from + k as f64 * step).min(1.0),
                QuantileType::Type7,
            )
        })
        .collect()
}

fn distinct(mut knots: Vec<f64>) -> Vec<f64> {
    knots.retain(|k| !k.is_nan());
    knots.sort_by(f64::total_cmp);
    knots.dedup();
    knots
}

/// The column itself and one term for every knot but two: cubic between the outer knots `t_1` and `t_k`, linear beyond,
/// each divided by `(t_k - t_1)²` so that it has the unit of the column.
pub(super) fn terms(column: &[f64], knots: &[f64]) -> Vec<Vec<f64>> {
    let k = knots.len();
    let (last, before) = (knots[k - 1], knots[k - 2]);
    let unit = (last - knots[0]).powf(2.0 / 3.0);
    let cube = |v: f64| (v / unit).max(0.0).powi(3);
    let mut terms = vec![column.to_vec()];
    terms.extend(knots[..k - 2].iter().map(|&t| {
        let term = |&x: &f64| {
            let beyond = (before - t) * cube(x - last) - (last - t) * cube(x - before);
            cube(x - t) + beyond / (last - before)
        };
        column.iter().map(term).collect()
    }));
    terms
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_linear_beyond_the_outer_knots() {
        let x: Vec<f64> = (0..40).map(f64::from).collect();
        let terms = terms(&x, &[10.0, 17.0, 20.0, 31.0]);
        assert_eq!(terms.len(), 3);
        for term in &terms[1..] {
            assert!(term[..11].iter().all(|&v| v == 0.0));
            let bend = |i: usize| term[i + 1] - 2.0 * term[i] + term[i - 1];
            assert!((32..39).all(|i| bend(i).abs() < 1e-12));
            assert!(bend(22).abs() > 1e-3);
        }
    }

    #[test]
    fn few_values_give_the_ones_inside() {
        let x: Vec<f64> = (0..20).map(|i| f64::from(i % 5)).collect();
        assert_eq!(knots(&x, 3), Some(vec![1.0, 2.0, 3.0]));
        let two: Vec<f64> = (0..20).map(|i| f64::from(i % 4)).collect();
        assert_eq!(knots(&two, 3), None);
    }
}
