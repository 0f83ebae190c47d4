//! Scores with their outcomes: the one checked input of the crate.

use std::fmt;

use crate::confusion::Threshold;
use crate::error::{Error, Result, all_finite, all_probabilities, same_length};
use crate::sort::ascending;

/// Which scores speak for the event. Always said by the caller, never guessed from the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub enum Direction {
    /// A larger score means a more likely event: positive if at least the threshold (pROC's `<`).
    #[default]
    HigherIsEvent,
    /// A smaller score means a more likely event: positive if at most the threshold (pROC's `>`).
    LowerIsEvent,
}

impl Direction {
    /// Whether a score is positive at a threshold. `Threshold::Ge` counts a score that equals the
    /// threshold as positive in either direction, `Threshold::Gt` as negative.
    ///
    /// ```
    /// use eval_stats::{Direction, confusion::Threshold};
    /// assert!(Direction::LowerIsEvent.is_positive(1.0, 2.0, Threshold::Ge));
    /// assert!(!Direction::LowerIsEvent.is_positive(2.0, 2.0, Threshold::Gt));
    /// ```
    pub fn is_positive(self, score: f64, threshold: f64, rule: Threshold) -> bool {
        match self {
            Self::HigherIsEvent => rule.is_positive(score, threshold),
            Self::LowerIsEvent => rule.is_positive(threshold, score),
        }
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::HigherIsEvent => "higher is event",
            Self::LowerIsEvent => "lower is event",
        })
    }
}

/// All subjects that share one score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Tie {
    pub score: f64,
    pub events: u32,
    pub non_events: u32,
}

/// Scores of `n` subjects and whether each had the event.
///
/// A larger score means a more likely event, unless [`lower_is_event`](Self::lower_is_event) says
/// otherwise; scores are never re-oriented by themselves, and an AUC below one half is reported as
/// such. Construction checks everything that can be wrong and sorts once; the statistics of this
/// crate start from here.
///
/// ```
/// use eval_stats::{Scored, roc};
/// let (scores, outcomes) = ([0.1, 0.4, 0.35, 0.8], [false, false, true, true]);
/// assert_eq!(roc::auc(&Scored::new(&scores, &outcomes)?), 0.75);
/// assert_eq!(roc::auc(&Scored::lower_is_event(&scores, &outcomes)?), 0.25);
/// # Ok::<(), eval_stats::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Scored {
    scores: Vec<f64>,
    outcomes: Vec<bool>,
    direction: Direction,
    n_events: usize,
    order: Vec<u32>,
    ties: Vec<Tie>,
}

impl Scored {
    /// Checks and sorts. `scores` and `outcomes` have one value per subject, `true` is an event.
    ///
    /// ```
    /// use eval_stats::{Error, Scored};
    /// let scored = Scored::new(&[0.1, 0.4, 0.35], &[false, true, true])?;
    /// assert_eq!((scored.n(), scored.n_events(), scored.n_non_events()), (3, 2, 1));
    /// assert_eq!(
    ///     Scored::new(&[0.1, 0.4], &[true, true]),
    ///     Err(Error::SingleClass { events: 2, n: 2 })
    /// );
    /// # Ok::<(), eval_stats::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::LengthMismatch`], [`Error::NotFinite`] (NaN or infinite score),
    /// [`Error::SingleClass`] if there are no events or no non-events, [`Error::TooMany`] beyond
    /// `u32::MAX` subjects.
    pub fn new(scores: &[f64], outcomes: &[bool]) -> Result<Self> {
        Self::directed(scores, outcomes, Direction::HigherIsEvent)
    }

    /// As [`new`](Self::new) for a score whose small values speak for the event, for example an
    /// apparent diffusion coefficient.
    ///
    /// Thresholds and cut-offs are on the scale of the scores, positive being "at most". Statistics
    /// that need probabilities of the event refuse it with [`Error::LowerIsEvent`].
    ///
    /// # Errors
    /// Those of [`new`](Self::new).
    pub fn lower_is_event(scores: &[f64], outcomes: &[bool]) -> Result<Self> {
        Self::directed(scores, outcomes, Direction::LowerIsEvent)
    }

    /// As [`new`](Self::new) with the direction as an argument.
    ///
    /// # Errors
    /// Those of [`new`](Self::new).
    pub fn directed(scores: &[f64], outcomes: &[bool], direction: Direction) -> Result<Self> {
        same_length("outcomes", scores.len(), outcomes.len())?;
        all_finite("scores", scores)?;
        if u32::try_from(scores.len()).is_err() {
            return Err(Error::TooMany {
                found: scores.len(),
                limit: u32::MAX as usize,
            });
        }
        let n_events = outcomes.iter().filter(|&&y| y).count();
        if n_events == 0 || n_events == outcomes.len() {
            return Err(Error::SingleClass {
                events: n_events,
                n: outcomes.len(),
            });
        }
        let (order, sorted) = match direction {
            Direction::HigherIsEvent => ascending(scores),
            Direction::LowerIsEvent => {
                let negated: Vec<f64> = scores.iter().map(|x| -x).collect();
                let (order, mut sorted) = ascending(&negated);
                sorted.iter_mut().for_each(|x| *x = 0.0 - *x);
                (order, sorted)
            }
        };
        let ties = ties(&sorted, outcomes, &order);
        Ok(Self {
            scores: scores.to_vec(),
            outcomes: outcomes.to_vec(),
            direction,
            n_events,
            order,
            ties,
        })
    }

    /// Number of subjects.
    pub fn n(&self) -> usize {
        self.scores.len()
    }

    /// Number of events.
    pub fn n_events(&self) -> usize {
        self.n_events
    }

    /// Number of non-events.
    pub fn n_non_events(&self) -> usize {
        self.scores.len() - self.n_events
    }

    /// Share of events.
    pub fn prevalence(&self) -> f64 {
        self.n_events as f64 / self.n() as f64
    }

    /// Scores in the order they were given.
    pub fn scores(&self) -> &[f64] {
        &self.scores
    }

    /// Outcomes in the order they were given.
    pub fn outcomes(&self) -> &[bool] {
        &self.outcomes
    }

    /// Which scores speak for the event.
    pub fn direction(&self) -> Direction {
        self.direction
    }

    /// Indices of the subjects from the least to the most event-like score.
    pub fn order(&self) -> &[u32] {
        &self.order
    }

    /// Distinct scores, from the least to the most event-like, with the counts of events and
    /// non-events at each.
    pub(crate) fn ties(&self) -> &[Tie] {
        &self.ties
    }

    /// The scores, checked to be probabilities.
    pub(crate) fn risks(&self) -> Result<&[f64]> {
        if self.direction == Direction::LowerIsEvent {
            return Err(Error::LowerIsEvent);
        }
        all_probabilities("scores", &self.scores)?;
        Ok(&self.scores)
    }

    /// Checks that another model was scored on the same subjects.
    pub(crate) fn same_subjects(&self, other: &Self) -> Result<()> {
        same_length("scores of the second model", self.n(), other.n())?;
        match (0..self.n()).find(|&i| self.outcomes[i] != other.outcomes[i]) {
            None => Ok(()),
            Some(index) => Err(Error::DifferentOutcomes { index }),
        }
    }
}

fn ties(sorted: &[f64], outcomes: &[bool], order: &[u32]) -> Vec<Tie> {
    let distinct = sorted.windows(2).filter(|w| w[0] != w[1]).count() + 1;
    let mut ties: Vec<Tie> = Vec::with_capacity(distinct);
    for (&score, &i) in sorted.iter().zip(order) {
        let event = u32::from(outcomes[i as usize]);
        match ties.last_mut() {
            Some(t) if t.score == score => {
                t.events += event;
                t.non_events += 1 - event;
            }
            _ => ties.push(Tie {
                score,
                events: event,
                non_events: 1 - event,
            }),
        }
    }
    ties
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_input_is_named() {
        assert_eq!(Scored::new(&[], &[]), Err(Error::Empty { what: "scores" }));
        assert!(matches!(
            Scored::new(&[1.0], &[true, false]),
            Err(Error::LengthMismatch {
                expected: 1,
                found: 2,
                ..
            })
        ));
        assert!(matches!(
            Scored::new(&[1.0, f64::NAN], &[true, false]),
            Err(Error::NotFinite { index: 1, .. })
        ));
        assert_eq!(
            Scored::new(&[1.0, 2.0], &[true, true]),
            Err(Error::SingleClass { events: 2, n: 2 })
        );
    }

    #[test]
    fn signed_zeros_are_tied() {
        let s = Scored::new(&[0.0, -0.0], &[true, false]).unwrap();
        assert_eq!(s.ties().len(), 1);
    }

    #[test]
    fn lower_is_event_orders_downward_on_the_original_scale() {
        let y = [true, false, true, false];
        let s = Scored::lower_is_event(&[3.0, 1.0, -0.0, 3.0], &y).unwrap();
        assert_eq!(s.order(), [0, 3, 1, 2]);
        let scores: Vec<f64> = s.ties().iter().map(|t| t.score).collect();
        assert_eq!(scores, [3.0, 1.0, 0.0]);
        let p = Scored::lower_is_event(&[0.3, 0.1, 0.0, 0.3], &y).unwrap();
        assert_eq!(p.risks(), Err(Error::LowerIsEvent));
    }
}
