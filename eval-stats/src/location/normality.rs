//! The Shapiro-Wilk test.

use std::fmt;

use super::{checked, log10, scale};
use crate::error::{Error, Result};
use crate::estimate::mean;
use crate::special::{ln_normal_sf, normal_quantile};

/// Shapiro-Wilk test of normality.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ShapiroWilkTest {
    /// W, in (0, 1]; near 1 for normal data.
    pub w: f64,
    /// p-value.
    pub p: f64,
    /// Its decimal logarithm.
    pub log10_p: f64,
    /// Number of values.
    pub n: usize,
}

impl ShapiroWilkTest {
    /// Name and value of every number, in the order of the fields.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, f64)> + use<> {
        [
            ("w", self.w),
            ("p", self.p),
            ("log10_p", self.log10_p),
            ("n", self.n as f64),
        ]
        .into_iter()
    }
}

impl fmt::Display for ShapiroWilkTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Shapiro-Wilk test: W = {:.5}, p = {:.4e}",
            self.w, self.p
        )
    }
}

/// Tests whether values are normally distributed: `W = (Σ a_i x_(i))²/Σ (x_i - m)²` with Royston's
/// weights and p-value (AS R94, Appl. Stat. 44, 1995, 547-551, doi:10.2307/2986146).
///
/// # Differences
/// For three values p is computed from their two spacings. R subtracts two angles and has no more
/// than 15 decimals of p; its p of 0 is 0 here only if two of the values are equal. For 4 to 11
/// values Royston's approximation ends at a smallest W, below which p is 1e-99, as in R.
///
/// ```
/// use eval_stats::location::shapiro_wilk;
/// // equal spacings of three values are as normal as can be
/// let test = shapiro_wilk(&[1.0, 2.0, 3.0])?;
/// assert!((test.w - 1.0).abs() < 1e-15 && (test.p - 1.0).abs() < 1e-7);
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::Empty`], [`Error::NotFinite`], [`Error::TooFew`] below 3 values, [`Error::TooMany`]
/// above 5000, [`Error::Undefined`] if all values are equal.
pub fn shapiro_wilk(values: &[f64]) -> Result<ShapiroWilkTest> {
    checked("values of a Shapiro-Wilk test", values, 3)?;
    if values.len() > 5000 {
        return Err(Error::TooMany {
            found: values.len(),
            limit: 5000,
        });
    }
    let unit = scale(values);
    let mut x: Vec<f64> = values.iter().map(|v| v / unit).collect();
    x.sort_by(f64::total_cmp);
    let n = x.len();
    let range = x[n - 1] - x[0];
    if range == 0.0 {
        return Err(Error::Undefined {
            statistic: "the Shapiro-Wilk test",
            reason: "all values are equal",
        });
    }
    if n == 3 {
        return Ok(of_three((x[1] - x[0]) / range, (x[2] - x[1]) / range));
    }
    // Around the median, so that a large common mean costs no digits.
    let origin = x[n / 2];
    x.iter_mut().for_each(|v| *v = (*v - origin) / range);
    let half = shapiro_weights(n);
    let weight = |i: usize| {
        if i < half.len() {
            -half[i]
        } else if n - 1 - i < half.len() {
            half[n - 1 - i]
        } else {
            0.0
        }
    };
    let center = mean(&x);
    let (mut cross, mut spread, mut weights) = (0.0, 0.0, 0.0);
    for (i, v) in x.iter().enumerate() {
        cross += weight(i) * (v - center);
        spread += (v - center) * (v - center);
        weights += weight(i) * weight(i);
    }
    // 1 - W without cancellation, as W is close to 1.
    let root = (weights * spread).sqrt();
    let gap = ((root - cross) * (root + cross) / (weights * spread)).max(0.0);
    let ln_p = ln_shapiro_p(n, gap);
    Ok(ShapiroWilkTest {
        w: 1.0 - gap,
        p: ln_p.exp(),
        log10_p: log10(ln_p),
        n,
    })
}

/// Three values with the spacings `d`, `e`: `W = 3 (d + e)²/(4 q)` with `q = d² + de + e²`, and
/// `p = 6/π (asin √W - π/3) = 6/π asin( (4 W - 3)/(2 (√W + √(3 - 3 W))) )`.
fn of_three(d: f64, e: f64) -> ShapiroWilkTest {
    let q = d * d + d * e + e * e;
    let w = 0.75 * (d + e) * (d + e) / q;
    let gap = 0.25 * (d - e) * (d - e) / q;
    let angle = (3.0 * d * e / q / (2.0 * (w.sqrt() + (3.0 * gap).sqrt()))).asin();
    let p = (6.0 / core::f64::consts::PI * angle).min(1.0);
    ShapiroWilkTest {
        w,
        p,
        log10_p: p.log10(),
        n: 3,
    }
}

/// `c[0] + c[1] x + ...`
fn polynomial(c: &[f64], x: f64) -> f64 {
    c.iter().rev().fold(0.0, |sum, c| sum * x + c)
}

/// Weights of the largest values, decreasing; those of the smallest are their negatives.
fn shapiro_weights(n: usize) -> Vec<f64> {
    const C1: [f64; 6] = [0.0, 0.221157, -0.147981, -2.07119, 4.434685, -2.706056];
    const C2: [f64; 6] = [0.0, 0.042981, -0.293762, -1.752461, 5.682633, -3.582633];
    let half = n / 2;
    let nf = n as f64;
    let m: Vec<f64> = (1..=half)
        .map(|i| -normal_quantile((i as f64 - 0.375) / (nf + 0.25)))
        .collect();
    let sum = 2.0 * m.iter().map(|v| v * v).sum::<f64>();
    let root = sum.sqrt();
    let r = 1.0 / nf.sqrt();
    let first = polynomial(&C1, r) + m[0] / root;
    let mut weights = vec![first];
    let (skip, norm) = if n > 5 {
        let second = polynomial(&C2, r) + m[1] / root;
        weights.push(second);
        let top = sum - 2.0 * (m[0] * m[0] + m[1] * m[1]);
        (
            2,
            (top / (1.0 - 2.0 * (first * first + second * second))).sqrt(),
        )
    } else {
        let top = sum - 2.0 * m[0] * m[0];
        (1, (top / (1.0 - 2.0 * first * first)).sqrt())
    };
    weights.extend(m[skip..].iter().map(|v| v / norm));
    weights
}

/// Logarithm of the p-value of `1 - W`.
fn ln_shapiro_p(n: usize, gap: f64) -> f64 {
    const C3: [f64; 4] = [0.544, -0.39978, 0.025054, -6.714e-4];
    const C4: [f64; 4] = [1.3822, -0.77857, 0.062767, -0.0020322];
    const C5: [f64; 4] = [-1.5861, -0.31082, -0.083751, 0.0038915];
    const C6: [f64; 3] = [-0.4803, -0.082676, 0.0030302];
    const G: [f64; 2] = [-2.273, 0.459];
    let nf = n as f64;
    let y = gap.ln();
    let (value, center, spread) = if n <= 11 {
        let gamma = polynomial(&G, nf);
        if y >= gamma {
            return 1e-99_f64.ln(); // as small as the approximation reaches
        }
        (
            -(gamma - y).ln(),
            polynomial(&C3, nf),
            polynomial(&C4, nf).exp(),
        )
    } else {
        let l = nf.ln();
        (y, polynomial(&C5, l), polynomial(&C6, l).exp())
    };
    ln_normal_sf((value - center) / spread)
}
