//! The figures of a selection.

use feature_selection::FeatureTable;
use feature_selection::correlation::Correlation;
use feature_selection::lasso::{
    CrossValidationFit, EstimatorFit, GammaChoice, LambdaRule, RelaxedFit,
};
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
        figures.extend(self.correlation_figure(&layout)?);
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
        if cv
            .path
            .lambda
            .iter()
            .filter(|&&lambda| lambda > 0.0)
            .count()
            < 2
        {
            // Columns whose variance is beyond a double: there is no path to draw.
            return Ok(Vec::new());
        }
        let rule = self.rule_shown(cv);
        let (training, _) = self.training()?;
        let columns = training.select_names(&cv.path.names)?;
        let scale = Standardizer::fit(&columns, Divisor::default())?;
        let settings = PathSettings::new(axis)
            .rule(rule)
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
                plot::cross_validation_curve_with(cv, axis, rule, layout)?,
            ),
        ];
        if let Some(EstimatorFit::Relaxed(relaxed)) = &self.fitted.estimate {
            figures.push(SelectionFigure::new(
                "cv_relaxed",
                "Cross-validated loss of blends of the LASSO with unpenalized refits; \u{3b3} = 1 is the LASSO.",
                relaxed_figure(relaxed, layout)?,
            ));
        }
        Ok(figures)
    }

    /// The rule that takes the chosen lambda from the path that is drawn: that of a relaxed score is chosen by another curve.
    fn rule_shown(&self, cv: &CrossValidationFit) -> LambdaRule {
        let lambda = self.chosen_lambda();
        if lambda == cv.lambda_minimum() {
            LambdaRule::Minimum
        } else if lambda == cv.lambda_one_standard_error() {
            LambdaRule::OneStandardError
        } else {
            LambdaRule::Value(lambda)
        }
    }

    /// Before and after the selection, or the one of both that has pairs and not too many features to see any.
    fn correlation_figure(&self, layout: &Layout) -> anyhow::Result<Option<SelectionFigure>> {
        let (training, _) = self.training()?;
        let selected = training.select_names(&self.score().feature_names())?;
        let varying = without_constants(&training);
        let settings = HeatMap::new(Correlation::default());
        let alone = |table| plot::correlation_heat_map_with(table, &settings, layout);
        let pairs = |table: &FeatureTable| (2..=MOST_CORRELATED).contains(&table.n_columns());
        let (caption, svg) = match (pairs(&varying), pairs(&selected)) {
            (true, true) => (
                "Spearman correlation in the training rows, of all features and of those selected.",
                plot::correlation_heat_maps(
                    HeatMapPanel::new("All features that vary", &varying),
                    HeatMapPanel::new("Selected", &selected),
                    &settings,
                    layout,
                )?,
            ),
            (true, false) => (
                "Spearman correlation of all features in the training rows.",
                alone(&varying)?,
            ),
            (false, true) => (
                "Spearman correlation of the selected features in the training rows.",
                alone(&selected)?,
            ),
            (false, false) => return Ok(None),
        };
        Ok(Some(SelectionFigure::new("correlation", caption, svg)))
    }
}

fn relaxed_figure(fit: &RelaxedFit, layout: &Layout) -> anyhow::Result<String> {
    let measure = fit.lasso.measure.name(fit.lasso.path.family);
    let mark =
        |name: &str, choice: &GammaChoice| format!("\u{3bb}.{name} (\u{3b3} = {})", choice.gamma);
    let mut figure = CurveFigure::new(measure, LambdaAxis::default());
    for curve in &fit.curves {
        let label = format!("\u{3b3} = {}", curve.gamma);
        figure = figure.series(CurveSeries::new(label, &curve.lambda, &curve.mean));
    }
    let figure = figure
        .mark(mark("min", &fit.minimum), fit.minimum.lambda)
        .mark(
            mark("1se", &fit.one_standard_error),
            fit.one_standard_error.lambda,
        )
        .counts(&fit.lasso.n_nonzero);
    Ok(plot::cross_validation_curves(&figure, layout)?)
}

fn without_constants(table: &FeatureTable) -> FeatureTable {
    let constant = table.constant_columns();
    let varying: Vec<usize> = (0..table.n_columns())
        .filter(|j| constant.binary_search(j).is_err())
        .collect();
    table.select_columns(&varying)
}
