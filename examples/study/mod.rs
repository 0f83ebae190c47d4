//! The steps of the study, each computing on plain tables and writing its own files. The programs for single steps and the whole pipeline share them.
//!
//! | module | step |
//! |---|---|
//! | [`pipeline`] | the whole study |
//! | [`features`] | from images and outlines to a table of features |
//! | [`deep`] | from the network's channels to deep features |
//! | [`selection`] | from features to a score |
//! | [`modeling`] | from predictors to a risk model and its nomogram |
//! | [`evaluation`] | models on every split: discrimination, comparison, calibration, decision curves |
//! | [`bundle`] | all that a prediction for a new patient needs |
//! | [`baseline`], [`results`] | what the report says of cohort, features and models |

pub mod baseline;
pub mod bundle;
pub mod deep;
pub mod evaluation;
pub mod features;
pub mod modeling;
pub mod pipeline;
pub mod results;
pub mod selection;
