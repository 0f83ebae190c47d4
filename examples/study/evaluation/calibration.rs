//! Do predicted risks agree with what happened?

use eval_stats::calibration::{
    self, CalibrationErrors, CalibrationPoint, LoessSurface, Recalibration, RiskAccuracy,
    SmoothBand, SmoothCurve, Smoother,
};
use eval_stats::hosmer_lemeshow::{self, DegreesOfFreedom, Grouping, HosmerLemeshowTest};
use eval_stats::proportion::ProportionMethod;

use super::strata::{Strata, joined, known, reason};
use super::{EvaluationSettings, Known};

/// How cases are grouped by risk, in the test and in the plot.
const GROUPING: Grouping = Grouping::Quantiles;
/// How outcomes are smoothed over risk, in the errors and in the plot.
const SMOOTHER: Smoother = Smoother::Loess(SURFACE);
const SURFACE: LoessSurface = LoessSurface::Direct;

/// The Hosmer-Lemeshow test of a model on a split.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct GoodnessOfFit {
    /// Split.
    pub split: String,
    /// Model.
    pub model: String,
    /// With groups minus two degrees of freedom, as R's packages and SPSS have on any data.
    pub test: Known<HosmerLemeshowTest>,
    /// With as many degrees of freedom as groups, which is right where the model was not fitted; `None` on the training split.
    pub external: Option<Known<HosmerLemeshowTest>>,
}

/// Calibration of a model on a split.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Calibration {
    /// Split.
    pub split: String,
    /// Model.
    pub model: String,
    /// Cases.
    pub n: usize,
    /// Cases with the event.
    pub events: usize,
    /// Calibration in the large, intercept, slope.
    pub recalibration: Known<Recalibration>,
    /// Brier score, log loss, Spiegelhalter's test.
    pub accuracy: Known<RiskAccuracy>,
    /// ICI, E50, E90, Emax.
    pub errors: Known<CalibrationErrors>,
    /// Smoothed event rate over risk.
    pub curve: Known<SmoothCurve>,
    /// Pointwise limits of the curve.
    pub band: Known<SmoothBand>,
    /// Event rate by group, with Wilson intervals.
    pub groups: Known<Vec<CalibrationPoint>>,
}

impl Calibration {
    /// Why cells are empty; empty if none is.
    pub fn note(&self) -> String {
        joined([
            reason(&self.recalibration),
            reason(&self.accuracy),
            reason(&self.errors),
            reason(&self.band),
        ])
    }
}

/// The test on all splits and models.
pub(super) fn goodness_of_fit(
    strata: &Strata<'_>,
    settings: &EvaluationSettings,
) -> Vec<GoodnessOfFit> {
    let training = &strata.training().name;
    strata
        .cells()
        .map(|(stratum, model)| {
            let test = |df| {
                let scored = strata.risks(stratum, model)?;
                known(hosmer_lemeshow::test(
                    scored,
                    settings.hosmer_lemeshow_groups,
                    GROUPING,
                    df,
                ))
            };
            GoodnessOfFit {
                split: stratum.name.clone(),
                model: strata.models()[model].name.clone(),
                test: test(DegreesOfFreedom::GroupsMinusTwo),
                external: (stratum.name != *training).then(|| test(DegreesOfFreedom::Groups)),
            }
        })
        .collect()
}

/// Calibration on all splits and models.
pub(super) fn calibration(strata: &Strata<'_>, settings: &EvaluationSettings) -> Vec<Calibration> {
    strata
        .cells()
        .map(|(stratum, model)| {
            let risks = strata.risks(stratum, model);
            let groups = settings.hosmer_lemeshow_groups;
            Calibration {
                split: stratum.name.clone(),
                model: strata.models()[model].name.clone(),
                n: stratum.n(),
                events: stratum.n_events(),
                recalibration: risks
                    .clone()
                    .and_then(|scored| known(calibration::recalibration(scored, settings.level))),
                accuracy: risks
                    .clone()
                    .and_then(|scored| known(calibration::accuracy(scored))),
                errors: risks
                    .clone()
                    .and_then(|scored| known(calibration::errors(scored, SMOOTHER))),
                curve: risks
                    .clone()
                    .and_then(|scored| known(calibration::smooth(scored, SMOOTHER))),
                band: risks.clone().and_then(|scored| {
                    known(calibration::smooth_band(scored, SURFACE, settings.level))
                }),
                groups: risks.and_then(|scored| {
                    known(calibration::grouped(
                        scored,
                        groups,
                        GROUPING,
                        settings.level,
                        ProportionMethod::Wilson,
                    ))
                }),
            }
        })
        .collect()
}
