//! Reference values: relaxed.
