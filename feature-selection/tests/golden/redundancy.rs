//! Reference values: redundancy.
