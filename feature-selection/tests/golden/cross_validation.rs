//! cv.glmnet: curves, chosen lambdas, folds, recipes around it. `cross_validation/generate.R` made the cases.

use super::common::{Csv, Worst, close, golden_path, indices, json, number, numbers, shared_path};
use eval_stats::folds::Folds;
use feature_selection::FeatureTable;
use feature_selection::lasso::{
    AdaptiveLasso, Alignment, CrossValidation, CrossValidationFit, ElasticNet, Family, Grouping,
    Intercept, LambdaRule, Measure, Notice, Pilot, Predictions, Samples, Scaling, tune_alpha,
};
use ndarray::Array2;
use serde_json::Value;

/// Same order of operations: only rounding differs.
pub const SAME_OPERATIONS: f64 = 1e-9;
/// Curves of the same operations.
const CURVE: f64 = 1e-10;
/// Descent to 1e-14.
const TIGHT: f64 = 1e-8;

pub struct Small {
    csv: Csv,
    pub table: FeatureTable,
    outcome: Vec<bool>,
}

impl Small {
    pub fn read() -> Self {
        let csv = Csv::read(golden_path("small120.csv"));
        let (table, outcome) = (csv.table(5), csv.outcome("yb"));
        Self {
            csv,
            table,
            outcome,
        }
    }

    pub fn folds(&self) -> Folds {
        let assignment = self
            .csv
            .column("fold6")
            .iter()
            .map(|&f| f as usize - 1)
            .collect();
        Folds::from_assignment(assignment, 6, self.outcome.len()).unwrap()
    }

    pub fn binary(&self) -> Samples<'_> {
        Samples::binary(&self.table, &self.outcome).unwrap()
    }

    fn continuous(&self) -> Samples<'_> {
        Samples::continuous(&self.table, self.csv.column("yc")).unwrap()
    }

    fn weights(&self) -> &[f64] {
        self.csv.column("w")
    }

    fn offset(&self) -> &[f64] {
        self.csv.column("off")
    }
}

/// One case of `generate.R`: data and settings read from the file.
pub struct Case<'a> {
    value: &'a Value,
    table: FeatureTable,
    outcome: Vec<f64>,
    pub folds: Folds,
}

impl<'a> Case<'a> {
    pub fn new(value: &'a Value) -> Self {
        let (outcome, x) = (numbers(&value["y"]), numbers(&value["x"]));
        let n = outcome.len();
        let p = x.len() / n;
        let values = Array2::from_shape_fn((n, p), |(i, j)| x[j * n + i]);
        let table = FeatureTable::new(values.view(), &super::common::names(p)).unwrap();
        let assignment: Vec<usize> = indices(&value["foldid"]).iter().map(|f| f - 1).collect();
        let n_folds = assignment.iter().max().unwrap() + 1;
        Self {
            value,
            table,
            outcome,
            folds: Folds::from_assignment(assignment, n_folds, n).unwrap(),
        }
    }

    fn has(&self, key: &str) -> bool {
        !self.value[key].is_null()
    }

    fn limits(&self, key: &str) -> Vec<f64> {
        vec![numbers(&self.value[key])[0]; self.table.n_columns()]
    }

    pub fn samples(&self) -> Samples<'_> {
        let events: Vec<bool> = self.outcome.iter().map(|&y| y > 0.5).collect();
        let mut samples = match self.value["family"].as_str() {
            Some("gaussian") => Samples::continuous(&self.table, &self.outcome).unwrap(),
            _ => Samples::binary(&self.table, &events).unwrap(),
        };
        if self.has("weights") {
            samples = samples
                .with_weights(&numbers(&self.value["weights"]))
                .unwrap();
        }
        if self.has("offset") {
            samples = samples
                .with_offset(&numbers(&self.value["offset"]))
                .unwrap();
        }
        samples
    }

    fn settings(&self) -> ElasticNet {
        let mut net = ElasticNet::new();
        let value = self.value;
        if self.has("nlambda") {
            net = net.n_lambda(indices(&value["nlambda"])[0]);
        }
        if self.has("lambda.min.ratio") {
            net = net.lambda_min_ratio(numbers(&value["lambda.min.ratio"])[0]);
        }
        if self.has("alpha") {
            net = net.alpha(numbers(&value["alpha"])[0]);
        }
        if self.has("penalty.factor") {
            net = net.penalty_factors(&numbers(&value["penalty.factor"]));
        }
        if self.has("lower.limits") {
            net = net.lower_limits(&self.limits("lower.limits"));
        }
        if self.has("upper.limits") {
            net = net.upper_limits(&self.limits("upper.limits"));
        }
        if value["standardize"] == false {
            net = net.scaling(Scaling::AsGiven);
        }
        if value["intercept"] == false {
            net = net.intercept(Intercept::Zero);
        }
        net
    }

    /// The settings, with the lambdas a user gave.
    pub fn cross_validation(&self, user_lambdas: Option<&[f64]>) -> CrossValidation {
        let net = match user_lambdas {
            Some(lambdas) => self.settings().lambdas(lambdas),
            None => self.settings(),
        };
        let measure = match self.value["type.measure"].as_str() {
            Some("auc") => Measure::Auc,
            Some("class") => Measure::Misclassification,
            Some("mse") => Measure::SquaredError,
            Some("mae") => Measure::AbsoluteError,
            _ => Measure::Deviance,
        };
        let mut cv = CrossValidation::new(net).measure(measure);
        if self.value["grouped"] == false {
            cv = cv.grouping(Grouping::Rows);
        }
        if self.value["alignment"] == "fraction" {
            cv = cv.alignment(Alignment::Fraction);
        }
        cv
    }
}

/// Lambda, mean, standard error and sizes of a curve.
pub fn compare_curve(fit: &CrossValidationFit, expected: &Value, tolerance: f64, what: &str) {
    assert_eq!(fit.n_nonzero, indices(&expected["nzero"]), "{what}: sizes");
    let mut worst = Worst::default();
    for (found, key) in [
        (&fit.lambda, "lambda"),
        (&fit.mean, "cvm"),
        (&fit.standard_error, "cvsd"),
    ] {
        let reference = numbers(&expected[key]);
        assert_eq!(found.len(), reference.len(), "{what}: {key}");
        for m in 0..reference.len() {
            worst.see(found[m], reference[m], 1e-3, || format!("{what} {key} {m}"));
        }
    }
    worst.at_most(tolerance, what);
}

/// Intercept and coefficients of a model.
pub fn compare_coefficients(
    found: &feature_selection::lasso::Coefficients,
    expected: &Value,
    tolerance: f64,
    what: &str,
) {
    let reference = numbers(expected);
    let mut worst = Worst::default();
    worst.see(found.intercept, reference[0], 1.0, || {
        format!("{what} intercept")
    });
    assert_eq!(found.beta.len() + 1, reference.len(), "{what}");
    for (j, &b) in found.beta.iter().enumerate() {
        worst.see(b, reference[j + 1], 1e-3, || format!("{what} column {j}"));
    }
    worst.at_most(tolerance, what);
}

/// The models that the two rules choose.
fn compare_chosen(fit: &CrossValidationFit, expected: &Value, tolerance: f64, what: &str) {
    for (rule, key) in [
        (LambdaRule::Minimum, "coef_min"),
        (LambdaRule::OneStandardError, "coef_1se"),
    ] {
        let chosen = fit.select(rule).unwrap().coefficients;
        let what = format!("{what} {key}");
        compare_coefficients(&chosen, &expected[key], tolerance, &what);
    }
}

/// Curve, band, chosen positions and models of one case.
pub fn compare_case(fit: &CrossValidationFit, expected: &Value, what: &str) {
    compare_curve(fit, expected, CURVE, what);
    let mut worst = Worst::default();
    for (found, key) in [(fit.upper(), "cvup"), (fit.lower(), "cvlo")] {
        for (m, &reference) in numbers(&expected[key]).iter().enumerate() {
            worst.see(found[m], reference, 1e-3, || format!("{what} {key} {m}"));
        }
    }
    worst.at_most(CURVE, what);
    let chosen = [fit.index_minimum + 1, fit.index_one_standard_error + 1];
    assert_eq!(
        chosen.to_vec(),
        indices(&expected["index"]),
        "{what}: index"
    );
    let measured = match (expected["name"].as_str().unwrap(), fit.path.family) {
        ("Mean-Squared Error", Family::Gaussian) | ("Binomial Deviance", _) => Measure::Deviance,
        ("Mean-Squared Error", _) => Measure::SquaredError,
        ("Misclassification Error", _) => Measure::Misclassification,
        ("Mean Absolute Error", _) => Measure::AbsoluteError,
        ("AUC", _) => Measure::Auc,
        (other, _) => panic!("{what}: {other}"),
    };
    assert_eq!(fit.measure, measured, "{what}: measure");
    compare_chosen(fit, expected, SAME_OPERATIONS, what);
}

/// As [`compare_case`] of the older files, whose indices count from 0.
pub fn compare_cv(fit: &CrossValidationFit, expected: &Value, tolerance: f64, what: &str) {
    compare_curve(fit, expected, tolerance, what);
    let chosen = [fit.index_minimum, fit.index_one_standard_error];
    let reference = ["index_min_0based", "index_1se_0based"].map(|key| indices(&expected[key])[0]);
    assert_eq!(chosen, reference, "{what}: index");
    compare_chosen(fit, expected, tolerance.max(SAME_OPERATIONS), what);
}

#[test]
fn measures_of_the_small_table_repeat_the_reference() {
    let (small, golden) = (Small::read(), json(golden_path("cvglmnet_small120.json")));
    let tight = ElasticNet::new().threshold(1e-14).max_passes(10_000_000);
    let measures = [
        ("deviance", Measure::Deviance),
        ("class", Measure::Misclassification),
        ("mse", Measure::SquaredError),
        ("mae", Measure::AbsoluteError),
        ("auc", Measure::Auc),
    ];
    for (name, measure) in measures {
        for (net, kind, tolerance) in [
            (ElasticNet::new(), "bin", 1e-10),
            (tight.clone(), "bin_tight", TIGHT),
        ] {
            let cv = CrossValidation::new(net).measure(measure);
            let fit = cv.fit(&small.binary(), &small.folds()).unwrap();
            let what = format!("{kind}_{name}");
            compare_cv(&fit, &golden[&what], tolerance, &what);
        }
    }
}

#[test]
fn settings_of_the_small_table_repeat_the_reference() {
    let (small, golden) = (Small::read(), json(golden_path("cvglmnet_small120.json")));
    let cv = || CrossValidation::new(ElasticNet::new());
    let measured = |measure| cv().measure(measure);
    let (binary, continuous) = (small.binary(), small.continuous());
    let weighted_binary = small.binary().with_weights(small.weights()).unwrap();
    let weighted_continuous = small.continuous().with_weights(small.weights()).unwrap();
    let offset = small.binary().with_offset(small.offset()).unwrap();
    let cases = [
        ("bin_dev_weights", cv(), &weighted_binary),
        ("bin_auc_weights", measured(Measure::Auc), &weighted_binary),
        ("bin_dev_ungrouped", cv().grouping(Grouping::Rows), &binary),
        ("bin_dev_offset", cv(), &offset),
        (
            "bin_dev_fraction",
            cv().alignment(Alignment::Fraction),
            &binary,
        ),
        ("gau_mse", measured(Measure::SquaredError), &continuous),
        ("gau_mae", measured(Measure::AbsoluteError), &continuous),
        ("gau_mse_weights", cv(), &weighted_continuous),
    ];
    for (name, cv, samples) in cases {
        let fit = cv.fit(samples, &small.folds()).unwrap();
        compare_cv(&fit, &golden[name], 1e-10, name);
    }
}

#[test]
fn small_folds_fall_back_as_the_reference_does() {
    let (small, golden) = (Small::read(), json(golden_path("cvglmnet_small120.json")));
    let folds =
        |k: usize| Folds::from_assignment((0..120).map(|i| i % k).collect(), k, 120).unwrap();
    let auc = CrossValidation::new(ElasticNet::new())
        .measure(Measure::Auc)
        .fit(&small.binary(), &folds(30))
        .unwrap();
    assert_eq!(
        (auc.measure, auc.requested_measure),
        (Measure::Deviance, Measure::Auc)
    );
    compare_cv(&auc, &golden["bin_auc_fallback30"], 1e-10, "30 folds");
    let rows = CrossValidation::new(ElasticNet::new())
        .fit(&small.binary(), &folds(60))
        .unwrap();
    assert_eq!(rows.grouping, Grouping::Rows);
    compare_cv(&rows, &golden["bin_dev_60folds"], 1e-10, "60 folds");
}

#[test]
fn adaptive_lasso_takes_its_factors_from_ridge() {
    let (small, golden) = (Small::read(), json(golden_path("cvglmnet_small120.json")));
    let expected = &golden["adaptive"];
    let fit = AdaptiveLasso::new(CrossValidation::new(ElasticNet::new()))
        .fit(&small.binary(), &small.folds())
        .unwrap();
    let ridge = fit.pilot.as_ref().unwrap();
    close(
        ridge.lambda_minimum(),
        number(&expected["ridge_lambda_min"]),
        1e-12,
        "ridge lambda",
    );
    compare_cv(&fit.lasso, expected, 1e-8, "adaptive");
}

/// The full radiomics table and its folds, if they are at hand.
fn radiomics() -> Option<(FeatureTable, Vec<bool>, Csv)> {
    let csv = Csv::read(shared_path("data/radiomics421.csv")?);
    let (table, outcome) = (csv.table(1), csv.outcome("y"));
    Some((
        table,
        outcome,
        Csv::read(shared_path("data/radiomics421_folds.csv")?),
    ))
}

#[test]
fn radiomics_cross_validation_agrees() {
    let Some((table, outcome, folds)) = radiomics() else {
        return;
    };
    let golden = json(shared_path("cvglmnet_radiomics421.json").expect("beside its data"));
    let assignment = folds
        .column("fold10")
        .iter()
        .map(|&f| f as usize - 1)
        .collect();
    let folds = Folds::from_assignment(assignment, 10, outcome.len()).unwrap();
    let samples = Samples::binary(&table, &outcome).unwrap();
    for (key, measure) in [("deviance", Measure::Deviance), ("auc", Measure::Auc)] {
        let fit = CrossValidation::new(ElasticNet::new())
            .measure(measure)
            .fit(&samples, &folds)
            .unwrap();
        compare_cv(&fit, &golden[key], 1e-10, &format!("radiomics {key}"));
        if measure == Measure::Deviance {
            let score = json(shared_path("radscore_radiomics421.json").expect("beside its data"));
            let rows = fit
                .select(LambdaRule::OneStandardError)
                .unwrap()
                .coefficients
                .link(&table);
            let mut worst = Worst::default();
            for (i, &reference) in numbers(&score["score"]).iter().enumerate() {
                worst.see(rows[i], reference, 1.0, || format!("row {i}"));
            }
            worst.at_most(SAME_OPERATIONS, "radiomics score");
        }
    }
}

fn user_lambdas(name: &str, expected: &Value) -> Option<Vec<f64>> {
    // The file holds them once, as the curve's own.
    name.starts_with("user_lambdas")
        .then(|| numbers(&expected["lambda"]))
}

#[test]
fn every_setting_repeats_the_reference() {
    let golden = json(golden_path("cross_validation/plain.json"));
    for (name, expected) in golden.as_object().unwrap() {
        let case = Case::new(expected);
        let lambdas = user_lambdas(name, expected);
        let fit = case
            .cross_validation(lambdas.as_deref())
            .predictions(Predictions::Keep)
            .fit(&case.samples(), &case.folds)
            .unwrap_or_else(|e| panic!("{name}: {e}"));
        compare_case(&fit, expected, name);
        let one_class = Notice::FoldWithoutAuc { repeat: 0, fold: 2 };
        assert_eq!(
            fit.notices.contains(&one_class),
            name == "auc_one_class_fold",
            "{name}: {:?}",
            fit.notices
        );
    }
}

#[test]
fn held_out_predictions_are_those_of_the_reference() {
    let golden = json(golden_path("cross_validation/plain.json"));
    let expected = &golden["constant_without_fold"];
    let case = Case::new(expected);
    let fit = case
        .cross_validation(None)
        .predictions(Predictions::Keep)
        .fit(&case.samples(), &case.folds)
        .unwrap();
    let held_out = &fit.held_out.as_ref().unwrap()[0];
    let mut worst = Worst::default();
    let reference = expected["preval"].as_array().unwrap();
    assert_eq!(reference.len(), fit.path.len());
    for (m, reference) in reference.iter().enumerate() {
        for (i, &reference) in numbers(reference).iter().enumerate() {
            worst.see(held_out.link[m][i], reference, 1.0, || {
                format!("row {i} at lambda {m}")
            });
        }
    }
    worst.at_most(SAME_OPERATIONS, "held-out predictions");
    // The folds' losses average to the curve.
    for m in 0..fit.path.len() {
        let weighted = |w: &f64, l: &Vec<f64>| w * l[m];
        let sum: f64 = held_out
            .fold_weight
            .iter()
            .zip(&held_out.fold_loss)
            .map(|(w, l)| weighted(w, l))
            .sum();
        close(sum / 40.0, fit.mean[m], 1e-12, "mean of the folds' losses");
    }
}

/// `set.seed(s); cv.glmnet(x, y, nfolds = k)` deals its own folds.
#[test]
fn random_folds_are_those_of_the_reference() {
    let golden = json(golden_path("cross_validation/recipes.json"));
    let case = Case::new(&golden);
    for (seed, k, key) in [
        (1, 5, "own_seed1"),
        (42, 6, "own_seed42"),
        (2024, 10, "own_seed2024"),
    ] {
        let folds = Folds::random(case.outcome.len(), k, seed).unwrap();
        let one_based: Vec<usize> = folds.assignment.iter().map(|f| f + 1).collect();
        assert_eq!(one_based, indices(&golden[key]["foldid"]), "{key}");
        let fit = CrossValidation::new(ElasticNet::new().n_lambda(20))
            .fit(&case.samples(), &folds)
            .unwrap();
        compare_curve(&fit, &golden[key], CURVE, key);
        let chosen = [fit.index_minimum + 1, fit.index_one_standard_error + 1];
        assert_eq!(chosen.to_vec(), indices(&golden[key]["index"]), "{key}");
    }
}

#[test]
fn adaptive_recipes_repeat_the_reference() {
    let golden = json(golden_path("cross_validation/recipes.json"));
    let case = Case::new(&golden);
    let adaptive = || AdaptiveLasso::new(CrossValidation::new(ElasticNet::new().n_lambda(20)));
    for (key, settings) in [
        ("adaptive_ridge", adaptive()),
        ("adaptive_ridge_half", adaptive().exponent(0.5)),
        ("adaptive_lasso", adaptive().pilot(Pilot::Lasso)),
        (
            "adaptive_unpenalized",
            adaptive().pilot(Pilot::Unpenalized).exponent(2.0),
        ),
    ] {
        let fit = settings.fit(&case.samples(), &case.folds).unwrap();
        let mut worst = Worst::default();
        for (j, &v) in numbers(&golden[key]["factors"]).iter().enumerate() {
            worst.see(fit.penalty_factors[j], v, 1e-3, || format!("factor {j}"));
        }
        worst.at_most(SAME_OPERATIONS, key);
        compare_curve(&fit.lasso, &golden[key], CURVE, key);
        let chosen = fit.select(LambdaRule::Minimum).unwrap().coefficients;
        compare_coefficients(&chosen, &golden[key]["coef_min"], SAME_OPERATIONS, key);
    }
}

#[test]
fn every_alpha_has_the_curve_of_the_reference() {
    let golden = json(golden_path("cross_validation/recipes.json"));
    let case = Case::new(&golden);
    let expected = golden["alphas"].as_array().unwrap();
    let alphas: Vec<f64> = expected.iter().map(|e| number(&e["alpha"])).collect();
    let search = tune_alpha(
        &CrossValidation::new(ElasticNet::new().n_lambda(20)),
        &alphas,
        &case.samples(),
        std::slice::from_ref(&case.folds),
    )
    .unwrap();
    let mut smallest = (f64::INFINITY, 0);
    for (k, (curve, expected)) in search.curves.iter().zip(expected).enumerate() {
        compare_curve(
            &curve.fit,
            expected,
            CURVE,
            &format!("alpha {}", curve.alpha),
        );
        for loss in numbers(&expected["cvm"]) {
            if loss < smallest.0 {
                smallest = (loss, k);
            }
        }
    }
    assert_eq!(search.index_best, smallest.1);
    assert_eq!(search.best().fit.path.family, Family::Binomial);
}
