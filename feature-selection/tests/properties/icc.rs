//! Properties: icc.
