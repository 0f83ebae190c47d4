//! The pipeline as a whole: no leakage, same bits for any number of threads, far more features than rows.

use super::common::{Noise, names};
use eval_stats::Scored;
use eval_stats::folds::Folds;
use feature_selection::correlation::Correlation;
use feature_selection::lasso::{CrossValidation, ElasticNet, LambdaRule};
use feature_selection::nested_cv::{NestedCv, NothingSelected, nested_cv};
use feature_selection::pipeline::{
    ColumnPolicy, DropReason, Fitted, FoldPlan, LassoStep, RedundancyRule, RunReport,
    SelectionPipeline, Step,
};
use feature_selection::relevance::Relevance;
use feature_selection::stability::StabilitySelection;
use feature_selection::standardize::Divisor;
use feature_selection::univariate::{Adjustment, UnivariateMethod};
use feature_selection::{Error, FeatureTable};

fn pipeline(rule: LambdaRule) -> SelectionPipeline {
    let folds = FoldPlan::Stratified {
        n_folds: 5,
        seed: 11,
        repeats: 1,
    };
    SelectionPipeline::new()
        .step(Step::DropConstant)
        .step(Step::Standardize(Divisor::Sample))
        .step(Step::MostRelevant {
            relevance: Relevance::default(),
            keep: 40,
        })
        .step(Step::Redundancy {
            rule: RedundancyRule::default(),
            cutoff: 0.9,
            correlation: Correlation::Spearman,
        })
        .step(Step::Lasso(LassoStep {
            folds,
            rule,
            ..LassoStep::default()
        }))
}

/// A pipeline that always selects something, so that chance has something to show.
fn eager() -> SelectionPipeline {
    pipeline(LambdaRule::Value(0.05))
}

fn auc(scores: &[f64], outcome: &[bool]) -> f64 {
    eval_stats::roc::auc(&Scored::new(scores, outcome).unwrap())
}

/// Selecting among 300 noise features on training rows finds something there and nothing on new rows.
#[test]
fn noise_stays_at_chance_on_rows_not_seen() {
    let (mut apparent, mut held_out) = (0.0, 0.0);
    const RUNS: u64 = 12;
    for seed in 0..RUNS {
        let mut noise = Noise::new(100 + seed);
        let (train, test) = (noise.table(80, 300), noise.table(200, 300));
        let (y, z) = (noise.outcome(80, 0.5), noise.outcome(200, 0.5));
        let fitted = eager().fit(&train, &y).unwrap();
        assert!(!fitted.selected.is_empty());
        apparent += auc(&fitted.score(&train).unwrap(), &y) / RUNS as f64;
        held_out += auc(&fitted.score(&test).unwrap(), &z) / RUNS as f64;
    }
    // The standard error of the mean of 12 AUCs on 200 rows is 0.012.
    assert!((held_out - 0.5).abs() < 0.04, "held out {held_out}");
    assert!(apparent > 0.75, "apparent {apparent}");
}

/// With features independent of the outcome the nested estimate is at chance over many seeds, while the same folds judged after a
/// selection that saw all rows are far above it. The first half fails if any step sees a test row, the second if the test could not tell.
#[test]
fn nested_cross_validation_of_noise_is_at_chance_and_a_leak_is_not() {
    const SEEDS: u64 = 16;
    let (n, p) = (90, 150);
    let (mut honest, mut leaky) = (Vec::new(), Vec::new());
    for seed in 0..SEEDS {
        let mut noise = Noise::new(4000 + seed);
        let table = noise.table(n, p);
        let outcome = noise.outcome(n, 0.5);
        let folds = Folds::stratified(&outcome, 5, seed as u32).unwrap();
        let nested = nested_cv(&eager(), &table, &outcome, &folds).unwrap();
        assert!(nested.optimism > 0.1, "{}", nested.optimism);
        honest.push(nested.mean_auc);
        // The leak: ten features chosen on all rows, the same pipeline afterwards.
        let filter = Step::MostRelevant {
            relevance: Relevance::AbsoluteT,
            keep: 10,
        };
        let filter = SelectionPipeline::new().step(filter);
        let chosen = filter.fit(&table, &outcome).unwrap().selected;
        let narrow = table.select_names(&chosen).unwrap();
        leaky.push(
            nested_cv(&eager(), &narrow, &outcome, &folds)
                .unwrap()
                .mean_auc,
        );
    }
    // Seeds are independent, so the mean over them has a standard error that they show themselves: Student's t on 15 degrees of freedom
    // leaves 4.07 standard errors with probability 0.001.
    let m = SEEDS as f64;
    let mean = |v: &[f64]| v.iter().sum::<f64>() / m;
    let error = |v: &[f64]| {
        let center = mean(v);
        let squares: f64 = v.iter().map(|a| (a - center).powi(2)).sum();
        (squares / (m - 1.0) / m).sqrt()
    };
    let t = (mean(&honest) - 0.5) / error(&honest);
    assert!(t.abs() < 4.07, "{} ({t})", mean(&honest));
    assert!(error(&honest) < 0.03);
    assert!(
        (mean(&leaky) - 0.5) / error(&leaky) > 10.0,
        "{}",
        mean(&leaky)
    );
}

#[test]
fn nested_cross_validation_finds_a_signal_in_every_fold() {
    let mut noise = Noise::new(42);
    let n = 150;
    let table = noise.table(n, 120);
    let outcome = noise.outcome(n, 0.5);
    let mut values = table.to_array();
    for (i, &y) in outcome.iter().enumerate() {
        values[[i, 7]] += if y { 2.0 } else { 0.0 };
    }
    let signal = FeatureTable::new(values.view(), &names(120)).unwrap();
    let plan = FoldPlan::Stratified {
        n_folds: 5,
        seed: 3,
        repeats: 2,
    };
    let folds = plan.folds(&outcome).unwrap();
    let nested = NestedCv::new(pipeline(LambdaRule::OneStandardError));
    let found = nested.fit(&signal, &outcome, &folds).unwrap();
    assert!(found.mean_auc > 0.85, "{}", found.mean_auc);
    let first = &found.selection_frequencies()[0];
    assert_eq!(
        (first.name.as_str(), first.count, first.share),
        ("f7", 10, 1.0)
    );
    assert_eq!((found.folds.len(), found.repeats.len()), (10, 2));
    assert!(
        found
            .folds
            .iter()
            .all(|f| f.columns.contains(&7) && f.lambda.is_some())
    );
    assert!((found.mean_apparent_auc - found.mean_auc - found.optimism).abs() < 1e-15);
    assert!((found.pooled_auc() - found.mean_auc).abs() < 0.1);
    let index = found.stability(0.95).unwrap();
    assert!(index.value > 0.2 && index.n_sets == 10 && index.n_features == 120);
    // Each repeat's pooled AUC and the folds' AUCs come from the same held-out scores.
    for f in &found.folds {
        let repeat = &found.repeats[f.repeat];
        let rows = repeat.folds.test_indices(f.fold);
        let pick = |i: &usize| (repeat.held_out_scores[*i], outcome[*i]);
        let (scores, y): (Vec<f64>, Vec<bool>) = rows.iter().map(pick).unzip();
        assert_eq!(auc(&scores, &y), f.auc);
    }
}

#[test]
fn nested_cross_validation_names_the_fold_that_fails() {
    let mut noise = Noise::new(43);
    let (table, outcome) = (noise.table(60, 10), noise.outcome(60, 0.5));
    let folds = Folds::stratified(&outcome, 5, 3).unwrap();
    let given = LassoStep {
        folds: FoldPlan::Given(folds.clone()),
        ..LassoStep::default()
    };
    let pipeline = SelectionPipeline::new().step(Step::Lasso(given));
    assert!(matches!(
        nested_cv(&pipeline, &table, &outcome, &folds),
        Err(Error::Incompatible { .. })
    ));
    let one_class: Vec<usize> = outcome.iter().map(|&y| usize::from(y)).collect();
    let folds_by_class = Folds::from_assignment(one_class, 2, 60).unwrap();
    let error = nested_cv(&eager(), &table, &outcome, &folds_by_class).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("repeat 0, outer fold 0: fold 0: expected at least one event")
    );
    // No noise feature is significant after Bonferroni: which fold and which step is said.
    let strict = SelectionPipeline::new()
        .step(Step::Univariate {
            method: UnivariateMethod::Welch,
            adjustment: Adjustment::Bonferroni,
            level: 1e-6,
        })
        .step(Step::Lasso(LassoStep::default()));
    let error = nested_cv(&strict, &table, &outcome, &folds).unwrap_err();
    assert_eq!(
        error.to_string(),
        "repeat 0, outer fold 0: univariate test: no usable column is left of 10"
    );
    let lenient = NestedCv::new(strict).nothing_selected(NothingSelected::ConstantScore);
    let found = lenient.fit(&table, &outcome, &[folds]).unwrap();
    assert_eq!((found.mean_auc, found.mean_apparent_auc), (0.5, 0.5));
    assert!(
        found
            .folds
            .iter()
            .all(|f| f.selected.is_empty() && f.lambda.is_none())
    );
    assert!(found.stability(0.95).unwrap().value.is_nan());
}

#[test]
fn shuffled_outcomes_tell_signal_from_noise() {
    let mut noise = Noise::new(77);
    let n = 60;
    let table = noise.table(n, 12);
    let outcome = noise.outcome(n, 0.5);
    let mut values = table.to_array();
    for (i, &y) in outcome.iter().enumerate() {
        values[[i, 3]] += if y { 2.0 } else { 0.0 };
    }
    let signal = FeatureTable::new(values.view(), &names(12)).unwrap();
    let plan = FoldPlan::Stratified {
        n_folds: 3,
        seed: 5,
        repeats: 1,
    };
    let nested = NestedCv::new(eager());
    const SHUFFLES: usize = 39;
    let test = |table: &FeatureTable, plan: &FoldPlan| {
        nested
            .permutation_test(table, &outcome, plan, SHUFFLES, 1)
            .unwrap()
    };
    let found = test(&signal, &plan);
    assert_eq!(found.p_value, 1.0 / 40.0);
    assert_eq!(found.permuted.len(), SHUFFLES);
    let given = FoldPlan::Given(plan.folds(&outcome).unwrap().remove(0));
    assert_eq!(test(&signal, &given).p_value, 1.0 / 40.0);
    let none = test(&table, &plan);
    assert!(none.p_value > 0.05, "{}", none.p_value);
    let center = none.permuted.iter().sum::<f64>() / SHUFFLES as f64;
    // One shuffle's AUC of 60 rows has a standard deviation of about 0.08.
    assert!((center - 0.5).abs() < 0.06, "{center}");
}

/// A score describes the same numbers on both scales, after a round trip and on permuted columns.
#[test]
fn scores_agree_on_every_route() {
    let mut noise = Noise::new(9);
    let mut values = noise.table(90, 12).to_array();
    let outcome = noise.outcome(90, 0.4);
    for (i, &y) in outcome.iter().enumerate() {
        values[[i, 3]] = 1e6 + 1e-2 * (values[[i, 3]] + if y { 1.5 } else { 0.0 });
        values[[i, 8]] += if y { 1.0 } else { 0.0 };
    }
    let table = FeatureTable::new(values.view(), &names(12)).unwrap();
    let fitted = pipeline(LambdaRule::Minimum).fit(&table, &outcome).unwrap();
    let scores = fitted.score(&table).unwrap();
    let score = fitted.score.as_ref().unwrap();
    let z = fitted.transform(&table).unwrap();
    for (i, &expected) in scores.iter().enumerate() {
        let standardized: f64 = score.standardized_intercept
            + score
                .terms
                .iter()
                .enumerate()
                .map(|(k, t)| t.standardized_coefficient * z.column(k)[i])
                .sum::<f64>();
        assert!((standardized - expected).abs() < 1e-12);
        let raw: f64 = score.intercept
            + score
                .terms
                .iter()
                .map(|t| t.coefficient * table.column(table.position(&t.name).unwrap())[i])
                .sum::<f64>();
        // The raw sum cancels: values of 1e6 with a spread of 1e-2.
        assert!((raw - expected).abs() < 1e-6);
    }
    let reversed = table.select_columns(&(0..12).rev().collect::<Vec<_>>());
    assert_eq!(fitted.score(&reversed).unwrap(), scores);
    let read = feature_selection::Score::from_json(&score.to_json()).unwrap();
    assert_eq!(read.apply(&table).unwrap(), scores);
    assert!(fitted.score(&table.select_columns(&[0, 1, 2])).is_err());
    assert_eq!(score.rounded(3).unwrap().rounding.unwrap().digits, 3);
}

#[test]
fn two_thousand_features_of_fifty_patients() {
    let mut noise = Noise::new(77);
    let mut values = noise.table(50, 2000).to_array();
    let outcome = noise.outcome(50, 0.5);
    for (i, &y) in outcome.iter().enumerate() {
        values[[i, 1234]] += if y { 4.0 } else { 0.0 };
    }
    let table = FeatureTable::new(values.view(), &names(2000)).unwrap();
    let fitted = pipeline(LambdaRule::OneStandardError)
        .fit(&table, &outcome)
        .unwrap();
    assert!(fitted.selected.contains(&"f1234".to_owned()));
    let dropped: usize = fitted.funnel.iter().map(|s| s.dropped).sum();
    assert_eq!(dropped + fitted.selected.len(), 2000);
    assert_eq!(fitted.dropped.len(), dropped);
}

/// A pipeline of every kind of step but the reliability.
fn long_pipeline() -> SelectionPipeline {
    SelectionPipeline::new()
        .step(Step::DropConstant)
        .step(Step::DropDuplicates)
        .step(Step::NearZeroVariance {
            frequency_ratio: 19.0,
            unique_percent: 10.0,
        })
        .step(Step::VarianceThreshold {
            threshold: 1e-6,
            divisor: Divisor::Population,
        })
        .step(Step::Standardize(Divisor::Sample))
        .step(Step::Univariate {
            method: UnivariateMethod::Welch,
            adjustment: Adjustment::None,
            level: 0.6,
        })
        .step(Step::RelevanceThreshold {
            relevance: Relevance::Auc,
            threshold: 0.01,
        })
        .step(Step::MostRelevant {
            relevance: Relevance::AbsoluteT,
            keep: 20,
        })
        .step(Step::Redundancy {
            rule: RedundancyRule::RelevanceGreedy(Relevance::Auc),
            cutoff: 0.9,
            correlation: Correlation::Pearson,
        })
        .step(Step::Stability(StabilitySelection {
            threshold: 0.51,
            ..StabilitySelection::first(6)
        }))
        .step(Step::Lasso(LassoStep {
            rule: LambdaRule::Minimum,
            ..LassoStep::default()
        }))
}

fn long_table() -> (FeatureTable, Vec<bool>) {
    let mut noise = Noise::new(31);
    let outcome = noise.outcome(120, 0.4);
    let mut values = noise.table(120, 40).to_array();
    for (i, &y) in outcome.iter().enumerate() {
        let shift = if y { 1.2 } else { 0.0 };
        values[[i, 0]] += shift;
        values[[i, 1]] -= shift;
        values[[i, 2]] = 3.5;
        values[[i, 3]] = values[[i, 0]];
        values[[i, 4]] *= 1e-9;
        values[[i, 5]] = f64::from(u8::from(i == 0));
        values[[i, 6]] = values[[i, 1]] + 0.01 * values[[i, 6]];
    }
    (
        FeatureTable::new(values.view(), &names(40)).unwrap(),
        outcome,
    )
}

#[test]
fn every_feature_is_selected_or_dropped_once_with_its_reason() {
    let (table, outcome) = long_table();
    let fitted = long_pipeline().fit(&table, &outcome).unwrap();
    let reason = |name: &str| {
        let mut of = fitted.dropped.iter().filter(|d| d.name == name);
        let dropped = of.next().expect("dropped");
        assert!(of.next().is_none());
        (dropped.step, dropped.reason.clone())
    };
    assert_eq!(reason("f2"), (0, DropReason::Constant));
    let of = "f0".to_owned();
    assert_eq!(reason("f3"), (1, DropReason::Duplicate { of }));
    assert_eq!(reason("f5"), (2, DropReason::NearZeroVariance));
    assert!(matches!(reason("f4"), (3, DropReason::LowVariance { .. })));
    let (step, redundant) = reason(if fitted.selected.contains(&"f1".to_owned()) {
        "f6"
    } else {
        "f1"
    });
    assert!(matches!(redundant, DropReason::Redundant { .. }) && step == 8);
    assert!(fitted.selected.contains(&"f0".to_owned()));
    assert_eq!(fitted.dropped.len() + fitted.selected.len(), 40);
    let mut left = 40;
    for (step, record) in fitted.funnel.iter().enumerate() {
        let gone = fitted.dropped.iter().filter(|d| d.step == step).count();
        left -= gone;
        assert_eq!((record.dropped, record.kept), (gone, left));
    }
    assert_eq!(left, fitted.selected.len());
    assert!(fitted.stability.is_some() && fitted.lasso.is_some());
}

#[test]
fn a_stored_pipeline_applies_alike_and_reports_alike() {
    let (table, outcome) = long_table();
    let fitted = long_pipeline().fit(&table, &outcome).unwrap();
    let read = Fitted::from_json(&fitted.to_json()).unwrap();
    assert_eq!(read.score(&table).unwrap(), fitted.score(&table).unwrap());
    assert_eq!(
        read.transform(&table).unwrap(),
        fitted.transform(&table).unwrap()
    );
    assert_eq!(read.report(), fitted.report());
    let mut expected = fitted.clone();
    (expected.estimate, expected.stability) = (None, None);
    assert_eq!(read, expected);
    let report = fitted.report();
    let text = report.to_json();
    assert_eq!(serde_json::from_str::<RunReport>(&text).unwrap(), report);
    assert!(text.contains("\"seed\"") && text.contains("p 0.") && text.contains("f0"));
    let row: Vec<(String, f64)> = table
        .names()
        .iter()
        .enumerate()
        .map(|(j, n)| (n.clone(), table.column(j)[17]))
        .collect();
    let score = fitted.score(&table).unwrap()[17];
    assert_eq!(
        read.apply_row(&row, ColumnPolicy::AsTrained).unwrap(),
        score
    );
    let needed: Vec<_> = row
        .iter()
        .filter(|(n, _)| fitted.selected.contains(n))
        .cloned()
        .collect();
    assert_eq!(
        read.apply_row(&needed, ColumnPolicy::AtLeastSelected)
            .unwrap(),
        score
    );
    assert!(matches!(
        read.apply_row(&needed, ColumnPolicy::AsTrained),
        Err(Error::ColumnMismatch { .. })
    ));
    assert!(
        read.apply_row(&needed[1..], ColumnPolicy::AtLeastSelected)
            .is_err()
    );
}

/// Every single change of a stored pipeline that makes it disagree with itself is noticed.
#[test]
fn tampered_pipelines_are_refused() {
    let (table, outcome) = long_table();
    let fitted = long_pipeline().fit(&table, &outcome).unwrap();
    let stored: serde_json::Value = serde_json::from_str(&fitted.to_json()).unwrap();
    let refused = |what: &str, change: &dyn Fn(&mut serde_json::Value)| {
        let mut changed = stored.clone();
        change(&mut changed);
        assert_ne!(changed, stored, "{what}");
        match Fitted::from_json(&changed.to_string()) {
            Err(Error::InvalidPipeline { .. }) => {}
            other => panic!("{what}: {other:?}"),
        }
    };
    refused("format", &|v| v["format"] = "other".into());
    refused("events", &|v| v["n_events"] = 120.into());
    refused("negative rows", &|v| v["n_rows"] = (-1).into());
    refused("column twice", &|v| v["columns"][1] = "f0".into());
    refused("unknown selected", &|v| v["selected"][0] = "x".into());
    refused("selected order", &|v| {
        v["selected"].as_array_mut().unwrap().reverse()
    });
    refused("count", &|v| v["steps"][0]["kept"] = 38.into());
    refused("unknown step", &|v| v["steps"][0]["name"] = "magic".into());
    refused("dropped by no step", &|v| {
        v["dropped"][0]["step"] = 99.into()
    });
    refused("dropped twice", &|v| v["dropped"][1]["name"] = "f2".into());
    refused("drop missing", &|v| {
        drop(v["dropped"].as_array_mut().unwrap().pop())
    });
    refused("mean missing", &|v| {
        drop(v["standardizer"]["means"].as_array_mut().unwrap().pop())
    });
    refused("mean null", &|v| {
        v["standardizer"]["means"][0] = serde_json::Value::Null
    });
    refused("negative deviation", &|v| {
        v["standardizer"]["standard_deviations"][0] = (-1.0).into()
    });
    refused("coefficient", &|v| {
        v["score"]["terms"][0]["coefficient"] = 7.0.into()
    });
    refused("score without lasso", &|v| {
        v["lasso"] = serde_json::Value::Null
    });
    refused("lambda", &|v| v["lasso"]["lambda"] = 0.5.into());
    refused("fold", &|v| v["lasso"]["folds"][0] = 10.into());
    refused("surplus key", &|v| v["extra"] = 1.into());
    for key in ["version", "columns", "steps", "dropped", "n_rows"] {
        refused(key, &|v| drop(v.as_object_mut().unwrap().remove(key)));
    }
}

#[test]
fn broken_texts_are_no_pipelines() {
    let (table, outcome) = long_table();
    let fitted = long_pipeline().fit(&table, &outcome).unwrap();
    for text in ["", "null", "[]", "{}", "{\"format\":1e999}"] {
        assert!(Fitted::from_json(text).is_err(), "{text}");
    }
    // Cut anywhere, the text is no pipeline.
    let text = fitted.to_json();
    for end in (0..text.len() - 1)
        .step_by(997)
        .filter(|&e| text.is_char_boundary(e))
    {
        assert!(Fitted::from_json(&text[..end]).is_err());
    }
}

#[test]
fn a_lasso_that_selects_nothing_gives_a_constant_score() {
    let mut noise = Noise::new(3);
    let (table, outcome) = (noise.table(60, 8), noise.outcome(60, 0.4));
    let fitted = pipeline(LambdaRule::Value(10.0))
        .fit(&table, &outcome)
        .unwrap();
    let score = fitted.score.as_ref().unwrap();
    assert!(score.is_constant() && fitted.selected.is_empty());
    let events = outcome.iter().filter(|&&y| y).count() as f64;
    let scores = fitted.score(&table).unwrap();
    assert!(scores.iter().all(|&s| s == scores[0]));
    // The intercept is the log-odds of the training rows.
    assert!((scores[0] - (events / (60.0 - events)).ln()).abs() < 1e-6);
    let read = Fitted::from_json(&fitted.to_json()).unwrap();
    assert_eq!(read.score(&table).unwrap(), scores);
}

fn bad_filters() -> Vec<Step> {
    let redundancy = |cutoff| Step::Redundancy {
        rule: RedundancyRule::CaretExact,
        cutoff,
        correlation: Correlation::Pearson,
    };
    let relevance = Relevance::Auc;
    let threshold = f64::NAN;
    vec![
        Step::NearZeroVariance {
            frequency_ratio: -1.0,
            unique_percent: 10.0,
        },
        Step::VarianceThreshold {
            threshold,
            divisor: Divisor::Sample,
        },
        Step::Univariate {
            method: UnivariateMethod::Student,
            adjustment: Adjustment::None,
            level: 0.0,
        },
        Step::MostRelevant { relevance, keep: 0 },
        Step::RelevanceThreshold {
            relevance,
            threshold,
        },
        redundancy(1.5),
        redundancy(f64::NAN),
        Step::Stability(StabilitySelection {
            threshold: 0.5,
            ..StabilitySelection::default()
        }),
        Step::Stability(StabilitySelection::first(0)),
    ]
}

fn bad_lassos() -> Vec<Step> {
    let lasso = |change: &dyn Fn(&mut LassoStep)| {
        let mut step = LassoStep::default();
        change(&mut step);
        Step::Lasso(step)
    };
    let folds = |n_folds, repeats| FoldPlan::Stratified {
        n_folds,
        seed: 1,
        repeats,
    };
    let path = |net| CrossValidation::new(net).into();
    vec![
        lasso(&|s| s.folds = folds(2, 1)),
        lasso(&|s| s.folds = folds(5, 0)),
        lasso(&|s| s.rule = LambdaRule::Value(-1.0)),
        lasso(&|s| s.rule = LambdaRule::Features(0)),
        lasso(&|s| s.score_name = " ".to_owned()),
        lasso(&|s| s.estimator = path(ElasticNet::new().alpha(1.5))),
        lasso(&|s| s.estimator = path(ElasticNet::new().threshold(0.0))),
    ]
}

/// Settings are refused before any step runs: this table would fail in the first step.
#[test]
fn settings_are_checked_before_anything_is_fitted() {
    let flat = FeatureTable::new(ndarray::Array2::zeros((20, 2)).view(), &names(2)).unwrap();
    let outcome: Vec<bool> = (0..20).map(|i| i % 2 == 0).collect();
    for bad in bad_filters().into_iter().chain(bad_lassos()) {
        let name = bad.name();
        let pipeline = SelectionPipeline::new().step(Step::DropConstant).step(bad);
        match pipeline.fit(&flat, &outcome) {
            Err(Error::InStep {
                step, name: found, ..
            }) => assert_eq!((step, found), (1, name)),
            other => panic!("{name}: {other:?}"),
        }
    }
}

#[cfg(feature = "rayon")]
#[test]
fn the_number_of_threads_changes_no_bit() {
    let mut noise = Noise::new(13);
    let (table, outcome) = (noise.table(70, 90), noise.outcome(70, 0.4));
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| {
            let fitted = pipeline(LambdaRule::Minimum).fit(&table, &outcome).unwrap();
            let folds = Folds::stratified(&outcome, 4, 2).unwrap();
            (
                fitted,
                nested_cv(&pipeline(LambdaRule::Minimum), &table, &outcome, &folds).unwrap(),
            )
        })
    };
    let (one, four) = (run(1), run(4));
    assert_eq!(one.0, four.0);
    assert_eq!(one.1, four.1);
}
