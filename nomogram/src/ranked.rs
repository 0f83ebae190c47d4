//! A linear predictor of all rows in order, and samples as counts of these rows: one sort serves a resample and the rows it was drawn from.

use eval_stats::ascending;

use crate::irls::probabilities;

/// Rows drawn from those of a design.
pub(crate) struct Sample<'a> {
    /// The rows, as drawn.
    pub rows: &'a [usize],
    /// How often each row of the design was drawn.
    pub counts: Vec<u32>,
}

impl<'a> Sample<'a> {
    /// `rows` out of `n`.
    pub fn new(rows: &'a [usize], n: usize) -> Self {
        let mut counts = vec![0; n];
        rows.iter().for_each(|&row| counts[row] += 1);
        Self { rows, counts }
    }

    /// The rows that were drawn, each once.
    pub fn distinct(&self) -> Vec<usize> {
        let drawn = |&row: &usize| self.counts[row] > 0;
        (0..self.counts.len()).filter(drawn).collect()
    }
}

/// All rows by increasing linear predictor.
pub(crate) struct Ranked {
    order: Vec<u32>,
    pub linear_predictor: Vec<f64>,
    pub risks: Vec<f64>,
    pub y: Vec<bool>,
}

impl Ranked {
    pub fn new(linear_predictor: &[f64], y: &[bool]) -> Self {
        let (order, linear_predictor) = ascending(linear_predictor);
        let mut risks = probabilities(&linear_predictor);
        // Rounding must not put risks in another order.
        for i in 1..risks.len() {
            risks[i] = risks[i].max(risks[i - 1]);
        }
        Self {
            risks,
            linear_predictor,
            y: order.iter().map(|&i| y[i as usize]).collect(),
            order,
        }
    }

    /// Counts of the rows in this order.
    pub fn counts<T: From<u32>>(&self, sample: &Sample<'_>) -> Vec<T> {
        let count = |&i: &u32| T::from(sample.counts[i as usize]);
        self.order.iter().map(count).collect()
    }
}
