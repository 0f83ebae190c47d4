//! Mutual information of a feature with an outcome or with another feature, in nats.
//!
//! [`feature_information`] gives one number per feature; what it estimates with is an [`Estimator`]:
//!
//! - [`NearestNeighbors`] for continuous features: Ross' estimator with a class outcome (*PLoS ONE* 9 (2014),
//!   doi:10.1371/journal.pone.0087357), that of Kraskov, Stögbauer and Grassberger with a continuous one
//!   (*Phys. Rev. E* 69 (2004), doi:10.1103/PhysRevE.69.066138). scikit-learn's `mutual_info_classif` and
//!   `mutual_info_regression`; [`Ties`] says what becomes of the random noise these add.
//! - [`Binning`] and [`Entropy`]: discretized features and estimators of entropy, infotheo's among them.
//!
//! [`nearest_neighbor_class`], [`nearest_neighbor_continuous`] and [`binned`] take one pair of variables.

use crate::error::{Error, Result};
use crate::par::{map_indexed, map_with};
use crate::table::{FeatureTable, check_outcome, is_constant};

mod binning;
mod digamma;
mod entropy;
mod jitter;
mod ksg;
mod ross;
mod scale;

pub use binning::{Binning, cube_root_bins, infotheo_bins};
pub use entropy::{Entropy, binned};

use jitter::LegacyNormal;
use ksg::Ksg;
use ross::Ross;
use scale::{LEAST_DEVIATION, Order, scaled_into};

/// What the information is about; one entry per row of the table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Target<'a> {
    /// `true` for an event.
    Binary(&'a [bool]),
    /// Class labels, any numbers.
    Classes(&'a [usize]),
    /// A continuous outcome.
    Continuous(&'a [f64]),
}

/// How information is estimated.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Estimator {
    /// From distances to nearest neighbors.
    NearestNeighbors(NearestNeighbors),
    /// From counts of classes; a continuous target is cut as the features are.
    Binned {
        /// How features become classes.
        binning: Binning,
        /// Entropy of the classes.
        entropy: Entropy,
    },
}

impl Default for Estimator {
    fn default() -> Self {
        Self::NearestNeighbors(NearestNeighbors::new())
    }
}

/// What is done about tied values, which distances cannot tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Ties {
    /// Nothing: tied values have distance 0 and count as neighbors of each other. The result is a function of the data
    /// alone, and a constant feature has no information.
    #[default]
    Deterministic,
    /// scikit-learn's noise of relative size 1e-10, the same numbers as its `random_state = seed`. A constant feature
    /// then has the information of its noise, which may be above 0.
    Jitter {
        /// Seed of numpy's `RandomState`.
        seed: u32,
    },
}

/// How distances within a class are rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Distances {
    /// `|a - b|` throughout.
    #[default]
    Exact,
    /// `√(a² - 2ab + b²)` in classes of at most `2k + 1` rows, where scikit-learn changes to matrix products. The
    /// rounding decides by chance whether the `k`-th neighbor lies within its own distance, and far from 0 the distance
    /// is lost. For comparisons only.
    Expanded,
}

/// Settings of the nearest-neighbor estimators.
///
/// | name | default | purpose | range |
/// |---|---|---|---|
/// | `neighbors` | 3 | neighbors `k` that set the distance | 1 or more |
/// | `ties` | [`Ties::Deterministic`] | noise on tied values | |
/// | `distances` | [`Distances::Exact`] | rounding in small classes | |
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NearestNeighbors {
    neighbors: usize,
    ties: Ties,
    distances: Distances,
}

impl Default for NearestNeighbors {
    fn default() -> Self {
        Self::new()
    }
}

impl NearestNeighbors {
    /// Three neighbors, no noise.
    pub fn new() -> Self {
        Self {
            neighbors: 3,
            ties: Ties::Deterministic,
            distances: Distances::Exact,
        }
    }

    /// Every step as `mutual_info_classif` and `mutual_info_regression` take it with `random_state = seed`.
    pub fn scikit_learn(seed: u32) -> Self {
        Self::new()
            .ties(Ties::Jitter { seed })
            .distances(Distances::Expanded)
    }

    /// Number of neighbors.
    #[must_use]
    pub fn neighbors(mut self, k: usize) -> Self {
        self.neighbors = k;
        self
    }

    /// What is done about tied values.
    #[must_use]
    pub fn ties(mut self, ties: Ties) -> Self {
        self.ties = ties;
        self
    }

    /// How distances are rounded in small classes.
    #[must_use]
    pub fn distances(mut self, distances: Distances) -> Self {
        self.distances = distances;
        self
    }

    fn check(&self) -> Result<()> {
        if self.neighbors == 0 {
            return Err(Error::InvalidSetting {
                name: "neighbors",
                expected: "at least 1",
                found: 0.0,
            });
        }
        Ok(())
    }
}

/// Information of every feature with the target in nats, in column order; 0 or more.
///
/// ```
/// use feature_selection::mutual_information::{Estimator, NearestNeighbors, Target, feature_information};
/// use feature_selection::FeatureTable;
/// use ndarray::Array2;
///
/// // The first feature tells the class, the second is the same in both, the third is constant.
/// let x = Array2::from_shape_fn((40, 3), |(i, j)| match j {
///     0 => i as f64,
///     1 => (i % 20) as f64,
///     _ => 1.0,
/// });
/// let names = ["size", "phase", "flat"].map(String::from);
/// let table = FeatureTable::new(x.view(), &names)?;
/// let event: Vec<bool> = (0..40).map(|i| i >= 20).collect();
///
/// let found = feature_information(&table, Target::Binary(&event), Estimator::default())?;
/// assert!((found[0] - 0.6).abs() < 0.1); // ln 2 is 0.69
/// assert_eq!(found[1..], [0.0, 0.0]);
///
/// // The numbers of mutual_info_classif(x, event, n_neighbors=5, random_state=0).
/// let settings = NearestNeighbors::scikit_learn(0).neighbors(5);
/// let seeded = feature_information(&table, Target::Binary(&event), Estimator::NearestNeighbors(settings))?;
/// assert_eq!(seeded.len(), 3);
/// # Ok::<(), feature_selection::Error>(())
/// ```
///
/// # Errors
/// [`Error::LengthMismatch`]; [`Error::SingleClass`] or [`Error::ConstantOutcome`] for a target that does not vary;
/// [`Error::NonFinite`] in a continuous target; [`Error::InvalidSetting`] for 0 neighbors, 0 bins or a bad pseudocount;
/// [`Error::TooFewRows`] for classes of one row each, for a continuous target of no more rows than neighbors, or for
/// fewer rows than equal-frequency bins.
pub fn feature_information(
    table: &FeatureTable,
    target: Target<'_>,
    estimator: Estimator,
) -> Result<Vec<f64>> {
    target.check(table.n_rows())?;
    match estimator {
        Estimator::NearestNeighbors(settings) => neighbor_information(table, target, settings),
        Estimator::Binned { binning, entropy } => {
            entropy.check()?;
            let target = target.classes(binning)?;
            map_indexed(table.n_columns(), |j| {
                binned(&binning.classes(table.column(j))?, &target, entropy)
            })
            .into_iter()
            .collect()
        }
    }
}

impl Target<'_> {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Binary(y) => y.len(),
            Self::Classes(y) => y.len(),
            Self::Continuous(y) => y.len(),
        }
    }

    pub(crate) fn check(&self, n_rows: usize) -> Result<()> {
        if let Self::Binary(y) = self {
            return check_outcome(y, n_rows).map(|_| ());
        }
        if self.len() != n_rows {
            return Err(Error::LengthMismatch {
                what: "outcome",
                expected: n_rows,
                found: self.len(),
            });
        }
        let constant = match self {
            Self::Classes(y) => y.iter().all(|c| *c == y[0]).then(|| y[0] as f64),
            Self::Continuous(y) => {
                check_finite(y, "outcome")?;
                is_constant(y).then(|| y[0])
            }
            Self::Binary(_) => None,
        };
        match constant {
            Some(value) => Err(Error::ConstantOutcome { value, n: n_rows }),
            None => Ok(()),
        }
    }

    /// Labels; a continuous target is cut.
    pub(crate) fn classes(&self, binning: Binning) -> Result<Vec<usize>> {
        match self {
            Self::Binary(y) => Ok(y.iter().map(|&y| usize::from(y)).collect()),
            Self::Classes(y) => Ok(y.to_vec()),
            Self::Continuous(y) => binning.classes(y),
        }
    }
}

/// Mutual information of every feature with a binary outcome, by nearest neighbors; `k` is 3 in scikit-learn.
/// [`feature_information`] has more choices.
///
/// # Errors
/// [`Error::LengthMismatch`], [`Error::SingleClass`], [`Error::InvalidSetting`] for `k` of 0,
/// [`Error::TooFewRows`] if no class has two rows.
pub fn outcome_information(table: &FeatureTable, outcome: &[bool], k: usize) -> Result<Vec<f64>> {
    let settings = NearestNeighbors::new().neighbors(k);
    feature_information(
        table,
        Target::Binary(outcome),
        Estimator::NearestNeighbors(settings),
    )
}

fn neighbor_information(
    table: &FeatureTable,
    target: Target<'_>,
    settings: NearestNeighbors,
) -> Result<Vec<f64>> {
    settings.check()?;
    let mut noise = match settings.ties {
        Ties::Deterministic => None,
        Ties::Jitter { seed } => Some(LegacyNormal::new(seed)),
    };
    // Noise is drawn for all features at once, and before that of the target.
    let jittered = noise.as_mut().map(|noise| jittered_columns(table, noise));
    let n = table.n_rows();
    let order = match target {
        Target::Continuous(_) => Order::Pairwise,
        _ => Order::Sequential,
    };
    let column = |j: usize, scaled: &mut Vec<f64>| match &jittered {
        Some(columns) => {
            scaled.clear();
            scaled.extend_from_slice(&columns[j * n..(j + 1) * n]);
            true
        }
        None => {
            scaled.clear();
            let values = table.column(j);
            scaled_into(values, order, LEAST_DEVIATION, scaled);
            !is_constant(values)
        }
    };
    let p = table.n_columns();
    if let Target::Continuous(y) = target {
        let ksg = Ksg::new(scaled_target(y, noise.as_mut()), checked(settings, n)?);
        return Ok(map_with(p, Default::default, |(scaled, scratch), j| {
            if column(j, scaled) {
                ksg.information(scaled, scratch)
            } else {
                0.0
            }
        }));
    }
    let ross = Ross::new(
        &target.classes(Binning::Praznik)?,
        settings.neighbors,
        settings.distances,
    )?;
    Ok(map_with(p, Default::default, |(scaled, scratch), j| {
        if column(j, scaled) {
            ross.information(scaled, scratch)
        } else {
            0.0
        }
    }))
}

/// Number of neighbors, if there are so many.
fn checked(settings: NearestNeighbors, n: usize) -> Result<usize> {
    let k = settings.neighbors;
    if n <= k {
        return Err(Error::TooFewRows {
            what: "mutual information",
            required: k.saturating_add(1),
            found: n,
        });
    }
    Ok(k)
}

fn jittered_columns(table: &FeatureTable, noise: &mut LegacyNormal) -> Vec<f64> {
    let n = table.n_rows();
    let mut columns = Vec::with_capacity(n * table.n_columns());
    for j in 0..table.n_columns() {
        let column = table.column(j);
        scaled_into(column, Order::Pairwise, LEAST_DEVIATION, &mut columns);
    }
    noise.add_to(&mut columns, n);
    columns
}

fn scaled_target(y: &[f64], noise: Option<&mut LegacyNormal>) -> Vec<f64> {
    let mut scaled = Vec::with_capacity(y.len());
    match noise {
        None => scaled_into(y, Order::Pairwise, LEAST_DEVIATION, &mut scaled),
        Some(noise) => {
            // The reference divides a single variable by any deviation that is not 0.
            scaled_into(y, Order::Pairwise, f64::MIN_POSITIVE, &mut scaled);
            noise.add_to(&mut scaled, y.len());
        }
    }
    scaled
}

/// Ross' estimator for a continuous feature and class labels.
///
/// ```text
/// I = ψ(N) + mean ψ(k_c) - mean ψ(N_c) - mean ψ(m_i),   clipped at 0
/// ```
/// `k_c = min(k, N_c - 1)`; `m_i` counts the points of all classes within the distance to the `k_c`-th neighbor of the
/// same class, the point itself included and that neighbor not. Classes of one row are left out. 0 for a constant feature.
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
    NearestNeighbors::new().neighbors(k).check()?;
    check_finite(feature, "feature")?;
    let ross = Ross::new(classes, k, Distances::Exact)?;
    if is_constant(feature) {
        return Ok(0.0);
    }
    let mut scaled = Vec::with_capacity(feature.len());
    scaled_into(feature, Order::Sequential, LEAST_DEVIATION, &mut scaled);
    Ok(ross.information(&scaled, &mut ross::Scratch::default()))
}

/// The estimator of Kraskov et al. (their first) for two continuous variables.
///
/// ```text
/// I = ψ(N) + ψ(k) - mean ψ(n_x + 1) - mean ψ(n_y + 1),   clipped at 0
/// ```
/// with the maximum norm; `n_x`, `n_y` count the other points nearer than the `k`-th neighbor. 0 if either is constant.
/// Takes `O(n log n)` steps.
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
    let settings = NearestNeighbors::new().neighbors(k);
    settings.check()?;
    check_finite(x, "first variable")?;
    check_finite(y, "second variable")?;
    let k = checked(settings, x.len())?;
    if is_constant(x) || is_constant(y) {
        return Ok(0.0);
    }
    let mut scaled = Vec::with_capacity(x.len());
    scaled_into(x, Order::Pairwise, LEAST_DEVIATION, &mut scaled);
    let ksg = Ksg::new(scaled_target(y, None), k);
    Ok(ksg.information(&scaled, &mut ksg::Scratch::default()))
}

pub(crate) fn check_finite(values: &[f64], what: &str) -> Result<()> {
    match values.iter().position(|v| !v.is_finite()) {
        Some(row) => Err(Error::NonFinite {
            row,
            column: what.to_owned(),
            value: values[row],
        }),
        None => Ok(()),
    }
}

/// The next smaller number, 0 for 0: the radius must leave the neighbor itself outside.
fn below(distance: f64) -> f64 {
    if distance == 0.0 {
        0.0
    } else {
        distance.next_down()
    }
}

#[cfg(test)]
mod tests {
    use super::digamma::Digamma;
    use super::*;

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
    fn rows_alone_in_their_class_change_nothing_but_the_scale() {
        let x = [0.0, 1.0, 3.0, 2.0, 7.0];
        let y = [0, 0, 0, 1, 1];
        let without = nearest_neighbor_class(&x, &y, 1).unwrap();
        let with = nearest_neighbor_class(&[0.0, 1.0, 3.0, 2.0, 7.0, 4.0], &[0, 0, 0, 1, 1, 8], 1);
        assert!((with.unwrap() - without).abs() < 1e-15);
        assert!(matches!(
            nearest_neighbor_class(&[1.0, 2.0], &[0, 1], 3),
            Err(Error::TooFewRows { required: 2, .. })
        ));
    }
}
