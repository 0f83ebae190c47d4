//! Long names, few and many features, ties, zeros, extreme values.

use feature_selection::FeatureTable;
use feature_selection::correlation::Correlation;
use feature_selection::icc::{FeatureIcc, IccBound, IccFilter, IccScheme};
use feature_selection::lasso::{CrossValidationFit, LambdaRule};
use feature_selection::plot::*;
use feature_selection::score::ScoreScale;
use ndarray::Array2;

use crate::check;
use crate::common::{Noise, names};
use crate::study::*;

/// Names of 80 characters, of other scripts, with special characters, alike but for their middle.
const LONG: [&str; 10] = [
    "peritumoral_5mm_wavelet-LLH_glrlm_LongRunHighGrayLevelEmphasis_variant_of_filter",
    "peritumoral_5mm_wavelet-LHL_glrlm_LongRunHighGrayLevelEmphasis_variant_of_filter",
    "peritumoral_5mm_wavelet-HHH_glrlm_LongRunHighGrayLevelEmphasis_variant_of_filter",
    "\u{4e34}\u{5e8a}\u{5f71}\u{50cf}\u{7ec4}\u{5b66}\u{7279}\u{5f81} (\u{8bad}\u{7ec3}\u{96c6})",
    "a<b & \"c\" > 'd'",
    "\u{3b1}-fetoprotein + \u{3bb}\u{2081} \u{2265} 0.5 \u{1fa7a}",
    "Donaudampfschifffahrtsgesellschaftskapit\u{e4}nsm\u{fc}tzenabzeichenmodell",
    "\u{41a}\u{438}-67 \u{438} \u{440}\u{430}\u{437}\u{43c}\u{435}\u{440} \u{43e}\u{43f}\u{443}\u{445}\u{43e}\u{43b}\u{438}",
    "e\u{301}lasticite\u{301}\nde la tumeur",
    "x",
];

fn long_names(n: usize) -> Vec<String> {
    (0..n)
        .map(|i| match i / 10 {
            0 => LONG[i].to_owned(),
            k => format!("{} {k}", LONG[i % 10]),
        })
        .collect()
}

fn renamed(table: &FeatureTable, names: &[String]) -> FeatureTable {
    FeatureTable::new(table.to_array().view(), names).unwrap()
}

/// A fit whose coefficients are multiplied.
fn scaled(cv: &CrossValidationFit, factor: f64) -> CrossValidationFit {
    let mut cv = cv.clone();
    for beta in &mut cv.path.beta {
        beta.value.iter_mut().for_each(|b| *b *= factor);
    }
    cv
}

const ALL_AXES: [PathAxis; 4] = [
    PathAxis::Lambda(LambdaAxis::Log),
    PathAxis::Lambda(LambdaAxis::NegativeLog),
    PathAxis::L1Norm,
    PathAxis::DevianceRatio,
];

#[test]
fn paths_of_few_and_many() {
    for (n, p) in [(60, 1), (60, 3), (120, 30), (120, 979)] {
        let cv = if p == 1 {
            let (table, outcome) = table(n, 4);
            fit_by(&table.select_columns(&[3]), &outcome, Default::default())
                .cross_validation()
                .unwrap()
                .clone()
        } else {
            cross_validation(n, p)
        };
        for (k, axis) in ALL_AXES.into_iter().enumerate() {
            for range in [PathRange::NearMinimum, PathRange::Whole] {
                let settings = PathSettings::new(axis)
                    .range(range)
                    .rule(LambdaRule::Minimum);
                let name = format!("extreme_path_{p}_{k}_{range:?}");
                check(&name, |layout| {
                    coefficient_path(&cv, settings.clone(), layout)
                });
            }
        }
        check(&format!("extreme_cv_{p}"), |layout| {
            cross_validation_curve(&cv, LambdaAxis::Log, layout)
        });
    }
}

#[test]
fn paths_with_long_names() {
    let (table, outcome) = table(120, 40);
    let table = renamed(&table, &long_names(40));
    let cv = fit_by(&table, &outcome, Default::default())
        .cross_validation()
        .unwrap()
        .clone();
    for (k, axis) in ALL_AXES.into_iter().enumerate() {
        for most in [0, 1, 5, 20, 60] {
            let settings = PathSettings::new(axis)
                .rule(LambdaRule::Minimum)
                .most_named(most);
            let name = format!("extreme_names_{k}_{most}");
            check(&name, |layout| {
                coefficient_path(&cv, settings.clone(), layout)
            });
        }
    }
}

#[test]
fn paths_of_extreme_coefficients() {
    let cv = cross_validation(120, 40);
    for (k, factor) in [0.0, 1e-12, 1e6, 1e-300, 1e296].into_iter().enumerate() {
        let cv = scaled(&cv, factor);
        for axis in ALL_AXES {
            check(&format!("extreme_scale_{k}"), |layout| {
                coefficient_path(&cv, axis, layout)
            });
        }
    }
    // All coefficients gone; all curves in one place; two models.
    let mut zero = cv.clone();
    for beta in &mut zero.path.beta {
        beta.index.clear();
        beta.value.clear();
    }
    zero.path.df.fill(0);
    let mut tied = cv.clone();
    for beta in &mut tied.path.beta {
        beta.value.fill(1.0);
    }
    let mut two = cv.clone();
    two.path.lambda.truncate(2);
    two.path.beta.truncate(2);
    two.path.df.truncate(2);
    two.path.dev_ratio.truncate(2);
    for (name, cv) in [("zero", &zero), ("tied", &tied), ("two", &two)] {
        for axis in ALL_AXES {
            check(&format!("extreme_path_{name}"), |layout| {
                coefficient_path(cv, axis, layout)
            });
        }
    }
}

#[test]
fn lines_anywhere() {
    let cv = cross_validation(120, 30);
    let last = cv.lambda.len() - 1;
    for (least, sparse) in [
        (0, 0),
        (1, 0),
        (last, last),
        (last, last - 1),
        (last, 0),
        (5, 4),
    ] {
        let mut cv = cv.clone();
        (cv.index_minimum, cv.index_one_standard_error) = (least, sparse);
        for axis in [LambdaAxis::Log, LambdaAxis::NegativeLog] {
            let settings =
                PathSettings::new(axis).rule(LambdaRule::Value(cv.lambda[least.max(3) - 2]));
            check("extreme_lines", |layout| {
                coefficient_path(&cv, settings.clone(), layout)
            });
            check(&format!("extreme_lines_cv_{least}_{sparse}"), |layout| {
                cross_validation_curve(&cv, axis, layout)
            });
            let rule = LambdaRule::Value(cv.lambda[least.max(3) - 2]);
            check(&format!("extreme_lines_rule_{least}_{sparse}"), |layout| {
                cross_validation_curve_with(&cv, axis, rule, layout)
            });
        }
    }
}

#[test]
fn curves_of_one_lambda_and_of_equal_losses() {
    let cv = cross_validation(120, 30);
    let mut one = cv.clone();
    for list in [&mut one.lambda, &mut one.mean, &mut one.standard_error] {
        list.truncate(1);
    }
    one.n_nonzero.truncate(1);
    (one.index_minimum, one.index_one_standard_error) = (0, 0);
    check("extreme_cv_one", |layout| {
        cross_validation_curve(&one, LambdaAxis::Log, layout)
    });
    let mut flat = cv.clone();
    flat.mean.fill(1.0);
    flat.standard_error.fill(0.0);
    check("extreme_cv_flat", |layout| {
        cross_validation_curve(&flat, LambdaAxis::Log, layout)
    });
    for factor in [1e-12, 1e6, 1e-300, 1e290] {
        let mut cv = cv.clone();
        cv.mean.iter_mut().for_each(|v| *v *= factor);
        cv.standard_error.iter_mut().for_each(|v| *v *= factor);
        check(&format!("extreme_cv_{factor:e}"), |layout| {
            cross_validation_curve(&cv, LambdaAxis::Log, layout)
        });
    }
    let names = long_names(10);
    let mut figure = CurveFigure::new(LONG[0], LambdaAxis::NegativeLog)
        .mark(LONG[0], cv.lambda[1])
        .mark(LONG[3], cv.lambda[1])
        .mark(LONG[6], cv.lambda[cv.lambda.len() - 1]);
    for name in &names {
        figure = figure.series(CurveSeries::from_fit(name, &cv));
    }
    figure = figure.series(CurveSeries::new("one", &[0.05], &[1.0]));
    check("extreme_curves", |layout| {
        cross_validation_curves(&figure, layout)
    });
}

/// Coefficients of given values.
fn coefficients(values: &[f64]) -> Vec<FeatureIcc> {
    let (template, _) = reliabilities(values.len());
    template
        .into_iter()
        .zip(values)
        .map(|(mut f, &v)| {
            (f.icc.value, f.icc.ci_low) = (v, v - 0.1);
            f
        })
        .collect()
}

#[test]
fn reliabilities_at_the_edges() {
    let perfect = coefficients(&[1.0; 5]);
    let edges = coefficients(&[
        0.6,
        0.8,
        0.8 - 1e-16,
        0.79999999999,
        0.0,
        1.0,
        0.05,
        0.95,
        f64::NAN,
    ]);
    let low = coefficients(&[-0.3, -0.999, -7.0, f64::NEG_INFINITY, 0.4]);
    let one = coefficients(&[0.83]);
    for (name, list) in [
        ("perfect", &perfect),
        ("edges", &edges),
        ("low", &low),
        ("one", &one),
    ] {
        for scheme in [IccScheme::Radiomics, IccScheme::KooLi, IccScheme::Cicchetti] {
            for (threshold, bound) in [
                (0.8, IccBound::Estimate),
                (-1.0, IccBound::LowerLimit),
                (1.0, IccBound::Estimate),
                (0.123456, IccBound::Estimate),
            ] {
                let figure = IccFigure::new()
                    .scheme(scheme)
                    .filter(IccFilter { threshold, bound });
                check(&format!("extreme_icc_{name}"), |layout| {
                    icc_histogram_with(list, &figure, layout)
                });
                let figure = figure.comparisons(LONG[0], LONG[1]);
                check(&format!("extreme_scatter_{name}"), |layout| {
                    icc_scatter_with(list, list, &figure, layout)
                });
            }
        }
    }
}

#[test]
fn heat_maps_of_hard_tables() {
    let n = 30;
    let mut noise = Noise::new(3);
    for p in [2, 3, 8, 9, 24, 33, 48, 161] {
        let table = renamed(&noise.table(n, p), &long_names(p));
        for settings in [
            HeatMap::new(Correlation::Pearson),
            HeatMap::new(Correlation::Spearman).in_table_order(),
        ] {
            check(&format!("extreme_correlation_{p}"), |layout| {
                correlation_heat_map_with(&table, &settings, layout)
            });
        }
        check(&format!("extreme_correlation_pair_{p}"), |layout| {
            let panel = HeatMapPanel::new(LONG[0], &table);
            correlation_heat_maps(panel, panel, &HeatMap::default(), layout)
        });
    }
    // Names give way on the right only where the left has none.
    let before = noise.table(n, 300);
    for p in [2, 7, 23, 40] {
        let after = renamed(&noise.table(n, p), &long_names(p));
        check(&format!("extreme_correlation_split_{p}"), |layout| {
            correlation_heat_maps(
                HeatMapPanel::new("All", &before),
                HeatMapPanel::new("Selected", &after),
                &HeatMap::default(),
                layout,
            )
        });
    }
    // Copies, mirrors, constants, huge and tiny numbers.
    let first = noise.table(n, 1).to_array();
    let values = Array2::from_shape_fn((n, 7), |(i, j)| match j {
        0 | 1 => first[[i, 0]],
        2 => -first[[i, 0]],
        3 => 7.0,
        4 => 1e200 * first[[i, 0]],
        5 => 1e-200 * first[[i, 0]],
        _ => 1e6 + 1e-6 * first[[i, 0]],
    });
    let table = FeatureTable::new(values.view(), &names(7)).unwrap();
    for method in [Correlation::Pearson, Correlation::Spearman] {
        check("extreme_correlation_hard", |layout| {
            correlation_heat_map(&table, method, layout)
        });
    }
}

#[test]
fn bars_of_anything() {
    let mut score = fitted(120, 40).score.unwrap();
    let term = score.terms[0].clone();
    let values = [1e6, -1e6, 1e-12, -1e-12, 0.0, 0.5, 0.5, 0.5, 1e-300, -3.25];
    for n in [1, 2, 3, 15, 16, 30, 31, 60] {
        score.terms = long_names(n)
            .into_iter()
            .enumerate()
            .map(|(i, name)| {
                let mut term = term.clone();
                term.name = name;
                term.standardized_coefficient = values[i % 10];
                // Only one sign, small.
                term.coefficient = -1e-12 * (i % 4) as f64;
                term
            })
            .collect();
        for scale in [ScoreScale::Raw, ScoreScale::Standardized] {
            let settings = CoefficientBars::new().scale(scale).most(50);
            check(&format!("extreme_bars_{n}"), |layout| {
                coefficient_bars_with(&score, &settings, layout)
            });
        }
    }
    // The last: zero is the last tick, and its label is wider than the margin.
    for value in [1e299, -1e299, 1e-310, 0.0, -0.0876] {
        score.terms.truncate(1);
        score.terms[0].standardized_coefficient = value;
        check("extreme_bar", |layout| coefficient_bars(&score, layout));
    }
}

#[test]
fn frequencies_of_anything() {
    let names = long_names(40);
    for (threshold, f) in [(0.0, 0.0), (1.0, 1.0), (0.65, 0.65), (1.0, 0.0)] {
        let same = vec![f; 40];
        check("extreme_stability", |layout| {
            stability_bars(&StabilityBars::new(&names, &same, threshold), layout)
        });
        let paths = vec![vec![f; 2]; 40];
        check("extreme_stability_paths", |layout| {
            let figure = StabilityPaths::new(&names, &[1e-12, 1e6], &paths, threshold);
            stability_paths(&figure, LambdaAxis::NegativeLog, layout)
        });
    }
    let counts: Vec<(String, usize)> = names.iter().map(|n| (n.clone(), 0)).collect();
    check("extreme_folds", |layout| {
        fold_bars(&FoldBars::new(&counts, 1000).top(3), layout)
    });
    check("extreme_fold", |layout| {
        fold_bars(&FoldBars::new(&counts[..1], 1), layout)
    });
}

#[test]
fn volcanoes_of_anything() {
    let names = long_names(40);
    for (effects, p) in [
        (vec![0.5; 40], vec![1.0; 40]),
        (vec![1e6; 40], vec![0.0; 40]),
        (vec![-1e-12; 40], vec![1e-300; 40]),
    ] {
        for effect in [VolcanoEffect::Auc, VolcanoEffect::LogFoldChange] {
            let figure = VolcanoFigure::new(effect, &names, &effects, &p).most_named(40);
            check("extreme_volcano", |layout| volcano(&figure, layout));
        }
    }
    let mut noise = Noise::new(8);
    let effects: Vec<f64> = (0..40).map(|_| noise.normal()).collect();
    let p: Vec<f64> = effects.iter().map(|e| (-3.0 * e.abs()).exp()).collect();
    let figure = VolcanoFigure::new(VolcanoEffect::StandardizedDifference, &names, &effects, &p)
        .most_named(20);
    check("extreme_volcano_many", |layout| volcano(&figure, layout));
    let values: Vec<f64> = effects.iter().map(|e| 1e-12 * e).collect();
    check("extreme_relevance", |layout| {
        relevance_bars(
            &RelevanceBars::new(LONG[0], &names, &values).top(40),
            layout,
        )
    });
}
