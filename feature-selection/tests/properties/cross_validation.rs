//! Properties: cross validation.
