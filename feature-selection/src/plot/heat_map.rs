//! Correlation matrix as a heat map, ordered so that similar features stand together.

use plotters::style::RGBColor;
use plotters::style::text_anchor::HPos;

use super::Layout;
use super::canvas::{INK, LABEL_TEXT, TICK_TEXT, page_width, render, text_width};
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
    let width = page_width(layout);
    let longest = names
        .iter()
        .map(|n| text_width(n, NAME_TEXT))
        .max()
        .unwrap_or(0);
    let left = if named {
        (longest + 30).min(width / 2)
    } else {
        30
    };
    let top = layout.top() + 10;
    let side = (width - left - 30) / cells as i32 * cells as i32;
    let cell = side / cells as i32;
    render(layout, top + side + 150, |canvas| {
        for a in 0..cells {
            let name = names.get(a).filter(|_| named);
            for b in 0..cells {
                let at = (left + b as i32 * cell, top + a as i32 * cell);
                canvas.rectangle(at, (at.0 + cell, at.1 + cell), diverging(value(a, b)))?;
            }
            if let Some(name) = name {
                let y = top + a as i32 * cell + cell / 2;
                let size = NAME_TEXT.min(
                    NAME_TEXT * f64::from(left - 30)
                        / f64::from(text_width(name, NAME_TEXT).max(1)),
                );
                canvas.text(name, (left - 12, y), size, HPos::Right, INK)?;
            }
        }
        scale(canvas, (left, top + side + 40), side, method, p)
    })
}

const NAME_TEXT: f64 = 22.0;

/// The color bar below the matrix.
fn scale(
    canvas: &super::canvas::Canvas<'_>,
    at: (i32, i32),
    side: i32,
    method: Correlation,
    p: usize,
) -> Result<()> {
    const STEPS: i32 = 40;
    let length = side.min(400);
    for step in 0..STEPS {
        let value = -1.0 + (2.0 * f64::from(step) + 1.0) / f64::from(STEPS);
        let from = at.0 + length * step / STEPS;
        canvas.rectangle(
            (from, at.1),
            (at.0 + length * (step + 1) / STEPS, at.1 + 24),
            diverging(value),
        )?;
    }
    for (position, label) in [(0, "\u{2212}1"), (length / 2, "0"), (length, "1")] {
        canvas.text(
            label,
            (at.0 + position, at.1 + 44),
            TICK_TEXT,
            HPos::Center,
            INK,
        )?;
    }
    let name = match method {
        Correlation::Pearson => "Pearson",
        Correlation::Spearman => "Spearman",
    };
    canvas.text(
        &format!("{name} correlation, {p} features"),
        (at.0, at.1 + 84),
        LABEL_TEXT,
        HPos::Left,
        INK,
    )
}

/// Blue over white to orange.
fn diverging(r: f64) -> RGBColor {
    let end = if r < 0.0 {
        (0.0, 114.0, 178.0)
    } else {
        (213.0, 94.0, 0.0)
    };
    let share = r.abs().min(1.0);
    let mix = |to: f64| (255.0 + share * (to - 255.0)).round() as u8;
    RGBColor(mix(end.0), mix(end.1), mix(end.2))
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
