//! Properties: information.

use super::common::{Noise, names};
use feature_selection::correlation::Correlation;
use feature_selection::mrmr::{
    Association, Criterion, Dependence, Ended, GreedySelection, GreedySelector,
    MAX_GAUSSIAN_INFORMATION, Stop,
};
use feature_selection::mutual_information::{
    Binning, Distances, Entropy, Estimator, NearestNeighbors, Target, Ties, binned,
    feature_information, nearest_neighbor_class, nearest_neighbor_continuous, outcome_information,
};
use feature_selection::{Error, FeatureTable};
use ndarray::Array2;
use proptest::prelude::*;

const CRITERIA: [Criterion; 8] = [
    Criterion::Mim,
    Criterion::MrmrDifference,
    Criterion::MrmrQuotient,
    Criterion::Jmi,
    Criterion::Jmim,
    Criterion::Cmim,
    Criterion::Disr,
    Criterion::Njmim,
];

const ENTROPIES: [Entropy; 6] = [
    Entropy::Empirical,
    Entropy::MillerMadow,
    Entropy::Shrinkage,
    Entropy::SchurmannGrassberger,
    Entropy::JamesStein,
    Entropy::Dirichlet { pseudocount: 0.5 },
];

fn table(columns: &[Vec<f64>]) -> FeatureTable {
    let values = Array2::from_shape_fn((columns[0].len(), columns.len()), |(i, j)| columns[j][i]);
    FeatureTable::new(values.view(), &names(columns.len())).expect("a clean table")
}

/// Informative, noisy, tied, copied and constant columns, with their outcome.
fn mixed(noise: &mut Noise, n: usize) -> (Vec<Vec<f64>>, Vec<usize>) {
    let classes: Vec<usize> = (0..n).map(|i| i % 3).collect();
    let signal = |c: &usize| *c as f64;
    let mut columns: Vec<Vec<f64>> = (0..6)
        .map(|j| {
            let weight = 0.4 * f64::from(j);
            classes
                .iter()
                .map(|c| weight * signal(c) + noise.normal())
                .collect()
        })
        .collect();
    columns.push(columns[3].iter().map(|v| v.round()).collect());
    columns.push(columns[5].clone());
    columns.push(vec![2.0; n]);
    (columns, classes)
}

fn greedy(criterion: Criterion, count: usize) -> GreedySelector {
    GreedySelector::new().criterion(criterion).count(count)
}

fn gaussian(association: Association) -> Dependence {
    Dependence::Gaussian {
        correlation: Correlation::Spearman,
        association,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn increasing_lines_change_nothing(seed in 0u64..1000, power in -8i32..9, k in 1usize..9) {
        let mut noise = Noise::new(seed);
        let x: Vec<f64> = (0..50).map(|_| noise.normal()).collect();
        let y: Vec<f64> = x.iter().map(|v| v + noise.normal()).collect();
        let classes: Vec<usize> = y.iter().map(|&v| usize::from(v > 0.0)).collect();
        let moved: Vec<f64> = x.iter().map(|v| 2f64.powi(power) * (v + 3.0)).collect();
        let (a, b) = (nearest_neighbor_class(&x, &classes, k).unwrap(), nearest_neighbor_class(&moved, &classes, k).unwrap());
        prop_assert!((a - b).abs() < 1e-12, "{a} {b}");
        let (a, b) = (nearest_neighbor_continuous(&x, &y, k).unwrap(), nearest_neighbor_continuous(&moved, &y, k).unwrap());
        prop_assert!((a - b).abs() < 1e-12, "{a} {b}");
        // Powers of two move no edge between bins.
        let scaled: Vec<f64> = x.iter().map(|v| 2f64.powi(power) * v).collect();
        for binning in [Binning::EqualFrequency { bins: 7 }, Binning::EqualWidth { bins: 8 }, Binning::Praznik] {
            prop_assert_eq!(binning.classes(&x).unwrap(), binning.classes(&scaled).unwrap());
        }
        let frequency = Binning::EqualFrequency { bins: 7 };
        prop_assert_eq!(frequency.classes(&x).unwrap(), frequency.classes(&moved).unwrap());
    }

    #[test]
    fn order_of_rows_and_names_of_classes_change_no_bit(seed in 0u64..1000) {
        let mut noise = Noise::new(seed);
        // Whole numbers: the scale's sums are exact in any order.
        let x: Vec<f64> = (0..64).map(|_| (8.0 * noise.normal()).round()).collect();
        let y: Vec<f64> = x.iter().map(|v| v + (8.0 * noise.normal()).round()).collect();
        let classes: Vec<usize> = y.iter().map(|v| usize::from(*v > 0.0) + usize::from(*v > 9.0)).collect();
        let order: Vec<usize> = (0..64).map(|i| (i * 37 + 11) % 64).collect();
        let turned = |v: &[f64]| order.iter().map(|&i| v[i]).collect::<Vec<_>>();
        let renamed: Vec<usize> = order.iter().map(|&i| 40 - 7 * classes[i]).collect();
        let close = |a: f64, b: f64| (a - b).abs() < 1e-12;
        for k in [1, 3, 10] {
            prop_assert!(close(
                nearest_neighbor_class(&x, &classes, k).unwrap(),
                nearest_neighbor_class(&turned(&x), &renamed, k).unwrap()
            ));
        }
        let (columns, classes) = mixed(&mut noise, 63);
        let order: Vec<usize> = (0..63).map(|i| (i * 20 + 11) % 63).collect();
        let turned: Vec<Vec<f64>> = columns.iter().map(|c| order.iter().map(|&i| c[i]).collect()).collect();
        let renamed: Vec<usize> = order.iter().map(|&i| 40 - 7 * classes[i]).collect();
        for criterion in CRITERIA {
            let a = greedy(criterion, 9).select(&table(&columns), Target::Classes(&classes)).unwrap();
            let b = greedy(criterion, 9).select(&table(&turned), Target::Classes(&renamed)).unwrap();
            prop_assert_eq!(a, b);
        }
    }

    #[test]
    fn continuous_information_is_symmetric_to_the_bit(seed in 0u64..1000, k in 1usize..12) {
        let mut noise = Noise::new(seed);
        let x: Vec<f64> = (0..80).map(|_| (4.0 * noise.normal()).round() / 4.0).collect();
        let y: Vec<f64> = x.iter().map(|v| v * v + noise.normal()).collect();
        prop_assert_eq!(nearest_neighbor_continuous(&x, &y, k).unwrap(), nearest_neighbor_continuous(&y, &x, k).unwrap());
    }

    #[test]
    fn binned_information_is_between_zero_and_the_entropies(seed in 0u64..1000, m in 1usize..9) {
        let mut noise = Noise::new(seed);
        let a: Vec<usize> = (0..40).map(|_| (noise.uniform() * m as f64) as usize).collect();
        let b: Vec<usize> = a.iter().map(|&v| if noise.uniform() < 0.5 { v / 2 } else { 0 }).collect();
        for entropy in ENTROPIES {
            let (ab, ba) = (binned(&a, &b, entropy).unwrap(), binned(&b, &a, entropy).unwrap());
            prop_assert!((ab - ba).abs() < 1e-14 && ab >= 0.0);
            prop_assert_eq!(binned(&a, &[3; 40], entropy).unwrap(), 0.0);
        }
        // The information of a variable with itself is its entropy, and no other tells more of it.
        let of = |x: &[usize]| binned(x, x, Entropy::Empirical).unwrap();
        prop_assert!(binned(&a, &b, Entropy::Empirical).unwrap() <= of(&a).min(of(&b)) + 1e-14);
        prop_assert!(of(&a) <= (m as f64).ln() + 1e-14);
    }

    #[test]
    fn selections_grow_by_their_end_and_start_with_the_most_relevant(seed in 0u64..1000) {
        let mut noise = Noise::new(seed);
        let (columns, classes) = mixed(&mut noise, 60);
        let table = table(&columns);
        let dependences = [
            Dependence::default(),
            Dependence::Binned { binning: Binning::EqualFrequency { bins: 4 }, entropy: Entropy::MillerMadow },
            gaussian(Association::Concordance),
            gaussian(Association::SomersD),
        ];
        for criterion in CRITERIA {
            for dependence in dependences {
                let run = |count| greedy(criterion, count).dependence(dependence).select(&table, Target::Classes(&classes));
                let Ok(all) = run(50) else {
                    let refused = matches!(run(50), Err(Error::Incompatible { .. }));
                    prop_assert!(refused);
                    continue;
                };
                let most = greedy(Criterion::Mim, 1).dependence(dependence).select(&table, Target::Classes(&classes)).unwrap();
                prop_assert_eq!(all.selected[0], most.selected[0]);
                prop_assert!(all.selected.len() <= 9);
                for count in 1..all.selected.len() {
                    let some = run(count).unwrap();
                    prop_assert_eq!(some.ended, Ended::Count);
                    prop_assert_eq!(&some.selected[..], &all.selected[..count]);
                    prop_assert_eq!(&some.scores[..], &all.scores[..count]);
                }
                prop_assert_eq!(all.redundancy[0], 0.0);
                if criterion == Criterion::MrmrDifference {
                    for step in all.steps() {
                        prop_assert!((step.score - (step.relevance - step.redundancy)).abs() < 1e-12);
                    }
                }
            }
        }
    }

    #[test]
    fn a_stop_at_zero_cuts_the_same_selection(seed in 0u64..1000) {
        let mut noise = Noise::new(seed);
        let (columns, classes) = mixed(&mut noise, 60);
        let table = table(&columns);
        let run = |stop| greedy(Criterion::MrmrDifference, 50).stop(stop).select(&table, Target::Classes(&classes)).unwrap();
        let (all, positive): (GreedySelection, GreedySelection) = (run(Stop::WhenExhausted), run(Stop::WhenNotPositive));
        prop_assert_eq!((all.ended, positive.ended), (Ended::NoFeatureLeft, Ended::NotPositive));
        let kept = all.scores.iter().take_while(|s| **s > 0.0).count();
        prop_assert_eq!(&positive.selected[..], &all.selected[..kept]);
        prop_assert_eq!(all.selected.len(), 9);
    }
}

#[test]
fn constants_have_no_information() {
    let mut noise = Noise::new(5);
    let (mut columns, classes) = mixed(&mut noise, 30);
    let y: Vec<f64> = columns[2].clone();
    columns = vec![vec![-1e9; 30], vec![0.0; 30]];
    let table = table(&columns);
    for target in [Target::Classes(&classes), Target::Continuous(&y)] {
        let settings = NearestNeighbors::new().distances(Distances::Expanded);
        for estimator in [Estimator::default(), Estimator::NearestNeighbors(settings)] {
            let found = feature_information(&table, target, estimator).unwrap();
            assert_eq!(found, [0.0, 0.0]);
        }
        for entropy in ENTROPIES {
            let binning = Binning::EqualFrequency { bins: 5 };
            let estimator = Estimator::Binned { binning, entropy };
            let found = feature_information(&table, target, estimator).unwrap();
            assert_eq!(found, [0.0, 0.0]);
        }
    }
    for criterion in CRITERIA {
        let found = greedy(criterion, 2)
            .select(&table, Target::Classes(&classes))
            .unwrap();
        assert_eq!((found.selected, found.ended), (vec![], Ended::Exhausted));
    }
    let found = GreedySelector::new()
        .dependence(gaussian(Association::Concordance))
        .select(&table, Target::Classes(&classes))
        .unwrap();
    assert_eq!(
        (found.selected, found.ended),
        (vec![], Ended::NoFeatureLeft)
    );
}

#[test]
fn independent_designs_end_the_selection() {
    // A full factorial: every feature is independent of the outcome given every other.
    let columns: Vec<Vec<f64>> = [1, 2, 4, 8]
        .iter()
        .map(|d| (0..48).map(|i| f64::from(i / d % 2)).collect())
        .collect();
    let classes: Vec<usize> = (0..48).map(|i| i / 16).collect();
    for criterion in CRITERIA {
        let found = greedy(criterion, 4)
            .select(&table(&columns), Target::Classes(&classes))
            .unwrap();
        assert_eq!((found.selected, found.ended), (vec![], Ended::Exhausted));
    }
    // One that tells the outcome leaves nothing to the others.
    let mut columns = columns;
    columns.push(classes.iter().map(|&c| c as f64).collect());
    let found = greedy(Criterion::Cmim, 5)
        .select(&table(&columns), Target::Classes(&classes))
        .unwrap();
    assert_eq!((found.selected, found.ended), (vec![4], Ended::Exhausted));
}

#[test]
fn information_does_not_exceed_what_a_far_away_class_can_tell() {
    // Expanded distances are lost at an offset of 1e6; exact ones are not.
    let mut noise = Noise::new(2);
    let x: Vec<f64> = (0..12).map(|_| 1e6 + 1e-3 * noise.normal()).collect();
    let near: Vec<f64> = x.iter().map(|v| v - 1e6).collect();
    let classes: Vec<usize> = (0..12).map(|i| i % 2).collect();
    let (far, near) = (
        nearest_neighbor_class(&x, &classes, 3).unwrap(),
        nearest_neighbor_class(&near, &classes, 3).unwrap(),
    );
    assert!((far - near).abs() < 1e-12);
}

#[test]
fn perfect_correlation_is_capped() {
    let x: Vec<f64> = (0..20).map(f64::from).collect();
    let columns = [
        x.clone(),
        x.iter().map(|v| -2.0 * v).collect(),
        x.iter().map(|v| v * v).collect(),
    ];
    let table = table(&columns);
    let found = GreedySelector::new()
        .dependence(gaussian(Association::Correlation))
        .select(&table, Target::Continuous(&x))
        .unwrap();
    assert_eq!(found.selected, [0, 1, 2]);
    for step in found.steps() {
        assert!((step.relevance - MAX_GAUSSIAN_INFORMATION).abs() < 1.0);
        assert!(step.score.is_finite());
    }
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let mut noise = Noise::new(9);
    let table = noise.table(70, 90);
    let outcome = noise.outcome(70, 0.4);
    let y: Vec<f64> = (0..70).map(|_| noise.normal()).collect();
    let run = || {
        let settings = Estimator::NearestNeighbors(NearestNeighbors::scikit_learn(7));
        let mut numbers = outcome_information(&table, &outcome, 3).unwrap();
        numbers.extend(feature_information(&table, Target::Binary(&outcome), settings).unwrap());
        numbers.extend(feature_information(&table, Target::Continuous(&y), settings).unwrap());
        let mut picks = Vec::new();
        for criterion in CRITERIA {
            let found = greedy(criterion, 30)
                .select(&table, Target::Binary(&outcome))
                .unwrap();
            numbers.extend(found.scores.iter().chain(&found.redundancy));
            picks.push(found.selected);
        }
        let found = GreedySelector::new()
            .dependence(gaussian(Association::SomersD))
            .select(&table, Target::Binary(&outcome))
            .unwrap();
        numbers.extend(found.scores);
        let bits: Vec<u64> = numbers.iter().map(|v| v.to_bits()).collect();
        (bits, picks)
    };
    let pool = |n| {
        rayon::ThreadPoolBuilder::new()
            .num_threads(n)
            .build()
            .expect("a pool")
    };
    assert_eq!(pool(1).install(run), pool(4).install(run));
}

fn message(result: Result<impl std::fmt::Debug, Error>) -> String {
    result.expect_err("a refusal").to_string()
}

#[test]
fn bad_input_is_refused() {
    let table = Noise::new(1).table(6, 2);
    let info = |target, estimator| message(feature_information(&table, target, estimator));
    let nearest = |k| Estimator::NearestNeighbors(NearestNeighbors::new().neighbors(k));
    let two = [true, false, true, false, true, false];
    assert_eq!(
        info(Target::Binary(&two), nearest(0)),
        "neighbors: expected at least 1, found 0"
    );
    assert_eq!(
        info(Target::Binary(&two[..4]), nearest(3)),
        "outcome: expected 6 entries, found 4"
    );
    assert_eq!(
        info(Target::Binary(&[true; 6]), nearest(3)),
        "expected events and non-events, found 6 events among 6 rows"
    );
    assert_eq!(
        info(Target::Classes(&[4; 6]), nearest(3)),
        "expected an outcome that varies, found 4 in all 6 rows"
    );
    assert_eq!(
        info(Target::Classes(&[0, 1, 2, 3, 4, 5]), nearest(3)),
        "mutual information with a class: expected at least 2 rows, found 1"
    );
    let y = [0.0, 1.0, f64::NAN, 3.0, 4.0, 5.0];
    assert_eq!(
        info(Target::Continuous(&y), nearest(3)),
        "row 2, column `outcome`: expected a finite number, found NaN"
    );
    assert_eq!(
        info(
            Target::Continuous(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]),
            nearest(6)
        ),
        "mutual information: expected at least 7 rows, found 6"
    );
}

#[test]
fn bad_settings_are_refused() {
    let table = Noise::new(1).table(6, 2);
    let info = |target, estimator| message(feature_information(&table, target, estimator));
    let two = [true, false, true, false, true, false];
    let cut = |bins| Estimator::Binned {
        binning: Binning::EqualFrequency { bins },
        entropy: Entropy::Empirical,
    };
    assert_eq!(
        info(Target::Binary(&two), cut(0)),
        "bins: expected at least 1, found 0"
    );
    assert_eq!(
        info(Target::Binary(&two), cut(7)),
        "binning: expected at least 7 rows, found 6"
    );
    let entropy = Entropy::Dirichlet { pseudocount: -1.0 };
    assert_eq!(
        message(binned(&[0, 1], &[0, 1], entropy)),
        "pseudocount: expected a finite number of 0 or more, found -1"
    );
    assert_eq!(
        message(greedy(Criterion::Jmi, 0).select(&table, Target::Binary(&two))),
        "features to select: expected at least 1, found 0"
    );
    let selector = greedy(Criterion::Jmi, 1).dependence(gaussian(Association::SomersD));
    assert_eq!(
        message(selector.select(&table, Target::Binary(&two))),
        "a criterion of joint information needs binned features"
    );
    let selector = GreedySelector::new().dependence(gaussian(Association::Correlation));
    assert!(matches!(
        selector.select(&table, Target::Classes(&[0, 1, 2, 0, 1, 2])),
        Err(Error::Incompatible { .. })
    ));
    assert_eq!(
        message(nearest_neighbor_continuous(
            &[1.0, 2.0],
            &[1.0, f64::INFINITY],
            1
        )),
        "row 1, column `second variable`: expected a finite number, found inf"
    );
    let settings = NearestNeighbors::new().ties(Ties::Jitter { seed: 1 });
    let found = feature_information(
        &table,
        Target::Binary(&two),
        Estimator::NearestNeighbors(settings),
    );
    assert_eq!(found.unwrap().len(), 2);
}
