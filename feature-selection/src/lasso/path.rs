//! A fitted path: one sparse model per lambda.

use super::samples::Family;
use crate::error::{Error, Result};
use crate::table::FeatureTable;

/// Why a path ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum StopReason {
    /// Every lambda was fitted.
    EndOfSequence,
    /// A step explained less than 1e-5 more of the deviance.
    NoImprovement,
    /// 99.9 % of the deviance is explained.
    Saturated,
    /// The model has more than `df_max` features.
    TooManyNonzero,
    /// More than `active_max` columns were ever active.
    TooManyActive,
    /// The passes ran out at the next lambda of a computed sequence; every model kept has converged. Usual at the
    /// end of paths on separable data. Supplied lambdas give [`Error::NotConverged`] instead.
    OutOfPasses,
    /// The next lambda of a computed sequence could not be solved to the accuracy of
    /// [`Compat::Exact`](super::Compat::Exact). Supplied lambdas give [`Error::NotOptimal`] instead.
    AccuracyLost,
    /// Fitted probabilities are 0 or 1 in (almost) every row.
    FittedCertainty,
}

/// What a user of a path should know besides its numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum PathWarning {
    /// A class has fewer than eight rows: too few to learn from.
    FewInClass {
        /// The class; `true` is the event.
        event: bool,
        /// Its rows.
        rows: usize,
    },
    /// The path has fewer models than planned.
    EndedEarly {
        /// Models fitted.
        fitted: usize,
        /// Models planned.
        planned: usize,
        /// Why.
        reason: StopReason,
    },
}

/// Nonzero coefficients of one model.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SparseCoefficients {
    /// Columns with a nonzero coefficient, ascending.
    pub index: Vec<usize>,
    /// Their coefficients, in original units.
    pub value: Vec<f64>,
}

/// One model with every coefficient spelled out.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Coefficients {
    /// Penalty the model belongs to.
    pub lambda: f64,
    /// Intercept, original units.
    pub intercept: f64,
    /// One coefficient per column, original units.
    pub beta: Vec<f64>,
}

impl Coefficients {
    /// Columns with a nonzero coefficient, ascending.
    pub fn nonzero(&self) -> Vec<usize> {
        (0..self.beta.len())
            .filter(|&j| self.beta[j] != 0.0)
            .collect()
    }

    /// Linear predictor of every row (without offset).
    ///
    /// # Panics
    /// If the table does not have one column per coefficient.
    pub fn link(&self, table: &FeatureTable) -> Vec<f64> {
        assert_eq!(
            table.n_columns(),
            self.beta.len(),
            "one column per coefficient"
        );
        let mut eta = vec![self.intercept; table.n_rows()];
        for (j, &b) in self.beta.iter().enumerate() {
            if b != 0.0 {
                crate::linalg::axpy(b, table.column(j), &mut eta);
            }
        }
        eta
    }
}

/// A regularization path, lambdas decreasing.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ElasticNetPath {
    /// Distribution of the outcome.
    pub family: Family,
    /// Column names of the training table.
    pub names: Vec<String>,
    /// Penalties, decreasing. A computed path starts at the smallest lambda that selects nothing.
    pub lambda: Vec<f64>,
    /// Intercepts, original units.
    pub intercept: Vec<f64>,
    /// Nonzero coefficients, original units.
    pub beta: Vec<SparseCoefficients>,
    /// Number of nonzero coefficients.
    pub df: Vec<usize>,
    /// Fraction of the null deviance explained.
    pub dev_ratio: Vec<f64>,
    /// Deviance of the model without features, at the given weights.
    pub null_deviance: f64,
    /// Coordinate sweeps over the whole path; Newton steps under [`Compat::Exact`](super::Compat::Exact).
    pub n_passes: usize,
    /// Rows fitted (before rows of weight 0 were left out).
    pub n_rows: usize,
    /// Whether there was an offset, which predictions for new rows must then add.
    pub has_offset: bool,
    /// Why the path ended.
    pub stopped: StopReason,
    /// What else to know.
    pub warnings: Vec<PathWarning>,
}

impl ElasticNetPath {
    /// Number of models.
    pub fn len(&self) -> usize {
        self.lambda.len()
    }

    /// Whether there is no model; a returned path has at least one.
    pub fn is_empty(&self) -> bool {
        self.lambda.is_empty()
    }

    /// Coefficients at any lambda, linearly interpolated between the two neighboring models and
    /// constant beyond the ends of the path.
    ///
    /// # Errors
    /// [`Error::InvalidSetting`] if `lambda` is negative or not finite.
    ///
    /// # Panics
    /// If the path is empty.
    pub fn coefficients_at(&self, lambda: f64) -> Result<Coefficients> {
        if !lambda.is_finite() || lambda < 0.0 {
            return Err(Error::InvalidSetting {
                name: "lambda",
                expected: "a finite number >= 0",
                found: lambda,
            });
        }
        let (left, right, fraction) = self.bracket(lambda);
        let mut beta = vec![0.0; self.names.len()];
        for (model, share) in [(left, fraction), (right, 1.0 - fraction)] {
            if share != 0.0 {
                for (&j, &b) in self.beta[model].index.iter().zip(&self.beta[model].value) {
                    beta[j] += share * b;
                }
            }
        }
        let intercept = fraction * self.intercept[left] + (1.0 - fraction) * self.intercept[right];
        Ok(Coefficients {
            lambda,
            intercept,
            beta,
        })
    }

    /// Linear predictor of every row at one lambda (without offset).
    ///
    /// # Errors
    /// As [`coefficients_at`](Self::coefficients_at); [`Error::ColumnMismatch`] if the columns are not those of the training table, in order.
    pub fn predict_link(&self, table: &FeatureTable, lambda: f64) -> Result<Vec<f64>> {
        let ordered = crate::standardize::same_columns("path", &self.names, table)?;
        Ok(self.coefficients_at(lambda)?.link(&ordered))
    }

    /// Models either side of `lambda` and the weight of the left one.
    pub(super) fn bracket(&self, lambda: f64) -> (usize, usize, f64) {
        let last = self.lambda.len() - 1;
        if last == 0 || lambda >= self.lambda[0] {
            return (0, 0, 1.0);
        }
        if lambda <= self.lambda[last] {
            return (last, last, 1.0);
        }
        let right = self.lambda.partition_point(|&l| l > lambda);
        if self.lambda[right] == lambda {
            return (right, right, 1.0);
        }
        // Interpolated on the position between the path's ends, as the reference does: the same
        // quotient as on lambda itself, but rounded alike.
        let span = self.lambda[0] - self.lambda[last];
        let position = |l: f64| (self.lambda[0] - l) / span;
        let (lo, hi) = (
            position(self.lambda[right - 1]),
            position(self.lambda[right]),
        );
        (right - 1, right, (position(lambda) - hi) / (lo - hi))
    }
}
