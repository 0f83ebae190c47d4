//! Axes of a nomogram and their ticks.

use eval_stats::pretty::pretty;

use crate::error::{Error, Result};
use crate::predictor::{Checked, Predictor};

/// Intervals asked of [`pretty`] for an axis, rms' default.
pub(crate) const INTERVALS: usize = 10;

/// Axis of one predictor; in an interaction, at given values of the others.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Axis {
    /// Column of the table.
    pub predictor: String,
    /// Label to draw, with the given values.
    pub label: String,
    /// Values of the interacting predictors for which the axis holds; empty without interactions.
    pub given: Vec<Condition>,
    /// Number of its group: of the axes of a group a patient uses one.
    pub group: usize,
    /// Its ticks: increasing values, or the levels with the reference first.
    pub ticks: Vec<AxisTick>,
    /// Smallest contribution to the linear predictor over the ticks of the group; 0 points.
    pub min_effect: f64,
    /// Largest contribution over the ticks of the group.
    pub max_effect: f64,
}

/// A value of an interacting predictor for which an axis holds.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Condition {
    /// Column of the table.
    pub predictor: String,
    /// The value as text.
    pub value: String,
    /// The value; `None` for a level.
    pub number: Option<f64>,
}

/// A tick of a predictor's axis.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct AxisTick {
    /// The value as text.
    pub label: String,
    /// The value; `None` for a level.
    pub value: Option<f64>,
    /// Contribution to the linear predictor.
    pub effect: f64,
    /// Points.
    pub points: f64,
}

/// A tick of the total points, linear predictor or risk axis.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ScaleTick {
    /// The value as text.
    pub label: String,
    /// The value.
    pub value: f64,
    /// Its place in total points.
    pub points: f64,
}

/// Values of a predictor with their text.
pub(crate) type NamedValues = Vec<(String, Checked)>;

/// Values at the ticks of a predictor's axis: the levels, the user's ticks, the few values seen, or round ones around the range.
pub(crate) fn tick_values(predictor: &Predictor, ticks: Option<&[f64]>) -> Result<NamedValues> {
    let Some(seen) = predictor.seen() else {
        return Ok(level_values(predictor));
    };
    let values = match ticks {
        Some(ticks) => check_ticks(&predictor.column, ticks)?,
        None if !seen.distinct.is_empty() => seen.distinct.clone(),
        None => pretty(seen.min, seen.max, INTERVALS),
    };
    let numbers = values.iter().map(|&v| Checked::Number(v));
    Ok(labels_of(&values).into_iter().zip(numbers).collect())
}

/// Values at which an interacting predictor is held: the levels, the user's values, the few values seen, or the quartiles.
pub(crate) fn given_values(predictor: &Predictor, given: Option<&[f64]>) -> NamedValues {
    let Some(seen) = predictor.seen() else {
        return level_values(predictor);
    };
    let values = match given {
        Some(values) => values.to_vec(),
        None if !seen.distinct.is_empty() => seen.distinct.clone(),
        None => {
            let mut quartiles = vec![seen.lower_quartile, seen.median, seen.upper_quartile];
            quartiles.dedup();
            quartiles
        }
    };
    let mut texts: Vec<String> = values.iter().map(|&v| short(v)).collect();
    // Values that differ in the seventh digit only need all of their digits.
    if texts.windows(2).any(|w| w[0] == w[1]) {
        texts = labels_of(&values);
    }
    let numbers = values.into_iter().map(Checked::Number);
    texts.into_iter().zip(numbers).collect()
}

fn level_values(predictor: &Predictor) -> NamedValues {
    let levels = predictor.levels().unwrap_or(&[]).iter().enumerate();
    levels
        .map(|(code, level)| (level.clone(), Checked::Level(code)))
        .collect()
}

impl Axis {
    pub(crate) fn set_points(&mut self, points_per_unit: f64) {
        for tick in &mut self.ticks {
            tick.points = (tick.effect - self.min_effect) * points_per_unit;
        }
    }

    /// Smallest and largest value on the axis; `None` for levels.
    #[must_use]
    pub fn range(&self) -> Option<(f64, f64)> {
        Some((self.ticks.first()?.value?, self.ticks.last()?.value?))
    }
}

fn check_ticks(axis: &str, ticks: &[f64]) -> Result<Vec<f64>> {
    let legal = ticks.len() >= 2
        && ticks.iter().all(|t| t.is_finite())
        && ticks.windows(2).all(|w| w[0] < w[1]);
    if legal {
        Ok(ticks.to_vec())
    } else {
        Err(Error::Ticks {
            axis: axis.to_owned(),
            ticks: ticks.to_vec(),
        })
    }
}

/// Labels with just as many decimals as tell the ticks apart.
pub(crate) fn labels_of(values: &[f64]) -> Vec<String> {
    let largest = values.iter().map(|v| v.abs()).fold(0.0, f64::max);
    if largest >= 1e7 || (largest > 0.0 && largest < 1e-4) {
        return values.iter().map(|&v| scientific(v)).collect();
    }
    let step = values
        .windows(2)
        .map(|w| w[1] - w[0])
        .fold(f64::INFINITY, f64::min);
    let resolution = if step.is_finite() {
        step
    } else {
        largest.max(1e-6)
    };
    let exact = |decimals: usize| {
        values.iter().all(|&v| {
            let shown: f64 = format!("{v:.decimals$}").parse().unwrap_or(f64::NAN);
            (shown - v).abs() <= 1e-6 * resolution.max(f64::MIN_POSITIVE)
        })
    };
    let decimals = (0..=8).find(|&d| exact(d)).unwrap_or(8);
    values
        .iter()
        .map(|&v| without_negative_zero(format!("{v:.decimals$}")))
        .collect()
}

/// A number as text with at most six significant digits.
pub(crate) fn short(v: f64) -> String {
    if v == 0.0 {
        return "0".to_owned();
    }
    let magnitude = v.abs().log10().floor() as i32;
    if !(-4..7).contains(&magnitude) {
        return scientific(v);
    }
    let decimals = (5 - magnitude).max(0) as usize;
    let text = format!("{v:.decimals$}");
    let text = if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    };
    without_negative_zero(text)
}

fn scientific(v: f64) -> String {
    if v == 0.0 {
        return "0".to_owned();
    }
    let text = format!("{v:.5e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let mantissa = mantissa.trim_end_matches('0').trim_end_matches('.');
    format!("{mantissa}e{exponent}")
}

fn without_negative_zero(text: String) -> String {
    if text.starts_with('-') && text[1..].chars().all(|c| c == '0' || c == '.') {
        text[1..].to_owned()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_have_the_decimals_they_need() {
        assert_eq!(
            labels_of(&[0.0, 0.30000000000000004, 0.6]),
            ["0.0", "0.3", "0.6"]
        );
        assert_eq!(labels_of(&[-4.0, 0.0, 4.0]), ["-4", "0", "4"]);
        assert_eq!(labels_of(&[1e-5, 1.5e-5]), ["1e-5", "1.5e-5"]);
        assert_eq!(labels_of(&[0.0, 2e7]), ["0", "2e7"]);
        assert_eq!(short(0.05), "0.05");
        assert_eq!(short(123456789.0), "1.23457e8");
    }
}
