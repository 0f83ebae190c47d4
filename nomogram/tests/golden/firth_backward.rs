//! Penalized elimination, tests of terms and tables against R code that is checked against logistf.

use super::common::*;
use nomogram::{
    ColumnValues, Design, Error, Firth, FirthCorrection, FirthElimination, Frame, Levels, Missing,
    Move, RowEffect, TermSpec, TermTest, univariable, univariable_firth,
};
use serde_json::Value;

const TERMS: [&str; 8] = [
    "age",
    "size",
    "margin",
    "posterior",
    "vascularity",
    "sign",
    "tumor_score",
    "ln_score",
];

/// The training rows with a sign that only patients with metastasis show.
fn table() -> (Frame, Vec<bool>) {
    let (frame, y) = cohort("train");
    let ColumnValues::Numeric(age) = &frame.column("age").expect("age").values else {
        panic!("age is numeric")
    };
    let sign: Vec<&str> = age
        .iter()
        .zip(&y)
        .map(|(&a, &y)| if y && a > 60.0 { "Present" } else { "Absent" })
        .collect();
    let levels = Levels::given(["Absent", "Present"]);
    let frame = frame.with_categorical("sign", sign, levels);
    (frame.expect("new column"), y)
}

fn every_fourth(frame: &Frame, y: &[bool]) -> (Frame, Vec<bool>) {
    let rows: Vec<usize> = (0..y.len()).step_by(4).collect();
    (
        frame.select_rows(&rows),
        rows.iter().map(|&r| y[r]).collect(),
    )
}

fn check(g: &Value, frame: &Frame, y: &[bool], terms: Vec<TermSpec>, stay: f64) {
    let design = Design::new(frame, terms, Missing::Refuse).expect("design");
    let found = FirthElimination::new(stay)
        .fit(&design, y)
        .expect("elimination");
    let steps = g["steps"].as_array().expect("steps");
    assert_eq!(found.steps.len(), steps.len());
    for (step, e) in found.steps.iter().zip(steps) {
        let names: Vec<String> = step.candidates.iter().map(|c| c.term.clone()).collect();
        let expected: Vec<String> = match &e["terms"] {
            Value::Array(list) if list.is_empty() => Vec::new(),
            other => strings(other)
                .iter()
                .map(|t| t.replace(':', " * "))
                .collect(),
        };
        assert_eq!(names, expected);
        for (k, candidate) in step.candidates.iter().enumerate() {
            let test = candidate.test.expect("a test");
            close("chi", test.chi_squared, numbers(&e["chisq"])[k], ITERATIVE);
            assert_eq!(test.df as f64, numbers(&e["df"])[k]);
            close("p", test.p, numbers(&e["p"])[k], ITERATIVE);
        }
        match (&step.action, e["removed"].as_str()) {
            (Move::Removed(term), Some(r)) => assert_eq!(*term, r.replace(':', " * ")),
            (Move::Stop, None) => {}
            other => panic!("{other:?}"),
        }
        close(
            "deviance",
            step.deviance,
            -2.0 * number(&e["loglik"]),
            ITERATIVE,
        );
    }
    let beta: Vec<f64> = found.fit.coefficients.iter().map(|c| c.estimate).collect();
    all_close("beta", &beta, &numbers(&g["coef"]), ITERATIVE);
}

#[test]
fn penalized_elimination_equals_logistf() {
    let g = golden("firth_backward.json");
    let (frame, y) = table();
    let plain = |names: &[&str]| -> Vec<TermSpec> { names.iter().map(|&n| n.into()).collect() };
    check(&g["all"], &frame, &y, plain(&TERMS), 0.05);
    let (small, y_small) = every_fourth(&frame, &y);
    check(&g["small"], &small, &y_small, plain(&TERMS), 0.157);
    check(
        &g["nothing"],
        &small,
        &y_small,
        plain(&["age", "posterior"]),
        0.001,
    );
    let mut terms = plain(&["age", "sign", "margin", "ln_score"]);
    terms.push(TermSpec::interaction(["age", "margin"]));
    terms.push(TermSpec::interaction(["sign", "margin"]));
    check(&g["interaction"], &frame, &y, terms, 0.05);
}

#[test]
fn the_penalized_univariable_table_has_a_row_for_the_separated_sign() {
    let g = golden("firth_backward.json");
    let (frame, y) = table();
    let plain = univariable(
        &frame,
        TERMS,
        &y,
        Missing::Refuse,
        &nomogram::LogisticRegression::new(),
        0.95,
    )
    .expect("table");
    let failed: Vec<&str> = plain.failed().map(|(name, _)| name).collect();
    assert_eq!(failed, ["sign"]);
    let table = univariable_firth(&frame, TERMS, &y, Missing::Refuse, &Firth::new())
        .expect("penalized table");
    assert_eq!(table.failed().count(), 0);
    let sign = table.fitted().nth(5).expect("sign");
    assert!(sign.p(TermTest::LikelihoodRatio) < 1e-6);
    assert_eq!(sign.rows[0].effect, RowEffect::Reference);
    let or = sign.rows[1].odds_ratio().expect("estimated");
    assert!(or.odds_ratio.is_finite() && or.low > 1.0 && or.high.is_finite());
    // Beside the others the tests of terms are those of the first step of the elimination.
    let design = Design::new(&frame, TERMS, Missing::Refuse).expect("design");
    for correction in [
        FirthCorrection::None,
        FirthCorrection::Flic,
        FirthCorrection::Flac,
    ] {
        let fit = Firth::new()
            .correction(correction)
            .fit(&design, &y)
            .expect("fit");
        let chi: Vec<f64> = fit.term_tests.iter().map(|t| t.test.chi_squared).collect();
        all_close(
            "tests",
            &chi,
            &numbers(&g["all"]["steps"][0]["chisq"]),
            ITERATIVE,
        );
    }
}

#[test]
fn a_threshold_that_is_none_is_refused() {
    let (frame, y) = table();
    let design = Design::new(&frame, ["age", "sign"], Missing::Refuse).expect("design");
    for stay in [0.0, -1.0, f64::NAN] {
        let refused = FirthElimination::new(stay).fit(&design, &y);
        assert!(matches!(refused, Err(Error::Setting { .. })));
    }
    let all = FirthElimination::new(1.0)
        .fit(&design, &y)
        .expect("all stay");
    assert_eq!(all.kept, [0, 1]);
}
