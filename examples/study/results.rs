//! The part of the study report that tells how the models came about: cohort, features, selection, models.

use feature_selection::icc::{IccScheme, Reliability};
use feature_selection::score::ScoreScale;
use nomogram::{OddsRatioRow, TermTest, format_p};

use super::baseline::Baseline;
use super::features::RegionFeatures;
use super::modeling::{FittedRisk, StudyModel, readable};
use super::selection::Selection;
use crate::cohort::Cohort;
use crate::report::{Section, Table};

/// Flow of cases and baseline tables.
pub fn cohort_section(cohort: &Cohort, baseline: &[Baseline]) -> Section {
    let mut section = Section::new("Cohort");
    section.paragraph(format!(
        "{} patients with {} regions each ({}); all models are fitted on the split {} and applied unchanged to the others.",
        cohort.patients.len(),
        cohort.regions.len(),
        cohort.regions.join(", "),
        cohort.training().name
    ));
    section.table(
        Table::new(
            "Flow of cases",
            ["Split", "Patients", "Events", "Non-events"],
        )
        .rows(cohort.splits.iter().map(|split| {
            let n = split.patients.len();
            [
                split.name.clone(),
                n.to_string(),
                split.n_events.to_string(),
                (n - split.n_events).to_string(),
            ]
        })),
    );
    for baseline in baseline {
        section.table(baseline.table());
    }
    if !cohort.excluded.is_empty() {
        section.table(
            Table::new(
                "Patients left out for empty clinical cells",
                ["Patient", "Split", "Empty columns"],
            )
            .rows(cohort.excluded.iter().map(|patient| {
                [
                    patient.id.clone(),
                    patient.split.clone(),
                    patient.columns.join(", "),
                ]
            })),
        );
    }
    if !cohort.descriptive.is_empty() {
        section.paragraph("Columns that are no predictors:");
        section.list(
            cohort
                .descriptive
                .iter()
                .map(|column| format!("{}: {}", column.name, column.reason)),
        );
    }
    section
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
pub fn model_section(model: &StudyModel, cutoff: Option<f64>) -> anyhow::Result<Section> {
    let mut section = Section::new(format!("Model: {}", readable(&model.input.name)));
    section.table(univariable_table(model));
    for aside in &model.set_aside {
        section.paragraph(format!(
            "{} was set aside: {}.",
            readable(&aside.variable),
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
                    row_label(row),
                    row.formatted(),
                    effect.map_or_else(String::new, |or| format_p(or.p)),
                    effect.map_or_else(String::new, |or| format!("{:.4}", or.beta)),
                    effect.map_or_else(String::new, |or| format!("{:.4}", or.se)),
                ]
            })))
            .note("P values and intervals are conditional on the selection: they do not know that predictors were chosen by P."),
    );
    section.figure(
        risk.figure(cutoff)?,
        "Nomogram: add the points of all predictors and read the risk below the total.",
    );
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
    let mut rows: Vec<[String; 4]> = Vec::new();
    for screened in &model.univariable.variables {
        match &screened.result {
            Err(error) => rows.push([
                readable(&screened.variable),
                String::new(),
                "not estimable".to_owned(),
                error.to_string(),
            ]),
            Ok(fit) => rows.extend(fit.rows.iter().enumerate().map(|(k, row)| {
                let p = if k == 0 {
                    format_p(fit.p(model.settings.test()))
                } else {
                    String::new()
                };
                [
                    row_label(row),
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
    match model.settings.screen {
        Some(threshold) => table.note(format!("P of the whole predictor ({test}); predictors with P < {threshold} enter the elimination.")),
        None => table.note(format!("P of the whole predictor ({test}).")),
    }
}

fn row_label(row: &OddsRatioRow) -> String {
    match &row.level {
        Some(level) => format!("{}: {level}", readable(&row.variable)),
        None => readable(&row.variable),
    }
}
