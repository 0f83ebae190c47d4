//! Distribution of intraclass correlations, and inter- against intra-observer.

use eval_stats::plot::canvas::{
    Area, Axis, Canvas, Color, Dash, Frame, GRAY, Grid, INK, PALETTE, Stroke, TICK_TEXT, Text,
    WHITE,
};

use super::Layout;
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
    let mut canvas = Canvas::new(layout);
    let x = Axis::linear("Intraclass correlation", LOWEST, 1.0);
    let y = Axis::linear("Features", 0.0, 1.08 * tallest);
    let frame = Frame::fitted((0.0, canvas.top()), canvas.width(), 480.0, x, y);
    frame.draw(&mut canvas, Grid::Horizontal);
    for (bin, &count) in counts.iter().enumerate() {
        let start = LOWEST + bin as f64 / 20.0;
        let (a, b) = (frame.at(start, count as f64), frame.at(start + 0.05, 0.0));
        if count > 0 {
            let bar = Area::new(a.0 + 1.0, a.1, b.0 - 1.0, b.1);
            canvas.rectangle(bar, range_color(start + 0.025));
        }
    }
    for cut in CUTS {
        frame.vertical(&mut canvas, cut, CUT_LINE);
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
        lines.push((format!("constant: {undefined}"), WHITE));
    }
    let bottom = legend(&mut canvas, frame.bottom() + 8.0, &lines);
    Ok(canvas.finish(
        bottom,
        &description("Histogram of intraclass correlations", &lines),
    ))
}

const CUT_LINE: Stroke = Stroke {
    color: INK,
    width: 3.0,
    dash: Dash::Dashed,
};

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
    let mut canvas = Canvas::new(layout);
    let place = |height: f64| {
        let x = Axis::linear("Inter-observer ICC", LOWEST, 1.0);
        let y = Axis::linear("Intra-observer ICC", LOWEST, 1.0);
        Frame::fitted((0.0, canvas.top()), canvas.width(), height, x, y)
    };
    let frame = place(place(480.0).area.width());
    frame.draw(&mut canvas, Grid::Horizontal);
    let kept = |p: &(f64, f64)| p.0 >= CUTS[1] && p.1 >= CUTS[1];
    for pair in &pairs {
        let color = if kept(pair) { PALETTE[0] } else { GRAY };
        canvas.disk(frame.at(pair.0.max(LOWEST), pair.1.max(LOWEST)), 5.0, color);
    }
    for cut in CUTS {
        frame.vertical(&mut canvas, cut, CUT_LINE);
        frame.horizontal(&mut canvas, cut, CUT_LINE);
    }
    let n = pairs.iter().filter(|p| kept(p)).count();
    let lines = [
        (format!("both \u{2265} 0.80: {n}"), PALETTE[0]),
        (format!("other: {}", pairs.len() - n), GRAY),
    ];
    let bottom = legend(&mut canvas, frame.bottom() + 8.0, &lines);
    Ok(canvas.finish(
        bottom,
        &description("Inter- against intra-observer ICC", &lines),
    ))
}

fn check(n: usize) -> Result<()> {
    if n == 0 {
        return Err(Error::Figure {
            reason: "expected at least one defined coefficient, found none".to_owned(),
        });
    }
    Ok(())
}

fn range_color(value: f64) -> Color {
    if value >= CUTS[1] {
        PALETTE[0]
    } else if value >= CUTS[0] {
        PALETTE[5]
    } else {
        GRAY
    }
}

fn description(what: &str, lines: &[(String, Color)]) -> String {
    let counts: Vec<&str> = lines.iter().map(|l| l.0.as_str()).collect();
    format!("{what}; {}.", counts.join(", "))
}

/// Colors and their meaning; the lower end.
fn legend(canvas: &mut Canvas, top: f64, lines: &[(String, Color)]) -> f64 {
    const ROW: f64 = 34.0;
    for (row, (text, color)) in lines.iter().enumerate() {
        let y = top + ROW * (row as f64 + 0.5);
        canvas.rectangle(Area::new(80.0, y - 10.0, 104.0, y + 10.0), *color);
        canvas.text(text, (118.0, y), Text::new(TICK_TEXT));
    }
    top + ROW * lines.len() as f64
}
