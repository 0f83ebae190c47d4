//! Where tick labels go so that they never collide.
//!
//! Numeric axes thin out: every second, third … label is drawn, always the ones at round steps from the first. Levels are never left out:
//! they stand below or above the axis, and in further rows with a leader line where both places are taken. Where a leader would run into
//! another label, labels stand in steps instead, which no leader crosses.

use eval_stats::plot::canvas::{Anchor, Weight, text_width, wrap};

/// Side of the axis a label stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Below,
    Above,
}

/// A label with its place.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Placed {
    /// Place of the tick.
    pub tick: f64,
    /// Center of the text.
    pub center: f64,
    pub lines: Vec<String>,
    pub side: Side,
    /// Which part of the lines is flush.
    pub anchor: Anchor,
    /// Distance of the block's near edge from the near edge of the first row.
    pub offset: f64,
}

impl Placed {
    /// Where the flush part of its lines stands.
    pub fn x(&self, size: f64) -> f64 {
        let half = 0.5 * block_width(&self.lines, size);
        match self.anchor {
            Anchor::Start => self.center - half,
            Anchor::Middle => self.center,
            Anchor::End => self.center + half,
        }
    }

    /// From where to where its lines reach.
    pub fn span(&self, size: f64) -> (f64, f64) {
        let half = 0.5 * block_width(&self.lines, size);
        (self.center - half, self.center + half)
    }
}

/// All labels of an axis and the room they take on both sides.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Layout {
    pub labels: Vec<Placed>,
    pub above: f64,
    pub below: f64,
}

/// Width of a line of a label.
pub(super) fn width(text: &str, size: f64) -> f64 {
    text_width(text, size, Weight::Regular)
}

/// Gap between neighboring labels, in multiples of the font size.
const GAP: f64 = 0.6;
/// Height of a line, in multiples of the font size.
pub(super) const LINE: f64 = 1.2;

/// Labels of equally important ticks on one side: the densest regular choice without collision, with no more decimals than they need.
pub(super) fn thinned(ticks: &[(f64, String)], size: f64, bounds: (f64, f64)) -> Vec<Placed> {
    regular(ticks, size, bounds, without_common_zeros)
}

/// As [`thinned`] with all decimals, for labels that stand beside others of the same axis.
pub(super) fn thinned_as_given(
    ticks: &[(f64, String)],
    size: f64,
    bounds: (f64, f64),
) -> Vec<Placed> {
    regular(ticks, size, bounds, |texts| {
        texts.iter().map(|t| (*t).to_owned()).collect()
    })
}

fn regular(
    ticks: &[(f64, String)],
    size: f64,
    bounds: (f64, f64),
    written: fn(&[&str]) -> Vec<String>,
) -> Vec<Placed> {
    let n = ticks.len();
    for stride in 1..=n.max(1) {
        let texts: Vec<&str> = ticks.iter().step_by(stride).map(|t| t.1.as_str()).collect();
        let texts = written(&texts);
        let chosen: Vec<Placed> = ticks
            .iter()
            .step_by(stride)
            .zip(&texts)
            .map(|((x, _), t)| single(*x, t, size, bounds))
            .collect();
        let collide = |w: &[Placed]| !apart(&w[0], &w[1], size);
        let mut sorted = chosen.clone();
        sorted.sort_by(|a, b| a.center.total_cmp(&b.center));
        if !sorted.windows(2).any(collide) {
            if stride > 1 && is_uneven(ticks) {
                return filled(ticks, stride, size, bounds);
            }
            return chosen;
        }
    }
    Vec::new()
}

/// Whether ticks stand much closer in one part of an axis than in another, as those of a curve do.
fn is_uneven(ticks: &[(f64, String)]) -> bool {
    let steps = ticks.windows(2).map(|w| (w[1].0 - w[0].0).abs());
    let (least, most) = steps.fold((f64::INFINITY, 0.0), |(l, m), s| (l.min(s), f64::max(m, s)));
    most > 1.3 * least
}

/// Every `stride`-th label, and in wide stretches more of them: those of rounder steps first.
fn filled(ticks: &[(f64, String)], stride: usize, size: f64, bounds: (f64, f64)) -> Vec<Placed> {
    let mut chosen: Vec<Placed> = Vec::new();
    let mut taken = vec![false; ticks.len()];
    for step in (1..=stride).rev() {
        for (k, (x, text)) in ticks.iter().enumerate().step_by(step) {
            let label = single(*x, text, size, bounds);
            if !taken[k] && chosen.iter().all(|l| apart(l, &label, size)) {
                taken[k] = true;
                chosen.push(label);
            }
        }
    }
    chosen
}

/// Decimals that are zero in all labels say nothing once the labels between are left out.
fn without_common_zeros(texts: &[&str]) -> Vec<String> {
    let mut out: Vec<String> = texts.iter().map(|t| (*t).to_owned()).collect();
    let plain = |t: &String| t.contains('.') && !t.contains('e');
    while !out.is_empty() && out.iter().all(|t| plain(t) && t.ends_with('0')) {
        out.iter_mut().for_each(|t| {
            t.pop();
        });
    }
    if !out.is_empty() && out.iter().all(|t| t.ends_with('.')) {
        out.iter_mut().for_each(|t| {
            t.pop();
        });
    }
    out
}

fn single(x: f64, text: &str, size: f64, bounds: (f64, f64)) -> Placed {
    let half = 0.5 * width(text, size);
    let center = clamp(x, bounds.0 + half, bounds.1 - half);
    Placed {
        tick: x,
        center,
        lines: vec![text.to_owned()],
        side: Side::Below,
        anchor: Anchor::Middle,
        offset: 0.0,
    }
}

fn clamp(x: f64, low: f64, high: f64) -> f64 {
    if low > high {
        0.5 * (low + high)
    } else {
        x.clamp(low, high)
    }
}

fn apart(a: &Placed, b: &Placed, size: f64) -> bool {
    let half = |p: &Placed| 0.5 * block_width(&p.lines, size);
    (a.center - b.center).abs() >= half(a) + half(b) + GAP * size
}

fn block_width(lines: &[String], size: f64) -> f64 {
    lines.iter().map(|l| width(l, size)).fold(0.0, f64::max)
}

/// Labels by importance: each goes below, else above; where both are taken the label is left out and its tick stays.
pub(super) fn by_importance(
    ticks: &[(f64, String, usize)],
    size: f64,
    bounds: (f64, f64),
) -> Layout {
    let mut order: Vec<usize> = (0..ticks.len()).collect();
    order.sort_by_key(|&i| ticks[i].2);
    let mut labels: Vec<Placed> = Vec::new();
    for i in order {
        let (x, text, _) = &ticks[i];
        let mut candidate = single(*x, text, size, bounds);
        for side in [Side::Below, Side::Above] {
            candidate.side = side;
            if labels
                .iter()
                .all(|l| l.side != side || apart(l, &candidate, size))
            {
                labels.push(candidate);
                break;
            }
        }
    }
    finish(labels, size)
}

/// Labels of levels: all of them, in as many rows as it takes.
pub(super) fn all_levels(ticks: &[(f64, String)], size: f64, bounds: (f64, f64)) -> Layout {
    let mut sorted: Vec<&(f64, String)> = ticks.iter().collect();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let max_width = 0.45 * (bounds.1 - bounds.0);
    let mut blocks: Vec<(f64, Vec<String>)> = Vec::new();
    for (x, text) in sorted {
        let lines = wrap(text, size, Weight::Regular, max_width);
        match blocks.last_mut() {
            // Levels at the same place share one block.
            Some(last) if (last.0 - x).abs() < 0.5 => last.1.extend(lines),
            _ => blocks.push((*x, lines)),
        }
    }
    let mut labels: Vec<Placed> = Vec::new();
    for (x, lines) in &blocks {
        let place = free_place(&labels, *x, lines, size, bounds);
        labels.push(place);
    }
    if labels.iter().any(|l| is_crossed(l, &labels, size)) {
        labels = steps(&blocks, size, bounds);
    }
    finish(labels, size)
}

/// Whether the leader of a label runs into a nearer one.
fn is_crossed(label: &Placed, all: &[Placed], size: f64) -> bool {
    label.offset > 0.0
        && all.iter().any(|l| {
            l.side == label.side
                && l.offset < label.offset
                && (l.center - label.tick).abs() < 0.5 * block_width(&l.lines, size) + 1.0
        })
}

/// Labels in steps. Those of ticks in the left half run to the right from their ticks, the rightmost nearest to the axis, so that no leader
/// meets a label; those of the right half run to the left. Each half has a side; if one half is empty the other has both.
fn steps(blocks: &[(f64, Vec<String>)], size: f64, bounds: (f64, f64)) -> Vec<Placed> {
    let middle = 0.5 * (bounds.0 + bounds.1);
    let is_left = |x: f64| x <= middle;
    let mixed = blocks.iter().any(|b| is_left(b.0)) && blocks.iter().any(|b| !is_left(b.0));
    let side_of = |k: usize| match (mixed, is_left(blocks[k].0)) {
        (true, true) => Side::Below,
        (true, false) => Side::Above,
        (false, _) if k.is_multiple_of(2) => Side::Below,
        (false, _) => Side::Above,
    };
    let mut labels = Vec::new();
    for side in [Side::Below, Side::Above] {
        let mut own: Vec<usize> = (0..blocks.len()).filter(|&k| side_of(k) == side).collect();
        let to_right = own.first().is_some_and(|&k| is_left(blocks[k].0));
        if to_right {
            own.reverse();
        }
        let own = own.iter().map(|&k| &blocks[k]);
        labels.extend(one_side(own, side, to_right, size, bounds));
    }
    labels
}

/// The labels of one side, from the one nearest to the axis outward.
fn one_side<'a>(
    blocks: impl Iterator<Item = &'a (f64, Vec<String>)>,
    side: Side,
    to_right: bool,
    size: f64,
    bounds: (f64, f64),
) -> Vec<Placed> {
    let direction = if to_right { 1.0 } else { -1.0 };
    let mut labels: Vec<Placed> = Vec::new();
    let (mut offset, mut height) = (0.0, 0.0);
    // End of the row towards the labels to come.
    let mut row_end: Option<f64> = None;
    for (x, lines) in blocks {
        let half = 0.5 * block_width(lines, size);
        // The leader ends above the first letter.
        let center = x + direction * (half - 0.3 * size);
        let center = clamp(center, bounds.0 + half, bounds.1 - half);
        let fits = row_end.is_none_or(|end| direction * (end - center) >= half + GAP * size);
        if !fits {
            offset += height + 0.25 * size;
            height = 0.0;
        }
        height = f64::max(height, lines.len() as f64 * LINE * size);
        row_end = Some(center - direction * half);
        labels.push(Placed {
            tick: *x,
            center,
            lines: lines.clone(),
            side,
            anchor: if to_right { Anchor::Start } else { Anchor::End },
            offset,
        });
    }
    labels
}

/// The nearest free place for a block: rows alternate between below and above, and a leader must not cross a label.
fn free_place(
    labels: &[Placed],
    x: f64,
    lines: &[String],
    size: f64,
    bounds: (f64, f64),
) -> Placed {
    let half = 0.5 * block_width(lines, size);
    let center = clamp(x, bounds.0 + half, bounds.1 - half);
    let mut best: Option<Placed> = None;
    for side in [Side::Below, Side::Above] {
        let mut offset = 0.0;
        // Past every label of this side in turn.
        for _ in 0..=labels.len() {
            let candidate = Placed {
                tick: x,
                center,
                lines: lines.to_vec(),
                side,
                anchor: Anchor::Middle,
                offset,
            };
            match labels
                .iter()
                .filter(|l| l.side == side && overlap(l, &candidate, size))
                .map(|l| far_edge(l, size))
                .reduce(f64::max)
            {
                Some(edge) => offset = edge + 0.25 * size,
                None => break,
            }
        }
        let candidate = Placed {
            tick: x,
            center,
            lines: lines.to_vec(),
            side,
            anchor: Anchor::Middle,
            offset,
        };
        let crossed = is_crossed(&candidate, labels, size);
        let cost = offset + if crossed { 3.0 * size } else { 0.0 };
        let best_cost = best.as_ref().map_or(f64::INFINITY, |b| b.offset);
        if cost < best_cost {
            best = Some(candidate);
        }
    }
    best.expect("one of two sides is always taken")
}

fn overlap(a: &Placed, b: &Placed, size: f64) -> bool {
    let vertical = a.offset < far_edge(b, size) && b.offset < far_edge(a, size);
    vertical && !apart(a, b, size)
}

fn far_edge(p: &Placed, size: f64) -> f64 {
    p.offset + p.lines.len() as f64 * LINE * size
}

fn finish(mut labels: Vec<Placed>, size: f64) -> Layout {
    labels.sort_by(|a, b| a.tick.total_cmp(&b.tick));
    let room = |side: Side| {
        labels
            .iter()
            .filter(|l| l.side == side)
            .map(|l| far_edge(l, size))
            .fold(0.0, f64::max)
    };
    Layout {
        above: room(Side::Above),
        below: room(Side::Below),
        labels,
    }
}

/// A layout of labels that all stand below.
pub(super) fn below(labels: Vec<Placed>, size: f64) -> Layout {
    finish(labels, size)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether two drawn labels share a spot.
    fn collisions(layout: &Layout, size: f64) -> usize {
        let l = &layout.labels;
        (0..l.len())
            .flat_map(|i| (0..i).map(move |j| (i, j)))
            .filter(|&(i, j)| l[i].side == l[j].side && overlap(&l[i], &l[j], size))
            .count()
    }

    #[test]
    fn crowded_levels_all_stand_somewhere_free() {
        let ticks: Vec<(f64, String)> = (0..7)
            .map(|i| {
                (
                    100.0 + 6.0 * f64::from(i),
                    format!("a rather long level name {i}"),
                )
            })
            .collect();
        let layout = all_levels(&ticks, 7.5, (90.0, 480.0));
        assert_eq!(layout.labels.len(), 7);
        assert_eq!(collisions(&layout, 7.5), 0);
    }

    #[test]
    fn wide_stretches_of_a_curve_have_more_labels() {
        let ticks: Vec<(f64, String)> = (0..12)
            .map(|i| (f64::from(i * i) * 5.0, (1000 * i).to_string()))
            .collect();
        let placed = thinned(&ticks, 8.0, (-20.0, 700.0));
        assert!(placed.len() > 8, "{}", placed.len());
        assert_eq!(collisions(&below(placed, 8.0), 8.0), 0);
    }

    #[test]
    fn no_leader_runs_into_a_label() {
        for (start, step) in [(100.0, 6.0), (430.0, 4.0), (100.0, 33.0), (250.0, 9.0)] {
            let ticks: Vec<(f64, String)> = (0..12)
                .map(|i| {
                    let name = "a level name of some length ".repeat(1 + i % 3);
                    (start + step * i as f64, name + &i.to_string())
                })
                .collect();
            let layout = all_levels(&ticks, 7.5, (90.0, 480.0));
            assert_eq!(layout.labels.len(), 12);
            assert_eq!(collisions(&layout, 7.5), 0);
            for label in &layout.labels {
                assert!(!is_crossed(label, &layout.labels, 7.5), "{start} {step}");
            }
        }
    }

    #[test]
    fn numeric_labels_thin_out_evenly() {
        let ticks: Vec<(f64, String)> = (0..50)
            .map(|i| (10.0 * f64::from(i), format!("{}", 1000 + i)))
            .collect();
        let placed = thinned(&ticks, 7.5, (0.0, 500.0));
        assert!(placed.len() > 10 && placed.len() < 50);
        assert_eq!(collisions(&below(placed, 7.5), 7.5), 0);
    }
}
