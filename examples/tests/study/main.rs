//! The whole study through its command line: interrupted and resumed, on shuffled outcomes, with cases that fail, with a typed cohort and readers.

#[path = "../common/mod.rs"]
mod common;

mod nested;
mod resume;
mod typed;

use common::cohort;
