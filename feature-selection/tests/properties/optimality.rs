//! The conditions that characterize the minimizer, checked from the published coefficients alone.

use super::common::{Noise, names};
use feature_selection::FeatureTable;
use feature_selection::lasso::{
    Compat, ElasticNet, ElasticNetPath, Family, Intercept, Samples, StopReason,
};
use proptest::prelude::*;

/// A problem written out once more, apart from the crate's own standardization.
struct Problem {
    table: FeatureTable,
    /// Events as 0 and 1, or values.
    y: Vec<f64>,
    family: Family,
    weights: Vec<f64>,
    offset: Vec<f64>,
    factors: Vec<f64>,
    lower: Vec<f64>,
    upper: Vec<f64>,
    alpha: f64,
    intercept: Intercept,
}

impl Problem {
    /// A plain problem of the given family.
    fn new(table: FeatureTable, y: Vec<f64>, family: Family) -> Self {
        let (n, p) = (table.n_rows(), table.n_columns());
        Self {
            table,
            y,
            family,
            weights: vec![1.0; n],
            offset: vec![0.0; n],
            factors: vec![1.0; p],
            lower: vec![f64::NEG_INFINITY; p],
            upper: vec![f64::INFINITY; p],
            alpha: 1.0,
            intercept: Intercept::Fitted,
        }
    }

    fn binary(table: FeatureTable, outcome: &[bool]) -> Self {
        let y = outcome.iter().map(|&y| f64::from(u8::from(y))).collect();
        Self::new(table, y, Family::Binomial)
    }

    fn settings(&self) -> ElasticNet {
        ElasticNet::new()
            .alpha(self.alpha)
            .intercept(self.intercept)
            .penalty_factors(&self.factors)
            .lower_limits(&self.lower)
            .upper_limits(&self.upper)
            .compat(Compat::Exact)
    }

    fn samples(&self) -> Samples<'_> {
        let samples = match self.family {
            Family::Binomial => {
                let events: Vec<bool> = self.y.iter().map(|&y| y > 0.5).collect();
                Samples::binary(&self.table, &events)
            }
            _ => Samples::continuous(&self.table, &self.y),
        };
        let samples = samples.unwrap().with_weights(&self.weights).unwrap();
        samples.with_offset(&self.offset).unwrap()
    }

    /// Largest violation of the optimality conditions over the models from `first` on, on the standardized scale and in units of the
    /// columns' norms.
    fn violation(&self, path: &ElasticNetPath, first: usize) -> f64 {
        let total: f64 = self.weights.iter().sum();
        let w: Vec<f64> = self.weights.iter().map(|w| w / total).collect();
        let mean = |v: &dyn Fn(usize) -> f64| (0..w.len()).map(|i| w[i] * v(i)).sum::<f64>();
        let centered = self.intercept == Intercept::Fitted;
        let unit = match self.family {
            Family::Binomial => 1.0,
            _ => {
                let y = |i: usize| self.y[i] - self.offset[i];
                let m = if centered { mean(&y) } else { 0.0 };
                mean(&|i| (y(i) - m).powi(2)).sqrt()
            }
        };
        let scale = self.factors.len() as f64 / self.factors.iter().sum::<f64>();
        let mut worst: f64 = 0.0;
        for m in first..path.len() {
            let model = path.coefficients_at(path.lambda[m]).unwrap();
            let eta = model.link(&self.table);
            let residual: Vec<f64> = (0..w.len())
                .map(|i| (self.y[i] - self.family.mean(eta[i] + self.offset[i])) / unit)
                .collect();
            if centered {
                worst = worst.max(mean(&|i| residual[i]).abs());
            }
            for j in 0..self.table.n_columns() {
                let x = self.table.column(j);
                let middle = mean(&|i| x[i]);
                let center = if centered { middle } else { 0.0 };
                let sd = mean(&|i| (x[i] - middle).powi(2)).sqrt();
                let norm = mean(&|i| (x[i] - center).powi(2)).sqrt() / sd;
                let b = model.beta[j] * sd / unit;
                let lambda = path.lambda[m] / unit * self.factors[j] * scale;
                let slope =
                    mean(&|i| (x[i] - center) / sd * residual[i]) - lambda * (1.0 - self.alpha) * b;
                let bound = lambda * self.alpha;
                let (up, down) = match b {
                    b if b > 0.0 => (slope - bound, bound - slope),
                    b if b < 0.0 => (slope + bound, -bound - slope),
                    _ => (slope - bound, -slope - bound),
                };
                // Rounding of the published coefficient is all that separates it from the limit.
                let at = |limit: f64| (model.beta[j] - limit).abs() <= 1e-12 * limit.abs();
                if !at(self.upper[j]) {
                    worst = worst.max(up / norm);
                }
                if !at(self.lower[j]) {
                    worst = worst.max(down / norm);
                }
            }
        }
        worst
    }
}

/// A table whose columns are often copies, multiples or sums of others.
fn collinear(noise: &mut Noise, n: usize, p: usize) -> FeatureTable {
    let mut values = noise.table(n, p).to_array();
    for j in 1..p {
        let (source, kind) = ((noise.uniform() * j as f64) as usize, noise.uniform());
        for i in 0..n {
            values[[i, j]] = match kind {
                k if k < 0.15 => values[[i, source]],
                k if k < 0.3 => 3.0 - 2.0 * values[[i, source]],
                k if k < 0.4 => values[[i, source]] + values[[i, 0]],
                _ => values[[i, j]],
            };
        }
    }
    FeatureTable::new(values.view(), &names(p)).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn exact_paths_are_optimal(seed in 0u64..1000, p in 3usize..60, alpha in prop_oneof![Just(1.0), Just(0.5), Just(0.0)]) {
        let mut noise = Noise::new(seed);
        let table = noise.table(40, p);
        let outcome = noise.outcome(40, 0.4);
        let samples = Samples::binary(&table, &outcome).unwrap();
        let path = ElasticNet::new().alpha(alpha).n_lambda(30).lambda_min_ratio(0.05).compat(Compat::Exact).fit(&samples).unwrap();
        // The first lambda is the limit of the sequence, not the lambda fitted, where ridge never reaches 0.
        let mut problem = Problem::binary(table.clone(), &outcome);
        problem.alpha = alpha;
        prop_assert!(problem.violation(&path, usize::from(alpha == 0.0)) < 1e-10);
    }

    #[test]
    fn exact_paths_are_optimal_whatever_the_settings(
        seed in 0u64..10_000,
        shape in prop_oneof![Just((60, 12)), Just((25, 90)), Just((40, 40))],
        binary in any::<bool>(),
        alpha in prop_oneof![3 => Just(1.0), 1 => Just(0.3), 1 => Just(0.0)],
        intercept in prop_oneof![Just(Intercept::Fitted), Just(Intercept::Zero)],
        extras in any::<[bool; 4]>(),
    ) {
        let ((n, p), mut noise) = (shape, Noise::new(seed));
        let table = collinear(&mut noise, n, p);
        let mut problem = if binary {
            let outcome = noise.outcome(n, 0.4);
            Problem::binary(table, &outcome)
        } else {
            let y = (0..n).map(|i| table.column(0)[i] - table.column(1)[i] + noise.normal()).collect();
            Problem::new(table, y, Family::Gaussian)
        };
        (problem.alpha, problem.intercept) = (alpha, intercept);
        let [weights, offset, factors, limits] = extras;
        for i in 0..n {
            if weights { problem.weights[i] = 0.2 + noise.uniform(); }
            if offset { problem.offset[i] = noise.normal() / 2.0; }
        }
        for j in 0..p {
            // One column without penalty, so that no data are separated by such columns alone.
            if factors { problem.factors[j] = if j == 2 { 0.0 } else { 0.3 + noise.uniform() }; }
            if limits { (problem.lower[j], problem.upper[j]) = if j % 2 == 0 { (0.0, 0.4) } else { (-0.2, f64::INFINITY) }; }
        }
        let settings = problem.settings().n_lambda(25).lambda_min_ratio(0.03);
        let path = settings.fit(&problem.samples()).unwrap();
        prop_assert!(path.len() >= 2);
        let worst = problem.violation(&path, 1);
        prop_assert!(worst < 1e-10, "{worst:e}");
    }

    /// Without an intercept columns keep their means, which may be a million times their spread.
    #[test]
    fn exact_paths_are_optimal_far_from_zero(seed in 0u64..1000, binary in any::<bool>(), alpha in prop_oneof![Just(1.0), Just(0.4)]) {
        let (n, p, mut noise) = (40, 12, Noise::new(seed));
        let mut values = noise.table(n, p).to_array();
        for j in 0..p {
            let mean = [0.0, 1e3, 1e6, -1e6][j % 4];
            values.column_mut(j).mapv_inplace(|v| v + mean);
        }
        let table = FeatureTable::new(values.view(), &names(p)).unwrap();
        let mut problem = if binary {
            let outcome = noise.outcome(n, 0.4);
            Problem::binary(table, &outcome)
        } else {
            let y = (0..n).map(|_| noise.normal()).collect();
            Problem::new(table, y, Family::Gaussian)
        };
        (problem.alpha, problem.intercept) = (alpha, Intercept::Zero);
        let settings = problem.settings().n_lambda(10).lambda_min_ratio(0.1);
        let path = settings.fit(&problem.samples()).unwrap();
        prop_assert!(path.len() >= 2);
        let worst = problem.violation(&path, 1);
        prop_assert!(worst < 1e-10, "{worst:e}");
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
    let worst = Problem::binary(table, &outcome).violation(&path, 0);
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

/// Two ways down to the same lambda: step by step and at once.
#[test]
fn the_exact_solution_does_not_depend_on_the_way_there() {
    let mut noise = Noise::new(31);
    let (table, outcome) = (noise.table(50, 120), noise.outcome(50, 0.4));
    let samples = Samples::binary(&table, &outcome).unwrap();
    let settings = ElasticNet::new().compat(Compat::Exact);
    let path = settings.fit(&samples).unwrap();
    for m in [10, 40, path.len() - 1] {
        let lambda = path.lambda[m];
        let alone = settings.clone().lambdas(&[lambda]).fit(&samples).unwrap();
        assert_eq!(
            alone.beta[0].index, path.beta[m].index,
            "support at {lambda}"
        );
        for (a, b) in alone.beta[0].value.iter().zip(&path.beta[m].value) {
            assert!(
                (a - b).abs() < 1e-8 * b.abs().max(1.0),
                "{a} {b} at {lambda}"
            );
        }
    }
}

#[test]
fn separable_data_end_the_path_and_say_so() {
    let mut noise = Noise::new(5);
    let table = noise.table(40, 10);
    let outcome: Vec<bool> = table.column(0).iter().map(|&x| x > 0.0).collect();
    let samples = Samples::binary(&table, &outcome).unwrap();
    for compat in [Compat::Glmnet, Compat::Exact] {
        let path = ElasticNet::new().compat(compat).fit(&samples).unwrap();
        assert!(path.len() < 100 && path.dev_ratio[path.len() - 1] > 0.99);
        assert_ne!(path.stopped, StopReason::EndOfSequence);
        assert!(!path.warnings.is_empty());
        assert!(path.intercept.iter().all(|b| b.is_finite()));
    }
}

/// So many columns that the exact solver steps by rows instead of a stored matrix.
#[test]
fn very_wide_ridge_paths_are_optimal() {
    let mut noise = Noise::new(9);
    let (table, outcome) = (noise.table(12, 2_100), noise.outcome(12, 0.5));
    let mut problem = Problem::binary(table, &outcome);
    problem.alpha = 0.0;
    let settings = problem.settings().n_lambda(4);
    let path = settings.fit(&problem.samples()).unwrap();
    assert_eq!(path.len(), 4);
    let worst = problem.violation(&path, 1);
    assert!(worst < 1e-10, "{worst:e}");
}
