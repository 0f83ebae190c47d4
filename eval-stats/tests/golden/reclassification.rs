//! NRI and IDI. References: Hmisc 4.8-0, PredictABEL 1.2-4, nricens 1.6.

use eval_stats::Scored;
use eval_stats::bootstrap::Bootstrap;
use eval_stats::reclassification::{
    Improvement, Movement, idi, nri, nri_bootstrap, nri_categorical, nri_continuous,
};
use serde_json::Value;

use crate::common::*;

fn pair(set: &str) -> (Scored, Scored) {
    let [old, new] = ["clinical", "clinrad"].map(|m| {
        let (p, y) = predictions(set, m);
        Scored::new(&p, &y).unwrap()
    });
    (old, new)
}

fn compare(got: &Improvement, case: &Value, suffix: &str, what: &str) {
    close(
        Tier::Direct,
        got.value,
        number(&case[format!("nri{suffix}")]),
        what,
    );
    close(
        Tier::Direct,
        got.std_error,
        number(&case[format!("se.nri{suffix}")]),
        what,
    );
    close(
        Tier::Direct,
        got.z,
        number(&case[format!("z.nri{suffix}")]),
        what,
    );
}

#[test]
fn nri_and_idi() {
    let golden = json("nri_idi.json");
    for set in SETS {
        let (old, new) = pair(set);
        let continuous = nri_continuous(&old, &new, 0.95).unwrap();
        let categorical = nri_categorical(&old, &new, &[0.3, 0.7], 0.95).unwrap();
        for (got, key) in [
            (&continuous, "continuous"),
            (&categorical, "categorical_03_07"),
        ] {
            let case = &golden[set][key];
            compare(&got.total, case, "", set);
            compare(&got.events, case, ".ev", set);
            compare(&got.non_events, case, ".ne", set);
            let (n1, n0) = (number(&case["na"]), number(&case["nb"]));
            close(
                Tier::Direct,
                got.events_up as f64 / n1,
                number(&case["pup.ev"]),
                set,
            );
            close(
                Tier::Direct,
                got.non_events_up as f64 / n0,
                number(&case["pup.ne"]),
                set,
            );
        }
        let tables = categorical.tables.unwrap();
        for (rows, key) in [
            (tables.events, "table_pos"),
            (tables.non_events, "table_neg"),
        ] {
            for (row, want) in rows.iter().zip(golden[set][key].as_array().unwrap()) {
                let row: Vec<f64> = row.iter().map(|&c| c as f64).collect();
                assert_eq!(row, numbers(want), "{set} {key}");
            }
        }
        let got = idi(&old, &new, 0.95).unwrap();
        let case = &golden[set]["continuous"];
        close(Tier::Direct, got.idi.value, number(&case["idi"]), set);
        close(
            Tier::Direct,
            got.idi.std_error,
            number(&case["se.idi"]),
            set,
        );
        close(Tier::Direct, got.idi.z, number(&case["z.idi"]), set);
        close(Tier::Direct, got.events, number(&case["improveSens"]), set);
        close(
            Tier::Direct,
            got.non_events,
            number(&case["improveSpec"]),
            set,
        );
    }
}

#[test]
fn bootstrap_of_nricens() {
    let golden = json("nri_idi.json");
    let cuts = [0.3, 0.7];
    for set in SETS {
        let (old, new) = pair(set);
        for (movement, key) in [
            (Movement::Categories(&cuts), "nricens_cat"),
            (Movement::Above(0.02), "nricens_diff02"),
        ] {
            let settings = Bootstrap::new().replicates(500).seed(7);
            let got = nri_bootstrap(&old, &new, movement, &settings, 0.95).unwrap();
            let rows = golden[set][key]["data"].as_array().unwrap();
            assert_eq!(rows.len(), 7);
            let measures = [
                got.total,
                got.events,
                got.non_events,
                got.events_up,
                got.events_down,
                got.non_events_down,
                got.non_events_up,
            ];
            for (m, want) in measures.iter().zip(rows) {
                let want = numbers(want);
                for (got, want) in [m.value, m.std_error, m.low, m.high].into_iter().zip(want) {
                    close(Tier::Direct, got, want, &format!("{set} {key}"));
                }
            }
            let plain = nri(&old, &new, movement, 0.95).unwrap();
            close(Tier::Direct, plain.total.value, got.total.value, "point");
        }
    }
}
