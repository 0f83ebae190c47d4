//! Points and risk of patients, and risk groups.

use crate::design::encode_frame;
use crate::error::{Error, Result};
use crate::frame::{ColumnValues, Frame};
use crate::inference::check_level;
use crate::model::Prediction;
use crate::nomogram::{Nomogram, check_risk};
use crate::patient::Patient;
use crate::term::{Checked, Term};

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

/// Points of one predictor of a patient.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct TermPoints {
    /// Column of the table.
    pub predictor: String,
    /// The value as text.
    pub value: String,
    /// The value if numeric.
    pub number: Option<f64>,
    /// Contribution to the linear predictor.
    pub effect: f64,
    /// Points.
    pub points: f64,
    /// Whether the value lies on the axis.
    pub position: AxisPosition,
}

/// Points and risk of one patient.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct PatientPoints {
    /// One entry per axis, in the order of the nomogram.
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
        Ok(self.points_of_values(&values, level))
    }

    /// Points and risk of all rows of a table.
    ///
    /// # Errors
    /// As [`RiskModel::predict_frame`](crate::RiskModel::predict_frame).
    pub fn frame(&self, frame: &Frame, level: f64) -> Result<Vec<PatientPoints>> {
        check_level(level)?;
        // Checks columns, levels and missing values with their rows.
        encode_frame(&self.model.terms, frame)?;
        let column_values = |term: &Term| -> Result<Vec<Checked>> {
            Ok(match &frame.column(&term.column)?.values {
                ColumnValues::Numeric(v) => v.iter().map(|&v| Checked::Number(v)).collect(),
                ColumnValues::Categorical { codes, levels } => {
                    let known = term.levels().unwrap_or(&[]);
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
        };
        let columns: Vec<Vec<Checked>> = self
            .model
            .terms
            .iter()
            .map(column_values)
            .collect::<Result<_>>()?;
        let row_values = |row: usize| columns.iter().map(|c| c[row]).collect::<Vec<_>>();
        Ok((0..frame.n_rows())
            .map(|row| self.points_of_values(&row_values(row), level))
            .collect())
    }

    fn points_of_values(&self, values: &[Checked], level: f64) -> PatientPoints {
        let terms: Vec<TermPoints> = values
            .iter()
            .enumerate()
            .map(|(t, &v)| self.term_points(t, v))
            .collect();
        PatientPoints {
            total_points: terms.iter().map(|t| t.points).sum(),
            prediction: self.model.predict_row(&self.model.row_of(values), level),
            terms,
        }
    }

    fn term_points(&self, t: usize, value: Checked) -> TermPoints {
        let term = &self.model.terms[t];
        let axis = &self.axes[t];
        let effect = term.effect(self.model.term_coefficients(t), value);
        let (text, number) = match value {
            Checked::Number(v) => (crate::axis::short(v), Some(v)),
            Checked::Level(code) => (axis.ticks[code].label.clone(), None),
        };
        TermPoints {
            predictor: term.column.clone(),
            value: text,
            number,
            effect,
            points: (effect - axis.min_effect) * self.points_per_lp,
            position: number.map_or(AxisPosition::WithinTraining, |v| self.position(t, v)),
        }
    }

    fn position(&self, t: usize, value: f64) -> AxisPosition {
        let outside = |low: f64, high: f64| {
            if value < low {
                Some(low)
            } else if value > high {
                Some(high)
            } else {
                None
            }
        };
        if let Some(limit) = self.axes[t]
            .range()
            .and_then(|(low, high)| outside(low, high))
        {
            return AxisPosition::OutsideAxis { limit };
        }
        match self.model.terms[t]
            .seen()
            .and_then(|s| outside(s.min, s.max))
        {
            Some(limit) => AxisPosition::BeyondTraining { limit },
            None => AxisPosition::WithinTraining,
        }
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
