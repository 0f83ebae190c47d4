//! The integrated discrimination improvement.

use std::fmt;

use super::{Improvement, checked};
use crate::error::{Error, Result};
use crate::estimate::{mean, variance};
use crate::scored::Scored;

/// Integrated discrimination improvement.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct IntegratedDiscrimination {
    /// The IDI with its test: the sum of both parts, and the rise in discrimination slope.
    pub idi: Improvement,
    /// Mean rise of risk among events (integrated sensitivity).
    pub events: Improvement,
    /// Mean fall of risk among non-events (integrated specificity).
    pub non_events: Improvement,
    /// Discrimination slope of the old model, `mean(p | event) - mean(p | non-event)`.
    pub slope_old: f64,
    /// Discrimination slope of the new model.
    pub slope_new: f64,
    /// IDI over the old slope; `None` unless that slope is positive.
    pub relative: Option<f64>,
}

impl fmt::Display for IntegratedDiscrimination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "IDI {} (events {:.4}, non-events {:.4})",
            self.idi, self.events.value, self.non_events.value
        )
    }
}

/// IDI of a new model over an old one. Equal models have 0 and p = 1.
///
/// ```
/// use eval_stats::{Scored, reclassification::idi};
/// let y = [true, true, false, false];
/// let old = Scored::new(&[0.5, 0.75, 0.5, 0.25], &y)?;
/// let new = Scored::new(&[0.75, 0.75, 0.25, 0.25], &y)?;
/// let idi = idi(&old, &new, 0.95)?;
/// assert_eq!((idi.events.value, idi.non_events.value, idi.idi.value), (0.125, 0.125, 0.25));
/// assert_eq!(idi.relative, Some(1.0));       // the slope rises from 0.25 to 0.5
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// As [`nri_continuous`](super::nri_continuous), and [`Error::TooFewPerClass`] with fewer than two
/// of either class, which have no variance.
pub fn idi(old: &Scored, new: &Scored, level: f64) -> Result<IntegratedDiscrimination> {
    let (p, q) = checked(old, new, level)?;
    if old.n_events() < 2 || old.n_non_events() < 2 {
        return Err(Error::TooFewPerClass {
            events: old.n_events(),
            non_events: old.n_non_events(),
            required: 2,
        });
    }
    let of_class = |class: bool, value: &dyn Fn(usize) -> f64| -> Vec<f64> {
        (0..old.n())
            .filter(|&i| old.outcomes()[i] == class)
            .map(value)
            .collect()
    };
    let events = part(&of_class(true, &|i| q[i] - p[i]), level);
    let non_events = part(&of_class(false, &|i| p[i] - q[i]), level);
    let slope = |risks: &[f64]| {
        mean(&of_class(true, &|i| risks[i])) - mean(&of_class(false, &|i| risks[i]))
    };
    let idi = Improvement::weighted_sum([(&events, 1.0), (&non_events, 1.0)], level);
    let slope_old = slope(p);
    Ok(IntegratedDiscrimination {
        idi,
        events,
        non_events,
        slope_old,
        slope_new: slope(q),
        relative: (slope_old > 0.0).then(|| idi.value / slope_old),
    })
}

fn part(improvements: &[f64], level: f64) -> Improvement {
    let n = improvements.len() as f64;
    let squares: f64 = improvements.iter().map(|d| d * d).sum();
    Improvement::new(
        mean(improvements),
        variance(improvements) / n,
        squares / (n * n),
        level,
    )
}
