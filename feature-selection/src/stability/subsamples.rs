//! Random halves of the rows.

use eval_stats::r_rng::RRng;

use crate::error::{Error, Result};

/// Most halves: their rows must fit into memory.
const MOST: usize = 1_000_000;

/// How halves of the rows are drawn. Half `b` (pair `b` of complementary pairs) has its own stream of random numbers from the seed and `b`,
/// so that the first halves stay the same when more are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subsampling {
    /// Number of halves, 100 by default, at most 1,000,000; even for complementary pairs.
    pub count: usize,
    /// Whether halves come in pairs.
    pub scheme: Scheme,
    /// Whether halves keep the share of events.
    pub strata: Strata,
}

impl Default for Subsampling {
    fn default() -> Self {
        Self {
            count: 100,
            scheme: Scheme::default(),
            strata: Strata::default(),
        }
    }
}

/// Whether halves come in pairs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Scheme {
    /// Two disjoint halves of `floor(n/2)` rows at a time; one row is left out if `n` is odd (Shah and Samworth). The default: it has the
    /// better error bounds.
    #[default]
    ComplementaryPairs,
    /// Independent halves of `floor(n/2)` rows (Meinshausen and Bühlmann).
    Independent,
}

/// Whether halves keep the share of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Strata {
    /// Rows are drawn without regard to the outcome, as the definition has it. The default.
    #[default]
    None,
    /// Half of the events (rounded down) and half of the others. For small or unbalanced cohorts, whose plain halves may lack a class.
    Outcome,
}

impl Subsampling {
    pub(crate) fn check(&self) -> Result<()> {
        let refuse = |expected| {
            Err(Error::InvalidSetting {
                name: "subsamples",
                expected,
                found: self.count as f64,
            })
        };
        match self.scheme {
            Scheme::Independent if !(1..=MOST).contains(&self.count) => refuse("1 to 1000000"),
            Scheme::ComplementaryPairs
                if !(2..=MOST).contains(&self.count) || self.count % 2 == 1 =>
            {
                refuse("an even number from 2 to 1000000")
            }
            _ => Ok(()),
        }
    }

    /// Rows of every half, ascending. `events` is `None` for an outcome without classes.
    ///
    /// # Errors
    /// [`Error::InvalidSetting`] for an odd number of complementary halves, none or more than a million, [`Error::TooFewRows`] for fewer than two rows (of a class, with
    /// strata), [`Error::Incompatible`] for strata of a continuous outcome,
    /// [`Error::LengthMismatch`] for an outcome of another length.
    pub fn halves(
        &self,
        n_rows: usize,
        events: Option<&[bool]>,
        seed: u64,
    ) -> Result<Vec<Vec<usize>>> {
        self.check()?;
        let strata = self.members(n_rows, events)?;
        if let Some(small) = strata.iter().map(Vec::len).min().filter(|&n| n < 2) {
            return Err(Error::TooFewRows {
                what: "half of the rows",
                required: 2,
                found: small,
            });
        }
        let draws = match self.scheme {
            Scheme::Independent => self.count,
            Scheme::ComplementaryPairs => self.count / 2,
        };
        let mut halves = Vec::with_capacity(self.count);
        for draw in 0..draws {
            let mut rng = RRng::for_replicate(seed, draw as u64);
            let (mut first, mut second) = (Vec::new(), Vec::new());
            for members in &strata {
                let size = members.len() / 2;
                let order = rng.permutation(members.len());
                first.extend(order[..size].iter().map(|&i| members[i]));
                second.extend(order[size..2 * size].iter().map(|&i| members[i]));
            }
            first.sort_unstable();
            halves.push(first);
            if self.scheme == Scheme::ComplementaryPairs {
                second.sort_unstable();
                halves.push(second);
            }
        }
        Ok(halves)
    }

    fn members(&self, n_rows: usize, events: Option<&[bool]>) -> Result<Vec<Vec<usize>>> {
        match (self.strata, events) {
            (Strata::None, _) => Ok(vec![(0..n_rows).collect()]),
            (Strata::Outcome, None) => Err(Error::Incompatible {
                what: "stratified subsampling",
                needs: "a binary outcome",
            }),
            (Strata::Outcome, Some(y)) if y.len() != n_rows => Err(Error::LengthMismatch {
                what: "outcome",
                expected: n_rows,
                found: y.len(),
            }),
            (Strata::Outcome, Some(y)) => {
                let of = |class: bool| (0..n_rows).filter(|&i| y[i] == class).collect();
                Ok(vec![of(false), of(true)])
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_disjoint_halves() {
        let halves = Subsampling::default().halves(11, None, 5).unwrap();
        assert_eq!(halves.len(), 100);
        for pair in halves.chunks(2) {
            assert_eq!((pair[0].len(), pair[1].len()), (5, 5));
            assert!(pair[0].iter().all(|i| !pair[1].contains(i)));
            assert!(pair[0].is_sorted() && pair[1].is_sorted());
        }
        let more = Subsampling {
            count: 104,
            ..Subsampling::default()
        };
        assert_eq!(more.halves(11, None, 5).unwrap()[..100], halves);
        assert_ne!(more.halves(11, None, 6).unwrap()[..100], halves);
    }

    #[test]
    fn strata_keep_half_of_each_class() {
        let events: Vec<bool> = (0..20).map(|i| i < 5).collect();
        let stratified = Subsampling {
            strata: Strata::Outcome,
            ..Subsampling::default()
        };
        for half in stratified.halves(20, Some(&events), 1).unwrap() {
            let count = half.iter().filter(|&&i| events[i]).count();
            assert_eq!((half.len(), count), (9, 2));
        }
        assert!(stratified.halves(20, None, 1).is_err());
        let odd = Subsampling {
            count: 7,
            ..Subsampling::default()
        };
        assert!(odd.halves(20, None, 1).is_err());
    }
}
