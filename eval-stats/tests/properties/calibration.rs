//! Calibration and Hosmer-Lemeshow: what must not change, what must follow.

use eval_stats::bootstrap::{Bootstrap, Stream};
use eval_stats::calibration::{
    self, Degree, LoessSettings, LoessSurface, LowessSettings, ObservedExpectedMethod, Smoother,
    loess, lowess, lowess_of_counts,
};
use eval_stats::hosmer_lemeshow::{self, DegreesOfFreedom, Grouping};
use eval_stats::{Error, Scored};
use proptest::prelude::*;

const SURFACES: [LoessSurface; 2] = [LoessSurface::Direct, LoessSurface::RInterpolate];
const RULES: [Grouping; 4] = [
    Grouping::Quantiles,
    Grouping::EqualCounts,
    Grouping::SasTarget,
    Grouping::EqualWidths,
];

/// Points with many ties, or few.
fn points() -> impl Strategy<Value = Vec<(f64, f64)>> {
    let tied = prop::collection::vec((0..6_i32, -1.0..1.0), 5..60).prop_map(|v| {
        v.into_iter()
            .map(|(x, y)| (f64::from(x) / 8.0, y))
            .collect()
    });
    let free = prop::collection::vec((-3.0..3.0, -1.0..1.0), 5..60);
    prop_oneof![tied, free]
}

fn settings() -> impl Strategy<Value = LoessSettings> {
    (0.6..1.6, 0..3_usize, 0..2_usize).prop_map(|(span, degree, surface)| LoessSettings {
        span,
        degree: [Degree::Constant, Degree::Linear, Degree::Quadratic][degree],
        surface: SURFACES[surface],
        ..Default::default()
    })
}

fn risks() -> impl Strategy<Value = Scored> {
    let risk = prop_oneof![(1..20_i32).prop_map(|k| f64::from(k) / 20.0), 0.01..0.99];
    prop::collection::vec((risk, any::<bool>()), 8..80).prop_filter_map("one class", |v| {
        let (p, y): (Vec<f64>, Vec<bool>) = v.into_iter().unzip();
        Scored::new(&p, &y).ok()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn loess_is_finite_and_knows_no_order(v in points(), s in settings()) {
        let (x, y): (Vec<f64>, Vec<f64>) = v.iter().copied().unzip();
        let fit = loess(&x, &y, &s);
        prop_assume!(fit.is_ok());
        let fit = fit.unwrap();
        prop_assert!(fit.fitted().iter().all(|f| f.is_finite()));
        let (rx, ry): (Vec<f64>, Vec<f64>) = v.iter().rev().copied().unzip();
        let reversed = loess(&rx, &ry, &s).unwrap();
        for (a, b) in fit.fitted().iter().zip(reversed.fitted().iter().rev()) {
            prop_assert!((a - b).abs() < 1e-9, "{a} {b}");
        }
        // Linear in y. Where a window holds too few different points, R's interpolation does not keep a constant: its slopes there are those of
        // the pseudo-inverse (`loess(rep(2, 5) ~ c(.25, 0, .25, .125, .125), span = .6, degree = 1)` gives 1.98 at 0).
        let shift = if s.surface == LoessSurface::Direct { 2.0 } else { 0.0 };
        let scaled: Vec<f64> = y.iter().map(|y| 3.0 * y + shift).collect();
        let scaled = loess(&x, &scaled, &s).unwrap();
        prop_assume!(v.iter().all(|p| v.iter().all(|q| p.0 == q.0 || (p.0 - q.0).abs() > 1e-3)));
        for (a, b) in fit.fitted().iter().zip(scaled.fitted()) {
            prop_assert!((3.0 * a + shift - b).abs() < 1e-7, "{a} {b}");
        }
    }

    #[test]
    fn polynomials_are_reproduced(a in -2.0..2.0, b in -2.0..2.0, c in -2.0..2.0, n in 10..80_usize) {
        let x: Vec<f64> = (0..n).map(|k| (k as f64 / n as f64).powi(2)).collect();
        let y: Vec<f64> = x.iter().map(|x| a + b * x + c * x * x).collect();
        for surface in SURFACES {
            let fit = loess(&x, &y, &LoessSettings { surface, ..Default::default() }).unwrap();
            for (f, y) in fit.fitted().iter().zip(&y) {
                prop_assert!((f - y).abs() < 1e-9);
            }
        }
    }

    /// A tree whose cells hold no point has a vertex at each: blending then reads the direct fits,
    /// and standard errors agree as well.
    #[test]
    fn surfaces_meet_at_vertices(v in prop::collection::vec((0.0..1.0, any::<bool>()), 20..60)) {
        let x: Vec<f64> = v.iter().map(|p| p.0).collect();
        let y: Vec<f64> = v.iter().map(|p| f64::from(u8::from(p.1))).collect();
        let direct = loess(&x, &y, &LoessSettings::default()).unwrap();
        let fine = LoessSettings { surface: LoessSurface::RInterpolate, cell: 1e-9, ..Default::default() };
        let fine = loess(&x, &y, &fine).unwrap();
        for (a, b) in direct.fitted().iter().zip(fine.fitted()) {
            prop_assert!((a - b).abs() < 1e-10);
        }
        if let (Ok(a), Ok(b)) = (direct.band(&x, 0.9), fine.band(&x, 0.9)) {
            prop_assert!((a.df - b.df).abs() < 1e-6 * a.df);
            for (a, b) in a.std_error.iter().zip(&b.std_error) {
                prop_assert!((a - b).abs() < 1e-8);
            }
        }
        prop_assert_eq!(fine.predict(2.0), None);
        prop_assert!(direct.predict(2.0).is_some() && direct.predict(f64::NAN).is_none());
    }

    #[test]
    fn lowess_is_finite_and_knows_no_scale(v in points(), iterations in 0..4_usize) {
        let (x, y): (Vec<f64>, Vec<f64>) = v.into_iter().unzip();
        let s = LowessSettings { iterations, ..Default::default() };
        let fit = lowess(&x, &y, &s).unwrap();
        prop_assert!(fit.iter().all(|f| f.is_finite()));
        // Powers of two are exact.
        let far: Vec<f64> = x.iter().map(|x| x * 1024.0).collect();
        prop_assert_eq!(fit, lowess(&far, &y, &s).unwrap());
    }

    #[test]
    fn counts_stand_for_copies(v in points(), copies in prop::collection::vec(1..5_u32, 60), iterations in 0..3_usize) {
        let mut v = v;
        v.sort_by(|a, b| a.0.total_cmp(&b.0));
        let counts = &copies[..v.len()];
        let copied = v.iter().zip(counts).flat_map(|(p, &c)| std::iter::repeat_n(*p, c as usize));
        let (all_x, all_y): (Vec<f64>, Vec<f64>) = copied.unzip();
        let (x, y): (Vec<f64>, Vec<f64>) = v.into_iter().unzip();
        let s = LowessSettings { iterations, ..Default::default() };
        let all = lowess(&all_x, &all_y, &s).unwrap();
        let mut first = 0;
        for (fit, &c) in lowess_of_counts(&x, &y, counts, &s).unwrap().into_iter().zip(counts) {
            prop_assert!((fit - all[first]).abs() < 1e-11, "{fit} {}", all[first]);
            first += c as usize;
        }
    }

    #[test]
    fn groups_hold_everybody(s in risks(), g in 2..15_usize) {
        for rule in RULES {
            let groups = hosmer_lemeshow::risk_groups(&s, g, rule).unwrap();
            prop_assert_eq!(groups.iter().map(|r| r.n).sum::<u64>() as usize, s.n());
            prop_assert_eq!(groups.iter().map(|r| r.observed).sum::<u64>() as usize, s.n_events());
            prop_assert!(groups.windows(2).all(|w| w[0].highest < w[1].lowest));
            prop_assert!(rule == Grouping::SasTarget || groups.len() <= g);
            if let Ok(t) = hosmer_lemeshow::test(&s, g, rule, DegreesOfFreedom::GroupsMinusTwo) {
                prop_assert!(t.chi_squared >= 0.0 && (0.0..=1.0).contains(&t.p));
                prop_assert_eq!(t.df, t.groups.len() - 2);
            }
        }
    }

    #[test]
    fn recalibration_follows_the_logits(s in risks(), c in 0.3..3.0) {
        let Ok(r) = calibration::recalibration(&s, 0.95) else { return Ok(()) };
        let both = r.in_the_large_test.chi_squared + r.slope_test.chi_squared;
        prop_assert!((r.chi_squared - both).abs() < 1e-9 * (1.0 + both));
        let stretched: Vec<f64> = s.scores().iter().map(|p| {
            let odds = (p / (1.0 - p)).powf(c);
            odds / (1.0 + odds)
        }).collect();
        let t = calibration::recalibration(&Scored::new(&stretched, s.outcomes()).unwrap(), 0.95).unwrap();
        prop_assert!((t.slope.value * c - r.slope.value).abs() < 1e-7 * (1.0 + r.slope.value.abs()));
        prop_assert!((t.intercept.value - r.intercept.value).abs() < 1e-7 * (1.0 + r.intercept.value.abs()));
        let d = calibration::brier_decomposition(&s).unwrap();
        let brier = calibration::accuracy(&s).unwrap().brier;
        prop_assert!((d.reliability - d.resolution + d.uncertainty - brier).abs() < 1e-12);
    }
}

#[test]
fn degenerate_risks_have_an_answer() {
    let y = [true, false, true, false, false, true];
    let equal = Scored::new(&[0.4; 6], &y).unwrap();
    for rule in RULES {
        let t = hosmer_lemeshow::test(&equal, 10, rule, DegreesOfFreedom::GroupsMinusTwo);
        assert!(matches!(
            t,
            Err(Error::TooFew {
                found: 1,
                required: 3,
                ..
            })
        ));
        let t = hosmer_lemeshow::test(&equal, 10, rule, DegreesOfFreedom::Groups).unwrap();
        assert_eq!(t.df, 1);
    }
    for smoother in [
        Smoother::Loess(LoessSurface::Direct),
        Smoother::Loess(LoessSurface::RInterpolate),
        Smoother::Lowess,
    ] {
        let e = calibration::errors(&equal, smoother).unwrap();
        assert!((e.emax - 0.1).abs() < 1e-12, "{e}");
    }
    assert!(matches!(
        calibration::recalibration(&equal, 0.95),
        Err(Error::Undefined { .. })
    ));
    let separated = Scored::new(&[0.8, 0.1, 0.7, 0.2, 0.3, 0.9], &y).unwrap();
    assert!(matches!(
        calibration::recalibration(&separated, 0.95),
        Err(Error::Undefined { .. })
    ));
    // An event of risk 0 is impossible, a non-event of risk 0 is as it should be.
    let certain = Scored::new(&[0.0, 0.0, 1.0, 0.5, 0.5, 1.0], &y).unwrap();
    let t = hosmer_lemeshow::test(&certain, 3, Grouping::EqualWidths, DegreesOfFreedom::Groups);
    assert_eq!(t.unwrap().chi_squared, f64::INFINITY);
    assert!(matches!(
        calibration::recalibration(&certain, 0.95),
        Err(Error::CertainRisk { n: 4, index: 0 })
    ));
    let b = calibration::bootstrap(
        &certain,
        Smoother::Lowess,
        &Bootstrap::new().replicates(20),
        0.95,
    )
    .unwrap();
    assert!(b.brier.is_some() && b.slope.is_none() && b.in_the_large.is_none());
    let none = Scored::new(&[0.0, 0.0], &[true, false]).unwrap();
    assert!(matches!(
        calibration::observed_expected(&none, 0.95, ObservedExpectedMethod::LogWald),
        Err(Error::Undefined { .. })
    ));
}

#[test]
fn unusable_settings_are_named() {
    let (x, y) = ([0.1, 0.2, 0.3, 0.4], [0.0, 1.0, 0.0, 1.0]);
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let span = LoessSettings {
            span: bad,
            ..Default::default()
        };
        let cell = LoessSettings {
            cell: bad,
            ..Default::default()
        };
        assert!(matches!(
            loess(&x, &y, &span),
            Err(Error::OutOfRange { name: "span", .. })
        ));
        assert!(matches!(
            loess(&x, &y, &cell),
            Err(Error::OutOfRange { name: "cell", .. })
        ));
    }
    let far = [-1e308, 0.0, 1e308, 1.5e308];
    assert!(loess(&far, &y, &LoessSettings::default()).is_err());
    assert!(matches!(
        loess(&[], &[], &LoessSettings::default()),
        Err(Error::Empty { .. })
    ));
    let narrow = LoessSettings {
        span: 0.5,
        ..Default::default()
    };
    assert!(matches!(
        loess(&x, &y, &narrow),
        Err(Error::TooFew {
            found: 2,
            required: 3,
            ..
        })
    ));
    let s = Scored::new(&x, &[false, true, false, true]).unwrap();
    assert!(matches!(
        hosmer_lemeshow::risk_groups_at(&s, &[0.3, 0.3]),
        Err(Error::NotIncreasing { index: 1, .. })
    ));
    // As many coefficients as points: no residual is left.
    let through = LoessSettings {
        span: 1e9,
        ..Default::default()
    };
    let fit = loess(&x[..3], &y[..3], &through).unwrap();
    assert!(matches!(
        fit.band(&x[..1], 0.95),
        Err(Error::Undefined { .. })
    ));
}

#[test]
fn bootstrap_is_the_same_for_any_number_of_threads() {
    let p: Vec<f64> = (1..60).map(|k| f64::from(k) / 60.0).collect();
    let y: Vec<bool> = (1..60).map(|k| (k * k) % 7 < k / 10).collect();
    let s = Scored::new(&p, &y).unwrap();
    let settings = Bootstrap::new().replicates(40).stream(Stream::PerReplicate);
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        pool.unwrap().install(|| {
            let smoother = Smoother::Loess(LoessSurface::RInterpolate);
            (
                calibration::bootstrap(&s, smoother, &settings, 0.95).unwrap(),
                calibration::bootstrap_band(&s, smoother, &[0.2, 0.5], &settings, 0.95).unwrap(),
                calibration::smooth_band(&s, LoessSurface::Direct, 0.95).unwrap(),
            )
        })
    };
    assert_eq!(run(1), run(4));
}

#[test]
fn counts_of_nothing_and_points_out_of_order_are_refused() {
    let s = LowessSettings::default();
    let refused = |x: &[f64], counts: &[u32]| lowess_of_counts(x, &[0.0, 1.0], counts, &s);
    let out_of_range = |name, e| matches!(e, Err(Error::OutOfRange { name: n, .. }) if n == name);
    assert!(out_of_range("counts", refused(&[0.0, 1.0], &[1, 0])));
    assert!(out_of_range("x", refused(&[1.0, 0.0], &[1, 1])));
    assert!(matches!(
        refused(&[0.0, 1.0], &[1]),
        Err(Error::LengthMismatch { .. })
    ));
}
