//! Properties that hold for any data, numeric twins, and every way to be refused.

mod audit;

use eval_stats::agreement::{AgreementTable, Weights, kappa};
use eval_stats::auc_interval::{self, AucInterval};
use eval_stats::bootstrap::{Bootstrap, Stream, stratified_aucs};
use eval_stats::calibration::{self, Smoother};
use eval_stats::confusion::{ConfusionMatrix, Threshold};
use eval_stats::cutoff::{self, Criterion};
use eval_stats::decision_curve::{self, DecisionCurve, DecisionCurveSettings};
use eval_stats::folds::Folds;
use eval_stats::hosmer_lemeshow::{self, DegreesOfFreedom, Grouping};
use eval_stats::location::{MannWhitneyMethod, mann_whitney};
use eval_stats::proportion::{Proportion, ProportionMethod};
use eval_stats::r_rng::RRng;
use eval_stats::reclassification::{idi, nri_categorical, nri_continuous};
use eval_stats::roc::{RocCurve, auc};
use eval_stats::{Error, Scored, delong};
use proptest::prelude::*;

/// Risks in hundredths (many ties) of 4 to 60 subjects, at least two of each class.
fn subjects() -> impl Strategy<Value = (Vec<f64>, Vec<f64>, Vec<bool>)> {
    proptest::collection::vec((1u32..100, 1u32..100, any::<bool>()), 4..60)
        .prop_filter("two of each class", |v| {
            let events = v.iter().filter(|s| s.2).count();
            events >= 2 && v.len() - events >= 2
        })
        .prop_map(|v| {
            let risk = |r: u32| f64::from(r) / 100.0;
            (
                v.iter().map(|s| risk(s.0)).collect(),
                v.iter().map(|s| risk(s.1)).collect(),
                v.iter().map(|s| s.2).collect(),
            )
        })
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-12 * a.abs().max(b.abs()).max(1.0)
}

/// Everything that the crate says about two models on the same subjects.
fn everything(p: &[f64], q: &[f64], y: &[bool]) -> Vec<f64> {
    let (a, b) = (Scored::new(p, y).unwrap(), Scored::new(q, y).unwrap());
    let mut all: Vec<f64> = delong::compare_paired(&a, &b, 0.95)
        .unwrap()
        .iter()
        .map(|x| x.1)
        .collect();
    all.extend(delong::auc(&a, 0.95).unwrap().iter().map(|x| x.1));
    all.push(nri_continuous(&a, &b, 0.95).unwrap().total.value);
    all.push(
        nri_categorical(&a, &b, &[0.3, 0.7], 0.95)
            .unwrap()
            .total
            .value,
    );
    all.push(idi(&a, &b, 0.95).unwrap().idi.value);
    all.extend(calibration::accuracy(&a).unwrap().iter().map(|x| x.1));
    let curve = DecisionCurve::new(&a, &[0.1, 0.5, 0.9], &DecisionCurveSettings::new()).unwrap();
    all.extend(curve.points.iter().map(|p| p.net_benefit));
    let cut = cutoff::find(&RocCurve::new(&a), Criterion::Youden).unwrap();
    all.extend([cut.threshold.clamp(-9.0, 9.0), cut.value]);
    let groups = hosmer_lemeshow::risk_groups(&a, 4, Grouping::Quantiles).unwrap();
    all.extend(groups.iter().map(|g| g.expected));
    all.extend(calibration::smooth(&a, Smoother::Lowess).unwrap().observed);
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn auc_is_a_rank_statistic((p, _, y) in subjects()) {
        let s = Scored::new(&p, &y).unwrap();
        let a = auc(&s);
        let mapped: Vec<f64> = p.iter().map(|x| (5.0 * x).exp() - 3.0).collect();
        prop_assert_eq!(a, auc(&Scored::new(&mapped, &y).unwrap()));
        let negated: Vec<f64> = p.iter().map(|x| -x).collect();
        prop_assert!(near(auc(&Scored::new(&negated, &y).unwrap()), 1.0 - a));
        let group = |class: bool| -> Vec<f64> {
            p.iter().zip(&y).filter(|(_, e)| **e == class).map(|(v, _)| *v).collect()
        };
        let (events, others) = (group(true), group(false));
        let u = mann_whitney(&events, &others, MannWhitneyMethod::Normal).unwrap().u;
        prop_assert!(near(a, u / (events.len() * others.len()) as f64));
        let pairs: f64 = events.iter().flat_map(|e| others.iter().map(move |o| {
            if e > o { 1.0 } else if e == o { 0.5 } else { 0.0 }
        })).sum();
        prop_assert!(near(a, pairs / (events.len() * others.len()) as f64));
        // The trapezoids under the curve are the same area.
        let roc = RocCurve::new(&s);
        let area: f64 = roc.points.windows(2).map(|w| {
            0.5 * (w[0].sensitivity + w[1].sensitivity) * (w[1].specificity - w[0].specificity)
        }).sum();
        prop_assert!(near(a, area));
    }

    #[test]
    fn every_threshold_has_the_counts_of_its_point((p, _, y) in subjects()) {
        let s = Scored::new(&p, &y).unwrap();
        for point in RocCurve::new(&s).points {
            let m = ConfusionMatrix::at_threshold(&s, point.threshold, Threshold::Ge);
            let calls: Vec<bool> = p.iter().map(|&x| x >= point.threshold).collect();
            prop_assert_eq!(m, ConfusionMatrix::from_calls(&calls, &y).unwrap());
            prop_assert_eq!((m.tp, m.fp), (point.true_positives, point.false_positives));
        }
    }

    #[test]
    fn delong_is_antisymmetric_and_null_on_itself((p, q, y) in subjects()) {
        let (a, b) = (Scored::new(&p, &y).unwrap(), Scored::new(&q, &y).unwrap());
        let ab = delong::compare_paired(&a, &b, 0.95).unwrap();
        let ba = delong::compare_paired(&b, &a, 0.95).unwrap();
        prop_assert_eq!(ab.statistic, -ba.statistic);
        prop_assert_eq!(ab.p, ba.p);
        prop_assert_eq!((ab.low, ab.high), (-ba.high, -ba.low));
        let same = delong::compare_paired(&a, &a, 0.95).unwrap();
        prop_assert_eq!((same.statistic, same.p), (0.0, 1.0));
        let unpaired = delong::compare_unpaired(&a, &a, 0.95).unwrap();
        prop_assert_eq!((unpaired.statistic, unpaired.p), (0.0, 1.0));
    }

    #[test]
    fn delong_variance_by_its_definition((p, _, y) in subjects()) {
        let s = Scored::new(&p, &y).unwrap();
        let psi = |x: f64, y: f64| if x > y { 1.0 } else if x == y { 0.5 } else { 0.0 };
        let group = |class: bool| -> Vec<f64> {
            p.iter().zip(&y).filter(|(_, e)| **e == class).map(|(v, _)| *v).collect()
        };
        let (events, others) = (group(true), group(false));
        let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
        let var = |v: &[f64]| {
            let m = mean(v);
            v.iter().map(|x| (x - m).powi(2)).sum::<f64>() / (v.len() as f64 - 1.0)
        };
        let v10: Vec<f64> = events.iter().map(|&e| mean(&others.iter().map(|&o| psi(e, o)).collect::<Vec<_>>())).collect();
        let v01: Vec<f64> = others.iter().map(|&o| mean(&events.iter().map(|&e| psi(e, o)).collect::<Vec<_>>())).collect();
        let want = var(&v10) / v10.len() as f64 + var(&v01) / v01.len() as f64;
        prop_assert!(near(delong::auc_variance(&s).unwrap(), want));
    }

    #[test]
    fn permuting_subjects_changes_nothing((p, q, y) in subjects(), seed in 0u32..1000) {
        let order = RRng::new(seed).permutation(p.len());
        let pick = |v: &[f64]| order.iter().map(|&i| v[i]).collect::<Vec<_>>();
        let outcomes: Vec<bool> = order.iter().map(|&i| y[i]).collect();
        let (before, after) = (everything(&p, &q, &y), everything(&pick(&p), &pick(&q), &outcomes));
        prop_assert_eq!(before.len(), after.len());
        for (x, z) in before.iter().zip(&after) {
            let (x, z) = (*x, *z);
            prop_assert!((x.is_nan() && z.is_nan()) || x == z || (x - z).abs() <= 1e-9 * x.abs().max(1.0), "{} {}", x, z);
        }
    }

    #[test]
    fn swapping_models_flips_reclassification((p, q, y) in subjects()) {
        let (a, b) = (Scored::new(&p, &y).unwrap(), Scored::new(&q, &y).unwrap());
        let (ab, ba) = (nri_continuous(&a, &b, 0.95).unwrap(), nri_continuous(&b, &a, 0.95).unwrap());
        prop_assert!(near(ab.total.value, -ba.total.value));
        prop_assert!(near(ab.total.value, ab.events.value + ab.non_events.value));
        let (ab, ba) = (nri_categorical(&a, &b, &[0.5], 0.95).unwrap(), nri_categorical(&b, &a, &[0.5], 0.95).unwrap());
        prop_assert!(near(ab.events.value, -ba.events.value));
        // With two categories the parts are the changes in sensitivity and specificity.
        let m = |s| ConfusionMatrix::at_threshold(s, 0.5, Threshold::Ge);
        prop_assert!(near(ab.events.value, m(&b).sensitivity().unwrap() - m(&a).sensitivity().unwrap()));
        prop_assert!(near(ab.non_events.value, m(&b).specificity().unwrap() - m(&a).specificity().unwrap()));
        let (ab, ba) = (idi(&a, &b, 0.95).unwrap(), idi(&b, &a, 0.95).unwrap());
        prop_assert!(near(ab.idi.value, -ba.idi.value) && near(ab.idi.std_error, ba.idi.std_error));
        prop_assert_eq!(idi(&a, &a, 0.95).unwrap().idi.p, 1.0);
    }

    #[test]
    fn decision_curve_ends((p, _, y) in subjects()) {
        let s = Scored::new(&p, &y).unwrap();
        for rule in [Threshold::Ge, Threshold::Gt] {
            let settings = DecisionCurveSettings::new().rule(rule);
            let curve = DecisionCurve::new(&s, &[0.0, 1e-9, 0.999], &settings).unwrap();
            prop_assert!(near(curve.points[0].net_benefit, s.prevalence()));
            prop_assert!((curve.points[1].net_benefit_all - s.prevalence()).abs() < 1e-8);
            // Nobody is positive at 0.999: the model is treat none.
            prop_assert_eq!(curve.points[2].net_benefit, 0.0);
        }
        for t in [0.05, 0.3, 0.77] {
            let curve = DecisionCurve::new(&s, &[t], &DecisionCurveSettings::new()).unwrap();
            let m = ConfusionMatrix::at_threshold(&s, t, Threshold::Ge);
            let n = m.n() as f64;
            let want = m.tp as f64 / n - m.fp as f64 / n * t / (1.0 - t);
            prop_assert!(near(curve.points[0].net_benefit, want));
        }
    }

    #[test]
    fn proportions_are_mirrored_and_contain_their_value(n in 1u64..200, share in 0.0..=1.0f64, level in 0.5..0.999f64) {
        use ProportionMethod::*;
        let x = (share * n as f64) as u64;
        for method in [ClopperPearson, Wilson, WilsonCorrected, Jeffreys, AgrestiCoull, Wald] {
            let p = Proportion::new(x, n, level, method).unwrap();
            let mirror = Proportion::new(n - x, n, level, method).unwrap();
            prop_assert!((p.low - (1.0 - mirror.high)).abs() < 1e-10, "{} {} {}", method, p, mirror);
            prop_assert!(0.0 <= p.low && p.low <= p.value + 1e-12 && p.value <= p.high + 1e-12 && p.high <= 1.0, "{} {}", method, p);
        }
    }

    #[test]
    fn kappa_of_transposed_and_perfect_tables(c in proptest::collection::vec(1u64..30, 9)) {
        let table = |t: bool| AgreementTable::new((0..3).map(|i| (0..3).map(|j| c[if t { 3 * j + i } else { 3 * i + j }]).collect()).collect()).unwrap();
        for w in [Weights::Unweighted, Weights::Linear, Weights::Quadratic] {
            let (a, b) = (kappa(&table(false), w, 0.95).unwrap(), kappa(&table(true), w, 0.95).unwrap());
            prop_assert!(near(a.value, b.value) && near(a.std_error, b.std_error));
        }
        let diagonal = AgreementTable::new(vec![vec![c[0], 0], vec![0, c[1]]]).unwrap();
        let perfect = kappa(&diagonal, Weights::Unweighted, 0.95).unwrap();
        prop_assert!(near(perfect.value, 1.0) && perfect.std_error < 1e-7);
    }

    #[test]
    fn folds_are_balanced(n1 in 5usize..60, n0 in 5usize..60, k in 2usize..6, seed in any::<u32>()) {
        let y: Vec<bool> = (0..n1 + n0).map(|i| i % (n1 + n0) < n1).collect();
        let folds = Folds::stratified(&y, k, seed).unwrap();
        prop_assert_eq!(&folds, &Folds::stratified(&y, k, seed).unwrap());
        let count = |f: usize, class: bool| folds.test_indices(f).iter().filter(|&&i| y[i] == class).count();
        for class in [true, false] {
            let sizes: Vec<usize> = (0..k).map(|f| count(f, class)).collect();
            prop_assert!(sizes.iter().max().unwrap() - sizes.iter().min().unwrap() <= 1);
        }
        let sizes: Vec<usize> = (0..k).map(|f| folds.test_indices(f).len()).collect();
        prop_assert!(sizes.iter().max().unwrap() - sizes.iter().min().unwrap() <= 1);
        prop_assert_eq!(folds.train_indices(0).len() + folds.test_indices(0).len(), n1 + n0);
    }
}

/// Scores that differ in the last bit, subnormals and huge values give the same curve and the same
/// tests as their ranks.
#[test]
fn ugly_scores_are_as_good_as_their_ranks() {
    let mut ugly = vec![
        -1e100,
        -1.0,
        -f64::MIN_POSITIVE,
        -5e-324,
        0.0,
        5e-324,
        1e-323,
        f64::MIN_POSITIVE,
        1.0_f64.next_down(),
        1.0,
        1.0_f64.next_up(),
        1e100,
        1e100_f64.next_up(),
        f64::MAX,
    ];
    ugly.insert(0, f64::MIN);
    let mut rng = RRng::new(17);
    for round in 0..50 {
        let n = 40;
        let ranks: Vec<usize> = (0..n).map(|_| rng.index(ugly.len())).collect();
        let other: Vec<usize> = (0..n).map(|_| rng.index(ugly.len())).collect();
        let y: Vec<bool> = (0..n)
            .map(|i| i < 2 || (i > 3 && rng.uniform() < 0.5))
            .collect();
        let scored = |ranks: &[usize], ugly_scores: bool| {
            let s: Vec<f64> = ranks
                .iter()
                .map(|&r| if ugly_scores { ugly[r] } else { r as f64 })
                .collect();
            Scored::new(&s, &y).unwrap()
        };
        let (a, easy) = (scored(&ranks, true), scored(&ranks, false));
        let points = |s: &Scored| -> Vec<(u64, u64)> {
            let roc = RocCurve::new(s);
            for p in &roc.points {
                let m = ConfusionMatrix::at_threshold(s, p.threshold, Threshold::Ge);
                assert_eq!(
                    (m.tp, m.fp),
                    (p.true_positives, p.false_positives),
                    "round {round}"
                );
            }
            roc.points
                .iter()
                .map(|p| (p.true_positives, p.false_positives))
                .collect()
        };
        assert_eq!(points(&a), points(&easy));
        let (b, easy_b) = (scored(&other, true), scored(&other, false));
        let tests = |x: &Scored, y: &Scored| delong::compare_paired(x, y, 0.95).unwrap();
        assert_eq!(tests(&a, &b), tests(&easy, &easy_b));
        let boot = Bootstrap::new().replicates(20);
        assert_eq!(
            stratified_aucs(&[&a], &boot).unwrap(),
            stratified_aucs(&[&easy], &boot).unwrap()
        );
    }
}

#[test]
fn degenerate_data_has_a_documented_answer() {
    let y = [true, true, true, false, false, false];
    let perfect = Scored::new(&[4.0, 5.0, 6.0, 1.0, 2.0, 3.0], &y).unwrap();
    let logit = delong::auc_logit(&perfect, 0.95).unwrap();
    assert_eq!((logit.low, logit.value, logit.high), (1.0, 1.0, 1.0));
    let exact = auc_interval::binomial_exact(&perfect, 0.95).unwrap();
    assert!((exact.low - 0.025_f64.powf(1.0 / 6.0)).abs() < 1e-14 && exact.high == 1.0);
    for interval in [
        AucInterval::HanleyMcneil,
        AucInterval::Bootstrap(Bootstrap::new().replicates(50)),
        AucInterval::BootstrapBca(Bootstrap::new().replicates(50)),
    ] {
        let e = auc_interval::estimate(&perfect, interval, 0.95).unwrap();
        assert_eq!(
            (e.low, e.high, e.std_error),
            (1.0, 1.0, Some(0.0)),
            "{interval:?}"
        );
    }
    let tied = Scored::new(&[0.5; 6], &y).unwrap();
    let t = delong::compare_paired(&perfect, &tied, 0.95).unwrap();
    assert_eq!(
        (t.statistic, t.p, t.log10_p),
        (f64::INFINITY, 0.0, f64::NEG_INFINITY)
    );
    let m = ConfusionMatrix {
        tp: 0,
        fp: 0,
        fn_: 3,
        tn: 3,
    };
    let metrics = m.metrics(0.95, ProportionMethod::Wilson).unwrap();
    assert!(metrics.ppv.is_none() && metrics.mcc.is_none());
    assert!(metrics.positive_likelihood_ratio.is_none());
    assert_eq!(metrics.f1, Some(0.0));
    assert_eq!(eval_stats::mcnemar::from_counts(0, 0).p_exact, 1.0);
}

#[test]
fn tiny_p_values_keep_their_logarithm() {
    let n = 4000;
    let y: Vec<bool> = (0..n).map(|i| i % 2 == 0).collect();
    let good: Vec<f64> = (0..n)
        .map(|i| f64::from(i % 2 == 0) + 0.001 * f64::from(i % 7))
        .collect();
    let mut almost = good.clone();
    (almost[0], almost[1]) = (0.0, 1.0);
    let mut rng = RRng::new(1);
    let noise: Vec<f64> = (0..n).map(|_| rng.uniform()).collect();
    let t = delong::compare_paired(
        &Scored::new(&almost, &y).unwrap(),
        &Scored::new(&noise, &y).unwrap(),
        0.95,
    )
    .unwrap();
    assert!(
        t.p == 0.0 && t.log10_p < -308.0 && t.log10_p.is_finite(),
        "{t:?}"
    );
    // ln p = -z²/2 - ln(z √(π/2)) up to 1/z².
    let z = t.statistic;
    let want = -0.5 * z * z - (z * (core::f64::consts::PI / 2.0).sqrt()).ln();
    assert!((t.log10_p * core::f64::consts::LN_10 / want - 1.0).abs() < 1e-5);
}

#[test]
fn own_streams_do_not_depend_on_threads() {
    let (p, y): (Vec<f64>, Vec<bool>) = (0..200)
        .map(|i| (f64::from(i * 37 % 101) / 101.0, i % 3 == 0))
        .unzip();
    let s = Scored::new(&p, &y).unwrap();
    let boot = Bootstrap::new()
        .replicates(300)
        .stream(Stream::PerReplicate);
    let run = || stratified_aucs(&[&s], &boot).unwrap();
    let reference = run();
    #[cfg(feature = "rayon")]
    for threads in [1, 4] {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        assert_eq!(pool.install(run), reference);
        let loess = || calibration::smooth(&s, Smoother::Loess).unwrap();
        assert_eq!(pool.install(loess), loess());
    }
    assert_eq!(run(), reference);
}

#[test]
fn bad_input_is_refused_by_name() {
    let y = [true, false, true, false, true, false];
    let risks = Scored::new(&[0.2, 0.1, 0.7, 0.4, 0.9, 0.3], &y).unwrap();
    let scores = Scored::new(&[-3.0, 1.0, 2.0, 0.0, 4.0, 5.0], &y).unwrap();
    let flipped: Vec<bool> = y.iter().map(|e| !e).collect();
    let others = Scored::new(&[0.2, 0.1, 0.7, 0.4, 0.9, 0.3], &flipped).unwrap();
    let settings = DecisionCurveSettings::new();

    assert!(matches!(
        Scored::new(&[f64::INFINITY, 1.0], &[true, false]),
        Err(Error::NotFinite { index: 0, .. })
    ));
    assert!(matches!(
        delong::auc(&risks, 1.0),
        Err(Error::OutOfRange { name: "level", .. })
    ));
    assert!(matches!(
        delong::auc(&risks, f64::NAN),
        Err(Error::OutOfRange { .. })
    ));
    assert!(matches!(
        delong::compare_paired(&risks, &others, 0.95),
        Err(Error::DifferentOutcomes { index: 0 })
    ));
    let shorter = Scored::new(&[0.1, 0.2], &[true, false]).unwrap();
    assert!(matches!(
        delong::compare_paired(&risks, &shorter, 0.95),
        Err(Error::LengthMismatch {
            expected: 6,
            found: 2,
            ..
        })
    ));
    assert!(matches!(
        delong::auc(&shorter, 0.95),
        Err(Error::TooFewPerClass {
            events: 1,
            non_events: 1,
            required: 2
        })
    ));
    assert!(matches!(delong::covariance(&[]), Err(Error::Empty { .. })));
    assert!(matches!(
        calibration::accuracy(&scores),
        Err(Error::NotProbability { index: 0, .. })
    ));
    assert!(matches!(
        hosmer_lemeshow::test(&scores, 10, Grouping::Quantiles, DegreesOfFreedom::Groups),
        Err(Error::NotProbability { .. })
    ));
    assert!(matches!(
        hosmer_lemeshow::test(&risks, 1, Grouping::Quantiles, DegreesOfFreedom::Groups),
        Err(Error::OutOfRange { .. })
    ));
    let two = Scored::new(&[0.2, 0.2, 0.8, 0.8], &[true, false, true, false]).unwrap();
    assert!(matches!(
        hosmer_lemeshow::test(
            &two,
            10,
            Grouping::Quantiles,
            DegreesOfFreedom::GroupsMinusTwo
        ),
        Err(Error::TooFew { .. })
    ));
    let certain = Scored::new(&[0.0, 0.4, 0.6, 1.0], &[false, true, false, true]).unwrap();
    assert!(matches!(
        calibration::recalibration(&certain, 0.95),
        Err(Error::CertainRisk { n: 2, index: 0 })
    ));
    let separated = Scored::new(&[0.1, 0.2, 0.8, 0.9], &[false, false, true, true]).unwrap();
    assert!(matches!(
        calibration::recalibration(&separated, 0.95),
        Err(Error::NotConverged { .. })
    ));
    let flat = Scored::new(&[0.5; 4], &[false, true, false, true]).unwrap();
    assert!(matches!(
        calibration::recalibration(&flat, 0.95),
        Err(Error::Undefined { .. })
    ));
    for t in [-0.1, 1.0, f64::NAN] {
        assert!(matches!(
            DecisionCurve::new(&risks, &[t], &settings),
            Err(Error::OutOfRange {
                name: "threshold",
                ..
            })
        ));
    }
    assert!(matches!(
        DecisionCurve::new(&risks, &[], &settings),
        Err(Error::Empty { .. })
    ));
    assert!(matches!(
        DecisionCurve::new(&risks, &[0.5], &settings.prevalence(1.5)),
        Err(Error::OutOfRange { .. })
    ));
    let few = Bootstrap::new().replicates(1);
    assert!(matches!(
        auc_interval::bootstrap(&risks, &few, 0.95),
        Err(Error::TooFew { .. })
    ));
    assert!(matches!(
        decision_curve::bootstrap(&risks, &[0.5], &settings, &few, 0.95),
        Err(Error::TooFew { .. })
    ));
    assert!(matches!(
        nri_categorical(&risks, &risks, &[0.5, 0.5], 0.95),
        Err(Error::NotIncreasing { index: 1, .. })
    ));
    assert!(matches!(
        nri_categorical(&risks, &risks, &[], 0.95),
        Err(Error::Empty { .. })
    ));
    assert!(matches!(
        nri_continuous(&scores, &risks, 0.95),
        Err(Error::NotProbability { .. })
    ));
    assert!(matches!(
        Proportion::new(3, 2, 0.95, ProportionMethod::Wilson),
        Err(Error::CountExceedsTotal { .. })
    ));
    assert!(matches!(
        Proportion::new(0, 0, 0.95, ProportionMethod::Wilson),
        Err(Error::Empty { .. })
    ));
    assert!(matches!(
        cutoff::find(&RocCurve::new(&risks), Criterion::MinSensitivity(2.0)),
        Err(Error::OutOfRange { .. })
    ));
    assert!(matches!(
        Folds::stratified(&y, 4, 1),
        Err(Error::TooFewPerClass { .. })
    ));
    assert!(matches!(
        Folds::random(10, 1, 1),
        Err(Error::OutOfRange { .. })
    ));
    assert!(matches!(
        AgreementTable::new(vec![vec![1, 2], vec![3]]),
        Err(Error::TableShape { row: 1, .. })
    ));
    let one_sided = AgreementTable::new(vec![vec![9, 0], vec![0, 0]]).unwrap();
    assert!(matches!(
        kappa(&one_sided, Weights::Unweighted, 0.95),
        Err(Error::Undefined { .. })
    ));
    assert!(matches!(
        ConfusionMatrix::from_calls(&[true], &[]),
        Err(Error::LengthMismatch { .. })
    ));
}
