//! What must hold for any data: optimality, invariances, refusals, chance level on noise.

mod common;

#[path = "properties/bad_input.rs"]
mod bad_input;
#[path = "properties/invariance.rs"]
mod invariance;
#[path = "properties/optimality.rs"]
mod optimality;
#[path = "properties/pipeline.rs"]
mod pipeline;
