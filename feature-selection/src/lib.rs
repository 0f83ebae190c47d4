#![doc = include_str!("../README.md")]

mod error;
pub mod lasso;
mod linalg;
mod par;
pub mod standardize;
pub mod table;

pub use error::{Error, Result};
pub use table::FeatureTable;
