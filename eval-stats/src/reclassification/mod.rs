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
//! SE² of IDI         var(difference | event)/n1 + var(difference | non-event)/n0
//! ```
//!
//! Report the parts: the sum weighs sensitivity and specificity equally whatever the prevalence,
//! and the category-free NRI can be positive for a useless marker in a miscalibrated model (Hilden
//! and Gerds 2014, doi:10.1002/sim.5804; Pepe and others 2015). References: Pencina and others,
//! Stat. Med. 27 (2008) 157-172, doi:10.1002/sim.2929, and 30 (2011) 11-21, doi:10.1002/sim.4085.
//!
//! # Differences
//! The standard error is that of Hmisc's `improveProb`; Pencina's null form, 15 to 30 % larger in
//! practice, is beside it as `std_error_null`.

use std::fmt;

use crate::bootstrap::Bootstrap;
use crate::error::{Error, Result, check_level};
use crate::estimate::{mean, percent, variance, z_of_level};
use crate::quantile::{QuantileType, of_sorted};
use crate::scored::Scored;
use crate::special::normal_two_sided;

/// A reclassification measure with its test.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Improvement {
    /// The measure; positive if the new model is better.
    pub value: f64,
    /// Standard error.
    pub std_error: f64,
    /// Standard error under no improvement; for the IDI the same as `std_error`.
    pub std_error_null: f64,
    /// `value / std_error`; 0 if nobody moves.
    pub z: f64,
    /// Two-sided p-value; 1 if nobody moves.
    pub p: f64,
    /// Lower limit `value - z SE`.
    pub low: f64,
    /// Upper limit.
    pub high: f64,
    /// Confidence level.
    pub level: f64,
}

impl Improvement {
    fn new(value: f64, variance: f64, variance_null: f64, level: f64) -> Self {
        let std_error = variance.max(0.0).sqrt();
        let z = if value == 0.0 { 0.0 } else { value / std_error };
        let half = z_of_level(level) * std_error;
        Self {
            value,
            std_error,
            std_error_null: variance_null.sqrt(),
            z,
            p: normal_two_sided(z).min(1.0),
            low: value - half,
            high: value + half,
            level,
        }
    }

    /// Name and value of every number, in the order of the fields.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, f64)> + use<> {
        [
            ("value", self.value),
            ("std_error", self.std_error),
            ("std_error_null", self.std_error_null),
            ("z", self.z),
            ("p", self.p),
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
            "{:.4} ({}% CI {:.4} to {:.4}), p = {:.4}",
            self.value,
            percent(self.level),
            self.low,
            self.high,
            self.p
        )
    }
}

/// Net reclassification improvement with its parts.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct NetReclassification {
    /// Sum of both parts.
    pub total: Improvement,
    /// Part of the events. With two categories it is the change in sensitivity.
    pub events: Improvement,
    /// Part of the non-events. With two categories it is the change in specificity.
    pub non_events: Improvement,
    /// Events that move up.
    pub events_up: u64,
    /// Events that move down.
    pub events_down: u64,
    /// Non-events that move up.
    pub non_events_up: u64,
    /// Non-events that move down.
    pub non_events_down: u64,
    /// Reclassification tables; `None` for the continuous form.
    pub tables: Option<ReclassificationTables>,
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

#[derive(Default)]
struct Moves {
    up: u64,
    down: u64,
}

/// Both parts from the moves in each class.
fn net(events: &Moves, n1: usize, non_events: &Moves, n0: usize, level: f64) -> [Improvement; 3] {
    let part = |good: u64, bad: u64, n: usize| {
        let n = n as f64;
        let (good, bad) = (good as f64 / n, bad as f64 / n);
        let null = (good + bad) / n;
        (good - bad, null - (good - bad) * (good - bad) / n, null)
    };
    let (e, ve, ve0) = part(events.up, events.down, n1);
    let (d, vd, vd0) = part(non_events.down, non_events.up, n0);
    [
        Improvement::new(e + d, ve + vd, ve0 + vd0, level),
        Improvement::new(e, ve, ve0, level),
        Improvement::new(d, vd, vd0, level),
    ]
}

fn from_directions(
    outcomes: &[bool],
    direction: impl Fn(usize) -> std::cmp::Ordering,
    tables: Option<ReclassificationTables>,
    level: f64,
) -> NetReclassification {
    let (mut events, mut non_events) = (Moves::default(), Moves::default());
    let mut n1 = 0;
    for (i, &event) in outcomes.iter().enumerate() {
        n1 += usize::from(event);
        let moves = if event { &mut events } else { &mut non_events };
        match direction(i) {
            std::cmp::Ordering::Greater => moves.up += 1,
            std::cmp::Ordering::Less => moves.down += 1,
            std::cmp::Ordering::Equal => {}
        }
    }
    let [total, of_events, of_non_events] =
        net(&events, n1, &non_events, outcomes.len() - n1, level);
    NetReclassification {
        total,
        events: of_events,
        non_events: of_non_events,
        events_up: events.up,
        events_down: events.down,
        non_events_up: non_events.up,
        non_events_down: non_events.down,
        tables,
    }
}

fn checked<'a>(old: &'a Scored, new: &'a Scored, level: f64) -> Result<(&'a [f64], &'a [f64])> {
    check_level(level)?;
    old.same_subjects(new)?;
    Ok((old.risks()?, new.risks()?))
}

/// Category-free NRI: any change of risk counts.
///
/// # Errors
/// [`Error::NotProbability`], [`Error::LengthMismatch`], [`Error::DifferentOutcomes`],
/// [`Error::OutOfRange`] for the level.
pub fn nri_continuous(old: &Scored, new: &Scored, level: f64) -> Result<NetReclassification> {
    let (p, q) = checked(old, new, level)?;
    let direction = |i: usize| (q[i] > p[i]).cmp(&(q[i] < p[i]));
    Ok(from_directions(old.outcomes(), direction, None, level))
}

/// NRI of changes larger than `change` (nricens' `updown = "diff"`).
///
/// # Errors
/// As [`nri_continuous`], and [`Error::OutOfRange`] for a `change` outside `[0, 1)`.
pub fn nri_of_changes(
    old: &Scored,
    new: &Scored,
    change: f64,
    level: f64,
) -> Result<NetReclassification> {
    let (p, q) = checked(old, new, level)?;
    if !(0.0..1.0).contains(&change) {
        return Err(Error::OutOfRange {
            name: "change",
            value: change,
            expected: "a difference of risks in [0, 1)",
        });
    }
    let direction = |i: usize| {
        let d: f64 = q[i] - p[i];
        if d > change {
            std::cmp::Ordering::Greater
        } else if d < -change {
            std::cmp::Ordering::Less
        } else {
            std::cmp::Ordering::Equal
        }
    };
    Ok(from_directions(old.outcomes(), direction, None, level))
}

/// NRI of risk categories `[0, c1), [c1, c2), ..., [ck, 1]`.
///
/// ```
/// use eval_stats::{Scored, reclassification};
/// let y = [true, true, false, false];
/// let old = Scored::new(&[0.4, 0.6, 0.6, 0.2], &y)?;
/// let new = Scored::new(&[0.7, 0.6, 0.3, 0.2], &y)?;
/// let nri = reclassification::nri_categorical(&old, &new, &[0.5], 0.95)?;
/// assert_eq!(nri.events.value, 0.5);
/// assert_eq!(nri.non_events.value, 0.5);
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
    let (p, q) = checked(old, new, level)?;
    check_cuts(cuts)?;
    let category = |risk: f64| cuts.partition_point(|&c| c <= risk);
    let k = cuts.len() + 1;
    let mut tables = ReclassificationTables {
        events: vec![vec![0; k]; k],
        non_events: vec![vec![0; k]; k],
    };
    for (i, &event) in old.outcomes().iter().enumerate() {
        let table = if event {
            &mut tables.events
        } else {
            &mut tables.non_events
        };
        table[category(p[i])][category(q[i])] += 1;
    }
    Ok(from_directions(
        old.outcomes(),
        |i| category(q[i]).cmp(&category(p[i])),
        Some(tables),
        level,
    ))
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

/// Integrated discrimination improvement.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct IntegratedDiscrimination {
    /// The IDI with its test.
    pub idi: Improvement,
    /// Mean rise of risk among events (integrated sensitivity).
    pub events: f64,
    /// Mean fall of risk among non-events (integrated specificity).
    pub non_events: f64,
}

impl fmt::Display for IntegratedDiscrimination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "IDI {} (events {:.4}, non-events {:.4})",
            self.idi, self.events, self.non_events
        )
    }
}

/// IDI of a new model over an old one.
///
/// # Errors
/// As [`nri_continuous`], and [`Error::TooFewPerClass`] with fewer than two of either class.
pub fn idi(old: &Scored, new: &Scored, level: f64) -> Result<IntegratedDiscrimination> {
    let (p, q) = checked(old, new, level)?;
    if old.n_events() < 2 || old.n_non_events() < 2 {
        return Err(Error::TooFewPerClass {
            events: old.n_events(),
            non_events: old.n_non_events(),
            required: 2,
        });
    }
    let changes = |class: bool| -> Vec<f64> {
        (0..old.n())
            .filter(|&i| old.outcomes()[i] == class)
            .map(|i| q[i] - p[i])
            .collect()
    };
    let (events, non_events) = (changes(true), changes(false));
    let spread =
        variance(&events) / events.len() as f64 + variance(&non_events) / non_events.len() as f64;
    let (up, down) = (mean(&events), mean(&non_events));
    Ok(IntegratedDiscrimination {
        idi: Improvement::new(up - down, spread, spread, level),
        events: up,
        non_events: -down,
    })
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

/// The NRI by the kind of movement.
///
/// # Errors
/// Those of the function that the movement names.
pub fn nri(
    old: &Scored,
    new: &Scored,
    movement: Movement<'_>,
    level: f64,
) -> Result<NetReclassification> {
    match movement {
        Movement::Any => nri_continuous(old, new, level),
        Movement::Above(change) => nri_of_changes(old, new, change, level),
        Movement::Categories(cuts) => nri_categorical(old, new, cuts, level),
    }
}

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

/// NRI with bootstrap limits, as nricens computes them from fixed predictions.
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
    /// Replicates with both classes; others are left out.
    pub replicates: usize,
    /// Confidence level.
    pub level: f64,
}

/// Resamples subjects (without regard to the outcome, index `⌊n U⌋` as nricens draws) and gives the
/// NRI and its shares with percentile limits of type 2.
///
/// # Errors
/// As [`nri`], and [`Error::TooFew`] for fewer than 2 usable replicates.
pub fn nri_bootstrap(
    old: &Scored,
    new: &Scored,
    movement: Movement<'_>,
    bootstrap: &Bootstrap,
    level: f64,
) -> Result<NriBootstrap> {
    let point = nri(old, new, movement, level)?;
    let direction = directions(old, new, movement);
    let n = old.n();
    let replicates: Vec<[f64; 7]> = bootstrap
        .run(
            || (),
            |rng, ()| {
                let mut cells = [[0u64; 3]; 2];
                for _ in 0..n {
                    let i = (n as f64 * rng.uniform()) as usize;
                    cells[usize::from(old.outcomes()[i])][direction[i] as usize] += 1;
                }
                measures(&cells)
            },
        )?
        .into_iter()
        .flatten()
        .collect();
    if replicates.len() < 2 {
        return Err(Error::TooFew {
            what: "bootstrap replicates with both classes",
            found: replicates.len(),
            required: 2,
        });
    }
    let (n1, n0) = (old.n_events() as u64, old.n_non_events() as u64);
    let cells = [
        cell_of(point.non_events_up, point.non_events_down, n0),
        cell_of(point.events_up, point.events_down, n1),
    ];
    let Some(values) = measures(&cells) else {
        unreachable!("checked scores have both classes");
    };
    let tail = 0.5 * (1.0 - level);
    let measure = |k: usize| {
        let mut sample: Vec<f64> = replicates.iter().map(|r| r[k]).collect();
        let std_error = variance(&sample).sqrt();
        sample.sort_by(f64::total_cmp);
        ResampledMeasure {
            value: values[k],
            std_error,
            low: of_sorted(&sample, tail, QuantileType::Type2),
            high: of_sorted(&sample, 1.0 - tail, QuantileType::Type2),
        }
    };
    Ok(NriBootstrap {
        total: measure(0),
        events: measure(1),
        non_events: measure(2),
        events_up: measure(3),
        events_down: measure(4),
        non_events_down: measure(5),
        non_events_up: measure(6),
        replicates: replicates.len(),
        level,
    })
}

/// Down 0, stay 1, up 2 for every subject.
fn directions(old: &Scored, new: &Scored, movement: Movement<'_>) -> Vec<u8> {
    let pairs = old.scores().iter().zip(new.scores());
    let code = |up: bool, down: bool| 1 + u8::from(up) - u8::from(down);
    pairs
        .map(|(&p, &q)| match movement {
            Movement::Any => code(q > p, q < p),
            Movement::Above(change) => code(q - p > change, q - p < -change),
            Movement::Categories(cuts) => {
                let category = |risk: f64| cuts.partition_point(|&c| c <= risk);
                let (from, to) = (category(p), category(q));
                code(to > from, to < from)
            }
        })
        .collect()
}

fn cell_of(up: u64, down: u64, n: u64) -> [u64; 3] {
    [down, n - up - down, up]
}

/// NRI, its parts and the four shares; `None` if a class is missing.
fn measures(cells: &[[u64; 3]; 2]) -> Option<[f64; 7]> {
    let share = |class: usize, direction: usize| {
        let n: u64 = cells[class].iter().sum();
        (n > 0).then(|| cells[class][direction] as f64 / n as f64)
    };
    let (up1, down1) = (share(1, 2)?, share(1, 0)?);
    let (down0, up0) = (share(0, 0)?, share(0, 2)?);
    let (e, d) = (up1 - down1, down0 - up0);
    Some([e + d, e, d, up1, down1, down0, up0])
}
