#![doc = include_str!("../README.md")]

pub mod correlation;
mod error;
pub mod icc;
pub mod lasso;
mod linalg;
pub mod missing;
mod moments;
pub mod mrmr;
pub mod mutual_information;
pub mod nested_cv;
mod par;
pub mod pipeline;
#[cfg(feature = "plot")]
pub mod plot;
pub mod redundancy;
pub mod relevance;
pub mod score;
pub mod stability;
pub mod standardize;
pub mod table;
pub mod univariate;

pub use error::{Error, Result};
pub use pipeline::SelectionPipeline;
pub use score::Score;
pub use standardize::Standardizer;
pub use table::FeatureTable;
