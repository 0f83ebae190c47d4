//! Comparison with R: glm, MASS, rms, logistf. See `golden/README.md` for where the numbers come from.

mod common;
#[path = "golden/external.rs"]
mod external;
#[path = "golden/firth.rs"]
mod firth;
#[path = "golden/firth_backward.rs"]
mod firth_backward;
#[path = "golden/knots.rs"]
mod knots;
#[path = "golden/validation.rs"]
mod validation;

use common::*;
use nomogram::{
    BackwardElimination, Convergence, Criterion, Design, Direction, Error, FastRule, FastTest,
    Frame, Levels, LogisticFit, LogisticRegression, Missing, Move, Nomogram, NomogramSettings,
    Penalty, ProfileMethod, RiskInversion, RiskModel, RiskTicks, SeparationKind, TermSpec,
    TermTest, fast_backward,
};
use serde_json::Value;

fn fit(terms: &[&str], convergence: Convergence) -> LogisticFit {
    let (frame, outcome) = cohort("train");
    let design = Design::new(&frame, terms.iter().copied(), Missing::Refuse).expect("design");
    LogisticRegression::new()
        .convergence(convergence)
        .fit(&design, &outcome)
        .expect("fit")
}

/// R's `drop1` and single-vector fields collapse to a number; `numbers` undoes that.
fn check_r_fit(g: &Value, f: &LogisticFit, tolerance: f64, se_tolerance: f64) {
    let pick = |get: fn(&nomogram::Coefficient) -> f64| -> Vec<f64> {
        f.coefficients.iter().map(get).collect()
    };
    all_close(
        "coef",
        &pick(|c| c.estimate),
        &numbers(&g["coef"]),
        tolerance,
    );
    all_close("se", &pick(|c| c.se), &numbers(&g["se"]), se_tolerance);
    all_close("z", &pick(|c| c.z), &numbers(&g["z"]), se_tolerance);
    for (c, &p) in f.coefficients.iter().zip(&numbers(&g["p"])) {
        // A relative error of z is multiplied by z² in the tail.
        close_relative("p", c.p, p, se_tolerance * (10.0 + c.z * c.z));
    }
    for (i, row) in matrix(&g["vcov"]).iter().enumerate() {
        all_close(
            "vcov",
            f.covariance.row(i).as_slice().expect("row"),
            row,
            se_tolerance,
        );
    }
    let wald = f.wald_intervals(0.95).expect("level");
    all_close(
        "wald low",
        &wald.iter().map(|i| i.low).collect::<Vec<_>>(),
        &numbers(&g["wald_lo"]),
        se_tolerance,
    );
    all_close(
        "wald high",
        &wald.iter().map(|i| i.high).collect::<Vec<_>>(),
        &numbers(&g["wald_hi"]),
        se_tolerance,
    );
    for (what, value) in [
        ("loglik", f.log_likelihood),
        ("loglik0", f.null_log_likelihood),
        ("deviance", f.deviance()),
        ("null_deviance", f.null_deviance()),
        ("aic", f.aic()),
        ("bic", f.bic()),
        ("lr", f.likelihood_ratio().chi_squared),
        ("lr_df", f.likelihood_ratio().df as f64),
        ("r2_cox_snell", f.r_squared().cox_snell),
        ("r2_nagelkerke", f.r_squared().nagelkerke),
        ("r2_mcfadden", f.r_squared().mcfadden),
    ] {
        close(what, value, number(&g[what]), DIRECT);
    }
    close_relative("lr_p", f.likelihood_ratio().p, number(&g["lr_p"]), 1e-9);
    all_close("fitted", &f.fitted, &numbers(&g["fitted"]), tolerance);
    all_close("lp", &f.linear_predictor, &numbers(&g["lp"]), tolerance);
    let r = f.residuals();
    all_close(
        "pearson",
        &r.pearson,
        &numbers(&g["pearson_res"]),
        tolerance * 10.0,
    );
    all_close(
        "deviance residuals",
        &r.deviance,
        &numbers(&g["deviance_res"]),
        tolerance * 10.0,
    );
    all_close("hat", &r.leverage, &numbers(&g["hat"]), se_tolerance);
    all_close("cooks", &r.cooks, &numbers(&g["cooks"]), se_tolerance);
    let drop1 = f.term_tests(TermTest::LikelihoodRatio).expect("drop1");
    let g1 = &g["drop1_lrt"];
    assert_eq!(
        drop1.iter().map(|t| t.term.clone()).collect::<Vec<_>>(),
        strings(&g1["term"])
    );
    all_close(
        "lrt",
        &drop1.iter().map(|t| t.test.chi_squared).collect::<Vec<_>>(),
        &numbers(&g1["lrt"]),
        ITERATIVE,
    );
    all_close(
        "lrt df",
        &drop1.iter().map(|t| t.test.df as f64).collect::<Vec<_>>(),
        &numbers(&g1["df"]),
        0.0,
    );
    for (t, &p) in drop1.iter().zip(&numbers(&g1["p"])) {
        close_relative("lrt p", t.test.p, p, ITERATIVE * (1.0 + t.test.chi_squared));
    }
}

const MODELS: [(&str, &[&str]); 3] = [
    (
        "glm_clinical_synth_train.json",
        &["size", "margin", "us_alnm"],
    ),
    (
        "glm_clinrad_synth_train.json",
        &["us_alnm", "tumor_score", "ln_score"],
    ),
    ("glm_full_synth_train.json", &PREDICTORS),
];

#[test]
fn r_compatible_fits_equal_glm() {
    for (file, terms) in MODELS {
        let f = fit(terms, Convergence::RCompat);
        let g = golden(file);
        check_r_fit(&g, &f, DIRECT, DIRECT);
        assert_eq!(f.iterations, number(&g["iter"]) as usize);
    }
    let all = golden("glm_univariable_synth_train.json");
    for name in PREDICTORS {
        let f = fit(&[name], Convergence::RCompat);
        check_r_fit(&all[name], &f, DIRECT, DIRECT);
        assert_eq!(f.iterations, number(&all[name]["iter"]) as usize);
    }
}

#[test]
fn exact_fits_agree_with_glm_up_to_its_early_stop() {
    for (file, terms) in MODELS {
        check_r_fit(
            &golden(file),
            &fit(terms, Convergence::Exact),
            ITERATIVE,
            R_SE,
        );
    }
}

#[test]
fn exact_fits_equal_lrm() {
    let g = golden("rms_synth_clinrad.json");
    let f = fit(&["us_alnm", "tumor_score", "ln_score"], Convergence::Exact);
    check_lrm(&g, &f);
    let g = golden("rms_synth_rcs.json");
    check_lrm(&g, &fit_rcs());
}

#[test]
fn nearly_collinear_columns_lose_no_digits() {
    let g = golden("collinear.json");
    let frame = Frame::new()
        .with_numeric("x", numbers(&g["x"]))
        .and_then(|f| f.with_numeric("near", numbers(&g["near"])))
        .expect("frame");
    let y: Vec<bool> = numbers(&g["y"]).iter().map(|&v| v == 1.0).collect();
    let design = Design::new(&frame, ["x", "near"], Missing::Refuse).expect("design");
    let f = LogisticRegression::new().fit(&design, &y).expect("fit");
    close("deviance", f.deviance(), number(&g["deviance"]), ANALYTIC);
    let expected = numbers(&g["beta"]).into_iter().zip(numbers(&g["se"]));
    for (c, (beta, se)) in f.coefficients.iter().zip(expected) {
        close(
            "estimate in standard errors",
            c.estimate / se,
            beta / se,
            DIRECT,
        );
        close_relative("se", c.se, se, DIRECT);
    }
}

fn check_lrm(g: &Value, f: &LogisticFit) {
    let names: Vec<String> = f.coefficients.iter().map(|c| c.name.clone()).collect();
    assert_eq!(names, strings(&g["coef_names"]));
    let beta: Vec<f64> = f.coefficients.iter().map(|c| c.estimate).collect();
    all_close("lrm coef", &beta, &numbers(&g["coef"]), DIRECT);
    for (i, row) in matrix(&g["vcov"]).iter().enumerate() {
        all_close(
            "lrm vcov",
            f.covariance.row(i).as_slice().expect("row"),
            row,
            DIRECT,
        );
    }
    all_close("lrm lp", &f.linear_predictor, &numbers(&g["lp"]), DIRECT);
    all_close("lrm risk", &f.fitted, &numbers(&g["risk"]), DIRECT);
    close(
        "lrm LR",
        f.likelihood_ratio().chi_squared,
        number(&g["stats"]["Model L.R."]),
        DIRECT,
    );
    close(
        "lrm R2",
        f.r_squared().nagelkerke,
        number(&g["stats"]["R2"]),
        DIRECT,
    );
    let anova = &g["anova"];
    let rows = strings(&anova["rownames"]);
    let data = matrix(anova);
    for t in f.term_tests(TermTest::Wald).expect("Wald tests") {
        let row = &data[rows.iter().position(|r| *r == t.term).expect("anova row")];
        close("anova chi-squared", t.test.chi_squared, row[0], 1e-9);
        assert_eq!(t.test.df as f64, row[1]);
        close("anova p", t.test.p, row[2], 1e-9);
    }
}

fn rcs_terms() -> Vec<TermSpec> {
    vec![
        "age".into(),
        TermSpec::spline("size", 3),
        "margin".into(),
        "us_alnm".into(),
        "vascularity".into(),
        "tumor_score".into(),
        "ln_score".into(),
    ]
}

fn fit_rcs() -> LogisticFit {
    let (frame, outcome) = cohort("train");
    let design = Design::new(&frame, rcs_terms(), Missing::Refuse).expect("design");
    LogisticRegression::new()
        .fit(&design, &outcome)
        .expect("fit")
}

#[test]
fn profile_intervals_equal_mass_confint() {
    let check = |g: &Value, terms: &[&str]| {
        let f = fit(terms, Convergence::RCompat);
        let spline = f
            .profile_intervals(0.95, ProfileMethod::RSpline)
            .expect("profile");
        let (low, high): (Vec<f64>, Vec<f64>) = spline.iter().map(|i| (i.low, i.high)).unzip();
        all_close("profile low", &low, &numbers(&g["prof_lo"]), ITERATIVE);
        all_close("profile high", &high, &numbers(&g["prof_hi"]), ITERATIVE);
        // The exact root differs from the interpolated one by its interpolation error only.
        let exact = fit(terms, Convergence::Exact)
            .profile_intervals(0.95, ProfileMethod::Exact)
            .expect("profile");
        for (e, s) in exact.iter().zip(&spline) {
            let width = s.high - s.low;
            close("exact profile low", e.low / width, s.low / width, 2e-4);
            close("exact profile high", e.high / width, s.high / width, 2e-4);
        }
    };
    for (file, terms) in MODELS {
        check(&golden(file), terms);
    }
    let all = golden("glm_univariable_synth_train.json");
    for name in PREDICTORS {
        check(&all[name], &[name]);
    }
}

#[test]
fn elimination_by_p_equals_r() {
    let (frame, outcome) = cohort("train");
    let design = Design::new(&frame, PREDICTORS, Missing::Refuse).expect("design");
    let g = golden("backward_selection.json");
    for (case, test, stay) in [
        ("synth_wald05", TermTest::Wald, 0.05),
        ("synth_lrt05", TermTest::LikelihoodRatio, 0.05),
        ("synth_wald10", TermTest::Wald, 0.10),
    ] {
        let g = &g[case];
        let b = BackwardElimination::new(Criterion::P { test, stay })
            .regression(LogisticRegression::new().convergence(Convergence::RCompat))
            .fit(&design, &outcome)
            .expect("elimination");
        let steps = g["steps"].as_array().expect("steps");
        assert_eq!(b.steps.len(), steps.len(), "{case}");
        for (s, e) in b.steps.iter().zip(steps) {
            assert_eq!(
                s.candidates
                    .iter()
                    .map(|c| c.term.clone())
                    .collect::<Vec<_>>(),
                strings(&e["terms"])
            );
            let tests: Vec<_> = s
                .candidates
                .iter()
                .map(|c| c.test.expect("a test"))
                .collect();
            all_close(
                "stat",
                &tests.iter().map(|t| t.chi_squared).collect::<Vec<_>>(),
                &numbers(&e["stat"]),
                ITERATIVE,
            );
            all_close(
                "df",
                &tests.iter().map(|t| t.df as f64).collect::<Vec<_>>(),
                &numbers(&e["df"]),
                0.0,
            );
            all_close(
                "p",
                &tests.iter().map(|t| t.p).collect::<Vec<_>>(),
                &numbers(&e["p"]),
                ITERATIVE,
            );
            match e["removed"].as_str() {
                Some(name) => assert_eq!(s.action, Move::Removed(name.to_owned())),
                None => assert_eq!(s.action, Move::Stop),
            }
        }
        assert_eq!(b.kept_terms(), strings(&g["final_terms"]));
        let beta: Vec<f64> = b.fit.coefficients.iter().map(|c| c.estimate).collect();
        all_close("final", &beta, &numbers(&g["final_coef"]), DIRECT);
    }
}

#[test]
fn elimination_by_criterion_equals_step_aic() {
    let (frame, outcome) = cohort("train");
    let design = Design::new(&frame, PREDICTORS, Missing::Refuse).expect("design");
    let g = golden("backward_selection.json");
    for (case, penalty, direction) in [
        ("synth_aic", Penalty::Aic, Direction::Backward),
        ("synth_bic", Penalty::Bic, Direction::Backward),
        ("synth_both", Penalty::Aic, Direction::Both),
    ] {
        let g = &g[case];
        let b = BackwardElimination::new(Criterion::InformationCriterion(penalty))
            .direction(direction)
            .fit(&design, &outcome)
            .expect("elimination");
        let moves: Vec<String> = b
            .steps
            .iter()
            .filter_map(|s| match &s.action {
                Move::Removed(t) => Some(format!("- {t}")),
                Move::Added(t) => Some(format!("+ {t}")),
                Move::Stop => None,
            })
            .collect();
        let expected: Vec<String> = strings(&g["step"])
            .into_iter()
            .filter(|s| !s.is_empty())
            .collect();
        assert_eq!(moves, expected, "{case}");
        all_close(
            "dev",
            &b.steps.iter().map(|s| s.deviance).collect::<Vec<_>>(),
            &numbers(&g["dev"]),
            ITERATIVE,
        );
        assert_eq!(b.kept_terms(), strings(&g["final_terms"]));
        let beta: Vec<f64> = b.fit.coefficients.iter().map(|c| c.estimate).collect();
        all_close("final", &beta, &numbers(&g["coef"]), ITERATIVE);
    }
}

#[test]
fn fast_backward_equals_fastbw() {
    for (file, f) in [
        (
            "rms_synth_clinrad.json",
            fit(&["us_alnm", "tumor_score", "ln_score"], Convergence::Exact),
        ),
        ("rms_synth_rcs.json", fit_rcs()),
    ] {
        let g = golden(file);
        for (case, rule, test) in [
            (
                "fastbw_p_individual",
                FastRule::P(0.05),
                FastTest::Individual,
            ),
            ("fastbw_p_residual", FastRule::P(0.05), FastTest::Residual),
            ("fastbw_aic", FastRule::Aic, FastTest::Residual),
        ] {
            let e = &g[case];
            let b = fast_backward(&f, rule, test).expect("fastbw");
            let kept: Vec<String> = b
                .kept
                .iter()
                .map(|&t| f.design().terms()[t].name.clone())
                .collect();
            assert_eq!(kept, strings(&e["names_kept"]), "{file} {case}");
            all_close("fastbw coef", &b.coefficients, &numbers(&e["coef"]), 1e-9);
            let rows = e["result"]["m"].as_array().cloned().unwrap_or_default();
            assert_eq!(b.deleted.len(), rows.len());
            for (d, row) in b.deleted.iter().zip(&rows) {
                let ours = [
                    d.individual.chi_squared,
                    d.individual.df as f64,
                    d.individual.p,
                    d.residual.chi_squared,
                    d.residual.df as f64,
                    d.residual.p,
                    d.aic,
                ];
                all_close("fastbw row", &ours, &numbers(row), 1e-9);
            }
        }
    }
}

#[test]
fn separation_is_named_not_estimated() {
    let g = golden("separation_glm.json");
    for convergence in [Convergence::Exact, Convergence::RCompat] {
        let y: Vec<bool> = numbers(&g["complete"]["y"])
            .iter()
            .map(|&v| v == 1.0)
            .collect();
        let frame = Frame::new()
            .with_numeric("x", numbers(&g["complete"]["x"]))
            .expect("frame");
        let error = separated(&frame, "x", &y, convergence);
        assert_named(&error, SeparationKind::Complete, "x");
        let y: Vec<bool> = numbers(&g["quasi"]["y"])
            .iter()
            .map(|&v| v == 1.0)
            .collect();
        let frame = Frame::new()
            .with_categorical("g", strings(&g["quasi"]["g"]), Levels::Sorted)
            .expect("frame");
        let error = separated(&frame, "g", &y, convergence);
        assert_named(&error, SeparationKind::Quasi, "g=b");
    }
}

fn separated(frame: &Frame, term: &str, y: &[bool], convergence: Convergence) -> Error {
    let design = Design::new(frame, [term], Missing::Refuse).expect("design");
    LogisticRegression::new()
        .convergence(convergence)
        .fit(&design, y)
        .expect_err("separated")
}

fn assert_named(error: &Error, kind: SeparationKind, column: &str) {
    let Error::Separation {
        kind: found,
        columns,
    } = error
    else {
        panic!("{error}")
    };
    assert_eq!(*found, kind);
    assert_eq!(columns.len(), 1);
    assert_eq!(columns[0].name, column);
    assert_eq!(columns[0].divergence, nomogram::Divergence::PlusInfinity);
}

#[test]
fn nomogram_equals_rms() {
    let fits = [
        (
            "rms_synth_clinrad.json",
            fit(&["us_alnm", "tumor_score", "ln_score"], Convergence::Exact),
        ),
        ("rms_synth_rcs.json", fit_rcs()),
    ];
    for (file, f) in fits {
        let g = golden(file);
        check_axes(&g, &reference_model(&g, &f));
        check_patients(&g, &reference_model(&g, &f));
    }
}

/// The model with lrm's own coefficients: lrm stops at a score of 1e-8, which shows in the eleventh digit of small effects.
fn reference_model(g: &Value, f: &LogisticFit) -> RiskModel {
    let mut model = f.model().expect("model");
    model.coefficients = numbers(&g["coef"]);
    let lp = numbers(&g["lp"]);
    model.lp_min = lp.iter().copied().fold(f64::INFINITY, f64::min);
    model.lp_max = lp.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    model
}

fn check_axes(g: &Value, model: &RiskModel) {
    let e = &g["nomogram"];
    let risks = vec![0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95];
    let settings = NomogramSettings::new()
        .risk_ticks(RiskTicks::At(risks))
        .risk_inversion(RiskInversion::RGrid);
    let n = Nomogram::new(model, &settings).expect("nomogram");
    for (axis, e) in n.axes.iter().zip(e["axes"].as_array().expect("axes")) {
        assert_eq!(axis.predictor, e["name"].as_str().expect("name"));
        let labels: Vec<String> = axis
            .ticks
            .iter()
            .map(|t| t.value.map_or(t.label.clone(), |v| v.to_string()))
            .collect();
        let expected = strings(&e["values"]);
        for (l, x) in labels.iter().zip(&expected) {
            match (l.parse::<f64>(), x.parse::<f64>()) {
                // R prints ticks with six significant digits.
                (Ok(a), Ok(b)) => close("tick", a, b, 1e-6),
                _ => assert_eq!(l, x),
            }
        }
        all_close(
            "xbeta",
            &axis.ticks.iter().map(|t| t.effect).collect::<Vec<_>>(),
            &numbers(&e["xbeta"]),
            DIRECT,
        );
        all_close(
            "points",
            &axis.ticks.iter().map(|t| t.points).collect::<Vec<_>>(),
            &numbers(&e["points"]),
            DIRECT,
        );
    }
    let values = |s: &[nomogram::ScaleTick]| s.iter().map(|t| t.value).collect::<Vec<_>>();
    let points = |s: &[nomogram::ScaleTick]| s.iter().map(|t| t.points).collect::<Vec<_>>();
    all_close(
        "total",
        &values(&n.total_points),
        &numbers(&e["total_points"]),
        DIRECT,
    );
    all_close(
        "lp at",
        &values(&n.linear_predictor),
        &numbers(&e["lp_at"]),
        DIRECT,
    );
    all_close(
        "lp points",
        &points(&n.linear_predictor),
        &numbers(&e["lp_points"]),
        DIRECT,
    );
    let risk = &e["fun"][0];
    all_close(
        "risk at",
        &values(&n.risk),
        &numbers(&risk["x_real"]),
        DIRECT,
    );
    all_close(
        "risk points",
        &points(&n.risk),
        &numbers(&risk["points"]),
        DIRECT,
    );
    let limits = matrix(&e["R"]);
    all_close(
        "min",
        &n.axes.iter().map(|a| a.min_effect).collect::<Vec<_>>(),
        &limits[0],
        DIRECT,
    );
    all_close(
        "max",
        &n.axes.iter().map(|a| a.max_effect).collect::<Vec<_>>(),
        &limits[1],
        DIRECT,
    );
    close("sc", n.points_per_lp, number(&e["sc"]), DIRECT);
    close(
        "intercept",
        n.intercept,
        number(&e["intercept_shifted"]),
        DIRECT,
    );
    // The exact place of a risk differs from rms' grid by its interpolation error.
    let exact = Nomogram::new(model, &NomogramSettings::new()).expect("nomogram");
    for t in &exact.risk {
        if let Some(r) = n.risk.iter().find(|r| r.value == t.value) {
            close("exact risk tick", t.points / 100.0, r.points / 100.0, 1e-5);
        }
        close(
            "risk tick",
            exact.risk_of_points(t.points),
            t.value,
            ANALYTIC,
        );
    }
}

fn check_patients(g: &Value, model: &RiskModel) {
    let n = Nomogram::new(model, &NomogramSettings::new()).expect("nomogram");
    let (frame, _) = cohort("train");
    let patients = n.frame(&frame, 0.95).expect("patients");
    let expected = matrix(&g["patient_points"]);
    let total = numbers(&g["patient_total"]);
    let risk = numbers(&g["risk"]);
    assert_eq!(patients.len(), expected.len());
    for (i, p) in patients.iter().enumerate() {
        all_close(
            "points",
            &p.terms.iter().map(|t| t.points).collect::<Vec<_>>(),
            &expected[i],
            DIRECT,
        );
        close("total", p.total_points, total[i], DIRECT);
        close("risk", p.prediction.risk, risk[i], DIRECT);
    }
}
