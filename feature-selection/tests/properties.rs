//! What must hold for any data: optimality, invariances, refusals, chance level on noise.

mod common;

#[path = "properties/bad_input.rs"]
mod bad_input;
#[path = "properties/cross_validation.rs"]
mod cross_validation;
#[path = "properties/icc.rs"]
mod icc;
#[path = "properties/information.rs"]
mod information;
#[path = "properties/invariance.rs"]
mod invariance;
#[path = "properties/no_nan/mod.rs"]
mod no_nan;
#[path = "properties/optimality.rs"]
mod optimality;
#[path = "properties/pipeline.rs"]
mod pipeline;
#[path = "properties/redundancy.rs"]
mod redundancy;
#[path = "properties/score.rs"]
mod score;
#[path = "properties/stability.rs"]
mod stability;
#[path = "properties/univariate.rs"]
mod univariate;
