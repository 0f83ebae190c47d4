//! One self-contained page: sliders, fields and choices for the predictors, points and risk at once, no network.

use eval_stats::plot::canvas::escape;

use super::figure::draw;
use super::page_data::page_data;
use super::settings::NomogramFigure;
use crate::error::Result;
use crate::inference::check_level;
use crate::nomogram::Nomogram;
use crate::predictor::Predictor;

/// Style of the page.
const STYLE: &str = include_str!("page.css");
/// Behavior of the page: the same arithmetic as [`Nomogram::patient`].
const SCRIPT: &str = include_str!("page.js");
/// Widths of the drawing on wide and narrow screens.
const WIDTHS: [(&str, f64); 2] = [("wide", 174.0), ("narrow", 85.0)];

/// What the page shows.
///
/// | setting | default | purpose |
/// |---|---|---|
/// | `title` | (required) | heading of the page |
/// | `figure` | [`NomogramFigure::new`] | units, distributions, cut-off, groups of risk; its width, title and patient are the page's own |
/// | `level` | 0.95 | confidence level of the risk |
/// | `note` | none | a paragraph below the heading, for example who the model is for |
#[derive(Debug, Clone, PartialEq)]
pub struct NomogramPage {
    title: String,
    figure: NomogramFigure,
    level: f64,
    note: Option<String>,
}

impl NomogramPage {
    /// A page with this heading.
    #[must_use]
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            figure: NomogramFigure::new(),
            level: 0.95,
            note: None,
        }
    }

    /// What the drawing shows.
    #[must_use]
    pub fn figure(mut self, figure: NomogramFigure) -> Self {
        self.figure = figure;
        self
    }

    /// Confidence level of the risk.
    #[must_use]
    pub fn level(mut self, level: f64) -> Self {
        self.level = level;
        self
    }

    /// A paragraph below the heading.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = Some(note.into());
        self
    }
}

/// The page as one HTML document that asks for nothing from anywhere.
///
/// The drawing is that of [`nomogram_svg`](super::nomogram_svg), once for wide and once for narrow screens; a script moves the patient's red
/// marks on it.
///
/// # Errors
/// As [`nomogram_svg`](super::nomogram_svg); [`Error::Setting`](crate::Error::Setting) for a level outside (0, 1).
pub fn nomogram_html(nomogram: &Nomogram, page: &NomogramPage) -> Result<String> {
    check_level(page.level)?;
    let mut drawings = String::new();
    let mut geometries = Vec::new();
    for (class, width) in WIDTHS {
        let mut figure = page.figure.clone().width_mm(width);
        figure.patient = None;
        figure.title = None;
        let (svg, geometry) = draw(nomogram, &figure)?;
        drawings += &format!("<div class=\"{class}\">\n{svg}</div>\n");
        geometries.push(geometry);
    }
    let data = page_data(nomogram, &page.figure, page.level, &geometries).to_string();
    // "</script>" inside a level's name must not end the script.
    let data = data.replace('<', "\\u003c");
    let title = escape(&page.title);
    let note = page.note.as_ref().map_or_else(String::new, |note| {
        format!("<p class=\"lead\">{}</p>\n", escape(note))
    });
    let fields: String = (0..nomogram.model.predictors.len())
        .map(|k| field(nomogram, &page.figure, k))
        .collect();
    let model = &nomogram.model;
    Ok(format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<link rel=\"icon\" href=\"data:,\">\n<title>{title}</title>\n\
         <style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n{note}\
         <noscript><p class=\"lead\">This page computes in the browser and needs JavaScript.</p></noscript>\n\
         <div class=\"columns\">\n<section id=\"result\" aria-live=\"polite\" aria-atomic=\"true\" aria-label=\"Result\"></section>\n\
         <form id=\"inputs\" aria-label=\"Predictors\" novalidate>\n{fields}</form>\n\
         <table id=\"table\"><caption>Points of each predictor</caption></table>\n</div>\n\
         <div id=\"drawing\">\n{drawings}</div>\n\
         <p class=\"hint\">Model of {} patients, {} events.</p>\n</main>\n\
         <script id=\"model\" type=\"application/json\">{data}</script>\n<script>\n{SCRIPT}</script>\n</body>\n</html>\n",
        model.n, model.n_events
    ))
}

/// The control of one predictor: its label, what is entered, the range seen, and room for a warning.
fn field(nomogram: &Nomogram, figure: &NomogramFigure, k: usize) -> String {
    let predictor = &nomogram.model.predictors[k];
    let label = escape(&nomogram.labels[k]);
    let unit = match figure.unit_of(&predictor.column) {
        Some(unit) => format!(" <span class=\"unit\">({})</span>", escape(unit)),
        None => String::new(),
    };
    let control = match predictor.levels() {
        Some(levels) => choice(levels, k),
        None => number(nomogram, predictor, &label, k),
    };
    format!(
        "<div class=\"field\">\n<label for=\"p{k}\">{label}{unit}</label>\n{control}<p class=\"warning\" id=\"w{k}\"></p>\n</div>\n"
    )
}

fn choice(levels: &[String], k: usize) -> String {
    let options: String = levels
        .iter()
        .enumerate()
        .map(|(code, level)| format!("<option value=\"{code}\">{}</option>", escape(level)))
        .collect();
    format!(
        "<select id=\"p{k}\" aria-describedby=\"w{k}\" autocomplete=\"off\">{options}</select>\n"
    )
}

fn number(nomogram: &Nomogram, predictor: &Predictor, label: &str, k: usize) -> String {
    let Some(seen) = predictor.seen() else {
        return String::new();
    };
    let (low, high) = slider_range(nomogram, predictor);
    let start = seen.median;
    format!(
        "<div class=\"pair\"><input type=\"range\" id=\"s{k}\" min=\"{low}\" max=\"{high}\" step=\"any\" value=\"{start}\" \
         aria-label=\"{label}, slider\" aria-describedby=\"n{k}\" autocomplete=\"off\">\
         <input type=\"number\" id=\"p{k}\" step=\"any\" value=\"{start}\" required aria-describedby=\"n{k} w{k}\" autocomplete=\"off\"></div>\n\
         <p class=\"hint\" id=\"n{k}\">training values {} to {}</p>\n",
        super::minus(&super::compact(seen.min)),
        super::minus(&super::compact(seen.max))
    )
}

/// From the lower to the upper end of what training saw and what the axes show.
fn slider_range(nomogram: &Nomogram, predictor: &Predictor) -> (f64, f64) {
    let seen = predictor.seen().map(|s| (s.min, s.max));
    let axes = nomogram
        .axes
        .iter()
        .filter(|a| a.predictor == predictor.column)
        .filter_map(crate::Axis::range);
    axes.chain(seen)
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), r| {
            (l.min(r.0), h.max(r.1))
        })
}
