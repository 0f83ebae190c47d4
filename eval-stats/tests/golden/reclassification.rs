//! NRI and IDI. References: Hmisc 4.8-0, PredictABEL 1.2-4, nricens 1.6.

use eval_stats::Scored;
use eval_stats::bootstrap::Bootstrap;
use eval_stats::reclassification::{
    Improvement, Movement, NriBootstrap, ResampledMeasure, idi, idi_bootstrap, idi_refit, nri,
    nri_bootstrap, nri_categorical, nri_continuous, nri_refit,
};
use serde_json::Value;

use crate::common::*;
use crate::decision::logistic_risks;

fn pair(set: &str) -> (Scored, Scored) {
    let [old, new] = ["clinical", "clinrad"].map(|m| {
        let (p, y) = predictions(set, m);
        Scored::new(&p, &y).unwrap()
    });
    (old, new)
}

/// Risks in twentieths: many changes of 0, many risks at a cut.
fn coarse(set: &str) -> (Scored, Scored) {
    let [old, new] = ["clinical", "clinrad"].map(|m| {
        let (p, y) = predictions(set, m);
        let p: Vec<f64> = p.iter().map(|p| (20.0 * p).round() / 20.0).collect();
        Scored::new(&p, &y).unwrap()
    });
    (old, new)
}

/// A number of a table; R writes a single number as a list of one.
#[track_caller]
fn get(case: &Value, key: &str, at: usize) -> f64 {
    numbers(&case[key])[at]
}

#[track_caller]
fn check(got: f64, case: &Value, key: &str) {
    close(Tier::Direct, got, get(case, key, 0), key);
}

/// Every number of `improveProb` on the NRI.
fn check_nri(old: &Scored, new: &Scored, movement: Movement<'_>, case: &Value) {
    let got = nri(old, new, movement, 0.95).unwrap();
    for (part, suffix) in [
        (&got.total, ""),
        (&got.events, ".ev"),
        (&got.non_events, ".ne"),
    ] {
        check(part.value, case, &format!("nri{suffix}"));
        check(part.std_error, case, &format!("se.nri{suffix}"));
        check(part.z, case, &format!("z.nri{suffix}"));
    }
    let (n1, n0) = (got.n_events as f64, got.n_non_events as f64);
    check(n1, case, "na");
    check(n0, case, "nb");
    check(got.events_up as f64 / n1, case, "pup.ev");
    check(got.events_down as f64 / n1, case, "pdown.ev");
    check(got.non_events_up as f64 / n0, case, "pup.ne");
    check(got.non_events_down as f64 / n0, case, "pdown.ne");
}

/// Every number of `improveProb` on the IDI.
fn check_idi(old: &Scored, new: &Scored, case: &Value) {
    let got = idi(old, new, 0.95).unwrap();
    check(got.idi.value, case, "idi");
    check(got.idi.std_error, case, "se.idi");
    check(got.idi.z, case, "z.idi");
    check(got.events.value, case, "improveSens");
    check(got.non_events.value, case, "improveSpec");
}

/// p-values and the standard error under no improvement.
fn check_tests(old: &Scored, new: &Scored, movement: Movement<'_>, case: &Value) {
    let got = nri(old, new, movement, 0.95).unwrap();
    for (k, part) in [&got.total, &got.events, &got.non_events]
        .into_iter()
        .enumerate()
    {
        close(Tier::PValue, part.p, get(case, "p", k), "p");
        close(
            Tier::PValue,
            part.log10_p,
            get(case, "log10.p", k),
            "log10 p",
        );
        close(
            Tier::Direct,
            part.std_error_null,
            get(case, "se.null", k),
            "null",
        );
    }
    close(
        Tier::PValue,
        got.total.p_null,
        get(case, "p.null", 0),
        "p null",
    );
    let log10_p_null = get(case, "log10.p.null", 0);
    close(
        Tier::PValue,
        got.total.log10_p_null,
        log10_p_null,
        "log10 p null",
    );
}

#[test]
fn nri_and_idi() {
    let golden = json("nri_idi.json");
    for set in SETS {
        let (old, new) = pair(set);
        let case = &golden[set];
        check_nri(&old, &new, Movement::Any, &case["continuous"]);
        check_idi(&old, &new, &case["continuous"]);
        let categories = Movement::Categories(&[0.3, 0.7]);
        check_nri(&old, &new, categories, &case["categorical_03_07"]);
        let tables = nri(&old, &new, categories, 0.95).unwrap().tables.unwrap();
        for (rows, key) in [
            (tables.events, "table_pos"),
            (tables.non_events, "table_neg"),
        ] {
            for (row, want) in rows.iter().zip(case[key].as_array().unwrap()) {
                let row: Vec<f64> = row.iter().map(|&c| c as f64).collect();
                assert_eq!(row, numbers(want), "{set} {key}");
            }
        }
    }
}

#[test]
fn nri_and_idi_of_tied_risks() {
    let golden = json("reclassification_extra.json");
    for set in SETS {
        let case = &golden[set];
        let (old, new) = coarse(set);
        check_nri(&old, &new, Movement::Any, &case["continuous"]);
        check_idi(&old, &new, &case["continuous"]);
        check_tests(&old, &new, Movement::Any, &case["continuous"]);
        let categories = Movement::Categories(&[0.3, 0.7]);
        check_nri(&old, &new, categories, &case["categorical"]);
        check_tests(&old, &new, categories, &case["categorical"]);
        let (old, new) = pair(set);
        check_nri(&old, &new, Movement::Any, &case["smooth"]);
        check_tests(&old, &new, Movement::Any, &case["smooth"]);
        let got = idi(&old, &new, 0.95).unwrap();
        close(
            Tier::PValue,
            got.idi.p,
            get(&case["smooth"], "p", 3),
            "p of IDI",
        );
        let log10_p = get(&case["smooth"], "log10.p", 3);
        close(Tier::PValue, got.idi.log10_p, log10_p, "log10 p of IDI");
    }
}

/// PredictABEL prints four digits, and takes 1.96 for the quantile.
#[test]
fn predictabel_prints() {
    let golden = json("nri_idi.json");
    for set in SETS {
        let (old, new) = pair(set);
        let measures: [Improvement; 3] = [
            nri_categorical(&old, &new, &[0.3, 0.7], 0.95)
                .unwrap()
                .total,
            nri_continuous(&old, &new, 0.95).unwrap().total,
            idi(&old, &new, 0.95).unwrap().idi,
        ];
        let lines = golden[set]["predictabel_print"].as_array().unwrap();
        assert_eq!(lines.len(), 3);
        for (m, line) in measures.iter().zip(lines) {
            let line = line.as_str().unwrap();
            let after = line.split("CI]:").nth(1).unwrap();
            let printed: Vec<f64> = after
                .split(|c: char| !(c.is_ascii_digit() || c == '.' || c == '-'))
                .filter_map(|word| word.parse().ok())
                .collect();
            let half = 1.96 * m.std_error;
            for (got, want) in [m.value, m.value - half, m.value + half]
                .iter()
                .zip(printed)
            {
                assert!((got - want).abs() <= 0.500_001e-4, "{set}: {got}, {line}");
            }
        }
    }
}

#[track_caller]
fn check_rows(
    got: impl Iterator<Item = (&'static str, ResampledMeasure)>,
    want: &Value,
    what: &str,
) {
    let rows = want.as_array().unwrap();
    let got: Vec<_> = got.collect();
    assert_eq!(rows.len(), got.len());
    for ((name, m), want) in got.iter().zip(rows) {
        let want = numbers(want);
        assert_eq!(want.len(), 4);
        for (got, want) in [m.value, m.std_error, m.low, m.high].into_iter().zip(want) {
            close(Tier::Direct, got, want, &format!("{what} {name}"));
        }
    }
}

#[test]
fn bootstrap_of_nricens() {
    let golden = json("nri_idi.json");
    for set in SETS {
        let (old, new) = pair(set);
        for (movement, key) in [
            (Movement::Categories(&[0.3, 0.7]), "nricens_cat"),
            (Movement::Above(0.02), "nricens_diff02"),
        ] {
            let settings = Bootstrap::new().replicates(500).seed(7);
            let got = nri_bootstrap(&old, &new, movement, &settings, 0.95).unwrap();
            check_rows(got.iter(), &golden[set][key]["data"], key);
            let plain = nri(&old, &new, movement, 0.95).unwrap();
            close(Tier::Direct, plain.total.value, got.total.value, "point");
        }
    }
}

#[test]
fn bootstrap_of_tied_risks() {
    let golden = json("reclassification_extra.json");
    let (old, new) = coarse("prospective");
    let run = |movement: Movement<'_>, seed: u32| -> NriBootstrap {
        let settings = Bootstrap::new().replicates(100).seed(seed);
        nri_bootstrap(&old, &new, movement, &settings, 0.95).unwrap()
    };
    let categories = Movement::Categories(&[0.3, 0.7]);
    check_rows(
        run(categories, 3).iter(),
        &golden["ties_categories"],
        "categories",
    );
    // Differences of a tenth are sometimes just above 0.1: as floating-point numbers say.
    let changes = Movement::Above(0.1);
    check_rows(run(changes, 4).iter(), &golden["ties_changes"], "changes");
}

#[test]
fn bootstrap_of_the_idi() {
    let golden = json("reclassification_extra.json");
    let (old, new) = pair("prospective");
    let settings = Bootstrap::new().replicates(100).seed(7);
    let got = idi_bootstrap(&old, &new, &settings, 0.95).unwrap();
    check_rows(got.iter(), &golden["idi"], "IDI");
}

#[test]
fn refitted_models() {
    let golden = json("reclassification_extra.json");
    let column = |name: &str| -> Vec<f64> {
        cohort("internal", name)
            .iter()
            .map(|v| v.parse().unwrap())
            .collect()
    };
    let new = [column("age"), column("size"), column("ln_score")];
    let outcomes: Vec<bool> = column("alnm").iter().map(|&y| y == 1.0).collect();
    let refit = |rows: &[usize]| {
        Some([
            logistic_risks(&new[..2], &outcomes, rows)?,
            logistic_risks(&new, &outcomes, rows)?,
        ])
    };
    let boot = |seed| Bootstrap::new().replicates(100).seed(seed);
    let categories = Movement::Categories(&[0.4, 0.8]);
    let got = nri_refit(&outcomes, categories, &boot(5), 0.95, refit).unwrap();
    check_rows(got.iter(), &golden["refit_categories"], "categories");
    let changes = Movement::Above(0.05);
    let got = nri_refit(&outcomes, changes, &boot(6), 0.95, refit).unwrap();
    check_rows(got.iter(), &golden["refit_changes"], "changes");
    let got = idi_refit(&outcomes, &boot(8), 0.95, refit).unwrap();
    check_rows(got.iter(), &golden["idi_refit"], "IDI");
}
