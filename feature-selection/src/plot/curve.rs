//! Cross-validated loss over lambda.

use eval_stats::plot::canvas::{
    Axis, Canvas, Entry, Frame, GRAY, Grid, INK, Legend, Mark, PALETTE, Stroke,
};

use super::lasso::{check_fit, chosen_lines, taken_line};
use super::parts::{
    Headed, NamedLine, RED, TOP_AXIS, drawable, is_double, legend_below, number, refuse,
    same_length, top_axis,
};
use super::{LambdaAxis, Layout};
use crate::error::Result;
use crate::lasso::{CrossValidationFit, LambdaRule};

/// [`cross_validation_curve_with`] lambda.min and lambda.1se marked.
///
/// # Errors
/// As [`cross_validation_curve_with`].
pub fn cross_validation_curve(
    fit: &CrossValidationFit,
    axis: LambdaAxis,
    layout: &Layout,
) -> Result<String> {
    cross_validation_curve_with(fit, axis, LambdaRule::OneStandardError, layout)
}

/// Cross-validated loss (or AUC, upright) over lambda: red dots, gray bars of one standard error either way, dashed lines at
/// lambda.min, lambda.1se and, where it is neither, at the lambda that `rule` takes; the top axis counts nonzero coefficients. For an example see
/// [`coefficient_path`](super::coefficient_path).
///
/// # Errors
/// [`Error::Figure`](crate::Error::Figure) without a positive lambda, for a loss that is not finite, or a rule that takes a lambda of 0;
/// [`Error::NoSuchModelSize`](crate::Error::NoSuchModelSize) and [`Error::InvalidSetting`](crate::Error::InvalidSetting) for a rule that takes no model.
pub fn cross_validation_curve_with(
    fit: &CrossValidationFit,
    axis: LambdaAxis,
    rule: LambdaRule,
    layout: &Layout,
) -> Result<String> {
    check_fit(fit)?;
    let series = CurveSeries::from_fit("", fit);
    series.check()?;
    let mut lines = chosen_lines(fit, |lambda| Ok(axis.position(lambda)))?;
    lines.extend(line_of(fit, axis, rule)?);
    let measure = fit.measure.name(fit.path.family);
    let (mut canvas, headed) = page(
        layout,
        TOP_AXIS,
        measure,
        axis,
        std::slice::from_ref(&series),
        &lines,
    );
    let frame = &headed.frame;
    let n = series.drawn().count();
    // Dots and the ends of bars in proportion to the distance of lambdas, within limits.
    let step = frame.area.width() / n as f64;
    let (radius, stop) = ((0.4 * step).clamp(4.5, 7.0), (0.3 * step).clamp(1.5, 7.0));
    let bars = Stroke::new(GRAY.tint(0.7), 2.0);
    for m in series.drawn() {
        let x = axis.position(series.lambda[m]);
        let ends = series.limits(m);
        let ends = [frame.at(x, ends.0), frame.at(x, ends.1)];
        canvas.line(&ends, bars);
        for end in ends {
            canvas.line(&[(end.0 - stop, end.1), (end.0 + stop, end.1)], bars);
        }
    }
    for m in series.drawn() {
        let at = frame.at(axis.position(series.lambda[m]), series.mean[m]);
        canvas.disk(at, radius, RED);
    }
    headed.draw_lines(&mut canvas, &lines);
    let counts = series
        .drawn()
        .map(|m| (axis.position(fit.lambda[m]), fit.n_nonzero[m]));
    top_axis(&mut canvas, frame, counts.collect());
    let mut legend = Legend::new();
    for line in &lines {
        legend.push(line.entry());
    }
    legend.push(Entry::new(Mark::Dot(RED), "mean \u{b1} standard error"));
    let bottom = legend_below(&mut canvas, &legend, frame.bottom() + 12.0);
    let text = format!(
        "{measure} by cross-validation at {n} values of lambda; {:.4} at lambda.min.",
        fit.mean[fit.index_minimum]
    );
    Ok(canvas.finish(bottom, &text))
}

/// The line of a rule other than the two that are marked anyway.
fn line_of(
    fit: &CrossValidationFit,
    axis: LambdaAxis,
    rule: LambdaRule,
) -> Result<Option<NamedLine>> {
    let taken = fit.select(rule)?;
    let lambda = taken.lambda;
    if lambda == fit.lambda_minimum() || lambda == fit.lambda_one_standard_error() {
        return Ok(None);
    }
    if lambda <= 0.0 {
        return refuse(format!(
            "expected a rule that takes a positive lambda, found {lambda}"
        ));
    }
    let x = axis.position(lambda);
    Ok(Some(taken_line(lambda, taken.selected.len(), x)))
}

/// One labeled curve of [`cross_validation_curves`].
#[derive(Debug, Clone, PartialEq)]
pub struct CurveSeries<'a> {
    label: String,
    lambda: &'a [f64],
    mean: &'a [f64],
    standard_error: Option<&'a [f64]>,
}

impl<'a> CurveSeries<'a> {
    /// A curve of mean losses, one per lambda.
    pub fn new(label: impl Into<String>, lambda: &'a [f64], mean: &'a [f64]) -> Self {
        Self {
            label: label.into(),
            lambda,
            mean,
            standard_error: None,
        }
    }

    /// The curve of a cross-validation, with its band.
    pub fn from_fit(label: impl Into<String>, fit: &'a CrossValidationFit) -> Self {
        Self::new(label, &fit.lambda, &fit.mean).band(&fit.standard_error)
    }

    /// Adds a band of one standard error either way.
    pub fn band(mut self, standard_error: &'a [f64]) -> Self {
        self.standard_error = Some(standard_error);
        self
    }

    fn check(&self) -> Result<()> {
        same_length("mean losses", self.lambda.len(), self.mean.len())?;
        if let Some(errors) = self.standard_error {
            same_length("standard errors", self.lambda.len(), errors.len())?;
        }
        for m in self.drawn() {
            let name = format!("lambda number {m}");
            drawable("lambda", &name, self.lambda[m])?;
            drawable("mean loss", &name, self.mean[m])?;
            let (low, high) = self.limits(m);
            drawable("lower limit", &name, low)?;
            drawable("upper limit", &name, high)?;
        }
        if self.drawn().count() == 0 {
            return refuse("expected at least 1 positive lambda, found none".to_owned());
        }
        Ok(())
    }

    /// Positions of the lambdas that have a logarithm.
    fn drawn(&self) -> impl Iterator<Item = usize> {
        (0..self.lambda.len()).filter(|&m| self.lambda[m] > 0.0)
    }

    fn limits(&self, m: usize) -> (f64, f64) {
        let error = self.standard_error.map_or(0.0, |e| e[m]);
        (self.mean[m] - error, self.mean[m] + error)
    }
}

/// Several curves over one axis of lambda: relaxed fits by gamma, elastic nets by alpha, or different tables.
///
/// ```
/// use feature_selection::plot::{CurveFigure, CurveSeries, LambdaAxis, Layout, cross_validation_curves};
/// let lambda = [0.4, 0.2, 0.1];
/// let figure = CurveFigure::new("Binomial deviance", LambdaAxis::Log)
///     .series(CurveSeries::new("γ = 1", &lambda, &[1.3, 1.1, 1.2]))
///     .series(CurveSeries::new("γ = 0", &lambda, &[1.3, 1.0, 1.4]))
///     .mark("λ.min", 0.2)
///     .counts(&[0, 2, 5]);
/// let svg = cross_validation_curves(&figure, &Layout::new())?;
/// assert!(svg.contains("γ = 0") && svg.contains("Nonzero coefficients"));
/// # Ok::<(), feature_selection::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct CurveFigure<'a> {
    measure: String,
    axis: LambdaAxis,
    series: Vec<CurveSeries<'a>>,
    marks: Vec<(String, f64)>,
    counts: Option<&'a [usize]>,
}

impl<'a> CurveFigure<'a> {
    /// A figure of a measure, such as [`Measure::name`](crate::lasso::Measure::name) gives.
    pub fn new(measure: impl Into<String>, axis: LambdaAxis) -> Self {
        Self {
            measure: measure.into(),
            axis,
            series: Vec::new(),
            marks: Vec::new(),
            counts: None,
        }
    }

    /// Adds a curve.
    pub fn series(mut self, series: CurveSeries<'a>) -> Self {
        self.series.push(series);
        self
    }

    /// Adds a named dashed line, for example `λ.min` or `λ.min (γ = 0.5)`.
    pub fn mark(mut self, name: impl Into<String>, lambda: f64) -> Self {
        self.marks.push((name.into(), lambda));
        self
    }

    /// Counts of nonzero coefficients for the top axis, one per lambda of the first curve.
    pub fn counts(mut self, n_nonzero: &'a [usize]) -> Self {
        self.counts = Some(n_nonzero);
        self
    }

    fn lines(&self) -> Result<Vec<NamedLine>> {
        const COLORS: [eval_stats::plot::canvas::Color; 3] = [INK, PALETTE[0], PALETTE[1]];
        let line = |(i, (name, lambda)): (usize, &(String, f64))| {
            if !(*lambda > 0.0 && lambda.is_finite()) {
                return refuse(format!(
                    "mark `{name}`: expected a positive lambda, found {lambda}"
                ));
            }
            Ok(NamedLine {
                x: self.axis.position(*lambda),
                name: name.clone(),
                legend: format!("{name} = {}", number(*lambda)),
                color: COLORS[i % COLORS.len()],
            })
        };
        self.marks.iter().enumerate().map(line).collect()
    }
}

/// Labeled curves with their bands, named lines and the axis of counts.
///
/// # Errors
/// [`Error::Figure`](crate::Error::Figure) without a curve, for a curve without a positive lambda, lists of different length, a loss or a
/// band that is not finite, or a marked lambda that is not positive.
pub fn cross_validation_curves(figure: &CurveFigure<'_>, layout: &Layout) -> Result<String> {
    let axis = figure.axis;
    if figure.series.is_empty() {
        return refuse("expected at least 1 curve, found none".to_owned());
    }
    for series in &figure.series {
        series.check()?;
    }
    if let Some(counts) = figure.counts {
        same_length("counts", figure.series[0].lambda.len(), counts.len())?;
    }
    let lines = figure.lines()?;
    let above = figure.counts.map_or(0.0, |_| TOP_AXIS);
    let (mut canvas, headed) = page(layout, above, &figure.measure, axis, &figure.series, &lines);
    let frame = &headed.frame;
    let mut legend = draw_series(&mut canvas, frame, figure);
    headed.draw_lines(&mut canvas, &lines);
    if let Some(counts) = figure.counts {
        let first = &figure.series[0];
        let labels = first
            .drawn()
            .map(|m| (axis.position(first.lambda[m]), counts[m]));
        top_axis(&mut canvas, frame, labels.collect());
    }
    for line in &lines {
        legend.push(line.entry());
    }
    let bottom = legend_below(&mut canvas, &legend, frame.bottom() + 12.0);
    let text = format!(
        "{} by cross-validation, {} curves over lambda.",
        figure.measure,
        figure.series.len()
    );
    Ok(canvas.finish(bottom, &text))
}

/// Bands, then curves over them; their legend.
fn draw_series(canvas: &mut Canvas, frame: &Frame, figure: &CurveFigure<'_>) -> Legend {
    let mut legend = Legend::new();
    let x = |series: &CurveSeries<'_>, m: usize| figure.axis.position(series.lambda[m]);
    for (i, series) in figure.series.iter().enumerate() {
        let mut mark = Mark::Line(Stroke::series(i));
        if series.standard_error.is_some() {
            let limits = series.drawn().map(|m| (x(series, m), series.limits(m)));
            let band: Vec<(f64, f64, f64)> =
                limits.map(|(x, (low, high))| (x, low, high)).collect();
            frame.band(canvas, &band, Stroke::series(i));
            mark = Mark::Band(Stroke::series(i));
        }
        legend.push(Entry::new(mark, &series.label));
    }
    for (i, series) in figure.series.iter().enumerate() {
        let stroke = Stroke::series(i);
        let points: Vec<(f64, f64)> = series
            .drawn()
            .map(|m| (x(series, m), series.mean[m]))
            .collect();
        frame.curve(canvas, &points, stroke);
        if let [only] = points.as_slice() {
            canvas.dot(frame.at(only.0, only.1), 7.0, stroke.color);
        }
    }
    legend
}

/// The page with its frame drawn, `above` room left for an axis of counts.
fn page(
    layout: &Layout,
    above: f64,
    measure: &str,
    axis: LambdaAxis,
    series: &[CurveSeries<'_>],
    lines: &[NamedLine],
) -> (Canvas, Headed) {
    let mut canvas = Canvas::new(layout);
    let all = || series.iter().flat_map(|s| s.drawn().map(move |m| (s, m)));
    let x = Axis::covering(
        axis.label(),
        all().map(|(s, m)| axis.position(s.lambda[m])),
        0.02,
    );
    let limits = all().flat_map(|(s, m)| [s.limits(m).0, s.limits(m).1]);
    let y = Axis::covering(measure, limits, 0.03);
    let height = if is_double(&canvas) { 600.0 } else { 480.0 };
    let size = (canvas.width(), height);
    let headed = Headed::new((0.0, canvas.top() + above), size, x, y, lines);
    headed.frame.draw(&mut canvas, Grid::Horizontal);
    (canvas, headed)
}
