//! What each figure is drawn from.

use eval_stats::calibration::SmoothBand;
use eval_stats::confusion::ClassificationMetrics;
use eval_stats::plot::{
    self, CalibrationFigure, DecisionSeries, DifferenceSeries, ForestFigure, ForestRow,
    NamedMatrix, OperatingPoint, PrecisionRecallSeries, RateLimits, ReaderBars, ReaderPoint,
    ReaderRates, ReclassificationFigure, RiskBar, RocSeries, Width,
};

use super::super::ScoreKind;
use super::super::calibration::Calibration;
use super::super::decision::{Decision, NetBenefitComparison};
use super::super::performance::Performance;
use super::super::readers::ReaderResults;
use super::super::strata::Strata;
use super::{Plan, Subject};

pub(super) fn roc<'a>(
    split: &'a str,
    rows: &'a [Performance],
    readers: Option<&'a ReaderResults>,
) -> Option<Plan<'a>> {
    let points = readers.map_or(Vec::new(), reader_points);
    let known = |row: &&Performance| row.roc.is_ok() && row.interval.is_ok();
    let anything = rows.iter().any(|row| known(&row)) || !points.is_empty();
    anything.then(|| Plan {
        subject: Subject::Roc,
        parts: vec![split],
        caption: format!(
            "ROC curves on split \"{split}\"; dots are the cut-offs fixed on training.{}",
            match points.len() {
                0 => "",
                _ => " Arrows lead from a reader without to the same reader with assistance.",
            }
        ),
        draw: Box::new(move |layout| {
            let series: Vec<RocSeries<'_>> = rows
                .iter()
                .filter_map(|row| {
                    let (curve, interval) = (row.roc.as_ref().ok()?, row.interval.clone().ok()?);
                    let series = RocSeries::new(&row.model, curve, interval);
                    Some(match operating_point(row) {
                        Some(point) => series.point(point),
                        None => series,
                    })
                })
                .collect();
            plot::roc_curves_with_readers(&series, &points, layout)
        }),
    })
}

fn reader_points(results: &ReaderResults) -> Vec<ReaderPoint<'_>> {
    let point = |metrics: &ClassificationMetrics| {
        let (se, sp) = (metrics.sensitivity?.value, metrics.specificity?.value);
        Some(OperatingPoint::new(se, sp))
    };
    let readers = results.report.iter().flat_map(|report| &report.readers);
    readers
        .filter_map(|reader| {
            let calls = reader.calls.as_ref()?;
            Some(ReaderPoint::new(&reader.name, point(&calls.without)?).with(point(&calls.with)?))
        })
        .collect()
}

fn operating_point(row: &Performance) -> Option<OperatingPoint> {
    let metrics = row.metrics.as_ref().ok()?;
    Some(OperatingPoint::new(
        metrics.sensitivity?.value,
        metrics.specificity?.value,
    ))
}

pub(super) fn decision<'a>(split: &'a str, rows: &'a [Decision]) -> Option<Plan<'a>> {
    rows.iter().any(|row| row.curve.is_ok()).then(|| Plan {
        subject: Subject::DecisionCurves,
        parts: vec![split],
        caption: format!("Decision curves on split \"{split}\"."),
        draw: Box::new(move |layout| {
            let series: Vec<DecisionSeries<'_>> = rows
                .iter()
                .filter_map(|row| Some(DecisionSeries::new(&row.model, row.curve.as_ref().ok()?)))
                .collect();
            plot::decision_curves(&series, layout)
        }),
    })
}

pub(super) fn calibration<'a>(
    strata: &'a Strata<'_>,
    split: usize,
    model: usize,
    row: &'a Calibration,
) -> Option<Plan<'a>> {
    let scored = strata.splits[split].scored[model].as_ref().ok()?;
    let (points, curve) = (row.groups.as_ref().ok()?, row.curve.as_ref().ok()?);
    let band: Vec<RateLimits> = row.band.iter().flat_map(rate_limits).collect();
    Some(Plan {
        subject: Subject::Calibration,
        parts: vec![&row.split, &row.model],
        caption: format!(
            "Calibration of \"{}\" on split \"{}\".",
            row.model, row.split
        ),
        draw: Box::new(move |layout| {
            let mut figure = CalibrationFigure::new(scored, points, curve);
            if !band.is_empty() {
                figure = figure.band(&band);
            }
            if let Ok(fit) = &row.recalibration {
                figure = figure.recalibration(fit);
            }
            if let (Ok(accuracy), Ok(errors)) = (&row.accuracy, &row.errors) {
                figure = figure.accuracy(accuracy).errors(errors);
            }
            plot::calibration(&figure, layout)
        }),
    })
}

fn rate_limits(band: &SmoothBand) -> impl Iterator<Item = RateLimits> {
    let limits = band.low.iter().zip(&band.high);
    let points = band.predicted.iter().zip(limits);
    points.map(|(&predicted, (&low, &high))| RateLimits::new(predicted, low, high))
}

pub(super) fn impact(row: &Decision, population: f64) -> Option<Plan<'_>> {
    let impact = row.impact.as_ref().ok()?;
    Some(Plan {
        subject: Subject::Impact,
        parts: vec![&row.split, &row.model],
        caption: format!(
            "Clinical impact of \"{}\" on split \"{}\", per {population} subjects.",
            row.model, row.split
        ),
        draw: Box::new(move |layout| plot::clinical_impact(impact, layout)),
    })
}

pub(super) fn waterfall<'a>(
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
        draw: Box::new(move |layout| plot::waterfall(scored, cutoff, layout)),
    })
}

pub(super) fn risk_groups<'a>(model: &'a str, rows: &[&Performance]) -> Option<Plan<'a>> {
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
        draw: Box::new(move |layout| plot::risk_bars(&bars, &layout.clone().width(Width::Double))),
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

/// Precision-recall curves, without readers' calls, which are a single point.
pub(super) fn precision_recall<'a>(split: &'a str, rows: &'a [Performance]) -> Option<Plan<'a>> {
    let drawn = |row: &&'a Performance| match &row.precision_recall {
        Ok(curve) => curve.points.len() > 2,
        Err(_) => false,
    };
    rows.iter().any(|row| drawn(&row)).then(|| Plan {
        subject: Subject::PrecisionRecall,
        parts: vec![split],
        caption: format!("Precision-recall curves on split \"{split}\"."),
        draw: Box::new(move |layout| {
            let series: Vec<PrecisionRecallSeries<'_>> = rows
                .iter()
                .filter(drawn)
                .filter_map(|row| {
                    let curve = row.precision_recall.as_ref().ok()?;
                    Some(PrecisionRecallSeries::new(&row.model, curve))
                })
                .collect();
            plot::precision_recall_curves(&series, layout)
        }),
    })
}

/// AUCs of all models, by split.
pub(super) fn auc(rows: &[Performance]) -> Option<Plan<'_>> {
    let mut lines: Vec<ForestRow> = Vec::new();
    let mut split = None;
    for row in rows {
        if split != Some(&row.split) {
            split = Some(&row.split);
            lines.push(ForestRow::heading(&row.split));
        }
        let line = match &row.interval {
            Ok(interval) => ForestRow::of(&row.model, interval),
            Err(_) => ForestRow::not_estimable(&row.model),
        };
        lines.push(line.indented().counts(row.events as u64, row.n as u64));
    }
    rows.iter().any(|row| row.interval.is_ok()).then(|| Plan {
        subject: Subject::Auc,
        parts: Vec::new(),
        caption: "AUC of every model on every split.".to_owned(),
        draw: Box::new(move |layout| {
            let layout = layout.clone().width(Width::Double);
            plot::forest(&ForestFigure::aucs(&lines), &layout)
        }),
    })
}

/// Two-by-two tables of all models.
pub(super) fn confusion<'a>(split: &'a str, rows: &'a [Performance]) -> Option<Plan<'a>> {
    let matrices: Vec<NamedMatrix<'a>> = rows
        .iter()
        .filter_map(|row| {
            let metrics = row.metrics.as_ref().ok()?;
            Some(NamedMatrix::new(&row.model, metrics.counts))
        })
        .collect();
    (!matrices.is_empty()).then(|| Plan {
        subject: Subject::Confusion,
        parts: vec![split],
        caption: format!("Calls at the cut-offs fixed on training, on split \"{split}\"."),
        draw: Box::new(move |layout| {
            plot::confusion_matrices(&matrices, &layout.clone().width(Width::Double))
        }),
    })
}

/// Differences in net benefit from the reference.
pub(super) fn net_benefit<'a>(
    split: &'a str,
    rows: Vec<&'a NetBenefitComparison>,
) -> Option<Plan<'a>> {
    let reference = &rows.first()?.reference;
    let known = |row: &&'a NetBenefitComparison| {
        let differences = row.differences.as_ref().ok()?;
        Some(DifferenceSeries::new(&row.model, differences))
    };
    let series: Vec<DifferenceSeries<'a>> = rows.iter().filter_map(known).collect();
    (!series.is_empty()).then(|| Plan {
        subject: Subject::NetBenefitDifferences,
        parts: vec![split],
        caption: format!(
            "Net benefit minus that of \"{reference}\" on split \"{split}\", with paired bootstrap limits."
        ),
        draw: Box::new(move |layout| plot::net_benefit_differences(&series, layout)),
    })
}

/// Risks by a model against those by the reference, with the model's cut-off as the limit of two categories.
pub(super) fn reclassification<'a>(
    strata: &'a Strata<'_>,
    split: usize,
    model: usize,
    row: &'a Performance,
) -> Option<Plan<'a>> {
    let reference = strata.input.reference;
    let stratum = &strata.splits[split];
    let old = strata.risks(stratum, reference).ok()?;
    let new = strata.risks(stratum, model).ok()?;
    let cutoff = *row.cutoff.as_ref().ok()?;
    (model != reference).then(|| Plan {
        subject: Subject::Reclassification,
        parts: vec![&row.split, &row.model],
        caption: format!(
            "Risks by \"{}\" against those by \"{}\" on split \"{}\".",
            row.model,
            strata.models()[reference].name,
            row.split
        ),
        draw: Box::new(move |layout| {
            let names = [reference, model].map(|k| strata.models()[k].name.as_str());
            let cuts = [cutoff];
            let figure = ReclassificationFigure::new((names[0], old), (names[1], new)).cuts(&cuts);
            plot::reclassification_scatter(&figure, &layout.clone().width(Width::Double))
        }),
    })
}

/// Rates of readers without and with assistance.
pub(super) fn readers(results: &ReaderResults) -> Option<Plan<'_>> {
    let readers = results.report.iter().flat_map(|report| &report.readers);
    let bars: Vec<ReaderBars<'_>> = readers
        .filter_map(|reader| {
            let calls = reader.calls.as_ref()?;
            let without = ReaderRates::from_metrics(&calls.without)?;
            Some(
                ReaderBars::new(&reader.name, without)
                    .with(ReaderRates::from_metrics(&calls.with)?),
            )
        })
        .collect();
    (!bars.is_empty()).then(|| Plan {
        subject: Subject::Readers,
        parts: vec![&results.split],
        caption: format!(
            "Readers without and with assistance on split \"{}\".",
            results.split
        ),
        draw: Box::new(move |layout| {
            plot::reader_bars(&bars, &layout.clone().width(Width::Double))
        }),
    })
}
