//! No false alarm on numbers that are consistent by construction, whatever they are.

use eval_stats::Error;
use eval_stats::auc_interval::{binomial_exact_limits, hanley_mcneil_limits};
use eval_stats::audit::{
    self, CategoryVerdict, Rate, Reported, ReportedP, ReportedRates, ReportedRatio, Rounding,
    Severity, category_totals, counts_from_rates, factor_counts, kappa_pairs, kappa_tables,
    percentage, prevalence_from_rates, totals_from_rates, whole_number_moments,
};
use eval_stats::confusion::ConfusionMatrix;
use eval_stats::special::{expit, logit, normal_quantile, normal_two_sided};
use proptest::prelude::*;

/// As a program prints it.
fn printed(x: f64, decimals: u32) -> Reported {
    let text = format!("{x:.*}", decimals as usize);
    Reported::new(text.parse().unwrap(), decimals)
}

fn table() -> impl Strategy<Value = ConfusionMatrix> {
    (0u64..300, 0u64..300, 0u64..300, 0u64..300)
        .prop_map(|(tp, fp, fn_, tn)| ConfusionMatrix { tp, fp, fn_, tn })
        .prop_filter("both classes", |m| m.n_events() > 0 && m.n_non_events() > 0)
}

fn rates_of(m: &ConfusionMatrix, decimals: u32, keep: u8) -> ReportedRates {
    let rate = |k: u32, rate: Rate| {
        let of = rate.of(m).filter(|_| keep >> k & 1 == 1);
        of.map(|v| {
            printed(
                v,
                if rate == Rate::Auc {
                    decimals + 2
                } else {
                    decimals
                },
            )
        })
    };
    ReportedRates {
        accuracy: rate(0, Rate::Accuracy),
        sensitivity: rate(1, Rate::Sensitivity),
        specificity: rate(2, Rate::Specificity),
        ppv: rate(3, Rate::Ppv),
        npv: rate(4, Rate::Npv),
        auc: rate(5, Rate::Auc),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_real_confusion_matrix_is_found(m in table(), decimals in 0u32..3, keep in 1u8..64) {
        let rates = rates_of(&m, decimals, keep);
        prop_assume!(rates.given().next().is_some());
        let got = counts_from_rates(m.n_events(), m.n_non_events(), &rates).unwrap();
        prop_assert!(got.n_consistent >= 1);
        prop_assert!(got.consistent.contains(&m) || got.n_consistent > 10_000);
        prop_assert_eq!(got.finding("row").severity, Severity::Possible);
        if let Some(p) = prevalence_from_rates(&rates) {
            let share = m.n_events() as f64 / m.n() as f64;
            let common = p.common();
            prop_assert!(common.is_some_and(|c| c.contains(share)), "{:?} {}", p, share);
        }
        let totals = totals_from_rates(&[rates], m.n(), Some(m.n_events()), 1).unwrap();
        prop_assert!(totals.printed_fits());
    }

    #[test]
    fn every_listed_table_gives_the_rates(m in table(), n1 in 1u64..60, n0 in 1u64..60, keep in 1u8..64) {
        // Rates of other totals: found or not, what is listed must hold, what is near must miss.
        let rates = rates_of(&m, 1, keep);
        prop_assume!(rates.given().next().is_some());
        let got = counts_from_rates(n1, n0, &rates).unwrap();
        for t in &got.consistent {
            prop_assert_eq!((t.n_events(), t.n_non_events()), (n1, n0));
            for (rate, reported) in rates.given() {
                prop_assert!(rate.of(t).is_some_and(|v| reported.admits(v)));
            }
        }
        prop_assert_eq!(got.closest.is_empty(), got.n_consistent > 0);
        for near in &got.closest {
            prop_assert!(!near.missed.is_empty());
        }
    }

    #[test]
    fn a_real_wald_ratio_is_never_refused(
        b in -3.0f64..3.0,
        s in 0.02f64..1.5,
        decimals in 1u32..4,
        p_decimals in 1u32..5,
        level in prop_oneof![Just(0.9), Just(0.95), Just(0.99)],
    ) {
        let z = -normal_quantile(0.5 * (1.0 - level));
        let [or, low, high] = [b, b - z * s, b + z * s].map(|x| printed(x.exp(), decimals));
        prop_assume!(or.value > 0.0 && low.value < high.value);
        let p = normal_two_sided(b / s);
        let shown = if p < 0.001 {
            ReportedP::Below(0.001)
        } else {
            ReportedP::Equal(printed(p, p_decimals))
        };
        let got = audit::odds_ratio(or, low, high, Some(shown), level).unwrap();
        prop_assert!(got.interval_agrees && got.interval_contains, "{:?}", got);
        prop_assert_eq!(got.p_agrees, Some(true), "{:?}", got);
        prop_assert_ne!(got.significance_agrees, Some(false), "{:?}", got);
        prop_assert!(got.repairs.is_empty());
        for finding in got.findings("row") {
            prop_assert_eq!(finding.severity, Severity::Possible);
        }
    }

    #[test]
    fn a_repair_repairs(b in 0.2f64..2.0, s in 0.05f64..0.4, wrong in 1.3f64..2.5) {
        let two = |x: f64| printed(x.exp(), 2);
        let (low, high) = (two(b - 1.959_963_984_540_054 * s), two(b + 1.959_963_984_540_054 * s));
        // The upper limit is misprinted.
        let misprint = Reported::new((high.value * wrong * 100.0).round() / 100.0, 2);
        let p = ReportedP::Equal(printed(normal_two_sided(b / s), 3));
        let got = audit::odds_ratio(two(b), low, misprint, Some(p), 0.95).unwrap();
        prop_assume!(!got.interval_agrees);
        let fixed = got.repairs.iter().find(|r| r.part == audit::RatioPart::UpperLimit);
        let fixed = fixed.expect("an upper limit");
        prop_assert!(fixed.span.contains((b + 1.959_963_984_540_054 * s).exp()), "{:?}", got);
        prop_assert!(fixed.agrees, "{:?}", got);
    }

    #[test]
    fn an_interval_fits_its_own_method(
        a in 0.5f64..0.999,
        n1 in 2usize..400,
        n0 in 2usize..400,
        decimals in 2u32..4,
        share in 0.01f64..1.0,
    ) {
        let fits = |limits: (f64, f64)| {
            let [a, l, h] = [a, limits.0, limits.1].map(|x| printed(x, decimals));
            audit::auc_interval(a, l, h, n1, n0, 0.95).unwrap()
        };
        let exact = fits(binomial_exact_limits(a, n1 + n0, 0.95).unwrap());
        prop_assert!(exact.binomial_exact.is_some());
        let hanley = fits(hanley_mcneil_limits(a, n1, n0, 0.95).unwrap());
        prop_assert!(hanley.hanley_mcneil.is_some());
        // Any standard error up to DeLong's bound, on both scales.
        let bound = (a * (1.0 - a) * (1.0 / (n1 as f64 - 1.0) + 1.0 / (n0 as f64 - 1.0))).sqrt();
        let half = 1.959_963_984_540_054 * share * bound;
        let wald = fits(((a - half).max(0.0), (a + half).min(1.0)));
        prop_assert!(wald.symmetric.is_some(), "{:?}", wald);
        let half = half / (a * (1.0 - a));
        let on_logit = fits((expit(logit(a) - half), expit(logit(a) + half)));
        prop_assert!(on_logit.logit_symmetric.is_some(), "{:?}", on_logit);
        for audit in [exact, hanley, wald, on_logit] {
            prop_assert_eq!(audit.finding("row").severity, Severity::Possible);
        }
    }

    #[test]
    fn the_limits_that_are_bisected_never_fall(n1 in 1usize..200, n0 in 1usize..200) {
        let limits: Vec<(f64, f64)> = (0..=400)
            .map(|k| hanley_mcneil_limits(f64::from(k) / 400.0, n1, n0, 0.95).unwrap())
            .collect();
        for pair in limits.windows(2) {
            prop_assert!(pair[0].0 <= pair[1].0 && pair[0].1 <= pair[1].1, "{:?}", pair);
        }
    }

    #[test]
    fn readers_calls_give_a_kappa_that_is_found(calls in proptest::collection::vec((any::<bool>(), any::<bool>(), any::<bool>()), 4..80)) {
        let column = |f: fn(&(bool, bool, bool)) -> bool| -> Vec<bool> { calls.iter().map(f).collect() };
        let (a, b, y) = (column(|c| c.0), column(|c| c.1), column(|c| c.2));
        let readers = [&a, &b].map(|c| ConfusionMatrix::from_calls(c, &y).unwrap());
        let table = eval_stats::agreement::AgreementTable::from_calls(&a, &b).unwrap();
        let Ok(kappa) = eval_stats::agreement::kappa(&table, eval_stats::agreement::Weights::Unweighted, 0.95) else {
            return Ok(());
        };
        let reported = printed(kappa.value, 3);
        let got = kappa_pairs(reported, &readers).unwrap();
        prop_assert!(got.between.iter().any(|p| p.tables.contains(&table)));
        let positive = |c: &[bool]| c.iter().filter(|&&x| x).count() as u64;
        let by_margins = kappa_tables(reported, positive(&a), positive(&b), calls.len() as u64).unwrap();
        prop_assert!(by_margins.contains(&table));
        prop_assert_eq!(got.finding("pair", &["a", "b"]).unwrap().severity, Severity::Possible);
    }

    #[test]
    fn univariable_ratios_come_from_their_counts(levels in proptest::collection::vec((1u64..40, 1u64..40), 2..4)) {
        let subjects: Vec<u64> = levels.iter().map(|l| l.0 + l.1).collect();
        let events: Vec<u64> = levels.iter().map(|l| l.0).collect();
        let odds = |k: usize| levels[k].0 as f64 / levels[k].1 as f64;
        let inverse = |k: usize| 1.0 / levels[k].0 as f64 + 1.0 / levels[k].1 as f64;
        let ratios: Vec<ReportedRatio> = (1..levels.len())
            .map(|k| {
                let (or, se) = (odds(k) / odds(0), (inverse(k) + inverse(0)).sqrt());
                let limit = |z: f64| printed(or * (z * se).exp(), 2);
                ReportedRatio {
                    ratio: printed(or, 2),
                    limits: Some((limit(-1.959_963_984_540_054), limit(1.959_963_984_540_054))),
                }
            })
            .collect();
        let got = factor_counts(&subjects, events.iter().sum(), &ratios, 0.95).unwrap();
        prop_assert_eq!(got.fit, audit::FactorFit::RatiosAndLimits);
        prop_assert!(got.solutions.iter().any(|s| s.events == events));
    }

    #[test]
    fn whole_numbers_have_their_moments(data in proptest::collection::vec(-50i64..120, 2..60), decimals in 0u32..3) {
        let n = data.len() as f64;
        let mean = data.iter().sum::<i64>() as f64 / n;
        let sd = (data.iter().map(|&x| (x as f64 - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt();
        let got = whole_number_moments(data.len() as u64, printed(mean, decimals), Some(printed(sd, decimals))).unwrap();
        prop_assert!(got.mean_possible);
        prop_assert_eq!(got.sd_possible, Some(true));
    }

    #[test]
    fn percentages_and_categories_of_real_groups(parts in proptest::collection::vec(0u64..300, 1..6), decimals in 0u32..3) {
        let n: u64 = parts.iter().sum();
        prop_assume!(n > 0);
        for &part in &parts {
            let got = percentage(part, n, printed(100.0 * part as f64 / n as f64, decimals)).unwrap();
            prop_assert!(got.agrees);
            if let Some((low, high)) = got.totals {
                prop_assert!(low <= n && n <= high, "{:?}", got);
            }
        }
        let counts: Vec<Vec<Option<u64>>> = parts.iter().map(|&p| vec![Some(p)]).collect();
        prop_assert_eq!(category_totals(&counts, &[n]).unwrap()[0].verdict, CategoryVerdict::Complete);
        prop_assert_eq!(category_totals(&counts, &[n - 1]).unwrap()[0].verdict, CategoryVerdict::Exceeds);
    }

    #[test]
    fn a_convention_admits_what_it_prints(k in -3000i64..3000) {
        // Eighths printed with two decimals meet every tie; in eighths of a unit all is exact.
        let x = k as f64 / 8.0 / 100.0;
        let eighths = k.rem_euclid(8);
        let below = k.div_euclid(8);
        let up = |condition: bool| below + i64::from(condition);
        for (rounding, digits) in [
            (Rounding::HalfUp, up(eighths > 4 || (eighths == 4 && k > 0))),
            (Rounding::HalfEven, up(eighths > 4 || (eighths == 4 && below % 2 != 0))),
            (Rounding::Truncated, up(k < 0 && eighths != 0)),
        ] {
            let shown = |d: i64| Reported::new(d as f64 / 100.0, 2).rounded(rounding);
            prop_assert!(shown(digits).admits(x), "{} {}", rounding, x);
            if digits != 0 || rounding != Rounding::Truncated {
                prop_assert!(!shown(digits + 1).admits(x) && !shown(digits - 1).admits(x), "{} {}", rounding, x);
            }
        }
    }

    #[test]
    fn no_number_panics(v in proptest::collection::vec(prop_oneof![
        Just(f64::NAN), Just(f64::INFINITY), Just(f64::NEG_INFINITY), Just(0.0), Just(-0.0), Just(1e300), Just(5e-324), -2.0f64..200.0, any::<f64>()
    ], 6), decimals in prop_oneof![0u32..5, Just(u32::MAX)], n in prop_oneof![0u64..50, Just(u64::MAX), Just(u64::MAX / 2)], m in prop_oneof![0u64..50, Just(u64::MAX)]) {
        let r: Vec<Reported> = v.iter().map(|&x| Reported::new(x, decimals)).collect();
        let rates = ReportedRates {
            accuracy: Some(r[0]),
            sensitivity: Some(r[1]),
            specificity: Some(r[2]),
            ppv: Some(r[3]),
            npv: Some(r[4]),
            auc: Some(r[5]),
        };
        let _ = counts_from_rates(n, m, &rates).map(|a| a.finding("x").to_string());
        let _ = prevalence_from_rates(&rates).map(|a| a.finding("x").to_string());
        let _ = totals_from_rates(&[rates], n, Some(m), 2).map(|a| a.finding("x").to_string());
        let _ = totals_from_rates(&[rates], n.min(50), None, 2).map(|a| a.finding("x").to_string());
        for p in [ReportedP::Equal(r[3]), ReportedP::Below(v[3]), ReportedP::Above(v[3])] {
            let _ = audit::odds_ratio(r[0], r[1], r[2], Some(p), 0.95).map(|a| (a.findings("x"), a.to_string()));
        }
        let _ = audit::auc_interval(r[0], r[1], r[2], n.min(1 << 40) as usize, m.min(1 << 40) as usize, 0.95).map(|a| a.finding("x").to_string());
        let _ = kappa_tables(r[0], n.min(40), m.min(40), 40);
        let _ = percentage(n, m, r[0]).map(|a| a.finding("x").to_string());
        let _ = whole_number_moments(n, r[0], Some(r[1])).map(|a| a.finding("x").to_string());
        let _ = audit::cutoff_scale(r[0]);
        let _ = factor_counts(&[n, m], n, &[ReportedRatio { ratio: r[0], limits: Some((r[1], r[2])) }], 0.95);
        let _ = category_totals(&[vec![Some(n)], vec![Some(m)]], &[n]).map(|t| t[0].finding("x").to_string());
    }
}

#[test]
fn unusable_numbers_are_typed_errors() {
    let r = |v| Reported::new(v, 2);
    let none = ReportedRates::default();
    let some = ReportedRates {
        accuracy: Some(r(50.0)),
        ..none
    };
    assert!(matches!(
        counts_from_rates(1, 1, &none),
        Err(Error::Empty { .. })
    ));
    assert!(matches!(
        counts_from_rates(0, 1, &some),
        Err(Error::TooFewPerClass { .. })
    ));
    assert!(matches!(
        counts_from_rates(1 << 40, 1, &some),
        Err(Error::TooMany { .. })
    ));
    assert!(matches!(
        totals_from_rates(&[some], 5, Some(6), 1),
        Err(Error::CountExceedsTotal { .. })
    ));
    assert!(matches!(
        audit::odds_ratio(r(1.0), r(2.0), r(1.5), None, 0.95),
        Err(Error::OutOfRange {
            name: "lower limit",
            ..
        })
    ));
    assert!(matches!(
        audit::odds_ratio(r(0.0), r(0.5), r(1.5), None, 0.95),
        Err(Error::OutOfRange {
            name: "odds ratio",
            ..
        })
    ));
    assert!(matches!(
        audit::auc_interval(r(0.8), r(0.9), r(0.7), 5, 5, 0.95),
        Err(Error::OutOfRange { .. })
    ));
    assert!(matches!(kappa_pairs(r(0.5), &[]), Err(Error::Empty { .. })));
    assert!(matches!(
        percentage(5, 4, r(1.0)),
        Err(Error::CountExceedsTotal { .. })
    ));
    assert!(matches!(
        whole_number_moments(1, r(1.0), Some(r(0.0))),
        Err(Error::OutOfRange { .. })
    ));
    assert!(matches!(
        factor_counts(&[5], 2, &[], 0.95),
        Err(Error::TooFew { .. })
    ));
}

#[test]
fn millions_of_subjects_take_no_time() {
    let m = ConfusionMatrix {
        tp: 1_234_567,
        fp: 345_678,
        fn_: 765_433,
        tn: 2_654_322,
    };
    let all = rates_of(&m, 1, 63);
    let got = counts_from_rates(m.n_events(), m.n_non_events(), &all).unwrap();
    assert!(got.n_consistent > 1_000_000);
    let accuracy_alone = rates_of(&m, 2, 1);
    let got = counts_from_rates(m.n_events(), m.n_non_events(), &accuracy_alone).unwrap();
    assert!(got.n_consistent > 1_000_000 && got.consistent.len() == 10_000);
}
