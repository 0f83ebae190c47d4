//! Values of other programs; `tests/golden/README.md` says which.

mod common;

#[path = "golden/correlation.rs"]
mod correlation;
#[path = "golden/cross_validation.rs"]
mod cross_validation;
#[path = "golden/icc.rs"]
mod icc;
#[path = "golden/information.rs"]
mod information;
#[path = "golden/lasso.rs"]
mod lasso;
#[path = "golden/real_tables.rs"]
mod real_tables;
#[path = "golden/redundancy.rs"]
mod redundancy;
#[path = "golden/relaxed.rs"]
mod relaxed;
#[path = "golden/stability.rs"]
mod stability;
#[path = "golden/univariate.rs"]
mod univariate;
