//! Interactions and polynomials against rms and MASS: coefficients, joint tests, elimination, axes (`golden/generate_interactions.R`).

mod common;

use common::{DIRECT, ITERATIVE, all_close, close, cohort, golden, numbers, strings};
use nomogram::{
    BackwardElimination, Criterion, Design, Error, Frame, Levels, LogisticFit, LogisticRegression,
    Missing, Move, Nomogram, NomogramSettings, Patient, Penalty, RiskModel, RowKind, TermSpec,
    TermTest,
};
use serde_json::Value;

const CASES: [&str; 6] = [
    "spline_factor",
    "three_way",
    "numeric_pair",
    "polynomial_chain",
    "factors",
    "few_values",
];

fn specs(case: &str) -> Vec<TermSpec> {
    let spline = |knots| TermSpec::spline("size", knots);
    let both = |columns: &[&str]| TermSpec::interaction(columns.iter().copied());
    match case {
        "spline_factor" => vec![
            "posterior".into(),
            spline(4),
            "margin".into(),
            both(&["posterior", "size"]),
        ],
        "three_way" => vec![
            spline(3),
            "margin".into(),
            "us_alnm".into(),
            "ln_score".into(),
            both(&["size", "margin", "us_alnm"]),
            both(&["size", "margin"]),
            both(&["size", "us_alnm"]),
            both(&["margin", "us_alnm"]),
        ],
        "numeric_pair" => vec![
            "age".into(),
            "size".into(),
            "us_alnm".into(),
            both(&["age", "size"]),
        ],
        "polynomial_chain" => vec![
            TermSpec::polynomial("size", 3),
            "age".into(),
            "us_alnm".into(),
            "margin".into(),
            both(&["age", "us_alnm"]),
            both(&["us_alnm", "margin"]),
        ],
        "factors" => vec![
            "ln_score".into(),
            "posterior".into(),
            "margin".into(),
            both(&["posterior", "margin"]),
        ],
        _ => vec![
            "decade".into(),
            "size".into(),
            "us_alnm".into(),
            both(&["decade", "size"]),
            both(&["decade", "us_alnm"]),
        ],
    }
}

fn table() -> (Frame, Vec<bool>) {
    let (frame, y) = cohort("train");
    let nomogram::ColumnValues::Numeric(age) = &frame.column("age").expect("age").values else {
        panic!("age is numeric")
    };
    let decade = age.iter().map(|a| (a / 15.0).round_ties_even()).collect();
    (frame.with_numeric("decade", decade).expect("new column"), y)
}

fn settings(case: &str) -> NomogramSettings {
    match case {
        "numeric_pair" => NomogramSettings::new().given("age", &[40.0, 50.0, 60.0]),
        _ => NomogramSettings::new(),
    }
}

fn fit(case: &str) -> LogisticFit {
    let (frame, y) = table();
    let design = Design::new(&frame, specs(case), Missing::Refuse).expect("design");
    LogisticRegression::new().fit(&design, &y).expect("fit")
}

#[test]
fn coefficients_and_joint_tests_equal_rms() {
    let golden = golden("interactions.json");
    for case in CASES {
        let (g, fit) = (&golden[case], fit(case));
        let names: Vec<String> = fit.coefficients.iter().map(|c| c.name.clone()).collect();
        assert_eq!(names, strings(&g["names"]), "{case}");
        all_close(case, &fit.beta(), &numbers(&g["coef"]), ITERATIVE);
        let se: Vec<f64> = fit.coefficients.iter().map(|c| c.se).collect();
        all_close(case, &se, &numbers(&g["se"]), ITERATIVE);
        let tests = fit.term_tests(TermTest::Wald).expect("tests");
        let terms: Vec<String> = tests.iter().map(|t| t.term.clone()).collect();
        assert_eq!(terms, strings(&g["anova"]["term"]), "{case}");
        let of = |f: fn(&nomogram::TestResult) -> f64| -> Vec<f64> {
            tests.iter().map(|t| f(&t.test)).collect()
        };
        let chi = of(|t| t.chi_squared);
        all_close(case, &chi, &numbers(&g["anova"]["chisq"]), ITERATIVE);
        all_close(case, &of(|t| t.df as f64), &numbers(&g["anova"]["df"]), 0.0);
        all_close(case, &of(|t| t.p), &numbers(&g["anova"]["p"]), ITERATIVE);
    }
}

/// `pol(size, 3):margin` as `size * margin`.
fn term_name(r: &str) -> String {
    let plain = |part: &str| {
        let inner = part.split_once('(').map_or(part, |(_, inner)| inner);
        inner.split(',').next().unwrap_or(inner).trim().to_owned()
    };
    r.split(':').map(plain).collect::<Vec<_>>().join(" * ")
}

#[test]
fn elimination_keeps_the_hierarchy_as_r_does() {
    let golden = golden("interactions.json");
    let (frame, y) = table();
    for case in CASES {
        let g = &golden[case];
        let design = Design::new(&frame, specs(case), Missing::Refuse).expect("design");
        let by_p = Criterion::P {
            test: TermTest::LikelihoodRatio,
            stay: 1e-9,
        };
        let first = BackwardElimination::new(by_p)
            .fit(&design, &y)
            .expect("elimination by P")
            .steps
            .remove(0);
        let terms: Vec<String> = first.candidates.iter().map(|c| c.term.clone()).collect();
        let expected: Vec<String> = strings(&g["drop1"]["term"])
            .iter()
            .map(|t| term_name(t))
            .collect();
        assert_eq!(terms, expected, "{case}");
        let lrt: Vec<f64> = first
            .candidates
            .iter()
            .map(|c| c.test.expect("a test").chi_squared)
            .collect();
        all_close(case, &lrt, &numbers(&g["drop1"]["lrt"]), ITERATIVE);

        let by_aic = BackwardElimination::new(Criterion::InformationCriterion(Penalty::Aic))
            .fit(&design, &y)
            .expect("elimination by AIC");
        let removed: Vec<String> = by_aic
            .steps
            .iter()
            .filter_map(|s| match &s.action {
                Move::Removed(term) => Some(term.clone()),
                _ => None,
            })
            .collect();
        let expected: Vec<String> = strings(&g["step"]["removed"])
            .iter()
            .map(|t| term_name(t))
            .collect();
        assert_eq!(removed, expected, "{case}");
        let aic: Vec<f64> = by_aic.steps.iter().map(|s| s.aic).collect();
        all_close(case, &aic, &numbers(&g["step"]["aic"]), ITERATIVE);
    }
}

/// The model with R's own coefficients, so that the axes can be compared to the last digits.
fn reference_model(g: &Value, fit: &LogisticFit) -> RiskModel {
    let mut model = fit.model().expect("model");
    model.coefficients = numbers(&g["coef"]);
    let lp = numbers(&g["lp"]);
    model.lp_min = lp.iter().copied().fold(f64::INFINITY, f64::min);
    model.lp_max = lp.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    model
}

#[test]
fn axes_of_every_combination_equal_rms() {
    let golden = golden("interactions.json");
    for case in CASES {
        let g = &golden[case];
        let model = reference_model(g, &fit(case));
        let nomogram = Nomogram::new(&model, &settings(case)).expect("nomogram");
        let axes = g["axes"].as_array().expect("axes");
        assert_eq!(nomogram.axes.len(), axes.len(), "{case}");
        for (axis, e) in nomogram.axes.iter().zip(axes) {
            assert_eq!([axis.predictor.clone()][..], strings(&e["predictor"])[..]);
            // rms writes no comma between the conditions.
            assert_eq!(axis.label.replace(',', ""), strings(&e["name"])[0]);
            let effects: Vec<f64> = axis.ticks.iter().map(|t| t.effect).collect();
            all_close(case, &effects, &numbers(&e["effect"]), DIRECT);
            let points: Vec<f64> = axis.ticks.iter().map(|t| t.points).collect();
            all_close(case, &points, &numbers(&e["points"]), DIRECT);
            for (tick, text) in axis.ticks.iter().zip(strings(&e["values"])) {
                match tick.value {
                    Some(v) => close(case, v, text.parse().expect("number"), DIRECT),
                    None => assert_eq!(tick.label, text),
                }
            }
        }
        let values = |s: &[nomogram::ScaleTick]| s.iter().map(|t| t.value).collect::<Vec<_>>();
        all_close(
            case,
            &values(&nomogram.total_points),
            &numbers(&g["total"]),
            DIRECT,
        );
        all_close(
            case,
            &values(&nomogram.linear_predictor),
            &numbers(&g["lp_at"]),
            DIRECT,
        );
        let lp: Vec<f64> = nomogram.linear_predictor.iter().map(|t| t.points).collect();
        all_close(case, &lp, &numbers(&g["lp_points"]), DIRECT);
    }
}

#[test]
fn points_of_every_patient_add_up_to_the_models_risk() {
    let golden = golden("interactions.json");
    let (frame, _) = table();
    for case in CASES {
        let g = &golden[case];
        let model = reference_model(g, &fit(case));
        let nomogram = Nomogram::new(&model, &settings(case)).expect("nomogram");
        let patients = nomogram.frame(&frame, 0.95).expect("patients");
        for (p, lp) in patients.iter().zip(numbers(&g["lp"])) {
            close(case, p.prediction.linear_predictor, lp, DIRECT);
            close(case, nomogram.lp_of_points(p.total_points), lp, DIRECT);
            for term in &p.terms {
                let axis = &nomogram.axes[term.axis];
                for (given, condition) in term.given.iter().zip(&axis.given) {
                    assert_eq!(given.predictor, condition.predictor);
                    if given.number.is_none() {
                        assert_eq!(given.value, condition.value);
                    }
                }
            }
        }
        let json = model.to_json().expect("json");
        let back = RiskModel::from_json(&json).expect("back");
        assert_eq!(back, model, "{case}");
        assert_eq!(back.to_json().expect("json"), json);
    }
}

#[test]
fn the_nearest_axis_marks_a_patient_between_given_values() {
    let model = fit("numeric_pair").model().expect("model");
    let nomogram = Nomogram::new(&model, &settings("numeric_pair")).expect("nomogram");
    let patient = |age: f64| {
        let patient = Patient::new()
            .with("age", age)
            .with("size", 2.0)
            .with("us_alnm", "Absent");
        nomogram.patient(&patient, 0.95).expect("patient")
    };
    let held_at = |age: f64| {
        let term = &patient(age).terms[0];
        nomogram.axes[term.axis].given[0].number
    };
    assert_eq!(held_at(43.0), Some(40.0));
    assert_eq!(held_at(46.0), Some(50.0));
    assert_eq!(held_at(88.0), Some(60.0));
    let old = patient(188.0);
    assert!(matches!(
        old.terms[0].given[0].position,
        nomogram::AxisPosition::BeyondTraining { .. }
    ));
    // On an axis of the patient's own age, points are read off the ticks.
    let at_50 = patient(50.0);
    let tick = nomogram.axes[at_50.terms[0].axis]
        .ticks
        .iter()
        .find(|t| t.value == Some(2.0))
        .expect("a tick at 2");
    close("points", at_50.terms[0].points, tick.points, DIRECT);
}

#[test]
fn rows_of_interactions_are_told_apart() {
    let rows = fit("spline_factor").odds_ratios(0.95).expect("rows");
    let kinds = |kind: RowKind| rows.iter().filter(|r| r.kind == kind).count();
    assert_eq!(kinds(RowKind::Level), 5);
    assert_eq!(kinds(RowKind::CurveBasis), 3);
    assert_eq!(kinds(RowKind::Interaction), 6);
    let last = rows.last().expect("rows");
    assert_eq!(last.variable, "posterior * size");
    assert_eq!(
        last.level.as_deref(),
        Some("posterior=Enhancement * size''")
    );
}

#[test]
fn impossible_interactions_are_typed_errors() {
    let (frame, _) = table();
    let refused = |specs: Vec<TermSpec>| {
        Design::new(&frame, specs, Missing::Refuse).expect_err("an impossible design")
    };
    let both = |columns: &[&str]| TermSpec::interaction(columns.iter().copied());
    let missing = refused(vec!["age".into(), both(&["age", "size"])]);
    assert!(matches!(&missing, Error::MissingPart { part, .. } if part == "size"));
    assert!(missing.to_string().contains("add that term"));
    let three = vec![
        "age".into(),
        "size".into(),
        "margin".into(),
        both(&["age", "size", "margin"]),
    ];
    assert!(matches!(refused(three), Error::MissingPart { .. }));
    for twice in [
        vec!["age".into(), both(&["age", "age"])],
        vec!["age".into(), both(&["age"])],
        vec![
            "age".into(),
            "size".into(),
            both(&["age", "size"]),
            both(&["size", "age"]),
        ],
    ] {
        assert!(matches!(refused(twice), Error::DuplicateTerm { .. }));
    }
    assert!(matches!(
        refused(vec![TermSpec::polynomial("age", 9)]),
        Error::Degree { degree: 9, .. }
    ));
    let model = fit("numeric_pair").model().expect("model");
    for settings in [
        NomogramSettings::new().given("age", &[]),
        NomogramSettings::new().given("age", &[60.0, 40.0]),
        NomogramSettings::new().given("us_alnm", &[0.0]),
    ] {
        assert!(Nomogram::new(&model, &settings).is_err());
    }
}

#[test]
fn too_many_combinations_are_refused_before_they_are_made() {
    let n = 4200;
    let column = |period: usize| -> Vec<String> {
        (0..n).map(|i| format!("level {}", i % period)).collect()
    };
    let frame = Frame::new()
        .with_categorical("a", column(41), Levels::FirstSeen)
        .and_then(|f| f.with_categorical("b", column(43), Levels::FirstSeen))
        .and_then(|f| f.with_numeric("x", (0..n).map(|i| (i * i % 997) as f64).collect()))
        .expect("frame");
    let y: Vec<bool> = (0..n).map(|i| (i * i + i / 7) % 3 == 0).collect();
    let design = Design::new(&frame, ["x", "a", "b"], Missing::Refuse).expect("design");
    let fit = LogisticRegression::new().fit(&design, &y).expect("fit");
    // The same predictors with pairwise interactions, as a file could bring them.
    let mut model = fit.model().expect("model");
    let pair = |a: usize, b: usize| {
        let mut term = model.terms[a].clone();
        term.name = format!("{} * {}", term.name, model.terms[b].name);
        term.predictors = vec![a, b];
        term
    };
    let (xa, xb) = (pair(0, 1), pair(0, 2));
    model.terms.extend([xa, xb]);
    let k = model.columns().len();
    model.coefficients.resize(k, 0.0);
    let refused = Nomogram::new(&model, &NomogramSettings::new()).expect_err("too many axes");
    assert_eq!(
        refused,
        Error::TooManyAxes {
            axes: 41 * 43,
            limit: 1000
        }
    );
}
