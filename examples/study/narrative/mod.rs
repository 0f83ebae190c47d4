//! The study as a report that reads like the results of a paper.
//!
//! | file | holds |
//! |---|---|
//! | this one | the order of the sections |
//! | `summary` | the final model in one paragraph and one table |
//! | `flow` | flow of cases, who was left out, how columns were understood |
//! | `methods` | what was done, in words, and the control on shuffled outcomes |
//! | `facts` | what the reporting checklists may claim |

mod facts;
mod flow;
mod methods;
mod summary;

use nomogram::format_p;

use super::baseline::Baseline;
use super::evaluation::Evaluation;
use super::modeling::readable;
use super::nested::NestedEstimate;
use super::pipeline::{Study, StudySettings};
use super::results::{
    Nomogram, level, model_section, odds_ratio, region_section, risk_group_table,
};
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
    let mut subtitle = [
        counted(cohort.patients.len(), "patient"),
        counted(cohort.splits.len(), "split"),
        counted(cohort.regions.len(), "region"),
    ]
    .join(", ");
    if words.outcomes == Outcomes::Shuffled {
        subtitle += ". OUTCOMES WERE SHUFFLED: whatever is found here is chance";
    }
    let mut report = Report::new(&words.title)
        .subtitle(subtitle)
        .section(summary::summary_section(study, settings, words))
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
        report = report.section(risk_groups(study, evaluation));
    }
    report = report.section(internal_validation(study));
    let readers = study.readers.iter();
    for section in readers.filter_map(Evaluation::reader_study_section) {
        report = report.section(section);
    }
    if !study.pictures.is_empty() {
        report = report.section(heat_maps(study)?);
    }
    report = report.section(methods::methods_section(study, settings, words));
    let facts = facts::facts(study, settings, words);
    let mut checklists = Section::new("Reporting checklists");
    checklists.paragraph(
        "Items are filled in where this run knows the answer. The others, marked, are for the authors.",
    );
    checklists.checklist(Checklist::tripod_ai(&facts));
    checklists.checklist(Checklist::clear(&facts));
    Ok(report.section(checklists))
}

/// `1 region`, `2 regions`.
fn counted(n: usize, what: &str) -> String {
    match n {
        1 => format!("1 {what}"),
        n => format!("{n} {what}s"),
    }
}

/// What became of the scores alone.
fn single_scores(study: &Study) -> Section {
    let mut section = Section::new("Radiomics scores alone");
    let mut table = Table::new(
        "Logistic regression on each score alone",
        [
            "Score".to_owned(),
            "Features".to_owned(),
            format!(
                "Odds ratio for one unit ({})",
                level(&study.models.combined)
            ),
            "P".to_owned(),
        ],
    );
    let mut reasons = Vec::new();
    for (scores, single) in study.scores.iter().zip(&study.models.singles) {
        let label = readable(&scores.column);
        match single {
            Ok(risk) => {
                for row in &risk.fit.rows {
                    let p = row
                        .odds_ratio()
                        .map_or_else(String::new, |or| format_p(or.p));
                    table = table.row([
                        label.clone(),
                        scores.features.len().to_string(),
                        odds_ratio(row),
                        p,
                    ]);
                }
            }
            Err(reason) => reasons.push(format!("{label}: no model of it alone, {reason}.")),
        }
    }
    if reasons.len() < study.scores.len() {
        section.table(table);
    }
    for reason in reasons {
        section.paragraph(reason);
    }
    section
}

fn risk_groups(study: &Study, evaluation: &Evaluation) -> Section {
    let mut section = Section::new("Risk groups");
    match (risk_group_table(study), study.final_model()) {
        (Some(table), Some(model)) => {
            section.table(table);
            evaluation.add_risk_groups(&mut section, &model.name);
        }
        _ => {
            section.paragraph("The final model has no cut-off: there are no risk groups.");
        }
    }
    section
}

fn internal_validation(study: &Study) -> Section {
    let mut section = Section::new(INTERNAL_VALIDATION);
    let nested = match &study.nested {
        Some(Ok(nested)) => nested,
        Some(Err(reason)) => {
            section.paragraph(format!("The nested cross-validation is not possible: {reason}. The performance in training patients above is apparent performance only."));
            return section;
        }
        None => {
            section.paragraph("The nested cross-validation was left out (--nested 0): the performance in training patients above is apparent performance only.");
            return section;
        }
    };
    section.paragraph(
        "The whole study, from deep features through selection to the final model, was fitted anew without each fold of the training patients and evaluated in that \
         fold. The held-out AUC estimates performance in new patients of the same kind; its distance from the apparent AUC of the same fits is the optimism.",
    );
    section.table(nested_table("Nested cross-validation in the training patients", &nested.estimate).note(
        "AUC: mean over folds, weighted by their pairs of an event and a non-event. SD: over folds; no standard error, because folds share training patients. \
         A fold in which nothing was selected has no model and counts as 0.5.",
    ));
    section
}

/// The models over all outer folds.
fn nested_table(caption: &str, estimate: &NestedEstimate) -> Table {
    Table::new(
        caption,
        [
            "Model",
            "AUC, held out",
            "SD",
            "AUC, apparent",
            "Folds with a model",
        ],
    )
    .rows(estimate.models().into_iter().map(|model| {
        [
            readable(&model.model),
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
        "Where in the image the deep features look, in patients of the test splits: of each outcome those whose predictions are the surest, and one whose prediction \
         is wrong or nearly so. Left: the region as the network saw it; right: with the heat map, brightest where it counts most.",
    );
    for region in &study.regions {
        let name = &region.features.region;
        let pictures = study.pictures.iter().filter(|p| p.region == *name);
        let pictures: Vec<Picture> = pictures
            .map(|p| {
                let alt = format!(
                    "{} of patient {}, without and with a heat map",
                    readable(name),
                    p.patient
                );
                Picture::png(p.png.clone(), &p.caption, alt)
            })
            .collect::<anyhow::Result<_>>()?;
        section.gallery(pictures, format!("Heat maps, {}.", readable(name)));
    }
    Ok(section)
}
