//! Relaxed LASSO: unpenalized refits of the sets that the path selects, blended with the path.
