//! Columns on one scale, and which of them are combinations of others.

use nalgebra::DMatrix;

use crate::linalg::{PivotedQr, cholesky};

/// Columns centered and scaled to unit variance, so that Newton's method meets a well-conditioned matrix whatever the units.
#[derive(Debug, Clone)]
pub(crate) struct Standardized {
    pub z: DMatrix<f64>,
    pub mean: Vec<f64>,
    pub scale: Vec<f64>,
    /// Columns of the original matrix that are neither constant nor combinations of earlier ones; the intercept is the first.
    pub kept: Vec<usize>,
}

/// Relative length below which what is left of a column counts as nothing; R's `lm` default.
const RANK_TOLERANCE: f64 = 1e-7;

/// Squared relative length from which a column is sound beyond doubt. The products of the columns show lengths down to about the square
/// root of the rounding error only; closer to [`RANK_TOLERANCE`] the QR decides.
const CLEARLY_SOUND: f64 = 1e-8;

impl Standardized {
    /// Columns of `x`, the intercept first. Rows without weight count neither for the scale nor for the rank.
    pub fn new(x: &DMatrix<f64>, weights: Option<&[f64]>) -> Self {
        let p = x.ncols();
        let in_use: Option<Vec<usize>> = weights
            .filter(|w| w.contains(&0.0))
            .map(|w| (0..w.len()).filter(|&i| w[i] > 0.0).collect());
        let (mut mean, mut scale) = (vec![0.0; p], vec![1.0; p]);
        let mut varying = vec![0];
        for j in 1..p {
            let column = &x.as_slice()[j * x.nrows()..(j + 1) * x.nrows()];
            let found = match &in_use {
                None => moments(column.iter().copied()),
                Some(rows) => moments(rows.iter().map(|&i| column[i])),
            };
            if let Some((m, s)) = found {
                (mean[j], scale[j]) = (m, s);
                varying.push(j);
            }
        }
        let mut z = if varying.len() == p {
            x.clone()
        } else {
            x.select_columns(&varying)
        };
        for (k, &j) in varying.iter().enumerate().skip(1) {
            let (m, s) = (mean[j], scale[j]);
            z.column_mut(k).iter_mut().for_each(|v| *v = (*v - m) / s);
        }
        let sound = match &in_use {
            None => sound_columns(&z),
            Some(rows) => sound_columns(&z.select_rows(rows.iter())),
        };
        let kept: Vec<usize> = sound.iter().map(|&k| varying[k]).collect();
        if sound.len() < varying.len() {
            z = z.select_columns(&sound);
        }
        Self {
            z,
            mean: kept.iter().map(|&j| mean[j]).collect(),
            scale: kept.iter().map(|&j| scale[j]).collect(),
            kept,
        }
    }

    /// Columns divided by their root mean square, all of them, without a look at their rank; none is an intercept.
    pub fn without_intercept(x: &DMatrix<f64>) -> Self {
        let p = x.ncols();
        let mut z = x.clone();
        let mut scale = vec![1.0; p];
        for (mut column, scale) in z.column_iter_mut().zip(&mut scale) {
            let length = column.norm() / (column.len() as f64).sqrt();
            if length > 0.0 && length.is_finite() {
                column /= length;
                *scale = length;
            }
        }
        Self {
            z,
            mean: vec![0.0; p],
            scale,
            kept: (0..p).collect(),
        }
    }

    /// The same columns of other rows, on the same scale.
    pub fn rows(&self, rows: &[usize]) -> Self {
        Self {
            z: self.z.select_rows(rows),
            mean: self.mean.clone(),
            scale: self.scale.clone(),
            kept: self.kept.clone(),
        }
    }

    /// Coefficients of the original columns.
    pub fn back(&self, gamma: &[f64], p: usize) -> Vec<f64> {
        let mut beta = vec![0.0; p];
        for ((&j, g), (m, s)) in self
            .kept
            .iter()
            .zip(gamma)
            .zip(self.mean.iter().zip(&self.scale))
        {
            beta[j] += g / s;
            if *m != 0.0 {
                beta[0] -= g / s * m;
            }
        }
        beta
    }

    /// Coefficients of the standardized columns; the inverse of [`back`](Self::back).
    pub fn forward(&self, beta: &[f64]) -> Vec<f64> {
        let mut gamma: Vec<f64> = self
            .kept
            .iter()
            .zip(&self.scale)
            .map(|(&j, s)| beta[j] * s)
            .collect();
        let shift: f64 = self
            .kept
            .iter()
            .zip(&self.mean)
            .map(|(&j, m)| beta[j] * m)
            .sum();
        gamma[0] += shift;
        gamma
    }

    /// Covariance of the coefficients of the original columns.
    pub fn back_covariance(&self, covariance: &DMatrix<f64>) -> DMatrix<f64> {
        let t = self.to_original();
        &t * covariance * t.transpose()
    }

    /// [`back_covariance`](Self::back_covariance) of `A Aᵀ`. Large covariances that cancel in the intercept lose half as many digits when
    /// their root is transformed.
    pub fn back_covariance_of_root(&self, root: &DMatrix<f64>) -> DMatrix<f64> {
        let moved = self.to_original() * root;
        &moved * moved.transpose()
    }

    /// The matrix that takes standardized coefficients to the original ones.
    pub fn to_original(&self) -> DMatrix<f64> {
        let r = self.kept.len();
        let mut t = DMatrix::zeros(r, r);
        for k in 0..r {
            t[(k, k)] = 1.0 / self.scale[k];
            if k > 0 {
                t[(0, k)] = -self.mean[k] / self.scale[k];
            }
        }
        t
    }
}

/// Mean and standard deviation; `None` for values that do not differ, or only by less than their own rounding.
fn moments(values: impl Iterator<Item = f64> + Clone) -> Option<(f64, f64)> {
    let first = values.clone().next()?;
    if values.clone().all(|v| v == first) {
        return None;
    }
    let (mut sum, mut n) = (0.0, 0.0);
    for v in values.clone() {
        sum += v;
        n += 1.0;
    }
    let m = sum / n;
    let s = (values.map(|v| (v - m) * (v - m)).sum::<f64>() / n).sqrt();
    (s > 0.0 && s.is_finite()).then_some((m, s))
}

/// Indices of the columns that are not combinations of earlier ones.
fn sound_columns(z: &DMatrix<f64>) -> Vec<usize> {
    if clearly_sound(z) {
        return (0..z.ncols()).collect();
    }
    let qr = PivotedQr::new(z.clone(), RANK_TOLERANCE);
    let mut sound = qr.pivot[..qr.rank].to_vec();
    sound.sort_unstable();
    sound
}

/// Whether every column keeps a good part of its length beside those before it, judged by the products of the columns.
pub(crate) fn clearly_sound(z: &DMatrix<f64>) -> bool {
    let gram = crate::products::gram(z);
    let diagonal = gram.diagonal();
    cholesky(gram).is_some_and(|factor| {
        let l = factor.l_dirty();
        (0..l.nrows()).all(|k| l[(k, k)] * l[(k, k)] > CLEARLY_SOUND * diagonal[k])
    })
}
