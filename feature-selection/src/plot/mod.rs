//! Figures as SVG, from typed results.
//!
//! Every function returns the SVG text, 85 mm (one column) or 174 mm (two columns) wide, with text as text in the
//! family `sans-serif` and colors of Okabe and Ito's palette. The same input gives the same bytes. They are drawn with
//! [`eval_stats::plot::canvas`].

mod family;
mod heat_map;
mod lasso;
mod reliability;
mod selection;

pub use family::FeatureFamily;
pub use heat_map::correlation_heat_map;
pub use lasso::{LambdaAxis, coefficient_path, cross_validation_curve};
pub use reliability::{icc_histogram, icc_scatter};
pub use selection::{coefficient_bars, selection_funnel};

pub use eval_stats::plot::{Layout, Width};
