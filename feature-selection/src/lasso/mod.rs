//! LASSO, ridge and elastic net paths for binary and continuous outcomes, with cross-validation.
//!
//! The objective for a binary outcome, on columns standardized with the observation weights
//! (`Σ w_i = 1`), is
//!
//! ```text
//! min  Σ_i w_i [ -y_i η_i + ln(1 + exp η_i) ] + λ Σ_j v_j ( α |b_j| + (1-α)/2 b_j² ),   η = b_0 + offset + X b
//! ```
//!
//! and for a continuous one `½ Σ w_i (y_i - η_i)²` with `y` scaled to unit norm, so that for `α < 1` the
//! quadratic term in original units is `λ (1-α) / (2 s_y)`: the parametrization of glmnet, not of scikit-learn.
//!
//! Two accuracies are offered. [`Compat::Glmnet`] visits coordinates in glmnet's order and stops where
//! glmnet stops, so a path has the same number of passes and the same coefficients to rounding.
//! [`Compat::Exact`] refines every solution until the optimality conditions hold to 1e-10.
//!
//! References: Friedman, Hastie, Tibshirani, *J. Stat. Softw.* 33 (2010), doi:10.18637/jss.v033.i01;
//! Tibshirani et al., *J. R. Stat. Soc. B* 74 (2012), doi:10.1111/j.1467-9868.2011.01004.x (strong rules).

mod adaptive;
mod binomial;
mod covariance;
mod cv;
mod descent;
mod design;
mod estimator;
mod exact;
mod gaussian;
mod kernels;
mod logistic;
mod losses;
mod params;
mod path;
mod predict;
mod relaxed;
mod samples;
mod schedule;
mod screen;

pub use adaptive::{AdaptiveFit, AdaptiveLasso, Pilot, PilotRows, PilotScale};
pub use cv::{
    Alignment, AlphaCurve, AlphaSearch, CrossValidation, CrossValidationFit, GammaCurve, Grouping,
    HeldOut, LambdaRule, Notice, Predictions, Selection, tune_alpha,
};
pub use estimator::{Estimator, EstimatorFit};
pub use losses::Measure;
pub use params::{Compat, ElasticNet, GaussianAlgorithm, Intercept, LogisticUpdate, Scaling};
pub use path::{Coefficients, ElasticNetPath, PathWarning, SparseCoefficients, StopReason};
pub use predict::{PathRow, PredictionScale};
pub use relaxed::{
    GammaChoice, RefitStart, RefitStatus, Refits, Relaxation, RelaxedFit, RelaxedLasso, RelaxedPath,
};
pub use samples::{Family, Samples};
