//! glmnet: paths and interpolation.

use super::common::{Csv, Worst, golden_path, indices, json, number, numbers, shared_path};
use feature_selection::lasso::{
    Compat, ElasticNet, ElasticNetPath, GaussianAlgorithm, Intercept, LogisticUpdate, Measure,
    PathWarning, Samples, Scaling, StopReason,
};
use feature_selection::{Error, FeatureTable};
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

/// Settings, table and outcome of the runs of `lasso/paths.R`.
struct Varied {
    small: Small,
    /// The small table with copies, multiples and sums of its columns behind.
    copies: FeatureTable,
    /// More columns than rows.
    wide: FeatureTable,
    wide_event: Vec<bool>,
    wide_value: Vec<f64>,
    rare: Vec<bool>,
    separable: Vec<bool>,
}

fn repeated(pattern: &[f64], n: usize) -> Vec<f64> {
    pattern.iter().copied().cycle().take(n).collect()
}

impl Varied {
    fn read() -> Self {
        let small = Small::read();
        let x: Vec<&[f64]> = (0..15).map(|j| small.table.column(j)).collect();
        let each = |f: &dyn Fn(usize) -> f64| (0..120).map(f).collect::<Vec<f64>>();
        let mut columns: Vec<Vec<f64>> = x.iter().map(|c| c.to_vec()).collect();
        columns.extend([
            x[0].to_vec(),
            each(&|i| 2.0 * x[1][i]),
            each(&|i| 1.0 - x[2][i]),
            each(&|i| x[3][i] + x[4][i]),
            x[0].to_vec(),
        ]);
        let table = |columns: &[Vec<f64>]| {
            let shape = (columns[0].len(), columns.len());
            let values = ndarray::Array2::from_shape_fn(shape, |(i, j)| columns[j][i]);
            FeatureTable::new(values.view(), &super::common::names(columns.len())).unwrap()
        };
        let csv = Csv::read(golden_path("radiomics421_subset.csv"));
        let wide: Vec<Vec<f64>> = csv.columns[1..].iter().map(|c| c[..36].to_vec()).collect();
        let third = &wide[2];
        let mean = third.iter().sum::<f64>() / 36.0;
        let sd = (third.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / 35.0).sqrt();
        let wide_value = (0..36)
            .map(|i| third[i] / sd + (i as f64 + 1.0).sin())
            .collect();
        let events: Vec<usize> = (0..120).filter(|&i| small.outcome[i]).collect();
        let rare = [0, 8, 16, 24, 29].map(|k| events[k]);
        Self {
            copies: table(&columns),
            wide_event: csv.columns[0][..36].iter().map(|&y| y == 1.0).collect(),
            wide: table(&wide),
            wide_value,
            rare: (0..120).map(|i| rare.contains(&i)).collect(),
            separable: (0..120).map(|i| x[0][i] + x[1][i] > 0.3).collect(),
            small,
        }
    }

    fn case(&self, name: &str) -> (ElasticNet, Samples<'_>) {
        match name.split_once('_') {
            Some(("bin", kind)) => self.binary_case(kind),
            Some(("gau", kind)) => self.continuous_case(kind),
            _ => panic!("no family for {name}"),
        }
    }

    fn binary_case(&self, kind: &str) -> (ElasticNet, Samples<'_>) {
        let (net, small) = (ElasticNet::new(), self.small.binary());
        let short = net.clone().n_lambda(25);
        let binary = |table, outcome: &[bool]| Samples::binary(table, outcome).unwrap();
        let with_offset = || small.clone().with_offset(self.small.offset()).unwrap();
        let with_weights = |w: &[f64]| small.clone().with_weights(w).unwrap();
        let outcome = &self.small.outcome;
        match kind {
            "dfmax" => (net.df_max(5), small),
            "pmax" => (net.active_max(6), small),
            "mixed_limits" => (mixed_limits(short), small),
            "copies" => (short, binary(&self.copies, outcome)),
            "zero_weights" => (short, with_weights(&some_zero())),
            "net_free" => (short.alpha(0.2).penalty_factors(&some_free()), small),
            "short" => (net.n_lambda(20).lambda_min_ratio(0.1), small),
            "wide" => (short, binary(&self.wide, &self.wide_event)),
            "modified_zero" => {
                let settings = short.logistic_update(LogisticUpdate::ModifiedNewton);
                let samples = with_weights(self.small.weights());
                (settings.intercept(Intercept::Zero), samples)
            }
            "offset_zero" => (short.intercept(Intercept::Zero), with_offset()),
            "excluded" => {
                let mut factors = some_free();
                factors[1] = f64::INFINITY;
                (short.penalty_factors(&factors).exclude(&[3, 6]), small)
            }
            "given_free" => {
                let settings = net.lambdas(&[0.01, 0.1, 0.05, 0.0]);
                (settings.penalty_factors(&some_free()), small)
            }
            "rare" => (short, binary(&self.small.table, &self.rare)),
            "separable" => (net, binary(&self.small.table, &self.separable)),
            "out_of_passes" => (net.max_passes(60), small),
            other => panic!("no settings for bin_{other}"),
        }
    }

    fn continuous_case(&self, kind: &str) -> (ElasticNet, Samples<'_>) {
        let small = self.small.continuous();
        let short = ElasticNet::new().n_lambda(25);
        let by = |net: ElasticNet, algorithm| net.gaussian_algorithm(algorithm);
        let (covariance, naive) = (GaussianAlgorithm::Covariance, GaussianAlgorithm::Naive);
        let continuous = |table, outcome: &[f64]| Samples::continuous(table, outcome).unwrap();
        let copies = || continuous(&self.copies, self.small.csv.column("yc"));
        match kind {
            "pmax" => (by(ElasticNet::new().active_max(4), naive), small),
            "mixed_limits" => (mixed_limits(short), small),
            "copies" => (by(short, covariance), copies()),
            "copies_naive" => (by(short, naive), copies()),
            "zero_weights" => (short, small.with_weights(&some_zero()).unwrap()),
            "net_free" => {
                let settings = short.alpha(0.2).penalty_factors(&some_free());
                (by(settings, naive), small)
            }
            "as_given" => (short.scaling(Scaling::AsGiven), small),
            "ridge_offset" => {
                let samples = small.with_offset(self.small.offset()).unwrap();
                (short.alpha(0.0), samples)
            }
            "wide" => (short, continuous(&self.wide, &self.wide_value)),
            other => panic!("no settings for gau_{other}"),
        }
    }
}

/// Weights, some of them 0, for the rows of the small table.
fn some_zero() -> Vec<f64> {
    repeated(&[1.0, 0.0, 2.0, 1.0, 1.0, 0.5], 120)
}

/// Penalty factors, some of them 0, for its columns.
fn some_free() -> Vec<f64> {
    repeated(&[0.0, 1.0, 1.0, 2.0, 0.5], 15)
}

/// Limits of several kinds for its columns.
fn mixed_limits(net: ElasticNet) -> ElasticNet {
    let lower = repeated(&[f64::NEG_INFINITY, -0.1, 0.0], 15);
    let upper = repeated(&[0.0, 0.2, f64::INFINITY], 15);
    net.lower_limits(&lower).upper_limits(&upper)
}

#[test]
fn varied_settings_repeat_every_operation() {
    let (varied, golden) = (Varied::read(), json(golden_path("lasso/paths.json")));
    let runs = golden.as_object().unwrap();
    for (name, run) in runs.iter().filter(|(_, run)| run["default"].is_object()) {
        let (settings, samples) = varied.case(name);
        let path = settings
            .fit(&samples)
            .unwrap_or_else(|e| panic!("{name}: {e}"));
        let expected = &run["default"];
        assert_eq!(path.df, indices(&expected["df"]), "{name}: sizes");
        let passes = indices(&expected["npasses"])[0];
        assert_eq!(path.n_passes, passes, "{name}: passes");
        compare(&path, expected, name).at_most(SAME_OPERATIONS, name);
    }
}

#[test]
fn varied_exact_paths_meet_the_converged_reference() {
    let (varied, golden) = (Varied::read(), json(golden_path("lasso/paths.json")));
    let runs = golden.as_object().unwrap();
    for (name, run) in runs.iter().filter(|(_, run)| run["converged"].is_object()) {
        let (settings, samples) = varied.case(name);
        let path = settings.compat(Compat::Exact).fit(&samples).unwrap();
        compare(&path, &run["converged"], name).at_most(TIGHT, name);
    }
}

#[test]
fn the_end_of_a_path_is_named() {
    let varied = Varied::read();
    let stopped = |name| {
        let (settings, samples) = varied.case(name);
        settings.fit(&samples).unwrap()
    };
    for (name, reason) in [
        ("bin_dfmax", StopReason::TooManyNonzero),
        ("bin_pmax", StopReason::TooManyActive),
        ("gau_pmax", StopReason::TooManyActive),
        ("bin_out_of_passes", StopReason::OutOfPasses),
        ("bin_short", StopReason::EndOfSequence),
        ("bin_separable", StopReason::Saturated),
    ] {
        let path = stopped(name);
        assert_eq!(path.stopped, reason, "{name}");
        let early = path
            .warnings
            .iter()
            .any(|w| matches!(w, PathWarning::EndedEarly { fitted, .. } if *fitted == path.len()));
        assert_eq!(early, reason != StopReason::EndOfSequence, "{name}");
    }
    assert!(
        stopped("bin_rare")
            .warnings
            .contains(&PathWarning::FewInClass {
                event: true,
                rows: 5
            })
    );
}

/// Lambdas far above the entry take one pass each. By glmnet 4.1-6 with `maxit = 10` the passes run out before the twelfth on any data,
/// but for stored inner products, where sweeps without a change are not held against the limit.
#[test]
fn passes_are_counted_where_nothing_moves() {
    let small = Small::read();
    let lambdas: Vec<f64> = (0..30).map(|m| f64::from(1000 - m)).collect();
    let net = ElasticNet::new().lambdas(&lambdas).max_passes(10);
    let naive = GaussianAlgorithm::Naive;
    for (net, samples) in [
        (net.clone(), small.binary()),
        (net.clone().intercept(Intercept::Zero), small.binary()),
        (net.clone().gaussian_algorithm(naive), small.continuous()),
    ] {
        match net.fit(&samples) {
            Err(Error::NotConverged { partial, .. }) => {
                assert_eq!((partial.len(), partial.n_passes), (11, 11));
            }
            other => panic!("{other:?}"),
        }
    }
    let stored = net.gaussian_algorithm(GaussianAlgorithm::Covariance);
    let path = stored.fit(&small.continuous()).unwrap();
    assert_eq!((path.len(), path.n_passes), (30, 30));
}

#[test]
fn losses_of_a_path_agree() {
    let (small, golden) = (Small::read(), json(golden_path("lasso/paths.json")));
    let path = ElasticNet::new().n_lambda(25).fit(&small.binary()).unwrap();
    let samples = small.binary().with_weights(small.weights()).unwrap();
    for (key, measure) in [
        ("deviance", Measure::Deviance),
        ("class", Measure::Misclassification),
        ("auc", Measure::Auc),
        ("mse", Measure::SquaredError),
        ("mae", Measure::AbsoluteError),
    ] {
        let found = path.assess(&samples, measure).unwrap();
        let expected = numbers(&golden["assess"][key]);
        assert_eq!(found.len(), expected.len(), "{key}");
        let mut worst = Worst::default();
        for (m, (&found, &expected)) in found.iter().zip(&expected).enumerate() {
            worst.see(found, expected, 1e-3, || format!("{key} at {m}"));
        }
        worst.at_most(1e-10, key);
    }
}

#[test]
fn inserted_lambdas_are_fitted_and_not_interpolated() {
    let (small, golden) = (Small::read(), json(golden_path("lasso/paths.json")));
    let (settings, samples) = (ElasticNet::new().n_lambda(25), small.binary());
    let path = settings.fit(&samples).unwrap();
    let s = numbers(&golden["refit"]["s"]);
    let refit = settings.refit_at(&samples, &path, &s).unwrap();
    let mut worst = Worst::default();
    for (k, &lambda) in s.iter().enumerate() {
        let model = refit.coefficients_at(lambda).unwrap();
        let expected = numbers(&golden["refit"]["coef"][k]);
        worst.see(model.intercept, expected[0], 1.0, || {
            format!("intercept at {lambda}")
        });
        for (j, &b) in model.beta.iter().enumerate() {
            worst.see(b, expected[j + 1], 1e-3, || {
                format!("column {j} at {lambda}")
            });
        }
    }
    worst.at_most(SAME_OPERATIONS, "inserted lambdas");
}
