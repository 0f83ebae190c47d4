//! What must hold for any data, and what must be refused.

mod common;

use common::{ANALYTIC, PREDICTORS, close, cohort};
use nomogram::{
    AxisPosition, BackwardElimination, Convergence, Criterion, Design, Divergence, Error,
    FewEvents, Firth, FirthCorrection, Frame, Kind, Levels, LogisticRegression, Missing, Nomogram,
    NomogramSettings, Patient, ProfileMethod, Resamples, RiskModel, RowEffect, SeparationKind,
    TermSpec, TermTest, Validation, univariable,
};
use proptest::prelude::*;

/// A table with overlap guaranteed: the outcome depends on x and g with much noise.
fn table(seed: u64, n: usize) -> (Frame, Vec<bool>) {
    let mut state = seed.wrapping_mul(2).wrapping_add(1);
    let mut uniform = move || {
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    let x: Vec<f64> = (0..n).map(|_| 10.0 * uniform() - 3.0).collect();
    let z: Vec<f64> = (0..n).map(|_| 1e5 * uniform()).collect();
    let g: Vec<usize> = (0..n)
        .map(|i| if i < 3 { i } else { (3.0 * uniform()) as usize })
        .collect();
    let outcome = (0..n)
        .map(|i| {
            uniform() < 1.0 / (1.0 + (-(0.25 * x[i] - 0.3 - 5e-6 * z[i] + 0.4 * g[i] as f64)).exp())
        })
        .collect();
    let levels: Vec<&str> = g.iter().map(|&k| ["low", "mid", "high"][k]).collect();
    let frame = Frame::new()
        .with_numeric("x", x)
        .and_then(|f| f.with_numeric("z", z))
        .and_then(|f| f.with_categorical("g", levels, Levels::given(["low", "mid", "high"])))
        .expect("frame");
    (frame, outcome)
}

const TERMS: [&str; 3] = ["x", "z", "g"];

fn design(frame: &Frame) -> Design {
    Design::new(frame, TERMS, Missing::Refuse).expect("design")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn score_equations_vanish(seed in 0u64..1_000_000, n in 80usize..200) {
        let (frame, outcome) = table(seed, n);
        let design = design(&frame);
        let fit = LogisticRegression::new().fit(&design, &outcome).expect("fit");
        let x = design.matrix();
        for column in x.columns() {
            let size: f64 = column.iter().map(|v| v.abs()).sum();
            let score: f64 = (0..n).map(|i| column[i] * (f64::from(u8::from(outcome[i])) - fit.fitted[i])).sum();
            prop_assert!(score.abs() <= 1e-11 * size, "{score}");
        }
        let mean: f64 = fit.fitted.iter().sum();
        prop_assert!((mean - fit.n_events as f64).abs() < 1e-9);
    }

    #[test]
    fn the_nomogram_is_the_model(seed in 0u64..1_000_000) {
        let (frame, outcome) = table(seed, 120);
        let model = LogisticRegression::new().fit(&design(&frame), &outcome).and_then(|f| f.model()).expect("model");
        let nomogram = Nomogram::new(&model, &NomogramSettings::new()).expect("nomogram");
        let widest = nomogram.axes.iter().flat_map(|a| &a.ticks).map(|t| t.points).fold(0.0, f64::max);
        prop_assert!((widest - 100.0).abs() < 1e-9);
        for (p, q) in nomogram.frame(&frame, 0.9).expect("points").iter().zip(model.predict_frame(&frame, 0.9).expect("risks")) {
            prop_assert_eq!(p.prediction, q);
            let sum: f64 = p.terms.iter().map(|t| t.points).sum();
            prop_assert_eq!(sum, p.total_points);
            prop_assert!((nomogram.risk_of_points(p.total_points) - q.risk).abs() < ANALYTIC);
            prop_assert!((nomogram.points_of_risk(q.risk).expect("inside") - p.total_points).abs() < 1e-9);
            prop_assert!(p.terms.iter().all(|t| t.position == AxisPosition::WithinTraining));
            prop_assert!(q.low < q.risk && q.risk < q.high);
        }
    }

    #[test]
    fn order_of_patients_and_units_do_not_matter(seed in 0u64..1_000_000, shift in 1usize..119, scale in 1e-4f64..1e4) {
        let (frame, outcome) = table(seed, 120);
        let rows: Vec<usize> = (0..120).map(|i| (i * 7 + shift) % 120).collect();
        let permuted = frame.select_rows(&rows);
        let y: Vec<bool> = rows.iter().map(|&r| outcome[r]).collect();
        let a = LogisticRegression::new().fit(&design(&frame), &outcome).expect("fit");
        let b = LogisticRegression::new().fit(&design(&permuted), &y).expect("fit");
        for (c, d) in a.coefficients.iter().zip(&b.coefficients) {
            prop_assert!((c.estimate - d.estimate).abs() <= 1e-10 * c.se);
            prop_assert!((c.se - d.se).abs() <= 1e-10 * c.se);
        }
        let x: Vec<f64> = (0..120).map(|i| a.design().matrix()[[i, 1]] * scale).collect();
        let g: Vec<&str> = (0..120)
            .map(|i| {
                let m = a.design().matrix();
                if m[[i, 3]] == 1.0 { "mid" } else if m[[i, 4]] == 1.0 { "high" } else { "low" }
            })
            .collect();
        let z: Vec<f64> = (0..120).map(|i| a.design().matrix()[[i, 2]]).collect();
        let scaled = Frame::new()
            .with_numeric("x", x)
            .and_then(|f| f.with_numeric("z", z))
            .and_then(|f| f.with_categorical("g", g, Levels::given(["low", "mid", "high"])))
            .expect("frame");
        let c = LogisticRegression::new().fit(&design(&scaled), &outcome).expect("fit");
        for (p, q) in a.fitted.iter().zip(&c.fitted) {
            prop_assert!((p - q).abs() < 1e-10);
        }
    }

    #[test]
    fn weights_count_rows(seed in 0u64..1_000_000) {
        let (frame, outcome) = table(seed, 60);
        let rows: Vec<usize> = (0..60).chain(0..30).collect();
        let doubled = frame.select_rows(&rows);
        let y: Vec<bool> = rows.iter().map(|&r| outcome[r]).collect();
        let weights: Vec<f64> = (0..60).map(|i| if i < 30 { 2.0 } else { 1.0 }).collect();
        let a = LogisticRegression::new().fit(&design(&doubled), &y);
        let b = LogisticRegression::new().weights(&weights).fit(&design(&frame), &outcome);
        if let (Ok(a), Ok(b)) = (a, b) {
            for (c, d) in a.coefficients.iter().zip(&b.coefficients) {
                prop_assert!((c.estimate - d.estimate).abs() <= 1e-9 * c.se.max(1e-3));
                prop_assert!((c.se - d.se).abs() <= 1e-9 * c.se.max(1e-3));
            }
            prop_assert!((a.null_deviance() - b.null_deviance()).abs() < 1e-9);
        }
    }

    #[test]
    fn profile_ends_lie_on_the_chi_squared_limit(seed in 0u64..1_000_000) {
        let (frame, outcome) = table(seed, 150);
        let d = Design::new(&frame, ["x"], Missing::Refuse).expect("design");
        let fit = LogisticRegression::new().fit(&d, &outcome).expect("fit");
        let interval = &fit.profile_intervals(0.95, ProfileMethod::Exact).expect("profile")[1];
        for end in [interval.low, interval.high] {
            // The slope held at the end by an offset.
            let offset: Vec<f64> = (0..150).map(|i| end * d.matrix()[[i, 1]]).collect();
            let null = LogisticRegression::new().offset(&offset).fit(&d.with_terms(&[]), &outcome).expect("fit");
            prop_assert!((null.deviance() - fit.deviance() - 3.841458820694124).abs() < 1e-8);
        }
    }

    #[test]
    fn model_files_come_back_bit_for_bit(seed in 0u64..1_000_000) {
        let (frame, outcome) = table(seed, 100);
        let model = LogisticRegression::new().fit(&design(&frame), &outcome).and_then(|f| f.model()).expect("model");
        let text = model.to_json().expect("text");
        prop_assert_eq!(&RiskModel::from_json(&text).expect("model"), &model);
        for cut in [0, 1, text.len() / 3, text.len() - 3] {
            prop_assert!(RiskModel::from_json(&text[..cut]).is_err());
        }
    }
}

#[test]
fn bootstrap_is_the_same_for_any_number_of_threads() {
    let (frame, outcome) = table(5, 90);
    let resamples = Resamples::R {
        seed: 3,
        replicates: 20,
    };
    let run = || {
        Validation::new(resamples.clone())
            .fit(&design(&frame), &outcome)
            .expect("validation")
    };
    let first = run();
    #[cfg(feature = "rayon")]
    for threads in [1, 4] {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .expect("pool");
        assert_eq!(pool.install(run), first);
    }
    assert_eq!(run(), first);
}

#[test]
fn odds_ratio_rows_hold_references_counts_and_symmetric_limits() {
    let (frame, outcome) = cohort("train");
    let t = univariable(
        &frame,
        PREDICTORS,
        &outcome,
        Missing::Refuse,
        &LogisticRegression::new(),
        0.95,
    )
    .expect("table");
    assert_eq!(t.fitted().count(), 13);
    for v in t.fitted() {
        let levels: usize = v
            .rows
            .iter()
            .filter(|r| r.level.is_some())
            .map(|r| r.n)
            .sum();
        assert!(levels == 0 || levels == v.n, "{}", v.variable);
        let references = v
            .rows
            .iter()
            .filter(|r| r.effect == RowEffect::Reference)
            .count();
        assert_eq!(references, usize::from(levels > 0));
        for or in v.rows.iter().filter_map(|r| r.odds_ratio()) {
            assert!(or.low < or.odds_ratio && or.odds_ratio < or.high);
            close(
                "OR² = low · high",
                or.odds_ratio.powi(2) / (or.low * or.high),
                1.0,
                ANALYTIC,
            );
        }
    }
    let q = t.q_values(TermTest::LikelihoodRatio);
    assert!(
        t.fitted()
            .zip(&q)
            .all(|(v, &q)| q >= v.p(TermTest::LikelihoodRatio) && q <= 1.0)
    );
}

#[test]
fn missing_values_are_refused_or_counted() {
    let frame = Frame::new()
        .with_numeric("x", vec![1.0, f64::NAN, 3.0, 2.0, 5.0, 4.0])
        .and_then(|f| f.with_categorical("g", ["a", "b", "", "a", "b", "a"], Levels::Sorted))
        .expect("frame");
    let refused = Design::new(&frame, ["x", "g"], Missing::Refuse).expect_err("NaN");
    assert_eq!(
        refused,
        Error::MissingValue {
            column: "x".into(),
            row: 1
        }
    );
    assert_eq!(
        refused.to_string(),
        "column \"x\", data row 2: missing value"
    );
    let dropped = Design::new(&frame, ["x", "g"], Missing::Drop).expect("design");
    assert_eq!((dropped.n_used(), dropped.n_dropped()), (4, 2));
    assert_eq!(dropped.rows(), &[0, 3, 4, 5]);
}

fn one_column(values: Vec<f64>) -> Frame {
    Frame::new().with_numeric("x", values).expect("frame")
}

#[test]
fn bad_tables_are_typed_errors() {
    let infinite = Frame::new()
        .with_numeric("x", vec![0.0, f64::INFINITY])
        .expect_err("infinite");
    assert_eq!(
        infinite,
        Error::NotFinite {
            column: "x".into(),
            row: 1,
            value: f64::INFINITY
        }
    );
    let constant =
        Design::new(&one_column(vec![2.0; 5]), ["x"], Missing::Refuse).expect_err("constant");
    assert_eq!(
        constant,
        Error::ConstantColumn {
            column: "x".into(),
            rows: 5
        }
    );
    let unknown =
        Design::new(&one_column(vec![1.0, 2.0]), ["y"], Missing::Refuse).expect_err("unknown");
    assert_eq!(
        unknown,
        Error::UnknownColumn {
            column: "y".into(),
            available: "x".into()
        }
    );
    let text = Frame::new()
        .with_categorical("g", ["a", "c"], Levels::given(["a", "b"]))
        .expect_err("level");
    assert!(matches!(text, Error::UnknownLevel { row: Some(1), .. }));
    let empty = Frame::new()
        .with_categorical("g", ["a", "b", "a"], Levels::given(["a", "b", "c"]))
        .expect("frame");
    let empty = Design::new(&empty, ["g"], Missing::Refuse).expect_err("empty level");
    assert_eq!(
        empty,
        Error::EmptyLevel {
            column: "g".into(),
            level: "c".into(),
            rows: 3
        }
    );
    let spline = Frame::new()
        .with_categorical("g", ["a", "b"], Levels::Sorted)
        .expect("frame");
    let spline =
        Design::new(&spline, [TermSpec::spline("g", 3)], Missing::Refuse).expect_err("factor");
    let kinds = (Kind::Numeric, Kind::Categorical);
    assert_eq!(
        spline,
        Error::ColumnKind {
            column: "g".into(),
            expected: kinds.0,
            found: kinds.1
        }
    );
    let short = Frame::new()
        .with_numeric("a", vec![1.0])
        .and_then(|f| f.with_numeric("b", vec![1.0, 2.0]));
    assert!(matches!(
        short,
        Err(Error::ColumnLength {
            expected: 1,
            found: 2,
            ..
        })
    ));
}

#[test]
fn bad_outcomes_are_typed_errors() {
    let d = Design::new(
        &one_column(vec![1.0, 2.0, 3.0, 4.0]),
        ["x"],
        Missing::Refuse,
    )
    .expect("design");
    let fit = |y: &[bool]| LogisticRegression::new().fit(&d, y).expect_err("unusable");
    assert_eq!(fit(&[true; 4]), Error::SingleClass { events: 4, n: 4 });
    assert_eq!(
        fit(&[true; 3]),
        Error::RowCount {
            what: "outcome",
            expected: 4,
            found: 3
        }
    );
    let two = Design::new(&one_column(vec![1.0, 2.0]), ["x"], Missing::Refuse).expect("design");
    let few = LogisticRegression::new()
        .fit(&two, &[true, false])
        .expect_err("few rows");
    assert_eq!(
        few,
        Error::TooFewRows {
            rows: 2,
            columns: 2
        }
    );
    let weight = LogisticRegression::new()
        .weights(&[1.0, -1.0, 1.0, 1.0])
        .fit(&d, &[true, false, true, false]);
    assert!(matches!(
        weight,
        Err(Error::RowValue {
            what: "weight",
            row: 1,
            ..
        })
    ));
}

#[test]
fn separation_is_named_in_a_large_model_and_firth_is_the_way_out() {
    let (frame, outcome) = cohort("train");
    // A column that is 1 for some events only: quasi-complete separation by this column.
    let flag: Vec<f64> = outcome
        .iter()
        .enumerate()
        .map(|(i, &y)| f64::from(u8::from(y && i % 9 == 0)))
        .collect();
    let frame = frame.with_numeric("flag", flag).expect("frame");
    let d = Design::new(
        &frame,
        PREDICTORS.into_iter().chain(["flag"]),
        Missing::Refuse,
    )
    .expect("design");
    for convergence in [Convergence::Exact, Convergence::RCompat] {
        let e = LogisticRegression::new()
            .convergence(convergence)
            .fit(&d, &outcome)
            .expect_err("separated");
        let Error::Separation { kind, columns } = e else {
            panic!("{e}")
        };
        assert_eq!(kind, SeparationKind::Quasi);
        assert_eq!(columns.len(), 1);
        assert_eq!(
            (columns[0].name.as_str(), columns[0].divergence),
            ("flag", Divergence::PlusInfinity)
        );
    }
    let small = Design::new(&frame, ["flag", "size"], Missing::Refuse).expect("design");
    let firth = Firth::new().fit(&small, &outcome).expect("finite");
    assert!(
        firth
            .coefficients
            .iter()
            .all(|c| c.estimate.is_finite() && c.interval.low < c.estimate)
    );
    let nomogram = Nomogram::new(&firth.model(), &NomogramSettings::new()).expect("nomogram");
    assert_eq!(nomogram.axes.len(), 2);
}

#[test]
fn aliased_columns_have_no_coefficient_and_no_nomogram() {
    let (frame, outcome) = table(11, 100);
    let d = design(&frame);
    let twice: Vec<f64> = d.matrix().column(1).iter().map(|v| 3.0 - 2.0 * v).collect();
    let frame = frame.with_numeric("again", twice).expect("frame");
    let d = Design::new(&frame, ["x", "g", "again"], Missing::Refuse).expect("design");
    for convergence in [Convergence::Exact, Convergence::RCompat] {
        let fit = LogisticRegression::new()
            .convergence(convergence)
            .fit(&d, &outcome)
            .expect("fit");
        assert_eq!(fit.aliased, ["again"]);
        assert_eq!(fit.coefficients.len(), 4);
        assert_eq!(
            fit.model().expect_err("aliased"),
            Error::Aliased {
                column: "again".into()
            }
        );
    }
}

#[test]
fn patients_are_checked() {
    let (frame, outcome) = table(3, 100);
    let model = LogisticRegression::new()
        .fit(&design(&frame), &outcome)
        .and_then(|f| f.model())
        .expect("model");
    let whole = Patient::new()
        .with("x", 1.0)
        .with("z", 5e4)
        .with("g", "mid");
    assert!(model.predict(&whole, 0.95).is_ok());
    let error = |p: Patient| model.predict(&p, 0.95).expect_err("unusable");
    assert_eq!(
        error(Patient::new().with("x", 1.0).with("z", 5e4)),
        Error::MissingPredictor {
            predictor: "g".into()
        }
    );
    assert!(matches!(
        error(whole.clone().with("g", "huge")),
        Error::UnknownLevel { .. }
    ));
    assert!(matches!(
        error(whole.clone().with("x", "large")),
        Error::NotANumber { .. }
    ));
    assert!(matches!(
        error(whole.clone().with("x", f64::NAN)),
        Error::NotANumber { .. }
    ));
    assert!(matches!(
        error(whole.clone().with("age", 3.0)),
        Error::UnknownPredictor { .. }
    ));
    let nomogram = Nomogram::new(&model, &NomogramSettings::new()).expect("nomogram");
    let far = nomogram
        .patient(&whole.with("x", 1e3), 0.95)
        .expect("extrapolated");
    assert!(far.outside_axis());
    close(
        "risk",
        nomogram.risk_of_points(far.total_points),
        far.prediction.risk,
        ANALYTIC,
    );
}

#[test]
fn model_files_from_elsewhere_are_refused() {
    let (frame, outcome) = table(3, 100);
    let model = LogisticRegression::new()
        .fit(&design(&frame), &outcome)
        .and_then(|f| f.model())
        .expect("model");
    let text = model.to_json().expect("text");
    let future = text.replace("\"version\": 1", "\"version\": 2");
    assert!(matches!(
        RiskModel::from_json(&future),
        Err(Error::ModelVersion { version: 2, .. })
    ));
    let unknown = text.replacen("\"n\":", "\"extra\": 1,\n  \"n\":", 1);
    assert!(matches!(
        RiskModel::from_json(&unknown),
        Err(Error::ModelSyntax { .. })
    ));
    let renamed = text.replace("g=mid", "g=middle");
    assert!(matches!(
        RiskModel::from_json(&renamed),
        Err(Error::ModelContent { .. })
    ));
    assert!(matches!(
        RiskModel::from_json("{}"),
        Err(Error::ModelSyntax { .. })
    ));
    let mut broken = model;
    broken.coefficients[0] = f64::NAN;
    assert!(matches!(broken.to_json(), Err(Error::ModelContent { .. })));
}

#[test]
fn elimination_can_end_with_nothing() {
    let (frame, _) = table(3, 100);
    let outcome: Vec<bool> = (0..100).map(|i| i % 2 == 0).collect();
    let d = design(&frame);
    let b = BackwardElimination::new(Criterion::P {
        test: TermTest::Wald,
        stay: 1e-9,
    })
    .fit(&d, &outcome)
    .expect("fit");
    assert!(b.kept.is_empty());
    assert_eq!(b.fit.coefficients.len(), 1);
    let model = b.fit.model().expect("model");
    assert_eq!(
        Nomogram::new(&model, &NomogramSettings::new()).expect_err("no axis"),
        Error::NoEffect
    );
}

/// Pseudo-random numbers in [0, 1) of row i and column j.
fn scattered(i: usize, j: usize) -> f64 {
    let mixed = (i as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ ((j as u64 + 7) << 32);
    let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (mixed >> 11) as f64 / (1u64 << 53) as f64
}

#[test]
fn separation_is_found_among_thirty_columns_whatever_weights_and_offset() {
    let n = 400;
    let outcome: Vec<bool> = (0..n).map(|i| scattered(i, 99) < 0.4).collect();
    let mut frame = Frame::new();
    for j in 0..29 {
        let values = (0..n).map(|i| 10f64.powi(j as i32 % 7 - 3) * scattered(i, j));
        frame = frame
            .with_numeric(format!("x{j}"), values.collect())
            .expect("column");
    }
    // A level that only non-events have, and too few of them to be seen in the deviance.
    let rare: Vec<&str> = (0..n)
        .map(|i| {
            if !outcome[i] && i % 29 == 3 {
                "rare"
            } else {
                "common"
            }
        })
        .collect();
    assert!(rare.contains(&"rare"));
    let frame = frame
        .with_categorical("level", rare, Levels::given(["common", "rare"]))
        .expect("column");
    let names: Vec<String> = frame.columns().iter().map(|c| c.name.clone()).collect();
    let terms = names.iter().map(String::as_str);
    let design = Design::new(&frame, terms, Missing::Refuse).expect("design");
    let weights: Vec<f64> = (0..n).map(|i| 0.5 + scattered(i, 50)).collect();
    let offset: Vec<f64> = (0..n).map(|i| scattered(i, 51) - 0.5).collect();
    for settings in [
        LogisticRegression::new(),
        LogisticRegression::new().weights(&weights).offset(&offset),
        LogisticRegression::new().convergence(Convergence::RCompat),
    ] {
        let error = settings.fit(&design, &outcome).expect_err("separated");
        let Error::Separation { columns, .. } = &error else {
            panic!("{error}")
        };
        assert_eq!(columns.len(), 1, "{error}");
        assert_eq!(columns[0].name, "level=rare");
        assert_eq!(columns[0].divergence, Divergence::MinusInfinity);
    }
}

#[test]
fn more_effects_than_events_need_a_word() {
    let n = 60;
    let outcome: Vec<bool> = (0..n).map(|i| i % 20 == 7).collect();
    let mut frame = Frame::new();
    for j in 0..4 {
        let values = (0..n).map(|i| scattered(i, j) - if outcome[i] { 0.1 } else { 0.0 });
        frame = frame
            .with_numeric(format!("x{j}"), values.collect())
            .expect("column");
    }
    let design = |k: usize| {
        let names: Vec<String> = (0..k).map(|j| format!("x{j}")).collect();
        Design::new(&frame, names.iter().map(String::as_str), Missing::Refuse).expect("design")
    };
    let few = |events, coefficients| Error::TooFewEvents {
        events,
        coefficients,
    };
    let settings = LogisticRegression::new();
    assert_eq!(settings.fit(&design(4), &outcome), Err(few(3, 4)));
    // The rarer class counts, whichever it is.
    let swapped: Vec<bool> = outcome.iter().map(|y| !y).collect();
    assert_eq!(settings.fit(&design(4), &swapped), Err(few(3, 4)));
    settings.fit(&design(3), &outcome).expect("one each");
    let allowed = settings.few_events(FewEvents::Allow);
    assert_eq!(
        allowed.fit(&design(4), &outcome).expect("overlap").n_events,
        3
    );
}

#[test]
fn values_that_overflow_are_refused_not_predicted() {
    let (frame, y) = table(5, 120);
    let design = Design::new(&frame, [TermSpec::spline("x", 4)], Missing::Refuse).expect("design");
    let fit = LogisticRegression::new().fit(&design, &y).expect("fit");
    let model = fit.model().expect("model");
    let nomogram = Nomogram::new(&model, &NomogramSettings::new()).expect("nomogram");
    for value in [1e150, -1e300, f64::MAX] {
        let patient = Patient::new().with("x", value);
        let refused = |error: Error| {
            assert!(
                matches!(error, Error::Overflow { value: v, .. } if v == value),
                "{error}"
            );
        };
        // Below the first knot a spline is a line, which does not overflow so soon.
        match model.predict(&patient, 0.95) {
            Ok(p) => assert!(p.risk.is_finite() && p.low.is_finite() && p.high.is_finite()),
            Err(error) => {
                refused(error);
                refused(nomogram.patient(&patient, 0.95).expect_err("too large"));
            }
        }
    }
    let patient = Patient::new().with("x", 1e150);
    assert!(model.predict(&patient, 0.95).is_err());
}

#[test]
fn firth_converges_with_nearly_as_many_columns_as_rows() {
    let (n, p) = (30, 22);
    let mut rng = eval_stats::r_rng::RRng::new(8);
    let common: Vec<f64> = (0..n).map(|_| rng.normal()).collect();
    let names: Vec<String> = (0..p).map(|j| format!("x{j}")).collect();
    let mut frame = Frame::new();
    for name in &names {
        let values = common.iter().map(|c| c + 0.3 * rng.normal()).collect();
        frame = frame.with_numeric(name, values).expect("frame");
    }
    let outcome: Vec<bool> = common.iter().map(|c| c + rng.normal() > 0.0).collect();
    let d = Design::new(&frame, names.iter().map(String::as_str), Missing::Refuse).expect("design");
    let fit = Firth::new()
        .correction(FirthCorrection::None)
        .fit(&d, &outcome)
        .expect("fit");
    // The penalized score equations: Σ x (y - μ + h (½ - μ)) = 0, with h from the definition of the hat matrix.
    let x = nalgebra::DMatrix::from_fn(n, p + 1, |i, j| d.matrix()[(i, j)]);
    let risks: Vec<f64> = fit
        .linear_predictor
        .iter()
        .map(|e| 1.0 / (1.0 + (-e).exp()))
        .collect();
    let root = nalgebra::DMatrix::from_fn(n, p + 1, |i, j| {
        x[(i, j)] * (risks[i] * (1.0 - risks[i])).sqrt()
    });
    let inverse = (root.transpose() * &root)
        .try_inverse()
        .expect("of full rank");
    for j in 0..=p {
        let score: f64 = (0..n)
            .map(|i| {
                let leverage = (root.row(i) * &inverse).dot(&root.row(i));
                let y = f64::from(u8::from(outcome[i]));
                x[(i, j)] * (y - risks[i] + leverage * (0.5 - risks[i]))
            })
            .sum();
        assert!(score.abs() < 1e-9, "{j}: {score}");
    }
    assert!(
        fit.coefficients
            .iter()
            .all(|c| c.interval.low < c.estimate && c.estimate < c.interval.high)
    );
}
