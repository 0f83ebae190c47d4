#![doc = include_str!("../README.md")]

mod batch;
mod discretize;
mod error;
mod extractor;
mod feature_table;
pub mod filters;
pub mod firstorder;
pub mod io;
mod mask;
mod name;
mod normalize;
mod par;
mod params;
mod resegment;
mod roi;
pub mod shape;
pub mod texture;
mod volume;

pub use batch::FeatureTable;
pub use discretize::{Binning, LevelCount, Levels, PixelKind};
pub use error::{Error, Result};
pub use extractor::{Extractor, FeatureVector, ImageFeatures, RegionFeatures};
pub use filters::ImageFilter;
pub use firstorder::FirstOrderFeatures;
pub use mask::Mask;
pub use name::{Band, Family, FeatureName, ImageName, Pass};
pub use normalize::Normalization;
pub use params::{FamilySelection, FeatureSelection, ImageParams, NoiseBands, Params};
pub use resegment::{ResegmentMode, ResegmentShape, Resegmentation};
pub use roi::{BoundingBox, Roi, RoiParams};
pub use shape::{Shape2dFeatures, ShapeFeatures};
pub use volume::{Dimensionality, Geometry, GeometryDifference, PixelType, Volume};
