//! Reference values: stability.
