//! Principal components of pooled taps, fitted on training rows.
//!
//! With `X` the training rows minus their column means `μ`, and `X = U S Vᵀ` its singular value decomposition, the
//! components are the first `k` columns of `V`, each with the sign that makes its largest loading (by absolute value;
//! the first of equals) positive. A row `x` becomes `(x - μ) V`. The variance of a component is `s² / (n - 1)`.
//! Columns are centered and not scaled, and scores are not whitened.

use nalgebra::{DMatrix, DVector};
use ndarray::{Array1, Array2, ArrayView2, Axis};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::layer::VggConfig;

/// Settings of the principal component analysis.
///
/// # Examples
/// ```
/// use deep_features::pca::Pca;
/// use ndarray::array;
///
/// let train = array![[0.0, 0.0], [1.0, 1.0], [2.0, 2.0], [3.0, 3.0]];
/// let fit = Pca::new(1).fit(train.view())?;
/// let score = fit.transform(array![[3.5, 3.5]].view())?;
/// assert!((score[(0, 0)] - 2.0 * 2f64.sqrt()).abs() < 1e-12);
/// assert!(Pca::new(2).fit(train.view()).is_err()); // the points lie on a line
/// # Ok::<(), deep_features::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pca {
    k: usize,
    shortfall: Shortfall,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shortfall {
    Refuse,
    TakeFewer,
}

impl Default for Pca {
    /// 128 components.
    fn default() -> Self {
        Self::new(128)
    }
}

impl Pca {
    /// Exactly `k` components: a table of lower rank is refused.
    pub fn new(k: usize) -> Self {
        Self {
            k,
            shortfall: Shortfall::Refuse,
        }
    }

    /// `k` components, or as many as the rank of the centered table allows.
    pub fn at_most(k: usize) -> Self {
        Self {
            k,
            shortfall: Shortfall::TakeFewer,
        }
    }

    /// Fits the components on `train` (rows samples, columns features).
    ///
    /// The rank is the number of singular values above `s_max · max(n, d) · 2.2e-16`.
    ///
    /// # Errors
    /// [`Error::RankTooLow`] with the rank there is; [`Error::NonFiniteValue`]; [`Error::NotConverged`];
    /// [`Error::Setting`] for `k = 0`.
    pub fn fit(&self, train: ArrayView2<'_, f64>) -> Result<PcaFit> {
        if self.k == 0 {
            let found = self.k.to_string();
            return Err(Error::Setting {
                setting: "principal components",
                expected: "at least 1",
                found,
            });
        }
        check_finite(train)?;
        let (n, d) = train.dim();
        let too_low = |rank| Error::RankTooLow {
            requested: self.k,
            rank,
            n_samples: n,
            n_features: d,
        };
        if n < 2 || d == 0 {
            return Err(too_low(0));
        }
        let mean = train.mean_axis(Axis(0)).ok_or_else(|| too_low(0))?;
        let (singular, loadings) = decompose(&(&train - &mean))?;
        let floor = singular[0] * n.max(d) as f64 * f64::EPSILON;
        let rank = singular.iter().filter(|&&s| s > floor).count();
        let k = match self.shortfall {
            Shortfall::Refuse if rank < self.k => return Err(too_low(rank)),
            _ => self.k.min(rank),
        };
        if k == 0 {
            return Err(too_low(rank));
        }
        let variance = |s: &f64| s * s / (n - 1) as f64;
        let total: f64 = singular.iter().map(variance).sum();
        let explained: Array1<f64> = singular[..k].iter().map(variance).collect();
        let mut components = Array2::zeros((k, d));
        for (mut component, column) in components.axis_iter_mut(Axis(0)).zip(loadings) {
            let sign = sign_of_largest(&column);
            component
                .iter_mut()
                .zip(&column)
                .for_each(|(slot, v)| *slot = sign * v);
        }
        Ok(PcaFit {
            mean,
            components,
            explained_variance_ratio: &explained / total,
            explained_variance: explained,
            n_samples: n,
        })
    }
}

/// Fitted components: the only way to transform new rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "StoredFit", into = "StoredFit")]
#[non_exhaustive]
pub struct PcaFit {
    /// Column means of the training rows, `(n_features)`.
    pub mean: Array1<f64>,
    /// Components, `(k, n_features)`: orthonormal rows, largest variance first.
    pub components: Array2<f64>,
    /// Variance of the training rows along each component, `(k)`.
    pub explained_variance: Array1<f64>,
    /// The same as a share of the total variance, in \[0, 1\].
    pub explained_variance_ratio: Array1<f64>,
    /// Training rows.
    pub n_samples: usize,
}

impl PcaFit {
    /// Number of components.
    pub fn k(&self) -> usize {
        self.components.nrows()
    }

    /// `(x - μ) V` for rows of the same columns as at fitting: `(n, k)`.
    ///
    /// # Errors
    /// [`Error::ColumnCount`]; [`Error::NonFiniteValue`].
    pub fn transform(&self, rows: ArrayView2<'_, f64>) -> Result<Array2<f64>> {
        let (expected, found) = (self.mean.len(), rows.ncols());
        if expected != found {
            return Err(Error::ColumnCount { expected, found });
        }
        check_finite(rows)?;
        Ok((&rows - &self.mean).dot(&self.components.t()))
    }

    /// Column names `dl_<network>_pca<k>_<000>`, such as `dl_vgg19_pca128_000`.
    pub fn names(&self, config: &VggConfig) -> Vec<String> {
        (0..self.k())
            .map(|i| format!("dl_{config}_pca{}_{i:03}", self.k()))
            .collect()
    }
}

/// Singular values, decreasing, and the singular vectors over the columns.
///
/// The tall one of `X` and `Xᵀ` is reduced to a triangle, and the triangle is decomposed by one-sided Jacobi
/// rotations, which find small singular values to full relative accuracy; the rank depends on them.
fn decompose(centered: &Array2<f64>) -> Result<(Vec<f64>, Vec<Vec<f64>>)> {
    let (n, d) = centered.dim();
    let tall = n >= d;
    let matrix = if tall {
        DMatrix::from_fn(n, d, |i, j| centered[(i, j)])
    } else {
        DMatrix::from_fn(d, n, |i, j| centered[(j, i)])
    };
    let m = matrix.ncols();
    let qr = matrix.qr();
    let triangle = qr.r();
    // X = Q R and Rᵀ V = U S, hence X = (Q V) S Uᵀ.
    let rows: Vec<Vec<f64>> = triangle
        .row_iter()
        .map(|row| row.iter().copied().collect())
        .collect();
    let rotated = jacobi(rows).ok_or(Error::NotConverged {
        n_samples: n,
        n_features: d,
    })?;
    let singular: Vec<f64> = rotated
        .columns
        .iter()
        .map(|u| norm_squared(u).sqrt())
        .collect();
    let mut order: Vec<usize> = (0..m).collect();
    order.sort_by(|&a, &b| singular[b].total_cmp(&singular[a]));
    let q = (!tall).then(|| qr.q());
    let vector = |&j: &usize| match &q {
        Some(q) => (q * DVector::from_column_slice(&rotated.rotations[j]))
            .iter()
            .copied()
            .collect(),
        None => rotated.columns[j].iter().map(|u| u / singular[j]).collect(),
    };
    Ok((
        order.iter().map(|&j| singular[j]).collect(),
        order.iter().map(vector).collect(),
    ))
}

/// `A V = U S`: the orthogonal columns of `U S`, and the columns of `V`.
struct Rotated {
    columns: Vec<Vec<f64>>,
    rotations: Vec<Vec<f64>>,
}

/// One-sided Jacobi: rotates pairs of columns until all are orthogonal. `None` if that takes too long.
fn jacobi(mut columns: Vec<Vec<f64>>) -> Option<Rotated> {
    const MOST_SWEEPS: usize = 60;
    let m = columns.len();
    let mut rotations: Vec<Vec<f64>> = (0..m)
        .map(|j| (0..m).map(|i| f64::from(u8::from(i == j))).collect())
        .collect();
    for _ in 0..MOST_SWEEPS {
        let mut rotated = false;
        for q in 1..m {
            for p in 0..q {
                let (a, b) = (norm_squared(&columns[p]), norm_squared(&columns[q]));
                let dot: f64 = columns[p].iter().zip(&columns[q]).map(|(x, y)| x * y).sum();
                if dot.abs() <= f64::EPSILON * m as f64 * (a * b).sqrt() {
                    continue;
                }
                rotated = true;
                // The smaller of the two angles that make the pair orthogonal.
                let zeta = (b - a) / (2.0 * dot);
                let tangent = zeta.signum() / (zeta.abs() + zeta.hypot(1.0));
                let cosine = 1.0 / tangent.hypot(1.0);
                for side in [&mut columns, &mut rotations] {
                    rotate(side, p, q, cosine, cosine * tangent);
                }
            }
        }
        if !rotated {
            return Some(Rotated { columns, rotations });
        }
    }
    None
}

fn rotate(columns: &mut [Vec<f64>], p: usize, q: usize, cosine: f64, sine: f64) {
    let (left, right) = columns.split_at_mut(q);
    for (x, y) in left[p].iter_mut().zip(&mut right[0]) {
        (*x, *y) = (cosine * *x - sine * *y, sine * *x + cosine * *y);
    }
}

fn norm_squared(column: &[f64]) -> f64 {
    column.iter().map(|x| x * x).sum()
}

fn sign_of_largest(loadings: &[f64]) -> f64 {
    let largest = loadings.iter().fold(
        0.0f64,
        |best, &v| if v.abs() > best.abs() { v } else { best },
    );
    if largest < 0.0 { -1.0 } else { 1.0 }
}

fn check_finite(table: ArrayView2<'_, f64>) -> Result<()> {
    match table.indexed_iter().find(|(_, v)| !v.is_finite()) {
        Some(((row, column), &value)) => Err(Error::NonFiniteValue { row, column, value }),
        None => Ok(()),
    }
}

/// The file form of [`PcaFit`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredFit {
    n_samples: usize,
    mean: Vec<f64>,
    explained_variance: Vec<f64>,
    explained_variance_ratio: Vec<f64>,
    components: Vec<Vec<f64>>,
}

impl From<PcaFit> for StoredFit {
    fn from(fit: PcaFit) -> Self {
        Self {
            n_samples: fit.n_samples,
            mean: fit.mean.to_vec(),
            explained_variance: fit.explained_variance.to_vec(),
            explained_variance_ratio: fit.explained_variance_ratio.to_vec(),
            components: fit
                .components
                .rows()
                .into_iter()
                .map(|row| row.to_vec())
                .collect(),
        }
    }
}

impl TryFrom<StoredFit> for PcaFit {
    type Error = Error;

    fn try_from(stored: StoredFit) -> Result<Self> {
        let (k, d) = (stored.components.len(), stored.mean.len());
        let counts = stored.components.iter().map(|row| (d, row.len()));
        let lists = [&stored.explained_variance, &stored.explained_variance_ratio]
            .map(|list| (k, list.len()));
        if let Some((expected, found)) = counts
            .chain(lists)
            .find(|(expected, found)| expected != found)
        {
            return Err(Error::ColumnCount { expected, found });
        }
        let components = Array2::from_shape_fn((k, d), |(i, j)| stored.components[i][j]);
        check_finite(components.view())?;
        Ok(Self {
            mean: stored.mean.into(),
            components,
            explained_variance: stored.explained_variance.into(),
            explained_variance_ratio: stored.explained_variance_ratio.into(),
            n_samples: stored.n_samples,
        })
    }
}
