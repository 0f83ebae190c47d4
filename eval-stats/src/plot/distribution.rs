//! Scores by outcome.

use super::Layout;
use super::canvas::{Axis, Canvas, Dash, Entry, Frame, GRAY, Mark, Stroke, WHITE};
use super::chart::{Chart, fixed};
use super::strata::{EVENT, NO_EVENT, outcome_legend};
use crate::error::{Error, Result};
use crate::scored::Scored;

/// Scores with a name, for example of one data set or one model.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ScoreGroup<'a> {
    /// Name under the pair of distributions.
    pub name: &'a str,
    /// Scores and outcomes.
    pub scored: &'a Scored,
}

impl<'a> ScoreGroup<'a> {
    /// Scores with a name.
    pub fn new(name: &'a str, scored: &'a Scored) -> Self {
        Self { name, scored }
    }
}

/// More subjects of one outcome are not drawn one by one.
const MOST_DOTS: usize = 400;

/// Distributions of scores without and with the event: the density within the range of the data,
/// every subject as a dot (up to 400), the quartiles as a bar and the median as a white dot; a
/// dashed line at the cut-off, if one is given.
///
/// The density is Gaussian with R's default bandwidth (`bw.nrd0`); it is left out for fewer than
/// five subjects and where half of them have one score.
///
/// ```
/// use eval_stats::{Scored, plot::{Layout, ScoreGroup, score_distributions}};
/// let s = Scored::new(&[0.1, 0.4, 0.35, 0.8], &[false, false, true, true])?;
/// let svg = score_distributions(&[ScoreGroup::new("train", &s)], Some(0.375), &Layout::new())?;
/// assert!(svg.contains("train"));
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::Empty`] without groups, [`Error::OutOfRange`] for a cut-off that is not finite.
pub fn score_distributions(
    groups: &[ScoreGroup<'_>],
    cutoff: Option<f64>,
    layout: &Layout,
) -> Result<String> {
    if groups.is_empty() {
        return Err(Error::Empty { what: "groups" });
    }
    if let Some(value) = cutoff.filter(|c| !c.is_finite()) {
        return Err(Error::OutOfRange {
            name: "cut-off",
            value,
            expected: "a finite score",
        });
    }
    let scores = || {
        groups
            .iter()
            .flat_map(|g| g.scored.scores().iter().copied())
    };
    let y = if scores().chain(cutoff).all(|s| (0.0..=1.0).contains(&s)) {
        Axis::linear("Score", -0.02, 1.02)
    } else {
        Axis::covering("Score", scores().chain(cutoff), 0.04)
    };
    let total = |f: fn(&Scored) -> usize| groups.iter().map(|g| f(g.scored)).sum::<usize>() as u64;
    let mut legend = outcome_legend(total(Scored::n_events), total(Scored::n_non_events));
    if let Some(cutoff) = cutoff {
        let text = format!("cut-off {}", fixed(cutoff, 2));
        let stroke = Stroke::new(GRAY, 3.0).dash(Dash::Dashed);
        legend.push(Entry::new(Mark::Line(stroke), text));
    }
    let names: Vec<&str> = groups.iter().map(|g| g.name).collect();
    let mut chart = Chart::categories(layout, &names, y, 0.8, legend);
    let Chart { canvas, frame, .. } = &mut chart;
    if let Some(cutoff) = cutoff {
        frame.horizontal(canvas, cutoff, Stroke::new(GRAY, 3.0).dash(Dash::Dashed));
    }
    for (i, group) in groups.iter().enumerate() {
        for (event, at) in [(false, 0.29), (true, 0.71)] {
            let mut values: Vec<f64> = group
                .scored
                .scores()
                .iter()
                .zip(group.scored.outcomes())
                .filter(|(_, y)| **y == event)
                // Within what an axis holds.
                .map(|(s, _)| s.clamp(-1e300, 1e300))
                .collect();
            values.sort_by(f64::total_cmp);
            distribution(canvas, frame, i as f64 + at, &values, event);
        }
    }
    Ok(chart.finish(&format!("Scores by outcome: {}.", names.join(", "))))
}

/// One distribution around the horizontal position `x`.
fn distribution(canvas: &mut Canvas, frame: &Frame, x: f64, values: &[f64], event: bool) {
    let color = if event { EVENT } else { NO_EVENT };
    if values.is_empty() {
        return;
    }
    let half = 0.19;
    let density = Density::new(values);
    let width = |v: f64| density.as_ref().map_or(0.4 * half, |d| half * d.at(v));
    if let Some(d) = &density {
        let grid = d.grid();
        let right = grid.iter().map(|&v| frame.at(x + width(v), v));
        let left = grid.iter().rev().map(|&v| frame.at(x - width(v), v));
        let outline: Vec<_> = right.chain(left).collect();
        canvas.polygon(&outline, color.tint(0.25), 1.0);
    }
    if values.len() <= MOST_DOTS {
        for (k, &v) in values.iter().enumerate() {
            let shift = 2.0 * van_der_corput(k + 1) - 1.0;
            canvas.disk(frame.at(x + 0.85 * shift * width(v), v), 3.5, color);
        }
    }
    let quartile = |p: f64| quantile(values, p);
    let bar = [frame.at(x, quartile(0.25)), frame.at(x, quartile(0.75))];
    canvas.line(&bar, Stroke::new(WHITE, 13.0));
    canvas.line(&bar, Stroke::new(super::canvas::INK, 8.0));
    canvas.disk(frame.at(x, quartile(0.5)), 8.0, super::canvas::INK);
    canvas.disk(frame.at(x, quartile(0.5)), 5.5, WHITE);
}

/// Quantile of sorted values by linear interpolation (type 7).
fn quantile(sorted: &[f64], p: f64) -> f64 {
    let h = p * (sorted.len() - 1) as f64;
    let (i, rest) = (h.floor() as usize, h.fract());
    let next = sorted[(i + 1).min(sorted.len() - 1)];
    sorted[i] * (1.0 - rest) + next * rest
}

/// Evenly spread numbers in (0, 1), the same on every run.
fn van_der_corput(mut k: usize) -> f64 {
    let (mut value, mut digit) = (0.0, 0.5);
    while k > 0 {
        value += digit * (k & 1) as f64;
        k >>= 1;
        digit *= 0.5;
    }
    value
}

/// A density on a grid over the range of the data, its greatest value scaled to 1.
struct Density {
    low: f64,
    step: f64,
    heights: Vec<f64>,
}

const GRID: usize = 80;
const BINS: usize = 400;

impl Density {
    fn new(sorted: &[f64]) -> Option<Self> {
        let n = sorted.len() as f64;
        let (low, high) = (sorted[0], sorted[sorted.len() - 1]);
        let range = high - low;
        if sorted.len() < 5 || !range.is_finite() {
            return None;
        }
        // In shares of the range, so that huge and tiny scores do not overflow.
        let share = |v: f64| (v - low) / range;
        let mean = sorted.iter().map(|&v| share(v)).sum::<f64>() / n;
        let squares = sorted
            .iter()
            .map(|&v| (share(v) - mean).powi(2))
            .sum::<f64>();
        let spread = share(quantile(sorted, 0.75)) - share(quantile(sorted, 0.25));
        let bandwidth = 0.9 * (squares / (n - 1.0)).sqrt().min(spread / 1.34) * n.powf(-0.2);
        if bandwidth.is_nan() || bandwidth <= 1e-3 {
            return None;
        }
        let mut bins = [0.0; BINS];
        for &v in sorted {
            bins[((share(v) * BINS as f64) as usize).min(BINS - 1)] += 1.0;
        }
        let mut heights: Vec<f64> = (0..GRID)
            .map(|i| {
                let at = i as f64 / (GRID - 1) as f64;
                let kernel = |(b, count): (usize, &f64)| {
                    let z = (at - (b as f64 + 0.5) / BINS as f64) / bandwidth;
                    count * libm::exp(-0.5 * z * z)
                };
                bins.iter().enumerate().map(kernel).sum()
            })
            .collect();
        let most = heights.iter().copied().fold(0.0, f64::max);
        heights.iter_mut().for_each(|h| *h /= most);
        Some(Self {
            low,
            step: range / (GRID - 1) as f64,
            heights,
        })
    }

    fn grid(&self) -> Vec<f64> {
        (0..GRID).map(|i| self.low + self.step * i as f64).collect()
    }

    fn at(&self, value: f64) -> f64 {
        let i = ((value - self.low) / self.step).round() as usize;
        self.heights[i.min(GRID - 1)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_density_is_highest_in_the_middle() {
        let values: Vec<f64> = (0..101)
            .map(|i| (f64::from(i) / 50.0 - 1.0).powi(3))
            .collect();
        let d = Density::new(&values).unwrap();
        assert_eq!(d.at(0.0), 1.0);
        assert!(d.at(-1.0) < 0.5 && d.at(1.0) < 0.5);
        assert!(Density::new(&[1.0; 9]).is_none());
    }

    #[test]
    fn spread_numbers_start_in_the_middle() {
        let first: Vec<f64> = (1..5).map(van_der_corput).collect();
        assert_eq!(first, [0.5, 0.25, 0.75, 0.125]);
    }
}
