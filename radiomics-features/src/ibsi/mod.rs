//! The Image Biomarker Standardisation Initiative (IBSI): its features by their codes, in its aggregations, under its conventions.
//!
//! With [`Profile::Ibsi`](crate::Profile) an [`Extractor`](crate::Extractor) gives the features of IBSI-1; [`Params::ibsi`](crate::Params::ibsi) sets
//! the conventions of the reference manual. Columns are named `image_tag_CODE` or `image_tag_CODE_aggregation`, e.g.
//! `original_cm_contrast_ACUI_3D_avg`; [`features`] lists tags and codes, [`Aggregation`] the nine ways to aggregate.
//!
//! ```
//! use ndarray::Array3;
//! use radiomics_features::{Extractor, Geometry, Mask, Params, PixelType, Roi, Volume};
//!
//! let geometry = Geometry::new([2.0, 1.0, 1.0])?;
//! let image = Array3::from_shape_fn((4, 8, 8), |(z, y, x)| (1 + (x * y + z) % 5) as f64);
//! let image = Volume::new(image, geometry, PixelType::U8)?;
//! let mask = Mask::new(Array3::from_elem((4, 8, 8), 1), geometry)?;
//!
//! let extractor = Extractor::new(Params::ibsi())?;
//! let features = extractor.extract(&Roi::new(&image, &mask, &extractor.params().roi)?)?;
//! assert_eq!(features.value("original_stat_max_84IY".parse()?), Some(5.0));
//! assert_eq!(features.names[0].ibsi_id(), Some("25C7"));
//! # Ok::<(), radiomics_features::Error>(())
//! ```
//!
//! # Parameter files
//! [`Params::read`](crate::Params::read) reads a file of the standard by its key `profile`. Everything but that key may be left out.
//!
#![doc = concat!("```yaml\n", include_str!("parameters.yaml"), "```\n")]
//!
//! Every one of these choices can be made under PyRadiomics' profile as well, one by one, through the fields of
//! [`Params`](crate::Params). The five configurations of IBSI-1 are such files: [`Configuration`].
//!
//! # What is taken from where
//! * Morphology is that of the morphological mask, which re-segmentation does not change, and of the image before any filter; so are
//!   the peaks of local intensity. All other families have the intensity mask and every image.
//! * The re-segmentation range bounds the bins of the image itself only; a filter's response has no known range.
//! * Slices are the planes across z, whatever the orientation of the patient.
#![doc = include_str!("../../IBSI.md")]

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
