#![doc = include_str!("../README.md")]

mod axis;
mod axis_group;
mod calibrate;
mod design;
mod error;
mod external;
mod firth;
mod frame;
mod indices;
mod inference;
mod irls;
mod knots;
mod linalg;
mod logistic;
mod model;
pub mod model_file;
mod newton;
mod nomogram;
mod numeric;
mod odds_ratio_table;
mod par;
mod patient;
mod points;
mod predictor;
mod products;
mod profile;
mod ranked;
mod refit;
#[cfg(feature = "plot")]
pub mod render;
mod resample;
mod screening;
mod separation;
mod standardized;
mod stepwise;
mod strategy;
mod term;
mod validate;

pub use axis::{Axis, AxisTick, Condition, ScaleTick};
pub use calibrate::{CalibrationCurve, CalibrationPoint, calibrate};
pub use design::{Design, Missing};
pub use error::{Divergence, Error, Kind, Result, SeparatedColumn, SeparationKind};
pub use external::{Cohort, ExternalCohort, ExternalTable, ExternalValidation};
pub use firth::{
    Firth, FirthBackward, FirthCoefficient, FirthCorrection, FirthCovariance, FirthElimination,
    FirthFit,
};
pub use frame::{Column, ColumnValues, Frame, Levels};
pub use inference::{Interval, RSquared, Residuals, TermResult, TermTest, TestResult};
pub use logistic::{Coefficient, Convergence, FewEvents, LogisticFit, LogisticRegression};
pub use model::{Estimation, Prediction, RiskModel};
pub use nomogram::{Nomogram, NomogramSettings, RiskInversion, RiskTicks};
pub use odds_ratio_table::{OddsRatio, OddsRatioRow, RowEffect, RowKind, format_p, format_ratio};
pub use patient::{Patient, Value};
pub use points::{AxisPosition, GivenValue, PatientPoints, RiskGroups, TermPoints};
pub use predictor::{MAX_DEGREE, MAX_DISTINCT, NumericSummary, Predictor, PredictorKind};
pub use profile::ProfileMethod;
pub use resample::Resamples;
pub use screening::{Screened, UnivariableFit, UnivariableTable, univariable, univariable_firth};
pub use stepwise::{
    BackwardElimination, BackwardFit, Candidate, Criterion, Direction, EliminationStep,
    FastBackward, FastDeletion, FastRule, FastTest, Move, Penalty, fast_backward,
};
pub use strategy::Selection;
pub use term::{DesignColumn, Knots, Term, TermSpec};
pub use validate::{ValidatedIndex, Validation, ValidationResult};
