//! Published tables against themselves, by an independent implementation.

use eval_stats::audit::{
    self, Rate, Reported, ReportedP, ReportedRates, counts_from_rates, kappa_tables,
};
use serde_json::Value;

use crate::common::*;

fn reported(v: &Value, decimals: u32) -> Reported {
    Reported::new(number(v), decimals)
}

#[test]
fn counts_behind_percentages() {
    let mut unique = 0;
    for case in json("paper_confusion_reconstruction.json")
        .as_array()
        .unwrap()
    {
        let rate = |key: &str| Some(reported(&case["pub"][key], 1));
        let rates = ReportedRates {
            accuracy: rate("ACC"),
            sensitivity: rate("SEN"),
            specificity: rate("SPE"),
            ppv: rate("PPV"),
            npv: rate("NPV"),
            auc: None,
        };
        let (n1, n0) = (number(&case["n_pos"]) as u64, number(&case["n_neg"]) as u64);
        let got = counts_from_rates(n1, n0, &rates).unwrap();
        assert_eq!(
            got.consistent.len() as f64,
            number(&case["n_exact"]),
            "{case}"
        );
        let best = &case["best"][0];
        let want = ["TP", "FP", "FN", "TN"].map(|k| number(&best[k]) as u64);
        let found = match got.consistent.first() {
            Some(only) => {
                unique += 1;
                *only
            }
            None => {
                let near = &got.closest[0];
                assert_eq!(near.missed.len() as f64, 5.0 - number(&best["nmatch"]));
                assert_eq!(near.missed[0].0, Rate::Accuracy);
                near.counts
            }
        };
        assert_eq!([found.tp, found.fp, found.fn_, found.tn], want, "{case}");
    }
    assert_eq!(unique, 12);
}

#[test]
fn odds_ratios_intervals_and_p_values() {
    let golden = json("paper_tables_2_and_readers.json");
    let mut impossible = Vec::new();
    for case in golden["consistency"].as_array().unwrap() {
        let text = case["pub_p"].as_str().unwrap();
        let p = match text.strip_prefix('<') {
            Some(limit) => ReportedP::Below(format!("0{limit}").parse().unwrap()),
            None => ReportedP::Equal(Reported::new(format!("0{text}").parse().unwrap(), 2)),
        };
        let [or, low, high] = ["OR", "lo", "hi"].map(|k| reported(&case[k], 2));
        let got = audit::odds_ratio(or, low, high, Some(p), 0.95).unwrap();
        for (value, key) in [
            (got.geometric_mean, "gm"),
            (got.std_error, "se"),
            (got.z, "z"),
            (got.p, "p"),
            (got.p_low, "p_min"),
            (got.p_high, "p_max"),
        ] {
            close(
                Tier::Direct,
                value,
                number(&case[key]),
                &format!("{} {key}", case["name"]),
            );
        }
        if !got.interval_agrees || got.p_agrees == Some(false) {
            impossible.push(case["name"].as_str().unwrap().to_string());
        }
    }
    assert_eq!(impossible, ["Microcalcification", "US ALNM clin-rad"]);
}

#[test]
fn auc_intervals_by_method() {
    let sizes = |set: &str| match set {
        "train" => (272, 149),
        "internal" => (72, 34),
        "external" => (123, 99),
        _ => (54, 63),
    };
    for case in json("paper_auc_ci_check.json").as_array().unwrap() {
        let (n1, n0) = sizes(case["set"].as_str().unwrap());
        let [auc, low, high] = ["auc", "lo", "hi"].map(|k| reported(&case[k], 2));
        let got = audit::auc_interval(auc, low, high, n1, n0, 0.95).unwrap();
        let fits = !case["clopper_pearson_auc_range"].is_null();
        assert_eq!(got.binomial_exact.is_some(), fits, "{case}");
        let fits = !case["hanley_mcneil_auc_range"].is_null();
        assert_eq!(got.hanley_mcneil.is_some(), fits, "{case}");
    }
}

#[test]
fn readers_and_their_agreement() {
    let golden = json("paper_tables_2_and_readers.json");
    let printed = [
        (70.1, 61.9, 0.71),
        (82.1, 85.7, 0.82),
        (76.1, 87.3, 0.75),
        (86.3, 98.4, 0.85),
    ];
    let mut positive = Vec::new();
    for (case, (acc, spe, auc)) in golden["radiologists"]
        .as_array()
        .unwrap()
        .iter()
        .zip(printed)
    {
        let rates = ReportedRates {
            accuracy: Some(Reported::new(acc, 1)),
            specificity: Some(Reported::new(spe, 1)),
            auc: Some(Reported::new(auc, 2)),
            ..ReportedRates::default()
        };
        let got = counts_from_rates(54, 63, &rates).unwrap();
        assert_eq!(got.consistent.len() as f64, number(&case["n_solutions"]));
        let m = got.consistent[0];
        assert_eq!(m.tp as f64, number(&case["TP"]));
        assert_eq!(m.fp as f64, number(&case["FP"]));
        positive.push(m.tp + m.fp);
    }
    for (case, (junior, senior)) in golden["inter_reader_kappa"]
        .as_array()
        .unwrap()
        .iter()
        .zip([(0, 2), (1, 3)])
    {
        let kappa = reported(&case["kappa_pub"], 3);
        let got = kappa_tables(kappa, positive[junior], positive[senior], 117).unwrap();
        assert_eq!(got.len(), 1);
        let [pp, pm, mp, mm] =
            <[f64; 4]>::try_from(numbers(&case["table_pp_pm_mp_mm"][0])).unwrap();
        let want = vec![vec![mm as u64, mp as u64], vec![pm as u64, pp as u64]];
        assert_eq!(got[0].counts(), want);
    }
}
