//! Distribution of intraclass correlations, and inter- against intra-observer.

use plotters::style::text_anchor::HPos;

use super::Layout;
use super::canvas::{Area, Axis, Canvas, Frame, GRAY, INK, PALETTE, TICK_TEXT, page_width, render};
use crate::error::{Error, Result};
use crate::icc::FeatureIcc;

const CUTS: [f64; 2] = [0.60, 0.80];
/// Values below are drawn in the lowest bin.
const LOWEST: f64 = -0.2;

/// Histogram of coefficients in bins of 0.05 with lines at 0.60 and 0.80, and the count of features in each range.
///
/// # Errors
/// [`Error::Figure`] without any defined coefficient.
pub fn icc_histogram(features: &[FeatureIcc], layout: &Layout) -> Result<String> {
    const BINS: usize = 24;
    let values: Vec<f64> = features
        .iter()
        .map(|f| f.icc.value)
        .filter(|v| !v.is_nan())
        .collect();
    let undefined = features.len() - values.len();
    check(values.len())?;
    let mut counts = [0usize; BINS];
    for v in &values {
        // Counted in twentieths with a little slack, so that 0.80 opens its bin as the labels do.
        let bin = ((v - LOWEST) * 20.0 + 1e-9)
            .floor()
            .clamp(0.0, (BINS - 1) as f64);
        counts[bin as usize] += 1;
    }
    let tallest = *counts.iter().max().unwrap_or(&1) as f64;
    let area = plot_area(layout);
    let rows = 3 + i32::from(undefined > 0);
    render(layout, area.bottom + 100 + 34 * rows, |canvas| {
        let x = Axis {
            label: "Intraclass correlation",
            low: LOWEST,
            high: 1.0,
        };
        let y = Axis {
            label: "Features",
            low: 0.0,
            high: 1.08 * tallest,
        };
        let frame = Frame::new(canvas, area, x, y)?;
        for (bin, &count) in counts.iter().enumerate() {
            let start = LOWEST + bin as f64 / 20.0;
            let (a, b) = (frame.at(start, count as f64), frame.at(start + 0.05, 0.0));
            if count > 0 {
                canvas.rectangle((a.0 + 1, a.1), (b.0 - 1, b.1), range_color(start + 0.025))?;
            }
        }
        for cut in CUTS {
            frame.vertical(cut, INK)?;
        }
        let count = |low: f64, high: f64| values.iter().filter(|&&v| v >= low && v < high).count();
        let mut lines = vec![
            (
                format!("ICC \u{2265} 0.80: {}", count(CUTS[1], f64::INFINITY)),
                range_color(0.9),
            ),
            (
                format!("0.60 to 0.80: {}", count(CUTS[0], CUTS[1])),
                range_color(0.7),
            ),
            (
                format!("below 0.60: {}", count(f64::NEG_INFINITY, CUTS[0])),
                range_color(0.1),
            ),
        ];
        if undefined > 0 {
            lines.push((format!("constant: {undefined}"), plotters::style::WHITE));
        }
        legend(canvas, area.bottom + 95, &lines)
    })
}

/// Inter-observer against intra-observer coefficient of every feature, with lines at 0.60 and 0.80. Features both lists
/// define are drawn; values below -0.2 stand on the edge.
///
/// # Errors
/// [`Error::Figure`] if the lists name different features or share no defined coefficient.
pub fn icc_scatter(inter: &[FeatureIcc], intra: &[FeatureIcc], layout: &Layout) -> Result<String> {
    if inter.len() != intra.len() || inter.iter().zip(intra).any(|(a, b)| a.name != b.name) {
        return Err(Error::Figure {
            reason: "inter and intra lists name different features".to_owned(),
        });
    }
    let pairs: Vec<(f64, f64)> = inter
        .iter()
        .zip(intra)
        .map(|(a, b)| (a.icc.value, b.icc.value))
        .filter(|(a, b)| !a.is_nan() && !b.is_nan())
        .collect();
    check(pairs.len())?;
    let mut area = plot_area(layout);
    area.bottom = area.top + (area.right - area.left);
    render(layout, area.bottom + 100 + 34 * 2, |canvas| {
        let x = Axis {
            label: "Inter-observer ICC",
            low: LOWEST,
            high: 1.0,
        };
        let y = Axis {
            label: "Intra-observer ICC",
            low: LOWEST,
            high: 1.0,
        };
        let frame = Frame::new(canvas, area, x, y)?;
        let kept = |p: &(f64, f64)| p.0 >= CUTS[1] && p.1 >= CUTS[1];
        for pair in &pairs {
            let color = if kept(pair) { PALETTE[0] } else { GRAY };
            canvas.dot(frame.at(pair.0.max(LOWEST), pair.1.max(LOWEST)), 5, color)?;
        }
        for cut in CUTS {
            frame.vertical(cut, INK)?;
            frame.horizontal(cut, INK)?;
        }
        let n = pairs.iter().filter(|p| kept(p)).count();
        let lines = [
            (format!("both \u{2265} 0.80: {n}"), PALETTE[0]),
            (format!("other: {}", pairs.len() - n), GRAY),
        ];
        legend(canvas, area.bottom + 95, &lines)
    })
}

fn plot_area(layout: &Layout) -> Area {
    let top = layout.top() + 10;
    Area {
        left: 130,
        top,
        right: page_width(layout) - 30,
        bottom: top + 480,
    }
}

fn check(n: usize) -> Result<()> {
    if n == 0 {
        return Err(Error::Figure {
            reason: "expected at least one defined coefficient, found none".to_owned(),
        });
    }
    Ok(())
}

fn range_color(value: f64) -> plotters::style::RGBColor {
    if value >= CUTS[1] {
        PALETTE[0]
    } else if value >= CUTS[0] {
        PALETTE[5]
    } else {
        GRAY
    }
}

fn legend(
    canvas: &Canvas<'_>,
    top: i32,
    lines: &[(String, plotters::style::RGBColor)],
) -> Result<()> {
    for (row, (text, color)) in lines.iter().enumerate() {
        let y = top + 34 * row as i32 + 17;
        canvas.rectangle((80, y - 10), (104, y + 10), *color)?;
        canvas.text(text, (118, y), TICK_TEXT, HPos::Left, INK)?;
    }
    Ok(())
}
