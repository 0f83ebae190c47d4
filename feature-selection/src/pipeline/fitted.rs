//! A fitted pipeline and its application to rows.

use super::drop_log::{Dropped, FunnelStep};
use super::report::LassoRecord;
use crate::error::{Error, Result};
use crate::lasso::{CrossValidationFit, EstimatorFit};
use crate::score::{Score, one_row};
use crate::stability::StabilityFit;
use crate::standardize::{Standardizer, same_columns};
use crate::table::FeatureTable;

/// A fitted pipeline.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Fitted {
    /// Columns of the training table.
    pub columns: Vec<String>,
    /// Features selected, in column order.
    pub selected: Vec<String>,
    /// Training means and standard deviations of the columns standardized, if a step did so.
    pub standardizer: Option<Standardizer>,
    /// The score, if the last step was a LASSO. It may have no feature: then it is constant, see [`Score::is_constant`].
    pub score: Option<Score>,
    /// The cross-validated fit, if the last step was a LASSO. Not stored: `None` in a pipeline read from JSON.
    pub estimate: Option<EstimatorFit>,
    /// The last stability selection, if a step made one. Not stored: `None` in a pipeline read from JSON.
    pub stability: Option<StabilityFit>,
    /// What the LASSO chose, if the last step was one.
    pub lasso: Option<LassoRecord>,
    /// Settings of every step and counts after it.
    pub funnel: Vec<FunnelStep>,
    /// Every dropped feature with its reason, by step and then column.
    pub dropped: Vec<Dropped>,
    /// Training rows.
    pub n_rows: usize,
    /// Training events.
    pub n_events: usize,
    /// Version of this crate that fitted it.
    pub version: String,
}

/// Which columns a table must have to be scored by a fitted pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ColumnPolicy {
    /// Exactly those of the training table, in any order: another table is noticed. The default.
    #[default]
    AsTrained,
    /// At least the features of the score; other columns are not looked at.
    AtLeastSelected,
}

impl Fitted {
    /// Path and loss curve of [`estimate`](Self::estimate); see [`EstimatorFit::curve`].
    pub fn cross_validation(&self) -> Option<&CrossValidationFit> {
        self.estimate.as_ref().map(EstimatorFit::curve)
    }

    /// The selected features of any rows, z-scored by training numbers if the pipeline standardizes.
    ///
    /// # Errors
    /// [`Error::ColumnMismatch`] if a selected feature is missing.
    pub fn transform(&self, table: &FeatureTable) -> Result<FeatureTable> {
        let chosen = table.select_names(&self.selected)?;
        match &self.standardizer {
            Some(standardizer) => standardizer.restricted(&self.selected)?.transform(&chosen),
            None => Ok(chosen),
        }
    }

    /// The score of any rows that have the training table's columns, in any order.
    ///
    /// # Errors
    /// [`Error::ColumnMismatch`] if a training column is missing or an unknown one present;
    /// [`Error::Incompatible`] if the pipeline makes no score.
    pub fn score(&self, table: &FeatureTable) -> Result<Vec<f64>> {
        self.score_with(table, ColumnPolicy::AsTrained)
    }

    /// As [`score`](Self::score), with a choice of the columns required.
    ///
    /// # Errors
    /// As [`score`](Self::score).
    pub fn score_with(&self, table: &FeatureTable, policy: ColumnPolicy) -> Result<Vec<f64>> {
        let Some(score) = &self.score else {
            return Err(Error::Incompatible {
                what: "a score",
                needs: "a pipeline that ends with a LASSO step",
            });
        };
        match policy {
            ColumnPolicy::AsTrained => {
                score.apply(&same_columns("fitted pipeline", &self.columns, table)?)
            }
            ColumnPolicy::AtLeastSelected => score.apply(table),
        }
    }

    /// The score of one row given as pairs of name and value, in any order.
    ///
    /// # Errors
    /// As [`score`](Self::score); [`Error::DuplicateName`] and [`Error::NonFinite`] for the row itself.
    pub fn apply_row<N: AsRef<str>>(&self, row: &[(N, f64)], policy: ColumnPolicy) -> Result<f64> {
        Ok(self.score_with(&one_row(row)?, policy)?[0])
    }
}
