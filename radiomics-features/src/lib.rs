#![doc = include_str!("../README.md")]

mod batch;
mod diagnostics;
mod discretize;
mod error;
mod extractor;
mod feature_table;
pub mod filters;
pub mod firstorder;
mod fourier;
pub mod histogram;
pub mod ibsi;
pub mod io;
pub mod local_intensity;
mod mask;
mod name;
mod normalize;
mod numbers;
mod par;
mod params;
mod preprocess;
mod resample;
mod resegment;
mod roi;
mod rows;
pub mod shape;
pub mod texture;
mod volume;
pub mod volume_histogram;
mod voxelwise;
mod wide;

pub use batch::FeatureTable;
pub use diagnostics::{Diagnostics, ImageDiagnostics, IntensitySummary, RegionDiagnostics};
pub use discretize::{BinOrigin, Binning, LevelCount, Levels, PixelKind};
pub use error::{Error, Result};
pub use extractor::{Extractor, FeatureVector, ImageFeatures, LabelFeatures, RegionFeatures};
pub use filters::ImageFilter;
pub use firstorder::{FirstOrderFeatures, FirstOrderParams, Kurtosis};
pub use histogram::IntensityHistogramFeatures;
pub use local_intensity::LocalIntensityFeatures;
pub use mask::Mask;
pub use name::{
    Band, Family, FeatureName, ImageName, NamedFeature, Pass, ReplacedFeature, Replacement,
};
pub use normalize::Normalization;
pub use params::{FamilySelection, FeatureSelection, ImageParams, NoiseBands, Params, Profile};
pub use resample::{
    GridAlignment, IntensityRounding, Interpolator, MaskInterpolation, PixelSpacing, Resampling,
};
pub use resegment::{OutlierFilter, ResegmentMode, ResegmentShape, Resegmentation};
pub use roi::{BoundingBox, MaskGrid, Roi, RoiParams};
pub use shape::{
    Covariance, DensityFeatures, Shape2dFeatures, ShapeFeatures, ShapeParams, SpatialFeatures,
};
pub use volume::{Dimensionality, Geometry, GeometryDifference, PixelType, Volume};
pub use volume_histogram::{IntensityRange, IntensityVolumeHistogramFeatures, IvhBinning};
pub use voxelwise::{FeatureMap, FeatureMaps, Kernel, Maps, MissingDirections, VoxelParams};
