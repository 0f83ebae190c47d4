//! What a result must not depend on.

use super::common::{Noise, names};
use feature_selection::FeatureTable;
use feature_selection::correlation::{Correlation, correlation_matrix};
use feature_selection::icc::{IccForm, IccModel, IccSettings, icc_all};
use feature_selection::lasso::{Compat, ElasticNet, Samples};
use feature_selection::mrmr::{Criterion, Stop, select};
use feature_selection::mutual_information::{
    Binning, Entropy, binned, nearest_neighbor_class, nearest_neighbor_continuous,
};
use feature_selection::redundancy::relevance_greedy;
use feature_selection::univariate::{MannWhitneyMethod, UnivariateMethod, univariate_test};
use ndarray::Array2;
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn consistency_ignores_a_rater_offset_and_agreement_does_not(seed in 0u64..1000, offset in 0.5f64..100.0) {
        let mut noise = Noise::new(seed);
        let mut ratings = Array2::from_shape_fn((12, 3), |_| noise.normal());
        ratings.rows_mut().into_iter().for_each(|mut r| { let t = 3.0 * noise.normal(); r += t; });
        let before = icc_all(ratings.view(), &IccSettings::default()).unwrap();
        let mut shifted = ratings.clone();
        shifted.column_mut(1).mapv_inplace(|v| v + offset);
        let after = icc_all(shifted.view(), &IccSettings::default()).unwrap();
        for (a, b) in before.iter().zip(&after) {
            prop_assert!(a.value <= 1.0);
            if a.form.model == IccModel::Consistency {
                prop_assert!((a.value - b.value).abs() < 1e-9);
            }
        }
        let mut order: Vec<usize> = (0..12).collect();
        order.reverse();
        let permuted = icc_all(ratings.select(ndarray::Axis(0), &order).view(), &IccSettings::default()).unwrap();
        for (a, b) in before.iter().zip(&permuted) {
            prop_assert!((a.value - b.value).abs() < 1e-12);
        }
    }

    #[test]
    fn equal_raters_agree_perfectly(seed in 0u64..1000, scale in -6i32..7) {
        let mut noise = Noise::new(seed);
        let subjects: Vec<f64> = (0..10).map(|_| 1e3 + noise.normal() * 10f64.powi(scale)).collect();
        let ratings = Array2::from_shape_fn((10, 3), |(i, _)| subjects[i]);
        for one in icc_all(ratings.view(), &IccSettings::default()).unwrap() {
            prop_assert_eq!((one.value, one.ci_low, one.ci_high), (1.0, 1.0, 1.0));
        }
    }

    #[test]
    fn information_is_symmetric_nonnegative_and_blind_to_order(seed in 0u64..1000) {
        let mut noise = Noise::new(seed);
        let x: Vec<f64> = (0..60).map(|_| noise.normal()).collect();
        let y: Vec<f64> = x.iter().map(|v| v + noise.normal()).collect();
        let class: Vec<usize> = y.iter().map(|&v| usize::from(v > 0.0)).collect();
        let (ab, ba) = (nearest_neighbor_continuous(&x, &y, 3).unwrap(), nearest_neighbor_continuous(&y, &x, 3).unwrap());
        prop_assert!((ab - ba).abs() < 1e-12 && ab >= 0.0);
        let one = nearest_neighbor_class(&x, &class, 3).unwrap();
        let rx: Vec<f64> = x.iter().rev().copied().collect();
        let rc: Vec<usize> = class.iter().rev().copied().collect();
        prop_assert!((one - nearest_neighbor_class(&rx, &rc, 3).unwrap()).abs() < 1e-12);
        // Powers of two change no rounding, other labels change nothing.
        let doubled: Vec<f64> = x.iter().map(|v| 4.0 * v).collect();
        let relabeled: Vec<usize> = class.iter().map(|c| 7 - 3 * c).collect();
        prop_assert_eq!(one, nearest_neighbor_class(&doubled, &class, 3).unwrap());
        prop_assert!((one - nearest_neighbor_class(&x, &relabeled, 3).unwrap()).abs() < 1e-12);
    }

    #[test]
    fn ranks_and_equal_frequency_bins_ignore_monotone_maps(seed in 0u64..1000) {
        let mut noise = Noise::new(seed);
        let x: Vec<f64> = (0..57).map(|_| noise.normal()).collect();
        let grown: Vec<f64> = x.iter().map(|v| (0.7 * v).exp()).collect();
        let bins = Binning::EqualFrequency { bins: 6 };
        prop_assert_eq!(bins.classes(&x).unwrap(), bins.classes(&grown).unwrap());
        let outcome = noise.outcome(57, 0.4);
        let method = UnivariateMethod::MannWhitney(MannWhitneyMethod::ExactIfSmall);
let (a, b) = (univariate_test(&x, &outcome, method).unwrap(), univariate_test(&grown, &outcome, method).unwrap());
        prop_assert_eq!((a.statistic, a.p_value), (b.statistic, b.p_value));
        let both = Array2::from_shape_fn((57, 2), |(i, j)| if j == 0 { x[i] } else { grown[i] });
        let table = FeatureTable::new(both.view(), &names(2)).unwrap();
        prop_assert!((correlation_matrix(&table, Correlation::Spearman)[[0, 1]] - 1.0).abs() < 1e-12);
    }

    #[test]
    fn no_kept_pair_is_above_the_cutoff(seed in 0u64..1000, cutoff in 0.05f64..0.6) {
        let mut noise = Noise::new(seed);
        let table = noise.table(30, 25);
        let relevance: Vec<f64> = (0..25).map(|_| noise.uniform()).collect();
        let found = relevance_greedy(&table, &relevance, cutoff, Correlation::Pearson).unwrap();
        let r = correlation_matrix(&table, Correlation::Pearson);
        for &i in &found.kept {
            for &j in found.kept.iter().filter(|&&j| j != i) {
                prop_assert!(r[[i, j]].abs() <= cutoff);
            }
        }
        for gone in &found.removed {
            prop_assert!(gone.correlation.abs() > cutoff && found.kept.contains(&gone.repeats));
            prop_assert!(relevance[gone.repeats] >= relevance[gone.column]);
        }
        prop_assert_eq!(found.kept.len() + found.removed.len(), 25);
    }

    #[test]
    fn exact_solutions_do_not_depend_on_row_or_column_order(seed in 0u64..1000) {
        let mut noise = Noise::new(seed);
        let table = noise.table(40, 12);
        let outcome = noise.outcome(40, 0.5);
        let lambdas = [0.1, 0.03];
        let fit = |t: &FeatureTable, y: &[bool]| {
            ElasticNet::new().lambdas(&lambdas).compat(Compat::Exact).fit(&Samples::binary(t, y).unwrap()).unwrap()
        };
        let plain = fit(&table, &outcome);
        let rows: Vec<usize> = (0..40).rev().collect();
        let columns: Vec<usize> = (0..12).rev().collect();
        let turned = table.select_rows(&rows).unwrap().select_columns(&columns);
        let y: Vec<bool> = rows.iter().map(|&i| outcome[i]).collect();
        let other = fit(&turned, &y);
        for lambda in lambdas {
            let (a, b) = (plain.coefficients_at(lambda).unwrap(), other.coefficients_at(lambda).unwrap());
            for j in 0..12 {
                prop_assert!((a.beta[j] - b.beta[11 - j]).abs() < 1e-9);
            }
        }
    }
}

#[test]
fn a_variable_tells_everything_about_itself() {
    let x = [0, 1, 2, 0, 1, 2, 2, 2];
    let h: f64 = [2.0, 2.0, 4.0]
        .iter()
        .map(|c: &f64| -c / 8.0 * (c / 8.0).ln())
        .sum();
    assert!((binned(&x, &x, Entropy::Empirical).unwrap() - h).abs() < 1e-15);
    // Miller-Madow adds (3 - 1) / 16 to each of the three entropies, one of them subtracted.
    assert!((binned(&x, &x, Entropy::MillerMadow).unwrap() - (h + 2.0 / 16.0)).abs() < 1e-15);
    // Two classes seen once each: shrinkage goes all the way, both frequencies are one half.
    assert!((binned(&[0, 1], &[0, 1], Entropy::Shrinkage).unwrap() - 2f64.ln()).abs() < 1e-15);
}

#[test]
fn the_greedy_criteria_pass_over_a_copy() {
    // Column 1 repeats column 0; column 2 is weaker but new. Only relevance alone takes the copy.
    let mut noise = Noise::new(3);
    let outcome: Vec<bool> = (0..200).map(|i| i % 2 == 0).collect();
    let values = Array2::from_shape_fn((200, 3), |(i, j)| {
        let signal = f64::from(u8::from(outcome[i]));
        if j == 2 {
            1.2 * signal + noise.normal()
        } else {
            0.0
        }
    });
    let mut values = values;
    for i in 0..200 {
        let v = 2.0 * f64::from(u8::from(outcome[i])) + noise.normal();
        values[[i, 0]] = v;
        values[[i, 1]] = v;
    }
    let table = FeatureTable::new(values.view(), &names(3)).unwrap();
    let run = |c| {
        select(
            &table,
            &outcome,
            c,
            2,
            Binning::Praznik,
            Stop::WhenExhausted,
        )
        .unwrap()
        .selected
    };
    assert_eq!(run(Criterion::Mim), [0, 1]);
    for criterion in [
        Criterion::MrmrDifference,
        Criterion::MrmrQuotient,
        Criterion::Jmi,
        Criterion::Cmim,
    ] {
        assert_eq!(run(criterion), [0, 2], "{criterion:?}");
    }
}

#[test]
fn forms_are_named() {
    let names: Vec<&str> = IccForm::ALL.iter().map(|f| f.mcgraw_wong()).collect();
    assert_eq!(
        names,
        [
            "ICC(1)", "ICC(A,1)", "ICC(C,1)", "ICC(k)", "ICC(A,k)", "ICC(C,k)"
        ]
    );
}
