//! Kappa and McNemar. References: psych 2.2.9, irr 0.84.1, R 4.2.2.

use eval_stats::agreement::{AgreementTable, Weights, gwet_ac1, kappa, pabak};
use eval_stats::mcnemar;

use crate::common::*;

fn table(case: &serde_json::Value) -> AgreementTable {
    let rows = case["table"].as_array().unwrap();
    let counts = rows
        .iter()
        .map(|r| numbers(r).into_iter().map(|c| c as u64).collect())
        .collect();
    AgreementTable::new(counts).unwrap()
}

#[test]
fn kappa_with_all_weights() {
    for (name, case) in json("kappa.json").as_object().unwrap() {
        let t = table(case);
        let plain = kappa(&t, Weights::Unweighted, 0.95).unwrap();
        close(
            Tier::Direct,
            plain.value,
            number(&case["psych"]["kappa"]),
            name,
        );
        let var = number(&case["psych"]["var"]);
        close(Tier::Direct, plain.std_error * plain.std_error, var, name);
        let ci = numbers(&case["psych"]["ci"]["data"][0]);
        close(Tier::Direct, plain.low, ci[0], name);
        close(Tier::Direct, plain.high, ci[2], name);
        for (weights, key) in [
            (Weights::Unweighted, "irr_unweighted"),
            (Weights::Linear, "irr_equal"),
            (Weights::Quadratic, "irr_squared"),
        ] {
            let got = kappa(&t, weights, 0.95).unwrap();
            let want = &case[key];
            close(Tier::Direct, got.value, number(&want["value"]), name);
            close(Tier::Direct, got.z, number(&want["statistic"]), name);
            // irr prints 2 (1 - pnorm(z)), which has no digits below 1e-16.
            let p = number(&want["p.value"]);
            assert!(
                (got.p - p).abs() < 1e-9 * p + 3e-16,
                "{name} {key}: {} {p}",
                got.p
            );
        }
        // In two-by-two tables the weighted variance of psych is the right one.
        if t.counts().len() == 2 {
            let got = kappa(&t, Weights::Quadratic, 0.95).unwrap();
            let want = number(&case["psych"]["var_w"]);
            close(Tier::Direct, got.std_error * got.std_error, want, name);
        }
    }
}

/// The asymptotic variances by numerical differentiation of the estimates.
#[test]
fn asymptotic_variances_by_the_delta_method() {
    type Measure = dyn Fn(&AgreementTable) -> f64;
    let counts = vec![vec![44, 5, 1], vec![4, 30, 6], vec![2, 7, 25]];
    let scale = 1_000_000u64;
    let n: u64 = counts.iter().flatten().sum();
    let of = |counts: &[Vec<u64>], f: &Measure| f(&AgreementTable::new(counts.to_vec()).unwrap());
    let estimates: [(&Measure, f64); 4] = {
        let t = AgreementTable::new(counts.clone()).unwrap();
        [
            (
                &|t| kappa(t, Weights::Linear, 0.95).unwrap().value,
                kappa(&t, Weights::Linear, 0.95).unwrap().std_error,
            ),
            (
                &|t| kappa(t, Weights::Quadratic, 0.95).unwrap().value,
                kappa(&t, Weights::Quadratic, 0.95).unwrap().std_error,
            ),
            (
                &|t| gwet_ac1(t, 0.95).unwrap().value,
                // Gwet divides by n (n - 1), the delta method by n².
                gwet_ac1(&t, 0.95).unwrap().std_error.unwrap() * (1.0 - 1.0 / n as f64).sqrt(),
            ),
            (
                &|t| pabak(t, 0.95).unwrap().value,
                pabak(&t, 0.95).unwrap().std_error.unwrap(),
            ),
        ]
    };
    for (f, se) in estimates {
        let big: Vec<Vec<u64>> = counts
            .iter()
            .map(|r| r.iter().map(|c| c * scale).collect())
            .collect();
        let step = 200u64;
        let (mut first, mut second) = (0.0, 0.0);
        for i in 0..3 {
            for j in 0..3 {
                let (mut up, mut down) = (big.clone(), big.clone());
                up[i][j] += step;
                down[i][j] -= step;
                let slope = (of(&up, f) - of(&down, f)) / (2.0 * step as f64) * (n * scale) as f64;
                let share = counts[i][j] as f64 / n as f64;
                first += share * slope;
                second += share * slope * slope;
            }
        }
        let want = ((second - first * first) / n as f64).sqrt();
        // Central differences are good to about 1e-6 here.
        assert!((se / want - 1.0).abs() < 1e-5, "{se} {want}");
    }
}

#[test]
fn mcnemar_in_three_forms() {
    let golden = json("mcnemar.json");
    let t = numbers(&golden["tab"]);
    let got = mcnemar::from_counts(t[1] as u64, t[2] as u64);
    close(
        Tier::Analytic,
        got.chi_squared,
        number(&golden["chisq"]),
        "X²",
    );
    close_p(got.p, number(&golden["p"]), "p");
    close(
        Tier::Analytic,
        got.chi_squared_corrected,
        number(&golden["chisq_cc"]),
        "cc",
    );
    close(
        Tier::Direct,
        got.p_corrected,
        number(&golden["p_cc"]),
        "p cc",
    );
    close_p(got.p_exact, number(&golden["exact"]), "exact");
    for case in json("extra_r.json")["mcnemar_extra"].as_array().unwrap() {
        let got = mcnemar::from_counts(number(&case["b"]) as u64, number(&case["c"]) as u64);
        close(
            Tier::Direct,
            got.p_exact,
            number(&case["exact"]),
            &case.to_string(),
        );
    }
}
