//! Checks of printed numbers against brute force in exact arithmetic (`audit.json`).

use eval_stats::audit::{
    self, FactorFit, Rate, Reported, ReportedRates, ReportedRatio, Rounding, Span,
    counts_from_rates, factor_counts, kappa_pairs, totals_from_rates, whole_number_moments,
};
use eval_stats::confusion::ConfusionMatrix;
use serde_json::Value;

use crate::common::*;

fn cases(kind: &str) -> Vec<Value> {
    let cases = json("audit.json")[kind].as_array().unwrap().clone();
    assert!(cases.len() >= 20, "{kind}");
    cases
}

fn whole(v: &Value) -> u64 {
    v.as_u64().unwrap_or_else(|| panic!("not a count: {v}"))
}

fn wholes(v: &Value) -> Vec<u64> {
    v.as_array().unwrap().iter().map(whole).collect()
}

/// A printed number from its digits without the decimal point.
fn digits(v: &Value, decimals: u32) -> Reported {
    Reported::new(number(v) / 10f64.powi(decimals as i32), decimals)
}

fn convention(v: &Value) -> Rounding {
    match v.as_str().unwrap() {
        "nearest" => Rounding::Nearest,
        "half_up" => Rounding::HalfUp,
        "half_even" => Rounding::HalfEven,
        "truncated" => Rounding::Truncated,
        other => panic!("{other}"),
    }
}

fn rates(given: &Value, rounding: Rounding) -> ReportedRates {
    let rate = |key: &str, decimals: u32| {
        let v = &given[key];
        (!v.is_null()).then(|| digits(v, decimals).rounded(rounding))
    };
    ReportedRates {
        accuracy: rate("acc", 1),
        sensitivity: rate("sen", 1),
        specificity: rate("spe", 1),
        ppv: rate("ppv", 1),
        npv: rate("npv", 1),
        auc: rate("auc", 2),
    }
}

#[test]
fn counts_of_random_rates() {
    for case in cases("rates") {
        let printed = rates(&case["given"], convention(&case["convention"]));
        let got = counts_from_rates(whole(&case["n1"]), whole(&case["n0"]), &printed).unwrap();
        assert_eq!(got.n_consistent, whole(&case["n"]), "{case}");
        let tables: Vec<Vec<u64>> = got.consistent.iter().map(|m| vec![m.tp, m.tn]).collect();
        let wanted: Vec<Vec<u64>> = case["tables"]
            .as_array()
            .unwrap()
            .iter()
            .map(wholes)
            .collect();
        assert_eq!(&tables[..wanted.len()], wanted, "{case}");
        if got.n_consistent == 0 {
            let near = &got.closest[0];
            assert_eq!(near.missed.len() as u64, whole(&case["missed"]), "{case}");
            let distance: f64 = printed
                .given()
                .filter_map(|(rate, printed): (Rate, Reported)| {
                    let v = rate.of(&near.counts)?;
                    Some((v - printed.value).abs() / printed.half_unit)
                })
                .sum();
            close(
                Tier::Direct,
                distance,
                number(&case["distance"]),
                &case.to_string(),
            );
        }
    }
}

#[test]
fn totals_of_random_rows() {
    for case in cases("totals") {
        let rows: Vec<ReportedRates> = case["rows"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| rates(row, Rounding::Nearest))
            .collect();
        let events = case["events"].as_u64();
        let got = totals_from_rates(&rows, whole(&case["n"]), events, whole(&case["radius"]));
        let got = got.unwrap();
        let mut found: Vec<Vec<u64>> = got
            .fitting
            .iter()
            .map(|t| vec![t.n_events, t.n_non_events, t.rows_unique as u64])
            .collect();
        let wanted = case["fitting"].as_array().unwrap();
        let mut wanted: Vec<Vec<u64>> = wanted.iter().map(wholes).collect();
        found.sort();
        wanted.sort();
        assert_eq!(found, wanted, "{case}");
        assert_eq!(got.n_fitting as usize, wanted.len());
    }
}

#[test]
fn p_values_of_random_ratios() {
    for case in cases("ratios") {
        let decimals = whole(&case["decimals"]) as u32;
        let [or, low, high] = [0, 1, 2].map(|k| digits(&case["ints"][k], decimals));
        let got = audit::odds_ratio(or, low, high, None, number(&case["level"])).unwrap();
        match got.p_joint {
            None => assert!(case["joint"].is_null(), "{case}"),
            Some(p) => {
                let want = numbers(&case["joint"]);
                close(Tier::PValue, p.low, want[0], &format!("{case} low"));
                close(Tier::PValue, p.high, want[1], &format!("{case} high"));
            }
        }
        assert_eq!(got.interval_agrees, !case["joint"].is_null());
    }
}

/// Ends of ranges are roots that both sides find by bisection; scipy's beta quantiles are good to
/// 1e-12.
fn same_range(got: Option<Span>, want: &Value, what: &str) {
    match got {
        None => assert!(want.is_null(), "{what}: found none"),
        Some(span) => {
            assert!(!want.is_null(), "{what}: found {span}");
            let want = numbers(want);
            close(Tier::Iterative, span.low, want[0], what);
            close(Tier::Iterative, span.high, want[1], what);
        }
    }
}

#[test]
fn random_auc_intervals() {
    for case in cases("aucs") {
        let decimals = whole(&case["decimals"]) as u32;
        let [auc, low, high] = [0, 1, 2].map(|k| digits(&case["ints"][k], decimals));
        let (n1, n0) = (whole(&case["n1"]) as usize, whole(&case["n0"]) as usize);
        let got = audit::auc_interval(auc, low, high, n1, n0, 0.95).unwrap();
        same_range(got.binomial_exact, &case["exact"], &format!("{case} exact"));
        same_range(
            got.hanley_mcneil,
            &case["hanley"],
            &format!("{case} Hanley"),
        );
        if got.hanley_mcneil.is_some() && n1 > 1 && n0 > 1 {
            assert!(
                got.symmetric.is_some(),
                "{case}: Hanley-McNeil is symmetric"
            );
        }
    }
}

#[test]
fn random_factors() {
    for case in cases("factors") {
        let printed: Vec<ReportedRatio> = case["ratios"]
            .as_array()
            .unwrap()
            .iter()
            .map(|v| ReportedRatio {
                ratio: digits(v, 2),
                limits: None,
            })
            .collect();
        let sizes = wholes(&case["sizes"]);
        let got = factor_counts(&sizes, whole(&case["events"]), &printed, 0.95).unwrap();
        let wanted: Vec<Vec<u64>> = case["divisions"]
            .as_array()
            .unwrap()
            .iter()
            .map(wholes)
            .collect();
        if wanted.is_empty() {
            assert_eq!(got.fit, FactorFit::Nothing, "{case}");
        } else {
            let found: Vec<Vec<u64>> = got.solutions.into_iter().map(|s| s.events).collect();
            assert_eq!(found, wanted, "{case}");
        }
    }
}

#[test]
fn random_pairs_of_readers() {
    for case in cases("kappas") {
        let (n1, n0) = (whole(&case["n1"]), whole(&case["n0"]));
        let readers: Vec<ConfusionMatrix> = case["readers"]
            .as_array()
            .unwrap()
            .iter()
            .map(|r| {
                let (tp, fp) = (whole(&r[0]), whole(&r[1]));
                ConfusionMatrix {
                    tp,
                    fp,
                    fn_: n1 - tp,
                    tn: n0 - fp,
                }
            })
            .collect();
        let got = kappa_pairs(digits(&case["kappa"], 2), &readers).unwrap();
        let both: Vec<u64> = got
            .between
            .iter()
            .flat_map(|pair| pair.tables.iter().map(|t| t.counts()[1][1]))
            .collect();
        assert_eq!(both, wholes(&case["both"]), "{case}");
    }
}

#[test]
fn random_moments() {
    for case in cases("moments") {
        let decimals = whole(&case["decimals"]) as u32;
        let (mean, sd) = (
            digits(&case["mean"], decimals),
            digits(&case["sd"], decimals),
        );
        let got = whole_number_moments(whole(&case["n"]), mean, Some(sd)).unwrap();
        assert_eq!(
            got.mean_possible,
            case["mean_possible"].as_bool().unwrap(),
            "{case}"
        );
        // What fails cannot exist; what passes need not, but here the data were searched whole.
        if case["sd_exists"].as_bool().unwrap() {
            assert_eq!(got.sd_possible, Some(true), "{case}");
        }
    }
}

/// The paper's univariable odds ratios, by R's formulas on counts that an independent search found.
#[test]
fn factors_of_the_paper() {
    let golden = json("paper_tables_2_and_readers.json");
    let mut others = Vec::new();
    for case in golden["table2"].as_array().unwrap() {
        let name = case["name"].as_str().unwrap();
        let ratio = |p: &Value| ReportedRatio {
            ratio: Reported::new(number(&p[0]), 2),
            limits: Some((
                Reported::new(number(&p[1]), 2),
                Reported::new(number(&p[2]), 2),
            )),
        };
        if let Some(solutions) = case["solutions_pos_per_level"].as_array() {
            let printed: Vec<_> = case["published"]
                .as_array()
                .unwrap()
                .iter()
                .map(ratio)
                .collect();
            let got = factor_counts(&wholes(&case["counts"]), 272, &printed, 0.95).unwrap();
            let found: Vec<Vec<u64>> = got.solutions.into_iter().map(|s| s.events).collect();
            let wanted: Vec<Vec<u64>> = solutions.iter().map(wholes).collect();
            assert_eq!(
                (got.fit, found),
                (FactorFit::RatiosAndLimits, wanted),
                "{name}"
            );
            continue;
        }
        let cell = |key: &str| whole(&case["table"][key]);
        let sizes = [
            cell("c_unexp_pos") + cell("d_unexp_neg"),
            cell("a_exp_pos") + cell("b_exp_neg"),
        ];
        let printed = [ratio(&case["published"])];
        let got = factor_counts(&sizes, 272, &printed, 0.95).unwrap();
        let all: Vec<bool> = case["match"]
            .as_array()
            .unwrap()
            .iter()
            .map(|m| m == true)
            .collect();
        let found = got
            .solutions
            .iter()
            .find(|s| s.events[1] == cell("a_exp_pos"))
            .unwrap_or_else(|| panic!("{name}: {got:?}"));
        for (value, key) in [
            (found.ratios[0].ratio, "OR"),
            (found.ratios[0].low, "lo"),
            (found.ratios[0].high, "hi"),
        ] {
            close(
                Tier::Direct,
                value,
                number(&case[key]),
                &format!("{name} {key}"),
            );
        }
        close(Tier::PValue, found.ratios[0].p, number(&case["p"]), name);
        let fit = match (all[0], all[1] && all[2]) {
            (true, true) => FactorFit::RatiosAndLimits,
            (true, false) => FactorFit::RatiosOnly,
            _ => FactorFit::Nothing,
        };
        if fit != got.fit {
            others.push(format!("{name} {:?}", got.fit));
        }
    }
    assert_eq!(others, [""; 0]);
}

/// Of the printed size of the prospective set, 107, only 117 gives the four rows by whole counts.
#[test]
fn totals_of_the_prospective_set() {
    let rows: Vec<ReportedRates> = json("paper_confusion_reconstruction.json")
        .as_array()
        .unwrap()
        .iter()
        .filter(|case| case["set"] == "prospective")
        .map(|case| {
            let rate = |key: &str| Some(Reported::new(number(&case["pub"][key]), 1));
            ReportedRates {
                accuracy: rate("ACC"),
                sensitivity: rate("SEN"),
                specificity: rate("SPE"),
                ppv: rate("PPV"),
                npv: rate("NPV"),
                auc: None,
            }
        })
        .collect();
    for events in [None, Some(54)] {
        let got = totals_from_rates(&rows, 107, events, 20).unwrap();
        assert_eq!((rows.len(), got.n_fitting), (4, 1));
        let only = got.fitting[0];
        assert_eq!(
            (only.n_events, only.n_non_events, only.rows_unique),
            (54, 63, 4)
        );
        assert!(!got.printed_fits());
    }
}

/// Ranges of AUCs against an independent search in steps of 2e-4.
#[test]
fn auc_ranges_of_the_paper() {
    let sizes = |set: &str| match set {
        "train" => (272, 149),
        "internal" => (72, 34),
        "external" => (123, 99),
        _ => (54, 63),
    };
    for case in json("paper_auc_ci_check.json").as_array().unwrap() {
        let (n1, n0) = sizes(case["set"].as_str().unwrap());
        let [auc, low, high] = ["auc", "lo", "hi"].map(|k| Reported::new(number(&case[k]), 2));
        let got = audit::auc_interval(auc, low, high, n1, n0, 0.95).unwrap();
        for (span, key) in [
            (got.binomial_exact, "clopper_pearson_auc_range"),
            (got.hanley_mcneil, "hanley_mcneil_auc_range"),
        ] {
            let Some(span) = span else { continue };
            let want = numbers(&case[key]);
            let inside = |got: f64, want: f64| (got - want).abs() <= 2e-4 + 1e-12;
            assert!(
                inside(span.low, want[0]) && inside(span.high, want[1]),
                "{case}: {span}"
            );
        }
    }
}
