//! ROC curves and what is read off them: directions, numeric twins, degenerate data.

use eval_stats::auc_interval;
use eval_stats::bootstrap::{
    self, Bootstrap, CurveMeasure, sensitivity_band, specificity_band, stratified_aucs,
    threshold_band,
};
use eval_stats::confusion::{ConfusionMatrix, Threshold};
use eval_stats::cutoff::{self, Criterion};
use eval_stats::precision_recall::{self, PrecisionRecallArea, PrecisionRecallCurve};
use eval_stats::r_rng::RRng;
use eval_stats::roc::{PartialAxis, RocCurve, auc};
use eval_stats::venkatraman::{self, TieBreak, UnpairedRule};
use eval_stats::{
    Direction, Error, Scored, calibration, delong, hosmer_lemeshow, reclassification,
};
use proptest::prelude::*;

use super::{near, subjects};

const CRITERIA: [Criterion; 7] = [
    Criterion::Youden,
    Criterion::WeightedYouden {
        cost: 2.0,
        prevalence: 0.3,
    },
    Criterion::ClosestToCorner,
    Criterion::WeightedClosestToCorner {
        cost: 0.7,
        prevalence: 0.2,
    },
    Criterion::MinSensitivity(0.8),
    Criterion::MinSpecificity(0.7),
    Criterion::MinCost {
        false_negative: 3.0,
        false_positive: 1.0,
        prevalence: 0.4,
    },
];

const MEASURES: [CurveMeasure; 5] = [
    CurveMeasure::Auc,
    CurveMeasure::PartialAuc {
        axis: PartialAxis::Specificity,
        low: 0.55,
        high: 0.93,
    },
    CurveMeasure::CorrectedPartialAuc {
        axis: PartialAxis::Sensitivity,
        low: 0.8,
        high: 1.0,
    },
    CurveMeasure::SensitivityAt(0.9),
    CurveMeasure::SpecificityAt(0.77),
];

/// Every number that depends on the order of two scores alone.
fn of_ranks(a: &Scored, b: &Scored) -> Vec<f64> {
    let boot = Bootstrap::new().replicates(20);
    let (roc, pr) = (RocCurve::new(a), PrecisionRecallCurve::new(a));
    let mut all: Vec<f64> = Vec::new();
    all.extend(
        roc.points
            .iter()
            .flat_map(|p| [p.sensitivity, p.specificity]),
    );
    all.extend(pr.points.iter().flat_map(|p| [p.precision, p.recall]));
    all.extend([auc(a), auc(b), pr.average_precision, pr.interpolated_area]);
    let interval = delong::auc(a, 0.95).unwrap();
    all.extend(interval.iter().map(|x| x.1));
    all.extend(
        delong::compare_paired(a, b, 0.95)
            .unwrap()
            .iter()
            .map(|x| x.1),
    );
    all.extend(
        delong::compare_unpaired(a, b, 0.95)
            .unwrap()
            .iter()
            .map(|x| x.1),
    );
    all.extend(delong::covariance(&[a, b]).unwrap().covariance.concat());
    for criterion in CRITERIA {
        let cut = cutoff::find(&roc, criterion).unwrap();
        let m = cut.apply(a);
        assert_eq!(m.sensitivity(), Some(cut.sensitivity));
        all.extend([
            cut.value,
            cut.sensitivity,
            cut.specificity,
            cut.tied.len() as f64,
        ]);
    }
    for measure in MEASURES {
        let e = bootstrap::interval(a, measure, &boot, 0.9).unwrap();
        all.extend(e.iter().map(|x| x.1));
        let t = bootstrap::compare_paired(a, b, measure, &boot, 0.9).unwrap();
        all.extend(t.iter().map(|x| x.1));
        let t = bootstrap::compare_unpaired(a, b, measure, &boot, 0.9).unwrap();
        all.extend(t.iter().map(|x| x.1));
    }
    all.extend(
        auc_interval::bootstrap_bca(a, &boot, 0.9)
            .unwrap()
            .iter()
            .map(|x| x.1),
    );
    let area = PrecisionRecallArea::Interpolated;
    let e = precision_recall::bootstrap(a, area, &boot, 0.9).unwrap();
    all.extend(e.iter().map(|x| x.1));
    for band in [
        sensitivity_band(a, &[0.1, 0.5], &boot, 0.9).unwrap(),
        specificity_band(a, &[0.3, 0.9], &boot, 0.9).unwrap(),
    ] {
        all.extend(
            band.points
                .iter()
                .flat_map(|p| [p.limits.low, p.limits.high]),
        );
    }
    all
}

#[track_caller]
fn same(x: &[f64], y: &[f64]) {
    assert_eq!(x.len(), y.len());
    for (i, (x, y)) in x.iter().zip(y).enumerate() {
        assert!(x == y || (x.is_nan() && y.is_nan()), "number {i}: {x} {y}");
    }
}

fn negated(scores: &[f64]) -> Vec<f64> {
    scores.iter().map(|x| -x).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn lower_is_event_mirrors_the_negated_score((p, q, y) in subjects()) {
        let (a, b) = (Scored::new(&p, &y).unwrap(), Scored::new(&q, &y).unwrap());
        let lower = |s: &[f64]| Scored::lower_is_event(&negated(s), &y).unwrap();
        let (la, lb) = (lower(&p), lower(&q));
        same(&of_ranks(&a, &b), &of_ranks(&la, &lb));
        let (up, down) = (RocCurve::new(&a), RocCurve::new(&la));
        for (u, d) in up.points.iter().zip(&down.points) {
            prop_assert_eq!(u.threshold, -d.threshold);
            let m = ConfusionMatrix::at_threshold(&la, d.threshold, Threshold::Ge);
            prop_assert_eq!((m.tp, m.fp), (d.true_positives, d.false_positives));
            prop_assert_eq!(down.at_threshold(d.threshold), *d);
        }
        for criterion in CRITERIA {
            let (u, d) = (cutoff::find(&up, criterion).unwrap(), cutoff::find(&down, criterion).unwrap());
            prop_assert_eq!(u.threshold, -d.threshold);
            prop_assert_eq!(d.direction, Direction::LowerIsEvent);
            // Frozen, and applied to a score of the other direction all the same.
            let other = Scored::new(&negated(&p), &y).unwrap();
            prop_assert_eq!(d.apply(&la), d.apply(&other));
        }
    }

    #[test]
    fn interpolation_passes_through_the_best_points((p, _, y) in subjects(), x in 0.0..=1.0f64) {
        let roc = RocCurve::new(&Scored::new(&p, &y).unwrap());
        for point in &roc.points {
            let best = |x: f64| roc.points.iter().filter(|p| p.specificity == x).map(|p| p.sensitivity).fold(0.0, f64::max);
            prop_assert_eq!(roc.sensitivity_at(point.specificity).unwrap(), best(point.specificity));
            prop_assert!(roc.specificity_at(point.sensitivity).unwrap() >= point.specificity);
        }
        let before = roc.points.iter().filter(|p| p.specificity <= x).map(|p| p.sensitivity).fold(1.0, f64::min);
        let after = roc.points.iter().filter(|p| p.specificity >= x).map(|p| p.sensitivity).fold(0.0, f64::max);
        let at = roc.sensitivity_at(x).unwrap();
        prop_assert!(at <= before.max(after) + 1e-12 && at >= before.min(after) - 1e-12);
    }

    #[test]
    fn venkatraman_by_the_definition((p, q, y) in subjects(), seed in 0u32..100) {
        let (a, b) = (Scored::new(&p, &y).unwrap(), Scored::new(&q, &y).unwrap());
        let settings = Bootstrap::new().replicates(20).seed(seed);
        let rank = |s: &[f64]| -> Vec<usize> {
            (0..s.len()).map(|i| 1 + (0..s.len()).filter(|&j| s[j] < s[i] || (s[j] == s[i] && j < i)).count()).collect()
        };
        let (r, s) = (rank(&p), rank(&q));
        let errors = |r: &[usize], k: usize| r.iter().zip(&y).filter(|&(&r, &e)| (r <= k) == e).count() as f64;
        let want: f64 = (1..=y.len()).map(|k| (errors(&r, k) - errors(&s, k)).abs()).sum();
        let got = venkatraman::compare_paired(&a, &b, &settings, TieBreak::First).unwrap();
        prop_assert_eq!(got.statistic, want);
        let swapped = venkatraman::compare_paired(&b, &a, &settings, TieBreak::First).unwrap();
        prop_assert_eq!(swapped.statistic, want);
        let same = venkatraman::compare_paired(&a, &a, &settings, TieBreak::First).unwrap();
        prop_assert_eq!((same.statistic, same.p), (0.0, 1.0));
        // Of one sample both curves have the scale k/n and the errors of the paired statistic; a
        // difference that does not change its sign has the same area.
        let unpaired = venkatraman::compare_unpaired(&a, &b, &settings, TieBreak::First, UnpairedRule::Mixture).unwrap();
        let identical = venkatraman::compare_unpaired(&a, &a, &settings, TieBreak::First, UnpairedRule::Mixture).unwrap();
        prop_assert_eq!((identical.statistic, identical.p), (0.0, 1.0));
        prop_assert!((unpaired.statistic - area_between_errors(&r, &s, &y)).abs() < 1e-4);
    }
}

/// `∫ |e_A - e_B|` by the midpoint rule, the curves being linear between subjects.
fn area_between_errors(r: &[usize], s: &[usize], y: &[bool]) -> f64 {
    let (n1, n) = (y.iter().filter(|&&e| e).count() as f64, y.len() as f64);
    let kappa = n1 / n;
    let curve = |ranks: &[usize]| -> Vec<(f64, f64)> {
        (0..=y.len())
            .map(|k| {
                let below = |class: bool| {
                    let members = ranks.iter().zip(y);
                    members.filter(|&(&r, &e)| e == class && r <= k).count() as f64
                };
                let (f, g) = (below(true) / n1, below(false) / (n - n1));
                (
                    kappa * f + (1.0 - kappa) * g,
                    kappa * f + (1.0 - kappa) * (1.0 - g),
                )
            })
            .collect()
    };
    let at = |curve: &[(f64, f64)], x: f64| {
        let next = curve
            .iter()
            .position(|p| p.0 >= x)
            .unwrap_or(curve.len() - 1)
            .max(1);
        let ((x0, y0), (x1, y1)) = (curve[next - 1], curve[next]);
        y0 + (y1 - y0) * (x - x0) / (x1 - x0)
    };
    let (a, b) = (curve(r), curve(s));
    let steps = 20_000;
    let areas = (0..steps).map(|i| {
        let x = (f64::from(i) + 0.5) / f64::from(steps);
        (at(&a, x) - at(&b, x)).abs()
    });
    areas.sum::<f64>() / f64::from(steps)
}

/// Near-ties, subnormals, huge values, mixtures of them and signed zeros, each beside its rank.
#[test]
fn numeric_twins_give_the_same_answers_in_both_directions() {
    let chain = |start: f64| -> Vec<f64> {
        std::iter::successors(Some(start), |x| Some(x.next_up()))
            .take(12)
            .collect()
    };
    let mut mixture = [chain(-1e100), chain(1.0), chain(1e100), chain(0.0)].concat();
    mixture.extend([
        f64::MIN,
        f64::MAX,
        f64::MIN_POSITIVE,
        -f64::MIN_POSITIVE,
        -5e-324,
    ]);
    let families = [
        chain(0.3),
        chain(1e100),
        chain(f64::MIN),
        chain(5e-324),
        chain(-3.0 * f64::from_bits(1)),
        vec![-1e100, -1.0, 0.0, 1e-100, 1e-5, 1.0, 1e100],
        mixture,
    ];
    let mut rng = RRng::new(23);
    for mut family in families {
        family.sort_by(f64::total_cmp);
        family.dedup_by(|x, y| x == y);
        for round in 0..6 {
            let n = 30 + round;
            let mut draw = || -> Vec<usize> { (0..n).map(|_| rng.index(family.len())).collect() };
            let (first, second) = (draw(), draw());
            let y: Vec<bool> = (0..n)
                .map(|i| i < 3 || (i > 6 && rng.uniform() < 0.4))
                .collect();
            for direction in [Direction::HigherIsEvent, Direction::LowerIsEvent] {
                let ugly = |ranks: &[usize]| {
                    // Both zeros stand for the same rank.
                    let value = |(i, &r): (usize, &usize)| {
                        if family[r] == 0.0 && i % 2 == 0 {
                            -0.0
                        } else {
                            family[r]
                        }
                    };
                    let s: Vec<f64> = ranks.iter().enumerate().map(value).collect();
                    Scored::directed(&s, &y, direction).unwrap()
                };
                let easy = |ranks: &[usize]| {
                    let s: Vec<f64> = ranks.iter().map(|&r| r as f64).collect();
                    Scored::directed(&s, &y, direction).unwrap()
                };
                let (a, b, ea, eb) = (ugly(&first), ugly(&second), easy(&first), easy(&second));
                same(&of_ranks(&a, &b), &of_ranks(&ea, &eb));
                let settings = Bootstrap::new().replicates(15);
                for ties in [TieBreak::First, TieBreak::Random] {
                    let v = |a, b| venkatraman::compare_paired(a, b, &settings, ties).unwrap();
                    assert_eq!(v(&a, &b), v(&ea, &eb));
                    for rule in [UnpairedRule::Mixture, UnpairedRule::Proc] {
                        let v = |a, b| {
                            venkatraman::compare_unpaired(a, b, &settings, ties, rule).unwrap()
                        };
                        assert_eq!(v(&a, &b), v(&ea, &eb));
                    }
                }
                // Every threshold still separates the scores around it.
                for p in RocCurve::new(&a).points {
                    let m = ConfusionMatrix::at_threshold(&a, p.threshold, Threshold::Ge);
                    assert_eq!((m.tp, m.fp), (p.true_positives, p.false_positives));
                }
            }
        }
    }
}

#[test]
fn one_subject_per_class_and_tied_scores_have_documented_answers() {
    let boot = Bootstrap::new().replicates(30);
    let two = Scored::new(&[1.0, 2.0], &[false, true]).unwrap();
    let e = auc_interval::bootstrap(&two, &boot, 0.95).unwrap();
    assert_eq!(
        (e.low, e.value, e.high, e.std_error),
        (1.0, 1.0, 1.0, Some(0.0))
    );
    for interval in [
        delong::auc(&two, 0.95),
        auc_interval::bootstrap_bca(&two, &boot, 0.95),
    ] {
        assert!(matches!(
            interval,
            Err(Error::TooFewPerClass { required: 2, .. })
        ));
    }
    let v = venkatraman::compare_paired(&two, &two, &boot, TieBreak::Random).unwrap();
    assert_eq!((v.statistic, v.p), (0.0, 1.0));

    let y = [true, true, false, false, false];
    let tied = Scored::new(&[7.0; 5], &y).unwrap();
    assert_eq!(auc(&tied), 0.5);
    let roc = RocCurve::new(&tied);
    assert_eq!(roc.points.len(), 2);
    assert_eq!(roc.sensitivity_at(0.25).unwrap(), 0.75);
    let youden = cutoff::find(&roc, Criterion::Youden).unwrap();
    assert_eq!((youden.value, youden.tied.len()), (0.0, 2));
    let pr = PrecisionRecallCurve::new(&tied);
    assert!(near(pr.average_precision, 0.4) && near(pr.interpolated_area, 0.4));
    let e = auc_interval::bootstrap_bca(&tied, &boot, 0.95).unwrap();
    assert_eq!((e.low, e.high), (0.5, 0.5));
    let band = threshold_band(&tied, &[f64::NEG_INFINITY, 7.0, f64::INFINITY], &boot, 0.9).unwrap();
    let shares: Vec<f64> = band.points.iter().map(|p| p.sensitivity.median).collect();
    assert_eq!(shares, [1.0, 1.0, 0.0]);

    let perfect = Scored::new(&[4.0, 5.0, 1.0, 2.0, 3.0], &y).unwrap();
    let t = bootstrap::compare_paired(&perfect, &tied, CurveMeasure::Auc, &boot, 0.95).unwrap();
    assert_eq!(
        (t.statistic, t.p, t.log10_p),
        (f64::INFINITY, 0.0, f64::NEG_INFINITY)
    );
    let e =
        precision_recall::logit_interval(&perfect, PrecisionRecallArea::default(), 0.95).unwrap();
    assert_eq!((e.low, e.value, e.high), (1.0, 1.0, 1.0));
    let all = delong::compare_all(&[&tied, &tied], 0.95).unwrap();
    assert_eq!(
        (all.overall.df, all.overall.p, all.pairs[0].p_holm),
        (0, 1.0, 1.0)
    );
}

#[test]
fn lower_is_event_is_refused_where_risks_are_needed() {
    let y = [true, false, true, false];
    let risks = Scored::new(&[0.2, 0.1, 0.7, 0.4], &y).unwrap();
    let lower = Scored::lower_is_event(&[0.2, 0.1, 0.7, 0.4], &y).unwrap();
    assert_eq!(calibration::accuracy(&lower), Err(Error::LowerIsEvent));
    assert!(matches!(
        hosmer_lemeshow::risk_groups(&lower, 2, hosmer_lemeshow::Grouping::Quantiles),
        Err(Error::LowerIsEvent)
    ));
    assert!(matches!(
        reclassification::nri_continuous(&risks, &lower, 0.95),
        Err(Error::LowerIsEvent)
    ));
    // Discrimination does not mind, nor does a comparison of models on different scales.
    assert_eq!(auc(&lower), 1.0 - auc(&risks));
    assert!(delong::compare_paired(&risks, &lower, 0.95).is_ok());
}

#[test]
fn bad_arguments_of_curves_are_refused_by_name() {
    let s = Scored::new(&[0.2, 0.1, 0.7, 0.4], &[true, false, true, false]).unwrap();
    let roc = RocCurve::new(&s);
    let boot = Bootstrap::new().replicates(10);
    for x in [-0.1, 1.1, f64::NAN] {
        assert!(matches!(
            roc.sensitivity_at(x),
            Err(Error::OutOfRange { .. })
        ));
        assert!(matches!(
            roc.specificity_at(x),
            Err(Error::OutOfRange { .. })
        ));
        assert!(matches!(
            sensitivity_band(&s, &[0.5, x], &boot, 0.95),
            Err(Error::OutOfRange { .. })
        ));
        let measure = CurveMeasure::SpecificityAt(x);
        assert!(matches!(
            bootstrap::interval(&s, measure, &boot, 0.95),
            Err(Error::OutOfRange { .. })
        ));
    }
    assert!(matches!(
        specificity_band(&s, &[], &boot, 0.95),
        Err(Error::Empty { .. })
    ));
    assert!(matches!(
        threshold_band(&s, &[], &boot, 0.95),
        Err(Error::Empty { .. })
    ));
    assert!(matches!(
        threshold_band(&s, &[f64::NAN], &boot, 0.95),
        Err(Error::OutOfRange {
            name: "thresholds",
            ..
        })
    ));
    assert!(matches!(
        venkatraman::compare_paired(&s, &s, &boot.replicates(1), TieBreak::First),
        Err(Error::TooFew { .. })
    ));
    assert!(matches!(
        delong::compare_all(&[&s], 0.95),
        Err(Error::TooFew { .. })
    ));
    assert!(matches!(
        stratified_aucs(&[], &boot),
        Err(Error::Empty { .. })
    ));
}
