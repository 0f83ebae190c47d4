//! The study as a report that reads like the results of a paper.
//!
//! | file | holds |
//! |---|---|
//! | this one | the order of the sections |
//! | `flow` | flow of cases, who was left out, how columns were understood |
//! | `methods` | what was done, in words, and the control on shuffled outcomes |
//! | `facts` | what the reporting checklists may claim |

mod facts;
mod flow;
mod methods;

use super::baseline::Baseline;
use super::honest::HonestEstimate;
use super::pipeline::{Study, StudySettings};
use super::results::{Nomogram, model_section, region_section, risk_group_table};
use crate::report::checklist::DataOrigin;
use crate::report::{Checklist, Picture, Report, Section, Table};

/// Heading of the section on nested cross-validation.
const INTERNAL_VALIDATION: &str = "Internal validation";
/// Heading of the methods.
const METHODS: &str = "Methods";

/// What only whoever asked for the study can say of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StudyWords {
    /// Title of the report.
    pub title: String,
    /// Where the patients come from.
    pub origin: DataOrigin,
    /// The outcome: its column, and what counts as an event.
    pub outcome: String,
    /// Where the network's weights come from.
    pub weights: Weights,
    /// The steps of the selection, each with its settings.
    pub selection: String,
    /// What was done with empty clinical cells.
    pub missing: String,
    /// Seed of every random draw.
    pub seed: u64,
    /// Whether outcomes were shuffled before anything was done with them.
    pub outcomes: Outcomes,
}

/// Where the network's weights come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weights {
    /// A file.
    File,
    /// Random numbers: for trying out.
    Random,
}

/// Which outcomes a study was done on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcomes {
    /// Those of the patients.
    AsTheyAre,
    /// Shuffled within every split: nothing can be found, and what is found shows how much the study flatters itself.
    Shuffled,
}

/// The report of a study.
///
/// # Errors
/// When a figure cannot be drawn.
pub fn report(
    study: &Study,
    settings: &StudySettings,
    words: &StudyWords,
    baseline: &[Baseline],
) -> anyhow::Result<Report> {
    let cohort = &study.cohort;
    let mut subtitle = format!(
        "{} patients, {} splits, {} regions",
        cohort.patients.len(),
        cohort.splits.len(),
        cohort.regions.len()
    );
    if words.outcomes == Outcomes::Shuffled {
        subtitle += ". OUTCOMES WERE SHUFFLED: whatever is found here is chance";
    }
    let mut report = Report::new(&words.title)
        .subtitle(subtitle)
        .section(flow::cohort_section(study, baseline)?);
    for region in &study.regions {
        report = report.section(region_section(&region.features, &region.selection)?);
    }
    let models = study.models.clinical.iter();
    for model in models.chain([&study.models.combined]) {
        let name = &model.input.name;
        let is_final = study.final_model().is_some_and(|last| last.name == *name);
        let nomogram = match is_final {
            true => Nomogram::Interactive,
            false => Nomogram::Drawn,
        };
        report = report.section(model_section(model, study.drawn_cutoff(name), nomogram)?);
    }
    report = report.section(single_scores(study));
    if let Some(evaluation) = &study.evaluation {
        let focus = study.final_model().map_or("", |model| model.name.as_str());
        for section in evaluation.report_sections(focus) {
            report = report.section(section);
        }
        report = report.section(risk_groups(study));
    }
    report = report.section(internal_validation(study));
    let readers = study.readers.iter();
    for section in readers.filter_map(super::evaluation::Evaluation::reader_study_section) {
        report = report.section(section);
    }
    if !study.pictures.is_empty() {
        report = report.section(heat_maps(study)?);
    }
    report = report.section(methods::methods_section(study, settings, words));
    let facts = facts::facts(study, settings, words);
    let mut checklists = Section::new("Reporting checklists");
    checklists.paragraph(
        "Items are filled in where the program knows the answer, from this very run. The others are for the authors: a program cannot know who was asked for \
         consent, or why a patient was examined.",
    );
    checklists.checklist(Checklist::tripod_ai(&facts));
    checklists.checklist(Checklist::clear(&facts));
    Ok(report.section(checklists))
}

/// What became of the scores alone.
fn single_scores(study: &Study) -> Section {
    let mut section = Section::new("Scores alone");
    let mut lines = Vec::new();
    for (scores, single) in study.scores.iter().zip(&study.models.singles) {
        let label = super::modeling::readable(&scores.column);
        lines.push(match single {
            Ok(risk) => {
                let odds = risk.fit.rows.iter().map(nomogram::OddsRatioRow::formatted);
                let odds: Vec<String> = odds.collect();
                format!(
                    "{label}: {} features; odds ratio for one unit {}.",
                    scores.features.len(),
                    odds.join(", ")
                )
            }
            Err(reason) => format!("{label}: no model of it alone, {reason}."),
        });
    }
    section.list(lines);
    section
}

fn risk_groups(study: &Study) -> Section {
    let mut section = Section::new("Groups of risk");
    if let Some(table) = risk_group_table(study) {
        section.table(table);
    } else {
        section.paragraph("The final model has no cut-off: there are no groups of risk.");
    }
    section
}

fn internal_validation(study: &Study) -> Section {
    let mut section = Section::new(INTERNAL_VALIDATION);
    let honest = match &study.honest {
        Some(Ok(honest)) => honest,
        Some(Err(reason)) => {
            section.paragraph(format!("The nested cross-validation is not possible: {reason}. The performance on training patients above is apparent performance only."));
            return section;
        }
        None => {
            section.paragraph("The nested cross-validation was left out (--nested 0): the performance on training patients above is apparent performance only.");
            return section;
        }
    };
    section.paragraph(
        "The whole study, from deep features over selection to the final model, was fitted anew without each fold of the training patients and judged on that \
         fold. This is what the models are worth on new patients of the same kind; the apparent AUC of the same fits shows how much they flatter themselves.",
    );
    section.table(nested_table("Nested cross-validation on training patients", &honest.estimate).note(
        "AUC: mean over folds, weighted by their pairs of an event and a non-event. SD: over folds; no standard error, because folds share training patients. \
         A fold in which nothing was selected has no model and counts as 0.5.",
    ));
    section
}

/// The models over all outer folds.
fn nested_table(caption: &str, estimate: &HonestEstimate) -> Table {
    Table::new(
        caption,
        [
            "Model",
            "AUC held out",
            "SD",
            "AUC apparent",
            "Folds with a model",
        ],
    )
    .rows(estimate.models().into_iter().map(|model| {
        [
            model.model,
            format!("{:.3}", model.auc),
            format!("{:.3}", model.standard_deviation),
            format!("{:.3}", model.apparent_auc),
            format!("{} of {}", model.n_with_model, model.n_folds),
        ]
    }))
}

fn heat_maps(study: &Study) -> anyhow::Result<Section> {
    let mut section = Section::new("Heat maps");
    section.paragraph(
        "Where in the image the deep features' answer comes from, for patients who were not trained on: of each outcome those whom the final model is surest \
         of and one whom it got wrong or nearly so. On the left the region as the network saw it, on the right with the map, red for most.",
    );
    for region in &study.regions {
        let name = &region.features.region;
        let pictures = study.pictures.iter().filter(|p| p.region == *name);
        let pictures: Vec<Picture> = pictures
            .map(|p| {
                let alt = format!("Region {name} of {} with a heat map", p.patient);
                Picture::png(p.png.clone(), &p.caption, alt)
            })
            .collect::<anyhow::Result<_>>()?;
        section.gallery(
            pictures,
            format!("Heat maps of {}.", super::modeling::readable(name)),
        );
    }
    Ok(section)
}
