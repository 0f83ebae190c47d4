//! What a reader looks for first: the final model, and what it is worth in every split.

use super::super::evaluation::{Evaluation, HeldOut};
use super::super::modeling::{FittedRisk, readable};
use super::super::pipeline::{Study, StudySettings};
use super::StudyWords;
use crate::report::Section;

/// The section; every number in it is one of a later section.
pub(super) fn summary_section(
    study: &Study,
    settings: &StudySettings,
    words: &StudyWords,
) -> Section {
    let mut section = Section::new("Summary");
    let text = cohort(study, words);
    let (Some(evaluation), Some(model)) = (&study.evaluation, study.final_model()) else {
        section.paragraph(text + " No feature and no predictor was selected: there is no model.");
        return section;
    };
    let held_out = held_out(study, &model.name);
    section.paragraph(
        text + &final_model(study, settings, &model.name)
            + &discrimination(evaluation, &model.name, held_out),
    );
    section.table(evaluation.summary_table(&model.name, held_out));
    section
}

/// Who was studied, and for what.
fn cohort(study: &Study, words: &StudyWords) -> String {
    let cohort = &study.cohort;
    let events: usize = cohort.splits.iter().map(|split| split.n_events).sum();
    let splits: Vec<String> = cohort
        .splits
        .iter()
        .map(|split| format!("{} {}", readable(&split.name), split.patients.len()))
        .collect();
    format!(
        "{} patients were studied, {events} of them with the event ({}); by split: {}.",
        cohort.patients.len(),
        words.outcome,
        splits.join(", ")
    )
}

/// What the final model is made of.
fn final_model(study: &Study, settings: &StudySettings, name: &str) -> String {
    let Some(risk) = fitted(study, name) else {
        return String::new();
    };
    let predictors = risk.fit.model.predictor_names();
    let presentation = &settings.modeling.presentation;
    let labels: Vec<String> = predictors
        .iter()
        .map(|predictor| presentation.label(predictor))
        .collect();
    let scores: Vec<String> = study
        .regions
        .iter()
        .zip(&study.scores)
        .filter(|(_, scores)| predictors.contains(&scores.column))
        .map(|(region, scores)| {
            format!(
                " {} has {} of {} features.",
                presentation.label(&scores.column),
                scores.features.len(),
                region.features.names.len()
            )
        })
        .collect();
    format!(
        " The final model, {}, is a logistic regression of {} {}: {}.{}",
        readable(name),
        predictors.len(),
        match predictors.len() {
            1 => "predictor",
            _ => "predictors",
        },
        labels.join(", "),
        scores.concat()
    )
}

/// The fit of a model by its name among the results.
fn fitted<'a>(study: &'a Study, name: &str) -> Option<&'a FittedRisk> {
    let mut models = study.models.clinical.iter().chain([&study.models.combined]);
    let mut singles = study.scores.iter().zip(&study.models.singles);
    let whole = models.find(|model| model.input.name == name);
    whole.and_then(|model| model.risk.as_ref()).or_else(|| {
        let single = singles.find(|(scores, _)| scores.column == name);
        single.and_then(|(_, risk)| risk.as_ref().ok())
    })
}

/// AUCs, split by split.
fn discrimination(evaluation: &Evaluation, model: &str, held_out: Option<HeldOut>) -> String {
    let training = &evaluation.input.splits[evaluation.input.training].name;
    let mut parts = Vec::new();
    for row in evaluation.rows_of(model) {
        let Some(auc) = evaluation.auc_in_words(row) else {
            continue;
        };
        let split = readable(&row.split);
        if row.split != *training {
            parts.push(format!("{auc} in {split}"));
            continue;
        }
        parts.push(format!("{auc} in {split} (apparent)"));
        if let Some(HeldOut { auc, .. }) = held_out {
            parts.push(format!(
                "{auc:.3} in {split} held out in nested cross-validation"
            ));
        }
    }
    match parts.is_empty() {
        true => String::new(),
        false => format!(" Its AUC was {}.", parts.join(", ")),
    }
}

fn held_out(study: &Study, model: &str) -> Option<HeldOut> {
    let models = study.nested()?.estimate.models();
    let found = models.into_iter().find(|nested| nested.model == model)?;
    Some(HeldOut {
        auc: found.auc,
        standard_deviation: found.standard_deviation,
    })
}
