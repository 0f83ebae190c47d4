//! Bootstrap limits of NRI and IDI, drawn and summarized as nricens does.

use std::cmp::Ordering;
use std::fmt;

use super::{Movement, checked};
use crate::bootstrap::Bootstrap;
use crate::error::{Error, Result, all_probabilities, check_level, same_length};
use crate::estimate::{percent, variance};
use crate::quantile::{QuantileType, of_sorted};
use crate::r_rng::RRng;
use crate::scored::Scored;

/// A measure with its bootstrap standard error and percentile limits.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ResampledMeasure {
    /// The measure on the data.
    pub value: f64,
    /// Standard deviation of the replicates.
    pub std_error: f64,
    /// Lower percentile limit (type 2).
    pub low: f64,
    /// Upper percentile limit (type 2).
    pub high: f64,
}

impl fmt::Display for ResampledMeasure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:.4} ({:.4} to {:.4}, bootstrap percentile)",
            self.value, self.low, self.high
        )
    }
}

/// NRI with bootstrap limits: the seven rows that nricens prints.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct NriBootstrap {
    /// NRI.
    pub total: ResampledMeasure,
    /// NRI of events.
    pub events: ResampledMeasure,
    /// NRI of non-events.
    pub non_events: ResampledMeasure,
    /// Share of events that move up.
    pub events_up: ResampledMeasure,
    /// Share of events that move down.
    pub events_down: ResampledMeasure,
    /// Share of non-events that move down.
    pub non_events_down: ResampledMeasure,
    /// Share of non-events that move up.
    pub non_events_up: ResampledMeasure,
    /// Replicates that were used.
    pub replicates: usize,
    /// Replicates left out, because a class was missing or a model could not be fitted.
    pub left_out: usize,
    /// Confidence level.
    pub level: f64,
}

impl NriBootstrap {
    fn new(values: &[f64; 7], replicates: &Replicates<7>, level: f64) -> Self {
        let measure = |k: usize| replicates.measure(k, values[k], level);
        Self {
            total: measure(0),
            events: measure(1),
            non_events: measure(2),
            events_up: measure(3),
            events_down: measure(4),
            non_events_down: measure(5),
            non_events_up: measure(6),
            replicates: replicates.values.len(),
            left_out: replicates.left_out,
            level,
        }
    }

    /// Name and row of every measure, in the order of nricens.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, ResampledMeasure)> + use<> {
        [
            ("total", self.total),
            ("events", self.events),
            ("non_events", self.non_events),
            ("events_up", self.events_up),
            ("events_down", self.events_down),
            ("non_events_down", self.non_events_down),
            ("non_events_up", self.non_events_up),
        ]
        .into_iter()
    }
}

impl fmt::Display for NriBootstrap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_measures(
            f,
            "NRI",
            &self.total,
            (&self.events, &self.non_events),
            self.level,
        )
    }
}

/// IDI with bootstrap limits.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct IdiBootstrap {
    /// IDI.
    pub idi: ResampledMeasure,
    /// Mean rise of risk among events.
    pub events: ResampledMeasure,
    /// Mean fall of risk among non-events.
    pub non_events: ResampledMeasure,
    /// Replicates that were used.
    pub replicates: usize,
    /// Replicates left out, because a class was missing or a model could not be fitted.
    pub left_out: usize,
    /// Confidence level.
    pub level: f64,
}

impl IdiBootstrap {
    fn new(values: &[f64; 3], replicates: &Replicates<3>, level: f64) -> Self {
        let measure = |k: usize| replicates.measure(k, values[k], level);
        Self {
            idi: measure(0),
            events: measure(1),
            non_events: measure(2),
            replicates: replicates.values.len(),
            left_out: replicates.left_out,
            level,
        }
    }

    /// Name and row of every measure.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, ResampledMeasure)> + use<> {
        [
            ("idi", self.idi),
            ("events", self.events),
            ("non_events", self.non_events),
        ]
        .into_iter()
    }
}

impl fmt::Display for IdiBootstrap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_measures(
            f,
            "IDI",
            &self.idi,
            (&self.events, &self.non_events),
            self.level,
        )
    }
}

fn write_measures(
    f: &mut fmt::Formatter<'_>,
    name: &str,
    total: &ResampledMeasure,
    (events, non_events): (&ResampledMeasure, &ResampledMeasure),
    level: f64,
) -> fmt::Result {
    write!(
        f,
        "{name} {:.4} ({}% CI {:.4} to {:.4}, bootstrap percentile; events {:.4}, non-events {:.4})",
        total.value,
        percent(level),
        total.low,
        total.high,
        events.value,
        non_events.value
    )
}

/// Resamples subjects (without regard to the outcome, index `⌊n U⌋` as nricens draws) and gives the
/// NRI and its shares with percentile limits of type 2. The risks stay as they are; a replicate
/// costs `O(n)`.
///
/// ```
/// use eval_stats::{Scored, bootstrap::Bootstrap};
/// use eval_stats::reclassification::{Movement, nri_bootstrap};
/// let y = [true, true, false, false];
/// let old = Scored::new(&[0.4, 0.6, 0.6, 0.2], &y)?;
/// let new = Scored::new(&[0.7, 0.6, 0.3, 0.2], &y)?;
/// let bootstrap = Bootstrap::new().replicates(200);
/// let b = nri_bootstrap(&old, &new, Movement::Any, &bootstrap, 0.95)?;
/// assert_eq!((b.total.value, b.events_up.value), (1.0, 0.5));
/// assert_eq!(b.replicates + b.left_out, 200);
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// As [`nri`](super::nri), and [`Error::TooFew`] for fewer than 2 replicates or fewer than 2 with
/// both classes.
pub fn nri_bootstrap(
    old: &Scored,
    new: &Scored,
    movement: Movement<'_>,
    bootstrap: &Bootstrap,
    level: f64,
) -> Result<NriBootstrap> {
    let (p, q) = checked(old, new, level)?;
    movement.check()?;
    let directions: Vec<Ordering> = p
        .iter()
        .zip(q)
        .map(|(&old, &new)| movement.direction(old, new))
        .collect();
    let y = old.outcomes();
    let all = shares(y.iter().copied().zip(directions.iter().copied()));
    let replicates = Replicates::fixed(y.len(), bootstrap, |rows| {
        shares(rows.map(|i| (y[i], directions[i])))
    })?;
    Ok(NriBootstrap::new(&on_all(all)?, &replicates, level))
}

/// As [`nri_bootstrap`] for the IDI.
///
/// ```
/// use eval_stats::{Scored, bootstrap::Bootstrap, reclassification::idi_bootstrap};
/// let y = [true, true, false, false];
/// let old = Scored::new(&[0.5, 0.75, 0.5, 0.25], &y)?;
/// let new = Scored::new(&[0.75, 0.75, 0.25, 0.25], &y)?;
/// let bootstrap = Bootstrap::new().replicates(200);
/// let b = idi_bootstrap(&old, &new, &bootstrap, 0.95)?;
/// assert_eq!(b.idi.value, 0.25);
/// assert!(b.idi.low >= 0.0 && b.idi.high <= 0.5);
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// As [`nri_continuous`](super::nri_continuous), and [`Error::TooFew`] for fewer than 2 replicates
/// or fewer than 2 with both classes.
pub fn idi_bootstrap(
    old: &Scored,
    new: &Scored,
    bootstrap: &Bootstrap,
    level: f64,
) -> Result<IdiBootstrap> {
    let (p, q) = checked(old, new, level)?;
    let y = old.outcomes();
    let change = |i: usize| (y[i], q[i] - p[i]);
    let all = rises((0..y.len()).map(change));
    let replicates = Replicates::fixed(y.len(), bootstrap, |rows| rises(rows.map(change)))?;
    Ok(IdiBootstrap::new(&on_all(all)?, &replicates, level))
}

/// Refits both models in every resample, as nricens does when it is given predictors. `refit` gets
/// the rows of a resample in the order drawn (rows repeat) and returns the risks of those rows by
/// the old and the new model; `None` says that a model could not be fitted, and the resample is
/// left out. The values themselves are those of `refit(&[0, 1, ..., n - 1])`.
///
/// ```
/// use eval_stats::{bootstrap::Bootstrap, reclassification::{Movement, nri_refit}};
/// // The old "model" is the event rate of its rows, the new one knows the outcome.
/// let y = [true, true, false, false];
/// let refit = |rows: &[usize]| {
///     let rate = rows.iter().filter(|&&i| y[i]).count() as f64 / rows.len() as f64;
///     let truth = rows.iter().map(|&i| f64::from(u8::from(y[i]))).collect();
///     Some([vec![rate; rows.len()], truth])
/// };
/// let bootstrap = Bootstrap::new().replicates(200);
/// let b = nri_refit(&y, Movement::Any, &bootstrap, 0.95, refit)?;
/// assert_eq!((b.total.value, b.total.low, b.total.high), (2.0, 2.0, 2.0));
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::Empty`] or [`Error::SingleClass`] for the outcomes, [`Error::OutOfRange`] for the level,
/// those of the `movement`; [`Error::LengthMismatch`], [`Error::NotFinite`] and
/// [`Error::NotProbability`] for risks that `refit` returns, [`Error::Undefined`] if it returns
/// `None` for all rows; [`Error::TooFew`] for fewer than 2 replicates or fewer than 2 usable ones.
pub fn nri_refit(
    outcomes: &[bool],
    movement: Movement<'_>,
    bootstrap: &Bootstrap,
    level: f64,
    refit: impl Fn(&[usize]) -> Option<[Vec<f64>; 2]> + Sync + Send,
) -> Result<NriBootstrap> {
    movement.check()?;
    let (all, replicates) = Replicates::refitted(outcomes, bootstrap, level, refit, |changes| {
        shares(changes.map(|(event, old, new)| (event, movement.direction(old, new))))
    })?;
    Ok(NriBootstrap::new(&all, &replicates, level))
}

/// As [`nri_refit`] for the IDI.
///
/// ```
/// use eval_stats::{bootstrap::Bootstrap, reclassification::idi_refit};
/// // The old "model" is the event rate of its rows, the new one knows the outcome.
/// let y = [true, true, false, false];
/// let refit = |rows: &[usize]| {
///     let rate = rows.iter().filter(|&&i| y[i]).count() as f64 / rows.len() as f64;
///     let truth = rows.iter().map(|&i| f64::from(u8::from(y[i]))).collect();
///     Some([vec![rate; rows.len()], truth])
/// };
/// let bootstrap = Bootstrap::new().replicates(200);
/// let b = idi_refit(&y, &bootstrap, 0.95, refit)?;
/// assert_eq!(b.idi.value, 1.0);                     // 0.5 of events and 0.5 of non-events
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// As [`nri_refit`].
pub fn idi_refit(
    outcomes: &[bool],
    bootstrap: &Bootstrap,
    level: f64,
    refit: impl Fn(&[usize]) -> Option<[Vec<f64>; 2]> + Sync + Send,
) -> Result<IdiBootstrap> {
    let (all, replicates) = Replicates::refitted(outcomes, bootstrap, level, refit, |changes| {
        rises(changes.map(|(event, old, new)| (event, new - old)))
    })?;
    Ok(IdiBootstrap::new(&all, &replicates, level))
}

/// NRI, its parts and the four shares in the order of nricens; `None` if a class is missing.
fn shares(subjects: impl Iterator<Item = (bool, Ordering)>) -> Option<[f64; 7]> {
    let mut moves = super::Moves::default();
    for (event, direction) in subjects {
        moves.add(event, direction);
    }
    let (n1, n0) = (moves.n(true) as f64, moves.n(false) as f64);
    if n1 == 0.0 || n0 == 0.0 {
        return None;
    }
    let (up1, down1) = (moves.up(true) as f64 / n1, moves.down(true) as f64 / n1);
    let (down0, up0) = (moves.down(false) as f64 / n0, moves.up(false) as f64 / n0);
    let (events, non_events) = (up1 - down1, down0 - up0);
    Some([
        events + non_events,
        events,
        non_events,
        up1,
        down1,
        down0,
        up0,
    ])
}

/// IDI and its parts; `None` if a class is missing.
fn rises(subjects: impl Iterator<Item = (bool, f64)>) -> Option<[f64; 3]> {
    let (mut sum, mut n) = ([0.0; 2], [0u64; 2]);
    for (event, rise) in subjects {
        sum[usize::from(event)] += rise;
        n[usize::from(event)] += 1;
    }
    if n.contains(&0) {
        return None;
    }
    let (events, non_events) = (sum[1] / n[1] as f64, -sum[0] / n[0] as f64);
    Some([events + non_events, events, non_events])
}

fn on_all<const K: usize>(values: Option<[f64; K]>) -> Result<[f64; K]> {
    values.ok_or(Error::Undefined {
        statistic: "reclassification",
        reason: "it needs events and non-events",
    })
}

/// `K` numbers per usable resample.
struct Replicates<const K: usize> {
    values: Vec<[f64; K]>,
    left_out: usize,
}

impl<const K: usize> Replicates<K> {
    fn fixed(
        n: usize,
        bootstrap: &Bootstrap,
        statistic: impl Fn(&mut dyn Iterator<Item = usize>) -> Option<[f64; K]> + Sync + Send,
    ) -> Result<Self> {
        Self::collect(bootstrap.run(|| (), |rng, ()| statistic(&mut (0..n).map(|_| row(rng, n))))?)
    }

    fn refitted(
        outcomes: &[bool],
        bootstrap: &Bootstrap,
        level: f64,
        refit: impl Fn(&[usize]) -> Option<[Vec<f64>; 2]> + Sync + Send,
        statistic: impl Fn(&mut dyn Iterator<Item = (bool, f64, f64)>) -> Option<[f64; K]> + Sync + Send,
    ) -> Result<([f64; K], Self)> {
        check_level(level)?;
        let n = outcomes.len();
        let n_events = outcomes.iter().filter(|&&y| y).count();
        match (n, n_events) {
            (0, _) => return Err(Error::Empty { what: "outcomes" }),
            (n, events) if events == 0 || events == n => {
                return Err(Error::SingleClass { events, n });
            }
            _ => {}
        }
        let of_rows = |rows: &[usize]| -> Result<Option<[f64; K]>> {
            let n_events = rows.iter().filter(|&&i| outcomes[i]).count();
            if n_events == 0 || n_events == rows.len() {
                return Ok(None);
            }
            let Some(risks) = refit(rows) else {
                return Ok(None);
            };
            for risks in &risks {
                same_length("risks of the refit", rows.len(), risks.len())?;
                all_probabilities("risks of the refit", risks)?;
            }
            let pairs = risks[0].iter().zip(&risks[1]);
            let mut subjects = rows
                .iter()
                .zip(pairs)
                .map(|(&i, (&old, &new))| (outcomes[i], old, new));
            Ok(statistic(&mut subjects))
        };
        let all: Vec<usize> = (0..n).collect();
        let Some(value) = of_rows(&all)? else {
            return Err(Error::Undefined {
                statistic: "reclassification by refitted models",
                reason: "the models could not be fitted on all rows",
            });
        };
        let drawn = bootstrap.run(Vec::new, |rng, rows: &mut Vec<usize>| {
            rows.clear();
            rows.extend((0..n).map(|_| row(rng, n)));
            of_rows(rows)
        })?;
        let drawn = drawn.into_iter().collect::<Result<_>>()?;
        Ok((value, Self::collect(drawn)?))
    }

    fn collect(drawn: Vec<Option<[f64; K]>>) -> Result<Self> {
        let n = drawn.len();
        let values: Vec<[f64; K]> = drawn.into_iter().flatten().collect();
        if values.len() < 2 {
            return Err(Error::TooFew {
                what: "usable bootstrap replicates",
                found: values.len(),
                required: 2,
            });
        }
        Ok(Self {
            left_out: n - values.len(),
            values,
        })
    }

    fn measure(&self, k: usize, value: f64, level: f64) -> ResampledMeasure {
        let mut sample: Vec<f64> = self.values.iter().map(|r| r[k]).collect();
        let std_error = variance(&sample).sqrt();
        sample.sort_by(f64::total_cmp);
        let tail = 0.5 * alpha(level);
        ResampledMeasure {
            value,
            std_error,
            low: of_sorted(&sample, tail, QuantileType::Type2),
            high: of_sorted(&sample, 1.0 - tail, QuantileType::Type2),
        }
    }
}

/// `1 - level` without the noise of the subtraction: 0.05 for 0.95, so that percentiles fall on the
/// same order statistics as for the `alpha` that nricens is given.
fn alpha(level: f64) -> f64 {
    let rounded = ((1.0 - level) * 1e12).round() / 1e12;
    if rounded > 0.0 { rounded } else { 1.0 - level }
}

/// `as.integer(runif(1, 0, n))`.
fn row(rng: &mut RRng, n: usize) -> usize {
    (n as f64 * rng.uniform()) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alpha_is_what_a_user_of_nricens_types() {
        for (level, typed) in [(0.95, 0.05), (0.9, 0.1), (0.8, 0.2), (0.99, 0.01)] {
            assert_eq!(alpha(level), typed);
        }
        assert!(alpha(1.0 - f64::EPSILON) > 0.0);
    }
}
