//! What is known of every candidate while the selection grows.

use super::counts::Scratch;
use super::criterion::{Criterion, Needs};
use super::dependence::{Binned, Partner, Source};
use crate::par::map_with;

/// Scores this close, relative to 1 or to themselves, differ by rounding only.
const ROUNDING: f64 = 1e-13;

/// One number per candidate, from which its score follows.
pub(super) struct States {
    criterion: Criterion,
    pub(super) values: Vec<f64>,
    /// Features selected so far, for the criteria of joint information.
    partners: Vec<Partner>,
    /// How many of them each candidate has met.
    met: Vec<usize>,
}

impl States {
    pub(super) fn new(criterion: Criterion, relevance: &[f64]) -> Self {
        Self {
            criterion,
            values: relevance.iter().map(|&r| criterion.start(r)).collect(),
            partners: Vec::new(),
            met: vec![0; relevance.len()],
        }
    }

    /// Takes the feature selected last into the states of the open candidates; those of a minimum that is known to be
    /// no longer the best stay behind.
    pub(super) fn take(&mut self, source: &Source, last: usize, open: &[bool]) {
        match (self.criterion.needs(), source) {
            (Needs::Nothing, _) => {}
            (Needs::Redundancy, source) => {
                for (s, r) in self.values.iter_mut().zip(source.redundancy(last, open)) {
                    *s = self.criterion.with_redundancy(*s, r);
                }
            }
            (Needs::Joint, Source::Binned(binned)) => {
                self.partners.push(binned.partner(last));
                let mut least = f64::NEG_INFINITY;
                if self.criterion.is_minimum() {
                    // The state of a complete candidate is a bound below that most others fail at once.
                    let Some((bold, _)) = first_best(open, |j| self.values[j]) else {
                        return;
                    };
                    let alone: Vec<bool> = (0..open.len()).map(|j| j == bold).collect();
                    self.meet(binned, &alone, least);
                    least = self.values[bold] - margin(self.values[bold]);
                }
                self.meet(binned, open, least);
            }
            (Needs::Joint, Source::Gaussian(_)) => {
                unreachable!("refused before the selection starts")
            }
        }
    }

    /// Lets candidates meet the features they have not met, as long as their state is at least `least`.
    fn meet(&mut self, binned: &Binned, open: &[bool], least: f64) {
        let behind: Vec<usize> = (0..open.len())
            .filter(|&j| open[j] && self.values[j] >= least && self.met[j] < self.partners.len())
            .collect();
        let moved = map_with(behind.len(), Scratch::default, |scratch, i| {
            let j = behind[i];
            let (mut value, mut met) = (self.values[j], self.met[j]);
            while met < self.partners.len() && value >= least {
                let joint = binned.joint(j, &self.partners[met], scratch);
                value = self.criterion.with_joint(value, joint);
                met += 1;
            }
            (value, met)
        });
        for (j, (value, met)) in behind.into_iter().zip(moved) {
            self.values[j] = value;
            self.met[j] = met;
        }
    }
}

fn margin(score: f64) -> f64 {
    ROUNDING * score.abs().max(1.0)
}

/// The lowest open column whose score is the largest but for rounding, with its score.
pub(super) fn first_best(open: &[bool], score: impl Fn(usize) -> f64) -> Option<(usize, f64)> {
    let candidates = || (0..open.len()).filter(|&j| open[j]).map(|j| (j, score(j)));
    let best = candidates().map(|c| c.1).reduce(f64::max)?;
    candidates().find(|&(_, s)| s == best || s >= best - margin(best))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_go_to_the_lower_column() {
        let scores = [0.1, 0.3 - 1e-16, 0.3, 0.3 + 1e-16, 0.2];
        assert_eq!(first_best(&[true; 5], |j| scores[j]).unwrap().0, 1);
        assert_eq!(
            first_best(&[true, false, false, false, true], |j| scores[j]),
            Some((4, 0.2))
        );
        assert_eq!(first_best(&[false; 5], |j| scores[j]), None);
        let infinite = [1.0, f64::INFINITY, f64::INFINITY];
        assert_eq!(first_best(&[true; 3], |j| infinite[j]).unwrap().0, 1);
    }
}
