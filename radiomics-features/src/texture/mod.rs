//! Texture: how gray levels are arranged, counted in six kinds of matrix.
//!
//! | module | matrix counts | features |
//! |---|---|---|
//! | [`glcm`] | pairs of levels at a distance | 24 |
//! | [`glrlm`] | runs of one level along a direction | 16 |
//! | [`glszm`] | connected zones of one level | 16 |
//! | [`gldzm`] | the same zones by their distance from the border; IBSI only | 16 |
//! | [`gldm`] | voxels by their number of like neighbors | 14 |
//! | [`ngtdm`] | differences between voxels and the mean of their neighbors | 5 |
//!
//! All are counted on one [`Levels`](crate::Levels): the region, discretized once. Neighbors outside the region are
//! ignored. A direction or neighbor is used only if the region's bounding box is larger than the offset along every
//! axis, so a region of one slice has the textures of a plane without any setting.
//!
//! # The example
//! Every family shows its matrix on the same plane of 5 × 5 pixels and 5 levels:
//!
//! ```text
//! 1 1 2 3 3
//! 1 2 2 3 5
//! 2 2 4 4 5
//! 1 3 4 4 1
//! 3 3 1 5 5
//! ```
//!
//! # Differences
//! PyRadiomics adds `2^-52` inside logarithms and to some denominators; here `0 log 0 = 0` exactly. This moves values by
//! less than 1e-12.

pub mod direction;
pub mod glcm;
pub mod gldm;
pub mod gldzm;
pub mod glrlm;
pub mod glszm;
mod maximal_correlation;
pub mod ngtdm;
pub mod size_matrix;
mod tally;
mod walk;

pub use direction::{Axis, Direction, WeightingNorm};
pub use glcm::{Glcm, GlcmFeatures};
pub use gldm::{Gldm, GldmFeatures};
pub use gldzm::{Gldzm, GldzmFeatures};
pub use glrlm::{Glrlm, GlrlmFeatures};
pub use glszm::{Glszm, GlszmFeatures};
pub use ngtdm::{Ngtdm, NgtdmFeatures};
pub(crate) use walk::{Zone, distance_zones, edge_distances, zone_numbers, zones};

/// Settings of the texture matrices; the default is PyRadiomics'.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TextureParams {
    /// Distances in voxels (largest step along any axis) at which two voxels are neighbors in [`glcm`], [`gldm`] and
    /// [`ngtdm`]; default `[1]`, each at most once. Runs and zones always use 1.
    pub distances: Vec<usize>,
    /// Keep every matrix inside the planes perpendicular to this axis; default `None`: all directions of the volume.
    pub force_2d: Option<Axis>,
    /// Count every pair of levels in both orders (the GLCM is symmetric); default `true`.
    pub symmetrical_glcm: bool,
    /// `None`, the default: features of each direction, averaged. Otherwise the matrices of all directions are added,
    /// weighted by their distance under this norm, and features taken once ([`glcm`], [`glrlm`]).
    pub weighting: Option<WeightingNorm>,
    /// Largest difference of two levels that counts as alike in [`gldm`]; default 0.
    pub gldm_alpha: u16,
    /// Whether voxels without any neighbor count in [`ngtdm`]. Default: they do.
    pub isolated_voxels: IsolatedVoxels,
}

/// What [`ngtdm`] makes of a voxel without any neighbor in the region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum IsolatedVoxels {
    /// It counts, and differs from its neighbors by 0: PyRadiomics.
    #[default]
    Count,
    /// It is left out: IBSI.
    Skip,
}

impl Default for TextureParams {
    fn default() -> Self {
        Self {
            distances: vec![1],
            force_2d: None,
            symmetrical_glcm: true,
            weighting: None,
            gldm_alpha: 0,
            isolated_voxels: IsolatedVoxels::Count,
        }
    }
}

#[cfg(test)]
pub(crate) mod example {
    use crate::discretize::Levels;

    /// The plane of the module documentation.
    pub(crate) fn levels() -> Levels {
        let plane = ndarray::arr3(&[[
            [1u16, 1, 2, 3, 3],
            [1, 2, 2, 3, 5],
            [2, 2, 4, 4, 5],
            [1, 3, 4, 4, 1],
            [3, 3, 1, 5, 5],
        ]]);
        Levels::from_array(plane.view()).expect("the plane is not empty")
    }
}
