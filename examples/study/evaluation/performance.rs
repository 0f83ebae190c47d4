//! Discrimination, and classification at the cut-offs of the training split.

use anyhow::Context;
use eval_stats::confusion::{ClassificationMetrics, ConfusionMatrix};
use eval_stats::cutoff::{self, Criterion};
use eval_stats::precision_recall::PrecisionRecallCurve;
use eval_stats::proportion::ProportionMethod;
use eval_stats::roc::{self, RocCurve};
use eval_stats::{Estimate, auc_interval};

use super::strata::{Strata, Stratum, joined, known, reason};
use super::{CutoffRule, EvaluationSettings, Known, ScoreKind};

/// A model on a split.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Performance {
    /// Split.
    pub split: String,
    /// Model.
    pub model: String,
    /// Cases.
    pub n: usize,
    /// Cases with the event.
    pub events: usize,
    /// Area under the ROC curve.
    pub auc: Known<f64>,
    /// The same with its interval.
    pub interval: Known<Estimate>,
    /// Cut-off, fixed on the training split: a case is positive if its value is at least this (at most, where lower values mean a likelier event).
    pub cutoff: Known<f64>,
    /// Two-by-two table and all that is read off it, proportions with Clopper-Pearson intervals.
    pub metrics: Known<ClassificationMetrics>,
    /// The ROC curve.
    pub roc: Known<RocCurve>,
    /// The precision-recall curve.
    pub precision_recall: Known<PrecisionRecallCurve>,
}

impl Performance {
    /// Why cells are empty; empty if none is.
    pub fn note(&self) -> String {
        let undefined = self
            .metrics
            .as_ref()
            .ok()
            .map(undefined)
            .unwrap_or_default();
        let reasons = [
            reason(&self.auc),
            reason(&self.interval),
            reason(&self.cutoff),
            reason(&self.metrics),
        ];
        joined(reasons.into_iter().chain(undefined.into_iter().map(Some)))
    }
}

/// The proportions that divide by zero.
fn undefined(metrics: &ClassificationMetrics) -> Vec<&'static str> {
    [
        (metrics.sensitivity.is_none(), "no events: no sensitivity"),
        (
            metrics.specificity.is_none(),
            "no non-events: no specificity",
        ),
        (metrics.ppv.is_none(), "nobody is positive: no PPV"),
        (metrics.npv.is_none(), "nobody is negative: no NPV"),
    ]
    .into_iter()
    .filter_map(|(missing, why)| missing.then_some(why))
    .collect()
}

/// The cut-off of every model.
pub(super) fn cutoffs(
    strata: &Strata<'_>,
    settings: &EvaluationSettings,
) -> anyhow::Result<Vec<Known<f64>>> {
    let training = strata.training();
    (0..strata.models().len())
        .map(
            |model| match (strata.models()[model].kind, settings.cutoff) {
                (ScoreKind::Call, _) => Ok(Ok(0.5)),
                (_, CutoffRule::Fixed(value)) => Ok(Ok(value)),
                (_, CutoffRule::Found(criterion)) => found(training, model, criterion)
                    .with_context(|| {
                        format!(
                            "model \"{}\": cannot find a cut-off",
                            strata.models()[model].name
                        )
                    }),
            },
        )
        .collect()
}

fn found(training: &Stratum, model: usize, criterion: Criterion) -> anyhow::Result<Known<f64>> {
    let scored = training.scored[model]
        .as_ref()
        .map_err(|reason| anyhow::anyhow!("{reason}"))?;
    let found = cutoff::find(&RocCurve::new(scored), criterion)?;
    Ok(if found.threshold.is_finite() {
        Ok(found.threshold)
    } else {
        Err(format!(
            "no cut-off on split \"{}\" is better than giving everybody the same call",
            training.name
        ))
    })
}

/// All models on all splits.
pub(super) fn performance(
    strata: &Strata<'_>,
    cutoffs: &[Known<f64>],
    settings: &EvaluationSettings,
) -> Vec<Performance> {
    let interval = settings.auc_interval.interval(settings.seed);
    strata
        .cells()
        .map(|(stratum, model)| {
            let scored = stratum.scored[model].as_ref().map_err(Clone::clone);
            Performance {
                split: stratum.name.clone(),
                model: strata.models()[model].name.clone(),
                n: stratum.n(),
                events: stratum.n_events(),
                auc: scored.clone().map(roc::auc),
                interval: scored.clone().and_then(|scored| {
                    known(auc_interval::estimate(scored, interval, settings.level))
                }),
                precision_recall: scored.clone().map(PrecisionRecallCurve::new),
                roc: scored.map(RocCurve::new),
                metrics: cutoffs[model].clone().and_then(|cutoff| {
                    let calls = stratum.calls(model, strata.models()[model].direction, cutoff);
                    metrics(&calls, stratum, settings.level)
                }),
                cutoff: cutoffs[model].clone(),
            }
        })
        .collect()
}

fn metrics(calls: &[bool], stratum: &Stratum, level: f64) -> Known<ClassificationMetrics> {
    let matrix = known(ConfusionMatrix::from_calls(calls, &stratum.outcome))?;
    known(matrix.metrics(level, ProportionMethod::ClopperPearson))
}
