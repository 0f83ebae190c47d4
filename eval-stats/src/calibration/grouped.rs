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
/// # Errors
/// [`Error::NotProbability`](crate::Error::NotProbability),
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
