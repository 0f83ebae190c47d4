//! Models against each other: DeLong's test, NRI and IDI, and the agreement of calls.

use eval_stats::agreement::{AgreementTable, Kappa, Weights, gwet_ac1, kappa, pabak};
use eval_stats::delong::{self, DelongTest};
use eval_stats::mcnemar::{self, McnemarTest};
use eval_stats::multiplicity::{Adjustment, adjust};
use eval_stats::reclassification::{self, IntegratedDiscrimination, NetReclassification};
use eval_stats::{Estimate, Scored};

use super::strata::{Strata, Stratum, known};
use super::{EvaluationSettings, Known, ScoreKind};

/// Two models on one split.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct AucComparison {
    /// Split.
    pub split: String,
    /// First model; the difference is its AUC minus that of the second.
    pub first: String,
    /// Second model: the reference where it takes part.
    pub second: String,
    /// The paired test.
    pub test: Known<DelongTest>,
    /// Its p-value adjusted by Holm's method for all pairs of the split.
    pub p_holm: Option<f64>,
}

/// DeLong's test of each pair of models on every split.
pub(super) fn auc_comparisons(
    strata: &Strata<'_>,
    settings: &EvaluationSettings,
) -> Vec<AucComparison> {
    let mut rows = Vec::new();
    for stratum in &strata.splits {
        let mut of_split: Vec<AucComparison> = strata
            .pairs()
            .into_iter()
            .map(|(a, b)| AucComparison {
                split: stratum.name.clone(),
                first: strata.models()[a].name.clone(),
                second: strata.models()[b].name.clone(),
                test: both(stratum, a, b)
                    .and_then(|(x, y)| known(delong::compare_paired(x, y, settings.level))),
                p_holm: None,
            })
            .collect();
        let p: Vec<f64> = of_split
            .iter()
            .filter_map(|row| Some(row.test.as_ref().ok()?.p))
            .collect();
        if let Ok(adjusted) = adjust(&p, Adjustment::Holm) {
            let tested = of_split.iter_mut().filter(|row| row.test.is_ok());
            tested
                .zip(adjusted)
                .for_each(|(row, p)| row.p_holm = Some(p));
        }
        rows.append(&mut of_split);
    }
    rows
}

fn both(stratum: &Stratum, a: usize, b: usize) -> Known<(&Scored, &Scored)> {
    let scored = |model: usize| stratum.scored[model].as_ref().map_err(Clone::clone);
    Ok((scored(a)?, scored(b)?))
}

/// What a measure of reclassification counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Measure {
    /// Two categories, each model cut at its own training cut-off: the change in sensitivity plus the change in specificity.
    NriOwnCutoffs,
    /// Two categories, both models' risks cut at the training cut-off of the new model.
    NriCommonCutoff,
    /// Any change of risk.
    NriContinuous,
    /// Integrated discrimination improvement.
    Idi,
}

impl Measure {
    /// The word for it in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::NriOwnCutoffs => "nri_categorical",
            Self::NriCommonCutoff => "nri_categorical_common_cutoff",
            Self::NriContinuous => "nri_continuous",
            Self::Idi => "idi",
        }
    }
}

/// A measure's value.
#[derive(Debug, Clone, PartialEq)]
pub enum Reclassified {
    /// An NRI.
    Net(NetReclassification),
    /// An IDI.
    Integrated(IntegratedDiscrimination),
}

/// A model against the reference.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Reclassification {
    /// Split.
    pub split: String,
    /// The new model.
    pub model: String,
    /// The model it is compared with.
    pub reference: String,
    /// What is measured.
    pub measure: Measure,
    /// Cut-off of the new model, where the measure has one.
    pub cutoff: Option<f64>,
    /// Cut-off applied to the reference, where the measure has one.
    pub reference_cutoff: Option<f64>,
    /// The measure; positive if the new model is better.
    pub value: Known<Reclassified>,
}

/// NRI and IDI of every other model against the reference, on every split.
pub(super) fn reclassification(
    strata: &Strata<'_>,
    cutoffs: &[Known<f64>],
    settings: &EvaluationSettings,
) -> Vec<Reclassification> {
    let reference = strata.input.reference;
    let mut rows = Vec::new();
    for (stratum, model) in strata.cells().filter(|&(_, model)| model != reference) {
        let pair = Pair {
            strata,
            stratum,
            old: reference,
            new: model,
            level: settings.level,
        };
        let (old_cutoff, new_cutoff) = (&cutoffs[reference], &cutoffs[model]);
        let known_cutoff = |cutoff: &Known<f64>| cutoff.as_ref().ok().copied();
        let mut push = |measure, cutoff, reference_cutoff, value| {
            rows.push(Reclassification {
                split: stratum.name.clone(),
                model: strata.models()[model].name.clone(),
                reference: strata.models()[reference].name.clone(),
                measure,
                cutoff,
                reference_cutoff,
                value,
            });
        };
        push(
            Measure::NriOwnCutoffs,
            known_cutoff(new_cutoff),
            known_cutoff(old_cutoff),
            pair.at_own_cutoffs(old_cutoff, new_cutoff),
        );
        push(
            Measure::NriCommonCutoff,
            known_cutoff(new_cutoff),
            known_cutoff(new_cutoff),
            pair.at_common_cutoff(new_cutoff),
        );
        push(Measure::NriContinuous, None, None, pair.continuous());
        push(Measure::Idi, None, None, pair.integrated());
    }
    rows
}

/// A new model beside an old one on one split.
struct Pair<'a> {
    strata: &'a Strata<'a>,
    stratum: &'a Stratum,
    old: usize,
    new: usize,
    level: f64,
}

impl Pair<'_> {
    fn risks(&self) -> Known<(&Scored, &Scored)> {
        Ok((
            self.strata.risks(self.stratum, self.old)?,
            self.strata.risks(self.stratum, self.new)?,
        ))
    }

    /// Calls are risks of 0 and 1, which any cut between them tells apart.
    fn at_own_cutoffs(&self, old: &Known<f64>, new: &Known<f64>) -> Known<Reclassified> {
        let called = |model: usize, cutoff: &Known<f64>| -> Known<Scored> {
            let direction = self.strata.models()[model].direction;
            let calls = self.stratum.calls(model, direction, cutoff.clone()?);
            let risks: Vec<f64> = calls
                .into_iter()
                .map(|call| f64::from(u8::from(call)))
                .collect();
            known(Scored::new(&risks, &self.stratum.outcome))
        };
        let (old, new) = (called(self.old, old)?, called(self.new, new)?);
        known(reclassification::nri_categorical(
            &old,
            &new,
            &[0.5],
            self.level,
        ))
        .map(Reclassified::Net)
    }

    fn at_common_cutoff(&self, cutoff: &Known<f64>) -> Known<Reclassified> {
        let (old, new) = self.risks()?;
        known(reclassification::nri_categorical(
            old,
            new,
            &[cutoff.clone()?],
            self.level,
        ))
        .map(Reclassified::Net)
    }

    fn continuous(&self) -> Known<Reclassified> {
        let (old, new) = self.risks()?;
        known(reclassification::nri_continuous(old, new, self.level)).map(Reclassified::Net)
    }

    fn integrated(&self) -> Known<Reclassified> {
        let (old, new) = self.risks()?;
        known(reclassification::idi(old, new, self.level)).map(Reclassified::Integrated)
    }
}

/// Two series of calls on one split, at least one of them a reader's.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct CallComparison {
    /// Split.
    pub split: String,
    /// First reader or model.
    pub first: String,
    /// Second reader or model; models call at their training cut-off.
    pub second: String,
    /// Cases.
    pub n: usize,
    /// Cohen's kappa.
    pub kappa: Known<Kappa>,
    /// Prevalence- and bias-adjusted kappa.
    pub pabak: Known<Estimate>,
    /// Gwet's AC1.
    pub ac1: Known<Estimate>,
    /// McNemar's tests, by what is compared.
    pub mcnemar: Vec<(Compared, Known<McnemarTest>)>,
}

/// What McNemar's test compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Compared {
    /// Positive calls among all.
    PositiveCalls,
    /// Correct calls among all.
    Accuracy,
    /// Positive calls among events.
    Sensitivity,
    /// Negative calls among non-events.
    Specificity,
}

impl Compared {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::PositiveCalls,
        Self::Accuracy,
        Self::Sensitivity,
        Self::Specificity,
    ];

    /// The word for it in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::PositiveCalls => "positive_calls",
            Self::Accuracy => "accuracy",
            Self::Sensitivity => "sensitivity",
            Self::Specificity => "specificity",
        }
    }

    /// The calls that the test counts, of one series.
    fn of(self, calls: &[bool], outcome: &[bool]) -> Vec<bool> {
        let pairs = calls.iter().copied().zip(outcome.iter().copied());
        match self {
            Self::PositiveCalls => calls.to_vec(),
            Self::Accuracy => pairs.map(|(call, event)| call == event).collect(),
            Self::Sensitivity => pairs
                .filter(|&(_, event)| event)
                .map(|(call, _)| call)
                .collect(),
            Self::Specificity => pairs
                .filter(|&(_, event)| !event)
                .map(|(call, _)| !call)
                .collect(),
        }
    }
}

/// Every reader against every other reader and against every model's calls, on every split.
pub(super) fn call_comparisons(
    strata: &Strata<'_>,
    cutoffs: &[Known<f64>],
    settings: &EvaluationSettings,
) -> Vec<CallComparison> {
    let is_reader = |model: usize| strata.models()[model].kind == ScoreKind::Call;
    let mut pairs = strata.pairs();
    pairs.retain(|&(a, b)| is_reader(a) || is_reader(b));
    let mut rows = Vec::new();
    for stratum in &strata.splits {
        for &(a, b) in &pairs {
            let calls = |model: usize| {
                let direction = strata.models()[model].direction;
                cutoffs[model]
                    .clone()
                    .map(|cutoff| stratum.calls(model, direction, cutoff))
            };
            let pair = calls(a).and_then(|first| Ok((first, calls(b)?)));
            let table = pair
                .clone()
                .and_then(|(first, second)| known(AgreementTable::from_calls(&first, &second)));
            let test = |compared: Compared| {
                let (first, second) = pair.clone()?;
                let counted = |calls: &[bool]| compared.of(calls, &stratum.outcome);
                known(mcnemar::from_calls(&counted(&first), &counted(&second)))
            };
            let level = settings.level;
            rows.push(CallComparison {
                split: stratum.name.clone(),
                first: strata.models()[a].name.clone(),
                second: strata.models()[b].name.clone(),
                n: stratum.n(),
                kappa: table
                    .clone()
                    .and_then(|table| known(kappa(&table, Weights::Unweighted, level))),
                pabak: table.clone().and_then(|table| known(pabak(&table, level))),
                ac1: table.and_then(|table| known(gwet_ac1(&table, level))),
                mcnemar: Compared::ALL
                    .into_iter()
                    .map(|compared| (compared, test(compared)))
                    .collect(),
            });
        }
    }
    rows
}
