//! Seeded cross-validation folds.
//!
//! A fold assignment is a plain number per subject; it depends on the outcomes and the seed only,
//! never on the number of threads. Reference: Kohavi, Proc. IJCAI 1995, 1137-1143 (stratified
//! cross-validation).

use crate::error::{Error, Result, same_length};
use crate::r_rng::RRng;

/// Assignment of every subject to one of `n_folds` folds.
///
/// ```
/// use eval_stats::folds::Folds;
/// let outcomes = [true, true, true, true, false, false, false, false];
/// let folds = Folds::stratified(&outcomes, 2, 7).unwrap();
/// let test = folds.test_indices(0);
/// assert_eq!(test.len(), 4);
/// assert_eq!(test.iter().filter(|&&i| outcomes[i]).count(), 2);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Folds {
    /// Fold of each subject, `0..n_folds`.
    pub assignment: Vec<usize>,
    /// Number of folds; every fold has at least one subject.
    pub n_folds: usize,
}

impl Folds {
    /// Folds with the same share of events, as far as counts allow.
    ///
    /// Non-events are shuffled first, then events; each class is dealt out to the folds in turn,
    /// the events continuing where the non-events stopped, so that fold sizes differ by at most
    /// one as well.
    ///
    /// ```
    /// use eval_stats::folds::Folds;
    /// let outcomes = [true, false, false, true, false, false];
    /// let folds = Folds::stratified(&outcomes, 2, 1)?;
    /// let events = |k| folds.test_indices(k).iter().filter(|&&i| outcomes[i]).count();
    /// assert_eq!((events(0), events(1)), (1, 1));
    /// # Ok::<(), eval_stats::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for fewer than 2 folds, [`Error::TooFewPerClass`] if a class has fewer
    /// subjects than there are folds: a fold without events cannot be scored.
    pub fn stratified(outcomes: &[bool], n_folds: usize, seed: u32) -> Result<Self> {
        check_n_folds(n_folds)?;
        let events = outcomes.iter().filter(|&&y| y).count();
        let non_events = outcomes.len() - events;
        if events < n_folds || non_events < n_folds {
            return Err(Error::TooFewPerClass {
                events,
                non_events,
                required: n_folds,
            });
        }
        let mut rng = RRng::new(seed);
        let mut assignment = vec![0; outcomes.len()];
        let mut turn = 0;
        for class in [false, true] {
            let members: Vec<usize> = (0..outcomes.len())
                .filter(|&i| outcomes[i] == class)
                .collect();
            for j in rng.permutation(members.len()) {
                assignment[members[j]] = turn % n_folds;
                turn += 1;
            }
        }
        Ok(Self {
            assignment,
            n_folds,
        })
    }

    /// Folds without regard to the outcome: R's `sample(rep(seq(n_folds), length = n))` after
    /// `set.seed(seed)`, the default of cross-validated regularization paths in R.
    ///
    /// ```
    /// use eval_stats::folds::Folds;
    /// let folds = Folds::random(7, 3, 42)?;
    /// let sizes: Vec<usize> = (0..3).map(|k| folds.test_indices(k).len()).collect();
    /// assert_eq!(sizes, [3, 2, 2]);
    /// # Ok::<(), eval_stats::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for fewer than 2 folds, [`Error::TooFew`] for fewer subjects than folds.
    pub fn random(n: usize, n_folds: usize, seed: u32) -> Result<Self> {
        check_n_folds(n_folds)?;
        if n < n_folds {
            return Err(Error::TooFew {
                what: "subjects to divide into folds",
                found: n,
                required: n_folds,
            });
        }
        let assignment = RRng::new(seed)
            .permutation(n)
            .into_iter()
            .map(|i| i % n_folds)
            .collect();
        Ok(Self {
            assignment,
            n_folds,
        })
    }

    /// Folds that were made elsewhere.
    ///
    /// ```
    /// use eval_stats::folds::Folds;
    /// let folds = Folds::from_assignment(vec![0, 1, 0, 1], 2, 4)?;
    /// assert_eq!((folds.test_indices(0), folds.train_indices(0)), (vec![0, 2], vec![1, 3]));
    /// # Ok::<(), eval_stats::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for fewer than 2 folds, [`Error::LengthMismatch`] if there is not one
    /// fold per subject, [`Error::UnknownCategory`] for a fold number of `n_folds` or more,
    /// [`Error::TooFew`] for fewer subjects than folds or if a fold is empty.
    pub fn from_assignment(assignment: Vec<usize>, n_folds: usize, n: usize) -> Result<Self> {
        check_n_folds(n_folds)?;
        same_length("fold assignment", n, assignment.len())?;
        if n < n_folds {
            return Err(Error::TooFew {
                what: "subjects to divide into folds",
                found: n,
                required: n_folds,
            });
        }
        let mut size = vec![0usize; n_folds];
        for (index, &found) in assignment.iter().enumerate() {
            match size.get_mut(found) {
                Some(s) => *s += 1,
                None => {
                    return Err(Error::UnknownCategory {
                        what: "fold assignment",
                        index,
                        found,
                        n_categories: n_folds,
                    });
                }
            }
        }
        if size.contains(&0) {
            return Err(Error::TooFew {
                what: "subjects in the smallest fold",
                found: 0,
                required: 1,
            });
        }
        Ok(Self {
            assignment,
            n_folds,
        })
    }

    /// Subjects of a fold, in increasing order.
    pub fn test_indices(&self, fold: usize) -> Vec<usize> {
        self.indices(|f| f == fold)
    }

    /// Subjects outside a fold, in increasing order.
    pub fn train_indices(&self, fold: usize) -> Vec<usize> {
        self.indices(|f| f != fold)
    }

    fn indices(&self, keep: impl Fn(usize) -> bool) -> Vec<usize> {
        (0..self.assignment.len())
            .filter(|&i| keep(self.assignment[i]))
            .collect()
    }
}

fn check_n_folds(n_folds: usize) -> Result<()> {
    if n_folds >= 2 {
        return Ok(());
    }
    Err(Error::OutOfRange {
        name: "n_folds",
        value: n_folds as f64,
        expected: "at least 2",
    })
}
