//! Gray level size zone matrix: how large connected areas of one level are.
//!
//! A zone is a maximal set of voxels of one level that are connected through the 26 neighbors (8 in a plane). `P(i, s)` is
//! the number of zones of level `i` and `s` voxels. Example of the [texture module](super):
//!
//! ```text
//! i \ s   1  2  3  4  5
//!   1     3  0  1  0  0
//!   2     0  0  0  0  1
//!   3     0  0  2  0  0
//!   4     0  0  0  1  0
//!   5     0  2  0  0  0
//! ```
//!
//! Symbols: `Nz = Σ P` the number of zones, `Np = Σ s P` the number of voxels, `q = P / Nz`, `µ` the mean under `q`. There is
//! one matrix whatever the direction, so neither distances nor weighting apply.

use super::size_matrix::{SizeMarginals, SizeMatrix};
use super::walk::Zone;
use super::{TextureParams, walk};
use crate::Result;
use crate::discretize::Levels;
use crate::feature_table::feature_table;
use crate::texture::Axis;

/// The size zone matrix of a region.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Glszm {
    /// `P(i, s)`.
    pub matrix: SizeMatrix,
}

impl Glszm {
    /// Finds the zones, in the planes perpendicular to `force_2d` or in the whole volume.
    pub fn new(levels: &Levels, force_2d: Option<Axis>) -> Self {
        Self::of_zones(&walk::zones(levels, force_2d))
    }

    /// Counts zones that are known.
    pub(crate) fn of_zones(zones: &[Zone]) -> Self {
        let mut sizes: Vec<(u16, u32)> = zones.iter().map(|zone| (zone.level, zone.size)).collect();
        Self {
            matrix: SizeMatrix::counting(&mut sizes),
        }
    }

    /// The features of this matrix.
    pub fn features(&self) -> GlszmFeatures {
        GlszmFeatures::compute(&self.matrix.marginals())
    }
}

feature_table! {
    /// Gray level size zone features. Symbols as in the [module documentation](self).
    pub struct GlszmFeatures from m: &SizeMarginals {
        /// Gray level non-uniformity `Σ_i (Σ_s P)² / Nz`; in [1, Nz].
        gray_level_non_uniformity ("GrayLevelNonUniformity", ibsi "JNSA" "szm_glnu") = m.level_non_uniformity();
        /// Normalized gray level non-uniformity `Σ_i (Σ_s P)² / Nz²`; in (0, 1].
        gray_level_non_uniformity_normalized ("GrayLevelNonUniformityNormalized", ibsi "Y1RO" "szm_glnu_norm") =
            m.level_non_uniformity_normalized();
        /// Gray level variance `Σ q (i - µ)²`; squared levels. 0 for a flat region.
        gray_level_variance ("GrayLevelVariance", ibsi "BYLV" "szm_gl_var") = m.level_variance;
        /// High gray level zone emphasis `Σ q i²`; squared levels.
        high_gray_level_zone_emphasis ("HighGrayLevelZoneEmphasis", ibsi "5GN9" "szm_hgze") = m.high_level;
        /// Large area emphasis `Σ q s²`; squared voxels.
        large_area_emphasis ("LargeAreaEmphasis", ibsi "48P8" "szm_lze") = m.large;
        /// Large area high gray level emphasis `Σ q s² i²`.
        large_area_high_gray_level_emphasis ("LargeAreaHighGrayLevelEmphasis", ibsi "J17V" "szm_lzhge") = m.large_high;
        /// Large area low gray level emphasis `Σ q s² / i²`.
        large_area_low_gray_level_emphasis ("LargeAreaLowGrayLevelEmphasis", ibsi "YH51" "szm_lzlge") = m.large_low;
        /// Low gray level zone emphasis `Σ q / i²`; in (0, 1].
        low_gray_level_zone_emphasis ("LowGrayLevelZoneEmphasis", ibsi "XMSY" "szm_lgze") = m.low_level;
        /// Size zone non-uniformity `Σ_s (Σ_i P)² / Nz`; in [1, Nz].
        size_zone_non_uniformity ("SizeZoneNonUniformity", ibsi "4JP3" "szm_zsnu") = m.size_non_uniformity();
        /// Normalized size zone non-uniformity `Σ_s (Σ_i P)² / Nz²`; in (0, 1].
        size_zone_non_uniformity_normalized ("SizeZoneNonUniformityNormalized", ibsi "VB3A" "szm_zsnu_norm") =
            m.size_non_uniformity_normalized();
        /// Small area emphasis `Σ q / s²`; in (0, 1].
        small_area_emphasis ("SmallAreaEmphasis", ibsi "5QRC" "szm_sze") = m.small;
        /// Small area high gray level emphasis `Σ q i² / s²`.
        small_area_high_gray_level_emphasis ("SmallAreaHighGrayLevelEmphasis", ibsi "HW1V" "szm_szhge") = m.small_high;
        /// Small area low gray level emphasis `Σ q / (i² s²)`; in (0, 1].
        small_area_low_gray_level_emphasis ("SmallAreaLowGrayLevelEmphasis", ibsi "5RAI" "szm_szlge") = m.small_low;
        /// Zone entropy `-Σ q log2 q`; bits. 0 for a single zone.
        zone_entropy ("ZoneEntropy", ibsi "GU8N" "szm_zs_entr") = m.entropy;
        /// Zone percentage `Nz / Np`; in (0, 1].
        zone_percentage ("ZonePercentage", ibsi "P30P" "szm_z_perc") = m.percentage();
        /// Zone variance `Σ q (s - µ)²`; squared voxels. 0 for a single zone.
        zone_variance ("ZoneVariance", ibsi "3NSA" "szm_zs_var") = m.size_variance;
    }
}

impl GlszmFeatures {
    /// The 16 features of a region. Of the settings only [`force_2d`](TextureParams::force_2d) applies; the spacing does
    /// not, and is an argument to have one shape for all five families.
    ///
    /// # Errors
    /// Never; the result is that of the other families.
    pub fn new(levels: &Levels, _spacing: [f64; 3], params: &TextureParams) -> Result<Self> {
        Ok(Glszm::new(levels, params.force_2d).features())
    }
}

#[cfg(test)]
mod tests {
    use super::super::example;
    use super::*;

    #[test]
    fn names_are_in_ascii_order() {
        assert_eq!(GlszmFeatures::NAMES.len(), 16);
        assert!(GlszmFeatures::NAMES.is_sorted());
    }

    #[test]
    fn the_example_of_the_module() {
        let glszm = Glszm::new(&example::levels(), None);
        let cells: Vec<(u16, u32, f64)> = glszm
            .matrix
            .cells
            .iter()
            .map(|c| (c.level, c.size, c.count))
            .collect();
        assert_eq!(glszm.matrix.n_covered(), 25.0);
        let expected = [
            (1, 1, 3.0),
            (1, 3, 1.0),
            (2, 5, 1.0),
            (3, 3, 2.0),
            (4, 4, 1.0),
            (5, 2, 2.0),
        ];
        assert_eq!(cells, expected);
    }

    #[test]
    fn a_flat_region_is_one_zone() {
        let levels =
            Levels::from_array(ndarray::Array3::from_elem((2, 3, 4), 1u16).view()).expect("levels");
        let f = Glszm::new(&levels, None).features();
        assert_eq!(
            (
                f.zone_entropy.to_bits(),
                f.zone_variance,
                f.large_area_emphasis
            ),
            (0, 0.0, 576.0)
        );
        let f = Glszm::new(&levels, Some(Axis::Z)).features();
        assert_eq!(
            (f.zone_percentage, f.large_area_emphasis),
            (2.0 / 24.0, 144.0)
        );
    }
}
