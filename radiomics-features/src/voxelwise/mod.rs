//! Voxel-based extraction: a map of every feature, its value at a voxel taken from the voxels around it.
//!
//! Around every voxel of the region lies its kernel, the box of [`kernel_radius`](VoxelParams::kernel_radius) voxels to each
//! side (none across the axis of `force2D`). A feature's value at the voxel is the feature of the kernel's voxels. Gray levels
//! are made once, for the region as a whole, so that they mean the same in every kernel; `Ng` is that of the region.
//!
//! A map covers the region's box grown by the radius and cut at the border of the image. Shape has no maps.
//!
//! | | [`Kernel::Masked`] | [`Kernel::Unmasked`] |
//! |---|---|---|
//! | voxels of a kernel | those of the region | all within the map |
//! | gray levels are made from | the region | all of the map |
//!
//! # Directions that a kernel lacks
//! PyRadiomics computes a batch of voxels at a time, by default all, and keeps a direction of the co-occurrence matrix if any
//! kernel of the batch has a pair in it. Two features then do not exist where another kernel does not: JointAverage, whose
//! mean does not skip the direction, is NaN at that voxel, and MCC fails for the whole batch, which leaves its map at the
//! initial value. [`MissingDirections`] chooses between this and a mean over the directions that are there, which every other
//! feature has anyway.
//!
//! # Differences
//! PyRadiomics cannot take first-order maps of two-dimensional images (its kernel has three axes); here a plane has the maps of
//! one slice. MCC takes the square root of the second eigenvalue of a matrix. Where that is 0, rounding may make it negative,
//! and PyRadiomics then leaves the direction out of the mean, or counts 0, or about 1e-8, by chance of its linear algebra
//! library; here it counts 0. Where no direction fits into the map, PyRadiomics stops; here the features are those of no pair.

mod kernel;
mod map;
mod maps;

use std::num::NonZeroUsize;

use crate::error::{Error, Result};

pub use map::{FeatureMap, FeatureMaps};
pub use maps::Maps;

/// Settings of a voxel-based extraction, `voxelSetting` in a parameter file.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct VoxelParams {
    /// The kernel of a voxel is the box of this many voxels to each side, `kernelRadius`. Default 1.
    pub kernel_radius: usize,
    /// Which voxels of the kernel count, `maskedKernel`. Default: those of the region.
    pub kernel: Kernel,
    /// Value of the map outside the region, `initValue`. Default 0; NaN is allowed.
    pub initial_value: f64,
    /// How many voxels PyRadiomics looks at together, `voxelBatch`. Default `None`: all. Memory is bounded without it; it matters
    /// for [`MissingDirections::Reference`] only.
    pub batch: Option<NonZeroUsize>,
    /// What co-occurrence features are where a kernel lacks a direction. Default: as in PyRadiomics.
    pub missing_directions: MissingDirections,
}

/// Which voxels of a kernel count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Kernel {
    /// Those inside the region.
    #[default]
    Masked,
    /// All.
    Unmasked,
}

/// What JointAverage and MCC of the co-occurrence matrix are where the kernel of a voxel has no pair of neighbors in a direction
/// in which others have one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum MissingDirections {
    /// As in PyRadiomics: JointAverage is NaN at that voxel. MCC is not computed at any voxel of the batch, so that its map holds
    /// the initial value; [`FeatureMap::not_computed`] counts these voxels.
    #[default]
    Reference,
    /// Left out of the mean over directions, as in all other features. NaN only where no direction has a pair.
    LeftOut,
}

impl Default for VoxelParams {
    fn default() -> Self {
        Self {
            kernel_radius: 1,
            kernel: Kernel::default(),
            initial_value: 0.0,
            batch: None,
            missing_directions: MissingDirections::default(),
        }
    }
}

impl VoxelParams {
    pub(crate) fn check(&self) -> Result<()> {
        if self.kernel_radius == 0 {
            return Err(Error::InvalidSetting {
                name: "kernelRadius",
                expected: "1 or more",
                found: self.kernel_radius.to_string(),
            });
        }
        Ok(())
    }
}
