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
use crate::report::{Figure, Panel};

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
            "Features left after every step of the selection.",
            plot::selection_funnel(&self.fitted, &layout)?,
        ));
        figures.extend(self.lasso_figures(&layout)?);
        if !self.is_constant() {
            figures.push(self.coefficients(&layout)?);
        }
        figures.extend(self.correlation_figure(&layout)?);
        Ok(figures)
    }

    /// The figures as a report shows them: what fits into a column stands side by side, the rest has a twin for narrow screens. The funnel is left
    /// out, because it shows what its table says.
    ///
    /// # Errors
    /// What the drawing refuses.
    pub fn report_figures(&self) -> anyhow::Result<Vec<Figure>> {
        let [single, double] = [Width::Single, Width::Double].map(|w| Layout::new().width(w));
        let panel = |figure: SelectionFigure| Panel::new(figure.svg).alt(figure.caption);
        let mut figures: Vec<Figure> = self
            .reliability_figure(&single)?
            .into_iter()
            .map(|figure| Figure::new(figure.svg, figure.caption))
            .collect();
        let lasso = self.lasso_figures(&single)?;
        if !lasso.is_empty() {
            let caption: Vec<&str> = lasso.iter().map(|f| f.caption.as_str()).collect();
            let caption = caption.join(" ");
            figures.push(Figure::of_panels(lasso.into_iter().map(panel), caption));
        }
        if !self.is_constant() {
            let [narrow, wide] = [self.coefficients(&single)?, self.coefficients(&double)?];
            figures.push(Figure::new(wide.svg, wide.caption).narrow(narrow.svg));
        }
        let correlation = self.correlation_panels()?;
        if !correlation.is_empty() {
            figures.push(Figure::of_panels(
                correlation.into_iter().map(panel),
                "Spearman correlation of features in the training patients.",
            ));
        }
        Ok(figures)
    }

    fn coefficients(&self, layout: &Layout) -> anyhow::Result<SelectionFigure> {
        Ok(SelectionFigure::new(
            "coefficients",
            "Coefficients of the score per standard deviation of each feature.",
            plot::coefficient_bars(self.score(), layout)?,
        ))
    }

    fn reliability_figure(&self, layout: &Layout) -> anyhow::Result<Vec<SelectionFigure>> {
        let settings = IccFigure::new().filter(self.settings().icc_filter);
        let figure = match self.reliability.as_slice() {
            [] => return Ok(Vec::new()),
            [only] => SelectionFigure::new(
                "icc",
                "Intraclass correlation coefficient (ICC) of every feature on repeated outlines.",
                plot::icc_histogram_with(&only.features, &settings, layout)?,
            ),
            [first, second, ..] => SelectionFigure::new(
                "icc",
                "Intraclass correlation coefficient (ICC) of every feature in both comparisons.",
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
                "LASSO path: coefficients of standardized features against the penalty \u{3bb}.",
                plot::coefficient_path(cv, settings, layout)?,
            ),
            SelectionFigure::new(
                "cv",
                "Cross-validated loss against the penalty \u{3bb}, with standard errors.",
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
        let [varying, selected] = self.correlated()?;
        let settings = HeatMap::new(Correlation::default());
        let alone = |table| plot::correlation_heat_map_with(table, &settings, layout);
        let (caption, svg) = match (varying, selected) {
            (Some(varying), Some(selected)) => (
                "Spearman correlation of features in the training patients, of all that vary and of those selected.",
                plot::correlation_heat_maps(
                    HeatMapPanel::new("All features that vary", &varying),
                    HeatMapPanel::new("Selected", &selected),
                    &settings,
                    layout,
                )?,
            ),
            (Some(varying), None) => (
                "Spearman correlation of all features in the training patients.",
                alone(&varying)?,
            ),
            (None, Some(selected)) => (
                "Spearman correlation of the selected features in the training patients.",
                alone(&selected)?,
            ),
            (None, None) => return Ok(None),
        };
        Ok(Some(SelectionFigure::new("correlation", caption, svg)))
    }

    /// The same as drawings of a column each.
    fn correlation_panels(&self) -> anyhow::Result<Vec<SelectionFigure>> {
        let settings = HeatMap::new(Correlation::default());
        let titles = ["All features that vary", "Selected features"];
        let mut panels = Vec::new();
        for (table, title) in self.correlated()?.iter().zip(titles) {
            if let Some(table) = table {
                let layout = Layout::new().width(Width::Single).title(title);
                let svg = plot::correlation_heat_map_with(table, &settings, &layout)?;
                let alt = format!("Spearman correlation: {}", title.to_lowercase());
                panels.push(SelectionFigure::new("correlation", &alt, svg));
            }
        }
        Ok(panels)
    }

    /// The training rows of the features that vary and of those selected, each if a figure can show its pairs.
    fn correlated(&self) -> anyhow::Result<[Option<FeatureTable>; 2]> {
        let (training, _) = self.training()?;
        let selected = training.select_names(&self.score().feature_names())?;
        let varying = without_constants(&training);
        Ok([varying, selected]
            .map(|table| Some(table).filter(|t| (2..=MOST_CORRELATED).contains(&t.n_columns()))))
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
