//! The smooth curve of two normal distributions.

use std::fmt;

use super::{RocCurve, check_share};
use crate::error::{Error, Result};
use crate::special::{normal_cdf, normal_quantile};

/// Binormal curve `Φ⁻¹(specificity) = A + B Φ⁻¹(sensitivity)`, a straight line on normal paper.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct BinormalCurve {
    /// `A`.
    pub intercept: f64,
    /// `B`, below 0: specificity falls as sensitivity rises; 0 if all points share a specificity.
    pub slope: f64,
    /// Area under the smooth curve, `Φ(A/√(1 + B²))`.
    pub auc: f64,
    /// Number of operating points it was fitted to.
    pub n_points: usize,
}

impl BinormalCurve {
    /// Specificity of the smooth curve at a sensitivity.
    ///
    /// ```
    /// use eval_stats::{Scored, roc::RocCurve};
    /// use eval_stats::special::{normal_cdf, normal_quantile};
    /// let y = [false, true, false, true, false, true];
    /// let s = Scored::new(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], &y)?;
    /// // The points inside are (se, sp) = (2/3, 1/3), (2/3, 2/3), (1/3, 2/3): with a = Φ⁻¹(2/3) the
    /// // line through (a, -a), (a, a), (-a, a) has slope -1/2 and intercept a/2.
    /// let curve = RocCurve::new(&s).binormal()?;
    /// let a = normal_quantile(2.0 / 3.0);
    /// assert!((curve.slope + 0.5).abs() < 1e-12 && (curve.intercept - a / 2.0).abs() < 1e-12);
    /// assert!((curve.specificity_at(0.5)? - normal_cdf(a / 2.0)).abs() < 1e-12);
    /// # Ok::<(), eval_stats::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a sensitivity outside `[0, 1]`.
    pub fn specificity_at(&self, sensitivity: f64) -> Result<f64> {
        check_share("sensitivity", sensitivity)?;
        // A flat line is flat to its ends.
        let along = if self.slope == 0.0 {
            0.0
        } else {
            self.slope * normal_quantile(sensitivity)
        };
        Ok(normal_cdf(self.intercept + along))
    }
}

impl fmt::Display for BinormalCurve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "binormal curve of {} points, A = {:.4}, B = {:.4}, AUC {:.4}",
            self.n_points, self.intercept, self.slope, self.auc
        )
    }
}

impl RocCurve {
    /// Binormal curve by least squares of `Φ⁻¹(specificity)` on `Φ⁻¹(sensitivity)` over the operating
    /// points inside the unit square, as pROC's `smooth(method = "binormal")`.
    ///
    /// Not a maximum likelihood fit; a description for figures, not for inference.
    ///
    /// ```
    /// use eval_stats::{Scored, roc::RocCurve};
    /// let y = [false, false, false, true, false, true, true, true];
    /// let s = Scored::new(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0], &y)?;
    /// // Inside are (se, sp) = (3/4, 3/4) alone: one point has no line.
    /// assert!(RocCurve::new(&s).binormal().is_err());
    /// # Ok::<(), eval_stats::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::TooFew`] with fewer than two such points, [`Error::Undefined`] if they share one
    /// sensitivity.
    pub fn binormal(&self) -> Result<BinormalCurve> {
        let inside = |share: f64| share > 0.0 && share < 1.0;
        let points: Vec<(f64, f64)> = self
            .points
            .iter()
            .filter(|p| inside(p.sensitivity) && inside(p.specificity))
            .map(|p| {
                (
                    normal_quantile(p.sensitivity),
                    normal_quantile(p.specificity),
                )
            })
            .collect();
        let n = points.len() as f64;
        if points.len() < 2 {
            return Err(Error::TooFew {
                what: "operating points inside the unit square",
                found: points.len(),
                required: 2,
            });
        }
        // The sensitivities decrease along the curve: equal ends are equal all over.
        if points[0].0 == points[points.len() - 1].0 {
            return Err(Error::Undefined {
                statistic: "the binormal curve",
                reason: "its operating points share one sensitivity",
            });
        }
        let mean_x = points.iter().map(|p| p.0).sum::<f64>() / n;
        let mean_y = points.iter().map(|p| p.1).sum::<f64>() / n;
        let sum = |of: &dyn Fn(f64, f64) -> f64| -> f64 {
            points
                .iter()
                .map(|&(x, y)| of(x - mean_x, y - mean_y))
                .sum()
        };
        let slope = sum(&|x, y| x * y) / sum(&|x, _| x * x);
        let intercept = mean_y - slope * mean_x;
        Ok(BinormalCurve {
            intercept,
            slope,
            auc: normal_cdf(intercept / slope.hypot(1.0)),
            n_points: points.len(),
        })
    }
}
