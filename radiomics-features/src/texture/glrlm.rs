//! Gray level run length matrix: how long stretches of one level are.
//!
//! A run is a maximal sequence of voxels of one level along a direction; leaving the region ends it. `P(i, r)` is the
//! number of runs of level `i` and length `r`. Example of the [texture module](super) in direction `x`:
//!
//! ```text
//! i \ r   1  2
//!   1     4  1
//!   2     1  2
//!   3     2  2
//!   4     0  2
//!   5     2  1
//! ```
//!
//! Symbols: `Nr = Σ P` the number of runs, `Np = Σ r P` the number of voxels, `q = P / Nr`, `µ` the mean under `q`.
//!
//! Features are taken of each direction and averaged. A direction in which no line holds two voxels of the region is left
//! out; if all are, every feature is NaN. With a [weighting](super::TextureParams::weighting) the matrices of all directions
//! are added, each times its length in mm, and features taken once. Of a single matrix without any run, from a weighting or
//! because there is one direction, PyRadiomics says that its entropy and its variance of lengths are 0, and so does this crate.

use super::TextureParams;
use super::direction::{Direction, WeightingNorm, directions};
use super::size_matrix::{SizeCell, SizeMarginals, SizeMatrix};
use super::tally::Tally;
use super::walk;
use crate::Result;
use crate::discretize::{Levels, check_spacing};
use crate::feature_table::feature_table;

/// The run length matrix of one direction, or of several added.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Glrlm {
    /// `P(i, r)`.
    pub matrix: SizeMatrix,
}

impl Glrlm {
    /// The matrix of one direction; `None` if no line along it holds two voxels of the region.
    ///
    /// # Panics
    /// If the direction is not one of [`directions`] at distance 1: its first step that is not 0 is 1, all others -1, 0 or 1.
    pub fn new(levels: &Levels, direction: Direction) -> Option<Self> {
        let glrlm = Self::of_all_runs(levels, direction);
        // A run of 2 is two voxels on a line; only without any must the lines be looked at.
        let is_used = glrlm.matrix.cells.iter().any(|cell| cell.size > 1)
            || walk::some_line_holds_two(levels, direction);
        is_used.then_some(glrlm)
    }

    /// The matrix of one direction, with the runs of one voxel each where no line along it holds two, as IBSI counts them.
    ///
    /// # Panics
    /// As [`new`](Self::new).
    pub fn of_all_runs(levels: &Levels, direction: Direction) -> Self {
        let neighbor = direction.0.iter().all(|step| (-1..=1).contains(step));
        assert!(
            neighbor && direction > Direction([0, 0, 0]),
            "runs need a forward direction of distance 1, not {direction:?}"
        );
        // A run leaves the box along the shortest of the axes that it moves along.
        let moved_along = levels.shape().into_iter().zip(direction.0);
        let sides = moved_along.filter(|&(_, step)| step != 0);
        let longest = sides.map(|(side, _)| side).min().unwrap_or(1);
        let mut tally = Tally::new(levels.n_g(), longest, levels.n_voxels());
        walk::run_lengths(levels, direction, |levels, lengths| {
            tally.add(levels, lengths)
        });
        let cells = tally.into_cells();
        // The count at r is of the runs that are at least r long.
        let longer = |index: usize| {
            let (this, next) = (&cells[index], cells.get(index + 1)?);
            (next.row == this.row).then_some(next.count)
        };
        let exactly = cells.iter().enumerate().map(|(index, cell)| SizeCell {
            level: cell.row,
            size: u32::from(cell.column),
            count: f64::from(cell.count - longer(index).unwrap_or(0)),
        });
        Self {
            matrix: SizeMatrix {
                cells: exactly.filter(|cell| cell.count > 0.0).collect(),
            },
        }
    }

    /// The features of this matrix.
    pub fn features(&self) -> GlrlmFeatures {
        GlrlmFeatures::compute(&self.matrix.marginals())
    }
}

feature_table! {
    /// Gray level run length features. Symbols as in the [module documentation](self).
    pub struct GlrlmFeatures from m: &SizeMarginals {
        /// Gray level non-uniformity `Σ_i (Σ_r P)² / Nr`; in [1, Nr].
        gray_level_non_uniformity ("GrayLevelNonUniformity", ibsi "R5YN" "rlm_glnu") = m.level_non_uniformity();
        /// Normalized gray level non-uniformity `Σ_i (Σ_r P)² / Nr²`; in (0, 1].
        gray_level_non_uniformity_normalized ("GrayLevelNonUniformityNormalized", ibsi "OVBL" "rlm_glnu_norm") =
            m.level_non_uniformity_normalized();
        /// Gray level variance `Σ q (i - µ)²`; squared levels. 0 for a flat region.
        gray_level_variance ("GrayLevelVariance", ibsi "8CE5" "rlm_gl_var") = m.level_variance;
        /// High gray level run emphasis `Σ q i²`; squared levels.
        high_gray_level_run_emphasis ("HighGrayLevelRunEmphasis", ibsi "G3QZ" "rlm_hgre") = m.high_level;
        /// Long run emphasis `Σ q r²`; squared voxels.
        long_run_emphasis ("LongRunEmphasis", ibsi "W4KF" "rlm_lre") = m.large;
        /// Long run high gray level emphasis `Σ q r² i²`.
        long_run_high_gray_level_emphasis ("LongRunHighGrayLevelEmphasis", ibsi "3KUM" "rlm_lrhge") = m.large_high;
        /// Long run low gray level emphasis `Σ q r² / i²`.
        long_run_low_gray_level_emphasis ("LongRunLowGrayLevelEmphasis", ibsi "IVPO" "rlm_lrlge") = m.large_low;
        /// Low gray level run emphasis `Σ q / i²`; in (0, 1].
        low_gray_level_run_emphasis ("LowGrayLevelRunEmphasis", ibsi "V3SW" "rlm_lgre") = m.low_level;
        /// Run entropy `-Σ q log2 q`; bits.
        run_entropy ("RunEntropy", ibsi "HJ9O" "rlm_rl_entr") = m.entropy;
        /// Run length non-uniformity `Σ_r (Σ_i P)² / Nr`; in [1, Nr].
        run_length_non_uniformity ("RunLengthNonUniformity", ibsi "W92Y" "rlm_rlnu") = m.size_non_uniformity();
        /// Normalized run length non-uniformity `Σ_r (Σ_i P)² / Nr²`; in (0, 1].
        run_length_non_uniformity_normalized ("RunLengthNonUniformityNormalized", ibsi "IC23" "rlm_rlnu_norm") =
            m.size_non_uniformity_normalized();
        /// Run percentage `Nr / Np`; in (0, 1].
        run_percentage ("RunPercentage", ibsi "9ZK5" "rlm_r_perc") = m.percentage();
        /// Run variance `Σ q (r - µ)²`; squared voxels.
        run_variance ("RunVariance", ibsi "SXLW" "rlm_rl_var") = m.size_variance;
        /// Short run emphasis `Σ q / r²`; in (0, 1].
        short_run_emphasis ("ShortRunEmphasis", ibsi "22OV" "rlm_sre") = m.small;
        /// Short run high gray level emphasis `Σ q i² / r²`.
        short_run_high_gray_level_emphasis ("ShortRunHighGrayLevelEmphasis", ibsi "GD3A" "rlm_srhge") = m.small_high;
        /// Short run low gray level emphasis `Σ q / (i² r²)`; in (0, 1].
        short_run_low_gray_level_emphasis ("ShortRunLowGrayLevelEmphasis", ibsi "HTZT" "rlm_srlge") = m.small_low;
    }
}

impl GlrlmFeatures {
    /// The 16 features of a region: averaged over directions, or of the weighted sum of their matrices.
    ///
    /// `spacing` in mm, `(z, y, x)`; it matters only for a weighting. The settings' distances do not apply.
    ///
    /// # Errors
    /// [`Error::InvalidSpacing`](crate::Error::InvalidSpacing) if a spacing is not a positive number.
    pub fn new(levels: &Levels, spacing: [f64; 3], params: &TextureParams) -> Result<Self> {
        check_spacing(spacing)?;
        let directions = directions(levels.shape(), &[1], params.force_2d)?;
        let mut features = Self::along(levels, &directions, spacing, params.weighting);
        let single = params.weighting.is_some() || directions.len() == 1;
        if single && features.run_percentage.is_nan() {
            features.run_entropy = 0.0;
            features.run_variance = 0.0;
        }
        Ok(features)
    }

    /// The features of the runs along these directions.
    pub(crate) fn along(
        levels: &Levels,
        directions: &[Direction],
        spacing: [f64; 3],
        weighting: Option<WeightingNorm>,
    ) -> Self {
        let matrices = directions
            .iter()
            .filter_map(|&direction| Some((direction, Glrlm::new(levels, direction)?)));
        let per_matrix: Vec<Self> = match weighting {
            None => matrices.map(|(_, glrlm)| glrlm.features()).collect(),
            Some(norm) => {
                let weighted = matrices.map(|(direction, glrlm)| {
                    (direction.length(spacing, norm).unwrap_or(1.0), glrlm.matrix)
                });
                let matrix = SizeMatrix::weighted_sum(weighted);
                vec![Glrlm { matrix }.features()]
            }
        };
        Self::mean(&per_matrix)
    }
}

#[cfg(test)]
mod tests {
    use super::super::example;
    use super::*;

    #[test]
    fn names_are_in_ascii_order() {
        assert_eq!(GlrlmFeatures::NAMES.len(), 16);
        assert!(GlrlmFeatures::NAMES.is_sorted());
    }

    #[test]
    fn the_longest_run_crosses_the_box() {
        let levels = Levels::from_array(ndarray::Array3::from_elem((3, 5, 7), 1u16).view());
        let levels = levels.expect("one level");
        for direction in directions(levels.shape(), &[1], None).expect("distance 1") {
            let glrlm = Glrlm::new(&levels, direction).expect("lines");
            assert_eq!(glrlm.matrix.n_covered(), 105.0, "{direction:?}");
            let sides = [3, 5, 7].into_iter().zip(direction.0);
            let shortest = sides
                .filter(|&(_, step)| step != 0)
                .map(|(side, _)| side)
                .min();
            let longest = glrlm.matrix.cells.iter().map(|cell| cell.size).max();
            assert_eq!(longest, shortest, "{direction:?}");
        }
    }

    #[test]
    fn the_example_of_the_module() {
        let glrlm = Glrlm::new(&example::levels(), Direction([0, 0, 1])).expect("lines");
        let cells: Vec<(u16, u32, f64)> = glrlm
            .matrix
            .cells
            .iter()
            .map(|c| (c.level, c.size, c.count))
            .collect();
        let expected = [
            (1, 1, 4.0),
            (1, 2, 1.0),
            (2, 1, 1.0),
            (2, 2, 2.0),
            (3, 1, 2.0),
            (3, 2, 2.0),
            (4, 2, 2.0),
            (5, 1, 2.0),
            (5, 2, 1.0),
        ];
        assert_eq!(cells, expected);
        assert_eq!(
            (glrlm.matrix.n_elements(), glrlm.matrix.n_covered()),
            (17.0, 25.0)
        );
        let f = glrlm.features();
        let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-14, "{a} {b}");
        close(f.run_percentage, 17.0 / 25.0);
        close(f.long_run_emphasis, (9.0 + 8.0 * 4.0) / 17.0);
        close(
            f.gray_level_non_uniformity,
            (25.0 + 9.0 + 16.0 + 4.0 + 9.0) / 17.0,
        );
        close(f.run_length_non_uniformity, (81.0 + 64.0) / 17.0);
    }

    #[test]
    fn only_lines_with_two_voxels_count() {
        // Two voxels apart on a row: the one direction that sees both.
        let levels =
            Levels::from_array(ndarray::arr3(&[[[1u16, 0, 0], [0, 0, 0], [2, 0, 0]]]).view())
                .expect("levels");
        assert!(Glrlm::new(&levels, Direction([0, 1, 0])).is_some());
        assert!(Glrlm::new(&levels, Direction([0, 0, 1])).is_none());
        let f = GlrlmFeatures::new(&levels, [1.0; 3], &TextureParams::default()).expect("features");
        assert_eq!((f.short_run_emphasis, f.run_percentage), (1.0, 1.0));
        let levels =
            Levels::from_array(ndarray::arr3(&[[[1u16, 0, 0], [0, 0, 1]]]).view()).expect("levels");
        let f = GlrlmFeatures::new(&levels, [1.0; 3], &TextureParams::default()).expect("features");
        assert!(f.iter().all(|(_, value)| value.is_nan()));
    }
}
