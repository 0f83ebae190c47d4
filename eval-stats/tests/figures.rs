//! Figures are well-formed, deterministic and of journal width.
#![cfg(feature = "plot")]

#[path = "common/mod.rs"]
mod common;

use common::{MODELS, predictions};
use eval_stats::bootstrap::Bootstrap;
use eval_stats::calibration::{self, Smoother};
use eval_stats::clinical_impact::clinical_impact_with_limits;
use eval_stats::cutoff::{self, Criterion};
use eval_stats::decision_curve::{self, DecisionCurve, DecisionCurveSettings, threshold_grid};
use eval_stats::hosmer_lemeshow::Grouping;
use eval_stats::plot::*;
use eval_stats::proportion::ProportionMethod;
use eval_stats::roc::RocCurve;
use eval_stats::{Scored, delong};

/// Checks a figure; writes it to the folder in `EVAL_STATS_FIGURES`, if set, to be looked at.
fn check(name: &str, draw: impl Fn(&Layout) -> eval_stats::Result<String>) {
    for (width, size) in [(Width::Single, "85mm"), (Width::Double, "174mm")] {
        let layout = Layout::new()
            .width(width)
            .title("Prospective test set <n & co>");
        let svg = draw(&layout).unwrap();
        assert_eq!(svg, draw(&layout).unwrap(), "{name} differs between runs");
        let head = svg.lines().next().unwrap();
        assert!(
            head.starts_with("<svg") && head.contains(&format!("width=\"{size}\"")),
            "{head}"
        );
        assert!(svg.trim_end().ends_with("</svg>"));
        assert!(svg.contains("font-family=\"sans-serif\"") && !svg.contains("NaN"));
        assert!(svg.contains("&lt;n &amp; co&gt;"), "text is not escaped");
        if let Ok(folder) = std::env::var("EVAL_STATS_FIGURES") {
            std::fs::write(format!("{folder}/{name}_{size}.svg"), &svg).unwrap();
        }
    }
}

fn scored(set: &str, model: &str) -> Scored {
    let (p, y) = predictions(set, model);
    Scored::new(&p, &y).unwrap()
}

#[test]
fn roc_figure() {
    let sets: Vec<Scored> = MODELS.iter().map(|m| scored("prospective", m)).collect();
    let curves: Vec<RocCurve> = sets.iter().map(RocCurve::new).collect();
    let names = [
        "Clinical model",
        "Tumor score",
        "LN score",
        "Clinical-radiomics model",
    ];
    let series: Vec<RocSeries> = sets
        .iter()
        .zip(&curves)
        .zip(names)
        .map(|((s, c), name)| {
            let cut = cutoff::find(c, Criterion::Youden).unwrap();
            RocSeries::new(name, c, delong::auc(s, 0.95).unwrap()).point((&cut).into())
        })
        .collect();
    check("roc", |layout| roc_curves(&series, layout));
    assert!(roc_curves(&[], &Layout::new()).is_err());
}

#[test]
fn calibration_figure() {
    let s = scored("prospective", "clinrad");
    let points =
        calibration::grouped(&s, 10, Grouping::Quantiles, 0.95, ProportionMethod::Wilson).unwrap();
    let curve =
        calibration::smooth(&s, Smoother::Loess(calibration::LoessSurface::Direct)).unwrap();
    let figure = CalibrationFigure::new(&s, &points, &curve)
        .note("in the large \u{2212}0.50, slope 1.31")
        .note("ICI 0.068, Brier 0.091, Hosmer-Lemeshow p = 0.45");
    check("calibration", |layout| calibration(&figure, layout));
}

#[test]
fn decision_figure() {
    let thresholds = threshold_grid(0.01, 0.99, 99);
    let settings = DecisionCurveSettings::new();
    let sets: Vec<Scored> = MODELS.iter().map(|m| scored("prospective", m)).collect();
    let curves: Vec<DecisionCurve> = sets
        .iter()
        .map(|s| DecisionCurve::new(s, &thresholds, &settings).unwrap())
        .collect();
    let boot = Bootstrap::new().replicates(200);
    let band = decision_curve::bootstrap(&sets[3], &thresholds, &settings, &boot, 0.95).unwrap();
    let mut series: Vec<DecisionSeries> = curves
        .iter()
        .zip(MODELS)
        .map(|(c, m)| DecisionSeries::new(m, c))
        .collect();
    series[3] = series[3].clone().band(&band);
    check("decision", |layout| decision_curves(&series, layout));
}

#[test]
fn impact_figure() {
    let thresholds = threshold_grid(0.0, 0.99, 100);
    let s = scored("prospective", "clinrad");
    let boot = Bootstrap::new().replicates(200);
    let settings = DecisionCurveSettings::new();
    let impact =
        clinical_impact_with_limits(&s, &thresholds, &settings, 1000.0, &boot, 0.95).unwrap();
    check("impact", |layout| clinical_impact(&impact, layout));
}

#[test]
fn strata_figures() {
    let s = scored("prospective", "clinrad");
    check("waterfall", |layout| waterfall(&s, 0.64, layout));
    let train = RocCurve::new(&scored("train", "clinrad"));
    let cut = cutoff::find(&train, Criterion::Youden).unwrap();
    let m = cut.apply(&s);
    let bars = [
        RiskBar::new("low risk\nn = 69", m.fn_, m.tn),
        RiskBar::new("high risk\nn = 48", m.tp, m.fp),
    ];
    check("bars", |layout| risk_bars(&bars, layout));
    check("matrix", |layout| confusion_matrix(&m, layout));
}
