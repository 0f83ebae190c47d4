//! Properties: information.
