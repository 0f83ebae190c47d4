//! The Image Biomarker Standardisation Initiative: its features by their codes, its six ways of aggregation.

mod feature;
mod texture;

pub use feature::{Aggregation, Family, Feature};
pub use texture::{Aggregated, TextureFeatures};
