//! Properties: redundancy.
