//! The results: a feature at every voxel.

use ndarray::Array3;

use crate::name::{FeatureName, ImageName};
use crate::volume::{Dimensionality, Geometry};

/// One feature at every voxel of a region.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct FeatureMap {
    /// Which feature, of which image.
    pub name: FeatureName,
    /// Its values, `(z, y, x)`: the region's box grown by the kernel's radius and cut at the image. Outside the region
    /// [`VoxelParams::initial_value`](crate::VoxelParams::initial_value); NaN where the feature's documentation says so.
    pub voxels: Array3<f64>,
    /// Where the map lies: the image's grid from the first voxel of the map on.
    pub geometry: Geometry,
    /// Whether the image is a plane or a volume.
    pub dimensionality: Dimensionality,
    /// Number of voxels of the region that hold the initial value because PyRadiomics cannot compute the feature there, see
    /// [`MissingDirections`](crate::MissingDirections).
    pub not_computed: usize,
}

/// All maps of one region.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct FeatureMaps {
    /// The maps, in the order of the features of [`Extractor::extract`](crate::Extractor::extract).
    pub maps: Vec<FeatureMap>,
    /// The wavelet sub-bands that hold nothing but rounding errors ([`ImageName::is_noise`]), whether kept or dropped.
    pub noise_bands: Vec<ImageName>,
}

impl FeatureMaps {
    /// The map of a feature, or `None` if it was not extracted.
    #[must_use]
    pub fn get(&self, name: FeatureName) -> Option<&FeatureMap> {
        self.maps.iter().find(|map| map.name == name)
    }
}
