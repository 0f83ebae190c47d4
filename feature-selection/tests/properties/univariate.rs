//! Properties: tests of single features, relevance, tables with gaps.

use super::common::{Noise, names};
use feature_selection::missing::{CompletionPolicy, ImputeBy, Imputer, IncompleteTable, RowSource};
use feature_selection::relevance::Relevance;
use feature_selection::standardize::{Divisor, Standardizer};
use feature_selection::univariate::{
    Adjustment, Effect, LeveneCenter, MannWhitneyMethod, UnivariateMethod, UnivariateSettings,
    UnivariateTable, UnivariateTest, adjust, levene, univariate_test, univariate_tests,
};
use feature_selection::{Error, FeatureTable};
use ndarray::Array2;
use proptest::prelude::*;

const RANKS: [MannWhitneyMethod; 5] = [
    MannWhitneyMethod::NormalCorrected,
    MannWhitneyMethod::Normal,
    MannWhitneyMethod::Exact,
    MannWhitneyMethod::ExactIfSmall,
    MannWhitneyMethod::ExactIfFew,
];

fn methods() -> Vec<UnivariateMethod> {
    let mut all = vec![
        UnivariateMethod::Student,
        UnivariateMethod::Welch,
        UnivariateMethod::StudentOrWelch { levene_level: 0.05 },
    ];
    for ranks in RANKS {
        all.push(UnivariateMethod::MannWhitney(ranks));
        all.push(UnivariateMethod::ByNormality {
            normality_level: 0.05,
            levene_level: 0.05,
            ranks,
        });
    }
    all
}

fn close(a: f64, b: f64, tolerance: f64) -> bool {
    a == b || (a - b).abs() <= tolerance * a.abs().max(b.abs()) || (a.is_nan() && b.is_nan())
}

/// Every number of a test that is a number.
fn numbers(test: &UnivariateTest) -> Vec<f64> {
    let mut all = vec![test.statistic, test.p_value, test.log10_p];
    match test.effect {
        Effect::Means(m) => {
            all.extend([m.mean_events, m.mean_others, m.sd_events, m.sd_others]);
            all.extend([m.difference, m.std_error, m.df]);
            all.extend(
                [m.cohens_d, m.hedges_g(), m.standardized_difference]
                    .iter()
                    .flatten(),
            );
            let interval = m.interval(0.9).unwrap();
            all.extend([interval.low, interval.high]);
        }
        Effect::Ranks(r) => {
            all.extend([r.auc, r.rank_biserial()]);
            all.extend(r.z);
        }
        other => panic!("{other:?}"),
    }
    all
}

/// Features that break formulas: ties, constants, offsets, extreme scales, one odd value, rounding noise.
fn awkward(noise: &mut Noise, kind: usize, n: usize) -> Vec<f64> {
    (0..n)
        .map(|i| match kind % 12 {
            0 => noise.normal(),
            1 => (3.0 * noise.uniform()).floor(),
            2 => 0.1,
            3 => 1e12 + noise.normal(),
            4 => 1e308 * (2.0 * noise.uniform() - 1.0),
            5 => 1e-310 * noise.normal(),
            6 => f64::from(u8::from(i == 0)),
            7 => 1e6 * (1.0 + f64::EPSILON * (2.0 * noise.uniform()).floor()),
            8 => noise.normal() * 10f64.powi((600.0 * noise.uniform()) as i32 - 300),
            9 => {
                if i % 2 == 0 {
                    0.0
                } else {
                    -0.0
                }
            }
            10 => {
                if i < n / 2 {
                    0.3
                } else {
                    0.7
                }
            }
            _ => f64::MAX * if noise.uniform() < 0.5 { 1.0 } else { -1.0 },
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_number_is_missing_for_any_finite_feature(seed in 0u64..10_000, kind in 0usize..12, n in 4usize..40) {
        let mut noise = Noise::new(seed);
        let x = awkward(&mut noise, kind, n);
        let outcome = noise.outcome(n, 0.4);
        for method in methods() {
            let test = univariate_test(&x, &outcome, method).unwrap();
            prop_assert!(numbers(&test).iter().all(|v| !v.is_nan()), "{method:?} {test:?}");
            prop_assert!((0.0..=1.0).contains(&test.p_value) && test.log10_p <= 0.0);
            prop_assert_eq!(test.df.is_nan(), matches!(test.effect, Effect::Ranks(_)));
        }
        for center in [LeveneCenter::Mean, LeveneCenter::Median] {
            let test = levene(&x, &outcome, center).unwrap();
            prop_assert!(test.statistic >= 0.0 && (0.0..=1.0).contains(&test.p_value), "{test:?}");
        }
        let column = Array2::from_shape_vec((n, 1), x).unwrap();
        let table = FeatureTable::new(column.view(), &names(1)).unwrap();
        for relevance in [
            Relevance::AbsoluteT, Relevance::AbsoluteWelchT, Relevance::Auc, Relevance::PointBiserial,
            Relevance::MannWhitney(MannWhitneyMethod::NormalCorrected), Relevance::MutualInformation { neighbors: 3 },
        ] {
            let value = relevance.of(&table, &outcome).unwrap()[0];
            prop_assert!(value >= 0.0, "{relevance:?}: {value}");
            if kind % 12 == 2 || kind % 12 == 9 {
                prop_assert!(value == 0.0 && value.is_sign_positive(), "{:?} of a constant: {}", relevance, value);
            }
        }
        let found = UnivariateTable::new(&table, &outcome, &UnivariateSettings::default()).unwrap();
        for (name, value) in found.rows[0].iter() {
            let may_be_missing = name == "df" || name == "standardized_difference";
            prop_assert!(may_be_missing || !value.is_nan(), "{name}");
        }
    }

    #[test]
    fn swapping_classes_flips_signs_and_order_changes_nothing(seed in 0u64..10_000, n in 6usize..60) {
        let mut noise = Noise::new(seed);
        let x: Vec<f64> = (0..n).map(|_| (6.0 * noise.normal()).round() / 4.0).collect();
        let outcome = noise.outcome(n, 0.4);
        let flipped: Vec<bool> = outcome.iter().map(|y| !y).collect();
        let (rx, ry): (Vec<f64>, Vec<bool>) = x.iter().zip(&outcome).rev().map(|(&a, &b)| (a, b)).unzip();
        let negated: Vec<f64> = x.iter().map(|v| -v).collect();
        for method in methods() {
            let test = univariate_test(&x, &outcome, method).unwrap();
            let other = univariate_test(&x, &flipped, method).unwrap();
            let mirrored = univariate_test(&negated, &outcome, method).unwrap();
            let reversed = univariate_test(&rx, &ry, method).unwrap();
            for changed in [&other, &mirrored, &reversed] {
                prop_assert_eq!(changed.test, test.test);
                prop_assert!(close(changed.p_value, test.p_value, 1e-11), "{method:?}");
                prop_assert!(close(changed.df, test.df, 1e-12));
            }
            let pairs = (test.n_events * test.n_others) as f64;
            let expected = if matches!(test.effect, Effect::Ranks(_)) { pairs - test.statistic } else { -test.statistic };
            let floor: f64 = if matches!(test.effect, Effect::Ranks(_)) { 0.0 } else { 1e-13 };
            prop_assert!((other.statistic - expected).abs() <= floor.max(1e-12 * expected.abs()));
            prop_assert!((mirrored.statistic - expected).abs() <= floor.max(1e-12 * expected.abs()));
            prop_assert!((reversed.statistic - test.statistic).abs() <= floor.max(1e-12 * expected.abs()));
        }
    }

    #[test]
    fn exact_shifts_and_scales_change_no_test(seed in 0u64..10_000, power in -900i32..900) {
        // Sixteenths: sums with 2^30 and products with powers of two are exact.
        let mut noise = Noise::new(seed);
        let x: Vec<f64> = (0..30).map(|_| (16.0 * noise.normal()).round() / 16.0).collect();
        let outcome = noise.outcome(30, 0.5);
        let moved: Vec<f64> = x.iter().map(|v| v + 2f64.powi(30)).collect();
        let scaled: Vec<f64> = x.iter().map(|v| v * 2f64.powi(power)).collect();
        for method in methods() {
            let test = univariate_test(&x, &outcome, method).unwrap();
            for other in [&moved, &scaled] {
                let again = univariate_test(other, &outcome, method).unwrap();
                prop_assert_eq!(test.test, again.test);
                prop_assert!(close(test.statistic, again.statistic, 1e-11), "{method:?}");
                prop_assert!(close(test.p_value, again.p_value, 1e-10));
            }
        }
        for center in [LeveneCenter::Mean, LeveneCenter::Median] {
            let (a, b) = (levene(&x, &outcome, center).unwrap(), levene(&scaled, &outcome, center).unwrap());
            prop_assert!(close(a.statistic, b.statistic, 1e-10));
        }
    }

    #[test]
    fn adjusted_p_values_keep_order_and_never_shrink(seed in 0u64..10_000, n in 1usize..60) {
        let mut noise = Noise::new(seed);
        let p: Vec<f64> = (0..n).map(|_| (20.0 * noise.uniform().powi(4)).round() / 20.0).collect();
        let by = |method| adjust(&p, method);
        for method in [
            Adjustment::None, Adjustment::Bonferroni, Adjustment::Holm, Adjustment::Hochberg, Adjustment::Hommel,
            Adjustment::BenjaminiHochberg, Adjustment::BenjaminiYekutieli,
        ] {
            let adjusted = by(method);
            for i in 0..n {
                prop_assert!(adjusted[i] >= p[i] * (1.0 - 1e-15) && adjusted[i] <= 1.0);
                for j in 0..n {
                    prop_assert!(p[i] > p[j] || adjusted[i] <= adjusted[j]);
                }
            }
        }
        let (holm, hochberg, hommel) = (by(Adjustment::Holm), by(Adjustment::Hochberg), by(Adjustment::Hommel));
        let (bonferroni, rate) = (by(Adjustment::Bonferroni), by(Adjustment::BenjaminiHochberg));
        for i in 0..n {
            let order = [rate[i], hommel[i], hochberg[i], holm[i], bonferroni[i]];
            prop_assert!(order.windows(2).all(|w| w[0] <= w[1] * (1.0 + 1e-14)), "{order:?}");
        }
    }

    #[test]
    fn held_out_rows_have_no_say_in_the_training_rows(seed in 0u64..10_000) {
        let mut noise = Noise::new(seed);
        let mut values = Array2::from_shape_fn((24, 5), |_| noise.normal());
        values.mapv_inplace(|v| if noise.uniform() < 0.3 { f64::NAN } else { v });
        let (training, test): (Vec<usize>, Vec<usize>) = (0..24).partition(|i| i % 3 > 0);
        let mut other = values.clone();
        for &i in &test {
            other.row_mut(i).mapv_inplace(|_| if noise.uniform() < 0.5 { f64::NAN } else { 1e9 * noise.normal() });
        }
        let of = |values: &Array2<f64>| {
            let table = IncompleteTable::new(values.view(), &names(5)).unwrap();
            table.imputed_by(ImputeBy::Median).training_and_test(&training, &test).unwrap()
        };
        let (a, b) = (of(&values), of(&other));
        prop_assert_eq!(&a.training, &b.training);
        prop_assert_eq!(a.test.names(), b.training.names());
        // What is there stays as it is.
        for (at, &row) in test.iter().enumerate() {
            for j in 0..5 {
                prop_assert!(values[[row, j]].is_nan() || a.test.column(j)[at] == values[[row, j]]);
            }
        }
        // A complete table passes through unchanged, by either door.
        let whole = noise.table(24, 5);
        let incomplete = IncompleteTable::new(whole.to_array().view(), &names(5)).unwrap();
        let imputed = incomplete.imputed_by(ImputeBy::Mean).training_and_test(&training, &test).unwrap();
        prop_assert_eq!(imputed, whole.training_and_test(&training, &test).unwrap());
    }

    #[test]
    fn completing_leaves_no_gap_and_says_all_it_left_out(seed in 0u64..10_000, max_share in 0.0f64..1.0) {
        let mut noise = Noise::new(seed);
        let mut values = Array2::from_shape_fn((15, 6), |_| noise.normal());
        values.mapv_inplace(|v| if noise.uniform() < 0.06 { f64::NAN } else { v });
        values.row_mut(0).fill(1.0);
        values.column_mut(0).fill(2.0);
        let table = IncompleteTable::new(values.view(), &names(6)).unwrap();
        let missing = table.missing();
        prop_assert_eq!(missing.missing, values.iter().filter(|v| v.is_nan()).count());
        prop_assert_eq!(missing.rows.iter().map(|r| r.missing).sum::<usize>(), missing.missing);
        for policy in [CompletionPolicy::DropColumns, CompletionPolicy::DropRows, CompletionPolicy::DropColumnsThenRows { max_share }] {
            let complete = table.complete(policy).unwrap();
            let left = &complete.table;
            prop_assert_eq!(left.n_rows() + complete.dropped_rows.len(), 15);
            prop_assert_eq!(left.n_columns() + complete.dropped_columns.len(), 6);
            for (j, name) in left.names().iter().enumerate() {
                let from: usize = name[1..].parse().unwrap();
                for (at, &row) in complete.rows.iter().enumerate() {
                    prop_assert_eq!(left.column(j)[at], values[[row, from]]);
                }
            }
        }
        prop_assert_eq!(table.complete(CompletionPolicy::Refuse).is_ok(), missing.missing == 0);
    }

    #[test]
    fn standardized_training_columns_have_mean_zero_and_deviation_one(seed in 0u64..10_000, power in -280i32..280) {
        let mut noise = Noise::new(seed);
        let values = Array2::from_shape_fn((20, 3), |_| (noise.normal() + 4.0) * 10f64.powi(power));
        let table = FeatureTable::new(values.view(), &names(3)).unwrap();
        for (divisor, n) in [(Divisor::Population, 20.0), (Divisor::Sample, 19.0)] {
            let fitted = Standardizer::fit(&table, divisor).unwrap();
            let z = fitted.transform(&table).unwrap();
            for j in 0..3 {
                prop_assert!(z.column(j).iter().sum::<f64>().abs() < 1e-12);
                prop_assert!((z.column(j).iter().map(|v| v * v).sum::<f64>() / n - 1.0).abs() < 1e-12);
            }
            prop_assert_eq!(&Standardizer::from_json(&fitted.to_json()).unwrap(), &fitted);
        }
        let incomplete = IncompleteTable::new(values.view(), &names(3)).unwrap();
        let imputer = Imputer::fit(&incomplete, ImputeBy::Mean).unwrap();
        prop_assert_eq!(Imputer::from_json(&imputer.to_json()).unwrap(), imputer);
    }

    #[test]
    fn copies_are_found_wherever_they_stand(seed in 0u64..10_000, n in 1usize..30) {
        let mut noise = Noise::new(seed);
        let pool: Vec<Vec<f64>> = (0..6).map(|_| (0..n).map(|_| (4.0 * noise.uniform()).floor()).collect()).collect();
        let picks: Vec<usize> = (0..15).map(|_| (6.0 * noise.uniform()) as usize).collect();
        let values = Array2::from_shape_fn((n, 15), |(i, j)| pool[picks[j]][i]);
        let table = FeatureTable::new(values.view(), &names(15)).unwrap();
        let expected: Vec<(usize, usize)> = (0..15)
            .filter_map(|j| (0..j).find(|&i| table.column(i) == table.column(j)).map(|i| (j, i)))
            .collect();
        prop_assert_eq!(table.duplicate_columns(), expected);
        let flat: Vec<usize> = (0..15).filter(|&j| table.column(j).windows(2).all(|w| w[0] == w[1])).collect();
        prop_assert_eq!(table.constant_columns(), flat);
    }
}

#[test]
fn small_classes_have_documented_answers() {
    let x = [5.0, 1.0, 2.0, 3.0];
    let one = [true, false, false, false];
    for method in methods() {
        let found = univariate_test(&x, &one, method);
        match method {
            UnivariateMethod::MannWhitney(_) | UnivariateMethod::ByNormality { .. } => {
                // A class of one has a rank, but no variance.
                assert!(matches!(found.unwrap().effect, Effect::Ranks(_)));
            }
            _ => assert!(matches!(
                found,
                Err(Error::TooFewInClass {
                    required: 2,
                    found: 1,
                    ..
                })
            )),
        }
    }
    let column = Array2::from_shape_vec((4, 1), x.to_vec()).unwrap();
    let table = FeatureTable::new(column.view(), &names(1)).unwrap();
    assert!(matches!(
        UnivariateTable::new(&table, &one, &UnivariateSettings::default()),
        Err(Error::TooFewInClass { .. })
    ));
    // Three against three: no exact p-value below 2 of 20.
    let six = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
    let outcome = [false, false, false, true, true, true];
    let exact = UnivariateMethod::MannWhitney(MannWhitneyMethod::Exact);
    let test = univariate_test(&six, &outcome, exact).unwrap();
    assert!((test.p_value - 0.1).abs() < 1e-15);
}

#[test]
fn a_table_is_tested_as_its_columns_are_by_any_number_of_threads() {
    let mut noise = Noise::new(3);
    let table = noise.table(50, 70);
    let outcome = noise.outcome(50, 0.5);
    for method in methods() {
        let alone: Vec<UnivariateTest> = (0..70)
            .map(|j| univariate_test(table.column(j), &outcome, method).unwrap())
            .collect();
        for threads in [1, 4] {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            let found = pool
                .install(|| univariate_tests(&table, &outcome, method))
                .unwrap();
            // Debug prints every digit, and NaN like NaN.
            assert_eq!(format!("{found:?}"), format!("{alone:?}"));
        }
    }
}

#[test]
fn true_null_features_have_uniform_p_values() {
    // 2,000 features that know nothing: the share below 0.05 is within four standard errors.
    let mut noise = Noise::new(11);
    let table = noise.table(40, 2000);
    let outcome = noise.outcome(40, 0.5);
    for method in methods() {
        let tests = univariate_tests(&table, &outcome, method).unwrap();
        let share = tests.iter().filter(|t| t.p_value < 0.05).count() as f64 / 2000.0;
        assert!((share - 0.05).abs() < 0.02, "{method:?}: {share}");
    }
    let smallest = UnivariateSettings {
        adjustment: Adjustment::Holm,
        ..UnivariateSettings::default()
    };
    let found = UnivariateTable::new(&table, &outcome, &smallest).unwrap();
    let order = found.by_p_value();
    assert!(
        order
            .windows(2)
            .all(|w| found.rows[w[0]].test.p_value <= found.rows[w[1]].test.p_value)
    );
    assert!(found.significant(0.01).len() <= 1);
}
