//! The figures of a selection.

use feature_selection::FeatureTable;
use feature_selection::correlation::Correlation;
use feature_selection::lasso::{EstimatorFit, RelaxedFit};
use feature_selection::plot::{
    self, CurveFigure, CurveSeries, HeatMap, HeatMapPanel, IccFigure, LambdaAxis, Layout,
    PathSettings, Width,
};
use feature_selection::standardize::{Divisor, Standardizer};

use super::Selection;

/// Most features of a correlation figure.
const MOST_CORRELATED: usize = 3000;

/// A figure of the selection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SelectionFigure {
    /// Name of its files.
    pub stem: &'static str,
    /// What it shows.
    pub caption: String,
    /// The drawing.
    pub svg: String,
}

impl SelectionFigure {
    fn new(stem: &'static str, caption: &str, svg: String) -> Self {
        Self {
            stem,
            caption: caption.to_owned(),
            svg,
        }
    }
}

impl Selection {
    /// Every figure that the result has data for.
    ///
    /// # Errors
    /// What the drawing refuses.
    pub fn figures(&self) -> anyhow::Result<Vec<SelectionFigure>> {
        let layout = Layout::new().width(Width::Double);
        let mut figures = self.reliability_figure(&layout)?;
        figures.push(SelectionFigure::new(
            "funnel",
            "Features left after every step.",
            plot::selection_funnel(&self.fitted, &layout)?,
        ));
        figures.extend(self.lasso_figures(&layout)?);
        if !self.is_constant() {
            figures.push(SelectionFigure::new(
                "coefficients",
                "Coefficients of the score, of standardized features.",
                plot::coefficient_bars(self.score(), &layout)?,
            ));
        }
        if self.score().terms.len() > 1 {
            figures.push(self.correlation_figure(&layout)?);
        }
        Ok(figures)
    }

    fn reliability_figure(&self, layout: &Layout) -> anyhow::Result<Vec<SelectionFigure>> {
        let settings = IccFigure::new().filter(self.settings().icc_filter);
        let figure = match self.reliability.as_slice() {
            [] => return Ok(Vec::new()),
            [only] => SelectionFigure::new(
                "icc",
                "Intraclass correlation of every feature.",
                plot::icc_histogram_with(&only.features, &settings, layout)?,
            ),
            [first, second, ..] => SelectionFigure::new(
                "icc",
                "Intraclass correlation of every feature in both comparisons.",
                plot::icc_scatter_with(&first.features, &second.features, &settings, layout)?,
            ),
        };
        Ok(vec![figure])
    }

    /// Path and loss. Coefficients are drawn as of standardized features: in their own units a few would hide all others.
    fn lasso_figures(&self, layout: &Layout) -> anyhow::Result<Vec<SelectionFigure>> {
        let Some(cv) = self.fitted.cross_validation() else {
            return Ok(Vec::new());
        };
        let axis = LambdaAxis::default();
        let (training, _) = self.training()?;
        let columns = training.select_names(&cv.path.names)?;
        let scale = Standardizer::fit(&columns, Divisor::default())?;
        let settings = PathSettings::new(axis)
            .rule(self.settings().rule)
            .standardized_by(&scale.standard_deviations);
        let mut figures = vec![
            SelectionFigure::new(
                "path",
                "Coefficients of standardized features along the path of penalties.",
                plot::coefficient_path(cv, settings, layout)?,
            ),
            SelectionFigure::new(
                "cv",
                "Cross-validated loss with its standard error.",
                plot::cross_validation_curve(cv, axis, layout)?,
            ),
        ];
        if let Some(EstimatorFit::Relaxed(relaxed)) = &self.fitted.estimate {
            figures.push(SelectionFigure::new(
                "cv_relaxed",
                "Cross-validated loss of blends of the LASSO with unpenalized refits; gamma 1 is the LASSO.",
                relaxed_figure(relaxed, layout)?,
            ));
        }
        Ok(figures)
    }

    /// Before and after the selection, or after it alone where there are too many features to see any.
    fn correlation_figure(&self, layout: &Layout) -> anyhow::Result<SelectionFigure> {
        let (training, _) = self.training()?;
        let selected = training.select_names(&self.score().feature_names())?;
        let varying = without_constants(&training);
        let settings = HeatMap::new(Correlation::default());
        if varying.n_columns() > MOST_CORRELATED {
            return Ok(SelectionFigure::new(
                "correlation",
                "Spearman correlation of the selected features in the training rows.",
                plot::correlation_heat_map_with(&selected, &settings, layout)?,
            ));
        }
        let title = |n: usize| format!("{n} features");
        let (before, after) = (title(varying.n_columns()), title(selected.n_columns()));
        Ok(SelectionFigure::new(
            "correlation",
            "Spearman correlation in the training rows, of all features and of those selected.",
            plot::correlation_heat_maps(
                HeatMapPanel::new(&before, &varying),
                HeatMapPanel::new(&after, &selected),
                &settings,
                layout,
            )?,
        ))
    }
}

fn relaxed_figure(fit: &RelaxedFit, layout: &Layout) -> anyhow::Result<String> {
    let measure = fit.lasso.measure.name(fit.lasso.path.family);
    let mut figure = CurveFigure::new(measure, LambdaAxis::default());
    for curve in &fit.curves {
        let label = format!("gamma {}", curve.gamma);
        figure = figure.series(CurveSeries::new(label, &curve.lambda, &curve.mean));
    }
    let figure = figure
        .mark("min", fit.minimum.lambda)
        .mark("1se", fit.one_standard_error.lambda);
    Ok(plot::cross_validation_curves(&figure, layout)?)
}

fn without_constants(table: &FeatureTable) -> FeatureTable {
    let constant = table.constant_columns();
    let varying: Vec<usize> = (0..table.n_columns())
        .filter(|j| constant.binary_search(j).is_err())
        .collect();
    table.select_columns(&varying)
}
