//! Figures as SVG, from typed results.
//!
//! Every function returns the SVG text, 85 mm (one column) or 174 mm (two columns) wide, with text as text in the
//! family `sans-serif` and colors of Okabe and Ito's palette. The same input gives the same bytes.

mod canvas;
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

/// Width of a figure in a journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Width {
    /// One column, 85 mm.
    #[default]
    Single,
    /// Two columns, 174 mm.
    Double,
}

/// Width and title of a figure.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Layout {
    width: Width,
    title: Option<String>,
}

impl Layout {
    /// One column, no title.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the width.
    pub fn width(mut self, width: Width) -> Self {
        self.width = width;
        self
    }

    /// Sets a title above the figure.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
    }

    fn width_mm(&self) -> f64 {
        match self.width {
            Width::Single => 85.0,
            Width::Double => 174.0,
        }
    }

    fn heading(&self) -> Option<&str> {
        self.title.as_deref()
    }

    /// Where the drawing may begin.
    fn top(&self) -> i32 {
        if self.title.is_some() { 66 } else { 20 }
    }
}
