//! Properties: univariate.
