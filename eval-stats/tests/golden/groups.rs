//! Tests of baseline tables and multiplicity. Reference: R 4.2.2.

use eval_stats::contingency::{
    Yates, chi_squared, conditional_odds_ratio, fisher_exact, goodness_of_fit,
};
use eval_stats::location::{
    MannWhitneyMethod, Variances, anova, kruskal_wallis, mann_whitney, paired_t_test, shapiro_wilk,
    t_test,
};
use eval_stats::multiplicity::{Adjustment, adjust};

use crate::common::*;

fn column(name: &str) -> Vec<f64> {
    cohort("train", name)
        .iter()
        .map(|v| v.parse().unwrap())
        .collect()
}

/// Values of a column by outcome: without, with.
fn by_outcome(name: &str) -> (Vec<f64>, Vec<f64>) {
    let y = column("alnm");
    let pick = |class: f64| {
        column(name)
            .into_iter()
            .zip(&y)
            .filter(|(_, y)| **y == class)
            .map(|(v, _)| v)
            .collect()
    };
    (pick(0.0), pick(1.0))
}

fn cross_table(name: &str) -> Vec<Vec<u64>> {
    let (y, x) = (cohort("train", "alnm"), cohort("train", name));
    let mut labels = x.clone();
    labels.sort();
    labels.dedup();
    ["0", "1"]
        .iter()
        .map(|class| {
            labels
                .iter()
                .map(|l| {
                    y.iter()
                        .zip(&x)
                        .filter(|(y, x)| y == class && x == &l)
                        .count() as u64
                })
                .collect()
        })
        .collect()
}

#[test]
fn tests_of_a_baseline_table() {
    let golden = json("table1_tests.json");
    let margin = cross_table("margin");
    let got = chi_squared(&margin, Yates::None).unwrap();
    close_p(got.p, number(&golden["chisq"]), "chi-square");
    let got = chi_squared(&margin, Yates::Corrected).unwrap();
    close(
        Tier::Direct,
        got.p,
        number(&golden["chisq_cc"]),
        "corrected",
    );
    let got = fisher_exact(&cross_table("shape")).unwrap();
    close(Tier::PValue, got.p, number(&golden["fisher"]), "Fisher");
    let posterior = cross_table("posterior");
    let got = chi_squared(&posterior, Yates::None).unwrap();
    close_p(got.p, number(&golden["chisq_post"]), "2 x 3");
    let got = fisher_exact(&posterior).unwrap();
    close(
        Tier::PValue,
        got.p,
        number(&golden["fisher_post"]),
        "Fisher 2 x 3",
    );
    let (a, b) = by_outcome("size");
    let got = t_test(&a, &b, Variances::Welch, 0.95).unwrap();
    close_p(got.p, number(&golden["welch"]), "Welch");
    let got = mann_whitney(&a, &b, MannWhitneyMethod::NormalCorrected).unwrap();
    close_p(got.p, number(&golden["mw"]), "Mann-Whitney");
}

#[test]
fn location_tests() {
    let golden = &json("extra_r.json")["location"];
    let (a, b) = by_outcome("size");
    for (variances, key) in [(Variances::Pooled, "student"), (Variances::Welch, "welch")] {
        let got = t_test(&a, &b, variances, 0.95).unwrap();
        let ci = numbers(&golden[key]["ci"]);
        close(Tier::Direct, got.t, number(&golden[key]["t"]), key);
        close(Tier::Direct, got.df, number(&golden[key]["df"]), key);
        close_p(got.p, number(&golden[key]["p"]), key);
        close(Tier::Direct, got.low, ci[0], key);
        close(Tier::Direct, got.high, ci[1], key);
    }
    let got = mann_whitney(&a, &b, MannWhitneyMethod::NormalCorrected).unwrap();
    close(Tier::Analytic, got.u, number(&golden["mw"]["w"]), "W");
    close_p(got.p, number(&golden["mw"]["p"]), "p");
    let got = mann_whitney(&a, &b, MannWhitneyMethod::Normal).unwrap();
    close(
        Tier::Direct,
        got.p,
        number(&golden["mw_nocorr"]),
        "uncorrected",
    );
    let (x, y) = (column("tumor_score"), column("ln_score"));
    let got = mann_whitney(&x[..18], &y[..25], MannWhitneyMethod::Exact).unwrap();
    close(Tier::Analytic, got.u, number(&golden["mw_exact"]["w"]), "W");
    close(
        Tier::Direct,
        got.p,
        number(&golden["mw_exact"]["p"]),
        "exact p",
    );

    let posterior = cohort("train", "posterior");
    let size = column("size");
    let groups: Vec<Vec<f64>> = ["None", "Shadowing", "Enhancement"]
        .iter()
        .map(|l| {
            let of_label = size.iter().zip(&posterior).filter(|(_, p)| p == l);
            of_label.map(|(v, _)| *v).collect()
        })
        .collect();
    let groups: Vec<&[f64]> = groups.iter().map(Vec::as_slice).collect();
    let got = kruskal_wallis(&groups).unwrap();
    close(Tier::Direct, got.h, number(&golden["kruskal"]["h"]), "H");
    close_p(got.p, number(&golden["kruskal"]["p"]), "p");
}

#[test]
fn shapiro_wilk_over_sample_sizes() {
    let golden = &json("extra_r.json")["location"]["shapiro"];
    let (size, age) = (column("size"), column("age"));
    let (tumor, ln) = (column("tumor_score"), column("ln_score"));
    let samples = [
        &size[..],
        &tumor[..],
        &tumor[..30],
        &age[..11],
        &ln[..7],
        &ln[..5],
        &ln[..4],
        &ln[..3],
    ];
    for (sample, want) in samples.iter().zip(golden.as_array().unwrap()) {
        assert_eq!(sample.len() as f64, number(&want["n"]));
        let got = shapiro_wilk(sample).unwrap();
        close(Tier::Direct, got.w, number(&want["w"]), "W");
        // ln(1 - W) magnifies the rounding of W by W/(1 - W).
        let p = number(&want["p"]);
        assert!(
            (got.p / p - 1.0).abs() < 1e-8,
            "n = {}: {} {p}",
            sample.len(),
            got.p
        );
    }
}

#[test]
fn contingency_tables() {
    for case in json("extra_r.json")["tables"].as_array().unwrap() {
        let table: Vec<Vec<u64>> = case["rows"]
            .as_array()
            .unwrap()
            .iter()
            .map(|r| numbers(r).into_iter().map(|c| c as u64).collect())
            .collect();
        let got = chi_squared(&table, Yates::None).unwrap();
        close(Tier::Direct, got.chi_squared, number(&case["chisq"]), "X²");
        assert_eq!(got.df as f64, number(&case["df"]));
        close_p(got.p, number(&case["p"]), "p");
        let got = fisher_exact(&table).unwrap();
        close(Tier::PValue, got.p, number(&case["fisher"]), "Fisher");
    }
}

#[test]
fn adjusted_p_values() {
    let golden = &json("extra_r.json")["padjust"];
    let p = numbers(&golden["p"]);
    for (adjustment, key) in [
        (Adjustment::Holm, "holm"),
        (Adjustment::BenjaminiHochberg, "bh"),
        (Adjustment::Bonferroni, "bonferroni"),
    ] {
        let got = adjust(&p, adjustment).unwrap();
        for (g, w) in got.into_iter().zip(numbers(&golden[key])) {
            close(Tier::Analytic, g, w, key);
        }
    }
}

/// Lines of `groups.jsonl` of one kind.
fn random_cases(kind: &str) -> Vec<serde_json::Value> {
    let cases: Vec<serde_json::Value> = text("groups.jsonl")
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .filter(|case: &serde_json::Value| case["k"] == kind)
        .collect();
    assert!(cases.len() >= 8, "{kind}: {}", cases.len());
    cases
}

/// A p-value, or what this crate says where R says NaN: nothing can be seen, so 1.
#[track_caller]
fn p_value(got: f64, want: &serde_json::Value, what: &str) {
    let want = number(want);
    close(
        Tier::PValue,
        got,
        if want.is_nan() { 1.0 } else { want },
        what,
    );
}

fn counts(rows: &serde_json::Value) -> Vec<Vec<u64>> {
    let row = |r| numbers(r).into_iter().map(|c| c as u64).collect();
    rows.as_array().unwrap().iter().map(row).collect()
}

#[test]
fn t_tests_of_random_groups() {
    for case in random_cases("t") {
        let variances = match case["pooled"].as_bool().unwrap() {
            true => Variances::Pooled,
            false => Variances::Welch,
        };
        let (a, b) = (numbers(&case["a"]), numbers(&case["b"]));
        let got = t_test(&a, &b, variances, 0.95).unwrap();
        close(Tier::Direct, got.t, number(&case["t"]), "t");
        close(Tier::Direct, got.df, number(&case["df"]), "df");
        p_value(got.p, &case["p"], "p");
        close(Tier::Direct, got.low, numbers(&case["ci"])[0], "low");
        close(Tier::Direct, got.high, numbers(&case["ci"])[1], "high");
    }
    for case in random_cases("pt") {
        let got = paired_t_test(&numbers(&case["a"]), &numbers(&case["b"]), 0.95).unwrap();
        if number(&case["t"]).is_nan() {
            assert_eq!((got.t, got.p), (0.0, 1.0));
            continue;
        }
        close(Tier::Direct, got.t, number(&case["t"]), "paired t");
        p_value(got.p, &case["p"], "paired p");
        close(Tier::Direct, got.low, numbers(&case["ci"])[0], "low");
        close(Tier::Direct, got.high, numbers(&case["ci"])[1], "high");
    }
}

#[test]
fn rank_tests_of_random_groups() {
    let mut exact = 0;
    for case in random_cases("mw") {
        let (a, b) = (numbers(&case["a"]), numbers(&case["b"]));
        let got = mann_whitney(&a, &b, MannWhitneyMethod::AsR).unwrap();
        assert_eq!(got.u, number(&case["w"]));
        let is_exact = case["m"].as_str().unwrap().contains("exact");
        assert_eq!(is_exact, got.method == MannWhitneyMethod::Exact);
        exact += usize::from(is_exact);
        p_value(got.p, &case["p"], "p");
        let got = mann_whitney(&a, &b, MannWhitneyMethod::Normal).unwrap();
        p_value(got.p, &case["pn"], "uncorrected");
    }
    assert!(exact > 0);
}

#[test]
fn several_random_groups() {
    for case in random_cases("an") {
        let y = numbers(&case["y"]);
        let mut rest = &y[..];
        let mut groups = Vec::new();
        for n in numbers(&case["ns"]) {
            let (group, others) = rest.split_at(n as usize);
            groups.push(group);
            rest = others;
        }
        let got = anova(&groups, Variances::Pooled).unwrap();
        if !number(&case["f"]).is_nan() {
            close(Tier::Direct, got.f, number(&case["f"]), "F");
        }
        p_value(got.p, &case["p"], "p of F");
        // Where a group does not vary R has NaN and this crate the limit.
        let got = anova(&groups, Variances::Welch).unwrap();
        assert!(!got.p.is_nan());
        if !number(&case["wf"]).is_nan() {
            close(Tier::Direct, got.f, number(&case["wf"]), "Welch's F");
            close(Tier::Direct, got.df_within, number(&case["wdf"]), "df");
            p_value(got.p, &case["wp"], "p of Welch's F");
        }
        let got = kruskal_wallis(&groups).unwrap();
        if !number(&case["h"]).is_nan() {
            close(Tier::Direct, got.h, number(&case["h"]), "H");
        }
        p_value(got.p, &case["hp"], "p of H");
    }
}

#[test]
fn normality_of_random_groups() {
    for case in random_cases("sw") {
        let got = shapiro_wilk(&numbers(&case["a"])).unwrap();
        close(Tier::Direct, got.w, number(&case["w"]), "W");
        p_value(got.p, &case["p"], "p");
    }
}

#[test]
fn random_tables() {
    for case in random_cases("f2") {
        let table = counts(&case["m"]);
        p_value(fisher_exact(&table).unwrap().p, &case["p"], "Fisher");
        let Ok(got) = chi_squared(&table, Yates::None) else {
            assert!(number(&case["x2"]).is_nan());
            continue;
        };
        close(Tier::Direct, got.chi_squared, number(&case["x2"]), "X²");
        p_value(got.p, &case["xp"], "p");
        let got = chi_squared(&table, Yates::Corrected).unwrap();
        close(Tier::Direct, got.chi_squared, number(&case["y2"]), "Yates");
        p_value(got.p, &case["yp"], "p of Yates");
        let cells = [[table[0][0], table[0][1]], [table[1][0], table[1][1]]];
        let got = conditional_odds_ratio(cells, 0.95).unwrap();
        let want = numbers(&case["tt"]);
        for (got, want) in [got.odds_ratio, got.low, got.high].into_iter().zip(want) {
            close(Tier::Direct, got, want, "odds ratio");
        }
    }
    for case in random_cases("fr") {
        let got = fisher_exact(&counts(&case["m"])).unwrap();
        p_value(got.p, &case["p"], "Fisher, r x c");
    }
    for case in random_cases("gf") {
        let observed: Vec<u64> = numbers(&case["o"]).into_iter().map(|c| c as u64).collect();
        let got = goodness_of_fit(&observed, &numbers(&case["pp"])).unwrap();
        close(Tier::Direct, got.chi_squared, number(&case["x2"]), "X²");
        p_value(got.p, &case["p"], "p");
    }
}

#[test]
fn random_p_values() {
    use Adjustment::*;
    for case in random_cases("pa") {
        let p = numbers(&case["p"]);
        for (adjustment, key) in [
            (Holm, "holm"),
            (Hochberg, "hochberg"),
            (Hommel, "hommel"),
            (BenjaminiHochberg, "BH"),
            (BenjaminiYekutieli, "BY"),
            (Bonferroni, "bonferroni"),
        ] {
            let got = adjust(&p, adjustment).unwrap();
            for (g, w) in got.into_iter().zip(numbers(&case["L"][key])) {
                close(Tier::PValue, g, w, key);
            }
        }
    }
}

#[test]
fn random_quantiles_and_ticks() {
    use eval_stats::quantile::{QuantileType::*, quantile};
    for case in random_cases("q") {
        let (values, p) = (numbers(&case["a"]), numbers(&case["pr"]));
        let types = [
            Type1, Type2, Type3, Type4, Type5, Type6, Type7, Type8, Type9,
        ];
        for (kind, want) in types.into_iter().zip(case["q"].as_array().unwrap()) {
            for (&p, want) in p.iter().zip(numbers(want)) {
                close(
                    Tier::Analytic,
                    quantile(&values, p, kind).unwrap(),
                    want,
                    "quantile",
                );
            }
        }
    }
    for case in random_cases("pr") {
        let n = number(&case["n"]) as usize;
        let got = eval_stats::pretty::pretty(number(&case["lo"]), number(&case["hi"]), n);
        let want = numbers(&case["v"]);
        assert_eq!(got.len(), want.len(), "{case}");
        let largest = want.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
        for (g, w) in got.into_iter().zip(want) {
            assert!((g - w).abs() <= 1e-14 * largest, "{case}: {g}");
        }
    }
}
