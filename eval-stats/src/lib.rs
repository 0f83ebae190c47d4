#![doc = include_str!("../README.md")]

pub mod agreement;
pub mod auc_interval;
pub mod audit;
pub mod baseline;
pub mod bootstrap;
pub mod calibration;
pub mod clinical_impact;
pub mod confusion;
pub mod contingency;
pub mod cutoff;
pub mod decision_curve;
pub mod delong;
mod error;
mod estimate;
pub mod folds;
pub mod hosmer_lemeshow;
pub mod location;
pub mod mcnemar;
pub mod multiplicity;
mod par;
#[cfg(feature = "plot")]
pub mod plot;
pub mod precision_recall;
pub mod predictive_values;
pub mod pretty;
pub mod proportion;
pub mod quantile;
pub mod r_rng;
pub mod reader_study;
pub mod reclassification;
pub mod roc;
mod scored;
mod sort;
pub mod special;
pub mod venkatraman;
pub mod wide;

pub use error::{Error, Result};
pub use estimate::{Estimate, IntervalMethod};
pub use scored::{Direction, Scored};
pub use sort::ascending;
