//! What a nomogram shows besides its axes.

use crate::axis::Axis;
use crate::error::{Error, Result};
use crate::frame::Frame;
use crate::nomogram::{Nomogram, check_risk};
use crate::points::{PatientPoints, RiskGroups};

/// Whether a part of a figure is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Show {
    /// Drawn.
    Yes,
    /// Left out.
    #[default]
    No,
}

/// What the figure shows besides the axes.
///
/// | setting | default | purpose |
/// |---|---|---|
/// | `width_mm` | 174 (two columns) | width of the figure, 85 to 500 |
/// | `title` | none | a line above |
/// | `unit` | none | unit of a predictor, in parentheses after its name |
/// | `grid` | [`Show::Yes`] | pale vertical lines through the axes |
/// | `minor_ticks` | [`Show::Yes`] | short ticks between the labeled ones |
/// | `linear_predictor` | [`Show::No`] | axis of the linear predictor |
/// | `distributions` | none | how the patients of a table are spread over every axis |
/// | `patient` | none | one patient in red: a dot on every axis, lines to the points, values at the right |
/// | `interval` | [`Show::Yes`] | confidence interval of the patient's risk on the risk axis |
/// | `cutoff` | none | mark in risk and points; without `risk_groups` it divides low from high risk |
/// | `risk_groups` | none | colored bands with names below the risk axis |
/// | `risk_group_names` | Low risk, … High risk | names of the bands, from low to high |
#[derive(Debug, Clone, PartialEq)]
pub struct NomogramFigure {
    pub(super) width_mm: f64,
    pub(super) title: Option<String>,
    pub(super) units: Vec<(String, String)>,
    pub(super) grid: Show,
    pub(super) minor_ticks: Show,
    pub(super) linear_predictor: Show,
    pub(super) distributions: Option<Frame>,
    pub(super) patient: Option<PatientPoints>,
    pub(super) interval: Show,
    pub(super) cutoff: Option<f64>,
    pub(super) groups: Option<RiskGroups>,
    pub(super) group_names: Vec<String>,
}

impl Default for NomogramFigure {
    fn default() -> Self {
        Self {
            width_mm: 174.0,
            title: None,
            units: Vec::new(),
            grid: Show::Yes,
            minor_ticks: Show::Yes,
            linear_predictor: Show::No,
            distributions: None,
            patient: None,
            interval: Show::Yes,
            cutoff: None,
            groups: None,
            group_names: Vec::new(),
        }
    }
}

impl NomogramFigure {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Width in millimeters, 85 to 500.
    #[must_use]
    pub fn width_mm(mut self, width_mm: f64) -> Self {
        self.width_mm = width_mm;
        self
    }

    /// A line above the figure.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
    }

    /// Unit of a predictor.
    #[must_use]
    pub fn unit(mut self, predictor: impl Into<String>, unit: impl Into<String>) -> Self {
        self.units.push((predictor.into(), unit.into()));
        self
    }

    /// Whether pale vertical lines run through the axes.
    #[must_use]
    pub fn grid(mut self, show: Show) -> Self {
        self.grid = show;
        self
    }

    /// Whether short ticks stand between the labeled ones.
    #[must_use]
    pub fn minor_ticks(mut self, show: Show) -> Self {
        self.minor_ticks = show;
        self
    }

    /// Whether the axis of the linear predictor is drawn.
    #[must_use]
    pub fn linear_predictor(mut self, show: Show) -> Self {
        self.linear_predictor = show;
        self
    }

    /// Draws how the rows of a table are spread: over numeric axes and the total a density (bars where there are at most ten values), on
    /// levels a square whose area is their share. The table needs the predictors' columns without missing values.
    #[must_use]
    pub fn distributions(mut self, frame: &Frame) -> Self {
        self.distributions = Some(frame.clone());
        self
    }

    /// A patient to draw.
    #[must_use]
    pub fn patient(mut self, patient: PatientPoints) -> Self {
        self.patient = Some(patient);
        self
    }

    /// Whether the confidence interval of the patient's risk is drawn.
    #[must_use]
    pub fn interval(mut self, show: Show) -> Self {
        self.interval = show;
        self
    }

    /// A cut-off of the risk.
    #[must_use]
    pub fn cutoff(mut self, risk: f64) -> Self {
        self.cutoff = Some(risk);
        self
    }

    /// Groups of risk.
    #[must_use]
    pub fn risk_groups(mut self, groups: RiskGroups) -> Self {
        self.groups = Some(groups);
        self
    }

    /// Names of the groups, from low to high risk.
    #[must_use]
    pub fn risk_group_names<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.group_names = names.into_iter().map(Into::into).collect();
        self
    }

    pub(super) fn check(&self, nomogram: &Nomogram) -> Result<()> {
        if !(85.0..=500.0).contains(&self.width_mm) {
            return Err(Error::Setting {
                setting: "width_mm",
                value: self.width_mm,
                expected: "85 to 500",
            });
        }
        if let Some((predictor, _)) = self
            .units
            .iter()
            .find(|(name, _)| nomogram.model.predictors.iter().all(|p| p.column != *name))
        {
            return Err(Error::UnknownPredictor {
                predictor: predictor.clone(),
                available: nomogram.model.predictor_names().join(", "),
            });
        }
        if let Some(cutoff) = self.cutoff {
            check_risk("the cut-off", cutoff)?;
        }
        let bands = self.boundaries().len() + 1;
        if !self.group_names.is_empty() && self.group_names.len() != bands {
            return Err(Error::Setting {
                setting: "number of risk_group_names",
                value: self.group_names.len() as f64,
                expected: "one name per group: the number of cut-offs plus one",
            });
        }
        Ok(())
    }

    /// Cut-offs between the groups.
    pub(super) fn boundaries(&self) -> Vec<f64> {
        match (&self.groups, self.cutoff) {
            (Some(groups), _) => groups.cutoffs().to_vec(),
            (None, cutoff) => cutoff.into_iter().collect(),
        }
    }

    /// Name of a group.
    pub(super) fn group_name(&self, group: usize) -> String {
        if let Some(name) = self.group_names.get(group) {
            return name.clone();
        }
        let last = self.boundaries().len();
        match (group, last) {
            (0, _) => "Low risk".to_owned(),
            (g, l) if g == l => "High risk".to_owned(),
            (_, 2) => "Intermediate risk".to_owned(),
            (g, _) => format!("Intermediate risk {g}"),
        }
    }

    /// Name of an axis with the unit of its predictor.
    pub(super) fn label(&self, axis: &Axis) -> String {
        let label = &axis.label;
        match self.unit_of(&axis.predictor) {
            Some(unit) if axis.given.is_empty() => format!("{label} ({unit})"),
            Some(unit) => format!("{label}, {unit}"),
            None => label.clone(),
        }
    }

    pub(super) fn unit_of(&self, predictor: &str) -> Option<&str> {
        let unit = self.units.iter().rfind(|(p, _)| p == predictor);
        unit.map(|(_, u)| u.as_str()).filter(|u| !u.is_empty())
    }
}
