//! Figures as SVG, from typed results.
//!
//! Every function returns the SVG text, 85 mm (one column) or 174 mm (two columns) wide, with text as text in the
//! family `sans-serif` and colors of Okabe and Ito's palette. The same input gives the same bytes. Names that are too long lose
//! their middle, and stay different from each other. They are drawn with [`eval_stats::plot::canvas`].
//!
//! | function | what |
//! |---|---|
//! | [`coefficient_path`] | coefficients over lambda, L1 norm or deviance explained |
//! | [`cross_validation_curve`], [`cross_validation_curve_with`], [`cross_validation_curves`] | loss over lambda; several, such as relaxed fits |
//! | [`coefficient_bars`], [`coefficient_bars_with`] | the score's coefficients |
//! | [`selection_funnel`] | features left after every step |
//! | [`icc_histogram`], [`icc_scatter`] and `_with` settings | reliability, cuts and counts |
//! | [`correlation_heat_map`], [`correlation_heat_map_with`], [`correlation_heat_maps`] | redundancy, before and after |
//! | [`stability_bars`], [`stability_paths`] | stability selection |
//! | [`fold_bars`] | features selected in the folds of a nested cross-validation |
//! | [`volcano`], [`relevance_bars`] | univariate tests, relevance |
//!
//! Scores by outcome, waterfalls and ROC curves of a score are in [`eval_stats::plot`].

mod bars;
mod clustering;
mod coefficients;
mod curve;
mod family;
mod frequency;
mod funnel;
mod heat_map;
mod lasso;
mod names;
mod parts;
mod path;
mod reliability;
mod univariate;

pub use coefficients::{CoefficientBars, coefficient_bars, coefficient_bars_with};
pub use curve::{
    CurveFigure, CurveSeries, cross_validation_curve, cross_validation_curve_with,
    cross_validation_curves,
};
pub use family::FeatureFamily;
pub use frequency::{
    FoldBars, StabilityBars, StabilityPaths, fold_bars, stability_bars, stability_paths,
};
pub use funnel::selection_funnel;
pub use heat_map::{
    CellSummary, HeatMap, HeatMapPanel, correlation_heat_map, correlation_heat_map_with,
    correlation_heat_maps,
};
pub use lasso::LambdaAxis;
pub use path::{PathAxis, PathRange, PathSettings, coefficient_path};
pub use reliability::{
    IccFigure, icc_histogram, icc_histogram_with, icc_scatter, icc_scatter_with,
};
pub use univariate::{RelevanceBars, VolcanoEffect, VolcanoFigure, relevance_bars, volcano};

pub use eval_stats::plot::{Layout, Width};
