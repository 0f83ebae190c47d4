//! Names, ranges and effects that strain the layout.

use nomogram::render::{ForestFigure, NomogramFigure, Show, Width, forest_svg};
use nomogram::{Nomogram, NomogramSettings, Patient, RiskGroups, TermSpec};

use crate::tables::{Written, awkward, hostile, interacting, of, uniform};
use crate::{check, check_svg, texts};

const LONG: &str = "a name of sixty characters, which is as long as names may be";

#[test]
fn awkward_names_ranges_and_directions() {
    let (frame, fit, n) = awkward();
    let marker = frame.columns()[0].name.clone();
    let patient = Patient::new()
        .with(marker, 4.5e9)
        .with("tiny", 1e-6)
        .with("protective_score", 3.0)
        .with("weak", 50.0)
        .with(
            "stage",
            "spiculated with \"halo\" and skin thickening, non-parallel, calcified",
        );
    let points = n.patient(&patient, 0.9).unwrap();
    assert!(points.outside_axis());
    let figure = NomogramFigure::new()
        .patient(points)
        .distributions(&frame)
        .cutoff(0.02);
    check("awkward", &n, &figure);
    let written = texts(&n, &figure).unwrap().join(" ");
    for text in [
        "lies above the axis, which ends at 3e9",
        "lies below",
        "90% CI",
        "indistinct <0.5 cm",
    ] {
        assert!(written.contains(text), "{text}: {written}");
    }
    for (width, size) in [(Width::Double, "174mm"), (Width::Single, "85mm")] {
        let rows = fit.odds_ratios(0.95).unwrap();
        let svg = forest_svg(&rows, &ForestFigure::new().width(width)).unwrap();
        check_svg("awkward_forest", size, &svg);
    }
}

#[test]
fn one_predictor() {
    let n = of(vec!["ln_score"]);
    check("single", &n, &NomogramFigure::new().cutoff(0.5));
    let n = of(vec!["us_alnm"]);
    assert_eq!(n.total_points.last().map(|t| t.value), Some(100.0));
    let patient = n.patient(&Patient::new().with("us_alnm", "Absent"), 0.95);
    check(
        "two_levels",
        &n,
        &NomogramFigure::new().patient(patient.unwrap()),
    );
}

#[test]
fn twelve_levels_close_together() {
    let names: Vec<String> = (0..12)
        .map(|i| format!("{i} {}", &LONG[..30 + i]))
        .collect();
    let levels: Vec<(&str, f64)> = names
        .iter()
        .enumerate()
        .map(|(i, n)| (n.as_str(), 0.02 * ((i * 5) % 12) as f64))
        .collect();
    let n = Written::new()
        .levels("grade", &levels)
        .number(LONG, (0.0, 50.0), -0.06)
        .nomogram(-3.0, 2.0);
    let patient = Patient::new()
        .with("grade", names[11].as_str())
        .with(LONG, 12.0);
    let figure = NomogramFigure::new().patient(n.patient(&patient, 0.95).unwrap());
    check("twelve_levels", &n, &figure);
    let written = texts(&n, &NomogramFigure::new()).unwrap().join(" ");
    for i in 0..12 {
        assert!(written.contains(&format!("{i} a name of")), "{i}");
    }
}

#[test]
fn fifteen_predictors_of_all_sizes() {
    let mut w = Written::new();
    let mut uniform = uniform(7);
    let mut patient = Patient::new();
    for i in 0..15 {
        let scale = 10f64.powi(i - 7);
        let name = format!("{LONG} {i}");
        let effect = if i == 3 {
            1e-9
        } else {
            (uniform() - 0.5) * 3.0
        };
        w = w.number(&name, (-scale, 3.0 * scale), effect / scale);
        // Far outside every axis, in both directions.
        patient = patient.with(
            name,
            if i % 2 == 0 {
                9.0 * scale
            } else {
                -9.0 * scale
            },
        );
    }
    let n = w.nomogram(-8.0, 8.0);
    let points = n.patient(&patient, 0.95).unwrap();
    check(
        "fifteen",
        &n,
        &NomogramFigure::new()
            .patient(points)
            .linear_predictor(Show::Yes),
    );
}

#[test]
fn no_effect_at_all_beside_a_strong_one() {
    let n = Written::new()
        .number("flat", (0.0, 10.0), 0.0)
        .levels("same", &[("a", 0.0), ("b", 0.0), ("c", 0.0)])
        .number("strong", (1.0, 2.0), 30.0)
        .nomogram(10.0, 60.0);
    let groups = RiskGroups::new(&[0.01, 0.02, 0.03]).unwrap();
    let figure = NomogramFigure::new().risk_groups(groups);
    check("flat", &n, &figure);
    let written = texts(&n, &figure).unwrap();
    assert!(written.iter().any(|t| t == "0 to 10"), "{written:?}");
    assert!(
        ["a", "b", "c"]
            .iter()
            .all(|l| written.iter().any(|t| t == l))
    );
    assert!(written.iter().any(|t| t.contains("left of the axis")));
}

#[test]
fn ticks_of_equal_points_share_a_label() {
    // Between the ticks the spline turns; the user's ticks lie symmetrically.
    let n = Written::new()
        .number("x", (-2.0, 2.0), 0.0)
        .number("y", (0.0, 1.0), 1.0);
    let settings = NomogramSettings::new().ticks("x", &[-2.0, 0.0, 2.0]);
    let n = Nomogram::new(&n.model(-2.0, 1.0), &settings).unwrap();
    let written = texts(&n, &NomogramFigure::new()).unwrap();
    assert!(written.iter().any(|t| t == "\u{2212}2 to 2"), "{written:?}");
}

#[test]
fn curves_that_turn_back() {
    let n = of(vec![
        TermSpec::spline("age", 5),
        TermSpec::spline("size", 5),
        TermSpec::spline("tumor_score", 4),
        "ln_score".into(),
    ]);
    let patient = Patient::new()
        .with("age", 95.0)
        .with("size", 0.1)
        .with("tumor_score", 0.0)
        .with("ln_score", -20.0);
    let points = n.patient(&patient, 0.95).unwrap();
    let (frame, _) = crate::common::cohort("train");
    let figure = NomogramFigure::new().patient(points).distributions(&frame);
    check("curved", &n, &figure);
}

#[test]
fn other_scripts_and_signs() {
    let n = hostile();
    check("scripts", &n, &NomogramFigure::new().cutoff(0.2));
    let names = n.model.predictor_names();
    let patient = Patient::new()
        .with(names[0].as_str(), "清楚")
        .with(names[1].as_str(), -4.0)
        .with("tiny", 3e-6)
        .with("Julian date", 2459001.25);
    let figure = NomogramFigure::new().patient(n.patient(&patient, 0.95).unwrap());
    check("scripts_patient", &n, &figure);
    let written = texts(&n, &figure).unwrap();
    for text in ["2459001.25", "\u{2212}4", "清楚"] {
        assert!(written.iter().any(|t| t == text), "{text}: {written:?}");
    }
}

#[test]
fn interactions_have_axes_of_their_own() {
    let n = interacting();
    let patient = Patient::new()
        .with("size", 2.3)
        .with("margin", "Non")
        .with("age", 71.0)
        .with("tumor_score", 0.7)
        .with("ln_score", -0.4);
    let points = n.patient(&patient, 0.95).unwrap();
    let (frame, _) = crate::common::cohort("train");
    let figure = NomogramFigure::new()
        .patient(points)
        .distributions(&frame)
        .unit("size", "cm");
    check("interactions", &n, &figure);
    let written = texts(&n, &figure).unwrap().join(" ");
    for text in [
        "size (margin=Well), cm",
        "size (margin=Non), cm",
        "the axis is the nearest",
    ] {
        assert!(written.contains(text), "{text}: {written}");
    }
}
