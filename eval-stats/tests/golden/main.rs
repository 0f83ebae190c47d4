//! Values of established software, read from `data/` (see `README.md` there).

#[path = "../common/mod.rs"]
mod common;

mod agreement;
mod audit;
mod audit_cases;
mod calibration;
mod decision;
mod foundations;
mod groups;
mod reclassification;
mod roc;
