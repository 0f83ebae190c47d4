//! Agreement, confusion, paired calls and reader studies: what holds for any data.

use eval_stats::agreement::{
    AgreementTable, KappaVariance, Ratings, SubjectCounts, Weights, conger_kappa, fleiss_kappa,
    gwet_ac, gwet_ac1, kappa, kappa_bootstrap, kappa_maximum, kappa_with, krippendorff_alpha,
    light_kappa, pabak, percent_agreement, specific_agreement,
};
use eval_stats::bootstrap::{Bootstrap, Stream};
use eval_stats::confusion::{ConfusionMatrix, PredictiveValueMethod};
use eval_stats::mcnemar::{self, PairedMethod, PairedTable, compare};
use eval_stats::proportion::{DifferenceMethod, Proportion, ProportionMethod};
use eval_stats::reader_study::{
    Condition, Reader, ReaderStudy, ReaderStudySettings, reader_columns,
};
use eval_stats::{Error, Estimate, delong, predictive_values};
use proptest::prelude::*;

use super::near;

const PAIRED: [PairedMethod; 4] = [
    PairedMethod::Newcombe,
    PairedMethod::Tango,
    PairedMethod::Wald,
    PairedMethod::BonettPrice,
];

fn table(cells: &[u64], k: usize) -> AgreementTable {
    AgreementTable::new(cells.chunks(k).map(<[u64]>::to_vec).collect()).unwrap()
}

/// Counts, a third of them 0.
fn cells(n: usize) -> impl Strategy<Value = Vec<u64>> {
    proptest::collection::vec(prop_oneof![Just(0u64), 0u64..6, 0u64..400], n)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_table_gives_nan(c in cells(9), level in 0.01..0.9999f64) {
        prop_assume!(c.iter().sum::<u64>() > 1);
        let t = table(&c, 3);
        let custom = Weights::Custom(vec![vec![1.0, 0.3, 0.0], vec![0.3, 1.0, 0.9], vec![0.0, 0.9, 1.0]]);
        for w in [Weights::Unweighted, Weights::Linear, Weights::Quadratic, custom] {
            for variance in [KappaVariance::FleissCohenEveritt, KappaVariance::PsychCompat] {
                match kappa_with(&t, w.clone(), variance, level) {
                    Ok(k) => {
                        prop_assert!(k.iter().all(|(_, v)| !v.is_nan()), "{k:?}");
                        prop_assert!(k.value <= 1.0 && k.low <= k.value && k.value <= k.high);
                    }
                    Err(e) => {
                        let undefined = matches!(e, Error::Undefined { .. });
                        prop_assert!(undefined);
                    }
                }
            }
        }
        if let Ok(maximum) = kappa_maximum(&t) {
            let k = kappa(&t, Weights::Unweighted, level).unwrap();
            prop_assert!(k.value <= maximum + 1e-12 && maximum <= 1.0);
        }
        for e in [pabak(&t, level).unwrap(), gwet_ac1(&t, level).unwrap()] {
            prop_assert!(e.low <= e.value && e.value <= e.high, "{e:?}");
        }
        let all = percent_agreement(&t, level, ProportionMethod::Wilson).unwrap();
        prop_assert!(all.low <= all.value && all.value <= all.high);
        for of in specific_agreement(&t, level, ProportionMethod::ClopperPearson).unwrap().into_iter().flatten() {
            prop_assert!(of.low <= of.value && of.value <= of.high && of.high <= 1.0, "{of:?}");
        }
    }

    #[test]
    fn two_raters_are_many_raters(ratings in proptest::collection::vec((0usize..3, 0usize..3), 3..60)) {
        let (a, b): (Vec<usize>, Vec<usize>) = ratings.into_iter().unzip();
        let t = AgreementTable::from_ratings(&a, &b, 3).unwrap();
        let both = Ratings::new(&[a.clone(), b.clone()], 3).unwrap();
        let counts = both.subject_counts();
        for w in [Weights::Unweighted, Weights::Linear, Weights::Quadratic] {
            let by_table = eval_stats::agreement::gwet_ac2(&t, &w, 0.95).unwrap();
            let by_rater = gwet_ac(&counts, &w, 0.95).unwrap().estimate;
            prop_assert!(near(by_table.value, by_rater.value) && near(by_table.low, by_rater.low));
            if let Ok(k) = kappa(&t, w.clone(), 0.95) {
                // Conger's and Light's kappa of two raters are Cohen's.
                let conger = conger_kappa(&both, &w, 0.95).unwrap();
                prop_assert!(near(conger.estimate.value, k.value));
                prop_assert!(near(light_kappa(&both, &w).unwrap(), k.value));
                // Its linearized variance is that of Fleiss, Cohen and Everitt, with n - 1 for n.
                let n = a.len() as f64;
                let se = conger.estimate.std_error.unwrap() * (1.0 - 1.0 / n).sqrt();
                prop_assert!((se - k.std_error).abs() < 1e-7, "{se} {}", k.std_error);
            }
        }
    }

    #[test]
    fn relabelled_raters_and_shuffled_subjects_agree_alike(
        ratings in proptest::collection::vec(proptest::collection::vec(0usize..3, 4), 2..40),
    ) {
        let by_rater = |order: &[usize], rows: &[Vec<usize>]| -> Ratings {
            let of = |&r: &usize| rows.iter().map(|row| row[r]).collect::<Vec<_>>();
            Ratings::new(&order.iter().map(of).collect::<Vec<_>>(), 3).unwrap()
        };
        let a = by_rater(&[0, 1, 2, 3], &ratings);
        let reversed: Vec<Vec<usize>> = ratings.iter().rev().cloned().collect();
        let b = by_rater(&[2, 0, 3, 1], &reversed);
        let same = |x: Estimate, y: Estimate| near(x.value, y.value) && near(x.low, y.low);
        let (ca, cb) = (a.subject_counts(), b.subject_counts());
        let w = Weights::Quadratic;
        prop_assert!(same(gwet_ac(&ca, &w, 0.9).unwrap().estimate, gwet_ac(&cb, &w, 0.9).unwrap().estimate));
        match (fleiss_kappa(&ca, 0.9), fleiss_kappa(&cb, 0.9)) {
            (Ok(x), Ok(y)) => {
                prop_assert!(near(x.value, y.value) && near(x.z, y.z));
                // The overall kappa is the mean of the categories' weighted by p q.
                let parts = x.categories.iter().flatten().map(|c| (c.share * (1.0 - c.share), c.value));
                let (weight, sum) = parts.fold((0.0, 0.0), |(w, s), (p, v)| (w + p, s + p * v));
                prop_assert!(near(sum / weight, x.value));
                let (x, y) = (conger_kappa(&a, &w, 0.9).unwrap(), conger_kappa(&b, &w, 0.9).unwrap());
                prop_assert!(same(x.estimate, y.estimate));
                let (x, y) = (krippendorff_alpha(&ca, &w, 0.9).unwrap(), krippendorff_alpha(&cb, &w, 0.9).unwrap());
                prop_assert!(same(x.estimate, y.estimate) && x.p >= 0.0 && x.p <= 1.0);
            }
            (x, y) => prop_assert!(x.is_err() && y.is_err()),
        }
    }

    #[test]
    fn paired_differences_flip_and_contain_their_value(c in cells(4), level in 0.5..0.999f64) {
        prop_assume!(c.iter().sum::<u64>() > 0);
        let t = PairedTable { both: c[0], only_first: c[1], only_second: c[2], neither: c[3] };
        let back = PairedTable { only_first: c[2], only_second: c[1], ..t };
        for method in PAIRED {
            let (d, e) = (t.difference(level, method).unwrap(), back.difference(level, method).unwrap());
            prop_assert!(-1.0 <= d.low && d.low <= d.high && d.high <= 1.0);
            prop_assert!(near(d.low, -e.high) && near(d.high, -e.low) && d.value == -e.value);
            if method != PairedMethod::BonettPrice {
                prop_assert!(d.low <= d.value && d.value <= d.high, "{d:?}");
            }
        }
        // Tango's interval leaves 0 out exactly when McNemar's uncorrected test rejects.
        let (tango, test) = (t.difference(level, PairedMethod::Tango).unwrap(), t.test());
        prop_assume!((test.p - (1.0 - level)).abs() > 1e-9);
        prop_assert_eq!(tango.low > 0.0 || tango.high < 0.0, test.p < 1.0 - level);
        prop_assert!(test.iter().all(|(_, v)| !v.is_nan()) && test.p_mid <= test.p_exact);
    }

    #[test]
    fn swapped_tests_swap_predictive_values(c in cells(8)) {
        let t = |i: usize| PairedTable { both: c[i], only_first: c[i + 1], only_second: c[i + 2], neither: c[i + 3] };
        let swap = |t: PairedTable| PairedTable { only_first: t.only_second, only_second: t.only_first, ..t };
        let a = predictive_values::compare_tables(&t(0), &t(4), 0.95).unwrap();
        let b = predictive_values::compare_tables(&swap(t(0)), &swap(t(4)), 0.95).unwrap();
        for (x, y) in [(a.ppv, b.ppv), (a.npv, b.npv)] {
            prop_assert_eq!(x.is_some(), y.is_some());
            let (Some(x), Some(y)) = (x, y) else { continue };
            prop_assert!(near(x.weighted_score.chi_squared, y.weighted_score.chi_squared));
            prop_assert!(near(x.generalized_score.chi_squared, y.generalized_score.chi_squared));
            prop_assert!(!x.weighted_score.p.is_nan() && !x.generalized_score.p.is_nan());
            if let (Some(r), Some(s)) = (x.relative, y.relative) {
                prop_assert!(near(r.ratio * s.ratio, 1.0) && near(r.std_error_log, s.std_error_log));
                prop_assert!(r.low <= r.ratio && r.ratio <= r.high && !r.p.is_nan());
            }
        }
    }

    #[test]
    fn predictive_values_at_the_own_prevalence_are_the_own(c in cells(4), prevalence in 0.0..=1.0f64) {
        let m = ConfusionMatrix { tp: c[0], fp: c[1], fn_: c[2], tn: c[3] };
        let at_own = m.prevalence().and_then(|own| m.ppv_at(own));
        if let (Some(at), Some(ppv)) = (at_own, m.ppv()) {
            prop_assert!(near(at, ppv));
        }
        use PredictiveValueMethod::*;
        for method in [Logit, AdjustedLogit, Wald] {
            let at = m.predictive_values_at(prevalence, 0.95, method).unwrap();
            for (value, interval) in [(at.ppv, at.ppv_interval), (at.npv, at.npv_interval)] {
                if let Some(e) = interval {
                    prop_assert!(value.is_some() && 0.0 <= e.low && e.low <= e.high && e.high <= 1.0);
                }
            }
        }
        let metrics = m.metrics(0.95, ProportionMethod::Wilson).unwrap();
        prop_assert!(metrics.iter().all(|(_, v)| v.is_nan() || v.is_finite()));
        if let (Some(mcc), Some(j), Some(marked)) = (m.mcc(), m.youden(), m.markedness()) {
            prop_assert!(near(mcc * mcc, j * marked));
        }
    }

    #[test]
    fn readers_swapped_between_conditions_lose_what_they_gained(
        cases in proptest::collection::vec((any::<bool>(), proptest::collection::vec(any::<bool>(), 6)), 2..50),
    ) {
        let outcome: Vec<bool> = cases.iter().map(|c| c.0).collect();
        let calls = |i: usize| cases.iter().map(|c| c.1[i]).collect::<Vec<bool>>();
        let study = |flip: bool| {
            let reader = |r: usize| {
                let (a, b) = (calls(2 * r), calls(2 * r + 1));
                let (a, b) = if flip { (b, a) } else { (a, b) };
                Reader::from_calls(format!("r{r}"), &a, &b)
            };
            let study = ReaderStudy::new(&outcome, (0..3).map(reader).collect()).unwrap();
            study.model("model", &calls(0)).unwrap().evaluate(&ReaderStudySettings::new()).unwrap()
        };
        let (forth, back) = (study(false), study(true));
        prop_assert_eq!(forth.agreement.len(), 12);
        for (x, y) in forth.readers.iter().zip(&back.readers) {
            let (cx, cy) = (x.calls.as_ref().unwrap(), y.calls.as_ref().unwrap());
            prop_assert_eq!(cx.accuracy.difference.value, -cy.accuracy.difference.value);
            prop_assert_eq!(cx.changes.corrected(), cy.changes.spoiled());
            prop_assert_eq!(cx.with, cy.without);
            if let (Some(ax), Some(ay)) = (x.auc, y.auc) {
                prop_assert!(near(ax.test.difference, -ay.test.difference) && near(ax.test.p, ay.test.p));
                let change = ax.test.difference;
                let (s, t) = (cx.sensitivity.unwrap(), cx.specificity.unwrap());
                prop_assert!(near(change, 0.5 * (s.difference.value + t.difference.value)));
            }
        }
        if let (Some(a), Some(b)) = (forth.mean_auc, back.mean_auc) {
            prop_assert!(near(a.difference, -b.difference));
            let (a, b) = (a.random_readers.unwrap(), b.random_readers.unwrap());
            prop_assert!(near(a.std_error, b.std_error) && near(a.low, -b.high) && !a.p.is_nan());
        }
    }
}

#[test]
fn one_reader_is_delong() {
    let outcome = [true, true, true, false, false, false, false];
    let (a, b) = (
        [3.0, 1.0, 5.0, 2.0, 1.0, 4.0, 1.0],
        [4.0, 3.0, 5.0, 2.0, 1.0, 2.0, 1.0],
    );
    let study = ReaderStudy::new(&outcome, vec![Reader::from_ratings("only", &a, &b)]).unwrap();
    let report = study.evaluate(&ReaderStudySettings::new()).unwrap();
    let mean = report.mean_auc.unwrap();
    let test = report.readers[0].auc.unwrap().test;
    assert!(mean.random_readers.is_none() && report.readers[0].calls.is_none());
    assert!(
        near(mean.fixed_readers.std_error, test.std_error) && near(mean.fixed_readers.p, test.p)
    );
    assert!(report.agreement.is_empty() && report.groups.is_empty());
    // A cut makes calls of ratings.
    let cut = Reader::from_ratings("only", &a, &b).positive_from(3.0);
    assert_eq!(
        cut.calls(Condition::With).unwrap(),
        [true, true, true, false, false, false, false]
    );
    let scored = eval_stats::Scored::new(&b, &outcome).unwrap();
    assert_eq!(
        report.readers[0].auc.unwrap().with,
        delong::auc(&scored, 0.95).unwrap()
    );
}

#[test]
fn conditions_that_are_the_same_have_p_1() {
    let outcome = [true, true, false, false, true, false];
    let calls = [true, false, false, true, true, false];
    let reader = |name: &str| Reader::from_calls(name, &calls, &calls);
    let study = ReaderStudy::new(&outcome, vec![reader("a"), reader("b")]).unwrap();
    let report = study.evaluate(&ReaderStudySettings::new()).unwrap();
    let mean = report.mean_auc.unwrap();
    assert_eq!(
        (
            mean.difference,
            mean.random_readers.unwrap().p,
            mean.fixed_readers.p
        ),
        (0.0, 1.0, 1.0)
    );
    let calls = report.readers[0].calls.as_ref().unwrap();
    assert_eq!(
        (calls.accuracy.test.p_exact, calls.accuracy.test.p),
        (1.0, 1.0)
    );
    assert_eq!(report.agreement[0].kappa.as_ref().unwrap().value, 1.0);
    assert_eq!(report.groups[0].fleiss.as_ref().unwrap().value, 1.0);
}

/// One class, one case, constant readers: documented answers, no NaN and no panic.
#[test]
fn degenerate_reader_studies() {
    for outcome in [
        vec![true],
        vec![true, true, true],
        vec![false, false],
        vec![true, false],
    ] {
        let calls = vec![true; outcome.len()];
        let reader = |name: &str| Reader::from_calls(name, &calls, &calls);
        let study = ReaderStudy::new(&outcome, vec![reader("a"), reader("b")]).unwrap();
        let report = study.evaluate(&ReaderStudySettings::new()).unwrap();
        assert!(report.mean_auc.is_none() && report.readers[0].auc.is_none());
        assert!(report.agreement[0].kappa.is_none() && report.groups[0].fleiss.is_none());
        assert_eq!(report.agreement[0].agreement.value, 1.0);
        let calls = report.readers[0].calls.as_ref().unwrap();
        assert_eq!(calls.sensitivity.is_some(), outcome.contains(&true));
        assert_eq!(calls.specificity.is_some(), outcome.contains(&false));
        assert!(calls.predictive_values.npv.is_none());
    }
}

#[test]
fn counts_to_the_end_of_u64_do_not_overflow() {
    let m = ConfusionMatrix {
        tp: u64::MAX,
        fp: u64::MAX,
        fn_: u64::MAX,
        tn: u64::MAX,
    };
    assert_eq!(
        (m.n(), m.accuracy(), m.youden(), m.mcc()),
        (u64::MAX, Some(0.5), Some(0.0), Some(0.0))
    );
    assert_eq!(
        (m.f1(), m.ppv(), m.markedness()),
        (Some(0.5), Some(0.5), Some(0.0))
    );
    assert!(matches!(
        m.metrics(0.95, ProportionMethod::Wilson),
        Err(Error::TooMany { .. })
    ));
    let big = ConfusionMatrix {
        tp: 1 << 60,
        fp: 1,
        fn_: 1,
        tn: 1 << 60,
    };
    assert!(near(big.mcc().unwrap(), 1.0) && big.metrics(0.95, ProportionMethod::Jeffreys).is_ok());
    let t = mcnemar::from_counts(u64::MAX, 0);
    assert!(t.p_exact == 0.0 && t.log10_p_exact < -1e18 && t.chi_squared > 1e19);
    let all = PairedTable {
        both: u64::MAX,
        only_first: 1,
        only_second: 0,
        neither: 0,
    };
    assert!(matches!(
        all.difference(0.95, PairedMethod::Wald),
        Err(Error::TooMany { .. })
    ));
    assert!(matches!(
        AgreementTable::new(vec![vec![u64::MAX, 1], vec![0, 0]]),
        Err(Error::TooMany { .. })
    ));
}

/// Small limits keep their digits: no success in n has the upper limit 1 - tail^(1/n), one success
/// in a billion a score interval of known roots.
#[test]
fn small_proportions_keep_their_digits() {
    for n in [10u64, 1_000_000, 1_000_000_000, 1 << 50] {
        let p = Proportion::new(0, n, 0.95, ProportionMethod::ClopperPearson).unwrap();
        let want = -(0.025f64.ln() / n as f64).exp_m1();
        assert!(
            (p.high / want - 1.0).abs() < 1e-14,
            "{n}: {} {want}",
            p.high
        );
        let w = Proportion::new(1, n, 0.95, ProportionMethod::Wilson).unwrap();
        let z2 = 1.959963984540054f64.powi(2);
        let product = 1.0 / (n as f64) / (n as f64 + z2);
        assert!((w.low * w.high / product - 1.0).abs() < 1e-12, "{n}");
    }
}

#[test]
fn hand_worked_paired_tests() {
    // Mid-p of 2 against 5: 2 (1 + 7 + 21)/128 - 21/128.
    let t = mcnemar::from_counts(2, 5);
    assert!(near(t.p_exact, 58.0 / 128.0) && near(t.p_mid, 37.0 / 128.0));
    assert_eq!(
        (
            mcnemar::from_counts(3, 3).p_mid,
            mcnemar::from_counts(0, 0).p_mid
        ),
        (1.0, 1.0)
    );
    // Without discordant subjects Tango's interval is ± z²/(n + z²).
    let none = PairedTable {
        both: 5,
        only_first: 0,
        only_second: 0,
        neither: 5,
    };
    let z2 = 1.959963984540054f64.powi(2);
    let d = none.difference(0.95, PairedMethod::Tango).unwrap();
    assert!(near(d.high, z2 / (10.0 + z2)) && near(d.low, -d.high));
    assert_eq!(
        compare(&none, 0.95, PairedMethod::Newcombe).unwrap().test.p,
        1.0
    );
}

#[test]
fn bootstrapped_kappa_does_not_depend_on_threads_and_counts_undefined_draws() {
    let (a, b) = ([0, 0, 0, 1], [0, 0, 0, 1]);
    let settings = Bootstrap::new().replicates(200).seed(3);
    let of = |stream| {
        kappa_bootstrap(
            &a,
            &b,
            2,
            Weights::Unweighted,
            0.95,
            &settings.stream(stream),
        )
        .unwrap()
    };
    let k = of(Stream::PerReplicate);
    assert_eq!(k, of(Stream::PerReplicate));
    assert!(k.undefined > 0 && k.used + k.undefined == 200 && k.estimate.low == 1.0);
    assert_eq!(
        of(Stream::RSequence).used + of(Stream::RSequence).undefined,
        200
    );
}

#[test]
fn every_way_to_be_refused() {
    let t = table(&[2, 1, 1, 2], 2);
    for bad in [f64::NAN, 0.0, 1.0, -1.0, f64::INFINITY] {
        let level =
            |e: Option<Error>| assert!(matches!(e, Some(Error::OutOfRange { name: "level", .. })));
        level(kappa(&t, Weights::Linear, bad).err());
        level(pabak(&t, bad).err());
        level(gwet_ac1(&t, bad).err());
        level(percent_agreement(&t, bad, ProportionMethod::Wilson).err());
        level(specific_agreement(&t, bad, ProportionMethod::Wilson).err());
        level(
            PairedTable {
                both: 1,
                ..PairedTable::default()
            }
            .difference(bad, PairedMethod::Wald)
            .err(),
        );
        level(predictive_values::compare(&[true], &[true], &[true], bad).err());
        let m = ConfusionMatrix {
            tp: 1,
            fp: 1,
            fn_: 1,
            tn: 1,
        };
        level(
            m.predictive_values_at(0.5, bad, PredictiveValueMethod::Wald)
                .err(),
        );
        level(m.youden_interval(bad, DifferenceMethod::Wald).err());
        level(m.metrics(bad, ProportionMethod::Wald).err());
        let study = ReaderStudy::new(
            &[true, false],
            vec![Reader::from_calls("a", &[true, true], &[true, false])],
        )
        .unwrap();
        level(study.evaluate(&ReaderStudySettings::new().level(bad)).err());
    }
    let m = ConfusionMatrix {
        tp: 1,
        fp: 1,
        fn_: 1,
        tn: 1,
    };
    for bad in [f64::NAN, -0.1, 1.1] {
        assert!(
            m.predictive_values_at(bad, 0.95, PredictiveValueMethod::Wald)
                .is_err()
        );
        assert_eq!((m.ppv_at(bad), m.npv_at(bad)), (None, None));
        let w = Weights::Custom(vec![vec![1.0, bad], vec![0.0, 1.0]]);
        assert!(matches!(
            kappa(&t, w, 0.95),
            Err(Error::OutOfRange { name: "weight", .. })
        ));
    }
    assert!(m.f_beta(f64::NAN).is_err() && m.f_beta(-1.0).is_err() && m.f_beta(1e200).is_err());
    assert!(kappa(&t, Weights::Custom(vec![vec![1.0]]), 0.95).is_err());
    assert!(kappa(&t, Weights::Custom(vec![vec![1.0, 0.0], vec![0.0]]), 0.95).is_err());
    assert!(matches!(SubjectCounts::new(&[]), Err(Error::Empty { .. })));
    assert!(matches!(
        SubjectCounts::new(&[vec![2, 1], vec![1, 1]]),
        Err(Error::LengthMismatch { .. })
    ));
    assert!(matches!(
        SubjectCounts::new(&[vec![1, 0]]),
        Err(Error::TooFew { .. })
    ));
    assert!(matches!(
        SubjectCounts::new(&[vec![1, 1], vec![2]]),
        Err(Error::TableShape { .. })
    ));
    let one = SubjectCounts::new(&[vec![1, 1]]).unwrap();
    assert!(matches!(
        gwet_ac(&one, &Weights::Linear, 0.95),
        Err(Error::TooFew { .. })
    ));
    assert!(fleiss_kappa(&one, 0.95).unwrap().interval.is_none());
    let same = SubjectCounts::new(&[vec![2, 0], vec![2, 0]]).unwrap();
    assert!(matches!(
        fleiss_kappa(&same, 0.95),
        Err(Error::Undefined { .. })
    ));
    assert!(matches!(
        krippendorff_alpha(&same, &Weights::Linear, 0.95),
        Err(Error::Undefined { .. })
    ));
    assert!(matches!(
        Ratings::new(&[vec![0, 1]], 2),
        Err(Error::TooFew { .. })
    ));
    assert!(matches!(
        Ratings::new(&[vec![0, 2], vec![0, 1]], 2),
        Err(Error::UnknownCategory { .. })
    ));
    assert!(matches!(
        Ratings::new(&[vec![0], vec![0, 1]], 2),
        Err(Error::LengthMismatch { .. })
    ));
    assert!(matches!(
        AgreementTable::from_ratings(&[], &[], 2),
        Err(Error::Empty { .. })
    ));
    let reader = Reader::from_ratings("a", &[1.0, f64::NAN], &[1.0, 2.0]);
    assert!(matches!(
        ReaderStudy::new(&[true, false], vec![reader]),
        Err(Error::NotFinite { .. })
    ));
    let short = Reader::from_calls("a", &[true], &[true, true]);
    assert!(matches!(
        ReaderStudy::new(&[true, false], vec![short]),
        Err(Error::LengthMismatch { .. })
    ));
    assert!(matches!(
        ReaderStudy::new(&[true], vec![]),
        Err(Error::Empty { .. })
    ));
    assert!(matches!(
        reader_columns(&["a_without", "b_with"]),
        Err(Error::UnpairedColumn { .. })
    ));
    assert!(matches!(
        reader_columns(&["a_with"]),
        Err(Error::UnpairedColumn { .. })
    ));
    assert!(matches!(
        reader_columns(&["case", "outcome"]),
        Err(Error::Empty { .. })
    ));
}
