//! The coefficient path and the cross-validation curve.

use plotters::style::RGBColor;
use plotters::style::text_anchor::HPos;

use super::Layout;
use super::canvas::{
    Area, Axis, Canvas, Frame, GRAY, INK, PALETTE, TICK_TEXT, page_width, render, text_width,
};
use crate::error::{Error, Result};
use crate::lasso::CrossValidationFit;

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

fn plot_area(layout: &Layout, right: i32) -> Area {
    let top = layout.top() + 80;
    Area {
        left: 140,
        top,
        right: page_width(layout) - right,
        bottom: top + 520,
    }
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
    let dense: Vec<Vec<f64>> = columns
        .iter()
        .map(|&j| {
            let at = |&m: &usize| {
                let beta = &path.beta[m];
                beta.index.binary_search(&j).map_or(0.0, |k| beta.value[k])
            };
            models.iter().map(at).collect()
        })
        .collect();
    let area = plot_area(layout, 30);
    let legend_rows =
        chosen.len().min(MOST_NAMED) as i32 + i32::from(chosen.len() > MOST_NAMED) + 1;
    let height = area.bottom + 100 + LEGEND_ROW * legend_rows;
    render(layout, height, |canvas| {
        let x_axis = Axis::covering(axis.label(), models.iter().map(|&m| x(m)), 0.0);
        let y_axis = Axis::covering(
            "Coefficient",
            dense.iter().flatten().copied().chain([0.0]),
            0.04,
        );
        let frame = Frame::new(canvas, area, x_axis, y_axis)?;
        for (curve, j) in dense.iter().zip(&columns) {
            let points: Vec<(i32, i32)> = models
                .iter()
                .zip(curve)
                .map(|(&m, &b)| frame.at(x(m), b))
                .collect();
            let style = chosen
                .binary_search(j)
                .ok()
                .map(|k| PALETTE[k % PALETTE.len()]);
            canvas.line(
                &points,
                style.unwrap_or(PALE_CURVE),
                if style.is_some() { 4 } else { 2 },
            )?;
        }
        marks(&frame, fit, axis)?;
        let labels = models.iter().map(|&m| (x(m), path.df[m].to_string()));
        frame.top_axis(&along_page(labels.collect()), "Nonzero coefficients")?;
        let names: Vec<(String, RGBColor)> = chosen
            .iter()
            .enumerate()
            .map(|(k, &j)| (path.names[j].clone(), PALETTE[k % PALETTE.len()]))
            .collect();
        legend(canvas, layout, area.bottom + 95, &names)
    })
}

/// Smallest lambda of a path figure, as a share of the lambda of smallest loss.
const SMALLEST_DRAWN: f64 = 0.125;
const PALE_CURVE: RGBColor = RGBColor(190, 190, 190);
const MOST_NAMED: usize = 12;
const LEGEND_ROW: i32 = 34;

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
    let area = plot_area(layout, 30);
    render(layout, area.bottom + 100 + LEGEND_ROW, |canvas| {
        let x_axis = Axis::covering(axis.label(), points.iter().map(|&m| x(m)), 0.02);
        let limits = points.iter().flat_map(|&m| [low(m), high(m)]);
        let y_axis = Axis::covering(fit.measure.name(fit.path.family), limits, 0.03);
        let frame = Frame::new(canvas, area, x_axis, y_axis)?;
        for &m in &points {
            let (bottom, top) = (frame.at(x(m), low(m)), frame.at(x(m), high(m)));
            canvas.line(&[bottom, top], GRAY, 2)?;
            for end in [bottom, top] {
                canvas.line(&[(end.0 - 4, end.1), (end.0 + 4, end.1)], GRAY, 2)?;
            }
        }
        for &m in &points {
            canvas.dot(frame.at(x(m), fit.mean[m]), 6, PALETTE[1])?;
        }
        marks(&frame, fit, axis)?;
        let labels = points
            .iter()
            .map(|&m| (x(m), fit.n_nonzero[m].to_string()))
            .collect();
        frame.top_axis(&along_page(labels), "Nonzero coefficients")?;
        legend(canvas, layout, area.bottom + 95, &[])
    })
}

fn check(points: usize) -> Result<()> {
    if points < 2 {
        return Err(Error::Figure {
            reason: format!("expected at least 2 positive lambdas, found {points}"),
        });
    }
    Ok(())
}

fn along_page(mut labels: Vec<(f64, String)>) -> Vec<(f64, String)> {
    labels.sort_by(|a, b| a.0.total_cmp(&b.0));
    labels
}

/// The two chosen lambdas.
fn marks(frame: &Frame<'_, '_>, fit: &CrossValidationFit, axis: LambdaAxis) -> Result<()> {
    for (lambda, color) in [
        (fit.lambda_minimum(), INK),
        (fit.lambda_one_standard_error(), PALETTE[0]),
    ] {
        if lambda > 0.0 {
            frame.vertical(axis.position(lambda), color)?;
        }
    }
    Ok(())
}

/// The meaning of the dashed lines, then names with their colors.
fn legend(
    canvas: &Canvas<'_>,
    layout: &Layout,
    top: i32,
    names: &[(String, RGBColor)],
) -> Result<()> {
    let y = top + LEGEND_ROW / 2;
    let mut left = 60;
    for (text, color) in [
        ("\u{03bb} of smallest loss", INK),
        ("one standard error", PALETTE[0]),
    ] {
        canvas.dashed((left, y), (left + 54, y), color, 3)?;
        canvas.text(text, (left + 66, y), TICK_TEXT, HPos::Left, INK)?;
        left += 66 + text_width(text, TICK_TEXT) + 30;
    }
    let room = page_width(layout) - 126 - 20;
    for (row, (name, color)) in names.iter().take(MOST_NAMED).enumerate() {
        let y = y + LEGEND_ROW * (row as i32 + 1);
        canvas.line(&[(60, y), (114, y)], *color, 4)?;
        let size = TICK_TEXT
            .min(TICK_TEXT * f64::from(room) / f64::from(text_width(name, TICK_TEXT).max(1)));
        canvas.text(name, (126, y), size, HPos::Left, INK)?;
    }
    if names.len() > MOST_NAMED {
        let y = y + LEGEND_ROW * (MOST_NAMED as i32 + 1);
        let text = format!("and {} more", names.len() - MOST_NAMED);
        canvas.text(&text, (126, y), TICK_TEXT, HPos::Left, INK)?;
    }
    Ok(())
}
