//! Figures as SVG, from typed results.
//!
//! Every function returns the SVG text: 85 mm (one column) or 174 mm (two columns) wide, text as
//! text in the generic family `sans-serif`, Okabe and Ito's colour-blind palette, the same bytes
//! for the same input. Legends stand below the axes, where no curve can run into them.

mod calibration;
mod canvas;
mod decision;
mod roc;
mod strata;

pub use calibration::{CalibrationFigure, calibration};
pub use decision::{DecisionSeries, clinical_impact, decision_curves};
pub use roc::{OperatingPoint, RocSeries, roc_curves};
pub use strata::{RiskBar, confusion_matrix, risk_bars, waterfall};

/// Width of a figure in a journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Width {
    /// One column, 85 mm.
    #[default]
    Single,
    /// Two columns, 174 mm.
    Double,
}

impl Width {
    /// Width in millimetres.
    pub fn millimetres(self) -> f64 {
        match self {
            Self::Single => 85.0,
            Self::Double => 174.0,
        }
    }
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

    /// Sets a title above the axes, for example the name of the data set.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
    }
}
