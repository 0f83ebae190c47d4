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
pub use lowess::{LowessSettings, lowess};
pub use recalibration::{
    LikelihoodRatio, ObservedExpectedMethod, Recalibration, observed_expected, recalibration,
};
pub use smooth::{CalibrationErrors, SmoothCurve, Smoother, errors, smooth};
pub use val_prob::{ValProb, val_prob};
