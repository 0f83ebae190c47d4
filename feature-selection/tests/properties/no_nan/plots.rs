//! Figures of anything: an error or an SVG without NaN.

use feature_selection::correlation::Correlation;
use feature_selection::icc::{IccBound, IccFilter, IccForm, IccScheme, IccSettings, feature_icc};
use feature_selection::lasso::{CrossValidation, ElasticNet, Samples};
use feature_selection::plot::{
    CellSummary, CoefficientBars, CurveFigure, CurveSeries, FoldBars, HeatMap, HeatMapPanel,
    IccFigure, LambdaAxis, Layout, PathAxis, PathRange, PathSettings, RelevanceBars, StabilityBars,
    StabilityPaths, VolcanoEffect, VolcanoFigure, Width, coefficient_bars_with, coefficient_path,
    correlation_heat_map_with, correlation_heat_maps, cross_validation_curve,
    cross_validation_curves, fold_bars, icc_histogram_with, icc_scatter_with, relevance_bars,
    selection_funnel, stability_bars, stability_paths, volcano,
};
use feature_selection::score::ScoreScale;

use super::{Gen, Log, hunt};

impl Gen {
    fn layout(&mut self) -> Layout {
        let layout = Layout::new().width(self.pick(&[Width::Single, Width::Double]));
        match self.one_in(3) {
            true => layout.title(self.pick(&super::NAMES)),
            false => layout,
        }
    }

    fn axis(&mut self) -> LambdaAxis {
        self.pick(&[LambdaAxis::Log, LambdaAxis::NegativeLog])
    }

    /// Mostly what fits, now and then anything.
    fn shares(&mut self, n: usize) -> Vec<f64> {
        let n = match self.one_in(8) {
            true => n + 1,
            false => n,
        };
        let clean = !self.one_in(3);
        (0..n)
            .map(|_| match clean {
                true => self.unit(),
                false => self.share(),
            })
            .collect()
    }
}

/// An SVG without NaN or infinity among its numbers.
fn figure(
    log: &mut Log,
    name: &str,
    input: &dyn std::fmt::Debug,
    f: impl Fn() -> feature_selection::Result<String> + Sync + Send,
) {
    let Some(svg) = log.call(name, input, f) else {
        return;
    };
    let spoilt = ["\"NaN", " NaN", ",NaN", "\"inf", " inf\"", ",inf", "-inf"];
    log.holds(name, input, !spoilt.iter().any(|bad| svg.contains(bad)));
    log.holds(
        name,
        input,
        svg.starts_with("<svg") && svg.ends_with("</svg>\n") || svg.ends_with("</svg>"),
    );
    log.holds(name, input, svg.len() < 1 << 20);
}

#[test]
fn lists() {
    hunt(150, &[], |g, log| {
        let n = g.below(9);
        let names = g.names(n);
        let (a, b) = (g.shares(n), g.shares(n));
        let (threshold, top, layout) = (g.share(), g.size(), g.layout());
        let input = (&names, &a, &b, threshold, top, &layout);
        figure(log, "stability_bars", &input, || {
            stability_bars(&StabilityBars::new(&names, &a, threshold).top(top), &layout)
        });
        figure(log, "relevance_bars", &input, || {
            relevance_bars(&RelevanceBars::new("x", &names, &b).top(top), &layout)
        });
        let counts: Vec<(String, usize)> =
            names.iter().map(|name| (name.clone(), g.size())).collect();
        let folds = g.size();
        figure(log, "fold_bars", &(&counts, folds, top), || {
            fold_bars(&FoldBars::new(&counts, folds).top(top), &layout)
        });
        let effects = g.numbers(a.len(), Gen::value);
        let effect = g.pick(&[
            VolcanoEffect::Auc,
            VolcanoEffect::StandardizedDifference,
            VolcanoEffect::LogFoldChange,
            VolcanoEffect::LogOddsRatio,
            VolcanoEffect::Statistic,
        ]);
        let effects = if g.one_in(2) { &effects } else { &a };
        let level = g.level();
        figure(log, "volcano", &(&input, effect, effects, level), || {
            let settings = VolcanoFigure::new(effect, &names, effects, &b);
            volcano(&settings.level(level).most_named(top), &layout)
        });
        let lambda: Vec<f64> = (0..g.below(5))
            .map(|i| g.share() * 0.5f64.powi(i as i32))
            .collect();
        let lines: Vec<Vec<f64>> = names.iter().map(|_| g.shares(lambda.len())).collect();
        let axis = g.axis();
        figure(log, "stability_paths", &(&input, &lambda, &lines), || {
            let paths = StabilityPaths::new(&names, &lambda, &lines, threshold);
            stability_paths(&paths, axis, &layout)
        });
        let (mean, error, mark) = (g.shares(lambda.len()), g.shares(lambda.len()), g.value());
        figure(log, "curves", &(&lambda, &mean, &error, mark), || {
            let series = CurveSeries::new("x", &lambda, &mean).band(&error);
            let figure = CurveFigure::new("loss", axis)
                .series(series)
                .mark("m", mark);
            cross_validation_curves(&figure, &layout)
        });
    });
}

#[test]
fn tables() {
    hunt(60, &[], |g, log| {
        let (table, outcome) = g.data();
        let other = g.plain_table(table.n_rows(), 4);
        let layout = g.layout();
        let mut map = HeatMap::new(g.pick(&[Correlation::Pearson, Correlation::Kendall]))
            .summary(g.pick(&[CellSummary::Strongest, CellSummary::RootMeanSquare]));
        if g.one_in(2) {
            map = map.in_table_order();
        }
        let input = (&table, &map, &layout);
        figure(log, "heat_map", &input, || {
            correlation_heat_map_with(&table, &map, &layout)
        });
        figure(log, "heat_maps", &(&input, &other), || {
            let (a, b) = (
                HeatMapPanel::new("a", &table),
                HeatMapPanel::new("", &other),
            );
            correlation_heat_maps(a, b, &map, &layout)
        });
        let settings = IccSettings::default();
        let again = table.select_columns(&(0..table.n_columns()).rev().collect::<Vec<_>>());
        let iccs = feature_icc(&[&table, &table], IccForm::AGREEMENT_SINGLE, &settings);
        let more = feature_icc(&[&again, &again], IccForm::AGREEMENT_SINGLE, &settings);
        if let (Ok(iccs), Ok(more)) = (iccs, more) {
            let look = IccFigure::new()
                .scheme(g.pick(&[IccScheme::Radiomics, IccScheme::KooLi, IccScheme::Cicchetti]))
                .filter(IccFilter {
                    threshold: g.share(),
                    bound: g.pick(&[IccBound::Estimate, IccBound::LowerLimit]),
                });
            let input = (&table, &look);
            figure(log, "icc_histogram", &input, || {
                icc_histogram_with(&iccs, &look, &layout)
            });
            figure(log, "icc_scatter", &input, || {
                icc_scatter_with(&iccs, &more, &look, &layout)
            });
        }
        let pipeline = g.pipeline(&table, &outcome);
        if let Ok(fitted) = pipeline.fit(&table, &outcome) {
            figure(log, "funnel", &(&pipeline, &table, &outcome), || {
                selection_funnel(&fitted, &layout)
            });
            if let Some(score) = &fitted.score {
                let scale = g.pick(&[ScoreScale::Raw, ScoreScale::Standardized]);
                let bars = CoefficientBars::new().scale(scale).most(g.size());
                figure(log, "coefficient_bars", &(score, &bars), || {
                    coefficient_bars_with(score, &bars, &layout)
                });
            }
        }
        models(g, log, &table, &outcome, &layout);
    });
}

fn models(
    g: &mut Gen,
    log: &mut Log,
    table: &feature_selection::FeatureTable,
    outcome: &[bool],
    layout: &Layout,
) {
    let Ok(samples) = Samples::binary(table, outcome) else {
        return;
    };
    let Some(folds) = g.folds(outcome) else {
        return;
    };
    let net = ElasticNet::new()
        .n_lambda(g.pick(&[1, 2, 10]))
        .max_passes(10_000);
    let Ok(fit) = CrossValidation::new(net).fit(&samples, &folds) else {
        return;
    };
    let axis = g.axis();
    figure(log, "curve", &(table, outcome, axis), || {
        cross_validation_curve(&fit, axis, layout)
    });
    let sds = g.numbers(table.n_columns(), Gen::value);
    let axis = g.pick(&[
        PathAxis::Lambda(axis),
        PathAxis::L1Norm,
        PathAxis::DevianceRatio,
    ]);
    let mut settings = PathSettings::new(axis)
        .range(g.pick(&[PathRange::NearMinimum, PathRange::Whole]))
        .rule(g.rule())
        .most_named(g.size());
    if g.one_in(3) {
        settings = settings.standardized_by(&sds);
    }
    figure(log, "path", &(table, outcome, &settings), || {
        coefficient_path(&fit, settings.clone(), layout)
    });
}
