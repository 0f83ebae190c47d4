//! External validation: how a model does on patients it has not seen.
//!
//! | column | what | ideal |
//! |---|---|---|
//! | `auc` | area under the ROC curve, DeLong's interval | 1 |
//! | `brier`, `scaled_brier` | mean `(y - p)²`; `1 - Brier / (π (1 - π))`, π the frequency of events | 0, 1 |
//! | `in_the_large` | intercept at slope 1: positive where risks are too low | 0 |
//! | `intercept`, `slope` | logistic regression of the outcome on the linear predictor | 0, 1 |
//! | `observed_expected` | events over the sum of risks | 1 |
//! | `ici`, `e50`, `e90`, `emax` | distances between smoothed frequency and risk: mean, median, 90th percentile, largest | 0 |
//!
//! All of it stands on `eval_stats`; [`ExternalCohort::val_prob`] has what `rms::val.prob` prints besides.

use eval_stats::calibration::{
    self, CalibrationErrors, Recalibration, RiskAccuracy, Smoother, ValProb,
};
use eval_stats::{Estimate, Scored, delong};

use crate::error::{Error, Result};
use crate::frame::Frame;
use crate::inference::check_level;
use crate::model::RiskModel;

/// External validation.
///
/// | setting | default | purpose |
/// |---|---|---|
/// | `level` | 0.95 | confidence level of all intervals |
/// | `smoother` | [`Smoother::default`], exact loess | curve from which ICI, E50, E90 and Emax are measured |
///
/// ```
/// use nomogram::{Design, ExternalValidation, Frame, LogisticRegression, Missing};
/// let train = Frame::new().with_numeric("x", vec![0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0])?;
/// let design = Design::new(&train, ["x"], Missing::Refuse)?;
/// let model = LogisticRegression::new()
///     .fit(&design, &[false, false, true, true, true, true, false])?
///     .model()?;
/// let new = Frame::new().with_numeric("x", vec![0.0, 1.0, 0.0, 1.0, 0.0, 1.0])?;
/// let outcome = [false, true, true, false, false, true];
/// let cohort = ExternalValidation::new().cohort("elsewhere", &model, &new, &outcome)?;
/// // Risks are 1/3 and 3/4, the frequencies there 1/3 and 2/3: odds of 4 in place of 6 for x = 1 against x = 0.
/// assert!((cohort.recalibration.slope.value - 4f64.ln() / 6f64.ln()).abs() < 1e-9);
/// # Ok::<(), nomogram::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ExternalValidation {
    level: f64,
    smoother: Smoother,
}

impl Default for ExternalValidation {
    fn default() -> Self {
        Self {
            level: 0.95,
            smoother: Smoother::default(),
        }
    }
}

/// How a model does on one cohort.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ExternalCohort {
    /// Name of the cohort.
    pub name: String,
    /// Patients.
    pub n: usize,
    /// Events among them.
    pub n_events: usize,
    /// Area under the ROC curve with DeLong's interval.
    pub auc: Estimate,
    /// Brier score and its kin.
    pub accuracy: RiskAccuracy,
    /// Calibration in the large, intercept and slope, observed over expected events.
    pub recalibration: Recalibration,
    /// ICI, E50, E90 and Emax.
    pub errors: CalibrationErrors,
    /// What `rms::val.prob` prints.
    pub val_prob: ValProb,
    /// Predicted risk of each patient, in the order of the table, for figures.
    pub risks: Vec<f64>,
}

/// One model on several cohorts.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ExternalTable {
    /// The cohorts, in the order given.
    pub cohorts: Vec<ExternalCohort>,
    /// Confidence level of all intervals.
    pub level: f64,
    /// Curve from which the distances were measured.
    pub smoother: Smoother,
}

/// A cohort to be validated on.
#[derive(Debug, Clone, Copy)]
pub struct Cohort<'a> {
    /// Name, for the table.
    pub name: &'a str,
    /// Its table, with at least the model's predictors.
    pub frame: &'a Frame,
    /// One outcome per row, `true` = event.
    pub outcome: &'a [bool],
}

impl ExternalValidation {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Confidence level of all intervals.
    #[must_use]
    pub fn level(mut self, level: f64) -> Self {
        self.level = level;
        self
    }

    /// Curve from which ICI, E50, E90 and Emax are measured.
    #[must_use]
    pub fn smoother(mut self, smoother: Smoother) -> Self {
        self.smoother = smoother;
        self
    }

    /// The model on one cohort.
    ///
    /// # Errors
    /// As [`RiskModel::predict_frame`] for the table; [`Error::RowCount`]; [`Error::Cohort`] with the reason where a statistic has no value:
    /// one class only, all risks equal, a risk of 0 or 1, classes that a cut-off separates.
    pub fn cohort(
        &self,
        name: &str,
        model: &RiskModel,
        frame: &Frame,
        outcome: &[bool],
    ) -> Result<ExternalCohort> {
        check_level(self.level)?;
        if outcome.len() != frame.n_rows() {
            return Err(Error::RowCount {
                what: "outcome",
                expected: frame.n_rows(),
                found: outcome.len(),
            });
        }
        let predictions = model.predict_frame(frame, self.level)?;
        let risks: Vec<f64> = predictions.iter().map(|p| p.risk).collect();
        self.score(name, risks, outcome)
            .map_err(|source| Error::Cohort {
                cohort: name.to_owned(),
                source: Box::new(source),
            })
    }

    /// The model on several cohorts.
    ///
    /// # Errors
    /// As [`cohort`](Self::cohort).
    pub fn table(&self, model: &RiskModel, cohorts: &[Cohort<'_>]) -> Result<ExternalTable> {
        let cohorts = cohorts
            .iter()
            .map(|c| self.cohort(c.name, model, c.frame, c.outcome))
            .collect::<Result<_>>()?;
        Ok(ExternalTable {
            cohorts,
            level: self.level,
            smoother: self.smoother,
        })
    }

    fn score(
        &self,
        name: &str,
        risks: Vec<f64>,
        outcome: &[bool],
    ) -> eval_stats::Result<ExternalCohort> {
        let scored = Scored::new(&risks, outcome)?;
        Ok(ExternalCohort {
            name: name.to_owned(),
            n: scored.n(),
            n_events: scored.n_events(),
            auc: delong::auc(&scored, self.level)?,
            accuracy: calibration::accuracy(&scored)?,
            recalibration: calibration::recalibration(&scored, self.level)?,
            errors: calibration::errors(&scored, self.smoother)?,
            val_prob: calibration::val_prob(&scored)?,
            risks,
        })
    }
}

impl ExternalCohort {
    /// Name and value of every column of the table, in its order; limits of intervals end in `_low` and `_high`.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, f64)> + use<> {
        let r = &self.recalibration;
        [
            ("n", self.n as f64),
            ("n_events", self.n_events as f64),
            ("auc", self.auc.value),
            ("auc_low", self.auc.low),
            ("auc_high", self.auc.high),
            ("brier", self.accuracy.brier),
            ("scaled_brier", self.accuracy.scaled_brier),
            ("in_the_large", r.in_the_large.value),
            ("in_the_large_low", r.in_the_large.low),
            ("in_the_large_high", r.in_the_large.high),
            ("intercept", r.intercept.value),
            ("intercept_low", r.intercept.low),
            ("intercept_high", r.intercept.high),
            ("slope", r.slope.value),
            ("slope_low", r.slope.low),
            ("slope_high", r.slope.high),
            ("observed_expected", r.observed_expected.value),
            ("observed_expected_low", r.observed_expected.low),
            ("observed_expected_high", r.observed_expected.high),
            ("ici", self.errors.ici),
            ("e50", self.errors.e50),
            ("e90", self.errors.e90),
            ("emax", self.errors.emax),
        ]
        .into_iter()
    }
}
