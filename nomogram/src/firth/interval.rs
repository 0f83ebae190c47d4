//! Penalized profile intervals and likelihood ratio tests of single coefficients.
//!
//! All of it happens on the standardized columns, where Newton's method is safe whatever the units; a coefficient of the original columns is
//! a combination `aᵀγ` of theirs, and it is that which is held.

use eval_stats::special::chi_squared_quantile;
use nalgebra::DVector;

use super::penalized::{Free, Penalized, singular};
use super::{FirthCoefficient, Intervals};
use crate::design::Design;
use crate::error::{Error, Result};
use crate::inference::{Interval, TestResult};
use crate::linalg::cholesky;
use crate::numeric::crossing;
use crate::standardized::Standardized;
use crate::term::DesignColumn;

/// The profiles of one fit.
pub(super) struct Profiles<'a> {
    pub penalized: &'a Penalized<'a>,
    pub basis: &'a Standardized,
    /// The estimate on the standardized columns.
    pub gamma: &'a [f64],
    pub log_likelihood: f64,
    pub level: f64,
}

/// One coefficient as a combination of the standardized ones, and the direction in which these give way to it.
struct Combination {
    a: DVector<f64>,
    along: DVector<f64>,
}

impl Combination {
    fn of(&self, gamma: &[f64]) -> f64 {
        self.a.iter().zip(gamma).map(|(a, g)| a * g).sum()
    }
}

impl Profiles<'_> {
    /// Penalized likelihood with the coefficient held at `value`; starts from and returns the standardized coefficients.
    fn held(&self, held: &Combination, value: f64, start: &mut Vec<f64>) -> Result<f64> {
        let shift = value - held.of(start);
        start
            .iter_mut()
            .zip(held.along.iter())
            .for_each(|(g, d)| *g += shift * d);
        let solved = self
            .penalized
            .maximize(std::mem::take(start), &Free::Leaving(&held.a))?;
        *start = solved.gamma;
        Ok(solved.log_likelihood)
    }

    /// How far a likelihood lies below the maximum; 0 within rounding.
    fn fall(&self, other: f64) -> f64 {
        let difference = self.log_likelihood - other;
        if difference < 64.0 * f64::EPSILON * self.log_likelihood.abs().max(1.0) {
            0.0
        } else {
            difference
        }
    }

    fn combination(&self, j: usize) -> Result<Combination> {
        let a = self.basis.to_original().row(j).transpose();
        let information = self.penalized.point(self.gamma)?.information;
        let along = cholesky(information).ok_or_else(singular)?.solve(&a);
        let along = &along / a.dot(&along);
        Ok(Combination { a, along })
    }

    pub fn coefficient(
        &self,
        design: &Design,
        j: usize,
        se: f64,
        intervals: Intervals,
    ) -> Result<FirthCoefficient> {
        let name = design.columns()[j].name.clone();
        let held = self.combination(j)?;
        let estimate = held.of(self.gamma);
        if intervals == Intervals::Skip {
            let column = &design.columns()[j];
            return Ok(without_interval(column, estimate, se, self.level));
        }
        let null = self.held(&held, 0.0, &mut self.gamma.to_vec())?;
        let limit = chi_squared_quantile(self.level, 1.0);
        let mut ends = [0.0; 2];
        for (end, sign) in ends.iter_mut().zip([-1.0, 1.0]) {
            let mut start = self.gamma.to_vec();
            let excess = |value: f64| -> Result<f64> {
                Ok(2.0 * (self.log_likelihood - self.held(&held, value, &mut start)?) - limit)
            };
            let width = 2.0 * se;
            let found = crossing(excess, (estimate, -limit), sign * width, 1e-12 * width)?;
            *end = found.ok_or_else(|| Error::ProfileLimit {
                column: name.clone(),
                side: if sign < 0.0 { "lower" } else { "upper" },
            })?;
        }
        Ok(FirthCoefficient {
            term: design.columns()[j].term,
            estimate,
            se,
            interval: Interval {
                name: name.clone(),
                low: ends[0],
                high: ends[1],
                level: self.level,
            },
            test: TestResult::new(2.0 * self.fall(null), 1),
            name,
        })
    }
}

/// A coefficient of a fit whose intervals are not wanted.
pub(super) fn without_interval(
    column: &DesignColumn,
    estimate: f64,
    se: f64,
    level: f64,
) -> FirthCoefficient {
    FirthCoefficient {
        name: column.name.clone(),
        term: column.term,
        estimate,
        se,
        interval: Interval {
            name: column.name.clone(),
            low: f64::NAN,
            high: f64::NAN,
            level,
        },
        test: TestResult {
            chi_squared: f64::NAN,
            df: 1,
            p: f64::NAN,
        },
    }
}
