//! Adaptive LASSO: penalty factors from a ridge fit.
