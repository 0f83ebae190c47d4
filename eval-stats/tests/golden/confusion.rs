//! Proportions, two-by-two tables, paired calls and predictive values. References: statsmodels,
//! scikit-learn, R 4.2.2, Hmisc, DTComPair (see `data/README.md`).

use eval_stats::Estimate;
use eval_stats::confusion::{ConfusionMatrix, PredictiveValueMethod, Ratio};
use eval_stats::mcnemar::{PairedMethod, PairedTable, compare};
use eval_stats::predictive_values::{PredictiveValueComparison, compare_tables};
use eval_stats::proportion::{DifferenceMethod, Proportion, ProportionMethod, difference};
use serde_json::Value;

use crate::common::*;

fn count(v: &Value) -> u64 {
    number(v) as u64
}

fn cases(file: &Value, key: &str) -> Vec<Value> {
    file[key].as_array().unwrap().clone()
}

#[track_caller]
fn limits(tier: Tier, got: (f64, f64), want: &Value, what: &str) {
    let want = numbers(want);
    close(tier, got.0, want[0], &format!("{what}, lower"));
    close(tier, got.1, want[1], &format!("{what}, upper"));
}

fn proportion(case: &Value, method: ProportionMethod) -> (f64, f64) {
    let (x, n) = (count(&case["x"]), count(&case["n"]));
    let p = Proportion::new(x, n, number(&case["level"]), method).unwrap();
    assert_eq!(p.value, x as f64 / n as f64);
    (p.low, p.high)
}

#[test]
fn proportions_as_statsmodels() {
    use ProportionMethod::*;
    for case in cases(&json("proportions.json"), "proportions") {
        let what = |name: &str| format!("{name} of {case}");
        for (name, method) in [
            ("clopper_pearson", ClopperPearson),
            ("wilson", Wilson),
            ("agresti_coull", AgrestiCoull),
            ("wald", Wald),
        ] {
            let got = proportion(&case, method);
            limits(Tier::Direct, got, &case[name], &what(name));
        }
        // statsmodels keeps the beta quantile at the ends where the interval is set to 0 or 1.
        let (x, n) = (count(&case["x"]), count(&case["n"]));
        let (got, want) = (proportion(&case, Jeffreys), numbers(&case["jeffreys"]));
        close(
            Tier::Direct,
            got.0,
            if x == 0 { 0.0 } else { want[0] },
            &what("Jeffreys"),
        );
        close(
            Tier::Direct,
            got.1,
            if x == n { 1.0 } else { want[1] },
            &what("Jeffreys"),
        );
    }
}

#[test]
fn proportions_as_r() {
    use ProportionMethod::*;
    for case in cases(&json("proportions_r.json"), "cases") {
        let what = |name: &str| format!("{name} of {case}");
        for (name, method) in [
            ("clopper_pearson", ClopperPearson),
            ("wilson", Wilson),
            ("wilson_corrected", WilsonCorrected),
            ("jeffreys", Jeffreys),
        ] {
            let got = proportion(&case, method);
            limits(Tier::Direct, got, &case[name], &what(name));
        }
        let (x, n) = (count(&case["x"]), count(&case["n"]));
        if n <= 2500 {
            // Beyond, Hmisc's F quantiles are off: 1.5e-6 at 0 of 1e6, where the limit is known.
            let got = proportion(&case, ClopperPearson);
            limits(
                Tier::Direct,
                got,
                &case["hmisc_exact"],
                &what("Hmisc exact"),
            );
        }
        let (got, want) = (proportion(&case, Wilson), numbers(&case["hmisc_wilson"]));
        // Hmisc replaces these two limits, see "Differences".
        if x != 1 {
            close(Tier::Direct, got.0, want[0], &what("Hmisc Wilson"));
        }
        if x + 1 != n {
            close(Tier::Direct, got.1, want[1], &what("Hmisc Wilson"));
        }
    }
}

#[test]
fn differences_of_independent_proportions() {
    for case in cases(&json("proportions.json"), "differences") {
        let [x1, n1, x2, n2] = [0, 1, 2, 3].map(|i| count(&case["counts"][i]));
        let level = number(&case["level"]);
        let p = |x, n| Proportion::new(x, n, level, ProportionMethod::Wilson).unwrap();
        for (name, method) in [
            ("newcomb", DifferenceMethod::Newcombe),
            ("wald", DifferenceMethod::Wald),
        ] {
            let got = difference(&p(x1, n1), &p(x2, n2), level, method).unwrap();
            // statsmodels does not clip.
            let want: Vec<f64> = numbers(&case[name])
                .iter()
                .map(|v| v.clamp(-1.0, 1.0))
                .collect();
            close(Tier::Direct, got.low, want[0], &case.to_string());
            close(Tier::Direct, got.high, want[1], &case.to_string());
            let m = ConfusionMatrix {
                tp: x1,
                fn_: n1 - x1,
                fp: x2,
                tn: n2 - x2,
            };
            let j = m.youden_interval(level, method).unwrap().unwrap();
            assert_eq!((j.low, j.high), (got.low, got.high));
            let b = m
                .balanced_accuracy_interval(level, method)
                .unwrap()
                .unwrap();
            assert_eq!((b.low, b.high), (0.5 * (j.low + 1.0), 0.5 * (j.high + 1.0)));
        }
    }
}

#[test]
fn measures_as_scikit_learn() {
    for case in cases(&json("proportions.json"), "confusion") {
        let [tp, fp, fn_, tn] = [0, 1, 2, 3].map(|i| count(&case["cells"][i]));
        let m = ConfusionMatrix { tp, fp, fn_, tn };
        let what = case.to_string();
        let check = |got: Option<f64>, want: &Value| {
            close(Tier::Direct, got.unwrap(), number(want), &what);
        };
        check(m.f1(), &case["f1"]);
        check(m.f_beta(number(&case["beta"])).unwrap(), &case["f_beta"]);
        check(m.balanced_accuracy(), &case["balanced"]);
        check(m.youden(), &case["youden"]);
        // scikit-learn gives 0 where nothing can be said.
        if m.mcc().is_some() {
            check(m.mcc(), &case["mcc"]);
        }
    }
}

#[test]
fn ratios_and_projected_predictive_values() {
    for case in cases(&json("diagnostics.json"), "confusion") {
        let [tp, fp, fn_, tn] = ["tp", "fp", "fn", "tn"].map(|k| count(&case[k]));
        let m = ConfusionMatrix { tp, fp, fn_, tn };
        let (level, prevalence) = (number(&case["level"]), number(&case["prevalence"]));
        let what = case.to_string();
        let at = |method| m.predictive_values_at(prevalence, level, method).unwrap();
        let pair = |ppv: Option<Estimate>, npv: Option<Estimate>, want: &Value| {
            let (ppv, npv, want) = (ppv.unwrap(), npv.unwrap(), numbers(want));
            for (got, want) in [ppv.low, ppv.high, npv.low, npv.high].into_iter().zip(want) {
                close(Tier::Direct, got, want, &what);
            }
        };
        if !case["adjusted"].is_null() {
            let got = at(PredictiveValueMethod::AdjustedLogit);
            assert_eq!(got.ppv.is_some(), got.ppv_interval.is_some());
            if got.ppv.is_some() && got.npv.is_some() {
                pair(got.ppv_interval, got.npv_interval, &case["adjusted"]);
            }
        }
        if case["pdlr"].is_null() {
            continue;
        }
        let ratio = |got: Option<Ratio>, want: &Value| {
            let (got, want) = (got.unwrap(), numbers(want));
            close(Tier::Direct, got.value, want[0], &what);
            close(Tier::Direct, got.low.unwrap(), want[1], &what);
            close(Tier::Direct, got.high.unwrap(), want[2], &what);
        };
        ratio(m.positive_likelihood_ratio(level).unwrap(), &case["pdlr"]);
        ratio(m.negative_likelihood_ratio(level).unwrap(), &case["ndlr"]);
        ratio(m.diagnostic_odds_ratio(level).unwrap(), &case["dor"]);
        let logit = at(PredictiveValueMethod::Logit);
        pair(logit.ppv_interval, logit.npv_interval, &case["logit"]);
        let projected = numbers(&case["ppv_projected"]);
        close(Tier::Direct, logit.ppv.unwrap(), projected[0], &what);
        close(
            Tier::Direct,
            logit.ppv_interval.unwrap().low,
            projected[1],
            &what,
        );
        close(
            Tier::Direct,
            logit.ppv_interval.unwrap().high,
            projected[2],
            &what,
        );
        close(
            Tier::Direct,
            logit.npv.unwrap(),
            number(&case["npv_at"]),
            &what,
        );
        let wald = at(PredictiveValueMethod::Wald);
        pair(wald.ppv_interval, wald.npv_interval, &case["wald"]);
    }
}

#[test]
fn paired_calls() {
    for case in cases(&json("diagnostics.json"), "paired") {
        let [both, only_first, only_second, neither] =
            ["both", "only_first", "only_second", "neither"].map(|k| count(&case[k]));
        let table = PairedTable {
            both,
            only_first,
            only_second,
            neither,
        };
        let (level, what) = (number(&case["level"]), case.to_string());
        let t = table.test();
        if !case["chisq"].is_null() {
            close(Tier::Direct, t.chi_squared, number(&case["chisq"]), &what);
            close(Tier::PValue, t.log10_p, number(&case["log10_p"]), &what);
            close(
                Tier::Direct,
                t.chi_squared_corrected,
                number(&case["chisq_cc"]),
                &what,
            );
            for (got, key) in [(t.p_corrected, "p_cc"), (t.p_exact, "exact")] {
                // Below, doubles lose digits; the logarithm is compared instead.
                if number(&case[key]) > 1e-300 {
                    close(Tier::PValue, got, number(&case[key]), &what);
                }
            }
        }
        if !case["mid"].is_null() {
            // R takes the logarithm of a tail and adds log 2; above 1 the p-value is 1.
            let want = number(&case["log10_exact"]).min(0.0);
            let near_one = (t.log10_p_exact - want).abs() < 1e-12;
            assert!(
                near_one || strain(Tier::PValue, t.log10_p_exact, want) <= 1.0,
                "{what}"
            );
            let mid = number(&case["mid"]);
            if mid > 1e-200 {
                close(Tier::PValue, t.p_mid, mid, &what);
            }
        }
        for (name, method, tier) in [
            ("wald", PairedMethod::Wald, Tier::Direct),
            ("bonett_price", PairedMethod::BonettPrice, Tier::Direct),
            ("newcombe", PairedMethod::Newcombe, Tier::Direct),
            ("tango", PairedMethod::Tango, Tier::Iterative), // R's root finder
        ] {
            let got = compare(&table, level, method).unwrap().difference;
            limits(
                tier,
                (got.low, got.high),
                &case[name],
                &format!("{name} of {what}"),
            );
        }
    }
}

#[test]
fn predictive_values_of_two_tests() {
    for case in cases(&json("diagnostics.json"), "predictive") {
        let table = |key: &str| {
            let [both, only_first, only_second, neither] =
                [0, 1, 2, 3].map(|i| count(&case[key][i]));
            PairedTable {
                both,
                only_first,
                only_second,
                neither,
            }
        };
        let level = number(&case["level"]);
        let got = compare_tables(&table("events"), &table("non_events"), level).unwrap();
        same_comparison(got.ppv, &case["ppv"], &case.to_string());
        same_comparison(got.npv, &case["npv"], &case.to_string());
    }
}

fn same_comparison(got: Option<PredictiveValueComparison>, want: &Value, what: &str) {
    let Some(got) = got else {
        assert!(want.is_null(), "{what}");
        return;
    };
    let check = |got: f64, key: &str| {
        // Without variance R divides 0 by 0; two equal values differ by rounding there.
        if !want[key].is_null() && number(&want[key]).is_finite() {
            close(
                Tier::Direct,
                got,
                number(&want[key]),
                &format!("{key} of {what}"),
            );
        }
    };
    check(got.first, "first");
    check(got.second, "second");
    // Where both values are equal the references keep the rounding error of the numerator.
    if got.first != got.second {
        check(got.generalized_score.chi_squared, "gs");
        check(got.weighted_score.chi_squared, "wgs");
        let relative = got
            .relative
            .map(|r| [r.ratio, r.std_error_log, r.z, r.low, r.high, r.p]);
        for (i, key) in ["ratio", "se", "z", "low", "high", "p"]
            .into_iter()
            .enumerate()
        {
            if let Some(relative) = relative {
                check(relative[i], key);
            }
        }
    }
}
