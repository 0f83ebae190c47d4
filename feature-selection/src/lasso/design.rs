//! Centered and scaled columns, penalties and limits: everything a solver reads and none changes.

use pulp::Simd;

use super::kernels::{BATCH, Columns, Rows, dot, dots, ordered_sum, sum};
use super::params::{Compat, ElasticNet, Intercept, Scaling};
use super::samples::{Family, Samples};
use crate::error::{Error, Result};
use crate::moments::range;
use crate::par::for_each_chunk;
use crate::table::is_constant;

/// One standardized problem.
///
/// Coordinates are the columns of the table and, behind them, a column of ones for the intercept, which is
/// neither penalized nor limited. For a Gaussian outcome rows are multiplied by the square roots of their weights.
pub(super) struct Design {
    /// Rows that take part.
    pub(super) n: usize,
    /// Columns of the table; also the coordinate of the intercept.
    pub(super) p: usize,
    /// Standardized columns, zero where excluded.
    x: Columns,
    /// Center and scale of each column.
    pub(super) moments: Vec<Moments>,
    /// Columns that take part, ascending.
    pub(super) included: Vec<usize>,
    /// Penalty factors, summing to `p`; the intercept has 0.
    pub(super) penalty: Vec<f64>,
    /// Limits; on the standardized scale after [`scale_limits`](Self::scale_limits).
    pub(super) lower: Vec<f64>,
    /// As `lower`.
    pub(super) upper: Vec<f64>,
    /// Whether a limit is exactly zero, which softens one stopping rule.
    pub(super) zero_limit: bool,
    /// Observation weights summing to 1.
    pub(super) weights: Rows,
    /// Sum of the weights as given.
    pub(super) weight_sum: f64,
    /// Outcome of the rows kept.
    pub(super) y: Rows,
    /// Offset of the rows kept.
    pub(super) offset: Option<Rows>,
}

/// How one column was standardized.
#[derive(Clone, Copy)]
pub(super) struct Moments {
    /// Subtracted.
    pub(super) center: f64,
    /// Divided out.
    pub(super) scale: f64,
    /// Weighted sum of squares of the standardized column.
    pub(super) square: f64,
}

/// An excluded or constant column.
const LEFT_OUT: Moments = Moments {
    center: 0.0,
    scale: 1.0,
    square: 0.0,
};

impl Design {
    pub(super) fn new(settings: &ElasticNet, samples: &Samples<'_>) -> Result<Self> {
        let p = samples.table().n_columns();
        let rows = rows_kept(samples);
        let n = rows.len();
        let pick = |value: &dyn Fn(usize) -> f64| {
            Rows::new(&rows.iter().map(|&i| value(i)).collect::<Vec<_>>())
        };
        let mut weights = pick(&|i| samples.weight_at(i));
        let weight_sum = sum(&weights[..n]);
        weights.iter_mut().for_each(|w| *w /= weight_sum);
        let (mut takes_part, penalty) = penalties(settings, p);
        let (x, moments) = standardized(settings, samples, &rows, &weights, &mut takes_part)?;
        let included: Vec<usize> = (0..p).filter(|&j| takes_part[j]).collect();
        if included.is_empty() {
            return Err(Error::NoUsableColumn {
                what: "elastic net",
                n_columns: p,
            });
        }
        let given = [&settings.lower_limits, &settings.upper_limits];
        Ok(Self {
            n,
            p,
            x,
            included,
            penalty,
            lower: limits(given[0].as_deref(), f64::NEG_INFINITY, p),
            upper: limits(given[1].as_deref(), f64::INFINITY, p),
            zero_limit: given.into_iter().flatten().flatten().any(|&l| l == 0.0),
            weight_sum,
            y: pick(&|i| samples.outcome()[i]),
            offset: samples.offset().map(|o| pick(&|i| o[i])),
            weights,
            moments,
        })
    }

    /// One standardized column; the intercept's is 1 in every row.
    #[inline(always)]
    pub(super) fn column(&self, j: usize) -> &[f64] {
        self.x.column(j)
    }

    /// Several standardized columns.
    #[inline(always)]
    pub(super) fn columns<const K: usize>(&self, indices: &[usize; K]) -> [&[f64]; K] {
        let mut columns: [&[f64]; K] = [&[]; K];
        for k in 0..K {
            columns[k] = self.x.column(indices[k]);
        }
        columns
    }

    /// `x_j' r` of the given coordinates, written to their places.
    #[inline(always)]
    pub(super) fn products<S: Simd>(
        &self,
        simd: S,
        coordinates: &[usize],
        r: &[f64],
        products: &mut [f64],
    ) {
        let (batches, rest) = coordinates.as_chunks::<BATCH>();
        for batch in batches {
            let found = dots(simd, self.n, self.columns(batch), r);
            for (&j, product) in batch.iter().zip(found) {
                products[j] = product;
            }
        }
        for &j in rest {
            [products[j]] = dots(simd, self.n, [self.column(j)], r);
        }
    }

    /// Brings the limits to the standardized scale: divided by the outcome's `unit`, times the column's scale.
    pub(super) fn scale_limits(&mut self, unit: f64) {
        for (j, moments) in self.moments.iter().enumerate() {
            self.lower[j] = self.lower[j] / unit * moments.scale;
            self.upper[j] = self.upper[j] / unit * moments.scale;
        }
    }

    /// Lambda at which the first penalized column enters: `max |x_j' r| / v_j` over α, but not over less than 0.001.
    pub(super) fn entry_lambda(&self, gradient: &[f64], alpha: f64) -> f64 {
        const SMALLEST_ALPHA: f64 = 1e-3;
        let largest = self
            .included
            .iter()
            .filter(|&&j| self.penalty[j] > 0.0)
            .map(|&j| gradient[j].abs() / self.penalty[j])
            .fold(0.0, f64::max);
        largest / alpha.max(SMALLEST_ALPHA)
    }

    /// Moves `value` into the limits of coordinate `j`.
    #[inline(always)]
    pub(super) fn clamp(&self, j: usize, value: f64) -> f64 {
        value.min(self.upper[j]).max(self.lower[j])
    }
}

/// Rows of weight 0 are left out for a binary outcome; for a continuous one they stay and count for nothing,
/// as in the reference program, where the constancy of a column is judged with them.
fn rows_kept(samples: &Samples<'_>) -> Vec<usize> {
    (0..samples.n_rows())
        .filter(|&i| samples.family() == Family::Gaussian || samples.weight_at(i) > 0.0)
        .collect()
}

/// Which columns take part, and their factors scaled to sum to `p` over all columns, in which sum excluded columns count with 1.
fn penalties(settings: &ElasticNet, p: usize) -> (Vec<bool>, Vec<f64>) {
    let mut factors = settings
        .penalty_factors
        .clone()
        .unwrap_or_else(|| vec![1.0; p]);
    let mut takes_part: Vec<bool> = factors.iter().map(|f| f.is_finite()).collect();
    for &j in &settings.excluded {
        takes_part[j] = false;
    }
    for (factor, takes_part) in factors.iter_mut().zip(&takes_part) {
        if !takes_part {
            *factor = 1.0;
        }
    }
    let total = sum(&factors);
    if total > 0.0 {
        let scale = p as f64 / total;
        factors.iter_mut().for_each(|f| *f *= scale);
    }
    factors.push(0.0);
    (takes_part, factors)
}

/// Limits of every coordinate, `none` where not given and for the intercept.
fn limits(given: Option<&[f64]>, none: f64, p: usize) -> Vec<f64> {
    let mut limits = given.map_or_else(|| vec![none; p], <[f64]>::to_vec);
    limits.push(none);
    limits
}

/// The columns standardized in place of their copy, and the column of ones. Columns that do not vary are struck
/// from `takes_part`.
///
/// # Errors
/// [`Error::BeyondRange`] for a column whose squares cannot be summed.
fn standardized(
    settings: &ElasticNet,
    samples: &Samples<'_>,
    rows: &[usize],
    weights: &[f64],
    takes_part: &mut [bool],
) -> Result<(Columns, Vec<Moments>)> {
    let (table, n, p) = (samples.table(), rows.len(), takes_part.len());
    let roots: Option<Vec<f64>> = (samples.family() == Family::Gaussian)
        .then(|| weights[..n].iter().map(|w| w.sqrt()).collect());
    let mut x = Columns::zeros(n, p + 1);
    x.column_mut(p)[..n].fill(1.0);
    let mut moments: Vec<Option<Moments>> = vec![None; p];
    let stride = x.stride();
    for_each_chunk(
        &mut x.as_mut_slice()[..p * stride],
        stride,
        &mut moments,
        |j, column, moments| {
            if !takes_part[j] {
                return;
            }
            let (raw, column) = (table.column(j), &mut column[..n]);
            if n == raw.len() {
                column.copy_from_slice(raw);
            } else {
                column.iter_mut().zip(rows).for_each(|(x, &i)| *x = raw[i]);
            }
            *moments = standardize(column, &weights[..n], roots.as_deref(), settings);
            if moments.is_none() {
                column.fill(0.0);
            }
        },
    );
    for (j, moments) in moments.iter().enumerate() {
        takes_part[j] = moments.is_some();
        if moments.is_some_and(|m| !m.square.is_finite()) {
            let (low, high) = range(table.column(j));
            return Err(Error::BeyondRange {
                what: "sum of squares",
                column: table.names()[j].clone(),
                low,
                high,
            });
        }
    }
    let moments = moments.into_iter().map(|m| m.unwrap_or(LEFT_OUT)).collect();
    Ok((x, moments))
}

/// Centers and scales one column; `None` if it does not vary, a square that is not finite if it is beyond the range of `f64`.
///
/// ```text
/// m = Σ w x,   x := x - m,   s = √(Σ w x²),   x := x / s
/// ```
///
/// Without an intercept nothing is centered and `s² = Σ w x² - (Σ w x)²`, which for [`Compat::Exact`] is calculated from
/// deviations, since the difference has no digits left where the mean is large. With `roots` of the weights the rows
/// are multiplied by them after centering, and the sums lose their `w`.
fn standardize(
    x: &mut [f64],
    weights: &[f64],
    roots: Option<&[f64]>,
    settings: &ElasticNet,
) -> Option<Moments> {
    if is_constant(x) {
        return None;
    }
    let n = x.len();
    let centered = settings.intercept == Intercept::Fitted;
    let mut center = 0.0;
    if centered {
        center = dot(n, weights, x);
        x.iter_mut().for_each(|x| *x -= center);
        if settings.compat == Compat::Exact {
            // What rounding left in the first pass, which matters for a large mean.
            let rest = dot(n, weights, x);
            x.iter_mut().for_each(|x| *x -= rest);
            center += rest;
        }
    }
    if let Some(roots) = roots {
        x.iter_mut().zip(roots).for_each(|(x, root)| *x *= root);
    }
    let mut square = match roots {
        Some(_) => ordered_sum(n, |i| x[i] * x[i]),
        None => ordered_sum(n, |i| weights[i] * (x[i] * x[i])),
    };
    let mut scale = 1.0;
    if settings.scaling == Scaling::Standardize && square.is_finite() {
        let mean = match roots {
            _ if centered => 0.0,
            Some(roots) => dot(n, roots, x),
            None => dot(n, weights, x),
        };
        let variance = match settings.compat {
            Compat::Exact => ordered_sum(n, |i| match roots {
                Some(roots) => (x[i] - roots[i] * mean).powi(2),
                None => weights[i] * (x[i] - mean).powi(2),
            }),
            Compat::Glmnet => square - mean * mean,
        };
        scale = variance.sqrt();
        if scale.is_nan() || scale <= 0.0 {
            return None;
        }
        x.iter_mut().for_each(|x| *x /= scale);
        square = if centered {
            1.0
        } else {
            1.0 + mean * mean / variance
        };
    }
    (square > 0.0).then_some(Moments {
        center,
        scale,
        square,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::FeatureTable;

    fn table(columns: &[&[f64]]) -> FeatureTable {
        let values = ndarray::Array2::from_shape_fn((columns[0].len(), columns.len()), |(i, j)| {
            columns[j][i]
        });
        let names: Vec<String> = (0..columns.len()).map(|j| format!("f{j}")).collect();
        FeatureTable::new(values.view(), &names).unwrap()
    }

    #[test]
    fn columns_have_weighted_mean_zero_and_variance_one() {
        let table = table(&[&[1.0, 2.0, 4.0, 9.0], &[5.0; 4], &[0.0, 0.0, 1.0, 0.0]]);
        let samples = Samples::binary(&table, &[true, false, true, false])
            .unwrap()
            .with_weights(&[2.0, 1.0, 1.0, 4.0])
            .unwrap();
        let design = Design::new(
            &ElasticNet::new().penalty_factors(&[1.0, 2.0, 3.0]),
            &samples,
        )
        .unwrap();
        assert_eq!(design.included, [0, 2]);
        assert_eq!(design.penalty, [0.5, 1.0, 1.5, 0.0]);
        assert_eq!(design.column(3)[..4], [1.0; 4]);
        // m = (2 + 2 + 4 + 36) / 8, s² = (2 4.5² + 3.5² + 1.5² + 4 3.5²) / 8
        assert_eq!(design.moments[0].center, 5.5);
        assert!((design.moments[0].scale.powi(2) - 104.0 / 8.0).abs() < 1e-14);
        assert!((design.column(0)[3] - 3.5 / 13f64.sqrt()).abs() < 1e-15);
    }

    #[test]
    fn rows_of_weight_zero_decide_only_whether_a_continuous_outcome_sees_a_constant_column() {
        let table = table(&[&[1.0, 1.0, 1.0, 2.0], &[1.0, 2.0, 3.0, 5.0]]);
        let weights = [1.0, 1.0, 1.0, 0.0];
        let binary = Samples::binary(&table, &[true, false, true, false])
            .unwrap()
            .with_weights(&weights)
            .unwrap();
        let design = Design::new(&ElasticNet::new(), &binary).unwrap();
        assert_eq!((design.n, design.included), (3, vec![1]));
        let continuous = Samples::continuous(&table, &[1.0, 2.0, 2.5, 0.0])
            .unwrap()
            .with_weights(&weights)
            .unwrap();
        let design = Design::new(&ElasticNet::new(), &continuous).unwrap();
        assert_eq!((design.n, design.included), (4, vec![1]));
    }
}
