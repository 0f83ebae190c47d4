//! Every refusal names what was found and where.

use super::common::{Noise, names};
use eval_stats::folds::Folds;
use feature_selection::icc::{
    Comparison, IccFilter, IccForm, IccSettings, MissingRatings, ReliabilityStudy, feature_icc,
    feature_icc_all, icc, icc_all,
};
use feature_selection::lasso::{
    Compat, CrossValidation, ElasticNet, LambdaRule, Measure, Samples, Scaling, StopReason,
};
use feature_selection::missing::{CompletionPolicy, ImputeBy, Imputer, IncompleteTable};
use feature_selection::pipeline::{DropReason, FoldPlan, LassoStep, SelectionPipeline, Step};
use feature_selection::score::Score;
use feature_selection::standardize::{Divisor, Standardizer};
use feature_selection::{Error, FeatureTable};
use ndarray::{Array2, array};

fn message(result: Result<impl std::fmt::Debug, Error>) -> String {
    result.expect_err("a refusal").to_string()
}

#[test]
fn tables_must_be_finite_named_and_unique() {
    let mut values = Array2::zeros((3, 2));
    values[[2, 1]] = f64::INFINITY;
    assert_eq!(
        message(FeatureTable::new(values.view(), &names(2))),
        "row 2, column `f1`: expected a finite number, found inf"
    );
    assert_eq!(
        message(FeatureTable::new(values.view(), &names(3))),
        "column names: expected 2 entries, found 3"
    );
    let twice = ["a".to_owned(), "a".to_owned()];
    assert_eq!(
        message(FeatureTable::new(Array2::zeros((3, 2)).view(), &twice)),
        "column name `a` occurs twice, at columns 0 and 1"
    );
    assert!(matches!(
        FeatureTable::new(Array2::zeros((0, 2)).view(), &names(2)),
        Err(Error::TooFewRows { found: 0, .. })
    ));
}

#[test]
fn gaps_are_allowed_where_the_type_says_so_and_infinity_nowhere() {
    let mut values = Array2::zeros((3, 2));
    values[[1, 0]] = f64::NAN;
    let table = IncompleteTable::new(values.view(), &names(2)).unwrap();
    assert_eq!(
        message(table.complete(CompletionPolicy::Refuse)),
        "row 1, column `f0`: expected a finite number, found NaN"
    );
    values[[2, 1]] = f64::NEG_INFINITY;
    assert_eq!(
        message(IncompleteTable::new(values.view(), &names(2))),
        "row 2, column `f1`: expected a finite number, found -inf"
    );
    assert_eq!(
        message(IncompleteTable::new(values.view(), &names(1))),
        "column names: expected 2 entries, found 1"
    );
    let blank = Array2::from_elem((2, 2), f64::NAN);
    let blank = IncompleteTable::new(blank.view(), &names(2)).unwrap();
    assert_eq!(
        message(Imputer::fit(&blank, ImputeBy::Median)),
        "imputation: no usable column is left of 2"
    );
    let columns = blank.complete(CompletionPolicy::DropColumns);
    assert!(matches!(
        columns,
        Err(Error::NoUsableColumn { n_columns: 2, .. })
    ));
    let rows = blank.complete(CompletionPolicy::DropRows);
    assert!(matches!(rows, Err(Error::TooFewRows { found: 0, .. })));
}

#[test]
fn outcomes_must_fit_and_have_two_classes() {
    let table = Noise::new(1).table(6, 2);
    assert_eq!(
        message(Samples::binary(&table, &[true; 5])),
        "outcome: expected 6 entries, found 5"
    );
    assert_eq!(
        message(Samples::binary(&table, &[true; 6])),
        "expected events and non-events, found 6 events among 6 rows"
    );
    let one = [true, false, false, false, false, false];
    assert!(matches!(
        Samples::binary(&table, &one),
        Err(Error::TooFewInClass {
            required: 2,
            found: 1,
            ..
        })
    ));
    assert!(matches!(
        Samples::continuous(&table, &[1.0; 6]),
        Err(Error::ConstantOutcome { .. })
    ));
    assert_eq!(
        message(Samples::continuous(
            &table,
            &[1.0, 2.0, f64::NAN, 0.0, 0.0, 0.0]
        )),
        "row 2, column `outcome`: expected a finite number, found NaN"
    );
    let y = [true, true, false, false, true, false];
    let weighted = |w: [f64; 6]| Samples::binary(&table, &y).unwrap().with_weights(&w);
    assert!(matches!(
        weighted([-1.0, 1.0, 1.0, 1.0, 1.0, 1.0]),
        Err(Error::InvalidSetting { .. })
    ));
    assert!(matches!(
        weighted([0.0; 6]),
        Err(Error::InvalidSetting { .. })
    ));
    assert!(matches!(
        weighted([1.0, 1.0, 0.0, 0.0, 1.0, 0.0]),
        Err(Error::SingleClass { .. })
    ));
}

#[test]
fn settings_outside_their_range_are_refused() {
    let table = Noise::new(2).table(20, 3);
    let outcome = Noise::new(3).outcome(20, 0.5);
    let samples = Samples::binary(&table, &outcome).unwrap();
    let refused = |net: ElasticNet| message(net.fit(&samples));
    assert_eq!(
        refused(ElasticNet::new().alpha(1.5)),
        "alpha: expected a number from 0 to 1, found 1.5"
    );
    assert_eq!(
        refused(ElasticNet::new().lambdas(&[0.1, -1.0])),
        "lambda: expected a finite number >= 0, found -1"
    );
    assert_eq!(
        refused(ElasticNet::new().penalty_factors(&[1.0])),
        "penalty factors: expected 3 entries, found 1"
    );
    assert_eq!(
        refused(ElasticNet::new().lower_limits(&[0.1, 0.0, 0.0])),
        "lower limits: expected a number <= 0, found 0.1"
    );
    assert_eq!(
        refused(ElasticNet::new().n_lambda(1 << 40)),
        "number of lambdas: expected a number from 1 to 10,000, found 1099511627776"
    );
    assert!(refused(ElasticNet::new().lambdas(&[])).contains("at least 1"));
    assert!(refused(ElasticNet::new().exclude(&[3])).contains("column index 3 is out of range"));
    assert!(refused(ElasticNet::new().exclude(&[0, 1, 2])).contains("no usable column"));
    assert!(refused(ElasticNet::new().alpha(f64::NAN)).contains("alpha"));
    let starved = ElasticNet::new()
        .lambdas(&[0.1, 0.05, 0.01, 1e-4])
        .max_passes(5)
        .fit(&samples);
    let Err(Error::NotConverged {
        max_passes: 5,
        partial,
        lambda_index,
    }) = starved
    else {
        panic!("{starved:?}")
    };
    assert_eq!(partial.len(), lambda_index);
    let open = ElasticNet::new().max_passes(20).fit(&samples).unwrap();
    assert_eq!(open.stopped, StopReason::OutOfPasses);
    assert!(!open.is_empty());
}

/// One column beside an ordinary one.
fn beside_noise(column: impl Fn(f64) -> f64) -> FeatureTable {
    let noise = Noise::new(6).table(12, 2);
    let cell = |(i, j): (usize, usize)| match j {
        0 => column(noise.column(0)[i]),
        _ => noise.column(1)[i],
    };
    FeatureTable::new(Array2::from_shape_fn((12, 2), cell).view(), &names(2)).unwrap()
}

#[test]
fn what_no_double_holds_is_refused_and_named() {
    let outcome: Vec<bool> = (0..12).map(|i| i % 3 == 0).collect();
    let values: Vec<f64> = (0..12).map(f64::from).collect();
    let table = beside_noise(|v| v);
    for compat in [Compat::Glmnet, Compat::Exact] {
        let net = ElasticNet::new().compat(compat);
        let huge = beside_noise(|v| 1e300 * v);
        for scaling in [Scaling::Standardize, Scaling::AsGiven] {
            let fit = net
                .clone()
                .scaling(scaling)
                .fit(&Samples::binary(&huge, &outcome).unwrap());
            assert!(matches!(fit, Err(Error::BeyondRange { column, .. }) if column == "f0"));
        }
        for scale in [1e299, 1e-299] {
            let outcome: Vec<f64> = values.iter().map(|v| v * scale).collect();
            let fit = net.fit(&Samples::continuous(&table, &outcome).unwrap());
            assert!(
                matches!(fit, Err(Error::BeyondRange { column, .. }) if column == "outcome less offset")
            );
        }
        let offset: Vec<f64> = values.iter().map(|v| (v - 5.5) * 1e307).collect();
        let samples = Samples::binary(&table, &outcome)
            .unwrap()
            .with_offset(&offset);
        let fit = net.fit(&samples.unwrap());
        assert!(matches!(fit, Err(Error::BeyondRange { column, .. }) if column == "offset"));
        let fit = net
            .penalty_factors(&[5e-324, 1.0])
            .fit(&Samples::binary(&table, &outcome).unwrap());
        assert_eq!(
            message(fit),
            "lambda number 0: expected a largest lambda within the range of a double, found inf"
        );
    }
}

/// A path too short to imply its first lambda starts at the entry of the first column all the same.
#[test]
fn short_paths_start_where_long_ones_do() {
    let table = Noise::new(2).table(20, 3);
    let outcome = Noise::new(3).outcome(20, 0.5);
    let samples = Samples::binary(&table, &outcome).unwrap();
    let first = |n| ElasticNet::new().n_lambda(n).fit(&samples).unwrap().lambda[0];
    for n in [1, 2] {
        assert!((first(n) / first(50) - 1.0).abs() < 1e-12);
    }
}

#[test]
fn folds_must_cover_the_rows() {
    let table = Noise::new(4).table(20, 3);
    let outcome: Vec<bool> = (0..20).map(|i| i % 3 == 0).collect();
    let samples = Samples::binary(&table, &outcome).unwrap();
    let cv = CrossValidation::new(ElasticNet::new());
    let two = Folds::stratified(&outcome, 2, 1).unwrap();
    assert!(message(cv.fit(&samples, &two)).contains("at least 3"));
    let short = Folds::from_assignment(vec![0, 1, 2, 0, 1, 2], 3, 6).unwrap();
    assert_eq!(
        message(cv.fit(&samples, &short)),
        "fold assignment: expected 20 entries, found 6"
    );
    // Fewer rows of a class than folds.
    assert!(matches!(
        FoldPlan::default().folds(&outcome),
        Err(Error::Statistics(_))
    ));
    // All events in one fold: that fold's training rows have one class.
    let lopsided = Folds::from_assignment(
        (0..20)
            .map(|i| if i % 3 == 0 { 0 } else { 1 + i % 2 })
            .collect(),
        3,
        20,
    );
    let Err(Error::InFold {
        repeat: 0,
        fold: 0,
        error,
    }) = cv.fit(&samples, &lopsided.unwrap())
    else {
        panic!("the fold is named")
    };
    assert!(matches!(*error, Error::SingleClass { events: 0, .. }));
    let y: Vec<f64> = (0..20).map(f64::from).collect();
    let continuous = Samples::continuous(&table, &y).unwrap();
    let folds = Folds::random(20, 4, 1).unwrap();
    assert!(
        message(cv.measure(Measure::Auc).fit(&continuous, &folds)).contains("a binary outcome")
    );
}

#[test]
fn a_model_size_off_the_path_lists_those_on_it() {
    let mut noise = Noise::new(5);
    let (table, outcome) = (noise.table(60, 4), noise.outcome(60, 0.5));
    let folds = Folds::stratified(&outcome, 5, 1).unwrap();
    let cv = CrossValidation::new(ElasticNet::new())
        .fit(&Samples::binary(&table, &outcome).unwrap(), &folds)
        .unwrap();
    let Err(Error::NoSuchModelSize {
        requested: 9,
        available,
    }) = cv.select(LambdaRule::Features(9))
    else {
        panic!()
    };
    assert!(available.contains(&4));
    assert_eq!(
        cv.select(LambdaRule::Features(4)).unwrap().selected,
        [0, 1, 2, 3]
    );
    assert!(cv.select(LambdaRule::Value(f64::NAN)).is_err());
}

#[test]
fn ratings_need_two_subjects_and_two_raters() {
    let settings = IccSettings::default();
    let run = |r: Array2<f64>| icc(r.view(), IccForm::AGREEMENT_SINGLE, &settings);
    assert!(matches!(
        run(array![[1.0, 2.0]]),
        Err(Error::TooFewRows {
            required: 2,
            found: 1,
            ..
        })
    ));
    assert!(matches!(
        run(array![[1.0], [2.0]]),
        Err(Error::InvalidSetting { .. })
    ));
    assert_eq!(
        message(run(array![[1.0, 2.0], [3.0, f64::INFINITY]])),
        "row 1, column `rating 1`: expected a finite number, found inf"
    );
    // Leaving out incomplete subjects must leave two.
    let listwise = IccSettings {
        missing: MissingRatings::Listwise,
        ..settings
    };
    let ratings = array![[1.0, 2.0], [f64::NAN, 3.0], [2.0, f64::NAN]];
    let few = icc(ratings.view(), IccForm::ONE_WAY_SINGLE, &listwise);
    assert_eq!(
        message(few),
        "intraclass correlation: expected at least 2 rows, found 1"
    );
    for (no_rows, no_columns) in [(0, 0), (0, 3), (3, 0)] {
        assert!(run(Array2::zeros((no_rows, no_columns))).is_err());
    }
}

#[test]
fn settings_of_the_icc_are_checked() {
    let ratings = array![[1.0, 2.0], [3.0, 5.0], [4.0, 4.5]];
    let run = |settings: IccSettings| icc_all(ratings.view(), &settings);
    for level in [0.0, 1.0, -0.5, 95.0, f64::NAN] {
        let found = run(IccSettings {
            level,
            ..IccSettings::default()
        });
        assert_eq!(
            message(found),
            format!("confidence level: expected a number in (0, 1), found {level}")
        );
    }
    for null_value in [1.0, -0.1, f64::INFINITY, f64::NAN] {
        let found = run(IccSettings {
            null_value,
            ..IccSettings::default()
        });
        assert_eq!(
            message(found),
            format!("null value: expected a number in [0, 1), found {null_value}")
        );
    }
}

#[test]
fn repeated_readings_must_match() {
    let mut noise = Noise::new(11);
    let first = noise.table(6, 3);
    let settings = IccSettings::default();
    let run = |readings: &[&FeatureTable]| feature_icc_all(readings, &settings);
    assert_eq!(
        message(run(&[&first])),
        "readings: expected at least 2, found 1"
    );
    assert_eq!(message(run(&[])), "readings: expected at least 2, found 0");
    let fewer = first.select_rows(&[0, 1, 2, 3]).unwrap();
    assert_eq!(
        message(run(&[&first, &first, &fewer])),
        "rows of a repeated reading: expected 6 entries, found 4"
    );
    let other = ["f2", "f1", "other"].map(String::from);
    let renamed = FeatureTable::new(first.to_array().view(), &other).unwrap();
    assert_eq!(
        message(run(&[&first, &renamed])),
        "repeated reading: 1 column(s) missing [f0], 1 unexpected [other]"
    );
    let one = first.select_rows(&[0]).unwrap();
    assert!(matches!(
        run(&[&one, &one]),
        Err(Error::TooFewRows { found: 1, .. })
    ));

    let filter = IccFilter::default();
    assert_eq!(
        message(ReliabilityStudy::new(&[], &filter, &settings)),
        "comparisons: expected at least 1, found 0"
    );
    let list = feature_icc(&[&first, &first], IccForm::AGREEMENT_SINGLE, &settings).unwrap();
    let twice = [list[0].clone(), list[1].clone(), list[0].clone()];
    assert_eq!(
        message(ReliabilityStudy::join(&[("a", &twice)], &filter)),
        "column name `f0` occurs twice, at columns 0 and 2"
    );
    assert!(matches!(
        ReliabilityStudy::new(
            &[
                Comparison::inter_observer(&[&first, &first]),
                Comparison::intra_observer(&[&renamed, &renamed]),
            ],
            &filter,
            &settings
        ),
        Err(Error::ColumnMismatch { .. })
    ));
}

#[test]
fn a_fitted_standardizer_refuses_other_columns() {
    let table = Noise::new(6).table(10, 3);
    let fitted = Standardizer::fit(&table, Divisor::Sample).unwrap();
    let narrow = table.select_columns(&[0, 2]);
    assert_eq!(
        message(fitted.transform(&narrow)),
        "standardizer: 1 column(s) missing [f1], 0 unexpected []"
    );
    let renamed = FeatureTable::new(
        table.to_array().view(),
        &["f0", "f1", "other"].map(String::from),
    )
    .unwrap();
    assert_eq!(
        message(fitted.transform(&renamed)),
        "standardizer: 1 column(s) missing [f2], 1 unexpected [other]"
    );
}

#[test]
fn a_pipeline_reports_constant_and_duplicate_columns_and_refuses_disorder() {
    let mut noise = Noise::new(8);
    let mut values = noise.table(60, 4).to_array();
    values.column_mut(1).fill(3.25);
    let copy = values.column(0).to_owned();
    values.column_mut(3).assign(&copy);
    let table = FeatureTable::new(values.view(), &names(4)).unwrap();
    let outcome = noise.outcome(60, 0.5);
    let fitted = SelectionPipeline::new()
        .step(Step::DropConstant)
        .step(Step::DropDuplicates)
        .fit(&table, &outcome)
        .unwrap();
    assert_eq!(fitted.selected, ["f0", "f2"]);
    assert_eq!(fitted.dropped[0].reason, DropReason::Constant);
    assert_eq!(
        fitted.dropped[1].reason,
        DropReason::Duplicate {
            of: "f0".to_owned()
        }
    );
    assert!(matches!(
        fitted.score(&table),
        Err(Error::Incompatible { .. })
    ));
    let lasso = || Step::Lasso(LassoStep::default());
    let disorder = SelectionPipeline::new()
        .step(lasso())
        .step(Step::DropConstant);
    assert!(matches!(
        disorder.fit(&table, &outcome),
        Err(Error::StepOrder { step: 0, .. })
    ));
    let flat = FeatureTable::new(Array2::from_elem((60, 2), 1.0).view(), &names(2)).unwrap();
    let nothing = SelectionPipeline::new()
        .step(Step::DropConstant)
        .fit(&flat, &outcome);
    assert!(matches!(nothing, Err(Error::NoUsableColumn { .. })));
}

#[test]
fn broken_stored_scores_are_refused() {
    for text in ["", "{}", "[1,2]", "{\"name\":\"x\",\"intercept\":1e999}"] {
        assert!(
            matches!(Score::from_json(text), Err(Error::InvalidScore { .. })),
            "{text}"
        );
    }
}
