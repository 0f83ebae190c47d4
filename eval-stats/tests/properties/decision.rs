//! Decision curves: whatever the data.

use eval_stats::bootstrap::{Bootstrap, Stream};
use eval_stats::clinical_impact::{
    CostBenefit, clinical_impact, clinical_impact_with_limits, cost_benefit_axis,
};
use eval_stats::confusion::Threshold;
use eval_stats::decision_curve::{
    self, DecisionCurve, DecisionCurveSettings, DecisionModel, OptOutCurve, ResampledCurves,
    StudyDesign, bootstrap_opt_out, compare, net_benefit_area, risks_at_prevalence,
};
use eval_stats::quantile::{QuantileType, quantile};
use eval_stats::r_rng::RRng;
use eval_stats::{Error, Scored};
use proptest::prelude::*;

use super::near;

/// Risks in twentieths, ends included, of 2 to 40 subjects of both classes.
fn subjects() -> impl Strategy<Value = (Vec<f64>, Vec<f64>, Vec<bool>)> {
    proptest::collection::vec((0u32..=20, 0u32..=20, any::<bool>()), 2..40)
        .prop_filter("both classes", |v| {
            let events = v.iter().filter(|s| s.2).count();
            events >= 1 && events < v.len()
        })
        .prop_map(|v| {
            let risk = |r: u32| f64::from(r) / 20.0;
            (
                v.iter().map(|s| risk(s.0)).collect(),
                v.iter().map(|s| risk(s.1)).collect(),
                v.iter().map(|s| s.2).collect(),
            )
        })
}

/// Thresholds in fortieths below 1, in any order, repeated: half of them can equal a risk.
fn thresholds() -> impl Strategy<Value = Vec<f64>> {
    proptest::collection::vec(0u32..40, 1..12)
        .prop_map(|v| v.iter().map(|&t| f64::from(t) / 40.0).collect())
}

fn settings() -> impl Strategy<Value = DecisionCurveSettings> {
    (any::<bool>(), 0u32..3, 0u32..3).prop_map(|(strict, harm, population)| {
        let rule = if strict { Threshold::Gt } else { Threshold::Ge };
        let s = DecisionCurveSettings::new()
            .rule(rule)
            .harm(f64::from(harm) / 50.0);
        match population {
            0 => s,
            1 => s.prevalence(0.3),
            _ => s.case_control(0.1),
        }
    })
}

fn finite(numbers: impl Iterator<Item = (&'static str, f64)>, may_be_missing: &str) {
    for (name, value) in numbers {
        assert!(
            value.is_finite() || name == may_be_missing,
            "{name}: {value}"
        );
    }
}

proptest! {
    #[test]
    fn points_are_counted_one_by_one((p, _, y) in subjects(), t in thresholds(), strict: bool) {
        let rule = if strict { Threshold::Gt } else { Threshold::Ge };
        let s = Scored::new(&p, &y).unwrap();
        let curve = DecisionCurve::new(&s, &t, &DecisionCurveSettings::new().rule(rule)).unwrap();
        let share = |class: bool, positive: &dyn Fn(f64) -> bool| {
            let of_class = p.iter().zip(&y).filter(|s| *s.1 == class);
            of_class.clone().filter(|s| positive(*s.0)).count() as f64 / of_class.count() as f64
        };
        for (point, &t) in curve.points.iter().zip(&t) {
            let positive = |risk: f64| risk > 0.0 && rule.is_positive(risk, t);
            let (tpr, fpr) = (share(true, &positive), share(false, &positive));
            prop_assert_eq!(point.threshold, t);
            prop_assert_eq!(point.sensitivity, tpr);
            prop_assert_eq!(point.false_positive_rate, fpr);
            let pi = s.prevalence();
            let odds = t / (1.0 - t);
            prop_assert!(near(point.net_benefit, tpr * pi - odds * fpr * (1.0 - pi)));
            prop_assert!(near(point.specificity, 1.0 - fpr));
            prop_assert_eq!(point.few_positives, point.n_positive < 10);
            prop_assert_eq!(point.interventions_avoided.is_none(), t == 0.0);
            finite(point.iter(), "interventions_avoided");
        }
        // The order of subjects does not matter.
        let (mut back_p, mut back_y) = (p.clone(), y.clone());
        back_p.reverse();
        back_y.reverse();
        let back = Scored::new(&back_p, &back_y).unwrap();
        let settings = DecisionCurveSettings::new().rule(rule);
        prop_assert_eq!(DecisionCurve::new(&back, &t, &settings).unwrap(), curve);
    }

    #[test]
    fn opting_out_avoids_interventions((p, _, y) in subjects(), t in thresholds()) {
        let s = Scored::new(&p, &y).unwrap();
        let t: Vec<f64> = t.into_iter().filter(|&t| t > 0.0).chain([0.5]).collect();
        let plain = DecisionCurveSettings::new();
        let curve = DecisionCurve::new(&s, &t, &plain).unwrap();
        let opt_out = OptOutCurve::new(&s, &t, &plain).unwrap();
        for (a, b) in curve.points.iter().zip(&opt_out.points) {
            prop_assert!(near(a.interventions_avoided.unwrap(), b.net_benefit));
            prop_assert_eq!(a.n_positive + b.n_opting_out, p.len() as u64);
            finite(b.iter(), "");
        }
        // At 1 everybody below certainty opts out, and a missed event costs nothing.
        let end = OptOutCurve::new(&s, &[1.0], &plain).unwrap().points[0];
        prop_assert!(near(end.net_benefit, end.true_negative_rate * (1.0 - s.prevalence())));
    }

    #[test]
    fn limits_are_those_of_curves_on_resamples(
        (p, _, y) in subjects(), t in thresholds(), settings in settings(), seed: u32,
    ) {
        let s = Scored::new(&p, &y).unwrap();
        let n = y.len();
        let boot = Bootstrap::new().replicates(20).seed(seed);
        let curve = DecisionCurve::new(&s, &t, &settings).unwrap();
        let strata: Vec<Vec<usize>> = match curve.design {
            StudyDesign::Cohort => vec![(0..n).collect()],
            StudyDesign::CaseControl => [y[0], !y[0]]
                .map(|class| (0..n).filter(|&i| y[i] == class).collect())
                .to_vec(),
        };
        let mut rng = RRng::new(seed);
        let mut net_benefits = vec![Vec::new(); t.len()];
        let mut left_out = 0;
        for _ in 0..20 {
            let rows: Vec<usize> = strata
                .iter()
                .flat_map(|stratum| (0..stratum.len()).map(|_| stratum[rng.index(stratum.len())]).collect::<Vec<_>>())
                .collect();
            let risks: Vec<f64> = rows.iter().map(|&i| p[i]).collect();
            let outcomes: Vec<bool> = rows.iter().map(|&i| y[i]).collect();
            match Scored::new(&risks, &outcomes) {
                Ok(resample) => {
                    let points = DecisionCurve::new(&resample, &t, &settings).unwrap().points;
                    for (all, point) in net_benefits.iter_mut().zip(points) {
                        all.push(point.net_benefit);
                    }
                }
                Err(_) => left_out += 1,
            }
        }
        let curves = ResampledCurves::new(&[DecisionModel::new(&s, settings)], &t, &boot);
        if left_out > 18 {
            let too_few = matches!(curves, Err(Error::TooFew { .. }));
            prop_assert!(too_few);
            return Ok(());
        }
        let curves = curves.unwrap();
        prop_assert_eq!(curves.left_out(), left_out);
        for (band, values) in curves.band(0, 0.8).unwrap().iter().zip(&net_benefits) {
            prop_assert_eq!(band.net_benefit.0, quantile(values, 0.1, QuantileType::Type1).unwrap());
            prop_assert_eq!(band.net_benefit.1, quantile(values, 0.9, QuantileType::Type1).unwrap());
        }
        // Refitting a model that does not change is not refitting.
        let same = |rows: &[usize]| Some(vec![rows.iter().map(|&i| p[i]).collect()]);
        let refitted = ResampledCurves::refit(&y, &t, &[settings], &boot, same).unwrap();
        prop_assert_eq!(refitted, curves);
    }

    #[test]
    fn differences_are_paired((p, q, y) in subjects(), t in thresholds(), seed: u32) {
        let (a, b) = (Scored::new(&p, &y).unwrap(), Scored::new(&q, &y).unwrap());
        let plain = DecisionCurveSettings::new();
        let boot = Bootstrap::new().replicates(40).seed(seed).stream(Stream::PerReplicate);
        let Ok(forth) = compare(&a, &b, &t, &plain, &boot, 0.95) else { return Ok(()) };
        let back = compare(&b, &a, &t, &plain, &boot, 0.95).unwrap();
        for (f, b) in forth.iter().zip(&back) {
            prop_assert!(near(f.value, -b.value) && near(f.low, -b.high) && near(f.high, -b.low));
            finite(f.iter(), "");
        }
        for d in compare(&a, &a, &t, &plain, &boot, 0.95).unwrap() {
            prop_assert_eq!((d.value, d.low, d.high, d.std_error), (0.0, 0.0, 0.0, 0.0));
        }
        // A harm shifts value and limits alike.
        let models = [DecisionModel::new(&a, plain.harm(0.1)), DecisionModel::new(&b, plain)];
        let curves = ResampledCurves::new(&models, &t, &boot).unwrap();
        for (d, f) in curves.difference(0, 1, 0.95).unwrap().iter().zip(&forth) {
            prop_assert!(near(d.value, f.value - 0.1) && near(d.low, f.low - 0.1));
            prop_assert!(near(d.std_error, f.std_error));
        }
        // Against treating all it is the net benefit less that of treating all.
        let points = &curves.curves()[1].points;
        for (d, p) in curves.difference_from_all(1, 0.95).unwrap().iter().zip(points) {
            prop_assert!(near(d.value, p.net_benefit - p.net_benefit_all));
        }
    }

    #[test]
    fn the_area_is_the_integral((p, _, y) in subjects(), from in 0u32..30, width in 1u32..9) {
        let (low, high) = (f64::from(from) / 40.0, f64::from(from + width) / 40.0);
        let s = Scored::new(&p, &y).unwrap();
        let settings = DecisionCurveSettings::new().harm(0.01).prevalence(0.4);
        let got = net_benefit_area(&s, low, high, &settings).unwrap();
        // Steps lie at multiples of 1/20; between them a rule of midpoints converges fast.
        let cells = 400 * width;
        let at: Vec<f64> = (0..cells)
            .map(|i| low + (high - low) * (f64::from(i) + 0.5) / f64::from(cells))
            .collect();
        let points = DecisionCurve::new(&s, &at, &settings).unwrap().points;
        let mean = |f: &dyn Fn(usize) -> f64| (0..at.len()).map(f).sum::<f64>() / at.len() as f64;
        prop_assert!((got.mean - mean(&|i| points[i].net_benefit)).abs() < 1e-5);
        prop_assert!((got.mean_all - mean(&|i| points[i].net_benefit_all)).abs() < 1e-5);
        finite(got.iter(), "");
    }

    #[test]
    fn moved_risks_move_back(p in 0.0..=1.0f64, from in 0.01..0.99f64, to in 0.01..0.99f64) {
        let there = risks_at_prevalence(&[p], from, to).unwrap();
        prop_assert!((0.0..=1.0).contains(&there[0]));
        prop_assert!(near(risks_at_prevalence(&there, to, from).unwrap()[0], p));
        prop_assert!(near(risks_at_prevalence(&[p], from, from).unwrap()[0], p));
    }

    #[test]
    fn ratios_stand_for_their_threshold(t in 0.0..1.0f64) {
        let ratio = CostBenefit::of(t).unwrap();
        prop_assert!((ratio.threshold() - t).abs() < 6e-4);
    }

    #[test]
    fn axes_increase(low in 0.0..1.0f64, width in 0.0..1.0f64, n in 2usize..60) {
        let high = (low + width).min(1.0);
        prop_assume!(high > low);
        let axis = cost_benefit_axis(low, high, n).unwrap();
        prop_assert!(axis.len() <= n);
        let at: Vec<f64> = axis.iter().map(|r| r.threshold()).collect();
        prop_assert!(at.windows(2).all(|w| w[0] < w[1]));
        prop_assert!(at.iter().all(|t| (low..=high).contains(t)));
    }
}

/// One subject per class, equal risks, certain risks: numbers everywhere.
#[test]
fn degenerate_models_have_curves() {
    let grid = [0.0, 0.25, 0.5, 0.99];
    for risks in [[0.5, 0.5], [0.0, 1.0], [1.0, 0.0], [0.0, 0.0], [1.0, 1.0]] {
        let s = Scored::new(&risks, &[false, true]).unwrap();
        for settings in [
            DecisionCurveSettings::new(),
            DecisionCurveSettings::new().case_control(0.2),
        ] {
            let curve = DecisionCurve::new(&s, &grid, &settings).unwrap();
            for point in &curve.points {
                finite(point.iter(), "interventions_avoided");
            }
            let boot = Bootstrap::new().replicates(50);
            let band = decision_curve::bootstrap(&s, &grid, &settings, &boot, 0.95).unwrap();
            for (b, p) in band.iter().zip(&curve.points) {
                // Both resamples with both classes are the data.
                assert_eq!(b.net_benefit, (p.net_benefit, p.net_benefit));
                assert_eq!(b.interventions_avoided.is_none(), b.threshold == 0.0);
            }
            for b in bootstrap_opt_out(&s, &[0.25, 1.0], &settings, &boot, 0.95).unwrap() {
                assert!(b.net_benefit.0.is_finite() && b.net_benefit.0 == b.net_benefit.1);
            }
        }
    }
}

#[test]
fn unusable_input_is_refused() {
    let y = [false, true, false, true];
    let s = Scored::new(&[0.1, 0.4, 0.3, 0.8], &y).unwrap();
    let plain = DecisionCurveSettings::new();
    let boot = Bootstrap::new().replicates(30);
    for t in [1.0, -0.1, f64::NAN, f64::INFINITY] {
        let refused = DecisionCurve::new(&s, &[0.5, t], &plain);
        assert!(
            matches!(
                refused,
                Err(Error::OutOfRange {
                    name: "threshold",
                    ..
                })
            ),
            "{t}"
        );
        assert!(CostBenefit::of(t).is_err());
    }
    for t in [0.0, 1.1, f64::NAN] {
        assert!(matches!(
            OptOutCurve::new(&s, &[t], &plain),
            Err(Error::OutOfRange { .. })
        ));
    }
    assert!(matches!(
        DecisionCurve::new(&s, &[], &plain),
        Err(Error::Empty { .. })
    ));
    for bad in [
        plain.harm(f64::NAN),
        plain.prevalence(1.0),
        plain.case_control(0.0),
        plain.prevalence(f64::NAN),
    ] {
        assert!(matches!(
            DecisionCurve::new(&s, &[0.5], &bad),
            Err(Error::OutOfRange { .. })
        ));
    }
    let scores = Scored::new(&[1.0, 2.0, 3.0, 4.0], &y).unwrap();
    assert!(matches!(
        DecisionCurve::new(&scores, &[0.5], &plain),
        Err(Error::NotProbability { .. })
    ));
    assert!(matches!(
        net_benefit_area(&s, 0.5, 0.5, &plain),
        Err(Error::OutOfRange { name: "high", .. })
    ));
    assert!(matches!(
        ResampledCurves::new(&[], &[0.5], &boot),
        Err(Error::Empty { what: "models" })
    ));
    let mixed = [plain, plain.case_control(0.1)].map(|settings| DecisionModel::new(&s, settings));
    assert!(matches!(
        ResampledCurves::new(&mixed, &[0.5], &boot),
        Err(Error::Undefined { .. })
    ));
    let curves = ResampledCurves::new(&mixed[..1], &[0.5], &boot).unwrap();
    assert!(matches!(
        curves.band(1, 0.95),
        Err(Error::OutOfRange { name: "model", .. })
    ));
    assert!(matches!(
        curves.band(0, 1.0),
        Err(Error::OutOfRange { name: "level", .. })
    ));
    assert!(matches!(
        cost_benefit_axis(0.5, 0.1, 6),
        Err(Error::OutOfRange { .. })
    ));
    assert!(matches!(
        cost_benefit_axis(0.0, 1.0, 1),
        Err(Error::TooFew { .. })
    ));
    for population in [0.0, f64::NAN, f64::INFINITY] {
        assert!(clinical_impact(&s, &[0.5], &plain, population).is_err());
    }
    let impact = clinical_impact_with_limits(&s, &[0.5], &plain, 1000.0, &boot, 0.9).unwrap();
    assert_eq!(impact.level, Some(0.9));
}

#[test]
fn bad_refits_are_refused_and_failed_ones_left_out() {
    let y = [false, true, false, true, true];
    let plain = [DecisionCurveSettings::new()];
    let boot = Bootstrap::new().replicates(30);
    type Refit<'a> = &'a (dyn Fn(&[usize]) -> Option<Vec<Vec<f64>>> + Sync + Send);
    let run = |refit: Refit<'_>| ResampledCurves::refit(&y, &[0.5], &plain, &boot, refit);
    assert!(matches!(run(&|_| None), Err(Error::Undefined { .. })));
    assert!(matches!(
        run(&|_| Some(vec![])),
        Err(Error::LengthMismatch { .. })
    ));
    assert!(matches!(
        run(&|_| Some(vec![vec![0.5]])),
        Err(Error::LengthMismatch { .. })
    ));
    let nan_later = |rows: &[usize]| {
        let first = rows == [0, 1, 2, 3, 4];
        Some(vec![vec![if first { 0.5 } else { f64::NAN }; rows.len()]])
    };
    assert!(matches!(run(&nan_later), Err(Error::NotFinite { .. })));
    let sometimes = |rows: &[usize]| (rows[0] != 1).then(|| vec![vec![0.5; rows.len()]]);
    let curves = run(&sometimes).unwrap();
    assert!(curves.left_out() > 0);
    assert_eq!(curves.left_out() + curves.replicates(), 30);
}
