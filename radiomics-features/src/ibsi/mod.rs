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
//! ```yaml
//! profile: ibsi
//! region:
//!   label: 1                    # which label of the mask
//!   minimum_dimensions: 1       # along how many axes the region has more than one voxel
//!   minimum_size: 10            # the region has more voxels than this; default: no limit
//!   geometry_tolerance: 1e-6
//!   correct_mask: false         # resample a mask on another grid to the image's
//! interpolation:                # default: none
//!   spacing: [2, 2, 2]          # mm along x, y, z; 0 keeps an axis; two numbers for a plane
//!   image: linear               # nearest, linear, cubic (spline)
//!   rounding: none              # none, nearest_integer
//!   mask: linear                # linear, nearest
//!   mask_threshold: 0.5         # for linear: the partial volume that is in
//!   grid: center                # center; corner: that of PyRadiomics
//! resegmentation:               # default: none; with both, what is inside both
//!   range: [-500, 400]          # or one number: no upper limit
//!   outliers: 3                 # standard deviations
//! discretization:
//!   fixed_bin_size: 1           # the default
//!   origin: range               # range: its lower limit, or else the minimum; minimum; or an intensity
//! # discretization: {fixed_bin_number: 32}
//! # intensity_volume_histogram: {fixed_bin_size: 2.5} or {fixed_bin_number: 1000}; default: intensities as they are
//! texture:
//!   distances: [1]              # of GLCM, NGTDM and NGLDM
//!   alpha: 0                    # coarseness of NGLDM
//!   symmetric: true             # of GLCM
//!   isolated_voxels: skip       # in NGTDM; count: as PyRadiomics
//! conventions:
//!   kurtosis: excess            # raw: as PyRadiomics
//!   covariance: sample          # N - 1; population: N, as PyRadiomics
//! images:                       # default: the original one
//!   - filter: original
//!   - filter: {mean: {size: 5, boundary: mirror}}   # a filter of IBSI-2, see `filters::standard`
//!     discretization: {fixed_bin_number: 32}        # its own; 32 bins if nothing is said
//!     intensity_volume_histogram: {fixed_bin_number: 1000}
//! features:
//!   families: [morphology, local_intensity, intensity_statistics, intensity_histogram, intensity_volume_histogram,
//!              glcm, glrlm, glszm, gldzm, ngtdm, ngldm]
//!   aggregations: [2D_avg, 2D_slice_merged, 2.5D_direction_merged, 2.5D_merged, 3D_avg, 3D_merged, 2D, 2.5D, 3D]
//! ```
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
