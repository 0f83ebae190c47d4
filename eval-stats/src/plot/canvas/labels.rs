//! Places for names beside points where they cover nothing.

use super::{Anchor, Area, Canvas, GRAY, Point, Stroke, Text};

/// Finds room for labels in a plotting area: what is taken is told first, then each label gets the
/// free place nearest to its point.
#[derive(Debug, Clone, PartialEq)]
pub struct Labels {
    area: Area,
    taken: Vec<Area>,
    ink: Vec<Point>,
}

/// Distance of sampled points on curves.
const SAMPLE: f64 = 8.0;

impl Labels {
    /// An empty area.
    pub fn new(area: Area) -> Self {
        Self {
            area,
            taken: Vec::new(),
            ink: Vec::new(),
        }
    }

    /// Keeps labels off a rectangle.
    pub fn avoid(&mut self, area: Area) {
        self.taken.push(area);
    }

    /// Keeps labels off a mark.
    pub fn avoid_dot(&mut self, (x, y): Point, radius: f64) {
        self.avoid(Area::new(x - radius, y - radius, x + radius, y + radius));
    }

    /// Keeps labels off a line where there is room elsewhere.
    pub fn avoid_line(&mut self, points: &[Point]) {
        for w in points.windows(2) {
            let length = (w[1].0 - w[0].0).hypot(w[1].1 - w[0].1);
            if !length.is_finite() {
                continue;
            }
            let steps = (length / SAMPLE).ceil().clamp(1.0, 1000.0);
            for i in 0..steps as usize {
                let t = i as f64 / steps;
                self.ink.push((
                    w[0].0 + t * (w[1].0 - w[0].0),
                    w[0].1 + t * (w[1].1 - w[0].1),
                ));
            }
        }
    }

    /// Writes a label near a point, with a thin line to it where it stands apart. Nothing is
    /// written, and `false` returned, where no place is free of other labels and marks.
    pub fn place(&mut self, canvas: &mut Canvas, text: &str, at: Point, style: Text) -> bool {
        let (width, height) = (style.width(text), 1.15 * style.size);
        let mut best: Option<(f64, Area, f64)> = None;
        for ring in 0..7 {
            let distance = 16.0 + 16.0 * f64::from(ring);
            for step in 0..16 {
                // Right first, then clockwise and counterclockwise by turns.
                let turn = f64::from((step + 1) / 2) * if step % 2 == 0 { 1.0 } else { -1.0 };
                let angle = turn * std::f64::consts::PI / 8.0;
                let area = around(at, distance, angle, width, height);
                let Some(cost) = self.cost(&area) else {
                    continue;
                };
                let cost = cost + 0.25 * f64::from(ring) + 0.01 * f64::from(step);
                if best.as_ref().is_none_or(|(least, ..)| cost < *least) {
                    best = Some((cost, area, distance));
                }
            }
        }
        let Some((_, area, distance)) = best else {
            return false;
        };
        let (x, y) = area.center();
        if distance > 40.0 {
            let edge = (
                at.0.clamp(area.left - 2.0, area.right + 2.0),
                at.1.clamp(area.top, area.bottom),
            );
            canvas.line(&[at, edge], Stroke::new(GRAY, 1.5));
        }
        canvas.label(text, (x, y), style.anchor(Anchor::Middle));
        self.taken.push(area);
        true
    }

    /// A corner with room for a box of this size: upper left, lower right, upper right or lower
    /// left, the first that covers no mark and least of the lines; `None` if marks stand in all.
    pub fn free_corner(&self, width: f64, height: f64) -> Option<Area> {
        const INSET: f64 = 14.0;
        let a = &self.area;
        let (l, r) = (a.left + INSET, a.right - INSET - width);
        let (t, b) = (a.top + INSET, a.bottom - INSET - height);
        let mut best: Option<(f64, Area)> = None;
        for (x, y) in [(l, t), (r, b), (r, t), (l, b)] {
            let area = Area::new(x, y, x + width, y + height);
            if let Some(cost) = self.cost(&area)
                && best.as_ref().is_none_or(|(least, _)| cost < *least)
            {
                best = Some((cost, area));
            }
        }
        best.filter(|(cost, _)| *cost == 0.0).map(|(_, area)| area)
    }

    /// Points of lines below a rectangle; `None` if it is not free.
    fn cost(&self, area: &Area) -> Option<f64> {
        if !self.area.encloses(area) || self.taken.iter().any(|t| t.overlap(area) > 0.0) {
            return None;
        }
        let covered = self.ink.iter().filter(|&&p| area.contains(p)).count();
        Some(covered as f64)
    }
}

/// A box whose nearest edge lies at a distance and angle from a point.
fn around(at: Point, distance: f64, angle: f64, width: f64, height: f64) -> Area {
    let (dx, dy) = (angle.cos(), angle.sin());
    // The middle moves out until the box clears the circle.
    let x = at.0 + dx * (distance + 0.5 * width);
    let y = at.1 + dy * (distance + 0.5 * height);
    Area::new(
        x - 0.5 * width,
        y - 0.5 * height,
        x + 0.5 * width,
        y + 0.5 * height,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::Layout;

    #[test]
    fn labels_do_not_touch() {
        let mut canvas = Canvas::new(&Layout::new());
        let mut labels = Labels::new(Area::new(0.0, 0.0, 400.0, 400.0));
        for _ in 0..6 {
            assert!(labels.place(&mut canvas, "0.64", (200.0, 200.0), Text::new(20.0)));
        }
        for (i, a) in labels.taken.iter().enumerate() {
            assert!(labels.taken[..i].iter().all(|b| a.overlap(b) == 0.0));
        }
    }

    #[test]
    fn a_full_area_takes_no_label() {
        let mut canvas = Canvas::new(&Layout::new());
        let mut labels = Labels::new(Area::new(0.0, 0.0, 30.0, 30.0));
        assert!(!labels.place(&mut canvas, "far too long", (15.0, 15.0), Text::new(20.0)));
    }
}
