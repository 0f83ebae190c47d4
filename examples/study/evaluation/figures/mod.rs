//! The figures of an evaluation, drawn once for files and report.

mod plans;

use std::collections::HashSet;

use anyhow::Context;
use eval_stats::plot::{Layout, Width};
use rayon::prelude::*;

use super::ScoreKind;
use super::calibration::Calibration;
use super::decision::{Decision, NetBenefitComparison};
use super::performance::Performance;
use super::readers::ReaderResults;
use super::strata::Strata;
use crate::labels::readable;

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
    /// Precision-recall curves of all models on a split.
    PrecisionRecall,
    /// AUCs of all models on all splits.
    Auc,
    /// Two-by-two tables of all models on a split.
    Confusion,
    /// Net benefit of all models against the reference on a split.
    NetBenefitDifferences,
    /// Risks by a model against those by the reference on a split.
    Reclassification,
    /// Rates of readers without and with assistance on a split.
    Readers,
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
            Self::PrecisionRecall => "precision_recall",
            Self::Auc => "auc",
            Self::Confusion => "confusion",
            Self::NetBenefitDifferences => "dca_difference",
            Self::Reclassification => "reclassification",
            Self::Readers => "readers",
        }
    }
}

/// A figure.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Figure {
    /// What it shows.
    pub subject: Subject,
    /// The model it is about, if it is about one.
    pub model: Option<String>,
    /// File name without its ending.
    pub stem: String,
    /// What it shows, for readers who do not see it.
    pub alt: String,
    /// The drawing.
    pub svg: String,
    /// A drawing of the same in one column, where `svg` has two.
    pub narrow: Option<String>,
}

/// The width of a figure, and that of its twin for narrow screens if it has one.
type Widths = (Width, Option<Width>);

/// A figure of one column.
const COLUMN: Widths = (Width::Single, None);
/// A figure of two columns that can also be drawn in one.
const PAGE: Widths = (Width::Double, Some(Width::Single));
/// A figure that needs two columns.
const WIDE: Widths = (Width::Double, None);

/// Draws a figure on a page of the given layout, which is as wide as told.
type Drawing<'a> = Box<dyn Fn(&Layout, Width) -> eval_stats::Result<String> + Send + Sync + 'a>;

/// A figure before it is drawn.
struct Plan<'a> {
    subject: Subject,
    /// Split, model: what the name of its files and, made readable, its title are made of.
    parts: Vec<&'a str>,
    alt: String,
    widths: Widths,
    draw: Drawing<'a>,
}

impl Plan<'_> {
    fn drawn(&self, width: Width) -> eval_stats::Result<String> {
        let title: Vec<String> = self.parts.iter().map(|part| readable(part)).collect();
        let layout = Layout::new().width(width);
        let layout = match title.as_slice() {
            [] => layout,
            parts => layout.title(parts.join(", ")),
        };
        (self.draw)(&layout, width)
    }
}

/// What figures are drawn from, rows in the order of the splits, then of the models.
pub(super) struct Results<'a> {
    pub performance: &'a [Performance],
    pub calibration: &'a [Calibration],
    pub decision: &'a [Decision],
    pub net_benefit: &'a [NetBenefitComparison],
    pub readers: &'a [ReaderResults],
}

/// Draws all figures that have something to show. What is missing has its reason in the tables.
pub(super) fn figures(strata: &Strata<'_>, results: &Results<'_>) -> anyhow::Result<Vec<Figure>> {
    let mut plans: Vec<(Option<usize>, Plan<'_>)> = Vec::new();
    plans.extend(plans::auc(results.performance).map(|plan| (None, plan)));
    for split in 0..strata.splits.len() {
        plans.extend(of_split(strata, results, split));
    }
    let n_models = strata.models().len();
    for model in 0..n_models {
        let rows = results.performance.iter().skip(model).step_by(n_models);
        let rows: Vec<&Performance> = rows.collect();
        let plan = plans::risk_groups(&strata.models()[model].name, &rows);
        plans.extend(plan.map(|plan| (Some(model), plan)));
    }
    let mut taken = HashSet::new();
    let stems: Vec<String> = plans
        .iter()
        .map(|(_, plan)| unique_stem(plan, &mut taken))
        .collect();
    plans
        .into_par_iter()
        .zip(stems)
        .map(|((model, plan), stem)| {
            let draw = |width| {
                let drawn = plan.drawn(width);
                drawn.with_context(|| format!("figure {stem}"))
            };
            let (width, twin) = plan.widths;
            let svg = draw(width)?;
            let narrow = twin.map(draw).transpose()?;
            Ok(Figure {
                subject: plan.subject,
                model: model.map(|model| strata.models()[model].name.clone()),
                stem,
                alt: plan.alt,
                svg,
                narrow,
            })
        })
        .collect()
}

/// The figures of a split: of all models together, then of each.
fn of_split<'a>(
    strata: &'a Strata<'_>,
    results: &Results<'a>,
    split: usize,
) -> Vec<(Option<usize>, Plan<'a>)> {
    let n_models = strata.models().len();
    let name = &strata.splits[split].name;
    let cells = split * n_models..(split + 1) * n_models;
    let performance = &results.performance[cells.clone()];
    let readers = results.readers.get(split);
    let mut plans = Vec::new();
    plans.extend(plans::roc(name, performance, readers));
    plans.extend(plans::precision_recall(name, performance));
    plans.extend(plans::confusion(name, performance));
    plans.extend(plans::decision(name, &results.decision[cells.clone()]));
    let others = results.net_benefit.iter().filter(|row| row.split == *name);
    plans.extend(plans::net_benefit(name, others.collect()));
    plans.extend(readers.and_then(plans::readers));
    let mut plans: Vec<_> = plans.into_iter().map(|plan| (None, plan)).collect();
    for k in cells {
        let model = k - split * n_models;
        let of_model = [
            plans::calibration(strata, split, model, &results.calibration[k]),
            // A reader's calls are the same at all thresholds.
            match strata.models()[model].kind {
                ScoreKind::Probability => plans::impact(&results.decision[k]),
                _ => None,
            },
            plans::waterfall(strata, split, model, &results.performance[k]),
            plans::reclassification(strata, split, model, &results.performance[k]),
        ];
        plans.extend(
            of_model
                .into_iter()
                .flatten()
                .map(|plan| (Some(model), plan)),
        );
    }
    plans
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
