#![doc = include_str!("../README.md")]

mod error;
pub mod folds;
pub mod pretty;
pub mod quantile;
pub mod r_rng;
pub mod roc;
mod scored;
mod sort;
pub mod special;

pub use error::{Error, Result};
pub use scored::Scored;
