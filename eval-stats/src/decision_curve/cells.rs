//! Counting subjects between thresholds: everything that a decision curve asks is a sum of counts
//! over neighboring cells, so neither a curve nor a resample compares a score twice.

use crate::confusion::Threshold;
use crate::scored::Scored;

/// `2 m + 1` cells around `m` distinct thresholds: below the first, at it, between it and the next,
/// and so on.
pub(super) struct Cells {
    /// Distinct thresholds, increasing.
    sorted: Vec<f64>,
    /// Rank of every threshold of the caller among them.
    rank: Vec<usize>,
}

/// Events and non-events of a cell.
pub(super) type Cell = [u32; 2];

/// What is positive at one threshold, and what lies below it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Counts {
    pub tp: u32,
    pub fp: u32,
    /// Events with a risk below the threshold, whatever the rule.
    pub events_below: u32,
    pub non_events_below: u32,
    pub n_events: u32,
    pub n_non_events: u32,
}

impl Counts {
    pub(super) fn n(&self) -> usize {
        self.n_events as usize + self.n_non_events as usize
    }
}

impl Cells {
    /// `thresholds` are finite.
    pub(super) fn new(thresholds: &[f64]) -> Self {
        let mut sorted = thresholds.to_vec();
        sorted.sort_by(f64::total_cmp);
        sorted.dedup();
        let rank = thresholds
            .iter()
            .map(|&t| sorted.partition_point(|&s| s < t))
            .collect();
        Self { sorted, rank }
    }

    pub(super) fn len(&self) -> usize {
        2 * self.sorted.len() + 1
    }

    /// Thresholds as the caller gave them.
    pub(super) fn n_thresholds(&self) -> usize {
        self.rank.len()
    }

    /// Cell of a score if `below` thresholds are smaller than it.
    fn cell(&self, below: usize, score: f64) -> usize {
        2 * below + usize::from(self.sorted.get(below) == Some(&score))
    }

    /// Cell of any score.
    pub(super) fn of(&self, score: f64) -> usize {
        self.cell(self.sorted.partition_point(|&t| t < score), score)
    }

    /// Counts of all cells.
    pub(super) fn fill(&self, scored: &Scored) -> Vec<Cell> {
        let mut cells = vec![[0; 2]; self.len()];
        let mut below = 0;
        for tie in scored.ties() {
            while self.sorted.get(below).is_some_and(|&t| t < tie.score) {
                below += 1;
            }
            let cell = &mut cells[self.cell(below, tie.score)];
            cell[0] += tie.events;
            cell[1] += tie.non_events;
        }
        cells
    }

    /// Cell of every subject.
    pub(super) fn of_subjects(&self, scored: &Scored) -> Vec<u32> {
        let mut of_subject = vec![0; scored.n()];
        let mut below = 0;
        for &i in scored.order() {
            let score = scored.scores()[i as usize];
            while self.sorted.get(below).is_some_and(|&t| t < score) {
                below += 1;
            }
            of_subject[i as usize] = self.cell(below, score) as u32;
        }
        of_subject
    }

    /// Counts at every threshold of the caller.
    pub(super) fn counts(&self, cells: &[Cell], rule: Threshold) -> Vec<Counts> {
        let [n_events, n_non_events] = cells
            .iter()
            .fold([0; 2], |sum, cell| [sum[0] + cell[0], sum[1] + cell[1]]);
        let mut below = [0; 2];
        let by_rank: Vec<Counts> = self
            .sorted
            .iter()
            .zip(cells.chunks_exact(2))
            .map(|(&threshold, pair)| {
                let (under, at) = (pair[0], pair[1]);
                below = [below[0] + under[0], below[1] + under[1]];
                let events_below = below[0];
                let non_events_below = below[1];
                below = [below[0] + at[0], below[1] + at[1]];
                // A risk of exactly 0 is positive at no threshold.
                let negative = if rule == Threshold::Ge && threshold > 0.0 {
                    [events_below, non_events_below]
                } else {
                    below
                };
                Counts {
                    tp: n_events - negative[0],
                    fp: n_non_events - negative[1],
                    events_below,
                    non_events_below,
                    n_events,
                    n_non_events,
                }
            })
            .collect();
        self.rank.iter().map(|&r| by_rank[r]).collect()
    }
}
