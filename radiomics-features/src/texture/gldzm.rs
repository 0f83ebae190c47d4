//! Gray level distance zone matrix: how far connected areas of one level are from the border of the region.
//!
//! Zones are those of the [size zone matrix](super::glszm). The distance of a voxel is the number of steps to the nearest voxel
//! outside the region, from face to face (city-block), at least 1; what lies outside the image is outside the region. The distance
//! of a zone is the smallest of its voxels. `P(i, d)` is the number of zones of level `i` at distance `d`. Example of the [texture module](super), whose region is the whole plane:
//!
//! ```text
//! i \ d   1  2  3
//!   1     4  0  0
//!   2     1  0  0
//!   3     2  0  0
//!   4     0  1  0
//!   5     2  0  0
//! ```
//!
//! Symbols: `Nz = Σ P` the number of zones, `Nv` the number of voxels, `q = P / Nz`, `µ` the mean under `q`. Distances are taken
//! in the morphological mask, which re-segmentation does not change, zones in the intensity mask.
//!
//! PyRadiomics has no such matrix. Reference: G. Thibault et al., IEEE Trans. Biomed. Eng. 61, 630 (2014),
//! doi:10.1109/TBME.2013.2284600; IBSI reference manual, section 3.9 (VMDZ).

use ndarray::ArrayView3;

use super::size_matrix::{SizeMarginals, SizeMatrix};
use super::walk::{self, Zone};
use crate::Result;
use crate::discretize::{Levels, same_shape};
use crate::feature_table::feature_table;
use crate::texture::Axis;

/// The distance zone matrix of a region.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Gldzm {
    /// `P(i, d)`; the size of a cell is the distance.
    pub matrix: SizeMatrix,
    /// `Nv`.
    pub n_voxels: usize,
}

impl Gldzm {
    /// Finds the zones and their distances, in the planes perpendicular to `flat` or in the whole volume.
    ///
    /// `mask` is the region that distances are measured in, on the box of the levels: what lies outside this box is outside the
    /// region.
    ///
    /// # Errors
    /// [`Error::ShapeMismatch`](crate::Error::ShapeMismatch) if the mask is not of the shape of the levels.
    pub fn new(levels: &Levels, mask: ArrayView3<'_, bool>, flat: Option<Axis>) -> Result<Self> {
        same_shape(levels.grid().dim(), mask.dim())?;
        let distances = walk::edge_distances(mask, flat);
        let (distances, _) = distances.into_raw_vec_and_offset();
        let zones = walk::distance_zones(levels, &distances, flat);
        Ok(Self::of_zones(&zones, levels.n_voxels()))
    }

    /// Counts zones.
    pub(crate) fn of_zones(zones: &[Zone], n_voxels: usize) -> Self {
        let mut distances: Vec<(u16, u32)> = zones
            .iter()
            .map(|zone| (zone.level, zone.distance))
            .collect();
        Self {
            matrix: SizeMatrix::counting(&mut distances),
            n_voxels,
        }
    }

    /// The features of this matrix.
    #[must_use]
    pub fn features(&self) -> GldzmFeatures {
        GldzmFeatures::compute(&DistanceMarginals {
            of_matrix: self.matrix.marginals(),
            n_voxels: self.n_voxels as f64,
        })
    }
}

/// What the features share.
struct DistanceMarginals {
    of_matrix: SizeMarginals,
    n_voxels: f64,
}

feature_table! {
    /// Gray level distance zone features. Symbols as in the [module documentation](self).
    pub struct GldzmFeatures from m: &DistanceMarginals {
        /// Small distance emphasis `Σ q / d²`; in (0, 1].
        small_distance_emphasis (ibsi "0GBI" "dzm_sde") = m.of_matrix.small;
        /// Large distance emphasis `Σ q d²`; squared steps.
        large_distance_emphasis (ibsi "MB4I" "dzm_lde") = m.of_matrix.large;
        /// Low gray level zone emphasis `Σ q / i²`; in (0, 1].
        low_gray_level_zone_emphasis (ibsi "S1RA" "dzm_lgze") = m.of_matrix.low_level;
        /// High gray level zone emphasis `Σ q i²`; squared levels.
        high_gray_level_zone_emphasis (ibsi "K26C" "dzm_hgze") = m.of_matrix.high_level;
        /// Small distance low gray level emphasis `Σ q / (i² d²)`; in (0, 1].
        small_distance_low_gray_level_emphasis (ibsi "RUVG" "dzm_sdlge") = m.of_matrix.small_low;
        /// Small distance high gray level emphasis `Σ q i² / d²`.
        small_distance_high_gray_level_emphasis (ibsi "DKNJ" "dzm_sdhge") = m.of_matrix.small_high;
        /// Large distance low gray level emphasis `Σ q d² / i²`.
        large_distance_low_gray_level_emphasis (ibsi "A7WM" "dzm_ldlge") = m.of_matrix.large_low;
        /// Large distance high gray level emphasis `Σ q d² i²`.
        large_distance_high_gray_level_emphasis (ibsi "KLTH" "dzm_ldhge") = m.of_matrix.large_high;
        /// Gray level non-uniformity `Σ_i (Σ_d P)² / Nz`; in [1, Nz].
        gray_level_non_uniformity (ibsi "VFT7" "dzm_glnu") = m.of_matrix.level_non_uniformity();
        /// Normalized gray level non-uniformity `Σ_i (Σ_d P)² / Nz²`; in (0, 1].
        gray_level_non_uniformity_normalized (ibsi "7HP3" "dzm_glnu_norm") =
            m.of_matrix.level_non_uniformity_normalized();
        /// Zone distance non-uniformity `Σ_d (Σ_i P)² / Nz`; in [1, Nz].
        zone_distance_non_uniformity (ibsi "V294" "dzm_zdnu") = m.of_matrix.size_non_uniformity();
        /// Normalized zone distance non-uniformity `Σ_d (Σ_i P)² / Nz²`; in (0, 1].
        zone_distance_non_uniformity_normalized (ibsi "IATH" "dzm_zdnu_norm") =
            m.of_matrix.size_non_uniformity_normalized();
        /// Zone percentage `Nz / Nv`; in (0, 1].
        zone_percentage (ibsi "VIWW" "dzm_z_perc") = m.of_matrix.per_voxel(m.n_voxels);
        /// Gray level variance `Σ q (i - µ)²`; squared levels. 0 for a flat region.
        gray_level_variance (ibsi "QK93" "dzm_gl_var") = m.of_matrix.level_variance;
        /// Zone distance variance `Σ q (d - µ)²`; squared steps.
        zone_distance_variance (ibsi "7WT1" "dzm_zd_var") = m.of_matrix.size_variance;
        /// Zone distance entropy `-Σ q log2 q`; bits.
        zone_distance_entropy (ibsi "GBDU" "dzm_zd_entr") = m.of_matrix.entropy;
    }
}

#[cfg(test)]
mod tests {
    use super::super::example;
    use super::*;

    #[test]
    fn the_example_of_the_module() {
        let levels = example::levels();
        let mask = levels.grid().mapv(|level| level != 0);
        let gldzm = Gldzm::new(&levels, mask.view(), Some(Axis::Z)).expect("one shape");
        let cells = gldzm
            .matrix
            .cells
            .iter()
            .map(|c| (c.level, c.size, c.count));
        let expected = [
            (1, 1, 4.0),
            (2, 1, 1.0),
            (3, 1, 2.0),
            (4, 2, 1.0),
            (5, 1, 2.0),
        ];
        assert_eq!(cells.collect::<Vec<_>>(), expected);
        assert_eq!(gldzm.features().zone_percentage, 10.0 / 25.0);
        // In the volume, a slice is border everywhere.
        let gldzm = Gldzm::new(&levels, mask.view(), None).expect("one shape");
        assert!(gldzm.matrix.cells.iter().all(|cell| cell.size == 1));
    }

    #[test]
    fn distances_are_those_of_the_mask_and_zones_those_of_the_levels() {
        // A hole in the levels that is none in the mask.
        let mut grid = ndarray::Array3::from_elem((1, 5, 5), 1u16);
        grid[[0, 2, 2]] = 0;
        grid[[0, 2, 1]] = 2;
        let levels = Levels::from_array(grid.view()).expect("levels");
        let mask = ndarray::Array3::from_elem((1, 5, 5), true);
        let gldzm = Gldzm::new(&levels, mask.view(), Some(Axis::Z)).expect("one shape");
        let cells = gldzm.matrix.cells.iter().map(|c| (c.level, c.size));
        assert_eq!(cells.collect::<Vec<_>>(), [(1, 1), (2, 2)]);
        assert_eq!(gldzm.n_voxels, 24);
    }
}
