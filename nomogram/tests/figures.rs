//! Figures: what must be in them, and a way to look at them. With `NOMOGRAM_FIGURES=DIR` the SVG and HTML files are written there.
#![cfg(feature = "plot")]

mod common;

use common::cohort;
use nomogram::render::{
    ForestFigure, NomogramFigure, Show, forest_svg, nomogram_html, nomogram_svg,
};
use nomogram::{
    Design, Frame, Levels, LogisticFit, LogisticRegression, Missing, Nomogram, NomogramSettings,
    Patient, TermSpec,
};

fn keep(name: &str, text: &str) {
    if let Ok(dir) = std::env::var("NOMOGRAM_FIGURES") {
        std::fs::write(std::path::Path::new(&dir).join(name), text).expect("writable folder");
    }
}

fn fit<T: Into<TermSpec>>(terms: Vec<T>) -> LogisticFit {
    let (frame, outcome) = cohort("train");
    let design = Design::new(&frame, terms, Missing::Refuse).expect("design");
    LogisticRegression::new()
        .fit(&design, &outcome)
        .expect("fit")
}

/// A seeded table with awkward columns.
fn awkward(n: usize) -> (Frame, Vec<bool>) {
    let mut state = 1u64;
    let mut uniform = move || {
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    let huge: Vec<f64> = (0..n).map(|_| (uniform() * 3e9).round()).collect();
    let tiny: Vec<f64> = (0..n).map(|_| uniform() * 2e-6).collect();
    let negative: Vec<f64> = (0..n).map(|_| 20.0 + 60.0 * uniform()).collect();
    let weak: Vec<f64> = (0..n).map(|_| 100.0 * uniform()).collect();
    let stage: Vec<usize> = (0..n).map(|_| (uniform() * 7.0) as usize).collect();
    let outcome = (0..n)
        .map(|i| {
            let lp = -0.2 + huge[i] / 1.2e9 - 0.09 * (negative[i] - 30.0)
                + 0.25 * stage[i] as f64
                + tiny[i] * 5e5;
            uniform() < 1.0 / (1.0 + (-lp).exp())
        })
        .collect();
    let names = [
        "no abnormality on any view",
        "circumscribed, parallel",
        "microlobulated",
        "indistinct <0.5 cm & shadow",
        "spiculated with \"halo\" and skin thickening, non-parallel, calcified",
        "ulcerated",
        "inflammatory",
    ];
    let levels: Vec<&str> = stage.iter().map(|&s| names[s]).collect();
    let frame = Frame::new()
        .with_numeric(
            "serum marker with a very long descriptive name (ng/L)",
            huge,
        )
        .and_then(|f| f.with_numeric("tiny", tiny))
        .and_then(|f| f.with_numeric("protective_score", negative))
        .and_then(|f| f.with_numeric("weak", weak))
        .and_then(|f| f.with_categorical("stage", levels, Levels::given(names)))
        .expect("frame");
    (frame, outcome)
}

#[test]
fn study_nomogram_with_patient_and_cutoff() {
    let model = fit(vec!["us_alnm", "tumor_score", "ln_score"])
        .model()
        .expect("model");
    let settings = NomogramSettings::new()
        .label("us_alnm", "US-reported ALNM")
        .label("tumor_score", "Tumor score")
        .label("ln_score", "LN score")
        .risk_label("Risk of ALNM");
    let n = Nomogram::new(&model, &settings).expect("nomogram");
    let patient = Patient::new()
        .with("us_alnm", "Present")
        .with("tumor_score", 0.4)
        .with("ln_score", 1.3);
    let points = n.patient(&patient, 0.95).expect("points");
    let figure = NomogramFigure::new()
        .patient(points)
        .cutoff(0.701)
        .linear_predictor(Show::Yes);
    let svg = nomogram_svg(&n, &figure).expect("figure");
    for text in [
        "US-reported ALNM",
        "Risk of ALNM",
        "Total points",
        "Linear predictor",
        "High risk",
        "0.701",
    ] {
        assert!(svg.contains(text), "{text}");
    }
    assert_eq!(
        svg,
        nomogram_svg(&n, &figure).expect("figure"),
        "same bytes"
    );
    keep("study.svg", &svg);
    keep(
        "study_plain.svg",
        &nomogram_svg(&n, &NomogramFigure::new()).expect("figure"),
    );
    keep(
        "study_85mm.svg",
        &nomogram_svg(&n, &NomogramFigure::new().width_mm(85.0)).expect("figure"),
    );
    let html = nomogram_html(&n, "Risk of axillary metastasis", Some(0.701));
    assert!(
        !html.contains("http://")
            || html.matches("http://").count() == html.matches("http://www.w3.org").count()
    );
    keep("study.html", &html);
}

#[test]
fn many_predictors_and_a_spline() {
    let mut terms: Vec<TermSpec> = common::PREDICTORS.iter().map(|&p| p.into()).collect();
    terms[1] = TermSpec::spline("size", 4);
    let f = fit(terms);
    let n = Nomogram::new(&f.model().expect("model"), &NomogramSettings::new()).expect("nomogram");
    let (frame, _) = cohort("internal");
    let patient = n.frame(&frame, 0.95).expect("patients").swap_remove(3);
    let svg = nomogram_svg(
        &n,
        &NomogramFigure::new()
            .patient(patient)
            .title("All predictors"),
    )
    .expect("figure");
    for level in [
        "Nonparallel",
        "Enhancement",
        "Shadowing",
        "Irregular",
        "Hetero",
    ] {
        assert!(svg.contains(level), "{level}");
    }
    keep("many.svg", &svg);
    let rows = f.odds_ratios(0.95).expect("rows");
    keep(
        "forest.svg",
        &forest_svg(
            &rows,
            &ForestFigure::new().label("us_alnm", "US-reported ALNM"),
        )
        .expect("forest"),
    );
}

#[test]
fn awkward_names_ranges_and_directions() {
    let (frame, outcome) = awkward(600);
    let names: Vec<String> = frame.columns().iter().map(|c| c.name.clone()).collect();
    let design = Design::new(&frame, &names, Missing::Refuse).expect("design");
    let f = LogisticRegression::new()
        .fit(&design, &outcome)
        .expect("fit");
    let n = Nomogram::new(&f.model().expect("model"), &NomogramSettings::new()).expect("nomogram");
    let patient = Patient::new()
        .with(names[0].as_str(), 4.5e9)
        .with("tiny", 1e-6)
        .with("protective_score", 33.0)
        .with("weak", 50.0)
        .with("stage", "ulcerated");
    let points = n.patient(&patient, 0.95).expect("points");
    assert!(points.outside_axis());
    let svg =
        nomogram_svg(&n, &NomogramFigure::new().patient(points).cutoff(0.02)).expect("figure");
    assert!(svg.contains("&lt;0.5 cm &amp; shadow"));
    assert!(!svg.contains("NaN") && !svg.contains("\"inf"));
    keep("awkward.svg", &svg);
    keep(
        "awkward_forest.svg",
        &forest_svg(&f.odds_ratios(0.95).expect("rows"), &ForestFigure::new()).expect("forest"),
    );
    keep(
        "awkward.html",
        &nomogram_html(&n, "A <title> & \"quotes\"", None),
    );
}

#[test]
fn single_predictor_and_two_levels_only() {
    let f = fit(vec!["ln_score"]);
    let n = Nomogram::new(&f.model().expect("model"), &NomogramSettings::new()).expect("nomogram");
    keep(
        "single.svg",
        &nomogram_svg(&n, &NomogramFigure::new().cutoff(0.5)).expect("figure"),
    );
    let f = fit(vec!["us_alnm"]);
    let n = Nomogram::new(&f.model().expect("model"), &NomogramSettings::new()).expect("nomogram");
    assert_eq!(n.total_points.last().map(|t| t.value), Some(100.0));
    keep(
        "two_levels.svg",
        &nomogram_svg(&n, &NomogramFigure::new()).expect("figure"),
    );
}
