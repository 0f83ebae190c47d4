//! Points and risk of patients, and risk groups.

use crate::axis::Axis;
use crate::error::{Error, Result};
use crate::frame::{ColumnValues, Frame};
use crate::inference::check_level;
use crate::model::Prediction;
use crate::nomogram::{Nomogram, check_risk};
use crate::patient::Patient;
use crate::predictor::{Checked, Predictor};

/// Where a value lies with respect to its axis and to the training data.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum AxisPosition {
    /// Within the range seen in training (levels always are).
    WithinTraining,
    /// On the axis, but beyond the smallest or largest training value given here.
    BeyondTraining {
        /// The training limit passed.
        limit: f64,
    },
    /// Beyond the end of the axis given here: points are extrapolated and may be negative or above 100.
    OutsideAxis {
        /// The end of the axis passed.
        limit: f64,
    },
}

/// Points of one predictor of a patient, or of a group of predictors that interact.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct TermPoints {
    /// Column of the table.
    pub predictor: String,
    /// The value as text.
    pub value: String,
    /// The value if numeric.
    pub number: Option<f64>,
    /// The values of the predictors it interacts with.
    pub given: Vec<GivenValue>,
    /// Index of the axis to read the points from. If an interacting number lies between those of the axes, it is the nearest axis, and the
    /// points, which are exact, do not stand at the value's place on it.
    pub axis: usize,
    /// Contribution to the linear predictor.
    pub effect: f64,
    /// Points.
    pub points: f64,
    /// Whether the value lies on the axis.
    pub position: AxisPosition,
}

/// A patient's value of a predictor that interacts with that of the axis.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct GivenValue {
    /// Column of the table.
    pub predictor: String,
    /// The value as text.
    pub value: String,
    /// The value if numeric.
    pub number: Option<f64>,
    /// Whether the value lies in the range of training.
    pub position: AxisPosition,
}

/// Points and risk of one patient.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct PatientPoints {
    /// One entry per group of axes (without interactions: per axis), in the order of the nomogram.
    pub terms: Vec<TermPoints>,
    /// Sum of the points.
    pub total_points: f64,
    /// Risk with its confidence interval; the model's, not read off an axis.
    pub prediction: Prediction,
}

impl PatientPoints {
    /// Whether some value lies outside its axis, so that the points are extrapolated.
    #[must_use]
    pub fn outside_axis(&self) -> bool {
        self.terms
            .iter()
            .any(|t| matches!(t.position, AxisPosition::OutsideAxis { .. }))
    }
}

impl Nomogram {
    /// Points and risk of one patient, the risk with a confidence interval at `level`.
    ///
    /// # Errors
    /// As [`RiskModel::predict`](crate::RiskModel::predict).
    pub fn patient(&self, patient: &Patient, level: f64) -> Result<PatientPoints> {
        check_level(level)?;
        let values = self.model.check_patient(patient)?;
        let row = self.model.checked_row(&self.model.columns(), &values)?;
        self.points_of_values(&values, (None, &row), level)
    }

    /// Points and risk of all rows of a table.
    ///
    /// # Errors
    /// As [`RiskModel::predict_frame`](crate::RiskModel::predict_frame).
    pub fn frame(&self, frame: &Frame, level: f64) -> Result<Vec<PatientPoints>> {
        check_level(level)?;
        let columns = self.model.columns();
        // Checks columns, levels and missing values with their rows.
        let rows = self.model.encode(&columns, frame)?;
        let values: Vec<Vec<Checked>> = self
            .model
            .predictors
            .iter()
            .map(|predictor| checked_column(predictor, frame))
            .collect::<Result<_>>()?;
        (0..frame.n_rows())
            .map(|row| {
                let values: Vec<Checked> = values.iter().map(|c| c[row]).collect();
                self.points_of_values(&values, (Some(row), &rows[row]), level)
            })
            .collect()
    }

    /// `row` is the row of the design with its number in the table.
    fn points_of_values(
        &self,
        values: &[Checked],
        (index, row): (Option<usize>, &[f64]),
        level: f64,
    ) -> Result<PatientPoints> {
        let terms: Vec<TermPoints> = (0..self.groups.len())
            .map(|group| self.term_points(group, values))
            .collect();
        let total_points: f64 = terms.iter().map(|t| t.points).sum();
        // A risk can be finite where its points are not.
        if !total_points.is_finite() || terms.iter().any(|t| !t.points.is_finite()) {
            return Err(self.model.overflow(index, |k| values[k].number()));
        }
        Ok(PatientPoints {
            total_points,
            prediction: self.model.predict_row(row, level),
            terms,
        })
    }

    fn term_points(&self, index: usize, values: &[Checked]) -> TermPoints {
        let predictors = &self.model.predictors;
        let group = &self.groups[index];
        let axis = self.nearest_axis(index, values);
        let predictor = &predictors[group.main];
        let value = values[group.main];
        let effect = group.effect(predictors, values);
        let given = group.given.iter().map(|&k| GivenValue {
            predictor: predictors[k].column.clone(),
            value: text_of(&predictors[k], values[k]),
            number: values[k].number(),
            position: training_position(&predictors[k], values[k]),
        });
        let beyond = value
            .number()
            .and_then(|v| passed_limit(v, self.axes[axis].range()?));
        TermPoints {
            predictor: predictor.column.clone(),
            value: text_of(predictor, value),
            number: value.number(),
            given: given.collect(),
            axis,
            effect,
            points: (effect - group.min_effect) * self.points_per_lp,
            position: match beyond {
                Some(limit) => AxisPosition::OutsideAxis { limit },
                None => training_position(predictor, value),
            },
        }
    }

    /// The axis of a group whose given values are the patient's, or come nearest to them.
    fn nearest_axis(&self, group: usize, values: &[Checked]) -> usize {
        let distance = |axis: &Axis| {
            self.groups[group]
                .distance(axis, &self.model.predictors, values)
                .unwrap_or(f64::INFINITY)
        };
        let own = self.axes.iter().enumerate();
        own.filter(|(_, axis)| axis.group == group)
            .min_by(|(_, a), (_, b)| distance(a).total_cmp(&distance(b)))
            .map_or(0, |(index, _)| index)
    }
}

/// The values of one predictor for all rows of a table that was checked.
fn checked_column(predictor: &Predictor, frame: &Frame) -> Result<Vec<Checked>> {
    Ok(match &frame.column(&predictor.column)?.values {
        ColumnValues::Numeric(v) => v.iter().map(|&v| Checked::Number(v)).collect(),
        ColumnValues::Categorical { codes, levels } => {
            let known = predictor.levels().unwrap_or(&[]);
            let map: Vec<Option<usize>> = levels
                .iter()
                .map(|l| known.iter().position(|k| k == l))
                .collect();
            codes
                .iter()
                .filter_map(|code| Some(Checked::Level(map[(*code)?]?)))
                .collect()
        }
    })
}

fn text_of(predictor: &Predictor, value: Checked) -> String {
    match value {
        // A value as it was given, unless it is longer than anyone wants to read.
        Checked::Number(v) => Some(v.to_string())
            .filter(|text| text.len() <= 12)
            .unwrap_or_else(|| crate::axis::short(v)),
        Checked::Level(code) => {
            let level = predictor.levels().and_then(|levels| levels.get(code));
            level.cloned().unwrap_or_default()
        }
    }
}

/// The end of a range that a value lies beyond.
fn passed_limit(value: f64, (low, high): (f64, f64)) -> Option<f64> {
    if value < low {
        Some(low)
    } else if value > high {
        Some(high)
    } else {
        None
    }
}

fn training_position(predictor: &Predictor, value: Checked) -> AxisPosition {
    let seen = predictor.seen().zip(value.number());
    match seen.and_then(|(s, v)| passed_limit(v, (s.min, s.max))) {
        Some(limit) => AxisPosition::BeyondTraining { limit },
        None => AxisPosition::WithinTraining,
    }
}

/// Groups of risk divided by cut-offs of the probability.
///
/// ```
/// use nomogram::RiskGroups;
/// let groups = RiskGroups::new(&[0.2, 0.701])?;
/// assert_eq!(groups.group(0.701), 2);
/// assert_eq!(groups.group(0.19), 0);
/// # Ok::<(), nomogram::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct RiskGroups {
    cutoffs: Vec<f64>,
}

impl RiskGroups {
    /// Groups by increasing cut-offs strictly between 0 and 1.
    ///
    /// # Errors
    /// [`Error::Probability`], [`Error::Cutoffs`].
    pub fn new(cutoffs: &[f64]) -> Result<Self> {
        cutoffs
            .iter()
            .try_for_each(|&c| check_risk("a cut-off", c))?;
        if cutoffs.is_empty() || cutoffs.windows(2).any(|w| w[0] >= w[1]) {
            return Err(Error::Cutoffs {
                cutoffs: cutoffs.to_vec(),
            });
        }
        Ok(Self {
            cutoffs: cutoffs.to_vec(),
        })
    }

    /// The cut-offs.
    #[must_use]
    pub fn cutoffs(&self) -> &[f64] {
        &self.cutoffs
    }

    /// Group of a risk: the number of cut-offs it reaches (`>=`), 0 for the lowest group.
    #[must_use]
    pub fn group(&self, risk: f64) -> usize {
        self.cutoffs.partition_point(|&c| c <= risk)
    }
}
