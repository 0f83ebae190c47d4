//! The Image Biomarker Standardisation Initiative: its features by their codes, its six ways of aggregation.

mod feature;

pub use feature::{Aggregation, Family, Feature};
