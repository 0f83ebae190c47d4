//! ROC curves, AUC and its intervals, DeLong, cut-offs. References: pROC 1.18.0.

use eval_stats::auc_interval;
use eval_stats::bootstrap::{Bootstrap, CurveMeasure, compare_paired, stratified_aucs};
use eval_stats::confusion::{ConfusionMatrix, Threshold};
use eval_stats::cutoff::{self, Criterion};
use eval_stats::delong;
use eval_stats::precision_recall::{PrecisionRecallCurve, PrecisionRecallPoint};
use eval_stats::quantile::{QuantileType, quantile};
use eval_stats::roc::{PartialAxis, RocCurve, auc};
use eval_stats::{Direction, Scored};

use crate::common::*;

fn scored(set: &str, model: &str) -> Scored {
    let (p, y) = predictions(set, model);
    Scored::new(&p, &y).unwrap()
}

#[test]
fn auc_and_delong_interval() {
    let golden = json("roc_synth.json");
    for set in SETS {
        for case in golden[set]["models"].as_array().unwrap() {
            let model = case["model"].as_str().unwrap();
            let got = delong::auc(&scored(set, model), 0.95).unwrap();
            let ci = numbers(&case["ci"]);
            close(Tier::Analytic, got.value, number(&case["auc"]), model);
            close(Tier::Direct, got.low, ci[0], model);
            close(Tier::Direct, got.high, ci[2], model);
        }
    }
}

#[test]
fn delong_paired() {
    let golden = json("roc_synth.json");
    for set in SETS {
        let new = scored(set, "clinrad");
        for case in golden[set]["delong"].as_array().unwrap() {
            let old = scored(set, case["vs"].as_str().unwrap());
            let got = delong::compare_paired(&new, &old, 0.95).unwrap();
            let what = format!("{set} {}", case["vs"]);
            let ci = numbers(&case["ci"]);
            close(Tier::Direct, got.statistic, number(&case["stat"]), &what);
            close(Tier::PValue, got.p, number(&case["p"]), &what);
            close(Tier::Direct, got.log10_p, number(&case["p"]).log10(), &what);
            close(Tier::Direct, got.low, ci[0], &what);
            close(Tier::Direct, got.high, ci[1], &what);
        }
    }
}

#[test]
fn delong_unpaired() {
    let golden = json("extra_r.json");
    for model in MODELS {
        let case = &golden["unpaired"][model];
        let (a, b) = (scored("internal", model), scored("external", model));
        let got = delong::compare_unpaired(&a, &b, 0.95).unwrap();
        close(Tier::Direct, got.statistic, number(&case["stat"]), model);
        close(Tier::Direct, got.df.unwrap(), number(&case["df"]), model);
        close(Tier::PValue, got.p, number(&case["p"]), model);
    }
}

#[test]
fn delong_covariance() {
    let golden = &json("extra_r.json")["cov"];
    let [a, b, c] = ["clinical", "clinrad", "ln"].map(|m| scored("train", m));
    let got = delong::covariance(&[&a, &b, &c]).unwrap();
    let var = numbers(&golden["var"]);
    for (k, want) in var.into_iter().enumerate() {
        close(Tier::Direct, got.covariance[k][k], want, "variance");
    }
    for ((i, j), name) in [((0, 1), "ab"), ((0, 2), "ac"), ((1, 2), "bc")] {
        close(
            Tier::Direct,
            got.covariance[i][j],
            number(&golden[name]),
            name,
        );
    }
    // With two models the joint test is the square of the paired one.
    let pair = delong::covariance(&[&a, &b]).unwrap().test_equal().unwrap();
    let z = delong::compare_paired(&a, &b, 0.95).unwrap();
    close(
        Tier::Direct,
        pair.chi_squared,
        z.statistic * z.statistic,
        "z²",
    );
    close_p(pair.p, z.p, "p");
    assert_eq!(got.test_equal().unwrap().df, 2);
}

#[test]
fn degenerate_curves() {
    let golden = json("roc_edge.json");
    let s = Scored::new(&[1.0; 4], &[false, false, true, true]).unwrap();
    let tied = delong::auc(&s, 0.95).unwrap();
    assert_eq!([tied.low, tied.value, tied.high], [0.5; 3]);
    assert_eq!(numbers(&golden["all_tied"]["ci"]), [0.5; 3]);
    let y = [false, false, false, true, true, true];
    let s = Scored::new(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], &y).unwrap();
    let perfect = delong::auc(&s, 0.95).unwrap();
    assert_eq!([perfect.low, perfect.value, perfect.high], [1.0; 3]);
    assert_eq!(numbers(&golden["perfect"]["ci"]), [1.0; 3]);
    let s = Scored::new(&[6.0, 5.0, 3.0, 4.0, 2.0, 1.0], &y).unwrap();
    close(
        Tier::Analytic,
        auc(&s),
        number(&golden["flipped"]["forced"]),
        "flipped",
    );
}

#[test]
fn curve_points() {
    let golden = &json("extra_r.json")["roc_clinical_internal"];
    let roc = RocCurve::new(&scored("internal", "clinical"));
    let thresholds = numbers(&golden["thresholds"]);
    let (se, sp) = (numbers(&golden["se"]), numbers(&golden["sp"]));
    assert_eq!(roc.points.len(), thresholds.len());
    for (i, p) in roc.points.iter().enumerate() {
        close(Tier::Analytic, p.threshold, thresholds[i], "threshold");
        close(Tier::Analytic, p.sensitivity, se[i], "sensitivity");
        close(Tier::Analytic, p.specificity, sp[i], "specificity");
    }
}

#[test]
fn partial_areas() {
    for case in json("extra_r.json")["partial"].as_array().unwrap() {
        let roc = RocCurve::new(&scored("external", case["model"].as_str().unwrap()));
        let axis = match case["focus"].as_str().unwrap() {
            "specificity" => PartialAxis::Specificity,
            _ => PartialAxis::Sensitivity,
        };
        let (from, to) = (number(&case["from"]), number(&case["to"]));
        let got = roc.partial_auc(axis, from, to).unwrap();
        close(
            Tier::Direct,
            got.value,
            number(&case["value"]),
            &case.to_string(),
        );
        let corrected = number(&case["corrected"]);
        close(
            Tier::Direct,
            got.corrected.unwrap(),
            corrected,
            &case.to_string(),
        );
    }
}

#[test]
fn cutoffs_are_found_on_training_and_applied_elsewhere() {
    let golden = json("roc_synth.json");
    for set in SETS {
        for case in golden[set]["conf"].as_array().unwrap() {
            let model = case["model"].as_str().unwrap();
            let train = RocCurve::new(&scored("train", model));
            let cut = cutoff::find(&train, Criterion::Youden).unwrap();
            close(Tier::Analytic, cut.threshold, number(&case["cut"]), model);
            let got = cut.apply(&scored(set, model));
            let want = ["TP", "FP", "FN", "TN"].map(|k| number(&case[k]) as u64);
            assert_eq!([got.tp, got.fp, got.fn_, got.tn], want, "{set} {model}");
            let at =
                ConfusionMatrix::at_threshold(&scored(set, model), cut.threshold, Threshold::Ge);
            assert_eq!(at, got);
        }
    }
}

#[test]
fn cutoff_criteria() {
    for (name, case) in json("extra_r.json")["coords"].as_object().unwrap() {
        let (set, model) = name.split_once(' ').unwrap();
        let roc = RocCurve::new(&scored(set, model));
        let found = |criterion, key: &str| {
            let got = cutoff::find(&roc, criterion).unwrap();
            let want = &case[key];
            close(
                Tier::Analytic,
                got.threshold,
                number(&want["threshold"]),
                name,
            );
            close(
                Tier::Analytic,
                got.sensitivity,
                number(&want["sensitivity"]),
                name,
            );
            close(
                Tier::Analytic,
                got.specificity,
                number(&want["specificity"]),
                name,
            );
            got
        };
        let youden = found(Criterion::Youden, "youden");
        close(
            Tier::Direct,
            youden.value + 1.0,
            number(&case["youden"]["youden"]),
            name,
        );
        assert_eq!(youden.tied.len() as f64, number(&case["n_youden"]));
        let corner = found(Criterion::ClosestToCorner, "topleft");
        close(
            Tier::Direct,
            corner.value,
            number(&case["topleft"]["closest.topleft"]),
            name,
        );
        let weighted = Criterion::WeightedYouden {
            cost: 2.0,
            prevalence: 0.2,
        };
        found(weighted, "weighted");
    }
}

#[test]
fn bootstrap_with_the_generator_of_r() {
    let golden = json("extra_r.json");
    for (model, want) in golden["boot_ci"].as_object().unwrap() {
        let s = scored("prospective", model);
        let settings = Bootstrap::new().replicates(200).seed(11);
        let got = auc_interval::bootstrap(&s, &settings, 0.95).unwrap();
        let want = numbers(want);
        close(Tier::Direct, got.low, want[0], model);
        close(Tier::Direct, got.high, want[2], model);
        let aucs: Vec<f64> = stratified_aucs(&[&s], &settings)
            .unwrap()
            .iter()
            .map(|r| r[0])
            .collect();
        let median = quantile(&aucs, 0.5, QuantileType::Type7).unwrap();
        close(Tier::Direct, median, want[1], model);
    }
    let settings = Bootstrap::new().replicates(200).seed(5);
    let (a, b) = (
        scored("prospective", "clinrad"),
        scored("prospective", "tumor"),
    );
    let got = compare_paired(&a, &b, CurveMeasure::Auc, &settings, 0.95).unwrap();
    close(
        Tier::Direct,
        got.statistic,
        number(&golden["boot_test"]["stat"]),
        "D",
    );
    close(Tier::PValue, got.p, number(&golden["boot_test"]["p"]), "p");
}

/// AUCs on a grid of 1e-4 whose interval rounds to the published one, by an independent
/// implementation (which took 1.96 for the normal quantile).
#[test]
fn published_intervals_fit_the_binomial_exact_method() {
    let sizes = |set: &str| match set {
        "train" => (272, 421),
        "internal" => (72, 106),
        "external" => (123, 222),
        _ => (54, 117),
    };
    let mut exact_fits = 0;
    for case in json("paper_auc_ci_check.json").as_array().unwrap() {
        let (n1, n) = sizes(case["set"].as_str().unwrap());
        let (auc, low, high) = (
            number(&case["auc"]),
            number(&case["lo"]),
            number(&case["hi"]),
        );
        let range = |limits: &dyn Fn(f64) -> (f64, f64)| {
            let fits: Vec<f64> = (-50..=50)
                .map(|k| auc + f64::from(k) * 1e-4)
                .filter(|&a| {
                    let (l, h) = limits(a);
                    (l - low).abs() <= 0.00501 && (h - high).abs() <= 0.00501
                })
                .collect();
            fits.first().map(|&first| [first, fits[fits.len() - 1]])
        };
        let compare = |got: Option<[f64; 2]>, key: &str, tolerance: f64| match got {
            None => assert!(case[key].is_null(), "{key} {case}"),
            Some(got) => {
                for (g, w) in got.into_iter().zip(numbers(&case[key])) {
                    assert!((g - w).abs() <= tolerance, "{key} {case}: {g}");
                }
            }
        };
        let exact = range(&|a| auc_interval::binomial_exact_limits(a, n, 0.95).unwrap());
        exact_fits += usize::from(exact.is_some());
        compare(exact, "clopper_pearson_auc_range", 1e-9);
        let hanley = |a| auc_interval::hanley_mcneil_limits(a, n1, n - n1, 0.95).unwrap();
        compare(range(&hanley), "hanley_mcneil_auc_range", 1.01e-4);
    }
    assert_eq!(exact_fits, 15);
}

#[test]
fn precision_recall_areas() {
    let golden = json("precision_recall.json");
    for (name, case) in golden["cases"].as_object().unwrap() {
        let (set, model) = name.split_once(' ').unwrap();
        let got = PrecisionRecallCurve::new(&scored(set, model));
        let want = number(&case["average_precision"]);
        close(Tier::Direct, got.average_precision, want, name);
        let want = number(&case["interpolated"]);
        close(Tier::Direct, got.interpolated_area, want, name);
    }
}

#[test]
fn precision_recall_areas_with_ties() {
    let golden = json("precision_recall_ties.json");
    for case in golden["cases"].as_array().unwrap() {
        let outcomes: Vec<bool> = numbers(&case["y"]).iter().map(|&y| y == 1.0).collect();
        let direction = match case["direction"].as_str().unwrap() {
            "higher" => Direction::HigherIsEvent,
            _ => Direction::LowerIsEvent,
        };
        let s = Scored::directed(&numbers(&case["scores"]), &outcomes, direction).unwrap();
        let got = PrecisionRecallCurve::new(&s);
        let what = case["name"].as_str().unwrap();
        let want = number(&case["average_precision"]);
        close(Tier::Direct, got.average_precision, want, what);
        let want = number(&case["interpolated"]);
        close(Tier::Direct, got.interpolated_area, want, what);
        // scikit-learn leaves out the points after full recall.
        for (field, of) in [
            (
                "precision",
                (|p| p.precision) as fn(&PrecisionRecallPoint) -> f64,
            ),
            ("recall", |p| p.recall),
        ] {
            for (p, want) in got.points.iter().zip(numbers(&case[field])) {
                close(Tier::Analytic, of(p), want, what);
            }
        }
    }
}
