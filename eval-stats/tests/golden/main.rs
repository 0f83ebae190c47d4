//! Values of established software, read from `data/` (see `README.md` there).

#[path = "../common/mod.rs"]
mod common;

mod agreement;
mod agreement_raters;
mod audit;
mod audit_cases;
mod calibration;
mod confusion;
mod decision;
mod foundations;
mod groups;
mod reader_study;
mod reclassification;
mod roc;
mod roc_proc;
