//! Cross-validation, relaxed and adaptive LASSO: what must not change, what must be refused, chance level on noise.

use super::common::{Noise, names};
use eval_stats::folds::Folds;
use feature_selection::lasso::{
    AdaptiveLasso, Compat, CrossValidation, CrossValidationFit, ElasticNet, Estimator,
    EstimatorFit, Grouping, LambdaRule, Measure, Notice, PilotRows, PilotScale, Predictions,
    RefitStart, RefitStatus, Relaxation, RelaxedLasso, Samples, tune_alpha,
};
use feature_selection::{Error, FeatureTable};
use ndarray::Array2;
use proptest::prelude::*;

/// A table whose first two columns carry signal.
fn informative(seed: u64, n: usize, p: usize) -> (Array2<f64>, Vec<bool>) {
    let mut noise = Noise::new(seed);
    let x = Array2::from_shape_fn((n, p), |_| noise.normal());
    let mut outcome: Vec<bool> = x
        .rows()
        .into_iter()
        .map(|r| r[0] - r[1] + 1.2 * noise.normal() > 0.0)
        .collect();
    (outcome[0], outcome[1], outcome[2], outcome[3]) = (true, false, true, false);
    (x, outcome)
}

fn table(x: &Array2<f64>) -> FeatureTable {
    FeatureTable::new(x.view(), &names(x.ncols())).unwrap()
}

fn stratified(outcome: &[bool]) -> Folds {
    Folds::stratified(outcome, 4, 3).unwrap()
}

fn exact() -> CrossValidation {
    CrossValidation::new(
        ElasticNet::new()
            .n_lambda(20)
            .lambda_min_ratio(0.05)
            .compat(Compat::Exact),
    )
}

fn plain() -> CrossValidation {
    CrossValidation::new(ElasticNet::new().n_lambda(30))
}

fn close(a: &[f64], b: &[f64], tolerance: f64) -> bool {
    a.len() == b.len()
        && a.iter()
            .zip(b)
            .all(|(a, b)| (a - b).abs() <= tolerance * b.abs().max(1e-3))
}

fn same_curve(a: &CrossValidationFit, b: &CrossValidationFit, tolerance: f64) -> bool {
    close(&a.mean, &b.mean, tolerance)
        && close(&a.standard_error, &b.standard_error, tolerance)
        && a.index_minimum == b.index_minimum
        && a.index_one_standard_error == b.index_one_standard_error
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn units_and_origins_of_the_columns_do_not_matter(seed in 0u64..1000) {
        let (x, outcome) = informative(seed, 60, 6);
        let folds = stratified(&outcome);
        let moved = Array2::from_shape_fn(x.dim(), |(i, j)| 3.0 * (j + 1) as f64 + x[[i, j]] * 4f64.powi(j as i32 - 2));
        let fit = |x: &Array2<f64>| exact().fit(&Samples::binary(&table(x), &outcome).unwrap(), &folds).unwrap();
        prop_assert!(same_curve(&fit(&moved), &fit(&x), 1e-7));
    }

    #[test]
    fn a_weight_is_a_number_of_repeats(seed in 0u64..1000) {
        let (x, outcome) = informative(seed, 40, 4);
        let folds = stratified(&outcome);
        let times: Vec<usize> = (0..40).map(|i| 1 + i % 3).collect();
        let rows: Vec<usize> = (0..40).flat_map(|i| std::iter::repeat_n(i, times[i])).collect();
        let weights: Vec<f64> = times.iter().map(|&t| t as f64).collect();
        let repeated = x.select(ndarray::Axis(0), &rows);
        let repeated_outcome: Vec<bool> = rows.iter().map(|&i| outcome[i]).collect();
        let assignment = rows.iter().map(|&i| folds.assignment[i]).collect();
        let repeated_folds = Folds::from_assignment(assignment, 4, rows.len()).unwrap();
        for measure in [Measure::Deviance, Measure::Auc, Measure::SquaredError] {
            let cv = exact().measure(measure);
            let weighted = cv.fit(&Samples::binary(&table(&x), &outcome).unwrap().with_weights(&weights).unwrap(), &folds).unwrap();
            let long = cv.fit(&Samples::binary(&table(&repeated), &repeated_outcome).unwrap(), &repeated_folds).unwrap();
            prop_assert!(same_curve(&weighted, &long, 1e-7), "{measure:?}");
        }
    }

    #[test]
    fn numbering_of_the_folds_does_not_matter(seed in 0u64..1000) {
        let (x, outcome) = informative(seed, 60, 6);
        let (t, folds) = (table(&x), stratified(&outcome));
        let relabeled = Folds::from_assignment(folds.assignment.iter().map(|f| (f + 3) % 4).collect(), 4, 60).unwrap();
        let samples = Samples::binary(&t, &outcome).unwrap();
        for grouping in [Grouping::Folds, Grouping::Rows] {
            let cv = plain().grouping(grouping);
            let (a, b) = (cv.fit(&samples, &folds).unwrap(), cv.fit(&samples, &relabeled).unwrap());
            prop_assert!(same_curve(&a, &b, 1e-12));
        }
    }

    #[test]
    fn threads_change_no_bit(seed in 0u64..1000) {
        let (x, outcome) = informative(seed, 50, 12);
        let t = table(&x);
        let samples = Samples::binary(&t, &outcome).unwrap();
        let repeats = [stratified(&outcome), Folds::stratified(&outcome, 5, 8).unwrap()];
        for estimator in estimators() {
            let run = |threads: usize| {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                pool.install(|| estimator.fit_repeated(&samples, &repeats).unwrap())
            };
            prop_assert!(run(1) == run(2));
        }
    }

    #[test]
    fn a_number_of_features_is_met(seed in 0u64..1000) {
        let (x, outcome) = informative(seed, 60, 10);
        let t = table(&x);
        let samples = Samples::binary(&t, &outcome).unwrap();
        for estimator in estimators() {
            let fit = estimator.fit(&samples, &stratified(&outcome)).unwrap();
            for &k in &fit.curve().n_nonzero {
                prop_assert_eq!(fit.select(LambdaRule::Features(k)).unwrap().selected.len(), k);
            }
            for k in 0..12 {
                let n = fit.select(LambdaRule::FeaturesAtMost(k)).unwrap().selected.len();
                let largest = fit.curve().n_nonzero.iter().copied().filter(|&n| n <= k).max();
                prop_assert_eq!(Some(n), largest);
            }
        }
    }

    #[test]
    fn held_out_predictions_come_from_the_path_without_the_fold(seed in 0u64..1000, offset in -1.0f64..1.0) {
        let (x, outcome) = informative(seed, 40, 8);
        let (t, folds) = (table(&x), stratified(&outcome));
        let offsets: Vec<f64> = (0..40).map(|i| offset * (i as f64).sin()).collect();
        let samples = Samples::binary(&t, &outcome).unwrap().with_offset(&offsets).unwrap();
        let fit = plain().predictions(Predictions::Keep).fit(&samples, &folds).unwrap();
        let held_out = &fit.held_out.as_ref().unwrap()[0];
        let train = folds.train_indices(1);
        let pick = |v: &[f64]| train.iter().map(|&i| v[i]).collect::<Vec<f64>>();
        let classes: Vec<bool> = train.iter().map(|&i| outcome[i]).collect();
        let training = t.select_rows(&train).unwrap();
        let own = Samples::binary(&training, &classes).unwrap().with_offset(&pick(&offsets)).unwrap();
        let path = plain().settings().fit(&own).unwrap();
        for (m, &lambda) in fit.path.lambda.iter().enumerate() {
            let link = path.predict_link(&t, lambda).unwrap();
            for i in folds.test_indices(1) {
                prop_assert!((held_out.link[m][i] - link[i] - offsets[i]).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn gamma_one_is_the_path_and_the_blend_is_linear(seed in 0u64..1000, gamma in 0.01f64..0.99) {
        let (x, outcome) = informative(seed, 60, 6);
        let t = table(&x);
        let samples = Samples::binary(&t, &outcome).unwrap();
        let relaxed = Relaxation::new().fit(plain().settings(), &samples).unwrap();
        prop_assert_eq!(&relaxed.path, &plain().settings().fit(&samples).unwrap());
        for &lambda in &relaxed.path.lambda {
            let at = |g: f64| relaxed.coefficients_at(lambda, g).unwrap();
            prop_assert_eq!(at(1.0), relaxed.path.coefficients_at(lambda).unwrap());
            let (half, lasso, refit) = (at(gamma), at(1.0), at(0.0));
            // Gamma 0 is raised to 1e-5.
            let share = (gamma - 1e-5) / (1.0 - 1e-5);
            for j in 0..6 {
                let expected = share * lasso.beta[j] + (1.0 - share) * refit.beta[j];
                prop_assert!((half.beta[j] - expected).abs() < 1e-9 * (1.0 + refit.beta[j].abs()));
            }
        }
        let folds = stratified(&outcome);
        let cv = RelaxedLasso::new(plain()).fit(&samples, &folds).unwrap();
        prop_assert_eq!(&cv.lasso, &plain().fit(&samples, &folds).unwrap());
        prop_assert_eq!(&cv.curves[4].mean, &cv.lasso.mean);
    }

    #[test]
    fn the_same_repeat_twice_is_one(seed in 0u64..1000) {
        let (x, outcome) = informative(seed, 60, 6);
        let t = table(&x);
        let samples = Samples::binary(&t, &outcome).unwrap();
        let folds = stratified(&outcome);
        let twice = plain().fit_repeated(&samples, &[folds.clone(), folds.clone()]).unwrap();
        prop_assert!(same_curve(&twice, &plain().fit(&samples, &folds).unwrap(), 1e-14));
        prop_assert_eq!(twice.n_repeats, 2);
    }

    #[test]
    fn standardized_pilots_do_not_know_units(seed in 0u64..1000) {
        let (x, outcome) = informative(seed, 60, 5);
        let scaled = Array2::from_shape_fn(x.dim(), |(i, j)| x[[i, j]] * 4f64.powi(j as i32));
        let folds = stratified(&outcome);
        let factors = |x: &Array2<f64>, scale: PilotScale| {
            AdaptiveLasso::new(plain()).scale(scale).fit(&Samples::binary(&table(x), &outcome).unwrap(), &folds).unwrap().penalty_factors
        };
        prop_assert_eq!(factors(&x, PilotScale::Standardized), factors(&scaled, PilotScale::Standardized));
        let (a, b) = (factors(&x, PilotScale::Original), factors(&scaled, PilotScale::Original));
        prop_assert!((b[4] / a[4] / 256.0 - 1.0).abs() < 1e-12);
    }
}

fn estimators() -> [Estimator; 3] {
    [
        Estimator::ElasticNet(plain()),
        Estimator::Relaxed(RelaxedLasso::new(plain())),
        Estimator::Adaptive(AdaptiveLasso::new(plain()).rows(PilotRows::Training)),
    ]
}

/// Lambdas and sizes asked of the second stage do not bind the ridge pilot, which keeps every column.
#[test]
fn a_pilot_has_its_own_path() {
    let (x, outcome) = informative(4, 60, 8);
    let t = table(&x);
    let samples = Samples::binary(&t, &outcome).unwrap();
    let net = ElasticNet::new().lambdas(&[0.1, 0.05]).df_max(3);
    let fit = |net: ElasticNet| {
        AdaptiveLasso::new(CrossValidation::new(net))
            .fit(&samples, &stratified(&outcome))
            .unwrap()
    };
    let (own, default) = (fit(net), fit(ElasticNet::new()));
    assert_eq!(own.pilot, default.pilot);
    assert_eq!(own.lasso.path.lambda, [0.1, 0.05]);
}

/// With nothing to find, the one-standard-error rule finds nothing in most draws.
#[test]
fn noise_selects_nothing_by_one_standard_error() {
    let draws = 40;
    let empty = (0..draws)
        .filter(|&seed| {
            let mut noise = Noise::new(900 + seed);
            let (t, outcome) = (noise.table(60, 30), noise.outcome(60, 0.5));
            let fit = plain()
                .fit(
                    &Samples::binary(&t, &outcome).unwrap(),
                    &stratified(&outcome),
                )
                .unwrap();
            let chosen = fit.select(LambdaRule::OneStandardError).unwrap();
            chosen.selected.is_empty()
        })
        .count();
    assert!(empty >= draws as usize * 3 / 4, "{empty} of {draws}");
}

/// A pilot that has seen the held-out rows makes the second stage look better than one that has not.
#[test]
fn pilots_of_all_rows_flatter_the_curve_on_noise() {
    let mut flattered = 0;
    for seed in 0..10 {
        let mut noise = Noise::new(500 + seed);
        let (t, outcome) = (noise.table(60, 40), noise.outcome(60, 0.5));
        let samples = Samples::binary(&t, &outcome).unwrap();
        let best = |rows: PilotRows| {
            let fit = AdaptiveLasso::new(plain())
                .rows(rows)
                .fit(&samples, &stratified(&outcome))
                .unwrap();
            fit.lasso.mean[fit.lasso.index_minimum]
        };
        flattered += usize::from(best(PilotRows::All) < best(PilotRows::Training));
    }
    assert!(flattered >= 9, "{flattered} of 10");
}

#[test]
fn separated_sets_are_reported_and_stay_finite() {
    let (mut x, _) = informative(3, 40, 4);
    let outcome: Vec<bool> = (0..40).map(|i| x[[i, 0]] + x[[i, 1]] > 0.0).collect();
    let t = table(&x);
    let complete = Relaxation::new()
        .fit(plain().settings(), &Samples::binary(&t, &outcome).unwrap())
        .unwrap();
    let both = (0..complete.path.len()).filter(|&m| complete.path.df[m] >= 2);
    for m in both {
        assert_eq!(complete.refits.status[m], RefitStatus::Separated, "{m}");
        assert!(complete.refits.beta[m].value.iter().all(|b| b.is_finite()));
    }
    // A group of events only: its indicator has no finite coefficient, the rest has.
    let mut noise = Noise::new(8);
    let mut outcome = noise.outcome(40, 0.5);
    for i in 0..40 {
        x[[i, 2]] = f64::from(u8::from(i < 8));
        outcome[i] = outcome[i] || i < 8;
    }
    let t = table(&x);
    let partial = Relaxation::new()
        .fit(plain().settings(), &Samples::binary(&t, &outcome).unwrap())
        .unwrap();
    for (model, status) in partial.path.beta.iter().zip(&partial.refits.status) {
        let expected = match (model.index.is_empty(), model.index.contains(&2)) {
            (true, _) => RefitStatus::NoFeature,
            (_, true) => RefitStatus::Separated,
            (_, false) => RefitStatus::Converged,
        };
        assert_eq!(*status, expected, "{:?}", model.index);
    }
    // A limit keeps the coefficient from diverging.
    let limited = plain()
        .settings()
        .clone()
        .upper_limits(&[9.0, 9.0, 1.5, 9.0]);
    let held = Relaxation::new()
        .fit(&limited, &Samples::binary(&t, &outcome).unwrap())
        .unwrap();
    assert!(!held.refits.status.contains(&RefitStatus::Separated));
}

#[test]
fn sets_too_large_take_the_last_refit() {
    let (x, _) = informative(5, 12, 20);
    let mut noise = Noise::new(6);
    let y: Vec<f64> = (0..12).map(|_| noise.normal()).collect();
    let net = ElasticNet::new().lambda_min_ratio(1e-4);
    let t = table(&x);
    let samples = Samples::continuous(&t, &y).unwrap();
    for (limit, relaxation) in [(9, Relaxation::new()), (2, Relaxation::new().max_size(2))] {
        let relaxed = relaxation.fit(&net, &samples).unwrap();
        let last = (0..relaxed.path.len())
            .rev()
            .find(|&m| relaxed.path.df[m] <= limit)
            .unwrap();
        let mut replaced = 0;
        for m in 0..relaxed.path.len() {
            let too_large = relaxed.path.df[m] > limit;
            let stands_in = Some(last);
            assert_eq!(
                relaxed.refits.status[m] == RefitStatus::TooLarge { stands_in },
                too_large
            );
            if too_large {
                replaced += 1;
                assert_eq!(relaxed.refits.beta[m], relaxed.refits.beta[last]);
            }
        }
        assert!(replaced > 0);
    }
    // A warm start ends at the same refits.
    let cold = Relaxation::new().max_size(2).fit(&net, &samples);
    let warm = Relaxation::new()
        .max_size(2)
        .start(RefitStart::AlongPath)
        .fit(&net, &samples);
    let (cold, warm) = (cold.unwrap().refits, warm.unwrap().refits);
    assert_eq!(cold.status, warm.status);
    assert!(close(&cold.intercept, &warm.intercept, 1e-3));
}

#[test]
fn what_cannot_be_cross_validated_is_refused() {
    let (x, outcome) = informative(1, 40, 3);
    let t = table(&x);
    let samples = Samples::binary(&t, &outcome).unwrap();
    let folds = stratified(&outcome);
    let invalid = |name: &str, result: Result<EstimatorFit, Error>| {
        let Err(Error::InvalidSetting { name: found, .. }) = result else {
            panic!("{name}")
        };
        assert_eq!(found, name);
    };
    let relaxed = |gammas: &[f64]| {
        Estimator::Relaxed(RelaxedLasso::new(plain()).gammas(gammas)).fit(&samples, &folds)
    };
    invalid("gamma", relaxed(&[0.5, 1.5]));
    invalid("gamma", relaxed(&[f64::NAN]));
    invalid("number of gammas", relaxed(&[]));
    let adaptive = Estimator::Adaptive(AdaptiveLasso::new(plain()).exponent(0.0));
    invalid(
        "exponent of the adaptive LASSO",
        adaptive.fit(&samples, &folds),
    );
    for estimator in estimators() {
        invalid("repeats", estimator.fit_repeated(&samples, &[]));
        let two = Folds::stratified(&outcome, 2, 1).unwrap();
        invalid("folds", estimator.fit(&samples, &two));
        let mut empty = folds.clone();
        empty.n_folds = 5;
        assert!(matches!(
            estimator.fit(&samples, &empty),
            Err(Error::InvalidFold { fold: 4, .. })
        ));
        empty.n_folds = 3;
        invalid("fold of a row", estimator.fit(&samples, &empty));
    }
    assert!(matches!(
        tune_alpha(&plain(), &[], &samples, std::slice::from_ref(&folds)),
        Err(Error::InvalidSetting { .. })
    ));
    assert!(matches!(
        tune_alpha(&plain(), &[2.0], &samples, std::slice::from_ref(&folds)),
        Err(Error::InvalidSetting { name: "alpha", .. })
    ));
    let by_rows = plain().measure(Measure::Auc).grouping(Grouping::Rows);
    assert!(matches!(
        by_rows.fit(&samples, &folds),
        Err(Error::Incompatible { .. })
    ));
    let fit = Estimator::default().fit(&samples, &folds).unwrap();
    assert!(matches!(
        fit.select(LambdaRule::Features(7)),
        Err(Error::NoSuchModelSize { requested: 7, .. })
    ));
}

/// Folds of one class each have no AUC, and then there is nothing to choose by.
#[test]
fn an_auc_needs_a_fold_with_both_classes() {
    let (x, outcome) = informative(2, 60, 3);
    let t = table(&x);
    let samples = Samples::binary(&t, &outcome).unwrap();
    let mut seen = [0usize, 0];
    let mut assignment: Vec<usize> = outcome
        .iter()
        .map(|&y| {
            seen[usize::from(y)] += 1;
            2 * usize::from(y) + seen[usize::from(y)] % 2
        })
        .collect();
    let cv = plain().measure(Measure::Auc);
    let pure = Folds::from_assignment(assignment.clone(), 4, 60).unwrap();
    assert!(matches!(
        cv.fit(&samples, &pure),
        Err(Error::NoFiniteLoss { .. })
    ));
    // One row moved: one fold can be judged, and the standard error over folds is 0.
    let (event, other) = (
        outcome.iter().position(|&y| y).unwrap(),
        outcome.iter().position(|&y| !y).unwrap(),
    );
    assignment[event] = assignment[other];
    let mixed = Folds::from_assignment(assignment, 4, 60).unwrap();
    let fit = cv.fit(&samples, &mixed).unwrap();
    let left_out = |n: &&Notice| matches!(n, Notice::FoldWithoutAuc { .. });
    assert_eq!(fit.notices.iter().filter(left_out).count(), 3);
    assert!(fit.standard_error.iter().all(|&s| s == 0.0));
}
