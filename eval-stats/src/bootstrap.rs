//! Seeded resampling.
//!
//! Replicates are counted, not copied: a resample is how often every subject was drawn, and the
//! statistic is read off the order that was sorted once.

use crate::error::{Error, Result};
use crate::par::map_indexed;
use crate::r_rng::RRng;
use crate::scored::Scored;

/// Where the random numbers of the replicates come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub enum Stream {
    /// One sequence for all replicates, exactly as R draws after `set.seed(seed)`. Serial.
    #[default]
    RSequence,
    /// An own stream for every replicate, from seed and replicate number. Parallel with the
    /// feature `rayon`, the same bits for any number of threads.
    PerReplicate,
}

/// Settings of a bootstrap: 2000 replicates, seed 1, R's sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Bootstrap {
    replicates: usize,
    seed: u32,
    stream: Stream,
}

impl Default for Bootstrap {
    fn default() -> Self {
        Self {
            replicates: 2000,
            seed: 1,
            stream: Stream::RSequence,
        }
    }
}

impl Bootstrap {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the number of replicates, at least 2.
    pub fn replicates(mut self, replicates: usize) -> Self {
        self.replicates = replicates;
        self
    }

    /// Sets the seed, R's `set.seed`.
    pub fn seed(mut self, seed: u32) -> Self {
        self.seed = seed;
        self
    }

    /// Sets where random numbers come from.
    pub fn stream(mut self, stream: Stream) -> Self {
        self.stream = stream;
        self
    }

    fn check(&self) -> Result<()> {
        if self.replicates >= 2 {
            return Ok(());
        }
        Err(Error::TooFew {
            what: "bootstrap replicates",
            found: self.replicates,
            required: 2,
        })
    }

    /// One result per replicate, in order. `scratch` makes the working memory of a replicate.
    pub(crate) fn run<S, T: Send>(
        &self,
        scratch: impl Fn() -> S + Sync + Send,
        replicate: impl Fn(&mut RRng, &mut S) -> T + Sync + Send,
    ) -> Result<Vec<T>> {
        self.check()?;
        Ok(match self.stream {
            Stream::RSequence => {
                let mut rng = RRng::new(self.seed);
                let mut memory = scratch();
                (0..self.replicates)
                    .map(|_| replicate(&mut rng, &mut memory))
                    .collect()
            }
            Stream::PerReplicate => map_indexed(self.replicates, |i| {
                let mut rng = RRng::for_replicate(u64::from(self.seed), i as u64);
                replicate(&mut rng, &mut scratch())
            }),
        })
    }
}

/// Draws both classes with replacement, non-events first, and gives the AUC of each model on the
/// resample; `result[r][m]` is replicate `r` of model `m`.
///
/// # Errors
/// [`Error::Empty`] without models, [`Error::LengthMismatch`] or [`Error::DifferentOutcomes`] if
/// the models were scored on different subjects, [`Error::TooFew`] for fewer than 2 replicates.
pub fn stratified_aucs(models: &[&Scored], bootstrap: &Bootstrap) -> Result<Vec<Vec<f64>>> {
    let Some((first, rest)) = models.split_first() else {
        return Err(Error::Empty { what: "models" });
    };
    for other in rest {
        first.same_subjects(other)?;
    }
    let indices = |class: bool| -> Vec<usize> {
        (0..first.n())
            .filter(|&i| first.outcomes()[i] == class)
            .collect()
    };
    let (events, non_events) = (indices(true), indices(false));
    let levels: Vec<Levels> = models.iter().map(|m| Levels::new(m)).collect();
    bootstrap.run(
        || {
            levels
                .iter()
                .map(|l| vec![(0u32, 0u32); l.n_levels])
                .collect::<Vec<_>>()
        },
        |rng, counts| {
            counts.iter_mut().for_each(|c| c.fill((0, 0)));
            for _ in 0..non_events.len() {
                let i = non_events[rng.index(non_events.len())];
                for (c, l) in counts.iter_mut().zip(&levels) {
                    c[l.of_subject[i] as usize].1 += 1;
                }
            }
            for _ in 0..events.len() {
                let i = events[rng.index(events.len())];
                for (c, l) in counts.iter_mut().zip(&levels) {
                    c[l.of_subject[i] as usize].0 += 1;
                }
            }
            counts
                .iter()
                .map(|c| {
                    crate::roc::auc_of_counts(c.iter().map(|&(e, d)| (u64::from(e), u64::from(d))))
                })
                .collect()
        },
    )
}

/// Rank of every subject among the distinct scores.
pub(crate) struct Levels {
    pub of_subject: Vec<u32>,
    pub n_levels: usize,
}

impl Levels {
    pub(crate) fn new(scored: &Scored) -> Self {
        let mut of_subject = vec![0; scored.n()];
        let mut at = 0;
        for (level, tie) in scored.ties().iter().enumerate() {
            let size = (tie.events + tie.non_events) as usize;
            for &i in &scored.order()[at..at + size] {
                of_subject[i as usize] = level as u32;
            }
            at += size;
        }
        Self {
            of_subject,
            n_levels: scored.ties().len(),
        }
    }
}
