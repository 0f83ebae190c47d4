//! The pipeline as a whole: no leakage, same bits for any number of threads, far more features than rows.

use super::common::{Noise, names};
use eval_stats::Scored;
use eval_stats::folds::Folds;
use feature_selection::FeatureTable;
use feature_selection::correlation::Correlation;
use feature_selection::lasso::LambdaRule;
use feature_selection::nested_cv::nested_cv;
use feature_selection::pipeline::{FoldPlan, LassoStep, RedundancyRule, SelectionPipeline, Step};
use feature_selection::relevance::Relevance;
use feature_selection::standardize::Divisor;

fn pipeline(rule: LambdaRule) -> SelectionPipeline {
    let folds = FoldPlan::Stratified {
        n_folds: 5,
        seed: 11,
        repeats: 1,
    };
    SelectionPipeline::new()
        .step(Step::DropConstant)
        .step(Step::Standardize(Divisor::Sample))
        .step(Step::MostRelevant {
            relevance: Relevance::default(),
            keep: 40,
        })
        .step(Step::Redundancy {
            rule: RedundancyRule::default(),
            cutoff: 0.9,
            correlation: Correlation::Spearman,
        })
        .step(Step::Lasso(LassoStep {
            folds,
            rule,
            ..LassoStep::default()
        }))
}

/// Selecting among 300 noise features on training rows finds something there and nothing on new rows.
#[test]
fn noise_stays_at_chance_on_rows_not_seen() {
    let (mut apparent, mut held_out) = (0.0, 0.0);
    const RUNS: u64 = 12;
    for seed in 0..RUNS {
        let mut noise = Noise::new(100 + seed);
        let (train, test) = (noise.table(80, 300), noise.table(200, 300));
        let (y, z) = (noise.outcome(80, 0.5), noise.outcome(200, 0.5));
        let fitted = pipeline(LambdaRule::Value(0.05)).fit(&train, &y).unwrap();
        assert!(!fitted.selected.is_empty());
        let auc = |t: &FeatureTable, y: &[bool]| {
            eval_stats::roc::auc(&Scored::new(&fitted.score(t).unwrap(), y).unwrap())
        };
        apparent += auc(&train, &y) / RUNS as f64;
        held_out += auc(&test, &z) / RUNS as f64;
    }
    // The standard error of the mean of 12 AUCs on 200 rows is 0.012.
    assert!((held_out - 0.5).abs() < 0.04, "held out {held_out}");
    assert!(apparent > 0.75, "apparent {apparent}");
}

#[test]
fn nested_cross_validation_is_at_chance_on_noise_and_not_on_signal() {
    let mut noise = Noise::new(42);
    let n = 150;
    let table = noise.table(n, 120);
    let outcome = noise.outcome(n, 0.5);
    let folds = Folds::stratified(&outcome, 5, 3).unwrap();
    let honest = nested_cv(&pipeline(LambdaRule::Value(0.05)), &table, &outcome, &folds).unwrap();
    // The standard error of an AUC on 150 rows is 0.047.
    assert!((honest.mean_auc - 0.5).abs() < 0.15, "{}", honest.mean_auc);
    let mut values = table.to_array();
    for (i, &y) in outcome.iter().enumerate() {
        values[[i, 7]] += if y { 2.0 } else { 0.0 };
    }
    let signal = FeatureTable::new(values.view(), &names(120)).unwrap();
    let found = nested_cv(
        &pipeline(LambdaRule::OneStandardError),
        &signal,
        &outcome,
        &folds,
    )
    .unwrap();
    assert!(found.mean_auc > 0.85, "{}", found.mean_auc);
    assert_eq!(found.selection_counts()[0], ("f7".to_owned(), 5));
    let given = LassoStep {
        folds: FoldPlan::Given(folds.clone()),
        ..LassoStep::default()
    };
    assert!(
        nested_cv(
            &SelectionPipeline::new().step(Step::Lasso(given)),
            &table,
            &outcome,
            &folds
        )
        .is_err()
    );
}

/// A score describes the same numbers on both scales, after a round trip and on permuted columns.
#[test]
fn scores_agree_on_every_route() {
    let mut noise = Noise::new(9);
    let mut values = noise.table(90, 12).to_array();
    let outcome = noise.outcome(90, 0.4);
    for (i, &y) in outcome.iter().enumerate() {
        values[[i, 3]] = 1e6 + 1e-2 * (values[[i, 3]] + if y { 1.5 } else { 0.0 });
        values[[i, 8]] += if y { 1.0 } else { 0.0 };
    }
    let table = FeatureTable::new(values.view(), &names(12)).unwrap();
    let fitted = pipeline(LambdaRule::Minimum).fit(&table, &outcome).unwrap();
    let scores = fitted.score(&table).unwrap();
    let score = fitted.score.as_ref().unwrap();
    let z = fitted.transform(&table).unwrap();
    for (i, &expected) in scores.iter().enumerate() {
        let standardized: f64 = score.standardized_intercept
            + score
                .terms
                .iter()
                .enumerate()
                .map(|(k, t)| t.standardized_coefficient * z.column(k)[i])
                .sum::<f64>();
        assert!((standardized - expected).abs() < 1e-12);
        let raw: f64 = score.intercept
            + score
                .terms
                .iter()
                .map(|t| t.coefficient * table.column(table.position(&t.name).unwrap())[i])
                .sum::<f64>();
        // The raw sum cancels: values of 1e6 with a spread of 1e-2.
        assert!((raw - expected).abs() < 1e-6);
    }
    let reversed = table.select_columns(&(0..12).rev().collect::<Vec<_>>());
    assert_eq!(fitted.score(&reversed).unwrap(), scores);
    let read = feature_selection::Score::from_json(&score.to_json()).unwrap();
    assert_eq!(read.apply(&table).unwrap(), scores);
    assert!(fitted.score(&table.select_columns(&[0, 1, 2])).is_err());
    assert_eq!(score.rounded(3).unwrap().rounded_to, Some(3));
}

#[test]
fn two_thousand_features_of_fifty_patients() {
    let mut noise = Noise::new(77);
    let mut values = noise.table(50, 2000).to_array();
    let outcome = noise.outcome(50, 0.5);
    for (i, &y) in outcome.iter().enumerate() {
        values[[i, 1234]] += if y { 4.0 } else { 0.0 };
    }
    let table = FeatureTable::new(values.view(), &names(2000)).unwrap();
    let fitted = pipeline(LambdaRule::OneStandardError)
        .fit(&table, &outcome)
        .unwrap();
    assert!(fitted.selected.contains(&"f1234".to_owned()));
    let dropped: usize = fitted.funnel.iter().map(|s| s.dropped).sum();
    assert_eq!(dropped + fitted.selected.len(), 2000);
    assert_eq!(fitted.dropped.len(), dropped);
}

#[cfg(feature = "rayon")]
#[test]
fn the_number_of_threads_changes_no_bit() {
    let mut noise = Noise::new(13);
    let (table, outcome) = (noise.table(70, 90), noise.outcome(70, 0.4));
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| {
            let fitted = pipeline(LambdaRule::Minimum).fit(&table, &outcome).unwrap();
            let folds = Folds::stratified(&outcome, 4, 2).unwrap();
            (
                fitted,
                nested_cv(&pipeline(LambdaRule::Minimum), &table, &outcome, &folds).unwrap(),
            )
        })
    };
    let (one, four) = (run(1), run(4));
    assert_eq!(one.0, four.0);
    assert_eq!(one.1, four.1);
}
