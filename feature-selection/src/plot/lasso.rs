//! The coefficient path and the cross-validation curve.

use eval_stats::plot::canvas::{
    Axis, Canvas, Color, Dash, Frame, GRAY, Grid, INK, PALETTE, Stroke, THIN, TICK_TEXT, Text,
    shorten,
};

use super::Layout;
use crate::error::{Error, Result};
use crate::lasso::{CrossValidationFit, ElasticNetPath};

/// Direction of the lambda axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum LambdaAxis {
    /// `ln lambda`: sparse models on the right, as glmnet 4 draws and most papers print.
    #[default]
    Log,
    /// `-ln lambda`: sparse models on the left, as glmnet 5 draws.
    NegativeLog,
}

impl LambdaAxis {
    fn position(self, lambda: f64) -> f64 {
        match self {
            Self::Log => lambda.ln(),
            Self::NegativeLog => -lambda.ln(),
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::Log => "ln \u{03bb}",
            Self::NegativeLog => "\u{2212}ln \u{03bb}",
        }
    }
}

/// A frame below the axis of counts.
fn frame(canvas: &Canvas, x: Axis, y: Axis) -> Frame {
    let top = canvas.top() + 68.0;
    Frame::fitted((0.0, top), canvas.width(), 520.0, x, y)
}

/// Coefficients over lambda, in the units the path was fitted in (z-scores in a pipeline that standardizes). The top axis counts
/// nonzero coefficients; dashed lines mark the smallest loss and the one-standard-error rule. The features of the sparser of the two
/// marked models are in color and named below. The path is drawn down to an eighth of the lambda of smallest loss:
/// beyond it coefficients may grow without bound and flatten everything else.
///
/// # Errors
/// [`Error::Figure`] for a path of fewer than two positive lambdas.
pub fn coefficient_path(
    fit: &CrossValidationFit,
    axis: LambdaAxis,
    layout: &Layout,
) -> Result<String> {
    let path = &fit.path;
    let smallest = fit.lambda_minimum() * SMALLEST_DRAWN;
    let models: Vec<usize> = (0..path.len())
        .filter(|&m| path.lambda[m] > 0.0 && path.lambda[m] >= smallest)
        .collect();
    check(models.len())?;
    let x = |m: usize| axis.position(path.lambda[m]);
    let chosen = fit
        .select(crate::lasso::LambdaRule::OneStandardError)?
        .selected;
    let mut columns: Vec<usize> = models
        .iter()
        .flat_map(|&m| path.beta[m].index.iter().copied())
        .collect();
    columns.sort_unstable();
    columns.dedup();
    // Colored curves last, so that gray ones do not cover them.
    columns.sort_by_key(|j| chosen.binary_search(j).is_ok());
    let dense = curves(path, &models, &columns);
    let mut canvas = Canvas::new(layout);
    let x_axis = Axis::covering(axis.label(), models.iter().map(|&m| x(m)), 0.0);
    let values = dense.iter().flatten().copied().chain([0.0]);
    let frame = frame(&canvas, x_axis, Axis::covering("Coefficient", values, 0.04));
    frame.draw(&mut canvas, Grid::Horizontal);
    for (curve, j) in dense.iter().zip(&columns) {
        let points: Vec<(f64, f64)> = models
            .iter()
            .map(|&m| x(m))
            .zip(curve.iter().copied())
            .collect();
        let stroke = match chosen.binary_search(j) {
            Ok(k) => Stroke::line(PALETTE[k % PALETTE.len()]),
            Err(_) => Stroke::new(PALE_CURVE, 2.0),
        };
        frame.curve(&mut canvas, &points, stroke);
    }
    marks(&mut canvas, &frame, fit, axis);
    let labels = models.iter().map(|&m| (x(m), path.df[m].to_string()));
    top_axis(&mut canvas, &frame, labels.collect());
    let names: Vec<(String, Color)> = chosen
        .iter()
        .enumerate()
        .map(|(k, &j)| (path.names[j].clone(), PALETTE[k % PALETTE.len()]))
        .collect();
    let bottom = legend(&mut canvas, frame.bottom() + 8.0, &names);
    let text = format!("Coefficient path of {} features.", columns.len());
    Ok(canvas.finish(bottom, &text))
}

/// Coefficients of columns along models.
fn curves(path: &ElasticNetPath, models: &[usize], columns: &[usize]) -> Vec<Vec<f64>> {
    columns
        .iter()
        .map(|&j| {
            let at = |&m: &usize| {
                let beta = &path.beta[m];
                beta.index.binary_search(&j).map_or(0.0, |k| beta.value[k])
            };
            models.iter().map(at).collect()
        })
        .collect()
}

/// Smallest lambda of a path figure, as a share of the lambda of smallest loss.
const SMALLEST_DRAWN: f64 = 0.125;
const PALE_CURVE: Color = Color(190, 190, 190);
const MOST_NAMED: usize = 12;
const LEGEND_ROW: f64 = 34.0;

/// Cross-validated loss over lambda with one standard error either way; dashed lines mark the smallest loss and the
/// one-standard-error rule; the top axis counts nonzero coefficients.
///
/// # Errors
/// [`Error::Figure`] for fewer than two positive lambdas.
pub fn cross_validation_curve(
    fit: &CrossValidationFit,
    axis: LambdaAxis,
    layout: &Layout,
) -> Result<String> {
    let points: Vec<usize> = (0..fit.lambda.len())
        .filter(|&m| fit.lambda[m] > 0.0)
        .collect();
    check(points.len())?;
    let x = |m: usize| axis.position(fit.lambda[m]);
    let (low, high) = (
        |m: usize| fit.mean[m] - fit.standard_error[m],
        |m: usize| fit.mean[m] + fit.standard_error[m],
    );
    let mut canvas = Canvas::new(layout);
    let x_axis = Axis::covering(axis.label(), points.iter().map(|&m| x(m)), 0.02);
    let limits = points.iter().flat_map(|&m| [low(m), high(m)]);
    let y_axis = Axis::covering(fit.measure.name(fit.path.family), limits, 0.03);
    let frame = frame(&canvas, x_axis, y_axis);
    frame.draw(&mut canvas, Grid::Horizontal);
    for &m in &points {
        let (bottom, top) = (frame.at(x(m), low(m)), frame.at(x(m), high(m)));
        canvas.line(&[bottom, top], Stroke::new(GRAY, 2.0));
        for end in [bottom, top] {
            let stop = [(end.0 - 4.0, end.1), (end.0 + 4.0, end.1)];
            canvas.line(&stop, Stroke::new(GRAY, 2.0));
        }
    }
    for &m in &points {
        canvas.disk(frame.at(x(m), fit.mean[m]), 6.0, PALETTE[1]);
    }
    marks(&mut canvas, &frame, fit, axis);
    let labels = points
        .iter()
        .map(|&m| (x(m), fit.n_nonzero[m].to_string()))
        .collect();
    top_axis(&mut canvas, &frame, labels);
    let bottom = legend(&mut canvas, frame.bottom() + 8.0, &[]);
    let text = format!("Cross-validated loss of {} values of lambda.", points.len());
    Ok(canvas.finish(bottom, &text))
}

fn check(points: usize) -> Result<()> {
    if points < 2 {
        return Err(Error::Figure {
            reason: format!("expected at least 2 positive lambdas, found {points}"),
        });
    }
    Ok(())
}

/// Counts above the frame, left out where they would touch, and their title.
fn top_axis(canvas: &mut Canvas, frame: &Frame, mut labels: Vec<(f64, String)>) {
    const GAP: f64 = 18.0;
    labels.sort_by(|a, b| a.0.total_cmp(&b.0));
    let style = Text::new(TICK_TEXT).middle();
    let top = frame.area.top;
    let mut free_from = f64::NEG_INFINITY;
    for (x, label) in &labels {
        let at = frame.at(*x, frame.y.low).0;
        let half = 0.5 * style.width(label);
        if at - half >= free_from {
            canvas.line(&[(at, top - 8.0), (at, top)], Stroke::new(INK, THIN));
            canvas.text(label, (at, top - 24.0), style);
            free_from = at + half + GAP;
        }
    }
    let middle = frame.area.center().0;
    canvas.text("Nonzero coefficients", (middle, top - 58.0), style);
}

/// The two chosen lambdas.
fn marks(canvas: &mut Canvas, frame: &Frame, fit: &CrossValidationFit, axis: LambdaAxis) {
    for (lambda, color) in [
        (fit.lambda_minimum(), INK),
        (fit.lambda_one_standard_error(), PALETTE[0]),
    ] {
        let x = axis.position(lambda);
        if lambda > 0.0 && frame.x.contains(x) {
            frame.vertical(canvas, x, dashed(color));
        }
    }
}

fn dashed(color: Color) -> Stroke {
    Stroke::new(color, 3.0).dash(Dash::Dashed)
}

/// The meaning of the dashed lines, then names with their colors; the lower end.
fn legend(canvas: &mut Canvas, top: f64, names: &[(String, Color)]) -> f64 {
    let style = Text::new(TICK_TEXT);
    let mut y = top + 0.5 * LEGEND_ROW;
    let mut left = 60.0;
    for (text, color) in [
        ("\u{03bb} of smallest loss", INK),
        ("one standard error", PALETTE[0]),
    ] {
        canvas.line(&[(left, y), (left + 54.0, y)], dashed(color));
        canvas.text(text, (left + 66.0, y), style);
        left += 66.0 + style.width(text) + 30.0;
    }
    let room = canvas.width() - 126.0 - 20.0;
    for (name, color) in names.iter().take(MOST_NAMED) {
        y += LEGEND_ROW;
        canvas.line(&[(60.0, y), (114.0, y)], Stroke::line(*color));
        let name = shorten(name, style.size, style.weight, room);
        canvas.text(&name, (126.0, y), style);
    }
    if names.len() > MOST_NAMED {
        y += LEGEND_ROW;
        let text = format!("and {} more", names.len() - MOST_NAMED);
        canvas.text(&text, (126.0, y), style);
    }
    y + 0.5 * LEGEND_ROW
}
