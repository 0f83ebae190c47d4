//! Points of a calibration plot.

use crate::error::Result;
use crate::hosmer_lemeshow::{Grouping, RiskGroup, risk_groups, risk_groups_at};
use crate::proportion::{Proportion, ProportionMethod};
use crate::scored::Scored;

/// A point of a grouped calibration plot.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct CalibrationPoint {
    /// Mean predicted risk of the group.
    pub predicted: f64,
    /// Event rate of the group with its interval.
    pub observed: Proportion,
}

/// Groups subjects by risk and gives each group's event rate, by default of plots with Wilson's
/// interval.
///
/// ```
/// use eval_stats::{Scored, calibration, hosmer_lemeshow::Grouping, proportion::ProportionMethod};
/// let s = Scored::new(&[0.2, 0.2, 0.8, 0.8], &[false, true, true, true])?;
/// let points =
///     calibration::grouped(&s, 2, Grouping::EqualCounts, 0.95, ProportionMethod::Wilson)?;
/// assert_eq!((points[0].predicted, points[0].observed.successes), (0.2, 1));
/// assert_eq!((points[1].predicted, points[1].observed.successes), (0.8, 2));
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::NotProbability`](crate::Error::NotProbability) or
/// [`Error::LowerIsEvent`](crate::Error::LowerIsEvent) for scores that are not risks,
/// [`Error::OutOfRange`](crate::Error::OutOfRange) for fewer than 2 groups or for the level.
pub fn grouped(
    scored: &Scored,
    groups: usize,
    grouping: Grouping,
    level: f64,
    method: ProportionMethod,
) -> Result<Vec<CalibrationPoint>> {
    points(&risk_groups(scored, groups, grouping)?, level, method)
}

/// As [`grouped`], between given breaks: `[0, b₁), [b₁, b₂), ..., [bₖ, 1]`.
///
/// ```
/// use eval_stats::{Scored, calibration, proportion::ProportionMethod};
/// let s = Scored::new(&[0.2, 0.2, 0.8, 0.8], &[false, true, true, true])?;
/// let points = calibration::grouped_at(&s, &[0.5], 0.95, ProportionMethod::Wilson)?;
/// assert_eq!((points[1].observed.successes, points[1].observed.n), (2, 2));
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// As [`risk_groups_at`], and [`Error::OutOfRange`](crate::Error::OutOfRange) for the level.
pub fn grouped_at(
    scored: &Scored,
    breaks: &[f64],
    level: f64,
    method: ProportionMethod,
) -> Result<Vec<CalibrationPoint>> {
    points(&risk_groups_at(scored, breaks)?, level, method)
}

fn points(
    groups: &[RiskGroup],
    level: f64,
    method: ProportionMethod,
) -> Result<Vec<CalibrationPoint>> {
    let point = |g: &RiskGroup| {
        Ok(CalibrationPoint {
            predicted: g.mean_risk(),
            observed: Proportion::new(g.observed, g.n, level, method)?,
        })
    };
    groups.iter().map(point).collect()
}
