//! Figures as SVG, from typed results.
//!
//! Every function returns the SVG text: 85 mm (one column) or 174 mm (two columns) wide, text as
//! text in the generic family `sans-serif`, Okabe and Ito's colour-blind palette, a title and a
//! description for readers who do not see it, the same bytes for the same input. Legends stand
//! below the axes or, on two columns, beside them, where no curve can run into them; labels inside
//! the axes stand where they cover neither marks nor each other.
//!
//! | function | what |
//! |---|---|
//! | [`roc_curves`], [`roc_curves_with_readers`] | ROC with AUC (CI), bands, cut-offs, readers with arrows |
//! | [`precision_recall_curves`] | precision over recall, prevalence |
//! | [`calibration()`] | groups, smooth curve and band, histogram, text box |
//! | [`decision_curves`], [`interventions_avoided`], [`net_benefit_differences`] | use over thresholds, cost to benefit |
//! | [`clinical_impact`] | numbers at high risk over thresholds |
//! | [`forest`] | estimates with intervals and columns of numbers |
//! | [`reclassification_scatter`], [`reclassification_tables`] | new against old risk, by outcome |
//! | [`confusion_matrix`], [`confusion_matrices`] | two-by-two tables |
//! | [`waterfall`], [`risk_bars`] | subjects by score; events in risk groups |
//! | [`score_distributions`] | scores by outcome |
//! | [`reader_bars`] | readers without and with assistance |
//!
//! A figure that is not here can be drawn with the same pieces: [`canvas`].
//!
//! ```
//! use eval_stats::plot::{Layout, RocSeries, Width, roc_curves};
//! use eval_stats::{Scored, delong, roc::RocCurve};
//! let s = Scored::new(&[0.1, 0.4, 0.35, 0.8], &[false, false, true, true])?;
//! let curve = RocCurve::new(&s);
//! let series = [RocSeries::new("model", &curve, delong::auc(&s, 0.95)?)];
//! let svg = roc_curves(&series, &Layout::new().width(Width::Single))?;
//! assert!(svg.starts_with("<svg") && svg.contains("85mm"));
//! # Ok::<(), eval_stats::Error>(())
//! ```
//!
//! The palette is that of Okabe and Ito (Color Universal Design, 2008).

mod calibration;
pub mod canvas;
mod chart;
mod confusion;
mod decision;
mod distribution;
mod forest;
mod impact;
mod precision_recall;
mod readers;
mod reclassification;
mod roc;
mod strata;

pub use calibration::{CalibrationFigure, RateLimits, calibration};
pub use confusion::{NamedMatrix, confusion_matrices, confusion_matrix};
pub use decision::{
    DecisionSeries, DifferenceSeries, decision_curves, interventions_avoided,
    net_benefit_differences,
};
pub use distribution::{ScoreGroup, score_distributions};
pub use forest::{ForestEffect, ForestFigure, ForestRow, forest};
pub use impact::clinical_impact;
pub use precision_recall::{PrecisionRecallSeries, precision_recall_curves};
pub use readers::{ReaderBars, ReaderRates, reader_bars};
pub use reclassification::{
    ReclassificationFigure, reclassification_scatter, reclassification_tables,
};
pub use roc::{
    OperatingPoint, ReaderPoint, RocSeries, SensitivityLimits, roc_curves, roc_curves_with_readers,
};
pub use strata::{RiskBar, risk_bars, waterfall};

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
    /// Width in millimeters.
    pub fn millimeters(self) -> f64 {
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
