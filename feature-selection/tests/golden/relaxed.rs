//! Relaxed LASSO of glmnet: refits, blends, and the choice of lambda and gamma.

use super::common::{Worst, close, golden_path, json, number, numbers};
use super::cross_validation::{Case, SAME_OPERATIONS, Small, compare_case, compare_coefficients};
use feature_selection::lasso::{
    CrossValidation, ElasticNet, GammaCurve, LambdaRule, RefitStatus, Relaxation, RelaxedFit,
    RelaxedLasso,
};
use serde_json::Value;

fn compare_gammas(curves: &[GammaCurve], expected: &Value, what: &str) {
    // A list, or an object whose names (g:0, g:0.25, ...) sort as the gammas do.
    let expected: Vec<&Value> = match expected {
        Value::Object(named) => named.values().collect(),
        list => list.as_array().unwrap().iter().collect(),
    };
    assert_eq!(curves.len(), expected.len(), "{what}");
    let mut worst = Worst::default();
    for (curve, expected) in curves.iter().zip(expected) {
        for (found, key) in [
            (&curve.lambda, "lambda"),
            (&curve.mean, "cvm"),
            (&curve.standard_error, "cvsd"),
        ] {
            let reference = numbers(&expected[key]);
            assert_eq!(found.len(), reference.len(), "{what}");
            for m in 0..reference.len() {
                worst.see(found[m], reference[m], 1e-3, || {
                    format!("{what} gamma {} {key} {m}", curve.gamma)
                });
            }
        }
    }
    worst.at_most(1e-10, what);
}

fn compare_pick(fit: &RelaxedFit, pick: [f64; 4], what: &str) {
    let (minimum, sparse) = (&fit.minimum, &fit.one_standard_error);
    assert_eq!(
        [minimum.gamma, sparse.gamma],
        [pick[1], pick[3]],
        "{what}: gammas"
    );
    close(minimum.lambda / pick[0], 1.0, 1e-12, what);
    close(sparse.lambda / pick[2], 1.0, 1e-12, what);
}

#[test]
fn refits_of_the_small_table_agree() {
    let golden = json(golden_path("cross_validation/relaxed_path_small120.json"));
    let (small, expected) = (Small::read(), &golden["relaxed"]);
    let relaxed = Relaxation::new()
        .fit(&ElasticNet::new(), &small.binary())
        .unwrap();
    let mut worst = Worst::default();
    let lambda = numbers(&expected["lambda"]);
    assert_eq!(relaxed.path.len(), lambda.len());
    let (a0, dev) = (numbers(&expected["a0"]), numbers(&expected["dev_ratio"]));
    for m in 0..lambda.len() {
        worst.see(relaxed.path.lambda[m], lambda[m], 1e-12, || {
            format!("lambda {m}")
        });
        worst.see(relaxed.refits.intercept[m], a0[m], 1.0, || {
            format!("intercept {m}")
        });
        worst.see(relaxed.refits.dev_ratio[m], dev[m], 1.0, || {
            format!("deviance {m}")
        });
        let mut dense = vec![0.0; small.table.n_columns()];
        let model = &expected["beta"][m];
        for (j, b) in numbers(&model["idx"]).iter().zip(numbers(&model["val"])) {
            dense[*j as usize] = b;
        }
        let own = &relaxed.refits.beta[m];
        let mut found = vec![0.0; small.table.n_columns()];
        for (&j, &b) in own.index.iter().zip(&own.value) {
            found[j] = b;
        }
        for j in 0..dense.len() {
            worst.see(found[j], dense[j], 1e-3, || {
                format!("lambda {m} column {j}")
            });
        }
        let status = if m == 0 {
            RefitStatus::NoFeature
        } else {
            RefitStatus::Converged
        };
        assert_eq!(relaxed.refits.status[m], status, "lambda {m}");
    }
    worst.at_most(SAME_OPERATIONS, "refits");
}

#[test]
fn cross_validation_of_the_small_table_agrees() {
    let golden = json(golden_path("cross_validation/relaxed_cv_small120.json"));
    let small = Small::read();
    let fit = RelaxedLasso::new(CrossValidation::new(ElasticNet::new()))
        .fit(&small.binary(), &small.folds())
        .unwrap();
    let gammas: Vec<f64> = fit.curves.iter().map(|c| c.gamma).collect();
    assert_eq!(gammas, numbers(&golden["gamma"]));
    compare_gammas(&fit.curves, &golden["stat"], "small table");
    let pick = ["lambda_min", "gamma_min", "lambda_1se", "gamma_1se"].map(|k| number(&golden[k]));
    compare_pick(&fit, pick, "small table");
}

#[test]
fn every_setting_repeats_the_reference() {
    let golden = json(golden_path("cross_validation/relaxed.json"));
    for (name, expected) in golden.as_object().unwrap() {
        let case = Case::new(expected);
        let lambdas = (name == "user_lambdas").then(|| numbers(&expected["lambda"]));
        let mut relaxed = RelaxedLasso::new(case.cross_validation(lambdas.as_deref()));
        if !expected["gammas"].is_null() {
            relaxed = relaxed.gammas(&numbers(&expected["gammas"]));
        }
        let fit = relaxed
            .fit(&case.samples(), &case.folds)
            .unwrap_or_else(|e| panic!("{name}: {e}"));
        compare_case(&fit.lasso, expected, name);
        compare_gammas(&fit.curves, &expected["stat"], name);
        let pick = numbers(&expected["pick"]);
        compare_pick(&fit, [pick[0], pick[1], pick[2], pick[3]], name);
        for (rule, key) in [
            (LambdaRule::Minimum, "relaxed_min"),
            (LambdaRule::OneStandardError, "relaxed_1se"),
        ] {
            let chosen = fit.select(rule).unwrap();
            compare_coefficients(&chosen.coefficients, &expected[key], SAME_OPERATIONS, name);
        }
        let lambda = &fit.lasso.lambda;
        let between = fit
            .coefficients_at((lambda[3] + lambda[4]) / 2.0, 0.3)
            .unwrap();
        compare_coefficients(&between, &expected["between"], SAME_OPERATIONS, name);
        refitted(&fit, expected, name);
    }
}

/// Refits of the sets that are small enough, and only these.
fn refitted(fit: &RelaxedFit, expected: &Value, name: &str) {
    let own: Vec<usize> = (0..fit.lasso.path.len())
        .filter(|&m| !matches!(fit.refits.status[m], RefitStatus::TooLarge { .. }))
        .collect();
    let (a0, dev) = (
        numbers(&expected["refit_a0"]),
        numbers(&expected["refit_dev"]),
    );
    assert_eq!(own.len(), a0.len(), "{name}: number of refits");
    assert_eq!(own.len() < fit.lasso.path.len(), name == "gaussian_wide");
    let mut worst = Worst::default();
    for (k, &m) in own.iter().enumerate() {
        worst.see(fit.refits.intercept[m], a0[k], 1.0, || {
            format!("intercept {m}")
        });
        worst.see(fit.refits.dev_ratio[m], dev[k], 1.0, || {
            format!("deviance {m}")
        });
    }
    worst.at_most(SAME_OPERATIONS, name);
}
