//! Coefficients of reliability: what must not change, what must flip, and the degenerate ends.

use super::common::{Noise, names};
use feature_selection::icc::{
    ColumnRole, Comparison, Icc, IccBound, IccConvention, IccFilter, IccForm, IccModel, IccScheme,
    IccSettings, IccStatus, IccUnit, MissingRatings, Reliability, ReliabilityStudy,
    VarianceComponents, feature_icc, feature_icc_all, feature_icc_values, icc_all, icc_values,
};
use feature_selection::missing::IncompleteTable;
use feature_selection::{Error, FeatureTable};
use ndarray::{Array2, Axis};
use proptest::prelude::*;

/// Ratings with effects of subjects and raters of the given sizes and noise of size 1.
fn ratings(noise: &mut Noise, n: usize, k: usize, subject: f64, rater: f64) -> Array2<f64> {
    let subjects: Vec<f64> = (0..n).map(|_| subject * noise.normal()).collect();
    let raters: Vec<f64> = (0..k).map(|_| rater * noise.normal()).collect();
    Array2::from_shape_fn((n, k), |(i, j)| subjects[i] + raters[j] + noise.normal())
}

fn both_conventions() -> [IccSettings; 2] {
    [IccConvention::Psych, IccConvention::Irr].map(|convention| IccSettings {
        convention,
        ..IccSettings::default()
    })
}

fn numbers(one: &Icc) -> [f64; 6] {
    [
        one.value,
        one.f,
        one.df2,
        one.p_value,
        one.ci_low,
        one.ci_high,
    ]
}

/// Equal to a relative tolerance; infinities and NaN must meet their like.
fn same(a: &Icc, b: &Icc, tolerance: f64) -> bool {
    a.status == b.status
        && numbers(a).iter().zip(numbers(b)).all(|(&x, y)| {
            x == y || (x.is_nan() && y.is_nan()) || (x - y).abs() <= tolerance * y.abs().max(1e-3)
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn offset_scale_and_order_change_nothing(
        seed in 0u64..10_000, n in 2usize..30, k in 2usize..6, exponent in -900i32..900,
    ) {
        let mut noise = Noise::new(seed);
        // Sixteenths, so that the offset and every power of two are exact.
        let x = ratings(&mut noise, n, k, 2.0, 0.5).mapv(|v| (16.0 * v).round() / 16.0);
        let rows: Vec<usize> = (0..n).rev().collect();
        let columns: Vec<usize> = (0..k).map(|j| (j + 1) % k).collect();
        let other = [
            (x.mapv(|v| v + 1e9), 1e-10),
            (x.mapv(|v| -v * 2.0_f64.powi(exponent)), 1e-10),
            (x.select(Axis(0), &rows), 1e-10),
            (x.select(Axis(1), &columns), 1e-10),
        ];
        for settings in both_conventions() {
            let before = icc_all(x.view(), &settings).unwrap();
            for (changed, tolerance) in &other {
                let after = icc_all(changed.view(), &settings).unwrap();
                for (a, b) in before.iter().zip(&after) {
                    prop_assert!(same(b, a, *tolerance), "{a:?}\n{b:?}");
                }
            }
        }
    }

    #[test]
    fn a_constant_added_to_one_rater_matters_to_agreement_only(
        seed in 0u64..10_000, n in 3usize..20, k in 2usize..5, offset in 4u32..1000,
    ) {
        let mut noise = Noise::new(seed);
        let x = ratings(&mut noise, n, k, 3.0, 0.0).mapv(|v| (16.0 * v).round() / 16.0);
        let mut shifted = x.clone();
        shifted.column_mut(k - 1).mapv_inplace(|v| v + f64::from(offset) * 64.0);
        let settings = IccSettings::default();
        let (before, after) = (icc_all(x.view(), &settings).unwrap(), icc_all(shifted.view(), &settings).unwrap());
        for (a, b) in before.iter().zip(&after) {
            match a.form.model {
                IccModel::Consistency => prop_assert!(same(b, a, 1e-9), "{a:?}\n{b:?}"),
                _ if a.value > 0.0 => prop_assert!(b.value < a.value, "{a:?}\n{b:?}"),
                _ => {}
            }
        }
    }

    #[test]
    fn intervals_are_ordered_hold_the_value_and_grow_with_the_level(
        seed in 0u64..10_000, n in 2usize..40, k in 2usize..7, subject in 0.0f64..4.0, rater in 0.0f64..4.0,
    ) {
        let x = ratings(&mut Noise::new(seed), n, k, subject, rater);
        for settings in both_conventions() {
            let [narrow, wide] = [0.8, 0.99].map(|level| {
                icc_all(x.view(), &IccSettings { level, ..settings }).unwrap()
            });
            for (a, b) in narrow.iter().zip(&wide) {
                prop_assert!(!numbers(a).iter().any(|v| v.is_nan()), "{a:?}");
                prop_assert!((0.0..=1.0).contains(&a.p_value) && a.f >= 0.0 && a.df2 > 0.0);
                // Limits of ICC(A,k) pass a pole, where they exceed 1.
                if b.ci_low <= 1.0 && b.status == IccStatus::Estimated {
                    prop_assert!(a.ci_low <= a.ci_high && a.ci_high <= 1.0, "{a:?}");
                    prop_assert!(b.ci_low <= a.ci_low && a.ci_high <= b.ci_high, "{a:?}\n{b:?}");
                    // Far below 0 the degrees of freedom of an agreement tend to 0 and its limits to one side.
                    if a.value > 0.0 || a.form.model != IccModel::Agreement {
                        prop_assert!(a.ci_low <= a.value && a.value <= a.ci_high, "{a:?}");
                    }
                } else {
                    prop_assert_eq!((a.form.model, a.form.unit), (IccModel::Agreement, IccUnit::Average));
                    let filter = IccFilter { threshold: 0.5, bound: IccBound::LowerLimit };
                    prop_assert!(!filter.keeps(b));
                }
            }
        }
    }

    #[test]
    fn the_average_is_spearman_and_brown_of_the_single(seed in 0u64..10_000, n in 3usize..30, k in 2usize..7) {
        let x = ratings(&mut Noise::new(seed), n, k, 2.0, 1.0);
        let all = icc_all(x.view(), &IccSettings::default()).unwrap();
        let up = |r: f64| k as f64 * r / (1.0 + (k as f64 - 1.0) * r);
        for (single, average) in all[..3].iter().zip(&all[3..]) {
            for (s, a) in [
                (single.value, average.value),
                (single.ci_low, average.ci_low),
                (single.ci_high, average.ci_high),
            ] {
                prop_assert!((up(s) - a).abs() <= 1e-9 * a.abs().max(1.0), "{single:?}\n{average:?}");
            }
        }
    }

    #[test]
    fn the_p_value_rises_with_the_null_value_and_meets_the_interval(seed in 0u64..10_000, n in 4usize..30, k in 2usize..5) {
        let x = ratings(&mut Noise::new(seed), n, k, 3.0, 0.3);
        for settings in both_conventions() {
            let at = |null_value: f64| icc_all(x.view(), &IccSettings { null_value, ..settings }).unwrap();
            let steps = [0.0, 0.2, 0.5, 0.8, 0.95].map(at);
            for pair in steps.windows(2) {
                for (a, b) in pair[0].iter().zip(&pair[1]) {
                    prop_assert!(b.f <= a.f, "{a:?}\n{b:?}");
                    if a.form.model != IccModel::Agreement {
                        prop_assert!(b.p_value >= a.p_value, "{a:?}\n{b:?}");
                    }
                }
            }
            // A one-sided test at the lower limit of a 95 % interval has p = 0.025.
            for one in &steps[0] {
                let of_other_df = one.form.model == IccModel::Agreement;
                if (0.0..1.0).contains(&one.ci_low) && !of_other_df {
                    let there = at(one.ci_low)[IccForm::ALL.iter().position(|f| *f == one.form).unwrap()];
                    prop_assert!((there.p_value - 0.025).abs() < 1e-9, "{there:?}");
                }
            }
        }
    }

    #[test]
    fn restricted_likelihood_leaves_proper_components_alone(seed in 0u64..10_000, n in 2usize..20, k in 2usize..5, subject in 0.0f64..3.0) {
        let x = ratings(&mut Noise::new(seed), n, k, subject, 0.5);
        let settings = IccSettings { components: VarianceComponents::Reml, ..IccSettings::default() };
        let anova = icc_all(x.view(), &IccSettings::default()).unwrap();
        let reml = icc_all(x.view(), &settings).unwrap();
        for (a, r) in anova.iter().zip(&reml) {
            // Between subjects nothing is negative; raters and residual count as one error in the one-way forms.
            if r.form.model != IccModel::OneWay {
                prop_assert!(r.value >= 0.0 && r.value <= 1.0, "{r:?}");
            }
            prop_assert!(r.status == IccStatus::Estimated, "{r:?}");
            // J >= E where agreement does not exceed consistency, B >= E where that is positive.
            if anova[1].value < anova[2].value && anova[2].value > 0.0 {
                prop_assert_eq!(a, r);
            }
        }
    }

    #[test]
    fn tables_give_what_matrices_give_in_any_column_order(seed in 0u64..10_000, n in 2usize..20, k in 2usize..5, p in 1usize..70) {
        let mut noise = Noise::new(seed);
        let matrices: Vec<Array2<f64>> = (0..p).map(|_| ratings(&mut noise, n, k, 2.0, 0.5)).collect();
        let readings: Vec<FeatureTable> = (0..k)
            .map(|r| {
                // Every reading starts with another column.
                let order: Vec<usize> = (0..p).map(|j| (j + 3 * r) % p).collect();
                let values = Array2::from_shape_fn((n, p), |(i, j)| matrices[order[j]][[i, r]]);
                let labels: Vec<String> = order.iter().map(|&j| names(p)[j].clone()).collect();
                FeatureTable::new(values.view(), &labels).unwrap()
            })
            .collect();
        let tables: Vec<&FeatureTable> = readings.iter().collect();
        let settings = IccSettings::default();
        let all = feature_icc_all(&tables, &settings).unwrap();
        let values = feature_icc_values(&tables, &settings).unwrap();
        prop_assert_eq!((all.len(), values.len()), (p, p));
        for (j, matrix) in matrices.iter().enumerate() {
            let expected = icc_all(matrix.view(), &settings).unwrap();
            prop_assert_eq!(&all[j].name, &names(p)[j]);
            prop_assert_eq!(&all[j].forms, &expected);
            prop_assert_eq!(values[j], icc_values(matrix.view(), &settings).unwrap());
            for (form, value) in values[j].iter() {
                prop_assert_eq!(value, all[j].of(form).value);
            }
        }
        let one = feature_icc(&tables, IccForm::AGREEMENT_AVERAGE, &settings).unwrap();
        for (a, b) in one.iter().zip(&all) {
            prop_assert_eq!(&a.icc, b.of(IccForm::AGREEMENT_AVERAGE));
        }
    }
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    let mut noise = Noise::new(3);
    let readings: Vec<FeatureTable> = (0..3).map(|_| noise.table(30, 200)).collect();
    let tables: Vec<&FeatureTable> = readings.iter().collect();
    let run = |threads| {
        rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap()
            .install(|| feature_icc_all(&tables, &IccSettings::default()).unwrap())
    };
    assert_eq!(run(1), run(4));
}

/// Two readings in which `good` repeats, `noisy` does not and `flat` never changes.
fn two_readings(order: [usize; 3], seed: u64) -> [FeatureTable; 2] {
    let mut noise = Noise::new(seed);
    let subjects: Vec<f64> = (0..20).map(|_| noise.normal()).collect();
    [0, 1].map(|reading| {
        let column = |which: usize, i: usize, noise: &mut Noise| match which {
            0 => subjects[i] + 0.01 * noise.normal(),
            1 => noise.normal(),
            _ => 4.0,
        };
        // Only the second reading is in the order given.
        let order = if reading == 0 { [0, 1, 2] } else { order };
        let values = Array2::from_shape_fn((20, 3), |(i, j)| column(order[j], i, &mut noise));
        let labels = order.map(|which| ["good", "noisy", "flat"][which].to_owned());
        FeatureTable::new(values.view(), &labels).unwrap()
    })
}

#[test]
fn a_study_keeps_what_passes_everywhere() {
    let [first, other] = two_readings([2, 0, 1], 1);
    let [base, again] = two_readings([1, 2, 0], 2);
    let filter = IccFilter::default();
    let settings = IccSettings::default();
    let study = ReliabilityStudy::new(
        &[
            Comparison::inter_observer(&[&first, &other]),
            Comparison::intra_observer(&[&base, &again]),
        ],
        &filter,
        &settings,
    )
    .unwrap();
    let roles: Vec<ColumnRole> = study.columns.iter().map(|c| c.role).collect();
    assert_eq!(
        roles,
        [
            ColumnRole::Decides,
            ColumnRole::Decides,
            ColumnRole::Reported
        ]
    );
    assert_eq!(study.kept(), [0]);
    let names: Vec<&str> = study.features.iter().map(|f| f.name.as_str()).collect();
    assert_eq!(names, ["good", "noisy", "flat"]);
    assert_eq!(study.features[2].passes, [false; 3]);
    assert_eq!(study.features[0].icc[2].form, IccForm::CONSISTENCY_SINGLE);
    let counts = study.counts(0, IccScheme::KooLi, IccBound::LowerLimit);
    assert_eq!(
        (
            counts.undefined,
            counts.poor,
            counts.excellent,
            counts.total()
        ),
        (1, 1, 1, 3)
    );
    assert_eq!(counts.of(Reliability::Excellent), 1);

    // Joining lists made one by one gives the same, whatever their order.
    let inter = feature_icc(&[&first, &other], IccForm::AGREEMENT_SINGLE, &settings).unwrap();
    let mut intra = feature_icc(&[&base, &again], IccForm::AGREEMENT_SINGLE, &settings).unwrap();
    intra.reverse();
    let joined = ReliabilityStudy::join(&[("inter", &inter), ("intra", &intra)], &filter).unwrap();
    assert_eq!(joined.kept(), study.kept());
    for (a, b) in joined.deciding().iter().zip(study.deciding()) {
        let numbers = |list: &[feature_selection::icc::FeatureIcc]| -> Vec<(String, u64)> {
            list.iter()
                .map(|f| (f.name.clone(), f.icc.value.to_bits()))
                .collect()
        };
        assert_eq!(numbers(a), numbers(&b));
    }
    let missing = ReliabilityStudy::join(&[("inter", &inter), ("intra", &intra[..2])], &filter);
    assert!(matches!(
        missing,
        Err(Error::ColumnMismatch { missing, .. }) if missing == ["good"]
    ));
}

#[test]
fn the_reported_form_decides_nothing() {
    // The second reading is the first plus a constant: consistent, without agreement.
    let mut noise = Noise::new(9);
    let first = noise.table(15, 1);
    let shifted = FeatureTable::new((first.to_array() + 50.0).view(), first.names()).unwrap();
    let run = |comparison: Comparison<'_>| {
        ReliabilityStudy::new(
            &[comparison],
            &IccFilter::default(),
            &IccSettings::default(),
        )
        .unwrap()
    };
    let by_agreement = run(Comparison::intra_observer(&[&first, &shifted]));
    assert_eq!(by_agreement.features[0].passes, [false, true]);
    assert!(!by_agreement.features[0].kept);
    let by_consistency = run(Comparison::new(
        "repeat",
        &[&first, &shifted],
        IccForm::CONSISTENCY_SINGLE,
    ));
    assert!(by_consistency.features[0].kept);
}

#[test]
fn gaps_cost_the_subjects_that_have_them() {
    let (mut noise, n) = (Noise::new(8), 12);
    let matrices: Vec<Array2<f64>> = (0..4)
        .map(|_| ratings(&mut noise, n, 3, 1.0, 0.4))
        .collect();
    // Feature 0 is complete, 1 misses three ratings of two subjects, 2 all but one subject's, 3 everything.
    let is_gap = |j: usize, i: usize, r: usize| match j {
        1 => (i == 2 && r != 1) || (i == 5 && r == 1),
        2 => i > 0 && r == 2,
        3 => true,
        _ => false,
    };
    let gapped = |j: usize, i: usize, r: usize| match is_gap(j, i, r) {
        true => f64::NAN,
        false => matrices[j][[i, r]],
    };
    let readings = [0, 1, 2].map(|r| {
        let values = Array2::from_shape_fn((n, 4), |(i, j)| gapped(j, i, r));
        IncompleteTable::new(values.view(), &names(4)).unwrap()
    });
    let tables: Vec<&IncompleteTable> = readings.iter().collect();
    let listwise = IccSettings {
        missing: MissingRatings::Listwise,
        ..IccSettings::default()
    };
    let all = feature_icc_all(&tables, &listwise).unwrap();
    for j in [0, 1] {
        let matrix = Array2::from_shape_fn((n, 3), |(i, r)| gapped(j, i, r));
        assert_eq!(all[j].forms, icc_all(matrix.view(), &listwise).unwrap());
    }
    let sizes: Vec<usize> = all.iter().map(|f| f.forms[0].n_subjects).collect();
    assert_eq!(sizes, [12, 10, 1, 0]);
    for few in &all[2..] {
        for one in few.forms {
            assert_eq!(one.status, IccStatus::TooFewSubjects);
            assert!(one.value.is_nan() && one.df1.is_nan() && one.ci_low.is_nan());
            assert!(!IccFilter::default().keeps(&one));
        }
    }
    assert!(
        all[2].forms[1]
            .to_string()
            .ends_with("too few subjects; n = 1, k = 3")
    );
    let refused = feature_icc(&tables, IccForm::AGREEMENT_SINGLE, &IccSettings::default());
    assert_eq!(
        refused.unwrap_err().to_string(),
        "row 2, column `f1, reading 0`: expected a finite number, found NaN"
    );
    let compared = [Comparison::inter_observer(&tables)];
    let study = ReliabilityStudy::new(&compared, &IccFilter::default(), &listwise).unwrap();
    assert_eq!(
        study.features[1].icc[0],
        *all[1].of(IccForm::AGREEMENT_SINGLE)
    );
}
