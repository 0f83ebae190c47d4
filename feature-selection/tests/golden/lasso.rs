//! glmnet: paths and interpolation.

use super::common::{Csv, Worst, golden_path, indices, json, number, numbers, shared_path};
use feature_selection::FeatureTable;
use feature_selection::lasso::{
    Compat, ElasticNet, ElasticNetPath, GaussianAlgorithm, Intercept, LogisticUpdate, Samples,
    Scaling,
};
use serde_json::Value;

/// Same order of operations: only rounding differs.
const SAME_OPERATIONS: f64 = 1e-9;
/// The exact minimizer against descent to 1e-14.
const TIGHT: f64 = 1e-8;

struct Small {
    csv: Csv,
    table: FeatureTable,
    outcome: Vec<bool>,
}

impl Small {
    fn read() -> Self {
        let csv = Csv::read(golden_path("small120.csv"));
        let (table, outcome) = (csv.table(5), csv.outcome("yb"));
        Self {
            csv,
            table,
            outcome,
        }
    }

    fn binary(&self) -> Samples<'_> {
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

/// Settings and samples of one reference run.
fn case<'a>(small: &'a Small, name: &str) -> (ElasticNet, Samples<'a>) {
    let net = ElasticNet::new();
    let (b, g) = (small.binary(), small.continuous());
    let factors = [
        0.0, 1.0, 1.0, 2.0, 1.0, 1.0, 1.0, 1.0, 0.5, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0,
    ];
    let p = 15;
    match name {
        "bin_default" => (net, b),
        "bin_alpha05" => (net.alpha(0.5), b),
        "bin_ridge" => (net.alpha(0.0), b),
        "bin_nostd" => (net.scaling(Scaling::AsGiven), b),
        "bin_nointercept" => (net.intercept(Intercept::Zero), b),
        "bin_weights" => (net, b.with_weights(small.weights()).unwrap()),
        "bin_offset" => (net, b.with_offset(small.offset()).unwrap()),
        "bin_pf" => (net.penalty_factors(&factors), b),
        "bin_exclude" => (net.exclude(&[0, 2]), b),
        "bin_limits" => (
            net.lower_limits(&vec![-0.2; p]).upper_limits(&vec![0.3; p]),
            b,
        ),
        "bin_nonneg" => (net.lower_limits(&vec![0.0; p]), b),
        "bin_modnewton" => (net.logistic_update(LogisticUpdate::ModifiedNewton), b),
        "bin_userlambda" => (net.lambdas(&[0.2, 0.1, 0.05, 0.01, 0.001]), b),
        "bin_lambda0" => (net.lambdas(&[0.1, 0.01, 0.0]), b),
        "gau_cov" => (net.gaussian_algorithm(GaussianAlgorithm::Covariance), g),
        "gau_naive" => (net.gaussian_algorithm(GaussianAlgorithm::Naive), g),
        "gau_alpha05_w" => (net.alpha(0.5), g.with_weights(small.weights()).unwrap()),
        "gau_offset" => (net, g.with_offset(small.offset()).unwrap()),
        "gau_ridge" => (net.alpha(0.0), g),
        "gau_nointercept" => (net.intercept(Intercept::Zero), g),
        other => panic!("no settings for {other}"),
    }
}

/// Largest deviations of a path from its reference: lambda, deviance ratio, and coefficients relative to the largest of their model.
fn compare(path: &ElasticNetPath, expected: &Value, what: &str) -> Worst {
    let lambda = numbers(&expected["lambda"]);
    assert_eq!(path.len(), lambda.len(), "{what}: number of lambdas");
    let mut worst = Worst::default();
    worst.see(
        path.null_deviance,
        number(&expected["nulldev"]),
        1e-12,
        || format!("{what} null deviance"),
    );
    let (a0, dev) = (numbers(&expected["a0"]), numbers(&expected["dev_ratio"]));
    for m in 0..lambda.len() {
        worst.see(path.lambda[m], lambda[m], 1e-12, || {
            format!("{what} lambda {m}")
        });
        worst.see(path.dev_ratio[m], dev[m], 1.0, || {
            format!("{what} deviance ratio {m}")
        });
        worst.see(path.intercept[m], a0[m], 1.0, || {
            format!("{what} intercept {m}")
        });
        let (index, value) = (
            indices(&expected["beta"][m]["idx"]),
            numbers(&expected["beta"][m]["val"]),
        );
        let mut dense = vec![0.0; path.names.len()];
        for (&j, &b) in index.iter().zip(&value) {
            dense[j] = b;
        }
        let found = path.coefficients_at(path.lambda[m]).unwrap().beta;
        for j in 0..dense.len() {
            worst.see(found[j], dense[j], 1e-3, || {
                format!("{what} lambda {m} column {j}")
            });
        }
    }
    worst
}

#[test]
fn default_paths_repeat_every_operation() {
    let (small, golden) = (Small::read(), json(golden_path("glmnet_small120.json")));
    for (name, expected) in golden.as_object().unwrap() {
        let (settings, samples) = case(&small, name);
        let path = settings
            .fit(&samples)
            .unwrap_or_else(|e| panic!("{name}: {e}"));
        let expected = &expected["thresh1e7"];
        assert_eq!(path.df, indices(&expected["df"]), "{name}: sizes");
        assert_eq!(
            path.n_passes,
            indices(&expected["npasses"])[0],
            "{name}: passes"
        );
        compare(&path, expected, name).at_most(SAME_OPERATIONS, name);
    }
}

#[test]
fn tight_paths_repeat_every_operation() {
    let (small, golden) = (Small::read(), json(golden_path("glmnet_small120.json")));
    for (name, expected) in golden.as_object().unwrap() {
        let (settings, samples) = case(&small, name);
        let path = settings
            .threshold(1e-14)
            .max_passes(10_000_000)
            .fit(&samples)
            .unwrap();
        compare(&path, &expected["thresh1e14"], name).at_most(TIGHT, name);
    }
}

/// `thresh = 1e-14` still stops early where columns correlate, so the exact solution is compared with a reference run
/// until nothing moves.
#[test]
fn exact_paths_meet_the_converged_reference() {
    let (small, golden) = (
        Small::read(),
        json(golden_path("glmnet_small120_converged.json")),
    );
    for (name, expected) in golden.as_object().unwrap() {
        let (settings, samples) = case(&small, name);
        let path = settings
            .compat(Compat::Exact)
            .fit(&samples)
            .unwrap_or_else(|e| panic!("{name}: {e}"));
        compare(&path, expected, name).at_most(TIGHT, name);
    }
}

#[test]
fn coefficients_between_lambdas_are_interpolated() {
    let (small, golden) = (
        Small::read(),
        json(golden_path("glmnet_predict_interp_small120.json")),
    );
    let path = ElasticNet::new().fit(&small.binary()).unwrap();
    let mut worst = Worst::default();
    for (k, &s) in numbers(&golden["s"]).iter().enumerate() {
        let coefficients = path.coefficients_at(s).unwrap();
        let reference = numbers(&golden["coef"][k]);
        worst.see(coefficients.intercept, reference[0], 1.0, || {
            format!("intercept at {s}")
        });
        for (j, &b) in coefficients.beta.iter().enumerate() {
            worst.see(b, reference[j + 1], 1e-3, || format!("column {j} at {s}"));
        }
        let link = path.predict_link(&small.table, s).unwrap();
        for (i, &reference) in numbers(&golden["link"][k]).iter().enumerate() {
            worst.see(link[i], reference, 1.0, || format!("row {i} at {s}"));
        }
    }
    worst.at_most(SAME_OPERATIONS, "interpolation");
}

/// The full radiomics table, if it is at hand.
fn radiomics() -> Option<(FeatureTable, Vec<bool>)> {
    let csv = Csv::read(shared_path("data/radiomics421.csv")?);
    Some((csv.table(1), csv.outcome("y")))
}

#[test]
fn radiomics_paths_agree() {
    let Some((table, outcome)) = radiomics() else {
        return;
    };
    let golden = json(shared_path("glmnet_radiomics421.json").expect("beside its data"));
    let samples = Samples::binary(&table, &outcome).unwrap();
    let path = ElasticNet::new().fit(&samples).unwrap();
    assert_eq!(path.df, indices(&golden["default"]["df"]));
    assert_eq!(path.n_passes, indices(&golden["default"]["npasses"])[0]);
    compare(&path, &golden["default"], "radiomics default")
        .at_most(SAME_OPERATIONS, "radiomics default");
    let tight = ElasticNet::new()
        .threshold(1e-14)
        .max_passes(10_000_000)
        .fit(&samples)
        .unwrap();
    compare(&tight, &golden["tight"], "radiomics tight").at_most(TIGHT, "radiomics tight");
    let exact = ElasticNet::new()
        .compat(Compat::Exact)
        .fit(&samples)
        .unwrap();
    assert_eq!(exact.df, indices(&golden["tight"]["df"]));
    let y: Vec<f64> = outcome.iter().map(|&y| f64::from(u8::from(y))).collect();
    let gaussian = ElasticNet::new()
        .fit(&Samples::continuous(&table, &y).unwrap())
        .unwrap();
    assert_eq!(
        gaussian.n_passes,
        indices(&golden["gaussian_naive"]["npasses"])[0]
    );
    compare(&gaussian, &golden["gaussian_naive"], "radiomics gaussian")
        .at_most(SAME_OPERATIONS, "radiomics gaussian");
}
