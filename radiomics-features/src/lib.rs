#![doc = include_str!("../README.md")]

mod error;
mod mask;
mod roi;
mod volume;

pub use error::{Error, Result};
pub use mask::Mask;
pub use roi::{BoundingBox, Roi, RoiParams};
pub use volume::{Dimensionality, Geometry, GeometryDifference, PixelType, Volume};
