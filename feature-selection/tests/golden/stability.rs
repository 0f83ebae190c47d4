//! Stability selection against glmnet in the same halves, its bounds against stabs, the index against its authors' program.

use super::common::{Csv, Worst, golden_path, indices, json, number, numbers};
use feature_selection::lasso::{ElasticNet, Samples};
use feature_selection::stability::{
    Assumption, BaseLearner, FalseSelectionBound, LambdaGrid, StabilityFit, StabilitySelection,
    stability_index,
};
use serde_json::Value;

fn grid(case: &Value, net: ElasticNet) -> StabilitySelection {
    StabilitySelection::with(BaseLearner::ElasticNetGrid {
        net: Box::new(net),
        lambdas: LambdaGrid::Given(numbers(&case["lambda"])),
    })
}

fn same_counts(fit: &StabilityFit, case: &Value, what: &str) {
    let expected: Vec<Vec<usize>> = case["counts"]
        .as_array()
        .expect("a list per lambda")
        .iter()
        .map(indices)
        .collect();
    assert!(expected.iter().flatten().any(|&c| c > 0));
    assert_eq!(fit.counts, expected, "{what}");
    let largest = |j: usize| expected.iter().map(|row| row[j]).max().unwrap();
    for (j, probability) in fit.probability.iter().enumerate() {
        assert_eq!(*probability, largest(j) as f64 / 24.0, "{what} {j}");
    }
}

#[test]
fn counts_equal_those_of_glmnet_in_the_same_halves() {
    let golden = json(golden_path("stability/frequencies.json"));
    let data = Csv::read(golden_path("small120.csv"));
    let table = data.table(5);
    let halves: Vec<Vec<usize>> = golden["halves"]
        .as_array()
        .unwrap()
        .iter()
        .map(indices)
        .collect();
    let (events, values) = (data.outcome("yb"), data.column("yc"));
    let binary = Samples::binary(&table, &events).unwrap();
    let continuous = Samples::continuous(&table, values).unwrap();
    let weighted = binary.clone().with_weights(data.column("w")).unwrap();
    for (name, samples, net) in [
        ("binomial", &binary, ElasticNet::new()),
        ("weighted", &weighted, ElasticNet::new()),
        ("gaussian", &continuous, ElasticNet::new()),
        ("elastic_net", &binary, ElasticNet::new().alpha(0.5)),
    ] {
        let case = &golden[name];
        let fit = grid(case, net).fit_on(samples, &halves).unwrap();
        same_counts(&fit, case, name);
    }
    for case in golden["first"].as_array().unwrap() {
        let samples = match case["family"].as_str().unwrap() {
            "binomial" => &binary,
            _ => &continuous,
        };
        let selection = StabilitySelection::first(number(&case["q"]) as usize);
        let fit = selection.fit_on(samples, &halves).unwrap();
        same_counts(&fit, case, &format!("first {}", case["q"]));
    }
}

#[test]
fn bounds_cutoffs_and_sizes_equal_those_of_stabs() {
    let mut reader = csv::Reader::from_path(golden_path("stability/bounds.csv")).unwrap();
    let (mut worst, mut asked, mut refused) = (Worst::default(), 0, 0);
    for record in reader.records() {
        let record = record.unwrap();
        let given = |i: usize| record[i].parse::<f64>().ok();
        let assumption = match &record[0] {
            "none" => Assumption::None,
            "unimodal" => Assumption::Unimodal,
            _ => Assumption::RConcave,
        };
        let p: usize = record[1].parse().unwrap();
        let bound = FalseSelectionBound::new(p, assumption, record[2].parse().unwrap()).unwrap();
        let at = || record.iter().collect::<Vec<_>>().join(",");
        let (cutoff, q, pfer) = (given(3), given(4), given(5));
        let found = match (cutoff, q, pfer) {
            (Some(c), Some(q), None) => bound.expected(q, c).map(|e| (c, q, e)),
            (None, Some(q), Some(e)) => bound.cutoff(q, e).map(|f| (f.cutoff, f.q, f.bound)),
            (Some(c), None, Some(e)) => bound.size(c, e).map(|f| (f.cutoff, f.q, f.bound)),
            _ => panic!("{}", at()),
        };
        let expected = (given(6), given(7), given(8));
        // What stabs refuses is refused here. Asked for a bound that nothing reaches, stabs answers with the nearest setting; here that is an error.
        let reached = |e: f64| expected.2.is_some_and(|b| b > 0.0 && b <= e * (1.0 + 1e-9));
        let out_of_reach = pfer.is_some_and(|e| !reached(e));
        match (expected, found) {
            ((_, Some(size), _), Ok(found))
                if q.is_none() && 3.0 * size * size > (p * p) as f64 =>
            {
                // stabs goes on where the theorem for unimodal shares ends.
                assert_eq!(assumption, Assumption::Unimodal);
                assert!(3.0 * found.1 * found.1 <= (p * p) as f64);
            }
            ((Some(c), Some(size), Some(e)), Ok(found)) if !out_of_reach => {
                asked += 1;
                worst.see(found.0, c, 1e-300, at);
                worst.see(found.1, size, 1e-300, at);
                // stabs takes a tail as one less a quotient, which leaves 5e-15 of it.
                worst.see(found.2, e, 1e-5 * p as f64, at);
            }
            (_, Err(_)) if out_of_reach || expected.2.is_none() => refused += 1,
            (_, found) => panic!("{}: {found:?}", at()),
        }
    }
    println!("{asked} answers, {refused} refusals");
    assert!(asked > 300 && refused > 20);
    worst.at_most(1e-9, "bounds");
}

#[test]
fn the_index_equals_that_of_its_authors() {
    let cases = json(golden_path("stability/index.json"));
    let (mut value, mut kuncheva) = (Worst::default(), 0);
    for (i, case) in cases.as_array().unwrap().iter().enumerate() {
        let sets: Vec<Vec<usize>> = case["sets"]
            .as_array()
            .unwrap()
            .iter()
            .map(indices)
            .collect();
        let index = stability_index(&sets, number(&case["d"]) as usize, 0.95).unwrap();
        for (name, found) in [
            ("value", index.value),
            ("variance", index.standard_error.powi(2)),
            ("lower", index.ci_low),
            ("upper", index.ci_high),
        ] {
            // The floor is for an index or a limit near 0 and a variance of sets that are all alike.
            value.see(found, number(&case[name]), 1e-3, || format!("{i} {name}"));
        }
        assert_eq!(index.kuncheva.is_some(), !case["kuncheva"].is_null(), "{i}");
        if let Some(found) = index.kuncheva {
            kuncheva += 1;
            value.see(found, number(&case["kuncheva"]), 1e-3, || {
                format!("{i} kuncheva")
            });
        }
    }
    assert!(kuncheva > 10);
    value.at_most(1e-11, "stability index");
}
