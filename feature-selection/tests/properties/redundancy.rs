//! What redundancy filters promise for any table.

use super::common::{Noise, names};
use feature_selection::correlation::{Correlation, correlation_matrix, correlation_test};
use feature_selection::redundancy::{
    CaretRule, Linkage, RSquared, RedunStop, Redundancy, RedundancyAnalysis, Representative,
    Target, Terms, caret_exact, caret_fast, cluster_representatives, find_correlation,
    near_zero_variance, relevance_greedy, variance_inflation, variance_threshold, vif_filter,
};
use feature_selection::{Error, FeatureTable};
use ndarray::{Array2, array};
use proptest::prelude::*;

const METHODS: [Correlation; 3] = [
    Correlation::Pearson,
    Correlation::Spearman,
    Correlation::Kendall,
];

fn table_of(columns: &[Vec<f64>]) -> FeatureTable {
    let values = Array2::from_shape_fn((columns[0].len(), columns.len()), |(i, j)| columns[j][i]);
    FeatureTable::new(values.view(), &names(columns.len())).expect("a clean table")
}

/// Columns of a few common factors, some rounded to ties, one a copy, one constant, one the sum of two.
fn columns(noise: &mut Noise, n: usize) -> Vec<Vec<f64>> {
    let factors: Vec<Vec<f64>> = (0..3)
        .map(|_| (0..n).map(|_| noise.normal()).collect())
        .collect();
    let mut columns: Vec<Vec<f64>> = (0..9)
        .map(|j| {
            let sign = if j % 4 == 1 { -1.0 } else { 1.0 };
            let mixed = factors[j % 3]
                .iter()
                .map(|f| sign * f + 0.4 * noise.normal());
            match j {
                3 => mixed.map(|v| v.round()).collect(),
                _ => mixed.collect(),
            }
        })
        .collect();
    columns.push(columns[0].clone());
    columns.push(vec![3.25; n]);
    columns.push(
        columns[1]
            .iter()
            .zip(&columns[2])
            .map(|(a, b)| a + b)
            .collect(),
    );
    columns
}

fn relevance(noise: &mut Noise, p: usize) -> Vec<f64> {
    (0..p).map(|_| noise.uniform()).collect()
}

/// Every column is kept, removed or constant, once; coefficients are those of the matrix and above the cutoff.
fn is_sound(found: &Redundancy, table: &FeatureTable, cutoff: f64, method: Correlation) {
    let mut all: Vec<usize> = found.removed.iter().map(|r| r.column).collect();
    let mut order = found.order.clone();
    order.sort_unstable();
    assert_eq!(order, all);
    all.extend(found.kept.iter().chain(&found.constant));
    all.sort_unstable();
    assert_eq!(all, (0..table.n_columns()).collect::<Vec<_>>());
    let r = correlation_matrix(table, method);
    for gone in &found.removed {
        assert_eq!(gone.correlation, r[[gone.column, gone.repeats]]);
        assert!(gone.correlation.abs() > cutoff);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn greedy_keeps_no_pair_above_the_cutoff_and_names_a_more_relevant_kept_column(
        seed in 0_u64..1 << 40, n in 8_usize..40, cutoff in 0.2..0.99,
    ) {
        let mut noise = Noise::new(seed);
        let table = table_of(&columns(&mut noise, n));
        let relevance = relevance(&mut noise, table.n_columns());
        for method in METHODS {
            let found = relevance_greedy(&table, &relevance, cutoff, method).unwrap();
            is_sound(&found, &table, cutoff, method);
            prop_assert_eq!(&found.constant, &[10]);
            let r = correlation_matrix(&table, method);
            for (a, &i) in found.kept.iter().enumerate() {
                prop_assert!(found.kept[..a].iter().all(|&j| r[[i, j]].abs() <= cutoff));
            }
            for gone in &found.removed {
                prop_assert!(found.kept.contains(&gone.repeats));
                prop_assert!(relevance[gone.repeats] >= relevance[gone.column]);
            }
            prop_assert!(!(found.kept.contains(&0) && found.kept.contains(&9)), "a copy is kept");
        }
    }

    #[test]
    fn the_choice_follows_the_columns_wherever_they_stand(seed in 0_u64..1 << 40, shift in 1_usize..12) {
        let mut noise = Noise::new(seed);
        let mut columns = columns(&mut noise, 30);
        // Without the copy no two columns tie.
        columns.remove(9);
        let p = columns.len();
        let relevance = relevance(&mut noise, p);
        let from: Vec<usize> = (0..p).map(|j| (j * 5 + shift) % p).collect();
        let moved: Vec<Vec<f64>> = from.iter().map(|&j| columns[j].clone()).collect();
        let moved_relevance: Vec<f64> = from.iter().map(|&j| relevance[j]).collect();
        let (table, moved) = (table_of(&columns), table_of(&moved));
        let back = |kept: &[usize]| {
            let mut kept: Vec<usize> = kept.iter().map(|&j| from[j]).collect();
            kept.sort_unstable();
            kept
        };
        let spearman = Correlation::Spearman;
        let a = relevance_greedy(&table, &relevance, 0.7, spearman).unwrap();
        let b = relevance_greedy(&moved, &moved_relevance, 0.7, spearman).unwrap();
        prop_assert_eq!(a.kept, back(&b.kept));
        let a = caret_exact(&table, 0.7, Correlation::Pearson).unwrap();
        let b = caret_exact(&moved, 0.7, Correlation::Pearson).unwrap();
        prop_assert_eq!(a.kept, back(&b.kept));
        let by = Representative::MostRelevant(&relevance);
        let a = cluster_representatives(&table, 0.7, Correlation::Pearson, Linkage::Complete, by).unwrap();
        let by = Representative::MostRelevant(&moved_relevance);
        let b = cluster_representatives(&moved, 0.7, Correlation::Pearson, Linkage::Complete, by).unwrap();
        prop_assert_eq!(a.redundancy.kept, back(&b.redundancy.kept));
        let a = variance_inflation(&table).factors;
        let b = variance_inflation(&moved).factors;
        for (j, factor) in b.iter().enumerate() {
            let same = *factor == a[from[j]] || (factor / a[from[j]] - 1.0).abs() < 1e-9;
            prop_assert!(same || (factor.is_nan() && a[from[j]].is_nan()));
        }
    }

    #[test]
    fn units_do_not_matter(seed in 0_u64..1 << 40, scale in -20_i32..20, sign in prop::bool::ANY) {
        let mut noise = Noise::new(seed);
        let columns = columns(&mut noise, 25);
        // Powers of two: not even the last digit changes.
        let unit = 2.0_f64.powi(scale) * if sign { -1.0 } else { 1.0 };
        let scaled: Vec<Vec<f64>> = columns
            .iter()
            .enumerate()
            .map(|(j, c)| c.iter().map(|v| if j % 2 == 0 { v * unit } else { *v }).collect())
            .collect();
        let (a, b) = (table_of(&columns), table_of(&scaled));
        let relevance = relevance(&mut noise, a.n_columns());
        for method in METHODS {
            let (ra, rb) = (correlation_matrix(&a, method), correlation_matrix(&b, method));
            prop_assert!(ra.iter().zip(&rb).all(|(x, y)| x.abs() == y.abs() || (x.is_nan() && y.is_nan())));
            let kept = |t| relevance_greedy(t, &relevance, 0.8, method).unwrap().kept;
            prop_assert_eq!(kept(&a), kept(&b));
            prop_assert_eq!(caret_exact(&a, 0.8, method).unwrap().order, caret_exact(&b, 0.8, method).unwrap().order);
            prop_assert_eq!(caret_fast(&a, 0.8, method).unwrap().order, caret_fast(&b, 0.8, method).unwrap().order);
        }
        prop_assert_eq!(vif_filter(&a, 5.0).unwrap().kept, vif_filter(&b, 5.0).unwrap().kept);
        let redun = RedundancyAnalysis::new().terms(Terms::Linear);
        prop_assert_eq!(redun.fit(&a).unwrap().kept, redun.fit(&b).unwrap().kept);
    }

    #[test]
    fn removed_columns_stay_predicted_by_the_kept_ones(seed in 0_u64..1 << 40, threshold in 0.3..0.95) {
        let mut noise = Noise::new(seed);
        let table = table_of(&columns(&mut noise, 70));
        for kind in [RSquared::Ordinary, RSquared::Adjusted] {
            for terms in [
                Terms::Linear,
                Terms::Splines { knots: 3, target: Target::Linear },
                Terms::Splines { knots: 4, target: Target::Transformed },
            ] {
                let fit = RedundancyAnalysis::new()
                    .threshold(threshold)
                    .r_squared(kind)
                    .terms(terms)
                    .fit(&table)
                    .unwrap();
                for gone in &fit.removed {
                    prop_assert!(gone.r_squared >= threshold);
                    prop_assert!(gone.final_r_squared >= threshold - 1e-12);
                }
                prop_assert!(!(fit.kept.contains(&0) && fit.kept.contains(&9)), "a copy is kept");
                prop_assert_eq!(fit.kept.len() + fit.removed.len() + fit.constant.len(), 12);
                for (j, r) in fit.initial.iter().enumerate() {
                    let defined = (0.0..=1.0).contains(r);
                    prop_assert!(defined != (j == 10));
                }
                if let RedunStop::BelowThreshold { r_squared, .. } = fit.stop {
                    prop_assert!(r_squared < threshold);
                }
            }
        }
    }

    #[test]
    fn a_higher_threshold_never_removes_more(seed in 0_u64..1 << 40, low in 1.5..5.0, more in 1.0..20.0) {
        let mut noise = Noise::new(seed);
        let table = table_of(&columns(&mut noise, 40));
        let (strict, mild) = (vif_filter(&table, low).unwrap(), vif_filter(&table, low + more).unwrap());
        // One sequence, cut at different places.
        prop_assert!(strict.removed.starts_with(&mild.removed));
        prop_assert!(strict.factors.iter().all(|&f| (1.0..=low).contains(&f)));
        let (wide, narrow) = (variance_threshold(&table, 0.5).unwrap(), variance_threshold(&table, 1.0).unwrap());
        prop_assert!(narrow.kept.iter().all(|j| wide.kept.contains(j)));
    }

    #[test]
    fn clusters_partition_the_columns_and_complete_ones_are_tight(seed in 0_u64..1 << 40, cutoff in 0.3..0.95) {
        let mut noise = Noise::new(seed);
        let table = table_of(&columns(&mut noise, 30));
        let relevance = relevance(&mut noise, table.n_columns());
        let r = correlation_matrix(&table, Correlation::Pearson);
        for linkage in [Linkage::Average, Linkage::Complete, Linkage::Single, Linkage::Ward] {
            for by in [Representative::MostRelevant(&relevance), Representative::Medoid] {
                let found = cluster_representatives(&table, cutoff, Correlation::Pearson, linkage, by).unwrap();
                let mut members: Vec<usize> = found.clusters.iter().flat_map(|c| c.members.clone()).collect();
                members.sort_unstable();
                prop_assert_eq!(members, (0..12).filter(|&j| j != 10).collect::<Vec<_>>());
                for cluster in &found.clusters {
                    prop_assert!(found.redundancy.kept.contains(&cluster.representative));
                    for &i in &cluster.members {
                        for &j in &cluster.members {
                            let together = r[[i, j]].abs() >= cutoff - 1e-12;
                            prop_assert!(together || linkage != Linkage::Complete);
                        }
                        for j in (0..12).filter(|j| *j != 10 && !cluster.members.contains(j)) {
                            let apart = r[[i, j]].abs() <= cutoff + 1e-12;
                            prop_assert!(apart || linkage != Linkage::Single);
                        }
                    }
                }
                prop_assert!(!(found.redundancy.kept.contains(&0) && found.redundancy.kept.contains(&9)));
            }
        }
    }
}

#[test]
fn copies_correlate_exactly_one_and_negatives_exactly_minus_one() {
    let mut noise = Noise::new(5);
    for n in [2, 3, 50, 421, 1860, 1861, 2500] {
        let a: Vec<f64> = (0..n).map(|_| 1e6 + noise.normal()).collect();
        let table = table_of(&[a.clone(), a.iter().map(|v| -v).collect(), a]);
        for method in METHODS {
            let r = correlation_matrix(&table, method);
            assert_eq!(
                (r[[0, 2]], r[[0, 1]], r[[1, 1]]),
                (1.0, -1.0, 1.0),
                "{method}, n = {n}"
            );
        }
    }
}

#[test]
fn rank_sums_in_integers_and_in_doubles_agree() {
    // 1860 rows are summed in integers, 1861 in doubles; a row in the middle of both orders changes little.
    let mut noise = Noise::new(6);
    let mut a: Vec<f64> = (0..1860).map(|_| noise.normal()).collect();
    let mut b: Vec<f64> = a.iter().map(|v| v + noise.normal()).collect();
    let short =
        correlation_matrix(&table_of(&[a.clone(), b.clone()]), Correlation::Spearman)[[0, 1]];
    a.push(0.0);
    b.push(0.0);
    let long = correlation_matrix(&table_of(&[a, b]), Correlation::Spearman)[[0, 1]];
    assert!((short - long).abs() < 1e-3 && short != long);
}

#[test]
fn results_are_the_same_bits_for_any_number_of_threads() {
    let mut noise = Noise::new(11);
    let table = noise.table(90, 75);
    let relevance: Vec<f64> = (0..75).map(|_| noise.uniform()).collect();
    let all = || {
        let matrices: Vec<Vec<u64>> = METHODS
            .iter()
            .map(|&m| {
                correlation_matrix(&table, m)
                    .iter()
                    .map(|v| v.to_bits())
                    .collect()
            })
            .collect();
        (
            matrices,
            relevance_greedy(&table, &relevance, 0.1, Correlation::Spearman).unwrap(),
            caret_exact(&table, 0.1, Correlation::Pearson).unwrap(),
            caret_fast(&table, 0.1, Correlation::Pearson).unwrap(),
            variance_inflation(&table),
            RedundancyAnalysis::new()
                .threshold(0.5)
                .terms(Terms::Linear)
                .fit(&table)
                .unwrap(),
        )
    };
    let pool = |threads| {
        let builder = rayon::ThreadPoolBuilder::new().num_threads(threads);
        builder.build().expect("a pool").install(all)
    };
    assert_eq!(pool(1), pool(4));
}

#[test]
fn a_sum_is_found_by_regressions_and_not_by_pairs() {
    let mut noise = Noise::new(3);
    let mut columns: Vec<Vec<f64>> = (0..4)
        .map(|_| (0..50).map(|_| noise.normal()).collect())
        .collect();
    let sum = (0..50)
        .map(|i| (0..3).map(|j| columns[j][i]).sum())
        .collect();
    columns.push(sum);
    let table = table_of(&columns);
    let pairs = relevance_greedy(&table, &[0.0; 5], 0.9, Correlation::Pearson).unwrap();
    assert_eq!(pairs.kept.len(), 5);
    let vif = variance_inflation(&table);
    let infinite: Vec<bool> = vif.factors.iter().map(|f| f.is_infinite()).collect();
    assert_eq!(infinite, [true, true, true, false, true]);
    let of: Vec<usize> = vif.aliased[0].of.iter().map(|t| t.column).collect();
    assert_eq!((vif.aliased[0].column, of), (4, vec![0, 1, 2]));
    let fit = RedundancyAnalysis::new()
        .terms(Terms::Linear)
        .fit(&table)
        .unwrap();
    assert_eq!((fit.removed.len(), fit.removed[0].column), (1, 0));
    assert!((fit.removed[0].final_r_squared - 1.0).abs() < 1e-12);
    assert_eq!(vif_filter(&table, 10.0).unwrap().kept, [1, 2, 3, 4]);
}

#[test]
fn an_analysis_stops_before_it_loses_what_it_removed() {
    let mut lost = 0;
    for seed in 0..40 {
        let mut noise = Noise::new(seed);
        // A walk: each column is near its neighbors only.
        let mut walk: Vec<Vec<f64>> = vec![(0..60).map(|_| noise.normal()).collect()];
        for k in 0..8 {
            let next = walk[k].iter().map(|v| 0.8 * v + 0.4 * noise.normal());
            let next = next.collect();
            walk.push(next);
        }
        let table = table_of(&walk);
        for threshold in [0.5, 0.6, 0.7, 0.75, 0.8, 0.85] {
            let fit = RedundancyAnalysis::new()
                .threshold(threshold)
                .terms(Terms::Linear)
                .fit(&table)
                .unwrap();
            if let RedunStop::WouldLose {
                r_squared,
                lost: column,
                lost_r_squared,
                ..
            } = fit.stop
            {
                lost += 1;
                assert!(r_squared >= threshold && lost_r_squared < threshold);
                assert!(fit.removed.iter().any(|r| r.column == column));
            }
        }
    }
    assert!(lost > 0, "no threshold meets the rule");
}

#[test]
fn columns_with_few_values_enter_splines_as_they_are() {
    let mut noise = Noise::new(4);
    let mut columns: Vec<Vec<f64>> = (0..3)
        .map(|_| (0..60).map(|_| noise.normal()).collect())
        .collect();
    columns.push((0..60).map(|i| f64::from(i % 2)).collect());
    columns.push((0..60).map(|i| f64::from(i % 4)).collect());
    let fit = RedundancyAnalysis::new().fit(&table_of(&columns)).unwrap();
    assert_eq!(fit.linear, [3, 4]);
    // Where all do, the analysis is the linear one: of a column and its copy the first goes.
    let few = [columns[3].clone(), columns[4].clone(), columns[3].clone()];
    let fit = RedundancyAnalysis::new().fit(&table_of(&few)).unwrap();
    assert_eq!((fit.removed[0].column, fit.kept), (0, vec![1, 2]));
}

#[test]
fn degenerate_tables_have_an_outcome() {
    let flat = table_of(&[vec![1.0; 5], vec![2.0; 5]]);
    let greedy = relevance_greedy(&flat, &[0.0, 1.0], 0.9, Correlation::Kendall).unwrap();
    assert_eq!((greedy.kept.len(), greedy.constant.len()), (0, 2));
    assert!(
        caret_exact(&flat, 0.9, Correlation::Pearson)
            .unwrap()
            .kept
            .is_empty()
    );
    assert!(vif_filter(&flat, 2.0).unwrap().kept.is_empty());
    let fit = RedundancyAnalysis::new()
        .terms(Terms::Linear)
        .fit(&flat)
        .unwrap();
    assert_eq!((fit.kept.len(), fit.stop), (0, RedunStop::NoneLeft));
    assert!(
        correlation_matrix(&flat, Correlation::Pearson)
            .iter()
            .all(|r| r.is_nan())
    );
    let test = correlation_test(&flat, 0, 1, Correlation::Kendall).unwrap();
    assert!(test.coefficient.is_nan() && test.p_value.is_nan());
    let one_row = table_of(&[vec![1.0], vec![2.0]]);
    assert_eq!(
        relevance_greedy(&one_row, &[0.0, 1.0], 0.9, Correlation::Spearman)
            .unwrap()
            .constant,
        [0, 1]
    );
    assert_eq!(near_zero_variance(&one_row, 19.0, 10.0).unwrap(), [0, 1]);
    // Tiny and huge columns vary.
    let extreme = table_of(&[vec![1e-170, 2e-170, 4e-170], vec![1e308, -1e308, 1e307]]);
    assert_eq!(variance_threshold(&extreme, 0.0).unwrap().kept, [0, 1]);
    assert!(
        correlation_matrix(&extreme, Correlation::Pearson)
            .iter()
            .all(|r| r.is_finite())
    );
    // More columns than rows: every factor is infinite.
    let wide = Noise::new(1).table(5, 8);
    assert!(
        variance_inflation(&wide)
            .factors
            .iter()
            .all(|f| f.is_infinite())
    );
}

#[test]
fn bad_settings_are_refused() {
    let table = Noise::new(2).table(6, 3);
    for cutoff in [-0.1, 1.1, f64::NAN] {
        let refused = relevance_greedy(&table, &[0.0; 3], cutoff, Correlation::Pearson);
        assert!(matches!(refused, Err(Error::InvalidSetting { .. })));
        assert!(caret_fast(&table, cutoff, Correlation::Pearson).is_err());
        assert!(find_correlation(array![[1.0]].view(), cutoff, CaretRule::Exact).is_err());
        let by = Representative::Medoid;
        assert!(
            cluster_representatives(&table, cutoff, Correlation::Pearson, Linkage::Ward, by)
                .is_err()
        );
        assert!(
            RedundancyAnalysis::new()
                .threshold(cutoff)
                .fit(&table)
                .is_err()
        );
    }
    assert!(matches!(
        relevance_greedy(&table, &[0.0; 2], 0.5, Correlation::Pearson),
        Err(Error::LengthMismatch {
            expected: 3,
            found: 2,
            ..
        })
    ));
    assert!(matches!(
        relevance_greedy(&table, &[0.0, f64::NAN, 0.0], 0.5, Correlation::Pearson),
        Err(Error::NonFinite { row: 1, .. })
    ));
    assert!(vif_filter(&table, 0.5).is_err() && vif_filter(&table, f64::NAN).is_err());
    assert!(variance_threshold(&table, -1.0).is_err());
}

#[test]
fn tables_of_the_wrong_shape_are_refused() {
    let table = Noise::new(2).table(6, 3);
    let wide = Noise::new(3).table(8, 8);
    assert!(matches!(
        RedundancyAnalysis::new().terms(Terms::Linear).fit(&wide),
        Err(Error::TooManyColumns {
            limit: 7,
            found: 8,
            ..
        })
    ));
    assert!(matches!(
        vif_filter(&wide, 5.0),
        Err(Error::TooManyColumns { .. })
    ));
    let few = Terms::Splines {
        knots: 2,
        target: Target::Linear,
    };
    assert!(RedundancyAnalysis::new().terms(few).fit(&table).is_err());
    assert!(matches!(
        RedundancyAnalysis::new().fit(&Noise::new(4).table(5, 2)),
        Err(Error::TooFewRows {
            required: 6,
            found: 5,
            ..
        })
    ));
    assert!(matches!(
        correlation_test(&table, 0, 3, Correlation::Pearson),
        Err(Error::ColumnOutOfRange { index: 3, .. })
    ));
}
