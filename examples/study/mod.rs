//! The steps of the study, each computing on plain tables and writing its own files. The programs for single steps and the whole pipeline share them.
//!
//! | module | step |
//! |---|---|
//! | [`features`] | from images and outlines to a table of features |
//! | [`evaluation`] | models on every split: discrimination, comparison, calibration, decision curves |
//! | [`selection`] | from features to a score |
//! | [`modeling`] | from predictors to a risk model and its nomogram |

pub mod features;
pub mod modeling;
pub mod evaluation;
pub mod selection;
