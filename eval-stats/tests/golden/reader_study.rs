//! Reader studies. References: pROC, vcd and R 4.2.2; the readers of the published study from its
//! counts.

use eval_stats::mcnemar::PairedComparison;
use eval_stats::reader_study::{
    Condition, Reader, ReaderReport, ReaderStudy, ReaderStudyReport, ReaderStudySettings,
};
use serde_json::Value;

use crate::common::*;

fn list(v: &Value) -> Vec<Vec<f64>> {
    v.as_array().unwrap().iter().map(numbers).collect()
}

fn calls(v: &[f64]) -> Vec<bool> {
    v.iter().map(|&x| x == 1.0).collect()
}

#[test]
fn readers_as_r() {
    for case in json("reader_study.json")["cases"].as_array().unwrap() {
        let outcome = calls(&numbers(&case["outcome"]));
        let rated =
            case["rated"] == Value::Bool(true) || case["rated"] == "TRUE" || case["rated"] == 1;
        let readers: Vec<Reader> = list(&case["without"])
            .iter()
            .zip(list(&case["with"]))
            .enumerate()
            .map(|(i, (a, b))| match rated {
                true => Reader::from_ratings(format!("r{i}"), a, &b),
                false => Reader::from_calls(format!("r{i}"), &calls(a), &calls(&b)),
            })
            .collect();
        let study = ReaderStudy::new(&outcome, readers).unwrap();
        let report = study.evaluate(&ReaderStudySettings::new()).unwrap();
        let wanted = case["readers"].as_array().unwrap();
        for (got, want) in report.readers.iter().zip(wanted) {
            same_reader(got, want, &want.to_string());
        }
        for (condition, key) in [
            (Condition::Without, "kappa_without"),
            (Condition::With, "kappa_with"),
        ] {
            if !case[key].is_null() {
                same_kappas(&report, condition, &case[key][0]);
            }
        }
        same_means(&report, &case["mrmc"]);
    }
}

fn same_reader(got: &ReaderReport, want: &Value, what: &str) {
    let auc = got.auc.unwrap();
    let (values, interval) = (numbers(&want["auc"]), numbers(&want["ci_without"]));
    close(Tier::Direct, auc.without.value, values[0], what);
    close(Tier::Direct, auc.with.value, values[1], what);
    close(Tier::Direct, auc.without.low, interval[0], what);
    close(Tier::Direct, auc.without.high, interval[1], what);
    if values[0] != values[1] {
        close(Tier::Direct, auc.test.statistic, number(&want["z"]), what);
        close(Tier::PValue, auc.test.p, number(&want["p"]), what);
    }
    let Some(calls) = &got.calls else { return };
    let share = |got: &PairedComparison, want: &Value| {
        let (shares, discordant) = (numbers(&want["shares"]), numbers(&want["discordant"]));
        close(Tier::Direct, got.first, shares[0], what);
        close(Tier::Direct, got.second, shares[1], what);
        assert_eq!(got.test.only_first as f64, discordant[0]);
        assert_eq!(got.test.only_second as f64, discordant[1]);
        if !want["exact"].is_null() {
            close(Tier::PValue, got.test.p_exact, number(&want["exact"]), what);
        }
    };
    share(&calls.accuracy, &want["accuracy"]);
    share(&calls.sensitivity.unwrap(), &want["sensitivity"]);
    share(&calls.specificity.unwrap(), &want["specificity"]);
    assert_eq!(calls.changes.corrected(), calls.accuracy.test.only_first);
    let binary = |m: &eval_stats::confusion::ClassificationMetrics| m.balanced_accuracy.unwrap();
    close(
        Tier::Analytic,
        auc.without.value,
        binary(&calls.without),
        what,
    );
    close(Tier::Analytic, auc.with.value, binary(&calls.with), what);
}

fn same_kappas(report: &ReaderStudyReport, condition: Condition, want: &Value) {
    let of = report.agreement.iter().filter(|a| a.condition == condition);
    // R's combn and the report run through the pairs in the same order.
    for (got, want) in of.zip(numbers(want)) {
        match &got.kappa {
            Some(kappa) => close(Tier::Direct, kappa.value, want, &got.to_string()),
            None => assert!(want.is_nan()),
        }
    }
}

fn same_means(report: &ReaderStudyReport, want: &Value) {
    let got = report.mean_auc.unwrap();
    let what = want.to_string();
    close(
        Tier::Direct,
        got.difference,
        number(&want["difference"]),
        &what,
    );
    close(
        Tier::Direct,
        got.fixed_readers.std_error,
        number(&want["fixed_se"]),
        &what,
    );
    let Some(test) = got.random_readers else {
        assert!(want["df"].is_null());
        return;
    };
    let (ms, components) = (numbers(&want["ms"]), numbers(&want["components"]));
    close(Tier::Direct, got.ms_condition, ms[0], &what);
    close(Tier::Direct, got.ms_reader.unwrap(), ms[1], &what);
    close(Tier::Direct, got.ms_interaction.unwrap(), ms[2], &what);
    for (got, want) in [got.variance, got.cov1, got.cov2, got.cov3]
        .into_iter()
        .zip(components)
    {
        close(Tier::Direct, got, want, &what);
    }
    close(Tier::Direct, test.std_error, number(&want["se"]), &what);
    close(Tier::Direct, test.df, number(&want["df"]), &what);
    close(Tier::Direct, test.statistic, number(&want["t"]), &what);
    close(Tier::PValue, test.p, number(&want["p"]), &what);
    let limits = numbers(&want["limits"]);
    close(Tier::Direct, test.low, limits[0], &what);
    close(Tier::Direct, test.high, limits[1], &what);
}

/// Calls of two readers with given true and false positives and a given table of both calls,
/// events first.
fn calls_of_two(junior: &Value, senior: &Value, table: &Value) -> [Vec<bool>; 2] {
    let count = |v: &Value| number(v) as i64;
    let [both, only_junior, only_senior, neither] = [0, 1, 2, 3].map(|i| count(&table[i]));
    let mut found = None;
    // Both positive among events; the margins then fix everything.
    for events_both in 0..=both {
        let split = |j: &Value, s: &Value, negatives: (&Value, &Value), both: i64| {
            let n = count(j) + count(negatives.0);
            assert_eq!(n, count(s) + count(negatives.1));
            [
                both,
                count(j) - both,
                count(s) - both,
                n - count(j) - count(s) + both,
            ]
        };
        let events = split(
            &junior["TP"],
            &senior["TP"],
            (&junior["FN"], &senior["FN"]),
            events_both,
        );
        let others = split(
            &junior["FP"],
            &senior["FP"],
            (&junior["TN"], &senior["TN"]),
            both - events_both,
        );
        if events.iter().chain(&others).all(|&c| c >= 0) {
            let sums = [0, 1, 2, 3].map(|i| events[i] + others[i]);
            assert_eq!(sums, [both, only_junior, only_senior, neither]);
            found = Some([events, others]);
        }
    }
    let mut calls = [Vec::new(), Vec::new()];
    for cells in found.expect("the printed table fits the printed margins") {
        for (cell, pair) in
            cells
                .into_iter()
                .zip([(true, true), (true, false), (false, true), (false, false)])
        {
            for _ in 0..cell {
                calls[0].push(pair.0);
                calls[1].push(pair.1);
            }
        }
    }
    calls
}

#[test]
fn the_published_readers_follow_from_their_counts() {
    let golden = json("paper_tables_2_and_readers.json");
    let of = |i: usize| &golden["radiologists"][i];
    let kappas = &golden["inter_reader_kappa"];
    let without = calls_of_two(of(0), of(2), &kappas[0]["table_pp_pm_mp_mm"][0]);
    let with = calls_of_two(of(1), of(3), &kappas[1]["table_pp_pm_mp_mm"][0]);
    let events = number(&of(0)["TP"]) + number(&of(0)["FN"]);
    let outcome: Vec<bool> = (0..without[0].len()).map(|i| (i as f64) < events).collect();
    let readers = ["junior", "senior"]
        .iter()
        .enumerate()
        .map(|(i, name)| Reader::from_calls(*name, &without[i], &with[i]))
        .collect();
    let report = ReaderStudy::new(&outcome, readers)
        .unwrap()
        .evaluate(&ReaderStudySettings::new())
        .unwrap();

    for (pair, want) in report.agreement.iter().zip(kappas.as_array().unwrap()) {
        let got = pair.kappa.as_ref().unwrap().value;
        close(
            Tier::Analytic,
            got,
            number(&want["kappa"][0]),
            &pair.to_string(),
        );
        assert!((got - number(&want["kappa_pub"])).abs() <= 0.0005);
    }
    let text = text("paper_readers.csv");
    let mut printed = csv::Reader::from_reader(text.as_bytes());
    for row in printed.records() {
        let row = row.unwrap();
        let reader = report.readers.iter().find(|r| r.name == row[0]).unwrap();
        let calls = reader.calls.as_ref().unwrap();
        let auc = reader.auc.unwrap();
        let got = match &row[1] {
            "auc" => [auc.without.value, auc.with.value],
            "accuracy" => [calls.accuracy.second, calls.accuracy.first].map(|x| 100.0 * x),
            "specificity" => {
                let s = calls.specificity.unwrap();
                [s.second, s.first].map(|x| 100.0 * x)
            }
            other => panic!("unknown measure {other}"),
        };
        for (got, want) in got.into_iter().zip([&row[2], &row[3]]) {
            let digits = want.split('.').nth(1).unwrap().len();
            // Rounded half up, as papers do.
            let unit = 10f64.powi(digits as i32);
            let rounded = (got * unit + 0.5 + 1e-9).floor() / unit;
            assert_eq!(rounded, want.parse::<f64>().unwrap(), "{row:?}: {got}");
        }
    }
}
