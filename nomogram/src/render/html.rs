//! One self-contained page: sliders and choices for the predictors, points and risk at once, no network.

use serde_json::{Value as Json, json};

use crate::nomogram::Nomogram;
use crate::term::{NumericSummary, TermKind};
use eval_stats::plot::canvas::escape;
use eval_stats::special::normal_quantile;

/// Style of the page.
const STYLE: &str = include_str!("page.css");
/// Behavior of the page: the same arithmetic as [`RiskModel::predict`](crate::RiskModel::predict).
const SCRIPT: &str = include_str!("page.js");

/// The page. `cutoff` (a probability) divides low from high risk; 95 % confidence interval.
#[must_use]
pub fn nomogram_html(nomogram: &Nomogram, title: &str, cutoff: Option<f64>) -> String {
    let data = page_data(nomogram, cutoff);
    // "</script>" inside a level's name must not end the script.
    let data = data.to_string().replace('<', "\\u003c");
    let title = escape(title);
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n\
         <style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n\
         <form id=\"inputs\" aria-label=\"Predictors\"></form>\n\
         <section id=\"result\" aria-live=\"polite\" aria-label=\"Result\"></section>\n\
         <svg id=\"drawing\" role=\"img\" aria-label=\"Nomogram with this patient\"></svg>\n\
         <noscript>This page computes in the browser and needs JavaScript.</noscript>\n</main>\n\
         <script id=\"model\" type=\"application/json\">{data}</script>\n<script>\n{SCRIPT}</script>\n</body>\n</html>\n"
    )
}

fn page_data(nomogram: &Nomogram, cutoff: Option<f64>) -> Json {
    let model = &nomogram.model;
    let terms: Vec<Json> = model
        .terms
        .iter()
        .zip(&nomogram.axes)
        .map(|(term, axis)| {
            let ticks: Vec<Json> = axis.ticks.iter().map(|t| json!({"label": t.label, "points": t.points})).collect();
            let mut entry = json!({"name": term.column, "label": axis.label, "min_effect": axis.min_effect, "ticks": ticks});
            let (low, high) = axis.range().unwrap_or((0.0, 0.0));
            match &term.kind {
                TermKind::Categorical { levels, .. } => entry["levels"] = json!(levels),
                TermKind::Numeric { seen } => numeric(&mut entry, seen, low, high, None),
                TermKind::Spline { knots, seen } => numeric(&mut entry, seen, low, high, Some(knots)),
            }
            entry
        })
        .collect();
    let scale = |ticks: &[crate::axis::ScaleTick]| -> Vec<Json> {
        ticks
            .iter()
            .map(|t| json!({"label": t.label, "points": t.points}))
            .collect()
    };
    let covariance: Vec<Vec<f64>> = model
        .covariance
        .rows()
        .into_iter()
        .map(|r| r.to_vec())
        .collect();
    json!({
        "terms": terms,
        "beta": model.coefficients,
        "covariance": covariance,
        "points_per_lp": nomogram.points_per_lp,
        "risk_label": nomogram.risk_label,
        "total": scale(&nomogram.total_points),
        "risk": scale(&nomogram.risk),
        "z": normal_quantile(0.975),
        "cutoff": cutoff,
        "n": model.n,
        "n_events": model.n_events,
    })
}

fn numeric(entry: &mut Json, seen: &NumericSummary, low: f64, high: f64, knots: Option<&Vec<f64>>) {
    entry["low"] = json!(low);
    entry["high"] = json!(high);
    entry["seen"] = json!([seen.min, seen.max]);
    entry["start"] = json!(seen.median);
    if let Some(knots) = knots {
        entry["knots"] = json!(knots);
    }
}
