//! How the patients of a table are spread over the axes.

use eval_stats::plot::canvas::{Area, Color, PALETTE, Stroke};
use eval_stats::quantile::{QuantileType, of_sorted};

use super::marks::marks;
use super::sheet::Sheet;
use crate::error::{Error, Result};
use crate::frame::Frame;
use crate::nomogram::Nomogram;

/// Height of the highest density.
pub(super) const STRIP: f64 = 38.0;
/// Edge of the square of a level that all patients have.
const SQUARE: f64 = 60.0;
/// Different values up to which bars are drawn in place of a density.
const FEW: usize = 10;
/// Points of a density.
const STEPS: usize = 128;
const FILL: Color = PALETTE[5];

/// Points of all patients per axis, and their totals.
pub(super) struct Distributions {
    axes: Vec<Spread>,
    total: Vec<f64>,
}

enum Spread {
    /// Points, increasing.
    Numeric(Vec<f64>),
    /// Share of each tick.
    Levels(Vec<f64>),
}

impl Distributions {
    pub fn new(nomogram: &Nomogram, frame: &Frame) -> Result<Self> {
        let patients = nomogram.frame(frame, 0.95)?;
        if patients.is_empty() {
            return Err(Error::TooFewRows {
                rows: 0,
                columns: 1,
            });
        }
        let mut axes: Vec<Spread> = nomogram
            .axes
            .iter()
            .map(|axis| match axis.range() {
                Some(_) => Spread::Numeric(Vec::new()),
                None => Spread::Levels(vec![0.0; axis.ticks.len()]),
            })
            .collect();
        let each = 1.0 / patients.len() as f64;
        for (index, term) in patients.iter().flat_map(marks) {
            match &mut axes[index] {
                Spread::Numeric(points) => points.push(term.points),
                Spread::Levels(shares) => {
                    let mut ticks = nomogram.axes[index].ticks.iter();
                    if let Some(level) = ticks.position(|t| t.label == term.value) {
                        shares[level] += each;
                    }
                }
            }
        }
        for spread in &mut axes {
            if let Spread::Numeric(points) = spread {
                points.sort_by(f64::total_cmp);
            }
        }
        let mut total: Vec<f64> = patients.iter().map(|p| p.total_points).collect();
        total.sort_by(f64::total_cmp);
        Ok(Self { axes, total })
    }

    /// How far the squares of an axis reach from its line.
    pub fn square_reach(&self, axis: usize) -> f64 {
        match &self.axes[axis] {
            Spread::Numeric(_) => 0.0,
            Spread::Levels(shares) => shares
                .iter()
                .map(|s| 0.5 * edge(*s) + 2.0)
                .fold(0.0, f64::max),
        }
    }

    pub fn draw_axis(&self, sheet: &mut Sheet<'_>, axis: usize, y: f64) {
        let nomogram = sheet.nomogram;
        match &self.axes[axis] {
            Spread::Numeric(points) => {
                let (low, high) = super::figure::ends(&nomogram.axes[axis]);
                let (left, right) = (sheet.at.x_points(low), sheet.at.x_points(high));
                let place = |p: f64| sheet.at.x_points(p);
                let xs: Vec<f64> = points.iter().map(|&p| place(p)).collect();
                strip(sheet, &xs, (left, right), y);
            }
            Spread::Levels(shares) => {
                for (tick, &share) in nomogram.axes[axis].ticks.iter().zip(shares) {
                    let (x, half) = (sheet.at.x_points(tick.points), 0.5 * edge(share));
                    let corners = [
                        (x - half, y - half),
                        (x + half, y - half),
                        (x + half, y + half),
                        (x - half, y + half),
                        (x - half, y - half),
                    ];
                    if half > 0.0 {
                        sheet.fills.polygon(&corners, FILL, 0.35);
                        sheet.fills.line(&corners, Stroke::new(FILL, 1.5));
                    }
                }
            }
        }
    }

    pub fn draw_total(&self, sheet: &mut Sheet<'_>, y: f64) {
        let at = &sheet.at;
        let (left, right) = (at.left, at.right);
        let place = |t: f64| left + (right - left) * t / at.total_max;
        let xs: Vec<f64> = self.total.iter().map(|&t| place(t)).collect();
        strip(sheet, &xs, (left, right), y);
    }
}

fn edge(share: f64) -> f64 {
    SQUARE * share.sqrt()
}

/// Bars or a density on the line of an axis; what lies beyond the ends is not drawn. `xs` increases.
fn strip(sheet: &mut Sheet<'_>, xs: &[f64], (left, right): (f64, f64), y: f64) {
    if xs.is_empty() {
        return;
    }
    let mut values: Vec<(f64, f64)> = Vec::new();
    for run in xs.chunk_by(|a, b| (a - b).abs() < 1e-6) {
        if values.len() > FEW {
            break;
        }
        values.push((run[0], run.len() as f64));
    }
    if values.len() <= FEW {
        bars(sheet, &values, (left, right), y);
        return;
    }
    if right - left < 1.0 {
        return;
    }
    let heights = density(xs, (left, right));
    let top = heights.iter().copied().fold(0.0, f64::max);
    if top <= 0.0 {
        return;
    }
    let mut outline = vec![(left, y)];
    outline.extend(heights.iter().enumerate().map(|(i, h)| {
        let x = left + (right - left) * i as f64 / (STEPS - 1) as f64;
        (x, y - STRIP * h / top)
    }));
    outline.push((right, y));
    sheet.fills.polygon(&outline, FILL, 0.35);
    sheet.fills.line(&outline, Stroke::new(FILL, 1.5));
}

fn bars(sheet: &mut Sheet<'_>, values: &[(f64, f64)], (left, right): (f64, f64), y: f64) {
    let gap = values
        .windows(2)
        .map(|w| w[1].0 - w[0].0)
        .fold(f64::INFINITY, f64::min);
    let half = 0.5 * (0.6 * gap).clamp(1.0, 16.0);
    let top = values.iter().map(|v| v.1).fold(0.0, f64::max);
    for (x, count) in values {
        if (left - 1.0..=right + 1.0).contains(x) {
            let bar = Area::new(x - half, y - STRIP * count / top, x + half, y);
            sheet.fills.rectangle(bar, FILL.tint(0.55));
        }
    }
}

/// A Gaussian density at equal steps from end to end, with Silverman's bandwidth; the scale is arbitrary.
fn density(xs: &[f64], (left, right): (f64, f64)) -> Vec<f64> {
    let n = xs.len() as f64;
    let mean = xs.iter().sum::<f64>() / n;
    let sd = (xs.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0).max(1.0)).sqrt();
    let quantile = |q: f64| of_sorted(xs, q, QuantileType::Type7);
    let spread = (quantile(0.75) - quantile(0.25)) / 1.34;
    let spread = if spread > 0.0 { spread.min(sd) } else { sd };
    // Not finer than a line of the drawing.
    let bandwidth = (0.9 * spread * n.powf(-0.2)).max(2.0);
    // Counts in narrow bins keep large tables fast.
    const BINS: usize = 512;
    let (low, high) = (left - 4.0 * bandwidth, right + 4.0 * bandwidth);
    let mut counts = [0.0; BINS];
    for x in xs.iter().filter(|x| (low..=high).contains(*x)) {
        let bin = ((x - low) / (high - low) * BINS as f64) as usize;
        counts[bin.min(BINS - 1)] += 1.0;
    }
    (0..STEPS)
        .map(|i| {
            let at = left + (right - left) * i as f64 / (STEPS - 1) as f64;
            let kernel = |bin: usize| {
                let x = low + (high - low) * (bin as f64 + 0.5) / BINS as f64;
                (-0.5 * ((at - x) / bandwidth).powi(2)).exp()
            };
            counts
                .iter()
                .enumerate()
                .filter(|(_, c)| **c > 0.0)
                .map(|(bin, c)| c * kernel(bin))
                .sum()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_density_is_highest_where_values_are() {
        let xs: Vec<f64> = (0..400).map(|i| 100.0 + f64::from(i % 20)).collect();
        let mut xs = xs;
        xs.sort_by(f64::total_cmp);
        let d = density(&xs, (0.0, 200.0));
        let top = (0..STEPS).max_by(|&a, &b| d[a].total_cmp(&d[b])).unwrap();
        let at = 200.0 * top as f64 / (STEPS - 1) as f64;
        assert!((at - 109.5).abs() < 5.0, "{at}");
        assert!(d[0] < 1e-6 * d[top]);
    }
}
