//! Properties: score.
