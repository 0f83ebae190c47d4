//! Every figure as a paper would show it.

use feature_selection::correlation::Correlation;
use feature_selection::icc::{IccBound, IccFilter, IccScheme};
use feature_selection::lasso::{LambdaRule, Measure};
use feature_selection::plot::*;
use feature_selection::relevance::Relevance;
use feature_selection::score::ScoreScale;
use feature_selection::univariate::{
    Adjustment, UnivariateMethod, adjust, feature_auc, univariate_tests,
};

use crate::study::*;
use crate::{check, texts};

#[test]
fn paths() {
    let cv = cross_validation(120, 40);
    check("path", |layout| {
        coefficient_path(&cv, LambdaAxis::Log, layout)
    });
    check("path_negative", |layout| {
        coefficient_path(&cv, LambdaAxis::NegativeLog, layout)
    });
    for (name, axis) in [
        ("path_norm", PathAxis::L1Norm),
        ("path_deviance", PathAxis::DevianceRatio),
    ] {
        let settings = PathSettings::new(axis)
            .range(PathRange::Whole)
            .rule(LambdaRule::Minimum)
            .fitted_on(ScoreScale::Standardized);
        check(name, |layout| {
            coefficient_path(&cv, settings.clone(), layout)
        });
    }
    // A rule of its own has a line of its own.
    let lambda = (cv.lambda_minimum() * cv.lambda_one_standard_error()).sqrt();
    let settings = PathSettings::new(LambdaAxis::Log)
        .rule(LambdaRule::Value(lambda))
        .most_named(3);
    let written = texts(|layout| coefficient_path(&cv, settings.clone(), layout));
    for text in [
        "\u{3bb}",
        "\u{3bb}.min",
        "\u{3bb}.1se",
        "Log(\u{3bb})",
        "Nonzero coefficients",
    ] {
        assert!(written.iter().any(|t| t == text), "{text} in {written:?}");
    }
    assert!(
        written
            .iter()
            .any(|t| t.starts_with("and ") && t.contains(" more"))
    );
}

#[test]
fn survivors_are_named() {
    let cv = cross_validation(120, 40);
    let chosen = cv.select(LambdaRule::OneStandardError).unwrap().selected;
    assert!((2..30).contains(&chosen.len()), "{}", chosen.len());
    let settings = PathSettings::new(LambdaAxis::Log).most_named(40);
    let written = texts(|layout| coefficient_path(&cv, settings.clone(), layout));
    for (j, name) in cv.path.names.iter().enumerate() {
        assert_eq!(written.contains(name), chosen.contains(&j), "{name}");
    }
}

#[test]
fn standardized_coefficients_are_scaled_on_the_way() {
    let cv = cross_validation(120, 40);
    let settings = PathSettings::new(LambdaAxis::Log);
    let twice = vec![2.0; cv.path.names.len()];
    let scaled = settings.clone().standardized_by(&twice);
    let written = texts(|layout| coefficient_path(&cv, scaled.clone(), layout));
    assert!(written.iter().any(|t| t == "Standardized coefficient"));
    // The same curves on an axis of doubled numbers.
    let mut doubled = cv.clone();
    for beta in &mut doubled.path.beta {
        beta.value.iter_mut().for_each(|b| *b *= 2.0);
    }
    let layout = Layout::new();
    let one = coefficient_path(&cv, scaled, &layout).unwrap();
    let two = coefficient_path(
        &doubled,
        settings.fitted_on(ScoreScale::Standardized),
        &layout,
    )
    .unwrap();
    assert_eq!(one, two);
}

#[test]
fn curves() {
    let (table, outcome) = table(150, 40);
    for measure in [Measure::Deviance, Measure::Auc, Measure::Misclassification] {
        let fit = fit_by(&table, &outcome, measure)
            .cross_validation()
            .unwrap()
            .clone();
        let name = format!("cv_{measure:?}").to_lowercase();
        check(&name, |layout| {
            cross_validation_curve(&fit, LambdaAxis::Log, layout)
        });
        check(&format!("{name}_negative"), |layout| {
            cross_validation_curve(&fit, LambdaAxis::NegativeLog, layout)
        });
        let rule = LambdaRule::Features(1);
        check(&format!("{name}_one"), |layout| {
            cross_validation_curve_with(&fit, LambdaAxis::Log, rule, layout)
        });
        let drawn =
            texts(|layout| cross_validation_curve_with(&fit, LambdaAxis::Log, rule, layout));
        assert!(
            drawn.iter().any(|text| text.ends_with("(1 feature)")),
            "{drawn:?}"
        );
    }
    let fit = fit_by(&table, &outcome, Measure::Deviance)
        .cross_validation()
        .unwrap()
        .clone();
    let shifted: Vec<Vec<f64>> = (0..5)
        .map(|g| {
            fit.mean
                .iter()
                .enumerate()
                .map(|(m, v)| v + 0.01 * (g * m) as f64 / 10.0)
                .collect()
        })
        .collect();
    let mut figure = CurveFigure::new("Binomial deviance", LambdaAxis::Log)
        .mark("\u{3bb}.min (\u{3b3} = 0.5)", fit.lambda_minimum())
        .mark("\u{3bb}.1se (\u{3b3} = 1)", fit.lambda_one_standard_error())
        .counts(&fit.n_nonzero);
    for (g, mean) in shifted.iter().enumerate() {
        let label = format!("\u{3b3} = {}", 1.0 - 0.25 * g as f64);
        let mut series = CurveSeries::new(label, &fit.lambda, mean);
        if g % 4 == 0 {
            series = series.band(&fit.standard_error);
        }
        figure = figure.series(series);
    }
    check("cv_relaxed", |layout| {
        cross_validation_curves(&figure, layout)
    });
}

/// Numbers of an attribute of all elements that contain a text, in the order of drawing.
fn attribute(svg: &str, containing: &str, name: &str) -> Vec<f64> {
    let start = format!(" {name}=\"");
    svg.lines()
        .filter(|l| l.contains(containing))
        .filter_map(|l| {
            l.split(&start)
                .nth(1)?
                .split(['"', ','])
                .next()?
                .parse()
                .ok()
        })
        .collect()
}

#[test]
fn dots_and_lines_stand_where_the_fit_has_them() {
    let (table, outcome) = table(150, 40);
    for measure in [Measure::Deviance, Measure::Auc] {
        let fit = fit_by(&table, &outcome, measure)
            .cross_validation()
            .unwrap()
            .clone();
        for axis in [LambdaAxis::Log, LambdaAxis::NegativeLog] {
            let svg = cross_validation_curve(&fit, axis, &Layout::new()).unwrap();
            // The last red disk is the sample of the legend.
            let x = attribute(&svg, "fill=\"#cd2026\"", "cx");
            let y = attribute(&svg, "fill=\"#cd2026\"", "cy");
            let n = fit.lambda.len();
            assert_eq!(x.len(), n + 1);
            let rightwards = axis == LambdaAxis::NegativeLog;
            assert_eq!(x[0] < x[n - 1], rightwards, "{axis:?}");
            // The page counts downwards: an AUC is largest where its dot is highest, a loss smallest where it is lowest.
            let best = &y[..n].iter().copied().fold(
                y[0],
                match measure {
                    Measure::Auc => f64::min,
                    _ => f64::max,
                },
            );
            assert!((y[fit.index_minimum] - best).abs() < 0.011, "{measure:?}");
            // Vertical lines, then their samples in the legend.
            let lines = attribute(&svg, "stroke-dasharray", "points");
            assert!((lines[0] - x[fit.index_minimum]).abs() < 0.011, "{lines:?}");
            assert!(
                (lines[1] - x[fit.index_one_standard_error]).abs() < 0.011,
                "{lines:?}"
            );
        }
    }
}

#[test]
fn features_from_the_threshold_on_are_in_color() {
    let names = radiomics_names(12);
    let frequencies: Vec<f64> = (0..12)
        .map(|j| f64::from(j) / 10.0)
        .map(|f| f.min(1.0))
        .collect();
    let figure = StabilityBars::new(&names, &frequencies, 0.7);
    let svg = stability_bars(&figure, &Layout::new()).unwrap();
    // 0.7, 0.8, 0.9, 1 and 1 again.
    assert_eq!(attribute(&svg, "fill=\"#0072b2\"", "width").len(), 5);
    assert_eq!(attribute(&svg, "fill=\"#bababa\"", "width").len(), 7);
    // Bars are as long as their values.
    let lengths = attribute(&svg, "fill=\"#0072b2\"", "width");
    assert!((lengths[4] / lengths[0] - 0.7).abs() < 1e-3, "{lengths:?}");
    // The name of the most frequent feature stands first.
    let written = texts(|layout| stability_bars(&figure, layout));
    assert!(
        written.contains(&"\u{2265} 0.7: 5 features".to_owned()),
        "{written:?}"
    );
}

#[test]
fn bars_start_at_zero_and_keep_their_proportions() {
    let mut score = fitted(120, 40).score.unwrap();
    score.terms.truncate(3);
    for (term, value) in score.terms.iter_mut().zip([-1.0, 0.5, 2.0]) {
        term.standardized_coefficient = value;
        term.name = format!("original_glcm_{value}");
    }
    let svg = coefficient_bars(&score, &Layout::new()).unwrap();
    // Sorted by value; the last is the sample of the legend.
    let left = attribute(&svg, "fill=\"#0072b2\"", "x");
    let width = attribute(&svg, "fill=\"#0072b2\"", "width");
    assert_eq!(width.len(), 4);
    assert!((width[0] / width[1] - 4.0).abs() < 1e-3 && (width[0] / width[2] - 2.0).abs() < 1e-3);
    assert_eq!(left[0], left[1]);
    assert!((left[2] + width[2] - left[0]).abs() < 0.021);
}

#[test]
fn similar_features_stand_together() {
    let (table, _) = table(60, 16);
    // Two groups of eight, mixed.
    let mixed: Vec<usize> = (0..8).flat_map(|k| [k, 15 - k]).collect();
    let table = table.select_columns(&mixed);
    let first_group: Vec<String> = radiomics_names(16)[..8].to_vec();
    let written = texts(|layout| correlation_heat_map(&table, Correlation::Pearson, layout));
    let place = |name: &String| written.iter().position(|t| same(t, name)).unwrap();
    let places: Vec<usize> = first_group.iter().map(place).collect();
    let (least, most) = (places.iter().min().unwrap(), places.iter().max().unwrap());
    assert_eq!(most - least, 7, "{written:?}");
}

/// Whether a text is a name, in full or without its middle.
fn same(text: &str, name: &str) -> bool {
    match text.split_once('\u{2026}') {
        None => text == name,
        Some((head, tail)) => name.starts_with(head) && name.ends_with(tail),
    }
}

#[test]
fn reliability() {
    let (inter, intra) = reliabilities(400);
    check("icc", |layout| icc_histogram(&inter, layout));
    check("icc_scatter", |layout| icc_scatter(&inter, &intra, layout));
    for scheme in [IccScheme::KooLi, IccScheme::Cicchetti] {
        let figure = IccFigure::new().scheme(scheme).filter(IccFilter {
            threshold: 0.75,
            bound: IccBound::LowerLimit,
        });
        let name = format!("icc_{scheme:?}").to_lowercase();
        check(&name, |layout| icc_histogram_with(&inter, &figure, layout));
        let figure = figure.comparisons("Test\u{2013}retest", "Segmentation by two readers,");
        check(&format!("{name}_scatter"), |layout| {
            icc_scatter_with(&inter, &intra, &figure, layout)
        });
    }
}

#[test]
fn counts_of_the_ranges_are_those_of_the_filter() {
    let (inter, intra) = reliabilities(400);
    for bound in [IccBound::Estimate, IccBound::LowerLimit] {
        let filter = IccFilter {
            threshold: 0.8,
            bound,
        };
        let figure = IccFigure::new().filter(filter);
        let kept = inter.iter().filter(|f| filter.keeps(&f.icc)).count();
        let written = texts(|layout| icc_histogram_with(&inter, &figure, layout));
        let text = format!("kept, \u{2265} 0.80: {kept} of 400");
        assert!(written.contains(&text), "{text} in {written:?}");
        let excellent = format!("excellent, \u{2265} 0.80: {kept}");
        assert!(written.contains(&excellent), "{written:?}");
        let both = inter
            .iter()
            .zip(&intra)
            .filter(|(a, b)| filter.keeps(&a.icc) && filter.keeps(&b.icc))
            .count();
        let written = texts(|layout| icc_scatter_with(&inter, &intra, &figure, layout));
        let text = format!("both \u{2265} 0.80 (kept): {both}");
        assert!(written.contains(&text), "{text} in {written:?}");
    }
}

#[test]
fn correlation() {
    for p in [2, 5, 24, 40, 120, 979] {
        let (table, _) = table(60, p);
        check(&format!("correlation_{p}"), |layout| {
            correlation_heat_map(&table, Correlation::Spearman, layout)
        });
    }
    let (before, _) = table(60, 979);
    let after = before.select_columns(&[3, 13, 43, 10, 100, 200, 301, 400, 500, 600, 717, 811]);
    check("correlation_pair", |layout| {
        let panels = (
            HeatMapPanel::new("Before selection", &before),
            HeatMapPanel::new("After selection", &after),
        );
        let settings = HeatMap::new(Correlation::Pearson).summary(CellSummary::RootMeanSquare);
        correlation_heat_maps(panels.0, panels.1, &settings, layout)
    });
}

#[test]
fn score_and_funnel() {
    let fitted = fitted(120, 40);
    check("funnel", |layout| selection_funnel(&fitted, layout));
    let score = fitted.score.as_ref().unwrap();
    check("coefficients", |layout| coefficient_bars(score, layout));
    let raw = CoefficientBars::new().scale(ScoreScale::Raw);
    check("coefficients_raw", |layout| {
        coefficient_bars_with(score, &raw, layout)
    });
    let mut many = score.clone();
    let term = many.terms[0].clone();
    for (k, name) in radiomics_names(80).into_iter().enumerate() {
        let mut term = term.clone();
        term.name = format!("T2_{name}");
        term.standardized_coefficient = 0.6 * (k as f64 * 0.7).sin();
        many.terms.push(term);
    }
    check("coefficients_many", |layout| {
        coefficient_bars(&many, layout)
    });
}

#[test]
fn frequencies() {
    let names = radiomics_names(90);
    let share = |j: usize| ((j * 37) % 90) as f64 / 89.0;
    let last: Vec<f64> = (0..90).map(|j| share(j).powi(3)).collect();
    check("stability_bars", |layout| {
        stability_bars(&StabilityBars::new(&names, &last, 0.6), layout)
    });
    let lambda: Vec<f64> = (0..40).map(|m| 0.3 * 0.9f64.powi(m)).collect();
    let paths: Vec<Vec<f64>> = last
        .iter()
        .map(|&f| {
            (0..40)
                .map(|m| f * (f64::from(m) / 39.0).powf(1.5 - f))
                .collect()
        })
        .collect();
    for (name, axis) in [
        ("stability_paths", LambdaAxis::Log),
        ("stability_paths_negative", LambdaAxis::NegativeLog),
    ] {
        check(name, |layout| {
            stability_paths(
                &StabilityPaths::new(&names, &lambda, &paths, 0.6),
                axis,
                layout,
            )
        });
    }
    let counts: Vec<(String, usize)> = names
        .iter()
        .take(18)
        .enumerate()
        .map(|(j, n)| (n.clone(), 10 - j / 2))
        .collect();
    check("folds", |layout| {
        fold_bars(&FoldBars::new(&counts, 10), layout)
    });
}

#[test]
fn univariate() {
    let (table, outcome) = table(120, 300);
    let tests = univariate_tests(&table, &outcome, UnivariateMethod::Welch).unwrap();
    let p: Vec<f64> = tests.iter().map(|t| t.p_value).collect();
    let p = adjust(&p, Adjustment::BenjaminiHochberg);
    let auc = feature_auc(&table, &outcome).unwrap();
    let figure = VolcanoFigure::new(VolcanoEffect::Auc, table.names(), &auc, &p);
    check("volcano", |layout| volcano(&figure, layout));
    let values = Relevance::default().of(&table, &outcome).unwrap();
    let figure = RelevanceBars::new("Mutual information (nats)", table.names(), &values);
    check("relevance", |layout| relevance_bars(&figure, layout));
}
