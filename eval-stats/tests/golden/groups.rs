//! Tests of baseline tables and multiplicity. Reference: R 4.2.2.

use eval_stats::contingency::{Yates, chi_squared, fisher_exact};
use eval_stats::location::{
    MannWhitneyMethod, Variances, kruskal_wallis, mann_whitney, shapiro_wilk, t_test,
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
    close(Tier::Direct, got.p, number(&golden["chisq"]), "chi-square");
    let got = chi_squared(&margin, Yates::Corrected).unwrap();
    close(
        Tier::Direct,
        got.p,
        number(&golden["chisq_cc"]),
        "corrected",
    );
    let got = fisher_exact(&cross_table("shape")).unwrap();
    close(Tier::Direct, got, number(&golden["fisher"]), "Fisher");
    let posterior = cross_table("posterior");
    let got = chi_squared(&posterior, Yates::None).unwrap();
    close(Tier::Direct, got.p, number(&golden["chisq_post"]), "2 x 3");
    let got = fisher_exact(&posterior).unwrap();
    close(
        Tier::Direct,
        got,
        number(&golden["fisher_post"]),
        "Fisher 2 x 3",
    );
    let (a, b) = by_outcome("size");
    let got = t_test(&a, &b, Variances::Welch, 0.95).unwrap();
    close(Tier::Direct, got.p, number(&golden["welch"]), "Welch");
    let got = mann_whitney(&a, &b, MannWhitneyMethod::NormalCorrected).unwrap();
    close(Tier::Direct, got.p, number(&golden["mw"]), "Mann-Whitney");
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
        close(Tier::Direct, got.p, number(&golden[key]["p"]), key);
        close(Tier::Direct, got.low, ci[0], key);
        close(Tier::Direct, got.high, ci[1], key);
    }
    let got = mann_whitney(&a, &b, MannWhitneyMethod::NormalCorrected).unwrap();
    close(Tier::Analytic, got.u, number(&golden["mw"]["w"]), "W");
    close(Tier::Direct, got.p, number(&golden["mw"]["p"]), "p");
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
    close(Tier::Direct, got.p, number(&golden["kruskal"]["p"]), "p");
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
        close(Tier::Direct, got.p, number(&case["p"]), "p");
        let got = fisher_exact(&table).unwrap();
        close(Tier::Direct, got, number(&case["fisher"]), "Fisher");
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
