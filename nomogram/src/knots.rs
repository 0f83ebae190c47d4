//! Where the knots of a restricted cubic spline go when only their number is given, as Hmisc's `rcspline.eval` (the default of rms) puts them.
//!
//! 1. With at most `n_knots + 2` distinct values the knots are the distinct values but for the first and the last.
//! 2. Else they lie at quantiles, equally spaced between outer ones (.10 and .90 for 3 knots, .05 and .95 for 4 to 6, .025 and .975 for 7).
//! 3. A heap of at least 5 % of the values at one end, with no such heap inside, takes no knot: the outer knot is the next value, and the
//!    others lie at quantiles of what is beyond it.
//! 4. If heaps make quantiles coincide, twice as many are taken.
//! 5. Below 100 values the outer quantiles become the fifth value from either end.
//!
//! Harrell, *Regression Modeling Strategies*, 2015, 2.4.6.

use eval_stats::quantile::{QuantileType, of_sorted};

/// Share of the values from which those at one place are a heap.
const HEAP: f64 = 0.05;

/// Increasing knots; fewer than asked for where values are few, and fewer than 3 where no spline can be fitted. `sorted` is not empty.
pub(crate) fn placed(sorted: &[f64], n_knots: usize) -> Vec<f64> {
    let mut distinct = sorted.to_vec();
    distinct.dedup();
    if distinct.len() <= n_knots + 2 {
        let interior = distinct.len().saturating_sub(1);
        return distinct.get(1..interior).unwrap_or(&[]).to_vec();
    }
    let (first, last) = behind_heaps(sorted, &distinct);
    let inner: Vec<f64> = sorted
        .iter()
        .copied()
        .filter(|&v| first.is_none_or(|f| v > f) && last.is_none_or(|l| v < l))
        .collect();
    let wanted = n_knots - usize::from(first.is_some()) - usize::from(last.is_some());
    let mut knots: Vec<f64> = first.into_iter().chain(last).collect();
    if !inner.is_empty() {
        knots.extend(inner_knots(&inner, wanted, n_knots, (first, last)));
    }
    knots.sort_by(f64::total_cmp);
    knots.dedup();
    knots
}

/// The values next to a heap at the lower and at the upper end, unless a heap lies inside.
fn behind_heaps(sorted: &[f64], distinct: &[f64]) -> (Option<f64>, Option<f64>) {
    let n = sorted.len() as f64;
    let share = |v: f64| {
        let from = sorted.partition_point(|&s| s < v);
        let to = sorted.partition_point(|&s| s <= v);
        (to - from) as f64 / n
    };
    let last = distinct.len() - 1;
    if distinct[1..last].iter().any(|&v| share(v) >= HEAP) {
        return (None, None);
    }
    let heap_at = |k: usize| share(distinct[k]) >= HEAP;
    (
        heap_at(0).then(|| distinct[1]),
        heap_at(last).then(|| distinct[last - 1]),
    )
}

fn inner_knots(
    inner: &[f64],
    wanted: usize,
    n_knots: usize,
    (first, last): (Option<f64>, Option<f64>),
) -> Vec<f64> {
    let at = |p: f64| of_sorted(inner, p, QuantileType::Type7);
    if wanted == 1 {
        return vec![at(0.5)];
    }
    let outer = outer_quantile(n_knots);
    let lowest = if wanted == 2 { 0.5 } else { outer };
    let mut knots: Vec<f64> = spaced(lowest, 1.0 - outer, wanted).map(at).collect();
    if n_distinct(&knots) < wanted.min(3) {
        knots = spaced(outer, 1.0 - outer, 2 * wanted).map(at).collect();
        if let Some(first) = first.filter(|_| n_distinct(&knots) < 3) {
            let middle = last.map_or_else(|| at(0.5), |last| 0.5 * (first + last));
            knots = vec![first, middle, last.unwrap_or_else(|| at(1.0 - outer))];
        }
    }
    if inner.len() < 100 {
        let (fifth, fifth_last) = (inner.get(4), inner.len().checked_sub(5));
        if let (None, Some(&value)) = (first, fifth) {
            knots[0] = value;
        }
        if let (None, Some(place)) = (last, fifth_last) {
            knots[wanted - 1] = inner[place];
        }
    }
    knots
}

fn outer_quantile(n_knots: usize) -> f64 {
    match n_knots {
        ..=3 => 0.1,
        4..=6 => 0.05,
        _ => 0.025,
    }
}

/// Equally spaced numbers from `low` to `high`.
fn spaced(low: f64, high: f64, n: usize) -> impl Iterator<Item = f64> {
    let step = (high - low) / (n - 1) as f64;
    (0..n).map(move |i| {
        if i + 1 == n {
            high
        } else {
            low + step * i as f64
        }
    })
}

fn n_distinct(values: &[f64]) -> usize {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.dedup();
    sorted.len()
}
