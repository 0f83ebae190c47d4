//! Stability selection and its index: seeds, threads, signal and noise, what must not change.

use super::common::{Noise, names};
use feature_selection::lasso::{ElasticNet, Samples};
use feature_selection::relevance::Relevance;
use feature_selection::stability::{
    Assumption, BaseLearner, LambdaGrid, Scheme, StabilitySelection, Strata, Subsampling,
    stability_index,
};
use feature_selection::{Error, FeatureTable};
use proptest::prelude::*;

fn signal(n: usize, p: usize, seed: u64) -> (FeatureTable, Vec<bool>) {
    let mut noise = Noise::new(seed);
    let outcome = noise.outcome(n, 0.5);
    let mut values = noise.table(n, p).to_array();
    for (i, &y) in outcome.iter().enumerate() {
        values[[i, 2]] += if y { 1.6 } else { 0.0 };
        values[[i, 5]] -= if y { 1.6 } else { 0.0 };
    }
    (
        FeatureTable::new(values.view(), &names(p)).unwrap(),
        outcome,
    )
}

fn learners() -> Vec<BaseLearner> {
    vec![
        BaseLearner::ElasticNetGrid {
            net: Box::new(ElasticNet::new().n_lambda(20).lambda_min_ratio(0.5)),
            lambdas: LambdaGrid::AllRows,
        },
        BaseLearner::ElasticNetEntries {
            net: Box::default(),
            count: 4,
        },
        BaseLearner::MostRelevant {
            relevance: Relevance::Auc,
            count: 4,
        },
    ]
}

#[test]
fn every_learner_finds_the_signal_and_little_else() {
    let (table, outcome) = signal(120, 60, 1);
    let samples = Samples::binary(&table, &outcome).unwrap();
    for learner in learners() {
        let selection = StabilitySelection {
            threshold: 0.9,
            ..StabilitySelection::with(learner.clone())
        };
        let fit = selection.fit(&samples).unwrap();
        assert!(
            fit.selected.contains(&2) && fit.selected.contains(&5),
            "{learner:?}"
        );
        assert!(fit.selected.len() <= 4, "{learner:?} {:?}", fit.selected);
        assert_eq!(fit.n_subsamples, 100);
        assert!(fit.probability.iter().all(|p| (0.0..=1.0).contains(p)));
        let features = fit.features();
        assert!(
            features
                .windows(2)
                .all(|w| w[0].probability >= w[1].probability)
        );
        assert_eq!(features[0].lambda.is_some(), !fit.lambda.is_empty());
        // On a grid the selection at a smaller penalty need not hold that at a larger one, but the largest share bounds every share.
        for counts in &fit.counts {
            assert!(
                counts
                    .iter()
                    .zip(&fit.probability)
                    .all(|(&c, &p)| c as f64 / 100.0 <= p)
            );
        }
        let sum: f64 = fit.probability.iter().sum();
        assert!(fit.mean_size >= sum - 1e-9, "{learner:?}");
        assert_eq!(fit.selected_at(0.9).unwrap(), fit.selected);
        assert!(fit.selected_at(0.6).unwrap().len() >= fit.selected.len());
        assert!(fit.selected_at(0.4).is_err());
        let bound = |a| fit.expected_false_selections(a).unwrap();
        assert!(bound(Assumption::Unimodal) < bound(Assumption::None));
    }
}

/// On noise the number of features called stable stays below the bound of Shah and Samworth, on average over tables.
#[test]
fn false_selections_of_noise_keep_the_bound() {
    const TABLES: u64 = 20;
    let (mut total, mut bound) = (0usize, 0.0);
    for seed in 0..TABLES {
        let mut noise = Noise::new(900 + seed);
        let (table, outcome) = (noise.table(60, 40), noise.outcome(60, 0.5));
        let selection = StabilitySelection {
            threshold: 0.6,
            ..StabilitySelection::with(BaseLearner::MostRelevant {
                relevance: Relevance::Auc,
                count: 6,
            })
        };
        let fit = selection
            .fit(&Samples::binary(&table, &outcome).unwrap())
            .unwrap();
        assert_eq!(fit.mean_size, 6.0);
        total += fit.selected.len();
        bound = fit.expected_false_selections(Assumption::None).unwrap();
    }
    // 36 / (0.2 * 40) per table. The mean of 20 counts with a standard deviation of about 1.5 has a standard error of 0.34.
    assert!((bound - 4.5).abs() < 1e-12);
    assert!(total > 0, "the test would not notice an empty selection");
    assert!((total as f64) / (TABLES as f64) < bound, "{total}");
}

#[test]
fn seeds_schemes_and_strata_matter_and_repeat() {
    let (table, outcome) = signal(61, 20, 2);
    let samples = Samples::binary(&table, &outcome).unwrap();
    let fit = |seed, scheme, strata| {
        let subsampling = Subsampling {
            count: 30,
            scheme,
            strata,
        };
        let selection = StabilitySelection {
            seed,
            subsampling,
            ..StabilitySelection::first(5)
        };
        selection.fit(&samples).unwrap()
    };
    let base = fit(1, Scheme::ComplementaryPairs, Strata::None);
    assert_eq!(base, fit(1, Scheme::ComplementaryPairs, Strata::None));
    for other in [
        fit(2, Scheme::ComplementaryPairs, Strata::None),
        fit(1, Scheme::Independent, Strata::None),
        fit(1, Scheme::ComplementaryPairs, Strata::Outcome),
    ] {
        assert_ne!(base.counts, other.counts);
    }
    let independent = fit(1, Scheme::Independent, Strata::None);
    assert!(
        independent
            .expected_false_selections(Assumption::None)
            .is_ok()
    );
    assert!(matches!(
        independent.expected_false_selections(Assumption::Unimodal),
        Err(Error::Incompatible { .. })
    ));
}

/// Integer weights count as repeated rows would: doubling every weight changes nothing, a weight of 0 hides a row.
#[test]
fn weights_travel_with_their_rows() {
    let (table, outcome) = signal(80, 15, 3);
    let samples = Samples::binary(&table, &outcome).unwrap();
    let selection = StabilitySelection::first(5);
    let plain = selection.fit(&samples).unwrap();
    let doubled = samples.clone().with_weights(&[2.0; 80]).unwrap();
    assert_eq!(selection.fit(&doubled).unwrap(), plain);
    let mut weights = vec![1.0; 80];
    (0..80).step_by(3).for_each(|i| weights[i] = 5.0);
    let uneven = samples.clone().with_weights(&weights).unwrap();
    assert_ne!(selection.fit(&uneven).unwrap().counts, plain.counts);
    let by_relevance = StabilitySelection::with(learners().remove(2));
    assert!(matches!(
        by_relevance.fit(&uneven),
        Err(Error::Incompatible { .. })
    ));
}

#[test]
fn a_half_without_events_is_named() {
    let mut noise = Noise::new(5);
    let table = noise.table(40, 4);
    let outcome: Vec<bool> = (0..40).map(|i| i < 2).collect();
    let samples = Samples::binary(&table, &outcome).unwrap();
    match StabilitySelection::first(2).fit(&samples) {
        Err(Error::InSubsample { error, .. }) => {
            let one_class = matches!(*error, Error::SingleClass { .. });
            let one_event = matches!(*error, Error::TooFewInClass { found: 1, .. });
            assert!(one_class || one_event, "{error}");
        }
        other => panic!("{other:?}"),
    }
    let rows = vec![vec![0, 41]];
    assert!(
        StabilitySelection::first(2)
            .fit_on(&samples, &rows)
            .is_err()
    );
    assert!(StabilitySelection::first(2).fit_on(&samples, &[]).is_err());
}

#[cfg(feature = "rayon")]
#[test]
fn the_number_of_threads_changes_no_bit() {
    let (table, outcome) = signal(60, 40, 6);
    let samples = Samples::binary(&table, &outcome).unwrap();
    for learner in learners() {
        let selection = StabilitySelection::with(learner);
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            pool.install(|| selection.fit(&samples).unwrap())
        };
        assert_eq!(run(1), run(4));
    }
}

fn sets(d: usize, k: usize, m: usize, seed: u64) -> Vec<Vec<usize>> {
    let mut noise = Noise::new(seed);
    (0..m)
        .map(|_| {
            let mut order: Vec<(f64, usize)> = (0..d).map(|j| (noise.uniform(), j)).collect();
            order.sort_by(|a, b| a.0.total_cmp(&b.0));
            order[..k].iter().map(|&(_, j)| j).collect()
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// For sets of one size the two indices are the same number (Nogueira et al., theorem 7 of the 2018 paper's list of special cases).
    #[test]
    fn the_index_is_kunchevas_for_sets_of_one_size(d in 3usize..60, share in 0.05f64..0.95, m in 2usize..12, seed in 1u64..1000) {
        let k = ((d as f64 * share) as usize).clamp(1, d - 1);
        let index = stability_index(&sets(d, k, m, seed), d, 0.95).unwrap();
        prop_assert!((index.value - index.kuncheva.unwrap()).abs() < 1e-12);
        prop_assert!(index.value <= 1.0 + 1e-12 && index.ci_low <= index.value && index.value <= index.ci_high);
    }

    /// Neither the order of sets nor the numbers of the columns matter, and leaving out is as informative as taking in.
    #[test]
    fn order_labels_and_complement_do_not_matter(d in 4usize..30, m in 2usize..8, seed in 1u64..1000) {
        let mut all = sets(d, d / 2, m, seed);
        all[0].pop();
        let index = stability_index(&all, d, 0.9).unwrap();
        let mut turned: Vec<Vec<usize>> = all.iter().map(|s| s.iter().map(|j| d - 1 - j).collect()).collect();
        turned.reverse();
        let complement: Vec<Vec<usize>> = all.iter().map(|s| (0..d).filter(|j| !s.contains(j)).collect()).collect();
        for other in [&turned, &complement] {
            let other = stability_index(other, d, 0.9).unwrap();
            prop_assert!((other.value - index.value).abs() < 1e-12);
            prop_assert!((other.standard_error - index.standard_error).abs() < 1e-12);
        }
    }
}

/// Random sets have an index of 0 on average, and the interval covers it about as often as it says.
#[test]
fn random_sets_are_unstable() {
    const RUNS: u64 = 400;
    let (mut sum, mut covered) = (0.0, 0);
    for seed in 0..RUNS {
        let index = stability_index(&sets(30, 6, 40, 5000 + seed), 30, 0.95).unwrap();
        sum += index.value;
        covered += usize::from(index.ci_low <= 0.0 && 0.0 <= index.ci_high);
    }
    let mean = sum / RUNS as f64;
    // A single index of 40 sets has a standard deviation of about 0.007 here.
    assert!(mean.abs() < 0.0015, "{mean}");
    assert!(covered > 300, "{covered}");
}
