//! Figures and pages: functions from a typed result to text. Nothing is written to disk.
//!
//! Figures are SVG with text as text (`font-family: sans-serif`), 174 mm wide unless said otherwise, in a palette that readers with any
//! color vision can tell apart. The same input gives the same bytes.

mod figure;
mod forest;
mod html;
mod labels;
mod svg;
mod text;

pub use figure::{NomogramFigure, Show, nomogram_svg};
pub use forest::{ForestFigure, forest_svg};
pub use html::nomogram_html;
