//! Voxel-based extraction: a map of every feature, its value at a voxel taken from the voxels around it.

use crate::error::Result;

/// Settings of a voxel-based extraction, `voxelSetting` in a parameter file.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct VoxelParams {
    /// The neighborhood of a voxel is the box of this many voxels to each side, `kernelRadius`. Default 1.
    pub kernel_radius: usize,
    /// Which voxels of the neighborhood count, `maskedKernel`. Default: those of the region.
    pub kernel: Kernel,
    /// Value of the map outside the region, `initValue`. Default 0; NaN is allowed.
    pub initial_value: f64,
}

/// Which voxels of a neighborhood count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Kernel {
    /// Those inside the region.
    #[default]
    Masked,
    /// All.
    Unmasked,
}

impl Default for VoxelParams {
    fn default() -> Self {
        Self {
            kernel_radius: 1,
            kernel: Kernel::default(),
            initial_value: 0.0,
        }
    }
}

impl VoxelParams {
    pub(crate) fn check(&self) -> Result<()> {
        Ok(())
    }
}
