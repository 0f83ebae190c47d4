//! Figures: the same bytes twice, text as text, refusals.
#![cfg(feature = "plot")]

mod common;

use common::{Noise, names};
use feature_selection::correlation::Correlation;
use feature_selection::icc::{FeatureIcc, IccForm, IccSettings, feature_icc};
use feature_selection::pipeline::{FoldPlan, LassoStep, SelectionPipeline, Step};
use feature_selection::plot::{
    LambdaAxis, Layout, Width, coefficient_bars, coefficient_path, correlation_heat_map,
    cross_validation_curve, icc_histogram, icc_scatter, selection_funnel,
};
use feature_selection::standardize::Divisor;
use feature_selection::{Error, FeatureTable};

fn study() -> (FeatureTable, Vec<bool>) {
    let mut noise = Noise::new(21);
    let mut values = noise.table(120, 30).to_array();
    let outcome = noise.outcome(120, 0.4);
    for (i, &y) in outcome.iter().enumerate() {
        for (j, effect) in [(3, 1.2), (11, -0.9), (17, 0.7), (25, 0.5)] {
            values[[i, j]] += if y { effect } else { 0.0 };
        }
        values[[i, 4]] = 0.8 * values[[i, 3]] + 0.2 * values[[i, 4]];
    }
    let families = [
        "original_shape",
        "original_firstorder",
        "original_glcm",
        "wavelet-LLH_glrlm",
        "dl_vgg19_relu5_4_avg",
    ];
    let names: Vec<String> = (0..30)
        .map(|j| format!("{}_F{j}", families[j % 5]))
        .collect();
    (FeatureTable::new(values.view(), &names).unwrap(), outcome)
}

fn reliabilities() -> (Vec<FeatureIcc>, Vec<FeatureIcc>) {
    let mut noise = Noise::new(5);
    let n = 200;
    let truth = noise.table(40, n).to_array();
    let mut reading = |size: f64| {
        let mut values = truth.clone();
        for ((_, j), v) in values.indexed_iter_mut() {
            *v += size * (j as f64 / n as f64) * noise.normal();
        }
        FeatureTable::new(values.view(), &names(n)).unwrap()
    };
    let (a, b, c) = (reading(0.8), reading(1.2), reading(0.6));
    let run = |t: &[&FeatureTable]| {
        feature_icc(t, IccForm::AGREEMENT_SINGLE, &IccSettings::default()).unwrap()
    };
    (run(&[&a, &b]), run(&[&a, &c]))
}

#[test]
fn every_figure_is_reproducible_svg() {
    let (table, outcome) = study();
    let folds = FoldPlan::Stratified {
        n_folds: 5,
        seed: 1,
        repeats: 1,
    };
    let fitted = SelectionPipeline::new()
        .step(Step::DropConstant)
        .step(Step::Standardize(Divisor::Sample))
        .step(Step::Lasso(LassoStep {
            folds,
            ..LassoStep::default()
        }))
        .fit(&table, &outcome)
        .unwrap();
    let cv = fitted.cross_validation.as_ref().unwrap();
    let score = fitted.score.as_ref().unwrap();
    let (inter, intra) = reliabilities();
    let single = Layout::new();
    let double = Layout::new().width(Width::Double).title("Tumor & <nodes>");
    let draw = || {
        [
            (
                "path",
                coefficient_path(cv, LambdaAxis::Log, &single).unwrap(),
            ),
            (
                "path_wide",
                coefficient_path(cv, LambdaAxis::NegativeLog, &double).unwrap(),
            ),
            (
                "cv",
                cross_validation_curve(cv, LambdaAxis::Log, &single).unwrap(),
            ),
            ("icc", icc_histogram(&inter, &single).unwrap()),
            ("icc_scatter", icc_scatter(&inter, &intra, &single).unwrap()),
            (
                "correlation_named",
                correlation_heat_map(
                    &table.select_columns(&[0, 3, 4, 7, 11]),
                    Correlation::Pearson,
                    &single,
                )
                .unwrap(),
            ),
            (
                "correlation",
                correlation_heat_map(&table, Correlation::Spearman, &double).unwrap(),
            ),
            ("coefficients", coefficient_bars(score, &single).unwrap()),
            ("funnel", selection_funnel(&fitted, &single).unwrap()),
        ]
    };
    let (first, second) = (draw(), draw());
    assert_eq!(first, second);
    for (name, svg) in &first {
        assert!(
            svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"),
            "{name}"
        );
        assert!(
            svg.contains("<text") && svg.contains("font-family=\"sans-serif\""),
            "{name}"
        );
        assert!(svg.contains("mm\" height="), "{name}");
        // For looking at them: FIGURES=folder cargo test --features plot.
        if let Some(folder) = std::env::var_os("FIGURES") {
            std::fs::write(
                std::path::Path::new(&folder).join(format!("{name}.svg")),
                svg,
            )
            .unwrap();
        }
    }
    assert!(first[1].1.contains("Tumor &amp; &lt;nodes&gt;"));
}

#[test]
fn empty_figures_are_refused() {
    let (table, outcome) = study();
    let nothing = SelectionPipeline::new().fit(&table, &outcome).unwrap();
    assert!(matches!(
        selection_funnel(&nothing, &Layout::new()),
        Err(Error::Figure { .. })
    ));
    assert!(matches!(
        icc_histogram(&[], &Layout::new()),
        Err(Error::Figure { .. })
    ));
    let (inter, intra) = reliabilities();
    assert!(matches!(
        icc_scatter(&inter, &intra[1..], &Layout::new()),
        Err(Error::Figure { .. })
    ));
    let one = table.select_columns(&[0]);
    assert!(matches!(
        correlation_heat_map(&one, Correlation::Pearson, &Layout::new()),
        Err(Error::Figure { .. })
    ));
}
