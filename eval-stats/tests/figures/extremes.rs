//! Long names, many series, few subjects, extreme values.

use eval_stats::calibration::{self, Smoother};
use eval_stats::clinical_impact;
use eval_stats::confusion::ConfusionMatrix;
use eval_stats::cutoff::{self, Criterion};
use eval_stats::decision_curve::{DecisionCurve, DecisionCurveSettings, threshold_grid};
use eval_stats::hosmer_lemeshow::Grouping;
use eval_stats::plot::*;
use eval_stats::precision_recall::PrecisionRecallCurve;
use eval_stats::proportion::{Proportion, ProportionMethod};
use eval_stats::roc::RocCurve;
use eval_stats::{Scored, delong};

use crate::catalog::{odds_ratios, prospective, scored};
use crate::check;
use crate::page::Page;

const LONG: [&str; 8] = [
    "Clinical-radiomics model with deep features of tumor and lymph node <ensemble of five> & age",
    "临床影像组学模型 (训练集)",
    "Modèle clinique \"d'origine\" à échographie élastographique",
    "a",
    "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichenmodell",
    "Ки-67 и размер опухоли",
    "α-fetoprotein + λ₁ ≥ 0.5 🩺",
    "tumor_original_glcm_Contrast_log-sigma-2-0-mm-3D_wavelet-LLH",
];

/// Eight score sets on the prospective patients: the four models and what becomes of them.
fn eight() -> Vec<Scored> {
    let mut all = prospective();
    for k in 0..4 {
        let y = all[k].outcomes().to_vec();
        let shifted: Vec<f64> = all[k]
            .scores()
            .iter()
            .zip(&y)
            .map(|(s, &event)| (0.6 * s + if event { 0.1 * k as f64 } else { 0.0 }).min(1.0))
            .collect();
        all.push(Scored::new(&shifted, &y).unwrap());
    }
    all
}

fn perfect() -> Scored {
    Scored::new(
        &[0.0, 0.0, 0.1, 0.9, 1.0],
        &[false, false, false, true, true],
    )
    .unwrap()
}

fn constant() -> Scored {
    Scored::new(&[0.5; 6], &[false, true, false, true, false, true]).unwrap()
}

#[test]
fn roc() {
    let mut sets = eight();
    sets[7] = perfect();
    let curves: Vec<RocCurve> = sets.iter().map(RocCurve::new).collect();
    let series: Vec<RocSeries> = (0..8)
        .map(|i| {
            let auc = delong::auc(&sets[i], 0.95).unwrap();
            let cut = cutoff::find(&curves[i], Criterion::Youden).unwrap();
            RocSeries::new(LONG[i], &curves[i], auc).point((&cut).into())
        })
        .collect();
    check("extreme_roc", |layout| roc_curves(&series, layout));
    for n in 1..8 {
        check("extreme_roc_n", |layout| roc_curves(&series[..n], layout));
    }
    // All points in one place, and in the corners.
    let corner = |a, b| OperatingPoint::new(a, b).label("threshold 0.5");
    let mut readers: Vec<ReaderPoint> = LONG
        .iter()
        .map(|name| ReaderPoint::new(name, corner(0.8, 0.8)).with(corner(0.8, 0.8)))
        .collect();
    readers.push(ReaderPoint::new("worst", corner(0.0, 0.0)).with(corner(1.0, 1.0)));
    readers.push(ReaderPoint::new("always", corner(1.0, 0.0)).with(corner(0.0, 1.0)));
    check("extreme_readers", |layout| {
        roc_curves_with_readers(&series[7..], &readers, layout)
    });
    check("extreme_readers_only", |layout| {
        roc_curves_with_readers(&[], &readers, layout)
    });
}

#[test]
fn precision_recall() {
    let sets = [perfect(), constant(), scored("train", "clinical")];
    let curves: Vec<PrecisionRecallCurve> = sets.iter().map(PrecisionRecallCurve::new).collect();
    let series: Vec<PrecisionRecallSeries> = curves
        .iter()
        .zip(LONG)
        .map(|(c, name)| PrecisionRecallSeries::new(name, c))
        .collect();
    check("extreme_precision_recall", |layout| {
        precision_recall_curves(&series, layout)
    });
    let one =
        PrecisionRecallSeries::new("a", &curves[0]).interval(delong::auc(&sets[2], 0.9).unwrap());
    check("extreme_precision_recall_one", |layout| {
        precision_recall_curves(std::slice::from_ref(&one), layout)
    });
}

#[test]
fn calibration_plot() {
    // No corner is free: the text moves below.
    let risks: Vec<f64> = (0..40).map(|i| f64::from(i) / 39.0).collect();
    let y: Vec<bool> = (0..40).map(|i| (i / 2) % 2 == 0).collect();
    let s = Scored::new(&risks, &y).unwrap();
    let points =
        calibration::grouped(&s, 20, Grouping::Quantiles, 0.95, ProportionMethod::Wilson).unwrap();
    let curve =
        calibration::smooth(&s, Smoother::Loess(calibration::LoessSurface::Direct)).unwrap();
    let figure = CalibrationFigure::new(&s, &points, &curve)
        .note(LONG[0])
        .note("Hosmer\u{2013}Lemeshow p < 0.001");
    check("extreme_calibration", |layout| calibration(&figure, layout));
    let figure = CalibrationFigure::new(&s, &[], &curve);
    check("extreme_calibration_no_groups", |layout| {
        calibration(&figure, layout)
    });
}

#[test]
fn decision() {
    let settings = DecisionCurveSettings::new();
    let sets = eight();
    for (name, low, high) in [
        ("low", 0.001, 0.09),
        ("high", 0.9, 0.999),
        ("all", 0.0, 0.99),
    ] {
        let thresholds = threshold_grid(low, high, 50);
        let curves: Vec<DecisionCurve> = sets
            .iter()
            .map(|s| DecisionCurve::new(s, &thresholds, &settings).unwrap())
            .collect();
        let series: Vec<DecisionSeries> = curves
            .iter()
            .zip(LONG)
            .map(|(c, name)| DecisionSeries::new(name, c))
            .collect();
        check(&format!("extreme_decision_{name}"), |layout| {
            decision_curves(&series, layout)
        });
        check(&format!("extreme_avoided_{name}"), |layout| {
            interventions_avoided(&series, layout)
        });
    }
    // Everything is a loss.
    let rare = Scored::new(&[0.9, 0.95, 0.9, 0.99], &[false, false, false, true]).unwrap();
    let curve = DecisionCurve::new(&rare, &threshold_grid(0.5, 0.9, 5), &settings).unwrap();
    let series = [DecisionSeries::new("a", &curve)];
    check("extreme_decision_loss", |layout| {
        decision_curves(&series, layout)
    });
    let thresholds = threshold_grid(0.2, 0.3, 3);
    for population in [1.0, 1e6] {
        let impact = clinical_impact::clinical_impact(&rare, &thresholds, &settings, population);
        let impact = impact.unwrap();
        check("extreme_impact", |layout| plot_impact(&impact, layout));
    }
}

fn plot_impact(
    impact: &clinical_impact::ClinicalImpact,
    layout: &Layout,
) -> eval_stats::Result<String> {
    eval_stats::plot::clinical_impact(impact, layout)
}

#[test]
fn strata() {
    let huge = Scored::new(&[-1e308, 1e308, 0.0], &[false, true, true]).unwrap();
    check("extreme_waterfall_huge", |layout| {
        waterfall(&huge, -1e308, layout)
    });
    check("extreme_waterfall_constant", |layout| {
        waterfall(&constant(), 0.5, layout)
    });
    let n = 5000;
    let scores: Vec<f64> = (0..n)
        .map(|i| f64::from(i * 7919 % n) / f64::from(n))
        .collect();
    let y: Vec<bool> = (0..n).map(|i| i * 31 % 7 < 3).collect();
    let many = Scored::new(&scores, &y).unwrap();
    check("extreme_waterfall_many", |layout| {
        waterfall(&many, 0.3, layout)
    });
    let bar = |i: usize| RiskBar::new(LONG[i % 8], [0, 7, u64::MAX / 64][i % 3], 3 + i as u64);
    for n in [1, 5, 20] {
        let bars: Vec<RiskBar> = (0..n).map(bar).collect();
        check(&format!("extreme_bars_{n}"), |layout| {
            risk_bars(&bars, layout)
        });
    }
}

#[test]
fn confusion() {
    let calls = [true, true, false];
    let some = ConfusionMatrix::from_calls(&calls, &[true, true, true]).unwrap();
    let n = 1_000_000;
    let many = ConfusionMatrix::from_calls(&vec![true; n], &vec![false; n]).unwrap();
    let tables: Vec<NamedMatrix> = (0..9)
        .map(|i| NamedMatrix::new(LONG[i % 8], if i % 2 == 0 { some } else { many }))
        .collect();
    check("extreme_matrices", |layout| {
        confusion_matrices(&tables, layout)
    });
    check("extreme_matrix", |layout| confusion_matrix(&many, layout));
}

#[test]
fn distributions() {
    let sets = [
        perfect(),
        constant(),
        Scored::new(&[-1e308, 1e308], &[true, false]).unwrap(),
        Scored::new(&[1e-300, 2e-300, 3e-300], &[true, false, false]).unwrap(),
    ];
    for (i, s) in sets.iter().enumerate() {
        let groups = [ScoreGroup::new(LONG[i], s)];
        check(&format!("extreme_distribution_{i}"), |layout| {
            score_distributions(&groups, None, layout)
        });
    }
    let eight = eight();
    let groups: Vec<ScoreGroup> = (0..16)
        .map(|i| ScoreGroup::new(LONG[i % 8], &eight[i % 8]))
        .collect();
    check("extreme_distributions", |layout| {
        score_distributions(&groups, Some(-2.0), layout)
    });
}

#[test]
fn forests() {
    let mut rows = odds_ratios();
    for (i, name) in LONG.iter().enumerate() {
        rows.push(ForestRow::heading(*name));
        let i = i as f64;
        let row = ForestRow::estimate(*name, 1e-9 * i, 0.0, f64::INFINITY);
        rows.push(row.indented().counts(1_000_000, 10_000_000).p(0.0));
        rows.push(ForestRow::estimate(*name, 1e7, 1e-7, 1e9).p(1.0));
    }
    let figure = ForestFigure::odds_ratios(&rows)
        .directions("favors the standard of care without any imaging", LONG[0]);
    check("extreme_forest", |layout| forest(&figure, layout));
    let figure = figure.limits(0.5, 0.6);
    check("extreme_forest_limits", |layout| forest(&figure, layout));
    let one = [ForestRow::estimate("a", 0.9, 0.9, 0.9)];
    check("extreme_forest_one", |layout| {
        forest(&ForestFigure::aucs(&one), layout)
    });
    let minus = [
        ForestRow::estimate(LONG[0], -0.02, -0.3, 0.26).p(0.8),
        ForestRow::estimate(LONG[1], -1e6, -1e7, 1.0).p(0.049),
    ];
    for n in [1, 2] {
        let figure = ForestFigure::differences(&minus[..n], "Difference in AUC", "Difference")
            .directions("old better", "new better");
        check("extreme_forest_minus", |layout| forest(&figure, layout));
    }
}

#[test]
fn reclassified() {
    let eight = eight();
    let figure = ReclassificationFigure::new((LONG[0], &eight[0]), (LONG[4], &eight[6]));
    let cuts: Vec<f64> = (1..20).map(|i| f64::from(i) / 20.0).collect();
    check("extreme_reclassification", |layout| {
        reclassification_scatter(&figure.clone().cuts(&cuts), layout)
    });
    let (a, b) = (perfect(), perfect());
    let figure = ReclassificationFigure::new(("a", &a), ("b", &b));
    check("extreme_reclassification_same", |layout| {
        reclassification_scatter(&figure, layout)
    });
    let cuts = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7];
    for k in [1, 3, 7] {
        let cuts = &cuts[..k];
        let nri = eval_stats::reclassification::nri_categorical(&eight[0], &eight[3], cuts, 0.95);
        let tables = nri.unwrap().tables.unwrap();
        check(&format!("extreme_tables_{k}"), |layout| {
            reclassification_tables(&tables, &LONG[..k + 1], layout)
        });
    }
}

#[test]
fn readers() {
    let p = |x| Proportion::new(x, 20, 0.95, ProportionMethod::ClopperPearson).unwrap();
    let rates = |a, b, c| ReaderRates::new(p(a), p(b), p(c));
    for n in [1, 4, 16] {
        let readers: Vec<ReaderBars> = (0..n)
            .map(|i| {
                let reader = ReaderBars::new(LONG[i % 8], rates(0, 20, i as u64));
                if i % 3 == 2 {
                    reader
                } else {
                    reader.with(rates(20, 0, 10))
                }
            })
            .collect();
        check(&format!("extreme_readers_{n}"), |layout| {
            reader_bars(&readers, layout)
        });
    }
}

#[test]
fn long_titles_are_broken() {
    let s = perfect();
    for width in [Width::Single, Width::Double] {
        let layout = Layout::new().width(width).title(LONG.join(", "));
        let svg = waterfall(&s, 0.5, &layout).unwrap();
        Page::read("title", &svg).check("title");
        assert!(svg.matches("font-weight=\"bold\"").count() > 2);
    }
}
