//! Correlation matrix as a heat map, ordered so that similar features stand together.

use eval_stats::plot::canvas::{
    Area, Canvas, Color, LABEL_TEXT, Point, SMALL_TEXT, TICK_TEXT, Text, WHITE, shorten,
};

use super::Layout;
use crate::correlation::{Correlation, correlation_matrix};
use crate::error::{Error, Result};
use crate::table::FeatureTable;

/// Cells per side; larger tables are averaged down to it.
const MOST_CELLS: usize = 120;
/// Features up to which names are printed.
const MOST_NAMED: usize = 24;

/// Heat map of the correlations of all columns that vary, ordered by average-linkage clustering of `1 - |r|`, on a diverging scale
/// from -1 (blue) over 0 (white) to 1 (orange). Up to 24 features are named; beyond 120 neighboring features share a cell.
///
/// # Errors
/// [`Error::Figure`] for fewer than two columns that vary.
pub fn correlation_heat_map(
    table: &FeatureTable,
    method: Correlation,
    layout: &Layout,
) -> Result<String> {
    let constant = table.constant_columns();
    let usable: Vec<usize> = (0..table.n_columns())
        .filter(|j| constant.binary_search(j).is_err())
        .collect();
    if usable.len() < 2 {
        return Err(Error::Figure {
            reason: format!(
                "expected at least 2 columns that vary, found {}",
                usable.len()
            ),
        });
    }
    let table = table.select_columns(&usable);
    let r = correlation_matrix(&table, method);
    let p = usable.len();
    let order = cluster_order(p, |i, j| 1.0 - r[[i, j]].abs());
    let cells = p.min(MOST_CELLS);
    let block = |c: usize| (c * p / cells)..((c + 1) * p / cells);
    let value = |a: usize, b: usize| {
        let pairs: Vec<f64> = block(a)
            .flat_map(|i| block(b).map(move |j| (i, j)))
            .map(|(i, j)| r[[order[i], order[j]]])
            .collect();
        pairs.iter().sum::<f64>() / pairs.len() as f64
    };
    let named = p <= MOST_NAMED;
    let names: Vec<&str> = order.iter().map(|&j| table.names()[j].as_str()).collect();
    let mut canvas = Canvas::new(layout);
    let style = Text::new(SMALL_TEXT);
    let longest = names.iter().map(|n| style.width(n)).fold(0.0, f64::max);
    let left = if named {
        (longest + 30.0).min(0.5 * canvas.width()).ceil()
    } else {
        30.0
    };
    let top = canvas.top().ceil();
    let cell = ((canvas.width() - left - 30.0) / cells as f64).floor();
    for a in 0..cells {
        let y = top + cell * a as f64;
        for b in 0..cells {
            let x = left + cell * b as f64;
            let area = Area::new(x, y, x + cell, y + cell);
            canvas.rectangle(area, diverging(value(a, b)));
        }
        if let Some(name) = names.get(a).filter(|_| named) {
            let name = shorten(name, style.size, style.weight, left - 20.0);
            canvas.text(&name, (left - 12.0, y + 0.5 * cell), style.end());
        }
    }
    let side = cell * cells as f64;
    let bottom = scale(&mut canvas, (left, top + side + 40.0), side, method, p);
    let text = format!("Correlations of {p} features, similar ones beside each other.");
    Ok(canvas.finish(bottom, &text))
}

/// The color bar below the matrix; its lower end.
fn scale(canvas: &mut Canvas, at: Point, side: f64, method: Correlation, p: usize) -> f64 {
    const STEPS: i32 = 40;
    let length = side.min(400.0);
    let place = |step: i32| (at.0 + length * f64::from(step) / f64::from(STEPS)).round();
    for step in 0..STEPS {
        let value = -1.0 + (2.0 * f64::from(step) + 1.0) / f64::from(STEPS);
        let area = Area::new(place(step), at.1, place(step + 1), at.1 + 24.0);
        canvas.rectangle(area, diverging(value));
    }
    for (position, label) in [(0.0, "\u{2212}1"), (0.5, "0"), (1.0, "1")] {
        let below = (at.0 + position * length, at.1 + 44.0);
        canvas.text(label, below, Text::new(TICK_TEXT).middle());
    }
    let text = format!("{method} correlation, {p} features");
    canvas.text(&text, (at.0, at.1 + 84.0), Text::new(LABEL_TEXT));
    at.1 + 98.0
}

/// Blue over white to orange.
fn diverging(r: f64) -> Color {
    let end = if r < 0.0 {
        Color(0, 114, 178)
    } else {
        Color(213, 94, 0)
    };
    // An undefined correlation is white.
    if r.is_nan() { WHITE } else { end.tint(r.abs()) }
}

/// Leaf order of average-linkage clustering, by nearest-neighbor chains in O(p²).
fn cluster_order(p: usize, distance: impl Fn(usize, usize) -> f64) -> Vec<usize> {
    let mut d: Vec<f64> = (0..p * p).map(|k| distance(k / p, k % p)).collect();
    let mut members: Vec<Vec<usize>> = (0..p).map(|j| vec![j]).collect();
    let mut open: Vec<usize> = (0..p).collect();
    let mut chain: Vec<usize> = Vec::new();
    while open.len() > 1 {
        if chain.is_empty() {
            chain.push(open[0]);
        }
        let last = chain[chain.len() - 1];
        let previous = chain.len().checked_sub(2).map(|i| chain[i]);
        // Ties go to the previous link, so that the chain ends, then to the lower index.
        let mut nearest = previous.unwrap_or(usize::MAX);
        for &c in open.iter().filter(|&&c| c != last) {
            if nearest == usize::MAX || d[last * p + c] < d[last * p + nearest] {
                nearest = c;
            }
        }
        if Some(nearest) != previous {
            chain.push(nearest);
            continue;
        }
        chain.truncate(chain.len() - 2);
        let (a, b) = (last.min(nearest), last.max(nearest));
        let (na, nb) = (members[a].len() as f64, members[b].len() as f64);
        for &c in open.iter().filter(|&&c| c != a && c != b) {
            let joined = (na * d[a * p + c] + nb * d[b * p + c]) / (na + nb);
            d[a * p + c] = joined;
            d[c * p + a] = joined;
        }
        let tail = std::mem::take(&mut members[b]);
        members[a].extend(tail);
        open.retain(|&c| c != b);
    }
    std::mem::take(&mut members[open[0]])
}

#[cfg(test)]
mod tests {
    use super::cluster_order;

    #[test]
    fn neighbors_stand_together() {
        let at = [0.0, 10.0, 0.1, 10.2, 0.3, 50.0];
        let order = cluster_order(6, |i, j| f64::abs(at[i] - at[j]));
        let place = |j: usize| order.iter().position(|&o| o == j).unwrap();
        assert_eq!(place(0).abs_diff(place(2)), 1);
        assert_eq!(place(1).abs_diff(place(3)), 1);
        let mut sorted = order.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, [0, 1, 2, 3, 4, 5]);
    }
}
