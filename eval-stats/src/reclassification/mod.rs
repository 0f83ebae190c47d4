//! Reclassification: net reclassification improvement (NRI) and integrated discrimination
//! improvement (IDI) of a new model over an old one.
//!
//! With `up` and `down` the shares whose risk (or risk category) rises and falls:
//!
//! ```text
//! NRI of events      up|event - down|event            NRI of non-events   down|non-event - up|non-event
//! NRI                their sum, in [-2, 2]
//! SE² of a part      ((up + down) - (up - down)²)/n   null form (up + down)/n
//! IDI                mean(p_new - p_old | event) - mean(p_new - p_old | non-event)
//! SE² of a part      variance(p_new - p_old)/n        null form mean((p_new - p_old)²)/n
//! ```
//!
//! | want | call |
//! |---|---|
//! | the NRI | [`nri`] with a [`Movement`], or [`nri_continuous`], [`nri_of_changes`], [`nri_categorical`] |
//! | weighted by prevalence and savings | [`NetReclassification::weighted`] |
//! | the IDI, also relative | [`idi`] |
//! | bootstrap limits | [`nri_bootstrap`], [`idi_bootstrap`] |
//! | ... with models refitted in every resample | [`nri_refit`], [`idi_refit`] |
//!
//! # What to report
//! The parts, always: the sum weighs events and non-events equally whatever the prevalence. With
//! two categories the parts are the change in sensitivity and the change in specificity; call them
//! so. The category-free NRI and the IDI can be positive for a useless marker if the new model is
//! miscalibrated, and their tests reject too often: show calibration and the difference in net
//! benefit beside them, and test with a likelihood ratio. See Hilden and Gerds, Stat. Med. 33 (2014)
//! 3405-3414, doi:10.1002/sim.5804; Kerr and others, Epidemiology 25 (2014) 114-121,
//! doi:10.1097/EDE.0000000000000018; Pepe and others, Stat. Biosci. 7 (2015) 282-295,
//! doi:10.1007/s12561-014-9118-0.
//!
//! References: Pencina and others, Stat. Med. 27 (2008) 157-172, doi:10.1002/sim.2929, and 30 (2011)
//! 11-21, doi:10.1002/sim.4085.
//!
//! # Differences
//! - Hmisc's `improveProb`, and PredictABEL with it, have the first standard error only; the NRI of
//!   Pencina 2008 is tested with the null form, 15 to 30 % larger in practice. Both are reported.
//! - PredictABEL takes 1.96 literally for its limits; here the normal quantile is used
//!   (1.959963984540054), so limits differ by 2e-5 of the standard error. It prints p = 0 for small
//!   p-values.
//! - Where nobody moves, R's z is NaN (`0/0`); here z is 0 and p is 1.
//! - nricens keeps resamples with one class as NaN: its limits drop them, its standard error
//!   becomes NaN. Here they are left out and counted.

mod idi;
mod resample;

use std::cmp::Ordering;
use std::fmt;

pub use idi::{IntegratedDiscrimination, idi};
pub use resample::{
    IdiBootstrap, NriBootstrap, ResampledMeasure, idi_bootstrap, idi_refit, nri_bootstrap,
    nri_refit,
};

use crate::error::{Error, Result, check_level};
use crate::estimate::{binary_unit, percent, z_of_level};
use crate::scored::Scored;
use crate::special::{ln_normal_two_sided, normal_two_sided};

/// A reclassification measure with its test.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Improvement {
    /// The measure; positive if the new model is better.
    pub value: f64,
    /// Standard error (Hmisc, PredictABEL). 0 if nobody moves or all subjects of a class move the
    /// same way.
    pub std_error: f64,
    /// Standard error under no improvement (Pencina 2008); 0 only if nobody moves.
    pub std_error_null: f64,
    /// `value / std_error`; 0 for a value of 0, infinite if only the standard error is 0.
    pub z: f64,
    /// Two-sided p-value of `z`; 1 if nobody moves.
    pub p: f64,
    /// Decimal logarithm of `p`, also where `p` underflows.
    pub log10_p: f64,
    /// `value / std_error_null`; 0 for a value of 0.
    pub z_null: f64,
    /// Two-sided p-value of `z_null`.
    pub p_null: f64,
    /// Decimal logarithm of `p_null`.
    pub log10_p_null: f64,
    /// Lower limit `value - z SE`, with `std_error`. Not cut at the ends of the range.
    pub low: f64,
    /// Upper limit.
    pub high: f64,
    /// Confidence level.
    pub level: f64,
}

impl Improvement {
    fn new(value: f64, variance: f64, variance_null: f64, level: f64) -> Self {
        let (std_error, std_error_null) = (variance.sqrt(), variance_null.sqrt());
        let over = |se: f64| if value == 0.0 { 0.0 } else { value / se };
        let (z, z_null) = (over(std_error), over(std_error_null));
        let p = |z: f64| normal_two_sided(z).min(1.0);
        let log10_p = |z: f64| (ln_normal_two_sided(z) / core::f64::consts::LN_10).min(0.0);
        let half = z_of_level(level) * std_error;
        Self {
            value,
            std_error,
            std_error_null,
            z,
            p: p(z),
            log10_p: log10_p(z),
            z_null,
            p_null: p(z_null),
            log10_p_null: log10_p(z_null),
            low: value - half,
            high: value + half,
            level,
        }
    }

    /// The same measure times a positive number.
    fn in_units_of(self, unit: f64) -> Self {
        Self {
            value: self.value * unit,
            std_error: self.std_error * unit,
            std_error_null: self.std_error_null * unit,
            low: self.low * unit,
            high: self.high * unit,
            ..self
        }
    }

    /// Sum of two independent measures, each times a weight.
    fn weighted_sum(parts: [(&Self, f64); 2], level: f64) -> Self {
        let sum = |f: fn(&Self) -> f64, power: i32| {
            parts
                .iter()
                .map(|(part, weight)| weight.powi(power) * f(part))
                .sum()
        };
        Self::new(
            sum(|p| p.value, 1),
            sum(|p| p.std_error * p.std_error, 2),
            sum(|p| p.std_error_null * p.std_error_null, 2),
            level,
        )
    }

    /// Name and value of every number, in the order of the fields.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, f64)> + use<> {
        [
            ("value", self.value),
            ("std_error", self.std_error),
            ("std_error_null", self.std_error_null),
            ("z", self.z),
            ("p", self.p),
            ("log10_p", self.log10_p),
            ("z_null", self.z_null),
            ("p_null", self.p_null),
            ("log10_p_null", self.log10_p_null),
            ("low", self.low),
            ("high", self.high),
            ("level", self.level),
        ]
        .into_iter()
    }
}

impl fmt::Display for Improvement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:.4} ({}% CI {:.4} to {:.4}), ",
            self.value,
            percent(self.level),
            self.low,
            self.high,
        )?;
        if self.p < 0.0001 {
            f.write_str("p < 0.0001")
        } else {
            write!(f, "p = {:.4}", self.p)
        }
    }
}

/// Net reclassification improvement with its parts.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct NetReclassification {
    /// Sum of both parts.
    pub total: Improvement,
    /// Part of the events, in [-1, 1]. With two categories it is the change in sensitivity.
    pub events: Improvement,
    /// Part of the non-events, in [-1, 1]. With two categories it is the change in specificity.
    pub non_events: Improvement,
    /// Number of events.
    pub n_events: u64,
    /// Number of non-events.
    pub n_non_events: u64,
    /// Events that move up.
    pub events_up: u64,
    /// Events that move down.
    pub events_down: u64,
    /// Non-events that move up.
    pub non_events_up: u64,
    /// Non-events that move down.
    pub non_events_down: u64,
    /// Reclassification tables; `None` for the forms without categories.
    pub tables: Option<ReclassificationTables>,
}

impl NetReclassification {
    /// The weighted NRI: what is saved per subject of the population if moving an event up saves
    /// `of_event` and moving a non-event down saves `of_non_event`.
    ///
    /// ```text
    /// wNRI = of_event π NRI(events) + of_non_event (1 - π) NRI(non-events)
    /// ```
    ///
    /// The prevalence `π` is taken as known. With two categories cut at `t`, savings of 1 and
    /// `t/(1 - t)` and the prevalence of the data it is the difference in net benefit at `t`.
    /// Reference: Pencina and others 2011, doi:10.1002/sim.4085.
    ///
    /// ```
    /// use eval_stats::{Scored, reclassification::nri_categorical};
    /// let y = [true, true, false, false];
    /// let old = Scored::new(&[0.4, 0.6, 0.6, 0.2], &y)?;
    /// let new = Scored::new(&[0.7, 0.6, 0.3, 0.2], &y)?;
    /// let nri = nri_categorical(&old, &new, &[0.5], 0.95)?;
    /// // 1 · 0.5 · 0.5 + 1 · 0.5 · 0.5, also the gain in net benefit at 0.5
    /// assert_eq!(nri.weighted(1.0, 1.0, 0.5)?.value, 0.5);
    /// # Ok::<(), eval_stats::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a prevalence outside (0, 1) or a saving that is negative or not
    /// finite.
    pub fn weighted(
        &self,
        of_event: f64,
        of_non_event: f64,
        prevalence: f64,
    ) -> Result<Improvement> {
        for (name, value) in [("of_event", of_event), ("of_non_event", of_non_event)] {
            if !(value >= 0.0 && value.is_finite()) {
                return Err(Error::OutOfRange {
                    name,
                    value,
                    expected: "a finite saving of at least 0",
                });
            }
        }
        if !(prevalence > 0.0 && prevalence < 1.0) {
            return Err(Error::OutOfRange {
                name: "prevalence",
                value: prevalence,
                expected: "a share strictly between 0 and 1",
            });
        }
        // Measured in a power of two, so that squares of large savings stay in range.
        let weights = [of_event * prevalence, of_non_event * (1.0 - prevalence)];
        let unit = binary_unit(&weights);
        let [events, non_events] = weights.map(|w| w / unit);
        let sum = Improvement::weighted_sum(
            [(&self.events, events), (&self.non_events, non_events)],
            self.total.level,
        );
        Ok(sum.in_units_of(unit))
    }
}

impl fmt::Display for NetReclassification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "NRI {} (events {:.4}, non-events {:.4})",
            self.total, self.events.value, self.non_events.value
        )
    }
}

/// Counts by old (rows) and new (columns) risk category.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ReclassificationTables {
    /// Events.
    pub events: Vec<Vec<u64>>,
    /// Non-events.
    pub non_events: Vec<Vec<u64>>,
}

/// What counts as moving up or down.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Movement<'a> {
    /// Any change of risk, [`nri_continuous`].
    Any,
    /// A change larger than this, [`nri_of_changes`].
    Above(f64),
    /// Into another category between these cuts, [`nri_categorical`].
    Categories(&'a [f64]),
}

impl Movement<'_> {
    fn check(self) -> Result<()> {
        match self {
            Self::Any => Ok(()),
            Self::Above(change) if (0.0..1.0).contains(&change) => Ok(()),
            Self::Above(change) => Err(Error::OutOfRange {
                name: "change",
                value: change,
                expected: "a difference of risks in [0, 1)",
            }),
            Self::Categories(cuts) => check_cuts(cuts),
        }
    }

    /// Where the new risk lies from the old one.
    fn direction(self, old: f64, new: f64) -> Ordering {
        match self {
            Self::Any => ordering(new > old, new < old),
            Self::Above(change) => ordering(new - old > change, old - new > change),
            Self::Categories(cuts) => category(cuts, new).cmp(&category(cuts, old)),
        }
    }
}

fn ordering(up: bool, down: bool) -> Ordering {
    up.cmp(&down)
}

/// Number of the category: how many cuts the risk has reached.
fn category(cuts: &[f64], risk: f64) -> usize {
    cuts.partition_point(|&cut| cut <= risk)
}

fn check_cuts(cuts: &[f64]) -> Result<()> {
    if cuts.is_empty() {
        return Err(Error::Empty { what: "cut points" });
    }
    if let Some(&value) = cuts.iter().find(|c| !(**c > 0.0 && **c < 1.0)) {
        return Err(Error::OutOfRange {
            name: "cut point",
            value,
            expected: "a risk strictly between 0 and 1",
        });
    }
    match cuts.windows(2).position(|w| w[1] <= w[0]) {
        None => Ok(()),
        Some(i) => Err(Error::NotIncreasing {
            index: i + 1,
            previous: cuts[i],
            value: cuts[i + 1],
        }),
    }
}

/// Subjects by class (non-events first) and direction (down, same, up).
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Moves([[u64; 3]; 2]);

impl Moves {
    fn add(&mut self, event: bool, direction: Ordering) {
        self.0[usize::from(event)][(direction as i8 + 1) as usize] += 1;
    }

    fn n(&self, event: bool) -> u64 {
        self.0[usize::from(event)].iter().sum()
    }

    fn down(&self, event: bool) -> u64 {
        self.0[usize::from(event)][0]
    }

    fn up(&self, event: bool) -> u64 {
        self.0[usize::from(event)][2]
    }

    /// One part of the NRI. Whole numbers until the last step, so that nothing cancels.
    fn part(&self, event: bool, level: f64) -> Improvement {
        let (up, down, n) = (self.up(event), self.down(event), self.n(event));
        let (good, bad) = if event { (up, down) } else { (down, up) };
        let net = i128::from(good) - i128::from(bad);
        let moved = i128::from(good) + i128::from(bad);
        let spread = moved * i128::from(n) - net * net;
        let n = n as f64;
        Improvement::new(
            net as f64 / n,
            spread as f64 / (n * n * n),
            moved as f64 / (n * n),
            level,
        )
    }
}

/// Risks of both models, checked.
fn checked<'a>(old: &'a Scored, new: &'a Scored, level: f64) -> Result<(&'a [f64], &'a [f64])> {
    check_level(level)?;
    old.same_subjects(new)?;
    Ok((old.risks()?, new.risks()?))
}

/// The NRI by the kind of movement, in `O(n)` (`O(n log k)` for `k` cuts).
///
/// ```
/// use eval_stats::{Scored, reclassification::{Movement, nri}};
/// let y = [true, true, false, false];
/// let old = Scored::new(&[0.4, 0.6, 0.6, 0.2], &y)?;
/// let new = Scored::new(&[0.7, 0.6, 0.3, 0.2], &y)?;
/// let found = nri(&old, &new, Movement::Categories(&[0.5]), 0.95)?;
/// assert_eq!((found.events_up, found.non_events_down, found.total.value), (1, 1, 1.0));
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::NotProbability`] or [`Error::LowerIsEvent`] for scores that are not risks,
/// [`Error::LengthMismatch`], [`Error::DifferentOutcomes`], [`Error::OutOfRange`] for the level,
/// and those of the function that the movement names.
pub fn nri(
    old: &Scored,
    new: &Scored,
    movement: Movement<'_>,
    level: f64,
) -> Result<NetReclassification> {
    let (p, q) = checked(old, new, level)?;
    movement.check()?;
    let mut moves = Moves::default();
    for ((&old, &new), &event) in p.iter().zip(q).zip(old.outcomes()) {
        moves.add(event, movement.direction(old, new));
    }
    let tables = match movement {
        Movement::Categories(cuts) => Some(tables(p, q, old.outcomes(), cuts)),
        _ => None,
    };
    let (events, non_events) = (moves.part(true, level), moves.part(false, level));
    Ok(NetReclassification {
        total: Improvement::weighted_sum([(&events, 1.0), (&non_events, 1.0)], level),
        events,
        non_events,
        n_events: moves.n(true),
        n_non_events: moves.n(false),
        events_up: moves.up(true),
        events_down: moves.down(true),
        non_events_up: moves.up(false),
        non_events_down: moves.down(false),
        tables,
    })
}

fn tables(old: &[f64], new: &[f64], outcomes: &[bool], cuts: &[f64]) -> ReclassificationTables {
    let k = cuts.len() + 1;
    let mut tables = ReclassificationTables {
        events: vec![vec![0; k]; k],
        non_events: vec![vec![0; k]; k],
    };
    for ((&old, &new), &event) in old.iter().zip(new).zip(outcomes) {
        let table = if event {
            &mut tables.events
        } else {
            &mut tables.non_events
        };
        table[category(cuts, old)][category(cuts, new)] += 1;
    }
    tables
}

/// Category-free NRI: any change of risk counts. See the [module](self) for when it misleads.
///
/// ```
/// use eval_stats::{Scored, reclassification::nri_continuous};
/// let y = [true, true, false, false];
/// let old = Scored::new(&[0.4, 0.6, 0.6, 0.2], &y)?;
/// let new = Scored::new(&[0.7, 0.6, 0.3, 0.2], &y)?;
/// let nri = nri_continuous(&old, &new, 0.95)?;
/// assert_eq!((nri.events.value, nri.non_events.value, nri.total.value), (0.5, 0.5, 1.0));
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::NotProbability`] or [`Error::LowerIsEvent`] for scores that are not risks,
/// [`Error::LengthMismatch`], [`Error::DifferentOutcomes`], [`Error::OutOfRange`] for the level.
pub fn nri_continuous(old: &Scored, new: &Scored, level: f64) -> Result<NetReclassification> {
    nri(old, new, Movement::Any, level)
}

/// NRI of changes larger than `change` (nricens' `updown = "diff"`); with 0 any change counts.
///
/// ```
/// use eval_stats::{Scored, reclassification::nri_of_changes};
/// let y = [true, true, false, false];
/// let old = Scored::new(&[0.4, 0.6, 0.6, 0.2], &y)?;
/// let new = Scored::new(&[0.7, 0.6, 0.3, 0.2], &y)?;
/// assert_eq!(nri_of_changes(&old, &new, 0.2, 0.95)?.total.value, 1.0);
/// assert_eq!(nri_of_changes(&old, &new, 0.4, 0.95)?.total.value, 0.0);
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// As [`nri_continuous`], and [`Error::OutOfRange`] for a `change` outside `[0, 1)`.
pub fn nri_of_changes(
    old: &Scored,
    new: &Scored,
    change: f64,
    level: f64,
) -> Result<NetReclassification> {
    nri(old, new, Movement::Above(change), level)
}

/// NRI of risk categories `[0, c1), [c1, c2), ..., [ck, 1]`: a risk at a cut is in the upper one.
///
/// ```
/// use eval_stats::{Scored, reclassification};
/// let y = [true, true, false, false];
/// let old = Scored::new(&[0.4, 0.6, 0.6, 0.2], &y)?;
/// let new = Scored::new(&[0.7, 0.6, 0.3, 0.2], &y)?;
/// let nri = reclassification::nri_categorical(&old, &new, &[0.5], 0.95)?;
/// assert_eq!(nri.events.value, 0.5);
/// assert_eq!(nri.non_events.value, 0.5);
/// // one of two moves: ((1/2 - 1/4)/2 twice, and (1/2)/2 twice under no improvement
/// assert_eq!(nri.total.std_error, 0.5);
/// assert_eq!(nri.total.std_error_null, 0.5_f64.sqrt());
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// As [`nri_continuous`]; [`Error::Empty`] without cuts, [`Error::NotIncreasing`],
/// [`Error::OutOfRange`] for a cut outside (0, 1).
pub fn nri_categorical(
    old: &Scored,
    new: &Scored,
    cuts: &[f64],
    level: f64,
) -> Result<NetReclassification> {
    nri(old, new, Movement::Categories(cuts), level)
}
