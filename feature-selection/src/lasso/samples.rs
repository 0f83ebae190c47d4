//! Features, outcome, weights and offset of one data set, checked together.

use super::path::PathWarning;
use crate::error::{Error, Result};
use crate::table::{FeatureTable, check_outcome};

/// Distribution of the outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Family {
    /// Binary outcome, logit link.
    Binomial,
    /// Continuous outcome, identity link.
    Gaussian,
}

/// What a model is fitted to: a table, its outcome and, if wanted, weights and an offset.
#[derive(Debug, Clone, PartialEq)]
pub struct Samples<'a> {
    table: &'a FeatureTable,
    family: Family,
    outcome: Vec<f64>,
    weights: Option<Vec<f64>>,
    offset: Option<Vec<f64>>,
}

impl<'a> Samples<'a> {
    /// A binary outcome; `true` is the event.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`], [`Error::SingleClass`], and [`Error::TooFewInClass`] if a class has only one row.
    pub fn binary(table: &'a FeatureTable, outcome: &[bool]) -> Result<Self> {
        let events = check_outcome(outcome, table.n_rows())?;
        let smaller = events.min(outcome.len() - events);
        if smaller < 2 {
            return Err(Error::TooFewInClass {
                what: "logistic path",
                required: 2,
                found: smaller,
            });
        }
        let outcome = outcome.iter().map(|&y| f64::from(u8::from(y))).collect();
        Ok(Self {
            table,
            family: Family::Binomial,
            outcome,
            weights: None,
            offset: None,
        })
    }

    /// A continuous outcome.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`], [`Error::NonFinite`], [`Error::ConstantOutcome`].
    pub fn continuous(table: &'a FeatureTable, outcome: &[f64]) -> Result<Self> {
        check_column("outcome", outcome, table.n_rows())?;
        if crate::table::is_constant(outcome) {
            return Err(Error::ConstantOutcome {
                value: outcome[0],
                n: outcome.len(),
            });
        }
        Ok(Self {
            table,
            family: Family::Gaussian,
            outcome: outcome.to_vec(),
            weights: None,
            offset: None,
        })
    }

    /// Observation weights, any non-negative scale; a weight of 0 removes the row from the fit.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`], [`Error::NonFinite`], [`Error::InvalidSetting`] for a negative weight
    /// or if all are 0, [`Error::SingleClass`] if only one class keeps a positive weight.
    pub fn with_weights(mut self, weights: &[f64]) -> Result<Self> {
        check_column("weights", weights, self.n_rows())?;
        if let Some(&bad) = weights.iter().find(|&&w| w < 0.0) {
            return Err(Error::InvalidSetting {
                name: "weight",
                expected: "a number >= 0",
                found: bad,
            });
        }
        let total: f64 = weights.iter().sum();
        if total <= 0.0 || !total.is_finite() {
            return Err(Error::InvalidSetting {
                name: "sum of weights",
                expected: "a positive number",
                found: total,
            });
        }
        if self.family == Family::Binomial {
            let kept: Vec<bool> = self
                .outcome
                .iter()
                .zip(weights)
                .filter(|&(_, &w)| w > 0.0)
                .map(|(&y, _)| y > 0.5)
                .collect();
            check_outcome(&kept, kept.len())?;
        }
        self.weights = Some(weights.to_vec());
        Ok(self)
    }

    /// A known part of the linear predictor.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`], [`Error::NonFinite`].
    pub fn with_offset(mut self, offset: &[f64]) -> Result<Self> {
        check_column("offset", offset, self.n_rows())?;
        self.offset = Some(offset.to_vec());
        Ok(self)
    }

    /// The features.
    pub fn table(&self) -> &'a FeatureTable {
        self.table
    }

    /// Distribution of the outcome.
    pub fn family(&self) -> Family {
        self.family
    }

    /// Number of rows.
    pub fn n_rows(&self) -> usize {
        self.outcome.len()
    }

    /// The outcome as numbers; events are 1.
    pub fn outcome(&self) -> &[f64] {
        &self.outcome
    }

    /// Offset of row `i`, 0 without one.
    pub(super) fn offset_at(&self, i: usize) -> f64 {
        self.offset.as_ref().map_or(0.0, |o| o[i])
    }

    /// Classes with few rows, whatever their weights.
    pub(super) fn small_classes(&self) -> Vec<PathWarning> {
        const FEW: usize = 8;
        if self.family == Family::Gaussian {
            return Vec::new();
        }
        let events = self.outcome.iter().filter(|&&y| y > 0.5).count();
        [(true, events), (false, self.n_rows() - events)]
            .into_iter()
            .filter(|&(_, rows)| rows < FEW)
            .map(|(event, rows)| PathWarning::FewInClass { event, rows })
            .collect()
    }

    pub(super) fn offset(&self) -> Option<&[f64]> {
        self.offset.as_deref()
    }

    /// Weight of row `i`, 1 without weights.
    pub(crate) fn weight_at(&self, i: usize) -> f64 {
        self.weights.as_ref().map_or(1.0, |w| w[i])
    }

    /// The same rows with other columns.
    pub(super) fn with_table<'b>(&self, table: &'b FeatureTable) -> Samples<'b>
    where
        'a: 'b,
    {
        Samples {
            table,
            ..self.clone()
        }
    }

    /// The rows at `indices`, in a table of their own.
    pub(crate) fn rows(&self, indices: &[usize]) -> Result<OwnedSamples> {
        let pick = |v: &Vec<f64>| indices.iter().map(|&i| v[i]).collect::<Vec<f64>>();
        Ok(OwnedSamples {
            table: self.table.select_rows(indices)?,
            family: self.family,
            outcome: pick(&self.outcome),
            weights: self.weights.as_ref().map(pick),
            offset: self.offset.as_ref().map(pick),
        })
    }
}

/// A row subset that owns its table; borrowed back as [`Samples`].
pub(crate) struct OwnedSamples {
    table: FeatureTable,
    family: Family,
    outcome: Vec<f64>,
    weights: Option<Vec<f64>>,
    offset: Option<Vec<f64>>,
}

impl OwnedSamples {
    /// Checks the subset as a fit of its own.
    pub(crate) fn as_samples(&self) -> Result<Samples<'_>> {
        let samples = match self.family {
            Family::Binomial => Samples::binary(
                &self.table,
                &self.outcome.iter().map(|&y| y > 0.5).collect::<Vec<_>>(),
            )?,
            Family::Gaussian => Samples::continuous(&self.table, &self.outcome)?,
        };
        let samples = match &self.weights {
            Some(w) => samples.with_weights(w)?,
            None => samples,
        };
        match &self.offset {
            Some(o) => samples.with_offset(o),
            None => Ok(samples),
        }
    }
}

pub(super) fn check_column(what: &'static str, values: &[f64], n_rows: usize) -> Result<()> {
    if values.len() != n_rows {
        return Err(Error::LengthMismatch {
            what,
            expected: n_rows,
            found: values.len(),
        });
    }
    match values.iter().position(|v| !v.is_finite()) {
        Some(row) => Err(Error::NonFinite {
            row,
            column: what.to_owned(),
            value: values[row],
        }),
        None => Ok(()),
    }
}
