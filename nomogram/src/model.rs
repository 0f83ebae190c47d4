//! The model apart from the data it was fitted on: everything a prediction needs, and nothing about single training patients.

use eval_stats::special::{expit, normal_quantile};
use nalgebra::DMatrix;
use ndarray::Array2;

use crate::design::encode_frame;
use crate::error::{Error, Result};
use crate::frame::{ColumnValues, Frame};
use crate::inference::check_level;
use crate::linalg::quadratic_form;
use crate::logistic::LogisticFit;
use crate::patient::Patient;
use crate::predictor::{Checked, Predictor};
use crate::term::{self, DesignColumn, Term, columns_of};

/// How the coefficients were estimated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Estimation {
    /// By maximum likelihood.
    MaximumLikelihood,
    /// By Firth's penalized likelihood.
    Firth,
}

/// A fitted risk model: `risk = 1 / (1 + exp(-(β₀ + Σ βⱼ xⱼ)))`.
///
/// It is made by [`LogisticFit::model`] or [`FirthFit::model`](crate::FirthFit::model), or read by [`RiskModel::from_json`].
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct RiskModel {
    /// The fitted predictors.
    pub predictors: Vec<Predictor>,
    /// What the coefficients belong to: main effects in the order of the predictors, then interactions.
    pub terms: Vec<Term>,
    /// Names of the coefficients, `Intercept` first.
    pub names: Vec<String>,
    /// β, in the order of `names`.
    pub coefficients: Vec<f64>,
    /// Covariance of β.
    pub covariance: Array2<f64>,
    /// Smallest linear predictor in training.
    pub lp_min: f64,
    /// Largest linear predictor in training.
    pub lp_max: f64,
    /// Training rows used.
    pub n: usize,
    /// Events among them.
    pub n_events: usize,
    /// How β was estimated.
    pub estimation: Estimation,
}

/// A predicted risk with its confidence interval.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Prediction {
    /// `x β`, log odds.
    pub linear_predictor: f64,
    /// Standard error of the linear predictor, `√(xᵀ V x)`.
    pub se: f64,
    /// Probability of the event.
    pub risk: f64,
    /// Lower limit of the risk, `expit(lp - z se)`.
    pub low: f64,
    /// Upper limit of the risk.
    pub high: f64,
    /// Confidence level of the limits.
    pub level: f64,
}

impl LogisticFit {
    /// The model apart from its data.
    ///
    /// # Errors
    /// [`Error::Aliased`] if a column has no coefficient; [`Error::OffsetInModel`].
    pub fn model(&self) -> Result<RiskModel> {
        if self.offset.is_some() {
            return Err(Error::OffsetInModel);
        }
        if let Some(column) = self.aliased.first() {
            return Err(Error::Aliased {
                column: column.clone(),
            });
        }
        let extreme =
            |f: fn(f64, f64) -> f64, start| self.linear_predictor.iter().copied().fold(start, f);
        Ok(RiskModel {
            predictors: self.design.predictors().to_vec(),
            terms: self.design.terms().to_vec(),
            names: self.coefficients.iter().map(|c| c.name.clone()).collect(),
            coefficients: self.beta(),
            covariance: self.covariance.clone(),
            lp_min: extreme(f64::min, f64::INFINITY),
            lp_max: extreme(f64::max, f64::NEG_INFINITY),
            n: self.n,
            n_events: self.n_events,
            estimation: Estimation::MaximumLikelihood,
        })
    }
}

impl RiskModel {
    /// Names of the predictors, in order.
    #[must_use]
    pub fn predictor_names(&self) -> Vec<String> {
        self.predictors.iter().map(|p| p.column.clone()).collect()
    }

    /// The columns behind the coefficients, in their order: which product of predictors' columns each one multiplies.
    #[must_use]
    pub fn columns(&self) -> Vec<DesignColumn> {
        columns_of(&self.predictors, &self.terms)
    }

    /// The patient's values in the order of the predictors.
    pub(crate) fn check_patient(&self, patient: &Patient) -> Result<Vec<Checked>> {
        if let Some((name, _)) = patient
            .values()
            .iter()
            .find(|(name, _)| !self.predictors.iter().any(|p| p.column == *name))
        {
            return Err(Error::UnknownPredictor {
                predictor: name.clone(),
                available: self.predictor_names().join(", "),
            });
        }
        self.predictors
            .iter()
            .map(|predictor| match patient.value(&predictor.column) {
                Some(value) => predictor.check(value),
                None => Err(Error::MissingPredictor {
                    predictor: predictor.column.clone(),
                }),
            })
            .collect()
    }

    /// The row of the design for checked values, one per predictor.
    pub(crate) fn checked_row(
        &self,
        columns: &[DesignColumn],
        values: &[Checked],
    ) -> Result<Vec<f64>> {
        let row = term::row_of(&self.predictors, columns, values);
        self.check_row(&row, None, |k| values[k].number())?;
        Ok(row)
    }

    /// The rows of the design for a table.
    pub(crate) fn encode(&self, columns: &[DesignColumn], frame: &Frame) -> Result<Vec<Vec<f64>>> {
        let x = encode_frame(&self.predictors, columns, frame)?;
        let rows: Vec<Vec<f64>> = x.row_iter().map(|r| r.iter().copied().collect()).collect();
        for (i, row) in rows.iter().enumerate() {
            self.check_row(row, Some(i), |k| {
                match &frame.column(&self.predictors[k].column).ok()?.values {
                    ColumnValues::Numeric(values) => Some(values[i]),
                    ColumnValues::Categorical { .. } => None,
                }
            })?;
        }
        Ok(rows)
    }

    /// Refuses values so large that powers or products of them overflow, and names the largest.
    fn check_row(
        &self,
        row: &[f64],
        index: Option<usize>,
        number: impl Fn(usize) -> Option<f64>,
    ) -> Result<()> {
        let prediction = self.predict_row(row, 0.95);
        if prediction.linear_predictor.is_finite() && prediction.se.is_finite() {
            return Ok(());
        }
        Err(self.overflow(index, number))
    }

    /// The error of values so large that something overflows, with the largest of them.
    pub(crate) fn overflow(
        &self,
        row: Option<usize>,
        number: impl Fn(usize) -> Option<f64>,
    ) -> Error {
        let numbers = (0..self.predictors.len()).filter_map(|k| Some((k, number(k)?)));
        let largest = numbers.max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()));
        let (k, value) = largest.unwrap_or((0, f64::INFINITY));
        Error::Overflow {
            predictor: self.predictors[k].column.clone(),
            row,
            value,
        }
    }

    pub(crate) fn predict_row(&self, row: &[f64], level: f64) -> Prediction {
        let z = normal_quantile(0.5 + 0.5 * level);
        let linear_predictor = row.iter().zip(&self.coefficients).map(|(x, b)| x * b).sum();
        let k = self.coefficients.len();
        let v = DMatrix::from_fn(k, k, |i, j| self.covariance[[i, j]]);
        let se = quadratic_form(&v, row).max(0.0).sqrt();
        let risk_at = |lp: f64| expit(lp);
        Prediction {
            linear_predictor,
            se,
            risk: risk_at(linear_predictor),
            low: risk_at(linear_predictor - z * se),
            high: risk_at(linear_predictor + z * se),
            level,
        }
    }

    /// Risk of one patient with its confidence interval.
    ///
    /// # Errors
    /// [`Error::MissingPredictor`], [`Error::UnknownPredictor`], [`Error::UnknownLevel`], [`Error::NotANumber`], [`Error::NotALevel`];
    /// [`Error::Setting`] for a level outside (0, 1).
    pub fn predict(&self, patient: &Patient, level: f64) -> Result<Prediction> {
        check_level(level)?;
        let values = self.check_patient(patient)?;
        Ok(self.predict_row(&self.checked_row(&self.columns(), &values)?, level))
    }

    /// Risks of all rows of a table. Other columns of the table are not looked at.
    ///
    /// # Errors
    /// [`Error::UnknownColumn`] for a predictor the table lacks, [`Error::ColumnKind`], [`Error::UnknownLevel`] and
    /// [`Error::MissingValue`] with their row; [`Error::Setting`] for a level outside (0, 1).
    pub fn predict_frame(&self, frame: &Frame, level: f64) -> Result<Vec<Prediction>> {
        check_level(level)?;
        let rows = self.encode(&self.columns(), frame)?;
        Ok(rows.iter().map(|x| self.predict_row(x, level)).collect())
    }

    /// Checks that the parts fit together; used on models read from files.
    pub(crate) fn validate(&self) -> Result<()> {
        let problem = |problem: String| Err(Error::ModelContent { problem });
        for (i, predictor) in self.predictors.iter().enumerate() {
            predictor
                .validate()
                .map_err(|problem| Error::ModelContent { problem })?;
            if self.predictors[..i]
                .iter()
                .any(|p| p.column == predictor.column)
            {
                return problem(format!("predictor {:?} stands twice", predictor.column));
            }
        }
        self.validate_terms()?;
        let expected: Vec<String> = self.columns().into_iter().map(|c| c.name).collect();
        if self.names != expected {
            return problem(format!(
                "coefficients are named {:?}, the predictors need {expected:?}",
                self.names
            ));
        }
        let k = self.names.len();
        if self.coefficients.len() != k || self.covariance.dim() != (k, k) {
            return problem(format!(
                "{} coefficients and a covariance of {:?}, expected {k} and ({k}, {k})",
                self.coefficients.len(),
                self.covariance.dim()
            ));
        }
        let finite = self
            .coefficients
            .iter()
            .chain(self.covariance.iter())
            .all(|v| v.is_finite());
        let symmetric = (0..k).all(|i| {
            self.covariance[[i, i]] >= 0.0
                && (0..i).all(|j| close(self.covariance[[i, j]], self.covariance[[j, i]]))
        });
        if !finite || !symmetric {
            return problem("the covariance is no covariance".to_owned());
        }
        if !(self.lp_min.is_finite() && self.lp_max.is_finite() && self.lp_min <= self.lp_max) {
            return problem(format!(
                "range of the linear predictor [{}, {}]",
                self.lp_min, self.lp_max
            ));
        }
        if self.n_events == 0 || self.n_events >= self.n {
            return problem(format!("{} events in {} rows", self.n_events, self.n));
        }
        Ok(())
    }
}

impl RiskModel {
    /// Every predictor has its main effect, in order; interactions follow with their parts, and the columns are as many as the names.
    fn validate_terms(&self) -> Result<()> {
        let problem = |problem: String| Err(Error::ModelContent { problem });
        let n = self.predictors.len();
        let mains = self.terms.iter().take(n).enumerate();
        if self.terms.len() < n || mains.clone().any(|(k, t)| t.predictors != [k]) {
            return problem("every predictor needs a term of its own, in order".to_owned());
        }
        let mut n_columns: usize = 1;
        for (index, term) in self.terms.iter().enumerate() {
            let distinct = (0..term.predictors.len())
                .all(|i| !term.predictors[..i].contains(&term.predictors[i]));
            let known = term.predictors.iter().all(|&k| k < n);
            let twice = self.terms[..index]
                .iter()
                .any(|t| term::same_set(&t.predictors, &term.predictors));
            if !distinct || !known || twice || (index >= n && !term.is_interaction()) {
                return problem(format!("term {:?} is impossible here", term.name));
            }
            // A hostile file could ask for more columns than there is memory: count before they are made.
            let here = term.predictors.iter().try_fold(1_usize, |product, &k| {
                product.checked_mul(self.predictors[k].n_columns())
            });
            n_columns = here.map_or(usize::MAX, |c| n_columns.saturating_add(c));
            if n_columns > self.names.len() {
                return problem(format!(
                    "the terms need more columns than the {} names of coefficients",
                    self.names.len()
                ));
            }
        }
        match term::missing_part(&self.terms, &self.predictors) {
            Some((interaction, part)) => problem(format!(
                "interaction {interaction:?} without the term {part:?}"
            )),
            None => Ok(()),
        }
    }
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * (a.abs() + b.abs())
}
