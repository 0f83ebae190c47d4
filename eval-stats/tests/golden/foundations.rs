//! Distribution functions, random numbers, quantiles, ticks, proportions.

use eval_stats::folds::Folds;
use eval_stats::pretty::pretty;
use eval_stats::proportion::{Proportion, ProportionMethod};
use eval_stats::quantile::{QuantileType, quantile};
use eval_stats::r_rng::{RRng, Sampling};
use eval_stats::special;

use crate::common::*;

/// Fifty-digit arithmetic. Tails down to 1e-300 lose digits in proportion to their logarithm.
#[test]
fn distribution_functions() {
    let lines = text("special.txt");
    assert!(lines.lines().count() > 600);
    for line in lines.lines() {
        let mut fields = line.split_whitespace();
        let name = fields.next().unwrap();
        let a: Vec<f64> = fields.map(|v| v.parse().unwrap()).collect();
        let want = *a.last().unwrap();
        let got = match name {
            "pnorm" => special::normal_cdf(a[0]),
            "lnsf" => special::ln_normal_sf(a[0]),
            "qnorm" => special::normal_quantile(a[0]),
            "chisq_sf" => special::chi_squared_sf(a[0], a[1]),
            "chisq_cdf" => special::chi_squared_cdf(a[0], a[1]),
            "chisq_q" => special::chi_squared_quantile(a[0], a[1]),
            "t2" => special::t_two_sided(a[0], a[1]),
            "t_q" => special::t_quantile(a[0], a[1]),
            "f_sf" => special::f_sf(a[0], a[1], a[2]),
            "f_cdf" => special::f_cdf(a[0], a[1], a[2]),
            "f_q" => special::f_quantile(a[0], a[1], a[2]),
            "beta_cdf" => special::beta_cdf(a[0], a[1], a[2]),
            "beta_q" => special::beta_quantile(a[0], a[1], a[2]),
            other => panic!("unknown function {other}"),
        };
        let tolerance = match name {
            "pnorm" | "lnsf" | "qnorm" => 1e-15,
            _ if name.ends_with("_q") => 1e-14,
            _ => 3e-14 + 3e-16 * want.ln().abs(),
        };
        assert!(
            (got - want).abs() <= tolerance * want.abs(),
            "{line}: got {got:e}, relative {:e}",
            (got / want - 1.0).abs()
        );
    }
}

/// Quadrature at 40 digits: degrees of freedom 0.1 to 1e9, shapes to 1e8, tails far beyond 1e-300.
#[test]
fn tails_over_wide_parameters() {
    let lines = text("special_tails.txt");
    assert!(lines.lines().count() > 600);
    for line in lines.lines() {
        let mut fields = line.split_whitespace();
        let name = fields.next().unwrap();
        let a: Vec<f64> = fields.map(|v| v.parse().unwrap()).collect();
        let want = *a.last().unwrap();
        let got = match name {
            "ln_chisq_sf" => special::ln_chi_squared_sf(a[0], a[1]),
            "chisq_cdf" => special::chi_squared_cdf(a[0], a[1]),
            "ln_t2" => special::ln_t_two_sided(a[0], a[1]),
            "ln_f_sf" => special::ln_f_sf(a[0], a[1], a[2]),
            "f_cdf" => special::f_cdf(a[0], a[1], a[2]),
            "beta_cdf" => special::beta_cdf(a[0], a[1], a[2]),
            "beta_sf" => special::beta_sf(a[0], a[1], a[2]),
            other => panic!("unknown function {other}"),
        };
        // A logarithm must be right to 1e-8 of the p-value, and cannot be righter than itself.
        let tolerance = match name.starts_with("ln_") {
            true => 1e-10 + 4.0 * f64::EPSILON * want.abs(),
            false => 1e-10 * want,
        };
        assert!((got - want).abs() <= tolerance, "{line}: got {got:e}");
    }
}

fn printed(values: &serde_json::Value) -> Vec<f64> {
    let parsed = |v: &serde_json::Value| v.as_str().unwrap().parse().unwrap();
    values.as_array().unwrap().iter().map(parsed).collect()
}

#[test]
fn random_numbers_of_many_seeds() {
    let golden = json("rng.json");
    let sizes = numbers(&golden["sizes"]);
    for case in golden["seeds"].as_array().unwrap() {
        let seed = number(&case["seed"]) as i32;
        let rng = || RRng::from_signed(seed);
        let (mut uniform, mut normal, mut later) = (rng(), rng(), rng());
        for want in printed(&case["runif"]) {
            assert_eq!(uniform.uniform(), want, "{seed}");
        }
        for want in printed(&case["rnorm"]) {
            close(Tier::Analytic, normal.normal(), want, "rnorm");
        }
        for _ in 0..2000 {
            later.uniform();
        }
        for want in printed(&case["after"]) {
            assert_eq!(later.uniform(), want, "{seed}");
        }
        for (sampling, kind) in [
            (Sampling::Rejection, "Rejection"),
            (Sampling::Rounding, "Rounding"),
        ] {
            let golden = &case["kinds"][kind];
            let rng = || rng().with_sampling(sampling);
            let same = |got: Vec<usize>, want: &serde_json::Value| {
                let got: Vec<f64> = got.into_iter().map(|i| i as f64 + 1.0).collect();
                assert_eq!(got, numbers(want), "{seed} {kind}");
            };
            for (&n, want) in sizes.iter().zip(golden["sizes"].as_array().unwrap()) {
                same(rng().sample_with_replacement(n as usize, 3), want);
            }
            same(rng().permutation(37), &golden["permutation"]);
            same(
                rng().sample_without_replacement(100_000, 10),
                &golden["some"],
            );
            same(
                rng().sample_without_replacement(30_000_000, 20),
                &golden["distinct"],
            );
            same(
                rng().sample_without_replacement(10_000_001, 10),
                &golden["boundary"],
            );
        }
        let folds = Folds::random(23, 5, seed.cast_unsigned()).unwrap();
        let got: Vec<f64> = folds.assignment.iter().map(|&f| f as f64 + 1.0).collect();
        assert_eq!(got, numbers(&case["folds"]), "{seed}");
    }
}

#[test]
fn random_numbers_of_r() {
    let h = json("helpers.json");
    let expected = &h["rng42"];
    let mut rng = RRng::new(42);
    for want in numbers(&expected["runif"]) {
        assert_eq!(rng.uniform(), want);
    }
    let mut rng = RRng::new(42);
    for want in numbers(&expected["rnorm"]) {
        close(Tier::Analytic, rng.normal(), want, "rnorm");
    }
    let one_based = |v: Vec<usize>| v.iter().map(|i| (i + 1) as f64).collect::<Vec<_>>();
    let mut rng = RRng::new(42);
    assert_eq!(
        one_based(rng.permutation(10)),
        numbers(&expected["sample10"])
    );
    let mut rng = RRng::new(42);
    assert_eq!(
        one_based(rng.sample_with_replacement(117, 20)),
        numbers(&expected["sample117"])
    );
}

#[test]
fn bootstrap_indices_of_r() {
    let file = text("rmda_bootidx_internal_seed123.csv");
    let rows: Vec<Vec<usize>> = file
        .lines()
        .map(|l| l.split(',').map(|v| v.trim().parse().unwrap()).collect())
        .collect();
    let mut rng = RRng::new(123);
    for replicate in 0..rows[0].len() {
        for (i, row) in rows.iter().enumerate() {
            assert_eq!(
                rng.index(rows.len()),
                row[replicate],
                "row {i}, {replicate}"
            );
        }
    }
}

#[test]
fn quantiles_of_all_types() {
    use QuantileType::*;
    let h = json("helpers.json");
    let x = numbers(&h["quantile_x"]);
    let p = [0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975];
    let types = [
        Type1, Type2, Type3, Type4, Type5, Type6, Type7, Type8, Type9,
    ];
    for (kind, want) in types
        .into_iter()
        .zip(h["quantile_types"].as_array().unwrap())
    {
        for (p, want) in p.into_iter().zip(numbers(want)) {
            let got = quantile(&x, p, kind).unwrap();
            assert!((got - want).abs() <= 1e-14, "{kind:?} {p}: {got} {want}");
        }
    }
}

#[test]
fn ticks() {
    let h = json("helpers.json");
    for case in h["pretty"].as_array().unwrap() {
        let (low, high) = (number(&case["lo"]), number(&case["hi"]));
        let got = pretty(low, high, number(&case["n"]) as usize);
        let want = numbers(&case["pretty"]);
        assert_eq!(got.len(), want.len(), "{case}");
        for (g, w) in got.into_iter().zip(want) {
            assert!(
                (g - w).abs() <= 1e-15 * w.abs().max(high.abs()),
                "{case}: {g}"
            );
        }
    }
}

#[test]
fn binomial_intervals() {
    use ProportionMethod::*;
    let cases = json("binomial_ci.json");
    for (name, case) in cases.as_object().unwrap() {
        let (x, n) = (number(&case["x"]) as u64, number(&case["n"]) as u64);
        let rows = case["hmisc_all"]["data"].as_array().unwrap();
        assert_eq!(rows.len(), 3);
        for (method, want) in [
            (ClopperPearson, numbers(&case["cp"])),
            (Wilson, numbers(&case["wilson"])),
            (WilsonCorrected, numbers(&case["wilson_cc"])),
            (ClopperPearson, numbers(&rows[0])[1..].to_vec()),
            (Wilson, numbers(&rows[1])[1..].to_vec()),
            (Wald, numbers(&rows[2])[1..].to_vec()),
        ] {
            let p = Proportion::new(x, n, 0.95, method).unwrap();
            close(
                Tier::Direct,
                p.low,
                want[0].max(0.0),
                &format!("{name} {method} low"),
            );
            close(
                Tier::Direct,
                p.high,
                want[1].min(1.0),
                &format!("{name} {method} high"),
            );
        }
    }
}

/// Limits by the definition: the tails at Jeffreys' limits, Agresti-Coull by hand.
#[test]
fn intervals_without_a_golden_meet_their_definition() {
    let p = Proportion::new(41, 54, 0.95, ProportionMethod::Jeffreys).unwrap();
    close(
        Tier::Direct,
        special::beta_cdf(p.low, 41.5, 13.5),
        0.025,
        "low tail",
    );
    close(
        Tier::Direct,
        special::beta_sf(p.high, 41.5, 13.5),
        0.025,
        "high tail",
    );
    let p = Proportion::new(41, 54, 0.95, ProportionMethod::AgrestiCoull).unwrap();
    let z2: f64 = 3.841_458_820_694_124; // chi-square quantile, 0.95
    let (m, q) = (54.0 + z2, (41.0 + z2 / 2.0) / (54.0 + z2));
    let half = (z2 * q * (1.0 - q) / m).sqrt();
    close(Tier::Analytic, p.low, q - half, "low");
    close(Tier::Analytic, p.high, q + half, "high");
}
