//! Bootstrap validation and calibration against rms.

use super::common::*;
use super::rcs_terms;
use nomogram::{
    CalibrationPoint, Design, FastRule, FastTest, Firth, FirthCorrection, FirthElimination, Frame,
    Levels, LogisticRegression, Missing, Resamples, Selection, TermSpec, Validation,
    ValidationResult, calibrate,
};
use serde_json::Value;

/// What lrm's stopping rule (a change of -2 ln L below 0.025) leaves in a mean over resamples.
const LRM_STOP: f64 = 1e-7;

fn given_resamples(file: &str) -> Resamples {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_path(golden_path(file))
        .expect("resamples");
    let rows: Vec<Vec<usize>> = reader
        .records()
        .map(|r| {
            r.expect("row")
                .iter()
                .map(|v| v.parse().expect("index"))
                .collect()
        })
        .collect();
    Resamples::Given(
        (0..rows[0].len())
            .map(|b| rows.iter().map(|r| r[b]).collect())
            .collect(),
    )
}

fn check_validation(e: &Value, result: &ValidationResult, tolerance: f64) {
    let names: Vec<&str> = result.indices.iter().map(|i| i.name).collect();
    assert_eq!(names, strings(&e["rownames"]));
    for (i, row) in result.indices.iter().zip(matrix(e)) {
        let ours = [i.apparent, i.training, i.test, i.optimism, i.corrected];
        // lrm stops early; `validate_converged.json` is the same calculation carried through.
        all_close(i.name, &ours, &row, tolerance);
    }
}

fn check_converged(e: &Value, result: &ValidationResult) {
    let rows = strings(&golden("validate_converged.json")["rows"]);
    for (k, name) in rows.iter().enumerate() {
        let i = result.index(name).expect("index");
        close(name, i.apparent, numbers(&e["apparent"])[k], DIRECT);
        close(name, i.training, numbers(&e["training"])[k], DIRECT);
        close(name, i.test, numbers(&e["test"])[k], DIRECT);
    }
}

#[test]
fn validation_and_calibration_equal_rms() {
    let (frame, outcome) = cohort("train");
    let clinrad: Vec<TermSpec> = vec!["us_alnm".into(), "tumor_score".into(), "ln_score".into()];
    for (tag, terms) in [("clinrad", clinrad), ("rcs", rcs_terms())] {
        let g = golden(&format!("rms_synth_{tag}.json"));
        let design = Design::new(&frame, terms, Missing::Refuse).expect("design");
        let resamples = given_resamples(&format!("bootidx_synth_{tag}_seed1.csv"));
        let replicates = number(&g["B"]) as usize;
        let drawn = Resamples::R {
            seed: 1,
            replicates,
        };
        let v = Validation::new(resamples.clone())
            .fit(&design, &outcome)
            .expect("validation");
        assert_eq!((v.n_replicates, v.n_failed), (replicates, 0));
        // lrm's early stop shows above 1e-8 in the larger model only.
        let tolerance = if tag == "clinrad" {
            ITERATIVE
        } else {
            LRM_STOP
        };
        check_validation(&g["validate"], &v, tolerance);
        check_converged(&golden("validate_converged.json")[tag], &v);
        assert_eq!(
            v,
            Validation::new(drawn)
                .fit(&design, &outcome)
                .expect("validation"),
            "R's generator"
        );
        let bw = Validation::new(Resamples::R {
            seed: 1,
            replicates: 40,
        })
        .selection(Selection::Fast(FastRule::P(0.05), FastTest::Individual))
        .fit(&design, &outcome)
        .expect("validation");
        check_validation(&g["validate_bw"], &bw, tolerance);
        let c = calibrate(&design, &outcome, &resamples).expect("calibration");
        let e = &g["calibrate"];
        let get = |h: fn(&CalibrationPoint) -> f64| c.points.iter().map(h).collect::<Vec<f64>>();
        all_close(
            "predy",
            &get(|p| p.predicted),
            &numbers(&e["predy"]),
            ITERATIVE,
        );
        all_close(
            "orig",
            &get(|p| p.apparent),
            &numbers(&e["orig"]),
            ITERATIVE,
        );
        all_close(
            "corrected",
            &get(|p| p.corrected.expect("all")),
            &numbers(&e["corrected"]),
            ITERATIVE,
        );
        close("mae", c.mean_absolute_error, number(&e["mae"]), ITERATIVE);
    }
}

#[test]
fn resamples_that_keep_no_term_count_as_in_rms() {
    let (frame, outcome) = cohort("train");
    let terms = ["age", "location", "orientation"];
    let design = Design::new(&frame, terms, Missing::Refuse).expect("design");
    let all = golden("validate_null.json");
    for (case, rule, test) in [
        ("p_individual", FastRule::P(0.05), FastTest::Individual),
        ("p_residual", FastRule::P(0.05), FastTest::Residual),
        ("aic_residual", FastRule::Aic, FastTest::Residual),
        ("aic_individual", FastRule::Aic, FastTest::Individual),
    ] {
        let resamples = Resamples::R {
            seed: 3,
            replicates: 40,
        };
        let v = Validation::new(resamples)
            .selection(Selection::Fast(rule, test))
            .fit(&design, &outcome)
            .expect("validation");
        assert_eq!(v.n_replicates as f64, number(&all[case]["n"]));
        check_validation(&all[case], &v, LRM_STOP);
    }
}

#[test]
fn calibration_with_the_elimination_repeated_equals_rms() {
    let g = golden("calibrate_bw.json");
    let (frame, y) = cohort("train");
    let terms = [
        "age",
        "size",
        "margin",
        "posterior",
        "us_alnm",
        "tumor_score",
        "ln_score",
    ];
    let design = Design::new(&frame, terms, Missing::Refuse).expect("design");
    for (case, test) in [
        ("individual", FastTest::Individual),
        ("residual", FastTest::Residual),
    ] {
        let curve = Validation::new(Resamples::R {
            seed: 3,
            replicates: 60,
        })
        .selection(Selection::Fast(FastRule::P(0.05), test))
        .calibrate(&design, &y)
        .expect("curve");
        let of = |f: fn(&nomogram::CalibrationPoint) -> f64| -> Vec<f64> {
            curve.points.iter().map(f).collect()
        };
        all_close(
            "at",
            &of(|p| p.predicted),
            &numbers(&g[case]["predicted"]),
            LRM_STOP,
        );
        all_close(
            "apparent",
            &of(|p| p.apparent),
            &numbers(&g[case]["apparent"]),
            LRM_STOP,
        );
        let corrected = of(|p| p.corrected.expect("every point is reached"));
        all_close(
            "corrected",
            &corrected,
            &numbers(&g[case]["corrected"]),
            LRM_STOP,
        );
    }
}

#[test]
fn penalized_models_are_validated_where_a_sign_separates() {
    let (frame, y) = cohort("train");
    // Only patients with metastasis show the sign.
    let sign: Vec<&str> = y
        .iter()
        .enumerate()
        .map(|(i, &y)| if y && i % 5 == 0 { "Present" } else { "Absent" })
        .collect();
    let frame = frame
        .with_categorical("sign", sign, Levels::given(["Absent", "Present"]))
        .expect("frame");
    let terms = ["ln_score", "age", "sign"];
    let design = Design::new(&frame, terms, Missing::Refuse).expect("design");
    let resamples = Resamples::R {
        seed: 1,
        replicates: 40,
    };
    let plain = Validation::new(resamples.clone()).fit(&design, &y);
    assert!(matches!(plain, Err(nomogram::Error::Separation { .. })));
    let strategy = |stay| {
        Selection::Firth(
            FirthElimination::new(stay).firth(Firth::new().correction(FirthCorrection::Flic)),
        )
    };
    let all = Validation::new(resamples.clone()).selection(strategy(1.0));
    let result = all.fit(&design, &y).expect("validation");
    assert_eq!((result.n_replicates, result.n_failed), (40, 0));
    assert_eq!(result.kept_counts, [40, 40, 40]);
    assert!(result.auc_corrected < result.auc);
    // Index by index from the library's own Firth fits, resample by resample.
    let mut slope = 0.0;
    for rows in draws(1, 40, y.len()) {
        let y_rows: Vec<bool> = rows.iter().map(|&r| y[r]).collect();
        let sample =
            Design::new(&frame.select_rows(&rows), terms, Missing::Refuse).expect("design");
        let fit = Firth::new()
            .correction(FirthCorrection::Flic)
            .fit(&sample, &y_rows)
            .expect("fit");
        let lp: Vec<f64> = fit
            .model()
            .predict_frame(&frame, 0.95)
            .expect("risks")
            .iter()
            .map(|p| p.linear_predictor)
            .collect();
        let again = Frame::new().with_numeric("lp", lp).expect("frame");
        let again = Design::new(&again, ["lp"], Missing::Refuse).expect("design");
        let again = LogisticRegression::new()
            .fit(&again, &y)
            .expect("recalibration");
        slope += again.coefficients[1].estimate / 40.0;
    }
    close(
        "test slope",
        result.index("Slope").expect("slope").test,
        slope,
        ITERATIVE,
    );
    let fewer = Validation::new(resamples).selection(strategy(0.05));
    let result = fewer.fit(&design, &y).expect("validation");
    assert_eq!(result.kept.first(), Some(&0));
    assert_eq!(result.kept_counts[2], 40);
    assert!(fewer.calibrate(&design, &y).is_ok());
}

/// The rows of R's resamples.
fn draws(seed: u32, replicates: usize, n: usize) -> Vec<Vec<usize>> {
    let mut rng = eval_stats::r_rng::RRng::new(seed);
    (0..replicates)
        .map(|_| rng.sample_with_replacement(n, n))
        .collect()
}
