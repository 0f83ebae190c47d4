//! Unusable input is a typed error.

use eval_stats::calibration::{self, Smoother};
use eval_stats::clinical_impact::clinical_impact as impact;
use eval_stats::decision_curve::{DecisionCurve, DecisionCurveSettings};
use eval_stats::plot::*;
use eval_stats::proportion::{Proportion, ProportionMethod};
use eval_stats::roc::RocCurve;
use eval_stats::{Error, Scored, delong};

fn scores() -> Scored {
    Scored::new(
        &[0.1, 0.4, 0.35, 0.8, 0.2, 0.7],
        &[false, false, true, true, false, true],
    )
    .unwrap()
}

#[track_caller]
fn empty(result: eval_stats::Result<String>) {
    assert!(matches!(result, Err(Error::Empty { .. })), "{result:?}");
}

#[track_caller]
fn out_of_range(result: eval_stats::Result<String>) {
    assert!(
        matches!(result, Err(Error::OutOfRange { .. })),
        "{result:?}"
    );
}

#[test]
fn nothing_to_draw() {
    let layout = Layout::new();
    empty(roc_curves(&[], &layout));
    empty(precision_recall_curves(&[], &layout));
    empty(decision_curves(&[], &layout));
    empty(interventions_avoided(&[], &layout));
    empty(net_benefit_differences(&[], &layout));
    empty(forest(&ForestFigure::odds_ratios(&[]), &layout));
    let rows = [ForestRow::heading("a"), ForestRow::reference("b")];
    empty(forest(&ForestFigure::odds_ratios(&rows), &layout));
    empty(confusion_matrices(&[], &layout));
    empty(risk_bars(&[], &layout));
    empty(risk_bars(&[RiskBar::new("a", 0, 0)], &layout));
    empty(score_distributions(&[], None, &layout));
    empty(reader_bars(&[], &layout));
}

#[test]
fn values_that_are_no_rates() {
    let layout = Layout::new();
    let s = scores();
    let curve = RocCurve::new(&s);
    let series = || RocSeries::new("a", &curve, delong::auc(&s, 0.95).unwrap());
    for bad in [f64::NAN, -0.1, 1.1, f64::INFINITY] {
        let point = series().point(OperatingPoint::new(bad, 0.5));
        out_of_range(roc_curves(&[point], &layout));
        let band = [SensitivityLimits::new(0.5, bad, 0.9)];
        out_of_range(roc_curves(&[series().band(&band)], &layout));
        let reader = ReaderPoint::new("a", OperatingPoint::new(0.5, bad));
        out_of_range(roc_curves_with_readers(&[], &[reader], &layout));
    }
    let mut auc = delong::auc(&s, 0.95).unwrap();
    auc.low = f64::NAN;
    let result = roc_curves(&[RocSeries::new("a", &curve, auc)], &layout);
    assert!(matches!(result, Err(Error::NotFinite { .. })), "{result:?}");
    for bad in [f64::NAN, f64::INFINITY] {
        out_of_range(waterfall(&s, bad, &layout));
        let groups = [ScoreGroup::new("a", &s)];
        out_of_range(score_distributions(&groups, Some(bad), &layout));
    }
    let mut p = Proportion::new(1, 2, 0.95, ProportionMethod::Wilson).unwrap();
    p.high = f64::NAN;
    let reader = ReaderBars::new("a", ReaderRates::new(p, p, p));
    let result = reader_bars(&[reader], &layout);
    assert!(matches!(result, Err(Error::NotFinite { .. })), "{result:?}");
}

#[test]
fn risks_that_are_no_probabilities() {
    let layout = Layout::new();
    let s = scores();
    let logits = Scored::new(&[-2.0, 0.1, 1.0, 3.0, -1.0, 2.0], s.outcomes()).unwrap();
    let curve = calibration::smooth(&s, Smoother::Loess(calibration::LoessSurface::Direct));
    let curve = curve.unwrap();
    let result = calibration(&CalibrationFigure::new(&logits, &[], &curve), &layout);
    assert!(
        matches!(result, Err(Error::NotProbability { .. })),
        "{result:?}"
    );
    let figure = ReclassificationFigure::new(("a", &s), ("b", &logits));
    let result = reclassification_scatter(&figure, &layout);
    assert!(
        matches!(result, Err(Error::NotProbability { .. })),
        "{result:?}"
    );
    let figure = ReclassificationFigure::new(("a", &s), ("b", &s));
    out_of_range(reclassification_scatter(
        &figure.clone().cuts(&[0.0]),
        &layout,
    ));
    let result = reclassification_scatter(&figure.cuts(&[0.5, 0.5]), &layout);
    assert!(
        matches!(result, Err(Error::NotIncreasing { .. })),
        "{result:?}"
    );
    let swapped: Vec<bool> = s.outcomes().iter().map(|y| !y).collect();
    let other = Scored::new(s.scores(), &swapped).unwrap();
    let result = reclassification_scatter(
        &ReclassificationFigure::new(("a", &s), ("b", &other)),
        &layout,
    );
    assert!(
        matches!(result, Err(Error::DifferentOutcomes { .. })),
        "{result:?}"
    );
}

#[test]
fn one_threshold_is_no_curve() {
    let layout = Layout::new();
    let (s, settings) = (scores(), DecisionCurveSettings::new());
    let curve = DecisionCurve::new(&s, &[0.5], &settings).unwrap();
    let series = [DecisionSeries::new("a", &curve)];
    let one = impact(&s, &[0.5], &settings, 1000.0).unwrap();
    for result in [
        decision_curves(&series, &layout),
        interventions_avoided(&series, &layout),
        eval_stats::plot::clinical_impact(&one, &layout),
    ] {
        assert!(matches!(result, Err(Error::TooFew { .. })), "{result:?}");
    }
}

#[test]
fn rows_of_a_forest_plot() {
    let layout = Layout::new();
    let good = ForestRow::estimate("a", 2.0, 1.0, 3.0);
    for bad in [
        ForestRow::estimate("a", f64::NAN, 1.0, 3.0),
        ForestRow::estimate("a", 2.0, -1.0, 3.0),
        ForestRow::estimate("a", 2.0, 3.0, 1.0),
        good.clone().p(1.5),
        good.clone().p(f64::NAN),
    ] {
        let rows = [good.clone(), bad];
        out_of_range(forest(&ForestFigure::odds_ratios(&rows), &layout));
    }
    let rows = [good];
    for (low, high) in [
        (0.0, 1.0),
        (2.0, 1.0),
        (f64::NAN, 1.0),
        (1.0, f64::INFINITY),
    ] {
        let figure = ForestFigure::odds_ratios(&rows).limits(low, high);
        out_of_range(forest(&figure, &layout));
    }
    out_of_range(forest(
        &ForestFigure::odds_ratios(&rows).null(Some(0.0)),
        &layout,
    ));
    out_of_range(forest(
        &ForestFigure::odds_ratios(&rows).level(1.0),
        &layout,
    ));
}

#[test]
fn tables_have_one_row_per_category() {
    let s = scores();
    let cuts = [0.3, 0.6];
    let nri = eval_stats::reclassification::nri_categorical(&s, &s, &cuts, 0.95);
    let Ok(tables) = nri.map(|n| n.tables.unwrap()) else {
        return;
    };
    let result = reclassification_tables(&tables, &["a", "b"], &Layout::new());
    assert!(
        matches!(result, Err(Error::LengthMismatch { .. })),
        "{result:?}"
    );
    empty(reclassification_tables(&tables, &[], &Layout::new()));
}
