//! Properties: stability.
