//! Indices of stability of a selection that was repeated.

use std::collections::BTreeMap;

use eval_stats::special::normal_quantile;

use crate::error::{Error, Result, check_setting as check};

/// Stability of `M` selections among `d` features.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct StabilityIndex {
    /// Nogueira's index, at most 1 (the same set every time) and 0 on average for random sets of the same sizes; NaN if every set is empty or
    /// every set holds all features, where chance and agreement cannot be told apart.
    ///
    /// ```text
    /// Φ = 1 - (1/d) Σ_f M/(M-1) p_f (1 - p_f) / ( k/d (1 - k/d) )
    /// ```
    /// with `p_f` the share of the sets that hold feature `f` and `k` the mean size of a set.
    pub value: f64,
    /// Estimated standard error of `value`; NaN where it is.
    pub standard_error: f64,
    /// Lower confidence limit, by the normal approximation in `M`; not cut at 0.
    pub ci_low: f64,
    /// Upper confidence limit; not cut at 1.
    pub ci_high: f64,
    /// Confidence level.
    pub level: f64,
    /// Kuncheva's index, the mean over pairs of sets of `(r d - k²) / (k (d - k))` with `r` the size of their intersection. Defined for
    /// sets of one size `k` other than 0 and `d`, where it equals `value`; `None` otherwise.
    pub kuncheva: Option<f64>,
    /// Number of sets.
    pub n_sets: usize,
    /// Number of features selected from.
    pub n_features: usize,
    /// Mean size of a set.
    pub mean_size: f64,
}

/// Stability of repeated selections; each set lists columns below `n_features`, in any order.
///
/// The interval takes the sets as independent. Sets from the folds of a cross-validation share training rows, so that theirs is too short.
///
/// # Errors
/// [`Error::InvalidSetting`] for fewer than two sets, no features, a level outside (0, 1) or a column twice in a set;
/// [`Error::ColumnOutOfRange`].
///
/// # Differences
/// The R function published with the paper takes the last part of the variance with the wrong sign; the delta method and the authors'
/// Python package agree with the formula used here.
///
/// # Examples
/// ```
/// use feature_selection::stability::stability_index;
///
/// let sets = [vec![0, 1], vec![1, 0], vec![0, 2]];
/// let index = stability_index(&sets, 4, 0.95)?;
/// // p = 1, 2/3, 1/3, 0 and k = 2: 1 - (3/2) (2/9 + 2/9)/4 / (1/4)
/// assert!((index.value - 1.0 / 3.0).abs() < 1e-15);
/// // Intersections of 2, 1 and 1 features: 1, 0 and 0.
/// assert!((index.kuncheva.unwrap() - 1.0 / 3.0).abs() < 1e-15);
/// # Ok::<(), feature_selection::Error>(())
/// ```
pub fn stability_index(
    sets: &[Vec<usize>],
    n_features: usize,
    level: f64,
) -> Result<StabilityIndex> {
    let counts = checked_counts(sets, n_features, level)?;
    let (m, d) = (sets.len() as f64, n_features as f64);
    let share: BTreeMap<usize, f64> = counts.iter().map(|(&f, &c)| (f, c as f64 / m)).collect();
    let mean_size = sets.iter().map(Vec::len).sum::<usize>() as f64 / m;
    let chance = mean_size / d * (1.0 - mean_size / d);
    let spread: f64 = share.values().map(|p| p * (1.0 - p)).sum::<f64>() / d;
    // 0/0 where nothing or everything is always selected: NaN as documented.
    let value = 1.0 - m / (m - 1.0) * spread / chance;
    let influence = |set: &Vec<usize>| {
        let k = set.len() as f64;
        let shared: f64 = set.iter().map(|f| share[f]).sum::<f64>() / d;
        let sizes = 2.0 * mean_size * k / (d * d) - (k + mean_size) / d + 1.0;
        (shared - k * mean_size / (d * d) + 0.5 * value * sizes) / chance
    };
    let influences: Vec<f64> = sets.iter().map(influence).collect();
    let center = influences.iter().sum::<f64>() / m;
    let squares: f64 = influences.iter().map(|v| (v - center).powi(2)).sum();
    let standard_error = 2.0 / m * squares.sqrt();
    let half = normal_quantile(0.5 + 0.5 * level) * standard_error;
    Ok(StabilityIndex {
        value,
        standard_error,
        ci_low: value - half,
        ci_high: value + half,
        level,
        kuncheva: kuncheva(sets, &counts, n_features),
        n_sets: sets.len(),
        n_features,
        mean_size,
    })
}

/// How often each selected feature was, after the checks. Features never selected have no entry: their number takes no memory.
fn checked_counts(
    sets: &[Vec<usize>],
    n_features: usize,
    level: f64,
) -> Result<BTreeMap<usize, usize>> {
    check("sets", "at least 2", sets.len() as f64, sets.len() >= 2)?;
    check("features", "at least 1", n_features as f64, n_features > 0)?;
    check(
        "level",
        "a number in (0, 1)",
        level,
        level > 0.0 && level < 1.0,
    )?;
    let mut counts = BTreeMap::new();
    let mut last_seen = BTreeMap::new();
    for (i, set) in sets.iter().enumerate() {
        for &index in set {
            if index >= n_features {
                return Err(Error::ColumnOutOfRange {
                    what: "selected set",
                    index,
                    n_columns: n_features,
                });
            }
            let is_new = last_seen.insert(index, i) != Some(i);
            check("selected set", "every column once", index as f64, is_new)?;
            *counts.entry(index).or_insert(0) += 1;
        }
    }
    Ok(counts)
}

/// The mean over pairs needs the sum of all intersections only, and a feature in `c` sets is in `c (c-1) / 2` of them.
fn kuncheva(
    sets: &[Vec<usize>],
    counts: &BTreeMap<usize, usize>,
    n_features: usize,
) -> Option<f64> {
    let size = sets[0].len();
    if size == 0 || size == n_features || sets.iter().any(|s| s.len() != size) {
        return None;
    }
    let (m, k, d) = (sets.len() as f64, size as f64, n_features as f64);
    let shared: f64 = counts
        .values()
        .map(|&c| c as f64 * (c as f64 - 1.0) / 2.0)
        .sum();
    let mean_intersection = shared / (m * (m - 1.0) / 2.0);
    Some((mean_intersection * d - k * k) / (k * (d - k)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_set_every_time_is_perfectly_stable() {
        let index = stability_index(&[vec![1, 3], vec![3, 1], vec![1, 3]], 5, 0.95).unwrap();
        assert_eq!((index.value, index.standard_error), (1.0, 0.0));
        assert_eq!(index.kuncheva, Some(1.0));
        assert_eq!((index.ci_low, index.ci_high), (1.0, 1.0));
    }

    #[test]
    fn nothing_or_everything_selected_has_no_index() {
        for sets in [vec![vec![]; 3], vec![vec![0, 1]; 3]] {
            let index = stability_index(&sets, 2, 0.95).unwrap();
            assert!(index.value.is_nan() && index.standard_error.is_nan());
            assert_eq!(index.kuncheva, None);
        }
    }

    #[test]
    fn features_never_selected_take_no_memory() {
        let sets = [vec![0, 1], vec![1, usize::MAX - 1]];
        let index = stability_index(&sets, usize::MAX, 0.95).unwrap();
        // One of two shared and chance practically nil: 1 - 2 (1/4 + 1/4) / 2.
        assert!((index.value - 0.5).abs() < 1e-15);
    }

    #[test]
    fn bad_sets_are_refused() {
        let two = |a: &[usize], b: &[usize]| [a.to_vec(), b.to_vec()];
        assert!(stability_index(&[vec![0]], 2, 0.95).is_err());
        assert!(stability_index(&two(&[0], &[2]), 2, 0.95).is_err());
        assert!(stability_index(&two(&[0, 0], &[1]), 2, 0.95).is_err());
        assert!(stability_index(&two(&[0], &[1]), 2, 1.0).is_err());
        assert!(stability_index(&two(&[], &[]), 0, 0.95).is_err());
    }
}
