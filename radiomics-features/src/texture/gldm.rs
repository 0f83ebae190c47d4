//! Gray level dependence matrix: how many neighbors of a voxel are alike.
//!
//! Two neighbors are alike if their levels differ by at most `α` (0 by default). The dependence of a voxel is
//! `d = 1 + the number of its alike neighbors`; `P(i, d)` is the number of voxels of level `i` and dependence `d`. Example
//! of the [texture module](super), with the 8 neighbors of a plane and `α = 0`:
//!
//! ```text
//! i \ d   1  2  3  4  5
//!   1     3  0  3  0  0
//!   2     0  0  2  2  1
//!   3     0  0  6  0  0
//!   4     0  0  0  4  0
//!   5     0  4  0  0  0
//! ```
//!
//! Symbols: `Nz = Σ P` the number of voxels, `q = P / Nz`, `µ` the mean under `q`. IBSI calls the matrix neighboring gray
//! level dependence matrix.

use super::direction::{Direction, pair_directions};
use super::size_matrix::{SizeCell, SizeMarginals, SizeMatrix};
use super::tally::Tally;
use super::{TextureParams, walk};
use crate::Result;
use crate::discretize::Levels;
use crate::feature_table::feature_table;

/// The dependence matrix of a region.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Gldm {
    /// `P(i, d)`.
    pub matrix: SizeMatrix,
}

impl Gldm {
    /// Counts the alike neighbors of every voxel.
    ///
    /// # Errors
    /// [`Error::InvalidSetting`](crate::Error::InvalidSetting) if the distances are unusable.
    pub fn new(levels: &Levels, params: &TextureParams) -> Result<Self> {
        let half = pair_directions(levels.shape(), params)?;
        Ok(Self::among(levels, &both_ways(&half), params.gldm_alpha))
    }

    /// Counts the neighbors at these offsets that are alike within `alpha`.
    pub(crate) fn among(levels: &Levels, offsets: &[Direction], alpha: u16) -> Self {
        let mut tally = Tally::new(levels.n_g(), offsets.len() + 1, levels.n_voxels());
        let mut dependences = vec![0u16; levels.shape()[2]];
        let visit = |levels: &[u16], counts: &[u16]| {
            for (dependence, count) in dependences.iter_mut().zip(counts) {
                *dependence = count + 1;
            }
            tally.add(levels, &dependences[..counts.len()]);
        };
        match alpha {
            0 => walk::count_neighbors(
                levels,
                offsets,
                #[inline(always)]
                |center, neighbor| center == neighbor,
                visit,
            ),
            alpha => walk::count_neighbors(
                levels,
                offsets,
                #[inline(always)]
                |center, neighbor| (neighbor != 0) & (center.abs_diff(neighbor) <= alpha),
                visit,
            ),
        }
        let cells = tally.into_cells().into_iter().map(|cell| SizeCell {
            level: cell.row,
            size: u32::from(cell.column),
            count: f64::from(cell.count),
        });
        Self {
            matrix: SizeMatrix {
                cells: cells.collect(),
            },
        }
    }

    /// The features of this matrix.
    pub fn features(&self) -> GldmFeatures {
        GldmFeatures::compute(&self.matrix.marginals())
    }
}

/// Every direction and its opposite.
pub(crate) fn both_ways(directions: &[Direction]) -> Vec<Direction> {
    directions.iter().flat_map(|&d| [d, d.reversed()]).collect()
}

feature_table! {
    /// Gray level dependence features. Symbols as in the [module documentation](self).
    pub struct GldmFeatures from m: &SizeMarginals {
        /// Dependence count energy `Σ q²`; in (0, 1].
        dependence_count_energy (ibsi "CAS9" "ngl_dc_energy") = m.energy;
        /// Dependence count percentage, the fraction of voxels that are in the matrix; 1, since all are. NaN without any.
        dependence_count_percentage (ibsi "6XV8" "ngl_dc_perc") = m.per_voxel(m.n);
        /// Dependence entropy `-Σ q log2 q`; bits.
        dependence_entropy ("DependenceEntropy", ibsi "FCBV" "ngl_dc_entr") = m.entropy;
        /// Dependence non-uniformity `Σ_d (Σ_i P)² / Nz`; in [1, Nz].
        dependence_non_uniformity ("DependenceNonUniformity", ibsi "Z87G" "ngl_dcnu") = m.size_non_uniformity();
        /// Normalized dependence non-uniformity `Σ_d (Σ_i P)² / Nz²`; in (0, 1].
        dependence_non_uniformity_normalized ("DependenceNonUniformityNormalized", ibsi "OKJI" "ngl_dcnu_norm") =
            m.size_non_uniformity_normalized();
        /// Dependence variance `Σ q (d - µ)²`; squared neighbors.
        dependence_variance ("DependenceVariance", ibsi "DNX2" "ngl_dc_var") = m.size_variance;
        /// Gray level non-uniformity `Σ_i (Σ_d P)² / Nz`; in [1, Nz].
        gray_level_non_uniformity ("GrayLevelNonUniformity", ibsi "FP8K" "ngl_glnu") = m.level_non_uniformity();
        /// Normalized gray level non-uniformity `Σ_i (Σ_d P)² / Nz²`; in (0, 1].
        gray_level_non_uniformity_normalized (ibsi "5SPA" "ngl_glnu_norm") = m.level_non_uniformity_normalized();
        /// Gray level variance `Σ q (i - µ)²`; squared levels. 0 for a flat region.
        gray_level_variance ("GrayLevelVariance", ibsi "1PFV" "ngl_gl_var") = m.level_variance;
        /// High gray level emphasis `Σ q i²`; squared levels.
        high_gray_level_emphasis ("HighGrayLevelEmphasis", ibsi "OAE7" "ngl_hgce") = m.high_level;
        /// Large dependence emphasis `Σ q d²`.
        large_dependence_emphasis ("LargeDependenceEmphasis", ibsi "IMOQ" "ngl_hde") = m.large;
        /// Large dependence high gray level emphasis `Σ q d² i²`.
        large_dependence_high_gray_level_emphasis ("LargeDependenceHighGrayLevelEmphasis", ibsi "9QMG" "ngl_hdhge") =
            m.large_high;
        /// Large dependence low gray level emphasis `Σ q d² / i²`.
        large_dependence_low_gray_level_emphasis ("LargeDependenceLowGrayLevelEmphasis", ibsi "NBZI" "ngl_hdlge") =
            m.large_low;
        /// Low gray level emphasis `Σ q / i²`; in (0, 1].
        low_gray_level_emphasis ("LowGrayLevelEmphasis", ibsi "TL9H" "ngl_lgce") = m.low_level;
        /// Small dependence emphasis `Σ q / d²`; in (0, 1].
        small_dependence_emphasis ("SmallDependenceEmphasis", ibsi "SODN" "ngl_lde") = m.small;
        /// Small dependence high gray level emphasis `Σ q i² / d²`.
        small_dependence_high_gray_level_emphasis ("SmallDependenceHighGrayLevelEmphasis", ibsi "JA6D" "ngl_ldhge") =
            m.small_high;
        /// Small dependence low gray level emphasis `Σ q / (i² d²)`; in (0, 1].
        small_dependence_low_gray_level_emphasis ("SmallDependenceLowGrayLevelEmphasis", ibsi "EQ3F" "ngl_ldlge") =
            m.small_low;
    }
}

impl GldmFeatures {
    /// The 14 features of a region. The spacing does not matter, and is an argument to have one shape for all five
    /// families.
    ///
    /// # Errors
    /// [`Error::InvalidSetting`](crate::Error::InvalidSetting) if the distances are unusable.
    pub fn new(levels: &Levels, _spacing: [f64; 3], params: &TextureParams) -> Result<Self> {
        Ok(Gldm::new(levels, params)?.features())
    }
}

#[cfg(test)]
mod tests {
    use super::super::example;
    use super::*;

    fn cells(params: &TextureParams) -> Vec<(u16, u32, f64)> {
        let gldm = Gldm::new(&example::levels(), params).expect("valid distances");
        gldm.matrix
            .cells
            .iter()
            .map(|c| (c.level, c.size, c.count))
            .collect()
    }

    #[test]
    fn names_are_in_ascii_order() {
        assert_eq!(GldmFeatures::NAMES.len(), 14);
        assert!(GldmFeatures::NAMES.is_sorted());
    }

    #[test]
    fn the_example_of_the_module() {
        let expected = [
            (1, 1, 3.0),
            (1, 3, 3.0),
            (2, 3, 2.0),
            (2, 4, 2.0),
            (2, 5, 1.0),
            (3, 3, 6.0),
            (4, 4, 4.0),
            (5, 2, 4.0),
        ];
        assert_eq!(cells(&TextureParams::default()), expected);
    }

    #[test]
    fn any_difference_is_alike_with_a_large_alpha() {
        // Then the dependence is 1 + the number of neighbors: 4 corners, 12 on the edge, 9 inside.
        let params = TextureParams {
            gldm_alpha: 9,
            ..TextureParams::default()
        };
        let mut by_size = std::collections::BTreeMap::new();
        for (_, size, count) in cells(&params) {
            *by_size.entry(size).or_insert(0.0) += count;
        }
        assert!(by_size.into_iter().eq([(4, 4.0), (6, 12.0), (9, 9.0)]));
    }
}
