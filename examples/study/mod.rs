//! The steps of the study, each computing on plain tables and writing its own files. The programs for single steps and the whole pipeline share them.
//!
//! | module | step |
//! |---|---|
//! | [`pipeline`] | the whole study |
//! | [`outlines`] | from images and outlines to handcrafted features and the network's channels |
//! | [`features`], [`deep`] | from these to a table of features, fitted on training rows |
//! | [`selection`] | from features to a score |
//! | [`modeling`] | from predictors to a risk model and its nomogram |
//! | [`fit`] | all of these on some training rows |
//! | [`evaluation`] | models on every split: discrimination, comparison, calibration, decision curves |
//! | [`nested`] | nested cross-validation of the whole, and the control on shuffled outcomes |
//! | [`reader_study`], [`gallery`] | readers without and with the model; heat maps |
//! | [`bundle`] | all that a prediction for a new patient needs |
//! | [`cache`] | what is finished, for a run that goes on |
//! | `output` | the files |
//! | [`baseline`], [`results`], [`narrative`] | what the report says |

pub mod baseline;
pub mod bundle;
pub mod cache;
pub mod deep;
pub mod evaluation;
pub mod features;
pub mod fit;
pub mod gallery;
pub mod modeling;
pub mod narrative;
pub mod nested;
pub mod outlines;
mod output;
pub mod pipeline;
pub mod reader_study;
pub mod results;
pub mod selection;
