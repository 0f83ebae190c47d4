//! External validation against rms::val.prob, pROC and glm.

use super::common::*;
use eval_stats::calibration::{LoessSurface, Smoother};
use nomogram::{
    Cohort, Convergence, Design, Error, ExternalCohort, ExternalValidation, Missing, RiskModel,
};
use serde_json::Value;

/// `val.prob` fits with `lrm.fit`, which stops early.
const LRM_STOP: f64 = 1e-7;
const SETS: [&str; 3] = ["internal", "external", "prospective"];

fn model() -> RiskModel {
    super::fit(&["us_alnm", "tumor_score", "ln_score"], Convergence::Exact)
        .model()
        .expect("model")
}

#[test]
fn external_validation_equals_val_prob_and_proc() {
    let g = golden("external.json");
    let cohorts = SETS.map(cohort);
    let named: Vec<Cohort<'_>> = SETS
        .iter()
        .zip(&cohorts)
        .map(|(name, (frame, outcome))| Cohort {
            name,
            frame,
            outcome,
        })
        .collect();
    let table = ExternalValidation::new()
        .smoother(Smoother::Loess(LoessSurface::RInterpolate))
        .table(&model(), &named)
        .expect("table");
    assert_eq!(g["sets"].as_object().expect("sets").len(), SETS.len());
    for (found, name) in table.cohorts.iter().zip(SETS) {
        assert_eq!(found.name, name);
        check_cohort(found, &g["sets"][name]);
        let names = strings(&g["val_prob_names"]);
        let values = numbers(&g["sets"][name]["val_prob"]);
        for ((ours, value), (theirs, expected)) in
            found.val_prob.iter().zip(names.iter().zip(values))
        {
            assert_eq!(ours, theirs);
            // R has no value where a tail is below its reach.
            if expected.is_finite() {
                // This lrm rounds risks to 1/5000 for its C.
                let tolerance = match ours {
                    "Dxy" | "C (ROC)" => 2e-3,
                    _ => LRM_STOP,
                };
                close(ours, value, expected, tolerance);
            }
        }
    }
}

fn check_cohort(found: &ExternalCohort, e: &Value) {
    let r = &found.recalibration;
    assert_eq!(found.n as f64, numbers(&e["n"])[0]);
    assert_eq!(found.n_events as f64, numbers(&e["n_events"])[0]);
    let auc = [found.auc.value, found.auc.low, found.auc.high];
    all_close("auc", &auc, &numbers(&e["auc"]), DIRECT);
    let z = 1.959963984540054;
    let with_se = |name: &str, ours: &eval_stats::Estimate, value: f64, se: f64| {
        close(name, ours.value, value, ITERATIVE);
        close(name, ours.low, value - z * se, ITERATIVE);
        close(name, ours.high, value + z * se, ITERATIVE);
    };
    with_se(
        "in the large",
        &r.in_the_large,
        numbers(&e["large"])[0],
        numbers(&e["large_se"])[0],
    );
    for (name, ours) in [("intercept", &r.intercept), ("slope", &r.slope)] {
        let expected = numbers(&e[name]);
        with_se(name, ours, expected[0], expected[1]);
    }
    close(
        "O/E",
        r.observed_expected.value,
        numbers(&e["oe"])[0],
        DIRECT,
    );
    let brier = found.accuracy.scaled_brier;
    close(
        "scaled Brier",
        brier,
        numbers(&e["scaled_brier"])[0],
        DIRECT,
    );
    let off = &found.errors;
    let errors = [off.ici, off.e50, off.e90, off.emax];
    all_close("errors", &errors, &numbers(&e["errors"]), ITERATIVE);
}

#[test]
fn a_cohort_that_cannot_be_scored_is_named() {
    let (frame, outcome) = cohort("internal");
    let settings = ExternalValidation::new();
    let all_events = vec![true; outcome.len()];
    let error = settings
        .cohort("A", &model(), &frame, &all_events)
        .expect_err("one class");
    assert!(
        matches!(&error, Error::Cohort { cohort, .. } if cohort == "A"),
        "{error}"
    );
    let error = settings
        .cohort("A", &model(), &frame, &outcome[1..])
        .expect_err("a row is missing");
    assert!(matches!(error, Error::RowCount { expected, found, .. } if expected == found + 1));
    // A design that lacks a predictor of the model.
    let other = nomogram::Frame::new()
        .with_numeric("tumor_score", vec![0.0; outcome.len()])
        .expect("frame");
    assert!(Design::new(&other, ["ln_score"], Missing::Refuse).is_err());
    let error = settings
        .cohort("A", &model(), &other, &outcome)
        .expect_err("predictors are missing");
    assert!(matches!(error, Error::UnknownColumn { .. }), "{error}");
}
