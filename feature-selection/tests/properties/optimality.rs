//! The conditions that characterize the minimizer, checked from the published coefficients alone.

use super::common::Noise;
use feature_selection::FeatureTable;
use feature_selection::lasso::{Compat, ElasticNet, ElasticNetPath, Samples};
use proptest::prelude::*;

/// Largest violation over all models of a logistic path, gradients on the standardized scale.
fn violation(path: &ElasticNetPath, table: &FeatureTable, outcome: &[bool], alpha: f64) -> f64 {
    let n = outcome.len() as f64;
    let mut worst: f64 = 0.0;
    for m in 0..path.len() {
        let model = path.coefficients_at(path.lambda[m]).unwrap();
        let residual: Vec<f64> = model
            .link(table)
            .iter()
            .zip(outcome)
            .map(|(eta, &y)| f64::from(u8::from(y)) - 1.0 / (1.0 + (-eta).exp()))
            .collect();
        worst = worst.max((residual.iter().sum::<f64>() / n).abs());
        for j in 0..table.n_columns() {
            let x = table.column(j);
            let mean = x.iter().sum::<f64>() / n;
            let sd = (x.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt();
            let b = model.beta[j] * sd;
            let gradient = x
                .iter()
                .zip(&residual)
                .map(|(v, r)| (v - mean) / sd * r)
                .sum::<f64>()
                / n
                - path.lambda[m] * (1.0 - alpha) * b;
            let bound = path.lambda[m] * alpha;
            worst = worst.max(if b == 0.0 {
                gradient.abs() - bound
            } else {
                (gradient - bound * b.signum()).abs()
            });
        }
    }
    worst
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn exact_paths_are_optimal(seed in 0u64..1000, p in 3usize..60, alpha in prop_oneof![Just(1.0), Just(0.5), Just(0.0)]) {
        let mut noise = Noise::new(seed);
        let table = noise.table(40, p);
        let outcome = noise.outcome(40, 0.4);
        let samples = Samples::binary(&table, &outcome).unwrap();
        let path = ElasticNet::new().alpha(alpha).n_lambda(30).lambda_min_ratio(0.05).compat(Compat::Exact).fit(&samples).unwrap();
        // The first lambda is the limit of the sequence, not the lambda fitted, where ridge never reaches 0.
        let skip_first = alpha == 0.0;
        let mut checked = path.clone();
        if skip_first {
            checked.lambda.remove(0);
            checked.intercept.remove(0);
            checked.beta.remove(0);
        }
        prop_assert!(violation(&checked, &table, &outcome, alpha) < 1e-10);
    }

    #[test]
    fn nothing_enters_at_the_first_lambda_and_something_below(seed in 0u64..1000) {
        let mut noise = Noise::new(seed);
        let table = noise.table(50, 20);
        let outcome = noise.outcome(50, 0.5);
        let samples = Samples::binary(&table, &outcome).unwrap();
        let first = ElasticNet::new().fit(&samples).unwrap().lambda[0];
        let two = ElasticNet::new().lambdas(&[first * (1.0 + 1e-9), first * 0.99]).compat(Compat::Exact).fit(&samples).unwrap();
        prop_assert_eq!(two.df[0], 0);
        prop_assert!(two.df[1] > 0);
    }
}

#[test]
fn default_paths_are_nearly_optimal() {
    let mut noise = Noise::new(7);
    let (table, outcome) = (noise.table(80, 200), noise.outcome(80, 0.3));
    let path = ElasticNet::new()
        .fit(&Samples::binary(&table, &outcome).unwrap())
        .unwrap();
    let worst = violation(&path, &table, &outcome, 1.0);
    assert!(worst > 1e-10 && worst < 1e-3, "{worst}");
}

#[test]
fn gaussian_exact_and_default_find_the_least_squares_line() {
    // One column and almost no penalty: slope and intercept of the line through the points.
    let values = ndarray::array![[1.0], [2.0], [3.0], [4.0]];
    let table = FeatureTable::new(values.view(), &["x".to_owned()]).unwrap();
    let samples = Samples::continuous(&table, &[3.0, 5.0, 7.0, 9.5]).unwrap();
    for compat in [Compat::Exact, Compat::Glmnet] {
        let path = ElasticNet::new()
            .lambdas(&[1e-12])
            .compat(compat)
            .fit(&samples)
            .unwrap();
        assert!((path.beta[0].value[0] - 2.15).abs() < 1e-9);
        assert!((path.intercept[0] - 0.75).abs() < 1e-9);
    }
}

#[test]
fn a_path_without_any_gradient_is_a_path_of_zeros() {
    // The column is as large among events as among the others: no penalty is small enough to let it in.
    let values = ndarray::array![[1.0], [2.0], [1.5], [2.5], [2.0], [1.5], [1.5], [2.0]];
    let table = FeatureTable::new(values.view(), &["x".to_owned()]).unwrap();
    let outcome = [true, false, false, true, true, false, true, false];
    let samples = Samples::binary(&table, &outcome).unwrap();
    let path = ElasticNet::new().fit(&samples).unwrap();
    assert!(path.lambda.iter().all(|l| l.is_finite()));
    assert!(path.df.iter().all(|&df| df == 0));
    let model = path.coefficients_at(0.1).unwrap();
    assert_eq!((model.beta[0], model.intercept), (0.0, 0.0));
}
