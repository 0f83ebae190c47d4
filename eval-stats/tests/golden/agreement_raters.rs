//! Weighted kappa, many raters and the bootstrap of kappa. References: psych, vcd and irr (R), irrCAC
//! and statsmodels (Python).

use eval_stats::agreement::{
    AgreementTable, ChanceCorrected, KappaVariance, Ratings, SubjectCounts, Weights, conger_kappa,
    fleiss_kappa, gwet_ac, gwet_ac2, kappa, kappa_bootstrap, kappa_with, krippendorff_alpha,
    light_kappa,
};
use eval_stats::bootstrap::Bootstrap;
use serde_json::Value;

use crate::common::*;

fn whole(v: &Value) -> Vec<usize> {
    numbers(v).into_iter().map(|c| c as usize).collect()
}

fn rows(v: &Value) -> Vec<Vec<f64>> {
    v.as_array().unwrap().iter().map(numbers).collect()
}

#[test]
fn weighted_kappa_as_vcd_and_psych() {
    for case in json("raters.json")["two"].as_array().unwrap() {
        let counts: Vec<Vec<u64>> = rows(&case["table"])
            .into_iter()
            .map(|r| r.into_iter().map(|c| c as u64).collect())
            .collect();
        let table = AgreementTable::new(counts).unwrap();
        let what = case.to_string();
        let custom = Weights::Custom(rows(&case["weights"]));
        let plain = kappa(&table, Weights::Unweighted, 0.95).unwrap();
        close(
            Tier::Direct,
            plain.value,
            number(&case["plain"]["value"]),
            &what,
        );
        let var = number(&case["plain"]["var"]);
        close(Tier::Direct, plain.std_error.powi(2), var, &what);
        same_root(plain.std_error_null, &case["null_plain"], &what);
        for (key, weights) in [
            ("linear", Weights::Linear),
            ("quadratic", Weights::Quadratic),
            ("custom", custom),
        ] {
            let want = &case[key];
            let got = kappa(&table, weights.clone(), 0.95).unwrap();
            close(Tier::Direct, got.value, number(&want["value"]), &what);
            same_root(got.std_error, &want["ase"], &what);
            let psych = kappa_with(&table, weights, KappaVariance::PsychCompat, 0.95).unwrap();
            let want = number(&want["psych_var"]);
            close(Tier::Direct, psych.std_error.powi(2), want, &what);
        }
        let got = kappa(&table, Weights::Linear, 0.95).unwrap();
        same_root(got.std_error_null, &case["null_linear"], &what);
    }
}

/// Standard errors of 0 (all agree, or one rater constant): the references take the root of a
/// rounding error there, NaN or up to 1e-7.
#[track_caller]
fn same_root(got: f64, want: &Value, what: &str) {
    let want = number(want);
    if want.is_nan() || want < 1e-7 {
        assert!(got < 1e-7, "{what}: {got:e}");
    } else {
        close(Tier::Direct, got, want, what);
    }
}

#[test]
fn many_raters_as_irr() {
    for case in json("raters.json")["many"].as_array().unwrap() {
        let raters: Vec<Vec<usize>> = case["ratings"]
            .as_array()
            .unwrap()
            .iter()
            .map(whole)
            .collect();
        let ratings = Ratings::new(&raters, number(&case["k"]) as usize).unwrap();
        let what = case.to_string();
        let fleiss = fleiss_kappa(&ratings.subject_counts(), 0.95).unwrap();
        close(Tier::Direct, fleiss.value, number(&case["value"]), &what);
        close(Tier::Direct, fleiss.z, number(&case["z"]), &what);
        let used = whole(&case["used"][0]);
        let (value, z) = (
            numbers(&case["category"][0]),
            numbers(&case["category_z"][0]),
        );
        assert_eq!(fleiss.categories.iter().flatten().count(), used.len());
        for (i, category) in used.into_iter().enumerate() {
            let got = fleiss.categories[category].unwrap();
            close(Tier::Direct, got.value, value[i], &what);
            close(Tier::Direct, got.z, z[i], &what);
        }
        let conger = conger_kappa(&ratings, &Weights::Unweighted, 0.95).unwrap();
        close(
            Tier::Direct,
            conger.estimate.value,
            number(&case["conger"]),
            &what,
        );
        let want = number(&case["light"]);
        match light_kappa(&ratings, &Weights::Unweighted) {
            Ok(light) => close(Tier::Direct, light, want, &what),
            Err(_) => assert!(want.is_nan(), "{what}"),
        }
    }
}

#[track_caller]
fn same(got: &ChanceCorrected, want: &Value, what: &str) {
    let want = numbers(want);
    let e = got.estimate;
    close(Tier::Direct, e.value, want[0], what);
    close(Tier::Direct, got.observed, want[2], what);
    close(Tier::Direct, got.expected, want[3], what);
    // irrCAC puts 1e-15 for a standard error of 0.
    let se = if want[1] == 1e-15 { 0.0 } else { want[1] };
    close(Tier::Direct, e.std_error.unwrap(), se, what);
    // scipy 1.12's t quantile is off by up to 2e-9 (0.995 with 3 degrees of freedom: 5.84090929975643,
    // R and this crate 5.84090930973335), so widths are compared, and as iterative ones.
    close(Tier::Iterative, e.value - e.low, want[0] - want[4], what);
    if want[5] < 1.0 {
        close(Tier::Iterative, e.high - e.value, want[5] - want[0], what);
    } else {
        assert_eq!(e.high, 1.0, "{what}");
    }
}

#[test]
fn chance_corrected_coefficients_as_irr_cac() {
    for case in json("raters_cac.json")["cases"].as_array().unwrap() {
        let raters: Vec<Vec<usize>> = case["ratings"]
            .as_array()
            .unwrap()
            .iter()
            .map(whole)
            .collect();
        let k = number(&case["k"]) as usize;
        let ratings = Ratings::new(&raters, k).unwrap();
        let counts = ratings.subject_counts();
        let level = number(&case["level"]);
        for (key, weights) in [
            ("identity", Weights::Unweighted),
            ("linear", Weights::Linear),
            ("quadratic", Weights::Quadratic),
            ("custom", Weights::Custom(rows(&case["custom"]))),
        ] {
            let what = |name: &str| format!("{name} {key} of {case}");
            let want = |name: &str| &case[format!("{name}_{key}")];
            let gwet = gwet_ac(&counts, &weights, level).unwrap();
            same(&gwet, want("gwet"), &what("gwet"));
            let conger = conger_kappa(&ratings, &weights, level).unwrap();
            same(&conger, want("conger"), &what("conger"));
            let alpha = krippendorff_alpha(&counts, &weights, level).unwrap();
            same(&alpha, want("krippendorff"), &what("krippendorff"));
            if raters.len() == 2 {
                let table = AgreementTable::from_ratings(&raters[0], &raters[1], k).unwrap();
                let e = gwet_ac2(&table, &weights, level).unwrap();
                close(Tier::Analytic, e.value, gwet.estimate.value, &what("table"));
                close(Tier::Direct, e.low, gwet.estimate.low, &what("table"));
            }
        }
        let fleiss = fleiss_kappa(&counts, level).unwrap();
        same(
            &fleiss.interval.unwrap(),
            &case["fleiss_identity"],
            &case.to_string(),
        );
        close(
            Tier::Direct,
            fleiss.value,
            number(&case["statsmodels"]),
            &case.to_string(),
        );
    }
}

/// The example of Fleiss (1971) as irr prints it: 30 patients, 6 psychiatrists.
#[test]
fn a_published_example_of_fleiss_kappa() {
    let text = text("fleiss_1971.csv");
    let mut lines = text.lines().filter(|l| !l.starts_with('#'));
    let printed: Vec<f64> = lines
        .next()
        .unwrap()
        .split(',')
        .map(|v| v.parse().unwrap())
        .collect();
    let counts: Vec<Vec<u32>> = lines
        .map(|l| l.split(',').map(|v| v.parse().unwrap()).collect())
        .collect();
    let got = fleiss_kappa(&SubjectCounts::new(&counts).unwrap(), 0.95).unwrap();
    let kappas = got.categories.iter().map(|c| c.unwrap().value);
    for (got, want) in std::iter::once(got.value).chain(kappas).zip(printed) {
        assert!((got - want).abs() <= 0.0005, "{got} {want}"); // three digits are printed
    }
}

#[test]
fn bootstrap_of_kappa_draws_what_r_draws() {
    let case = &json("raters.json")["bootstrap"];
    let bootstrap = Bootstrap::new()
        .seed(number(&case["seed"]) as u32)
        .replicates(number(&case["replicates"]) as usize);
    let (first, second) = (whole(&case["first"]), whole(&case["second"]));
    let got = kappa_bootstrap(&first, &second, 3, Weights::Unweighted, 0.95, &bootstrap).unwrap();
    let limits = numbers(&case["limits"]);
    close(
        Tier::Direct,
        got.estimate.value,
        number(&case["value"]),
        "kappa",
    );
    close(
        Tier::Direct,
        got.estimate.std_error.unwrap(),
        number(&case["sd"]),
        "sd",
    );
    close(Tier::Direct, got.estimate.low, limits[0], "low");
    close(Tier::Direct, got.estimate.high, limits[1], "high");
    assert_eq!(got.undefined, 0);
}
