//! The part of the study report that tells how the models came about: features, selection, models, groups of risk.

use eval_stats::plot::Width;
use feature_selection::icc::{IccScheme, Reliability};
use nomogram::{Error, OddsRatioRow, TermTest, format_p, format_ratio};

use eval_stats::contingency::fisher_exact;

use super::features::RegionFeatures;
use super::modeling::{FittedRisk, Presentation, StudyModel, readable};
use super::pipeline::Study;
use super::selection::Selection;
use crate::report::{Figure, Interactive, Section, Table};
use crate::table_file::shortest;

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
    let mut section = Section::new(region_heading(&features.region));
    let mut text = format!(
        "{} handcrafted features and {} were computed.",
        features.n_handcrafted,
        features.deep.describe()
    );
    if !features.noise.is_empty() {
        text += &format!(
            " Of the handcrafted features {} belong to wavelet sub-bands that hold only rounding noise on single-slice images; they took no part in the selection.",
            features.noise.len()
        );
    }
    section.paragraph(text);
    if selection.reliability.is_empty() {
        section.paragraph(
            "No region was outlined twice: features were not filtered by their reliability.",
        );
    } else {
        section.table(reliability_table(selection));
    }
    section.table(funnel_table(selection));
    if selection.is_constant() {
        section.paragraph(
            "The cross-validation left no feature: this region has no score and enters no model.",
        );
    } else {
        section.table(score_table(selection));
    }
    for figure in selection.report_figures()? {
        section.drawing(figure);
    }
    Ok(section)
}

/// Heading of the section on a region.
pub fn region_heading(region: &str) -> String {
    format!("Features and score: {}", readable(region))
}

/// Heading of the section on a model.
pub fn model_heading(model: &str) -> String {
    format!("Model: {}", readable(model))
}

fn funnel_table(selection: &Selection) -> Table {
    let words = |step: &str| match step {
        "all features" => "Features computed".to_owned(),
        "left out beforehand" => "Not rounding noise".to_owned(),
        "constant" => "Not constant".to_owned(),
        "duplicates" => "Not the copy of another".to_owned(),
        "reliability" => "Reliable on repeated outlines".to_owned(),
        "relevance" => "Most relevant to the outcome".to_owned(),
        "redundancy" => "Not redundant".to_owned(),
        "lasso" => "Chosen by the LASSO".to_owned(),
        other => readable(other),
    };
    Table::new("Selection of features", ["Step", "Kept", "Dropped"]).rows(
        selection
            .funnel()
            .into_iter()
            .map(|(step, kept, dropped)| [words(&step), kept.to_string(), dropped.to_string()]),
    )
}

/// The score as a table, which is its formula.
fn score_table(selection: &Selection) -> Table {
    let score = selection.score();
    let intercept = [
        "(intercept)".to_owned(),
        significant(score.standardized_intercept),
        significant(score.intercept),
        String::new(),
        String::new(),
    ];
    let terms = score.terms.iter().map(|term| {
        [
            term.name.clone(),
            significant(term.standardized_coefficient),
            significant(term.coefficient),
            significant(term.mean),
            significant(term.standard_deviation),
        ]
    });
    Table::new(
        format!("{}: features and coefficients", readable(&score.name)),
        [
            "Feature",
            "Coefficient per SD",
            "Coefficient per unit",
            "Mean",
            "SD",
        ],
    )
    .rows(std::iter::once(intercept).chain(terms))
    .note(
        "The score is the intercept plus the sum of coefficient times feature: per SD of features standardized by the mean and SD of the training patients, \
         per unit of features as they are. score.json has all digits.",
    )
}

/// Four significant digits; powers of ten only where a number would have many zeros.
fn significant(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let scientific = format!("{value:.3e}");
    let exponent = scientific.rsplit('e').next().and_then(|e| e.parse().ok());
    match exponent {
        Some(exponent @ -4..=5) => {
            let decimals = usize::try_from(3 - exponent).unwrap_or(0);
            format!("{value:.decimals$}")
        }
        _ => scientific,
    }
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
            match comparison.name.as_str() {
                "inter" => "Between readers".to_owned(),
                "intra" => "Within readers".to_owned(),
                other => readable(other),
            },
            comparison.n.to_string(),
            count(Reliability::Excellent),
            count(Reliability::Good),
            count(Reliability::Poor),
            count(Reliability::Undefined),
            kept.to_string(),
        ]
    });
    Table::new(
        "Reliability of features on repeated outlines: numbers of features by their ICC",
        [
            "Comparison",
            "Patients",
            "Excellent (\u{2265} 0.80)",
            "Good (0.60\u{2013}0.80)",
            "Poor (< 0.60)",
            "Constant",
            "Kept",
        ],
    )
    .rows(rows)
    .note("ICC: intraclass correlation coefficient.")
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
    let mut section = Section::new(model_heading(&model.input.name));
    section.table(univariable_table(model));
    set_aside(&mut section, model);
    let Some(risk) = &model.risk else {
        section.paragraph("No predictor stayed in the model.");
        return Ok(section);
    };
    section.table(multivariable_table(model, risk));
    let wide = risk.figure(cutoff, Width::Double)?;
    match nomogram {
        Nomogram::Drawn => {
            let figure = Figure::new(
                wide,
                "Nomogram: add the points of all predictors and read the risk below the total.",
            );
            section.drawing(figure.narrow(risk.figure(cutoff, Width::Single)?));
        }
        Nomogram::Interactive => {
            section.interactive(Interactive::new(
                risk.page(&title, cutoff)?,
                wide,
                "Nomogram: set the predictors of a patient and read points and risk; on paper, add the points of all predictors and read the risk below the total.",
            ));
        }
    }
    if let Some(forest) = model.forest(risk, Width::Double)? {
        let figure = Figure::new(
            forest,
            format!("Odds ratios of the model {title} with {}.", level(model)),
        );
        section.drawing(match model.forest(risk, Width::Single)? {
            Some(narrow) => figure.narrow(narrow),
            None => figure,
        });
    }
    Ok(section)
}

/// `95% CI`.
pub(super) fn level(model: &StudyModel) -> String {
    let percent = (model.settings.level * 1e8).round() / 1e6;
    format!("{}% CI", shortest(percent))
}

/// Why predictors that can be estimated alone could not be estimated beside the others.
fn set_aside(section: &mut Section, model: &StudyModel) {
    let failed: Vec<&str> = model.univariable.failed().map(|(name, _)| name).collect();
    let others = model.set_aside.iter();
    for aside in others.filter(|aside| !failed.contains(&aside.variable.as_str())) {
        section.paragraph(format!(
            "{} was set aside: {}.",
            model.settings.presentation.label(&aside.variable),
            aside.reason
        ));
    }
}

fn multivariable_table(model: &StudyModel, risk: &FittedRisk) -> Table {
    let shown = &model.settings.presentation;
    let rows = risk.fit.rows.iter().map(|row| {
        let effect = row.odds_ratio();
        [
            row_label(row, shown),
            odds_ratio(row),
            effect.map_or_else(String::new, |or| format_p(or.p)),
            effect.map_or_else(String::new, |or| format!("{:.3}", or.beta)),
            effect.map_or_else(String::new, |or| format!("{:.3}", or.se)),
        ]
    });
    Table::new(
        "Multivariable logistic regression after the elimination of predictors",
        [
            "Predictor".to_owned(),
            format!("Odds ratio ({})", level(model)),
            "P".to_owned(),
            "Coefficient".to_owned(),
            "SE".to_owned(),
        ],
    )
    .rows(std::iter::once(intercept_row(risk)).chain(rows))
    .note(
        "Coefficients are log odds. P values and intervals are conditional on the selection: they do not know that predictors were chosen by P.",
    )
}

fn intercept_row(risk: &FittedRisk) -> [String; 5] {
    let intercept = risk.fit.intercept;
    [
        "(intercept)".to_owned(),
        String::new(),
        format_p(intercept.p),
        format!("{:.3}", intercept.estimate),
        format!("{:.3}", intercept.se),
    ]
}

fn univariable_table(model: &StudyModel) -> Table {
    let shown = &model.settings.presentation;
    let mut rows: Vec<[String; 4]> = Vec::new();
    for screened in &model.univariable.variables {
        match &screened.result {
            Err(_) => {
                let label = shown.labeled(&screened.variable);
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
                    odds_ratio(row),
                    p,
                ]
            })),
        }
    }
    let test = match model.settings.test() {
        TermTest::Wald => "Wald's test",
        TermTest::LikelihoodRatio => "likelihood ratio test",
    };
    let screen = model.settings.screen.map_or_else(String::new, |threshold| {
        format!("; predictors with P < {threshold} entered the elimination")
    });
    Table::new(
        "Univariable logistic regression",
        [
            "Predictor".to_owned(),
            "Events/n".to_owned(),
            format!("Odds ratio ({})", level(model)),
            "P".to_owned(),
        ],
    )
    .rows(rows)
    .note(format!(
        "P of the whole predictor by {test}{screen}.{}",
        not_estimable(model)
    ))
}

/// The predictors that have no estimate alone, by reason, as sentences with a leading blank.
fn not_estimable(model: &StudyModel) -> String {
    let mut by_reason: Vec<(String, Vec<String>)> = Vec::new();
    for (variable, error) in model.univariable.failed() {
        let reason = match error {
            Error::Separation { kind, .. } => {
                format!("{kind} separation of the outcomes, no finite odds ratio")
            }
            other => other.to_string(),
        };
        let label = model.settings.presentation.label(variable);
        match by_reason.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, labels)) => labels.push(label),
            None => by_reason.push((reason, vec![label])),
        }
    }
    by_reason
        .into_iter()
        .map(|(reason, labels)| {
            let labels = labels.join(", ");
            format!(" Not estimable and set aside: {labels} ({reason}).")
        })
        .collect()
}

fn row_label(row: &OddsRatioRow, shown: &Presentation) -> String {
    let variable = shown.labeled(&row.variable);
    match &row.level {
        Some(level) => format!("{variable}: {}", level.replace('_', " ")),
        None => variable,
    }
}

/// An odds ratio with its interval, as the forest plot beside the table has it.
pub(super) fn odds_ratio(row: &OddsRatioRow) -> String {
    match row.odds_ratio() {
        Some(or) => format!(
            "{} ({}\u{2013}{})",
            format_ratio(or.odds_ratio),
            format_ratio(or.low),
            format_ratio(or.high)
        ),
        None => row.formatted(),
    }
}

/// Events among high and low risk by the final model, split by split; `None` without a cut-off.
pub fn risk_group_table(study: &Study) -> Option<Table> {
    let model = study.final_model()?;
    let cutoff = study.cutoff(&model.name)?;
    let table = Table::new(
        format!("Events by risk group, {}", readable(&model.name)),
        [
            "Split",
            "Low risk, n",
            "Events, n (%)",
            "High risk, n",
            "Events, n (%)",
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
        [readable(&split.name), low, low_events, high, high_events, p]
    }));
    Some(table.note(format!(
        "High risk: a predicted risk of at least {cutoff:.3}, the cut-off of the training split. Fisher's exact test."
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_four_significant_digits() {
        let shown = [
            0.4347,
            116.7304,
            1.6184e-7,
            -0.009_439_2,
            600_660.0,
            2.861e7,
            0.0,
            12.0,
        ];
        let text = shown.map(significant);
        let expected = [
            "0.4347",
            "116.7",
            "1.618e-7",
            "-0.009439",
            "600660",
            "2.861e7",
            "0",
            "12.00",
        ];
        assert_eq!(text, expected);
    }
}
