//! Firth's penalty against logistf; case weights, FLIC and FLAC against R code that is checked against logistf.

use super::common::*;
use nomogram::{
    Design, Firth, FirthCoefficient, FirthCorrection, FirthFit, Frame, Levels, LogisticRegression,
    Missing,
};
use serde_json::Value;

#[test]
fn firth_equals_logistf() {
    let g = golden("separation_glm.json");
    let y: Vec<bool> = numbers(&g["complete"]["y"])
        .iter()
        .map(|&v| v == 1.0)
        .collect();
    let frame = Frame::new()
        .with_numeric("x", numbers(&g["complete"]["x"]))
        .expect("frame");
    check_firth("sep", &frame, "x", &y);
    let y: Vec<bool> = numbers(&g["quasi"]["y"])
        .iter()
        .map(|&v| v == 1.0)
        .collect();
    let frame = Frame::new()
        .with_categorical("g", strings(&g["quasi"]["g"]), Levels::Sorted)
        .expect("frame");
    check_firth("quasi", &frame, "g", &y);
}

fn check_firth(case: &str, frame: &Frame, term: &str, y: &[bool]) {
    let g = &golden("firth_logistf.json")[case];
    let design = Design::new(frame, [term], Missing::Refuse).expect("design");
    let f = Firth::new().fit(&design, y).expect("fit");
    let get = |h: fn(&FirthCoefficient) -> f64| f.coefficients.iter().map(h).collect::<Vec<f64>>();
    all_close(
        "firth coef",
        &get(|c| c.estimate),
        &numbers(&g["coef"]),
        ITERATIVE,
    );
    all_close("firth se", &get(|c| c.se), &numbers(&g["se"]), ITERATIVE);
    all_close(
        "firth low",
        &get(|c| c.interval.low),
        &numbers(&g["lo"]),
        ITERATIVE,
    );
    all_close(
        "firth high",
        &get(|c| c.interval.high),
        &numbers(&g["hi"]),
        ITERATIVE,
    );
    all_close(
        "firth p",
        &get(|c| c.test.p),
        &numbers(&g["prob"]),
        ITERATIVE,
    );
    all_close(
        "firth loglik",
        &[f.log_likelihood, f.null_log_likelihood],
        &numbers(&g["loglik"]),
        ITERATIVE,
    );
    for (i, row) in matrix(&g["var"]).iter().enumerate() {
        all_close(
            "firth var",
            f.covariance.row(i).as_slice().expect("row"),
            row,
            ITERATIVE,
        );
    }
}

/// The first rows of the cohort, as the generator takes them.
fn first_rows(n: usize) -> Frame {
    let (all, _) = cohort("train");
    let mut frame = Frame::new();
    for name in ["age", "tumor_score", "ln_score"] {
        let nomogram::ColumnValues::Numeric(values) = &all.column(name).expect("column").values
        else {
            panic!("{name} is numeric")
        };
        frame = frame
            .with_numeric(name, values[..n].to_vec())
            .expect("numeric column");
    }
    for name in ["margin", "posterior", "vascularity"] {
        let nomogram::ColumnValues::Categorical { codes, levels } =
            &all.column(name).expect("column").values
        else {
            panic!("{name} has levels")
        };
        let values = codes[..n]
            .iter()
            .map(|c| levels[c.expect("none missing")].clone());
        frame = frame
            .with_categorical(name, values, Levels::given(levels.iter().cloned()))
            .expect("factor");
    }
    frame
}

fn check_coefficients(what: &str, f: &FirthFit, g: &Value) {
    let get = |h: fn(&FirthCoefficient) -> f64| f.coefficients.iter().map(h).collect::<Vec<f64>>();
    for (field, values) in [
        ("coef", get(|c| c.estimate)),
        ("lo", get(|c| c.interval.low)),
        ("hi", get(|c| c.interval.high)),
        ("prob", get(|c| c.test.p)),
        ("loglik", vec![f.log_likelihood, f.null_log_likelihood]),
    ] {
        all_close(
            &format!("{what} {field}"),
            &values,
            &numbers(&g[field]),
            ITERATIVE,
        );
    }
    check_covariance(what, f, g);
}

fn check_covariance(what: &str, f: &FirthFit, g: &Value) {
    for (i, row) in matrix(&g["var"]).iter().enumerate() {
        let ours = f.covariance.row(i).to_vec();
        all_close(&format!("{what} var"), &ours, row, ITERATIVE);
        close(what, f.coefficients[i].se, row[i].sqrt(), ITERATIVE);
    }
}

#[test]
fn corrected_fits_equal_logistf() {
    let g = golden("firth_corrected.json");
    for (case, terms) in [
        (
            "ordinary",
            ["age", "margin", "posterior", "tumor_score"].as_slice(),
        ),
        ("separated", &["margin", "vascularity", "ln_score"]),
        ("weighted", &["age", "margin", "posterior", "tumor_score"]),
    ] {
        let g = &g[case];
        let y: Vec<bool> = numbers(&g["y"]).iter().map(|&v| v == 1.0).collect();
        let weights = numbers(&g["w"]);
        let frame = first_rows(y.len());
        let design = Design::new(&frame, terms.iter().copied(), Missing::Refuse).expect("design");
        if case == "separated" {
            LogisticRegression::new()
                .fit(&design, &y)
                .expect_err("no finite estimate");
        }
        let settings = Firth::new().weights(&weights);
        let plain = settings.fit(&design, &y).expect("fit");
        check_coefficients(case, &plain, &g["firth"]);
        let flac = settings
            .clone()
            .correction(FirthCorrection::Flac)
            .fit(&design, &y)
            .expect("fit");
        check_coefficients(case, &flac, &g["flac"]);
        let flic = settings
            .correction(FirthCorrection::Flic)
            .fit(&design, &y)
            .expect("fit");
        check_flic(case, &flic, &plain, &g["flic"]);
        for fit in [flic, flac] {
            mean_risk_is_the_frequency(&fit, &y, &weights);
            let model = fit.model();
            assert_eq!(model.coefficients[0], fit.coefficients[0].estimate);
            assert_eq!(model.covariance, fit.covariance);
        }
    }
}

fn check_flic(case: &str, flic: &FirthFit, plain: &FirthFit, g: &Value) {
    let intercept = &flic.coefficients[0];
    close(
        case,
        intercept.estimate,
        numbers(&g["intercept"])[0],
        ITERATIVE,
    );
    close(case, intercept.test.p, numbers(&g["p"])[0], ITERATIVE);
    close(
        case,
        flic.log_likelihood,
        numbers(&g["loglik"])[0],
        ITERATIVE,
    );
    check_covariance(case, flic, g);
    let half = 1.959963984540054 * intercept.se;
    close(
        case,
        intercept.interval.low,
        intercept.estimate - half,
        ANALYTIC,
    );
    close(
        case,
        intercept.interval.high,
        intercept.estimate + half,
        ANALYTIC,
    );
    for (a, b) in flic.coefficients.iter().zip(&plain.coefficients).skip(1) {
        assert_eq!(
            (a.estimate, &a.interval, a.test),
            (b.estimate, &b.interval, b.test)
        );
    }
}

fn mean_risk_is_the_frequency(fit: &FirthFit, y: &[bool], weights: &[f64]) {
    let risk = |lp: f64| 1.0 / (1.0 + (-lp).exp());
    let total: f64 = weights.iter().sum();
    let mean: f64 = fit
        .linear_predictor
        .iter()
        .zip(weights)
        .map(|(&lp, w)| w * risk(lp))
        .sum();
    let events: f64 = y
        .iter()
        .zip(weights)
        .filter(|(y, _)| **y)
        .map(|(_, w)| w)
        .sum();
    close("mean risk", mean / total, events / total, DIRECT);
}

/// Means far from zero: on the columns as they are, products of columns lose the digits that Newton's method needs.
#[test]
fn origin_and_unit_of_columns_do_not_matter() {
    let x: Vec<f64> = (0..60).map(|i| f64::from((i * 37) % 61) / 61.0).collect();
    let z: Vec<f64> = (0..60).map(|i| f64::from((i * 23) % 59) / 59.0).collect();
    let y: Vec<bool> = (0..60)
        .map(|i| (i * 29) % 53 < 10 + (i * 37 % 61) / 2)
        .collect();
    let fit = |origin: f64, unit: f64| {
        let moved = |v: &[f64]| v.iter().map(|v| origin + unit * v).collect::<Vec<f64>>();
        let frame = Frame::new()
            .with_numeric("x", moved(&x))
            .and_then(|f| f.with_numeric("z", moved(&z)))
            .expect("frame");
        let design = Design::new(&frame, ["x", "z"], Missing::Refuse).expect("design");
        Firth::new().fit(&design, &y).expect("fit")
    };
    let (near, far) = (fit(0.0, 1.0), fit(1024.0, 1.0 / 1024.0));
    for (a, b) in near.coefficients.iter().zip(&far.coefficients).skip(1) {
        close("estimate", b.estimate / 1024.0, a.estimate, ITERATIVE);
        close("low", b.interval.low / 1024.0, a.interval.low, ITERATIVE);
        close("high", b.interval.high / 1024.0, a.interval.high, ITERATIVE);
        close("p", b.test.p, a.test.p, ITERATIVE);
    }
}
