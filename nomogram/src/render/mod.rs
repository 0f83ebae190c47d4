//! Figures and pages: functions from a typed result to text. Nothing is written to disk.
//!
//! Figures are drawn with [`eval_stats::plot::canvas`]: SVG with text as text (`font-family: sans-serif`) in a palette that readers with any
//! color vision can tell apart. The same input gives the same bytes.
//!
//! | function | what |
//! |---|---|
//! | [`nomogram_svg`] | the nomogram: grid, distributions, one patient, groups of risk |
//! | [`forest_svg`] | odds ratios with intervals |
//! | [`calibration_svg`] | bootstrap calibration curve |
//! | [`nomogram_html`] | the interactive page |

mod boundaries;
mod calibration;
mod distribution;
mod figure;
mod forest;
mod html;
mod labels;
mod marks;
mod outcome;
mod overlay;
mod page_data;
mod settings;
mod sheet;

pub use calibration::{CalibrationFigure, calibration_svg};
pub use eval_stats::plot::{Layout, Width};
pub use figure::nomogram_svg;
pub use forest::{ForestFigure, forest_svg};
pub use html::{NomogramPage, nomogram_html};
pub use settings::{NomogramFigure, Show};

/// A number with one decimal, a proper minus sign and no negative zero.
fn one_decimal(value: f64) -> String {
    let text = if value.abs() < 1e7 {
        format!("{value:.1}")
    } else {
        format!("{value:.2e}")
    };
    match text.as_str() {
        "-0.0" => "0.0".to_owned(),
        _ => minus(&text),
    }
}

/// A risk with three decimals, never rounded to impossible or certain.
fn risk_text(risk: f64) -> String {
    if risk < 0.0005 {
        "<0.001".to_owned()
    } else if risk > 0.9995 {
        ">0.999".to_owned()
    } else {
        format!("{risk:.3}")
    }
}

/// A number with six significant digits; in full where it has more and takes no more than ten characters.
fn compact(number: f64) -> String {
    let short = crate::axis::short(number);
    let full = number.to_string();
    if short.parse() == Ok(number) || full.len() > 10 {
        short
    } else {
        full
    }
}

/// The text of a value: of a number with a proper minus sign, of a level as it is.
fn value_text(value: &str, number: Option<f64>) -> String {
    match number {
        Some(number) => minus(&compact(number)),
        None => value.to_owned(),
    }
}

/// The text of a number with proper minus signs.
fn minus(number: &str) -> String {
    number.replace('-', "\u{2212}")
}
