//! Calibration: do predicted risks agree with what happened?
//!
//! | question | item |
//! |---|---|
//! | is the average right, is the spread right | [`recalibration`] (with likelihood-ratio tests), [`observed_expected`] |
//! | how far off is one prediction | [`accuracy`] (Brier score, log loss, Spiegelhalter), [`brier_decomposition`] |
//! | how far off along the risk scale | [`errors`] (ICI, E50, E90, Emax) over [`smooth`] |
//! | what to draw | [`grouped`], [`smooth`], [`smooth_band`], [`bootstrap_band`] |
//! | how uncertain is all that | [`bootstrap`] |
//! | everything that R's `val.prob` prints | [`val_prob`] |
//!
//! `y` is the outcome (0 or 1), `p` the predicted risk, `π` the event rate. The smoothers stand on
//! their own as [`loess`](loess()) and [`lowess`](lowess()).
//!
//! ```text
//! in the large   a of logit π(p) = a + logit p             intercept, slope  a + b logit p
//! O/E            Σ y / Σ p                                  Brier Σ (y - p)²/n, scaled 1 - Brier/(π(1 - π))
//! log loss       -Σ [y ln p + (1 - y) ln(1 - p)]/n          ICI   mean |smooth(p) - p|
//! Spiegelhalter  z = Σ (y - p)(1 - 2p) / √(Σ (1 - 2p)² p(1 - p))
//! ```
//!
//! References stand at the items; for all of it: Van Calster and others, BMC Med. 17 (2019) 230,
//! doi:10.1186/s12916-019-1466-7.

mod accuracy;
mod band;
mod bootstrap;
mod fit;
mod grouped;
mod loess;
mod lowess;
mod recalibration;
mod smooth;
mod val_prob;

pub use accuracy::{BrierDecomposition, RiskAccuracy, accuracy, brier_decomposition};
pub use band::{SmoothBand, bootstrap_band, smooth_band};
pub use bootstrap::{BootstrappedCalibration, BootstrappedIndex, bootstrap};
pub use grouped::{CalibrationPoint, grouped, grouped_at};
pub use loess::{Degree, LoessBand, LoessFit, LoessSettings, LoessSurface, loess};
pub use lowess::{LowessSettings, lowess, lowess_of_counts};
pub use recalibration::{
    LikelihoodRatio, ObservedExpectedMethod, Recalibration, observed_expected, recalibration,
};
pub use smooth::{CalibrationErrors, SmoothCurve, Smoother, errors, smooth};
pub use val_prob::{ValProb, val_prob};
