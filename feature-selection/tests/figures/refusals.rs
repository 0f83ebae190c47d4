//! Unusable input is a typed error.

use feature_selection::correlation::Correlation;
use feature_selection::icc::{IccBound, IccFilter};
use feature_selection::lasso::LambdaRule;
use feature_selection::pipeline::SelectionPipeline;
use feature_selection::plot::*;
use feature_selection::{Error, Result};

use crate::common::names;
use crate::study::*;

#[track_caller]
fn refused(result: Result<String>, reason: &str) {
    match result {
        Err(Error::Figure { reason: found }) => assert!(found.contains(reason), "{found}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn nothing_to_draw() {
    let layout = Layout::new();
    let (table, outcome) = table(60, 4);
    let nothing = SelectionPipeline::new().fit(&table, &outcome).unwrap();
    refused(selection_funnel(&nothing, &layout), "found none");
    refused(icc_histogram(&[], &layout), "among 0");
    refused(icc_scatter(&[], &[], &layout), "among 0");
    let one = table.select_columns(&[0]);
    refused(
        correlation_heat_map(&one, Correlation::Pearson, &layout),
        "found 1",
    );
    let mut score = fitted(120, 40).score.unwrap();
    score.terms.clear();
    refused(coefficient_bars(&score, &layout), "found 0");
    refused(
        stability_bars(&StabilityBars::new(&[], &[], 0.6), &layout),
        "found 0",
    );
    refused(fold_bars(&FoldBars::new(&[], 5), &layout), "found 0");
    refused(
        fold_bars(&FoldBars::new(&[("a".to_owned(), 0)], 0), &layout),
        "found 0",
    );
    refused(
        relevance_bars(&RelevanceBars::new("MI", &[], &[]), &layout),
        "found 0",
    );
    let empty = VolcanoFigure::new(VolcanoEffect::Auc, &[], &[], &[]);
    refused(volcano(&empty, &layout), "found none");
    let figure = CurveFigure::new("AUC", LambdaAxis::Log);
    refused(cross_validation_curves(&figure, &layout), "found none");
    let figure = figure.series(CurveSeries::new("a", &[0.0], &[1.0]));
    refused(cross_validation_curves(&figure, &layout), "found none");
}

#[test]
fn paths_without_a_place() {
    let layout = Layout::new();
    let cv = cross_validation(120, 30);
    let draw = |cv: &_| coefficient_path(cv, LambdaAxis::Log, &layout);
    let mut bad = cv.clone();
    bad.path.lambda.truncate(1);
    bad.path.beta.truncate(1);
    bad.path.df.truncate(1);
    bad.path.dev_ratio.truncate(1);
    refused(draw(&bad), "at least 2");
    let mut bad = cv.clone();
    bad.path.lambda.iter_mut().for_each(|l| *l = 0.0);
    refused(draw(&bad), "at least 2");
    let mut bad = cv.clone();
    bad.index_minimum = 100_000;
    refused(draw(&bad), "100000");
    refused(
        cross_validation_curve(&bad, LambdaAxis::Log, &layout),
        "100000",
    );
    for value in [f64::NAN, f64::INFINITY, 1e301] {
        let mut bad = cv.clone();
        bad.path.beta[3].value[0] = value;
        refused(draw(&bad), "coefficient of");
        let mut bad = cv.clone();
        bad.mean[2] = value;
        refused(
            cross_validation_curve(&bad, LambdaAxis::Log, &layout),
            "mean loss",
        );
        let mut bad = cv.clone();
        bad.standard_error[2] = value;
        refused(
            cross_validation_curve(&bad, LambdaAxis::Log, &layout),
            "limit",
        );
    }
    let short = PathSettings::new(LambdaAxis::Log).standardized_by(&[1.0]);
    refused(coefficient_path(&cv, short, &layout), "standard deviations");
    let rule = PathSettings::new(LambdaAxis::Log).rule(LambdaRule::Features(10_000));
    let result = coefficient_path(&cv, rule, &layout);
    assert!(
        matches!(result, Err(Error::NoSuchModelSize { .. })),
        "{result:?}"
    );
    let figure = CurveFigure::new("AUC", LambdaAxis::Log).series(CurveSeries::from_fit("a", &cv));
    refused(
        cross_validation_curves(&figure.clone().mark("m", 0.0), &layout),
        "mark `m`",
    );
    refused(
        cross_validation_curves(&figure.counts(&[1]), &layout),
        "counts",
    );
}

#[test]
fn reliabilities_that_are_none() {
    let layout = Layout::new();
    let (inter, intra) = reliabilities(20);
    refused(icc_scatter(&inter, &intra[1..], &layout), "expected 20");
    let mut other = intra.clone();
    other[4].name = "other".to_owned();
    refused(icc_scatter(&inter, &other, &layout), "`other`");
    let mut bad = inter.clone();
    bad[3].icc.value = 1.5;
    refused(icc_histogram(&bad, &layout), "found 1.5");
    refused(icc_scatter(&bad, &intra, &layout), "found 1.5");
    bad.iter_mut().for_each(|f| f.icc.value = f64::NAN);
    refused(icc_histogram(&bad, &layout), "among 20");
    refused(icc_scatter(&bad, &intra, &layout), "among 20");
    for threshold in [f64::NAN, 2.0] {
        let figure = IccFigure::new().filter(IccFilter {
            threshold,
            bound: IccBound::Estimate,
        });
        refused(icc_histogram_with(&inter, &figure, &layout), "threshold");
        refused(
            icc_scatter_with(&inter, &intra, &figure, &layout),
            "threshold",
        );
    }
}

#[test]
fn numbers_that_are_no_shares() {
    let layout = Layout::new();
    let two = names(2);
    for bad in [f64::NAN, -0.1, 1.1, f64::INFINITY] {
        refused(
            stability_bars(&StabilityBars::new(&two, &[0.5, bad], 0.6), &layout),
            "`f1`",
        );
        refused(
            stability_bars(&StabilityBars::new(&two, &[0.5, 0.6], bad), &layout),
            "threshold",
        );
        let paths = [vec![0.1, 0.2], vec![0.1, bad]];
        let figure = StabilityPaths::new(&two, &[0.2, 0.1], &paths, 0.6);
        refused(stability_paths(&figure, LambdaAxis::Log, &layout), "`f1`");
        let p = [0.5, bad];
        let figure = VolcanoFigure::new(VolcanoEffect::Statistic, &two, &[0.0, 1.0], &p);
        refused(volcano(&figure, &layout), "p-value of `f1`");
    }
    for bad in [f64::NAN, f64::INFINITY, -1e301] {
        let effects = [0.0, bad];
        let figure = VolcanoFigure::new(VolcanoEffect::Statistic, &two, &effects, &[0.5, 0.5]);
        refused(volcano(&figure, &layout), "effect of `f1`");
        refused(
            relevance_bars(&RelevanceBars::new("MI", &two, &[0.0, bad]), &layout),
            "`f1`",
        );
        let mut score = fitted(120, 40).score.unwrap();
        score.terms[0].standardized_coefficient = bad;
        refused(coefficient_bars(&score, &layout), "coefficient of");
    }
    refused(
        stability_bars(&StabilityBars::new(&two, &[0.5], 0.6), &layout),
        "found 1",
    );
    let figure = StabilityPaths::new(&two, &[0.2, 0.0], &[], 0.6);
    refused(
        stability_paths(&figure, LambdaAxis::Log, &layout),
        "found 0",
    );
    refused(
        fold_bars(&FoldBars::new(&[("a".to_owned(), 6)], 5), &layout),
        "found 6",
    );
}
