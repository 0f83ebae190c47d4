//! Percentile intervals of calibration statistics.

use std::fmt;

use super::fit::{Design, fit};
use super::recalibration::logits;
use super::smooth::{CalibrationErrors, Smoother, smooth_sorted};
use crate::bootstrap::Bootstrap;
use crate::error::{Result, check_level};
use crate::estimate::{Estimate, IntervalMethod, percent, variance};
use crate::quantile::{QuantileType, of_sorted};
use crate::r_rng::RRng;
use crate::scored::Scored;

/// A statistic with its percentile interval.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct BootstrappedIndex {
    /// The statistic on the data, the standard deviation of its replicates, and their percentiles
    /// (type 7).
    pub estimate: Estimate,
    /// Number of replicates without a value (one class only, or a separated resample), which the
    /// percentiles leave out.
    pub failed: usize,
}

impl fmt::Display for BootstrappedIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.estimate.fmt(f)?;
        if self.failed > 0 {
            write!(f, ", {} replicates failed", self.failed)?;
        }
        Ok(())
    }
}

/// Calibration statistics with percentile intervals. Made by [`bootstrap`].
///
/// A field is `None` where the statistic is undefined on the data (the function of that name says
/// why) or on all replicates but one.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct BootstrappedCalibration {
    /// Brier score.
    pub brier: Option<BootstrappedIndex>,
    /// Scaled Brier score, by the event rate of each resample.
    pub scaled_brier: Option<BootstrappedIndex>,
    /// Observed over expected events.
    pub observed_expected: Option<BootstrappedIndex>,
    /// Calibration in the large.
    pub in_the_large: Option<BootstrappedIndex>,
    /// Intercept of the joint recalibration.
    pub intercept: Option<BootstrappedIndex>,
    /// Slope.
    pub slope: Option<BootstrappedIndex>,
    /// Integrated calibration index. The replicates of this and the next three lie above the value
    /// on the data on average, as noise is an error of calibration too.
    pub ici: Option<BootstrappedIndex>,
    /// Median error.
    pub e50: Option<BootstrappedIndex>,
    /// 90th percentile of the errors.
    pub e90: Option<BootstrappedIndex>,
    /// Largest error.
    pub emax: Option<BootstrappedIndex>,
    /// Number of replicates.
    pub replicates: usize,
    /// Confidence level.
    pub level: f64,
    /// What the errors were smoothed with.
    pub smoother: Smoother,
}

impl BootstrappedCalibration {
    /// Name and statistic, in the order of the fields.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, Option<BootstrappedIndex>)> + use<> {
        [
            ("brier", self.brier),
            ("scaled_brier", self.scaled_brier),
            ("observed_expected", self.observed_expected),
            ("in_the_large", self.in_the_large),
            ("intercept", self.intercept),
            ("slope", self.slope),
            ("ici", self.ici),
            ("e50", self.e50),
            ("e90", self.e90),
            ("emax", self.emax),
        ]
        .into_iter()
    }
}

impl fmt::Display for BootstrappedCalibration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "calibration with {}% percentile intervals of {} replicates",
            percent(self.level),
            self.replicates
        )?;
        for (name, index) in self.iter() {
            if let Some(i) = index {
                let e = i.estimate;
                write!(f, "; {name} {:.3} ({:.3} to {:.3})", e.value, e.low, e.high)?;
            }
        }
        Ok(())
    }
}

/// Resamples subjects with replacement and gives percentile intervals.
///
/// A replicate draws as R's `sample.int(n, replace = TRUE)`; all statistics are read off the same
/// resamples.
///
/// # Errors
/// [`Error::NotProbability`](crate::Error::NotProbability) or
/// [`Error::LowerIsEvent`](crate::Error::LowerIsEvent) for scores that are not risks;
/// [`Error::OutOfRange`](crate::Error::OutOfRange) for the level;
/// [`Error::TooFew`](crate::Error::TooFew) for fewer than 2 replicates.
///
/// # Examples
/// ```
/// use eval_stats::Scored;
/// use eval_stats::bootstrap::Bootstrap;
/// use eval_stats::calibration::{Smoother, bootstrap};
/// let s = Scored::new(&[0.2, 0.3, 0.6, 0.7, 0.4, 0.5], &[false, true, true, true, false, false])?;
/// let b = bootstrap(&s, Smoother::default(), &Bootstrap::new().replicates(200), 0.95)?;
/// let brier = b.brier.unwrap().estimate;
/// assert!(brier.low < brier.value && brier.value < brier.high);
/// assert!(b.slope.unwrap().failed > 0); // separated resamples
/// # Ok::<(), eval_stats::Error>(())
/// ```
pub fn bootstrap(
    scored: &Scored,
    smoother: Smoother,
    bootstrap: &Bootstrap,
    level: f64,
) -> Result<BootstrappedCalibration> {
    check_level(level)?;
    let sample = Sample::new(scored)?;
    let on_data = sample.statistics(smoother);
    let replicates = bootstrap.run(
        || (Vec::new(), Sample::default()),
        |rng, (counts, resample)| {
            sample.resample(rng, counts, resample);
            resample.statistics(smoother)
        },
    )?;
    let index = |k: usize| index_of(on_data[k], replicates.iter().map(|r| r[k]), level);
    Ok(BootstrappedCalibration {
        brier: index(0),
        scaled_brier: index(1),
        observed_expected: index(2),
        in_the_large: index(3),
        intercept: index(4),
        slope: index(5),
        ici: index(6),
        e50: index(7),
        e90: index(8),
        emax: index(9),
        replicates: replicates.len(),
        level,
        smoother,
    })
}

fn index_of(
    on_data: Option<f64>,
    replicates: impl ExactSizeIterator<Item = Option<f64>>,
    level: f64,
) -> Option<BootstrappedIndex> {
    let value = on_data?;
    let n = replicates.len();
    let mut values: Vec<f64> = replicates.flatten().collect();
    if values.len() < 2 {
        return None;
    }
    values.sort_by(f64::total_cmp);
    let tail = 0.5 * (1.0 - level);
    Some(BootstrappedIndex {
        estimate: Estimate {
            value,
            std_error: Some(variance(&values).sqrt()),
            low: of_sorted(&values, tail, QuantileType::Type7),
            high: of_sorted(&values, 1.0 - tail, QuantileType::Type7),
            level,
            method: IntervalMethod::BootstrapPercentile,
        },
        failed: n - values.len(),
    })
}

/// Subjects by increasing risk.
#[derive(Debug, Clone, Default)]
pub(super) struct Sample {
    pub risks: Vec<f64>,
    pub events: Vec<f64>,
    outcomes: Vec<bool>,
    /// Empty if a risk is 0 or 1.
    logits: Vec<f64>,
    /// Position of every subject among the sorted ones.
    position: Vec<u32>,
}

impl Sample {
    pub(super) fn new(scored: &Scored) -> Result<Self> {
        let risks = scored.risks()?;
        let by_subject = logits(scored).unwrap_or_default();
        let mut sample = Self {
            position: vec![0; risks.len()],
            ..Default::default()
        };
        for (position, &i) in scored.order().iter().enumerate() {
            let i = i as usize;
            sample.position[i] = position as u32;
            let outcome = scored.outcomes()[i];
            sample.push(risks[i], outcome, by_subject.get(i).copied());
        }
        Ok(sample)
    }

    fn push(&mut self, risk: f64, outcome: bool, logit: Option<f64>) {
        self.risks.push(risk);
        self.events.push(f64::from(u8::from(outcome)));
        self.outcomes.push(outcome);
        self.logits.extend(logit);
    }

    /// Draws as many subjects as there are; no sorting, as counts are read off in order.
    pub(super) fn resample(&self, rng: &mut RRng, counts: &mut Vec<u32>, into: &mut Self) {
        let n = self.risks.len();
        counts.clear();
        counts.resize(n, 0);
        for _ in 0..n {
            counts[self.position[rng.index(n)] as usize] += 1;
        }
        into.risks.clear();
        into.events.clear();
        into.outcomes.clear();
        into.logits.clear();
        for (i, &count) in counts.iter().enumerate() {
            for _ in 0..count {
                let logit = self.logits.get(i).copied();
                into.push(self.risks[i], self.outcomes[i], logit);
            }
        }
    }

    /// Brier, scaled Brier, O/E, calibration in the large, intercept, slope, ICI, E50, E90, Emax.
    fn statistics(&self, smoother: Smoother) -> [Option<f64>; 10] {
        let n = self.risks.len() as f64;
        let observed: f64 = self.events.iter().sum();
        let expected: f64 = self.risks.iter().sum();
        let squares: f64 = self
            .events
            .iter()
            .zip(&self.risks)
            .map(|(y, p)| (y - p) * (y - p))
            .sum();
        let brier = squares / n;
        let reference = observed / n * (1.0 - observed / n);
        let (mut large, mut joint) = (None, None);
        if !self.logits.is_empty() {
            large = fit(&self.logits, &self.outcomes, Design::Offset).ok();
            joint = fit(&self.logits, &self.outcomes, Design::Slope).ok();
        }
        let errors = smooth_sorted(&self.risks, &self.events, smoother)
            .map(|fits| CalibrationErrors::new(&fits, &self.risks, smoother))
            .ok();
        [
            Some(brier),
            (reference > 0.0).then(|| 1.0 - brier / reference),
            Some(observed / expected).filter(|ratio| ratio.is_finite()),
            large.map(|f| f.intercept),
            joint.as_ref().map(|f| f.intercept),
            joint.as_ref().map(|f| f.slope),
            errors.map(|e| e.ici),
            errors.map(|e| e.e50),
            errors.map(|e| e.e90),
            errors.map(|e| e.emax),
        ]
    }
}
