//! Stability selection: how often a feature is selected on random halves of the rows.
