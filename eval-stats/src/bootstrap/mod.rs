//! Seeded resampling.
//!
//! Replicates are counted, not copied: a resample is how often every subject was drawn, and the
//! statistic is read off the order that was sorted once. Classes are resampled apart (stratified),
//! non-events first, as pROC draws them: with R's sequence its results after `set.seed` come out.
//!
//! One subject in a class is drawn every time; such data have no spread from that class.
//!
//! Percentile limits are type-7 quantiles of the replicates at `(1 - level)/2` and `(1 + level)/2`;
//! tests divide the difference by the standard deviation of the replicated differences. References:
//! Efron, Ann. Stat. 7 (1979) 1-26, doi:10.1214/aos/1176344552; Carpenter and Bithell, Stat. Med. 19
//! (2000) 1141-1164, doi:10.1002/(SICI)1097-0258(20000515)19:9<1141::AID-SIM479>3.0.CO;2-F.
//!
//! # Differences
//! pROC calls `sample(x)` on the scores, which for a single non-event or event with a score of at
//! least 1 draws from `1:x` instead. This crate draws the subject.

mod band;
mod measure;
mod test;

pub use band::{
    BandPoint, Percentiles, RocBand, ThresholdBand, ThresholdBandPoint, sensitivity_band,
    specificity_band, threshold_band,
};
pub use measure::{CurveMeasure, interval};
pub use test::{BootstrapTest, compare_paired, compare_unpaired};

use crate::error::{Error, Result};
use crate::par::map_indexed;
use crate::r_rng::{RRng, Sampling};
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
    sampling: Sampling,
}

impl Default for Bootstrap {
    fn default() -> Self {
        Self {
            replicates: 2000,
            seed: 1,
            stream: Stream::RSequence,
            sampling: Sampling::Rejection,
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

    /// Sets how subjects are drawn: [`Sampling::Rounding`] for results of R before 3.6.
    pub fn sampling(mut self, sampling: Sampling) -> Self {
        self.sampling = sampling;
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
        let results = self.run_after(|_| (), scratch, |(), rng, memory| replicate(rng, memory));
        Ok(results?.1)
    }

    /// As [`run`](Self::run) after a preparation that may draw as well, before the first replicate.
    pub(crate) fn run_after<P: Sync, S, T: Send>(
        &self,
        prepare: impl FnOnce(&mut RRng) -> P,
        scratch: impl Fn() -> S + Sync + Send,
        replicate: impl Fn(&P, &mut RRng, &mut S) -> T + Sync + Send,
    ) -> Result<(P, Vec<T>)> {
        self.check()?;
        let mut rng = RRng::new(self.seed).with_sampling(self.sampling);
        let prepared = prepare(&mut rng);
        let results = match self.stream {
            Stream::RSequence => {
                let mut memory = scratch();
                (0..self.replicates)
                    .map(|_| replicate(&prepared, &mut rng, &mut memory))
                    .collect()
            }
            Stream::PerReplicate => map_indexed(self.replicates, |i| {
                let rng = RRng::for_replicate(u64::from(self.seed), i as u64);
                let mut rng = rng.with_sampling(self.sampling);
                replicate(&prepared, &mut rng, &mut scratch())
            }),
        };
        Ok((prepared, results))
    }
}

/// Draws both classes with replacement, non-events first, and gives the AUC of each model on the
/// resample; `result[r][m]` is replicate `r` of model `m`.
///
/// ```
/// use eval_stats::{Scored, bootstrap::{Bootstrap, stratified_aucs}};
/// let perfect = Scored::new(&[1.0, 2.0, 3.0, 4.0], &[false, false, true, true])?;
/// let aucs = stratified_aucs(&[&perfect], &Bootstrap::new().replicates(3))?;
/// assert_eq!(aucs, [[1.0], [1.0], [1.0]]);
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::Empty`] without models, [`Error::LengthMismatch`] or [`Error::DifferentOutcomes`] if
/// the models were scored on different subjects, [`Error::TooFew`] for fewer than 2 replicates.
pub fn stratified_aucs(models: &[&Scored], bootstrap: &Bootstrap) -> Result<Vec<Vec<f64>>> {
    let resampler = Resampler::new(models)?;
    bootstrap.run(
        || resampler.memory(),
        |rng, counts| {
            resampler.draw(rng, counts);
            counts.iter().map(|c| auc_of(c)).collect()
        },
    )
}

/// AUC of resampled counts.
fn auc_of(counts: &[(u32, u32)]) -> f64 {
    crate::roc::auc_of_counts(counts.iter().map(|&(e, d)| (u64::from(e), u64::from(d))))
}

/// Draws both classes of the same subjects with replacement, for any number of models.
pub(crate) struct Resampler {
    models: Vec<ClassLevels>,
    n_events: u32,
    n_non_events: u32,
}

/// Level among the distinct scores of every event and of every non-event.
struct ClassLevels {
    events: Vec<u32>,
    non_events: Vec<u32>,
    n_levels: usize,
}

impl Resampler {
    pub(crate) fn new(models: &[&Scored]) -> Result<Self> {
        let Some((first, rest)) = models.split_first() else {
            return Err(Error::Empty { what: "models" });
        };
        for other in rest {
            first.same_subjects(other)?;
        }
        let class_levels = |scored: &&Scored| {
            let levels = Levels::new(scored);
            let of_class = |class: bool| -> Vec<u32> {
                let subjects = levels.of_subject.iter().zip(scored.outcomes());
                let members = subjects.filter(|&(_, &y)| y == class);
                members.map(|(&level, _)| level).collect()
            };
            ClassLevels {
                events: of_class(true),
                non_events: of_class(false),
                n_levels: levels.n_levels,
            }
        };
        Ok(Self {
            models: models.iter().map(class_levels).collect(),
            // A `Scored` has at most `u32::MAX` subjects.
            n_events: first.n_events() as u32,
            n_non_events: first.n_non_events() as u32,
        })
    }

    /// Working memory of a replicate: events and non-events drawn at each level of each model.
    pub(crate) fn memory(&self) -> Vec<Vec<(u32, u32)>> {
        self.models
            .iter()
            .map(|m| vec![(0, 0); m.n_levels])
            .collect()
    }

    /// One resample, non-events first.
    pub(crate) fn draw(&self, rng: &mut RRng, counts: &mut [Vec<(u32, u32)>]) {
        counts.iter_mut().for_each(|c| c.fill((0, 0)));
        let (n1, n0) = (self.n_events, self.n_non_events);
        rng.each_block(n0, n0 as usize, |drawn| {
            for (c, m) in counts.iter_mut().zip(&self.models) {
                drawn
                    .iter()
                    .for_each(|&i| c[m.non_events[i as usize] as usize].1 += 1);
            }
        });
        rng.each_block(n1, n1 as usize, |drawn| {
            for (c, m) in counts.iter_mut().zip(&self.models) {
                drawn
                    .iter()
                    .for_each(|&i| c[m.events[i as usize] as usize].0 += 1);
            }
        });
    }
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
