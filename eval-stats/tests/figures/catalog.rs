//! Every figure with the simulated cohort, as a paper would show it.

use eval_stats::bootstrap::Bootstrap;
use eval_stats::calibration::{self, Smoother};
use eval_stats::clinical_impact::clinical_impact_with_limits;
use eval_stats::confusion::ConfusionMatrix;
use eval_stats::cutoff::{self, Criterion, Cutoff};
use eval_stats::decision_curve::{self, DecisionCurve, DecisionCurveSettings, threshold_grid};
use eval_stats::hosmer_lemeshow::{self, DegreesOfFreedom, Grouping};
use eval_stats::plot::*;
use eval_stats::precision_recall::PrecisionRecallCurve;
use eval_stats::proportion::ProportionMethod;
use eval_stats::roc::RocCurve;
use eval_stats::{Scored, delong, reclassification};

use crate::check;
use crate::common::{MODELS, SETS, predictions};

pub const NAMES: [&str; 4] = [
    "Clinical model",
    "Tumor score",
    "Lymph node score",
    "Clinical-radiomics model",
];

pub fn scored(set: &str, model: &str) -> Scored {
    let (p, y) = predictions(set, model);
    Scored::new(&p, &y).unwrap()
}

pub fn prospective() -> Vec<Scored> {
    MODELS.iter().map(|m| scored("prospective", m)).collect()
}

fn frozen() -> Cutoff {
    let train = RocCurve::new(&scored("train", "clinrad"));
    cutoff::find(&train, Criterion::Youden).unwrap()
}

/// Something like a pointwise band: the curve moved by a twelfth either way.
pub fn band(curve: &RocCurve) -> Vec<SensitivityLimits> {
    curve
        .points
        .iter()
        .map(|p| {
            let low = (p.sensitivity - 0.08).max(0.0);
            let high = (p.sensitivity + 0.08).min(1.0);
            SensitivityLimits::new(p.specificity, low, high)
        })
        .collect()
}

#[test]
fn roc() {
    let sets = prospective();
    let curves: Vec<RocCurve> = sets.iter().map(RocCurve::new).collect();
    let limits = band(&curves[3]);
    let mut series: Vec<RocSeries> = sets
        .iter()
        .zip(&curves)
        .zip(NAMES)
        .map(|((s, c), name)| {
            let cut = cutoff::find(c, Criterion::Youden).unwrap();
            RocSeries::new(name, c, delong::auc(s, 0.95).unwrap()).point((&cut).into())
        })
        .collect();
    check("roc", |layout| roc_curves(&series, layout));
    series[3] = series[3].clone().band(&limits);
    check("roc_one", |layout| roc_curves(&series[3..], layout));
    let readers: Vec<ReaderPoint> = [
        ("Junior 1", (0.57, 0.71), (0.74, 0.80)),
        ("Junior 2", (0.60, 0.68), (0.77, 0.78)),
        ("Senior 1", (0.69, 0.77), (0.80, 0.84)),
        ("Senior 2", (0.71, 0.74), (0.80, 0.85)),
        ("Senior 3", (0.70, 0.75), (0.83, 0.82)),
    ]
    .into_iter()
    .map(|(name, a, b)| {
        ReaderPoint::new(name, OperatingPoint::new(a.0, a.1)).with(OperatingPoint::new(b.0, b.1))
    })
    .collect();
    check("roc_readers", |layout| {
        roc_curves_with_readers(&series[3..], &readers, layout)
    });
}

#[test]
fn precision_recall() {
    let sets = prospective();
    let curves: Vec<PrecisionRecallCurve> = sets.iter().map(PrecisionRecallCurve::new).collect();
    let series: Vec<PrecisionRecallSeries> = curves
        .iter()
        .zip(NAMES)
        .map(|(c, name)| PrecisionRecallSeries::new(name, c))
        .collect();
    check("precision_recall", |layout| {
        precision_recall_curves(&series, layout)
    });
}

#[test]
fn calibration_plot() {
    for set in ["train", "prospective"] {
        let s = scored(set, "clinrad");
        let grouping = Grouping::Quantiles;
        let points = calibration::grouped(&s, 10, grouping, 0.95, ProportionMethod::Wilson);
        let points = points.unwrap();
        let curve =
            calibration::smooth(&s, Smoother::Loess(calibration::LoessSurface::Direct)).unwrap();
        let limits: Vec<RateLimits> = curve
            .predicted
            .iter()
            .zip(&curve.observed)
            .map(|(&p, &o)| RateLimits::new(p, o - 0.1, o + 0.1))
            .collect();
        let test = hosmer_lemeshow::test(&s, 10, grouping, DegreesOfFreedom::GroupsMinusTwo);
        let figure = CalibrationFigure::new(&s, &points, &curve)
            .band(&limits)
            .recalibration(&calibration::recalibration(&s, 0.95).unwrap())
            .errors(
                &calibration::errors(&s, Smoother::Loess(calibration::LoessSurface::Direct))
                    .unwrap(),
            )
            .accuracy(&calibration::accuracy(&s).unwrap())
            .hosmer_lemeshow(&test.unwrap());
        check(&format!("calibration_{set}"), |layout| {
            calibration(&figure, layout)
        });
    }
}

#[test]
fn decision() {
    let thresholds = threshold_grid(0.01, 0.99, 99);
    let settings = DecisionCurveSettings::new();
    let sets = prospective();
    let curves: Vec<DecisionCurve> = sets
        .iter()
        .map(|s| DecisionCurve::new(s, &thresholds, &settings).unwrap())
        .collect();
    let boot = Bootstrap::new().replicates(100);
    let band = decision_curve::bootstrap(&sets[3], &thresholds, &settings, &boot, 0.95).unwrap();
    let mut series: Vec<DecisionSeries> = curves
        .iter()
        .zip(NAMES)
        .map(|(c, m)| DecisionSeries::new(m, c))
        .collect();
    series[3] = series[3].clone().band(&band);
    check("decision", |layout| decision_curves(&series, layout));
    check("avoided", |layout| interventions_avoided(&series, layout));
    let differences =
        decision_curve::compare(&sets[3], &sets[0], &thresholds, &settings, &boot, 0.95).unwrap();
    let series = [DifferenceSeries::new(
        "Clinical-radiomics model minus clinical model",
        &differences,
    )];
    check("difference", |layout| {
        net_benefit_differences(&series, layout)
    });
}

#[test]
fn impact() {
    let thresholds = threshold_grid(0.0, 0.99, 100);
    let s = scored("prospective", "clinrad");
    let boot = Bootstrap::new().replicates(100);
    let settings = DecisionCurveSettings::new();
    let impact =
        clinical_impact_with_limits(&s, &thresholds, &settings, 1000.0, &boot, 0.95).unwrap();
    check("impact", |layout| clinical_impact(&impact, layout));
}

#[test]
fn strata() {
    let s = scored("prospective", "clinrad");
    let cut = frozen();
    check("waterfall", |layout| waterfall(&s, cut.threshold, layout));
    let mut bars = Vec::new();
    for set in SETS {
        let m = cut.apply(&scored(set, "clinrad"));
        bars.push(RiskBar::new(format!("{set}\nlow risk"), m.fn_, m.tn));
        bars.push(RiskBar::new(format!("{set}\nhigh risk"), m.tp, m.fp));
    }
    check("bars", |layout| risk_bars(&bars, layout));
    check("bars_two", |layout| risk_bars(&bars[6..], layout));
}

#[test]
fn confusion() {
    let sets = prospective();
    let tables: Vec<ConfusionMatrix> = sets
        .iter()
        .map(|s| {
            cutoff::find(&RocCurve::new(s), Criterion::Youden)
                .unwrap()
                .apply(s)
        })
        .collect();
    let named: Vec<NamedMatrix> = NAMES
        .iter()
        .zip(&tables)
        .map(|(name, m)| NamedMatrix::new(name, *m))
        .collect();
    check("matrix", |layout| confusion_matrix(&tables[3], layout));
    check("matrices", |layout| confusion_matrices(&named, layout));
    check("matrices_three", |layout| {
        confusion_matrices(&named[..3], layout)
    });
}

#[test]
fn distributions() {
    let sets: Vec<Scored> = SETS.iter().map(|set| scored(set, "clinrad")).collect();
    let groups: Vec<ScoreGroup> = SETS
        .iter()
        .zip(&sets)
        .map(|(name, s)| ScoreGroup::new(name, s))
        .collect();
    let cut = frozen().threshold;
    check("distributions", |layout| {
        score_distributions(&groups, Some(cut), layout)
    });
}

pub fn odds_ratios() -> Vec<ForestRow> {
    let positive = |label: &str, value, low, high, p| {
        ForestRow::estimate(label, value, low, high).indented().p(p)
    };
    vec![
        ForestRow::estimate("Age, per 10 years", 0.92, 0.78, 1.09)
            .counts(162, 421)
            .p(0.34),
        ForestRow::heading("Tumor size"),
        ForestRow::reference("\u{2264} 2 cm")
            .indented()
            .counts(48, 190),
        positive("> 2 to 5 cm", 1.87, 1.21, 2.9, 0.0048).counts(96, 205),
        positive("> 5 cm", 5.4, 2.1, 13.9, 0.0004).counts(18, 26),
        ForestRow::heading("US-reported lymph node status"),
        ForestRow::reference("negative").indented().counts(40, 240),
        positive("positive", 8.61, 5.2, 14.3, 1e-12).counts(122, 181),
        ForestRow::estimate(
            "Multifocality <yes vs. no> & lymphovascular invasion",
            31.0,
            2.2,
            512.0,
        )
        .counts(9, 10)
        .p(0.011),
        ForestRow::not_estimable("Male sex").counts(0, 2),
    ]
}

#[test]
fn forests() {
    let rows = odds_ratios();
    let figure = ForestFigure::odds_ratios(&rows).directions("lower risk", "higher risk");
    check("forest", |layout| forest(&figure, layout));
    let mut rows = vec![ForestRow::heading("Age")];
    for (label, v, l, h) in [
        ("< 50 years", 0.88, 0.83, 0.93),
        ("\u{2265} 50 years", 0.912, 0.87, 0.95),
    ] {
        rows.push(
            ForestRow::estimate(label, v, l, h)
                .indented()
                .counts(81, 210),
        );
    }
    rows.push(ForestRow::heading("Subtype"));
    for (label, v, l, h) in [
        ("Luminal A", 0.85, 0.76, 0.94),
        ("Luminal B", 0.90, 0.86, 0.95),
        ("HER2-enriched", 0.93, 0.87, 0.99),
        ("Triple-negative", 0.81, 0.66, 0.96),
    ] {
        rows.push(
            ForestRow::estimate(label, v, l, h)
                .indented()
                .counts(40, 105),
        );
    }
    let all = delong::auc(&scored("train", "clinrad"), 0.95).unwrap();
    rows.push(ForestRow::summary("All", all.value, all.low, all.high).counts(162, 421));
    let figure = ForestFigure::aucs(&rows);
    check("forest_auc", |layout| forest(&figure, layout));
}

#[test]
fn reclassified() {
    let (old, new) = (
        scored("prospective", "clinical"),
        scored("prospective", "clinrad"),
    );
    let figure = ReclassificationFigure::new((NAMES[0], &old), (NAMES[3], &new));
    check("reclassification_any", |layout| {
        reclassification_scatter(&figure, layout)
    });
    let figure = figure.cuts(&[0.2, 0.6]);
    check("reclassification", |layout| {
        reclassification_scatter(&figure, layout)
    });
    let nri = reclassification::nri_categorical(&old, &new, &[0.2, 0.6], 0.95).unwrap();
    let tables = nri.tables.unwrap();
    let names = ["low (< 20%)", "intermediate", "high (\u{2265} 60%)"];
    check("reclassification_tables", |layout| {
        reclassification_tables(&tables, &names, layout)
    });
}

#[test]
fn readers() {
    let table = |tp: u64, fp: u64, fn_: u64, tn: u64| {
        let mut calls = vec![true; (tp + fp) as usize];
        calls.resize((tp + fp + fn_ + tn) as usize, false);
        let mut y = vec![true; tp as usize];
        y.resize((tp + fp) as usize, false);
        y.resize((tp + fp + fn_) as usize, true);
        y.resize(calls.len(), false);
        let m = ConfusionMatrix::from_calls(&calls, &y).unwrap();
        let m = m.metrics(0.95, ProportionMethod::ClopperPearson).unwrap();
        ReaderRates::from_metrics(&m).unwrap()
    };
    let readers: Vec<ReaderBars> = ["Junior 1", "Junior 2", "Senior 1", "Senior 2", "Senior 3"]
        .into_iter()
        .zip(0u64..)
        .map(|(name, i)| {
            ReaderBars::new(name, table(20 + i, 24 - i, 15 - i, 58 + i)).with(table(
                28 + i,
                14 - i,
                7 - i,
                68 + i,
            ))
        })
        .collect();
    check("readers", |layout| reader_bars(&readers, layout));
    check("reader", |layout| reader_bars(&readers[..1], layout));
}
