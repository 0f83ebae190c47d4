//! The numbers of the page. Floating point numbers are written so that they are read back exactly.

use eval_stats::special::normal_quantile;
use serde_json::{Value as Json, json};

use super::figure::ends;
use super::settings::{NomogramFigure, Show};
use super::sheet::Geometry;
use crate::nomogram::Nomogram;
use crate::predictor::{Predictor, PredictorKind};

/// Everything the script needs: how values become columns, what each coefficient multiplies, which axis to mark, where axes lie.
pub(super) fn page_data(
    nomogram: &Nomogram,
    figure: &NomogramFigure,
    level: f64,
    drawings: &[Geometry],
) -> Json {
    let model = &nomogram.model;
    let covariance: Vec<Vec<f64>> = model
        .covariance
        .rows()
        .into_iter()
        .map(|r| r.to_vec())
        .collect();
    let factors: Vec<Vec<(usize, usize)>> =
        model.columns().into_iter().map(|c| c.factors).collect();
    let boundaries = figure.boundaries();
    let names: Vec<String> = (0..=boundaries.len())
        .map(|g| figure.group_name(g))
        .collect();
    json!({
        "predictors": (0..model.predictors.len()).map(|k| predictor(nomogram, figure, k)).collect::<Vec<_>>(),
        "coefficients": model.coefficients,
        // Of each coefficient: the predictors and their columns whose product it multiplies; none for the intercept.
        "factors": factors,
        "covariance": covariance,
        "groups": groups(nomogram, &factors),
        "axes": axes(nomogram, figure),
        "points_per_lp": nomogram.points_per_lp,
        "intercept": nomogram.intercept,
        "risk_label": nomogram.risk_label,
        "z": normal_quantile(0.5 + 0.5 * level),
        "level": level,
        "interval": figure.interval == Show::Yes,
        "cutoff": figure.cutoff,
        "boundaries": boundaries,
        "group_names": names,
        "drawings": drawings.iter().map(drawing).collect::<Vec<_>>(),
    })
}

fn predictor(nomogram: &Nomogram, figure: &NomogramFigure, k: usize) -> Json {
    let predictor = &nomogram.model.predictors[k];
    let mut entry = json!({"name": predictor.column, "label": nomogram.labels[k], "unit": figure.unit_of(&predictor.column)});
    if let Some(seen) = predictor.seen() {
        entry["seen"] = json!([seen.min, seen.max]);
    }
    match &predictor.kind {
        PredictorKind::Numeric { .. } => entry["degree"] = json!(1),
        PredictorKind::Polynomial { degree, .. } => entry["degree"] = json!(degree),
        PredictorKind::Spline { knots, .. } => entry["knots"] = json!(knots),
        PredictorKind::Categorical { levels, .. } => entry["levels"] = json!(levels),
    }
    entry
}

/// Predictors that share an axis: the one along it, the others, and the coefficients that make its points.
fn groups(nomogram: &Nomogram, factors: &[Vec<(usize, usize)>]) -> Vec<Json> {
    nomogram
        .groups
        .iter()
        .map(|group| {
            let member = |k: usize| k == group.main || group.given.contains(&k);
            let columns: Vec<usize> = (0..factors.len())
                .filter(|&c| factors[c].first().is_some_and(|f| member(f.0)))
                .collect();
            json!({"main": group.main, "given": group.given, "columns": columns, "min_effect": group.min_effect})
        })
        .collect()
}

fn axes(nomogram: &Nomogram, figure: &NomogramFigure) -> Vec<Json> {
    nomogram
        .axes
        .iter()
        .map(|axis| {
            let (low, high) = ends(axis);
            let given: Vec<Json> = axis
                .given
                .iter()
                .map(|c| match c.number {
                    Some(number) => json!({"number": number}),
                    None => json!({"level": level_code(nomogram, &c.predictor, &c.value)}),
                })
                .collect();
            json!({
                "label": figure.label(axis),
                "group": axis.group,
                "given": given,
                "range": axis.range(),
                "points": [low, high],
            })
        })
        .collect()
}

fn level_code(nomogram: &Nomogram, column: &str, level: &str) -> Option<usize> {
    let mut predictors = nomogram.model.predictors.iter();
    let predictor = predictors.find(|p| p.column == column)?;
    let levels = Predictor::levels(predictor)?;
    levels.iter().position(|l| l == level)
}

fn drawing(at: &Geometry) -> Json {
    json!({
        "left": at.left,
        "right": at.right,
        "total_max": at.total_max,
        "points_y": at.points_y,
        "axes_y": at.axes_y,
        "total_y": at.total_y,
        "risk_y": at.risk_y,
    })
}
