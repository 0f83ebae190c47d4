//! Penalized profile intervals and likelihood ratio tests of single coefficients.

use eval_stats::special::chi_squared_quantile;
use nalgebra::DMatrix;

use super::penalized::Penalized;
use super::{FirthCoefficient, Intervals};
use crate::design::Design;
use crate::error::{Error, Result};
use crate::inference::{Interval, TestResult};
use crate::numeric::crossing;
use crate::term::DesignColumn;

/// Profiles on columns that are scaled but not centered, so that each β is a coordinate.
pub(super) struct Profiles<'a> {
    on_x: Penalized<'a>,
    scale: &'a [f64],
    /// The estimate on the scaled columns.
    at: Vec<f64>,
    top: f64,
    level: f64,
}

/// Columns divided by their largest value, the intercept as it is.
pub(super) fn scaled(x: &DMatrix<f64>) -> (DMatrix<f64>, Vec<f64>) {
    let mut scale: Vec<f64> = (0..x.ncols())
        .map(|k| x.column(k).amax().max(f64::MIN_POSITIVE))
        .collect();
    scale[0] = 1.0;
    let matrix = DMatrix::from_fn(x.nrows(), x.ncols(), |i, k| x[(i, k)] / scale[k]);
    (matrix, scale)
}

impl<'a> Profiles<'a> {
    pub fn new(on_x: Penalized<'a>, scale: &'a [f64], beta: &[f64], level: f64) -> Result<Self> {
        let at: Vec<f64> = beta.iter().zip(scale).map(|(b, s)| b * s).collect();
        let top = on_x.point(&at)?.log_likelihood;
        Ok(Self {
            on_x,
            scale,
            at,
            top,
            level,
        })
    }

    /// Penalized likelihood with β_j held at `value`; starts from and returns the other coordinates.
    fn held(&self, j: usize, value: f64, start: &mut Vec<f64>) -> Result<f64> {
        let free: Vec<usize> = (0..self.at.len()).filter(|&k| k != j).collect();
        start[j] = value;
        let solved = self.on_x.maximize(start.clone(), &free)?;
        *start = solved.gamma;
        Ok(solved.log_likelihood)
    }

    pub fn coefficient(
        &self,
        design: &Design,
        j: usize,
        se: f64,
        intervals: Intervals,
    ) -> Result<FirthCoefficient> {
        let name = design.columns()[j].name.clone();
        if intervals == Intervals::Skip {
            return Ok(without_interval(
                &design.columns()[j],
                self.at[j] / self.scale[j],
                se,
                self.level,
            ));
        }
        let null = self.held(j, 0.0, &mut self.at.clone())?;
        let limit = chi_squared_quantile(self.level, 1.0);
        let mut ends = [0.0; 2];
        for (end, sign) in ends.iter_mut().zip([-1.0, 1.0]) {
            let mut start = self.at.clone();
            let excess = |value: f64| -> Result<f64> {
                Ok(2.0 * (self.top - self.held(j, value, &mut start)?) - limit)
            };
            let width = 2.0 * se * self.scale[j];
            let from = (self.at[j], -limit);
            let found = crossing(excess, from, sign * width, 1e-12 * width)?;
            *end = found.ok_or_else(|| Error::ProfileLimit {
                column: name.clone(),
                side: if sign < 0.0 { "lower" } else { "upper" },
            })? / self.scale[j];
        }
        Ok(FirthCoefficient {
            term: design.columns()[j].term,
            estimate: self.at[j] / self.scale[j],
            se,
            interval: Interval {
                name: name.clone(),
                low: ends[0],
                high: ends[1],
                level: self.level,
            },
            test: TestResult::new(2.0 * (self.top - null), 1),
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
