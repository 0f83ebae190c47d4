//! Values of other programs; `tests/golden/README.md` says which.

mod common;

#[path = "golden/correlation.rs"]
mod correlation;
#[path = "golden/icc.rs"]
mod icc;
#[path = "golden/information.rs"]
mod information;
#[path = "golden/lasso.rs"]
mod lasso;
#[path = "golden/univariate.rs"]
mod univariate;
