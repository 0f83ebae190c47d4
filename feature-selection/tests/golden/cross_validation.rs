//! Reference values: cross validation.
