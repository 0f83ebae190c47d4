//! Net benefit and clinical impact over risk thresholds.

use eval_stats::Scored;
use eval_stats::bootstrap::{Bootstrap, Stream};
use eval_stats::clinical_impact::{ClinicalImpact, clinical_impact, clinical_impact_with_limits};
use eval_stats::decision_curve::{
    self, DecisionBand, DecisionCurve, DecisionCurveSettings, NetBenefitDifference,
};

use super::choices::checked_seed;
use super::strata::{Strata, Stratum, known};
use super::{EvaluationSettings, Known, ScoreKind};

/// Decision and impact curves of a model on a split.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Decision {
    /// Split.
    pub split: String,
    /// Model.
    pub model: String,
    /// Net benefit. A reader's call has one too: it is the same at all thresholds but for the exchange rate.
    pub curve: Known<DecisionCurve>,
    /// Its pointwise bootstrap limits; `None` if no replicates were asked for.
    pub band: Option<Known<Vec<DecisionBand>>>,
    /// Clinical impact, with limits if replicates were asked for.
    pub impact: Known<ClinicalImpact>,
}

/// Net benefit of a model minus that of the reference on a split, with paired bootstrap limits.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct NetBenefitComparison {
    /// Split.
    pub split: String,
    /// Model.
    pub model: String,
    /// The model it is compared with.
    pub reference: String,
    /// One difference for each threshold.
    pub differences: Known<Vec<NetBenefitDifference>>,
}

/// Every other model against the reference on every split; empty if no replicates were asked for.
pub(super) fn net_benefit(
    strata: &Strata<'_>,
    settings: &EvaluationSettings,
) -> Vec<NetBenefitComparison> {
    if settings.decision_replicates == 0 {
        return Vec::new();
    }
    let reference = strata.input.reference;
    let others = strata.cells().filter(|&(_, model)| model != reference);
    others
        .map(|(stratum, model)| {
            let compared = |model: usize| thresholded(strata, stratum, model);
            NetBenefitComparison {
                split: stratum.name.clone(),
                model: strata.models()[model].name.clone(),
                reference: strata.models()[reference].name.clone(),
                differences: compared(model).and_then(|new| {
                    known(decision_curve::compare(
                        new,
                        compared(reference)?,
                        &settings.thresholds,
                        &DecisionCurveSettings::new(),
                        &replicates(settings),
                        settings.level,
                    ))
                }),
            }
        })
        .collect()
}

fn replicates(settings: &EvaluationSettings) -> Bootstrap {
    Bootstrap::new()
        .replicates(settings.decision_replicates)
        .seed(checked_seed(settings.seed))
        .stream(Stream::PerReplicate)
}

/// The curves of all models on all splits.
pub(super) fn decision(strata: &Strata<'_>, settings: &EvaluationSettings) -> Vec<Decision> {
    let choices = DecisionCurveSettings::new();
    let bootstrap = replicates(settings);
    let limits = settings.decision_replicates > 0;
    let (thresholds, level) = (&settings.thresholds, settings.level);
    strata
        .cells()
        .map(|(stratum, model)| {
            let risks = thresholded(strata, stratum, model);
            Decision {
                split: stratum.name.clone(),
                model: strata.models()[model].name.clone(),
                curve: risks
                    .clone()
                    .and_then(|scored| known(DecisionCurve::new(scored, thresholds, &choices))),
                band: limits.then(|| {
                    known(decision_curve::bootstrap(
                        risks.clone()?,
                        thresholds,
                        &choices,
                        &bootstrap,
                        level,
                    ))
                }),
                impact: risks.and_then(|scored| {
                    known(if limits {
                        clinical_impact_with_limits(
                            scored,
                            thresholds,
                            &choices,
                            settings.population,
                            &bootstrap,
                            level,
                        )
                    } else {
                        clinical_impact(scored, thresholds, &choices, settings.population)
                    })
                }),
            }
        })
        .collect()
}

/// Values that may be held against a risk threshold: probabilities, and calls, which are above all thresholds or below.
fn thresholded<'s>(strata: &Strata<'_>, stratum: &'s Stratum, model: usize) -> Known<&'s Scored> {
    match strata.models()[model].kind {
        ScoreKind::Call => stratum.scored[model].as_ref().map_err(Clone::clone),
        ScoreKind::Probability | ScoreKind::Score => strata.risks(stratum, model),
    }
}
