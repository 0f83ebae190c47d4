//! From predictors to a risk model: univariable screening, backward elimination, nomogram, points of every patient.
//!
//! | file | holds |
//! |---|---|
//! | this one | input, settings, the fit |
//! | [`choices`] | the options as users spell them |
//! | [`table`] | predictors in a table: shapes, references, gaps |
//! | `files` | CSV, JSON, figures and the interactive page |
//! | `validation` | bootstrap validation |

pub mod choices;
mod files;
pub mod table;
mod validation;

use anyhow::Context;
use nomogram::{
    BackwardElimination, BackwardFit, Design, Error, Frame, LogisticFit, LogisticRegression,
    Missing, Nomogram, NomogramSettings, PatientPoints, RiskModel, TermSpec, TermTest,
    UnivariableTable, univariable,
};

use choices::Backward;
pub use validation::write_validation;

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
    /// Confidence level.
    pub level: f64,
}

/// A predictor that could not enter the elimination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetAside {
    /// Its column.
    pub variable: String,
    /// Why.
    pub reason: String,
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
    /// Predictors that were significant alone, but cannot be estimated.
    pub set_aside: Vec<SetAside>,
    /// Terms that entered the elimination.
    pub entered: Vec<TermSpec>,
    /// The log of the elimination; `None` when there was none, or no predictor entered it.
    pub elimination: Option<BackwardFit>,
    /// The model with its nomogram; `None` when no predictor is left.
    pub risk: Option<FittedRisk>,
}

/// A model with at least one predictor, and what it says of every row.
#[derive(Debug, Clone)]
pub struct FittedRisk {
    /// The fit.
    pub fit: LogisticFit,
    /// The model apart from its data.
    pub model: RiskModel,
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
/// A predictor that cannot be estimated together with the others (it separates the outcome, or repeats others) is set aside with the reason, and the
/// elimination starts again without it.
///
/// # Errors
/// What the table makes impossible for every model: one class only, missing values, an unknown column, and rows of other splits with levels that
/// training does not know.
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
    let table = univariable(
        &frame,
        predictors(&input.terms).cloned(),
        &outcome,
        Missing::Refuse,
        &LogisticRegression::new(),
        settings.level,
    )
    .with_context(named)?;
    let names = match settings.screen {
        Some(threshold) => table.selected(threshold, TermTest::Wald),
        None => table.fitted().map(|fit| fit.variable.clone()).collect(),
    };
    let mut candidates = input.terms.clone();
    candidates.retain(|term| term.columns().iter().all(|column| names.contains(column)));
    let mut set_aside: Vec<SetAside> = Vec::new();
    let chosen = loop {
        if candidates.is_empty() {
            break None;
        }
        match choose(&frame, &candidates, &outcome, settings.backward) {
            Ok(chosen) => break Some(chosen),
            Err(error) => {
                let Some(culprit) = inestimable(&error, &candidates) else {
                    return Err(error).with_context(named);
                };
                set_term_aside(&mut candidates, culprit, &error, &mut set_aside);
            }
        }
    };
    let risk = match &chosen {
        Some(chosen) if !chosen.fit.design().terms().is_empty() => {
            Some(risk_of(&chosen.fit, &input, settings.level).with_context(named)?)
        }
        _ => None,
    };
    Ok(StudyModel {
        input,
        settings,
        univariable: table,
        set_aside,
        entered: candidates,
        elimination: chosen.and_then(|chosen| chosen.elimination),
        risk,
    })
}

/// A logistic model of one predictor, which turns a score into a risk on the scale of the training rows.
///
/// # Errors
/// As [`build`]; also when the predictor cannot be estimated.
pub fn single(input: ModelInput, level: f64) -> anyhow::Result<FittedRisk> {
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
        .and_then(|design| LogisticRegression::new().fit(&design, &outcome))
        .with_context(|| input.name.clone())?;
    risk_of(&fit, &input, level).with_context(|| input.name.clone())
}

/// A fit of the candidates, with the log of the elimination if there was one.
struct Chosen {
    fit: LogisticFit,
    elimination: Option<BackwardFit>,
}

/// The terms that are no interactions.
fn predictors(terms: &[TermSpec]) -> impl Iterator<Item = &TermSpec> {
    terms.iter().filter(|term| term.columns().len() == 1)
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

fn choose(
    frame: &Frame,
    candidates: &[TermSpec],
    outcome: &[bool],
    backward: Backward,
) -> nomogram::Result<Chosen> {
    let design = Design::new(frame, candidates.iter().cloned(), Missing::Refuse)?;
    match backward.criterion() {
        Some(criterion) => {
            let elimination = BackwardElimination::new(criterion).fit(&design, outcome)?;
            Ok(Chosen {
                fit: elimination.fit.clone(),
                elimination: Some(elimination),
            })
        }
        None => Ok(Chosen {
            fit: LogisticRegression::new().fit(&design, outcome)?,
            elimination: None,
        }),
    }
}

/// Which candidate an error is about, if it is about one.
fn inestimable(error: &Error, candidates: &[TermSpec]) -> Option<usize> {
    // Columns of the design are named after their predictors, each followed by its level or power; those of an interaction are joined.
    let parts = |column: &str| -> Vec<String> { column.split(" * ").map(str::to_owned).collect() };
    let names = |term: &TermSpec, column: &str| {
        let parts = parts(column);
        let columns = term.columns();
        columns.len() == parts.len()
            && columns
                .iter()
                .zip(&parts)
                .all(|(name, part)| part.starts_with(name.as_str()))
    };
    let owner = |column: &str| {
        (0..candidates.len())
            .filter(|&k| names(&candidates[k], column))
            .max_by_key(|&k| candidates[k].name().len())
    };
    match error {
        Error::Separation { columns, .. } => columns
            .iter()
            .filter_map(|column| owner(&column.name))
            .next_back(),
        Error::Aliased { column } => owner(column),
        _ => None,
    }
}

fn risk_of(fit: &LogisticFit, input: &ModelInput, level: f64) -> nomogram::Result<FittedRisk> {
    let model = fit.model()?;
    let nomogram = labeled_nomogram(&model)?;
    let patients = nomogram.frame(&input.frame, level)?;
    Ok(FittedRisk {
        fit: fit.clone(),
        model,
        nomogram,
        patients,
    })
}

/// The nomogram of a model, its predictors labeled with readable text.
///
/// # Errors
/// What [`Nomogram::new`] refuses.
pub fn labeled_nomogram(model: &RiskModel) -> nomogram::Result<Nomogram> {
    let mut labels = NomogramSettings::new();
    for predictor in model.predictor_names() {
        labels = labels.label(predictor.clone(), readable(&predictor));
    }
    Nomogram::new(model, &labels)
}

/// Words that stay in capitals in labels.
const ABBREVIATIONS: [&str; 9] = [
    "alnm", "birads", "er", "her2", "id", "ln", "pr", "roi", "us",
];

/// A column name as text: `tumor_size_cm` becomes `Tumor size cm`, `us_reported_alnm` becomes `US reported ALNM`.
pub fn readable(column: &str) -> String {
    let words: Vec<String> = column
        .split('_')
        .enumerate()
        .map(|(position, word)| {
            if ABBREVIATIONS.contains(&word.to_ascii_lowercase().as_str()) {
                return word.to_uppercase();
            }
            let mut letters = word.chars();
            match letters.next() {
                Some(first) if position == 0 => first.to_uppercase().chain(letters).collect(),
                _ => word.to_owned(),
            }
        })
        .collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn column_names_become_text() {
        assert_eq!(readable("us_reported_alnm"), "US reported ALNM");
        assert_eq!(readable("tumor_size_cm"), "Tumor size cm");
        assert_eq!(readable("clinical-radiomics"), "Clinical-radiomics");
        assert_eq!(readable(""), "");
    }
}
