//! The indices of a linear predictor on rows, as `rms::validate` has them.
//!
//! | index | definition |
//! |---|---|
//! | Dxy | `2 AUC - 1` |
//! | R2 | Nagelkerke's, of the outcome regressed on the linear predictor |
//! | intercept, slope | of that regression; 0 and 1 in training |
//! | D | `(LR - 1) / n` |
//! | U | `(deviance at slope 1 - recalibrated deviance - 2) / n`; `-2/n` in training |
//! | Q | `D - U` |
//! | Brier | `mean (y - p)²`, without recalibration |
//! | g, gp | Gini's mean difference of the recalibrated linear predictor and probability |

use nalgebra::DMatrix;

use crate::error::{Error, Result};
use crate::irls::{Problem, probabilities};
use crate::newton::{Start, Wanted, deviance, newton_from};
use crate::products::dot;
use crate::ranked::{Ranked, Sample};
use crate::separation;

/// Names of [`Indices`], in order.
pub(crate) const NAMES: [&str; 10] = [
    "Dxy",
    "R2",
    "Intercept",
    "Slope",
    "D",
    "U",
    "Q",
    "B",
    "g",
    "gp",
];

/// Indices of one model on one set of rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Indices(pub [f64; 10]);

/// The outcome regressed on the linear predictor.
struct Recalibrated {
    intercept: f64,
    slope: f64,
    deviance: f64,
}

/// Ranked rows, each as often as a sample has it.
pub(crate) struct Counted<'a> {
    ranked: &'a Ranked,
    counts: Vec<f64>,
    n: f64,
    events: f64,
}

impl<'a> Counted<'a> {
    /// Every row once.
    pub fn all(ranked: &'a Ranked) -> Self {
        Self::new(ranked, vec![1.0; ranked.y.len()])
    }

    /// Every row as often as it was drawn.
    pub fn drawn(ranked: &'a Ranked, sample: &Sample<'_>) -> Self {
        Self::new(ranked, ranked.counts(sample))
    }

    fn new(ranked: &'a Ranked, counts: Vec<f64>) -> Self {
        let of_events = |(c, &y): (&f64, &bool)| if y { *c } else { 0.0 };
        Self {
            n: counts.iter().sum(),
            events: counts.iter().zip(&ranked.y).map(of_events).sum(),
            ranked,
            counts,
        }
    }

    /// Indices of a model that was fitted on these rows by maximum likelihood, and so is calibrated there; `lr` is its likelihood ratio.
    pub fn indices_of_fit(&self, lr: f64) -> Indices {
        let ranks = self.ranks();
        self.indices(
            lr,
            -2.0 / self.n,
            (0.0, 1.0),
            dot(&ranks, &self.ranked.risks),
            &ranks,
        )
    }

    /// Indices of any model, recalibrated on these rows.
    pub fn recalibrated_indices(&self) -> Result<Indices> {
        let Recalibrated {
            intercept,
            slope,
            deviance: recalibrated,
        } = self.recalibrated()?;
        let plain = deviance(&self.ranked.y, &self.ranked.linear_predictor, &self.counts);
        let moved = self.ranked.linear_predictor.iter();
        let moved: Vec<f64> = moved.map(|v| intercept + slope * v).collect();
        let ranks = self.ranks();
        Ok(self.indices(
            self.null_deviance() - recalibrated,
            (plain - recalibrated - 2.0) / self.n,
            (intercept, slope),
            dot(&ranks, &probabilities(&moved)),
            &ranks,
        ))
    }

    fn indices(
        &self,
        lr: f64,
        unreliability: f64,
        (intercept, slope): (f64, f64),
        gp: f64,
        ranks: &[f64],
    ) -> Indices {
        let n = self.n;
        let discrimination = (lr - 1.0) / n;
        Indices([
            self.dxy(),
            (-(-lr / n).exp_m1()) / (-(-self.null_deviance() / n).exp_m1()),
            intercept,
            slope,
            discrimination,
            unreliability,
            discrimination - unreliability,
            self.brier(),
            (slope * dot(ranks, &self.ranked.linear_predictor)).abs(),
            gp.abs(),
        ])
    }

    /// `-2 ln L` of the intercept alone.
    fn null_deviance(&self) -> f64 {
        null_deviance(self.events, self.n)
    }

    /// Somers' Dxy from one walk over runs of equal values: pairs that the model puts right less those it puts wrong.
    fn dxy(&self) -> f64 {
        let (lp, y) = (&self.ranked.linear_predictor, &self.ranked.y);
        // All counts of pairs are whole numbers, so that nothing is rounded.
        let (mut others_before, mut twice_right) = (0.0, 0.0);
        let mut start = 0;
        while start < lp.len() {
            let (mut run, mut end) = ([0.0; 2], start);
            while end < lp.len() && lp[end] == lp[start] {
                run[usize::from(y[end])] += self.counts[end];
                end += 1;
            }
            let [others, events] = run;
            twice_right += events * (2.0 * others_before + others);
            others_before += others;
            start = end;
        }
        twice_right / (self.events * (self.n - self.events)) - 1.0
    }

    fn brier(&self) -> f64 {
        let rows = self.ranked.risks.iter().zip(&self.ranked.y);
        let squares: Vec<f64> = rows
            .map(|(p, &y)| (if y { 1.0 - p } else { *p }).powi(2))
            .collect();
        dot(&self.counts, &squares) / self.n
    }

    /// Factors whose product with increasing values is Gini's mean difference, the mean distance of two different values.
    fn ranks(&self) -> Vec<f64> {
        let mut before = 0.0;
        let per_pair = 2.0 / (self.n * (self.n - 1.0));
        self.counts
            .iter()
            .map(|&c| {
                let factor = c * (2.0 * before + c - self.n) * per_pair;
                before += c;
                factor
            })
            .collect()
    }

    fn recalibrated(&self) -> Result<Recalibrated> {
        let (lp, y) = (&self.ranked.linear_predictor, &self.ranked.y);
        let mut drawn = lp.iter().zip(&self.counts).filter(|(_, c)| **c > 0.0);
        let first = drawn.next().map(|(v, _)| v);
        if drawn.all(|(v, _)| Some(v) == first) {
            return Ok(Recalibrated {
                intercept: (self.events / (self.n - self.events)).ln(),
                slope: 1.0,
                deviance: self.null_deviance(),
            });
        }
        let x = DMatrix::from_fn(lp.len(), 2, |i, j| if j == 0 { 1.0 } else { lp[i] });
        let problem = Problem {
            x: &x,
            y,
            weights: (self.n != lp.len() as f64 || self.counts.contains(&0.0))
                .then_some(&self.counts),
            offset: None,
        };
        // A model that predicts well elsewhere needs little recalibration.
        let solution = newton_from(&problem, &Start::Beta(&[0.0, 1.0]), Wanted::Estimate, 50);
        if !solution.converged {
            return Err(match separation::find(&problem) {
                Some(found) => found.into_error(|_| "linear predictor".to_owned()),
                None => Error::NotConverged {
                    iterations: solution.iterations,
                    last_change: solution.last_change,
                },
            });
        }
        Ok(Recalibrated {
            intercept: solution.beta[0],
            slope: solution.beta[1],
            deviance: solution.deviance,
        })
    }
}

/// `-2 ln L` of the intercept alone.
pub(crate) fn null_deviance(events: f64, n: f64) -> f64 {
    -2.0 * (events * (events / n).ln() + (n - events) * ((n - events) / n).ln())
}
