//! Odds ratios of one factor against the counts of its levels.

use std::fmt;

use super::finding::{Finding, FindingKind, Severity};
use super::reported::Reported;
use crate::error::{Error, Result, check_level};
use crate::estimate::z_of_level;
use crate::special::normal_two_sided;

/// A printed odds ratio with its limits.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct ReportedRatio {
    /// The ratio against the reference level.
    pub ratio: Reported,
    /// Lower and upper limit, if printed.
    pub limits: Option<(Reported, Reported)>,
}

impl fmt::Display for ReportedRatio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.limits {
            Some((low, high)) => write!(f, "{} ({low}, {high})", self.ratio),
            None => write!(f, "{}", self.ratio),
        }
    }
}

/// An odds ratio that follows from counts, with its Wald (Woolf) interval and p-value.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct CountedRatio {
    /// Odds ratio against the reference level.
    pub ratio: f64,
    /// Lower limit.
    pub low: f64,
    /// Upper limit.
    pub high: f64,
    /// Wald's p-value.
    pub p: f64,
}

impl fmt::Display for CountedRatio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:.2} ({:.2}, {:.2}), P {:.2e}",
            self.ratio, self.low, self.high, self.p
        )
    }
}

/// Events in each level of a factor, and the odds ratios that follow.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct FactorCounts {
    /// Events in each level, the reference first.
    pub events: Vec<u64>,
    /// The odds ratio of each level but the reference.
    pub ratios: Vec<CountedRatio>,
}

/// How much of what is printed whole counts reproduce.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum FactorFit {
    /// Ratios and limits.
    RatiosAndLimits,
    /// The ratios only: with the counts that give them, the limits are others.
    RatiosOnly,
    /// Not even the ratios.
    Nothing,
}

/// Events per level that give printed odds ratios.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct FactorAudit {
    /// What was printed for the levels but the reference.
    pub printed: Vec<ReportedRatio>,
    /// What whole counts reproduce.
    pub fit: FactorFit,
    /// The counts that do so; of a factor of two levels without any, the nearest ones by the ratio.
    pub solutions: Vec<FactorCounts>,
}

impl FactorAudit {
    /// The result as a finding: inconsistent where limits or ratios do not follow from counts, as
    /// adjusted ratios need not.
    pub fn finding(&self, place: &str) -> Finding {
        let printed: Vec<String> = self.printed.iter().map(ToString::to_string).collect();
        let n = self.solutions.len();
        let (severity, text) = match self.fit {
            FactorFit::RatiosAndLimits if n == 1 => (
                Severity::Possible,
                "exactly one division of the events gives these ratios and limits".to_owned(),
            ),
            FactorFit::RatiosAndLimits => (
                Severity::Possible,
                format!("{n} divisions of the events give these ratios and limits"),
            ),
            FactorFit::RatiosOnly => (
                Severity::Inconsistent,
                "whole counts give the ratios, but then other limits".to_owned(),
            ),
            FactorFit::Nothing => (
                Severity::Inconsistent,
                "no whole counts of these levels give the ratios: adjusted, or of other subjects"
                    .to_owned(),
            ),
        };
        let solution = self.solutions.first().map_or(String::new(), |s| {
            let events: Vec<String> = s.events.iter().map(u64::to_string).collect();
            let ratios: Vec<String> = s.ratios.iter().map(ToString::to_string).collect();
            let nearest = if self.fit == FactorFit::Nothing {
                "nearest "
            } else {
                ""
            };
            format!(
                "{nearest}{}; events {}",
                ratios.join("; "),
                events.join(", ")
            )
        });
        Finding::new(
            FindingKind::RatioCounts,
            severity,
            place,
            printed.join("; "),
            text,
        )
        .recomputed(solution)
    }
}

impl fmt::Display for FactorAudit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.fit {
            FactorFit::RatiosAndLimits => {
                write!(f, "{} divisions of the events fit", self.solutions.len())
            }
            FactorFit::RatiosOnly => f.write_str("counts fit the ratios, not the limits"),
            FactorFit::Nothing => f.write_str("no counts fit the ratios"),
        }
    }
}

/// Most partial divisions of the events that are tried.
const MOST_STEPS: usize = 1_000_000;
/// Most subjects.
const MOST_SUBJECTS: u64 = 1_000_000;
/// Most solutions that are listed.
const MOST_LISTED: usize = 1000;

/// Finds the events per level of a factor that printed univariable odds ratios come from.
///
/// ```text
/// OR_k = (e_k/(c_k - e_k)) / (e_0/(c_0 - e_0)),  s² = 1/e_k + 1/(c_k-e_k) + 1/e_0 + 1/(c_0-e_0),
/// Σ e_k = n_events
/// ```
///
/// `subjects` are the subjects in each level, the reference first, `printed` the ratios of the
/// others. Levels with no event or only events have no odds ratio and are not searched.
///
/// ```
/// use eval_stats::audit::{factor_counts, FactorFit, Reported, ReportedRatio};
/// // 421 patients, 272 events, 255 with the sign: OR 1.62 printed with limits 0.82 and 1.79.
/// let two = |v| Reported::new(v, 2);
/// let printed = ReportedRatio { ratio: two(1.62), limits: Some((two(0.82), two(1.79))) };
/// let found = factor_counts(&[166, 255], 272, &[printed], 0.95)?;
/// assert_eq!(found.fit, FactorFit::RatiosOnly);
/// assert_eq!(found.solutions[0].events, [96, 176]);
/// assert_eq!(found.solutions[0].ratios[0].to_string(), "1.62 (1.08, 2.44), P 1.94e-2");
/// # Ok::<(), eval_stats::Error>(())
/// ```
///
/// # Errors
/// [`Error::TooFew`] for fewer than two levels, [`Error::LengthMismatch`] if there is not one ratio
/// for each level but the reference, [`Error::CountExceedsTotal`] for more events than subjects,
/// [`Error::TooMany`] for more than 1e6 subjects or if the ratios leave too many divisions open,
/// [`Error::OutOfRange`] for the level.
pub fn factor_counts(
    subjects: &[u64],
    n_events: u64,
    printed: &[ReportedRatio],
    level: f64,
) -> Result<FactorAudit> {
    check_level(level)?;
    check_totals(subjects, n_events, printed.len())?;
    let search = Search {
        subjects,
        n_events,
        printed,
        z: z_of_level(level),
    };
    let by_ratio = search.divisions()?;
    let fitting: Vec<FactorCounts> = by_ratio
        .iter()
        .filter(|s| search.limits_fit(s))
        .take(MOST_LISTED)
        .cloned()
        .collect();
    let (fit, solutions) = if !fitting.is_empty() {
        (FactorFit::RatiosAndLimits, fitting)
    } else if !by_ratio.is_empty() {
        let mut solutions = by_ratio;
        solutions.truncate(MOST_LISTED);
        (FactorFit::RatiosOnly, solutions)
    } else {
        (FactorFit::Nothing, search.nearest())
    };
    Ok(FactorAudit {
        printed: printed.to_vec(),
        fit,
        solutions,
    })
}

fn check_totals(subjects: &[u64], n_events: u64, n_ratios: usize) -> Result<()> {
    if subjects.len() < 2 {
        return Err(Error::TooFew {
            what: "levels of a factor",
            found: subjects.len(),
            required: 2,
        });
    }
    if n_ratios != subjects.len() - 1 {
        return Err(Error::LengthMismatch {
            what: "odds ratios",
            expected: subjects.len() - 1,
            found: n_ratios,
        });
    }
    let total = subjects.iter().fold(0u64, |sum, &c| sum.saturating_add(c));
    if n_events > total {
        return Err(Error::CountExceedsTotal {
            what: "events",
            part: n_events,
            total,
        });
    }
    if total > MOST_SUBJECTS {
        return Err(Error::TooMany {
            found: total as usize,
            limit: MOST_SUBJECTS as usize,
        });
    }
    Ok(())
}

struct Search<'a> {
    subjects: &'a [u64],
    n_events: u64,
    printed: &'a [ReportedRatio],
    z: f64,
}

impl Search<'_> {
    /// All divisions of the events that give the ratios.
    fn divisions(&self) -> Result<Vec<FactorCounts>> {
        let mut found = Vec::new();
        let mut steps = 0;
        for e0 in 1..self.subjects[0].min(self.n_events.saturating_add(1)) {
            let mut events = vec![e0];
            self.extend(&mut events, &mut found, &mut steps)?;
        }
        Ok(found)
    }

    /// Adds the levels after those in `events`.
    fn extend(
        &self,
        events: &mut Vec<u64>,
        found: &mut Vec<FactorCounts>,
        steps: &mut usize,
    ) -> Result<()> {
        *steps += 1;
        if *steps > MOST_STEPS {
            return Err(Error::TooMany {
                found: *steps,
                limit: MOST_STEPS,
            });
        }
        let k = events.len();
        let used: u64 = events.iter().sum();
        if k == self.subjects.len() {
            if used == self.n_events {
                found.push(self.counts(events.clone()));
            }
            return Ok(());
        }
        let Some((mut first, mut last)) = self.events_of(k, events[0]) else {
            return Ok(());
        };
        let left = self.n_events.saturating_sub(used);
        let room: u64 = self.subjects[k + 1..].iter().sum();
        first = first.max(left.saturating_sub(room));
        last = last.min(left);
        for e in first..=last {
            events.push(e);
            let done = self.extend(events, found, steps);
            events.pop();
            done?;
        }
        Ok(())
    }

    /// The run of events in level `k` whose odds ratio against `e0` rounds to the printed one; the
    /// ratio grows with the events.
    fn events_of(&self, k: usize, e0: u64) -> Option<(u64, u64)> {
        use std::cmp::Ordering::{Equal, Less};
        let printed = self.printed[k - 1].ratio;
        let place = |e: u64| printed.place(self.ratio(k, e0, e));
        let first = partition(1, self.subjects[k], |e| place(e) == Some(Less));
        let end = partition(first, self.subjects[k], |e| place(e) == Some(Equal));
        (first < end).then(|| (first, end - 1))
    }

    fn ratio(&self, k: usize, e0: u64, e: u64) -> f64 {
        let odds = |e: u64, n: u64| e as f64 / (n - e) as f64;
        odds(e, self.subjects[k]) / odds(e0, self.subjects[0])
    }

    fn counts(&self, events: Vec<u64>) -> FactorCounts {
        let variance =
            |k: usize| 1.0 / events[k] as f64 + 1.0 / (self.subjects[k] - events[k]) as f64;
        let ratios = (1..events.len())
            .map(|k| {
                let ratio = self.ratio(k, events[0], events[k]);
                let se = (variance(0) + variance(k)).sqrt();
                CountedRatio {
                    ratio,
                    low: ratio * (-self.z * se).exp(),
                    high: ratio * (self.z * se).exp(),
                    p: normal_two_sided(ratio.ln() / se),
                }
            })
            .collect();
        FactorCounts { events, ratios }
    }

    fn limits_fit(&self, counts: &FactorCounts) -> bool {
        self.printed.iter().zip(&counts.ratios).all(|(p, r)| {
            p.limits
                .is_none_or(|(low, high)| low.admits(r.low) && high.admits(r.high))
        })
    }

    /// Of two levels, the divisions next to the printed ratio, nearest first.
    fn nearest(&self) -> Vec<FactorCounts> {
        let &[c0, c1] = self.subjects else {
            return Vec::new();
        };
        let wanted = self.printed[0].ratio.value;
        let e1 = |e: u64| self.n_events.checked_sub(e).filter(|&f| f >= 1 && f < c0);
        let first = self.n_events.saturating_sub(c0 - c0.min(1)).max(1);
        let at = partition(first, c1, |e| {
            e1(e).is_none_or(|e0| self.ratio(1, e0, e) < wanted)
        });
        let mut all: Vec<FactorCounts> = [at.saturating_sub(1), at]
            .into_iter()
            .filter(|&e| e >= 1 && e < c1)
            .filter_map(|e| Some(self.counts(vec![e1(e)?, e])))
            .collect();
        let off = |c: &FactorCounts| (c.ratios[0].ratio - wanted).abs();
        all.sort_by(|a, b| off(a).total_cmp(&off(b)));
        all
    }
}

/// First number of `low..high` for which a condition that holds at first no longer does.
fn partition(mut low: u64, mut high: u64, holds: impl Fn(u64) -> bool) -> u64 {
    while low < high {
        let middle = low + (high - low) / 2;
        if holds(middle) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}
