//! The Image Biomarker Standardisation Initiative: its features by their codes, its six ways of aggregation.

mod configuration;
mod feature;
mod features;
mod texture;

pub use configuration::Configuration;
pub use feature::{Aggregation, Family, Feature};
pub use features::{ImageFeatures, MorphologyFeatures, RegionFeatures, Selection};
pub use texture::{Aggregated, TextureFeatures};

use crate::firstorder::FirstOrderFeatures;
use crate::histogram::IntensityHistogramFeatures;
use crate::local_intensity::LocalIntensityFeatures;
use crate::shape::{DensityFeatures, ShapeFeatures, SpatialFeatures};
use crate::texture::{
    GlcmFeatures, GldmFeatures, GldzmFeatures, GlrlmFeatures, GlszmFeatures, NgtdmFeatures,
};
use crate::volume_histogram::IntensityVolumeHistogramFeatures;

/// Every feature of the standard, family by family.
pub fn features() -> impl Iterator<Item = Feature> {
    let tables = [
        ShapeFeatures::IBSI,
        DensityFeatures::IBSI,
        SpatialFeatures::IBSI,
        LocalIntensityFeatures::IBSI,
        FirstOrderFeatures::IBSI,
        IntensityHistogramFeatures::IBSI,
        IntensityVolumeHistogramFeatures::IBSI,
        GlcmFeatures::IBSI,
        GlrlmFeatures::IBSI,
        GlszmFeatures::IBSI,
        GldzmFeatures::IBSI,
        NgtdmFeatures::IBSI,
        GldmFeatures::IBSI,
    ];
    tables.into_iter().flatten().copied()
}
