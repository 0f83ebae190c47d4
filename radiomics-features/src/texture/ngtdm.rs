//! Neighboring gray tone difference matrix: how far voxels are from the mean of their neighbors.
//!
//! For a voxel of level `i`, `A` is the mean level of its neighbors inside the region. `n(i)` is the number of voxels of
//! level `i` and `s(i) = Σ |i - A|` over them. A voxel without neighbors counts in `n(i)` and adds nothing to `s(i)`.
//! Example of the [texture module](super), with the 8 neighbors of a plane:
//!
//! ```text
//! i   n(i)   s(i)
//! 1     6    9.5333
//! 2     5    1.5250
//! 3     6    2.9333
//! 4     4    2.6250
//! 5     4    6.6667
//! ```
//!
//! Symbols: `N = Σ n`, `p(i) = n(i) / N`, `Ngp` the number of levels that occur. Double sums run over all ordered pairs of
//! levels that occur.
//!
//! # Differences
//! IBSI leaves voxels without neighbors out of `n(i)`, and so does this crate [on request](super::IsolatedVoxels).

use super::direction::Axis;
pub(crate) use super::walk::Shell;
use super::{IsolatedVoxels, TextureParams, walk};
use crate::Result;
use crate::discretize::Levels;
use crate::feature_table::feature_table;

/// One level of the matrix.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NgtdmRow {
    /// Gray level `i`.
    pub level: u16,
    /// `n(i)`, at least 1.
    pub count: usize,
    /// `s(i)`.
    pub difference: f64,
}

/// The neighboring gray tone difference matrix of a region.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Ngtdm {
    /// The levels that occur, in ascending order.
    pub rows: Vec<NgtdmRow>,
}

impl Ngtdm {
    /// Compares every voxel with its neighbors.
    ///
    /// # Errors
    /// [`Error::InvalidSetting`](crate::Error::InvalidSetting) if the distances are unusable.
    pub fn new(levels: &Levels, params: &TextureParams) -> Result<Self> {
        super::direction::pair_directions(levels.shape(), params)?;
        let shells = shells(levels.shape(), &params.distances);
        Ok(Self::among(
            levels,
            &shells,
            params.force_2d,
            params.isolated_voxels,
        ))
    }

    /// Compares every voxel with its neighbors in these shells, in the plane perpendicular to `flat`.
    pub(crate) fn among(
        levels: &Levels,
        shells: &[Shell],
        flat: Option<Axis>,
        isolated: IsolatedVoxels,
    ) -> Self {
        let mut differences = vec![0.0; levels.n_g() + 1];
        let mut alone = vec![0usize; levels.n_g() + 1];
        walk::sum_neighbors(levels, shells, flat, |levels, sums, counts| {
            for ((&level, &sum), &count) in levels.iter().zip(sums).zip(counts) {
                if level == 0 {
                    continue;
                }
                if count > 0 {
                    differences[usize::from(level)] +=
                        (f64::from(level) - sum as f64 / count as f64).abs();
                } else {
                    alone[usize::from(level)] += 1;
                }
            }
        });
        let rows = levels.histogram().iter().map(|bin| NgtdmRow {
            level: bin.level,
            count: match isolated {
                IsolatedVoxels::Count => bin.count,
                IsolatedVoxels::Skip => bin.count - alone[usize::from(bin.level)],
            },
            difference: differences[usize::from(bin.level)],
        });
        Self {
            rows: rows.filter(|row| row.count > 0).collect(),
        }
    }

    /// The sum of matrices, as of slices.
    pub(crate) fn sum(matrices: impl IntoIterator<Item = Self>) -> Self {
        let mut rows: Vec<NgtdmRow> = matrices.into_iter().flat_map(|m| m.rows).collect();
        // Stable: of one level, differences are added in the order of the matrices.
        rows.sort_by_key(|row| row.level);
        rows.dedup_by(|next, kept| {
            let same = next.level == kept.level;
            if same {
                kept.count += next.count;
                kept.difference += next.difference;
            }
            same
        });
        Self { rows }
    }

    /// The features of this matrix.
    pub fn features(&self) -> NgtdmFeatures {
        NgtdmFeatures::compute(&Sums::new(&self.rows))
    }
}

/// The shells of these distances that a box of `shape` has room for.
pub(crate) fn shells(shape: [usize; 3], distances: &[usize]) -> Vec<Shell> {
    let longest = shape.into_iter().max().unwrap_or(1) - 1;
    walk::shells(distances, longest)
}

feature_table! {
    /// Neighboring gray tone difference features. Symbols as in the [module documentation](self).
    pub struct NgtdmFeatures from m: &Sums {
        /// Busyness `Σ p s / Σ_ij |i p(i) - j p(j)|`; 0 for a flat region.
        busyness ("Busyness", ibsi "NQ30" "ngt_busyness") = ratio(m.weighted_difference, m.busy);
        /// Coarseness `1 / Σ p s`; 1e6 where every voxel equals the mean of its neighbors.
        coarseness ("Coarseness", ibsi "QCDE" "ngt_coarseness") =
            if m.weighted_difference == 0.0 { MAX_COARSENESS } else { 1.0 / m.weighted_difference };
        /// Complexity `(1/N) Σ_ij |i - j| (p(i) s(i) + p(j) s(j)) / (p(i) + p(j))`; 0 for a flat region.
        complexity ("Complexity", ibsi "HDEZ" "ngt_complexity") = m.complex / m.n;
        /// Contrast `(Σ_ij p(i) p(j) (i - j)²) (Σ s / N) / (Ngp (Ngp - 1))`; 0 for a flat region.
        contrast ("Contrast", ibsi "65HE" "ngt_contrast") =
            ratio(m.spread * m.difference / m.n, m.n_levels * (m.n_levels - 1.0));
        /// Strength `Σ_ij (p(i) + p(j)) (i - j)² / Σ s`; 0 if `Σ s` is.
        strength ("Strength", ibsi "1X9X" "ngt_strength") = ratio(m.strong, m.difference);
    }
}

/// What PyRadiomics reports instead of infinity.
const MAX_COARSENESS: f64 = 1e6;

impl NgtdmFeatures {
    /// The 5 features of a region. The spacing does not matter, and is an argument to have one shape for all five
    /// families.
    ///
    /// # Errors
    /// [`Error::InvalidSetting`](crate::Error::InvalidSetting) if the distances are unusable.
    pub fn new(levels: &Levels, _spacing: [f64; 3], params: &TextureParams) -> Result<Self> {
        Ok(Ngtdm::new(levels, params)?.features())
    }
}

/// `a / b`, or 0 if `b` is 0.
fn ratio(a: f64, b: f64) -> f64 {
    if b == 0.0 { 0.0 } else { a / b }
}

/// The sums the features are made of.
struct Sums {
    n: f64,
    n_levels: f64,
    /// `Σ s`.
    difference: f64,
    /// `Σ p s`.
    weighted_difference: f64,
    /// `Σ_ij |i p(i) - j p(j)|`.
    busy: f64,
    /// `Σ_ij |i - j| (p(i) s(i) + p(j) s(j)) / (p(i) + p(j))`.
    complex: f64,
    /// `Σ_ij p(i) p(j) (i - j)²`.
    spread: f64,
    /// `Σ_ij (p(i) + p(j)) (i - j)²`.
    strong: f64,
}

impl Sums {
    fn new(rows: &[NgtdmRow]) -> Self {
        let n = rows.iter().map(|row| row.count).sum::<usize>() as f64;
        let p = |row: &NgtdmRow| row.count as f64 / n;
        let mut sums = Self {
            n,
            n_levels: rows.len() as f64,
            difference: rows.iter().map(|row| row.difference).sum(),
            weighted_difference: rows.iter().map(|row| p(row) * row.difference).sum(),
            busy: 0.0,
            complex: 0.0,
            spread: 0.0,
            strong: 0.0,
        };
        for (index, a) in rows.iter().enumerate() {
            let (i, pi) = (f64::from(a.level), p(a));
            // Each pair once, counted for both orders; the diagonal adds nothing.
            for b in &rows[index + 1..] {
                let (j, pj) = (f64::from(b.level), p(b));
                let apart = j - i;
                sums.busy += 2.0 * (i * pi - j * pj).abs();
                sums.complex += 2.0 * apart * (pi * a.difference + pj * b.difference) / (pi + pj);
                sums.spread += 2.0 * pi * pj * apart * apart;
                sums.strong += 2.0 * (pi + pj) * apart * apart;
            }
        }
        sums
    }
}

#[cfg(test)]
mod tests {
    use super::super::example;
    use super::*;

    #[test]
    fn names_are_in_ascii_order() {
        assert_eq!(NgtdmFeatures::NAMES.len(), 5);
        assert!(NgtdmFeatures::NAMES.is_sorted());
    }

    #[test]
    fn the_example_of_the_module() {
        let ngtdm =
            Ngtdm::new(&example::levels(), &TextureParams::default()).expect("valid distances");
        let counts: Vec<usize> = ngtdm.rows.iter().map(|row| row.count).collect();
        assert_eq!(counts, [6, 5, 6, 4, 4]);
        let expected = [143.0 / 15.0, 1.525, 44.0 / 15.0, 2.625, 20.0 / 3.0];
        for (row, expected) in ngtdm.rows.iter().zip(expected) {
            approx::assert_relative_eq!(row.difference, expected, max_relative = 1e-14);
        }
    }

    #[test]
    fn voxels_without_neighbors_count_but_do_not_differ() {
        let levels = Levels::from_array(ndarray::arr3(&[[[1u16, 0, 4]]]).view()).expect("levels");
        let ngtdm = Ngtdm::new(&levels, &TextureParams::default()).expect("valid distances");
        assert!(
            ngtdm
                .rows
                .iter()
                .all(|row| row.count == 1 && row.difference == 0.0)
        );
        let f = ngtdm.features();
        assert_eq!(
            (
                f.coarseness,
                f.busyness,
                f.complexity,
                f.contrast,
                f.strength
            ),
            (1e6, 0.0, 0.0, 0.0, 0.0)
        );
    }
}
