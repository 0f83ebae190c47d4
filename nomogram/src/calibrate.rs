//! Calibration curve corrected for optimism by the bootstrap, as `rms::calibrate`.

use eval_stats::calibration::{LowessSettings, lowess_of_counts};
use eval_stats::quantile::{QuantileType, of_sorted};

use crate::design::Design;
use crate::error::{Error, Result};
use crate::irls;
use crate::numeric::interpolate;
use crate::par::map_indexed;
use crate::ranked::{Ranked, Sample};
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
    /// As [`fit`](Self::fit); [`Error::TooFewForCurve`] for fewer than ten rows.
    pub fn calibrate(&self, design: &Design, outcome: &[bool]) -> Result<CalibrationCurve> {
        if design.n_used() < 10 {
            return Err(Error::TooFewForCurve {
                rows: design.n_used(),
            });
        }
        let strategy = Strategy::new(&self.selection, design, outcome, self.few_events)?;
        let ranked = strategy.ranked(&strategy.apparent);
        let at = places(&irls::probabilities(&strategy.with_all_terms()?));
        let original = Curve::of_all(&ranked).at(&at);
        let rows = self.resamples.draw(strategy.outcome().len())?;
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
        let (mean_absolute_error, quantile_90_error) = errors(&points, &ranked.risks);
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

fn replicate(strategy: &Strategy<'_>, rows: &[usize], at: &[f64]) -> Result<Vec<Option<f64>>> {
    let sample = Sample::new(rows, strategy.outcome().len());
    let ranked = strategy.ranked(&strategy.resampled(&sample)?);
    let training = Curve::of_sample(&ranked, &sample).at(at);
    let test = Curve::of_all(&ranked).at(at);
    Ok(training
        .into_iter()
        .zip(test)
        .map(|(a, b)| Some(a? - b?))
        .collect())
}

/// The smoothed outcome over increasing probabilities.
struct Curve {
    risks: Vec<f64>,
    fitted: Vec<f64>,
}

impl Curve {
    /// Of every row once.
    fn of_all(ranked: &Ranked) -> Self {
        Self::new(&ranked.risks, &ranked.y, &vec![1; ranked.y.len()])
    }

    /// Of every row as often as it was drawn.
    fn of_sample(ranked: &Ranked, sample: &Sample<'_>) -> Self {
        let n = ranked.y.len();
        let (mut risks, mut y) = (Vec::with_capacity(n), Vec::with_capacity(n));
        let mut counts = Vec::with_capacity(n);
        for (i, &count) in ranked.counts::<u32>(sample).iter().enumerate() {
            if count > 0 {
                risks.push(ranked.risks[i]);
                y.push(ranked.y[i]);
                counts.push(count);
            }
        }
        Self::new(&risks, &y, &counts)
    }

    fn new(risks: &[f64], y: &[bool], counts: &[u32]) -> Self {
        let numbers: Vec<f64> = y.iter().map(|&y| f64::from(u8::from(y))).collect();
        let fitted = lowess_of_counts(risks, &numbers, counts, &LowessSettings::default())
            .expect("probabilities are finite, in order and not empty");
        Self {
            risks: risks.to_vec(),
            fitted,
        }
    }

    /// The curve at increasing places; `None` outside. Tied points have the same fit.
    fn at(&self, places: &[f64]) -> Vec<Option<f64>> {
        let (x, fitted) = (&self.risks, &self.fitted);
        let mut right = 0;
        let value = |&place: &f64| {
            while right < x.len() && x[right] < place {
                right += 1;
            }
            if right == x.len() || (right == 0 && x[0] > place) {
                return None;
            }
            if x[right] == place {
                return Some(fitted[right]);
            }
            let left = right - 1;
            let share = (place - x[left]) / (x[right] - x[left]);
            Some(fitted[left] + (fitted[right] - fitted[left]) * share)
        };
        places.iter().map(value).collect()
    }
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
