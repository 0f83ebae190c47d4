//! The part of the study report that tells how the models came about: features, selection, models, groups of risk.

use feature_selection::icc::{IccScheme, Reliability};
use feature_selection::score::ScoreScale;
use nomogram::{OddsRatioRow, TermTest, format_p};

use eval_stats::contingency::fisher_exact;

use super::features::RegionFeatures;
use super::modeling::{FittedRisk, Presentation, StudyModel, readable};
use super::pipeline::Study;
use super::selection::Selection;
use crate::report::{Interactive, Section, Table};

/// How a model's nomogram is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nomogram {
    /// As a figure.
    Drawn,
    /// As a page inside the page, and as a figure on paper.
    Interactive,
}

/// Features, reliability, selection and score of one region.
///
/// # Errors
/// When a figure cannot be drawn.
pub fn region_section(features: &RegionFeatures, selection: &Selection) -> anyhow::Result<Section> {
    let mut section = Section::new(format!(
        "Features and score: {}",
        readable(&features.region)
    ));
    section.paragraph(format!(
        "{} handcrafted features and {}. {}",
        features.n_handcrafted,
        features.deep.describe(),
        match features.noise.len() {
            0 => String::new(),
            n => format!("{n} handcrafted features belong to wavelet sub-bands that hold only rounding noise on single-slice images; they are computed and left out of the selection."),
        }
    ));
    section.table(reliability_table(selection));
    section.table(
        Table::new("Selection funnel", ["Step", "Kept", "Dropped"]).rows(
            selection
                .funnel()
                .into_iter()
                .map(|(step, kept, dropped)| [step, kept.to_string(), dropped.to_string()]),
        ),
    );
    if selection.is_constant() {
        section.paragraph(
            "The cross-validation left no feature: this region has no score and enters no model.",
        );
    } else {
        let score = selection.score();
        section.paragraph(format!(
            "Score of standardized features: {}",
            score.formula(ScoreScale::Standardized, 4)
        ));
        section.table(
            Table::new(
                "Features of the score",
                [
                    "Feature",
                    "Coefficient (standardized)",
                    "Coefficient (raw)",
                    "Mean",
                    "SD",
                ],
            )
            .rows(score.terms.iter().map(|term| {
                [
                    term.name.clone(),
                    format!("{:.4}", term.standardized_coefficient),
                    format!("{:.4e}", term.coefficient),
                    format!("{:.4e}", term.mean),
                    format!("{:.4e}", term.standard_deviation),
                ]
            })),
        );
    }
    for figure in selection.figures()? {
        section.figure(figure.svg, figure.caption);
    }
    Ok(section)
}

fn reliability_table(selection: &Selection) -> Table {
    let filter = selection.settings().icc_filter;
    let rows = selection.reliability.iter().map(|comparison| {
        let count = |wanted: Reliability| {
            comparison
                .features
                .iter()
                .filter(|feature| IccScheme::Radiomics.label(feature.icc.value) == wanted)
                .count()
                .to_string()
        };
        let kept = comparison
            .features
            .iter()
            .filter(|feature| filter.keeps(&feature.icc))
            .count();
        [
            comparison.name.clone(),
            comparison.n.to_string(),
            count(Reliability::Excellent),
            count(Reliability::Good),
            count(Reliability::Poor),
            count(Reliability::Undefined),
            kept.to_string(),
        ]
    });
    let table = Table::new(
        "Reliability of features on repeated outlines",
        [
            "Comparison",
            "Cases",
            "Excellent (\u{2265} 0.80)",
            "Good (0.60-0.80)",
            "Poor (< 0.60)",
            "Constant",
            "Kept",
        ],
    )
    .rows(rows);
    if selection.reliability.is_empty() {
        table.note("No repeated outlines: reliability is not filtered.")
    } else {
        table
    }
}

/// Univariable and multivariable tables, steps and nomogram of a model.
///
/// # Errors
/// When a figure cannot be drawn.
pub fn model_section(
    model: &StudyModel,
    cutoff: Option<f64>,
    nomogram: Nomogram,
) -> anyhow::Result<Section> {
    let title = readable(&model.input.name);
    let shown = &model.settings.presentation;
    let mut section = Section::new(format!("Model: {title}"));
    section.table(univariable_table(model));
    for aside in &model.set_aside {
        section.paragraph(format!(
            "{} was set aside: {}.",
            shown.label(&aside.variable),
            aside.reason
        ));
    }
    let Some(risk) = &model.risk else {
        section.paragraph("No predictor stayed in the model.");
        return Ok(section);
    };
    section.table(
        Table::new("Multivariable model after backward elimination", ["Predictor", "OR (95 % CI)", "P", "Coefficient", "SE"])
            .rows(std::iter::once(intercept_row(risk)).chain(risk.fit.rows.iter().map(|row| {
                let effect = row.odds_ratio();
                [
                    row_label(row, shown),
                    row.formatted(),
                    effect.map_or_else(String::new, |or| format_p(or.p)),
                    effect.map_or_else(String::new, |or| format!("{:.4}", or.beta)),
                    effect.map_or_else(String::new, |or| format!("{:.4}", or.se)),
                ]
            })))
            .note("P values and intervals are conditional on the selection: they do not know that predictors were chosen by P."),
    );
    let drawing = risk.figure(cutoff)?;
    match nomogram {
        Nomogram::Drawn => {
            section.figure(
                drawing,
                "Nomogram: add the points of all predictors and read the risk below the total.",
            );
        }
        Nomogram::Interactive => {
            section.interactive(Interactive::new(
                risk.page(&title, cutoff)?,
                drawing,
                "Nomogram: set the predictors of a patient and read points and risk; on paper, add the points of all predictors and read the risk below the total.",
            ));
        }
    }
    if let Some(forest) = model.forest(risk)? {
        section.figure(forest, "Odds ratios of the final model.");
    }
    Ok(section)
}

fn intercept_row(risk: &FittedRisk) -> [String; 5] {
    let intercept = risk.fit.intercept;
    [
        "(intercept)".to_owned(),
        String::new(),
        format_p(intercept.p),
        format!("{:.4}", intercept.estimate),
        format!("{:.4}", intercept.se),
    ]
}

fn univariable_table(model: &StudyModel) -> Table {
    let shown = &model.settings.presentation;
    let mut rows: Vec<[String; 4]> = Vec::new();
    let mut reasons = String::new();
    for screened in &model.univariable.variables {
        match &screened.result {
            Err(error) => {
                let label = labeled(&screened.variable, shown);
                reasons += &format!(" {label}: {error}.");
                let none = "\u{2013}".to_owned();
                rows.push([label, String::new(), "not estimable".to_owned(), none]);
            }
            Ok(fit) => rows.extend(fit.rows.iter().enumerate().map(|(k, row)| {
                let p = if k == 0 {
                    format_p(fit.p(model.settings.test()))
                } else {
                    String::new()
                };
                [
                    row_label(row, shown),
                    format!("{}/{}", row.n_events, row.n),
                    row.formatted(),
                    p,
                ]
            })),
        }
    }
    let table = Table::new(
        "Univariable logistic regression",
        ["Predictor", "Events/n", "OR (95 % CI)", "P"],
    )
    .rows(rows);
    let test = match model.settings.test() {
        TermTest::Wald => "Wald",
        TermTest::LikelihoodRatio => "likelihood ratio",
    };
    let screen = model.settings.screen.map_or_else(String::new, |threshold| {
        format!("; predictors with P < {threshold} enter the elimination")
    });
    table.note(format!(
        "P of the whole predictor ({test}){screen}.{reasons}"
    ))
}

fn row_label(row: &OddsRatioRow, shown: &Presentation) -> String {
    let variable = labeled(&row.variable, shown);
    match &row.level {
        Some(level) => format!("{variable}: {}", level.replace('_', " ")),
        None => variable,
    }
}

/// A predictor's label with its unit.
fn labeled(variable: &str, shown: &Presentation) -> String {
    let label = shown.label(variable);
    match shown.units.iter().find(|(column, _)| column == variable) {
        Some((_, unit)) => format!("{label} ({unit})"),
        None => label,
    }
}

/// Events among high and low risk by the final model, split by split; `None` without a cut-off.
pub fn risk_group_table(study: &Study) -> Option<Table> {
    let model = study.final_model()?;
    let cutoff = study.cutoff(&model.name)?;
    let table = Table::new(
        format!("Events by group of risk, {}", model.name),
        [
            "Split",
            "Low risk: n",
            "Events (%)",
            "High risk: n",
            "Events (%)",
            "P",
        ],
    );
    let table = table.rows(study.cohort.splits.iter().map(|split| {
        // Low and high, without and with the event.
        let mut counts = [[0u64; 2]; 2];
        for &row in &split.patients {
            let high = model.values[row] >= cutoff;
            let event = study.cohort.patients[row].outcome;
            counts[usize::from(high)][usize::from(event)] += 1;
        }
        let cells = counts.map(|[others, events]| {
            let n = others + events;
            let share = match n {
                0 => "\u{2013}".to_owned(),
                _ => format!("{events} ({:.1})", 100.0 * events as f64 / n as f64),
            };
            [n.to_string(), share]
        });
        let test = fisher_exact(&counts.map(|row| row.to_vec()));
        let p = test.map_or_else(|_| "\u{2013}".to_owned(), |test| format_p(test.p));
        let [[low, low_events], [high, high_events]] = cells;
        [split.name.clone(), low, low_events, high, high_events, p]
    }));
    Some(table.note(format!(
        "High risk: a predicted risk of at least {cutoff:.3}, the cut-off of the training split. Fisher's exact test."
    )))
}
