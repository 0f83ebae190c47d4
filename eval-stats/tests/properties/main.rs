//! Properties that hold for any data, numeric twins, and every way to be refused.

mod agreement;
mod calibration;
mod decision;
mod general;
mod groups;
mod reclassification;
mod roc;
