//! Every figure once, as studies have it.

use nomogram::render::{
    CalibrationFigure, ForestFigure, Layout, NomogramFigure, Show, Width, calibration_svg,
    forest_svg, nomogram_svg,
};
use nomogram::{Design, Missing, Patient, Resamples, RiskGroups, TermSpec, calibrate};

use crate::common::{PREDICTORS, cohort};
use crate::tables::{fit, of, study};
use crate::{check, check_svg, page, texts};

fn patient() -> Patient {
    Patient::new()
        .with("us_alnm", "Present")
        .with("tumor_score", 0.4)
        .with("ln_score", 1.3)
}

#[test]
fn study_nomogram() {
    let n = study();
    check("study", &n, &NomogramFigure::new());
    let (frame, _) = cohort("train");
    let full = NomogramFigure::new()
        .patient(n.patient(&patient(), 0.95).unwrap())
        .distributions(&frame)
        .cutoff(0.701)
        .unit("tumor_score", "arbitrary units")
        .linear_predictor(Show::Yes);
    check("study_full", &n, &full);
    let written = texts(&n, &full).unwrap();
    for text in [
        "US-reported ALNM",
        "Risk of ALNM",
        "Total points",
        "Linear predictor",
        "High risk",
        "Low risk",
        "Present",
    ] {
        assert!(written.iter().any(|t| t == text), "{text}: {written:?}");
    }
    let points = n.points_of_risk(0.701).unwrap();
    let cutoff = format!("cut-off: risk 0.701 = {points:.1} points");
    assert!(written.contains(&cutoff), "{written:?}");
    let p = n.patient(&patient(), 0.95).unwrap();
    assert!(written.contains(&format!("{:.1}", p.total_points)));
    assert!(written.contains(&format!("{:.3}", p.prediction.risk)));
}

#[test]
fn every_part_can_be_left_out() {
    let n = study();
    let (frame, _) = cohort("train");
    let full = NomogramFigure::new()
        .patient(n.patient(&patient(), 0.95).unwrap())
        .distributions(&frame)
        .cutoff(0.5);
    let marks = |figure: &NomogramFigure| {
        let svg = nomogram_svg(&n, figure).unwrap();
        svg.matches("<poly").count()
    };
    let all = marks(&full);
    assert!(marks(&full.clone().grid(Show::No)) < all);
    assert!(marks(&full.clone().minor_ticks(Show::No)) < all);
    assert!(marks(&full.clone().interval(Show::No)) < all);
    assert!(marks(&full.clone().linear_predictor(Show::Yes)) > all);
    check(
        "study_sparse",
        &n,
        &full.grid(Show::No).minor_ticks(Show::No),
    );
}

#[test]
fn the_patient_stands_where_the_points_say() {
    let n = study();
    let p = n.patient(&patient(), 0.95).unwrap();
    let svg = nomogram_svg(&n, &NomogramFigure::new().patient(p.clone())).unwrap();
    let dots: Vec<(f64, f64)> = svg
        .lines()
        .filter(|l| l.starts_with("<circle") && l.contains("#c1121f"))
        .map(|l| {
            let number = |name: &str| -> f64 {
                let from = l.find(name).unwrap() + name.len();
                l[from..].split('"').next().unwrap().parse().unwrap()
            };
            (number("cx=\""), number("cy=\""))
        })
        .collect();
    assert_eq!(dots.len(), p.terms.len() + 2);
    // Equal points are equally far from the left on all axes above the total: three dots fix the scale.
    let (a, b, c) = (dots[0].0, dots[1].0, dots[2].0);
    let (pa, pb, pc) = (p.terms[0].points, p.terms[1].points, p.terms[2].points);
    assert!(((b - a) / (c - a) - (pb - pa) / (pc - pa)).abs() < 1e-3);
    // Total and risk stand below each other.
    assert_eq!(dots[3].0, dots[4].0);
    assert!(dots.windows(2).all(|w| w[0].1 < w[1].1));
}

#[test]
fn many_predictors_and_a_spline() {
    let mut terms: Vec<TermSpec> = PREDICTORS.iter().map(|&p| p.into()).collect();
    terms[1] = TermSpec::spline("size", 4);
    let f = fit(terms.clone());
    let n = of(terms);
    let (frame, _) = cohort("internal");
    let patient = n.frame(&frame, 0.95).unwrap().swap_remove(3);
    let figure = NomogramFigure::new()
        .patient(patient)
        .distributions(&frame)
        .risk_groups(RiskGroups::new(&[0.2, 0.5, 0.8]).unwrap());
    check("many", &n, &figure);
    let written = texts(&n, &figure).unwrap();
    for level in [
        "Nonparallel",
        "Enhancement",
        "Shadowing",
        "Irregular",
        "Hetero",
    ] {
        assert!(written.iter().any(|t| t == level), "{level}");
    }
    let rows = f.odds_ratios(0.95).unwrap();
    for (width, size) in [(Width::Double, "174mm"), (Width::Single, "85mm")] {
        let figure = ForestFigure::new()
            .width(width)
            .label("us_alnm", "US-reported ALNM");
        let svg = forest_svg(&rows, &figure).unwrap();
        let page = check_svg("forest", size, &svg);
        assert!(page.texts().any(|t| t.contains("US-reported")));
        assert!(page.texts().any(|t| t == "reference"));
    }
}

#[test]
fn groups_have_names_and_limits() {
    let n = study();
    let groups = RiskGroups::new(&[0.1, 0.3, 0.31, 0.7]).unwrap();
    let names = ["Very low", "Low", "Squeezed", "High", "Very high"];
    let figure = NomogramFigure::new()
        .risk_groups(groups)
        .risk_group_names(names)
        .cutoff(0.5);
    check("groups", &n, &figure);
    let written = texts(&n, &figure).unwrap().join(" ");
    for text in [
        "Very low",
        "Squeezed: 0.3 to 0.31",
        "risk 0.7 =",
        "cut-off: risk 0.5 =",
    ] {
        assert!(written.contains(text), "{text}: {written}");
    }
}

#[test]
fn bootstrap_calibration() {
    let (frame, outcome) = cohort("train");
    let terms = vec!["us_alnm", "tumor_score", "ln_score"];
    let f = fit(terms.clone());
    let design = Design::new(&frame, terms, Missing::Refuse).unwrap();
    let resamples = Resamples::R {
        seed: 4,
        replicates: 60,
    };
    let curve = calibrate(&design, &outcome, &resamples).unwrap();
    let events = outcome.iter().filter(|y| **y).count();
    for (width, size) in [(Width::Double, "174mm"), (Width::Single, "85mm")] {
        let layout = Layout::new().width(width).title("Bootstrap <calibration>");
        let figure = CalibrationFigure::new()
            .layout(layout)
            .predictions(&f.fitted)
            .n_events(events);
        let svg = calibration_svg(&curve, &figure).unwrap();
        assert_eq!(svg, calibration_svg(&curve, &figure).unwrap());
        let page = check_svg("calibration", size, &svg);
        let written = page.texts().collect::<Vec<_>>().join("; ");
        let error = format!("Mean absolute error {:.3}", curve.mean_absolute_error);
        let rows = format!("n = {}, {events} events", outcome.len());
        for text in [
            "bias-corrected",
            "apparent",
            "ideal",
            "60 bootstrap resamples",
            &error,
            &rows,
        ] {
            assert!(written.contains(text), "{text}: {written}");
        }
    }
    let bare = calibration_svg(&curve, &CalibrationFigure::new()).unwrap();
    check_svg("calibration_bare", "85mm", &bare);
    assert!(page::without_text(&bare).len() < bare.len());
}
