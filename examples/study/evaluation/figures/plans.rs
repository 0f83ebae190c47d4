//! What each figure is drawn from.

use eval_stats::calibration::SmoothBand;
use eval_stats::confusion::ClassificationMetrics;
use eval_stats::plot::{
    self, CalibrationFigure, DecisionSeries, DifferenceSeries, ForestFigure, ForestRow,
    NamedMatrix, OperatingPoint, PrecisionRecallSeries, RateLimits, ReaderBars, ReaderPoint,
    ReaderRates, ReclassificationFigure, RiskBar, RocSeries, Width,
};
use eval_stats::reader_study::ReaderReport;

use super::super::ScoreKind;
use super::super::calibration::Calibration;
use super::super::decision::{Decision, NetBenefitComparison};
use super::super::performance::Performance;
use super::super::readers::ReaderResults;
use super::super::strata::Strata;
use super::{COLUMN, PAGE, Plan, Subject, WIDE};
use crate::labels::readable;

pub(super) fn roc<'a>(
    split: &'a str,
    rows: &'a [Performance],
    readers: Option<&'a ReaderResults>,
) -> Option<Plan<'a>> {
    let known = |row: &&Performance| row.roc.is_ok() && row.interval.is_ok();
    let read: Vec<(String, [OperatingPoint; 2])> = readers.map_or(Vec::new(), reader_points);
    let anything = rows.iter().any(|row| known(&row)) || !read.is_empty();
    anything.then(|| Plan {
        subject: Subject::Roc,
        parts: vec![split],
        alt: format!("ROC curves of all models, {}", readable(split)),
        widths: COLUMN,
        draw: Box::new(move |layout, _| {
            let names = labels(rows.iter().map(|row| &row.model));
            let series: Vec<RocSeries<'_>> = rows
                .iter()
                .zip(&names)
                .filter_map(|(row, name)| {
                    let (curve, interval) = (row.roc.as_ref().ok()?, row.interval.clone().ok()?);
                    let series = RocSeries::new(name, curve, interval);
                    Some(match operating_point(row) {
                        Some(point) => series.point(point),
                        None => series,
                    })
                })
                .collect();
            let points: Vec<ReaderPoint<'_>> = read
                .iter()
                .map(|(name, [without, with])| {
                    ReaderPoint::new(name, without.clone()).with(with.clone())
                })
                .collect();
            plot::roc_curves_with_readers(&series, &points, layout)
        }),
    })
}

/// Readers as text, each without and with assistance.
fn reader_points(results: &ReaderResults) -> Vec<(String, [OperatingPoint; 2])> {
    let readers = results.report.iter().flat_map(|report| &report.readers);
    readers
        .filter_map(|reader| {
            let calls = reader.calls.as_ref()?;
            let points = [point(&calls.without)?, point(&calls.with)?];
            Some((readable(&reader.name), points))
        })
        .collect()
}

fn operating_point(row: &Performance) -> Option<OperatingPoint> {
    point(row.metrics.as_ref().ok()?)
}

fn point(metrics: &ClassificationMetrics) -> Option<OperatingPoint> {
    Some(OperatingPoint::new(
        metrics.sensitivity?.value,
        metrics.specificity?.value,
    ))
}

pub(super) fn decision<'a>(split: &'a str, rows: &'a [Decision]) -> Option<Plan<'a>> {
    rows.iter().any(|row| row.curve.is_ok()).then(|| Plan {
        subject: Subject::DecisionCurves,
        parts: vec![split],
        alt: format!("Decision curves of all models, {}", readable(split)),
        widths: COLUMN,
        draw: Box::new(move |layout, _| {
            let names = labels(rows.iter().map(|row| &row.model));
            let series: Vec<DecisionSeries<'_>> = rows
                .iter()
                .zip(&names)
                .filter_map(|(row, name)| Some(DecisionSeries::new(name, row.curve.as_ref().ok()?)))
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
        alt: format!("Calibration, {}", both(&row.model, &row.split)),
        widths: COLUMN,
        draw: Box::new(move |layout, _| {
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

pub(super) fn impact(row: &Decision) -> Option<Plan<'_>> {
    let impact = row.impact.as_ref().ok()?;
    Some(Plan {
        subject: Subject::Impact,
        parts: vec![&row.split, &row.model],
        alt: format!("Clinical impact, {}", both(&row.model, &row.split)),
        widths: COLUMN,
        draw: Box::new(move |layout, _| plot::clinical_impact(impact, layout)),
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
        alt: format!(
            "Predictions minus the cut-off, {}",
            both(&row.model, &row.split)
        ),
        widths: COLUMN,
        draw: Box::new(move |layout, _| plot::waterfall(scored, cutoff, layout)),
    })
}

pub(super) fn risk_groups<'a>(model: &'a str, rows: &[&'a Performance]) -> Option<Plan<'a>> {
    let rows: Vec<&Performance> = rows
        .iter()
        .copied()
        .filter(|row| row.metrics.is_ok())
        .collect();
    let room = letters_below_a_bar(rows.len(), Width::Single);
    let fits = |row: &&Performance| row.split.chars().count() <= room;
    (!rows.is_empty()).then(|| Plan {
        subject: Subject::RiskGroups,
        parts: vec![model],
        alt: format!(
            "Events among patients of low and of high risk, {}",
            readable(model)
        ),
        widths: match rows.iter().all(fits) {
            true => PAGE,
            false => WIDE,
        },
        draw: Box::new(move |layout, width| plot::risk_bars(&risk_bars(&rows, width), layout)),
    })
}

/// Letters that a bar has room for below it, two bars a split.
fn letters_below_a_bar(splits: usize, width: Width) -> usize {
    /// Millimeters beside all bars, and those of a letter.
    const MARGIN: f64 = 15.0;
    const LETTER: f64 = 1.5;
    let of_bar = (width.millimeters() - MARGIN) / (2 * splits).max(1) as f64;
    (of_bar / LETTER) as usize
}

/// Two bars for every split, its name cut to the room that they have.
fn risk_bars(rows: &[&Performance], width: Width) -> Vec<RiskBar> {
    let room = letters_below_a_bar(rows.len(), width);
    let mut bars = Vec::new();
    for row in rows {
        let Ok(metrics) = &row.metrics else { continue };
        let counts = metrics.counts;
        let split = shortened(&readable(&row.split), room);
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
    bars
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
        alt: format!("Precision-recall curves of all models, {}", readable(split)),
        widths: COLUMN,
        draw: Box::new(move |layout, _| {
            let names = labels(rows.iter().map(|row| &row.model));
            let series: Vec<PrecisionRecallSeries<'_>> = rows
                .iter()
                .zip(&names)
                .filter(|(row, _)| drawn(row))
                .filter_map(|(row, name)| {
                    let curve = row.precision_recall.as_ref().ok()?;
                    Some(PrecisionRecallSeries::new(name, curve))
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
            lines.push(ForestRow::heading(readable(&row.split)));
        }
        let line = match &row.interval {
            Ok(interval) => ForestRow::of(readable(&row.model), interval),
            Err(_) => ForestRow::not_estimable(readable(&row.model)),
        };
        lines.push(line.indented().counts(row.events as u64, row.n as u64));
    }
    rows.iter().any(|row| row.interval.is_ok()).then(|| Plan {
        subject: Subject::Auc,
        parts: Vec::new(),
        alt: "AUC of every model in every split, with confidence intervals".to_owned(),
        widths: PAGE,
        draw: Box::new(move |layout, _| plot::forest(&ForestFigure::aucs(&lines), layout)),
    })
}

/// Two-by-two tables of all models.
pub(super) fn confusion<'a>(split: &'a str, rows: &'a [Performance]) -> Option<Plan<'a>> {
    rows.iter().any(|row| row.metrics.is_ok()).then(|| Plan {
        subject: Subject::Confusion,
        parts: vec![split],
        alt: format!("Two-by-two tables of all models, {}", readable(split)),
        widths: PAGE,
        draw: Box::new(move |layout, _| {
            let names = labels(rows.iter().map(|row| &row.model));
            let matrices: Vec<NamedMatrix<'_>> = rows
                .iter()
                .zip(&names)
                .filter_map(|(row, name)| {
                    Some(NamedMatrix::new(name, row.metrics.as_ref().ok()?.counts))
                })
                .collect();
            plot::confusion_matrices(&matrices, layout)
        }),
    })
}

/// Differences in net benefit from the reference.
pub(super) fn net_benefit<'a>(
    split: &'a str,
    rows: Vec<&'a NetBenefitComparison>,
) -> Option<Plan<'a>> {
    let reference = &rows.first()?.reference;
    rows.iter()
        .any(|row| row.differences.is_ok())
        .then(|| Plan {
            subject: Subject::NetBenefitDifferences,
            parts: vec![split],
            alt: format!(
                "Net benefit minus that of the model {}, {}",
                readable(reference),
                readable(split)
            ),
            widths: COLUMN,
            draw: Box::new(move |layout, _| {
                let names = labels(rows.iter().map(|row| &row.model));
                let series: Vec<DifferenceSeries<'_>> = rows
                    .iter()
                    .zip(&names)
                    .filter_map(|(row, name)| {
                        Some(DifferenceSeries::new(name, row.differences.as_ref().ok()?))
                    })
                    .collect();
                plot::net_benefit_differences(&series, layout)
            }),
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
        alt: format!(
            "Risks by the model {} against those by the model {}, {}",
            readable(&row.model),
            readable(&strata.models()[reference].name),
            readable(&row.split)
        ),
        widths: PAGE,
        draw: Box::new(move |layout, _| {
            let names = [reference, model].map(|k| readable(&strata.models()[k].name));
            let cuts = [cutoff];
            let figure =
                ReclassificationFigure::new((&names[0], old), (&names[1], new)).cuts(&cuts);
            plot::reclassification_scatter(&figure, layout)
        }),
    })
}

/// Rates of readers without and with assistance.
pub(super) fn readers(results: &ReaderResults) -> Option<Plan<'_>> {
    let known = |reader: &ReaderReport| {
        let calls = reader.calls.as_ref()?;
        let without = ReaderRates::from_metrics(&calls.without)?;
        Some((without, ReaderRates::from_metrics(&calls.with)?))
    };
    let readers = results.report.iter().flat_map(|report| &report.readers);
    let rates: Vec<(String, (ReaderRates, ReaderRates))> = readers
        .filter_map(|reader| Some((readable(&reader.name), known(reader)?)))
        .collect();
    (!rates.is_empty()).then(|| Plan {
        subject: Subject::Readers,
        parts: vec![&results.split],
        alt: format!(
            "Accuracy, sensitivity and specificity of every reader without and with the model's output, {}",
            readable(&results.split)
        ),
        widths: PAGE,
        draw: Box::new(move |layout, _| {
            let bars: Vec<ReaderBars<'_>> = rates
                .iter()
                .map(|(name, (without, with))| {
                    ReaderBars::new(name, *without).with(*with)
                })
                .collect();
            plot::reader_bars(&bars, layout)
        }),
    })
}

/// Names as text.
fn labels<'a>(names: impl Iterator<Item = &'a String>) -> Vec<String> {
    names.map(|name| readable(name)).collect()
}

/// A model and a split as text.
fn both(model: &str, split: &str) -> String {
    format!("{}, {}", readable(model), readable(split))
}
