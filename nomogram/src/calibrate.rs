//! Calibration curve corrected for optimism by the bootstrap, as `rms::calibrate`.

use eval_stats::calibration::{LowessCurve, LowessSettings, lowess_curve};
use eval_stats::quantile::{QuantileType, of_sorted};

use crate::design::Design;
use crate::error::{Error, Result};
use crate::irls;
use crate::numeric::interpolate;
use crate::par::map_indexed;
use crate::resample::Resamples;
use crate::strategy::Strategy;
use crate::validate::Validation;

/// A calibration curve.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct CalibrationCurve {
    /// The points of the curve: 50 equally spaced probabilities.
    pub points: Vec<CalibrationPoint>,
    /// Mean distance of the corrected curve from the diagonal over the predictions.
    pub mean_absolute_error: f64,
    /// 0.9 quantile of that distance.
    pub quantile_90_error: f64,
    /// Resamples used.
    pub n_replicates: usize,
    /// Resamples left out because their model could not be fitted.
    pub n_failed: usize,
}

/// A point of a calibration curve.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct CalibrationPoint {
    /// Predicted probability.
    pub predicted: f64,
    /// Smoothed observed frequency, apparent.
    pub apparent: f64,
    /// The same, corrected for optimism; `None` where no resample reaches.
    pub corrected: Option<f64>,
}

/// Points of the curve.
const POINTS: usize = 50;

/// The calibration curve of the model of `design` for `outcome` (one per row of the table), all terms kept; see
/// [`Validation::calibrate`] for strategies that choose terms.
///
/// # Errors
/// As [`Validation::calibrate`].
pub fn calibrate(
    design: &Design,
    outcome: &[bool],
    resamples: &Resamples,
) -> Result<CalibrationCurve> {
    Validation::new(resamples.clone()).calibrate(design, outcome)
}

impl Validation {
    /// The calibration curve of the strategy, with its choice of terms repeated in every resample.
    ///
    /// Smoothing is lowess without robustness. The curve runs from the fifth smallest to the fifth largest prediction of the model with all
    /// terms, as in rms.
    ///
    /// # Errors
    /// As [`fit`](Self::fit); [`Error::TooFewRows`] for fewer than ten rows.
    pub fn calibrate(&self, design: &Design, outcome: &[bool]) -> Result<CalibrationCurve> {
        if design.n_used() < 10 {
            return Err(Error::TooFewRows {
                rows: design.n_used(),
                columns: 10,
            });
        }
        let strategy = Strategy::new(&self.selection, design, outcome, self.few_events)?;
        let y = strategy.outcome();
        let predictions = irls::probabilities(&strategy.apparent.linear_predictor);
        let at = places(&irls::probabilities(&strategy.with_all_terms()?));
        let original = smoothed(&predictions, y, &at)?;
        let rows = self.resamples.draw(y.len())?;
        let results = map_indexed(rows.len(), |b| replicate(&strategy, &rows[b], &at));
        let (optimism, used) = mean_optimism(results)?;
        let points: Vec<CalibrationPoint> = (0..POINTS)
            .filter_map(|k| {
                let apparent = original[k]?;
                Some(CalibrationPoint {
                    predicted: at[k],
                    apparent,
                    corrected: optimism[k].map(|o| apparent - o),
                })
            })
            .collect();
        let (mean_absolute_error, quantile_90_error) = errors(&points, &predictions);
        Ok(CalibrationCurve {
            points,
            mean_absolute_error,
            quantile_90_error,
            n_replicates: used,
            n_failed: rows.len() - used,
        })
    }
}

/// Equally spaced probabilities from the fifth smallest to the fifth largest prediction.
fn places(predictions: &[f64]) -> Vec<f64> {
    let mut sorted = predictions.to_vec();
    sorted.sort_by(f64::total_cmp);
    let (low, high) = (sorted[4], sorted[sorted.len() - 5]);
    let by = (high - low) / (POINTS - 1) as f64;
    let place = |i| {
        if i + 1 == POINTS {
            high
        } else {
            low + i as f64 * by
        }
    };
    (0..POINTS).map(place).collect()
}

/// Mean over the resamples that reach each point, and the number of resamples used.
fn mean_optimism(results: Vec<Result<Vec<Option<f64>>>>) -> Result<(Vec<Option<f64>>, usize)> {
    let replicates = results.len();
    let mut sums = [(0.0, 0usize); POINTS];
    let (mut used, mut first_error) = (0, None);
    for result in results {
        match result {
            Ok(differences) => {
                used += 1;
                for (sum, d) in sums.iter_mut().zip(differences) {
                    if let Some(d) = d {
                        *sum = (sum.0 + d, sum.1 + 1);
                    }
                }
            }
            Err(e) => first_error = first_error.or(Some(e)),
        }
    }
    if let (0, Some(first)) = (used, first_error) {
        return Err(Error::NoReplicate {
            replicates,
            first: Box::new(first),
        });
    }
    let mean = |&(sum, n): &(f64, usize)| (n > 0).then(|| sum / n as f64);
    Ok((sums.iter().map(mean).collect(), used))
}

/// Smoothed outcome at the probabilities `at`; `None` outside the predictions.
fn smoothed(p: &[f64], y: &[bool], at: &[f64]) -> Result<Vec<Option<f64>>> {
    let numbers: Vec<f64> = y.iter().map(|&v| f64::from(u8::from(v))).collect();
    let LowessCurve { x, fitted, .. } = lowess_curve(p, &numbers, &LowessSettings::default())
        .expect("probabilities are finite and not empty");
    let (x, f) = without_repeats(x, fitted);
    Ok(at.iter().map(|&a| interpolate(&x, &f, a)).collect())
}

/// The first of the points at each `x`: tied points have the same fit.
fn without_repeats(mut x: Vec<f64>, mut y: Vec<f64>) -> (Vec<f64>, Vec<f64>) {
    let mut kept = 0;
    for i in 0..x.len() {
        if i == 0 || x[i] != x[kept - 1] {
            (x[kept], y[kept]) = (x[i], y[i]);
            kept += 1;
        }
    }
    x.truncate(kept);
    y.truncate(kept);
    (x, y)
}

fn replicate(strategy: &Strategy<'_>, rows: &[usize], at: &[f64]) -> Result<Vec<Option<f64>>> {
    let (fit, y) = strategy.resampled(rows)?;
    let training = smoothed(&irls::probabilities(&fit.linear_predictor), &y, at)?;
    let test = irls::probabilities(&strategy.on_all_rows(&fit));
    let test = smoothed(&test, strategy.outcome(), at)?;
    Ok(training
        .into_iter()
        .zip(test)
        .map(|(a, b)| Some(a? - b?))
        .collect())
}

fn errors(points: &[CalibrationPoint], predictions: &[f64]) -> (f64, f64) {
    let (x, f): (Vec<f64>, Vec<f64>) = points
        .iter()
        .filter_map(|p| Some((p.predicted, p.corrected?)))
        .unzip();
    let mut distances: Vec<f64> = predictions
        .iter()
        .filter_map(|&p| interpolate(&x, &f, p).map(|v| (p - v).abs()))
        .collect();
    if distances.is_empty() {
        return (0.0, 0.0);
    }
    distances.sort_by(f64::total_cmp);
    let mean = distances.iter().sum::<f64>() / distances.len() as f64;
    (mean, of_sorted(&distances, 0.9, QuantileType::Type7))
}
