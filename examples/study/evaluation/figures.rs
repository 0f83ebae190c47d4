//! The figures of an evaluation, drawn once for files and report.

use std::collections::HashSet;

use anyhow::Context;
use eval_stats::plot::{
    CalibrationFigure, DecisionSeries, Layout, OperatingPoint, RiskBar, RocSeries, Width,
    calibration, clinical_impact, decision_curves, risk_bars, roc_curves, waterfall,
};
use rayon::prelude::*;

use super::calibration::Calibration;
use super::decision::Decision;
use super::performance::Performance;
use super::strata::Strata;
use super::{EvaluationSettings, ScoreKind};

/// What a figure shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subject {
    /// ROC curves of all models on a split.
    Roc,
    /// Calibration of a model on a split.
    Calibration,
    /// Decision curves of all models on a split.
    DecisionCurves,
    /// Clinical impact of a model on a split.
    Impact,
    /// Every case of a split by a model's value, against the cut-off.
    Waterfall,
    /// Events among high and low risk by a model, on all splits.
    RiskGroups,
}

impl Subject {
    /// How its file names begin.
    fn stem(self) -> &'static str {
        match self {
            Self::Roc => "roc",
            Self::Calibration => "calibration",
            Self::DecisionCurves => "dca",
            Self::Impact => "impact",
            Self::Waterfall => "waterfall",
            Self::RiskGroups => "risk_groups",
        }
    }
}

/// A figure.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Figure {
    /// What it shows.
    pub subject: Subject,
    /// File name without its ending.
    pub stem: String,
    /// What stands below it in the report.
    pub caption: String,
    /// The drawing.
    pub svg: String,
}

/// Draws a figure on a page of the given layout.
type Drawing<'a> = Box<dyn Fn(&Layout) -> eval_stats::Result<String> + Send + Sync + 'a>;

/// A figure before it is drawn.
struct Plan<'a> {
    subject: Subject,
    /// Split, model: what the name and the title are made of.
    parts: Vec<&'a str>,
    caption: String,
    draw: Drawing<'a>,
}

/// Draws all figures that have something to show. What is missing has its reason in the tables.
pub(super) fn figures(
    strata: &Strata<'_>,
    settings: &EvaluationSettings,
    performance: &[Performance],
    calibrations: &[Calibration],
    decisions: &[Decision],
) -> anyhow::Result<Vec<Figure>> {
    let n_models = strata.models().len();
    let mut plans = Vec::new();
    for (s, stratum) in strata.splits.iter().enumerate() {
        let cells = s * n_models..(s + 1) * n_models;
        plans.extend(roc_plan(&stratum.name, &performance[cells.clone()]));
        plans.extend(decision_plan(&stratum.name, &decisions[cells.clone()]));
        for k in cells {
            let model = k - s * n_models;
            plans.extend(calibration_plan(strata, s, model, &calibrations[k]));
            // A reader's calls are the same at all thresholds.
            if strata.models()[model].kind == ScoreKind::Probability {
                plans.extend(impact_plan(&decisions[k], settings.population));
            }
            plans.extend(waterfall_plan(strata, s, model, &performance[k]));
        }
    }
    for model in 0..n_models {
        let rows: Vec<&Performance> = performance.iter().skip(model).step_by(n_models).collect();
        plans.extend(risk_group_plan(&strata.models()[model].name, &rows));
    }
    let mut taken = HashSet::new();
    let stems: Vec<String> = plans
        .iter()
        .map(|plan| unique_stem(plan, &mut taken))
        .collect();
    plans
        .into_par_iter()
        .zip(stems)
        .map(|(plan, stem)| {
            let layout = Layout::new().title(plan.parts.join(", "));
            let svg = (plan.draw)(&layout).with_context(|| format!("figure {stem}"))?;
            Ok(Figure {
                subject: plan.subject,
                stem,
                caption: plan.caption,
                svg,
            })
        })
        .collect()
}

fn roc_plan<'a>(split: &'a str, rows: &'a [Performance]) -> Option<Plan<'a>> {
    let known = |row: &&Performance| row.roc.is_ok() && row.interval.is_ok();
    rows.iter().any(|row| known(&row)).then(|| Plan {
        subject: Subject::Roc,
        parts: vec![split],
        caption: format!(
            "ROC curves on split \"{split}\"; dots are the cut-offs fixed on training."
        ),
        draw: Box::new(move |layout| {
            let series: Vec<RocSeries<'_>> = rows
                .iter()
                .filter_map(|row| {
                    let series = RocSeries::new(
                        &row.model,
                        row.roc.as_ref().ok()?,
                        row.interval.clone().ok()?,
                    );
                    Some(match operating_point(row) {
                        Some(point) => series.point(point),
                        None => series,
                    })
                })
                .collect();
            roc_curves(&series, layout)
        }),
    })
}

fn operating_point(row: &Performance) -> Option<OperatingPoint> {
    let metrics = row.metrics.as_ref().ok()?;
    Some(OperatingPoint::new(
        metrics.sensitivity?.value,
        metrics.specificity?.value,
    ))
}

fn decision_plan<'a>(split: &'a str, rows: &'a [Decision]) -> Option<Plan<'a>> {
    rows.iter().any(|row| row.curve.is_ok()).then(|| Plan {
        subject: Subject::DecisionCurves,
        parts: vec![split],
        caption: format!("Decision curves on split \"{split}\"."),
        draw: Box::new(move |layout| {
            let series: Vec<DecisionSeries<'_>> = rows
                .iter()
                .filter_map(|row| Some(DecisionSeries::new(&row.model, row.curve.as_ref().ok()?)))
                .collect();
            decision_curves(&series, layout)
        }),
    })
}

fn calibration_plan<'a>(
    strata: &'a Strata<'_>,
    split: usize,
    model: usize,
    row: &'a Calibration,
) -> Option<Plan<'a>> {
    let scored = strata.splits[split].scored[model].as_ref().ok()?;
    let (points, curve) = (row.groups.as_ref().ok()?, row.curve.as_ref().ok()?);
    Some(Plan {
        subject: Subject::Calibration,
        parts: vec![&row.split, &row.model],
        caption: format!(
            "Calibration of \"{}\" on split \"{}\".",
            row.model, row.split
        ),
        draw: Box::new(move |layout| {
            let mut figure = CalibrationFigure::new(scored, points, curve);
            if let Ok(fit) = &row.recalibration {
                let (slope, large) = (fit.slope.value, fit.in_the_large.value);
                figure = figure.note(format!(
                    "slope {}, in the large {}",
                    signed(slope),
                    signed(large)
                ));
            }
            if let (Ok(accuracy), Ok(errors)) = (&row.accuracy, &row.errors) {
                figure = figure.note(format!(
                    "Brier score {:.3}, ICI {:.3}",
                    accuracy.brier, errors.ici
                ));
            }
            calibration(&figure, layout)
        }),
    })
}

fn impact_plan(row: &Decision, population: f64) -> Option<Plan<'_>> {
    let impact = row.impact.as_ref().ok()?;
    Some(Plan {
        subject: Subject::Impact,
        parts: vec![&row.split, &row.model],
        caption: format!(
            "Clinical impact of \"{}\" on split \"{}\", per {population} subjects.",
            row.model, row.split
        ),
        draw: Box::new(move |layout| clinical_impact(impact, layout)),
    })
}

fn waterfall_plan<'a>(
    strata: &'a Strata<'_>,
    split: usize,
    model: usize,
    row: &'a Performance,
) -> Option<Plan<'a>> {
    let scored = strata.splits[split].scored[model].as_ref().ok()?;
    let cutoff = *row.cutoff.as_ref().ok()?;
    (strata.models()[model].kind != ScoreKind::Call).then(|| Plan {
        subject: Subject::Waterfall,
        parts: vec![&row.split, &row.model],
        caption: format!(
            "Cases of split \"{}\" by \"{}\" minus its cut-off.",
            row.split, row.model
        ),
        draw: Box::new(move |layout| waterfall(scored, cutoff, layout)),
    })
}

fn risk_group_plan<'a>(model: &'a str, rows: &[&Performance]) -> Option<Plan<'a>> {
    /// Units of the page that the bars share, and that a letter takes.
    const PAGE: f64 = 1585.0;
    const LETTER: f64 = 15.0;
    let with_cases = |row: &&&Performance| row.metrics.is_ok();
    let n_bars = 2 * rows.iter().filter(with_cases).count();
    let room = (PAGE / n_bars.max(1) as f64 / LETTER) as usize;
    let mut bars = Vec::new();
    for row in rows {
        let Ok(metrics) = &row.metrics else { continue };
        let counts = metrics.counts;
        let split = shortened(&row.split, room);
        for (group, events, non_events) in [
            ("low risk", counts.fn_, counts.tn),
            ("high risk", counts.tp, counts.fp),
        ] {
            if events + non_events > 0 {
                bars.push(RiskBar::new(
                    format!("{split}\n{group}"),
                    events,
                    non_events,
                ));
            }
        }
    }
    (!bars.is_empty()).then(|| Plan {
        subject: Subject::RiskGroups,
        parts: vec![model],
        caption: format!("Share of events among cases of low and high risk by \"{model}\"."),
        draw: Box::new(move |layout| risk_bars(&bars, &layout.clone().width(Width::Double))),
    })
}

/// A name that fits into `room` letters.
fn shortened(name: &str, room: usize) -> String {
    if name.chars().count() <= room {
        return name.to_owned();
    }
    name.chars()
        .take(room.saturating_sub(1))
        .chain(['…'])
        .collect()
}

/// Two decimals with a proper minus sign and no negative zero.
pub(super) fn signed(value: f64) -> String {
    let text = format!("{value:.2}");
    match text.strip_prefix('-') {
        Some(rest) if rest.chars().all(|c| c == '0' || c == '.') => rest.to_owned(),
        Some(rest) => format!("\u{2212}{rest}"),
        None => text,
    }
}

/// A file name of letters, digits, hyphens and underscores that no other figure has, also where case does not count.
fn unique_stem(plan: &Plan<'_>, taken: &mut HashSet<String>) -> String {
    const LONGEST: usize = 40;
    let safe = |part: &&str| -> String {
        let kept = |c: char| {
            if c.is_alphanumeric() || c == '-' {
                c
            } else {
                '_'
            }
        };
        part.chars().take(LONGEST).map(kept).collect()
    };
    let mut parts = vec![plan.subject.stem().to_owned()];
    parts.extend(plan.parts.iter().map(safe));
    let stem = parts.join("_");
    let mut candidate = stem.clone();
    let mut k = 2;
    while !taken.insert(candidate.to_lowercase()) {
        candidate = format!("{stem}_{k}");
        k += 1;
    }
    candidate
}
