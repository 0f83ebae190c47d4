//! A curve as seen from one axis: interpolation and areas.

use super::PartialAxis;

/// The curve as points `(x, y)` by non-decreasing `x`, where `y` never increases, in whole numbers of
/// subjects. Working memory that replicates reuse.
#[derive(Debug, Clone, Default)]
pub(crate) struct Path {
    points: Vec<(u64, u64)>,
    n_x: u64,
    n_y: u64,
}

impl Path {
    /// Takes the numbers of true positives and true negatives from all positive to all negative.
    pub(crate) fn fill(
        &mut self,
        points: impl Iterator<Item = (u64, u64)>,
        n_events: usize,
        n_non_events: usize,
        axis: PartialAxis,
    ) {
        let (n1, n0) = (n_events as u64, n_non_events as u64);
        self.points.clear();
        match axis {
            PartialAxis::Specificity => {
                (self.n_x, self.n_y) = (n0, n1);
                self.points.extend(points.map(|(tp, tn)| (tn, tp)));
            }
            PartialAxis::Sensitivity => {
                (self.n_x, self.n_y) = (n1, n0);
                self.points.extend(points);
                self.points.reverse();
            }
        }
    }

    /// The curve of counts of `(events, non-events)` from the least to the most event-like score.
    pub(crate) fn fill_from_counts(
        &mut self,
        counts: &[(u32, u32)],
        n_events: usize,
        n_non_events: usize,
        axis: PartialAxis,
    ) {
        let (mut tp, mut tn) = (n_events as u64, 0);
        let points = counts.iter().filter(|&&c| c != (0, 0));
        let points = points.map(|&(events, non_events)| {
            tp -= u64::from(events);
            tn += u64::from(non_events);
            (tp, tn)
        });
        let all_positive = std::iter::once((n_events as u64, 0));
        self.fill(all_positive.chain(points), n_events, n_non_events, axis);
    }

    /// A point as shares of its classes.
    fn share(&self, (x, y): (u64, u64)) -> (f64, f64) {
        (x as f64 / self.n_x as f64, y as f64 / self.n_y as f64)
    }

    /// `y` at an `x` in `[0, 1]`: the largest there, linear between points.
    pub(crate) fn at(&self, x: f64) -> f64 {
        let next = self.points.partition_point(|&p| self.share(p).0 < x);
        let (x1, y1) = self.share(self.points[next]);
        if x1 == x {
            return y1;
        }
        let (x0, y0) = self.share(self.points[next - 1]);
        y1 + (x - x1) / (x0 - x1) * (y0 - y1)
    }

    /// Area under the points over `[low, high]`: whole pieces in whole numbers, and the cut ones.
    pub(crate) fn area(&self, low: f64, high: f64) -> f64 {
        let (mut twice_whole, mut cut) = (0u64, 0.0);
        for w in self.points.windows(2) {
            let ((x0, y0), (x1, y1)) = (self.share(w[0]), self.share(w[1]));
            if low <= x0 && x1 <= high {
                // In all below 2 n_x n_y, and so below 2^63.
                twice_whole += (w[1].0 - w[0].0) * (w[0].1 + w[1].1);
                continue;
            }
            let (from, to) = (x0.max(low), x1.min(high));
            if to > from {
                let at = |t: f64| y0 + (y1 - y0) * (t - x0) / (x1 - x0);
                cut += 0.5 * (to - from) * (at(from) + at(to));
            }
        }
        0.5 * twice_whole as f64 / (self.n_x as f64 * self.n_y as f64) + cut
    }
}
