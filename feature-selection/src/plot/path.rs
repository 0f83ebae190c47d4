//! Coefficients along a path of penalties.

use eval_stats::plot::canvas::{
    Axis, Canvas, Entry, Frame, GRAY, Grid, LINE_SPACING, Legend, MARGIN, Mark, SMALL_TEXT, Stroke,
    TICK_TEXT, Text, Weight, wrap,
};

use super::lasso::{check_fit, chosen_lines, taken_line};
use super::names::short_names;
use super::parts::{
    Headed, NamedLine, PALE_GRAY, TOP_AXIS, drawable, features, is_double, number, refuse,
    same_length, top_axis,
};
use super::{LambdaAxis, Layout};
use crate::error::Result;
use crate::lasso::{CrossValidationFit, LambdaRule};
use crate::score::ScoreScale;

/// The horizontal axis of a coefficient path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PathAxis {
    /// The logarithm of lambda.
    Lambda(LambdaAxis),
    /// The sum of absolute coefficients, as drawn.
    L1Norm,
    /// The fraction of the null deviance explained.
    DevianceRatio,
}

/// How much of a path is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum PathRange {
    /// Down to an eighth of the lambda of smallest loss: beyond it coefficients may grow without bound and flatten
    /// everything else.
    #[default]
    NearMinimum,
    /// All models.
    Whole,
}

/// Settings of [`coefficient_path`].
///
/// ```
/// use feature_selection::lasso::LambdaRule;
/// use feature_selection::plot::{LambdaAxis, PathSettings};
/// let settings = PathSettings::from(LambdaAxis::NegativeLog).rule(LambdaRule::Minimum).most_named(8);
/// assert_eq!(settings, PathSettings::new(LambdaAxis::NegativeLog).rule(LambdaRule::Minimum).most_named(8));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct PathSettings {
    axis: PathAxis,
    range: PathRange,
    rule: LambdaRule,
    most_named: usize,
    scale: Option<ScoreScale>,
    factors: Option<Vec<f64>>,
}

impl Default for PathSettings {
    fn default() -> Self {
        Self::new(LambdaAxis::default())
    }
}

impl From<LambdaAxis> for PathSettings {
    fn from(axis: LambdaAxis) -> Self {
        Self::new(axis)
    }
}

impl From<LambdaAxis> for PathAxis {
    fn from(axis: LambdaAxis) -> Self {
        Self::Lambda(axis)
    }
}

impl From<PathAxis> for PathSettings {
    fn from(axis: PathAxis) -> Self {
        Self::new(axis)
    }
}

impl PathSettings {
    /// Survivors of the one-standard-error rule are named, twenty at most, coefficients are drawn as they were fitted.
    pub fn new(axis: impl Into<PathAxis>) -> Self {
        Self {
            axis: axis.into(),
            range: PathRange::default(),
            rule: LambdaRule::OneStandardError,
            most_named: 20,
            scale: None,
            factors: None,
        }
    }

    /// How much of the path is drawn.
    pub fn range(mut self, range: PathRange) -> Self {
        self.range = range;
        self
    }

    /// The model whose features are in color and named. Where it has none, those of the model of smallest loss are;
    /// the legend says which.
    pub fn rule(mut self, rule: LambdaRule) -> Self {
        self.rule = rule;
        self
    }

    /// Number of features named at most, those with the largest absolute coefficients first. The others of the model are
    /// drawn in dark gray.
    pub fn most_named(mut self, n: usize) -> Self {
        self.most_named = n;
        self
    }

    /// What the fitted coefficients belong to, for the title of the axis.
    pub fn fitted_on(mut self, scale: ScoreScale) -> Self {
        self.scale = Some(scale);
        self
    }

    /// Draws standardized coefficients of a path fitted to features in their own units: each is multiplied by the standard
    /// deviation of its column (one per column of the path).
    pub fn standardized_by(mut self, standard_deviations: &[f64]) -> Self {
        self.scale = Some(ScoreScale::Standardized);
        self.factors = Some(standard_deviations.to_vec());
        self
    }

    fn y_title(&self) -> &'static str {
        match self.scale {
            None => "Coefficient",
            Some(ScoreScale::Standardized) => "Standardized coefficient",
            Some(ScoreScale::Raw) => "Coefficient (per unit)",
        }
    }
}

/// Coefficients over lambda, the L1 norm or the deviance explained. The top axis counts nonzero coefficients; dashed lines mark
/// lambda.min and lambda.1se of the cross-validation. The features of the model that [`PathSettings::rule`] takes are in
/// color and named: at the ends of their curves where these end on the right of a page of two columns, else in a
/// legend in the order of the curves. A [`LambdaAxis`] alone will do for the settings.
///
/// # Errors
/// [`Error::Figure`](crate::Error::Figure) for fewer than two models that can be drawn (a lambda of 0 has no logarithm), coefficients that
/// are not finite, or another number of standard deviations than columns; those of [`CrossValidationFit::select`].
///
/// # Examples
/// ```
/// use eval_stats::folds::Folds;
/// use feature_selection::lasso::{CrossValidation, ElasticNet, Samples};
/// use feature_selection::plot::{LambdaAxis, Layout, coefficient_path, cross_validation_curve};
/// use feature_selection::table::FeatureTable;
/// use ndarray::Array2;
///
/// let x = Array2::from_shape_fn((40, 2), |(i, j)| if j == 0 { i as f64 } else { ((i * 17) % 23) as f64 });
/// let table = FeatureTable::new(x.view(), &["signal".to_string(), "noise".to_string()])?;
/// let outcome: Vec<bool> = (0..40).map(|i| (i + (i * 7) % 11) > 24).collect();
/// let folds = Folds::stratified(&outcome, 5, 1)?;
/// let cv = CrossValidation::new(ElasticNet::new()).fit(&Samples::binary(&table, &outcome)?, &folds)?;
///
/// let path = coefficient_path(&cv, LambdaAxis::Log, &Layout::new())?;
/// assert!(path.contains("signal") && path.contains("λ.1se"));
/// let curve = cross_validation_curve(&cv, LambdaAxis::Log, &Layout::new())?;
/// assert!(curve.contains("Binomial deviance"));
/// # Ok::<(), feature_selection::Error>(())
/// ```
pub fn coefficient_path(
    fit: &CrossValidationFit,
    settings: impl Into<PathSettings>,
    layout: &Layout,
) -> Result<String> {
    let settings = settings.into();
    check_fit(fit)?;
    let drawn = Drawn::new(fit, &settings)?;
    let canvas = Canvas::new(layout);
    let figure = Figure::new(canvas, &drawn, &settings);
    Ok(figure.finish(&drawn))
}

/// One curve.
struct Curve {
    name: String,
    values: Vec<f64>,
    look: Look,
}

#[derive(Clone, Copy, PartialEq)]
enum Look {
    /// Not in the highlighted model.
    Pale,
    /// In it, but not named.
    Unnamed,
    /// In it, with its place among the named.
    Named(usize),
}

impl Look {
    fn stroke(self) -> Stroke {
        match self {
            Self::Pale => Stroke::new(PALE_GRAY, 2.0),
            Self::Unnamed => Stroke::new(GRAY, 2.5),
            Self::Named(k) => Stroke::series(k),
        }
    }
}

/// What there is to draw.
struct Drawn {
    x: Vec<f64>,
    df: Vec<usize>,
    /// Pale ones first, so that they cover nothing.
    curves: Vec<Curve>,
    lines: Vec<NamedLine>,
    heading: String,
    n_more: usize,
}

impl Drawn {
    fn new(fit: &CrossValidationFit, settings: &PathSettings) -> Result<Self> {
        let path = &fit.path;
        let models = models(fit, settings)?;
        if let Some(factors) = &settings.factors {
            same_length("standard deviations", path.names.len(), factors.len())?;
        }
        let factor = |j: usize| settings.factors.as_ref().map_or(1.0, |f| f[j]);
        let norm = |beta: &mut dyn Iterator<Item = (usize, f64)>| -> f64 {
            beta.map(|(j, b)| (factor(j) * b).abs()).sum()
        };
        let at_model = |m: usize| match settings.axis {
            PathAxis::Lambda(axis) => axis.position(path.lambda[m]),
            PathAxis::DevianceRatio => path.dev_ratio[m],
            PathAxis::L1Norm => {
                let beta = &path.beta[m];
                norm(&mut beta.index.iter().copied().zip(beta.value.iter().copied()))
            }
        };
        let position = |lambda: f64| -> Result<f64> {
            if let PathAxis::Lambda(axis) = settings.axis {
                return Ok(axis.position(lambda));
            }
            let exact = path.lambda.iter().position(|&l| l == lambda);
            // A lambda between two models stands at the next larger one's deviance.
            let next = path.lambda.partition_point(|&l| l > lambda);
            match (exact, settings.axis) {
                (Some(m), _) => Ok(at_model(m)),
                (None, PathAxis::L1Norm) => {
                    let beta = path.coefficients_at(lambda)?.beta;
                    Ok(norm(&mut beta.iter().copied().enumerate()))
                }
                (None, _) => Ok(at_model(next.saturating_sub(1))),
            }
        };
        let x: Vec<f64> = models.iter().map(|&m| at_model(m)).collect();
        for (&m, &x) in models.iter().zip(&x) {
            drawable("position", &format!("lambda number {m}"), x)?;
        }
        let highlight = Highlight::new(fit, settings, factor)?;
        let mut lines = chosen_lines(fit, position)?;
        if let Some(line) = highlight.line(position)? {
            lines.push(line);
        }
        let curves = curves(fit, &models, &highlight, factor)?;
        Ok(Self {
            x,
            df: models.iter().map(|&m| path.df[m]).collect(),
            curves,
            lines,
            heading: highlight.heading.clone(),
            n_more: highlight.columns.len().saturating_sub(highlight.n_named),
        })
    }

    /// Named curves from top to bottom of their dense end.
    fn named(&self) -> Vec<(&Curve, f64)> {
        let mut named: Vec<(&Curve, f64)> = self
            .curves
            .iter()
            .filter(|c| matches!(c.look, Look::Named(_)))
            .map(|c| (c, c.values.last().copied().unwrap_or(0.0)))
            .collect();
        named.sort_by(|a, b| b.1.total_cmp(&a.1));
        named
    }
}

/// Positions in the path of the models drawn.
fn models(fit: &CrossValidationFit, settings: &PathSettings) -> Result<Vec<usize>> {
    const SMALLEST: f64 = 0.125;
    let path = &fit.path;
    let smallest = match settings.range {
        PathRange::NearMinimum => SMALLEST * fit.lambda_minimum(),
        PathRange::Whole => 0.0,
    };
    let has_place = |lambda: f64| match settings.axis {
        PathAxis::Lambda(_) => lambda > 0.0 && lambda.is_finite(),
        _ => lambda.is_finite(),
    };
    let all: Vec<usize> = (0..path.len())
        .filter(|&m| has_place(path.lambda[m]))
        .collect();
    let near = all.iter().filter(|&&m| path.lambda[m] >= smallest).count();
    if all.len() < 2 {
        return refuse(format!(
            "expected at least 2 models with a place on the axis, found {}",
            all.len()
        ));
    }
    Ok(all[..near.max(2)].to_vec())
}

/// The model whose features are named.
struct Highlight {
    /// Columns, by absolute coefficient decreasing.
    columns: Vec<usize>,
    n_named: usize,
    heading: String,
    /// Its lambda, where it is neither of the two that are marked anyway.
    lambda: Option<f64>,
}

impl Highlight {
    fn new(
        fit: &CrossValidationFit,
        settings: &PathSettings,
        factor: impl Fn(usize) -> f64,
    ) -> Result<Self> {
        let mut selection = fit.select(settings.rule)?;
        if selection.selected.is_empty() {
            selection = fit.select(LambdaRule::Minimum)?;
        }
        let beta = &selection.coefficients.beta;
        let size = |j: usize| (factor(j) * beta[j]).abs();
        let mut columns = selection.selected.clone();
        columns.sort_by(|&a, &b| size(b).total_cmp(&size(a)).then(a.cmp(&b)));
        let (name, lambda) = match selection.rule {
            LambdaRule::Minimum => ("\u{03bb}.min".to_owned(), None),
            LambdaRule::OneStandardError => ("\u{03bb}.1se".to_owned(), None),
            _ => (
                format!("\u{03bb} = {}", number(selection.lambda)),
                Some(selection.lambda),
            ),
        };
        let heading = format!("Nonzero at {name}: {}", features(columns.len()));
        Ok(Self {
            n_named: columns.len().min(settings.most_named),
            columns,
            heading,
            lambda,
        })
    }

    fn line(&self, position: impl Fn(f64) -> Result<f64>) -> Result<Option<NamedLine>> {
        let Some(lambda) = self.lambda else {
            return Ok(None);
        };
        let n = self.columns.len();
        Ok(Some(taken_line(lambda, n, position(lambda)?)))
    }
}

/// The curves of all columns that are ever nonzero.
fn curves(
    fit: &CrossValidationFit,
    models: &[usize],
    highlight: &Highlight,
    factor: impl Fn(usize) -> f64,
) -> Result<Vec<Curve>> {
    let path = &fit.path;
    // Of every column its place among the curves.
    let mut place: Vec<Option<usize>> = vec![None; path.names.len()];
    let mut curves: Vec<Curve> = Vec::new();
    for (step, &m) in models.iter().enumerate() {
        for (&j, &b) in path.beta[m].index.iter().zip(&path.beta[m].value) {
            let value = factor(j) * b;
            drawable("coefficient", &path.names[j], value)?;
            let place = *place[j].get_or_insert_with(|| {
                curves.push(Curve {
                    name: path.names[j].clone(),
                    values: vec![0.0; models.len()],
                    look: match highlight.columns.iter().position(|&c| c == j) {
                        Some(k) if k < highlight.n_named => Look::Named(k),
                        Some(_) => Look::Unnamed,
                        None => Look::Pale,
                    },
                });
                curves.len() - 1
            });
            curves[place].values[step] = value;
        }
    }
    curves.sort_by_key(|c| match c.look {
        Look::Pale => 0,
        Look::Unnamed => 1,
        // The largest last.
        Look::Named(k) => usize::MAX - k,
    });
    Ok(curves)
}

/// Where names stand.
enum Names {
    /// Right of the frame, joined to the ends of the curves.
    Ends,
    /// In a legend right of the frame.
    Beside,
    /// In a legend below.
    Below,
}

/// The page with its frame.
struct Figure {
    canvas: Canvas,
    headed: Headed,
    names: Names,
}

/// Width of a name at the end of a curve, as a share of the page.
const END_NAMES: f64 = 0.34;
/// Distance from the frame to a name at the end of a curve.
const LEADER: f64 = 40.0;
/// Share of the page that a frame takes with the legend beside it.
const BESIDE: f64 = 0.56;
const END_STYLE: f64 = SMALL_TEXT;
const END_STEP: f64 = 1.2 * SMALL_TEXT;

impl Figure {
    fn new(canvas: Canvas, drawn: &Drawn, settings: &PathSettings) -> Self {
        let dense_right = match settings.axis {
            PathAxis::Lambda(axis) => axis == LambdaAxis::NegativeLog,
            _ => true,
        };
        let n_named = drawn.named().len();
        let (height, names) = match (is_double(&canvas), dense_right) {
            (false, _) => (520.0, Names::Below),
            (true, _) if n_named == 0 => (600.0, Names::Below),
            (true, true) => (600.0_f64.max(END_STEP * n_named as f64), Names::Ends),
            (true, false) => (600.0, Names::Beside),
        };
        let x_title = match settings.axis {
            PathAxis::Lambda(axis) => axis.label(),
            PathAxis::L1Norm => "L1 norm",
            PathAxis::DevianceRatio => "Fraction of deviance explained",
        };
        let x = match settings.axis {
            PathAxis::L1Norm => {
                let most = drawn.x.iter().fold(0.0_f64, |m, &x| m.max(x));
                Axis::linear(x_title, 0.0, if most > 0.0 { most } else { 1.0 })
            }
            _ => Axis::covering(x_title, drawn.x.iter().copied(), 0.0),
        };
        let values = drawn.curves.iter().flat_map(|c| c.values.iter().copied());
        let y = Axis::covering(settings.y_title(), values.chain([0.0]), 0.04);
        let width = canvas.width();
        let width = match names {
            Names::Below => width,
            Names::Beside => BESIDE * width,
            Names::Ends => {
                let style = Text::new(END_STYLE);
                let longest = drawn
                    .named()
                    .iter()
                    .map(|(c, _)| style.width(&c.name))
                    .fold(0.0, f64::max);
                width - LEADER - longest.min(END_NAMES * width)
            }
        };
        let at = (0.0, canvas.top() + TOP_AXIS);
        let headed = Headed::new(at, (width, height), x, y, &drawn.lines);
        Self {
            canvas,
            headed,
            names,
        }
    }

    fn finish(mut self, drawn: &Drawn) -> String {
        let frame = self.headed.frame.clone();
        frame.draw(&mut self.canvas, Grid::Horizontal);
        frame.horizontal(&mut self.canvas, 0.0, Stroke::new(PALE_GRAY, 2.0));
        for curve in &drawn.curves {
            let points: Vec<(f64, f64)> = drawn
                .x
                .iter()
                .copied()
                .zip(curve.values.iter().copied())
                .collect();
            frame.curve(&mut self.canvas, &points, curve.look.stroke());
        }
        self.headed.draw_lines(&mut self.canvas, &drawn.lines);
        let counts = drawn.x.iter().copied().zip(drawn.df.iter().copied());
        top_axis(&mut self.canvas, &frame, counts.collect());
        let bottom = match self.names {
            Names::Ends => {
                self.end_names(drawn, &frame);
                self.below(drawn, frame.bottom() + 12.0, false)
            }
            Names::Beside => {
                let beside = self.beside(drawn, &frame);
                self.below(drawn, frame.bottom() + 12.0, false).max(beside)
            }
            Names::Below => self.below(drawn, frame.bottom() + 12.0, true),
        };
        let text = format!(
            "Coefficient path of {}. {}.",
            features(drawn.curves.len()),
            drawn.heading
        );
        self.canvas.finish(bottom, &text)
    }

    /// Names right of the frame, moved apart, each joined to the end of its curve.
    fn end_names(&mut self, drawn: &Drawn, frame: &Frame) {
        let named = drawn.named();
        let style = Text::new(END_STYLE);
        let left = frame.area.right + LEADER;
        let room = self.canvas.width() - 0.5 * MARGIN - left;
        let names: Vec<&str> = named.iter().map(|(c, _)| c.name.as_str()).collect();
        let last = drawn.x.last().copied().unwrap_or(frame.x.high);
        let ends: Vec<f64> = named.iter().map(|(_, v)| frame.at(last, *v).1).collect();
        let places = apart(&ends, END_STEP, frame.area.top, frame.area.bottom);
        for (((curve, _), name), (end, y)) in named
            .iter()
            .zip(short_names(&names, style, room))
            .zip(ends.iter().zip(places))
        {
            let stroke = Stroke {
                width: 2.0,
                ..curve.look.stroke()
            };
            let from = frame.area.right;
            let corner = (left - 8.0, y);
            self.canvas
                .line(&[(from + 4.0, *end), (left - 14.0, y), corner], stroke);
            self.canvas.text(&name, (left - 4.0, y), style);
        }
    }

    /// The legend of names right of the frame; its lower end.
    fn beside(&mut self, drawn: &Drawn, frame: &Frame) -> f64 {
        let left = BESIDE * self.canvas.width() + 20.0;
        let width = self.canvas.width() - left - MARGIN;
        let top = heading(
            &mut self.canvas,
            &drawn.heading,
            (left, frame.area.top),
            width,
        );
        let legend = name_legend(drawn, width);
        legend.draw(&mut self.canvas, (left, top), width);
        top + legend.height(width)
    }

    /// The legend below: the lines, then the names where they stand here; its lower end.
    fn below(&mut self, drawn: &Drawn, top: f64, with_names: bool) -> f64 {
        let left = MARGIN + 10.0;
        let width = self.canvas.width() - left - MARGIN;
        let mut legend = Legend::new();
        for line in &drawn.lines {
            legend.push(line.entry());
        }
        legend.draw(&mut self.canvas, (left, top), width);
        let mut bottom = top + legend.height(width);
        if with_names || matches!(self.names, Names::Ends) {
            bottom = heading(
                &mut self.canvas,
                &drawn.heading,
                (left, bottom + 6.0),
                width,
            );
        }
        if with_names {
            let legend = name_legend(drawn, width);
            legend.draw(&mut self.canvas, (left, bottom), width);
            bottom += legend.height(width);
        } else if drawn.n_more > 0 && matches!(self.names, Names::Ends) {
            let at = (left, bottom + 0.5 * LINE_SPACING * TICK_TEXT);
            self.canvas.text(&more(drawn), at, Text::new(TICK_TEXT));
            bottom += LINE_SPACING * TICK_TEXT;
        }
        bottom
    }
}

fn more(drawn: &Drawn) -> String {
    format!("and {} more, in dark gray", drawn.n_more)
}

/// Named curves in their order.
fn name_legend(drawn: &Drawn, width: f64) -> Legend {
    /// Up to here long names are broken into lines; beyond they are shortened to one.
    const FEW: usize = 8;
    const SAMPLE: f64 = 76.0;
    let named = drawn.named();
    let names: Vec<&str> = named.iter().map(|(c, _)| c.name.as_str()).collect();
    let room = if named.len() > FEW {
        width - SAMPLE
    } else {
        f64::INFINITY
    };
    let mut legend = Legend::new();
    let style = Text::new(TICK_TEXT);
    for ((curve, _), name) in named.iter().zip(short_names(&names, style, room)) {
        legend.push(Entry::new(Mark::Line(curve.look.stroke()), name));
    }
    if drawn.n_more > 0 {
        legend.push(Entry::new(Mark::Line(Look::Unnamed.stroke()), more(drawn)));
    }
    legend
}

/// A bold line above names; its lower end.
fn heading(canvas: &mut Canvas, text: &str, at: (f64, f64), room: f64) -> f64 {
    let style = Text::new(TICK_TEXT).bold();
    let step = LINE_SPACING * TICK_TEXT;
    let lines = wrap(text, TICK_TEXT, Weight::Bold, room);
    canvas.lines(&lines, (at.0, at.1 + 0.5 * step), style);
    at.1 + step * lines.len() as f64 + 4.0
}

/// Positions at least `step` apart between two limits, in the order given and as near to the wished ones (ascending) as
/// least squares allows: blocks of touching positions share their mean displacement.
fn apart(wished: &[f64], step: f64, low: f64, high: f64) -> Vec<f64> {
    // In the variable y - i step the positions must only not decrease: pool adjacent violators.
    let mut blocks: Vec<(f64, usize)> = Vec::new();
    for (i, y) in wished.iter().enumerate() {
        let mut block = (y - step * i as f64, 1);
        while let Some(&(mean, n)) = blocks.last() {
            if mean < block.0 {
                break;
            }
            let total = mean * n as f64 + block.0 * block.1 as f64;
            block = (total / (n + block.1) as f64, n + block.1);
            blocks.pop();
        }
        blocks.push(block);
    }
    let half = 0.5 * step;
    let span = step * wished.len().saturating_sub(1) as f64;
    let (least, most) = (low + half, (high - half - span).max(low + half));
    blocks
        .iter()
        .flat_map(|&(mean, n)| std::iter::repeat_n(mean.clamp(least, most), n))
        .enumerate()
        .map(|(i, y)| y + step * i as f64)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::apart;

    #[test]
    fn names_at_curve_ends_do_not_touch() {
        assert_eq!(
            apart(&[10.0, 50.0, 90.0], 20.0, 0.0, 100.0),
            [10.0, 50.0, 90.0]
        );
        // Two at one place move apart evenly, all at the edge move inwards.
        assert_eq!(apart(&[50.0, 50.0], 20.0, 0.0, 100.0), [40.0, 60.0]);
        assert_eq!(
            apart(&[0.0, 0.0, 0.0], 20.0, 0.0, 100.0),
            [10.0, 30.0, 50.0]
        );
        assert_eq!(apart(&[99.0, 100.0], 20.0, 0.0, 100.0), [70.0, 90.0]);
        assert!(apart(&[], 20.0, 0.0, 100.0).is_empty());
    }
}
