//! The standard: every published value and matrix of the digital phantom, the five configurations, the filters; and the table of
//! compliance in the documentation, which is what these tests found.

#[path = "../common/mod.rs"]
mod common;
mod compliance;
mod configurations;
mod filters;
mod matrices;
mod morphology;
mod phantom;
mod phase_2;
mod properties;
