//! Reclassification: whatever the data.

use eval_stats::bootstrap::Bootstrap;
use eval_stats::decision_curve::{DecisionCurve, DecisionCurveSettings};
use eval_stats::reclassification::{
    Movement, idi, idi_bootstrap, idi_refit, nri, nri_bootstrap, nri_categorical, nri_continuous,
    nri_of_changes, nri_refit,
};
use eval_stats::{Error, Scored};
use proptest::prelude::*;

use super::{near, subjects};

fn both(p: &[f64], q: &[f64], y: &[bool]) -> (Scored, Scored) {
    (Scored::new(p, y).unwrap(), Scored::new(q, y).unwrap())
}

const CUTS: [f64; 2] = [0.25, 0.6];

fn movements() -> [Movement<'static>; 4] {
    [
        Movement::Any,
        Movement::Above(0.0),
        Movement::Above(0.1),
        Movement::Categories(&CUTS),
    ]
}

proptest! {
    #[test]
    fn two_categories_change_sensitivity_and_specificity((p, q, y) in subjects(), cut in 1u32..100) {
        let t = f64::from(cut) / 100.0;
        let (old, new) = both(&p, &q, &y);
        let got = nri_categorical(&old, &new, &[t], 0.95).unwrap();
        let plain = DecisionCurveSettings::new();
        let at = |s: &Scored| DecisionCurve::new(s, &[t], &plain).unwrap().points[0];
        let (a, b) = (at(&old), at(&new));
        prop_assert!(near(got.events.value, b.sensitivity - a.sensitivity));
        prop_assert!(near(got.non_events.value, a.false_positive_rate - b.false_positive_rate));
        prop_assert!(near(got.total.value, got.events.value + got.non_events.value));
        // Weighted by what a threshold implies, it is the difference in net benefit.
        let weighted = got.weighted(1.0, t / (1.0 - t), old.prevalence()).unwrap();
        prop_assert!(near(weighted.value, b.net_benefit - a.net_benefit));
        let equal = got.weighted(1.0 / 0.25, 1.0 / 0.75, 0.25).unwrap();
        prop_assert!(near(equal.value, got.total.value) && near(equal.std_error, got.total.std_error));
    }

    #[test]
    fn swapping_models_flips_everything((p, q, y) in subjects()) {
        let (old, new) = both(&p, &q, &y);
        for movement in movements() {
            let (a, b) = (nri(&old, &new, movement, 0.9).unwrap(), nri(&new, &old, movement, 0.9).unwrap());
            for (a, b) in [(a.total, b.total), (a.events, b.events), (a.non_events, b.non_events)] {
                prop_assert_eq!((a.value, a.low, a.z, a.z_null), (-b.value, -b.high, -b.z, -b.z_null));
                prop_assert_eq!((a.std_error, a.std_error_null, a.p), (b.std_error, b.std_error_null, b.p));
                prop_assert!(a.std_error <= a.std_error_null);
                prop_assert!(a.iter().all(|x| !x.1.is_nan()));
                prop_assert!(a.z_null.is_finite() && a.p_null >= a.p);
            }
            prop_assert_eq!((a.events_up, a.non_events_down), (b.events_down, b.non_events_up));
        }
        let (a, b) = (idi(&old, &new, 0.9).unwrap(), idi(&new, &old, 0.9).unwrap());
        prop_assert!(near(a.idi.value, -b.idi.value) && near(a.events.value, -b.events.value));
        prop_assert!(near(a.idi.value, a.slope_new - a.slope_old));
        for part in [a.idi, a.events, a.non_events] {
            prop_assert!(part.iter().all(|x| !x.1.is_nan()));
        }
        prop_assert_eq!(a.relative.is_some(), a.slope_old > 0.0);
    }

    #[test]
    fn equal_models_do_not_differ((p, _, y) in subjects(), seed: u32) {
        let (old, new) = both(&p, &p, &y);
        let mut improvements = vec![idi(&old, &new, 0.95).unwrap().idi];
        improvements.extend(movements().map(|m| nri(&old, &new, m, 0.95).unwrap().total));
        for i in improvements {
            prop_assert_eq!((i.value, i.std_error, i.low, i.high), (0.0, 0.0, 0.0, 0.0));
            prop_assert_eq!((i.z, i.p, i.log10_p, i.p_null), (0.0, 1.0, 0.0, 1.0));
        }
        let boot = Bootstrap::new().replicates(40).seed(seed);
        if let Ok(b) = nri_bootstrap(&old, &new, Movement::Any, &boot, 0.95) {
            for (_, m) in b.iter() {
                prop_assert_eq!((m.value, m.std_error, m.low, m.high), (0.0, 0.0, 0.0, 0.0));
            }
        }
    }

    #[test]
    fn a_least_change_of_nothing_is_any_change((p, q, y) in subjects()) {
        let (old, new) = both(&p, &q, &y);
        prop_assert_eq!(
            nri_of_changes(&old, &new, 0.0, 0.95).unwrap(),
            nri_continuous(&old, &new, 0.95).unwrap()
        );
    }

    #[test]
    fn tables_add_up((p, q, y) in subjects()) {
        let (old, new) = both(&p, &q, &y);
        let got = nri_categorical(&old, &new, &CUTS, 0.95).unwrap();
        let tables = got.tables.unwrap();
        let above: u64 = (0..3).flat_map(|i| (i + 1..3).map(move |j| (i, j))).map(|(i, j)| tables.events[i][j]).sum();
        prop_assert_eq!(above, got.events_up);
        prop_assert_eq!(tables.events.iter().flatten().sum::<u64>(), got.n_events);
        prop_assert_eq!(tables.non_events.iter().flatten().sum::<u64>(), got.n_non_events);
    }

    #[test]
    fn refitting_a_fixed_model_is_not_refitting((p, q, y) in subjects(), seed: u32) {
        let (old, new) = both(&p, &q, &y);
        let boot = Bootstrap::new().replicates(25).seed(seed);
        let risks = |rows: &[usize]| Some([&p, &q].map(|r| rows.iter().map(|&i| r[i]).collect()));
        for movement in movements() {
            prop_assert_eq!(
                nri_refit(&y, movement, &boot, 0.9, risks),
                nri_bootstrap(&old, &new, movement, &boot, 0.9)
            );
        }
        let fixed = idi_bootstrap(&old, &new, &boot, 0.9);
        prop_assert_eq!(idi_refit(&y, &boot, 0.9, risks), fixed.clone());
        if let Ok(fixed) = fixed {
            prop_assert!(near(fixed.idi.value, idi(&old, &new, 0.9).unwrap().idi.value));
        }
    }
}

/// Everybody moves the right way: the first standard error vanishes, the other does not.
#[test]
fn a_perfect_move_has_an_infinite_z() {
    let y = [true, true, false, false];
    let (old, new) = both(&[0.5; 4], &[1.0, 1.0, 0.0, 0.0], &y);
    let nri = nri_continuous(&old, &new, 0.95).unwrap().total;
    assert_eq!(
        (nri.value, nri.std_error, nri.low, nri.high),
        (2.0, 0.0, 2.0, 2.0)
    );
    assert_eq!(
        (nri.z, nri.p, nri.log10_p),
        (f64::INFINITY, 0.0, f64::NEG_INFINITY)
    );
    assert_eq!((nri.std_error_null, nri.z_null), (1.0, 2.0));
    let idi = idi(&old, &new, 0.95).unwrap();
    assert_eq!(
        (idi.idi.value, idi.idi.std_error, idi.idi.z),
        (1.0, 0.0, f64::INFINITY)
    );
    assert_eq!(idi.idi.std_error_null, 0.5);
    assert_eq!(idi.relative, None);
}

#[test]
fn one_subject_per_class_has_an_nri_but_no_idi() {
    let y = [true, false];
    let (old, new) = both(&[0.4, 0.4], &[0.6, 0.6], &y);
    let nri = nri_continuous(&old, &new, 0.95).unwrap();
    assert_eq!(
        (nri.events.value, nri.non_events.value, nri.total.value),
        (1.0, -1.0, 0.0)
    );
    assert_eq!((nri.total.z, nri.total.p), (0.0, 1.0));
    assert!(matches!(
        idi(&old, &new, 0.95),
        Err(Error::TooFewPerClass {
            events: 1,
            non_events: 1,
            required: 2
        })
    ));
}

#[test]
fn unusable_input_is_refused() {
    let y = [true, true, false, false];
    let (old, new) = both(&[0.5; 4], &[0.9, 0.8, 0.1, 0.2], &y);
    for cuts in [&[0.0][..], &[1.0], &[f64::NAN], &[0.3, 1.5]] {
        let refused = nri_categorical(&old, &new, cuts, 0.95);
        assert!(matches!(refused, Err(Error::OutOfRange { .. })), "{cuts:?}");
    }
    assert!(matches!(
        nri_categorical(&old, &new, &[], 0.95),
        Err(Error::Empty { .. })
    ));
    assert!(matches!(
        nri_categorical(&old, &new, &[0.5, 0.5], 0.95),
        Err(Error::NotIncreasing { index: 1, .. })
    ));
    for change in [-0.1, 1.0, f64::NAN] {
        assert!(matches!(
            nri_of_changes(&old, &new, change, 0.95),
            Err(Error::OutOfRange { .. })
        ));
    }
    for level in [0.0, 1.0, f64::NAN] {
        assert!(matches!(
            nri_continuous(&old, &new, level),
            Err(Error::OutOfRange { .. })
        ));
    }
    let nri = nri_continuous(&old, &new, 0.95).unwrap();
    assert!(nri.weighted(-1.0, 1.0, 0.5).is_err());
    assert!(nri.weighted(1.0, f64::NAN, 0.5).is_err());
    assert!(nri.weighted(1.0, 1.0, 1.0).is_err());
    let boot = Bootstrap::new().replicates(20);
    let refit = |_: &[usize]| None;
    assert!(matches!(
        nri_refit(&y, Movement::Any, &boot, 0.95, refit),
        Err(Error::Undefined { .. })
    ));
    assert!(matches!(
        idi_refit(&[true, true], &boot, 0.95, refit),
        Err(Error::SingleClass { events: 2, n: 2 })
    ));
    assert!(matches!(
        idi_refit(&[], &boot, 0.95, refit),
        Err(Error::Empty { .. })
    ));
    let short = |_: &[usize]| Some([vec![0.5], vec![0.5]]);
    assert!(matches!(
        idi_refit(&y, &boot, 0.95, short),
        Err(Error::LengthMismatch { .. })
    ));
}
