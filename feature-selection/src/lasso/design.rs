//! Centered and scaled columns, penalties and limits: everything a solver reads and none changes.

use super::params::{ElasticNet, Intercept, Scaling};
use super::path::{ElasticNetPath, SparseCoefficients, StopReason};
use super::samples::{Family, Samples};
use crate::error::{Error, Result};
use crate::linalg::{dot, sum, weighted_square};
use crate::par::map_indexed;
use crate::table::is_constant;

/// One standardized problem. For a Gaussian outcome rows are multiplied by the square roots of their weights.
pub(super) struct Design {
    /// Rows with a positive weight.
    pub(super) n: usize,
    /// Columns of the table.
    pub(super) p: usize,
    /// Standardized columns, contiguous; excluded columns are left at zero.
    pub(super) x: Vec<f64>,
    /// Subtracted from each column.
    pub(super) center: Vec<f64>,
    /// Divided out of each column.
    pub(super) scale: Vec<f64>,
    /// Sum of squares of each standardized column (weighted).
    pub(super) square: Vec<f64>,
    /// Whether a column takes part.
    pub(super) included: Vec<bool>,
    /// Penalty factors, summing to `p`.
    pub(super) penalty: Vec<f64>,
    /// Limits on the standardized scale.
    pub(super) lower: Vec<f64>,
    /// Limits on the standardized scale.
    pub(super) upper: Vec<f64>,
    /// Whether a limit is exactly zero, which switches one stopping rule off.
    pub(super) zero_limit: bool,
    /// Observation weights summing to 1.
    pub(super) weights: Vec<f64>,
    /// Sum of the weights as given.
    pub(super) weight_sum: f64,
    /// Outcome of the rows kept.
    pub(super) y: Vec<f64>,
    /// Offset of the rows kept.
    pub(super) offset: Option<Vec<f64>>,
}

/// One standardized column with its numbers.
struct Column {
    values: Vec<f64>,
    center: f64,
    scale: f64,
    square: f64,
}

impl Design {
    pub(super) fn new(settings: &ElasticNet, samples: &Samples<'_>) -> Result<Self> {
        let (table, p) = (samples.table(), samples.table().n_columns());
        let rows: Vec<usize> = (0..samples.n_rows())
            .filter(|&i| samples.weight_at(i) > 0.0)
            .collect();
        let n = rows.len();
        let raw: Vec<f64> = rows.iter().map(|&i| samples.weight_at(i)).collect();
        let weight_sum: f64 = raw.iter().sum();
        let weights: Vec<f64> = raw.iter().map(|w| w / weight_sum).collect();
        let roots: Option<Vec<f64>> = (samples.family() == Family::Gaussian)
            .then(|| weights.iter().map(|w| w.sqrt()).collect());
        let (mut included, penalty) = penalties(settings, p);
        let all_rows = n == samples.n_rows();
        let columns = map_indexed(p, |j| {
            if !included[j] {
                return None;
            }
            let values: Vec<f64> = if all_rows {
                table.column(j).to_vec()
            } else {
                rows.iter().map(|&i| table.column(j)[i]).collect()
            };
            standardize(values, &weights, roots.as_deref(), settings)
        });
        let mut x = Vec::with_capacity(n * p);
        let (mut center, mut scale, mut square) = (vec![0.0; p], vec![1.0; p], vec![0.0; p]);
        for (j, column) in columns.into_iter().enumerate() {
            match column {
                Some(column) => {
                    x.extend_from_slice(&column.values);
                    (center[j], scale[j], square[j]) = (column.center, column.scale, column.square);
                }
                None => {
                    included[j] = false;
                    x.resize(x.len() + n, 0.0);
                }
            }
        }
        if !included.contains(&true) {
            return Err(Error::NoUsableColumn {
                what: "elastic net",
                n_columns: p,
            });
        }
        let limit = |limits: &Option<Vec<f64>>, none: f64| -> Vec<f64> {
            (0..p)
                .map(|j| limits.as_ref().map_or(none, |l| l[j]) * scale[j])
                .collect()
        };
        let lower = limit(&settings.lower_limits, f64::NEG_INFINITY);
        let upper = limit(&settings.upper_limits, f64::INFINITY);
        let zero_limit = lower.iter().chain(&upper).any(|&l| l == 0.0);
        let y = rows.iter().map(|&i| samples.outcome()[i]).collect();
        let offset = samples
            .offset()
            .map(|o| rows.iter().map(|&i| o[i]).collect());
        Ok(Self {
            n,
            p,
            x,
            center,
            scale,
            square,
            included,
            penalty,
            lower,
            upper,
            zero_limit,
            weights,
            weight_sum,
            y,
            offset,
        })
    }

    /// One standardized column.
    pub(super) fn column(&self, j: usize) -> &[f64] {
        &self.x[j * self.n..(j + 1) * self.n]
    }

    /// `|x_j' r|` of every included column, 0 for the others.
    pub(super) fn absolute_gradient(&self, r: &[f64]) -> Vec<f64> {
        (0..self.p)
            .map(|j| {
                if self.included[j] {
                    dot(self.column(j), r).abs()
                } else {
                    0.0
                }
            })
            .collect()
    }

    /// Lambda at which the first penalized column enters.
    pub(super) fn entry_lambda(&self, gradient: &[f64], alpha: f64) -> f64 {
        const SMALLEST_ALPHA: f64 = 1e-3;
        let largest = (0..self.p)
            .filter(|&j| self.included[j] && self.penalty[j] > 0.0)
            .map(|j| gradient[j] / self.penalty[j])
            .fold(0.0, f64::max);
        largest / alpha.max(SMALLEST_ALPHA)
    }

    /// Moves `value` into the column's limits.
    pub(super) fn clamp(&self, j: usize, value: f64) -> f64 {
        value.min(self.upper[j]).max(self.lower[j])
    }
}

/// Which columns take part, and their factors scaled to sum to `p` over all columns.
fn penalties(settings: &ElasticNet, p: usize) -> (Vec<bool>, Vec<f64>) {
    let mut included = vec![true; p];
    for &j in &settings.excluded {
        included[j] = false;
    }
    let mut factors = settings
        .penalty_factors
        .clone()
        .unwrap_or_else(|| vec![1.0; p]);
    for (factor, included) in factors.iter_mut().zip(&mut included) {
        if factor.is_infinite() {
            *included = false;
            *factor = 1.0;
        }
    }
    let total: f64 = factors.iter().sum();
    if total > 0.0 {
        let scale = p as f64 / total;
        factors.iter_mut().for_each(|f| *f *= scale);
    }
    (included, factors)
}

/// Centers and scales one column; `None` if it does not vary.
fn standardize(
    mut values: Vec<f64>,
    weights: &[f64],
    roots: Option<&[f64]>,
    settings: &ElasticNet,
) -> Option<Column> {
    if is_constant(&values) {
        return None;
    }
    let mut center = 0.0;
    if settings.intercept == Intercept::Fitted {
        center = dot(weights, &values);
        // A second pass removes what rounding left in the first, which matters for a large mean.
        center += values
            .iter()
            .zip(weights)
            .map(|(v, w)| w * (v - center))
            .sum::<f64>();
        values.iter_mut().for_each(|v| *v -= center);
    }
    let mut square = weighted_square(weights, &values);
    let mut scale = 1.0;
    if settings.scaling == Scaling::Standardize {
        let offset = if settings.intercept == Intercept::Fitted {
            0.0
        } else {
            dot(weights, &values)
        };
        let variance = square - offset * offset;
        scale = variance.sqrt();
        if scale.is_nan() || scale <= 0.0 {
            return None;
        }
        values.iter_mut().for_each(|v| *v /= scale);
        square = if settings.intercept == Intercept::Fitted {
            1.0
        } else {
            1.0 + offset * offset / variance
        };
    }
    if let Some(roots) = roots {
        values.iter_mut().zip(roots).for_each(|(v, w)| *v *= w);
    }
    Some(Column {
        values,
        center,
        scale,
        square,
    })
}

/// A path on the standardized scale, as a solver leaves it.
pub(super) struct RawPath {
    pub(super) lambda: Vec<f64>,
    pub(super) intercept: Vec<f64>,
    /// Nonzero coefficients by ascending column.
    pub(super) beta: Vec<Vec<(usize, f64)>>,
    pub(super) dev_ratio: Vec<f64>,
    pub(super) null_deviance: f64,
    pub(super) n_passes: usize,
    pub(super) stopped: StopReason,
}

impl RawPath {
    pub(super) fn new(null_deviance: f64) -> Self {
        Self {
            lambda: Vec::new(),
            intercept: Vec::new(),
            beta: Vec::new(),
            dev_ratio: Vec::new(),
            null_deviance,
            n_passes: 0,
            stopped: StopReason::EndOfSequence,
        }
    }

    /// Coefficients in original units; `unit` is the outcome's scale (1 for a binary outcome).
    pub(super) fn into_path(
        self,
        design: &Design,
        samples: &Samples<'_>,
        unit: f64,
        base: f64,
    ) -> ElasticNetPath {
        let mut beta = Vec::with_capacity(self.beta.len());
        let mut intercept = Vec::with_capacity(self.beta.len());
        for (raw, b0) in self.beta.into_iter().zip(self.intercept) {
            let index: Vec<usize> = raw.iter().map(|&(j, _)| j).collect();
            let value: Vec<f64> = raw
                .iter()
                .map(|&(j, b)| unit * b / design.scale[j])
                .collect();
            let shift: f64 = index
                .iter()
                .zip(&value)
                .map(|(&j, b)| b * design.center[j])
                .sum();
            intercept.push(base + unit * b0 - shift);
            beta.push(SparseCoefficients { index, value });
        }
        ElasticNetPath {
            family: samples.family(),
            names: samples.table().names().to_vec(),
            df: beta.iter().map(|b| b.index.len()).collect(),
            lambda: self.lambda,
            intercept,
            beta,
            dev_ratio: self.dev_ratio,
            null_deviance: self.null_deviance,
            n_passes: self.n_passes,
            n_rows: samples.n_rows(),
            stopped: self.stopped,
        }
    }
}

/// Weighted mean used for a centered outcome.
pub(super) fn weighted_mean(weights: &[f64], values: &[f64]) -> f64 {
    let first = dot(weights, values);
    let shifted: Vec<f64> = values.iter().map(|v| v - first).collect();
    first + dot(weights, &shifted) / sum(weights)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::mean;

    #[test]
    fn weighted_mean_equals_mean_for_equal_weights() {
        let x = [1e9 + 1.0, 1e9 + 2.0, 1e9 + 6.0];
        assert_eq!(weighted_mean(&[1.0 / 3.0; 3], &x), mean(&x));
    }
}
