//! Mutual information of a feature with an outcome or with another feature, in nats.
//!
//! - [`nearest_neighbor_class`]: continuous feature, class outcome (Ross, *PLoS ONE* 9 (2014), doi:10.1371/journal.pone.0087357)
//! - [`nearest_neighbor_continuous`]: two continuous variables (Kraskov, Stögbauer, Grassberger, *Phys. Rev. E* 69 (2004), doi:10.1103/PhysRevE.69.066138)
//! - [`Binning`] with [`binned`]: discretized variables and four entropy estimators
//!
//! The nearest-neighbor estimators are scikit-learn's, without the random jitter it adds to break ties:
//! tied values have distance 0 and count as neighbors of each other, so the result is a function of the data alone.

use crate::error::{Error, Result};
use crate::par::map_indexed;
use crate::table::{FeatureTable, check_outcome, is_constant};

/// Mutual information of every feature with a binary outcome, by nearest neighbors; `k` is 3 in scikit-learn.
///
/// # Errors
/// [`Error::LengthMismatch`], [`Error::SingleClass`], [`Error::InvalidSetting`] for `k` of 0.
pub fn outcome_information(table: &FeatureTable, outcome: &[bool], k: usize) -> Result<Vec<f64>> {
    check_outcome(outcome, table.n_rows())?;
    let classes: Vec<usize> = outcome.iter().map(|&y| usize::from(y)).collect();
    map_indexed(table.n_columns(), |j| {
        nearest_neighbor_class(table.column(j), &classes, k)
    })
    .into_iter()
    .collect()
}

/// Ross' estimator for a continuous feature and class labels.
///
/// ```text
/// I = ψ(N) + mean ψ(k_c) - mean ψ(N_c) - mean ψ(m_i),   clipped at 0
/// ```
/// `k_c = min(k, N_c - 1)`; `m_i` counts the points of all classes within the distance to the `k_c`-th neighbor of the
/// same class, the point itself included. Classes of one row are left out. 0 for a constant feature.
///
/// # Errors
/// [`Error::LengthMismatch`], [`Error::InvalidSetting`] for `k` of 0, [`Error::NonFinite`],
/// [`Error::TooFewRows`] if no class has two rows.
pub fn nearest_neighbor_class(feature: &[f64], classes: &[usize], k: usize) -> Result<f64> {
    if classes.len() != feature.len() {
        return Err(Error::LengthMismatch {
            what: "classes",
            expected: feature.len(),
            found: classes.len(),
        });
    }
    check_neighbors(k)?;
    check_finite(feature, "feature")?;
    let mut labels = classes.to_vec();
    labels.sort_unstable();
    let counts: Vec<(usize, usize)> = labels
        .chunk_by(|a, b| a == b)
        .map(|c| (c[0], c.len()))
        .collect();
    let kept: Vec<(usize, usize)> = counts.into_iter().filter(|&(_, n)| n > 1).collect();
    let total: usize = kept.iter().map(|&(_, n)| n).sum();
    if total == 0 {
        return Err(Error::TooFewRows {
            what: "mutual information with a class",
            required: 2,
            found: 1,
        });
    }
    if is_constant(feature) {
        return Ok(0.0);
    }
    let scaled = unit_deviation(feature);
    let psi = Digamma::up_to(total);
    let mut members: Vec<(f64, usize)> = (0..feature.len())
        .filter_map(|i| {
            kept.iter()
                .position(|&(label, _)| label == classes[i])
                .map(|c| (scaled[i], c))
        })
        .collect();
    members.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let all: Vec<f64> = members.iter().map(|m| m.0).collect();
    let (mut within, mut sizes, mut neighbors) = (0.0, 0.0, 0.0);
    for (c, &(_, n_class)) in kept.iter().enumerate() {
        let own: Vec<f64> = members.iter().filter(|m| m.1 == c).map(|m| m.0).collect();
        let k_class = k.min(n_class - 1);
        neighbors += n_class as f64 * psi.at(k_class);
        sizes += n_class as f64 * psi.at(n_class);
        let radii = neighbor_distances(&own, k_class);
        within += count_within(&all, &own, &radii)
            .map(|m| psi.at(m))
            .sum::<f64>();
    }
    let n = total as f64;
    Ok((psi.at(total) + neighbors / n - sizes / n - within / n).max(0.0))
}

/// The estimator of Kraskov et al. (their first) for two continuous variables.
///
/// ```text
/// I = ψ(N) + ψ(k) - mean ψ(n_x + 1) - mean ψ(n_y + 1),   clipped at 0
/// ```
/// with the maximum norm; `n_x`, `n_y` count the other points within the distance to the `k`-th neighbor. 0 if either is constant.
///
/// # Errors
/// [`Error::LengthMismatch`], [`Error::InvalidSetting`] for `k` of 0, [`Error::NonFinite`],
/// [`Error::TooFewRows`] for `k` rows or fewer.
pub fn nearest_neighbor_continuous(x: &[f64], y: &[f64], k: usize) -> Result<f64> {
    if x.len() != y.len() {
        return Err(Error::LengthMismatch {
            what: "second variable",
            expected: x.len(),
            found: y.len(),
        });
    }
    check_neighbors(k)?;
    check_finite(x, "first variable")?;
    check_finite(y, "second variable")?;
    let n = x.len();
    if n <= k {
        return Err(Error::TooFewRows {
            what: "mutual information",
            required: k + 1,
            found: n,
        });
    }
    if is_constant(x) || is_constant(y) {
        return Ok(0.0);
    }
    let (x, y) = (unit_deviation(x), unit_deviation(y));
    let psi = Digamma::up_to(n);
    let (mut sum_x, mut sum_y) = (0.0, 0.0);
    let mut nearest = Vec::with_capacity(k + 1);
    for i in 0..n {
        nearest.clear();
        for j in (0..n).filter(|&j| j != i) {
            let distance = (x[i] - x[j]).abs().max((y[i] - y[j]).abs());
            if nearest.len() < k || distance < nearest[k - 1] {
                let place = nearest.partition_point(|&d| d <= distance);
                nearest.insert(place, distance);
                nearest.truncate(k);
            }
        }
        let radius = below(nearest[k - 1]);
        let count = |v: &[f64]| {
            v.iter()
                .filter(|&&other| (v[i] - other).abs() <= radius)
                .count()
        };
        // The count includes the point itself, which makes it n_x + 1.
        sum_x += psi.at(count(&x));
        sum_y += psi.at(count(&y));
    }
    let n = n as f64;
    Ok((psi.at(x.len()) + psi.at(k) - sum_x / n - sum_y / n).max(0.0))
}

/// How a continuous variable becomes classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Binning {
    /// Bins with equal numbers of values; tied values share a bin. infotheo's default, with its rule for uneven division.
    EqualFrequency {
        /// Number of bins; see [`cube_root_bins`].
        bins: usize,
    },
    /// Bins of equal width, half-open, the maximum in the last.
    EqualWidth {
        /// Number of bins; see [`cube_root_bins`].
        bins: usize,
    },
    /// praznik's cut of a numeric column: 10 bins of equal width over a range widened by a thousandth on either side (fewer for 30 rows or less).
    Praznik,
}

/// `floor(n^(1/3))`, infotheo's number of bins.
pub fn cube_root_bins(n: usize) -> usize {
    let mut bins = (n as f64).cbrt() as usize;
    while (bins + 1).pow(3) <= n {
        bins += 1;
    }
    while bins.pow(3) > n {
        bins -= 1;
    }
    bins.max(1)
}

impl Binning {
    /// Class of every value, counted from 0.
    ///
    /// # Errors
    /// [`Error::InvalidSetting`] for 0 bins, [`Error::NonFinite`], [`Error::TooFewRows`] for no values or fewer values than equal-frequency bins.
    pub fn classes(self, values: &[f64]) -> Result<Vec<usize>> {
        check_finite(values, "values")?;
        let required = if let Self::EqualFrequency { bins } = self {
            bins.max(1)
        } else {
            1
        };
        if values.len() < required {
            return Err(Error::TooFewRows {
                what: "binning",
                required,
                found: values.len(),
            });
        }
        match self {
            Self::EqualFrequency { bins: 0 } | Self::EqualWidth { bins: 0 } => {
                Err(Error::InvalidSetting {
                    name: "bins",
                    expected: "at least 1",
                    found: 0.0,
                })
            }
            Self::EqualFrequency { bins } => Ok(equal_frequency(values, bins)),
            Self::EqualWidth { bins } => Ok(equal_width(values, bins)),
            Self::Praznik => Ok(praznik(values)),
        }
    }
}

/// Estimator of the entropy of a discrete variable from counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Entropy {
    /// Observed frequencies.
    #[default]
    Empirical,
    /// Empirical plus `(classes seen - 1) / (2 N)`.
    MillerMadow,
    /// James-Stein shrinkage towards equal frequencies.
    Shrinkage,
    /// Schurmann and Grassberger's Dirichlet prior, one over the number of classes seen.
    SchurmannGrassberger,
}

impl Entropy {
    /// Entropy in nats of counts of the classes seen (no zeros).
    fn of(self, counts: &[usize]) -> f64 {
        let total = counts.iter().sum::<usize>() as f64;
        let classes = counts.len() as f64;
        let plain = |frequency: f64| {
            if frequency > 0.0 {
                -frequency * frequency.ln()
            } else {
                0.0
            }
        };
        let empirical = || counts.iter().map(|&c| plain(c as f64 / total)).sum::<f64>();
        match self {
            Self::Empirical => empirical(),
            Self::MillerMadow => empirical() + (classes - 1.0) / (2.0 * total),
            Self::Shrinkage => {
                let target = 1.0 / classes;
                let squares: f64 = counts.iter().map(|&c| (c as f64 / total).powi(2)).sum();
                let distance: f64 = counts
                    .iter()
                    .map(|&c| (target - c as f64 / total).powi(2))
                    .sum();
                let share = if distance == 0.0 {
                    1.0
                } else {
                    ((1.0 - squares) / ((total - 1.0) * distance)).clamp(0.0, 1.0)
                };
                counts
                    .iter()
                    .map(|&c| plain(share * target + (1.0 - share) * c as f64 / total))
                    .sum()
            }
            Self::SchurmannGrassberger => {
                // Posterior mean of the entropy under a symmetric Dirichlet prior of total weight 1.
                let prior = 1.0 / classes;
                let weight = total + 1.0;
                let expected: f64 = counts
                    .iter()
                    .map(|&c| {
                        let a = c as f64 + prior;
                        a * (digamma(weight + 1.0) - digamma(a + 1.0))
                    })
                    .sum();
                expected / weight
            }
        }
    }
}

/// Mutual information of two discrete variables, `H(X) + H(Y) - H(X,Y)`, clipped at 0.
///
/// # Errors
/// [`Error::LengthMismatch`], [`Error::TooFewRows`] without rows.
pub fn binned(x: &[usize], y: &[usize], entropy: Entropy) -> Result<f64> {
    if x.len() != y.len() {
        return Err(Error::LengthMismatch {
            what: "second variable",
            expected: x.len(),
            found: y.len(),
        });
    }
    if x.is_empty() {
        return Err(Error::TooFewRows {
            what: "mutual information",
            required: 1,
            found: 0,
        });
    }
    let joint: Vec<(usize, usize)> = x.iter().copied().zip(y.iter().copied()).collect();
    let information = entropy.of(&counts(x)) + entropy.of(&counts(y)) - entropy.of(&counts(&joint));
    Ok(information.max(0.0))
}

fn counts<T: Ord + Clone>(values: &[T]) -> Vec<usize> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    sorted.chunk_by(|a, b| a == b).map(<[T]>::len).collect()
}

fn check_neighbors(k: usize) -> Result<()> {
    if k == 0 {
        return Err(Error::InvalidSetting {
            name: "neighbors",
            expected: "at least 1",
            found: 0.0,
        });
    }
    Ok(())
}

fn check_finite(values: &[f64], what: &str) -> Result<()> {
    match values.iter().position(|v| !v.is_finite()) {
        Some(row) => Err(Error::NonFinite {
            row,
            column: what.to_owned(),
            value: values[row],
        }),
        None => Ok(()),
    }
}

/// The digamma function at whole numbers, `ψ(n) = -γ + Σ_{i<n} 1/i`.
struct Digamma(Vec<f64>);

impl Digamma {
    fn up_to(n: usize) -> Self {
        const EULER_GAMMA: f64 = 0.577_215_664_901_532_9;
        let mut table = Vec::with_capacity(n + 1);
        table.push(f64::NAN);
        let mut harmonic = 0.0;
        for i in 1..=n {
            table.push(harmonic - EULER_GAMMA);
            harmonic += 1.0 / i as f64;
        }
        Self(table)
    }

    fn at(&self, n: usize) -> f64 {
        self.0[n]
    }
}

/// The digamma function for positive arguments: recurrence to 10, then the asymptotic series.
fn digamma(x: f64) -> f64 {
    const ASYMPTOTIC_FROM: f64 = 10.0;
    let (mut x, mut shift) = (x, 0.0);
    while x < ASYMPTOTIC_FROM {
        shift -= 1.0 / x;
        x += 1.0;
    }
    let s = 1.0 / (x * x);
    let series = s
        * (1.0 / 12.0
            - s * (1.0 / 120.0
                - s * (1.0 / 252.0
                    - s * (1.0 / 240.0 - s * (1.0 / 132.0 - s * (691.0 / 32760.0 - s / 12.0))))));
    shift + x.ln() - 0.5 / x - series
}

/// Divides by the population standard deviation without centering. Sums run in row order, as in the
/// reference: distances that tie there must tie here.
fn unit_deviation(values: &[f64]) -> Vec<f64> {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let deviation = (values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / n).sqrt();
    let scale = if deviation < 10.0 * f64::EPSILON {
        1.0
    } else {
        deviation
    };
    values.iter().map(|v| v / scale).collect()
}

/// The next smaller number, 0 for 0: the radius must leave the neighbor itself outside.
fn below(distance: f64) -> f64 {
    if distance == 0.0 {
        0.0
    } else {
        distance.next_down()
    }
}

/// Distance of every (sorted) value to its `k`-th nearest other value, one step down.
fn neighbor_distances(sorted: &[f64], k: usize) -> Vec<f64> {
    let last_window = sorted.len() - 1 - k;
    let mut window = 0;
    (0..sorted.len())
        .map(|i| {
            window = window.max(i.saturating_sub(k));
            while window < last_window
                && window < i
                && sorted[window + k + 1] - sorted[i] < sorted[i] - sorted[window]
            {
                window += 1;
            }
            below((sorted[i] - sorted[window]).max(sorted[window + k] - sorted[i]))
        })
        .collect()
}

/// For every center (sorted) the number of values in `all` (sorted) within its radius.
fn count_within<'a>(
    all: &'a [f64],
    centers: &'a [f64],
    radii: &'a [f64],
) -> impl Iterator<Item = usize> + 'a {
    let (mut low, mut high) = (0, 0);
    centers.iter().zip(radii).map(move |(&center, &radius)| {
        // Both ends start where the previous center left them and move either way.
        while low > 0 && center - all[low - 1] <= radius {
            low -= 1;
        }
        while center - all[low] > radius {
            low += 1;
        }
        while high < all.len() && all[high] - center <= radius {
            high += 1;
        }
        while high > 0 && all[high - 1] - center > radius {
            high -= 1;
        }
        high - low
    })
}

fn equal_frequency(values: &[f64], bins: usize) -> Vec<usize> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let per_bin = sorted.len() / bins;
    let mut spare = sorted.len() % bins;
    let mut position = per_bin - 1;
    let mut cuts = Vec::with_capacity(bins);
    for _ in 1..bins {
        // A spare value moves this cut but not the following ones: the reference does not carry it.
        cuts.push(if spare > 0 {
            sorted[position + 1]
        } else {
            sorted[position]
        });
        spare = spare.saturating_sub(1);
        position += per_bin;
    }
    values
        .iter()
        .map(|&v| cuts.iter().position(|&cut| v <= cut).unwrap_or(bins - 1))
        .collect()
}

fn range(values: &[f64]) -> (f64, f64) {
    values
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &v| {
            (low.min(v), high.max(v))
        })
}

fn equal_width(values: &[f64], bins: usize) -> Vec<usize> {
    let (low, high) = range(values);
    let width = (high - low) / bins as f64;
    if width <= 0.0 {
        return vec![0; values.len()];
    }
    values
        .iter()
        .map(|v| (((v - low) / width) as usize).min(bins - 1))
        .collect()
}

fn praznik(values: &[f64]) -> Vec<usize> {
    const WIDEN: f64 = 1000.0;
    let bins = match values.len() {
        n if n > 30 => 10,
        n if n >= 6 => n / 3,
        _ => 2,
    };
    let (mut low, mut high) = range(values);
    if low == high {
        return vec![0; values.len()];
    }
    let extreme = |v: f64| v.abs() < 1e-14 || v.abs() > 1e300;
    if !extreme(low) {
        low -= (high - low) / WIDEN;
    }
    if !extreme(high) {
        high += (high - low) / WIDEN;
    }
    values
        .iter()
        .map(|v| (((v - low) / (high - low) * bins as f64) as usize).min(bins - 1))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digamma_agrees_with_the_table_and_a_half() {
        let table = Digamma::up_to(40);
        for n in 1..=40 {
            assert!((digamma(n as f64) - table.at(n)).abs() < 1e-14);
        }
        assert!((digamma(0.5) + 1.963_510_026_021_423_5).abs() < 1e-14);
    }

    #[test]
    fn neighbor_distances_equal_a_search() {
        let sorted = [0.0, 0.0, 0.3, 0.35, 1.0, 1.1, 1.1, 4.0];
        for k in 1..=4 {
            let fast = neighbor_distances(&sorted, k);
            for (i, radius) in fast.iter().enumerate() {
                let mut all: Vec<f64> = (0..sorted.len())
                    .filter(|&j| j != i)
                    .map(|j| (sorted[i] - sorted[j]).abs())
                    .collect();
                all.sort_by(f64::total_cmp);
                assert_eq!(*radius, below(all[k - 1]), "k {k}, value {i}");
            }
        }
    }

    #[test]
    fn ties_count_their_block() {
        // Two classes on one tied value each: the feature tells the class, I = ln 2 up to the estimator's bias.
        let x = [1.0, 1.0, 1.0, 1.0, 2.0, 2.0, 2.0, 2.0];
        let y = [0, 0, 0, 0, 1, 1, 1, 1];
        let psi = Digamma::up_to(8);
        let expected = psi.at(8) + psi.at(3) - psi.at(4) - psi.at(4);
        assert!((nearest_neighbor_class(&x, &y, 3).unwrap() - expected).abs() < 1e-15);
        assert_eq!(nearest_neighbor_class(&[5.0; 8], &y, 3).unwrap(), 0.0);
    }

    #[test]
    fn bins_of_a_hand_worked_column() {
        let x = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0];
        assert_eq!(
            Binning::EqualFrequency { bins: 3 }.classes(&x).unwrap(),
            vec![0, 0, 0, 1, 2, 2, 2]
        );
        assert_eq!(
            Binning::EqualWidth { bins: 3 }.classes(&x).unwrap(),
            vec![0, 0, 1, 1, 2, 2, 2]
        );
        assert_eq!(
            (
                cube_root_bins(569),
                cube_root_bins(421),
                cube_root_bins(512)
            ),
            (8, 7, 8)
        );
    }
}
