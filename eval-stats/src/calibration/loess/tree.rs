//! The k-d tree of one predictor, and blending between its vertices.
//!
//! Reference: Cleveland and Grosse, Stat. Comput. 1 (1991) 47-62, doi:10.1007/BF01890836.

use super::local::Local;

/// Vertices of the tree over sorted `x`, increasing.
///
/// The box of all points, widened by half a percent on both sides, is cut at the median point of a
/// cell until a cell has at most `most` points. Where the median is tied with its right neighbor,
/// the nearest point without such a tie takes its place; a cell without one is cut at the median
/// all the same. A cut that would fall on an end of its cell is not made. Cells are cut in order of
/// their making, and no more than `max(200, n)` are made.
pub(super) fn vertices(x: &[f64], most: usize) -> Vec<f64> {
    let (low, high) = (x[0], x[x.len() - 1]);
    let least = 1e-10 * low.abs().max(high.abs()) + 1e-30;
    let margin = 0.005 * (high - low).max(least);
    let limit = x.len().max(200);
    let ends = (low - margin, high + margin);
    let mut vertices = vec![ends.0, ends.1];
    let mut cells = vec![(0..x.len(), ends)];
    let mut next = 0;
    while next < cells.len() {
        let (points, (low, high)) = cells[next].clone();
        next += 1;
        if points.len() <= most || cells.len() + 2 > limit || vertices.len() + 1 > limit {
            continue;
        }
        let cut = cut_after(x, &points);
        let at = x[cut];
        if at == low || at == high {
            continue;
        }
        vertices.push(at);
        cells.push((points.start..cut + 1, (low, at)));
        cells.push((cut + 1..points.end, (at, high)));
    }
    vertices.sort_by(f64::total_cmp);
    vertices
}

/// The point at which to cut: the median or the nearest to it that differs from its successor.
fn cut_after(x: &[f64], points: &std::ops::Range<usize>) -> usize {
    let median = (points.start + 1 + points.end) / 2 - 1;
    let last = points.end - 1;
    for step in 0.. {
        // The median, then one to the right, one to the left, two to the right, ...
        for candidate in [Some(median + step), median.checked_sub(step)] {
            match candidate {
                Some(c) if c >= points.start && c < last => {
                    if x[c] != x[c + 1] {
                        return c;
                    }
                }
                _ => return median,
            }
        }
    }
    median
}

/// Where `at`, inside the box, lies between vertices: the index of the left one and the shares of
/// value and slope of the left and of the right one (Hermite's cubic).
pub(super) fn blend(vertices: &[Local], at: f64) -> (usize, [f64; 4]) {
    let right = vertices
        .partition_point(|v| v.at < at)
        .clamp(1, vertices.len() - 1);
    let (a, b) = (&vertices[right - 1], &vertices[right]);
    let width = b.at - a.at;
    let t = (at - a.at) / width;
    let s = 1.0 - t;
    let shares = [
        s * s * (1.0 + 2.0 * t),
        width * t * s * s,
        t * t * (1.0 + 2.0 * s),
        -width * t * t * s,
    ];
    (right - 1, shares)
}

/// Value of the blend at `at`, inside the box.
pub(super) fn value(vertices: &[Local], at: f64) -> f64 {
    let (left, [v0, s0, v1, s1]) = blend(vertices, at);
    let (a, b) = (&vertices[left], &vertices[left + 1]);
    v0 * a.value + v1 * b.value + (s0 * a.slope + s1 * b.slope)
}
