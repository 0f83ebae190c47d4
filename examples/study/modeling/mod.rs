//! From predictors to a risk model: univariable screening, backward elimination, nomogram, points of every patient.
//!
//! | file | holds |
//! |---|---|
//! | this one | input, settings, the fit |
//! | [`choices`] | the options as users spell them |
//! | `presentation` | labels, units, groups of risk |
//! | [`table`] | predictors in a table: shapes, references, gaps |
//! | `fit` | maximum likelihood or Firth's penalty, elimination of terms |
//! | `files` | CSV, JSON, figures and the interactive page |
//! | `validation` | bootstrap validation |

pub mod choices;
mod files;
mod fit;
mod presentation;
pub mod table;
mod validation;

use anyhow::Context;
use nomogram::{
    Design, EliminationStep, Error, FewEvents, Frame, Missing, Nomogram, PatientPoints, TermSpec,
    UnivariableTable,
};

pub use crate::labels::readable;
use choices::{Backward, Penalty};
pub use fit::{Fitted, Intercept};
use fit::{inestimable, is_misuse};
pub use presentation::{Presentation, PresentationOptions};
pub use validation::{BootstrapValidation, ExternalRow, write_external};

/// A table of predictors with its outcome.
#[derive(Debug, Clone)]
pub struct ModelInput {
    /// Name of the model, for tables and messages.
    pub name: String,
    /// One identifier a row.
    pub ids: Vec<String>,
    /// The columns.
    pub frame: Frame,
    /// Terms that may enter the model: predictors, and interactions of them.
    pub terms: Vec<TermSpec>,
    /// `true` = event.
    pub outcome: Vec<bool>,
    /// Rows to fit on.
    pub training: Vec<usize>,
}

/// How a model is built.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelSettings {
    /// Predictors whose univariable P is not below this do not enter; `None` lets all enter.
    pub screen: Option<f64>,
    /// Elimination of terms.
    pub backward: Backward,
    /// How coefficients are estimated.
    pub penalty: Penalty,
    /// More effects than rows of the rarer class.
    pub few_events: FewEvents,
    /// Confidence level.
    pub level: f64,
    /// What nomogram, figures and page show.
    pub presentation: Presentation,
}

/// A predictor that could not enter the elimination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetAside {
    /// Its column.
    pub variable: String,
    /// Why.
    pub reason: String,
}

impl std::fmt::Display for SetAside {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} is set aside: {}", self.variable, self.reason)
    }
}

/// A model built on the training rows.
#[derive(Debug, Clone)]
pub struct StudyModel {
    /// What it was built from.
    pub input: ModelInput,
    /// How.
    pub settings: ModelSettings,
    /// Every predictor alone.
    pub univariable: UnivariableTable,
    /// Predictors that cannot be estimated, alone or beside the others.
    pub set_aside: Vec<SetAside>,
    /// Terms that entered the elimination.
    pub entered: Vec<TermSpec>,
    /// The log of the elimination; `None` when there was none, or no predictor entered it.
    pub elimination: Option<Vec<EliminationStep>>,
    /// The model with its nomogram; `None` when no predictor is left.
    pub risk: Option<FittedRisk>,
}

/// A model with at least one predictor, and what it says of every row.
#[derive(Debug, Clone)]
pub struct FittedRisk {
    /// The fit.
    pub fit: Fitted,
    /// How it is shown.
    pub presentation: Presentation,
    /// The rows it was fitted on, with the columns it needs.
    pub training: Frame,
    /// Its nomogram.
    pub nomogram: Nomogram,
    /// Points and risk of every row.
    pub patients: Vec<PatientPoints>,
}

impl FittedRisk {
    /// The risk of every row.
    pub fn risks(&self) -> Vec<f64> {
        self.patients
            .iter()
            .map(|patient| patient.prediction.risk)
            .collect()
    }
}

/// Builds a model: univariable fits, then backward elimination among the predictors that pass the screening.
///
/// A predictor that cannot be estimated alone or together with the others (it is constant, separates the outcome, or repeats others) is set aside
/// with the reason, and the elimination starts again without it.
///
/// # Errors
/// What the table makes impossible for every model: one class only, missing values, an unknown column, and rows of other splits with levels that
/// training does not know. A predictor in a shape that it cannot have, such as a spline of levels.
pub fn build(input: ModelInput, settings: ModelSettings) -> anyhow::Result<StudyModel> {
    let named = || input.name.clone();
    let frame = input
        .frame
        .select_rows(&input.training)
        .drop_unused_levels();
    let outcome: Vec<bool> = input
        .training
        .iter()
        .map(|&row| input.outcome[row])
        .collect();
    let only_predictors = input.terms.iter().filter(|t| t.columns().len() == 1);
    let table = settings
        .univariable(&frame, only_predictors.cloned(), &outcome)
        .with_context(named)?;
    let mut set_aside: Vec<SetAside> = Vec::new();
    let mut candidates =
        candidates(&input.terms, &table, &settings, &mut set_aside).with_context(named)?;
    let chosen = loop {
        if candidates.is_empty() {
            break None;
        }
        let design =
            Design::new(&frame, candidates.iter().cloned(), Missing::Refuse).with_context(named)?;
        match settings.choose(&design, &outcome) {
            Ok(chosen) => break Some(chosen),
            Err(error) => {
                let Some(culprit) = inestimable(&error, &candidates, &design) else {
                    return Err(error).with_context(named);
                };
                set_term_aside(&mut candidates, culprit, &error, &mut set_aside);
            }
        }
    };
    let (fitted, elimination) = match chosen {
        Some(chosen) => (chosen.fitted, chosen.steps),
        None => (None, None),
    };
    let risk = fitted
        .map(|fitted| risk_of(fitted, &input, &settings))
        .transpose()
        .with_context(named)?;
    Ok(StudyModel {
        input,
        settings,
        univariable: table,
        set_aside,
        entered: candidates,
        elimination,
        risk,
    })
}

/// The terms whose predictors can be fitted alone and pass the screening.
fn candidates(
    terms: &[TermSpec],
    table: &UnivariableTable,
    settings: &ModelSettings,
    set_aside: &mut Vec<SetAside>,
) -> nomogram::Result<Vec<TermSpec>> {
    let mut candidates = terms.to_vec();
    for (name, error) in table.failed() {
        if is_misuse(error) {
            return Err(error.clone());
        }
        if let Some(culprit) = candidates.iter().position(|term| term.columns() == [name]) {
            set_term_aside(&mut candidates, culprit, error, set_aside);
        }
    }
    if let Some(threshold) = settings.screen {
        let names = table.selected(threshold, settings.test());
        candidates.retain(|term| term.columns().iter().all(|column| names.contains(column)));
    }
    Ok(candidates)
}

/// A logistic model of one predictor, which turns a score into a risk on the scale of the training rows.
///
/// # Errors
/// As [`build`]; also when the predictor cannot be estimated.
pub fn single(input: ModelInput, settings: &ModelSettings) -> anyhow::Result<FittedRisk> {
    let frame = input
        .frame
        .select_rows(&input.training)
        .drop_unused_levels();
    let outcome: Vec<bool> = input
        .training
        .iter()
        .map(|&row| input.outcome[row])
        .collect();
    let fit = Design::new(&frame, input.terms.iter().cloned(), Missing::Refuse)
        .and_then(|design| settings.fit_all(&design, &outcome))
        .with_context(|| input.name.clone())?;
    risk_of(fit, &input, settings).with_context(|| input.name.clone())
}

/// Removes a term, and the interactions it is part of.
fn set_term_aside(
    candidates: &mut Vec<TermSpec>,
    culprit: usize,
    error: &Error,
    set_aside: &mut Vec<SetAside>,
) {
    let gone = candidates[culprit].columns().to_vec();
    candidates.retain(|term| {
        let stays = !gone.iter().all(|column| term.columns().contains(column));
        if !stays {
            set_aside.push(SetAside {
                variable: term.name(),
                reason: error.to_string(),
            });
        }
        stays
    });
}

fn risk_of(
    fit: Fitted,
    input: &ModelInput,
    settings: &ModelSettings,
) -> nomogram::Result<FittedRisk> {
    let presentation = settings.presentation.clone();
    let nomogram = presentation.nomogram(&fit.model)?;
    let patients = nomogram.frame(&input.frame, settings.level)?;
    Ok(FittedRisk {
        fit,
        presentation,
        training: input.frame.select_rows(&input.training),
        nomogram,
        patients,
    })
}
